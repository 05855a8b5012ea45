/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apps that never show members, and find a group by one (docs/targets.md: AWS): a bounded sample of members is
 * asked for one by one. First somebody who must not be there: an answer that does not depend on the filter proves
 * nothing.
 */
#include "push/push_private.h"

#define PROBE_CHANGED 10   /* members asked for that were changed last... */
#define PROBE_SPREAD 10    /* ...and as many more, spread over the group; all of a group of not more than both */
#define PROBE_CONTROLS 200 /* accounts looked through for one that is not in the group */
#define PROBE_NONE_TELLS 3 /* members of whom none is found, before that is taken for the app's habit */
#define PROBE_ASK 1        /* target_members.probe */
#define PROBE_THERE 2
#define PROBE_ABSENT 3

SQL(PROBE_CLEAR, "UPDATE target_members SET probe = 0 WHERE target_rid = $1 AND probe > 0");
SQL(PROBE_STATE, "UPDATE target_groups SET probing = $2 WHERE rid = $1");
SQL(PROBE_LAST_CHANGED, "SELECT rid FROM target_members WHERE target_rid = $1 AND known = 1"
                        " ORDER BY version DESC LIMIT $2");
SQL(PROBE_BOUNDS, "SELECT min(rid), max(rid) FROM target_members WHERE target_rid = $1 AND known = 1");
SQL(PROBE_FROM,
    "SELECT rid FROM target_members WHERE target_rid = $1 AND known = 1 AND rid >= $2 ORDER BY rid LIMIT $3");
SQL(PROBE_ONE_MORE, "SELECT 1 FROM target_members WHERE target_rid = $1 AND known = 1 ORDER BY rid LIMIT 1 OFFSET $2");
SQL(PROBE_MARK, "UPDATE target_members SET probe = $2 WHERE rid = $1");
SQL(PROBE_NEXT, "SELECT rid, external_id, version FROM target_members WHERE target_rid = $1 AND probe = 1 AND probe > 0"
                " AND known = 1 AND dirty = 0 AND external_id IS NOT NULL ORDER BY rid LIMIT 1");
SQL(PROBE_ANSWERED, "UPDATE target_members SET probe = $3 WHERE rid = $1 AND version = $2 AND probe > 0");
SQL(PROBE_COUNT, "SELECT count(*) FROM target_members WHERE target_rid = $1 AND probe = $2 AND probe > 0");
SQL(PROBE_HAS, "SELECT 1 FROM target_members WHERE target_rid = $1 AND user_rid = $2");
SQL(PROBE_KEPT, "UPDATE target_members SET dropped = 0 WHERE target_rid = $1 AND probe = 2 AND probe > 0");
SQL(PROBE_NOT_KEPT,
    "UPDATE target_members SET known = 0, dirty = 1, error_class = 'NOT_KEPT', error = $2, error_at = $3"
    " WHERE target_rid = $1 AND probe = 3 AND probe > 0 AND known = 1 AND dirty = 0 AND dropped > 0" NOT_EXCEPTED(
        "1", "$1", "target_members.external_id"));
SQL(PROBE_DROPPED, "UPDATE target_members SET known = 0, dirty = 1, dropped = dropped + 1, version = $2, since = $2"
                   " WHERE target_rid = $1 AND probe = 3 AND probe > 0 AND known = 1 AND dirty = 0" NOT_EXCEPTED(
                       "1", "$1", "target_members.external_id"));
SQL(PROBE_VERDICT, "UPDATE target_groups SET probing = 0, verify_wanted = $2, verify_state = $3,"
                   " verified_at = CASE WHEN CAST($4 AS BIGINT) > 0 THEN $4 ELSE verified_at END WHERE rid = $1");

static int mark_rows(struct tx *tx, struct query *query, int r)
{
    int64_t rids[PROBE_CHANGED + PROBE_SPREAD];
    int count = 0;
    while (r >= 0 && count < PROBE_CHANGED + PROBE_SPREAD && (r = query_next(query)) > 0)
        rids[count++] = query_int(query, 0);
    if (r > 0)
        query_close(query);
    for (int i = 0; r >= 0 && i < count; i++)
        r = tx_exec(tx, &PROBE_MARK, I(rids[i]), I(PROBE_ASK));
    return r < 0 ? r : count;
}

static int mark_from(struct tx *tx, int64_t target_rid, int64_t from, int limit)
{
    struct query query;
    return mark_rows(tx, &query, tx_query(tx, &query, &PROBE_FROM, I(target_rid), I(from), I(limit)));
}

/* Those changed last, and the first from each of some places between the oldest and the newest. */
static int mark_sample(struct tx *tx, int64_t target_rid)
{
    struct query query;
    int64_t more = 0;
    int marked = mark_from(tx, target_rid, 0, PROBE_CHANGED + PROBE_SPREAD);
    int r =
        marked < 0 ? marked : tx_get_int(tx, &more, &PROBE_ONE_MORE, I(target_rid), I(PROBE_CHANGED + PROBE_SPREAD));
    if (r < 0 || !more) /* no more members than that: all of them */
        return r < 0 ? r : marked;
    r = tx_exec(tx, &PROBE_CLEAR, I(target_rid));
    if (r >= 0)
        r = mark_rows(tx, &query, tx_query(tx, &query, &PROBE_LAST_CHANGED, I(target_rid), I(PROBE_CHANGED)));
    if (r >= 0)
        r = tx_query_row(tx, &query, &PROBE_BOUNDS, I(target_rid));
    if (r <= 0)
        return r < 0 ? r : marked;
    int64_t first = query_int(&query, 0);
    int64_t last = query_int(&query, 1);
    query_close(&query);
    for (int i = 0; r >= 0 && i < PROBE_SPREAD; i++)
        r = mark_from(tx, target_rid, first + (last - first) / PROBE_SPREAD * i, 1);
    return r < 0 ? r : marked;
}

int members_probe_begin(struct tx *tx, struct target_group *group)
{
    int r = tx_exec(tx, &PROBE_CLEAR, I(group->rid));
    int marked = r < 0 ? r : mark_sample(tx, group->rid);
    if (marked <= 0)
        return marked;
    group->probing = PROBING_CONTROL;
    r = tx_exec(tx, &PROBE_STATE, I(group->rid), I(PROBING_CONTROL));
    return r < 0 ? r : 0;
}

int members_probe_trusted(struct tx *tx, struct target_group *group)
{
    group->probing = PROBING_MEMBERS;
    int r = tx_exec(tx, &PROBE_STATE, I(group->rid), I(PROBING_MEMBERS));
    return r < 0 ? r : 0;
}

int members_probe_control(struct tx *tx, const struct target_group *group, const char **ret_external_id)
{
    struct account *accounts = arena_array(tx_arena(tx), PROBE_CONTROLS, sizeof(*accounts));
    int count = account_list(tx, group->app_rid, 0, accounts, PROBE_CONTROLS);
    for (int i = 0; i < count; i++) {
        int64_t there = 0;
        if (!accounts[i].external_id)
            continue;
        int r = tx_get_int(tx, &there, &PROBE_HAS, I(group->rid), I(accounts[i].user_rid));
        if (r < 0)
            return r;
        if (!there) {
            *ret_external_id = accounts[i].external_id;
            return 0;
        }
    }
    *ret_external_id = group->external_id; /* no group is a member of itself */
    return MIN_OF(count, 0);
}

int members_probe_next(struct tx *tx, const struct target_group *group, struct member *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &PROBE_NEXT, I(group->rid));
    if (r <= 0)
        return r;
    *ret = (struct member){
        .rid = query_int(&query, 0), .external_id = push_text(tx, &query, 1), .version = query_int(&query, 2)};
    query_close(&query);
    return 1;
}

int member_probed(struct tx *tx, int64_t member_rid, int64_t version, bool there)
{
    int r = tx_exec(tx, &PROBE_ANSWERED, I(member_rid), I(version), I(there ? PROBE_THERE : PROBE_ABSENT));
    return r < 0 ? r : 0;
}

static int end(struct tx *tx, struct target_group *group, enum verify_state verdict)
{
    group->probing = PROBING_NOT;
    group->verify_state = verdict;
    group->verify_wanted = verdict == VERIFY_DROPPED;
    int r = tx_exec(tx, &PROBE_CLEAR, I(group->rid));
    if (r >= 0)
        r = tx_exec(tx, &PROBE_VERDICT, I(group->rid), I(group->verify_wanted), I(verdict),
                    I(verdict == VERIFY_PROBED ? tx_now(tx) : 0));
    return r < 0 ? r : 0;
}

int members_probe_stop(struct tx *tx, struct target_group *group)
{
    return end(tx, group, VERIFY_UNREADABLE);
}

int members_probe_end(struct tx *tx, struct target_group *group, bool *ret_blind)
{
    int64_t there = 0;
    int64_t absent = 0;
    int r = tx_get_int(tx, &there, &PROBE_COUNT, I(group->rid), I(PROBE_THERE));
    if (r >= 0)
        r = tx_get_int(tx, &absent, &PROBE_COUNT, I(group->rid), I(PROBE_ABSENT));
    if (r < 0)
        return r;
    *ret_blind = there == 0 && absent >= PROBE_NONE_TELLS;
    if (there == 0) /* nobody found and nobody expected look the same: nothing is proven */
        return end(tx, group, VERIFY_UNREADABLE);
    r = tx_exec(tx, &PROBE_KEPT, I(group->rid));
    if (r >= 0)
        r = tx_exec(tx, &PROBE_NOT_KEPT, I(group->rid),
                    T("The app acknowledged this member twice and does not hold it."), I(tx_now(tx)));
    int64_t number = r < 0 ? r : tx_change_number(tx);
    int dropped = number < 0 ? (int)number : tx_exec(tx, &PROBE_DROPPED, I(group->rid), I(number));
    return dropped < 0 ? dropped : end(tx, group, dropped ? VERIFY_DROPPED : VERIFY_PROBED);
}
