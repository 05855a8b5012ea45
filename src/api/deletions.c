/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion limits, what they hold, what is decided about it, and who is protected. Nothing of this is published. */
#include "push/deletions.h"

#include "api/app_objects.h"
#include "api/deletion_objects.h"
#include "base/limits.h"
#include "explain/explain.h"
#include "record/record.h"

#define SUBJECT "limits"
#define PAGE_DEFAULT 100
#define PAGE_MAX 1000
#define PAGE_MAX_REASONS 100 /* with expand=reason: each is diagnosed */

static void write_text(struct jout *out, const char *name, const char *text)
{
    jout_str_opt(out, name, text && *text ? text : NULL);
}

/* --- limits --------------------------------------------------------------------------------------------------------
 */

static const char *source_name(enum deletion_source source)
{
    static const char *const names[] = {"DEFAULT", "ORGANIZATION", "APP"};
    return names[source];
}

static int write_used(struct tx *tx, struct jout *out, const struct app *app, const struct deletion_limits *limits)
{
    static const enum deletion_rule rules[] = {RULE_ACCOUNTS, RULE_GROUPS, RULE_MEMBERS};
    jout_object(out, "used");
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        int64_t used = deletion_used(tx, app->rid, rules[i], limits->window_ms);
        if (used < 0)
            return (int)used;
        jout_int(out, deletion_rule_name(rules[i]), used);
    }
    jout_end(out);
    int64_t overdue = deletion_overdue(tx, app->rid);
    if (overdue >= 0)
        jout_int(out, "overdueDeactivations", overdue);
    return (int)MIN_OF(overdue, (int64_t)0);
}

/* `app` NULL: the organisation's. */
static int write_limits(struct tx *tx, struct call *call, const struct app *app)
{
    struct deletion_limits limits;
    int r = deletion_limits_get(tx, app ? app->rid : 0, &limits);
    if (r < 0)
        return r;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_int(out, "windowHours", limits.window_ms / 3600000);
    jout_str(out, "windowSource", source_name(limits.window_source));
    for (int i = 0; i < RULE_COUNT; i++) {
        const struct deletion_limit *limit = &limits.rules[i];
        jout_object(out, deletion_rule_name((enum deletion_rule)i));
        if (limit->off) {
            jout_bool(out, "off", true);
        } else {
            jout_int(out, "percent", limit->percent);
            jout_int(out, "number", limit->number);
        }
        jout_str(out, "source", source_name(limit->source));
        jout_end(out);
    }
    r = app ? write_used(tx, out, app, &limits) : 0;
    jout_end(out);
    return r;
}

static int rule_of(const char *name)
{
    for (int i = 0; i < RULE_COUNT; i++)
        if (str_eq(name, deletion_rule_name((enum deletion_rule)i)))
            return i;
    return -1;
}

static int set_window(struct tx *tx, struct call *call, int64_t app_rid, const struct jval *value)
{
    int64_t hours = jval_int(value, -1);
    if (jval_type(value) == JVAL_NULL)
        return deletion_window_set(tx, app_rid, 0);
    if (hours < 1 || hours > LIMIT_DELETION_WINDOW_HOURS_MAX)
        return call_invalid(call, "windowHours",
                            "Must be a whole number of hours from 1 to %d, or null for the one that holds otherwise.",
                            LIMIT_DELETION_WINDOW_HOURS_MAX);
    return deletion_window_set(tx, app_rid, hours * 3600000);
}

/* What is left out of a limit stays as it is. */
static int read_limit(struct call *call, const char *name, const struct jval *value, struct deletion_limit *limit)
{
    if (jval_type(value) != JVAL_OBJECT)
        return call_invalid(
            call, name,
            "Must be an object such as {\"percent\": 20, \"number\": 10}, {\"off\": true} for no limit, "
            "or null for the one that holds otherwise.");
    const struct jval *off = jval_get(value, "off");
    if (off && jval_type(off) != JVAL_BOOL)
        return call_invalid(call, name, "off must be true or false.");
    limit->off = jval_is_true(off);
    if (jval_get(value, "percent"))
        limit->percent = jval_int(jval_get(value, "percent"), -1);
    if (jval_get(value, "number"))
        limit->number = jval_int(jval_get(value, "number"), -1);
    if (limit->percent < 0 || limit->percent > 100)
        return call_invalid(call, name, "percent must be a whole number from 0 to 100.");
    if (limit->number < 0 || limit->number > LIMIT_DELETION_NUMBER_MAX)
        return call_invalid(call, name, "number must be a whole number from 0 to %d.", LIMIT_DELETION_NUMBER_MAX);
    return 0;
}

static int set_limit(struct tx *tx, struct call *call, int64_t app_rid, const char *name, const struct jval *value)
{
    struct deletion_limits limits;
    int rule = rule_of(name);
    if (rule < 0)
        return call_invalid(call, name, "Is no deletion limit. GET the same path for those there are.");
    if (jval_type(value) == JVAL_NULL)
        return deletion_limit_set(tx, app_rid, (enum deletion_rule)rule, NULL);
    int r = deletion_limits_get(tx, app_rid, &limits);
    if (r == 0)
        r = read_limit(call, name, value, &limits.rules[rule]);
    return r < 0 ? r : deletion_limit_set(tx, app_rid, (enum deletion_rule)rule, &limits.rules[rule]);
}

static int tell_limits(struct tx *tx, const struct app *app)
{
    struct event event = {.type = "muster.deletion.limits",
                          .message = app ? "Change the deletion limits of an app"
                                         : "Change the deletion limits of the organisation",
                          .severity = SEVERITY_WARN};
    if (app) {
        event.targets[0] =
            (struct event_target){.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label};
        event.target_count = 1;
    }
    return record_event(tx, &event);
}

static int put_limits(struct tx *tx, struct call *call, const struct app *app)
{
    const struct jval *body = NULL;
    int64_t app_rid = app ? app->rid : 0;
    int r = call_body_object(call, &body);
    for (void *it = r == 0 ? jval_first(body) : NULL; it; it = jval_next(body, it)) {
        const char *name = jval_iter_key(it);
        r = str_eq(name, "windowHours") ? set_window(tx, call, app_rid, jval_iter_value(it))
                                        : set_limit(tx, call, app_rid, name, jval_iter_value(it));
        if (r < 0)
            return r;
    }
    if (r == 0)
        r = tell_limits(tx, app);
    return r < 0 ? r : write_limits(tx, call, app);
}

static int get_app_limits(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : write_limits(tx, call, &app);
}

static int put_app_limits(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : put_limits(tx, call, &app);
}

static int get_org_limits(struct tx *tx, struct call *call)
{
    return write_limits(tx, call, NULL);
}

static int put_org_limits(struct tx *tx, struct call *call)
{
    return put_limits(tx, call, NULL);
}

/* --- holds ---------------------------------------------------------------------------------------------------------
 */

static const char *status_name(enum hold_status status)
{
    return status == HOLD_OPEN ? "OPEN" : status == HOLD_APPROVED ? "APPROVED" : "REJECTED";
}

/* "targetGroupId" and "targetGroupName" of a target group; nothing when it is gone. */
static int write_target(struct tx *tx, struct jout *out, int64_t target_rid)
{
    struct target_group target = {0};
    struct group group = {0};
    int r = target_group_get(tx, target_rid, &target);
    if (r == 0)
        r = group_by_rid(tx, target.group_rid, &group);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    jout_str(out, "targetGroupId", group.id);
    jout_str(out, "targetGroupName", target.name);
    return 0;
}

static int write_hold(struct tx *tx, struct call *call, const struct app *app, const struct hold *hold)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "id", hold->id);
    jout_str(out, "appId", app->id);
    jout_str(out, "appLabel", app->label);
    jout_str(out, "kind", deletion_kind_name(hold->kind));
    jout_str(out, "status", status_name(hold->status));
    jout_str(out, "reason", hold_reason(tx, hold));
    int r = hold->target_rid ? write_target(tx, out, hold->target_rid) : 0;
    jout_int(out, "changes", hold->left);
    jout_int(out, "revision", hold->revision);
    jout_time(out, "opened", hold->opened);
    if (hold->status == HOLD_OPEN)
        jout_time(out, "raisedAgain", hold->due);
    jout_int(out, "raised", hold->raised);
    if (hold->decided) {
        jout_time(out, "decided", hold->decided);
        jout_str(out, "decidedBy", hold->decided_by);
    }
    jout_object(out, "_links");
    object_link(call, "changes", call_link(call, "/api/v1/apps/%s/group-push/holds/%s/changes", app->id, hold->id),
                NULL);
    jout_end(out);
    jout_end(out);
    return r;
}

static int find_hold(struct tx *tx, struct call *call, struct app *ret_app, struct hold *ret)
{
    int r = find_app(tx, call, ret_app);
    if (r == 0)
        r = hold_by_id(tx, ret_app->rid, call->params[1], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[1], "DeletionHold") : r;
}

static int read_status(struct call *call, int *ret)
{
    const char *status = call_query(call, "status");
    *ret = 0;
    for (int i = HOLD_OPEN; status && *status && i <= HOLD_REJECTED; i++)
        if (str_eq(status, status_name((enum hold_status)i)))
            *ret = i;
    if (status && *status && *ret == 0)
        return call_invalid(call, "status", "Must be OPEN, APPROVED or REJECTED.");
    return 0;
}

static const char *cursor(struct call *call, int64_t rid)
{
    return arena_printf(call->arena, "%lld", (long long)rid);
}

/* `app` NULL: of all apps. */
static int write_holds(struct tx *tx, struct call *call, const struct app *app)
{
    struct page page;
    int64_t after = 0;
    int status = 0;
    int r = call_page(call, PAGE_DEFAULT, PAGE_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r == 0)
        r = read_status(call, &status);
    if (r < 0)
        return r;
    struct hold *holds = arena_array(tx_arena(tx), (size_t)page.limit + 1, sizeof(*holds));
    int count = hold_list(tx, app ? app->rid : 0, status, after, holds, page.limit + 1);
    int shown = MIN_OF(count, page.limit);
    jout_array(&call->out, NULL);
    for (int i = 0; r == 0 && i < shown; i++) {
        struct app of = app ? *app : (struct app){0};
        r = app ? 0 : app_by_rid(tx, holds[i].app_rid, &of);
        if (r == 0)
            r = write_hold(tx, call, &of, &holds[i]);
    }
    jout_end(&call->out);
    call_page_links(call, count > shown ? cursor(call, holds[shown - 1].rid) : NULL);
    return MIN_OF(count, r);
}

static int list_holds(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : write_holds(tx, call, &app);
}

static int list_all_holds(struct tx *tx, struct call *call)
{
    return write_holds(tx, call, NULL);
}

static int get_hold(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct hold hold = {0};
    int r = find_hold(tx, call, &app, &hold);
    return r < 0 ? r : write_hold(tx, call, &app, &hold);
}

/* --- what is held --------------------------------------------------------------------------------------------------
 */

static int write_person(struct tx *tx, struct jout *out, const struct deletion *deletion)
{
    struct user user = {0};
    struct account account = {0};
    int r = user_by_rid(tx, deletion->user_rid, &user);
    if (r == 0) {
        jout_str(out, "userId", user.id);
        jout_str(out, "login", user.login);
    }
    if (r == 0 || r == ERR_NOT_FOUND)
        r = account_get(tx, deletion->app_rid, deletion->user_rid, &account);
    if (r == 0) {
        write_text(out, "externalId", account.external_id);
        jout_str(out, "userName", account.user_name);
    }
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int write_app(struct tx *tx, struct jout *out, int64_t app_rid)
{
    struct app app = {0};
    int r = app_by_rid(tx, app_rid, &app);
    if (r == 0)
        jout_str(out, "appId", app.id);
    return r == ERR_NOT_FOUND ? 0 : r;
}

/* "reason"; nothing when it is not known. */
static int write_reason(struct tx *tx, struct jout *out, const struct deletion *deletion)
{
    struct mapping mapping = {0};
    struct diagnosis *diagnosis = arena_alloc(tx_arena(tx), sizeof(*diagnosis));
    int r = deletion->kind == DELETION_MEMBER ? mapping_by_target(tx, deletion->object_rid, &mapping) : 0;
    if (r == 0)
        r = explain(tx, deletion->app_rid, deletion->user_rid, mapping.source_rid, NULL, diagnosis);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    const struct check *reason = diagnosis_against(diagnosis);
    if (!reason)
        return 0;
    jout_object(out, "reason");
    jout_str(out, "fact", reason->fact);
    if (reason->since)
        jout_time(out, "since", reason->since);
    jout_str_opt(out, "by", reason->by);
    jout_str_opt(out, "eventId", reason->event);
    jout_end(out);
    return 0;
}

int deletion_write(struct tx *tx, struct call *call, const struct deletion *deletion, enum deletion_view view)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    int r = view == DELETION_APP ? write_app(tx, out, deletion->app_rid) : 0;
    jout_str(out, "kind", deletion_kind_name(deletion->kind));
    jout_str(out, "state", deletion_state_name(deletion->state));
    if (r == 0 && deletion->user_rid)
        r = write_person(tx, out, deletion);
    else
        write_text(out, "externalId", deletion->external_id);
    if (r == 0 && deletion->kind != DELETION_ACCOUNT)
        r = write_target(tx, out, deletion->object_rid);
    jout_time(out, "since", deletion->since);
    if (r == 0 && deletion->hold_id)
        jout_str(out, "holdId", deletion->hold_id);
    if (r == 0 && view == DELETION_REASON && deletion->user_rid)
        r = write_reason(tx, out, deletion);
    jout_end(out);
    return r;
}

static int list_changes(struct tx *tx, struct call *call)
{
    struct page page;
    struct app app = {0};
    struct hold hold = {0};
    int64_t after = 0;
    const char *expand = call_query(call, "expand");
    enum deletion_view view = str_eq(expand, "reason") ? DELETION_REASON : DELETION_PLAIN;
    int r = call_page(call, PAGE_DEFAULT, view == DELETION_REASON ? PAGE_MAX_REASONS : PAGE_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r == 0)
        r = call->params[1] ? find_hold(tx, call, &app, &hold) : find_app(tx, call, &app);
    if (r < 0)
        return r;
    struct deletion *changes = arena_array(tx_arena(tx), (size_t)page.limit + 1, sizeof(*changes));
    int count = deletion_list(tx, app.rid, hold.rid, after, changes, page.limit + 1);
    int shown = MIN_OF(count, page.limit);
    jout_array(&call->out, NULL);
    for (int i = 0; r == 0 && i < shown; i++)
        r = deletion_write(tx, call, &changes[i], view);
    jout_end(&call->out);
    call_page_links(call, count > shown ? cursor(call, changes[shown - 1].rid) : NULL);
    return MIN_OF(count, r);
}

/* --- deciding ------------------------------------------------------------------------------------------------------
 */

static int decide(struct tx *tx, struct call *call, enum hold_status status)
{
    struct app app = {0};
    struct hold hold = {0};
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_hold(tx, call, &app, &hold);
    if (r < 0)
        return r;
    int64_t revision = jval_int(jval_get(body, "revision"), -1);
    if (revision < 0)
        return call_invalid(call, "revision",
                            "Give the revision of the hold that you looked at: what joined later is not meant.");
    r = hold_decide(tx, &hold, status, revision, &call->problem);
    return r < 0 ? r : write_hold(tx, call, &app, &hold);
}

static int approve_hold(struct tx *tx, struct call *call)
{
    return decide(tx, call, HOLD_APPROVED);
}

static int reject_hold(struct tx *tx, struct call *call)
{
    return decide(tx, call, HOLD_REJECTED);
}

struct released {
    const char *user_id;
    const char *external_id;
    const char *target_group_id;
};

static int read_released(struct call *call, struct released *ret)
{
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = field_string(call, body, "userId", &ret->user_id);
    if (r >= 0)
        r = field_string(call, body, "externalId", &ret->external_id);
    if (r >= 0)
        r = field_string(call, body, "targetGroupId", &ret->target_group_id);
    if (r < 0)
        return r;
    if (!!ret->user_id + !!ret->external_id + !!ret->target_group_id != 1)
        return call_invalid(call, "userId",
                            "Give exactly one of userId (a person), externalId (a member whom the directory does not "
                            "know) and targetGroupId (a group to be deleted).");
    return 0;
}

static int release_change(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct hold hold = {0};
    struct user user = {0};
    struct group group = {0};
    struct target_group target = {0};
    struct released given = {0};
    int r = read_released(call, &given);
    if (r == 0)
        r = find_hold(tx, call, &app, &hold);
    if (r == 0 && given.user_id) {
        r = user_by_id_or_login(tx, given.user_id, &user);
        if (r == ERR_NOT_FOUND)
            return call_not_found(call, given.user_id, "User");
    }
    if (r == 0 && given.target_group_id) {
        r = group_by_id(tx, given.target_group_id, &group);
        if (r == 0)
            r = target_group_by_group(tx, group.rid, &target);
        if (r == ERR_NOT_FOUND)
            return call_not_found(call, given.target_group_id, "AppGroup");
    }
    if (r == 0)
        r = hold_release(tx, &hold, user.rid, given.external_id ? given.external_id : "", target.rid, &call->problem);
    return r < 0 ? r : write_hold(tx, call, &app, &hold);
}

/* --- protection ----------------------------------------------------------------------------------------------------
 */

static int read_protected(struct call *call, bool *ret)
{
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    if (jval_type(jval_get(body, "protected")) != JVAL_BOOL)
        return call_invalid(call, "protected", "Must be true or false.");
    *ret = jval_is_true(jval_get(body, "protected"));
    return 0;
}

static int write_protected(struct call *call, bool on)
{
    jout_object(&call->out, NULL);
    jout_bool(&call->out, "protected", on);
    jout_end(&call->out);
    return 0;
}

static int find_user(struct tx *tx, struct call *call, struct user *ret)
{
    int r = user_by_id_or_login(tx, call->params[0], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "User") : r;
}

static int find_group(struct tx *tx, struct call *call, struct group *ret)
{
    int r = group_by_id(tx, call->params[0], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "UserGroup") : r;
}

static int get_user_protection(struct tx *tx, struct call *call)
{
    struct user user = {0};
    int r = find_user(tx, call, &user);
    return r < 0 ? r : write_protected(call, user.is_protected);
}

static int put_user_protection(struct tx *tx, struct call *call)
{
    struct user user = {0};
    bool on = false;
    int r = read_protected(call, &on);
    if (r == 0)
        r = find_user(tx, call, &user);
    if (r == 0)
        r = user_protect(tx, &user, on);
    return r < 0 ? r : write_protected(call, on);
}

static int get_group_protection(struct tx *tx, struct call *call)
{
    struct group group = {0};
    int r = find_group(tx, call, &group);
    return r < 0 ? r : write_protected(call, group.is_protected);
}

static int put_group_protection(struct tx *tx, struct call *call)
{
    struct group group = {0};
    bool on = false;
    int r = read_protected(call, &on);
    if (r == 0)
        r = find_group(tx, call, &group);
    if (r == 0)
        r = group_protect(tx, &group, on);
    return r < 0 ? r : write_protected(call, on);
}

#define PUSH "/api/v1/apps/{appId}/group-push/"
#define HOLD PUSH "holds/{holdId}"
#define ORG_LIMITS "/api/v1/org/deletion-limits"
#define USER_PROTECTION "/api/v1/users/{id}/protection"
#define GROUP_PROTECTION "/api/v1/groups/{groupId}/protection"

const struct route deletion_routes[] = {
    {"GET", PUSH "limits", ROUTE_READ, ROLE_READ_ONLY, get_app_limits, "getDeletionLimits", NULL},
    {"PUT", PUSH "limits", ROUTE_WRITE, ROLE_ADMIN, put_app_limits, "updateDeletionLimits", NULL},
    {"GET", ORG_LIMITS, ROUTE_READ, ROLE_READ_ONLY, get_org_limits, "getOrgDeletionLimits", NULL},
    {"PUT", ORG_LIMITS, ROUTE_WRITE, ROLE_ADMIN, put_org_limits, "updateOrgDeletionLimits", NULL},
    {"GET", PUSH "held", ROUTE_READ, ROLE_READ_ONLY, list_changes, "listHeldChanges", NULL},
    {"GET", PUSH "holds", ROUTE_READ, ROLE_READ_ONLY, list_holds, "listDeletionHolds", NULL},
    {"GET", "/api/v1/org/holds", ROUTE_READ, ROLE_READ_ONLY, list_all_holds, "listAllDeletionHolds", NULL},
    {"GET", HOLD, ROUTE_READ, ROLE_READ_ONLY, get_hold, "getDeletionHold", NULL},
    {"GET", HOLD "/changes", ROUTE_READ, ROLE_READ_ONLY, list_changes, "listDeletionHoldChanges", NULL},
    {"POST", HOLD "/approve", ROUTE_WRITE, ROLE_ADMIN, approve_hold, "approveDeletionHold", NULL},
    {"POST", HOLD "/reject", ROUTE_WRITE, ROLE_ADMIN, reject_hold, "rejectDeletionHold", NULL},
    {"POST", HOLD "/release", ROUTE_WRITE, ROLE_ADMIN, release_change, "releaseHeldChange", NULL},
    {"GET", USER_PROTECTION, ROUTE_READ, ROLE_READ_ONLY, get_user_protection, "getUserProtection", NULL},
    {"PUT", USER_PROTECTION, ROUTE_WRITE, ROLE_ADMIN, put_user_protection, "setUserProtection", NULL},
    {"GET", GROUP_PROTECTION, ROUTE_READ, ROLE_READ_ONLY, get_group_protection, "getGroupProtection", NULL},
    {"PUT", GROUP_PROTECTION, ROUTE_WRITE, ROLE_ADMIN, put_group_protection, "setGroupProtection", NULL},
    {.method = NULL},
};
