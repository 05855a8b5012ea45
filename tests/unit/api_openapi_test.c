/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/openapi.json says what the route tables say, no more and no less. To write it anew after a change of the routes:
 *
 *     MUSTER_WRITE_OPENAPI=docs/openapi.json build/tests/unit/api_openapi_test
 */
#include "api/api.h"

#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

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

/* --- what handlers ask for ------------------------------------------------------------------------------------------
 * The sources of the room are read: which functions name a parameter, which call which, and which one serves a route.
 */

#define FUNCTIONS_MAX 2048
#define SOURCE_BYTES ((size_t)128 * 1024)
#define WORD_BYTES 256

struct function {
    char name[WORD_BYTES];
    char file[WORD_BYTES];
    const char *body;
    size_t body_n;
    bool is_static;
    bool seen;
};

static struct function functions[FUNCTIONS_MAX];
static size_t function_count;
static char *sources[256];
static char source_names[256][WORD_BYTES];
static size_t source_count;

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Functions begin with a line that starts with a letter, and their bodies with a line that is a brace. */
static void read_functions(const char *file, const char *text)
{
    for (const char *open = text; (open = strstr(open, ")\n{\n"));) {
        const char *end = strstr(open, "\n}\n");
        const char *head = open;
        while (head > text && !(head[-1] == '\n' && in_word(head[0])))
            head--;
        const char *paren = strchr(head, '(');
        const char *name = paren;
        while (name > head && in_word(name[-1]))
            name--;
        assert_true(end && paren && function_count < FUNCTIONS_MAX);
        struct function *function = &functions[function_count++];
        *function = (struct function){.body = open, .body_n = (size_t)(end - open)};
        (void)snprintf(function->name, WORD_BYTES, "%.*s", (int)(paren - name), name);
        (void)snprintf(function->file, WORD_BYTES, "%s", file);
        function->is_static = strncmp(head, "static ", 7) == 0;
        open = end;
    }
}

static void read_sources(void)
{
    /* From the checkout, or from a build directory, which has a folder of the same name. */
    const char *folder = access("src/api/parameters.c", F_OK) == 0 ? "src/api" : "../src/api";
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".c") != 0)
            continue;
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "r");
        assert_true(file && source_count < ARRAY_LEN(sources));
        char *text = calloc(1, SOURCE_BYTES);
        size_t n = fread(text, 1, SOURCE_BYTES - 1, file);
        assert_true(n > 0 && n < SOURCE_BYTES - 1);
        assert_int_equal(fclose(file), 0);
        (void)snprintf(source_names[source_count], WORD_BYTES, "%s", entry->d_name);
        sources[source_count++] = text;
        read_functions(entry->d_name, text);
    }
    assert_int_equal(closedir(dir), 0);
    assert_true(function_count > 500);
}

/* A function of the same file, else one that other files can call. */
static struct function *find_function(const char *file, const char *name, size_t n)
{
    struct function *found = NULL;
    for (size_t i = 0; i < function_count; i++) {
        struct function *f = &functions[i];
        if (strncmp(f->name, name, n) != 0 || f->name[n])
            continue;
        if (strcmp(f->file, file) == 0)
            return f;
        found = f->is_static ? found : f;
    }
    return found;
}

static bool is_named(const char *at, const char *word, size_t n)
{
    return strlen(word) == n && strncmp(at, word, n) == 0;
}

/* Notes the parameter that is named by a call of call_query() and its kin at `at`, a word of `n` letters. */
static void note_reading(const char *at, size_t n, struct buf *names)
{
    static const char *const readers[] = {"call_query", "call_query_bool", "call_query_time", "query_or_null"};
    if (is_named(at, "call_page", n))
        buf_str(names, " limit after ");
    if (is_named(at, "call_cursor", n))
        buf_str(names, " after ");
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        const char *open = at + n + strcspn(at + n, "\")");
        if (is_named(at, readers[i], n) && *open == '"')
            buf_printf(names, " %.*s ", (int)strcspn(open + 1, "\""), open + 1);
    }
}

/* What `function` and all that it names ask for. */
static void collect_names(struct function *function, struct buf *names)
{
    static const char *const of_every_call[] = {"call.c", "serve.c", "plan.c"};
    for (size_t i = 0; i < ARRAY_LEN(of_every_call); i++)
        if (function && strcmp(function->file, of_every_call[i]) == 0)
            return;
    if (!function || function->seen)
        return;
    function->seen = true;
    const char *end = function->body + function->body_n;
    for (const char *at = function->body; at < end; at++) {
        if (!in_word(*at) || in_word(at[-1]))
            continue;
        size_t n = 0;
        while (in_word(at[n]))
            n++;
        note_reading(at, n, names);
        collect_names(find_function(function->file, at, n), names);
    }
}

/* The identifier that ends before `at`, or starts behind it, over commas and blanks. */
static void collect_beside(const char *file, const char *quote, const char *behind, struct buf *names)
{
    const char *end = quote;
    while (strchr(" ,\n", end[-1]))
        end--;
    const char *start = end;
    while (in_word(start[-1]))
        start--;
    collect_names(find_function(file, start, (size_t)(end - start)), names);
    behind += strspn(behind, "\", \n");
    size_t n = 0;
    while (in_word(behind[n]))
        n++;
    collect_names(find_function(file, behind, n), names);
}

static void collect_of_route(const struct route *route, struct buf *names)
{
    char quoted[WORD_BYTES];
    (void)snprintf(quoted, sizeof(quoted), "\"%s\"", route->operation);
    for (size_t i = 0; i < function_count; i++)
        functions[i].seen = false;
    for (size_t i = 0; i < source_count; i++) {
        if (strcmp(source_names[i], "describe.c") == 0 || strcmp(source_names[i], "parameters.c") == 0)
            continue;
        for (const char *at = sources[i]; (at = strstr(at, quoted)); at++)
            collect_beside(source_names[i], at, at + strlen(quoted), names);
    }
}

/* What is asked for by code that several operations share, and not for this one. */
static bool is_of_another(const struct route *route, const char *name)
{
    return strcmp(route->operation, "diagnoseApplicationUser") == 0 && strcmp(name, "userId") == 0;
}

static size_t expect_described(const struct route *route, const struct buf *names)
{
    size_t count = 0;
    for (const char *at = buf_text(names); *(at += strspn(at, " "));) {
        char name[WORD_BYTES];
        size_t n = strcspn(at, " ");
        (void)snprintf(name, sizeof(name), "%.*s", (int)n, at);
        if (!is_of_another(route, name) && !route_takes(route, name))
            fail_msg("%s reads %s: parameters.c does not say so", route->operation, name);
        at += n;
        count++;
    }
    return count;
}

static void what_handlers_read_is_described(void **state)
{
    (void)state;
    read_sources();
    size_t read = 0;
    for (const struct route *const *table = api_routes; *table; table++) {
        for (const struct route *route = *table; route->method; route++) {
            struct buf names;
            buf_init(&names, SOURCE_BYTES);
            collect_of_route(route, &names);
            read += expect_described(route, &names);
            const struct query_parameter *parameter;
            char name[WORD_BYTES];
            for (size_t n = 0; (parameter = route_parameter(route, n)); n++) {
                (void)snprintf(name, sizeof(name), " %s ", parameter->name);
                bool of_plan = strcmp(route->method, "GET") != 0 && (strstr(" dryRun limit after ", name) != NULL);
                if (!of_plan && !strstr(buf_text(&names), name))
                    fail_msg("%s does not read %s: parameters.c says so", route->operation, parameter->name);
            }
            buf_free(&names);
        }
    }
    assert_true(read > 200);
    for (size_t i = 0; i < source_count; i++)
        free(sources[i]);
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
        cmocka_unit_test(what_handlers_read_is_described),
        cmocka_unit_test(the_document_is_what_the_routes_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
