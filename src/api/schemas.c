/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/meta/schemas of users, groups and the users of apps (published: Okta's management API). */
#include "api/app_objects.h"
#include "app/profile.h"
#include "directory/schema.h"

static const char *self(struct call *call, enum schema_kind kind)
{
    return call_link(call,
                     kind == SCHEMA_USER ? "/api/v1/meta/schemas/user/default" : "/api/v1/meta/schemas/group/default");
}

static int check_schema_id(struct call *call)
{
    return str_eq(call->params[0], "default") ? 0 : call_not_found(call, call->params[0], "UserSchema");
}

static int change_schema(struct tx *tx, struct call *call, enum schema_kind kind)
{
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = schema_update(tx, kind, body, &call->problem);
    return r < 0 ? r : schema_write(tx, kind, self(call, kind), &call->out);
}

static int get_user_schema(struct tx *tx, struct call *call)
{
    int r = check_schema_id(call);
    return r < 0 ? r : schema_write(tx, SCHEMA_USER, self(call, SCHEMA_USER), &call->out);
}

static int update_user_schema(struct tx *tx, struct call *call)
{
    int r = check_schema_id(call);
    return r < 0 ? r : change_schema(tx, call, SCHEMA_USER);
}

static int get_group_schema(struct tx *tx, struct call *call)
{
    return schema_write(tx, SCHEMA_GROUP, self(call, SCHEMA_GROUP), &call->out);
}

static int update_group_schema(struct tx *tx, struct call *call)
{
    return change_schema(tx, call, SCHEMA_GROUP);
}

static const char *app_self(struct call *call, const struct app *app)
{
    return call_link(call, "/api/v1/meta/schemas/apps/%s/default", app->id);
}

static int get_app_schema(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : app_schema_write(tx, &app, app_self(call, &app), &call->out);
}

static int update_app_schema(struct tx *tx, struct call *call)
{
    struct app app = {0};
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = app_schema_update(tx, &app, body, &call->problem);
    return r < 0 ? r : app_schema_write(tx, &app, app_self(call, &app), &call->out);
}

#define APP_SCHEMA "/api/v1/meta/schemas/apps/{appId}/default"
#define USER_SCHEMA "/api/v1/meta/schemas/user/{schemaId}"
#define GROUP_SCHEMA "/api/v1/meta/schemas/group/default"

const struct route schema_routes[] = {
    {"GET", USER_SCHEMA, ROUTE_READ, ROLE_READ_ONLY, get_user_schema, "getUserSchema", NULL},
    {"POST", USER_SCHEMA, ROUTE_WRITE, ROLE_ADMIN, update_user_schema, "updateUserProfile", NULL},
    {"GET", GROUP_SCHEMA, ROUTE_READ, ROLE_READ_ONLY, get_group_schema, "getGroupSchema", NULL},
    {"POST", GROUP_SCHEMA, ROUTE_WRITE, ROLE_ADMIN, update_group_schema, "updateGroupSchema", NULL},
    {"GET", APP_SCHEMA, ROUTE_READ, ROLE_READ_ONLY, get_app_schema, "getApplicationUserSchema", NULL},
    {"POST", APP_SCHEMA, ROUTE_WRITE, ROLE_ADMIN, update_app_schema, "updateApplicationUserProfile", NULL},
    {.method = NULL},
};
