/* SPDX-License-Identifier: Apache-2.0 */
/* Apps that never show members, and find a group by one: verification by probes. */
#include "world.h"

#include "engine/inner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define DAY_MS (24 * 60 * MINUTE_MS)

static void order(struct world *world, struct practice_fault fault)
{
    char why[128] = "";
    if (practice_set_fault(world->practice, &fault, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

static const char *person(struct world *world, int i)
{
    return arena_printf(world->arena, "person%d@example.com", i);
}

/* So many people in a pushed group that shows no members, and one who has the app and is not in it. */
static const char *make_crowd(struct world *world, int count)
{
    const char *group = world_group(world, "Crowd");
    order(world, (struct practice_fault){.kind = FAULT_MEMBERS_EMPTY, .prefix = "/Groups"});
    order(world, (struct practice_fault){.kind = FAULT_FILTER_EQ_ONLY, .text = "and"}); /* as AWS has it */
    world_assign_user(world, world_user(world, "outside@example.com"), true);
    for (int i = 0; i < count; i++)
        world_member(world, group, world_user(world, person(world, i)), true);
    world_assign_group(world, group, true);
    const char *mapping = world_push(world, group, "Crowd");
    world_settle(world, MINUTE_MS);
    return mapping;
}

static int verify_job(struct tx *tx, void *arg)
{
    const struct world *world = arg;
    return mapping_verify_all(tx, world->app.rid);
}

/* The requests that it cost. */
static uint64_t verify(struct world *world)
{
    uint64_t before = world->requests;
    assert_int_equal(store_write_wait(world->store, NULL, verify_job, world), 1);
    world_settle(world, 5 * MINUTE_MS);
    return world->requests - before;
}

/* Somebody else takes a member out. */
static void take_out(struct world *world, const char *login)
{
    const char *group = NULL;
    const char *user = NULL;
    bool active = false;
    assert_int_equal(practice_find_group(world->practice, "Crowd", &group), 1);
    assert_true(practice_find_user(world->practice, login, &user, &active));
    const char *path = arena_printf(world->arena, "/scim/v2/Groups/%s", group);
    const char *body = arena_printf(world->arena,
                                    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":"
                                    "[{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}]}",
                                    user);
    assert_in_range(world_request(world, "PATCH", path, body), 200, 204);
    assert_int_equal(world_there(world, "Crowd", login), 0);
}

static void test_a_small_group_is_asked_for_all(void **state)
{
    struct world *world = *state;
    const char *mapping = make_crowd(world, 5);
    assert_int_equal(verify(world), 1 + 1 + 5); /* the read, who must not be there, everybody */
    struct mapping_state seen = world_mapping_state(world, mapping);
    assert_int_equal(seen.verify_state, VERIFY_PROBED);
    assert_true(seen.verified_at > 0);
}

static void test_a_large_group_by_a_sample(void **state)
{
    struct world *world = *state;
    const char *mapping = make_crowd(world, 60);
    assert_in_range(verify(world), 1 + 1 + 15, 1 + 1 + 20);
    assert_int_equal(world_mapping_state(world, mapping).verify_state, VERIFY_PROBED);
}

static void test_who_was_dropped_is_pushed_again(void **state)
{
    struct world *world = *state;
    const char *mapping = make_crowd(world, 5);
    take_out(world, person(world, 3));
    (void)verify(world);
    assert_int_equal(world_there(world, "Crowd", person(world, 3)), 1);
    struct mapping_state seen = world_mapping_state(world, mapping);
    assert_int_equal(seen.verify_state, VERIFY_PROBED);
    assert_int_equal(seen.members_failed, 0);
}

static void test_who_is_dropped_twice_is_shown(void **state)
{
    struct world *world = *state;
    const char *mapping = make_crowd(world, 5);
    take_out(world, person(world, 3));
    order(world, (struct practice_fault){.kind = FAULT_SWALLOW, .method = "PATCH", .prefix = "/Groups"});
    (void)verify(world);
    struct mapping_state seen = world_mapping_state(world, mapping);
    assert_int_equal(seen.members_failed, 1);
    assert_int_equal(seen.members_known, 4);
    assert_non_null(strstr(seen.error, "does not hold it"));
}

/* No answer of such an app proves anything: that is remembered for a day, and nobody is pushed again. */
static void cannot_be_probed(struct world *world, struct practice_fault fault)
{
    const char *mapping = make_crowd(world, 5);
    order(world, fault);
    take_out(world, person(world, 3));
    assert_in_range(verify(world), 2, 7);
    assert_int_equal(world_mapping_state(world, mapping).verify_state, VERIFY_UNREADABLE);
    assert_int_equal(world_there(world, "Crowd", person(world, 3)), 0);
    assert_int_equal(world_mapping_state(world, mapping).members_failed, 0);
    assert_int_equal(verify(world), 1); /* the read alone */
    practice_clear_faults(world->practice);
    order(world, (struct practice_fault){.kind = FAULT_MEMBERS_EMPTY, .prefix = "/Groups"});
    world->now += DAY_MS + MINUTE_MS;
    (void)verify(world);
    assert_int_equal(world_there(world, "Crowd", person(world, 3)), 1);
}

static void test_an_app_that_refuses_the_filter(void **state)
{
    cannot_be_probed(*state,
                     (struct practice_fault){
                         .kind = FAULT_FILTER_REFUSED, .prefix = "/Groups", .status = 400, .text = "displayName id"});
}

static void test_an_app_that_ignores_the_filter(void **state)
{
    cannot_be_probed(*state, (struct practice_fault){.kind = FAULT_FILTER_IGNORED, .prefix = "/Groups"});
}

static void test_an_app_whose_filter_finds_nothing(void **state)
{
    cannot_be_probed(*state,
                     (struct practice_fault){.kind = FAULT_FILTER_BLIND, .prefix = "/Groups", .text = "members"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_small_group_is_asked_for_all, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_large_group_by_a_sample, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_who_was_dropped_is_pushed_again, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_who_is_dropped_twice_is_shown, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_app_that_refuses_the_filter, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_app_that_ignores_the_filter, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_app_whose_filter_finds_nothing, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
