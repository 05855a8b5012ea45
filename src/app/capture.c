/* SPDX-License-Identifier: Apache-2.0 */
/* Full capture: whose it is and until when is the record's business; this tells of it. */
#include "app/inner.h"

static int tell(struct tx *tx, const char *type, const char *message, const struct app *app, const char *reason)
{
    const struct event event = {
        .type = type,
        .message = message,
        .severity = SEVERITY_WARN,
        .reason = reason,
        .targets = {{.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
        .target_count = 1,
    };
    return record_event(tx, &event);
}

int app_capture_start(struct tx *tx, const struct app *app, int64_t minutes, struct problem *problem)
{
    if (minutes < 1 || minutes > LIMIT_CAPTURE_MINUTES)
        return problem_invalid(problem, "minutes", "minutes: must be a whole number from 1 to %d",
                               LIMIT_CAPTURE_MINUTES);
    int64_t until = tx_now(tx) + minutes * 60000;
    int r = record_capture_set(tx, app->rid, until);
    if (r < 0)
        return r;
    char text[CLOCK_TEXT_BYTES];
    return tell(tx, "muster.app.capture.start", "Keep requests to the application and its answers in full", app,
                arena_printf(tx_arena(tx), "until %s", clock_iso(until, text)));
}

static int end(struct tx *tx, const struct app *app, const char *why)
{
    int r = record_capture_remove(tx, app->rid);
    return r <= 0 ? r
                  : tell(tx, "muster.app.capture.end", "Redact requests to the application and its answers again", app,
                         why);
}

int app_capture_end(struct tx *tx, const struct app *app)
{
    return end(tx, app, NULL);
}

int app_capture_expire(struct tx *tx)
{
    int64_t rid = 0;
    struct app app;
    int r = record_capture_ended(tx, &rid);
    if (r <= 0)
        return r;
    r = app_by_rid(tx, rid, &app);
    if (r == 0)
        r = end(tx, &app, "its time is over");
    return r < 0 ? r : 1;
}
