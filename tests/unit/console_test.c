/* SPDX-License-Identifier: Apache-2.0 */
/* The console as a browser is handed it: which file, which coding, which headers, and how much of it at first. */
#include "api_client.h"
#include "base/httpd.h"
#include "console/console.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FIRST_LOAD_BYTES_MAX 400000 /* compressed: everything that the first page with a list loads, fonts included */
#define BROWSER "Accept: text/html,application/xhtml+xml,*/*;q=0.8"

static void handle(struct exchange *exchange, void *data)
{
    if (!console_serve(exchange, data))
        exchange_send(exchange, 404, "not the console's", 17);
}

static int start(void **state)
{
    const struct httpd_options options = {.host = "127.0.0.1", .body_max = 1024, .handle = handle};
    struct httpd *httpd = NULL;
    if (httpd_start(&httpd, &options, NULL, 0) < 0)
        return -1;
    *state = httpd;
    return 0;
}

static int stop(void **state)
{
    httpd_stop(*state);
    return 0;
}

static struct answer get(void **state, const char *method, const char *target, const char *header, const char *other)
{
    return ask(&(struct ask){
        .port = httpd_port(*state), .method = method, .target = target, .headers = {header ? header : other, other}});
}

/* The first file whose path begins and ends like this. */
static const struct console_file *file_like(const char *begin, const char *end)
{
    for (size_t i = 0; i < console_file_count; i++) {
        const char *path = console_files[i].path;
        if (strncmp(path, begin, strlen(begin)) == 0 && strcmp(path + strlen(path) - strlen(end), end) == 0)
            return &console_files[i];
    }
    fail_msg("the bundle has no %s*%s", begin, end);
    return NULL;
}

static const struct console_file *script(void)
{
    return file_like("/assets/index-", ".js");
}

static void test_page_and_its_headers(void **state)
{
    struct answer answer = get(state, "GET", "/", NULL, NULL);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(buf_text(&answer.body), "<div id=\"root\">"));
    assert_string_equal(answer_header(&answer, "Content-Type"), "text/html; charset=utf-8");
    assert_string_equal(answer_header(&answer, "Cache-Control"), "no-cache");
    assert_string_equal(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(answer_header(&answer, "Referrer-Policy"), "no-referrer");
    const char *policy = answer_header(&answer, "Content-Security-Policy");
    assert_non_null(strstr(policy, "default-src 'self'"));
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_null(strstr(policy, "unsafe"));
    answer_free(&answer);
}

static void test_deep_links_for_browsers_only(void **state)
{
    struct answer page = get(state, "GET", "/applications/0oa1/push-groups?q=a", BROWSER, NULL);
    assert_int_equal(page.status, 200);
    assert_non_null(strstr(buf_text(&page.body), "<div id=\"root\">"));
    answer_free(&page);
    static const char *const others[][2] = {
        {"/applications", "Accept: application/json"}, /* a client of the API that mistyped */
        {"/assets/nothing-1234.js", BROWSER},
        {"/assets/", BROWSER},
        {"/robots.txt", BROWSER},
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct answer answer = get(state, "GET", others[i][0], others[i][1], NULL);
        assert_int_equal(answer.status, 404);
        answer_free(&answer);
    }
}

static void test_codings(void **state)
{
    static const struct {
        const char *header;
        const char *coding; /* NULL: none */
    } cases[] = {
        {"Accept-Encoding: gzip, deflate, br", "br"},
        {"Accept-Encoding: gzip", "gzip"},
        {"Accept-Encoding: br;q=0, gzip;q=0.5", "gzip"},
        {"Accept-Encoding: br; q=0.0, gzip; q=0", NULL},
        {"Accept-Encoding: *", "br"},
        {"Accept-Encoding: identity", NULL},
        {"Accept-Encoding: brotli, xgzip", NULL},
        {"X-None: 1", NULL},
    };
    const struct console_file *file = script();
    size_t before = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer answer = get(state, "GET", file->path, cases[i].header, NULL);
        assert_int_equal(answer.status, 200);
        const char *coding = answer_header(&answer, "Content-Encoding");
        if (cases[i].coding)
            assert_string_equal(coding, cases[i].coding);
        else
            assert_null(coding);
        assert_string_equal(answer_header(&answer, "Vary"), "Accept-Encoding");
        before = MAX_OF(before, answer.body.len);
        answer_free(&answer);
    }
    assert_int_equal(before, file->bodies[CODING_IDENTITY].n);
    assert_true(file->bodies[CODING_BROTLI].n < file->bodies[CODING_GZIP].n);
    assert_true(file->bodies[CODING_GZIP].n * 2 < before);
}

static void test_etags(void **state)
{
    const struct console_file *file = script();
    char plain[200];
    char packed[200];
    (void)snprintf(plain, sizeof(plain), "If-None-Match: \"%s-identity\"", file->hash);
    (void)snprintf(packed, sizeof(packed), "If-None-Match: \"other\", W/\"%s-gzip\"", file->hash);
    struct answer first = get(state, "GET", file->path, NULL, NULL);
    assert_string_equal(answer_header(&first, "ETag"), plain + strlen("If-None-Match: "));
    assert_string_equal(answer_header(&first, "Cache-Control"), "public, max-age=31536000, immutable");
    answer_free(&first);
    struct answer same = get(state, "GET", file->path, plain, NULL);
    assert_int_equal(same.status, 304);
    assert_int_equal(same.body.len, 0);
    answer_free(&same);
    same = get(state, "GET", file->path, packed, "Accept-Encoding: gzip");
    assert_int_equal(same.status, 304);
    answer_free(&same);
    /* Another coding is another representation, with a tag of its own. */
    struct answer other = get(state, "GET", file->path, plain, "Accept-Encoding: gzip");
    assert_int_equal(other.status, 200);
    answer_free(&other);
}

static void test_methods(void **state)
{
    struct answer head = get(state, "HEAD", "/", NULL, NULL);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body.len, 0);
    char length[32];
    (void)snprintf(length, sizeof(length), "%zu", file_like("/index", ".html")->bodies[CODING_IDENTITY].n);
    assert_string_equal(answer_header(&head, "Content-Length"), length);
    answer_free(&head);
    struct answer post = get(state, "POST", "/", NULL, NULL);
    assert_int_equal(post.status, 405);
    assert_string_equal(answer_header(&post, "Allow"), "GET, HEAD");
    answer_free(&post);
}

/* What index.html names, and what every page needs besides it. */
static void test_first_load(void **state)
{
    (void)state;
    const struct console_file *index = file_like("/index", ".html");
    const char *html = (const char *)console_bytes + index->bodies[CODING_IDENTITY].offset;
    size_t html_n = index->bodies[CODING_IDENTITY].n;
    static const char *const lists[] = {"applications-", "time-", "RedHatTextVF-", "RedHatDisplayVF-"};
    size_t sum = 0;
    int named = 0;
    for (size_t i = 0; i < console_file_count; i++) {
        const struct console_file *file = &console_files[i];
        bool first = memmem(html, html_n, file->path, strlen(file->path)) != NULL;
        named += first && file->immutable;
        for (size_t j = 0; j < ARRAY_LEN(lists); j++)
            first = first || (strstr(file->path, lists[j]) && !strstr(file->path, "Italic"));
        size_t gzip = file->bodies[CODING_GZIP].n;
        sum += !first ? 0 : gzip ? gzip : file->bodies[CODING_IDENTITY].n;
    }
    assert_true(named >= 2); /* the script and the style sheet */
    print_message("first load: %zu bytes compressed by gzip\n", sum);
    assert_true(sum < FIRST_LOAD_BYTES_MAX);
    /* Nothing that the Content-Security-Policy forbids stands in the page. */
    assert_null(memmem(html, html_n, "<style", 6));
    assert_null(memmem(html, html_n, "style=", 6));
    assert_null(memmem(html, html_n, "<script>", 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_and_its_headers),
        cmocka_unit_test(test_deep_links_for_browsers_only),
        cmocka_unit_test(test_codings),
        cmocka_unit_test(test_etags),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_first_load),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
