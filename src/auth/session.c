/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/session.h"

#include "auth/inner.h"
#include "auth/secret.h"
#include "base/limits.h"

#define LINK_PREFIX "musterl_"
#define CSRF_BYTES 32

static const char csrf_context[] = "csrf";

SQL(SESSION_INSERT,
    "INSERT INTO sessions (hash, administrator, created, expires) VALUES ($1, $2, $3, $4) RETURNING rid");
SQL(SESSION_BY_HASH, "SELECT administrator, created, expires FROM sessions WHERE hash = $1");
SQL(SESSION_DELETE, "DELETE FROM sessions WHERE hash = $1");
SQL(SESSIONS_EXPIRE, "DELETE FROM sessions WHERE rid IN"
                     " (SELECT rid FROM sessions WHERE expires <= $1 ORDER BY expires LIMIT $2)");
SQL(LINK_INSERT, "INSERT INTO sign_in_links (hash, administrator, expires) VALUES ($1, $2, $3)"
                 " ON CONFLICT (administrator) DO UPDATE SET hash = excluded.hash, expires = excluded.expires");
SQL(LINK_BY_HASH, "SELECT administrator, expires FROM sign_in_links WHERE hash = $1");
SQL(LINK_DELETE, "DELETE FROM sign_in_links WHERE hash = $1");

int session_create(struct tx *tx, const struct administrator *administrator, struct session *ret,
                   const char **ret_secret)
{
    unsigned char hash[SECRET_HASH_BYTES];
    const char *secret = secret_new(tx, SESSION_PREFIX, hash);
    struct session session = {
        .administrator = *administrator, .created = tx_now(tx), .expires = tx_now(tx) + LIMIT_SESSION_MS};
    int64_t rid;
    int r = tx_get_int(tx, &rid, &SESSION_INSERT, B(hash, sizeof(hash)), I(administrator->rid), I(session.created),
                       I(session.expires));
    if (r >= 0)
        r = administrator_signed_in(tx, administrator->rid);
    if (r >= 0)
        r = administrator_event(tx, administrator, "user.session.start", NULL, NULL);
    if (r < 0)
        return r;
    *ret = session;
    *ret_secret = secret;
    return 0;
}

static int find_row(struct tx *tx, const unsigned char *hash, int64_t *ret_administrator, struct session *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &SESSION_BY_HASH, B(hash, SECRET_HASH_BYTES));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret_administrator = query_int(&query, 0);
    *ret = (struct session){.created = query_int(&query, 1), .expires = query_int(&query, 2)};
    query_close(&query);
    return 0;
}

int session_check(struct tx *tx, const char *secret, struct session *ret)
{
    unsigned char hash[SECRET_HASH_BYTES];
    struct session session = {0};
    int64_t administrator = 0;
    secret_hash(secret, hash);
    int r = find_row(tx, hash, &administrator, &session);
    if (r == 0 && session.expires <= tx_now(tx))
        r = ERR_NOT_FOUND;
    if (r == 0)
        r = administrator_by_rid(tx, administrator, &session.administrator);
    if (r == 0)
        *ret = session;
    return r;
}

int session_end(struct tx *tx, const char *secret)
{
    unsigned char hash[SECRET_HASH_BYTES];
    struct session session;
    int r = session_check(tx, secret, &session);
    if (r < 0)
        return r;
    secret_hash(secret, hash);
    r = tx_exec(tx, &SESSION_DELETE, B(hash, sizeof(hash)));
    return r < 0 ? r : administrator_event(tx, &session.administrator, "user.session.end", NULL, NULL);
}

int session_expire(struct tx *tx, int limit)
{
    return tx_exec(tx, &SESSIONS_EXPIRE, I(tx_now(tx)), I(limit));
}

void session_csrf(const char *secret, char ret[static SESSION_CSRF_BYTES])
{
    static_assert(SESSION_CSRF_BYTES == sodium_base64_ENCODED_LEN(CSRF_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                  "base64url");
    unsigned char hash[CSRF_BYTES];
    crypto_generichash_state state;
    auth_ready();
    (void)crypto_generichash_init(&state, NULL, 0, sizeof(hash));
    (void)crypto_generichash_update(&state, (const unsigned char *)csrf_context, sizeof(csrf_context));
    (void)crypto_generichash_update(&state, (const unsigned char *)secret, strlen(secret));
    (void)crypto_generichash_final(&state, hash, sizeof(hash));
    (void)sodium_bin2base64(ret, SESSION_CSRF_BYTES, hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool session_csrf_matches(const char *secret, const char *given)
{
    char wanted[SESSION_CSRF_BYTES];
    session_csrf(secret, wanted);
    return given && strlen(given) == SESSION_CSRF_BYTES - 1 && sodium_memcmp(given, wanted, SESSION_CSRF_BYTES) == 0;
}

int sign_in_link_create(struct tx *tx, int64_t administrator_rid, const char **ret_secret)
{
    unsigned char hash[SECRET_HASH_BYTES];
    const char *secret = secret_new(tx, LINK_PREFIX, hash);
    int r =
        tx_exec(tx, &LINK_INSERT, B(hash, sizeof(hash)), I(administrator_rid), I(tx_now(tx) + LIMIT_SIGN_IN_LINK_MS));
    if (r < 0)
        return r;
    *ret_secret = secret;
    return 0;
}

int sign_in_link_find(struct tx *tx, const char *secret, int64_t *ret_administrator_rid)
{
    unsigned char hash[SECRET_HASH_BYTES];
    struct query query;
    secret_hash(secret, hash);
    int r = tx_query_row(tx, &query, &LINK_BY_HASH, B(hash, sizeof(hash)));
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    int64_t administrator = query_int(&query, 0);
    bool valid = query_int(&query, 1) > tx_now(tx);
    query_close(&query);
    if (!valid)
        return ERR_NOT_FOUND;
    *ret_administrator_rid = administrator;
    return 0;
}

int sign_in_link_take(struct tx *tx, const char *secret, int64_t *ret_administrator_rid)
{
    unsigned char hash[SECRET_HASH_BYTES];
    int r = sign_in_link_find(tx, secret, ret_administrator_rid);
    if (r < 0)
        return r;
    secret_hash(secret, hash);
    r = tx_exec(tx, &LINK_DELETE, B(hash, sizeof(hash)));
    return MIN_OF(r, 0);
}
