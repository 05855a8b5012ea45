/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a group's members from the app, for a link. Rows that the read found carry its mark; what carries an older
 * one was not found. Nothing is wanted gone before the read is complete and the mapping allows it (invariant 8).
 */
#include "base/limits.h"
#include "push/push_private.h"

SQL(READ_BEGIN, "UPDATE target_groups SET read_mark = $2 WHERE rid = $1");
SQL(READ_MARK, "SELECT read_mark FROM target_groups WHERE rid = $1");
SQL(READ_SOURCE, "SELECT source_rid FROM target_groups WHERE rid = $1");
SQL(READ_FOUND_WANTED,
    "INSERT INTO target_members (target_rid, user_rid, external_id, known, dirty, version, since, seen, known_at)"
    " VALUES ($1, $2, $3, 1, 0, $4, $4, $4, $5)"
    " ON CONFLICT (target_rid, user_rid) DO UPDATE SET dirty = 0, extra = 0,"
    " known_at = CASE WHEN target_members.known = 1 THEN target_members.known_at ELSE excluded.known_at END, known = 1,"
    " external_id = excluded.external_id, seen = excluded.seen, error_class = NULL, error = NULL");
SQL(READ_FOUND_EXTRA,
    "INSERT INTO target_members (target_rid, user_rid, external_id, known, dirty, version, since, seen, extra, "
    "known_at)"
    " VALUES ($1, $2, $3, 1, 0, $4, $4, $4, 1, $6)"
    " ON CONFLICT (target_rid, user_rid) DO UPDATE SET"
    " extra = CASE WHEN target_members.known = 1 AND CAST($5 AS BIGINT) = 1 THEN 0 ELSE 1 END,"
    " dirty = CASE WHEN target_members.known = 1 AND CAST($5 AS BIGINT) = 1 THEN 1 ELSE 0 END,"
    " known_at = CASE WHEN target_members.known = 1 THEN target_members.known_at ELSE excluded.known_at END,"
    " known = 1, external_id = excluded.external_id, seen = excluded.seen,"
    " version = excluded.version, error_class = NULL, error = NULL");
SQL(READ_FOUND_STRANGER, "INSERT INTO target_strangers (target_rid, external_id, seen) VALUES ($1, $2, $3)"
                         " ON CONFLICT (target_rid, external_id) DO UPDATE SET seen = excluded.seen");
SQL(IS_EXCEPTED, "SELECT 1 FROM drift_findings WHERE target_rid = $1 AND external_id = $2 AND kind = 2"
                 " AND accepted_at > 0 LIMIT 1");
SQL(READ_EXTRA_COUNT, "SELECT count(*) FROM target_members WHERE target_rid = $1 AND extra = 1" NOT_EXCEPTED(
                          "2", "$1", "target_members.external_id"));
SQL(READ_STRANGER_COUNT, "SELECT count(*) FROM target_strangers WHERE target_rid = $1 AND seen = $2" NOT_EXCEPTED(
                             "2", "$1", "target_strangers.external_id"));
SQL(READ_EXTRA_REMOVE, "UPDATE target_members SET extra = 0, dirty = 1, version = $2, since = $2"
                       " WHERE target_rid = $1 AND extra = 1" NOT_EXCEPTED("2", "$1", "target_members.external_id"));
SQL(READ_STRANGERS_REMOVE, "UPDATE target_strangers SET remove_wanted = 1 WHERE target_rid = $1"
                           " AND seen = $2" NOT_EXCEPTED("2", "$1", "target_strangers.external_id"));
SQL(READ_NOT_FOUND,
    "UPDATE target_members SET known = 0, dirty = 1, version = $3, since = $3,"
    " error = CASE WHEN error_class = 'HELD' THEN NULL ELSE error END,"
    " error_class = CASE WHEN error_class = 'HELD' THEN NULL ELSE error_class END"
    " WHERE target_rid = $1 AND known = 1 AND seen <> $2" NOT_EXCEPTED("1", "$1", "target_members.external_id"));
SQL(READ_STRANGERS_LEFT, "DELETE FROM target_strangers WHERE target_rid = $1 AND seen <> $2");
SQL(VERIFY_NOT_KEPT,
    "UPDATE target_members SET known = 0, dirty = 1, error_class = 'NOT_KEPT', error = $3, error_at = $4"
    " WHERE target_rid = $1 AND known = 1 AND dirty = 0 AND dropped > 0 AND seen <> $2" NOT_EXCEPTED(
        "1", "$1", "target_members.external_id"));
SQL(VERIFY_DROPPED_AGAIN,
    "UPDATE target_members SET known = 0, dirty = 1, dropped = dropped + 1, version = $3, since = $3"
    " WHERE target_rid = $1 AND known = 1 AND dirty = 0 AND seen <> $2" NOT_EXCEPTED("1", "$1",
                                                                                     "target_members.external_id"));
SQL(VERIFY_KEPT, "UPDATE target_members SET dropped = 0 WHERE target_rid = $1 AND dropped > 0 AND seen = $2");
SQL(VERIFY_SET, "UPDATE target_groups SET verify_wanted = $2, verify_state = $3, read_at = $4,"
                " verified_at = CASE WHEN CAST($3 AS BIGINT) = 1 THEN $4 ELSE verified_at END WHERE rid = $1");
SQL(VERIFY_KNOWN, "SELECT 1 FROM target_members WHERE target_rid = $1 AND known = 1 LIMIT 1");
SQL(STRANGERS_DUE, "SELECT external_id FROM target_strangers WHERE target_rid = $1 AND remove_wanted = 1"
                   " ORDER BY external_id LIMIT $2");
SQL(STRANGER_HELD, "UPDATE target_strangers SET remove_wanted = 2 WHERE target_rid = $1 AND external_id = $2");
SQL(STRANGER_GONE, "DELETE FROM target_strangers WHERE target_rid = $1 AND external_id = $2");
SQL(STRANGER_WANTED, "INSERT INTO target_strangers (target_rid, external_id, seen, remove_wanted) VALUES ($1, $2, 0, 1)"
                     " ON CONFLICT (target_rid, external_id) DO UPDATE SET remove_wanted = 1");

int members_read_begin(struct tx *tx, const struct target_group *group)
{
    int64_t number = tx_change_number(tx);
    if (number < 0)
        return (int)number;
    int r = tx_exec(tx, &READ_BEGIN, I(group->rid), I(number));
    return r < 0 ? r : 0;
}

static int found_one(struct tx *tx, const struct mapping *mapping, int64_t mark, bool same_source,
                     const char *external_id)
{
    struct account account = {0};
    int r = account_by_external(tx, mapping->app_rid, external_id, &account);
    if (r == ERR_NOT_FOUND) {
        r = tx_exec(tx, &READ_FOUND_STRANGER, I(mapping->target_rid), T(external_id), I(mark));
        return r < 0 ? r : 0;
    }
    if (r < 0)
        return r;
    enum member_wanted wanted = MEMBER_AS_IS;
    const char *account_id = NULL;
    r = member_facts(tx, mapping, account.user_rid, &wanted, &account_id);
    if (r < 0)
        return r;
    int64_t excepted = 0; /* such a one stays as if somebody else had put him there, and Push Now leaves him */
    if (wanted == MEMBER_OUT)
        r = tx_get_int(tx, &excepted, &IS_EXCEPTED, I(mapping->target_rid), T(external_id));
    same_source = same_source && !excepted;
    if (r >= 0 && wanted == MEMBER_OUT)
        r = tx_exec(tx, &READ_FOUND_EXTRA, I(mapping->target_rid), I(account.user_rid), T(external_id), I(mark),
                    I(same_source), I(tx_now(tx)));
    else if (r >= 0)
        r = tx_exec(tx, &READ_FOUND_WANTED, I(mapping->target_rid), I(account.user_rid), T(external_id), I(mark),
                    I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int members_read_chunk(struct tx *tx, const struct target_group *group, const char *const *external_ids, size_t count)
{
    struct mapping mapping = {0};
    int64_t mark = 0;
    int64_t source = 0;
    int r = mapping_by_target(tx, group->rid, &mapping);
    if (r == 0)
        r = tx_get_int(tx, &mark, &READ_MARK, I(group->rid));
    if (r >= 0)
        r = tx_get_int(tx, &source, &READ_SOURCE, I(group->rid));
    for (size_t i = 0; r >= 0 && i < count; i++)
        r = found_one(tx, &mapping, mark, source == mapping.source_rid, external_ids[i]);
    return r < 0 ? r : 0;
}

static int set_verified(struct tx *tx, struct target_group *group, enum verify_state verdict)
{
    group->verify_state = verdict;
    group->verify_wanted = verdict == VERIFY_DROPPED; /* read again after it was pushed again */
    int r = tx_exec(tx, &VERIFY_SET, I(group->rid), I(group->verify_wanted), I(verdict), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int members_read_end(struct tx *tx, struct target_group *group, enum existing_members existing, size_t found,
                     int64_t *ret_extra)
{
    struct mapping mapping = {0};
    int64_t mark = 0;
    int64_t extra = 0;
    int64_t strangers = 0;
    int r = mapping_by_target(tx, group->rid, &mapping);
    if (r >= 0)
        r = tx_get_int(tx, &mark, &READ_MARK, I(group->rid));
    if (r >= 0)
        r = tx_get_int(tx, &extra, &READ_EXTRA_COUNT, I(group->rid));
    if (r >= 0)
        r = tx_get_int(tx, &strangers, &READ_STRANGER_COUNT, I(group->rid), I(mark));
    if (r < 0)
        return r;
    *ret_extra = extra + strangers;
    if (*ret_extra > 0 && existing == EXISTING_REFUSE)
        return 0;
    int64_t any = 0;
    if (found == 0)
        r = tx_get_int(tx, &any, &VERIFY_KNOWN, I(group->rid));
    if (r >= 0 && any) { /* many apps never show members: what they acknowledged stays what is known (invariant 8) */
        r = set_verified(tx, group, VERIFY_UNREADABLE);
        r = r < 0 ? r : target_group_linked(tx, group, mapping.source_rid);
        return r < 0 ? r : 1;
    }
    int64_t number = r < 0 ? r : tx_change_number(tx);
    if (number < 0)
        return (int)number;
    if (existing != EXISTING_KEEP)
        r = deletions_of_extra(tx, group->app_rid, group->rid);
    if (r >= 0 && existing != EXISTING_KEEP)
        r = tx_exec(tx, &READ_EXTRA_REMOVE, I(group->rid), I(number));
    if (r >= 0 && existing != EXISTING_KEEP)
        r = tx_exec(tx, &READ_STRANGERS_REMOVE, I(group->rid), I(mark));
    if (r >= 0)
        r = tx_exec(tx, &READ_STRANGERS_LEFT, I(group->rid), I(mark));
    if (r >= 0)
        r = tx_exec(tx, &READ_NOT_FOUND, I(group->rid), I(mark), I(number));
    if (r >= 0)
        r = deletions_of_strangers(tx, group->app_rid, group->rid);
    if (r >= 0)
        r = target_group_linked(tx, group, mapping.source_rid);
    return r < 0 ? r : 1;
}

int members_verify_end(struct tx *tx, struct target_group *group, size_t found)
{
    int64_t mark = 0;
    int64_t any = 0;
    int r = tx_get_int(tx, &mark, &READ_MARK, I(group->rid));
    if (r >= 0 && found == 0)
        r = tx_get_int(tx, &any, &VERIFY_KNOWN, I(group->rid));
    if (r >= 0 && any)
        return set_verified(tx, group, VERIFY_UNREADABLE);
    if (r >= 0)
        r = tx_exec(tx, &READ_STRANGERS_LEFT, I(group->rid), I(mark));
    if (r >= 0)
        r = tx_exec(tx, &VERIFY_KEPT, I(group->rid), I(mark));
    if (r >= 0)
        r = tx_exec(tx, &VERIFY_NOT_KEPT, I(group->rid), I(mark),
                    T("The app acknowledged this member twice and does not hold it."), I(tx_now(tx)));
    int64_t number = r < 0 ? r : tx_change_number(tx);
    int dropped = number < 0 ? (int)number : tx_exec(tx, &VERIFY_DROPPED_AGAIN, I(group->rid), I(mark), I(number));
    return dropped < 0 ? dropped : set_verified(tx, group, dropped ? VERIFY_DROPPED : VERIFY_OK);
}

static int strangers_to_go(struct tx *tx, int64_t target_rid, const char **ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &STRANGERS_DUE, I(target_rid), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = push_text(tx, &query, 0);
    return r < 0 ? r : count;
}

/* What is held is due no more, so that each round finds others. */
int strangers_due(struct tx *tx, const struct target_group *group, const char **ret, int limit)
{
    for (;;) {
        int count = strangers_to_go(tx, group->rid, ret, limit);
        bool any_held = false;
        for (int i = 0; i < count; i++) {
            struct deletion_key key = {.kind = DELETION_MEMBER, .object_rid = group->rid, .external_id = ret[i]};
            const char *why = NULL;
            int r = deletion_may_go(tx, group->app_rid, &key, false, &why);
            any_held |= r == 0;
            if (r == 0)
                r = tx_exec(tx, &STRANGER_HELD, I(group->rid), T(ret[i]));
            if (r < 0)
                return r;
        }
        if (count <= 0 || !any_held)
            return count;
    }
}

/*
 * A stranger turned out to be somebody's account, whose id was not known yet when the group was read: he is a member
 * like others, to stay if he is wanted.
 */
int strangers_settle(struct tx *tx, const struct target_group *group)
{
    struct mapping mapping = {0};
    const char **ids = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*ids));
    int64_t mark = 0;
    int settled = 0;
    int count = strangers_to_go(tx, group->rid, ids, LIMIT_EXPAND_ROWS);
    int r = count > 0 ? mapping_by_target(tx, group->rid, &mapping) : count;
    if (r >= 0 && count > 0)
        r = tx_get_int(tx, &mark, &READ_MARK, I(group->rid));
    for (int i = 0; r >= 0 && i < count; i++) {
        struct account account;
        r = account_by_external(tx, group->app_rid, ids[i], &account);
        if (r == ERR_NOT_FOUND) {
            r = 0;
            continue;
        }
        if (r >= 0)
            r = found_one(tx, &mapping, mark, false, ids[i]);
        if (r >= 0)
            r = stranger_gone(tx, group->rid, ids[i]);
        settled++;
    }
    int64_t number = r >= 0 && settled ? tx_change_number(tx) : r;
    if (r >= 0 && settled) /* others than wanted were to go, or nobody would be due here */
        r = number < 0 ? (int)number : tx_exec(tx, &READ_EXTRA_REMOVE, I(group->rid), I(number));
    return r < 0 ? r : 0;
}

int stranger_gone(struct tx *tx, int64_t target_rid, const char *external_id)
{
    struct deletion_key key = {.kind = DELETION_MEMBER, .object_rid = target_rid, .external_id = external_id};
    int r = tx_exec(tx, &STRANGER_GONE, I(target_rid), T(external_id));
    return r < 0 ? r : deletion_forget(tx, &key);
}

int stranger_remove_wanted(struct tx *tx, int64_t target_rid, const char *external_id)
{
    int r = tx_exec(tx, &STRANGER_WANTED, I(target_rid), T(external_id));
    return r < 0 ? r : 0;
}
