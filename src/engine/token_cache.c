/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens of the shell: had from the token endpoint when a request needs one, kept in memory until shortly before
 * they end, asked for once however many requests wait. A token that the app refuses (401) is renewed once for each
 * request that it refused. Nothing of this is known to the core: for it a token is part of reaching the app.
 */
#include "engine/transfer.h"

#include "base/limits.h"

static void token_free(struct token *token)
{
    if (token->value)
        seal_wipe(token->value);
    free(token->value);
    free(token);
}

static void set_value(struct token *token, const char *value)
{
    if (token->value)
        seal_wipe(token->value);
    free(token->value);
    token->value = value ? mem_strdup(value) : NULL;
}

static bool is_needed(const struct engine *engine, const struct token *token)
{
    if (token->asked)
        return true;
    for (const struct transfer *t = engine->transfers; t; t = t->next)
        if (t->token == token || t->asks_for == token)
            return true;
    return false;
}

/* Those of older versions of a connection; and the oldest, when there are too many. They are newest first. */
static void sweep(struct engine *engine, int64_t app_rid)
{
    int kept = 0;
    for (struct token **at = &engine->tokens; *at;) {
        struct token *token = *at;
        if ((token->app_rid != app_rid && ++kept < LIMIT_TOKENS) || is_needed(engine, token)) {
            at = &token->next;
            continue;
        }
        *at = token->next;
        token_free(token);
    }
}

static struct token *token_of(struct engine *engine, int64_t app_rid, int64_t version)
{
    for (struct token *token = engine->tokens; token; token = token->next)
        if (token->app_rid == app_rid && token->version == version)
            return token;
    if (app_rid)
        sweep(engine, app_rid);
    struct token *token = NEW(struct token);
    *token = (struct token){.app_rid = app_rid, .version = version, .next = engine->tokens};
    engine->tokens = token;
    return token;
}

/* A private key that cannot sign, which was looked at when it was saved, gives no proof: the endpoint says so. */
static void ask(struct transfer *waiter)
{
    struct engine *engine = waiter->engine;
    struct transfer *t = transfer_new(engine, ANSWER_RESOURCE);
    t->asks_for = waiter->token;
    t->asks_for->asked = true;
    t->arena = arena_new();
    t->dial = dial_copy(t->arena, waiter->dial);
    t->method = "POST";
    t->url = t->dial->token.url;
    t->allow_plain_http = waiter->allow_plain_http;
    if (token_request_new(t->arena, &t->dial->token, env_now(engine->options.env), &t->token_request) < 0)
        t->token_request = (struct token_request){.body = arena_strdup(t->arena, "grant_type=client_credentials")};
    t->body = t->token_request.body;
    const char *lines[] = {t->token_request.header, NULL};
    transfer_start(t, lines, MIN_OF(waiter->timeout_ms, (long)LIMIT_TOKEN_MS));
}

/* With libcurl, if its time allows. */
static bool start_now(struct transfer *t)
{
    int64_t left = t->timeout_ms - (env_steady(t->engine->options.env) - t->begun);
    t->waits = false;
    if (left <= 0)
        return false;
    t->token_serial = t->token->serial;
    transfer_start(t, t->lines, (long)left);
    return true;
}

static void need_token(struct transfer *t)
{
    struct token *token = t->token;
    if (token->value && env_steady(t->engine->options.env) < token->until && start_now(t))
        return;
    t->waits = true;
    if (!token->asked)
        ask(t);
}

void transfer_start_with_token(struct transfer *t, int64_t app_rid, int64_t version, const char *const *lines,
                               long timeout_ms)
{
    if (!t->dial || !t->dial->token.url) {
        transfer_start(t, lines, timeout_ms);
        return;
    }
    t->token = token_of(t->engine, app_rid, version);
    t->lines = lines;
    t->timeout_ms = timeout_ms;
    t->begun = env_steady(t->engine->options.env);
    need_token(t);
}

bool token_refused(struct transfer *t)
{
    long status = 0;
    if (!t->token || t->renewed)
        return false;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 401)
        return false;
    if (t->token->serial == t->token_serial) /* else another request had it renewed already */
        set_value(t->token, NULL);
    t->renewed = true;
    transfer_reset(t);
    need_token(t);
    return true;
}

static void give_up(struct transfer *t, const struct token_answer *given, int64_t retry_after_ms)
{
    t->waits = false;
    t->answer->transport_words = arena_strdup(t->answer->arena, given->words);
    t->answer->retry_after_ms = retry_after_ms;
    answer_finish(t->answer, given->transport, 0);
}

/* Who waits for this token: the first of them in the list, or NULL. */
static struct transfer *waiter_of(const struct engine *engine, const struct token *token)
{
    for (struct transfer *t = engine->transfers; t; t = t->next)
        if (t->waits && t->token == token)
            return t;
    return NULL;
}

void token_answered(struct transfer *asked, void (*each)(struct transfer *t))
{
    static const struct token_answer late = {.transport = TRANSPORT_TOKEN_FAILED,
                                             .words = "The access token came too late for this request"};
    struct engine *engine = asked->engine;
    struct token *token = asked->asks_for;
    struct arena *arena = arena_new();
    struct token_answer given;
    token_answer_read(arena, asked->answer, &given);
    int64_t retry_after_ms = asked->answer->retry_after_ms;
    set_value(token, given.token);
    if (given.token) {
        token->serial = ++engine->last_serial;
        token->until = env_steady(engine->options.env) + given.use_ms;
        seal_wipe(given.token);
    }
    transfer_free(asked);
    /* Whoever is told last of a verification forgets its token: `asked` keeps it while we look for more of them. */
    for (struct transfer *t = NULL; (t = waiter_of(engine, token));) {
        if (t->number && !core_may_send(engine->core, t->number)) {
            core_withdraw(engine->core, t->number);
            transfer_free(t);
            continue;
        }
        if (token->value && start_now(t))
            continue;
        give_up(t, token->value ? &late : &given, retry_after_ms);
        each(t);
    }
    token->asked = false;
    if (token->app_rid == 0)
        token_forget(engine, 0, token->version);
    (void)arena_free(arena);
}

void token_forget(struct engine *engine, int64_t app_rid, int64_t version)
{
    for (struct token **at = &engine->tokens; *at; at = &(*at)->next)
        if ((*at)->app_rid == app_rid && (*at)->version == version && !is_needed(engine, *at)) {
            struct token *token = *at;
            *at = token->next;
            token_free(token);
            return;
        }
}

void tokens_free(struct engine *engine)
{
    while (engine->tokens) {
        struct token *next = engine->tokens->next;
        token_free(engine->tokens);
        engine->tokens = next;
    }
}
