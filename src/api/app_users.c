/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/apps/{appId}/users: who has an app (published: Okta's management API). */
#include "api/app_objects.h"

#include "base/limits.h"
#include "base/text.h"

#define PAGE_DEFAULT 50 /* as published */
#define CHUNK 200

/* --- listing -------------------------------------------------------------------------------------------------------
 */

/* q: the beginning of the user name in the app, or of what object_user_begins() looks at. */
static bool matches(struct tx *tx, const struct account *account, const struct user *user, const char *folded_q)
{
    if (!folded_q || object_begins(tx_arena(tx), account->user_name, folded_q))
        return true;
    return object_user_begins(tx_arena(tx), user, folded_q);
}

/* 1 when the account belongs to the list; its person is filled in. */
static int belongs(struct tx *tx, const struct account *account, const char *folded_q, struct user *ret_user)
{
    if (account->scope == SCOPE_NONE)
        return 0;
    int r = user_by_rid(tx, account->user_rid, ret_user);
    if (r == ERR_NOT_FOUND)
        return 0;
    return r < 0 ? r : !ret_user->deleted && matches(tx, account, ret_user, folded_q);
}

static int write_users(struct tx *tx, struct call *call, const struct app_user_view *view, const struct page *page,
                       int64_t after)
{
    const char *q = call_query(call, "q");
    const char *folded_q = q && *q ? text_fold(call->arena, q) : NULL;
    struct account *accounts = arena_array(call->arena, CHUNK, sizeof(*accounts));
    int64_t last = 0;
    int written = 0;
    int count = CHUNK;
    jout_array(&call->out, NULL);
    while (count == CHUNK && written <= page->limit) {
        count = account_list(tx, view->app->rid, after, accounts, CHUNK);
        for (int i = 0; i < count && written <= page->limit; i++) {
            struct user user = {0};
            after = accounts[i].rid;
            int r = belongs(tx, &accounts[i], folded_q, &user);
            if (r > 0 && written++ < page->limit) {
                r = object_app_user(tx, call, NULL, view, &accounts[i], &user);
                last = after;
            }
            if (r < 0)
                return r;
        }
        if (count < 0)
            return count;
    }
    jout_end(&call->out);
    call_page_links(call, written > page->limit ? arena_printf(call->arena, "%lld", (long long)last) : NULL);
    return 0;
}

static int list_app_users(struct tx *tx, struct call *call)
{
    struct page page = {0};
    struct app app = {0};
    struct app_user_view view = {0};
    int64_t after = 0;
    int r = call_page(call, PAGE_DEFAULT, LIMIT_PAGE_APP_USERS, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = app_user_view(tx, call, &app, &view);
    return r ? r : write_users(tx, call, &view, &page, after);
}

/* --- one app user --------------------------------------------------------------------------------------------------
 */

/* What a body says of an assignment; NULL: nothing. */
struct given {
    const char *scope;
    const char *user_name;
    const struct jval *profile;
};

static int read_given(struct call *call, const struct jval *body, struct given *ret)
{
    struct given given = {0};
    const struct jval *credentials = NULL;
    int r = field_string(call, body, "scope", &given.scope);
    if (r >= 0)
        r = field_object(call, body, "profile", &given.profile);
    if (r >= 0)
        r = field_object(call, body, "credentials", &credentials);
    if (r > 0)
        r = field_string(call, credentials, "userName", &given.user_name);
    if (r < 0)
        return r;
    if (given.scope && !str_eq(given.scope, "USER") && !str_eq(given.scope, "GROUP"))
        return call_invalid(call, "scope", "must be USER or GROUP");
    *ret = given;
    return 0;
}

static int find_app_user(struct tx *tx, struct call *call, struct app *app, struct user *user, struct account *account)
{
    int r = find_app(tx, call, app);
    if (r < 0)
        return r;
    r = user_by_id(tx, call->params[1], user);
    if (r == 0)
        r = account_get(tx, app->rid, user->rid, account);
    if (r == ERR_NOT_FOUND || (r == 0 && account->scope == SCOPE_NONE))
        return call_not_found(call, call->params[1], "AppUser");
    return r;
}

static int answer_app_user(struct tx *tx, struct call *call, const struct app *app, const struct account *account,
                           const struct user *user)
{
    struct app_user_view view = {0};
    int r = app_user_view(tx, call, app, &view);
    return r ? r : object_app_user(tx, call, NULL, &view, account, user);
}

static int get_app_user(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct user user = {0};
    struct account account = {0};
    int r = find_app_user(tx, call, &app, &user, &account);
    return r ? r : answer_app_user(tx, call, &app, &account, &user);
}

/* From an assignment to the person to that of a group that gives the app too. */
static int convert_to_group(struct tx *tx, struct call *call, const struct app *app, struct account *account)
{
    int r = account_convert(tx, app, account, SCOPE_GROUP, &call->problem);
    if (r == CONVERT_NO_GROUP)
        return call_invalid(call, "scope", "no assigned group holds the person; assign one that does, or use USER");
    return MIN_OF(r, 0);
}

static int change_app_user(struct tx *tx, struct call *call, const struct app *app, const struct user *user,
                           const struct given *given, struct account *account)
{
    int r = 0;
    if (str_eq(given->scope, "GROUP"))
        r = convert_to_group(tx, call, app, account);
    if (str_eq(given->scope, "USER") && account->scope == SCOPE_GROUP && !given->user_name && !given->profile)
        return MIN_OF(account_convert(tx, app, account, SCOPE_USER, &call->problem), 0);
    if (r == 0 && str_eq(given->scope, "USER"))
        return account_assign(tx, app, user, given->user_name, given->profile, account, &call->problem);
    if (r == 0 && (given->user_name || given->profile))
        r = account_update(tx, app, account, given->user_name, given->profile, &call->problem);
    return r;
}

static int assign_app_user(struct tx *tx, struct call *call)
{
    const struct jval *body;
    struct given given = {0};
    struct app app = {0};
    struct user user = {0};
    struct account account = {.scope = SCOPE_NONE};
    const char *id = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = field_string(call, body, "id", &id);
    if (r == 0)
        return call_invalid(call, "id", "The field cannot be left blank");
    if (r > 0)
        r = read_given(call, body, &given);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = user_by_id(tx, id, &user);
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, id, "User");
    if (r == 0)
        r = account_get(tx, app.rid, user.rid, &account);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    if (!str_eq(given.scope, "GROUP"))
        r = account_assign(tx, &app, &user, given.user_name, given.profile, &account, &call->problem);
    else if (account.scope == SCOPE_NONE)
        return call_invalid(call, "scope", "must be USER: a person gets an app by group when the group is assigned");
    else
        r = change_app_user(tx, call, &app, &user, &given, &account);
    return r ? r : answer_app_user(tx, call, &app, &account, &user);
}

static int update_app_user(struct tx *tx, struct call *call)
{
    const struct jval *body;
    struct given given = {0};
    struct app app = {0};
    struct user user = {0};
    struct account account = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = read_given(call, body, &given);
    if (r == 0)
        r = find_app_user(tx, call, &app, &user, &account);
    if (r == 0)
        r = change_app_user(tx, call, &app, &user, &given, &account);
    return r ? r : answer_app_user(tx, call, &app, &account, &user);
}

static int unassign_app_user(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct user user = {0};
    struct account account = {0};
    call->status = 204;
    int r = find_app_user(tx, call, &app, &user, &account);
    return r ? r : account_unassign(tx, &app, &account, &call->problem);
}

/* --- the apps of a person ------------------------------------------------------------------------------------------
 */

static void write_app_link(struct call *call, const struct app *app, const struct user *user, int order)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "id", user->id);
    jout_str(out, "label", app->label);
    jout_str(out, "linkUrl", call_link(call, "/api/v1/apps/%s", app->id));
    jout_str(out, "appName", app->name);
    jout_str(out, "appInstanceId", app->id);
    jout_str(out, "appAssignmentId", user->id);
    jout_bool(out, "credentialsSetup", false);
    jout_bool(out, "hidden", false);
    jout_int(out, "sortOrder", order);
    jout_end(out);
}

static int list_app_links(struct tx *tx, struct call *call)
{
    struct user user = {0};
    int r = user_by_id_or_login(tx, call->params[0], &user);
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, call->params[0], "User");
    if (r < 0)
        return r;
    int64_t rids[CHUNK];
    int64_t after = 0;
    int order = 0;
    int count = CHUNK;
    jout_array(&call->out, NULL);
    while (count == CHUNK) {
        count = app_rids_of_user(tx, user.rid, after, rids, CHUNK);
        for (int i = 0; i < count; i++) {
            struct app app = {0};
            after = rids[i];
            r = app_by_rid(tx, after, &app);
            if (r < 0)
                return r;
            if (app.status == APP_ACTIVE)
                write_app_link(call, &app, &user, order++);
        }
        if (count < 0)
            return count;
    }
    jout_end(&call->out);
    return 0;
}

#define USERS "/api/v1/apps/{appId}/users"
#define USER USERS "/{userId}"

const struct route app_user_routes[] = {
    {"GET", USERS, ROUTE_READ, ROLE_READ_ONLY, list_app_users, "listApplicationUsers", NULL},
    {"POST", USERS, ROUTE_WRITE, ROLE_OPERATOR, assign_app_user, "assignUserToApplication", NULL},
    {"GET", USER, ROUTE_READ, ROLE_READ_ONLY, get_app_user, "getApplicationUser", NULL},
    {"POST", USER, ROUTE_WRITE, ROLE_OPERATOR, update_app_user, "updateApplicationUser", NULL},
    {"DELETE", USER, ROUTE_WRITE, ROLE_OPERATOR, unassign_app_user, "unassignUserFromApplication", NULL},
    {"GET", "/api/v1/users/{id}/appLinks", ROUTE_READ, ROLE_READ_ONLY, list_app_links, "listAppLinks", NULL},
    {.method = NULL},
};
