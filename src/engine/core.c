/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The turn. core_turn() is the whole of it: take answers, expand, plan for each app that is open and has work, note
 * when to look again.
 */
#include "engine/engine.h"
#include "engine/inner.h"

#include "engine/dial.h"
#include "push/drift.h"

#define TURN_ANSWERS 128 /* answers taken in one turn: what waits longer waits for the next */
#define TURN_STEPS 256   /* rows looked at in one turn, over all apps */
#define TURN_CHUNKS 64   /* expansion chunks in one turn, at most; less when they write many rows */
#define TURN_APPS 64     /* apps looked at in one turn */
#define TURN_PAGES 200   /* pages of so many apps, when all of them are other nodes' */
#define PARTS 1000       /* rows for each count of an hour, at most: as many nodes can count beside each other */

/* --- what is in memory ---------------------------------------------------------------------------------------------
 */

struct core *core_new(const struct core_options *options)
{
    struct core *core = NEW(struct core);
    core->options = *options;
    if (core->options.request_ms == 0)
        core->options.request_ms = LIMIT_REQUEST_MS;
    core->self.lease_ms = options->lease_ms;
    (void)snprintf(core->self.name, sizeof(core->self.name), "%s", options->node);
    id_new(options->env, "nod", core->self.instance);
    core->last_app = -1; /* 0 is the work of no app */
    return core;
}

static void flight_free(struct flight *flight)
{
    jval_free(flight->profile);
    answer_free(flight->answer);
    for (size_t i = 0; flight->headers && flight->headers[i]; i++)
        seal_wipe(flight->headers[i]);
    dial_wipe(flight->dial);
    arena_free(flight->arena);
}

static void flights_free(struct flight *list)
{
    while (list) {
        struct flight *next = list->next;
        flight_free(list); /* lives in its own arena */
        list = next;
    }
}

struct core *core_free(struct core *core)
{
    if (!core)
        return NULL;
    flights_free(core->flights);
    flights_free(core->fresh);
    while (core->apps) {
        struct app_state *next = core->apps->next;
        free(core->apps);
        core->apps = next;
    }
    while (core->groups) {
        struct rate_group *next = core->groups->next;
        free(core->groups);
        core->groups = next;
    }
    splits_free(core->splits);
    splits_free(core->splits_committed);
    imports_free(core);
    free(core);
    return NULL;
}

static struct app_state *app_state(struct core *core, int64_t app_rid)
{
    struct app_state **slot = &core->app_slots[(uint64_t)app_rid % CORE_SLOTS];
    for (struct app_state *state = *slot; state; state = state->beside)
        if (state->app_rid == app_rid)
            return state;
    struct app_state *state = NEW(struct app_state);
    state->app_rid = app_rid;
    state->beside = *slot;
    *slot = state;
    state->next = core->apps;
    core->apps = state;
    return state;
}

/* By the object, not the row: a row that was deleted and added again (a mapping off and on) has another rid. */
static bool is_same_object(const struct work *a, const struct work *b)
{
    return a->app_rid == b->app_rid && a->kind == b->kind && a->object_rid == b->object_rid;
}

static bool is_in_flight(const struct core *core, const struct work *work)
{
    for (const struct flight *flight = core->flights; flight; flight = flight->next)
        if (!flight->processed && is_same_object(&flight->work, work))
            return true;
    for (const struct flight *flight = core->fresh; flight; flight = flight->next)
        if (is_same_object(&flight->work, work))
            return true;
    return false;
}

static int in_flight_of_app(const struct core *core, int64_t app_rid)
{
    int count = 0;
    for (const struct flight *flight = core->flights; flight; flight = flight->next)
        count += flight->app_rid == app_rid && !flight->processed;
    for (const struct flight *flight = core->fresh; flight; flight = flight->next)
        count += flight->app_rid == app_rid;
    return count;
}

size_t core_in_flight(const struct core *core)
{
    size_t count = 0;
    for (const struct flight *flight = core->flights; flight; flight = flight->next)
        count++;
    return count;
}

void core_answer(struct core *core, uint64_t number, struct answer *answer)
{
    for (struct flight *flight = core->flights; flight; flight = flight->next)
        if (flight->number == number) {
            assert(!flight->answer);
            flight->answer = answer;
            return;
        }
    answer_free(answer);
}

/* --- the lane of an app --------------------------------------------------------------------------------------------
 */

/* What an administrator told or an earlier process learned of the app's rates; told of two apps, the smaller holds. */
static void load_rates(struct lane *lane)
{
    struct rate_group *group = lane->state->group;
    for (int i = 0; i < RATE_COUNT; i++) {
        const struct trait *trait = &lane->traits.items[TRAIT_RATE_USERS_READ + i];
        struct rate *rate = &group->rates[i];
        bool ours = group->told_by[i] == lane->app.rid;
        if (trait->source == TRAIT_TOLD && !(rate->told && rate_per_minute(rate) == trait->value) &&
            (!rate->told || ours || trait->value < rate_per_minute(rate))) {
            rate_tell(rate, trait->value, lane->now);
            group->told_by[i] = lane->app.rid;
        } else if (trait->source != TRAIT_TOLD && rate->told && ours) {
            rate_tell(rate, 0, lane->now);
            group->told_by[i] = 0;
        } else if (trait->source == TRAIT_LEARNED && rate->phase == RATE_FREE && !rate->with) {
            rate_restore(rate, trait->value, lane->now);
        }
    }
}

static int lane_load(struct tx *tx, struct core *core, int64_t app_rid, struct lane *lane)
{
    *lane = (struct lane){.core = core, .state = app_state(core, app_rid), .takes_away = -1, .now = tx_now(tx)};
    int r = app_by_rid(tx, app_rid, &lane->app);
    if (r == 0)
        r = app_switches_get(tx, app_rid, &lane->switches);
    if (r == 0)
        r = connection_get(tx, app_rid, &lane->connection);
    if (r == 0)
        r = traits_get(tx, app_rid, &lane->traits);
    if (r < 0)
        return r;
    struct app_state *state = lane->state;
    char key[RATE_GROUP_BYTES];
    rate_group_of_connection(&lane->connection, key);
    if (!state->group || strcmp(state->group->key, key) != 0)
        state->group = group_by_key(core, key);
    load_rates(lane);
    if (state->verified != lane->connection.verified) { /* another connection has to prove itself */
        state->verified = lane->connection.verified;
        state->proven = false;
    }
    r = group_hold(tx, core, state->group);
    return r < 0 ? r : r == 0 ? ERR_STALE : 0;
}

/* The lane of an app in this turn: what it reads cannot change within a transaction, so it is read once. */
static int lane_open(struct tx *tx, struct core *core, int64_t app_rid, struct lane **ret)
{
    for (struct lane *lane = core->lanes; lane; lane = lane->next)
        if (lane->app.rid == app_rid) {
            *ret = lane;
            return 0;
        }
    struct lane *lane = arena_alloc(tx_arena(tx), sizeof(*lane));
    int r = lane_load(tx, core, app_rid, lane);
    if (r < 0)
        return r;
    lane->next = core->lanes;
    core->lanes = lane;
    *ret = lane;
    return 0;
}

static int64_t lane_timeout_ms(const struct lane *lane)
{
    const struct trait *seconds = &lane->traits.items[TRAIT_SECONDS];
    return seconds->source ? seconds->value * 1000 : lane->core->options.request_ms;
}

/* A flight of its own memory, since it outlives the transaction. */
static struct flight *flight_new(struct lane *lane, const struct work *work, const struct target_request *request,
                                 const struct flight *details)
{
    struct arena *arena = arena_new();
    struct flight *flight = arena_alloc(arena, sizeof(*flight));
    *flight = *details;
    flight->arena = arena;
    flight->number = ++lane->core->last_number;
    flight->app_rid = lane->app.rid;
    flight->group = lane->state->group;
    flight->epoch = group_epoch(flight->group);
    flight->work = *work;
    flight->work.error = NULL;
    flight->work.error_class = arena_strdup(arena, work->error_class);
    flight->kind = request->kind;
    flight->shape = request->shape;
    flight->method = arena_strdup(arena, request->method);
    flight->path = arena_strdup(arena, request->path);
    flight->url = target_url(arena, lane->connection.base_url, request->path);
    flight->body = arena_strdup(arena, request->body);
    flight->allow_plain_http = lane->connection.allow_plain_http;
    flight->dial = dial_copy(arena, lane->dial);
    flight->credential = lane->connection.version;
    flight->name = arena_strdup(arena, details->name);
    flight->person = arena_strdup(arena, details->person);
    flight->dialect = lane->switches.dialect;
    flight->sent = lane->now;
    flight->timeout_ms = lane_timeout_ms(lane);
    const char **headers = arena_array(arena, 2, sizeof(*headers));
    headers[0] = arena_strdup(arena, lane->headers[0]);
    flight->headers = headers;
    flight->members = arena_array(arena, details->member_count + 1, sizeof(*flight->members));
    for (size_t i = 0; i < details->member_count; i++) {
        flight->members[i] = details->members[i];
        flight->members[i].external_id = arena_strdup(arena, details->members[i].external_id);
    }
    return flight;
}

void look_again(struct core *core, int64_t due)
{
    if (core->due == 0 || due < core->due)
        core->due = due;
}

int rate_of(enum request_kind kind)
{
    switch (kind) {
    case REQUEST_FIND_USER:
    case REQUEST_READ_USER:
    case REQUEST_LIST_USERS:
    case REQUEST_PROBE:
        return 0;
    case REQUEST_CREATE_USER:
    case REQUEST_UPDATE_USER:
        return 1;
    case REQUEST_FIND_GROUP:
    case REQUEST_READ_GROUP:
    case REQUEST_LIST_GROUPS:
        return 2;
    case REQUEST_CREATE_GROUP:
    case REQUEST_RENAME_GROUP:
    case REQUEST_MEMBERS:
    case REQUEST_DELETE_GROUP:
    default:
        return 3;
    }
}

/* The pace of what the request asks for. */
static struct rate *rate_of_lane(const struct lane *lane, enum request_kind kind)
{
    return rates_find(lane->state->group->rates, rate_of(kind));
}

/* Of the create that may follow a look-up. */
static struct rate *rate_of_create(const struct lane *lane, enum request_kind find)
{
    return rates_find(lane->state->group->rates, rate_of(find) + 1);
}

static bool is_find(enum request_kind kind)
{
    return kind == REQUEST_FIND_USER || kind == REQUEST_FIND_GROUP;
}

static bool is_create(enum request_kind kind)
{
    return kind == REQUEST_CREATE_USER || kind == REQUEST_CREATE_GROUP;
}

/* It takes the place of a write that may follow it as well. */
static bool leads(enum request_kind kind, bool rewrite)
{
    return is_find(kind) || (rewrite && !request_is_write(kind));
}

static bool follows(enum request_kind kind, bool rewrite)
{
    return is_create(kind) || (rewrite && request_is_write(kind));
}

/*
 * May it be sent at the app's pace? A create is not held back, since it follows a look-up that would be lost: the
 * look-up takes the place of both; likewise with what was read to be written back. When not, `*ret_when` says when.
 */
static bool takes_its_turn(struct lane *lane, enum request_kind kind, bool rewrite, int64_t *ret_when)
{
    struct rate *rate = rate_of_lane(lane, kind);
    struct rate *after = leads(kind, rewrite) ? rate_of_create(lane, kind) : NULL;
    if (follows(kind, rewrite))
        return true;
    *ret_when = rate_when(rate, lane->now);
    if (after)
        *ret_when = MAX_OF(*ret_when, rate_when(after, lane->now));
    if (*ret_when > lane->now)
        return false;
    rate_sent(rate, lane->now);
    if (after)
        rate_sent(after, lane->now);
    return true;
}

/* Requests of this pace that are out, of all apps that share it, without an answer yet. */
static int out_of(const struct lane *lane, int which)
{
    struct rate *rates = lane->state->group->rates;
    const struct rate *rate = rates_find(rates, which);
    int out = 0;
    for (const struct flight *flight = lane->core->flights; flight; flight = flight->next)
        out +=
            flight->group == lane->state->group && !flight->answer && rates_find(rates, rate_of(flight->kind)) == rate;
    return out;
}

/* What was learned of those that share the limit of `which`: each is told an equal part of it. */
static int note_learned(struct tx *tx, const struct lane *lane, int which)
{
    struct rate *rates = lane->state->group->rates;
    const struct rate *rate = rates_find(rates, which);
    int64_t part = rate_per_minute(rate) / rates_sharing(rates, which);
    int r = 0;
    for (int i = 0; r == 0 && i < RATE_COUNT; i++)
        if (rates_find(rates, i) == rate)
            r = trait_set(tx, lane->app.rid, (enum trait_kind)(TRAIT_RATE_USERS_READ + i), MAX_OF(part, (int64_t)1),
                          TRAIT_LEARNED);
    return r;
}

/* A 429. Who shared the limit until now, and no longer does, is free: what was learned of him is forgotten. */
static bool note_limit(struct tx *tx, const struct lane *lane, const struct flight *flight, int *ret_error)
{
    struct rate *rates = lane->state->group->rates;
    int which = rate_of(flight->kind);
    bool shared[RATE_COUNT];
    for (int i = 0; i < RATE_COUNT; i++)
        shared[i] = rates_find(rates, i) == rates_find(rates, which);
    bool learned = rates_limited(rates, which, lane->now, flight->sent, flight->answer->retry_after_ms);
    for (int i = 0; i < RATE_COUNT && *ret_error == 0; i++)
        if (shared[i] && rates_find(rates, i) != rates_find(rates, which))
            *ret_error = trait_set(tx, flight->app_rid, (enum trait_kind)(TRAIT_RATE_USERS_READ + i), 0, TRAIT_UNKNOWN);
    return learned;
}

/* The place of a request whose answer says nothing of the pace. That of a create belongs to the look-up before it. */
static void give_place_back(const struct flight *flight, bool sent)
{
    struct rate *rates = flight->group->rates;
    struct rate *rate = rates_find(rates, rate_of(flight->kind));
    if (follows(flight->kind, flight->rewrite) && !sent)
        return;
    rate_returned(rate, sent);
    if (leads(flight->kind, flight->rewrite))
        rate_returned(rates_find(rates, rate_of(flight->kind) + 1), false);
}

/* What an answer says of the app's pace. */
static int note_rate(struct tx *tx, struct lane *lane, const struct flight *flight, enum error_class class)
{
    int which = rate_of(flight->kind);
    struct rate *rate = rate_of_lane(lane, flight->kind);
    bool learned = false;
    bool first = class == ERROR_RATE_LIMITED && rate->phase == RATE_FREE;
    int r = 0;
    if (flight->group != lane->state->group) { /* another credential has a pace of its own */
        give_place_back(flight, true);
        return 0;
    }
    if (class == ERROR_RATE_LIMITED)
        learned = note_limit(tx, lane, flight, &r);
    else if (flight->answer->transport == TRANSPORT_OK)
        learned = rate_accepted(rate, lane->now);
    else
        rate_returned(rate, true);
    rate = rate_of_lane(lane, flight->kind);
    rate_remaining(rate, lane->now, flight->answer->rate_remaining, flight->answer->reset_ms, out_of(lane, which));
    if (r == 0 && first)
        r = rate_limit_began(tx, flight->app_rid, answer_words(tx_arena(tx), flight->answer));
    return r < 0 || !learned || rate_per_minute(rate) == 0 ? r : note_learned(tx, lane, which);
}

static int add_intent(struct tx *tx, const struct lane *lane, const struct work *work, enum request_kind kind,
                      const char *detail, int64_t *ret_rid)
{
    struct intent intent = {.epoch = group_epoch(lane->state->group), .detail = detail, .node = lane->core->self.name};
    int r = node_now(tx, &intent.deadline);
    intent.deadline += lane_timeout_ms(lane) + ARRIVES_MS;
    return r < 0 ? r : intent_add(tx, work, kind, &intent, ret_rid);
}

int lane_await_intent(struct tx *tx, struct lane *lane, const struct work *work, const struct intent *intent)
{
    const struct node *self = &lane->core->self;
    int64_t now = 0;
    if (self->lease_ms == 0 || !intent->node || strcmp(intent->node, self->name) == 0)
        return STEP_DONE;
    int r = node_now(tx, &now);
    if (r < 0 || intent->deadline <= now)
        return r < 0 ? r : STEP_DONE;
    r = work_defer(tx, work->rid, lane->now + (intent->deadline - now));
    return r < 0 ? r : STEP_WAIT;
}

int lane_request(struct tx *tx, struct lane *lane, const struct work *work, const struct target_request *request,
                 const struct flight *details)
{
    struct jval *profile = details->profile;         /* taken over, also on failure */
    int open = app_is_open(tx, lane->app.rid, NULL); /* an answer may lead to a request after the app was closed */
    if (open <= 0) {
        jval_free(profile);
        int r = open < 0 ? open : work_defer(tx, work->rid, lane->now);
        return r < 0 ? r : STEP_WAIT;
    }
    int64_t overdue = lane->now + 2 * lane_timeout_ms(lane);
    int64_t intent_rid = 0;
    int64_t when = 0;
    if (!takes_its_turn(lane, request->kind, details->rewrite, &when)) {
        jval_free(profile);
        look_again(lane->core, when);
        return STEP_GATED;
    }
    int r = lane_headers(tx, lane);
    if (r == 0 && request_is_write(request->kind))
        r = add_intent(tx, lane, work, request->kind, intent_detail(tx, request->kind, details), &intent_rid);
    if (r == 0)
        r = work_defer(tx, work->rid, overdue);
    if (r < 0) {
        jval_free(profile);
        return r;
    }
    struct flight *flight = flight_new(lane, work, request, details);
    flight->intent_rid = intent_rid;
    flight->next = lane->core->fresh;
    lane->core->fresh = flight;
    return STEP_REQUEST;
}

int lane_hold(struct tx *tx, const struct work *work, const char *why)
{
    int r = work_fail(
        tx, work,
        &(struct work_failure){
            .error_class = error_class_name(ERROR_HELD), .error = why, .words = why, .due = tx_now(tx), .held = true});
    return r < 0 ? r : STEP_WAIT;
}

int64_t intent_asked(const struct lane *lane, const struct intent *intent)
{
    return intent->deadline - ARRIVES_MS - lane_timeout_ms(lane);
}

int lane_wait(struct tx *tx, const struct work *work, int64_t due)
{
    int r = work_defer(tx, work->rid, due);
    return r < 0 ? r : STEP_WAIT;
}

/* --- answers -------------------------------------------------------------------------------------------------------
 */

/* The bodies as they are, while an administrator wants them. */
static int capture_in_full(struct tx *tx, const struct flight *flight, struct attempt *attempt)
{
    struct capture capture;
    int on = record_capture_get(tx, flight->app_rid, &capture);
    if (on <= 0)
        return on;
    attempt->captured = true;
    attempt->path = flight->path;
    attempt->full_request = target_body_shown(tx_arena(tx), flight->body, LIMIT_CAPTURE_BODY_BYTES);
    attempt->full_answer = target_answer_shown(tx_arena(tx), flight->answer);
    return 0;
}

/* For those who look at how it goes. Being asked to call less often is no failure. */
static void count_answer(struct tx *tx, const struct flight *flight, enum error_class class)
{
    if (flight->work.kind == WORK_IMPORT || class == ERROR_RATE_LIMITED)
        return;
    if (class != ERROR_NONE)
        record_activity(tx, ACTIVITY_FAILED);
    else if (request_is_write(flight->kind))
        record_activity(tx, ACTIVITY_PUSHED);
}

/* An object was asked for and is as it should be. */
static void count_done(struct tx *tx, const struct core *core, const struct work *work)
{
    int64_t at = work->kind == WORK_IMPORT ? -1 : seen_at(&core->seen, work->since);
    if (at >= 0)
        record_delay(tx, MAX_OF(tx_now(tx) - at, (int64_t)0));
}

static int journal(struct tx *tx, const struct flight *flight, enum error_class class)
{
    const struct answer *answer = flight->answer;
    struct arena *arena = tx_arena(tx);
    if (flight->work.kind == WORK_IMPORT && class == ERROR_NONE)
        return 0; /* a thousand pages would push out what matters: the run counts them */
    count_answer(tx, flight, class);
    struct attempt attempt = {.app_rid = flight->app_rid,
                              .work_kind = flight->work.kind,
                              .object_rid = flight->work.object_rid,
                              .method = flight->method,
                              .path = target_redact_path(arena, flight->path),
                              .request = flight->body ? target_redact(arena, flight->body, strlen(flight->body)) : NULL,
                              .status = answer->status,
                              .answer = class == ERROR_NONE ? NULL : target_redact_answer(arena, answer),
                              .error_class = error_class_name(class),
                              .sent = flight->sent,
                              .duration_ms = MAX_OF(tx_now(tx) - flight->sent, (int64_t)0),
                              .person = flight->person};
    int r = capture_in_full(tx, flight, &attempt);
    return r < 0 ? r : record_attempt(tx, &attempt);
}

/* A part of a turn that concerns one object. */
struct part {
    struct lane *lane;
    const struct work *work;
    struct flight *flight; /* its answer, or NULL: the object is looked at */
};

static int run_part(struct tx *tx, void *arg)
{
    const struct part *part = arg;
    bool account = part->work->kind == WORK_ACCOUNT;
    if (part->work->kind == WORK_IMPORT)
        return part->flight ? import_answer(tx, part->lane, part->flight) : import_step(tx, part->lane, part->work);
    if (part->flight)
        return account ? account_answer(tx, part->lane, part->flight) : group_answer(tx, part->lane, part->flight);
    return account ? account_step(tx, part->lane, part->work, false) : group_step(tx, part->lane, part->work);
}

bool is_of_store(int error)
{
    return error == ERR_IO || error == ERR_BUSY || error == ERR_TIMEOUT || error == ERR_NOMEM || error == ERR_STALE ||
           error == ERR_UNAVAILABLE;
}

static void forget_fresh(struct core *core, const struct flight *until)
{
    while (core->fresh != until) {
        struct flight *flight = core->fresh;
        core->fresh = flight->next;
        give_place_back(flight, false);
        flight_free(flight);
    }
}

/*
 * Runs a part so that what is wrong with one object stops nobody else (invariant 5): what it wrote is taken back, and
 * it is held. Errors of the store itself concern the whole turn.
 */
static int try_part(struct tx *tx, struct part *part)
{
    struct core *core = part->lane->core;
    const struct flight *fresh = core->fresh;
    int r = tx_try(tx, run_part, part);
    if (r >= 0 || is_of_store(r))
        return r;
    forget_fresh(core, fresh);
    const char *text = arena_printf(tx_arena(tx), "%s (%s)", error_class_words(ERROR_INTERNAL), err_text(r));
    struct work now = {0};
    int found = work_find(tx, part->work->app_rid, part->work->kind, part->work->object_rid, &now);
    if (found <= 0)
        return found < 0 ? found : STEP_WAIT;
    r = work_fail(tx, &now,
                  &(struct work_failure){
                      .error_class = error_class_name(ERROR_INTERNAL), .error = text, .due = tx_now(tx), .held = true});
    return r < 0 ? r : STEP_WAIT;
}

static int step(struct tx *tx, struct lane *lane, const struct work *work)
{
    struct part part = {.lane = lane, .work = work};
    int r = try_part(tx, &part);
    if (r != STEP_DONE)
        return r;
    int done = work_done(tx, work->rid, work->version);
    if (done == 0) /* it changed meanwhile: due again, with its newer version */
        lane->core->more = true;
    return done < 0 ? done : STEP_DONE;
}

/* The row may have been deleted or renewed while the request was out. */
static int step_after_answer(struct tx *tx, struct lane *lane, const struct flight *flight)
{
    struct work work = {0};
    int r = work_find(tx, flight->app_rid, flight->work.kind, flight->work.object_rid, &work);
    if (r <= 0)
        return r;
    const char *why = NULL;
    int open = app_is_open(tx, flight->app_rid, &why);
    if (open < 0)
        return open;
    bool of_now = work.version == tx_change_number_taken(tx); /* see next_row() */
    lane->core->more |= of_now;
    if (!open || of_now || lane->state->blocked_until > lane->now || lane->state->group->give_back) {
        r = work_defer(tx, work.rid, lane->now);
        return r < 0 ? r : STEP_WAIT;
    }
    r = step(tx, lane, &work);
    if (r == STEP_DONE)
        count_done(tx, lane->core, &work);
    if (r != STEP_GATED)
        return r;
    r = work_defer(tx, work.rid, lane->now); /* it was put off until its answer was overdue */
    return r < 0 ? r : STEP_WAIT;
}

/* Quarantine, as everybody can see it. How long the app is left alone is for it to say, or grows. */
static int note_health(struct tx *tx, const struct lane *lane, struct flight *flight, enum error_class class)
{
    const struct app_state *state = lane->state;
    if (class != ERROR_NONE && error_class_scope(class) == ERROR_SCOPE_APP) {
        int64_t told = flight->answer->retry_after_ms;
        flight->app_wait = told >= 0 ? MIN_OF(told, (int64_t)LIMIT_RETRY_AFTER_MS)
                                     : backoff_ms(lane->core->options.env, state->failures);
        return quarantine_fail(tx, flight->app_rid, class, answer_words(tx_arena(tx), flight->answer),
                               lane->now + flight->app_wait);
    }
    bool may_be = state->failures > 0 || !state->proven;
    return may_be && flight->answer->transport == TRANSPORT_OK ? quarantine_lift(tx, flight->app_rid) : 0;
}

/* What an answer is taken over by, in parts: what was read, or who was asked for. */
static size_t answer_length(const struct flight *flight)
{
    const struct answer *answer = flight->answer;
    if (flight->kind == REQUEST_MEMBERS)
        return flight->member_count;
    return answer->shape == ANSWER_MEMBERS ? answer->member_count : answer->found_count;
}

static int end_part(struct tx *tx)
{
    tx_continue(tx, 0);
    tx_set_urgency(tx, 0);
    return 0;
}

/*
 * The lane of an answer: 1; 0 when the app is gone, or was somebody else's meanwhile. The lease under which the request
 * was handed out counts, which is not always that of the lane: another credential makes another rate group, and what
 * was asked with the one before is answered all the same.
 */
static int lane_of_answer(struct tx *tx, struct core *core, const struct flight *flight, struct lane **ret)
{
    int r = lane_open(tx, core, flight->app_rid, ret);
    if (r == ERR_NOT_FOUND || r == ERR_STALE)
        return 0;
    if (r == 0)
        r = flight->group == (*ret)->state->group ? 1 : group_hold(tx, core, flight->group);
    return r <= 0 ? r : group_epoch(flight->group) == flight->epoch;
}

static int take_answer(struct tx *tx, struct core *core, struct flight *flight)
{
    struct lane *lane = NULL;
    int r = lane_of_answer(tx, core, flight, &lane);
    if (r == 0) {
        give_place_back(flight, true);
        flight->processed = true;
        return 0;
    }
    if (r < 0)
        return r;
    r = 0;
    tx_continue(tx, flight->work.since);
    tx_set_urgency(tx, (int)flight->work.class);
    enum error_class class = answer_judge(flight->answer, flight->kind);
    if (flight->read_offset == 0)
        r = journal(tx, flight, class);
    if (r == 0 && flight->read_offset == 0)
        r = note_rate(tx, lane, flight, class);
    if (r == 0 && flight->read_offset == 0)
        r = lane_credential_answer(tx, lane, flight, class);
    if (r > 0) {
        flight->processed = flight->passed_over = true;
        return end_part(tx);
    }
    struct part part = {.lane = lane, .work = &flight->work, .flight = flight};
    if (r == 0)
        r = try_part(tx, &part);
    if (r < 0)
        return r;
    bool same_pace = flight->group == lane->state->group;
    if (same_pace && is_find(flight->kind) && r != STEP_REQUEST) /* no create followed: its place is free again */
        rate_returned(rate_of_create(lane, flight->kind), false);
    if (flight->read_offset_next > flight->read_offset && r == STEP_WAIT &&
        flight->read_offset_next < answer_length(flight)) {
        core->more = true; /* a long list: its next part in the next turn */
        return 0;
    }
    flight->processed = true;
    int noted = note_health(tx, lane, flight, class);
    if (noted < 0)
        return noted;
    if (class != ERROR_NONE && error_class_scope(class) == ERROR_SCOPE_APP)
        flight->app_error = class;
    if (r == STEP_DONE && !core->closed)
        r = step_after_answer(tx, lane, flight);
    (void)end_part(tx);
    return r < 0 ? r : 0;
}

static int take_answers(struct tx *tx, struct core *core)
{
    int taken = 0;
    for (struct flight *flight = core->flights; flight; flight = flight->next) {
        if (!flight->answer)
            continue;
        if (taken == TURN_ANSWERS || (taken > 0 && turn_is_long(core))) {
            core->more = true;
            return 0;
        }
        taken++;
        int r = take_answer(tx, core, flight);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- planning ------------------------------------------------------------------------------------------------------
 */

int engine_expand(struct tx *tx, struct work *work)
{
    tx_continue(tx, work->since);
    int r = work->kind < WORK_EXPAND_MAPPING ? app_expand(tx, work) : push_expand(tx, work);
    if (work->kind != WORK_EXPAND_USER_PUSHES) /* which counts for itself */
        (void)tx_spend(tx, LIMIT_EXPAND_ROWS / 2);
    bool more = r > 0;
    if (r == 0)
        r = work_done(tx, work->rid, work->version);
    tx_continue(tx, 0);
    return r < 0 ? r : more;
}

/* Expansions ask no app: they go on whether it is open or not. */
static int expand_some(struct tx *tx, struct core *core, int64_t app_rid, int *chunks)
{
    for (int lane = LANE_EXPAND_URGENT; lane <= LANE_EXPAND_BULK && *chunks > 0; lane++) {
        struct work *work = arena_array(tx_arena(tx), TURN_CHUNKS, sizeof(*work));
        int limit = *chunks;
        int count = work_due_lane(tx, app_rid, (enum work_lane)lane, tx_now(tx), work, limit);
        if (count < 0)
            return count;
        for (int i = 0; i < count; i++) {
            core->more = true;
            if (tx_spend(tx, 0) >= LIMIT_EXPAND_ROWS || (*chunks < TURN_CHUNKS && turn_is_long(core)))
                return 0;
            (*chunks)--;
            int r = engine_expand(tx, &work[i]);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

#define REQUEST_LANES 4 /* LANE_URGENT to LANE_BULK_GROUPS */

/* Urgent first, but every fourth slot goes to what is fresh and every eighth to what is bulk. */
static void lane_order(uint32_t grant, enum work_lane ret_order[REQUEST_LANES])
{
    static const enum work_lane orders[3][REQUEST_LANES] = {
        {LANE_URGENT, LANE_FRESH, LANE_BULK_ACCOUNTS, LANE_BULK_GROUPS},
        {LANE_FRESH, LANE_URGENT, LANE_BULK_ACCOUNTS, LANE_BULK_GROUPS},
        {LANE_BULK_ACCOUNTS, LANE_BULK_GROUPS, LANE_URGENT, LANE_FRESH},
    };
    int order = grant % 8 == 7 ? 2 : grant % 4 == 2 ? 1 : 0;
    memcpy(ret_order, orders[order], sizeof(orders[order]));
}

struct due_rows {
    struct work *rows[REQUEST_LANES];
    int count[REQUEST_LANES];
    int next[REQUEST_LANES];
    bool gated[WORK_IMPORT + 1]; /* accounts, groups, imports: held back by the app's pace in this turn */
};

static int load_due(struct tx *tx, const struct lane *lane, int limit, struct due_rows *ret)
{
    *ret = (struct due_rows){0};
    for (int i = 0; i < REQUEST_LANES; i++) {
        ret->rows[i] = arena_array(tx_arena(tx), (size_t)limit, sizeof(*ret->rows[i]));
        ret->count[i] = work_due_lane(tx, lane->app.rid, (enum work_lane)i, lane->now, ret->rows[i], limit);
        if (ret->count[i] < 0)
            return ret->count[i];
    }
    return 0;
}

/*
 * A row whose cause is of this very transaction (an expansion) waits for the next turn: the rooms react to changes at
 * the end of the job, and only then are the memberships of somebody who leaves known to be due.
 */
static const struct work *next_row(const struct tx *tx, struct lane *lane, struct due_rows *due)
{
    int64_t of_now = tx_change_number_taken(tx);
    enum work_lane order[REQUEST_LANES];
    lane_order(lane->state->grants, order);
    for (int i = 0; i < REQUEST_LANES; i++) {
        int from = (int)order[i];
        while (due->next[from] < due->count[from]) {
            const struct work *work = &due->rows[from][due->next[from]++];
            if (of_now && work->version == of_now) {
                lane->core->more = true;
                continue;
            }
            if (!due->gated[work->kind] && !is_in_flight(lane->core, work))
                return work;
        }
    }
    return NULL;
}

static int plan_app(struct tx *tx, struct lane *lane, int slots, int *steps)
{
    struct due_rows due;
    int busy = in_flight_of_app(lane->core, lane->app.rid);
    int limit = slots + busy;
    int r = load_due(tx, lane, limit, &due);
    const struct work *work = NULL;
    while (r >= 0 && slots > 0 && *steps > 0 && (work = next_row(tx, lane, &due))) {
        if (*steps < TURN_STEPS && turn_is_long(lane->core)) /* one step at least: it gets on */
            break;
        (*steps)--;
        tx_continue(tx, work->since);
        r = step(tx, lane, work);
        tx_continue(tx, 0);
        if (r == STEP_GATED)
            due.gated[work->kind] = true;
        if (r == STEP_REQUEST) {
            slots--;
            lane->state->grants++;
        }
    }
    if (r >= 0 && slots > 0 && work) /* the budget of the turn is used up, not the work */
        lane->core->more = true;
    bool gated = due.gated[WORK_ACCOUNT] || due.gated[WORK_GROUP] || due.gated[WORK_IMPORT];
    for (int i = 0; r >= 0 && slots > 0 && !gated && i < REQUEST_LANES; i++)
        if (due.count[i] == limit) /* rows that need nothing may hide others behind them */
            lane->core->more = true;
    return r < 0 ? r : 0;
}

static int free_slots(const struct core *core, const struct app_state *state)
{
    int most = state->failures > 0 || !state->proven ? 1 : LIMIT_APP_IN_FLIGHT;
    int of_all = LIMIT_IN_FLIGHT;
    for (const struct flight *flight = core->flights; flight; flight = flight->next)
        of_all -= !flight->processed;
    for (const struct flight *flight = core->fresh; flight; flight = flight->next)
        of_all--;
    return MIN_OF(most - in_flight_of_app(core, state->app_rid), of_all);
}

/* An administrator asked for a retry, or mended the connection, after the app was blocked: try at once. */
static bool asked_since(struct tx *tx, const struct app_state *state)
{
    int64_t asked = 0;
    return lease_retry_asked(tx, state->app_rid, &asked) > 0 && asked > state->blocked_at;
}

/* An answer of this turn said that nothing gets through: the block follows when the turn is committed. */
static bool fails_now(const struct core *core, int64_t app_rid)
{
    for (const struct flight *flight = core->flights; flight; flight = flight->next)
        if (flight->app_rid == app_rid && flight->app_error != ERROR_NONE)
            return true;
    return false;
}

/* One app with due rows: closed and blocked ones keep them. */
static int visit_app(struct tx *tx, struct core *core, int64_t app_rid, int *steps)
{
    struct app_state *state = app_state(core, app_rid);
    int open = app_is_open(tx, app_rid, NULL);
    if (open <= 0) {
        openings_end(&state->open, tx_now(tx));
        return open;
    }
    if (state->blocked_until > tx_now(tx) && !asked_since(tx, state)) {
        openings_end(&state->open, tx_now(tx));
        look_again(core, state->blocked_until);
        return 0;
    }
    openings_begin(&state->open, tx_now(tx));
    int slots = free_slots(core, state);
    if (slots <= 0 || fails_now(core, app_rid))
        return 0;
    struct lane *lane = NULL;
    int r = lane_open(tx, core, app_rid, &lane);
    if (r == ERR_NOT_FOUND || r == ERR_STALE) /* gone, or another node's: nothing is sent until we hold it again */
        return 0;
    return r < 0 ? r : plan_app(tx, lane, slots, steps);
}

static int start_scheduled(struct tx *tx, struct core *core)
{
    int64_t next = 0;
    int64_t next_scan = 0;
    int started = import_schedule_run(tx, &next);
    int scans = started < 0 ? started : drift_schedule_run(tx, &next_scan);
    if (next)
        look_again(core, next);
    if (next_scan)
        look_again(core, next_scan);
    core->more |= started > 0 || scans > 0;
    return MIN_OF(scans, 0);
}

/* Looks at the apps of a page that are this node's. 1: there were some. */
static int plan_page(struct tx *tx, struct core *core, const int64_t *apps, int count, int *steps, int *chunks)
{
    bool any = false;
    for (int i = 0; i < count; i++) {
        struct app_state *state = app_state(core, apps[i]);
        int r = app_hold(tx, core, state);
        if (r == 0)
            continue;
        any = true;
        if (r > 0)
            r = expand_some(tx, core, apps[i], chunks);
        if (r == 0 && apps[i])
            r = visit_app(tx, core, apps[i], steps);
        if (r < 0)
            return r;
    }
    return any;
}

static int plan(struct tx *tx, struct core *core)
{
    int64_t apps[TURN_APPS];
    int steps = TURN_STEPS;
    int chunks = TURN_CHUNKS;
    for (int pages = 0; pages < TURN_PAGES; pages++) {
        int count = work_apps_due(tx, tx_now(tx), core->last_app, apps, TURN_APPS);
        if (count < 0)
            return count;
        core->last_app = count == TURN_APPS ? apps[count - 1] : -1;
        int r = plan_page(tx, core, apps, count, &steps, &chunks);
        if (r < 0)
            return r;
        if (count < TURN_APPS)
            break;
        if (r > 0) {
            core->more = true;
            break;
        }
    }
    int64_t due = 0;
    int r = work_next_due_after(tx, tx_now(tx), &due);
    if (r > 0)
        look_again(core, due);
    return r < 0 ? r : start_scheduled(tx, core);
}

/* The clock was set back: what is in memory is meant from now on by the new time, or an app would wait for so long. */
static void shift_times(struct core *core, int64_t by)
{
    for (struct app_state *state = core->apps; state; state = state->next) {
        state->blocked_until += by;
        state->blocked_at += by;
        state->answered_at += by;
        openings_shift(&state->open, by);
    }
    for (struct rate_group *group = core->groups; group; group = group->next)
        for (int i = 0; i < RATE_COUNT; i++) {
            rate_shift(&group->rates[i], by);
            rate_shift(&group->rates_committed[i], by);
        }
    for (struct flight *flight = core->flights; flight; flight = flight->next)
        flight->sent += by;
}

/* Credentials and certificates that end soon, and credentials that were replaced. */
static int look_at_connections(struct tx *tx, struct core *core)
{
    int64_t next = 0;
    int r = connection_tick(tx, &next);
    if (next)
        look_again(core, MAX_OF(next, tx_now(tx)));
    return r;
}

/* Members that were set aside for a while. */
static int look_at_isolated(struct tx *tx, struct core *core)
{
    int64_t next = 0;
    int r = members_again_tick(tx, &next);
    if (next)
        look_again(core, next);
    core->more |= r > 0;
    return r;
}

static int look_at_changes(struct tx *tx, struct core *core)
{
    int64_t number = 0;
    int r = tx_change_latest(tx, &number);
    if (r == 0)
        seen_note(&core->seen, number, tx_now(tx));
    return r;
}

/* Which of the nodes counts: one that shares it with another is only slowed down. */
static int part_of(const struct core *core)
{
    unsigned hash = 0;
    for (const char *c = core->self.name; *c; c++)
        hash = hash * 31 + (unsigned char)*c;
    return (int)(hash % PARTS);
}

int core_turn(struct tx *tx, void *data)
{
    struct core *core = data;
    if (tx_now(tx) < core->turned_at)
        shift_times(core, tx_now(tx) - core->turned_at);
    core->turned_at = tx_now(tx);
    core_rolled_back(core); /* what an earlier run of this job left in memory */
    core->turn_steady = env_steady(core->options.env);
    int r = core->closed ? 0 : groups_keep(tx, core);
    if (r == 0)
        r = look_at_changes(tx, core);
    if (r == 0)
        r = take_answers(tx, core);
    if (r >= 0 && !core->closed)
        r = deletion_tick(tx);
    if (r >= 0 && !core->closed)
        r = look_at_isolated(tx, core);
    if (r >= 0 && !core->closed)
        r = look_at_connections(tx, core);
    if (r >= 0 && !core->closed)
        r = plan(tx, core);
    return r < 0 ? r : record_activity_write(tx, part_of(core));
}

void core_stop(struct core *core)
{
    core->closed = true;
}

/* --- after the turn ------------------------------------------------------------------------------------------------
 */

void core_rolled_back(struct core *core)
{
    flights_free(core->fresh);
    core->fresh = NULL;
    core->due = 0;
    core->more = false;
    core->lanes = NULL; /* in the arena of the transaction */
    core->splits = splits_free(core->splits);
    core->splits = splits_copy(core->splits_committed);
    imports_rolled_back(core);
    for (struct flight *flight = core->flights; flight; flight = flight->next) {
        flight->processed = flight->passed_over = false;
        flight->app_error = ERROR_NONE;
        flight->read_offset_next = flight->read_offset;
    }
    groups_rolled_back(core);
}

/* Errors of the whole app block it; anything that got through lifts the block. */
static void settle_app(struct core *core, const struct flight *flight, int64_t now)
{
    struct app_state *state = app_state(core, flight->app_rid);
    if (flight->passed_over) {
        state->proven = false;
        return;
    }
    if (flight->app_error == ERROR_NONE) {
        if (flight->answer->transport == TRANSPORT_OK) {
            core->more |= state->failures > 0 || !state->proven; /* the turn let one through at a time: now the rest */
            state->failures = 0;
            state->proven = true;
            state->blocked_until = 0;
            state->answered_at = now;
        }
        return;
    }
    /* Since it was asked it took nothing: an app that is away is not open while it is probed. */
    openings_end(&state->open, MAX_OF(flight->sent, state->answered_at));
    if (state->blocked_until < now + flight->app_wait)
        state->blocked_until = now + flight->app_wait;
    if (state->failures == 0 || state->blocked_at != now) /* those that were out together failed once */
        state->failures++;
    state->blocked_at = now;
}

struct flight *core_committed(struct core *core, int64_t *ret_due)
{
    int64_t now = env_now(core->options.env);
    core->lanes = NULL;
    core->splits_committed = splits_free(core->splits_committed);
    core->splits_committed = splits_copy(core->splits);
    imports_committed(core);
    struct flight **at = &core->flights;
    while (*at) {
        struct flight *flight = *at;
        flight->read_offset = flight->read_offset_next;
        if (!flight->processed) {
            at = &flight->next;
            continue;
        }
        if (flight->answer)
            settle_app(core, flight, now);
        *at = flight->next;
        flight_free(flight);
    }
    groups_committed(core);
    struct flight *handed_out = core->fresh;
    while (*at) /* the end of the list */
        at = &(*at)->next;
    *at = handed_out;
    core->fresh = NULL;
    if (core->self.lease_ms)
        look_again(core, now + MAX_OF(core->keep_at - core->turn_steady, (int64_t)0));
    *ret_due = core->more ? 0 : core->due ? core->due : now + LIMIT_BACKOFF_MAX_MS;
    return handed_out;
}

void core_withdraw(struct core *core, uint64_t number)
{
    for (struct flight **at = &core->flights; *at; at = &(*at)->next)
        if ((*at)->number == number) {
            struct flight *flight = *at;
            *at = flight->next;
            flight_free(flight);
            return;
        }
}
