/* SPDX-License-Identifier: Apache-2.0 */
#include "push/people.h"

#include "push/push_private.h"

/* $1 target group, $2 app, $3 source group. The numbers are enum person_kind, user_status and account_scope. */
#define OF_SOURCE                                                                                                      \
    "SELECT p.user_rid AS user_rid, CASE WHEN p.deleted <> 0 OR p.status IN (1, 8) THEN 3"                             \
    " WHEN coalesce(a.scope, 0) = 0 THEN 2 WHEN t.known = 1 AND t.error_class IS NULL THEN 1"                          \
    " WHEN p.status = 7 THEN 4 WHEN a.external_id IS NULL OR a.activation_owed = 1 THEN 5"                             \
    " WHEN t.error_class IS NOT NULL THEN 6 ELSE 7 END AS kind FROM group_people AS p"                                 \
    " LEFT JOIN account_people AS a ON a.user_rid = p.user_rid AND a.app_rid = $2"                                     \
    " LEFT JOIN target_members AS t ON t.target_rid = $1 AND t.user_rid = p.user_rid WHERE p.group_rid = $3"
#define OF_TARGET                                                                                                      \
    "SELECT t.user_rid AS user_rid, CASE WHEN t.error_class = 'HELD' THEN 9 WHEN t.error_class IS NOT NULL THEN 10"    \
    " WHEN t.extra = 1 THEN 11 ELSE 8 END AS kind FROM target_members AS t WHERE t.target_rid = $1 AND t.known = 1"    \
    " AND NOT (EXISTS (SELECT 1 FROM group_people AS p WHERE p.group_rid = $3 AND p.user_rid = t.user_rid"             \
    "  AND p.deleted = 0 AND p.status NOT IN (1, 8))"                                                                  \
    " AND EXISTS (SELECT 1 FROM account_people AS a WHERE a.user_rid = t.user_rid AND a.app_rid = $2 AND a.scope > "   \
    "0))"

SQL(COUNT_OF_SOURCE, "SELECT kind, count(*) FROM (" OF_SOURCE ") AS people GROUP BY kind ORDER BY kind");
SQL(COUNT_OF_TARGET, "SELECT kind, count(*) FROM (" OF_TARGET ") AS people GROUP BY kind ORDER BY kind");
SQL(LIST_OF_MEMBERS, "SELECT user_rid, kind FROM (" OF_SOURCE " AND p.user_rid > $4) AS people"
                     " ORDER BY user_rid LIMIT $5");
SQL(LIST_OF_SOURCE,
    "SELECT user_rid, kind FROM (" OF_SOURCE " AND p.user_rid > $4) AS people WHERE kind = CAST($5 AS BIGINT)"
    " ORDER BY user_rid LIMIT $6");
SQL(LIST_OF_TARGET,
    "SELECT user_rid, kind FROM (" OF_TARGET " AND t.user_rid > $4) AS people WHERE kind = CAST($5 AS BIGINT)"
    " ORDER BY user_rid LIMIT $6");
SQL(COUNT_LEFT_OUT, "SELECT count(*) FROM (" OF_SOURCE " AND p.user_rid > $4 AND p.user_rid <= $5) AS people"
                    " WHERE kind = 2");
SQL(MEMBER_VIEW, "SELECT known, known_at, dirty, extra, error_class, error, error_at, again FROM target_members"
                 " WHERE target_rid = $1 AND user_rid = $2");
SQL(HELD_OF, "SELECT d.state, d.since, h.id FROM deletions AS d LEFT JOIN deletion_holds AS h ON h.rid = d.hold_rid"
             " WHERE d.kind = $1 AND d.object_rid = $2 AND d.user_rid = $3 AND d.external_id = ''");

static const char *const names[PERSON_KIND_COUNT] = {[PERSON_MEMBER] = "MEMBER",
                                                     [PERSON_PUSHED] = "PUSHED",
                                                     [PERSON_NOT_ASSIGNED] = "NOT_ASSIGNED",
                                                     [PERSON_INACTIVE] = "INACTIVE",
                                                     [PERSON_SUSPENDED] = "SUSPENDED",
                                                     [PERSON_NOT_PROVISIONED] = "NOT_PROVISIONED",
                                                     [PERSON_REFUSED] = "REFUSED",
                                                     [PERSON_WAITING] = "WAITING",
                                                     [PERSON_LEAVING] = "LEAVING",
                                                     [PERSON_HELD] = "HELD",
                                                     [PERSON_REMOVAL_REFUSED] = "REMOVAL_REFUSED",
                                                     [PERSON_EXTRA] = "EXTRA"};

const char *person_kind_name(enum person_kind kind)
{
    return names[kind];
}

int person_kind_parse(const char *name, enum person_kind *ret)
{
    for (int i = PERSON_MEMBER; i < PERSON_KIND_COUNT; i++) {
        if (!str_eq(name, names[i]))
            continue;
        *ret = (enum person_kind)i;
        return 0;
    }
    return ERR_NOT_FOUND;
}

int deletion_find(struct tx *tx, enum deletion_kind kind, int64_t object_rid, int64_t user_rid, struct held *ret)
{
    struct query query;
    int r = tx_query(tx, &query, &HELD_OF, I(kind), I(object_rid), I(user_rid));
    if (r == 0)
        r = query_next(&query);
    if (r <= 0)
        return r;
    *ret = (struct held){.state = (enum deletion_state)query_int(&query, 0),
                         .since = query_int(&query, 1),
                         .hold_id = push_text(tx, &query, 2)};
    query_close(&query);
    return 1;
}

int member_view(struct tx *tx, int64_t target_rid, int64_t user_rid, struct member_view *ret)
{
    struct query query;
    int r = tx_query(tx, &query, &MEMBER_VIEW, I(target_rid), I(user_rid));
    if (r == 0)
        r = query_next(&query);
    if (r <= 0)
        return r;
    *ret = (struct member_view){.known = query_int(&query, 0) != 0,
                                .known_at = query_int(&query, 1),
                                .dirty = query_int(&query, 2) != 0,
                                .extra = query_int(&query, 3) != 0,
                                .error_class = push_text(tx, &query, 4),
                                .error = push_text(tx, &query, 5),
                                .error_at = query_int(&query, 6),
                                .again = MAX_OF(query_int(&query, 7), (int64_t)0)};
    query_close(&query);
    return 1;
}

static int count_into(struct query *query, int r, int64_t ret[static PERSON_KIND_COUNT])
{
    while (r >= 0 && (r = query_next(query)) > 0)
        ret[query_int(query, 0)] = query_int(query, 1);
    return r;
}

int mapping_people_count(struct tx *tx, const struct mapping *mapping, int64_t ret[static PERSON_KIND_COUNT])
{
    struct query query;
    for (int i = 0; i < PERSON_KIND_COUNT; i++)
        ret[i] = 0;
    int r = tx_query(tx, &query, &COUNT_OF_SOURCE, I(mapping->target_rid), I(mapping->app_rid), I(mapping->source_rid));
    r = count_into(&query, r, ret);
    if (r >= 0)
        r = tx_query(tx, &query, &COUNT_OF_TARGET, I(mapping->target_rid), I(mapping->app_rid), I(mapping->source_rid));
    return count_into(&query, r, ret);
}

int mapping_report_left_out(struct tx *tx, const struct mapping *mapping, int64_t after, int64_t until)
{
    static_assert(PERSON_NOT_ASSIGNED == 2, "the statement above says so");
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &COUNT_LEFT_OUT, I(mapping->target_rid), I(mapping->app_rid), I(mapping->source_rid),
                       I(after), I(until));
    if (r < 0 || count == 0)
        return MIN_OF(r, 0);
    const char *reason = arena_printf(tx_arena(tx), "%lld member%s of the group %s not have the app", (long long)count,
                                      count == 1 ? "" : "s", count == 1 ? "does" : "do");
    const struct event event = {.type = "app.user_management.grouppush.mapping.okta.users.ignored",
                                .message = "Users ignored while pushing group to application",
                                .outcome = "SKIPPED",
                                .reason = reason};
    return mapping_report_of(tx, mapping, &event);
}

int mapping_people(struct tx *tx, const struct mapping *mapping, enum person_kind kind, int64_t after,
                   struct person *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = kind == PERSON_MEMBER ? tx_query(tx, &query, &LIST_OF_MEMBERS, I(mapping->target_rid), I(mapping->app_rid),
                                             I(mapping->source_rid), I(after), I(limit))
                                  : tx_query(tx, &query, kind < PERSON_KIND_OUT ? &LIST_OF_SOURCE : &LIST_OF_TARGET,
                                             I(mapping->target_rid), I(mapping->app_rid), I(mapping->source_rid),
                                             I(after), I(kind), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] =
            (struct person){.user_rid = query_int(&query, 0), .kind = (enum person_kind)query_int(&query, 1)};
    return r < 0 ? r : count;
}
