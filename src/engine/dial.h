/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a request gets to an app, beside its URL and headers: whom to trust, what to show, which proxy, and the client
 * that an access token is asked for. In clear, in an arena of the request: dial_wipe() before that is freed.
 */
#ifndef ENGINE_DIAL_H
#define ENGINE_DIAL_H

#include "app/connection.h"
#include "target/answer.h"

struct token_client {
    const char *url; /* NULL: the connection has a credential of another kind */
    enum client_auth auth;
    const char *client_id, *scope, *key_id;
    const char *secret; /* client secret, or private key in PEM */
};

struct dial {
    const char *authorities;      /* PEM; NULL: those of the server */
    const char *certificate;      /* PEM; NULL: none */
    const char *key;              /* PEM */
    const char *proxy;            /* URL, CONNECTION_DIRECT, or NULL: the server's */
    const char *no_proxy;         /* exceptions */
    const char *proxy_credential; /* "user:password" */
    struct token_client token;
};

/* NULL when the connection has nothing of this. */
const struct dial *dial_new(struct arena *arena, const struct connection_input *complete);
const struct dial *dial_copy(struct arena *arena, const struct dial *dial); /* NULL gives NULL */
void dial_wipe(const struct dial *dial);                                    /* accepts NULL */

/* "Authorization: Basic ...", in `arena`: the caller wipes it. */
const char *credential_basic(struct arena *arena, const char *user_name, const char *secret)
    __attribute__((returns_nonnull));
/* The header line that carries the credential, or NULL: for CONNECTION_NONE, and CONNECTION_OAUTH2 whose token is not
 * known yet. In `arena`: the caller wipes it. */
const char *credential_line(struct arena *arena, const struct connection_input *complete);

/* --- asking for an access token (token.c) --------------------------------------------------------------------------
 */

#define TOKEN_LIFETIME_MS ((int64_t)5 * 60 * 1000)        /* milliseconds, when the answer does not say */
#define TOKEN_LIFETIME_MAX_MS ((int64_t)24 * 3600 * 1000) /* milliseconds that one is used, whatever it says */
#define TOKEN_BYTES_MAX 16384                             /* bytes of a token */

struct token_request {
    const char *header; /* its Authorization line, or NULL */
    const char *body;   /* application/x-www-form-urlencoded */
    const char *proof;  /* what of it is secret: hidden where the endpoint repeats it */
};
/* In `arena`; header, body and proof are wiped by the caller. ERR_KEY: the private key cannot sign. */
int token_request_new(struct arena *arena, const struct token_client *client, int64_t now,
                      struct token_request *ret) MUSTCHECK;
void token_request_wipe(const struct token_request *request);

struct token_answer {
    const char *token; /* NULL: none was given */
    int64_t use_ms;    /* for so long it is used: renewed before it ends */
    /* Without a token: how the request that it was for has failed, and the words for an administrator. */
    enum transport transport; /* TRANSPORT_TOKEN_REFUSED, TRANSPORT_TOKEN_FAILED, TRANSPORT_FORBIDDEN */
    const char *words;
};
/* Texts in `arena`; the token is wiped by the caller. */
void token_answer_read(struct arena *arena, const struct answer *answer, struct token_answer *ret);

#endif
