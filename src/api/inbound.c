/* SPDX-License-Identifier: Apache-2.0 */
#include "api/inbound.h"

#include "push/import.h"

#define LOGIN_PREFIX "appuser."

static const char *const criteria[] = {
    [CRITERION_USERNAME] = "USERNAME", [CRITERION_EMAIL] = "EMAIL", [CRITERION_ATTRIBUTE] = "CUSTOM"};

/* --- showing -------------------------------------------------------------------------------------------------------
 */

static void write_settings(struct jout *out, const struct import_settings *settings)
{
    jout_object(out, "importSettings");
    jout_object(out, "username");
    jout_str(out, "usernameFormat", settings->login_attribute ? "CUSTOM" : "EMAIL");
    jout_str_opt(out, "userNameExpression", settings->login_expression);
    jout_end(out);
    jout_object(out, "schedule");
    jout_str(out, "status", settings->scheduled ? "ENABLED" : "DISABLED");
    if (settings->expression) {
        jout_object(out, "fullImport");
        jout_str(out, "expression", settings->expression);
        jout_str(out, "timezone", settings->timezone ? settings->timezone : "UTC");
        jout_end(out);
    }
    jout_time(out, "nextImport", settings->next_at); /* ours */
    jout_end(out);
    jout_bool(out, "importGroups", settings->import_groups); /* ours */
    jout_end(out);
}

static void write_rules(struct jout *out, const struct import_settings *settings)
{
    jout_object(out, "importRules");
    jout_object(out, "userCreateAndMatch");
    jout_str(out, "exactMatchCriteria", criteria[settings->criterion]);
    jout_str_opt(out, "exactMatchAttribute", settings->match_attribute); /* ours, like the third criterion */
    if (settings->match_attribute)
        jout_str(out, "exactMatchAppAttribute",
                 settings->match_app_attribute ? settings->match_app_attribute : settings->match_attribute);
    jout_bool(out, "allowPartialMatch", settings->allow_partial);
    jout_bool(out, "autoConfirmPartialMatch", settings->confirm_partial);
    jout_bool(out, "autoConfirmExactMatch", settings->confirm_exact);
    jout_bool(out, "autoConfirmNewUsers", settings->confirm_new);
    jout_bool(out, "autoActivateNewUsers", settings->activate_new);
    jout_end(out);
    jout_end(out);
}

int inbound_write(struct tx *tx, struct call *call, const struct app *app)
{
    struct import_settings settings = {0};
    struct jout *out = &call->out;
    int r = import_settings_get(tx, app->rid, &settings);
    if (r < 0)
        return r;
    jout_object(out, NULL);
    jout_str(out, "name", INBOUND_FEATURE);
    jout_str(out, "status", "ENABLED");
    jout_str(out, "description", "How the app's users are imported and matched with the directory");
    jout_object(out, "capabilities");
    write_settings(out, &settings);
    write_rules(out, &settings);
    jout_end(out);
    jout_object(out, "_links");
    object_link(call, "self", call_link(call, "/api/v1/apps/%s/features/" INBOUND_FEATURE, app->id), NULL);
    jout_end(out);
    jout_end(out);
    return 0;
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

static int read_switch(struct call *call, const struct jval *parent, const char *name, bool *on)
{
    const struct jval *value = jval_get(parent, name);
    if (jval_type(value) == JVAL_NONE)
        return 0;
    if (jval_type(value) != JVAL_BOOL)
        return call_invalid(call, name, "Must be true or false.");
    *on = jval_is_true(value);
    return 0;
}

/* Attributes are given with the criterion that needs them; naming another one of people names the app's anew. */
static int read_criterion(struct call *call, const struct jval *match, struct import_settings *settings)
{
    const char *attribute = NULL;
    const char *there = NULL;
    int found = 0;
    int r = field_choice(call, match, "exactMatchCriteria", criteria, ARRAY_LEN(criteria), &found);
    if (r >= 0)
        r = field_string(call, match, "exactMatchAttribute", &attribute);
    if (r >= 0)
        r = field_string(call, match, "exactMatchAppAttribute", &there);
    if (r < 0)
        return r;
    if (found)
        settings->criterion = (enum import_criterion)found;
    if ((attribute || there) && settings->criterion != CRITERION_ATTRIBUTE)
        return call_invalid(call, attribute ? "exactMatchAttribute" : "exactMatchAppAttribute",
                            "Goes with exactMatchCriteria CUSTOM.");
    if (attribute) {
        settings->match_attribute = attribute;
        settings->match_app_attribute = NULL;
    }
    if (there)
        settings->match_app_attribute = there;
    return 0;
}

static int read_rules(struct call *call, const struct jval *body, struct import_settings *settings)
{
    const struct jval *rules = NULL;
    const struct jval *match = NULL;
    int r = field_object(call, body, "importRules", &rules);
    if (r >= 0)
        r = field_object(call, rules, "userCreateAndMatch", &match);
    if (r >= 0)
        r = read_criterion(call, match, settings);
    if (r < 0)
        return r;
    r = read_switch(call, match, "allowPartialMatch", &settings->allow_partial);
    if (r == 0)
        r = read_switch(call, match, "autoConfirmPartialMatch", &settings->confirm_partial);
    if (r == 0)
        r = read_switch(call, match, "autoConfirmExactMatch", &settings->confirm_exact);
    if (r == 0)
        r = read_switch(call, match, "autoConfirmNewUsers", &settings->confirm_new);
    if (r == 0)
        r = read_switch(call, match, "autoActivateNewUsers", &settings->activate_new);
    if (r == 0 && settings->confirm_partial && !settings->allow_partial)
        return call_invalid(call, "autoConfirmPartialMatch", "Needs allowPartialMatch.");
    return r;
}

static int read_username(struct call *call, const struct jval *parent, struct import_settings *settings)
{
    const struct jval *username = NULL;
    const char *format = NULL;
    const char *expression = NULL;
    int r = field_object(call, parent, "username", &username);
    if (r > 0)
        r = field_string(call, username, "usernameFormat", &format);
    if (r >= 0)
        r = field_string(call, username, "userNameExpression", &expression);
    if (r < 0 || (!format && !expression))
        return r;
    if (format && !str_eq(format, "EMAIL") && !str_eq(format, "CUSTOM"))
        return call_invalid(call, "usernameFormat", "Must be EMAIL or CUSTOM.");
    settings->login_attribute = settings->login_expression = NULL;
    if (str_eq(format, "EMAIL"))
        return 0;
    size_t n = sizeof(LOGIN_PREFIX) - 1;
    const char *name = expression && strncmp(expression, LOGIN_PREFIX, n) == 0 ? expression + n : "";
    if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
        return call_invalid(call, "userNameExpression",
                            "Must name one attribute of the app's user, such as appuser.userName or appuser.email.");
    settings->login_attribute = name;
    settings->login_expression = expression;
    return 0;
}

static int read_schedule(struct call *call, const struct jval *parent, struct import_settings *settings)
{
    const struct jval *schedule = NULL;
    const struct jval *full = NULL;
    const char *status = NULL;
    int r = field_object(call, parent, "schedule", &schedule);
    if (r > 0)
        r = field_string(call, schedule, "status", &status);
    if (r >= 0)
        r = field_object(call, schedule, "fullImport", &full);
    if (r > 0) {
        settings->expression = settings->timezone = NULL;
        r = field_string(call, full, "expression", &settings->expression);
    }
    if (r >= 0)
        r = field_string(call, full, "timezone", &settings->timezone);
    if (r < 0)
        return r;
    enum jval_type incremental = jval_type(jval_get(schedule, "incrementalImport"));
    if (incremental != JVAL_NONE && incremental != JVAL_NULL)
        return call_invalid(call, "incrementalImport", "SCIM tells no changes since a time; give fullImport instead.");
    if (status && !str_eq(status, "ENABLED") && !str_eq(status, "DISABLED"))
        return call_invalid(call, "schedule", "status must be ENABLED or DISABLED");
    if (status)
        settings->scheduled = str_eq(status, "ENABLED");
    return 0;
}

int inbound_update(struct tx *tx, struct call *call, const struct app *app, const struct jval *body)
{
    const struct jval *parent = NULL;
    struct import_settings settings = {0};
    int r = import_settings_get(tx, app->rid, &settings);
    if (r == 0)
        r = field_object(call, body, "importSettings", &parent);
    if (r >= 0)
        r = read_username(call, parent, &settings);
    if (r >= 0)
        r = read_schedule(call, parent, &settings);
    if (r >= 0)
        r = read_switch(call, parent, "importGroups", &settings.import_groups);
    if (r >= 0)
        r = read_rules(call, body, &settings);
    if (r >= 0)
        r = import_settings_set(tx, app, &settings, &call->problem);
    return r < 0 ? r : inbound_write(tx, call, app);
}
