/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: columns, rows and the steps that several operations take. */
#ifndef DIRECTORY_ROWS_H
#define DIRECTORY_ROWS_H

#include "directory/directory.h"
#include "directory/schema.h"
#include "record/record.h"

#define USER_COLUMNS                                                                                                   \
    "u.rid, u.id, u.status, u.login, u.name, u.profile, CASE WHEN u.password_hash IS NULL THEN 0 ELSE 1 END,"          \
    " u.deleted, u.created, u.activated, u.status_changed, u.last_login, u.last_updated, u.password_changed,"          \
    " u.version, u.provider, u.provider_name, u.recovery_question, u.protected"
#define USER_COLUMN_COUNT 19

#define GROUP_COLUMNS                                                                                                  \
    "g.rid, g.id, g.type, g.name, g.description, g.profile, g.source_id, g.deleted, g.created, g.last_updated,"        \
    " g.last_membership_updated, g.protected"
#define GROUP_COLUMN_COUNT 12

/* Fills from the current row; the texts are those of the row (until the next step). */
void user_from_row(const struct query *query, struct user *ret);
void group_from_row(const struct query *query, struct group *ret);
/* Copies the texts into the arena. */
void user_keep(struct arena *arena, struct user *user);
void group_keep(struct arena *arena, struct group *group);

struct event_target user_target(const struct user *user);
struct event_target group_target(const struct group *group);
/* record_event() about one or two things. */
int directory_event(struct tx *tx, const char *type, const char *message, struct event_target first,
                    const struct event_target *second) MUSTCHECK;

/* user_create() with a schema that was read before. */
int user_create_with(struct tx *tx, const struct schema *schema, const struct user_input *input, struct user *ret,
                     struct problem *problem) MUSTCHECK;
/* user_update() likewise. 1: something changed. 0: nothing did. */
int user_update_with(struct tx *tx, const struct schema *schema, struct user *user, const struct jval *profile,
                     bool replace, struct problem *problem) MUSTCHECK;
/* Stores a profile that was checked before, with its change and its event. */
int user_store_profile(struct tx *tx, struct user *user, const struct jval *profile) MUSTCHECK;
int group_store_profile(struct tx *tx, struct group *group, const struct jval *profile) MUSTCHECK;

/* values.c: a profile was made (`old` NULL) or changed; somebody was deleted. */
int user_values_note(struct tx *tx, int64_t user_rid, const struct jval *old, const struct jval *new) MUSTCHECK;
int user_values_drop(struct tx *tx, int64_t user_rid) MUSTCHECK;

/* Makes the row of a direct membership. 1 added, 0 was there already (and is direct now). Neither event nor time stamp
 * of the group. */
int membership_insert(struct tx *tx, int64_t group_rid, int64_t user_rid, bool imported) MUSTCHECK;
/* The rule that changed a membership, and how many in a row it was. */
struct membership_cause {
    const char *rule_id;
    int depth;
};
/* Change, event and time stamp of a membership that was made or taken away; `cause` is NULL unless a rule did it. 1, or
 * a negative error. */
int membership_added(struct tx *tx, const struct group *group, const struct user *user,
                     const struct membership_cause *cause) MUSTCHECK;
int membership_removed(struct tx *tx, const struct group *group, const struct user *user,
                       const struct membership_cause *cause) MUSTCHECK;

#endif
