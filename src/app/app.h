/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apps: the integrations that people are assigned to, how to reach them (connection), which switches are on (features),
 * and who has them. Assignments decide who should have an account; account.h remembers who has one.
 *
 * Switches act on changes made from then on: while one is off, nothing is queued for it. An app that is inactive,
 * paused or whose connection is off keeps its queue, and nothing is sent. Deleting an app sends nothing and forgets
 * everything about it.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/changes.h"
#include "app/connection.h"
#include "auth/auth.h"
#include "base/jval.h"
#include "base/problem.h"
#include "directory/directory.h"
#include "store/store.h"

extern const struct store_room app_room;

/* --- apps ----------------------------------------------------------------------------------------------------------
 */

enum app_status { APP_ACTIVE = 1, APP_INACTIVE = 2 };

struct app {
    int64_t rid;
    const char *id;   /* 0oa... */
    const char *name; /* catalogue key: "scim2", "okta_org2org", or made from the label */
    const char *label;
    enum app_status status;
    bool paused;
    const char *sign_on_mode;
    const char *document; /* JSON: the rest of the published fields as given (settings, visibility, accessibility,
                             credentials ...) */
    int64_t created, last_updated;
};
int app_by_id(struct tx *tx, const char *id, struct app *ret) MUSTCHECK; /* ERR_NOT_FOUND */
int app_by_rid(struct tx *tx, int64_t rid, struct app *ret) MUSTCHECK;
int app_by_label(struct tx *tx, const char *label, struct app *ret) MUSTCHECK; /* folded */
/* App rids that a group is assigned to, ascending, above `after`. The count. */
int app_rids_of_group(struct tx *tx, int64_t group_rid, int64_t after, int64_t *ret, int limit) MUSTCHECK;
/* App rids that a person has (scope USER or GROUP), ascending, above `after`. The count. */
int app_rids_of_user(struct tx *tx, int64_t user_rid, int64_t after, int64_t *ret, int limit) MUSTCHECK;
/* Rids of all apps in ascending order above `after`. The count. */
int app_rids(struct tx *tx, int64_t after, int64_t *ret, int limit) MUSTCHECK;
int app_create(struct tx *tx, const struct jval *body, bool activate, struct app *ret,
               struct problem *problem) MUSTCHECK;
int app_update(struct tx *tx, struct app *app, const struct jval *body, struct problem *problem) MUSTCHECK;
int app_set_status(struct tx *tx, struct app *app, enum app_status status, struct problem *problem) MUSTCHECK;
int app_set_paused(struct tx *tx, struct app *app, bool paused, struct problem *problem) MUSTCHECK;
/* Must be INACTIVE (E0000056 otherwise). */
int app_delete(struct tx *tx, struct app *app, struct problem *problem) MUSTCHECK;

/* --- full capture of what is asked of an app (record/record.h), logged when it begins and when it ends --- */
/* `minutes` from now on: 1 to LIMIT_CAPTURE_MINUTES. While it is on: until then instead. */
int app_capture_start(struct tx *tx, const struct app *app, int64_t minutes, struct problem *problem) MUSTCHECK;
/* Fine when there is none. */
int app_capture_end(struct tx *tx, const struct app *app) MUSTCHECK;
/* Logs the end of one that is past its time. 1: there was one, 0: none. */
int app_capture_expire(struct tx *tx) MUSTCHECK;

/* --- the whole organisation: pause, and why (a restored store starts paused) --- */
int org_paused(struct tx *tx, const char **ret_reason) MUSTCHECK; /* 1 paused (reason in the arena), 0 not */
int org_set_paused(struct tx *tx, bool paused, const char *reason) MUSTCHECK;

/* --- switches (features) -------------------------------------------------------------------------------------------
 */

/* Are pushed members read back? Our own setting. */
enum verify_mode {
    VERIFY_MODE_NEVER, /* when somebody asks only */
    VERIFY_MODE_SAMPLED,
    VERIFY_MODE_ALWAYS,
};

/*
 * How requests to the app are written (target/request.h). The two others are the published client's, for makers of SCIM
 * apps: the way it speaks to a catalogue app (PATCH) and to a custom app (GET and PUT).
 */
enum app_dialect { DIALECT_STANDARD, DIALECT_CATALOG, DIALECT_CUSTOM };
#define DIALECT_COUNT 3
const char *app_dialect_name(enum app_dialect dialect); /* "STANDARD", "CATALOG", "CUSTOM" */

struct app_switches {
    bool create;                 /* USER_PROVISIONING capabilities.create.lifecycleCreate */
    bool update;                 /* capabilities.update.profile */
    bool deactivate;             /* capabilities.update.lifecycleDeactivate */
    bool password;               /* capabilities.update.password: kept and shown; nothing is sent */
    const char *password_seed;   /* "OKTA" | "RANDOM" */
    const char *password_change; /* "KEEP_EXISTING" | "CHANGE" */
    bool delete_linked_groups;   /* our own setting: a linked group may be deleted in the target */
    enum verify_mode verify;
    enum app_dialect dialect; /* our own setting */
};
int app_switches_get(struct tx *tx, int64_t app_rid, struct app_switches *ret) MUSTCHECK;
int app_switches_set(struct tx *tx, struct app *app, const struct app_switches *switches,
                     struct problem *problem) MUSTCHECK;

/* May anything be sent: ACTIVE, not paused, connection ENABLED, organisation not paused. 1 or 0; `*ret_why` (may be
 * NULL) says which is not. */
int app_is_open(struct tx *tx, int64_t app_rid, const char **ret_why) MUSTCHECK;

/* --- group assignments ---------------------------------------------------------------------------------------------
 */

struct app_group {
    int64_t rid;
    int64_t app_rid;
    int64_t group_rid;
    int priority;        /* 0 is best */
    const char *profile; /* JSON object */
    int64_t last_updated;
};
/* Assignments of an app above the rid `after`, in order of rid, at most `limit`. The count. */
int app_group_list(struct tx *tx, int64_t app_rid, int64_t after, struct app_group *ret, int limit) MUSTCHECK;
/* The assigned group with the best priority that holds the person: 1 (`ret` filled in), 0 none. */
int app_group_best(struct tx *tx, int64_t app_rid, int64_t user_rid, struct app_group *ret) MUSTCHECK;
int app_group_get(struct tx *tx, int64_t app_rid, int64_t group_rid, struct app_group *ret) MUSTCHECK;
/* All assigned groups that hold the person, the best priority first, in the tx's arena. The count. */
int app_groups_of_user(struct tx *tx, int64_t app_rid, int64_t user_rid, struct app_group **ret) MUSTCHECK;
/* Assigns or changes. profile NULL: kept, or {}; its attributes must be in the app's schema. priority < 0: kept, or
 * next. */
int app_group_put(struct tx *tx, const struct app *app, const struct group *group, int priority,
                  const struct jval *profile, struct app_group *ret, struct problem *problem) MUSTCHECK;
#define APP_ORDER_GROUPS 1000 /* groups of an app that can be put in order by one call */
/* Puts the groups that the app is assigned to in this order, the best first: all of them, by public id. What changes
 * for whom is found in chunks. */
int app_groups_order(struct tx *tx, const struct app *app, const char *const *ids, int count,
                     struct problem *problem) MUSTCHECK;
int app_group_remove(struct tx *tx, const struct app *app, const struct group *group,
                     struct problem *problem) MUSTCHECK;

#endif
