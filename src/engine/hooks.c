/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/hooks.h"

#include "app/hook.h"
#include "base/log.h"
#include "engine/inner.h"
#include "engine/lease.h"
#include "target/request.h"

#define LOOK_MS 250        /* milliseconds between two looks at the log while there is a hook to tell */
#define IDLE_LOOK_MS 10000 /* the same while there is none, but another process may make one */
#define CLAIM_MS (2 * (int64_t)LIMIT_HOOK_MS) /* how long a process that dies keeps others from a hook */
#define SKIP_EVENTS 1000                      /* events that concern no one before that is written down */
#define HEADERS_OF_OURS 2                     /* time and signature */
#define HEADERS_MAX (LIMIT_HOOK_HEADERS + HEADERS_OF_OURS + 2)

/* What is remembered of a hook between two looks. */
struct hook_state {
    int64_t rid;
    int64_t version;
    int64_t looked;  /* number of the last event that was looked at */
    int64_t written; /* the same, as the store has it */
    bool busy;       /* a delivery is under way */
    bool seen;       /* in this look */
    struct hook_state *next;
};

struct hooks {
    struct engine *engine;
    const struct engine_options *options;
    struct hook_state *list;
    struct delivery *planned;
    int64_t due;
    int active;            /* in the last look */
    bool shared;           /* other processes may tell the same hooks */
    bool claims;           /* in this look: what is planned is claimed */
    char holder[ID_BYTES]; /* this process */
};

/* A delivery on its way, in an arena of its own. */
struct delivery {
    struct engine_ask ask;
    struct arena *arena;
    struct hooks *hooks;
    struct hook_batch batch;
    struct hook_result result;
    int attempts;
    struct delivery *next;
};

struct hooks *hooks_new(struct engine *engine, const struct engine_options *options)
{
    struct hooks *hooks = NEW(struct hooks);
    *hooks = (struct hooks){.engine = engine, .options = options, .shared = options->lease_ms > 0};
    id_new(options->env, "hol", hooks->holder);
    return hooks;
}

static struct hook_state *state_of(struct hooks *hooks, const struct hook *hook)
{
    struct hook_state *state = hooks->list;
    while (state && state->rid != hook->rid)
        state = state->next;
    if (!state) {
        state = NEW(struct hook_state);
        *state = (struct hook_state){.rid = hook->rid, .next = hooks->list};
        hooks->list = state;
    }
    if (state->version != hook->version || state->looked < hook->position)
        state->looked = hook->position;
    state->written = hook->position;
    state->version = hook->version;
    state->seen = true;
    return state;
}

/* --- a delivery -----------------------------------------------------------------------------------------------------
 */

static void delivery_free(struct delivery *delivery)
{
    for (size_t i = 0; delivery->ask.headers && delivery->ask.headers[i]; i++)
        seal_wipe(delivery->ask.headers[i]);
    (void)arena_free(delivery->arena);
}

static int note_result(struct tx *tx, void *arg)
{
    return hook_delivered(tx, arg);
}

static int note_skipped(struct tx *tx, void *arg)
{
    const struct hook_state *state = arg;
    return hook_skip(tx, state->rid, state->looked);
}

static void delivered(struct engine_ask *ask, const struct answer *answer)
{
    struct delivery *delivery = ask->data;
    struct hooks *hooks = delivery->hooks;
    const struct env *env = hooks->options->env;
    for (struct hook_state *state = hooks->list; state; state = state->next)
        if (state->rid == delivery->batch.hook_rid)
            state->busy = false;
    if (answer) {
        struct hook_result *result = &delivery->result;
        result->status = answer->transport == TRANSPORT_OK ? answer->status : 0;
        result->ok = result->status / 100 == 2;
        if (!result->ok)
            result->error = target_redact_words(delivery->arena, answer_words(delivery->arena, answer), NULL);
        result->duration_ms = MAX_OF(env_now(env) - result->sent, (int64_t)0);
        result->wait_ms = backoff_ms(env, delivery->attempts);
        int r = store_write_wait(hooks->options->store, NULL, note_result, result);
        if (r < 0) /* it will be delivered again: at least once is what is promised */
            log_line("event hooks: the outcome of a delivery could not be kept: %s", err_text(r));
    }
    hooks->due = 0;
    delivery_free(delivery);
}

static const char *const *headers_of(struct arena *arena, const char *const *own, const struct hook_batch *batch)
{
    const char **lines = arena_array(arena, HEADERS_MAX, sizeof(*lines));
    size_t count = 0;
    lines[count++] = arena_printf(arena, "X-Muster-Timestamp: %s", batch->stamp);
    lines[count++] = arena_printf(arena, "X-Muster-Signature: v1=%s", batch->signature);
    for (size_t i = 0; own[i] && count < HEADERS_MAX - 1; i++)
        lines[count++] = arena_strdup(arena, own[i]);
    return lines;
}

static int claim(struct tx *tx, const struct hooks *hooks, const struct hook *hook)
{
    int64_t now = 0;
    int r = node_now(tx, &now);
    return r < 0 ? r : hook_claim(tx, hook->rid, hooks->holder, now, now + CLAIM_MS);
}

static int plan_one(struct tx *tx, struct hooks *hooks, const struct hook *hook, struct hook_state *state)
{
    const char *const *own = NULL;
    struct hook_batch batch = {0};
    const char *source = hooks->options->source ? hooks->options->source : "";
    int r = hook_next(tx, hooks->options->keyring, hook, state->looked, source, &batch);
    if (r < 0 || !batch.events) {
        state->looked = r < 0 ? state->looked : MAX_OF(state->looked, batch.last);
        return r;
    }
    r = hooks->claims ? claim(tx, hooks, hook) : 1;
    if (r > 0)
        r = hook_headers(tx, hooks->options->keyring, hook, &own);
    if (r < 0 || !own)
        return r;
    struct arena *arena = arena_new();
    struct delivery *delivery = arena_alloc(arena, sizeof(*delivery));
    *delivery = (struct delivery){.arena = arena, .hooks = hooks, .batch = batch, .attempts = hook->attempts};
    delivery->batch.event_id = arena_strdup(arena, batch.event_id);
    delivery->result = (struct hook_result){.batch = &delivery->batch, .sent = tx_now(tx)};
    delivery->ask = (struct engine_ask){.method = "POST",
                                        .url = arena_strdup(arena, hook->uri),
                                        .headers = headers_of(arena, own, &batch),
                                        .body = arena_strdup(arena, batch.body),
                                        .done = delivered,
                                        .data = delivery};
    for (size_t i = 0; own[i]; i++)
        seal_wipe(own[i]);
    delivery->next = hooks->planned;
    hooks->planned = delivery;
    state->busy = true;
    return 0;
}

static void forget_planned(struct hooks *hooks)
{
    while (hooks->planned) {
        struct delivery *delivery = hooks->planned;
        hooks->planned = delivery->next;
        for (struct hook_state *state = hooks->list; state; state = state->next)
            if (state->rid == delivery->batch.hook_rid)
                state->busy = false;
        delivery_free(delivery);
    }
}

/* A hook that cannot be read (its key is missing) stops no other one. */
static int look(struct tx *tx, void *arg)
{
    struct hooks *hooks = arg;
    struct hook *list = arena_array(tx_arena(tx), LIMIT_HOOKS, sizeof(*list));
    int64_t end = 0;
    forget_planned(hooks); /* of a run that is repeated */
    int count = hook_list(tx, list);
    int r = count < 0 ? count : record_log_end(tx, &end);
    hooks->active = 0;
    for (struct hook_state *state = hooks->list; state; state = state->next)
        state->seen = false;
    for (int i = 0; i < count && r >= 0; i++) {
        if (!list[i].active || !list[i].verified)
            continue;
        struct hook_state *state = state_of(hooks, &list[i]);
        hooks->active++;
        bool due =
            list[i].due <= tx_now(tx) || list[i].due > tx_now(tx) + LIMIT_BACKOFF_MAX_MS * 2; /* clock set back */
        if (due && !state->busy && state->looked < end && plan_one(tx, hooks, &list[i], state) == ERR_TIMEOUT)
            return ERR_TIMEOUT;
    }
    return MIN_OF(r, 0);
}

struct hooks *hooks_free(struct hooks *hooks)
{
    if (hooks)
        forget_planned(hooks);
    while (hooks && hooks->list) {
        struct hook_state *next = hooks->list->next;
        free(hooks->list);
        hooks->list = next;
    }
    free(hooks);
    return NULL;
}

static void forget_unseen(struct hooks *hooks)
{
    for (struct hook_state **at = &hooks->list; *at;) {
        struct hook_state *state = *at;
        if (state->seen || state->busy) {
            at = &state->next;
        } else {
            *at = state->next;
            free(state);
        }
    }
}

int64_t hooks_move(struct hooks *hooks, int64_t now, bool woken)
{
    if (!woken && now < hooks->due)
        return hooks->due;
    hooks->claims = false;
    int r = store_read_wait(hooks->options->store, look, hooks);
    if (r >= 0 && hooks->shared && hooks->planned) {
        hooks->claims = true;
        r = store_write_wait(hooks->options->store, NULL, look, hooks);
    }
    if (r < 0)
        forget_planned(hooks);
    if (r < 0)
        log_line("event hooks: the log cannot be read: %s", err_text(r));
    for (struct hook_state *state = hooks->list; state && r >= 0; state = state->next)
        if (state->seen && !state->busy && state->looked - state->written >= SKIP_EVENTS)
            r = store_write_wait(hooks->options->store, NULL, note_skipped, state);
    while (hooks->planned) {
        struct delivery *delivery = hooks->planned;
        hooks->planned = delivery->next;
        engine_ask(hooks->engine, &delivery->ask);
    }
    forget_unseen(hooks);
    hooks->due = hooks->active || r < 0 ? now + LOOK_MS : hooks->shared ? now + IDLE_LOOK_MS : INT64_MAX;
    return hooks->due;
}
