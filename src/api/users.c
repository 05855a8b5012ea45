/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/users (published: Okta's management API). */
#include "api/objects.h"
#include "api/user_body.h"
#include "base/limits.h"
#include "directory/search.h"

#define PAGE_USERS_Q 10    /* users that q= finds unless told otherwise, as published */
#define GROUP_IDS_MAX 1000 /* groups that a new user is put into at once */

/* --- finding -------------------------------------------------------------------------------------------------------
 */

static int find_user(struct tx *tx, struct call *call, struct user *ret)
{
    const char *id = call->params[0];
    if (str_eq(id, "me")) { /* a token is not a person */
        (void)problem_set(&call->problem, E0000007, "Resource not found: me (User)");
        return problem_cause(&call->problem, "id: API tokens act for no user; give the id or login of a user");
    }
    int r = user_by_id_or_login(tx, id, ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, id, "User") : r;
}

static void answer_user(struct call *call, const struct user *user)
{
    call_header(call, "ETag", arena_printf(call->arena, "W/\"%lld\"", (long long)user->version));
    object_user(call, NULL, user, true);
}

static void answer_nothing(struct call *call)
{
    jout_object(&call->out, NULL);
    jout_end(&call->out);
}

/* If-Match: any of the listed tags, or *. */
static int check_match(struct call *call, const struct user *user)
{
    const char *header = call_request_header(call, "If-Match");
    if (!header || str_eq(header, "*"))
        return 0;
    const char *tag = arena_printf(call->arena, "\"%lld\"", (long long)user->version);
    if (strstr(header, tag))
        return 0;
    (void)problem_set(&call->problem, E0000231, "%s", "");
    return problem_cause(&call->problem,
                         "If-Match: The user has changed since; read the user again. The ETag is now "
                         "W/%s",
                         tag);
}

/* --- lists ---------------------------------------------------------------------------------------------------------
 */

static int write_listed(const struct user *user, void *data)
{
    struct call *call = data;
    object_user(call, NULL, user, false);
    return 0;
}

static int read_order(struct call *call, struct list_request *ret)
{
    const char *order = call_query(call, "sortOrder");
    ret->sort_by = call_query(call, "sortBy");
    if (order && *order && !str_eq(order, "asc") && !str_eq(order, "desc"))
        return call_invalid(call, "sortOrder", "The value \"%.40s\" is neither asc nor desc", order);
    ret->descending = str_eq(order, "desc");
    return 0;
}

static int refuse_unsupported(struct call *call, const char *name)
{
    const char *value = call_query(call, name);
    if (value && *value)
        return call_invalid(call, name, "This parameter is not supported here; leave it out");
    return 0;
}

static int list_users(struct tx *tx, struct call *call)
{
    struct page page = {0};
    const char *q = call_query(call, "q");
    struct list_request request = {.q = q, .filter = call_query(call, "filter"), .search = call_query(call, "search")};
    int r = call_page(call, q && *q ? PAGE_USERS_Q : LIMIT_PAGE_USERS, LIMIT_PAGE_USERS, &page);
    if (r == 0)
        r = read_order(call, &request);
    if (r == 0)
        r = refuse_unsupported(call, "fields");
    if (r == 0)
        r = refuse_unsupported(call, "expand");
    if (r < 0)
        return r;
    request.limit = page.limit;
    request.after = page.after;
    const char *next = NULL;
    jout_array(&call->out, NULL);
    r = user_list(tx, &request, write_listed, call, &next, &call->problem);
    jout_end(&call->out);
    if (r == 0)
        call_page_links(call, next);
    return r;
}

static int write_group(const struct group *group, void *data)
{
    object_group(data, NULL, group);
    return 0;
}

static int list_groups_of_user(struct tx *tx, struct call *call)
{
    struct user user = {0};
    struct page page = {0};
    int64_t after = 0;
    int64_t next = 0;
    int r = find_user(tx, call, &user);
    if (r == 0)
        r = call_page(call, LIMIT_PAGE_GROUPS, LIMIT_PAGE_GROUPS, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    r = user_group_list(tx, user.rid, after, page.limit, write_group, call, &next);
    jout_end(&call->out);
    if (r == 0)
        call_page_links(call, next ? arena_printf(call->arena, "%lld", (long long)next) : NULL);
    return r;
}

static int get_user(struct tx *tx, struct call *call)
{
    struct user user = {0};
    const char *expand = call_query(call, "expand");
    if (expand && *expand && !str_eq(expand, "blocks"))
        return call_invalid(call, "expand", "Only blocks can be expanded here");
    int r = find_user(tx, call, &user);
    if (r < 0)
        return r;
    answer_user(call, &user);
    return 0;
}

/* --- making --------------------------------------------------------------------------------------------------------
 */

static int read_next_login(struct call *call, const struct user_body *body, bool activate, bool *ret)
{
    const char *next = call_query(call, "nextLogin");
    *ret = false;
    if (!next || !*next)
        return 0;
    if (!str_eq(next, "changePassword"))
        return call_invalid(call, "nextLogin", "The value \"%.40s\" is not changePassword; give that or leave it out",
                            next);
    if (!activate || !body->password_hash) {
        (void)problem_set(&call->problem, E0000063, "%s", "");
        return problem_cause(&call->problem, "nextLogin: changePassword goes with activate=true and a password in "
                                             "credentials.password.value");
    }
    *ret = true;
    return 0;
}

static int check_provider(struct call *call, const struct user_body *body)
{
    bool with_provider = false;
    int r = call_query_bool(call, "provider", false, &with_provider);
    if (r < 0)
        return r;
    bool own = !body->provider || str_eq(body->provider, "OKTA");
    if (with_provider && !body->provider)
        return call_invalid(call, "credentials.provider", "provider=true needs the provider's type here");
    if (!own && !with_provider)
        return call_invalid(call, "credentials.provider", "Add provider=true to the query, or leave the provider out");
    if (!own && (body->password_hash || body->question))
        return call_invalid(call, "credentials",
                            "A user of another provider has no password and no recovery question "
                            "here; leave them out");
    return 0;
}

static int add_to_groups(struct tx *tx, struct call *call, const struct user *user, const struct jval *ids)
{
    if (jval_len(ids) > GROUP_IDS_MAX)
        return call_invalid(call, "groupIds", "Give at most %d groups; add the others afterwards", GROUP_IDS_MAX);
    for (size_t i = 0; i < jval_len(ids); i++) {
        struct group group;
        const char *id = jval_str(jval_at(ids, i));
        if (!id)
            return call_invalid(call, "groupIds", "Every element must be the id of a group");
        int r = group_by_id(tx, id, &group);
        if (r == ERR_NOT_FOUND)
            return call_invalid(call, "groupIds", "There is no group %.40s", id);
        if (r == 0)
            r = member_add(tx, &group, user, &call->problem);
        if (r < 0)
            return r;
    }
    return 0;
}

static int create_user(struct tx *tx, struct call *call)
{
    struct user_body body = {0};
    struct user_input input = {.activate = true};
    int r = user_body_read(call, &body);
    if (r == 0)
        r = call_query_bool(call, "activate", true, &input.activate);
    if (r == 0)
        r = check_provider(call, &body);
    if (r == 0)
        r = read_next_login(call, &body, input.activate, &input.expire_password);
    if (r < 0)
        return r;
    if (!body.profile)
        return call_invalid(call, "profile", "Give the profile of the new user: login, email, firstName and lastName");
    if (body.question && !body.has_answer)
        return call_invalid(call, "credentials.recovery_question.answer", "A recovery question needs an answer");
    input.profile = body.profile;
    input.has_password = body.password_hash != NULL;
    input.password_hash = body.password_hash;
    input.provider = body.provider;
    input.provider_name = body.provider_name;
    input.recovery_question = body.question;
    struct user user = {0};
    r = user_create(tx, &input, &user, &call->problem);
    if (r >= 0)
        r = add_to_groups(tx, call, &user, body.group_ids);
    if (r < 0)
        return r;
    answer_user(call, &user);
    return 0;
}

/* --- changing ------------------------------------------------------------------------------------------------------
 */

static int change_credentials(struct tx *tx, struct call *call, struct user *user, const struct user_body *body)
{
    if (body->provider && (!str_eq(body->provider, user->provider) ||
                           (body->provider_name && !str_eq(body->provider_name, user->provider_name))))
        return call_invalid(call, "credentials.provider", "The provider of a user cannot be changed; leave it out");
    if (body->question && !body->has_answer && !str_eq(body->question, user->recovery_question))
        return call_invalid(call, "credentials.recovery_question.answer", "A new recovery question needs an answer");
    int r = 0;
    if (body->password_hash)
        r = user_set_password(tx, user, body->password_hash, &call->problem);
    if (r == 0 && body->question)
        r = user_set_recovery_question(tx, user, body->question);
    return r;
}

static int change_user(struct tx *tx, struct call *call, bool replace)
{
    struct user user = {0};
    struct user_body body = {0};
    bool strict = false; /* asks for the password policy's history and age, of which there are none */
    int r = user_body_read(call, &body);
    if (r == 0)
        r = call_query_bool(call, "strict", false, &strict);
    if (r == 0)
        r = find_user(tx, call, &user);
    if (r == 0)
        r = check_match(call, &user);
    if (r == 0 && body.group_ids)
        r = call_invalid(call, "groupIds",
                         "Groups of a user who exists are changed through /api/v1/groups; leave it "
                         "out");
    if (r == 0 && body.profile)
        r = user_update(tx, &user, body.profile, replace, &call->problem);
    if (r == 0)
        r = change_credentials(tx, call, &user, &body);
    if (r < 0)
        return r;
    answer_user(call, &user);
    return 0;
}

static int update_user(struct tx *tx, struct call *call)
{
    return change_user(tx, call, false);
}

static int replace_user(struct tx *tx, struct call *call)
{
    return change_user(tx, call, true);
}

static int delete_user(struct tx *tx, struct call *call)
{
    struct user user = {0};
    bool send_email = false; /* Muster sends no mail to users: either value is fine */
    int r = call_query_bool(call, "sendEmail", false, &send_email);
    if (r == 0)
        r = find_user(tx, call, &user);
    if (r == 0)
        r = user_delete(tx, &user, &call->problem);
    call->status = 204;
    return r;
}

/* --- the life cycle ------------------------------------------------------------------------------------------------
 */

static int transition(struct tx *tx, struct call *call, enum user_transition transition, struct user *ret)
{
    bool flag = false;
    int r = call_query_bool(call, "sendEmail", false, &flag);
    if (r == 0)
        r = find_user(tx, call, ret);
    return r < 0 ? r : user_transition(tx, ret, transition, &call->problem);
}

static int transition_quietly(struct tx *tx, struct call *call, enum user_transition which)
{
    struct user user = {0};
    int r = transition(tx, call, which, &user);
    if (r == 0)
        answer_nothing(call);
    return r;
}

static int activate_user(struct tx *tx, struct call *call)
{
    return transition_quietly(tx, call, USER_ACTIVATE);
}

static int deactivate_user(struct tx *tx, struct call *call)
{
    return transition_quietly(tx, call, USER_DEACTIVATE);
}

static int reactivate_user(struct tx *tx, struct call *call)
{
    return transition_quietly(tx, call, USER_REACTIVATE);
}

static int suspend_user(struct tx *tx, struct call *call)
{
    return transition_quietly(tx, call, USER_SUSPEND);
}

static int unsuspend_user(struct tx *tx, struct call *call)
{
    return transition_quietly(tx, call, USER_UNSUSPEND);
}

static int unlock_user(struct tx *tx, struct call *call)
{
    return transition_quietly(tx, call, USER_UNLOCK);
}

static int expire_password(struct tx *tx, struct call *call)
{
    struct user user = {0};
    bool temporary = false;
    int r = call_query_bool(call, "tempPassword", false, &temporary);
    if (r == 0 && temporary)
        r = call_invalid(call, "tempPassword", "Temporary passwords are not supported; set one with POST /users/{id}");
    if (r == 0)
        r = transition(tx, call, USER_EXPIRE_PASSWORD, &user);
    if (r == 0)
        answer_user(call, &user);
    return r;
}

static int reset_password(struct tx *tx, struct call *call)
{
    bool revoke = false;
    int r = call_query_bool(call, "revokeSessions", false, &revoke);
    if (r < 0)
        return r;
    if (!call_query(call, "sendEmail")) {
        (void)problem_set(&call->problem, E0000028, "%s", "");
        return problem_cause(&call->problem, "sendEmail: Give true or false");
    }
    return transition_quietly(tx, call, USER_RESET_PASSWORD);
}

#define USERS "/api/v1/users"
#define USER "/api/v1/users/{id}"
#define LIFECYCLE "/api/v1/users/{id}/lifecycle/"

const struct route user_routes[] = {
    {"GET", USERS, ROUTE_READ, ROLE_READ_ONLY, list_users, "listUsers", NULL},
    {"POST", USERS, ROUTE_WRITE, ROLE_OPERATOR, create_user, "createUser", user_body_prepare},
    {"GET", USER, ROUTE_READ, ROLE_READ_ONLY, get_user, "getUser", NULL},
    {"POST", USER, ROUTE_WRITE, ROLE_OPERATOR, update_user, "updateUser", user_body_prepare},
    {"PUT", USER, ROUTE_WRITE, ROLE_OPERATOR, replace_user, "replaceUser", user_body_prepare},
    {"DELETE", USER, ROUTE_WRITE, ROLE_OPERATOR, delete_user, "deleteUser", NULL},
    {"GET", USER "/groups", ROUTE_READ, ROLE_READ_ONLY, list_groups_of_user, "listUserGroups", NULL},
    {"POST", LIFECYCLE "activate", ROUTE_WRITE, ROLE_OPERATOR, activate_user, "activateUser", NULL},
    {"POST", LIFECYCLE "deactivate", ROUTE_WRITE, ROLE_OPERATOR, deactivate_user, "deactivateUser", NULL},
    {"POST", LIFECYCLE "reactivate", ROUTE_WRITE, ROLE_OPERATOR, reactivate_user, "reactivateUser", NULL},
    {"POST", LIFECYCLE "suspend", ROUTE_WRITE, ROLE_OPERATOR, suspend_user, "suspendUser", NULL},
    {"POST", LIFECYCLE "unsuspend", ROUTE_WRITE, ROLE_OPERATOR, unsuspend_user, "unsuspendUser", NULL},
    {"POST", LIFECYCLE "unlock", ROUTE_WRITE, ROLE_OPERATOR, unlock_user, "unlockUser", NULL},
    {"POST", LIFECYCLE "expire_password", ROUTE_WRITE, ROLE_OPERATOR, expire_password, "expirePassword", NULL},
    {"POST", LIFECYCLE "reset_password", ROUTE_WRITE, ROLE_OPERATOR, reset_password, "resetPassword", NULL},
    {.method = NULL},
};
