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
                                           .scheme = CONNECTION_BEARER,
                                           .secret = s->secret,
                                           .rotate = s->rotate};
    int r = app_by_label(tx, "Practice", &app);
    return r < 0 ? r : connection_save(tx, s->world->keyring, &app, &input, true, tx_now(tx), NULL, &s->problem);
}

static void save(struct world *world, const char *secret, bool rotate)
{
    struct saving s = {.world = world, .secret = secret, .rotate = rotate};
    if (store_write_wait(world->store, NULL, save_run, &s) < 0)
        fail_msg("%s", s.problem.causes[0]);
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
        cmocka_unit_test_setup_teardown(test_without_another_the_app_is_quarantined, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
