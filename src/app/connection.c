/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of an app: where it is reached, and the sealed credential. */
#include "app/inner.h"

#include "base/text.h"
#include "base/url.h"

#include <strings.h>

#define SEAL_TABLE "app_connections"
#define SEAL_COLUMN "sealed"

SQL(CONNECTION_GET, "SELECT app_rid, base_url, scheme, user_name, header_name, sealed, allow_plain_http, status,"
                    " verified, verify_error, rate_group FROM app_connections WHERE app_rid = $1");
SQL(CONNECTION_RATE_GROUP, "SELECT rate_group FROM app_connections WHERE app_rid = $1");
SQL(APPS_OF_RATE_GROUP, "SELECT app_rid FROM app_connections WHERE rate_group = $1 AND app_rid > $2"
                        " ORDER BY app_rid LIMIT $3");
SQL(CONNECTION_PUT,
    "INSERT INTO app_connections (app_rid, base_url, scheme, user_name, header_name, sealed, key_id, allow_plain_http,"
    " status, verified, verify_error, rate_group) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " ON CONFLICT (app_rid) DO UPDATE SET base_url = excluded.base_url, scheme = excluded.scheme,"
    " user_name = excluded.user_name, header_name = excluded.header_name, sealed = excluded.sealed,"
    " key_id = excluded.key_id, allow_plain_http = excluded.allow_plain_http, status = excluded.status,"
    " verified = excluded.verified, verify_error = excluded.verify_error, rate_group = excluded.rate_group");
SQL(CONNECTION_SET_STATUS, "UPDATE app_connections SET status = $2 WHERE app_rid = $1");
SQL_SCAN(CONNECTIONS_OF_OTHER_KEYS, "one row an app, only when keys are changed",
         "SELECT app_rid FROM app_connections WHERE key_id <> $1 ORDER BY app_rid LIMIT $2");
SQL(CONNECTION_SET_SEALED, "UPDATE app_connections SET sealed = $2, key_id = $3, rate_group = $4 WHERE app_rid = $1");

int connection_get(struct tx *tx, int64_t app_rid, struct connection *ret)
{
    struct query query;
    int r = tx_query(tx, &query, &CONNECTION_GET, I(app_rid));
    if (r < 0)
        return r;
    r = query_next(&query);
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    struct arena *arena = tx_arena(tx);
    size_t sealed_n = 0;
    const void *sealed = query_blob(&query, 5, &sealed_n);
    *ret = (struct connection){
        .app_rid = query_int(&query, 0),
        .base_url = arena_strdup(arena, query_text(&query, 1)),
        .scheme = (enum connection_scheme)query_int(&query, 2),
        .user_name = arena_strdup(arena, query_text(&query, 3)),
        .header_name = arena_strdup(arena, query_text(&query, 4)),
        .sealed = sealed_n ? arena_strndup(arena, sealed, sealed_n) : "",
        .sealed_n = sealed_n,
        .allow_plain_http = query_int(&query, 6) != 0,
        .status = (enum connection_status)query_int(&query, 7),
        .verified = query_int(&query, 8),
        .verify_error = arena_strdup(arena, query_text(&query, 9)),
        .rate_group = arena_strdup(arena, query_text(&query, 10)),
    };
    query_close(&query);
    return 0;
}

/* Names that would change how a request is read, or that the client sets itself. */
static const char *const forbidden_headers[] = {
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Age",
    "Allow",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Cookie2",
    "Date",
    "Expect",
    "Forwarded",
    "From",
    "Host",
    "HTTP2-Settings",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Max-Forwards",
    "Origin",
    "Pragma",
    "Prefer",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Set-Cookie",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Via",
    "X-HTTP-Method-Override",
};

bool header_name_is_valid(const char *name)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return name && *name && strspn(name, token) == strlen(name) && strlen(name) <= APP_NAME_CHARS;
}

bool header_is_taken(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(forbidden_headers); i++)
        if (strcasecmp(name, forbidden_headers[i]) == 0)
            return true;
    return false;
}

static int check_header_name(const char *name, struct problem *problem)
{
    if (!header_name_is_valid(name))
        return problem_invalid(problem, "profile", "profile.headerName: must be the name of an HTTP header");
    if (header_is_taken(name))
        return problem_invalid(problem, "profile", "profile.headerName: '%s' cannot carry a credential", name);
    return 0;
}

static int check_input(const struct connection_input *input, struct problem *problem)
{
    int r = connection_url_check(input->base_url, input->allow_plain_http, problem);
    if (r < 0)
        return r;
    if (input->scheme == CONNECTION_HEADER) {
        r = check_header_name(input->header_name, problem);
        if (r < 0)
            return r;
    }
    const char *user = input->user_name;
    if (input->scheme == CONNECTION_BASIC &&
        (!user || !*user || strchr(user, ':') || text_has_control(user) || text_chars(user) > LIMIT_NAME_CHARS))
        return problem_invalid(problem, "profile",
                               "profile.userName: is needed for the scheme BASIC, at most %d characters, without ':'",
                               LIMIT_NAME_CHARS);
    if (!input->secret)
        return 0;
    size_t n = strlen(input->secret);
    if (n == 0 || n > APP_SECRET_BYTES || text_has_control(input->secret))
        return problem_invalid(problem, "profile",
                               "profile.token: must have 1 to %d bytes and no line breaks or control characters",
                               APP_SECRET_BYTES);
    return 0;
}

/* Invariant 12: a stored credential goes nowhere but where it was given for. */
bool url_is_same_place(struct arena *arena, const char *a, const char *b)
{
    struct url_target x;
    struct url_target y;
    if (url_parse(arena, a, &x) < 0 || url_parse(arena, b, &y) < 0)
        return false;
    return strcmp(x.scheme, y.scheme) == 0 && strcmp(x.host, y.host) == 0 && x.port == y.port;
}

int connection_input_check(struct tx *tx, int64_t app_rid, const struct connection_input *input,
                           struct problem *problem)
{
    int r = check_input(input, problem);
    if (r < 0 || input->secret || input->scheme == CONNECTION_NONE)
        return r;
    struct connection old;
    r = connection_get(tx, app_rid, &old);
    if (r == ERR_NOT_FOUND || (r == 0 && old.sealed_n == 0))
        return problem_invalid(problem, "profile", "profile.token: The field cannot be left blank");
    if (r < 0)
        return r;
    if (old.scheme != input->scheme || !url_is_same_place(tx_arena(tx), old.base_url, input->base_url))
        return problem_invalid(problem, "profile",
                               "profile.token: is needed again, since the scheme, host or port changes: a stored "
                               "credential is only sent where it was given for");
    if ((input->scheme == CONNECTION_BASIC && !str_eq(old.user_name, input->user_name)) ||
        (input->scheme == CONNECTION_HEADER &&
         (!old.header_name || strcasecmp(old.header_name, input->header_name) != 0)))
        return problem_invalid(problem, "profile",
                               "profile.token: is needed again, since profile.%s changes: a stored credential is only "
                               "sent as it was given",
                               input->scheme == CONNECTION_BASIC ? "userName" : "headerName");
    return 0;
}

/* Without slashes at its end. */
static const char *trimmed_url(struct arena *arena, const char *base_url)
{
    size_t n = strlen(base_url);
    while (n > 0 && base_url[n - 1] == '/')
        n--;
    return arena_strndup(arena, base_url, n);
}

static int connection_changed(struct tx *tx, const struct app *app, int kind, const char *debug)
{
    int r = tx_change(tx, (struct change){.kind = kind, .subject = app->rid});
    if (r < 0)
        return r;
    tx_wake(tx);
    return app_event(tx, "application.lifecycle.update", app, debug);
}

/* Status of what is saved: on when asked for, and what was on stays on while it works. */
static enum connection_status status_after(const struct connection *old, bool activate, const char *verify_error)
{
    if (activate)
        return CONNECTION_ENABLED;
    return old->status == CONNECTION_ENABLED && !verify_error ? CONNECTION_ENABLED : CONNECTION_DISABLED;
}

/* --- rate groups ---------------------------------------------------------------------------------------------------
 */

#define OWN_GROUP "app/" /* and the rid: an app that is alone in its group */

static void name_group(const char *stored, int64_t app_rid, char ret[static RATE_GROUP_BYTES])
{
    if (stored)
        (void)snprintf(ret, RATE_GROUP_BYTES, "%s", stored);
    else
        (void)snprintf(ret, RATE_GROUP_BYTES, OWN_GROUP "%lld", (long long)app_rid);
}

void rate_group_of_connection(const struct connection *connection, char ret[static RATE_GROUP_BYTES])
{
    name_group(connection->rate_group, connection->app_rid, ret);
}

/* Of apps with the same host, port and credential; whoever asks without a credential shares the host's. */
static const char *rate_group_of(struct arena *arena, const struct keyring *keyring, const char *base_url,
                                 const char *secret)
{
    struct url_target target = {0};
    char *hash = arena_alloc(arena, KEYED_HASH_BYTES);
    if (url_parse(arena, base_url, &target) < 0)
        return NULL;
    keyring_hash(keyring, arena_printf(arena, "rate group %s:%d", target.host, target.port), secret ? secret : "",
                 hash);
    return hash;
}

int connection_rate_group(struct tx *tx, int64_t app_rid, char ret[static RATE_GROUP_BYTES])
{
    struct query query;
    int r = tx_query(tx, &query, &CONNECTION_RATE_GROUP, I(app_rid));
    if (r >= 0)
        r = query_next(&query);
    if (r < 0)
        return r;
    name_group(r ? query_text(&query, 0) : NULL, app_rid, ret);
    query_close(&query);
    return 0;
}

int app_rids_of_rate_group(struct tx *tx, const char *rate_group, int64_t after, int64_t *ret, int limit)
{
    if (strncmp(rate_group, OWN_GROUP, strlen(OWN_GROUP)) == 0) {
        int64_t rid = strtoll(rate_group + strlen(OWN_GROUP), NULL, 10);
        struct app app = {0};
        int r = rid > after && limit > 0 ? app_by_rid(tx, rid, &app) : ERR_NOT_FOUND;
        if (r == 0)
            ret[0] = rid;
        return r == ERR_NOT_FOUND ? 0 : r < 0 ? r : 1;
    }
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &APPS_OF_RATE_GROUP, T(rate_group), I(after), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

int connection_save(struct tx *tx, const struct keyring *keyring, struct app *app, const struct connection_input *input,
                    bool activate, int64_t verified, const char *verify_error, struct problem *problem)
{
    int r = connection_input_check(tx, app->rid, input, problem);
    if (r < 0)
        return r;
    struct connection old = {.status = CONNECTION_UNKNOWN, .sealed = ""};
    r = connection_get(tx, app->rid, &old);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    struct arena *arena = tx_arena(tx);
    const void *sealed = old.sealed;
    size_t sealed_n = old.sealed_n;
    const char *key_id = keyring_id(keyring);
    if (input->scheme == CONNECTION_NONE) {
        sealed = "";
        sealed_n = 0;
    } else if (input->secret) {
        sealed = seal(keyring, arena, SEAL_TABLE, SEAL_COLUMN, app->rid, input->secret, &sealed_n);
    } else {
        r = seal_key_id(arena, sealed, sealed_n, &key_id);
        if (r < 0)
            return r;
    }
    const char *rate_group = old.rate_group;
    if (input->secret || input->scheme == CONNECTION_NONE)
        rate_group = rate_group_of(arena, keyring, input->base_url, input->secret);
    enum connection_status status = status_after(&old, activate, verify_error);
    r = tx_exec(tx, &CONNECTION_PUT, I(app->rid), T(trimmed_url(arena, input->base_url)), I(input->scheme),
                T(input->scheme == CONNECTION_BASIC ? input->user_name : NULL),
                T(input->scheme == CONNECTION_HEADER ? input->header_name : NULL), B(sealed, sealed_n), T(key_id),
                I(input->allow_plain_http), I(status), I(verify_error ? old.verified : verified), T(verify_error),
                T(rate_group));
    if (r < 0)
        return r;
    return connection_changed(tx, app, CHANGE_APP_CONNECTION, "{\"provisioningConnection\":\"saved\"}");
}

int connection_set_status(struct tx *tx, struct app *app, enum connection_status status, struct problem *problem)
{
    struct connection old;
    int r = connection_get(tx, app->rid, &old);
    if (r == ERR_NOT_FOUND)
        return problem_invalid(problem, "connection",
                               "connection: there is none to %s yet; save a base URL and a credential first",
                               status == CONNECTION_ENABLED ? "activate" : "deactivate");
    if (r < 0 || old.status == status)
        return r;
    r = tx_exec(tx, &CONNECTION_SET_STATUS, I(app->rid), I(status));
    if (r < 0)
        return r;
    return connection_changed(tx, app, CHANGE_APP_SWITCHES,
                              status == CONNECTION_ENABLED ? "{\"provisioningConnection\":\"enabled\"}"
                                                           : "{\"provisioningConnection\":\"disabled\"}");
}

int connection_secret(struct tx *tx, const struct keyring *keyring, const struct connection *connection,
                      const char **ret_secret)
{
    if (connection->scheme == CONNECTION_NONE) {
        *ret_secret = arena_strdup(tx_arena(tx), "");
        return 0;
    }
    return unseal(keyring, tx_arena(tx), SEAL_TABLE, SEAL_COLUMN, connection->app_rid, connection->sealed,
                  connection->sealed_n, ret_secret);
}

static int reseal_one(struct tx *tx, const struct keyring *keyring, int64_t app_rid)
{
    struct connection connection;
    int r = connection_get(tx, app_rid, &connection);
    if (r < 0)
        return r;
    const void *sealed = "";
    size_t n = 0;
    const char *plain = NULL;
    const char *rate_group = NULL;
    if (connection.sealed_n > 0) {
        r = connection_secret(tx, keyring, &connection, &plain);
        if (r < 0)
            return r;
        sealed = seal(keyring, tx_arena(tx), SEAL_TABLE, SEAL_COLUMN, app_rid, plain, &n);
    }
    rate_group = rate_group_of(tx_arena(tx), keyring, connection.base_url, plain);
    seal_wipe(plain);
    return tx_exec(tx, &CONNECTION_SET_SEALED, I(app_rid), B(sealed, n), T(keyring_id(keyring)), T(rate_group));
}

int connection_reseal(struct tx *tx, const struct keyring *keyring, int limit)
{
    struct query query;
    int64_t *rids = arena_array(tx_arena(tx), (size_t)limit, sizeof(*rids));
    int r = tx_query(tx, &query, &CONNECTIONS_OF_OTHER_KEYS, T(keyring_id(keyring)), I(limit));
    if (r < 0)
        return r;
    int count = 0;
    while ((r = query_next(&query)) > 0)
        rids[count++] = query_int(&query, 0);
    for (int i = 0; r >= 0 && i < count; i++)
        r = reseal_one(tx, keyring, rids[i]);
    return r < 0 ? r : count;
}
