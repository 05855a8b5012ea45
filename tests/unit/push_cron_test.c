/* SPDX-License-Identifier: Apache-2.0 */
#include "push/cron.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void next_times(void **state)
{
    static const struct {
        const char *expression, *from, *next;
    } rows[] = {
        {"0 * * * *", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"},
        {"0 * * * *", "2026-03-01T09:59:59Z", "2026-03-01T10:00:00Z"},
        {"*/15 * * * *", "2026-03-01T10:14:00Z", "2026-03-01T10:15:00Z"},
        {"5/20 1-3 * * *", "2026-03-01T03:45:00Z", "2026-03-02T01:05:00Z"},
        {"30 3 * * *", "2026-12-31T04:00:00Z", "2027-01-01T03:30:00Z"},
        {"0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
        {"0 0 * * MON", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
        {"0 0 * * 7", "2026-03-02T00:00:00Z", "2026-03-08T00:00:00Z"},
        {"0 0 13 * fri", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z"}, /* either of the two days */
        {"0 0 13 * ?", "2026-03-01T00:00:00Z", "2026-03-13T00:00:00Z"},
        {"0,30 12 1 jan,JUL *", "2026-03-01T00:00:00Z", "2026-07-01T12:00:00Z"},
        {"59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cron cron;
        char why[128] = "";
        int64_t from = 0;
        int64_t next = 0;
        if (cron_parse(rows[i].expression, &cron, why, sizeof(why)) < 0)
            fail_msg("%s: %s", rows[i].expression, why);
        assert_int_equal(clock_parse(rows[i].from, &from), 0);
        assert_int_equal(clock_parse(rows[i].next, &next), 0);
        if (cron_next(&cron, from) != next)
            fail_msg("%s after %s", rows[i].expression, rows[i].from);
    }
}

static void what_is_refused(void **state)
{
    static const char *const bad[] = {"",           "* * * *",     "* * * * * *", "60 * * * *",  "* 24 * * *",
                                      "* * 0 * *",  "* * * 13 *",  "* * * * 8",   "5-1 * * * *", "*/0 * * * *",
                                      "a * * * *",  "1,, * * * *", "1- * * * *",  "* * * foo *", "-1 * * * *",
                                      "*5 * * * *", "@daily",      "1/ * * * *"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct cron cron;
        char why[128] = "";
        if (cron_parse(bad[i], &cron, why, sizeof(why)) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_true(*why);
    }
}

static void days_that_never_come(void **state)
{
    struct cron cron;
    char why[128];
    (void)state;
    assert_int_equal(cron_parse("0 0 30 feb *", &cron, why, sizeof(why)), 0);
    assert_int_equal(cron_next(&cron, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_times),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(days_that_never_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
