/* SPDX-License-Identifier: Apache-2.0 */
/* When changes were seen first, in a memory that does not grow. */
#include "engine/seen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_a_change_was_seen_with_the_note_behind_it(void **state)
{
    (void)state;
    struct seen seen = {0};
    assert_int_equal(seen_at(&seen, 1), -1);
    seen_note(&seen, 10, 1000);
    seen_note(&seen, 10, 1500);
    seen_note(&seen, 14, 2000);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen_at(&seen, 10), -1); /* from before */
    assert_int_equal(seen_at(&seen, 11), 2000);
    assert_int_equal(seen_at(&seen, 14), 2000);
    assert_int_equal(seen_at(&seen, 15), -1); /* not yet */
}

static void test_what_is_long_ago_is_known_less_exactly(void **state)
{
    (void)state;
    const int64_t notes = 100000;
    struct seen seen = {0};
    for (int64_t i = 0; i <= notes; i++)
        seen_note(&seen, i, i * 100);
    assert_true(seen.count <= SEEN_MARKS);
    assert_int_equal(seen_at(&seen, 0), -1);
    for (int64_t i = notes - SEEN_MARKS / 2 + 2; i <= notes; i++)
        assert_int_equal(seen_at(&seen, i), i * 100);
    int64_t before = 0;
    for (int64_t i = 1; i <= notes; i++) { /* in order, and never later than it was */
        int64_t at = seen_at(&seen, i);
        assert_true(at >= before && at <= i * 100);
        before = at;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_change_was_seen_with_the_note_behind_it),
        cmocka_unit_test(test_what_is_long_ago_is_known_less_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
