/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recoveries that an administrator asks for with one call: a group that was deleted in the app, a person who should be
 * pushed anew, and everything that failed, told by cause before it is tried again.
 */
#ifndef PUSH_REPAIR_H
#define PUSH_REPAIR_H

#include "push/push.h"

/*
 * The group is looked for in the app: while it is there, it is read back; if it was deleted there, one of its name is
 * linked, or made anew, and its members are pushed. Roles that the app bound to the old group are not restored. Refused
 * unless the mapping is ACTIVE.
 */
int mapping_repair(struct tx *tx, const struct mapping *mapping, struct problem *problem) MUSTCHECK;
/*
 * The engine found that the app has the group no more, and forgot it: 1 when it is to be made anew at once, since
 * somebody asked or the app's setting says so; 0 when it is held until somebody acts. By itself once in
 * REPAIR_AGAIN_MS, so that what deletes it again and again is noticed.
 */
#define REPAIR_AGAIN_MS ((int64_t)3600 * 1000)
int target_group_may_repair(struct tx *tx, const struct target_group *group) MUSTCHECK;

struct repush {
    int64_t groups; /* pushed groups that are looked at */
    bool later;     /* too many for one transaction: an expansion looks at them */
};
/* Looks at every pushed group of the person in all apps: what was refused is tried again, and the groups are read back
 * when nothing is left to push. */
int person_push(struct tx *tx, const struct user *user, struct repush *ret) MUSTCHECK;
/* 1 when the account was deactivated, somebody may have made it active again there, and nobody accepted that. */
int account_may_be_active(struct tx *tx, const struct account *account) MUSTCHECK;

/* --- what a retry would try again ----------------------------------------------------------------------------------
 */

#define RETRY_EXAMPLES 5 /* names that a cause shows */

struct retry_cause {
    const char *error_class;
    int64_t groups, accounts, members;
    const char *examples[RETRY_EXAMPLES]; /* names of groups, user names of accounts, logins of members */
    int example_count;
};
struct retry_plan {
    int64_t groups, accounts, members;
    struct retry_cause *causes;
    int cause_count;
    bool complete; /* false: more than RETRY_LOOKED_AT failed, and the rest is not counted */
};
#define RETRY_LOOKED_AT 5000
/* What failed or is held in an app, by cause; nothing is written. What a deletion limit holds is not among it: a retry
 * does not get around that. */
int retry_plan(struct tx *tx, int64_t app_rid, struct retry_plan *ret) MUSTCHECK;

#endif
