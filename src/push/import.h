/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports: what an app holds, read page by page, compared with what is known of it, and taken over.
 *
 *   QUEUED -> READING_USERS -> READING_GROUPS -> COMPARING -> CHECKING -> APPLYING -> COMPLETED
 *
 * Nothing that is known changes before APPLYING, and a run gets there only after everything was read: what differs
 * waits in import_staged. APPLYING is the mark behind which the rows are applied in chunks, each once, whatever happens
 * in between. A run that loses its reader (a crash) reads anew from the beginning. What was not in the lists is asked
 * for by its id (CHECKING) and counts as gone only when the app says that there is no such thing: pages drift
 * (invariant 8). HELD: the import safeguard wants an administrator first. FAILED and CANCELLED changed nothing.
 *
 * What the app shows is never written over the directory's own profiles.
 */
#ifndef PUSH_IMPORT_H
#define PUSH_IMPORT_H

#include "push/push.h"

enum import_kind {
    IMPORT_GROUPS = 1, /* Refresh App Groups: names only */
    IMPORT_ALL = 2,    /* Import Now: users, groups, memberships */
    IMPORT_SCAN = 3,   /* a scan for drift (drift.h): nothing is taken over into the directory */
};

enum import_state {
    IMPORT_QUEUED = 1,
    IMPORT_READING_USERS,
    IMPORT_READING_GROUPS,
    IMPORT_COMPARING,
    IMPORT_CHECKING,
    IMPORT_HELD,
    IMPORT_APPLYING,
    IMPORT_COMPLETED,
    IMPORT_FAILED,
    IMPORT_CANCELLED,
};
const char *import_state_name(enum import_state state); /* "READING_USERS" */

struct import_run {
    int64_t rid;
    const char *id; /* imp... */
    int64_t app_rid;
    enum import_kind kind;
    enum import_state state;
    bool scheduled;
    bool approved;                      /* an administrator let it pass the import safeguard */
    int64_t created, started, finished; /* ms, 0: not yet */
    int64_t users_read, groups_read, members_read;
    int64_t users_total, groups_total; /* as the app says; -1: it does not */
    int64_t users_created, users_updated, users_removed, users_confirmed;
    int64_t groups_created, groups_updated, groups_removed;
    int64_t members_added, members_removed;
    int64_t to_apply, applied; /* differences: found, and taken over */
    const char *error_class;   /* of the failure, or of the last one while it is tried again; NULL */
    const char *error;
    /* where the reading is */
    bool by_cursor;          /* how this app pages, as far as is known: as in the run before */
    bool other_way;          /* that was wrong */
    const char *page_cursor; /* NULL: pages by index; "": the first one by cursor */
    int64_t page_start;
    int64_t page_fresh;          /* of the page that is being taken: what was not seen before */
    int page_idle;               /* pages in a row without anything new */
    int attempt;                 /* counts the readings from the beginning */
    int tries;                   /* failed requests in a row */
    int64_t walk;                /* COMPARING: the rid behind which it goes on; groups as -rid - 1 */
    int64_t touched;             /* APPLYING, in one chunk: the group whose members are taken over */
    int64_t user_max, group_max; /* rids that were there when the reading began: only those can be gone */
    int64_t asked;               /* ms, not stored: when the page that is being taken was asked for */
};
int import_by_id(struct tx *tx, int64_t app_rid, const char *id, struct import_run *ret) MUSTCHECK; /* ERR_NOT_FOUND */
int import_by_rid(struct tx *tx, int64_t rid, struct import_run *ret) MUSTCHECK;
/* The run of the app that is not finished. ERR_NOT_FOUND. */
int import_open_run(struct tx *tx, int64_t app_rid, struct import_run *ret) MUSTCHECK;
/* Imports, newest first, rids below `before` (0: from the newest), at most `limit`. The count. */
int import_list(struct tx *tx, int64_t app_rid, int64_t before, struct import_run *ret, int limit) MUSTCHECK;

/* Queues a run. E0000195 while another one of the app is not finished; E0000001 when nothing may be sent to the app. */
int import_start(struct tx *tx, const struct app *app, enum import_kind kind, bool scheduled, struct import_run *ret,
                 struct problem *problem) MUSTCHECK;
/* Ends a run before anything was applied: E0000107 afterwards. */
int import_cancel(struct tx *tx, struct import_run *run, struct problem *problem) MUSTCHECK;

/* --- the reader (engine) -------------------------------------------------------------------------------------------
 */

/* Writes everything of the run that may change. */
int import_store(struct tx *tx, const struct import_run *run) MUSTCHECK;
/* What has to be done before users can be matched, a chunk. 1: there is more. */
int import_prepare(struct tx *tx, const struct import_run *run) MUSTCHECK;
/* From the beginning: another attempt, counts and places reset. Staged rows are gone (import_clear() returned 0). */
int import_begin(struct tx *tx, struct import_run *run) MUSTCHECK;
/* Deletes staged rows, a chunk. 1: there are more. */
int import_clear(struct tx *tx, const struct import_run *run) MUSTCHECK;
/* Ends it. `error_class` and `error` for IMPORT_FAILED. */
int import_finish(struct tx *tx, struct import_run *run, enum import_state state, const char *error_class,
                  const char *error) MUSTCHECK;

struct import_user {
    const char *external_id;
    const char *user_name; /* "" when the app shows none */
    const char *profile;   /* JSON, flat, keys sorted */
    bool active;
};
struct import_group {
    const char *external_id;
    const char *name;
    const char *const *members; /* users' ids in the app; NULL: the app does not show them */
    size_t member_count;
};
/* The rid by which the app's user or group is known: 1 and `*ret_rid`, 0 unknown. */
int import_find_user(struct tx *tx, int64_t app_rid, const char *external_id, int64_t *ret_rid) MUSTCHECK;
int import_find_group(struct tx *tx, int64_t app_rid, const char *external_id, int64_t *ret_rid) MUSTCHECK;
/*
 * Compares one that was found, and stages what differs. `rid` as import_find_...() said, 0 for one that is not known.
 * The number of rows staged; 0: as known, or staged already (`*ret_new` false: it is a repetition).
 */
int import_take_user(struct tx *tx, const struct import_run *run, const struct import_user *found, int64_t rid,
                     bool *ret_new) MUSTCHECK;
int import_take_group(struct tx *tx, const struct import_run *run, const struct import_group *found, int64_t rid,
                      bool *ret_new) MUSTCHECK;
/* Known users (groups) of the app with rids above `after` and up to `max`, in order, at most `limit`. The count. */
int import_known_users(struct tx *tx, int64_t app_rid, int64_t after, int64_t max, int64_t *ret, int limit) MUSTCHECK;
int import_known_groups(struct tx *tx, int64_t app_rid, int64_t after, int64_t max, int64_t *ret, int limit) MUSTCHECK;
/* Stages a known one that was in no list. It is to be asked for by its id. */
int import_miss_user(struct tx *tx, const struct import_run *run, int64_t rid) MUSTCHECK;
int import_miss_group(struct tx *tx, const struct import_run *run, int64_t rid) MUSTCHECK;
/* The next one that was missed and not asked for yet: 1 and its id in the app, 0 none. */
int import_next_missed(struct tx *tx, const struct import_run *run, bool *ret_is_user,
                       const char **ret_external_id) MUSTCHECK;
/* What the app said of it. */
int import_judge_missed(struct tx *tx, const struct import_run *run, bool is_user, const char *external_id,
                        bool gone) MUSTCHECK;
/* Takes a chunk over. 1: there is more. */
int import_apply(struct tx *tx, const struct app *app, struct import_run *run) MUSTCHECK;

/* --- the app's users -----------------------------------------------------------------------------------------------
 */

enum imported_state { IMPORTED_UNCONFIRMED = 1, IMPORTED_CONFIRMED = 2, IMPORTED_IGNORED = 3 };
enum imported_match {
    MATCH_NONE,    /* nobody: a new person */
    MATCH_PARTIAL, /* first and last name are the same, or several people fit */
    MATCH_EXACT,
};
const char *imported_state_name(enum imported_state state);
const char *imported_match_name(enum imported_match match); /* "NEW", "PARTIAL", "EXACT" */

/* A user of the app, as of the last import. */
struct imported_user {
    int64_t rid;
    const char *id; /* imu... */
    int64_t app_rid;
    const char *external_id;
    const char *user_name;
    const char *profile; /* JSON, in the directory's attribute names */
    bool active;
    enum imported_state state;
    enum imported_match match;
    int64_t match_user_rid; /* who it may be; 0: nobody, or not one alone */
    const char *error;      /* why it was not confirmed by itself; NULL */
    int64_t created, last_updated;
};
int imported_user_by_id(struct tx *tx, int64_t app_rid, const char *id, struct imported_user *ret) MUSTCHECK;
/* Of an app in a state, rids above `after`, in order, at most `limit`. The count. */
int imported_user_list(struct tx *tx, int64_t app_rid, enum imported_state state, int64_t after,
                       struct imported_user *ret, int limit) MUSTCHECK;
/* An administrator says whose it is: the app is assigned to the person, with this as the account. */
int imported_user_confirm(struct tx *tx, const struct app *app, struct imported_user *imported, const struct user *user,
                          struct problem *problem) MUSTCHECK;
/* A new person is made of it. */
int imported_user_create(struct tx *tx, const struct app *app, struct imported_user *imported, bool activate,
                         struct problem *problem) MUSTCHECK;
/* It is not to be asked about any more, or again. E0000107 for one that is confirmed. */
int imported_user_ignore(struct tx *tx, const struct app *app, struct imported_user *imported, bool ignore,
                         struct problem *problem) MUSTCHECK;

enum import_criterion { CRITERION_USERNAME = 1, CRITERION_EMAIL = 2, CRITERION_ATTRIBUTE = 3 };

/* INBOUND_PROVISIONING: how an app's users are matched, and when it is imported by itself. */
struct import_settings {
    bool import_groups; /* ours; off: groups are left as they are */
    enum import_criterion criterion;
    /* CRITERION_ATTRIBUTE: the app's attribute, by the name that the directory has for it (NULL: the same one), must be
     * equal to this one of a person. Else NULL. */
    const char *match_attribute, *match_app_attribute;
    bool allow_partial;
    bool confirm_exact, confirm_partial, confirm_new;
    bool activate_new;
    const char *login_attribute;  /* the app's attribute that gives a new person's login; NULL: email */
    const char *login_expression; /* as given; NULL */
    bool scheduled;
    const char *expression; /* cron; NULL: none */
    const char *timezone;   /* NULL: UTC */
    int64_t next_at;        /* ms; 0: never */
};
int import_settings_get(struct tx *tx, int64_t app_rid, struct import_settings *ret) MUSTCHECK;
/* Judges and stores; what could not be confirmed by itself is tried again by the next import. E0000001 naming the field
 * for attributes that people or app users do not have. */
int import_settings_set(struct tx *tx, const struct app *app, struct import_settings *settings,
                        struct problem *problem) MUSTCHECK;

/* --- by themselves, and not by themselves
 * -----------------------------------------------------------------------------
 */

/* Starts what is due. `*ret_next`: when the next one is, ms; 0 never. The count of those whose time had come. */
int import_schedule_run(struct tx *tx, int64_t *ret_next) MUSTCHECK;

struct import_safeguard { /* of the organisation; the number for apps is shared by all */
    bool app_on;
    int app_percent;
    bool org_on;
    int org_percent;
};
int import_safeguard_get(struct tx *tx, struct import_safeguard *ret) MUSTCHECK;
int import_safeguard_set(struct tx *tx, const struct import_safeguard *safeguard, struct problem *problem) MUSTCHECK;
/* May those whom the run missed lose the app? 1: not without an administrator, and `*ret_why`; 0: yes. */
int import_safeguard_judge(struct tx *tx, const struct import_run *run, const char **ret_why) MUSTCHECK;
/* The run waits for an administrator... */
int import_hold(struct tx *tx, struct import_run *run, const char *why) MUSTCHECK;
/* ...who lets it pass: E0000107 when it does not wait. import_cancel() is the other answer. */
int import_approve(struct tx *tx, struct import_run *run, struct problem *problem) MUSTCHECK;
/* Within tx_rehearse(), after import_approve(): takes over what the run found, as if the app said of everything that
 * was in no list that it is gone. 1: more than can be rehearsed. */
int import_rehearse(struct tx *tx, const struct app *app, struct import_run *run) MUSTCHECK;

/* --- members of groups of apps -------------------------------------------------------------------------------------
 */

/*
 * Directory users in a group of an app, by rid above `after`, at most `limit`, in order: those whom the app
 * acknowledged for a group that is pushed, else those whom the last import found there, as far as they are known. The
 * count.
 */
int app_group_member_rids(struct tx *tx, const struct target_group *group, int64_t after, int64_t *ret,
                          int limit) MUSTCHECK;

/* How many those are, in all. */
int64_t app_group_member_count(struct tx *tx, const struct group *group) MUSTCHECK;
/*
 * Forgets a group of an app that no mapping pushes; nothing is sent, and the next import shows it again if the app
 * still has it. E0000111 for one that is pushed, or on its way out.
 */
int app_group_forget(struct tx *tx, const struct group *group, struct problem *problem) MUSTCHECK;

#endif
