/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/mappings: what an app is told of a person (published: Okta's management API). Each app has one, from the user
 * type to the app; its id is made of the app's. An addition: what a mapping gives for a person, also one that is not
 * saved.
 */
#include "api/app_objects.h"
#include "app/profile.h"

#include "base/limits.h"

#define PAGE_DEFAULT 20 /* as published */
#define CHUNK 100

/* --- showing -------------------------------------------------------------------------------------------------------
 */

static void write_end(struct call *call, const char *key, const char *id, const char *name, const char *type,
                      const char *self, const char *schema)
{
    struct jout *out = &call->out;
    jout_object(out, key);
    jout_str(out, "id", id);
    jout_str(out, "name", name);
    jout_str(out, "type", type);
    jout_object(out, "_links");
    object_link(call, "self", self, NULL);
    object_link(call, "schema", schema, NULL);
    jout_end(out);
    jout_end(out);
}

static void write_properties(struct jout *out, const struct app_profile *profile)
{
    jout_object(out, "properties");
    for (size_t i = 0; i < profile->count; i++) {
        const struct app_attribute *attribute = &profile->attributes[i];
        if (!attribute->expression)
            continue;
        jout_object(out, attribute->name);
        jout_str(out, "expression", attribute->expression);
        jout_str(out, "pushStatus", attribute->push ? "PUSH" : "DONT_PUSH");
        jout_str_opt(out, "error", attribute->error);
        jout_end(out);
    }
    jout_end(out);
}

/* `profile` NULL: as in a list. */
static void write_mapping(struct call *call, const struct app *app, const struct app_profile *profile)
{
    struct jout *out = &call->out;
    const char *id = app_mapping_id(call->arena, app);
    jout_object(out, NULL);
    jout_str(out, "id", id);
    write_end(call, "source", USER_TYPE_ID, "user", "user", call_link(call, "/api/v1/meta/types/user/%s", USER_TYPE_ID),
              call_link(call, "/api/v1/meta/schemas/user/default"));
    write_end(call, "target", app->id, app->name, "appuser", call_link(call, "/api/v1/apps/%s", app->id),
              call_link(call, "/api/v1/meta/schemas/apps/%s/default", app->id));
    if (profile)
        write_properties(out, profile);
    jout_object(out, "_links");
    object_link(call, "self", call_link(call, "/api/v1/mappings/%s", id), NULL);
    jout_end(out);
    jout_end(out);
}

/* 1 when the mapping belongs to the list. Mappings lead from the user type to apps: others there are none. */
static bool belongs(const struct call *call, const struct app *app)
{
    const char *source = call_query(call, "sourceId");
    const char *target = call_query(call, "targetId");
    return (!source || !*source || str_eq(source, USER_TYPE_ID)) && (!target || !*target || str_eq(target, app->id));
}

static int list_mappings(struct tx *tx, struct call *call)
{
    struct page page = {0};
    int64_t after = 0;
    int64_t last = 0;
    int written = 0;
    int count = CHUNK;
    int64_t rids[CHUNK];
    int r = call_page(call, PAGE_DEFAULT, LIMIT_PAGE_PROFILE_MAPPINGS, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    while (count == CHUNK && written <= page.limit) {
        count = app_rids(tx, after, rids, CHUNK);
        for (int i = 0; i < count && written <= page.limit; i++) {
            struct app app = {0};
            after = rids[i];
            r = app_by_rid(tx, after, &app);
            if (r < 0)
                return r;
            if (belongs(call, &app) && written++ < page.limit) {
                write_mapping(call, &app, NULL);
                last = after;
            }
        }
        if (count < 0)
            return count;
    }
    jout_end(&call->out);
    call_page_links(call, written > page.limit ? arena_printf(call->arena, "%lld", (long long)last) : NULL);
    return 0;
}

static int find_mapping(struct tx *tx, struct call *call, struct app *ret)
{
    const char *app_id = app_of_mapping_id(call->arena, call->params[0]);
    int r = app_id ? app_by_id(tx, app_id, ret) : ERR_NOT_FOUND;
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "Mapping") : r;
}

static int answer_mapping(struct tx *tx, struct call *call, const struct app *app)
{
    const struct app_profile *profile = NULL;
    int r = app_profile_load(tx, app->rid, &profile);
    if (r == 0)
        write_mapping(call, app, profile);
    return r;
}

static int get_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_mapping(tx, call, &app);
    return r < 0 ? r : answer_mapping(tx, call, &app);
}

static int update_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_mapping(tx, call, &app);
    if (r == 0)
        r = app_mapping_update(tx, &app, jval_get(body, "properties"), &call->problem);
    return r < 0 ? r : answer_mapping(tx, call, &app);
}

/* --- previewing ----------------------------------------------------------------------------------------------------
 */

static void write_made(struct jout *out, const struct app_profile *profile, const struct made_profile *made)
{
    assert(made->values && made->source);
    jout_object(out, "profile");
    for (size_t i = 0; i < profile->count; i++)
        if (jval_get(made->values, profile->attributes[i].name))
            jout_val(out, profile->attributes[i].name, jval_get(made->values, profile->attributes[i].name));
    jout_end(out);
    jout_object(out, "sources");
    for (size_t i = 0; i < profile->count; i++)
        if (made->source[i] != FROM_NOWHERE)
            jout_str(out, profile->attributes[i].name, value_source_name(made->source[i]));
    jout_end(out);
    jout_array(out, "errors");
    for (size_t i = 0; i < made->error_count; i++) {
        jout_object(out, NULL);
        jout_str(out, "property", made->errors[i].name);
        jout_str(out, "errorSummary", made->errors[i].text);
        jout_end(out);
    }
    jout_end(out);
}

/* 1 when the app should hold something else of the person than it acknowledged. */
static bool would_change(const struct account *account, const struct made_profile *made)
{
    struct jval *sent CLEANUP(jval_freep) = NULL;
    if (account->sent_profile && jval_parse(&sent, account->sent_profile, strlen(account->sent_profile), NULL) < 0)
        return true;
    return !jval_equal(sent, made->document);
}

/* The account, or what it would be if the app were assigned to the person. */
static int find_account(struct tx *tx, const struct app *app, const struct user *user, struct account *ret)
{
    struct app_group group = {0};
    int r = account_get(tx, app->rid, user->rid, ret);
    if (r == 0 && ret->scope != SCOPE_NONE)
        return 0;
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    r = app_group_best(tx, app->rid, user->rid, &group);
    if (r < 0)
        return r;
    account_imagine(tx, app, user, r > 0 ? group.group_rid : 0, ret);
    return 0;
}

static int preview(struct tx *tx, struct call *call, const struct app *app, const struct user *user,
                   const struct jval *properties)
{
    const struct app_profile *profile = NULL;
    struct account account = {0};
    struct made_profile made = {0};
    int r = properties ? app_mapping_try(tx, app, properties, &profile, &call->problem)
                       : app_profile_load(tx, app->rid, &profile);
    if (r == 0)
        r = find_account(tx, app, user, &account);
    if (r == 0)
        r = profile_make(tx, profile, &account, user, &made);
    if (r < 0)
        return r;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "userId", user->id);
    jout_bool(out, "assigned", account.rid != 0);
    jout_bool(out, "changes", would_change(&account, &made));
    jout_object(out, "credentials");
    jout_str(out, "userName", account.user_name);
    jout_end(out);
    write_made(out, profile, &made);
    jout_end(out);
    made_profile_free(&made);
    return 0;
}

static int preview_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct user user = {0};
    const char *id = NULL;
    const struct jval *properties = NULL;
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_mapping(tx, call, &app);
    if (r == 0)
        r = field_object(call, body, "properties", &properties);
    if (r >= 0)
        r = field_string(call, body, "userId", &id);
    if (r == 0)
        return call_invalid(call, "userId", "The field cannot be left blank: name a person by id or login");
    if (r > 0)
        r = user_by_id_or_login(tx, id, &user);
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, id, "User");
    return r < 0 ? r : preview(tx, call, &app, &user, properties);
}

/* --- checking ------------------------------------------------------------------------------------------------------
 */

static int check_mapping(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct expr_error error;
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_mapping(tx, call, &app);
    if (r < 0)
        return r;
    const char *property = jval_get_str(body, "property");
    const char *expression = jval_get_str(body, "expression");
    if (!property)
        return call_invalid(call, "property", "Name an attribute of the app's users");
    if (!expression)
        return call_invalid(call, "expression", "Give the expression as a text");
    r = app_mapping_check(tx, &app, property, expression, body, &error, &call->problem);
    return object_check(call, r, &error);
}

#define MAPPINGS "/api/v1/mappings"
#define MAPPING MAPPINGS "/{mappingId}"

const struct route mapping_routes[] = {
    {"GET", MAPPINGS, ROUTE_READ, ROLE_READ_ONLY, list_mappings, "listProfileMappings", NULL},
    {"GET", MAPPING, ROUTE_READ, ROLE_READ_ONLY, get_mapping, "getProfileMapping", NULL},
    {"POST", MAPPING, ROUTE_WRITE, ROLE_ADMIN, update_mapping, "updateProfileMapping", NULL},
    {"POST", MAPPING "/preview", ROUTE_READ, ROLE_READ_ONLY, preview_mapping, "previewProfileMapping", NULL},
    {"POST", MAPPING "/check", ROUTE_READ, ROLE_READ_ONLY, check_mapping, "checkProfileMappingExpression", NULL},
    {.method = NULL},
};
