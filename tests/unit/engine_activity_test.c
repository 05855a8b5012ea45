/* SPDX-License-Identifier: Apache-2.0 */
/* What went on is counted by the hour, and what needs attention is found at a cost that does not grow. */
#include "world.h"

#include "app/work.h"
#include "base/limits.h"
#include "engine/health.h"
#include "push/overview.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define HOURS 3
#define PEOPLE 40
#define LOOK 1000

struct look {
    struct world *world;
    struct activity_hour hours[HOURS];
    struct overview_members members;
    struct overview_row rows[8];
    struct work_failures failures[8];
    int64_t apps[8];
    int count;
    int look; /* rows that are counted at most */
    int64_t looked;
    int64_t statements; /* that it took */
    int (*run)(struct tx *tx, struct look *look);
};

static int run_look(struct tx *tx, void *arg)
{
    struct look *look = arg;
    return look->run(tx, look);
}

static struct look *look_at(struct world *world, int look, int (*run)(struct tx *tx, struct look *look))
{
    struct look *ret = arena_alloc(world->arena, sizeof(*ret));
    *ret = (struct look){.world = world, .run = run, .look = look};
    struct store_stats before;
    struct store_stats after;
    store_stats(world->store, &before);
    assert_true(store_write_wait(world->store, NULL, run_look, ret) >= 0);
    store_stats(world->store, &after);
    ret->statements = after.statements - before.statements;
    return ret;
}

static int see_hours(struct tx *tx, struct look *look)
{
    return record_activity_read(tx, tx_now(tx) / ACTIVITY_HOUR_MS - HOURS + 1, look->hours, HOURS);
}

/* The oldest that is kept, and so many before it. */
static int see_first_hour(struct tx *tx, struct look *look)
{
    return record_activity_read(tx, tx_now(tx) / ACTIVITY_HOUR_MS - LIMIT_ACTIVITY_HOURS - look->look, look->hours, 1);
}

static int expire(struct tx *tx, struct look *look)
{
    (void)look;
    int r = record_expire(tx, LOOK);
    return MIN_OF(r, 0);
}

static int see_members(struct tx *tx, struct look *look)
{
    return overview_members(tx, look->world->app.rid, look->look, &look->members);
}

static int see_refused(struct tx *tx, struct look *look)
{
    look->count = overview_members_failed(tx, look->look, look->rows, 8);
    return MIN_OF(look->count, 0);
}

static int see_failures(struct tx *tx, struct look *look)
{
    look->count = work_failures(tx, look->look, look->failures, 8, &look->looked);
    return MIN_OF(look->count, 0);
}

static int see_quarantines(struct tx *tx, struct look *look)
{
    look->count = quarantined_apps(tx, 0, look->apps, 8);
    return MIN_OF(look->count, 0);
}

static void order(struct world *world, struct practice_fault fault)
{
    char why[128] = "";
    if (practice_set_fault(world->practice, &fault, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

/* People from `first` on in a group that has the app; pushed when `push`. */
static const char *crowd(struct world *world, const char *name, int first, int count, bool push)
{
    const char *group = world_group(world, name);
    for (int i = first; i < first + count; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "p%03d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    if (push)
        (void)world_push(world, group, name);
    world_settle(world, MINUTE_MS);
    return group;
}

static void test_pushes_are_counted_by_the_hour(void **state)
{
    struct world *world = *state;
    world_settle(world, 0); /* what was there before the first turn came at no known time */
    (void)crowd(world, "Early", 0, 3, true);
    world->now += ACTIVITY_HOUR_MS;
    (void)crowd(world, "Late", 10, 2, false);
    struct look *look = look_at(world, 0, see_hours);
    assert_int_equal(look->statements, 1);
    /* three accounts, a group, its members; then two accounts */
    assert_int_equal(look->hours[0].n[ACTIVITY_PUSHED], 0);
    assert_int_equal(look->hours[1].n[ACTIVITY_PUSHED], 5);
    assert_int_equal(look->hours[2].n[ACTIVITY_PUSHED], 2);
    assert_int_equal(look->hours[2].n[ACTIVITY_FAILED], 0);
    assert_int_equal(activity_done(&look->hours[1]), 4);
    assert_int_equal(activity_done(&look->hours[2]), 2);
    assert_int_equal(activity_delay(&look->hours[0], 50), -1);
    assert_int_equal(activity_delay(&look->hours[2], 95), 250);
}

/* From the change to the acknowledgement, over the failures in between. */
static void test_the_delay_is_from_the_change(void **state)
{
    struct world *world = *state;
    (void)crowd(world, "Here", 0, 2, false);
    struct look *before = look_at(world, 0, see_hours);
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 500, .method = "POST", .prefix = "/Users"});
    const char *ann = world_user(world, "ann@example.com");
    world_assign_user(world, ann, true);
    world_settle(world, 20000);
    practice_clear_faults(world->practice);
    world_settle(world, 10 * MINUTE_MS);
    assert_int_equal(world_active(world, "ann@example.com"), 1);
    struct look *look = look_at(world, 0, see_hours);
    assert_true(look->hours[2].n[ACTIVITY_FAILED] >= 2);
    int64_t slow = 0;
    for (int class = 7; class < ACTIVITY_DELAYS; class ++) /* over 10 seconds */
        slow += look->hours[2].n[ACTIVITY_DELAY + class] - before->hours[2].n[ACTIVITY_DELAY + class];
    assert_int_equal(slow + look->hours[2].n[ACTIVITY_DELAY + 6], 1);
    assert_int_equal(activity_done(&look->hours[2]), activity_done(&before->hours[2]) + 1);
}

static void test_counts_go_after_their_time(void **state)
{
    struct world *world = *state;
    (void)crowd(world, "Here", 0, 2, false);
    assert_true(look_at(world, 0, see_hours)->hours[HOURS - 1].n[ACTIVITY_PUSHED] > 0);
    world->now += (int64_t)LIMIT_ACTIVITY_HOURS * ACTIVITY_HOUR_MS;
    (void)look_at(world, 0, expire);
    assert_true(look_at(world, 0, see_first_hour)->hours[0].n[ACTIVITY_PUSHED] > 0);
    world->now += ACTIVITY_HOUR_MS;
    (void)look_at(world, 1, expire);
    assert_int_equal(look_at(world, 1, see_first_hour)->hours[0].n[ACTIVITY_PUSHED], 0);
}

static void test_members_are_counted_at_the_same_cost(void **state)
{
    struct world *world = *state;
    (void)crowd(world, "Few", 0, 3, true);
    struct look *few = look_at(world, LOOK, see_members);
    assert_int_equal(few->members.in_step, 3);
    (void)crowd(world, "Many", 10, PEOPLE, true);
    struct look *many = look_at(world, LOOK, see_members);
    assert_int_equal(many->members.in_step, 3 + PEOPLE);
    assert_int_equal(many->members.waiting + many->members.refused, 0);
    assert_true(many->members.complete);
    assert_int_equal(many->statements, few->statements);
    struct look *cut = look_at(world, 10, see_members);
    assert_int_equal(cut->members.in_step, 10);
    assert_false(cut->members.complete);
}

static void test_refused_members_are_told_by_cause(void **state)
{
    struct world *world = *state;
    order(world, (struct practice_fault){.kind = FAULT_MEMBER_REFUSED, .status = 400, .text = "p001@example.com"});
    (void)crowd(world, "Here", 0, 3, true);
    struct look *look = look_at(world, LOOK, see_refused);
    assert_int_equal(look->statements, 1);
    assert_int_equal(look->count, 1);
    assert_int_equal(look->rows[0].app_rid, world->app.rid);
    assert_int_equal(look->rows[0].count, 1);
    assert_non_null(look->rows[0].error_class);
    struct look *members = look_at(world, LOOK, see_members);
    assert_int_equal(members->members.in_step, 2);
    assert_int_equal(members->members.refused, 1);
}

static void test_failures_are_told_by_cause(void **state)
{
    struct world *world = *state;
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 403, .method = "POST", .prefix = "/Users"});
    (void)crowd(world, "Here", 0, 3, false);
    struct look *look = look_at(world, LOOK, see_failures);
    assert_int_equal(look->statements, 1);
    assert_int_equal(look->count, 1);
    assert_string_equal(look->failures[0].error_class, "FORBIDDEN");
    assert_int_equal(look->failures[0].kind, WORK_ACCOUNT);
    assert_int_equal(look->failures[0].count, 3);
    assert_int_equal(look->failures[0].held, 3);
    assert_int_equal(look->looked, 3);
    look = look_at(world, 2, see_failures);
    assert_int_equal(look->failures[0].count, 2);
    assert_int_equal(look->looked, 2);
}

static void test_apps_in_quarantine_are_found(void **state)
{
    struct world *world = *state;
    assert_int_equal(look_at(world, 0, see_quarantines)->count, 0);
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 401, .prefix = "/"});
    (void)crowd(world, "Here", 0, 1, false);
    struct look *look = look_at(world, 0, see_quarantines);
    assert_int_equal(look->count, 1);
    assert_int_equal(look->apps[0], world->app.rid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pushes_are_counted_by_the_hour, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_the_delay_is_from_the_change, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_counts_go_after_their_time, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_members_are_counted_at_the_same_cost, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_refused_members_are_told_by_cause, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_failures_are_told_by_cause, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_apps_in_quarantine_are_found, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
