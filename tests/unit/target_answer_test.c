/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from an answer, what it is judged to be, and how it reads in words. */
#include "base/clock.h"
#include "base/limits.h"
#include "target/answer.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct answer *read_all(enum answer_shape shape, int status, const char *body, size_t piece)
{
    struct answer *answer = answer_new(shape);
    size_t n = strlen(body);
    for (size_t at = 0; at < n; at += piece)
        answer_feed(answer, body + at, MIN_OF(piece, n - at));
    answer_finish(answer, TRANSPORT_OK, status);
    return answer;
}

static struct answer *read_body(enum answer_shape shape, int status, const char *body)
{
    return read_all(shape, status, body, 4096);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void resource_is_read_in_any_case_and_pieces(void **state)
{
    static const char *const bodies[] = {
        "{\"id\":\"7\",\"userName\":\"a@x\",\"displayName\":\"A\",\"externalId\":\"00u\",\"active\":true,\"members\":[{"
        "}]}",
        "{\"ID\":7,\"username\":\"a@x\",\"DisplayName\":\"A\",\"externalid\":\"00u\",\"Active\":\"True\",\"groups\":[1]"
        "}",
        "\xef\xbb\xbf "
        "{\"id\":\"7\",\"USERNAME\":\"a@x\",\"displayname\":\"A\",\"ExternalId\":\"00u\",\"active\":\"true\"}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        for (size_t piece = 1; piece < 200; piece += 7) {
            struct answer *answer = read_all(ANSWER_RESOURCE, 200, bodies[i], piece);
            assert_false(answer->malformed);
            assert_string_equal(answer->resource.id, "7");
            assert_string_equal(answer->resource.user_name, "a@x");
            assert_string_equal(answer->resource.display_name, "A");
            assert_string_equal(answer->resource.external_id, "00u");
            assert_int_equal(answer->resource.active, 1);
            answer_free(answer);
        }
    }
}

static void unusable_ids_are_none(void **state)
{
    static const char *const bodies[] = {"{}", "{\"id\":null}", "{\"id\":\"\"}", "{\"id\":\"..\"}", "{\"id\":[\"1\"]}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct answer *answer = read_body(ANSWER_RESOURCE, 201, bodies[i]);
        assert_false(answer->malformed);
        assert_null(answer->resource.id);
        assert_int_equal(answer->resource.active, -1);
        answer_free(answer);
    }
}

/* What the store would have to carry with every object and member has a limit; nothing is cut to fit. */
static void ids_have_a_limit(void **state)
{
    static const struct {
        enum answer_shape shape;
        enum request_kind kind;
        const char *before;
        const char *after;
        enum error_class class;
    } cases[] = {
        {ANSWER_RESOURCE, REQUEST_CREATE_USER, "{\"id\":\"", "\"}", ERROR_OUTCOME_UNKNOWN},
        {ANSWER_RESOURCE, REQUEST_CREATE_GROUP, "{\"id\":\"", "\"}", ERROR_OUTCOME_UNKNOWN},
        {ANSWER_RESOURCE, REQUEST_READ_USER, "{\"id\":\"", "\"}", ERROR_MALFORMED_ANSWER},
        {ANSWER_LIST, REQUEST_FIND_USER, "{\"Resources\":[{\"id\":\"", "\"}]}", ERROR_MALFORMED_ANSWER},
        {ANSWER_MEMBERS, REQUEST_READ_GROUP, "{\"id\":\"g\",\"members\":[{\"value\":\"", "\"},{\"value\":\"u\"}]}",
         ERROR_MALFORMED_ANSWER},
        {ANSWER_MEMBERS, REQUEST_READ_GROUP, "{\"id\":\"g\",\"members\":[\"", "\",\"u\"]}", ERROR_MALFORMED_ANSWER},
    };
    char id[LIMIT_EXTERNAL_ID_BYTES + 2];
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        bool over = i % 2 == 1;
        size_t at = i / 2;
        memset(id, 'i', sizeof(id));
        id[LIMIT_EXTERNAL_ID_BYTES + over] = '\0';
        struct answer *answer =
            read_body(cases[at].shape, 200, arena_printf(arena, "%s%s%s", cases[at].before, id, cases[at].after));
        assert_int_equal(answer->malformed, over);
        assert_int_equal(answer_judge(answer, cases[at].kind), over ? cases[at].class : ERROR_NONE);
        if (cases[at].shape == ANSWER_RESOURCE)
            assert_int_equal(answer->resource.id != NULL, !over);
        else if (cases[at].shape == ANSWER_LIST)
            assert_int_equal(answer->found[0].id != NULL, !over);
        else
            assert_int_equal(answer->member_count, over ? 1 : 2);
        if (over)
            assert_string_equal(answer_words(arena, answer), "OK. An id in the answer is longer than 1024 bytes");
        answer_free(answer);
    }
}

static void list_is_read_element_by_element(void **state)
{
    (void)state;
    struct answer *answer = read_all(ANSWER_LIST, 200,
                                     "{\"totalResults\":3,\"resources\":[{\"id\":\"1\",\"userName\":\"a\",\"active\":"
                                     "\"False\",\"members\":[{\"value\":\"x\"}]},{\"id\":\"2\",\"displayName\":\"G\","
                                     "\"groups\":[{}]},7]}",
                                     3);
    assert_false(answer->malformed);
    assert_int_equal(answer->found_count, 2);
    assert_string_equal(answer->found[0].user_name, "a");
    assert_int_equal(answer->found[0].active, 0);
    assert_string_equal(answer->found[1].display_name, "G");
    assert_int_equal(answer->found[1].active, -1);
    assert_false(answer->found_overflow);
    answer_free(answer);
}

static void only_a_list_is_a_list(void **state)
{
    static const struct {
        const char *body;
        bool malformed;
    } cases[] = {
        {"{\"Resources\":[]}", false},
        {"{\"totalResults\":0}", false},
        {"{\"totalResults\":0,\"Resources\":null}", false},
        {"{\"totalResults\":3}", true},
        {"{}", true},
        {"{\"id\":\"1\",\"userName\":\"a\"}", true},
        {"{\"totalResults\":0,\"Resources\":{}}", true},
        {"[]", true},
        {"\"x\"", true},
        {"<html></html>", true},
        {"{\"Resources\":[{\"id\":\"1\"}", true},
        {"{\"Resources\":[]}}", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer *answer = read_body(ANSWER_LIST, 200, cases[i].body);
        assert_int_equal(answer->malformed, cases[i].malformed);
        answer_free(answer);
    }
}

static void more_resources_than_are_kept_are_noted(void **state)
{
    struct buf body;
    (void)state;
    buf_init(&body, (size_t)1024 * 1024);
    buf_str(&body, "{\"Resources\":[{\"id\":\"0\"}");
    for (int i = 1; i < ANSWER_FOUND_MAX; i++)
        buf_printf(&body, ",{\"id\":\"%d\"}", i);
    struct answer *answer = answer_new(ANSWER_LIST);
    answer_feed(answer, body.data, body.len);
    answer_feed(answer, "]}", 2);
    answer_finish(answer, TRANSPORT_OK, 200);
    assert_int_equal(answer->found_count, ANSWER_FOUND_MAX);
    assert_false(answer->found_overflow);
    answer_free(answer);
    buf_str(&body, ",{\"id\":\"x\"}]}");
    answer = read_body(ANSWER_LIST, 200, body.data);
    assert_int_equal(answer->found_count, ANSWER_FOUND_MAX);
    assert_true(answer->found_overflow);
    assert_false(answer->malformed);
    answer_free(answer);
    buf_free(&body);
}

static void members_are_values_in_order(void **state)
{
    (void)state;
    struct answer *answer = read_all(ANSWER_MEMBERS, 200,
                                     "{\"id\":\"g\",\"Members\":[{\"value\":\"u1\",\"display\":\"x\"},{\"Value\":2},{},"
                                     "{\"value\":null},\"u3\",{\"value\":\"u1\"}],\"displayName\":\"G\"}",
                                     5);
    assert_true(answer->has_members);
    assert_false(answer->malformed);
    assert_int_equal(answer->member_count, 4);
    assert_string_equal(answer->members[0], "u1");
    assert_string_equal(answer->members[1], "2");
    assert_string_equal(answer->members[2], "u3");
    assert_string_equal(answer->members[3], "u1");
    assert_string_equal(answer->resource.id, "g");
    assert_string_equal(answer->resource.display_name, "G");
    answer_free(answer);
}

static void absent_members_are_not_none(void **state)
{
    static const struct {
        const char *body;
        bool has;
    } cases[] = {{"{\"id\":\"g\"}", false},
                 {"{\"id\":\"g\",\"members\":null}", false},
                 {"{\"id\":\"g\",\"members\":\"u1\"}", false},
                 {"{\"id\":\"g\",\"members\":[]}", true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer *answer = read_body(ANSWER_MEMBERS, 200, cases[i].body);
        assert_int_equal(answer->has_members, cases[i].has);
        assert_int_equal(answer->member_count, 0);
        answer_free(answer);
    }
    /* A list that was cut is no list. */
    struct answer *answer = read_body(ANSWER_MEMBERS, 200, "{\"id\":\"g\",\"members\":[{\"value\":\"u1\"},");
    assert_true(answer->malformed);
    assert_false(answer->has_members);
    answer_free(answer);
}

#define MEMBERS 100000
#define MEMORY_MAX ((size_t)8 * 1024 * 1024)

static void hundred_thousand_members_fit_into_8_mib(void **state)
{
    char piece[512];
    (void)state;
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    struct answer *answer = answer_new(ANSWER_MEMBERS);
    size_t most = 0;
    answer_feed(answer, "{\"id\":\"g\",\"members\":[", 21);
    for (int i = 0; i < MEMBERS; i++) {
        int n = snprintf(piece, sizeof(piece),
                         "%s{\"value\":\"2819c223-7f76-453a-919d-%012d\",\"$ref\":\"https://example.com/v2/Users/%d\","
                         "\"display\":\"Somebody with a name of some length %d\",\"type\":\"User\"}",
                         i ? "," : "", i, i, i);
        answer_feed(answer, piece, (size_t)n);
        if (i % 1000 == 0)
            most = MAX_OF(most, mallinfo2().uordblks + mallinfo2().hblkhd);
    }
    answer_feed(answer, "]}", 2);
    answer_finish(answer, TRANSPORT_OK, 200);
    most = MAX_OF(most, mallinfo2().uordblks + mallinfo2().hblkhd);
    assert_false(answer->malformed);
    assert_int_equal(answer->member_count, MEMBERS);
    assert_string_equal(answer->members[MEMBERS - 1], "2819c223-7f76-453a-919d-000000099999");
    assert_true(answer->bytes > (size_t)15 * 1000 * 1000);
    assert_int_equal(answer->excerpt.len, ANSWER_EXCERPT_BYTES);
    /* The allocator's own numbers are 0 under the address sanitizer. */
    assert_true(most - MIN_OF(before, most) < MEMORY_MAX);
    assert_true(arena_used(answer->arena) + answer->member_size * sizeof(*answer->members) < MEMORY_MAX);
    answer_free(answer);
}

static void what_is_too_large_is_malformed(void **state)
{
    static char filler[65536];
    (void)state;
    memset(filler, 'x', sizeof(filler));
    struct answer *answer = answer_new(ANSWER_RESOURCE);
    answer_feed(answer, "{\"id\":\"1\",\"title\":\"", 19);
    for (int i = 0; i < 80; i++)
        answer_feed(answer, filler, sizeof(filler));
    answer_feed(answer, "\"}", 2);
    answer_finish(answer, TRANSPORT_OK, 200);
    assert_true(answer->malformed);
    assert_null(answer->rest);
    assert_int_equal(answer->bytes, 19 + 80 * sizeof(filler) + 2);
    assert_int_equal(answer_judge(answer, REQUEST_READ_USER), ERROR_MALFORMED_ANSWER);
    answer_free(answer);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
    static const struct {
        const char *name;
        const char *value;
        int status;
        int64_t ms;
    } cases[] = {
        {"Retry-After", "30", 429, 30000},
        {"retry-after", " 30 \r\n", 429, 30000},
        {"Retry-After", "1.2", 429, 2000},
        {"Retry-After", "0", 429, 0},
        {"Retry-After", "Wed, 21 Oct 2015 07:28:10 GMT", 429, 10000},
        {"Retry-After", "Wed, 21 Oct 2015 07:28:10 GMT\r\n", 429, 10000},
        {"Retry-After", "Wed, 21 Oct 2015 07:27:00 GMT", 429, 0},
        {"Retry-After", "Wed, 21 Oct 2099 07:27:00 GMT", 429, 86400000},
        {"Retry-After", "999999999999999", 429, 86400000},
        {"Retry-After", "9999999999999999999999", 429, -1},
        {"Retry-After", "-5", 429, -1},
        {"Retry-After", "soon", 429, -1},
        {"Retry-After", "", 429, -1},
        {"Retry-Later", "30", 429, -1},
        {"X-Rate-Limit-Reset", "1445412500", 429, 20000},
        {"RateLimit-Reset", "20", 429, 20000},
        {"X-RateLimit-Reset", "20", 200, -1},
        {"Retry-After", "20", 503, 20000},
    };
    int64_t now = 0;
    (void)state;
    assert_int_equal(clock_parse("2015-10-21T07:28:00Z", &now), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer *answer = answer_new(ANSWER_RESOURCE);
        answer_header(answer, cases[i].name, cases[i].value, now);
        answer_finish(answer, TRANSPORT_OK, cases[i].status);
        assert_int_equal(answer->retry_after_ms, cases[i].ms);
        answer_free(answer);
    }
}

/* The app's clock is an hour late, or early: the wait is counted by it. */
static void times_are_counted_by_the_apps_clock(void **state)
{
    static const struct {
        const char *headers[2][2];
        int64_t ms;
    } cases[] = {
        {{{"Date", "Wed, 21 Oct 2015 06:28:00 GMT"}, {"Retry-After", "Wed, 21 Oct 2015 06:28:10 GMT"}}, 10000},
        {{{"Retry-After", "Wed, 21 Oct 2015 06:28:10 GMT\r\n"}, {"date", "Wed, 21 Oct 2015 06:28:00 GMT\r\n"}}, 10000},
        {{{"Retry-After", "Wed, 21 Oct 2015 08:28:10 GMT"}, {"Date", "Wed, 21 Oct 2015 08:28:00 GMT"}}, 10000},
        {{{"Retry-After", "Wed, 21 Oct 2015 08:28:10 GMT"}, {"Date", "Wed, 21 Oct 2015 08:28:20 GMT"}}, 0},
        {{{"Retry-After", "Wed, 21 Oct 2015 07:28:10 GMT"}, {"Date", "now"}}, 10000},
        {{{"Retry-After", "30"}, {"Date", "Wed, 21 Oct 2015 08:28:00 GMT"}}, 30000},
        {{{"X-RateLimit-Reset", "1445412500"}, {"Date", "Wed, 21 Oct 2015 07:27:50 GMT"}}, 30000},
        {{{"X-RateLimit-Reset", "20"}, {"Date", "Wed, 21 Oct 2015 08:28:00 GMT"}}, 20000},
    };
    int64_t now = 0;
    (void)state;
    assert_int_equal(clock_parse("2015-10-21T07:28:00Z", &now), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer *answer = answer_new(ANSWER_RESOURCE);
        for (size_t h = 0; h < 2; h++)
            answer_header(answer, cases[i].headers[h][0], cases[i].headers[h][1], now);
        answer_finish(answer, TRANSPORT_OK, 429);
        assert_int_equal(answer->retry_after_ms, cases[i].ms);
        answer_free(answer);
    }
}

/* --- pages of listings -------------------------------------------------------------------------------------------- */

static void users_of_a_page(void **state)
{
    (void)state;
    struct answer *answer = read_body(
        ANSWER_USERS, 200,
        "{\"totalResults\":7,\"nextCursor\":\"c 1\",\"Resources\":[{\"id\":\"1\",\"userName\":\"ann\",\"active\":false,"
        "\"name\":{\"givenName\":\"Ann\",\"familyName\":\"Lee\"},\"title\":7,\"groups\":[{\"value\":\"x\"}],"
        "\"emails\":[{\"type\":\"other\",\"value\":\"o@x\"},{\"primary\":true,\"value\":\"p@x\"}],"
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"D\"}},{\"userName\":\"noid\"}"
        "]}");
    struct answer_page page = answer_page(answer);
    assert_false(answer->malformed);
    assert_int_equal(page.total, 7);
    assert_string_equal(page.next_cursor, "c 1");
    assert_int_equal(answer->found_count, 2);
    assert_string_equal(answer->found[0].id, "1");
    assert_int_equal(answer->found[0].active, 0);
    assert_string_equal(answer->found[0].profile, "{\"department\":\"D\",\"email\":\"p@x\",\"firstName\":\"Ann\","
                                                  "\"lastName\":\"Lee\",\"secondEmail\":\"o@x\"}");
    assert_null(answer->found[1].id);
    assert_int_equal(answer_judge(answer, REQUEST_LIST_USERS), ERROR_NONE);
    answer_free(answer);
}

/* Members belong to the group in whose element they stand, wherever in it. */
static void groups_of_a_page(void **state)
{
    (void)state;
    struct answer *answer = read_body(
        ANSWER_GROUPS, 200,
        "{\"Resources\":[{\"id\":\"g1\",\"displayName\":\"One\",\"members\":[{\"value\":\"a\"},{\"value\":\"b\"}]},"
        "{\"id\":\"g2\",\"displayName\":\"Two\"},{\"members\":[{\"value\":\"c\"}],\"id\":\"g3\"},"
        "{\"id\":\"g4\",\"members\":[]}]}");
    static const size_t counts[] = {2, 0, 1, 0};
    static const bool shown[] = {true, false, true, true};
    assert_int_equal(answer->found_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(answer->found[i].member_count, counts[i]);
        assert_int_equal(answer->found[i].has_members, shown[i]);
    }
    assert_string_equal(answer->members[answer->found[0].member_first + 1], "b");
    assert_string_equal(answer->members[answer->found[2].member_first], "c");
    assert_int_equal(answer_page(answer).total, -1);
    assert_null(answer_page(answer).next_cursor);
    answer_free(answer);
}

static void pages_have_an_end(void **state)
{
    (void)state;
    struct answer *answer = answer_new(ANSWER_GROUPS);
    answer_feed(answer, "{\"Resources\":[{}", 15);
    for (int i = 0; i < ANSWER_PAGE_MAX; i++)
        answer_feed(answer, ",{}", 3);
    answer_feed(answer, "]}", 2);
    answer_finish(answer, TRANSPORT_OK, 200);
    assert_true(answer->malformed);
    answer_free(answer);
    answer = read_body(ANSWER_USERS, 404, "{}");
    assert_int_equal(answer_judge(answer, REQUEST_LIST_USERS), ERROR_UNSUPPORTED);
    assert_int_equal(answer_judge(answer, REQUEST_LIST_GROUPS), ERROR_UNSUPPORTED);
    answer_free(answer);
    answer = read_body(ANSWER_USERS, 200, "{\"Resources\":[{\"id\":\"1\"}");
    assert_int_equal(answer_judge(answer, REQUEST_LIST_USERS), ERROR_MALFORMED_ANSWER);
    answer_free(answer);
}

/* What an answer tells of a rate limit, in all spellings: how many requests are left, and for how long. */
static void remaining_is_read_in_all_spellings(void **state)
{
    static const struct {
        const char *headers[2][2];
        int64_t remaining, reset_ms;
    } cases[] = {
        {{{"RateLimit-Remaining", "7"}, {"RateLimit-Reset", "30"}}, 7, 30000},
        {{{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1445412510"}}, 0, 30000},
        {{{"x-rate-limit-remaining", " 12 "}, {"X-Rate-Limit-Reset", "30"}}, 12, 30000},
        {{{"RateLimit", "limit=100, remaining=50, reset=5"}}, 50, 5000},
        {{{"RateLimit", "\"default\";r=50;t=30"}}, 50, 30000},
        {{{"RateLimit", "\"minute\";r=50;t=30, \"day\";r=3;t=3600;pk=:cGs=:"}}, 3, 3600000},
        {{{"RateLimit", "\"day\" ; r=3 ; t=3600, \"minute\";t=30;r=50"}}, 3, 3600000},
        {{{"RateLimit", "\"a\";r=50"}}, -1, -1},
        {{{"RateLimit", "\"a\";t=5;rr=1"}}, -1, -1},
        {{{"RateLimit", "r=;t=5"}}, -1, -1},
        {{{"RateLimit", ""}}, -1, -1},
        {{{"RateLimit-Remaining", "many"}, {"RateLimit-Reset", "soon"}}, -1, -1},
        {{{"RateLimit-Policy", "\"a\";q=100;w=60"}, {"RateLimit-Limit", "100"}}, -1, -1},
    };
    int64_t now = 0;
    (void)state;
    assert_int_equal(clock_parse("2015-10-21T07:28:00Z", &now), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer *answer = answer_new(ANSWER_RESOURCE);
        for (size_t h = 0; h < 2 && cases[i].headers[h][0]; h++)
            answer_header(answer, cases[i].headers[h][0], cases[i].headers[h][1], now);
        answer_finish(answer, TRANSPORT_OK, 200);
        if (answer->rate_remaining != cases[i].remaining || answer->reset_ms != cases[i].reset_ms)
            fail_msg("%s: %s: %lld left, for %lld ms", cases[i].headers[0][0], cases[i].headers[0][1],
                     (long long)answer->rate_remaining, (long long)answer->reset_ms);
        answer_free(answer);
    }
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

#define KINDS (REQUEST_PROBE + 1)

struct row {
    int status;
    const char *body;
    /* in the order of enum request_kind: find, create, read, update user; find, create, read, rename group; members,
     * delete, probe */
    const char *classes[KINDS];
};

#define OK NULL
#define ALL(class)                                                                                                     \
    {                                                                                                                  \
        class, class, class, class, class, class, class, class, class, class, class                                    \
    }
#define UNKNOWN "OUTCOME_UNKNOWN"
#define SERVER "SERVER_ERROR"
/* No answer that counts: of writes nobody knows; reads fail for this reason. */
#define LOST(of_read)                                                                                                  \
    {                                                                                                                  \
        of_read, UNKNOWN, of_read, UNKNOWN, of_read, UNKNOWN, of_read, UNKNOWN, UNKNOWN, UNKNOWN, of_read              \
    }
#define BAD "MALFORMED_ANSWER"
#define ATTR "ATTRIBUTE_REFUSED"
#define MEMBER "MEMBER_UNKNOWN"
#define TAKEN "NAME_TAKEN"
#define GONE "NOT_FOUND"
#define NO "UNSUPPORTED"

static const char uniqueness[] = "{\"scimType\":\"uniqueness\",\"detail\":\"d\",\"status\":\"400\"}";

static const struct row rows[] = {
    {200, "{\"id\":\"1\",\"Resources\":[]}", ALL(OK)},
    {201, "{\"Resources\":[]}", {OK, UNKNOWN, OK, OK, OK, UNKNOWN, OK, OK, OK, OK, OK}},
    {200, "", {BAD, UNKNOWN, BAD, OK, BAD, UNKNOWN, BAD, OK, OK, OK, BAD}},
    {204, " \r\n", {BAD, UNKNOWN, BAD, OK, BAD, UNKNOWN, BAD, OK, OK, OK, BAD}},
    {200, "<html>Log in</html>", ALL(BAD)},
    {200, "[]", ALL(BAD)},
    {204, "ok", ALL(BAD)},
    {0, "", ALL(BAD)},
    {101, "", ALL(BAD)},
    {302, "", ALL("REDIRECT")},
    {308, "{}", ALL("REDIRECT")},
    {400, "", {ATTR, ATTR, ATTR, ATTR, ATTR, ATTR, ATTR, ATTR, MEMBER, ATTR, ATTR}},
    {400, uniqueness, {ATTR, TAKEN, ATTR, TAKEN, ATTR, TAKEN, ATTR, TAKEN, MEMBER, ATTR, ATTR}},
    {400, "{\"scimType\":\"invalidFilter\"}", {NO, ATTR, ATTR, ATTR, NO, ATTR, ATTR, ATTR, MEMBER, ATTR, ATTR}},
    {401, "", ALL("CREDENTIALS")},
    {402, "", ALL("FORBIDDEN")},
    {403, "", ALL("FORBIDDEN")},
    {404, "", {OK, NO, GONE, GONE, OK, NO, GONE, GONE, GONE, OK, GONE}},
    {410, "{}", {OK, NO, GONE, GONE, OK, NO, GONE, GONE, GONE, OK, GONE}},
    {405, "", ALL("UNSUPPORTED")},
    {408, "", LOST("TIMEOUT")},
    {409, "", {SERVER, TAKEN, SERVER, TAKEN, SERVER, TAKEN, SERVER, TAKEN, MEMBER, SERVER, SERVER}},
    {413, "", ALL("TOO_LARGE")},
    {415, "", ALL("UNSUPPORTED")},
    {422, "{}", {ATTR, ATTR, ATTR, ATTR, ATTR, ATTR, ATTR, ATTR, MEMBER, ATTR, ATTR}},
    {425, "", ALL(SERVER)},
    {429, "", ALL("RATE_LIMITED")},
    {500, "", ALL(SERVER)},
    {501, "", ALL("UNSUPPORTED")},
    {502, "<html></html>", LOST(SERVER)},
    {503, "", ALL("UNAVAILABLE")},
    {504, "", LOST("TIMEOUT")},
    {507, "", ALL(SERVER)},
    {522, "", LOST(SERVER)},
    {524, "", LOST("TIMEOUT")},
};

static void expect_class(const struct answer *answer, int kind, const char *expected)
{
    enum error_class class = answer_judge(answer, (enum request_kind)kind);
    const char *name = error_class_name(class);
    if ((name || expected) && !str_eq(name, expected))
        fail_msg("status %d, kind %d: %s instead of %s", answer->status, kind, name, expected);
}

static void status_and_kind_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int kind = 0; kind < KINDS; kind++) {
            bool find = kind == REQUEST_FIND_USER || kind == REQUEST_FIND_GROUP;
            struct answer *answer = read_body(find ? ANSWER_LIST : ANSWER_RESOURCE, rows[i].status, rows[i].body);
            expect_class(answer, kind, rows[i].classes[kind]);
            answer_free(answer);
        }
    }
}

static void transport_decides_first(void **state)
{
    static const struct {
        enum transport transport;
        const char *classes[KINDS];
    } cases[] = {
        {TRANSPORT_NOT_SENT, ALL("REFUSED_CONNECTION")},
        {TRANSPORT_RESOLVE, ALL("NAME_RESOLUTION")},
        {TRANSPORT_TLS, ALL("TLS")},
        {TRANSPORT_FORBIDDEN, ALL("FORBIDDEN_ADDRESS")},
        {TRANSPORT_TOKEN_REFUSED, ALL("CREDENTIALS")},
        {TRANSPORT_TOKEN_FAILED, ALL("TOKEN_UNAVAILABLE")},
        {TRANSPORT_TIMEOUT, LOST("TIMEOUT")},
        {TRANSPORT_UNKNOWN, LOST("CONNECTION_LOST")},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int kind = 0; kind < KINDS; kind++) {
            struct answer *answer = answer_new(ANSWER_RESOURCE);
            answer_feed(answer, "{\"id\":\"1\"}", 10);
            answer_finish(answer, cases[i].transport, 200); /* a status that came before the end is not trusted */
            assert_int_equal(answer->status, 0);
            expect_class(answer, kind, cases[i].classes[kind]);
            answer_free(answer);
        }
    }
}

static void forbidden_with_retry_after_is_a_rate_limit(void **state)
{
    (void)state;
    struct answer *answer = answer_new(ANSWER_RESOURCE);
    answer_header(answer, "Retry-After", "60", 0);
    answer_finish(answer, TRANSPORT_OK, 403);
    assert_int_equal(answer_judge(answer, REQUEST_MEMBERS), ERROR_RATE_LIMITED);
    answer_free(answer);
}

static void classes_have_names_and_words(void **state)
{
    (void)state;
    assert_null(error_class_name(ERROR_NONE));
    assert_int_equal(error_class_parse(NULL), ERROR_NONE);
    assert_int_equal(error_class_parse("nonsense"), ERROR_NONE);
    for (int i = ERROR_NONE + 1; i < ERROR_CLASS_COUNT; i++) {
        enum error_class class = (enum error_class)i;
        assert_int_equal(error_class_parse(error_class_name(class)), class);
        assert_true(strlen(error_class_cause(class)) > 20);
        assert_true(strlen(error_class_remedy(class)) > 10);
        assert_int_equal(strncmp(error_class_words(class), error_class_cause(class), strlen(error_class_cause(class))),
                         0);
        assert_non_null(strstr(error_class_words(class), error_class_remedy(class)));
        assert_int_equal(strncmp(error_class_code(class), "E0000", 5), 0);
        assert_int_equal(strncmp(error_class_event(class), "application.", 12), 0);
    }
    assert_int_equal(error_class_scope(ERROR_CREDENTIALS), ERROR_SCOPE_APP);
    assert_int_equal(error_class_action(ERROR_CREDENTIALS), ERROR_ACTION_RETRY);
    assert_int_equal(error_class_scope(ERROR_MEMBER_UNKNOWN), ERROR_SCOPE_MEMBER);
    assert_int_equal(error_class_action(ERROR_OUTCOME_UNKNOWN), ERROR_ACTION_READ_BACK);
    assert_int_equal(error_class_action(ERROR_NOT_FOUND), ERROR_ACTION_RELOOK);
    assert_int_equal(error_class_action(ERROR_TWO_MATCHES), ERROR_ACTION_HOLD);
}

/* --- words -------------------------------------------------------------------------------------------------------- */

#define REMOTE ". Errors reported by remote server: "

static void words_are_those_of_the_target(void **state)
{
    static const struct {
        int status;
        const char *body;
        const char *words;
    } cases[] = {
        {409, "{\"detail\":\"A team with this slug already exists.\"}",
         "Conflict" REMOTE "A team with this slug already exists."},
        {501, "{\"Detail\":\"patch-REPLACE-operation not supported for group.members\"}",
         "Not Implemented" REMOTE "patch-REPLACE-operation not supported for group.members"},
        {400, "{\"Errors\":[{\"description\":\"Request is unparsable\",\"code\":\"400\"}]}",
         "Bad Request" REMOTE "Request is unparsable"},
        {400, "{\"error\":{\"message\":\"no\"}}", "Bad Request" REMOTE "no"},
        {400, "{\"errors\":[\"first\",\"second\"]}", "Bad Request" REMOTE "first"},
        {400, "{\"detail\":\" \",\"scimType\":\"invalidPath\"}", "Bad Request" REMOTE "invalidPath"},
        {401, "{}", "Unauthorized"},
        {401, "", "Unauthorized"},
        {500, "{\"detail\":[1,2]}", "Internal Server Error"},
        {502, "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>nginx &amp; co</body></html>",
         "Bad Gateway" REMOTE "nginx & co"},
        {502, "<html><head><title>502 Bad Gateway</title></head></html>", "Bad Gateway"},
        {503, "<!DOCTYPE html><style>p{}</style><script>alert(1)</script><!-- x --><p>Back at&nbsp;ten</p>",
         "Service Unavailable" REMOTE "Back at ten"},
        {500, "<script>never closed", "Internal Server Error"},
        {500, "<never closed", "Internal Server Error"},
        {500, "\n\n  Oops:\tbroken \r\nat line 3", "Internal Server Error" REMOTE "Oops: broken"},
        {500, "bad \xff\xc3 bytes \x1b[31m", "Internal Server Error" REMOTE "bad ?? bytes [31m"},
        {500, "{\"detail\":\"cut", "Internal Server Error" REMOTE "{\"detail\":\"cut"},
        {400, "{\"detail\":\"two\\nlines\\u0085\\u001b here\"}", "Bad Request" REMOTE "two lines here"},
        {599, "", "HTTP status 599"},
        {302, "", "Found"},
        {200, "<p>Log in</p>", "OK. The answer is not SCIM: Log in"},
        {200, "[]", "OK. The answer is not SCIM: []"},
        {201, "", "Created. The answer is empty"},
        {201, "{\"userName\":\"a\"}", "Created. The answer names no id"},
        {201, "{\"id\":\"a\"}", "Created"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        struct answer *answer = read_body(ANSWER_RESOURCE, cases[i].status, cases[i].body);
        assert_string_equal(answer_words(arena, answer), cases[i].words);
        answer_free(answer);
    }
}

static void words_below_http(void **state)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    (void)state;
    struct answer *answer = answer_new(ANSWER_RESOURCE);
    answer_finish(answer, TRANSPORT_TIMEOUT, 0);
    assert_string_equal(answer_words(arena, answer), "Read timed out");
    answer_free(answer);
    answer = answer_new(ANSWER_RESOURCE);
    answer_finish(answer, TRANSPORT_UNKNOWN, 0);
    assert_string_equal(answer_words(arena, answer), "Connection reset");
    answer->transport_words = "Connection reset\nby peer";
    assert_string_equal(answer_words(arena, answer), "Connection reset by peer");
    answer_free(answer);
    answer = answer_new(ANSWER_RESOURCE);
    answer_finish(answer, TRANSPORT_RESOLVE, 0);
    assert_string_equal(answer_words(arena, answer), "Unknown host");
    answer_free(answer);
}

static void words_are_bounded(void **state)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    struct buf body;
    (void)state;
    buf_init(&body, 100000);
    buf_str(&body, "{\"detail\":\"");
    for (int i = 0; i < 3000; i++)
        buf_str(&body, "\xe2\x82\xac");
    buf_str(&body, "\"}");
    struct answer *answer = read_body(ANSWER_RESOURCE, 400, body.data);
    const char *words = answer_words(arena, answer);
    assert_true(strlen(words) < 1100);
    assert_string_equal(words + strlen(words) - 6, "\xe2\x82\xac...");
    answer_free(answer);
    buf_free(&body);
}

/* A target that repeats the credential does not bring it into what is shown or kept. */
static void credential_is_hidden(void **state)
{
    static const char *const bodies[] = {"{\"detail\":\"bad token s3cr3t-token, really s3cr3t-token\"}",
                                         "<p>bad token s3cr3t-token</p>", "s3cr3t-token"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        char secret[] = "s3cr3t-token";
        struct answer *answer = answer_new(ANSWER_RESOURCE);
        answer_hide(answer, secret);
        answer_feed(answer, bodies[i], strlen(bodies[i]));
        answer_finish(answer, TRANSPORT_OK, 401);
        memset(secret, 'z', sizeof(secret) - 1);
        assert_null(strstr(answer_words(arena, answer), "s3cr3t"));
        assert_non_null(strstr(answer_words(arena, answer), "************"));
        assert_null(strstr(buf_text(&answer->excerpt), "s3cr3t"));
        answer_free(answer);
    }
    /* At the end of the excerpt, cut. */
    struct answer *answer = answer_new(ANSWER_RESOURCE);
    static char filler[ANSWER_EXCERPT_BYTES - 6];
    memset(filler, ' ', sizeof(filler));
    answer_hide(answer, "s3cr3t-token");
    answer_feed(answer, filler, sizeof(filler));
    answer_feed(answer, "s3cr3t-token", 12);
    answer_finish(answer, TRANSPORT_OK, 401);
    assert_null(strstr(buf_text(&answer->excerpt), "s3cr3t"));
    answer_free(answer);
}

/* A target that decodes what it got repeats the password, not the header. */
static void every_form_of_the_credential_is_hidden(void **state)
{
    static const struct {
        const char *sent;
        const char *repeated;
    } cases[] = {
        /* svc@x:pa/s?w&rd+1 */
        {"c3ZjQHg6cGEvcz93JnJkKzE=", "pa/s?w&rd+1"},
        {"c3ZjQHg6cGEvcz93JnJkKzE=", "svc@x:pa/s?w&rd+1"},
        {"c3ZjQHg6cGEvcz93JnJkKzE=", "c3ZjQHg6cGEvcz93JnJkKzE"},
        {"c3ZjQHg6cGEvcz93JnJkKzE=", "pa%2Fs%3Fw%26rd%2B1"},
        {"c3ZjQHg6cGEvcz93JnJkKzE=", "svc%40x%3apa%2fs%3fw%26rd%2b1"},
        {"c3ZjQHg6cGEvcz93JnJkKzE=", "cGEvcz93JnJkKzE"},
        {"Basic c3ZjQHg6cGEvcz93JnJkKzE=", "pa/s?w&rd+1"},
        {"to?ken/1+2", "to?ken/1+2"},
        {"to?ken/1+2", "to%3Fken%2F1%2B2"},
        {"to?ken/1+2", "dG8/a2VuLzErMg"},
        {"to?ken/1+2", "dG8_a2VuLzErMg"},
        {"to?ken/1+2", "dG8%2Fa2VuLzErMg"},
        {"Token abc-def", "abc-def"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        static const char *const bodies[] = {"{\"detail\":\"no <%s> here\"}", "<p>no %s here</p>", "no %s"};
        for (size_t k = 0; k < ARRAY_LEN(bodies); k++) {
            struct arena *arena CLEANUP(arena_freep) = arena_new();
            const char *part = bodies[k];
            size_t before = strcspn(part, "%");
            const char *body = arena_printf(arena, "%.*s%s%s", (int)before, part, cases[i].repeated, part + before + 2);
            struct answer *answer = answer_new(ANSWER_RESOURCE);
            answer_hide(answer, cases[i].sent);
            answer_feed(answer, body, strlen(body));
            answer_finish(answer, TRANSPORT_OK, 401);
            const char *words = answer_words(arena, answer);
            if (strstr(words, cases[i].repeated) || strstr(buf_text(&answer->excerpt), cases[i].repeated))
                fail_msg("%s shows in: %s, %s", cases[i].repeated, words, buf_text(&answer->excerpt));
            assert_non_null(strstr(words, "no "));
            answer_free(answer);
        }
    }
    /* As JSON and mark-up write it. */
    static const char *const written[] = {"{\"detail\":\"no pa\\/s?w&rd+1\"}", "<p>no pa/s?w&amp;rd+1</p>"};
    for (size_t i = 0; i < ARRAY_LEN(written); i++) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        struct answer *answer = answer_new(ANSWER_RESOURCE);
        answer_hide(answer, "c3ZjQHg6cGEvcz93JnJkKzE=");
        answer_feed(answer, written[i], strlen(written[i]));
        answer_finish(answer, TRANSPORT_OK, 401);
        assert_string_equal(answer_words(arena, answer), "Unauthorized" REMOTE "no ***********");
        assert_true(i == 1 || !strstr(buf_text(&answer->excerpt), "s?w"));
        answer_free(answer);
    }
}

static void scim_type_is_found(void **state)
{
    (void)state;
    struct answer *answer = read_body(ANSWER_RESOURCE, 400, "{\"scimtype\":\"noTarget\"}");
    assert_string_equal(answer_scim_type(answer), "noTarget");
    answer_free(answer);
    answer = read_body(ANSWER_RESOURCE, 400, "no");
    assert_null(answer_scim_type(answer));
    answer_free(answer);
    assert_null(answer_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resource_is_read_in_any_case_and_pieces),
        cmocka_unit_test(unusable_ids_are_none),
        cmocka_unit_test(ids_have_a_limit),
        cmocka_unit_test(list_is_read_element_by_element),
        cmocka_unit_test(only_a_list_is_a_list),
        cmocka_unit_test(more_resources_than_are_kept_are_noted),
        cmocka_unit_test(members_are_values_in_order),
        cmocka_unit_test(absent_members_are_not_none),
        cmocka_unit_test(hundred_thousand_members_fit_into_8_mib),
        cmocka_unit_test(what_is_too_large_is_malformed),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
        cmocka_unit_test(times_are_counted_by_the_apps_clock),
        cmocka_unit_test(users_of_a_page),
        cmocka_unit_test(groups_of_a_page),
        cmocka_unit_test(pages_have_an_end),
        cmocka_unit_test(status_and_kind_decide),
        cmocka_unit_test(transport_decides_first),
        cmocka_unit_test(forbidden_with_retry_after_is_a_rate_limit),
        cmocka_unit_test(remaining_is_read_in_all_spellings),
        cmocka_unit_test(classes_have_names_and_words),
        cmocka_unit_test(words_are_those_of_the_target),
        cmocka_unit_test(words_below_http),
        cmocka_unit_test(words_are_bounded),
        cmocka_unit_test(credential_is_hidden),
        cmocka_unit_test(every_form_of_the_credential_is_hidden),
        cmocka_unit_test(scim_type_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
