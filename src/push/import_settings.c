/* SPDX-License-Identifier: Apache-2.0 */
/* How an app's users are matched when they are imported, and when that happens by itself. */
#include "push/import_private.h"

#include "base/limits.h"
#include "base/scim_user.h"
#include "directory/schema.h"

SQL(SETTINGS_GET, "SELECT import_groups, criterion, allow_partial, confirm_exact, confirm_partial, confirm_new,"
                  " activate_new, login_attribute, login_expression, scheduled, expression, timezone, next_at,"
                  " match_attribute, match_app_attribute FROM import_settings WHERE app_rid = $1");
SQL(SETTINGS_PUT,
    "INSERT INTO import_settings (app_rid, import_groups, criterion, allow_partial, confirm_exact, confirm_partial,"
    " confirm_new, activate_new, login_attribute, login_expression, scheduled, expression, timezone, next_at,"
    " match_attribute, match_app_attribute)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    " ON CONFLICT (app_rid) DO UPDATE SET import_groups = excluded.import_groups, criterion = excluded.criterion,"
    " allow_partial = excluded.allow_partial, confirm_exact = excluded.confirm_exact,"
    " confirm_partial = excluded.confirm_partial, confirm_new = excluded.confirm_new,"
    " activate_new = excluded.activate_new, login_attribute = excluded.login_attribute,"
    " login_expression = excluded.login_expression, scheduled = excluded.scheduled, expression = excluded.expression,"
    " timezone = excluded.timezone, next_at = excluded.next_at, match_attribute = excluded.match_attribute,"
    " match_app_attribute = excluded.match_app_attribute");
SQL(SETTINGS_MATCH_BY, "SELECT 1 FROM import_settings WHERE match_attribute = $1 LIMIT 1");
SQL(SETTINGS_DELETE, "DELETE FROM import_settings WHERE app_rid = $1");
SQL(ERRORS_FORGET, "UPDATE imported_users SET error = NULL WHERE app_rid = $1 AND state = 1 AND error IS NOT NULL");

int import_settings_get(struct tx *tx, int64_t app_rid, struct import_settings *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &SETTINGS_GET, I(app_rid));
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
                                    .next_at = query_int(&query, 12),
                                    .match_attribute = push_text(tx, &query, 13),
                                    .match_app_attribute = push_text(tx, &query, 14)};
    query_close(&query);
    return 0;
}

int import_settings_store(struct tx *tx, int64_t app_rid, const struct import_settings *s)
{
    int r = tx_exec(tx, &SETTINGS_PUT, I(app_rid), I(s->import_groups), I(s->criterion), I(s->allow_partial),
                    I(s->confirm_exact), I(s->confirm_partial), I(s->confirm_new), I(s->activate_new),
                    T(s->login_attribute), T(s->login_expression), I(s->scheduled), T(s->expression), T(s->timezone),
                    I(s->next_at), T(s->match_attribute), T(s->match_app_attribute));
    return r < 0 ? r : 0;
}

/* --- the attribute that users are matched by -----------------------------------------------------------------------
 */

/* The texts that imports read of an app's user, between commas. */
static const char *readable(struct arena *arena, const char *name, bool *ret_is_one)
{
    const char *all = "";
    for (size_t i = 0; i < scim_place_count; i++) {
        *ret_is_one |= str_eq(scim_places[i].name, name);
        all = arena_printf(arena, "%s%s%s", all, i ? ", " : "", scim_places[i].name);
    }
    return all;
}

static int check_match(struct tx *tx, const struct import_settings *settings, struct problem *problem)
{
    const struct schema *schema = NULL;
    const char *name = settings->match_attribute;
    const char *there = settings->match_app_attribute ? settings->match_app_attribute : name;
    bool known = false;
    if (settings->criterion != CRITERION_ATTRIBUTE)
        return 0;
    if (!name)
        return problem_invalid(problem, "exactMatchAttribute",
                               "exactMatchAttribute: Must name the attribute of people that is compared when "
                               "exactMatchCriteria is CUSTOM, such as employeeNumber");
    int r = schema_load(tx, SCHEMA_USER, &schema);
    if (r < 0)
        return r;
    const struct attribute *attribute = schema_attribute(schema, name);
    if (!attribute)
        return problem_invalid(
            problem, "exactMatchAttribute",
            "exactMatchAttribute: \"%.100s\" is no attribute of people; add it to their schema first, or "
            "choose another one",
            name);
    if (attribute->type != ATTRIBUTE_STRING)
        return problem_invalid(problem, "exactMatchAttribute",
                               "exactMatchAttribute: \"%.100s\" is of the type %s; only texts are compared", name,
                               attribute_type_name(attribute->type));
    const char *all = readable(tx_arena(tx), there, &known);
    return known
               ? 0
               : problem_invalid(problem, "exactMatchAppAttribute",
                                 "exactMatchAppAttribute: \"%.100s\" is nothing that imports read of an app's user; it "
                                 "is one of %s",
                                 there, all);
}

/* People can be found by the new one, and the old one is kept up for nobody. */
static int change_match(struct tx *tx, const char *old, const char *new, struct problem *problem)
{
    int64_t one = 0;
    int r = new ? user_values_want(tx, new) : 0;
    if (r == ERR_TOO_LARGE)
        return problem_invalid(
            problem, "exactMatchAttribute",
            "exactMatchAttribute: The apps' users are matched by %d attributes already; choose one of "
            "those",
            VALUE_ATTRIBUTES_MAX);
    if (r == 0 && old && !str_eq(old, new))
        r = tx_get_int(tx, &one, &SETTINGS_MATCH_BY, T(old));
    return r < 0 || one || !old || str_eq(old, new) ? MIN_OF(r, 0) : user_values_forget(tx, old);
}

int import_prepare(struct tx *tx, const struct import_run *run)
{
    return run->kind == IMPORT_ALL ? user_values_work(tx, LIMIT_EXPAND_ROWS) : 0;
}

int import_settings_set(struct tx *tx, const struct app *app, struct import_settings *settings, struct problem *problem)
{
    struct import_settings before = {0};
    int r = import_schedule_next(tx, settings, problem);
    if (settings->criterion != CRITERION_ATTRIBUTE)
        settings->match_attribute = settings->match_app_attribute = NULL;
    if (r == 0)
        r = check_match(tx, settings, problem);
    if (r == 0)
        r = import_settings_get(tx, app->rid, &before);
    if (r == 0)
        r = import_settings_store(tx, app->rid, settings);
    if (r == 0)
        r = change_match(tx, before.match_attribute, settings->match_attribute, problem);
    if (r >= 0)
        r = tx_exec(tx, &ERRORS_FORGET, I(app->rid));
    if (r >= 0)
        r = tx_change(tx, (struct change){.kind = CHANGE_APP_SWITCHES, .subject = app->rid});
    return r < 0 ? r : 0;
}

int import_settings_delete(struct tx *tx, int64_t app_rid)
{
    struct import_settings before = {0};
    struct problem none = {0};
    int r = import_settings_get(tx, app_rid, &before);
    if (r == 0)
        r = tx_exec(tx, &SETTINGS_DELETE, I(app_rid));
    return r < 0 ? r : change_match(tx, before.match_attribute, NULL, &none);
}
