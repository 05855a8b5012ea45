/* SPDX-License-Identifier: Apache-2.0 */
/* What event hooks are told, and what came of it. */
#include "app/hook_body.h"

#define SCAN_ROWS 2000 /* events that are looked at for one delivery */

SQL(HOOK_SKIP, "UPDATE event_hooks SET position = $2 WHERE rid = $1 AND position < $2");
SQL(HOOK_CLAIM,
    "UPDATE event_hooks SET holder = $2, held_until = $4 WHERE rid = $1 AND (holder = $2 OR held_until <= $3)");
SQL(HOOK_DONE, "UPDATE event_hooks SET position = $2, batch_end = 0, attempts = 0, due = 0, error = $3, held_until = 0,"
               " deliveries = deliveries + 1 WHERE rid = $1");
SQL(HOOK_FAILED, "UPDATE event_hooks SET batch_end = $2, attempts = attempts + 1, due = $3, error = $4, held_until = 0,"
                 " deliveries = deliveries + 1 WHERE rid = $1");
SQL(DELIVERY_INSERT, "INSERT INTO hook_deliveries (hook_rid, number, event_id, sent, duration_ms, attempt, events,"
                     " status, outcome, error, next_try) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
SQL(DELIVERIES_FORGET, "DELETE FROM hook_deliveries WHERE hook_rid = $1 AND number <= $2");
SQL(DELIVERIES, "SELECT number, event_id, sent, duration_ms, attempt, events, status, outcome, error, next_try"
                " FROM hook_deliveries WHERE hook_rid = $1 AND number < $2 ORDER BY number DESC LIMIT $3");

/* --- what comes next ------------------------------------------------------------------------------------------------
 */

struct collecting {
    const struct jval *types;
    struct jout out;
    struct buf *buf;
    int64_t until; /* number of the last event that may be taken; 0: any */
    int64_t looked;
    int64_t last;
    int64_t first;
    int events;
};

static bool is_wanted(const struct jval *types, const char *type)
{
    for (size_t i = 0; i < jval_len(types); i++)
        if (str_eq(jval_str(jval_at(types, i)), type))
            return true;
    return false;
}

static int collect(int64_t number, const char *type, const char *event, void *data)
{
    struct collecting *c = data;
    if (c->until && number > c->until)
        return 1;
    if (is_wanted(c->types, type)) {
        if (c->events == LIMIT_HOOK_EVENTS || (c->events && c->buf->len + strlen(event) > LIMIT_HOOK_BYTES))
            return 1;
        jout_raw(&c->out, NULL, event);
        c->first = c->events++ ? c->first : number;
        c->last = number;
    }
    c->looked = number;
    return 0;
}

/* As published (CloudEvents 0.1). The time is that of the try, the id that of the delivery. */
static const char *body_of(struct tx *tx, const struct hook *hook, const char *source, const struct buf *events,
                           const char *event_id)
{
    char when[CLOCK_TEXT_BYTES];
    struct buf text;
    struct jout out;
    buf_init(&text, events->len + LIMIT_PROFILE_BYTES);
    jout_init(&out, &text);
    jout_object(&out, NULL);
    jout_str(&out, "eventType", "com.okta.event_hook");
    jout_str(&out, "eventTypeVersion", "1.0");
    jout_str(&out, "cloudEventsVersion", "0.1");
    jout_str(&out, "contentType", "application/json");
    jout_str(&out, "eventId", event_id);
    jout_str(&out, "eventTime", clock_iso(tx_now(tx), when));
    jout_str(&out, "source", arena_printf(tx_arena(tx), "%s/api/v1/eventHooks/%s", source, hook->id));
    jout_object(&out, "data");
    jout_raw(&out, "events", buf_text(events));
    jout_end(&out);
    jout_end(&out);
    const char *body = arena_strdup(tx_arena(tx), buf_text(&text));
    buf_free(&text);
    return body;
}

static int sign(struct tx *tx, const struct keyring *keyring, const struct hook *hook, struct hook_batch *batch)
{
    const char *secret = NULL;
    int r = hook_signing_secret(tx, keyring, hook, &secret);
    if (r < 0)
        return r;
    batch->stamp = arena_printf(tx_arena(tx), "%lld", (long long)(tx_now(tx) / 1000));
    batch->signature = sign_text(tx_arena(tx), secret, batch->stamp, batch->body);
    seal_wipe(secret);
    return 0;
}

int hook_next(struct tx *tx, const struct keyring *keyring, const struct hook *hook, int64_t from, const char *source,
              struct hook_batch *ret)
{
    struct jval *document CLEANUP(jval_freep) = NULL;
    struct buf events;
    if (jval_parse(&document, hook->document, strlen(hook->document), NULL) < 0)
        return ERR_CORRUPT;
    from = MAX_OF(from, hook->position);
    buf_init(&events, (size_t)LIMIT_HOOK_BYTES + (size_t)2 * LIMIT_PROFILE_BYTES);
    struct collecting c = {
        .types = jval_path(document, "events.items"), .buf = &events, .until = hook->batch_end, .looked = from};
    jout_init(&c.out, &events);
    jout_array(&c.out, NULL);
    int r = record_log_each(tx, from, SCAN_ROWS, collect, &c);
    jout_end(&c.out);
    *ret = (struct hook_batch){.hook_rid = hook->rid, .version = hook->version, .last = c.looked, .events = c.events};
    if (r >= 0 && c.events) {
        ret->last = c.last;
        ret->event_id = arena_printf(tx_arena(tx), "%s-%lld", hook->id, (long long)c.first);
        ret->body = body_of(tx, hook, source, &events, ret->event_id);
        r = sign(tx, keyring, hook, ret);
    }
    if (r >= 0 && !c.events && hook->batch_end) /* what was to be tried again has expired */
        ret->last = MAX_OF(c.looked, hook->batch_end);
    buf_free(&events);
    return MIN_OF(r, 0);
}

int hook_claim(struct tx *tx, int64_t rid, const char *holder, int64_t now, int64_t until)
{
    int r = tx_exec(tx, &HOOK_CLAIM, I(rid), T(holder), I(now), I(until));
    return r > 0 ? 1 : r;
}

int hook_skip(struct tx *tx, int64_t rid, int64_t number)
{
    int r = tx_exec(tx, &HOOK_SKIP, I(rid), I(number));
    return MIN_OF(r, 0);
}

/* --- what came of it ------------------------------------------------------------------------------------------------
 */

static int tell(struct tx *tx, const struct hook *hook, enum severity severity, const char *message, const char *error)
{
    struct jval *document CLEANUP(jval_freep) = NULL;
    if (jval_parse(&document, hook->document, strlen(hook->document), NULL) < 0)
        return ERR_CORRUPT;
    const struct event event = {
        .type = "event_hook.delivery",
        .message = message,
        .severity = severity,
        .outcome = error ? "FAILURE" : "SUCCESS",
        .reason = error,
        .targets = {{.id = hook->id, .type = "EventHook", .name = jval_get_str(document, "name")}},
        .target_count = 1,
    };
    return record_event(tx, &event);
}

static int remember(struct tx *tx, const struct hook *hook, const struct hook_result *result, const char *outcome,
                    int64_t next_try)
{
    const struct hook_batch *batch = result->batch;
    int64_t number = hook->deliveries + 1;
    int r = tx_exec(tx, &DELIVERY_INSERT, I(hook->rid), I(number), T(batch->event_id), I(result->sent),
                    I(result->duration_ms), I(hook->attempts + 1), I(batch->events), I(result->status), T(outcome),
                    T(result->error), I(next_try));
    if (r >= 0)
        r = tx_exec(tx, &DELIVERIES_FORGET, I(hook->rid), I(number - LIMIT_HOOK_DELIVERIES));
    return MIN_OF(r, 0);
}

int hook_delivered(struct tx *tx, const struct hook_result *result)
{
    const struct hook_batch *batch = result->batch;
    struct hook hook = {0};
    int r = hook_by_rid(tx, batch->hook_rid, &hook);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (hook.version != batch->version || !hook.active || batch->last <= hook.position)
        return 0;
    bool given_up = !result->ok && hook.attempts + 1 >= LIMIT_HOOK_TRIES;
    int64_t next_try = result->ok || given_up ? 0 : tx_now(tx) + result->wait_ms;
    const char *outcome = result->ok ? "DELIVERED" : given_up ? "ABANDONED" : "RETRYING";
    r = remember(tx, &hook, result, outcome, next_try);
    if (r == 0 && (result->ok || given_up))
        r = tx_exec(tx, &HOOK_DONE, I(hook.rid), I(batch->last), T(result->error));
    else if (r == 0)
        r = tx_exec(tx, &HOOK_FAILED, I(hook.rid), I(batch->last), I(next_try), T(result->error));
    if (r < 0)
        return r;
    if (given_up)
        return tell(tx, &hook, SEVERITY_ERROR, "A delivery to an event hook was given up; the events after it follow",
                    result->error);
    if (!result->ok && hook.attempts == 0)
        return tell(tx, &hook, SEVERITY_WARN, "A delivery to an event hook failed and is tried again", result->error);
    if (result->ok && hook.attempts > 0)
        return tell(tx, &hook, SEVERITY_INFO, "An event hook takes deliveries again", NULL);
    return 0;
}

/* --- shown ----------------------------------------------------------------------------------------------------------
 */

static void write_delivery(struct jout *out, const struct query *query)
{
    jout_object(out, NULL);
    jout_int(out, "number", query_int(query, 0));
    jout_str(out, "eventId", query_text(query, 1));
    jout_time(out, "sent", query_int(query, 2));
    jout_int(out, "durationMs", query_int(query, 3));
    jout_int(out, "attempt", query_int(query, 4));
    jout_int(out, "events", query_int(query, 5));
    if (query_int(query, 6))
        jout_int(out, "status", query_int(query, 6));
    else
        jout_null(out, "status");
    jout_str(out, "outcome", query_text(query, 7));
    jout_str(out, "error", query_text(query, 8));
    jout_time(out, "nextTry", query_int(query, 9));
    jout_end(out);
}

int hook_deliveries_write(struct tx *tx, struct jout *out, int64_t hook_rid, int64_t before, int limit,
                          int64_t *ret_last)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &DELIVERIES, I(hook_rid), I(before ? before : INT64_MAX), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        write_delivery(out, &query);
        *ret_last = query_int(&query, 0);
        count++;
    }
    return r < 0 ? r : count;
}
