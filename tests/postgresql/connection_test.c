/* SPDX-License-Identifier: Apache-2.0 */
/* What only a database elsewhere can do to a store: be lost, come back, be written by others, be started by two. */
#include "store/store.h"

#include "../unit/database.h"
#include "proxy.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

static const struct migration migrations[] = {
    {.number = 1,
     .sql = "CREATE TABLE thing (rid INTEGER PRIMARY KEY, name TEXT, number BIGINT, bytes BLOB);"
            "CREATE TABLE tally (one INTEGER PRIMARY KEY, value BIGINT NOT NULL);"
            "INSERT INTO tally (one, value) VALUES (1, 0);"},
};
static const struct store_room room = {.name = "room", .migrations = migrations, .migration_count = 1};
static const struct store_room *const rooms[] = {&room, NULL};

SQL(THING_ADD, "INSERT INTO thing (name, number, bytes) VALUES ($1, $2, $3) RETURNING rid");
SQL(THING_COUNT, "SELECT count(*) FROM thing");
SQL(THING_GET, "SELECT name, number, bytes FROM thing WHERE rid = $1");
SQL(THING_SUM, "SELECT sum(number) FROM thing");
SQL(TALLY_GET, "SELECT value FROM tally WHERE one = 1");
SQL(TALLY_SET, "UPDATE tally SET value = $1 WHERE one = 1");

#define RIVAL_MS 500        /* milliseconds in which somebody who can write has written */
#define SLOW_RIVAL_MS 10000 /* the same, of a rival who is sure to write, on a busy machine */
#define RETURN_MS 300000    /* milliseconds in which a store has to find its database again */

struct fixture {
    char name[64];
    char location[512];
    struct proxy *proxy;
    struct store *store;
};

/* The location by way of the proxy. */
static void through_proxy(struct fixture *f)
{
    const char *direct = test_location(f->name);
    const char *port = strrchr(direct, ':');
    assert_non_null(port);
    char *rest;
    f->proxy = proxy_new((int)strtol(port + 1, &rest, 10));
    (void)snprintf(f->location, sizeof(f->location), "%.*s:%d%s", (int)(port - direct), direct, proxy_port(f->proxy),
                   rest);
}

static struct store *open_at(const char *location, int readers)
{
    struct store *store = NULL;
    const struct store_options options = {.path = location, .env = env_real(), .rooms = rooms, .readers = readers};
    char why[512];
    if (store_open(&store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    return store;
}

static int setup(void **state)
{
    static int number;
    struct fixture *f = NEW(struct fixture);
    if (!test_on_postgresql())
        fail_msg("MUSTER_TEST_DATABASE names no database");
    (void)snprintf(f->name, sizeof(f->name), "connection %d %d", (int)getpid(), number++);
    through_proxy(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    (void)proxy_free(f->proxy);
    free(f);
    return 0;
}

struct add {
    const char *name;
    int runs;
    struct proxy *cut; /* in the first run, after the row was written */
};

static int add_thing(struct tx *tx, void *arg)
{
    struct add *add = arg;
    int64_t rid;
    int r = tx_get_int(tx, &rid, &THING_ADD, T(add->name), I(1), B(NULL, 0));
    if (add->runs++ == 0 && add->cut)
        proxy_cut(add->cut);
    return r < 0 ? r : 0;
}

static int count_things(struct tx *tx, void *arg)
{
    int r = tx_get_int(tx, arg, &THING_COUNT, NO_BINDS);
    return r < 0 ? r : 0;
}

static int64_t things(struct store *store)
{
    int64_t count = -1;
    assert_int_equal(store_read_wait(store, count_things, &count), 0);
    return count;
}

/* The answer to the commit is lost: the job is found in the database and not run again. */
static void an_unknown_commit_that_happened(void **state, int readers)
{
    struct fixture *f = *state;
    struct add first = {.name = "first"};
    struct add add = {.name = "one"};
    f->store = open_at(f->location, readers);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &first), 0);
    proxy_set(f->proxy, PROXY_CUT_AFTER_COMMIT);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &add), 0);
    assert_int_equal(add.runs, 1);
    assert_int_equal(things(f->store), 2);
}

static void test_commit_answer_lost(void **state)
{
    an_unknown_commit_that_happened(state, 0);
}

static void test_commit_answer_lost_on_threads(void **state)
{
    an_unknown_commit_that_happened(state, 2);
}

/* The commit never got there: the job is run again. */
static void test_commit_lost(void **state)
{
    struct fixture *f = *state;
    struct add add = {.name = "one"};
    f->store = open_at(f->location, 0);
    proxy_set(f->proxy, PROXY_CUT_BEFORE_COMMIT);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &add), 0);
    assert_int_equal(add.runs, 2);
    assert_int_equal(things(f->store), 1);
}

static void test_lost_inside_a_job(void **state)
{
    struct fixture *f = *state;
    struct add add = {.name = "one", .cut = f->proxy};
    f->store = open_at(f->location, 1);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &add), 0);
    assert_int_equal(add.runs, 2);
    assert_int_equal(things(f->store), 1);
}

static void test_lost_while_idle(void **state)
{
    struct fixture *f = *state;
    struct add add = {.name = "one"};
    f->store = open_at(f->location, 2);
    assert_int_equal(things(f->store), 0);
    proxy_cut(f->proxy);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &add), 0);
    proxy_cut(f->proxy);
    assert_int_equal(things(f->store), 1);
}

/* While the database is away everything is refused, at once; when it is back it is found. */
static void test_away_and_back(void **state)
{
    struct fixture *f = *state;
    struct add refused = {.name = "refused"};
    struct add add = {.name = "one"};
    int64_t count = 0;
    f->store = open_at(f->location, 1);
    assert_int_equal(things(f->store), 0);
    proxy_set(f->proxy, PROXY_DOWN);
    proxy_cut(f->proxy);
    assert_int_equal(store_write_wait(f->store, NULL, add_thing, &refused), ERR_UNAVAILABLE);
    assert_int_equal(store_read_wait(f->store, count_things, &count), ERR_UNAVAILABLE);
    proxy_set(f->proxy, PROXY_PASS);
    int r = ERR_UNAVAILABLE;
    for (int waited = 0; r == ERR_UNAVAILABLE && waited < RETURN_MS; waited += 20) {
        r = store_write_wait(f->store, NULL, add_thing, &add);
        (void)usleep(20000);
    }
    assert_int_equal(r, 0);
    r = ERR_UNAVAILABLE;
    for (int waited = 0; r == ERR_UNAVAILABLE && waited < RETURN_MS; waited += 20) {
        r = store_read_wait(f->store, count_things, &count);
        (void)usleep(20000);
    }
    assert_int_equal(r, 0);
    assert_int_equal(count, 1);
}

SQL(NO_ROOM, "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53200'', MESSAGE = ''out of shared memory''; END'");

/* The server had no room for a lock, or no memory, in the first run. */
static int add_without_room(struct tx *tx, void *arg)
{
    struct add *add = arg;
    if (add->runs == 0) {
        add->runs++;
        int r = tx_exec(tx, &NO_ROOM, NO_BINDS);
        assert_int_equal(r, ERR_BUSY);
        return r;
    }
    return add_thing(tx, arg);
}

static void test_no_room_passes(void **state)
{
    struct fixture *f = *state;
    struct add add = {.name = "one"};
    f->store = open_at(f->location, 0);
    assert_int_equal(store_write_wait(f->store, NULL, add_without_room, &add), 0);
    assert_int_equal(add.runs, 2);
    assert_int_equal(things(f->store), 1);
}

/* --- two that write ------------------------------------------------------------------------------------------------
 */

struct tally {
    struct store *other; /* writes in between, in the first run */
    int runs;
};

static int count_up(struct tx *tx, void *arg)
{
    struct tally *tally = arg;
    int64_t value = 0;
    int r = tx_get_int(tx, &value, &TALLY_GET, NO_BINDS);
    if (r < 0)
        return r;
    if (tally->runs++ == 0 && tally->other) {
        struct tally between = {.other = NULL};
        assert_int_equal(store_write_wait(tally->other, NULL, count_up, &between), 0);
    }
    r = tx_exec(tx, &TALLY_SET, I(value + 1));
    return r < 0 ? r : 0;
}

static int read_tally(struct tx *tx, void *arg)
{
    int r = tx_get_int(tx, arg, &TALLY_GET, NO_BINDS);
    return r < 0 ? r : 0;
}

static void test_conflicts_are_run_again(void **state)
{
    struct fixture *f = *state;
    struct store *other = open_at(f->location, 0);
    struct tally tally = {.other = other};
    int64_t value = 0;
    f->store = open_at(f->location, 0);
    assert_int_equal(store_write_wait(f->store, NULL, count_up, &tally), 0);
    assert_int_equal(tally.runs, 2);
    assert_int_equal(store_read_wait(f->store, read_tally, &value), 0);
    assert_int_equal(value, 2); /* neither count was lost */
    store_close(other);
}

/* Somebody who writes whenever he can. */
struct rival {
    struct store *store;
    atomic_llong written;
    atomic_bool stop;
    int failed;
};

static void *write_on(void *arg)
{
    struct rival *rival = arg;
    while (!atomic_load(&rival->stop)) {
        struct tally tally = {.other = NULL};
        if (store_write_wait(rival->store, NULL, count_up, &tally) < 0)
            rival->failed++;
        else
            atomic_fetch_add(&rival->written, 1);
    }
    return NULL;
}

struct late {
    struct rival *rival;
    int patience_ms;
    int runs;
};

/* Writes what it read only after somebody else has written it, if anybody can. */
static int count_up_late(struct tx *tx, void *arg)
{
    struct late *late = arg;
    int64_t value = 0;
    int r = tx_get_int(tx, &value, &TALLY_GET, NO_BINDS);
    if (r < 0)
        return r;
    late->runs++;
    long long before = atomic_load(&late->rival->written);
    for (int64_t end = env_steady(env_real()) + late->patience_ms;
         atomic_load(&late->rival->written) == before && env_steady(env_real()) < end;)
        (void)usleep(1000);
    r = tx_exec(tx, &TALLY_SET, I(value + 1));
    return r < 0 ? r : 0;
}

/* A job that others overtake every time gets the database to itself in the end. */
static void test_who_is_always_late_gets_his_turn(void **state)
{
    struct fixture *f = *state;
    struct rival rival = {.store = open_at(f->location, 0)};
    struct late late = {.rival = &rival, .patience_ms = RIVAL_MS};
    pthread_t thread;
    int64_t value = 0;
    f->store = open_at(f->location, 0);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &rival), 0);
    int r = store_write_wait(f->store, NULL, count_up_late, &late);
    atomic_store(&rival.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(r, 0);
    assert_true(late.runs > 1);
    assert_int_equal(rival.failed, 0);
    assert_int_equal(store_read_wait(f->store, read_tally, &value), 0);
    assert_int_equal(value, atomic_load(&rival.written) + 1);
    store_close(rival.store);
}

/* Who stands still in the middle of a transaction keeps nobody from writing for long. */
static void test_nobody_is_waited_for_for_ever(void **state)
{
    struct fixture *f = *state;
    struct rival rival = {.store = open_at(f->location, 0)};
    struct late late = {.rival = &rival, .patience_ms = SLOW_RIVAL_MS};
    pthread_t thread;
    f->store = open_at(f->location, 0);
    PGconn *idle = PQconnectdb(test_location(f->name));
    PQclear(PQexec(idle, "BEGIN; LOCK TABLE store_batch IN ROW EXCLUSIVE MODE"));
    assert_int_equal(pthread_create(&thread, NULL, write_on, &rival), 0);
    int r = store_write_wait(f->store, NULL, count_up_late, &late);
    assert_int_equal(PQtransactionStatus(idle), PQTRANS_INTRANS);
    PQfinish(idle);
    atomic_store(&rival.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(r, ERR_BUSY); /* it was overtaken to the end, as it could not be alone */
    assert_true(atomic_load(&rival.written) > late.runs / 2);
    assert_int_equal(rival.failed, 0);
    store_close(rival.store);
}

static void *open_in_thread(void *arg)
{
    return open_at(arg, 0);
}

static void test_two_that_start_at_once(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[4];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_in_thread, f->location), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *store = NULL;
        assert_int_equal(pthread_join(threads[i], &store), 0);
        assert_int_equal(things(store), 0);
        store_close(store);
    }
}

/* --- values --------------------------------------------------------------------------------------------------------
 */

static int values_come_back(struct tx *tx, void *arg)
{
    (void)arg;
    static const char bytes[] = {0, 1, (char)0xff, 0, 'x'};
    const int64_t large = INT64_C(4611686018427387904);
    int64_t rid = 0;
    int64_t sum = 0;
    struct query query;
    assert_int_equal(tx_get_int(tx, &rid, &THING_ADD, T("Zo\xc3\xab"), I(large), B(bytes, sizeof(bytes))), 1);
    assert_int_equal(tx_query(tx, &query, &THING_GET, I(rid)), 0);
    assert_int_equal(query_next(&query), 1);
    assert_string_equal(query_text(&query, 0), "Zo\xc3\xab");
    assert_int_equal(query_int(&query, 1), large);
    size_t n = 0;
    assert_memory_equal(query_blob(&query, 2, &n), bytes, sizeof(bytes));
    assert_int_equal(n, sizeof(bytes));
    query_close(&query);
    assert_int_equal(tx_get_int(tx, &rid, &THING_ADD, T(NULL), REF(0), B("", 0)), 1);
    assert_int_equal(tx_query(tx, &query, &THING_GET, I(rid)), 0);
    assert_int_equal(query_next(&query), 1);
    assert_null(query_text(&query, 0));
    assert_true(query_is_null(&query, 1));
    assert_false(query_is_null(&query, 2)); /* no bytes are not NULL */
    assert_int_equal(query_next(&query), 0);
    assert_int_equal(tx_get_int(tx, &rid, &THING_ADD, T("less"), I(-large - 7), B(NULL, 0)), 1);
    assert_int_equal(tx_get_int(tx, &sum, &THING_SUM, NO_BINDS), 1);
    assert_int_equal(sum, -7);
    /* A text that was cut inside a character does not fail the job. */
    assert_int_equal(tx_get_int(tx, &rid, &THING_ADD, T("cut \xe2\x82"), I(0), B(NULL, 0)), 1);
    assert_int_equal(tx_query(tx, &query, &THING_GET, I(rid)), 0);
    assert_int_equal(query_next(&query), 1);
    assert_string_equal(query_text(&query, 0), "cut ??");
    query_close(&query);
    return 0;
}

static void test_values(void **state)
{
    struct fixture *f = *state;
    f->store = open_at(f->location, 0);
    assert_int_equal(store_write_wait(f->store, NULL, values_come_back, NULL), 0);
}

static int read_clock(struct tx *tx, void *arg)
{
    return tx_database_now(tx, arg);
}

static void test_the_clock_of_the_database(void **state)
{
    struct fixture *f = *state;
    int64_t before = env_now(env_real());
    int64_t now = 0;
    f->store = open_at(f->location, 0);
    assert_int_equal(store_read_wait(f->store, read_clock, &now), 0);
    assert_true(now >= before - 1000 && now <= env_now(env_real()) + 1000); /* the same machine's */
}

/* --- what is no store ----------------------------------------------------------------------------------------------
 */

static void refused(const char *location, int error, const char *words)
{
    struct store *store = NULL;
    const struct store_options options = {.path = location, .env = env_real(), .rooms = rooms};
    char why[512] = "";
    assert_int_equal(store_open(&store, &options, why, sizeof(why)), error);
    if (!strstr(why, words))
        fail_msg("%s does not say %s", why, words);
}

static void test_what_is_refused(void **state)
{
    struct fixture *f = *state;
    PGconn *conn = PQconnectdb(f->location);
    PQclear(PQexec(conn, "CREATE TABLE other (x int)"));
    PQfinish(conn);
    refused(f->location, ERR_CORRUPT, "another program");
    refused("postgresql://muster@127.0.0.1:1/muster", ERR_UNAVAILABLE, "cannot be reached");
    refused("postgresql://muster@127.0.0.1/muster?nonsense=1", ERR_SYNTAX, "nonsense");
    char nowhere[600];
    (void)snprintf(nowhere, sizeof(nowhere), "%.*s?options=-csearch_path%%3Dnot_there", (int)strcspn(f->location, "?"),
                   f->location);
    refused(nowhere, ERR_CORRUPT, "CREATE SCHEMA");
}

SQL(BATCH_LEFT, "INSERT INTO store_batch (id, made) VALUES ('killed', $1)");
SQL(BATCH_COUNT, "SELECT count(*) FROM store_batch WHERE id = 'killed'");

static int leave_batch(struct tx *tx, void *arg)
{
    const int64_t *made = arg;
    int r = tx_exec(tx, &BATCH_LEFT, I(*made));
    return r < 0 ? r : 0;
}

static int count_batches(struct tx *tx, void *arg)
{
    return tx_get_int(tx, arg, &BATCH_COUNT, NO_BINDS);
}

/* By the rows of commits their outcome is asked for soon after; those of processes that were killed go in time. */
static void test_what_killed_processes_left_goes(void **state)
{
    struct fixture *f = *state;
    const int64_t now = env_now(env_real());
    const int64_t made[] = {now - (int64_t)25 * 3600 * 1000, now - (int64_t)23 * 3600 * 1000};
    for (int i = 0; i < 2; i++) {
        int64_t left = 0;
        int64_t when = made[i];
        f->store = open_at(f->location, 0);
        assert_int_equal(store_write_wait(f->store, NULL, leave_batch, &when), 0);
        store_close(f->store);
        f->store = open_at(f->location, 0);
        assert_true(store_read_wait(f->store, count_batches, &left) >= 0);
        assert_int_equal(left, i);
        store_close(f->store);
        f->store = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commit_answer_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commit_answer_lost_on_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commit_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_room_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_inside_a_job, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_while_idle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_away_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conflicts_are_run_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_is_always_late_gets_his_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_is_waited_for_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_that_start_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_clock_of_the_database, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_killed_processes_left_goes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
