/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that an app is assigned to, their priorities and profiles. */
#include "app/inner.h"
#include "app/profile.h"

#define COLUMNS "rid, app_rid, group_rid, priority, profile, last_updated"
#define BEST_PAGE 64 /* groups of a person that are looked at in one read */

SQL(GROUP_GET, "SELECT " COLUMNS " FROM app_groups WHERE group_rid = $2 AND app_rid = $1");
SQL(GROUP_BY_RID, "SELECT " COLUMNS " FROM app_groups WHERE rid = $1");
SQL(GROUP_LIST, "SELECT " COLUMNS " FROM app_groups WHERE app_rid = $1 AND rid > $2 ORDER BY rid LIMIT $3");
SQL(GROUP_LAST_PRIORITY, "SELECT priority FROM app_groups WHERE app_rid = $1 ORDER BY priority DESC LIMIT 1");
SQL(GROUP_PUT,
    "INSERT INTO app_groups (app_rid, group_rid, priority, profile, last_updated) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (group_rid, app_rid) DO UPDATE SET priority = excluded.priority,"
    " profile = excluded.profile, last_updated = excluded.last_updated RETURNING rid");
SQL(GROUP_DELETE, "DELETE FROM app_groups WHERE rid = $1");
SQL(APPS_OF_GROUP, "SELECT app_rid FROM app_groups WHERE group_rid = $1 AND app_rid > $2 ORDER BY app_rid LIMIT $3");

static struct app_group group_row(struct tx *tx, const struct query *query)
{
    return (struct app_group){
        .rid = query_int(query, 0),
        .app_rid = query_int(query, 1),
        .group_rid = query_int(query, 2),
        .priority = (int)query_int(query, 3),
        .profile = arena_strdup(tx_arena(tx), query_text(query, 4)),
        .last_updated = query_int(query, 5),
    };
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int group_take(struct tx *tx, struct query *query, int r, struct app_group *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    *ret = group_row(tx, query);
    query_close(query);
    return 0;
}

static int group_take_all(struct tx *tx, struct query *query, struct app_group *ret)
{
    int count = 0;
    int r;
    while ((r = query_next(query)) > 0)
        ret[count++] = group_row(tx, query);
    return r < 0 ? r : count;
}

int app_group_get(struct tx *tx, int64_t app_rid, int64_t group_rid, struct app_group *ret)
{
    struct query query;
    return group_take(tx, &query, tx_query_row(tx, &query, &GROUP_GET, I(app_rid), I(group_rid)), ret);
}

int app_group_by_rid(struct tx *tx, int64_t rid, struct app_group *ret)
{
    struct query query;
    return group_take(tx, &query, tx_query_row(tx, &query, &GROUP_BY_RID, I(rid)), ret);
}

int app_group_list(struct tx *tx, int64_t app_rid, int64_t after, struct app_group *ret, int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &GROUP_LIST, I(app_rid), I(after), I(limit));
    return r < 0 ? r : group_take_all(tx, &query, ret);
}

int app_rids_of_group(struct tx *tx, int64_t group_rid, int64_t after, int64_t *ret, int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &APPS_OF_GROUP, I(group_rid), I(after), I(limit));
    if (r < 0)
        return r;
    int count = 0;
    while ((r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

static bool is_better(const struct app_group *a, const struct app_group *b)
{
    return a->priority < b->priority || (a->priority == b->priority && a->rid < b->rid);
}

/* Shows each assigned group of a person: by way of the person's groups, which are few even where an app is assigned to
 * thousands. */
static int each_group(struct tx *tx, int64_t app_rid, int64_t user_rid,
                      void (*show)(struct tx *tx, const struct app_group *group, void *data), void *data)
{
    int64_t groups[BEST_PAGE];
    int64_t after = 0;
    int count = BEST_PAGE;
    while (count == BEST_PAGE) {
        count = user_group_rids(tx, user_rid, after, groups, BEST_PAGE);
        for (int i = 0; i < count; i++) {
            struct app_group one;
            int r = app_group_get(tx, app_rid, groups[i], &one);
            if (r == 0)
                show(tx, &one, data);
            if (r < 0 && r != ERR_NOT_FOUND)
                return r;
        }
        if (count < 0)
            return count;
        after = count ? groups[count - 1] : after;
    }
    return 0;
}

struct best {
    struct app_group group;
    bool found;
};

static void take_best(UNUSED struct tx *tx, const struct app_group *group, void *data)
{
    struct best *best = data;
    if (!best->found || is_better(group, &best->group))
        best->group = *group;
    best->found = true;
}

int app_group_best(struct tx *tx, int64_t app_rid, int64_t user_rid, struct app_group *ret)
{
    struct best best = {0};
    int r = each_group(tx, app_rid, user_rid, take_best, &best);
    if (r == 0 && best.found)
        *ret = best.group;
    return r < 0 ? r : best.found;
}

struct all {
    struct app_group *groups;
    int count, size;
};

static void take_all(struct tx *tx, const struct app_group *group, void *data)
{
    struct all *all = data;
    if (all->count == all->size) {
        int size = all->size * 2 + 8;
        struct app_group *groups = arena_array(tx_arena(tx), (size_t)size, sizeof(*groups));
        if (all->count)
            memcpy(groups, all->groups, (size_t)all->count * sizeof(*groups));
        all->groups = groups;
        all->size = size;
    }
    all->groups[all->count++] = *group;
}

static int compare_groups(const void *a, const void *b)
{
    return is_better(a, b) ? -1 : 1;
}

int app_groups_of_user(struct tx *tx, int64_t app_rid, int64_t user_rid, struct app_group **ret)
{
    struct all all = {0};
    int r = each_group(tx, app_rid, user_rid, take_all, &all);
    if (r == 0 && all.count > 1)
        qsort(all.groups, (size_t)all.count, sizeof(*all.groups), compare_groups);
    *ret = all.groups;
    return r < 0 ? r : all.count;
}

int app_group_event(struct tx *tx, const char *type, const struct app *app, const struct group *group)
{
    const struct event event = {
        .type = type,
        .severity = SEVERITY_INFO,
        .targets = {{.id = group->id, .type = "UserGroup", .alternate_id = group->name, .name = group->name},
                    {.id = app->id, .type = "AppInstance", .alternate_id = app->label, .name = app->label}},
        .target_count = 2,
    };
    return record_event(tx, &event);
}

static int next_priority(struct tx *tx, int64_t app_rid, int *ret)
{
    int64_t last = -1;
    int r = tx_get_int(tx, &last, &GROUP_LAST_PRIORITY, I(app_rid));
    if (r < 0)
        return r;
    *ret = (int)MIN_OF(last + 1, (int64_t)APP_PRIORITY_MAX);
    return 0;
}

static int check_group(const struct group *group, int priority, const char *profile, struct problem *problem)
{
    if (group->type == GROUP_APP)
        return problem_invalid(problem, "groupId",
                               "groupId: '%s' is a group of an app; assign the app to a group of the directory",
                               group->name);
    if (priority > APP_PRIORITY_MAX)
        return problem_invalid(problem, "priority", "priority: must be 0 to %d", APP_PRIORITY_MAX);
    if (strlen(profile) > LIMIT_PROFILE_BYTES)
        return problem_invalid(problem, "profile", "profile: larger than %d bytes; shorten it", LIMIT_PROFILE_BYTES);
    return 0;
}

int app_group_put(struct tx *tx, const struct app *app, const struct group *group, int priority,
                  const struct jval *profile, struct app_group *ret, struct problem *problem)
{
    struct app_group old = {.profile = "{}", .priority = -1};
    int r = app_group_get(tx, app->rid, group->rid, &old);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    bool is_new = r == ERR_NOT_FOUND;
    const char *text = profile ? jval_text(tx_arena(tx), profile, true) : old.profile;
    r = check_group(group, priority, text, problem);
    if (r == 0 && profile && strcmp(text, old.profile) != 0)
        r = app_overrides_check(tx, app->rid, profile, true, problem);
    if (r < 0)
        return r;
    if (priority < 0)
        priority = old.priority;
    if (priority < 0)
        r = next_priority(tx, app->rid, &priority);
    if (r < 0)
        return r;
    if (!is_new && priority == old.priority && strcmp(text, old.profile) == 0) {
        *ret = old;
        return 0;
    }
    int64_t rid = 0;
    r = tx_get_int(tx, &rid, &GROUP_PUT, I(app->rid), I(group->rid), I(priority), T(text), I(tx_now(tx)));
    if (r >= 0)
        r = app_group_by_rid(tx, rid, ret);
    if (r < 0)
        return r;
    if (is_new) {
        r = tx_change(tx, (struct change){.kind = CHANGE_GROUP_ASSIGNED, .subject = app->rid, .object = group->rid});
        return r < 0 ? r : app_group_event(tx, "group.application_assignment.add", app, group);
    }
    r = spread_assigned(tx, app, ret);
    return r < 0 ? r : app_group_event(tx, "group.application_assignment.update", app, group);
}

int app_group_drop(struct tx *tx, const struct app *app, const struct group *group)
{
    struct app_group old;
    int r = app_group_get(tx, app->rid, group->rid, &old);
    if (r < 0)
        return r;
    r = tx_exec(tx, &GROUP_DELETE, I(old.rid));
    if (r >= 0)
        r = work_delete(tx, app->rid, WORK_EXPAND_GROUP_ASSIGNED, old.rid);
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_GROUP_UNASSIGNED, .subject = app->rid, .object = group->rid});
    return r < 0 ? r : app_group_event(tx, "group.application_assignment.remove", app, group);
}

int app_group_remove(struct tx *tx, const struct app *app, const struct group *group, struct problem *problem)
{
    int r = app_group_drop(tx, app, group);
    return r == ERR_NOT_FOUND ? problem_not_found(problem, group->id, "ApplicationGroupAssignment") : r;
}
