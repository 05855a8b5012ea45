/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's core: a state machine without clock, socket or thread.
 *
 * A shell gives it answers (core_answer), runs core_turn() as one job of the store, and, when the job was committed,
 * takes the requests that it hands out (core_committed). Between turns the store holds everything: which objects may
 * differ from what is wanted (work), which writes were handed out and not answered (intent). In memory are only the
 * requests in flight.
 *
 * Before a write is handed out its intent is committed, in the same transaction as what the answers of that turn said.
 * The transaction that takes an answer deletes the intent. An intent that is still there when its object is looked at
 * again means that nobody knows what the app did: the app is read before anything is repeated (invariant 3).
 */
#ifndef ENGINE_CORE_H
#define ENGINE_CORE_H

#include "app/account.h"
#include "push/push.h"
#include "target/request.h"

struct core;
struct dial;
struct rate_group;

struct core_options {
    const struct env *env;
    const struct keyring *keyring;
    const char *node;   /* name of this node */
    int64_t lease_ms;   /* how long a lease lasts that is not prolonged; 0: no other node uses the store */
    int64_t request_ms; /* after which a request that has no answer is given up; 0: LIMIT_REQUEST_MS */
};

/* A request in flight. The shell reads it between core_committed() and core_answer(). */
struct flight {
    uint64_t number;
    struct arena *arena;
    int64_t app_rid;
    /* what to send */
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value" lines, NULL at the end; one of them carries the credential */
    const char *body;           /* NULL for none */
    bool allow_plain_http;
    const struct dial *dial; /* how it gets there; NULL: the usual way */
    int64_t credential;      /* version of the connection that it is sent with */
    int64_t timeout_ms;      /* for the whole exchange */
    enum answer_shape shape;
    /* what for; the core's own */
    struct work work;
    enum request_kind kind;
    int64_t sent; /* ms */
    int64_t intent_rid;
    struct rate_group *group;
    int64_t epoch; /* of the lease under which it was handed out */
    const char *path;
    const char *name;   /* of the user or group, for messages */
    const char *person; /* public id of the person whose account it is; NULL for a group */
    struct jval *profile;
    int active; /* REQUEST_UPDATE_USER: 1, 0, -1 as sent */
    bool after_conflict;
    bool rewrite;             /* a read that a write of the same object follows at once, and that write */
    bool full;                /* REQUEST_MEMBERS: the complete list (dialect catalog) */
    enum app_dialect dialect; /* how it is written, headers included */
    bool verify;              /* REQUEST_READ_GROUP: to compare, not to link */
    bool probe;               /* REQUEST_FIND_GROUP: by its one member (rid 0: who must not be there), not by name */
    struct flight_member {
        int64_t rid; /* 0: a stranger */
        int64_t user_rid;
        int64_t version;
        const char *external_id;
        bool add;
        bool again; /* set aside for a while, and tried alone now */
    } * members;
    size_t member_count;
    struct answer *answer;
    size_t read_offset, read_offset_next; /* members of a long answer that were taken over so far */
    bool processed;                       /* in this turn */
    bool passed_over;                     /* in this turn: its credential was replaced, it is asked again */
    enum error_class app_error;           /* in this turn: an error that concerns the whole app */
    int64_t app_wait;                     /* ms: for how long it blocks the app */
    struct flight *next;
};

struct core *core_new(const struct core_options *options);
/* Forgets what is in flight: the intents stay. Accepts NULL, returns NULL. */
struct core *core_free(struct core *core);

/* An answer to a request in flight; the core takes it over. Unknown numbers are dropped. */
void core_answer(struct core *core, uint64_t number, struct answer *answer);

/* One turn, as a job: takes the answers that came, plans, writes intents. May be run again after a rollback. */
int core_turn(struct tx *tx, void *core) MUSTCHECK;
/*
 * The turn was committed: what it handed out (a list by flight->next, NULL for nothing) is in flight now. Until when
 * nothing has to be done without an answer or a wake-up: `*ret_due` (ms; 0: now).
 */
struct flight *core_committed(struct core *core, int64_t *ret_due);
/* The turn was rolled back: nothing happened. */
void core_rolled_back(struct core *core);
/*
 * Looks after the leases alone, when that is due, as a job: it is short, and goes through where a turn takes long or
 * has to be run again because of others. Then core_kept(), or core_rolled_back(). A turn does the same where nobody
 * did.
 */
bool core_keep_due(const struct core *core);
int core_keep(struct tx *tx, void *core) MUSTCHECK;
void core_kept(struct core *core);
/* Several nodes: this one begins (ERR_EXISTS while another process of its name is alive) or ends, as jobs. */
int core_begin(struct tx *tx, void *core) MUSTCHECK;
int core_end(struct tx *tx, void *core) MUSTCHECK;
/* May this request still be sent, and its answer be waited for? False once its lease has ended. */
bool core_may_send(const struct core *core, uint64_t number);
/* Forgets a request that was not sent, or is waited for no more: its intent stays. */
void core_withdraw(struct core *core, uint64_t number);
/* How often a turn found that a lease had been taken over, since this was asked last. */
int64_t core_take_stale(struct core *core);
/* From now on turns only take answers: nothing new is handed out. */
void core_stop(struct core *core);
size_t core_in_flight(const struct core *core);

#endif
