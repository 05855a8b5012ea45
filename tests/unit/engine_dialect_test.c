/* SPDX-License-Identifier: Apache-2.0 */
/* The published client's two dialects against the practice target: what goes over the wire, byte for byte, and that
 * complete lists take nobody out who should stay. */
#include "world.h"

#include "base/limits.h"
#include "push/deletions.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_MS 60000
#define PATCH(operations)                                                                                              \
    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[" operations "]}"

/* Two people in one group that is assigned and pushed; a third is assigned only. */
struct scene {
    struct world *world;
    const char *group, *ann, *bob, *cyd, *mapping;
    const char *ann_there, *bob_there, *cyd_there, *group_there; /* the target's ids */
    uint64_t mark;                                               /* journal */
};

static int dialect_job(struct tx *tx, void *arg)
{
    struct scene *scene = arg;
    struct app_switches switches;
    struct problem problem = {0};
    int r = app_switches_get(tx, scene->world->app.rid, &switches);
    switches.dialect = (enum app_dialect)scene->mark;
    return r < 0 ? r : app_switches_set(tx, &scene->world->app, &switches, &problem);
}

static int push_now_job(struct tx *tx, void *arg)
{
    const struct scene *scene = arg;
    struct mapping mapping;
    struct problem problem = {0};
    int r = mapping_by_id(tx, scene->world->app.rid, scene->mapping, &mapping);
    return r < 0 ? r : mapping_push_now(tx, &mapping, &problem);
}

/* No removal from a group may be sent, whatever it is. */
static int strict_job(struct tx *tx, void *arg)
{
    const struct scene *scene = arg;
    const struct deletion_limit none = {.percent = 0, .number = 0};
    int r = 0;
    for (int rule = 0; r == 0 && rule < RULE_COUNT; rule++)
        r = deletion_limit_set(tx, scene->world->app.rid, (enum deletion_rule)rule, &none);
    return r;
}

static int profile_job(struct tx *tx, void *arg)
{
    const struct scene *scene = arg;
    struct user user;
    struct problem problem = {0};
    struct jval *change CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(change, "title", "Director");
    int r = user_by_id(tx, scene->ann, &user);
    return r < 0 ? r : user_update(tx, &user, change, false, &problem);
}

static void run(struct scene *scene, tx_fn job)
{
    assert_int_equal(store_write_wait(scene->world->store, NULL, job, scene), 0);
}

static const char *user_there(const struct scene *scene, const char *login)
{
    const char *id = NULL;
    bool active = false;
    assert_true(practice_find_user(scene->world->practice, login, &id, &active));
    return arena_strdup(scene->world->arena, id);
}

static const char *group_there(const struct scene *scene, const char *name)
{
    const char *id = NULL;
    assert_int_equal(practice_find_group(scene->world->practice, name, &id), 1);
    return arena_strdup(scene->world->arena, id);
}

static void settle(struct scene *scene)
{
    world_settle(scene->world, 3 * MINUTE_MS);
}

static struct scene make_scene(struct world *world, enum app_dialect dialect)
{
    struct scene scene = {.world = world, .mark = (uint64_t)dialect};
    run(&scene, dialect_job);
    world_limits_off(world);
    scene.group = world_group(world, "Engineering");
    scene.ann = world_user(world, "ann@example.com");
    scene.bob = world_user(world, "bob@example.com");
    scene.cyd = world_user(world, "cyd@example.com");
    world_member(world, scene.group, scene.ann, true);
    world_member(world, scene.group, scene.bob, true);
    world_assign_user(world, scene.cyd, true);
    world_assign_group(world, scene.group, true);
    scene.mapping = world_push(world, scene.group, "Engineering");
    scene.mark = practice_journal_last(world->practice);
    settle(&scene);
    scene.ann_there = user_there(&scene, "ann@example.com");
    scene.bob_there = user_there(&scene, "bob@example.com");
    scene.cyd_there = user_there(&scene, "cyd@example.com");
    scene.group_there = group_there(&scene, "Engineering");
    return scene;
}

/* The next request after the mark that went to `path` with this method; the mark moves behind it. */
static struct practice_entry next_request(struct scene *scene, const char *method, const char *path)
{
    struct practice_entry entry;
    while (practice_journal_next(scene->world->practice, scene->mark, &entry)) {
        scene->mark = entry.number;
        if (str_eq(entry.method, method) && strstr(entry.path, path))
            return entry;
    }
    fail_msg("no %s %s", method, path);
    return entry;
}

static void expect(struct scene *scene, const char *method, const char *path, const char *body)
{
    struct practice_entry entry = next_request(scene, method, path);
    assert_string_equal(entry.body, body);
}

static const char *path_of(const struct scene *scene, const char *kind, const char *id)
{
    return arena_printf(scene->world->arena, "/%s/%s", kind, id);
}

static void begin(struct scene *scene)
{
    world_settle(scene->world, MINUTE_MS);
    scene->mark = practice_journal_last(scene->world->practice);
}

/* --- both ----------------------------------------------------------------------------------------------------------
 */

static void check_creates(struct scene *scene)
{
    struct practice_entry entry = next_request(scene, "GET", "/Users");
    assert_non_null(strstr(entry.query, "&startIndex=1&count=100"));
    entry = next_request(scene, "POST", "/Users");
    const char *password = strstr(entry.body, "\"password\":\"");
    assert_non_null(password);
    assert_int_equal(strcspn(password + strlen("\"password\":\""), "\""), 32);
    assert_non_null(strstr(entry.body, "\"groups\":[],\"password\""));
    assert_non_null(strstr(entry.body, "\",\"active\":true}"));
    assert_non_null(strstr(entry.body, "\"emails\":[{\"primary\":true,\"value\":"));
    assert_null(strstr(entry.body, "\"familyName\":\"ann\",\"givenName\""));
    scene->mark = 0;
    expect(scene, "POST", "/Groups",
           "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"Engineering\","
           "\"members\":[]}");
}

static void check_life(struct world *world, enum app_dialect dialect)
{
    struct scene scene = make_scene(world, dialect);
    check_creates(&scene);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    world_member(world, scene.group, scene.cyd, true);
    world_member(world, scene.group, scene.bob, false);
    settle(&scene);
    assert_int_equal(world_there(world, "Engineering", "cyd@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 0);
    assert_int_equal(world_active(world, "bob@example.com"), 0);
    world_rename_group(world, scene.group, "Builders");
    settle(&scene);
    assert_int_equal(world_there(world, "Builders", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Builders", "cyd@example.com"), 1);
    world_transition(world, scene.ann, USER_DEACTIVATE);
    settle(&scene);
    assert_int_equal(world_active(world, "ann@example.com"), 0);
    assert_int_equal(world_there(world, "Builders", "ann@example.com"), 0);
    world_transition(world, scene.ann, USER_ACTIVATE);
    settle(&scene);
    assert_int_equal(world_active(world, "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Builders", "ann@example.com"), 1);
    assert_string_equal(user_there(&scene, "ann@example.com"), scene.ann_there);
    uint64_t quiet = world->requests;
    world_settle(world, 60 * MINUTE_MS);
    assert_int_equal(world->requests, quiet); /* at rest, nothing is asked */
    struct mapping_state state = world_mapping_state(world, scene.mapping);
    assert_null(state.error);
    assert_int_equal(state.members_known, 2);
}

static void test_life_in_catalog(void **state)
{
    check_life(*state, DIALECT_CATALOG);
}

static void test_life_in_custom(void **state)
{
    check_life(*state, DIALECT_CUSTOM);
}

static bool lose_writes(struct world *world, const struct flight *flight)
{
    return request_is_write(flight->kind) && world->lost < 4;
}

static void check_lost(struct world *world, enum app_dialect dialect)
{
    struct scene scene = make_scene(world, dialect);
    world->lose = lose_writes;
    world_member(world, scene.group, scene.cyd, true);
    world_rename_group(world, scene.group, "Builders");
    run(&scene, profile_job);
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(world->lost, 4);
    assert_int_equal(world_there(world, "Builders", "cyd@example.com"), 1);
    assert_int_equal(world_there(world, "Builders", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Builders", "bob@example.com"), 1);
    assert_null(world_mapping_state(world, scene.mapping).error);
    assert_int_equal(practice_copies_max(world->practice, PRACTICE_USER, NULL), 1);
}

static void test_lost_answers_in_catalog(void **state)
{
    check_lost(*state, DIALECT_CATALOG);
}

static void test_lost_answers_in_custom(void **state)
{
    check_lost(*state, DIALECT_CUSTOM);
}

/* --- catalog -------------------------------------------------------------------------------------------------------
 */

static void test_wire_of_catalog(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CATALOG);
    struct arena *arena = world->arena;
    world_settle(world, MINUTE_MS);
    const char *group = path_of(&scene, "Groups", scene.group_there);
    const char *ann = path_of(&scene, "Users", scene.ann_there);
    begin(&scene);
    world_member(world, scene.group, scene.cyd, true);
    settle(&scene);
    expect(&scene, "PATCH", group,
           arena_printf(arena,
                        PATCH("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\",\"display\":"
                              "\"cyd@example.com\"}]}"),
                        scene.cyd_there));
    begin(&scene);
    world_member(world, scene.group, scene.cyd, false);
    settle(&scene);
    expect(
        &scene, "PATCH", group,
        arena_printf(arena, PATCH("{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}"), scene.cyd_there));
    begin(&scene);
    run(&scene, push_now_job);
    settle(&scene);
    assert_null(next_request(&scene, "GET", group).query);
    expect(&scene, "PATCH", group,
           arena_printf(arena,
                        PATCH("{\"op\":\"replace\",\"path\":\"members\",\"value\":[{\"value\":\"%s\",\"display\":"
                              "\"ann@example.com\"},{\"value\":\"%s\",\"display\":\"bob@example.com\"}]}"),
                        scene.ann_there, scene.bob_there));
    begin(&scene);
    world_rename_group(world, scene.group, "Builders");
    settle(&scene);
    expect(&scene, "PATCH", group,
           arena_printf(arena, PATCH("{\"op\":\"replace\",\"value\":{\"id\":\"%s\",\"displayName\":\"Builders\"}}"),
                        scene.group_there));
    begin(&scene);
    run(&scene, profile_job);
    settle(&scene);
    (void)next_request(&scene, "GET", ann);
    struct practice_entry entry = next_request(&scene, "PUT", ann);
    assert_non_null(strstr(entry.body, "\"title\":\"Director\""));
    assert_non_null(strstr(entry.body, "\"meta\":{")); /* the whole resource, as it was read */
    assert_non_null(strstr(entry.body, "\"groups\":[{"));
    begin(&scene);
    world_transition(world, scene.ann, USER_DEACTIVATE);
    settle(&scene);
    expect(&scene, "PATCH", ann, PATCH("{\"op\":\"replace\",\"value\":{\"active\":false}}"));
    begin(&scene);
    world_transition(world, scene.ann, USER_ACTIVATE);
    settle(&scene);
    expect(&scene, "PATCH", ann, PATCH("{\"op\":\"replace\",\"value\":{\"active\":true}}"));
}

static int count_of(const struct world *world, uint64_t after, const char *method, const char *body)
{
    struct practice_entry entry;
    int count = 0;
    for (; practice_journal_next(world->practice, after, &entry); after = entry.number)
        count += str_eq(entry.method, method) && strstr(entry.path, "/Groups/") && strstr(entry.body, body);
    return count;
}

static const char *make_stranger(struct scene *scene)
{
    assert_int_equal(world_request(scene->world, "POST", "/scim/v2/Users",
                                   "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],"
                                   "\"userName\":\"eve@example.com\"}"),
                     201);
    return user_there(scene, "eve@example.com");
}

/* Someone else's member stays with a link that keeps him, in the complete list; Push Now takes him out. */
static void test_strangers_in_catalog(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CATALOG);
    const char *body =
        arena_printf(world->arena,
                     "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"Ops\","
                     "\"members\":[{\"value\":\"%s\"}]}",
                     make_stranger(&scene));
    assert_int_equal(world_request(world, "POST", "/scim/v2/Groups", body), 201);
    const char *ops = world_group(world, "Ops");
    world_member(world, ops, scene.ann, true);
    begin(&scene);
    scene.mapping = world_push(world, ops, "Ops");
    settle(&scene);
    assert_string_equal(world_mapping_state(world, scene.mapping).error_class, "LINK_WOULD_REMOVE");
    assert_int_equal(count_of(world, scene.mark, "PATCH", "replace"), 0);
    world_mapping_status(world, scene.mapping, MAPPING_ACTIVE, EXISTING_KEEP);
    settle(&scene);
    assert_int_equal(count_of(world, scene.mark, "PATCH", "\"op\":\"replace\",\"path\":\"members\""), 1);
    assert_int_equal(world_there(world, "Ops", "eve@example.com"), 1);
    assert_int_equal(world_there(world, "Ops", "ann@example.com"), 1);
    run(&scene, push_now_job);
    settle(&scene);
    assert_int_equal(count_of(world, scene.mark, "PATCH", "\"op\":\"replace\",\"path\":\"members\""), 2);
    assert_int_equal(world_there(world, "Ops", "eve@example.com"), 0);
    assert_int_equal(world_there(world, "Ops", "ann@example.com"), 1);
}

/* Whose removal a deletion limit holds stays in the complete list. */
static void check_held(struct world *world, enum app_dialect dialect)
{
    struct scene scene = make_scene(world, dialect);
    const char *group = path_of(&scene, "Groups", scene.group_there);
    run(&scene, strict_job);
    world_assign_user(world, scene.bob, true);
    world_member(world, scene.group, scene.bob, false);
    world_member(world, scene.group, scene.cyd, true);
    settle(&scene);
    assert_int_equal(world_there(world, "Engineering", "cyd@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    assert_int_equal(world_mapping_state(world, scene.mapping).members_held, 1);
    begin(&scene);
    run(&scene, push_now_job);
    settle(&scene);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    if (dialect == DIALECT_CATALOG) /* named, not just spared */
        assert_non_null(strstr(next_request(&scene, "PATCH", group).body, scene.bob_there));
}

static void test_held_removals_stay_in_catalog(void **state)
{
    check_held(*state, DIALECT_CATALOG);
}

static void test_held_removals_stay_in_custom(void **state)
{
    check_held(*state, DIALECT_CUSTOM);
}

/* An app that shows nobody may hide strangers: no complete list. */
static void test_no_list_without_a_read(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CATALOG);
    world->hide_members = true;
    begin(&scene);
    run(&scene, push_now_job);
    settle(&scene);
    assert_int_equal(count_of(world, scene.mark, "PATCH", "replace"), 0);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
}

/* --- custom --------------------------------------------------------------------------------------------------------
 */

static void test_wire_of_custom(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CUSTOM);
    struct arena *arena = world->arena;
    const char *group = path_of(&scene, "Groups", scene.group_there);
    const char *ann = path_of(&scene, "Users", scene.ann_there);
    begin(&scene);
    world_member(world, scene.group, scene.cyd, true);
    settle(&scene);
    assert_null(next_request(&scene, "GET", group).query);
    for (int i = 0; i < 2; i++) {
        expect(
            &scene, "PUT", group,
            arena_printf(arena,
                         "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"id\":\"%s\",\"displayName\":"
                         "\"%s\",\"members\":[{\"value\":\"%s\",\"display\":\"ann@example.com\"},{\"value\":\"%s\","
                         "\"display\":\"bob@example.com\"},{\"value\":\"%s\",\"display\":\"cyd@example.com\"}]}",
                         scene.group_there, i ? "Builders" : "Engineering", scene.ann_there, scene.bob_there,
                         scene.cyd_there));
        begin(&scene);
        if (i == 0)
            world_rename_group(world, scene.group, "Builders");
        settle(&scene);
    }
    begin(&scene);
    run(&scene, profile_job);
    settle(&scene);
    (void)next_request(&scene, "GET", ann);
    struct practice_entry entry = next_request(&scene, "PUT", ann);
    assert_non_null(strstr(entry.body, "\"title\":\"Director\""));
    assert_non_null(strstr(entry.body, "\"active\":true"));
    begin(&scene);
    world_transition(world, scene.ann, USER_DEACTIVATE);
    settle(&scene);
    (void)next_request(&scene, "GET", ann);
    entry = next_request(&scene, "PUT", ann);
    assert_non_null(strstr(entry.body, "\"active\":false"));
    uint64_t patches = practice_journal_count(world->practice, "PATCH");
    assert_int_equal(patches, 0);
}

/* Whoever is in the group without Muster stays in the complete list. */
static void test_strangers_in_custom(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CUSTOM);
    const char *body =
        arena_printf(world->arena, PATCH("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}"),
                     make_stranger(&scene));
    assert_int_equal(world_request(world, "PATCH", path_of(&scene, "scim/v2/Groups", scene.group_there), body), 204);
    world_member(world, scene.group, scene.bob, false);
    settle(&scene);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "eve@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
}

/* An app that shows nobody: what it acknowledged is the list, nobody falls out. */
static void test_hidden_members_in_custom(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CUSTOM);
    world->hide_members = true;
    world_member(world, scene.group, scene.cyd, true);
    settle(&scene);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "cyd@example.com"), 1);
}

/* A group that was there before, and whose members are not shown: a PUT would take them out. */
static void test_hidden_strangers_in_custom(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CUSTOM);
    const char *body =
        arena_printf(world->arena,
                     "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"Ops\","
                     "\"members\":[{\"value\":\"%s\"}]}",
                     make_stranger(&scene));
    assert_int_equal(world_request(world, "POST", "/scim/v2/Groups", body), 201);
    const char *ops = world_group(world, "Ops");
    world_member(world, ops, scene.ann, true);
    world->hide_members = true;
    begin(&scene);
    scene.mapping = world_push(world, ops, "Ops");
    settle(&scene);
    struct mapping_state mapping = world_mapping_state(world, scene.mapping);
    assert_string_equal(mapping.error_class, "UNSUPPORTED");
    assert_non_null(strstr(mapping.error, "STANDARD"));
    assert_int_equal(count_of(world, scene.mark, "PUT", ""), 0);
    assert_int_equal(world_there(world, "Ops", "eve@example.com"), 1);
}

/* One more than fit into a complete list, all put there by somebody else. */
static void add_crowd(struct scene *scene)
{
    struct buf body;
    buf_init(&body, (size_t)4 * 1024 * 1024);
    buf_str(&body, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{\"op\":\"add\","
                   "\"path\":\"members\",\"value\":[");
    for (int i = 0; i <= LIMIT_FULL_MEMBERS; i++) {
        char login[64];
        char user[256];
        const char *id = NULL;
        bool active = false;
        (void)snprintf(login, sizeof(login), "crowd%d@example.com", i);
        (void)snprintf(user, sizeof(user),
                       "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"%s\"}", login);
        assert_int_equal(world_request(scene->world, "POST", "/scim/v2/Users", user), 201);
        assert_true(practice_find_user(scene->world->practice, login, &id, &active));
        buf_printf(&body, "%s{\"value\":\"%s\"}", i ? "," : "", id);
    }
    buf_str(&body, "]}]}");
    assert_int_equal(
        world_request(scene->world, "PATCH", path_of(scene, "scim/v2/Groups", scene->group_there), buf_text(&body)),
        204);
    buf_free(&body);
}

static void test_too_long_a_list_in_custom(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CUSTOM);
    add_crowd(&scene);
    begin(&scene);
    world_member(world, scene.group, scene.cyd, true);
    settle(&scene);
    struct mapping_state mapping = world_mapping_state(world, scene.mapping);
    assert_string_equal(mapping.error_class, "TOO_LARGE");
    assert_non_null(strstr(mapping.error, "10000 members"));
    assert_int_equal(count_of(world, scene.mark, "PUT", ""), 0);
}

/* The difference goes instead: who is there too much is taken out by requests of the usual size. */
static void test_too_long_a_list_in_catalog(void **state)
{
    struct world *world = *state;
    struct scene scene = make_scene(world, DIALECT_CATALOG);
    add_crowd(&scene);
    begin(&scene);
    run(&scene, push_now_job);
    world_settle(world, 30 * MINUTE_MS);
    assert_int_equal(count_of(world, scene.mark, "PATCH", "replace"), 0);
    assert_int_equal(world_there(world, "Engineering", "crowd0@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "crowd10000@example.com"), 0);
    assert_int_equal(world_there(world, "Engineering", "ann@example.com"), 1);
    assert_int_equal(world_there(world, "Engineering", "bob@example.com"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_life_in_catalog),
        TEST(test_life_in_custom),
        TEST(test_lost_answers_in_catalog),
        TEST(test_lost_answers_in_custom),
        TEST(test_wire_of_catalog),
        TEST(test_strangers_in_catalog),
        TEST(test_no_list_without_a_read),
        TEST(test_wire_of_custom),
        TEST(test_strangers_in_custom),
        TEST(test_hidden_members_in_custom),
        TEST(test_hidden_strangers_in_custom),
        TEST(test_too_long_a_list_in_custom),
        TEST(test_too_long_a_list_in_catalog),
        TEST(test_held_removals_stay_in_catalog),
        TEST(test_held_removals_stay_in_custom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
