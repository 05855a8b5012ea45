/* SPDX-License-Identifier: Apache-2.0 */
/* Scans for drift: what was changed in the app by somebody else is found, attributed, repaired or accepted. */
#include "world.h"

#include "database.h"

#include "app/profile.h"
#include "base/limits.h"
#include "push/deletions.h"
#include "push/drift.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define FOUND_MAX 2000

/* --- what the test asks of the store -------------------------------------------------------------------------------
 */

struct act {
    struct world *world;
    int (*run)(struct tx *tx, struct act *act);
    struct drift_settings settings;
    struct drift_filter filter;
    struct drift *found;
    int count;
    int64_t changed;
    struct import_run run_now;
    struct drift_scan scan;
    struct problem problem;
    const char *id;
    struct account account;
};

static int run_act(struct tx *tx, void *arg)
{
    struct act *act = arg;
    act->problem = (struct problem){0};
    return act->run(tx, act);
}

static int do_act(struct act *act)
{
    return store_write_wait(act->world->store, NULL, run_act, act);
}

static int act_start(struct tx *tx, struct act *act)
{
    return import_start(tx, &act->world->app, IMPORT_SCAN, false, &act->run_now, &act->problem);
}

static int act_latest(struct tx *tx, struct act *act)
{
    int count = drift_scan_list(tx, act->world->app.rid, 0, &act->run_now, 1);
    int r = count <= 0 ? count : drift_scan_get(tx, act->run_now.rid, &act->scan);
    act->run_now.error = arena_strdup(act->world->arena, act->run_now.error);
    return r;
}

/* Scans, and waits for the end and for what follows. */
static struct act scan(struct world *world)
{
    struct act act = {.world = world, .run = act_start};
    world->now += MINUTE_MS; /* reads lag no more */
    int r = do_act(&act);
    if (r < 0)
        fail_msg("scan: %s", act.problem.cause_count ? act.problem.causes[0] : err_text(r));
    world_settle(world, MINUTE_MS);
    act.run = act_latest;
    assert_int_equal(do_act(&act), 0);
    return act;
}

static int act_list(struct tx *tx, struct act *act)
{
    int64_t last = 0;
    act->found = arena_array(act->world->arena, FOUND_MAX, sizeof(*act->found));
    act->count = drift_list(tx, act->world->app.rid, &act->filter, 0, act->found, FOUND_MAX, &last);
    for (int i = 0; i < act->count; i++) {
        struct drift *drift = &act->found[i];
        drift->id = arena_strdup(act->world->arena, drift->id);
        drift->external_id = arena_strdup(act->world->arena, drift->external_id);
        drift->attribute = arena_strdup(act->world->arena, drift->attribute);
        drift->found = arena_strdup(act->world->arena, drift->found);
        drift->error = arena_strdup(act->world->arena, drift->error);
        drift->accepted_by = arena_strdup(act->world->arena, drift->accepted_by);
    }
    return MIN_OF(act->count, 0);
}

static struct act list(struct world *world, struct drift_filter filter)
{
    struct act act = {.world = world, .run = act_list, .filter = filter};
    assert_int_equal(do_act(&act), 0);
    return act;
}

static int count(struct world *world, enum drift_kind kind, enum drift_cause cause)
{
    return list(world, (struct drift_filter){.kind = kind, .cause = cause}).count;
}

static int act_settings(struct tx *tx, struct act *act)
{
    return drift_settings_set(tx, &act->world->app, &act->settings, &act->problem);
}

static void set_all(struct world *world, enum drift_action action)
{
    struct act act = {.world = world, .run = act_settings};
    act.settings.requests_per_hour = DRIFT_REQUESTS_PER_HOUR_MAX;
    for (int kind = 1; kind < DRIFT_KIND_END; kind++)
        act.settings.actions[kind] = kind == DRIFT_ACCOUNT_INACTIVE && action == DRIFT_REPAIR ? DRIFT_ALERT : action;
    assert_int_equal(do_act(&act), 0);
}

static int act_repair(struct tx *tx, struct act *act)
{
    return drift_repair(tx, &act->world->app, &act->filter, &act->changed);
}

static int act_accept(struct tx *tx, struct act *act)
{
    return drift_accept(tx, &act->world->app, &act->filter, "as agreed", &act->changed);
}

static int act_repair_one(struct tx *tx, struct act *act)
{
    struct drift drift = {0};
    int r = drift_by_id(tx, act->world->app.rid, act->id, &drift);
    return r < 0 ? r : drift_repair_one(tx, &act->world->app, &drift, &act->problem);
}

static int act_revoke(struct tx *tx, struct act *act)
{
    struct drift drift = {0};
    int r = drift_by_id(tx, act->world->app.rid, act->id, &drift);
    return r < 0 ? r : drift_revoke(tx, &act->world->app, &drift);
}

/* --- what somebody does in the app ---------------------------------------------------------------------------------
 */

static const char *user_there(const struct world *world, const char *login)
{
    const char *id = NULL;
    bool active = false;
    assert_true(practice_find_user(world->practice, login, &id, &active));
    return id;
}

static const char *group_there(const struct world *world, const char *name)
{
    const char *id = NULL;
    assert_int_equal(practice_find_group(world->practice, name, &id), 1);
    return id;
}

static void change(struct world *world, const char *method, const char *kind, const char *id, const char *operations)
{
    char path[256];
    char body[1024];
    (void)snprintf(path, sizeof(path), "/scim/v2/%s/%s", kind, id);
    (void)snprintf(body, sizeof(body),
                   "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[%s]}", operations);
    assert_int_equal(world_request(world, method, path, strcmp(method, "PATCH") == 0 ? body : "") / 100, 2);
}

static void change_member(struct world *world, const char *group_id, const char *user_id, bool add)
{
    char operation[512];
    (void)snprintf(operation, sizeof(operation),
                   add ? "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}"
                       : "{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}",
                   user_id);
    change(world, "PATCH", "Groups", group_id, operation);
}

static void change_value(struct world *world, const char *kind, const char *id, const char *path, const char *value)
{
    char operation[512];
    (void)snprintf(operation, sizeof(operation), "{\"op\":\"replace\",\"path\":\"%s\",\"value\":%s}", path, value);
    change(world, "PATCH", kind, id, operation);
}

static const char *new_stranger(struct world *world, const char *name)
{
    char body[512];
    (void)snprintf(body, sizeof(body),
                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"%s\",\"active\":true}",
                   name);
    assert_int_equal(world_request(world, "POST", "/scim/v2/Users", body), 201);
    return user_there(world, name);
}

static uint64_t writes(const struct world *world)
{
    return practice_journal_count(world->practice, "POST") + practice_journal_count(world->practice, "PUT") +
           practice_journal_count(world->practice, "PATCH") + practice_journal_count(world->practice, "DELETE");
}

/* --- a small team --------------------------------------------------------------------------------------------------
 */

#define TEAM 5

struct team {
    const char *all;  /* gives the app */
    const char *team; /* all but the last one; pushed as "Team" */
    const char *mapping;
    const char *people[TEAM];
    const char *ids[TEAM]; /* in the app */
    const char *group;     /* in the app */
};

static const char *const logins[TEAM] = {"a@example.com", "b@example.com", "c@example.com", "d@example.com",
                                         "e@example.com"};

static struct team make_team(struct world *world)
{
    struct team team = {.all = world_group(world, "All"), .team = world_group(world, "Team")};
    for (int i = 0; i < TEAM; i++) {
        team.people[i] = world_user(world, logins[i]);
        world_member(world, team.all, team.people[i], true);
        if (i < TEAM - 1)
            world_member(world, team.team, team.people[i], true);
    }
    world_assign_group(world, team.all, true);
    team.mapping = world_push(world, team.team, "Team");
    world_settle(world, MINUTE_MS);
    for (int i = 0; i < TEAM; i++)
        team.ids[i] = arena_strdup(world->arena, user_there(world, logins[i]));
    team.group = arena_strdup(world->arena, group_there(world, "Team"));
    return team;
}

static void test_in_step(void **state)
{
    struct world *world = *state;
    (void)make_team(world);
    uint64_t before = writes(world);
    struct act act = scan(world);
    assert_int_equal(act.run_now.state, IMPORT_COMPLETED);
    assert_int_equal(act.scan.members, TEAM - 1);
    assert_int_equal(act.scan.members_in_step, TEAM - 1);
    assert_int_equal(act.scan.accounts, TEAM);
    assert_int_equal(act.scan.accounts_in_step, TEAM);
    assert_int_equal(act.scan.differences, 0);
    assert_int_equal(act.scan.requests, 4); /* two pages of users and two of groups: each list ends with an empty one */
    assert_int_equal(writes(world), before);
}

static int act_own_attribute(struct tx *tx, struct act *act)
{
    static const char text[] = "{\"definitions\":{\"custom\":{\"properties\":{\"grade\":{\"title\":\"Grade\",\"type\":"
                               "\"string\",\"default\":\"A\",\"externalNamespace\":\"urn:example:User\"}}}}}";
    struct jval *schema CLEANUP(jval_freep) = NULL;
    int r = jval_parse(&schema, text, strlen(text), NULL);
    return r < 0 ? r : app_schema_update(tx, &act->world->app, schema, &act->problem);
}

/* What an administrator added is in no listing that is kept: its absence there is no drift. */
static void test_own_attributes_are_left_out(void **state)
{
    struct world *world = *state;
    struct act add = {.world = world, .run = act_own_attribute};
    struct team team = make_team(world);
    assert_int_equal(do_act(&add), 0);
    world_settle(world, MINUTE_MS);
    char *grade = practice_attribute(world->practice, team.ids[0], "urn:example:User.grade");
    assert_string_equal(grade, "\"A\"");
    free(grade);
    uint64_t before = writes(world);
    struct act act = scan(world);
    assert_int_equal(act.scan.differences, 0);
    assert_int_equal(act.scan.accounts_in_step, TEAM);
    assert_int_equal(writes(world), before);
}

static void test_alert_is_all(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    const char *stranger = new_stranger(world, "x@example.com");
    change_member(world, team.group, team.ids[0], false);
    change_member(world, team.group, team.ids[4], true);
    change_member(world, team.group, stranger, true);
    change_value(world, "Users", team.ids[1], "name.familyName", "\"Other\"");
    change_value(world, "Users", team.ids[2], "active", "false");
    change_value(world, "Groups", team.group, "displayName", "\"Renamed\"");
    uint64_t before = writes(world);
    struct act act = scan(world);
    assert_int_equal(act.scan.differences, 6);
    assert_int_equal(act.scan.fresh, 6);
    assert_int_equal(act.scan.members, TEAM - 1);
    assert_int_equal(act.scan.members_in_step, TEAM - 2);
    assert_int_equal(count(world, DRIFT_MEMBER_MISSING, CAUSE_TARGET), 1);
    assert_int_equal(count(world, DRIFT_MEMBER_EXTRA, CAUSE_TARGET), 2);
    assert_int_equal(list(world, (struct drift_filter){.class = EXTRA_ADDED}).count, 1);
    assert_int_equal(list(world, (struct drift_filter){.class = EXTRA_UNKNOWN}).count, 1);
    assert_int_equal(count(world, DRIFT_ATTRIBUTE, CAUSE_TARGET), 1);
    assert_int_equal(count(world, DRIFT_ACCOUNT_INACTIVE, CAUSE_TARGET), 1);
    assert_int_equal(count(world, DRIFT_GROUP_RENAMED, CAUSE_TARGET), 1);
    assert_int_equal(writes(world), before);
    /* Nothing is new the second time, and what was mended there is over. */
    change_member(world, team.group, team.ids[0], true);
    act = scan(world);
    assert_int_equal(act.scan.differences, 5);
    assert_int_equal(act.scan.fresh, 0);
}

#define GROUPS_MAX 200
#define PEOPLE_MAX 300
#define MEMBERS 12 /* of each group */

/* On PostgreSQL, where each statement is a round trip, fewer of them: it is the statements that are tried there. */
static int sized(int many)
{
    return test_on_postgresql() ? many / 5 : many;
}

#define GROUPS sized(GROUPS_MAX)
#define PEOPLE sized(PEOPLE_MAX)
#define EDITS sized(1000)

/* What the target held before, and what was done to it. */
struct crowd {
    struct world *world;
    const char *groups[GROUPS_MAX]; /* in the app */
    const char *people[PEOPLE_MAX];
    char names[GROUPS_MAX][32], logins[PEOPLE_MAX][32];
    bool member[GROUPS_MAX][PEOPLE_MAX];
    bool touched[GROUPS_MAX][PEOPLE_MAX];
    bool group_gone[GROUPS_MAX], renamed[GROUPS_MAX];
    bool account_gone[PEOPLE_MAX], inactive[PEOPLE_MAX], changed[PEOPLE_MAX];
    int expected[DRIFT_KIND_END];
    int strangers;
    uint64_t chance;
};

static uint32_t draw(struct crowd *crowd, uint32_t below)
{
    crowd->chance = crowd->chance * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(crowd->chance >> 33) % below;
}

struct filling {
    struct crowd *crowd;
    const char *all;
    int group; /* -1: the people */
};

static int fill_people(struct tx *tx, const struct filling *filling)
{
    struct group all = {0};
    struct problem problem = {0};
    int r = group_by_id(tx, filling->all, &all);
    for (int p = 0; r >= 0 && p < PEOPLE; p++) {
        CLEANUP(jval_freep) struct jval *profile = jval_new_object();
        const char *login = filling->crowd->logins[p];
        jval_set_str(profile, "login", login);
        jval_set_str(profile, "email", login);
        jval_set_str(profile, "firstName", "Test");
        jval_set_str(profile, "lastName", "Person");
        struct user_input input = {.profile = profile, .has_password = true, .password_hash = "x", .activate = true};
        struct user user = {0};
        r = user_create(tx, &input, &user, &problem);
        if (r == 0)
            r = member_add(tx, &all, &user, &problem);
    }
    return MIN_OF(r, 0);
}

static int fill_job(struct tx *tx, void *arg)
{
    const struct filling *filling = arg;
    const struct crowd *crowd = filling->crowd;
    struct problem problem = {0};
    struct group group = {0};
    struct mapping mapping = {0};
    if (filling->group < 0)
        return fill_people(tx, filling);
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "name", crowd->names[filling->group]);
    int r = group_create(tx, profile, &group, &problem);
    for (int p = 0; r >= 0 && p < PEOPLE; p++) {
        struct user user = {0};
        if (!crowd->member[filling->group][p])
            continue;
        r = user_by_login(tx, crowd->logins[p], &user);
        if (r == 0)
            r = member_add(tx, &group, &user, &problem);
    }
    struct mapping_input input = {.target_group_name = group.name, .status = MAPPING_ACTIVE};
    return r < 0 ? r : mapping_create(tx, &crowd->world->app, &group, &input, &mapping, &problem);
}

static void make_crowd(struct crowd *crowd)
{
    struct world *world = crowd->world;
    struct filling filling = {.crowd = crowd, .all = world_group(world, "All"), .group = -1};
    for (int p = 0; p < PEOPLE; p++)
        (void)snprintf(crowd->logins[p], sizeof(crowd->logins[p]), "p%03d@example.com", p);
    assert_int_equal(store_write_wait(world->store, NULL, fill_job, &filling), 0);
    world_assign_group(world, filling.all, true);
    for (int g = 0; g < GROUPS; g++) {
        (void)snprintf(crowd->names[g], sizeof(crowd->names[g]), "Group %03d", g);
        for (int m = 0; m < MEMBERS;) {
            uint32_t p = draw(crowd, (uint32_t)PEOPLE);
            m += !crowd->member[g][p];
            crowd->member[g][p] = true;
        }
        filling.group = g;
        assert_int_equal(store_write_wait(world->store, NULL, fill_job, &filling), 0);
    }
    world_settle(world, MINUTE_MS);
    for (int p = 0; p < PEOPLE; p++)
        crowd->people[p] = arena_strdup(world->arena, user_there(world, crowd->logins[p]));
    for (int g = 0; g < GROUPS; g++)
        crowd->groups[g] = arena_strdup(world->arena, group_there(world, crowd->names[g]));
}

/* One edit of a person, at most one of a kind for each. */
static bool edit_account(struct crowd *crowd, uint32_t p)
{
    struct world *world = crowd->world;
    if (crowd->account_gone[p] || crowd->inactive[p] || crowd->changed[p])
        return false;
    switch (draw(crowd, 8)) {
    case 0:
        for (int g = 0; g < GROUPS; g++) /* what was done to him in groups would be hidden by it */
            if (crowd->touched[g][p])
                return false;
        change(world, "DELETE", "Users", crowd->people[p], "");
        crowd->account_gone[p] = true;
        crowd->expected[DRIFT_ACCOUNT_MISSING]++;
        return true;
    case 1:
        change_value(world, "Users", crowd->people[p], "active", "false");
        crowd->inactive[p] = true;
        crowd->expected[DRIFT_ACCOUNT_INACTIVE]++;
        return true;
    default:
        change_value(world, "Users", crowd->people[p], "name.givenName", "\"Somebody\"");
        crowd->changed[p] = true;
        crowd->expected[DRIFT_ATTRIBUTE]++;
        return true;
    }
}

static bool edit_group(struct crowd *crowd, uint32_t g)
{
    struct world *world = crowd->world;
    char name[64];
    if (crowd->group_gone[g] || crowd->renamed[g])
        return false;
    if (draw(crowd, 4) == 0) {
        for (int p = 0; p < PEOPLE; p++)
            if (crowd->touched[g][p])
                return false;
        change(world, "DELETE", "Groups", crowd->groups[g], "");
        crowd->group_gone[g] = true;
        crowd->expected[DRIFT_GROUP_MISSING]++;
        return true;
    }
    (void)snprintf(name, sizeof(name), "\"Renamed %u\"", g);
    change_value(world, "Groups", crowd->groups[g], "displayName", name);
    crowd->renamed[g] = true;
    crowd->expected[DRIFT_GROUP_RENAMED]++;
    return true;
}

static bool edit_member(struct crowd *crowd, uint32_t g, uint32_t p)
{
    struct world *world = crowd->world;
    if (crowd->group_gone[g] || crowd->touched[g][p] || crowd->account_gone[p])
        return false;
    crowd->touched[g][p] = true;
    change_member(world, crowd->groups[g], crowd->people[p], !crowd->member[g][p]);
    crowd->expected[crowd->member[g][p] ? DRIFT_MEMBER_MISSING : DRIFT_MEMBER_EXTRA]++;
    return true;
}

static bool edit_stranger(struct crowd *crowd, uint32_t g)
{
    char name[64];
    if (crowd->group_gone[g])
        return false;
    (void)snprintf(name, sizeof(name), "stranger%d@example.com", crowd->strangers++);
    change_member(crowd->world, crowd->groups[g], new_stranger(crowd->world, name), true);
    crowd->expected[DRIFT_MEMBER_EXTRA]++;
    return true;
}

static bool edit_one(struct crowd *crowd)
{
    uint32_t g = draw(crowd, (uint32_t)GROUPS);
    uint32_t p = draw(crowd, (uint32_t)PEOPLE);
    switch (draw(crowd, 10)) {
    case 0:
        return edit_account(crowd, p);
    case 1:
        return edit_group(crowd, g);
    case 2:
    case 3:
        return edit_stranger(crowd, g);
    case 4:
    case 5:
        return edit_member(crowd, g, p);
    default:
        while (!crowd->member[g][p])
            p = draw(crowd, (uint32_t)PEOPLE);
        return edit_member(crowd, g, p);
    }
}

static void assert_found(struct crowd *crowd, bool inactive_only)
{
    struct world *world = crowd->world;
    int all = 0;
    for (int kind = 1; kind < DRIFT_KIND_END; kind++) {
        int expected = inactive_only && kind != DRIFT_ACCOUNT_INACTIVE ? 0 : crowd->expected[kind];
        if (count(world, (enum drift_kind)kind, CAUSE_TARGET) != expected)
            fail_msg("%s: %d found, %d made", drift_kind_name((enum drift_kind)kind),
                     count(world, (enum drift_kind)kind, CAUSE_TARGET), expected);
        all += expected;
    }
    assert_int_equal(list(world, (struct drift_filter){0}).count, all); /* and none of another cause */
}

/* Exactly those who belong there, and under its name. */
static void assert_restored(const struct crowd *crowd)
{
    const struct world *world = crowd->world;
    for (int g = 0; g < GROUPS; g++) {
        const char *id = group_there(world, crowd->names[g]);
        assert_int_equal(practice_group_size(world->practice, id), MEMBERS);
        for (int p = 0; p < PEOPLE; p++)
            assert_int_equal(world_there(world, crowd->names[g], crowd->logins[p]), crowd->member[g][p]);
    }
    for (int p = 0; p < PEOPLE; p++) {
        char *name = practice_attribute(world->practice, user_there(world, crowd->logins[p]), "name.givenName");
        assert_string_equal(name, "\"Test\"");
        free(name);
        assert_int_equal(world_active(world, crowd->logins[p]), !crowd->inactive[p]);
    }
}

/* Done when 4 of the troubleshooting piece: every edit is found, attributed and repaired, and nothing else is reported.
 */
static void test_thousand_edits(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = arena_alloc(world->arena, sizeof(*crowd));
    *crowd = (struct crowd){.world = world, .chance = 7};
    make_crowd(crowd);
    world_limits_off(world);
    for (int edits = 0; edits < EDITS;)
        edits += edit_one(crowd);
    struct act act = scan(world);
    assert_int_equal(act.run_now.state, IMPORT_COMPLETED);
    assert_found(crowd, false);
    assert_int_equal(act.scan.differences, EDITS);
    set_all(world, DRIFT_REPAIR);
    (void)scan(world);
    world_settle(world, HOUR_MS);
    assert_restored(crowd);
    act = scan(world);
    assert_found(crowd, true);
    assert_int_equal(act.scan.members, GROUPS * MEMBERS);
    assert_int_equal(act.scan.members_in_step, GROUPS * MEMBERS);
}

/* --- reads that fail -----------------------------------------------------------------------------------------------
 */

static void order(struct world *world, struct practice_fault fault)
{
    char why[128];
    if (practice_set_fault(world->practice, &fault, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

/* Nothing is written to the app while a scan reads, whatever fails: returns whether it was completed. */
static bool scan_watched(struct world *world)
{
    struct act act = {.world = world, .run = act_start};
    uint64_t before = writes(world);
    world->now += MINUTE_MS;
    assert_int_equal(do_act(&act), 0);
    for (int turns = 0; turns < 10000; turns++) {
        act.run = act_latest;
        assert_int_equal(do_act(&act), 0);
        if (act.run_now.finished)
            break;
        assert_int_equal(writes(world), before);
        if (!world_turn(world))
            world->now += 1000;
    }
    assert_true(act.run_now.finished > 0);
    return act.run_now.state == IMPORT_COMPLETED;
}

/* Every twentieth read fails, or comes cut; the scan asks again, and repairs only after it has read everything. */
static void test_five_per_cent_of_reads_fail(void **state)
{
    struct world *world = *state;
    struct crowd *crowd = arena_alloc(world->arena, sizeof(*crowd));
    *crowd = (struct crowd){.world = world, .chance = 11};
    make_crowd(crowd);
    world_limits_off(world);
    for (int edits = 0; edits < EDITS / 4;)
        edits += edit_one(crowd);
    set_all(world, DRIFT_REPAIR);
    order(world, (struct practice_fault){.kind = FAULT_PAGE_MAX, .max = sized(10)}); /* many reads */
    order(world, (struct practice_fault){.kind = FAULT_STATUS, .status = 500, .method = "GET", .every = 20});
    order(world, (struct practice_fault){.kind = FAULT_TRUNCATE, .method = "GET", .every = 23});
    assert_true(scan_watched(world));
    assert_true(practice_fault_strikes(world->practice, 1) > 0);
    assert_true(practice_fault_strikes(world->practice, 2) > 0);
    practice_clear_faults(world->practice);
    world_settle(world, HOUR_MS);
    assert_restored(crowd);
}

/* A scan that cannot read everything finds nothing, forgets nothing, repairs nothing. */
static void test_a_failed_read_changes_nothing(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    change_member(world, team.group, team.ids[0], false);
    (void)scan(world);
    change_member(world, team.group, team.ids[4], true);
    set_all(world, DRIFT_REPAIR);
    order(world, (struct practice_fault){
                     .kind = FAULT_STATUS, .status = 500, .method = "GET", .prefix = "/Groups", .every = 1});
    uint64_t before = writes(world);
    assert_false(scan_watched(world));
    world_settle(world, HOUR_MS);
    assert_int_equal(writes(world), before);
    assert_int_equal(list(world, (struct drift_filter){0}).count, 1); /* as the last complete scan said */
    assert_int_equal(count(world, DRIFT_MEMBER_MISSING, CAUSE_TARGET), 1);
}

/* The process is killed after every turn: the reading begins anew, and the result is the same. */
static void test_crash_after_every_turn(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    set_all(world, DRIFT_REPAIR);
    for (int turns = 1; turns < 12; turns++) {
        struct act act = {.world = world, .run = act_start};
        world->now += 8 * 24 * HOUR_MS; /* earlier repairs count no more */
        (void)scan(world);              /* what was repaired is over */
        world->now += MINUTE_MS;
        change_member(world, team.group, team.ids[0], false);
        assert_int_equal(do_act(&act), 0);
        for (int i = 0; i < turns; i++)
            (void)world_turn(world);
        world_crash(world);
        world_settle(world, 2 * MINUTE_MS);
        act.run = act_latest;
        assert_int_equal(do_act(&act), 0);
        assert_int_equal(act.run_now.state, IMPORT_COMPLETED);
        assert_int_equal(world_there(world, "Team", logins[0]), 1);
    }
}

/* --- what cannot be seen -------------------------------------------------------------------------------------------
 */

/* An app that shows no members is asked for a sample of them; what is not found there is missing. */
static void test_an_app_that_shows_no_members_is_probed(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    order(world, (struct practice_fault){.kind = FAULT_MEMBERS_EMPTY});
    struct act act = scan(world);
    assert_int_equal(act.scan.members_in_step, TEAM - 1);
    assert_int_equal(act.scan.differences, 0);
    change_member(world, team.group, team.ids[1], false);
    act = scan(world);
    assert_int_equal(act.scan.members_in_step, TEAM - 2);
    assert_int_equal(count(world, DRIFT_MEMBER_MISSING, CAUSE_TARGET), 1);
    set_all(world, DRIFT_REPAIR);
    (void)scan(world);
    assert_int_equal(world_there(world, "Team", logins[1]), 1);
}

/* One that cannot be probed either is not verifiable, and nobody counts as in step. */
static void test_what_cannot_be_verified_is_not_in_step(void **state)
{
    struct world *world = *state;
    (void)make_team(world);
    order(world, (struct practice_fault){.kind = FAULT_MEMBERS_EMPTY});
    order(world, (struct practice_fault){.kind = FAULT_FILTER_IGNORED});
    struct act act = scan(world);
    assert_int_equal(act.run_now.state, IMPORT_COMPLETED);
    assert_int_equal(act.scan.members, TEAM - 1);
    assert_int_equal(act.scan.members_in_step, 0);
    assert_int_equal(act.scan.members_unverifiable, TEAM - 1);
    assert_int_equal(act.scan.groups_unverifiable, 1);
    assert_int_equal(act.scan.differences, 0);
}

/* Where other groups show members, a group without any was emptied. */
static void test_an_emptied_group(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    (void)world_push(world, team.all, "Everybody");
    world_settle(world, MINUTE_MS);
    for (int i = 0; i < TEAM - 1; i++)
        change_member(world, team.group, team.ids[i], false);
    struct act act = scan(world);
    assert_int_equal(count(world, DRIFT_MEMBER_MISSING, CAUSE_TARGET), TEAM - 1);
    assert_int_equal(act.scan.members_unverifiable, 0);
    assert_int_equal(act.scan.members_in_step, TEAM);
}

/* --- causes --------------------------------------------------------------------------------------------------------
 */

/* A change that waits is the directory's, a refusal is Muster's; neither is anybody's edit. */
static void test_causes(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    order(world, (struct practice_fault){
                     .kind = FAULT_STATUS, .status = 400, .method = "PATCH", .prefix = "/Groups", .every = 1});
    world_member(world, team.team, team.people[4], true);
    world_settle(world, MINUTE_MS); /* refused */
    order(world, (struct practice_fault){
                     .kind = FAULT_STATUS, .status = 500, .method = "PATCH", .prefix = "/Groups", .every = 1});
    world_member(world, team.team, team.people[0], false);
    world_settle(world, MINUTE_MS);
    struct act act = scan(world);
    assert_int_equal(act.scan.fresh, 0);
    struct act missing = list(world, (struct drift_filter){.kind = DRIFT_MEMBER_MISSING});
    assert_int_equal(missing.count, 1);
    assert_int_equal(missing.found[0].cause, CAUSE_MUSTER);
    assert_non_null(missing.found[0].error);
    struct act extra = list(world, (struct drift_filter){.kind = DRIFT_MEMBER_EXTRA});
    assert_int_equal(extra.count, 1);
    assert_int_not_equal(extra.found[0].cause, CAUSE_TARGET);
    /* Asked for, a refusal is tried again. */
    practice_clear_faults(world->practice);
    struct act repair = {.world = world, .filter = {.cause = CAUSE_MUSTER}};
    repair.run = act_repair;
    assert_int_equal(do_act(&repair), 0);
    world_settle(world, HOUR_MS);
    assert_int_equal(world_there(world, "Team", logins[4]), 1);
    assert_int_equal(world_there(world, "Team", logins[0]), 0);
    act = scan(world);
    assert_int_equal(act.scan.differences, 0);
}

static int act_one_at_most(struct tx *tx, struct act *act)
{
    const struct deletion_limit limit = {.percent = 0, .number = 1};
    return deletion_limit_set(tx, act->world->app.rid, RULE_ACCOUNTS, &limit);
}

/* What a deletion limit holds is on its way: the app refused nothing. */
static void test_a_held_deactivation_is_no_refusal(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    struct act limit = {.world = world, .run = act_one_at_most};
    assert_int_equal(do_act(&limit), 0);
    for (int i = 3; i < TEAM; i++) {
        world_transition(world, team.people[i], USER_DEACTIVATE);
        world_settle(world, MINUTE_MS);
    }
    assert_int_equal(world_active(world, logins[3]), 0);
    assert_int_equal(world_active(world, logins[4]), 1);
    (void)scan(world);
    struct act active = list(world, (struct drift_filter){.kind = DRIFT_ACCOUNT_ACTIVE});
    assert_int_equal(active.count, 1);
    assert_string_equal(active.found[0].external_id, team.ids[4]);
    assert_int_equal(active.found[0].cause, CAUSE_DIRECTORY);
    assert_non_null(active.found[0].error);
    assert_ptr_equal(strstr(active.found[0].error, "Held by a deletion limit: "), active.found[0].error);
}

/* Muster deactivated it, and the switch says that nobody is activated: the app holds what it acknowledged. */
static void test_as_we_left_it_is_no_difference(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    world_limits_off(world);
    world_member(world, team.all, team.people[2], false);
    world_settle(world, MINUTE_MS);
    world_switches(world, false, true, true);
    world_member(world, team.all, team.people[2], true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, logins[2]), 0);
    struct act act = scan(world);
    assert_int_equal(act.run_now.state, IMPORT_COMPLETED);
    assert_int_equal(act.scan.differences, 0);
    change_value(world, "Users", team.ids[1], "active", "false"); /* somebody else's doing is told */
    (void)scan(world);
    struct act found = list(world, (struct drift_filter){.kind = DRIFT_ACCOUNT_INACTIVE});
    assert_int_equal(found.count, 1);
    assert_string_equal(found.found[0].external_id, team.ids[1]);
}

/* Left behind by the app's own order of things: the group gave the app, the person lost both, and the app kept him. */
static void test_left_by_the_same_group(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    world_limits_off(world);
    (void)world_push(world, team.all, "Everybody");
    world_settle(world, MINUTE_MS);
    world_member(world, team.all, team.people[2], false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, logins[2]), 0);
    assert_int_equal(world_there(world, "Everybody", logins[2]), 0);
    change_member(world, group_there(world, "Everybody"), team.ids[2], true); /* as an earlier system would have left */
    change_member(world, team.group, team.ids[2], true);
    (void)scan(world);
    assert_int_equal(list(world, (struct drift_filter){.class = EXTRA_SAME_GROUP}).count, 1);
    assert_int_equal(list(world, (struct drift_filter){.class = EXTRA_INACTIVE}).count, 1);
    set_all(world, DRIFT_REPAIR);
    (void)scan(world);
    assert_int_equal(world_there(world, "Everybody", logins[2]), 0);
    assert_int_equal(world_there(world, "Team", logins[2]), 0);
    assert_int_equal(world_active(world, logins[2]), 0);
}

/* --- repairs -------------------------------------------------------------------------------------------------------
 */

/* What is too much is held by the deletion limits, whoever asks for it. */
static void test_repairs_go_through_the_limits(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    char name[64];
    for (int i = 0; i < 12; i++) {
        (void)snprintf(name, sizeof(name), "extra%02d@example.com", i);
        change_member(world, team.group, new_stranger(world, name), true);
    }
    set_all(world, DRIFT_REPAIR);
    uint64_t before = writes(world);
    (void)scan(world);
    assert_int_equal(writes(world), before);
    assert_int_equal(practice_group_size(world->practice, team.group), TEAM - 1 + 12);
    world_limits_off(world);
}

/* An account that was made inactive there is reported, and never activated. */
static void test_inactive_there_stays_so(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    change_value(world, "Users", team.ids[1], "active", "false");
    set_all(world, DRIFT_REPAIR);
    uint64_t before = writes(world);
    (void)scan(world);
    (void)scan(world);
    assert_int_equal(writes(world), before);
    assert_int_equal(world_active(world, logins[1]), 0);
    struct act found = list(world, (struct drift_filter){.kind = DRIFT_ACCOUNT_INACTIVE});
    assert_int_equal(found.count, 1);
    struct act act = {.world = world, .run = act_repair_one, .id = found.found[0].id};
    assert_int_equal(do_act(&act), ERR_PROBLEM);
    act = (struct act){.world = world, .run = act_settings};
    act.settings.actions[DRIFT_ACCOUNT_INACTIVE] = DRIFT_REPAIR;
    assert_int_equal(do_act(&act), ERR_PROBLEM);
    /* Somebody who should be inactive is made so again. */
    world_limits_off(world);
    world_assign_user(world, team.people[3], true);
    world_member(world, team.all, team.people[2], false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, logins[2]), 0);
    change_value(world, "Users", team.ids[2], "active", "true");
    (void)scan(world);
    assert_int_equal(world_active(world, logins[2]), 0);
}

/* What comes back after two repairs waits for somebody. */
static void test_what_comes_back_is_left_to_people(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    set_all(world, DRIFT_REPAIR);
    for (int i = 0; i < 4; i++) {
        if (world_there(world, "Team", logins[4]) == 0)
            change_member(world, team.group, team.ids[4], true);
        world->now += HOUR_MS;
        struct act act = {.world = world, .run = act_start};
        assert_int_equal(do_act(&act), 0);
        world_settle(world, MINUTE_MS);
        if (world_there(world, "Team", logins[4]) == 0) /* between the repair and the next look */
            change_member(world, team.group, team.ids[4], true);
    }
    struct act found = list(world, (struct drift_filter){.kind = DRIFT_MEMBER_EXTRA});
    assert_int_equal(found.count, 1);
    assert_int_equal(found.found[0].state, DRIFT_OPEN);
    assert_int_equal(found.found[0].repairs, 2);
    assert_non_null(found.found[0].error);
}

/* The same where each repair is followed by a scan that finds nothing; a week of peace is forgotten. */
static void test_a_clean_scan_forgets_no_repair(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    set_all(world, DRIFT_REPAIR);
    for (int i = 0; i < 2; i++) {
        change_member(world, team.group, team.ids[4], true);
        (void)scan(world);
        assert_int_equal(world_there(world, "Team", logins[4]), 0);
        struct act clean = scan(world);
        assert_int_equal(clean.scan.differences, 0);
        assert_int_equal(list(world, (struct drift_filter){0}).count, 0); /* what is remembered is shown nowhere */
    }
    change_member(world, team.group, team.ids[4], true);
    struct act act = scan(world);
    assert_int_equal(act.scan.fresh, 1);
    assert_int_equal(world_there(world, "Team", logins[4]), 1);
    struct act found = list(world, (struct drift_filter){.kind = DRIFT_MEMBER_EXTRA});
    assert_int_equal(found.count, 1);
    assert_int_equal(found.found[0].state, DRIFT_OPEN);
    assert_int_equal(found.found[0].repairs, 2);
    assert_non_null(found.found[0].error);
    change_member(world, team.group, team.ids[4], false);
    (void)scan(world);
    world->now += 8 * 24 * HOUR_MS;
    (void)scan(world);
    change_member(world, team.group, team.ids[4], true);
    (void)scan(world);
    assert_int_equal(world_there(world, "Team", logins[4]), 0);
}

/* --- exceptions ----------------------------------------------------------------------------------------------------
 */

static void test_accepted_and_taken_back(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    change_member(world, team.group, team.ids[4], true);
    change_value(world, "Users", team.ids[1], "title", "\"Chief\"");
    change_value(world, "Users", team.ids[1], "name.familyName", "\"Other\"");
    (void)scan(world);
    struct act found = list(world, (struct drift_filter){0});
    assert_int_equal(found.count, 2); /* a title is nothing that Muster sends for this person */
    uint64_t before = writes(world);
    struct act act = {.world = world, .run = act_accept};
    assert_int_equal(do_act(&act), 0);
    assert_int_equal(act.changed, 2);
    set_all(world, DRIFT_REPAIR);
    struct act again = scan(world);
    assert_int_equal(again.scan.differences, 0);
    assert_int_equal(writes(world), before);
    assert_int_equal(list(world, (struct drift_filter){.accepted = true}).count, 2);
    assert_string_equal(list(world, (struct drift_filter){.accepted = true}).found[0].accepted_by, "Muster");
    /* Another value than was accepted is no exception. */
    change_value(world, "Users", team.ids[1], "name.familyName", "\"Third\"");
    (void)scan(world);
    char *name = practice_attribute(world->practice, team.ids[1], "name.familyName");
    assert_string_equal(name, "\"Person\"");
    free(name);
    /* Taken back, it is a difference like others. */
    found = list(world, (struct drift_filter){.accepted = true});
    assert_int_equal(found.count, 1);
    act = (struct act){.world = world, .run = act_revoke, .id = found.found[0].id};
    assert_int_equal(do_act(&act), 0);
    (void)scan(world);
    assert_int_equal(world_there(world, "Team", logins[4]), 0);
    assert_int_equal(list(world, (struct drift_filter){.accepted = true}).count, 0);
}

static int act_push_now(struct tx *tx, struct act *act)
{
    struct mapping mapping = {0};
    int r = mapping_by_id(tx, act->world->app.rid, act->id, &mapping);
    return r < 0 ? r : mapping_push_now(tx, &mapping, &act->problem);
}

static int act_verify(struct tx *tx, struct act *act)
{
    return MIN_OF(mapping_verify_all(tx, act->world->app.rid), 0);
}

/* Push Now and a reading back leave what was accepted: who is too many there, and who is missing. */
static void test_pushes_leave_exceptions(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    const char *strangers[2] = {new_stranger(world, "x@example.com"), new_stranger(world, "y@example.com")};
    change_member(world, team.group, team.ids[4], true);
    change_member(world, team.group, strangers[0], true);
    change_member(world, team.group, team.ids[0], false);
    (void)scan(world);
    struct act act = {.world = world, .run = act_accept};
    assert_int_equal(do_act(&act), 0);
    assert_int_equal(act.changed, 3);
    /* Others than those are set right as ever. */
    change_member(world, team.group, strangers[1], true);
    change_member(world, team.group, team.ids[1], false);
    for (int i = 0; i < 2; i++) {
        act = (struct act){.world = world, .run = act_push_now, .id = team.mapping};
        assert_int_equal(do_act(&act), 0);
        world_settle(world, MINUTE_MS);
        act = (struct act){.world = world, .run = act_verify};
        assert_int_equal(do_act(&act), 0);
        world_settle(world, MINUTE_MS);
    }
    assert_int_equal(world_there(world, "Team", logins[0]), 0);
    assert_int_equal(world_there(world, "Team", logins[1]), 1);
    assert_int_equal(world_there(world, "Team", logins[4]), 1);
    assert_int_equal(practice_group_size(world->practice, team.group), TEAM - 2 + 2);
    assert_int_equal(scan(world).scan.differences, 0);
    /* Taken back, they are set right by the next Push Now. */
    struct act found = list(world, (struct drift_filter){.accepted = true});
    assert_int_equal(found.count, 3);
    for (int i = 0; i < found.count; i++) {
        act = (struct act){.world = world, .run = act_revoke, .id = found.found[i].id};
        assert_int_equal(do_act(&act), 0);
    }
    act = (struct act){.world = world, .run = act_push_now, .id = team.mapping};
    assert_int_equal(do_act(&act), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_size(world->practice, team.group), TEAM - 1);
    assert_int_equal(world_there(world, "Team", logins[0]), 1);
}

/* An exception is for the app's user: it goes on when the directory comes to know him, and when he loses the app. */
static void test_an_exception_outlives_its_class(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    world_limits_off(world);
    change_member(world, team.group, new_stranger(world, "x@example.com"), true);
    (void)scan(world);
    struct act act = {.world = world, .run = act_accept, .filter = {.class = EXTRA_UNKNOWN}};
    assert_int_equal(do_act(&act), 0);
    assert_int_equal(act.changed, 1);
    set_all(world, DRIFT_REPAIR);
    static const enum drift_class classes[] = {EXTRA_ADDED, EXTRA_INACTIVE};
    const char *person = world_user(world, "x@example.com"); /* whose account is linked */
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        world_assign_user(world, person, i == 0);
        world_settle(world, MINUTE_MS);
        assert_int_equal(scan(world).scan.differences, 0);
        struct act found = list(world, (struct drift_filter){.accepted = true});
        assert_int_equal(found.count, 1);
        assert_int_equal(found.found[0].class, classes[i]);
        assert_true(found.found[0].user_rid > 0);
        assert_string_equal(found.found[0].accepted_by, "Muster");
        assert_int_equal(world_there(world, "Team", "x@example.com"), 1);
    }
}

/* By an app's setting, a kind is accepted as it is found. */
static void test_accepted_by_setting(void **state)
{
    struct world *world = *state;
    struct team team = make_team(world);
    change_member(world, team.group, team.ids[4], true);
    set_all(world, DRIFT_ACCEPT);
    struct act act = scan(world);
    assert_int_equal(act.scan.fresh, 0);
    struct act found = list(world, (struct drift_filter){.accepted = true});
    assert_int_equal(found.count, 1);
    assert_string_equal(found.found[0].accepted_by, "policy");
    assert_int_equal(world_there(world, "Team", logins[4]), 1);
}

/* --- when ----------------------------------------------------------------------------------------------------------
 */

/* Not more requests in an hour than were allowed, and the scan ends all the same. */
static void test_budget(void **state)
{
    struct world *world = *state;
    (void)make_team(world);
    struct act act = {.world = world, .run = act_settings, .settings = {.requests_per_hour = 3}};
    assert_int_equal(do_act(&act), 0);
    act.run = act_start;
    world->now += MINUTE_MS;
    assert_int_equal(do_act(&act), 0);
    world_settle(world, MINUTE_MS);
    act.run = act_latest;
    assert_int_equal(do_act(&act), 0);
    assert_int_equal(act.scan.requests, 3);
    assert_int_equal(act.run_now.finished, 0);
    world_settle(world, HOUR_MS);
    assert_int_equal(do_act(&act), 0);
    assert_int_equal(act.scan.requests, 4);
    assert_int_equal(act.run_now.state, IMPORT_COMPLETED);
}

static void test_schedule(void **state)
{
    struct world *world = *state;
    (void)make_team(world);
    struct act act = {.world = world, .run = act_settings, .settings = {.every_hours = 6, .requests_per_hour = 100}};
    assert_int_equal(do_act(&act), 0);
    act.run = act_latest;
    for (int i = 1; i <= 3; i++) {
        world->now += 6 * HOUR_MS;
        world_settle(world, MINUTE_MS);
        assert_int_equal(do_act(&act), 0);
        assert_int_equal(act.run_now.state, IMPORT_COMPLETED);
        assert_true(act.run_now.created > world->now - HOUR_MS);
        assert_true(act.run_now.scheduled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_step, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_own_attributes_are_left_out, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_alert_is_all, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_thousand_edits, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_five_per_cent_of_reads_fail, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_read_changes_nothing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_crash_after_every_turn, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_app_that_shows_no_members_is_probed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_verified_is_not_in_step, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_emptied_group, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_causes, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_held_deactivation_is_no_refusal, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_as_we_left_it_is_no_difference, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_left_by_the_same_group, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_repairs_go_through_the_limits, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_inactive_there_stays_so, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_comes_back_is_left_to_people, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_clean_scan_forgets_no_repair, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_accepted_and_taken_back, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_pushes_leave_exceptions, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_exception_outlives_its_class, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_accepted_by_setting, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_budget, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_schedule, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
