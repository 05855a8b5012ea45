/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator: the engine's own core and the real store against the practice target's own code, under a clock that
 * jumps. Everything that a run does follows from its seed.
 *
 *   main.c       options, processes, what is printed
 *   disk.c       the store in SQLite's memory VFS, set back to a migrated template before each run
 *   run.c        one run: set up, let things happen, let the faults stop, compare
 *   generator.c  what administrators do meanwhile, and the model of the facts that follow from it
 *   behind.c     what somebody else does to the targets, and the scans that find it
 *   holds.c      deletion limits, what is decided about what they hold, and what is taken away
 *   manners.c    what targets are like for good: which ids they give, what they refuse, hide or drop
 *   shell.c      the network and the process: latency, faults, crashes, clock steps
 *   oracle.c     what must hold, from the model and from the target's state alone
 *
 * The oracle uses nothing of push/plan and nothing of target: it has its own idea of who belongs where.
 */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include "engine/core.h"
#include "practice/practice.h"

#define SIM_APPS 4
#define SIM_USERS 320
#define SIM_GROUPS 12
#define SIM_SPARES 24 /* groups of one source that the administrator left behind in one app */
#define SIM_NAME 48
#define SIM_ID 160    /* ids of a target: some of them are unusual */
#define SIM_MANNERS 3 /* of one target at once */
#define SIM_PROFILES 24
#define SIM_NODES 3
#define SIM_TRACE_LINES 60
#define SIM_TRACE_BYTES 320

/* --- chance ------------------------------------------------------------------------------------------------------- */

struct chance {
    uint64_t state;
};
void chance_seed(struct chance *chance, uint64_t seed, uint64_t stream);
uint64_t chance_next(struct chance *chance);
/* From 0 up to but without `below` (> 0). */
int chance_below(struct chance *chance, int below);
/* From `least` to `most`, small numbers more often: they find as much and cost less. */
int chance_between(struct chance *chance, int least, int most);
/* True so many times in a thousand. */
bool chance_permille(struct chance *chance, int permille);

/* --- profiles ----------------------------------------------------------------------------------------------------- */

#define SIM_FAULT_LIST(X)                                                                                              \
    X(LOST_BEFORE, "the connection breaks before the target has the request")                                          \
    X(LOST_AFTER, "the connection breaks after the target carried the request out")                                    \
    X(TIMEOUT_BEFORE, "no answer within the time-out, and nothing happened")                                           \
    X(TIMEOUT_AFTER, "no answer within the time-out, and it happened")                                                 \
    X(NOT_SENT, "nobody listens")                                                                                      \
    X(ERROR_BEFORE, "500 and nothing happened")                                                                        \
    X(ERROR_AFTER, "500 and it happened")                                                                              \
    X(GATEWAY_BEFORE, "502 or 504 and nothing happened")                                                               \
    X(GATEWAY_AFTER, "502 or 504 and it happened")                                                                     \
    X(UNAVAILABLE, "503, with or without Retry-After")                                                                 \
    X(RATE, "429, with or without Retry-After")                                                                        \
    X(TRUNCATED, "the answer is cut")                                                                                  \
    X(NOT_JSON, "the answer is a page for people")                                                                     \
    X(CREDENTIALS, "401 for a while")                                                                                  \
    X(BLIND, "a group is shown without its members")                                                                   \
    X(HALF, "part of the operations are carried out, then 500 or nothing")

enum sim_fault {
    SIM_FAULT_NONE,
#define X(name, text) SIM_FAULT_##name,
    SIM_FAULT_LIST(X)
#undef X
        SIM_FAULT_COUNT
};
#define FAULT_BIT(name) (1u << SIM_FAULT_##name)
#define FAULTS_ALL (((1u << SIM_FAULT_COUNT) - 1) & ~1u)

struct profile {
    const char *name;
    const char *text;
    int weight; /* of a hundred seeds, how many have it when none is asked for */
    bool calm;  /* one change at a time, settled before the next: the requests are counted */
    int users_min, users_max;
    int changes_min, changes_max;
    unsigned faults;        /* which there may be; each run takes a part of them */
    int fault_permille_max; /* of requests */
    int crash_permille;     /* of points at which the process may die */
    int rollback_permille;  /* of turns whose transaction fails */
    bool clock_steps;
    bool switches;      /* apps are paused, switched off and on */
    bool before;        /* the targets hold accounts and groups already */
    bool manners;       /* the targets have some of manners.c */
    bool behind;        /* groups are deleted in the targets by somebody else */
    bool outages;       /* targets are away for up to an hour */
    bool drift;         /* somebody changes accounts and groups in the targets, which is found and repaired */
    bool limits;        /* deletion limits */
    int rate;           /* requests a second that a target takes at most; 0: any number */
    int nodes;          /* processes that share the store, each with leases; 0: one that is alone */
    int still_permille; /* of points at which a node may stand still for a while */
    int end_permille;   /* of steps after which a node ends as it should, and comes back */
};
extern const struct profile profiles[];
/* NULL when there is none of that name. */
const struct profile *profile_by_name(const char *name);
/* The profile that a seed has when none is asked for. */
const struct profile *profile_of_seed(uint64_t seed);

/* How every credential begins, and what stands in the profile of everybody: what is kept of requests shows neither. */
#define SIM_SECRET "t0p-secret"
#define SIM_VALUE "Test Person"

/* --- the model ---------------------------------------------------------------------------------------------------- */

struct sim_user {
    int64_t rid;
    char id[ID_BYTES];
    enum user_status status;
    bool deleted;
    bool odd;          /* "u7.2@example.net": some targets refuse such people */
    bool pinned;       /* keeps the login: some target refuses the person by it */
    int login_version; /* "u7.2@example.org" */
    int title_version;
};

struct sim_group {
    int64_t rid;
    char id[ID_BYTES];
    bool deleted;
    int name_version; /* "g3.1" */
    bool members[SIM_USERS];
};

struct sim_mapping {
    bool exists;
    bool active;
    bool follows;
    bool adopted;           /* took a group over that was there */
    bool unread;            /* and its members were not read yet */
    bool asked[SIM_USERS];  /* Muster asked to add them */
    bool edited[SIM_USERS]; /* somebody put them in, or out, there */
    bool theirs[SIM_USERS]; /* somebody put them in: Muster does not know until it is told */
    bool renamed;           /* somebody gave it another name there */
    bool out[SIM_USERS];    /* Muster asked to remove them */
    bool linked;            /* it may hold people as strangers, whose accounts were not known when it was read */
    char id[ID_BYTES];
    char name[SIM_NAME]; /* wanted in the target */
};

/* What is wanted of a person in an app. */
enum want { WANT_OUT, WANT_IN, WANT_AS_IS };

struct standing {
    bool has_app;
    enum want want;
    bool gained;       /* an activation that nobody acknowledged yet is due: `active: true` may be sent */
    int64_t gained_at; /* sim time: since when */
    bool offered;      /* it is due by the backlog alone: he was content to be inactive until now */
    int64_t left_at;   /* wall clock when the person stopped being wanted; -1: is wanted */
    bool found;        /* Muster was told that the account is there */
    bool was_there;    /* before Muster */
    bool leaving;      /* the account is to be deactivated, and nobody asked for it yet */
    int64_t waited;    /* ms since, as far as the target would have taken a request */
};

struct spare {
    char name[SIM_NAME];
};

struct sim_app {
    int64_t rid;
    char id[ID_BYTES];
    char base_url[64];
    char secret[32]; /* the credential, which no other app has */
    struct practice *practice;
    bool active, paused;
    bool create, update, deactivate;
    bool disturbed; /* a switch was off at some time: the backlog is asked for at the end */
    bool group_assigned[SIM_GROUPS];
    bool user_assigned[SIM_USERS];
    struct standing standing[SIM_USERS];
    struct sim_mapping mapping[SIM_GROUPS];
    /* Groups that stay in the target without a mapping, by the source they came from. */
    struct spare spares[SIM_GROUPS][SIM_SPARES];
    int spare_count[SIM_GROUPS];
    int leaving[SIM_GROUPS];            /* groups whose deletion was asked for */
    char furnished[SIM_GROUPS][SIM_ID]; /* ids of groups that were there before Muster */
    int furnished_count;
    int mapping_serial;
    int64_t window; /* of the rate limit: second */
    int window_count;
    const struct manner *manners[SIM_MANNERS];
    int manner_count;
    unsigned flags;          /* of all manners */
    int batch;               /* the smallest of them */
    bool refused[SIM_USERS]; /* the people whom MANNER_REFUSES_MEMBERS is about */
    int64_t away_until;      /* sim time: an outage */
    enum sim_fault away;     /* what requests meet meanwhile */
    bool mute;               /* nothing got through since the start or the last error that concerns everything */
    int64_t excused_until;   /* sim time: the target asked not to be asked before */
    int leavers;             /* people with `leaving` */
    bool retitled[SIM_USERS], revived[SIM_USERS]; /* somebody changed the account there */
    int64_t may_take[4], taken[4];                /* by enum deletion_kind: deletions that may be sent, and were */
    bool out[SIM_USERS];                          /* whom Muster asked to deactivate */
    char gone[SIM_SPARES][SIM_ID];                /* ids of groups that it asked to delete */
    int gone_count;
};

/* --- the network -------------------------------------------------------------------------------------------------- */

struct sim_request {
    uint64_t number;
    int app;
    enum answer_shape shape;
    char *method, *path, *query, *authorization, *body;
    enum sim_fault fault;
    int64_t apply_at, answer_at; /* sim time */
    bool applied, over_rate;
    bool unsent;       /* the node stood still before it could send it */
    int64_t handed_at; /* sim time */
    int from;          /* index of the node */
    int transport;
    struct practice_response response;
    /* what the oracle remembers */
    int user;        /* of /Users; -1 */
    int group;       /* of /Groups; -1 */
    int says_active; /* 1, 0, -1 */
    struct sim_request *next;
};

/* A process: all that a crash takes away. */
struct node {
    struct core *core; /* NULL: it is not there */
    bool woken, answered, dead;
    int64_t due;         /* wall clock, as the core said */
    int64_t still_until; /* sim time: it stands still */
    int64_t ends_at;     /* sim time: it was told to end, and waits so long for answers; 0: it was not */
    int64_t back_at;     /* sim time: it is started again */
    struct sim_request *requests;
};

struct disk;

struct sim_counts {
    int64_t runs, changes, refused, requests, writes, faults, crashes, rollbacks, turns, steps;
    int64_t stills, ends;          /* of nodes: stood still, ended as they should */
    int64_t withdrawn, taken_over; /* requests of nodes whose lease had ended; leases found in other hands */
    int64_t minimum, excess;       /* of requests, in calm runs */
    int64_t simulated_ms;
};

struct sim {
    uint64_t seed;
    const struct profile *profile;
    int steps_max; /* changes; -1: as the profile says */
    bool trace;
    struct chance choice, net, ids, target_ids;

    int64_t now;  /* sim time: only goes forward */
    int64_t skew; /* what the wall clock adds */
    struct env env;
    struct env target_env;

    struct disk *disk;
    struct keyring *keyring;
    struct node nodes[SIM_NODES];
    int node_count;
    int64_t lease_ms;         /* 0: one node, alone */
    struct sim_request *wire; /* on their way from nodes that are gone */
    unsigned faults;
    int fault_permille;
    int latency_min, latency_span, tail_permille;
    bool finishing;

    int user_count, group_count, app_count;
    struct sim_user users[SIM_USERS];
    struct sim_group groups[SIM_GROUPS];
    struct sim_app apps[SIM_APPS];
    int changes_planned;
    int64_t gap_ms, next_change;
    int links;          /* groups that mappings took over */
    int credit;         /* requests that faults may still cost */
    bool behind;        /* a group was deleted in a target by somebody else */
    struct tx *open_tx; /* several changes in one transaction */

    struct sim_counts counts;
    uint64_t hash;
    char lines[SIM_TRACE_LINES][SIM_TRACE_BYTES];
    uint64_t line_count;
    bool failed;
    char rule[64];
    char why[600];
};

/* A rule is violated: the first is kept, and the run ends. */
void sim_fail(struct sim *sim, const char *rule, const char *format, ...) PRINTF_LIKE(3, 4);
/* A line of the trace; it counts for the comparison of two runs. */
void sim_trace(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);
void sim_hash(struct sim *sim, const char *bytes, size_t n);

/* run.c: the result is in the struct. */
void sim_run(struct sim *sim);
int64_t sim_wall(const struct sim *sim);

/* disk.c */
struct disk *disk_new(const struct env *env);
struct disk *disk_free(struct disk *disk);
void disk_reset(struct disk *disk); /* as after the migrations */
struct store *disk_store(struct disk *disk);
void disk_reopen(struct disk *disk); /* the process that had it open is gone */
/* The first column of a query of the oracle's own. */
int64_t disk_number(struct disk *disk, const char *sql);
void disk_on_commit(struct disk *disk, void (*on_commit)(void *data, bool wake), void *data);

/* generator.c */
void generator_set_up(struct sim *sim);
/* One change of a random kind that fits the state. */
void generator_change(struct sim *sim);
/* Everything that holds the engine back is taken away: pauses, switches. */
void generator_finish(struct sim *sim);
int generator_user_of_name(const char *name);  /* -1: nobody of the model */
int generator_group_of_name(const char *name); /* -1 */
void generator_login(const struct sim *sim, int user, char ret[static SIM_NAME]);
void generator_group_name(const struct sim *sim, int group, char ret[static SIM_NAME]);

/* Reads every pushed group of an app back; tries again what failed there. */
void generator_verify(struct sim *sim, struct sim_app *app);
void generator_retry(struct sim *sim, struct sim_app *app);

/* manners.c */
#define MANNER_HIDES 1u            /* shows no members */
#define MANNER_DROPS 2u            /* acknowledges members and does not keep them */
#define MANNER_REFUSES_MEMBERS 4u  /* some people, for good */
#define MANNER_REFUSES_ACCOUNTS 8u /* odd people, for good */
#define MANNER_COUNTS 16u          /* what it refuses for its size counts as a fault */
#define MANNER_LAGS 32u            /* reads show an earlier state */
struct manner {
    const char *name;
    const char *faults[5];  /* lines of practice/faults.h; %s: the logins of those who are refused */
    unsigned flags, unless; /* `unless`: not together with one that has such a flag */
    int batch; /* members in a request that the target surely takes, after halving: half of its limit; 0: 100 */
};
/* Gives a new target some of them. */
void manners_choose(struct sim *sim, struct sim_app *app);
/* How often refusals for size struck in all targets; how often refusals of members did. */
int64_t manners_strikes(const struct sim *sim, unsigned flag);

/* behind.c */
void behind_set_up(struct sim *sim, struct sim_app *app);
bool behind_edit(struct sim *sim, struct sim_app *app);
bool behind_scan(struct sim *sim, struct sim_app *app);
/* More of it, then scans and repairs until nothing differs. */
void behind_finish(struct sim *sim, void (*settle)(struct sim *sim));

/* Somebody took out everybody who was left: an empty group proves nothing, and the scan says so. */
bool behind_unverifiable(struct sim *sim, const struct sim_app *app, int group);

/* holds.c */
void holds_set_up(struct sim *sim, struct sim_app *app);
bool holds_decide(struct sim *sim, struct sim_app *app);
/* Everything that is held is approved. */
void holds_finish(struct sim *sim, void (*settle)(struct sim *sim));
/* A request takes somebody or something away. The same deletion again counts once. */
void holds_deactivates(struct sim *sim, struct sim_app *app, int user, uint64_t number);
void holds_removes(struct sim *sim, struct sim_app *app, int group, int user, uint64_t number);
void holds_deletes(struct sim *sim, struct sim_app *app, const char *id, uint64_t number);
/* Is the removal held? Then the deactivation does not wait for it. */
bool holds_member(struct sim *sim, const struct sim_app *app, int group, int user);

/* shell.c */
void shell_start(struct sim *sim);
/* The next thing that happens, at most up to `until` (sim time): 1; 0 when nothing happens before. */
int shell_step(struct sim *sim, int64_t until);
/* Nothing is on its way and nothing waits. */
bool shell_is_quiet(struct sim *sim);
void shell_stop(struct sim *sim);

/* oracle.c */
void oracle_changed(struct sim *sim); /* the facts are others now */
/* At the commit of its turn, by the node whose requests `own` is the list of. */
void oracle_handed_out(struct sim *sim, const struct sim_request *own, struct sim_request *request);
void oracle_sent(struct sim *sim, const struct sim_request *request);      /* after a gap */
void oracle_applied(struct sim *sim, const struct sim_request *request);   /* the target carried it out */
void oracle_delivered(struct sim *sim, const struct sim_request *request); /* Muster has the answer */
void oracle_passed(struct sim *sim, int64_t ms);                           /* so much time */
void oracle_started(struct sim *sim);                                      /* a process */
void oracle_unattended(struct sim *sim, int64_t until); /* apps may have no node for a while, or another one */
void oracle_at_rest(struct sim *sim);
bool oracle_is_open(const struct sim_app *app);
/* The state of all targets, to count what a change needs at least. */
struct picture;
struct picture *oracle_picture(const struct sim *sim);
struct picture *oracle_picture_free(struct picture *picture);
/* `*ret_batches`: by how many requests memberships may come in parts, since accounts become known one by one. */
int oracle_minimum(const struct sim *sim, const struct picture *before, const struct picture *after, int *ret_batches);

#endif
