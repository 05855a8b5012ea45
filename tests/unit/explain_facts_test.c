/* SPDX-License-Identifier: Apache-2.0 */
/* What a diagnosis is made from: since when and by whom, whole groups by kind, its cost; and the recoveries it names.
 */
#include "world.h"

#include "engine/engine.h"
#include "explain/explain.h"
#include "practice/profiles.h"
#include "push/people.h"
#include "push/repair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define CROWD 300

struct ask {
    struct world *world;
    const char *user, *group, *mapping;
    struct diagnosis *diagnosis;
    int64_t counts[PERSON_KIND_COUNT];
    enum person_kind kind;
    struct person people[CROWD];
    int64_t after;
    int limit, count;
    struct retry_plan plan;
    struct app_switches switches;
    struct push_settings settings;
    struct problem problem;
    const char *text;
    bool flag;
};

static int explain_job(struct tx *tx, void *arg)
{
    struct ask *ask = arg;
    struct user user = {0};
    struct group group = {0};
    int r = user_by_id(tx, ask->user, &user);
    if (r == 0 && ask->group)
        r = group_by_id(tx, ask->group, &group);
    if (r == 0)
        r = explain(tx, ask->world->app.rid, user.rid, group.rid, NULL, ask->diagnosis);
    for (int i = 0; r == 0 && i < ask->diagnosis->count; i++) {
        struct check *check = &ask->diagnosis->checks[i];
        check->fact = arena_strdup(ask->world->arena, check->fact);
        check->by = arena_strdup(ask->world->arena, check->by);
        check->event = arena_strdup(ask->world->arena, check->event);
    }
    return r;
}

static struct diagnosis *diagnose(struct world *world, const char *user, const char *group)
{
    struct ask ask = {
        .world = world, .user = user, .group = group, .diagnosis = arena_alloc(world->arena, sizeof(struct diagnosis))};
    assert_int_equal(store_read_wait(world->store, explain_job, &ask), 0);
    return ask.diagnosis;
}

static const struct check *check_of(const struct diagnosis *diagnosis, const char *name)
{
    for (int i = 0; i < diagnosis->count; i++)
        if (str_eq(diagnosis->checks[i].name, name))
            return &diagnosis->checks[i];
    fail_msg("there is no check %s", name);
    return NULL;
}

/* --- since when, and by whom ---------------------------------------------------------------------------------------
 */

static int join_job(struct tx *tx, void *arg)
{
    struct ask *ask = arg;
    struct user user;
    struct group group;
    int r = user_by_id(tx, ask->user, &user);
    if (r == 0)
        r = group_by_id(tx, ask->group, &group);
    return r < 0 ? r : member_add(tx, &group, &user, &ask->problem);
}

static int give_job(struct tx *tx, void *arg)
{
    struct ask *ask = arg;
    struct group group;
    struct app_group given;
    int r = group_by_id(tx, ask->group, &group);
    return r < 0 ? r : app_group_put(tx, &ask->world->app, &group, 3, NULL, &given, &ask->problem);
}

static int pause_job(struct tx *tx, void *arg)
{
    struct ask *ask = arg;
    return app_set_paused(tx, &ask->world->app, true, &ask->problem);
}

static int switch_job(struct tx *tx, void *arg)
{
    struct ask *ask = arg;
    struct mapping mapping;
    int r = mapping_by_id(tx, ask->world->app.rid, ask->mapping, &mapping);
    return r < 0 ? r : mapping_switch(tx, &mapping, ask->flag ? MAPPING_ACTIVE : MAPPING_INACTIVE);
}

static void as(struct world *world, const char *name, tx_fn run, struct ask *ask)
{
    const struct origin origin = {.actor_id = "00T1", .actor_type = "User", .actor_name = name};
    ask->world = world;
    world->now += MINUTE_MS;
    if (store_write_wait(world->store, &origin, run, ask) < 0)
        fail_msg("%s: %s", ask->problem.argument, ask->problem.causes[0]);
}

static void test_since_when_and_by_whom(void **state)
{
    struct world *world = *state;
    const char *ada = world_user(world, "ada@example.com");
    const char *group = world_group(world, "Engineering");
    as(world, "Olga", join_job, &(struct ask){.user = ada, .group = group});
    int64_t joined = world->now;
    as(world, "Petra", give_job, &(struct ask){.group = group});
    int64_t given = world->now;
    const char *mapping = world_push(world, group, "Engineering");
    world_settle(world, MINUTE_MS);
    int64_t pushed = world->now;

    const struct diagnosis *d = diagnose(world, ada, group);
    assert_int_equal(d->verdict, VERDICT_IN_STEP);
    assert_null(d->first);
    assert_in_range(d->since, given, pushed);
    const struct check *member = check_of(d, "member");
    assert_string_equal(member->by, "Olga");
    assert_int_equal(member->since, joined);
    assert_non_null(member->event);
    const struct check *assigned = check_of(d, "assigned");
    assert_non_null(strstr(assigned->fact, "the group Engineering, priority 3"));

    as(world, "Quirin", switch_job, &(struct ask){.mapping = mapping, .flag = false});
    as(world, "Rosa", pause_job, &(struct ask){.flag = true});
    world_transition(world, ada, USER_SUSPEND);
    d = diagnose(world, ada, group);
    assert_int_equal(d->verdict, VERDICT_IN_STEP); /* suspended: what is there stays */
    assert_string_equal(check_of(d, "mappingActive")->by, "Quirin");
    assert_int_equal(check_of(d, "mappingActive")->since, world->now - MINUTE_MS);
    assert_string_equal(check_of(d, "running")->by, "Rosa");
    assert_string_equal(check_of(d, "status")->by, "Muster"); /* no token was used */
}

/* --- a whole group -------------------------------------------------------------------------------------------------
 */

static int people_job(struct tx *tx, void *arg)
{
    struct ask *ask = arg;
    struct mapping mapping;
    int r = mapping_by_id(tx, ask->world->app.rid, ask->mapping, &mapping);
    if (r == 0)
        r = mapping_people_count(tx, &mapping, ask->counts);
    if (r < 0 || ask->limit == 0)
        return r;
    ask->count = mapping_people(tx, &mapping, ask->kind, ask->after, ask->people, ask->limit);
    return MIN_OF(ask->count, 0);
}

static void order(struct world *world, const char *text)
{
    struct practice_fault fault;
    char why[256];
    if (fault_parse(text, &fault, why, sizeof(why)) < 0 ||
        practice_set_fault(world->practice, &fault, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

/* The four documented reasons for a group without its members, and the rest, at once. */
static void test_a_whole_group_by_kind(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Engineering");
    const char *gives = world_group(world, "Gives");
    static const char *const logins[] = {
        "in@example.com",       "unassigned@example.com", "also-unassigned@example.com",
        "inactive@example.com", "refused@example.com",    "broken@example.com"};
    const char *ids[ARRAY_LEN(logins)];
    for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
        ids[i] = world_user(world, logins[i]);
        world_member(world, group, ids[i], true);
        if (i != 1 && i != 2)
            world_member(world, gives, ids[i], true);
    }
    world_transition(world, ids[3], USER_DEACTIVATE);
    order(world, "member_refused,status=400,text=refused@example.com");
    world_assign_group(world, gives, true);
    world_settle(world, MINUTE_MS);
    const char *mapping = world_push(world, group, "Engineering");
    world_settle(world, MINUTE_MS);
    world_switches(world, false, true, true);
    const char *late = world_user(world, "late@example.com"); /* while creating is off */
    world_member(world, group, late, true);
    world_assign_user(world, late, true);
    world_settle(world, MINUTE_MS);

    struct ask ask = {.world = world, .mapping = mapping, .kind = PERSON_NOT_ASSIGNED, .limit = 1};
    assert_int_equal(store_read_wait(world->store, people_job, &ask), 0);
    assert_int_equal(ask.counts[PERSON_PUSHED], 2); /* in, broken */
    assert_int_equal(ask.counts[PERSON_NOT_ASSIGNED], 2);
    assert_int_equal(ask.counts[PERSON_INACTIVE], 1);
    assert_int_equal(ask.counts[PERSON_REFUSED], 1);
    assert_int_equal(ask.counts[PERSON_NOT_PROVISIONED], 1);
    assert_int_equal(ask.counts[PERSON_WAITING], 0);
    /* Paged: one, the other, none. */
    int64_t first = ask.people[0].user_rid;
    assert_int_equal(ask.count, 1);
    ask.after = first;
    assert_int_equal(store_read_wait(world->store, people_job, &ask), 0);
    assert_int_equal(ask.count, 1);
    assert_true(ask.people[0].user_rid > first);
    ask.after = ask.people[0].user_rid;
    assert_int_equal(store_read_wait(world->store, people_job, &ask), 0);
    assert_int_equal(ask.count, 0);

    /* All members, each with its kind. */
    struct ask all = {.world = world, .mapping = mapping, .kind = PERSON_MEMBER, .limit = CROWD};
    assert_int_equal(store_read_wait(world->store, people_job, &all), 0);
    assert_int_equal(all.count, ARRAY_LEN(logins) + 1);
    assert_int_equal(all.people[0].kind, PERSON_PUSHED);
    assert_int_equal(all.people[1].kind, PERSON_NOT_ASSIGNED);
    assert_int_equal(all.people[3].kind, PERSON_INACTIVE);
    assert_int_equal(all.people[6].kind, PERSON_NOT_PROVISIONED);

    /* Who is to leave: on the way, then gone. */
    world_member(world, group, ids[0], false);
    assert_int_equal(store_read_wait(world->store, people_job, &ask), 0);
    assert_int_equal(ask.counts[PERSON_LEAVING], 1);
    world_settle(world, MINUTE_MS);
    assert_int_equal(store_read_wait(world->store, people_job, &ask), 0);
    assert_int_equal(ask.counts[PERSON_LEAVING], 0);
    assert_int_equal(ask.counts[PERSON_PUSHED], 1);
}

/* The cost of an answer does not follow the size of the group: the same statements for 2 and for 300 members. */
static void test_the_cost_does_not_grow(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Everybody");
    const char *ada = world_user(world, "ada@example.com");
    world_member(world, group, ada, true);
    world_assign_group(world, group, true);
    const char *mapping = world_push(world, group, "Everybody");
    world_settle(world, MINUTE_MS);
    int64_t one[2];
    int64_t all[2];
    for (int round = 0; round < 2; round++) {
        struct store_stats before, between, after;
        struct ask ask = {.world = world, .mapping = mapping};
        store_stats(world->store, &before);
        const struct diagnosis *d = diagnose(world, ada, group);
        store_stats(world->store, &between);
        assert_int_equal(store_read_wait(world->store, people_job, &ask), 0);
        store_stats(world->store, &after);
        assert_int_equal(d->verdict, VERDICT_IN_STEP);
        one[round] = between.statements - before.statements;
        all[round] = after.statements - between.statements;
        for (int i = 0; round == 0 && i < CROWD; i++) {
            char login[32];
            (void)snprintf(login, sizeof(login), "p%d@example.com", i);
            world_member(world, group, world_user(world, login), true);
        }
        world_settle(world, 10 * MINUTE_MS);
    }
    assert_int_equal(one[0], one[1]);
    assert_int_equal(all[0], all[1]);
    assert_true(one[1] <= EXPLAIN_STATEMENTS + 2);
    assert_true(all[1] <= 4);
}

/* --- a group that was deleted in the app ---------------------------------------------------------------------------
 */

static int settings_job(struct tx *tx, void *arg)
{
    struct ask *ask = arg;
    return push_settings_set(tx, &ask->world->app, &ask->settings);
}

static void delete_there(struct world *world, const char *name)
{
    const char *id = NULL;
    char path[128];
    assert_int_equal(practice_find_group(world->practice, name, &id), 1);
    (void)snprintf(path, sizeof(path), "/scim/v2/Groups/%s", id);
    assert_int_equal(world_request(world, "DELETE", path, ""), 204);
}

/* With the app's setting it is made anew when a push finds it gone; again within an hour it is held, so that whoever
 * deletes it is noticed. */
static void test_missing_groups_are_repaired_by_themselves(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Engineering");
    const char *ids[4];
    static const char *const logins[] = {"a@example.com", "b@example.com", "c@example.com", "d@example.com"};
    for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
        ids[i] = world_user(world, logins[i]);
        world_assign_user(world, ids[i], true);
    }
    world_member(world, group, ids[0], true);
    const char *mapping = world_push(world, group, "Engineering");
    world_settle(world, MINUTE_MS);
    struct ask ask = {.world = world, .settings = {.rename_groups = true, .on_group_missing = GROUP_MISSING_REPAIR}};
    assert_int_equal(store_write_wait(world->store, NULL, settings_job, &ask), 0);

    delete_there(world, "Engineering");
    world_member(world, group, ids[1], true);
    world_settle(world, MINUTE_MS);
    assert_false(world_mapping_state(world, mapping).in_error);
    assert_int_equal(world_there(world, "Engineering", logins[0]), 1);
    assert_int_equal(world_there(world, "Engineering", logins[1]), 1);

    delete_there(world, "Engineering");
    world_member(world, group, ids[2], true);
    world_settle(world, MINUTE_MS);
    assert_true(world_mapping_state(world, mapping).in_error);
    assert_string_equal(world_mapping_state(world, mapping).error_class, "GROUP_MISSING");
    assert_int_equal(world_there(world, "Engineering", logins[0]), -1);
}

/* The default: alerted, and nothing is made. */
static void test_missing_groups_wait_for_somebody(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Engineering");
    const char *ada = world_user(world, "ada@example.com");
    const char *bob = world_user(world, "bob@example.com");
    world_assign_user(world, ada, true);
    world_assign_user(world, bob, true);
    world_member(world, group, ada, true);
    const char *mapping = world_push(world, group, "Engineering");
    world_settle(world, MINUTE_MS);
    delete_there(world, "Engineering");
    world_member(world, group, bob, true);
    world_settle(world, HOUR_MS);
    assert_string_equal(world_mapping_state(world, mapping).error_class, "GROUP_MISSING");
    assert_int_equal(practice_group_count(world->practice), 0);
}

/* --- retry ---------------------------------------------------------------------------------------------------------
 */

static int plan_job(struct tx *tx, void *arg)
{
    struct ask *ask = arg;
    int r = retry_plan(tx, ask->world->app.rid, &ask->plan);
    struct retry_cause *kept = arena_array(ask->world->arena, 8, sizeof(*kept));
    for (int i = 0; i < ask->plan.cause_count; i++) {
        kept[i] = ask->plan.causes[i];
        kept[i].error_class = arena_strdup(ask->world->arena, kept[i].error_class);
        for (int e = 0; e < kept[i].example_count; e++)
            kept[i].examples[e] = arena_strdup(ask->world->arena, kept[i].examples[e]);
    }
    ask->plan.causes = kept;
    return r;
}

static const struct retry_cause *cause_of(const struct retry_plan *plan, const char *error_class)
{
    for (int i = 0; i < plan->cause_count; i++)
        if (str_eq(plan->causes[i].error_class, error_class))
            return &plan->causes[i];
    fail_msg("nothing failed for %s", error_class);
    return NULL;
}

static void test_a_retry_is_told_by_cause(void **state)
{
    struct world *world = *state;
    const char *good = world_group(world, "Good");
    const char *bad = world_group(world, "Bad");
    const char *ada = world_user(world, "ada@example.com");
    const char *bob = world_user(world, "bob@example.com");
    const char *cyd = world_user(world, "cyd@example.com");
    world_member(world, good, ada, true);
    world_member(world, good, bob, true);
    world_assign_user(world, ada, true);
    world_assign_user(world, bob, true);
    world_settle(world, MINUTE_MS);
    order(world, "member_refused,status=400,text=bob@example.com");
    world_push(world, good, "Good");
    world_settle(world, MINUTE_MS);
    order(world, "status,method=POST,path=/Groups,status=403");
    order(world, "attribute_refused,method=POST,path=/Users,text=emails");
    world_assign_user(world, cyd, true);
    world_push(world, bad, "Bad");
    world_settle(world, MINUTE_MS);

    struct ask ask = {.world = world};
    assert_int_equal(store_read_wait(world->store, plan_job, &ask), 0);
    assert_int_equal(ask.plan.groups, 1);
    assert_int_equal(ask.plan.accounts, 1);
    assert_int_equal(ask.plan.members, 1);
    assert_true(ask.plan.complete);
    assert_int_equal(ask.plan.cause_count, 3);
    assert_string_equal(cause_of(&ask.plan, "FORBIDDEN")->examples[0], "Bad");
    assert_string_equal(cause_of(&ask.plan, "ATTRIBUTE_REFUSED")->examples[0], "cyd@example.com");
    assert_string_equal(cause_of(&ask.plan, "MEMBER_UNKNOWN")->examples[0], "bob@example.com");
}

/* --- one group for assignment and for push -------------------------------------------------------------------------
 */

/* Somebody whom the target does not let be created by SCIM as Muster knows it: linked instead. */
static void seed(struct world *world, const char *login)
{
    const char *body = arena_printf(world->arena,
                                    "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"%s\","
                                    "\"active\":true,\"entitlements\":[{\"value\":\"Standard User\"}]}",
                                    login);
    assert_int_equal(world_request(world, "POST", "/scim/v2/Users", body), 201);
}

/* The guide's history: Accounting gives the app and is pushed, and Taylor is deactivated. */
static void replay(struct world *world, const char *profile, int number)
{
    char group_name[64], taylor_login[64], kim_login[64];
    (void)snprintf(group_name, sizeof(group_name), "Accounting %d", number);
    (void)snprintf(taylor_login, sizeof(taylor_login), "taylor%d@example.com", number);
    (void)snprintf(kim_login, sizeof(kim_login), "kim%d@example.com", number);
    const char *group = world_group(world, group_name);
    const char *taylor = world_user(world, taylor_login);
    const char *kim = world_user(world, kim_login);
    if (str_eq(profile, "salesforce")) {
        seed(world, taylor_login);
        seed(world, kim_login);
    }
    world_member(world, group, taylor, true);
    world_member(world, group, kim, true);
    world_assign_group(world, group, true);
    (void)world_push(world, group, group_name);
    world_settle(world, HOUR_MS);
    if (world_there(world, group_name, taylor_login) != 1)
        fail_msg("%s: Taylor was not pushed", profile);
    world_transition(world, taylor, USER_DEACTIVATE);
    world_settle(world, HOUR_MS);
    int there = world_there(world, group_name, taylor_login); /* -1: the target deletes who is deactivated */
    int active = world_active(world, taylor_login);
    if (there == 1 || active == 1)
        fail_msg("%s: Taylor is %s the group and %s", profile, there == 1 ? "in" : "not in",
                 active == 1 ? "active" : "not active");
    if (world_there(world, group_name, kim_login) != 1 || world_active(world, kim_login) != 1)
        fail_msg("%s: Kim is gone", profile);
    const struct diagnosis *d = diagnose(world, taylor, group);
    assert_int_equal(d->verdict, VERDICT_RIGHTLY_ABSENT);
    assert_string_equal(d->first->cause, "PERSON_INACTIVE");
    world_assign_group(world, group, false); /* nothing goes on behind the next */
    world_settle(world, HOUR_MS);
}

static void test_assigned_and_pushed_on_every_profile(void **state)
{
    struct world *world = *state;
    int number = 0;
    world_limits_off(world);
    replay(world, "no profile", number++);
    for (const struct practice_profile *profile = practice_profiles; profile->name; profile++) {
        char why[256];
        practice_clear(world->practice);
        practice_clear_faults(world->practice);
        if (practice_set_profile(world->practice, profile, 0, why, sizeof(why)) < 0)
            fail_msg("%s", why);
        world_crash(world);
        replay(world, profile->name, number++);
    }
    practice_clear_faults(world->practice);
    order(world, "inactive_locked"); /* refuses to change who is inactive: the removal has to come first */
    replay(world, "inactive people are locked", number++);
    assert_true(number > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_since_when_and_by_whom),
        TEST(test_a_whole_group_by_kind),
        TEST(test_the_cost_does_not_grow),
        TEST(test_missing_groups_are_repaired_by_themselves),
        TEST(test_missing_groups_wait_for_somebody),
        TEST(test_a_retry_is_told_by_cause),
        TEST(test_assigned_and_pushed_on_every_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
