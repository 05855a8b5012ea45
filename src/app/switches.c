/* SPDX-License-Identifier: Apache-2.0 */
/* The switches of an app, and whether anything may be sent to it. */
#include "app/inner.h"

SQL(SWITCHES_GET, "SELECT do_create, do_update, do_deactivate, do_password, password_seed, password_change,"
                  " delete_linked_groups, verify, dialect FROM app_switches WHERE app_rid = $1");
SQL(SWITCHES_PUT, "INSERT INTO app_switches (app_rid, do_create, do_update, do_deactivate, do_password, password_seed,"
                  " password_change, delete_linked_groups, verify, dialect)"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                  " ON CONFLICT (app_rid) DO UPDATE SET do_create = excluded.do_create, do_update = excluded.do_update,"
                  " do_deactivate = excluded.do_deactivate, do_password = excluded.do_password,"
                  " password_seed = excluded.password_seed, password_change = excluded.password_change,"
                  " delete_linked_groups = excluded.delete_linked_groups, verify = excluded.verify,"
                  " dialect = excluded.dialect");

const char *app_dialect_name(enum app_dialect dialect)
{
    static const char *const names[DIALECT_COUNT] = {"STANDARD", "CATALOG", "CUSTOM"};
    assert(dialect < DIALECT_COUNT);
    return names[dialect];
}

int app_switches_get(struct tx *tx, int64_t app_rid, struct app_switches *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &SWITCHES_GET, I(app_rid));
    if (r < 0)
        return r;
    if (r == 0) { /* never set: everything is off */
        *ret = (struct app_switches){.password_seed = "RANDOM", .password_change = "KEEP_EXISTING"};
        return 0;
    }
    struct arena *arena = tx_arena(tx);
    *ret = (struct app_switches){
        .create = query_int(&query, 0) != 0,
        .update = query_int(&query, 1) != 0,
        .deactivate = query_int(&query, 2) != 0,
        .password = query_int(&query, 3) != 0,
        .password_seed = arena_strdup(arena, query_text(&query, 4)),
        .password_change = arena_strdup(arena, query_text(&query, 5)),
        .delete_linked_groups = query_int(&query, 6) != 0,
        .verify = (enum verify_mode)query_int(&query, 7),
        .dialect = (enum app_dialect)query_int(&query, 8),
    };
    query_close(&query);
    return 0;
}

static const char *debug_text(struct arena *arena, const struct app_switches *s)
{
    static const char *const modes[] = {"NEVER", "SAMPLED", "ALWAYS"};
    return arena_printf(arena,
                        "{\"createUsers\":%s,\"updateUsers\":%s,\"deactivateUsers\":%s,\"syncPassword\":%s,"
                        "\"deleteLinkedGroups\":%s,\"verify\":\"%s\",\"dialect\":\"%s\"}",
                        s->create ? "true" : "false", s->update ? "true" : "false", s->deactivate ? "true" : "false",
                        s->password ? "true" : "false", s->delete_linked_groups ? "true" : "false", modes[s->verify],
                        app_dialect_name(s->dialect));
}

static int check_choice(const char *field, const char *value, const char *a, const char *b, struct problem *problem)
{
    if (str_eq(value, a) || str_eq(value, b))
        return 0;
    return problem_invalid(problem, field, "%s: must be %s or %s", field, a, b);
}

int app_switches_set(struct tx *tx, struct app *app, const struct app_switches *switches, struct problem *problem)
{
    int r = check_choice("seed", switches->password_seed, "OKTA", "RANDOM", problem);
    if (r == 0)
        r = check_choice("change", switches->password_change, "KEEP_EXISTING", "CHANGE", problem);
    if (r < 0)
        return r;
    r = tx_exec(tx, &SWITCHES_PUT, I(app->rid), I(switches->create), I(switches->update), I(switches->deactivate),
                I(switches->password), T(switches->password_seed), T(switches->password_change),
                I(switches->delete_linked_groups), I(switches->verify), I(switches->dialect));
    if (r < 0)
        return r;
    r = tx_change(tx, (struct change){.kind = CHANGE_APP_SWITCHES, .subject = app->rid});
    if (r < 0)
        return r;
    tx_wake(tx);
    return app_event(tx, "application.lifecycle.update", app, debug_text(tx_arena(tx), switches));
}

int app_is_open(struct tx *tx, int64_t app_rid, const char **ret_why)
{
    const char *why = NULL;
    struct app app;
    int r = app_by_rid(tx, app_rid, &app);
    if (r == ERR_NOT_FOUND)
        why = "the app does not exist any more";
    else if (r < 0)
        return r;
    else if (app.status != APP_ACTIVE)
        why = "the app is inactive";
    else if (app.paused)
        why = "the app is paused";
    struct connection connection;
    if (!why) {
        r = connection_get(tx, app_rid, &connection);
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
        if (r == ERR_NOT_FOUND)
            why = "the app has no connection yet";
        else if (connection.status != CONNECTION_ENABLED)
            why = "the app's connection is off";
    }
    if (!why) {
        const char *reason = NULL;
        r = org_paused(tx, &reason);
        if (r < 0)
            return r;
        if (r > 0)
            why = arena_printf(tx_arena(tx), "all traffic is paused%s%s", reason ? ": " : "", reason ? reason : "");
    }
    if (why && ret_why)
        *ret_why = why;
    return why == NULL;
}
