/* SPDX-License-Identifier: Apache-2.0 */
/* The record: how long it is kept, full capture, and what stays of somebody who was deleted. */
#include "app_fixture.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

SQL_SCAN(COUNT_EVENTS, "a test", "SELECT count(*) FROM system_log");
SQL_SCAN(COUNT_ATTEMPTS, "a test", "SELECT count(*) FROM attempt");
SQL_SCAN(EVENT_TEXTS, "a test", "SELECT event FROM system_log ORDER BY rid");
SQL_SCAN(ATTEMPT_TEXTS, "a test",
         "SELECT path || ' ' || COALESCE(request, '') || COALESCE(answer, '') || COALESCE(full_request, '') ||"
         " COALESCE(full_answer, '') FROM attempt ORDER BY rid");
SQL_SCAN(LAST_EVENT_RID, "a test", "SELECT max(rid) FROM system_log");

struct job {
    struct fixture *f;
    int64_t app, user;
    int limit;
    const char *text;
    int64_t result;
    int (*run)(struct tx *tx, struct job *job);
    struct problem problem;
};

static int run_job(struct tx *tx, void *arg)
{
    struct job *job = arg;
    return job->run(tx, job);
}

static int64_t run(struct fixture *f, int (*fn)(struct tx *tx, struct job *job), struct job job)
{
    job.f = f;
    job.run = fn;
    int r = store_write_wait(f->store, NULL, run_job, &job);
    if (r < 0)
        fail_msg("%s", err_text(r));
    return job.result;
}

static int count_events(struct tx *tx, struct job *job)
{
    return tx_get_int(tx, &job->result, &COUNT_EVENTS, NO_BINDS);
}

static int count_attempts(struct tx *tx, struct job *job)
{
    return tx_get_int(tx, &job->result, &COUNT_ATTEMPTS, NO_BINDS);
}

/* How often a text stands in the rows of the log or the journal. */
static int count_in(struct tx *tx, struct job *job, struct sql *rows)
{
    struct query query;
    int r = tx_query(tx, &query, rows, NO_BINDS);
    while (r >= 0 && (r = query_next(&query)) > 0)
        job->result += strcasestr(query_text(&query, 0), job->text) != NULL;
    return r;
}

static int count_in_log(struct tx *tx, struct job *job)
{
    return count_in(tx, job, &EVENT_TEXTS);
}

static int count_in_journal(struct tx *tx, struct job *job)
{
    return count_in(tx, job, &ATTEMPT_TEXTS);
}

static int64_t in_log(struct fixture *f, const char *text)
{
    return run(f, count_in_log, (struct job){.text = text});
}

static int64_t in_journal(struct fixture *f, const char *text)
{
    return run(f, count_in_journal, (struct job){.text = text});
}

static int add_attempt(struct tx *tx, struct job *job)
{
    struct user user = {0};
    int r = job->user ? account_user(tx, job->user, &user) : 0;
    struct attempt attempt = {.app_rid = 1,
                              .work_kind = job->user ? WORK_ACCOUNT : WORK_GROUP,
                              .object_rid = 1,
                              .method = "GET",
                              .path = "/Users?filter=userName%20eq%20%22ann@example.com%22",
                              .request = "{\"userName\":\"ann@example.com\"}",
                              .answer = "{\"id\":\"7\",\"userName\":\"ann@example.com\"}",
                              .status = 409,
                              .sent = tx_now(tx),
                              .person = job->user ? user.id : NULL,
                              .captured = job->limit != 0,
                              .full_request = job->limit ? "{\"title\":\"Queen of ann@example.com\"}" : NULL};
    return r < 0 ? r : record_attempt(tx, &attempt);
}

static int expire(struct tx *tx, struct job *job)
{
    job->result = record_expire(tx, job->limit);
    return (int)MIN_OF(job->result, 0);
}

static int set_keep(struct tx *tx, struct job *job)
{
    return record_keep_set(tx, &(struct record_keep){.attempt_days = (int)job->app, .log_days = (int)job->user});
}

/* --- how long -------------------------------------------------------------------------------------------------------
 */

static void test_rows_go_after_their_days_in_chunks(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 25; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "group %d", i);
        (void)fx_group(f, name);
        (void)run(f, add_attempt, (struct job){0});
    }
    int64_t events = run(f, count_events, (struct job){0});
    assert_int_equal(run(f, count_attempts, (struct job){0}), 25);
    f->now += 29 * DAY_MS;
    assert_int_equal(run(f, expire, (struct job){.limit = 10}), 0);
    f->now += 2 * DAY_MS; /* the journal's 30 days are over, the log's 90 are not */
    assert_int_equal(run(f, expire, (struct job){.limit = 10}), 10);
    assert_int_equal(run(f, count_attempts, (struct job){0}), 15);
    assert_int_equal(run(f, expire, (struct job){.limit = 10}), 10);
    assert_int_equal(run(f, expire, (struct job){.limit = 10}), 5);
    assert_int_equal(run(f, count_attempts, (struct job){0}), 0);
    assert_int_equal(run(f, count_events, (struct job){0}), events);
    f->now += 60 * DAY_MS;
    assert_int_equal(run(f, expire, (struct job){.limit = 1000}), events);
    assert_int_equal(run(f, count_events, (struct job){0}), 0);
}

static void test_days_can_be_set(void **state)
{
    struct fixture *f = *state;
    (void)fx_group(f, "one");
    (void)run(f, add_attempt, (struct job){0});
    (void)run(f, set_keep, (struct job){.app = 2, .user = 5});
    assert_int_equal(fx_events(f, "muster.record.keep"), 1);
    f->now += 3 * DAY_MS;
    assert_int_equal(run(f, expire, (struct job){.limit = 100}), 1); /* the attempt */
    f->now += 3 * DAY_MS;
    assert_true(run(f, expire, (struct job){.limit = 100}) >= 2);
    assert_int_equal(run(f, count_events, (struct job){0}), 0);
}

static int last_event(struct tx *tx, struct job *job)
{
    return tx_get_int(tx, &job->result, &LAST_EVENT_RID, NO_BINDS);
}

/* A cursor into the log stays right when everything that it was made from has expired. */
static void test_numbers_of_the_log_are_never_used_again(void **state)
{
    struct fixture *f = *state;
    (void)fx_group(f, "one");
    int64_t last = run(f, last_event, (struct job){0});
    assert_true(last > 0);
    f->now += 91 * DAY_MS;
    (void)run(f, expire, (struct job){.limit = 100});
    (void)fx_group(f, "two");
    assert_true(run(f, last_event, (struct job){0}) > last);
}

/* --- full capture ---------------------------------------------------------------------------------------------------
 */

static int start_capture(struct tx *tx, struct job *job)
{
    struct app app;
    int r = app_by_rid(tx, job->app, &app);
    return r < 0 ? r : app_capture_start(tx, &app, job->limit, &job->problem);
}

static int is_captured(struct tx *tx, struct job *job)
{
    struct capture capture;
    job->result = record_capture_get(tx, job->app, &capture);
    return (int)MIN_OF(job->result, 0);
}

static int expire_capture(struct tx *tx, struct job *job)
{
    job->result = app_capture_expire(tx);
    return (int)MIN_OF(job->result, 0);
}

static int is_due(struct tx *tx, struct job *job)
{
    job->result = record_is_due(tx);
    return (int)MIN_OF(job->result, 0);
}

static void test_capture_ends_by_itself(void **state)
{
    struct fixture *f = *state;
    int64_t app = fx_app(f, "Tool", "all");
    int64_t other = fx_app(f, "Other", "all");
    (void)run(f, start_capture, (struct job){.app = app, .limit = 60});
    assert_int_equal(fx_events(f, "muster.app.capture.start"), 1);
    assert_int_equal(run(f, is_captured, (struct job){.app = app}), 1);
    assert_int_equal(run(f, is_captured, (struct job){.app = other}), 0);
    assert_int_equal(run(f, is_due, (struct job){0}), 0);
    f->now += (int64_t)60 * 60000; /* nobody has to do anything for it to be off */
    assert_int_equal(run(f, is_captured, (struct job){.app = app}), 0);
    assert_int_equal(run(f, is_due, (struct job){0}), 1);
    assert_int_equal(run(f, expire_capture, (struct job){0}), 1);
    assert_int_equal(run(f, expire_capture, (struct job){0}), 0);
    assert_int_equal(fx_events(f, "muster.app.capture.end"), 1);
}

static void test_capture_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct job job = {.f = f, .app = fx_app(f, "Tool", "all"), .run = start_capture};
    static const int minutes[] = {0, -1, LIMIT_CAPTURE_MINUTES + 1};
    for (size_t i = 0; i < ARRAY_LEN(minutes); i++) {
        job.limit = minutes[i];
        assert_int_equal(store_write_wait(f->store, NULL, run_job, &job), ERR_PROBLEM);
    }
    job.limit = LIMIT_CAPTURE_MINUTES;
    assert_int_equal(store_write_wait(f->store, NULL, run_job, &job), 0);
}

/* --- forgetting a person --------------------------------------------------------------------------------------------
 */

static int erase_chunk(struct tx *tx, struct job *job)
{
    job->result = record_erase_chunk(tx, job->limit);
    return (int)MIN_OF(job->result, 0);
}

static int delete_user(struct tx *tx, struct job *job)
{
    struct user user;
    int r = user_by_rid(tx, job->user, &user);
    if (r == 0)
        r = user_delete(tx, &user, &job->problem);
    if (r == 0)
        r = user_delete(tx, &user, &job->problem);
    return r;
}

static int account_failed(struct tx *tx, struct job *job)
{
    struct user user;
    int r = account_user(tx, job->user, &user);
    const struct event event = {.type = "application.provision.user.sync",
                                .severity = SEVERITY_WARN,
                                .outcome = "FAILURE",
                                .reason = "Automatic provisioning of user ann@example.com to app A failed",
                                .targets = {{.id = user.id, .type = "AppUser", .name = "ann@example.com"}},
                                .target_count = 1};
    return r < 0 ? r : record_event(tx, &event);
}

/* Ann and Bob with an app, a group and a journal. */
struct story {
    int64_t ann, bob;
};

static struct story tell_story(struct fixture *f)
{
    struct story s = {.ann = fx_user(f, "ann", true), .bob = fx_user(f, "bob", true)};
    int64_t app = fx_app(f, "Tool", "all");
    fx_assign(f, app, s.ann);
    fx_assign(f, app, s.bob);
    (void)run(f, account_failed, (struct job){.user = s.ann});
    for (int i = 0; i < 5; i++)
        (void)run(f, add_attempt, (struct job){.user = s.ann});
    (void)run(f, add_attempt, (struct job){.user = s.bob, .limit = 1}); /* captured, of Bob */
    (void)run(f, add_attempt, (struct job){.limit = 1});                /* captured, of a group */
    return s;
}

static void test_a_deleted_person_leaves_ids_only(void **state)
{
    struct fixture *f = *state;
    struct story s = tell_story(f);
    assert_true(in_log(f, "ann") >= 4);
    assert_int_equal(in_journal(f, "ann"), 7);
    assert_int_equal(in_journal(f, "Queen"), 2);
    int64_t bob = in_log(f, "bob@example.com");
    int64_t events = run(f, count_events, (struct job){0});
    (void)run(f, delete_user, (struct job){.user = s.ann});
    fx_expand(f);
    int64_t more = run(f, count_events, (struct job){0}) - events;
    assert_true(more >= 3); /* what happens is told all the same */
    int chunks = 0;
    while (run(f, erase_chunk, (struct job){.limit = 2}) > 0) {
        chunks++;
        assert_true(chunks < 50);
    }
    assert_true(chunks >= 6); /* two rows at a time */
    assert_int_equal(in_log(f, "ann"), 0);
    assert_int_equal(in_log(f, "First ann"), 0);
    assert_int_equal(run(f, count_events, (struct job){0}), events + more); /* that it happened stays */
    assert_true(in_log(f, "<string, 62 bytes>") == 1);                      /* the reason of the failure */
    assert_int_equal(fx_events(f, "user.lifecycle.delete.completed"), 1);
    /* Bob's rows are as they were, but for the captured one of a group, which may name anybody. */
    assert_int_equal(in_log(f, "bob@example.com"), bob);
    assert_int_equal(in_journal(f, "Queen"), 1);
    assert_int_equal(run(f, count_attempts, (struct job){0}), 7);
    assert_int_equal(in_journal(f, "\"id\":\"7\""), 2); /* Bob's and the group's, redacted */
}

static void test_what_is_written_later_has_no_values(void **state)
{
    struct fixture *f = *state;
    struct story s = tell_story(f);
    (void)run(f, delete_user, (struct job){.user = s.ann});
    fx_expand(f); /* the person's row is gone now */
    while (run(f, erase_chunk, (struct job){.limit = 100}) > 0)
        ;
    int64_t before = in_journal(f, "ann");
    (void)run(f, account_failed, (struct job){.user = s.ann});
    (void)run(f, add_attempt, (struct job){.user = s.ann, .limit = 1});
    assert_int_equal(in_log(f, "ann"), 0);
    assert_int_equal(in_journal(f, "ann"), before);
    assert_int_equal(fx_events(f, "application.provision.user.sync"), 2);
    assert_int_equal(in_log(f, "\"id\":\"\""), 0); /* the id is still told */
    assert_int_equal(run(f, is_due, (struct job){0}), 0);
}

/* The order to forget is in the transaction of the deletion, and a chunk is a transaction: a crash loses neither. */
static void test_erasing_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    struct story s = tell_story(f);
    (void)run(f, delete_user, (struct job){.user = s.ann});
    (void)run(f, erase_chunk, (struct job){.limit = 2});
    store_close(f->store);
    char path[96];
    char why[256];
    (void)snprintf(path, sizeof(path), "%s/db", f->dir);
    static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, NULL};
    const struct store_options options = {.path = path, .env = &f->env, .rooms = rooms};
    if (store_open(&f->store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    assert_true(in_log(f, "ann@") > 0);
    assert_int_equal(run(f, is_due, (struct job){0}), 1);
    while (run(f, erase_chunk, (struct job){.limit = 2}) > 0)
        ;
    assert_int_equal(in_log(f, "ann@"), 0);
    assert_int_equal(run(f, is_due, (struct job){0}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_go_after_their_days_in_chunks, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_days_can_be_set, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_numbers_of_the_log_are_never_used_again, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_capture_ends_by_itself, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_capture_is_bounded, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_a_deleted_person_leaves_ids_only, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_written_later_has_no_values, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_erasing_survives_a_restart, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
