/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/health.h"

#include "app/app.h"
#include "record/record.h"
#include "target/request.h"

SQL(QUARANTINE_GET, "SELECT error_class, words, since, next_try, failures FROM quarantine WHERE app_rid = $1");
SQL(QUARANTINED, "SELECT app_rid FROM quarantine WHERE app_rid > $1 ORDER BY app_rid LIMIT $2");
SQL(QUARANTINE_SET, "INSERT INTO quarantine (app_rid, error_class, words, since, next_try, failures)"
                    " VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (app_rid) DO UPDATE SET"
                    " error_class = excluded.error_class, words = excluded.words, next_try = excluded.next_try,"
                    " failures = quarantine.failures + 1");
SQL(QUARANTINE_DELETE, "DELETE FROM quarantine WHERE app_rid = $1");

int quarantine_get(struct tx *tx, int64_t app_rid, struct quarantine *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &QUARANTINE_GET, I(app_rid));
    if (r <= 0)
        return r;
    *ret = (struct quarantine){.error_class = arena_strdup(tx_arena(tx), query_text(&query, 0)),
                               .words = arena_strdup(tx_arena(tx), query_text(&query, 1)),
                               .since = query_int(&query, 2),
                               .next_try = query_int(&query, 3),
                               .failures = query_int(&query, 4)};
    query_close(&query);
    return 1;
}

int quarantined_apps(struct tx *tx, int64_t after, int64_t *ret_app_rids, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &QUARANTINED, I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret_app_rids[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

static int tell(struct tx *tx, int64_t app_rid, const char *type, enum severity severity, const char *message,
                const char *reason)
{
    struct app app = {0};
    int r = app_by_rid(tx, app_rid, &app);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    struct event event = {
        .type = type,
        .message = message,
        .severity = severity,
        .outcome = reason ? "FAILURE" : "SUCCESS",
        .reason = reason,
        .targets = {{.id = app.id, .type = "AppInstance", .alternate_id = app.label, .name = app.label}},
        .target_count = 1};
    return record_event(tx, &event);
}

int quarantine_fail(struct tx *tx, int64_t app_rid, enum error_class class, const char *words, int64_t next_try)
{
    struct quarantine before = {0};
    int known = quarantine_get(tx, app_rid, &before);
    if (known < 0)
        return known;
    const char *text = arena_printf(tx_arena(tx), "%s (%s)", error_class_words(class), words);
    int r = tx_exec(tx, &QUARANTINE_SET, I(app_rid), T(error_class_name(class)), T(text), I(tx_now(tx)), I(next_try));
    if (r >= 0 && !(known && str_eq(before.error_class, error_class_name(class))))
        r = tell(tx, app_rid, error_class_event(class), SEVERITY_ERROR,
                 "Nothing gets through to the application: it is in quarantine",
                 target_redact_words(tx_arena(tx), text, NULL));
    return r < 0 ? r : 0;
}

int quarantine_lift(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &QUARANTINE_DELETE, I(app_rid));
    if (r <= 0)
        return r;
    return tell(tx, app_rid, "muster.app.quarantine.lift", SEVERITY_INFO,
                "The application answers again: its quarantine is lifted", NULL);
}

int rate_limit_began(struct tx *tx, int64_t app_rid, const char *words)
{
    return tell(tx, app_rid, error_class_event(ERROR_RATE_LIMITED), SEVERITY_WARN,
                error_class_words(ERROR_RATE_LIMITED), words);
}
