/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the log: polling that misses nothing, bounded queries both ways, filters, keywords, cursors. */
#include "base/text.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define START 1790000000000
#define PAGE_BYTES ((size_t)4 * 1024 * 1024)

struct fixture {
    struct store *store;
    struct env env;
    int64_t now;
    int made;
};

static int64_t now_of(void *data)
{
    return ((struct fixture *)data)->now;
}

static void no_chance(void *data, void *bytes, size_t n)
{
    static unsigned char next;
    (void)data;
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)bytes)[i] = next++;
}

static int setup(void **state)
{
    static const struct store_room *const rooms[] = {&record_room, NULL};
    struct fixture *f = NEW(struct fixture);
    *f = (struct fixture){.now = START};
    f->env = (struct env){.now_ms = now_of, .fill_random = no_chance, .data = f};
    const struct store_options options = {.path = ":memory:", .env = &f->env, .rooms = rooms};
    char why[256];
    if (store_open(&f->store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    free(f);
    return 0;
}

static int add_run(struct tx *tx, void *arg)
{
    return record_event(tx, arg);
}

/* An event about user 00uN, a millisecond after the one before. */
static void add(struct fixture *f, const char *type, enum severity severity, const char *outcome, const char *reason)
{
    char id[16];
    (void)snprintf(id, sizeof(id), "00u%d", f->made++);
    const struct event event = {
        .type = type,
        .severity = severity,
        .outcome = outcome,
        .reason = reason,
        .targets = {{.id = id, .type = "User", .alternate_id = "ann@example.com", .name = "Änne"},
                    {.id = "0oa1", .type = "AppInstance", .name = "Tool"}},
        .target_count = 2};
    f->now++;
    assert_int_equal(store_write_wait(f->store, NULL, add_run, (void *)(uintptr_t)&event), 0);
}

struct read {
    struct log_query query;
    const char *filter;
    const char *words[3];
    struct buf out;
    char next[128];
    int count;
};

static int read_run(struct tx *tx, void *arg)
{
    struct read *read = arg;
    struct problem problem;
    struct jout out;
    const char *next = NULL;
    buf_clear(&read->out);
    jout_init(&out, &read->out);
    read->query.word_count = 0;
    for (size_t i = 0; i < ARRAY_LEN(read->words) && read->words[i]; i++)
        read->query.words[read->query.word_count++] = text_fold(tx_arena(tx), read->words[i]);
    int r = 0;
    if (read->filter)
        r = filter_parse(tx_arena(tx), read->filter, FILTER_API, &read->query.filter, NULL);
    if (r == 0 && read->filter)
        r = log_filter_check(read->query.filter, &problem);
    if (r < 0)
        return r;
    jout_array(&out, NULL);
    r = record_log_write(tx, &out, &read->query, &next);
    jout_end(&out);
    if (r >= 0)
        (void)snprintf(read->next, sizeof(read->next), "%s", next ? next : "");
    read->count = r;
    return r;
}

/* The numbers of the users in the page, as "0 1 2". */
static const char *page(struct fixture *f, struct read *read)
{
    static char text[4096];
    buf_init(&read->out, PAGE_BYTES);
    int r = store_read_wait(f->store, read_run, read);
    if (r < 0)
        fail_msg("%s", err_text(r));
    struct jval *events CLEANUP(jval_freep) = NULL;
    assert_int_equal(jval_parse(&events, buf_text(&read->out), read->out.len, NULL), 0);
    assert_int_equal(jval_len(events), r);
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < jval_len(events); i++) {
        const char *id = jval_get_str(jval_at(jval_get(jval_at(events, i), "target"), 0), "id");
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "", id + 3);
    }
    buf_free(&read->out);
    return text;
}

static const char *next_page(struct fixture *f, struct read *read)
{
    static char after[128];
    (void)snprintf(after, sizeof(after), "%s", read->next);
    read->query.after = after;
    return page(f, read);
}

static void test_polling_goes_on_for_ever(void **state)
{
    struct fixture *f = *state;
    struct read read = {.query = {.limit = 2, .since = START}};
    assert_string_equal(page(f, &read), ""); /* nothing yet, and still a cursor */
    assert_true(read.next[0]);
    for (int i = 0; i < 3; i++)
        add(f, "user.lifecycle.create", SEVERITY_INFO, NULL, NULL);
    assert_string_equal(next_page(f, &read), "0 1");
    assert_string_equal(next_page(f, &read), "2");
    assert_string_equal(next_page(f, &read), "");
    f->now -= 3600000; /* the clock is set back: what is written then is not missed */
    add(f, "user.lifecycle.create", SEVERITY_INFO, NULL, NULL);
    assert_string_equal(next_page(f, &read), "3");
    read = (struct read){.query = {.limit = 10, .since = START + 2}};
    assert_string_equal(page(f, &read), "1 2 3");
    read = (struct read){.query = {.limit = 0, .since = START}};
    assert_string_equal(page(f, &read), "");
    read.query.limit = 10;
    assert_string_equal(next_page(f, &read), "0 1 2 3"); /* the cursor of a page of none */
}

static void test_bounded_both_ways(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 7; i++)
        add(f, "user.lifecycle.create", SEVERITY_INFO, NULL, NULL); /* at START + 1 to START + 7 */
    struct read read = {.query = {.limit = 3, .bounded = true, .since = START + 2, .until = START + 7}};
    assert_string_equal(page(f, &read), "1 2 3");
    assert_string_equal(next_page(f, &read), "4 5");
    assert_string_equal(read.next, "");
    read = (struct read){
        .query = {.limit = 3, .bounded = true, .descending = true, .since = START + 2, .until = START + 7}};
    assert_string_equal(page(f, &read), "5 4 3");
    add(f, "user.lifecycle.create", SEVERITY_INFO, NULL, NULL);
    assert_string_equal(next_page(f, &read), "2 1");
    assert_string_equal(read.next, "");
    /* Events of one millisecond are told apart by their numbers. */
    read = (struct read){.query = {.limit = 1, .bounded = true, .since = START, .until = START + 100}};
    int count = 0;
    for (const char *text = page(f, &read); *text; text = next_page(f, &read), count++)
        f->now = START + 50;
    assert_int_equal(count, 8);
}

static void test_a_cursor_fits_its_kind_of_query(void **state)
{
    struct fixture *f = *state;
    add(f, "user.lifecycle.create", SEVERITY_INFO, NULL, NULL);
    struct read read = {.query = {.limit = 1, .since = START, .after = "b.1.2.3.4"}};
    buf_init(&read.out, PAGE_BYTES);
    assert_int_equal(store_read_wait(f->store, read_run, &read), ERR_SYNTAX);
    read.query.bounded = true;
    read.query.after = "p.1";
    assert_int_equal(store_read_wait(f->store, read_run, &read), ERR_SYNTAX);
    buf_free(&read.out);
}

static void test_filters(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *filter;
        const char *found;
    } cases[] = {
        {"eventType eq \"user.lifecycle.create\"", "0 1"},
        {"eventType sw \"USER.\"", "0 1 3"},
        {"eventType ew \"delete\" or severity eq \"WARN\"", "1 2"},
        {"not (eventType co \"lifecycle\")", "3"},
        {"outcome.result eq \"FAILURE\" and severity ne \"WARN\"", "3"},
        {"outcome.reason pr", "3"},
        {"outcome.reason co \"remote\"", "3"},
        {"target.id eq \"00u2\" and target.type eq \"AppInstance\"", "2"},
        {"target.id eq \"0oa1\"", "0 1 2 3"},
        {"target.id ne \"00u2\"", "0 1 3"},
        {"target.displayName eq \"Tool\"", "0 1 2 3"},
        {"legacyEventType pr", ""},
        {"actor.type eq \"SystemPrincipal\"", "0 1 2 3"},
        {"published gt \"2026-09-21T14:13:20.002Z\"", "2 3"},
        {"published le \"2026-09-21T14:13:20.002Z\"", "0 1"},
        {"debugContext.debugData.nothing pr", ""},
        {"debugContext.debugData.nothing ne \"x\" and eventType co \"delete\"", "2"},
    };
    add(f, "user.lifecycle.create", SEVERITY_INFO, NULL, NULL);
    add(f, "user.lifecycle.create", SEVERITY_WARN, "FAILURE", NULL);
    add(f, "group.lifecycle.delete", SEVERITY_INFO, NULL, NULL);
    add(f, "user.account.update_profile", SEVERITY_INFO, "FAILURE", "Not Found. Errors reported by REMOTE server");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct read read = {.query = {.limit = 10, .since = START}, .filter = cases[i].filter};
        if (!str_eq(page(f, &read), cases[i].found))
            fail_msg("%s: %s, not %s", cases[i].filter, page(f, &read), cases[i].found);
    }
    static const char *const bad[] = {"nobody eq \"x\"", "published gt \"yesterday\"", "published eq 7",
                                      "eventType eq \"x\" and nobody.id pr"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct read read = {.query = {.limit = 10}, .filter = bad[i]};
        buf_init(&read.out, PAGE_BYTES);
        assert_int_equal(store_read_wait(f->store, read_run, &read), ERR_PROBLEM);
        buf_free(&read.out);
    }
}

static void test_keywords(void **state)
{
    struct fixture *f = *state;
    add(f, "user.lifecycle.create", SEVERITY_INFO, NULL, NULL);
    add(f, "group.lifecycle.delete", SEVERITY_INFO, "FAILURE", "a Strange reason");
    struct read read = {.query = {.limit = 10, .since = START}, .words = {"strange", "FAILURE"}};
    assert_string_equal(page(f, &read), "1");
    read.words[1] = "success";
    assert_string_equal(page(f, &read), "");
    read.words[0] = "ÄNNE"; /* folded as names are */
    assert_string_equal(page(f, &read), "0");
    read.words[1] = NULL;
    assert_string_equal(page(f, &read), "0 1");
}

/* A page looks at so many events only: the cursor goes on from there. */
static void test_a_page_that_finds_nothing_goes_on(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 1500; i++)
        add(f, i == 1400 ? "group.lifecycle.delete" : "user.lifecycle.create", SEVERITY_INFO, NULL, NULL);
    struct read read = {.query = {.limit = 10, .since = START}, .filter = "eventType co \"delete\""};
    assert_string_equal(page(f, &read), "1400");
    read = (struct read){.query = {.limit = 10, .bounded = true, .since = START, .until = INT64_MAX},
                         .filter = "eventType co \"delete\""};
    assert_string_equal(page(f, &read), "1400");
    assert_string_equal(read.next, "");
    read = (struct read){.query = {.limit = 10, .bounded = true, .since = START, .until = INT64_MAX, .scan_max = 1000},
                         .filter = "eventType co \"delete\""};
    assert_string_equal(page(f, &read), "");
    assert_true(read.next[0]);
    assert_string_equal(next_page(f, &read), "1400");
    assert_string_equal(read.next, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_polling_goes_on_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounded_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cursor_fits_its_kind_of_query, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keywords, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_page_that_finds_nothing_goes_on, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
