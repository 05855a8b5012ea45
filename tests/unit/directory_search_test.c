/* SPDX-License-Identifier: Apache-2.0 */
/* q, filter and search: what they find, in which order, what is refused; pages while rows come and go. */
#include "directory_fixture.h"

#include "base/limits.h"

struct seen {
    struct buf names; /* "ada bob " */
    int count;
};

static int note_user(const struct user *user, void *data)
{
    struct seen *seen = data;
    buf_printf(&seen->names, "%s ", user->name);
    seen->count++;
    return 0;
}

static int note_group(const struct group *group, void *data)
{
    struct seen *seen = data;
    buf_printf(&seen->names, "%s ", group->name);
    seen->count++;
    return 0;
}

static void user_of(struct tx *tx, const char *first, const char *last, const char *more, bool activate)
{
    struct user user;
    struct problem problem;
    const char *profile =
        arena_printf(tx_arena(tx),
                     "{\"login\":\"%s.%s@example.com\",\"email\":\"%s@mail.example\",\"firstName\":\"%s\","
                     "\"lastName\":\"%s\"%s}",
                     first, last, last, first, last, more);
    if (fixture_user(tx, profile, "hash", activate, &user, &problem) < 0)
        fail_msg("%s", problem.causes[0]);
    if (strcmp(last, "Gone") == 0)
        assert_int_equal(user_transition(tx, &user, USER_DEACTIVATE, &problem), 0);
}

static void fill(struct tx *tx)
{
    struct problem problem;
    struct jval *schema CLEANUP(jval_freep) =
        fixture_json("{\"definitions\":{\"custom\":{\"properties\":{"
                     "\"shoe\":{\"title\":\"S\",\"type\":\"integer\"},"
                     "\"height\":{\"title\":\"H\",\"type\":\"number\"},"
                     "\"remote\":{\"title\":\"R\",\"type\":\"boolean\"},"
                     "\"tags\":{\"title\":\"T\",\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}}}");
    assert_int_equal(schema_update(tx, SCHEMA_USER, schema, &problem), 0);
    user_of(tx, "Ada", "Lovelace", ",\"department\":\"Engines\",\"shoe\":36,\"tags\":[\"Math\",\"poetry\"]", true);
    user_of(tx, "Bob", "Quoted", ",\"department\":\"engines %_!\",\"shoe\":44,\"height\":1.85,\"remote\":true", true);
    user_of(tx, "Cecilia", "\xc3\x85ngstr\xc3\xb6m", ",\"title\":\"\",\"remote\":false", false);
    user_of(tx, "Dan", "Gone", "", true);
}

/* The names that are found, or "!" and the first cause. */
static const char *find(struct tx *tx, struct list_request request)
{
    struct problem problem;
    struct seen seen = {.count = 0};
    const char *next = NULL;
    buf_init(&seen.names, 4096);
    request.limit = request.limit ? request.limit : 100;
    int r = user_list(tx, &request, note_user, &seen, &next, &problem);
    const char *found = r == ERR_PROBLEM ? arena_printf(tx_arena(tx), "!%s %s", published_name(problem.code),
                                                        problem.cause_count ? problem.causes[0] : "")
                                         : arena_strdup(tx_arena(tx), buf_text(&seen.names));
    buf_free(&seen.names);
    if (r < 0 && r != ERR_PROBLEM)
        fail_msg("%s: %s", err_text(r), tx_error(tx));
    return found;
}

#define ADA "Ada Lovelace "
#define BOB "Bob Quoted "
#define CECILIA "Cecilia \xc3\x85ngstr\xc3\xb6m "
#define DAN "Dan Gone "

static int search_users(struct tx *tx, void *arg)
{
    (void)arg;
    static const struct {
        const char *search;
        const char *found;
    } cases[] = {
        {"profile.lastName eq \"LOVELACE\"", ADA},
        {"profile.lastName eq \"\xc3\xa5NGSTR\xc3\x96M\"", CECILIA},
        {"profile.lastName sw \"lo\"", ADA},
        {"profile.lastName co \"ote\"", BOB},
        {"profile.login co \"@EXAMPLE\"", ADA BOB CECILIA DAN},
        {"profile.login co \"%\"", ""},
        {"profile.lastName sw \"\"", ADA BOB CECILIA DAN},
        {"status eq \"ACTIVE\"", ADA BOB},
        {"status eq \"DEPROVISIONED\"", DAN},
        {"status eq \"STAGED\" or status eq \"DEPROVISIONED\"", CECILIA DAN},
        {"profile.department eq \"ENGINES\"", ADA},
        {"profile.department sw \"engines\"", ADA BOB},
        {"profile.department sw \"engines %_!\"", BOB},
        {"profile.department pr", ADA BOB},
        {"profile.title pr", ""},
        {"profile.shoe gt 36", BOB},
        {"profile.shoe ge 36 and profile.shoe lt 44", ADA},
        {"profile.height eq 1.85", BOB},
        {"profile.remote eq true", BOB},
        {"profile.remote eq false", CECILIA},
        {"profile.tags eq \"math\"", ADA},
        {"profile.tags sw \"po\"", ADA},
        {"profile.tags pr", ADA},
        {"profile.firstName gt \"b\" and profile.firstName lt \"d\"", BOB CECILIA},
        {"created eq \"2026-03-25T06:09:44.000Z\"", ADA BOB CECILIA DAN},
        {"created lt \"2026-03-25T06:09:44.000Z\"", ""},
        {"activated pr", ADA BOB DAN},
        {"(profile.lastName eq \"Quoted\" OR profile.lastName eq \"Gone\") AND status EQ \"ACTIVE\"", BOB},
        {"profile.lastName eq \"' OR 1=1 --\"", ""},
        {"profile.lastName ne \"x\"", "!E0000031 search: The operator ne is not supported for profile.lastName; use eq,"
                                      " sw, co, gt, ge, lt, le or pr"},
        {"not (status eq \"ACTIVE\")", "!E0000031 search: not is not supported; say what should match instead"},
        {"profile.department co \"x\"",
         "!E0000031 search: The operator co is not supported for profile.department; use eq, sw, gt, ge, lt, le or pr"},
        {"profile.Department eq \"x\"", "!E0000031 search: The attribute profile.Department is not known (names are "
                                        "case-sensitive, those of the profile start with profile.)"},
        {"status eq \"active\"",
         "!E0000031 search: The value for status must be one of \"STAGED\", \"PROVISIONED\", \"ACTIVE\", \"RECOVERY\", "
         "\"PASSWORD_EXPIRED\", \"LOCKED_OUT\", \"SUSPENDED\", \"DEPROVISIONED\""},
        {"profile.remote eq \"true\"", "!E0000031 search: The value for profile.remote must be true or false"},
        {"created gt \"yesterday\"", "!E0000031 search: The value for created must be a date in double quotes like "
                                     "\"2026-03-25T06:09:44.000Z\""},
    };
    fill(tx);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *found = find(tx, (struct list_request){.search = cases[i].search});
        if (strcmp(found, cases[i].found) != 0)
            fail_msg("%s: found %s", cases[i].search, found);
    }
    assert_memory_equal(find(tx, (struct list_request){.search = "status eq"}), "!E0000031 search: At character", 30);
    return 0;
}

static void test_search(void **state)
{
    assert_int_equal(fixture_write(*state, search_users, NULL), 0);
}

static int filter_users(struct tx *tx, void *arg)
{
    (void)arg;
    static const struct {
        struct list_request request;
        const char *found;
    } cases[] = {
        {{.filter = NULL}, ADA BOB CECILIA},
        {{.filter = "status eq \"DEPROVISIONED\""}, DAN},
        {{.filter = "profile.email eq \"LOVELACE@mail.example\""}, ADA},
        {{.filter = "lastUpdated ge \"2026-03-25T06:09:44Z\" and status eq \"STAGED\""}, CECILIA},
        {{.filter = "profile.firstName sw \"A\""},
         "!E0000031 filter: The operator sw is not supported for profile.firstName; use eq, or use search"},
        {{.filter = "profile.department eq \"A\""},
         "!E0000031 filter: The attribute profile.department cannot be used in filter; use search"},
        {{.q = "a"}, ADA},
        {{.q = "BO"}, BOB},
        {{.q = "lovelace@"}, ADA},
        {{.q = "\xc3\xa5ng"}, CECILIA},
        {{.q = "gone"}, ""},
        {{.q = "a", .search = "status pr"}, "!E0000033 "},
        {{.sort_by = "profile.lastName"}, ADA BOB CECILIA},
        {{.sort_by = "profile.firstName", .descending = true}, CECILIA BOB ADA},
        {{.sort_by = "profile.shoe", .descending = true}, BOB ADA CECILIA},
        {{.sort_by = "profile.department"}, CECILIA ADA BOB},
        {{.sort_by = "profile.height"},
         "!E0000031 sortBy: profile.height is neither a string nor an integer; sort by one that is"},
        {{.sort_by = "lastName"},
         "!E0000031 sortBy: lastName is not known (names are case-sensitive, those of the "
         "profile start with profile.)"},
        {{.after = "x"},
         "!E0000001 after: Not a cursor of this list; take it from the Link header of the page before, "
         "with the same sortBy"},
    };
    fill(tx);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *found = find(tx, cases[i].request);
        if (strcmp(found, cases[i].found) != 0)
            fail_msg("case %zu: found %s", i, found);
    }
    return 0;
}

static void test_filter(void **state)
{
    assert_int_equal(fixture_write(*state, filter_users, NULL), 0);
}

static int search_groups(struct tx *tx, void *arg)
{
    (void)arg;
    static const struct {
        struct list_request request;
        const char *found;
    } cases[] = {
        {{.search = NULL}, "Sales Engineers %odd Sales "},
        {{.q = "SAL"}, "Sales Sales "},
        {{.search = "profile.name co \"GIN\""}, "Engineers "},
        {{.search = "profile.name co \"%\""}, "%odd "},
        {{.search = "profile.description co \"north\""}, "Sales "},
        {{.search = "type eq \"APP_GROUP\""}, "Sales "},
        {{.search = "type eq \"OKTA_GROUP\" and profile.name sw \"sal\""}, "Sales "},
        {{.search = "source.id eq \"0oa00000000000000001\""}, "Sales "},
        {{.filter = "type eq \"APP_GROUP\""}, "Sales "},
        {{.filter = "lastMembershipUpdated gt \"2020-01-01T00:00:00Z\""}, "Sales Engineers %odd Sales "},
        {{.filter = "profile.name eq \"Sales\""},
         "!E0000031 filter: The attribute profile.name cannot be used in filter; use search"},
        {{.sort_by = "profile.name", .descending = true}, "Sales Sales Engineers %odd "},
    };
    struct group group;
    struct problem problem;
    assert_int_equal(fixture_group(tx, "{\"name\":\"Sales\",\"description\":\"The North\"}", &group, &problem), 0);
    assert_int_equal(fixture_group(tx, "{\"name\":\"Engineers\"}", &group, &problem), 0);
    assert_int_equal(fixture_group(tx, "{\"name\":\"%odd\"}", &group, &problem), 0);
    assert_int_equal(group_app_create(tx, "0oa00000000000000001", "Sales", NULL, &group), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct seen seen = {.count = 0};
        struct list_request request = cases[i].request;
        const char *next = NULL;
        buf_init(&seen.names, 4096);
        request.limit = 100;
        int r = group_list(tx, &request, note_group, &seen, &next, &problem);
        if (r == ERR_PROBLEM)
            buf_printf(&seen.names, "!%s %s", published_name(problem.code), problem.causes[0]);
        if (strcmp(buf_text(&seen.names), cases[i].found) != 0)
            fail_msg("case %zu: found %s", i, buf_text(&seen.names));
        buf_free(&seen.names);
    }
    return 0;
}

static void test_groups(void **state)
{
    assert_int_equal(fixture_write(*state, search_groups, NULL), 0);
}

/* Between two pages people come and go; who was there all the time is seen exactly once. */
static int page_through(struct tx *tx, void *arg)
{
    struct list_request request = *(struct list_request *)arg;
    struct problem problem;
    struct seen seen = {.count = 0};
    struct user users[30];
    int pages = 0;
    buf_init(&seen.names, 64 * 1024);
    for (int i = 0; i < 30; i++)
        users[i] = fixture_person(tx, arena_printf(tx_arena(tx), "kept%02d", (i * 7) % 30), true);
    const char *next = NULL;
    do {
        assert_int_equal(user_list(tx, &request, note_user, &seen, &next, &problem), 0);
        request.after = next;
        pages++;
        (void)fixture_person(tx, arena_printf(tx_arena(tx), "aaa%02d", pages), true);
        (void)fixture_person(tx, arena_printf(tx_arena(tx), "zzz%02d", pages), true);
    } while (next && pages < 40);
    for (int i = 0; i < 30; i++) {
        const char *name = arena_printf(tx_arena(tx), "%s ", users[i].name);
        const char *at = strstr(buf_text(&seen.names), name);
        assert_non_null(at);
        assert_null(strstr(at + 1, name));
    }
    buf_free(&seen.names);
    return pages;
}

static void test_pages(void **state)
{
    struct list_request by_age = {.limit = 7, .search = "profile.firstName sw \"kept\""};
    assert_int_equal(fixture_write(*state, page_through, &by_age), 5);
}

static void test_sorted_pages(void **state)
{
    struct list_request by_name = {.limit = 7, .sort_by = "profile.firstName", .descending = true};
    assert_true(fixture_write(*state, page_through, &by_name) >= 5);
}

static void test_pages_with_equal_keys(void **state)
{
    struct list_request by_last = {.limit = 7, .sort_by = "profile.lastName"};
    assert_true(fixture_write(*state, page_through, &by_last) >= 5);
}

static int no_empty_page(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    struct seen seen = {.count = 0};
    buf_init(&seen.names, 4096);
    for (int i = 0; i < 4; i++)
        (void)fixture_person(tx, arena_printf(tx_arena(tx), "user%d", i), true);
    struct list_request request = {.limit = 4};
    const char *next = "unset";
    assert_int_equal(user_list(tx, &request, note_user, &seen, &next, &problem), 0);
    assert_int_equal(seen.count, 4);
    assert_null(next); /* exactly full: nothing follows, so no next */
    request.limit = 3;
    assert_int_equal(user_list(tx, &request, note_user, &seen, &next, &problem), 0);
    assert_non_null(next);
    buf_free(&seen.names);
    return 0;
}

static void test_no_empty_page(void **state)
{
    assert_int_equal(fixture_write(*state, no_empty_page, NULL), 0);
}

/* As many comparisons as a filter may have, and brackets as deep, on either side. */
static int large(struct tx *tx, void *arg)
{
    (void)arg;
    static const char *const joints[] = {" or ", " and "};
    struct buf text;
    buf_init(&text, LIMIT_SEARCH_BYTES);
    for (int i = 0; i < LIMIT_FILTER_TERMS; i++)
        buf_printf(&text, "%sprofile.login sw \"user%d\"", i ? joints[i % 3 == 0] : "", i);
    fill(tx);
    assert_string_equal(find(tx, (struct list_request){.search = buf_text(&text)}), "");
    buf_clear(&text);
    for (int i = 0; i < LIMIT_FILTER_DEPTH; i++)
        buf_printf(&text, "profile.login sw \"a\"%s(", joints[i % 2]);
    buf_str(&text, "profile.login sw \"b\"");
    for (int i = 0; i < LIMIT_FILTER_DEPTH; i++)
        buf_str(&text, ")");
    assert_string_equal(find(tx, (struct list_request){.search = buf_text(&text)}), ADA);
    buf_clear(&text);
    for (int i = 0; i < LIMIT_FILTER_DEPTH; i++)
        buf_str(&text, "(");
    buf_str(&text, "profile.login sw \"b\"");
    for (int i = 0; i < LIMIT_FILTER_DEPTH; i++)
        buf_printf(&text, "%sprofile.login sw \"a\")", joints[i % 2]);
    assert_string_equal(find(tx, (struct list_request){.search = buf_text(&text)}), ADA);
    buf_free(&text);
    return 0;
}

static void test_large(void **state)
{
    assert_int_equal(fixture_write(*state, large, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_search, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_filter, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_groups, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_pages, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_sorted_pages, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_pages_with_equal_keys, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_no_empty_page, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_large, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
