/* SPDX-License-Identifier: Apache-2.0 */
/* Group rules with the engine: an activation over many people goes turn by turn, and what rules do reaches an app. */
#include "world.h"

#include "base/limits.h"
#include "directory/rule.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MANY (LIMIT_RULE_WRITES * 3)

struct plan {
    const char *group_id;
    int64_t group_rid;
    const char *expression;
    const char *login;      /* of the person whose profile changes */
    const char *department; /* what it becomes */
};

static int make_people(struct tx *tx, void *arg)
{
    (void)arg;
    for (int i = 0; i < MANY; i++) {
        struct jval *profile CLEANUP(jval_freep) = jval_new_object();
        struct problem problem;
        struct user user;
        const char *login = arena_printf(tx_arena(tx), "p%04d@example.com", i);
        jval_set_str(profile, "login", login);
        jval_set_str(profile, "email", login);
        jval_set_str(profile, "firstName", "First");
        jval_set_str(profile, "lastName", "Last");
        jval_set_str(profile, "department", "Sales");
        const struct user_input input = {.profile = profile, .activate = true};
        assert_int_equal(user_create(tx, &input, &user, &problem), 0);
    }
    return 0;
}

static int activate(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct problem problem;
    struct group group;
    struct rule rule;
    struct jval *targets CLEANUP(jval_freep) = jval_new_array();
    assert_int_equal(group_by_id(tx, plan->group_id, &group), 0);
    plan->group_rid = group.rid;
    jval_append(targets, jval_new_str(plan->group_id));
    const struct rule_input input = {.name = "r", .expression = plan->expression, .targets = targets};
    assert_int_equal(rule_create(tx, &input, &rule, &problem), 0);
    return rule_activate(tx, &rule, &problem);
}

static int count_members(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    return (int)group_member_count(tx, plan->group_rid);
}

static int change_department(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct problem problem;
    struct user user;
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(profile, "department", plan->department);
    assert_int_equal(user_by_login(tx, plan->login, &user), 0);
    return user_update(tx, &user, profile, false, &problem);
}

static void test_an_activation_leaves_room_for_others(void **state)
{
    struct world *world = *state;
    struct plan plan = {.group_id = world_group(world, "Sales"), .expression = "user.department == \"Sales\""};
    int before = 0;
    int turns = 0;
    assert_int_equal(store_write_wait(world->store, NULL, make_people, NULL), 0);
    assert_int_equal(store_write_wait(world->store, NULL, activate, &plan), 0);
    for (bool more = true; more; turns++) {
        more = world_turn(world);
        int members = store_read_wait(world->store, count_members, &plan);
        assert_in_range(members - before, 0, LIMIT_RULE_WRITES);
        before = members;
        world_user(world, arena_printf(world->arena, "other-%d@example.com", turns)); /* a call in between */
    }
    assert_int_equal(before, MANY);
    assert_in_range(turns, MANY / LIMIT_RULE_WRITES, 20);
}

static void test_what_a_rule_does_reaches_the_app(void **state)
{
    struct world *world = *state;
    struct plan plan = {.group_id = world_group(world, "Sales"),
                        .expression = "user.department == \"Sales\"",
                        .login = "ada@example.com",
                        .department = "Sales"};
    (void)world_user(world, "ada@example.com");
    world_switches(world, true, true, true);
    world_assign_group(world, plan.group_id, true);
    (void)world_push(world, plan.group_id, "Sales");
    assert_int_equal(store_write_wait(world->store, NULL, activate, &plan), 0);
    world_settle(world, 60000);
    assert_int_equal(world_there(world, "Sales", "ada@example.com"), -1);
    assert_int_equal(store_write_wait(world->store, NULL, change_department, &plan), 0);
    world_settle(world, 60000);
    assert_int_equal(world_there(world, "Sales", "ada@example.com"), 1);
    plan.department = "Engineering";
    assert_int_equal(store_write_wait(world->store, NULL, change_department, &plan), 0);
    world_settle(world, 60000);
    assert_int_equal(world_there(world, "Sales", "ada@example.com"), 0);
    assert_int_equal(world_active(world, "ada@example.com"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_activation_leaves_room_for_others, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_a_rule_does_reaches_the_app, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
