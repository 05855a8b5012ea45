/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/dial.h"

#include <sodium.h>

const struct dial *dial_copy(struct arena *arena, const struct dial *dial)
{
    if (!dial)
        return NULL;
    struct dial *copy = arena_alloc(arena, sizeof(*copy));
    *copy = (struct dial){
        .authorities = arena_strdup(arena, dial->authorities),
        .certificate = arena_strdup(arena, dial->certificate),
        .key = arena_strdup(arena, dial->key),
        .proxy = arena_strdup(arena, dial->proxy),
        .no_proxy = arena_strdup(arena, dial->no_proxy),
        .proxy_credential = arena_strdup(arena, dial->proxy_credential),
        .token = {.url = arena_strdup(arena, dial->token.url),
                  .auth = dial->token.auth,
                  .client_id = arena_strdup(arena, dial->token.client_id),
                  .scope = arena_strdup(arena, dial->token.scope),
                  .key_id = arena_strdup(arena, dial->token.key_id),
                  .secret = arena_strdup(arena, dial->token.secret)},
    };
    return copy;
}

const struct dial *dial_new(struct arena *arena, const struct connection_input *complete)
{
    const struct dial dial = {
        .authorities = complete->authorities,
        .certificate = complete->certificate,
        .key = complete->key,
        .proxy = complete->proxy,
        .no_proxy = complete->no_proxy,
        .proxy_credential = complete->proxy_credential,
    };
    bool oauth = complete->scheme == CONNECTION_OAUTH2;
    if (!oauth && !dial.authorities && !dial.certificate && !dial.proxy && !dial.no_proxy)
        return NULL;
    struct dial all = dial;
    if (oauth)
        all.token = (struct token_client){.url = complete->token_url,
                                          .auth = complete->client_auth,
                                          .client_id = complete->client_id,
                                          .scope = complete->scope,
                                          .key_id = complete->key_id,
                                          .secret = complete->secret};
    return dial_copy(arena, &all);
}

void dial_wipe(const struct dial *dial)
{
    if (!dial)
        return;
    seal_wipe(dial->key);
    seal_wipe(dial->proxy_credential);
    seal_wipe(dial->token.secret);
}

const char *credential_basic(struct arena *arena, const char *user_name, const char *secret)
{
    const char *pair = arena_printf(arena, "%s:%s", user_name, secret);
    size_t size = sodium_base64_ENCODED_LEN(strlen(pair), sodium_base64_VARIANT_ORIGINAL);
    char *coded = arena_alloc(arena, size);
    (void)sodium_bin2base64(coded, size, (const unsigned char *)pair, strlen(pair), sodium_base64_VARIANT_ORIGINAL);
    const char *header = arena_printf(arena, "Authorization: Basic %s", coded);
    seal_wipe(pair);
    seal_wipe(coded);
    return header;
}

const char *credential_line(struct arena *arena, const struct connection_input *complete)
{
    switch (complete->scheme) {
    case CONNECTION_BEARER:
        return arena_printf(arena, "Authorization: Bearer %s", complete->secret);
    case CONNECTION_HEADER:
        return arena_printf(arena, "%s: %s", complete->header_name, complete->secret);
    case CONNECTION_BASIC:
        return credential_basic(arena, complete->user_name, complete->secret);
    case CONNECTION_OAUTH2:
    case CONNECTION_NONE:
    default:
        return NULL;
    }
}
