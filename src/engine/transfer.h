/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the shell share: one exchange with libcurl, and the engine that runs it. */
#ifndef ENGINE_TRANSFER_H
#define ENGINE_TRANSFER_H

#include "engine/core.h"
#include "engine/dial.h"
#include "engine/engine.h"
#include "engine/hooks.h"

#define CURL_DISABLE_TYPECHECK /* its macros are what the complexity check would measure */
#include <curl/curl.h>
#include <pthread.h>

#define IDLE_HANDLES_MAX 64 /* easy handles kept for reuse */

/* An access token, by the connection that it is for: in memory only. */
struct token {
    int64_t app_rid; /* 0: of a verification */
    int64_t version; /* of the connection; of a verification: a number of its own */
    char *value;     /* NULL: none */
    uint64_t serial; /* of the value: another one with each */
    int64_t until;   /* ms, steady: it is used until then */
    bool asked;      /* the endpoint is being asked */
    struct token *next;
};

/* One exchange with libcurl: a flight of the core, a step of "verify this connection", an access token, or something
 * else. */
struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    const char *credential; /* its header line, in `headers` */
    struct engine *engine;
    uint64_t number; /* of the flight; 0 for others */
    struct engine_verify *verify;
    struct engine_ask *ask;
    struct token *asks_for; /* this is the request for a token */
    struct token_request token_request;
    int verify_step;
    struct answer *answer;
    struct arena *arena; /* of verifications and tokens: their request */
    const char *method;
    const char *url;
    const char *body;
    size_t body_len;
    size_t body_sent;
    bool allow_plain_http;
    bool published; /* with the headers of the published client */
    bool forbidden; /* the name led to an address that is never connected to */
    /* what it needs a token for */
    const struct dial *dial;
    struct token *token;   /* NULL: none is needed */
    uint64_t token_serial; /* of the value that it was sent with */
    bool waits;            /* for the token; not with libcurl yet */
    bool renewed;          /* it was refused once with an older token */
    const char *const *lines;
    int64_t begun; /* ms, steady */
    long timeout_ms;
    struct transfer *next;
    struct transfer *prev;
};

struct engine {
    struct engine_options options;
    struct core *core;
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards `verifies`, `asks`, `woken`, `stopping` */
    struct engine_verify *verifies;
    struct engine_ask *asks;
    struct hooks *hooks;
    bool woken;
    bool stopping;
    struct transfer *transfers;
    struct token *tokens;
    int token_count;
    uint64_t last_serial;
    CURL *idle[IDLE_HANDLES_MAX];
    int idle_count;
    int64_t due;      /* ms: next turn without an answer or a wake-up */
    int64_t retry_at; /* ms: no turn before that, after one that the store refused; 0: at any time */
    bool answered;
    bool turn_wanted;
};

/* --- transfer.c --- */
struct transfer *transfer_new(struct engine *engine, enum answer_shape shape) __attribute__((returns_nonnull));
/* Hands it to libcurl, with these header lines (NULL at the end); the last one may carry a credential. */
void transfer_start(struct transfer *t, const char *const *lines, long timeout_ms);
void transfer_free(struct transfer *t);
/* As it was before it was started, for another try. */
void transfer_reset(struct transfer *t);
/* libcurl is done with it: completes its answer. */
void transfer_finish(struct transfer *t, CURLcode code);

/* --- token_cache.c --- */
/* As transfer_start(), once there is an access token, if t->dial asks for one: kept for `app_rid` and `version`. */
void transfer_start_with_token(struct transfer *t, int64_t app_rid, int64_t version, const char *const *lines,
                               long timeout_ms);
/* Its answer came: true when the token was refused and it waits for another one. */
bool token_refused(struct transfer *t);
/* The answer to a request for a token: who waited for it is started, or has its answer; each() is told of those. */
void token_answered(struct transfer *t, void (*each)(struct transfer *t));
/* Forgets the token of a verification. */
void token_forget(struct engine *engine, int64_t app_rid, int64_t version);
void tokens_free(struct engine *engine);

#endif
