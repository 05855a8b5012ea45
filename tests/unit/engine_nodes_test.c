/* SPDX-License-Identifier: Apache-2.0 */
/* Several nodes on one store, as several cores: who may ask whom, and what a node that is late may not do. */
#include "world.h"

#include "engine/engine.h"
#include "engine/nodes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LEASE_MS 9000
#define KEEP_MS (LEASE_MS / 3)
#define MINUTE_MS 60000

struct nodes {
    struct world *world;
    struct core *core[3];
};

static void *start_node(struct world *world, const char *name)
{
    struct core_options options = {.env = &world->env, .keyring = world->keyring, .node = name, .lease_ms = LEASE_MS};
    struct core *core = core_new(&options);
    assert_int_equal(store_write_wait(world->store, NULL, core_begin, core), 0);
    return core;
}

/* The world's own core is replaced by nodes "a", "b" and "c". */
static struct nodes start_nodes(struct world *world)
{
    struct nodes nodes = {.world = world};
    core_free(world->core);
    nodes.core[0] = start_node(world, "a");
    nodes.core[1] = start_node(world, "b");
    nodes.core[2] = start_node(world, "c");
    world->core = nodes.core[0];
    return nodes;
}

static void end_nodes(struct nodes *nodes)
{
    for (size_t i = 0; i < ARRAY_LEN(nodes->core); i++)
        if (nodes->core[i] != nodes->world->core)
            core_free(nodes->core[i]);
}

/* One turn of a node, with its requests answered; how many it sent. */
static int turn(struct nodes *nodes, int node)
{
    struct core *before = nodes->world->core;
    uint64_t requests = nodes->world->requests;
    nodes->world->core = nodes->core[node];
    (void)world_turn(nodes->world);
    nodes->world->core = before;
    return (int)(nodes->world->requests - requests);
}

/* Turns of these nodes until none sends anything; how many requests each sent. */
static void run(struct nodes *nodes, int ms, int ret_sent[3])
{
    memset(ret_sent, 0, 3 * sizeof(*ret_sent));
    for (int at = 0; at <= ms; at += 500) {
        for (int again = 0; again < 200; again++) {
            int sent = 0;
            for (int i = 0; i < 3; i++) {
                int n = nodes->core[i] ? turn(nodes, i) : 0;
                ret_sent[i] += n;
                sent += n;
            }
            if (sent == 0 && again > 3)
                break;
        }
        nodes->world->now += 500;
    }
}

static void push_a_group(struct world *world, int people)
{
    char login[64];
    const char *group = world_group(world, "Engineering");
    for (int i = 0; i < people; i++) {
        (void)snprintf(login, sizeof(login), "person%d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    world_push(world, group, "Engineering");
}

static int64_t group_size(struct world *world)
{
    const char *id = NULL;
    bool there = practice_find_group(world->practice, "Engineering", &id) == 1;
    return there ? (int64_t)practice_group_size(world->practice, id) : -1;
}

static void test_one_node_asks_an_app(void **state)
{
    struct nodes nodes = start_nodes(*state);
    int sent[3];
    push_a_group(nodes.world, 20);
    run(&nodes, 2000, sent);
    assert_int_equal(group_size(nodes.world), 20);
    int asked = 0;
    for (int i = 0; i < 3; i++)
        asked += sent[i] > 0;
    assert_int_equal(asked, 1);
    assert_int_equal(practice_copies_max(nodes.world->practice, PRACTICE_USER, NULL), 1);
    end_nodes(&nodes);
}

static int holder_of(struct nodes *nodes)
{
    char login[64];
    int sent[3];
    (void)snprintf(login, sizeof(login), "probe%d@example.com", (int)(nodes->world->now % 1000000));
    world_assign_user(nodes->world, world_user(nodes->world, login), true);
    run(nodes, 0, sent);
    for (int i = 0; i < 3; i++)
        if (sent[i])
            return i;
    return -1;
}

static bool lose_creates(struct world *world, const struct flight *flight)
{
    (void)world;
    return strcmp(flight->method, "POST") == 0;
}

/*
 * The holder dies: others wait for the end of its lease, not longer; what it left in doubt is read back when its
 * requests cannot arrive any more, everything else is done at once.
 */
static void test_take_over(void **state)
{
    struct nodes nodes = start_nodes(*state);
    struct world *world = nodes.world;
    int sent[3];
    run(&nodes, 0, sent);
    int holder = holder_of(&nodes);
    assert_true(holder >= 0);
    size_t users = practice_user_count(world->practice);
    push_a_group(world, 5);
    for (int turns = 0; turns < 10 && practice_user_count(world->practice) == users; turns++) {
        world->lose = lose_creates; /* carried out, and nobody hears of it */
        (void)turn(&nodes, holder);
    }
    assert_int_equal(practice_user_count(world->practice), users + 5);
    world->lose = NULL;
    bool was_own = world->core == nodes.core[holder];
    core_free(nodes.core[holder]);
    nodes.core[holder] = NULL;
    if (was_own)
        world->core = nodes.core[(holder + 1) % 3];
    world_assign_user(world, world_user(world, "late@example.com"), true);
    run(&nodes, KEEP_MS, sent);
    assert_int_equal(sent[0] + sent[1] + sent[2], 0); /* the lease has not ended */
    run(&nodes, LEASE_MS, sent);
    assert_int_equal(sent[0] + sent[1] + sent[2], 2); /* looked up and created: who is not in doubt */
    assert_int_equal(world_active(world, "late@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "person0@example.com"), 0);
    run(&nodes, 2 * MINUTE_MS, sent);
    assert_int_equal(group_size(world), 5);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 1);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_GROUP, NULL), 1);
    end_nodes(&nodes);
}

/* A turn whose requests stay where they are. */
static struct flight *turn_and_keep(struct world *world, struct core *core)
{
    int64_t due = 0;
    assert_true(store_write_wait(world->store, NULL, core_turn, core) >= 0);
    return core_committed(core, &due);
}

/* The holder stands still for longer than its lease: it sends nothing more, and what it writes is refused. */
static void test_a_late_holder_is_refused(void **state)
{
    struct nodes nodes = start_nodes(*state);
    struct world *world = nodes.world;
    int sent[3];
    run(&nodes, 0, sent);
    int holder = holder_of(&nodes);
    push_a_group(world, 3);
    struct flight *flight = turn_and_keep(world, nodes.core[holder]);
    assert_non_null(flight);
    assert_true(core_may_send(nodes.core[holder], flight->number));
    struct core *late = nodes.core[holder];
    nodes.core[holder] = NULL;
    if (world->core == late)
        world->core = nodes.core[(holder + 1) % 3];
    world->now += LEASE_MS;
    assert_false(core_may_send(late, flight->number));
    run(&nodes, 2 * MINUTE_MS, sent);
    assert_int_equal(group_size(world), 3);
    /* It wakes, with an answer that says something else. */
    struct answer *answer = answer_new(flight->shape);
    answer_finish(answer, TRANSPORT_OK, 401);
    core_answer(late, flight->number, answer);
    assert_null(turn_and_keep(world, late));
    assert_true(core_take_stale(late) > 0);
    nodes.core[holder] = late;
    run(&nodes, LEASE_MS, sent);
    assert_int_equal(group_size(world), 3);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 1);
    end_nodes(&nodes);
}

/* It stands still until it may send nothing more, and wakes before anybody could take the lease: it goes on at once. */
static void test_a_short_gap_delays_nothing(void **state)
{
    struct nodes nodes = start_nodes(*state);
    struct world *world = nodes.world;
    int sent[3];
    run(&nodes, 0, sent);
    int holder = holder_of(&nodes);
    struct core *core = nodes.core[holder];
    size_t users = practice_user_count(world->practice);
    world_assign_user(world, world_user(world, "last@example.com"), true);
    struct flight *flight = turn_and_keep(world, core); /* the only row that there is */
    assert_non_null(flight);
    assert_null(flight->next);
    world->now += LEASE_MS - 1000;
    assert_false(core_may_send(core, flight->number));
    core_withdraw(core, flight->number);
    (void)turn(&nodes, holder);
    run(&nodes, MINUTE_MS / 2, sent);
    assert_int_equal(practice_user_count(world->practice), users + 1);
    end_nodes(&nodes);
}

/* On a slow machine a turn ends before its lease does: what it hands out is sent. */
static void test_a_slow_turn_ends_in_time(void **state)
{
    struct nodes nodes = start_nodes(*state);
    struct world *world = nodes.world;
    int sent[3];
    run(&nodes, 0, sent);
    assert_true(holder_of(&nodes) >= 0);
    push_a_group(world, 40);
    world->slow_ms = LEASE_MS / 20;
    run(&nodes, 2 * MINUTE_MS, sent);
    assert_int_equal(group_size(world), 40);
    assert_int_equal(world->withdrawn, 0);
    end_nodes(&nodes);
}

/* Turns that fail, because others get in their way, cost nobody a lease. */
static void test_leases_are_kept_without_turns(void **state)
{
    struct nodes nodes = start_nodes(*state);
    struct world *world = nodes.world;
    int sent[3];
    run(&nodes, 0, sent);
    int holder = holder_of(&nodes);
    struct core *core = nodes.core[holder];
    push_a_group(world, 3);
    struct flight *flight = turn_and_keep(world, core);
    assert_non_null(flight);
    nodes.core[holder] = NULL;
    for (int i = 0; i < 9; i++) {
        world->now += KEEP_MS;
        assert_true(core_keep_due(core));
        assert_int_equal(store_write_wait(world->store, NULL, core_keep, core), 0);
        core_kept(core);
        assert_false(core_keep_due(core));
        run(&nodes, 0, sent);
        assert_int_equal(sent[0] + sent[1] + sent[2], 0);
    }
    assert_int_equal(core_take_stale(core), 0);
    for (struct flight *next = NULL; flight; flight = next) {
        next = flight->next;
        assert_true(core_may_send(core, flight->number));
        core_withdraw(core, flight->number);
    }
    nodes.core[holder] = core;
    run(&nodes, 2 * MINUTE_MS, sent);
    assert_int_equal(group_size(world), 3);
    end_nodes(&nodes);
}

static int stop_node(struct tx *tx, void *core)
{
    return core_end(tx, core);
}

static void test_a_node_that_ends_gives_back_at_once(void **state)
{
    struct nodes nodes = start_nodes(*state);
    struct world *world = nodes.world;
    int sent[3];
    run(&nodes, 0, sent);
    int holder = holder_of(&nodes);
    assert_int_equal(store_write_wait(world->store, NULL, stop_node, nodes.core[holder]), 0);
    struct core *ended = nodes.core[holder];
    nodes.core[holder] = NULL;
    if (world->core == ended)
        world->core = nodes.core[(holder + 1) % 3];
    push_a_group(world, 3);
    run(&nodes, KEEP_MS, sent);
    assert_int_equal(group_size(world), 3);
    core_free(ended);
    end_nodes(&nodes);
}

static void test_a_name_is_one_node(void **state)
{
    struct nodes nodes = start_nodes(*state);
    struct core_options options = {
        .env = &nodes.world->env, .keyring = nodes.world->keyring, .node = "b", .lease_ms = LEASE_MS};
    struct core *twin = core_new(&options);
    assert_int_equal(store_write_wait(nodes.world->store, NULL, core_begin, twin), ERR_EXISTS);
    nodes.world->now += LEASE_MS + 1;
    assert_int_equal(store_write_wait(nodes.world->store, NULL, core_begin, twin), 0);
    core_free(twin);
    end_nodes(&nodes);
}

struct many {
    struct world *world;
    int count;
};

static int make_apps(struct tx *tx, void *data)
{
    struct many *many = data;
    for (int i = 0; i < many->count; i++) {
        struct app app;
        struct problem problem;
        CLEANUP(jval_freep) struct jval *body = jval_new_object();
        char label[32];
        (void)snprintf(label, sizeof(label), "App %d", i);
        jval_set_str(body, "label", label);
        jval_set_str(body, "signOnMode", "SAML_2_0");
        int r = app_create(tx, body, true, &app, &problem);
        if (r == 0)
            r = work_add(tx, app.rid, WORK_ACCOUNT, 1, WORK_BULK);
        if (r < 0)
            return r;
    }
    return 0;
}

struct census {
    struct jval *nodes;
};

static int read_nodes(struct tx *tx, void *data)
{
    struct census *census = data;
    struct buf text;
    struct jout out;
    buf_init(&text, 65536);
    jout_init(&out, &text);
    jout_array(&out, NULL);
    int r = nodes_write(tx, &out);
    jout_end(&out);
    if (r == 0)
        r = jval_parse(&census->nodes, buf_text(&text), text.len, NULL);
    buf_free(&text);
    return r;
}

static void expect_leases(struct world *world, const char *name, int64_t least, int64_t most)
{
    struct census census = {0};
    assert_int_equal(store_read_wait(world->store, read_nodes, &census), 0);
    for (size_t i = 0; i < jval_len(census.nodes); i++)
        if (str_eq(jval_get_str(jval_at(census.nodes, i), "name"), name)) {
            int64_t held = jval_int(jval_get(jval_at(census.nodes, i), "leases"), -1);
            if (held < least || held > most)
                fail_msg("%s holds %lld leases", name, (long long)held);
            jval_free(census.nodes);
            return;
        }
    fail_msg("no node %s", name);
}

/* Whoever comes first takes everything, and gives back when others come. */
static void test_leases_are_shared_out(void **state)
{
    struct world *world = *state;
    struct nodes nodes = {.world = world};
    struct many many = {.world = world, .count = 12};
    int sent[3];
    assert_int_equal(store_write_wait(world->store, NULL, make_apps, &many), 0);
    core_free(world->core);
    world->core = nodes.core[0] = start_node(world, "a");
    run(&nodes, 2 * KEEP_MS, sent);
    expect_leases(world, "a", 12, 14);
    nodes.core[1] = start_node(world, "b");
    nodes.core[2] = start_node(world, "c");
    run(&nodes, 4 * KEEP_MS, sent);
    for (int i = 0; i < 3; i++)
        expect_leases(world, (const char *[]){"a", "b", "c"}[i], 3, 5);
    core_free(nodes.core[1]);
    nodes.core[1] = NULL;
    run(&nodes, LEASE_MS + 2 * KEEP_MS, sent);
    expect_leases(world, "a", 5, 8);
    expect_leases(world, "c", 5, 8);
    end_nodes(&nodes);
}

/*
 * While a lease is given back nothing new is asked, but what is still answered is taken over: who takes the lease has
 * nothing to read back, and waits for no deadline. The rest of a long chain is the new holder's.
 */
static void test_answers_count_while_a_lease_is_given_back(void **state)
{
    struct world *world = *state;
    struct nodes nodes = {.world = world};
    struct many many = {.world = world, .count = 12};
    char login[64];
    int sent[3];
    assert_int_equal(store_write_wait(world->store, NULL, make_apps, &many), 0);
    core_free(world->core);
    world->core = nodes.core[0] = start_node(world, "a");
    run(&nodes, 0, sent); /* the app that follows is the newest lease: one of those that are given back first */
    world_assign_user(world, world_user(world, "first@example.com"), true);
    run(&nodes, KEEP_MS, sent); /* and has proven itself */
    assert_int_equal(world_active(world, "first@example.com"), 1);
    const char *out = world_user(world, "out@example.com");
    world_assign_user(world, out, true);
    struct flight *flight = turn_and_keep(world, nodes.core[0]);
    while (!flight || strcmp(flight->method, "POST") != 0) {
        if (flight)
            world_exchange(world, flight);
        flight = turn_and_keep(world, nodes.core[0]);
    }
    world_transition(world, out, USER_DEACTIVATE); /* one more request follows when it is answered */
    for (int i = 0; i < 20; i++) {
        (void)snprintf(login, sizeof(login), "later%d@example.com", i);
        world_assign_user(world, world_user(world, login), true);
    }
    nodes.core[1] = start_node(world, "b");
    world->now += KEEP_MS;
    (void)turn(&nodes, 1);
    assert_null(turn_and_keep(world, nodes.core[0])); /* to be given back: nothing new goes out */
    expect_leases(world, "b", 0, 1);
    world_exchange(world, flight);
    assert_int_equal(world_active(world, "out@example.com"), 1);
    assert_int_equal(turn(&nodes, 0), 0);
    world->now += KEEP_MS;
    assert_int_equal(turn(&nodes, 0), 0); /* given back */
    run(&nodes, 2 * MINUTE_MS, sent);
    assert_int_equal(sent[0], 0);
    assert_int_equal(sent[1], 1 + 2 * 20); /* deactivated; each looked up and created; nothing is asked anew */
    assert_int_equal(world_active(world, "out@example.com"), 0);
    assert_int_equal(practice_user_count(world->practice), 22);
    end_nodes(&nodes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* A machine that stands still for longer than a lease, just after a starting node has looked at its name. */
struct stall {
    struct world *world;
    int looks;
    bool ends; /* the lease ends meanwhile; false: its holder prolongs it */
};

static int64_t stalled_now(void *data)
{
    const struct stall *stall = data;
    return stall->world->now;
}

static int64_t stalled_steady(void *data)
{
    struct stall *stall = data;
    bool jumps = ++stall->looks > 2;
    if (jumps && stall->ends)
        stall->world->now += 3 * LEASE_MS;
    return jumps && !stall->ends ? stall->world->now + 3 * LEASE_MS : stall->world->now;
}

static void stalled_random(void *data, void *bytes, size_t n)
{
    const struct stall *stall = data;
    stall->world->env.fill_random(stall->world->env.data, bytes, n);
}

static int start_engine(struct stall *stall)
{
    struct engine *engine = NULL;
    const struct env env = {
        .now_ms = stalled_now, .fill_random = stalled_random, .data = stall, .steady_ms = stalled_steady};
    const struct engine_options options = {.store = stall->world->store,
                                           .env = &env,
                                           .keyring = stall->world->keyring,
                                           .node = "killed",
                                           .lease_ms = LEASE_MS};
    char why[256];
    int r = engine_start(&engine, &options, why, sizeof(why));
    engine_stop(engine);
    return r;
}

static void test_a_name_is_looked_at_once_more_at_the_end(void **state)
{
    struct world *world = *state;
    struct stall alive = {.world = world};
    struct stall gone = {.world = world, .ends = true};
    core_free(start_node(world, "killed"));
    assert_int_equal(start_engine(&alive), ERR_EXISTS);
    assert_int_equal(start_engine(&gone), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_node_asks_an_app),
        TEST(test_take_over),
        TEST(test_a_late_holder_is_refused),
        TEST(test_a_node_that_ends_gives_back_at_once),
        TEST(test_a_name_is_one_node),
        TEST(test_a_name_is_looked_at_once_more_at_the_end),
        TEST(test_leases_are_shared_out),
        TEST(test_answers_count_while_a_lease_is_given_back),
        TEST(test_a_short_gap_delays_nothing),
        TEST(test_a_slow_turn_ends_in_time),
        TEST(test_leases_are_kept_without_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
