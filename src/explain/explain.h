/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why: an ordered list of checks that answers, for a person and an app, whether the account is as it should be, and for
 * a pushed group besides whether the person is in it as he should be. Each check has the fact that decided it, when it
 * became so and who did it; the first one that fails names the cause and the call that mends it.
 *
 * The same list answers the opposite question, why somebody is there who should not be: the checks that say why he
 * should not be are facts then and pass, and those that stand between the wish and the removal may fail.
 *
 * Everything comes from the store, in a number of statements that neither the size of the group nor of the directory
 * changes (EXPLAIN_STATEMENTS); what the app itself shows is handed in (struct live) by who asked it. Reads only.
 */
#ifndef EXPLAIN_EXPLAIN_H
#define EXPLAIN_EXPLAIN_H

#include "app/account.h"
#include "push/push.h"

#define EXPLAIN_STATEMENTS 48 /* of one diagnosis, at most */
#define EXPLAIN_CHECKS_MAX 40

enum check_area { AREA_SOURCE, AREA_APP, AREA_ACCOUNT, AREA_GROUP, AREA_TARGET };
enum check_result { CHECK_PASS, CHECK_FAIL, CHECK_NOT_APPLICABLE };
const char *check_area_name(enum check_area area);       /* "SOURCE" */
const char *check_result_name(enum check_result result); /* "NOT_APPLICABLE" */

/* What mends it. */
struct remedy {
    const char *words;  /* a sentence */
    const char *method; /* of a call of the management API that can be made as it stands; NULL: no call does it */
    const char *path;   /* "/api/v1/..." */
    const char *body;   /* JSON; NULL: none */
};

struct check {
    const char *name; /* "member" */
    enum check_area area;
    enum check_result result;
    const char *fact;        /* a sentence */
    int64_t since;           /* ms: when it became so; 0: not known */
    const char *by;          /* who did it, from the system log; NULL: not known */
    const char *event;       /* id of that event */
    const char *cause;       /* FAIL: "NOT_A_MEMBER", a word for programs; else NULL */
    const char *error_class; /* the row of the table of errors (target/errors.def), where it is one; NULL */
    int64_t next_try;        /* ms: what failed or waits is tried by itself then; 0: not */
    struct remedy remedy;    /* FAIL */
    bool against;            /* the fact is why the person should not be there */
};

enum verdict {
    VERDICT_IN_STEP,        /* there, and should be; or KEPT */
    VERDICT_RIGHTLY_ABSENT, /* not there, and should not be */
    VERDICT_MISSING,        /* not there, and should be */
    VERDICT_EXTRA,          /* there, and should not be */
};
const char *verdict_name(enum verdict verdict);

struct diagnosis {
    struct app app;
    struct user user;
    bool of_group;          /* the question is about a group; else about the account */
    struct group source;    /* of_group */
    struct mapping mapping; /* of_group; rid 0: the group is not pushed to the app */
    enum verdict verdict;
    int64_t since; /* ms: VERDICT_IN_STEP since then, as far as is known; 0 */
    struct check checks[EXPLAIN_CHECKS_MAX];
    int count;
    const struct check *first; /* the cause; NULL: all is well */
    const char *words;         /* the answer, a sentence */
};

/* What the app shows, as read by the engine a moment ago. */
enum live_answer { LIVE_NOT_ASKED, LIVE_FOUND, LIVE_ABSENT, LIVE_FAILED };
struct live {
    enum live_answer account;
    int account_active;        /* 1, 0; -1: the app does not say */
    const char *account_words; /* LIVE_FAILED: a sentence */
    enum live_answer group;
    const char *group_name; /* NULL: not shown */
    bool shows_members;
    bool has_member;            /* of one person */
    int64_t absent, unexpected; /* of a whole group: as struct shown_members has it... */
    bool overtaken;             /* ...which is not so: it was pushed since it was asked for */
    const char *group_words;
};

/*
 * `source_rid` 0: about the account. `user_rid` 0: about the group as a whole: what keeps it from being pushed, with
 * the verdict IN_STEP or MISSING and no words. `live` NULL: the app was not asked. ERR_NOT_FOUND: no such person, app
 * or group (tombstones are found). Texts in the tx's arena.
 */
int explain(struct tx *tx, int64_t app_rid, int64_t user_rid, int64_t source_rid, const struct live *live,
            struct diagnosis *ret) MUSTCHECK;
/* Why the person should not be there, the newest fact of several; NULL: he should be. */
const struct check *diagnosis_against(const struct diagnosis *diagnosis);

#endif
