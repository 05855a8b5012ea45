/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shell that the product runs: one thread, libcurl's multi interface, curl_multi_poll. engine_main() is the whole
 * loop.
 */
#include "engine/transfer.h"

#include "base/limits.h"
#include "base/log.h"

#include <unistd.h>

#define STOP_WAIT_MS 2000    /* how long a stop waits for what is in flight */
#define TURN_RETRY_MS 500    /* after a turn that the store refused */
#define CONNECTIONS_MAX 512L /* connections kept open to all apps */
#define NAME_WAIT_MS 1000    /* beyond the length of a lease: how long a node waits for its name */
#define NAME_LOOK_US 200000  /* microseconds between two looks at that */

/* --- verifying a connection ----------------------------------------------------------------------------------------
 */

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
    const char **lines = arena_array(t->arena, 2, sizeof(*lines));
    lines[0] = credential_line(t->arena, &verify->connection);
    t->dial = dial_new(t->arena, &verify->connection);
    transfer_start_with_token(t, 0, verify->_number, lines, LIMIT_VERIFY_MS / 2);
    seal_wipe(lines[0]);
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
    int64_t number = verify->_number; /* it may be gone once it is told */
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
    token_forget(engine, 0, number);
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
        list->_number = (int64_t)++engine->last_serial;
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

/* Something of an app is read, as a verification does. */
static void ask_app(struct transfer *t)
{
    struct engine_ask *ask = t->ask;
    t->arena = arena_new();
    t->allow_plain_http = ask->app->allow_plain_http;
    t->dial = dial_new(t->arena, ask->app);
    ask->_number = (int64_t)++t->engine->last_serial;
    const char **lines = arena_array(t->arena, 2, sizeof(*lines));
    lines[0] = credential_line(t->arena, ask->app);
    transfer_start_with_token(t, 0, ask->_number, lines, LIMIT_VERIFY_MS / 2);
    seal_wipe(lines[0]);
}

/* The answer is told; the question may be gone once it is. */
static void ask_answered(struct transfer *t)
{
    struct engine *engine = t->engine;
    int64_t number = t->ask->app ? t->ask->_number : 0;
    t->ask->done(t->ask, t->answer);
    transfer_free(t);
    if (number)
        token_forget(engine, 0, number);
}

static void start_asks(struct engine *engine)
{
    for (struct engine_ask *ask = take_asks(engine), *next = NULL; ask; ask = next) {
        next = ask->_next;
        struct transfer *t = transfer_new(engine, (enum answer_shape)ask->shape);
        t->ask = ask;
        t->method = ask->method;
        t->url = ask->url;
        t->body = ask->body;
        if (ask->app)
            ask_app(t);
        else
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
        t->dial = flight->dial;
        transfer_start_with_token(t, flight->app_rid, flight->credential, flight->headers, (long)flight->timeout_ms);
    }
}

static void keep_leases(struct engine *engine)
{
    if (!core_keep_due(engine->core))
        return;
    if (store_write_wait(engine->options.store, NULL, core_keep, engine->core) < 0)
        core_rolled_back(engine->core); /* the turn tries it too, and says why it fails */
    else
        core_kept(engine->core);
}

static void run_turn(struct engine *engine)
{
    keep_leases(engine);
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

/* Its answer is complete. */
static void hand_over(struct transfer *t)
{
    struct engine *engine = t->engine;
    if (t->verify) {
        verify_answer(t);
        return;
    }
    if (t->ask) {
        ask_answered(t);
        return;
    }
    core_answer(engine->core, t->number, TAKE_PTR(t->answer));
    engine->answered |= t->number != 0;
    transfer_free(t);
}

static void collect_answers(struct engine *engine)
{
    int left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(engine->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *private = NULL;
        CURLcode code = message->data.result; /* the message goes with the handle */
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct transfer *t = (struct transfer *)(void *)private;
        if (code == CURLE_OK && token_refused(t))
            continue;
        transfer_finish(t, code);
        if (t->asks_for)
            token_answered(t, hand_over);
        else
            hand_over(t);
    }
}

/* After a gap (the process was stopped, the machine slept) leases may have ended: what was under way is broken off. */
static void drop_ended(struct engine *engine)
{
    for (struct transfer *t = engine->transfers, *next = NULL; t; t = next) {
        next = t->next;
        if (t->verify || t->ask || t->asks_for || core_may_send(engine->core, t->number))
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
        bool last = env_steady(env) > end; /* before it is looked: the machine may stand still in between */
        int r = store_write_wait(engine->options.store, NULL, begin, engine);
        if (r != ERR_EXISTS || last)
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
    tokens_free(engine);
    for (int i = 0; i < engine->idle_count; i++)
        curl_easy_cleanup(engine->idle[i]);
    (void)curl_multi_cleanup(engine->multi);
    (void)hooks_free(engine->hooks);
    core_free(engine->core);
    (void)pthread_mutex_destroy(&engine->mutex);
    free(engine);
}
