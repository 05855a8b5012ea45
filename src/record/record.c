/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "record/inner.h"

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
    {2, "ALTER TABLE system_log ADD COLUMN person TEXT;" /* id of the person whom it names */
        "ALTER TABLE system_log ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX system_log_person ON system_log (person, rid) WHERE person IS NOT NULL AND erased = 0;"
        /* Numbers the log in the order of commits: whoever has the next number holds the row until the commit. */
        "CREATE TABLE log_counter ("
        " one INTEGER PRIMARY KEY CHECK (one = 1),"
        " last BIGINT NOT NULL);"
        "INSERT INTO log_counter (one, last) SELECT 1, COALESCE(MAX(rid), 0) FROM system_log;"
        "ALTER TABLE attempt ADD COLUMN person TEXT;"
        "ALTER TABLE attempt ADD COLUMN captured INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE attempt ADD COLUMN full_request TEXT;"
        "ALTER TABLE attempt ADD COLUMN full_answer TEXT;"
        "ALTER TABLE attempt ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;"
        "CREATE INDEX attempt_person ON attempt (person, rid) WHERE person IS NOT NULL AND erased = 0;"
        "CREATE INDEX attempt_captured ON attempt (rid) WHERE captured = 1 AND person IS NULL;"
        "CREATE TABLE erasures ("
        " rid INTEGER PRIMARY KEY AUTOINCREMENT,"
        " person TEXT NOT NULL UNIQUE,"
        " number BIGINT NOT NULL,"
        " asked BIGINT NOT NULL,"
        " done BIGINT NOT NULL DEFAULT 0);"
        "CREATE INDEX erasures_number ON erasures (number);"
        "CREATE INDEX erasures_open ON erasures (rid) WHERE done = 0;"
        "CREATE TABLE capture ("
        " app_rid BIGINT PRIMARY KEY,"
        " started BIGINT NOT NULL,"
        " until BIGINT NOT NULL,"
        " started_by TEXT NOT NULL);"
        "CREATE INDEX capture_until ON capture (until);"
        "CREATE TABLE record_keep ("
        " one INTEGER PRIMARY KEY CHECK (one = 1),"
        " attempt_days INTEGER NOT NULL,"
        " log_days INTEGER NOT NULL);"},
    {3, "CREATE INDEX system_log_time ON system_log (published, rid);"
        "DROP INDEX system_log_published;"},
    {4, "ALTER TABLE system_log ADD COLUMN object TEXT;" /* what it is about, where it names no person (trail.c) */
        "CREATE INDEX system_log_object ON system_log (object, rid) WHERE object IS NOT NULL;"},
    {5, "CREATE INDEX attempt_time ON attempt (app_rid, sent, rid);"
        "CREATE INDEX attempt_failed ON attempt (app_rid, sent, rid) WHERE error_class IS NOT NULL;"
        "DROP INDEX attempt_app;"},
    {6, activity_tables},
};

const struct store_room record_room = {
    .name = "record", .migrations = migrations, .migration_count = ARRAY_LEN(migrations)};

SQL(EVENT_NUMBER, "UPDATE log_counter SET last = last + 1 WHERE one = 1"
                  " RETURNING last, (SELECT rid FROM erasures WHERE person = $1)");
SQL(EVENT_INSERT, "INSERT INTO system_log (rid, id, published, event_type, severity, outcome, event, person, erased,"
                  " object) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
SQL(EVENTS_AFTER, "SELECT rid, event FROM system_log WHERE rid > $1 ORDER BY rid LIMIT $2");

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

static bool is_person(const struct event_target *target)
{
    return str_eq(target->type, TARGET_USER) || str_eq(target->type, TARGET_APP_USER);
}

/* The id of the person whom an event names, or NULL. */
static const char *person_of(const struct event *event)
{
    const char *person = NULL;
    for (size_t i = 0; i < event->target_count; i++) {
        const struct event_target *target = &event->targets[i];
        if (!is_person(target) || !target->id)
            continue;
        assert(!person || str_eq(person, target->id));
        person = target->id;
    }
    return person;
}

static void write_targets(struct jout *out, const struct event *event, bool erased)
{
    jout_array(out, "target");
    for (size_t i = 0; i < event->target_count; i++) {
        const struct event_target *target = &event->targets[i];
        bool hidden = erased && is_person(target);
        jout_object(out, NULL);
        jout_str(out, "id", target->id);
        jout_str(out, "type", target->type);
        jout_str(out, "alternateId", target->alternate_id && !hidden ? target->alternate_id : ALTERNATE_UNKNOWN);
        jout_str(out, "displayName", hidden ? NULL : target->name);
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

static void write_event(struct tx *tx, struct jout *out, const struct event *event, const char *id, bool erased)
{
    const struct origin *origin = tx_origin(tx);
    jout_object(out, NULL);
    jout_str(out, "uuid", id);
    jout_time(out, "published", tx_now(tx));
    jout_str(out, "eventType", event->type);
    jout_str(out, "version", "0");
    jout_str(out, "severity", severity_name(event->severity));
    jout_str(out, "legacyEventType", NULL);
    jout_str(out, "displayMessage", event->message ? event->message : event_message(event->type));
    write_actor(out, origin);
    write_client(out, origin);
    jout_object(out, "outcome");
    jout_str(out, "result", event->outcome ? event->outcome : "SUCCESS");
    jout_str(out, "reason",
             erased ? erased_text(tx_arena(tx), event->reason) : cut_reason(tx_arena(tx), event->reason));
    jout_end(out);
    write_targets(out, event, erased);
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

/* The number of the next event, and whether the person (may be NULL) was deleted. */
static int take_number(struct tx *tx, const char *person, int64_t *ret_number, bool *ret_erased)
{
    struct query query;
    int r = tx_query_row(tx, &query, &EVENT_NUMBER, T(person));
    if (r <= 0)
        return r < 0 ? r : ERR_CORRUPT;
    *ret_number = query_int(&query, 0);
    *ret_erased = query_int(&query, 1) != 0 || (person && !*person); /* "": somebody who is gone */
    r = query_next(&query);
    query_close(&query);
    return MIN_OF(r, 0);
}

int record_event(struct tx *tx, const struct event *event)
{
    assert(event->target_count <= EVENT_TARGETS);
    const char *id = tx_id(tx, "evt");
    const char *person = person_of(event);
    int64_t number = 0;
    bool erased = false;
    int r = take_number(tx, person, &number, &erased);
    if (r < 0)
        return r;
    struct buf text;
    buf_init(&text, LIMIT_PROFILE_BYTES);
    struct jout out;
    jout_init(&out, &text);
    write_event(tx, &out, event, id, erased);
    r = ERR_TOO_LARGE;
    if (!text.overflowed)
        r = tx_exec(tx, &EVENT_INSERT, I(number), T(id), I(tx_now(tx)), T(event->type), I(event->severity),
                    T(event->outcome ? event->outcome : "SUCCESS"), T(buf_text(&text)), T(person), I(erased),
                    T(person ? NULL : trail_object(event)));
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
