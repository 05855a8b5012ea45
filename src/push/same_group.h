/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One group for assignment and for push: a group that gives an app and is pushed to it. The published product does not
 * support it, since a leaver's account is deactivated before the membership is removed. Here it is safe (invariant 6):
 * memberships go first. An organisation can still be warned of it, or have it refused, wherever it would arise: when a
 * group is assigned, when it is pushed by name, when a push rule would push it.
 */
#ifndef PUSH_SAME_GROUP_H
#define PUSH_SAME_GROUP_H

#include "push/push.h"

enum same_group_policy { SAME_GROUP_ALLOW, SAME_GROUP_WARN, SAME_GROUP_REFUSE };
const char *same_group_policy_name(enum same_group_policy policy); /* "ALLOW" */
#define SAME_GROUP_POLICIES 3

/* ALLOW where nothing was set. */
int same_group_policy_get(struct tx *tx, enum same_group_policy *ret) MUSTCHECK;
/* Acts on assignments and mappings made from then on; what is there stays. */
int same_group_policy_set(struct tx *tx, enum same_group_policy policy) MUSTCHECK;
/* What it means, sentences for an administrator. */
const char *same_group_meaning(void) __attribute__((returns_nonnull));

/* Is the group assigned to the app and pushed to it? 1 or 0. */
int same_group_is(struct tx *tx, int64_t app_rid, int64_t group_rid) MUSTCHECK;
/*
 * The group is about to be assigned (or, `pushing`, pushed) to the app, to which it is pushed (assigned) already or
 * not. Under REFUSE ERR_PROBLEM, which names the field and the ways out; under WARN the event "muster.same_group".
 */
int same_group_check(struct tx *tx, const struct app *app, const struct group *group, bool pushing,
                     struct problem *problem) MUSTCHECK;
/* Mappings of an app (0: of all) whose source is assigned to it, with a rid above `after`, at most `limit`. The count.
 */
int same_group_list(struct tx *tx, int64_t app_rid, int64_t after, int64_t *ret_mapping_rids, int limit) MUSTCHECK;

#endif
