/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine leaves in the journal and in the log: by the allow-list, in full while that is on, and nothing of
 * somebody who was deleted. */
#include "world.h"

#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define TEXT_BYTES ((size_t)1024 * 1024)

static int write_attempts(struct tx *tx, struct jout *out, int64_t app_rid)
{
    struct attempt_place last = {0};
    struct attempt_query query = {.app_rid = app_rid, .until = INT64_MAX, .limit = 1000};
    return record_attempts_of_app_write(tx, out, &query, &last);
}

static int write_journal(struct tx *tx, void *arg)
{
    struct buf *buf = arg;
    struct jout out;
    struct app app;
    buf_clear(buf);
    jout_init(&out, buf);
    jout_array(&out, NULL);
    int r = app_by_label(tx, "Practice", &app);
    if (r == 0)
        r = write_attempts(tx, &out, app.rid);
    jout_end(&out);
    return r;
}

static int write_log(struct tx *tx, void *arg)
{
    struct buf *buf = arg;
    struct jout out;
    int64_t last = 0;
    buf_clear(buf);
    jout_init(&out, buf);
    jout_array(&out, NULL);
    int r = record_events_write(tx, &out, 0, 1000, &last);
    jout_end(&out);
    return r;
}

static int count_of(struct world *world, tx_fn write, const char *text)
{
    struct buf buf;
    int count = 0;
    buf_init(&buf, TEXT_BYTES);
    assert_true(store_read_wait(world->store, write, &buf) >= 0);
    assert_false(buf.overflowed);
    for (const char *at = buf_text(&buf); (at = strcasestr(at, text)); at++)
        count++;
    buf_free(&buf);
    return count;
}

static int capture_job(struct tx *tx, void *arg)
{
    struct world *world = arg;
    struct problem problem;
    return app_capture_start(tx, &world->app, 60, &problem);
}

/* A failure whose words hold a value: in the error that an administrator reads, not in the log. */
static void test_the_log_keeps_no_values(void **state)
{
    struct world *world = *state;
    struct practice_fault fault = {
        .kind = FAULT_STATUS, .status = 400, .method = "POST", .times = 1, .text = "nickName hunter2 is not valid"};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    world_assign_user(world, world_user(world, "ann@example.com"), true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(count_of(world, write_log, "hunter2"), 0);
    assert_int_equal(count_of(world, write_log, "nickName <string, 7 bytes> is not valid"), 1);
    assert_int_equal(count_of(world, write_journal, "hunter2"), 0);
    assert_true(count_of(world, write_journal, "ann@example.com") > 0); /* user names are shown */
}

static void test_full_capture(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Secret Project");
    const char *ann = world_user(world, "ann@example.com");
    world_member(world, group, ann, true);
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(count_of(world, write_journal, "\"captured\":true"), 0);
    assert_int_equal(count_of(world, write_journal, "givenName\\\":\\\"<string"), 1);
    assert_int_equal(store_write_wait(world->store, NULL, capture_job, world), 0);
    (void)world_push(world, group, "Secret Project");
    world_settle(world, MINUTE_MS);
    int captured = count_of(world, write_journal, "\"captured\":true");
    assert_in_range(captured, 3, 5); /* look up, create, members */
    assert_true(count_of(world, write_journal, "\\\"displayName\\\":\\\"Secret Project\\\"") > 0);
    world->now += (int64_t)61 * MINUTE_MS;
    world_rename_group(world, group, "Other Secret");
    world_settle(world, MINUTE_MS);
    assert_int_equal(count_of(world, write_journal, "\"captured\":true"), captured);
    assert_int_equal(count_of(world, write_journal, "Other Secret"), 0);
}

static int delete_user(struct tx *tx, void *arg)
{
    struct user user;
    struct problem problem;
    int r = user_by_id(tx, arg, &user);
    if (r == 0)
        r = user_delete(tx, &user, &problem);
    return r == 0 ? user_delete(tx, &user, &problem) : r;
}

static int erase_chunk(struct tx *tx, void *arg)
{
    (void)arg;
    return record_erase_chunk(tx, 10);
}

/* The app is told of the deletion, with failures, after the values were taken away: what is written then has none. */
static void test_a_deleted_person_leaves_no_values(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Engineering");
    const char *ann = world_user(world, "ann@example.com");
    world_member(world, group, ann, true);
    world_assign_group(world, group, true);
    (void)world_push(world, group, "Engineering");
    world_settle(world, MINUTE_MS);
    assert_true(count_of(world, write_log, "ann@example.com") > 3);
    assert_true(count_of(world, write_journal, "ann") > 0);
    struct practice_fault fault = {.kind = FAULT_STATUS, .status = 500, .times = 2};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    assert_int_equal(store_write_wait(world->store, NULL, delete_user, (void *)(uintptr_t)ann), 0);
    int r;
    while ((r = store_write_wait(world->store, NULL, erase_chunk, NULL)) > 0)
        ;
    assert_int_equal(r, 0);
    assert_int_equal(count_of(world, write_log, "ann@"), 0);
    assert_int_equal(count_of(world, write_journal, "ann"), 0);
    world_settle(world, 60 * MINUTE_MS);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    assert_int_equal(count_of(world, write_log, "ann@"), 0);
    assert_int_equal(count_of(world, write_journal, "ann"), 0);
    assert_int_equal(count_of(world, write_log, "\"eventType\":\"application.provision.user.deactivate\""), 1);
    assert_true(count_of(world, write_log, ann) > 5); /* the id stays */
    assert_int_equal(count_of(world, write_log, "\"id\":\"\""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_log_keeps_no_values, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_full_capture, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_deleted_person_leaves_no_values, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
