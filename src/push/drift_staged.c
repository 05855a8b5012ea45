/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan found waits for the end of the reading; and what a scan counts. */
#include "push/drift_private.h"

#include "base/limits.h"
#include "base/text.h"

#define SHOWN_BYTES 8192 /* of names of attributes that an app shows; the table of target/user.c has fewer */

#define COLUMNS                                                                                                        \
    "rid, kind, target_rid, user_rid, external_id, attribute, cause, class, known, wanted, found, error, read_at,"     \
    " tries, members, in_step"

SQL(STAGE, "INSERT INTO drift_staged (run_rid, kind, target_rid, user_rid, external_id, attribute, cause, class, known,"
           " wanted, found, error, read_at, tries, members, in_step)"
           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
           " ON CONFLICT (run_rid, kind, target_rid, user_rid, external_id, attribute) DO NOTHING");
SQL(STAGED_NEXT, "SELECT " COLUMNS " FROM drift_staged WHERE run_rid = $1 AND kind = $2 ORDER BY rid LIMIT $3");
SQL(STAGED_DELETE, "DELETE FROM drift_staged WHERE rid = $1");
SQL(STAGED_DELETE_OF, "DELETE FROM drift_staged WHERE run_rid = $1 AND kind = $2 AND target_rid = $3");
SQL(STAGED_CLEAR, "DELETE FROM drift_staged WHERE rid IN"
                  " (SELECT rid FROM drift_staged WHERE run_rid = $1 ORDER BY kind, rid LIMIT $2)");
SQL(SCAN_BEGIN, "INSERT INTO drift_scans (run_rid, app_rid) VALUES ($1, $2) ON CONFLICT (run_rid) DO UPDATE SET"
                " accounts = 0, accounts_in_step = 0, shown = ''");
SQL(SCAN_GET, "SELECT requests, accounts, accounts_in_step, members, members_in_step, members_unverifiable, groups,"
              " groups_unverifiable, groups_busy, differences, fresh FROM drift_scans WHERE run_rid = $1");
SQL(SCAN_STORE, "UPDATE drift_scans SET members = $2, members_in_step = $3, members_unverifiable = $4, groups = $5,"
                " groups_unverifiable = $6, groups_busy = $7, differences = $8, fresh = $9 WHERE run_rid = $1");
SQL(SCAN_ASKED, "UPDATE drift_scans SET requests = requests + 1 WHERE run_rid = $1");
SQL(SCAN_ACCOUNTS, "UPDATE drift_scans SET accounts = accounts + $2, accounts_in_step = accounts_in_step + $3"
                   " WHERE run_rid = $1");
SQL(SCAN_SHOWN, "SELECT shown FROM drift_scans WHERE run_rid = $1");
SQL(SCAN_SET_SHOWN, "UPDATE drift_scans SET shown = $2 WHERE run_rid = $1");

static const char *text_or_empty(const char *text)
{
    return text ? text : "";
}

int drift_stage(struct tx *tx, const struct import_run *run, const struct drift_row *row)
{
    return tx_exec(tx, &STAGE, I(run->rid), I(row->kind), I(row->target_rid), I(row->user_rid),
                   T(text_or_empty(row->external_id)), T(text_or_empty(row->attribute)), I(row->cause), I(row->class),
                   T(row->known), T(row->wanted), T(row->found), T(row->error), I(row->read_at), I(row->tries),
                   I(row->members), I(row->in_step));
}

int drift_staged_next(struct tx *tx, const struct import_run *run, int kind, struct drift_row *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &STAGED_NEXT, I(run->rid), I(kind), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = (struct drift_row){.rid = query_int(&query, 0),
                                          .kind = (int)query_int(&query, 1),
                                          .target_rid = query_int(&query, 2),
                                          .user_rid = query_int(&query, 3),
                                          .external_id = push_text(tx, &query, 4),
                                          .attribute = push_text(tx, &query, 5),
                                          .cause = (int)query_int(&query, 6),
                                          .class = (int)query_int(&query, 7),
                                          .known = push_text(tx, &query, 8),
                                          .wanted = push_text(tx, &query, 9),
                                          .found = push_text(tx, &query, 10),
                                          .error = push_text(tx, &query, 11),
                                          .read_at = query_int(&query, 12),
                                          .tries = (int)query_int(&query, 13),
                                          .members = query_int(&query, 14),
                                          .in_step = query_int(&query, 15)};
    return r < 0 ? r : count;
}

int drift_staged_delete(struct tx *tx, int64_t rid)
{
    int r = tx_exec(tx, &STAGED_DELETE, I(rid));
    return r < 0 ? r : 0;
}

int drift_staged_delete_of(struct tx *tx, const struct import_run *run, int kind, int64_t target_rid)
{
    int r = tx_exec(tx, &STAGED_DELETE_OF, I(run->rid), I(kind), I(target_rid));
    return r < 0 ? r : 0;
}

int drift_clear(struct tx *tx, const struct import_run *run, int limit)
{
    return tx_exec(tx, &STAGED_CLEAR, I(run->rid), I(limit));
}

/* --- what a scan counts --------------------------------------------------------------------------------------------
 */

int drift_scan_begin(struct tx *tx, const struct import_run *run)
{
    int r = tx_exec(tx, &SCAN_BEGIN, I(run->rid), I(run->app_rid));
    return r < 0 ? r : 0;
}

int drift_scan_get(struct tx *tx, int64_t run_rid, struct drift_scan *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &SCAN_GET, I(run_rid));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret = (struct drift_scan){.requests = query_int(&query, 0),
                               .accounts = query_int(&query, 1),
                               .accounts_in_step = query_int(&query, 2),
                               .members = query_int(&query, 3),
                               .members_in_step = query_int(&query, 4),
                               .members_unverifiable = query_int(&query, 5),
                               .groups = query_int(&query, 6),
                               .groups_unverifiable = query_int(&query, 7),
                               .groups_busy = query_int(&query, 8),
                               .differences = query_int(&query, 9),
                               .fresh = query_int(&query, 10)};
    query_close(&query);
    return 0;
}

int drift_scan_store(struct tx *tx, const struct import_run *run, const struct drift_scan *scan)
{
    int r = tx_exec(tx, &SCAN_STORE, I(run->rid), I(scan->members), I(scan->members_in_step),
                    I(scan->members_unverifiable), I(scan->groups), I(scan->groups_unverifiable), I(scan->groups_busy),
                    I(scan->differences), I(scan->fresh));
    return r < 0 ? r : 0;
}

int drift_scan_asked(struct tx *tx, const struct import_run *run)
{
    int r = tx_exec(tx, &SCAN_ASKED, I(run->rid));
    return r < 0 ? r : 0;
}

int drift_accounts_add(struct tx *tx, const struct import_run *run, int accounts, int in_step)
{
    int r = accounts ? tx_exec(tx, &SCAN_ACCOUNTS, I(run->rid), I(accounts), I(in_step)) : 0;
    return r < 0 ? r : 0;
}

/* ' title email ': each name between two blanks. */
static int read_shown(struct tx *tx, const struct import_run *run, const char **ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &SCAN_SHOWN, I(run->rid));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret = push_text(tx, &query, 0);
    query_close(&query);
    return 0;
}

static bool is_among(struct arena *arena, const char *set, const char *name)
{
    return strstr(set, arena_printf(arena, " %s ", name)) != NULL;
}

int drift_was_shown(struct tx *tx, const struct import_run *run, const char *attribute)
{
    const char *set = "";
    int r = read_shown(tx, run, &set);
    return r < 0 ? r : is_among(tx_arena(tx), set, attribute);
}

int drift_shown(struct tx *tx, const struct import_run *run, const struct jval *profile)
{
    const char *set = "";
    bool more = false;
    int r = read_shown(tx, run, &set);
    if (r < 0)
        return r;
    for (void *it = jval_first(profile); it; it = jval_next(profile, it)) {
        const char *name = jval_iter_key(it);
        if (is_among(tx_arena(tx), set, name) || strlen(set) + strlen(name) > SHOWN_BYTES)
            continue;
        set = arena_printf(tx_arena(tx), "%s %s ", set, name);
        more = true;
    }
    r = more ? tx_exec(tx, &SCAN_SET_SHOWN, I(run->rid), T(set)) : 0;
    return r < 0 ? r : 0;
}
