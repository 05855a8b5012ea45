/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What needs attention in group push, over all apps. Each function is one statement, and looks at a bounded number of
 * rows: where more are counted than that, the number is what was looked at.
 */
#ifndef PUSH_OVERVIEW_H
#define PUSH_OVERVIEW_H

#include "store/store.h"

struct overview_row {
    int64_t app_rid;
    const char *error_class; /* of failed members; else NULL */
    int64_t count;
    int64_t since; /* ms: the oldest of them */
};
/* Each: app by app, at most `limit` rows. The count. `look`: so many objects are counted at most. */
/* Members that apps refused, by cause; what a deletion limit holds is no failure. */
int overview_members_failed(struct tx *tx, int look, struct overview_row *ret, int limit) MUSTCHECK;
/* Holds that wait for a decision. */
int overview_holds(struct tx *tx, struct overview_row *ret, int limit) MUSTCHECK;
/* Imports that the import safeguard holds: one of an app. */
int overview_imports(struct tx *tx, struct overview_row *ret, int limit) MUSTCHECK;
/* Differences that the last scans found, and nobody accepted, without what only waits or is held here. */
int overview_drift(struct tx *tx, int look, struct overview_row *ret, int limit) MUSTCHECK;

/* The changes that the undecided holds of an app keep back, at most `look`. The count. */
int overview_held(struct tx *tx, int64_t app_rid, int look) MUSTCHECK;

/* The members of an app's ACTIVE pushed groups, at most `look` of each kind. */
struct overview_members {
    int64_t in_step; /* acknowledged, and nothing is wanted of them */
    int64_t waiting; /* to be put in, or to be taken out */
    int64_t refused; /* by the app, or held by a deletion limit */
    bool complete;   /* false: there are more than were counted */
};
int overview_members(struct tx *tx, int64_t app_rid, int look, struct overview_members *ret) MUSTCHECK;
/* The next app above `after` that has pushed groups, and how many of them are ACTIVE: 1 found, 0 none. */
int overview_next_app(struct tx *tx, int64_t after, int64_t *ret_app_rid, int64_t *ret_groups) MUSTCHECK;

#endif
