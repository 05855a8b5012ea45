/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletion limits: how many people and groups may be taken away from an app in a time (invariant 8).
 *
 * A deletion is an object and a kind: an account to be deactivated, a group to be deleted, a member to be removed. It
 * has a row from the moment when it is wanted until the app acknowledged it or nobody wants it any more; who is put
 * back and taken away again is another deletion. The planner asks before it makes a request. A deletion that is new is
 * weighed together with everything else of its kind that is new in the app: what the window holds already, what is
 * held, and what waits. Within the limit they are counted in the window and may go, all of them; else all of them are
 * held. So a limit is the most that is sent without approval in a window, and an act that is too large is held as a
 * whole.
 *
 * A hold is a list of deletions with the reason. Approving sends what of that list is still wanted; rejecting sends
 * nothing, and the list stays to be seen; one of them can be released alone. What is approved is not counted. A hold
 * that nobody decides is raised again, and stays.
 *
 * Counts are kept in buckets of LIMIT_DELETION_BUCKET_MS. How many there are to lose is counted only as far as it
 * matters, so that the cost follows the number of deletions.
 */
#ifndef PUSH_DELETIONS_H
#define PUSH_DELETIONS_H

#include "push/push.h"

enum deletion_kind { DELETION_ACCOUNT = 1, DELETION_GROUP = 2, DELETION_MEMBER = 3 };
enum deletion_state {
    DELETION_NEW,       /* not weighed yet */
    DELETION_COUNTED,   /* within the limit: may go */
    DELETION_HELD,      /* waits for a decision */
    DELETION_APPROVED,  /* may go */
    DELETION_REJECTED,  /* decided: does not go */
    DELETION_PROTECTED, /* the person or group is protected: does not go */
};
const char *deletion_kind_name(enum deletion_kind kind);    /* "DEACTIVATION", "GROUP_DELETION", "REMOVAL" */
const char *deletion_state_name(enum deletion_state state); /* "HELD" */

/* --- limits --------------------------------------------------------------------------------------------------------
 */

enum deletion_rule {
    RULE_ACCOUNTS,         /* deactivations of the app's accounts */
    RULE_GROUPS,           /* deletions of the app's groups */
    RULE_MEMBERS_OF_GROUP, /* removals from one group */
    RULE_MEMBERS,          /* removals from all groups of the app */
    RULE_COUNT,
};
const char *deletion_rule_name(enum deletion_rule rule); /* "deactivations", as in the API */

enum deletion_source { DELETION_DEFAULT, DELETION_OF_ORG, DELETION_OF_APP };

/* Over the limit is more than `number` and more than `percent` of what there is. */
struct deletion_limit {
    bool off;        /* no limit */
    int64_t percent; /* 0 to 100 */
    int64_t number;
    enum deletion_source source;
};
struct deletion_limits {
    int64_t window_ms;
    enum deletion_source window_source;
    struct deletion_limit rules[RULE_COUNT];
};
/* Those in force for an app; app_rid 0: for every app that has none of its own. */
int deletion_limits_get(struct tx *tx, int64_t app_rid, struct deletion_limits *ret) MUSTCHECK;
/* NULL takes the app's (or the organisation's) own limit away. */
int deletion_limit_set(struct tx *tx, int64_t app_rid, enum deletion_rule rule,
                       const struct deletion_limit *limit) MUSTCHECK;
/* 0 takes the app's (or the organisation's) own window away. */
int deletion_window_set(struct tx *tx, int64_t app_rid, int64_t window_ms) MUSTCHECK;
/* Counted in the window by now. */
int64_t deletion_used(struct tx *tx, int64_t app_rid, enum deletion_rule rule, int64_t window_ms) MUSTCHECK;
/* Deactivations that are wanted for longer than LIMIT_OVERDUE_MS and not acknowledged, whatever holds them up. */
int64_t deletion_overdue(struct tx *tx, int64_t app_rid) MUSTCHECK;

/* --- the planner's question ----------------------------------------------------------------------------------------
 */

/* 1: may be sent. 0: not, and `*ret_why` is what an administrator reads. */
int deletion_of_account(struct tx *tx, const struct account *account, const struct user *user,
                        const char **ret_why) MUSTCHECK;
int deletion_of_group(struct tx *tx, const struct target_group *group, const char **ret_why) MUSTCHECK;
/* Is gone, or is not to go any more. */
int deletion_forget_account(struct tx *tx, int64_t account_rid) MUSTCHECK;
/* Raises what ran out and tells of overdue deactivations: once a turn. */
int deletion_tick(struct tx *tx) MUSTCHECK;

/* --- holds ---------------------------------------------------------------------------------------------------------
 */

enum hold_status { HOLD_OPEN = 1, HOLD_APPROVED = 2, HOLD_REJECTED = 3 };

struct hold {
    int64_t rid;
    const char *id; /* dlh... */
    int64_t app_rid;
    int64_t target_rid;  /* the group whose limit is meant; 0: the app's */
    int64_t opened, due; /* ms; due: when it is raised again */
    int64_t raised;      /* times */
    int64_t revision;    /* counts up when something joins */
    /* What was weighed when something joined last. */
    int64_t window_ms, used, waiting, base, percent, number;
    int64_t decided; /* ms; 0: not */
    const char *decided_by;
    int64_t left; /* of its list still wanted gone, and not gone */
    enum deletion_kind kind;
    enum hold_status status;
};
int hold_by_id(struct tx *tx, int64_t app_rid, const char *id, struct hold *ret) MUSTCHECK; /* ERR_NOT_FOUND */
/* Holds of an app (0: of all) above the rid `after`, in order of rid; status 0: of any status. The count. */
int hold_list(struct tx *tx, int64_t app_rid, int status, int64_t after, struct hold *ret, int limit) MUSTCHECK;
/* A sentence: what would be too much of what. */
const char *hold_reason(struct tx *tx, const struct hold *hold) __attribute__((returns_nonnull));

struct deletion {
    int64_t rid;
    int64_t app_rid;
    enum deletion_kind kind;
    enum deletion_state state;
    int64_t object_rid;      /* account or target group */
    int64_t user_rid;        /* 0: a group, or a member whom the directory does not know */
    const char *external_id; /* of such a member; else "" */
    int64_t hold_rid;        /* 0: of none (protected) */
    const char *hold_id;     /* NULL: of none; filled in by deletion_list() */
    int64_t since;           /* ms: when it was wanted first */
};
/* What is held, rejected or protected: of one hold (hold_rid > 0) or of the app, in order of rid above `after`. The
 * count. */
int deletion_list(struct tx *tx, int64_t app_rid, int64_t hold_rid, int64_t after, struct deletion *ret,
                  int limit) MUSTCHECK;

/*
 * Decides over the whole list as it was at `revision`; refused when more has joined since, or when it is decided
 * already (a rejected one may still be approved).
 */
int hold_decide(struct tx *tx, struct hold *hold, enum hold_status status, int64_t revision,
                struct problem *problem) MUSTCHECK;
/* Releases what the list has of one person (user_rid), of one member whom the directory does not know (external_id), or
 * one group (target_rid); the others stay. E0000001 when it has nothing. */
int hold_release(struct tx *tx, struct hold *hold, int64_t user_rid, const char *external_id, int64_t target_rid,
                 struct problem *problem) MUSTCHECK;

/* --- plans: what an act would take away, while it is rehearsed (deletion_plan.c) ----------------------------------
 */

/* Of one app: what would go or be held, what of it would be held, and what would stay for being protected. */
struct deletion_plan {
    int64_t app_rid;
    int64_t count[DELETION_MEMBER + 1]; /* by enum deletion_kind */
    int64_t held, protected;
};
/* Before the act: what it adds has a rid above `*ret_mark`. */
int deletion_plan_begin(struct tx *tx, int64_t *ret_mark) MUSTCHECK;
/* After it: weighs what it added, as the planner would. */
int deletion_plan_judge(struct tx *tx, int64_t mark) MUSTCHECK;
/* For each app; ERR_TOO_LARGE beyond `limit` of them. The count. */
int deletion_plan_count(struct tx *tx, int64_t mark, struct deletion_plan *ret, int limit) MUSTCHECK;
/* Single ones, in order of rid above `after`. The count. */
int deletion_plan_list(struct tx *tx, int64_t after, struct deletion *ret, int limit) MUSTCHECK;

/* Removals from groups of an app that are held, rejected or not allowed. */
int64_t deletion_held_members(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* Held and rejected removals of a target group, for the mapping's state. */
int64_t deletion_held_of_group(struct tx *tx, int64_t target_rid) MUSTCHECK;

#endif
