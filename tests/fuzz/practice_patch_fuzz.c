/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PATCH against a small state. The first byte says to whom: a user or a group; the rest is the body. Whatever it is, an
 * answer comes, what is refused has changed nothing, and the indexes agree with the lists.
 */
#include "fuzz.h"

#include "base/jval.h"
#include "practice/practice.h"

#define USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"

static int64_t no_time(void *data)
{
    (void)data;
    return 1774418984000;
}

static void counted(void *data, void *bytes, size_t n)
{
    uint64_t *count = data;
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)bytes)[i] =
            (unsigned char)(*count = *count * 6364136223846793005u + 1442695040888963407u, *count >> 56);
}

static int ask(struct practice *practice, struct practice_response *answer, const char *method, const char *path,
               const char *body, size_t n)
{
    struct practice_request request = {
        .method = method, .path = path, .content_type = "application/json", .body = body, .body_len = n};
    practice_handle(practice, &request, answer);
    return answer->status;
}

static void add(struct practice *practice, struct practice_response *answer, const char *path, const char *body)
{
    int status = ask(practice, answer, "POST", path, body, strlen(body));
    assert(status == 201);
}

/* Every member is there and found; their number is the count of memberships. */
static void check_members(const struct practice *practice)
{
    size_t total = 0;
    for (const char *group = NULL; (group = practice_next(practice, PRACTICE_GROUP, group));) {
        size_t count = 0;
        for (const struct membership *m = NULL; (m = practice_group_members(practice, group, m)); count++)
            assert(practice_group_has(practice, group, practice_member_id(m)));
        assert(count == practice_group_size(practice, group));
        total += count;
    }
    assert(total == practice_membership_count(practice));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    uint64_t count = 0;
    const struct env env = {.now_ms = no_time, .fill_random = counted, .data = &count};
    struct practice_options options = {.unknown_members = n && bytes[0] & 2, .journal_entries = 4};
    struct practice *practice = practice_new(&env, &options);
    struct practice_response answer;
    struct practice_response after;
    practice_response_init(&answer);
    practice_response_init(&after);
    add(practice, &answer, "/scim/v2/Users",
        "{\"schemas\":[\"" USER
        "\"],\"userName\":\"a\",\"tags\":[\"x\",{\"value\":\"y\"}],\"name\":{\"givenName\":\"A\"},"
        "\"emails\":[{\"value\":\"a@b\",\"type\":\"work\",\"primary\":true},{\"value\":\"c@d\"}],"
        "\"urn:x:1.0:Y\":{\"a\":{\"b\":1},\"c\":[1,2]}}");
    add(practice, &answer, "/scim/v2/Users", "{\"schemas\":[\"" USER "\"],\"userName\":\"b\"}");
    char body[512];
    char path[64];
    (void)snprintf(body, sizeof(body),
                   "{\"schemas\":[\"" GROUP "\"],\"displayName\":\"g\",\"members\":[{\"value\":\"%s\"}]}",
                   practice_next(practice, PRACTICE_USER, NULL));
    add(practice, &answer, "/scim/v2/Groups", body);
    enum practice_kind kind = n && bytes[0] & 1 ? PRACTICE_GROUP : PRACTICE_USER;
    (void)snprintf(path, sizeof(path), "/scim/v2/%s/%s", kind == PRACTICE_USER ? "Users" : "Groups",
                   practice_next(practice, kind, NULL));
    int status = ask(practice, &answer, "GET", path, "", 0);
    assert(status == 200);
    status = ask(practice, &after, "PATCH", path, (const char *)bytes + (n > 0), n ? n - 1 : 0);
    assert(status == 200 || status == 204 || (status >= 400 && status < 500));
    if (status >= 400) {
        struct jval *error = NULL;
        int r = jval_parse(&error, after.body.data, after.body.len, NULL);
        assert(r == 0 && jval_get_str(error, "detail"));
        jval_free(error);
        r = ask(practice, &after, "GET", path, "", 0);
        assert(r == 200 && after.body.len == answer.body.len);
        assert(memcmp(after.body.data, answer.body.data, answer.body.len) == 0);
    } else {
        struct jval *resource = NULL;
        int r = ask(practice, &after, "GET", path, "", 0);
        assert(r == 200);
        r = jval_parse(&resource, after.body.data, after.body.len, NULL);
        assert(r == 0 && practice_name(practice, jval_get_str(resource, "id")));
        jval_free(resource);
    }
    check_members(practice);
    practice_response_free(&answer);
    practice_response_free(&after);
    practice_free(practice);
    return 0;
}
