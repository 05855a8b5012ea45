/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other shell of the core: what src/engine/shell.c does with sockets, this does with a list of requests and chance.
 * A request reaches its target some time after it was handed out and is answered some time after that, so that answers
 * come in any order. The process may die at every point that crash_here() names.
 */
#include "sim.h"

#include "base/limits.h"

#define TURN_RETRY_MS 1000 /* as in the product's shell, when a turn was rolled back */
#define NAME_LOOK_MS 200   /* a node looks so often whether its name is free */
#define STOP_WAIT_MS 2000  /* a node that ends waits so long for answers */

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

static void append(struct sim_request **list, struct sim_request *request)
{
    while (*list)
        list = &(*list)->next;
    *list = request;
    request->next = NULL;
}

static void take_out(struct sim_request **list, struct sim_request *request)
{
    while (*list != request)
        list = &(*list)->next;
    *list = request->next;
}

static void send_off(struct sim *sim, struct sim_request *request)
{
    request->apply_at = sim->now + latency(sim);
    request->answer_at = request->apply_at + latency(sim);
    if (request->fault == SIM_FAULT_TIMEOUT_BEFORE || request->fault == SIM_FAULT_TIMEOUT_AFTER)
        request->answer_at = sim->now + LIMIT_REQUEST_MS;
}

static void hand_out(struct sim *sim, struct node *node, const struct flight *flight)
{
    struct sim_request *request = NEW(struct sim_request);
    const char *credential = strchr(flight->headers[0], ':');
    assert(credential);
    request->number = flight->number;
    request->handed_at = sim->now;
    request->from = (int)(node - sim->nodes);
    request->unsent = node->still_until > sim->now;
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
    send_off(sim, request);
    sim->counts.faults += request->fault != SIM_FAULT_NONE;
    sim->counts.requests++;
    sim->counts.writes += strcmp(request->method, "GET") != 0;
    sim_trace(sim, "node %d send #%llu app %d %s %s%s%s fault %d", (int)(node - sim->nodes),
              (unsigned long long)request->number, request->app, request->method, request->path,
              request->query ? "?" : "", request->query ? request->query : "", (int)request->fault);
    if (request->body)
        sim_trace(sim, "  body %s", request->body);
    oracle_handed_out(sim, node->requests, request);
    append(&node->requests, request);
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

static void deliver(struct sim *sim, struct node *node, struct sim_request *request)
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
    sim_trace(sim, "node %d answer #%llu app %d transport %d status %d %zu bytes %s", (int)(node - sim->nodes),
              (unsigned long long)request->number, request->app, request->transport, response->status,
              response->body.len, response->retry_after);
    sim_hash(sim, buf_text(&response->body), response->body.len);
    oracle_delivered(sim, request);
    core_answer(node->core, request->number, answer);
    node->answered = true;
    take_out(&node->requests, request);
    request_free(request);
}

/* --- the processes -------------------------------------------------------------------------------------------------
 */

static void on_commit(void *data, bool wake)
{
    struct sim *sim = data;
    for (int i = 0; i < sim->node_count; i++)
        sim->nodes[i].woken |= wake;
}

struct process {
    struct sim *sim;
    struct node *node;
    bool fails;
};

/* As the product's shell: alone, what an earlier process left is looked at now; among others, when a lease is taken. */
static int begin(struct tx *tx, void *data)
{
    const struct process *process = data;
    int r = process->sim->lease_ms ? core_begin(tx, process->node->core) : work_hasten(tx);
    return r < 0 ? r : 0;
}

static void drop_requests(struct sim_request **list)
{
    while (*list) {
        struct sim_request *next = (*list)->next;
        request_free(*list);
        *list = next;
    }
}

void shell_stop(struct sim *sim)
{
    for (int i = 0; i < sim->node_count; i++) {
        sim->nodes[i].core = core_free(sim->nodes[i].core);
        drop_requests(&sim->nodes[i].requests);
    }
    drop_requests(&sim->wire);
}

static bool crash_here(struct sim *sim, struct node *node)
{
    if (!node->dead && !sim->finishing && chance_permille(&sim->net, sim->profile->crash_permille))
        node->dead = true;
    return node->dead;
}

/* The process is stopped, or its machine sleeps; what is on its way goes on. */
static void still_here(struct sim *sim, struct node *node)
{
    if (sim->finishing || node->still_until > sim->now || !chance_permille(&sim->net, sim->profile->still_permille))
        return;
    bool outlasts = chance_permille(&sim->net, 200); /* until nobody waits for what it has handed out any more */
    int64_t most = outlasts ? INT64_C(3) * LIMIT_REQUEST_MS : 3 * sim->lease_ms;
    node->still_until = sim->now + 1 + chance_below(&sim->net, (int)most);
    sim->counts.stills++;
    sim_trace(sim, "node %d stands still until %lld", (int)(node - sim->nodes), (long long)node->still_until);
    oracle_unattended(sim, node->still_until);
}

/* Its connection is closed: what was sent may have arrived. */
static void break_off(struct sim *sim, struct sim_request *request)
{
    if (!request->applied && !request->unsent && chance_permille(&sim->net, 500))
        apply(sim, request);
    request_free(request);
}

/* The node is gone: what it sent is on its way until the time is over in which others wait for it. */
static void leave_behind(struct sim *sim, struct node *node)
{
    while (node->requests) {
        struct sim_request *request = node->requests;
        take_out(&node->requests, request);
        if (request->applied || request->unsent)
            request_free(request);
        else
            append(&sim->wire, request);
    }
}

/* Its successor of the same name, on the same machine, does not wait: the connections were closed long ago. */
static void forget_behind(struct sim *sim, int node)
{
    for (struct sim_request *request = sim->wire, *next = NULL; request; request = next) {
        next = request->next;
        if (request->from != node)
            continue;
        take_out(&sim->wire, request);
        break_off(sim, request);
    }
}

static void node_start(struct sim *sim, struct node *node)
{
    static const char *const names[SIM_NODES] = {"a", "b", "c"};
    struct process process = {.sim = sim, .node = node};
    struct core_options options = {
        .env = &sim->env, .keyring = sim->keyring, .node = names[node - sim->nodes], .lease_ms = sim->lease_ms};
    node->core = core_new(&options);
    int r = store_write_wait(disk_store(sim->disk), NULL, begin, &process);
    if (r == ERR_EXISTS) { /* the process that had the name has not been gone for long enough */
        node->core = core_free(node->core);
        node->back_at = sim->now + NAME_LOOK_MS;
        return;
    }
    if (r < 0)
        sim_fail(sim, "the process starts", "cannot look at the work that waits");
    forget_behind(sim, (int)(node - sim->nodes));
    node->woken = true;
    node->answered = node->dead = false;
    node->due = node->still_until = node->ends_at = 0;
    if (sim->lease_ms)
        oracle_unattended(sim, sim->now);
    else
        oracle_started(sim);
}

void shell_start(struct sim *sim)
{
    disk_on_commit(sim->disk, on_commit, sim);
    for (int i = 0; i < sim->node_count && !sim->failed; i++)
        node_start(sim, &sim->nodes[i]);
}

/* The only process: program state is gone and the connection closed. What was sent may have arrived. */
static void die_alone(struct sim *sim, struct node *node)
{
    for (struct sim_request *request = node->requests; request; request = request->next)
        if (!request->applied && chance_permille(&sim->net, 500))
            apply(sim, request);
    shell_stop(sim);
    disk_reopen(sim->disk);
    sim->now += chance_below(&sim->net, 5000);
    shell_start(sim);
}

static void die(struct sim *sim, struct node *node)
{
    sim->counts.crashes++;
    sim_trace(sim, "node %d crash", (int)(node - sim->nodes));
    if (!sim->lease_ms) {
        die_alone(sim, node);
        return;
    }
    leave_behind(sim, node);
    node->core = core_free(node->core);
    node->dead = false;
    node->back_at = sim->now + chance_below(&sim->net, 3 * (int)sim->lease_ms);
    oracle_unattended(sim, sim->now);
}

/* Told to end, it sends nothing new; it is gone when its answers are there, or some time has passed. */
static void tell_to_end(struct sim *sim, struct node *node)
{
    if (sim->finishing || node->ends_at || !chance_permille(&sim->net, sim->profile->end_permille))
        return;
    sim->counts.ends++;
    sim_trace(sim, "node %d is told to end", (int)(node - sim->nodes));
    core_stop(node->core);
    node->ends_at = sim->now + STOP_WAIT_MS;
}

static void end(struct sim *sim, struct node *node)
{
    if (store_write_wait(disk_store(sim->disk), NULL, core_end, node->core) < 0)
        sim_fail(sim, "a node ends", "it cannot give its leases back");
    sim_trace(sim, "node %d ends", (int)(node - sim->nodes));
    leave_behind(sim, node);
    node->core = core_free(node->core);
    node->back_at = sim->now + chance_below(&sim->net, 3 * (int)sim->lease_ms);
    oracle_unattended(sim, sim->now);
}

/* After a gap leases may have ended: what was under way is broken off. */
static void drop_ended(struct sim *sim, struct node *node)
{
    for (struct sim_request *request = node->requests, *next = NULL; request; request = next) {
        next = request->next;
        if (core_may_send(node->core, request->number))
            continue;
        sim_trace(sim, "node %d withdraws #%llu", (int)(node - sim->nodes), (unsigned long long)request->number);
        sim->counts.withdrawn++;
        core_withdraw(node->core, request->number);
        take_out(&node->requests, request);
        break_off(sim, request);
    }
}

static int run_turn(struct tx *tx, void *data)
{
    struct process *turn = data;
    int r = core_turn(tx, turn->node->core);
    /* The store runs a turn again that met another transaction; PostgreSQL may say so of any statement. */
    if (r < 0 && r != ERR_BUSY)
        sim_fail(turn->sim, "a turn does not fail by itself", "%s: %s", err_text(r), tx_error(tx));
    if (r >= 0 && (crash_here(turn->sim, turn->node) || turn->fails))
        return ERR_IO;
    return r;
}

static void take_turn(struct sim *sim, struct node *node)
{
    if (crash_here(sim, node))
        return;
    node->woken = node->answered = false;
    sim->counts.turns++;
    struct process turn = {.sim = sim,
                           .node = node,
                           .fails = !sim->finishing && chance_permille(&sim->net, sim->profile->rollback_permille)};
    int r = store_write_wait(disk_store(sim->disk), NULL, run_turn, &turn);
    if (node->dead || sim->failed)
        return;
    if (r < 0) {
        sim_trace(sim, "turn rolled back");
        sim->counts.rollbacks++;
        core_rolled_back(node->core);
        node->due = sim_wall(sim) + TURN_RETRY_MS;
        node->answered = true;
        return;
    }
    if (crash_here(sim, node))
        return;
    sim->counts.taken_over += core_take_stale(node->core);
    int64_t due = 0;
    for (const struct flight *flight = core_committed(node->core, &due); flight; flight = flight->next) {
        still_here(sim, node);
        hand_out(sim, node, flight);
        if (crash_here(sim, node))
            return;
    }
    node->due = due;
}

/* --- what happens next ---------------------------------------------------------------------------------------------
 */

enum event_kind { EVENT_REQUEST, EVENT_TURN, EVENT_END, EVENT_START, EVENT_WIRE };

struct event {
    int64_t at;
    enum event_kind kind;
    struct node *node;
    struct sim_request *request;
};

static void consider(struct event *first, const struct event *event)
{
    if (!first->node || event->at < first->at)
        *first = *event;
}

static int64_t turn_at(const struct sim *sim, const struct node *node)
{
    if (node->woken || node->answered)
        return sim->now;
    int64_t wait = MAX_OF(node->due - sim_wall(sim), (int64_t)0);
    return sim->now + MIN_OF(wait, (int64_t)LIMIT_BACKOFF_MAX_MS); /* the clock may have been set back */
}

static void look_at_node(struct sim *sim, struct node *node, struct event *first)
{
    if (!node->core) {
        consider(first, &(struct event){.at = MAX_OF(node->back_at, sim->now), .kind = EVENT_START, .node = node});
        return;
    }
    int64_t moves = MAX_OF(node->still_until, sim->now); /* not before */
    for (struct sim_request *request = node->requests; request; request = request->next) {
        int64_t at = request->applied  ? MAX_OF(request->answer_at, node->still_until)
                     : request->unsent ? node->still_until
                                       : request->apply_at;
        consider(first, &(struct event){.at = at, .kind = EVENT_REQUEST, .node = node, .request = request});
    }
    struct event turn = {.at = turn_at(sim, node), .kind = EVENT_TURN, .node = node};
    if (node->ends_at && !node->answered) {
        turn.at = node->requests ? node->ends_at : sim->now;
        turn.kind = EVENT_END;
    }
    turn.at = MAX_OF(turn.at, moves);
    consider(first, &turn);
}

static struct event next_event(struct sim *sim)
{
    struct event first = {.at = INT64_MAX};
    for (int i = 0; i < sim->node_count; i++)
        look_at_node(sim, &sim->nodes[i], &first);
    for (struct sim_request *request = sim->wire; request; request = request->next)
        consider(&first,
                 &(struct event){.at = request->apply_at, .kind = EVENT_WIRE, .node = sim->nodes, .request = request});
    return first;
}

static void pass(struct sim *sim, int64_t until)
{
    if (until <= sim->now)
        return;
    oracle_passed(sim, until - sim->now);
    sim->now = until;
}

static void move_request(struct sim *sim, struct node *node, struct sim_request *request)
{
    if (request->unsent) { /* it goes on after a gap, where it was about to send */
        drop_ended(sim, node);
        for (request = node->requests; request; request = request->next)
            if (request->unsent) {
                request->unsent = false;
                oracle_sent(sim, request);
                send_off(sim, request);
            }
        return;
    }
    if (!request->applied) {
        apply(sim, request);
        return;
    }
    bool gap = sim->lease_ms && !chance_permille(&sim->net, 200); /* else it was stopped between looking and reading */
    if (gap)
        drop_ended(sim, node);
    for (struct sim_request *still = node->requests; still; still = still->next)
        if (still == request) {
            if (!crash_here(sim, node))
                deliver(sim, node, request);
            return;
        }
}

static void happen(struct sim *sim, const struct event *event)
{
    struct node *node = event->node;
    switch (event->kind) {
    case EVENT_REQUEST:
        pass(sim, event->at);
        move_request(sim, node, event->request);
        break;
    case EVENT_TURN:
        pass(sim, MAX_OF(sim->now, event->at) + chance_below(&sim->net, 3));
        if (sim->lease_ms)
            drop_ended(sim, node);
        take_turn(sim, node);
        break;
    case EVENT_END:
        pass(sim, event->at);
        end(sim, node);
        return;
    case EVENT_START:
        pass(sim, event->at);
        node_start(sim, node);
        return;
    case EVENT_WIRE:
    default:
        pass(sim, event->at);
        take_out(&sim->wire, event->request);
        apply(sim, event->request);
        request_free(event->request);
        return;
    }
    if (sim->failed)
        return;
    if (node->dead) {
        die(sim, node);
        return;
    }
    still_here(sim, node);
    tell_to_end(sim, node);
}

int shell_step(struct sim *sim, int64_t until)
{
    struct event event = next_event(sim);
    if (event.at > until) {
        pass(sim, until);
        return 0;
    }
    sim->counts.steps++;
    happen(sim, &event);
    return 1;
}

static int count_due(struct tx *tx, void *data)
{
    return work_next_due(tx, data);
}

bool shell_is_quiet(struct sim *sim)
{
    for (int i = 0; i < sim->node_count; i++) {
        const struct node *node = &sim->nodes[i];
        if (node->core && (node->requests || node->woken || node->answered))
            return false;
    }
    int64_t due = 0;
    if (sim->wire || store_read_wait(disk_store(sim->disk), count_due, &due) != 0)
        return false;
    /* Members at which a target failed by itself are set aside, and tried again by themselves. */
    return disk_number(sim->disk, "SELECT count(*) FROM target_members AS t JOIN push_mappings AS m"
                                  " ON m.target_rid = t.target_rid WHERE m.status = 1 AND t.again <> 0") == 0;
}
