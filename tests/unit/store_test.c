/* SPDX-License-Identifier: Apache-2.0 */
/* The store: jobs and savepoints, group commit, change numbers, reactors, migrations, backup. */
#include "store/store.h"

#include "base/macros.h"
#include "database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static const struct migration left_migrations[] = {
    {1, "CREATE TABLE left_thing (rid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"},
    {2, "ALTER TABLE left_thing ADD COLUMN size BIGINT NOT NULL DEFAULT 7"},
};
static const struct migration right_migrations[] = {
    {1, "CREATE TABLE right_seen (rid INTEGER PRIMARY KEY, kind BIGINT NOT NULL, subject BIGINT NOT NULL)"},
};

SQL(THING_ADD, "INSERT INTO left_thing (name) VALUES ($1) RETURNING rid");
SQL(THING_COUNT, "SELECT count(*) FROM left_thing");
SQL(THING_BY_NAME, "SELECT rid, size FROM left_thing WHERE name = $1");
SQL(SEEN_ADD, "INSERT INTO right_seen (kind, subject) VALUES ($1, $2)");
SQL(SEEN_COUNT, "SELECT count(*) FROM right_seen WHERE kind = $1");
SQL(SWAPPED, "SELECT $2, $1");

enum { THING_ADDED = 1, THING_NOTED = 2 };

static int right_react(struct tx *tx, const struct change *change)
{
    int r = tx_exec(tx, &SEEN_ADD, I(change->kind), I(change->subject));
    if (r < 0)
        return r;
    if (change->kind == THING_ADDED) { /* a reactor may append further changes */
        tx_wake(tx);
        return tx_change(tx, (struct change){.kind = THING_NOTED, .subject = change->subject});
    }
    return 0;
}

static const struct store_room left_room = {.name = "left", .migrations = left_migrations, .migration_count = 2};
static const struct store_room right_room = {
    .name = "right", .migrations = right_migrations, .migration_count = 1, .react = right_react};
static const struct store_room *const rooms[] = {&left_room, &right_room, NULL};

struct fixture {
    char dir[64];
    char path[96];
    struct store *store;
    int wakes;
    int commits_seen;
};

static void on_commit(void *data, bool wake)
{
    struct fixture *f = data;
    f->commits_seen++;
    f->wakes += wake;
}

static void open_store(struct fixture *f, int readers)
{
    struct store_options options = {.path = test_location(f->path),
                                    .env = env_real(),
                                    .rooms = rooms,
                                    .readers = readers,
                                    .on_commit = on_commit,
                                    .on_commit_data = f};
    char why[256];
    int r = store_open(&f->store, &options, why, sizeof(why));
    if (r < 0)
        fail_msg("store_open: %s", why);
}

static int setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/muster-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/store.db", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

struct add {
    const char *name;
    int64_t rid;
    int64_t number;
    int fail_with; /* returned after the row was written */
};

static int add_thing(struct tx *tx, void *arg)
{
    struct add *add = arg;
    int r = tx_get_int(tx, &add->rid, &THING_ADD, T(add->name));
    if (r < 0)
        return r;
    r = tx_change(tx, (struct change){.kind = THING_ADDED, .subject = add->rid});
    add->number = tx_change_number_taken(tx);
    return add->fail_with ? add->fail_with : r;
}

struct count {
    struct sql *sql;
    struct bind bind;
    int64_t value;
};

static int count_rows(struct tx *tx, void *arg)
{
    struct count *count = arg;
    int r = tx_get_int(tx, &count->value, count->sql, count->bind);
    return r < 0 ? r : 0;
}

static int64_t counted(struct store *store, struct sql *sql, struct bind bind)
{
    struct count count = {.sql = sql, .bind = bind};
    assert_int_equal(store_read_wait(store, count_rows, &count), 0);
    return count.value;
}

static void jobs_keep_or_roll_back(void **state, int readers)
{
    struct fixture *f = *state;
    open_store(f, readers);
    struct add one = {.name = "one"};
    struct add same = {.name = "one"};
    struct add failing = {.name = "two", .fail_with = ERR_IO};
    struct add three = {.name = "three"};
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &one), 0);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &same), ERR_CONSTRAINT);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &failing), ERR_IO);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &three), 0);
    assert_int_equal(counted(f->store, &THING_COUNT, NO_BINDS), 2);
    assert_true(three.number > one.number);
    /* What reactors wrote went the way of the job that caused it. */
    assert_int_equal(counted(f->store, &SEEN_COUNT, I(THING_ADDED)), 2);
    assert_int_equal(counted(f->store, &SEEN_COUNT, I(THING_NOTED)), 2);
    assert_int_equal(f->wakes, 2);
}

static void test_jobs_in_line(void **state)
{
    jobs_keep_or_roll_back(state, 0);
}

static void test_jobs_on_threads(void **state)
{
    jobs_keep_or_roll_back(state, 2);
}

#define MANY 200

struct many {
    struct store_job job;
    struct add add;
    char name[32];
    int *left;
    int result;
};

static void many_done(struct store_job *job, int result)
{
    struct many *m = CONTAINER_OF(job, struct many, job);
    m->result = result;
    __atomic_sub_fetch(m->left, 1, __ATOMIC_RELEASE);
}

/* Keeps the writer busy until all the others wait, however the threads take turns. */
static int wait_for_many(struct tx *tx, void *arg)
{
    (void)tx;
    while (!__atomic_load_n((bool *)arg, __ATOMIC_ACQUIRE))
        (void)usleep(1000);
    return 0;
}

static int add_as_part(struct tx *tx, void *arg)
{
    return add_thing(tx, arg);
}

/* A part that fails is taken back with its changes; the rest of the job stays. */
static int with_parts(struct tx *tx, void *arg)
{
    struct add *adds = arg;
    int r = tx_try(tx, add_as_part, &adds[0]);
    if (r < 0)
        return r;
    r = tx_try(tx, add_as_part, &adds[1]);
    assert_int_equal(r, ERR_CORRUPT);
    r = tx_try(tx, add_as_part, &adds[2]);
    return r;
}

static void test_parts_fail_alone(void **state)
{
    struct fixture *f = *state;
    open_store(f, 0);
    struct add adds[] = {{.name = "one"}, {.name = "two", .fail_with = ERR_CORRUPT}, {.name = "three"}};
    assert_int_equal(store_write_wait(f->store, NULL, with_parts, adds), 0);
    assert_int_equal(counted(f->store, &THING_COUNT, NO_BINDS), 2);
    assert_int_equal(counted(f->store, &SEEN_COUNT, I(THING_ADDED)), 2); /* what the part appended went with it */
}

static int add_and_react(struct tx *tx, void *arg)
{
    int64_t seen = 0;
    int r = add_thing(tx, arg);
    if (r >= 0)
        r = tx_react_now(tx);
    if (r >= 0)
        r = tx_get_int(tx, &seen, &SEEN_COUNT, I(THING_ADDED));
    assert_int_equal(seen, 2); /* the rooms saw it at once */
    return r < 0 ? r : 7;
}

static int with_rehearsal(struct tx *tx, void *arg)
{
    int64_t before = tx_change_number_taken(tx);
    int r = tx_rehearse(tx, add_and_react, arg);
    assert_int_equal(tx_change_number_taken(tx), before);
    return r;
}

/* The store is as it was before a rehearsal, and nobody is woken. */
static void test_a_rehearsal_writes_nothing(void **state)
{
    struct fixture *f = *state;
    open_store(f, 0);
    struct add one = {.name = "one"};
    struct add two = {.name = "two"};
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &one), 0);
    int wakes = f->wakes;
    assert_int_equal(store_write_wait(f->store, NULL, with_rehearsal, &two), 7);
    assert_int_equal(counted(f->store, &THING_COUNT, NO_BINDS), 1);
    assert_int_equal(counted(f->store, &SEEN_COUNT, I(THING_ADDED)), 1);
    assert_int_equal(f->wakes, wakes);
    struct add three = {.name = "two"};
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &three), 0); /* as if it had never been there */
    assert_int_equal(counted(f->store, &SEEN_COUNT, I(THING_ADDED)), 2);
}

static void test_group_commit(void **state)
{
    struct fixture *f = *state;
    open_store(f, 1);
    static struct many many[MANY];
    int left = MANY + 1;
    bool all_wait = false;
    struct many first = {.left = &left, .job = {.run = wait_for_many, .arg = &all_wait, .done = many_done}};
    store_write(f->store, &first.job);
    for (int i = 0; i < MANY; i++) {
        many[i] = (struct many){.left = &left};
        (void)snprintf(many[i].name, sizeof(many[i].name), "thing %d", i);
        many[i].add = (struct add){.name = many[i].name, .fail_with = i % 10 == 3 ? ERR_IO : 0};
        many[i].job = (struct store_job){.run = add_thing, .arg = &many[i].add, .done = many_done};
        store_write(f->store, &many[i].job);
    }
    __atomic_store_n(&all_wait, true, __ATOMIC_RELEASE);
    while (__atomic_load_n(&left, __ATOMIC_ACQUIRE) > 0)
        (void)usleep(1000);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(many[i].result, i % 10 == 3 ? ERR_IO : 0);
    assert_int_equal(counted(f->store, &THING_COUNT, NO_BINDS), MANY - MANY / 10);
    struct store_stats stats;
    store_stats(f->store, &stats);
    assert_int_equal(stats.jobs, MANY + 1);
    assert_true(stats.commits < MANY / 2); /* jobs that wait share a commit */
}

static void test_reopen_keeps_all(void **state)
{
    struct fixture *f = *state;
    open_store(f, 0);
    struct add one = {.name = "one"};
    struct add two = {.name = "two"};
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &one), 0);
    store_close(f->store);
    open_store(f, 0);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &two), 0);
    assert_int_equal(counted(f->store, &THING_COUNT, NO_BINDS), 2);
    assert_true(two.number > one.number);
    assert_int_equal(counted(f->store, &THING_BY_NAME, T("one")), one.rid);
}

static int read_swapped(struct tx *tx, void *arg)
{
    struct query query;
    int r = tx_query(tx, &query, &SWAPPED, I(1), I(2));
    if (r < 0)
        return r;
    r = query_next(&query);
    *(int64_t *)arg = query_int(&query, 0) * 10 + query_int(&query, 1);
    query_close(&query);
    return r < 0 ? r : 0;
}

static void test_binds_by_name(void **state)
{
    struct fixture *f = *state;
    open_store(f, 0);
    int64_t value = 0;
    assert_int_equal(store_read_wait(f->store, read_swapped, &value), 0);
    assert_int_equal(value, 21);
}

static int write_in_read(struct tx *tx, void *arg)
{
    (void)arg;
    return tx_exec(tx, &SEEN_ADD, I(1), I(1));
}

static void test_readers_cannot_write(void **state)
{
    struct fixture *f = *state;
    open_store(f, 1);
    assert_true(store_read_wait(f->store, write_in_read, NULL) < 0);
    assert_int_equal(counted(f->store, &SEEN_COUNT, I(1)), 0);
}

static void test_backup(void **state)
{
    struct fixture *f = *state;
    open_store(f, 1);
    struct add one = {.name = "one"};
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &one), 0);
    char copy[128];
    (void)snprintf(copy, sizeof(copy), "%s/copy.db", f->dir);
    if (test_on_postgresql()) { /* pg_dump is the tool for it */
        assert_int_equal(store_backup(f->store, copy), ERR_UNSUPPORTED);
        return;
    }
    assert_int_equal(store_backup(f->store, copy), 0);
    assert_int_equal(store_backup(f->store, copy), ERR_EXISTS);
    store_close(f->store);
    memcpy(f->path, copy, strlen(copy) + 1);
    open_store(f, 0);
    assert_int_equal(counted(f->store, &THING_COUNT, NO_BINDS), 1);
}

static void test_refuses_strange_and_newer_files(void **state)
{
    struct fixture *f = *state;
    open_store(f, 0);
    store_close(f->store);
    f->store = NULL;
    static const struct store_room older_left = {.name = "left", .migrations = left_migrations, .migration_count = 1};
    static const struct store_room *const older[] = {&older_left, &right_room, NULL};
    struct store_options options = {.path = test_location(f->path), .env = env_real(), .rooms = older};
    char why[256];
    assert_int_equal(store_open(&f->store, &options, why, sizeof(why)), ERR_CORRUPT);
    assert_non_null(strstr(why, "newer version"));
    (void)snprintf(f->path, sizeof(f->path), "%s/text", f->dir);
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    (void)fputs("this is no database, and long enough to be looked at as one by the library that reads it......", file);
    (void)fclose(file);
    options.path = f->path;
    options.rooms = rooms;
    assert_int_equal(store_open(&f->store, &options, why, sizeof(why)), ERR_CORRUPT);
}

/* A schema that only grew says which older programs it still serves. */
static void test_serves_older_programs(void **state)
{
    struct fixture *f = *state;
    static const struct migration grown[] = {
        {1, "CREATE TABLE left_thing (rid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)", 0},
        {2, "ALTER TABLE left_thing ADD COLUMN size BIGINT NOT NULL DEFAULT 7", 0},
        {3, "ALTER TABLE left_thing ADD COLUMN note TEXT", 2},
    };
    static const struct store_room newer_left = {.name = "left", .migrations = grown, .migration_count = 3};
    static const struct store_room older_left = {.name = "left", .migrations = grown, .migration_count = 1};
    static const struct store_room *const newer[] = {&newer_left, &right_room, NULL};
    static const struct store_room *const older[] = {&older_left, &right_room, NULL};
    struct store_options options = {.path = test_location(f->path), .env = env_real(), .rooms = newer};
    char why[256];
    assert_int_equal(store_open(&f->store, &options, why, sizeof(why)), 0);
    store_close(f->store);
    f->store = NULL;
    options.rooms = older;
    assert_int_equal(store_open(&f->store, &options, why, sizeof(why)), ERR_CORRUPT);
    assert_non_null(strstr(why, "the oldest that it serves knows 2"));
    open_store(f, 0); /* knows two of the three migrations */
    struct add one = {.name = "one"};
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &one), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_jobs_in_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_jobs_on_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts_fail_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_rehearsal_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reopen_keeps_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_binds_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_cannot_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_backup, setup, teardown),
        cmocka_unit_test_setup_teardown(test_serves_older_programs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_strange_and_newer_files, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
