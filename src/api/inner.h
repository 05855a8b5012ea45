/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef API_INNER_H
#define API_INNER_H

#include "api/api.h"
#include "api/user_body.h"
#include "base/limits.h"

#include <pthread.h>

/* --- router.c ----------------------------------------------------------------------------------------------------- */

struct router;

struct route_match {
    const struct route *route;
    const char *params[CALL_PARAMS]; /* as in the path that was given */
    const char *allow;               /* after ERR_UNSUPPORTED: the methods there are, "GET, HEAD, POST" */
};

/* ERR_EXISTS for two routes of one method and path, ERR_TOO_LARGE beyond a limit; `ret_why` names the route. */
int router_new(struct router **ret, const struct route *const *tables, char *ret_why, size_t why_size) MUSTCHECK;
struct router *router_free(struct router *router); /* accepts NULL, returns NULL */
/* A segment as written wins over a parameter; HEAD is looked up as GET. ERR_NOT_FOUND: no such path. ERR_UNSUPPORTED:
 * not with this method. */
int router_find(const struct router *router, const char *method, const struct url_path *path,
                struct route_match *ret) MUSTCHECK;

/* --- limiter.c ---------------------------------------------------------------------------------------------------- */

struct limiter;

struct rate {
    int limit;
    int remaining;
    int64_t reset; /* seconds since the epoch at which the count starts anew */
};

struct limiter *limiter_new(int per_minute);
struct limiter *limiter_free(struct limiter *limiter); /* accepts NULL, returns NULL */
/* Counts one request of `key` (positive). False: one too many. */
bool limiter_take(struct limiter *limiter, int64_t key, int64_t now_ms, struct rate *ret);
/* What somebody who has not asked yet sees. */
void limiter_peek(struct limiter *limiter, int64_t now_ms, struct rate *ret);

/* --- throttle.c --------------------------------------------------------------------------------------------------- */

/* Counts failures to sign in, in memory, by keys of the caller's. */
struct throttle;

struct throttle *throttle_new(const struct env *env);
struct throttle *throttle_free(struct throttle *throttle); /* accepts NULL, returns NULL */
/* False: at least `max` failures of that key within LIMIT_SIGN_IN_WAIT_MS. */
bool throttle_open(struct throttle *throttle, const char *key, int max, int64_t now_ms);
void throttle_failed(struct throttle *throttle, const char *key, int64_t now_ms);
/* One of those that throttle_failed() counted was none. */
void throttle_forgive(struct throttle *throttle, const char *key);

/* --- proxy.c ------------------------------------------------------------------------------------------------------ */

struct proxies {
    size_t count;
    struct {
        unsigned char address[16]; /* IPv4 as ::ffff:a.b.c.d */
        int bits;
    } items[LIMIT_PROXIES];
};

/* Networks or addresses between commas or spaces. ERR_SYNTAX with a sentence. */
int proxies_parse(struct proxies *ret, const char *text, char *ret_why, size_t why_size) MUSTCHECK;
bool proxies_contain(const struct proxies *proxies, const char *address);
/* The address of the client: the last of X-Forwarded-For (the values of all its lines) that is not a proxy of ours. */
const char *proxies_client(const struct proxies *proxies, struct arena *arena, const char *peer, const char *forwarded);
/* True for "name", "name:port" and "[::1]:port" without anything that could leave the place of a host in a URL. */
bool host_is_plain(const char *host);

/* --- cursor.c ----------------------------------------------------------------------------------------------------- */

#define CURSOR_KEY_BYTES 32

/* base64url of (version, MAC, text); the MAC covers `scope` too, so that a cursor of one list fits no other. */
char *cursor_encode(struct arena *arena, const unsigned char key[static CURSOR_KEY_BYTES], const char *scope,
                    const char *text) __attribute__((returns_nonnull));
/* ERR_SYNTAX for anything that cursor_encode() with this key and scope did not make. */
int cursor_decode(struct arena *arena, const unsigned char key[static CURSOR_KEY_BYTES], const char *scope,
                  const char *cursor, const char **ret_text) MUSTCHECK;

/* --- parameters.c ------------------------------------------------------------------------------------------------- */

/* May the route be called with dryRun=true, as any that writes and does all of its work in its handler? */
bool route_is_planned(const struct route *route);

/* --- a call ------------------------------------------------------------------------------------------------------- */

struct header_line {
    const char *name;
    const char *value;
    struct header_line *next;
};

struct call_private {
    struct exchange *exchange;
    struct store_job job;
    char request_id[ID_BYTES];
    const char *method; /* as sent */
    const char *client_ip;
    const char *user_agent;
    const char *base_url; /* what links start with, without a slash at the end */
    const char *self_path;
    const char *secret; /* of the Authorization header or the cookie, or NULL */
    bool by_cookie;
    struct rate rate;
    bool counted; /* against the rate limit */

    bool parse_later;     /* the body is large: read it on a reader thread */
    struct problem early; /* what was wrong before anybody was authenticated */
    int early_status;     /* HTTP status of it; 0: the published one */
    int error_status;     /* HTTP status of call->problem; 0: the published one */

    const char *idempotency_key; /* NULL: none sent */
    unsigned char request_hash[32];
    bool secret_answer;

    struct header_line *headers;
    struct header_line **headers_end;
    const char *db_error;

    int64_t wait_until; /* monotonic milliseconds; 0: never asked to wait */
    bool may_wait;      /* what call_may_wait() said in this run */
    int64_t last_run;
    uint64_t generation; /* of the API when the run began */
    struct call *next_parked;
};

#define SESSION_COOKIE "muster_session"
#define KNOWN_SECRETS 1024

struct api {
    struct api_options options;
    struct arena *arena; /* the options' strings */
    struct httpd *httpd;
    struct router *router;
    struct limiter *limiter;
    struct throttle *throttle;
    char stream_id[ID_BYTES]; /* what this process's events are told apart by */
    struct proxies proxies;
    char org_id[ID_BYTES];
    int64_t org_created;
    unsigned char cursor_key[CURSOR_KEY_BYTES];
    /*
     * Keyed hashes of secrets that were valid some time ago. A hint only: who is in here goes to the writer at once and
     * is authenticated there; everybody else is authenticated in a read before, so that strangers do not keep the
     * writer busy.
     */
    unsigned char known_key[16];
    uint64_t known[KNOWN_SECRETS];

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    pthread_t waiter;
    struct call *parked;
    uint64_t generation; /* commits that api_wake() was told of */
    bool stopping;       /* nobody waits any more */
    bool finished;       /* every call was answered: the waiter's thread ends */
};

/* serve.c: the handler under httpd. */
void serve(struct exchange *exchange, void *api);
/* serve.c: runs the handler of a call that was authenticated, or parked, in a job of the store. */
void serve_run(struct call *call);
/* api.c: keeps a call until the next commit or its deadline. */
void api_park(struct call *call);
int64_t api_monotonic_ms(void);
uint64_t api_generation(struct api *api); /* commits that api_wake() was told of */
/* stream.c: where the event stream stands: what is read from now on holds every commit up to there. In the arena. */
const char *stream_position(struct call *call);

/* answer.c: sends the answer (result >= 0) or the error, and frees the call. */
void call_answer(struct call *call, int result);
/* answer.c: what is answered so far is forgotten. */
void call_empty(struct call *call);

/* --- plan.c ------------------------------------------------------------------------------------------------------- */

/* Is the call to be rehearsed only (dryRun=true)? ERR_PROBLEM where that cannot be. */
int call_is_rehearsal(struct call *call, bool *ret) MUSTCHECK;
/* Answers with what the act would take away from apps. It was not done. */
int call_rehearse(struct tx *tx, struct call *call) MUSTCHECK;

/* idempotency.c: 1: the stored answer was put into the call; 0: none; ERR_PROBLEM: the key was used for another
 * request. */
int idempotency_find(struct tx *tx, struct call *call) MUSTCHECK;
int idempotency_store(struct tx *tx, struct call *call) MUSTCHECK;

/* org.c: reads the organisation's row, made at the first start. `arg` is a struct api. */
int org_load(struct tx *tx, void *arg) MUSTCHECK;
int org_check(struct tx *tx) MUSTCHECK;

#endif
