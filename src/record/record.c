/* SPDX-License-Identifier: Apache-2.0 */
#include "record/record.h"

#include "base/clock.h"
#include "base/limits.h"

#define REASON_CHARS 255 /* characters of outcome.reason, as published */

static const struct migration migrations[] = {
    {1, "CREATE TABLE system_log ("
        " rid INTEGER PRIMARY KEY,"
        " id TEXT NOT NULL,"
        " published BIGINT NOT NULL,"
        " event_type TEXT NOT NULL,"
        " severity INTEGER NOT NULL,"
        " outcome TEXT NOT NULL,"
        " event TEXT NOT NULL);" /* the LogEvent as published, JSON */
        "CREATE INDEX system_log_published ON system_log (published);"
        "CREATE TABLE attempt ("
        " rid INTEGER PRIMARY KEY,"
        " app_rid BIGINT NOT NULL,"
        " work_kind INTEGER NOT NULL,"
        " object_rid BIGINT NOT NULL,"
        " sent BIGINT NOT NULL,"
        " duration_ms BIGINT NOT NULL,"
        " method TEXT NOT NULL,"
        " path TEXT NOT NULL,"
        " request TEXT,"
        " status INTEGER NOT NULL,"
        " answer TEXT,"
        " error_class TEXT);"
        "CREATE INDEX attempt_object ON attempt (app_rid, work_kind, object_rid, rid);"
        "CREATE INDEX attempt_app ON attempt (app_rid, rid);"
        "CREATE INDEX attempt_sent ON attempt (sent);"},
};

const struct store_room record_room = {
    .name = "record", .migrations = migrations, .migration_count = ARRAY_LEN(migrations)};

SQL(EVENT_INSERT, "INSERT INTO system_log (id, published, event_type, severity, outcome, event)"
                  " VALUES ($1, $2, $3, $4, $5, $6)");
SQL(EVENTS_AFTER, "SELECT rid, event FROM system_log WHERE rid > $1 ORDER BY rid LIMIT $2");
SQL(EVENTS_EXPIRE, "DELETE FROM system_log WHERE rid IN"
                   " (SELECT rid FROM system_log WHERE published < $1 ORDER BY published LIMIT $2)");
SQL(ATTEMPT_INSERT, "INSERT INTO attempt (app_rid, work_kind, object_rid, sent, duration_ms, method, path, request,"
                    " status, answer, error_class) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
SQL(ATTEMPTS_OF_OBJECT, "SELECT sent, duration_ms, method, path, request, status, answer, error_class FROM attempt"
                        " WHERE app_rid = $1 AND work_kind = $2 AND object_rid = $3 ORDER BY rid DESC LIMIT $4");
SQL(ATTEMPTS_OF_APP, "SELECT sent, duration_ms, method, path, request, status, answer, error_class FROM attempt"
                     " WHERE app_rid = $1 ORDER BY rid DESC LIMIT $2");
SQL(ATTEMPTS_EXPIRE, "DELETE FROM attempt WHERE rid IN"
                     " (SELECT rid FROM attempt WHERE sent < $1 ORDER BY sent LIMIT $2)");

static const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    return names[severity];
}

static void write_actor(struct jout *out, const struct origin *origin)
{
    jout_object(out, "actor");
    jout_str(out, "id", origin->actor_id ? origin->actor_id : "system");
    jout_str(out, "type", origin->actor_type ? origin->actor_type : "SystemPrincipal");
    jout_str(out, "alternateId", origin->actor_name ? origin->actor_name : "system");
    jout_str(out, "displayName", origin->actor_name ? origin->actor_name : "Muster");
    jout_null(out, "detailEntry");
    jout_end(out);
}

static void write_client(struct jout *out, const struct origin *origin)
{
    jout_object(out, "client");
    if (origin->user_agent) {
        jout_object(out, "userAgent");
        jout_str(out, "rawUserAgent", origin->user_agent);
        jout_end(out);
    } else {
        jout_null(out, "userAgent");
    }
    jout_str(out, "ipAddress", origin->client_ip);
    jout_end(out);
}

static void write_targets(struct jout *out, const struct event *event)
{
    jout_array(out, "target");
    for (size_t i = 0; i < event->target_count; i++) {
        const struct event_target *target = &event->targets[i];
        jout_object(out, NULL);
        jout_str(out, "id", target->id);
        jout_str(out, "type", target->type);
        jout_str(out, "alternateId", target->alternate_id ? target->alternate_id : "unknown");
        jout_str(out, "displayName", target->name);
        jout_null(out, "detailEntry");
        jout_end(out);
    }
    jout_end(out);
}

/* The first REASON_CHARS characters, cut between characters. */
static const char *cut_reason(struct arena *arena, const char *reason)
{
    if (!reason)
        return NULL;
    size_t chars = 0;
    const char *p = reason;
    for (; *p && chars < REASON_CHARS; chars++) {
        p++;
        while (((unsigned char)*p & 0xc0) == 0x80)
            p++;
    }
    return arena_strndup(arena, reason, (size_t)(p - reason));
}

static void write_event(struct tx *tx, struct jout *out, const struct event *event, const char *id)
{
    const struct origin *origin = tx_origin(tx);
    jout_object(out, NULL);
    jout_str(out, "uuid", id);
    jout_time(out, "published", tx_now(tx));
    jout_str(out, "eventType", event->type);
    jout_str(out, "version", "0");
    jout_str(out, "severity", severity_name(event->severity));
    jout_str(out, "legacyEventType", NULL);
    jout_str(out, "displayMessage", event->message ? event->message : event->type);
    write_actor(out, origin);
    write_client(out, origin);
    jout_object(out, "outcome");
    jout_str(out, "result", event->outcome ? event->outcome : "SUCCESS");
    jout_str(out, "reason", cut_reason(tx_arena(tx), event->reason));
    jout_end(out);
    write_targets(out, event);
    jout_object(out, "transaction");
    jout_str(out, "type", origin->job ? "JOB" : "WEB");
    jout_str(out, "id", origin->request_id ? origin->request_id : id);
    jout_object(out, "detail");
    jout_str_opt(out, "requestApiTokenId", origin->token_id);
    jout_end(out);
    jout_end(out);
    jout_object(out, "debugContext");
    if (event->debug)
        jout_raw(out, "debugData", event->debug);
    else {
        jout_object(out, "debugData");
        jout_end(out);
    }
    jout_end(out);
    jout_end(out);
}

int record_event(struct tx *tx, const struct event *event)
{
    assert(event->target_count <= EVENT_TARGETS);
    const char *id = tx_id(tx, "evt");
    struct buf text;
    buf_init(&text, LIMIT_PROFILE_BYTES);
    struct jout out;
    jout_init(&out, &text);
    write_event(tx, &out, event, id);
    int r = ERR_TOO_LARGE;
    if (!text.overflowed)
        r = tx_exec(tx, &EVENT_INSERT, T(id), I(tx_now(tx)), T(event->type), I(event->severity),
                    T(event->outcome ? event->outcome : "SUCCESS"), T(buf_text(&text)));
    buf_free(&text);
    return r < 0 ? r : 0;
}

int record_events_write(struct tx *tx, struct jout *out, int64_t after, int limit, int64_t *ret_last)
{
    struct query query;
    int r = tx_query(tx, &query, &EVENTS_AFTER, I(after), I(limit));
    int count = 0;
    *ret_last = after;
    while (r >= 0 && (r = query_next(&query)) > 0) {
        *ret_last = query_int(&query, 0);
        jout_raw(out, NULL, query_text(&query, 1));
        count++;
    }
    return r < 0 ? r : count;
}

int record_attempt(struct tx *tx, const struct attempt *attempt)
{
    int r = tx_exec(tx, &ATTEMPT_INSERT, I(attempt->app_rid), I(attempt->work_kind), I(attempt->object_rid),
                    I(attempt->sent), I(attempt->duration_ms), T(attempt->method), T(attempt->path),
                    T(attempt->request), I(attempt->status), T(attempt->answer), T(attempt->error_class));
    return r < 0 ? r : 0;
}

static void write_attempt(struct jout *out, const struct query *query)
{
    jout_object(out, NULL);
    jout_time(out, "sent", query_int(query, 0));
    jout_int(out, "durationMs", query_int(query, 1));
    jout_str(out, "method", query_text(query, 2));
    jout_str(out, "path", query_text(query, 3));
    jout_str(out, "request", query_text(query, 4));
    if (query_int(query, 5))
        jout_int(out, "status", query_int(query, 5));
    else
        jout_null(out, "status");
    jout_str(out, "answer", query_text(query, 6));
    jout_str(out, "errorClass", query_text(query, 7));
    jout_end(out);
}

int record_attempts_write(struct tx *tx, struct jout *out, int64_t app_rid, int work_kind, int64_t object_rid,
                          int limit)
{
    struct query query;
    int r = object_rid ? tx_query(tx, &query, &ATTEMPTS_OF_OBJECT, I(app_rid), I(work_kind), I(object_rid), I(limit))
                       : tx_query(tx, &query, &ATTEMPTS_OF_APP, I(app_rid), I(limit));
    int count = 0;
    while (r >= 0 && (r = query_next(&query)) > 0) {
        write_attempt(out, &query);
        count++;
    }
    return r < 0 ? r : count;
}

int record_expire(struct tx *tx, int limit)
{
    const int64_t day_ms = (int64_t)24 * 3600 * 1000;
    int events = tx_exec(tx, &EVENTS_EXPIRE, I(tx_now(tx) - LIMIT_SYSTEM_LOG_DAYS * day_ms), I(limit));
    if (events < 0)
        return events;
    int attempts = tx_exec(tx, &ATTEMPTS_EXPIRE, I(tx_now(tx) - LIMIT_JOURNAL_DAYS * day_ms), I(limit));
    return attempts < 0 ? attempts : events + attempts;
}
