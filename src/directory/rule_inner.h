/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about rules share. */
#ifndef DIRECTORY_RULE_INNER_H
#define DIRECTORY_RULE_INNER_H

#include "directory/person.h"
#include "directory/rows.h"
#include "directory/rule.h"

#define RULE_COLUMNS                                                                                                   \
    "r.rid, r.id, r.name, r.status, r.expression, r.document, r.created, r.last_updated, r.deleted, r.keep_users"

/* Keys of a rule (group_rule_keys): what a change looks rules up by. */
#define RULE_KEY_ATTRIBUTE "user."    /* and the attribute */
#define RULE_KEY_PROPERTY "property:" /* of user.getInternalProperty() */
#define RULE_KEY_GROUP "group:"       /* and the id of a group whose members it reads, or * for any */
#define RULE_KEY_GROUPS_END "group;"  /* sorts after all of those */
#define RULE_KEY_TARGET "target:"     /* and the id of a group that it puts people into */

/* Fills from the current row, everything in `arena`. ERR_CORRUPT. */
int rule_from_row(struct arena *arena, const struct query *query, struct rule *ret) MUSTCHECK;
int rule_by_rid(struct tx *tx, int64_t rid, struct rule *ret) MUSTCHECK;
struct event_target rule_target(const struct rule *rule);
/* The rule cannot be used any more: INVALID, with the reason in the system log. */
int rule_invalidate(struct tx *tx, const struct rule *rule, const char *reason) MUSTCHECK;
/* Stores the people that a rule excludes and the groups that it fills. */
int rule_store_document(struct tx *tx, const struct rule *rule) MUSTCHECK;
/* "conditions.expression.value: position 4: ..." when it does not compile. */
int rule_compile(struct tx *tx, const struct schema *schema, const char *expression, const struct expr **ret,
                 struct problem *problem) MUSTCHECK;
/* Checks and resolves everything but the name. `old`: what is there already, or NULL. */
int rule_read_input(struct tx *tx, const struct rule_input *input, const struct rule *old, struct rule *ret,
                    const struct expr **ret_expr, struct problem *problem) MUSTCHECK;

/* --- one person (rule_person.c) ------------------------------------------------------------------------------------
 */

/*
 * Whether the rule applies: 1 or 0, or a negative error; ERR_TOO_LARGE when a limit of the evaluation was reached
 * (`ret_error`).
 */
int person_matches(struct person *person, const struct rule *rule, const struct expr *expr,
                   struct expr_error *ret_error) MUSTCHECK;

/* --- applying (rule_apply.c) ---------------------------------------------------------------------------------------
 */

/* The reactor of the room. */
int rules_react(struct tx *tx, const struct change *change) MUSTCHECK;
/* A profile changed from `old` to `new`: evaluates the rules that read what changed. */
int rules_on_profile(struct tx *tx, const struct user *user, const struct jval *old, const struct jval *new) MUSTCHECK;
/* Rules changed in this job: what was read of them before counts no more. */
void rules_forget(struct tx *tx);

#endif
