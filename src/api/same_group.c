/* SPDX-License-Identifier: Apache-2.0 */
/* One group for assignment and for push (push/same_group.h): the organisation's policy, and an app's groups of the
 * kind. */
#include "push/same_group.h"

#include "api/push_objects.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

static int write_policy(struct tx *tx, struct call *call)
{
    enum same_group_policy policy = SAME_GROUP_ALLOW;
    int r = same_group_policy_get(tx, &policy);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_str(&call->out, "policy", same_group_policy_name(policy));
    jout_str(&call->out, "meaning", same_group_meaning());
    jout_end(&call->out);
    return 0;
}

static int get_policy(struct tx *tx, struct call *call)
{
    return write_policy(tx, call);
}

static int put_policy(struct tx *tx, struct call *call)
{
    const struct jval *body = NULL;
    const char *names[SAME_GROUP_POLICIES];
    int policy = -1;
    for (int i = 0; i < SAME_GROUP_POLICIES; i++)
        names[i] = same_group_policy_name((enum same_group_policy)i);
    int r = call_body_object(call, &body);
    if (r == 0)
        r = field_choice(call, body, "policy", names, SAME_GROUP_POLICIES, &policy);
    if (r < 0)
        return r;
    if (policy < 0)
        return call_invalid(call, "policy", "The field cannot be left blank: ALLOW, WARN or REFUSE.");
    r = same_group_policy_set(tx, (enum same_group_policy)policy);
    return r < 0 ? r : write_policy(tx, call);
}

static int write_same_group(struct tx *tx, struct call *call, int64_t mapping_rid)
{
    struct mapping mapping = {0};
    struct group group = {0};
    struct app app = {0};
    int r = mapping_by_rid(tx, mapping_rid, &mapping);
    if (r == 0)
        r = group_by_rid(tx, mapping.source_rid, &group);
    if (r == 0)
        r = app_by_rid(tx, mapping.app_rid, &app);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_str(&call->out, "appId", app.id);
    jout_str(&call->out, "appLabel", app.label);
    jout_str(&call->out, "groupId", group.id);
    jout_str(&call->out, "groupName", group.name);
    jout_str(&call->out, "mappingId", mapping.id);
    jout_str(&call->out, "meaning", same_group_meaning());
    jout_end(&call->out);
    return 0;
}

/* `app_rid` 0: of all apps. */
static int write_same_groups(struct tx *tx, struct call *call, int64_t app_rid)
{
    struct page page = {0};
    int64_t after = 0;
    int r = call_page(call, PAGE_DEFAULT, PAGE_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    int64_t *rids = arena_array(tx_arena(tx), (size_t)page.limit + 1, sizeof(*rids));
    int count = same_group_list(tx, app_rid, after, rids, page.limit + 1);
    int shown = MIN_OF(count, page.limit);
    jout_array(&call->out, NULL);
    for (int i = 0; r == 0 && i < shown; i++)
        r = write_same_group(tx, call, rids[i]);
    jout_end(&call->out);
    call_page_links(call, count > shown ? arena_printf(call->arena, "%lld", (long long)rids[shown - 1]) : NULL);
    return count < 0 ? count : r;
}

static int list_same_groups(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : write_same_groups(tx, call, app.rid);
}

static int list_all_same_groups(struct tx *tx, struct call *call)
{
    return write_same_groups(tx, call, 0);
}

const struct route same_group_routes[] = {
    {"GET", "/api/v1/org/same-group", ROUTE_READ, ROLE_READ_ONLY, get_policy, "getSameGroupPolicy", NULL},
    {"PUT", "/api/v1/org/same-group", ROUTE_WRITE, ROLE_ADMIN, put_policy, "replaceSameGroupPolicy", NULL},
    {"GET", "/api/v1/apps/{appId}/group-push/same-groups", ROUTE_READ, ROLE_READ_ONLY, list_same_groups,
     "listSameGroups", NULL},
    {"GET", "/api/v1/org/same-groups", ROUTE_READ, ROLE_READ_ONLY, list_all_same_groups, "listAllSameGroups", NULL},
    {.method = NULL},
};
