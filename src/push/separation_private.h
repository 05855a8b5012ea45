/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about separations share, with each other and with the room. */
#ifndef PUSH_SEPARATION_PRIVATE_H
#define PUSH_SEPARATION_PRIVATE_H

#include "push/separation.h"
#include "record/record.h"

extern const char separation_tables[]; /* a migration */

struct kept_separation {
    struct separation what;
    /* As it was: of the assignment (profile NULL: it is about the mapping), or of the mapping. */
    int priority;
    const char *profile;
    bool follow_name;
};

int separation_read(struct tx *tx, int64_t rid, struct kept_separation *ret) MUSTCHECK;
/* One that has not ended, of a group that is parted or (as_new) that is its new group, with a rid above `after`.
 * ERR_NOT_FOUND. */
int separation_open(struct tx *tx, int64_t group_rid, bool as_new, int64_t after,
                    struct kept_separation *ret) MUSTCHECK;
int separation_store(struct tx *tx, const struct separation *separation) MUSTCHECK;
int separation_event(struct tx *tx, const struct separation *separation, const char *type, const char *message,
                     const char *reason) MUSTCHECK;
/* Does the person have the app, and is not deactivated? 1 or 0. */
int separation_has_app(struct tx *tx, int64_t app_rid, int64_t user_rid) MUSTCHECK;

/* The expansion, as push_expand(): 1 more, 0 done. */
int separation_expand(struct tx *tx, struct work *work) MUSTCHECK;
/* A member came into a group that is parted, or left it: so does the new group's. */
int separations_mirror(struct tx *tx, const struct change *change) MUSTCHECK;
/* A group of a separation was deleted: it cannot go on. */
int separations_lose(struct tx *tx, int64_t group_rid) MUSTCHECK;
int separations_delete_app(struct tx *tx, int64_t app_rid) MUSTCHECK;

#endif
