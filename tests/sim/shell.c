/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other shell of the core: what src/engine/shell.c does with sockets, this does with a list of requests and chance.
 * A request reaches its target some time after it was handed out and is answered some time after that, so that answers
 * come in any order. The process may die at every point that crash_here() names.
 */
#include "sim.h"

#include "base/limits.h"

#define TURN_RETRY_MS 1000 /* as in the product's shell, when a turn was rolled back */
#define TURNS_AT_REST_MAX 2000

static int64_t latency(struct sim *sim)
{
    int64_t ms = sim->latency_min + chance_below(&sim->net, sim->latency_span + 1);
    if (chance_permille(&sim->net, sim->tail_permille))
        ms += chance_below(&sim->net, 20000);
    return ms;
}

/* --- requests ------------------------------------------------------------------------------------------------------
 */

static struct sim_request *request_free(struct sim_request *request)
{
    free(request->method);
    free(request->path);
    free(request->query);
    free(request->authorization);
    free(request->body);
    practice_response_free(&request->response);
    free(request);
    return NULL;
}

static char *copy(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

/* The read of a pushed group after a lost answer. For a link the target must show the members, or nothing is known. */
static bool is_read_back(const struct sim *sim, const struct sim_request *request)
{
    const struct sim_app *app = &sim->apps[request->app];
    const char *id = request->path + strlen("/scim/v2/Groups/");
    if (strcmp(request->method, "GET") != 0 || strncmp(request->path, "/scim/v2/Groups/", 16) != 0)
        return false;
    int group = generator_group_of_name(practice_name(app->practice, id));
    return group >= 0 && app->mapping[group].exists && !app->mapping[group].unread;
}

static void hide_members(struct practice_response *response)
{
    CLEANUP(jval_freep) struct jval *body = NULL;
    if (jval_parse(&body, buf_text(&response->body), response->body.len, NULL) < 0)
        return;
    jval_remove(body, "members");
    buf_clear(&response->body);
    jval_write(body, &response->body, false);
}

static enum sim_fault choose_fault(struct sim *sim, const struct sim_request *request)
{
    if (sim->finishing || !sim->faults || !chance_permille(&sim->net, sim->fault_permille))
        return SIM_FAULT_NONE;
    int kinds = __builtin_popcount(sim->faults);
    int nth = chance_below(&sim->net, kinds);
    int fault = SIM_FAULT_NONE;
    while (nth >= 0)
        nth -= (sim->faults >> ++fault) & 1;
    if (fault == SIM_FAULT_BLIND && !is_read_back(sim, request))
        fault = SIM_FAULT_ERROR_BEFORE;
    if (fault == SIM_FAULT_HALF && strcmp(request->method, "PATCH") != 0)
        fault = SIM_FAULT_ERROR_BEFORE;
    return (enum sim_fault)fault;
}

/* The number of the app is the last digit of its port. */
static int app_of_url(const struct sim *sim, const char *url)
{
    int app = url[strlen("http://127.0.0.1:900")] - '0';
    assert(app >= 0 && app < sim->app_count);
    return app;
}

static void hand_out(struct sim *sim, const struct flight *flight)
{
    struct sim_request *request = NEW(struct sim_request);
    const char *credential = strchr(flight->headers[0], ':');
    assert(credential);
    request->number = flight->number;
    request->app = app_of_url(sim, flight->url);
    request->shape = flight->shape;
    request->method = copy(flight->method);
    request->path = copy(strchr(flight->url + strlen("http://"), '/'));
    request->authorization = copy(credential + 2);
    request->body = copy(flight->body);
    char *query = strchr(request->path, '?');
    if (query) {
        request->query = copy(query + 1);
        *query = '\0';
    }
    practice_response_init(&request->response);
    bool away = sim->now < sim->apps[request->app].away_until && !sim->finishing;
    request->fault = away ? sim->apps[request->app].away : choose_fault(sim, request);
    request->apply_at = sim->now + latency(sim);
    request->answer_at = request->apply_at + latency(sim);
    if (request->fault == SIM_FAULT_TIMEOUT_BEFORE || request->fault == SIM_FAULT_TIMEOUT_AFTER)
        request->answer_at = sim->now + LIMIT_REQUEST_MS;
    sim->counts.faults += request->fault != SIM_FAULT_NONE;
    sim->counts.requests++;
    sim->counts.writes += strcmp(request->method, "GET") != 0;
    sim_trace(sim, "send #%llu app %d %s %s%s%s fault %d", (unsigned long long)request->number, request->app,
              request->method, request->path, request->query ? "?" : "", request->query ? request->query : "",
              (int)request->fault);
    if (request->body)
        sim_trace(sim, "  body %s", request->body);
    oracle_handed_out(sim, request);
    struct sim_request **at = &sim->node.requests;
    while (*at)
        at = &(*at)->next;
    *at = request;
}

static bool reaches_target(enum sim_fault fault)
{
    const unsigned never = FAULT_BIT(LOST_BEFORE) | FAULT_BIT(TIMEOUT_BEFORE) | FAULT_BIT(NOT_SENT) |
                           FAULT_BIT(ERROR_BEFORE) | FAULT_BIT(GATEWAY_BEFORE) | FAULT_BIT(UNAVAILABLE) |
                           FAULT_BIT(RATE) | FAULT_BIT(CREDENTIALS);
    return !(never >> fault & 1);
}

static void set_status(struct practice_response *response, int status, const char *body)
{
    response->status = status;
    buf_clear(&response->body);
    buf_str(&response->body, body);
}

/* The beginning of a PATCH: some operations, and some of the members of the last of them. */
static void cut_operations(struct sim *sim, struct sim_request *request)
{
    CLEANUP(jval_freep) struct jval *body = NULL;
    if (jval_parse(&body, request->body, strlen(request->body), NULL) < 0)
        return;
    struct jval *all = jval_get(body, "Operations");
    int keep = chance_below(&sim->net, (int)jval_len(all) + 1);
    struct jval *part = jval_new_array();
    for (int i = 0; i < keep; i++) {
        struct jval *operation = jval_at(all, (size_t)i);
        const struct jval *value = jval_get(operation, "value");
        if (i == keep - 1 && jval_type(value) == JVAL_ARRAY) {
            struct jval *some = jval_new_array();
            int few = chance_below(&sim->net, (int)jval_len(value) + 1);
            for (int j = 0; j < few; j++)
                jval_append(some, jval_ref(jval_at(value, (size_t)j)));
            jval_set(operation, "value", some);
        }
        jval_append(part, jval_ref(operation));
    }
    bool nothing = keep == 0;
    jval_set(body, "Operations", part);
    struct arena *arena = arena_new();
    char *text = nothing ? NULL : mem_strdup(jval_text(arena, body, false));
    arena_free(arena);
    free(request->body);
    request->body = text;
}

static bool is_over_rate(struct sim *sim, struct sim_app *app)
{
    if (!sim->profile->rate || sim->finishing)
        return false;
    if (app->window != sim->now / 1000) {
        app->window = sim->now / 1000;
        app->window_count = 0;
    }
    return ++app->window_count > sim->profile->rate;
}

/* In one of three forms, or none. */
static void retry_after(struct sim *sim, struct practice_response *response, int seconds)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int form = chance_below(&sim->net, 3);
    if (form == 0) {
        (void)snprintf(response->retry_after, sizeof(response->retry_after), "%d", seconds);
    } else if (form == 1) {
        time_t at = (time_t)(sim_wall(sim) / 1000 + seconds);
        struct tm tm;
        (void)gmtime_r(&at, &tm);
        (void)snprintf(response->retry_after, sizeof(response->retry_after), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                       days[(at / 86400) % 7], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                       tm.tm_sec);
    }
}

static void ask_target(struct sim *sim, struct sim_request *request)
{
    if (request->fault == SIM_FAULT_HALF && request->body)
        cut_operations(sim, request);
    if (request->fault == SIM_FAULT_HALF && !request->body) {
        set_status(&request->response, 500, "{}");
        return;
    }
    struct practice_request ask = {.method = request->method,
                                   .path = request->path,
                                   .query = request->query,
                                   .authorization = request->authorization,
                                   .content_type = request->body ? "application/scim+json" : NULL,
                                   .body = request->body,
                                   .body_len = request->body ? strlen(request->body) : 0};
    practice_handle(sim->apps[request->app].practice, &ask, &request->response);
    sim_trace(sim, "apply #%llu app %d status %d", (unsigned long long)request->number, request->app,
              request->response.status);
    oracle_applied(sim, request);
}

/* What the fault makes of the answer. */
static void spoil(struct sim *sim, struct sim_request *request)
{
    struct practice_response *response = &request->response;
    request->transport = TRANSPORT_OK;
    switch (request->fault) {
    case SIM_FAULT_LOST_BEFORE:
    case SIM_FAULT_LOST_AFTER:
    case SIM_FAULT_TIMEOUT_BEFORE:
    case SIM_FAULT_TIMEOUT_AFTER:
        request->transport = TRANSPORT_UNKNOWN;
        break;
    case SIM_FAULT_NOT_SENT:
        request->transport = TRANSPORT_NOT_SENT;
        break;
    case SIM_FAULT_ERROR_BEFORE:
    case SIM_FAULT_ERROR_AFTER:
        set_status(response, 500, "{\"detail\":\"something went wrong\"}");
        break;
    case SIM_FAULT_GATEWAY_BEFORE:
    case SIM_FAULT_GATEWAY_AFTER:
        set_status(response, chance_permille(&sim->net, 500) ? 502 : 504, "<html>Bad gateway</html>");
        break;
    case SIM_FAULT_UNAVAILABLE:
    case SIM_FAULT_RATE:
        set_status(response, request->fault == SIM_FAULT_RATE ? 429 : 503, "");
        retry_after(sim, response, request->over_rate ? 1 : 1 + chance_below(&sim->net, 30));
        break;
    case SIM_FAULT_CREDENTIALS:
        set_status(response, 401, "{}");
        break;
    case SIM_FAULT_TRUNCATED:
        response->body.len = response->body.len ? (size_t)chance_below(&sim->net, (int)response->body.len) : 0;
        break;
    case SIM_FAULT_NOT_JSON:
        set_status(response, response->status, "<html><body>Welcome</body></html>");
        break;
    case SIM_FAULT_BLIND:
        hide_members(response);
        break;
    case SIM_FAULT_HALF:
        if (chance_permille(&sim->net, 500))
            request->transport = TRANSPORT_UNKNOWN;
        else
            set_status(response, 500, "{}");
        break;
    case SIM_FAULT_NONE:
    case SIM_FAULT_COUNT:
    default:
        break;
    }
}

static void apply(struct sim *sim, struct sim_request *request)
{
    request->applied = true;
    if (request->fault == SIM_FAULT_NONE && is_over_rate(sim, &sim->apps[request->app])) {
        request->fault = SIM_FAULT_RATE;
        request->over_rate = true;
        sim->counts.faults++;
    }
    if (reaches_target(request->fault))
        ask_target(sim, request);
    spoil(sim, request);
}

static void deliver(struct sim *sim, struct sim_request *request)
{
    struct answer *answer = answer_new(request->shape);
    const struct practice_response *response = &request->response;
    if (request->transport == TRANSPORT_OK) {
        size_t cut = response->body.len ? (size_t)chance_below(&sim->net, (int)response->body.len) : 0;
        answer_feed(answer, buf_text(&response->body), cut);
        answer_feed(answer, buf_text(&response->body) + cut, response->body.len - cut);
        if (response->retry_after[0])
            answer_header(answer, "Retry-After", response->retry_after, sim_wall(sim));
    }
    answer_finish(answer, (enum transport)request->transport, response->status);
    sim_trace(sim, "answer #%llu app %d transport %d status %d %zu bytes %s", (unsigned long long)request->number,
              request->app, request->transport, response->status, response->body.len, response->retry_after);
    sim_hash(sim, buf_text(&response->body), response->body.len);
    oracle_delivered(sim, request);
    core_answer(sim->node.core, request->number, answer);
    sim->node.answered = true;
    for (struct sim_request **at = &sim->node.requests; *at; at = &(*at)->next)
        if (*at == request) {
            *at = request->next;
            break;
        }
    request_free(request);
}

/* --- the process ---------------------------------------------------------------------------------------------------
 */

static void on_commit(void *data, bool wake)
{
    struct sim *sim = data;
    sim->node.woken |= wake;
}

static int hasten(struct tx *tx, void *arg)
{
    (void)arg;
    int r = work_hasten(tx);
    return r < 0 ? r : 0;
}

void shell_start(struct sim *sim)
{
    disk_on_commit(sim->disk, on_commit, sim);
    struct core_options options = {.env = &sim->env, .keyring = sim->keyring, .node = "sim"};
    if (store_write_wait(disk_store(sim->disk), NULL, hasten, NULL) < 0)
        sim_fail(sim, "the process starts", "cannot look at the work that waits");
    sim->node.core = core_new(&options);
    sim->node.woken = true;
    sim->node.answered = false;
    sim->node.dead = false;
    oracle_started(sim);
}

void shell_stop(struct sim *sim)
{
    sim->node.core = core_free(sim->node.core);
    while (sim->node.requests) {
        struct sim_request *next = sim->node.requests->next;
        request_free(sim->node.requests);
        sim->node.requests = next;
    }
}

static bool crash_here(struct sim *sim)
{
    if (!sim->node.dead && !sim->finishing && chance_permille(&sim->net, sim->profile->crash_permille))
        sim->node.dead = true;
    return sim->node.dead;
}

/* Program state is gone and the connection closed. What was sent may have arrived. */
static void die(struct sim *sim)
{
    sim->counts.crashes++;
    sim_trace(sim, "crash");
    for (struct sim_request *request = sim->node.requests; request; request = request->next)
        if (!request->applied && chance_permille(&sim->net, 500))
            apply(sim, request);
    shell_stop(sim);
    disk_reopen(sim->disk);
    sim->now += chance_below(&sim->net, 5000);
    shell_start(sim);
}

struct turn {
    struct sim *sim;
    bool fails;
};

static int run_turn(struct tx *tx, void *data)
{
    struct turn *turn = data;
    int r = core_turn(tx, turn->sim->node.core);
    if (r < 0)
        sim_fail(turn->sim, "a turn does not fail by itself", "%s: %s", err_text(r), tx_error(tx));
    if (r >= 0 && (crash_here(turn->sim) || turn->fails))
        return ERR_IO;
    return r;
}

static void take_turn(struct sim *sim)
{
    if (crash_here(sim))
        return;
    sim->node.woken = sim->node.answered = false;
    sim->counts.turns++;
    struct turn turn = {.sim = sim,
                        .fails = !sim->finishing && chance_permille(&sim->net, sim->profile->rollback_permille)};
    int r = store_write_wait(disk_store(sim->disk), NULL, run_turn, &turn);
    if (sim->node.dead || sim->failed)
        return;
    if (r < 0) {
        sim_trace(sim, "turn rolled back");
        sim->counts.rollbacks++;
        core_rolled_back(sim->node.core);
        sim->node.due = sim_wall(sim) + TURN_RETRY_MS;
        sim->node.answered = true;
        return;
    }
    if (crash_here(sim))
        return;
    int64_t due = 0;
    for (const struct flight *flight = core_committed(sim->node.core, &due); flight; flight = flight->next) {
        hand_out(sim, flight);
        if (crash_here(sim))
            return;
    }
    sim->node.due = due;
}

/* --- what happens next ---------------------------------------------------------------------------------------------
 */

static struct sim_request *next_request(struct sim *sim, int64_t *ret_at)
{
    struct sim_request *first = NULL;
    for (struct sim_request *request = sim->node.requests; request; request = request->next) {
        int64_t at = request->applied ? request->answer_at : request->apply_at;
        if (!first || at < *ret_at) {
            first = request;
            *ret_at = at;
        }
    }
    return first;
}

static int64_t turn_at(const struct sim *sim)
{
    if (sim->node.woken || sim->node.answered)
        return sim->now;
    int64_t wait = MAX_OF(sim->node.due - sim_wall(sim), (int64_t)0);
    return sim->now + MIN_OF(wait, (int64_t)LIMIT_BACKOFF_MAX_MS); /* the clock may have been set back */
}

static void pass(struct sim *sim, int64_t until)
{
    if (until <= sim->now)
        return;
    oracle_passed(sim, until - sim->now);
    sim->now = until;
}

int shell_step(struct sim *sim, int64_t until)
{
    int64_t at = INT64_MAX;
    struct sim_request *request = next_request(sim, &at);
    int64_t turn = turn_at(sim);
    if (MIN_OF(at, turn) > until) {
        pass(sim, until);
        return 0;
    }
    sim->counts.steps++;
    if (request && at <= turn) {
        pass(sim, at);
        if (!request->applied)
            apply(sim, request);
        else if (!crash_here(sim))
            deliver(sim, request);
    } else {
        pass(sim, MAX_OF(sim->now, turn) + chance_below(&sim->net, 3));
        take_turn(sim);
    }
    if (sim->node.dead && !sim->failed)
        die(sim);
    return 1;
}

static int count_due(struct tx *tx, void *data)
{
    return work_next_due(tx, data);
}

bool shell_is_quiet(struct sim *sim)
{
    if (sim->node.requests || sim->node.woken || sim->node.answered)
        return false;
    int64_t due = 0;
    return store_read_wait(disk_store(sim->disk), count_due, &due) == 0;
}
