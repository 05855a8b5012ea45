/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of an app: its row, its sealed secrets, and how it is saved. */
#include "app/inner.h"

#include "base/url.h"

#define SEAL_TABLE "app_connections"
#define SEAL_COLUMN "sealed"
#define SEAL_KEY "key_sealed"
#define SEAL_PROXY "proxy_sealed"
#define SEAL_OLD "old_sealed"

#define COLUMNS                                                                                                        \
    "app_rid, base_url, scheme, user_name, header_name, sealed, allow_plain_http, status, verified, verify_error,"     \
    " rate_group, client_auth, token_url, client_id, scope, jwt_key_id, authorities, certificate, key_sealed, proxy,"  \
    " no_proxy, proxy_sealed, expires, certificate_expires, rotation, rotation_since, rotation_reason, old_sealed,"    \
    " old_jwt_key_id, version, look_at"

SQL(CONNECTION_GET, "SELECT " COLUMNS " FROM app_connections WHERE app_rid = $1");
SQL(CONNECTION_RATE_GROUP, "SELECT rate_group FROM app_connections WHERE app_rid = $1");
SQL(APPS_OF_RATE_GROUP, "SELECT app_rid FROM app_connections WHERE rate_group = $1 AND app_rid > $2"
                        " ORDER BY app_rid LIMIT $3");
SQL(CONNECTION_PUT,
    "INSERT INTO app_connections (" COLUMNS ", key_id, ends) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
    " $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, "
    "$33)"
    " ON CONFLICT (app_rid) DO UPDATE SET base_url = excluded.base_url, scheme = excluded.scheme,"
    " user_name = excluded.user_name, header_name = excluded.header_name, sealed = excluded.sealed,"
    " allow_plain_http = excluded.allow_plain_http, status = excluded.status, verified = excluded.verified,"
    " verify_error = excluded.verify_error, rate_group = excluded.rate_group, client_auth = excluded.client_auth,"
    " token_url = excluded.token_url, client_id = excluded.client_id, scope = excluded.scope,"
    " jwt_key_id = excluded.jwt_key_id, authorities = excluded.authorities, certificate = excluded.certificate,"
    " key_sealed = excluded.key_sealed, proxy = excluded.proxy, no_proxy = excluded.no_proxy,"
    " proxy_sealed = excluded.proxy_sealed, expires = excluded.expires,"
    " certificate_expires = excluded.certificate_expires, rotation = excluded.rotation,"
    " rotation_since = excluded.rotation_since, rotation_reason = excluded.rotation_reason,"
    " old_sealed = excluded.old_sealed, old_jwt_key_id = excluded.old_jwt_key_id, version = excluded.version,"
    " key_id = excluded.key_id, ends = excluded.ends, look_at = excluded.look_at");
SQL(CONNECTION_SET_STATUS, "UPDATE app_connections SET status = $2 WHERE app_rid = $1");
SQL_SCAN(CONNECTIONS_OF_OTHER_KEYS, "one row an app, only when keys are changed",
         "SELECT app_rid FROM app_connections WHERE key_id <> $1 ORDER BY app_rid LIMIT $2");

const char *client_auth_name(enum client_auth auth)
{
    static const char *const names[CLIENT_AUTH_COUNT] = {NULL, "CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST",
                                                         "PRIVATE_KEY_JWT"};
    assert(auth < CLIENT_AUTH_COUNT);
    return names[auth];
}

/* --- the row -------------------------------------------------------------------------------------------------------
 */

static struct sealed_text blob_at(struct arena *arena, const struct query *query, int column)
{
    size_t n = 0;
    const void *bytes = query_blob(query, column, &n);
    return (struct sealed_text){.bytes = n ? arena_strndup(arena, bytes, n) : "", .n = n};
}

static const char *text_at(struct arena *arena, const struct query *query, int column)
{
    return arena_strdup(arena, query_text(query, column));
}

static void take_row(struct arena *arena, const struct query *query, struct connection *ret)
{
    struct sealed_text sealed = blob_at(arena, query, 5);
    *ret = (struct connection){
        .app_rid = query_int(query, 0),
        .base_url = text_at(arena, query, 1),
        .scheme = (enum connection_scheme)query_int(query, 2),
        .user_name = text_at(arena, query, 3),
        .header_name = text_at(arena, query, 4),
        .sealed = sealed.bytes,
        .sealed_n = sealed.n,
        .allow_plain_http = query_int(query, 6) != 0,
        .status = (enum connection_status)query_int(query, 7),
        .verified = query_int(query, 8),
        .verify_error = text_at(arena, query, 9),
        .rate_group = text_at(arena, query, 10),
        .client_auth = (enum client_auth)query_int(query, 11),
        .token_url = text_at(arena, query, 12),
        .client_id = text_at(arena, query, 13),
        .scope = text_at(arena, query, 14),
        .key_id = text_at(arena, query, 15),
        .authorities = text_at(arena, query, 16),
        .certificate = text_at(arena, query, 17),
        .key = blob_at(arena, query, 18),
        .proxy = text_at(arena, query, 19),
        .no_proxy = text_at(arena, query, 20),
        .proxy_credential = blob_at(arena, query, 21),
        .expires = query_int(query, 22),
        .certificate_expires = query_int(query, 23),
        .rotation = (enum credential_rotation)query_int(query, 24),
        .rotation_since = query_int(query, 25),
        .rotation_reason = text_at(arena, query, 26),
        .old = blob_at(arena, query, 27),
        .old_key_id = text_at(arena, query, 28),
        .version = query_int(query, 29),
        .look_at = query_int(query, 30),
    };
}

int connection_get(struct tx *tx, int64_t app_rid, struct connection *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &CONNECTION_GET, I(app_rid));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    take_row(tx_arena(tx), &query, ret);
    query_close(&query);
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
    int r = tx_query_row(tx, &query, &CONNECTION_RATE_GROUP, I(app_rid));
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

/* --- secrets -------------------------------------------------------------------------------------------------------
 */

void connection_secrets_wipe(const struct connection_secrets *secrets)
{
    seal_wipe(secrets->credential);
    seal_wipe(secrets->key);
    seal_wipe(secrets->proxy_credential);
}

void connection_clear_wipe(const struct connection_clear *clear)
{
    connection_secrets_wipe(&clear->now);
    seal_wipe(clear->old);
}

void connection_input_wipe(const struct connection_input *input)
{
    seal_wipe(input->secret);
    seal_wipe(input->key);
    seal_wipe(input->proxy_credential);
}

static int open_one(struct tx *tx, const struct keyring *keyring, int64_t app_rid, const char *column,
                    struct sealed_text sealed, const char **ret)
{
    *ret = NULL;
    return sealed.n ? unseal(keyring, tx_arena(tx), SEAL_TABLE, column, app_rid, sealed.bytes, sealed.n, ret) : 0;
}

static struct sealed_text seal_one(struct tx *tx, const struct keyring *keyring, int64_t app_rid, const char *column,
                                   const char *plain)
{
    struct sealed_text sealed = {.bytes = ""};
    if (plain)
        sealed.bytes = seal(keyring, tx_arena(tx), SEAL_TABLE, column, app_rid, plain, &sealed.n);
    return sealed;
}

int connection_unseal(struct tx *tx, const struct keyring *keyring, const struct connection *connection,
                      struct connection_secrets *ret)
{
    int64_t rid = connection->app_rid;
    struct sealed_text credential = {.bytes = connection->sealed, .n = connection->sealed_n};
    struct connection_secrets secrets = {0};
    int r = open_one(tx, keyring, rid, SEAL_COLUMN, credential, &secrets.credential);
    if (r == 0)
        r = open_one(tx, keyring, rid, SEAL_KEY, connection->key, &secrets.key);
    if (r == 0)
        r = open_one(tx, keyring, rid, SEAL_PROXY, connection->proxy_credential, &secrets.proxy_credential);
    if (r < 0)
        connection_secrets_wipe(&secrets);
    else
        *ret = secrets;
    return r;
}

int connection_open(struct tx *tx, const struct keyring *keyring, const struct connection *connection,
                    struct connection_clear *ret)
{
    struct connection_clear clear = {0};
    int r = connection_unseal(tx, keyring, connection, &clear.now);
    if (r == 0)
        r = open_one(tx, keyring, connection->app_rid, SEAL_OLD, connection->old, &clear.old);
    if (r < 0)
        connection_clear_wipe(&clear);
    else
        *ret = clear;
    return r;
}

/* The one that ends first; 0: neither is known to end. */
static int64_t ends_first(const struct connection *c)
{
    if (c->expires == 0 || c->certificate_expires == 0)
        return MAX_OF(c->expires, c->certificate_expires);
    return MIN_OF(c->expires, c->certificate_expires);
}

int connection_store(struct tx *tx, const struct keyring *keyring, struct connection *c,
                     const struct connection_clear *clear)
{
    struct sealed_text sealed = seal_one(tx, keyring, c->app_rid, SEAL_COLUMN, clear->now.credential);
    c->sealed = sealed.bytes;
    c->sealed_n = sealed.n;
    c->key = seal_one(tx, keyring, c->app_rid, SEAL_KEY, clear->now.key);
    c->proxy_credential = seal_one(tx, keyring, c->app_rid, SEAL_PROXY, clear->now.proxy_credential);
    c->old = seal_one(tx, keyring, c->app_rid, SEAL_OLD, clear->old);
    c->rate_group = rate_group_of(tx_arena(tx), keyring, c->base_url, clear->now.credential);
    int r =
        tx_exec(tx, &CONNECTION_PUT, I(c->app_rid), T(c->base_url), I(c->scheme), T(c->user_name), T(c->header_name),
                B(c->sealed, c->sealed_n), I(c->allow_plain_http), I(c->status), I(c->verified), T(c->verify_error),
                T(c->rate_group), I(c->client_auth), T(c->token_url), T(c->client_id), T(c->scope), T(c->key_id),
                T(c->authorities), T(c->certificate), B(c->key.bytes, c->key.n), T(c->proxy), T(c->no_proxy),
                B(c->proxy_credential.bytes, c->proxy_credential.n), I(c->expires), I(c->certificate_expires),
                I(c->rotation), I(c->rotation_since), T(c->rotation_reason), B(c->old.bytes, c->old.n),
                T(c->old_key_id), I(c->version), I(c->look_at), T(keyring_id(keyring)), I(ends_first(c)));
    return r < 0 ? r : 0;
}

static int reseal_one(struct tx *tx, const struct keyring *keyring, int64_t app_rid)
{
    struct connection connection;
    struct connection_clear clear = {0};
    int r = connection_get(tx, app_rid, &connection);
    if (r == 0)
        r = connection_open(tx, keyring, &connection, &clear);
    if (r == 0)
        r = connection_store(tx, keyring, &connection, &clear);
    connection_clear_wipe(&clear);
    return r;
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

/* --- saving --------------------------------------------------------------------------------------------------------
 */

/* NULL keeps `old`, "" is none. */
static const char *given_or(const char *given, const char *old)
{
    const char *text = given ? given : old;
    return text && *text ? text : NULL;
}

static void fill_client(const struct connection *old, const struct connection_input *given,
                        struct connection_input *ret)
{
    bool was = old->scheme == CONNECTION_OAUTH2;
    bool is = given->scheme == CONNECTION_OAUTH2;
    enum client_auth auth = given->client_auth ? given->client_auth : was ? old->client_auth : CLIENT_AUTH_BASIC;
    ret->client_auth = is ? auth : CLIENT_AUTH_NONE;
    ret->token_url = is ? given_or(given->token_url, was ? old->token_url : NULL) : NULL;
    ret->client_id = is ? given_or(given->client_id, was ? old->client_id : NULL) : NULL;
    ret->scope = is ? given_or(given->scope, was ? old->scope : NULL) : NULL;
    ret->key_id = is && auth == CLIENT_AUTH_JWT ? given_or(given->key_id, was ? old->key_id : NULL) : NULL;
    if (given->scheme != CONNECTION_BASIC)
        ret->user_name = NULL;
    if (given->scheme != CONNECTION_HEADER)
        ret->header_name = NULL;
}

/* Everything but the secrets. */
static void fill(const struct connection *old, const struct connection_input *given, struct connection_input *ret)
{
    *ret = *given;
    ret->secret = ret->key = ret->proxy_credential = NULL;
    fill_client(old, given, ret);
    ret->authorities = given_or(given->authorities, old->authorities);
    ret->certificate = given_or(given->certificate, old->certificate);
    ret->proxy = given_or(given->proxy, old->proxy);
    ret->no_proxy = given_or(given->no_proxy, old->no_proxy);
    if (given->expires <= 0)
        ret->expires = given->expires == 0 && !given->secret ? old->expires : 0;
}

static void fill_secrets(struct arena *arena, const struct connection_secrets *old,
                         const struct connection_input *given, struct connection_input *ret)
{
    if (ret->scheme != CONNECTION_NONE)
        ret->secret = arena_strdup(arena, given->secret ? given->secret : old->credential);
    if (ret->certificate)
        ret->key = arena_strdup(arena, given->key ? given->key : old->key);
    bool direct = !ret->proxy || str_eq(ret->proxy, CONNECTION_DIRECT);
    if (given->proxy_credential || !direct)
        ret->proxy_credential = arena_strdup(arena, given_or(given->proxy_credential, old->proxy_credential));
}

/* What is stored; an empty one without a connection. */
static int get_old(struct tx *tx, int64_t app_rid, struct connection *ret)
{
    *ret = (struct connection){.app_rid = app_rid, .status = CONNECTION_UNKNOWN, .sealed = ""};
    int r = connection_get(tx, app_rid, ret);
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int complete(struct tx *tx, const struct connection *old, const struct connection_clear *clear,
                    const struct connection_input *given, struct connection_input *ret, int64_t *ret_ends,
                    struct problem *problem)
{
    struct connection_input full;
    fill(old, given, &full);
    int r = connection_kept_check(tx, old, given, &full, problem);
    if (r < 0)
        return r;
    fill_secrets(tx_arena(tx), &clear->now, given, &full);
    r = connection_judge(tx, &full, ret_ends, problem);
    if (r < 0)
        connection_input_wipe(&full);
    else
        *ret = full;
    return r;
}

struct connection_input connection_input_copy(struct arena *arena, const struct connection_input *input)
{
    struct connection_input copy = *input;
    copy.base_url = arena_strdup(arena, input->base_url);
    copy.user_name = arena_strdup(arena, input->user_name);
    copy.header_name = arena_strdup(arena, input->header_name);
    copy.secret = arena_strdup(arena, input->secret);
    copy.token_url = arena_strdup(arena, input->token_url);
    copy.client_id = arena_strdup(arena, input->client_id);
    copy.scope = arena_strdup(arena, input->scope);
    copy.key_id = arena_strdup(arena, input->key_id);
    copy.authorities = arena_strdup(arena, input->authorities);
    copy.certificate = arena_strdup(arena, input->certificate);
    copy.key = arena_strdup(arena, input->key);
    copy.proxy = arena_strdup(arena, input->proxy);
    copy.no_proxy = arena_strdup(arena, input->no_proxy);
    copy.proxy_credential = arena_strdup(arena, input->proxy_credential);
    return copy;
}

int connection_complete(struct tx *tx, const struct keyring *keyring, int64_t app_rid,
                        const struct connection_input *input, struct connection_input *ret, struct problem *problem)
{
    struct connection old;
    struct connection_clear clear = {0};
    int64_t ends = 0;
    int r = get_old(tx, app_rid, &old);
    if (r == 0)
        r = connection_open(tx, keyring, &old, &clear);
    if (r == 0)
        r = complete(tx, &old, &clear, input, ret, &ends, problem);
    connection_clear_wipe(&clear);
    return r;
}

/* Status of what is saved: on when asked for, and what was on stays on while it works. */
static enum connection_status status_after(const struct connection *old, bool activate, const char *verify_error)
{
    if (activate)
        return CONNECTION_ENABLED;
    return old->status == CONNECTION_ENABLED && !verify_error ? CONNECTION_ENABLED : CONNECTION_DISABLED;
}

/* What becomes of the credential before. Of two new ones in a row the first was never proven: the oldest stays. */
static void rotate(struct tx *tx, const struct connection *old, const struct connection_clear *clear, bool wanted,
                   bool another, struct connection *next, struct connection_clear *ret)
{
    if (!another)
        return;
    bool unproven = old->rotation == ROTATION_TRYING && clear->old;
    ret->old = !wanted ? NULL : unproven ? clear->old : clear->now.credential;
    next->old_key_id = !wanted ? NULL : unproven ? old->old_key_id : old->key_id;
    next->rotation = wanted ? ROTATION_TRYING : ROTATION_NONE;
    next->rotation_since = wanted ? tx_now(tx) : 0;
    next->rotation_reason = NULL;
}

static struct connection connection_of(struct tx *tx, const struct connection *old, const struct connection_input *full)
{
    struct connection next = *old;
    next.base_url = trimmed_url(tx_arena(tx), full->base_url);
    next.scheme = full->scheme;
    next.user_name = full->user_name;
    next.header_name = full->header_name;
    next.allow_plain_http = full->allow_plain_http;
    next.client_auth = full->client_auth;
    next.token_url = full->token_url;
    next.client_id = full->client_id;
    next.scope = full->scope;
    next.key_id = full->key_id;
    next.authorities = full->authorities;
    next.certificate = full->certificate;
    next.proxy = full->proxy;
    next.no_proxy = full->no_proxy;
    next.expires = full->expires;
    next.version = old->version + 1;
    return next;
}

int connection_save(struct tx *tx, const struct keyring *keyring, struct app *app, const struct connection_input *input,
                    bool activate, int64_t verified, const char *verify_error, struct problem *problem)
{
    struct connection old;
    struct connection_clear clear = {0};
    struct connection_input full = {0};
    int64_t ends = 0;
    int r = get_old(tx, app->rid, &old);
    if (r == 0)
        r = connection_open(tx, keyring, &old, &clear);
    if (r == 0)
        r = complete(tx, &old, &clear, input, &full, &ends, problem);
    if (r == 0) {
        struct connection next = connection_of(tx, &old, &full);
        struct connection_clear now = {.now = {full.secret, full.key, full.proxy_credential}, .old = clear.old};
        next.certificate_expires = ends;
        next.status = status_after(&old, activate, verify_error);
        next.verified = verify_error ? old.verified : verified;
        next.verify_error = verify_error;
        rotate(tx, &old, &clear, input->rotate, input->secret || full.scheme == CONNECTION_NONE, &next, &now);
        next.look_at = connection_first_look(&next, tx_now(tx));
        r = connection_store(tx, keyring, &next, &now);
    }
    connection_input_wipe(&full);
    connection_clear_wipe(&clear);
    return r < 0 ? r : connection_changed(tx, app, CHANGE_APP_CONNECTION, "{\"provisioningConnection\":\"saved\"}");
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
