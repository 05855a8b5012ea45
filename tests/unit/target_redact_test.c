/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal may keep of a body, and that nothing else gets through, wherever a target puts it. */
#include "target/request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECRET "hunter2"

static void expect(const char *json, const char *expected)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    assert_string_equal(target_redact(arena, json, strlen(json)), expected);
}

static void requests_keep_ids_and_names(void **state)
{
    (void)state;
    expect("{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"externalId\":\"00u1\",\"userName\":\"a@x\","
           "\"name\":{\"familyName\":\"Lee\"},\"emails\":[{\"type\":\"work\",\"primary\":true,\"value\":\"a@x\"}],"
           "\"active\":true}",
           "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"externalId\":\"00u1\",\"userName\":\"a@x\","
           "\"name\":{\"familyName\":\"<string, 3 bytes>\"},\"emails\":[{\"type\":\"work\",\"primary\":true,\"value\":"
           "\"<string, 3 bytes>\"}],\"active\":true}");
    expect("{\"Operations\":[{\"op\":\"remove\",\"path\":\"members[value eq \\\"u1\\\"]\"},{\"op\":\"add\",\"path\":"
           "\"members\",\"value\":[{\"value\":\"u2\",\"display\":\"Ann\"}]},{\"op\":\"replace\",\"path\":\"title\","
           "\"value\":\"CTO\"},{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"b@x\"},{\"op\":\"replace\","
           "\"path\":\"active\",\"value\":false},{\"op\":\"remove\",\"path\":\"name.middleName\"}]}",
           "{\"Operations\":[{\"op\":\"remove\",\"path\":\"members[value eq \\\"u1\\\"]\"},{\"op\":\"add\",\"path\":"
           "\"members\",\"value\":[{\"value\":\"u2\",\"display\":\"<string, 3 bytes>\"}]},{\"op\":\"replace\","
           "\"path\":\"title\",\"value\":\"<string, 3 bytes>\"},{\"op\":\"replace\",\"path\":\"userName\",\"value\":"
           "\"b@x\"},{\"op\":\"replace\",\"path\":\"active\",\"value\":false},{\"op\":\"remove\",\"path\":"
           "\"name.middleName\"}]}");
}

static void answers_keep_statuses(void **state)
{
    (void)state;
    expect("{\"detail\":\"no\",\"status\":\"409\",\"scimType\":\"uniqueness\"}",
           "{\"detail\":\"<string, 2 bytes>\",\"status\":\"409\",\"scimType\":\"uniqueness\"}");
    expect("{\"totalResults\":1,\"resources\":[{\"ID\":7,\"active\":\"False\",\"meta\":{\"resourceType\":\"User\","
           "\"version\":\"W/1\"},\"x\":1.25,\"y\":null,\"title\":true}]}",
           "{\"totalResults\":1,\"resources\":[{\"ID\":7,\"active\":\"False\",\"meta\":{\"resourceType\":\"User\","
           "\"version\":\"<string, 3 bytes>\"},\"<name, 1 bytes>\":\"<number, 4 characters>\","
           "\"<name, 1 bytes>\":null,\"title\":\"<boolean>\"}]}");
}

static void what_is_not_json_is_counted(void **state)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    (void)state;
    expect("<h1>hunter2</h1>", "<16 bytes, not JSON>");
    expect("{\"a\":1", "<6 bytes, not JSON>");
    expect("\"hunter2\"", "\"<string, 7 bytes>\"");
    expect("", "");
    assert_null(target_redact(arena, NULL, 0));
}

/* Wherever the secret stands; only an id, a user name or a member's value may carry text of the target's choice. */
static void secrets_do_not_get_through(void **state)
{
    static const char *const places[] = {
        "\"" SECRET "\"",
        "[\"" SECRET "\"]",
        "{\"" SECRET "\":1}",
        "{\"name\":{\"" SECRET "\":{\"" SECRET "\":[]}}}",
        "{\"password\":\"" SECRET "\"}",
        "{\"password\":{\"id\":\"" SECRET "\"}}",
        "{\"password\":[{\"value\":\"" SECRET "\"}]}",
        "{\"x\":{\"userName\":\"" SECRET "\",\"members\":[{\"value\":\"" SECRET "\"}]}}",
        "{\"detail\":\"" SECRET "\",\"status\":\"" SECRET "\",\"scimType\":\"" SECRET "\"}",
        "{\"schemas\":[\"" SECRET "\",\"urn:ietf:params:scim:" SECRET "\"]}",
        "{\"schemas\":{\"a\":\"" SECRET "\"}}",
        "{\"active\":\"" SECRET "\",\"totalResults\":\"" SECRET "\"}",
        "{\"members\":[{\"display\":\"" SECRET "\",\"type\":\"" SECRET "\",\"$ref\":\"" SECRET "\"}]}",
        "{\"members\":\"" SECRET "\"}",
        "{\"meta\":{\"resourceType\":\"" SECRET "\",\"location\":\"https://h/?t=" SECRET "\"}}",
        "{\"Operations\":[{\"op\":\"" SECRET "\",\"path\":\"" SECRET "\",\"value\":\"" SECRET "\"}]}",
        "{\"Operations\":[{\"op\":\"add\",\"path\":\"password\",\"value\":\"" SECRET "\"}]}",
        "{\"Operations\":[{\"op\":\"add\",\"path\":\"" SECRET ".value\",\"value\":{\"value\":\"" SECRET "\"}}]}",
        "{\"Operations\":[{\"op\":\"add\",\"path\":7,\"value\":{\"id\":\"" SECRET "\"}}]}",
        "{\"Operations\":[{\"op\":\"add\",\"path\":\"title." SECRET "\"}]}",
        "{\"Operations\":[{\"op\":\"add\",\"value\":{\"password\":\"" SECRET "\",\"" SECRET "\":1}}]}",
        "{\"Operations\":[{\"op\":\"add\",\"path\":\"emails[value eq \\\"" SECRET "\\\"]\"}]}",
        "{\"Operations\":\"" SECRET "\"}",
        "{\"Resources\":[{\"password\":\"" SECRET "\",\"displayName\":\"" SECRET "\"},\"" SECRET "\"]}",
        "{\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"" SECRET "\","
        "\"manager\":{\"value\":\"" SECRET "\",\"displayName\":\"" SECRET "\"}}}",
        "{\"urn:" SECRET "\":{\"id\":\"" SECRET "\"}}",
        "{\"emails\":[{\"value\":\"" SECRET "\",\"type\":\"" SECRET "\",\"primary\":\"" SECRET "\"}]}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        const char *redacted = target_redact(arena, places[i], strlen(places[i]));
        assert_null(strstr(redacted, SECRET));
        assert_null(strstr(redacted, "not JSON"));
    }
}

static void size_and_depth_are_bounded(void **state)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    struct buf json;
    (void)state;
    buf_init(&json, (size_t)1024 * 1024);
    for (int i = 0; i < 60; i++)
        buf_str(&json, i ? "{\"name\":" : "[");
    buf_str(&json, "\"" SECRET "\"");
    for (int i = 59; i >= 0; i--)
        buf_str(&json, i ? "}" : "]");
    const char *redacted = target_redact(arena, json.data, json.len);
    assert_non_null(strstr(redacted, "\"<object, 1 names>\""));
    assert_null(strstr(redacted, SECRET));

    buf_clear(&json);
    buf_str(&json, "{\"members\":[");
    for (int i = 0; i < 1000; i++)
        buf_printf(&json, "%s{\"value\":\"u%d\"}", i ? "," : "", i);
    buf_str(&json, "]}");
    redacted = target_redact(arena, json.data, json.len);
    assert_non_null(strstr(redacted, "{\"value\":\"u99\"},\"<900 more>\"]}"));

    buf_clear(&json);
    buf_str(&json, "{");
    for (int i = 0; i < 10000; i++)
        buf_printf(&json, "%s\"k%d\":0", i ? "," : "", i);
    buf_str(&json, "}");
    redacted = target_redact(arena, json.data, json.len);
    assert_true(strlen(redacted) < 66000);
    assert_string_equal(redacted + strlen(redacted) - 3, "...");
    buf_free(&json);
}

static void long_answers_are_kept_without_their_lists(void **state)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    struct answer *answer = answer_new(ANSWER_MEMBERS);
    struct buf json;
    (void)state;
    buf_init(&json, (size_t)1024 * 1024);
    buf_str(&json, "{\"id\":\"g1\",\"displayName\":\"n\",\"members\":[");
    for (int i = 0; i < 1000; i++)
        buf_printf(&json, "%s{\"value\":\"u%03d\"}", i ? "," : "", i);
    buf_str(&json, "]}");
    answer_feed(answer, json.data, json.len);
    answer_finish(answer, TRANSPORT_OK, 200);
    assert_string_equal(target_redact_answer(arena, answer),
                        "<17041 bytes; long lists are left out> {\"id\":\"g1\",\"displayName\":\"<string, 1 bytes>\","
                        "\"members\":[]}");
    answer_free(answer);
    answer = answer_new(ANSWER_RESOURCE);
    answer_finish(answer, TRANSPORT_OK, 204);
    assert_null(target_redact_answer(arena, answer));
    answer_free(answer);
    buf_free(&json);
}

static void words_of_the_trade_and_ids_stay_in_the_log(void **state)
{
    static const struct {
        const char *text;
        const char *kept;
    } cases[] = {
        {"Conflict. Errors reported by remote server: A team with this slug already exists.",
         "Conflict. Errors reported by remote server: A team with this slug already exists."},
        {"Bad Request. Errors reported by remote server: phoneNumbers +1-555-0199 is not valid (400)",
         "Bad Request. Errors reported by remote server: phoneNumbers <string, 11 bytes> is not valid (400)"},
        {"Failed for hunter2: Conflict. Errors reported by remote server: 'Ann Lee' <ann@x.org> exists, hunter2",
         "Failed for hunter2: Conflict. Errors reported by remote server: '<string, 3 bytes> <string, 3 bytes>' "
         "<string, 11 bytes> exists, <string, 7 bytes>"},
        {"Errors reported by remote server: \"Sales Team\" is taken, Sales Teams is not",
         "Errors reported by remote server: \"Sales Team\" is taken, <string, 5 bytes> <string, 5 bytes> is not"},
        {"OK. The answer is not SCIM: Zugriff verweigert",
         "OK. The answer is not SCIM: <string, 7 bytes> <string, 10 bytes>"},
        {"Read timed out", "Read timed out"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        assert_string_equal(target_redact_words(arena, cases[i].text, "Sales Team"), cases[i].kept);
    }
}

static void paths_keep_ids_and_user_names(void **state)
{
    static const char *const cases[][2] = {
        {"/Users/7", "/Users/7"},
        {"/Groups/7?excludedAttributes=members", "/Groups/7?excludedAttributes=members"},
        {"/Users?filter=userName%20eq%20%22ann%40x%22&startIndex=1",
         "/Users?filter=userName%20eq%20%22ann%40x%22&startIndex=1"},
        {"/Groups?excludedAttributes=members&filter=displayName%20eq%20%22" SECRET "%22&startIndex=1",
         "/Groups?excludedAttributes=members&filter=displayName eq <string, 7 bytes>&startIndex=1"},
        {"/Users?filter=emails.value%20eq%20%22" SECRET "%22", "/Users?filter=emails.value eq <string, 7 bytes>"},
        {"/Users?filter=" SECRET "%20or", "/Users?filter=<string, 10 bytes>"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        assert_string_equal(target_redact_path(arena, cases[i][0]), cases[i][1]);
    }
}

static void full_bodies_are_text_of_bounded_length(void **state)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    (void)state;
    assert_null(target_body_shown(arena, NULL, 10));
    assert_string_equal(target_body_shown(arena, "{\"a\":1}", 10), "{\"a\":1}");
    assert_string_equal(target_body_shown(arena, "0123456789A", 10), "0123456789<the first 10 of 11 bytes>");
    assert_string_equal(target_body_shown(arena, "12345678\xc3\xa9", 9), "12345678?<the first 9 of 10 bytes>");
    struct answer *answer = answer_new(ANSWER_RESOURCE);
    answer_feed(answer, "a\0b\xff\xc3\xa9", 6);
    answer_finish(answer, TRANSPORT_OK, 400);
    assert_string_equal(target_answer_shown(arena, answer), "a?b?\xc3\xa9");
    (void)answer_free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_the_trade_and_ids_stay_in_the_log),
        cmocka_unit_test(paths_keep_ids_and_user_names),
        cmocka_unit_test(full_bodies_are_text_of_bounded_length),
        cmocka_unit_test(requests_keep_ids_and_names),
        cmocka_unit_test(answers_keep_statuses),
        cmocka_unit_test(what_is_not_json_is_counted),
        cmocka_unit_test(secrets_do_not_get_through),
        cmocka_unit_test(size_and_depth_are_bounded),
        cmocka_unit_test(long_answers_are_kept_without_their_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
