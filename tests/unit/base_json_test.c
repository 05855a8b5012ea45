/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values, the streaming writer, and problems. */
#include "base/err.h"
#include "base/jout.h"
#include "base/limits.h"
#include "base/problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct jval *parse(const char *text)
{
    struct jval *value = NULL;
    assert_int_equal(jval_parse(&value, text, strlen(text), NULL), 0);
    return value;
}

static void refuses(const char *bytes, size_t n)
{
    struct jval *value = NULL;
    struct jval_error error = {0};
    if (jval_parse(&value, bytes, n, &error) != ERR_SYNTAX || value || !error.text[0])
        fail_msg("not refused: %.*s", (int)n, bytes ? bytes : "");
}

static void malformed_values_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "{} x",
        "1 2",
        "[1,]",
        "{a:1}",
        "'a'",
        "NaN",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\\ud800\"",
        "\"a\\u0000b\"",
        "{\"\\u0000\":1}",
        "\"\n\"",
        "[1",
        "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        refuses(bad[i], strlen(bad[i]));
    refuses("\"a\0b\"", 5);
    refuses("{}\0", 3);
    refuses(NULL, 0);
}

/* What is wrong and what to do, in our own words; of the library's only what stands at the place. */
static void errors_have_words(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"a\":1", "the document ends too early; close what was opened"},
        {"{} x", "something follows after the end of the document; send one JSON value near 'x'"},
        {"{\"a\":1,\"a\":2}", "a name is given twice in one object; give it once near '\"a\"'"},
        {"[1e999]", "the number is too large; make it smaller, or a text near '1e999'"},
        {"\"a\\u0000b\"", "a text has the character U+0000; leave it out near '\"a\\u0000b\"'"},
        {"[\"\xff\"]", "this is not UTF-8; send the text in that encoding: byte 0xff near '\"'"},
        {"[1,]",
         "this is not JSON; look for a comma, a quotation mark or a bracket that is missing or too much near ']'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct jval *value = NULL;
        struct jval_error error = {0};
        assert_int_equal(jval_parse(&value, cases[i][0], strlen(cases[i][0]), &error), ERR_SYNTAX);
        assert_string_equal(error.text, cases[i][1]);
    }
}

static void depth_is_limited(void **state)
{
    (void)state;
    for (int levels = LIMIT_JSON_DEPTH; levels <= LIMIT_JSON_DEPTH + 1; levels++) {
        char text[2 * (LIMIT_JSON_DEPTH + 1) + 1] = "";
        memset(text, '[', (size_t)levels);
        memset(text + levels, ']', (size_t)levels);
        struct jval *value = NULL;
        assert_int_equal(jval_parse(&value, text, strlen(text), NULL), levels == LIMIT_JSON_DEPTH ? 0 : ERR_SYNTAX);
        jval_free(value);
    }
    jval_free(parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[\""));
}

static void errors_say_where(void **state)
{
    (void)state;
    struct jval *value = NULL;
    struct jval_error error = {0};
    assert_int_equal(jval_parse(&value, "{\n  \"a\": x}", 11, &error), ERR_SYNTAX);
    assert_int_equal(error.line, 2);
    assert_in_range(error.offset, 8, 11);
}

static void values_are_read(void **state)
{
    (void)state;
    struct jval *v = parse(
        "{\"s\":\"x\",\"i\":-5,\"r\":1.5,\"t\":true,\"f\":false,\"n\":null,\"a\":[1,\"b\"],\"o\":{\"p\":{\"q\":7}}}");
    assert_string_equal(jval_get_str(v, "s"), "x");
    assert_null(jval_get_str(v, "i"));
    assert_int_equal(jval_int(jval_get(v, "i"), 9), -5);
    assert_int_equal(jval_int(jval_get(v, "s"), 9), 9);
    assert_true(jval_number(jval_get(v, "r"), 0) > 1.4);
    assert_true(jval_is_true(jval_get(v, "t")));
    assert_false(jval_is_true(jval_get(v, "f")));
    assert_false(jval_is_true(jval_get(v, "s")));
    assert_int_equal(jval_type(jval_get(v, "n")), JVAL_NULL);
    assert_int_equal(jval_type(jval_get(v, "r")), JVAL_REAL);
    assert_int_equal(jval_type(NULL), JVAL_NONE);
    assert_int_equal(jval_len(jval_get(v, "a")), 2);
    assert_int_equal(jval_len(v), 8);
    assert_int_equal(jval_len(NULL), 0);
    assert_string_equal(jval_str(jval_at(jval_get(v, "a"), 1)), "b");
    assert_null(jval_at(jval_get(v, "a"), 2));
    assert_int_equal(jval_int(jval_path(v, "o.p.q"), 0), 7);
    assert_null(jval_path(v, "o.x.q"));
    assert_null(jval_get(jval_get(jval_get(v, "no"), "such"), "path"));
    const char *expected = "siRtfnao";
    size_t at = 0;
    for (void *it = jval_first(v); it; it = jval_next(v, it), at++)
        assert_int_equal(jval_iter_key(it)[0], expected[at] == 'R' ? 'r' : expected[at]);
    assert_int_equal(at, 8);
    assert_null(jval_free(v));
}

static void values_are_built_and_compared(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct jval *v = jval_new_object();
    jval_set_str(v, "b", "x");
    jval_set_str(v, "n", NULL);
    jval_set(v, "a", jval_new_array());
    jval_append(jval_get(v, "a"), jval_new_int(1));
    jval_append(jval_get(v, "a"), jval_new_bool(true));
    assert_string_equal(jval_text(arena, v, true), "{\"a\":[1,true],\"b\":\"x\",\"n\":null}");
    assert_string_equal(jval_text(arena, v, false), "{\"b\":\"x\",\"n\":null,\"a\":[1,true]}");
    struct jval *copy = jval_copy(v);
    assert_true(jval_equal(v, copy));
    jval_remove(copy, "n");
    jval_remove(copy, "n");
    assert_false(jval_equal(v, copy));
    assert_false(jval_equal(v, NULL));
    assert_true(jval_equal(NULL, NULL));
    struct jval *shared = jval_ref(v);
    jval_free(v);
    assert_string_equal(jval_get_str(shared, "b"), "x");
    jval_free(shared);
    jval_free(copy);
    arena_free(arena);
}

static void writer_makes_commas_keys_and_escapes(void **state)
{
    (void)state;
    struct buf b;
    struct jout out;
    buf_init(&b, 65536);
    jout_init(&out, &b);
    jout_object(&out, NULL);
    jout_str(&out, "text", "q\" b\\ n\n t\t r\r c\x01 \x7f \xc3\xa9 /");
    jout_str(&out, "null", NULL);
    jout_str_opt(&out, "left out", NULL);
    jout_str_opt(&out, "k\"", "v");
    jout_int(&out, "int", INT64_MIN);
    jout_bool(&out, "yes", true);
    jout_null(&out, "nothing");
    jout_time(&out, "at", 1774418984000);
    jout_time(&out, "never", 0);
    jout_array(&out, "list");
    jout_int(&out, NULL, 1);
    jout_object(&out, NULL);
    jout_end(&out);
    jout_array(&out, NULL);
    jout_end(&out);
    jout_raw(&out, NULL, "{\"raw\":1}");
    jout_end(&out);
    struct jval *v = parse("{\"x\":[1]}");
    jout_val(&out, "val", v);
    jout_val(&out, "no", NULL);
    jout_end(&out);
    assert_int_equal(out.depth, 0);
    assert_string_equal(
        buf_text(&b), "{\"text\":\"q\\\" b\\\\ n\\n t\\t r\\r c\\u0001 \x7f \xc3\xa9 /\",\"null\":null,\"k\\\"\":\"v\","
                      "\"int\":-9223372036854775808,\"yes\":true,\"nothing\":null,\"at\":\"2026-03-25T06:09:44.000Z\","
                      "\"never\":null,\"list\":[1,{},[],{\"raw\":1}],\"val\":{\"x\":[1]},\"no\":null}");
    jval_free(v);
    v = parse(buf_text(&b));
    assert_string_equal(jval_get_str(v, "text"), "q\" b\\ n\n t\t r\r c\x01 \x7f \xc3\xa9 /");
    jval_free(v);
    buf_free(&b);
}

static void problems_collect_causes(void **state)
{
    (void)state;
    struct problem p = {0};
    char text[PROBLEM_TEXT];
    assert_int_equal(problem_invalid(&p, "profile", "%s: is %s", "login", "missing"), ERR_PROBLEM);
    assert_int_equal(problem_invalid(&p, "ignored", "email: bad"), ERR_PROBLEM);
    problem_summary(&p, text, sizeof(text));
    assert_string_equal(text, "Api validation failed: profile");
    assert_int_equal(p.cause_count, 2);
    assert_string_equal(p.causes[0], "login: is missing");
    assert_string_equal(p.causes[1], "email: bad");
    for (int i = 0; i < 2 * PROBLEM_CAUSES; i++)
        assert_int_equal(problem_cause(&p, "more"), ERR_PROBLEM);
    assert_int_equal(p.cause_count, PROBLEM_CAUSES);
    assert_int_equal(problem_not_found(&p, "00u%s1", "User"), ERR_PROBLEM);
    problem_summary(&p, text, sizeof(text));
    assert_string_equal(text, "Not found: Resource not found: 00u%s1 (User)");
    assert_int_equal(p.cause_count, 0);
    assert_int_equal(published_status(p.code), 404);
    assert_string_equal(published_name(p.code), "E0000007");
    assert_int_equal(problem_set(&p, E0000022, "%s", ""), ERR_PROBLEM);
    problem_summary(&p, text, sizeof(text));
    assert_string_equal(text, "The endpoint does not support the provided HTTP method");
    assert_int_equal(published_status(E0000047), 429);
    problem_summary(&p, text, 5);
    assert_string_equal(text, "The ");
}

static void error_numbers_have_texts(void **state)
{
    (void)state;
    assert_string_equal(err_text(ERR_NOT_FOUND), "not found");
    assert_string_equal(err_text(ERR_NOMEM), "out of memory");
    assert_string_equal(err_text(0), "unknown error");
    assert_string_equal(err_text(-1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_values_are_refused),
        cmocka_unit_test(errors_have_words),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(values_are_built_and_compared),
        cmocka_unit_test(writer_makes_commas_keys_and_escapes),
        cmocka_unit_test(problems_collect_causes),
        cmocka_unit_test(error_numbers_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
