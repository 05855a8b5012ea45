/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/v1/stream: tells a browser (EventSource) that something was committed, so that it reads what it shows anew.
 * Each answer holds one event and ends; the browser asks again after `retry`, with the id of that event, and waits if
 * nothing came since. So nothing is missed between two answers, and no connection needs more than any other call.
 */
#include "api/inner.h"

#define RETRY_MS 400 /* milliseconds between two answers to one browser: the most that a status on the screen lags */

static int stream(struct tx *tx, struct call *call)
{
    (void)tx;
    struct api *api = call->api;
    const char *seen = call_request_header(call, "Last-Event-ID");
    const char *now = arena_printf(call->arena, "%s.%llu", api->stream_id, (unsigned long long)api_generation(api));
    bool same = str_eq(seen, now);
    if (same && call_may_wait(call, LIMIT_STREAM_WAIT_MS))
        return CALL_AGAIN;
    call->content_type = "text/event-stream";
    /* A comment keeps the browser's last id; an event without news would make it read for nothing. */
    buf_printf(&call->body_out, "retry: %d\n%s\nid: %s\n%s\n", RETRY_MS, same ? ": nothing new" : "event: change", now,
               same ? "" : "data: {}\n");
    return 0;
}

const struct route stream_routes[] = {
    {"GET", "/api/v1/stream", ROUTE_READ, ROLE_READ_ONLY, stream, "streamChanges", NULL},
    {.method = NULL},
};
