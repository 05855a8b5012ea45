/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pace that the engine finds, against servers that limit in the ways seen in the field, under a simulated clock: 2,
 * 25 and 500 requests a second (token bucket) and 5 in 30 seconds (fixed window), with and without Retry-After. At
 * least 0.95 of what the server would take is used, and after the first minute less than 1 % is answered 429.
 */
#include "engine/rate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define IN_FLIGHT 32
#define ROUND_TRIP_MS 10

struct server {
    double per_ms; /* token bucket */
    double burst;
    double tokens;
    int64_t filled;
    int window_ms; /* fixed window instead, when not 0 */
    int in_window;
    int64_t window;
    bool tells; /* Retry-After in whole seconds */
    bool shows; /* what is left, and the whole seconds until the limit is full again, with each answer */
};

static int64_t whole_seconds(double ms)
{
    return ((int64_t)ms + 999) / 1000 * 1000;
}

static int64_t server_left(const struct server *server, int64_t now, int64_t *ret_reset_ms)
{
    if (!server->shows) {
        *ret_reset_ms = -1;
        return -1;
    }
    if (server->window_ms) {
        *ret_reset_ms = whole_seconds((double)((server->window + 1) * server->window_ms - now));
        return (int64_t)server->burst - server->in_window;
    }
    *ret_reset_ms = whole_seconds((server->burst - server->tokens) / server->per_ms);
    return (int64_t)server->tokens;
}

static bool server_takes(struct server *server, int64_t now, int64_t *ret_retry_ms)
{
    bool taken = false;
    *ret_retry_ms = -1;
    if (server->window_ms) {
        if (now / server->window_ms != server->window) {
            server->window = now / server->window_ms;
            server->in_window = 0;
        }
        taken = server->in_window < (int)server->burst;
        server->in_window += taken;
        if (!taken && server->tells)
            *ret_retry_ms = ((server->window + 1) * server->window_ms - now + 999) / 1000 * 1000;
        return taken;
    }
    server->tokens += (double)(now - server->filled) * server->per_ms;
    server->filled = now;
    if (server->tokens > server->burst)
        server->tokens = server->burst;
    taken = server->tokens >= 1.0;
    if (taken)
        server->tokens -= 1.0;
    else if (server->tells)
        *ret_retry_ms = 1000;
    return taken;
}

struct request {
    int64_t sent; /* 0: free */
    bool taken;
    int64_t retry_ms;
    int64_t left, reset_ms; /* as the answer will say */
};

struct outcome {
    int64_t taken, refused;
};

/* There is always more to send. Counts what is answered from `from` on. */
static struct outcome run(struct server *server, struct rate *rate, int64_t from, int64_t until)
{
    struct request flying[IN_FLIGHT] = {{0}};
    struct outcome outcome = {0};
    for (int64_t now = 1; now < until; now++) {
        for (int i = 0; i < IN_FLIGHT; i++) {
            struct request *request = &flying[i];
            if (request->sent && now - request->sent >= ROUND_TRIP_MS) {
                if (request->taken)
                    (void)rate_accepted(rate, now);
                else
                    (void)rate_limited(rate, now, request->sent, request->retry_ms);
                request->sent = 0;
                int out = 0;
                for (int j = 0; j < IN_FLIGHT; j++)
                    out += flying[j].sent != 0;
                rate_remaining(rate, now, request->left, request->reset_ms, out);
                outcome.taken += now >= from && request->taken;
                outcome.refused += now >= from && !request->taken;
            }
            if (!request->sent && rate_when(rate, now) <= now) {
                rate_sent(rate, now);
                request->sent = now;
                request->taken = server_takes(server, now, &request->retry_ms);
                request->left = server_left(server, now, &request->reset_ms);
            }
        }
    }
    return outcome;
}

static void check(struct server server, double per_second)
{
    const int64_t from = 60000;
    const int64_t until = 60000 + 15 * 60000;
    struct rate rate = {0};
    struct outcome outcome = run(&server, &rate, from, until);
    double possible = per_second * (double)(until - from) / 1000.0;
    if ((double)outcome.taken < 0.95 * possible ||
        (double)outcome.refused > 0.01 * (double)(outcome.taken + outcome.refused))
        fail_msg("%g a second%s: %lld taken of %g possible, %lld refused", per_second, server.tells ? ", told" : "",
                 (long long)outcome.taken, possible, (long long)outcome.refused);
}

static void test_token_buckets(void **state)
{
    (void)state;
    static const double rates[] = {2, 25, 500};
    for (size_t i = 0; i < ARRAY_LEN(rates); i++)
        for (int tells = 0; tells < 4; tells++)
            check((struct server){.per_ms = rates[i] / 1000,
                                  .burst = rates[i],
                                  .tokens = rates[i],
                                  .tells = tells & 1,
                                  .shows = tells & 2},
                  rates[i]);
}

static void test_fixed_window(void **state)
{
    (void)state;
    for (int tells = 0; tells < 4; tells++)
        check((struct server){.window_ms = 30000, .burst = 5, .tells = tells & 1, .shows = tells & 2}, 5.0 / 30);
}

/* A limit of a thousand an hour that is shown is used up to the last request, and never met. */
static void test_a_limit_that_is_shown_is_never_met(void **state)
{
    (void)state;
    struct server server = {.window_ms = 3600000, .burst = 1000, .shows = true};
    struct rate rate = {0};
    struct outcome outcome = run(&server, &rate, 0, 3600000);
    assert_int_equal(outcome.refused, 0);
    assert_int_equal(outcome.taken, 1000);
    outcome = run(&server, &rate, 0, 10); /* the clock of run() begins anew: what was told still counts */
    assert_true(rate_when(&rate, 10) > 10);
}

static void test_what_is_left_is_obeyed(void **state)
{
    (void)state;
    struct rate rate = {0};
    rate_remaining(&rate, 1000, 3, 60000, 1); /* three are left, one of them is on its way */
    rate_sent(&rate, 1000);
    assert_true(rate_when(&rate, 1000) <= 1000);
    rate_sent(&rate, 1000);
    assert_int_equal(rate_when(&rate, 1000), 61000);
    rate_returned(&rate, false); /* it was not sent after all */
    assert_true(rate_when(&rate, 1000) <= 1000);
    assert_true(rate_when(&rate, 61000) <= 61000);
    rate_remaining(&rate, 1000, 0, -1, 0); /* nobody knows until when: it says nothing */
    assert_true(rate_when(&rate, 1000) <= 1000);
    rate_remaining(&rate, 1000, 0, 1000, 0); /* whole seconds are too coarse for that */
    assert_true(rate_when(&rate, 1000) <= 1000);
    rate_remaining(&rate, 1000, 0, (int64_t)24 * 3600 * 1000, 0); /* a day: at most an hour, there is no dead end */
    assert_int_equal(rate_when(&rate, 1000), 1000 + 3600 * 1000);
    rate_tell(&rate, 600, 2000); /* an administrator's word wins */
    rate_remaining(&rate, 2000, 0, 60000, 0);
    assert_true(rate_when(&rate, 2000) <= 2000);
}

static void test_no_limit_is_not_paced(void **state)
{
    (void)state;
    struct server server = {.per_ms = 1000, .burst = 1000000, .tokens = 1000000};
    struct rate rate = {0};
    struct outcome outcome = run(&server, &rate, 0, 10000);
    assert_int_equal(outcome.refused, 0);
    assert_int_equal(rate.phase, RATE_FREE);
    assert_true(outcome.taken > IN_FLIGHT * 10000 / (ROUND_TRIP_MS + 2));
}

static void test_told_rate_is_kept(void **state)
{
    (void)state;
    struct server server = {.per_ms = 1000, .burst = 1000000, .tokens = 1000000};
    struct rate rate = {0};
    rate_tell(&rate, 600, 1);
    struct outcome outcome = run(&server, &rate, 0, 60000);
    assert_in_range(outcome.taken, 595, 605);
    (void)rate_limited(&rate, 60000, 59990, -1);
    assert_int_equal(rate_per_minute(&rate), 600);
    rate_tell(&rate, 0, 60001);
    assert_int_equal(rate.phase, RATE_FREE);
}

static void test_retry_after_is_obeyed(void **state)
{
    (void)state;
    struct rate rate = {0};
    (void)rate_limited(&rate, 1000, 990, 7000);
    assert_int_equal(rate_when(&rate, 1000), 8000);
    (void)rate_limited(&rate, 1005, 990, 100); /* sent before that: does not shorten it */
    assert_int_equal(rate_when(&rate, 1005), 8000);
    (void)rate_limited(&rate, 9000, 8990, 30 * 60 * 1000); /* half an hour: as told */
    assert_int_equal(rate_when(&rate, 9000), 9000 + 30 * 60 * 1000);
    rate = (struct rate){0};
    (void)rate_limited(&rate, 9000, 8990, (int64_t)24 * 3600 * 1000); /* a day: capped, there is no dead end */
    assert_int_equal(rate_when(&rate, 9000), 9000 + 60 * 60 * 1000);
}

/* A request whose answer never came, or that was not sent after all, must not use up what may be out at once. */
static void test_lost_answers_do_not_block(void **state)
{
    (void)state;
    struct rate rate = {0};
    (void)rate_limited(&rate, 1000, 990, 0);
    int64_t now = 2000;
    for (int i = 0; i < 100; i++) {
        assert_true(rate_when(&rate, now) <= now);
        rate_sent(&rate, now);
        assert_true(rate_when(&rate, now) > now); /* one at a time after a 429 */
        rate_returned(&rate, i % 2);
    }
}

/* People are looked up and created, as the core does it: the look-up takes the place of both, and is lost with a create
 * that is refused. What is counted is both. */
struct pair {
    int64_t sent;
    bool is_create;
    bool taken;
    int64_t retry_ms;
};

static bool may_be_sent(struct rate *rates, int64_t now)
{
    return rate_when(rates_find(rates, 0), now) <= now && rate_when(rates_find(rates, 1), now) <= now;
}

static struct outcome run_pairs(struct server *reads, struct server *writes, struct rate *rates, int64_t from,
                                int64_t until)
{
    struct pair flying[IN_FLIGHT] = {{0}};
    struct outcome outcome = {0};
    for (int64_t now = 1; now < until; now++)
        for (int i = 0; i < IN_FLIGHT; i++) {
            struct pair *pair = &flying[i];
            bool create = false;
            if (pair->sent && now - pair->sent >= ROUND_TRIP_MS) {
                int which = pair->is_create;
                if (pair->taken)
                    (void)rate_accepted(rates_find(rates, which), now);
                else
                    (void)rates_limited(rates, which, now, pair->sent, pair->retry_ms);
                if (!pair->is_create && !pair->taken)
                    rate_returned(rates_find(rates, 1), false);
                outcome.taken += now >= from && pair->taken;
                outcome.refused += now >= from && !pair->taken;
                create = pair->taken && !pair->is_create;
                pair->sent = 0;
            }
            if (!pair->sent && !create && may_be_sent(rates, now)) {
                rate_sent(rates_find(rates, 0), now);
                rate_sent(rates_find(rates, 1), now);
                *pair = (struct pair){.sent = now};
                pair->taken = server_takes(reads, now, &pair->retry_ms);
            } else if (create) {
                *pair = (struct pair){.sent = now, .is_create = true};
                pair->taken = server_takes(writes, now, &pair->retry_ms);
            }
        }
    return outcome;
}

static void check_pairs(struct rate *rates, struct server *reads, struct server *writes, double per_second)
{
    const int64_t from = 60000;
    const int64_t until = 60000 + 5 * 60000;
    struct outcome outcome = run_pairs(reads, writes, rates, from, until);
    double possible = per_second * (double)(until - from) / 1000.0;
    if ((double)outcome.taken < 0.95 * possible ||
        (double)outcome.refused > 0.01 * (double)(outcome.taken + outcome.refused))
        fail_msg("%g a second: %lld taken of %g possible, %lld refused", per_second, (long long)outcome.taken, possible,
                 (long long)outcome.refused);
}

static void test_one_limit_for_all(void **state)
{
    (void)state;
    for (int tells = 0; tells < 2; tells++) {
        struct server server = {.per_ms = 0.025, .burst = 25, .tokens = 25, .tells = tells};
        struct rate rates[RATE_COUNT] = {{0}};
        check_pairs(rates, &server, &server, 25);
        assert_ptr_equal(rates_find(rates, 0), rates_find(rates, 1));
        assert_int_equal(rates_sharing(rates, 0), 2);
        assert_int_equal(rates_sharing(rates, 2), 1);
    }
}

/* As Slack: 300 reads and 180 writes a minute. */
static void test_a_limit_for_each(void **state)
{
    (void)state;
    struct server reads = {.per_ms = 0.005, .burst = 300, .tokens = 300, .tells = true};
    struct server writes = {.per_ms = 0.003, .burst = 20, .tokens = 20, .tells = true};
    struct rate rates[RATE_COUNT] = {{0}};
    check_pairs(rates, &reads, &writes, 6);
}

/* Rates that share a limit part when it has to be measured anew, and what is told is nobody else's. */
static void test_limits_part(void **state)
{
    (void)state;
    struct rate rates[RATE_COUNT] = {{0}};
    (void)rates_limited(rates, 0, 1000, 990, 1000);
    (void)rates_limited(rates, 1, 1001, 991, 1000);
    assert_int_equal(rates_sharing(rates, 1), 2);
    rate_restore(rates_find(rates, 1), 1200, 2000);
    int64_t now = 3000;
    for (; rates_find(rates, 1)->phase == RATE_PACED && now < 60000; now += 2000)
        (void)rates_limited(rates, 1, now, now - 10, 1000);
    assert_int_equal(rates_find(rates, 1)->phase, RATE_MEASURED);
    assert_int_equal(rates_sharing(rates, 1), 1);
    assert_int_equal(rates_find(rates, 0)->phase, RATE_FREE);
    (void)rates_limited(rates, 0, now, now - 10, 1000);
    assert_int_equal(rates_sharing(rates, 0), 2);
    (void)rates_limited(rates, 2, now + 60000, now + 59990, 1000);
    assert_int_equal(rates_sharing(rates, 2), 1);
    rate_tell(&rates[0], 600, now);
    assert_int_equal(rates_sharing(rates, 0), 1);
    assert_int_equal(rate_per_minute(rates_find(rates, 0)), 600);
}

/* Asked for little: what is accepted in the time between says nothing of what the app takes. */
static void test_idle_time_teaches_nothing(void **state)
{
    (void)state;
    struct rate rate = {0};
    int64_t now = 1000000;
    (void)rate_limited(&rate, now, now - 10, 1000);
    for (int i = 0; i < 20; i++) {
        now += 47000;
        assert_true(rate_when(&rate, now) <= now);
        rate_sent(&rate, now);
        (void)rate_accepted(&rate, now + 5);
        rate_sent(&rate, now + 6);
        (void)rate_limited(&rate, now + 10, now + 6, 1000);
        assert_int_equal(rate_per_minute(&rate), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_limit_that_is_shown_is_never_met),
        cmocka_unit_test(test_what_is_left_is_obeyed),
        cmocka_unit_test(test_token_buckets),
        cmocka_unit_test(test_fixed_window),
        cmocka_unit_test(test_no_limit_is_not_paced),
        cmocka_unit_test(test_told_rate_is_kept),
        cmocka_unit_test(test_one_limit_for_all),
        cmocka_unit_test(test_a_limit_for_each),
        cmocka_unit_test(test_limits_part),
        cmocka_unit_test(test_retry_after_is_obeyed),
        cmocka_unit_test(test_lost_answers_do_not_block),
        cmocka_unit_test(test_idle_time_teaches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
