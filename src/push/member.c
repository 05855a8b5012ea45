/* SPDX-License-Identifier: Apache-2.0 */
/* Members of target groups: what the app acknowledged, who is dirty, and what reading a group tells. */
#include "base/limits.h"
#include "push/push_private.h"

#define LOOK_AT_ONCE 1000 /* dirty rows that one members_due() looks at, at least: many may need nothing */
#define AGAIN_AT_ONCE 100 /* members whose time has come that one turn takes */

SQL(MEMBER_WANT_IN, "INSERT INTO target_members (target_rid, user_rid, external_id, dirty, urgency, version, since)"
                    " VALUES ($1, $2, $3, 1, $4, $5, $6)"
                    " ON CONFLICT (target_rid, user_rid) DO UPDATE SET"
                    " since = CASE WHEN target_members.dirty = 1 AND target_members.since < excluded.since"
                    "  THEN target_members.since ELSE excluded.since END,"
                    " urgency = CASE WHEN target_members.dirty = 1 AND target_members.urgency < excluded.urgency"
                    "  THEN target_members.urgency ELSE excluded.urgency END,"
                    " version = excluded.version, dirty = 1, extra = 0, error_class = NULL, error = NULL"
                    " WHERE target_members.known = 0 OR target_members.dirty = 1 OR target_members.extra = 1"
                    "  OR target_members.external_id IS NULL OR target_members.external_id <> excluded.external_id");
/* What a link found and left there is not taken out by a change of the person. */
SQL(MEMBER_WANT_OUT, "UPDATE target_members SET"
                     " since = CASE WHEN dirty = 1 AND since < $5 THEN since ELSE $5 END,"
                     " urgency = CASE WHEN dirty = 1 AND urgency < $3 THEN urgency ELSE $3 END,"
                     " version = $4, dirty = 1, error_class = NULL, error = NULL"
                     " WHERE target_rid = $1 AND user_rid = $2 AND (known = 1 OR dirty = 1) AND extra = 0");
SQL(MEMBERS_DIRTY, "SELECT m.rid, m.user_rid, m.external_id, m.known, m.version, m.urgency, coalesce(d.state, -1)"
                   " FROM target_members AS m LEFT JOIN deletions AS d ON d.kind = 3 AND d.object_rid = m.target_rid"
                   " AND d.user_rid = m.user_rid AND d.external_id = ''"
                   " WHERE m.target_rid = $1 AND m.dirty = 1 AND m.error_class IS NULL"
                   " ORDER BY m.urgency, m.since, m.rid LIMIT $2");
SQL(MEMBER_HELD, "UPDATE target_members SET error_class = 'HELD', error = $2, error_at = $3 WHERE rid = $1");
SQL(MEMBER_CLEAN, "UPDATE target_members SET dirty = 0 WHERE rid = $1 AND version = $2");
SQL(MEMBER_DELETE_CLEAN, "DELETE FROM target_members WHERE rid = $1 AND version = $2 AND known = 0");
SQL(MEMBER_SET_KNOWN,
    "UPDATE target_members SET known = $2, external_id = $3, extra = 0, error_class = NULL, error = NULL,"
    " known_at = CASE WHEN known = $2 THEN known_at ELSE $5 END,"
    " again = 0, dirty = CASE WHEN version = $4 THEN 0 ELSE 1 END WHERE rid = $1");
/* Known without the id that was pushed: judge() takes whatever is wanted as still to be done. */
SQL(MEMBER_UNSURE, "UPDATE target_members SET known = 1, external_id = NULL, dirty = 1 WHERE rid = $1");
SQL(MEMBER_REFUSED, "UPDATE target_members SET error_class = $2, error = $3, error_at = $4, again = $6"
                    " WHERE rid = $1 AND version = $5");
SQL(MEMBER_NOT_REFUSED, "UPDATE target_members SET error_class = NULL, error = NULL, again = 0 WHERE rid = $1");
SQL(AGAIN_DUE, "SELECT m.rid, m.target_rid, t.app_rid, m.error_class FROM target_members AS m"
               " JOIN target_groups AS t ON t.rid = m.target_rid"
               " WHERE m.again > 0 AND m.again <= $1 ORDER BY m.again, m.rid LIMIT $2");
SQL(AGAIN_NEXT, "SELECT again FROM target_members WHERE again > 0 ORDER BY again LIMIT 1");
SQL(AGAIN_SET, "UPDATE target_members SET again = $2 WHERE rid = $1");
SQL(AGAIN_OF_GROUP, "SELECT rid, user_rid, external_id, known, version, urgency, dirty, error_class FROM target_members"
                    " WHERE target_rid = $1 AND again < 0 ORDER BY rid LIMIT 1");
SQL(MEMBERS_FAILED, "SELECT user_rid, error_class, error, error_at FROM target_members"
                    " WHERE target_rid = $1 AND error_class IS NOT NULL ORDER BY rid LIMIT $2");
SQL(REMOVALS_PENDING, "SELECT count(*) FROM target_members AS t JOIN push_mappings AS m ON m.target_rid = t.target_rid"
                      " JOIN target_groups AS g ON g.rid = t.target_rid"
                      " WHERE t.user_rid = $1 AND t.dirty = 1 AND t.error_class IS NULL"
                      " AND m.app_rid = $2 AND m.status = 1 AND g.external_id IS NOT NULL");
SQL(MEMBER_FAILURES, "SELECT count(*) FROM push_mappings AS m JOIN target_members AS t ON t.target_rid = m.target_rid"
                     " WHERE m.app_rid = $1 AND m.status = 1 AND t.error_class IS NOT NULL"
                     " AND t.error_class <> 'HELD'");
SQL(OLDEST_DIRTY, "SELECT min(since) FROM target_members WHERE target_rid = $1 AND dirty = 1 AND error_class IS NULL");
SQL(MEMBERS_CHUNK_DELETE, "DELETE FROM target_members WHERE rid IN"
                          " (SELECT rid FROM target_members WHERE target_rid = $1 ORDER BY rid LIMIT $2)");

int member_facts(struct tx *tx, const struct mapping *mapping, int64_t user_rid, enum member_wanted *ret_wanted,
                 const char **ret_external_id)
{
    enum user_status status = USER_DEPROVISIONED;
    bool deleted = false;
    enum account_scope scope = SCOPE_NONE;
    const char *external_id = NULL;
    bool ready = false;
    int r = user_state(tx, user_rid, &status, &deleted);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    deleted |= r == ERR_NOT_FOUND;
    r = account_state(tx, mapping->app_rid, user_rid, &scope, &external_id, &ready);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    int in_source = member_exists(tx, mapping->source_rid, user_rid);
    if (in_source < 0)
        return in_source;
    *ret_external_id = external_id;
    *ret_wanted = member_wanted(in_source > 0, scope, status, deleted, ready);
    return 0;
}

static struct deletion_key key_of(const struct mapping *mapping, int64_t user_rid)
{
    return (struct deletion_key){
        .kind = DELETION_MEMBER, .object_rid = mapping->target_rid, .user_rid = user_rid, .external_id = ""};
}

int member_mark(struct tx *tx, const struct mapping *mapping, int64_t user_rid, enum work_class class)
{
    if (mapping->members_wait)
        return 0;
    enum member_wanted wanted = MEMBER_AS_IS;
    const char *external_id = NULL;
    int r = member_facts(tx, mapping, user_rid, &wanted, &external_id);
    int64_t number = r < 0 ? r : tx_change_number(tx);
    if (number < 0)
        return (int)number;
    int64_t since = tx_continued(tx) ? tx_continued(tx) : number;
    struct deletion_key key = key_of(mapping, user_rid);
    int known = 0;
    if (wanted == MEMBER_IN) {
        r = tx_exec(tx, &MEMBER_WANT_IN, I(mapping->target_rid), I(user_rid), T(external_id), I(class), I(number),
                    I(since));
        known = r < 0 ? r : deletion_forget(tx, &key);
    } else if (wanted == MEMBER_OUT) {
        r = tx_exec(tx, &MEMBER_WANT_OUT, I(mapping->target_rid), I(user_rid), I(class), I(number), I(since));
        known = r <= 0 ? r : deletion_add(tx, mapping->app_rid, &key);
    }
    return known < 0 ? known : r < 0 ? r : r > 0;
}

int member_look(struct tx *tx, const struct mapping *mapping, int64_t user_rid, enum work_class class)
{
    int r = member_mark(tx, mapping, user_rid, class);
    if (r <= 0)
        return r;
    return work_add(tx, mapping->app_rid, WORK_GROUP, mapping->target_rid, class);
}

/* An add that was to be taken back turned out not to be there: the person's deactivation need not wait for it. */
static int poke_leaver(struct tx *tx, int64_t app_rid, int64_t user_rid)
{
    struct account account;
    int r = account_get(tx, app_rid, user_rid, &account);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    return account.leave_since ? work_poke(tx, app_rid, WORK_ACCOUNT, account.rid) : 0;
}

/* What is to be done about one dirty row: 1 fills in *ret, 0 nothing (the row is clean now). */
static int judge(struct tx *tx, const struct mapping *mapping, struct member *row, struct member *ret)
{
    const char *pushed_id = row->external_id;
    const char *external_id = NULL;
    int r = member_facts(tx, mapping, row->user_rid, &row->wanted, &external_id);
    if (r == 0 && row->wanted == MEMBER_IN && row->may_be_stale)
        r = account_refresh(tx, mapping->app_rid, row->user_rid, row->class);
    if (r > 0)
        r = member_facts(tx, mapping, row->user_rid, &row->wanted, &external_id);
    if (r < 0)
        return r;
    if (row->known && row->wanted == MEMBER_IN && !str_eq(pushed_id, external_id))
        row->known = false; /* the person has another account there now: the old id went with the old account */
    bool add = row->wanted == MEMBER_IN && !row->known;
    bool remove = row->wanted == MEMBER_OUT && row->known;
    if (add || remove) {
        row->external_id = remove && pushed_id ? pushed_id : external_id;
        if (row->external_id) {
            *ret = *row;
            return 1;
        }
    }
    r = row->deletion >= 0 ? deletion_forget_member(tx, row->rid) : 0;
    if (r >= 0)
        r = tx_exec(tx, row->known ? &MEMBER_CLEAN : &MEMBER_DELETE_CLEAN, I(row->rid), I(row->version));
    if (r >= 0 && row->wanted == MEMBER_OUT)
        r = poke_leaver(tx, mapping->app_rid, row->user_rid);
    return r < 0 ? r : 0;
}

/*
 * May this removal be sent? 1, or 0: it was set aside as held. What is new is weighed together with all of its kind, so
 * that the states of rows that were read before may have changed: `*ret_weighed`.
 */
static int removal_may_go(struct tx *tx, const struct mapping *mapping, const struct member *member, bool *ret_weighed)
{
    struct deletion_key key = key_of(mapping, member->user_rid);
    const char *why = NULL;
    int is_protected = user_is_protected(tx, member->user_rid);
    if (is_protected < 0)
        return is_protected;
    if (!is_protected && (member->deletion == DELETION_COUNTED || member->deletion == DELETION_APPROVED))
        return 1;
    bool is_decided = member->deletion == DELETION_HELD || member->deletion == DELETION_REJECTED;
    *ret_weighed |= !is_protected && !is_decided;
    int r = deletion_may_go(tx, mapping->app_rid, &key, is_protected > 0, &why);
    if (r != 0)
        return r;
    r = tx_exec(tx, &MEMBER_HELD, I(member->rid), T(why), I(tx_now(tx)));
    if (r >= 0) /* the person's deactivation may have begun to wait for it */
        r = poke_leaver(tx, mapping->app_rid, member->user_rid);
    return r < 0 ? r : 0;
}

/* What waits is weighed as a whole: removals that nobody noted (the mapping was INACTIVE when they arose) are noted
 * before the first of them is. */
static int note_removals(struct tx *tx, const struct mapping *mapping, struct member *rows, int count)
{
    int r = 0;
    for (int i = 0; r >= 0 && i < count; i++) {
        struct member member;
        r = rows[i].deletion < 0 ? judge(tx, mapping, &rows[i], &member) : 0;
        struct deletion_key key = key_of(mapping, rows[i].user_rid);
        if (r > 0 && member.wanted != MEMBER_IN)
            r = deletion_add(tx, mapping->app_rid, &key);
    }
    return MIN_OF(r, 0);
}

static int look_at_due(struct tx *tx, const struct mapping *mapping, struct member *ret, int limit, bool *ret_more,
                       bool *ret_weighed)
{
    struct query query;
    int most = MAX_OF(limit, LOOK_AT_ONCE);
    struct member *rows = arena_array(tx_arena(tx), (size_t)most, sizeof(*rows));
    int row_count = 0;
    int stale = work_takes_away(tx, mapping->app_rid);
    int r = stale < 0 ? stale : tx_query(tx, &query, &MEMBERS_DIRTY, I(mapping->target_rid), I(most));
    while (r >= 0 && (r = query_next(&query)) > 0)
        rows[row_count++] = (struct member){.rid = query_int(&query, 0),
                                            .user_rid = query_int(&query, 1),
                                            .external_id = push_text(tx, &query, 2),
                                            .known = query_int(&query, 3) != 0,
                                            .class = (enum work_class)query_int(&query, 5),
                                            .version = query_int(&query, 4),
                                            .deletion = (int)query_int(&query, 6),
                                            .may_be_stale = stale > 0};
    int count = 0;
    int i = 0;
    for (; r >= 0 && i < row_count && count < limit && !*ret_weighed; i++) {
        r = judge(tx, mapping, &rows[i], &ret[count]);
        bool removal = r > 0 && ret[count].wanted != MEMBER_IN;
        if (removal && ret[count].deletion < 0)
            r = note_removals(tx, mapping, &rows[i], row_count - i);
        if (removal && r >= 0)
            r = removal_may_go(tx, mapping, &ret[count], ret_weighed);
        count += r > 0;
    }
    if (r < 0)
        return r;
    *ret_more = i < row_count || row_count == most;
    return count;
}

int members_due(struct tx *tx, const struct target_group *group, struct member *ret, int limit, bool *ret_more)
{
    struct mapping mapping = {0};
    *ret_more = false;
    int r = mapping_by_target(tx, group->rid, &mapping);
    if (r == ERR_NOT_FOUND || (r == 0 && mapping.status != MAPPING_ACTIVE))
        return 0;
    bool weighed = r == 0;
    /* Weighing leaves nothing new, and what it held is due no more; each look at a held row takes it away. */
    while (r >= 0 && weighed) {
        weighed = false;
        r = look_at_due(tx, &mapping, ret, limit, ret_more, &weighed);
    }
    return r;
}

SQL(MEMBERS_THERE, "SELECT rid, user_rid, external_id FROM target_members WHERE target_rid = $1 AND known = 1"
                   " ORDER BY rid LIMIT $2");
SQL(STRANGERS_THERE, "SELECT external_id FROM target_strangers WHERE target_rid = $1 ORDER BY external_id LIMIT $2");

int members_there(struct tx *tx, const struct target_group *group, struct member *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &MEMBERS_THERE, I(group->rid), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = (struct member){
            .rid = query_int(&query, 0), .user_rid = query_int(&query, 1), .external_id = push_text(tx, &query, 2)};
    if (r >= 0 && count < limit)
        r = tx_query(tx, &query, &STRANGERS_THERE, I(group->rid), I(limit - count));
    while (r >= 0 && count < limit && (r = query_next(&query)) > 0)
        ret[count++] = (struct member){.external_id = push_text(tx, &query, 0)};
    return r < 0 ? r : count;
}

/* The group's row is due for what is still dirty; causes that are dealt with no longer hold up those who wait for them.
 */
static int advance(struct tx *tx, int64_t target_rid, int64_t app_rid)
{
    int64_t oldest = 0;
    int r = tx_get_int(tx, &oldest, &OLDEST_DIRTY, I(target_rid));
    if (r <= 0 || oldest == 0)
        return r < 0 ? r : 0;
    return work_advance(tx, app_rid, WORK_GROUP, target_rid, oldest);
}

int members_advance(struct tx *tx, const struct target_group *group)
{
    return advance(tx, group->rid, group->app_rid);
}

int member_acknowledged(struct tx *tx, int64_t member_rid, bool known, const char *external_id, int64_t version)
{
    int r = known ? 0 : deletion_forget_member(tx, member_rid);
    if (r >= 0)
        r = tx_exec(tx, &MEMBER_SET_KNOWN, I(member_rid), I(known), T(external_id), I(version), I(tx_now(tx)));
    if (r >= 0 && !known)
        r = tx_exec(tx, &MEMBER_DELETE_CLEAN, I(member_rid), I(version));
    return r < 0 ? r : 0;
}

int member_unsure(struct tx *tx, int64_t member_rid)
{
    int r = tx_exec(tx, &MEMBER_UNSURE, I(member_rid));
    return r < 0 ? r : 0;
}

int member_not_as_asked(struct tx *tx, const struct mapping *mapping, int64_t member_rid, int64_t user_rid, bool add)
{
    enum member_wanted wanted = MEMBER_AS_IS;
    const char *external_id = NULL;
    int r = member_facts(tx, mapping, user_rid, &wanted, &external_id);
    if (r < 0 || (wanted == MEMBER_IN) == add)
        return r;
    return member_unsure(tx, member_rid);
}

int member_refused(struct tx *tx, int64_t member_rid, int64_t version, const char *error_class, const char *error,
                   int64_t again)
{
    int r = tx_exec(tx, &MEMBER_REFUSED, I(member_rid), T(error_class), T(error), I(tx_now(tx)), I(version), I(again));
    return r < 0 ? r : 0;
}

int member_not_refused(struct tx *tx, int64_t member_rid)
{
    int r = tx_exec(tx, &MEMBER_NOT_REFUSED, I(member_rid));
    return r < 0 ? r : 0;
}

/* --- isolated for a while ------------------------------------------------------------------------------------------
 */

/* A row that waits or is held keeps its error. */
static int group_work(struct tx *tx, int64_t app_rid, int64_t target_rid)
{
    struct work work;
    int r = work_find(tx, app_rid, WORK_GROUP, target_rid, &work);
    if (r != 0)
        return r < 0 ? r : work_poke(tx, app_rid, WORK_GROUP, target_rid);
    return work_add(tx, app_rid, WORK_GROUP, target_rid, WORK_BULK);
}

static int take_again_due(struct tx *tx)
{
    struct again {
        int64_t rid, target_rid, app_rid;
        bool stands;
    } rows[AGAIN_AT_ONCE];
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &AGAIN_DUE, I(tx_now(tx)), I(AGAIN_AT_ONCE));
    while (r >= 0 && (r = query_next(&query)) > 0)
        rows[count++] = (struct again){.rid = query_int(&query, 0),
                                       .target_rid = query_int(&query, 1),
                                       .app_rid = query_int(&query, 2),
                                       .stands = query_text(&query, 3) != NULL};
    for (int i = 0; r >= 0 && i < count; i++) {
        r = tx_exec(tx, &AGAIN_SET, I(rows[i].rid), I(rows[i].stands ? -1 : 0));
        if (r >= 0 && rows[i].stands)
            r = group_work(tx, rows[i].app_rid, rows[i].target_rid);
    }
    return r < 0 ? r : count;
}

int members_again_tick(struct tx *tx, int64_t *ret_next)
{
    int64_t next = 0;
    *ret_next = 0;
    int r = tx_get_int(tx, &next, &AGAIN_NEXT);
    if (r <= 0 || next > tx_now(tx)) {
        *ret_next = r > 0 ? next : 0;
        return MIN_OF(r, 0);
    }
    return take_again_due(tx);
}

/* The next member whose turn has come; `*ret_stands` tells whether the refusal is still there. 1, or 0 none. */
static int next_again(struct tx *tx, const struct target_group *group, struct member *ret, bool *ret_stands)
{
    struct query query;
    int r = tx_query_row(tx, &query, &AGAIN_OF_GROUP, I(group->rid));
    if (r <= 0)
        return r;
    *ret = (struct member){.rid = query_int(&query, 0),
                           .user_rid = query_int(&query, 1),
                           .external_id = push_text(tx, &query, 2),
                           .known = query_int(&query, 3) != 0,
                           .version = query_int(&query, 4),
                           .class = (enum work_class)query_int(&query, 5),
                           .deletion = -1,
                           .again = true};
    *ret_stands = query_int(&query, 6) != 0 && query_text(&query, 7) && !str_eq(query_text(&query, 7), "HELD");
    query_close(&query);
    return 1;
}

int members_again(struct tx *tx, const struct target_group *group, struct member *ret)
{
    struct mapping mapping = {0};
    int r = mapping_by_target(tx, group->rid, &mapping);
    if (r < 0 || mapping.status != MAPPING_ACTIVE)
        return r == ERR_NOT_FOUND ? 0 : MIN_OF(r, 0);
    int stale = work_takes_away(tx, group->app_rid);
    for (;;) {
        struct member row = {0};
        bool stands = false;
        r = stale < 0 ? stale : next_again(tx, group, &row, &stands);
        if (r <= 0)
            return r;
        row.may_be_stale = stale > 0;
        bool weighed = false;
        r = stands ? judge(tx, &mapping, &row, ret) : 0;
        if (r > 0 && ret->wanted != MEMBER_IN)
            r = removal_may_go(tx, &mapping, ret, &weighed);
        else if (r == 0 && stands) /* nothing is to be done any more */
            r = member_not_refused(tx, row.rid);
        if (r != 0)
            return r;
        r = tx_exec(tx, &AGAIN_SET, I(row.rid), I(0));
        if (r < 0)
            return r;
    }
}

SQL(MEMBERS_REFUSED_AS,
    "UPDATE target_members SET error_class = $4 WHERE user_rid = $2 AND error_class = $3"
    " AND EXISTS (SELECT 1 FROM target_groups AS t WHERE t.rid = target_members.target_rid AND t.app_rid = $1)");

int members_refused_as(struct tx *tx, int64_t app_rid, int64_t user_rid, const char *from, const char *to)
{
    int r = tx_exec(tx, &MEMBERS_REFUSED_AS, I(app_rid), I(user_rid), T(from), T(to));
    return r < 0 ? r : 0;
}

int member_errors_write(struct tx *tx, struct jout *out, int64_t target_rid, int limit,
                        void (*more)(struct jout *out, const char *error_class))
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &MEMBERS_FAILED, I(target_rid), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        struct user user = {0};
        int found = user_by_rid(tx, query_int(&query, 0), &user);
        if (found < 0 && found != ERR_NOT_FOUND) {
            query_close(&query);
            return found;
        }
        jout_object(out, NULL);
        jout_str(out, "userId", found == 0 ? user.id : NULL);
        jout_str(out, "login", found == 0 ? user.login : NULL);
        jout_str(out, "errorClass", query_text(&query, 1));
        more(out, query_text(&query, 1));
        jout_str(out, "error", query_text(&query, 2));
        jout_time(out, "failed", query_int(&query, 3));
        jout_end(out);
        count++;
    }
    return r < 0 ? r : count;
}

int64_t member_removals_pending(struct tx *tx, int64_t app_rid, int64_t user_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &REMOVALS_PENDING, I(user_rid), I(app_rid));
    return r < 0 ? r : count;
}

int64_t member_failures(struct tx *tx, int64_t app_rid)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &MEMBER_FAILURES, I(app_rid));
    return r < 0 ? r : count;
}

int members_delete_chunk(struct tx *tx, int64_t target_rid, int limit)
{
    int r = tx_exec(tx, &MEMBERS_CHUNK_DELETE, I(target_rid), I(limit));
    return r < 0 ? r : r == limit;
}
