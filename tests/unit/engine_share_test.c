/* SPDX-License-Identifier: Apache-2.0 */
/* What is shared: how much may be in flight, to one app and in all; a slow app beside a fast one; an object that the
 * engine itself cannot handle beside others. */
#include "world.h"

#include "base/limits.h"
#include "engine/engine.h"
#include "engine/inner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define PEOPLE 40 /* more than one app may have in flight */
#define OTHERS 8  /* apps: with the first more than all may have in flight */

static_assert(PEOPLE > LIMIT_APP_IN_FLIGHT, "an app has more to do than it may");
static_assert((1 + OTHERS) * LIMIT_APP_IN_FLIGHT > LIMIT_IN_FLIGHT, "all apps together have");

struct other {
    struct world *world;
    const char *group_id;
    struct app app;
    int number;
};

/* Another app, at another host, so that it shares no pace: in this world the same target answers for all. */
static int make_app(struct tx *tx, void *arg)
{
    struct other *other = arg;
    struct problem problem = {0};
    struct group group;
    struct app_group ret;
    struct app_switches switches;
    CLEANUP(jval_freep) struct jval *body = jval_new_object();
    jval_set_str(body, "label", arena_printf(tx_arena(tx), "App %d", other->number));
    jval_set_str(body, "signOnMode", "SAML_2_0");
    int r = app_create(tx, body, true, &other->app, &problem);
    const char *url = arena_printf(tx_arena(tx), "http://127.0.0.%d:9/scim/v2", other->number);
    struct connection_input input = {.base_url = url, .scheme = CONNECTION_BEARER, .secret = "t0p-secret"};
    if (r == 0)
        r = connection_save(tx, other->world->keyring, &other->app, &input, true, tx_now(tx), NULL, &problem);
    if (r == 0)
        r = app_switches_get(tx, other->app.rid, &switches);
    if (r < 0)
        return r;
    switches.create = switches.update = switches.deactivate = true;
    r = app_switches_set(tx, &other->app, &switches, &problem);
    if (r == 0)
        r = group_by_id(tx, other->group_id, &group);
    return r < 0 ? r : app_group_put(tx, &other->app, &group, -1, NULL, &ret, &problem);
}

static int64_t add_app(struct world *world, const char *group, int number)
{
    struct other other = {.world = world, .group_id = group, .number = number};
    int r = store_write_wait(world->store, NULL, make_app, &other);
    if (r < 0)
        fail_msg("app %d: %s", number, err_text(r));
    return other.app.rid;
}

/* A group whose first person every app has: the connections of all apps are proven. */
static const char *make_first(struct world *world)
{
    const char *group = world_group(world, "People");
    world_member(world, group, world_user(world, "first@example.com"), true);
    world_assign_group(world, group, true);
    return group;
}

static void add_people(struct world *world, const char *group)
{
    for (int i = 0; i < PEOPLE; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "p%02d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
}

static int64_t slow_app; /* whose requests have no answer; 0: of all */

static bool keep_slow(struct world *world, const struct flight *flight)
{
    (void)world;
    return slow_app == 0 || flight->app_rid == slow_app;
}

static int in_flight_of(const struct world *world, int64_t app_rid)
{
    int count = 0;
    for (const struct flight *flight = world->core->flights; flight; flight = flight->next)
        count += flight->app_rid == app_rid;
    return count;
}

static void take_turns(struct world *world, int turns)
{
    for (int i = 0; i < turns; i++)
        (void)world_turn(world);
}

static void test_so_many_are_in_flight_to_an_app(void **state)
{
    struct world *world = *state;
    const char *group = make_first(world);
    world_settle(world, MINUTE_MS);
    slow_app = 0;
    world->keep = keep_slow;
    add_people(world, group);
    take_turns(world, 20);
    assert_int_equal(in_flight_of(world, world->app.rid), LIMIT_APP_IN_FLIGHT);
    /* One is answered: its object goes on, or another takes the place. */
    world->keep = NULL;
    world_exchange(world, world->core->flights);
    world->keep = keep_slow;
    take_turns(world, 20);
    assert_int_equal(in_flight_of(world, world->app.rid), LIMIT_APP_IN_FLIGHT);
}

static void test_so_many_are_in_flight_in_all(void **state)
{
    struct world *world = *state;
    const char *group = make_first(world);
    for (int i = 0; i < OTHERS; i++)
        (void)add_app(world, group, i + 2);
    world_settle(world, MINUTE_MS);
    slow_app = 0;
    world->keep = keep_slow;
    add_people(world, group);
    take_turns(world, 40);
    assert_int_equal(core_in_flight(world->core), LIMIT_IN_FLIGHT);
    world->keep = NULL;
    world_exchange(world, world->core->flights);
    world->keep = keep_slow;
    take_turns(world, 40);
    assert_int_equal(core_in_flight(world->core), LIMIT_IN_FLIGHT);
}

/* The slow app answers nothing, and has as much in flight as it may: the other gets everything (invariant 5). */
static void test_a_slow_app_beside_a_fast_one(void **state)
{
    struct world *world = *state;
    const char *group = make_first(world);
    slow_app = add_app(world, group, 2);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_user_count(world->practice), 1);
    (void)world_push(world, group, "People");
    world_settle(world, MINUTE_MS);
    world->keep = keep_slow;
    int64_t began = world->now;
    add_people(world, group);
    take_turns(world, 200);
    assert_int_equal(world->now, began); /* nothing had to wait */
    assert_int_equal(in_flight_of(world, slow_app), LIMIT_APP_IN_FLIGHT);
    assert_int_equal(in_flight_of(world, world->app.rid), 0);
    assert_int_equal(practice_user_count(world->practice), 1 + PEOPLE);
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, "People", &id), 1);
    assert_int_equal(practice_group_size(world->practice, id), 1 + PEOPLE);
}

/* --- an object that the engine cannot handle -----------------------------------------------------------------------
 */

struct person {
    const struct world *world;
    const char *id;
    const char *title;
    const char *spoiled; /* what stands where the acknowledged profile should be */
    char *kept;
    struct work work;
    int found;
};

SQL(SENT_OF, "SELECT sent_profile FROM accounts WHERE app_rid = $1 AND user_rid = $2");
SQL(SENT_SET, "UPDATE accounts SET sent_profile = $3 WHERE app_rid = $1 AND user_rid = $2");

static int set_sent_job(struct tx *tx, void *arg)
{
    struct person *person = arg;
    struct user user;
    struct query query;
    int r = user_by_id(tx, person->id, &user);
    if (r == 0 && !person->kept) {
        r = tx_query(tx, &query, &SENT_OF, I(person->world->app.rid), I(user.rid));
        if (r < 0 || (r = query_next(&query)) <= 0)
            return r < 0 ? r : ERR_NOT_FOUND;
        person->kept = mem_strdup(query_text(&query, 0));
        query_close(&query);
    }
    return r < 0 ? r : tx_exec(tx, &SENT_SET, I(person->world->app.rid), I(user.rid), T(person->spoiled));
}

static int title_job(struct tx *tx, void *arg)
{
    const struct person *person = arg;
    struct user user;
    struct problem problem = {0};
    struct jval *change CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(change, "title", person->title);
    int r = user_by_id(tx, person->id, &user);
    return r < 0 ? r : user_update(tx, &user, change, false, &problem);
}

static int find_work_job(struct tx *tx, void *arg)
{
    struct person *person = arg;
    struct user user;
    struct account account;
    int r = user_by_id(tx, person->id, &user);
    if (r == 0)
        r = account_get(tx, person->world->app.rid, user.rid, &account);
    if (r == 0)
        r = person->found = work_find(tx, person->world->app.rid, WORK_ACCOUNT, account.rid, &person->work);
    if (r > 0) {
        assert_true(person->work.held);
        assert_string_equal(person->work.error_class, "INTERNAL");
        assert_non_null(person->work.error);
    }
    return MIN_OF(r, 0);
}

static int retry_job(struct tx *tx, void *arg)
{
    const struct world *world = arg;
    return engine_retry(tx, world->app.rid);
}

static void check_title(struct world *world, const char *login, const char *title)
{
    const char *id = NULL;
    bool active = false;
    assert_true(practice_find_user(world->practice, login, &id, &active));
    char *there = practice_attribute(world->practice, id, "title");
    if ((there || title) && !str_eq(there, title))
        fail_msg("%s has the title %s", login, there ? there : "none");
    free(there);
}

/* What is wrong with one person's row stops neither the others nor the group; mended and retried, it goes on. */
static void test_an_object_that_cannot_be_handled(void **state)
{
    struct world *world = *state;
    const char *group = make_first(world);
    struct person bad = {.world = world, .id = world_user(world, "bad@example.com"), .title = "Director"};
    struct person good = {.world = world, .id = world_user(world, "good@example.com"), .title = "Director"};
    world_member(world, group, bad.id, true);
    world_member(world, group, good.id, true);
    (void)world_push(world, group, "People");
    world_settle(world, MINUTE_MS);
    bad.spoiled = "{"; /* between the change and the turn */
    assert_int_equal(store_write_wait(world->store, NULL, title_job, &bad), 0);
    assert_int_equal(store_write_wait(world->store, NULL, set_sent_job, &bad), 1);
    assert_int_equal(store_write_wait(world->store, NULL, title_job, &good), 0);
    world_member(world, group, world_user(world, "late@example.com"), true);
    world_settle(world, MINUTE_MS);
    check_title(world, "good@example.com", "\"Director\"");
    check_title(world, "bad@example.com", NULL);
    assert_int_equal(world_there(world, "People", "late@example.com"), 1);
    assert_int_equal(store_read_wait(world->store, find_work_job, &bad), 0);
    assert_int_equal(bad.found, 1);
    assert_int_equal(store_read_wait(world->store, find_work_job, &good), 0);
    assert_int_equal(good.found, 0);
    bad.spoiled = bad.kept;
    assert_int_equal(store_write_wait(world->store, NULL, set_sent_job, &bad), 1);
    assert_true(store_write_wait(world->store, NULL, retry_job, world) >= 0);
    world_settle(world, MINUTE_MS);
    check_title(world, "bad@example.com", "\"Director\"");
    free(bad.kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_so_many_are_in_flight_to_an_app, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_so_many_are_in_flight_in_all, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_slow_app_beside_a_fast_one, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_object_that_cannot_be_handled, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
