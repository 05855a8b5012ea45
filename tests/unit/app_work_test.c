/* SPDX-License-Identifier: Apache-2.0 */
/* The work table: one row an object, versions, holds, classes, and what "caused up to N" counts. */
#include "app_fixture.h"

static int add_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    if (s->number > 0)
        tx_continue(tx, s->number);
    int r = work_add(tx, s->app, WORK_ACCOUNT, s->user, (enum work_class)s->group);
    s->result = tx_change_number(tx);
    return r;
}

/* The change number of the job that added it. */
static int64_t add(struct fixture *f, int64_t app, int64_t object, enum work_class class)
{
    struct step s = {.app = app, .user = object, .group = class};
    fx_do(f, add_run, &s);
    return s.result;
}

static int64_t add_continued(struct fixture *f, int64_t app, int64_t object, int64_t since)
{
    struct step s = {.app = app, .user = object, .group = WORK_FRESH, .number = since};
    fx_do(f, add_run, &s);
    return s.result;
}

static struct work get(struct fixture *f, int64_t app, int64_t object)
{
    struct work work = {0};
    assert_true(fx_find(f, app, WORK_ACCOUNT, object, &work));
    return work;
}

static int done_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    s->result = work_done(tx, s->app, s->number);
    return (int)s->result;
}

static int64_t done(struct fixture *f, int64_t rid, int64_t version)
{
    struct step s = {.app = rid, .number = version};
    fx_do(f, done_run, &s);
    return s.result;
}

static int fail_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    return work_fail(tx, &s->work,
                     &(struct work_failure){.error_class = "bad_value",
                                            .error = "The app refused the value.",
                                            .words = "Bad Request",
                                            .status = 400,
                                            .due = s->f->now + s->number,
                                            .held = s->flag});
}

static void fail_work(struct fixture *f, struct work work, int64_t delay, bool held)
{
    fx_do(f, fail_run, &(struct step){.work = work, .number = delay, .flag = held});
}

struct due {
    int64_t app;
    enum work_class class;
    struct work rows[8];
    int count;
    int64_t apps[8];
    int app_count;
    int64_t next;
    int has_next;
    int64_t now;
    struct work_counts counts;
    int64_t until;
    int failed;
};

static int count_failed(UNUSED const struct work *work, void *data)
{
    assert_string_equal(work->error, "The app refused the value.");
    ((struct due *)data)->failed++;
    return 0;
}

static int due_run(struct tx *tx, void *arg)
{
    struct due *d = arg;
    d->failed = 0;
    d->app_count = work_apps_due(tx, d->now, -1, d->apps, 8);
    d->has_next = work_next_due(tx, &d->next);
    d->count = work_due(tx, d->app, d->class, d->now, d->rows, 8);
    int r = work_count(tx, d->app, d->until ? d->until : INT64_MAX, &d->counts);
    return r < 0 ? r : work_each_failed(tx, d->app, 100, count_failed, d);
}

static struct due look(struct fixture *f, int64_t app, enum work_class class, int64_t until)
{
    struct due d = {.app = app, .class = class, .now = f->now, .until = until};
    assert_true(store_write_wait(f->store, NULL, due_run, &d) >= 0);
    return d;
}

static void changes_of_one_object_are_one_row(void **state)
{
    struct fixture *f = *state;
    int64_t first = add(f, 1, 10, WORK_BULK);
    f->now += 1000;
    int64_t second = add(f, 1, 10, WORK_FRESH);
    assert_true(second > first);
    struct work work = get(f, 1, 10);
    assert_int_equal(work.since, first);
    assert_int_equal(work.version, second);
    assert_int_equal(work.class, WORK_FRESH);
    assert_int_equal(work.due, f->now);
    add(f, 1, 10, WORK_BULK);
    assert_int_equal(get(f, 1, 10).class, WORK_FRESH);
    assert_int_equal(look(f, 1, WORK_FRESH, 0).count, 1);
    assert_int_equal(look(f, 1, WORK_BULK, 0).count, 0);
}

static void a_row_is_done_only_at_the_version_that_was_taken(void **state)
{
    struct fixture *f = *state;
    add(f, 1, 10, WORK_FRESH);
    struct work taken = get(f, 1, 10);
    int64_t later = add(f, 1, 10, WORK_FRESH);
    assert_int_equal(done(f, taken.rid, taken.version), 0);
    struct work kept = get(f, 1, 10);
    assert_int_equal(kept.version, later);
    assert_int_equal(kept.since, taken.version + 1);
    assert_int_equal(done(f, kept.rid, kept.version), 1);
    assert_false(fx_find(f, 1, WORK_ACCOUNT, 10, NULL));
    assert_int_equal(done(f, kept.rid, kept.version), 1); /* gone is done */
}

static void rows_of_done_work_are_never_taken_for_later_ones(void **state)
{
    struct fixture *f = *state;
    add(f, 1, 10, WORK_FRESH);
    struct work old = get(f, 1, 10);
    done(f, old.rid, old.version);
    add(f, 1, 11, WORK_FRESH);
    assert_true(get(f, 1, 11).rid != old.rid);
    done(f, old.rid, old.version);
    assert_int_equal(get(f, 1, 11).since, get(f, 1, 11).version);
}

static void a_cause_of_an_earlier_job_is_carried_along(void **state)
{
    struct fixture *f = *state;
    int64_t cause = add(f, 1, 10, WORK_FRESH);
    add(f, 1, 20, WORK_FRESH);
    struct work taken = get(f, 1, 20);
    add_continued(f, 1, 20, cause); /* while the row is on its way */
    done(f, taken.rid, taken.version);
    assert_int_equal(get(f, 1, 20).since, cause);
    struct work first = get(f, 1, 10);
    done(f, first.rid, first.version);
    assert_int_equal(look(f, 1, WORK_FRESH, cause).counts.pending, 1); /* what 10 caused goes on in 20 */
    struct work second = get(f, 1, 20);
    done(f, second.rid, second.version);
    assert_int_equal(look(f, 1, WORK_FRESH, cause).counts.pending, 0);
}

static void a_failure_waits_and_a_new_cause_forgets_it(void **state)
{
    struct fixture *f = *state;
    add(f, 1, 10, WORK_FRESH);
    struct work work = get(f, 1, 10);
    fail_work(f, work, 5000, false);
    fail_work(f, work, 5000, false);
    struct due d = look(f, 1, WORK_FRESH, 0);
    assert_int_equal(d.count, 0);
    assert_int_equal(d.app_count, 0);
    assert_int_equal(d.has_next, 1);
    assert_int_equal(d.next, f->now + 5000);
    assert_int_equal(d.counts.pending, 0);
    assert_int_equal(d.counts.failed, 1);
    assert_int_equal(d.failed, 1);
    f->now += 5000;
    d = look(f, 1, WORK_FRESH, 0);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.rows[0].attempts, 2);
    add(f, 1, 10, WORK_FRESH);
    assert_int_equal(get(f, 1, 10).attempts, 0);
    assert_int_equal(look(f, 1, WORK_FRESH, 0).counts.failed, 0);
}

static int retry_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    s->result = work_retry(tx, s->app);
    return (int)s->result;
}

static void what_is_held_is_due_to_nobody_until_somebody_acts(void **state)
{
    struct fixture *f = *state;
    add(f, 1, 10, WORK_FRESH);
    add(f, 2, 10, WORK_FRESH);
    fail_work(f, get(f, 1, 10), 0, true);
    struct due d = look(f, 1, WORK_FRESH, 0);
    assert_int_equal(d.count, 0);
    assert_int_equal(d.app_count, 1);
    assert_int_equal(d.apps[0], 2);
    struct step s = {.app = 1};
    fx_do(f, retry_run, &s);
    assert_int_equal(s.result, 1);
    assert_int_equal(look(f, 1, WORK_FRESH, 0).count, 1);
    fail_work(f, get(f, 1, 10), 0, true);
    fail_work(f, get(f, 2, 10), 60000, false);
    s = (struct step){.app = 0};
    fx_do(f, retry_run, &s);
    assert_int_equal(s.result, 2);
    assert_int_equal(look(f, 1, WORK_FRESH, 0).app_count, 2);
}

static void a_clock_that_was_set_back_delays_by_the_cap_at_most(void **state)
{
    struct fixture *f = *state;
    add(f, 1, 10, WORK_FRESH);
    f->now -= 3600 * 1000;
    struct due d = look(f, 1, WORK_FRESH, 0);
    assert_int_equal(d.count, 0);
    assert_int_equal(d.next, f->now + LIMIT_BACKOFF_MAX_MS);
    f->now += LIMIT_BACKOFF_MAX_MS;
    assert_int_equal(look(f, 1, WORK_FRESH, 0).count, 1);
}

static void counts_take_in_the_expansions_of_no_app(void **state)
{
    struct fixture *f = *state;
    int64_t first = add(f, 0, 5, WORK_BULK);
    int64_t second = add(f, 1, 6, WORK_FRESH);
    add(f, 2, 7, WORK_FRESH);
    assert_int_equal(look(f, 1, WORK_FRESH, first).counts.pending, 1);
    assert_int_equal(look(f, 1, WORK_FRESH, second).counts.pending, 2);
    assert_int_equal(look(f, 1, WORK_FRESH, 0).counts.pending, 2);
    assert_int_equal(look(f, 0, WORK_FRESH, 0).counts.pending, 1); /* of no app alone */
    assert_int_equal(look(f, 1, WORK_FRESH, -1).counts.pending, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes_of_one_object_are_one_row, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(a_row_is_done_only_at_the_version_that_was_taken, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(rows_of_done_work_are_never_taken_for_later_ones, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(a_cause_of_an_earlier_job_is_carried_along, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(a_failure_waits_and_a_new_cause_forgets_it, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(what_is_held_is_due_to_nobody_until_somebody_acts, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_was_set_back_delays_by_the_cap_at_most, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(counts_take_in_the_expansions_of_no_app, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
