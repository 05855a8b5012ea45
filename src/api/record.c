/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of what happened, and for how long: full capture of one app, and the times. */
#include "record/record.h"
#include "api/app_objects.h"
#include "base/limits.h"

#define CAPTURE "/api/v1/apps/{appId}/capture"
#define KEEP "/api/v1/org/record"
#define ATTEMPTS_SHOWN 50      /* journal entries of one answer... */
#define ATTEMPTS_SHOWN_MAX 200 /* ...and with limit= */

/* --- full capture ---------------------------------------------------------------------------------------------------
 */

static int write_capture(struct tx *tx, struct call *call, const struct app *app)
{
    struct capture capture = {0};
    int on = record_capture_get(tx, app->rid, &capture);
    if (on < 0)
        return on;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "status", on ? "ON" : "OFF");
    if (on) {
        jout_time(out, "started", capture.started);
        jout_time(out, "until", capture.until);
        jout_str(out, "startedBy", capture.by);
    }
    jout_end(out);
    return 0;
}

static int get_capture(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : write_capture(tx, call, &app);
}

static int put_capture(struct tx *tx, struct call *call)
{
    struct app app = {0};
    const struct jval *body = NULL;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = call_body_object(call, &body);
    if (r == 0)
        r = app_capture_start(tx, &app, jval_int(jval_get(body, "minutes"), 0), &call->problem);
    return r < 0 ? r : write_capture(tx, call, &app);
}

static int delete_capture(struct tx *tx, struct call *call)
{
    struct app app = {0};
    call->status = 204;
    int r = find_app(tx, call, &app);
    return r < 0 ? r : app_capture_end(tx, &app);
}

/* --- the journal ----------------------------------------------------------------------------------------------------
 */

static int after_place(struct call *call, const struct page *page, struct attempt_place *ret)
{
    char *end = NULL;
    if (!page->after)
        return 0;
    ret->sent = strtoll(page->after, &end, 10);
    if (*end == '.')
        ret->rid = strtoll(end + 1, &end, 10);
    return *end || ret->rid < 1 ? call_invalid(call, "after", "This is not a cursor of this list; start anew") : 0;
}

static int list_attempts(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct page page = {0};
    struct attempt_place next = {0};
    struct attempt_query query = {.until = INT64_MAX};
    int r = call_page(call, ATTEMPTS_SHOWN, ATTEMPTS_SHOWN_MAX, &page);
    if (r == 0)
        r = after_place(call, &page, &query.after);
    if (r == 0)
        r = call_query_bool(call, "failed", false, &query.failed);
    if (r == 0)
        r = call_query_time(call, "since", &query.since);
    if (r >= 0)
        r = call_query_time(call, "until", &query.until);
    if (r >= 0)
        r = find_app(tx, call, &app);
    if (r < 0)
        return r;
    query.app_rid = app.rid;
    query.limit = page.limit;
    jout_array(&call->out, NULL);
    int count = record_attempts_of_app_write(tx, &call->out, &query, &next);
    jout_end(&call->out);
    const char *cursor = arena_printf(call->arena, "%lld.%lld", (long long)next.sent, (long long)next.rid);
    call_page_links(call, next.rid ? cursor : NULL);
    return MIN_OF(count, 0);
}

/* --- times ----------------------------------------------------------------------------------------------------------
 */

static int get_keep(struct tx *tx, struct call *call)
{
    struct record_keep keep = {0};
    int r = record_keep_get(tx, &keep);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_int(&call->out, "attemptDays", keep.attempt_days);
    jout_int(&call->out, "logDays", keep.log_days);
    jout_end(&call->out);
    return 0;
}

/* What is absent stays as it is. */
static int read_days(struct call *call, const struct jval *body, const char *name, int *ret)
{
    const struct jval *value = jval_get(body, name);
    if (!value)
        return 0;
    int64_t days = jval_int(value, 0);
    if (days < 1 || days > LIMIT_KEEP_DAYS)
        return call_invalid(call, name, "must be a whole number from 1 to %d (days)", LIMIT_KEEP_DAYS);
    *ret = (int)days;
    return 0;
}

static int put_keep(struct tx *tx, struct call *call)
{
    struct record_keep keep = {0};
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = record_keep_get(tx, &keep);
    if (r == 0)
        r = read_days(call, body, "attemptDays", &keep.attempt_days);
    if (r == 0)
        r = read_days(call, body, "logDays", &keep.log_days);
    if (r == 0)
        r = record_keep_set(tx, &keep);
    return r < 0 ? r : get_keep(tx, call);
}

const struct route record_routes[] = {
    {"GET", "/api/v1/apps/{appId}/attempts", ROUTE_READ, ROLE_READ_ONLY, list_attempts, "listApplicationAttempts",
     NULL},
    {"GET", CAPTURE, ROUTE_READ, ROLE_READ_ONLY, get_capture, "getApplicationCapture", NULL},
    {"PUT", CAPTURE, ROUTE_WRITE, ROLE_ADMIN, put_capture, "startApplicationCapture", NULL},
    {"DELETE", CAPTURE, ROUTE_WRITE, ROLE_ADMIN, delete_capture, "endApplicationCapture", NULL},
    {"GET", KEEP, ROUTE_READ, ROLE_READ_ONLY, get_keep, "getRecordSettings", NULL},
    {"PUT", KEEP, ROUTE_WRITE, ROLE_ADMIN, put_keep, "replaceRecordSettings", NULL},
    {.method = NULL},
};
