/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of failures: which class, which words, when it is tried again, and what brings things back in step. */
#include "world.h"

#include "engine/engine.h"
#include "engine/inner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000

static void order(struct world *world, struct practice_fault fault)
{
    char why[128] = "";
    if (practice_set_fault(world->practice, &fault, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

/* Ann and Bob in a group that is assigned, not pushed yet. */
static const char *make_pair(struct world *world)
{
    const char *group = world_group(world, "Pair");
    world_member(world, group, world_user(world, "ann@example.com"), true);
    world_member(world, group, world_user(world, "bob@example.com"), true);
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    return group;
}

static const char *user_path(struct world *world, const char *login)
{
    const char *id = NULL;
    bool active = false;
    assert_true(practice_find_user(world->practice, login, &id, &active));
    return arena_printf(world->arena, "/scim/v2/Users/%s", id);
}

struct look {
    struct world *world;
    const char *mapping;
    const char *text;
};

static void nothing_more(UNUSED struct jout *out, UNUSED const char *error_class)
{
}

static int read_member_errors(struct tx *tx, void *arg)
{
    struct look *look = arg;
    struct mapping mapping = {0};
    struct buf text;
    struct jout out;
    buf_init(&text, 65536);
    jout_init(&out, &text);
    jout_array(&out, NULL);
    int r = mapping_by_id(tx, look->world->app.rid, look->mapping, &mapping);
    if (r == 0)
        r = member_errors_write(tx, &out, mapping.target_rid, 10, nothing_more);
    jout_end(&out);
    look->text = arena_strdup(look->world->arena, buf_text(&text));
    buf_free(&text);
    return r < 0 ? r : 0;
}

static const char *member_errors(struct world *world, const char *mapping)
{
    struct look look = {.world = world, .mapping = mapping};
    assert_int_equal(store_read_wait(world->store, read_member_errors, &look), 0);
    return look.text;
}

/* The app refuses a member because the account is gone there: it is made anew, and the membership follows. */
static void test_an_account_that_is_gone_is_made_anew(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    assert_int_equal(world_request(world, "DELETE", user_path(world, "bob@example.com"), ""), 204);
    const char *mapping = world_push(world, group, "Pair");
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Pair", "bob@example.com"), 1);
    assert_int_equal(world_there(world, "Pair", "ann@example.com"), 1);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 2); /* Bob's, before and after */
    assert_null(world_mapping_state(world, mapping).error);
}

/* The account is there: it is looked at once, not again and again. */
static void test_a_refused_member_is_looked_at_once(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    order(world, (struct practice_fault){.kind = FAULT_MEMBER_REFUSED, .status = 400, .text = "bob@example.com"});
    const char *mapping = world_push(world, group, "Pair");
    world_settle(world, MINUTE_MS);
    assert_non_null(strstr(member_errors(world, mapping), "\"errorClass\":\"MEMBER_UNKNOWN\""));
    struct mapping_state seen = world_mapping_state(world, mapping);
    assert_int_equal(strncmp(seen.error, "1 of 2 members could not be pushed. The reason: Bad Request", 59), 0);
    assert_false(seen.in_error);
    uint64_t before = world->requests;
    world_member(world, group, world_user(world, "cyd@example.com"), true);
    world_settle(world, 9 * MINUTE_MS);
    /* Cyd: looked up, created, added. Bob is left alone. */
    assert_int_equal(world->requests - before, 3);
}

static void test_a_disabled_account_is_named_as_the_cause(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    order(world, (struct practice_fault){.kind = FAULT_INACTIVE_MEMBERS, .status = 400});
    assert_in_range(
        world_request(world, "PATCH", user_path(world, "bob@example.com"),
                      "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":"
                      "\"replace\",\"path\":\"active\",\"value\":false}]}"),
        200, 204);
    const char *mapping = world_push(world, group, "Pair");
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Pair", "ann@example.com"), 1);
    assert_non_null(strstr(member_errors(world, mapping), "\"errorClass\":\"MEMBER_INACTIVE\""));
    assert_int_equal(world_active(world, "bob@example.com"), 0); /* reported, never repaired (invariant 9) */
}

/* So is one that Muster deactivated itself, where the switch says that nobody is activated; known without reading it.
 */
static void test_an_account_that_we_left_inactive_is_named_as_the_cause(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    const char *cyd = world_user(world, "cyd@example.com");
    world_limits_off(world);
    world_assign_user(world, cyd, true);
    world_settle(world, MINUTE_MS);
    world_assign_user(world, cyd, false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "cyd@example.com"), 0);
    world_switches(world, false, true, true);
    world_assign_user(world, cyd, true);
    world_member(world, group, cyd, true);
    order(world, (struct practice_fault){.kind = FAULT_INACTIVE_MEMBERS, .status = 400});
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 403, .method = "GET", .prefix = "/Users/"});
    const char *mapping = world_push(world, group, "Pair");
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Pair", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Pair", "cyd@example.com"), 0);
    assert_non_null(strstr(member_errors(world, mapping), "\"errorClass\":\"MEMBER_INACTIVE\""));
    assert_null(strstr(member_errors(world, mapping), "MEMBER_UNKNOWN"));
}

/* An app at which accounts cannot be read: the check fails, which is no failure of the account. */
static void test_an_account_that_cannot_be_looked_at(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    order(world, (struct practice_fault){.kind = FAULT_MEMBER_REFUSED, .status = 400, .text = "bob@example.com"});
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 403, .method = "GET", .prefix = "/Users/"});
    const char *mapping = world_push(world, group, "Pair");
    world_settle(world, MINUTE_MS);
    assert_non_null(strstr(member_errors(world, mapping), "\"errorClass\":\"MEMBER_UNKNOWN\""));
    uint64_t before = world->requests;
    world_settle(world, 60 * MINUTE_MS);
    assert_int_equal(world->requests, before);
}

static int verify_mode_job(struct tx *tx, void *arg)
{
    struct look *look = arg;
    struct app_switches switches = {0};
    struct problem problem = {0};
    int r = app_switches_get(tx, look->world->app.rid, &switches);
    switches.verify = str_eq(look->text, "ALWAYS")    ? VERIFY_MODE_ALWAYS
                      : str_eq(look->text, "SAMPLED") ? VERIFY_MODE_SAMPLED
                                                      : VERIFY_MODE_NEVER;
    return r < 0 ? r : app_switches_set(tx, &look->world->app, &switches, &problem);
}

/* How many requests forty people cost who join one by one, and how many of them are reads. */
static void forty_changes(struct world *world, const char *mode, uint64_t *ret_requests, uint64_t *ret_reads)
{
    const char *group = world_group(world, "Pair");
    const char *people[40];
    for (int i = 0; i < 40; i++) {
        people[i] = world_user(world, arena_printf(world->arena, "person%d@example.com", i));
        world_assign_user(world, people[i], true);
    }
    (void)world_push(world, group, "Pair");
    struct look look = {.world = world, .text = mode};
    assert_int_equal(store_write_wait(world->store, NULL, verify_mode_job, &look), 0);
    world_settle(world, MINUTE_MS);
    uint64_t before = world->requests;
    struct practice_entry entry;
    uint64_t after = practice_journal_last(world->practice);
    for (int i = 0; i < 40; i++) {
        world_member(world, group, people[i], true);
        world_settle(world, MINUTE_MS);
    }
    *ret_requests = world->requests - before;
    *ret_reads = 0;
    while (practice_journal_next(world->practice, after, &entry)) {
        *ret_reads += str_eq(entry.method, "GET");
        after = entry.number;
    }
}

static void test_never_verified(void **state)
{
    uint64_t requests = 0;
    uint64_t reads = 0;
    forty_changes(*state, "NEVER", &requests, &reads);
    assert_int_equal(requests, 40);
    assert_int_equal(reads, 0);
}

static void test_always_verified(void **state)
{
    uint64_t requests = 0;
    uint64_t reads = 0;
    forty_changes(*state, "ALWAYS", &requests, &reads);
    assert_int_equal(requests, 80);
    assert_int_equal(reads, 40);
}

static void test_verified_by_sample(void **state)
{
    uint64_t requests = 0;
    uint64_t reads = 0;
    forty_changes(*state, "SAMPLED", &requests, &reads);
    assert_in_range(reads, 1, 20); /* one in ten */
    assert_int_equal(requests, 40 + reads);
}

/* Always verified: what the app drops is found without anybody asking, pushed once more, and then named. */
static void test_a_silent_drop_is_found_by_itself(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    struct look look = {.world = world, .text = "ALWAYS"};
    assert_int_equal(store_write_wait(world->store, NULL, verify_mode_job, &look), 0);
    order(world, (struct practice_fault){.kind = FAULT_MEMBERS_LOST, .max = 1});
    const char *mapping = world_push(world, group, "Pair");
    world_settle(world, MINUTE_MS);
    assert_non_null(strstr(member_errors(world, mapping), "\"errorClass\":\"NOT_KEPT\""));
    assert_int_equal(world_mapping_state(world, mapping).members_failed, 1);
    assert_int_equal(world_mapping_state(world, mapping).members_known, 1);
}

/* 1, 2, 4 ... seconds, 10 % more or less by chance, at most five minutes, however often it failed. */
static void test_back_off(void **state)
{
    struct world *world = *state;
    int64_t expected = LIMIT_BACKOFF_MIN_MS;
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (int attempts = 0; attempts < 1000; attempts++) {
        int64_t wait = backoff_ms(&world->env, attempts);
        assert_in_range(wait, expected - expected / 10, expected + expected / 10);
        expected = MIN_OF(expected * 2, (int64_t)LIMIT_BACKOFF_MAX_MS);
        if (attempts > 20) {
            least = MIN_OF(least, wait);
            most = MAX_OF(most, wait);
        }
    }
    assert_true(least < LIMIT_BACKOFF_MAX_MS * 92 / 100 && most > LIMIT_BACKOFF_MAX_MS * 108 / 100); /* jitter */
}

/* Three days of 500: tried on at the capped interval, and everything is there when it ends. */
static void test_a_transient_failure_is_tried_for_ever(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 500, .method = "POST", .prefix = "/Groups"});
    const char *mapping = world_push(world, group, "Pair");
    uint64_t before = world->requests;
    world_settle(world, 3LL * 24 * 60 * MINUTE_MS);
    uint64_t tried = world->requests - before;
    assert_in_range(tried, 2 * 3 * 24 * 60 / 6, 2 * 3 * 24 * 60 / 4); /* a look-up and a create each five minutes */
    assert_false(world_mapping_state(world, mapping).in_error);
    assert_string_equal(world_mapping_state(world, mapping).error_class, "SERVER_ERROR");
    practice_clear_faults(world->practice);
    world_settle(world, 6 * MINUTE_MS);
    assert_int_equal(world_there(world, "Pair", "ann@example.com"), 1);
}

static int retry_job(struct tx *tx, void *arg)
{
    return engine_retry(tx, ((struct world *)arg)->app.rid);
}

/* What is tried again much later is tried at once when its input changes, or when an administrator asks. */
static void test_a_change_and_an_administrator_cut_the_wait_short(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    (void)world_push(world, group, "Pair");
    world_settle(world, MINUTE_MS);
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 500, .prefix = "/Groups"});
    world_member(world, group, world_user(world, "cyd@example.com"), true);
    world_settle(world, 60 * MINUTE_MS);
    practice_clear_faults(world->practice);
    uint64_t before = world->requests;
    world_settle(world, 1000);
    assert_int_equal(world->requests, before); /* the next try is minutes away */
    world_member(world, group, world_user(world, "dan@example.com"), true);
    world_settle(world, 1000);
    assert_int_equal(world_there(world, "Pair", "cyd@example.com"), 1);
    assert_int_equal(world_there(world, "Pair", "dan@example.com"), 1);

    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 500, .prefix = "/Groups"});
    world_member(world, group, world_user(world, "eve@example.com"), true);
    world_settle(world, 60 * MINUTE_MS);
    practice_clear_faults(world->practice);
    before = world->requests;
    world_settle(world, 1000);
    assert_int_equal(world->requests, before);
    assert_int_equal(store_write_wait(world->store, NULL, retry_job, world), 0);
    world_settle(world, 1000);
    assert_int_equal(world_there(world, "Pair", "eve@example.com"), 1);
}

/* --- errors of the app's own at one member -------------------------------------------------------------------------
 */

/* So many people in a group that is assigned, with their accounts, not pushed yet. */
static const char *make_crowd(struct world *world, int count)
{
    const char *group = world_group(world, "Crowd");
    for (int i = 0; i < count; i++)
        world_member(world, group, world_user(world, arena_printf(world->arena, "person%d@example.com", i)), true);
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    return group;
}

static int crowd_there(struct world *world, int count)
{
    int there = 0;
    for (int i = 0; i < count; i++)
        there += world_there(world, "Crowd", arena_printf(world->arena, "person%d@example.com", i)) == 1;
    return there;
}

static void fails_at_one(struct world *world, const char *login)
{
    struct practice_fault fault = {.kind = FAULT_MEMBER_REFUSED, .status = 500};
    (void)snprintf(fault.text, sizeof(fault.text), "%s", login);
    order(world, fault);
}

/* The app answers 500 to whatever one member is in, and stores nothing of it. */
static void test_a_member_at_which_the_app_fails_is_told_apart(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, 100);
    fails_at_one(world, "person41@example.com");
    uint64_t before = world->requests;
    const char *mapping = world_push(world, group, "Crowd");
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(crowd_there(world, 100), 99);
    const char *errors = member_errors(world, mapping);
    assert_non_null(strstr(errors, "\"login\":\"person41@example.com\""));
    assert_non_null(strstr(errors, "\"errorClass\":\"SERVER_ERROR\""));
    struct mapping_state seen = world_mapping_state(world, mapping);
    assert_int_equal(seen.members_failed, 1);
    assert_false(seen.in_error);
    assert_false(seen.waiting);
    /* Two tries of the whole, log2(100) halvings with both parts; what failed is read back each time. */
    assert_in_range(world->requests - before, 1, 2 + 2 * (3 + 2 * 7));

    before = world->requests;
    world->now += 31 * MINUTE_MS;
    world_settle(world, MINUTE_MS);
    assert_in_range(world->requests - before, 1, 3); /* one try, the look at what it did; no more than once each time */
    practice_clear_faults(world->practice);
    world->now += 31 * MINUTE_MS;
    before = world->requests;
    world_settle(world, MINUTE_MS);
    assert_int_equal(world->requests - before, 1);
    assert_int_equal(crowd_there(world, 100), 100);
    assert_int_equal(world_mapping_state(world, mapping).members_failed, 0);
}

/* The same where no members are ever shown. */
static void test_it_is_told_apart_where_nothing_can_be_read(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, 20);
    world->hide_members = true;
    fails_at_one(world, "person19@example.com");
    const char *mapping = world_push(world, group, "Crowd");
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(crowd_there(world, 20), 19);
    assert_int_equal(world_mapping_state(world, mapping).members_failed, 1);
    assert_non_null(strstr(member_errors(world, mapping), "person19@example.com"));
}

/* One that stores the good ones, says 500, and does not know an account any more: it is made anew. */
static void test_a_half_stored_batch_and_an_account_that_is_gone(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, 5);
    assert_int_equal(world_request(world, "DELETE", user_path(world, "person2@example.com"), ""), 204);
    order(world, (struct practice_fault){.kind = FAULT_UNKNOWN_MEMBERS, .status = 500, .text = "partial"});
    const char *mapping = world_push(world, group, "Crowd");
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(crowd_there(world, 5), 5);
    assert_null(world_mapping_state(world, mapping).error);
}

/* He is alone in the queue, so that nothing tells whether it is him; whoever comes later is pushed all the same. */
static void test_who_comes_later_is_not_held_up(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, 1);
    fails_at_one(world, "person0@example.com");
    const char *mapping = world_push(world, group, "Crowd");
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(world_mapping_state(world, mapping).members_failed, 0);
    assert_true(world_mapping_state(world, mapping).waiting);
    world_member(world, group, world_user(world, "person1@example.com"), true);
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(crowd_there(world, 2), 1);
    assert_int_equal(world_there(world, "Crowd", "person1@example.com"), 1);
    assert_int_equal(world_mapping_state(world, mapping).members_failed, 1);
}

/* An app that fails at everything is not taken for one that fails at a member. */
static void test_an_app_that_fails_at_everything(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, 50);
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 500, .method = "PATCH"});
    const char *mapping = world_push(world, group, "Crowd");
    uint64_t before = world->requests;
    world_settle(world, 180 * MINUTE_MS);
    uint64_t used = world->requests - before;
    assert_in_range(used, 10, 2 * (180 / 4 + 12)); /* the capped back-off, each with its look at what was done */
    practice_clear_faults(world->practice);
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(crowd_there(world, 50), 50);
    assert_int_equal(world_mapping_state(world, mapping).members_failed, 0);
    assert_null(world_mapping_state(world, mapping).error);
}

static const struct flight *kept_members, *kept_search;

static bool keep_two(UNUSED struct world *world, const struct flight *flight)
{
    const struct flight **kept = NULL;
    if (flight->kind == REQUEST_MEMBERS)
        kept = &kept_members;
    else if (str_eq(flight->name, "slow@example.com"))
        kept = &kept_search;
    if (kept)
        *kept = flight;
    return kept != NULL;
}

/*
 * The app said 503 while two requests were out: it is asked one thing at a time, which the second of them is. When the
 * first is taken the others go on at once, whatever becomes of the second.
 */
static void test_what_gets_through_lets_the_others_go_on(void **state)
{
    struct world *world = *state;
    const char *group = make_pair(world);
    const char *cyd = world_user(world, "cyd@example.com");
    world_assign_user(world, cyd, true);
    (void)world_push(world, group, "Pair");
    world_settle(world, MINUTE_MS);
    world->keep = keep_two;
    world_member(world, group, cyd, true);
    world_assign_user(world, world_user(world, "slow@example.com"), true);
    world_settle(world, 0);
    assert_non_null(kept_members);
    assert_non_null(kept_search);
    order(world, (struct practice_fault){
                     .kind = FAULT_STATUS, .method = "GET", .prefix = "/Users", .status = 503, .times = 1});
    world_assign_user(world, world_user(world, "dan@example.com"), true);
    world_settle(world, 0);
    world->now += MINUTE_MS;
    world_settle(world, 0);
    assert_int_equal(world_active(world, "dan@example.com"), -1);
    world->keep = NULL;
    world_exchange(world, kept_members);
    while (world_turn(world))
        continue;
    assert_int_equal(world_active(world, "dan@example.com"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_account_that_is_gone_is_made_anew, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_member_is_looked_at_once, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_disabled_account_is_named_as_the_cause, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_account_that_we_left_inactive_is_named_as_the_cause, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_an_account_that_cannot_be_looked_at, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_never_verified, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_always_verified, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_verified_by_sample, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_silent_drop_is_found_by_itself, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_back_off, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_transient_failure_is_tried_for_ever, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_change_and_an_administrator_cut_the_wait_short, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_a_member_at_which_the_app_fails_is_told_apart, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_it_is_told_apart_where_nothing_can_be_read, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_half_stored_batch_and_an_account_that_is_gone, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_who_comes_later_is_not_held_up, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_app_that_fails_at_everything, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_gets_through_lets_the_others_go_on, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
