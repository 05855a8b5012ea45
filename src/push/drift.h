/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drift: what an app holds, compared three ways with what it acknowledged and with what is wanted.
 *
 * A scan is a run of import.h's reader (IMPORT_SCAN): the app's users and groups page by page, then by its id what no
 * page showed, was read while it was being changed, or came without members. Differences are staged, and taken over
 * only when everything was read: a scan that fails or is cancelled says nothing and changes nothing (invariant 8). A
 * read that may be older than the app's latest acknowledged change of the same object proves nothing: the group is read
 * again, the account is left out.
 *
 * Each difference has a cause: the directory changed and the change is on its way; Muster was refused; somebody changed
 * the app. What is to be done about the last is set for each kind: alert, repair, or accept. To accept changes neither
 * the directory nor the app. A repair corrects what the app is known to hold and lets the engine do the rest: what is
 * removed goes through the deletion limits, and an account that is inactive in the app is reported, never activated
 * (invariant 9).
 */
#ifndef PUSH_DRIFT_H
#define PUSH_DRIFT_H

#include "push/import.h"

enum drift_kind {
    DRIFT_MEMBER_MISSING = 1,
    DRIFT_MEMBER_EXTRA,
    DRIFT_GROUP_MISSING,
    DRIFT_GROUP_RENAMED,
    DRIFT_ACCOUNT_MISSING,
    DRIFT_ACCOUNT_INACTIVE,
    DRIFT_ACCOUNT_ACTIVE, /* active there, and should not be */
    DRIFT_ATTRIBUTE,
    DRIFT_KIND_END,
};
enum drift_cause {
    CAUSE_DIRECTORY = 1, /* the directory changed, and the change waits or is held */
    CAUSE_MUSTER,        /* the app refused it, or it cannot be done */
    CAUSE_TARGET,        /* somebody changed the app, or left it so before Muster */
    CAUSE_END,
};
/* What an extra member is. */
enum drift_class {
    EXTRA_NONE,
    EXTRA_SAME_GROUP, /* left by losing the app through the very group that is pushed */
    EXTRA_INACTIVE,   /* the person does not have the app any more, or is not active */
    EXTRA_ADDED,      /* a person with the app who is not in the source group: added there by somebody */
    EXTRA_UNKNOWN,    /* nobody whom the directory knows */
    EXTRA_REFUSED,    /* the app refused the removal */
    EXTRA_HELD,       /* the removal is held by a deletion limit, or waits */
    EXTRA_END,
};
enum drift_action { DRIFT_ALERT, DRIFT_REPAIR, DRIFT_ACCEPT, DRIFT_ACTION_END };
enum drift_state {
    DRIFT_OPEN = 1,
    DRIFT_WANTED,    /* to be repaired */
    DRIFT_REPAIRING, /* the repair is on its way; the next scan tells what became of it */
    DRIFT_ACCEPTED,
    DRIFT_OVER, /* was repaired and not found again: kept for DRIFT_MEMORY_DAYS, shown nowhere */
    DRIFT_STATE_END,
};
/* "MEMBER_MISSING", "TARGET", "SAME_GROUP" (NULL for EXTRA_NONE), "REPAIR", "OPEN" (NULL for DRIFT_OVER). */
const char *drift_kind_name(enum drift_kind kind);
const char *drift_cause_name(enum drift_cause cause);
const char *drift_class_name(enum drift_class class);
const char *drift_action_name(enum drift_action action);
const char *drift_state_name(enum drift_state state);

/* --- settings of an app --------------------------------------------------------------------------------------------
 */

#define DRIFT_EVERY_HOURS_MAX 720         /* hours between two scans */
#define DRIFT_REQUESTS_PER_HOUR 3600      /* default budget of scans */
#define DRIFT_REQUESTS_PER_HOUR_MAX 36000 /* requests */

struct drift_settings {
    int64_t every_hours;       /* 0: only on demand */
    int64_t requests_per_hour; /* that scans of the app may send */
    int64_t next_at;           /* ms; 0: none */
    enum drift_action actions[DRIFT_KIND_END];
};
int drift_settings_get(struct tx *tx, int64_t app_rid, struct drift_settings *ret) MUSTCHECK;
/* Judges and stores; the next scan begins `every_hours` from now. E0000001 for DRIFT_REPAIR of ACCOUNT_INACTIVE. */
int drift_settings_set(struct tx *tx, const struct app *app, struct drift_settings *settings,
                       struct problem *problem) MUSTCHECK;
/* Starts what is due. `*ret_next`: when the next one is, ms; 0 never. The count of those whose time had come. */
int drift_schedule_run(struct tx *tx, int64_t *ret_next) MUSTCHECK;

/* --- what was found ------------------------------------------------------------------------------------------------
 */

struct drift {
    int64_t rid;
    const char *id; /* dft... */
    int64_t app_rid;
    enum drift_kind kind;
    enum drift_cause cause;
    enum drift_class class;
    enum drift_state state;
    int64_t target_rid;                 /* 0: an account */
    int64_t user_rid;                   /* 0: a group, or nobody whom the directory knows */
    const char *external_id;            /* of the member, account or group in the app; "" */
    const char *attribute;              /* DRIFT_ATTRIBUTE; else "" */
    const char *known, *wanted, *found; /* names and values; NULL: none */
    const char *error;                  /* why it cannot be, or was not, repaired; NULL */
    int64_t since, seen;                /* ms: first and last */
    int64_t scan_rid;                   /* the scan that saw it last */
    int repairs;                        /* made so far */
    int64_t accepted_at;                /* ms; 0: not */
    const char *accepted_by;            /* NULL; "policy" for an app's setting */
    const char *note;                   /* why; NULL */
};
struct drift_filter { /* 0 and NULL: any */
    enum drift_kind kind;
    enum drift_cause cause;
    enum drift_class class;
    enum drift_state state;
    int64_t target_rid, user_rid;
    const char *external_id;
    bool accepted; /* exceptions only, also those whose difference the last scan did not find */
};
int drift_by_id(struct tx *tx, int64_t app_rid, const char *id, struct drift *ret) MUSTCHECK; /* ERR_NOT_FOUND */
/* Differences of an app as of the last complete scan, rids above `after`, in order, at most `limit`: looks at up to
 * DRIFT_LOOK_MAX, `*ret_last` is the last that was looked at (0: none is left). The count. */
#define DRIFT_LOOK_MAX 10000
int drift_list(struct tx *tx, int64_t app_rid, const struct drift_filter *filter, int64_t after, struct drift *ret,
               int limit, int64_t *ret_last) MUSTCHECK;

struct drift_counts {
    int64_t kind[DRIFT_KIND_END][CAUSE_END]; /* not accepted */
    int64_t accepted, repairing;
};
int drift_count(struct tx *tx, int64_t app_rid, struct drift_counts *ret) MUSTCHECK;

/* The result of a scan. */
struct drift_scan {
    int64_t requests;                                 /* sent */
    int64_t accounts, accounts_in_step;               /* of those who have the app; who was being changed is left out */
    int64_t members, members_in_step;                 /* of ACTIVE mappings */
    int64_t members_unverifiable;                     /* of them, in groups whose members the app does not show */
    int64_t groups, groups_unverifiable, groups_busy; /* busy: was being pushed all the time */
    int64_t differences, fresh;                       /* fresh: changed in the app, and not known before */
};
/* ERR_NOT_FOUND. */
int drift_scan_get(struct tx *tx, int64_t run_rid, struct drift_scan *ret) MUSTCHECK;
/* The newest scan that was completed. ERR_NOT_FOUND. */
int drift_last_scan(struct tx *tx, int64_t app_rid, struct import_run *ret) MUSTCHECK;
/* Scans, newest first, as import_list(). */
int drift_scan_list(struct tx *tx, int64_t app_rid, int64_t before, struct import_run *ret, int limit) MUSTCHECK;

enum drift_group_state { DRIFT_COMPARED = 1, DRIFT_PROBED, DRIFT_UNVERIFIABLE, DRIFT_BUSY, DRIFT_GONE };
const char *drift_group_state_name(enum drift_group_state state);
struct drift_group {
    int64_t rid; /* of the target group */
    enum drift_group_state state;
    int64_t members, in_step;
    int64_t checked; /* ms */
};
/* Groups as of the last complete scan, rids above `after`, at most `limit`. The count. */
int drift_group_list(struct tx *tx, int64_t app_rid, int64_t after, struct drift_group *ret, int limit) MUSTCHECK;

/* One that names a member of a group or (target_rid 0) an account, as of the last complete scan: 1, 0 none. */
int drift_of_person(struct tx *tx, int64_t app_rid, int64_t target_rid, int64_t user_rid, struct drift *ret) MUSTCHECK;
/* The same of the group itself: it is missing. */
int drift_of_group(struct tx *tx, int64_t app_rid, int64_t target_rid, struct drift *ret) MUSTCHECK;

/* Members of a group whom the last complete scan found otherwise, as far as nothing newer is known of them. */
struct drift_members {
    int64_t missing, extra; /* not repaired, and not on the way */
    int64_t accepted;       /* exceptions, of both */
    int64_t seen;           /* ms: by the scan */
};
int drift_members_of_group(struct tx *tx, const struct target_group *group, struct drift_members *ret) MUSTCHECK;

/* --- acts ----------------------------------------------------------------------------------------------------------
 */

#define DRIFT_AT_ONCE 10000 /* differences that one call repairs or accepts */
/*
 * Repairs what the filter names of the differences whose cause is the app or a refusal, and that are open or of the
 * state that it names. What follows is done in chunks. `*ret_count`: how many. 1: there may be more. ACCOUNT_INACTIVE
 * is left out.
 */
int drift_repair(struct tx *tx, const struct app *app, const struct drift_filter *filter, int64_t *ret_count) MUSTCHECK;
/* One, by its id. E0000001 where that cannot be. */
int drift_repair_one(struct tx *tx, const struct app *app, struct drift *drift, struct problem *problem) MUSTCHECK;
/* Records exceptions. Writes neither the directory nor the app. `note` may be NULL. As above. */
int drift_accept(struct tx *tx, const struct app *app, const struct drift_filter *filter, const char *note,
                 int64_t *ret_count) MUSTCHECK;
int drift_accept_one(struct tx *tx, const struct app *app, struct drift *drift, const char *note) MUSTCHECK;
/* Takes an exception back: a difference that is still there is open again. */
int drift_revoke(struct tx *tx, const struct app *app, struct drift *drift) MUSTCHECK;

/* --- the reader's side (engine; import.h) --------------------------------------------------------------------------
 */

/* May a scan send a request now? 1; or 0, and `*ret_when`, ms. */
int drift_may_ask(struct tx *tx, const struct import_run *run, int64_t *ret_when) MUSTCHECK;
int drift_asked(struct tx *tx, const struct import_run *run) MUSTCHECK; /* it did */

int drift_find_account(struct tx *tx, int64_t app_rid, const char *external_id, int64_t *ret_rid) MUSTCHECK;
int drift_take_user(struct tx *tx, const struct import_run *run, const struct import_user *found, int64_t rid,
                    bool *ret_new) MUSTCHECK;
int drift_take_group(struct tx *tx, const struct import_run *run, const struct import_group *found, int64_t rid,
                     bool *ret_new) MUSTCHECK;
int drift_known_accounts(struct tx *tx, int64_t app_rid, int64_t after, int64_t *ret, int limit) MUSTCHECK;
int drift_miss_account(struct tx *tx, const struct import_run *run, int64_t rid) MUSTCHECK;
int drift_miss_group(struct tx *tx, const struct import_run *run, int64_t rid) MUSTCHECK;

/* What is to be asked next, one at a time. */
struct drift_ask {
    enum { ASK_ACCOUNT = 1, ASK_GROUP, ASK_CONTROL, ASK_MEMBER } what;
    int64_t rid;
    int64_t target_rid;
    const char *external_id; /* of the account or group */
    const char *member_id;   /* ASK_CONTROL: who must not be there; ASK_MEMBER */
    int64_t not_before;      /* ms: reads may lag until then */
};
/* 1, or 0 none. */
int drift_next_ask(struct tx *tx, const struct import_run *run, struct drift_ask *ret) MUSTCHECK;
/* What came of it. */
int drift_account_there(struct tx *tx, const struct import_run *run, const struct drift_ask *ask, int active) MUSTCHECK;
int drift_group_there(struct tx *tx, struct import_run *run, const struct drift_ask *ask,
                      const struct import_group *found, bool may_probe) MUSTCHECK;
int drift_gone(struct tx *tx, const struct import_run *run, const struct drift_ask *ask) MUSTCHECK;
/* A probe: `there` 1, 0, or -1: the app does not take the question. */
int drift_probed(struct tx *tx, const struct import_run *run, const struct drift_ask *ask, int there) MUSTCHECK;

/* Takes a chunk of what was staged over. 1: there is more; 0: the scan's result stands. */
int drift_apply(struct tx *tx, const struct app *app, struct import_run *run) MUSTCHECK;

#endif
