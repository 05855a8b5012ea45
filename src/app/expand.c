/* SPDX-License-Identifier: Apache-2.0 */
/* What one fact would write too many rows for: chunk by chunk, each looked at with the facts as they are then. */
#include "app/inner.h"
#include "app/profile.h"
#include "base/text.h"
#include "directory/rule.h"

static int look_at(struct tx *tx, const struct app *app, int64_t user_rid, const struct look *look)
{
    struct user user = {0};
    int r = account_user(tx, user_rid, &user);
    return r < 0 ? r : account_look(tx, app, &user, look);
}

/* Gives the app to a chunk of the members of an assigned group, or looks at them again. 1 more, 0 done. */
static int expand_assigned(struct tx *tx, const struct app *app, int64_t group_rid, enum work_class class,
                           int64_t *cursor, int limit)
{
    struct app_switches switches;
    int r = app_switches_get(tx, app->rid, &switches);
    if (r < 0)
        return r;
    const struct look look = {.class = class, .profile = true, .groups = true, .switches = &switches};
    int64_t *rids = arena_array(tx_arena(tx), (size_t)limit, sizeof(*rids));
    int count = group_member_rids(tx, group_rid, *cursor, rids, limit);
    for (int i = 0; i < count; i++) {
        r = look_at(tx, app, rids[i], &look);
        if (r < 0)
            return r;
        *cursor = rids[i];
    }
    return count < 0 ? count : count == limit;
}

/* Looks at a chunk of the accounts that a group gave. 1 more, 0 done. */
static int expand_unassigned(struct tx *tx, const struct app *app, int64_t group_rid, int64_t *cursor, int limit)
{
    struct app_switches switches;
    int r = app_switches_get(tx, app->rid, &switches);
    if (r < 0)
        return r;
    const struct look look = {.class = WORK_FRESH, .groups = true, .switches = &switches};
    struct account *accounts = arena_array(tx_arena(tx), (size_t)limit, sizeof(*accounts));
    int count = account_list_via(tx, app->rid, group_rid, *cursor, accounts, limit);
    for (int i = 0; i < count; i++) {
        r = look_at(tx, app, accounts[i].user_rid, &look);
        if (r < 0)
            return r;
        *cursor = accounts[i].rid;
    }
    return count < 0 ? count : count == limit;
}

int spread_assigned(struct tx *tx, const struct app *app, const struct app_group *assignment)
{
    int64_t rids[REACT_ACCOUNTS + 1];
    int count = group_member_rids(tx, assignment->group_rid, 0, rids, REACT_ACCOUNTS + 1);
    if (count < 0)
        return count;
    if (count > REACT_ACCOUNTS)
        return work_add(tx, app->rid, WORK_EXPAND_GROUP_ASSIGNED, assignment->rid, WORK_BULK);
    int64_t cursor = 0;
    int r = expand_assigned(tx, app, assignment->group_rid, WORK_FRESH, &cursor, REACT_ACCOUNTS + 1);
    return r < 0 ? r : 0;
}

/* Where values of groups are combined, people whom another group gives the app have something to lose too. */
static int spread_combined(struct tx *tx, const struct app *app)
{
    const struct app_profile *profile = NULL;
    int r = app_profile_load(tx, app->rid, &profile);
    if (r < 0 || !profile->combines)
        return r;
    return work_add(tx, app->rid, WORK_EXPAND_PROFILE, app->rid, WORK_BULK);
}

/* Looks at a chunk of accounts again. The last rid is the cursor; 1 more, 0 done. */
static int look_again(struct tx *tx, const struct app *app, const struct account *accounts, int count,
                      enum work_class class, int64_t *cursor)
{
    struct app_switches switches;
    int r = app_switches_get(tx, app->rid, &switches);
    const struct look look = {.class = class, .profile = true, .switches = &switches};
    for (int i = 0; r == 0 && i < count; i++) {
        if (accounts[i].scope != SCOPE_NONE)
            r = look_at(tx, app, accounts[i].user_rid, &look);
        *cursor = accounts[i].rid;
    }
    return r < 0 ? r : count == LIMIT_EXPAND_ROWS;
}

static int expand_profile(struct tx *tx, struct work *work)
{
    struct app app = {0};
    struct account *accounts = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*accounts));
    int r = app_by_rid(tx, work->app_rid, &app);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    int count = account_list(tx, app.rid, work->cursor, accounts, LIMIT_EXPAND_ROWS);
    return count < 0 ? count : look_again(tx, &app, accounts, count, work->class, &work->cursor);
}

/* --- accounts that name a person -----------------------------------------------------------------------------------
 */

/* The cursor of the expansion: the rid, and which of the two keys it belongs to. */
#define KEYS_OF_PERSON 2

static const char *key_of_person(struct arena *arena, const struct user *user, int64_t which)
{
    return text_fold(arena, which == 0 ? user->id : user->login);
}

static const char referrers_key; /* the address is the key of the job's count */

/* How many accounts this job looked at because of whom they name: managers come and go in crowds too. */
static int *referrers_looked(struct tx *tx)
{
    void **memo = tx_memo(tx, &referrers_key);
    if (!*memo)
        *memo = memset(arena_alloc(tx_arena(tx), sizeof(int)), 0, sizeof(int));
    return *memo;
}

/* 1: they are too many for this job. */
static int spread_key(struct tx *tx, const struct app *app, const char *key)
{
    struct account *few = arena_array(tx_arena(tx), REACT_ACCOUNTS + 1, sizeof(*few));
    int *looked = referrers_looked(tx);
    int64_t cursor = 0;
    int count = account_list_referrers(tx, app->rid, key, 0, few, REACT_ACCOUNTS + 1);
    if (count <= 0 || count > REACT_ACCOUNTS - *looked)
        return count <= 0 ? count : 1;
    *looked += count;
    int r = look_again(tx, app, few, count, WORK_FRESH, &cursor);
    return r < 0 ? r : 0;
}

int spread_referrers(struct tx *tx, const struct app *app, const struct user *user, const char *old_login)
{
    int full = 0;
    for (int64_t which = 0; full == 0 && which < KEYS_OF_PERSON; which++)
        full = spread_key(tx, app, key_of_person(tx_arena(tx), user, which));
    if (full > 0)
        full = work_add(tx, app->rid, WORK_EXPAND_REFERRERS, user->rid, WORK_BULK);
    if (full < 0 || !old_login)
        return full;
    full = spread_key(tx, app, text_fold(tx_arena(tx), old_login));
    /* The name is not known any more when an expansion runs: it looks at everybody. */
    return full > 0 ? work_add(tx, app->rid, WORK_EXPAND_PROFILE, app->rid, WORK_BULK) : full;
}

static int expand_referrers(struct tx *tx, struct work *work)
{
    struct app app = {0};
    struct user user = {0};
    struct account *accounts = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*accounts));
    int64_t which = work->cursor % KEYS_OF_PERSON;
    int64_t rid = work->cursor / KEYS_OF_PERSON;
    int r = app_by_rid(tx, work->app_rid, &app);
    if (r == 0)
        r = account_user(tx, work->object_rid, &user);
    if (r < 0)
        return r == ERR_NOT_FOUND ? 0 : r;
    int count = account_list_referrers(tx, app.rid, key_of_person(tx_arena(tx), &user, which), rid, accounts,
                                       LIMIT_EXPAND_ROWS);
    r = count < 0 ? count : look_again(tx, &app, accounts, count, work->class, &rid);
    if (r < 0)
        return r;
    if (r == 0) {
        which++;
        rid = 0;
    }
    work->cursor = rid * KEYS_OF_PERSON + which;
    return which < KEYS_OF_PERSON;
}

int spread_unassigned(struct tx *tx, const struct app *app, int64_t group_rid)
{
    int combined = spread_combined(tx, app);
    if (combined < 0)
        return combined;
    struct account *few = arena_array(tx_arena(tx), REACT_ACCOUNTS + 1, sizeof(*few));
    int count = account_list_via(tx, app->rid, group_rid, 0, few, REACT_ACCOUNTS + 1);
    if (count < 0)
        return count;
    if (count > REACT_ACCOUNTS)
        return work_add(tx, app->rid, WORK_EXPAND_GROUP_UNASSIGNED, group_rid, WORK_URGENT);
    int64_t cursor = 0;
    int r = expand_unassigned(tx, app, group_rid, &cursor, REACT_ACCOUNTS + 1);
    return r < 0 ? r : 0;
}

static int expand_group_assigned(struct tx *tx, struct work *work)
{
    struct app app = {0};
    struct app_group assignment = {0};
    int r = app_group_by_rid(tx, work->object_rid, &assignment);
    if (r == 0)
        r = app_by_rid(tx, work->app_rid, &app);
    if (r == ERR_NOT_FOUND)
        return 0;
    return r < 0 ? r : expand_assigned(tx, &app, assignment.group_rid, work->class, &work->cursor, LIMIT_EXPAND_ROWS);
}

static int expand_group_unassigned(struct tx *tx, struct work *work)
{
    struct app app = {0};
    int r = app_by_rid(tx, work->app_rid, &app);
    if (r == ERR_NOT_FOUND)
        return 0;
    return r < 0 ? r : expand_unassigned(tx, &app, work->object_rid, &work->cursor, LIMIT_EXPAND_ROWS);
}

/* Assignments that were too many for the reactor first, then the memberships. */
static int expand_group_deleted(struct tx *tx, struct work *work)
{
    struct group group = {0};
    int r = group_by_rid(tx, work->object_rid, &group);
    if (r == ERR_NOT_FOUND)
        return 0;
    if (r < 0)
        return r;
    int64_t *apps = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*apps));
    int count = app_rids_of_group(tx, group.rid, 0, apps, LIMIT_EXPAND_ROWS);
    for (int i = 0; i < count; i++) {
        struct app app = {0};
        r = app_by_rid(tx, apps[i], &app);
        if (r == 0)
            r = app_group_drop(tx, &app, &group);
        if (r < 0)
            return r;
    }
    if (count != 0)
        return count < 0 ? count : 1;
    return group_purge_chunk(tx, group.rid, LIMIT_EXPAND_ROWS);
}

/*
 * Accounts that no app knows go with the person; the others stay, since what was not yet removed from or deactivated in
 * an app needs the app's id for the person.
 */
static int forget_accounts(struct tx *tx, int64_t user_rid)
{
    struct account *accounts = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*accounts));
    int64_t after = 0;
    int count = LIMIT_EXPAND_ROWS;
    while (count == LIMIT_EXPAND_ROWS) {
        count = account_list_of_user(tx, user_rid, after, accounts, LIMIT_EXPAND_ROWS);
        for (int i = 0; i < count; i++) {
            after = accounts[i].app_rid;
            struct work work;
            int r = accounts[i].external_id ? 1 : work_find(tx, after, WORK_ACCOUNT, accounts[i].rid, &work);
            if (r == 0) /* nothing is on its way either */
                r = account_delete(tx, &accounts[i]);
            if (r < 0)
                return r;
        }
    }
    return count < 0 ? count : 0;
}

static int expand_user_deleted(struct tx *tx, struct work *work)
{
    int r = user_purge_chunk(tx, work->object_rid, LIMIT_EXPAND_ROWS);
    return r == 0 ? forget_accounts(tx, work->object_rid) : r;
}

static int expand_user(struct tx *tx, struct work *work)
{
    struct user user = {0};
    int r = account_user(tx, work->object_rid, &user);
    if (r < 0)
        return r;
    const struct look look = {.class = work->class, .profile = true, .again = true};
    int64_t *apps = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*apps));
    int count = app_rids(tx, work->cursor, apps, LIMIT_EXPAND_ROWS);
    for (int i = 0; i < count; i++) {
        struct app app = {0};
        r = app_by_rid(tx, apps[i], &app);
        if (r == 0)
            r = account_look(tx, &app, &user, &look);
        if (r < 0)
            return r;
        work->cursor = apps[i];
    }
    return count < 0 ? count : count == LIMIT_EXPAND_ROWS;
}

/* One chunk a turn: what rules change makes others react, and API calls are answered between turns. */
static int expand_rules(struct tx *tx, struct work *work)
{
    (void)tx_spend(tx, LIMIT_EXPAND_ROWS);
    if (work->kind == WORK_EXPAND_RULE)
        return rule_chunk(tx, work->object_rid, &work->cursor);
    if (work->kind == WORK_EXPAND_RULE_DELETED)
        return rule_purge_chunk(tx, work->object_rid);
    if (work->kind == WORK_EXPAND_RULES_OF_USER)
        return rules_of_user_chunk(tx, work->object_rid, &work->cursor);
    return rules_of_group_chunk(tx, work->object_rid, &work->cursor);
}

/* --- the backlog ---------------------------------------------------------------------------------------------------
 */

enum difference { DIFFERS_NOT, DIFFERS_CREATE, DIFFERS_REACTIVATE, DIFFERS_UPDATE, DIFFERS_DEACTIVATE };

/* What the switches would let Muster do about the account; enum difference or a negative error. */
static int account_difference(struct tx *tx, const struct account *a, const struct app_switches *switches)
{
    if (a->wanted == WANT_INACTIVE)
        return a->external_id && a->known != KNOWN_INACTIVE && switches->deactivate ? DIFFERS_DEACTIVATE : DIFFERS_NOT;
    if (a->wanted != WANT_ACTIVE)
        return DIFFERS_NOT;
    if (!a->external_id)
        return switches->create ? DIFFERS_CREATE : DIFFERS_NOT;
    if (a->known == KNOWN_INACTIVE && !a->disabled_there && switches->create)
        return DIFFERS_REACTIVATE;
    struct user user = {0};
    int r = switches->update ? account_user(tx, a->user_rid, &user) : 0;
    if (r == 0 && switches->update)
        r = account_profile_differs(tx, a, &user);
    return r < 0 ? r : r > 0 ? DIFFERS_UPDATE : DIFFERS_NOT;
}

static int queue_difference(struct tx *tx, struct account *a, int difference, enum work_class class)
{
    int r = 0;
    if (difference == DIFFERS_CREATE || difference == DIFFERS_REACTIVATE) {
        a->activation_owed = true; /* an administrator's explicit act */
        r = account_store(tx, a);
    } else if (difference == DIFFERS_DEACTIVATE) {
        class = WORK_URGENT;
        if (a->leave_since == 0) {
            a->leave_since = tx_now(tx);
            r = account_store(tx, a);
        }
        if (r == 0) /* deletion limits count what waits */
            r = account_changed(tx, CHANGE_ACCOUNT_WANTED, a);
    }
    return r < 0 ? r : work_add(tx, a->app_rid, WORK_ACCOUNT, a->rid, class);
}

/* Something is on its way for a person who is wanted: if it turns out to have been a deactivation, the administrator's
 * act covers the activation too. */
static int owe_if_in_work(struct tx *tx, struct account *a, const struct app_switches *switches)
{
    struct work work;
    if (a->wanted != WANT_ACTIVE || !a->external_id || !switches->create || a->activation_owed)
        return 0;
    int r = work_find(tx, a->app_rid, WORK_ACCOUNT, a->rid, &work);
    if (r <= 0)
        return r;
    a->activation_owed = true;
    return account_store(tx, a);
}

static int expand_backlog(struct tx *tx, struct work *work)
{
    struct app_switches switches;
    int r = app_switches_get(tx, work->app_rid, &switches);
    if (r < 0)
        return r;
    struct account *accounts = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*accounts));
    int count = account_list(tx, work->app_rid, work->cursor, accounts, LIMIT_EXPAND_ROWS);
    for (int i = 0; i < count; i++) {
        r = owe_if_in_work(tx, &accounts[i], &switches);
        if (r >= 0)
            r = account_difference(tx, &accounts[i], &switches);
        if (r > 0)
            r = queue_difference(tx, &accounts[i], r, work->class);
        if (r < 0)
            return r;
        work->cursor = accounts[i].rid;
    }
    return count < 0 ? count : count == LIMIT_EXPAND_ROWS;
}

static void count_difference(struct app_backlog *backlog, int difference)
{
    backlog->looked++;
    backlog->create += difference == DIFFERS_CREATE;
    backlog->reactivate += difference == DIFFERS_REACTIVATE;
    backlog->update += difference == DIFFERS_UPDATE;
    backlog->deactivate += difference == DIFFERS_DEACTIVATE;
}

/* 1 when work that is there already makes the difference go away, be it held or failed; 0 when it is the backlog's. */
static int is_in_work(struct tx *tx, const struct account *a, int difference)
{
    struct work work;
    if (difference == DIFFERS_NOT || (difference == DIFFERS_REACTIVATE && !a->activation_owed))
        return 0;
    return work_find(tx, a->app_rid, WORK_ACCOUNT, a->rid, &work);
}

int app_backlog_count(struct tx *tx, const struct app *app, struct app_backlog *ret)
{
    struct app_backlog backlog = {0};
    struct app_switches switches;
    int r = app_switches_get(tx, app->rid, &switches);
    if (r < 0)
        return r;
    struct account *accounts = arena_array(tx_arena(tx), LIMIT_EXPAND_ROWS, sizeof(*accounts));
    int64_t after = 0;
    int count = LIMIT_EXPAND_ROWS;
    while (count == LIMIT_EXPAND_ROWS && backlog.looked < LIMIT_BACKLOG_COUNT) {
        count = account_list(tx, app->rid, after, accounts, LIMIT_EXPAND_ROWS);
        for (int i = 0; i < count; i++) {
            r = account_difference(tx, &accounts[i], &switches);
            int in_work = r < 0 ? r : is_in_work(tx, &accounts[i], r);
            if (in_work < 0)
                return in_work;
            count_difference(&backlog, in_work > 0 ? DIFFERS_NOT : r);
            after = accounts[i].rid;
        }
        if (count < 0)
            return count;
    }
    backlog.complete = count < LIMIT_EXPAND_ROWS;
    *ret = backlog;
    return 0;
}

int app_backlog_start(struct tx *tx, const struct app *app)
{
    int r = work_add(tx, app->rid, WORK_EXPAND_BACKLOG, app->rid, WORK_BULK);
    return r < 0 ? r : app_event(tx, "application.lifecycle.update", app, "{\"backlog\":\"queued\"}");
}

int app_expand(struct tx *tx, struct work *work)
{
    tx_continue(tx, work->since);
    int r;
    switch ((int)work->kind) {
    case WORK_EXPAND_GROUP_ASSIGNED:
        r = expand_group_assigned(tx, work);
        break;
    case WORK_EXPAND_GROUP_UNASSIGNED:
        r = expand_group_unassigned(tx, work);
        break;
    case WORK_EXPAND_GROUP_DELETED:
        r = expand_group_deleted(tx, work);
        break;
    case WORK_EXPAND_USER_DELETED:
        r = expand_user_deleted(tx, work);
        break;
    case WORK_EXPAND_USER:
        r = expand_user(tx, work);
        break;
    case WORK_EXPAND_BACKLOG:
        r = expand_backlog(tx, work);
        break;
    case WORK_EXPAND_PROFILE:
        r = expand_profile(tx, work);
        break;
    case WORK_EXPAND_REFERRERS:
        r = expand_referrers(tx, work);
        break;
    case WORK_EXPAND_TO_USER:
    case WORK_EXPAND_TO_GROUP:
        r = expand_convert(tx, work);
        break;
    case WORK_EXPAND_RULE:
    case WORK_EXPAND_RULE_DELETED:
    case WORK_EXPAND_RULES_OF_USER:
    case WORK_EXPAND_RULES_OF_GROUP:
        r = expand_rules(tx, work);
        break;
    default:
        return ERR_UNSUPPORTED; /* not of this room */
    }
    if (r > 0) {
        int moved = work_set_cursor(tx, work->rid, work->cursor);
        return moved < 0 ? moved : 1;
    }
    return r;
}
