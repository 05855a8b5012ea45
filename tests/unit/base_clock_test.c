/* SPDX-License-Identifier: Apache-2.0 */
/* Times, ids and the injected environment. */
#include "base/clock.h"
#include "base/env.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void times_are_written_as_published(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_BYTES];
    assert_string_equal(clock_iso(1774418984000, text), "2026-03-25T06:09:44.000Z");
    assert_string_equal(clock_iso(7, text), "1970-01-01T00:00:00.007Z");
    assert_string_equal(clock_iso(-1, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(clock_iso_seconds(1774418998999, text), "2026-03-25T06:09:58Z");
    assert_string_equal(clock_us(1743619044000, text), "04-02-2025 06:37:24PM UTC");
    assert_string_equal(clock_us(1743552000000, text), "04-02-2025 12:00:00AM UTC");
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"2026-03-25T06:09:44.000Z", 1774418984000},
        {"2026-03-25T06:09:44Z", 1774418984000},
        {"2026-03-25T06:09:44z", 1774418984000},
        {"2026-03-25T06:09:44.5Z", 1774418984500},
        {"2026-03-25T06:09:44.123456Z", 1774418984123},
        {"2026-03-25T06:09:44.123456789Z", 1774418984123},
        {"2026-03-24T23:09:44.000-07:00", 1774418984000},
        {"2026-03-25T11:39:44+0530", 1774418984000},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2024-02-29T00:00:00Z", 1709164800000},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int64_t ms = 0;
        assert_int_equal(clock_parse(good[i].text, &ms), 0);
        assert_true(ms == good[i].ms);
    }
}

static void bad_times_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "now",
        "2026-03-25",
        "2026-03-25T06:09:44",
        "2026-03-25 06:09:44Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+1",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:61Z",
        "2026- 1-01T00:00:00Z",
        "2026-1-1T0:0:0Z",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t ms = 77;
        if (clock_parse(bad[i], &ms) != ERR_SYNTAX || ms != 77)
            fail_msg("accepted %s", bad[i]);
    }
}

static void http_dates(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_int_equal(clock_parse_http("Wed, 25 Mar 2026 06:09:44 GMT", &ms), 0);
    assert_true(ms == 1774418984000);
    ms = 77;
    assert_int_equal(clock_parse_http("Wed, 25 Mar 2026 06:09:44 GMT ", &ms), ERR_SYNTAX);
    assert_int_equal(clock_parse_http("Mon, 30 Feb 2026 06:09:44 GMT", &ms), ERR_SYNTAX);
    assert_int_equal(clock_parse_http("120", &ms), ERR_SYNTAX);
    assert_int_equal(clock_parse_http("", &ms), ERR_SYNTAX);
    assert_true(ms == 77);
}

struct fake {
    int64_t now;
    unsigned char byte;
};

static int64_t fake_now(void *data)
{
    return ((struct fake *)data)->now;
}

static void fake_random(void *data, void *bytes, size_t n)
{
    memset(bytes, ((struct fake *)data)->byte, n);
}

static void ids_sort_by_time_and_have_their_shape(void **state)
{
    (void)state;
    struct fake fake = {.now = 1774418984000};
    const struct env env = {.now_ms = fake_now, .fill_random = fake_random, .data = &fake};
    char first[ID_BYTES];
    char second[ID_BYTES];
    id_new(&env, "00u", first);
    assert_int_equal(strlen(first), 20);
    assert_true(id_is_valid(first, "00u"));
    assert_true(id_is_valid(first, ""));
    assert_false(id_is_valid(first, "00g"));
    id_new(&env, "00u", second);
    assert_string_equal(first, second);
    fake.byte = 0xff;
    id_new(&env, "00u", first);
    fake.byte = 0;
    fake.now++;
    id_new(&env, "00u", second);
    assert_true(strcmp(first, second) < 0);
    id_new(env_real(), "gPm", first);
    id_new(env_real(), "gPm", second);
    assert_string_not_equal(first, second);
    assert_false(id_is_valid("", ""));
    assert_false(id_is_valid("00u0000000000000000", "00u"));
    assert_false(id_is_valid("00u000000000000000000", "00u"));
    assert_false(id_is_valid("00u0000000000000000-", "00u"));
}

static void chance_stays_below(void **state)
{
    (void)state;
    bool seen[10] = {false};
    for (int i = 0; i < 2000; i++) {
        uint32_t n = env_below(env_real(), 10);
        assert_in_range(n, 0, 9);
        seen[n] = true;
    }
    for (int i = 0; i < 10; i++)
        assert_true(seen[i]);
    assert_int_equal(env_below(env_real(), 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_as_published),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(bad_times_are_refused),
        cmocka_unit_test(http_dates),
        cmocka_unit_test(ids_sort_by_time_and_have_their_shape),
        cmocka_unit_test(chance_stays_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
