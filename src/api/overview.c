/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The organisation at a glance: what needs attention, what went on, and how much of each app is in step. Whatever its
 * size, a call takes a bounded number of statements, each of which looks at a bounded number of rows.
 */
#include "push/overview.h"

#include "api/failure.h"
#include "api/push_objects.h"
#include "app/work.h"
#include "engine/health.h"
#include "record/record.h"

#define OVERVIEW "/api/v1/overview"
#define LOOKED_AT 10000         /* failed objects, differences or held changes that are counted */
#define ROWS_SHOWN 100          /* of each kind of what needs attention */
#define HOURS_DEFAULT 24        /* hours */
#define APPS_DEFAULT 20         /* apps of a page */
#define APPS_MAX 50             /* apps of a page */
#define MEMBERS_LOOKED_AT 50000 /* members of an app that are counted of each kind */
#define MEDIAN 50               /* per cent */
#define MOST 95                 /* per cent */

struct glance {
    struct tx *tx;
    struct call *call;
    struct app app; /* the one that was looked up last */
    bool complete;
};

/* Opens an object that names the app. 1, or 0: the app is off or gone, and nothing of it needs anybody. */
static int open_row(struct glance *glance, int64_t app_rid)
{
    if (glance->app.rid != app_rid) {
        int r = app_by_rid(glance->tx, app_rid, &glance->app);
        if (r < 0)
            glance->app = (struct app){0};
        if (r < 0)
            return r == ERR_NOT_FOUND ? 0 : r;
    }
    if (glance->app.status != APP_ACTIVE)
        return 0;
    struct jout *out = &glance->call->out;
    jout_object(out, NULL);
    jout_str(out, "appId", glance->app.id);
    jout_str(out, "appLabel", glance->app.label);
    return 1;
}

static void write_failures(struct jout *out, const char *concerns, const char *class, int64_t count, int64_t since)
{
    jout_str(out, "concerns", concerns);
    jout_str(out, "errorClass", class);
    failure_write_class(out, class);
    jout_int(out, "count", count);
    if (since)
        jout_time(out, "since", since);
}

static int write_errors(struct glance *glance)
{
    struct jout *out = &glance->call->out;
    struct work_failures *failures = arena_array(glance->call->arena, ROWS_SHOWN, sizeof(*failures));
    struct overview_row *members = arena_array(glance->call->arena, ROWS_SHOWN, sizeof(*members));
    int64_t looked = 0;
    int count = work_failures(glance->tx, LOOKED_AT, failures, ROWS_SHOWN, &looked);
    int refused = count < 0 ? count : overview_members_failed(glance->tx, LOOKED_AT, members, ROWS_SHOWN);
    if (refused < 0)
        return refused;
    glance->complete &= looked < LOOKED_AT && count < ROWS_SHOWN && refused < ROWS_SHOWN;
    jout_array(out, "errors");
    int r = 0;
    for (int i = 0; r >= 0 && i < count; i++) {
        r = open_row(glance, failures[i].app_rid);
        if (r <= 0)
            continue;
        write_failures(out, failures[i].kind == WORK_ACCOUNT ? "ACCOUNT" : "GROUP", failures[i].error_class,
                       failures[i].count, failures[i].since);
        jout_int(out, "held", failures[i].held);
        jout_end(out);
    }
    for (int i = 0; r >= 0 && i < refused; i++) {
        r = open_row(glance, members[i].app_rid);
        if (r <= 0)
            continue;
        write_failures(out, "MEMBER", members[i].error_class, members[i].count, members[i].since);
        glance->complete &= members[i].count < LOOKED_AT;
        jout_end(out);
    }
    jout_end(out);
    return MIN_OF(r, 0);
}

static int write_quarantines(struct glance *glance)
{
    struct jout *out = &glance->call->out;
    int64_t rids[ROWS_SHOWN];
    int count = quarantined_apps(glance->tx, 0, rids, ROWS_SHOWN);
    int r = MIN_OF(count, 0);
    jout_array(out, "quarantines");
    for (int i = 0; r >= 0 && i < count; i++) {
        struct quarantine quarantine = {0};
        r = open_row(glance, rids[i]);
        if (r <= 0)
            continue;
        r = quarantine_get(glance->tx, rids[i], &quarantine);
        jout_str(out, "errorClass", quarantine.error_class);
        failure_write_class(out, quarantine.error_class);
        jout_str(out, "error", quarantine.words);
        jout_time(out, "since", quarantine.since);
        jout_time(out, "nextTry", quarantine.next_try);
        jout_int(out, "failures", quarantine.failures);
        jout_end(out);
    }
    jout_end(out);
    glance->complete &= count < ROWS_SHOWN;
    return MIN_OF(r, 0);
}

enum list { HOLDS, IMPORTS, DRIFT };

static int write_list(struct glance *glance, const char *key, enum list list)
{
    struct tx *tx = glance->tx;
    struct jout *out = &glance->call->out;
    struct overview_row *rows = arena_array(glance->call->arena, ROWS_SHOWN, sizeof(*rows));
    int count = list == HOLDS     ? overview_holds(tx, rows, ROWS_SHOWN)
                : list == IMPORTS ? overview_imports(tx, rows, ROWS_SHOWN)
                                  : overview_drift(tx, LOOKED_AT, rows, ROWS_SHOWN);
    int r = MIN_OF(count, 0);
    jout_array(out, key);
    for (int i = 0; r >= 0 && i < count; i++) {
        r = open_row(glance, rows[i].app_rid);
        if (r <= 0)
            continue;
        int changes = list == HOLDS ? overview_held(tx, rows[i].app_rid, LOOKED_AT) : 0;
        r = MIN_OF(changes, 0);
        if (list == HOLDS)
            jout_int(out, "changes", changes);
        if (list != IMPORTS)
            jout_int(out, list == HOLDS ? "holds" : "differences", rows[i].count);
        jout_time(out, "since", rows[i].since);
        jout_end(out);
        glance->complete &= changes < LOOKED_AT && rows[i].count < LOOKED_AT;
    }
    jout_end(out);
    glance->complete &= count < ROWS_SHOWN;
    return MIN_OF(r, 0);
}

static int get_overview(struct tx *tx, struct call *call)
{
    struct glance glance = {.tx = tx, .call = call, .complete = true};
    jout_object(&call->out, NULL);
    int r = write_quarantines(&glance);
    if (r == 0)
        r = write_list(&glance, "holds", HOLDS);
    if (r == 0)
        r = write_list(&glance, "imports", IMPORTS);
    if (r == 0)
        r = write_errors(&glance);
    if (r == 0)
        r = write_list(&glance, "drift", DRIFT);
    jout_bool(&call->out, "complete", glance.complete);
    jout_end(&call->out);
    return r;
}

/* --- what went on --------------------------------------------------------------------------------------------------
 */

static int read_hours(struct call *call, int *ret)
{
    const char *text = call_query(call, "hours");
    *ret = HOURS_DEFAULT;
    if (!text || !*text)
        return 0;
    char *end = NULL;
    long hours = strspn(text, "0123456789") == strlen(text) && strlen(text) < 6 ? strtol(text, &end, 10) : 0;
    if (hours < 1 || hours > LIMIT_ACTIVITY_HOURS)
        return call_invalid(call, "hours", "must be a whole number from 1 to %d", LIMIT_ACTIVITY_HOURS);
    *ret = (int)hours;
    return 0;
}

static void write_delay(struct jout *out, const char *key, const struct activity_hour *hour, int percent)
{
    int64_t ms = activity_delay(hour, percent);
    if (ms < 0)
        jout_null(out, key);
    else
        jout_int(out, key, ms);
}

/* The hours up to this one, which has not ended. */
static int get_activity(struct tx *tx, struct call *call)
{
    int hours = 0;
    int r = read_hours(call, &hours);
    if (r < 0)
        return r;
    struct jout *out = &call->out;
    struct activity_hour *rows = arena_array(call->arena, (size_t)hours, sizeof(*rows));
    r = record_activity_read(tx, tx_now(tx) / ACTIVITY_HOUR_MS - hours + 1, rows, hours);
    if (r < 0)
        return r;
    jout_array(out, NULL);
    for (int i = 0; i < hours; i++) {
        jout_object(out, NULL);
        jout_time(out, "hour", rows[i].hour * ACTIVITY_HOUR_MS);
        jout_int(out, "pushed", rows[i].n[ACTIVITY_PUSHED]);
        jout_int(out, "failed", rows[i].n[ACTIVITY_FAILED]);
        jout_int(out, "inStep", activity_done(&rows[i]));
        write_delay(out, "medianMs", &rows[i], MEDIAN);
        write_delay(out, "mostMs", &rows[i], MOST);
        jout_end(out);
    }
    jout_end(out);
    return 0;
}

/* --- members in step -----------------------------------------------------------------------------------------------
 */

static int write_app(struct tx *tx, struct jout *out, const struct app *app, int64_t groups)
{
    struct overview_members members = {0};
    const char *why = NULL; /* nothing is sent there */
    int r = overview_members(tx, app->rid, MEMBERS_LOOKED_AT, &members);
    if (r >= 0)
        r = app_is_open(tx, app->rid, &why);
    if (r < 0)
        return r;
    jout_object(out, NULL);
    jout_str(out, "appId", app->id);
    jout_str(out, "appLabel", app->label);
    jout_int(out, "groups", groups);
    jout_int(out, "inStep", members.in_step);
    jout_int(out, "waiting", members.waiting);
    jout_int(out, "refused", members.refused);
    jout_bool(out, "complete", members.complete);
    jout_str(out, "waits", why);
    jout_end(out);
    return 0;
}

static int list_apps_in_step(struct tx *tx, struct call *call)
{
    struct page page = {0};
    int64_t after = 0;
    int64_t rid = 0;
    int64_t groups = 0;
    int r = call_page(call, APPS_DEFAULT, APPS_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    int shown = 0;
    while ((r = overview_next_app(tx, after, &rid, &groups)) > 0 && shown < page.limit) {
        struct app app = {0};
        after = rid;
        r = app_by_rid(tx, rid, &app);
        if (r == 0) {
            shown++;
            r = write_app(tx, &call->out, &app, groups);
        }
        if (r < 0 && r != ERR_NOT_FOUND)
            break;
    }
    jout_end(&call->out);
    call_page_links(call, r > 0 ? arena_printf(call->arena, "%lld", (long long)after) : NULL);
    return MIN_OF(r, 0);
}

const struct route overview_routes[] = {
    {"GET", OVERVIEW, ROUTE_READ, ROLE_READ_ONLY, get_overview, "getOverview", NULL},
    {"GET", OVERVIEW "/activity", ROUTE_READ, ROLE_READ_ONLY, get_activity, "getOverviewActivity", NULL},
    {"GET", OVERVIEW "/apps", ROUTE_READ, ROLE_READ_ONLY, list_apps_in_step, "listOverviewApps", NULL},
    {.method = NULL},
};
