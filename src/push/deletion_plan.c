/* SPDX-License-Identifier: Apache-2.0 */
/* What an act would take away, while it is rehearsed (store.h, tx_rehearse()): the deletions that it added. */
#include "push/deletions.h"

#include "base/limits.h"
#include "push/push_private.h"

#define PLAN_ROWS 1000 /* looked at in one statement */

/* A row that nothing takes for a deletion: what comes after it has a higher rid. */
SQL(PLAN_MARK, "INSERT INTO deletions (app_rid, kind, object_rid, user_rid, external_id, state, since)"
               " VALUES (0, 0, 0, 0, '', 3, $1) RETURNING rid");
#define PLANNED                                                                                                        \
    " FROM deletions AS d LEFT JOIN target_members AS m ON d.kind = 3 AND m.target_rid = d.object_rid"                 \
    " AND m.user_rid = d.user_rid AND d.external_id = '' WHERE d.rid > $1"                                             \
    " AND NOT (d.kind = 3 AND d.external_id = '' AND coalesce(m.known, 0) = 0)" /* nobody was added there yet */
SQL(PLAN_LIST, "SELECT d.rid, d.app_rid, d.kind, d.state, d.object_rid, d.user_rid, d.external_id, d.since" PLANNED
               " ORDER BY d.rid LIMIT $2");

int deletion_plan_begin(struct tx *tx, int64_t *ret_mark)
{
    int r = tx_get_int(tx, ret_mark, &PLAN_MARK, I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int deletion_plan_list(struct tx *tx, int64_t after, struct deletion *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &PLAN_LIST, I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = (struct deletion){.rid = query_int(&query, 0),
                                         .app_rid = query_int(&query, 1),
                                         .kind = (enum deletion_kind)query_int(&query, 2),
                                         .state = (enum deletion_state)query_int(&query, 3),
                                         .object_rid = query_int(&query, 4),
                                         .user_rid = query_int(&query, 5),
                                         .external_id = push_text(tx, &query, 6),
                                         .since = query_int(&query, 7)};
    return r < 0 ? r : count;
}

/* The person, or the group. 1 or 0. */
static int is_protected(struct tx *tx, const struct deletion *deletion)
{
    struct target_group target = {0};
    if (deletion->kind != DELETION_GROUP)
        return deletion->user_rid ? user_is_protected(tx, deletion->user_rid) : 0;
    int r = target_group_get(tx, deletion->object_rid, &target);
    return r == ERR_NOT_FOUND ? 0 : r < 0 ? r : deletion_group_is_protected(tx, &target);
}

/* Calls each() for everything that the act added. */
static int each_planned(struct tx *tx, int64_t mark,
                        int (*each)(struct tx *tx, const struct deletion *deletion, void *data), void *data)
{
    struct deletion *page = arena_array(tx_arena(tx), PLAN_ROWS, sizeof(*page));
    int64_t after = mark;
    int count = PLAN_ROWS;
    while (count == PLAN_ROWS) {
        count = deletion_plan_list(tx, after, page, PLAN_ROWS);
        for (int i = 0; i < count; i++) {
            after = page[i].rid;
            int r = each(tx, &page[i], data);
            if (r < 0)
                return r;
        }
    }
    return MIN_OF(count, 0);
}

static int note_protected(struct tx *tx, const struct deletion *deletion, void *data)
{
    const struct deletion_key key = {.kind = deletion->kind,
                                     .object_rid = deletion->object_rid,
                                     .user_rid = deletion->user_rid,
                                     .external_id = deletion->external_id};
    (void)data;
    int r = is_protected(tx, deletion);
    return r > 0 ? deletion_protect(tx, &key) : r;
}

struct counting {
    struct deletion_plan *plans;
    int count, limit;
};

static int count_one(struct tx *tx, const struct deletion *deletion, void *data)
{
    struct counting *counting = data;
    int i = 0;
    (void)tx;
    while (i < counting->count && counting->plans[i].app_rid != deletion->app_rid)
        i++;
    if (i == counting->limit)
        return ERR_TOO_LARGE;
    if (i == counting->count)
        counting->plans[counting->count++] = (struct deletion_plan){.app_rid = deletion->app_rid};
    struct deletion_plan *plan = &counting->plans[i];
    bool stays = deletion->state == DELETION_PROTECTED;
    plan->protected += stays;
    plan->count[deletion->kind] += !stays;
    plan->held += deletion->state == DELETION_HELD;
    return 0;
}

int deletion_plan_count(struct tx *tx, int64_t mark, struct deletion_plan *ret, int limit)
{
    struct counting counting = {.plans = ret, .limit = limit};
    int r = each_planned(tx, mark, count_one, &counting);
    return r < 0 ? r : counting.count;
}

int deletion_plan_judge(struct tx *tx, int64_t mark)
{
    struct deletion_plan *plans = arena_array(tx_arena(tx), PLAN_ROWS, sizeof(*plans));
    int r = each_planned(tx, mark, note_protected, NULL);
    int count = r < 0 ? r : deletion_plan_count(tx, mark, plans, PLAN_ROWS);
    for (int i = 0; r >= 0 && i < count; i++)
        for (int kind = DELETION_ACCOUNT; r >= 0 && kind <= DELETION_MEMBER; kind++)
            r = deletions_judge(tx, plans[i].app_rid, (enum deletion_kind)kind);
    return MIN_OF(MIN_OF(r, count), 0);
}
