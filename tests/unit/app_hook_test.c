/* SPDX-License-Identifier: Apache-2.0 */
/* What event hooks are told next, what comes of a delivery, and where their secrets lie. */
#include "app_fixture.h"

#include "app/hook.h"

SQL_SCAN(SEALED, "a test", "SELECT auth_sealed, signing_sealed, document FROM event_hooks");

static struct keyring *keyring;

struct job {
    struct fixture *f;
    int64_t hook;
    int64_t from;
    bool flag;
    const char *text;
    int64_t number;
    struct hook_batch batch;
    int (*run)(struct tx *tx, struct job *job);
    struct problem problem;
};

static int run_job(struct tx *tx, void *arg)
{
    struct job *job = arg;
    return job->run(tx, job);
}

static void run(struct fixture *f, int (*fn)(struct tx *tx, struct job *job), struct job *job)
{
    job->f = f;
    job->run = fn;
    int r = store_write_wait(f->store, NULL, run_job, job);
    if (r < 0)
        fail_msg("%s: %s", err_text(r), job->problem.cause_count ? job->problem.causes[0] : "");
}

static int setup(void **state)
{
    int r = fx_setup(state);
    const struct fixture *f = *state;
    char path[96];
    char why[256];
    (void)snprintf(path, sizeof(path), "%s/key", f->dir);
    if (keyring_load(&keyring, path, true, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    return r;
}

static int teardown(void **state)
{
    keyring = keyring_free(keyring);
    return fx_teardown(state);
}

static int make(struct tx *tx, struct job *job)
{
    static const char body[] =
        "{\"name\":\"h\",\"events\":{\"type\":\"EVENT_TYPE\",\"items\":[\"group.lifecycle.create\"]},\"channel\":{"
        "\"type\":\"HTTP\",\"version\":\"1.0.0\",\"config\":{\"uri\":\"https://h.example.com/x\",\"authScheme\":{"
        "\"type\":\"HEADER\",\"key\":\"Authorization\",\"value\":\"hunter2-hunter2\"}}}}";
    struct jval *value CLEANUP(jval_freep) = fx_json(body);
    struct hook hook = {0};
    const char *signing = NULL;
    int r = hook_create(tx, keyring, value, &hook, &signing, &job->problem);
    if (r == 0)
        r = hook_set_verified(tx, &hook, hook.version, &job->problem);
    job->hook = hook.rid;
    job->text = r == 0 ? arena_strdup(job->f->arena, signing) : NULL;
    return r;
}

static int64_t make_hook(struct fixture *f)
{
    struct job job = {0};
    run(f, make, &job);
    return job.hook;
}

/* The batch with texts in the fixture's arena. */
static int next(struct tx *tx, struct job *job)
{
    struct hook hook;
    int r = hook_by_rid(tx, job->hook, &hook);
    if (r == 0)
        r = hook_next(tx, keyring, &hook, job->from, "https://muster.example.com", &job->batch);
    job->batch.body = arena_strdup(job->f->arena, job->batch.body);
    job->batch.event_id = arena_strdup(job->f->arena, job->batch.event_id);
    job->batch.stamp = job->batch.signature = NULL;
    return r;
}

static struct hook_batch next_batch(struct fixture *f, int64_t hook)
{
    struct job job = {.hook = hook};
    run(f, next, &job);
    return job.batch;
}

static int note(struct tx *tx, struct job *job)
{
    return hook_delivered(tx, &(struct hook_result){.batch = &job->batch,
                                                    .ok = job->flag,
                                                    .status = job->flag ? 200 : 500,
                                                    .error = job->flag ? NULL : "no",
                                                    .sent = job->f->now,
                                                    .wait_ms = 1000});
}

static void deliver(struct fixture *f, const struct hook_batch *batch, bool ok)
{
    run(f, note, &(struct job){.batch = *batch, .flag = ok});
}

static int read_hook(struct tx *tx, struct job *job)
{
    struct hook hook;
    int r = hook_by_rid(tx, job->hook, &hook);
    if (r < 0)
        return r;
    job->number = str_eq(job->text, "position")   ? hook.position
                  : str_eq(job->text, "attempts") ? hook.attempts
                  : str_eq(job->text, "due")      ? hook.due
                                                  : hook.deliveries;
    return 0;
}

static int64_t of_hook(struct fixture *f, int64_t hook, const char *what)
{
    struct job job = {.hook = hook, .text = what};
    run(f, read_hook, &job);
    return job.number;
}

static int count_in(const char *text, const char *needle)
{
    int count = 0;
    for (const char *at = text; at && (at = strstr(at, needle)); at++)
        count++;
    return count;
}

static void test_told_what_it_asked_for_behind_its_position(void **state)
{
    struct fixture *f = *state;
    (void)fx_group(f, "before");
    int64_t hook = make_hook(f);
    struct hook_batch batch = next_batch(f, hook);
    assert_int_equal(batch.events, 0);
    (void)fx_user(f, "ann", true);
    (void)fx_group(f, "one");
    (void)fx_group(f, "two");
    batch = next_batch(f, hook);
    assert_int_equal(batch.events, 2);
    assert_int_equal(count_in(batch.body, "\"eventType\":\"group.lifecycle.create\""), 2);
    assert_int_equal(count_in(batch.body, "user.lifecycle"), 0);
    assert_non_null(strstr(batch.body, "\"source\":\"https://muster.example.com/api/v1/eventHooks/who"));
    deliver(f, &batch, true);
    assert_int_equal(of_hook(f, hook, "position"), batch.last);
    assert_int_equal(next_batch(f, hook).events, 0);
    deliver(f, &batch, true); /* an outcome that comes twice changes nothing */
    assert_int_equal(of_hook(f, hook, "deliveries"), 1);
}

static void test_a_batch_is_bounded(void **state)
{
    struct fixture *f = *state;
    int64_t hook = make_hook(f);
    for (int i = 0; i < LIMIT_HOOK_EVENTS + 5; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "group %d", i);
        (void)fx_group(f, name);
    }
    struct hook_batch batch = next_batch(f, hook);
    assert_int_equal(batch.events, LIMIT_HOOK_EVENTS);
    deliver(f, &batch, true);
    assert_int_equal(next_batch(f, hook).events, 5);
}

static void test_tried_again_as_it_was_then_given_up(void **state)
{
    struct fixture *f = *state;
    int64_t hook = make_hook(f);
    (void)fx_group(f, "one");
    struct hook_batch first = next_batch(f, hook);
    deliver(f, &first, false);
    assert_int_equal(of_hook(f, hook, "attempts"), 1);
    assert_int_equal(of_hook(f, hook, "due"), f->now + 1000);
    (void)fx_group(f, "two");
    for (int i = 1; i < LIMIT_HOOK_TRIES; i++) {
        struct hook_batch again = next_batch(f, hook);
        assert_int_equal(again.events, 1); /* nothing is added to it */
        assert_string_equal(again.event_id, first.event_id);
        assert_int_equal(fx_events(f, "event_hook.delivery"), 1); /* told when it begins, not at each try */
        deliver(f, &again, false);
    }
    assert_int_equal(fx_events(f, "event_hook.delivery"), 2); /* and when it is given up */
    assert_int_equal(of_hook(f, hook, "attempts"), 0);
    struct hook_batch second = next_batch(f, hook);
    assert_int_equal(second.events, 1);
    assert_non_null(strstr(second.body, "two"));
    deliver(f, &second, true);
    assert_int_equal(of_hook(f, hook, "deliveries"), LIMIT_HOOK_TRIES + 1);
}

static int set_inactive(struct tx *tx, struct job *job)
{
    struct hook hook;
    int r = hook_by_rid(tx, job->hook, &hook);
    return r < 0 ? r : hook_set_active(tx, &hook, job->flag);
}

static void test_an_outcome_of_an_earlier_state_is_dropped(void **state)
{
    struct fixture *f = *state;
    int64_t hook = make_hook(f);
    (void)fx_group(f, "one");
    struct hook_batch batch = next_batch(f, hook);
    run(f, set_inactive, &(struct job){.hook = hook});
    run(f, set_inactive, &(struct job){.hook = hook, .flag = true});
    int64_t position = of_hook(f, hook, "position");
    deliver(f, &batch, false);
    assert_int_equal(of_hook(f, hook, "attempts"), 0);
    assert_int_equal(of_hook(f, hook, "position"), position);
    (void)fx_group(f, "two");
    assert_int_equal(next_batch(f, hook).events, 1); /* what happened from the activation on */
}

static int claim(struct tx *tx, struct job *job)
{
    job->number = hook_claim(tx, job->hook, job->text, job->from, job->from + 20);
    return (int)MIN_OF(job->number, 0);
}

static int64_t claimed(struct fixture *f, int64_t hook, const char *holder, int64_t now)
{
    struct job job = {.hook = hook, .text = holder, .from = now};
    run(f, claim, &job);
    return job.number;
}

static void test_one_process_tells_a_hook(void **state)
{
    struct fixture *f = *state;
    int64_t hook = make_hook(f);
    assert_int_equal(claimed(f, hook, "a", 100), 1);
    assert_int_equal(claimed(f, hook, "b", 110), 0);
    assert_int_equal(claimed(f, hook, "a", 110), 1);
    assert_int_equal(claimed(f, hook, "b", 130), 1); /* the first one is gone */
    assert_int_equal(claimed(f, hook, "a", 140), 0);
    (void)fx_group(f, "one");
    struct hook_batch batch = next_batch(f, hook);
    deliver(f, &batch, true);
    assert_int_equal(claimed(f, hook, "a", 140), 1);
}

static int look_for_secrets(struct tx *tx, struct job *job)
{
    struct query query;
    int r = tx_query(tx, &query, &SEALED, NO_BINDS);
    while (r >= 0 && (r = query_next(&query)) > 0) {
        for (int column = 0; column < 2; column++) {
            size_t n = 0;
            const void *bytes = query_blob(&query, column, &n);
            assert_true(n > 40);
            job->number += memmem(bytes, n, "hunter2", 7) != NULL;
            job->number += memmem(bytes, n, job->text, strlen(job->text)) != NULL;
        }
        job->number += strstr(query_text(&query, 2), "hunter2") != NULL;
    }
    return r;
}

static int read_headers(struct tx *tx, struct job *job)
{
    struct hook hook;
    const char *const *headers = NULL;
    int r = hook_by_rid(tx, job->hook, &hook);
    if (r == 0)
        r = hook_headers(tx, keyring, &hook, &headers);
    job->number = r == 0 && str_eq(headers[0], "Authorization: hunter2-hunter2") && !headers[1];
    return r;
}

static int reseal(struct tx *tx, struct job *job)
{
    job->number = hook_reseal(tx, keyring);
    return (int)MIN_OF(job->number, 0);
}

static void test_secrets_are_sealed_and_sealed_again(void **state)
{
    struct fixture *f = *state;
    struct job made = {0};
    run(f, make, &made);
    struct job job = {.text = made.text};
    run(f, look_for_secrets, &job);
    assert_int_equal(job.number, 0);
    job = (struct job){0};
    run(f, reseal, &job);
    assert_int_equal(job.number, 0);
    char path[96];
    char why[256];
    (void)snprintf(path, sizeof(path), "%s/key", f->dir);
    assert_int_equal(keyring_add(keyring, path, why, sizeof(why)), 0);
    run(f, reseal, &job);
    assert_int_equal(job.number, 1);
    run(f, reseal, &job);
    assert_int_equal(job.number, 0);
    job = (struct job){.hook = made.hook};
    run(f, read_headers, &job);
    assert_int_equal(job.number, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_told_what_it_asked_for_behind_its_position, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_batch_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tried_again_as_it_was_then_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_outcome_of_an_earlier_state_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_process_tells_a_hook, setup, teardown),
        cmocka_unit_test_setup_teardown(test_secrets_are_sealed_and_sealed_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
