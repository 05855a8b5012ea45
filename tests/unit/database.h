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
