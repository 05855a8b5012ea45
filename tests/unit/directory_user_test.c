/* SPDX-License-Identifier: Apache-2.0 */
/* Users: making and finding them, what profiles may hold, the life cycle table, deleting in two steps. */
#include "directory_fixture.h"

#include "base/limits.h"

#define ADA                                                                                                            \
    "{\"login\":\"ada@example.com\",\"email\":\"ada@example.com\",\"firstName\":\"Ada\",\"lastName\":\"Lovelace\"}"

SQL(TEST_EVENTS, "SELECT count(*) FROM system_log WHERE rid > 0 AND event_type = $1");
SQL(TEST_SET_STATUS, "UPDATE users SET status = $2 WHERE rid = $1");

static int64_t events(struct tx *tx, const char *type)
{
    int64_t count = 0;
    assert_int_equal(tx_get_int(tx, &count, &TEST_EVENTS, T(type)), 1);
    return count;
}

static int make_and_find(struct tx *tx, void *arg)
{
    (void)arg;
    struct user user;
    struct user found;
    struct problem problem;
    assert_int_equal(fixture_user(tx, ADA, "hash", true, &user, &problem), 0);
    assert_true(id_is_valid(user.id, "00u"));
    assert_int_equal(user.status, USER_ACTIVE);
    assert_string_equal(user.name, "Ada Lovelace");
    assert_true(user.activated == tx_now(tx) && user.password_changed == tx_now(tx) && user.version == 1);
    assert_int_equal(user_by_id(tx, user.id, &found), 0);
    assert_string_equal(found.profile, ADA);
    assert_string_equal(found.provider, "OKTA");
    assert_true(found.has_password && !found.deleted && found.rid == user.rid);
    assert_int_equal(user_by_id_or_login(tx, "ADA@Example.com", &found), 0);
    assert_int_equal(user_by_id_or_login(tx, "ada", &found), 0);
    assert_int_equal(user_by_rid(tx, user.rid, &found), 0);
    assert_int_equal(user_by_id_or_login(tx, "ad", &found), ERR_NOT_FOUND);
    assert_int_equal(user_by_id_or_login(tx, "", &found), ERR_NOT_FOUND);
    assert_int_equal(user_by_id(tx, "00uAAAAAAAAAAAAAAAAA", &found), ERR_NOT_FOUND);
    /* a second short name makes it ambiguous */
    assert_int_equal(fixture_user(tx,
                                  "{\"login\":\"ada@example.org\",\"email\":\"ada@example.org\",\"firstName\":\"A\","
                                  "\"lastName\":\"L\"}",
                                  NULL, true, &found, &problem),
                     0);
    assert_int_equal(found.status, USER_PROVISIONED);
    assert_int_equal(user_by_id_or_login(tx, "ada", &found), ERR_NOT_FOUND);
    assert_int_equal(events(tx, "user.lifecycle.create"), 2);
    assert_int_equal(events(tx, "user.lifecycle.activate"), 2);
    return 0;
}

static void test_make_and_find(void **state)
{
    assert_int_equal(fixture_write(*state, make_and_find, NULL), 0);
    assert_int_equal(fixture_changes(CHANGE_USER_CREATED), 2);
    assert_int_equal(fixture_seen_count, 2);
}

static int refused(struct tx *tx, void *arg)
{
    (void)arg;
    static const struct {
        const char *login;
        const char *first;
        const char *last;
        const char *more;
        const char *argument;
        const char *cause;
    } cases[] = {
        {"ada@example.com", "A", "L", "", "login",
         "login: An object with this field already exists in the current organization"},
        {"ADA@EXAMPLE.COM", "A", "L", "", "login",
         "login: An object with this field already exists in the current organization"},
        {"\xef\xbc\xa1"
         "da@example.com",
         "A", "L", "", "login", /* full-width A */
         "login: An object with this field already exists in the current organization"},
        {"a@b", "A", "L", "", "login", "login: The field is too short (5 to 100 characters)"},
        {"no address", "A", "L", "", "login",
         "login: Does not match required pattern: give an e-mail address like name@example.com"},
        {"x@y@example.com", "A", "L", "", "login",
         "login: Does not match required pattern: give an e-mail address like name@example.com"},
        {"b@example.com", "", "L", "", "firstName", "firstName: The field cannot be left blank"},
        {"b@example.com", "A", "012345678901234567890123456789012345678901234567890", "", "lastName",
         "lastName: The field is too long (at most 50 characters)"},
        {"b@example.com", "A\\u0007", "L", "", "firstName", "firstName: The value has control characters; remove them"},
        {"b@example.com", "A", "L", ",\"notValid\":1", "newUser", "Property name 'notValid' is not defined in profile"},
        {"b@example.com", "A", "L", ",\"title\":7", "title", "title: The value must be of type string"},
        {"b@example.com", "A", "L", ",\"countryCode\":\"S1\"", "countryCode",
         "countryCode: Does not match required pattern: give a country code of two letters like SE"},
        {"b@example.com", "A", "L", ",\"profileUrl\":\"example\"", "profileUrl",
         "profileUrl: Does not match required pattern: give a URI like https://example.com/path"},
    };
    struct user user;
    struct problem problem;
    assert_int_equal(fixture_user(tx, ADA, NULL, true, &user, &problem), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *profile = arena_printf(tx_arena(tx),
                                           "{\"login\":\"%s\",\"email\":\"b@example.com\",\"firstName\":\"%s\","
                                           "\"lastName\":\"%s\"%s}",
                                           cases[i].login, cases[i].first, cases[i].last, cases[i].more);
        assert_int_equal(fixture_user(tx, profile, NULL, true, &user, &problem), ERR_PROBLEM);
        assert_int_equal(problem.code, E0000001);
        assert_string_equal(problem.argument, cases[i].argument);
        assert_string_equal(problem.causes[0], cases[i].cause);
    }
    /* several causes in one answer */
    assert_int_equal(fixture_user(tx, "{}", NULL, true, &user, &problem), ERR_PROBLEM);
    assert_int_equal(problem.cause_count, 4);
    return 0;
}

static void test_refused(void **state)
{
    assert_int_equal(fixture_write(*state, refused, NULL), 0);
    assert_int_equal(fixture_changes(CHANGE_USER_CREATED), 1);
}

static int every_attribute(struct tx *tx, void *arg)
{
    (void)arg;
    struct user user;
    struct problem problem;
    const char *profile =
        "{\"login\":\"o'brien+test_1.x@sub.example-domain.co.uk\",\"email\":\"j\xc3\xb6rg@ex\xc3\xa4mple.se\","
        "\"firstName\":\"\xe6\x9d\x8e\",\"lastName\":\"O'Brien-\xc3\x85ngstr\xc3\xb6m\",\"middleName\":\"Q\","
        "\"honorificPrefix\":\"Dr\",\"honorificSuffix\":\"PhD\",\"title\":\"CTO\",\"displayName\":\"Z\","
        "\"nickName\":\"n\",\"profileUrl\":\"https://example.com/p?q=1\",\"secondEmail\":\"\",\"mobilePhone\":\"+46\","
        "\"primaryPhone\":\"0\",\"streetAddress\":\"1 A\\nB\",\"city\":\"Lund\",\"state\":\"S\",\"zipCode\":\"1\","
        "\"countryCode\":\"SE\",\"postalAddress\":\"Box 1\\r\\nLund\",\"preferredLanguage\":\"en-US\","
        "\"locale\":\"en_US\",\"timezone\":\"Europe/Stockholm\",\"userType\":\"e\",\"employeeNumber\":\"7\","
        "\"costCenter\":\"c\",\"organization\":\"o\",\"division\":\"d\",\"department\":\"d\",\"managerId\":\"1\","
        "\"manager\":\"m\"}";
    if (fixture_user(tx, profile, NULL, true, &user, &problem) < 0)
        fail_msg("%s", problem.causes[0]);
    struct jval *stored CLEANUP(jval_freep) = fixture_json(user.profile);
    assert_int_equal(jval_len(stored), 31);
    return 0;
}

static void test_every_attribute(void **state)
{
    assert_int_equal(fixture_write(*state, every_attribute, NULL), 0);
}

static int update(struct tx *tx, void *arg)
{
    (void)arg;
    struct user user;
    struct user other;
    struct problem problem;
    assert_int_equal(fixture_user(tx, ADA, NULL, true, &user, &problem), 0);
    other = fixture_person(tx, "other", true);
    struct jval *part CLEANUP(jval_freep) = fixture_json("{\"title\":\"Countess\",\"nickName\":\"A\"}");
    assert_int_equal(user_update(tx, &user, part, false, &problem), 0);
    assert_int_equal(user.version, 2);
    assert_int_equal(user_update(tx, &user, part, false, &problem), 0);
    assert_int_equal(user.version, 2); /* nothing changed */
    struct jval *clear CLEANUP(jval_freep) = fixture_json("{\"nickName\":null}");
    assert_int_equal(user_update(tx, &user, clear, false, &problem), 0);
    assert_null(strstr(user.profile, "nickName"));
    assert_non_null(strstr(user.profile, "Countess"));
    struct jval *whole CLEANUP(jval_freep) = fixture_json(ADA);
    assert_int_equal(user_update(tx, &user, whole, true, &problem), 0);
    assert_string_equal(user.profile, ADA);
    struct jval *blank CLEANUP(jval_freep) = fixture_json("{\"lastName\":null}");
    assert_int_equal(user_update(tx, &user, blank, false, &problem), ERR_PROBLEM);
    assert_string_equal(problem.causes[0], "lastName: The field cannot be left blank");
    struct jval *taken CLEANUP(jval_freep) = fixture_json("{\"login\":\"OTHER@example.com\"}");
    assert_int_equal(user_update(tx, &user, taken, false, &problem), ERR_PROBLEM);
    struct jval *unknown CLEANUP(jval_freep) = fixture_json("{\"shoe\":1}");
    assert_int_equal(user_update(tx, &user, unknown, false, &problem), ERR_PROBLEM);
    assert_string_equal(problem.causes[0], "Property name 'shoe' is not defined in profile");
    struct jval *own CLEANUP(jval_freep) = fixture_json("{\"login\":\"ADA@example.com\"}"); /* letter case only */
    assert_int_equal(user_update(tx, &user, own, false, &problem), 0);
    assert_string_equal(user.login, "ADA@example.com");
    assert_int_equal(user_transition(tx, &user, USER_DEACTIVATE, &problem), 0);
    assert_int_equal(user_update(tx, &user, part, false, &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000038);
    assert_int_equal(events(tx, "user.account.update_profile"), 4);
    (void)other;
    return 0;
}

static void test_update(void **state)
{
    assert_int_equal(fixture_write(*state, update, NULL), 0);
    assert_int_equal(fixture_changes(CHANGE_USER_PROFILE), 4);
}

/* Every operation in every status: the status that follows, or the code of the refusal. A user with a password. */
#define NO(code) (-(int)(code))
static const struct {
    enum user_transition transition;
    const char *event;
    int outcome[9]; /* by status */
} life_cycle[] = {
    /* clang-format off */
    {USER_ACTIVATE, "user.lifecycle.activate",
     {0, USER_ACTIVE, NO(E0000016), NO(E0000016), NO(E0000016), NO(E0000016), NO(E0000016), NO(E0000038), USER_ACTIVE}},
    {USER_DEACTIVATE, "user.lifecycle.deactivate",
     {0, USER_DEPROVISIONED, USER_DEPROVISIONED, USER_DEPROVISIONED, USER_DEPROVISIONED, USER_DEPROVISIONED,
      USER_DEPROVISIONED, USER_DEPROVISIONED, NO(E0000038)}},
    {USER_REACTIVATE, "user.lifecycle.reactivate",
     {0, NO(E0000038), USER_PROVISIONED, NO(E0000038), USER_RECOVERY, NO(E0000038), NO(E0000038), NO(E0000038),
      NO(E0000038)}},
    {USER_SUSPEND, "user.lifecycle.suspend",
     {0, NO(E0000001), NO(E0000001), USER_SUSPENDED, NO(E0000001), NO(E0000001), NO(E0000001), NO(E0000001),
      NO(E0000001)}},
    {USER_UNSUSPEND, "user.lifecycle.unsuspend",
     {0, NO(E0000001), NO(E0000001), NO(E0000001), NO(E0000001), NO(E0000001), NO(E0000001), USER_ACTIVE,
      NO(E0000001)}},
    {USER_UNLOCK, "user.account.unlock_by_admin",
     {0, NO(E0000038), NO(E0000038), NO(E0000038), NO(E0000038), NO(E0000038), USER_ACTIVE, NO(E0000038),
      NO(E0000038)}},
    {USER_EXPIRE_PASSWORD, "user.account.expire_password",
     {0, NO(E0000038), NO(E0000038), USER_PASSWORD_EXPIRED, USER_PASSWORD_EXPIRED, USER_PASSWORD_EXPIRED,
      NO(E0000038), NO(E0000038), NO(E0000038)}},
    {USER_RESET_PASSWORD, "user.account.reset_password",
     {0, NO(E0000038), NO(E0000038), USER_RECOVERY, USER_RECOVERY, USER_RECOVERY, USER_RECOVERY, NO(E0000038),
      NO(E0000038)}},
    /* clang-format on */
};

static int walk_life_cycle(struct tx *tx, void *arg)
{
    (void)arg;
    struct user user;
    struct problem problem;
    assert_int_equal(fixture_user(tx, ADA, "hash", true, &user, &problem), 0);
    for (size_t i = 0; i < ARRAY_LEN(life_cycle); i++) {
        for (int status = USER_STAGED; status <= USER_DEPROVISIONED; status++) {
            int expected = life_cycle[i].outcome[status];
            assert_int_equal(tx_exec(tx, &TEST_SET_STATUS, I(user.rid), I(status)), 1);
            assert_int_equal(user_by_rid(tx, user.rid, &user), 0);
            int64_t before = events(tx, life_cycle[i].event);
            int r = user_transition(tx, &user, life_cycle[i].transition, &problem);
            struct user stored;
            assert_int_equal(user_by_rid(tx, user.rid, &stored), 0);
            if (expected < 0) {
                assert_int_equal(r, ERR_PROBLEM);
                assert_int_equal(problem.code, -expected);
                assert_int_equal(stored.status, status);
                assert_int_equal(events(tx, life_cycle[i].event), before);
            } else {
                assert_int_equal(r, 0);
                assert_int_equal(user.status, expected);
                assert_int_equal(stored.status, expected);
                assert_int_equal(stored.version, user.version);
                assert_int_equal(events(tx, life_cycle[i].event), before + 1);
            }
        }
    }
    return 0;
}

static void test_life_cycle(void **state)
{
    assert_int_equal(fixture_write(*state, walk_life_cycle, NULL), 0);
    assert_true(fixture_changes(CHANGE_USER_STATUS) > 10);
    for (size_t i = 0; i < fixture_seen_count; i++) /* a change of status is one */
        if (fixture_seen[i].kind == CHANGE_USER_STATUS)
            assert_true(fixture_seen[i].detail / 256 != fixture_seen[i].detail % 256);
}

static int passwords(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem;
    struct user user = fixture_person(tx, "pw", false);
    assert_int_equal(user.status, USER_STAGED);
    assert_int_equal(user_set_password(tx, &user, "hash", &problem), 0);
    assert_int_equal(user.status, USER_STAGED);
    assert_int_equal(user_transition(tx, &user, USER_ACTIVATE, &problem), 0);
    assert_int_equal(user.status, USER_ACTIVE);
    assert_int_equal(user_transition(tx, &user, USER_RESET_PASSWORD, &problem), 0);
    assert_int_equal(user_set_password(tx, &user, "hash2", &problem), 0);
    assert_int_equal(user.status, USER_ACTIVE);
    assert_int_equal(user_transition(tx, &user, USER_SUSPEND, &problem), 0);
    assert_int_equal(user_set_password(tx, &user, "hash3", &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000014);
    struct user without = fixture_person(tx, "without", true);
    assert_int_equal(without.status, USER_PROVISIONED);
    assert_int_equal(tx_exec(tx, &TEST_SET_STATUS, I(without.rid), I(USER_ACTIVE)), 1);
    assert_int_equal(user_by_rid(tx, without.rid, &without), 0);
    assert_int_equal(user_transition(tx, &without, USER_EXPIRE_PASSWORD, &problem), ERR_PROBLEM);
    assert_int_equal(user_transition(tx, &without, USER_DEACTIVATE, &problem), 0);
    assert_int_equal(user_transition(tx, &without, USER_ACTIVATE, &problem), 0);
    assert_int_equal(without.status, USER_PROVISIONED);
    return 0;
}

static void test_passwords(void **state)
{
    assert_int_equal(fixture_write(*state, passwords, NULL), 0);
}

static int delete_twice(struct tx *tx, void *arg)
{
    int64_t *rid = arg;
    struct problem problem;
    struct user user = fixture_person(tx, "gone", true);
    *rid = user.rid;
    for (int i = 0; i < 25; i++) {
        struct group group;
        const char *profile = arena_printf(tx_arena(tx), "{\"name\":\"group %d\"}", i);
        assert_int_equal(fixture_group(tx, profile, &group, &problem), 0);
        assert_int_equal(member_add(tx, &group, &user, &problem), 1);
    }
    assert_int_equal(user_delete(tx, &user, &problem), 0);
    assert_int_equal(user.status, USER_DEPROVISIONED);
    assert_false(user.deleted);
    assert_int_equal(user_delete(tx, &user, &problem), 0);
    assert_true(user.deleted);
    struct user found;
    assert_int_equal(user_by_id(tx, user.id, &found), ERR_NOT_FOUND);
    assert_int_equal(user_by_login(tx, "gone@example.com", &found), ERR_NOT_FOUND);
    assert_int_equal(user_by_rid(tx, user.rid, &found), 0);
    assert_true(found.deleted);
    found = fixture_person(tx, "gone", true); /* the login is free again at once */
    assert_true(found.rid != user.rid);
    assert_int_equal(user_purge_chunk(tx, found.rid, 10), 0); /* never of the living */
    assert_int_equal(user_by_id(tx, found.id, &found), 0);
    return 0;
}

static int purge(struct tx *tx, void *arg)
{
    return user_purge_chunk(tx, *(int64_t *)arg, 10);
}

static int look(struct tx *tx, void *arg)
{
    struct user found;
    assert_int_equal(events(tx, "user.lifecycle.delete.initiated"), 1);
    assert_int_equal(events(tx, "user.lifecycle.delete.completed"), 1);
    return user_by_rid(tx, *(int64_t *)arg, &found);
}

static void test_delete(void **state)
{
    int64_t rid = 0;
    assert_int_equal(fixture_write(*state, delete_twice, &rid), 0);
    assert_int_equal(fixture_changes(CHANGE_USER_DELETED), 1);
    fixture_forget();
    assert_int_equal(fixture_write(*state, purge, &rid), 1);
    assert_int_equal(fixture_seen_count, 10);
    assert_int_equal(fixture_write(*state, purge, &rid), 1);
    assert_int_equal(fixture_write(*state, purge, &rid), 0);
    assert_int_equal(fixture_changes(CHANGE_MEMBER_REMOVED), 25);
    assert_int_equal(fixture_write(*state, look, &rid), ERR_NOT_FOUND);
    assert_int_equal(fixture_write(*state, purge, &rid), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_make_and_find, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_every_attribute, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_update, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_life_cycle, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_passwords, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_delete, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
