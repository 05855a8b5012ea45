/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "database.h"
#include "engine/engine.h"
#include "push/deletions.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BASE_URL "http://127.0.0.1:9/scim/v2"
#define START_MS INT64_C(1790000000000)

static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, &push_room,
                                                 &engine_room, NULL};

static int64_t world_now(void *data)
{
    return ((struct world *)data)->now;
}

static void world_random(void *data, void *bytes, size_t n)
{
    struct world *world = data;
    unsigned char *to = bytes;
    world->now += world->in_turn ? world->slow_ms : 0;
    for (size_t i = 0; i < n; i++) { /* xorshift64*: the same run every time */
        world->chance ^= world->chance >> 12;
        world->chance ^= world->chance << 25;
        world->chance ^= world->chance >> 27;
        to[i] = (unsigned char)((world->chance * 2685821657736338717ULL) >> 56);
    }
}

static int make_app(struct tx *tx, void *arg)
{
    struct world *world = arg;
    struct problem problem = {0};
    CLEANUP(jval_freep) struct jval *body = jval_new_object();
    jval_set_str(body, "label", "Practice");
    jval_set_str(body, "signOnMode", "SAML_2_0");
    int r = app_create(tx, body, true, &world->app, &problem);
    struct connection_input input = {.base_url = BASE_URL, .scheme = CONNECTION_BEARER, .secret = "t0p-secret"};
    if (r == 0)
        r = connection_save(tx, world->keyring, &world->app, &input, true, tx_now(tx), NULL, &problem);
    if (r < 0)
        print_error("make_app: %s\n", problem.cause_count ? problem.causes[0] : problem.argument);
    world->app.id = arena_strdup(world->arena, world->app.id);
    world->app.label = arena_strdup(world->arena, world->app.label);
    world->app.name = arena_strdup(world->arena, world->app.name);
    world->app.document = arena_strdup(world->arena, world->app.document);
    world->app.sign_on_mode = arena_strdup(world->arena, world->app.sign_on_mode);
    return r;
}

static void start_core(struct world *world)
{
    struct core_options options = {.env = &world->env, .keyring = world->keyring, .node = "test"};
    world->core = core_new(&options);
}

int world_setup(void **state)
{
    struct world *world = NEW(struct world);
    world->arena = arena_new();
    world->now = START_MS;
    world->chance = 88172645463325252ULL;
    world->env = (struct env){.now_ms = world_now, .fill_random = world_random, .data = world};
    (void)snprintf(world->dir, sizeof(world->dir), "/tmp/muster-world-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    char path[128];
    char why[256];
    (void)snprintf(path, sizeof(path), "%s/key", world->dir);
    assert_int_equal(keyring_load(&world->keyring, path, true, why, sizeof(why)), 0);
    (void)snprintf(path, sizeof(path), "%s/muster.db", world->dir);
    struct store_options options = {.path = test_shared_location(path), .env = &world->env, .rooms = rooms};
    if (store_open(&world->store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    test_opened(options.path);
    struct practice_options target = {.token = "t0p-secret", .base_url = BASE_URL};
    world->practice = practice_new(&world->env, &target);
    assert_int_equal(store_write_wait(world->store, NULL, make_app, world), 0);
    world_switches(world, true, true, true);
    start_core(world);
    *state = world;
    return 0;
}

int world_teardown(void **state)
{
    struct world *world = *state;
    core_free(world->core);
    store_close(world->store);
    practice_free(world->practice);
    keyring_free(world->keyring);
    arena_free(world->arena);
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf %s", world->dir);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

/* --- the shell -----------------------------------------------------------------------------------------------------
 */

void world_exchange(struct world *world, const struct flight *flight)
{
    if (world->keep && world->keep(world, flight)) {
        world->requests++;
        return;
    }
    struct answer *answer = answer_new(flight->shape);
    const char *path = flight->url + strlen("http://127.0.0.1:9");
    char *copy = strdup(path);
    char *query = strchr(copy, '?');
    if (query)
        *query++ = '\0';
    const char *credential = strchr(flight->headers[0], ':');
    assert_non_null(credential);
    struct practice_request request = {.method = flight->method,
                                       .path = copy,
                                       .query = query,
                                       .authorization = credential + 2,
                                       .user_agent = "Muster/test",
                                       .content_type = flight->body ? "application/scim+json" : NULL,
                                       .body = flight->body,
                                       .body_len = flight->body ? strlen(flight->body) : 0};
    struct practice_response response;
    practice_response_init(&response);
    world->requests++;
    bool before = world->lose_before && world->lose && world->lose(world, flight);
    if (!before)
        practice_handle(world->practice, &request, &response);
    bool lost = before || response.reset || (world->lose && !world->lose_before && world->lose(world, flight));
    if (!lost && world->hide_members && flight->shape == ANSWER_MEMBERS) {
        buf_clear(&response.body);
        buf_str(&response.body, "{\"id\":\"x\",\"displayName\":\"Engineering\",\"members\":[]}");
    }
    if (lost) {
        world->lost++;
        answer_finish(answer, TRANSPORT_UNKNOWN, 0);
    } else {
        answer_feed(answer, buf_text(&response.body), response.body.len);
        if (response.retry_after[0])
            answer_header(answer, "Retry-After", response.retry_after, world->now);
        answer_finish(answer, TRANSPORT_OK, response.status);
    }
    practice_response_free(&response);
    free(copy);
    core_answer(world->core, flight->number, answer);
}

bool world_turn(struct world *world)
{
    int64_t due = 0;
    world->in_turn = true;
    int r = store_write_wait(world->store, NULL, core_turn, world->core);
    world->in_turn = false;
    if (r < 0)
        fail_msg("core_turn: %s", err_text(r));
    struct flight *handed_out = core_committed(world->core, &due);
    for (struct flight *flight = handed_out, *next = NULL; flight; flight = next) {
        next = flight->next;
        if (core_may_send(world->core, flight->number)) {
            world_exchange(world, flight);
        } else {
            world->withdrawn++;
            core_withdraw(world->core, flight->number);
        }
    }
    return handed_out || due <= world->now;
}

struct next_due {
    int64_t due;
    int found;
};

static int read_next_due(struct tx *tx, void *arg)
{
    struct next_due *next = arg;
    next->found = work_next_due(tx, &next->due);
    return next->found < 0 ? next->found : 0;
}

void world_settle(struct world *world, int64_t patience_ms)
{
    for (int turns = 0; turns < 100000; turns++) {
        if (world_turn(world))
            continue;
        struct next_due next = {0};
        assert_int_equal(store_read_wait(world->store, read_next_due, &next), 0);
        if (!next.found || next.due - world->now > patience_ms)
            return;
        int64_t wait = MAX_OF(next.due - world->now, (int64_t)100); /* due already: the app is blocked for a while */
        patience_ms -= wait;
        world->now += wait;
        if (patience_ms < 0)
            return;
    }
    fail_msg("the engine does not come to rest");
}

static int hasten(struct tx *tx, void *arg)
{
    (void)arg;
    int r = work_hasten(tx);
    return r < 0 ? r : 0;
}

void world_crash(struct world *world)
{
    core_free(world->core);
    start_core(world);
    assert_int_equal(store_write_wait(world->store, NULL, hasten, NULL), 0);
}

/* --- changes -------------------------------------------------------------------------------------------------------
 */

struct act {
    struct world *world;
    const char *first;
    const char *second;
    int number;
    int other;
    bool flag;
    const char *ret_id;
    struct mapping_state state;
    struct problem problem;
    int (*run)(struct tx *tx, struct act *act);
};

static int run_act(struct tx *tx, void *arg)
{
    struct act *act = arg;
    act->problem = (struct problem){0};
    int r = act->run(tx, act);
    if (act->ret_id)
        act->ret_id = arena_strdup(act->world->arena, act->ret_id);
    return r;
}

static void do_act(struct act *act)
{
    int r = store_write_wait(act->world->store, NULL, run_act, act);
    if (r < 0)
        fail_msg("%s: %s %s", err_text(r), act->problem.argument, act->problem.causes[0]);
}

static int act_user(struct tx *tx, struct act *act)
{
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "login", act->first);
    jval_set_str(profile, "email", act->first);
    jval_set_str(profile, "firstName", "Test");
    jval_set_str(profile, "lastName", "Person");
    struct user_input input = {.profile = profile, .has_password = true, .password_hash = "x", .activate = true};
    struct user user;
    int r = user_create(tx, &input, &user, &act->problem);
    act->ret_id = r < 0 ? NULL : user.id;
    return r;
}

const char *world_user(struct world *world, const char *login)
{
    struct act act = {.world = world, .first = login, .run = act_user};
    do_act(&act);
    return act.ret_id;
}

static int act_group(struct tx *tx, struct act *act)
{
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "name", act->first);
    struct group group;
    int r = group_create(tx, profile, &group, &act->problem);
    act->ret_id = r < 0 ? NULL : group.id;
    return r;
}

const char *world_group(struct world *world, const char *name)
{
    struct act act = {.world = world, .first = name, .run = act_group};
    do_act(&act);
    return act.ret_id;
}

static int act_member(struct tx *tx, struct act *act)
{
    struct group group;
    struct user user;
    int r = group_by_id(tx, act->first, &group);
    if (r == 0)
        r = user_by_id(tx, act->second, &user);
    if (r == 0)
        r = act->flag ? member_add(tx, &group, &user, &act->problem) : member_remove(tx, &group, &user, &act->problem);
    return r;
}

void world_member(struct world *world, const char *group_id, const char *user_id, bool add)
{
    struct act act = {.world = world, .first = group_id, .second = user_id, .flag = add, .run = act_member};
    do_act(&act);
}

static int act_transition(struct tx *tx, struct act *act)
{
    struct user user;
    int r = user_by_id(tx, act->first, &user);
    return r < 0 ? r : user_transition(tx, &user, (enum user_transition)act->number, &act->problem);
}

void world_transition(struct world *world, const char *user_id, enum user_transition transition)
{
    struct act act = {.world = world, .first = user_id, .number = transition, .run = act_transition};
    do_act(&act);
}

static int act_assign_group(struct tx *tx, struct act *act)
{
    struct group group;
    struct app_group ret;
    int r = group_by_id(tx, act->first, &group);
    if (r < 0)
        return r;
    return act->flag ? app_group_put(tx, &act->world->app, &group, -1, NULL, &ret, &act->problem)
                     : app_group_remove(tx, &act->world->app, &group, &act->problem);
}

void world_assign_group(struct world *world, const char *group_id, bool assign)
{
    struct act act = {.world = world, .first = group_id, .flag = assign, .run = act_assign_group};
    do_act(&act);
}

static int act_assign_user(struct tx *tx, struct act *act)
{
    struct user user;
    struct account account;
    int r = user_by_id(tx, act->first, &user);
    if (r == 0 && act->flag)
        return account_assign(tx, &act->world->app, &user, NULL, NULL, &account, &act->problem);
    if (r == 0)
        r = account_get(tx, act->world->app.rid, user.rid, &account);
    return r < 0 ? r : account_unassign(tx, &act->world->app, &account, &act->problem);
}

void world_assign_user(struct world *world, const char *user_id, bool assign)
{
    struct act act = {.world = world, .first = user_id, .flag = assign, .run = act_assign_user};
    do_act(&act);
}

static int act_rename(struct tx *tx, struct act *act)
{
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "name", act->second);
    struct group group;
    int r = group_by_id(tx, act->first, &group);
    return r < 0 ? r : group_update(tx, &group, profile, &act->problem);
}

void world_rename_group(struct world *world, const char *group_id, const char *name)
{
    struct act act = {.world = world, .first = group_id, .second = name, .run = act_rename};
    do_act(&act);
}

static int act_switches(struct tx *tx, struct act *act)
{
    struct app_switches switches;
    int r = app_switches_get(tx, act->world->app.rid, &switches);
    switches.create = act->number & 1;
    switches.update = act->number & 2;
    switches.deactivate = act->number & 4;
    return r < 0 ? r : app_switches_set(tx, &act->world->app, &switches, &act->problem);
}

void world_switches(struct world *world, bool create, bool update, bool deactivate)
{
    struct act act = {.world = world, .number = create + 2 * update + 4 * deactivate, .run = act_switches};
    do_act(&act);
}

static int act_connection(struct tx *tx, struct act *act)
{
    return connection_set_status(tx, &act->world->app, act->flag ? CONNECTION_ENABLED : CONNECTION_DISABLED,
                                 &act->problem);
}

void world_connection(struct world *world, bool on)
{
    struct act act = {.world = world, .flag = on, .run = act_connection};
    do_act(&act);
}

static int act_limits_off(struct tx *tx, struct act *act)
{
    int r = 0;
    const struct deletion_limit off = {.off = true};
    for (int rule = 0; r == 0 && rule < RULE_COUNT; rule++)
        r = deletion_limit_set(tx, act->world->app.rid, (enum deletion_rule)rule, &off);
    return r;
}

void world_limits_off(struct world *world)
{
    struct act act = {.world = world, .run = act_limits_off};
    do_act(&act);
}

static int act_push(struct tx *tx, struct act *act)
{
    struct group source;
    struct mapping mapping;
    struct mapping_input input = {.target_group_name = act->second, .status = MAPPING_ACTIVE};
    int r = group_by_id(tx, act->first, &source);
    if (r == 0)
        r = mapping_create(tx, &act->world->app, &source, &input, &mapping, &act->problem);
    act->ret_id = r < 0 ? NULL : mapping.id;
    return r;
}

const char *world_push(struct world *world, const char *group_id, const char *target_name)
{
    struct act act = {.world = world, .first = group_id, .second = target_name, .run = act_push};
    do_act(&act);
    return act.ret_id;
}

static int act_mapping_status(struct tx *tx, struct act *act)
{
    struct mapping mapping;
    int r = mapping_by_id(tx, act->world->app.rid, act->first, &mapping);
    return r < 0 ? r
                 : mapping_update(tx, &mapping, (enum mapping_status)act->number, (enum existing_members)act->other,
                                  &act->problem);
}

void world_mapping_status(struct world *world, const char *mapping_id, enum mapping_status status,
                          enum existing_members existing)
{
    struct act act = {
        .world = world, .first = mapping_id, .number = status, .other = existing, .run = act_mapping_status};
    do_act(&act);
}

static int act_mapping_delete(struct tx *tx, struct act *act)
{
    struct mapping mapping;
    int r = mapping_by_id(tx, act->world->app.rid, act->first, &mapping);
    return r < 0 ? r : mapping_delete(tx, &act->world->app, &mapping, act->flag, &act->problem);
}

int world_mapping_delete(struct world *world, const char *mapping_id, bool delete_target)
{
    struct act act = {.world = world, .first = mapping_id, .flag = delete_target, .run = act_mapping_delete};
    return store_write_wait(world->store, NULL, run_act, &act);
}

static int act_mapping_state(struct tx *tx, struct act *act)
{
    struct mapping mapping;
    int r = mapping_by_id(tx, act->world->app.rid, act->first, &mapping);
    if (r == 0)
        r = mapping_state(tx, &mapping, &act->state);
    act->state.error = arena_strdup(act->world->arena, act->state.error);
    act->state.error_class = arena_strdup(act->world->arena, act->state.error_class);
    return r;
}

struct mapping_state world_mapping_state(struct world *world, const char *mapping_id)
{
    struct act act = {.world = world, .first = mapping_id, .run = act_mapping_state};
    do_act(&act);
    return act.state;
}

/* --- looking at the target -----------------------------------------------------------------------------------------
 */

int world_there(const struct world *world, const char *group_name, const char *login)
{
    const char *group_id = NULL;
    const char *user_id = NULL;
    bool active = false;
    if (practice_find_group(world->practice, group_name, &group_id) != 1 ||
        !practice_find_user(world->practice, login, &user_id, &active))
        return -1;
    return practice_group_has(world->practice, group_id, user_id);
}

int world_active(const struct world *world, const char *login)
{
    const char *user_id = NULL;
    bool active = false;
    return practice_find_user(world->practice, login, &user_id, &active) ? active : -1;
}

int world_request(struct world *world, const char *method, const char *path, const char *body)
{
    struct practice_request request = {.method = method,
                                       .path = path,
                                       .authorization = "Bearer t0p-secret",
                                       .content_type = "application/scim+json",
                                       .body = body,
                                       .body_len = strlen(body)};
    struct practice_response response;
    practice_response_init(&response);
    practice_handle(world->practice, &request, &response);
    int status = response.status;
    practice_response_free(&response);
    return status;
}
