/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the API that need no server: router, cursors, the rate limiter, forwarded addresses. */
#include "api/inner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int nothing(struct tx *tx, struct call *call)
{
    (void)tx;
    (void)call;
    return 0;
}

static const struct route first[] = {
    {"GET", "/api/v1/groups", ROUTE_READ, ROLE_READ_ONLY, nothing, "listGroups", NULL},
    {"GET", "/api/v1/groups/{groupId}", ROUTE_READ, ROLE_READ_ONLY, nothing, "getGroup", NULL},
    {"DELETE", "/api/v1/groups/{groupId}", ROUTE_WRITE, ROLE_ADMIN, nothing, "deleteGroup", NULL},
    {"PUT", "/api/v1/groups/{groupId}/users/{userId}", ROUTE_WRITE, ROLE_ADMIN, nothing, "assign", NULL},
    {.method = NULL},
};
static const struct route second[] = {
    {"GET", "/api/v1/groups/rules", ROUTE_READ, ROLE_READ_ONLY, nothing, "listGroupRules", NULL},
    {"POST", "/api/v1/groups/rules", ROUTE_WRITE, ROLE_ADMIN, nothing, "createGroupRule", NULL},
    {"GET", "/api/v1/groups/rules/{ruleId}", ROUTE_READ, ROLE_READ_ONLY, nothing, "getGroupRule", NULL},
    {.method = NULL},
};
static const struct route *const tables[] = {first, second, NULL};

static int find(struct router *router, const char *method, const char *path, struct route_match *ret)
{
    struct arena *arena = arena_new();
    struct url_path split;
    assert_int_equal(url_split(arena, path, &split), 0);
    static char params[CALL_PARAMS][64]; /* the match points into the arena */
    int r = router_find(router, method, &split, ret);
    for (size_t i = 0; r == 0 && i < CALL_PARAMS; i++) {
        if (ret->params[i]) {
            (void)snprintf(params[i], sizeof(params[i]), "%s", ret->params[i]);
            ret->params[i] = params[i];
        }
    }
    arena_free(arena);
    return r;
}

static void a_literal_wins_over_a_parameter(void **state)
{
    (void)state;
    struct router *router;
    struct route_match match;
    assert_int_equal(router_new(&router, tables, NULL, 0), 0);
    assert_int_equal(find(router, "GET", "/api/v1/groups/rules", &match), 0);
    assert_string_equal(match.route->operation, "listGroupRules");
    assert_int_equal(find(router, "GET", "/api/v1/groups/00g1", &match), 0);
    assert_string_equal(match.route->operation, "getGroup");
    assert_string_equal(match.params[0], "00g1");
    assert_int_equal(find(router, "GET", "/api/v1/groups/rules/0pr1", &match), 0);
    assert_string_equal(match.route->operation, "getGroupRule");
    assert_string_equal(match.params[0], "0pr1");
    /* A literal that leads nowhere does not hide the parameter. */
    assert_int_equal(find(router, "PUT", "/api/v1/groups/rules/users/a@b", &match), 0);
    assert_string_equal(match.route->operation, "assign");
    assert_string_equal(match.params[0], "rules");
    assert_string_equal(match.params[1], "a@b");
    assert_null(match.params[2]);
    router_free(router);
}

static void paths_and_methods_that_are_not_there(void **state)
{
    (void)state;
    struct router *router;
    struct route_match match;
    assert_int_equal(router_new(&router, tables, NULL, 0), 0);
    assert_int_equal(find(router, "GET", "/", &match), ERR_NOT_FOUND);
    assert_int_equal(find(router, "GET", "/api/v1", &match), ERR_NOT_FOUND);
    assert_int_equal(find(router, "GET", "/api/v1/group", &match), ERR_NOT_FOUND);
    assert_int_equal(find(router, "GET", "/api/v1/groups/1/users", &match), ERR_NOT_FOUND);
    assert_int_equal(find(router, "HEAD", "/api/v1/groups/1", &match), 0);
    assert_string_equal(match.route->operation, "getGroup");
    assert_int_equal(find(router, "PATCH", "/api/v1/groups/1", &match), ERR_UNSUPPORTED);
    assert_string_equal(match.allow, "GET, HEAD, DELETE");
    assert_int_equal(find(router, "get", "/api/v1/groups/1", &match), ERR_UNSUPPORTED);
    router_free(router);
}

static void a_route_twice_is_refused(void **state)
{
    (void)state;
    static const struct route twice[] = {
        {"GET", "/api/v1/groups/{other}", ROUTE_READ, ROLE_READ_ONLY, nothing, "again", NULL},
        {.method = NULL},
    };
    static const struct route *const both[] = {first, twice, NULL};
    struct router *router;
    char why[256];
    assert_int_equal(router_new(&router, both, why, sizeof(why)), ERR_EXISTS);
    assert_non_null(strstr(why, "/api/v1/groups/{other}"));
}

static void a_cursor_fits_its_own_list_only(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    unsigned char key[CURSOR_KEY_BYTES] = "some key";
    unsigned char other_key[CURSOR_KEY_BYTES] = "some other key";
    static const char *const texts[] = {"", "1", "name\x1f\xc3\xa9|42", "a longer text, with spaces and \"quotes\""};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *text = NULL;
        char *cursor = cursor_encode(arena, key, "listUsers", texts[i]);
        assert_true(strspn(cursor, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
                    strlen(cursor));
        assert_int_equal(cursor_decode(arena, key, "listUsers", cursor, &text), 0);
        assert_string_equal(text, texts[i]);
        assert_int_equal(cursor_decode(arena, key, "listGroups", cursor, &text), ERR_SYNTAX);
        assert_int_equal(cursor_decode(arena, other_key, "listUsers", cursor, &text), ERR_SYNTAX);
        for (size_t at = 0; cursor[at]; at++) {
            char was = cursor[at];
            cursor[at] = was == 'A' ? 'B' : 'A';
            assert_int_equal(cursor_decode(arena, key, "listUsers", cursor, &text), ERR_SYNTAX);
            cursor[at] = '\0';
            assert_int_equal(cursor_decode(arena, key, "listUsers", cursor, &text), ERR_SYNTAX);
            cursor[at] = was;
        }
    }
    static const char *const bad[] = {"", "00u123", "%%%", "AAAA"};
    const char *text;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(cursor_decode(arena, key, "listUsers", bad[i], &text), ERR_SYNTAX);
    char *huge = arena_alloc(arena, LIMIT_CURSOR_BYTES + 2);
    memset(huge, 'A', LIMIT_CURSOR_BYTES + 1);
    assert_int_equal(cursor_decode(arena, key, "listUsers", huge, &text), ERR_SYNTAX);
    arena_free(arena);
}

static void a_token_has_its_share_of_a_minute(void **state)
{
    (void)state;
    struct limiter *limiter = limiter_new(2);
    struct rate rate;
    limiter_peek(limiter, 60000, &rate);
    assert_int_equal(rate.remaining, 2);
    assert_true(limiter_take(limiter, 7, 60000, &rate));
    assert_int_equal(rate.limit, 2);
    assert_int_equal(rate.remaining, 1);
    assert_int_equal(rate.reset, 120);
    assert_true(limiter_take(limiter, 7, 119999, &rate));
    assert_int_equal(rate.remaining, 0);
    assert_false(limiter_take(limiter, 7, 119999, &rate));
    assert_int_equal(rate.remaining, 0);
    assert_true(limiter_take(limiter, 8, 119999, &rate));
    assert_true(limiter_take(limiter, 7 + LIMIT_RATE_TOKENS, 119999, &rate)); /* same place, another token */
    assert_int_equal(rate.remaining, 1);
    assert_true(limiter_take(limiter, 7, 120000, &rate));
    assert_int_equal(rate.reset, 180);
    /* Beyond the table all share one count, and those in it keep theirs. */
    for (int64_t key = 1; key <= LIMIT_RATE_TOKENS; key++)
        assert_true(limiter_take(limiter, key, 180000, &rate));
    assert_true(limiter_take(limiter, 100001, 180000, &rate));
    assert_true(limiter_take(limiter, 100002, 180000, &rate));
    assert_false(limiter_take(limiter, 100003, 180000, &rate));
    assert_true(limiter_take(limiter, 9, 180000, &rate));
    limiter_free(limiter);
}

static void networks_are_read_and_matched(void **state)
{
    (void)state;
    struct proxies proxies;
    char why[256];
    assert_int_equal(proxies_parse(&proxies, NULL, NULL, 0), 0);
    assert_false(proxies_contain(&proxies, "127.0.0.1"));
    assert_int_equal(proxies_parse(&proxies, "10.0.0.0/8, 192.0.2.7 fd00::/9,::1", why, sizeof(why)), 0);
    static const char *const in[] = {"10.1.2.3", "192.0.2.7", "fd01::1", "::1", "::ffff:10.9.9.9"};
    static const char *const out[] = {"11.0.0.1", "192.0.2.8", "fe00::1", "::2", "127.0.0.1", "", "nonsense"};
    for (size_t i = 0; i < ARRAY_LEN(in); i++)
        assert_true(proxies_contain(&proxies, in[i]));
    for (size_t i = 0; i < ARRAY_LEN(out); i++)
        assert_false(proxies_contain(&proxies, out[i]));
    static const char *const bad[] = {"10.0.0.0/33", "::/129",    "10.0.0.0/", "10.0.0.0/-1",  "10.0.0/8",
                                      "localhost",   "0.0.0.0/0", "::/0",      "::ffff:0:0/96"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(proxies_parse(&proxies, bad[i], why, sizeof(why)), ERR_SYNTAX);
        assert_non_null(strstr(why, bad[i]));
    }
}

static void the_client_is_the_last_that_is_not_a_proxy(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct proxies proxies;
    assert_int_equal(proxies_parse(&proxies, "10.0.0.0/8", NULL, 0), 0);
    static const struct {
        const char *peer;
        const char *forwarded;
        const char *client;
    } cases[] = {
        {"10.0.0.1", "198.51.100.9", "198.51.100.9"},
        {"10.0.0.1", "1.1.1.1, 198.51.100.9", "198.51.100.9"}, /* the first was written by the client */
        {"10.0.0.1", "198.51.100.9, 10.0.0.2", "198.51.100.9"},
        {"10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"},
        {"10.0.0.1", "evil, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"192.0.2.1", "198.51.100.9", "192.0.2.1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(proxies_client(&proxies, arena, cases[i].peer, cases[i].forwarded), cases[i].client);
    arena_free(arena);
}

static void a_host_holds_nothing_but_a_host(void **state)
{
    (void)state;
    assert_true(host_is_plain("muster.example.com:8443"));
    assert_true(host_is_plain("[::1]:80"));
    assert_false(host_is_plain(NULL));
    assert_false(host_is_plain(""));
    assert_false(host_is_plain("a/b"));
    assert_false(host_is_plain("a>; rel=\"next\""));
    assert_false(host_is_plain("user@host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_wins_over_a_parameter),
        cmocka_unit_test(paths_and_methods_that_are_not_there),
        cmocka_unit_test(a_route_twice_is_refused),
        cmocka_unit_test(a_cursor_fits_its_own_list_only),
        cmocka_unit_test(a_token_has_its_share_of_a_minute),
        cmocka_unit_test(networks_are_read_and_matched),
        cmocka_unit_test(the_client_is_the_last_that_is_not_a_proxy),
        cmocka_unit_test(a_host_holds_nothing_but_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
