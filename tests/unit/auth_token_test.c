/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: made, found by their secret, renamed, revoked; what is stored of a secret; the log of it all. */
#include "auth_fixture.h"

SQL_SCAN(EXPIRE_ALL, "a test", "UPDATE api_token SET expires = $1");
SQL_SCAN(EVENT_TYPES, "a test", "SELECT event_type, event FROM system_log ORDER BY rid");
SQL_SCAN(HASHES, "a test", "SELECT hash FROM api_token ORDER BY rid");

struct fixture {
    struct auth_store at;
    char id[ID_BYTES];
    char secret[128];
};

static int setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    auth_store_open(&f->at);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    int left = auth_store_close(&f->at);
    free(f);
    return left;
}

static void write_job(struct fixture *f, tx_fn fn)
{
    assert_int_equal(store_write_wait(f->at.store, NULL, fn, f), 0);
}

static void create(struct tx *tx, const char *name, enum role role, struct api_token *ret, const char **ret_secret)
{
    struct problem problem = {0};
    assert_int_equal(token_create(tx, name, role, ret, ret_secret, &problem), 0);
}

static int make_and_find(struct tx *tx, void *arg)
{
    struct fixture *f = arg;
    struct api_token made;
    struct api_token found;
    const char *secret;
    create(tx, "ci", ROLE_OPERATOR, &made, &secret);
    (void)snprintf(f->secret, sizeof(f->secret), "%s", secret);
    assert_int_equal(strncmp(secret, "muster_", 7), 0);
    assert_true(strlen(secret) >= 7 + 43);
    assert_int_equal(token_check(tx, secret, &found), 0);
    assert_true(found.rid == made.rid);
    assert_string_equal(found.id, made.id);
    assert_string_equal(found.name, "ci");
    assert_int_equal(found.role, ROLE_OPERATOR);
    assert_true(id_is_valid(found.id, "00T"));
    assert_int_equal(token_check(tx, "muster_wrong", &found), ERR_NOT_FOUND);
    assert_int_equal(token_check(tx, "", &found), ERR_NOT_FOUND);
    assert_int_equal(token_by_id(tx, made.id, &found), 0);
    assert_int_equal(token_by_id(tx, "00Tnothing", &found), ERR_NOT_FOUND);

    struct query query;
    assert_int_equal(tx_query(tx, &query, &HASHES, NO_BINDS), 0);
    assert_int_equal(query_next(&query), 1);
    size_t n;
    const void *hash = query_blob(&query, 0, &n);
    assert_int_equal(n, 32);
    assert_null(memmem(hash, n, secret + 7, 8));
    query_close(&query);

    assert_true(tx_exec(tx, &EXPIRE_ALL, I(tx_now(tx))) >= 0);
    assert_int_equal(token_check(tx, secret, &found), ERR_NOT_FOUND);
    assert_true(tx_exec(tx, &EXPIRE_ALL, I(tx_now(tx) + 1)) >= 0);
    assert_int_equal(token_check(tx, secret, &found), 0);
    return 0;
}

static void a_token_is_found_by_its_secret_alone(void **state)
{
    write_job(*state, make_and_find);
}

static int refuse_names(struct tx *tx, void *arg)
{
    (void)arg;
    struct api_token token;
    const char *secret;
    char long_name[300];
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    const char *const bad[] = {NULL, "", "a\nb", "\xff", long_name};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct problem problem = {0};
        assert_int_equal(token_create(tx, bad[i], ROLE_ADMIN, &token, &secret, &problem), ERR_PROBLEM);
        assert_int_equal(problem.code, E0000001);
        assert_int_equal(strncmp(problem.causes[0], "name: ", 6), 0);
    }
    return 0;
}

static void bad_names_are_refused(void **state)
{
    write_job(*state, refuse_names);
}

static int keep_an_admin(struct tx *tx, void *arg)
{
    (void)arg;
    struct api_token first;
    struct api_token second;
    struct api_token other;
    const char *secret;
    create(tx, "first", ROLE_ADMIN, &first, &secret);
    create(tx, "other", ROLE_OPERATOR, &other, &secret);
    struct problem problem = {0};
    assert_int_equal(token_revoke(tx, first.id, &problem), ERR_PROBLEM);
    assert_non_null(strstr(problem.causes[0], "last token"));
    create(tx, "second", ROLE_ADMIN, &second, &secret);
    problem = (struct problem){0};
    assert_int_equal(token_revoke(tx, first.id, &problem), 0);
    assert_int_equal(token_revoke(tx, other.id, &problem), 0);
    assert_int_equal(token_check(tx, secret, &other), 0);
    assert_int_equal(token_revoke(tx, second.id, &problem), ERR_PROBLEM);
    problem = (struct problem){0};
    assert_int_equal(token_revoke(tx, first.id, &problem), ERR_PROBLEM);
    assert_int_equal(problem.code, E0000007);
    return 0;
}

static void the_last_admin_token_stays(void **state)
{
    write_job(*state, keep_an_admin);
}

static int collect_names(const struct api_token *token, void *data)
{
    struct buf *buf = data;
    buf_printf(buf, "%s/%s ", token->name, role_name(token->role));
    return 0;
}

static int follow_the_log(struct tx *tx, void *arg)
{
    (void)arg;
    struct api_token a;
    struct api_token b;
    const char *secret;
    struct problem problem = {0};
    create(tx, "a", ROLE_ADMIN, &a, &secret);
    create(tx, "b", ROLE_READ_ONLY, &b, &secret);
    assert_int_equal(token_rename(tx, b.id, "c", &problem), 0);
    assert_int_equal(token_rename(tx, b.id, "c", &problem), 0); /* nothing changed, nothing to say */
    struct buf names;
    buf_init(&names, 1000);
    assert_int_equal(token_each(tx, collect_names, &names), 0);
    assert_string_equal(buf_text(&names), "a/ADMIN c/READ_ONLY ");
    buf_free(&names);
    assert_int_equal(token_revoke(tx, b.id, &problem), 0);

    static const char *const expected[] = {"system.api_token.create", "system.api_token.create",
                                           "system.api_token.update", "system.api_token.revoke"};
    struct query query;
    assert_int_equal(tx_query(tx, &query, &EVENT_TYPES, NO_BINDS), 0);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_int_equal(query_next(&query), 1);
        assert_string_equal(query_text(&query, 0), expected[i]);
        assert_null(strstr(query_text(&query, 1), secret));
        assert_non_null(strstr(query_text(&query, 1), i == 0 ? a.id : b.id));
    }
    assert_int_equal(query_next(&query), 0);
    return 0;
}

static void every_change_is_logged_without_the_secret(void **state)
{
    write_job(*state, follow_the_log);
}

static void roles_have_names(void **state)
{
    (void)state;
    enum role role = ROLE_NONE;
    assert_int_equal(role_parse("OPERATOR", &role), 0);
    assert_int_equal(role, ROLE_OPERATOR);
    assert_string_equal(role_name(ROLE_READ_ONLY), "READ_ONLY");
    assert_int_equal(role_parse("operator", &role), ERR_SYNTAX);
    assert_int_equal(role_parse("NONE", &role), ERR_SYNTAX);
    assert_int_equal(role_parse(NULL, &role), ERR_SYNTAX);
    assert_int_equal(role, ROLE_OPERATOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_is_found_by_its_secret_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_names_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_admin_token_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(every_change_is_logged_without_the_secret, setup, teardown),
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
