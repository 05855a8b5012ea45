/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of an app, read in pages: newest first by the time of sending, between times, and failures alone. */
#include "app_fixture.h"

#define APP 1
#define OTHER_APP 2
#define PAGE 3
#define TEXT_BYTES ((size_t)64 * 1024)

struct reading {
    struct attempt_query query;
    struct attempt_place next;
    struct buf out;
};

static int add(struct tx *tx, void *arg)
{
    struct attempt attempt = *(const struct attempt *)arg;
    attempt.work_kind = WORK_GROUP;
    attempt.object_rid = 1;
    attempt.method = "GET";
    return record_attempt(tx, &attempt);
}

static void add_at(struct fixture *f, int64_t app, int64_t sent, const char *path, const char *error_class)
{
    struct attempt attempt = {.app_rid = app, .sent = sent, .path = path, .status = 200, .error_class = error_class};
    assert_int_equal(store_write_wait(f->store, NULL, add, &attempt), 0);
}

static int read_page(struct tx *tx, void *arg)
{
    struct reading *reading = arg;
    struct jout out;
    jout_init(&out, &reading->out);
    jout_array(&out, NULL);
    int count = record_attempts_of_app_write(tx, &out, &reading->query, &reading->next);
    jout_end(&out);
    return count;
}

/* The paths of all pages, such as "/c/b/a": each entry's path begins with a slash. */
static void expect(struct fixture *f, struct attempt_query query, const char *paths, int pages)
{
    struct buf found;
    int read = 0;
    int count;
    buf_init(&found, TEXT_BYTES);
    query.app_rid = APP;
    query.limit = PAGE;
    do {
        struct reading reading = {.query = query};
        struct jval *list CLEANUP(jval_freep) = NULL;
        buf_init(&reading.out, TEXT_BYTES);
        count = store_read_wait(f->store, read_page, &reading);
        assert_in_range(count, 0, PAGE);
        assert_int_equal(jval_parse(&list, reading.out.data, reading.out.len, NULL), 0);
        assert_int_equal(jval_len(list), count);
        for (int i = 0; i < count; i++)
            buf_str(&found, jval_str(jval_get(jval_at(list, (size_t)i), "path")));
        buf_free(&reading.out);
        query.after = reading.next;
        read++;
    } while (query.after.rid);
    assert_string_equal(buf_text(&found), paths);
    assert_int_equal(read, pages);
    buf_free(&found);
}

/* Written in the order of the answers, which is not that of the requests; three were sent in the same millisecond. */
static void test_pages_by_time(void **state)
{
    struct fixture *f = *state;
    add_at(f, APP, 20, "/b", NULL);
    add_at(f, APP, 10, "/a", "TIMEOUT");
    add_at(f, OTHER_APP, 30, "/x", "TIMEOUT");
    add_at(f, APP, 30, "/c", "CONFLICT");
    add_at(f, APP, 30, "/d", NULL);
    add_at(f, APP, 30, "/e", NULL);
    add_at(f, APP, 40, "/f", "CONFLICT");
    expect(f, (struct attempt_query){.until = INT64_MAX}, "/f/e/d/c/b/a", 2);
    expect(f, (struct attempt_query){.until = INT64_MAX, .failed = true}, "/f/c/a", 1);
    expect(f, (struct attempt_query){.until = 40}, "/e/d/c/b/a", 2);
    expect(f, (struct attempt_query){.since = 20, .until = 30}, "/b", 1);
    expect(f, (struct attempt_query){.since = 30, .until = INT64_MAX, .failed = true}, "/f/c", 1);
    expect(f, (struct attempt_query){.since = 41, .until = INT64_MAX}, "", 1);
}

struct of_object {
    int64_t before, next;
    struct buf out;
};

static int read_object(struct tx *tx, void *arg)
{
    struct of_object *reading = arg;
    struct jout out;
    jout_init(&out, &reading->out);
    jout_array(&out, NULL);
    int count = record_attempts_write(tx, &out, &(struct attempt_object){APP, WORK_GROUP, 1}, reading->before, PAGE,
                                      &reading->next);
    jout_end(&out);
    return count;
}

/* In the order in which they were noted; the last page says that it is the last, also when it is full. */
static void test_pages_of_an_object(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {"/a", "/b", "/c", "/d", "/e", "/f"};
    static const char *const pages[] = {"/f/e/d", "/c/b/a"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        add_at(f, APP, 10, paths[i], NULL);
    add_at(f, OTHER_APP, 10, "/x", NULL);
    int64_t before = INT64_MAX;
    for (size_t page = 0; page < ARRAY_LEN(pages); page++) {
        struct of_object reading = {.before = before};
        struct jval *list CLEANUP(jval_freep) = NULL;
        struct buf found;
        buf_init(&found, TEXT_BYTES);
        buf_init(&reading.out, TEXT_BYTES);
        assert_int_equal(store_read_wait(f->store, read_object, &reading), PAGE);
        assert_int_equal(jval_parse(&list, reading.out.data, reading.out.len, NULL), 0);
        for (size_t i = 0; i < jval_len(list); i++)
            buf_str(&found, jval_str(jval_get(jval_at(list, i), "path")));
        assert_string_equal(buf_text(&found), pages[page]);
        before = reading.next;
        assert_true((before != 0) == (page == 0));
        buf_free(&found);
        buf_free(&reading.out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pages_of_an_object, fx_setup, fx_teardown),
        cmocka_unit_test_setup_teardown(test_pages_by_time, fx_setup, fx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
