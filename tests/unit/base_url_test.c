/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena = arena_free(arena);
    return 0;
}

static void encoding(void **state)
{
    (void)state;
    assert_string_equal(url_encoded(arena, "AZaz09-._~"), "AZaz09-._~");
    assert_string_equal(url_encoded(arena, "a b/c?d&e=f+g%\"\xc3\xa9"), "a%20b%2Fc%3Fd%26e%3Df%2Bg%25%22%C3%A9");
    assert_string_equal(url_encoded(arena, ""), "");
}

static void decoding(void **state)
{
    (void)state;
    assert_string_equal(url_decode(arena, "a%20b%2Fc%c3%A9+", 16, false), "a b/c\xc3\xa9+");
    assert_string_equal(url_decode(arena, "a+b%2B", 6, true), "a b+");
    assert_string_equal(url_decode(arena, "", 0, true), "");
    assert_string_equal(url_decode(arena, "abcd", 2, true), "ab");
    static const char *const bad[] = {"%", "%2", "a%2", "%zz", "%2g", "%g2", "%00", "%ff", "%C3", "%C3%28", "%+1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (url_decode(arena, bad[i], strlen(bad[i]), true))
            fail_msg("decoded %s", bad[i]);
    assert_null(url_decode(arena, "%20", 2, true));
}

static void paths_are_split_before_they_are_decoded(void **state)
{
    (void)state;
    struct url_path path = {0};
    assert_int_equal(url_split(arena, "/api/v1/users/a%20b%40c", &path), 0);
    assert_int_equal(path.count, 4);
    assert_string_equal(path.segments[0], "api");
    assert_string_equal(path.segments[3], "a b@c");
    assert_int_equal(url_split(arena, "/users/", &path), 0);
    assert_int_equal(path.count, 1);
    assert_int_equal(url_split(arena, "/", &path), 0);
    assert_int_equal(path.count, 0);
    assert_int_equal(url_split(arena, "/a+b", &path), 0);
    assert_string_equal(path.segments[0], "a+b");
    static const char *const bad[] = {"",       "a/b", "//",   "/a//b", "/a//", "/./a", "/a/..", "/%2e%2E/a",
                                      "/a%2Fb", "/a%", "/%00", "/\xff", "/%2f", "*",    "/a/%2e"};
    path.count = 77;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (url_split(arena, bad[i], &path) != ERR_SYNTAX)
            fail_msg("accepted %s", bad[i]);
    assert_int_equal(path.count, 77);
    assert_int_equal(url_split(arena, "/1/2/3/4/5/6/7/8/9/10/11/12", &path), 0);
    assert_int_equal(path.count, LIMIT_PATH_SEGMENTS);
    assert_int_equal(url_split(arena, "/1/2/3/4/5/6/7/8/9/10/11/12/13", &path), ERR_TOO_LARGE);
}

static void queries(void **state)
{
    (void)state;
    struct url_params params = {0};
    assert_int_equal(url_query(arena, "q=a+b%2B&limit=20&&flag&x=1=2&=v&q=second&", &params), 0);
    assert_int_equal(params.count, 6);
    assert_string_equal(url_param(&params, "q"), "a b+");
    assert_string_equal(url_param(&params, "limit"), "20");
    assert_string_equal(url_param(&params, "flag"), "");
    assert_string_equal(url_param(&params, "x"), "1=2");
    assert_string_equal(url_param(&params, ""), "v");
    assert_null(url_param(&params, "Q"));
    assert_int_equal(url_query(arena, NULL, &params), 0);
    assert_int_equal(params.count, 0);
    assert_int_equal(url_query(arena, "a=%", &params), ERR_SYNTAX);
    assert_int_equal(url_query(arena, "%zz=1", &params), ERR_SYNTAX);
    assert_int_equal(url_query(arena, "a=%ff", &params), ERR_SYNTAX);
}

static void query_limits(void **state)
{
    (void)state;
    struct url_params params = {0};
    struct buf text;
    buf_init(&text, 1024 * 1024);
    for (int i = 0; i < LIMIT_PARAMS; i++)
        buf_str(&text, "a=1&");
    assert_int_equal(url_query(arena, buf_text(&text), &params), 0);
    assert_int_equal(params.count, LIMIT_PARAMS);
    buf_str(&text, "a=1");
    assert_int_equal(url_query(arena, buf_text(&text), &params), ERR_TOO_LARGE);
    buf_clear(&text);
    while (text.len < LIMIT_QUERY_BYTES)
        buf_char(&text, 'a');
    assert_int_equal(url_query(arena, buf_text(&text), &params), 0);
    buf_char(&text, 'a');
    assert_int_equal(url_query(arena, buf_text(&text), &params), ERR_TOO_LARGE);
    buf_free(&text);
}

static void absolute_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } good[] = {
        {"https://Scim.Example.com/v2?a=b?c", "https|scim.example.com|443|/v2|a=b?c"},
        {"HTTP://localhost", "http|localhost|80|/|-"},
        {"http://localhost?x", "http|localhost|80|/|x"},
        {"https://[2001:DB8::1]:8443/a%2Fb/", "https|2001:db8::1|8443|/a%2Fb/|-"},
        {"http://127.0.0.1:1/?", "http|127.0.0.1|1|/|"},
        {"https://a_b-c.example.:65535/@:x", "https|a_b-c.example.|65535|/@:x|-"},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct url_target t = {0};
        assert_int_equal(url_parse(arena, good[i].text, &t), 0);
        assert_string_equal(
            arena_printf(arena, "%s|%s|%d|%s|%s", t.scheme, t.host, t.port, t.path, t.query ? t.query : "-"),
            good[i].expected);
    }
    static const char *const bad[] = {
        "",
        "example.com",
        "/path",
        "//host/",
        "ftp://host/",
        "https:/host",
        "https://",
        "https:///x",
        "https://?x",
        "https://user@host/",
        "https://user:pw@host/",
        "https://host/#f",
        "https://host:/",
        "https://host:0/",
        "https://host:65536/",
        "https://host:8a/",
        "https://host:123456/",
        "https://ho st/",
        "https://host/a b",
        "https://host\\@evil/",
        "https://host/\x01",
        "https://host/\xc3\xa9",
        "https://[::1",
        "https://[::1]x/",
        "https://[127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://::1/",
        "https://.host/",
        "https://a..b/",
        " https://host/",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct url_target t = {.port = 77};
        if (url_parse(arena, bad[i], &t) != ERR_SYNTAX || t.port != 77)
            fail_msg("accepted %s", bad[i]);
    }
}

static void host_and_port(void **state)
{
    (void)state;
    const char *host = NULL;
    int port = 0;
    assert_int_equal(url_host_port(arena, "Localhost:8080", &host, &port), 0);
    assert_string_equal(host, "localhost");
    assert_int_equal(port, 8080);
    assert_int_equal(url_host_port(arena, "[::1]:0", &host, &port), 0);
    assert_string_equal(host, "::1");
    assert_int_equal(port, 0);
    assert_int_equal(url_host_port(arena, ":80", &host, &port), 0);
    assert_string_equal(host, "");
    static const char *const bad[] = {"",        "host",    "host:", "8080", "::1:80", "[::1]",
                                      "[::1]80", "h:65536", "h:-1",  "h:1 ", "a b:1",  "h:1:2"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (url_host_port(arena, bad[i], &host, &port) != ERR_SYNTAX)
            fail_msg("accepted %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding),
        cmocka_unit_test(decoding),
        cmocka_unit_test(paths_are_split_before_they_are_decoded),
        cmocka_unit_test(queries),
        cmocka_unit_test(query_limits),
        cmocka_unit_test(absolute_urls),
        cmocka_unit_test(host_and_port),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
