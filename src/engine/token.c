/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking for an access token with client credentials (RFC 6749 section 4.4, RFC 7523), as pure functions: the request,
 * and what the answer means. The endpoint is told the client's id, its proof and the scope; nothing else of anybody.
 */
#include "engine/dial.h"

#include "base/buf.h"
#include "base/url.h"

#define REQUEST_BYTES_MAX (64 * 1024)
#define RENEW_PART 10  /* a token is renewed when this part of its life is left ... */
#define RENEW_MS 60000 /* ... but no sooner than this, in milliseconds before its end */

static void add_field(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    if (out->len)
        buf_char(out, '&');
    buf_printf(out, "%s=", name);
    url_encode(out, value);
}

/* RFC 6749 section 2.3.1: both are form-encoded before they are joined. */
static const char *basic_line(struct arena *arena, const struct token_client *client)
{
    const char *id = url_encoded(arena, client->client_id);
    const char *secret = url_encoded(arena, client->secret);
    const char *line = credential_basic(arena, id, secret);
    seal_wipe(secret);
    return line;
}

int token_request_new(struct arena *arena, const struct token_client *client, int64_t now, struct token_request *ret)
{
    static const char bearer[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    struct token_request request = {.proof = client->secret};
    struct buf body;
    buf_init(&body, REQUEST_BYTES_MAX);
    add_field(&body, "grant_type", "client_credentials");
    add_field(&body, "scope", client->scope);
    if (client->auth == CLIENT_AUTH_JWT) {
        const struct assertion assertion = {.key = client->secret,
                                            .key_id = client->key_id,
                                            .client_id = client->client_id,
                                            .audience = client->url,
                                            .now = now};
        request.proof = assertion_new(arena, &assertion);
        add_field(&body, "client_assertion_type", bearer);
        add_field(&body, "client_assertion", request.proof);
    } else if (client->auth == CLIENT_AUTH_POST) {
        add_field(&body, "client_id", client->client_id);
        add_field(&body, "client_secret", client->secret);
    } else {
        request.header = basic_line(arena, client);
    }
    bool made = request.proof && !body.overflowed;
    if (made)
        request.body = arena_strndup(arena, buf_text(&body), body.len);
    if (body.data)
        explicit_bzero(body.data, body.len);
    buf_free(&body);
    if (!made)
        return ERR_KEY;
    request.proof = arena_strdup(arena, request.proof);
    *ret = request;
    return 0;
}

void token_request_wipe(const struct token_request *request)
{
    seal_wipe(request->header);
    seal_wipe(request->body);
    seal_wipe(request->proof);
}

/* --- the answer ----------------------------------------------------------------------------------------------------
 */

static bool is_token(const char *text)
{
    if (!text || !*text || strlen(text) > TOKEN_BYTES_MAX)
        return false;
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return false;
    return true;
}

/* expires_in is a number of seconds; some servers write it as a text. */
static int64_t lifetime_ms(const struct jval *document)
{
    const struct jval *value = jval_get(document, "expires_in");
    const char *text = jval_str(value);
    int64_t seconds = text ? strtoll(text, NULL, 10) : jval_int(value, 0);
    if (seconds <= 0)
        return TOKEN_LIFETIME_MS;
    return seconds > TOKEN_LIFETIME_MAX_MS / 1000 ? TOKEN_LIFETIME_MAX_MS : seconds * 1000;
}

static int64_t use_for_ms(int64_t lifetime)
{
    return lifetime - MIN_OF(lifetime / RENEW_PART, (int64_t)RENEW_MS);
}

/* 400 and 401 are what RFC 6749 section 5.2 has for a client that is not taken; what may pass is asked again. */
static enum transport failure_of(int status)
{
    bool passes = status == 408 || status == 425 || status == 429;
    return status / 100 == 4 && !passes ? TRANSPORT_TOKEN_REFUSED : TRANSPORT_TOKEN_FAILED;
}

/* Of an answer that may hold a token nothing is repeated. */
static void read_given(const struct answer *answer, struct token_answer *ret)
{
    const char *token = jval_get_str(answer->rest, "access_token");
    const char *type = jval_get_str(answer->rest, "token_type");
    *ret = (struct token_answer){.transport = TRANSPORT_TOKEN_FAILED};
    if (!is_token(token))
        ret->words = "The token endpoint answered without an access_token in a JSON object";
    else if (type && strcasecmp(type, "Bearer") != 0)
        ret->words = "The token endpoint gave a token that is no Bearer token";
    else
        *ret = (struct token_answer){.token = token, .use_ms = use_for_ms(lifetime_ms(answer->rest))};
}

void token_answer_read(struct arena *arena, const struct answer *answer, struct token_answer *ret)
{
    if (answer->transport == TRANSPORT_OK && answer->status / 100 == 2) {
        read_given(answer, ret);
        ret->token = arena_strdup(arena, ret->token);
        return;
    }
    bool answered = answer->transport == TRANSPORT_OK;
    bool forbidden = answer->transport == TRANSPORT_FORBIDDEN;
    *ret = (struct token_answer){.transport = answered    ? failure_of(answer->status)
                                              : forbidden ? TRANSPORT_FORBIDDEN
                                                          : TRANSPORT_TOKEN_FAILED,
                                 .words = arena_printf(arena, "The token endpoint: %s", answer_words(arena, answer))};
}
