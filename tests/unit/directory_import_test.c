/* SPDX-License-Identifier: Apache-2.0 */
/* Imports: idempotent by login, additive, one bad row spoils no other, and what a row costs. */
#include "directory_fixture.h"

#include "base/limits.h"
#include "directory/rule.h"

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

/* --- what imports made ---------------------------------------------------------------------------------------------
 */

#define MADE 3

static int import_three(struct tx *tx, void *arg)
{
    (void)arg;
    struct directory_import *import = NULL;
    struct problem problem;
    enum import_result result = IMPORT_SAME;
    int r = directory_import_begin(tx, &import);
    for (int i = 0; r == 0 && i < MADE; i++) {
        struct jval *profile CLEANUP(jval_freep) = jval_new_object();
        const char *login = arena_printf(tx_arena(tx), "made%d@example.com", i);
        jval_set_str(profile, "login", login);
        jval_set_str(profile, "email", login);
        jval_set_str(profile, "firstName", "A");
        jval_set_str(profile, "lastName", "B");
        r = directory_import_user(import, profile, NULL, true, &result, &problem);
        if (r == 0)
            r = directory_import_membership(import, login, "Made", &result, &problem);
    }
    return r;
}

struct gone {
    const char *login, *group;
    enum import_result result;
    int users, members;
};

static int end_one(struct tx *tx, void *arg)
{
    struct gone *gone = arg;
    struct problem problem;
    return gone->group ? import_membership_gone(tx, gone->login, gone->group, &gone->result, &problem)
                       : import_user_gone(tx, gone->login, &gone->result, &problem);
}

static enum import_result end_it(struct fixture *f, const char *login, const char *group)
{
    struct gone gone = {.login = login, .group = group};
    assert_int_equal(fixture_write(f, end_one, &gone), 0);
    return gone.result;
}

static int count_made(struct tx *tx, void *arg)
{
    struct gone *gone = arg;
    struct imported_user *users = arena_array(tx_arena(tx), 10, sizeof(*users));
    struct imported_member *members = arena_array(tx_arena(tx), 10, sizeof(*members));
    gone->users = imported_users(tx, 0, users, 2);
    if (gone->users == 2) /* a page, and the next */
        gone->users += imported_users(tx, users[1].rid, users + 2, 8);
    gone->members = imported_members(tx, 0, 0, members, 2);
    if (gone->members == 2)
        gone->members += imported_members(tx, members[1].group_rid, members[1].user_rid, members + 2, 8);
    return 0;
}

static void assert_made(struct fixture *f, int users, int members)
{
    struct gone gone = {0};
    assert_int_equal(fixture_write(f, count_made, &gone), 0);
    assert_int_equal(gone.users, users);
    assert_int_equal(gone.members, members);
}

static int by_hand(struct tx *tx, void *arg)
{
    struct user user;
    struct group group;
    struct problem problem;
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    (void)arg;
    jval_set_str(profile, "login", "hand@example.com");
    jval_set_str(profile, "email", "hand@example.com");
    jval_set_str(profile, "firstName", "A");
    jval_set_str(profile, "lastName", "B");
    int r = user_create(tx, &(struct user_input){.profile = profile, .activate = true}, &user, &problem);
    if (r == 0)
        r = group_by_name(tx, "Made", &group);
    return r < 0 ? r : MIN_OF(member_add(tx, &group, &user, &problem), 0);
}

/* A rule that gives the membership besides. */
static int rule_gives(struct tx *tx, void *arg)
{
    (void)arg;
    struct rule rule;
    struct group group;
    struct problem problem;
    struct jval *targets CLEANUP(jval_freep) = jval_new_array();
    int64_t cursor = 0;
    int r = group_by_name(tx, "Made", &group);
    if (r < 0)
        return r;
    jval_append(targets, jval_new_str(group.id));
    const struct rule_input input = {
        .name = "r", .expression = "user.login == \"made1@example.com\"", .targets = targets};
    r = rule_create(tx, &input, &rule, &problem);
    if (r == 0)
        r = rule_activate(tx, &rule, &problem);
    if (r == 0)
        r = rule_chunk(tx, rule.rid, &cursor);
    return MIN_OF(r, 0);
}

static int is_member(struct tx *tx, void *arg)
{
    struct gone *gone = arg;
    struct user user;
    struct group group;
    int r = user_by_login(tx, gone->login, &user);
    if (r == 0)
        r = group_by_name(tx, gone->group, &group);
    gone->members = r == 0 ? member_exists(tx, group.rid, user.rid) : 0;
    return r;
}

static bool fixture_is_member(struct fixture *f, const char *login, const char *group)
{
    struct gone gone = {.login = login, .group = group};
    assert_int_equal(fixture_write(f, is_member, &gone), 0);
    return gone.members > 0;
}

static void test_gone(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_write(f, import_three, NULL), 0);
    assert_int_equal(fixture_write(f, by_hand, NULL), 0);
    assert_int_equal(fixture_write(f, import_three, NULL), 0);
    assert_made(f, MADE, MADE);
    /* What somebody made by hand is no import's, nor is what is not there. */
    assert_int_equal(end_it(f, "hand@example.com", NULL), IMPORT_SAME);
    assert_int_equal(end_it(f, "hand@example.com", "Made"), IMPORT_SAME);
    assert_int_equal(end_it(f, "nobody@example.com", NULL), IMPORT_SAME);
    assert_int_equal(end_it(f, "made0@example.com", "Nothing"), IMPORT_SAME);

    assert_int_equal(end_it(f, "MADE0@example.com", "made"), IMPORT_UPDATED);
    assert_int_equal(end_it(f, "made0@example.com", "Made"), IMPORT_SAME);
    assert_made(f, MADE, MADE - 1);
    assert_int_equal(fixture_write(f, rule_gives, NULL), 0);
    assert_int_equal(end_it(f, "made1@example.com", "Made"), IMPORT_UPDATED);
    assert_true(fixture_is_member(f, "made1@example.com", "Made")); /* the rule's alone now */
    assert_made(f, MADE, MADE - 2);
    assert_int_equal(end_it(f, "made2@example.com", NULL), IMPORT_UPDATED);
    assert_int_equal(end_it(f, "made2@example.com", NULL), IMPORT_SAME);
    assert_made(f, MADE - 1, MADE - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_users, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_memberships, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_gone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_cost, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
