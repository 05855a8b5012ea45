/* SPDX-License-Identifier: Apache-2.0 */
/* Connections beyond a token: OAuth 2 clients, certificates, proxies, rotations and ends. */
#include "app_fixture.h"

#include <cmocka.h>
#include <gnutls/x509.h>
#include <time.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* What is looked for in the store must be nowhere in clear. */
#define SECRET "find-me-client-secret"
#define PROXY_SECRET "proxy-user:find-me-proxy-password"

struct saving {
    struct step step;
    struct keyring *keyring;
    struct connection_input input;
    struct connection connection;
    struct connection_secrets secrets;
    const char *verify_error;
    int64_t version;
    struct problem problem;
};

/* --- what is given -------------------------------------------------------------------------------------------------
 */

struct pair {
    const char *certificate, *key;
};

static struct pair make_pair(struct fixture *f, int64_t ends)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    gnutls_datum_t text;
    struct pair pair;
    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(
        gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
    assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(certificate, "\x01", 1), 0);
    assert_int_equal(gnutls_x509_crt_set_dn(certificate, "CN=muster", NULL), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(certificate, (time_t)(ends / 1000) - 1000000), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(certificate, (time_t)(ends / 1000)), 0);
    assert_int_equal(gnutls_x509_crt_set_key(certificate, key), 0);
    assert_int_equal(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text), 0);
    pair.certificate = arena_strndup(f->arena, (const char *)text.data, text.size);
    gnutls_free(text.data);
    assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &text), 0);
    pair.key = arena_strndup(f->arena, (const char *)text.data, text.size);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
    return pair;
}

static struct keyring *key(struct fixture *f)
{
    char path[96];
    char why[256] = "";
    struct keyring *keyring = NULL;
    (void)snprintf(path, sizeof(path), "%s/key", f->dir);
    if (keyring_load(&keyring, path, true, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    return keyring;
}

static int save_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    struct app app;
    s->problem = (struct problem){0};
    int r = app_by_rid(tx, s->step.app, &app);
    return r < 0 ? r : connection_save(tx, s->keyring, &app, &s->input, true, tx_now(tx), s->verify_error, &s->problem);
}

static int save(struct fixture *f, struct saving *s)
{
    return store_write_wait(f->store, NULL, save_run, s);
}

static void must_save(struct fixture *f, struct saving *s)
{
    if (save(f, s) < 0)
        fail_msg("%s", s->problem.causes[0]);
}

/* Refused, naming this. */
static void assert_refused(struct fixture *f, struct saving *s, const char *words)
{
    assert_int_equal(save(f, s), ERR_PROBLEM);
    if (!strstr(s->problem.causes[0], words))
        fail_msg("'%s' is not in: %s", words, s->problem.causes[0]);
}

static int read_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    struct connection c;
    struct connection_secrets secrets = {0};
    int r = connection_get(tx, s->step.app, &c);
    if (r == 0)
        r = connection_unseal(tx, s->keyring, &c, &secrets);
    if (r < 0)
        return r;
    struct arena *arena = s->step.f->arena;
    s->connection = c;
    s->connection.token_url = arena_strdup(arena, c.token_url);
    s->connection.client_id = arena_strdup(arena, c.client_id);
    s->connection.key_id = arena_strdup(arena, c.key_id);
    s->connection.proxy = arena_strdup(arena, c.proxy);
    s->connection.certificate = arena_strdup(arena, c.certificate);
    s->connection.rotation_reason = arena_strdup(arena, c.rotation_reason);
    s->secrets = (struct connection_secrets){arena_strdup(arena, secrets.credential), arena_strdup(arena, secrets.key),
                                             arena_strdup(arena, secrets.proxy_credential)};
    return 0;
}

static void look(struct fixture *f, struct saving *s)
{
    s->step.f = f;
    assert_int_equal(store_read_wait(f->store, read_run, s), 0);
}

static struct saving client(struct fixture *f)
{
    return (struct saving){.step = {.f = f, .app = fx_app(f, "App", "")},
                           .keyring = key(f),
                           .input = {.base_url = "https://app.example.com/scim",
                                     .scheme = CONNECTION_OAUTH2,
                                     .token_url = "https://login.example.com/token?tenant=1",
                                     .client_id = "muster",
                                     .scope = "scim",
                                     .secret = SECRET}};
}

static void an_oauth_client_is_stored(void **state)
{
    struct fixture *f = *state;
    struct saving s = client(f);
    must_save(f, &s);
    look(f, &s);
    assert_int_equal(s.connection.scheme, CONNECTION_OAUTH2);
    assert_int_equal(s.connection.client_auth, CLIENT_AUTH_BASIC);
    assert_string_equal(s.connection.token_url, "https://login.example.com/token?tenant=1");
    assert_string_equal(s.secrets.credential, SECRET);
    int64_t version = s.connection.version;
    /* What is not said stays. */
    s.input = (struct connection_input){.base_url = "https://app.example.com/v2", .scheme = CONNECTION_OAUTH2};
    must_save(f, &s);
    look(f, &s);
    assert_string_equal(s.connection.client_id, "muster");
    assert_string_equal(s.secrets.credential, SECRET);
    assert_true(s.connection.version > version);
    (void)keyring_free(s.keyring);
}

/* Invariant 12: the client's secret goes to its token endpoint, for the app that it was given for, and nowhere else. */
static void a_client_secret_is_bound(void **state)
{
    struct fixture *f = *state;
    struct saving s = client(f);
    must_save(f, &s);
    struct connection_input kept = s.input;
    kept.secret = NULL;
    static const char *const elsewhere[] = {"https://login.example.org/token", "https://login.example.com:8443/token",
                                            "http://127.0.0.1/token"};
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        s.input = kept;
        s.input.token_url = elsewhere[i];
        assert_refused(f, &s,
                       "profile.clientSecret: is needed again, since the scheme, host or port of profile.tokenUrl");
    }
    s.input = kept;
    s.input.token_url = "https://LOGIN.example.com:443/other"; /* the same place */
    must_save(f, &s);
    s.input = kept;
    s.input.base_url = "https://elsewhere.example.com/scim";
    assert_refused(f, &s, "profile.clientSecret: is needed again");
    s.input = kept;
    s.input.client_id = "another";
    assert_refused(f, &s, "profile.clientId changes");
    s.input = kept;
    s.input.client_auth = CLIENT_AUTH_JWT;
    assert_refused(f, &s, "profile.clientAuth changes");
    s.input = kept;
    s.input.scheme = CONNECTION_BEARER;
    assert_refused(f, &s, "profile.token: is needed again");
    s.input = kept;
    s.input.client_auth = CLIENT_AUTH_POST;
    must_save(f, &s);
    (void)keyring_free(s.keyring);
}

static void bad_clients_are_refused(void **state)
{
    struct fixture *f = *state;
    struct saving s = client(f);
    const struct connection_input good = s.input;
    const struct {
        const char *token_url, *client_id, *scope, *secret;
        enum client_auth auth;
        const char *words;
    } bad[] = {
        {NULL, "a", NULL, "x", CLIENT_AUTH_BASIC, "profile.tokenUrl: The field cannot be left blank"},
        {"http://login.example.com/", "a", NULL, "x", CLIENT_AUTH_BASIC, "profile.tokenUrl: plain http"},
        {"https://169.254.169.254/token", "a", NULL, "x", CLIENT_AUTH_BASIC, "metadata"},
        {"https://user:x@login.example.com/", "a", NULL, "x", CLIENT_AUTH_BASIC, "profile.tokenUrl: must be like"},
        {good.token_url, NULL, NULL, "x", CLIENT_AUTH_BASIC, "profile.clientId"},
        {good.token_url, "a\nb", NULL, "x", CLIENT_AUTH_BASIC, "profile.clientId"},
        {good.token_url, "a", "b\nc", "x", CLIENT_AUTH_BASIC, "profile.scope"},
        {good.token_url, "a", NULL, "x\ny", CLIENT_AUTH_BASIC, "profile.clientSecret"},
        {good.token_url, "a", NULL, "no key", CLIENT_AUTH_JWT, "profile.privateKey: must be a private key"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        s.input.token_url = bad[i].token_url;
        s.input.client_id = bad[i].client_id;
        s.input.scope = bad[i].scope;
        s.input.secret = bad[i].secret;
        s.input.client_auth = bad[i].auth;
        assert_refused(f, &s, bad[i].words);
    }
    struct pair pair = make_pair(f, f->now + DAY_MS);
    s.input = good;
    s.input.client_auth = CLIENT_AUTH_JWT;
    s.input.key_id = "k1";
    s.input.secret = pair.key;
    must_save(f, &s);
    look(f, &s);
    assert_string_equal(s.secrets.credential, pair.key);
    assert_string_equal(s.connection.key_id, "k1");
    (void)keyring_free(s.keyring);
}

static void a_client_certificate_and_its_key(void **state)
{
    struct fixture *f = *state;
    struct saving s = {.step = {.f = f, .app = fx_app(f, "App", "")}, .keyring = key(f)};
    struct pair pair = make_pair(f, f->now + 90 * DAY_MS);
    struct pair other = make_pair(f, f->now + 90 * DAY_MS);
    struct pair ended = make_pair(f, f->now - DAY_MS);
    const struct connection_input good = {
        .base_url = "https://app.example.com/", .scheme = CONNECTION_BEARER, .secret = "token"};
    s.input = good;
    s.input.certificate = pair.certificate;
    assert_refused(f, &s, "profile.clientKey: is needed");
    s.input.key = other.key;
    assert_refused(f, &s, "is not the private key");
    s.input.certificate = ended.certificate;
    s.input.key = ended.key;
    assert_refused(f, &s, "profile.clientCertificate: has ended");
    s.input.authorities = "nothing";
    assert_refused(f, &s, "profile.authorities: must be");
    s.input.authorities = other.certificate;
    s.input.certificate = pair.certificate;
    s.input.key = pair.key;
    must_save(f, &s);
    look(f, &s);
    assert_string_equal(s.secrets.key, pair.key);
    assert_int_equal(s.connection.certificate_expires, (f->now + 90 * DAY_MS) / 1000 * 1000);

    /* Kept for the same place and the same certificate only. */
    s.input = good;
    s.input.secret = NULL;
    must_save(f, &s);
    look(f, &s);
    assert_string_equal(s.secrets.key, pair.key);
    s.input.certificate = other.certificate;
    assert_refused(f, &s, "profile.clientCertificate changes");
    s.input = good;
    s.input.base_url = "https://elsewhere.example.com/";
    assert_refused(f, &s, "profile.clientKey: is needed again");
    s.input.certificate = "";
    must_save(f, &s);
    look(f, &s);
    assert_null(s.secrets.key);
    assert_null(s.connection.certificate);
    (void)keyring_free(s.keyring);
}

static void a_proxy_and_its_credential(void **state)
{
    struct fixture *f = *state;
    struct saving s = {.step = {.f = f, .app = fx_app(f, "App", "")}, .keyring = key(f)};
    const struct connection_input good = {
        .base_url = "https://app.example.com/", .scheme = CONNECTION_BEARER, .secret = "token"};
    static const char *const bad[] = {"proxy:3128",      "http://u:p@proxy/",       "http://proxy/path",
                                      "socks5://proxy/", "http://169.254.169.254/", "http://proxy?x"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        s.input = good;
        s.input.proxy = bad[i];
        assert_refused(f, &s, "profile.proxy: must be like");
    }
    s.input = good;
    s.input.proxy_credential = PROXY_SECRET;
    assert_refused(f, &s, "goes with profile.proxy");
    s.input.proxy = CONNECTION_DIRECT;
    assert_refused(f, &s, "goes with profile.proxy");
    s.input.proxy = "http://proxy.example.com:3128";
    must_save(f, &s);
    s.input = good;
    must_save(f, &s);
    look(f, &s);
    assert_string_equal(s.connection.proxy, "http://proxy.example.com:3128");
    assert_string_equal(s.secrets.proxy_credential, PROXY_SECRET);
    s.input.proxy = "http://proxy.example.org:3128";
    assert_refused(f, &s, "profile.proxyCredential: is needed again");
    s.input.proxy_credential = "";
    must_save(f, &s);
    look(f, &s);
    assert_null(s.secrets.proxy_credential);
    s.input = good;
    s.input.proxy = "";
    must_save(f, &s);
    look(f, &s);
    assert_null(s.connection.proxy);
    (void)keyring_free(s.keyring);
}

/* --- secrets at rest -----------------------------------------------------------------------------------------------
 */

static int places_of(struct fixture *f, const char *text)
{
    if (test_on_postgresql()) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/db", f->dir);
        return (int)test_rows_with(test_location(path), "app_connections", text);
    }
    static const char *const names[] = {"db", "db-wal"};
    int found = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        static char bytes[8 * 1024 * 1024];
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t n = fread(bytes, 1, sizeof(bytes), file);
        (void)fclose(file);
        found += memmem(bytes, n, text, strlen(text)) != NULL;
    }
    return found;
}

static void every_secret_is_sealed_on_disk(void **state)
{
    struct fixture *f = *state;
    struct saving s = client(f);
    struct pair pair = make_pair(f, f->now + 90 * DAY_MS);
    s.input.certificate = pair.certificate;
    s.input.key = pair.key;
    s.input.proxy = "http://proxy.example.com";
    s.input.proxy_credential = PROXY_SECRET;
    must_save(f, &s);
    s.input.secret = "another-client-secret";
    s.input.rotate = true;
    must_save(f, &s);                              /* SECRET is the old one now */
    const char *line = strchr(pair.key, '\n') + 1; /* of the key's own text */
    const char *of_key = arena_strndup(f->arena, line, 40);
    assert_int_equal(places_of(f, SECRET), 0);
    assert_int_equal(places_of(f, "another-client-secret"), 0);
    assert_int_equal(places_of(f, "find-me-proxy-password"), 0);
    assert_int_equal(places_of(f, of_key), 0);
    assert_true(places_of(f, "https://login.example.com/token") > 0); /* the search works */
    (void)keyring_free(s.keyring);
}

static int reseal_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    int r = connection_reseal(tx, s->keyring, 10);
    s->step.result = r;
    return r < 0 ? r : 0;
}

static void a_new_key_reseals_every_secret(void **state)
{
    struct fixture *f = *state;
    struct saving s = client(f);
    struct pair pair = make_pair(f, f->now + 90 * DAY_MS);
    s.input.certificate = pair.certificate;
    s.input.key = pair.key;
    s.input.proxy = "http://proxy.example.com";
    s.input.proxy_credential = PROXY_SECRET;
    must_save(f, &s);
    s.input.secret = "new-secret";
    s.input.rotate = true;
    must_save(f, &s);
    char path[96];
    char why[256] = "";
    (void)snprintf(path, sizeof(path), "%s/key", f->dir);
    assert_int_equal(keyring_add(s.keyring, path, why, sizeof(why)), 0);
    assert_int_equal(store_write_wait(f->store, NULL, reseal_run, &s), 0);
    assert_int_equal(s.step.result, 1);
    assert_true(keyring_trim(s.keyring, path, 1, why, sizeof(why)) >= 0); /* the old key is gone */
    look(f, &s);
    assert_string_equal(s.secrets.credential, "new-secret");
    assert_string_equal(s.secrets.key, pair.key);
    assert_string_equal(s.secrets.proxy_credential, PROXY_SECRET);
    assert_int_equal(s.connection.rotation, ROTATION_TRYING);
    (void)keyring_free(s.keyring);
}

/* --- rotation ------------------------------------------------------------------------------------------------------
 */

static int fall_back_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    struct app app;
    int r = app_by_rid(tx, s->step.app, &app);
    if (r == 0)
        r = connection_fall_back(tx, s->keyring, &app, s->version, "Unauthorized");
    s->step.result = r;
    return MIN_OF(r, 0);
}

static int64_t fall_back(struct fixture *f, struct saving *s, int64_t version)
{
    s->version = version;
    assert_int_equal(store_write_wait(f->store, NULL, fall_back_run, s), 0);
    return s->step.result;
}

static int proven_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    struct app app;
    struct connection c;
    int r = app_by_rid(tx, s->step.app, &app);
    if (r == 0)
        r = connection_get(tx, s->step.app, &c);
    return r < 0 ? r : connection_proven(tx, &app, &c, s->version);
}

static int drop_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    struct app app;
    int r = app_by_rid(tx, s->step.app, &app);
    return r < 0 ? r : connection_drop_old(tx, &app, &s->problem);
}

static int tick_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    int r = connection_tick(tx, &s->step.number);
    s->step.result = r;
    return MIN_OF(r, 0);
}

static int64_t tick(struct fixture *f, struct saving *s)
{
    assert_int_equal(store_write_wait(f->store, NULL, tick_run, s), 0);
    return s->step.result;
}

struct counting {
    const char *type, *words;
    int count;
};

static int count_one(UNUSED int64_t number, const char *type, const char *event, void *data)
{
    struct counting *counting = data;
    counting->count += str_eq(type, counting->type) && (!counting->words || strstr(event, counting->words));
    return 0;
}

static int count_run(struct tx *tx, void *arg)
{
    return record_log_each(tx, 0, 1000, count_one, arg);
}

static int events(struct fixture *f, const char *type, const char *words)
{
    struct counting counting = {.type = type, .words = words};
    assert_int_equal(store_read_wait(f->store, count_run, &counting), 0);
    return counting.count;
}

static struct saving rotated(struct fixture *f)
{
    struct saving s = {.step = {.f = f, .app = fx_app(f, "App", "")}, .keyring = key(f)};
    s.input = (struct connection_input){
        .base_url = "https://app.example.com/", .scheme = CONNECTION_BEARER, .secret = "old", .rotate = true};
    assert_refused(f, &s, "there is no credential yet");
    s.input.rotate = false;
    must_save(f, &s);
    s.input.secret = "new";
    s.input.rotate = true;
    must_save(f, &s);
    look(f, &s);
    assert_string_equal(s.secrets.credential, "new");
    assert_int_equal(s.connection.rotation, ROTATION_TRYING);
    assert_true(s.connection.old.n > 0);
    return s;
}

static void a_refused_credential_falls_back_once(void **state)
{
    struct fixture *f = *state;
    struct saving s = rotated(f);
    int64_t version = s.connection.version;
    assert_int_equal(fall_back(f, &s, version - 1), 0); /* what was sent before the rotation says nothing of it */
    assert_int_equal(fall_back(f, &s, version), 1);
    look(f, &s);
    assert_string_equal(s.secrets.credential, "old");
    assert_int_equal(s.connection.rotation, ROTATION_FELL_BACK);
    assert_string_equal(s.connection.rotation_reason, "Unauthorized");
    assert_int_equal(s.connection.old.n, 0);
    assert_true(s.connection.version > version);
    assert_int_equal(fall_back(f, &s, version), 0); /* others that were out with it */
    assert_int_equal(fall_back(f, &s, s.connection.version), 0);
    look(f, &s);
    assert_string_equal(s.secrets.credential, "old");
    assert_int_equal(events(f, "muster.app.credential.fell_back", NULL), 1);
    assert_int_equal(store_write_wait(f->store, NULL, drop_run, &s), ERR_PROBLEM);
    (void)keyring_free(s.keyring);
}

static void a_proven_credential_drops_the_old_one_after_a_day(void **state)
{
    struct fixture *f = *state;
    struct saving s = rotated(f);
    assert_int_equal(store_write_wait(f->store, NULL, drop_run, &s), ERR_PROBLEM);
    assert_non_null(strstr(s.problem.causes[0], "not proven yet"));
    f->now += 2 * DAY_MS;
    assert_int_equal(tick(f, &s), 0); /* never by itself before it is proven */
    s.version = s.connection.version;
    assert_int_equal(store_write_wait(f->store, NULL, proven_run, &s), 0);
    assert_int_equal(store_write_wait(f->store, NULL, proven_run, &s), 0);
    look(f, &s);
    assert_int_equal(s.connection.rotation, ROTATION_PROVEN);
    assert_int_equal(events(f, "muster.app.credential.proven", NULL), 1);
    f->now += ROTATION_KEEP_MS - 1;
    assert_int_equal(tick(f, &s), 0);
    assert_int_equal(s.step.number, f->now + 1);
    f->now += 1;
    assert_int_equal(tick(f, &s), 1);
    look(f, &s);
    assert_string_equal(s.secrets.credential, "new");
    assert_int_equal(s.connection.rotation, ROTATION_NONE);
    assert_int_equal(s.connection.old.n, 0);
    assert_int_equal(tick(f, &s), 0);
    assert_int_equal(s.step.number, 0);
    assert_int_equal(events(f, "muster.app.credential.old_dropped", NULL), 1);
    (void)keyring_free(s.keyring);
}

static void an_administrator_drops_the_old_one(void **state)
{
    struct fixture *f = *state;
    struct saving s = rotated(f);
    s.version = s.connection.version;
    assert_int_equal(store_write_wait(f->store, NULL, proven_run, &s), 0);
    assert_int_equal(store_write_wait(f->store, NULL, drop_run, &s), 0);
    look(f, &s);
    assert_int_equal(s.connection.old.n, 0);
    assert_int_equal(store_write_wait(f->store, NULL, drop_run, &s), ERR_PROBLEM);
    (void)keyring_free(s.keyring);
}

/* Of two new ones in a row the first was never proven: what works is the oldest. */
static void a_second_rotation_keeps_what_was_proven(void **state)
{
    struct fixture *f = *state;
    struct saving s = rotated(f);
    s.input.secret = "newer";
    must_save(f, &s);
    look(f, &s);
    assert_string_equal(s.secrets.credential, "newer");
    assert_int_equal(fall_back(f, &s, s.connection.version), 1);
    look(f, &s);
    assert_string_equal(s.secrets.credential, "old");

    s.input.secret = "third";
    must_save(f, &s);
    s.input.rotate = false;
    s.input.secret = "fourth"; /* without a rotation nothing is kept */
    must_save(f, &s);
    look(f, &s);
    assert_int_equal(s.connection.old.n, 0);
    assert_int_equal(s.connection.rotation, ROTATION_NONE);
    s.input.rotate = true;
    s.input.secret = NULL;
    assert_refused(f, &s, "profile.rotate: needs the new credential");
    s.input.secret = "fifth";
    s.input.base_url = "https://elsewhere.example.com/";
    assert_refused(f, &s, "profile.rotate: is for another credential at the same place");
    (void)keyring_free(s.keyring);
}

/* The key's id belongs to the key. */
static void a_private_key_takes_its_id_along(void **state)
{
    struct fixture *f = *state;
    struct saving s = client(f);
    struct pair first = make_pair(f, f->now + DAY_MS);
    struct pair second = make_pair(f, f->now + DAY_MS);
    s.input.client_auth = CLIENT_AUTH_JWT;
    s.input.secret = first.key;
    s.input.key_id = "first";
    must_save(f, &s);
    s.input.secret = second.key;
    s.input.key_id = "second";
    s.input.rotate = true;
    must_save(f, &s);
    look(f, &s);
    assert_string_equal(s.connection.key_id, "second");
    assert_int_equal(fall_back(f, &s, s.connection.version), 1);
    look(f, &s);
    assert_string_equal(s.connection.key_id, "first");
    assert_string_equal(s.secrets.credential, first.key);
    (void)keyring_free(s.keyring);
}

/* --- ends ----------------------------------------------------------------------------------------------------------
 */

static int ending_run(struct tx *tx, void *arg)
{
    const char *warning = NULL;
    int r = connections_warning(tx, &warning);
    const char *count = warning ? strstr(warning, " of ") : NULL;
    *(int64_t *)arg = count ? strtoll(count + 4, NULL, 10) : 0;
    return r;
}

static int64_t ending(struct fixture *f)
{
    int64_t count = -1;
    assert_int_equal(store_read_wait(f->store, ending_run, &count), 0);
    return count;
}

static void an_end_is_warned_of_in_time(void **state)
{
    struct fixture *f = *state;
    static const char type[] = "muster.app.credential.expiring";
    struct saving s = {.step = {.f = f, .app = fx_app(f, "App", "")}, .keyring = key(f)};
    int64_t ends = f->now + 100 * DAY_MS;
    s.input = (struct connection_input){
        .base_url = "https://app.example.com/", .scheme = CONNECTION_BEARER, .secret = "x", .expires = f->now - 1};
    assert_refused(f, &s, "profile.expires: lies in the past");
    s.input.expires = ends;
    must_save(f, &s);
    assert_int_equal(tick(f, &s), 0);
    assert_int_equal(s.step.number, ends - EXPIRY_WARN_MS);
    assert_int_equal(ending(f), 0);
    static const int64_t before[] = {30, 7, 1, 0};
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        f->now = ends - before[i] * DAY_MS;
        assert_int_equal(tick(f, &s), 1);
        assert_int_equal(tick(f, &s), 0); /* once each */
        assert_int_equal(events(f, type, NULL), (int)i + 1);
        assert_int_equal(ending(f), 1);
    }
    assert_int_equal(events(f, type, "\"severity\":\"WARN\""), 3);
    assert_int_equal(events(f, type, "\"severity\":\"ERROR\""), 1);
    assert_int_equal(s.step.number, 0);
    assert_string_equal(expiry_name(ends, ends), "EXPIRED");
    assert_string_equal(expiry_name(ends, ends - 1), "EXPIRING");
    assert_string_equal(expiry_name(ends, ends - EXPIRY_WARN_MS - 1), "VALID");

    s.input.expires = 0; /* another credential, whose end is not said */
    must_save(f, &s);
    assert_int_equal(tick(f, &s), 0);
    assert_int_equal(ending(f), 0);
    (void)keyring_free(s.keyring);
}

static void a_certificate_that_ends_soon_is_warned_of_at_once(void **state)
{
    struct fixture *f = *state;
    struct saving s = {.step = {.f = f, .app = fx_app(f, "App", "")}, .keyring = key(f)};
    struct pair pair = make_pair(f, f->now + 5 * DAY_MS);
    s.input = (struct connection_input){.base_url = "https://app.example.com/",
                                        .scheme = CONNECTION_BEARER,
                                        .secret = "x",
                                        .certificate = pair.certificate,
                                        .key = pair.key};
    must_save(f, &s);
    assert_int_equal(ending(f), 1);
    assert_int_equal(tick(f, &s), 1);
    assert_int_equal(events(f, "muster.app.credential.expiring", "CLIENT_CERTIFICATE"), 1);
    assert_int_equal(s.step.number, f->now / 1000 * 1000 + 4 * DAY_MS);
    (void)keyring_free(s.keyring);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_oauth_client_is_stored),
        TEST(a_client_secret_is_bound),
        TEST(bad_clients_are_refused),
        TEST(a_client_certificate_and_its_key),
        TEST(a_proxy_and_its_credential),
        TEST(every_secret_is_sealed_on_disk),
        TEST(a_new_key_reseals_every_secret),
        TEST(a_refused_credential_falls_back_once),
        TEST(a_proven_credential_drops_the_old_one_after_a_day),
        TEST(an_administrator_drops_the_old_one),
        TEST(a_second_rotation_keeps_what_was_proven),
        TEST(a_private_key_takes_its_id_along),
        TEST(an_end_is_warned_of_in_time),
        TEST(a_certificate_that_ends_soon_is_warned_of_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
