/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of drift share. */
#ifndef PUSH_DRIFT_PRIVATE_H
#define PUSH_DRIFT_PRIVATE_H

#include "push/drift.h"
#include "push/import_private.h"

extern const char drift_tables[];          /* SQL of the migration that makes them */
extern const char drift_exception_index[]; /* of a later one: see NOT_EXCEPTED() */

#define DRIFT_REPAIRS_MAX 2 /* repairs of one difference by the app's setting before somebody has to look */
#define DRIFT_MEMORY_DAYS 7 /* that repairs of a difference count, from when it was seen last */
#define DRIFT_TRIES_MAX 3   /* readings of a group that is being pushed all the time */

/* What else is staged, beside differences (enum drift_kind). */
enum staged_drift {
    STAGED_RESULT = 20, /* of a group: its state in `cause`, its counts */
    STAGED_ASK = 20,    /* plus what is asked: enum of struct drift_ask */
    STAGED_ASK_FIRST = 21,
    STAGED_ASK_LAST = 24,
};

struct drift_row {
    int64_t rid;
    int64_t target_rid, user_rid;
    const char *external_id;
    const char *attribute;
    const char *known, *wanted, *found, *error;
    int64_t read_at;
    int64_t members, in_step;
    int kind; /* enum drift_kind or staged_drift */
    int cause, class;
    int tries;
};
/* 1 staged, 0 there already. NULL texts of the key count as "". */
int drift_stage(struct tx *tx, const struct import_run *run, const struct drift_row *row) MUSTCHECK;
int drift_staged_next(struct tx *tx, const struct import_run *run, int kind, struct drift_row *ret,
                      int limit) MUSTCHECK;
int drift_staged_delete(struct tx *tx, int64_t rid) MUSTCHECK;
/* All of a kind about a group. */
int drift_staged_delete_of(struct tx *tx, const struct import_run *run, int kind, int64_t target_rid) MUSTCHECK;
int drift_clear(struct tx *tx, const struct import_run *run, int limit) MUSTCHECK; /* the count */

int drift_scan_begin(struct tx *tx, const struct import_run *run) MUSTCHECK;
int drift_scan_store(struct tx *tx, const struct import_run *run, const struct drift_scan *scan) MUSTCHECK;
int drift_scan_asked(struct tx *tx, const struct import_run *run) MUSTCHECK;
int drift_accounts_add(struct tx *tx, const struct import_run *run, int accounts, int in_step) MUSTCHECK;
/* Attributes that the app showed of somebody: a set of names. */
int drift_shown(struct tx *tx, const struct import_run *run, const struct jval *profile) MUSTCHECK;
int drift_was_shown(struct tx *tx, const struct import_run *run, const char *attribute) MUSTCHECK; /* 1 or 0 */
int drift_event(struct tx *tx, const struct app *app, const struct event *event) MUSTCHECK;
int drift_run_event(struct tx *tx, const struct import_run *run, const char *failure) MUSTCHECK;

int drift_expand(struct tx *tx, struct work *work) MUSTCHECK;
int drift_delete_app(struct tx *tx, int64_t app_rid) MUSTCHECK;

/* What an app said of what it was asked for by its id: there is no such thing. */
int drift_account_gone(struct tx *tx, const struct import_run *run, const struct drift_ask *ask) MUSTCHECK;

/* A read that was asked for then may be older than what was acknowledged at `changed`. */
bool drift_may_lag(int64_t changed, int64_t asked);

#endif
