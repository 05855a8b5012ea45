/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The management API: a server over the store. A request travels like this:
 *
 *     httpd's thread    serve.c takes it apart (path, query, route, body) and queues a job of the store
 *     reader or writer  the job authenticates, counts against the rate limit, runs the handler (call.h)
 *     after the commit  the answer is sent from the store's thread
 *
 * A call that has something to prepare, a large body or a malformed one, and a write with a token not seen before, is
 * authenticated in a read first; so nobody without a token makes this process do more than look one up. A handler that
 * waits for an effect is parked and run again after commits (api_wake()).
 */
#ifndef API_API_H
#define API_API_H

#include "api/call.h"

extern const struct store_room api_room;

/* Every route of the product: the tables of the verticals, NULL at the end (routes.c). */
extern const struct route *const api_routes[];

struct api_options {
    const char *host; /* as for httpd_start() */
    int port;         /* 0 picks one */
    const char *tls_cert_file;
    const char *tls_key_file;
    /* What links start with: "https://muster.example.com". NULL: the request's own Host and scheme. */
    const char *external_url;
    /* Networks whose X-Forwarded-For, -Proto and -Host are believed: "10.0.0.0/8, ::1". NULL or "" for none. */
    const char *proxies;
    int rate_per_minute;               /* requests of one token; 0: LIMIT_RATE_PER_MINUTE */
    const struct route *const *routes; /* api_routes, or a test's own */
    struct store *store;               /* with reader threads; its rooms include api_room */
    const struct keyring *keyring;
    struct worker *worker;
    struct engine *engine;
    const struct env *env;
    /* A sentence for /readyz about what somebody should look after soon, in the tx's arena, or NULL. May be NULL. */
    int (*warning)(struct tx *tx, const char **ret);
    /* Somebody used a link, and there is an administrator who can sign in: after the commit, from any thread, before
     * the answer. May be NULL. */
    void (*first_signed_in)(void *data);
    void *first_data;
    /* Is offered every request whose path is neither a route nor under /api/ (the console). True: it takes the
     * exchange, as httpd_options.handle; false: it left it alone, and the answer is 404. NULL: always 404. */
    bool (*other)(struct exchange *exchange, void *data);
    void *other_data;
};

/*
 * Starts the server; the strings of `options` are copied, what else it points to must outlive the API. Writes the
 * organisation's id into a new store. 0, or a negative error with a sentence in `ret_why`.
 */
int api_start(struct api **ret, const struct api_options *options, char *ret_why, size_t why_size) MUSTCHECK;
int api_port(const struct api *api);
/*
 * Stops accepting, answers parked calls at once and waits for what is in progress: jobs end within LIMIT_READ_MS, a
 * `prepare` within its own deadline, so stop the engine and the worker after this. Frees. Accepts NULL.
 */
void api_stop(struct api *api);
/* For the store's on_commit: runs parked calls again soon. From any thread, never blocks for long. Accepts NULL. */
void api_wake(struct api *api);

/* The API description (OpenAPI 3.0) of the routes, as served on /openapi.json. `tables` ends with NULL. */
void api_describe(struct jout *out, const struct route *const *tables);
/* The one-line summary of an operation, or NULL when describe.c has none. */
const char *api_summary(const char *operation);

#define PARAMETER_NAME_BYTES 64

/* A query parameter that an operation takes, as the description of the API tells it. */
struct query_parameter {
    const char *name;
    const char *type; /* of its schema: "string", "boolean" or "integer" */
    const char *description;
};
/* The `n`th one of a route, or NULL behind the last. */
const struct query_parameter *route_parameter(const struct route *route, size_t n);
bool route_takes(const struct route *route, const char *name);

#endif
