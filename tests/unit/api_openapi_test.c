/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/openapi.json says what the route tables say, no more and no less. To write it anew after a change of the routes:
 *
 *     MUSTER_WRITE_OPENAPI=docs/openapi.json build/tests/unit/api_openapi_test
 */
#include "api/api.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DESCRIPTION_BYTES (4 * 1024 * 1024)

static void every_operation_is_described_once(void **state)
{
    (void)state;
    const char *seen[512];
    size_t count = 0;
    for (const struct route *const *table = api_routes; *table; table++) {
        for (const struct route *route = *table; route->method; route++) {
            if (!api_summary(route->operation))
                fail_msg("%s %s: describe.c has no line for the operation %s", route->method, route->path,
                         route->operation);
            for (size_t i = 0; i < count; i++) {
                if (strcmp(seen[i], route->operation) == 0)
                    fail_msg("%s %s: the operation %s is another route's", route->method, route->path,
                             route->operation);
            }
            assert_true(count < ARRAY_LEN(seen));
            seen[count++] = route->operation;
        }
    }
    assert_true(count > 60);
}

/* The tests run in the build directory or are started by hand at the top. */
static FILE *open_docs(void)
{
    FILE *file = fopen("docs/openapi.json", "r");
    return file ? file : fopen("../docs/openapi.json", "r");
}

/* One operation a line: "GET /api/v1/users listUsers". */
static void list_operations(const struct jval *document, struct buf *out)
{
    const struct jval *paths = jval_get(document, "paths");
    for (void *p = jval_first(paths); p; p = jval_next(paths, p)) {
        const struct jval *path = jval_iter_value(p);
        for (void *m = jval_first(path); m; m = jval_next(path, m))
            buf_printf(out, "%s %s %s\n", jval_iter_key(m), jval_iter_key(p),
                       jval_get_str(jval_iter_value(m), "operationId"));
    }
}

/* Fails with the first line of `a` that `b` does not have. */
static void expect_lines(const struct buf *a, const struct buf *b, const char *what)
{
    for (const char *line = buf_text(a); *line;) {
        size_t n = strcspn(line, "\n") + 1;
        if (!memmem(buf_text(b), b->len, line, n))
            fail_msg("%s: %.*s", what, (int)n - 1, line);
        line += n;
    }
}

static void the_document_is_what_the_routes_say(void **state)
{
    (void)state;
    struct buf described;
    struct buf written;
    struct buf ours;
    struct buf theirs;
    buf_init(&described, DESCRIPTION_BYTES);
    buf_init(&written, DESCRIPTION_BYTES);
    buf_init(&ours, DESCRIPTION_BYTES);
    buf_init(&theirs, DESCRIPTION_BYTES);
    struct jout out;
    jout_init(&out, &described);
    api_describe(&out, api_routes);
    struct jval *routes;
    struct jval *document;
    assert_int_equal(jval_parse(&routes, described.data, described.len, NULL), 0);
    list_operations(routes, &ours);
    assert_true(ours.len > 1000);

    FILE *file = open_docs();
    if (!file)
        fail_msg("docs/openapi.json is not there");
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof(piece), file)) > 0;)
        buf_add(&written, piece, n);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(jval_parse(&document, buf_text(&written), written.len, NULL), 0);
    list_operations(document, &theirs);
    expect_lines(&ours, &theirs, "missing in docs/openapi.json");
    expect_lines(&theirs, &ours, "only in docs/openapi.json");
    if (!jval_equal(document, routes))
        fail_msg("docs/openapi.json differs in a detail from what the server describes; write it anew");
    jval_free(document);
    jval_free(routes);
    buf_free(&described);
    buf_free(&written);
    buf_free(&ours);
    buf_free(&theirs);
}

static int write_document(const char *path)
{
    struct buf text;
    buf_init(&text, DESCRIPTION_BYTES);
    struct jout out;
    jout_init(&out, &text);
    api_describe(&out, api_routes);
    FILE *file = fopen(path, "w");
    int r = !file || text.overflowed;
    /* A line for each operation, so that changes can be read. */
    for (const char *p = buf_text(&text); file && *p; p++) {
        bool starts = (p[0] == '"' && p[1] == '/') || strncmp(p, "\"operationId\"", 13) == 0 ||
                      strncmp(p, "\"components\"", 12) == 0;
        if (starts)
            r |= fputc('\n', file) == EOF;
        r |= fputc(*p, file) == EOF;
    }
    if (file)
        r |= fputc('\n', file) == EOF || fclose(file) != 0;
    buf_free(&text);
    return r;
}

int main(void)
{
    const char *path = getenv("MUSTER_WRITE_OPENAPI");
    if (path)
        return write_document(path);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_described_once),
        cmocka_unit_test(the_document_is_what_the_routes_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
