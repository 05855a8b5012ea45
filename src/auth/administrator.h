/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People who sign in to the console. They are not people of the directory: who administers Muster does not depend on
 * what Muster administers. An administrator without a password is invited, and sets one with a link that works once
 * (session.h). What fails for a reason of the caller's is ERR_PROBLEM.
 */
#ifndef AUTH_ADMINISTRATOR_H
#define AUTH_ADMINISTRATOR_H

#include "auth/auth.h"

struct administrator {
    int64_t rid;
    const char *id; /* 00a... */
    const char *name;
    const char *email;
    enum role role;
    const char *password_hash;                   /* NULL: invited */
    int64_t created, last_updated, last_sign_in; /* ms; last_sign_in 0: never */
};

struct administrator_input {
    const char *name;
    const char *email;
    enum role role;
};

/* Texts of what is found are in the tx's arena. */
int administrator_create(struct tx *tx, const struct administrator_input *input, struct administrator *ret,
                         struct problem *problem) MUSTCHECK;
/* Replaces name, e-mail address and role. A new role counts from the next request on. The last administrator with the
 * role ADMIN keeps it. */
int administrator_update(struct tx *tx, const char *id, const struct administrator_input *input,
                         struct administrator *ret, struct problem *problem) MUSTCHECK;
/* Ends all sessions and links of the administrator too. Not for the last one with the role ADMIN and a password. */
int administrator_delete(struct tx *tx, const char *id, struct problem *problem) MUSTCHECK;
/* Ends all sessions of the administrator. */
int administrator_set_password(struct tx *tx, int64_t rid, const char *password_hash) MUSTCHECK;
int administrator_signed_in(struct tx *tx, int64_t rid) MUSTCHECK; /* remembers when */

int administrator_by_id(struct tx *tx, const char *id, struct administrator *ret) MUSTCHECK;       /* ERR_NOT_FOUND */
int administrator_by_rid(struct tx *tx, int64_t rid, struct administrator *ret) MUSTCHECK;         /* ERR_NOT_FOUND */
int administrator_by_email(struct tx *tx, const char *email, struct administrator *ret) MUSTCHECK; /* ERR_NOT_FOUND */
/* Calls each(administrator, data) for those behind `after` (a rid, 0 for the first), in order of creation, at most
 * `limit`. 0, or what each() gave. */
int administrator_each(struct tx *tx, int64_t after, int limit,
                       int (*each)(const struct administrator *administrator, void *data), void *data) MUSTCHECK;
/* 1: somebody with the role ADMIN can sign in, 0: nobody. */
int administrator_any(struct tx *tx) MUSTCHECK;
/* Writes an event about an administrator. */
int administrator_event(struct tx *tx, const struct administrator *administrator, const char *type, const char *outcome,
                        const char *reason) MUSTCHECK;

#endif
