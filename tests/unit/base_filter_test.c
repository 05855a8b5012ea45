/* SPDX-License-Identifier: Apache-2.0 */
/* The filter language: trees are compared in a prefix form, refusals by their words and their place. */
#include "base/err.h"
#include "base/filter.h"
#include "base/limits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void show(struct buf *out, const struct filter *f)
{
    static const char *const names[] = {"and", "or", "not", "value", "eq", "ne", "co",
                                        "sw",  "ew", "gt",  "ge",    "lt", "le", "pr"};
    buf_printf(out, "(%s", names[f->op]);
    if (f->attribute)
        buf_printf(out, " %s%s%s", f->urn ? f->urn : "", f->urn ? " : " : "", f->attribute);
    if (f->left) {
        buf_char(out, ' ');
        show(out, f->left);
    }
    if (f->right) {
        buf_char(out, ' ');
        show(out, f->right);
    }
    if (f->op >= FILTER_EQ && f->op < FILTER_PR) {
        if (f->type == FILTER_STRING)
            buf_printf(out, " '%s'", f->text);
        else if (f->type == FILTER_NUMBER)
            buf_printf(out, " #%s", f->text);
        else
            buf_str(out, f->type == FILTER_NULL ? " null" : f->boolean ? " true" : " false");
    }
    buf_char(out, ')');
}

static void expect_in(enum filter_dialect dialect, const char *text, const char *expected)
{
    struct arena *arena = arena_new();
    struct buf out;
    const struct filter *f = NULL;
    struct filter_error error = {0};
    buf_init(&out, 65536);
    if (filter_parse(arena, text, dialect, &f, &error) < 0)
        fail_msg("%s: refused at %zu: %s", text, error.offset, error.text);
    show(&out, f);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
    arena_free(arena);
}

static void expect_both(const char *text, const char *expected)
{
    expect_in(FILTER_SCIM, text, expected);
    expect_in(FILTER_API, text, expected);
}

static void expect_refusal(enum filter_dialect dialect, const char *text, size_t offset, const char *words)
{
    struct arena *arena = arena_new();
    const struct filter *untouched = (const struct filter *)(uintptr_t)words;
    const struct filter *f = untouched;
    struct filter_error error = {0};
    assert_int_equal(filter_parse(arena, text, dialect, &f, &error), ERR_SYNTAX);
    assert_ptr_equal(f, untouched);
    if (!strstr(error.text, words) || error.offset != offset)
        fail_msg("%s: expected '%s' at %zu, got '%s' at %zu", text, words, offset, error.text, error.offset);
    assert_int_equal(filter_parse(arena, text, dialect, &f, NULL), ERR_SYNTAX);
    arena_free(arena);
}

static void every_operator_and_value(void **state)
{
    (void)state;
    expect_both("userName eq \"bjensen\"", "(eq userName 'bjensen')");
    expect_both("a ne \"x\"", "(ne a 'x')");
    expect_both("a CO \"x\"", "(co a 'x')");
    expect_both("a Sw \"x\"", "(sw a 'x')");
    expect_both("a ew \"x\"", "(ew a 'x')");
    expect_both("a gt \"2011-05-13T04:42:34Z\"", "(gt a '2011-05-13T04:42:34Z')");
    expect_both("a ge 1", "(ge a #1)");
    expect_both("a lt -1.5e+3", "(lt a #-1.5e+3)");
    expect_both("a le 0", "(le a #0)");
    expect_both("title pr", "(pr title)");
    expect_both("active eq TRUE", "(eq active true)");
    expect_both("active ne false", "(ne active false)");
    expect_both("a eq Null", "(eq a null)");
    expect_both("\t a  eq\t\"x\"  ", "(eq a 'x')");
}

static void names(void **state)
{
    (void)state;
    expect_both("profile.lastName eq \"x\"", "(eq profile.lastName 'x')");
    expect_both("a_b-c$9.d.e pr", "(pr a_b-c$9.d.e)");
    expect_both("members.$ref pr", "(pr members.$ref)");
    expect_both("urn:ietf:params:scim:schemas:core:2.0:User:userType ne \"E\"",
                "(ne urn:ietf:params:scim:schemas:core:2.0:User : userType 'E')");
    expect_both("URN:ietf:params:scim:schemas:core:2.0:User:name.familyName co \"O\"",
                "(co URN:ietf:params:scim:schemas:core:2.0:User : name.familyName 'O')");
    expect_both("nothing pr and note pr", "(and (pr nothing) (pr note))");
}

static void precedence(void **state)
{
    (void)state;
    expect_both("a pr or b pr and c pr", "(or (pr a) (and (pr b) (pr c)))");
    expect_both("a pr and b pr or c pr", "(or (and (pr a) (pr b)) (pr c))");
    expect_both("(a pr or b pr) and c pr", "(and (or (pr a) (pr b)) (pr c))");
    expect_both("a pr and b pr and c pr", "(and (and (pr a) (pr b)) (pr c))");
    expect_both("not (a pr) and b pr", "(and (not (pr a)) (pr b))");
    expect_both("NOT(a pr or b pr)Or c pr", "(or (not (or (pr a) (pr b))) (pr c))");
    expect_both("not (not (a pr))", "(not (not (pr a)))");
    expect_both("((a eq \"x\"))and(b pr)", "(and (eq a 'x') (pr b))");
    expect_both("android pr AND order pr", "(and (pr android) (pr order))");
}

static void value_paths(void **state)
{
    (void)state;
    expect_in(FILTER_SCIM, "emails[type eq \"work\" and value co \"@example.com\"]",
              "(value emails (and (eq type 'work') (co value '@example.com')))");
    expect_in(FILTER_SCIM, "userType eq \"E\" and emails[not (type eq \"work\")] or a pr",
              "(or (and (eq userType 'E') (value emails (not (eq type 'work')))) (pr a))");
    expect_in(FILTER_SCIM, "emails[type eq \"work\" or primary eq true].value eq \"a\"",
              "(value emails (and (or (eq type 'work') (eq primary true)) (eq value 'a')))");
    expect_in(FILTER_SCIM, "urn:x:2.0:User:emails[ type pr ]", "(value urn:x:2.0:User : emails (pr type))");
    expect_refusal(FILTER_API, "emails[type eq \"work\"]", 6, "brackets are not supported here");
    expect_refusal(FILTER_SCIM, "a[b[c pr]]", 3, "brackets cannot stand inside brackets");
    expect_refusal(FILTER_SCIM, "a[b pr", 6, "the ']' that closes the '[' at offset 1");
    expect_refusal(FILTER_SCIM, "a[]", 2, "expected an attribute");
    expect_refusal(FILTER_SCIM, "a[b pr)]", 6, "the ']' that closes");
    expect_refusal(FILTER_SCIM, "a[b pr].c", 9, "expected an operator such as eq after 'c'");
}

static void strings(void **state)
{
    (void)state;
    expect_both("a eq \"q\\\"b\\\\s\\/\\b\\f\\n\\r\\t\"", "(eq a 'q\"b\\s/\b\f\n\r\t')");
    expect_both("a eq \"\\u00e9\\u20ac\\uD83D\\ude00\"", "(eq a '\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80')");
    expect_both("a eq \"\xc3\xa9 and ) or (\"", "(eq a '\xc3\xa9 and ) or (')");
    expect_both("a eq \"\"", "(eq a '')");
    expect_refusal(FILTER_API, "a eq \"x", 5, "no closing double quote");
    expect_refusal(FILTER_API, "a eq \"x\\\"", 5, "no closing double quote");
    expect_refusal(FILTER_API, "a eq \"\\x\"", 6, "unknown escape");
    expect_refusal(FILTER_API, "a eq \"\\", 6, "unknown escape");
    expect_refusal(FILTER_API, "a eq \"\\u12\"", 6, "four hexadecimal digits");
    expect_refusal(FILTER_API, "a eq \"\\u0000\"", 6, "NUL");
    expect_refusal(FILTER_API, "a eq \"\\ud83d\"", 6, "needs its other half");
    expect_refusal(FILTER_API, "a eq \"\\ud83d\\u0041\"", 6, "needs its other half");
    expect_refusal(FILTER_API, "a eq \"\\ude00\"", 6, "needs its other half before it");
    expect_refusal(FILTER_API, "a eq \"\n\"", 6, "write it as \\u000a");
    expect_refusal(FILTER_API, "a eq \"\xff\"", 0, "not valid UTF-8");
}

static void numbers(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct filter *f = NULL;
    assert_int_equal(filter_parse(arena, "a eq -12.5e1", FILTER_SCIM, &f, NULL), 0);
    assert_true(fabs(f->number + 125.0) < 1e-9);
    assert_int_equal(f->type, FILTER_NUMBER);
    arena_free(arena);
    expect_refusal(FILTER_SCIM, "a eq 01", 5, "'01' is not a number");
    expect_refusal(FILTER_SCIM, "a eq 1.", 5, "is not a number");
    expect_refusal(FILTER_SCIM, "a eq -", 5, "is not a number");
    expect_refusal(FILTER_SCIM, "a eq 1e", 5, "is not a number");
    expect_refusal(FILTER_SCIM, "a eq 2026-01-01", 5, "write text in double quotes");
    expect_refusal(FILTER_SCIM, "a eq 1e999", 5, "too large");
}

static void refusals_teach(void **state)
{
    (void)state;
    expect_refusal(FILTER_API, "", 0, "expected an attribute, such as in: userName eq");
    expect_refusal(FILTER_API, "userName", 8, "expected an operator such as eq after 'userName'");
    expect_refusal(FILTER_API, "userName \"x\"", 9, "expected an operator such as eq after 'userName'");
    expect_refusal(FILTER_API, "userName is \"x\"", 9, "expected an operator after 'userName', not 'is': eq, ne");
    expect_refusal(FILTER_API, "userName eq", 11, "expected a value after 'eq'");
    expect_refusal(FILTER_API, "userName eq x", 12, "write the value x in double quotes");
    expect_refusal(FILTER_API, "userName eq 'x'", 12, "in double quotes");
    expect_refusal(FILTER_API, "a gt true", 5, "'gt' cannot be used with true: use eq or ne");
    expect_refusal(FILTER_API, "a co null", 5, "'co' cannot be used with null");
    expect_refusal(FILTER_API, "a pr b pr", 5, "expected 'and', 'or' or the end, not 'b'");
    expect_refusal(FILTER_API, "a pr )", 5, "expected 'and', 'or' or the end, not ')'");
    expect_refusal(FILTER_API, "a pr and", 8, "expected an attribute");
    expect_refusal(FILTER_API, "(a pr", 5, "the ')' that closes the '(' at offset 0");
    expect_refusal(FILTER_API, "not a pr", 4, "expected '(' after 'not'");
    expect_refusal(FILTER_API, "9a pr", 0, "names start with a letter");
    expect_refusal(FILTER_API, "a..b pr", 2, "names start with a letter");
    expect_refusal(FILTER_API, "a. pr", 2, "expected a sub-attribute after the '.'");
    expect_refusal(FILTER_API, "a=\"x\"", 1, "is not an attribute name");
    expect_refusal(FILTER_API, "urn:x: pr", 6, "expected an attribute after the schema name");
    expect_refusal(FILTER_API, "urn:x pr", 0, "expected urn:...:schema:attribute");
    expect_refusal(FILTER_API, "urn:x,y:a pr", 5, "cannot hold this character");
}

static void limits(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct buf text;
    const struct filter *f = NULL;
    struct filter_error error = {0};
    buf_init(&text, 1024 * 1024);
    for (int terms = LIMIT_FILTER_TERMS; terms <= LIMIT_FILTER_TERMS + 1; terms++) {
        buf_clear(&text);
        for (int i = 0; i < terms; i++)
            buf_printf(&text, "%sa pr", i ? " or " : "");
        assert_int_equal(filter_parse(arena, buf_text(&text), FILTER_API, &f, &error),
                         terms == LIMIT_FILTER_TERMS ? 0 : ERR_SYNTAX);
    }
    assert_non_null(strstr(error.text, "more than 200 comparisons"));
    for (int levels = LIMIT_FILTER_DEPTH; levels <= LIMIT_FILTER_DEPTH + 1; levels++) {
        buf_clear(&text);
        for (int i = 0; i < levels; i++)
            buf_str(&text, i % 2 ? "(" : "not (");
        buf_str(&text, "a pr");
        for (int i = 0; i < levels; i++)
            buf_char(&text, ')');
        buf_str(&text, " and (b pr)");
        assert_int_equal(filter_parse(arena, buf_text(&text), FILTER_API, &f, &error),
                         levels == LIMIT_FILTER_DEPTH ? 0 : ERR_SYNTAX);
    }
    assert_non_null(strstr(error.text, "nested deeper than 32 levels"));
    buf_clear(&text);
    buf_str(&text, "a eq \"");
    while (text.len < LIMIT_SEARCH_BYTES - 1)
        buf_char(&text, 'x');
    buf_char(&text, '"');
    assert_int_equal(filter_parse(arena, buf_text(&text), FILTER_API, &f, &error), 0);
    buf_char(&text, ' ');
    assert_int_equal(filter_parse(arena, buf_text(&text), FILTER_API, &f, &error), ERR_SYNTAX);
    assert_non_null(strstr(error.text, "longer than 16384 bytes"));
    buf_free(&text);
    arena_free(arena);
}

static void expect_path(const char *text, const char *expected)
{
    struct arena *arena = arena_new();
    struct buf out;
    struct filter_path path = {0};
    struct filter_error error = {0};
    buf_init(&out, 65536);
    if (filter_parse_path(arena, text, &path, &error) < 0)
        fail_msg("%s: refused at %zu: %s", text, error.offset, error.text);
    buf_printf(&out, "%s|%s|", path.urn ? path.urn : "", path.attribute ? path.attribute : "");
    if (path.where)
        show(&out, path.where);
    buf_printf(&out, "|%s", path.sub_attribute ? path.sub_attribute : "");
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
    arena_free(arena);
}

static void expect_path_refusal(const char *text, size_t offset, const char *words)
{
    struct arena *arena = arena_new();
    struct filter_path path = {0};
    struct filter_error error = {0};
    assert_int_equal(filter_parse_path(arena, text, &path, &error), ERR_SYNTAX);
    if (!strstr(error.text, words) || error.offset != offset)
        fail_msg("%s: expected '%s' at %zu, got '%s' at %zu", text, words, offset, error.text, error.offset);
    arena_free(arena);
}

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static void patch_paths(void **state)
{
    (void)state;
    expect_path("members", "|members||");
    expect_path("name.familyName", "|name||familyName");
    expect_path("addresses[type eq \"work\"]", "|addresses|(eq type 'work')|");
    expect_path("members[value eq \"2819c223-7f76-453a-919d-413861904646\"].displayName",
                "|members|(eq value '2819c223-7f76-453a-919d-413861904646')|displayName");
    expect_path(ENTERPRISE, ENTERPRISE "|||");
    expect_path(ENTERPRISE ":department", ENTERPRISE "|department||");
    expect_path(ENTERPRISE ":manager.value", ENTERPRISE "|manager||value");
    expect_path("urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"work\"].value",
                "urn:ietf:params:scim:schemas:core:2.0:User|emails|(eq type 'work')|value");
    expect_path_refusal("", 0, "the path is empty");
    expect_path_refusal("members eq \"x\"", 7, "expected the end of the path");
    expect_path_refusal(" members", 0, "expected an attribute");
    expect_path_refusal("a.b.c", 0, "at most one sub-attribute");
    expect_path_refusal("a.b[c pr]", 3, "the brackets belong after the attribute");
    expect_path_refusal("a[b pr]c", 7, "expected the end of the path");
    expect_path_refusal("a[b pr].", 8, "expected an attribute");
    expect_path_refusal("a[b pr].c.d", 8, "expected one sub-attribute");
    expect_path_refusal("a[b]", 3, "expected an operator such as eq after 'b'");
    expect_path_refusal("members[value eq 5", 18, "the ']' that closes");
    expect_path_refusal("/members", 0, "names start with a letter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_and_value),
        cmocka_unit_test(names),
        cmocka_unit_test(precedence),
        cmocka_unit_test(value_paths),
        cmocka_unit_test(strings),
        cmocka_unit_test(numbers),
        cmocka_unit_test(refusals_teach),
        cmocka_unit_test(limits),
        cmocka_unit_test(patch_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
