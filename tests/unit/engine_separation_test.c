/* SPDX-License-Identifier: Apache-2.0 */
/* One group for assignment and push becomes two: the app must see nothing of it, whatever happens meanwhile. */
#include "world.h"

#include "base/limits.h"
#include "push/separation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PATIENCE_MS 120000
#define MANY (getenv("MUSTER_TEST_DATABASE") ? 300 : 5000) /* a round trip for each statement there */

SQL_SCAN(RULE_TARGETS, "a test", "SELECT count(*) FROM group_rule_keys WHERE key LIKE 'target:%'");

struct plan {
    struct world *world;
    const char *group_id;
    struct separation_input input;
    struct separation separation;
    struct separation_plan seen;
    struct problem problem;
    int people; /* that the fixture made */
    int result;
};

/* --- making --------------------------------------------------------------------------------------------------------
 */

static const char *login_of(struct arena *arena, int i)
{
    return arena_printf(arena, "p%04d@example.com", i);
}

static int make_people(struct tx *tx, void *arg)
{
    const struct plan *plan = arg;
    struct group group;
    assert_int_equal(group_by_id(tx, plan->group_id, &group), 0);
    for (int i = 0; i < plan->people; i++) {
        struct jval *profile CLEANUP(jval_freep) = jval_new_object();
        struct problem problem;
        struct user user;
        jval_set_str(profile, "login", login_of(tx_arena(tx), i));
        jval_set_str(profile, "email", login_of(tx_arena(tx), i));
        jval_set_str(profile, "firstName", "First");
        jval_set_str(profile, "lastName", "Last");
        assert_int_equal(user_create(tx, &(struct user_input){.profile = profile, .activate = true}, &user, &problem),
                         0);
        assert_int_equal(member_add(tx, &group, &user, &problem), 1);
    }
    return 0;
}

/* A group of so many, assigned and pushed, and everybody there. */
static struct plan begin(struct world *world, int people, enum separation_solution solution)
{
    struct plan plan = {.world = world,
                        .group_id = world_group(world, "Staff"),
                        .input = {.solution = solution, .name = "Staff (new)", .carry_rules = true},
                        .people = people};
    world_switches(world, true, true, true);
    world_assign_group(world, plan.group_id, true);
    (void)world_push(world, plan.group_id, "Staff");
    assert_int_equal(store_write_wait(world->store, NULL, make_people, &plan), 0);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(world_there(world, "Staff", login_of(world->arena, people - 1)), 1);
    return plan;
}

static int start(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct group group;
    plan->problem = (struct problem){0};
    assert_int_equal(group_by_id(tx, plan->group_id, &group), 0);
    plan->result = separation_start(tx, &plan->world->app, &group, &plan->input, &plan->separation, &plan->problem);
    plan->separation.id = arena_strdup(plan->world->arena, plan->separation.id);
    return plan->result == ERR_PROBLEM ? ERR_PROBLEM : plan->result;
}

static void start_it(struct plan *plan)
{
    int r = store_write_wait(plan->world->store, NULL, start, plan);
    if (r < 0)
        fail_msg("%s", plan->problem.causes[0]);
}

static int look(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    return separation_by_id(tx, plan->world->app.rid, plan->separation.id, &plan->separation);
}

static struct separation read_it(struct plan *plan)
{
    const char *id = plan->separation.id;
    assert_int_equal(store_read_wait(plan->world->store, look, plan), 0);
    plan->separation.id = id;
    plan->separation.error = NULL;
    return plan->separation;
}

static int undo(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct separation separation;
    plan->problem = (struct problem){0};
    assert_int_equal(separation_by_id(tx, plan->world->app.rid, plan->separation.id, &separation), 0);
    return separation_undo(tx, &separation, &plan->problem);
}

/* --- looking -------------------------------------------------------------------------------------------------------
 */

struct facts {
    int64_t old_rid, new_rid, app_rid;
    int old_assigned, new_assigned, old_pushed, new_pushed;
    int64_t old_members, new_members;
    int priority;
    int new_exists;
};

static int is_pushed(struct tx *tx, int64_t app_rid, int64_t group_rid)
{
    struct mapping mapping;
    return mapping_by_source(tx, app_rid, group_rid, &mapping) == 0;
}

static int find_facts(struct tx *tx, void *arg)
{
    struct facts *facts = arg;
    struct app_group assignment = {0};
    struct group new = {0};
    facts->old_assigned = app_group_get(tx, facts->app_rid, facts->old_rid, &assignment) == 0;
    if (facts->old_assigned)
        facts->priority = assignment.priority;
    facts->new_assigned = app_group_get(tx, facts->app_rid, facts->new_rid, &assignment) == 0;
    if (facts->new_assigned)
        facts->priority = assignment.priority;
    facts->old_pushed = is_pushed(tx, facts->app_rid, facts->old_rid);
    facts->new_pushed = is_pushed(tx, facts->app_rid, facts->new_rid);
    facts->old_members = group_member_count(tx, facts->old_rid);
    facts->new_members = group_member_count(tx, facts->new_rid);
    facts->new_exists = group_by_rid(tx, facts->new_rid, &new) == 0 && !new.deleted;
    return 0;
}

static struct facts facts_of(struct plan *plan)
{
    struct facts facts = {
        .old_rid = plan->separation.source_rid, .new_rid = plan->separation.new_rid, .app_rid = plan->world->app.rid};
    assert_int_equal(store_read_wait(plan->world->store, find_facts, &facts), 0);
    return facts;
}

static void assert_done(struct plan *plan)
{
    struct separation now = read_it(plan);
    if (now.status != SEPARATION_DONE)
        fail_msg("it is %s at %s", separation_status_name(now.status), separation_step_name(now.step));
}

static int new_group_id(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct group group;
    assert_int_equal(group_by_rid(tx, plan->separation.new_rid, &group), 0);
    plan->group_id = arena_strdup(plan->world->arena, group.id);
    return 0;
}

static const char *id_of_new(struct plan *plan)
{
    struct plan copy = *plan;
    assert_int_equal(store_read_wait(plan->world->store, new_group_id, &copy), 0);
    return copy.group_id;
}

static int find_user(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct user user;
    assert_int_equal(user_by_login(tx, plan->input.name, &user), 0);
    plan->group_id = arena_strdup(plan->world->arena, user.id);
    return 0;
}

static const char *id_of_person(struct world *world, int i)
{
    struct plan plan = {.world = world, .input.name = login_of(world->arena, i)};
    assert_int_equal(store_read_wait(world->store, find_user, &plan), 0);
    return plan.group_id;
}

/* --- the two solutions ----------------------------------------------------------------------------------------------
 */

static void run_with_crashes(struct plan *plan, int every)
{
    for (int turn = 1; read_it(plan).status == SEPARATION_RUNNING && turn < 10000; turn++) {
        (void)world_turn(plan->world);
        plan->world->now += 100;
        if (turn % every == 0)
            world_crash(plan->world);
    }
    world_settle(plan->world, PATIENCE_MS);
}

static void test_a_new_group_for_assignment(void **state)
{
    struct world *world = *state;
    struct plan plan = begin(world, MANY, SOLUTION_ASSIGNMENT);
    uint64_t before = world->requests;
    start_it(&plan);
    run_with_crashes(&plan, 3);
    assert_done(&plan);
    assert_int_equal(world->requests, before); /* the app saw nothing */
    struct facts facts = facts_of(&plan);
    assert_true(!facts.old_assigned && facts.new_assigned && facts.old_pushed && !facts.new_pushed);
    assert_int_equal(facts.new_members, MANY);
    assert_int_equal(plan.separation.copied, MANY);

    /* Now they part: who leaves the pushed group keeps the account; who leaves the other loses both. */
    world_member(world, plan.group_id, id_of_person(world, 1), false);
    world_member(world, id_of_new(&plan), id_of_person(world, 2), false);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(world_there(world, "Staff", login_of(world->arena, 1)), 0);
    assert_int_equal(world_active(world, login_of(world->arena, 1)), 1);
    assert_int_equal(world_there(world, "Staff", login_of(world->arena, 2)), 0);
    assert_int_equal(world_active(world, login_of(world->arena, 2)), 0);
}

static void test_a_new_group_for_push(void **state)
{
    struct world *world = *state;
    struct plan plan = begin(world, MANY, SOLUTION_PUSH);
    uint64_t before = world->requests;
    start_it(&plan);
    run_with_crashes(&plan, 3);
    assert_done(&plan);
    assert_int_equal(world->requests, before);
    struct facts facts = facts_of(&plan);
    assert_true(facts.old_assigned && !facts.new_assigned && !facts.old_pushed && facts.new_pushed);
    assert_int_equal(facts.new_members, MANY);

    /* The app's group has kept its name, and follows the new group. */
    world_member(world, id_of_new(&plan), id_of_person(world, 1), false);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(world_there(world, "Staff", login_of(world->arena, 1)), 0);
    assert_int_equal(world_active(world, login_of(world->arena, 1)), 1);
    assert_int_equal(world_there(world, "Staff (new)", login_of(world->arena, 2)), -1);
}

/* --- who gets into the new group ------------------------------------------------------------------------------------
 */

static void test_only_who_has_the_app(void **state)
{
    struct world *world = *state;
    struct plan plan = begin(world, 5, SOLUTION_ASSIGNMENT);
    const char *ada = world_user(world, "ada@example.com");
    world_member(world, plan.group_id, ada, true);
    world_settle(world, PATIENCE_MS);
    world_transition(world, id_of_person(world, 0), USER_DEACTIVATE);
    world_transition(world, ada, USER_SUSPEND);
    world_settle(world, PATIENCE_MS);
    uint64_t before = world->requests;
    start_it(&plan);
    world_settle(world, PATIENCE_MS);
    assert_done(&plan);
    assert_int_equal(world->requests, before);
    assert_int_equal(facts_of(&plan).new_members, 5); /* somebody suspended has the app still */
    world_transition(world, ada, USER_UNSUSPEND);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(world_active(world, "ada@example.com"), 1);
}

static int make_rule(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct problem problem;
    struct rule rule;
    struct jval *targets CLEANUP(jval_freep) = jval_new_array();
    jval_append(targets, jval_new_str(plan->group_id));
    const struct rule_input input = {.name = "r", .expression = "user.department == \"Sales\"", .targets = targets};
    assert_int_equal(rule_create(tx, &input, &rule, &problem), 0);
    return rule_activate(tx, &rule, &problem);
}

struct move {
    const char *login, *department;
};

static int set_department(struct tx *tx, void *arg)
{
    const struct move *move = arg;
    struct problem problem;
    struct user user;
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(profile, "department", move->department);
    assert_int_equal(user_by_login(tx, move->login, &user), 0);
    return user_update(tx, &user, profile, false, &problem);
}

static void move_to(struct world *world, const char *login, const char *department)
{
    struct move move = {.login = login, .department = department};
    assert_int_equal(store_write_wait(world->store, NULL, set_department, &move), 0);
    world_settle(world, PATIENCE_MS);
}

static struct plan with_a_rule(struct world *world, bool carry)
{
    struct plan plan = begin(world, 4, SOLUTION_ASSIGNMENT);
    plan.input.carry_rules = carry;
    assert_int_equal(store_write_wait(world->store, NULL, make_rule, &plan), 0);
    (void)world_user(world, "ada@example.com");
    move_to(world, "ada@example.com", "Sales");
    assert_int_equal(world_there(world, "Staff", "ada@example.com"), 1);
    uint64_t before = world->requests;
    start_it(&plan);
    world_settle(world, PATIENCE_MS);
    assert_done(&plan);
    assert_int_equal(world->requests, before);
    assert_int_equal(facts_of(&plan).new_members, 5);
    return plan;
}

static void test_rules_are_carried_over(void **state)
{
    struct world *world = *state;
    struct plan plan = with_a_rule(world, true);
    assert_int_equal(plan.separation.copied, 4); /* the rule has put Ada there */
    move_to(world, "ada@example.com", "Support");
    assert_int_equal(facts_of(&plan).new_members, 4);
    assert_int_equal(world_active(world, "ada@example.com"), 0);
}

static void test_or_everybody_is_copied_once(void **state)
{
    struct world *world = *state;
    struct plan plan = with_a_rule(world, false);
    assert_int_equal(plan.separation.copied, 5);
    move_to(world, "ada@example.com", "Support");
    assert_int_equal(facts_of(&plan).new_members, 5);
    assert_int_equal(world_there(world, "Staff", "ada@example.com"), 0);
    assert_int_equal(world_active(world, "ada@example.com"), 1);
}

static void test_who_comes_and_goes_meanwhile(void **state)
{
    struct world *world = *state;
    struct plan plan = begin(world, 4, SOLUTION_ASSIGNMENT);
    const char *ada = world_user(world, "ada@example.com");
    start_it(&plan);
    for (int turn = 0; read_it(&plan).step <= STEP_COPY && turn < 100; turn++)
        (void)world_turn(world);
    assert_int_equal(plan.separation.status, SEPARATION_RUNNING);
    world_member(world, plan.group_id, ada, true);
    world_member(world, plan.group_id, id_of_person(world, 0), false);
    world_settle(world, PATIENCE_MS);
    assert_done(&plan);
    assert_int_equal(facts_of(&plan).new_members, 4);
    assert_int_equal(world_active(world, "ada@example.com"), 1);
    assert_int_equal(world_active(world, login_of(world->arena, 0)), 0);
}

/* --- back -----------------------------------------------------------------------------------------------------------
 */

/* Undone after so many turns, whatever step that is: everything is as before, and the app saw nothing. False: it had
 * ended before. */
static bool undone_after(struct world *world, struct plan *plan, int turns)
{
    uint64_t before = world->requests;
    plan->input.name = arena_printf(world->arena, "New %d", turns);
    start_it(plan);
    for (int i = 0; i < turns; i++) {
        (void)world_turn(world);
        world->now += 300;
    }
    int r = store_write_wait(world->store, NULL, undo, plan);
    if (r == ERR_PROBLEM) {
        assert_done(plan);
        return false;
    }
    assert_int_equal(r, 0);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(read_it(plan).status, SEPARATION_UNDONE);
    assert_int_equal(world->requests, before);
    struct facts facts = facts_of(plan);
    assert_true(facts.old_assigned && !facts.new_assigned && facts.old_pushed && !facts.new_pushed);
    assert_false(facts.new_exists);
    return true;
}

static int count_targets(struct tx *tx, void *arg)
{
    (void)arg;
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &RULE_TARGETS, NO_BINDS);
    return r < 0 ? r : (int)count;
}

static void undo_everywhere(struct world *world, enum separation_solution solution)
{
    struct plan plan = begin(world, 3, solution);
    assert_int_equal(store_write_wait(world->store, NULL, make_rule, &plan), 0);
    world_settle(world, PATIENCE_MS);
    int turns = 0;
    while (undone_after(world, &plan, turns) && turns < 50) {
        assert_int_equal(store_read_wait(world->store, count_targets, NULL), 1);
        turns++;
    }
    assert_in_range(turns, 3, 49);
}

static void test_assignment_is_undone_at_each_step(void **state)
{
    undo_everywhere(*state, SOLUTION_ASSIGNMENT);
}

static void test_push_is_undone_at_each_step(void **state)
{
    undo_everywhere(*state, SOLUTION_PUSH);
}

/* --- what is refused, and what fails ---------------------------------------------------------------------------------
 */

static void assert_refused(struct plan *plan, const char *words)
{
    assert_int_equal(store_write_wait(plan->world->store, NULL, start, plan), ERR_PROBLEM);
    if (!strstr(plan->problem.causes[0], words))
        fail_msg("\"%s\" does not say \"%s\"", plan->problem.causes[0], words);
}

static void test_what_cannot_be_is_refused(void **state)
{
    struct world *world = *state;
    struct plan plan = begin(world, 2, SOLUTION_ASSIGNMENT);
    plan.input.name = "";
    assert_refused(&plan, "name: The field cannot be left blank");
    plan.input.name = "STAFF";
    assert_refused(&plan, "name: There is a group of this name");
    struct plan other = plan;
    other.group_id = world_group(world, "Other");
    other.input.name = "Other (new)";
    assert_refused(&other, "not assigned to Other");
    other.input.solution = SOLUTION_PUSH;
    assert_refused(&other, "Other is not pushed");
    plan.input.name = "Fine";
    start_it(&plan);
    plan.input.name = "Once more";
    assert_refused(&plan, "is being parted already");
}

static int delete_new(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct group group;
    assert_int_equal(group_by_rid(tx, plan->separation.new_rid, &group), 0);
    return group_delete(tx, &group, &plan->problem);
}

static void test_a_deleted_group_ends_it(void **state)
{
    struct world *world = *state;
    struct plan plan = begin(world, 3, SOLUTION_ASSIGNMENT);
    uint64_t before = world->requests;
    start_it(&plan);
    assert_int_equal(store_write_wait(world->store, NULL, delete_new, &plan), 0);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(read_it(&plan).status, SEPARATION_FAILED);
    assert_true(plan.separation.ended > 0);
    assert_int_equal(world->requests, before);
    assert_int_equal(facts_of(&plan).old_assigned, 1);
    plan.input.name = "Another";
    start_it(&plan);
    world_settle(world, PATIENCE_MS);
    assert_done(&plan);
}

static void test_an_assignment_that_is_gone_fails_it(void **state)
{
    struct world *world = *state;
    struct plan plan = begin(world, 3, SOLUTION_ASSIGNMENT);
    start_it(&plan);
    world_assign_group(world, plan.group_id, false);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(read_it(&plan).status, SEPARATION_FAILED);
    assert_int_equal(store_write_wait(world->store, NULL, undo, &plan), 0);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(read_it(&plan).status, SEPARATION_UNDONE);
    struct facts facts = facts_of(&plan);
    assert_true(!facts.old_assigned && !facts.new_exists); /* what somebody else took away stays away */
}

static int look_ahead(struct tx *tx, void *arg)
{
    struct plan *plan = arg;
    struct group group;
    assert_int_equal(group_by_id(tx, plan->group_id, &group), 0);
    int r = separation_plan(tx, &plan->world->app, &group, &plan->input, 1, &plan->seen, &plan->problem);
    if (r == 0 && plan->seen.left_count)
        assert_string_equal(plan->seen.left[0].login, login_of(tx_arena(tx), 0));
    return r;
}

static void test_the_plan_tells_what_will_be(void **state)
{
    struct world *world = *state;
    struct plan plan = begin(world, 4, SOLUTION_ASSIGNMENT);
    assert_int_equal(store_write_wait(world->store, NULL, make_rule, &plan), 0);
    (void)world_user(world, "ada@example.com");
    move_to(world, "ada@example.com", "Sales");
    world_transition(world, id_of_person(world, 0), USER_DEACTIVATE);
    world_settle(world, PATIENCE_MS);
    assert_int_equal(store_read_wait(world->store, look_ahead, &plan), 0);
    assert_int_equal(plan.seen.members, 5);
    assert_int_equal(plan.seen.copied, 3);
    assert_int_equal(plan.seen.by_rules, 1);
    assert_int_equal(plan.seen.left_out, 1);
    assert_int_equal(plan.seen.left_count, 1);
    assert_int_equal(plan.seen.rule_count, 1);
    start_it(&plan);
    world_settle(world, PATIENCE_MS);
    assert_done(&plan);
    assert_int_equal(plan.separation.copied, plan.seen.copied);
    assert_int_equal(facts_of(&plan).new_members, plan.seen.copied + plan.seen.by_rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_group_for_assignment, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_new_group_for_push, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_only_who_has_the_app, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_rules_are_carried_over, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_or_everybody_is_copied_once, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_who_comes_and_goes_meanwhile, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_assignment_is_undone_at_each_step, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_push_is_undone_at_each_step, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_is_refused, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_deleted_group_ends_it, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_assignment_that_is_gone_fails_it, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_the_plan_tells_what_will_be, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
