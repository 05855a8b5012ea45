/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the plan of every statement of the program. A scan of a table or of a whole index is refused unless the
 * statement names a waiver; a waiver that is not needed is refused too. The rooms are linked whole, so that no
 * statement is missed.
 */
#include "app/app.h"
#include "directory/directory.h"
#include "engine/engine.h"
#include "push/push.h"
#include "record/record.h"

#ifdef HAVE_API
#include "api/api.h"
#endif

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room,
                                                 &app_room,    &push_room, &engine_room,
#ifdef HAVE_API
                                                 &api_room,
#endif
                                                 NULL};

#define PLAN_BYTES 65536

static bool is_scan(const char *line)
{
    /* A constant row is no table; neither is a subquery, whose own plan stands beside it. */
    return strncmp(line, "SCAN ", 5) == 0 && strncmp(line, "SCAN CONSTANT ROW", 17) != 0 && !strstr(line, "SUBQUERY") &&
           !strstr(line, "SCAN (");
}

static bool has_scan(const struct buf *plan)
{
    for (const char *line = buf_text(plan); line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (is_scan(line))
            return true;
    }
    return false;
}

static int check_all(struct tx *tx, void *arg)
{
    int *bad = arg;
    int seen = 0;
    for (const struct sql *sql = sql_all(); sql; sql = sql->next) {
        struct buf plan;
        buf_init(&plan, PLAN_BYTES);
        seen++;
        int r = tx_explain(tx, sql, &plan);
        if (r < 0) {
            print_error("%s:%d: cannot be prepared: %s\n  %s\n", sql->file, sql->line, tx_error(tx), sql->text);
            (*bad)++;
        } else if (has_scan(&plan) && !sql->scan_waiver) {
            print_error("%s:%d: scans\n  %s\n%s", sql->file, sql->line, sql->text, buf_text(&plan));
            (*bad)++;
        } else if (!has_scan(&plan) && sql->scan_waiver) {
            print_error("%s:%d: has a waiver and does not scan\n  %s\n", sql->file, sql->line, sql->text);
            (*bad)++;
        }
        buf_free(&plan);
    }
    assert_true(seen > 150); /* the rooms are linked whole */
    return 0;
}

static void test_no_statement_scans(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct store_options options = {.path = ":memory:", .env = env_real(), .rooms = rooms};
    char why[256];
    if (store_open(&store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    int bad = 0;
    assert_int_equal(store_read_wait(store, check_all, &bad), 0);
    store_close(store);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_statement_scans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
