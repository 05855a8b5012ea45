/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and memberships: names, read-only kinds, members, deleting in chunks, what a membership costs. */
#include "directory_fixture.h"

#include "base/limits.h"

static struct group make(struct tx *tx, const char *name)
{
    struct group group;
    struct problem problem;
    assert_int_equal(fixture_group(tx, arena_printf(tx_arena(tx), "{\"name\":\"%s\"}", name), &group, &problem), 0);
    return group;
}

static const char *repeated(struct arena *arena, const char *text, int times)
{
    char *all = arena_alloc(arena, strlen(text) * (size_t)times + 1);
    for (int i = 0; i < times; i++)
        memcpy(all + strlen(text) * (size_t)i, text, strlen(text));
    return all;
}

static int names(struct tx *tx, void *arg)
{
    (void)arg;
    struct arena *arena = tx_arena(tx);
    struct group group = make(tx, "Engineering");
    struct group found;
    struct problem problem;
    assert_true(id_is_valid(group.id, "00g"));
    assert_int_equal(group_by_name(tx, "ENGINEERING", &found), 0);
    assert_true(found.rid == group.rid);
    static const char *const taken[] = {"{\"name\":\"engineering\"}",
                                        "{\"name\":\"\xef\xbc\xa5ngineering\"}"}; /* full-width E */
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        assert_int_equal(fixture_group(tx, taken[i], &found, &problem), ERR_PROBLEM);
        assert_string_equal(problem.argument, "name");
        assert_string_equal(problem.causes[0],
                            "name: An object with this field already exists in the current organization");
    }
    /* 255 characters of three bytes each */
    const char *longest = repeated(arena, "\xe6\x9d\x8e", 255);
    found = make(tx, longest);
    assert_string_equal(found.name, longest);
    const char *too_long = arena_printf(arena, "{\"name\":\"%s\xe6\x9d\x8e\"}", longest);
    assert_int_equal(fixture_group(tx, too_long, &found, &problem), ERR_PROBLEM);
    assert_int_equal(fixture_group(tx, "{}", &found, &problem), ERR_PROBLEM);
    assert_string_equal(problem.causes[0], "name: The field cannot be left blank");
    return 0;
}

static int names_with_controls(struct tx *tx, void *arg)
{
    (void)arg;
    struct group group;
    struct problem problem;
    assert_int_equal(fixture_group(tx, "{\"name\":\"a\\nb\"}", &group, &problem), ERR_PROBLEM);
    assert_int_equal(fixture_group(tx, "{\"name\":\"ab\",\"description\":\"a\\nb\"}", &group, &problem), 0);
    assert_string_equal(group.description, "a\nb");
    const char *description = repeated(tx_arena(tx), "d", LIMIT_DESCRIPTION_CHARS + 1);
    const char *profile = arena_printf(tx_arena(tx), "{\"name\":\"cd\",\"description\":\"%s\"}", description);
    assert_int_equal(fixture_group(tx, profile, &group, &problem), ERR_PROBLEM);
    assert_string_equal(problem.causes[0], "description: The field is too long (at most 1024 characters)");
    return 0;
}

static int update(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    struct group group = make(tx, "Old");
    (void)make(tx, "Other");
    struct jval *same CLEANUP(jval_freep) = fixture_json("{\"name\":\"Old\",\"description\":\"d\"}");
    struct jval *renamed CLEANUP(jval_freep) = fixture_json("{\"name\":\"New\"}");
    struct jval *taken CLEANUP(jval_freep) = fixture_json("{\"name\":\"OTHER\"}");
    assert_int_equal(group_update(tx, &group, same, &problem), 0);
    assert_int_equal(group_update(tx, &group, same, &problem), 0); /* nothing changed */
    assert_string_equal(group.description, "d");
    assert_int_equal(group_update(tx, &group, renamed, &problem), 0);
    assert_null(group.description); /* replaced as a whole */
    assert_int_equal(group_update(tx, &group, taken, &problem), ERR_PROBLEM);
    struct group found;
    assert_int_equal(group_by_name(tx, "new", &found), 0);
    assert_int_equal(group_by_name(tx, "old", &found), ERR_NOT_FOUND);
    return 0;
}

static void test_names(void **state)
{
    assert_int_equal(fixture_write(*state, names_with_controls, NULL), 0);
    fixture_forget();
    assert_int_equal(fixture_write(*state, update, NULL), 0);
    assert_int_equal(fixture_changes(CHANGE_GROUP_PROFILE), 2);
    assert_int_equal(fixture_seen[2].detail, 0);
    assert_int_equal(fixture_seen[3].detail, 1);
}

static void test_uniqueness(void **state)
{
    assert_int_equal(fixture_write(*state, names, NULL), 0);
}

static int app_groups(struct tx *tx, void *arg)
{
    (void)arg;
    struct group group;
    struct group twin;
    struct problem problem;
    struct user user = fixture_person(tx, "ada", true);
    assert_int_equal(group_app_create(tx, "0oa00000000000000001", "Sales", "d", &group), 0);
    assert_int_equal(group_app_create(tx, "0oa00000000000000001", "Sales", NULL, &twin), 0);
    (void)make(tx, "Sales"); /* names of apps' groups take none away */
    assert_int_equal(member_add(tx, &group, &user, &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000111);
    struct jval *renamed CLEANUP(jval_freep) = fixture_json("{\"name\":\"New\"}");
    assert_int_equal(group_update(tx, &group, renamed, &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000111);
    assert_int_equal(group_app_rename(tx, group.rid, "Sales 2"), 0);
    assert_int_equal(group_by_id(tx, group.id, &group), 0);
    assert_string_equal(group.profile, "{\"name\":\"Sales 2\",\"description\":\"d\"}");
    assert_string_equal(group.source_id, "0oa00000000000000001");
    assert_int_equal(group_app_delete(tx, group.rid), 0);
    assert_int_equal(group_by_rid(tx, group.rid, &group), ERR_NOT_FOUND);
    return 0;
}

static void test_app_groups(void **state)
{
    assert_int_equal(fixture_write(*state, app_groups, NULL), 0);
}

static int members(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    int64_t rids[4];
    struct group group = make(tx, "Engineering");
    struct user ada = fixture_person(tx, "ada", true);
    struct user bob = fixture_person(tx, "bob", true);
    struct user staged = fixture_person(tx, "staged", false);
    assert_int_equal(member_add(tx, &group, &ada, &problem), 1);
    assert_int_equal(member_add(tx, &group, &ada, &problem), 0);
    assert_int_equal(member_add(tx, &group, &bob, &problem), 1);
    assert_int_equal(member_add(tx, &group, &staged, &problem), 1);
    assert_int_equal(member_exists(tx, group.rid, ada.rid), 1);
    assert_int_equal(group_member_count(tx, group.rid), 3);
    assert_int_equal(group_member_rids(tx, group.rid, 0, rids, 2), 2);
    assert_true(rids[0] == ada.rid && rids[1] == bob.rid);
    assert_int_equal(group_member_rids(tx, group.rid, rids[1], rids, 2), 1);
    assert_int_equal(user_group_rids(tx, bob.rid, 0, rids, 4), 1);
    assert_true(rids[0] == group.rid);
    assert_int_equal(member_remove(tx, &group, &ada, &problem), 1);
    assert_int_equal(member_remove(tx, &group, &ada, &problem), 0);
    assert_int_equal(member_exists(tx, group.rid, ada.rid), 0);
    assert_int_equal(user_transition(tx, &ada, USER_DEACTIVATE, &problem), 0);
    assert_int_equal(member_add(tx, &group, &ada, &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000038);
    assert_int_equal(user_transition(tx, &bob, USER_DEACTIVATE, &problem), 0);
    assert_int_equal(member_exists(tx, group.rid, bob.rid), 1); /* deactivating keeps memberships */
    return 0;
}

static void test_members(void **state)
{
    assert_int_equal(fixture_write(*state, members, NULL), 0);
    assert_int_equal(fixture_changes(CHANGE_MEMBER_ADDED), 3);
    assert_int_equal(fixture_changes(CHANGE_MEMBER_REMOVED), 1);
}

struct pair {
    struct group group;
    struct user user;
    int64_t statements;
};

static int make_pair(struct tx *tx, void *arg)
{
    struct pair *pair = arg;
    pair->group = make(tx, "Pair");
    pair->user = fixture_person(tx, "pair", true);
    return 0;
}

static int touched(struct tx *tx, void *arg)
{
    struct pair *pair = arg;
    struct group found;
    struct problem problem;
    assert_int_equal(group_by_rid(tx, pair->group.rid, &found), 0);
    assert_int_equal(member_add(tx, &found, &pair->user, &problem), 1);
    assert_int_equal(group_by_rid(tx, pair->group.rid, &found), 0);
    assert_true(found.last_membership_updated == tx_now(tx));
    assert_true(found.last_updated == pair->group.last_updated);
    return 0;
}

static int add_member(struct tx *tx, void *arg)
{
    struct pair *pair = arg;
    struct problem problem;
    assert_int_equal(group_by_rid(tx, pair->group.rid, &pair->group), 0);
    assert_int_equal(user_by_rid(tx, pair->user.rid, &pair->user), 0);
    return member_add(tx, &pair->group, &pair->user, &problem);
}

static void test_cost_of_a_member(void **state)
{
    struct fixture *f = *state;
    struct pair pair;
    struct store_stats before;
    struct store_stats after;
    assert_int_equal(fixture_write(f, make_pair, &pair), 0);
    f->now += 1000;
    store_stats(f->store, &before);
    assert_int_equal(fixture_write(f, add_member, &pair), 1);
    store_stats(f->store, &after);
    /* two look-ups, then: the row, the group's time, the event and its number, the change number, whether any rule
     * reads groups */
    assert_int_equal(after.statements - before.statements, 8);
}

static void test_last_membership_updated(void **state)
{
    struct fixture *f = *state;
    struct pair pair;
    assert_int_equal(fixture_write(f, make_pair, &pair), 0);
    f->now += 1000;
    assert_int_equal(fixture_write(f, touched, &pair), 0);
}

static int delete_big(struct tx *tx, void *arg)
{
    int64_t *rid = arg;
    struct problem problem;
    struct group group = make(tx, "Big");
    *rid = group.rid;
    for (int i = 0; i < 30; i++) {
        struct user user = fixture_person(tx, arena_printf(tx_arena(tx), "user%d", i), true);
        assert_int_equal(member_add(tx, &group, &user, &problem), 1);
    }
    assert_int_equal(group_delete(tx, &group, &problem), 0);
    struct group found;
    assert_int_equal(group_by_id(tx, group.id, &found), ERR_NOT_FOUND);
    assert_int_equal(group_by_name(tx, "Big", &found), ERR_NOT_FOUND);
    (void)make(tx, "Big"); /* the name is free at once */
    assert_int_equal(group_member_count(tx, group.rid), 30);
    return 0;
}

static int purge(struct tx *tx, void *arg)
{
    return group_purge_chunk(tx, *(int64_t *)arg, 10);
}

static int look(struct tx *tx, void *arg)
{
    struct group found;
    assert_int_equal(group_member_count(tx, *(int64_t *)arg), 0);
    return group_by_rid(tx, *(int64_t *)arg, &found);
}

static void test_delete(void **state)
{
    int64_t rid = 0;
    assert_int_equal(fixture_write(*state, delete_big, &rid), 0);
    assert_int_equal(fixture_changes(CHANGE_GROUP_DELETED), 1);
    fixture_forget();
    for (int i = 0; i < 3; i++)
        assert_int_equal(fixture_write(*state, purge, &rid), 1);
    assert_int_equal(fixture_write(*state, purge, &rid), 0);
    assert_int_equal(fixture_changes(CHANGE_MEMBER_REMOVED), 30);
    assert_int_equal(fixture_write(*state, look, &rid), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_uniqueness, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_app_groups, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_members, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_cost_of_a_member, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_last_membership_updated, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_delete, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
