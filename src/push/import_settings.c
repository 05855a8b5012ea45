/* SPDX-License-Identifier: Apache-2.0 */
/* How an app's users are matched when they are imported, and when that happens by itself. */
#include "push/import_private.h"

SQL(SETTINGS_GET, "SELECT import_groups, criterion, allow_partial, confirm_exact, confirm_partial, confirm_new,"
                  " activate_new, login_attribute, login_expression, scheduled, expression, timezone, next_at"
                  " FROM import_settings WHERE app_rid = $1");
SQL(SETTINGS_PUT,
    "INSERT INTO import_settings (app_rid, import_groups, criterion, allow_partial, confirm_exact, confirm_partial,"
    " confirm_new, activate_new, login_attribute, login_expression, scheduled, expression, timezone, next_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    " ON CONFLICT (app_rid) DO UPDATE SET import_groups = excluded.import_groups, criterion = excluded.criterion,"
    " allow_partial = excluded.allow_partial, confirm_exact = excluded.confirm_exact,"
    " confirm_partial = excluded.confirm_partial, confirm_new = excluded.confirm_new,"
    " activate_new = excluded.activate_new, login_attribute = excluded.login_attribute,"
    " login_expression = excluded.login_expression, scheduled = excluded.scheduled, expression = excluded.expression,"
    " timezone = excluded.timezone, next_at = excluded.next_at");
SQL(SETTINGS_DELETE, "DELETE FROM import_settings WHERE app_rid = $1");
SQL(ERRORS_FORGET, "UPDATE imported_users SET error = NULL WHERE app_rid = $1 AND state = 1 AND error IS NOT NULL");

int import_settings_get(struct tx *tx, int64_t app_rid, struct import_settings *ret)
{
    struct query query;
    int r = tx_query(tx, &query, &SETTINGS_GET, I(app_rid));
    if (r >= 0)
        r = query_next(&query);
    if (r < 0)
        return r;
    if (r == 0) { /* as published for an app whose settings were never touched */
        *ret = (struct import_settings){.import_groups = true, .criterion = CRITERION_EMAIL, .allow_partial = true};
        return 0;
    }
    *ret = (struct import_settings){.import_groups = query_int(&query, 0) != 0,
                                    .criterion = (enum import_criterion)query_int(&query, 1),
                                    .allow_partial = query_int(&query, 2) != 0,
                                    .confirm_exact = query_int(&query, 3) != 0,
                                    .confirm_partial = query_int(&query, 4) != 0,
                                    .confirm_new = query_int(&query, 5) != 0,
                                    .activate_new = query_int(&query, 6) != 0,
                                    .login_attribute = push_text(tx, &query, 7),
                                    .login_expression = push_text(tx, &query, 8),
                                    .scheduled = query_int(&query, 9) != 0,
                                    .expression = push_text(tx, &query, 10),
                                    .timezone = push_text(tx, &query, 11),
                                    .next_at = query_int(&query, 12)};
    query_close(&query);
    return 0;
}

int import_settings_store(struct tx *tx, int64_t app_rid, const struct import_settings *s)
{
    int r = tx_exec(tx, &SETTINGS_PUT, I(app_rid), I(s->import_groups), I(s->criterion), I(s->allow_partial),
                    I(s->confirm_exact), I(s->confirm_partial), I(s->confirm_new), I(s->activate_new),
                    T(s->login_attribute), T(s->login_expression), I(s->scheduled), T(s->expression), T(s->timezone),
                    I(s->next_at));
    return r < 0 ? r : 0;
}

int import_settings_set(struct tx *tx, const struct app *app, struct import_settings *settings, struct problem *problem)
{
    int r = import_schedule_next(tx, settings, problem);
    if (r == 0)
        r = import_settings_store(tx, app->rid, settings);
    if (r >= 0)
        r = tx_exec(tx, &ERRORS_FORGET, I(app->rid));
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_APP_SWITCHES, .subject = app->rid});
    return r < 0 ? r : 0;
}

int import_settings_delete(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &SETTINGS_DELETE, I(app_rid));
    return r < 0 ? r : 0;
}
