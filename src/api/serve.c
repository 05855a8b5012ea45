/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a request: begin() and understand() on the server's thread, check() in a read when there is more to do
 * than to run the handler, run() in a job of the store. Each ends in call_answer() or in the next.
 */
#include "api/inner.h"
#include "base/text.h"

#include <sodium.h>
#include <strings.h>

#define SESSION_LIMITER_KEYS ((int64_t)1 << 40) /* keys of administrators in the limiter, behind those of tokens */
#define PARSE_AT_ONCE_BYTES (64 * 1024) /* larger bodies are read on a reader thread, after the token was checked */

/* --- on the server's thread --------------------------------------------------------------------------------------- */

static const char *recorded_text(struct arena *arena, const char *text)
{
    if (!text || !text_is_utf8(text, strlen(text)) || text_has_control(text))
        return NULL;
    const char *end = text;
    for (size_t chars = 0; *end && chars < LIMIT_HEADER_TEXT_CHARS; chars++) {
        end++;
        while (((unsigned char)*end & 0xc0) == 0x80)
            end++;
    }
    return arena_strndup(arena, text, (size_t)(end - text));
}

static const char *find_base_url(struct api *api, struct exchange *exchange, struct arena *arena)
{
    if (api->options.external_url)
        return api->options.external_url;
    const char *scheme = api->options.tls_cert_file ? "https" : "http";
    const char *host = exchange_header(exchange, "Host");
    if (proxies_contain(&api->proxies, exchange_peer(exchange))) {
        const char *forwarded = exchange_header(exchange, "X-Forwarded-Proto");
        if (forwarded && (strcasecmp(forwarded, "https") == 0 || strcasecmp(forwarded, "http") == 0))
            scheme = strcasecmp(forwarded, "https") == 0 ? "https" : "http";
        forwarded = exchange_header(exchange, "X-Forwarded-Host");
        if (host_is_plain(forwarded))
            host = forwarded;
    }
    if (host_is_plain(host))
        return arena_printf(arena, "%s://%s", scheme, host);
    return arena_printf(arena, "%s://localhost", scheme);
}

/* The secret of "SSWS xyz" or "Bearer xyz", NULL for anything else. */
static const char *find_secret(struct arena *arena, const char *authorization)
{
    if (!authorization)
        return NULL;
    size_t scheme = strcspn(authorization, " ");
    if (!(scheme == 4 && strncasecmp(authorization, "SSWS", scheme) == 0) &&
        !(scheme == 6 && strncasecmp(authorization, "Bearer", scheme) == 0))
        return NULL;
    const char *start = authorization + scheme + strspn(authorization + scheme, " ");
    size_t n = strcspn(start, " ");
    if (n == 0 || n > LIMIT_SECRET_BYTES || start[n + strspn(start + n, " ")] != '\0')
        return NULL;
    return arena_strndup(arena, start, n);
}

/* The value of our cookie, NULL when there is none. */
static const char *find_cookie(struct arena *arena, const char *cookies)
{
    static const char name[] = SESSION_COOKIE "=";
    for (const char *at = cookies; at && *at; at += *at == ';') {
        at += strspn(at, " ");
        size_t n = strcspn(at, ";");
        if (strncmp(at, name, sizeof(name) - 1) == 0 && n > sizeof(name) - 1 && n <= LIMIT_SECRET_BYTES)
            return arena_strndup(arena, at + sizeof(name) - 1, n - (sizeof(name) - 1));
        at += n;
    }
    return NULL;
}

static struct call *begin(struct api *api, struct exchange *exchange)
{
    struct arena *arena = exchange_arena(exchange);
    struct call *call = arena_alloc(arena, sizeof(*call));
    struct call_private *p = arena_alloc(arena, sizeof(*p));
    call->api = api;
    call->arena = arena;
    call->_private = p;
    p->exchange = exchange;
    p->method = exchange_method(exchange);
    id_new(api->options.env, "req", p->request_id);
    p->client_ip =
        proxies_client(&api->proxies, arena, exchange_peer(exchange), exchange_header_all(exchange, "X-Forwarded-For"));
    p->user_agent = recorded_text(arena, exchange_header(exchange, "User-Agent"));
    p->base_url = find_base_url(api, exchange, arena);
    p->secret = find_secret(arena, exchange_header(exchange, "Authorization"));
    if (!exchange_header(exchange, "Authorization")) {
        p->secret = find_cookie(arena, exchange_header_all(exchange, "Cookie"));
        p->by_cookie = p->secret != NULL;
    }
    limiter_peek(api->limiter, env_now(api->options.env), &p->rate);
    buf_init(&call->body_out, LIMIT_API_ANSWER_BYTES);
    call_empty(call);
    return call;
}

static int read_query(struct call *call)
{
    int r = url_query(call->arena, exchange_query(call->_private->exchange), &call->query);
    if (r == ERR_TOO_LARGE)
        return call_invalid(call, "query", "The query is longer than %d bytes or has more than %d parameters",
                            LIMIT_QUERY_BYTES, LIMIT_PARAMS);
    if (r < 0)
        return call_invalid(call, "query", "A parameter is not valid percent-encoded UTF-8 without NUL");
    static const char *const searches[] = {"search", "filter", "q"};
    for (size_t i = 0; i < ARRAY_LEN(searches); i++) {
        const char *value = call_query(call, searches[i]);
        if (value && strlen(value) > LIMIT_SEARCH_BYTES)
            return call_invalid(call, searches[i], "The value is longer than %d bytes; make it shorter",
                                LIMIT_SEARCH_BYTES);
    }
    return 0;
}

static int read_path(struct call *call, struct url_path *ret)
{
    int r = url_split(call->arena, exchange_path(call->_private->exchange), ret);
    if (r == ERR_TOO_LARGE) {
        (void)problem_set(&call->problem, E0000008, "%s", "");
        return ERR_PROBLEM;
    }
    if (r < 0)
        return call_invalid(call, "path",
                            "A segment of the path is empty, a dot segment, or not valid percent-encoded UTF-8 without "
                            "slash and NUL");
    const char *self = "";
    for (size_t i = 0; i < ret->count; i++)
        self = arena_printf(call->arena, "%s/%s", self, url_encoded(call->arena, ret->segments[i]));
    call->_private->self_path = self;
    return 0;
}

static int find_route(struct call *call, const struct url_path *path)
{
    struct call_private *p = call->_private;
    struct route_match match;
    int r = router_find(call->api->router, p->method, path, &match);
    if (r == ERR_NOT_FOUND) {
        (void)problem_set(&call->problem, E0000008, "%s", "");
        return problem_cause(&call->problem, "There is nothing at %s; GET /openapi.json lists what there is",
                             p->self_path);
    }
    if (r < 0) {
        exchange_add_header(p->exchange, "Allow", match.allow);
        (void)problem_set(&call->problem, E0000022, "%s", "");
        return problem_cause(&call->problem, "This path allows %s", match.allow);
    }
    call->route = match.route;
    memcpy(call->params, match.params, sizeof(call->params));
    return 0;
}

/* JSON by any of its names, or no type at all (curl users forget it). */
static bool is_json_type(const char *type)
{
    if (!type)
        return true;
    size_t n = strcspn(type, "; \t");
    if (!(n == 16 && strncasecmp(type, "application/json", n) == 0) &&
        !(n > 17 && strncasecmp(type, "application/", 12) == 0 && strncasecmp(type + n - 5, "+json", 5) == 0))
        return false;
    const char *charset = strcasestr(type + n, "charset=");
    if (!charset)
        return true;
    charset += 8 + (charset[8] == '"');
    return strncasecmp(charset, "utf-8", 5) == 0 || strncasecmp(charset, "utf8", 4) == 0 ||
           strncasecmp(charset, "us-ascii", 8) == 0;
}

static int parse_body(struct call *call, struct problem *problem)
{
    size_t n;
    const char *bytes = exchange_body(call->_private->exchange, &n);
    struct jval *value;
    struct jval_error error;
    if (jval_parse(&value, bytes, n, &error) == 0) {
        call->body = value;
        return 0;
    }
    (void)problem_set(problem, E0000003, "%s", "");
    if (error.line == 0)
        return problem_cause(problem, "The request body is %s", error.text);
    return problem_cause(problem, "The request body, line %d, column %d: %s", error.line, error.column, error.text);
}

/* What is wrong with the body is kept in `early`: it is said only to those who have a token. */
static void read_body(struct call *call)
{
    struct call_private *p = call->_private;
    size_t n;
    (void)exchange_body(p->exchange, &n);
    bool has_body = str_eq(p->method, "POST") || str_eq(p->method, "PUT") || str_eq(p->method, "PATCH");
    if (exchange_body_too_large(p->exchange)) {
        /* No published code fits; the status is the one that HTTP has for it. */
        p->early_status = 413;
        (void)problem_invalid(&p->early, "request body", "The request body is larger than %d bytes", LIMIT_BODY_BYTES);
    } else if (has_body && n && !is_json_type(exchange_header(p->exchange, "Content-Type"))) {
        (void)problem_set(&p->early, E0000021, "%s", "");
        (void)problem_cause(&p->early, "Content-Type: The body must be application/json in UTF-8");
    } else if (has_body && n > PARSE_AT_ONCE_BYTES) {
        p->parse_later = true;
    } else if (has_body && n) {
        (void)parse_body(call, &p->early);
    }
}

static void read_idempotency_key(struct call *call)
{
    struct call_private *p = call->_private;
    const char *key = exchange_header(p->exchange, "Idempotency-Key");
    if (!key || !str_eq(p->method, "POST") || call->route->kind != ROUTE_WRITE || p->early.code != PUBLISHED_NONE)
        return;
    size_t key_n = strlen(key);
    bool ok = key_n > 0 && key_n <= LIMIT_IDEMPOTENCY_KEY_BYTES;
    for (size_t i = 0; ok && i < key_n; i++)
        ok = key[i] > ' ' && key[i] < 0x7f;
    if (!ok) {
        (void)problem_invalid(&p->early, "Idempotency-Key",
                              "Idempotency-Key: The key must be 1 to %d visible ASCII characters",
                              LIMIT_IDEMPOTENCY_KEY_BYTES);
        return;
    }
    p->idempotency_key = arena_strdup(call->arena, key);
    size_t body_n;
    const char *body = exchange_body(p->exchange, &body_n);
    const char *query = exchange_query(p->exchange);
    const char *head = arena_printf(call->arena, "%s %s?%s\n", p->method, p->self_path, query ? query : "");
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof(p->request_hash));
    (void)crypto_generichash_update(&state, (const unsigned char *)head, strlen(head));
    (void)crypto_generichash_update(&state, (const unsigned char *)body, body_n);
    (void)crypto_generichash_final(&state, p->request_hash, sizeof(p->request_hash));
}

static bool needs_secret(const struct call *call)
{
    return call->route->kind != ROUTE_OPEN && call->route->kind != ROUTE_SIGN_IN;
}

static bool is_writing(const struct call *call)
{
    return call->route->kind == ROUTE_WRITE || call->route->kind == ROUTE_SIGN_IN;
}

/*
 * A browser sends our cookie whoever made the page that asks. What changes something therefore has to bring what only
 * our own pages know, and pages of others cannot sign anybody in.
 */
static int check_page(struct call *call)
{
    struct call_private *p = call->_private;
    if (str_eq(p->method, "GET") || str_eq(p->method, "HEAD") || (!p->by_cookie && needs_secret(call)))
        return 0;
    const char *site = exchange_header(p->exchange, "Sec-Fetch-Site");
    bool foreign = site && !str_eq(site, "same-origin") && !str_eq(site, "none");
    bool knows = !needs_secret(call) || session_csrf_matches(p->secret, exchange_header(p->exchange, "X-Muster-Csrf"));
    if (!foreign && knows)
        return 0;
    (void)problem_set(&call->problem, E0000006, "%s", "");
    return problem_cause(&call->problem, "%s",
                         foreign ? "A page of another site may not do this"
                                 : "X-Muster-Csrf: Send the value of csrf that GET /api/v1/session gives");
}

static int understand(struct call *call)
{
    struct url_path path = {0};
    int r = read_path(call, &path);
    if (r == 0)
        r = find_route(call, &path);
    if (r == 0)
        r = read_query(call);
    if (r < 0)
        return r;
    if (needs_secret(call) && !call->_private->secret)
        return problem_set(&call->problem, E0000011, "%s", "");
    r = check_page(call);
    if (r < 0)
        return r;
    read_body(call);
    read_idempotency_key(call);
    return 0;
}

static uint64_t *known_slot(struct api *api, const char *secret, uint64_t *ret_hash)
{
    static_assert(sizeof(api->known_key) == crypto_shorthash_KEYBYTES && sizeof(*ret_hash) == crypto_shorthash_BYTES,
                  "SipHash");
    (void)crypto_shorthash((unsigned char *)ret_hash, (const unsigned char *)secret, strlen(secret), api->known_key);
    return &api->known[*ret_hash % KNOWN_SECRETS];
}

static bool is_known(struct api *api, const char *secret)
{
    uint64_t hash;
    const uint64_t *slot = known_slot(api, secret, &hash);
    return __atomic_load_n(slot, __ATOMIC_RELAXED) == hash;
}

static void make_known(struct api *api, const char *secret)
{
    uint64_t hash;
    uint64_t *slot = known_slot(api, secret, &hash);
    __atomic_store_n(slot, hash, __ATOMIC_RELAXED);
}

/* --- in a job of the store ---------------------------------------------------------------------------------------- */

static void set_origin(struct tx *tx, const struct call *call)
{
    struct origin *origin = tx_origin(tx);
    origin->actor_id = call->token.id;
    origin->actor_type = "User"; /* as published for what a token does; a token of ours is its own owner */
    origin->actor_name = call->token.name;
    origin->token_id = call->session ? NULL : call->token.id;
}

/* The session of a cookie into the call, and who has it where a token would be. */
static int find_session(struct tx *tx, struct call *call)
{
    struct session *session = arena_alloc(call->arena, sizeof(*session));
    int r = session_check(tx, call->_private->secret, session);
    if (r < 0)
        return r;
    struct administrator *who = &session->administrator;
    who->id = arena_strdup(call->arena, who->id);
    who->name = arena_strdup(call->arena, who->name);
    who->email = arena_strdup(call->arena, who->email);
    who->password_hash = NULL;
    call->session = session;
    call->token = (struct api_token){
        .rid = SESSION_LIMITER_KEYS + who->rid, .id = who->id, .name = who->email, .role = who->role};
    return 0;
}

static int find_token(struct tx *tx, struct call *call)
{
    struct api_token token;
    int r = token_check(tx, call->_private->secret, &token);
    if (r < 0)
        return r;
    call->token = token;
    call->token.id = arena_strdup(call->arena, token.id);
    call->token.name = arena_strdup(call->arena, token.name);
    return 0;
}

static int authenticate(struct tx *tx, struct call *call)
{
    struct call_private *p = call->_private;
    int r = p->by_cookie ? find_session(tx, call) : find_token(tx, call);
    if (r == ERR_NOT_FOUND)
        return problem_set(&call->problem, E0000011, "%s", "");
    if (r < 0)
        return r;
    make_known(call->api, p->secret);
    set_origin(tx, call);
    if (!p->counted && !limiter_take(call->api->limiter, call->token.rid, tx_now(tx), &p->rate)) {
        (void)problem_set(&call->problem, E0000047, "%s", "");
        return problem_cause(&call->problem,
                             "This token may send %d requests a minute; wait until the time in "
                             "X-Rate-Limit-Reset",
                             p->rate.limit);
    }
    p->counted = true;
    if (call->token.role < call->route->role) {
        const char *what = call->session ? "an administrator" : "a token";
        (void)problem_set(&call->problem, E0000006, "%s", "");
        return problem_cause(&call->problem, "This needs %s with the role %s; this one has the role %s", what,
                             role_name(call->route->role), role_name(call->token.role));
    }
    return 0;
}

static int keep_error(struct tx *tx, struct call *call, int r)
{
    if (r < 0 && r != ERR_PROBLEM)
        call->_private->db_error = arena_strdup(call->arena, tx_error(tx));
    return r;
}

static int check(struct tx *tx, void *arg)
{
    struct call *call = arg;
    struct call_private *p = call->_private;
    call_empty(call);
    int r = needs_secret(call) ? authenticate(tx, call) : 0;
    if (r == 0 && p->early.code != PUBLISHED_NONE) {
        call->problem = p->early;
        p->error_status = p->early_status;
        r = ERR_PROBLEM;
    }
    if (r == 0 && p->parse_later && !call->body)
        r = parse_body(call, &call->problem);
    return keep_error(tx, call, r);
}

static int run(struct tx *tx, void *arg)
{
    struct call *call = arg;
    call_empty(call);
    bool rehearsal = false;
    int r = needs_secret(call) ? authenticate(tx, call) : 0;
    if (r == 0)
        r = call_is_rehearsal(call, &rehearsal);
    if (r == 0 && rehearsal)
        return keep_error(tx, call, call_rehearse(tx, call));
    if (r == 0)
        r = idempotency_find(tx, call);
    if (r != 0)
        return r > 0 ? 0 : keep_error(tx, call, r);
    r = call->route->handle(tx, call);
    int64_t change = tx_change_number_taken(tx);
    if (r >= 0 && change)
        call_header(call, "X-Muster-Change", arena_printf(call->arena, "%lld", (long long)change));
    if (r == 0)
        r = idempotency_store(tx, call);
    return keep_error(tx, call, r);
}

static void run_done(struct store_job *job, int result)
{
    struct call *call = job->arg;
    if (result != CALL_AGAIN)
        call_answer(call, result);
    else if (call->_private->may_wait && !is_writing(call))
        api_park(call);
    else
        call_answer(call, ERR_UNSUPPORTED); /* a handler that waits without leave would be run for ever */
}

static void submit(struct call *call, tx_fn fn, void (*done)(struct store_job *, int), bool writing)
{
    struct call_private *p = call->_private;
    struct api *api = call->api;
    p->job = (struct store_job){
        .run = fn,
        .arg = call,
        .done = done,
        .origin = {.actor_id = "unknown",
                   .actor_type = "User",
                   .actor_name = "unknown",
                   .request_id = p->request_id,
                   .client_ip = p->client_ip,
                   .user_agent = p->user_agent},
    };
    (void)pthread_mutex_lock(&api->lock);
    p->generation = api->generation;
    (void)pthread_mutex_unlock(&api->lock);
    p->last_run = api_monotonic_ms();
    if (writing)
        store_write(api->options.store, &p->job);
    else
        store_read(api->options.store, &p->job);
}

void serve_run(struct call *call)
{
    submit(call, run, run_done, is_writing(call));
}

static void check_done(struct store_job *job, int result)
{
    struct call *call = job->arg;
    if (result < 0)
        call_answer(call, result);
    else if (call->route->prepare)
        call->route->prepare(call);
    else
        serve_run(call);
}

void call_continue(struct call *call)
{
    serve_run(call);
}

void call_refuse(struct call *call)
{
    call_answer(call, ERR_PROBLEM);
}

void serve(struct exchange *exchange, void *arg)
{
    struct api *api = arg;
    struct call *call = begin(api, exchange);
    int r = understand(call);
    if (r < 0 && call->problem.code == E0000008 && api->options.other &&
        strncmp(exchange_path(exchange), "/api/", 5) != 0) {
        buf_free(&call->body_out); /* before, because the call goes with an exchange that is taken */
        if (api->options.other(exchange, api->options.other_data))
            return;
        buf_init(&call->body_out, LIMIT_API_ANSWER_BYTES);
    }
    struct call_private *p = call->_private;
    if (r < 0)
        call_answer(call, r);
    else if (call->route->kind == ROUTE_OPEN && call->route->prepare)
        call->route->prepare(call);
    else if (call->route->prepare || p->parse_later || p->early.code != PUBLISHED_NONE ||
             (call->route->kind == ROUTE_WRITE && !is_known(api, p->secret)))
        submit(call, check, check_done, false);
    else
        serve_run(call);
}
