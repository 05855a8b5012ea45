/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/apps/{appId}/connections/default: where an app is reached and with which credential. A connection is saved
 * after the target was asked whether it works: the engine asks, before any transaction of this call.
 *
 * As published, with authScheme TOKEN; ours are profile.scheme (BEARER, BASIC, HEADER; also as authScheme),
 * profile.userName, profile.headerName, profile.password and profile.allowPlainHttp. The credential is never shown.
 */
#include "api/app_objects.h"

#include "base/limits.h"
#include "engine/engine.h"

#define CONNECTION "/api/v1/apps/{appId}/connections/default"

/* --- showing -------------------------------------------------------------------------------------------------------
 */

static void write_none(struct call *call, const struct app *app)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "status", "UNKNOWN");
    jout_object(out, "profile");
    jout_str(out, "authScheme", "UNKNOWN");
    jout_end(out);
    jout_object(out, "_links");
    object_link(call, "self", call_link(call, "/api/v1/apps/%s/connections/default", app->id), NULL);
    jout_end(out);
    jout_end(out);
}

static void write_connection(struct call *call, const struct app *app, const struct connection *connection)
{
    static const char *const schemes[] = {"NONE", "BEARER", "BASIC", "HEADER"};
    struct jout *out = &call->out;
    bool enabled = connection->status == CONNECTION_ENABLED;
    jout_object(out, NULL);
    jout_str(out, "authScheme", "TOKEN");
    jout_str(out, "status", enabled ? "ENABLED" : "DISABLED");
    jout_str(out, "baseUrl", connection->base_url);
    jout_object(out, "profile");
    jout_str(out, "authScheme", "TOKEN");
    jout_str(out, "scheme", schemes[connection->scheme]);
    jout_str_opt(out, "userName", connection->user_name);
    jout_str_opt(out, "headerName", connection->header_name);
    jout_bool(out, "allowPlainHttp", connection->allow_plain_http);
    jout_end(out);
    if (connection->verified)
        jout_time(out, "verified", connection->verified);
    jout_str_opt(out, "verifyError", connection->verify_error);
    jout_object(out, "_links");
    object_link(call, "self", call_link(call, "/api/v1/apps/%s/connections/default", app->id), NULL);
    const char *verb = enabled ? "deactivate" : "activate";
    object_link(call, verb, call_link(call, "/api/v1/apps/%s/connections/default/lifecycle/%s", app->id, verb), NULL);
    jout_end(out);
    jout_end(out);
}

static int answer_connection(struct tx *tx, struct call *call, const struct app *app)
{
    struct connection connection = {0};
    int r = connection_get(tx, app->rid, &connection);
    if (r == 0)
        write_connection(call, app, &connection);
    if (r == ERR_NOT_FOUND)
        write_none(call, app);
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int get_connection(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r ? r : answer_connection(tx, call, &app);
}

/* --- reading a body ------------------------------------------------------------------------------------------------
 */

/* A boolean that may be left out. */
static int read_flag(struct call *call, const struct jval *body, const char *name, bool *ret)
{
    const struct jval *value = jval_get(body, name);
    if (jval_type(value) == JVAL_NONE || jval_type(value) == JVAL_NULL)
        return 0;
    if (jval_type(value) != JVAL_BOOL)
        return call_invalid(call, name, "must be true or false");
    *ret = jval_is_true(value);
    return 0;
}

static int read_scheme(struct call *call, const struct jval *profile, enum connection_scheme *ret)
{
    const char *published = NULL;
    const char *ours = NULL;
    int r = field_string(call, profile, "authScheme", &published);
    if (r >= 0)
        r = field_string(call, profile, "scheme", &ours);
    if (r < 0)
        return r;
    if (!published && !ours)
        return call_invalid(call, "authScheme", "The field cannot be left blank; it is TOKEN");
    const char *name = ours ? ours : published;
    if (str_eq(name, "TOKEN") || str_eq(name, "BEARER"))
        *ret = CONNECTION_BEARER;
    else if (str_eq(name, "BASIC"))
        *ret = CONNECTION_BASIC;
    else if (str_eq(name, "HEADER"))
        *ret = CONNECTION_HEADER;
    else if (str_eq(name, "OAUTH2"))
        return call_invalid(call, "authScheme", "OAUTH2 is not supported; use TOKEN");
    else
        return call_invalid(call, ours ? "scheme" : "authScheme", "must be TOKEN, or scheme BEARER, BASIC or HEADER");
    return 0;
}

/* The first of two names that is given. */
static int read_either(struct call *call, const struct jval *profile, const char *a, const char *b, const char **ret)
{
    int r = field_string(call, profile, a, ret);
    return r == 0 ? field_string(call, profile, b, ret) : r;
}

static int read_input(struct call *call, struct connection_input *ret)
{
    struct connection_input input = {0};
    const struct jval *body;
    const struct jval *profile = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = field_string(call, body, "baseUrl", &input.base_url);
    if (r >= 0)
        r = field_object(call, body, "profile", &profile);
    if (r == 0)
        return call_invalid(call, "profile", "The field cannot be left blank");
    if (r > 0)
        r = read_scheme(call, profile, &input.scheme);
    if (r >= 0)
        r = read_either(call, profile, "userName", "username", &input.user_name);
    if (r >= 0)
        r = field_string(call, profile, "headerName", &input.header_name);
    if (r >= 0)
        r = read_either(call, profile, "token", "password", &input.secret);
    if (r >= 0)
        r = read_flag(call, body, "allowPlainHttp", &input.allow_plain_http);
    if (r >= 0)
        r = read_flag(call, profile, "allowPlainHttp", &input.allow_plain_http);
    if (r < 0)
        return r;
    *ret = input;
    return 0;
}

/* --- asking the target, then saving --------------------------------------------------------------------------------
 */

struct saving {
    struct call *call;
    struct store_job job;          /* reads what is stored */
    struct engine_verify verify;   /* asks the target, with the credential in clear */
    struct connection_input input; /* as given: `secret` NULL keeps the stored one */
    char *stored_secret;           /* in clear, or NULL */
    bool activate;
    const char *why; /* the target was asked and it does not work; NULL: it does */
};

static void saving_release(struct call *call)
{
    struct saving *saving = call->prepared;
    if (saving->stored_secret) {
        seal_wipe(saving->stored_secret);
        free(saving->stored_secret);
        saving->stored_secret = NULL;
    }
}

/* Without a base URL: that of the stored connection, then the one in the app's settings (as okta_org2org has it). */
static int fill_base_url(struct tx *tx, struct saving *saving, const struct app *app)
{
    struct arena *arena = saving->call->arena;
    struct connection old = {0};
    if (saving->input.base_url)
        return 0;
    int r = connection_get(tx, app->rid, &old);
    if (r == 0)
        saving->input.base_url = arena_strdup(arena, old.base_url);
    if (r != ERR_NOT_FOUND)
        return r;
    struct jval *document CLEANUP(jval_freep) = NULL;
    if (jval_parse(&document, app->document, strlen(app->document), NULL) < 0)
        return ERR_CORRUPT;
    saving->input.base_url = arena_strdup(arena, jval_str(jval_path(document, "settings.app.baseUrl")));
    return 0;
}

static int read_stored_secret(struct tx *tx, struct saving *saving, const struct app *app)
{
    struct connection old = {0};
    const char *secret = "";
    int r = connection_get(tx, app->rid, &old);
    if (r == 0)
        r = connection_secret(tx, api_keyring(saving->call->api), &old, &secret);
    if (r < 0)
        return r;
    saving->stored_secret = mem_strdup(secret);
    seal_wipe(secret);
    return 0;
}

static int saving_read(struct tx *tx, void *arg)
{
    struct saving *saving = arg;
    struct call *call = saving->call;
    struct app app = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = fill_base_url(tx, saving, &app);
    if (r == 0)
        r = connection_input_check(tx, app.rid, &saving->input, &call->problem);
    if (r == 0 && !saving->input.secret && !saving->stored_secret)
        r = read_stored_secret(tx, saving, &app);
    return r;
}

static void verified(struct engine_verify *verify, bool ok, const char *why)
{
    struct saving *saving = verify->data;
    saving->why = ok ? NULL : arena_strdup(saving->call->arena, why ? why : "the app did not answer as expected");
    call_continue(saving->call);
}

static void saving_was_read(struct store_job *job, int result)
{
    struct saving *saving = CONTAINER_OF(job, struct saving, job);
    struct call *call = saving->call;
    if (result < 0) {
        if (result != ERR_PROBLEM)
            (void)problem_set(&call->problem, E0000009, "%s", "connection");
        call_refuse(call);
        return;
    }
    saving->verify = (struct engine_verify){.connection = saving->input, .done = verified, .data = saving};
    if (!saving->input.secret)
        saving->verify.connection.secret = saving->stored_secret;
    engine_verify(api_engine(call->api), &saving->verify);
}

static void prepare_saving(struct call *call)
{
    struct saving *saving = arena_alloc(call->arena, sizeof(*saving));
    saving->call = call;
    int r = read_input(call, &saving->input);
    if (r == 0)
        r = call_query_bool(call, "activate", false, &saving->activate);
    if (r < 0) {
        call_refuse(call);
        return;
    }
    call->prepared = saving;
    call->release = saving_release;
    saving->job = (struct store_job){.run = saving_read, .arg = saving, .done = saving_was_read};
    store_read(api_store(call->api), &saving->job);
}

static int save_connection(struct tx *tx, struct call *call)
{
    const struct saving *saving = call->prepared;
    struct app app = {0};
    int r = find_app(tx, call, &app);
    if (r < 0)
        return r;
    if (saving->why && saving->activate) {
        (void)problem_set(&call->problem, E0000059, "%s", "connection");
        return problem_cause(&call->problem, "%s", saving->why);
    }
    r = connection_save(tx, api_keyring(call->api), &app, &saving->input, saving->activate,
                        saving->why ? 0 : tx_now(tx), saving->why, &call->problem);
    return r ? r : answer_connection(tx, call, &app);
}

static int set_status(struct tx *tx, struct call *call, enum connection_status status)
{
    struct app app = {0};
    call->status = 204;
    int r = find_app(tx, call, &app);
    return r ? r : connection_set_status(tx, &app, status, &call->problem);
}

static int activate_connection(struct tx *tx, struct call *call)
{
    return set_status(tx, call, CONNECTION_ENABLED);
}

static int deactivate_connection(struct tx *tx, struct call *call)
{
    return set_status(tx, call, CONNECTION_DISABLED);
}

const struct route connection_routes[] = {
    {"GET", CONNECTION, ROUTE_READ, ROLE_READ_ONLY, get_connection, "getDefaultProvisioningConnectionForApplication",
     NULL},
    {"POST", CONNECTION, ROUTE_WRITE, ROLE_ADMIN, save_connection, "updateDefaultProvisioningConnectionForApplication",
     prepare_saving},
    {"POST", CONNECTION "/lifecycle/activate", ROUTE_WRITE, ROLE_ADMIN, activate_connection,
     "activateDefaultProvisioningConnectionForApplication", NULL},
    {"POST", CONNECTION "/lifecycle/deactivate", ROUTE_WRITE, ROLE_ADMIN, deactivate_connection,
     "deactivateDefaultProvisioningConnectionForApplication", NULL},
    {.method = NULL},
};
