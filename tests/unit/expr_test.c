/* SPDX-License-Identifier: Apache-2.0 */
/* The expression language: the examples of docs/expressions.md, the table of functions there, what is read, limits. */
#include "base/arena.h"
#include "base/jval.h"
#include "expr/inner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct person {
    struct arena *arena;
    struct jval *profile;
};

static const struct {
    const char *name;
    enum expr_type type;
} attributes[] = {
    {"login", EXPR_STRING},         {"email", EXPR_STRING},      {"firstName", EXPR_STRING},  {"lastName", EXPR_STRING},
    {"city", EXPR_STRING},          {"department", EXPR_STRING}, {"costCenter", EXPR_STRING}, {"nickName", EXPR_STRING},
    {"title", EXPR_STRING},         {"salary", EXPR_INTEGER},    {"rating", EXPR_NUMBER},     {"bonus", EXPR_NUMBER},
    {"isContractor", EXPR_BOOLEAN}, {"isRemote", EXPR_BOOLEAN},  {"languages", EXPR_ARRAY},   {"skills", EXPR_ARRAY},
};

static bool find_attribute(void *data, const char *object, const char *name, enum expr_type *ret_type,
                           enum expr_type *ret_items)
{
    (void)data;
    if (strcmp(object, "user") != 0)
        return false;
    *ret_type = EXPR_ANY;
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        if (strcmp(attributes[i].name, name) == 0) {
            *ret_type = attributes[i].type;
            *ret_items = EXPR_STRING;
            return true;
        }
    }
    return false;
}

static struct expr_value to_value(struct arena *arena, const struct jval *json)
{
    struct expr_value value = {.type = EXPR_NULL};
    struct expr_value *items = NULL;
    switch (jval_type(json)) {
    case JVAL_STRING:
        return (struct expr_value){.type = EXPR_STRING, .text = jval_str(json)};
    case JVAL_INT:
        return (struct expr_value){.type = EXPR_INTEGER, .integer = jval_int(json, 0)};
    case JVAL_REAL:
        return (struct expr_value){.type = EXPR_NUMBER, .number = jval_number(json, 0)};
    case JVAL_BOOL:
        return (struct expr_value){.type = EXPR_BOOLEAN, .boolean = jval_is_true(json)};
    case JVAL_ARRAY:
        items = arena_array(arena, jval_len(json) + 1, sizeof(*items));
        for (size_t i = 0; i < jval_len(json); i++)
            items[i] = to_value(arena, jval_at(json, i));
        return (struct expr_value){.type = EXPR_ARRAY, .array = {items, jval_len(json)}};
    case JVAL_NONE:
    case JVAL_OBJECT:
    case JVAL_NULL:
    default:
        return value;
    }
}

static int give_attribute(void *data, const char *object, const char *name, struct expr_value *ret)
{
    struct person *person = data;
    assert_string_equal(object, "user");
    *ret = to_value(person->arena, jval_get(person->profile, name));
    return 0;
}

static int give_property(void *data, const char *name, struct expr_value *ret)
{
    (void)data;
    *ret = (struct expr_value){.type = EXPR_STRING, .text = strcmp(name, "id") == 0 ? "00u1" : "ACTIVE"};
    return 0;
}

static int give_groups(void *data, const struct expr_group **ret, size_t *ret_count)
{
    static const struct expr_group groups[] = {{"00g1", "Sales Team"}, {"00g2", "admins-emea"}};
    (void)data;
    *ret = groups;
    *ret_count = ARRAY_LEN(groups);
    return 0;
}

static const struct expr_scope scope = {.attribute = find_attribute,
                                        .families = EXPR_CONVERT | EXPR_TIME | EXPR_GROUPS,
                                        .place = "this test",
                                        .result = EXPR_ANY};

static const struct expr_scope rule_scope = {
    .attribute = find_attribute, .families = EXPR_GROUPS, .place = "a group rule", .result = EXPR_BOOLEAN};

static struct expr_facts facts_of(struct person *person)
{
    return (struct expr_facts){.attribute = give_attribute,
                               .property = give_property,
                               .groups = give_groups,
                               .data = person,
                               .now = 1438363117979};
}

static const char *printed(struct arena *arena, const struct expr *expr)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    expr_print(expr, &out);
    const char *text = arena_strdup(arena, buf_text(&out));
    buf_free(&out);
    return text;
}

/* A value as the documentation writes it. */
static const char *shown(struct arena *arena, const struct expr_value *value)
{
    const char *text = "";
    switch (value->type) {
    case EXPR_BOOLEAN:
        return value->boolean ? "true" : "false";
    case EXPR_INTEGER:
        return arena_printf(arena, "%lld", (long long)value->integer);
    case EXPR_NUMBER:
        return arena_printf(arena, "%.15g", value->number);
    case EXPR_STRING:
        for (const char *p = value->text; *p; p++)
            text = arena_printf(arena, "%s%c%s", text, *p, *p == '"' ? "\"" : "");
        return arena_printf(arena, "\"%s\"", text);
    case EXPR_ARRAY:
        for (size_t i = 0; i < value->array.count; i++)
            text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", shown(arena, &value->array.items[i]));
        return arena_printf(arena, "{%s}", text);
    case EXPR_NULL:
    case EXPR_ANY:
    default:
        return "null";
    }
}

/* --- the page ------------------------------------------------------------------------------------------------------
 */

static char *read_page(struct arena *arena)
{
    FILE *file = fopen("docs/expressions.md", "r");
    if (!file)
        file = fopen("../docs/expressions.md", "r");
    assert_non_null(file);
    char *page = arena_alloc(arena, 200000);
    size_t n = fread(page, 1, 199999, file);
    (void)fclose(file);
    assert_in_range(n, 1000, 199998);
    return page;
}

static void take_person(struct person *person, const char *page)
{
    const char *start = strstr(page, "```json\n");
    assert_non_null(start);
    const char *end = strstr(start + 8, "```");
    assert_int_equal(jval_parse(&person->profile, start + 8, (size_t)(end - start - 8), NULL), 0);
}

/* "\|" stands for "|" in a table. */
static char *unescaped(struct arena *arena, const char *from, size_t n)
{
    char *text = arena_alloc(arena, n + 1);
    size_t length = 0;
    for (size_t i = 0; i < n; i++)
        if (!(from[i] == '\\' && i + 1 < n && from[i + 1] == '|'))
            text[length++] = from[i];
    return text;
}

/* The next row "| `left` | right |" after `at`; without the backticks of the right side. */
static const char *next_row(struct arena *arena, const char *at, const char *end, char **ret_left, char **ret_right)
{
    const char *row = strstr(at, "\n| `");
    if (!row || row >= end)
        return NULL;
    const char *line_end = strchr(row + 1, '\n');
    const char *middle = strstr(row, "` | ");
    assert_true(middle && middle < line_end);
    *ret_left = unescaped(arena, row + 4, (size_t)(middle - row - 4));
    const char *right = middle + 4;
    const char *right_end = line_end - 2;
    if (*right == '`') {
        right++;
        right_end--;
    }
    *ret_right = unescaped(arena, right, (size_t)(right_end - right));
    return line_end;
}

static void check_example(struct person *person, const char *source, const char *expected)
{
    const struct expr *expr = NULL;
    const struct expr *again = NULL;
    struct expr_error error;
    struct expr_value value;
    struct expr_facts facts = facts_of(person);
    if (expr_compile(person->arena, source, &scope, &expr, &error) < 0)
        fail_msg("%s: %s", source, error.text);
    if (expr_evaluate(expr, person->arena, &facts, &value, &error) < 0)
        fail_msg("%s: %s", source, error.text);
    if (strcmp(shown(person->arena, &value), expected) != 0)
        fail_msg("%s gives %s, not %s", source, shown(person->arena, &value), expected);
    const char *text = printed(person->arena, expr);
    if (expr_parse(person->arena, text, &again, &error) < 0 || !expr_equal(expr, again))
        fail_msg("%s is printed as %s, which means something else", source, text);
}

static void check_refusal(struct arena *arena, const char *source, const char *expected)
{
    const struct expr *expr = NULL;
    struct expr_error error;
    if (expr_compile(arena, source, &scope, &expr, &error) != ERR_SYNTAX)
        fail_msg("%s is not refused", source);
    if (strcmp(error.text, expected) != 0)
        fail_msg("%s is refused with\n%s, not\n%s", source, error.text, expected);
}

static void test_examples_of_the_page(void **state)
{
    (void)state;
    struct person person = {.arena = arena_new()};
    const char *page = read_page(person.arena);
    take_person(&person, page);
    const char *at = strstr(page, "### Published");
    const char *refused = strstr(page, "### Refused");
    const char *end = strstr(page, "## Limits");
    assert_true(at && refused && end);
    int examples = 0;
    int refusals = 0;
    char *left = NULL;
    char *right = NULL;
    for (; (at = next_row(person.arena, at, refused, &left, &right)); examples++)
        check_example(&person, left, right);
    for (at = refused; (at = next_row(person.arena, at, end, &left, &right)); refusals++)
        check_refusal(person.arena, left, right);
    assert_in_range(examples, 120, 1000);
    assert_in_range(refusals, 19, 100);
    (void)jval_free(person.profile);
    (void)arena_free(person.arena);
}

/* The table of functions: each is there, with its old name, and nothing else. */
static void test_functions_of_the_page(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const char *page = read_page(arena);
    const char *start = strstr(page, "## Functions");
    const char *end = strstr(page, "## Examples");
    assert_true(start && end);
    const char *table = arena_strndup(arena, start, (size_t)(end - start));
    size_t listed = 0;
    for (size_t i = 0; i < expr_function_count; i++) {
        if (!strstr(table, arena_printf(arena, "`%s(", expr_functions[i].name)))
            fail_msg("%s is not in the table", expr_functions[i].name);
        if (expr_functions[i].old_name && !strstr(table, arena_printf(arena, "`%s`", expr_functions[i].old_name)))
            fail_msg("%s is not named as an old name", expr_functions[i].old_name);
    }
    for (const char *at = table; (at = strchr(at, '(')); at++) {
        const char *name = at;
        while (name > table && name[-1] != '`')
            name--;
        listed += at > name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") ==
                                   (size_t)(at - name);
    }
    assert_int_equal(listed, expr_function_count);
    (void)arena_free(arena);
}

/* --- by itself -----------------------------------------------------------------------------------------------------
 */

static const struct expr *compiled(struct arena *arena, const char *source)
{
    const struct expr *expr = NULL;
    struct expr_error error;
    if (expr_compile(arena, source, &scope, &expr, &error) < 0)
        fail_msg("%s: %s", source, error.text);
    return expr;
}

static void test_printed_in_the_usual_form(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"a.b==1&&!c.d||e.f", "a.b == 1 AND !c.d OR e.f"},
        {"((a.b))", "a.b"},
        {"(1+2)*3-(4-5)", "(1 + 2) * 3 - (4 - 5)"},
        {"a.b?1:(c.d?2:3)", "a.b ? 1 : c.d ? 2 : 3"},
        {"(a.b?1:2)?3:4", "(a.b ? 1 : 2) ? 3 : 4"},
        {"a.b?:c.d?:1", "a.b ?: c.d ?: 1"},
        {"(1==2)==(3==4)", "(1 == 2) == (3 == 4)"},
        {"not(a.b and c.d)", "!(a.b AND c.d)"},
        {"'say \"x\"'", "\"say \"\"x\"\"\""},
        {"toUpperCase('a')", "String.toUpperCase(\"a\")"},
        {"1.0 + 2e3", "1.0 + 2000.0"},
        {"- -a.b", "--a.b"},
        {"{1,'a',}", NULL},
        {"{ }", "{}"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        const struct expr *expr = NULL;
        struct expr_error error;
        int r = expr_parse(arena, pairs[i][0], &expr, &error);
        assert_int_equal(r, pairs[i][1] ? 0 : ERR_SYNTAX);
        if (pairs[i][1])
            assert_string_equal(printed(arena, expr), pairs[i][1]);
    }
    (void)arena_free(arena);
}

static void test_what_is_read_is_known(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct expr_reads reads;
    expr_reads(arena,
               compiled(arena, "user.city == user.title OR user.city == 'x' OR isMemberOfGroup('00g1') OR "
                               "isMemberOfAnyGroup('00g1', '00g2') OR user.getInternalProperty('status') == 'ACTIVE'"),
               &reads);
    assert_int_equal(reads.attribute_count, 2);
    assert_string_equal(reads.attributes[0], "user.city");
    assert_string_equal(reads.attributes[1], "user.title");
    assert_int_equal(reads.group_id_count, 2);
    assert_string_equal(reads.group_ids[1], "00g2");
    assert_int_equal(reads.property_count, 1);
    assert_string_equal(reads.properties[0], "status");
    assert_false(reads.group_names || reads.now);
    static const char *const any[] = {"isMemberOfGroup(user.city)", "isMemberOfGroupName('x')",
                                      "isMemberOfGroupNameRegex('x')"};
    for (size_t i = 0; i < ARRAY_LEN(any); i++) {
        expr_reads(arena, compiled(arena, any[i]), &reads);
        assert_true(reads.group_names);
        assert_int_equal(reads.group_id_count, 0);
    }
    expr_reads(arena, compiled(arena, "Time.now() == user.city"), &reads);
    assert_true(reads.now);
    (void)arena_free(arena);
}

static void test_rules_allow_less(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"user.city", "position 1: a group rule must give true or false; this gives a text"},
        {"Convert.toInt(user.costCenter) > 4", "position 1: Convert.toInt cannot be used in a group rule"},
        {"Time.now() > user.city", "position 1: Time.now cannot be used in a group rule"},
        {"appuser.city == 'a'",
         "position 1: there is no appuser in a group rule; attributes of people are written as user.city"},
    };
    struct arena *arena = arena_new();
    const struct expr *expr = NULL;
    struct expr_error error;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(expr_compile(arena, cases[i][0], &rule_scope, &expr, &error), ERR_SYNTAX);
        assert_string_equal(error.text, cases[i][1]);
        assert_int_equal(error.position, 1);
    }
    assert_int_equal(expr_compile(arena, "isMemberOfGroupName('a') AND user.city == 'b'", &rule_scope, &expr, &error),
                     0);
    (void)arena_free(arena);
}

/* `count` times `text`, between `before` and `after`. */
static const char *repeated(struct arena *arena, const char *before, const char *text, int count, const char *after)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    buf_str(&out, before);
    for (int i = 0; i < count; i++)
        buf_str(&out, text);
    buf_str(&out, after);
    const char *all = arena_strdup(arena, buf_text(&out));
    buf_free(&out);
    return all;
}

static void expect_refused(struct arena *arena, const char *source, const char *part)
{
    const struct expr *expr = NULL;
    struct expr_error error;
    assert_int_equal(expr_compile(arena, source, &scope, &expr, &error), ERR_SYNTAX);
    if (!strstr(error.text, part))
        fail_msg("refused with: %s", error.text);
}

static void test_sources_are_bounded(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    expect_refused(arena, repeated(arena, "\"", "a", EXPR_SOURCE_BYTES - 1, "\""), "longer than 8192 bytes");
    (void)compiled(arena, repeated(arena, "\"", "a", EXPR_SOURCE_BYTES - 2, "\""));
    expect_refused(arena, repeated(arena, "", "(", EXPR_DEPTH + 1, "1"), "nested deeper than 48");
    expect_refused(arena, repeated(arena, "", "!", EXPR_DEPTH + 1, "true"), "nested deeper than 48");
    expect_refused(arena, repeated(arena, "", "!(", EXPR_DEPTH, "true"), "nested deeper than 48");
    expect_refused(arena, repeated(arena, "1", "+1", EXPR_NODES / 2, ""), "more than 1024 parts");
    (void)compiled(arena, repeated(arena, "1", "+1", EXPR_NODES / 2 - 1, ""));
    expect_refused(arena, repeated(arena, "'a' matches '", "b", EXPR_PATTERN_BYTES + 1, "'"), "longer than 256 bytes");
    expect_refused(arena, repeated(arena, "'a' matches '", "(", EXPR_PATTERN_NESTING + 1, "'"), "pattern is wrong");
    expect_refused(arena, "'a' matches user.city", "must be written out");
    expect_refused(arena, "'\xff'", "not valid UTF-8");
    expect_refused(arena, "", "empty");
    expect_refused(arena, "99999999999999999999 > 1", "too large");
    (void)arena_free(arena);
}

static void test_evaluations_are_bounded(void **state)
{
    (void)state;
    static const char grow[] = "String.replace(String.replace(String.replace('aaaaaaaaaaaaaaaa', 'a', "
                               "'aaaaaaaaaaaaaaaa'), 'a', 'aaaaaaaaaaaaaaaa'), 'a', 'aaaaaaaaaaaaaaaaa')";
    struct arena *arena = arena_new();
    struct person person = {.arena = arena};
    struct expr_facts facts = facts_of(&person);
    struct expr_value value;
    struct expr_error error;
    assert_int_equal(expr_evaluate(compiled(arena, grow), arena, &facts, &value, &error), ERR_TOO_LARGE);
    assert_string_equal(error.text, "position 1: a text becomes longer than 65536 bytes");
    /* catastrophic backtracking ends */
    const char *slow = "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' matches '(a+)+'";
    assert_int_equal(expr_evaluate(compiled(arena, slow), arena, &facts, &value, &error), ERR_TOO_LARGE);
    assert_non_null(strstr(error.text, "takes too many steps"));
    /* each of many calls is small, all together are not */
    const char *long_text = repeated(arena, "String.len('", "b", 7000, "')");
    (void)compiled(arena, long_text);
    const char *many = repeated(arena,
                                "String.replace(String.replace('aaaaaaaaaaaaaaaa','a','aaaaaaaaaaaaaaaa'),'a',"
                                "'aaaaaaaaaaaaaaaa') == 'x'",
                                " OR String.replace(String.replace('aaaaaaaaaaaaaaaa','a','aaaaaaaaaaaaaaaa'),'a',"
                                "'aaaaaaaaaaaaaaaa') == 'x'",
                                70, "");
    size_t before = arena_used(arena);
    const struct expr *expr = compiled(arena, many);
    assert_int_equal(expr_evaluate(expr, arena, &facts, &value, &error), 0);
    assert_in_range(arena_used(arena) - before, 1, 2 * EXPR_WORK_BYTES);
    (void)arena_free(arena);
}

static void test_the_work_of_an_evaluation_is_counted(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct person person = {.arena = arena};
    struct expr_facts facts = facts_of(&person);
    struct expr_value value;
    struct expr_error error;
    const char *big = repeated(arena, "\"", "b", 60000, "\"");
    assert_int_equal(jval_parse(&person.profile, arena_printf(arena, "{\"city\":%s}", big), strlen(big) + 9, NULL), 0);
    const char *many = repeated(arena, "String.len(user.city) == 0", " OR String.len(user.city) == 0", 75, "");
    assert_int_equal(expr_evaluate(compiled(arena, many), arena, &facts, &value, &error), ERR_TOO_LARGE);
    assert_non_null(strstr(error.text, "takes too much work"));
    many = repeated(arena, "String.len(user.city) == 0", " OR String.len(user.city) == 0", 60, "");
    assert_int_equal(expr_evaluate(compiled(arena, many), arena, &facts, &value, &error), 0);
    (void)jval_free(person.profile);
    (void)arena_free(arena);
}

static void test_a_value_of_another_type_counts_as_null(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct person person = {.arena = arena};
    struct expr_facts facts = facts_of(&person);
    struct expr_error error;
    static const char json[] = "{\"city\":5,\"isContractor\":\"true\",\"languages\":\"en\"}";
    assert_int_equal(jval_parse(&person.profile, json, strlen(json), NULL), 0);
    static const char *const all_true[] = {"user.city == null", "!user.isContractor", "Arrays.isEmpty(user.languages)",
                                           "String.len(user.city) == 0"};
    for (size_t i = 0; i < ARRAY_LEN(all_true); i++)
        assert_int_equal(expr_is_true(compiled(arena, all_true[i]), arena, &facts, &error), 1);
    assert_int_equal(expr_is_true(compiled(arena, "user.title"), arena, &facts, &error), 0);
    (void)jval_free(person.profile);
    (void)arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_of_the_page),
        cmocka_unit_test(test_functions_of_the_page),
        cmocka_unit_test(test_printed_in_the_usual_form),
        cmocka_unit_test(test_what_is_read_is_known),
        cmocka_unit_test(test_rules_allow_less),
        cmocka_unit_test(test_sources_are_bounded),
        cmocka_unit_test(test_evaluations_are_bounded),
        cmocka_unit_test(test_the_work_of_an_evaluation_is_counted),
        cmocka_unit_test(test_a_value_of_another_type_counts_as_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
