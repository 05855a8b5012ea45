/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas and bounded buffers. */
#include "base/arena.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_zero(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i])
            return false;
    return true;
}

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 3000; size += 7) {
            char *p = arena_alloc(arena, size);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            assert_true(is_zero(p, size));
            memset(p, 0xff, size);
        }
        assert_true(arena_used(arena) >= 3000 / 7 * 1500);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    char *large = arena_alloc(arena, 1024 * 1024);
    assert_true(is_zero(large, 1024 * 1024));
    char *array = arena_array(arena, 10, 10);
    assert_true(is_zero(array, 100));
    assert_null(arena_free(arena));
    assert_null(arena_free(NULL));
}

static void arena_texts(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_null(arena_strdup(arena, NULL));
    assert_string_equal(arena_strdup(arena, "abc"), "abc");
    assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(arena, NULL, 0), "");
    assert_string_equal(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
    char *long_text = arena_printf(arena, "%050000d", 1);
    assert_int_equal(strlen(long_text), 50000);
    arena_free(arena);
}

static void buffer_stops_at_its_maximum(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    assert_string_equal(buf_text(&b), "");
    buf_str(&b, "abc");
    buf_char(&b, 'd');
    buf_add(&b, "e", 1);
    assert_false(b.overflowed);
    assert_string_equal(buf_text(&b), "abcde");
    buf_char(&b, 'f');
    assert_true(b.overflowed);
    assert_string_equal(buf_text(&b), "abcde");
    buf_add(&b, "", 0);
    assert_int_equal(b.len, 5);
    buf_clear(&b);
    assert_false(b.overflowed);
    buf_printf(&b, "%s", "123456");
    assert_true(b.overflowed);
    assert_string_equal(buf_text(&b), "");
    buf_str(&b, "x");
    assert_string_equal(buf_text(&b), "");
    buf_free(&b);
    assert_int_equal(b.max, 5);
    buf_str(&b, "again");
    assert_string_equal(buf_text(&b), "again");
    buf_free(&b);
}

static void buffer_grows_and_is_handed_over(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1024 * 1024);
    for (int i = 0; i < 10000; i++)
        buf_printf(&b, "%04d,", i);
    assert_int_equal(b.len, 50000);
    char *text = buf_take(&b);
    assert_memory_equal(text + 49995, "9999,", 6);
    assert_int_equal(b.len, 0);
    free(text);
    text = buf_take(&b);
    assert_string_equal(text, "");
    free(text);
}

static void owners(void **state)
{
    (void)state;
    char *text CLEANUP(mem_freep) = mem_strdup("abc");
    char *moved = TAKE_PTR(text);
    assert_null(text);
    moved = mem_resize(moved, 100);
    assert_string_equal(moved, "abc");
    free(moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(arena_texts),
        cmocka_unit_test(buffer_stops_at_its_maximum),
        cmocka_unit_test(buffer_grows_and_is_handed_over),
        cmocka_unit_test(owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
