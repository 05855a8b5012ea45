/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One group that an app is assigned to and that is pushed there becomes two, without anybody losing the account or the
 * membership for a moment. The published product advises against one group for both and leaves the way out to the
 * administrator; these are its two solutions as one act each:
 *
 *     SOLUTION_ASSIGNMENT  a new group takes over the assignment: its priority and profile
 *     SOLUTION_PUSH        a new group takes over the push mapping, and with it the app's group
 *
 * The new group gets who has the app. Rules that feed the old one feed the new one too (carry over), or everybody is
 * copied once. Then what the old group gave is given by both, and only when that has reached every account it is taken
 * from the old one: so the app sees nothing. Until the end, who joins or leaves the old group joins or leaves the new
 * one. Each step is work of the engine that begins anew after a crash. Before the end it can be undone.
 */
#ifndef PUSH_SEPARATION_H
#define PUSH_SEPARATION_H

#include "directory/rule.h"
#include "push/push.h"

enum separation_solution { SOLUTION_ASSIGNMENT = 1, SOLUTION_PUSH = 2 };
const char *separation_solution_name(enum separation_solution solution); /* "ASSIGNMENT" */

enum separation_status {
    SEPARATION_RUNNING = 1,
    SEPARATION_UNDOING = 2,
    SEPARATION_DONE = 3,
    SEPARATION_UNDONE = 4,
    SEPARATION_FAILED = 5, /* `error` says why; nothing was taken from anybody, and it can be undone */
};
const char *separation_status_name(enum separation_status status); /* "RUNNING" */

enum separation_step {
    STEP_RULES = 1, /* the rules that were carried over look at everybody */
    STEP_COPY,      /* who is still missing in the new group is put into it */
    STEP_SWITCH,    /* the app is assigned to the new group too; or: the new group is the mapping's source */
    STEP_SPREAD,    /* every account, or member, was looked at again */
    STEP_LEAVE,     /* the app is no longer assigned to the old group */
    STEP_SETTLE,    /* every account was looked at again */
    /* the way back */
    STEP_BACK,        /* the old group has what it had */
    STEP_BACK_SPREAD, /* every account, or member, was looked at again */
    STEP_BACK_LEAVE,  /* the new group no longer has it */
    STEP_BACK_SETTLE,
    STEP_REMOVE, /* the new group is taken out of the rules and deleted */
    STEP_END,
};
const char *separation_step_name(enum separation_step step); /* "RULES" */

struct separation {
    int64_t rid;
    const char *id; /* sep... */
    int64_t app_rid;
    int64_t source_rid; /* the group that was used for both */
    int64_t new_rid;    /* the new group */
    enum separation_solution solution;
    bool carry_rules;
    enum separation_status status;
    enum separation_step step;
    int64_t cursor;  /* STEP_COPY: the last person who was looked at */
    int64_t copied;  /* people put into the new group */
    int64_t created; /* ms */
    int64_t ended;   /* ms, 0: not yet */
    const char *error;
};

struct separation_input {
    enum separation_solution solution;
    const char *name; /* of the new group */
    bool carry_rules;
};

#define SEPARATION_RULES 200 /* rules that fill one group and are looked at */

/* What it would do. Texts and arrays in the tx's arena. */
struct separation_plan {
    int64_t members;   /* of the group */
    int64_t copied;    /* people whom it puts into the new group itself */
    int64_t by_rules;  /* people whom rules put there */
    int64_t left_out;  /* members who do not have the app */
    struct user *left; /* the first of those */
    int left_count;
    struct rule *rules; /* that fill the group */
    int rule_count;
    bool is_assigned;
    struct app_group assignment; /* if is_assigned */
    bool is_pushed;
    struct mapping mapping; /* if is_pushed */
};
/* Writes nothing. ERR_PROBLEM as separation_start() would. `left_max`: how many who are left out are named. */
int separation_plan(struct tx *tx, const struct app *app, const struct group *group,
                    const struct separation_input *input, int left_max, struct separation_plan *ret,
                    struct problem *problem) MUSTCHECK;
int separation_start(struct tx *tx, const struct app *app, const struct group *group,
                     const struct separation_input *input, struct separation *ret, struct problem *problem) MUSTCHECK;
/* Not once it is DONE or UNDONE. */
int separation_undo(struct tx *tx, struct separation *separation, struct problem *problem) MUSTCHECK;

int separation_by_id(struct tx *tx, int64_t app_rid, const char *id,
                     struct separation *ret) MUSTCHECK; /* ERR_NOT_FOUND */
/* Of an app (0: of all), the newest first, rids below `before` (INT64_MAX for the first page), at most `limit`. The
 * count. */
int separation_list(struct tx *tx, int64_t app_rid, int64_t before, struct separation *ret, int limit) MUSTCHECK;

#endif
