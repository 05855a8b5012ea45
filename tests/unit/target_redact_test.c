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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_keep_ids_and_names), cmocka_unit_test(answers_keep_statuses),
        cmocka_unit_test(what_is_not_json_is_counted), cmocka_unit_test(secrets_do_not_get_through),
        cmocka_unit_test(size_and_depth_are_bounded),  cmocka_unit_test(long_answers_are_kept_without_their_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
