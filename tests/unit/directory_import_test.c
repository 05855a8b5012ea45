/* SPDX-License-Identifier: Apache-2.0 */
/* Imports: idempotent by login, additive, one bad row spoils no other, and what a row costs. */
#include "directory_fixture.h"

#include "base/limits.h"

static int bring(struct directory_import *import, const char *profile, struct problem *problem)
{
    enum import_result result = IMPORT_SAME;
    struct jval *json CLEANUP(jval_freep) = fixture_json(profile);
    int r = directory_import_user(import, json, NULL, true, &result, problem);
    return r < 0 ? r : (int)result;
}

#define ADA "{\"login\":\"ada@example.com\",\"email\":\"ada@example.com\",\"firstName\":\"Ada\",\"lastName\":\"L\"}"

static int users(struct tx *tx, void *arg)
{
    (void)arg;
    struct directory_import *import = NULL;
    struct problem problem;
    struct user user;
    assert_int_equal(directory_import_begin(tx, &import), 0);
    assert_int_equal(bring(import, ADA, &problem), IMPORT_CREATED);
    assert_int_equal(bring(import, ADA, &problem), IMPORT_SAME);
    assert_int_equal(bring(import, "{\"login\":\"ADA@example.com\",\"title\":\"Countess\"}", &problem), IMPORT_UPDATED);
    assert_int_equal(bring(import, "{\"login\":\"ADA@example.com\",\"title\":\"Countess\"}", &problem), IMPORT_SAME);
    assert_int_equal(user_by_login(tx, "ada@example.com", &user), 0);
    assert_non_null(strstr(user.profile, "\"firstName\":\"Ada\"")); /* what is not given stays */
    assert_int_equal(user.version, 2);
    assert_int_equal(bring(import, "{\"login\":\"bob@example.com\",\"shoe\":1}", &problem), ERR_PROBLEM);
    assert_int_equal(bring(import, "{}", &problem), ERR_PROBLEM);
    assert_int_equal(bring(import,
                           "{\"login\":\"bob@example.com\",\"email\":\"bob@example.com\",\"firstName\":\"Bob\","
                           "\"lastName\":\"B\"}",
                           &problem),
                     IMPORT_CREATED);
    assert_int_equal(user_transition(tx, &user, USER_DEACTIVATE, &problem), 0);
    assert_int_equal(bring(import, ADA, &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000038);
    return 0;
}

static void test_users(void **state)
{
    assert_int_equal(fixture_write(*state, users, NULL), 0);
    assert_int_equal(fixture_changes(CHANGE_USER_CREATED), 2);
    assert_int_equal(fixture_changes(CHANGE_USER_PROFILE), 1);
}

static int memberships(struct tx *tx, void *arg)
{
    (void)arg;
    struct directory_import *import = NULL;
    struct problem problem;
    struct group group;
    enum import_result result = IMPORT_UPDATED;
    (void)fixture_person(tx, "ada", true);
    assert_int_equal(directory_import_begin(tx, &import), 0);
    assert_int_equal(directory_import_membership(import, "ADA@example.com", "New", &result, &problem), 0);
    assert_int_equal(result, IMPORT_CREATED);
    assert_int_equal(directory_import_membership(import, "ada@example.com", "NEW", &result, &problem), 0);
    assert_int_equal(result, IMPORT_SAME);
    assert_int_equal(group_by_name(tx, "new", &group), 0);
    assert_string_equal(group.name, "New");
    assert_int_equal(group_member_count(tx, group.rid), 1);
    assert_int_equal(directory_import_membership(import, "nobody@example.com", "Other", &result, &problem),
                     ERR_PROBLEM);
    assert_int_equal(problem.code, E0000007);
    assert_int_equal(group_by_name(tx, "Other", &group), ERR_NOT_FOUND); /* not made for nobody */
    assert_int_equal(directory_import_membership(import, "ada@example.com", "", &result, &problem), ERR_PROBLEM);
    assert_int_equal(directory_import_group(import, "New", "words", &result, &problem), 0);
    assert_int_equal(result, IMPORT_UPDATED);
    assert_int_equal(directory_import_group(import, "new", "words", &result, &problem), 0);
    assert_int_equal(result, IMPORT_SAME);
    return 0;
}

static void test_memberships(void **state)
{
    assert_int_equal(fixture_write(*state, memberships, NULL), 0);
    assert_int_equal(fixture_changes(CHANGE_MEMBER_ADDED), 1);
    assert_int_equal(fixture_changes(CHANGE_GROUP_CREATED), 1);
}

#define ROWS LIMIT_IMPORT_ROWS

static int many_users(struct tx *tx, void *arg)
{
    (void)arg;
    struct directory_import *import = NULL;
    struct problem problem;
    assert_int_equal(directory_import_begin(tx, &import), 0);
    for (int i = 0; i < ROWS; i++) {
        const char *profile = arena_printf(tx_arena(tx),
                                           "{\"login\":\"user%d@example.com\",\"email\":\"user%d@example.com\","
                                           "\"firstName\":\"User\",\"lastName\":\"%d\"}",
                                           i, i, i);
        if (bring(import, profile, &problem) < 0)
            fail_msg("%s", problem.causes[0]);
    }
    return 0;
}

static int many_memberships(struct tx *tx, void *arg)
{
    (void)arg;
    struct directory_import *import = NULL;
    struct problem problem;
    enum import_result result = IMPORT_SAME;
    assert_int_equal(directory_import_begin(tx, &import), 0);
    for (int i = 0; i < ROWS; i++) {
        const char *login = arena_printf(tx_arena(tx), "user%d@example.com", i);
        const char *name = arena_printf(tx_arena(tx), "Group %d", i % 10);
        assert_int_equal(directory_import_membership(import, login, name, &result, &problem), 0);
    }
    return 0;
}

static int64_t statements(struct fixture *f, tx_fn run)
{
    struct store_stats before;
    struct store_stats after;
    store_stats(f->store, &before);
    assert_int_equal(fixture_write(f, run, NULL), 0);
    store_stats(f->store, &after);
    return after.statements - before.statements;
}

static void test_cost(void **state)
{
    /* a new user: two look-ups by login, the row, two events, each with the person that it names */
    assert_true(statements(*state, many_users) <= 7 * ROWS + 12);
    /* a new member: the user, the row, the event with the person that it names */
    assert_true(statements(*state, many_memberships) <= 4 * ROWS + 80);
    /* again: nothing to write */
    assert_true(statements(*state, many_users) <= ROWS + 10);
    assert_true(statements(*state, many_memberships) <= 2 * ROWS + 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_users, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_memberships, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_cost, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
