/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/apps/{appId}/assignments: what the published console does with many assignments at once ("Convert
 * assignments", the order of groups) and its API does not. Ours, beside the published calls.
 */
#include "api/app_objects.h"

#include "base/limits.h"

#define ASSIGNMENTS "/api/v1/apps/{appId}/assignments"
#define CONVERT_USERS 200 /* people that one call names */

/* --- converting ----------------------------------------------------------------------------------------------------
 */

struct conversion {
    enum account_scope scope;
    bool all;
    const struct jval *ids;
};

static int read_conversion(struct call *call, struct conversion *ret)
{
    static const char *const scopes[] = {NULL, "USER", "GROUP"};
    const struct jval *body;
    struct conversion given = {0};
    int scope = 0;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = field_choice(call, body, "scope", scopes, ARRAY_LEN(scopes), &scope);
    if (r == 0)
        return call_invalid(call, "scope", "The field cannot be left blank; it is USER or GROUP");
    if (r > 0)
        r = field_bool(call, body, "all", &given.all);
    if (r < 0)
        return r;
    given.scope = (enum account_scope)scope;
    given.ids = jval_get(body, "userIds");
    bool named = jval_type(given.ids) != JVAL_NONE && jval_type(given.ids) != JVAL_NULL;
    if (named == given.all)
        return call_invalid(call, "userIds", "give either userIds, whom to convert, or all: true");
    if (named &&
        (jval_type(given.ids) != JVAL_ARRAY || jval_len(given.ids) == 0 || jval_len(given.ids) > CONVERT_USERS))
        return call_invalid(call, "userIds", "must be an array of 1 to 200 ids; more in further calls, or all: true");
    for (size_t i = 0; named && i < jval_len(given.ids); i++)
        if (!jval_str(jval_at(given.ids, i)))
            return call_invalid(call, arena_printf(call->arena, "userIds[%zu]", i),
                                "must be a text: the id of a person");
    *ret = given;
    return 0;
}

static int skip(struct call *call, const char *id, const char *reason)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "id", id);
    jout_str(out, "reason", reason);
    jout_end(out);
    return 0;
}

/* One of those who were named. Who cannot be converted is written as skipped. */
static int convert_one(struct tx *tx, struct call *call, const struct app *app, const char *id,
                       enum account_scope scope, struct app_convert *counted)
{
    struct user user = {0};
    struct account account = {0};
    struct problem problem = {0};
    int r = user_by_id(tx, id, &user);
    if (r == 0)
        r = account_get(tx, app->rid, user.rid, &account);
    if (r == ERR_NOT_FOUND)
        return skip(call, id, "NOT_ASSIGNED");
    if (r == 0)
        r = account_convert(tx, app, &account, scope, &problem);
    if (r == ERR_PROBLEM)
        return skip(call, id, "INACTIVE");
    counted->converted += r == CONVERT_DONE;
    counted->unchanged += r == CONVERT_UNCHANGED;
    if (r == CONVERT_NO_GROUP || r == CONVERT_NOT_ASSIGNED)
        return skip(call, id, r == CONVERT_NO_GROUP ? "NO_GROUP" : "NOT_ASSIGNED");
    return MIN_OF(r, 0);
}

static int convert_named(struct tx *tx, struct call *call, const struct app *app, const struct conversion *given)
{
    struct app_convert counted = {0};
    jout_object(&call->out, NULL);
    jout_array(&call->out, "skipped");
    for (size_t i = 0; i < jval_len(given->ids); i++) {
        int r = convert_one(tx, call, app, jval_str(jval_at(given->ids, i)), given->scope, &counted);
        if (r < 0)
            return r;
    }
    jout_end(&call->out);
    jout_int(&call->out, "converted", counted.converted);
    jout_int(&call->out, "unchanged", counted.unchanged);
    jout_end(&call->out);
    return 0;
}

static int convert_all(struct tx *tx, struct call *call, const struct app *app, enum account_scope scope, bool dry_run)
{
    struct app_convert counted = {0};
    int r = app_convert_count(tx, app, scope, &counted);
    if (r == 0 && !dry_run)
        r = app_convert_start(tx, app, scope);
    if (r < 0)
        return r;
    struct jout *out = &call->out;
    call->status = dry_run ? 200 : 202;
    jout_object(out, NULL);
    jout_bool(out, "queued", !dry_run);
    jout_int(out, "looked", counted.looked);
    jout_bool(out, "complete", counted.complete);
    jout_int(out, "toConvert", counted.converted);
    jout_int(out, "unchanged", counted.unchanged);
    jout_int(out, "withoutGroup", counted.no_group);
    jout_end(out);
    return 0;
}

static int convert_assignments(struct tx *tx, struct call *call)
{
    struct conversion given = {0};
    struct app app = {0};
    bool dry_run = false;
    int r = read_conversion(call, &given);
    if (r == 0)
        r = call_query_bool(call, "dryRun", false, &dry_run);
    if (r == 0 && dry_run && !given.all)
        return call_invalid(call, "dryRun", "goes with all: true; GET each of the people otherwise");
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r < 0)
        return r;
    return given.all ? convert_all(tx, call, &app, given.scope, dry_run) : convert_named(tx, call, &app, &given);
}

/* --- order ---------------------------------------------------------------------------------------------------------
 */

static int order_groups(struct tx *tx, struct call *call)
{
    const struct jval *body;
    struct app app = {0};
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    const struct jval *ids = jval_get(body, "groupIds");
    size_t count = jval_len(ids);
    if (jval_type(ids) != JVAL_ARRAY || count == 0 || count > APP_ORDER_GROUPS)
        return call_invalid(call, "groupIds", "must be an array of 1 to 1000 ids of groups, the best first");
    const char **texts = arena_array(call->arena, count, sizeof(*texts));
    for (size_t i = 0; i < count; i++) {
        texts[i] = jval_str(jval_at(ids, i));
        if (!texts[i])
            return call_invalid(call, "groupIds", "must be an array of 1 to 1000 ids of groups, the best first");
    }
    call->status = 204;
    r = find_app(tx, call, &app);
    return r < 0 ? r : app_groups_order(tx, &app, texts, (int)count, &call->problem);
}

const struct route conversion_routes[] = {
    {"POST", ASSIGNMENTS "/convert", ROUTE_WRITE, ROLE_OPERATOR, convert_assignments, "convertApplicationAssignments",
     NULL, true},
    {"PUT", ASSIGNMENTS "/priorities", ROUTE_WRITE, ROLE_OPERATOR, order_groups, "orderApplicationGroupAssignments",
     NULL},
    {.method = NULL},
};
