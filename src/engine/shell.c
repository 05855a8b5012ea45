/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shell that the product runs: one thread, libcurl's multi interface, curl_multi_poll. engine_main() is the whole
 * loop.
 *
 * libcurl re-sends a POST by itself when a reused connection dies after the target has processed it, unless the body
 * comes from a read function that cannot go back: hence read_body() and refuse_rewind(). Redirects are never followed.
 */
#include "engine/engine.h"

#include "base/limits.h"
#include "base/log.h"
#include "engine/core.h"
#include "engine/hooks.h"

#include <arpa/inet.h>
#define CURL_DISABLE_TYPECHECK /* its macros are what the complexity check would measure */
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <unistd.h>

#define IDLE_HANDLES_MAX 64  /* easy handles kept for reuse */
#define STOP_WAIT_MS 2000    /* how long a stop waits for what is in flight */
#define TURN_RETRY_MS 500    /* after a turn that the store refused */
#define CONNECTIONS_MAX 512L /* connections kept open to all apps */
#define NAME_WAIT_MS 1000    /* beyond the length of a lease: how long a node waits for its name */
#define NAME_LOOK_US 200000  /* microseconds between two looks at that */
#define CA_FILE "/etc/ssl/certs/ca-certificates.crt"

/* One exchange with libcurl: a flight of the core, or a step of "verify this connection". */
struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    const char *credential; /* its header line, in `headers` */
    struct engine *engine;
    uint64_t number; /* of the flight; 0 for a verification */
    struct engine_verify *verify;
    struct engine_ask *ask;
    int verify_step;
    struct answer *answer;
    struct arena *arena; /* verifications: their request */
    const char *method;
    const char *url;
    const char *body;
    size_t body_len;
    size_t body_sent;
    bool allow_plain_http;
    bool published; /* with the headers of the published client */
    bool forbidden; /* the name led to an address that is never connected to */
    struct transfer *next;
    struct transfer *prev;
};

struct engine {
    struct engine_options options;
    struct core *core;
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards `verifies`, `asks`, `woken`, `stopping` */
    struct engine_verify *verifies;
    struct engine_ask *asks;
    struct hooks *hooks;
    bool woken;
    bool stopping;
    struct transfer *transfers;
    CURL *idle[IDLE_HANDLES_MAX];
    int idle_count;
    int64_t due;      /* ms: next turn without an answer or a wake-up */
    int64_t retry_at; /* ms: no turn before that, after one that the store refused; 0: at any time */
    bool answered;
    bool turn_wanted;
};

/* --- one transfer --------------------------------------------------------------------------------------------------
 */

static size_t read_body(char *to, size_t size, size_t count, void *data)
{
    struct transfer *t = data;
    size_t n = MIN_OF(size * count, t->body_len - t->body_sent);
    memcpy(to, t->body + t->body_sent, n);
    t->body_sent += n;
    return n;
}

static int refuse_rewind(void *data, curl_off_t offset, int origin)
{
    const struct transfer *t = data;
    return t->body_sent == 0 && offset == 0 && origin == SEEK_SET ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct transfer *t = data;
    answer_feed(t->answer, bytes, size * count);
    return size * count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data)
{
    struct transfer *t = data;
    size_t n = size * count;
    char line[512];
    size_t kept = MIN_OF(n, sizeof(line) - 1);
    memcpy(line, bytes, kept);
    line[kept] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    char *colon = strchr(line, ':');
    if (colon) {
        *colon = '\0';
        answer_header(t->answer, line, colon + 1 + strspn(colon + 1, " \t"), env_now(t->engine->options.env));
    }
    return n;
}

/* Judges the address that the name resolved to, so that a name cannot lead where its address may not. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct transfer *t = data;
    bool plain = strncasecmp(t->url, "http:", 5) == 0;
    if (connection_address_refused(&address->addr) ||
        (plain && !t->allow_plain_http && !connection_address_is_loopback(&address->addr))) {
        t->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void must(CURLcode code)
{
    assert(code == CURLE_OK); /* an option that this libcurl does not know, or no memory */
}

#define SET(easy, option, value) must(curl_easy_setopt((easy), (option), (value)))

static void set_up_callbacks(struct transfer *t)
{
    SET(t->easy, CURLOPT_PRIVATE, t);
    SET(t->easy, CURLOPT_WRITEFUNCTION, take_body);
    SET(t->easy, CURLOPT_WRITEDATA, t);
    SET(t->easy, CURLOPT_HEADERFUNCTION, take_header);
    SET(t->easy, CURLOPT_HEADERDATA, t);
    SET(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(t->easy, CURLOPT_OPENSOCKETDATA, t);
    SET(t->easy, CURLOPT_READFUNCTION, read_body);
    SET(t->easy, CURLOPT_READDATA, t);
    SET(t->easy, CURLOPT_SEEKFUNCTION, refuse_rewind);
    SET(t->easy, CURLOPT_SEEKDATA, t);
}

static void set_up_policy(struct transfer *t, long timeout_ms)
{
    const struct engine_options *options = &t->engine->options;
    SET(t->easy, CURLOPT_NOSIGNAL, 1L);
    SET(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(t->easy, CURLOPT_PATH_AS_IS, 1L);
    SET(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(t->easy, CURLOPT_PROXY, "");
    SET(t->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)LIMIT_CONNECT_MS);
    SET(t->easy, CURLOPT_CAINFO, options->ca_file ? options->ca_file : CA_FILE);
    SET(t->easy, CURLOPT_CAPATH, NULL); /* with CAINFO set this turns libcurl's cache of the bundle on */
    SET(t->easy, CURLOPT_USERAGENT, "Muster/" MUSTER_VERSION);
    SET(t->easy, CURLOPT_ACCEPT_ENCODING, NULL);
}

static void add_header(struct transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    assert(longer);
    t->headers = longer;
}

static const char *last_header(const struct transfer *t)
{
    const struct curl_slist *header = t->headers;
    while (header->next)
        header = header->next;
    return header->data;
}

static void set_up_request(struct transfer *t, const char *const *headers)
{
    SET(t->easy, CURLOPT_URL, t->url);
    add_header(t, t->ask ? "Accept: application/json" : "Accept: application/scim+json");
    add_header(t, "Expect:");
    if (t->published) {
        add_header(t, "Accept-Charset: utf-8");
        add_header(t, "Connection: Keep-Alive");
        SET(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip,deflate");
        SET(t->easy, CURLOPT_USERAGENT, "Okta SCIM Client 1.0.0");
    }
    for (size_t i = 0; headers && headers[i]; i++) {
        add_header(t, headers[i]);
        t->credential = last_header(t);
    }
    if (t->body) {
        add_header(t, t->ask ? "Content-Type: application/json" : "Content-Type: application/scim+json; charset=utf-8");
        t->body_len = strlen(t->body);
        SET(t->easy, CURLOPT_POST, 1L);
        SET(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
        SET(t->easy, CURLOPT_CUSTOMREQUEST, t->method);
    } else if (str_eq(t->method, "GET")) {
        SET(t->easy, CURLOPT_HTTPGET, 1L);
    } else {
        SET(t->easy, CURLOPT_CUSTOMREQUEST, t->method);
    }
    SET(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static struct transfer *transfer_new(struct engine *engine, enum answer_shape shape)
{
    struct transfer *t = NEW(struct transfer);
    t->engine = engine;
    t->answer = answer_new(shape);
    t->easy = engine->idle_count ? engine->idle[--engine->idle_count] : curl_easy_init();
    assert(t->easy);
    t->next = engine->transfers;
    if (t->next)
        t->next->prev = t;
    engine->transfers = t;
    return t;
}

static void transfer_start(struct transfer *t, const char *const *headers, long timeout_ms)
{
    set_up_callbacks(t);
    set_up_policy(t, timeout_ms);
    set_up_request(t, headers);
    CURLMcode code = curl_multi_add_handle(t->engine->multi, t->easy);
    assert(code == CURLM_OK);
}

static void transfer_free(struct transfer *t)
{
    struct engine *engine = t->engine;
    (void)curl_multi_remove_handle(engine->multi, t->easy);
    curl_easy_reset(t->easy); /* forgets the credential as well */
    if (engine->idle_count < IDLE_HANDLES_MAX)
        engine->idle[engine->idle_count++] = t->easy;
    else
        curl_easy_cleanup(t->easy);
    for (struct curl_slist *header = t->headers; header; header = header->next)
        seal_wipe(header->data);
    curl_slist_free_all(t->headers);
    answer_free(t->answer);
    arena_free(t->arena);
    if (t->prev)
        t->prev->next = t->next;
    else
        engine->transfers = t->next;
    if (t->next)
        t->next->prev = t->prev;
    free(t);
}

static enum transport transport_of(const struct transfer *t, CURLcode code)
{
    if (code == CURLE_OK)
        return TRANSPORT_OK;
    if (t->forbidden)
        return TRANSPORT_FORBIDDEN;
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return TRANSPORT_RESOLVE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return TRANSPORT_TLS;
    case CURLE_COULDNT_CONNECT:
        return TRANSPORT_NOT_SENT;
    default:
        break;
    }
    long sent = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (sent == 0)
        return TRANSPORT_NOT_SENT;
    return code == CURLE_OPERATION_TIMEDOUT ? TRANSPORT_TIMEOUT : TRANSPORT_UNKNOWN;
}

/* The value of a header line. answer_hide() looks behind the scheme itself. */
static const char *value_in(const char *line)
{
    const char *value = line ? strchr(line, ':') : NULL;
    return value ? value + 1 + strspn(value + 1, " ") : NULL;
}

static void finish(struct transfer *t, CURLcode code)
{
    long status = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    enum transport transport = transport_of(t, code);
    answer_hide(t->answer, value_in(t->credential));
    if (transport != TRANSPORT_OK && transport != TRANSPORT_FORBIDDEN && transport != TRANSPORT_TIMEOUT)
        t->answer->transport_words = curl_easy_strerror(code);
    answer_finish(t->answer, transport, transport == TRANSPORT_OK ? (int)status : 0);
}

/* --- verifying a connection ----------------------------------------------------------------------------------------
 */

static const char *verify_header(struct arena *arena, const struct connection_input *input)
{
    switch (input->scheme) {
    case CONNECTION_BEARER:
        return arena_printf(arena, "Authorization: Bearer %s", input->secret);
    case CONNECTION_HEADER:
        return arena_printf(arena, "%s: %s", input->header_name, input->secret);
    case CONNECTION_BASIC:
        return credential_basic(arena, input->user_name, input->secret);
    case CONNECTION_NONE:
    default:
        return NULL;
    }
}

static void verify_send(struct engine *engine, struct engine_verify *verify, int step)
{
    struct transfer *t = transfer_new(engine, step ? ANSWER_LIST : ANSWER_RESOURCE);
    t->verify = verify;
    t->verify_step = step;
    t->arena = arena_new();
    struct target_request request = step ? target_probe_users(t->arena) : target_probe(t->arena);
    t->method = request.method;
    t->url = target_url(t->arena, verify->connection.base_url, request.path);
    t->allow_plain_http = verify->connection.allow_plain_http;
    const char *header = verify_header(t->arena, &verify->connection);
    const char *headers[] = {header, NULL};
    transfer_start(t, headers, LIMIT_VERIFY_MS / 2);
    if (header)
        seal_wipe(header);
}

/*
 * Asks first what the server supports; a server without that page (404, 501) is asked for a user list all the same,
 * which shows that the credential is good.
 */
static void verify_answer(struct transfer *t)
{
    struct engine_verify *verify = t->verify;
    struct engine *engine = t->engine;
    enum error_class class = answer_judge(t->answer, t->verify_step ? REQUEST_FIND_USER : REQUEST_PROBE);
    if (t->verify_step == 0 && (class == ERROR_NONE || class == ERROR_NOT_FOUND || class == ERROR_UNSUPPORTED ||
                                class == ERROR_ATTRIBUTE_REFUSED || class == ERROR_SERVER_ERROR ||
                                class == ERROR_TIMEOUT || class == ERROR_CONNECTION_LOST)) {
        transfer_free(t);
        verify_send(engine, verify, 1);
        return;
    }
    struct arena *arena = arena_new();
    if (class == ERROR_NONE && t->answer->status == 404)
        verify->done(
            verify, false,
            "The app has no /Users below this base URL (404 Not Found). Check the path of the base URL, for example "
            "https://app.example.com/scim/v2.");
    else if (class == ERROR_NONE)
        verify->done(verify, true, NULL);
    else
        verify->done(verify, false,
                     arena_printf(arena, "%s (%s)", error_class_words(class), answer_words(arena, t->answer)));
    arena_free(arena);
    transfer_free(t);
}

void engine_verify(struct engine *engine, struct engine_verify *verify)
{
    (void)pthread_mutex_lock(&engine->mutex);
    bool stopping = engine->stopping;
    if (!stopping) {
        verify->_next = engine->verifies;
        engine->verifies = verify;
    }
    (void)pthread_mutex_unlock(&engine->mutex);
    if (stopping)
        verify->done(verify, false, "Muster is being stopped. Try again when it is running.");
    else
        (void)curl_multi_wakeup(engine->multi);
}

static struct engine_verify *take_verifies(struct engine *engine)
{
    (void)pthread_mutex_lock(&engine->mutex);
    struct engine_verify *list = engine->verifies;
    engine->verifies = NULL;
    (void)pthread_mutex_unlock(&engine->mutex);
    return list;
}

static void start_verifies(struct engine *engine)
{
    struct engine_verify *list = take_verifies(engine);
    while (list) {
        struct engine_verify *next = list->_next;
        verify_send(engine, list, 0);
        list = next;
    }
}

/* --- other requests ------------------------------------------------------------------------------------------------
 */

void engine_ask(struct engine *engine, struct engine_ask *ask)
{
    (void)pthread_mutex_lock(&engine->mutex);
    bool stopping = engine->stopping;
    if (!stopping) {
        ask->_next = engine->asks;
        engine->asks = ask;
    }
    (void)pthread_mutex_unlock(&engine->mutex);
    if (stopping)
        ask->done(ask, NULL);
    else
        (void)curl_multi_wakeup(engine->multi);
}

static struct engine_ask *take_asks(struct engine *engine)
{
    (void)pthread_mutex_lock(&engine->mutex);
    struct engine_ask *list = engine->asks;
    engine->asks = NULL;
    (void)pthread_mutex_unlock(&engine->mutex);
    return list;
}

static void start_asks(struct engine *engine)
{
    for (struct engine_ask *ask = take_asks(engine), *next = NULL; ask; ask = next) {
        next = ask->_next;
        struct transfer *t = transfer_new(engine, ANSWER_RESOURCE);
        t->ask = ask;
        t->method = ask->method;
        t->url = ask->url;
        t->body = ask->body;
        transfer_start(t, ask->headers, LIMIT_HOOK_MS);
    }
}

static void refuse_asks(struct engine *engine)
{
    for (struct transfer *t = engine->transfers, *next = NULL; t; t = next) {
        next = t->next;
        if (!t->ask)
            continue;
        t->ask->done(t->ask, NULL);
        transfer_free(t);
    }
    for (struct engine_ask *ask = take_asks(engine), *next = NULL; ask; ask = next) {
        next = ask->_next;
        ask->done(ask, NULL);
    }
}

/* --- the loop ------------------------------------------------------------------------------------------------------
 */

static void send_flights(struct engine *engine, struct flight *flight)
{
    for (struct flight *next = NULL; flight; flight = next) {
        next = flight->next;
        if (!core_may_send(engine->core, flight->number)) {
            core_withdraw(engine->core, flight->number);
            continue;
        }
        struct transfer *t = transfer_new(engine, flight->shape);
        t->number = flight->number;
        t->method = flight->method;
        t->url = flight->url;
        t->body = flight->body;
        t->allow_plain_http = flight->allow_plain_http;
        t->published = flight->dialect != DIALECT_STANDARD;
        transfer_start(t, flight->headers, (long)flight->timeout_ms);
    }
}

static void run_turn(struct engine *engine)
{
    int r = store_write_wait(engine->options.store, NULL, core_turn, engine->core);
    engine->answered = false;
    engine->turn_wanted = r < 0;
    if (r < 0) {
        core_rolled_back(engine->core);
        engine->due = env_now(engine->options.env) + TURN_RETRY_MS;
        engine->retry_at = engine->due; /* the answers wait for it */
        log_line("engine: a turn was rolled back: %s", err_text(r));
        return;
    }
    engine->retry_at = 0;
    int64_t stale = core_take_stale(engine->core);
    if (stale)
        log_line("engine: %lld leases had been taken over by another node: what was written under them is refused",
                 (long long)stale);
    struct flight *handed_out = core_committed(engine->core, &engine->due);
    send_flights(engine, handed_out);
}

static void collect_answers(struct engine *engine)
{
    int left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(engine->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *private = NULL;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct transfer *t = (struct transfer *)(void *)private;
        finish(t, message->data.result);
        if (t->verify) {
            verify_answer(t);
            continue;
        }
        if (t->ask) {
            t->ask->done(t->ask, t->answer);
            transfer_free(t);
            continue;
        }
        core_answer(engine->core, t->number, TAKE_PTR(t->answer));
        engine->answered = true;
        transfer_free(t);
    }
}

/* After a gap (the process was stopped, the machine slept) leases may have ended: what was under way is broken off. */
static void drop_ended(struct engine *engine)
{
    for (struct transfer *t = engine->transfers, *next = NULL; t; t = next) {
        next = t->next;
        if (t->verify || t->ask || core_may_send(engine->core, t->number))
            continue;
        core_withdraw(engine->core, t->number);
        transfer_free(t);
    }
}

static bool take_wake(struct engine *engine, bool *ret_stopping)
{
    (void)pthread_mutex_lock(&engine->mutex);
    bool woken = engine->woken;
    engine->woken = false;
    *ret_stopping = engine->stopping;
    (void)pthread_mutex_unlock(&engine->mutex);
    return woken;
}

static void move(struct engine *engine, int64_t most_ms)
{
    int running = 0;
    drop_ended(engine);
    (void)curl_multi_perform(engine->multi, &running);
    collect_answers(engine);
    if (engine->answered && most_ms > 0)
        most_ms = 0;
    if (most_ms > 0) {
        (void)curl_multi_poll(engine->multi, NULL, 0, (int)MIN_OF(most_ms, (int64_t)60000), NULL);
        drop_ended(engine);
        (void)curl_multi_perform(engine->multi, &running);
        collect_answers(engine);
    }
}

/* What is in flight when the engine stops is waited for briefly; after that its intents say what has to be read back.
 */
static void drain(struct engine *engine)
{
    int64_t end = env_now(engine->options.env) + STOP_WAIT_MS;
    while (core_in_flight(engine->core) && env_now(engine->options.env) < end) {
        move(engine, 50);
        if (engine->answered) {
            core_stop(engine->core);
            int r = store_write_wait(engine->options.store, NULL, core_turn, engine->core);
            if (r < 0)
                return;
            int64_t due = 0;
            (void)core_committed(engine->core, &due);
            engine->answered = false;
        }
    }
}

static void refuse_verifies(struct engine *engine)
{
    for (struct transfer *t = engine->transfers; t;) {
        struct transfer *next = t->next;
        if (t->verify) {
            t->verify->done(t->verify, false, "Muster is being stopped. Try again when it is running.");
            transfer_free(t);
        }
        t = next;
    }
    for (struct engine_verify *list = take_verifies(engine); list;) {
        struct engine_verify *next = list->_next;
        list->done(list, false, "Muster is being stopped. Try again when it is running.");
        list = next;
    }
}

static void *engine_main(void *data)
{
    struct engine *engine = data;
    for (;;) {
        bool stopping = false;
        bool woken = take_wake(engine, &stopping);
        if (stopping)
            break;
        start_verifies(engine);
        start_asks(engine);
        int64_t now = env_now(engine->options.env);
        engine->due = MIN_OF(engine->due, now + LIMIT_BACKOFF_MAX_MS); /* the clock may have been set back */
        engine->turn_wanted |= woken || engine->answered || now >= engine->due;
        if (engine->turn_wanted && now >= engine->retry_at)
            run_turn(engine);
        now = env_now(engine->options.env);
        int64_t hooks_due = hooks_move(engine->hooks, now, woken);
        start_asks(engine);
        move(engine, MAX_OF(MIN_OF(engine->due, hooks_due) - now, (int64_t)0));
    }
    refuse_verifies(engine);
    refuse_asks(engine);
    drain(engine);
    return NULL;
}

/* --- starting and stopping -----------------------------------------------------------------------------------------
 */

void engine_wake(struct engine *engine)
{
    if (!engine)
        return;
    (void)pthread_mutex_lock(&engine->mutex);
    bool first = !engine->woken;
    engine->woken = true;
    (void)pthread_mutex_unlock(&engine->mutex);
    if (first)
        (void)curl_multi_wakeup(engine->multi);
}

/* What was in flight when an earlier process ended is looked at now: its intents say what has to be read back. Among
 * several nodes that is done when a lease is taken. */
static int begin(struct tx *tx, void *arg)
{
    const struct engine *engine = arg;
    int r = engine->options.lease_ms ? core_begin(tx, engine->core) : work_hasten(tx);
    return r < 0 ? r : 0;
}

/* A node that was killed and starts again waits until its name is free: for the length of a lease. */
static int begin_as_node(struct engine *engine)
{
    const struct env *env = engine->options.env;
    int64_t end = env_steady(env) + engine->options.lease_ms + NAME_WAIT_MS;
    for (;;) {
        int r = store_write_wait(engine->options.store, NULL, begin, engine);
        if (r != ERR_EXISTS || env_steady(env) > end)
            return r;
        (void)usleep(NAME_LOOK_US);
    }
}

static void give_up_start(struct engine *engine)
{
    (void)curl_multi_cleanup(engine->multi);
    (void)hooks_free(engine->hooks);
    core_free(engine->core);
    free(engine);
}

int engine_start(struct engine **ret, const struct engine_options *options, char *ret_why, size_t why_size)
{
    struct engine *engine = NEW(struct engine);
    engine->options = *options;
    if (engine->options.request_ms == 0)
        engine->options.request_ms = LIMIT_REQUEST_MS;
    struct core_options core = {.env = options->env,
                                .keyring = options->keyring,
                                .node = options->node ? options->node : "node",
                                .lease_ms = options->lease_ms,
                                .request_ms = engine->options.request_ms};
    engine->core = core_new(&core);
    engine->multi = curl_multi_init();
    assert(engine->multi);
    (void)curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
    engine->hooks = hooks_new(engine, &engine->options);
    int r = begin_as_node(engine);
    if (r < 0) {
        if (r == ERR_EXISTS)
            (void)snprintf(ret_why, why_size,
                           "a node named %s is alive already; give this one another name with --node", core.node);
        else
            (void)snprintf(ret_why, why_size, "cannot look at the work that waits: %s", err_text(r));
        give_up_start(engine);
        return r;
    }
    (void)pthread_mutex_init(&engine->mutex, NULL);
    if (pthread_create(&engine->thread, NULL, engine_main, engine) != 0) {
        (void)snprintf(ret_why, why_size, "cannot start the engine's thread");
        give_up_start(engine);
        return ERR_IO;
    }
    *ret = engine;
    return 0;
}

void engine_stop(struct engine *engine)
{
    if (!engine)
        return;
    (void)pthread_mutex_lock(&engine->mutex);
    engine->stopping = true;
    (void)pthread_mutex_unlock(&engine->mutex);
    (void)curl_multi_wakeup(engine->multi);
    (void)pthread_join(engine->thread, NULL);
    if (store_write_wait(engine->options.store, NULL, core_end, engine->core) < 0)
        log_line("engine: the leases could not be given back; others take them when they end");
    for (struct transfer *t = engine->transfers, *next = NULL; t; t = next) {
        next = t->next;
        transfer_free(t);
    }
    for (int i = 0; i < engine->idle_count; i++)
        curl_easy_cleanup(engine->idle[i]);
    (void)curl_multi_cleanup(engine->multi);
    (void)hooks_free(engine->hooks);
    core_free(engine->core);
    (void)pthread_mutex_destroy(&engine->mutex);
    free(engine);
}
