/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts: one row per person and app once the person was assigned; it outlives the assignment, because the app's own
 * id for the person is what everything later needs (deactivate, reactivate with the same id, remove from groups).
 *
 * Three things are kept apart: what is wanted (scope, and the person's status), what the app is known to hold
 * (external_id, app_active, sent_profile: only what it acknowledged), and that somebody must look (a work row).
 */
#ifndef APP_ACCOUNT_H
#define APP_ACCOUNT_H

#include "app/app.h"
#include "app/work.h"

enum account_scope { SCOPE_NONE, SCOPE_USER, SCOPE_GROUP };
enum account_origin { ORIGIN_UNKNOWN, ORIGIN_CREATED, ORIGIN_LINKED };
enum account_known { KNOWN_NOTHING, KNOWN_ACTIVE, KNOWN_INACTIVE };

/*
 * What the account should be.
 *   WANT_NOTHING  leave as it is (suspended people that have the app)
 *   WANT_ACTIVE   there and active
 *   WANT_INACTIVE there, but inactive (or absent)
 */
enum account_wanted { WANT_NOTHING, WANT_ACTIVE, WANT_INACTIVE };

struct account {
    int64_t rid;
    int64_t app_rid;
    int64_t user_rid;
    enum account_scope scope;
    int64_t via_group_rid;      /* scope GROUP: the assigned group with the best priority that gives the app; else 0 */
    enum account_wanted wanted; /* as of the last look */
    const char *user_name;      /* wanted user name in the app */
    bool user_name_is_own;      /* set by an administrator for this account; not from the person's login */
    const char *profile;        /* JSON: attributes set for this assignment, over the person's own */
    const char *external_id;    /* the app's id, NULL until known */
    enum account_origin origin;
    enum account_known known; /* what the app acknowledged last */
    const char *sent_profile; /* JSON: the attributes that the app acknowledged last; NULL: none */
    /*
     * `active: true` is owed: set by assignment, re-assignment, reactivation of the person or an administrator's act,
     * if the switch `create` was on at that moment; cleared when the app acknowledged it, and when the person leaves.
     * Nothing else may send it (invariant 9).
     */
    bool activation_owed;
    bool disabled_there; /* found inactive in the app although we had not made it so: reported, never repaired */
    int64_t leave_since; /* ms: when the person stopped being wanted there; 0: is wanted. The wait of invariant 6 counts
                            from here */
    int64_t created, last_updated, status_changed, last_sync;
    /* Whom the account's document names (the manager), as the profile says it: a folded login or id; NULL: nobody.
     * Another account of the app that this person has, gets or loses changes the document. */
    const char *refers_to;
};
int account_get(struct tx *tx, int64_t app_rid, int64_t user_rid, struct account *ret) MUSTCHECK; /* ERR_NOT_FOUND */
int account_by_rid(struct tx *tx, int64_t rid, struct account *ret) MUSTCHECK;
/*
 * What the push of a membership needs to know, for those who look at many. `*ret_ready`: the account is there, and not
 * about to be activated first (account before membership, invariant 6). ERR_NOT_FOUND: never had the app.
 */
int account_state(struct tx *tx, int64_t app_rid, int64_t user_rid, enum account_scope *ret_scope,
                  const char **ret_external_id, bool *ret_ready) MUSTCHECK;
/* Is anybody's account of the app still being looked up or created? 1 or 0: while it is, an id that nobody is known by
 * may be his. What is held is not waited for. */
int account_lookups_pending(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* By the app's own id. ERR_NOT_FOUND; the oldest if the app gave one id to several people. */
int account_by_external(struct tx *tx, int64_t app_rid, const char *external_id, struct account *ret) MUSTCHECK;
/* Accounts of an app above the rid `after`, in order of rid, former ones (scope NONE) included; at most `limit`. The
 * count. */
int account_list(struct tx *tx, int64_t app_rid, int64_t after, struct account *ret, int limit) MUSTCHECK;
/* Accounts of a person above the app rid `after`, former ones included, in order of app rid. The count. */
int account_list_of_user(struct tx *tx, int64_t user_rid, int64_t after, struct account *ret, int limit) MUSTCHECK;
/* How many people have the app (scope USER or GROUP). */
int64_t account_count(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* Accounts that the app is known to hold as active; counted up to `limit`. */
int64_t account_count_active(struct tx *tx, int64_t app_rid, int64_t limit) MUSTCHECK;
/* By the app's id for the person. ERR_NOT_FOUND. */
int account_by_external(struct tx *tx, int64_t app_rid, const char *external_id, struct account *ret) MUSTCHECK;
/* The user of an account, also when the person was deleted and the row is gone: then `deleted`, DEPROVISIONED. */
int account_user(struct tx *tx, int64_t user_rid, struct user *ret) MUSTCHECK;

/* Assign to a person (scope USER). `own_user_name` and `profile` may be NULL. E0000117 for an inactive person; converts
 * a GROUP scope. */
int account_assign(struct tx *tx, const struct app *app, const struct user *user, const char *own_user_name,
                   const struct jval *profile, struct account *ret, struct problem *problem) MUSTCHECK;
int account_update(struct tx *tx, const struct app *app, struct account *account, const char *own_user_name,
                   const struct jval *profile, struct problem *problem) MUSTCHECK;
/* Unassign a person: falls back to GROUP when an assigned group still gives the app. */
int account_unassign(struct tx *tx, const struct app *app, struct account *account, struct problem *problem) MUSTCHECK;

/* What became of an account that was to be converted. */
enum convert_result { CONVERT_DONE, CONVERT_UNCHANGED, CONVERT_NO_GROUP, CONVERT_NOT_ASSIGNED };
/*
 * From an assignment to the person (scope USER) to that of a group that gives the app too (GROUP), or back. The person
 * keeps the app, and in it his account, groups and name; back, what the group's assignment said of him as well. An
 * enum convert_result, or a negative error.
 */
int account_convert(struct tx *tx, const struct app *app, struct account *account, enum account_scope scope,
                    struct problem *problem) MUSTCHECK;
/* All accounts of the app, in chunks; the later of two wishes counts. Logged. */
int app_convert_start(struct tx *tx, const struct app *app, enum account_scope scope) MUSTCHECK;
/* What that would do; of a large app (LIMIT_BACKLOG_COUNT) in part, then `complete` is false. */
struct app_convert {
    int64_t looked, converted, unchanged, no_group;
    bool complete;
};
int app_convert_count(struct tx *tx, const struct app *app, enum account_scope scope,
                      struct app_convert *ret) MUSTCHECK;

/*
 * What the account should be, from the facts; pure. A person who lost the app (scope NONE) while suspended is to be
 * inactive there: the loss is a fact of its own, suspending is not.
 */
enum account_wanted account_wanted(enum account_scope scope, enum user_status status, bool user_deleted);

/*
 * The profile that the app should hold (profile.h), as a flat object: "userName", base attributes by their names
 * ("firstName", "lastName", "email" ...), custom ones by their SCIM paths, and what is kept about them but never sent,
 * by names that begin with '$'. Empty and null attributes are left out. The caller frees.
 */
int account_wanted_profile(struct tx *tx, const struct account *account, const struct user *user,
                           struct jval **ret) MUSTCHECK;
/* The same, and what is wrong with single attributes, which are left as the app has them: `*ret_error` in the tx's
 * arena, NULL for nothing. */
int account_document(struct tx *tx, const struct account *account, const struct user *user, struct jval **ret,
                     const char **ret_error) MUSTCHECK;

/* The account that a person without the app would have, through this group (0: individually); for previews. */
void account_imagine(struct tx *tx, const struct app *app, const struct user *user, int64_t via_group_rid,
                     struct account *ret);

/* --- what the engine reports back; each writes the change and the event that belong to it --- */
/* Found or created in the app. Appends CHANGE_ACCOUNT_KNOWN. `known` as the app said. */
int account_set_known(struct tx *tx, struct account *account, const char *external_id, enum account_origin origin,
                      enum account_known known) MUSTCHECK;
/* Nothing has to be asked for to come to this document: it is what the app holds. */
int account_set_document(struct tx *tx, struct account *account, const struct jval *document) MUSTCHECK;
/* The app acknowledged these attributes (sent_profile), and activation or deactivation. NULL leaves sent_profile. */
int account_set_sent(struct tx *tx, struct account *account, const struct jval *sent_profile,
                     enum account_known known) MUSTCHECK;
/* The app does not know the id any more (404): forgotten, looked up again. Appends CHANGE_ACCOUNT_KNOWN. */
int account_forget_known(struct tx *tx, struct account *account) MUSTCHECK;
/* The plan found nothing to send: an activation is not owed any more when the account is known to be active. */
int account_settle(struct tx *tx, struct account *account) MUSTCHECK;
int account_set_disabled_there(struct tx *tx, struct account *account, bool disabled) MUSTCHECK;
/* The app refused the account as a member: 1 if it should be looked at there (noted), 0 if that was done not long ago.
 */
int account_check_due(struct tx *tx, const struct account *account) MUSTCHECK;

/*
 * --- what an import reports; nothing is sent for it, and nobody is activated (invariant 9) ---
 * The app's user is taken as this person's account: assigned to the person (scope USER) unless a group gives the app,
 * origin LINKED. One found inactive is reported as disabled there. E0000117 for an inactive person; E0000195 when the
 * person has another account in the app, or the id is somebody else's.
 */
int account_take_over(struct tx *tx, const struct app *app, const struct user *user, const char *external_id,
                      bool active, struct problem *problem) MUSTCHECK;
/* The app no longer has it: the id is forgotten, and a person to whom the app was assigned individually loses it. */
int account_gone_there(struct tx *tx, const struct app *app, struct account *account) MUSTCHECK;
/* Would account_seen() change anything? 1 or 0. An account that is known to be inactive was made so by us, and is no
 * news: the backlog offers to activate it again. Pure. */
int account_seen_differs(const struct account *account, bool active);
/* Found there, active or not: what is told as disabled there follows. */
int account_seen(struct tx *tx, struct account *account, bool active) MUSTCHECK;
/* Somebody made it active there again, or changed an attribute (`value` NULL: took it away): from now on that is what
 * the app is known to hold, so that it differs from what is wanted. */
int account_found_active(struct tx *tx, struct account *account) MUSTCHECK;
int account_found_attribute(struct tx *tx, struct account *account, const char *name, const char *value) MUSTCHECK;

/*
 * Looks at one person and one app again, where the group that gives the person the app does so no longer and an
 * expansion has yet to find it (see work_takes_away()): sets scope from the assignments, appends CHANGE_ACCOUNT_WANTED
 * and work. 1 when it was so, else 0.
 */
int account_refresh(struct tx *tx, int64_t app_rid, int64_t user_rid, enum work_class class) MUSTCHECK;

/*
 * The expansions of this room: one chunk. 1: more to do (cursor moved, in the row too: read the row again before the
 * next chunk, since a new cause sends it back to its beginning), 0: done (the caller calls work_done()).
 */
int app_expand(struct tx *tx, struct work *work) MUSTCHECK;

/*
 * The backlog: accounts that differ from what is wanted, whatever happened while switches were off, as far as the
 * switches that are on now allow. Counting looks at LIMIT_BACKLOG_COUNT accounts at most and says whether that was all;
 * it leaves out what work is there for already, be it held or failed.
 */
struct app_backlog {
    int64_t looked;
    int64_t create, reactivate, update, deactivate; /* accounts */
    bool complete;
};
int app_backlog_count(struct tx *tx, const struct app *app, struct app_backlog *ret) MUSTCHECK;
/* Queues it: an administrator's explicit act. */
int app_backlog_start(struct tx *tx, const struct app *app) MUSTCHECK;

/* Published names: AppUser.status ("STAGED", "PROVISIONED", "ACTIVE", "DEPROVISIONED", "SUSPENDED" ...) and syncState,
 * derived. */
const char *account_status_name(const struct account *account, enum user_status user_status, bool provisioning_on);
const char *account_sync_name(const struct account *account, const struct work *work_or_null, bool provisioning_on);

#endif
