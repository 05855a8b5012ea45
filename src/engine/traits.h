/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of an app's habits: told by an administrator, who wins, or learned from what it answered (batch.c).
 * Absent means unknown, not no.
 */
#ifndef ENGINE_TRAITS_H
#define ENGINE_TRAITS_H

#include "store/store.h"

enum trait_kind {
    TRAIT_ADDS,            /* members added in one request; at least 1 */
    TRAIT_REMOVES,         /* members removed in one request; at least 1 */
    TRAIT_MIX,             /* both in one request: 1 or 0 */
    TRAIT_RATE_USERS_READ, /* requests a minute; at least 1 */
    TRAIT_RATE_USERS_WRITTEN,
    TRAIT_RATE_GROUPS_READ,
    TRAIT_RATE_GROUPS_WRITTEN,
    TRAIT_SECONDS, /* seconds for a whole exchange; told, never learned */
    TRAIT_PROBES,  /* a group can be found by a member: 1 or 0 */
    TRAIT_COUNT,
};
enum trait_source { TRAIT_UNKNOWN, TRAIT_LEARNED, TRAIT_TOLD };

struct trait {
    int64_t value;
    int64_t learned; /* ms */
    enum trait_source source;
};

struct traits {
    struct trait items[TRAIT_COUNT];
};

/* The name in the API: "membersAddedPerRequest" ... */
const char *trait_name(enum trait_kind kind);
int traits_get(struct tx *tx, int64_t app_rid, struct traits *ret) MUSTCHECK;
/* What is learned never replaces what was told; TRAIT_UNKNOWN forgets. */
int trait_set(struct tx *tx, int64_t app_rid, enum trait_kind kind, int64_t value, enum trait_source source) MUSTCHECK;

#endif
