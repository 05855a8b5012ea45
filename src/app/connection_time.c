/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What time does to a connection: two credentials during a rotation, warnings before a credential or certificate ends.
 * `look_at` of the row is when something is due next; the engine asks in each turn.
 */
#include "app/inner.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define TICK_ROWS 16     /* connections of one tick: the rest is due at once */
#define REASON_CHARS 500 /* of what the app said to a credential */

/* Before the end: a month, a week, a day; and the end itself. */
static const int64_t warn_before[] = {EXPIRY_WARN_MS, 7 * DAY_MS, DAY_MS, 0};

SQL(CONNECTIONS_DUE, "SELECT app_rid FROM app_connections WHERE look_at > 0 AND look_at <= $1"
                     " ORDER BY look_at, app_rid LIMIT $2");
SQL(CONNECTION_NEXT, "SELECT look_at FROM app_connections WHERE look_at > 0 ORDER BY look_at LIMIT 1");
SQL(CONNECTIONS_ENDING, "SELECT count(*) FROM app_connections WHERE ends > 0 AND ends <= $1");
SQL(CONNECTION_LOOKED, "UPDATE app_connections SET look_at = $2 WHERE app_rid = $1");
SQL(CONNECTION_PROVEN,
    "UPDATE app_connections SET rotation = $2, rotation_since = $3, look_at = $4 WHERE app_rid = $1");
SQL(CONNECTION_DROP_OLD, "UPDATE app_connections SET rotation = $2, rotation_since = $3, rotation_reason = NULL,"
                         " old_sealed = $4, old_jwt_key_id = NULL, look_at = $5 WHERE app_rid = $1");

const char *rotation_name(enum credential_rotation rotation)
{
    static const char *const names[] = {NULL, "TRYING", "PROVEN", "FELL_BACK"};
    assert(rotation < ARRAY_LEN(names));
    return names[rotation];
}

const char *expiry_name(int64_t ends, int64_t now)
{
    if (ends <= now)
        return "EXPIRED";
    return ends - now <= EXPIRY_WARN_MS ? "EXPIRING" : "VALID";
}

/* --- when to look --------------------------------------------------------------------------------------------------
 */

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return MAX_OF(a, b);
    return MIN_OF(a, b);
}

/* The first warning of this end that is after `after`; 0: none. */
static int64_t warning_after(int64_t ends, int64_t after)
{
    for (size_t i = 0; ends && i < ARRAY_LEN(warn_before); i++)
        if (ends - warn_before[i] > after)
            return ends - warn_before[i];
    return 0;
}

static int64_t drop_time(const struct connection *c)
{
    return c->rotation == ROTATION_PROVEN && c->old.n > 0 ? c->rotation_since + ROTATION_KEEP_MS : 0;
}

static int64_t look_after(const struct connection *c, int64_t now)
{
    int64_t next = earlier(warning_after(c->expires, now), warning_after(c->certificate_expires, now));
    return earlier(next, drop_time(c));
}

int64_t connection_first_look(const struct connection *c, int64_t now)
{
    bool late = (c->expires && c->expires - EXPIRY_WARN_MS <= now) ||
                (c->certificate_expires && c->certificate_expires - EXPIRY_WARN_MS <= now);
    return late ? now : look_after(c, now);
}

/* --- warnings ------------------------------------------------------------------------------------------------------
 */

static int tell_connection(struct tx *tx, const struct app *app, const char *type, enum severity severity,
                           const char *message, const char *debug)
{
    return record_event(
        tx, &(struct event){
                .type = type,
                .message = message,
                .severity = severity,
                .targets = {{.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
                .target_count = 1,
                .debug = debug});
}

static int warn_of_end(struct tx *tx, const struct app *app, const char *what, const char *thing, int64_t ends)
{
    int64_t now = tx_now(tx);
    if (ends == 0 || ends - now > EXPIRY_WARN_MS)
        return 0;
    char end[CLOCK_TEXT_BYTES];
    bool over = ends <= now;
    int64_t days = over ? 0 : (ends - now) / DAY_MS;
    const char *message = over ? arena_printf(tx_arena(tx), "The %s of the app %s has ended", thing, app->label)
                               : arena_printf(tx_arena(tx), "The %s of the app %s ends within %lld days", thing,
                                              app->label, (long long)days + 1);
    const char *debug = arena_printf(tx_arena(tx), "{\"what\":\"%s\",\"expires\":\"%s\",\"days\":%lld}", what,
                                     clock_iso(ends, end), (long long)days);
    return tell_connection(tx, app, "muster.app.credential.expiring", over ? SEVERITY_ERROR : SEVERITY_WARN, message,
                           debug);
}

/* --- rotation ------------------------------------------------------------------------------------------------------
 */

int connection_fall_back(struct tx *tx, const struct keyring *keyring, const struct app *app, int64_t version,
                         const char *words)
{
    struct connection connection;
    struct connection_clear clear = {0};
    int r = connection_get(tx, app->rid, &connection);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (connection.version != version || connection.old.n == 0)
        return 0;
    r = connection_open(tx, keyring, &connection, &clear);
    if (r < 0)
        return r;
    struct connection_clear now = {.now = clear.now};
    now.now.credential = clear.old;
    connection.key_id = connection.old_key_id;
    connection.old_key_id = NULL;
    connection.rotation = ROTATION_FELL_BACK;
    connection.rotation_since = tx_now(tx);
    connection.rotation_reason = arena_printf(tx_arena(tx), "%.*s", REASON_CHARS, words);
    connection.expires = 0; /* it was said of the other one */
    connection.version++;
    connection.look_at = look_after(&connection, tx_now(tx));
    r = connection_store(tx, keyring, &connection, &now);
    connection_clear_wipe(&clear);
    if (r == 0)
        r = tell_connection(tx, app, "muster.app.credential.fell_back", SEVERITY_WARN,
                            "The app refused the new credential; the one before it is in use again", NULL);
    return r < 0 ? r : 1;
}

int connection_proven(struct tx *tx, const struct app *app, struct connection *connection, int64_t version)
{
    if (connection->rotation != ROTATION_TRYING || connection->version != version)
        return 0;
    connection->rotation = ROTATION_PROVEN;
    connection->rotation_since = tx_now(tx);
    connection->look_at = earlier(connection->look_at, drop_time(connection));
    int r = tx_exec(tx, &CONNECTION_PROVEN, I(app->rid), I(connection->rotation), I(connection->rotation_since),
                    I(connection->look_at));
    return r < 0 ? r
                 : tell_connection(tx, app, "muster.app.credential.proven", SEVERITY_INFO,
                                   "The app took the new credential", NULL);
}

static int drop_old(struct tx *tx, const struct app *app, struct connection *connection)
{
    connection->old.n = 0;
    connection->rotation = ROTATION_NONE;
    connection->look_at = look_after(connection, tx_now(tx));
    int r = tx_exec(tx, &CONNECTION_DROP_OLD, I(app->rid), I(ROTATION_NONE), I(0), B("", 0), I(connection->look_at));
    return r < 0 ? r
                 : tell_connection(tx, app, "muster.app.credential.old_dropped", SEVERITY_INFO,
                                   "The credential before the one in use was forgotten", NULL);
}

int connection_drop_old(struct tx *tx, const struct app *app, struct problem *problem)
{
    struct connection connection;
    int r = connection_get(tx, app->rid, &connection);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    if (r == ERR_NOT_FOUND || connection.old.n == 0)
        return problem_invalid(problem, "connection", "connection: there is no credential before the one in use");
    if (connection.rotation == ROTATION_TRYING)
        return problem_invalid(problem, "connection",
                               "connection: the new credential is not proven yet: no request has succeeded with it; "
                               "wait for one, or save the connection again without profile.rotate");
    return drop_old(tx, app, &connection);
}

/* --- the tick ------------------------------------------------------------------------------------------------------
 */

static int look_at_connection(struct tx *tx, int64_t app_rid)
{
    struct connection connection;
    struct app app;
    int r = connection_get(tx, app_rid, &connection);
    if (r == 0)
        r = app_by_rid(tx, app_rid, &app);
    if (r == 0)
        r = warn_of_end(tx, &app, "CREDENTIAL", "credential", connection.expires);
    if (r == 0)
        r = warn_of_end(tx, &app, "CLIENT_CERTIFICATE", "client certificate", connection.certificate_expires);
    int64_t drop = r == 0 ? drop_time(&connection) : 0;
    if (drop && drop <= tx_now(tx))
        return drop_old(tx, &app, &connection);
    if (r == 0)
        r = tx_exec(tx, &CONNECTION_LOOKED, I(app_rid), I(look_after(&connection, tx_now(tx))));
    return r < 0 ? r : 0;
}

int connection_tick(struct tx *tx, int64_t *ret_next)
{
    int64_t rids[TICK_ROWS];
    struct query query;
    int count = 0;
    *ret_next = 0;
    int r = tx_get_int(tx, ret_next, &CONNECTION_NEXT, NO_BINDS);
    if (r <= 0 || *ret_next > tx_now(tx))
        return r < 0 ? r : 0;
    r = tx_query(tx, &query, &CONNECTIONS_DUE, I(tx_now(tx)), I(TICK_ROWS));
    while (r >= 0 && (r = query_next(&query)) > 0)
        rids[count++] = query_int(&query, 0);
    for (int i = 0; r >= 0 && i < count; i++)
        r = look_at_connection(tx, rids[i]);
    *ret_next = 0;
    if (r >= 0)
        r = tx_get_int(tx, ret_next, &CONNECTION_NEXT, NO_BINDS);
    return r < 0 ? r : count;
}

int connections_warning(struct tx *tx, const char **ret)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &CONNECTIONS_ENDING, I(tx_now(tx) + EXPIRY_WARN_MS));
    if (r < 0)
        return r;
    *ret = count ? arena_printf(tx_arena(tx),
                                "credentials or client certificates of %lld apps end within 30 days or have ended; "
                                "their connections say which (expiry)",
                                (long long)count)
                 : NULL;
    return 0;
}
