/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beside the published calls: unlink in one act, the same for many mappings at once, and a group seen from its own
 * side. The published PATCH and DELETE keep their refusals (ACTIVE must be deactivated first, ERROR cannot be changed);
 * these work from any status.
 */
#include "api/push_objects.h"
#include "base/clock.h"
#include "base/limits.h"
#include "push/same_group.h"

#define BULK_MAX 500   /* mappings of one bulk call */
#define PUSHES_PAGE 50 /* apps that the pushes of a group show on a page, unless told otherwise */

static int delete_choice(struct call *call, const struct jval *body, bool *ret)
{
    int r = field_bool(call, body, "deleteTargetGroup", ret);
    if (r == 0)
        return call_invalid(
            call, "deleteTargetGroup",
            "The field cannot be left blank: true deletes the group in the app, false leaves it there.");
    return r < 0 ? r : 0;
}

static int unlink_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct mapping mapping = {0};
    const struct jval *body = NULL;
    bool delete_target = false;
    int r = find_mapping(tx, call, &app, &mapping);
    if (r == 0)
        r = call_body_object(call, &body);
    if (r == 0)
        r = delete_choice(call, body, &delete_target);
    if (r == 0)
        r = mapping_unlink(tx, &app, &mapping, delete_target, &call->problem);
    call->status = 204;
    return r;
}

/* --- many at once --------------------------------------------------------------------------------------------------
 */

enum bulk_action { BULK_ACTIVATE, BULK_DEACTIVATE, BULK_UNLINK, BULK_PUSH };
static const char *const action_names[] = {
    [BULK_ACTIVATE] = "ACTIVATE", [BULK_DEACTIVATE] = "DEACTIVATE", [BULK_UNLINK] = "UNLINK", [BULK_PUSH] = "PUSH_NOW"};

struct bulk {
    enum bulk_action action;
    bool delete_target;
    const struct jval *ids;
};

static int read_bulk(struct call *call, struct bulk *ret)
{
    const struct jval *body = NULL;
    int action = -1;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = field_choice(call, body, "action", action_names, ARRAY_LEN(action_names), &action);
    if (r < 0)
        return r;
    if (action < 0)
        return call_invalid(call, "action",
                            "The field cannot be left blank: ACTIVATE, DEACTIVATE, UNLINK or PUSH_NOW.");
    ret->action = (enum bulk_action)action;
    ret->ids = jval_get(body, "mappingIds");
    if (jval_type(ret->ids) != JVAL_ARRAY || jval_len(ret->ids) == 0 || jval_len(ret->ids) > BULK_MAX)
        return call_invalid(call, "mappingIds", "Must be a list of 1 to %d ids of mappings.", BULK_MAX);
    return ret->action == BULK_UNLINK ? delete_choice(call, body, &ret->delete_target) : 0;
}

static int act_on(struct tx *tx, struct call *call, const struct app *app, const struct bulk *bulk,
                  struct mapping *mapping)
{
    switch (bulk->action) {
    case BULK_ACTIVATE:
        return mapping_switch(tx, mapping, MAPPING_ACTIVE);
    case BULK_DEACTIVATE:
        return mapping_switch(tx, mapping, MAPPING_INACTIVE);
    case BULK_UNLINK:
        return mapping_unlink(tx, app, mapping, bulk->delete_target, &call->problem);
    case BULK_PUSH:
    default:
        return mapping_push_now(tx, mapping, &call->problem);
    }
}

/* All of them or none: what one refuses refuses the call, and says for which. */
static int bulk_mappings(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct bulk bulk = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = read_bulk(call, &bulk);
    int64_t *done = arena_array(tx_arena(tx), BULK_MAX, sizeof(*done));
    for (size_t i = 0; r >= 0 && i < jval_len(bulk.ids); i++) {
        const char *id = jval_str(jval_at(bulk.ids, i));
        struct mapping mapping = {0};
        if (!id)
            return call_invalid(call, "mappingIds", "Every id must be a string.");
        r = mapping_by_id(tx, app.rid, id, &mapping);
        if (r == ERR_NOT_FOUND)
            return call_not_found(call, id, "GroupPushMapping");
        if (r == 0)
            r = act_on(tx, call, &app, &bulk, &mapping);
        if (r == ERR_PROBLEM)
            return problem_cause(&call->problem, "mappingIds: %s, and nothing was changed", id);
        done[i] = mapping.rid;
    }
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_str(&call->out, "action", action_names[bulk.action]);
    jout_int(&call->out, "count", (int64_t)jval_len(bulk.ids));
    jout_array(&call->out, "mappings"); /* empty after UNLINK */
    for (size_t i = 0; r >= 0 && bulk.action != BULK_UNLINK && i < jval_len(bulk.ids); i++) {
        struct mapping mapping = {0};
        r = mapping_by_rid(tx, done[i], &mapping);
        if (r == 0)
            r = object_mapping(tx, call, NULL, &app, &mapping, false);
    }
    jout_end(&call->out);
    jout_end(&call->out);
    return r;
}

/* --- a group from its own side -------------------------------------------------------------------------------------
 */

static int write_assignment(struct tx *tx, struct call *call, const struct app *app, const struct group *group,
                            bool *ret_assigned)
{
    struct app_group assigned = {0};
    int r = app_group_get(tx, app->rid, group->rid, &assigned);
    *ret_assigned = r == 0;
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    jout_object(&call->out, "assignment");
    jout_int(&call->out, "priority", assigned.priority);
    jout_time(&call->out, "lastUpdated", assigned.last_updated);
    jout_end(&call->out);
    return 0;
}

static int write_push(struct tx *tx, struct call *call, int64_t app_rid, const struct group *group)
{
    struct app app = {0};
    struct mapping mapping = {0};
    struct jout *out = &call->out;
    bool assigned = false;
    int r = app_by_rid(tx, app_rid, &app);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    jout_object(out, NULL);
    jout_str(out, "appId", app.id);
    jout_str(out, "appLabel", app.label);
    jout_str(out, "appStatus", app.status == APP_ACTIVE ? "ACTIVE" : "INACTIVE");
    r = write_assignment(tx, call, &app, group, &assigned);
    int mapped = r < 0 ? r : mapping_by_source(tx, app.rid, group->rid, &mapping);
    if (mapped < 0 && mapped != ERR_NOT_FOUND)
        return mapped;
    if (mapped == 0) {
        r = object_mapping(tx, call, "mapping", &app, &mapping, true);
    }
    /* The published product does not support it; here it is safe (invariant 6), and said. */
    jout_bool(out, "assignedAndPushed", assigned && mapped == 0);
    if (assigned && mapped == 0)
        jout_str(out, "assignedAndPushedMeans", same_group_meaning());
    jout_object(out, "_links");
    object_link(call, "app", call_link(call, "/api/v1/apps/%s", app.id), NULL);
    jout_end(out);
    jout_end(out);
    return r;
}

/* Two ascending lists of rids become one without repeats, at most `limit`. The count. */
static int merge(const int64_t *a, int a_count, const int64_t *b, int b_count, int64_t *ret, int limit)
{
    int count = 0;
    for (int i = 0, j = 0; count < limit && (i < a_count || j < b_count);) {
        int64_t next = j == b_count || (i < a_count && a[i] <= b[j]) ? a[i] : b[j];
        i += i < a_count && a[i] == next;
        j += j < b_count && b[j] == next;
        ret[count++] = next;
    }
    return count;
}

static int list_pushes(struct tx *tx, struct call *call)
{
    struct group group = {0};
    struct page page = {0};
    int64_t after = 0;
    int r = group_by_id(tx, call->params[0], &group);
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, call->params[0], "UserGroup");
    if (r == 0)
        r = call_page(call, PUSHES_PAGE, LIMIT_PAGE_APPS, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    int most = page.limit + 1;
    int64_t *assigned = arena_array(tx_arena(tx), (size_t)most, sizeof(*assigned));
    int64_t *pushed = arena_array(tx_arena(tx), (size_t)most, sizeof(*pushed));
    int64_t *apps = arena_array(tx_arena(tx), (size_t)most, sizeof(*apps));
    int assigned_count = app_rids_of_group(tx, group.rid, after, assigned, most);
    int pushed_count = mapping_apps_of_source(tx, group.rid, after, pushed, most);
    if (assigned_count < 0 || pushed_count < 0)
        return MIN_OF(assigned_count, pushed_count);
    int count = merge(assigned, assigned_count, pushed, pushed_count, apps, most);
    jout_array(&call->out, NULL);
    for (int i = 0; r >= 0 && i < MIN_OF(count, page.limit); i++)
        r = write_push(tx, call, apps[i], &group);
    jout_end(&call->out);
    const char *next = NULL;
    if (count > page.limit)
        next = arena_printf(call->arena, "%lld", (long long)apps[page.limit - 1]);
    call_page_links(call, next);
    return r;
}

#define PUSH "/api/v1/apps/{appId}/group-push"

const struct route push_bulk_routes[] = {
    {"POST", PUSH "/mappings/{mappingId}/unlink", ROUTE_WRITE, ROLE_OPERATOR, unlink_mapping, "unlinkGroupPushMapping",
     NULL},
    {"POST", PUSH "/mappings/bulk", ROUTE_WRITE, ROLE_OPERATOR, bulk_mappings, "bulkGroupPushMappings", NULL},
    {"GET", "/api/v1/groups/{groupId}/pushes", ROUTE_READ, ROLE_READ_ONLY, list_pushes, "listGroupPushes", NULL},
    {.method = NULL},
};
