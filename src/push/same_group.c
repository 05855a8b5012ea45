/* SPDX-License-Identifier: Apache-2.0 */
#include "push/same_group.h"

#include "push/push_private.h"
#include "record/record.h"

SQL(POLICY_GET, "SELECT same_group FROM push_org WHERE one = 1");
SQL(POLICY_SET, "INSERT INTO push_org (one, same_group) VALUES (1, $1)"
                " ON CONFLICT (one) DO UPDATE SET same_group = excluded.same_group");
SQL(SAME_GROUPS, "SELECT m.rid FROM push_mappings AS m WHERE m.app_rid = $1 AND m.rid > $2 AND EXISTS"
                 " (SELECT 1 FROM assigned_groups AS a WHERE a.group_rid = m.source_rid AND a.app_rid = m.app_rid)"
                 " ORDER BY m.rid LIMIT $3");
SQL(SAME_GROUPS_ALL, "SELECT m.rid FROM push_mappings AS m WHERE m.rid > $1 AND EXISTS"
                     " (SELECT 1 FROM assigned_groups AS a WHERE a.group_rid = m.source_rid AND a.app_rid = m.app_rid)"
                     " ORDER BY m.rid LIMIT $2");

const char *same_group_policy_name(enum same_group_policy policy)
{
    static const char *const names[SAME_GROUP_POLICIES] = {"ALLOW", "WARN", "REFUSE"};
    return names[policy];
}

const char *same_group_meaning(void)
{
    return "This group gives the app to its members and is pushed to it. That is safe here: who leaves is taken out of "
           "the app's group before the account is deactivated. Products that do not keep that order leave such members "
           "in the group.";
}

int same_group_policy_get(struct tx *tx, enum same_group_policy *ret)
{
    int64_t policy = SAME_GROUP_ALLOW;
    int r = tx_get_int(tx, &policy, &POLICY_GET, NO_BINDS);
    *ret = (enum same_group_policy)policy;
    return MIN_OF(r, 0);
}

int same_group_policy_set(struct tx *tx, enum same_group_policy policy)
{
    int r = tx_exec(tx, &POLICY_SET, I(policy));
    if (r < 0)
        return r;
    return record_event(
        tx,
        &(struct event){.type = "muster.same_group.policy",
                        .message = "Change what happens when one group is for assignment and for push",
                        .severity = SEVERITY_WARN,
                        .debug = arena_printf(tx_arena(tx), "{\"policy\":\"%s\"}", same_group_policy_name(policy))});
}

int same_group_is(struct tx *tx, int64_t app_rid, int64_t group_rid)
{
    struct app_group assigned = {0};
    struct mapping mapping = {0};
    int r = app_group_get(tx, app_rid, group_rid, &assigned);
    if (r == 0)
        r = mapping_by_source(tx, app_rid, group_rid, &mapping);
    return r == ERR_NOT_FOUND ? 0 : r < 0 ? r : 1;
}

static int warn(struct tx *tx, const struct app *app, const struct group *group)
{
    return record_event(
        tx, &(struct event){
                .type = "muster.same_group",
                .message = "One group is for assignment and for push",
                .severity = SEVERITY_WARN,
                .reason = same_group_meaning(),
                .targets = {{.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label},
                            {.id = group->id, .type = "UserGroup", .name = group->name}},
                .target_count = 2});
}

int same_group_check(struct tx *tx, const struct app *app, const struct group *group, bool pushing,
                     struct problem *problem)
{
    enum same_group_policy policy = SAME_GROUP_ALLOW;
    struct app_group assigned = {0};
    struct mapping mapping = {0};
    int r = pushing ? app_group_get(tx, app->rid, group->rid, &assigned)
                    : mapping_by_source(tx, app->rid, group->rid, &mapping);
    if (r == 0)
        r = same_group_policy_get(tx, &policy);
    if (r < 0 || policy == SAME_GROUP_ALLOW)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (policy == SAME_GROUP_WARN)
        return warn(tx, app, group);
    return problem_invalid(
        problem, pushing ? "groupPushMapping" : "groupId",
        "%s: The group \"%.200s\" is %s this app already, and the organisation refuses one group for "
        "both. Use another group, or allow it with PUT /api/v1/org/same-group.",
        pushing ? "sourceGroupId" : "groupId", group->name, pushing ? "assigned to" : "pushed to");
}

int same_group_list(struct tx *tx, int64_t app_rid, int64_t after, int64_t *ret_mapping_rids, int limit)
{
    struct query query;
    int count = 0;
    int r = app_rid ? tx_query(tx, &query, &SAME_GROUPS, I(app_rid), I(after), I(limit))
                    : tx_query(tx, &query, &SAME_GROUPS_ALL, I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret_mapping_rids[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}
