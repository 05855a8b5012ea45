/* SPDX-License-Identifier: Apache-2.0 */
/* Who of the directory something that was found elsewhere may belong to. */
#include "directory/rows.h"

#include "base/text.h"

SQL(USERS_BY_EMAIL, "SELECT rid FROM users WHERE email_key = $1 AND deleted = 0 AND status <> 8 ORDER BY rid LIMIT $2");
SQL(USERS_BY_NAME, "SELECT rid FROM users WHERE last_key = $1 AND first_key = $2 AND deleted = 0 AND status <> 8"
                   " ORDER BY rid LIMIT $3");
SQL(USERS_PROTECTED, "SELECT rid FROM users WHERE protected = 1 AND deleted = 0 AND rid > $1 ORDER BY rid LIMIT $2");
SQL(GROUPS_PROTECTED, "SELECT rid FROM groups WHERE protected = 1 AND deleted = 0 AND rid > $1 ORDER BY rid LIMIT $2");

static int take_rids(struct query *query, int r, int64_t *ret_rids)
{
    int count = 0;
    while (r >= 0 && (r = query_next(query)) > 0)
        ret_rids[count++] = query_int(query, 0);
    return r < 0 ? r : count;
}

int user_rids_protected(struct tx *tx, int64_t after, int64_t *ret_rids, int limit)
{
    struct query query;
    return take_rids(&query, tx_query(tx, &query, &USERS_PROTECTED, I(after), I(limit)), ret_rids);
}

int group_rids_protected(struct tx *tx, int64_t after, int64_t *ret_rids, int limit)
{
    struct query query;
    return take_rids(&query, tx_query(tx, &query, &GROUPS_PROTECTED, I(after), I(limit)), ret_rids);
}

int user_rids_by_email(struct tx *tx, const char *email, int64_t *ret_rids, int limit)
{
    static_assert(USER_DEPROVISIONED == 8, "the statements above say so");
    struct query query;
    const char *key = text_fold(tx_arena(tx), email);
    return take_rids(&query, tx_query(tx, &query, &USERS_BY_EMAIL, T(key), I(limit)), ret_rids);
}

int user_rids_by_name(struct tx *tx, const char *first, const char *last, int64_t *ret_rids, int limit)
{
    struct query query;
    const char *last_key = text_fold(tx_arena(tx), last);
    const char *first_key = text_fold(tx_arena(tx), first);
    return take_rids(&query, tx_query(tx, &query, &USERS_BY_NAME, T(last_key), T(first_key), I(limit)), ret_rids);
}
