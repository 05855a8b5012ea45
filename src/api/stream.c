/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/v1/stream: tells a browser (EventSource) that something was committed, so that it reads what it shows anew.
 * Each answer holds one event and ends; the browser asks again after `retry`, with the id of that event, and waits if
 * nothing came since. So nothing is missed between two answers, and no connection needs more than any other call.
 */
#include "api/inner.h"

#define RETRY_MS 400 /* milliseconds between two answers to one browser: the most that a status on the screen lags */

const char *stream_position(struct call *call)
{
    return arena_printf(call->arena, "%s.%llu", call->api->stream_id, (unsigned long long)api_generation(call->api));
}

static int stream(struct tx *tx, struct call *call)
{
    (void)tx;
    /* The browser sends the header from its second request on; until then the address says where it stands. */
    const char *last = call_request_header(call, "Last-Event-ID"), *now = stream_position(call);
    const char *seen = last ? last : call_query(call, "after");
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
