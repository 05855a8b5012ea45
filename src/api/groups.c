/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/groups (published: Okta's management API). */
#include "api/objects.h"
#include "app/app.h"
#include "base/limits.h"
#include "directory/search.h"
#include "push/import.h"

#define PAGE_GROUPS_Q 300      /* groups that q= finds unless told otherwise, as published */
#define PAGE_GROUPS_EXPAND 200 /* groups of a page with expand= unless told otherwise */
#define APPS_CHUNK 64

struct listing {
    struct call *call;
    struct tx *tx;
    bool stats;
    bool app;
};

static int find_group(struct tx *tx, struct call *call, struct group *ret)
{
    int r = group_by_id(tx, call->params[0], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "UserGroup") : r;
}

/* --- showing -------------------------------------------------------------------------------------------------------
 */

static int64_t count_apps(struct tx *tx, int64_t group_rid)
{
    int64_t rids[APPS_CHUNK];
    int64_t total = 0;
    int count = APPS_CHUNK;
    for (int64_t after = 0; count == APPS_CHUNK; after = rids[count - 1]) {
        count = app_rids_of_group(tx, group_rid, after, rids, APPS_CHUNK);
        if (count < 0)
            return count;
        total += count;
        if (count == 0)
            break;
    }
    return total;
}

static int write_stats(struct listing *l, const struct group *group)
{
    struct jout *out = &l->call->out;
    int64_t users =
        group->type == GROUP_APP ? app_group_member_count(l->tx, group) : group_member_count(l->tx, group->rid);
    int64_t apps = count_apps(l->tx, group->rid);
    int64_t mappings = mapping_count_of_source(l->tx, group->rid);
    if (users < 0 || apps < 0 || mappings < 0)
        return (int)MIN_OF(MIN_OF(users, apps), mappings);
    jout_object(out, "stats");
    jout_int(out, "usersCount", users);
    jout_int(out, "appsCount", apps);
    jout_int(out, "groupPushMappingsCount", mappings);
    jout_bool(out, "hasAdminPrivlege", false); /* spelt as published; tokens have roles, groups have none */
    jout_end(out);
    return 0;
}

static int write_app(struct listing *l, const struct group *group)
{
    struct app app;
    if (!group->source_id)
        return 0;
    int r = app_by_id(l->tx, group->source_id, &app);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r < 0)
        return r;
    struct jout *out = &l->call->out;
    jout_object(out, "app");
    jout_str(out, "id", app.id);
    jout_str(out, "name", app.name);
    jout_str(out, "label", app.label);
    jout_str(out, "signOnMode", app.sign_on_mode);
    jout_end(out);
    return 0;
}

static int write_listed(const struct group *group, void *data)
{
    struct listing *l = data;
    int r = 0;
    object_group_open(l->call, NULL, group);
    if (l->stats || l->app) {
        jout_object(&l->call->out, "_embedded");
        if (l->stats)
            r = write_stats(l, group);
        if (r == 0 && l->app)
            r = write_app(l, group);
        jout_end(&l->call->out);
    }
    jout_end(&l->call->out);
    return r;
}

/* expand=stats, app, or both between commas. */
static int read_expand(struct call *call, struct listing *ret)
{
    const char *text = call_query(call, "expand");
    while (text && *text) {
        size_t n = strcspn(text, ",");
        if (n == 5 && strncmp(text, "stats", n) == 0)
            ret->stats = true;
        else if (n == 3 && strncmp(text, "app", n) == 0)
            ret->app = true;
        else
            return call_invalid(call, "expand", "The value \"%.40s\" is neither stats nor app", text);
        text += n;
        if (*text == ',')
            text++;
    }
    return 0;
}

/* --- lists ---------------------------------------------------------------------------------------------------------
 */

static int read_request(struct call *call, const struct listing *l, struct list_request *ret)
{
    const char *q = call_query(call, "q");
    const char *order = call_query(call, "sortOrder");
    struct page page = {0};
    int limit = q && *q ? PAGE_GROUPS_Q : LIMIT_PAGE_GROUPS;
    if (l->stats || l->app)
        limit = MIN_OF(limit, PAGE_GROUPS_EXPAND);
    int r = call_page(call, limit, LIMIT_PAGE_GROUPS, &page);
    if (r < 0)
        return r;
    if (order && *order && !str_eq(order, "asc") && !str_eq(order, "desc"))
        return call_invalid(call, "sortOrder", "The value \"%.40s\" is neither asc nor desc", order);
    *ret = (struct list_request){.q = q,
                                 .filter = call_query(call, "filter"),
                                 .search = call_query(call, "search"),
                                 .sort_by = call_query(call, "sortBy"),
                                 .descending = str_eq(order, "desc"),
                                 .after = page.after,
                                 .limit = page.limit};
    return 0;
}

static int list_groups(struct tx *tx, struct call *call)
{
    struct listing l = {.call = call, .tx = tx};
    struct list_request request;
    const char *next = NULL;
    int r = read_expand(call, &l);
    if (r == 0)
        r = read_request(call, &l, &request);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    r = group_list(tx, &request, write_listed, &l, &next, &call->problem);
    jout_end(&call->out);
    if (r == 0)
        call_page_links(call, next);
    return r;
}

static int write_member(const struct user *user, void *data)
{
    object_user(data, NULL, user, false);
    return 0;
}

/* Of an app's group: the people of the directory whose accounts are in it, as far as it is known. */
static int list_app_members(struct tx *tx, struct call *call, const struct group *group, int64_t after, int limit)
{
    struct target_group target = {0};
    int64_t *rids = arena_array(call->arena, (size_t)limit + 1, sizeof(*rids));
    int r = target_group_by_group(tx, group->rid, &target);
    int count = r == ERR_NOT_FOUND ? 0 : r < 0 ? r : app_group_member_rids(tx, &target, after, rids, limit + 1);
    if (count < 0)
        return count;
    jout_array(&call->out, NULL);
    for (int i = 0; i < MIN_OF(count, limit); i++) {
        struct user user = {0};
        r = user_by_rid(tx, rids[i], &user);
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
        if (r == 0 && !user.deleted)
            object_user(call, NULL, &user, false);
    }
    jout_end(&call->out);
    call_page_links(call, count > limit ? arena_printf(call->arena, "%lld", (long long)rids[limit - 1]) : NULL);
    return 0;
}

static int list_members(struct tx *tx, struct call *call)
{
    struct group group = {0};
    struct page page = {0};
    int64_t after = 0;
    int64_t next = 0;
    const char *q = call_query(call, "q"); /* an addition */
    int r = find_group(tx, call, &group);
    if (r == 0 && group.type == GROUP_APP && q && *q)
        r = call_invalid(call, "q", "The members of an app's group cannot be searched; leave it out");
    if (r == 0)
        r = call_page(call, LIMIT_PAGE_GROUP_USERS, LIMIT_PAGE_GROUP_USERS, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    if (group.type == GROUP_APP)
        return list_app_members(tx, call, &group, after, page.limit);
    jout_array(&call->out, NULL);
    r = group_member_list(tx, group.rid, q, after, page.limit, write_member, call, &next);
    jout_end(&call->out);
    if (r == 0)
        call_page_links(call, next ? arena_printf(call->arena, "%lld", (long long)next) : NULL);
    return r;
}

/* --- one group -----------------------------------------------------------------------------------------------------
 */

static int read_profile(struct call *call, const struct jval **ret)
{
    const struct jval *body = NULL;
    int r = call_body_object(call, &body);
    if (r < 0)
        return r;
    const struct jval *profile = jval_get(body, "profile");
    if (jval_type(profile) != JVAL_OBJECT)
        return call_invalid(call, "profile", "Give the profile of the group as an object: its name at least");
    *ret = profile;
    return 0;
}

static int get_group(struct tx *tx, struct call *call)
{
    struct group group = {0};
    struct listing l = {.call = call, .tx = tx};
    int r = read_expand(call, &l);
    if (r == 0)
        r = find_group(tx, call, &group);
    return r < 0 ? r : write_listed(&group, &l);
}

static int create_group(struct tx *tx, struct call *call)
{
    const struct jval *profile = NULL;
    struct group group = {0};
    int r = read_profile(call, &profile);
    if (r == 0)
        r = group_create(tx, profile, &group, &call->problem);
    if (r == 0)
        object_group(call, NULL, &group);
    return r;
}

static int replace_group(struct tx *tx, struct call *call)
{
    const struct jval *profile = NULL;
    struct group group = {0};
    int r = read_profile(call, &profile);
    if (r == 0)
        r = find_group(tx, call, &group);
    if (r == 0)
        r = group_update(tx, &group, profile, &call->problem);
    if (r == 0)
        object_group(call, NULL, &group);
    return r;
}

static int delete_group(struct tx *tx, struct call *call)
{
    struct group group = {0};
    int r = find_group(tx, call, &group);
    if (r < 0)
        return r;
    call->status = 204;
    if (group.type == GROUP_APP)
        return app_group_forget(tx, &group, &call->problem);
    return group_delete(tx, &group, &call->problem);
}

/* --- members -------------------------------------------------------------------------------------------------------
 */

static int change_member(struct tx *tx, struct call *call, bool add)
{
    struct group group = {0};
    struct user user = {0};
    const char *user_id = call->params[1];
    int r = find_group(tx, call, &group);
    if (r == 0)
        r = user_by_id_or_login(tx, user_id, &user);
    if (r == ERR_NOT_FOUND)
        return call_not_found(call, user_id, "User");
    if (r == 0)
        r = add ? member_add(tx, &group, &user, &call->problem) : member_remove(tx, &group, &user, &call->problem);
    call->status = 204;
    return r < 0 ? r : 0;
}

static int add_member(struct tx *tx, struct call *call)
{
    return change_member(tx, call, true);
}

static int remove_member(struct tx *tx, struct call *call)
{
    return change_member(tx, call, false);
}

#define GROUPS "/api/v1/groups"
#define GROUP "/api/v1/groups/{groupId}"
#define MEMBER "/api/v1/groups/{groupId}/users/{userId}"

const struct route group_routes[] = {
    {"GET", GROUPS, ROUTE_READ, ROLE_READ_ONLY, list_groups, "listGroups", NULL},
    {"POST", GROUPS, ROUTE_WRITE, ROLE_OPERATOR, create_group, "addGroup", NULL},
    {"GET", GROUP, ROUTE_READ, ROLE_READ_ONLY, get_group, "getGroup", NULL},
    {"PUT", GROUP, ROUTE_WRITE, ROLE_OPERATOR, replace_group, "replaceGroup", NULL},
    {"DELETE", GROUP, ROUTE_WRITE, ROLE_OPERATOR, delete_group, "deleteGroup", NULL},
    {"GET", GROUP "/users", ROUTE_READ, ROLE_READ_ONLY, list_members, "listGroupUsers", NULL},
    {"PUT", MEMBER, ROUTE_WRITE, ROLE_OPERATOR, add_member, "assignUserToGroup", NULL},
    {"DELETE", MEMBER, ROUTE_WRITE, ROLE_OPERATOR, remove_member, "unassignUserFromGroup", NULL},
    {.method = NULL},
};
