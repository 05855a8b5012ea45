/* SPDX-License-Identifier: Apache-2.0 */
/* Imports that start by themselves. */
#include "push/import_private.h"

#include "base/zone.h"
#include "push/cron.h"

#define STARTED_AT_ONCE 16

SQL(SCHEDULE_DUE, "SELECT app_rid FROM import_settings WHERE next_at > 0 AND next_at <= $1 ORDER BY next_at LIMIT $2");
SQL(SCHEDULE_NEXT, "SELECT next_at FROM import_settings WHERE next_at > 0 ORDER BY next_at LIMIT 1");

/* The first time of the schedule after now, by the clocks of its zone; 0: none. */
static int next_time(const struct import_settings *settings, const struct cron *cron, int64_t now, int64_t *ret,
                     struct problem *problem)
{
    struct zone *zone = NULL;
    if (!settings->timezone) {
        *ret = cron_next(cron, now);
        return 0;
    }
    if (zone_load(&zone, settings->timezone) < 0)
        return problem_invalid(problem, "schedule",
                               "timezone: \"%.64s\" is no time zone that this system knows; give a name of the IANA "
                               "database, such as Europe/Berlin, or UTC",
                               settings->timezone);
    *ret = cron_next_in(cron, zone, now);
    (void)zone_free(zone);
    return 0;
}

int import_schedule_next(struct tx *tx, struct import_settings *settings, struct problem *problem)
{
    struct cron cron = {0};
    char why[128] = "";
    int64_t next = 0;
    settings->next_at = 0;
    if (!settings->expression)
        return settings->scheduled ? problem_invalid(problem, "schedule",
                                                     "fullImport.expression: Must be given while status is ENABLED, "
                                                     "such as \"0 3 * * *\" for each day at three")
                                   : 0;
    if (cron_parse(settings->expression, &cron, why, sizeof(why)) < 0)
        return problem_invalid(
            problem, "schedule",
            "fullImport.expression: Must have five fields as of UNIX cron, such as \"0 3 * * *\"; %s", why);
    int r = next_time(settings, &cron, tx_now(tx), &next, problem);
    if (r < 0)
        return r;
    if (next == 0)
        return problem_invalid(problem, "schedule", "fullImport.expression: Names a day that never comes");
    settings->next_at = settings->scheduled ? next : 0;
    return 0;
}

static int tell_scheduled(struct tx *tx, const struct app *app, const char *refusal)
{
    const struct event event = {
        .type = "system.import.schedule",
        .message = "Import process was scheduled",
        .severity = refusal ? SEVERITY_WARN : SEVERITY_INFO,
        .outcome = refusal ? "SKIPPED" : NULL,
        .reason = refusal,
        .targets = {{.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
        .target_count = 1};
    return record_event(tx, &event);
}

/* What cannot start now is left out, and said; the next time comes all the same. */
static int start_one(struct tx *tx, int64_t app_rid)
{
    struct app app = {0};
    struct import_run run = {0};
    struct import_settings settings = {0};
    struct problem problem = {0};
    struct problem none = {0};
    int r = app_by_rid(tx, app_rid, &app);
    if (r == ERR_NOT_FOUND)
        return import_settings_delete(tx, app_rid);
    if (r == 0)
        r = import_start(tx, &app, IMPORT_ALL, true, &run, &problem);
    if (r == 0 || r == ERR_PROBLEM)
        r = tell_scheduled(tx, &app, r < 0 ? problem.causes[0] : NULL);
    if (r == 0)
        r = import_settings_get(tx, app_rid, &settings);
    if (r == 0 && import_schedule_next(tx, &settings, &none) < 0)
        settings.next_at = 0;
    return r < 0 ? r : import_settings_store(tx, app_rid, &settings);
}

int apps_due_start(struct tx *tx, struct sql *due, struct sql *next, int (*start)(struct tx *tx, int64_t app_rid),
                   int64_t *ret_next)
{
    int64_t apps[STARTED_AT_ONCE];
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, due, I(tx_now(tx)), I(STARTED_AT_ONCE));
    while (r >= 0 && (r = query_next(&query)) > 0)
        apps[count++] = query_int(&query, 0);
    for (int i = 0; r >= 0 && i < count; i++)
        r = start(tx, apps[i]);
    if (r < 0)
        return r;
    *ret_next = 0;
    r = tx_get_int(tx, ret_next, next, NO_BINDS);
    return r < 0 ? r : count;
}

int import_schedule_run(struct tx *tx, int64_t *ret_next)
{
    return apps_due_start(tx, &SCHEDULE_DUE, &SCHEDULE_NEXT, start_one, ret_next);
}
