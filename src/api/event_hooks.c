/* SPDX-License-Identifier: Apache-2.0 */
/* Event hooks, in the published shape; beside it what was delivered, and a new secret to sign with. */
#include "api/call.h"
#include "app/hook.h"
#include "base/env.h"
#include "engine/engine.h"
#include "target/answer.h"

#define HOOKS "/api/v1/eventHooks"
#define ONE HOOKS "/{eventHookId}"
#define DELIVERIES_DEFAULT 50 /* of a page */
#define DELIVERIES_MAX 200    /* of a page */

static int find_hook(struct tx *tx, struct call *call, struct hook *ret)
{
    int r = hook_by_id(tx, call->params[0], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "EventHook") : r;
}

/* --- the object ------------------------------------------------------------------------------------------------------
 */

static void write_link(struct call *call, const struct hook *hook, const char *name, const char *path,
                       const char *method)
{
    struct jout *out = &call->out;
    jout_object(out, name);
    jout_str(out, "href", call_link(call, HOOKS "/%s%s", hook->id, path));
    jout_object(out, "hints");
    jout_array(out, "allow");
    jout_str(out, NULL, method);
    jout_end(out);
    jout_end(out);
    jout_end(out);
}

/* What is added: how it stands with its deliveries. */
static void write_delivery(struct jout *out, const struct hook *hook)
{
    jout_object(out, "delivery");
    jout_str(out, "status", hook->attempts ? "RETRYING" : "OK");
    if (hook->attempts) {
        jout_int(out, "attempts", hook->attempts);
        jout_time(out, "nextTry", hook->due);
    }
    jout_str(out, "error", hook->error);
    jout_end(out);
}

static int write_hook(struct call *call, const char *key, const struct hook *hook, const char *signing)
{
    struct jval *document CLEANUP(jval_freep) = NULL;
    struct jout *out = &call->out;
    if (jval_parse(&document, hook->document, strlen(hook->document), NULL) < 0)
        return ERR_CORRUPT;
    jout_object(out, key);
    jout_str(out, "id", hook->id);
    jout_str(out, "status", hook->active ? "ACTIVE" : "INACTIVE");
    jout_str(out, "verificationStatus", hook->verified ? "VERIFIED" : "UNVERIFIED");
    for (void *it = jval_first(document); it; it = jval_next(document, it))
        jout_val(out, jval_iter_key(it), jval_iter_value(it));
    jout_time(out, "created", hook->created);
    jout_str(out, "createdBy", hook->created_by);
    jout_time(out, "lastUpdated", hook->last_updated);
    write_delivery(out, hook);
    jout_str_opt(out, "signingSecret", signing);
    jout_object(out, "_links");
    write_link(call, hook, "self", "", "GET");
    write_link(call, hook, "verify", "/lifecycle/verify", "POST");
    if (hook->active)
        write_link(call, hook, "deactivate", "/lifecycle/deactivate", "POST");
    else
        write_link(call, hook, "activate", "/lifecycle/activate", "POST");
    jout_end(out);
    jout_end(out);
    return 0;
}

/* --- calls -----------------------------------------------------------------------------------------------------------
 */

static int list_hooks(struct tx *tx, struct call *call)
{
    struct hook *list = arena_array(tx_arena(tx), LIMIT_HOOKS, sizeof(*list));
    int count = hook_list(tx, list);
    int r = MIN_OF(count, 0);
    jout_array(&call->out, NULL);
    for (int i = 0; i < count && r == 0; i++)
        r = write_hook(call, NULL, &list[i], NULL);
    jout_end(&call->out);
    return r;
}

static int create_hook(struct tx *tx, struct call *call)
{
    struct hook hook = {0};
    const struct jval *body = NULL;
    const char *signing = NULL;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = hook_create(tx, api_keyring(call->api), body, &hook, &signing, &call->problem);
    if (r < 0)
        return r;
    call_answer_is_secret(call);
    return write_hook(call, NULL, &hook, signing);
}

static int get_hook(struct tx *tx, struct call *call)
{
    struct hook hook = {0};
    int r = find_hook(tx, call, &hook);
    return r < 0 ? r : write_hook(call, NULL, &hook, NULL);
}

static int replace_hook(struct tx *tx, struct call *call)
{
    struct hook hook = {0};
    const struct jval *body = NULL;
    int r = find_hook(tx, call, &hook);
    if (r == 0)
        r = call_body_object(call, &body);
    if (r == 0)
        r = hook_replace(tx, api_keyring(call->api), &hook, body, &call->problem);
    return r < 0 ? r : write_hook(call, NULL, &hook, NULL);
}

static int delete_hook(struct tx *tx, struct call *call)
{
    struct hook hook = {0};
    call->status = 204;
    int r = find_hook(tx, call, &hook);
    return r < 0 ? r : hook_delete(tx, &hook, &call->problem);
}

static int set_active(struct tx *tx, struct call *call, bool active)
{
    struct hook hook = {0};
    int r = find_hook(tx, call, &hook);
    if (r == 0)
        r = hook_set_active(tx, &hook, active);
    return r < 0 ? r : write_hook(call, NULL, &hook, NULL);
}

static int activate_hook(struct tx *tx, struct call *call)
{
    return set_active(tx, call, true);
}

static int deactivate_hook(struct tx *tx, struct call *call)
{
    return set_active(tx, call, false);
}

static int new_signing(struct tx *tx, struct call *call)
{
    struct hook hook = {0};
    const char *signing = NULL;
    int r = find_hook(tx, call, &hook);
    if (r == 0)
        r = hook_new_signing(tx, api_keyring(call->api), &hook, &signing);
    if (r < 0)
        return r;
    call_answer_is_secret(call);
    return write_hook(call, NULL, &hook, signing);
}

static int list_deliveries(struct tx *tx, struct call *call)
{
    struct hook hook = {0};
    struct page page = {0};
    int64_t last = 0;
    int r = find_hook(tx, call, &hook);
    if (r == 0)
        r = call_page(call, DELIVERIES_DEFAULT, DELIVERIES_MAX, &page);
    if (r < 0)
        return r;
    jout_array(&call->out, NULL);
    r = hook_deliveries_write(tx, &call->out, hook.rid, page.after ? strtoll(page.after, NULL, 10) : 0, page.limit,
                              &last);
    jout_end(&call->out);
    if (r < 0)
        return r;
    call_page_links(call, r == page.limit ? arena_printf(call->arena, "%lld", (long long)last) : NULL);
    return 0;
}

/* --- verification ----------------------------------------------------------------------------------------------------
 */

/* As published: the address is asked once with a challenge in a header, and repeats it in JSON. */
struct verifying {
    struct call *call;
    struct store_job job;
    struct engine_ask ask;
    int64_t version;
    char challenge[ID_BYTES];
    const char *headers[LIMIT_HOOK_HEADERS + 3];
    const char *why; /* NULL: verified */
};

static void verifying_release(struct call *call)
{
    const struct verifying *v = call->prepared;
    for (size_t i = 0; v->headers[i]; i++)
        seal_wipe(v->headers[i]);
}

static int read_hook(struct tx *tx, void *arg)
{
    struct verifying *v = arg;
    struct call *call = v->call;
    struct hook hook = {0};
    const char *const *own = NULL;
    size_t count = 0;
    int r = find_hook(tx, call, &hook);
    if (r == 0)
        r = hook_headers(tx, api_keyring(call->api), &hook, &own);
    if (r < 0)
        return r;
    v->version = hook.version;
    v->headers[count++] = arena_printf(call->arena, "X-Okta-Verification-Challenge: %s", v->challenge);
    for (; own && own[count - 1] && count < ARRAY_LEN(v->headers) - 1; count++) {
        v->headers[count] = arena_strdup(call->arena, own[count - 1]);
        seal_wipe(own[count - 1]);
    }
    v->headers[count] = NULL;
    v->ask.url = arena_strdup(call->arena, hook.uri);
    return 0;
}

static void answered(struct engine_ask *ask, const struct answer *answer)
{
    struct verifying *v = ask->data;
    struct arena *arena = v->call->arena;
    if (!answer)
        v->why = "Muster is being stopped; try again when it is running";
    else if (answer->transport != TRANSPORT_OK || answer->status != 200)
        v->why = arena_printf(arena, "the address was asked and did not answer as it should: %s",
                              answer_words(arena, answer));
    else if (!str_eq(jval_get_str(answer->rest, "verification"), v->challenge))
        v->why = "the address was asked and answered 200 without the challenge: it must answer GET with "
                 "{\"verification\": \"the value of the header X-Okta-Verification-Challenge\"}";
    call_continue(v->call);
}

static void hook_was_read(struct store_job *job, int result)
{
    struct verifying *v = CONTAINER_OF(job, struct verifying, job);
    struct call *call = v->call;
    if (result < 0) {
        if (result != ERR_PROBLEM)
            (void)problem_set(&call->problem, E0000009, "%s", "eventHook");
        call_refuse(call);
        return;
    }
    v->ask.method = "GET";
    v->ask.headers = v->headers;
    v->ask.done = answered;
    v->ask.data = v;
    engine_ask(api_engine(call->api), &v->ask);
}

static void prepare_verification(struct call *call)
{
    struct verifying *v = arena_alloc(call->arena, sizeof(*v));
    *v = (struct verifying){.call = call};
    id_new(env_real(), "chl", v->challenge);
    call->prepared = v;
    call->release = verifying_release;
    v->job = (struct store_job){.run = read_hook, .arg = v, .done = hook_was_read};
    store_read(api_store(call->api), &v->job);
}

static int verify_hook(struct tx *tx, struct call *call)
{
    const struct verifying *v = call->prepared;
    struct hook hook = {0};
    int r = find_hook(tx, call, &hook);
    if (r < 0)
        return r;
    if (v->why)
        return problem_invalid(&call->problem, "eventHook", "channel.config.uri: %s", v->why);
    r = hook_set_verified(tx, &hook, v->version, &call->problem);
    return r < 0 ? r : write_hook(call, NULL, &hook, NULL);
}

const struct route event_hook_routes[] = {
    {"GET", HOOKS, ROUTE_READ, ROLE_READ_ONLY, list_hooks, "listEventHooks", NULL},
    {"POST", HOOKS, ROUTE_WRITE, ROLE_ADMIN, create_hook, "createEventHook", NULL},
    {"GET", ONE, ROUTE_READ, ROLE_READ_ONLY, get_hook, "getEventHook", NULL},
    {"PUT", ONE, ROUTE_WRITE, ROLE_ADMIN, replace_hook, "replaceEventHook", NULL},
    {"DELETE", ONE, ROUTE_WRITE, ROLE_ADMIN, delete_hook, "deleteEventHook", NULL},
    {"POST", ONE "/lifecycle/activate", ROUTE_WRITE, ROLE_ADMIN, activate_hook, "activateEventHook", NULL},
    {"POST", ONE "/lifecycle/deactivate", ROUTE_WRITE, ROLE_ADMIN, deactivate_hook, "deactivateEventHook", NULL},
    {"POST", ONE "/lifecycle/verify", ROUTE_WRITE, ROLE_ADMIN, verify_hook, "verifyEventHook", prepare_verification},
    {"GET", ONE "/deliveries", ROUTE_READ, ROLE_READ_ONLY, list_deliveries, "listEventHookDeliveries", NULL},
    {"POST", ONE "/signing-secret", ROUTE_WRITE, ROLE_ADMIN, new_signing, "newEventHookSigningSecret", NULL},
    {.method = NULL},
};
