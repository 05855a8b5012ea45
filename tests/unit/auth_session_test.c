/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators of the console, their sessions, and the links that set a password once. */
#include "auth/session.h"
#include "auth_fixture.h"
#include "base/limits.h"

SQL_SCAN(SESSIONS_AGE, "a test", "UPDATE sessions SET expires = expires - $1");
SQL_SCAN(LINKS_AGE, "a test", "UPDATE sign_in_links SET expires = expires - $1");
SQL_SCAN(SESSIONS_COUNT, "a test", "SELECT count(*) FROM sessions");
SQL_SCAN(SESSION_HASH, "a test", "SELECT hash FROM sessions ORDER BY rid LIMIT 1");
SQL_SCAN(EVENTS, "a test", "SELECT event_type, event FROM system_log ORDER BY rid");

static int setup(void **state)
{
    struct auth_store *f = NEW(struct auth_store);
    auth_store_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct auth_store *f = *state;
    int left = auth_store_close(f);
    free(f);
    return left;
}

static void write_job(void **state, tx_fn fn)
{
    struct auth_store *f = *state;
    assert_int_equal(store_write_wait(f->store, NULL, fn, f), 0);
}

static int create(struct tx *tx, const char *name, const char *email, enum role role, struct administrator *ret,
                  struct problem *problem)
{
    return administrator_create(tx, &(struct administrator_input){.name = name, .email = email, .role = role}, ret,
                                problem);
}

/* One who can sign in. */
static struct administrator active(struct tx *tx, const char *email, enum role role)
{
    struct administrator administrator;
    struct problem problem = {0};
    assert_int_equal(create(tx, "Ada", email, role, &administrator, &problem), 0);
    assert_int_equal(administrator_set_password(tx, administrator.rid, "hash"), 0);
    assert_int_equal(administrator_by_rid(tx, administrator.rid, &administrator), 0);
    return administrator;
}

static void assert_refused(int r, const struct problem *problem, const char *words)
{
    assert_int_equal(r, ERR_PROBLEM);
    if (!strstr(problem->causes[0], words))
        fail_msg("\"%s\" does not say \"%s\"", problem->causes[0], words);
}

/* --- administrators ----------------------------------------------------------------------------------------------- */

static int refuse_bad_input(struct tx *tx, void *arg)
{
    (void)arg;
    struct administrator made;
    char longest[LIMIT_NAME_CHARS + 2];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    const struct {
        const char *name, *email, *words;
    } cases[] = {
        {NULL, "ada@example.com", "name:"},
        {"", "ada@example.com", "name:"},
        {"a\nb", "ada@example.com", "name:"},
        {longest, "ada@example.com", "name:"},
        {"Ada", NULL, "email:"},
        {"Ada", "", "email:"},
        {"Ada", "ada", "email:"},
        {"Ada", "@example.com", "email:"},
        {"Ada", "ada@", "email:"},
        {"Ada", "a da@example.com", "email:"},
        {"Ada", "ada@example.com,b@c", "email:"},
        {"Ada", "a@b@c", "email:"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct problem problem = {0};
        assert_refused(create(tx, cases[i].name, cases[i].email, ROLE_ADMIN, &made, &problem), &problem,
                       cases[i].words);
    }
    struct problem problem = {0};
    assert_int_equal(create(tx, "Ada", "ada@example.com", ROLE_ADMIN, &made, &problem), 0);
    assert_true(id_is_valid(made.id, "00a"));
    assert_null(made.password_hash);
    assert_refused(create(tx, "Eve", "ADA@example.com", ROLE_ADMIN, &made, &problem), &problem, "has this address");
    assert_int_equal(administrator_by_email(tx, "Ada@Example.com", &made), 0);
    assert_int_equal(administrator_by_email(tx, "eve@example.com", &made), ERR_NOT_FOUND);
    return 0;
}

static void what_is_wrong_with_an_administrator_is_named(void **state)
{
    write_job(state, refuse_bad_input);
}

static int keep_the_last(struct tx *tx, void *arg)
{
    (void)arg;
    struct problem problem = {0};
    struct administrator invited;
    assert_int_equal(administrator_any(tx), 0);
    struct administrator ada = active(tx, "ada@example.com", ROLE_ADMIN);
    assert_int_equal(administrator_any(tx), 1);
    assert_int_equal(create(tx, "Bob", "bob@example.com", ROLE_ADMIN, &invited, &problem), 0);
    (void)active(tx, "eve@example.com", ROLE_OPERATOR);

    /* Somebody invited cannot sign in, and an operator cannot make administrators: Ada is the last. */
    assert_refused(administrator_delete(tx, ada.id, &problem), &problem, "last administrator");
    problem = (struct problem){0};
    struct administrator_input less = {.name = "Ada", .email = "ada@example.com", .role = ROLE_OPERATOR};
    assert_refused(administrator_update(tx, ada.id, &less, &ada, &problem), &problem, "last administrator");
    assert_int_equal(administrator_set_password(tx, invited.rid, "hash"), 0);
    assert_int_equal(administrator_update(tx, ada.id, &less, &ada, &problem), 0);
    assert_int_equal(ada.role, ROLE_OPERATOR);
    assert_int_equal(administrator_delete(tx, ada.id, &problem), 0);
    problem = (struct problem){0};
    assert_int_equal(administrator_delete(tx, ada.id, &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000007);
    return 0;
}

static void somebody_can_always_sign_in_as_admin(void **state)
{
    write_job(state, keep_the_last);
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

static int live_and_end(struct tx *tx, void *arg)
{
    (void)arg;
    struct administrator ada = active(tx, "ada@example.com", ROLE_ADMIN);
    struct session session;
    struct session found;
    const char *secret;
    assert_int_equal(session_create(tx, &ada, &session, &secret), 0);
    assert_int_equal(strncmp(secret, SESSION_PREFIX, strlen(SESSION_PREFIX)), 0);
    assert_true(session.expires == session.created + LIMIT_SESSION_MS);
    assert_int_equal(session_check(tx, secret, &found), 0);
    assert_string_equal(found.administrator.id, ada.id);
    assert_int_equal(session_check(tx, "musters_other", &found), ERR_NOT_FOUND);
    struct api_token token;
    assert_int_equal(token_check(tx, secret, &token), ERR_NOT_FOUND);

    struct query query;
    size_t n;
    assert_int_equal(tx_query(tx, &query, &SESSION_HASH, NO_BINDS), 0);
    assert_int_equal(query_next(&query), 1);
    const void *hash = query_blob(&query, 0, &n);
    assert_int_equal(n, 32);
    assert_null(memmem(hash, n, secret + strlen(SESSION_PREFIX), 8));
    query_close(&query);

    /* A new role counts at once; another password ends it. */
    struct administrator bob = active(tx, "bob@example.com", ROLE_ADMIN);
    struct problem problem = {0};
    struct administrator_input less = {.name = "Ada", .email = "ada@example.com", .role = ROLE_READ_ONLY};
    assert_int_equal(administrator_update(tx, ada.id, &less, &ada, &problem), 0);
    assert_int_equal(session_check(tx, secret, &found), 0);
    assert_int_equal(found.administrator.role, ROLE_READ_ONLY);
    assert_int_equal(administrator_set_password(tx, ada.rid, "other"), 0);
    assert_int_equal(session_check(tx, secret, &found), ERR_NOT_FOUND);

    assert_int_equal(session_create(tx, &ada, &session, &secret), 0);
    assert_int_equal(session_end(tx, secret), 0);
    assert_int_equal(session_end(tx, secret), ERR_NOT_FOUND);
    assert_int_equal(session_create(tx, &bob, &session, &secret), 0);
    assert_int_equal(session_create(tx, &ada, &session, &secret), 0);
    assert_int_equal(administrator_delete(tx, ada.id, &problem), 0);
    assert_int_equal(session_check(tx, secret, &found), ERR_NOT_FOUND);
    int64_t count = 0;
    assert_true(tx_get_int(tx, &count, &SESSIONS_COUNT, NO_BINDS) >= 0);
    assert_int_equal(count, 1);
    return 0;
}

static void a_session_ends_when_it_should(void **state)
{
    write_job(state, live_and_end);
}

static int run_out(struct tx *tx, void *arg)
{
    (void)arg;
    struct administrator ada = active(tx, "ada@example.com", ROLE_ADMIN);
    struct session session;
    const char *secret;
    for (int i = 0; i < 3; i++)
        assert_int_equal(session_create(tx, &ada, &session, &secret), 0);
    assert_int_equal(session_expire(tx, 10), 0);
    assert_true(tx_exec(tx, &SESSIONS_AGE, I(LIMIT_SESSION_MS - 60000)) == 3);
    assert_int_equal(session_check(tx, secret, &session), 0);
    assert_true(tx_exec(tx, &SESSIONS_AGE, I(60001)) == 3);
    assert_int_equal(session_check(tx, secret, &session), ERR_NOT_FOUND);
    assert_int_equal(session_expire(tx, 2), 2);
    assert_int_equal(session_expire(tx, 2), 1);
    return 0;
}

static void a_session_runs_out(void **state)
{
    write_job(state, run_out);
}

static void what_a_page_must_know_is_of_its_session(void **state)
{
    (void)state;
    char one[SESSION_CSRF_BYTES];
    char two[SESSION_CSRF_BYTES];
    session_csrf("musters_one", one);
    session_csrf("musters_two", two);
    assert_int_equal(strlen(one), SESSION_CSRF_BYTES - 1);
    assert_string_not_equal(one, two);
    assert_true(session_csrf_matches("musters_one", one));
    assert_false(session_csrf_matches("musters_one", two));
    assert_false(session_csrf_matches("musters_one", NULL));
    assert_false(session_csrf_matches("musters_one", ""));
    one[0] = one[0] == 'a' ? 'b' : 'a';
    assert_false(session_csrf_matches("musters_one", one));
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static int use_links(struct tx *tx, void *arg)
{
    (void)arg;
    struct administrator ada = active(tx, "ada@example.com", ROLE_ADMIN);
    const char *first;
    const char *older;
    const char *newer;
    int64_t rid = -1;
    assert_int_equal(sign_in_link_create(tx, 0, &first), 0);
    assert_int_equal(sign_in_link_create(tx, ada.rid, &older), 0);
    assert_int_equal(sign_in_link_create(tx, ada.rid, &newer), 0);
    assert_int_equal(sign_in_link_take(tx, older, &rid), ERR_NOT_FOUND);
    assert_int_equal(sign_in_link_find(tx, newer, &rid), 0);
    assert_true(rid == ada.rid);
    assert_int_equal(sign_in_link_take(tx, newer, &rid), 0);
    assert_true(rid == ada.rid);
    assert_int_equal(sign_in_link_take(tx, newer, &rid), ERR_NOT_FOUND);
    assert_true(tx_exec(tx, &LINKS_AGE, I(LIMIT_SIGN_IN_LINK_MS - 60000)) == 1);
    assert_int_equal(sign_in_link_find(tx, first, &rid), 0);
    assert_true(rid == 0);
    assert_true(tx_exec(tx, &LINKS_AGE, I(60001)) == 1);
    assert_int_equal(sign_in_link_take(tx, first, &rid), ERR_NOT_FOUND);
    return 0;
}

static void a_link_works_once_and_for_an_hour(void **state)
{
    write_job(state, use_links);
}

/* --- the log and passwords ---------------------------------------------------------------------------------------- */

static int log_it(struct tx *tx, void *arg)
{
    (void)arg;
    static const char *const wanted[] = {"user.account.privilege.grant", "user.account.update_password",
                                         "user.session.start", "user.session.end"};
    struct administrator ada = active(tx, "ada@example.com", ROLE_ADMIN);
    struct session session;
    const char *secret;
    assert_int_equal(session_create(tx, &ada, &session, &secret), 0);
    assert_int_equal(session_end(tx, secret), 0);
    struct query query;
    assert_int_equal(tx_query(tx, &query, &EVENTS, NO_BINDS), 0);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_int_equal(query_next(&query), 1);
        assert_string_equal(query_text(&query, 0), wanted[i]);
        assert_non_null(strstr(query_text(&query, 1), "ada@example.com"));
        assert_null(strstr(query_text(&query, 1), secret));
    }
    assert_int_equal(query_next(&query), 0);
    query_close(&query);
    return 0;
}

static void signing_in_is_logged_without_the_secret(void **state)
{
    write_job(state, log_it);
}

static void nobody_has_a_password(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_BYTES];
    assert_int_equal(password_hash("correct horse battery", hash), 0);
    assert_true(password_matches(hash, "correct horse battery"));
    assert_false(password_matches(hash, "correct horse batterz"));
    assert_false(password_matches(NULL, "correct horse battery"));
    assert_false(password_matches(NULL, "nobody has this password"));
    assert_true(password_fits("123456789012", 12));
    assert_false(password_fits("12345678901", 12));
    assert_false(password_fits("1234567890\n12", 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_wrong_with_an_administrator_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(somebody_can_always_sign_in_as_admin, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_ends_when_it_should, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_runs_out, setup, teardown),
        cmocka_unit_test(what_a_page_must_know_is_of_its_session),
        cmocka_unit_test_setup_teardown(a_link_works_once_and_for_an_hour, setup, teardown),
        cmocka_unit_test_setup_teardown(signing_in_is_logged_without_the_secret, setup, teardown),
        cmocka_unit_test(nobody_has_a_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
