/* SPDX-License-Identifier: Apache-2.0 */
/* Group push mappings as published, and beside them what the published API lacks: state, retry, journal, sync. */
#include "api/failure.h"
#include "api/push_objects.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/health.h"
#include "push/deletions.h"
#include "push/rule.h"
#include "push/same_group.h"
#include "record/record.h"
#include "target/answer.h"

#define SUBJECT "groupPushMapping"
#define LAST_ATTEMPTS_SHOWN 3   /* journal entries beside an error */
#define MEMBER_ERRORS_SHOWN 100 /* refused members that one mapping lists */
#define FAILED_LOOKED_AT 1000   /* failed accounts of an app that are looked at for those of a group */
#define FAILURES_SHOWN 50       /* failed objects that one sync answer names */
#define SYNC_WAIT_MAX_MS 60000  /* milliseconds that a sync call may wait */
#define ATTEMPTS_SHOWN 50       /* journal entries of one answer... */
#define ATTEMPTS_SHOWN_MAX 200  /* ...and with limit= */

/* REFUSE: a link that would remove members waits; REMOVE: it removes them; KEEP: they stay. */
static const char *const existing_names[] = {
    [EXISTING_REFUSE] = "REFUSE", [EXISTING_REMOVE] = "REMOVE", [EXISTING_KEEP] = "KEEP"};

int find_mapping(struct tx *tx, struct call *call, struct app *ret_app, struct mapping *ret)
{
    int r = find_app(tx, call, ret_app);
    if (r == 0)
        r = mapping_by_id(tx, ret_app->rid, call->params[1], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[1], "GroupPushMapping") : r;
}

static void write_seconds(struct jout *out, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    jout_str(out, key, clock_iso_seconds(ms, text));
}

const char *mapping_status_name(const struct mapping *mapping, const struct mapping_state *state)
{
    if (state->in_error)
        return "ERROR";
    return mapping->status == MAPPING_ACTIVE ? "ACTIVE" : "INACTIVE";
}

/* What is going on with the app as a whole, asked once for a mapping. */
struct gate {
    bool open;
    const char *why; /* it is not */
    bool quarantined;
    struct quarantine quarantine;
};

static int read_gate(struct tx *tx, int64_t app_rid, struct gate *ret)
{
    *ret = (struct gate){0};
    int r = app_is_open(tx, app_rid, &ret->why);
    if (r < 0)
        return r;
    ret->open = r > 0;
    r = quarantine_get(tx, app_rid, &ret->quarantine);
    ret->quarantined = r > 0;
    return r < 0 ? r : 0;
}

/* What is going on, beside the published status. */
static const char *activity_name(const struct mapping *mapping, const struct mapping_state *state,
                                 const struct gate *gate)
{
    if (mapping->status != MAPPING_ACTIVE)
        return "idle";
    if (state->in_error)
        return "held";
    if (!gate->open)
        return "paused";
    if (state->error_class || (state->waiting && gate->quarantined))
        return "retrying";
    if (state->waiting)
        return mapping->last_push ? "pushing" : "pending";
    return state->members_held ? "held" : "idle";
}

/* Nothing gets through to the app, so that this group's own next try is not what counts. */
static bool waits_for_app(const struct mapping_state *state, const struct gate *gate)
{
    bool of_app = !state->error_class || error_class_scope(error_class_parse(state->error_class)) == ERROR_SCOPE_APP;
    return gate->quarantined && state->waiting && !state->in_error && of_app;
}

static int64_t next_try(const struct mapping_state *state, const struct gate *gate)
{
    if (state->in_error)
        return 0;
    return waits_for_app(state, gate) ? gate->quarantine.next_try : state->error_class ? state->due : 0;
}

static void write_state(struct jout *out, const struct mapping *mapping, const struct mapping_state *state,
                        const struct gate *gate, bool single)
{
    jout_object(out, "state");
    jout_str(out, "activity", activity_name(mapping, state, gate));
    if (!gate->open)
        jout_str(out, "reason", gate->why);
    jout_str_opt(out, "errorClass",
                 !state->error_class && waits_for_app(state, gate) ? gate->quarantine.error_class : state->error_class);
    if (next_try(state, gate))
        jout_time(out, "nextTry", next_try(state, gate));
    if (state->error_class)
        jout_int(out, "attempts", state->attempts);
    if (single) {
        jout_int(out, "members", state->members_known);
        jout_int(out, "pending", state->members_pending);
        jout_int(out, "failed", state->members_failed);
        jout_int(out, "held", state->members_held);
        jout_int(out, "extra", state->members_extra);
        if (state->verified_at)
            jout_time(out, "verified", state->verified_at);
        if (state->verify_state == VERIFY_UNREADABLE)
            jout_bool(out, "verifiable", false);
        if (state->verify_state == VERIFY_PROBED)
            jout_str(out, "verifiedBy", "PROBES");
    }
    jout_end(out);
}

/* Members of the source whose account could not be made: their accounts' rows of work, as far as they failed. */
struct unprovisioned {
    struct tx *tx;
    const struct mapping *mapping;
    struct work *rows;
    struct account *accounts;
    int count;
};

static int collect_unprovisioned(const struct work *work, void *data)
{
    struct unprovisioned *found = data;
    struct account account = {0};
    if (work->kind != WORK_ACCOUNT || found->count == MEMBER_ERRORS_SHOWN)
        return 0;
    int r = account_by_rid(found->tx, work->object_rid, &account);
    if (r < 0 || account.external_id)
        return r == ERR_NOT_FOUND ? 0 : r;
    r = member_exists(found->tx, found->mapping->source_rid, account.user_rid);
    if (r <= 0)
        return r;
    found->rows[found->count] = *work;
    found->accounts[found->count++] = account;
    return 0;
}

static int write_unprovisioned(const struct unprovisioned *found, struct jout *out)
{
    static const char class[] = "MEMBER_NOT_PROVISIONED";
    for (int i = 0; i < found->count; i++) {
        struct user user = {0};
        int r = user_by_rid(found->tx, found->accounts[i].user_rid, &user);
        if (r == ERR_NOT_FOUND)
            continue;
        if (r < 0)
            return r;
        jout_object(out, NULL);
        jout_str(out, "userId", user.id);
        jout_str(out, "login", user.login);
        jout_str(out, "errorClass", class);
        failure_write_class(out, class);
        jout_str(out, "error", found->rows[i].error);
        jout_time(out, "failed", found->rows[i].failed_at);
        jout_end(out);
    }
    return 0;
}

static int write_member_errors(struct tx *tx, struct jout *out, const struct mapping *mapping,
                               const struct mapping_state *state)
{
    struct unprovisioned found = {.tx = tx,
                                  .mapping = mapping,
                                  .rows = arena_array(tx_arena(tx), MEMBER_ERRORS_SHOWN, sizeof(*found.rows)),
                                  .accounts = arena_array(tx_arena(tx), MEMBER_ERRORS_SHOWN, sizeof(*found.accounts))};
    int r = 0;
    if (mapping->status == MAPPING_ACTIVE)
        r = work_each_failed(tx, mapping->app_rid, FAILED_LOOKED_AT, collect_unprovisioned, &found);
    if (r < 0 || (state->members_failed + state->members_held == 0 && found.count == 0))
        return r < 0 ? r : 0;
    jout_array(out, "memberErrors");
    r = member_errors_write(tx, out, mapping->target_rid, MEMBER_ERRORS_SHOWN, failure_write_class);
    if (r >= 0)
        r = write_unprovisioned(&found, out);
    jout_end(out);
    return r < 0 ? r : 0;
}

static int write_details(struct tx *tx, struct jout *out, const struct mapping *mapping,
                         const struct mapping_state *state, bool single)
{
    struct gate gate;
    int r = read_gate(tx, mapping->app_rid, &gate);
    if (r < 0)
        return r;
    write_state(out, mapping, state, &gate, single);
    if (state->error_class)
        r = failure_write(tx, out, "errorDetails",
                          &(struct failure){.error_class = state->error_class,
                                            .words = state->words,
                                            .status = state->status,
                                            .failed_at = state->failed_at,
                                            .attempts = state->attempts,
                                            .next_try = next_try(state, &gate),
                                            .app_rid = single ? mapping->app_rid : 0,
                                            .work_kind = WORK_GROUP,
                                            .object_rid = mapping->target_rid});
    if (r < 0 || !single)
        return r;
    if (state->error) {
        const struct attempt_object of = {mapping->app_rid, WORK_GROUP, mapping->target_rid};
        int64_t more = 0;
        jout_array(out, "lastAttempts"); /* request and answer, redacted, newest first */
        r = record_attempts_write(tx, out, &of, INT64_MAX, LAST_ATTEMPTS_SHOWN, &more);
        jout_end(out);
    }
    return r < 0 ? r : write_member_errors(tx, out, mapping, state);
}

/* Ours, with expand=groups: the names beside the ids, so that a list needs no further calls. */
static void write_names(struct call *call, const struct group *source, const struct group *target)
{
    const struct group *const groups[] = {source, target};
    static const char *const keys[] = {"sourceGroup", "targetGroup"};
    if (!str_eq(call_query(call, "expand"), "groups"))
        return;
    jout_object(&call->out, "_embedded");
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        jout_object(&call->out, keys[i]);
        jout_str(&call->out, "id", groups[i]->id);
        jout_str(&call->out, "name", groups[i]->name);
        jout_str_opt(&call->out, "description", groups[i]->description);
        jout_end(&call->out);
    }
    jout_end(&call->out);
}

/* The published object (Okta's management API); ours are `state`, `memberErrors` and `existingMembers`. */
int object_mapping(struct tx *tx, struct call *call, const char *key, const struct app *app,
                   const struct mapping *mapping, bool single)
{
    struct group source = {0};
    struct group target = {0};
    struct target_group held = {0};
    struct mapping_state state = {0};
    int r = group_by_rid(tx, mapping->source_rid, &source);
    if (r == 0)
        r = target_group_get(tx, mapping->target_rid, &held);
    if (r == 0)
        r = group_by_rid(tx, held.group_rid, &target);
    if (r == 0)
        r = single ? mapping_state(tx, mapping, &state) : mapping_error(tx, mapping, &state);
    if (r < 0)
        return r;
    struct jout *out = &call->out;
    jout_object(out, key);
    write_seconds(out, "created", mapping->created);
    jout_str(out, "id", mapping->id);
    write_seconds(out, "lastUpdated", mapping->last_updated);
    if (mapping->last_push)
        write_seconds(out, "lastPush", mapping->last_push);
    jout_str_opt(out, "errorSummary", state.error);
    if (mapping->rule_rid) {
        struct push_rule rule = {0};
        r = push_rule_by_rid(tx, mapping->rule_rid, &rule);
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
        if (r == 0)
            jout_str(out, "ruleId", rule.id);
    }
    jout_str(out, "sourceGroupId", source.id);
    jout_str(out, "status", mapping_status_name(mapping, &state));
    jout_str(out, "targetGroupId", target.id);
    jout_str(out, "existingMembers", existing_names[mapping->existing]);
    int same = r < 0 ? r : same_group_is(tx, app->rid, source.rid);
    jout_bool(out, "assignedAndPushed", same > 0);
    if (same > 0 && single)
        jout_str(out, "assignedAndPushedMeans", same_group_meaning());
    r = MIN_OF(r, same);
    if (mapping->members_wait) /* U4: until the next change of them, or Push Now */
        jout_bool(out, "pushMembershipsImmediately", false);
    r = r < 0 ? r : write_details(tx, out, mapping, &state, single);
    jout_object(out, "_links");
    object_link(call, "app", call_link(call, "/api/v1/apps/%s", app->id), NULL);
    object_link(call, "sourceGroup", call_link(call, "/api/v1/groups/%s", source.id), NULL);
    object_link(call, "targetGroup", call_link(call, "/api/v1/groups/%s", target.id), NULL);
    jout_end(out);
    write_names(call, &source, &target);
    jout_end(out);
    return r;
}

/* --- list and get --------------------------------------------------------------------------------------------------
 */

struct list_filter {
    struct mapping_filter stored;
    const char *status; /* published name, or NULL; ERROR is derived, so it is judged row by row */
    int64_t rule_rid;   /* ours: -1 none, 0 any */
    bool by_name;       /* ours: those that no rule made */
    bool errors;        /* ours: ERROR, and those that are ACTIVE with an error: tried again, or with refused members */
    const char *q;      /* ours, folded: found in the name of the group or of the app's group; NULL for all */
};

/* ruleId= (an id, or "none" for mappings made by name) and q=. */
static int read_rule_filter(struct tx *tx, struct call *call, const struct app *app, struct list_filter *ret)
{
    const char *rule_id = call_query(call, "ruleId");
    const char *q = call_query(call, "q");
    struct push_rule rule = {0};
    ret->q = q && *q ? text_fold(tx_arena(tx), q) : NULL;
    ret->by_name = rule_id && str_eq(rule_id, "none");
    if (!rule_id || !*rule_id || ret->by_name)
        return 0;
    int r = push_rule_by_id(tx, app->rid, rule_id, &rule);
    ret->rule_rid = r == 0 ? rule.rid : -1;
    return r == ERR_NOT_FOUND ? 0 : r;
}

/* 1 or 0. */
static int is_selected(struct tx *tx, const struct list_filter *filter, const struct mapping *mapping)
{
    struct mapping_state state = {0};
    struct group source = {0};
    struct target_group target = {0};
    if ((filter->by_name && mapping->rule_rid) || (filter->rule_rid && filter->rule_rid != mapping->rule_rid))
        return 0;
    int r = filter->status || filter->errors ? mapping_error(tx, mapping, &state) : 0;
    if (r < 0)
        return r;
    if (filter->errors && !state.error)
        return 0;
    if (filter->status && !str_eq(filter->status, mapping_status_name(mapping, &state)))
        return 0;
    if (!filter->q)
        return 1;
    r = group_by_rid(tx, mapping->source_rid, &source);
    if (r == 0)
        r = target_group_get(tx, mapping->target_rid, &target);
    if (r < 0)
        return r;
    return strstr(text_fold(tx_arena(tx), source.name), filter->q) ||
           strstr(text_fold(tx_arena(tx), target.name), filter->q);
}

static int read_filter(struct tx *tx, struct call *call, const struct app *app, struct list_filter *ret)
{
    *ret = (struct list_filter){.status = call_query(call, "status")};
    const char *since = call_query(call, "lastUpdated");
    if (since && *since && clock_parse(since, &ret->stored.updated_since) < 0)
        return call_invalid(call, "lastUpdated", "Must be a time such as 2026-03-25T06:09:58Z.");
    const char *status = ret->status;
    if (status && !str_eq(status, "ACTIVE") && !str_eq(status, "INACTIVE") && !str_eq(status, "ERROR"))
        return call_invalid(call, "status", "Must be ACTIVE, INACTIVE or ERROR.");
    int r = call_query_bool(call, "errors", false, &ret->errors);
    if (r == 0)
        r = read_rule_filter(tx, call, app, ret);
    if (r < 0)
        return r;
    const char *source_id = call_query(call, "sourceGroupId");
    if (!source_id || !*source_id)
        return 0;
    struct group source = {0};
    r = group_by_id(tx, source_id, &source);
    ret->stored.source_rid = r == 0 ? source.rid : -1;
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int write_page(struct tx *tx, struct call *call, const struct app *app, const struct list_filter *filter,
                      int64_t after, int limit, int64_t *ret_next)
{
    struct mapping *page = arena_array(tx_arena(tx), (size_t)limit + 1, sizeof(*page));
    int written = 0;
    for (;;) {
        int count = mapping_list(tx, app->rid, &filter->stored, after, page, limit + 1);
        if (count < 0)
            return count;
        for (int i = 0; i < count; i++) {
            int r = is_selected(tx, filter, &page[i]);
            if (r < 0)
                return r;
            if (r == 0)
                continue;
            if (written == limit) {
                *ret_next = after;
                return 0;
            }
            r = object_mapping(tx, call, NULL, app, &page[i], false);
            if (r < 0)
                return r;
            written++;
            after = page[i].rid;
        }
        if (count <= limit)
            return 0;
        after = MAX_OF(after, page[count - 1].rid - 1);
    }
}

static int list_mappings(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct page page = {0};
    struct list_filter filter = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = call_page(call, 100, LIMIT_PAGE_MAPPINGS, &page);
    if (r == 0)
        r = read_filter(tx, call, &app, &filter);
    if (r < 0)
        return r;
    int64_t next = 0;
    jout_array(&call->out, NULL);
    r = write_page(tx, call, &app, &filter, page.after ? strtoll(page.after, NULL, 10) : 0, page.limit, &next);
    jout_end(&call->out);
    call_page_links(call, next ? arena_printf(call->arena, "%lld", (long long)next) : NULL);
    return r;
}

static int get_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct mapping mapping = {0};
    int r = find_mapping(tx, call, &app, &mapping);
    return r < 0 ? r : object_mapping(tx, call, NULL, &app, &mapping, true);
}

/* --- create, update, delete ----------------------------------------------------------------------------------------
 */

static int body_status(struct call *call, const struct jval *body, enum mapping_status *ret)
{
    static const char *const names[] = {[MAPPING_ACTIVE] = "ACTIVE", [MAPPING_INACTIVE] = "INACTIVE"};
    int choice = (int)*ret;
    int r = field_choice(call, body, "status", names, ARRAY_LEN(names), &choice);
    *ret = (enum mapping_status)choice;
    return r;
}

static int body_existing(struct call *call, const struct jval *body, enum existing_members *ret)
{
    int choice = (int)*ret;
    int r = field_choice(call, body, "existingMembers", existing_names, ARRAY_LEN(existing_names), &choice);
    *ret = (enum existing_members)choice;
    return r;
}

static int read_create(struct tx *tx, struct call *call, struct mapping_input *ret, struct group *ret_source)
{
    const struct jval *body = NULL;
    const char *source_id = NULL;
    bool at_once = true;
    *ret = (struct mapping_input){.status = MAPPING_ACTIVE, .existing = EXISTING_DEFAULT};
    int r = call_body_object(call, &body);
    if (r >= 0)
        r = field_string(call, body, "sourceGroupId", &source_id);
    if (r >= 0)
        r = field_string(call, body, "targetGroupId", &ret->target_group_id);
    if (r >= 0)
        r = field_string(call, body, "targetGroupName", &ret->target_group_name);
    if (r >= 0)
        r = body_status(call, body, &ret->status);
    if (r >= 0)
        r = body_existing(call, body, &ret->existing);
    if (r >= 0)
        r = field_bool(call, body, "pushMembershipsImmediately", &at_once);
    if (r < 0)
        return r;
    ret->members_wait = !at_once;
    if (!source_id)
        return call_invalid(call, "sourceGroupId", "The field cannot be left blank. Give the id of the group to push.");
    const struct jval *config = jval_get(body, "appConfig");
    if (config && jval_type(config) != JVAL_NULL)
        return call_invalid(call, "appConfig",
                            "Only Active Directory apps have a configuration; leave it out for this app.");
    r = group_by_id(tx, source_id, ret_source);
    return r == ERR_NOT_FOUND ? call_not_found(call, source_id, "UserGroup") : r;
}

static int create_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct group source = {0};
    struct mapping_input input = {0};
    struct mapping mapping = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = read_create(tx, call, &input, &source);
    if (r == 0)
        r = mapping_create(tx, &app, &source, &input, &mapping, &call->problem);
    return r < 0 ? r : object_mapping(tx, call, NULL, &app, &mapping, true);
}

static int update_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct mapping mapping = {0};
    const struct jval *body = NULL;
    int r = find_mapping(tx, call, &app, &mapping);
    if (r == 0)
        r = call_body_object(call, &body);
    if (r < 0)
        return r;
    enum mapping_status status = mapping.status;
    enum existing_members existing = mapping.existing;
    r = body_status(call, body, &status);
    if (r >= 0)
        r = body_existing(call, body, &existing);
    if (r >= 0 && !jval_get(body, "status") && !jval_get(body, "existingMembers"))
        return call_invalid(call, "status", "The field cannot be left blank. Give ACTIVE or INACTIVE.");
    if (r >= 0)
        r = mapping_update(tx, &mapping, status, existing, &call->problem);
    return r < 0 ? r : object_mapping(tx, call, NULL, &app, &mapping, true);
}

/* Recorded: 200 with an empty body; described: 204. Both please every client, 204 says it better. */
static int delete_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct mapping mapping = {0};
    bool delete_target = false;
    int r = find_mapping(tx, call, &app, &mapping);
    if (r == 0)
        r = call_query_bool(call, "deleteTargetGroup", false, &delete_target);
    if (r == 0)
        r = mapping_delete(tx, &app, &mapping, delete_target, &call->problem);
    call->status = 204;
    return r;
}

/* --- beside the published ones -------------------------------------------------------------------------------------
 */

static int push_now(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct mapping mapping = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = find_mapping(tx, call, &app, &mapping);
    if (r == 0)
        r = mapping_push_now(tx, &mapping, &call->problem);
    return r < 0 ? r : object_mapping(tx, call, NULL, &app, &mapping, true);
}

static int verify_all(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = find_app(tx, call, &app);
    int groups = r < 0 ? r : mapping_verify_all(tx, app.rid);
    if (groups < 0)
        return groups;
    jout_object(&call->out, NULL);
    jout_int(&call->out, "groups", groups);
    jout_end(&call->out);
    return 0;
}

/* Ignored, they would give a longer list than was asked for. */
static int refuse_filters(struct call *call)
{
    static const char *const filters[] = {"failed", "since", "until"};
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        if (call_query(call, filters[i]))
            return call_invalid(call, filters[i], "Only the list of the app, /api/v1/apps/{appId}/attempts, takes it");
    return 0;
}

static int list_attempts(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct page page = {0};
    struct mapping mapping = {0};
    int64_t before = 0;
    int64_t next = 0;
    int r = call_page(call, ATTEMPTS_SHOWN, ATTEMPTS_SHOWN_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &before);
    if (r == 0)
        r = refuse_filters(call);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = find_mapping(tx, call, &app, &mapping);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    const struct attempt_object of = {app.rid, WORK_GROUP, mapping.target_rid};
    if (mapping.target_rid)
        r = record_attempts_write(tx, &call->out, &of, before ? before : INT64_MAX, page.limit, &next);
    jout_end(&call->out);
    call_page_links(call, next ? arena_printf(call->arena, "%lld", (long long)next) : NULL);
    return r < 0 ? r : 0;
}

struct naming {
    struct tx *tx;
    struct call *call;
    int64_t until;
};

static int name_failure(const struct work *work, void *data)
{
    struct naming *naming = data;
    struct jout *out = &naming->call->out;
    if (work->since > naming->until || work->kind == WORK_IMPORT)
        return 0;
    const char *name = NULL;
    if (work->kind == WORK_ACCOUNT) {
        struct account account = {0};
        if (account_by_rid(naming->tx, work->object_rid, &account) == 0)
            name = account.user_name;
    } else {
        struct target_group group = {0};
        if (target_group_get(naming->tx, work->object_rid, &group) == 0)
            name = group.name;
    }
    jout_object(out, NULL);
    jout_str(out, "type", work->kind == WORK_ACCOUNT ? "account" : "group");
    jout_str(out, "name", name);
    jout_str_opt(out, "errorClass", work->error_class);
    failure_write_class(out, work->error_class);
    jout_str(out, "error", work->error);
    jout_bool(out, "held", work->held);
    jout_end(out);
    return 0;
}

/* 1 when the app shows no members of this group: trying again would show as little, an administrator must look. */
static int name_unverified(struct tx *tx, struct jout *out, const struct mapping *mapping)
{
    struct target_group group = {0};
    int r = mapping->status == MAPPING_ACTIVE ? target_group_get(tx, mapping->target_rid, &group) : 0;
    if (r < 0 || group.verify_state != VERIFY_UNREADABLE)
        return r;
    jout_object(out, NULL);
    jout_str(out, "type", "group");
    jout_str(out, "name", group.name);
    jout_str(out, "error", "The app shows no members, so nothing can be verified");
    jout_bool(out, "held", true);
    jout_end(out);
    return 1;
}

static int name_all_unverified(struct tx *tx, struct jout *out, int64_t app_rid)
{
    struct mapping *page = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*page));
    struct mapping_filter everything = {0};
    int64_t after = 0;
    int named = 0;
    for (;;) {
        int count = mapping_list(tx, app_rid, &everything, after, page, LIMIT_EXPAND_ROWS);
        for (int i = 0; i < count && named < FAILURES_SHOWN; i++) {
            int r = name_unverified(tx, out, &page[i]);
            if (r < 0)
                return r;
            named += r;
        }
        if (count < LIMIT_EXPAND_ROWS || named == FAILURES_SHOWN)
            return MIN_OF(count, 0);
        after = page[count - 1].rid;
    }
}

static int sync_after(struct tx *tx, struct call *call, int64_t *ret_until)
{
    const char *after = call_query(call, "after");
    if (!after || !*after) {
        int r = tx_change_latest(tx, ret_until);
        return r < 0 ? r : 0;
    }
    char *end = NULL;
    *ret_until = strtoll(after, &end, 10);
    if (*end || *ret_until < 0)
        return call_invalid(call, "after", "Must be a change number, as given in the header X-Muster-Change.");
    return 0;
}

static int sync_wait(struct call *call, int64_t *ret_ms)
{
    const char *wait = call_query(call, "wait");
    *ret_ms = 0;
    if (!wait || !*wait)
        return 0;
    char *end = NULL;
    long long seconds = strtoll(wait, &end, 10);
    bool unit = str_eq(end, "") || str_eq(end, "s");
    if (end == wait || !unit || seconds < 0 || seconds * 1000 > SYNC_WAIT_MAX_MS)
        return call_invalid(call, "wait", "Must be a number of seconds from 0 to %d, such as 30s.",
                            SYNC_WAIT_MAX_MS / 1000);
    *ret_ms = seconds * 1000;
    return 0;
}

/* Present while nothing gets through to the app. */
static int write_quarantine(struct tx *tx, struct jout *out, int64_t app_rid)
{
    struct quarantine quarantine = {0};
    int r = quarantine_get(tx, app_rid, &quarantine);
    if (r <= 0)
        return r;
    jout_object(out, "quarantine");
    jout_str(out, "errorClass", quarantine.error_class);
    failure_write_class(out, quarantine.error_class);
    jout_str(out, "error", quarantine.words);
    jout_time(out, "since", quarantine.since);
    jout_time(out, "nextTry", quarantine.next_try);
    jout_int(out, "failures", quarantine.failures);
    jout_end(out);
    return 0;
}

/* Holds that are not done with: OPEN ones wait for somebody, of REJECTED ones the difference stays. The count. */
static int write_holds(struct tx *tx, struct jout *out, int64_t app_rid)
{
    struct hold holds[FAILURES_SHOWN];
    int shown = 0;
    jout_array(out, "holds");
    for (int status = HOLD_OPEN; status <= HOLD_REJECTED; status += HOLD_REJECTED - HOLD_OPEN) {
        int count = hold_list(tx, app_rid, status, 0, holds, FAILURES_SHOWN);
        if (count < 0)
            return count;
        for (int i = 0; i < count; i++) {
            if (holds[i].left == 0)
                continue;
            jout_object(out, NULL);
            jout_str(out, "id", holds[i].id);
            jout_str(out, "kind", deletion_kind_name(holds[i].kind));
            jout_str(out, "status", status == HOLD_OPEN ? "OPEN" : "REJECTED");
            jout_int(out, "changes", holds[i].left);
            jout_str(out, "reason", hold_reason(tx, &holds[i]));
            jout_end(out);
            shown++;
        }
    }
    jout_end(out);
    return shown;
}

/* Is everything that was caused up to a change number in the app? Waits for it, or for something to fail. */
static int sync_app(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct work_counts counts = {0};
    int64_t until = 0;
    int64_t wait_ms = 0;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = sync_after(tx, call, &until);
    if (r == 0)
        r = sync_wait(call, &wait_ms);
    if (r == 0)
        r = work_count(tx, app.rid, until, &counts);
    if (r < 0)
        return r;
    int64_t members_failed = member_failures(tx, app.rid);
    int64_t members_held = members_failed < 0 ? members_failed : deletion_held_members(tx, app.rid);
    if (members_held < 0)
        return (int)members_held;
    int64_t unverified = mapping_unverified(tx, app.rid);
    bool verified = false;
    if (unverified < 0)
        return (int)unverified;
    r = call_query_bool(call, "verified", false, &verified);
    if (r < 0)
        return r;
    if (counts.pending > 0 && call_may_wait(call, wait_ms))
        return CALL_AGAIN;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_bool(out, "done",
              counts.pending == 0 && counts.failed == 0 && members_failed == 0 && members_held == 0 &&
                  (!verified || unverified == 0));
    if (verified)
        jout_bool(out, "verified", unverified == 0);
    jout_int(out, "change", until);
    r = write_quarantine(tx, out, app.rid);
    if (r < 0)
        return r;
    jout_int(out, "pending", counts.pending);
    jout_int(out, "failedMembers", members_failed);
    jout_int(out, "heldMembers", members_held);
    r = write_holds(tx, out, app.rid);
    if (r < 0)
        return r;
    jout_array(out, "failed");
    struct naming naming = {.tx = tx, .call = call, .until = until};
    r = work_each_failed(tx, app.rid, FAILURES_SHOWN, name_failure, &naming);
    if (r >= 0 && verified && counts.pending == 0 && unverified > 0)
        r = name_all_unverified(tx, out, app.rid);
    jout_end(out);
    jout_end(out);
    return r < 0 ? r : 0;
}

#define MAPPINGS "/api/v1/apps/{appId}/group-push/mappings"

const struct route push_routes[] = {
    {"GET", MAPPINGS, ROUTE_READ, ROLE_READ_ONLY, list_mappings, "listGroupPushMappings", NULL},
    {"POST", MAPPINGS, ROUTE_WRITE, ROLE_OPERATOR, create_mapping, "createGroupPushMapping", NULL},
    {"GET", MAPPINGS "/{mappingId}", ROUTE_READ, ROLE_READ_ONLY, get_mapping, "getGroupPushMapping", NULL},
    {"PATCH", MAPPINGS "/{mappingId}", ROUTE_WRITE, ROLE_OPERATOR, update_mapping, "updateGroupPushMapping", NULL},
    {"DELETE", MAPPINGS "/{mappingId}", ROUTE_WRITE, ROLE_OPERATOR, delete_mapping, "deleteGroupPushMapping", NULL},
    {"GET", MAPPINGS "/{mappingId}/attempts", ROUTE_READ, ROLE_READ_ONLY, list_attempts, "listMappingAttempts", NULL},
    {"POST", MAPPINGS "/{mappingId}/push", ROUTE_WRITE, ROLE_OPERATOR, push_now, "pushMappingNow", NULL},
    {"POST", "/api/v1/apps/{appId}/group-push/verify", ROUTE_WRITE, ROLE_OPERATOR, verify_all, "verifyAllGroups", NULL},
    {"GET", "/api/v1/apps/{appId}/sync", ROUTE_READ, ROLE_READ_ONLY, sync_app, "getApplicationSync", NULL},
    {0},
};
