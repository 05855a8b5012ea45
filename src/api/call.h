/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the management API, as a handler sees it. A handler is a function of a transaction: for READ routes it
 * runs on a reader thread in a snapshot, for WRITE routes as a job of the writer, so that what it answers was committed
 * before it is sent. It writes JSON to call->out and sets call->status, or fills call->problem and returns ERR_PROBLEM.
 * It may be run again (the answer is emptied before each run) and never calls a target.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "auth/session.h"
#include "base/httpd.h"
#include "base/jout.h"
#include "base/problem.h"
#include "base/url.h"
#include "store/store.h"

struct api;
struct call;

enum route_kind {
    ROUTE_READ,
    ROUTE_WRITE,
    ROUTE_OPEN,    /* a READ that needs no token (/.well-known) */
    ROUTE_SIGN_IN, /* a WRITE that needs none: it is how one comes by a session */
};

struct route {
    const char *method;
    const char *path; /* "/api/v1/groups/{groupId}/users/{userId}": a segment in braces is a parameter */
    enum route_kind kind;
    enum role role; /* the least role that may call it */
    int (*handle)(struct tx *tx, struct call *call);
    const char *operation; /* operationId, for the API description */
    /*
     * Optional first step outside any transaction, after the token was checked: work on the worker, a question to a
     * target. It leads to exactly one call_continue() or call_refuse(), from any thread.
     */
    void (*prepare)(struct call *call);
    bool own_plan; /* reads dryRun= itself; everything else that writes is rehearsed (plan.c) */
};

#define CALL_PARAMS 4

struct call {
    struct api *api;
    struct arena *arena; /* the exchange's: until the answer was sent */
    const struct route *route;
    const char *params[CALL_PARAMS]; /* path parameters in order, decoded, valid UTF-8 */
    struct url_params query;
    const struct jval *body;       /* NULL when none was sent */
    struct api_token token;        /* who calls; of a session: its administrator's id, name and role */
    const struct session *session; /* NULL: called with a token */
    struct problem problem;
    int status;               /* 200 unless the handler says otherwise; 204 sends no body */
    bool rehearsed;           /* dryRun=true: what is done is taken back, and what it would take away is the answer */
    bool rehearsed_in_part;   /* the handler did not do all of it */
    const char *content_type; /* of a success; NULL: application/json */
    struct buf body_out;
    struct jout out;                    /* writes to body_out */
    void *prepared;                     /* what route->prepare made; in `arena`, or with its own release below */
    void (*release)(struct call *call); /* called once at the end, if set */
    struct call_private *_private;
};

/* Ends route->prepare. call_refuse() answers with call->problem. */
void call_continue(struct call *call);
void call_refuse(struct call *call);

/* A query parameter, or NULL. */
const char *call_query(const struct call *call, const char *name);
/* A boolean query parameter: `otherwise` when absent; ERR_PROBLEM for anything but true and false. */
int call_query_bool(struct call *call, const char *name, bool otherwise, bool *ret) MUSTCHECK;
/* A time in a query parameter, in ms: 1; 0 when absent; ERR_PROBLEM when it is none. */
int call_query_time(struct call *call, const char *name, int64_t *ret) MUSTCHECK;
/* Absolute link under the external URL: call_link(call, "/api/v1/users/%s", id). In the arena. */
const char *call_link(struct call *call, const char *format, ...) PRINTF_LIKE(2, 3) __attribute__((returns_nonnull));
/* Adds a header to the answer (kept only if the answer is a success). */
void call_header(struct call *call, const char *name, const char *value);
/* Says that the answer shows a secret once: it is never stored for a repeat under the same Idempotency-Key. */
void call_answer_is_secret(struct call *call);
/* The secret that the call was made with: of a token or a session; NULL for neither. */
const char *call_secret(const struct call *call);
/* Who asks, as proxies that are believed tell. */
const char *call_client(const struct call *call);
/* An HTTP header of the request, or NULL. */
const char *call_request_header(const struct call *call, const char *name);

/* The request body, or ERR_PROBLEM (E0000003) when there is none or it is not an object. */
int call_body_object(struct call *call, const struct jval **ret) MUSTCHECK;

/* For a request that needs no body: 0 for none and for an object, ERR_PROBLEM (E0000003) for anything else. */
int call_body_optional(struct call *call) MUSTCHECK;

struct page {
    int limit;
    const char *after; /* decoded cursor: what the handler gave to call_page_next(), or NULL on the first page */
};
/* Reads limit= (default, maximum; E0000001 beyond, as published) and after= (empty is tolerated; ERR_PROBLEM for a bad
 * one). */
int call_page(struct call *call, int limit_default, int limit_max, struct page *ret) MUSTCHECK;
/* The after= of call_page() alone: the decoded cursor, or NULL. */
int call_cursor(struct call *call, const char **ret) MUSTCHECK;
/* Adds the Link headers: self always, next when `cursor` is not NULL (any text; it is encoded, other query parameters
 * are kept). */
void call_page_links(struct call *call, const char *cursor);

/* problem_not_found() on the call. Always ERR_PROBLEM. */
int call_not_found(struct call *call, const char *id, const char *type);
/* E0000001 with one cause about a field. Always ERR_PROBLEM. */
int call_invalid(struct call *call, const char *field, const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * Asks that the handler be run again after the next commits, until `deadline_ms`: return this from a READ handler to
 * wait for an effect (sync?wait=). Returned when call_may_wait() is true; afterwards the handler must answer.
 */
#define CALL_AGAIN 1
bool call_may_wait(const struct call *call, int64_t wait_ms);

/* The services behind the API. */
const struct keyring *api_keyring(const struct api *api);
struct store *api_store(const struct api *api);
struct worker *api_worker(const struct api *api);
struct engine *api_engine(const struct api *api);

/* The route tables of the verticals; each ends with a route whose method is NULL. */
extern const struct route user_routes[], group_routes[], schema_routes[], app_routes[], app_user_routes[],
    app_group_routes[], rule_routes[], connection_routes[], feature_routes[], push_routes[], push_rule_routes[],
    push_bulk_routes[], token_routes[], session_routes[], administrator_routes[], stream_routes[], separation_routes[],
    system_routes[], import_routes[], imports_routes[], target_routes[], record_routes[], log_routes[],
    event_hook_routes[], deletion_routes[], drift_routes[], explain_routes[], repair_routes[], mapping_routes[],
    conversion_routes[], same_group_routes[], overview_routes[], protected_routes[];

#endif
