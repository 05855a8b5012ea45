/* SPDX-License-Identifier: Apache-2.0 */
/* The organisation, health and the API's own description. */
#include "api/inner.h"
#include "engine/nodes.h"

static int get_organization(struct tx *tx, struct call *call)
{
    (void)tx;
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "id", call->api->org_id);
    jout_str(out, "cell", "muster");
    jout_str(out, "pipeline", "v1");
    jout_object(out, "settings");
    jout_bool(out, "analyticsCollectionEnabled", false);
    jout_bool(out, "bugReportingEnabled", false);
    jout_bool(out, "omEnabled", false);
    jout_end(out);
    jout_object(out, "_links");
    jout_object(out, "organization");
    jout_str(out, "href", call_link(call, "%s", ""));
    jout_end(out);
    jout_end(out);
    jout_end(out);
    return 0;
}

/* Alive: the server's thread answers, whatever the store does. */
static void answer_alive(struct call *call)
{
    jout_object(&call->out, NULL);
    jout_str(&call->out, "status", "alive");
    jout_end(&call->out);
    call_answer(call, 0);
}

static int get_ready(struct tx *tx, struct call *call)
{
    const char *warning = NULL;
    int r = org_check(tx);
    if (r >= 0)
        r = tx_database_warning(tx, &warning);
    if (r >= 0 && !warning && call->api->options.warning)
        r = call->api->options.warning(tx, &warning);
    call->status = r < 0 ? 503 : 200;
    jout_object(&call->out, NULL);
    jout_str_opt(&call->out, "warning", warning);
    jout_str(&call->out, "status", r < 0 ? "not ready" : "ready");
    if (r < 0)
        jout_str(&call->out, "reason", "the store cannot be read");
    jout_end(&call->out);
    return 0;
}

static int list_nodes(struct tx *tx, struct call *call)
{
    jout_array(&call->out, NULL);
    int r = nodes_write(tx, &call->out);
    jout_end(&call->out);
    return r;
}

static void answer_description(struct call *call)
{
    api_describe(&call->out, call->api->options.routes);
    call_answer(call, 0);
}

/* These need no transaction: their answer is made in `prepare`, which an open route reaches at once. */
static int not_reached(struct tx *tx, struct call *call)
{
    (void)tx;
    (void)call;
    return ERR_UNSUPPORTED;
}

const struct route system_routes[] = {
    {"GET", "/.well-known/okta-organization", ROUTE_OPEN, ROLE_NONE, get_organization, "getWellknownOrgMetadata", NULL},
    {"GET", "/livez", ROUTE_OPEN, ROLE_NONE, not_reached, "getLiveness", answer_alive},
    {"GET", "/readyz", ROUTE_OPEN, ROLE_NONE, get_ready, "getReadiness", NULL},
    {"GET", "/api/v1/nodes", ROUTE_READ, ROLE_READ_ONLY, list_nodes, "listNodes", NULL},
    {"GET", "/openapi.json", ROUTE_OPEN, ROLE_NONE, not_reached, "getApiDescription", answer_description},
    {.method = NULL},
};
