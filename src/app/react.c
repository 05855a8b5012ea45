/* SPDX-License-Identifier: Apache-2.0 */
/* How changes of the directory and of assignments reach accounts. A fact that concerns more than a few accounts writes
 * an expansion instead. */
#include "app/inner.h"
#include "app/profile.h"

/* A set of app rids; `full` when there were more than fit. */
struct apps {
    int64_t rids[REACT_ACCOUNTS];
    int count;
    bool full;
};

static void apps_add(struct apps *apps, int64_t rid)
{
    for (int i = 0; i < apps->count; i++)
        if (apps->rids[i] == rid)
            return;
    if (apps->count == REACT_ACCOUNTS)
        apps->full = true;
    else
        apps->rids[apps->count++] = rid;
}

static int add_apps_of_user(struct tx *tx, int64_t user_rid, struct apps *apps)
{
    int64_t rids[REACT_ACCOUNTS + 1];
    int count = app_rids_of_user(tx, user_rid, 0, rids, REACT_ACCOUNTS + 1);
    for (int i = 0; i < count; i++)
        apps_add(apps, rids[i]);
    return count < 0 ? count : 0;
}

static int add_apps_of_group(struct tx *tx, int64_t group_rid, struct apps *apps)
{
    int64_t rids[REACT_ACCOUNTS + 1];
    int count = app_rids_of_group(tx, group_rid, 0, rids, REACT_ACCOUNTS + 1);
    for (int i = 0; i < count; i++)
        apps_add(apps, rids[i]);
    return count < 0 ? count : 0;
}

static int add_apps_of_groups_of(struct tx *tx, int64_t user_rid, struct apps *apps)
{
    int64_t groups[REACT_ACCOUNTS + 1];
    int count = user_group_rids(tx, user_rid, 0, groups, REACT_ACCOUNTS + 1);
    apps->full |= count > REACT_ACCOUNTS;
    int r = 0;
    for (int i = 0; r == 0 && !apps->full && i < count; i++)
        r = add_apps_of_group(tx, groups[i], apps);
    return count < 0 ? count : r;
}

static int look_at_apps(struct tx *tx, const struct apps *apps, int64_t user_rid, const struct look *look)
{
    if (apps->full)
        return work_add(tx, 0, WORK_EXPAND_USER, user_rid, look->class);
    struct user user;
    int r = apps->count ? account_user(tx, user_rid, &user) : 0;
    for (int i = 0; r == 0 && i < apps->count; i++) {
        struct app app;
        r = app_by_rid(tx, apps->rids[i], &app);
        if (r == 0)
            r = account_look(tx, &app, &user, look);
    }
    return r;
}

static int on_member(struct tx *tx, const struct change *change)
{
    struct apps apps = {0};
    int r = add_apps_of_group(tx, change->subject, &apps);
    const struct look look = {.class = WORK_FRESH, .groups = true};
    return r < 0 ? r : look_at_apps(tx, &apps, change->object, &look);
}

static int on_user_status(struct tx *tx, const struct change *change)
{
    enum user_status was = (enum user_status)(change->detail / 256);
    enum user_status is = (enum user_status)(change->detail % 256);
    if (is == USER_SUSPENDED)
        return 0; /* nothing is sent and nothing changes */
    bool was_held = !user_status_is_eligible(was);
    bool is_held = !user_status_is_eligible(is);
    if (!was_held && !is_held)
        return 0;
    struct apps apps = {0};
    int r = add_apps_of_user(tx, change->subject, &apps);
    if (r == 0 && !is_held)
        r = add_apps_of_groups_of(tx, change->subject, &apps);
    if (r < 0)
        return r;
    const struct look look = {
        .class = is_held ? WORK_URGENT : WORK_FRESH, .profile = !is_held, .again = was == USER_SUSPENDED};
    return look_at_apps(tx, &apps, change->subject, &look);
}

/* Leaves the apps whose mapping reads none of what changed. */
static int narrow_apps(struct tx *tx, struct apps *apps, const struct profile_change *changes)
{
    int kept = 0;
    for (int i = 0; i < apps->count; i++) {
        const struct app_profile *profile = NULL;
        int r = app_profile_load(tx, apps->rids[i], &profile);
        if (r < 0)
            return r;
        if (app_profile_reads(profile, changes))
            apps->rids[kept++] = apps->rids[i];
    }
    apps->count = kept;
    return 0;
}

/* Who names the person by a login knows the person by another one now. */
static int rename_in_apps(struct tx *tx, const struct apps *apps, int64_t user_rid, const char *old_login)
{
    struct user user;
    int r = account_user(tx, user_rid, &user);
    for (int i = 0; r == 0 && i < apps->count; i++) {
        struct app app;
        r = app_by_rid(tx, apps->rids[i], &app);
        if (r == 0)
            r = spread_referrers(tx, &app, &user, old_login);
    }
    return r;
}

static int on_user_profile(struct tx *tx, const struct change *change)
{
    struct apps apps = {0};
    const struct profile_change *changes = user_profile_changes(tx, change->subject);
    int r = add_apps_of_user(tx, change->subject, &apps);
    if (r == 0 && !apps.full && changes)
        r = narrow_apps(tx, &apps, changes);
    if (r == 0)
        r = look_at_apps(tx, &apps, change->subject, &(struct look){.class = WORK_FRESH, .profile = true});
    for (; r == 0 && changes; changes = changes->next)
        if (profile_change_has(changes, "login"))
            r = rename_in_apps(tx, &apps, change->subject, changes->old_login);
    return r;
}

/* The person's account appeared, changed or went: so does what others' documents say of it. While it is not there, who
 * wants it makes no difference to them. */
static int on_account(struct tx *tx, const struct change *change)
{
    struct app app;
    struct user user;
    struct account account;
    int r = account_any_refers(tx, change->detail);
    if (r <= 0)
        return r;
    r = account_by_rid(tx, change->subject, &account);
    if (r == 0 && change->kind == CHANGE_ACCOUNT_WANTED && !account.external_id)
        return 0;
    if (r == 0)
        r = app_by_rid(tx, change->detail, &app);
    if (r == 0)
        r = account_user(tx, change->object, &user);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    return spread_referrers(tx, &app, &user, NULL);
}

static int on_group_deleted(struct tx *tx, const struct change *change)
{
    struct group group;
    int64_t rids[REACT_ACCOUNTS];
    int r = group_by_rid(tx, change->subject, &group);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r < 0)
        return r;
    int count = app_rids_of_group(tx, group.rid, 0, rids, REACT_ACCOUNTS); /* the expansion drops what is left */
    for (int i = 0; i < count; i++) {
        struct app app;
        r = app_by_rid(tx, rids[i], &app);
        if (r == 0)
            r = app_group_drop(tx, &app, &group);
        if (r < 0)
            return r;
    }
    return count < 0 ? count : work_add(tx, 0, WORK_EXPAND_GROUP_DELETED, group.rid, WORK_URGENT);
}

static int on_group_assigned(struct tx *tx, const struct change *change)
{
    struct app app;
    struct app_group assignment;
    int r = app_by_rid(tx, change->subject, &app);
    if (r == 0)
        r = app_group_get(tx, app.rid, change->object, &assignment);
    if (r == ERR_NOT_FOUND)
        return 0; /* and gone again */
    return r < 0 ? r : spread_assigned(tx, &app, &assignment);
}

static int on_group_unassigned(struct tx *tx, const struct change *change)
{
    struct app app;
    int r = app_by_rid(tx, change->subject, &app);
    if (r == ERR_NOT_FOUND)
        return 0;
    return r < 0 ? r : spread_unassigned(tx, &app, change->object);
}

int app_react(struct tx *tx, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_MEMBER_ADDED:
    case CHANGE_MEMBER_REMOVED:
        return on_member(tx, change);
    case CHANGE_USER_STATUS:
        return on_user_status(tx, change);
    case CHANGE_USER_PROFILE:
        return on_user_profile(tx, change);
    case CHANGE_USER_DELETED:
        return work_add(tx, 0, WORK_EXPAND_USER_DELETED, change->subject, WORK_BULK);
    case CHANGE_GROUP_DELETED:
        return on_group_deleted(tx, change);
    case CHANGE_RULE_ACTIVATED:
        return work_add(tx, 0, WORK_EXPAND_RULE, change->subject, WORK_BULK);
    case CHANGE_RULE_DELETED:
        return work_add(tx, 0, WORK_EXPAND_RULE_DELETED, change->subject, WORK_BULK);
    case CHANGE_RULES_OF_USER:
        return work_add(tx, 0, WORK_EXPAND_RULES_OF_USER, change->subject, WORK_FRESH);
    case CHANGE_RULES_OF_GROUP:
        return work_add(tx, 0, WORK_EXPAND_RULES_OF_GROUP, change->subject, WORK_BULK);
    case CHANGE_ACCOUNT_KNOWN:
    case CHANGE_ACCOUNT_WANTED:
        return on_account(tx, change);
    case CHANGE_GROUP_ASSIGNED:
        return on_group_assigned(tx, change);
    case CHANGE_GROUP_UNASSIGNED:
        return on_group_unassigned(tx, change);
    default:
        return 0;
    }
}
