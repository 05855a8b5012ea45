/* SPDX-License-Identifier: Apache-2.0 */
/* Two credentials: what the engine does when the app refuses the new one, and when it takes it. */
#include "world.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define GOOD "t0p-secret" /* what the practice target asks for */

struct saving {
    struct world *world;
    enum connection_scheme scheme;
    const char *secret;
    bool rotate;
    struct connection connection;
    struct problem problem;
};

static int save_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    struct app app;
    s->problem = (struct problem){0};
    const struct connection_input input = {.base_url = "http://127.0.0.1:9/scim/v2",
                                           .scheme = s->scheme,
                                           .header_name = s->scheme == CONNECTION_HEADER ? "Authorization" : NULL,
                                           .secret = s->secret,
                                           .rotate = s->rotate};
    int r = app_by_label(tx, "Practice", &app);
    return r < 0 ? r : connection_save(tx, s->world->keyring, &app, &input, true, tx_now(tx), NULL, &s->problem);
}

static void save_as(struct world *world, enum connection_scheme scheme, const char *secret, bool rotate)
{
    struct saving s = {.world = world, .scheme = scheme, .secret = secret, .rotate = rotate};
    if (store_write_wait(world->store, NULL, save_run, &s) < 0)
        fail_msg("%s", s.problem.causes[0]);
}

static void save(struct world *world, const char *secret, bool rotate)
{
    save_as(world, CONNECTION_BEARER, secret, rotate);
}

static int look_run(struct tx *tx, void *arg)
{
    struct saving *s = arg;
    return connection_get(tx, s->world->app.rid, &s->connection);
}

static struct connection look(struct world *world)
{
    struct saving s = {.world = world};
    assert_int_equal(store_read_wait(world->store, look_run, &s), 0);
    return s.connection; /* its numbers: the texts are gone */
}

static int refused; /* requests that were sent with another credential than GOOD */

static bool count_refused(struct world *world, const struct flight *flight)
{
    (void)world;
    refused += strstr(flight->headers[0], GOOD) == NULL;
    return false;
}

static void group_of(struct world *world, int people)
{
    const char *group = world_group(world, "Engineering");
    for (int i = 0; i < people; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "person-%d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    (void)world_push(world, group, "Engineering");
}

static void test_a_refused_credential_falls_back(void **state)
{
    struct world *world = *state;
    world->lose = count_refused;
    world_settle(world, MINUTE_MS);
    save(world, "not-known-there", true);
    refused = 0;
    group_of(world, 40);
    world_settle(world, MINUTE_MS);
    struct connection c = look(world);
    assert_int_equal(c.rotation, ROTATION_FELL_BACK);
    assert_int_equal(c.status, CONNECTION_ENABLED);
    assert_true(refused > 0 && refused <= LIMIT_APP_IN_FLIGHT);
    for (int i = 0; i < 40; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "person-%d@example.com", i);
        assert_int_equal(world_there(world, "Engineering", login), 1);
    }
    int before = refused;
    world_assign_user(world, world_user(world, "later@example.com"), true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "later@example.com"), 1);
    assert_int_equal(refused, before); /* the new one is never tried again */
}

/* A write that was refused was not done: it is sent again, once, and nobody is made twice. */
static void test_a_refusal_in_the_middle(void **state)
{
    struct world *world = *state;
    world->lose = count_refused;
    group_of(world, 3);
    world_settle(world, MINUTE_MS);
    save(world, "not-known-there", true);
    refused = 0;
    world_assign_user(world, world_user(world, "single@example.com"), true);
    world_settle(world, MINUTE_MS);
    assert_true(refused > 0);
    assert_int_equal(world_active(world, "single@example.com"), 1);
    assert_int_equal(look(world).rotation, ROTATION_FELL_BACK);
}

static void test_a_taken_credential_is_proven(void **state)
{
    struct world *world = *state;
    save(world, "before", false);
    save(world, GOOD, true);
    assert_int_equal(look(world).rotation, ROTATION_TRYING);
    group_of(world, 3);
    world_settle(world, MINUTE_MS);
    assert_int_equal(look(world).rotation, ROTATION_PROVEN);
    assert_true(look(world).old.n > 0);
    world->now += ROTATION_KEEP_MS;
    (void)world_turn(world);
    assert_int_equal(look(world).rotation, ROTATION_NONE);
    assert_int_equal(look(world).old.n, 0);
}

#define KEPT 2
static const struct flight *kept[KEPT];
static int kept_count;
static enum request_kind kind_kept;

static bool keep_some(UNUSED struct world *world, const struct flight *flight)
{
    if (flight->kind != kind_kept || kept_count == KEPT)
        return false;
    kept[kept_count++] = flight;
    return true;
}

/* A second life of the process, so that the lease of another credential has another number. */
static void live_again(struct world *world)
{
    world_assign_user(world, world_user(world, "first@example.com"), true);
    world_settle(world, MINUTE_MS);
    world_crash(world);
}

/* What is out for the accounts of `people` in a group that is pushed has no answer yet. */
static void keep_requests(struct world *world, enum request_kind kind, int people)
{
    kept_count = 0;
    kind_kept = kind;
    world->keep = keep_some;
    group_of(world, people);
    for (int i = 0; i < 10 && kept_count < people; i++)
        (void)world_turn(world);
    assert_int_equal(kept_count, people);
    world->keep = NULL;
}

static int looked_up; /* requests that read an account */

static bool count_reads(UNUSED struct world *world, const struct flight *flight)
{
    looked_up += flight->kind == REQUEST_FIND_USER || flight->kind == REQUEST_READ_USER;
    return false;
}

/* What was sent before the credential was replaced, and is answered after that, was done: nothing is read back. */
static void test_an_answer_to_the_credential_before(void **state)
{
    struct world *world = *state;
    live_again(world);
    keep_requests(world, REQUEST_CREATE_USER, 1);
    save_as(world, CONNECTION_HEADER, "Bearer " GOOD, false); /* which is another one, and taken as well */
    (void)world_turn(world);
    world_exchange(world, kept[0]);
    looked_up = 0;
    world->lose = count_reads;
    world_settle(world, 10L * 1000);
    assert_int_equal(world_there(world, "Engineering", "person-0@example.com"), 1);
    assert_int_equal(looked_up, 0);
}

/* Two are refused, and answered one after the other: the second, too, was not done, and is asked again at once. */
static void test_a_refusal_after_the_fall_back(void **state)
{
    struct world *world = *state;
    const struct practice_options anybody = {.base_url = "http://127.0.0.1:9/scim/v2"};
    const struct practice_fault fault = {.kind = FAULT_STATUS, .status = 401, .times = KEPT};
    char why[128] = "";
    practice_free(world->practice);
    world->practice = practice_new(&world->env, &anybody);
    live_again(world);
    save(world, "another", true);
    world_assign_user(world, world_user(world, "second@example.com"), true);
    world_settle(world, MINUTE_MS);
    keep_requests(world, REQUEST_FIND_USER, KEPT);
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    looked_up = 0;
    world->lose = count_reads;
    world_exchange(world, kept[0]);
    (void)world_turn(world);
    assert_int_equal(look(world).rotation, ROTATION_FELL_BACK);
    world_exchange(world, kept[1]);
    world_settle(world, 10L * 1000);
    assert_int_equal(world_there(world, "Engineering", "person-0@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "person-1@example.com"), 1);
    assert_int_equal(looked_up, 2 * KEPT);
}

/* Without another credential it is as ever: the app is left alone until somebody acts. */
static void test_without_another_the_app_is_quarantined(void **state)
{
    struct world *world = *state;
    world->lose = count_refused;
    save(world, "not-known-there", false);
    refused = 0;
    group_of(world, 3);
    world_settle(world, 500);
    assert_int_equal(refused, 1);
    save(world, GOOD, false);
    world_settle(world, 10L * MINUTE_MS);
    assert_int_equal(world_there(world, "Engineering", "person-0@example.com"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_refused_credential_falls_back, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_refusal_in_the_middle, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_taken_credential_is_proven, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_to_the_credential_before, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_refusal_after_the_fall_back, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_without_another_the_app_is_quarantined, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
