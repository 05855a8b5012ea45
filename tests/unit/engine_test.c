/* SPDX-License-Identifier: Apache-2.0 */
/* The engine against the practice target, without socket or clock: what arrives, in which order, with how many
 * requests. */
#include "world.h"

#include "engine/health.h"
#include "engine/traits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000

/* Three people in one group that is assigned and pushed. */
struct trio {
    const char *group;
    const char *ann, *bob, *cyd;
    const char *mapping;
};

static struct trio make_trio(struct world *world)
{
    struct trio trio = {.group = world_group(world, "Engineering"),
                        .ann = world_user(world, "ann@example.com"),
                        .bob = world_user(world, "bob@example.com"),
                        .cyd = world_user(world, "cyd@example.com")};
    world_member(world, trio.group, trio.ann, true);
    world_member(world, trio.group, trio.bob, true);
    world_assign_group(world, trio.group, true);
    trio.mapping = world_push(world, trio.group, "Engineering");
    world_settle(world, MINUTE_MS);
    return trio;
}

static uint64_t requests_since(struct world *world, uint64_t *mark)
{
    uint64_t n = world->requests - *mark;
    *mark = world->requests;
    return n;
}

static void test_first_push(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    assert_int_equal(practice_user_count(world->practice), 2);
    assert_int_equal(practice_find_group(world->practice, "Engineering", NULL), 1);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    struct mapping_state mapping = world_mapping_state(world, trio.mapping);
    assert_null(mapping.error);
    assert_false(mapping.waiting);
    assert_int_equal(mapping.members_known, 2);
    assert_int_equal(mapping.members_pending, 0);
    /* look up and create each of three objects; the members in one PATCH, or two when an account came later */
    assert_in_range(world->requests, 7, 8);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 1);
}

static void test_one_change_is_one_request(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    world_assign_user(world, trio.cyd, true);
    world_settle(world, MINUTE_MS);
    uint64_t mark = world->requests;
    world_member(world, trio.group, trio.cyd, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 1);
    assert_int_equal(world_there(world, "Engineering", "cyd@example.com"), 1);
    world_member(world, trio.group, trio.cyd, false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 1); /* still assigned: no deactivation */
    assert_int_equal(world_there(world, "Engineering", "cyd@example.com"), 0);
    assert_int_equal(world_active(world, "cyd@example.com"), 1);
    /* Changes that cancel each other out cost nothing. */
    world_member(world, trio.group, trio.cyd, true);
    world_member(world, trio.group, trio.cyd, false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 0);
    world_settle(world, 60 * MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 0); /* at rest, nothing is asked */
}

/* The number of the first request after `after` whose method, path and body fit; 0 when there is none. */
static uint64_t find_request(const struct world *world, uint64_t after, const char *method, const char *path,
                             const char *body)
{
    struct practice_entry entry;
    while (practice_journal_next(world->practice, after, &entry)) {
        if (str_eq(entry.method, method) && strstr(entry.path, path) && strstr(entry.body, body))
            return entry.number;
        after = entry.number;
    }
    return 0;
}

static void test_leaving_and_coming_back(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    const char *id = NULL;
    bool active = false;
    assert_true(practice_find_user(world->practice, "ann@example.com", &id, &active));
    char before[64];
    (void)snprintf(before, sizeof(before), "%s", id);
    uint64_t mark = practice_journal_last(world->practice);
    world_transition(world, trio.ann, USER_DEACTIVATE);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 0);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    uint64_t removed = find_request(world, mark, "PATCH", "/Groups/", "remove");
    uint64_t deactivated = find_request(world, mark, "PATCH", "/Users/", "\"active\"");
    assert_true(removed > 0 && deactivated > removed); /* membership first (invariant 6) */
    /* Assigned by group: back by herself, with the same id, and in the group. */
    mark = practice_journal_last(world->practice);
    world_transition(world, trio.ann, USER_ACTIVATE);
    world_settle(world, MINUTE_MS);
    uint64_t activated = find_request(world, mark, "PATCH", "/Users/", "\"active\"");
    uint64_t added = find_request(world, mark, "PATCH", "/Groups/", "add");
    assert_true(activated > 0 && added > activated); /* account before membership (invariant 6) */
    assert_true(practice_find_user(world->practice, "ann@example.com", &id, &active));
    assert_true(active);
    assert_string_equal(id, before);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
}

static void test_suspending_sends_nothing(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    uint64_t mark = world->requests;
    world_transition(world, trio.ann, USER_SUSPEND);
    world_settle(world, MINUTE_MS);
    world_transition(world, trio.ann, USER_UNSUSPEND);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 0);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
}

static void test_unassigned_group(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    world_assign_user(world, trio.bob, true);
    world_settle(world, MINUTE_MS);
    world_assign_group(world, trio.group, false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    assert_int_equal(world_active(world, "bob@example.com"), 1); /* has it by himself */
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    world_assign_group(world, trio.group, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(practice_user_count(world->practice), 2);
}

static void test_rename(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    uint64_t mark = world->requests;
    world_rename_group(world, trio.group, "Engineering \xC3\x84");
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 1);
    assert_int_equal(practice_find_group(world->practice, "Engineering \xC3\x84", NULL), 1);
    assert_int_equal(world_there(world, "Engineering \xC3\x84", "ann@example.com"), 1);
}

static void test_inactive_mapping_sends_nothing(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    world_mapping_status(world, trio.mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    world_assign_user(world, trio.bob, true);
    world_settle(world, MINUTE_MS);
    uint64_t mark = world->requests;
    world_member(world, trio.group, trio.bob, false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 0);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    world_mapping_status(world, trio.mapping, MAPPING_ACTIVE, EXISTING_REFUSE);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 1); /* what was missed, and nothing else */
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 0);
}

/* -1: nobody was deactivated yet. */
static int member_when_deactivated;

static bool look_at_deactivation(struct world *world, const struct flight *flight)
{
    if (strcmp(flight->method, "PATCH") == 0 && strstr(flight->url, "/Users/"))
        member_when_deactivated = world_there(world, "Engineering", "ann@example.com");
    return false;
}

/*
 * Somebody left and the mapping was switched on again while nobody worked: whom the app holds is found in a second part
 * of the expansion, and the account waits for that.
 */
static void test_expansion_before_deactivation(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    world_mapping_status(world, trio.mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    world_settle(world, MINUTE_MS);
    world_member(world, trio.group, trio.ann, false); /* and out of the app, which comes with the group */
    world_mapping_status(world, trio.mapping, MAPPING_ACTIVE, EXISTING_REFUSE);
    member_when_deactivated = -1;
    world->lose = look_at_deactivation;
    world_settle(world, MINUTE_MS);
    assert_int_equal(member_when_deactivated, 0);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 0);
}

struct profile_job {
    const char *user_id;
    const char *title;
};

static int profile_job(struct tx *tx, void *arg)
{
    const struct profile_job *job = arg;
    struct user user;
    struct problem problem = {0};
    struct jval *change CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(change, "title", job->title);
    int r = user_by_id(tx, job->user_id, &user);
    return r < 0 ? r : user_update(tx, &user, change, false, &problem);
}

/* The same, and an answer about the account comes in the turn that has not expanded yet. */
static void test_expansion_before_an_answer_leads_to_deactivation(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    world_mapping_status(world, trio.mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    world_settle(world, MINUTE_MS);
    struct profile_job job = {.user_id = trio.ann, .title = "Director"};
    assert_int_equal(store_write_wait(world->store, NULL, profile_job, &job), 0);
    uint64_t mark = world->requests;
    (void)world_turn(world); /* its answer is there, and nobody took it yet */
    assert_int_equal(requests_since(world, &mark), 1);
    world_member(world, trio.group, trio.ann, false);
    world_mapping_status(world, trio.mapping, MAPPING_ACTIVE, EXISTING_REFUSE);
    member_when_deactivated = -1;
    world->lose = look_at_deactivation;
    world_settle(world, MINUTE_MS);
    assert_int_equal(member_when_deactivated, 0);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 0);
}

static int delete_group_job(struct tx *tx, void *arg)
{
    struct group group;
    struct problem problem = {0};
    int r = group_by_id(tx, arg, &group);
    return r < 0 ? r : group_delete(tx, &group, &problem);
}

#define MANY 120 /* people of a group, more than one transaction looks at */

/* The group that gave everybody the app is deleted while they are looked up: nobody is created, though the expansion
 * has not come to them. */
static void test_nobody_is_created_who_lost_the_app(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Many");
    for (int i = 0; i < MANY; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "p%d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    while (world->requests == 0)
        (void)world_turn(world); /* the first look-up: one request proves the connection */
    assert_int_equal(practice_user_count(world->practice), 0);
    char id[ID_BYTES];
    (void)snprintf(id, sizeof(id), "%s", group);
    assert_int_equal(store_write_wait(world->store, NULL, delete_group_job, id), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_user_count(world->practice), 0);
    assert_int_equal(world->requests, 1);
}

static int adds_seen;

static bool count_adds(struct world *world, const struct flight *flight)
{
    (void)world;
    adds_seen += flight->kind == REQUEST_MEMBERS && strstr(flight->body, "\"add\"") != NULL;
    return false;
}

/* The same of memberships: an answer about another group comes before the expansion. */
static void test_nobody_is_added_who_lost_the_app(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Many");
    const char *team = world_group(world, "Team");
    const char *last = NULL;
    for (int i = 0; i < MANY; i++) {
        char login[32];
        (void)snprintf(login, sizeof(login), "p%d@example.com", i);
        last = world_user(world, login);
        world_member(world, group, last, true);
    }
    world_limits_off(world);
    world_assign_group(world, group, true);
    (void)world_push(world, team, "Team");
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_user_count(world->practice), MANY);
    world_rename_group(world, team, "Crew");
    uint64_t mark = world->requests;
    (void)world_turn(world); /* its answer is there, and nobody took it yet */
    assert_int_equal(requests_since(world, &mark), 1);
    world_member(world, team, last, true);
    world_assign_group(world, group, false);
    adds_seen = 0;
    world->lose = count_adds;
    world_settle(world, MINUTE_MS);
    assert_int_equal(adds_seen, 0);
    assert_int_equal(world_active(world, "p0@example.com"), 0);
    assert_int_equal(world_active(world, "p119@example.com"), 0);
}

static void test_unlink(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    assert_int_equal(world_mapping_delete(world, trio.mapping, false), ERR_PROBLEM); /* ACTIVE */
    world_mapping_status(world, trio.mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    uint64_t mark = world->requests;
    assert_int_equal(world_mapping_delete(world, trio.mapping, false), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 0);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    /* Link it again: nothing new is made there. */
    const char *again = world_push(world, trio.group, "Engineering");
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_find_group(world->practice, "Engineering", NULL), 1);
    assert_int_equal(requests_since(world, &mark), 1); /* its members were read */
    world_mapping_status(world, again, MAPPING_INACTIVE, EXISTING_REFUSE);
    assert_int_equal(world_mapping_delete(world, again, true), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 0);
    assert_int_equal(practice_user_count(world->practice), 2);
}

static void test_links_what_exists(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_request(world, "POST", "/scim/v2/Users",
                                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],"
                                   "\"userName\":\"ANN@example.com\",\"active\":true}"),
                     201);
    const char *stranger = NULL;
    bool active = false;
    assert_int_equal(world_request(world, "POST", "/scim/v2/Users",
                                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],"
                                   "\"userName\":\"stranger@example.com\",\"active\":true}"),
                     201);
    assert_true(practice_find_user(world->practice, "stranger@example.com", &stranger, &active));
    char body[512];
    (void)snprintf(body, sizeof(body),
                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"Engineering\","
                   "\"members\":[{\"value\":\"%s\"}]}",
                   stranger);
    assert_int_equal(world_request(world, "POST", "/scim/v2/Groups", body), 201);
    struct trio trio = make_trio(world);
    assert_int_equal(practice_user_count(world->practice), 3); /* ann was linked */
    assert_int_equal(practice_find_group(world->practice, "Engineering", NULL), 1);
    /* The link would remove somebody: it waits, and changes nothing. */
    struct mapping_state mapping = world_mapping_state(world, trio.mapping);
    assert_true(mapping.in_error);
    assert_string_equal(mapping.error_class, "LINK_WOULD_REMOVE");
    assert_non_null(strstr(mapping.error, "1 of 1"));
    assert_int_equal(world_there(world, "Engineering", "stranger@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 0);
    world_mapping_status(world, trio.mapping, MAPPING_ACTIVE, EXISTING_REMOVE);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Engineering", "stranger@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    /* Muster did not make it: it does not delete it. */
    world_mapping_status(world, trio.mapping, MAPPING_INACTIVE, EXISTING_REMOVE);
    assert_int_equal(world_mapping_delete(world, trio.mapping, true), ERR_PROBLEM);
}

static void test_switches_off_send_nothing(void **state)
{
    struct world *world = *state;
    world_switches(world, false, false, false);
    const char *group = world_group(world, "Quiet");
    const char *ann = world_user(world, "ann@example.com");
    world_member(world, group, ann, true);
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world->requests, 0);
    world_switches(world, true, true, true); /* acts on changes made from then on */
    world_settle(world, MINUTE_MS);
    assert_int_equal(world->requests, 0);
}

static bool lose_writes(struct world *world, const struct flight *flight)
{
    return !str_eq(flight->method, "GET") && world->lost < 6;
}

static void test_lost_answers(void **state)
{
    struct world *world = *state;
    world->lose = lose_writes; /* the target applies them, and nobody hears of it */
    struct trio trio = make_trio(world);
    assert_int_equal(world->lost, 6);
    world_settle(world, 10 * MINUTE_MS);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 1);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_GROUP, NULL), 1);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    assert_null(world_mapping_state(world, trio.mapping).error);
    /* It is ours, although the answer to its creation was lost: it may be deleted. */
    world->lose = NULL;
    world_mapping_status(world, trio.mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    assert_int_equal(world_mapping_delete(world, trio.mapping, true), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 0);
}

#define CROWD 250

/* A crash after every turn: whatever was in flight is read back before it is repeated. */
static void test_crash_after_every_turn(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Crowd");
    for (int i = 0; i < CROWD; i++) {
        char login[64];
        (void)snprintf(login, sizeof(login), "person%03d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    (void)world_push(world, group, "Crowd");
    for (int i = 0; i < 60; i++) {
        (void)world_turn(world);
        world_crash(world);
    }
    world_settle(world, MINUTE_MS);
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, "Crowd", &id), 1);
    assert_int_equal(practice_group_size(world->practice, id), CROWD);
    assert_int_equal(practice_user_count(world->practice), CROWD);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 1);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_GROUP, NULL), 1);
}

/* The app refuses this one as a member, and takes everybody else. */
static void refuse_member(struct world *world, const char *login)
{
    struct practice_fault fault = {.kind = FAULT_MEMBER_REFUSED, .status = 400};
    char why[128];
    (void)snprintf(fault.text, sizeof(fault.text), "%s", login);
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
}

static void test_one_bad_member_stops_nobody(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Crowd");
    for (int i = 0; i < 40; i++) {
        char login[64];
        (void)snprintf(login, sizeof(login), "person%03d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    refuse_member(world, "person017@example.com");
    const char *mapping = world_push(world, group, "Crowd");
    world_settle(world, MINUTE_MS);
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, "Crowd", &id), 1);
    assert_int_equal(practice_group_size(world->practice, id), 39);
    struct mapping_state state_now = world_mapping_state(world, mapping);
    assert_false(state_now.in_error);
    assert_int_equal(state_now.members_failed, 1);
    assert_int_equal(state_now.members_known, 39);
}

/* An app that takes a few requests and then says "too many": no failure, nothing twice, and it goes on by itself. */
/* What the target shows is not what it holds: it answers every read of a group without members, as some do. */
static bool lose_one_removal(struct world *world, const struct flight *flight)
{
    return world->lost == 0 && flight->body && strstr(flight->body, "\"remove\"");
}

static void test_lost_removal_is_proven_or_repeated(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    world->lose = lose_one_removal;
    world->hide_members = true;
    world->lose_before = true; /* it never reached the target */
    world_member(world, trio.group, trio.ann, false);
    world_settle(world, 10 * MINUTE_MS);
    assert_int_equal(world->lost, 1);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 0);
}

static void test_throttling_is_no_failure(void **state)
{
    struct world *world = *state;
    struct practice_fault fault = {.kind = FAULT_STATUS, .status = 429, .every = 3, .times = 30, .retry_after = 2};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    const char *group = world_group(world, "Crowd");
    for (int i = 0; i < 60; i++) {
        char login[64];
        (void)snprintf(login, sizeof(login), "person%03d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    const char *mapping = world_push(world, group, "Crowd");
    world_settle(world, 2000);
    assert_null(world_mapping_state(world, mapping).error);
    world_settle(world, 60 * MINUTE_MS);
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, "Crowd", &id), 1);
    assert_int_equal(practice_group_size(world->practice, id), 60);
    assert_int_equal(practice_user_count(world->practice), 60);
}

static bool lose_one_create(struct world *world, const struct flight *flight)
{
    return flight->kind == REQUEST_CREATE_GROUP && world->lost == 0;
}

/* The app took the creation, the answer was lost, and a look-up does not show the group yet: it is looked for again. */
static void test_reads_that_lag(void **state)
{
    struct world *world = *state;
    struct practice_fault fault = {.kind = FAULT_LAG, .ms = 3000};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    const char *group = world_group(world, "Team");
    world_member(world, group, world_user(world, "ada@example.com"), true);
    world_assign_group(world, group, true);
    world->lose = lose_one_create;
    const char *mapping = world_push(world, group, "Team");
    world_settle(world, 2 * MINUTE_MS);
    assert_int_equal(world->lost, 1);
    assert_int_equal(practice_copies(world->practice, PRACTICE_GROUP, "Team"), 1);
    assert_int_equal(world_there(world, "Team", "ada@example.com"), 1);
    assert_null(world_mapping_state(world, mapping).error);
}

static bool lose_one_change(struct world *world, const struct flight *flight)
{
    return flight->kind == REQUEST_MEMBERS && world->lost == 0;
}

/* A group that is to be deleted is not shown yet, and an answer about it was lost: it is deleted all the same. */
static void test_reads_that_lag_behind_a_group_to_be_deleted(void **state)
{
    struct world *world = *state;
    struct practice_fault fault = {.kind = FAULT_LAG, .ms = 3000};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    const char *group = world_group(world, "Team");
    world_member(world, group, world_user(world, "ada@example.com"), true);
    world_assign_group(world, group, true);
    world->lose = lose_one_change;
    const char *mapping = world_push(world, group, "Team");
    while (world->lost == 0)
        (void)world_turn(world);
    world_mapping_status(world, mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    assert_int_equal(world_mapping_delete(world, mapping, true), 0);
    world_settle(world, 2 * MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 0);
}

static int failing_turn(struct tx *tx, void *arg)
{
    int r = core_turn(tx, arg);
    return r < 0 ? r : ERR_IO;
}

/* While the pace is measured one request at a time is out: what a turn that failed would have sent was not. */
static void test_a_failed_turn_takes_no_place(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Crowd");
    world_assign_group(world, group, true);
    world_member(world, group, world_user(world, "first@example.com"), true);
    struct practice_fault fault = {
        .kind = FAULT_STATUS, .method = "POST", .prefix = "/Users", .status = 429, .times = 1, .retry_after = 1};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    world_settle(world, 500);
    assert_int_equal(practice_fault_strikes(world->practice, 0), 1);
    world->now += 2000;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_write_wait(world->store, NULL, failing_turn, world->core), ERR_IO);
        core_rolled_back(world->core);
    }
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "first@example.com"), 1);
}

struct push_now {
    struct world *world;
    const char *mapping_id;
};

static int push_now_job(struct tx *tx, void *arg)
{
    const struct push_now *job = arg;
    struct mapping mapping;
    struct problem problem = {0};
    int r = mapping_by_id(tx, job->world->app.rid, job->mapping_id, &mapping);
    return r < 0 ? r : mapping_push_now(tx, &mapping, &problem);
}

static bool lose_all(struct world *world, const struct flight *flight)
{
    (void)world;
    (void)flight;
    return true;
}

/* An add whose answer was lost, then off, out of the source, and on again: nobody may be left behind in the app. */
static void test_add_in_doubt_across_a_pause(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    world_assign_user(world, trio.cyd, true);
    world_settle(world, MINUTE_MS);
    world->lose = lose_all; /* applied, and nobody hears of it, nor can anything be read */
    world_member(world, trio.group, trio.cyd, true);
    world_settle(world, 3000);
    assert_int_equal(world_there(world, "Engineering", "cyd@example.com"), 1);
    world_mapping_status(world, trio.mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    world_member(world, trio.group, trio.cyd, false);
    world_mapping_status(world, trio.mapping, MAPPING_ACTIVE, EXISTING_REFUSE);
    world->lose = NULL;
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(world_there(world, "Engineering", "cyd@example.com"), 0);
}

/* Push Now on an app that never shows members proves nothing: a removal that waits is still sent. */
static void test_push_now_without_readable_members(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    world->hide_members = true;
    world_member(world, trio.group, trio.ann, false);
    struct push_now job = {.world = world, .mapping_id = trio.mapping};
    assert_int_equal(store_write_wait(world->store, NULL, push_now_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    assert_int_equal(world_mapping_state(world, trio.mapping).verify_state, VERIFY_UNREADABLE);
}

static const char *renamed_group;

static bool correct_the_name(struct world *world, const struct flight *flight)
{
    if (flight->kind == REQUEST_RENAME_GROUP && renamed_group) {
        world_rename_group(world, renamed_group, "Good");
        renamed_group = NULL;
    }
    return false;
}

/* Corrected while the request was out: the refusal of the old input does not hold the new one. */
static void test_correction_while_in_flight(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    struct practice_fault fault = {
        .kind = FAULT_STATUS, .status = 400, .method = "PATCH", .prefix = "/Groups", .times = 1};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    renamed_group = trio.group;
    world->lose = correct_the_name;
    world_rename_group(world, trio.group, "Bad");
    world_settle(world, MINUTE_MS);
    assert_null(renamed_group);
    assert_null(world_mapping_state(world, trio.mapping).error);
    assert_int_equal(practice_find_group(world->practice, "Good", NULL), 1);
}

static int read_traits(struct tx *tx, void *arg)
{
    struct {
        struct world *world;
        struct traits traits;
    } *job = arg;
    return traits_get(tx, job->world->app.rid, &job->traits);
}

static struct trait trait_of(struct world *world, enum trait_kind kind)
{
    struct {
        struct world *world;
        struct traits traits;
    } job = {.world = world};
    assert_int_equal(store_read_wait(world->store, read_traits, &job), 0);
    return job.traits.items[kind];
}

/* A group of so many people who all have the app already. */
static const char *make_crowd(struct world *world, const char *name, int people)
{
    const char *group = world_group(world, name);
    for (int i = 0; i < people; i++) {
        char login[64];
        (void)snprintf(login, sizeof(login), "%s%03d@example.com", name, i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    world_settle(world, MINUTE_MS);
    return group;
}

static void check_size(struct world *world, const char *name, size_t size)
{
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, name, &id), 1);
    assert_int_equal(practice_group_size(world->practice, id), size);
}

static void limits_are_learned(struct world *world, int status)
{
    struct practice_fault fault = {.kind = FAULT_MEMBERS_MAX, .max = 20, .status = status};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    const char *first = make_crowd(world, "first", 90);
    const char *second = make_crowd(world, "second", 60);
    (void)world_push(world, first, "first");
    world_settle(world, MINUTE_MS);
    check_size(world, "first", 90);
    struct trait adds = trait_of(world, TRAIT_ADDS);
    assert_int_equal(adds.source, TRAIT_LEARNED);
    assert_in_range(adds.value, 11, 20); /* half of what was refused was taken */
    /* The second group profits: nothing is refused any more. */
    uint64_t mark = world->requests;
    (void)world_push(world, second, "second");
    world_settle(world, MINUTE_MS);
    check_size(world, "second", 60);
    uint64_t batches = (60 + (uint64_t)adds.value - 1) / (uint64_t)adds.value;
    assert_int_equal(requests_since(world, &mark), 2 + batches); /* look up, create, and the batches */
}

static void test_limits_are_learned_from_413(void **state)
{
    limits_are_learned(*state, 413);
}

static void test_limits_are_learned_from_400(void **state)
{
    limits_are_learned(*state, 400);
}

static void test_a_bad_member_teaches_nothing(void **state)
{
    struct world *world = *state;
    const char *group = make_crowd(world, "crowd", 40);
    refuse_member(world, "crowd017@example.com");
    uint64_t mark = world->requests;
    (void)world_push(world, group, "crowd");
    world_settle(world, MINUTE_MS);
    check_size(world, "crowd", 39);
    assert_int_equal(trait_of(world, TRAIT_ADDS).source, TRAIT_UNKNOWN);
    /* look up, create, one batch, for the bad member at most 2 log2(40) parts with a read after each refusal, and a
     * look at his account */
    assert_in_range(requests_since(world, &mark), 11, 4 + 3 * 6);
}

static int read_quarantine(struct tx *tx, void *arg)
{
    struct world *world = arg;
    struct quarantine quarantine = {0};
    int r = quarantine_get(tx, world->app.rid, &quarantine);
    if (r > 0 && !str_eq(quarantine.error_class, "CREDENTIALS"))
        return ERR_CORRUPT;
    return r;
}

static void test_refused_credential_stops_the_app(void **state)
{
    struct world *world = *state;
    struct practice_fault fault = {.kind = FAULT_STATUS, .status = 401};
    char why[128];
    assert_int_equal(practice_set_fault(world->practice, &fault, why, sizeof(why)), 0);
    const char *group = world_group(world, "Crowd");
    for (int i = 0; i < 200; i++) {
        char login[64];
        (void)snprintf(login, sizeof(login), "person%03d@example.com", i);
        world_member(world, group, world_user(world, login), true);
    }
    world_assign_group(world, group, true);
    world_settle(world, 5000);
    /* A refused credential stops the app after what was in flight, not after every object. */
    assert_in_range(world->requests, 1, 6);
    assert_int_equal(store_read_wait(world->store, read_quarantine, world), 1);
    practice_clear_faults(world->practice);
    world_settle(world, 60 * MINUTE_MS);
    assert_int_equal(practice_user_count(world->practice), 200); /* and it goes on by itself */
    assert_int_equal(store_read_wait(world->store, read_quarantine, world), 0);
}

static int verify_job(struct tx *tx, void *arg)
{
    struct world *world = arg;
    int r = mapping_verify_all(tx, world->app.rid);
    return r < 0 ? r : 0;
}

/* Somebody takes a member out behind our back; or the app never kept it. */
static void take_out(struct world *world, const char *login)
{
    const char *group = NULL;
    const char *user = NULL;
    bool active = false;
    assert_int_equal(practice_find_group(world->practice, "Engineering", &group), 1);
    assert_true(practice_find_user(world->practice, login, &user, &active));
    char path[128];
    char body[512];
    (void)snprintf(path, sizeof(path), "/scim/v2/Groups/%s", group);
    (void)snprintf(
        body, sizeof(body),
        "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":\"remove\","
        "\"path\":\"members[value eq \\\"%s\\\"]\"}]}",
        user);
    assert_in_range(world_request(world, "PATCH", path, body), 200, 204);
}

static void test_verified_by_reading(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    uint64_t mark = world->requests;
    assert_int_equal(store_write_wait(world->store, NULL, verify_job, world), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 1);
    assert_int_equal(world_mapping_state(world, trio.mapping).verify_state, VERIFY_OK);
    take_out(world, "ann@example.com");
    assert_int_equal(store_write_wait(world->store, NULL, verify_job, world), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 3); /* read, put back, read again */
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_mapping_state(world, trio.mapping).verify_state, VERIFY_OK);
}

static bool drop_ann(struct world *world, const struct flight *flight)
{
    if (flight->kind == REQUEST_MEMBERS && world_there(world, "Engineering", "ann@example.com") == 1)
        take_out(world, "ann@example.com");
    return false;
}

/* Case C9316: members added and taken away in the target behind our back, then Push Now. */
static void test_push_now_makes_it_exact(void **state)
{
    struct world *world = *state;
    struct trio trio = make_trio(world);
    assert_int_equal(world_request(world, "POST", "/scim/v2/Users",
                                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],"
                                   "\"userName\":\"stranger@example.com\"}"),
                     201);
    const char *group = NULL;
    const char *stranger = NULL;
    bool active = false;
    assert_int_equal(practice_find_group(world->practice, "Engineering", &group), 1);
    assert_true(practice_find_user(world->practice, "stranger@example.com", &stranger, &active));
    char path[128];
    char body[512];
    (void)snprintf(path, sizeof(path), "/scim/v2/Groups/%s", group);
    (void)snprintf(body, sizeof(body),
                   "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":\"add\","
                   "\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}]}",
                   stranger);
    assert_in_range(world_request(world, "PATCH", path, body), 200, 204);
    take_out(world, "ann@example.com");
    uint64_t mark = world->requests;
    struct push_now job = {.world = world, .mapping_id = trio.mapping};
    assert_int_equal(store_write_wait(world->store, NULL, push_now_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(requests_since(world, &mark), 2); /* one read, one write with the difference */
    assert_int_equal(practice_group_size(world->practice, group), 2);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "stranger@example.com"), 0);
    world_mapping_status(world, trio.mapping, MAPPING_INACTIVE, EXISTING_REFUSE);
    assert_int_equal(store_write_wait(world->store, NULL, push_now_job, &job), ERR_PROBLEM);
}

/* An app that says yes and does not do it is found out, and the member is shown as not kept. */
static void test_silent_drop_is_shown(void **state)
{
    struct world *world = *state;
    world->lose = drop_ann;
    struct trio trio = make_trio(world);
    assert_int_equal(store_write_wait(world->store, NULL, verify_job, world), 0);
    world_settle(world, MINUTE_MS);
    struct mapping_state seen = world_mapping_state(world, trio.mapping);
    assert_int_equal(seen.members_failed, 1);
    assert_int_equal(seen.members_known, 1);
    assert_false(seen.in_error);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_push, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_one_change_is_one_request, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_leaving_and_coming_back, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_suspending_sends_nothing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_unassigned_group, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_rename, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_inactive_mapping_sends_nothing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_expansion_before_deactivation, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_expansion_before_an_answer_leads_to_deactivation, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_nobody_is_created_who_lost_the_app, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nobody_is_added_who_lost_the_app, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_unlink, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_links_what_exists, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_switches_off_send_nothing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_lost_answers, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_crash_after_every_turn, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_one_bad_member_stops_nobody, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_verified_by_reading, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_push_now_makes_it_exact, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_silent_drop_is_shown, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_lost_removal_is_proven_or_repeated, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_add_in_doubt_across_a_pause, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_push_now_without_readable_members, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_correction_while_in_flight, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_throttling_is_no_failure, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reads_that_lag, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reads_that_lag_behind_a_group_to_be_deleted, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_turn_takes_no_place, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_limits_are_learned_from_413, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_limits_are_learned_from_400, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_bad_member_teaches_nothing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_refused_credential_stops_the_app, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
