/* SPDX-License-Identifier: Apache-2.0 */
/* Import: CSV files into chunks, against a sink that remembers; and one chunk into a store. */
#include "api/import.h"
#include "base/limits.h"
#include "cli/datadir.h"
#include "cli/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CHUNKS_MAX 16

struct sink {
    size_t chunks;
    size_t rows[CHUNKS_MAX];
    bool dry[CHUNKS_MAX];
    struct jval *last;   /* body of the last chunk */
    size_t fail_at;      /* the chunk with this number fails; 0: none */
    int64_t refused_row; /* of each chunk; -1: none */
    const char *refused_code;
};

static char dir[64];
static struct cli *cli;
static struct sink sink;
static struct import import;
static struct import_sink import_sink;

static int take_chunk(void *data, const struct jval *body, bool dry_run, struct jval **ret_answer)
{
    struct sink *s = data;
    assert_true(s->chunks < CHUNKS_MAX);
    const struct jval *users = jval_get(body, "users"), *rows = users ? users : jval_get(body, "memberships");
    if (++s->chunks == s->fail_at)
        return CLI_UNREACHABLE;
    s->rows[s->chunks - 1] = jval_len(rows);
    s->dry[s->chunks - 1] = dry_run;
    s->last = jval_free(s->last);
    s->last = jval_copy(body);
    struct jval *answer = jval_new_object(), *errors = jval_new_array();
    bool refuse = s->refused_row >= 0 && s->refused_row < (int64_t)jval_len(rows);
    if (refuse) {
        struct jval *one = jval_new_object();
        jval_set(one, "row", jval_new_int(s->refused_row));
        jval_set_str(one, "column", "login");
        jval_set_str(one, "errorCode", s->refused_code);
        jval_set_str(one, "errorSummary", "no");
        jval_append(errors, one);
    }
    jval_set(answer, "created", jval_new_int((int64_t)jval_len(rows) - (refuse ? 1 : 0)));
    jval_set(answer, "errors", errors);
    *ret_answer = answer;
    return CLI_OK;
}

static int has_attribute(void *data, const char *name)
{
    (void)data;
    return strcmp(name, "unheard") != 0;
}

static int start(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/muster-import-XXXXXX");
    assert_non_null(mkdtemp(dir));
    cli = NEW(struct cli);
    *cli = (struct cli){.arena = arena_new(), .json = true};
    sink = (struct sink){.refused_row = -1, .refused_code = "E0000001"};
    import_sink = (struct import_sink){
        .send = take_chunk, .has_attribute = has_attribute, .data = &sink, .target = "http://here"};
    import = (struct import){.cli = cli, .sink = &import_sink, .keep_progress = true, .errors = jval_new_array()};
    return 0;
}

static int end(void **state)
{
    (void)state;
    import_end(&import);
    (void)jval_free(import.errors);
    (void)jval_free(sink.last);
    (void)arena_free(cli->arena);
    free(cli);
    static const char *const files[] = {"a.csv",      "a.csv.muster-progress", "b.csv",         "muster.db",
                                        "muster.key", "muster.db-wal",         "muster.db-shm", "lock"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(dir), 0);
    return 0;
}

static const char *path_of(const char *name)
{
    return arena_printf(cli->arena, "%s/%s", dir, name);
}

static const char *write_file(const char *name, const char *text)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* login,email and `rows` people. */
static const char *write_people(size_t rows)
{
    struct buf text;
    buf_init(&text, 10000000);
    buf_str(&text, "login,title\n");
    for (size_t i = 0; i < rows; i++)
        buf_printf(&text, "user%zu@example.com,\"Head, %zu\"\n", i, i);
    const char *path = write_file("a.csv", buf_text(&text));
    buf_free(&text);
    return path;
}

static int64_t error_line(size_t at)
{
    return jval_int(jval_get(jval_at(import.errors, at), "line"), -1);
}

static void rows_travel_in_chunks(void **state)
{
    (void)state;
    assert_int_equal(import_file(&import, write_people(2 * LIMIT_IMPORT_ROWS + 1)), CLI_OK);
    assert_int_equal(sink.chunks, 3);
    assert_int_equal(sink.rows[0], LIMIT_IMPORT_ROWS);
    assert_int_equal(sink.rows[1], LIMIT_IMPORT_ROWS);
    assert_int_equal(sink.rows[2], 1);
    assert_int_equal(import.users.created, 2 * LIMIT_IMPORT_ROWS + 1);
    assert_int_equal(import.users.bad, 0);
    assert_string_equal(jval_str(jval_path(jval_at(jval_get(sink.last, "users"), 0), "profile.title")), "Head, 2000");
    assert_int_not_equal(access(path_of("a.csv.muster-progress"), F_OK), 0);
}

static void large_rows_make_small_chunks(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 10000000);
    buf_str(&text, "login,title\n");
    for (int i = 0; i < 10; i++) {
        buf_printf(&text, "u%d@example.com,", i);
        for (int k = 0; k < 200000; k++)
            buf_char(&text, 'x');
        buf_str(&text, "\n");
    }
    assert_int_equal(import_file(&import, write_file("a.csv", buf_text(&text))), CLI_OK);
    buf_free(&text);
    assert_int_equal(sink.chunks, 3);
    assert_int_equal(sink.rows[0] + sink.rows[1] + sink.rows[2], 10);
}

static void bad_rows_are_named_and_stop_no_others(void **state)
{
    (void)state;
    const char *path = write_file("a.csv", "login,email,status\n"
                                           "a@example.com,a@example.com,\n" /* 2 */
                                           ",b@example.com,\n"              /* 3: no login */
                                           "c@example.com,c@example.com\n"  /* 4: a field is missing */
                                           "d@example.com,\"two\nlines\",\n"
                                           "e@example.com,e@example.com,GONE\n" /* 7 */
                                           "f@example.com,\"x\"y,\n"            /* 8: not CSV */
                                           "g@example.com,,STAGED\n");
    assert_int_equal(import_file(&import, path), CLI_OK);
    assert_int_equal(sink.chunks, 1);
    assert_int_equal(sink.rows[0], 3);
    assert_int_equal(import.users.bad, 4);
    assert_int_equal(jval_len(import.errors), 4);
    assert_int_equal(error_line(0), 3);
    assert_string_equal(jval_get_str(jval_at(import.errors, 0), "column"), "login");
    assert_int_equal(error_line(1), 4);
    assert_int_equal(error_line(2), 7);
    assert_string_equal(jval_get_str(jval_at(import.errors, 2), "column"), "status");
    assert_int_equal(error_line(3), 8);
    const struct jval *rows = jval_get(sink.last, "users");
    assert_true(jval_is_true(jval_get(jval_at(rows, 0), "activate")));
    assert_false(jval_is_true(jval_get(jval_at(rows, 2), "activate")));
    /* An empty field is not given, so that it clears nothing. */
    assert_null(jval_path(jval_at(rows, 2), "profile.email"));
    assert_null(jval_path(jval_at(rows, 0), "profile.status"));
}

static void refusals_are_told_by_line(void **state)
{
    (void)state;
    sink.refused_row = 1;
    const char *path = write_file("a.csv", "group,login\nG,a@example.com\n\nG,b@example.com\nG,c@example.com\n");
    assert_int_equal(import_file(&import, path), CLI_OK);
    assert_int_equal(import.memberships.created, 2);
    assert_int_equal(import.memberships.bad, 1);
    assert_int_equal(error_line(0), 4);
}

static void columns_are_checked_first(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "email\nx\n",
                                      "login,unheard\nx,y\n",
                                      "login,password\nx,y\n",
                                      "login,title,title\nx,y,z\n",
                                      "login,group,title\nx,y,z\n",
                                      "log\"in\nx\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(import_file(&import, write_file("a.csv", bad[i])), CLI_FAILED);
    assert_int_equal(sink.chunks, 0);
    assert_int_equal(import_file(&import, path_of("none.csv")), CLI_FAILED);
}

static void an_interrupted_import_goes_on(void **state)
{
    (void)state;
    sink.fail_at = 3;
    const char *path = write_people(2 * LIMIT_IMPORT_ROWS + 500);
    assert_int_equal(import_file(&import, path), CLI_UNREACHABLE);
    assert_int_equal(access(path_of("a.csv.muster-progress"), F_OK), 0);
    import.users = (struct import_totals){0};
    sink.chunks = sink.fail_at = 0;
    import.resume = true;
    assert_int_equal(import_file(&import, path), CLI_OK);
    assert_int_equal(sink.chunks, 1);
    assert_int_equal(sink.rows[0], 500);
    assert_int_equal(import.users.created, 2 * LIMIT_IMPORT_ROWS + 500);
    assert_int_not_equal(access(path_of("a.csv.muster-progress"), F_OK), 0);
}

static void bad_rows_are_counted_once_over_a_resume(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 10000000);
    buf_str(&text, "login\n,\n");
    for (size_t i = 0; i < 2 * LIMIT_IMPORT_ROWS; i++)
        buf_printf(&text, "user%zu@example.com\n%s", i, i == LIMIT_IMPORT_ROWS - 1 ? "a,b,c\n" : "");
    const char *path = write_file("a.csv", buf_text(&text));
    buf_free(&text);
    sink.fail_at = 2;
    assert_int_equal(import_file(&import, path), CLI_UNREACHABLE);
    import.users = (struct import_totals){0};
    sink.chunks = sink.fail_at = 0;
    import.resume = true;
    assert_int_equal(import_file(&import, path), CLI_OK);
    assert_int_equal(sink.rows[0], LIMIT_IMPORT_ROWS);
    assert_int_equal(import.users.created, 2 * LIMIT_IMPORT_ROWS);
    assert_int_equal(import.users.bad, 2);
}

static void progress_belongs_to_one_file_and_one_server(void **state)
{
    (void)state;
    sink.fail_at = 2;
    const char *path = write_people(LIMIT_IMPORT_ROWS + 1);
    assert_int_equal(import_file(&import, path), CLI_UNREACHABLE);
    import.resume = true;
    import_sink.target = "http://elsewhere";
    assert_int_equal(import_file(&import, path), CLI_FAILED);
    import_sink.target = "http://here";
    (void)write_people(LIMIT_IMPORT_ROWS + 2);
    assert_int_equal(import_file(&import, path), CLI_FAILED);
    /* Without --resume it starts over. */
    import.resume = false;
    sink.fail_at = 0;
    sink.chunks = 0;
    assert_int_equal(import_file(&import, path), CLI_OK);
    assert_int_equal(sink.rows[0], LIMIT_IMPORT_ROWS);
}

static void a_dry_run_knows_who_would_be_there(void **state)
{
    (void)state;
    import.dry_run = true;
    assert_int_equal(import_file(&import, write_file("a.csv", "login\nAda@example.com\n")), CLI_OK);
    assert_true(sink.dry[0]);
    sink.refused_row = 0;
    sink.refused_code = "E0000007";
    assert_int_equal(import_file(&import, write_file("b.csv", "login,group\nada@EXAMPLE.com,G\n")), CLI_OK);
    assert_int_equal(import.memberships.bad, 0);
    assert_int_equal(import.memberships.created, 1);
    assert_int_equal(import_file(&import, write_file("b.csv", "login,group\nbob@example.com,G\n")), CLI_OK);
    assert_int_equal(import.memberships.bad, 1);
    assert_int_not_equal(access(path_of("a.csv.muster-progress"), F_OK), 0);
}

/* --- one chunk into a store ------------------------------------------------------------------------------------------
 */

struct chunk {
    struct jval *body;
    struct buf answer;
    struct problem problem;
};

static int run_chunk(struct tx *tx, void *arg)
{
    struct chunk *chunk = arg;
    struct jout out;
    buf_clear(&chunk->answer);
    chunk->problem = (struct problem){0};
    jout_init(&out, &chunk->answer);
    return import_chunk(tx, chunk->body, &out, &chunk->problem);
}

static int send(struct store *store, const char *body, struct jval **ret_answer)
{
    struct chunk chunk = {0};
    buf_init(&chunk.answer, 1000000);
    assert_int_equal(jval_parse(&chunk.body, body, strlen(body), NULL), 0);
    int r = store_write_wait(store, NULL, run_chunk, &chunk);
    if (r == 0)
        assert_int_equal(jval_parse(ret_answer, buf_text(&chunk.answer), chunk.answer.len, NULL), 0);
    (void)jval_free(chunk.body);
    buf_free(&chunk.answer);
    return r;
}

static int64_t count_of(const struct jval *answer, const char *name)
{
    return jval_int(jval_get(answer, name), -1);
}

static void a_chunk_takes_the_good_rows(void **state)
{
    (void)state;
    struct datadir data;
    struct jval *answer = NULL;
    assert_int_equal(chmod(dir, 0700), 0);
    datadir_init(&data, cli, dir, NULL);
    assert_int_equal(datadir_lock(&data, cli, true), CLI_OK);
    assert_int_equal(datadir_open(&data, cli, 0, NULL, NULL), CLI_OK);
    static const char users[] = "{\"users\":[{\"profile\":{\"login\":\"ada@example.com\",\"email\":\"ada@example.com\","
                                "\"firstName\":\"A\",\"lastName\":\"B\"}},"
                                "{\"profile\":{\"login\":\"bob@example.com\",\"email\":\"nobody\","
                                "\"firstName\":\"A\",\"lastName\":\"B\"}},{\"profile\":7},{}]}";
    assert_int_equal(send(data.store, users, &answer), 0);
    assert_int_equal(count_of(answer, "created"), 1);
    const struct jval *errors = jval_get(answer, "errors");
    assert_int_equal(jval_len(errors), 3);
    assert_int_equal(count_of(jval_at(errors, 0), "row"), 1);
    assert_string_equal(jval_get_str(jval_at(errors, 0), "column"), "email");
    answer = jval_free(answer);
    assert_int_equal(send(data.store, users, &answer), 0);
    assert_int_equal(count_of(answer, "unchanged"), 1);
    answer = jval_free(answer);
    static const char members[] = "{\"memberships\":[{\"login\":\"ada@example.com\",\"group\":\"G\"},"
                                  "{\"login\":\"eve@example.com\",\"group\":\"G\"},{\"login\":\"ada@example.com\"}]}";
    assert_int_equal(send(data.store, members, &answer), 0);
    assert_int_equal(count_of(answer, "created"), 1);
    errors = jval_get(answer, "errors");
    assert_int_equal(jval_len(errors), 2);
    assert_string_equal(jval_get_str(jval_at(errors, 0), "column"), "login");
    assert_string_equal(jval_get_str(jval_at(errors, 1), "column"), "group");
    answer = jval_free(answer);
    static const char *const wrong[] = {"{}", "{\"users\":{}}", "{\"users\":[],\"memberships\":[]}"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(send(data.store, wrong[i], &answer), ERR_PROBLEM);
    datadir_close(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_travel_in_chunks, start, end),
        cmocka_unit_test_setup_teardown(large_rows_make_small_chunks, start, end),
        cmocka_unit_test_setup_teardown(bad_rows_are_named_and_stop_no_others, start, end),
        cmocka_unit_test_setup_teardown(refusals_are_told_by_line, start, end),
        cmocka_unit_test_setup_teardown(columns_are_checked_first, start, end),
        cmocka_unit_test_setup_teardown(an_interrupted_import_goes_on, start, end),
        cmocka_unit_test_setup_teardown(bad_rows_are_counted_once_over_a_resume, start, end),
        cmocka_unit_test_setup_teardown(progress_belongs_to_one_file_and_one_server, start, end),
        cmocka_unit_test_setup_teardown(a_dry_run_knows_who_would_be_there, start, end),
        cmocka_unit_test_setup_teardown(a_chunk_takes_the_good_rows, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
