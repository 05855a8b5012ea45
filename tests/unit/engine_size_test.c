/* SPDX-License-Identifier: Apache-2.0 */
/* How many members go into one request: what was told and what was learned, up to the limits on all of it. */
#include "world.h"

#include "base/limits.h"
#include "engine/inner.h"
#include "engine/traits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define CROWD 1300 /* people: more than one turn takes over of an answer */

struct tell {
    struct world *world;
    enum trait_kind kind;
    int64_t value;
    enum trait_source source;
    struct trait seen;
};

static int tell_job(struct tx *tx, void *arg)
{
    const struct tell *tell = arg;
    return trait_set(tx, tell->world->app.rid, tell->kind, tell->value, tell->source);
}

static void set_trait(struct world *world, enum trait_kind kind, int64_t value, enum trait_source source)
{
    struct tell tell = {.world = world, .kind = kind, .value = value, .source = source};
    assert_int_equal(store_write_wait(world->store, NULL, tell_job, &tell), 0);
}

static int read_job(struct tx *tx, void *arg)
{
    struct tell *tell = arg;
    struct traits traits;
    int r = traits_get(tx, tell->world->app.rid, &traits);
    tell->seen = traits.items[tell->kind];
    return r;
}

static struct trait trait_of(struct world *world, enum trait_kind kind)
{
    struct tell tell = {.world = world, .kind = kind};
    assert_int_equal(store_read_wait(world->store, read_job, &tell), 0);
    return tell.seen;
}

struct many {
    struct world *world;
    const char *group_id;
    const char *prefix;
    int people;
};

static int many_job(struct tx *tx, void *arg)
{
    const struct many *many = arg;
    struct group group;
    int r = group_by_id(tx, many->group_id, &group);
    for (int i = 0; r >= 0 && i < many->people; i++) {
        char login[64];
        struct user user;
        struct problem problem = {0};
        CLEANUP(jval_freep) struct jval *profile = jval_new_object();
        (void)snprintf(login, sizeof(login), "%s%05d@example.com", many->prefix, i);
        jval_set_str(profile, "login", login);
        jval_set_str(profile, "email", login);
        jval_set_str(profile, "firstName", "First");
        jval_set_str(profile, "lastName", "Last");
        const struct user_input input = {
            .profile = profile, .has_password = true, .password_hash = "x", .activate = true};
        r = user_create(tx, &input, &user, &problem);
        if (r == 0)
            r = member_add(tx, &group, &user, &problem);
    }
    return MIN_OF(r, 0);
}

/* A group of so many people who all have the app already. */
static const char *make_crowd(struct world *world, const char *name, int people)
{
    struct many many = {.world = world, .group_id = world_group(world, name), .prefix = name, .people = people};
    assert_int_equal(store_write_wait(world->store, NULL, many_job, &many), 0);
    world_assign_group(world, many.group_id, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_user_count(world->practice), people);
    return many.group_id;
}

static void check_size(struct world *world, const char *name, size_t size)
{
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, name, &id), 1);
    assert_int_equal(practice_group_size(world->practice, id), size);
}

static size_t sizes[64]; /* members that each change named */
static size_t size_count;

static bool note_sizes(struct world *world, const struct flight *flight)
{
    (void)world;
    if (flight->kind == REQUEST_MEMBERS && size_count < ARRAY_LEN(sizes))
        sizes[size_count++] = flight->member_count;
    return false;
}

static void watch(struct world *world)
{
    size_count = 0;
    world->lose = note_sizes;
}

/* All members wait when the first of them is asked for: the group is pushed while the app is not there. */
static const char *push_at_once(struct world *world, const char *group, const char *name)
{
    world_connection(world, false);
    const char *mapping = world_push(world, group, name);
    world_settle(world, MINUTE_MS);
    world_connection(world, true);
    watch(world);
    world_settle(world, MINUTE_MS);
    return mapping;
}

static void test_what_was_told_is_one_request(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, "crowd", CROWD);
    set_trait(world, TRAIT_ADDS, LIMIT_MEMBERS_TOLD, TRAIT_TOLD);
    const char *mapping = push_at_once(world, group, "crowd");
    check_size(world, "crowd", CROWD);
    assert_int_equal(size_count, 1);
    assert_int_equal(sizes[0], CROWD);
    struct mapping_state seen = world_mapping_state(world, mapping);
    assert_int_equal(seen.members_known, CROWD);
    assert_int_equal(seen.members_pending, 0);
}

/* Its answer is taken over in parts, a turn each. Who dies between two of them knows from the intent what to read. */
static void test_a_crash_between_the_parts_of_an_answer(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, "crowd", CROWD);
    set_trait(world, TRAIT_ADDS, LIMIT_MEMBERS_TOLD, TRAIT_TOLD);
    world_connection(world, false);
    const char *mapping = world_push(world, group, "crowd");
    world_settle(world, MINUTE_MS);
    world_connection(world, true);
    watch(world);
    while (size_count == 0)
        (void)world_turn(world);
    (void)world_turn(world); /* the first part */
    struct mapping_state seen = world_mapping_state(world, mapping);
    assert_int_equal(seen.members_known, LIMIT_EXPAND_ROWS);
    assert_int_equal(seen.members_pending, CROWD - LIMIT_EXPAND_ROWS);
    world_crash(world);
    world_settle(world, MINUTE_MS);
    assert_int_equal(size_count, 1); /* the rest was read, not asked for again */
    seen = world_mapping_state(world, mapping);
    assert_int_equal(seen.members_known, CROWD);
    check_size(world, "crowd", CROWD);
}

/* Once a day twice as much is tried: a limit that was lifted is found. */
static void test_a_larger_request_is_tried_once_a_day(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, "crowd", 60);
    set_trait(world, TRAIT_ADDS, 10, TRAIT_LEARNED);
    const char *mapping = push_at_once(world, group, "crowd");
    assert_int_equal(size_count, 6); /* not on the same day */
    for (size_t i = 0; i < size_count; i++)
        assert_int_equal(sizes[i], 10);
    world->now += DAY_MS + 1;
    const char *second = world_group(world, "second");
    struct many many = {.world = world, .group_id = second, .prefix = "second", .people = 60};
    assert_int_equal(store_write_wait(world->store, NULL, many_job, &many), 0);
    world_assign_group(world, second, true);
    world_settle(world, MINUTE_MS);
    (void)push_at_once(world, second, "second");
    assert_int_equal(sizes[0], 20); /* the trial, and from then on what it taught */
    assert_int_equal(size_count, 3);
    assert_int_equal(trait_of(world, TRAIT_ADDS).value, 20);
    assert_null(world_mapping_state(world, mapping).error);
}

/* A trial that is refused costs its halves; what is remembered is what was taken, and the next day tries again. */
static void test_a_trial_that_is_refused_is_not_repeated_that_day(void **state)
{
    struct world *world = *state;
    struct practice_fault fault = {.kind = FAULT_MEMBERS_MAX, .max = 10, .status = 413};
    (void)snprintf(fault.method, sizeof(fault.method), "PATCH");
    (void)snprintf(fault.prefix, sizeof(fault.prefix), "/Groups");
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    const char *group = make_crowd(world, "crowd", 60);
    set_trait(world, TRAIT_ADDS, 10, TRAIT_LEARNED);
    world->now += DAY_MS + 1;
    (void)push_at_once(world, group, "crowd");
    check_size(world, "crowd", 60);
    size_t larger = 0;
    for (size_t i = 0; i < size_count; i++)
        larger += sizes[i] > 10;
    assert_int_equal(larger, 1);
    assert_int_equal(trait_of(world, TRAIT_ADDS).value, 10);
}

/* What was learned never grows beyond what may be told. */
static void test_learned_sizes_have_an_end(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, "crowd", CROWD);
    set_trait(world, TRAIT_ADDS, LIMIT_MEMBERS_TOLD, TRAIT_LEARNED);
    world->now += DAY_MS + 1;
    (void)push_at_once(world, group, "crowd");
    check_size(world, "crowd", CROWD);
    assert_int_equal(trait_of(world, TRAIT_ADDS).value, LIMIT_MEMBERS_TOLD);
}

static size_t largest(struct world *world, size_t in_flight)
{
    struct flight out = {.member_count = in_flight};
    struct traits traits = {.items = {[TRAIT_ADDS] = {.value = LIMIT_MEMBERS_TOLD, .source = TRAIT_TOLD}}};
    struct flight *before = world->core->flights;
    world->core->flights = &out;
    size_t adds = batch_limits(world->core, &traits, 1, world->now).adds;
    world->core->flights = before;
    return adds;
}

/* Many large requests at a time would hold much memory: beyond LIMIT_MEMBERS_IN_FLIGHT they name few members. */
static void test_all_requests_in_flight_name_so_many_members(void **state)
{
    struct world *world = *state;
    assert_int_equal(largest(world, 0), LIMIT_MEMBERS_TOLD);
    assert_int_equal(largest(world, LIMIT_MEMBERS_IN_FLIGHT - LIMIT_MEMBERS_TOLD), LIMIT_MEMBERS_TOLD);
    assert_int_equal(largest(world, LIMIT_MEMBERS_IN_FLIGHT - 2000), 2000);
    assert_int_equal(largest(world, LIMIT_MEMBERS_IN_FLIGHT), LIMIT_MEMBERS_PER_REQUEST);
}

#define LONG_ID 1000 /* bytes */
#define LONG_CROWD 2200

/* The app gave everybody an id of so many bytes. */
static int long_ids_job(struct tx *tx, void *arg)
{
    const struct world *world = arg;
    struct account *accounts = arena_array(tx_arena(tx), LONG_CROWD, sizeof(*accounts));
    int count = account_list(tx, world->app.rid, 0, accounts, LONG_CROWD);
    int r = count;
    for (int i = 0; r >= 0 && i < count; i++) {
        const char *id = arena_printf(tx_arena(tx), "%0*d", LONG_ID, i);
        r = account_set_known(tx, &accounts[i], id, ORIGIN_LINKED, KNOWN_ACTIVE);
    }
    return r < 0 ? r : count;
}

static bool keep_changes(struct world *world, const struct flight *flight)
{
    (void)note_sizes(world, flight);
    return flight->kind == REQUEST_MEMBERS;
}

/* A request names as many members as LIMIT_BATCH_BYTES hold of their ids. */
static void test_long_ids_are_fewer(void **state)
{
    struct world *world = *state;
    struct many many = {.group_id = world_group(world, "crowd"), .prefix = "crowd", .people = LONG_CROWD};
    world_switches(world, false, false, false);
    assert_int_equal(store_write_wait(world->store, NULL, many_job, &many), 0);
    world_assign_group(world, many.group_id, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(store_write_wait(world->store, NULL, long_ids_job, world), LONG_CROWD);
    set_trait(world, TRAIT_ADDS, LIMIT_MEMBERS_TOLD, TRAIT_TOLD);
    size_count = 0;
    world->keep = keep_changes;
    world_connection(world, false);
    (void)world_push(world, many.group_id, "crowd");
    world_settle(world, MINUTE_MS);
    world_connection(world, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(size_count, 1);
    assert_int_equal(sizes[0], (LIMIT_BATCH_BYTES + LONG_ID - 1) / LONG_ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_told_is_one_request, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_crash_between_the_parts_of_an_answer, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_larger_request_is_tried_once_a_day, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_trial_that_is_refused_is_not_repeated_that_day, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_learned_sizes_have_an_end, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_long_ids_are_fewer, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_all_requests_in_flight_name_so_many_members, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
