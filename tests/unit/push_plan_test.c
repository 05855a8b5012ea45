/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of group push: who is wanted, and how much goes into one request. */
#include "push/plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_wanted_by_status(void **state)
{
    (void)state;
    static const struct {
        enum user_status status;
        enum member_wanted wanted; /* in the source, assigned, with an account */
    } table[] = {
        {USER_STAGED, MEMBER_OUT},      {USER_PROVISIONED, MEMBER_IN},    {USER_ACTIVE, MEMBER_IN},
        {USER_RECOVERY, MEMBER_IN},     {USER_LOCKED_OUT, MEMBER_IN},     {USER_PASSWORD_EXPIRED, MEMBER_IN},
        {USER_SUSPENDED, MEMBER_AS_IS}, {USER_DEPROVISIONED, MEMBER_OUT},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        enum user_status status = table[i].status;
        assert_int_equal(member_wanted(true, SCOPE_GROUP, status, false, true), table[i].wanted);
        assert_int_equal(member_wanted(true, SCOPE_USER, status, false, true), table[i].wanted);
        /* Out of the group, without the app, or deleted: out, whatever the status. */
        assert_int_equal(member_wanted(false, SCOPE_GROUP, status, false, true), MEMBER_OUT);
        assert_int_equal(member_wanted(true, SCOPE_NONE, status, false, true), MEMBER_OUT);
        assert_int_equal(member_wanted(true, SCOPE_GROUP, status, true, true), MEMBER_OUT);
    }
}

static void test_no_account_yet(void **state)
{
    (void)state;
    assert_int_equal(member_wanted(true, SCOPE_GROUP, USER_ACTIVE, false, false), MEMBER_AS_IS);
    assert_int_equal(member_wanted(false, SCOPE_GROUP, USER_ACTIVE, false, false), MEMBER_OUT);
}

static void check_batch(struct member_limits limits, size_t removes, size_t adds, size_t want_removes, size_t want_adds)
{
    size_t got_removes = 0;
    size_t got_adds = 0;
    member_batch(&limits, removes, adds, &got_removes, &got_adds);
    assert_int_equal(got_removes, want_removes);
    assert_int_equal(got_adds, want_adds);
}

static void test_batches(void **state)
{
    (void)state;
    struct member_limits usual = {.adds = 100, .removes = 100, .mix = true};
    check_batch(usual, 0, 5, 0, 5);
    check_batch(usual, 3, 5, 3, 5);
    check_batch(usual, 60, 60, 60, 40); /* removals first, and the limit is for both together */
    check_batch(usual, 500, 500, 100, 0);
    struct member_limits entra = {.adds = 20, .removes = 1, .mix = false}; /* 20 adds or 1 removal, never both */
    check_batch(entra, 0, 50, 0, 20);
    check_batch(entra, 7, 50, 1, 0);
    check_batch(entra, 0, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wanted_by_status),
        cmocka_unit_test(test_no_account_yet),
        cmocka_unit_test(test_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
