/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_same_name(const char *a, const char *b)
{
    struct arena *arena = arena_new();
    assert_string_equal(text_fold(arena, a), text_fold(arena, b));
    arena_free(arena);
}

static void assert_other_name(const char *a, const char *b)
{
    struct arena *arena = arena_new();
    assert_string_not_equal(text_fold(arena, a), text_fold(arena, b));
    arena_free(arena);
}

static void folding_joins_what_people_read_as_one_name(void **state)
{
    (void)state;
    assert_same_name("Engineering", "ENGINEERING");
    assert_same_name("stra\xc3\x9f"
                     "e",
                     "STRASSE");
    assert_same_name("caf\xc3\xa9", "CAFE\xcc\x81");    /* composed, decomposed */
    assert_same_name("\xef\xbc\xa1\xef\xbc\xa2", "ab"); /* full width */
    assert_same_name("\xef\xac\x81rst", "FIRST");       /* ligature fi */
    assert_same_name("\xce\xa3\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
                     "\xce\xa3\xce\x8a\xce\xa3\xce\xa5\xce\xa6\xce\x9f\xce\xa3"); /* final sigma */
}

static void folding_keeps_apart_what_differs(void **state)
{
    (void)state;
    assert_other_name("\xc4\xb1", "i"); /* dotless i */
    assert_other_name("\xc4\xb1", "I");
    assert_other_name("\xc4\xb0", "i"); /* I with a dot is i with a combining dot */
    assert_other_name("cafe", "caf\xc3\xa9");
    assert_other_name("a b", "a  b");
    assert_other_name("a", "");
}

static void folding_is_done_once(void **state)
{
    (void)state;
    static const char *const names[] = {"Plain ASCII",  "\xc3\x9f",  "\xc4\xb0stanbul",
                                        "\xef\xac\x81", "E\xcc\x81", "\xf0\x9f\x98\x80"};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *once = text_fold(arena, names[i]);
        assert_string_equal(text_fold(arena, once), once);
        assert_true(text_is_utf8(once, strlen(once)));
    }
    arena_free(arena);
}

static void utf8_is_checked(void **state)
{
    (void)state;
    assert_true(text_is_utf8("", 0));
    assert_true(text_is_utf8(NULL, 0));
    assert_true(text_is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
    static const char *const bad[] = {"\x80", "\xc3",    "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xff", "\xe2\x82"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
    assert_false(text_is_utf8("a\0b", 3));
}

static void characters_are_counted(void **state)
{
    (void)state;
    assert_int_equal(text_chars(""), 0);
    assert_int_equal(text_chars("abc"), 3);
    assert_int_equal(text_chars("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
    assert_int_equal(text_chars("e\xcc\x81"), 2);
}

static void prefix_end_bounds_the_prefix(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(text_prefix_end(arena, "abc"), "abd");
    assert_string_equal(text_prefix_end(arena, "ab\xf4\x8f\xbf\xbf"), "ac");
    assert_null(text_prefix_end(arena, ""));
    assert_null(text_prefix_end(arena, "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf"));
    /* It is text itself, also where the last byte has no next one and beside the surrogates. */
    assert_string_equal(text_prefix_end(arena, "x\xc3\xbf"), "x\xc4\x80");
    assert_string_equal(text_prefix_end(arena, "\x7f"), "\xc2\x80");
    assert_string_equal(text_prefix_end(arena, "\xed\x9f\xbf"), "\xee\x80\x80");
    const char *end = text_prefix_end(arena, "\xc3\xbf");
    assert_true(strcmp("\xc3\xbf\xf0\x9f\x98\x80", end) < 0);
    assert_true(strcmp("\xc4\x80", end) >= 0);
    arena_free(arena);
}

static void control_characters_are_found(void **state)
{
    (void)state;
    assert_false(text_has_control("plain \xc3\xa9\xc2\xa0\xf0\x9f\x98\x80"));
    assert_true(text_has_control("a\nb"));
    assert_true(text_has_control("a\x7f"));
    assert_true(text_has_control("\xc2\x85"));
    assert_false(text_has_control(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folding_joins_what_people_read_as_one_name),
        cmocka_unit_test(folding_keeps_apart_what_differs),
        cmocka_unit_test(folding_is_done_once),
        cmocka_unit_test(utf8_is_checked),
        cmocka_unit_test(characters_are_counted),
        cmocka_unit_test(prefix_end_bounds_the_prefix),
        cmocka_unit_test(control_characters_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
