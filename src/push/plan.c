/* SPDX-License-Identifier: Apache-2.0 */
#include "push/plan.h"

#include "base/limits.h"

enum member_wanted member_wanted(bool in_source, enum account_scope scope, enum user_status status, bool user_deleted,
                                 bool has_account)
{
    if (!in_source || user_deleted || scope == SCOPE_NONE)
        return MEMBER_OUT;
    if (status == USER_SUSPENDED)
        return MEMBER_AS_IS;
    if (!user_status_is_eligible(status))
        return MEMBER_OUT;
    return has_account ? MEMBER_IN : MEMBER_AS_IS;
}

struct member_limits member_limits_default(void)
{
    return (struct member_limits){.adds = LIMIT_MEMBERS_PER_REQUEST, .removes = LIMIT_MEMBERS_PER_REQUEST, .mix = true};
}

void member_batch(const struct member_limits *limits, size_t removes, size_t adds, size_t *ret_removes,
                  size_t *ret_adds)
{
    *ret_removes = MIN_OF(removes, limits->removes);
    *ret_adds = MIN_OF(adds, limits->adds);
    if (*ret_removes && *ret_adds && !limits->mix)
        *ret_adds = 0;
    /* Targets that limit a request count both kinds together. */
    size_t most = MAX_OF(limits->adds, limits->removes);
    if (*ret_removes + *ret_adds > most)
        *ret_adds = most - *ret_removes;
}
