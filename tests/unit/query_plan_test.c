/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the plan of every statement of the program. A scan of a table or of a whole index is refused unless the
 * statement names a waiver; a waiver that is not needed is refused too. The rooms are linked whole, so that no
 * statement is missed.
 */
#include "api/api.h"
#include "app/app.h"
#include "database.h"
#include "directory/directory.h"
#include "engine/engine.h"
#include "push/push.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct store_room *const rooms[] = {&record_room, &auth_room,   &directory_room, &app_room,
                                                 &push_room,   &engine_room, &api_room,       NULL};

#define PLAN_BYTES 65536

/* The result of a named subquery, whose own plan stands beside it. */
static bool is_of_subquery(const char *plan, const char *line)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "CO-ROUTINE %.*s\n", (int)strcspn(line + 5, " \n"), line + 5);
    return strstr(plan, name) != NULL;
}

static bool is_scan(const char *plan, const char *line)
{
    /* A constant row is no table; neither is a subquery. */
    return strncmp(line, "SCAN ", 5) == 0 && strncmp(line, "SCAN CONSTANT ROW", 17) != 0 && !strstr(line, "SUBQUERY") &&
           strncmp(line, "SCAN (", 6) != 0 && !is_of_subquery(plan, line);
}

static bool line_has(const char *line, const char *text)
{
    return memmem(line, strcspn(line, "\n"), text, strlen(text)) != NULL;
}

static const char *line_after(const char *line)
{
    size_t n = strcspn(line, "\n");
    return line + n + (line[n] == '\n');
}

/*
 * PostgreSQL: of a whole table (store_change is a sequence, one row), or of an index without a condition on it, unless
 * it only takes the first rows of it.
 */
static bool is_whole_scan(const char *before, const char *line)
{
    const char *next = line_after(line);
    if (line_has(line, "Seq Scan on "))
        return !line_has(line, "Seq Scan on store_change ");
    if (!line_has(line, "Index Scan using ") && !line_has(line, "Index Only Scan using "))
        return false;
    if (before && line_has(before, "Limit") && !line_has(next, "Filter: "))
        return false;
    return !line_has(next, "Index Cond: ");
}

static bool has_scan(const struct buf *plan)
{
    const char *before = NULL;
    for (const char *line = buf_text(plan); *line; line = line_after(line)) {
        if (test_on_postgresql() ? is_whole_scan(before, line) : is_scan(buf_text(plan), line))
            return true;
        before = line;
    }
    return false;
}

/*
 * A placeholder that is only compared with a literal or counted with one would be a number of 32 bits for PostgreSQL,
 * too small for a time: it must meet a column first, or be CAST($1 AS BIGINT).
 */
static bool has_narrow_parameter(const struct buf *plan)
{
    char line[512] = "";
    (void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(buf_text(plan), "\n"), buf_text(plan));
    return strncmp(line, "Parameters {", 12) == 0 && (strstr(line, "integer") || strstr(line, "smallint"));
}

/*
 * Plans of empty tables say nothing in PostgreSQL: every table gets rows, numbers that are different where they have to
 * be. What a table's own checks do not allow stays empty.
 */
static void fill_tables(const char *location)
{
    static const char fill[] =
        "DO $$ DECLARE t record; list text; vals text; BEGIN"
        " FOR t IN SELECT oid, relname FROM pg_class WHERE relkind = 'r'"
        "  AND relnamespace = CAST(current_schema() AS regnamespace) ORDER BY oid LOOP"
        "  SELECT string_agg(quote_ident(attname), ', '), string_agg(CASE"
        "    WHEN atttypid = CAST('bytea' AS regtype) THEN 'convert_to(CAST(n AS text), ''UTF8'')'"
        "    WHEN atttypid = CAST('text' AS regtype) AND attnotnull THEN 'CAST(n AS text)'"
        "    WHEN atttypid = CAST('text' AS regtype) THEN 'CASE WHEN n % 4 < 2 THEN CAST(n AS text) END'"
        "    WHEN EXISTS (SELECT 1 FROM pg_index WHERE indrelid = t.oid AND indisunique AND attnum = ANY (indkey))"
        "     THEN 'n' ELSE 'n / 7' END, ', ')"
        "   INTO list, vals FROM pg_attribute WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped;"
        "  BEGIN"
        "   EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM generate_series(1, 5000) AS n', t.relname, list, vals);"
        "  EXCEPTION WHEN OTHERS THEN NULL; END;"
        " END LOOP; END $$";
    PGconn *conn = PQconnectdb(location);
    PGresult *result = PQexec(conn, fill);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s", PQerrorMessage(conn));
    PQclear(result);
    PQclear(PQexec(conn, "ANALYZE"));
    PQfinish(conn);
}

struct check {
    const struct sql *sql;
    bool bad;
    bool of_other; /* this engine is not asked it */
};

static void complain(struct check *check, const char *what, const char *plan)
{
    print_error("%s:%d: %s\n  %s\n%s", check->sql->file, check->sql->line, what, check->sql->text, plan);
    check->bad = true;
}

static int check_one(struct tx *tx, void *arg)
{
    struct check *check = arg;
    const struct sql *sql = check->sql;
    check->of_other = sql->dialect && sql->dialect != (int)tx_dialect(tx);
    if (check->of_other)
        return 0;
    struct buf plan;
    buf_init(&plan, PLAN_BYTES);
    if (tx_explain(tx, sql, &plan) < 0)
        complain(check, "cannot be prepared", tx_error(tx));
    else if (has_scan(&plan) && !sql->scan_waiver)
        complain(check, "scans", buf_text(&plan));
    else if (has_narrow_parameter(&plan))
        complain(check, "a placeholder has 32 bits", buf_text(&plan));
    else if (!test_on_postgresql() && !has_scan(&plan) && sql->scan_waiver)
        complain(check, "has a waiver and does not scan", "");
    buf_free(&plan);
    return 0;
}

/* Each in a transaction of its own: in PostgreSQL one that is refused would take the others with it. */
static void test_no_statement_scans(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct store_options options = {.path = test_location(":memory:"), .env = env_real(), .rooms = rooms};
    char why[256];
    if (store_open(&store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    if (test_on_postgresql())
        fill_tables(options.path);
    int bad = 0;
    int seen = 0;
    for (const struct sql *sql = sql_all(); sql; sql = sql->next) {
        struct check check = {.sql = sql};
        assert_int_equal(store_read_wait(store, check_one, &check), 0);
        bad += check.bad;
        seen += !check.of_other;
    }
    store_close(store);
    assert_int_equal(bad, 0);
    assert_true(seen > 150); /* the rooms are linked whole */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_statement_scans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
