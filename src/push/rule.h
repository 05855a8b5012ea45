/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Push rules: which groups are pushed to an app, by their name and description (docs/published.md, "Push rules").
 *
 * While a rule is ACTIVE, every group that matches gets a push mapping: those there are at once, as an expansion in
 * chunks, later ones when they are created or changed. A mapping that a rule made outlives every change of the rule and
 * of the group, unless the rule says that it is retracted. A group that is pushed to the app already, and one whose
 * name a group of the app has, get no mapping, and the system log says so.
 */
#ifndef PUSH_RULE_H
#define PUSH_RULE_H

#include "push/push.h"

#define PUSH_RULE_NAME_CHARS 255   /* characters of a rule's name */
#define PUSH_RULE_VALUE_CHARS 1024 /* characters of what a criterion compares with */
#define PUSH_RULES_PER_APP 500     /* rules of one app */

enum push_rule_status { PUSH_RULE_ACTIVE = 1, PUSH_RULE_INACTIVE, PUSH_RULE_DELETED };

/* Without regard to letter case and Unicode form. */
enum match_kind {
    MATCH_NONE, /* no criterion */
    MATCH_STARTS_WITH,
    MATCH_ENDS_WITH,
    MATCH_CONTAINS,
    MATCH_EQUALS,
    MATCH_REGEX,
    MATCH_EVERYTHING,
    MATCH_COUNT,
};
const char *match_kind_name(enum match_kind kind); /* "STARTS_WITH"; NULL for MATCH_NONE */

/* What becomes of a mapping of the rule whose group matches no longer (ours; published: it stays). */
enum retract { RETRACT_NO, RETRACT_UNLINK, RETRACT_DELETE };
/* A group of that name is in the app already: published is to make no mapping. */
enum existing_groups { EXISTING_GROUPS_SKIP, EXISTING_GROUPS_LINK };
/* What becomes of the mappings of a rule that is deleted: the three published choices. */
enum rule_gone { RULE_GONE_KEEP, RULE_GONE_UNLINK, RULE_GONE_DELETE_GROUPS };

struct criterion {
    enum match_kind kind;
    const char *value; /* "" for MATCH_NONE and MATCH_EVERYTHING */
};

struct push_rule {
    int64_t rid;
    const char *id; /* gPr... */
    int64_t app_rid;
    const char *name;
    enum push_rule_status status;
    struct criterion group, description; /* of the group's name; both have to match */
    bool members_wait;                   /* as struct mapping's, for mappings that it makes */
    enum existing_groups existing;
    enum retract retract;
    enum rule_gone gone; /* while DELETED */
    int64_t created, last_updated;
};

/* Deleted rules are not found. ERR_NOT_FOUND. */
int push_rule_by_id(struct tx *tx, int64_t app_rid, const char *id, struct push_rule *ret) MUSTCHECK;
int push_rule_by_rid(struct tx *tx, int64_t rid, struct push_rule *ret) MUSTCHECK; /* deleted ones too */
/* Rules of an app above the rid `after`, in order of creation, at most `limit`. The count. */
int push_rule_list(struct tx *tx, int64_t app_rid, int64_t after, struct push_rule *ret, int limit) MUSTCHECK;
/* How many mappings a rule has. */
int64_t push_rule_mapping_count(struct tx *tx, int64_t rule_rid) MUSTCHECK;

/* Name, criteria, options and status are taken from `input`. Refused with the field and the remedy. */
int push_rule_create(struct tx *tx, const struct app *app, const struct push_rule *input, struct push_rule *ret,
                     struct problem *problem) MUSTCHECK;
/* The same fields anew; mappings that are there stay (R2). */
int push_rule_replace(struct tx *tx, const struct app *app, struct push_rule *rule, const struct push_rule *input,
                      struct problem *problem) MUSTCHECK;
int push_rule_set_status(struct tx *tx, struct push_rule *rule, enum push_rule_status status) MUSTCHECK;
/* At once for everybody who looks; what becomes of its mappings follows in chunks. */
int push_rule_delete(struct tx *tx, struct push_rule *rule, enum rule_gone gone) MUSTCHECK;

/* What a rule does about one group that matches. */
enum rule_outcome {
    RULE_NO_MATCH,
    RULE_CREATES,
    RULE_LINKS,       /* a group of the name is in the app, and the rule links it */
    RULE_HAS_MAPPING, /* this rule made the mapping that there is */
    RULE_MAPPED,      /* the group is pushed by name or by another rule (R4) */
    RULE_NAME_TAKEN,  /* the app has a group of this name (R5) */
    RULE_SAME_GROUP,  /* the group is assigned to the app, and the organisation refuses one group for both */
};
const char *rule_outcome_name(enum rule_outcome outcome);

/* A rule made ready to be asked about many groups. */
struct matcher;
/* ERR_PROBLEM for a regular expression that is none. */
int matcher_new(struct matcher **ret, const struct push_rule *rule, struct problem *problem) MUSTCHECK;
struct matcher *matcher_free(struct matcher *matcher); /* accepts NULL, returns NULL */
/* Writes nothing: for a preview. */
int matcher_judge(struct tx *tx, const struct matcher *matcher, const struct group *group,
                  enum rule_outcome *ret) MUSTCHECK;

#endif
