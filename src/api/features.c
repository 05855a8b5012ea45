/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/apps/{appId}/features: the switches of an app; and the settings of its group push. */
#include "api/app_objects.h"
#include "api/inbound.h"

#define FEATURE "USER_PROVISIONING"

static const char *status_name(bool on)
{
    return on ? "ENABLED" : "DISABLED";
}

static void write_status(struct jout *out, const char *key, bool on)
{
    jout_object(out, key);
    jout_str(out, "status", status_name(on));
    jout_end(out);
}

static void write_feature(struct call *call, const struct app *app, const struct app_switches *switches)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "name", FEATURE);
    jout_str(out, "status", status_name(switches->create || switches->update || switches->deactivate));
    jout_str(out, "description", "What is provisioned to the app, acting on changes from now on");
    jout_object(out, "capabilities");
    jout_object(out, "create");
    write_status(out, "lifecycleCreate", switches->create);
    jout_end(out);
    jout_object(out, "update");
    write_status(out, "lifecycleDeactivate", switches->deactivate);
    jout_object(out, "password");
    jout_str(out, "status", status_name(switches->password));
    jout_str(out, "seed", switches->password_seed);
    jout_str(out, "change", switches->password_change);
    jout_end(out);
    write_status(out, "profile", switches->update);
    jout_end(out);
    jout_end(out);
    jout_object(out, "_links");
    object_link(call, "self", call_link(call, "/api/v1/apps/%s/features/" FEATURE, app->id), NULL);
    jout_end(out);
    jout_end(out);
}

/* The app and its switches; as published, an app without a connection has no features. */
static int find_features(struct tx *tx, struct call *call, struct app *app, struct app_switches *switches)
{
    struct connection connection = {0};
    int r = find_app(tx, call, app);
    if (r < 0)
        return r;
    r = connection_get(tx, app->rid, &connection);
    if (r == ERR_NOT_FOUND) {
        (void)problem_set(&call->problem, E0000001, "%s", "features");
        return problem_cause(&call->problem, "Provisioning is not enabled for the app instance.");
    }
    return r < 0 ? r : app_switches_get(tx, app->rid, switches);
}

static int list_features(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct app_switches switches = {0};
    int r = find_features(tx, call, &app, &switches);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    write_feature(call, &app, &switches);
    r = inbound_write(tx, call, &app);
    jout_end(&call->out);
    return r;
}

static int find_feature(struct tx *tx, struct call *call, struct app *app, struct app_switches *switches)
{
    int r = find_features(tx, call, app, switches);
    if (r == 0 && strcmp(call->params[1], FEATURE) != 0 && strcmp(call->params[1], INBOUND_FEATURE) != 0)
        return call_not_found(call, call->params[1], "ApplicationFeature");
    return r;
}

static int get_feature(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct app_switches switches = {0};
    int r = find_feature(tx, call, &app, &switches);
    if (r == 0 && strcmp(call->params[1], INBOUND_FEATURE) == 0)
        return inbound_write(tx, call, &app);
    if (r == 0)
        write_feature(call, &app, &switches);
    return r;
}

/* A part such as create.lifecycleCreate: its status, if given. 1 when the part is there, 0 when not. */
static int read_status(struct call *call, const struct jval *parent, const char *name, const struct jval **ret_part,
                       bool *status)
{
    const char *text = NULL;
    if (jval_type(jval_get(parent, name)) == JVAL_NULL)
        return call_invalid(call, name, "must be an object such as {\"status\": \"ENABLED\"}, not null");
    int r = field_object(call, parent, name, ret_part);
    if (r <= 0)
        return r;
    r = field_string(call, *ret_part, "status", &text);
    if (r < 0)
        return r;
    if (text && !str_eq(text, "ENABLED") && !str_eq(text, "DISABLED"))
        return call_invalid(call, name, "status must be ENABLED or DISABLED");
    if (text)
        *status = str_eq(text, "ENABLED");
    return 1;
}

/* Only what is given is changed. */
static int read_capabilities(struct call *call, const struct jval *body, struct app_switches *switches)
{
    const struct jval *create = NULL;
    const struct jval *update = NULL;
    const struct jval *part = NULL;
    static const char *const parts[] = {"lifecycleCreate", "lifecycleDeactivate", "profile", "password"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (jval_get(body, parts[i]))
            return call_invalid(call, parts[i], "belongs into %s, as in {\"%s\": {\"%s\": {\"status\": \"ENABLED\"}}}",
                                i ? "update" : "create", i ? "update" : "create", parts[i]);
    if (jval_type(jval_get(body, "create")) == JVAL_NULL || jval_type(jval_get(body, "update")) == JVAL_NULL)
        return call_invalid(call, jval_type(jval_get(body, "create")) == JVAL_NULL ? "create" : "update",
                            "must be an object, not null; leave it out to change nothing");
    int r = field_object(call, body, "create", &create);
    if (r >= 0)
        r = field_object(call, body, "update", &update);
    if (r >= 0)
        r = read_status(call, create, "lifecycleCreate", &part, &switches->create);
    if (r >= 0)
        r = read_status(call, update, "lifecycleDeactivate", &part, &switches->deactivate);
    if (r >= 0)
        r = read_status(call, update, "profile", &part, &switches->update);
    if (r >= 0)
        r = read_status(call, update, "password", &part, &switches->password);
    if (r <= 0)
        return r;
    r = field_string(call, part, "seed", &switches->password_seed);
    if (r >= 0)
        r = field_string(call, part, "change", &switches->password_change);
    return r < 0 ? r : 0;
}

static int update_feature(struct tx *tx, struct call *call)
{
    const struct jval *body;
    struct app app = {0};
    struct app_switches switches = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_feature(tx, call, &app, &switches);
    if (r == 0 && strcmp(call->params[1], INBOUND_FEATURE) == 0)
        return inbound_update(tx, call, &app, body);
    if (r == 0)
        r = read_capabilities(call, body, &switches);
    if (r == 0)
        r = app_switches_set(tx, &app, &switches, &call->problem);
    if (r == 0)
        write_feature(call, &app, &switches);
    return r;
}

/* --- the settings of group push (ours) -----------------------------------------------------------------------------
 */

#define FEATURES "/api/v1/apps/{appId}/features"

const struct route feature_routes[] = {
    {"GET", FEATURES, ROUTE_READ, ROLE_READ_ONLY, list_features, "listFeaturesForApplication", NULL},
    {"GET", FEATURES "/{featureName}", ROUTE_READ, ROLE_READ_ONLY, get_feature, "getFeatureForApplication", NULL},
    {"PUT", FEATURES "/{featureName}", ROUTE_WRITE, ROLE_ADMIN, update_feature, "updateFeatureForApplication", NULL},
    {.method = NULL},
};
