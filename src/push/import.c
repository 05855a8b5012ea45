/* SPDX-License-Identifier: Apache-2.0 */
/* The runs of imports: begun, looked at, ended. */
#include "push/drift_private.h"

#include "record/record.h"

#define RUNS_KEPT 50 /* finished runs of an app that are kept */
#define CLEAR_ROWS 2000

#define COLUMNS                                                                                                        \
    "rid, id, app_rid, kind, state, scheduled, approved, created, started, finished, users_read, groups_read,"         \
    " members_read, users_total, groups_total, users_created, users_updated, users_removed, users_confirmed,"          \
    " groups_created, groups_updated, groups_removed, members_added, members_removed, to_apply, applied, error_class," \
    " error, page_cursor, page_start, page_fresh, page_idle, attempt, tries, walk, user_max, group_max,"               \
    " by_cursor, other_way"

SQL(RUN_BY_ID, "SELECT " COLUMNS " FROM import_runs WHERE id = $1");
SQL(RUN_BY_RID, "SELECT " COLUMNS " FROM import_runs WHERE rid = $1");
SQL(RUN_OPEN, "SELECT " COLUMNS " FROM import_runs WHERE app_rid = $1 AND finished = 0");
SQL(RUNS_OF_APP, "SELECT " COLUMNS " FROM import_runs WHERE app_rid = $1 AND scan = $4 AND rid < $2"
                 " ORDER BY rid DESC LIMIT $3");
SQL(SCAN_LAST, "SELECT " COLUMNS " FROM import_runs WHERE app_rid = $1 AND scan = 1 AND state = 8"
               " ORDER BY rid DESC LIMIT 1"); /* IMPORT_COMPLETED */
SQL(RUN_INSERT, "INSERT INTO import_runs (id, app_rid, kind, state, scheduled, created, scan)"
                " VALUES ($1, $2, $3, 1, $4, $5, $6) RETURNING rid");
SQL(RUN_STORE,
    "UPDATE import_runs SET state = $2, approved = $3, started = $4, finished = $5, users_read = $6, groups_read = $7,"
    " members_read = $8, users_total = $9, groups_total = $10, users_created = $11, users_updated = $12,"
    " users_removed = $13, users_confirmed = $14, groups_created = $15, groups_updated = $16, groups_removed = $17,"
    " members_added = $18, members_removed = $19, to_apply = $20, applied = $21, error_class = $22, error = $23,"
    " page_cursor = $24, page_start = $25, page_fresh = $26, page_idle = $27, attempt = $28, tries = $29, walk = $30,"
    " user_max = $31, group_max = $32, by_cursor = $33, other_way = $34 WHERE rid = $1");
SQL(RUNS_FORGET, "DELETE FROM import_runs WHERE app_rid = $1 AND scan = $3 AND finished > 0 AND rid NOT IN"
                 " (SELECT rid FROM import_runs WHERE app_rid = $1 AND scan = $3 ORDER BY rid DESC LIMIT $2)"
                 " AND rid NOT IN (SELECT rid FROM import_runs WHERE app_rid = $1 AND scan = $3 AND state = 8"
                 " ORDER BY rid DESC LIMIT 1)"); /* the newest that was completed stays */
SQL(RUNS_DELETE, "DELETE FROM import_runs WHERE app_rid = $1");
SQL(STAGED_OF_APP_DELETE,
    "DELETE FROM import_staged WHERE run_rid IN (SELECT rid FROM import_runs WHERE app_rid = $1)");
SQL(IMPORTED_USERS_DELETE, "DELETE FROM imported_users WHERE app_rid = $1");
SQL(STAGED_CLEAR, "DELETE FROM import_staged WHERE rid IN"
                  " (SELECT rid FROM import_staged WHERE run_rid = $1 ORDER BY rid LIMIT $2)");
SQL(RUN_BEFORE, "SELECT by_cursor FROM import_runs WHERE app_rid = $1 AND rid < $2 ORDER BY rid DESC LIMIT 1");
SQL(USER_MAX, "SELECT rid FROM imported_users WHERE app_rid = $1 ORDER BY rid DESC LIMIT 1");
SQL(GROUP_MAX, "SELECT rid FROM target_groups WHERE app_rid = $1 ORDER BY rid DESC LIMIT 1");

const char *import_state_name(enum import_state state)
{
    static const char *const names[] = {
        [IMPORT_QUEUED] = "QUEUED",       [IMPORT_READING_USERS] = "READING_USERS",
        [IMPORT_COMPARING] = "COMPARING", [IMPORT_READING_GROUPS] = "READING_GROUPS",
        [IMPORT_CHECKING] = "CHECKING",   [IMPORT_HELD] = "HELD",
        [IMPORT_APPLYING] = "APPLYING",   [IMPORT_COMPLETED] = "COMPLETED",
        [IMPORT_FAILED] = "FAILED",       [IMPORT_CANCELLED] = "CANCELLED",
    };
    return names[state];
}

static void read_row(struct tx *tx, const struct query *q, struct import_run *ret)
{
    *ret = (struct import_run){.rid = query_int(q, 0),
                               .id = push_text(tx, q, 1),
                               .app_rid = query_int(q, 2),
                               .kind = (enum import_kind)query_int(q, 3),
                               .state = (enum import_state)query_int(q, 4),
                               .scheduled = query_int(q, 5) != 0,
                               .approved = query_int(q, 6) != 0,
                               .created = query_int(q, 7),
                               .started = query_int(q, 8),
                               .finished = query_int(q, 9),
                               .users_read = query_int(q, 10),
                               .groups_read = query_int(q, 11),
                               .members_read = query_int(q, 12),
                               .users_total = query_int(q, 13),
                               .groups_total = query_int(q, 14),
                               .users_created = query_int(q, 15),
                               .users_updated = query_int(q, 16),
                               .users_removed = query_int(q, 17),
                               .users_confirmed = query_int(q, 18),
                               .groups_created = query_int(q, 19),
                               .groups_updated = query_int(q, 20),
                               .groups_removed = query_int(q, 21),
                               .members_added = query_int(q, 22),
                               .members_removed = query_int(q, 23),
                               .to_apply = query_int(q, 24),
                               .applied = query_int(q, 25),
                               .error_class = push_text(tx, q, 26),
                               .error = push_text(tx, q, 27),
                               .page_cursor = push_text(tx, q, 28),
                               .page_start = query_int(q, 29),
                               .page_fresh = query_int(q, 30),
                               .page_idle = (int)query_int(q, 31),
                               .attempt = (int)query_int(q, 32),
                               .tries = (int)query_int(q, 33),
                               .walk = query_int(q, 34),
                               .user_max = query_int(q, 35),
                               .group_max = query_int(q, 36),
                               .by_cursor = query_int(q, 37) != 0,
                               .other_way = query_int(q, 38) != 0};
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int read_one(struct tx *tx, struct query *query, int r, struct import_run *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    read_row(tx, query, ret);
    query_close(query);
    return 0;
}

int import_by_id(struct tx *tx, int64_t app_rid, const char *id, struct import_run *ret)
{
    struct query query;
    int r = read_one(tx, &query, tx_query_row(tx, &query, &RUN_BY_ID, T(id)), ret);
    return r == 0 && ret->app_rid != app_rid ? ERR_NOT_FOUND : r;
}

int import_by_rid(struct tx *tx, int64_t rid, struct import_run *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &RUN_BY_RID, I(rid)), ret);
}

int import_open_run(struct tx *tx, int64_t app_rid, struct import_run *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &RUN_OPEN, I(app_rid)), ret);
}

static int list(struct tx *tx, int64_t app_rid, bool scans, int64_t before, struct import_run *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &RUNS_OF_APP, I(app_rid), I(before ? before : INT64_MAX), I(limit), I(scans));
    while (r >= 0 && (r = query_next(&query)) > 0)
        read_row(tx, &query, &ret[count++]);
    return r < 0 ? r : count;
}

int import_list(struct tx *tx, int64_t app_rid, int64_t before, struct import_run *ret, int limit)
{
    return list(tx, app_rid, false, before, ret, limit);
}

int drift_scan_list(struct tx *tx, int64_t app_rid, int64_t before, struct import_run *ret, int limit)
{
    return list(tx, app_rid, true, before, ret, limit);
}

int drift_last_scan(struct tx *tx, int64_t app_rid, struct import_run *ret)
{
    struct query query;
    return read_one(tx, &query, tx_query_row(tx, &query, &SCAN_LAST, I(app_rid)), ret);
}

int import_store(struct tx *tx, const struct import_run *run)
{
    int r = tx_exec(tx, &RUN_STORE, I(run->rid), I(run->state), I(run->approved), I(run->started), I(run->finished),
                    I(run->users_read), I(run->groups_read), I(run->members_read), I(run->users_total),
                    I(run->groups_total), I(run->users_created), I(run->users_updated), I(run->users_removed),
                    I(run->users_confirmed), I(run->groups_created), I(run->groups_updated), I(run->groups_removed),
                    I(run->members_added), I(run->members_removed), I(run->to_apply), I(run->applied),
                    T(run->error_class), T(run->error), T(run->page_cursor), I(run->page_start), I(run->page_fresh),
                    I(run->page_idle), I(run->attempt), I(run->tries), I(run->walk), I(run->user_max),
                    I(run->group_max), I(run->by_cursor), I(run->other_way));
    return r < 0 ? r : 0;
}

int import_event(struct tx *tx, const struct import_run *run, const char *type, const char *message,
                 const char *failure, const struct event_target *about)
{
    struct app app = {0};
    int r = app_by_rid(tx, run->app_rid, &app);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    struct event event = {
        .type = type,
        .message = message,
        .severity = failure ? SEVERITY_ERROR : SEVERITY_INFO,
        .outcome = failure ? "FAILURE" : NULL,
        .reason = failure,
        .targets = {{.id = app.id, .type = "AppInstance", .alternate_id = app.label, .name = app.label}},
        .target_count = 1,
        .debug = arena_printf(tx_arena(tx), "{\"importId\":\"%s\"}", run->id)};
    if (about)
        event.targets[event.target_count++] = *about;
    return record_event(tx, &event);
}

/* --- starting and ending -------------------------------------------------------------------------------------------
 */

static int refuse_busy(struct tx *tx, const struct app *app, struct problem *problem)
{
    struct import_run other = {0};
    const char *why = NULL;
    int r = import_open_run(tx, app->rid, &other);
    if (r == 0) {
        const char *what = other.kind == IMPORT_SCAN ? "scan" : "import";
        (void)problem_set(problem, E0000195, "%s", what);
        return problem_cause(problem, "%s: %s is %s; wait for it, or cancel it first", what, other.id,
                             import_state_name(other.state));
    }
    if (r != ERR_NOT_FOUND)
        return r;
    r = app_is_open(tx, app->rid, &why);
    if (r == 0)
        return problem_invalid(problem, "import", "app: Nothing can be read, because %s", why);
    return r < 0 ? r : 0;
}

int import_start(struct tx *tx, const struct app *app, enum import_kind kind, bool scheduled, struct import_run *ret,
                 struct problem *problem)
{
    int r = refuse_busy(tx, app, problem);
    bool scan = kind == IMPORT_SCAN;
    if (r == 0)
        r = tx_exec(tx, &RUNS_FORGET, I(app->rid), I(RUNS_KEPT - 1), I(scan));
    int64_t rid = 0;
    if (r >= 0)
        r = tx_get_int(tx, &rid, &RUN_INSERT, T(scan ? tx_id(tx, "dfs") : tx_id(tx, "imp")), I(app->rid), I(kind),
                       I(scheduled), I(tx_now(tx)), I(scan));
    if (r >= 0)
        r = import_by_rid(tx, rid, ret);
    if (r >= 0 && scan)
        r = drift_scan_begin(tx, ret);
    if (r >= 0)
        r = work_add(tx, app->rid, WORK_IMPORT, rid, WORK_BULK);
    return r < 0 ? r : 0;
}

int import_cancel(struct tx *tx, struct import_run *run, struct problem *problem)
{
    if (run->state >= IMPORT_APPLYING) {
        (void)problem_set(problem, E0000107, "%s", "import");
        return problem_cause(problem, "importId: The import is %s; only one that applied nothing yet can be cancelled",
                             import_state_name(run->state));
    }
    int r = import_finish(tx, run, IMPORT_CANCELLED, NULL, NULL);
    return r < 0 ? r : work_add(tx, run->app_rid, WORK_IMPORT, run->rid, WORK_BULK); /* clears what was staged */
}

int import_begin(struct tx *tx, struct import_run *run)
{
    int64_t user_max = 0;
    int64_t group_max = 0;
    int r = tx_get_int(tx, &user_max, &USER_MAX, I(run->app_rid));
    if (r >= 0)
        r = tx_get_int(tx, &group_max, &GROUP_MAX, I(run->app_rid));
    int64_t by_cursor = 0;
    if (r >= 0)
        r = tx_get_int(tx, &by_cursor, &RUN_BEFORE, I(run->app_rid), I(run->rid));
    if (r < 0)
        return r;
    bool first = run->state == IMPORT_QUEUED;
    *run = (struct import_run){.rid = run->rid,
                               .id = run->id,
                               .app_rid = run->app_rid,
                               .kind = run->kind,
                               .state = run->kind == IMPORT_GROUPS ? IMPORT_READING_GROUPS : IMPORT_READING_USERS,
                               .scheduled = run->scheduled,
                               .approved = run->approved,
                               .created = run->created,
                               .started = first ? tx_now(tx) : run->started,
                               .users_total = -1,
                               .groups_total = -1,
                               .by_cursor = by_cursor != 0,
                               .page_cursor = by_cursor ? "" : NULL,
                               .page_start = 1,
                               .attempt = run->attempt + 1,
                               .user_max = user_max,
                               .group_max = group_max};
    r = import_store(tx, run);
    if (r == 0 && run->kind == IMPORT_SCAN)
        return drift_scan_begin(tx, run);
    if (r < 0 || !first)
        return r;
    return run->kind == IMPORT_ALL ? import_event(tx, run, "system.import.start", "Import started", NULL, NULL)
                                   : import_event(tx, run, "system.import.group.start",
                                                  "Start importing groups from refreshing AppGroups", NULL, NULL);
}

int import_clear(struct tx *tx, const struct import_run *run)
{
    int r = run->kind == IMPORT_SCAN ? drift_clear(tx, run, CLEAR_ROWS)
                                     : tx_exec(tx, &STAGED_CLEAR, I(run->rid), I(CLEAR_ROWS));
    return r < 0 ? r : r == CLEAR_ROWS;
}

int import_finish(struct tx *tx, struct import_run *run, enum import_state state, const char *error_class,
                  const char *error)
{
    run->state = state;
    run->finished = tx_now(tx);
    run->error_class = error_class;
    run->error = error;
    run->page_cursor = NULL;
    int r = import_store(tx, run);
    if (r < 0)
        return r;
    if (run->kind == IMPORT_SCAN)
        return drift_run_event(tx, run, state == IMPORT_CANCELLED ? "Cancelled by an administrator" : error);
    if (state == IMPORT_CANCELLED)
        return import_event(tx, run, "system.import.complete", "Import cancelled", "Cancelled by an administrator",
                            NULL);
    return run->kind == IMPORT_ALL
               ? import_event(tx, run, "system.import.complete", "Import process complete", error, NULL)
               : import_event(tx, run, "system.import.group.complete", "Import of groups completed", error, NULL);
}

int import_delete_app(struct tx *tx, int64_t app_rid)
{
    static struct sql *const deletions[] = {&STAGED_OF_APP_DELETE, &RUNS_DELETE, &IMPORTED_USERS_DELETE};
    int r = drift_delete_app(tx, app_rid);
    for (size_t i = 0; r >= 0 && i < ARRAY_LEN(deletions); i++)
        r = tx_exec(tx, deletions[i], I(app_rid));
    return r < 0 ? r : import_settings_delete(tx, app_rid);
}
