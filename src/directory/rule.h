/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group rules: an expression over people (docs/expressions.md) and the groups that it puts those into for whom it is
 * true. As published (docs/published.md A20): made INACTIVE, changed only while not ACTIVE, INVALID when a
 * group that it names is gone.
 *
 * A membership remembers its reasons: that somebody or something added it (direct), and which rules give it. A rule
 * takes away only what it gave, and the membership goes when no reason is left. Removing somebody by hand from a group
 * that a rule gives adds the person to the people that the rule excludes.
 *
 * Rules are evaluated where facts change, in the same transaction: when a person is made or comes back from
 * DEPROVISIONED (all rules), when a profile changes (those that read what changed), when a membership changes (those
 * that read groups). A rule that changes memberships can so cause another; after LIMIT_RULE_CHAIN in a row nothing more
 * is done, and the system log says so. People who are DEPROVISIONED are left as they are. What is too much for one
 * transaction appends a change, to which the app room answers with work in chunks.
 */
#ifndef DIRECTORY_RULE_H
#define DIRECTORY_RULE_H

#include "directory/directory.h"
#include "expr/expr.h"

enum rule_status { RULE_INACTIVE = 1, RULE_ACTIVE, RULE_INVALID };
const char *rule_status_name(enum rule_status status); /* "INACTIVE" */

struct rule_group {
    const char *id;
    int64_t rid;
};

struct rule {
    int64_t rid;
    const char *id; /* 0pr... */
    const char *name;
    enum rule_status status;
    const char *expression;
    int64_t created, last_updated;
    /* Public ids. */
    const char **users; /* people who are excluded */
    size_t user_count;
    const char **groups; /* whose members are excluded */
    size_t group_count;
    struct rule_group *targets;
    size_t target_count;
    bool deleted;
    bool keep_users; /* deleted: what it gave stays, for another reason than the rule */
};

/* What is given for a rule; arrays of ids (NULL: none). */
struct rule_input {
    const char *name;
    const char *expression;
    const struct jval *users;
    const struct jval *groups;
    const struct jval *targets;
    bool trial; /* it is only tried out: no target need be named */
};

/* ERR_NOT_FOUND. Texts in the tx's arena. */
int rule_by_id(struct tx *tx, const char *id, struct rule *ret) MUSTCHECK;
/* Rules above `after`, oldest first; `search` (NULL: all) is a part of the name, in any letter case. `*ret_next`: the
 * rid to go on from, 0 at the end. */
int rule_list(struct tx *tx, const char *search, int64_t after, int limit,
              int (*each)(const struct rule *rule, void *data), void *data, int64_t *ret_next) MUSTCHECK;
/* ERR_PROBLEM names the field as in the published body. */
int rule_create(struct tx *tx, const struct rule_input *input, struct rule *ret, struct problem *problem) MUSTCHECK;
/* Not of an ACTIVE rule, and not the groups that people are put into (published). INVALID becomes INACTIVE. */
int rule_replace(struct tx *tx, struct rule *rule, const struct rule_input *input, struct problem *problem) MUSTCHECK;
/* Everybody is looked at, in chunks. Of an ACTIVE rule: nothing. */
int rule_activate(struct tx *tx, struct rule *rule, struct problem *problem) MUSTCHECK;
/* What it gave stays, and is looked at again when it becomes ACTIVE. */
int rule_deactivate(struct tx *tx, struct rule *rule) MUSTCHECK;
/* `remove_users`: what it gave is taken away where no other reason is left; otherwise it stays. In chunks. */
int rule_delete(struct tx *tx, struct rule *rule, bool remove_users) MUSTCHECK;

/* Rules that put people into the group, oldest first, at most `limit`; deleted ones are left out. The count. */
int rules_filling(struct tx *tx, const struct group *group, struct rule *ret, int limit) MUSTCHECK;
/*
 * The rule fills one group more, or less: for those who part one group into two. An ACTIVE rule looks at everybody
 * again, in chunks. What it gave in a group that it no longer fills stays until the group goes.
 */
int rule_add_target(struct tx *tx, struct rule *rule, const struct group *group, struct problem *problem) MUSTCHECK;
int rule_drop_target(struct tx *tx, struct rule *rule, const struct group *group) MUSTCHECK;

/* Ends the rules' part of a membership that is about to be taken away by hand: the rules that give it exclude the
 * person. ERR_PROBLEM when such a list is full. */
int rule_exclude_by_hand(struct tx *tx, const struct group *group, const struct user *user,
                         struct problem *problem) MUSTCHECK;

/* --- chunks --------------------------------------------------------------------------------------------------------
 * Each is one transaction's part of something large. 1: more remain, `*cursor` says where. 0: done.
 */
int rule_chunk(struct tx *tx, int64_t rule_rid, int64_t *cursor) MUSTCHECK;
int rule_purge_chunk(struct tx *tx, int64_t rule_rid) MUSTCHECK;
int rules_of_user_chunk(struct tx *tx, int64_t user_rid, int64_t *cursor) MUSTCHECK;
int rules_of_group_chunk(struct tx *tx, int64_t group_rid, int64_t *cursor) MUSTCHECK;

/* --- trying out ----------------------------------------------------------------------------------------------------
 */

/* Whether a rule could have this condition, whatever groups it fills: 0; ERR_SYNTAX with what is wrong (position 0: not
 * at one place), also when a group that it names is not there; or another negative error. */
int rule_check_expression(struct tx *tx, const char *expression, struct expr_error *ret_error) MUSTCHECK;

struct rule_preview {
    int64_t looked;
    int64_t matched;
    int64_t failed; /* people for whom a limit of the evaluation was reached */
    int64_t next;   /* the rid to go on from; 0 when everybody was looked at */
};
/* Who the rule would match, from the person after rid `after` on; each() sees the first `limit` of them. Looks at
 * LIMIT_RULE_PREVIEW people at most. Nothing is written. */
int rule_preview(struct tx *tx, const struct rule_input *input, int64_t after, int limit,
                 int (*each)(const struct user *user, void *data), void *data, struct rule_preview *ret,
                 struct problem *problem) MUSTCHECK;

#endif
