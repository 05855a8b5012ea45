/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/api-tokens: as published, and with POST and `role`, which are additions of Muster. */
#include "api/inner.h"

static void write_token(struct call *call, const struct api_token *token, const char *secret)
{
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "id", token->id);
    jout_str(out, "name", token->name);
    jout_str(out, "role", role_name(token->role));
    jout_object(out, "network");
    jout_str(out, "connection", "ANYWHERE");
    jout_end(out);
    jout_time(out, "created", token->created);
    jout_time(out, "lastUpdated", token->last_updated);
    if (token->expires)
        jout_time(out, "expiresAt", token->expires);
    jout_str_opt(out, "token", secret);
    jout_object(out, "_link");
    jout_object(out, "self");
    jout_str(out, "href", call_link(call, "/api/v1/api-tokens/%s", token->id));
    jout_end(out);
    jout_end(out);
    jout_end(out);
}

static int write_each(const struct api_token *token, void *data)
{
    write_token(data, token, NULL);
    return 0;
}

static int list_tokens(struct tx *tx, struct call *call)
{
    jout_array(&call->out, NULL);
    int r = token_each(tx, write_each, call);
    jout_end(&call->out);
    call_page_links(call, NULL);
    return r;
}

static int find_token(struct tx *tx, struct call *call, struct api_token *ret)
{
    int r = token_by_id(tx, call->params[0], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[0], "ApiToken") : r;
}

static int get_token(struct tx *tx, struct call *call)
{
    struct api_token token;
    int r = find_token(tx, call, &token);
    if (r == 0)
        write_token(call, &token, NULL);
    return r;
}

/* The fields that a body may hold; what only the server sets is tolerated as it comes back from a GET. */
static int check_fields(struct call *call, const struct jval *body)
{
    static const char *const known[] = {"id",        "name",       "role",        "network", "created", "lastUpdated",
                                        "expiresAt", "clientName", "tokenWindow", "_link",   "_links"};
    for (void *it = jval_first(body); it; it = jval_next(body, it)) {
        const char *key = jval_iter_key(it);
        bool found = false;
        for (size_t i = 0; i < ARRAY_LEN(known); i++)
            found = found || str_eq(key, known[i]);
        if (!found && jval_type(jval_iter_value(it)) != JVAL_NULL)
            return call_invalid(call, key, "A token of this server has no such field; leave it out");
    }
    const struct jval *name = jval_get(body, "name");
    if (jval_type(name) != JVAL_NONE && jval_type(name) != JVAL_STRING)
        return call_invalid(call, "name", "The value must be a string");
    const struct jval *connection = jval_path(body, "network.connection");
    if (jval_type(connection) != JVAL_NONE && !str_eq(jval_str(connection), "ANYWHERE"))
        return call_invalid(call, "network", "Only the connection ANYWHERE is supported; limit networks at the proxy");
    return 0;
}

static int create_token(struct tx *tx, struct call *call)
{
    const struct jval *body;
    int r = call_body_object(call, &body);
    if (r == 0)
        r = check_fields(call, body);
    if (r < 0)
        return r;
    enum role role;
    if (role_parse(jval_get_str(body, "role"), &role) < 0)
        return call_invalid(call, "role", "The value must be READ_ONLY, OPERATOR or ADMIN");
    struct api_token token;
    const char *secret;
    r = token_create(tx, jval_get_str(body, "name"), role, &token, &secret, &call->problem);
    if (r < 0)
        return r;
    write_token(call, &token, secret);
    call_answer_is_secret(call);
    return 0;
}

static int update_token(struct tx *tx, struct call *call)
{
    const struct jval *body;
    struct api_token token = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = check_fields(call, body);
    if (r == 0)
        r = find_token(tx, call, &token);
    if (r < 0)
        return r;
    const struct jval *role = jval_get(body, "role");
    if (role && !str_eq(jval_str(role), role_name(token.role)))
        return call_invalid(call, "role", "The role of a token cannot be changed; create another token");
    r = token_rename(tx, token.id, jval_get_str(body, "name"), &call->problem);
    if (r == 0)
        r = find_token(tx, call, &token);
    if (r == 0)
        write_token(call, &token, NULL);
    return r;
}

static int revoke_token(struct tx *tx, struct call *call)
{
    call->status = 204;
    return token_revoke(tx, call->params[0], &call->problem);
}

static int revoke_current(struct tx *tx, struct call *call)
{
    call->status = 204;
    return token_revoke(tx, call->token.id, &call->problem);
}

const struct route token_routes[] = {
    {"GET", "/api/v1/api-tokens", ROUTE_READ, ROLE_ADMIN, list_tokens, "listApiTokens", NULL},
    {"POST", "/api/v1/api-tokens", ROUTE_WRITE, ROLE_ADMIN, create_token, "createApiToken", NULL},
    {"DELETE", "/api/v1/api-tokens/current", ROUTE_WRITE, ROLE_READ_ONLY, revoke_current, "revokeCurrentApiToken",
     NULL},
    {"GET", "/api/v1/api-tokens/{apiTokenId}", ROUTE_READ, ROLE_ADMIN, get_token, "getApiToken", NULL},
    {"PUT", "/api/v1/api-tokens/{apiTokenId}", ROUTE_WRITE, ROLE_ADMIN, update_token, "upsertApiToken", NULL},
    {"DELETE", "/api/v1/api-tokens/{apiTokenId}", ROUTE_WRITE, ROLE_ADMIN, revoke_token, "revokeApiToken", NULL},
    {.method = NULL},
};
