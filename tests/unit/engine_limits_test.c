/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion limits: what is held, what a decision sends, and that nothing gets around a hold. */
#include "world.h"

#include "base/limits.h"
#include "engine/engine.h"
#include "push/deletions.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define CROWD 100

/* A hundred people in two groups: both give the app, and "All" is pushed. */
struct crowd {
    const char *all;  /* everybody; pushed */
    const char *here; /* 60 of them; gives the app */
    const char *left; /* the other 40; gives the app */
    const char *mapping;
    const char *people[CROWD];
    char logins[CROWD][32];
};

static struct crowd *make_crowd(struct world *world)
{
    struct crowd *crowd = arena_alloc(world->arena, sizeof(*crowd));
    crowd->all = world_group(world, "All");
    crowd->here = world_group(world, "Here");
    crowd->left = world_group(world, "Left");
    for (int i = 0; i < CROWD; i++) {
        (void)snprintf(crowd->logins[i], sizeof(crowd->logins[i]), "p%02d@example.com", i);
        crowd->people[i] = world_user(world, crowd->logins[i]);
        world_member(world, crowd->all, crowd->people[i], true);
        world_member(world, i < 40 ? crowd->left : crowd->here, crowd->people[i], true);
    }
    world_assign_group(world, crowd->here, true);
    world_assign_group(world, crowd->left, true);
    world_settle(world, MINUTE_MS);
    return crowd;
}

static void push_all(struct world *world, struct crowd *crowd)
{
    crowd->mapping = world_push(world, crowd->all, "All");
    world_settle(world, MINUTE_MS);
}

static int active_count(const struct world *world, const struct crowd *crowd)
{
    int count = 0;
    for (int i = 0; i < CROWD; i++)
        count += world_active(world, crowd->logins[i]) == 1;
    return count;
}

static int member_count(const struct world *world, const struct crowd *crowd)
{
    int count = 0;
    for (int i = 0; i < CROWD; i++)
        count += world_there(world, "All", crowd->logins[i]) == 1;
    return count;
}

/* --- holds ---------------------------------------------------------------------------------------------------------
 */

#define HOLDS 8

struct view {
    struct world *world;
    struct hold holds[HOLDS];
    int count;
    struct deletion listed[CROWD];
    int listed_count;
};

static int read_holds(struct tx *tx, void *arg)
{
    struct view *view = arg;
    view->count = hold_list(tx, view->world->app.rid, 0, 0, view->holds, HOLDS);
    for (int i = 0; i < view->count; i++)
        view->holds[i].id = arena_strdup(view->world->arena, view->holds[i].id);
    view->listed_count = deletion_list(tx, view->world->app.rid, 0, 0, view->listed, CROWD);
    return MIN_OF(view->count, 0);
}

static struct view see(struct world *world)
{
    struct view view = {.world = world};
    assert_int_equal(store_read_wait(world->store, read_holds, &view), 0);
    return view;
}

struct decision {
    struct world *world;
    const char *id;
    enum hold_status status;
    int64_t revision;
    const char *user_id; /* released alone */
    struct problem problem;
};

static int decide_job(struct tx *tx, void *arg)
{
    struct decision *decision = arg;
    struct hold hold;
    struct user user = {0};
    decision->problem = (struct problem){0};
    int r = hold_by_id(tx, decision->world->app.rid, decision->id, &hold);
    if (r == 0 && decision->user_id)
        r = user_by_id(tx, decision->user_id, &user);
    if (r < 0)
        return r;
    if (user.rid)
        return hold_release(tx, &hold, user.rid, "", 0, &decision->problem);
    return hold_decide(tx, &hold, decision->status, decision->revision, &decision->problem);
}

static int try_decide(struct world *world, const struct hold *hold, enum hold_status status, int64_t revision)
{
    struct decision decision = {.world = world, .id = hold->id, .status = status, .revision = revision};
    return store_write_wait(world->store, NULL, decide_job, &decision);
}

static void decide(struct world *world, const struct hold *hold, enum hold_status status)
{
    assert_int_equal(try_decide(world, hold, status, hold->revision), 0);
}

static int try_release(struct world *world, const struct hold *hold, const char *user_id)
{
    struct decision decision = {.world = world, .id = hold->id, .user_id = user_id};
    return store_write_wait(world->store, NULL, decide_job, &decision);
}

static int retry_job(struct tx *tx, void *arg)
{
    struct world *world = arg;
    int r = mapping_retry_all(tx, world->app.rid);
    return r < 0 ? r : engine_retry(tx, world->app.rid);
}

static void retry(struct world *world)
{
    assert_int_equal(store_write_wait(world->store, NULL, retry_job, world), 0);
    world_settle(world, MINUTE_MS);
}

struct push_now {
    struct world *world;
    const char *mapping;
};

static int push_now_job(struct tx *tx, void *arg)
{
    struct push_now *now = arg;
    struct problem problem = {0};
    struct mapping mapping;
    int r = mapping_by_id(tx, now->world->app.rid, now->mapping, &mapping);
    return r < 0 ? r : mapping_push_now(tx, &mapping, &problem);
}

static void push_now(struct world *world, const char *mapping)
{
    struct push_now now = {.world = world, .mapping = mapping};
    assert_int_equal(store_write_wait(world->store, NULL, push_now_job, &now), 0);
    world_settle(world, MINUTE_MS);
}

/* How often the system log has a text. */
struct events {
    const char *text;
    int count;
};

static int count_events_job(struct tx *tx, void *arg)
{
    struct events *events = arg;
    struct buf text;
    struct jout out;
    int64_t last = 0;
    buf_init(&text, (size_t)16 << 20);
    jout_init(&out, &text);
    jout_array(&out, NULL);
    int r = record_events_write(tx, &out, 0, 100000, &last);
    jout_end(&out);
    for (const char *at = buf_text(&text); r >= 0 && (at = strstr(at, events->text)); at++)
        events->count++;
    buf_free(&text);
    return MIN_OF(r, 0);
}

static int events(struct world *world, const char *text)
{
    struct events events = {.text = text};
    assert_int_equal(store_read_wait(world->store, count_events_job, &events), 0);
    return events.count;
}

struct protect {
    const char *id;
    bool on;
};

static int protect_user_job(struct tx *tx, void *arg)
{
    struct protect *protect = arg;
    struct user user;
    int r = user_by_id(tx, protect->id, &user);
    return r < 0 ? r : user_protect(tx, &user, protect->on);
}

static int protect_group_job(struct tx *tx, void *arg)
{
    struct protect *protect = arg;
    struct group group;
    int r = group_by_id(tx, protect->id, &group);
    return r < 0 ? r : group_protect(tx, &group, protect->on);
}

struct account_look {
    struct world *world;
    const char *user_id;
    struct work work;
    int found;
};

static int account_work_job(struct tx *tx, void *arg)
{
    struct account_look *look = arg;
    struct user user;
    struct account account;
    int r = user_by_id(tx, look->user_id, &user);
    if (r == 0)
        r = account_get(tx, look->world->app.rid, user.rid, &account);
    look->found = r < 0 ? r : work_find(tx, look->world->app.rid, WORK_ACCOUNT, account.rid, &look->work);
    look->work.error = arena_strdup(look->world->arena, look->work.error);
    look->work.error_class = arena_strdup(look->world->arena, look->work.error_class);
    return r;
}

/* --- deactivations -------------------------------------------------------------------------------------------------
 */

static void test_one_call_is_held_as_a_whole(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    assert_int_equal(active_count(world, crowd), CROWD);
    uint64_t before = world->requests;
    world_assign_group(world, crowd->left, false);
    world_settle(world, HOUR_MS / 2);
    assert_int_equal(world->requests - before, 0); /* 40 of 100 are more than 20: none is sent */
    struct view view = see(world);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.holds[0].kind, DELETION_ACCOUNT);
    assert_int_equal(view.holds[0].left, 40);
    assert_int_equal(view.holds[0].base, CROWD);
    assert_int_equal(view.holds[0].used, 0);
    assert_int_equal(view.listed_count, 40);
    assert_int_equal(events(world, "muster.deletion.hold\""), 1);
    struct account_look look = {.world = world, .user_id = crowd->people[3]};
    assert_int_equal(store_read_wait(world->store, account_work_job, &look), 0);
    assert_int_equal(look.found, 1);
    assert_true(look.work.held);
    assert_string_equal(look.work.error_class, "HELD");
    assert_non_null(strstr(look.work.error, view.holds[0].id));
    /* One is put back meanwhile: what is approved is the list, what is sent is what is still wanted. */
    world_member(world, crowd->here, crowd->people[7], true);
    assert_int_equal(see(world).holds[0].left, 39);
    decide(world, &view.holds[0], HOLD_APPROVED);
    world_crash(world); /* the decision survives */
    world_settle(world, MINUTE_MS);
    assert_int_equal(active_count(world, crowd), CROWD - 39);
    assert_int_equal(world_active(world, crowd->logins[7]), 1);
    assert_int_equal(world->requests - before, 39);
    assert_int_equal(see(world).listed_count, 0);
    assert_int_equal(events(world, "muster.deletion.approve"), 1);
    /* The approval was for that list: who follows is weighed anew. */
    world_transition(world, crowd->people[7], USER_DEACTIVATE);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, crowd->logins[7]), 0); /* within the limit */
}

static void test_single_calls_are_held_after_the_limit(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    for (int i = 0; i < 40; i++) {
        world_transition(world, crowd->people[i], USER_DEACTIVATE);
        world_settle(world, MINUTE_MS);
    }
    assert_int_equal(active_count(world, crowd), CROWD - 20);
    struct view view = see(world);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.holds[0].left, 20);
    assert_int_equal(view.holds[0].used, 20);
    assert_int_equal(view.holds[0].base, CROWD);
    /* Rejected: nothing happens, and it stays to be seen. */
    decide(world, &view.holds[0], HOLD_REJECTED);
    world_settle(world, MINUTE_MS);
    retry(world);
    world_crash(world);
    world_settle(world, MINUTE_MS);
    assert_int_equal(active_count(world, crowd), CROWD - 20);
    view = see(world);
    assert_int_equal(view.holds[0].status, HOLD_REJECTED);
    assert_int_equal(view.holds[0].left, 20);
    assert_int_equal(view.listed_count, 20);
    assert_int_equal(view.listed[0].state, DELETION_REJECTED);
    struct account_look look = {.world = world, .user_id = crowd->people[30]};
    assert_int_equal(store_read_wait(world->store, account_work_job, &look), 0);
    assert_true(look.found == 1 && look.work.held);
    assert_non_null(strstr(look.work.error, "Rejected"));
    /* One of them all the same. */
    assert_int_equal(try_release(world, &view.holds[0], crowd->people[30]), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, crowd->logins[30]), 0);
    assert_int_equal(active_count(world, crowd), CROWD - 21);
    assert_int_equal(try_release(world, &view.holds[0], crowd->people[30]), ERR_PROBLEM);
}

static void test_retry_crash_and_time_do_not_get_around_a_hold(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    world_assign_group(world, crowd->left, false);
    for (int i = 0; i < 5; i++) {
        (void)world_turn(world);
        world_crash(world);
    }
    retry(world);
    world_switches(world, true, true, false);
    world_switches(world, true, true, true);
    retry(world);
    assert_int_equal(active_count(world, crowd), CROWD);
    /* Longer than the window, and longer than a hold runs. */
    world->now += 3 * (int64_t)DAY_MS;
    world_settle(world, HOUR_MS / 2);
    retry(world);
    assert_int_equal(active_count(world, crowd), CROWD);
    struct view view = see(world);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.holds[0].status, HOLD_OPEN);
    assert_int_equal(view.holds[0].left, 40);
    assert_int_equal(view.holds[0].raised, 1); /* once for the days in which nothing ran */
    assert_int_equal(events(world, "muster.deletion.hold.raise"), 1);
    world->now += DAY_MS + 1;
    world_settle(world, MINUTE_MS);
    assert_int_equal(events(world, "muster.deletion.hold.raise"), 2);
    assert_int_equal(events(world, "muster.deactivation.overdue"), 1); /* all 40 together, once */
}

static void test_approval_is_for_what_was_seen(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    world_assign_group(world, crowd->left, false);
    world_settle(world, MINUTE_MS);
    struct view seen = see(world);
    world_transition(world, crowd->people[50], USER_DEACTIVATE); /* joins */
    world_settle(world, MINUTE_MS);
    assert_int_equal(see(world).holds[0].left, 41);
    assert_int_equal(try_decide(world, &seen.holds[0], HOLD_APPROVED, seen.holds[0].revision), ERR_PROBLEM);
    assert_int_equal(active_count(world, crowd), CROWD);
    assert_int_equal(try_release(world, &seen.holds[0], crowd->people[50]), 0); /* a leaver who cannot wait */
    world_settle(world, MINUTE_MS);
    assert_int_equal(active_count(world, crowd), CROWD - 1);
    seen = see(world);
    decide(world, &seen.holds[0], HOLD_APPROVED);
    world_settle(world, MINUTE_MS);
    assert_int_equal(active_count(world, crowd), CROWD - 41);
    assert_int_equal(try_decide(world, &seen.holds[0], HOLD_REJECTED, seen.holds[0].revision), ERR_PROBLEM);
}

/* Put back and taken away again is another deletion, which the approval did not mean. */
static void test_put_back_and_gone_again(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    world_assign_group(world, crowd->left, false);
    world_settle(world, MINUTE_MS);
    struct view view = see(world);
    world_member(world, crowd->here, crowd->people[7], true);
    decide(world, &view.holds[0], HOLD_APPROVED);
    for (int i = 50; i < 70; i++) /* the window is filled by others */
        world_transition(world, crowd->people[i], USER_DEACTIVATE);
    world_settle(world, MINUTE_MS);
    int before = active_count(world, crowd);
    world_member(world, crowd->here, crowd->people[7], false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, crowd->logins[7]), 1);
    assert_int_equal(active_count(world, crowd), before);
    assert_int_equal(see(world).listed[see(world).listed_count - 1].state, DELETION_HELD);
}

static void test_the_window_slides(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    for (int i = 0; i < 20; i++)
        world_transition(world, crowd->people[i], USER_DEACTIVATE);
    world_settle(world, MINUTE_MS);
    assert_int_equal(active_count(world, crowd), CROWD - 20);
    world->now += DAY_MS + 10 * MINUTE_MS;
    for (int i = 20; i < 36; i++) /* 16 of 80 */
        world_transition(world, crowd->people[i], USER_DEACTIVATE);
    world_settle(world, MINUTE_MS);
    assert_int_equal(active_count(world, crowd), CROWD - 36);
    assert_int_equal(see(world).count, 0);
}

/* --- members -------------------------------------------------------------------------------------------------------
 */

static void test_removals_from_a_group(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    push_all(world, crowd);
    assert_int_equal(member_count(world, crowd), CROWD);
    for (int i = 0; i < 40; i++)
        world_member(world, crowd->all, crowd->people[i], false);
    const char *newcomer = world_user(world, "new@example.com");
    world_member(world, crowd->here, newcomer, true);
    world_member(world, crowd->all, newcomer, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(member_count(world, crowd), CROWD);               /* held as a whole */
    assert_int_equal(world_there(world, "All", "new@example.com"), 1); /* and nobody else is held up */
    struct mapping_state mapping = world_mapping_state(world, crowd->mapping);
    assert_int_equal(mapping.members_held, 40);
    assert_int_equal(mapping.members_failed, 0);
    assert_non_null(strstr(mapping.error, "40 removals"));
    assert_false(mapping.in_error);
    retry(world);
    push_now(world, crowd->mapping);
    world_crash(world);
    world_mapping_status(world, crowd->mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    world_mapping_status(world, crowd->mapping, MAPPING_ACTIVE, EXISTING_REMOVE);
    world_settle(world, MINUTE_MS);
    assert_int_equal(member_count(world, crowd), CROWD);
    world_member(world, crowd->all, crowd->people[7], true); /* put back */
    world_settle(world, MINUTE_MS);
    struct view view = see(world);
    assert_int_equal(view.holds[view.count - 1].left, 39);
    decide(world, &view.holds[view.count - 1], HOLD_APPROVED);
    world_settle(world, MINUTE_MS);
    assert_int_equal(member_count(world, crowd), CROWD - 39);
    assert_int_equal(world_there(world, "All", crowd->logins[7]), 1);
    mapping = world_mapping_state(world, crowd->mapping);
    assert_int_equal(mapping.members_held, 0);
    assert_null(mapping.error);
}

/* The removal of somebody who leaves is found to be over the limit after the deactivation began to wait for it. */
static void test_a_deactivation_does_not_wait_for_a_held_removal(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    push_all(world, crowd);
    for (int i = 0; i < 40; i++)
        world_member(world, crowd->all, crowd->people[i], false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(member_count(world, crowd), CROWD);
    world_member(world, crowd->here, crowd->people[50], false);
    world_settle(world, LIMIT_DEACTIVATE_WAIT_MS / 2);
    assert_int_equal(world_there(world, "All", crowd->logins[50]), 1);
    assert_int_equal(world_mapping_state(world, crowd->mapping).members_held, 41);
    assert_int_equal(world_active(world, crowd->logins[50]), 0);
}

/* The per cent does not count for a group of twelve, the number does. */
static void test_small_groups(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    const char *small = world_group(world, "Small");
    for (int i = 0; i < 12; i++)
        world_member(world, small, crowd->people[i], true);
    push_all(world, crowd);
    const char *mapping = world_push(world, small, "Small");
    world_settle(world, MINUTE_MS);
    for (int i = 0; i < 11; i++) {
        world_member(world, small, crowd->people[i], false);
        world_settle(world, MINUTE_MS);
        assert_int_equal(world_there(world, "Small", crowd->logins[i]), i < 10 ? 0 : 1);
    }
    assert_int_equal(world_mapping_state(world, mapping).members_held, 1);
    struct view view = see(world);
    assert_int_equal(view.count, 1);
    assert_true(view.holds[0].target_rid > 0); /* the group's own limit */
    decide(world, &view.holds[0], HOLD_REJECTED);
    world_settle(world, MINUTE_MS);
    retry(world);
    assert_int_equal(world_there(world, "Small", crowd->logins[10]), 1);
    assert_int_equal(world_mapping_state(world, mapping).members_held, 1);
    assert_int_equal(try_release(world, &view.holds[0], crowd->people[10]), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Small", crowd->logins[10]), 0);
}

/* Few from each group, many from the app. */
static void test_removals_in_total(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    const char *groups[10];
    char names[10][16];
    for (int g = 0; g < 10; g++) {
        (void)snprintf(names[g], sizeof(names[g]), "Team %d", g);
        groups[g] = world_group(world, names[g]);
        for (int i = 0; i < 10; i++)
            world_member(world, groups[g], crowd->people[10 * g + i], true);
        (void)world_push(world, groups[g], names[g]);
    }
    world_settle(world, MINUTE_MS);
    for (int g = 0; g < 10; g++)
        for (int i = 0; i < 3; i++)
            world_member(world, groups[g], crowd->people[10 * g + i], false);
    world_settle(world, MINUTE_MS);
    struct view view = see(world);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.holds[0].target_rid, 0);
    assert_int_equal(view.holds[0].left, 30);
    assert_int_equal(view.holds[0].base, 100);
    for (int g = 0; g < 10; g++)
        assert_int_equal(world_there(world, names[g], crowd->logins[10 * g]), 1);
    decide(world, &view.holds[0], HOLD_APPROVED);
    world_settle(world, MINUTE_MS);
    for (int g = 0; g < 10; g++)
        for (int i = 0; i < 10; i++)
            assert_int_equal(world_there(world, names[g], crowd->logins[10 * g + i]), i >= 3);
}

/* A link that may remove members, and does not because they are too many. */
static void test_a_link_goes_through_the_limits(void **state)
{
    struct world *world = *state;
    char body[256];
    char members[2048] = "";
    const char *id = NULL;
    bool active = false;
    for (int i = 0; i < 15; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "old%02d@example.com", i);
        (void)snprintf(body, sizeof(body),
                       "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"%s\"}", name);
        assert_int_equal(world_request(world, "POST", "/scim/v2/Users", body), 201);
        assert_true(practice_find_user(world->practice, name, &id, &active));
        size_t at = strlen(members);
        (void)snprintf(members + at, sizeof(members) - at, "%s{\"value\":\"%s\"}", i ? "," : "", id);
    }
    char group[3072];
    (void)snprintf(group, sizeof(group),
                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"Sales\","
                   "\"members\":[%s]}",
                   members);
    assert_int_equal(world_request(world, "POST", "/scim/v2/Groups", group), 201);
    const char *ann = world_user(world, "ann@example.com");
    const char *sales = world_group(world, "Sales");
    world_member(world, sales, ann, true);
    world_assign_group(world, sales, true);
    const char *mapping = world_push(world, sales, "Sales");
    world_settle(world, MINUTE_MS);
    world_mapping_status(world, mapping, MAPPING_ACTIVE, EXISTING_REMOVE);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Sales", "ann@example.com"), 1);
    assert_int_equal(practice_find_group(world->practice, "Sales", &id), 1);
    char group_id[64];
    (void)snprintf(group_id, sizeof(group_id), "%s", id);
    assert_int_equal(practice_group_size(world->practice, group_id), 16);
    assert_int_equal(world_mapping_state(world, mapping).members_held, 15);
    push_now(world, mapping);
    assert_int_equal(practice_group_size(world->practice, group_id), 16);
    struct view view = see(world);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.holds[0].left, 15);
    decide(world, &view.holds[0], HOLD_APPROVED);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_size(world->practice, group_id), 1);
    assert_int_equal(see(world).listed_count, 0);
}

/* --- groups, protection, settings ----------------------------------------------------------------------------------
 */

static void test_group_deletions(void **state)
{
    struct world *world = *state;
    const char *mappings[15];
    for (int i = 0; i < 15; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "G%02d", i);
        mappings[i] = world_push(world, world_group(world, name), name);
    }
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 15);
    for (int i = 0; i < 12; i++) {
        world_mapping_status(world, mappings[i], MAPPING_INACTIVE, EXISTING_REFUSE);
        assert_int_equal(world_mapping_delete(world, mappings[i], true), 0);
        world_settle(world, MINUTE_MS);
    }
    assert_int_equal(practice_group_count(world->practice), 5); /* ten went, two are held */
    retry(world);
    assert_int_equal(practice_group_count(world->practice), 5);
    struct view view = see(world);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.holds[0].kind, DELETION_GROUP);
    assert_int_equal(view.holds[0].left, 2);
    decide(world, &view.holds[0], HOLD_APPROVED);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 3);
}

static int count_failed_job(struct tx *tx, void *data)
{
    struct world *world = data;
    struct work_counts counts = {0};
    int r = work_count(tx, world->app.rid, INT64_MAX, &counts);
    return r < 0 ? r : (int)(counts.pending + counts.failed);
}

/* Its deletion is held, and it is pushed again: the approval of the hold does not delete what is wanted by then. */
static void test_a_group_pushed_again_is_not_deleted(void **state)
{
    struct world *world = *state;
    const char *groups[12];
    for (int i = 0; i < 12; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "G%02d", i);
        groups[i] = world_group(world, name);
        const char *mapping = world_push(world, groups[i], name);
        world_settle(world, MINUTE_MS);
        world_mapping_status(world, mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
        assert_int_equal(world_mapping_delete(world, mapping, true), 0);
    }
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 2); /* ten went, two are held */
    const char *mapping = world_push(world, groups[10], "G10");
    world_settle(world, MINUTE_MS);
    struct view view = see(world);
    assert_int_equal(view.count, 1);
    assert_int_equal(view.holds[0].left, 1);
    decide(world, &view.holds[0], HOLD_APPROVED);
    world_settle(world, MINUTE_MS);
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, "G11", &id), 0);
    assert_int_equal(practice_find_group(world->practice, "G10", &id), 1);
    assert_int_equal(store_read_wait(world->store, count_failed_job, world), 0);
    /* Muster made it, and that is not forgotten: unlinked again, its deletion is wanted again, and held again. */
    world_mapping_status(world, mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    assert_int_equal(world_mapping_delete(world, mapping, true), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_find_group(world->practice, "G10", &id), 1);
    assert_int_equal(see(world).listed_count, 1);
}

static void test_the_protected_stay(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    push_all(world, crowd);
    struct protect ann = {.id = crowd->people[0], .on = true};
    struct protect all = {.id = crowd->all, .on = true};
    assert_int_equal(store_write_wait(world->store, NULL, protect_user_job, &ann), 0);
    assert_int_equal(store_write_wait(world->store, NULL, protect_group_job, &all), 0);
    world_transition(world, crowd->people[0], USER_DEACTIVATE);
    world_transition(world, crowd->people[1], USER_DEACTIVATE);
    world_settle(world, MINUTE_MS);
    retry(world);
    assert_int_equal(world_active(world, crowd->logins[0]), 1);
    assert_int_equal(world_there(world, "All", crowd->logins[0]), 1);
    assert_int_equal(world_active(world, crowd->logins[1]), 0);
    assert_int_equal(world_there(world, "All", crowd->logins[1]), 0);
    struct view view = see(world);
    assert_int_equal(view.count, 0);
    assert_int_equal(view.listed_count, 2); /* the account, and the membership */
    assert_int_equal(view.listed[0].state, DELETION_PROTECTED);
    world_mapping_status(world, crowd->mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    assert_int_equal(world_mapping_delete(world, crowd->mapping, true), 0);
    world_settle(world, MINUTE_MS);
    retry(world);
    assert_int_equal(practice_group_count(world->practice), 1);
    /* No longer protected: what was wanted is done. */
    ann.on = all.on = false;
    assert_int_equal(store_write_wait(world->store, NULL, protect_user_job, &ann), 0);
    assert_int_equal(store_write_wait(world->store, NULL, protect_group_job, &all), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, crowd->logins[0]), 0);
    assert_int_equal(practice_group_count(world->practice), 0);
    assert_int_equal(see(world).listed_count, 0);
}

static int limits_job(struct tx *tx, void *arg)
{
    struct world *world = arg;
    struct deletion_limit strict = {.percent = 0, .number = 2};
    struct deletion_limit off = {.off = true};
    int r = deletion_limit_set(tx, 0, RULE_ACCOUNTS, &off); /* the app's own wins */
    return r < 0 ? r : deletion_limit_set(tx, world->app.rid, RULE_ACCOUNTS, &strict);
}

static int no_limit_job(struct tx *tx, void *arg)
{
    struct world *world = arg;
    return deletion_limit_set(tx, world->app.rid, RULE_ACCOUNTS, NULL);
}

static void test_limits_are_set(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = make_crowd(world);
    assert_int_equal(store_write_wait(world->store, NULL, limits_job, world), 0);
    for (int i = 0; i < 4; i++) {
        world_transition(world, crowd->people[i], USER_DEACTIVATE);
        world_settle(world, MINUTE_MS);
    }
    assert_int_equal(active_count(world, crowd), CROWD - 2);
    assert_int_equal(store_write_wait(world->store, NULL, no_limit_job, world), 0); /* the organisation has none */
    world_assign_group(world, crowd->left, false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(active_count(world, crowd), 62); /* those who are held stay held */
}

/* --- cost ----------------------------------------------------------------------------------------------------------
 */

static int64_t statements_of_one(struct world *world, const char *user_id)
{
    struct store_stats before;
    struct store_stats after;
    store_stats(world->store, &before);
    world_transition(world, user_id, USER_DEACTIVATE);
    world_settle(world, MINUTE_MS);
    store_stats(world->store, &after);
    return after.statements - before.statements;
}

/* A deactivation costs as much after nineteen others, and beside a hundred accounts, as the first one beside three. */
static void test_cost_does_not_grow(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Few");
    const char *few[3];
    for (int i = 0; i < 3; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "few%d@example.com", i);
        few[i] = world_user(world, login);
        world_member(world, group, few[i], true);
    }
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    int64_t first = statements_of_one(world, few[0]);
    struct crowd *crowd = make_crowd(world);
    for (int i = 0; i < 15; i++) {
        world_transition(world, crowd->people[i], USER_DEACTIVATE);
        world_settle(world, MINUTE_MS);
    }
    /* Beyond LIMIT_DELETION_NUMBER the accounts are counted too: two statements more. */
    assert_in_range(statements_of_one(world, crowd->people[20]), 1, first + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_call_is_held_as_a_whole, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_single_calls_are_held_after_the_limit, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_retry_crash_and_time_do_not_get_around_a_hold, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_approval_is_for_what_was_seen, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_put_back_and_gone_again, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_the_window_slides, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_removals_from_a_group, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_deactivation_does_not_wait_for_a_held_removal, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_small_groups, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_removals_in_total, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_link_goes_through_the_limits, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_group_deletions, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_group_pushed_again_is_not_deleted, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_the_protected_stay, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_limits_are_set, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_cost_does_not_grow, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
