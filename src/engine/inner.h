/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the core share. */
#ifndef ENGINE_INNER_H
#define ENGINE_INNER_H

#include "base/limits.h"
#include "engine/core.h"
#include "engine/health.h"
#include "engine/openings.h"
#include "engine/rate.h"
#include "engine/seen.h"
#include "engine/traits.h"
#include "push/deletions.h"
#include "record/record.h"

#include "engine/lease.h"

#define ARRIVES_MS                                                                                                     \
    5000 /* after the last byte was sent, or the sender gave up: what is on its way has arrived by then */

/* What the core remembers of an app between turns; everything else is in the store. */
struct app_state {
    int64_t app_rid;
    struct rate_group *group; /* NULL: not looked at yet */
    int64_t blocked_until;    /* ms; after an error that concerns the whole app */
    int64_t blocked_at;       /* ms; when */
    int failures;             /* such errors in a row: one probe at a time while positive */
    bool proven;          /* something got through since the connection was last changed: until then one at a time */
    int64_t verified;     /* ms: connection.verified when that was */
    struct openings open; /* when requests may be sent */
    int64_t answered_at;  /* ms: when something got through last */
    uint32_t grants;      /* counts slots, for the shares of the classes */
    struct app_state *next;
    struct app_state *beside; /* in the same slot */
};

#define CORE_SLOTS 4096

struct core {
    struct core_options options;
    uint64_t last_number;
    struct flight *flights; /* in flight, answered or not */
    struct flight *fresh;   /* handed out in this turn */
    struct app_state *apps;
    struct rate_group *groups;
    struct app_state *app_slots[CORE_SLOTS]; /* by rid, for many thousand apps */
    struct rate_group *group_slots[CORE_SLOTS];
    struct node self;
    int64_t turn_steady;            /* ms, steady: when this turn began */
    int64_t keep_at, keep_next;     /* ms, steady: when the leases are looked after next; 0: at once */
    int64_t stale;                  /* turns that found a lease taken over, since the shell asked */
    struct split *splits;           /* batches that are being told apart (batch.c), as this turn has them */
    struct split *splits_committed; /* as the last committed turn left them */
    struct lane *lanes;             /* of this turn */
    struct seen seen;               /* when changes were committed */
    struct import_memory *imports;  /* of the imports that are being read (import_step.c) */
    int64_t last_app;               /* round robin */
    int64_t due;                    /* of this turn */
    int64_t turned_at;              /* ms: the time of the latest turn */
    bool more;                      /* there is more to do at once */
    bool closed;                    /* core_stop() */
};

struct intent;

/* One app in one turn. */
struct lane {
    struct core *core;
    struct app_state *state;
    struct app app;
    struct connection connection;
    const char *const *headers;
    const struct dial *dial;
    struct app_switches switches;
    struct traits traits;
    int takes_away; /* work_takes_away() as this turn found it; -1: not asked yet */
    int64_t now;
    struct lane *next;
};

enum step {
    STEP_DONE = 0,    /* the object is as it should be */
    STEP_REQUEST = 1, /* a request was made */
    STEP_WAIT = 2,    /* the row was put off */
    STEP_GATED = 3,   /* the app's pace does not allow the request yet: the row is as it was */
};

/* Makes the request of a step: the flight, the intent for a write, the row put off until the answer is overdue.
 * STEP_REQUEST, or STEP_WAIT when the app was closed meanwhile. */
int lane_request(struct tx *tx, struct lane *lane, const struct work *work, const struct target_request *request,
                 const struct flight *details) MUSTCHECK;
/* Another node's request for the object may still be on its way: the row is put off until it cannot be any more.
 * STEP_WAIT, or STEP_DONE when nothing has to be waited for. */
int lane_await_intent(struct tx *tx, struct lane *lane, const struct work *work, const struct intent *intent) MUSTCHECK;
/* When the request of an intent was handed out, ms. */
int64_t intent_asked(const struct lane *lane, const struct intent *intent);
/* What the requests of this turn carry and how they get there: lane->headers, lane->dial (credential.c). */
int lane_headers(struct tx *tx, struct lane *lane) MUSTCHECK;
/*
 * What an answer says of the credential. One that is refused while the one before it is kept: that one is used from now
 * on, and the request is asked again; nothing was done by it. So is what was sent with a credential that was replaced
 * meanwhile. 1: so it was. One that is taken is proven.
 */
int lane_credential_answer(struct tx *tx, struct lane *lane, struct flight *flight, enum error_class class) MUSTCHECK;
/* Puts the row off. STEP_WAIT. */
int lane_wait(struct tx *tx, const struct work *work, int64_t due) MUSTCHECK;
/* A failure: back-off, hold, or the whole app, as the table of errors says; recorded, and told once. STEP_WAIT. */
int lane_fail(struct tx *tx, struct lane *lane, const struct flight *flight, enum error_class class, const char *stage,
              const char *words) MUSTCHECK;

/* A deletion that may not be sent (push/deletions.h): the row waits until that is decided. STEP_WAIT. */
int lane_hold(struct tx *tx, const struct work *work, const char *why) MUSTCHECK;

/* Looks at the object of a work row: STEP_*, or a negative error. */
int account_step(struct tx *tx, struct lane *lane, const struct work *work, bool after_conflict) MUSTCHECK;
int group_step(struct tx *tx, struct lane *lane, const struct work *work) MUSTCHECK;
int import_step(struct tx *tx, struct lane *lane, const struct work *work) MUSTCHECK;
/* Takes an answer: STEP_DONE means that the object should be looked at again in this turn. */
int account_answer(struct tx *tx, struct lane *lane, struct flight *flight) MUSTCHECK;
int group_answer(struct tx *tx, struct lane *lane, struct flight *flight) MUSTCHECK;
int import_answer(struct tx *tx, struct lane *lane, struct flight *flight) MUSTCHECK;
/* What is remembered of imports follows the turn. */
void imports_committed(struct core *core);
void imports_rolled_back(struct core *core);
void imports_free(struct core *core);
/* Errors of the store concern the whole turn, others one object. */
bool is_of_store(int error);

/* --- intents (intent.c) --- */

/* When an administrator asked last that the app be tried at once: 1, or 0 never. */
int lease_retry_asked(struct tx *tx, int64_t app_rid, int64_t *ret_ms) MUSTCHECK;

struct intent {
    int64_t rid;
    enum request_kind kind;
    int64_t epoch;      /* of the lease under which it was handed out */
    const char *detail; /* what was asked, as far as reading back needs it: members as JSON, a name as text; NULL */
    int64_t deadline;   /* ms: until then its request may still arrive, if its node lives on unseen */
    const char *node;   /* that handed it out */
};
/* What reading back needs: the members that were named; the name that was given to what was created; that an account
 * was to become inactive. NULL: nothing. */
#define INTENT_DEACTIVATES "inactive"
const char *intent_detail(struct tx *tx, enum request_kind kind, const struct flight *details);
/* `rid` and `kind` of `intent` are not read. */
int intent_add(struct tx *tx, const struct work *work, enum request_kind kind, const struct intent *intent,
               int64_t *ret_rid) MUSTCHECK;
int intent_delete(struct tx *tx, int64_t rid) MUSTCHECK;
/*
 * What was just written need not be shown yet (eventual consistency): what is read so soon after proves nothing.
 * Reading after a lost answer waits for that.
 */
bool may_lag(int64_t asked, int64_t now);
/* The oldest open intent of an object: 1 found, 0 none. */
int intent_find(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid, struct intent *ret) MUSTCHECK;
int intent_delete_object(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid) MUSTCHECK;

/* The pace that a request of this kind belongs to: an index of rates. */
int rate_of(enum request_kind kind);
/* There may be something to do at `due` (ms), whatever else happens. */
void look_again(struct core *core, int64_t due);

/* --- failures (failure.c) --- */
/* The back-off before try number `attempts` + 1, with jitter. */
int64_t backoff_ms(const struct env *env, int attempts);
/* The events of a member that was refused, and of members that a read did not find. */
int tell_member_refused(struct tx *tx, const struct lane *lane, const struct flight *flight,
                        const struct flight_member *member, enum error_class class, const char *words) MUSTCHECK;
int tell_not_kept(struct tx *tx, const struct lane *lane, const struct flight *flight) MUSTCHECK;

/* --- what this node holds (holding.c) --- */
struct rate_group *group_by_key(struct core *core, const char *key);
/* Is the rate group this node's, taken now if it is free? 1 or 0. Answers are taken over as long as it is. */
int group_hold(struct tx *tx, struct core *core, struct rate_group *group) MUSTCHECK;
/* The same of an app, or of the work of none (0); 0 too while it is given back. Always 1 when the node is alone. */
int app_hold(struct tx *tx, struct core *core, struct app_state *state) MUSTCHECK;
/* When it is time: says that the node is alive, prolongs, takes what is free and gives back what is too much. */
int groups_keep(struct tx *tx, struct core *core) MUSTCHECK;
/* Has this turn lasted so long that what it hands out might come too late for the lease? Never when the node is alone.
 */
bool turn_is_long(const struct core *core);
void groups_committed(struct core *core);
void groups_rolled_back(struct core *core);
/* Under which epoch requests of the group are handed out in this turn. */
int64_t group_epoch(const struct rate_group *group);

/* --- batches (batch.c) --- */
struct split;
struct split *splits_free(struct split *list); /* accepts NULL, returns NULL */
struct split *splits_copy(const struct split *list);
/* Is a refused batch of the group being told apart? */
bool batch_is_split(const struct core *core, int64_t target_rid);
/* How much may go into the next request of a group. */
struct member_limits batch_limits(const struct core *core, const struct traits *traits, int64_t target_rid,
                                  int64_t now);
/* A batch was refused: smaller parts from now on. */
void batch_refused(struct core *core, const struct flight *flight, bool too_large);
/* Is the one member of this refused request to blame? When not `sure` (404) only the second time, after a read. */
bool batch_is_refused_member(struct core *core, const struct flight *flight, bool sure);
int batch_member_refused(struct tx *tx, struct lane *lane, const struct flight *flight) MUSTCHECK;
/* What is learned of it is in the lane's traits at once. */
int batch_accepted(struct tx *tx, struct lane *lane, const struct flight *flight) MUSTCHECK;
/* The app reported an error of its own, or did not answer. What follows: */
enum batch_failure {
    BATCH_AS_IT_IS, /* tried again after the back-off, as a whole or in parts */
    BATCH_APART,    /* its parts may follow at once: the app took others */
    BATCH_MEMBER,   /* the one member of this request is set aside */
    BATCH_SUSPECT,  /* the same, after the back-off: the app took nothing yet */
};
#define BATCH_SUSPECTS 2 /* members that are set aside before the app took anything */
/* With BATCH_AS_IT_IS `ret_suspects` are rids of members that were set aside, and not to blame after all. */
enum batch_failure batch_failed(struct core *core, const struct flight *flight, int64_t ret_suspects[BATCH_SUSPECTS],
                                int *ret_count);
/* Part of a refused batch was applied all the same: its size proves nothing. */
void batch_blurred(struct core *core, int64_t target_rid);
/* The group has nothing left to push. */
void batch_forget(struct core *core, int64_t target_rid);

#endif
