/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and the cleaning of what reaches a terminal. */
#include "cli/attributes.h"
#include "cli/cli.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;

static int start(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena = arena_free(arena);
    return 0;
}

static void expect_table(const struct table *table, size_t width, const char *wanted)
{
    struct buf out;
    buf_init(&out, 10000);
    table_write(table, &out, width);
    assert_string_equal(buf_text(&out), wanted);
    buf_free(&out);
}

static void columns_are_aligned_by_what_is_seen(void **state)
{
    (void)state;
    static const char *const headings[] = {"NAME", "ID"};
    struct table *table = table_new(arena, headings, 2);
    const char *cells[] = {"Zo\xc3\xab", "1", "\xe6\xbc\xa2\xe5\xad\x97", "2", "a", NULL};
    for (size_t i = 0; i < ARRAY_LEN(cells); i++)
        table_cell(table, cells[i]);
    assert_int_equal(table_rows(table), 3);
    expect_table(table, 0, "NAME  ID\nZo\xc3\xab   1\n\xe6\xbc\xa2\xe5\xad\x97  2\na\n");
}

static void wide_columns_are_cut_to_fit(void **state)
{
    (void)state;
    static const char *const headings[] = {"A", "B"};
    struct table *table = table_new(arena, headings, 2);
    table_cell(table, "aaaaaaaaaaaaaaaaaaaaaaaa");
    table_cell(table, "bbbb");
    expect_table(table, 16, "A           B\naaaaaaaaa\xe2\x80\xa6  bbbb\n");
    /* A column is never cut below what can be read. */
    expect_table(table, 3, "A         B\naaaaaaa\xe2\x80\xa6  bbbb\n");
}

static void strangers_do_not_steer_the_terminal(void **state)
{
    (void)state;
    assert_string_equal(cli_clean(arena, "a\x1b[31mb"), "a\xef\xbf\xbd[31mb");
    assert_string_equal(cli_clean(arena, "a\nb\tc"), "a b c");
    assert_string_equal(cli_clean(arena, "a\xe2\x80\xae"
                                         "b"),
                        "a\xef\xbf\xbd"
                        "b");
    assert_string_equal(cli_clean(arena, NULL), "");
}

static void attributes_are_texts_or_json(void **state)
{
    (void)state;
    struct cli *cli = NEW(struct cli);
    *cli = (struct cli){.arena = arena, .json = true, .arg_count = 4};
    cli->args[0] = "login";
    cli->args[1] = "title=a=b";
    cli->args[2] = "age:=42";
    cli->args[3] = "nickName:=null";
    struct jval *profile = jval_new_object();
    assert_int_equal(attributes_read(cli, 1, profile), CLI_OK);
    assert_string_equal(jval_text(arena, profile, true), "{\"age\":42,\"nickName\":null,\"title\":\"a=b\"}");
    static const char *const bad[] = {"title", "=x", "age:=4x", "age:="};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        cli->args[1] = bad[i];
        assert_int_equal(attributes_read(cli, 1, profile), CLI_USAGE);
    }
    (void)jval_free(profile);
    free(cli);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(columns_are_aligned_by_what_is_seen, start, end),
        cmocka_unit_test_setup_teardown(wide_columns_are_cut_to_fit, start, end),
        cmocka_unit_test_setup_teardown(strangers_do_not_steer_the_terminal, start, end),
        cmocka_unit_test_setup_teardown(attributes_are_texts_or_json, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
