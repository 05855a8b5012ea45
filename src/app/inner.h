/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef APP_INNER_H
#define APP_INNER_H

#include "app/account.h"
#include "app/app.h"
#include "base/clock.h"
#include "base/limits.h"
#include "record/record.h"

#define APP_NAME_CHARS 100       /* characters of an app's catalogue key */
#define APP_USER_NAME_CHARS 100  /* characters of a user name in an app, as published */
#define APP_SECRET_BYTES 8192    /* bytes of a credential */
#define APP_BASE_URL_BYTES 2048  /* bytes of a base URL */
#define APP_PRIORITY_MAX 1000000 /* the worst priority of a group assignment */

/* All secrets of a connection in clear; NULL where there is none. Wipe with connection_clear_wipe(). */
struct connection_clear {
    struct connection_secrets now;
    const char *old; /* the credential before */
};
void connection_clear_wipe(const struct connection_clear *clear);

/* template.c */
/* Refuses templates that app_template_apply() does not know. 0 or ERR_PROBLEM. */
int app_template_check(const char *template, struct problem *problem) MUSTCHECK;
/* The user name that the app's template (from its document) gives a person, in the tx's arena. */
const char *app_template_apply(struct tx *tx, const struct app *app, const struct user *user)
    __attribute__((returns_nonnull));

/* address.c */
/* As connection_url_check(), of a hook's receiver and of the token endpoint, which may have a query. */
int hook_url_check(const char *uri, bool allow_plain_http, struct problem *problem) MUSTCHECK;
int token_url_check(const char *token_url, bool allow_plain_http, struct problem *problem) MUSTCHECK;

/* connection.c */
/* Every column of the row, which it makes or changes; all secrets sealed with the current key. */
int connection_store(struct tx *tx, const struct keyring *keyring, struct connection *connection,
                     const struct connection_clear *clear) MUSTCHECK;
/* All that is sealed, in clear, in the tx's arena. */
int connection_open(struct tx *tx, const struct keyring *keyring, const struct connection *connection,
                    struct connection_clear *ret) MUSTCHECK;

/* connection_time.c */
/* `look_at` of a connection that is saved: at once when something of it ends within EXPIRY_WARN_MS. */
int64_t connection_first_look(const struct connection *connection, int64_t now);

/* connection_check.c */
/* What is wrong with a complete input. `*ret_ends`: when its client certificate does (ms), 0 without one. */
int connection_judge(struct tx *tx, const struct connection_input *input, int64_t *ret_ends,
                     struct problem *problem) MUSTCHECK;
/* May what is stored be kept for this input? */
int connection_kept_check(struct tx *tx, const struct connection *old, const struct connection_input *given,
                          const struct connection_input *complete, struct problem *problem) MUSTCHECK;
/* The form of a header's name; and names that would change how a request is read, or that the client sets itself. */
bool header_name_is_valid(const char *name);
bool header_is_taken(const char *name);
/* Scheme, host and port are the same: a stored credential goes nowhere else (invariant 12). */
bool url_is_same_place(struct arena *arena, const char *a, const char *b);

/* document.c */
struct app_document {
    const char *name;
    const char *label;
    const char *sign_on_mode;
    const char *text; /* the rest, as JSON, without secrets */
};
/* Judges a body for POST (`old` NULL) or PUT. Texts in the tx's arena. 0 or ERR_PROBLEM. */
int app_document_read(struct tx *tx, const struct jval *body, const struct app *old, struct app_document *ret,
                      struct problem *problem) MUSTCHECK;

/* account.c */
/* Why an account is looked at. */
struct look {
    enum work_class class;               /* of work for what is not a loss */
    bool profile;                        /* something that the profile is made from may have changed */
    bool groups;                         /* another group may give the app, or say other things */
    bool again;                          /* what is owed was passed over while the person was suspended */
    const struct app_switches *switches; /* NULL: read */
};
/* Looks at one person and one app: makes or changes the account's row, and its work. 0 or a negative error. */
int account_look(struct tx *tx, const struct app *app, const struct user *user, const struct look *look) MUSTCHECK;
/* Writes every column of the row, which exists. */
int account_store(struct tx *tx, struct account *account) MUSTCHECK;
int account_delete(struct tx *tx, const struct account *account) MUSTCHECK;
int account_event(struct tx *tx, const char *type, const struct app *app, const struct user *user,
                  const struct account *account) MUSTCHECK;
int account_changed(struct tx *tx, int kind, const struct account *account) MUSTCHECK;
/* Former accounts and those of scope GROUP that a group gives: above `after`, in order of rid. The count. */
int account_list_via(struct tx *tx, int64_t app_rid, int64_t group_rid, int64_t after, struct account *ret,
                     int limit) MUSTCHECK;
/* Accounts of an app whose document names a person by this key (account.h), in order of rid, above `after`. The count.
 */
int account_list_referrers(struct tx *tx, int64_t app_rid, const char *key, int64_t after, struct account *ret,
                           int limit) MUSTCHECK;
/* Does any account of the app name a person? 1 or 0. */
int account_any_refers(struct tx *tx, int64_t app_rid) MUSTCHECK;

/* Ends the assignment to the person, who may have the app by a group; `keep_name`: and keeps a user name of his own. */
int account_end_individual(struct tx *tx, const struct app *app, struct account *account, bool keep_name) MUSTCHECK;

/* profile.c */
/* As account_document(), and the key of the person that it names (account.h). */
int account_document_of(struct tx *tx, const struct account *account, const struct user *user, struct jval **ret,
                        const char **ret_error, const char **ret_refers_to) MUSTCHECK;
/* 1 when the app acknowledged something else, 0 when not. What is never sent makes no difference. */
int document_differs(const struct account *account, const struct jval *document) MUSTCHECK;
/* 1 when the app should hold another profile than it acknowledged, 0 when not. */
int account_profile_differs(struct tx *tx, const struct account *account, const struct user *user) MUSTCHECK;

/* assignment.c */
int app_group_by_rid(struct tx *tx, int64_t rid, struct app_group *ret) MUSTCHECK; /* ERR_NOT_FOUND */
/* Drops an assignment, with its change, event and the expansion that follows. `group` may be a tombstone. */
int app_group_drop(struct tx *tx, const struct app *app, const struct group *group) MUSTCHECK;

int app_group_event(struct tx *tx, const char *type, const struct app *app, const struct group *group) MUSTCHECK;

/* convert.c */
#define CONVERT_CHUNK 200 /* accounts that one transaction converts: each writes its row, an event, and maybe work */
int expand_convert(struct tx *tx, struct work *work) MUSTCHECK; /* 1 more, 0 done */

/* expand.c */
/*
 * Accounts that one fact looks at itself: each may write the account, its work, an event, and what push adds, which
 * stays within LIMIT_REACTOR_ROWS.
 */
#define REACT_ACCOUNTS 100
/* The people of a group that was assigned, or whose assignment changed: at once when they are few, else an expansion.
 */
int spread_assigned(struct tx *tx, const struct app *app, const struct app_group *assignment) MUSTCHECK;
/* The same for accounts that a group gave. */
int spread_unassigned(struct tx *tx, const struct app *app, int64_t group_rid) MUSTCHECK;
/* The accounts of an app whose document names the person: at once when they are few, else an expansion. `old_login`: a
 * name that the person had before; NULL. */
int spread_referrers(struct tx *tx, const struct app *app, const struct user *user, const char *old_login) MUSTCHECK;

/* react.c */
int app_react(struct tx *tx, const struct change *change) MUSTCHECK;

/* app.c */
int app_event(struct tx *tx, const char *type, const struct app *app, const char *debug) MUSTCHECK;

#endif
