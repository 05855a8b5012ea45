/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection of an app: where it is reached, what proves who asks (credential, client certificate), whom it has to
 * prove itself to (authorities), and which way requests take (proxy).
 *
 * Four secrets can belong to it: the credential, the one before it during a rotation, the key of the client certificate
 * and the proxy's credential. Each is sealed for its own column, goes only to the scheme, host and port that it was
 * given for (a client's secret to its token endpoint and nowhere else), and leaves by no read path.
 */
#ifndef APP_CONNECTION_H
#define APP_CONNECTION_H

#include "auth/auth.h"
#include "auth/pem.h"
#include "base/problem.h"
#include "store/store.h"

struct app;

enum connection_scheme {
    CONNECTION_NONE,
    CONNECTION_BEARER,
    CONNECTION_BASIC,
    CONNECTION_HEADER,
    CONNECTION_OAUTH2, /* client credentials (RFC 6749 section 4.4): an access token, had from `token_url` */
};
enum connection_status { CONNECTION_UNKNOWN, CONNECTION_ENABLED, CONNECTION_DISABLED };

/* How the client proves itself to the token endpoint. */
enum client_auth {
    CLIENT_AUTH_NONE,  /* of an input: as stored, else CLIENT_AUTH_BASIC */
    CLIENT_AUTH_BASIC, /* client_secret_basic: id and secret, form-encoded (RFC 6749 section 2.3.1) */
    CLIENT_AUTH_POST,  /* client_secret_post */
    CLIENT_AUTH_JWT,   /* private_key_jwt (RFC 7523): the secret is a private key in PEM */
};
#define CLIENT_AUTH_COUNT 4
const char *client_auth_name(enum client_auth auth); /* "CLIENT_SECRET_BASIC" ...; NULL for CLIENT_AUTH_NONE */

/* Two credentials: a new one was saved with `rotate`, and the one before it is kept for a while. */
enum credential_rotation {
    ROTATION_NONE,
    ROTATION_TRYING,    /* the new one is in use, and no request has succeeded with it yet */
    ROTATION_PROVEN,    /* one has: the old one goes after ROTATION_KEEP_MS, or when an administrator says so */
    ROTATION_FELL_BACK, /* the app refused the new one: it was thrown away, and the old one is in use again */
};
const char *rotation_name(enum credential_rotation rotation); /* "TRYING" ...; NULL for ROTATION_NONE */
#define ROTATION_KEEP_MS                                                                                               \
    ((int64_t)24 * 3600 * 1000) /* milliseconds that the old one is kept after the new is proven                       \
                                 */

#define EXPIRY_WARN_MS ((int64_t)30 * 24 * 3600 * 1000) /* milliseconds before the end: the first warning */

#define CONNECTION_DIRECT "DIRECT" /* as a proxy: none, whatever the server's own is */

struct sealed_text {
    const void *bytes;
    size_t n; /* 0: none */
};

/* Texts are NULL where there is none. */
struct connection {
    int64_t app_rid;
    const char *base_url; /* without a trailing slash, as given otherwise; NULL: no connection yet */
    enum connection_scheme scheme;
    const char *user_name;   /* CONNECTION_BASIC */
    const char *header_name; /* CONNECTION_HEADER */
    const void *sealed;      /* the credential: token, password, header value, client secret or private key */
    size_t sealed_n;
    bool allow_plain_http; /* plain http beyond loopback was allowed in so many words */
    enum connection_status status;
    int64_t verified;         /* ms of the last success, 0 never */
    const char *verify_error; /* NULL: none */
    /* What tells apps with the same host and credential: they share one pace, and one node asks them all. */
    const char *rate_group;
    /* CONNECTION_OAUTH2 */
    enum client_auth client_auth;
    const char *token_url, *client_id, *scope;
    const char *key_id; /* "kid" of a private key */
    /* the way */
    const char *authorities;             /* PEM: whom the app's certificate may come from; NULL: those of the server */
    const char *certificate;             /* PEM: the client's */
    struct sealed_text key;              /* of the certificate */
    const char *proxy;                   /* "http://proxy.example.com:3128", CONNECTION_DIRECT, or NULL: the server's */
    const char *no_proxy;                /* hosts and networks, with commas: asked directly */
    struct sealed_text proxy_credential; /* "user:password" */
    /* ends */
    int64_t expires;             /* ms, as an administrator said of the credential; 0: not said */
    int64_t certificate_expires; /* ms, as the client's certificate says; 0: none */
    /* rotation */
    enum credential_rotation rotation;
    int64_t rotation_since; /* ms */
    const char *rotation_reason;
    struct sealed_text old; /* the credential before; empty once it is dropped */
    const char *old_key_id;
    int64_t version; /* of what requests are sent with: another one after each change */
    int64_t look_at; /* ms: when time does something to it next (connection_tick()), 0: never */
};
int connection_get(struct tx *tx, int64_t app_rid, struct connection *ret) MUSTCHECK; /* ERR_NOT_FOUND: none yet */

#define RATE_GROUP_BYTES 40 /* of the text of a rate group, with its NUL */
/* The rate group of an app, also of one without a connection, which is alone in its own. */
int connection_rate_group(struct tx *tx, int64_t app_rid, char ret[static RATE_GROUP_BYTES]) MUSTCHECK;
/* The same, of a connection that was read. */
void rate_group_of_connection(const struct connection *connection, char ret[static RATE_GROUP_BYTES]);
/* The apps of a rate group, ascending, above the rid `after`, at most `limit`. The count. */
int app_rids_of_rate_group(struct tx *tx, const char *rate_group, int64_t after, int64_t *ret, int limit) MUSTCHECK;

/*
 * What an administrator gives. Of the texts behind `allow_plain_http`, NULL keeps what is stored and "" takes it away.
 * A kept secret stays bound: the credential to scheme, host, port and name (of CONNECTION_OAUTH2: those of the token
 * endpoint, the client's id and the way it proves itself), the client's key to the base URL's place and its
 * certificate, the proxy's credential to the proxy's place.
 */
struct connection_input {
    const char *base_url;
    enum connection_scheme scheme;
    const char *user_name;
    const char *header_name;
    const char *secret; /* NULL: keep the stored one */
    bool allow_plain_http;
    enum client_auth client_auth;
    const char *token_url, *client_id, *scope, *key_id;
    const char *authorities, *certificate, *key;
    const char *proxy, *no_proxy, *proxy_credential;
    int64_t expires; /* ms; 0: keep, or not said of another credential; -1: not said */
    bool rotate;     /* `secret` is new, and the one in use is kept until it is proven */
};
/*
 * Judges a base URL before anything is sent to it: http(s) only, no user info, query or fragment; plain http to
 * loopback only unless allowed; link-local and metadata addresses (169.254.0.0/16, fe80::/10, fd00:ec2::254 ...)
 * refused. 0, or ERR_PROBLEM. Names that resolve to such addresses are refused again when connecting (engine).
 */
int connection_url_check(const char *base_url, bool allow_plain_http, struct problem *problem) MUSTCHECK;
/*
 * Why an address (AF_INET, AF_INET6) is never connected to: a static text, or NULL when it may be. Judges the address
 * that a name resolved to, so that a name cannot lead where its address may not. IPv4 inside IPv6 is judged as IPv4.
 */
struct sockaddr;
const char *connection_address_refused(const struct sockaddr *address);
/* 127.0.0.0/8, the same as IPv4-mapped, and ::1: where plain http is always allowed. */
bool connection_address_is_loopback(const struct sockaddr *address);
/* "http://HOST[:PORT]" or https: without user info, path or query. */
bool proxy_url_is_valid(const char *url);
/*
 * What connection_save() refuses, before the target is asked. `*ret` is the input with what is kept filled in from the
 * store, secrets in clear, texts in the tx's arena and the input: connection_input_wipe() after use.
 */
int connection_complete(struct tx *tx, const struct keyring *keyring, int64_t app_rid,
                        const struct connection_input *input, struct connection_input *ret,
                        struct problem *problem) MUSTCHECK;
void connection_input_wipe(const struct connection_input *input);
/* For whoever reads it when the job is over; wiped like the other. */
struct connection_input connection_input_copy(struct arena *arena, const struct connection_input *input);
/* Stores and seals. The caller has verified the connection by asking the target, and says how that went. */
int connection_save(struct tx *tx, const struct keyring *keyring, struct app *app, const struct connection_input *input,
                    bool activate, int64_t verified, const char *verify_error, struct problem *problem) MUSTCHECK;
int connection_set_status(struct tx *tx, struct app *app, enum connection_status status,
                          struct problem *problem) MUSTCHECK;

/* What proves who asks, in clear. Texts NULL where there is none. */
struct connection_secrets {
    const char *credential, *key, *proxy_credential;
};
/* In the tx's arena: the caller wipes them. For the engine alone. */
int connection_unseal(struct tx *tx, const struct keyring *keyring, const struct connection *connection,
                      struct connection_secrets *ret) MUSTCHECK;
void connection_secrets_wipe(const struct connection_secrets *secrets);
/* Seals every secret again with the current key, of at most `limit` connections; the count that was done, 0 at the end.
 */
int connection_reseal(struct tx *tx, const struct keyring *keyring, int limit) MUSTCHECK;

/* --- rotation and ends (connection_time.c) -------------------------------------------------------------------------
 */

/* The app refused the credential of this version, with these words. 1: the one before it is in use now, ask again; 0:
 * there is none, or the version is an older one. */
int connection_fall_back(struct tx *tx, const struct keyring *keyring, const struct app *app, int64_t version,
                         const char *words) MUSTCHECK;
/* A request with the credential of this version succeeded: notes it when that proves a new one. */
int connection_proven(struct tx *tx, const struct app *app, struct connection *connection, int64_t version) MUSTCHECK;
/* Forgets the credential before. Refused when there is none, and while the new one is not proven. */
int connection_drop_old(struct tx *tx, const struct app *app, struct problem *problem) MUSTCHECK;
/* What is due by now: warnings of ends, old credentials that go. How many; `*ret_next` when to look again (0: never).
 */
int connection_tick(struct tx *tx, int64_t *ret_next) MUSTCHECK;
/* A sentence about credentials and certificates that end within EXPIRY_WARN_MS or have ended, in the tx's arena; NULL:
 * there are none. */
int connections_warning(struct tx *tx, const char **ret) MUSTCHECK;
/* "VALID", "EXPIRING" (within EXPIRY_WARN_MS) or "EXPIRED". */
const char *expiry_name(int64_t ends, int64_t now);

#endif
