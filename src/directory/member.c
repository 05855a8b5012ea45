/* SPDX-License-Identifier: Apache-2.0 */
/* Memberships: who is in which group of the directory. */
#include "directory/rows.h"
#include "directory/rule.h"

/* direct 2: a rule had made it, and now there is another reason besides. */
SQL(MEMBERSHIP_INSERT,
    "INSERT INTO memberships (group_rid, user_rid, created, imported, direct) VALUES ($1, $2, $3, $4, 1)"
    " ON CONFLICT (group_rid, user_rid) DO UPDATE SET direct = 2 WHERE memberships.direct = 0"
    " RETURNING direct");
SQL(MEMBERSHIP_REMOVE, "DELETE FROM memberships WHERE group_rid = $1 AND user_rid = $2");
SQL(MEMBERSHIP_EXISTS, "SELECT 1 FROM memberships WHERE group_rid = $1 AND user_rid = $2");
SQL(MEMBERSHIP_IS_DIRECT, "SELECT 1 FROM memberships WHERE group_rid = $1 AND user_rid = $2 AND direct <> 0");
SQL(GROUP_TOUCH, "UPDATE groups SET last_membership_updated = $2 WHERE rid = $1");
SQL(MEMBERS_AFTER,
    "SELECT user_rid FROM memberships WHERE group_rid = $1 AND user_rid > $2 ORDER BY user_rid LIMIT $3");
SQL(GROUPS_AFTER, "SELECT group_rid FROM memberships WHERE user_rid = $1 AND group_rid > $2 ORDER BY group_rid"
                  " LIMIT $3");
SQL(MEMBER_COUNT, "SELECT count(*) FROM memberships WHERE group_rid = $1");

SQL(MEMBERSHIP_FIND,
    "SELECT m.created, m.direct, r.id, r.name FROM memberships AS m"
    " LEFT JOIN membership_rules AS g ON g.group_rid = m.group_rid AND g.user_rid = m.user_rid"
    " LEFT JOIN group_rules AS r ON r.rid = g.rule_rid WHERE m.group_rid = $1 AND m.user_rid = $2 ORDER BY r.rid");

static int check_group(const struct group *group, struct problem *problem)
{
    *problem = (struct problem){0};
    if (group->deleted)
        return problem_not_found(problem, group->id, "UserGroup");
    if (group->type == GROUP_OKTA)
        return 0;
    (void)problem_set(problem, E0000111, "%s", group_type_name(group->type));
    return problem_cause(problem, group->type == GROUP_APP
                                      ? "groupId: The members of an app's group are managed by its push mapping or in "
                                        "the app"
                                      : "groupId: The members of a built-in group cannot be changed");
}

int membership_insert(struct tx *tx, int64_t group_rid, int64_t user_rid, bool imported)
{
    int64_t direct = 0;
    int r = tx_get_int(tx, &direct, &MEMBERSHIP_INSERT, I(group_rid), I(user_rid), I(tx_now(tx)), I(imported));
    return r < 0 ? r : r > 0 && direct == 1;
}

static int touch_group(struct tx *tx, const struct group *group)
{
    if (group->last_membership_updated == tx_now(tx))
        return 0;
    int r = tx_exec(tx, &GROUP_TOUCH, I(group->rid), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

static int membership_changed(struct tx *tx, const struct group *group, const struct user *user,
                              const struct membership_cause *cause, bool added)
{
    int r = touch_group(tx, group);
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = added ? CHANGE_MEMBER_ADDED : CHANGE_MEMBER_REMOVED,
                                          .subject = group->rid,
                                          .object = user->rid,
                                          .detail = cause ? cause->depth : 0});
    if (r < 0)
        return r;
    struct event event = {.type = added ? "group.user_membership.add" : "group.user_membership.remove",
                          .message = added ? "Add user to group membership" : "Remove user from group membership",
                          .severity = SEVERITY_INFO,
                          .targets = {user_target(user), group_target(group)},
                          .target_count = 2};
    if (cause)
        event.debug = arena_printf(tx_arena(tx), "{\"triggeredByGroupRuleId\":\"%s\"}", cause->rule_id);
    r = record_event(tx, &event);
    return r < 0 ? r : 1;
}

int membership_added(struct tx *tx, const struct group *group, const struct user *user,
                     const struct membership_cause *cause)
{
    return membership_changed(tx, group, user, cause, true);
}

int membership_removed(struct tx *tx, const struct group *group, const struct user *user,
                       const struct membership_cause *cause)
{
    return membership_changed(tx, group, user, cause, false);
}

int member_add(struct tx *tx, const struct group *group, const struct user *user, struct problem *problem)
{
    int r = check_group(group, problem);
    if (r < 0)
        return r;
    if (user->deleted)
        return problem_not_found(problem, user->id, "User");
    if (user->status == USER_DEPROVISIONED) {
        (void)problem_set(problem, E0000038, "%s", "");
        return problem_cause(problem, "userId: The user is deactivated; activate the user first");
    }
    r = membership_insert(tx, group->rid, user->rid, false);
    return r <= 0 ? r : membership_added(tx, group, user, NULL);
}

int member_remove(struct tx *tx, const struct group *group, const struct user *user, struct problem *problem)
{
    int r = check_group(group, problem);
    if (r < 0)
        return r;
    r = rule_exclude_by_hand(tx, group, user, problem);
    if (r >= 0)
        r = tx_exec(tx, &MEMBERSHIP_REMOVE, I(group->rid), I(user->rid));
    return r <= 0 ? r : membership_removed(tx, group, user, NULL);
}

int member_exists(struct tx *tx, int64_t group_rid, int64_t user_rid)
{
    int64_t one = 0;
    return tx_get_int(tx, &one, &MEMBERSHIP_EXISTS, I(group_rid), I(user_rid));
}

int member_is_direct(struct tx *tx, int64_t group_rid, int64_t user_rid)
{
    int64_t one = 0;
    return tx_get_int(tx, &one, &MEMBERSHIP_IS_DIRECT, I(group_rid), I(user_rid));
}

int member_find(struct tx *tx, int64_t group_rid, int64_t user_rid, struct membership *ret)
{
    struct query query;
    int found = 0;
    *ret = (struct membership){0};
    int r = tx_query(tx, &query, &MEMBERSHIP_FIND, I(group_rid), I(user_rid));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        found = 1;
        ret->created = query_int(&query, 0);
        ret->direct = query_int(&query, 1) != 0;
        if (query_is_null(&query, 2))
            continue;
        if (ret->rules++ == 0) {
            ret->rule_id = arena_strdup(tx_arena(tx), query_text(&query, 2));
            ret->rule_name = arena_strdup(tx_arena(tx), query_text(&query, 3));
        }
    }
    return r < 0 ? r : found;
}

static int take_rids(struct query *query, int r, int64_t *ret_rids)
{
    int count = 0;
    while (r >= 0 && (r = query_next(query)) > 0)
        ret_rids[count++] = query_int(query, 0);
    return r < 0 ? r : count;
}

int group_member_rids(struct tx *tx, int64_t group_rid, int64_t after, int64_t *ret_rids, int limit)
{
    struct query query;
    return take_rids(&query, tx_query(tx, &query, &MEMBERS_AFTER, I(group_rid), I(after), I(limit)), ret_rids);
}

int user_group_rids(struct tx *tx, int64_t user_rid, int64_t after, int64_t *ret_rids, int limit)
{
    struct query query;
    return take_rids(&query, tx_query(tx, &query, &GROUPS_AFTER, I(user_rid), I(after), I(limit)), ret_rids);
}

int64_t group_member_count(struct tx *tx, int64_t group_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &MEMBER_COUNT, I(group_rid));
    return r < 0 ? r : count;
}
