/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of imports share. */
#ifndef PUSH_IMPORT_PRIVATE_H
#define PUSH_IMPORT_PRIVATE_H

#include "push/import.h"
#include "push/push_private.h"
#include "record/record.h"

extern const char import_tables[]; /* SQL of the migration that makes them */

/* What a staged row is about; in this order they are applied. */
enum staged_kind { STAGED_USER = 1, STAGED_GROUP = 2, STAGED_MEMBER = 3 };

enum staged_fate {
    STAGED_FOUND = 0,
    STAGED_MISSED = 1, /* in no list; not asked for yet */
    STAGED_GONE = 2,   /* the app says so; a member that is in its group no more */
};

struct staged {
    int64_t rid;
    enum staged_kind kind;
    const char *external_id; /* of the user, the group; of a member's group */
    const char *member_id;   /* STAGED_MEMBER: the user's id in the app, else "" */
    const char *name;        /* user name or displayName */
    const char *profile;     /* STAGED_USER */
    bool active;
    enum staged_fate fate;
};
/* 1 staged, 0 there already. */
int staged_add(struct tx *tx, const struct import_run *run, const struct staged *row) MUSTCHECK;

int import_event(struct tx *tx, const struct import_run *run, const char *type, const char *message,
                 const char *failure, const struct event_target *about) MUSTCHECK;

/* Take one staged row over; count it in the run. */
int import_apply_user(struct tx *tx, const struct app *app, struct import_run *run, const struct staged *row) MUSTCHECK;
int import_apply_group(struct tx *tx, const struct app *app, struct import_run *run,
                       const struct staged *row) MUSTCHECK;
int import_apply_member(struct tx *tx, struct import_run *run, const struct staged *row) MUSTCHECK;

/* For what starts by itself: start() of each app whose time has come by the statement `due` ($1 now, $2 at most so
 * many), and when `next` says that the next one's comes. The count. */
int apps_due_start(struct tx *tx, struct sql *due, struct sql *next, int (*start)(struct tx *tx, int64_t app_rid),
                   int64_t *ret_next) MUSTCHECK;

int import_settings_store(struct tx *tx, int64_t app_rid, const struct import_settings *settings) MUSTCHECK;
int import_settings_delete(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* Judges the schedule and fills in next_at. 0 or ERR_PROBLEM. */
int import_schedule_next(struct tx *tx, struct import_settings *settings, struct problem *problem) MUSTCHECK;

/* Deletes imported memberships of a group that is gone, a chunk. 1: there are more. */
int imported_members_delete_chunk(struct tx *tx, int64_t target_rid, int limit) MUSTCHECK;
int import_delete_app(struct tx *tx, int64_t app_rid) MUSTCHECK;

#endif
