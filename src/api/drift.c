/* SPDX-License-Identifier: Apache-2.0 */
/* Drift: scans of what an app holds, the differences that they found, and what is done about them. Nothing of this is
 * published. */
#include "push/drift.h"
#include "api/runs.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/limits.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000
#define NOTE_BYTES 1000 /* bytes of the note of an exception */
#define ACT_IDS 200     /* differences that one call names */

/* --- scans ---------------------------------------------------------------------------------------------------------
 */

static void write_totals(struct jout *out, const struct drift_scan *scan)
{
    jout_int(out, "members", scan->members);
    jout_int(out, "membersInStep", scan->members_in_step);
    jout_int(out, "membersNotVerifiable", scan->members_unverifiable);
    jout_int(out, "accounts", scan->accounts);
    jout_int(out, "accountsInStep", scan->accounts_in_step);
    jout_int(out, "groups", scan->groups);
    jout_int(out, "groupsNotVerifiable", scan->groups_unverifiable);
    jout_int(out, "groupsBusy", scan->groups_busy);
}

static int write_scan(struct tx *tx, struct call *call, const char *key, const struct app *app,
                      const struct import_run *run)
{
    struct jout *out = &call->out;
    struct drift_scan scan = {0};
    int r = drift_scan_get(tx, run->rid, &scan);
    if (r < 0)
        return r;
    jout_object(out, key);
    jout_str(out, "id", run->id);
    r = run_write_state(tx, call, app, run);
    if (r < 0)
        return r;
    jout_int(out, "requests", scan.requests);
    jout_int(out, "usersRead", run->users_read);
    jout_int(out, "groupsRead", run->groups_read);
    if (run->state == IMPORT_COMPLETED) {
        write_totals(out, &scan);
        jout_int(out, "differences", scan.differences);
        jout_int(out, "new", scan.fresh);
    }
    jout_str_opt(out, "errorClass", run->error_class);
    jout_str_opt(out, "error", run->error);
    jout_object(out, "_links");
    const char *self = call_link(call, "/api/v1/apps/%s/drift/scans/%s", app->id, run->id);
    object_link(call, "self", self, NULL);
    if (run->state < IMPORT_APPLYING)
        object_link(call, "cancel", arena_printf(call->arena, "%s/cancel", self), "POST");
    jout_end(out);
    jout_end(out);
    return 0;
}

static int write_listed(struct tx *tx, struct call *call, const struct app *app, const struct import_run *run)
{
    return write_scan(tx, call, NULL, app, run);
}

static const struct run_resource scans = {
    .type = "DriftScan", .scans = true, .list = drift_scan_list, .write = write_listed};

static int start_scan(struct tx *tx, struct call *call)
{
    return runs_start(tx, call, &scans, IMPORT_SCAN);
}

static int list_scans(struct tx *tx, struct call *call)
{
    return runs_list(tx, call, &scans);
}

static int get_scan(struct tx *tx, struct call *call)
{
    return runs_get(tx, call, &scans);
}

static int cancel_scan(struct tx *tx, struct call *call)
{
    return runs_act(tx, call, &scans, import_cancel);
}

/* --- the whole of it -----------------------------------------------------------------------------------------------
 */

static void write_counts(struct jout *out, const struct drift_counts *counts)
{
    jout_array(out, "differences");
    for (int kind = 1; kind < DRIFT_KIND_END; kind++)
        for (int cause = 1; cause < CAUSE_END; cause++) {
            if (counts->kind[kind][cause] == 0)
                continue;
            jout_object(out, NULL);
            jout_str(out, "kind", drift_kind_name((enum drift_kind)kind));
            jout_str(out, "cause", drift_cause_name((enum drift_cause)cause));
            jout_int(out, "count", counts->kind[kind][cause]);
            jout_end(out);
        }
    jout_end(out);
    jout_int(out, "repairing", counts->repairing);
    jout_int(out, "accepted", counts->accepted);
}

/* Before the first scan that was completed there are no numbers. */
static int get_drift(struct tx *tx, struct call *call)
{
    struct jout *out = &call->out;
    struct app app = {0};
    struct import_run last = {0};
    struct import_run open = {0};
    struct drift_scan scan = {0};
    struct drift_counts counts = {0};
    struct drift_settings settings = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = drift_count(tx, app.rid, &counts);
    if (r == 0)
        r = drift_settings_get(tx, app.rid, &settings);
    int has_last = r < 0 ? r : drift_last_scan(tx, app.rid, &last);
    int has_open = r < 0 ? r : import_open_run(tx, app.rid, &open);
    if (r < 0)
        return r;
    if (has_last == 0)
        r = drift_scan_get(tx, last.rid, &scan);
    jout_object(out, NULL);
    if (has_last == 0)
        write_totals(out, &scan);
    write_counts(out, &counts);
    jout_time(out, "nextScan", settings.next_at);
    if (r == 0 && has_last == 0)
        r = write_scan(tx, call, "lastScan", &app, &last);
    if (r == 0 && has_open == 0 && open.kind == IMPORT_SCAN)
        r = write_scan(tx, call, "scan", &app, &open);
    jout_object(out, "_links");
    object_link(call, "differences", call_link(call, "/api/v1/apps/%s/drift/differences", app.id), NULL);
    object_link(call, "scan", call_link(call, "/api/v1/apps/%s/drift/scans", app.id), "POST");
    jout_end(out);
    jout_end(out);
    return r;
}

/* --- settings ------------------------------------------------------------------------------------------------------
 */

static int write_settings(struct tx *tx, struct call *call, const struct app *app)
{
    struct jout *out = &call->out;
    struct drift_settings settings = {0};
    int r = drift_settings_get(tx, app->rid, &settings);
    if (r < 0)
        return r;
    jout_object(out, NULL);
    jout_int(out, "everyHours", settings.every_hours);
    jout_time(out, "nextScan", settings.next_at);
    jout_int(out, "requestsPerHour", settings.requests_per_hour);
    jout_object(out, "actions");
    for (int kind = 1; kind < DRIFT_KIND_END; kind++)
        jout_str(out, drift_kind_name((enum drift_kind)kind), drift_action_name(settings.actions[kind]));
    jout_end(out);
    jout_end(out);
    return 0;
}

static int get_settings(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : write_settings(tx, call, &app);
}

static int kind_of(const char *name)
{
    for (int kind = 1; kind < DRIFT_KIND_END; kind++)
        if (str_eq(name, drift_kind_name((enum drift_kind)kind)))
            return kind;
    return -1;
}

static int read_action(struct call *call, const char *kind_name, const char *text, enum drift_action *ret)
{
    int kind = kind_of(kind_name);
    int action = 0;
    while (action < DRIFT_ACTION_END && !str_eq(text, drift_action_name((enum drift_action)action)))
        action++;
    if (kind < 0)
        return call_invalid(call, "actions", "%.60s is no kind of difference. GET the same path for those there are.",
                            kind_name);
    if (action == DRIFT_ACTION_END)
        return call_invalid(call, "actions", "%s must be ALERT, REPAIR or ACCEPT.", kind_name);
    ret[kind] = (enum drift_action)action;
    return 0;
}

/* What is left out stays as it is. */
static int read_settings(struct call *call, const struct jval *body, struct drift_settings *ret)
{
    const struct jval *actions = NULL;
    int r = field_object(call, body, "actions", &actions);
    if (r < 0)
        return r;
    if (jval_get(body, "everyHours"))
        ret->every_hours = jval_int(jval_get(body, "everyHours"), -1);
    if (ret->every_hours < 0 || ret->every_hours > DRIFT_EVERY_HOURS_MAX)
        return call_invalid(call, "everyHours", "Must be a whole number of hours from 1 to %d, or 0 for no schedule.",
                            DRIFT_EVERY_HOURS_MAX);
    if (jval_get(body, "requestsPerHour"))
        ret->requests_per_hour = jval_int(jval_get(body, "requestsPerHour"), -1);
    if (ret->requests_per_hour < 1 || ret->requests_per_hour > DRIFT_REQUESTS_PER_HOUR_MAX)
        return call_invalid(call, "requestsPerHour", "Must be a whole number from 1 to %d.",
                            DRIFT_REQUESTS_PER_HOUR_MAX);
    for (void *it = jval_first(actions); r >= 0 && it; it = jval_next(actions, it))
        r = read_action(call, jval_iter_key(it), jval_str(jval_iter_value(it)), ret->actions);
    return MIN_OF(r, 0);
}

static int put_settings(struct tx *tx, struct call *call)
{
    const struct jval *body = NULL;
    struct app app = {0};
    struct drift_settings settings = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = drift_settings_get(tx, app.rid, &settings);
    if (r == 0)
        r = read_settings(call, body, &settings);
    if (r == 0)
        r = drift_settings_set(tx, &app, &settings, &call->problem);
    return r < 0 ? r : write_settings(tx, call, &app);
}

/* --- which are meant -----------------------------------------------------------------------------------------------
 */

/* A group of the app, or one of the directory that is pushed to it. */
static int find_target(struct tx *tx, struct call *call, const struct app *app, const char *id, int64_t *ret)
{
    struct group group = {0};
    struct target_group target = {0};
    struct mapping mapping = {0};
    int r = group_by_id(tx, id, &group);
    if (r == 0)
        r = target_group_by_group(tx, group.rid, &target);
    if (r == 0 && target.app_rid != app->rid)
        r = ERR_NOT_FOUND;
    *ret = target.rid;
    if (r == ERR_NOT_FOUND && group.rid) {
        r = mapping_by_source(tx, app->rid, group.rid, &mapping);
        *ret = mapping.target_rid;
    }
    return r == ERR_NOT_FOUND ? call_not_found(call, id, "AppGroup") : r;
}

static int choice(struct call *call, const char *name, const char *text, const char *(*name_of)(int), int end, int *ret)
{
    struct buf all;
    if (!text || !*text)
        return 0;
    buf_init(&all, PROBLEM_TEXT);
    for (int i = 1; i < end; i++) {
        const char *known = name_of(i);
        if (str_eq(text, known)) {
            buf_free(&all);
            *ret = i;
            return 0;
        }
        if (known)
            buf_printf(&all, "%s%s", all.len ? ", " : "", known);
    }
    int r = call_invalid(call, name, "Must be one of %s.", buf_text(&all));
    buf_free(&all);
    return r;
}

static const char *kind_name(int kind)
{
    return drift_kind_name((enum drift_kind)kind);
}

static const char *cause_name(int cause)
{
    return drift_cause_name((enum drift_cause)cause);
}

static const char *class_name(int class)
{
    return drift_class_name((enum drift_class) class);
}

/* DRIFT_WANTED has the name of DRIFT_REPAIRING, and is meant with it. */
static const char *state_name(int state)
{
    return state == DRIFT_WANTED || state == DRIFT_OVER ? NULL : drift_state_name((enum drift_state)state);
}

/* The same names as query parameters and in a body. */
struct selection {
    const char *kind, *cause, *class, *status, *target_group_id, *user_id, *external_id;
};

static int resolve(struct tx *tx, struct call *call, const struct app *app, const struct selection *given,
                   struct drift_filter *ret)
{
    int kind = 0;
    int cause = 0;
    int class = 0;
    int state = 0;
    struct user user = {0};
    int r = choice(call, "kind", given->kind, kind_name, DRIFT_KIND_END, &kind);
    if (r == 0)
        r = choice(call, "cause", given->cause, cause_name, CAUSE_END, &cause);
    if (r == 0)
        r = choice(call, "class", given->class, class_name, EXTRA_END, &class);
    if (r == 0)
        r = choice(call, "status", given->status, state_name, DRIFT_STATE_END, &state);
    *ret = (struct drift_filter){.kind = (enum drift_kind)kind,
                                 .cause = (enum drift_cause)cause,
                                 .class = (enum drift_class) class,
                                 .state = (enum drift_state)state,
                                 .external_id = given->external_id};
    if (r == 0 && given->target_group_id)
        r = find_target(tx, call, app, given->target_group_id, &ret->target_rid);
    if (r == 0 && given->user_id) {
        r = user_by_id_or_login(tx, given->user_id, &user);
        ret->user_rid = user.rid;
        if (r == ERR_NOT_FOUND)
            return call_not_found(call, given->user_id, "User");
    }
    return r;
}

static const char *query_or_null(struct call *call, const char *name)
{
    const char *text = call_query(call, name);
    return text && *text ? text : NULL;
}

static int read_query(struct tx *tx, struct call *call, const struct app *app, struct drift_filter *ret)
{
    const struct selection given = {.kind = query_or_null(call, "kind"),
                                    .cause = query_or_null(call, "cause"),
                                    .class = query_or_null(call, "class"),
                                    .status = query_or_null(call, "status"),
                                    .target_group_id = query_or_null(call, "targetGroupId"),
                                    .user_id = query_or_null(call, "userId"),
                                    .external_id = query_or_null(call, "externalId")};
    return resolve(tx, call, app, &given, ret);
}

static int read_body(struct tx *tx, struct call *call, const struct app *app, struct drift_filter *ret)
{
    struct selection given = {0};
    bool all = false;
    const struct {
        const char *name;
        const char **to;
    } fields[] = {{"kind", &given.kind},
                  {"cause", &given.cause},
                  {"class", &given.class},
                  {"status", &given.status},
                  {"targetGroupId", &given.target_group_id},
                  {"userId", &given.user_id},
                  {"externalId", &given.external_id}};
    int r = field_bool(call, call->body, "all", &all);
    bool any = all;
    /* A slip in what narrows the selection would widen it. */
    for (void *it = jval_first(call->body); r >= 0 && it; it = jval_next(call->body, it)) {
        const char *key = jval_iter_key(it);
        bool known =
            str_eq(key, "all") || str_eq(key, "differenceId") || str_eq(key, "differenceIds") || str_eq(key, "note");
        for (size_t i = 0; i < ARRAY_LEN(fields); i++)
            known |= str_eq(key, fields[i].name);
        if (!known)
            return call_invalid(call, key, "There is no such field; leave it out");
        if (jval_type(jval_iter_value(it)) == JVAL_NULL)
            return call_invalid(call, key, "null selects nothing; leave the field out to select by the others");
    }
    for (size_t i = 0; r >= 0 && i < ARRAY_LEN(fields); i++) {
        r = field_string(call, call->body, fields[i].name, fields[i].to);
        any |= r > 0;
    }
    if (r < 0)
        return r;
    if (!any)
        return call_invalid(
            call, "differenceId",
            "Say which: differenceId, differenceIds, or kind, cause, class, targetGroupId, userId, externalId, or "
            "\"all\": true.");
    return resolve(tx, call, app, &given, ret);
}

/* --- differences ---------------------------------------------------------------------------------------------------
 */

/* Who or what a difference is about. */
struct about {
    struct user user;
    struct group group;
    struct target_group target;
    bool has_user, has_group;
};

static int look_up(struct tx *tx, const struct drift *drift, struct about *ret)
{
    *ret = (struct about){0};
    int r = drift->user_rid ? user_by_rid(tx, drift->user_rid, &ret->user) : ERR_NOT_FOUND;
    ret->has_user = r == 0;
    if (r == 0 || r == ERR_NOT_FOUND)
        r = drift->target_rid ? target_group_get(tx, drift->target_rid, &ret->target) : ERR_NOT_FOUND;
    if (r == 0)
        r = group_by_rid(tx, ret->target.group_rid, &ret->group);
    ret->has_group = r == 0;
    return r == ERR_NOT_FOUND ? 0 : r;
}

static void write_text(struct jout *out, const char *name, const char *text)
{
    jout_str_opt(out, name, text && *text ? text : NULL);
}

static void write_exception(struct jout *out, const struct drift *drift)
{
    if (!drift->accepted_at)
        return;
    jout_object(out, "accepted");
    jout_time(out, "at", drift->accepted_at);
    jout_str_opt(out, "by", drift->accepted_by);
    jout_str_opt(out, "note", drift->note);
    jout_end(out);
}

static int write_difference(struct tx *tx, struct call *call, const struct drift *drift)
{
    struct jout *out = &call->out;
    struct about about;
    int r = look_up(tx, drift, &about);
    if (r < 0)
        return r;
    jout_object(out, NULL);
    jout_str(out, "id", drift->id);
    jout_str(out, "kind", drift_kind_name(drift->kind));
    jout_str(out, "cause", drift_cause_name(drift->cause));
    jout_str_opt(out, "class", drift_class_name(drift->class));
    jout_str(out, "status", drift_state_name(drift->state));
    if (about.has_user) {
        jout_str(out, "userId", about.user.id);
        jout_str(out, "login", about.user.login);
    }
    if (about.has_group) {
        jout_str(out, "targetGroupId", about.group.id);
        jout_str(out, "targetGroupName", about.target.name);
    }
    write_text(out, "externalId", drift->external_id);
    write_text(out, "attribute", drift->attribute);
    if (drift->kind == DRIFT_ATTRIBUTE || drift->kind == DRIFT_GROUP_RENAMED) {
        jout_str(out, "acknowledged", drift->known);
        jout_str(out, "wanted", drift->wanted);
        jout_str(out, "found", drift->found);
    }
    jout_str_opt(out, "error", drift->error);
    jout_int(out, "repairs", drift->repairs);
    jout_time(out, "since", drift->since);
    jout_time(out, "lastSeen", drift->seen);
    write_exception(out, drift);
    jout_end(out);
    return 0;
}

static int write_csv(struct tx *tx, struct call *call, const struct drift *drift)
{
    struct about about;
    int r = look_up(tx, drift, &about);
    if (r < 0)
        return r;
    char since[CLOCK_TEXT_BYTES];
    const char *const fields[] = {drift->id,
                                  drift_kind_name(drift->kind),
                                  drift_cause_name(drift->cause),
                                  drift_class_name(drift->class),
                                  drift_state_name(drift->state),
                                  about.has_user ? about.user.login : NULL,
                                  about.has_group ? about.target.name : NULL,
                                  drift->external_id,
                                  drift->attribute,
                                  drift->known,
                                  drift->wanted,
                                  drift->found,
                                  drift->error,
                                  clock_iso(drift->since, since)};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        csv_field(&call->body_out, fields[i], i + 1 == ARRAY_LEN(fields));
    return 0;
}

static int read_format(struct call *call, bool *ret_csv)
{
    const char *format = query_or_null(call, "format");
    if (format && !str_eq(format, "csv") && !str_eq(format, "json"))
        return call_invalid(call, "format", "Must be json or csv.");
    *ret_csv = str_eq(format, "csv");
    return 0;
}

/* A page; in CSV the first one begins with the names of the columns. */
static int write_page(struct tx *tx, struct call *call, const struct app *app, const struct drift_filter *filter)
{
    struct page page = {0};
    int64_t after = 0;
    int64_t last = 0;
    bool csv = false;
    int r = call_page(call, PAGE_DEFAULT, PAGE_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r == 0)
        r = read_format(call, &csv);
    if (r < 0)
        return r;
    struct drift *list = arena_array(call->arena, (size_t)page.limit, sizeof(*list));
    int count = drift_list(tx, app->rid, filter, after, list, page.limit, &last);
    if (csv) {
        call->content_type = "text/csv; charset=utf-8";
        if (!after)
            buf_str(&call->body_out, "id,kind,cause,class,status,login,group,externalId,attribute,acknowledged,wanted,"
                                     "found,error,since\r\n");
    } else {
        jout_array(&call->out, NULL);
    }
    for (int i = 0; r == 0 && i < count; i++)
        r = csv ? write_csv(tx, call, &list[i]) : write_difference(tx, call, &list[i]);
    if (!csv)
        jout_end(&call->out);
    call_page_links(call, last ? arena_printf(call->arena, "%lld", (long long)last) : NULL);
    return MIN_OF(count, r);
}

static int list_differences(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct drift_filter filter = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = read_query(tx, call, &app, &filter);
    return r < 0 ? r : write_page(tx, call, &app, &filter);
}

static int list_exceptions(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct drift_filter filter = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = read_query(tx, call, &app, &filter);
    filter.accepted = true;
    return r < 0 ? r : write_page(tx, call, &app, &filter);
}

static int find_difference(struct tx *tx, struct call *call, const struct app *app, const char *id, struct drift *ret)
{
    int r = drift_by_id(tx, app->rid, id, ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, id, "DriftDifference") : r;
}

static int get_difference(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct drift drift = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = find_difference(tx, call, &app, call->params[1], &drift);
    return r < 0 ? r : write_difference(tx, call, &drift);
}

static int write_group(struct tx *tx, struct call *call, const struct drift_group *checked)
{
    struct jout *out = &call->out;
    struct target_group target = {0};
    struct group group = {0};
    int r = target_group_get(tx, checked->rid, &target);
    if (r == 0)
        r = group_by_rid(tx, target.group_rid, &group);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    jout_object(out, NULL);
    jout_str(out, "targetGroupId", group.id);
    jout_str(out, "targetGroupName", target.name);
    jout_str(out, "status", drift_group_state_name(checked->state));
    jout_int(out, "members", checked->members);
    jout_int(out, "membersInStep", checked->in_step);
    jout_time(out, "checked", checked->checked);
    jout_end(out);
    return 0;
}

static int list_groups(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct page page = {0};
    int64_t after = 0;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = call_page(call, PAGE_DEFAULT, PAGE_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    struct drift_group *list = arena_array(call->arena, (size_t)page.limit + 1, sizeof(*list));
    int count = drift_group_list(tx, app.rid, after, list, page.limit + 1);
    jout_array(&call->out, NULL);
    for (int i = 0; r == 0 && i < MIN_OF(count, page.limit); i++)
        r = write_group(tx, call, &list[i]);
    jout_end(&call->out);
    bool more = count > page.limit;
    call_page_links(call, more ? arena_printf(call->arena, "%lld", (long long)list[page.limit - 1].rid) : NULL);
    return MIN_OF(count, r);
}

/* --- acts ----------------------------------------------------------------------------------------------------------
 */

static int write_done(struct call *call, const char *name, int64_t count, bool more)
{
    jout_object(&call->out, NULL);
    jout_int(&call->out, name, count);
    if (more) /* the same call again goes on with them */
        jout_bool(&call->out, "more", true);
    jout_end(&call->out);
    return 0;
}

/* Which differences an act is for: those that the body names, else a selection. */
struct named {
    const char **ids;
    size_t count; /* 0: a selection */
};

static int read_ids(struct call *call, const struct jval *ids, struct named *ret)
{
    size_t count = jval_type(ids) == JVAL_ARRAY ? jval_len(ids) : 0;
    if (count < 1 || count > ACT_IDS)
        return call_invalid(call, "differenceIds", "Must be a list of 1 to %d ids; more in further calls.", ACT_IDS);
    ret->ids = arena_array(call->arena, count, sizeof(*ret->ids));
    ret->count = count;
    for (size_t i = 0; i < count; i++) {
        ret->ids[i] = jval_str(jval_at(ids, i));
        if (!ret->ids[i])
            return call_invalid(call, "differenceIds", "Must hold texts only.");
    }
    return 0;
}

static int read_act(struct tx *tx, struct call *call, struct app *ret_app, struct named *ret)
{
    const struct jval *body = NULL;
    const char **id = arena_array(call->arena, 1, sizeof(*id));
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_app(tx, call, ret_app);
    if (r == 0)
        r = field_string(call, body, "differenceId", id);
    const struct jval *ids = r < 0 ? NULL : jval_get(body, "differenceIds");
    if (r > 0 && ids)
        return call_invalid(call, "differenceIds", "Does not go together with differenceId; give one of the two.");
    if (r > 0)
        *ret = (struct named){.ids = id, .count = 1};
    return r >= 0 && ids ? read_ids(call, ids, ret) : MIN_OF(r, 0);
}

/* All that are named, or none and the reason. */
static int repair_named(struct tx *tx, struct call *call, const struct app *app, const struct named *named)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < named->count; i++) {
        struct drift drift = {0};
        r = find_difference(tx, call, app, named->ids[i], &drift);
        if (r == 0)
            r = drift_repair_one(tx, app, &drift, &call->problem);
    }
    return r;
}

static int repair(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct named named = {0};
    struct drift_filter filter = {0};
    int r = read_act(tx, call, &app, &named);
    int64_t count = (int64_t)named.count;
    if (r == 0 && named.count)
        r = repair_named(tx, call, &app, &named);
    else if (r == 0)
        r = read_body(tx, call, &app, &filter);
    if (r == 0 && !named.count)
        r = drift_repair(tx, &app, &filter, &count);
    call->status = 202;
    return r < 0 ? r : write_done(call, "repairing", count, r > 0);
}

static int read_note(struct call *call, const char **ret)
{
    int r = field_string(call, call->body, "note", ret);
    if (r > 0 && strlen(*ret) > NOTE_BYTES)
        return call_invalid(call, "note", "Must have at most %d bytes.", NOTE_BYTES);
    return MIN_OF(r, 0);
}

static int accept_named(struct tx *tx, struct call *call, const struct app *app, const struct named *named,
                        const char *note)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < named->count; i++) {
        struct drift drift = {0};
        r = find_difference(tx, call, app, named->ids[i], &drift);
        if (r == 0)
            r = drift_accept_one(tx, app, &drift, note);
    }
    return r;
}

static int accept_differences(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct named named = {0};
    struct drift_filter filter = {0};
    const char *note = NULL;
    int r = read_act(tx, call, &app, &named);
    int64_t count = (int64_t)named.count;
    if (r == 0)
        r = read_note(call, &note);
    if (r == 0 && named.count)
        r = accept_named(tx, call, &app, &named, note);
    else if (r == 0)
        r = read_body(tx, call, &app, &filter);
    if (r == 0 && !named.count)
        r = drift_accept(tx, &app, &filter, note, &count);
    return r < 0 ? r : write_done(call, "accepted", count, r > 0);
}

static int revoke_exception(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct drift drift = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = find_difference(tx, call, &app, call->params[1], &drift);
    if (r == 0 && !drift.accepted_at)
        return call_not_found(call, call->params[1], "DriftException");
    call->status = 204;
    return r < 0 ? r : drift_revoke(tx, &app, &drift);
}

#define APP_DRIFT "/api/v1/apps/{appId}/drift"

const struct route drift_routes[] = {
    {"GET", APP_DRIFT, ROUTE_READ, ROLE_READ_ONLY, get_drift, "getDrift", NULL},
    {"GET", APP_DRIFT "/settings", ROUTE_READ, ROLE_READ_ONLY, get_settings, "getDriftSettings", NULL},
    {"PUT", APP_DRIFT "/settings", ROUTE_WRITE, ROLE_ADMIN, put_settings, "replaceDriftSettings", NULL},
    {"POST", APP_DRIFT "/scans", ROUTE_WRITE, ROLE_OPERATOR, start_scan, "startDriftScan", NULL},
    {"GET", APP_DRIFT "/scans", ROUTE_READ, ROLE_READ_ONLY, list_scans, "listDriftScans", NULL},
    {"GET", APP_DRIFT "/scans/{scanId}", ROUTE_READ, ROLE_READ_ONLY, get_scan, "getDriftScan", NULL},
    {"POST", APP_DRIFT "/scans/{scanId}/cancel", ROUTE_WRITE, ROLE_OPERATOR, cancel_scan, "cancelDriftScan", NULL},
    {"GET", APP_DRIFT "/groups", ROUTE_READ, ROLE_READ_ONLY, list_groups, "listDriftGroups", NULL},
    {"GET", APP_DRIFT "/differences", ROUTE_READ, ROLE_READ_ONLY, list_differences, "listDriftDifferences", NULL},
    {"GET", APP_DRIFT "/differences/{differenceId}", ROUTE_READ, ROLE_READ_ONLY, get_difference, "getDriftDifference",
     NULL},
    {"POST", APP_DRIFT "/repair", ROUTE_WRITE, ROLE_OPERATOR, repair, "repairDrift", NULL},
    {"POST", APP_DRIFT "/accept", ROUTE_WRITE, ROLE_ADMIN, accept_differences, "acceptDrift", NULL},
    {"GET", APP_DRIFT "/exceptions", ROUTE_READ, ROLE_READ_ONLY, list_exceptions, "listDriftExceptions", NULL},
    {"DELETE", APP_DRIFT "/exceptions/{differenceId}", ROUTE_WRITE, ROLE_ADMIN, revoke_exception,
     "revokeDriftException", NULL},
    {.method = NULL},
};
