/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory: users, groups, who is a member of what, and the schemas of their profiles. Nothing here knows of apps.
 *
 * Deleting a user or a group sets a tombstone and appends a change; the memberships are taken away in chunks afterwards
 * (by the expand work that the app room writes), each with a change of its own, and then the row goes. Reads by id and
 * all lists leave tombstones out; reads by rid see them.
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include "base/jval.h"
#include "base/problem.h"
#include "directory/changes.h"
#include "store/store.h"

extern const struct store_room directory_room;

/* --- users ---------------------------------------------------------------------------------------------------------
 */

enum user_status {
    USER_STAGED = 1,
    USER_PROVISIONED,
    USER_ACTIVE,
    USER_RECOVERY,
    USER_PASSWORD_EXPIRED,
    USER_LOCKED_OUT,
    USER_SUSPENDED,
    USER_DEPROVISIONED,
};
const char *user_status_name(enum user_status status); /* "STAGED" */
int user_status_parse(const char *name, enum user_status *ret) MUSTCHECK;
/* Eligible for an account and for push: PROVISIONED, ACTIVE, RECOVERY, PASSWORD_EXPIRED, LOCKED_OUT. Not SUSPENDED,
 * whose state stays as it is. */
bool user_status_is_eligible(enum user_status status);

struct user {
    int64_t rid;
    const char *id; /* 00u... */
    enum user_status status;
    const char *login;
    const char *name;              /* for people: first and last name, the login when there are none */
    const char *profile;           /* JSON object, all attributes */
    const char *provider;          /* type of the credential provider as published: "OKTA", "FEDERATION" ... */
    const char *provider_name;     /* "OKTA" */
    const char *recovery_question; /* NULL: none. Kept and shown; nobody signs in here, so answers are not kept */
    bool has_password;
    bool deleted;
    bool is_protected; /* never deactivated in an app, nor removed from a group of one: user_protect() */
    int64_t created, activated, status_changed, last_login, last_updated, password_changed; /* ms, 0: never */
    int64_t version; /* counts up by one per change: the ETag */
};
/* Texts in the tx's arena. ERR_NOT_FOUND. */
int user_by_id(struct tx *tx, const char *id, struct user *ret) MUSTCHECK;
/* By 00u id, login or unambiguous login prefix before '@', as published for /users/{id}. */
int user_by_id_or_login(struct tx *tx, const char *text, struct user *ret) MUSTCHECK;
int user_by_login(struct tx *tx, const char *login, struct user *ret) MUSTCHECK; /* folded */
int user_by_rid(struct tx *tx, int64_t rid, struct user *ret) MUSTCHECK;

/*
 * People who could be the owner of something that was found elsewhere: neither deleted nor deactivated, folded, in
 * order of rid, at most `limit`. The count.
 */
int user_rids_by_email(struct tx *tx, const char *email, int64_t *ret_rids, int limit) MUSTCHECK;
int user_rids_by_name(struct tx *tx, const char *first, const char *last, int64_t *ret_rids, int limit) MUSTCHECK;

/*
 * By the (text) value of an attribute that user_values_want() was called for. ERR_NOT_FOUND: nothing can be said, since
 * it was not, not everybody was looked at since then, or the schema has no such attribute any more.
 */
int user_rids_by_value(struct tx *tx, const char *attribute, const char *value, int64_t *ret_rids, int limit) MUSTCHECK;
#define VALUE_ATTRIBUTES_MAX 16 /* attributes that people can be found by so */
/* From now on, once user_values_work() has been through. ERR_TOO_LARGE: VALUE_ATTRIBUTES_MAX are wanted. */
int user_values_want(struct tx *tx, const char *attribute) MUSTCHECK;
int user_values_forget(struct tx *tx, const char *attribute) MUSTCHECK;
/* A chunk of what is to be done for it, `limit` people. 1: call it again; 0: all that is wanted is there. */
int user_values_work(struct tx *tx, int limit) MUSTCHECK;

/* The status alone, for those who look at many: ERR_NOT_FOUND as user_by_rid(). */
int user_state(struct tx *tx, int64_t rid, enum user_status *ret_status, bool *ret_deleted) MUSTCHECK;
/* 1 or 0; somebody who is gone is not protected. */
int user_is_protected(struct tx *tx, int64_t rid) MUSTCHECK;
/* Protected people, and groups: rids above `after`, ascending, at most `limit`. The count. */
int user_rids_protected(struct tx *tx, int64_t after, int64_t *ret_rids, int limit) MUSTCHECK;
int group_rids_protected(struct tx *tx, int64_t after, int64_t *ret_rids, int limit) MUSTCHECK;

/*
 * What this job changed in a person's profile so far, for reactors: one entry each time, the latest first (`next`);
 * NULL when there is none. Lives as long as the job.
 */
struct profile_change {
    int64_t user_rid;
    const char *old_login; /* as it was before */
    const char **names;    /* attributes that were set, changed or cleared */
    size_t count;
    const struct profile_change *next; /* of the same person */
};
const struct profile_change *user_profile_changes(struct tx *tx, int64_t user_rid);
bool profile_change_has(const struct profile_change *changes, const char *name); /* in any of them */

struct user_input {
    const struct jval *profile;
    bool has_password;         /* a password was given (its hash below) */
    const char *password_hash; /* argon2id, made on the worker */
    bool activate;
    bool expire_password;          /* nextLogin=changePassword: PASSWORD_EXPIRED instead of ACTIVE */
    const char *provider;          /* NULL: "OKTA" */
    const char *provider_name;     /* NULL: that of the type */
    const char *recovery_question; /* NULL: none */
    bool imported;                 /* an import makes it (import.h) */
};
int user_create(struct tx *tx, const struct user_input *input, struct user *ret, struct problem *problem) MUSTCHECK;
/* `replace`: attributes that are absent are cleared (PUT); otherwise they stay (POST, partial). */
int user_update(struct tx *tx, struct user *user, const struct jval *profile, bool replace,
                struct problem *problem) MUSTCHECK;
/*
 * Allowed for STAGED (stays), PROVISIONED, ACTIVE, PASSWORD_EXPIRED and RECOVERY (become ACTIVE); E0000014 for the
 * others and for users whose provider is not OKTA.
 */
int user_set_password(struct tx *tx, struct user *user, const char *password_hash, struct problem *problem) MUSTCHECK;
/* NULL or "" takes it away. */
int user_set_recovery_question(struct tx *tx, struct user *user, const char *question) MUSTCHECK;

enum user_transition {
    USER_ACTIVATE,
    USER_DEACTIVATE,
    USER_REACTIVATE,
    USER_SUSPEND,
    USER_UNSUSPEND,
    USER_UNLOCK,
    USER_EXPIRE_PASSWORD,
    USER_RESET_PASSWORD,
};
/* Carries out a life cycle operation or refuses it with the published code (Okta's management API, "User
 * transitions"). */
int user_transition(struct tx *tx, struct user *user, enum user_transition transition,
                    struct problem *problem) MUSTCHECK;
/* Whether user_transition() would carry it out: for the links that an answer shows. */
bool user_transition_is_open(const struct user *user, enum user_transition transition);
/* Protects the person (or no longer): apps are not told to deactivate him or to take him out of a group. Appends
 * CHANGE_USER_PROTECTED if that is new. */
int user_protect(struct tx *tx, struct user *user, bool on) MUSTCHECK;
/* First call deactivates, second (on a DEPROVISIONED user) sets the tombstone. */
int user_delete(struct tx *tx, struct user *user, struct problem *problem) MUSTCHECK;

/* --- groups --------------------------------------------------------------------------------------------------------
 */

enum group_type { GROUP_OKTA = 1, GROUP_APP, GROUP_BUILT_IN };
const char *group_type_name(enum group_type type); /* "OKTA_GROUP" */

struct group {
    int64_t rid;
    const char *id; /* 00g... */
    enum group_type type;
    const char *name;
    const char *description; /* NULL: none */
    const char *profile;     /* JSON object */
    const char *source_id;   /* GROUP_APP: the public id of its app, else NULL */
    bool deleted;
    bool is_protected; /* not deleted in the apps that it is pushed to: group_protect() */
    int64_t created, last_updated, last_membership_updated;
};
int group_by_id(struct tx *tx, const char *id, struct group *ret) MUSTCHECK;
int group_by_rid(struct tx *tx, int64_t rid, struct group *ret) MUSTCHECK;
/* An OKTA_GROUP by its folded name. ERR_NOT_FOUND. */
int group_by_name(struct tx *tx, const char *name, struct group *ret) MUSTCHECK;
/* Rids of the groups of a type in ascending order, those above `after`, at most `limit`. The count. */
int group_rids(struct tx *tx, enum group_type type, int64_t after, int64_t *ret_rids, int limit) MUSTCHECK;
int group_create(struct tx *tx, const struct jval *profile, struct group *ret, struct problem *problem) MUSTCHECK;
int group_update(struct tx *tx, struct group *group, const struct jval *profile, struct problem *problem) MUSTCHECK;
/* Protects the group (or no longer): apps to which it is pushed are not told to delete theirs. Appends
 * CHANGE_GROUP_PROTECTED if that is new. */
int group_protect(struct tx *tx, struct group *group, bool on) MUSTCHECK;
/* Sets the tombstone. Whether a group may go (a push target may not) is decided by the caller, who knows. */
int group_delete(struct tx *tx, struct group *group, struct problem *problem) MUSTCHECK;

/* Groups of apps (APP_GROUP): made, renamed and deleted by the push room. Names need not be unique. */
int group_app_create(struct tx *tx, const char *app_id, const char *name, const char *description,
                     struct group *ret) MUSTCHECK;
/* Its members in the app are others than before. */
int group_app_touch(struct tx *tx, int64_t rid) MUSTCHECK;
int group_app_rename(struct tx *tx, int64_t rid, const char *name) MUSTCHECK;
int group_app_delete(struct tx *tx, int64_t rid) MUSTCHECK; /* at once: it has no members of its own */

/* --- memberships ---------------------------------------------------------------------------------------------------
 */

/* 1 added (with change and event), 0 was a member already, ERR_PROBLEM (APP_GROUP, BUILT_IN, deprovisioned user). */
int member_add(struct tx *tx, const struct group *group, const struct user *user, struct problem *problem) MUSTCHECK;
int member_remove(struct tx *tx, const struct group *group, const struct user *user, struct problem *problem) MUSTCHECK;
/* 1 or 0, or a negative error. */
int member_exists(struct tx *tx, int64_t group_rid, int64_t user_rid) MUSTCHECK;
/* Is there another reason for the membership than what rules give? 1 or 0, also for somebody who is no member. */
int member_is_direct(struct tx *tx, int64_t group_rid, int64_t user_rid) MUSTCHECK;
/* How a membership came about. */
struct membership {
    int64_t created;                 /* ms */
    bool direct;                     /* somebody or an import added it; else only rules give it */
    int rules;                       /* that give it */
    const char *rule_id, *rule_name; /* the first of them; NULL: none */
};
/* 1 found, 0 the person is not a member. */
int member_find(struct tx *tx, int64_t group_rid, int64_t user_rid, struct membership *ret) MUSTCHECK;
/* User rids of a group in ascending order, those above `after`, at most `limit`. The count. */
int group_member_rids(struct tx *tx, int64_t group_rid, int64_t after, int64_t *ret_rids, int limit) MUSTCHECK;
/* Group rids of a user, likewise. */
int user_group_rids(struct tx *tx, int64_t user_rid, int64_t after, int64_t *ret_rids, int limit) MUSTCHECK;
int64_t group_member_count(struct tx *tx, int64_t group_rid) MUSTCHECK;

/* Takes away up to `limit` memberships of a deleted group or user (each with its change); the row itself when none is
 * left. 1: more remain. 0: gone. */
int group_purge_chunk(struct tx *tx, int64_t group_rid, int limit) MUSTCHECK;
int user_purge_chunk(struct tx *tx, int64_t user_rid, int limit) MUSTCHECK;

#endif
