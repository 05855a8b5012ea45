/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a target, byte for byte, and which answer of a search is taken. */
#include "base/jval.h"
#include "target/request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CORE "urn:ietf:params:scim:schemas:core:2.0:User"
#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define PATCH(operations)                                                                                              \
    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[" operations "]}"

static int arena_setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int arena_teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static struct jval *parse(const char *text)
{
    struct jval *value = NULL;
    assert_int_equal(jval_parse(&value, text, strlen(text), NULL), 0);
    return value;
}

static void expect(struct target_request request, enum request_kind kind, enum answer_shape shape, const char *method,
                   const char *path, const char *body)
{
    assert_int_equal(request.kind, kind);
    assert_int_equal(request.shape, shape);
    assert_string_equal(request.method, method);
    assert_string_equal(request.path, path);
    if (body)
        assert_string_equal(request.body, body);
    else
        assert_null(request.body);
}

static void expect_update(struct arena *arena, const char *sent, const char *profile, int active,
                          const char *operations)
{
    struct jval *before CLEANUP(jval_freep) = sent ? parse(sent) : NULL;
    struct jval *after CLEANUP(jval_freep) = parse(profile);
    struct target_request request = {.path = "untouched"};
    bool any = target_update_user(arena, "a1", before, after, active, &request);
    assert_int_equal(any, operations != NULL);
    if (!operations) {
        assert_string_equal(request.path, "untouched");
        return;
    }
    const char *body = arena_printf(arena, PATCH("%s"), operations);
    expect(request, REQUEST_UPDATE_USER, ANSWER_RESOURCE, "PATCH", "/Users/a1", body);
}

/* --- users -------------------------------------------------------------------------------------------------------- */

static void users_are_found_by_an_escaped_name(void **state)
{
    expect(target_find_user(*state, "ann@x.org"), REQUEST_FIND_USER, ANSWER_LIST, "GET",
           "/Users?filter=userName%20eq%20%22ann%40x.org%22&count=100", NULL);
    expect(target_find_user(*state, "a\"b\\c+&#é"), REQUEST_FIND_USER, ANSWER_LIST, "GET",
           "/Users?filter=userName%20eq%20%22a%5C%22b%5C%5Cc%2B%26%23%C3%A9%22&count=100", NULL);
}

static void smallest_user_has_no_extension(void **state)
{
    struct jval *profile CLEANUP(jval_freep) = parse("{\"userName\":\"ann@x.org\"}");
    expect(target_create_user(*state, "00u1", profile), REQUEST_CREATE_USER, ANSWER_RESOURCE, "POST", "/Users",
           "{\"schemas\":[\"" CORE "\"],\"externalId\":\"00u1\",\"userName\":\"ann@x.org\",\"active\":true}");
}

static const char full_profile[] =
    "{\"userName\":\"ann@x.org\",\"firstName\":\"Ann\",\"lastName\":\"Lee\",\"middleName\":\"M\","
    "\"honorificPrefix\":\"Dr\",\"honorificSuffix\":\"III\",\"email\":\"ann@x.org\",\"secondEmail\":\"a@h.org\","
    "\"displayName\":\"Ann Lee\",\"nickName\":\"A\",\"profileUrl\":\"https://x.org/a\",\"title\":\"CTO\","
    "\"userType\":\"staff\",\"preferredLanguage\":\"en\",\"locale\":\"en_US\",\"timezone\":\"Europe/Berlin\","
    "\"primaryPhone\":\"+1\",\"mobilePhone\":\"+2\",\"streetAddress\":\"s\",\"city\":\"c\",\"state\":\"st\","
    "\"zipCode\":\"z\",\"countryCode\":\"DE\",\"postalAddress\":\"pa\",\"organization\":\"o\",\"department\":\"d\","
    "\"division\":\"di\",\"costCenter\":\"cc\",\"employeeNumber\":\"7\",\"manager\":\"Bob\",\"managerId\":\"00u2\"}";

static void full_user_has_every_attribute(void **state)
{
    struct jval *profile CLEANUP(jval_freep) = parse(full_profile);
    expect(target_create_user(*state, "00u1", profile), REQUEST_CREATE_USER, ANSWER_RESOURCE, "POST", "/Users",
           "{\"schemas\":[\"" CORE "\",\"" ENTERPRISE "\"],\"externalId\":\"00u1\",\"userName\":\"ann@x.org\","
           "\"name\":{\"familyName\":\"Lee\",\"givenName\":\"Ann\",\"middleName\":\"M\",\"honorificPrefix\":\"Dr\","
           "\"honorificSuffix\":\"III\"},\"displayName\":\"Ann Lee\",\"nickName\":\"A\","
           "\"profileUrl\":\"https://x.org/a\",\"title\":\"CTO\",\"userType\":\"staff\",\"preferredLanguage\":\"en\","
           "\"locale\":\"en_US\",\"timezone\":\"Europe/Berlin\",\"emails\":[{\"type\":\"work\",\"primary\":true,"
           "\"value\":\"ann@x.org\"},{\"type\":\"other\",\"value\":\"a@h.org\"}],\"phoneNumbers\":[{\"type\":\"work\","
           "\"primary\":true,\"value\":\"+1\"},{\"type\":\"mobile\",\"value\":\"+2\"}],\"addresses\":[{\"type\":"
           "\"work\",\"formatted\":\"pa\",\"streetAddress\":\"s\",\"locality\":\"c\",\"region\":\"st\",\"postalCode\":"
           "\"z\",\"country\":\"DE\"}],\"active\":true,\"" ENTERPRISE "\":{\"employeeNumber\":\"7\",\"costCenter\":"
           "\"cc\",\"organization\":\"o\",\"division\":\"di\",\"department\":\"d\",\"manager\":{\"value\":\"00u2\","
           "\"displayName\":\"Bob\"}}}");
}

static void what_no_target_knows_is_not_sent(void **state)
{
    struct jval *profile CLEANUP(jval_freep) =
        parse("{\"userName\":\"a\",\"password\":\"p\",\"groups\":\"g\",\"shoeSize\":\"44\",\"title\":\"\","
              "\"nickName\":null,\"city\":7}");
    expect(target_create_user(*state, "u", profile), REQUEST_CREATE_USER, ANSWER_RESOURCE, "POST", "/Users",
           "{\"schemas\":[\"" CORE "\"],\"externalId\":\"u\",\"userName\":\"a\",\"active\":true}");
}

#define BADGE "urn:example:2.0:User"

/* What administrators added: by SCIM paths, in any order. */
static const char added_profile[] =
    "{\"userName\":\"ann@x.org\",\"email\":\"ann@x.org\",\"lastName\":\"Lee\",\"department\":\"d\",\"" BADGE
    ":roles\":[\"a\",\"b\"],\"" BADGE ":level\":7,\"" CORE ":emails[type eq \\\"home\\\"].value\":[\"h1@x.org\","
    "\"h2@x.org\"],\"" CORE ":phoneNumbers[type eq \\\"fax\\\"].value\":\"+9\",\"" CORE
    ":name.formatted\":\"A. Lee\",\"" CORE ":entitlements.value\":[\"e1\"],\"" ENTERPRISE
    ":grade\":\"G\",\"$given\":[\"level\"]}";

static void added_attributes_stand_where_they_belong(void **state)
{
    struct jval *profile CLEANUP(jval_freep) = parse(added_profile);
    expect(target_create_user(*state, "00u1", profile), REQUEST_CREATE_USER, ANSWER_RESOURCE, "POST", "/Users",
           "{\"schemas\":[\"" CORE "\",\"" ENTERPRISE "\",\"" BADGE "\"],\"externalId\":\"00u1\",\"userName\":"
           "\"ann@x.org\",\"name\":{\"familyName\":\"Lee\",\"formatted\":\"A. Lee\"},\"emails\":[{\"type\":\"work\","
           "\"primary\":true,\"value\":\"ann@x.org\"},{\"type\":\"home\",\"value\":\"h1@x.org\"},{\"type\":\"home\","
           "\"value\":\"h2@x.org\"}],\"entitlements\":[{\"value\":\"e1\"}],\"phoneNumbers\":[{\"type\":\"fax\","
           "\"value\":\"+9\"}],\"active\":true,\"" ENTERPRISE "\":{\"department\":\"d\",\"grade\":\"G\"},\"" BADGE
           "\":{\"level\":7,\"roles\":[\"a\",\"b\"]}}");
}

static void added_attributes_are_changed_and_removed(void **state)
{
    expect_update(*state, added_profile, added_profile, -1, NULL);
    expect_update(*state, "{\"" BADGE ":level\":7,\"" BADGE ":roles\":[\"a\"],\"" CORE ":nick.x\":\"1\"}",
                  "{\"" BADGE ":roles\":[\"a\",\"b\"],\"" CORE ":nick.x\":\"2\"}", -1,
                  "{\"op\":\"remove\",\"path\":\"" BADGE ":level\"},"
                  "{\"op\":\"replace\",\"path\":\"" BADGE ":roles\",\"value\":[\"a\",\"b\"]},"
                  "{\"op\":\"replace\",\"path\":\"nick\",\"value\":{\"x\":\"2\"}}");
    struct jval *there CLEANUP(jval_freep) =
        parse("{\"schemas\":[\"" CORE "\"],\"id\":\"1\",\"URN:EXAMPLE:2.0:USER\":{\"Level\":7,\"theirs\":true}}");
    struct jval *sent CLEANUP(jval_freep) = parse("{\"" BADGE ":level\":7}");
    struct jval *wanted CLEANUP(jval_freep) = parse("{\"" BADGE ":roles\":[\"a\"]}");
    const struct target_request put = published_put_user(*state, "1", there, sent, wanted, -1);
    assert_string_equal(put.body, "{\"schemas\":[\"" CORE "\",\"" BADGE "\"],\"id\":\"1\",\"URN:EXAMPLE:2.0:USER\":"
                                  "{\"theirs\":true,\"roles\":[\"a\"]}}");
}

static void ids_are_encoded_in_paths(void **state)
{
    expect(target_read_user(*state, "ann lee@x/ü"), REQUEST_READ_USER, ANSWER_RESOURCE, "GET",
           "/Users/ann%20lee%40x%2F%C3%BC", NULL);
}

static void update_sends_what_differs(void **state)
{
    expect_update(*state, full_profile, full_profile, -1, NULL);
    expect_update(*state, "{}", "{}", -1, NULL);
    expect_update(*state, full_profile, full_profile, 0, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
    expect_update(*state, full_profile, full_profile, 1, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
    expect_update(*state, "{\"userName\":\"a\",\"lastName\":\"L\",\"firstName\":\"F\"}",
                  "{\"userName\":\"b\",\"lastName\":\"L\",\"firstName\":\"G\",\"department\":\"d\"}", -1,
                  "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"b\"},"
                  "{\"op\":\"replace\",\"path\":\"name\",\"value\":{\"familyName\":\"L\",\"givenName\":\"G\"}},"
                  "{\"op\":\"replace\",\"path\":\"" ENTERPRISE ":department\",\"value\":\"d\"}");
}

static void update_removes_what_is_gone(void **state)
{
    expect_update(*state, "{\"userName\":\"a\",\"title\":\"t\",\"email\":\"e\",\"costCenter\":\"c\",\"city\":\"y\"}",
                  "{\"userName\":\"a\",\"email\":\"f\"}", 0,
                  "{\"op\":\"remove\",\"path\":\"title\"},{\"op\":\"remove\",\"path\":\"addresses\"},"
                  "{\"op\":\"remove\",\"path\":\"" ENTERPRISE ":costCenter\"},"
                  "{\"op\":\"replace\",\"path\":\"emails\",\"value\":[{\"type\":\"work\",\"primary\":true,"
                  "\"value\":\"f\"}]},{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
    /* A part of a complex attribute: a replaced value would leave it. */
    expect_update(*state, "{\"lastName\":\"L\",\"middleName\":\"M\",\"manager\":\"B\",\"managerId\":\"1\"}",
                  "{\"lastName\":\"L\",\"managerId\":\"1\"}", -1,
                  "{\"op\":\"remove\",\"path\":\"name.middleName\"},"
                  "{\"op\":\"replace\",\"path\":\"name\",\"value\":{\"familyName\":\"L\"}},"
                  "{\"op\":\"remove\",\"path\":\"" ENTERPRISE ":manager.displayName\"},"
                  "{\"op\":\"replace\",\"path\":\"" ENTERPRISE ":manager\",\"value\":{\"value\":\"1\"}}");
    expect_update(*state, "{\"userName\":\"a\"}", "{}", -1, NULL); /* never the user name */
}

static void unknown_state_replaces_all_and_removes_nothing(void **state)
{
    expect_update(*state, NULL, "{\"userName\":\"a\",\"title\":\"t\"}", -1,
                  "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"a\"},"
                  "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"t\"}");
}

/* --- groups ------------------------------------------------------------------------------------------------------- */

static void groups_are_asked_for_without_members(void **state)
{
    expect(target_find_group(*state, "A & \"B\""), REQUEST_FIND_GROUP, ANSWER_LIST, "GET",
           "/Groups?excludedAttributes=members&filter=displayName%20eq%20%22A%20%26%20%5C%22B%5C%22%22&count=100",
           NULL);
    expect(target_read_group(*state, "g 1", false), REQUEST_READ_GROUP, ANSWER_RESOURCE, "GET",
           "/Groups/g%201?excludedAttributes=members", NULL);
    expect(target_read_group(*state, "g 1", true), REQUEST_READ_GROUP, ANSWER_MEMBERS, "GET", "/Groups/g%201", NULL);
}

static void groups_are_created_renamed_and_deleted(void **state)
{
    expect(target_create_group(*state, "SRE \"x\""), REQUEST_CREATE_GROUP, ANSWER_RESOURCE, "POST", "/Groups",
           "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"SRE \\\"x\\\"\"}");
    expect(target_rename_group(*state, "g1", "New"), REQUEST_RENAME_GROUP, ANSWER_RESOURCE, "PATCH", "/Groups/g1",
           PATCH("{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"New\"}"));
    expect(target_delete_group(*state, "g1"), REQUEST_DELETE_GROUP, ANSWER_RESOURCE, "DELETE", "/Groups/g1", NULL);
}

static void removals_come_first_one_by_one_then_one_add(void **state)
{
    const char *const remove[] = {"u1", "u\"2\\"};
    const char *const add[] = {"u3", "u4"};
    expect(target_change_members(*state, "g1", remove, 2, add, 2), REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH",
           "/Groups/g1",
           PATCH("{\"op\":\"remove\",\"path\":\"members[value eq \\\"u1\\\"]\"},"
                 "{\"op\":\"remove\",\"path\":\"members[value eq \\\"u\\\\\\\"2\\\\\\\\\\\"]\"},"
                 "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"u3\"},{\"value\":\"u4\"}]}"));
    expect(target_change_members(*state, "g1", remove, 1, NULL, 0), REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH",
           "/Groups/g1", PATCH("{\"op\":\"remove\",\"path\":\"members[value eq \\\"u1\\\"]\"}"));
    expect(target_change_members(*state, "g1", NULL, 0, add, 1), REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH",
           "/Groups/g1", PATCH("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"u3\"}]}"));
}

/* --- the published client's dialects -------------------------------------------------------------------------------
 */

static void published_lookups_page_by_index(void **state)
{
    expect(published_find_user(*state, "ann@x.org"), REQUEST_FIND_USER, ANSWER_LIST, "GET",
           "/Users?filter=userName%20eq%20%22ann%40x.org%22&startIndex=1&count=100", NULL);
    expect(published_find_group(*state, "A B"), REQUEST_FIND_GROUP, ANSWER_LIST, "GET",
           "/Groups?filter=displayName%20eq%20%22A%20B%22&startIndex=1&count=100", NULL);
    expect(published_read_user(*state, "u1"), REQUEST_READ_USER, ANSWER_WHOLE, "GET", "/Users/u1", NULL);
    expect(published_read_group(*state, "g1", true), REQUEST_READ_GROUP, ANSWER_MEMBERS, "GET", "/Groups/g1", NULL);
    expect(published_read_group(*state, "g1", false), REQUEST_READ_GROUP, ANSWER_RESOURCE, "GET", "/Groups/g1", NULL);
}

static void published_user_is_created_in_the_published_order(void **state)
{
    struct jval *profile CLEANUP(jval_freep) =
        parse("{\"userName\":\"t@x.org\",\"firstName\":\"Test\",\"lastName\":\"User\",\"email\":\"t@x.org\","
              "\"displayName\":\"Test User\",\"locale\":\"en-US\"}");
    expect(published_create_user(*state, "00u1", profile, "1mz050nq"), REQUEST_CREATE_USER, ANSWER_RESOURCE, "POST",
           "/Users",
           "{\"schemas\":[\"" CORE "\"],\"userName\":\"t@x.org\",\"name\":{\"givenName\":\"Test\",\"familyName\":"
           "\"User\"},\"emails\":[{\"primary\":true,\"value\":\"t@x.org\",\"type\":\"work\"}],\"displayName\":"
           "\"Test User\",\"locale\":\"en-US\",\"externalId\":\"00u1\",\"groups\":[],\"password\":\"1mz050nq\","
           "\"active\":true}");
    struct jval *more CLEANUP(jval_freep) =
        parse("{\"userName\":\"t\",\"middleName\":\"M\",\"lastName\":\"L\",\"title\":\"T\",\"department\":\"D\"}");
    expect(published_create_user(*state, "00u1", more, "p"), REQUEST_CREATE_USER, ANSWER_RESOURCE, "POST", "/Users",
           "{\"schemas\":[\"" CORE "\",\"" ENTERPRISE "\"],\"userName\":\"t\",\"name\":{\"familyName\":\"L\","
           "\"middleName\":\"M\"},\"title\":\"T\",\"externalId\":\"00u1\",\"groups\":[],\"password\":\"p\","
           "\"active\":true,\"" ENTERPRISE "\":{\"department\":\"D\"}}");
}

static void expect_put(struct arena *arena, const char *resource, const char *sent, const char *profile, int active,
                       const char *body)
{
    struct jval *read CLEANUP(jval_freep) = parse(resource);
    struct jval *before CLEANUP(jval_freep) = sent ? parse(sent) : NULL;
    struct jval *after CLEANUP(jval_freep) = profile ? parse(profile) : NULL;
    expect(published_put_user(arena, "u1", read, before, after, active), REQUEST_UPDATE_USER, ANSWER_RESOURCE, "PUT",
           "/Users/u1", body);
    assert_string_equal(jval_text(arena, read, false), resource); /* what was read is left as it was */
}

static void published_put_keeps_what_it_does_not_map(void **state)
{
    expect_put(*state,
               "{\"schemas\":[\"" CORE "\"],\"id\":\"u1\",\"userName\":\"a\",\"Title\":\"t\",\"shoe\":44,\"name\":"
               "{\"formatted\":\"F\",\"givenName\":\"G\",\"middleName\":\"M\"},\"nickName\":\"n\",\"active\":true,"
               "\"groups\":[{\"value\":\"g1\"}],\"meta\":{\"version\":\"1\"}}",
               "{\"userName\":\"a\",\"firstName\":\"G\",\"middleName\":\"M\",\"nickName\":\"n\"}",
               "{\"userName\":\"b\",\"firstName\":\"H\",\"title\":\"u\",\"department\":\"d\"}", -1,
               "{\"schemas\":[\"" CORE "\",\"" ENTERPRISE "\"],\"id\":\"u1\",\"userName\":\"b\",\"Title\":\"u\","
               "\"shoe\":44,\"name\":{\"formatted\":\"F\",\"givenName\":\"H\"},\"active\":true,\"groups\":[{\"value\":"
               "\"g1\"}],\"meta\":{\"version\":\"1\"},\"" ENTERPRISE "\":{\"department\":\"d\"}}");
    /* Activation alone: nothing else is touched; without it, what was read stays. */
    expect_put(*state, "{\"id\":\"u1\",\"Active\":true,\"title\":\"t\"}", NULL, NULL, 0,
               "{\"id\":\"u1\",\"Active\":false,\"title\":\"t\"}");
    expect_put(*state, "{\"id\":\"u1\",\"active\":false}", NULL, "{\"title\":\"t\"}", -1,
               "{\"id\":\"u1\",\"active\":false,\"title\":\"t\"}");
    expect_put(*state, "{\"id\":\"u1\"}", NULL, NULL, 1, "{\"id\":\"u1\",\"active\":true}");
}

static void published_patches_have_no_path(void **state)
{
    expect(published_set_active(*state, "u1", false), REQUEST_UPDATE_USER, ANSWER_RESOURCE, "PATCH", "/Users/u1",
           PATCH("{\"op\":\"replace\",\"value\":{\"active\":false}}"));
    expect(published_set_active(*state, "u1", true), REQUEST_UPDATE_USER, ANSWER_RESOURCE, "PATCH", "/Users/u1",
           PATCH("{\"op\":\"replace\",\"value\":{\"active\":true}}"));
    expect(published_rename_group(*state, "g1", "New"), REQUEST_RENAME_GROUP, ANSWER_RESOURCE, "PATCH", "/Groups/g1",
           PATCH("{\"op\":\"replace\",\"value\":{\"id\":\"g1\",\"displayName\":\"New\"}}"));
}

#define GROUP_SCHEMAS "\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"]"

static void published_groups(void **state)
{
    const char *const remove[] = {"u1", "u2"};
    const struct target_member add[] = {{"u3", "c@x.org"}, {"u4", NULL}};
    expect(published_create_group(*state, "N"), REQUEST_CREATE_GROUP, ANSWER_RESOURCE, "POST", "/Groups",
           "{" GROUP_SCHEMAS ",\"displayName\":\"N\",\"members\":[]}");
    expect(published_change_members(*state, "g1", remove, 2, add, 2), REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH",
           "/Groups/g1",
           PATCH("{\"op\":\"remove\",\"path\":\"members[value eq \\\"u1\\\"]\"},"
                 "{\"op\":\"remove\",\"path\":\"members[value eq \\\"u2\\\"]\"},"
                 "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"u3\",\"display\":\"c@x.org\"},"
                 "{\"value\":\"u4\",\"display\":null}]}"));
    expect(published_replace_members(*state, "g1", add, 1), REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH", "/Groups/g1",
           PATCH("{\"op\":\"replace\",\"path\":\"members\",\"value\":[{\"value\":\"u3\",\"display\":\"c@x.org\"}]}"));
    expect(published_replace_members(*state, "g1", NULL, 0), REQUEST_MEMBERS, ANSWER_RESOURCE, "PATCH", "/Groups/g1",
           PATCH("{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}"));
    expect(published_put_group(*state, REQUEST_MEMBERS, "g1", "N", add, 2), REQUEST_MEMBERS, ANSWER_RESOURCE, "PUT",
           "/Groups/g1",
           "{" GROUP_SCHEMAS ",\"id\":\"g1\",\"displayName\":\"N\",\"members\":[{\"value\":\"u3\",\"display\":"
           "\"c@x.org\"},{\"value\":\"u4\",\"display\":null}]}");
}

/* --- the app ------------------------------------------------------------------------------------------------------ */

static void probes_only_read(void **state)
{
    struct target_page page = {.start = 101, .count = 100};
    expect(target_list_users(*state, &page), REQUEST_LIST_USERS, ANSWER_USERS, "GET", "/Users?startIndex=101&count=100",
           NULL);
    expect(target_list_groups(*state, &page, true), REQUEST_LIST_GROUPS, ANSWER_GROUPS, "GET",
           "/Groups?startIndex=101&count=100", NULL);
    page.cursor = "a b";
    expect(target_list_groups(*state, &page, false), REQUEST_LIST_GROUPS, ANSWER_GROUPS, "GET",
           "/Groups?excludedAttributes=members&cursor=a%20b&count=100", NULL);
    expect(target_probe(*state), REQUEST_PROBE, ANSWER_RESOURCE, "GET", "/ServiceProviderConfig", NULL);
    expect(target_probe_users(*state), REQUEST_PROBE, ANSWER_LIST, "GET", "/Users?count=1", NULL);
}

static void base_url_keeps_its_query(void **state)
{
    static const char *const cases[][3] = {
        {"https://h/scim", "/Users", "https://h/scim/Users"},
        {"https://h/scim/", "/Users", "https://h/scim/Users"},
        {"https://h", "/Users?x=1", "https://h/Users?x=1"},
        {"https://h/scim?tenant=7", "/Users?x=1", "https://h/scim/Users?x=1&tenant=7"},
        {"https://h/scim/?tenant=7", "/Users", "https://h/scim/Users?tenant=7"},
        {"https://h/scim?", "/Users", "https://h/scim/Users"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(target_url(*state, cases[i][0], cases[i][1]), cases[i][2]);
}

/* --- matching ----------------------------------------------------------------------------------------------------- */

static void names_are_compared_here(void **state)
{
    (void)state;
    struct found found[] = {
        {.id = "1", .user_name = "ann+test@x", .display_name = "Straße"},
        {.id = "2", .user_name = "ANN.Test@X", .display_name = "STRASSE"},
        {.id = "3"},
        {.id = "4", .user_name = "annXtest@x", .display_name = "Caf\xc3\xa9"},
    };
    struct answer answer = {.found = found, .found_count = ARRAY_LEN(found)};
    const struct found *ret = NULL;
    assert_int_equal(target_match_user(&answer, "ann.test@x", &ret), 1);
    assert_string_equal(ret->id, "2");
    assert_int_equal(target_match_user(&answer, "ann+test@x", &ret), 1);
    assert_string_equal(ret->id, "1");
    ret = NULL;
    assert_int_equal(target_match_user(&answer, "bob@x", &ret), 0);
    assert_null(ret);
    assert_int_equal(target_match_group(&answer, "strasse", &ret), 2);
    assert_string_equal(ret->id, "1");
    assert_int_equal(target_match_group(&answer, "Cafe\xcc\x81", &ret), 1);
    assert_string_equal(ret->id, "4");
    answer.found_overflow = true;
    assert_int_equal(target_match_user(&answer, "ann.test@x", &ret), 2);
    assert_int_equal(target_match_user(&answer, "bob@x", &ret), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_setup, arena_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(users_are_found_by_an_escaped_name),
        TEST(smallest_user_has_no_extension),
        TEST(full_user_has_every_attribute),
        TEST(what_no_target_knows_is_not_sent),
        TEST(added_attributes_stand_where_they_belong),
        TEST(added_attributes_are_changed_and_removed),
        TEST(ids_are_encoded_in_paths),
        TEST(update_sends_what_differs),
        TEST(update_removes_what_is_gone),
        TEST(unknown_state_replaces_all_and_removes_nothing),
        TEST(groups_are_asked_for_without_members),
        TEST(groups_are_created_renamed_and_deleted),
        TEST(removals_come_first_one_by_one_then_one_add),
        TEST(published_lookups_page_by_index),
        TEST(published_user_is_created_in_the_published_order),
        TEST(published_put_keeps_what_it_does_not_map),
        TEST(published_patches_have_no_path),
        TEST(published_groups),
        TEST(probes_only_read),
        TEST(base_url_keeps_its_query),
        TEST(names_are_compared_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
