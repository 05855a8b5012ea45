/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: brings what apps hold from known to wanted.
 *
 * The core (engine_core.h) decides: it is handed time, answers and the store, and hands out requests; no clock, socket
 * or thread inside. This header is the shell that the product runs: one thread with libcurl's multi interface. The
 * simulator is the other shell.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "app/app.h"
#include "app/work.h"
#include "auth/auth.h"
#include "base/problem.h"
#include "store/store.h"

struct account;
struct answer;
struct engine;

extern const struct store_room engine_room;

struct engine_options {
    struct store *store;
    const struct env *env;
    const struct keyring *keyring;
    const char *node;    /* name of this node among those that share the store; NULL: "node" */
    int64_t lease_ms;    /* several nodes: how long a lease lasts that is not prolonged; 0: alone on the store */
    int64_t request_ms;  /* after which a request that has no answer is given up; 0: LIMIT_REQUEST_MS */
    const char *ca_file; /* PEM bundle; NULL: the system's */
    const char *proxy; /* "http://proxy.example.com:3128": for apps and hooks that have none of their own; NULL: none */
    const char *no_proxy;         /* hosts and networks with commas, asked directly; NULL: none */
    const char *proxy_credential; /* "user:password", or NULL */
    const char *source; /* begins the "source" of what event hooks are told: "https://muster.example.com"; NULL: "" */
};

/*
 * Reads back what an earlier process left in doubt, starts the thread. ERR_EXISTS while another process of this node's
 * name is alive.
 */
int engine_start(struct engine **ret, const struct engine_options *options, char *ret_why, size_t why_size) MUSTCHECK;
/* Hands nothing new out, waits briefly for what is in flight (its intents stay otherwise), gives the leases back,
 * stops. Accepts NULL. */
void engine_stop(struct engine *engine);
/* There is new work: called from the store's on_commit. From any thread. Accepts NULL. */
void engine_wake(struct engine *engine);

/* The account is looked at in the app, as one that is in doubt is: found disabled it is reported, found gone it is made
 * anew. Nothing is done about one that the app does not have. */
int engine_check_account(struct tx *tx, const struct account *account) MUSTCHECK;

/* Everything of the app that failed or is held is tried again at once. 0 or a negative error. */
int engine_retry(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* One chunk of a row of work that is an expansion. 1: there are more, 0: done, and the row is gone unless it was caused
 * anew. */
int engine_expand(struct tx *tx, struct work *work) MUSTCHECK;

/* "Verify this connection": a read of the target with a credential that is not stored yet. */
struct engine_verify {
    struct connection_input connection; /* complete, secrets in clear; texts must live until done() */
    /* ok, or a sentence for an administrator why not. On the engine's thread, after LIMIT_VERIFY_MS at the latest. */
    void (*done)(struct engine_verify *verify, bool ok, const char *why);
    void *data;
    int64_t _number;
    struct engine_verify *_next;
};
void engine_verify(struct engine *engine, struct engine_verify *verify);

/*
 * One request that leads to no work: to an event hook (JSON both ways), or to read something of an app. Addresses are
 * judged as for connections, and no redirects. From any thread; everything it names must live until done().
 */
struct engine_ask {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value" lines, NULL at the end; the last one may carry a credential */
    const char *body;           /* JSON, NULL for none */
    /* A read of an app: its connection, complete, with the secrets in clear (NULL: to an event hook), which makes the
     * headers; and what is wanted of the answer. */
    const struct connection_input *app;
    int shape; /* enum answer_shape */
    /* On the engine's thread, after LIMIT_HOOK_MS (of an app LIMIT_VERIFY_MS / 2) at the latest; NULL: the engine
     * is being stopped. */
    void (*done)(struct engine_ask *ask, const struct answer *answer);
    void *data;
    int64_t _number;
    struct engine_ask *_next;
};
void engine_ask(struct engine *engine, struct engine_ask *ask);

#endif
