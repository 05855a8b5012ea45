/* SPDX-License-Identifier: Apache-2.0 */
/* Imports against the practice target: pages of every kind of badness, crashes, what is taken over and what is not. */
#include "world.h"

#include "directory/schema.h"
#include "directory/search.h"
#include "push/import.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define IMPORTED_MAX 256 /* imported users in one state, in any test here */

/* --- rows written, by every connection of this process, but for what a run says of itself (its row, the log)
 * ----------
 */

static int64_t rows_written;

static void on_row(void *data, int operation, const char *database, const char *table, sqlite3_int64 rid)
{
    static const char *const own[] = {"import_runs", "work", "store_counter", "lease", "system_log", "log_counter"};
    (void)data, (void)operation, (void)database, (void)rid;
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (strcmp(table, own[i]) == 0)
            return;
    rows_written++;
}

static int watch(sqlite3 *db, char **error, const void *api)
{
    (void)error, (void)api;
    (void)sqlite3_update_hook(db, on_row, NULL);
    return SQLITE_OK;
}

static int setup(void **state)
{
    rows_written = 0;
    return world_setup(state);
}

/* --- what tests do -------------------------------------------------------------------------------------------------
 */

static void there_user(struct world *world, const char *login, const char *first, const char *last, bool active)
{
    char body[512];
    (void)snprintf(body, sizeof(body),
                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"%s\",\"name\":"
                   "{\"givenName\":\"%s\",\"familyName\":\"%s\"},\"emails\":[{\"value\":\"%s\",\"type\":\"work\"}],"
                   "\"active\":%s}",
                   login, first, last, login, active ? "true" : "false");
    assert_int_equal(world_request(world, "POST", "/scim/v2/Users", body), 201);
}

static const char *id_there(struct world *world, const char *login)
{
    const char *id = NULL;
    bool active = false;
    assert_true(practice_find_user(world->practice, login, &id, &active));
    return id;
}

/* A group with the people between commas. */
static void there_group(struct world *world, const char *name, const char *logins)
{
    char body[2048];
    int n = snprintf(body, sizeof(body),
                     "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"%s\","
                     "\"members\":[",
                     name);
    for (const char *p = logins; *p;) {
        char login[64];
        size_t length = strcspn(p, ",");
        (void)snprintf(login, sizeof(login), "%.*s", (int)length, p);
        n += snprintf(body + n, sizeof(body) - (size_t)n, "%s{\"value\":\"%s\"}", p == logins ? "" : ",",
                      id_there(world, login));
        p += length + (p[length] == ',');
    }
    (void)snprintf(body + n, sizeof(body) - (size_t)n, "]}");
    assert_int_equal(world_request(world, "POST", "/scim/v2/Groups", body), 201);
}

static void change_there(struct world *world, const char *path, const char *id, const char *method, const char *body)
{
    char whole[256];
    (void)snprintf(whole, sizeof(whole), "/scim/v2/%s/%s", path, id);
    assert_int_equal(world_request(world, method, whole, body ? body : "") / 100, 2);
}

static void there_crowd(struct world *world, int groups)
{
    for (int i = 0; i < groups; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "Group %03d", i);
        there_group(world, name, "");
    }
}

struct act {
    struct world *world;
    int what;
    int64_t count;
    const char *name;
    const char *id;
    struct import_run run;
    struct import_settings settings;
    struct imported_user imported;
    struct account account;
    struct group group;
    struct problem problem;
};

enum {
    START,
    LATEST,
    CANCEL,
    APPROVE,
    SETTINGS,
    UNCONFIRMED,
    ACCOUNT,
    GROUPS,
    MEMBERS,
    CONFIRM,
    CREATE,
    IGNORE,
    UNDECIDED
};

static int count_group(const struct group *group, void *data)
{
    struct act *act = data;
    if (act->name && strcmp(group->name, act->name) != 0)
        return 0;
    act->count++;
    act->group = *group;
    act->group.id = arena_strdup(act->world->arena, group->id);
    return 0;
}

static int look_up(struct tx *tx, struct act *act)
{
    struct user user = {0};
    struct target_group target = {0};
    int64_t rids[16];
    int r = 0;
    switch (act->what) {
    case UNCONFIRMED:
        r = imported_user_list(tx, act->world->app.rid, (enum imported_state)act->count, 0,
                               arena_array(tx_arena(tx), IMPORTED_MAX, sizeof(struct imported_user)), IMPORTED_MAX);
        act->count = r;
        return MIN_OF(r, 0);
    case ACCOUNT:
        r = user_by_login(tx, act->name, &user);
        return r < 0 ? r : account_get(tx, act->world->app.rid, user.rid, &act->account);
    case UNDECIDED:
        r = imported_user_list(tx, act->world->app.rid, IMPORTED_UNCONFIRMED, 0, &act->imported, 1);
        act->imported.error = arena_strdup(act->world->arena, act->imported.error);
        return r == 1 ? 0 : ERR_NOT_FOUND;
    case MEMBERS:
        r = group_by_id(tx, act->id, &act->group);
        if (r == 0)
            r = target_group_by_group(tx, act->group.rid, &target);
        act->count = r < 0 ? r : app_group_member_rids(tx, &target, 0, rids, ARRAY_LEN(rids));
        return r;
    case GROUPS:
    default: {
        const char *next = NULL;
        struct list_request request = {.filter = "type eq \"APP_GROUP\"", .limit = 10000};
        return group_list(tx, &request, count_group, act, &next, &act->problem);
    }
    }
}

static int decide(struct tx *tx, struct act *act)
{
    struct world *world = act->world;
    struct user user = {0};
    struct imported_user list[64];
    int count = imported_user_list(tx, world->app.rid, IMPORTED_UNCONFIRMED, 0, list, ARRAY_LEN(list));
    for (int i = 0; i < count; i++) {
        if (strcmp(list[i].user_name, act->name) != 0)
            continue;
        act->imported = list[i];
        if (act->what == CREATE)
            return imported_user_create(tx, &world->app, &act->imported, true, &act->problem);
        if (act->what == IGNORE)
            return imported_user_ignore(tx, &world->app, &act->imported, true, &act->problem);
        int r = act->id ? user_by_login(tx, act->id, &user) : 0;
        return r < 0 || !act->id ? r : imported_user_confirm(tx, &world->app, &act->imported, &user, &act->problem);
    }
    return count < 0 ? count : ERR_NOT_FOUND;
}

static int run_act(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct world *world = act->world;
    struct import_run list[1];
    int r = 0;
    act->problem = (struct problem){0};
    switch (act->what) {
    case START:
        return import_start(tx, &world->app, (enum import_kind)act->count, false, &act->run, &act->problem);
    case SETTINGS:
        return import_settings_set(tx, &world->app, &act->settings, &act->problem);
    case CONFIRM:
    case CREATE:
    case IGNORE:
        return decide(tx, act);
    case LATEST:
    case CANCEL:
    case APPROVE:
        r = import_list(tx, world->app.rid, 0, list, 1);
        if (r == 1)
            act->run = list[0];
        if (r == 1 && act->what == CANCEL)
            r = import_cancel(tx, &act->run, &act->problem);
        if (r == 1 && act->what == APPROVE)
            r = import_approve(tx, &act->run, &act->problem);
        act->run.error = arena_strdup(world->arena, act->run.error);
        act->run.error_class = arena_strdup(world->arena, act->run.error_class);
        return r;
    default:
        return look_up(tx, act);
    }
}

static int try_act(struct act *act)
{
    return store_write_wait(act->world->store, NULL, run_act, act);
}

static void do_act(struct act *act)
{
    int r = try_act(act);
    if (r < 0)
        fail_msg("%s: %s %s", err_text(r), act->problem.argument, act->problem.causes[0]);
}

static void start(struct world *world, enum import_kind kind)
{
    do_act(&(struct act){.world = world, .what = START, .count = kind});
}

static struct import_run latest(struct world *world)
{
    struct act act = {.world = world, .what = LATEST};
    do_act(&act);
    return act.run;
}

static struct import_run import(struct world *world, enum import_kind kind)
{
    start(world, kind);
    world_settle(world, 10 * MINUTE_MS);
    return latest(world);
}

static void expect_state(struct world *world, enum import_state state)
{
    struct import_run run = latest(world);
    if (run.state != state)
        fail_msg("%s instead of %s: %s", import_state_name(run.state), import_state_name(state), run.error);
}

static int64_t app_groups(struct world *world, const char *name)
{
    struct act act = {.world = world, .what = GROUPS, .name = name};
    do_act(&act);
    return act.count;
}

static int64_t members_of(struct world *world, const char *name)
{
    struct act group = {.world = world, .what = GROUPS, .name = name};
    do_act(&group);
    assert_int_equal(group.count, 1);
    struct act act = {.world = world, .what = MEMBERS, .id = group.group.id};
    do_act(&act);
    return act.count;
}

static int64_t imported(struct world *world, enum imported_state state)
{
    struct act act = {.world = world, .what = UNCONFIRMED, .count = state};
    do_act(&act);
    return act.count;
}

static struct account account_of(struct world *world, const char *login)
{
    struct act act = {.world = world, .what = ACCOUNT, .name = login};
    do_act(&act);
    return act.account;
}

static void set(struct world *world, struct import_settings settings)
{
    settings.import_groups = true;
    settings.criterion = settings.criterion ? settings.criterion : CRITERION_USERNAME;
    do_act(&(struct act){.world = world, .what = SETTINGS, .settings = settings});
}

static void fault(struct world *world, struct practice_fault fault)
{
    char why[256];
    if (practice_set_fault(world->practice, &fault, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

/* --- groups --------------------------------------------------------------------------------------------------------
 */

static void test_refresh_groups(void **state)
{
    struct world *world = *state;
    there_crowd(world, 250);
    struct import_run run = import(world, IMPORT_GROUPS);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(world->requests, 4); /* three pages, and one that is empty */
    assert_int_equal(run.groups_read, 250);
    assert_int_equal(run.groups_total, 250);
    assert_int_equal(run.groups_created, 250);
    assert_int_equal(app_groups(world, NULL), 250);

    rows_written = 0;
    run = import(world, IMPORT_GROUPS);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.to_apply, 0);
    assert_int_equal(rows_written, 0);
}

static void test_groups_follow_the_app(void **state)
{
    struct world *world = *state;
    const char *id = NULL;
    there_crowd(world, 3);
    (void)import(world, IMPORT_GROUPS);
    assert_int_equal(practice_find_group(world->practice, "Group 001", &id), 1);
    change_there(world, "Groups", id, "PATCH",
                 "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":\"replace\","
                 "\"path\":\"displayName\",\"value\":\"Renamed\"}]}");
    assert_int_equal(practice_find_group(world->practice, "Group 002", &id), 1);
    change_there(world, "Groups", id, "DELETE", NULL);
    struct import_run run = import(world, IMPORT_GROUPS);
    assert_int_equal(run.groups_updated, 1);
    assert_int_equal(run.groups_removed, 1);
    assert_int_equal(app_groups(world, NULL), 2);
    assert_int_equal(app_groups(world, "Renamed"), 1);
    assert_int_equal(app_groups(world, "Group 002"), 0);
}

/* A group that is pushed is owned by its source: what the app says of its name changes nothing, nor that it is gone. */
static void test_pushed_groups_are_left_alone(void **state)
{
    struct world *world = *state;
    const char *id = NULL;
    const char *group = world_group(world, "Engineering");
    (void)world_push(world, group, "Engineering");
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_find_group(world->practice, "Engineering", &id), 1);
    change_there(world, "Groups", id, "PATCH",
                 "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":\"replace\","
                 "\"path\":\"displayName\",\"value\":\"Mine\"}]}");
    struct import_run run = import(world, IMPORT_GROUPS);
    assert_int_equal(run.state, IMPORT_COMPLETED);
    assert_int_equal(run.to_apply, 0);
    assert_int_equal(app_groups(world, "Engineering"), 1);
    change_there(world, "Groups", id, "DELETE", NULL);
    run = import(world, IMPORT_GROUPS);
    assert_int_equal(run.groups_removed, 0);
    assert_int_equal(app_groups(world, "Engineering"), 1);
}

/* A mapping that asks for a group by the name of an imported one takes that one, and makes no second. */
static void test_push_links_an_imported_group(void **state)
{
    struct world *world = *state;
    there_group(world, "Sales", "");
    (void)import(world, IMPORT_GROUPS);
    assert_int_equal(app_groups(world, "Sales"), 1);
    const char *mapping = world_push(world, world_group(world, "sales"), "sales");
    world_settle(world, MINUTE_MS);
    assert_null(world_mapping_state(world, mapping).error);
    assert_int_equal(practice_group_count(world->practice), 1);
    assert_int_equal(import(world, IMPORT_GROUPS).to_apply, 0);
    assert_int_equal(app_groups(world, NULL), 1);
}

/* --- pages ---------------------------------------------------------------------------------------------------------
 */

/* Reads 250 groups under a fault, then a second time: everything once, and the second time nothing to do. */
static void expect_whole(struct world *world, struct practice_fault bad)
{
    there_crowd(world, 250);
    fault(world, bad);
    struct import_run run = import(world, IMPORT_GROUPS);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.groups_created, 250);
    assert_int_equal(app_groups(world, NULL), 250);
    rows_written = 0;
    run = import(world, IMPORT_GROUPS);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.to_apply, 0);
    assert_int_equal(rows_written, 0);
}

static void test_pages_overlap(void **state)
{
    expect_whole(*state, (struct practice_fault){.kind = FAULT_PAGES_OVERLAP, .max = 7});
}

static void test_pages_wrap(void **state)
{
    expect_whole(*state, (struct practice_fault){.kind = FAULT_PAGES_WRAP});
}

static void test_pages_are_small(void **state)
{
    expect_whole(*state, (struct practice_fault){.kind = FAULT_PAGE_MAX, .max = 17});
}

static void test_total_is_of_the_page(void **state)
{
    expect_whole(*state, (struct practice_fault){.kind = FAULT_TOTAL, .text = "page"});
}

static void test_total_is_zero(void **state)
{
    expect_whole(*state, (struct practice_fault){.kind = FAULT_TOTAL, .text = "zero"});
}

static void test_total_is_too_high(void **state)
{
    expect_whole(*state, (struct practice_fault){.kind = FAULT_TOTAL, .text = "more"});
}

static void test_total_is_absent(void **state)
{
    expect_whole(*state, (struct practice_fault){.kind = FAULT_TOTAL, .text = "absent"});
}

static void test_pages_by_cursor_only(void **state)
{
    expect_whole(*state, (struct practice_fault){.kind = FAULT_CURSOR, .text = "only", .max = 40});
}

/* Groups that no page shows are asked for by their ids, and stay. */
static void test_pages_skip(void **state)
{
    struct world *world = *state;
    there_crowd(world, 250);
    (void)import(world, IMPORT_GROUPS);
    fault(world, (struct practice_fault){.kind = FAULT_PAGES_SKIP, .max = 5});
    uint64_t before = world->requests;
    struct import_run run = import(world, IMPORT_GROUPS);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.groups_read, 245);
    assert_int_equal(world->requests - before, 4 + 5); /* the pages, and those that none showed */
    assert_int_equal(run.groups_removed, 0);
    assert_int_equal(run.to_apply, 0);
    assert_int_equal(app_groups(world, NULL), 250);
}

/* startIndex is ignored: what cannot be read whole changes nothing, and the run comes to an end. */
static void test_pages_endless(void **state)
{
    struct world *world = *state;
    there_crowd(world, 250);
    fault(world, (struct practice_fault){.kind = FAULT_PAGES_ENDLESS});
    struct import_run run = import(world, IMPORT_GROUPS);
    assert_int_equal(run.state, IMPORT_FAILED);
    assert_string_equal(run.error_class, "MALFORMED_ANSWER");
    assert_non_null(strstr(run.error, "100 of 250 groups"));
    assert_int_equal(app_groups(world, NULL), 0);
    assert_in_range(world->requests, 4, 5);
}

static void test_all_on_one_endless_page(void **state)
{
    struct world *world = *state;
    there_crowd(world, 90);
    fault(world, (struct practice_fault){.kind = FAULT_PAGES_ENDLESS});
    assert_int_equal(import(world, IMPORT_GROUPS).state, IMPORT_COMPLETED);
    assert_int_equal(app_groups(world, NULL), 90);
}

/* --- failures ------------------------------------------------------------------------------------------------------
 */

static void test_failed_page_changes_nothing(void **state)
{
    struct world *world = *state;
    there_crowd(world, 150);
    fault(world, (struct practice_fault){.kind = FAULT_STATUS, .prefix = "/Groups", .every = 2, .status = 500});
    start(world, IMPORT_GROUPS);
    world_settle(world, 10 * MINUTE_MS);
    expect_state(world, IMPORT_COMPLETED); /* each second request fails: it is repeated */
    assert_int_equal(app_groups(world, NULL), 150);

    practice_clear_faults(world->practice);
    there_group(world, "One more", "");
    fault(world, (struct practice_fault){.kind = FAULT_STATUS, .prefix = "/Groups", .status = 500});
    struct import_run run = import(world, IMPORT_GROUPS);
    assert_int_equal(run.state, IMPORT_FAILED);
    assert_string_equal(run.error_class, "SERVER_ERROR");
    assert_true(run.finished > 0);
    assert_int_equal(app_groups(world, NULL), 150);
}

static void test_refused_list_fails_at_once(void **state)
{
    struct world *world = *state;
    fault(world, (struct practice_fault){.kind = FAULT_STATUS, .prefix = "/Groups", .status = 403});
    struct import_run run = import(world, IMPORT_GROUPS);
    assert_int_equal(run.state, IMPORT_FAILED);
    assert_string_equal(run.error_class, "FORBIDDEN");
    assert_int_equal(world->requests, 1);
}

static void test_one_at_a_time_and_cancel(void **state)
{
    struct world *world = *state;
    there_crowd(world, 150);
    start(world, IMPORT_GROUPS);
    struct act second = {.world = world, .what = START, .count = IMPORT_ALL};
    assert_int_equal(try_act(&second), ERR_PROBLEM);
    assert_int_equal(second.problem.code, E0000195);
    assert_true(world_turn(world)); /* the first page was read */
    assert_true(world_turn(world));
    do_act(&(struct act){.world = world, .what = CANCEL});
    world_settle(world, MINUTE_MS);
    expect_state(world, IMPORT_CANCELLED);
    assert_int_equal(app_groups(world, NULL), 0);
    struct act again = {.world = world, .what = CANCEL};
    assert_int_equal(try_act(&again), ERR_PROBLEM);
    assert_int_equal(again.problem.code, E0000107);
    assert_int_equal(import(world, IMPORT_GROUPS).groups_created, 150);
}

/* The process dies after each turn in turn: what was read is read again, what was applied is applied once. */
static void test_crash_after_every_turn(void **state)
{
    struct world *world = *state;
    there_crowd(world, 150);
    for (int turns = 0; turns < 12; turns++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "New %02d", turns);
        there_group(world, name, "");
        start(world, IMPORT_GROUPS);
        for (int i = 0; i < turns; i++)
            (void)world_turn(world);
        world_crash(world);
        world_settle(world, MINUTE_MS);
        expect_state(world, IMPORT_COMPLETED);
        assert_int_equal(app_groups(world, name), 1);
        assert_int_equal(app_groups(world, NULL), 151 + turns);
    }
}

static void test_app_that_is_off_is_not_read(void **state)
{
    struct world *world = *state;
    struct act act = {.world = world, .what = START, .count = IMPORT_ALL};
    start(world, IMPORT_GROUPS);
    world_settle(world, MINUTE_MS);
    world_connection(world, false);
    assert_int_equal(try_act(&act), ERR_PROBLEM);
    assert_non_null(strstr(act.problem.causes[0], "connection is off"));
}

/* --- users and memberships -----------------------------------------------------------------------------------------
 */

static void test_import_matches(void **state)
{
    struct world *world = *state;
    (void)world_user(world, "ann@example.com"); /* Test Person */
    there_user(world, "ANN@example.com", "Ann", "Other", true);
    there_user(world, "somebody@else.where", "Test", "Person", true);
    there_user(world, "new@else.where", "New", "Comer", true);
    set(world, (struct import_settings){.allow_partial = true});
    struct import_run run = import(world, IMPORT_ALL);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.users_created, 3);
    assert_int_equal(run.users_confirmed, 0);
    assert_int_equal(imported(world, IMPORTED_UNCONFIRMED), 3);

    set(world, (struct import_settings){.confirm_exact = true});
    run = import(world, IMPORT_ALL);
    assert_int_equal(run.users_confirmed, 1);
    struct account account = account_of(world, "ann@example.com");
    assert_int_equal(account.scope, SCOPE_USER);
    assert_int_equal(account.origin, ORIGIN_LINKED);
    assert_int_equal(imported(world, IMPORTED_UNCONFIRMED), 2);

    set(world, (struct import_settings){.confirm_exact = true, .confirm_new = true, .activate_new = true});
    run = import(world, IMPORT_ALL);
    assert_int_equal(run.users_confirmed, 2);
    account = account_of(world, "new@else.where");
    assert_int_equal(account.known, KNOWN_ACTIVE);
    assert_int_equal(imported(world, IMPORTED_UNCONFIRMED), 0);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 1);

    world_settle(world, MINUTE_MS); /* profiles that follow */
    rows_written = 0;
    run = import(world, IMPORT_ALL);
    assert_int_equal(run.users_updated + run.users_created, run.to_apply);
    (void)import(world, IMPORT_ALL);
    rows_written = 0;
    assert_int_equal(import(world, IMPORT_ALL).to_apply, 0);
    assert_int_equal(rows_written, 0);
}

/* --- matched by an attribute ---------------------------------------------------------------------------------------
 */

#define STAFF 2300 /* more than two chunks of the index */

struct badge {
    int from, count;
    const char *attribute, *value; /* NULL: "B-" and the number */
    bool deactivate, remove;
};

static int change_staff(struct tx *tx, void *arg)
{
    const struct badge *badge = arg;
    struct problem problem = {0};
    int r = 0;
    for (int i = badge->from; r >= 0 && i < badge->from + badge->count; i++) {
        CLEANUP(jval_freep) struct jval *profile = jval_new_object();
        struct user user = {0};
        const char *login = arena_printf(tx_arena(tx), "staff%04d@example.com", i);
        const char *value = badge->value ? badge->value : arena_printf(tx_arena(tx), "B-%04d", i);
        jval_set_str(profile, badge->attribute, value);
        r = user_by_login(tx, login, &user);
        if (r == 0 && badge->deactivate)
            r = user_transition(tx, &user, USER_DEACTIVATE, &problem);
        else if (r == 0)
            r = user_update(tx, &user, profile, false, &problem);
        if (r != ERR_NOT_FOUND)
            continue;
        jval_set_str(profile, "login", login);
        jval_set_str(profile, "email", login);
        jval_set_str(profile, "firstName", "Staff");
        jval_set_str(profile, "lastName", arena_printf(tx_arena(tx), "Number %d", i));
        r = user_create(tx, &(struct user_input){.profile = profile, .activate = true}, &user, &problem);
    }
    return MIN_OF(r, 0);
}

static void staff(struct world *world, struct badge badge)
{
    if (!badge.attribute)
        badge.attribute = "employeeNumber";
    assert_int_equal(store_write_wait(world->store, NULL, change_staff, &badge), 0);
}

/* Its id: the app gets the names of whoever it turns out to be. */
static const char *there_badge(struct world *world, const char *login, const char *number)
{
    char body[512];
    (void)snprintf(
        body, sizeof(body),
        "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\","
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],\"userName\":\"%s\",\"name\":{\"givenName\":"
        "\"Some\",\"familyName\":\"One\"},\"emails\":[{\"value\":\"%s\",\"type\":\"work\"}],\"active\":true,"
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"employeeNumber\":\"%s\"}}",
        login, login, number);
    assert_int_equal(world_request(world, "POST", "/scim/v2/Users", body), 201);
    return arena_strdup(world->arena, id_there(world, login));
}

static struct import_settings by_badge(void)
{
    return (struct import_settings){
        .criterion = CRITERION_ATTRIBUTE, .match_attribute = "employeeNumber", .confirm_exact = true};
}

/* People are found by an attribute that no index was made for before, also those who get it later. */
static void test_import_matches_an_attribute(void **state)
{
    struct world *world = *state;
    staff(world, (struct badge){.count = STAFF});
    const char *first = there_badge(world, "first@else.where", "b-0000"); /* letter case does not distinguish */
    const char *last = there_badge(world, "last@else.where", "B-2299");
    const char *twice = there_badge(world, "twice@else.where", "B-0007"); /* somebody else gets this one too */
    (void)there_badge(world, "gone@else.where", "B-0009");
    const char *late = there_badge(world, "late@else.where", "B-LATE");
    (void)there_badge(world, "nobody@else.where", "X-1");
    set(world, by_badge());
    staff(world, (struct badge){.from = 8, .count = 1, .value = "B-0007"});
    staff(world, (struct badge){.from = 9, .count = 1, .deactivate = true});
    struct import_run run = import(world, IMPORT_ALL);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.users_confirmed, 2);
    assert_string_equal(account_of(world, "staff0000@example.com").external_id, first);
    assert_string_equal(account_of(world, "staff2299@example.com").external_id, last);
    assert_int_equal(imported(world, IMPORTED_UNCONFIRMED), 4);

    staff(world, (struct badge){.from = 8, .count = 1, .value = "B-0008"});     /* so that one is left */
    staff(world, (struct badge){.from = STAFF, .count = 1, .value = "B-LATE"}); /* somebody new */
    run = import(world, IMPORT_ALL);
    assert_int_equal(run.users_confirmed, 2);
    assert_string_equal(account_of(world, "staff0007@example.com").external_id, twice);
    assert_string_equal(account_of(world, "staff2300@example.com").external_id, late);
    assert_int_equal(imported(world, IMPORTED_UNCONFIRMED), 2);

    world_settle(world, MINUTE_MS);
    (void)import(world, IMPORT_ALL);
    rows_written = 0;
    assert_int_equal(import(world, IMPORT_ALL).to_apply, 0);
    assert_int_equal(rows_written, 0); /* a run that finds nothing writes nothing */
}

static int act_badge_attribute(struct tx *tx, void *arg)
{
    static const char with[] = "{\"definitions\":{\"custom\":{\"properties\":{\"badge\":{\"title\":\"Badge\",\"type\":"
                               "\"string\"}}}}}";
    static const char without[] = "{\"definitions\":{\"custom\":{\"properties\":{\"badge\":null}}}}";
    const char *text = *(const bool *)arg ? with : without;
    struct problem problem = {0};
    CLEANUP(jval_freep) struct jval *body = NULL;
    int r = jval_parse(&body, text, strlen(text), NULL);
    return r < 0 ? r : schema_update(tx, SCHEMA_USER, body, &problem);
}

/* A custom attribute of people against another one of the app; when it is gone nobody counts as new. */
static void test_import_matches_a_custom_attribute(void **state)
{
    struct world *world = *state;
    struct import_settings settings = by_badge();
    bool with = true;
    assert_int_equal(store_write_wait(world->store, NULL, act_badge_attribute, &with), 0);
    staff(world, (struct badge){.count = 2, .attribute = "badge"});
    const char *first = there_badge(world, "first@else.where", "B-0000");
    settings.match_attribute = "badge";
    settings.match_app_attribute = "employeeNumber";
    settings.confirm_new = true;
    set(world, settings);
    assert_int_equal(import(world, IMPORT_ALL).users_confirmed, 1);
    assert_string_equal(account_of(world, "staff0000@example.com").external_id, first);

    with = false;
    const char *second = there_badge(world, "second@else.where", "B-0001");
    assert_int_equal(store_write_wait(world->store, NULL, act_badge_attribute, &with), 0);
    struct import_run run = import(world, IMPORT_ALL);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.users_confirmed, 0); /* nor made a new person */
    struct act one = {.world = world, .what = UNDECIDED};
    do_act(&one);
    assert_non_null(strstr(one.imported.error, "badge"));

    /* By another one: what was asked for before is kept up for nobody. */
    staff(world, (struct badge){.from = 1, .count = 1, .value = "B-0001"});
    set(world, by_badge());
    assert_int_equal(import(world, IMPORT_ALL).users_confirmed, 1);
    assert_string_equal(account_of(world, "staff0001@example.com").external_id, second);
}

static void test_bad_attributes_are_refused(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *attribute, *there, *words;
    } bad[] = {{NULL, NULL, "exactMatchAttribute: Must name"},
               {"shoeSize", NULL, "exactMatchAttribute: \"shoeSize\" is no attribute of people"},
               {"secondEmail", "shoeSize", "exactMatchAppAttribute: \"shoeSize\" is nothing that imports read"}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct import_settings settings = {
            .criterion = CRITERION_ATTRIBUTE, .match_attribute = bad[i].attribute, .match_app_attribute = bad[i].there};
        struct act act = {.world = world, .what = SETTINGS, .settings = settings};
        assert_int_equal(try_act(&act), ERR_PROBLEM);
        if (!strstr(act.problem.causes[0], bad[i].words))
            fail_msg("%s", act.problem.causes[0]);
    }
}

static void test_administrator_decides(void **state)
{
    struct world *world = *state;
    (void)world_user(world, "bob@example.com");
    there_user(world, "robert@else.where", "Robert", "Builder", true);
    there_user(world, "new@else.where", "New", "Comer", true);
    there_user(world, "service@else.where", "No", "Body", true);
    set(world, (struct import_settings){0});
    (void)import(world, IMPORT_ALL);
    do_act(&(struct act){.world = world, .what = CONFIRM, .name = "robert@else.where", .id = "bob@example.com"});
    do_act(&(struct act){.world = world, .what = CREATE, .name = "new@else.where"});
    do_act(&(struct act){.world = world, .what = IGNORE, .name = "service@else.where"});
    assert_int_equal(imported(world, IMPORTED_CONFIRMED), 2);
    assert_int_equal(imported(world, IMPORTED_IGNORED), 1);
    assert_string_equal(account_of(world, "bob@example.com").external_id, id_there(world, "robert@else.where"));
    world_settle(world, MINUTE_MS); /* the switch update is on: the app gets Bob's names */
    (void)import(world, IMPORT_ALL);
    assert_int_equal(imported(world, IMPORTED_IGNORED), 1);
    assert_int_equal(imported(world, IMPORTED_UNCONFIRMED), 0);
    assert_int_equal(practice_user_count(world->practice), 3);
}

/* One who has an account there cannot get another; the refusal is shown beside the user, and tried no more. */
static void test_second_account_is_refused(void **state)
{
    struct world *world = *state;
    const char *ann = world_user(world, "ann@example.com");
    world_assign_user(world, ann, true);
    world_settle(world, MINUTE_MS);
    there_user(world, "second@else.where", "Test", "Person", true);
    set(world, (struct import_settings){.allow_partial = true, .confirm_partial = true});
    struct import_run run = import(world, IMPORT_ALL);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.users_confirmed, 0);
    assert_int_equal(imported(world, IMPORTED_UNCONFIRMED), 1);
    assert_int_equal(imported(world, IMPORTED_CONFIRMED), 1);
    rows_written = 0;
    assert_int_equal(import(world, IMPORT_ALL).to_apply, 0);
    assert_int_equal(rows_written, 0);
}

static void set_active_there(struct world *world, const char *login, bool active)
{
    change_there(world, "Users", id_there(world, login), "PATCH",
                 active ? "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":"
                          "\"replace\",\"path\":\"active\",\"value\":true}]}"
                        : "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":"
                          "\"replace\",\"path\":\"active\",\"value\":false}]}");
}

/* Invariant 9: found inactive is told, and nothing is sent for it. */
static void test_disabled_there_is_reported(void **state)
{
    struct world *world = *state;
    const char *ann = world_user(world, "ann@example.com");
    world_assign_user(world, ann, true);
    world_settle(world, MINUTE_MS);
    set(world, (struct import_settings){.confirm_new = true, .confirm_exact = true, .activate_new = true});
    (void)import(world, IMPORT_ALL);
    assert_false(account_of(world, "ann@example.com").disabled_there);
    set_active_there(world, "ann@example.com", false);
    there_user(world, "off@else.where", "Off", "Line", false);
    world->now += MINUTE_MS;
    (void)import(world, IMPORT_ALL);
    world_settle(world, 10 * MINUTE_MS);
    assert_true(account_of(world, "ann@example.com").disabled_there);
    assert_true(account_of(world, "off@else.where").disabled_there);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    assert_int_equal(world_active(world, "off@else.where"), 0);
    set_active_there(world, "ann@example.com", true);
    world->now += MINUTE_MS;
    (void)import(world, IMPORT_ALL);
    assert_false(account_of(world, "ann@example.com").disabled_there);
}

/* Somebody suspended is linked to an account that is disabled there: nothing is sent, and what was found is told. */
static void test_disabled_there_of_somebody_suspended(void **state)
{
    struct world *world = *state;
    const char *ann = world_user(world, "ann@example.com");
    world_transition(world, ann, USER_SUSPEND);
    there_user(world, "ann@example.com", "Test", "Person", false);
    set(world, (struct import_settings){.confirm_new = true, .confirm_exact = true});
    (void)import(world, IMPORT_ALL);
    world_settle(world, 10 * MINUTE_MS);
    struct account account = account_of(world, "ann@example.com");
    assert_string_equal(account.external_id, id_there(world, "ann@example.com"));
    assert_int_equal(account.wanted, WANT_NOTHING);
    assert_true(account.disabled_there);
    world_transition(world, ann, USER_UNSUSPEND);
    world_settle(world, 10 * MINUTE_MS);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    assert_true(account_of(world, "ann@example.com").disabled_there);
}

/* Nor is it news that an account is as we left it, before the person came back while creating was off. */
static void test_what_we_deactivated_is_not_reported(void **state)
{
    struct world *world = *state;
    const char *ann = world_user(world, "ann@example.com");
    world_assign_user(world, ann, true);
    world_settle(world, MINUTE_MS);
    world_assign_user(world, ann, false);
    world_settle(world, MINUTE_MS);
    world_switches(world, false, true, true);
    world_assign_user(world, ann, true);
    set(world, (struct import_settings){0});
    (void)import(world, IMPORT_ALL);
    world_settle(world, 10 * MINUTE_MS);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    assert_false(account_of(world, "ann@example.com").disabled_there);
}

/* Who is gone in the app loses an individual assignment; one that a group gives stays, and the id is forgotten. */
static void test_gone_there(void **state)
{
    struct world *world = *state;
    const char *ann = world_user(world, "ann@example.com");
    const char *bob = world_user(world, "bob@example.com");
    const char *group = world_group(world, "Staff");
    world_member(world, group, bob, true);
    world_assign_user(world, ann, true);
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    set(world, (struct import_settings){0});
    (void)import(world, IMPORT_ALL);
    assert_int_equal(imported(world, IMPORTED_CONFIRMED), 2);
    world->now += MINUTE_MS;
    change_there(world, "Users", id_there(world, "ann@example.com"), "DELETE", NULL);
    change_there(world, "Users", id_there(world, "bob@example.com"), "DELETE", NULL);
    struct import_run run = import(world, IMPORT_ALL);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.users_removed, 2);
    assert_int_equal(account_of(world, "ann@example.com").scope, SCOPE_NONE);
    assert_int_equal(account_of(world, "bob@example.com").scope, SCOPE_GROUP);
    assert_null(account_of(world, "bob@example.com").external_id);
    world_settle(world, 10 * MINUTE_MS);
    assert_int_equal(practice_user_count(world->practice), 0); /* nothing was sent */
}

static void test_memberships(void **state)
{
    struct world *world = *state;
    (void)world_user(world, "ann@example.com");
    (void)world_user(world, "bob@example.com");
    there_user(world, "ann@example.com", "A", "A", true);
    there_user(world, "bob@example.com", "B", "B", true);
    there_user(world, "stranger@else.where", "C", "C", true);
    there_group(world, "All", "ann@example.com,bob@example.com,stranger@else.where");
    there_group(world, "Ann", "ann@example.com");
    set(world, (struct import_settings){.confirm_exact = true});
    struct import_run run = import(world, IMPORT_ALL);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(run.members_added, 4);
    assert_int_equal(members_of(world, "All"), 2); /* whom the directory knows */
    assert_int_equal(members_of(world, "Ann"), 1);

    char body[256];
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, "All", &id), 1);
    (void)snprintf(
        body, sizeof(body),
        "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":\"remove\","
        "\"path\":\"members[value eq \\\"%s\\\"]\"}]}",
        id_there(world, "bob@example.com"));
    change_there(world, "Groups", id, "PATCH", body);
    world_settle(world, MINUTE_MS);
    run = import(world, IMPORT_ALL);
    assert_int_equal(run.members_removed, 1);
    assert_int_equal(run.members_added, 0);
    assert_int_equal(members_of(world, "All"), 1);

    assert_int_equal(import(world, IMPORT_GROUPS).to_apply, 0); /* shows no members: nobody is taken out */
    assert_int_equal(members_of(world, "All"), 1);
}

/* --- the safeguard and the schedule --------------------------------------------------------------------------------
 */

static void people_there(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "p%03d@x.example", i);
        there_user(world, login, "P", "Q", true);
    }
}

static void test_safeguard_holds(void **state)
{
    struct world *world = *state;
    people_there(world, 110);
    set(world, (struct import_settings){.confirm_new = true, .activate_new = true});
    assert_int_equal(import(world, IMPORT_ALL).users_confirmed, 110);
    world->now += MINUTE_MS;
    for (int i = 0; i < 23; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "p%03d@x.example", i);
        change_there(world, "Users", id_there(world, login), "DELETE", NULL);
    }
    (void)import(world, IMPORT_ALL);
    expect_state(world, IMPORT_HELD);
    assert_int_equal(imported(world, IMPORTED_CONFIRMED), 110);
    assert_int_equal(account_of(world, "p000@x.example").scope, SCOPE_USER);
    do_act(&(struct act){.world = world, .what = APPROVE});
    world_settle(world, MINUTE_MS);
    expect_state(world, IMPORT_COMPLETED);
    assert_int_equal(latest(world).users_removed, 23);
    assert_int_equal(account_of(world, "p000@x.example").scope, SCOPE_NONE);
    assert_int_equal(imported(world, IMPORTED_CONFIRMED), 87);
}

static void test_safeguard_lets_few_go(void **state)
{
    struct world *world = *state;
    people_there(world, 110);
    set(world, (struct import_settings){.confirm_new = true, .activate_new = true});
    (void)import(world, IMPORT_ALL);
    world->now += MINUTE_MS;
    for (int i = 0; i < 22; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "p%03d@x.example", i);
        change_there(world, "Users", id_there(world, login), "DELETE", NULL);
    }
    assert_int_equal(import(world, IMPORT_ALL).users_removed, 22);
    expect_state(world, IMPORT_COMPLETED);
}

static void test_held_import_can_be_cancelled(void **state)
{
    struct world *world = *state;
    people_there(world, 110);
    set(world, (struct import_settings){.confirm_new = true, .activate_new = true});
    (void)import(world, IMPORT_ALL);
    practice_clear(world->practice); /* the list is empty by surprise */
    world->now += MINUTE_MS;
    (void)import(world, IMPORT_ALL);
    expect_state(world, IMPORT_HELD);
    do_act(&(struct act){.world = world, .what = CANCEL});
    world_settle(world, MINUTE_MS);
    expect_state(world, IMPORT_CANCELLED);
    assert_int_equal(account_of(world, "p000@x.example").scope, SCOPE_USER);
    assert_non_null(account_of(world, "p000@x.example").external_id);
}

/* The organisation's number counts over all apps: here the only app's is switched off. */
static int loosen(struct tx *tx, void *arg)
{
    struct problem problem = {0};
    (void)arg;
    return import_safeguard_set(tx, &(struct import_safeguard){false, 20, true, 50}, &problem);
}

static void test_safeguard_of_the_organisation(void **state)
{
    struct world *world = *state;
    people_there(world, 100);
    set(world, (struct import_settings){.confirm_new = true, .activate_new = true});
    (void)import(world, IMPORT_ALL);
    assert_int_equal(store_write_wait(world->store, NULL, loosen, NULL), 0);
    world->now += MINUTE_MS;
    for (int i = 0; i < 51; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "p%03d@x.example", i);
        change_there(world, "Users", id_there(world, login), "DELETE", NULL);
    }
    (void)import(world, IMPORT_ALL);
    expect_state(world, IMPORT_HELD);
    assert_non_null(strstr(latest(world).error, "51 of the organisation's 100"));
}

static int count_work(struct tx *tx, void *arg)
{
    struct act *act = arg;
    struct work_counts counts = {0};
    int r = work_count(tx, act->world->app.rid, INT64_MAX, &counts);
    act->count = counts.pending + counts.failed;
    return r;
}

/* Who waits for what was changed here does not wait for what is read there. */
static void test_nobody_waits_for_an_import(void **state)
{
    struct world *world = *state;
    struct act act = {.world = world, .count = -1};
    there_crowd(world, 150);
    start(world, IMPORT_GROUPS);
    (void)world_turn(world);
    assert_int_equal(store_read_wait(world->store, count_work, &act), 0);
    assert_int_equal(act.count, 0);
}

static void test_schedule(void **state)
{
    struct world *world = *state;
    set(world, (struct import_settings){.scheduled = true, .expression = "0 * * * *"});
    int64_t hour = 60 * MINUTE_MS;
    (void)world_turn(world);
    struct act none = {.world = world, .what = LATEST};
    assert_int_equal(try_act(&none), 0);
    world->now = (world->now / hour + 1) * hour;
    world_settle(world, MINUTE_MS);
    expect_state(world, IMPORT_COMPLETED);
    assert_true(latest(world).scheduled);
    int64_t first = latest(world).rid;
    world_settle(world, MINUTE_MS);
    assert_int_equal(latest(world).rid, first); /* once an hour */
    world->now += hour;
    world_settle(world, MINUTE_MS);
    assert_int_equal(latest(world).rid, first + 1);
}

/* Clocks in India show full hours when UTC shows half ones. */
static void test_schedule_in_a_zone(void **state)
{
    struct world *world = *state;
    set(world, (struct import_settings){.scheduled = true, .expression = "0 * * * *", .timezone = "Asia/Kolkata"});
    int64_t hour = 60 * MINUTE_MS;
    world->now = world->now / hour * hour + 29L * MINUTE_MS;
    (void)world_turn(world);
    struct act none = {.world = world, .what = LATEST};
    assert_int_equal(try_act(&none), 0);
    world->now += MINUTE_MS;
    world_settle(world, MINUTE_MS);
    expect_state(world, IMPORT_COMPLETED);
    assert_true(latest(world).scheduled);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refresh_groups),
        TEST(test_groups_follow_the_app),
        TEST(test_pushed_groups_are_left_alone),
        TEST(test_push_links_an_imported_group),
        TEST(test_pages_overlap),
        TEST(test_pages_wrap),
        TEST(test_pages_are_small),
        TEST(test_total_is_of_the_page),
        TEST(test_total_is_zero),
        TEST(test_total_is_too_high),
        TEST(test_total_is_absent),
        TEST(test_pages_by_cursor_only),
        TEST(test_pages_skip),
        TEST(test_pages_endless),
        TEST(test_all_on_one_endless_page),
        TEST(test_failed_page_changes_nothing),
        TEST(test_refused_list_fails_at_once),
        TEST(test_schedule_in_a_zone),
        TEST(test_one_at_a_time_and_cancel),
        TEST(test_crash_after_every_turn),
        TEST(test_app_that_is_off_is_not_read),
        TEST(test_import_matches),
        TEST(test_import_matches_an_attribute),
        TEST(test_import_matches_a_custom_attribute),
        TEST(test_bad_attributes_are_refused),
        TEST(test_administrator_decides),
        TEST(test_second_account_is_refused),
        TEST(test_disabled_there_is_reported),
        TEST(test_disabled_there_of_somebody_suspended),
        TEST(test_what_we_deactivated_is_not_reported),
        TEST(test_gone_there),
        TEST(test_memberships),
        TEST(test_safeguard_holds),
        TEST(test_safeguard_lets_few_go),
        TEST(test_held_import_can_be_cancelled),
        TEST(test_safeguard_of_the_organisation),
        TEST(test_nobody_waits_for_an_import),
        TEST(test_schedule),
    };
    assert(sqlite3_auto_extension((void (*)(void))watch) == SQLITE_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
