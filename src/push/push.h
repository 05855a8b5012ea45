/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group push: which groups an app should hold, and whom.
 *
 * A push mapping (gPm...) ties a source group of the directory to a target group of the app. The target group is an
 * APP_GROUP of the directory with an id of its own, there from the moment the mapping is made; what the app is known to
 * hold of it is remembered here: its id in the app, its name, and per member whether the app acknowledged it. A member
 * is dirty when the app may hold something else than is wanted; the engine brings dirty members from known to wanted
 * and never looks at the others.
 *
 * Who is wanted: plan.h. A member without an account in the app is not dirty: the commit of the account's id makes it
 * so.
 */
#ifndef PUSH_PUSH_H
#define PUSH_PUSH_H

#include "app/account.h"
#include "base/jout.h"
#include "push/changes.h"
#include "push/plan.h"

extern const struct store_room push_room;

/* --- push mappings -------------------------------------------------------------------------------------------------
 */

enum mapping_status { MAPPING_ACTIVE = 1, MAPPING_INACTIVE = 2 };

/* What a link may do to members that are in the app's group already and not in the source. KEEP: they stay, until Push
 * Now makes the membership exactly the source's. */
enum existing_members { EXISTING_REFUSE, EXISTING_REMOVE, EXISTING_KEEP };
/* A push overwrites (reference O2, and the acceptance case C9315); the deletion limits stand before many removals. */
#define EXISTING_DEFAULT EXISTING_REMOVE

struct mapping {
    int64_t rid;
    const char *id; /* gPm... */
    int64_t app_rid;
    int64_t source_rid;         /* directory group */
    int64_t target_rid;         /* target group below */
    enum mapping_status status; /* the administrator's wish; ERROR is derived: mapping_state() */
    enum existing_members existing;
    bool follow_name;                         /* the target's name follows the source's */
    int64_t created, last_updated, last_push; /* last_push 0: never */
    int64_t rule_rid;                         /* the push rule that made it; 0: made by name */
    bool members_wait; /* the group is pushed, its members not before the next change of them (reference U4) */
};
/* Texts in the tx's arena. ERR_NOT_FOUND. */
int mapping_by_id(struct tx *tx, int64_t app_rid, const char *id, struct mapping *ret) MUSTCHECK;
int mapping_by_rid(struct tx *tx, int64_t rid, struct mapping *ret) MUSTCHECK;
int mapping_by_target(struct tx *tx, int64_t target_rid, struct mapping *ret) MUSTCHECK;
int mapping_by_source(struct tx *tx, int64_t app_rid, int64_t source_rid, struct mapping *ret) MUSTCHECK;
/* How many mappings, of all apps and whatever their status, push this group. */
int64_t mapping_count_of_source(struct tx *tx, int64_t source_rid) MUSTCHECK;
struct mapping_filter {
    int64_t source_rid;    /* 0: any */
    int64_t updated_since; /* ms; 0: any */
};
/* Mappings of an app in order of creation, rids above `after`, at most `limit`. The count. */
int mapping_list(struct tx *tx, int64_t app_rid, const struct mapping_filter *filter, int64_t after,
                 struct mapping *ret, int limit) MUSTCHECK;

struct mapping_input {
    const char *target_group_id; /* exactly one of the two */
    const char *target_group_name;
    enum mapping_status status;
    enum existing_members existing;
    int64_t rule_rid; /* 0: by name */
    bool members_wait;
};
int mapping_create(struct tx *tx, const struct app *app, const struct group *source, const struct mapping_input *input,
                   struct mapping *ret, struct problem *problem) MUSTCHECK;
/* Activate or deactivate. Refused while the mapping is in error (published). `existing` is taken over as well. */
int mapping_update(struct tx *tx, struct mapping *mapping, enum mapping_status status, enum existing_members existing,
                   struct problem *problem) MUSTCHECK;
/*
 * Deletes the mapping; it must be INACTIVE or in error (published). With `delete_target` the group is deleted in the
 * app, as queued work that survives the mapping; refused for a linked group unless the app's setting allows it.
 * Without, nothing is sent.
 */
int mapping_delete(struct tx *tx, const struct app *app, struct mapping *mapping, bool delete_target,
                   struct problem *problem) MUSTCHECK;

/*
 * Our own, from any status, error included: one act of the store. Deletes the mapping; with `delete_target` as
 * mapping_delete().
 */
int mapping_unlink(struct tx *tx, const struct app *app, struct mapping *mapping, bool delete_target,
                   struct problem *problem) MUSTCHECK;
/* Our own, from any status: a mapping in error that is activated is tried again. */
int mapping_switch(struct tx *tx, struct mapping *mapping, enum mapping_status status) MUSTCHECK;
/* The mapping outlives its push rule: it counts as made by name from now on. */
int mapping_release_from_rule(struct tx *tx, const struct mapping *mapping) MUSTCHECK;
/* Mappings that a push rule made, rids above `after`, at most `limit`. The count. */
int mapping_list_of_rule(struct tx *tx, int64_t rule_rid, int64_t after, struct mapping *ret, int limit) MUSTCHECK;
/* App rids in which a group is pushed, ascending, above `after`. The count. */
int mapping_apps_of_source(struct tx *tx, int64_t source_rid, int64_t after, int64_t *ret, int limit) MUSTCHECK;
/* Source groups of the app's mappings whose groups there hold the person, as acknowledged, in order, at most `limit`.
 * The count. */
int mapping_sources_holding(struct tx *tx, int64_t app_rid, int64_t user_rid, int64_t *ret, int limit) MUSTCHECK;

/* --- settings of an app (reference U7, M11) ------------------------------------------------------------------------
 */

enum source_deleted { SOURCE_DELETED_LEAVE, SOURCE_DELETED_DELETE };
/* What happens when a pushed group turns out to be deleted in the app: it is held, or made anew (repair.h). */
enum group_missing { GROUP_MISSING_ALERT, GROUP_MISSING_REPAIR };

struct push_settings {
    bool rename_groups; /* the app's groups take the names of their sources. Off: a linked group keeps its name */
    enum source_deleted on_source_deleted; /* what becomes of the app's group when its source is deleted */
    enum group_missing on_group_missing;
};
/* The defaults where nothing was set: rename, LEAVE, ALERT. */
int push_settings_get(struct tx *tx, int64_t app_rid, struct push_settings *ret) MUSTCHECK;
/* Acts on renames and deletions from now on. */
int push_settings_set(struct tx *tx, const struct app *app, const struct push_settings *settings) MUSTCHECK;

/* What the last verification told. */
enum verify_state {
    VERIFY_NONE,
    VERIFY_OK,         /* the app holds everybody whom it acknowledged */
    VERIFY_DROPPED,    /* it did not: those are pushed again */
    VERIFY_UNREADABLE, /* it shows no members, so that nothing can be said */
    VERIFY_PROBED,     /* it shows no members, but found the group by each member of a sample */
};
/* Members of a group that shows none are being asked for one by one (probe.c). */
enum probing {
    PROBING_NOT,
    PROBING_CONTROL, /* somebody who must not be there is asked for first */
    PROBING_MEMBERS,
};

struct mapping_state {
    bool in_error;           /* published status ERROR: ACTIVE, and the group as a whole waits for somebody */
    const char *error_class; /* NULL: none */
    const char *error;       /* of the group in the published text form, else of refused members; NULL: none */
    bool waiting;            /* there is work for the group */
    int64_t due;             /* ms of the next try; 0 when nothing waits */
    const char *words;       /* of the error: what the target said; NULL */
    int status;              /* of the error: HTTP status, 0 for no answer */
    int64_t failed_at;       /* ms; of the error of the group, else of the first refused member */
    int attempts;
    int64_t members_known; /* acknowledged by the app */
    int64_t members_pending;
    int64_t members_failed; /* refused by the app */
    int64_t members_held;   /* whose removal is held, rejected or not allowed */
    int64_t members_extra;  /* found there by the last read, and not ours */
    enum verify_state verify_state;
    int64_t verified_at; /* ms, 0 never */
};
int mapping_state(struct tx *tx, const struct mapping *mapping, struct mapping_state *ret) MUSTCHECK;
/* The same without the counts of known and pending members. */
int mapping_error(struct tx *tx, const struct mapping *mapping, struct mapping_state *ret) MUSTCHECK;
/* Takes the error of every mapping of the app off and makes it due: Retry All Groups. The count of mappings. */
int mapping_retry_all(struct tx *tx, int64_t app_rid) MUSTCHECK;

/* --- target groups: what the app holds -----------------------------------------------------------------------------
 */

struct target_group {
    int64_t rid;
    int64_t app_rid;
    int64_t group_rid;       /* the APP_GROUP */
    int64_t source_rid;      /* the group of the directory whose members it has; 0: not known */
    const char *name;        /* wanted displayName: the APP_GROUP's name */
    const char *external_id; /* the app's id, NULL until known */
    enum account_origin origin;
    const char *known_name; /* displayName that the app acknowledged, NULL: not known */
    bool link_pending;      /* linked, and its members were not read yet: nothing may be removed */
    bool delete_wanted;
    int64_t read_at;       /* ms of the last complete read of its members, 0 never */
    bool verify_wanted;    /* to be read when nothing else is left to do */
    bool overwrite_wanted; /* Push Now: to be read and made exactly the source's */
    bool full_wanted;      /* read, and to be written as a complete list; good for LIMIT_FULL_PUSH_MS after read_at */
    enum verify_state verify_state;
    int64_t verified_at; /* ms of the last read that found what was acknowledged, 0 never */
    enum probing probing;
};
int target_group_get(struct tx *tx, int64_t rid, struct target_group *ret) MUSTCHECK;
int target_group_by_group(struct tx *tx, int64_t group_rid, struct target_group *ret) MUSTCHECK;
/* Groups of the app of this (folded) name that no mapping pushes, at most `limit`: what a push by name may link. The
 * count. */
int target_group_candidates(struct tx *tx, int64_t app_rid, const char *name, struct target_group *ret,
                            int limit) MUSTCHECK;
/* Found or created in the app. A linked group's members are read before anything is removed. */
int target_group_set_known(struct tx *tx, struct target_group *group, const char *external_id,
                           enum account_origin origin, const char *known_name) MUSTCHECK;
int target_group_set_name(struct tx *tx, struct target_group *group, const char *known_name) MUSTCHECK;
/* The app no longer has it: id, name and memberships are forgotten; its members are dirty, for when it is there again.
 */
int target_group_forget(struct tx *tx, struct target_group *group) MUSTCHECK;
/* The group of the app with this id whose deletion is wanted and not acknowledged. ERR_NOT_FOUND. */
int target_group_going(struct tx *tx, int64_t app_rid, const char *external_id, struct target_group *ret) MUSTCHECK;
/* A push found the group that was going: it is wanted again, nothing deletes it any more, and who made it stays known.
 */
int target_group_take_over(struct tx *tx, struct target_group *group, struct target_group *going) MUSTCHECK;
/* The app acknowledged its deletion: the APP_GROUP goes, the member rows follow in chunks. */
int target_group_deleted(struct tx *tx, struct target_group *group) MUSTCHECK;
int target_group_pushed(struct tx *tx, int64_t target_rid) MUSTCHECK; /* last_push of its mapping is now */
/* It is to be read back when nothing else is left to push. */
int target_group_want_verified(struct tx *tx, int64_t target_rid) MUSTCHECK;

/* The complete list is to be sent, or was. */
int target_group_want_full(struct tx *tx, struct target_group *group, bool wanted) MUSTCHECK;

/* --- members -------------------------------------------------------------------------------------------------------
 */

struct member {
    int64_t rid;
    int64_t user_rid;
    const char
        *external_id; /* the account's id in the app; the one that was pushed last when the account has none now */
    bool known;       /* the app acknowledged it */
    enum member_wanted wanted;
    enum work_class class;
    int64_t version;
    const char *error_class; /* refused: isolated until an input changes or somebody retries; NULL */
    int deletion;            /* enum deletion_state of its removal; -1: none */
    bool again;              /* it was isolated for a while, and its turn has come */
    bool may_be_stale;       /* expansions that may take the app from people go on (work_takes_away()) */
};
/*
 * The next dirty members of a group in the order of work (urgent first, then oldest), with what is wanted of each. Rows
 * that need nothing are cleaned in passing; isolated ones are left out, and removals that deletion limits hold
 * (deletions.h). The count; `*ret_more` tells whether there are more.
 */
int members_due(struct tx *tx, const struct target_group *group, struct member *ret, int limit,
                bool *ret_more) MUSTCHECK;
/* Who is in the app's group as far as it is known, members whom Muster did not put there and removals that are held
 * included: user_rid (0: not ours) and external_id of each, at most `limit`. The count. */
int members_there(struct tx *tx, const struct target_group *group, struct member *ret, int limit) MUSTCHECK;
/* Causes that are dealt with no longer hold up those who wait for them (sync). */
int members_advance(struct tx *tx, const struct target_group *group) MUSTCHECK;
/* The app acknowledged: known, clean if the version is still the one that was sent. */
int member_acknowledged(struct tx *tx, int64_t member_rid, bool known, const char *external_id,
                        int64_t version) MUSTCHECK;
/* Asked for, and whether it happened cannot be found out: added again if he is wanted, removed again if he is not. */
int member_unsure(struct tx *tx, int64_t member_rid) MUSTCHECK;
/*
 * Asked for, and a read does not show it. When something else is wanted by now it is unsure, since what was asked may
 * yet show; otherwise it is as before, and asked for again.
 */
int member_not_as_asked(struct tx *tx, const struct mapping *mapping, int64_t member_rid, int64_t user_rid,
                        bool add) MUSTCHECK;
/* The app refused this member: isolated, everybody else goes on. A newer version than was sent is not meant. Tried
 * again by itself at `again`, ms; 0: not before an input changes or somebody retries. */
int member_refused(struct tx *tx, int64_t member_rid, int64_t version, const char *error_class, const char *error,
                   int64_t again) MUSTCHECK;
/* It was not the member after all. */
int member_not_refused(struct tx *tx, int64_t member_rid) MUSTCHECK;
/* Members whose time to be tried again has come: their groups get work; the count. With none of them, `*ret_next` is
 * when the next one's comes, ms; 0: there is none. */
int members_again_tick(struct tx *tx, int64_t *ret_next) MUSTCHECK;
/* The next such member of a group, to be asked for alone: 1, or 0 none. */
int members_again(struct tx *tx, const struct target_group *group, struct member *ret) MUSTCHECK;
/* Refusals of a person in all groups of an app turned out to have another cause. */
int members_refused_as(struct tx *tx, int64_t app_rid, int64_t user_rid, const char *from, const char *to) MUSTCHECK;
/* Members of a mapping that are refused, as {userId, login, errorClass, error, failed} objects into an open array, each
 * with what `more` adds for its class; the count. */
int member_errors_write(struct tx *tx, struct jout *out, int64_t target_rid, int limit,
                        void (*more)(struct jout *out, const char *error_class)) MUSTCHECK;
/* Refused members in all groups of an app; whose removal is held is not among them: deletion_held_members(). */
int64_t member_failures(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* Memberships of the person in ACTIVE mappings of the app that still wait for their removal, or for the answer of an
 * add that is on its way; refused ones do not count, nor those of a group that the app does not have (invariant 6). */
int64_t member_removals_pending(struct tx *tx, int64_t app_rid, int64_t user_rid) MUSTCHECK;

/* Members found by reading the app's group that Muster did not put there. */
int stranger_remove_wanted(struct tx *tx, int64_t target_rid, const char *external_id) MUSTCHECK;
int strangers_due(struct tx *tx, const struct target_group *group, const char **ret, int limit) MUSTCHECK;
/* Strangers who are known by now become members, wanted or not. Before strangers_due(). */
int strangers_settle(struct tx *tx, const struct target_group *group) MUSTCHECK;
int stranger_gone(struct tx *tx, int64_t target_rid, const char *external_id) MUSTCHECK;

/*
 * What reading the group's members told, chunk by chunk (at most LIMIT_EXPAND_ROWS ids each), for a link:
 * members_read_begin() before the first, members_read_chunk() for each, members_read_end() last. Found members of the
 * source become known; found others are counted and, in members_read_end() if the mapping allows it, wanted gone.
 */
int members_read_begin(struct tx *tx, const struct target_group *group) MUSTCHECK;
int members_read_chunk(struct tx *tx, const struct target_group *group, const char *const *external_ids,
                       size_t count) MUSTCHECK;
/* `*ret_extra`: how many are there beside the source's. 1: they are due now (KEEP: they stay; or there are none); 0:
 * not allowed, nothing was changed for them. */
int members_read_end(struct tx *tx, struct target_group *group, enum existing_members existing, size_t found,
                     int64_t *ret_extra) MUSTCHECK;

/*
 * The end of a read for verification: whoever was acknowledged and was not found is pushed again, and refused as
 * NOT_KEPT when that happens a second time. Others who were found there are counted, nobody is removed. An app that
 * shows no member at all proves nothing.
 */
int members_verify_end(struct tx *tx, struct target_group *group, size_t found) MUSTCHECK;
/*
 * The same for an app that shows no members and can find a group by one: members_probe_begin() picks a sample (all of a
 * small group), members_probe_control() says for whom to ask first, who must not be there, and then, if he was not
 * found (members_probe_trusted()), members_probe_next() for whom (1, 0 none is left). members_probe_end() judges as
 * members_verify_end() does; `*ret_blind` when none of several was found, which proves nothing, here and elsewhere.
 * members_probe_stop(): it cannot be said.
 */
int members_probe_begin(struct tx *tx, struct target_group *group) MUSTCHECK;
int members_probe_control(struct tx *tx, const struct target_group *group, const char **ret_external_id) MUSTCHECK;
int members_probe_trusted(struct tx *tx, struct target_group *group) MUSTCHECK;
int members_probe_next(struct tx *tx, const struct target_group *group, struct member *ret) MUSTCHECK;
int member_probed(struct tx *tx, int64_t member_rid, int64_t version, bool there) MUSTCHECK;
int members_probe_end(struct tx *tx, struct target_group *group, bool *ret_blind) MUSTCHECK;
int members_probe_stop(struct tx *tx, struct target_group *group) MUSTCHECK;
/*
 * Push Now (docs/published.md O7): the membership in the app becomes exactly the source's, by reading, comparing and
 * writing only the difference; members whom Muster did not put there are removed. Refused members are tried again.
 * Refused unless the mapping is ACTIVE.
 */
int mapping_push_now(struct tx *tx, const struct mapping *mapping, struct problem *problem) MUSTCHECK;
/* Asks that every ACTIVE pushed group of the app be read. The count of groups. */
int mapping_verify_all(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* ACTIVE pushed groups of the app that were not found to hold what they should since they were asked: never read, or
 * not readable. */
int64_t mapping_unverified(struct tx *tx, int64_t app_rid) MUSTCHECK;

/* The expansions of this room: one chunk. 1: more to do (cursor moved), 0: done. */
int push_expand(struct tx *tx, struct work *work) MUSTCHECK;

#endif
