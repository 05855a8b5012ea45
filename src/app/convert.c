/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assignments of an app as a whole: converted between individual (scope USER) and by group (scope GROUP), one, some or
 * all of them, and groups put in order. Nobody loses or gets the app by this, so that nobody is deactivated or
 * activated there; what may change is the profile.
 */
#include "app/inner.h"
#include "app/profile.h"

SQL(GROUP_SET_PRIORITY, "UPDATE app_groups SET priority = $2, last_updated = $3 WHERE rid = $1");

/* What groups say of the person in this app, as his own from now on, under what is his already. */
static int own_profile(struct tx *tx, const struct account *account, const struct user *user, struct jval **ret)
{
    const struct app_profile *profile = NULL;
    struct made_profile made = {0};
    struct jval *own CLEANUP(jval_freep) = NULL;
    int r = app_profile_load(tx, account->app_rid, &profile);
    if (r == 0 && jval_parse(&own, account->profile, strlen(account->profile), NULL) < 0)
        r = ERR_CORRUPT;
    if (r == 0)
        r = profile_make(tx, profile, account, user, &made);
    if (r < 0)
        return r;
    assert(made.source && made.values);
    for (size_t i = 0; i < profile->count; i++) {
        const char *name = profile->attributes[i].name;
        const struct jval *value = jval_get(made.values, name);
        if (made.source[i] != FROM_GROUP && made.source[i] != FROM_GROUPS)
            continue;
        if (profile->attributes[i].reference) /* not the app's id, which names nobody here */
            jval_set_str(own, name, made.names);
        else
            jval_set(own, name, value ? jval_copy(value) : jval_new_null());
    }
    made_profile_free(&made);
    *ret = TAKE_PTR(own);
    return 0;
}

static int to_user(struct tx *tx, const struct app *app, const struct user *user, struct account *account,
                   struct problem *problem)
{
    struct jval *profile CLEANUP(jval_freep) = NULL;
    int r = own_profile(tx, account, user, &profile);
    if (r == 0)
        r = account_assign(tx, app, user, account->user_name_is_own ? account->user_name : NULL, profile, account,
                           problem);
    return r < 0 ? r : CONVERT_DONE;
}

static int to_group(struct tx *tx, const struct app *app, const struct user *user, struct account *account)
{
    struct app_group group = {0};
    int r = app_group_best(tx, app->rid, account->user_rid, &group);
    if (r <= 0)
        return r < 0 ? r : CONVERT_NO_GROUP;
    r = account_end_individual(tx, app, account, true);
    if (r == 0)
        r = account_event(tx, "application.user_membership.update", app, user, account);
    return r < 0 ? r : CONVERT_DONE;
}

int account_convert(struct tx *tx, const struct app *app, struct account *account, enum account_scope scope,
                    struct problem *problem)
{
    struct user user = {0};
    if (account->scope == SCOPE_NONE)
        return CONVERT_NOT_ASSIGNED;
    if (account->scope == scope)
        return CONVERT_UNCHANGED;
    int r = account_user(tx, account->user_rid, &user);
    if (r < 0)
        return r;
    return scope == SCOPE_USER ? to_user(tx, app, &user, account, problem) : to_group(tx, app, &user, account);
}

/* --- all of them ---------------------------------------------------------------------------------------------------
 */

static enum work_kind kind_of(enum account_scope scope)
{
    return scope == SCOPE_USER ? WORK_EXPAND_TO_USER : WORK_EXPAND_TO_GROUP;
}

int app_convert_start(struct tx *tx, const struct app *app, enum account_scope scope)
{
    /* The later wish counts. */
    int r = work_delete(tx, app->rid, kind_of(scope == SCOPE_USER ? SCOPE_GROUP : SCOPE_USER), app->rid);
    if (r >= 0)
        r = work_add(tx, app->rid, kind_of(scope), app->rid, WORK_FRESH);
    return r < 0 ? r
                 : app_event(tx, "application.lifecycle.update", app,
                             scope == SCOPE_USER ? "{\"convertAssignments\":\"USER\"}"
                                                 : "{\"convertAssignments\":\"GROUP\"}");
}

int expand_convert(struct tx *tx, struct work *work)
{
    enum account_scope scope = work->kind == WORK_EXPAND_TO_USER ? SCOPE_USER : SCOPE_GROUP;
    struct account *accounts = arena_array(tx_arena(tx), CONVERT_CHUNK, sizeof(*accounts));
    struct app app = {0};
    int r = app_by_rid(tx, work->app_rid, &app);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    int count = account_list(tx, app.rid, work->cursor, accounts, CONVERT_CHUNK);
    for (int i = 0; i < count; i++) {
        struct problem problem = {0};
        work->cursor = accounts[i].rid;
        r = account_convert(tx, &app, &accounts[i], scope, &problem);
        if (r < 0 && r != ERR_PROBLEM) /* somebody who may not be assigned stays as he is */
            return r;
    }
    return count < 0 ? count : count == CONVERT_CHUNK;
}

int app_convert_count(struct tx *tx, const struct app *app, enum account_scope scope, struct app_convert *ret)
{
    struct account *accounts = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*accounts));
    struct app_convert counted = {0};
    int64_t after = 0;
    int count = LIMIT_EXPAND_ROWS;
    while (count == LIMIT_EXPAND_ROWS && counted.looked < LIMIT_BACKLOG_COUNT) {
        count = account_list(tx, app->rid, after, accounts, LIMIT_EXPAND_ROWS);
        for (int i = 0; i < count; i++) {
            struct app_group group = {0};
            after = accounts[i].rid;
            if (accounts[i].scope == SCOPE_NONE)
                continue;
            counted.looked++;
            bool there = accounts[i].scope == scope;
            int r = there || scope == SCOPE_USER ? 1 : app_group_best(tx, app->rid, accounts[i].user_rid, &group);
            if (r < 0)
                return r;
            counted.unchanged += there;
            counted.converted += !there && r > 0;
            counted.no_group += !there && r == 0;
        }
        if (count < 0)
            return count;
    }
    counted.complete = count < LIMIT_EXPAND_ROWS;
    *ret = counted;
    return 0;
}

/* --- groups in order -----------------------------------------------------------------------------------------------
 */

/* Whoever has the app by the group may have it by another one now: looked at in chunks. */
static int set_priority(struct tx *tx, const struct app *app, const struct app_group *assignment, int priority)
{
    struct group group = {0};
    int r = group_by_rid(tx, assignment->group_rid, &group);
    if (r == 0)
        r = tx_exec(tx, &GROUP_SET_PRIORITY, I(assignment->rid), I(priority), I(tx_now(tx)));
    if (r >= 0)
        r = work_add(tx, app->rid, WORK_EXPAND_GROUP_ASSIGNED, assignment->rid, WORK_FRESH);
    return r < 0 ? r : app_group_event(tx, "group.application_assignment.update", app, &group);
}

static int refuse_order(struct problem *problem, const char *why, const char *id)
{
    return problem_invalid(problem, "groupIds", "groupIds: '%.40s' %s", id, why);
}

int app_groups_order(struct tx *tx, const struct app *app, const char *const *ids, int count, struct problem *problem)
{
    struct app_group *named = arena_array(tx_arena(tx), (size_t)count + 1, sizeof(*named));
    struct app_group *all = arena_array(tx_arena(tx), APP_ORDER_GROUPS + 1, sizeof(*all));
    int there = app_group_list(tx, app->rid, 0, all, APP_ORDER_GROUPS + 1);
    if (there < 0)
        return there;
    if (there > APP_ORDER_GROUPS)
        return problem_invalid(
            problem, "groupIds",
            "groupIds: the app is assigned to more than %d groups; set the priority of each by itself",
            APP_ORDER_GROUPS);
    for (int i = 0; i < count; i++) {
        struct group group = {0};
        int r = group_by_id(tx, ids[i], &group);
        if (r == 0)
            r = app_group_get(tx, app->rid, group.rid, &named[i]);
        if (r == ERR_NOT_FOUND)
            return refuse_order(problem, "is no group that the app is assigned to", ids[i]);
        for (int k = 0; r == 0 && k < i; k++)
            if (named[k].rid == named[i].rid)
                return refuse_order(problem, "is named twice", ids[i]);
        if (r < 0)
            return r;
    }
    if (count != there)
        return problem_invalid(problem, "groupIds",
                               "groupIds: names %d groups, but the app is assigned to %d; name all of them, the best "
                               "first",
                               count, there);
    for (int i = 0; i < count; i++) {
        int r = named[i].priority == i ? 0 : set_priority(tx, app, &named[i], i);
        if (r < 0)
            return r;
    }
    return 0;
}
