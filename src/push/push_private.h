/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef PUSH_PUSH_PRIVATE_H
#define PUSH_PUSH_PRIVATE_H

#include "push/deletions.h"
#include "push/push.h"
#include "record/record.h"

/* SQL: no exception was accepted (drift.h) for this member of an app's group. `kind`: "1" missing there, "2" extra. */
#define NOT_EXCEPTED(kind, target_rid, external_id)                                                                    \
    " AND NOT EXISTS (SELECT 1 FROM drift_findings AS f WHERE f.target_rid = " target_rid                              \
    " AND f.external_id = " external_id " AND f.kind = " kind " AND f.accepted_at > 0)"

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
/* A system log row about a mapping, with its app and source group as targets. */
int mapping_report(struct tx *tx, const struct mapping *mapping, const char *type, const char *message) MUSTCHECK;
/* The same with `outcome` and `reason` of `said` as well. */
int mapping_report_of(struct tx *tx, const struct mapping *mapping, const struct event *said) MUSTCHECK;
/* Says how many members of the source, with rids above `after` and up to `until`, are left out since they do not have
 * the app; nothing when there are none. */
int mapping_report_left_out(struct tx *tx, const struct mapping *mapping, int64_t after, int64_t until) MUSTCHECK;
/* Members that waited for a change are looked at, all of them. */
int mapping_start_members(struct tx *tx, const struct mapping *mapping) MUSTCHECK;

int target_group_make(struct tx *tx, const struct app *app, const char *name, struct target_group *ret) MUSTCHECK;
int target_group_by_name(struct tx *tx, int64_t app_rid, const char *name, struct target_group *ret) MUSTCHECK;
int target_group_rename_wanted(struct tx *tx, struct target_group *group, const char *name) MUSTCHECK;
/* Taken up again by a mapping: its members are read before anything is removed. */
int target_group_relink(struct tx *tx, struct target_group *group) MUSTCHECK;
/* The members were read for this source: the link is complete. */
int target_group_linked(struct tx *tx, struct target_group *group, int64_t source_rid) MUSTCHECK;
/* `source_rid`: whose members it has. */
int target_group_want_deleted(struct tx *tx, const struct target_group *group, int64_t source_rid) MUSTCHECK;
/* Rows of an app that is deleted. */
int push_delete_app(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* Unlinks a mapping for a reason of ours: a group that may not be deleted there (linked, without the app's setting for
 * it) is left. */
int mapping_take_back(struct tx *tx, struct mapping *mapping, bool delete_target) MUSTCHECK;

/* --- rules (rule.c) --- */
/*
 * Shows a group that was created or changed to the ACTIVE push rules of all apps, those with a rid above `after`, at
 * most `limit`. 1: there may be more, and `*ret_last` is the last that saw it; 0: none is left.
 */
int push_rules_look_at(struct tx *tx, int64_t group_rid, int64_t after, int limit, int64_t *ret_last) MUSTCHECK;
int push_rules_delete(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* The expansions of rules: one chunk, as push_expand(). */
int push_rule_expand(struct tx *tx, struct work *work) MUSTCHECK;
int push_rule_gone_expand(struct tx *tx, struct work *work) MUSTCHECK;
int push_group_rules_expand(struct tx *tx, struct work *work) MUSTCHECK;

int push_settings_delete(struct tx *tx, int64_t app_rid) MUSTCHECK;
int members_delete_chunk(struct tx *tx, int64_t target_rid, int limit) MUSTCHECK;

/* --- deletions -----------------------------------------------------------------------------------------------------
 */

extern const char deletion_tables[]; /* deletion_tables.c: a migration */

struct deletion_key {
    enum deletion_kind kind;
    int64_t object_rid;
    int64_t user_rid;
    const char *external_id; /* "" unless a member whom the directory does not know */
};

/* What a limit is about: target_rid for RULE_MEMBERS_OF_GROUP, else 0. */
struct scope {
    int64_t app_rid;
    enum deletion_rule rule;
    int64_t target_rid;
};

struct weight {
    int64_t window_ms, used, waiting, base, percent, number;
};

/* Is wanted from now on; what is known of it already stays. */
int deletion_add(struct tx *tx, int64_t app_rid, const struct deletion_key *key) MUSTCHECK;
int deletion_forget(struct tx *tx, const struct deletion_key *key) MUSTCHECK;
/* The same by the row of target_members, which is still there. */
int deletion_forget_member(struct tx *tx, int64_t member_rid) MUSTCHECK;
/* Everything of a target group: its members and itself. */
int deletion_forget_group(struct tx *tx, int64_t target_rid) MUSTCHECK;
/* Whom a complete read found too many is wanted gone: the extra members; the strangers to be removed, and only those.
 */
int deletions_of_extra(struct tx *tx, int64_t app_rid, int64_t target_rid) MUSTCHECK;
int deletions_of_strangers(struct tx *tx, int64_t app_rid, int64_t target_rid) MUSTCHECK;
/* It is protected: does not go. */
int deletion_protect(struct tx *tx, const struct deletion_key *key) MUSTCHECK;
/* The group of the app, or the one whose members it has. 1 or 0. */
int deletion_group_is_protected(struct tx *tx, const struct target_group *target) MUSTCHECK;
/* Weighs everything of the kind in the app that is new: counted or held, nothing is new afterwards. */
int deletions_judge(struct tx *tx, int64_t app_rid, enum deletion_kind kind) MUSTCHECK;
/* The planner's question about one: 1 may be sent, 0 not, and why. Weighs if it is new. */
int deletion_may_go(struct tx *tx, int64_t app_rid, const struct deletion_key *key, bool is_protected,
                    const char **ret_why) MUSTCHECK;

/* holds.c: the open hold of a scope, opened if there is none, with what was weighed; told when it is opened. */
int hold_join(struct tx *tx, const struct scope *scope, const struct weight *weight, struct hold *ret) MUSTCHECK;
int hold_id_of(struct tx *tx, int64_t hold_rid, const char **ret_id) MUSTCHECK;
/* What was decided follows, chunk by chunk. 1 more, 0 done. */
int hold_expand(struct tx *tx, struct work *work) MUSTCHECK;
/* The protection of a person (0: of a group) ended: what it held is looked at again. */
int deletion_unprotected(struct tx *tx, int64_t user_rid) MUSTCHECK;
int deletions_delete_app(struct tx *tx, int64_t app_rid) MUSTCHECK;

#endif
