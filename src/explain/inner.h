/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the facts, read once, and the checks, which are functions of them. */
#ifndef EXPLAIN_INNER_H
#define EXPLAIN_INNER_H

#include "engine/health.h"
#include "explain/explain.h"
#include "push/drift.h"
#include "push/people.h"
#include "record/record.h"

#define TRAIL_LOOKED_AT                                                                                                \
    100 /* newest events of a person or object among which the one that made a fact is looked for                      \
         */

struct trail {
    struct trail_event *events;
    int count;
};

/* What should be, of the membership or (without a group) of the account. */
enum should { SHOULD_BE, SHOULD_NOT_BE, SHOULD_STAY };

/* Each struct with a flag behind, whether it was found, has nothing in it otherwise. */
struct facts {
    struct arena *arena;
    const struct live *live; /* NULL: not asked */
    struct app app;
    struct user user; /* rid 0: the question is about a whole group */
    struct group source;
    struct membership membership;
    struct connection connection;
    struct app_switches switches;
    const char *org_reason; /* NULL: none given */
    struct quarantine quarantine;
    struct account account;
    struct app_group via; /* rid 0: no group gives the app */
    struct group via_group;
    struct work account_work;
    struct held account_hold;
    struct mapping mapping;
    struct target_group target;
    struct mapping_state state;
    struct member_view row;
    struct held member_hold;
    struct drift account_drift, member_drift, group_drift;
    struct drift_members members_drift; /* of a whole group */
    struct trail person, of_app, of_group_trail, of_via, of_mapping, of_org;
    enum should should;
    bool of_group;
    bool is_member;
    bool has_connection;
    bool org_paused;
    bool quarantined;
    bool has_account;
    bool account_works;
    bool account_held;
    bool mapped;
    bool expands; /* the mapping's members are being looked at */
    bool has_row;
    bool member_held;
    bool has_account_drift, has_member_drift, has_group_drift; /* that stand (facts_of_drift()) */
    bool there;                                                /* as far as the app acknowledged it */
    bool leaving;                                              /* there, and should not be */
};

int facts_read(struct tx *tx, int64_t app_rid, int64_t user_rid, int64_t source_rid, struct facts *ret) MUSTCHECK;

/* What a scan found stands only while nothing newer, the app's own word included, is known: called once, with `live`.
 */
void facts_of_drift(struct facts *facts);
void check_account_drift(const struct facts *facts, struct check *check);
void check_group_drift(const struct facts *facts, struct check *check);
void check_member_drift(const struct facts *facts, struct check *check);
void check_members_drift(const struct facts *facts, struct check *check);

/* The newest event of the trail of one of these types (NULL at the end) that names `also` (NULL: whatever it names)
 * tells since when and by whom; without one `since` stays. */
void check_by(struct check *check, const struct trail *trail, const char *const *types, const char *also);
#define TYPES(...) ((const char *const[]){__VA_ARGS__, NULL})

void check_pass(struct check *check, const char *fact);
void check_skip(struct check *check, const char *fact);
/* The remedy is filled in by the caller. */
void check_fail(struct check *check, const char *cause, const char *fact);
struct remedy remedy_call(const char *words, const char *method, const char *path, const char *body);
struct remedy remedy_words(const char *words);
/* What waits is done by itself: the call waits for it. */
struct remedy remedy_wait(const struct facts *facts);
/* Everything that failed in the app is tried again, when what the table of errors says was done. */
struct remedy remedy_retry(const struct facts *facts, const char *error_class);
/* A held deletion of the person, or a protection. */
void check_held(const struct facts *facts, const struct held *held, const char *what, struct check *ret);
/* "/api/v1/apps/<id><rest>" */
const char *app_path(const struct facts *facts, const char *rest);
const char *mapping_path(const struct facts *facts, const char *rest);

#define OF_GROUP 1U  /* asked of a group only */
#define OF_PERSON 2U /* asked of a person only */
#define OF_WHOLE 8U  /* asked of a whole group only */
#define DECIDES 4U   /* whether the person should be there at all */

/* The checks, in order. Each starts from PASS without a fact. */
typedef void (*check_fn)(const struct facts *facts, struct check *check);
struct check_row {
    const char *name;
    enum check_area area;
    unsigned of;
    check_fn run;
};
/* Each ends with a row whose name is NULL. */
extern const struct check_row source_checks[], app_checks[], account_checks[], group_checks[], live_checks[];

#endif
