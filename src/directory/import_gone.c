/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What imports made, and how it ends: for an import that is authoritative. A person or membership that was there
 * before, or that somebody made by hand, is not an import's.
 */
#include "directory/import.h"

#include "directory/rows.h"

SQL(USERS_MADE, "SELECT rid, id, login FROM users WHERE imported = 1 AND rid > $1 AND deleted = 0 AND status <> $2"
                " ORDER BY rid LIMIT $3");
SQL(MEMBERS_MADE, "SELECT m.group_rid, m.user_rid, u.login, g.name FROM memberships AS m"
                  " JOIN users AS u ON u.rid = m.user_rid JOIN groups AS g ON g.rid = m.group_rid"
                  " WHERE m.imported = 1 AND (m.group_rid, m.user_rid) > ($1, $2)"
                  " ORDER BY m.group_rid, m.user_rid LIMIT $3");
SQL(USER_IS_MADE, "SELECT imported FROM users WHERE rid = $1");
SQL(MEMBER_IS_MADE, "SELECT imported FROM memberships WHERE group_rid = $1 AND user_rid = $2");
SQL(MEMBER_HAS_RULE, "SELECT rule_rid FROM membership_rules WHERE group_rid = $1 AND user_rid = $2"
                     " ORDER BY rule_rid LIMIT 1");
SQL(MEMBER_LEAVE_TO_RULES, "UPDATE memberships SET direct = 0, imported = 0 WHERE group_rid = $1 AND user_rid = $2");
SQL(MEMBER_DROP, "DELETE FROM memberships WHERE group_rid = $1 AND user_rid = $2");

int imported_users(struct tx *tx, int64_t after, struct imported_user *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &USERS_MADE, I(after), I(USER_DEPROVISIONED), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = (struct imported_user){.rid = query_int(&query, 0),
                                              .id = arena_strdup(tx_arena(tx), query_text(&query, 1)),
                                              .login = arena_strdup(tx_arena(tx), query_text(&query, 2))};
    return r < 0 ? r : count;
}

int imported_members(struct tx *tx, int64_t after_group, int64_t after_user, struct imported_member *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &MEMBERS_MADE, I(after_group), I(after_user), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = (struct imported_member){.group_rid = query_int(&query, 0),
                                                .user_rid = query_int(&query, 1),
                                                .login = arena_strdup(tx_arena(tx), query_text(&query, 2)),
                                                .group = arena_strdup(tx_arena(tx), query_text(&query, 3))};
    return r < 0 ? r : count;
}

int import_user_gone(struct tx *tx, const char *login, enum import_result *ret, struct problem *problem)
{
    struct user user;
    int64_t imported = 0;
    *problem = (struct problem){0};
    *ret = IMPORT_SAME;
    int r = user_by_login(tx, login, &user);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r == 0)
        r = tx_get_int(tx, &imported, &USER_IS_MADE, I(user.rid));
    if (r < 0)
        return r;
    if (!imported || user.status == USER_DEPROVISIONED)
        return 0;
    r = user_transition(tx, &user, USER_DEACTIVATE, problem);
    if (r < 0)
        return r;
    *ret = IMPORT_UPDATED;
    return 0;
}

/* What a rule gives besides stays, as the rule's alone. */
static int drop_member(struct tx *tx, const struct group *group, const struct user *user, enum import_result *ret)
{
    int64_t rule = 0;
    int r = tx_get_int(tx, &rule, &MEMBER_HAS_RULE, I(group->rid), I(user->rid));
    if (r > 0)
        r = tx_exec(tx, &MEMBER_LEAVE_TO_RULES, I(group->rid), I(user->rid));
    else if (r == 0) {
        r = tx_exec(tx, &MEMBER_DROP, I(group->rid), I(user->rid));
        if (r > 0)
            r = membership_removed(tx, group, user, NULL);
    }
    if (r >= 0)
        *ret = IMPORT_UPDATED;
    return MIN_OF(r, 0);
}

int import_membership_gone(struct tx *tx, const char *login, const char *group_name, enum import_result *ret,
                           struct problem *problem)
{
    struct user user;
    struct group group;
    int64_t imported = 0;
    *problem = (struct problem){0};
    *ret = IMPORT_SAME;
    int r = user_by_login(tx, login, &user);
    if (r == 0)
        r = group_by_name(tx, group_name, &group);
    if (r == 0)
        r = tx_get_int(tx, &imported, &MEMBER_IS_MADE, I(group.rid), I(user.rid));
    if (r < 0 || !imported)
        return r == ERR_NOT_FOUND ? 0 : MIN_OF(r, 0);
    return drop_member(tx, &group, &user, ret);
}
