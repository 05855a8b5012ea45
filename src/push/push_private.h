/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef PUSH_PUSH_PRIVATE_H
#define PUSH_PUSH_PRIVATE_H

#include "push/push.h"

/* Texts of the current row of a query, copied into the tx's arena. */
const char *push_text(struct tx *tx, const struct query *query, int column);

/*
 * Looks at one person in one ACTIVE mapping: the member becomes dirty if the app may hold something else than is
 * wanted, and the group gets work of this class. Costs the same for any size of group.
 */
int member_look(struct tx *tx, const struct mapping *mapping, int64_t user_rid, enum work_class class) MUSTCHECK;
/* The same without the work row, for expansions that write it once a chunk. 1: dirty now, 0: nothing to do. */
int member_mark(struct tx *tx, const struct mapping *mapping, int64_t user_rid, enum work_class class) MUSTCHECK;
/* What is wanted of a person in a mapping, and the account's id there (NULL: none). */
int member_facts(struct tx *tx, const struct mapping *mapping, int64_t user_rid, enum member_wanted *ret_wanted,
                 const char **ret_external_id) MUSTCHECK;

/* ACTIVE mappings of a source group in all apps (app_rid 0) or one: calls each(). */
int mapping_each_of_source(struct tx *tx, int64_t source_rid, int64_t app_rid,
                           int (*each)(struct tx *tx, const struct mapping *mapping, void *data), void *data) MUSTCHECK;
/* Forgets a mapping and leaves the target group; nothing is sent. */
int mapping_forget(struct tx *tx, const struct mapping *mapping) MUSTCHECK;

int target_group_make(struct tx *tx, const struct app *app, const char *name, struct target_group *ret) MUSTCHECK;
int target_group_by_name(struct tx *tx, int64_t app_rid, const char *name, struct target_group *ret) MUSTCHECK;
int target_group_rename_wanted(struct tx *tx, struct target_group *group, const char *name) MUSTCHECK;
/* Taken up again by a mapping: its members are read before anything is removed. */
int target_group_relink(struct tx *tx, struct target_group *group) MUSTCHECK;
/* The members were read for this source: the link is complete. */
int target_group_linked(struct tx *tx, struct target_group *group, int64_t source_rid) MUSTCHECK;
int target_group_want_deleted(struct tx *tx, int64_t rid) MUSTCHECK;
/* Rows of an app that is deleted. */
int push_delete_app(struct tx *tx, int64_t app_rid) MUSTCHECK;
int members_delete_chunk(struct tx *tx, int64_t target_rid, int limit) MUSTCHECK;

#endif
