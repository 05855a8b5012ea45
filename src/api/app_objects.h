/* SPDX-License-Identifier: Apache-2.0 */
/* Apps and their users as published, and how their verticals find them. */
#ifndef API_APP_OBJECTS_H
#define API_APP_OBJECTS_H

#include "api/objects.h"
#include "app/account.h"
#include "app/app.h"

/* The app of the first path parameter; E0000007 when there is none. */
int find_app(struct tx *tx, struct call *call, struct app *ret) MUSTCHECK;

/* What is shown with an app user beyond itself. */
struct app_user_view {
    const struct app *app;
    struct app_switches switches;
    bool expand_user;
};
int app_user_view(struct tx *tx, struct call *call, const struct app *app, struct app_user_view *ret) MUSTCHECK;

/* Writes an Application. `embed_user` (may be NULL): the person whose app user is shown under _embedded.user. */
int object_app(struct tx *tx, struct call *call, const char *key, const struct app *app,
               const struct user *embed_user) MUSTCHECK;
/* Writes an AppUser; the account has a scope. */
int object_app_user(struct tx *tx, struct call *call, const char *key, const struct app_user_view *view,
                    const struct account *account, const struct user *user) MUSTCHECK;

/* The value of a field that may be left out or null: 0 absent, 1 there, ERR_PROBLEM for another type. */
int field_object(struct call *call, const struct jval *body, const char *name, const struct jval **ret) MUSTCHECK;
int field_string(struct call *call, const struct jval *body, const char *name, const char **ret) MUSTCHECK;
int field_bool(struct call *call, const struct jval *body, const char *name, bool *ret) MUSTCHECK;
/* One of `names` (a place may be NULL): its index. */
int field_choice(struct call *call, const struct jval *body, const char *name, const char *const *names, size_t count,
                 int *ret) MUSTCHECK;
/* wait=30s: how long the call may wait for what it asks about, ms; 0 without it. */
int call_wait_seconds(struct call *call, int64_t *ret_ms) MUSTCHECK;
/* An answer of {}. */
void answer_empty_object(struct call *call);

#endif
