/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing in many users and memberships: by login and by group name, additive and idempotent. What every row would
 * look up again (the schema, groups by name) is looked up once a transaction. A transaction takes LIMIT_IMPORT_ROWS
 * rows at most.
 */
#ifndef DIRECTORY_IMPORT_H
#define DIRECTORY_IMPORT_H

#include "directory/directory.h"

struct directory_import; /* lives in the tx's arena: make a new one in every transaction, and every time it runs */

int directory_import_begin(struct tx *tx, struct directory_import **ret) MUSTCHECK;

enum import_result { IMPORT_SAME, IMPORT_CREATED, IMPORT_UPDATED };

/*
 * Makes the user with profile.login, or brings the attributes that are given to the user who has that login; those not
 * given stay, and so do the status and the password of a user who was there. `password_hash` (argon2id, may be NULL)
 * and `activate` are for new users. ERR_PROBLEM: the row is refused (as user_create() and user_update() refuse), the
 * transaction can go on with the next row.
 */
int directory_import_user(struct directory_import *import, const struct jval *profile, const char *password_hash,
                          bool activate, enum import_result *ret, struct problem *problem) MUSTCHECK;
/*
 * Adds the user with that login to the OKTA_GROUP of that name, which is made if there is none. IMPORT_CREATED: added.
 * IMPORT_SAME: was a member. ERR_PROBLEM: no such user (E0000007), a deactivated user, a bad group name; nothing was
 * written for the row.
 */
int directory_import_membership(struct directory_import *import, const char *login, const char *group_name,
                                enum import_result *ret, struct problem *problem) MUSTCHECK;

/*
 * What imports made and what is still there, for an authoritative import: people who are not deactivated, by rid above
 * `after`; memberships, by group and person above these. The count; texts in the tx's arena.
 */
struct imported_user {
    int64_t rid;
    const char *id, *login;
};
struct imported_member {
    int64_t group_rid, user_rid;
    const char *login, *group;
};
int imported_users(struct tx *tx, int64_t after, struct imported_user *ret, int limit) MUSTCHECK;
int imported_members(struct tx *tx, int64_t after_group, int64_t after_user, struct imported_member *ret,
                     int limit) MUSTCHECK;
/*
 * Deactivates the person, or ends the membership, if an import made it: IMPORT_UPDATED, else IMPORT_SAME. A membership
 * that a rule gives too stays, as the rule's. ERR_PROBLEM as user_transition() refuses.
 */
int import_user_gone(struct tx *tx, const char *login, enum import_result *ret, struct problem *problem) MUSTCHECK;
int import_membership_gone(struct tx *tx, const char *login, const char *group_name, enum import_result *ret,
                           struct problem *problem) MUSTCHECK;

#endif
