/* SPDX-License-Identifier: Apache-2.0 */
/* Which database a unit test opens: a file, or what MUSTER_TEST_DATABASE names. */
#ifndef TESTS_DATABASE_H
#define TESTS_DATABASE_H

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline bool test_on_postgresql(void)
{
    return getenv("MUSTER_TEST_DATABASE") != NULL;
}

/*
 * The location of the store that the test would keep in `file`: the file itself, or a schema of its own in the database
 * of MUSTER_TEST_DATABASE (a URL without parameters), the same for the same file. Lives until the fourth next call.
 */
static inline const char *test_location(const char *file)
{
    static char locations[4][512];
    static unsigned next;
    const char *url = getenv("MUSTER_TEST_DATABASE");
    if (!url)
        return file;
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const unsigned char *p = (const unsigned char *)file; *p; p++)
        hash = (hash ^ *p) * 1099511628211u;
    char text[64];
    (void)snprintf(text, sizeof(text), "CREATE SCHEMA IF NOT EXISTS t_%016" PRIx64, hash);
    PGconn *conn = PQconnectdb(url);
    PQclear(PQexec(conn, "SET client_min_messages = warning"));
    PGresult *result = PQexec(conn, text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        (void)fprintf(stderr, "%s: %s\n", url, PQerrorMessage(conn));
        abort();
    }
    PQclear(result);
    PQfinish(conn);
    char *location = locations[next++ % 4];
    (void)snprintf(location, sizeof(locations[0]), "%s?options=-csearch_path%%3Dt_%016" PRIx64, url, hash);
    return location;
}

/*
 * A schema whose tables are emptied for the next test instead of being made again, which takes ten times as long: for
 * stores that are all opened with the same rooms. `conn` is in that schema, and stays open between the two.
 */
static inline void test_do(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        (void)fprintf(stderr, "%s\n%s\n", sql, PQerrorMessage(conn));
        abort();
    }
    PQclear(result);
}

/* Notes what the migrations have written. */
static inline void test_keep(PGconn *conn)
{
    test_do(conn, "CREATE TEMPORARY TABLE kept_sequence AS SELECT sequencename AS name, last_value AS value"
                  " FROM pg_sequences WHERE schemaname = current_schema()");
    test_do(conn, "DO $$ DECLARE t text; BEGIN"
                  " FOR t IN SELECT relname FROM pg_class WHERE relkind = 'r'"
                  "  AND relnamespace = CAST(current_schema() AS regnamespace)"
                  " LOOP EXECUTE format('CREATE TEMPORARY TABLE kept_%s AS TABLE %s', t, t); END LOOP; END $$");
}

/* Makes everything as it was then. */
static inline void test_reset(PGconn *conn)
{
    test_do(conn, "SET session_replication_role = replica"); /* tables are emptied in any order */
    test_do(conn, "DO $$ DECLARE t text; s record; BEGIN"
                  " FOR t IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname <> 'store_schema'"
                  "  AND relnamespace = CAST(current_schema() AS regnamespace)"
                  " LOOP EXECUTE format('DELETE FROM %s', t);"
                  "  EXECUTE format('INSERT INTO %s SELECT * FROM kept_%s', t, t); END LOOP;"
                  " FOR s IN SELECT sequencename AS name, value FROM pg_sequences JOIN kept_sequence"
                  "  ON sequencename = name WHERE schemaname = current_schema() AND last_value IS NOT NULL"
                  " LOOP PERFORM setval(CAST(s.name AS regclass), coalesce(s.value, 1), s.value IS NOT NULL); END LOOP;"
                  " END $$");
}

/*
 * As test_location(), for tests of a program that all open their store with the same rooms. test_opened() says that it
 * is open.
 */
static PGconn *test_shared;

static inline const char *test_shared_location(const char *file)
{
    if (!test_on_postgresql())
        return file;
    char name[64];
    (void)snprintf(name, sizeof(name), "shared %d", (int)getpid());
    if (test_shared)
        test_reset(test_shared);
    return test_location(name);
}

static inline void test_opened(const char *location)
{
    if (!test_on_postgresql() || test_shared)
        return;
    test_shared = PQconnectdb(location);
    test_keep(test_shared);
}

/* Rows of a table that show a text anywhere, bytes as they are. */
static inline int test_rows_with(const char *location, const char *table, const char *text)
{
    char sql[256];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM %s t WHERE CAST(t AS text) LIKE '%%' || $1 || '%%'"
                   " OR CAST(t AS text) LIKE '%%' || encode(convert_to($1, 'UTF8'), 'hex') || '%%'",
                   table);
    PGconn *conn = PQconnectdb(location);
    PGresult *result = PQexecParams(conn, sql, 1, NULL, &text, NULL, NULL, 0);
    int count = PQntuples(result) == 1 ? (int)strtol(PQgetvalue(result, 0, 0), NULL, 10) : -1;
    PQclear(result);
    PQfinish(conn);
    return count;
}

#endif
