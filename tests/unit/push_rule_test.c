/* SPDX-License-Identifier: Apache-2.0 */
/* Push rules, unlinking and settings against the practice target: what the app holds afterwards, and what was asked. */
#include "world.h"

#include "push/rule.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000

struct job {
    struct world *world;
    struct push_rule rule; /* input, and the rule as it is */
    struct push_settings settings;
    struct mapping_input input;
    const char *id;
    bool flag;
    int64_t number;
    struct mapping mapping;
    struct problem problem;
};

static int act(struct world *world, int (*run)(struct tx *tx, void *job), struct job *job)
{
    job->world = world;
    return store_write_wait(world->store, NULL, run, job);
}

static int create_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct push_rule made;
    job->problem = (struct problem){0};
    int r = push_rule_create(tx, &job->world->app, &job->rule, &made, &job->problem);
    job->id = r < 0 ? NULL : arena_strdup(job->world->arena, made.id);
    return r;
}

static int replace_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct push_rule rule;
    int r = push_rule_by_id(tx, job->world->app.rid, job->id, &rule);
    return r < 0 ? r : push_rule_replace(tx, &job->world->app, &rule, &job->rule, &job->problem);
}

static int status_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct push_rule rule;
    int r = push_rule_by_id(tx, job->world->app.rid, job->id, &rule);
    return r < 0 ? r : push_rule_set_status(tx, &rule, (enum push_rule_status)job->number);
}

static int delete_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct push_rule rule;
    int r = push_rule_by_id(tx, job->world->app.rid, job->id, &rule);
    return r < 0 ? r : push_rule_delete(tx, &rule, (enum rule_gone)job->number);
}

static int settings_job(struct tx *tx, void *data)
{
    struct job *job = data;
    return push_settings_set(tx, &job->world->app, &job->settings);
}

static int map_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct group source;
    struct mapping mapping;
    int r = group_by_id(tx, job->id, &source);
    if (r == 0)
        r = mapping_create(tx, &job->world->app, &source, &job->input, &mapping, &job->problem);
    job->id = r < 0 ? NULL : arena_strdup(job->world->arena, mapping.id);
    return r;
}

static int unlink_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct mapping mapping;
    int r = mapping_by_id(tx, job->world->app.rid, job->id, &mapping);
    return r < 0 ? r : mapping_unlink(tx, &job->world->app, &mapping, job->flag, &job->problem);
}

static int switch_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct mapping mapping;
    int r = mapping_by_id(tx, job->world->app.rid, job->id, &mapping);
    return r < 0 ? r : mapping_switch(tx, &mapping, (enum mapping_status)job->number);
}

static int push_now_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct mapping mapping;
    int r = mapping_by_id(tx, job->world->app.rid, job->id, &mapping);
    return r < 0 ? r : mapping_push_now(tx, &mapping, &job->problem);
}

static int find_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct group source;
    int r = group_by_id(tx, job->id, &source);
    return r < 0 ? r : mapping_by_source(tx, job->world->app.rid, source.rid, &job->mapping);
}

static int delete_group_job(struct tx *tx, void *data)
{
    struct job *job = data;
    struct group group;
    int r = group_by_id(tx, job->id, &group);
    return r < 0 ? r : group_delete(tx, &group, &job->problem);
}

SQL_SCAN(EVENTS, "test", "SELECT count(*) FROM system_log WHERE event_type = $1");

static int events_job(struct tx *tx, void *data)
{
    struct job *job = data;
    return tx_get_int(tx, &job->number, &EVENTS, T(job->id));
}

static int events(struct world *world, const char *type)
{
    struct job job = {.id = type};
    assert_true(act(world, events_job, &job) >= 0);
    return (int)job.number;
}

/* 1 mapped, 0 not. */
static int is_mapped(struct world *world, const char *group_id)
{
    struct job job = {.id = group_id};
    int r = act(world, find_job, &job);
    assert_true(r == 0 || r == ERR_NOT_FOUND);
    return r == 0;
}

static const char *make_rule(struct world *world, struct push_rule rule)
{
    struct job job = {.rule = rule};
    if (!job.rule.name)
        job.rule.name = "Rule";
    job.rule.app_rid = world->app.rid;
    job.rule.status = rule.status ? rule.status : PUSH_RULE_ACTIVE;
    if (!job.rule.group.value)
        job.rule.group.value = "";
    if (!job.rule.description.value)
        job.rule.description.value = "";
    int r = act(world, create_job, &job);
    if (r < 0)
        fail_msg("%s: %s", job.problem.argument, job.problem.causes[0]);
    world_settle(world, MINUTE_MS);
    return job.id;
}

static int groups_named(struct world *world, const char *name)
{
    return (int)practice_find_group(world->practice, name, NULL);
}

/* Two people with the app, both in the group. */
static void fill(struct world *world, const char *group)
{
    const char *all = world_group(world, "Everybody with the app");
    const char *ann = world_user(world, "ann@example.com");
    const char *bob = world_user(world, "bob@example.com");
    world_member(world, all, ann, true);
    world_member(world, all, bob, true);
    world_member(world, group, ann, true);
    world_member(world, group, bob, true);
    world_assign_group(world, all, true);
}

static void test_matching_groups_are_pushed_at_once_and_later(void **state)
{
    struct world *world = *state;
    const char *sales = world_group(world, "Sales North");
    const char *other = world_group(world, "Presales");
    fill(world, sales);
    make_rule(world, (struct push_rule){.group = {MATCH_STARTS_WITH, "sales"}});
    assert_int_equal(is_mapped(world, sales), 1);
    assert_int_equal(is_mapped(world, other), 0);
    assert_int_equal(world_there(world, "Sales North", "ann@example.com"), 1);
    const char *later = world_group(world, "SALES South");
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, later), 1);
    assert_int_equal(groups_named(world, "SALES South"), 1);
    world_rename_group(world, other, "Sales before");
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, other), 1);
    /* Published: what no longer matches stays (R3). */
    world_rename_group(world, sales, "Marketing");
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, sales), 1);
    assert_int_equal(groups_named(world, "Marketing"), 1);
    assert_int_equal(events(world, "app.user_management.grouppush.mapping.created.from.rule"), 3);
}

static void test_operators(void **state)
{
    struct world *world = *state;
    static const struct {
        struct criterion criterion;
        const char *names[3];
    } cases[] = {
        {{MATCH_STARTS_WITH, "alpha"}, {"Alpha one"}},
        {{MATCH_ENDS_WITH, "ONE"}, {"Alpha one", "Beta one"}},
        {{MATCH_CONTAINS, "ta "}, {"Beta one", "Beta two"}},
        {{MATCH_EQUALS, "beta TWO"}, {"Beta two"}},
        {{MATCH_REGEX, "^(alpha|beta) one$"}, {"Alpha one", "Beta one"}},
        {{MATCH_EVERYTHING, ""}, {"Alpha one", "Beta one", "Beta two"}},
    };
    const char *names[] = {"Alpha one", "Beta one", "Beta two"};
    world_limits_off(world);
    const char *ids[ARRAY_LEN(names)];
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        ids[i] = world_group(world, names[i]);
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const char *rule = make_rule(world, (struct push_rule){.group = cases[c].criterion});
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            bool wanted = false;
            for (size_t n = 0; n < ARRAY_LEN(cases[c].names); n++)
                wanted |= cases[c].names[n] && strcmp(cases[c].names[n], names[i]) == 0;
            if (is_mapped(world, ids[i]) != wanted)
                fail_msg("%s \"%s\" and %s", match_kind_name(cases[c].criterion.kind), cases[c].criterion.value,
                         names[i]);
        }
        struct job gone = {.id = rule, .number = RULE_GONE_DELETE_GROUPS};
        assert_int_equal(act(world, delete_job, &gone), 0);
        world_settle(world, MINUTE_MS);
        assert_int_equal(practice_group_count(world->practice), 0);
    }
}

static void test_bad_rules_are_refused(void **state)
{
    struct world *world = *state;
    static const struct {
        struct push_rule rule;
        const char *words;
    } cases[] = {
        {{.name = "", .group = {MATCH_EQUALS, "x"}, .description = {0, ""}}, "name"},
        {{.name = "r", .group = {0, ""}, .description = {0, ""}}, "EVERYTHING"},
        {{.name = "r", .group = {MATCH_EQUALS, ""}, .description = {0, ""}}, "groupName.value"},
        {{.name = "r", .group = {MATCH_REGEX, "("}, .description = {0, ""}}, "regular expression"},
        {{.name = "r", .group = {MATCH_EVERYTHING, "x"}, .description = {0, ""}}, "left out"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct job job = {.rule = cases[i].rule};
        job.rule.status = PUSH_RULE_ACTIVE;
        assert_int_equal(act(world, create_job, &job), ERR_PROBLEM);
        assert_non_null(strstr(job.problem.causes[0], cases[i].words));
    }
    make_rule(world, (struct push_rule){.name = "Once", .group = {MATCH_EQUALS, "x"}});
    struct job twice = {.rule = {.name = "ONCE", .group = {MATCH_EQUALS, "y"}, .description = {0, ""}}};
    twice.rule.status = PUSH_RULE_ACTIVE;
    assert_int_equal(act(world, create_job, &twice), ERR_PROBLEM);
}

/* A group that is pushed already, and one whose name the app has: no mapping, and the log says so (R4, R5). */
static void test_duplicates_are_skipped_and_told(void **state)
{
    struct world *world = *state;
    const char *one = world_group(world, "Team one");
    const char *two = world_group(world, "Team two");
    const char *mapping = world_push(world, one, "Team one");
    const char *other = world_group(world, "Other");
    world_push(world, other, "Team two");
    make_rule(world, (struct push_rule){.group = {MATCH_STARTS_WITH, "team"}});
    struct job job = {.id = one};
    assert_int_equal(act(world, find_job, &job), 0);
    assert_string_equal(job.mapping.id, mapping);
    assert_int_equal(job.mapping.rule_rid, 0);
    assert_int_equal(is_mapped(world, two), 0);
    assert_int_equal(events(world, "app.user_management.grouppush.mapping.created.from.rule.error.duplicate"), 1);
    assert_int_equal(events(world, "application.provision.group_push.mapping.created.from.rule.warning.duplicate.name"),
                     1);
    world_rename_group(world, two, "Team 2");
    const char *three = world_group(world, "Three");
    world_push(world, three, "Team 3");
    const char *four = world_group(world, "Team 3");
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, two), 1);
    assert_int_equal(is_mapped(world, four), 0);
    assert_int_equal(
        events(world, "application.provision.group_push.mapping.created.from.rule.warning.upsertGroup.duplicate.name"),
        1);
}

static void test_inactive_rule_does_nothing_new(void **state)
{
    struct world *world = *state;
    const char *before = world_group(world, "Team one");
    const char *rule = make_rule(world, (struct push_rule){.group = {MATCH_STARTS_WITH, "team"}});
    struct job job = {.id = rule, .number = PUSH_RULE_INACTIVE};
    assert_int_equal(act(world, status_job, &job), 0);
    const char *after = world_group(world, "Team two");
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, before), 1);
    assert_int_equal(is_mapped(world, after), 0);
    job.number = PUSH_RULE_ACTIVE;
    assert_int_equal(act(world, status_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, after), 1);
}

static void test_edited_rule_keeps_its_mappings(void **state)
{
    struct world *world = *state;
    const char *red = world_group(world, "Red");
    const char *blue = world_group(world, "Blue");
    const char *rule = make_rule(world, (struct push_rule){.group = {MATCH_EQUALS, "red"}});
    struct job job = {.id = rule, .rule = {.name = "R", .group = {MATCH_EQUALS, "blue"}, .description = {0, ""}}};
    job.rule.status = PUSH_RULE_ACTIVE;
    assert_int_equal(act(world, replace_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, red), 1);
    assert_int_equal(is_mapped(world, blue), 1);
    job.rule.retract = RETRACT_DELETE;
    assert_int_equal(act(world, replace_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, red), 0);
    assert_int_equal(groups_named(world, "Red"), 0);
    assert_int_equal(is_mapped(world, blue), 1);
}

static void test_retract(void **state)
{
    struct world *world = *state;
    const char *one = world_group(world, "Team one");
    const char *two = world_group(world, "Team two");
    make_rule(world, (struct push_rule){.group = {MATCH_STARTS_WITH, "team"}, .retract = RETRACT_UNLINK});
    world_rename_group(world, one, "One");
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, one), 0);
    assert_int_equal(is_mapped(world, two), 1);
    assert_int_equal(practice_group_count(world->practice), 2); /* the group stays there */
}

static void test_deleted_rule(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Team one");
    const struct push_rule rule = {.group = {MATCH_STARTS_WITH, "team"}};
    struct job job = {.id = make_rule(world, rule), .number = RULE_GONE_KEEP};
    assert_int_equal(act(world, delete_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, group), 1);
    assert_int_equal(act(world, status_job, &job), ERR_NOT_FOUND);
    struct job unlink = {.id = group};
    assert_int_equal(act(world, find_job, &unlink), 0);
    assert_int_equal(unlink.mapping.rule_rid, 0);
    unlink.id = arena_strdup(world->arena, unlink.mapping.id);
    unlink.flag = true;
    assert_int_equal(act(world, unlink_job, &unlink), 0); /* ACTIVE: the published call would refuse */
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 0);
    job = (struct job){.id = make_rule(world, rule), .number = RULE_GONE_UNLINK};
    assert_int_equal(groups_named(world, "Team one"), 1);
    assert_int_equal(act(world, delete_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, group), 0);
    assert_int_equal(groups_named(world, "Team one"), 1);
    /* By rule, a group of that name is not taken over, unless the rule says so. */
    job = (struct job){.id = make_rule(world, rule), .number = RULE_GONE_KEEP};
    assert_int_equal(is_mapped(world, group), 0);
    assert_int_equal(act(world, delete_job, &job), 0);
    job = (struct job){.number = RULE_GONE_DELETE_GROUPS};
    job.id =
        make_rule(world, (struct push_rule){.group = {MATCH_STARTS_WITH, "team"}, .existing = EXISTING_GROUPS_LINK});
    assert_int_equal(is_mapped(world, group), 1);
    assert_int_equal(practice_group_count(world->practice), 1);
    assert_int_equal(act(world, delete_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 0);
}

/* U4: the group at once, its members with the next change of them, or with Push Now. */
static void test_members_wait(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Team");
    fill(world, group);
    struct job job = {.id = group};
    job.input = (struct mapping_input){
        .target_group_name = "Team", .status = MAPPING_ACTIVE, .existing = EXISTING_REMOVE, .members_wait = true};
    assert_int_equal(act(world, map_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(groups_named(world, "Team"), 1);
    assert_int_equal(world_there(world, "Team", "ann@example.com"), 0);
    const char *cyd = world_user(world, "cyd@example.com"); /* without the app: a change all the same */
    world_member(world, group, cyd, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Team", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Team", "bob@example.com"), 1);
    struct job again = {.id = world_group(world, "Other")};
    again.input = job.input;
    again.input.target_group_name = "Other";
    const char *other = again.id;
    world_member(world, other, world_user(world, "dot@example.com"), true);
    world_assign_group(world, other, true);
    assert_int_equal(act(world, map_job, &again), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_active(world, "dot@example.com"), 1);
    assert_int_equal(world_there(world, "Other", "dot@example.com"), 0);
    assert_int_equal(act(world, push_now_job, &again), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Other", "dot@example.com"), 1);
}

/* Makes a group there that holds a stranger, and links it. */
static const char *link_with_stranger(struct world *world, const char *group, enum existing_members existing)
{
    const char *stranger = NULL;
    bool active = false;
    char body[400];
    assert_int_equal(world_request(world, "POST", "/scim/v2/Users",
                                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],"
                                   "\"userName\":\"stranger@example.com\"}"),
                     201);
    assert_true(practice_find_user(world->practice, "stranger@example.com", &stranger, &active));
    (void)snprintf(body, sizeof(body),
                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"Team\","
                   "\"members\":[{\"value\":\"%s\"}]}",
                   stranger);
    assert_int_equal(world_request(world, "POST", "/scim/v2/Groups", body), 201);
    struct job job = {.id = group};
    job.input = (struct mapping_input){.target_group_name = "Team", .status = MAPPING_ACTIVE, .existing = existing};
    assert_int_equal(act(world, map_job, &job), 0);
    world_settle(world, MINUTE_MS);
    return job.id;
}

static void test_link_keeps_members(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Team");
    fill(world, group);
    struct job job = {.id = link_with_stranger(world, group, EXISTING_KEEP)};
    assert_null(world_mapping_state(world, job.id).error);
    assert_int_equal(world_there(world, "Team", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Team", "stranger@example.com"), 1);
    /* The stranger gets the app, but is not in the source: what was found there stays all the same. */
    const char *user = world_user(world, "stranger@example.com");
    world_assign_user(world, user, true);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Team", "stranger@example.com"), 1);
    /* In the source and out of it again: from then on he is like the others. */
    world_member(world, group, user, true);
    world_settle(world, MINUTE_MS);
    world_member(world, group, user, false);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Team", "stranger@example.com"), 0);
    assert_int_equal(world_there(world, "Team", "bob@example.com"), 1);
}

static void test_push_now_overrules_keep(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Team");
    fill(world, group);
    struct job job = {.id = link_with_stranger(world, group, EXISTING_KEEP)};
    assert_int_equal(world_there(world, "Team", "stranger@example.com"), 1);
    assert_int_equal(act(world, push_now_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(world_there(world, "Team", "stranger@example.com"), 0);
    assert_int_equal(world_there(world, "Team", "ann@example.com"), 1);
}

/* From ERROR, where the published calls refuse. */
static void test_switch_and_unlink_from_error(void **state)
{
    struct world *world = *state;
    const char *group = world_group(world, "Team");
    fill(world, group);
    struct job job = {.id = link_with_stranger(world, group, EXISTING_REFUSE)};
    assert_true(world_mapping_state(world, job.id).in_error);
    job.number = MAPPING_INACTIVE;
    assert_int_equal(act(world, switch_job, &job), 0);
    assert_false(world_mapping_state(world, job.id).in_error);
    job.number = MAPPING_ACTIVE;
    assert_int_equal(act(world, switch_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_true(world_mapping_state(world, job.id).in_error);
    job.flag = true;
    assert_int_equal(act(world, unlink_job, &job), ERR_PROBLEM); /* linked: not ours to delete */
    job.flag = false;
    assert_int_equal(act(world, unlink_job, &job), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(is_mapped(world, group), 0);
    assert_int_equal(world_there(world, "Team", "stranger@example.com"), 1);
}

static void test_settings(void **state)
{
    struct world *world = *state;
    const char *team = world_group(world, "Team");
    const char *crew = world_group(world, "Crew");
    world_push(world, team, "Team");
    world_push(world, crew, "Crew");
    world_settle(world, MINUTE_MS);
    struct job job = {.settings = {.rename_groups = false, .on_source_deleted = SOURCE_DELETED_DELETE}};
    assert_int_equal(act(world, settings_job, &job), 0);
    world_rename_group(world, team, "Team of two");
    world_settle(world, MINUTE_MS);
    assert_int_equal(groups_named(world, "Team"), 1);
    assert_int_equal(groups_named(world, "Team of two"), 0);
    struct job gone = {.id = crew};
    assert_int_equal(act(world, delete_group_job, &gone), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(groups_named(world, "Crew"), 0);
    job.settings = (struct push_settings){.rename_groups = true, .on_source_deleted = SOURCE_DELETED_LEAVE};
    assert_int_equal(act(world, settings_job, &job), 0);
    world_rename_group(world, team, "Team of three");
    world_settle(world, MINUTE_MS);
    assert_int_equal(groups_named(world, "Team of three"), 1);
    gone.id = team;
    assert_int_equal(act(world, delete_group_job, &gone), 0);
    world_settle(world, MINUTE_MS);
    assert_int_equal(groups_named(world, "Team of three"), 1);
}

/* More groups than one chunk of an expansion, each once. */
static void test_every_group(void **state)
{
    struct world *world = *state;
    char name[32];
    world_limits_off(world);
    for (int i = 0; i < 1100; i++) {
        (void)snprintf(name, sizeof(name), "Group %d", i);
        world_group(world, name);
    }
    const char *rule = make_rule(world, (struct push_rule){.group = {MATCH_EVERYTHING, ""}});
    for (int i = 0; i < 60 && practice_group_count(world->practice) < 1100; i++)
        world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 1100);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_GROUP, NULL), 1);
    struct job job = {.id = rule, .number = RULE_GONE_DELETE_GROUPS};
    assert_int_equal(act(world, delete_job, &job), 0);
    for (int i = 0; i < 60 && practice_group_count(world->practice) > 0; i++)
        world_settle(world, MINUTE_MS);
    assert_int_equal(practice_group_count(world->practice), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_matching_groups_are_pushed_at_once_and_later),
        TEST(test_operators),
        TEST(test_bad_rules_are_refused),
        TEST(test_duplicates_are_skipped_and_told),
        TEST(test_inactive_rule_does_nothing_new),
        TEST(test_edited_rule_keeps_its_mappings),
        TEST(test_retract),
        TEST(test_deleted_rule),
        TEST(test_members_wait),
        TEST(test_link_keeps_members),
        TEST(test_push_now_overrules_keep),
        TEST(test_switch_and_unlink_from_error),
        TEST(test_settings),
        TEST(test_every_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
