/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For how long an app could be asked: the time that a deactivation waits for removals is counted while the app would
 * accept a request (invariant 6), in one piece or in many. Pure, in memory: after a start the count begins anew.
 */
#ifndef ENGINE_OPENINGS_H
#define ENGINE_OPENINGS_H

#include "base/macros.h"

#define OPENINGS_KEPT                                                                                                  \
    8 /* pieces of time; what is older is drawn together, and counts for those who wait since before */

struct opening {
    int64_t from, to; /* ms */
};

struct openings {
    struct opening kept[OPENINGS_KEPT]; /* the oldest first */
    int count;
    int64_t since; /* ms: since when requests may be sent; 0: not now */
};

/* From `now` on; nothing when it is open already. */
void openings_begin(struct openings *openings, int64_t now);
/* Until `now`; nothing when it is not open. */
void openings_end(struct openings *openings, int64_t now);
/* How long it was open between `left` and `now`, ms. */
int64_t openings_since(const struct openings *openings, int64_t left, int64_t now);
/* The clock was set by so much. */
void openings_shift(struct openings *openings, int64_t by);

#endif
