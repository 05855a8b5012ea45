/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request about a user: what is checked before the store is touched, and the password, which is hashed on
 * the worker before the transaction begins. */
#ifndef API_USER_BODY_H
#define API_USER_BODY_H

#include "api/call.h"
#include "directory/directory.h"

struct user_body {
    const struct jval *profile; /* NULL: none given */
    const char *password_hash;  /* NULL: no password given */
    const char *provider;       /* NULL: none given */
    const char *provider_name;
    const char *question; /* NULL: none given */
    bool has_answer;
    const struct jval *group_ids; /* array, or NULL */
};

/* route->prepare of all that take a password. */
void user_body_prepare(struct call *call);
/* Reads call->body. ERR_PROBLEM names the field. */
int user_body_read(struct call *call, struct user_body *ret) MUSTCHECK;

#endif
