/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a token endpoint, and what its answers mean. */
#include "engine/dial.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sodium.h>

#define SECRET "s3cret+/&=%:word"

struct fixture {
    struct arena *arena;
};

static int setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    f->arena = arena_new();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)arena_free(f->arena);
    free(f);
    return 0;
}

static void a_secret_goes_in_the_header(void **state)
{
    struct fixture *f = *state;
    const struct token_client client = {.url = "https://login.example.com/token",
                                        .auth = CLIENT_AUTH_BASIC,
                                        .client_id = "mus ter",
                                        .scope = "scim read",
                                        .secret = SECRET};
    struct token_request request;
    assert_int_equal(token_request_new(f->arena, &client, 0, &request), 0);
    assert_string_equal(request.body, "grant_type=client_credentials&scope=scim%20read");
    static const char head[] = "Authorization: Basic ";
    assert_memory_equal(request.header, head, strlen(head));
    unsigned char pair[256] = "";
    size_t n = 0;
    const char *coded = request.header + strlen(head);
    assert_int_equal(
        sodium_base642bin(pair, sizeof(pair) - 1, coded, strlen(coded), NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL),
        0);
    assert_string_equal((char *)pair, "mus%20ter:s3cret%2B%2F%26%3D%25%3Aword"); /* RFC 6749 section 2.3.1 */
}

static void a_secret_goes_in_the_body(void **state)
{
    struct fixture *f = *state;
    const struct token_client client = {
        .url = "https://login.example.com/token", .auth = CLIENT_AUTH_POST, .client_id = "muster", .secret = SECRET};
    struct token_request request;
    assert_int_equal(token_request_new(f->arena, &client, 0, &request), 0);
    assert_null(request.header);
    assert_string_equal(request.body, "grant_type=client_credentials&client_id=muster"
                                      "&client_secret=s3cret%2B%2F%26%3D%25%3Aword");
}

static void a_key_that_cannot_sign_is_noticed(void **state)
{
    struct fixture *f = *state;
    const struct token_client client = {
        .url = "https://login.example.com/token", .auth = CLIENT_AUTH_JWT, .client_id = "muster", .secret = "no key"};
    struct token_request request;
    assert_int_equal(token_request_new(f->arena, &client, 0, &request), ERR_KEY);
}

static void read_answer(struct fixture *f, int status, const char *body, struct token_answer *ret)
{
    struct answer *answer = answer_new(ANSWER_RESOURCE);
    answer_hide(answer, "Basic bXVzdGVyOnMzY3JldC13b3Jk"); /* muster:s3cret-word */
    answer_feed(answer, body, strlen(body));
    answer_finish(answer, TRANSPORT_OK, status);
    token_answer_read(f->arena, answer, ret);
    (void)answer_free(answer);
}

static void tokens_that_are_given(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        int64_t use_ms;
    } cases[] = {
        {"{\"access_token\":\"abc\",\"token_type\":\"Bearer\",\"expires_in\":3600}", 3600000 - 60000},
        {"{\"access_token\":\"abc\",\"token_type\":\"bearer\",\"expires_in\":\"3600\"}", 3600000 - 60000},
        {"{\"access_token\":\"abc\",\"expires_in\":100}", 100000 - 10000},
        {"{\"access_token\":\"abc\",\"expires_in\":1}", 900},
        {"{\"access_token\":\"abc\"}", TOKEN_LIFETIME_MS - 30000},
        {"{\"access_token\":\"abc\",\"expires_in\":-5}", TOKEN_LIFETIME_MS - 30000},
        {"{\"access_token\":\"abc\",\"expires_in\":99999999999}", TOKEN_LIFETIME_MAX_MS - 60000},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct token_answer given;
        read_answer(f, 200, cases[i].body, &given);
        assert_string_equal(given.token, "abc");
        assert_int_equal(given.use_ms, cases[i].use_ms);
    }
}

static void answers_without_a_token(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int status;
        const char *body;
        enum transport transport;
        const char *words;
    } cases[] = {
        {401, "{\"error\":\"invalid_client\",\"error_description\":\"No such client\"}", TRANSPORT_TOKEN_REFUSED,
         "No such client"},
        {400, "{\"error\":\"invalid_scope\"}", TRANSPORT_TOKEN_REFUSED, "invalid_scope"},
        {400, "{\"error\":\"x\",\"error_description\":\"s3cret-word is wrong\"}", TRANSPORT_TOKEN_REFUSED, "is wrong"},
        {403, "", TRANSPORT_TOKEN_REFUSED, "Forbidden"},
        {429, "", TRANSPORT_TOKEN_FAILED, "Too Many Requests"},
        {408, "", TRANSPORT_TOKEN_FAILED, "Request Timeout"},
        {500, "oops", TRANSPORT_TOKEN_FAILED, "oops"},
        {503, "", TRANSPORT_TOKEN_FAILED, "Service Unavailable"},
        {302, "", TRANSPORT_TOKEN_FAILED, "The token endpoint"},
        {200, "access_token=ch1ck3n&token_type=bearer", TRANSPORT_TOKEN_FAILED, "without an access_token"},
        {200, "{\"access_token\":\"ch1ck3n\",\"token_type\":\"mac\"}", TRANSPORT_TOKEN_FAILED, "no Bearer token"},
        {200, "{\"access_token\":\"ch1ck3n\\r\\nX: y\"}", TRANSPORT_TOKEN_FAILED, "without an access_token"},
        {200, "{\"access_token\":7}", TRANSPORT_TOKEN_FAILED, "without an access_token"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct token_answer given;
        read_answer(f, cases[i].status, cases[i].body, &given);
        assert_null(given.token);
        assert_int_equal(given.transport, cases[i].transport);
        if (!strstr(given.words, cases[i].words))
            fail_msg("case %zu: %s", i, given.words);
        assert_null(strstr(given.words, "s3cret-word"));
        assert_null(strstr(given.words, "ch1ck3n"));
    }
}

static void failures_below_http(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum transport of_token, transport;
        enum error_class class;
    } cases[] = {
        {TRANSPORT_NOT_SENT, TRANSPORT_TOKEN_FAILED, ERROR_TOKEN_UNAVAILABLE},
        {TRANSPORT_TLS, TRANSPORT_TOKEN_FAILED, ERROR_TOKEN_UNAVAILABLE},
        {TRANSPORT_TIMEOUT, TRANSPORT_TOKEN_FAILED, ERROR_TOKEN_UNAVAILABLE},
        {TRANSPORT_FORBIDDEN, TRANSPORT_FORBIDDEN, ERROR_FORBIDDEN_ADDRESS},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer *answer = answer_new(ANSWER_RESOURCE);
        struct answer *of_request = answer_new(ANSWER_RESOURCE);
        struct token_answer given;
        answer_finish(answer, cases[i].of_token, 0);
        token_answer_read(f->arena, answer, &given);
        assert_null(given.token);
        assert_int_equal(given.transport, cases[i].transport);
        answer_finish(of_request, given.transport, 0);
        /* Nothing of the request was sent: of a write it is known what it did. */
        assert_int_equal(answer_judge(of_request, REQUEST_CREATE_USER), cases[i].class);
        (void)answer_free(of_request);
        (void)answer_free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_secret_goes_in_the_header, setup, teardown),
        cmocka_unit_test_setup_teardown(a_secret_goes_in_the_body, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_cannot_sign_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(tokens_that_are_given, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_without_a_token, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_below_http, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
