/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: from what is wanted and known to what is asked for. Pure functions; the simulator's oracle is written
 * without them.
 */
#ifndef PUSH_PLAN_H
#define PUSH_PLAN_H

#include "app/account.h"

enum member_wanted {
    MEMBER_IN,
    MEMBER_OUT,
    MEMBER_AS_IS, /* suspended people: what is there stays */
};

/*
 * Should this person be a member of the pushed group? In the source group, with the app (scope), eligible, and with an
 * account there. Leaving the group or losing the app takes a suspended person out; being suspended does not.
 */
enum member_wanted member_wanted(bool in_source, enum account_scope scope, enum user_status status, bool user_deleted,
                                 bool has_account);

/* How much fits into one request to change members, as far as is known of the target. */
struct member_limits {
    size_t adds;    /* adds in one request */
    size_t removes; /* removals in one request */
    bool mix;       /* both kinds in one request */
};
/* What is assumed while the target's own limits are unknown (docs/targets.md: 100 is the smallest common
 * one). */
struct member_limits member_limits_default(void);

/* How many of the waiting removals and adds go into the next request; removals go first. */
void member_batch(const struct member_limits *limits, size_t removes, size_t adds, size_t *ret_removes,
                  size_t *ret_adds);

#endif
