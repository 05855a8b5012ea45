/* SPDX-License-Identifier: Apache-2.0 */
#include "push/cron.h"

#include "base/clock.h"
#include "base/zone.h"

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

/* By the clocks of a zone: changes of the clock, zones without any, and years that only the rule of the zone knows. */
static void next_times_in_zones(void **state)
{
    static const struct {
        const char *zone, *expression, *from, *next;
    } rows[] = {
        {"UTC", "30 3 * * *", "2026-03-01T04:00:00Z", "2026-03-02T03:30:00Z"},
        {"Europe/Berlin", "0 3 * * *", "2026-01-15T00:00:00Z", "2026-01-15T02:00:00Z"},
        {"Europe/Berlin", "0 3 * * *", "2026-07-15T00:00:00Z", "2026-07-15T01:00:00Z"},
        /* put forward, 29 March at 01:00Z: 02:30 is left out and comes at 03:30; 03:30 comes once */
        {"Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
        {"Europe/Berlin", "30 2 * * *", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},
        {"Europe/Berlin", "30 1 * * *", "2026-03-28T12:00:00Z", "2026-03-29T00:30:00Z"},
        {"Europe/Berlin", "30 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
        /* put back, 25 October at 01:00Z: 02:30 is shown twice and comes the first time */
        {"Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
        {"Europe/Berlin", "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
        {"Europe/Berlin", "30 2 * * *", "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z"},
        {"Europe/Berlin", "0 3 * * *", "2026-10-24T12:00:00Z", "2026-10-25T02:00:00Z"},
        /* the other half of the world: summer begins in October */
        {"Australia/Sydney", "0 4 * * *", "2026-01-10T00:00:00Z", "2026-01-10T17:00:00Z"},
        {"Australia/Sydney", "0 4 * * *", "2026-07-10T00:00:00Z", "2026-07-10T18:00:00Z"},
        /* by half an hour, and by a quarter */
        {"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z", "2026-10-03T15:45:00Z"},
        {"Asia/Kathmandu", "0 9 * * *", "2026-05-01T00:00:00Z", "2026-05-01T03:15:00Z"},
        {"Asia/Kolkata", "0 9 * * *", "2026-05-01T00:00:00Z", "2026-05-01T03:30:00Z"},
        {"America/New_York", "0 2 8 3 *", "2026-03-01T00:00:00Z", "2026-03-08T07:00:00Z"},
        /* clocks that go back in winter by the letter of the law, and changes at 24:00 */
        {"Europe/Dublin", "0 3 * * *", "2026-07-15T00:00:00Z", "2026-07-15T02:00:00Z"},
        /* after the last change that a file may have */
        {"Europe/Berlin", "0 3 * * *", "2090-07-15T00:00:00Z", "2090-07-15T01:00:00Z"},
        {"Europe/Berlin", "0 3 * * *", "2090-12-15T00:00:00Z", "2090-12-15T02:00:00Z"},
        {"America/Los_Angeles", "0 12 * * *", "2095-07-04T00:00:00Z", "2095-07-04T19:00:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cron cron;
        struct zone *zone = NULL;
        char why[128];
        char text[CLOCK_TEXT_BYTES];
        int64_t from = 0;
        int64_t next = 0;
        assert_int_equal(cron_parse(rows[i].expression, &cron, why, sizeof(why)), 0);
        assert_int_equal(clock_parse(rows[i].from, &from), 0);
        assert_int_equal(clock_parse(rows[i].next, &next), 0);
        if (zone_load(&zone, rows[i].zone) < 0)
            fail_msg("%s is not there", rows[i].zone);
        int64_t found = cron_next_in(&cron, zone, from);
        if (found != next)
            fail_msg("row %zu: %s in %s after %s: %s", i, rows[i].expression, rows[i].zone, rows[i].from,
                     clock_iso(found, text));
        (void)zone_free(zone);
    }
}

static void zones_that_are_not_there(void **state)
{
    static const char *const bad[] = {
        "",          "Europe",      "Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "CET ",
        "tzdata.zi", "posixrules/", "Europe/../UTC",  "leapseconds",      "zone.tab",       "america/new_york"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct zone *zone = NULL;
        if (zone_load(&zone, bad[i]) >= 0)
            fail_msg("%s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_times),
        cmocka_unit_test(next_times_in_zones),
        cmocka_unit_test(zones_that_are_not_there),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(days_that_never_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
