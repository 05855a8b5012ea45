/* SPDX-License-Identifier: Apache-2.0 */
/* Differences that were found and wait: for the end of the reading, then for their turn. */
#include "push/import_private.h"

#include "base/limits.h"

#define APPLY_ROWS (LIMIT_EXPAND_ROWS / 2) /* in one transaction */
#define REHEARSE_CHUNKS 20                 /* of them in a rehearsal */

SQL(STAGED_ADD, "INSERT INTO import_staged (run_rid, kind, external_id, member_id, name, profile, active, fate)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                " ON CONFLICT (run_rid, kind, external_id, member_id) DO NOTHING");
SQL(STAGED_NEXT, "SELECT rid, kind, external_id, member_id, name, profile, active, fate FROM import_staged"
                 " WHERE run_rid = $1 AND kind = $2 ORDER BY external_id, member_id LIMIT $3");
SQL(STAGED_DELETE, "DELETE FROM import_staged WHERE rid = $1");
SQL(STAGED_MISSED_NEXT, "SELECT kind, external_id FROM import_staged WHERE run_rid = $1 AND fate = 1"
                        " ORDER BY rid LIMIT 1");
SQL(STAGED_IS_GONE, "UPDATE import_staged SET fate = 2 WHERE run_rid = $1 AND kind = $2 AND external_id = $3");
SQL(STAGED_ARE_GONE, "UPDATE import_staged SET fate = 2 WHERE run_rid = $1 AND fate = 1");
SQL(STAGED_IS_THERE, "DELETE FROM import_staged WHERE run_rid = $1 AND kind = $2 AND external_id = $3");

int staged_add(struct tx *tx, const struct import_run *run, const struct staged *row)
{
    int r = tx_exec(tx, &STAGED_ADD, I(run->rid), I(row->kind), T(row->external_id), T(row->member_id), T(row->name),
                    T(row->profile), I(row->active), I(row->fate));
    return r < 0 ? r : r > 0;
}

static int next_of_kind(struct tx *tx, const struct import_run *run, enum staged_kind kind, struct staged *ret,
                        int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &STAGED_NEXT, I(run->rid), I(kind), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = (struct staged){.rid = query_int(&query, 0),
                                       .kind = (enum staged_kind)query_int(&query, 1),
                                       .external_id = push_text(tx, &query, 2),
                                       .member_id = push_text(tx, &query, 3),
                                       .name = push_text(tx, &query, 4),
                                       .profile = push_text(tx, &query, 5),
                                       .active = query_int(&query, 6) != 0,
                                       .fate = (enum staged_fate)query_int(&query, 7)};
    return r < 0 ? r : count;
}

/* The first rows of the run, in the order in which they are applied, at most `limit`. The count. */
static int staged_next(struct tx *tx, const struct import_run *run, struct staged *ret, int limit)
{
    for (int kind = STAGED_USER; kind <= STAGED_MEMBER; kind++) {
        int count = next_of_kind(tx, run, (enum staged_kind)kind, ret, limit);
        if (count != 0)
            return count;
    }
    return 0;
}

static int staged_delete(struct tx *tx, int64_t rid)
{
    int r = tx_exec(tx, &STAGED_DELETE, I(rid));
    return r < 0 ? r : 0;
}

int import_next_missed(struct tx *tx, const struct import_run *run, bool *ret_is_user, const char **ret_external_id)
{
    struct query query;
    int r = tx_query_row(tx, &query, &STAGED_MISSED_NEXT, I(run->rid));
    if (r <= 0)
        return r;
    *ret_is_user = query_int(&query, 0) == STAGED_USER;
    *ret_external_id = push_text(tx, &query, 1);
    query_close(&query);
    return 1;
}

int import_judge_missed(struct tx *tx, const struct import_run *run, bool is_user, const char *external_id, bool gone)
{
    enum staged_kind kind = is_user ? STAGED_USER : STAGED_GROUP;
    int r = tx_exec(tx, gone ? &STAGED_IS_GONE : &STAGED_IS_THERE, I(run->rid), I(kind), T(external_id));
    return r < 0 ? r : 0;
}

/* One row; with the row itself, so that nothing is applied twice. */
static int apply_one(struct tx *tx, const struct app *app, struct import_run *run, const struct staged *row)
{
    int r = row->kind == STAGED_USER    ? import_apply_user(tx, app, run, row)
            : row->kind == STAGED_GROUP ? import_apply_group(tx, app, run, row)
                                        : import_apply_member(tx, run, row);
    run->applied++;
    return r < 0 ? r : staged_delete(tx, row->rid);
}

int import_apply(struct tx *tx, const struct app *app, struct import_run *run)
{
    struct staged *rows = arena_array(tx_arena(tx), APPLY_ROWS, sizeof(*rows));
    int spent = tx_spend(tx, 0);
    int count = staged_next(tx, run, rows, APPLY_ROWS);
    int r = count;
    int i = 0;
    for (; r >= 0 && i < count && tx_spend(tx, 0) - spent < LIMIT_EXPAND_ROWS; i++)
        r = apply_one(tx, app, run, &rows[i]);
    if (r >= 0)
        r = import_store(tx, run);
    return r < 0 ? r : count > 0;
}

int import_rehearse(struct tx *tx, const struct app *app, struct import_run *run)
{
    int r = tx_exec(tx, &STAGED_ARE_GONE, I(run->rid));
    r = r < 0 ? r : 1;
    for (int chunks = 0; r > 0 && chunks < REHEARSE_CHUNKS; chunks++)
        r = import_apply(tx, app, run);
    return r;
}
