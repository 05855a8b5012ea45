/* SPDX-License-Identifier: Apache-2.0 */
/* Who leaves an app: what the deactivation waits for and for how long, and what an account that was deactivated is
 * taken for when the person comes back. */
#include "world.h"

#include "base/limits.h"
#include "engine/engine.h"
#include "engine/openings.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND_MS 1000
#define MINUTE_MS 60000

static void order(struct world *world, struct practice_fault fault)
{
    char why[128] = "";
    if (practice_set_fault(world->practice, &fault, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

/* Ada, to whom the app is assigned, in Engineering, which is pushed. */
static const char *push_ada(struct world *world, const char **ret_group)
{
    const char *ada = world_user(world, "ada@example.com");
    const char *group = world_group(world, "Engineering");
    world_member(world, group, ada, true);
    world_assign_user(world, ada, true);
    (void)world_push(world, group, "Engineering");
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Engineering", "ada@example.com"), 1);
    world->now += MINUTE_MS;
    *ret_group = group;
    return ada;
}

/* --- what is waited for, and how long ------------------------------------------------------------------------------
 */

/* A group that is gone in the app has no members: nobody waits to be taken out of it. */
static void test_a_group_that_is_gone_is_not_waited_for(void **state)
{
    struct world *world = *state;
    const char *group = NULL;
    const char *ada = push_ada(world, &group);
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, "Engineering", &id), 1);
    const char *path = arena_printf(world->arena, "/scim/v2/Groups/%s", id);
    assert_int_equal(world_request(world, "DELETE", path, ""), 204);
    int64_t left = world->now;
    world_transition(world, ada, USER_DEACTIVATE);
    world_settle(world, SECOND_MS);
    assert_int_equal(world_active(world, "ada@example.com"), 0);
    assert_in_range(world->now - left, 0, SECOND_MS);
}

/*
 * The app is away again and again, and its group refuses its new name for now, behind which the removal waits: the time
 * in which the app could be asked adds up.
 */
static void test_the_wait_adds_up(void **state)
{
    struct world *world = *state;
    const char *group = NULL;
    const char *ada = push_ada(world, &group);
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .method = "PATCH", .prefix = "/Groups", .status = 500});
    int64_t left = world->now;
    int outages = 0;
    world_rename_group(world, group, "Builders");
    world_transition(world, ada, USER_DEACTIVATE);
    for (int i = 0; i < 20 && world_active(world, "ada@example.com") == 1; i++) {
        int64_t end = world->now + 20 * SECOND_MS;
        while (world->now < end) {
            world_settle(world, 0);
            world->now += SECOND_MS;
        }
        if (world_active(world, "ada@example.com") == 0)
            break;
        order(world, (struct practice_fault){
                         .kind = FAULT_STATUS, .method = "GET", .prefix = "/Users", .status = 503, .times = 1});
        world_assign_user(world, world_user(world, arena_printf(world->arena, "u%d@example.com", i)), true);
        outages++;
    }
    assert_int_equal(world_active(world, "ada@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "ada@example.com"), 1); /* it is still asked for */
    assert_in_range(outages, 1, 2);
    assert_true(world->now - left >= LIMIT_DEACTIVATE_WAIT_MS);
}

static void test_time_that_an_app_was_open(void **state)
{
    (void)state;
    struct openings openings = {0};
    assert_int_equal(openings_since(&openings, 0, 100), 0);
    openings_end(&openings, 50); /* was not open */
    openings_begin(&openings, 100);
    openings_begin(&openings, 150);
    assert_int_equal(openings_since(&openings, 0, 200), 100);
    assert_int_equal(openings_since(&openings, 180, 200), 20);
    openings_end(&openings, 200);
    assert_int_equal(openings_since(&openings, 0, 900), 100);
    openings_begin(&openings, 1000);
    assert_int_equal(openings_since(&openings, 150, 1010), 60);
    assert_int_equal(openings_since(&openings, 500, 1010), 10);
    openings_shift(&openings, -50);
    assert_int_equal(openings_since(&openings, 100, 960), 60);
    openings_end(&openings, 900); /* what was asked for before it opened failed */
    assert_int_equal(openings_since(&openings, 0, 960), 100);
    for (int i = 1; i <= 3 * OPENINGS_KEPT; i++) {
        openings_begin(&openings, i * 1000);
        openings_end(&openings, i * 1000 + 10);
    }
    assert_int_equal(openings_since(&openings, 0, 100000), 100 + 30 * OPENINGS_KEPT); /* nothing is forgotten, */
    assert_int_equal(openings_since(&openings, 3000 * OPENINGS_KEPT - 1, 100000), 10);
    assert_true(openings_since(&openings, 5000, 100000) <=
                30 * OPENINGS_KEPT - 40); /* nor counted for who came later */
}

/* --- who comes back while creating is off --------------------------------------------------------------------------
 */

static int start_backlog(struct tx *tx, void *arg)
{
    struct world *world = arg;
    return app_backlog_start(tx, &world->app);
}

struct look {
    struct world *world;
    const char *login;
    struct account account;
};

static int read_account(struct tx *tx, void *arg)
{
    struct look *look = arg;
    struct user user;
    int r = user_by_login(tx, look->login, &user);
    return r < 0 ? r : account_get(tx, look->world->app.rid, user.rid, &look->account);
}

static bool is_told_as_disabled(struct world *world, const char *login)
{
    struct look look = {.world = world, .login = login};
    assert_int_equal(store_read_wait(world->store, read_account, &look), 0);
    return look.account.disabled_there;
}

static bool lose_update(UNUSED struct world *world, const struct flight *flight)
{
    return flight->kind == REQUEST_UPDATE_USER;
}

static bool lose_deactivation(UNUSED struct world *world, const struct flight *flight)
{
    return flight->kind == REQUEST_UPDATE_USER && flight->active == 0;
}

static void title(struct world *world, const char *login, const char *text);

/* The backlog activates the account, which nobody but us made inactive. */
static void catch_up(struct world *world)
{
    assert_int_equal(world_active(world, "ada@example.com"), 0);
    assert_false(is_told_as_disabled(world, "ada@example.com"));
    world_switches(world, true, true, true);
    assert_int_equal(store_write_wait(world->store, NULL, start_backlog, world), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "ada@example.com"), 1);
}

/* It is read after an answer was lost, and found as we left it. */
static void test_what_we_deactivated_is_not_disabled_there(void **state)
{
    struct world *world = *state;
    const char *ada = world_user(world, "ada@example.com");
    world_assign_user(world, ada, true);
    world_settle(world, MINUTE_MS);
    world_assign_user(world, ada, false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "ada@example.com"), 0);
    world_switches(world, false, true, true);
    world_assign_user(world, ada, true);
    world->lose = lose_update;
    title(world, "ada@example.com", "Countess");
    (void)world_turn(world);
    assert_int_equal(world->lost, 1);
    world->lose = NULL;
    world_settle(world, MINUTE_MS);
    catch_up(world);
}

/* Nobody knows whether the deactivation was done, and the person came back meanwhile. */
static void test_a_deactivation_in_doubt_is_not_disabled_there(void **state)
{
    struct world *world = *state;
    const char *ada = world_user(world, "ada@example.com");
    world_assign_user(world, ada, true);
    world_settle(world, MINUTE_MS);
    world->lose = lose_deactivation;
    world_assign_user(world, ada, false);
    while (world->lost == 0)
        (void)world_turn(world);
    world->lose = NULL;
    world_switches(world, false, true, true);
    world_assign_user(world, ada, true);
    world_settle(world, MINUTE_MS);
    catch_up(world);
}

/* Whom somebody else disabled is told, and no backlog touches the account. */
static void test_what_others_disabled_stays_so(void **state)
{
    struct world *world = *state;
    const char *id = NULL;
    bool active = false;
    world_assign_user(world, world_user(world, "ada@example.com"), true);
    world_settle(world, MINUTE_MS);
    assert_true(practice_find_user(world->practice, "ada@example.com", &id, &active));
    assert_in_range(world_request(world, "PATCH", arena_printf(world->arena, "/scim/v2/Users/%s", id),
                                  "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{"
                                  "\"op\":\"replace\",\"path\":\"active\",\"value\":false}]}"),
                    200, 204);
    world->lose = lose_update;
    title(world, "ada@example.com", "Countess");
    (void)world_turn(world);
    assert_int_equal(world->lost, 1);
    world->lose = NULL;
    world_settle(world, MINUTE_MS);
    assert_true(is_told_as_disabled(world, "ada@example.com"));
    assert_int_equal(store_write_wait(world->store, NULL, start_backlog, world), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "ada@example.com"), 0);
}

struct edit {
    const char *login, *title;
};

static int set_title(struct tx *tx, void *arg)
{
    const struct edit *edit = arg;
    struct user user;
    struct problem problem = {0};
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "title", edit->title);
    int r = user_by_login(tx, edit->login, &user);
    return r < 0 ? r : user_update(tx, &user, profile, false, &problem);
}

static void title(struct world *world, const char *login, const char *text)
{
    struct edit edit = {.login = login, .title = text};
    assert_int_equal(store_write_wait(world->store, NULL, set_title, &edit), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_group_that_is_gone_is_not_waited_for),        TEST(test_the_wait_adds_up),
        cmocka_unit_test(test_time_that_an_app_was_open),         TEST(test_what_we_deactivated_is_not_disabled_there),
        TEST(test_a_deactivation_in_doubt_is_not_disabled_there), TEST(test_what_others_disabled_stays_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
