/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a store: from a file to the engine under test and back, killed half-way, into a place that is not empty. */
#include "store/copy.h"

#include "database.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define THINGS 2500 /* more than two pages */

static const struct migration migrations[] = {
    {1,
     "CREATE TABLE owner (rid INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);"
     "CREATE TABLE thing (rid INTEGER PRIMARY KEY AUTOINCREMENT, owner_rid BIGINT NOT NULL REFERENCES owner (rid),"
     " name TEXT, size BIGINT, bytes BLOB);"
     "CREATE TABLE plain (rid INTEGER PRIMARY KEY, name TEXT NOT NULL);"
     "CREATE TABLE link (owner_rid BIGINT NOT NULL, label TEXT NOT NULL, weight BIGINT NOT NULL,"
     " PRIMARY KEY (owner_rid, label));"
     "CREATE TABLE one (one INTEGER PRIMARY KEY CHECK (one = 1), value BIGINT NOT NULL);"
     "INSERT INTO one (one, value) VALUES (1, 0);",
     0},
};
static const struct store_room room = {.name = "room", .migrations = migrations, .migration_count = 1};
static const struct store_room *const rooms[] = {&room, NULL};

SQL(OWNER_ADD, "INSERT INTO owner (name) VALUES ($1) RETURNING rid");
SQL(THING_ADD, "INSERT INTO thing (owner_rid, name, size, bytes) VALUES ($1, $2, $3, $4) RETURNING rid");
SQL(THING_REMOVE, "DELETE FROM thing WHERE rid = $1");
SQL(THING_COUNT, "SELECT count(*) FROM thing");
SQL(LINK_ADD, "INSERT INTO link (owner_rid, label, weight) VALUES ($1, $2, $3)");
SQL(PLAIN_ADD, "INSERT INTO plain (name) VALUES ($1) RETURNING rid");
SQL(ONE_SET, "UPDATE one SET value = $1 WHERE one = 1");
SQL(ONE_GET, "SELECT value FROM one WHERE one = 1");

struct seen {
    char names[16][32];
    char checksums[16][80];
    int64_t rows[16];
    int count;
};

struct fixture {
    char dir[64];
    char file[96];
    char back[96];
    char middle[512]; /* a file, or a schema in PostgreSQL */
    char why[512];
    struct seen seen;
    int kill_at; /* rows after which the process dies */
};

static struct store *open_at(struct fixture *f, const char *location)
{
    struct store *store = NULL;
    const struct store_options options = {.path = location, .env = env_real(), .rooms = rooms};
    if (store_open(&store, &options, f->why, sizeof(f->why)) < 0)
        fail_msg("%s: %s", location, f->why);
    return store;
}

static const char *text_of(struct arena *arena, int i)
{
    static const char *const odd[] = {"\\",   "\\N", "tab\there", "line\nand\r", "", "Zo\xc3\xab \xf0\x9f\x98\x80",
                                      "'\"$1"};
    return i % 3 ? arena_printf(arena, "thing %d", i) : odd[(size_t)i % ARRAY_LEN(odd)];
}

static int fill(struct tx *tx, void *arg)
{
    int64_t *ret_last = arg;
    int64_t owner = 0;
    assert_int_equal(tx_get_int(tx, &owner, &OWNER_ADD, T("Ada")), 1);
    for (int i = 0; i < THINGS; i++) {
        const char bytes[] = {(char)i, 0, (char)0xff, '\\'};
        struct bind blob = i % 5 == 0 ? B(NULL, 0) : i % 5 == 1 ? B("", 0) : B(bytes, sizeof(bytes));
        struct bind size = i % 7 ? I(INT64_MIN + i) : REF(0);
        assert_int_equal(
            tx_get_int(tx, ret_last, &THING_ADD, I(owner), T(i % 11 ? text_of(tx_arena(tx), i) : NULL), size, blob), 1);
        assert_int_equal(tx_exec(tx, &LINK_ADD, I(i % 13), T(arena_printf(tx_arena(tx), "Label %d", i)), I(i)), 1);
    }
    assert_int_equal(tx_exec(tx, &THING_REMOVE, I(*ret_last)), 1); /* its rid is never given again */
    assert_int_equal(tx_exec(tx, &PLAIN_ADD, T("one")), 1);
    assert_int_equal(tx_exec(tx, &PLAIN_ADD, T("two")), 1);
    assert_int_equal(tx_exec(tx, &ONE_SET, I(42)), 1);
    int64_t number = tx_change_number(tx);
    return number < 0 ? (int)number : 0;
}

static int setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    *f = (struct fixture){.kill_at = -1};
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/muster-copy-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->file, sizeof(f->file), "%s/from.db", f->dir);
    (void)snprintf(f->back, sizeof(f->back), "%s/back.db", f->dir);
    char middle[96];
    (void)snprintf(middle, sizeof(middle), "%s/middle.db", f->dir);
    (void)snprintf(f->middle, sizeof(f->middle), "%s", test_location(middle));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void on_copied(void *data, const char *table, int64_t rows, const char *checksum)
{
    struct fixture *f = data;
    int i = f->seen.count++;
    (void)snprintf(f->seen.names[i], sizeof(f->seen.names[i]), "%s", table);
    (void)snprintf(f->seen.checksums[i], sizeof(f->seen.checksums[i]), "%s", checksum);
    f->seen.rows[i] = rows;
}

static void on_progress(void *data, const char *table, int64_t done, int64_t total)
{
    struct fixture *f = data;
    (void)table;
    assert_true(done <= total);
    if (f->kill_at >= 0 && done >= f->kill_at)
        (void)raise(SIGKILL);
}

static int set_one(struct tx *tx, void *arg)
{
    int r = tx_exec(tx, &ONE_SET, I((intptr_t)arg));
    return r < 0 ? r : 0;
}

static int copy(struct fixture *f, const char *from, const char *to, tx_fn finish, void *arg)
{
    const struct store_copy job = {.from = from,
                                   .to = to,
                                   .note = "from a test",
                                   .env = env_real(),
                                   .rooms = rooms,
                                   .finish = finish,
                                   .finish_arg = arg,
                                   .progress = on_progress,
                                   .copied = on_copied,
                                   .data = f};
    f->seen.count = 0;
    return store_copy(&job, f->why, sizeof(f->why));
}

static int count_things(struct tx *tx, void *arg)
{
    int r = tx_get_int(tx, arg, &THING_COUNT, NO_BINDS);
    return r < 0 ? r : 0;
}

static int add_one_more(struct tx *tx, void *arg)
{
    int r = tx_get_int(tx, arg, &THING_ADD, I(1), T("new"), I(1), B(NULL, 0));
    return r < 0 ? r : 0;
}

/* A table of which SQLite remembers nothing goes on as well. */
static int add_plain(struct tx *tx, void *arg)
{
    int r = tx_get_int(tx, arg, &PLAIN_ADD, T("three"));
    return r < 0 ? r : 0;
}

static int read_one(struct tx *tx, void *arg)
{
    int r = tx_get_int(tx, arg, &ONE_GET, NO_BINDS);
    return r < 0 ? r : 0;
}

static int read_change(struct tx *tx, void *arg)
{
    return tx_change_latest(tx, arg);
}

static int64_t filled(struct fixture *f)
{
    int64_t last = 0;
    struct store *store = open_at(f, f->file);
    assert_int_equal(store_write_wait(store, NULL, fill, &last), 0);
    store_close(store);
    return last;
}

static void test_there_and_back(void **state)
{
    struct fixture *f = *state;
    int64_t last = filled(f);
    if (copy(f, f->file, f->middle, NULL, NULL) < 0)
        fail_msg("%s", f->why);
    struct seen there = f->seen;
    assert_int_equal(there.count, 5);
    if (copy(f, f->middle, f->back, NULL, NULL) < 0)
        fail_msg("%s", f->why);
    assert_int_equal(f->seen.count, there.count);
    for (int i = 0; i < there.count; i++) {
        assert_string_equal(f->seen.names[i], there.names[i]);
        assert_int_equal(f->seen.rows[i], there.rows[i]);
        assert_string_equal(f->seen.checksums[i], there.checksums[i]);
    }
    assert_int_equal(there.rows[1], THINGS - 1);
    /* What counts up goes on, at each place: no rid is given twice, no change number either. */
    const char *const places[] = {f->middle, f->back};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct store *store = open_at(f, places[i]);
        int64_t rid = 0;
        int64_t change = 0;
        assert_int_equal(store_write_wait(store, NULL, add_one_more, &rid), 0);
        assert_int_equal(rid, last + 1);
        assert_int_equal(store_write_wait(store, NULL, add_plain, &rid), 0);
        assert_int_equal(rid, 3);
        assert_int_equal(store_read_wait(store, read_change, &change), 0);
        assert_int_equal(change, 1);
        store_close(store);
    }
}

static int64_t number_in(struct fixture *f, const char *location, tx_fn read)
{
    int64_t value = -1;
    struct store *store = open_at(f, location);
    assert_int_equal(store_read_wait(store, read, &value), 0);
    store_close(store);
    return value;
}

/* What is told to the copy is in the copy alone. */
static void test_finish(void **state)
{
    struct fixture *f = *state;
    (void)filled(f);
    assert_int_equal(copy(f, f->file, f->middle, set_one, (void *)7), 0);
    assert_int_equal(number_in(f, f->middle, read_one), 7);
    assert_int_equal(number_in(f, f->file, read_one), 42);
}

static void refused_as_unfinished(struct fixture *f)
{
    struct store *store = NULL;
    const struct store_options options = {.path = f->middle, .env = env_real(), .rooms = rooms};
    assert_int_equal(store_open(&store, &options, f->why, sizeof(f->why)), ERR_CORRUPT);
    assert_non_null(strstr(f->why, "unfinished copy (from a test)"));
    assert_int_equal(copy(f, f->file, f->middle, NULL, NULL), ERR_EXISTS);
    assert_int_equal(copy(f, f->middle, f->back, NULL, NULL), ERR_CORRUPT); /* nor is it a source */
    assert_int_equal(number_in(f, f->file, count_things), THINGS - 1);
}

static void test_killed(void **state)
{
    struct fixture *f = *state;
    (void)filled(f);
    f->kill_at = THINGS; /* in the middle of the copy */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)copy(f, f->file, f->middle, NULL, NULL);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    f->kill_at = -1;
    refused_as_unfinished(f);
}

static int refuse(struct tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    return ERR_IO;
}

static void test_failed_at_the_end(void **state)
{
    struct fixture *f = *state;
    (void)filled(f);
    assert_int_equal(copy(f, f->file, f->middle, refuse, NULL), ERR_IO);
    refused_as_unfinished(f);
}

static void test_what_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(copy(f, f->file, f->middle, NULL, NULL), ERR_NOT_FOUND);
    (void)filled(f);
    store_close(open_at(f, f->middle));
    assert_int_equal(copy(f, f->file, f->middle, NULL, NULL), ERR_EXISTS);
    assert_non_null(strstr(f->why, "choose an empty place"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_finish, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
