/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The import safeguard (docs/published.md A18): an import that would take the app from more than a part of those who
 * have it waits for an administrator. Small apps and organisations are left out, as published: what is gone is asked
 * for one by one anyway.
 */
#include "push/import_private.h"

#define APP_USERS_MIN 100       /* an app with more users is guarded */
#define ORG_ASSIGNMENTS_MIN 100 /* an organisation with at least so many assignments is guarded */
#define PERCENT_DEFAULT 20

SQL(SAFEGUARD_GET, "SELECT app_on, app_percent, org_on, org_percent FROM import_safeguard WHERE one = 1");
SQL(SAFEGUARD_PUT, "INSERT INTO import_safeguard (one, app_on, app_percent, org_on, org_percent)"
                   " VALUES (1, $1, $2, $3, $4) ON CONFLICT (one) DO UPDATE SET app_on = excluded.app_on,"
                   " app_percent = excluded.app_percent, org_on = excluded.org_on,"
                   " org_percent = excluded.org_percent");
SQL(MISSED_AFTER, "SELECT rid, external_id FROM import_staged WHERE run_rid = $1 AND kind = 1 AND fate > 0 AND rid > $2"
                  " ORDER BY rid LIMIT $3");
SQL(RUNS_GOING, "SELECT rid FROM import_runs WHERE finished = 0 AND app_rid > 0 ORDER BY app_rid LIMIT $1");

#define RUNS_LOOKED_AT 1000
#define CHUNK 500

int import_safeguard_get(struct tx *tx, struct import_safeguard *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &SAFEGUARD_GET, NO_BINDS);
    if (r < 0)
        return r;
    *ret = (struct import_safeguard){true, PERCENT_DEFAULT, true, PERCENT_DEFAULT};
    if (r > 0)
        *ret = (struct import_safeguard){query_int(&query, 0) != 0, (int)query_int(&query, 1),
                                         query_int(&query, 2) != 0, (int)query_int(&query, 3)};
    query_close(&query);
    return 0;
}

int import_safeguard_set(struct tx *tx, const struct import_safeguard *safeguard, struct problem *problem)
{
    if (safeguard->app_percent < 1 || safeguard->app_percent > 100)
        return problem_invalid(problem, "importSafeguard", "app.percent: Must be from 1 to 100");
    if (safeguard->org_percent < 1 || safeguard->org_percent > 100)
        return problem_invalid(problem, "importSafeguard", "organization.percent: Must be from 1 to 100");
    int r = tx_exec(tx, &SAFEGUARD_PUT, I(safeguard->app_on), I(safeguard->app_percent), I(safeguard->org_on),
                    I(safeguard->org_percent));
    const struct event event = {.type = "system.import.roadblock.updated",
                                .message = "Import safeguard updated",
                                .severity = SEVERITY_INFO,
                                .debug =
                                    arena_printf(tx_arena(tx),
                                                 "{\"app\":\"%s\",\"appPercent\":%d,\"organization\":\"%s\","
                                                 "\"organizationPercent\":%d}",
                                                 safeguard->app_on ? "ENABLED" : "DISABLED", safeguard->app_percent,
                                                 safeguard->org_on ? "ENABLED" : "DISABLED", safeguard->org_percent)};
    return r < 0 ? r : record_event(tx, &event);
}

/* How many of those who were missed have the app. */
static int64_t count_losses(struct tx *tx, int64_t run_rid, int64_t app_rid)
{
    const char **ids = arena_array(tx_arena(tx), CHUNK, sizeof(*ids));
    int64_t losses = 0;
    int count = CHUNK;
    for (int64_t after = 0; count == CHUNK;) {
        struct query query;
        count = 0;
        int r = tx_query(tx, &query, &MISSED_AFTER, I(run_rid), I(after), I(CHUNK));
        while (r >= 0 && (r = query_next(&query)) > 0) {
            after = query_int(&query, 0);
            ids[count++] = push_text(tx, &query, 1);
        }
        for (int i = 0; r >= 0 && i < count; i++) {
            struct account account = {0};
            r = account_by_external(tx, app_rid, ids[i], &account);
            losses += r == 0 && account.scope != SCOPE_NONE;
            r = r == ERR_NOT_FOUND ? 0 : r;
        }
        if (r < 0)
            return r;
    }
    return losses;
}

/* What all imports that go on would take away, and all assignments there are. */
static int count_organisation(struct tx *tx, int64_t *ret_losses, int64_t *ret_all)
{
    int64_t *rids = arena_array(tx_arena(tx), RUNS_LOOKED_AT, sizeof(*rids));
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &RUNS_GOING, I(RUNS_LOOKED_AT));
    while (r >= 0 && (r = query_next(&query)) > 0)
        rids[count++] = query_int(&query, 0);
    for (int i = 0; r >= 0 && i < count; i++) {
        struct import_run run = {0};
        r = import_by_rid(tx, rids[i], &run);
        int64_t losses = r < 0 ? r : count_losses(tx, run.rid, run.app_rid);
        r = losses < 0 ? (int)losses : 0;
        *ret_losses += losses;
    }
    count = CHUNK;
    for (int64_t after = 0; r >= 0 && count == CHUNK;) {
        count = app_rids(tx, after, rids, CHUNK);
        r = MIN_OF(count, 0);
        for (int i = 0; r >= 0 && i < count; i++) {
            int64_t users = account_count(tx, rids[i]);
            r = users < 0 ? (int)users : 0;
            *ret_all += users;
            after = rids[i];
        }
    }
    return r;
}

int import_safeguard_judge(struct tx *tx, const struct import_run *run, const char **ret_why)
{
    struct import_safeguard safeguard = {0};
    int64_t all_losses = 0;
    int64_t all = 0;
    int r = import_safeguard_get(tx, &safeguard);
    int64_t users = r < 0 ? r : account_count(tx, run->app_rid);
    int64_t losses = users < 0 ? users : count_losses(tx, run->rid, run->app_rid);
    if (losses <= 0)
        return (int)losses;
    if (safeguard.app_on && users > APP_USERS_MIN && losses * 100 > users * safeguard.app_percent) {
        *ret_why = arena_printf(tx_arena(tx),
                                "%lld of the %lld people who have the app are not in it any more: more than the %d %% "
                                "of the import safeguard",
                                (long long)losses, (long long)users, safeguard.app_percent);
        return 1;
    }
    r = safeguard.org_on ? count_organisation(tx, &all_losses, &all) : 0;
    if (r < 0 || !safeguard.org_on || all < ORG_ASSIGNMENTS_MIN || all_losses * 100 <= all * safeguard.org_percent)
        return r;
    *ret_why = arena_printf(tx_arena(tx),
                            "imports would end %lld of the organisation's %lld assignments: more than the %d %% of the "
                            "import safeguard",
                            (long long)all_losses, (long long)all, safeguard.org_percent);
    return 1;
}

int import_hold(struct tx *tx, struct import_run *run, const char *why)
{
    run->state = IMPORT_HELD;
    run->error_class = "SAFEGUARD";
    run->error = why;
    int r = import_store(tx, run);
    return r < 0 ? r
                 : import_event(tx, run, "system.import.roadblock",
                                "Import roadblock triggered due to exceeded threshold", why, NULL);
}

int import_approve(struct tx *tx, struct import_run *run, struct problem *problem)
{
    if (run->state != IMPORT_HELD) {
        (void)problem_set(problem, E0000107, "%s", "import");
        return problem_cause(problem, "importId: The import is %s; only one that is HELD waits for approval",
                             import_state_name(run->state));
    }
    run->state = IMPORT_CHECKING;
    run->approved = true;
    run->error_class = NULL;
    run->error = NULL;
    int r = import_store(tx, run);
    if (r == 0)
        r = work_add(tx, run->app_rid, WORK_IMPORT, run->rid, WORK_BULK);
    return r < 0 ? r
                 : import_event(tx, run, "system.import.roadblock.reschedule_and_resume",
                                "The affected import has been resumed", NULL, NULL);
}
