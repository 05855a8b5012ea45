/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work table: a row per object that an app has to be asked about. A row says that the object may differ from what
 * is wanted, not what to do: the plan is made from the facts when the row is taken. Any number of changes to one object
 * are one row.
 *
 * `version` is the change number of the latest cause, `since` that of the oldest cause that was not dealt with. A row
 * is done only if its version is still the one that was taken; otherwise it stays, with `since` moved up.
 */
#ifndef APP_WORK_H
#define APP_WORK_H

#include "store/store.h"

enum work_kind {
    WORK_ACCOUNT = 1, /* object: account */
    WORK_GROUP = 2,   /* object: target group (push) */
    WORK_IMPORT = 3,  /* object: import run (push): what the app holds is read */
    /* Expansions: no request to a target, but many rows to write, LIMIT_EXPAND_ROWS a transaction, keyset cursor. */
    WORK_EXPAND_FIRST = 16,
    WORK_EXPAND_GROUP_ASSIGNED = 16,   /* object: app_group_assignment: every member gets an account row */
    WORK_EXPAND_GROUP_UNASSIGNED = 17, /* object: group: its members are looked at again; app_rid: the app */
    WORK_EXPAND_GROUP_DELETED = 18,    /* object: group; app_rid 0: memberships are taken away one by one */
    WORK_EXPAND_USER_DELETED = 19,     /* object: user; app_rid 0 */
    WORK_EXPAND_USER = 20,             /* object: user; app_rid 0: every account of a person in very many apps */
    WORK_EXPAND_BACKLOG = 21,          /* object: app: every account is looked at again (an administrator asked) */
    WORK_EXPAND_RULE = 22,             /* object: group rule; app_rid 0, as the next three: everybody is looked at */
    WORK_EXPAND_RULE_DELETED = 23,     /* object: group rule that was deleted: what it gave ends */
    WORK_EXPAND_RULES_OF_USER = 24,    /* object: user whom rules put into very many groups */
    WORK_EXPAND_RULES_OF_GROUP = 25,   /* object: group whose name changed: its members are looked at by rules */
    WORK_EXPAND_PROFILE = 26,          /* object: app: its schema or mapping changed; every account is looked at */
    WORK_EXPAND_REFERRERS = 27,        /* object: user: the accounts of an app that name this person */
    WORK_EXPAND_TO_USER = 30,          /* object: app: assignments by group become individual ones */
    WORK_EXPAND_TO_GROUP = 31,         /* object: app: and the other way */
    /* of the push room */
    WORK_EXPAND_MAPPING = 32,     /* object: push mapping: every member, wanted or known, becomes dirty */
    WORK_EXPAND_TARGET_GONE = 34, /* object: target group that was deleted in the app: its member rows go */
    WORK_EXPAND_USER_PUSHES = 33, /* object: user; app_rid 0: a person in very many pushed groups */
    WORK_EXPAND_PUSH_RULE = 35,   /* object: push rule: every group is looked at */
    WORK_EXPAND_PUSH_RULE_GONE =
        36,                       /* object: push rule that was deleted: its mappings are kept, unlinked or deleted */
    WORK_EXPAND_GROUP_RULES = 37, /* object: group; app_rid 0: a group that changed, and very many push rules */
    WORK_EXPAND_HOLD = 38,        /* object: hold that was decided: its changes follow */
    WORK_EXPAND_DRIFT = 39,       /* object: app: differences that are to be repaired */
    WORK_EXPAND_SEPARATION = 45,  /* object: separation; app_rid 0: one group becomes two, step by step */
};

enum work_class { WORK_URGENT, WORK_FRESH, WORK_BULK };

struct work {
    int64_t rid;
    int64_t app_rid; /* 0: of no app */
    int64_t object_rid;
    int64_t version;
    int64_t since;
    int64_t due;    /* ms; clamped when read to now + LIMIT_BACKOFF_MAX_MS, so that a clock step delays nothing */
    int64_t cursor; /* expansions: where the next chunk starts */
    const char *error_class; /* NULL: no failure since the last cause */
    const char *error;       /* the words an administrator reads, in the published text form */
    const char *words;       /* of the failure, what the target said; NULL */
    int status;              /* of the failure, the HTTP status; 0: no answer */
    int64_t failed_at;       /* ms; of the failure */
    enum work_kind kind;
    enum work_class class;
    int attempts; /* failed in a row */
    bool held;    /* not due until somebody acts or an input changes */
};

/* Counts as caused by what tx_continue() says, if that is older than this job. Makes the object dirty, due now: error,
 * attempts and hold are forgotten, since its input changed. The class becomes the more urgent of the two; an expansion
 * starts again from its beginning. Wakes the engine. */
int work_add(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid, enum work_class class) MUSTCHECK;
/* Makes an existing row due now without a new cause (what it waited for has happened). Absent rows are fine. */
int work_poke(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid) MUSTCHECK;
/* The same for everybody whose deactivation in the app was put off without a failure. */
int work_poke_leavers(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* 1 found, 0 not. Texts in the tx's arena. */
int work_find(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid, struct work *ret) MUSTCHECK;
/* Rows of an app (0: of none) that are due and not held, class by class, oldest due first within a class, at most
 * `limit`. The count. */
int work_due(struct tx *tx, int64_t app_rid, enum work_class class, int64_t now, struct work *ret, int limit) MUSTCHECK;
/*
 * The order in which rows are taken. Groups of the bulk class stand behind accounts: a member without an account cannot
 * be pushed, and many members that became ready together are one request.
 */
enum work_lane {
    LANE_URGENT,
    LANE_FRESH,
    LANE_BULK_ACCOUNTS,
    LANE_BULK_GROUPS,
    LANE_EXPAND_URGENT,
    LANE_EXPAND_FRESH,
    LANE_EXPAND_BULK,
    LANE_COUNT,
};
/* The due rows of one lane, oldest due first, at most `limit`. The count. */
int work_due_lane(struct tx *tx, int64_t app_rid, enum work_lane lane, int64_t now, struct work *ret,
                  int limit) MUSTCHECK;
/* Do expansions of the app go on? 1 or 0. */
int work_expands(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* Do expansions go on that may yet take the app from people? Until then accounts may say more than the facts. 1 or 0.
 */
int work_takes_away(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* The earliest due time after `now`, of rows that are not held, over all apps: 1 found, 0 none. */
int work_next_due_after(struct tx *tx, int64_t now, int64_t *ret_due) MUSTCHECK;
/* The earliest due time of rows that are not held, over all apps; 0 row: ret untouched, returns 0. */
int work_next_due(struct tx *tx, int64_t *ret_due) MUSTCHECK;
/* App rids that have a due row (0 included), ascending, above `after` (-1 to begin, which also pulls rows that a set
 * back clock left too far in the future to the cap, when writing). The count. */
int work_apps_due(struct tx *tx, int64_t now, int64_t after, int64_t *ret, int limit) MUSTCHECK;
/* Deletes the row if its version is still `version`; else keeps it with since = version + 1. 1 deleted, 0 kept. */
int work_done(struct tx *tx, int64_t rid, int64_t version) MUSTCHECK;
/* Puts a row off to `due` without an error (it waits for something). */
int work_defer(struct tx *tx, int64_t rid, int64_t due) MUSTCHECK;
/* What is left of the row is less urgent than it was: moves it to the lane of `class`, due now. */
int work_reclass(struct tx *tx, const struct work *work, enum work_class class) MUSTCHECK;
struct work_failure {
    const char *error_class;
    const char *error; /* see struct work */
    const char *words;
    int status;
    int64_t due; /* ms: when it is tried again */
    bool held;   /* not before somebody acts */
};
/* Records a failure of what was taken: attempts + 1, due again or held. A row with a newer version is due at once
 * instead: its input changed meanwhile. */
int work_fail(struct tx *tx, const struct work *work, const struct work_failure *failure) MUSTCHECK;
/* Everything that was put off is due now (holds stay): for a start, where what was in flight is not any more. The
 * count. */
int work_hasten(struct tx *tx) MUSTCHECK;
/* The same for one app, whose work is another node's from now on. */
int work_hasten_app(struct tx *tx, int64_t app_rid) MUSTCHECK;
int work_set_cursor(struct tx *tx, int64_t rid, int64_t cursor) MUSTCHECK;
/* Deletes every row of an app (the app goes). */
int work_delete_app(struct tx *tx, int64_t app_rid) MUSTCHECK;
int work_delete(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid) MUSTCHECK;
/* Takes hold, error and delay off every row of an app (0: of all) that has any: retry. The count. */
int work_retry(struct tx *tx, int64_t app_rid) MUSTCHECK;

/* Part of a row's causes is dealt with: the oldest that is left is `since`. Only moves up. */
int work_advance(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid, int64_t since) MUSTCHECK;

struct work_counts {
    int64_t pending; /* rows whose oldest cause is at most the given change number, without a failure */
    int64_t failed;  /* of those, rows with an error or a hold */
};
/* What is not yet done of everything caused up to change number `until`, for an app: its rows, and those of no app that
 * may become its rows (expansions). */
int work_count(struct tx *tx, int64_t app_rid, int64_t until, struct work_counts *ret) MUSTCHECK;
/* Rows with an error or a hold: calls each(). */
int work_each_failed(struct tx *tx, int64_t app_rid, int limit, int (*each)(const struct work *, void *),
                     void *data) MUSTCHECK;

/* What failed over all apps, by cause: what is held by a deletion limit is no failure. */
struct work_failures {
    int64_t app_rid;
    enum work_kind kind; /* WORK_ACCOUNT or WORK_GROUP */
    const char *error_class;
    int64_t count;
    int64_t held;  /* of them: not tried again before somebody acts */
    int64_t since; /* ms: the first of them */
};
/* Counts the first `look` failed rows, app by app; at most `limit` causes. The count, and in `*ret_looked` the rows
 * that were counted (as many as `look`: there may be more). */
int work_failures(struct tx *tx, int look, struct work_failures *ret, int limit, int64_t *ret_looked) MUSTCHECK;

#endif
