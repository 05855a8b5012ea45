/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As published are baseUrl, status, profile.authScheme (TOKEN or OAUTH2), profile.token and profile.clientId; the rest
 * of `profile` is ours. No secret is ever shown: of a certificate the public part is.
 */
#include "api/connection_body.h"

#include "base/clock.h"
#include "base/limits.h"

/* --- showing -------------------------------------------------------------------------------------------------------
 */

void connection_none_write(struct call *call, const struct app *app)
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

static void write_way(struct call *call, const struct connection *c)
{
    struct jout *out = &call->out;
    jout_bool(out, "allowPlainHttp", c->allow_plain_http);
    jout_str_opt(out, "authorities", c->authorities);
    jout_str_opt(out, "clientCertificate", c->certificate);
    jout_str_opt(out, "proxy", c->proxy);
    jout_str_opt(out, "noProxy", c->no_proxy);
    if (c->proxy_credential.n > 0)
        jout_bool(out, "proxyCredentialStored", true);
    if (c->expires)
        jout_time(out, "expires", c->expires);
}

static void write_profile(struct call *call, const struct connection *c)
{
    static const char *const schemes[] = {"NONE", "BEARER", "BASIC", "HEADER", "OAUTH2"};
    struct jout *out = &call->out;
    jout_object(out, "profile");
    jout_str(out, "authScheme", c->scheme == CONNECTION_OAUTH2 ? "OAUTH2" : "TOKEN");
    jout_str(out, "scheme", schemes[c->scheme]);
    jout_str_opt(out, "userName", c->user_name);
    jout_str_opt(out, "headerName", c->header_name);
    jout_str_opt(out, "clientId", c->client_id);
    jout_str_opt(out, "tokenUrl", c->token_url);
    jout_str_opt(out, "clientAuth", client_auth_name(c->client_auth));
    jout_str_opt(out, "scope", c->scope);
    jout_str_opt(out, "keyId", c->key_id);
    write_way(call, c);
    jout_end(out);
}

static void write_end(struct call *call, const char *what, int64_t ends, int64_t now)
{
    struct jout *out = &call->out;
    if (ends == 0)
        return;
    jout_object(out, NULL);
    jout_str(out, "what", what);
    jout_str(out, "status", expiry_name(ends, now));
    jout_time(out, "expires", ends);
    jout_end(out);
}

static void write_time(struct call *call, const struct connection *c, int64_t now)
{
    struct jout *out = &call->out;
    jout_array(out, "expiry");
    write_end(call, "CREDENTIAL", c->expires, now);
    write_end(call, "CLIENT_CERTIFICATE", c->certificate_expires, now);
    jout_end(out);
    if (c->rotation == ROTATION_NONE)
        return;
    jout_object(out, "rotation");
    jout_str(out, "status", rotation_name(c->rotation));
    jout_time(out, "since", c->rotation_since);
    jout_bool(out, "previousKept", c->old.n > 0);
    jout_str_opt(out, "reason", c->rotation_reason);
    jout_end(out);
}

void connection_write(struct call *call, const struct app *app, const struct connection *connection, int64_t now)
{
    struct jout *out = &call->out;
    bool enabled = connection->status == CONNECTION_ENABLED;
    jout_object(out, NULL);
    if (connection->scheme != CONNECTION_OAUTH2) /* as published, here it is TOKEN or nothing */
        jout_str(out, "authScheme", "TOKEN");
    jout_str(out, "status", enabled ? "ENABLED" : "DISABLED");
    jout_str(out, "baseUrl", connection->base_url);
    write_profile(call, connection);
    if (connection->verified)
        jout_time(out, "verified", connection->verified);
    jout_str_opt(out, "verifyError", connection->verify_error);
    write_time(call, connection, now);
    jout_object(out, "_links");
    object_link(call, "self", call_link(call, "/api/v1/apps/%s/connections/default", app->id), NULL);
    const char *verb = enabled ? "deactivate" : "activate";
    object_link(call, verb, call_link(call, "/api/v1/apps/%s/connections/default/lifecycle/%s", app->id, verb), NULL);
    jout_end(out);
    jout_end(out);
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

static int read_scheme(struct call *call, const struct jval *profile, enum connection_scheme *ret)
{
    static const struct {
        const char *name;
        enum connection_scheme scheme;
    } schemes[] = {{"TOKEN", CONNECTION_BEARER},
                   {"BEARER", CONNECTION_BEARER},
                   {"BASIC", CONNECTION_BASIC},
                   {"HEADER", CONNECTION_HEADER},
                   {"OAUTH2", CONNECTION_OAUTH2}};
    const char *published = NULL;
    const char *ours = NULL;
    int r = field_string(call, profile, "authScheme", &published);
    if (r >= 0)
        r = field_string(call, profile, "scheme", &ours);
    if (r < 0)
        return r;
    if (!published && !ours)
        return call_invalid(call, "authScheme", "The field cannot be left blank; it is TOKEN or OAUTH2");
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (str_eq(ours ? ours : published, schemes[i].name)) {
            *ret = schemes[i].scheme;
            return 0;
        }
    return call_invalid(call, ours ? "scheme" : "authScheme",
                        "must be TOKEN or OAUTH2, or scheme BEARER, BASIC, HEADER or OAUTH2");
}

/* The first of names that is given; NULL when none is. */
static int read_first(struct call *call, const struct jval *profile, const char *const *names, const char **ret)
{
    int r = 0;
    for (size_t i = 0; names[i] && r == 0; i++)
        r = field_string(call, profile, names[i], ret);
    return r < 0 ? r : 0;
}

/* Left out: NULL, what is stored is kept. null: "", it is taken away. */
static int read_kept(struct call *call, const struct jval *profile, const char *name, const char **ret)
{
    if (jval_type(jval_get(profile, name)) == JVAL_NULL) {
        *ret = "";
        return 0;
    }
    int r = field_string(call, profile, name, ret);
    return r < 0 ? r : 0;
}

static int read_client_auth(struct call *call, const struct jval *profile, enum client_auth *ret)
{
    const char *name = NULL;
    int r = field_string(call, profile, "clientAuth", &name);
    if (r <= 0)
        return r;
    for (int i = CLIENT_AUTH_BASIC; i < CLIENT_AUTH_COUNT; i++)
        if (str_eq(name, client_auth_name((enum client_auth)i))) {
            *ret = (enum client_auth)i;
            return 0;
        }
    return call_invalid(call, "clientAuth", "must be CLIENT_SECRET_BASIC, CLIENT_SECRET_POST or PRIVATE_KEY_JWT");
}

static int read_expires(struct call *call, const struct jval *profile, int64_t *ret)
{
    const char *text = NULL;
    int r = read_kept(call, profile, "expires", &text);
    if (r < 0 || !text)
        return r;
    if (!*text)
        *ret = -1;
    else if (clock_parse(text, ret) < 0 || *ret <= 0)
        return call_invalid(call, "expires", "must be a time like 2027-01-31T00:00:00Z, or null");
    return 0;
}

static int read_texts(struct call *call, const struct jval *profile, struct connection_input *input)
{
    const struct {
        const char *name;
        const char **ret;
    } kept[] = {{"tokenUrl", &input->token_url},
                {"clientId", &input->client_id},
                {"scope", &input->scope},
                {"keyId", &input->key_id},
                {"authorities", &input->authorities},
                {"clientCertificate", &input->certificate},
                {"proxy", &input->proxy},
                {"noProxy", &input->no_proxy},
                {"proxyCredential", &input->proxy_credential}};
    int r = 0;
    for (size_t i = 0; i < ARRAY_LEN(kept) && r == 0; i++)
        r = read_kept(call, profile, kept[i].name, kept[i].ret);
    return r;
}

static int read_secret(struct call *call, const struct jval *profile, struct connection_input *input)
{
    static const char *const tokens[] = {"token", "password", NULL};
    static const char *const of_client[] = {"clientSecret", "privateKey", NULL};
    return read_first(call, profile, input->scheme == CONNECTION_OAUTH2 ? of_client : tokens, &input->secret);
}

static int read_profile(struct call *call, const struct jval *profile, struct connection_input *input)
{
    static const char *const user_names[] = {"userName", "username", NULL};
    static const char *const header_names[] = {"headerName", NULL};
    static const char *const keys[] = {"clientKey", NULL};
    int r = read_scheme(call, profile, &input->scheme);
    if (r == 0)
        r = read_first(call, profile, user_names, &input->user_name);
    if (r == 0)
        r = read_first(call, profile, header_names, &input->header_name);
    if (r == 0)
        r = read_secret(call, profile, input);
    if (r == 0)
        r = read_first(call, profile, keys, &input->key);
    if (r == 0)
        r = read_client_auth(call, profile, &input->client_auth);
    if (r == 0)
        r = read_texts(call, profile, input);
    if (r == 0)
        r = read_expires(call, profile, &input->expires);
    if (r == 0)
        r = field_bool(call, profile, "rotate", &input->rotate);
    return r < 0 ? r : 0;
}

int connection_body_read(struct call *call, struct connection_input *ret)
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
        r = read_profile(call, profile, &input);
    if (r >= 0)
        r = field_bool(call, body, "allowPlainHttp", &input.allow_plain_http);
    if (r >= 0)
        r = field_bool(call, profile, "allowPlainHttp", &input.allow_plain_http);
    if (r < 0)
        return r;
    *ret = input;
    return 0;
}
