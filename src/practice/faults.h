/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults to order: what the practice target does wrong, to whom and how often. The catalogue is the table below; a new
 * fault is a line there and, unless a phase of an old one fits, a case in faults.c.
 */
#ifndef PRACTICE_FAULTS_H
#define PRACTICE_FAULTS_H

#include "base/macros.h"

#define PRACTICE_FAULTS 32 /* faults in force at once */

/* When a fault acts on the request that it strikes. */
enum fault_phase {
    FAULT_BEFORE, /* instead of applying the request */
    FAULT_AFTER,  /* after the request was applied */
};

/* What else a fault of that name must be given. */
#define FAULT_NEEDS_NOTHING 0
#define FAULT_NEEDS_STATUS 1
#define FAULT_NEEDS_MS 2
#define FAULT_NEEDS_MAX 4

/* X(symbol, name, phase, needs, what it does) */
#define FAULT_LIST(X)                                                                                                  \
    X(FAULT_DROP_BEFORE, "drop_before", FAULT_BEFORE, FAULT_NEEDS_NOTHING,                                             \
      "closes the connection without applying the request")                                                            \
    X(FAULT_DROP_AFTER, "drop_after", FAULT_AFTER, FAULT_NEEDS_NOTHING,                                                \
      "applies the request, then closes the connection without an answer")                                             \
    X(FAULT_STATUS, "status", FAULT_BEFORE, FAULT_NEEDS_STATUS, "answers `status` without applying the request")       \
    X(FAULT_STATUS_AFTER, "status_after", FAULT_AFTER, FAULT_NEEDS_STATUS,                                             \
      "applies the request, then answers `status`")                                                                    \
    X(FAULT_LATENCY, "latency", FAULT_AFTER, FAULT_NEEDS_MS, "answers `ms` milliseconds late")                         \
    X(FAULT_MEMBERS_MAX, "members_max", FAULT_BEFORE, FAULT_NEEDS_MAX | FAULT_NEEDS_STATUS,                            \
      "answers `status` when a request to a group names more than `max` members")                                      \
    X(FAULT_TRUNCATE, "truncate", FAULT_AFTER, FAULT_NEEDS_NOTHING, "cuts the body of the answer in half")

enum fault_kind {
    FAULT_NONE,
#define X(symbol, name, phase, needs, text) symbol,
    FAULT_LIST(X)
#undef X
};

struct practice_fault {
    enum fault_kind kind;
    char method[12];  /* "" for every method */
    char prefix[128]; /* of the path below /scim/v2, "/Groups"; "" for every path */
    unsigned every;   /* strikes each Nth request that fits; 0 means 1 */
    unsigned times;   /* strikes at most this often; 0: without end */
    int status;
    int ms;
    unsigned max;
    int retry_after; /* seconds in a Retry-After header of `status`; 0: none */
};

/* The name of a kind; NULL for FAULT_NONE. */
const char *fault_name(enum fault_kind kind);
/* FAULT_NONE for a name that is not in the table. */
enum fault_kind fault_by_name(const char *name);

#endif
