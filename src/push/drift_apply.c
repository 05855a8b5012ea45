/* SPDX-License-Identifier: Apache-2.0 */
/* Everything was read: what was staged becomes the differences of the app, and what the settings say begins. */
#include "push/drift_private.h"

#include "base/limits.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define APPLY_ROWS (LIMIT_EXPAND_ROWS / 2) /* in one transaction */

#define KNOWN "SELECT rid, state, repairs, found, accepted_at, cause FROM drift_findings WHERE "
SQL(FINDING_OF, KNOWN "app_rid = $1 AND kind = $2 AND target_rid = $3 AND user_rid = $4 AND external_id = $5"
                      " AND attribute = $6");
/* An exception is for the app's user, whoever of the directory he turns out to be. */
SQL(EXCEPTION_OF, KNOWN "target_rid = $1 AND external_id = $2 AND kind = 2 AND accepted_at > 0 ORDER BY rid LIMIT 1");
SQL(FINDING_ADD, "INSERT INTO drift_findings (id, app_rid, kind, target_rid, user_rid, external_id, attribute, cause,"
                 " class, state, known, wanted, found, error, since, seen, scan_rid, accepted_at, accepted_by)"
                 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17, $18)");
SQL(FINDING_SEEN, "UPDATE drift_findings SET cause = $2, class = $3, state = $4, known = $5, wanted = $6, found = $7,"
                  " error = $8, since = CASE WHEN state = 5 THEN $9 ELSE since END, seen = $9, scan_rid = $10,"
                  " user_rid = $12, accepted_at = $11,"
                  " accepted_by = CASE WHEN CAST($11 AS BIGINT) = 0 THEN NULL"
                  " WHEN accepted_by IS NULL THEN 'policy' ELSE accepted_by END WHERE rid = $1");
SQL(ACCOUNT_MISSES, "SELECT 1 FROM drift_findings WHERE app_rid = $1 AND user_rid = $2 AND user_rid > 0"
                    " AND kind = 5 AND scan_rid = $3 LIMIT 1");
SQL(GROUP_PUT,
    "INSERT INTO drift_groups (target_rid, app_rid, scan_rid, state, members, in_step, checked)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (target_rid) DO UPDATE SET scan_rid = excluded.scan_rid,"
    " state = excluded.state, members = excluded.members, in_step = excluded.in_step,"
    " checked = excluded.checked");
SQL(GROUPS_GONE, "DELETE FROM drift_groups WHERE app_rid = $1 AND scan_rid <> $2");
SQL(GROUPS_SUM, "SELECT count(*), coalesce(sum(members), 0), coalesce(sum(in_step), 0),"
                " coalesce(sum(CASE WHEN state = 3 THEN 1 ELSE 0 END), 0),"
                " coalesce(sum(CASE WHEN state = 4 THEN 1 ELSE 0 END), 0),"
                " coalesce(sum(CASE WHEN state IN (2, 3, 4) THEN members - in_step ELSE 0 END), 0)"
                " FROM drift_groups WHERE app_rid = $1");
/* What was not found again is over; of a group that could not be looked at nothing is known. How often it was repaired
 * is remembered for a while: what undoes repairs may leave a scan in peace in between. */
#define NOT_FOUND_AGAIN                                                                                                \
    "WHERE rid IN (SELECT f.rid FROM drift_findings AS f WHERE f.app_rid = $1"                                         \
    " AND f.scan_rid < $2 AND f.accepted_at = 0 AND NOT EXISTS (SELECT 1 FROM drift_groups AS g"                       \
    " WHERE g.target_rid = f.target_rid AND g.state IN (2, 3, 4) AND f.kind IN (1, 2))"
SQL(FINDINGS_OVER, "UPDATE drift_findings SET state = 5, error = NULL " NOT_FOUND_AGAIN
                   " AND f.state <> 5 AND f.repairs > 0 AND f.seen > $4 ORDER BY f.scan_rid, f.rid LIMIT $3)");
SQL(FINDINGS_FORGET, "DELETE FROM drift_findings " NOT_FOUND_AGAIN
                     " AND (f.repairs = 0 OR f.seen <= $4) ORDER BY f.scan_rid, f.rid LIMIT $3)");
SQL(FINDINGS_SEEN, "SELECT count(*) FROM drift_findings WHERE app_rid = $1 AND scan_rid = $2 AND accepted_at = 0");
SQL(FRESH_ADD, "UPDATE drift_scans SET fresh = fresh + 1 WHERE run_rid = $1");
SQL(ANY_WANTED, "SELECT 1 FROM drift_findings WHERE app_rid = $1 AND state = 2 LIMIT 1");

/* --- one difference ------------------------------------------------------------------------------------------------
 */

/* Is the read still newer than what the app acknowledged? 1 or 0. */
static int still_proves(struct tx *tx, const struct import_run *run, const struct drift_row *row)
{
    struct mapping mapping = {0};
    struct account account = {0};
    int r = row->target_rid ? mapping_by_target(tx, row->target_rid, &mapping)
                            : account_get(tx, run->app_rid, row->user_rid, &account);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (!row->target_rid)
        return !drift_may_lag(account.last_sync, row->read_at) || !account.external_id;
    return mapping.status == MAPPING_ACTIVE && !drift_may_lag(mapping.last_push, row->read_at);
}

/* Follows from another difference: the member's account is not there, or the app never shows the attribute. 1 or 0. */
static int follows(struct tx *tx, const struct import_run *run, const struct drift_row *row)
{
    int64_t one = 0;
    if (row->kind == DRIFT_MEMBER_MISSING)
        return tx_get_int(tx, &one, &ACCOUNT_MISSES, I(run->app_rid), I(row->user_rid), I(run->rid));
    if (row->kind != DRIFT_ATTRIBUTE || row->found || str_eq(row->attribute, "userName"))
        return 0;
    int shown = drift_was_shown(tx, run, row->attribute);
    return shown < 0 ? shown : !shown;
}

struct known {
    int64_t rid; /* 0: not known before */
    enum drift_state state;
    int repairs;
    const char *found;
    int64_t accepted_at;
    enum drift_cause cause;
};

static int find_known(struct tx *tx, int64_t app_rid, const struct drift_row *row, struct known *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &FINDING_OF, I(app_rid), I(row->kind), I(row->target_rid), I(row->user_rid),
                         T(row->external_id), T(row->attribute));
    if (r == 0 && row->kind == DRIFT_MEMBER_EXTRA)
        r = tx_query_row(tx, &query, &EXCEPTION_OF, I(row->target_rid), T(row->external_id));
    if (r <= 0)
        return r;
    *ret = (struct known){.rid = query_int(&query, 0),
                          .state = (enum drift_state)query_int(&query, 1),
                          .repairs = (int)query_int(&query, 2),
                          .found = push_text(tx, &query, 3),
                          .accepted_at = query_int(&query, 4),
                          .cause = (enum drift_cause)query_int(&query, 5)};
    query_close(&query);
    return 1;
}

/* What becomes of it, by the app's settings. */
static enum drift_state state_of(const struct drift_settings *settings, const struct drift_row *row,
                                 const struct known *known, const char **ret_error)
{
    bool same = known->found && row->found ? strcmp(known->found, row->found) == 0 : known->found == row->found;
    if (known->accepted_at && same)
        return DRIFT_ACCEPTED;
    if (row->cause != CAUSE_TARGET) /* the engine does what it can */
        return known->state == DRIFT_REPAIRING ? DRIFT_REPAIRING : DRIFT_OPEN;
    enum drift_action action = settings->actions[row->kind];
    if (action == DRIFT_ACCEPT)
        return DRIFT_ACCEPTED;
    if (action != DRIFT_REPAIR)
        return DRIFT_OPEN;
    if (known->repairs < DRIFT_REPAIRS_MAX || !same)
        return DRIFT_WANTED;
    *ret_error = "It was repaired twice and is as it was again: somebody or something else changes it in the app";
    return DRIFT_OPEN;
}

static int store(struct tx *tx, const struct import_run *run, const struct drift_row *row, const struct known *known,
                 enum drift_state state, const char *error)
{
    int64_t accepted_at = state != DRIFT_ACCEPTED ? 0 : known->accepted_at ? known->accepted_at : tx_now(tx);
    bool fresh = !known->rid || known->state == DRIFT_OVER;
    int r = known->rid
                ? tx_exec(tx, &FINDING_SEEN, I(known->rid), I(row->cause), I(row->class), I(state), T(row->known),
                          T(row->wanted), T(row->found), T(error), I(tx_now(tx)), I(run->rid), I(accepted_at),
                          I(row->user_rid))
                : tx_exec(tx, &FINDING_ADD, T(tx_id(tx, "dft")), I(run->app_rid), I(row->kind), I(row->target_rid),
                          I(row->user_rid), T(row->external_id), T(row->attribute), I(row->cause), I(row->class),
                          I(state), T(row->known), T(row->wanted), T(row->found), T(error), I(tx_now(tx)), I(run->rid),
                          I(accepted_at), T(accepted_at ? "policy" : NULL));
    if (r >= 0 && fresh && row->cause == CAUSE_TARGET && state != DRIFT_ACCEPTED)
        r = tx_exec(tx, &FRESH_ADD, I(run->rid));
    return r;
}

static int apply_difference(struct tx *tx, const struct import_run *run, const struct drift_settings *settings,
                            const struct drift_row *row)
{
    struct known known = {0};
    int proves = still_proves(tx, run, row);
    int over = proves <= 0 ? proves : follows(tx, run, row);
    if (proves <= 0 || over != 0)
        return MIN_OF(MIN_OF(proves, over), 0);
    int r = find_known(tx, run->app_rid, row, &known);
    if (r < 0)
        return r;
    const char *error = row->error;
    enum drift_state state = state_of(settings, row, &known, &error);
    r = store(tx, run, row, &known, state, error);
    if (r >= 0 && row->kind == DRIFT_ACCOUNT_INACTIVE && row->cause == CAUSE_TARGET) {
        struct account account = {0};
        r = account_get(tx, run->app_rid, row->user_rid, &account);
        if (r == 0)
            r = account_seen(tx, &account, false);
    }
    return MIN_OF(r, 0);
}

/* --- a group's result ----------------------------------------------------------------------------------------------
 */

static int apply_result(struct tx *tx, const struct import_run *run, const struct drift_row *row)
{
    int state = row->cause;
    if (state == DRIFT_PROBED && row->in_step == 0) { /* nobody found and nobody expected look the same */
        int r = drift_staged_delete_of(tx, run, DRIFT_MEMBER_MISSING, row->target_rid);
        if (r < 0)
            return r;
        state = DRIFT_UNVERIFIABLE;
    }
    int r = tx_exec(tx, &GROUP_PUT, I(row->target_rid), I(run->app_rid), I(run->rid), I(state), I(row->members),
                    I(row->in_step), I(row->read_at));
    return MIN_OF(r, 0);
}

/* --- a chunk -------------------------------------------------------------------------------------------------------
 */

/* Accounts before groups, and groups before members: what follows from another difference is known by then. */
static const int order[] = {STAGED_RESULT,        DRIFT_ACCOUNT_MISSING, DRIFT_ACCOUNT_INACTIVE,
                            DRIFT_ACCOUNT_ACTIVE, DRIFT_ATTRIBUTE,       DRIFT_GROUP_MISSING,
                            DRIFT_GROUP_RENAMED,  DRIFT_MEMBER_MISSING,  DRIFT_MEMBER_EXTRA};

static int next_rows(struct tx *tx, const struct import_run *run, struct drift_row *rows)
{
    int count = 0;
    for (size_t i = 0; count == 0 && i < ARRAY_LEN(order); i++)
        count = drift_staged_next(tx, run, order[i], rows, APPLY_ROWS);
    return count;
}

/* What was not found again. 1: there is more of it. */
static int end_findings(struct tx *tx, const struct import_run *run)
{
    static struct sql *const statements[] = {&FINDINGS_OVER, &FINDINGS_FORGET};
    int64_t remembered = tx_now(tx) - DRIFT_MEMORY_DAYS * DAY_MS;
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        int r = tx_exec(tx, statements[i], I(run->app_rid), I(run->rid), I(APPLY_ROWS), I(remembered));
        if (r < 0 || r == APPLY_ROWS)
            return r < 0 ? r : 1;
    }
    return 0;
}

/* The sums, and what is over. 1: more to end. */
static int close_scan(struct tx *tx, const struct app *app, struct import_run *run)
{
    struct drift_scan scan = {0};
    struct query query;
    int r = tx_exec(tx, &GROUPS_GONE, I(run->app_rid), I(run->rid));
    int over = r < 0 ? r : end_findings(tx, run);
    if (over != 0)
        return over;
    r = drift_scan_get(tx, run->rid, &scan);
    if (r == 0)
        r = tx_get_int(tx, &scan.differences, &FINDINGS_SEEN, I(run->app_rid), I(run->rid));
    if (r >= 0)
        r = tx_query_row(tx, &query, &GROUPS_SUM, I(run->app_rid));
    if (r <= 0)
        return r;
    scan.groups = query_int(&query, 0);
    scan.members = query_int(&query, 1);
    scan.members_in_step = query_int(&query, 2);
    scan.groups_unverifiable = query_int(&query, 3);
    scan.groups_busy = query_int(&query, 4);
    scan.members_unverifiable = query_int(&query, 5);
    query_close(&query);
    int64_t any = 0;
    r = drift_scan_store(tx, run, &scan);
    if (r == 0)
        r = tx_get_int(tx, &any, &ANY_WANTED, I(run->app_rid));
    if (r >= 0 && any)
        r = work_add(tx, app->rid, WORK_EXPAND_DRIFT, app->rid, WORK_BULK);
    return MIN_OF(r, 0);
}

int drift_apply(struct tx *tx, const struct app *app, struct import_run *run)
{
    struct drift_row *rows = arena_array(tx_arena(tx), APPLY_ROWS, sizeof(*rows));
    struct drift_settings settings = {0};
    int r = drift_settings_get(tx, run->app_rid, &settings);
    int count = r < 0 ? r : next_rows(tx, run, rows);
    if (count <= 0)
        return count < 0 ? count : close_scan(tx, app, run);
    for (int i = 0; r >= 0 && i < count; i++) {
        r = rows[i].kind == STAGED_RESULT ? apply_result(tx, run, &rows[i])
                                          : apply_difference(tx, run, &settings, &rows[i]);
        if (r >= 0)
            r = drift_staged_delete(tx, rows[i].rid);
        run->applied++;
    }
    (void)tx_spend(tx, 2 * count);
    if (r >= 0)
        r = import_store(tx, run);
    return r < 0 ? r : 1;
}
