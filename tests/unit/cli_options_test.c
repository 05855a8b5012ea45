/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of the command line, the table of verbs, and what is made from it. */
#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WORDS_MAX 16
#define PAGE_BYTES ((size_t)1024 * 1024)

static struct cli *cli;
static char error[CLI_ERROR_BYTES];

static int start(void **state)
{
    (void)state;
    cli = NEW(struct cli);
    *cli = (struct cli){.arena = arena_new()};
    error[0] = '\0';
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)arena_free(cli->arena);
    free(cli);
    return 0;
}

/* Parses words that are separated by spaces; "_" in a word stands for a space. */
static int parse(const char *line)
{
    char *words[WORDS_MAX];
    int count = 0;
    arena_reset(cli->arena);
    struct arena *arena = cli->arena;
    *cli = (struct cli){.arena = arena};
    while (*line) {
        size_t n = strcspn(line, " ");
        assert_true(count < WORDS_MAX);
        words[count] = arena_strndup(arena, line, n);
        for (char *c = words[count++]; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        line += n + strspn(line + n, " ");
    }
    return cli_parse(cli, count, words, error);
}

static void verbs_options_and_arguments(void **state)
{
    (void)state;
    assert_int_equal(parse("serve --listen 127.0.0.1:0 --data=d --paused"), CLI_OK);
    assert_string_equal(cli->verb->name, "serve");
    assert_string_equal(cli_option(cli, "listen"), "127.0.0.1:0");
    assert_string_equal(cli_option(cli, "data"), "d");
    assert_true(cli_flag(cli, "paused"));
    assert_null(cli_option(cli, "tls-cert"));
    assert_int_equal(parse("user create a@b.c title=x --inactive -- --odd"), CLI_OK);
    assert_string_equal(cli->verb->name, "user create");
    assert_int_equal(cli->arg_count, 3);
    assert_string_equal(cli->args[2], "--odd");
    assert_int_equal(parse("group add All_of_us --json ada"), CLI_OK);
    assert_string_equal(cli->args[0], "All of us");
    assert_true(cli->json);
    assert_int_equal(parse("pause"), CLI_OK);
    assert_int_equal(cli->arg_count, 0);
}

static void repeated_options(void **state)
{
    (void)state;
    assert_int_equal(parse("serve --behind-proxy 10.0.0.0/8 --behind-proxy ::1"), CLI_OK);
    assert_string_equal(cli_option_at(cli, "behind-proxy", 0), "10.0.0.0/8");
    assert_string_equal(cli_option_at(cli, "behind-proxy", 1), "::1");
    assert_null(cli_option_at(cli, "behind-proxy", 2));
    assert_int_equal(parse("serve --data a --data b"), CLI_USAGE);
    assert_string_equal(error, "--data was given twice; give it once");
}

static void mistakes_name_what_is_near(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"serv", "there is no verb serv; did you mean serve?"},
        {"usr list", "there is no verb usr; did you mean user?"},
        {"user lst", "there is no verb user lst; did you mean user list?"},
        {"serve --lisen x", "serve has no option --lisen; did you mean --listen?"},
        {"user list --tokenfile x", "user list has no option --tokenfile; did you mean --token-file?"},
        {"serve --paused=yes", "--paused takes no value; leave =yes out"},
        {"serve --listen", "--listen needs a value: --listen HOST:PORT"},
        {"serve --listen --paused", "--listen needs a value: --listen HOST:PORT"},
        {"serve extra", "serve: do not know what to do with \"extra\": muster serve"},
        {"group add Sales", "group add needs more: muster group add GROUP USER..."},
        {"user show", "user show needs an argument: muster user show USER"},
        {"serve -p 1", "-p: options are words: --help lists them (an argument that starts with - goes after --)"},
        {"--data x serve", "--data: the verb comes first; `muster help` lists them"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(parse(cases[i].line), CLI_USAGE);
        assert_string_equal(error, cases[i].says);
    }
    assert_int_equal(parse("quetzalcoatl"), CLI_USAGE);
    assert_non_null(strstr(error, "`muster help` lists them"));
}

static void help_and_version(void **state)
{
    (void)state;
    assert_int_equal(parse(""), CLI_OK);
    assert_ptr_equal(cli->verb->run, cmd_help);
    assert_int_equal(parse("--version"), CLI_OK);
    assert_ptr_equal(cli->verb->run, cmd_version);
    /* Explaining comes before counting arguments. */
    assert_int_equal(parse("group add --help"), CLI_OK);
    assert_true(cli->help);
    assert_int_equal(parse("user --help"), CLI_OK);
    assert_ptr_equal(cli->verb->run, cmd_help);
    assert_string_equal(cli->args[0], "user");
}

static void numbers_and_times(void **state)
{
    (void)state;
    int64_t value = -1;
    assert_int_equal(parse("wait --timeout 90"), CLI_OK);
    assert_int_equal(cli_option_duration(cli, "timeout", 5, &value), CLI_OK);
    assert_int_equal(value, 90000);
    assert_int_equal(parse("wait --timeout 2h"), CLI_OK);
    assert_int_equal(cli_option_duration(cli, "timeout", 5, &value), CLI_OK);
    assert_int_equal(value, 7200000);
    assert_int_equal(parse("wait --timeout soon"), CLI_OK);
    assert_int_equal(cli_option_duration(cli, "timeout", 5, &value), CLI_USAGE);
    assert_int_equal(parse("wait"), CLI_OK);
    assert_int_equal(cli_option_duration(cli, "timeout", 5, &value), CLI_OK);
    assert_int_equal(value, 5);
    assert_int_equal(parse("user list --limit 12x"), CLI_OK);
    assert_int_equal(cli_option_int(cli, "limit", 0, 0, 100, &value), CLI_USAGE);
    assert_int_equal(parse("user list --limit 101"), CLI_OK);
    assert_int_equal(cli_option_int(cli, "limit", 0, 0, 100, &value), CLI_USAGE);
    assert_int_equal(parse("user list --limit 100"), CLI_OK);
    assert_int_equal(cli_option_int(cli, "limit", 0, 0, 100, &value), CLI_OK);
    assert_int_equal(value, 100);
}

/* --- the table, --help and the manual page ---------------------------------------------------------------------------
 */

static void the_table_is_sound(void **state)
{
    (void)state;
    for (const struct verb *v = cli_verbs; v->name; v++) {
        assert_true(v->args_min <= v->args_max);
        assert_non_null(v->run);
        assert_true(*v->summary && strncmp(v->examples, "muster ", 7) == 0);
        assert_true(!*v->arguments == (v->args_max == 0));
        for (const struct verb *other = cli_verbs; other < v; other++)
            assert_string_not_equal(other->name, v->name);
        for (const struct option_spec *o = v->options; o && o->name; o++)
            for (const struct option_spec *other = v->options; other < o; other++)
                assert_string_not_equal(other->name, o->name);
    }
}

static void expect_option(const char *page, const struct option_spec *option, const char *format, const char *verb)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "%s%s%s%s", format, option->name, option->value ? " " : "",
                   option->value && *format == '-' ? option->value : "");
    if (!strstr(page, text))
        fail_msg("--%s is not in the %s of %s", option->name, *format == '-' ? "help" : "manual page", verb);
}

static void every_option_is_in_the_help(void **state)
{
    (void)state;
    struct buf page;
    buf_init(&page, PAGE_BYTES);
    for (const struct verb *v = cli_verbs; v->name; v++) {
        buf_clear(&page);
        help_verb(&page, v);
        assert_non_null(strstr(buf_text(&page), v->name));
        for (const struct option_spec *o = v->options; o && o->name; o++)
            expect_option(buf_text(&page), o, "--", v->name);
        for (const struct option_spec *o = common_options; o->name; o++)
            expect_option(buf_text(&page), o, "--", v->name);
    }
    buf_clear(&page);
    help_overview(&page);
    for (const struct verb *v = cli_verbs; v->name; v++)
        assert_non_null(strstr(buf_text(&page), v->summary));
    buf_free(&page);
}

/* The tests run in the build directory or are started by hand at the top. */
static char *read_manual(void)
{
    FILE *file = fopen("docs/muster.1", "r");
    if (!file)
        file = fopen("../docs/muster.1", "r");
    if (!file)
        fail_msg("docs/muster.1 is not there");
    char *text = mem_new(PAGE_BYTES);
    size_t n = fread(text, 1, PAGE_BYTES - 1, file);
    text[n] = '\0';
    (void)fclose(file);
    return text;
}

static void the_manual_page_is_the_table(void **state)
{
    (void)state;
    char *manual = read_manual();
    for (const struct verb *v = cli_verbs; v->name; v++) {
        char heading[160];
        (void)snprintf(heading, sizeof(heading), ".Ss muster %s", v->name);
        const char *section = strstr(manual, heading);
        if (!section)
            fail_msg("docs/muster.1 does not explain %s", v->name);
        for (const struct option_spec *o = v->options; o && o->name; o++)
            expect_option(section, o, ".It Fl Fl ", v->name);
    }
    struct buf page;
    buf_init(&page, PAGE_BYTES);
    help_man(&page);
    if (strcmp(manual, buf_text(&page)) != 0)
        fail_msg("docs/muster.1 is not what the table says: muster help man > docs/muster.1");
    buf_free(&page);
    free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verbs_options_and_arguments, start, end),
        cmocka_unit_test_setup_teardown(repeated_options, start, end),
        cmocka_unit_test_setup_teardown(mistakes_name_what_is_near, start, end),
        cmocka_unit_test_setup_teardown(help_and_version, start, end),
        cmocka_unit_test_setup_teardown(numbers_and_times, start, end),
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(every_option_is_in_the_help),
        cmocka_unit_test(the_manual_page_is_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
