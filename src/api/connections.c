/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/apps/{appId}/connections/default: where an app is reached and with which credential. A connection is saved
 * after the target was asked whether it works: the engine asks, before any transaction of this call.
 */
#include "api/connection_body.h"

#include "base/limits.h"
#include "engine/engine.h"

#define CONNECTION "/api/v1/apps/{appId}/connections/default"

static int answer_connection(struct tx *tx, struct call *call, const struct app *app)
{
    struct connection connection = {0};
    int r = connection_get(tx, app->rid, &connection);
    if (r == 0)
        connection_write(call, app, &connection, tx_now(tx));
    if (r == ERR_NOT_FOUND)
        connection_none_write(call, app);
    return r == ERR_NOT_FOUND ? 0 : r;
}

static int get_connection(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r ? r : answer_connection(tx, call, &app);
}

/* --- asking the target, then saving --------------------------------------------------------------------------------
 */

struct saving {
    struct call *call;
    struct store_job job;             /* reads what is stored */
    struct engine_verify verify;      /* asks the target, with secrets in clear */
    struct connection_input input;    /* as given */
    struct connection_input complete; /* with what is kept of the stored one; in the call's memory, wiped at its end */
    bool activate;
    const char *why; /* the target was asked and it does not work; NULL: it does */
};

static void saving_release(struct call *call)
{
    struct saving *saving = call->prepared;
    connection_input_wipe(&saving->complete);
    saving->complete = (struct connection_input){0};
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

/* May be run again. */
static int saving_read(struct tx *tx, void *arg)
{
    struct saving *saving = arg;
    struct call *call = saving->call;
    struct app app = {0};
    struct connection_input complete = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = fill_base_url(tx, saving, &app);
    if (r == 0)
        r = connection_complete(tx, api_keyring(call->api), app.rid, &saving->input, &complete, &call->problem);
    if (r == 0) {
        saving_release(call);
        saving->complete = connection_input_copy(call->arena, &complete);
    }
    connection_input_wipe(&complete);
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
    saving->verify = (struct engine_verify){.connection = saving->complete, .done = verified, .data = saving};
    engine_verify(api_engine(call->api), &saving->verify);
}

static void prepare_saving(struct call *call)
{
    struct saving *saving = arena_alloc(call->arena, sizeof(*saving));
    saving->call = call;
    int r = connection_body_read(call, &saving->input);
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
    if (saving->why && saving->input.rotate) {
        (void)problem_set(&call->problem, E0000059, "%s", "connection");
        return problem_cause(&call->problem, "%s The credential in use was left as it is.", saving->why);
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

static int drop_previous(struct tx *tx, struct call *call)
{
    struct app app = {0};
    call->status = 204;
    int r = find_app(tx, call, &app);
    return r ? r : connection_drop_old(tx, &app, &call->problem);
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
    {"DELETE", CONNECTION "/previous", ROUTE_WRITE, ROLE_ADMIN, drop_previous,
     "deletePreviousCredentialOfProvisioningConnection", NULL},
    {.method = NULL},
};
