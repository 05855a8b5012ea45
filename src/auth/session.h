/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of the console, and the links that set a password once. Of both only the hash of the secret is stored. A
 * session ends LIMIT_SESSION_MS after it began, when the administrator signs out, gets another password or is deleted.
 */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/administrator.h"

#define SESSION_PREFIX "musters_" /* what the secret of a session starts with; those of tokens start differently */

struct session {
    struct administrator administrator;
    int64_t created, expires; /* ms */
};

/* The secret is in the tx's arena. Writes user.session.start. */
int session_create(struct tx *tx, const struct administrator *administrator, struct session *ret,
                   const char **ret_secret) MUSTCHECK;
/* ERR_NOT_FOUND: unknown, ended or expired. */
int session_check(struct tx *tx, const char *secret, struct session *ret) MUSTCHECK;
/* Writes user.session.end. ERR_NOT_FOUND as above. */
int session_end(struct tx *tx, const char *secret) MUSTCHECK;
/* Deletes expired sessions, at most `limit`. The count. */
int session_expire(struct tx *tx, int limit) MUSTCHECK;

#define SESSION_CSRF_BYTES 44 /* 43 characters and a NUL */
/* What a page of ours knows of its session and a page of somebody else does not: made from the secret, not stored. */
void session_csrf(const char *secret, char ret[static SESSION_CSRF_BYTES]);
bool session_csrf_matches(const char *secret, const char *given); /* in constant time; given may be NULL */

/*
 * Makes a link's secret for an administrator, or (rid 0) for whoever is to be the first; the one before ends. Valid for
 * LIMIT_SIGN_IN_LINK_MS. In the tx's arena.
 */
int sign_in_link_create(struct tx *tx, int64_t administrator_rid, const char **ret_secret) MUSTCHECK;
/* Looks at a link without taking it. ERR_NOT_FOUND as below. */
int sign_in_link_find(struct tx *tx, const char *secret, int64_t *ret_administrator_rid) MUSTCHECK;
/* Takes a link: it works once. ERR_NOT_FOUND: unknown, used or expired. */
int sign_in_link_take(struct tx *tx, const char *secret, int64_t *ret_administrator_rid) MUSTCHECK;

#endif
