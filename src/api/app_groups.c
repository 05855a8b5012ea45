/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/apps/{appId}/groups: the groups that an app is assigned to (published: Okta's management API). */
#include "api/app_objects.h"

#include "base/limits.h"
#include "base/text.h"
#include "push/same_group.h"

#define PAGE_DEFAULT 20 /* as published */
#define CHUNK 100

/* --- showing -------------------------------------------------------------------------------------------------------
 */

static int write_assignment(struct call *call, const struct app *app, const struct app_group *assignment,
                            const struct group *group)
{
    struct jval *profile CLEANUP(jval_freep) = NULL;
    if (jval_parse(&profile, assignment->profile, strlen(assignment->profile), NULL) < 0)
        return ERR_CORRUPT;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "id", group->id);
    jout_time(out, "lastUpdated", assignment->last_updated);
    jout_int(out, "priority", assignment->priority);
    jout_val(out, "profile", profile);
    jout_object(out, "_links");
    object_link(call, "app", call_link(call, "/api/v1/apps/%s", app->id), NULL);
    object_link(call, "self", call_link(call, "/api/v1/apps/%s/groups/%s", app->id, group->id), NULL);
    object_link(call, "group", call_link(call, "/api/v1/groups/%s", group->id), NULL);
    jout_end(out);
    if (str_eq(call_query(call, "expand"), "group")) {
        jout_object(out, "_embedded");
        object_group(call, "group", group);
        jout_end(out);
    }
    jout_end(out);
    return 0;
}

/* 1 when the assignment belongs to the list; its group is filled in. */
static int belongs(struct tx *tx, const struct app_group *assignment, const char *folded_q, struct group *ret_group)
{
    int r = group_by_rid(tx, assignment->group_rid, ret_group);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    if (ret_group->deleted)
        return 0;
    return !folded_q || object_begins(tx_arena(tx), ret_group->name, folded_q);
}

static int write_assignments(struct tx *tx, struct call *call, const struct app *app, const struct page *page,
                             int64_t after)
{
    const char *q = call_query(call, "q");
    const char *folded_q = q && *q ? text_fold(call->arena, q) : NULL;
    struct app_group *groups = arena_array(call->arena, CHUNK, sizeof(*groups));
    int64_t last = 0;
    int written = 0;
    int count = CHUNK;
    jout_array(&call->out, NULL);
    while (count == CHUNK && written <= page->limit) {
        count = app_group_list(tx, app->rid, after, groups, CHUNK);
        for (int i = 0; i < count && written <= page->limit; i++) {
            struct group group = {0};
            after = groups[i].rid;
            int r = belongs(tx, &groups[i], folded_q, &group);
            if (r > 0 && written++ < page->limit) {
                r = write_assignment(call, app, &groups[i], &group);
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

static int list_assignments(struct tx *tx, struct call *call)
{
    struct page page = {0};
    struct app app = {0};
    int64_t after = 0;
    int r = call_page(call, PAGE_DEFAULT, LIMIT_PAGE_APP_GROUPS, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r == 0)
        r = find_app(tx, call, &app);
    return r ? r : write_assignments(tx, call, &app, &page, after);
}

static int find_group(struct tx *tx, struct call *call, struct app *app, struct group *group)
{
    int r = find_app(tx, call, app);
    if (r == 0)
        r = group_by_id(tx, call->params[1], group);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[1], "UserGroup") : r;
}

static int find_assignment(struct tx *tx, struct call *call, struct app *app, struct group *group,
                           struct app_group *assignment)
{
    int r = find_group(tx, call, app, group);
    if (r < 0)
        return r;
    r = app_group_get(tx, app->rid, group->rid, assignment);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[1], "ApplicationGroupAssignment") : r;
}

static int get_assignment(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct group group = {0};
    struct app_group assignment = {0};
    int r = find_assignment(tx, call, &app, &group, &assignment);
    return r ? r : write_assignment(call, &app, &assignment, &group);
}

/* --- changing ------------------------------------------------------------------------------------------------------
 */

/* A priority from 0; -1 when the value is absent. */
static int read_priority(struct call *call, const struct jval *value, int *ret)
{
    *ret = -1;
    if (jval_type(value) == JVAL_NONE || jval_type(value) == JVAL_NULL)
        return 0;
    int64_t priority = jval_int(value, -1);
    if (priority < 0 || priority > INT32_MAX)
        return call_invalid(call, "priority", "must be a whole number from 0, which is the best");
    *ret = (int)priority;
    return 0;
}

/* Of a new assignment; one that is there is changed whatever the policy says. */
static int check_same_group(struct tx *tx, struct call *call, const struct app *app, const struct group *group)
{
    struct app_group assigned = {0};
    int r = app_group_get(tx, app->rid, group->rid, &assigned);
    return r == ERR_NOT_FOUND ? same_group_check(tx, app, group, false, &call->problem) : r;
}

/* A body may be left out, as may all of its fields. */
static int put_assignment(struct tx *tx, struct call *call)
{
    const struct jval *body = NULL;
    const struct jval *profile = NULL;
    struct app app = {0};
    struct group group = {0};
    struct app_group assignment = {0};
    int priority = -1;
    int r = call->body ? call_body_object(call, &body) : 0;
    if (r == 0)
        r = field_object(call, body, "profile", &profile);
    if (r >= 0)
        r = read_priority(call, jval_get(body, "priority"), &priority);
    if (r == 0)
        r = find_group(tx, call, &app, &group);
    if (r == 0)
        r = check_same_group(tx, call, &app, &group);
    if (r == 0)
        r = app_group_put(tx, &app, &group, priority, profile, &assignment, &call->problem);
    return r ? r : write_assignment(call, &app, &assignment, &group);
}

/* A JSON Pointer's reference token, unescaped (RFC 6901). */
static const char *unescaped(struct arena *arena, const char *token)
{
    char *out = arena_strdup(arena, token);
    size_t n = 0;
    for (const char *p = token; *p; p++) {
        bool escape = *p == '~' && (p[1] == '0' || p[1] == '1');
        char c = *p;
        if (escape) {
            p++;
            c = '/';
            if (*p == '0')
                c = '~';
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

static int patch_profile(struct call *call, struct jval **profile, const char *path, bool remove,
                         const struct jval *value)
{
    if (*path == '\0') {
        if (!remove && jval_type(value) != JVAL_OBJECT)
            return call_invalid(call, "value", "must be an object for the path /profile");
        *profile = jval_free(*profile);
        *profile = remove ? jval_new_object() : jval_copy(value);
        return 0;
    }
    if (*path != '/' || path[1] == '\0' || strchr(path + 1, '/'))
        return call_invalid(call, "path", "must be /profile/ and the name of an attribute");
    const char *name = unescaped(call->arena, path + 1);
    if (remove)
        jval_remove(*profile, name);
    else
        jval_set(*profile, name, jval_copy(value));
    return 0;
}

static int apply_patch(struct call *call, const struct jval *operation, struct jval **profile, int *priority)
{
    const char *op = jval_get_str(operation, "op");
    const char *path = jval_get_str(operation, "path");
    const struct jval *value = jval_get(operation, "value");
    bool remove = str_eq(op, "remove");
    if (!remove && !str_eq(op, "replace"))
        return call_invalid(call, "op", "must be replace or remove");
    if (!path)
        return call_invalid(call, "path", "The field cannot be left blank");
    if (!remove && jval_type(value) == JVAL_NONE)
        return call_invalid(call, "value", "is needed to replace something");
    if (strncmp(path, "/profile", 8) == 0)
        return patch_profile(call, profile, path + 8, remove, value);
    if (strcmp(path, "/priority") != 0 || remove)
        return call_invalid(call, "path", "must begin with /profile/ (or be /priority, to replace it)");
    return read_priority(call, value, priority);
}

static int patch_assignment(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct group group = {0};
    struct app_group assignment = {0};
    struct jval *profile CLEANUP(jval_freep) = NULL;
    int priority = -1;
    if (jval_type(call->body) != JVAL_ARRAY || jval_len(call->body) == 0)
        return call_invalid(call, "body", "must be a list of JSON Patch operations");
    int r = find_assignment(tx, call, &app, &group, &assignment);
    if (r < 0)
        return r;
    if (jval_parse(&profile, assignment.profile, strlen(assignment.profile), NULL) < 0)
        return ERR_CORRUPT;
    for (size_t i = 0; r == 0 && i < jval_len(call->body); i++)
        r = apply_patch(call, jval_at(call->body, i), &profile, &priority);
    if (r == 0)
        r = app_group_put(tx, &app, &group, priority, profile, &assignment, &call->problem);
    return r ? r : write_assignment(call, &app, &assignment, &group);
}

static int delete_assignment(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct group group = {0};
    struct app_group assignment = {0};
    call->status = 204;
    int r = find_assignment(tx, call, &app, &group, &assignment);
    return r ? r : app_group_remove(tx, &app, &group, &call->problem);
}

#define GROUPS "/api/v1/apps/{appId}/groups"
#define GROUP GROUPS "/{groupId}"

const struct route app_group_routes[] = {
    {"GET", GROUPS, ROUTE_READ, ROLE_READ_ONLY, list_assignments, "listApplicationGroupAssignments", NULL},
    {"GET", GROUP, ROUTE_READ, ROLE_READ_ONLY, get_assignment, "getApplicationGroupAssignment", NULL},
    {"PUT", GROUP, ROUTE_WRITE, ROLE_OPERATOR, put_assignment, "assignGroupToApplication", NULL},
    {"PATCH", GROUP, ROUTE_WRITE, ROLE_OPERATOR, patch_assignment, "updateGroupAssignmentToApplication", NULL},
    {"DELETE", GROUP, ROUTE_WRITE, ROLE_OPERATOR, delete_assignment, "unassignApplicationFromGroup", NULL},
    {.method = NULL},
};
