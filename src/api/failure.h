/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside an error text: the row of the table of errors, and what is known of this failure. */
#ifndef API_FAILURE_H
#define API_FAILURE_H

#include "api/call.h"

struct failure {
    const char *error_class; /* name; nothing is written of a name that is not in the table */
    const char *words;       /* the target's own, NULL */
    int status;              /* HTTP, 0 for no answer */
    int64_t failed_at;       /* ms; 0: not known */
    int attempts;
    int64_t next_try; /* ms; 0: none by itself */
    /* whose newest request and answer, which are those that failed, are shown; app_rid 0: none */
    int64_t app_rid;
    int work_kind;
    int64_t object_rid;
};

/* "cause", "action", "retry" ... of a class into an open object. */
void failure_write_class(struct jout *out, const char *error_class);
/* The property `key` of an open object. 0 or a negative error. */
int failure_write(struct tx *tx, struct jout *out, const char *key, const struct failure *failure) MUSTCHECK;

#endif
