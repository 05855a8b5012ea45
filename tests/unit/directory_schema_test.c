/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas: what is published, adding, checking and removing custom attributes. */
#include "directory_fixture.h"

#define CUSTOM(attributes) "{\"definitions\":{\"custom\":{\"properties\":{" attributes "}}}}"
#define BASE(attributes) "{\"definitions\":{\"base\":{\"properties\":{" attributes "}}}}"

static int change(struct tx *tx, enum schema_kind kind, const char *body, struct problem *problem)
{
    struct jval *json CLEANUP(jval_freep) = fixture_json(body);
    return schema_update(tx, kind, json, problem);
}

static struct jval *shown(struct tx *tx, enum schema_kind kind)
{
    struct buf text;
    struct jout out;
    buf_init(&text, 1024 * 1024);
    jout_init(&out, &text);
    assert_int_equal(schema_write(tx, kind, "http://localhost/self", &out), 0);
    struct jval *json = fixture_json(buf_text(&text));
    buf_free(&text);
    return json;
}

static int publish(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    struct jval *before CLEANUP(jval_freep) = shown(tx, SCHEMA_USER);
    assert_int_equal(jval_len(jval_path(before, "definitions.base.properties")), 31);
    assert_int_equal(jval_len(jval_path(before, "definitions.base.required")), 4);
    assert_int_equal(jval_int(jval_path(before, "definitions.base.properties.login.minLength"), 0), 5);
    assert_int_equal(jval_len(jval_path(before, "definitions.custom.properties")), 0);
    assert_string_equal(jval_get_str(before, "name"), "user");
    /* what was read can be sent back as it is */
    char *text = jval_text(tx_arena(tx), before, false);
    assert_int_equal(change(tx, SCHEMA_USER, text, &problem), 0);
    assert_int_equal(
        change(tx, SCHEMA_USER,
               CUSTOM("\"shoe\":{\"title\":\"Shoe\",\"type\":\"integer\"},"
                      "\"color\":{\"title\":\"C\",\"type\":\"string\",\"enum\":[\"red\",\"blue\"],\"required\":null},"
                      "\"tags\":{\"title\":\"T\",\"type\":\"array\",\"items\":{\"type\":\"string\"}}"),
               &problem),
        0);
    struct jval *after CLEANUP(jval_freep) = shown(tx, SCHEMA_USER);
    const struct jval *custom = jval_path(after, "definitions.custom.properties");
    assert_int_equal(jval_len(custom), 3);
    assert_string_equal(jval_get_str(jval_get(custom, "shoe"), "mutability"), "READ_WRITE");
    assert_string_equal(jval_get_str(after, "lastUpdated"), "2026-03-25T06:09:44.000Z");
    text = jval_text(tx_arena(tx), after, false);
    assert_int_equal(change(tx, SCHEMA_USER, text, &problem), 0);
    struct jval *groups CLEANUP(jval_freep) = shown(tx, SCHEMA_GROUP);
    assert_int_equal(jval_len(jval_path(groups, "definitions.base.properties")), 2);
    return 0;
}

static void test_publish(void **state)
{
    assert_int_equal(fixture_write(*state, publish, NULL), 0);
}

static int refused(struct tx *tx, void *arg)
{
    (void)arg;
    static const struct {
        const char *body;
        const char *cause; /* how it begins */
    } cases[] = {
        {CUSTOM("\"1a\":{\"title\":\"A\",\"type\":\"string\"}"), "definitions.custom.properties.1a: The name must"},
        {CUSTOM("\"a-b\":{\"title\":\"A\",\"type\":\"string\"}"), "definitions.custom.properties.a-b: The name must"},
        {CUSTOM("\"LOGIN\":{\"title\":\"A\",\"type\":\"string\"}"), "definitions.custom.properties.LOGIN: A base"},
        {CUSTOM("\"KEPT\":{\"title\":\"A\",\"type\":\"string\"}"), "definitions.custom.properties.KEPT: Another"},
        {CUSTOM("\"a\":{\"type\":\"string\"}"), "definitions.custom.properties.a.title"},
        {CUSTOM("\"a\":{\"title\":\"A\",\"type\":\"text\"}"), "definitions.custom.properties.a.type"},
        {CUSTOM("\"a\":{\"title\":\"A\",\"type\":\"array\"}"), "definitions.custom.properties.a.items.type"},
        {CUSTOM("\"a\":{\"title\":\"A\",\"type\":\"string\",\"unique\":true}"),
         "definitions.custom.properties.a.unique"},
        {CUSTOM("\"a\":{\"title\":\"A\",\"type\":\"string\",\"unique\":\"UNIQUE_VALIDATED\"}"),
         "definitions.custom.properties.a.unique"},
        {CUSTOM("\"a\":{\"title\":\"A\",\"type\":\"string\",\"minLength\":5,\"maxLength\":4}"),
         "definitions.custom.properties.a.minLength"},
        {CUSTOM("\"a\":{\"title\":\"A\",\"type\":\"integer\",\"maxLength\":4}"),
         "definitions.custom.properties.a.maxLength"},
        {CUSTOM("\"a\":{\"title\":\"A\",\"type\":\"integer\",\"enum\":[\"x\"]}"),
         "definitions.custom.properties.a.enum"},
        {CUSTOM("\"a\":{\"title\":\"A\",\"type\":\"string\",\"enum\":[]}"), "definitions.custom.properties.a.enum"},
        {CUSTOM("\"a\":null"), "definitions.custom.properties.a: There is no"},
        {CUSTOM("\"kept\":{\"title\":\"A\",\"type\":\"integer\"}"), "definitions.custom.properties.kept.type"},
        {BASE("\"login\":{\"required\":false}"), "definitions.base.properties.login.required"},
        {BASE("\"title\":{\"maxLength\":7}"), "definitions.base.properties.title.maxLength"},
        {BASE("\"shoe\":{\"title\":\"A\"}"), "definitions.base.properties.shoe: There is no"},
        {BASE("\"title\":null"), "definitions.base.properties.title: A base attribute cannot"},
    };
    struct problem problem;
    assert_int_equal(change(tx, SCHEMA_USER, CUSTOM("\"kept\":{\"title\":\"A\",\"type\":\"string\"}"), &problem), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(change(tx, SCHEMA_USER, cases[i].body, &problem), ERR_PROBLEM);
        assert_int_equal(problem.code, E0000001);
        if (strncmp(problem.causes[0], cases[i].cause, strlen(cases[i].cause)) != 0)
            fail_msg("%s: %s", cases[i].body, problem.causes[0]);
    }
    return 0;
}

static void test_refused(void **state)
{
    assert_int_equal(fixture_write(*state, refused, NULL), 0);
}

static int values(struct tx *tx, void *arg)
{
    (void)arg;
    static const struct {
        const char *attribute;
        const char *cause; /* NULL: accepted */
    } cases[] = {
        {"\"shoe\":42", NULL},
        {"\"shoe\":42.5", "shoe: The value must be of type integer"},
        {"\"shoe\":\"42\"", "shoe: The value must be of type integer"},
        {"\"height\":1.8", NULL},
        {"\"remote\":true", NULL},
        {"\"remote\":\"true\"", "remote: The value must be of type boolean"},
        {"\"color\":\"red\"", NULL},
        {"\"color\":\"green\"", "color: \"green\" is not one of the values that the schema lists, such as \"red\""},
        {"\"tags\":[\"a\",\"b\"]", NULL},
        {"\"tags\":[\"a\",7]", "tags: Element 1 must be of type string"},
        {"\"tags\":\"a\"", "tags: The value must be of type array"},
        {"\"code\":\"ab\"", "code: The field is too short (3 to 4 characters)"},
        {"\"code\":\"abcde\"", "code: The field is too long (at most 4 characters)"},
        {"\"code\":\"\xc3\xa5\xc3\xa4\xc3\xb6\"", NULL},
        {"\"level\":2", NULL},
        {"\"level\":3", "level: 3 is not one of the values that the schema lists, such as 1"},
    };
    struct problem problem;
    if (change(tx, SCHEMA_USER,
               CUSTOM("\"shoe\":{\"title\":\"S\",\"type\":\"integer\"},"
                      "\"height\":{\"title\":\"H\",\"type\":\"number\"},"
                      "\"remote\":{\"title\":\"R\",\"type\":\"boolean\"},"
                      "\"color\":{\"title\":\"C\",\"type\":\"string\",\"oneOf\":[{\"const\":\"red\",\"title\":\"Red\"},"
                      "{\"const\":\"blue\",\"title\":\"Blue\"}]},"
                      "\"tags\":{\"title\":\"T\",\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                      "\"level\":{\"title\":\"L\",\"type\":\"integer\",\"enum\":[1,2]},"
                      "\"code\":{\"title\":\"C\",\"type\":\"string\",\"minLength\":3,\"maxLength\":4}"),
               &problem) < 0)
        fail_msg("%s", problem.causes[0]);
    struct user user = fixture_person(tx, "ada", true);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct jval *part CLEANUP(jval_freep) = fixture_json(arena_printf(tx_arena(tx), "{%s}", cases[i].attribute));
        int r = user_update(tx, &user, part, false, &problem);
        assert_int_equal(r, cases[i].cause ? ERR_PROBLEM : 0);
        if (cases[i].cause)
            assert_string_equal(problem.causes[0], cases[i].cause);
    }
    return 0;
}

static void test_values(void **state)
{
    assert_int_equal(fixture_write(*state, values, NULL), 0);
}

static int required(struct tx *tx, void *arg)
{
    (void)arg;
    struct user user;
    struct problem problem;
    assert_int_equal(change(tx, SCHEMA_USER, BASE("\"lastName\":{\"required\":false}"), &problem), 0);
    assert_int_equal(fixture_user(tx,
                                  "{\"login\":\"a@example.com\",\"email\":\"a@example.com\",\"firstName\":\"Solo\"}",
                                  NULL, true, &user, &problem),
                     0);
    assert_string_equal(user.name, "Solo");
    struct jval *json CLEANUP(jval_freep) = shown(tx, SCHEMA_USER);
    assert_int_equal(jval_len(jval_path(json, "definitions.base.required")), 3);
    assert_int_equal(
        change(tx, SCHEMA_GROUP, CUSTOM("\"owner\":{\"title\":\"O\",\"type\":\"string\",\"required\":true}"), &problem),
        0);
    struct group group;
    assert_int_equal(fixture_group(tx, "{\"name\":\"g\"}", &group, &problem), ERR_PROBLEM);
    assert_string_equal(problem.causes[0], "owner: The field cannot be left blank");
    assert_int_equal(fixture_group(tx, "{\"name\":\"g\",\"owner\":\"me\"}", &group, &problem), 0);
    return 0;
}

static void test_required(void **state)
{
    assert_int_equal(fixture_write(*state, required, NULL), 0);
}

static int remove_attribute(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    assert_int_equal(change(tx, SCHEMA_USER, CUSTOM("\"shoe\":{\"title\":\"S\",\"type\":\"integer\"}"), &problem), 0);
    struct user with = fixture_person(tx, "with", true);
    (void)fixture_person(tx, "without", true);
    struct jval *part CLEANUP(jval_freep) = fixture_json("{\"shoe\":42}");
    assert_int_equal(user_update(tx, &with, part, false, &problem), 0);
    assert_int_equal(change(tx, SCHEMA_USER, CUSTOM("\"shoe\":null"), &problem), 0);
    assert_int_equal(user_by_rid(tx, with.rid, &with), 0);
    assert_null(strstr(with.profile, "shoe"));
    assert_int_equal(with.version, 3);
    assert_int_equal(user_update(tx, &with, part, false, &problem), ERR_PROBLEM);
    return 0;
}

static void test_remove(void **state)
{
    assert_int_equal(fixture_write(*state, remove_attribute, NULL), 0);
    assert_int_equal(fixture_changes(CHANGE_USER_PROFILE), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_publish, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_values, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_required, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_remove, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
