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

SQL(SOURCES_HOLDING,
    "SELECT m.source_rid FROM target_members AS t JOIN push_mappings AS m ON m.target_rid = t.target_rid"
    " WHERE t.user_rid = $1 AND t.known = 1 AND m.app_rid = $2 ORDER BY m.source_rid LIMIT $3");
SQL(ROWS_TO_COMPARE, "SELECT external_id, known, dirty, CASE WHEN EXISTS (SELECT 1 FROM drift_findings AS f"
                     " WHERE f.target_rid = $1 AND f.external_id = target_members.external_id AND f.kind = 1"
                     " AND f.accepted_at > 0) THEN 1 ELSE 0 END FROM target_members WHERE target_rid = $1"
                     " ORDER BY user_rid");
SQL(STRANGERS_TO_COMPARE, "SELECT external_id FROM target_strangers WHERE target_rid = $1 ORDER BY external_id");
SQL(EXTRA_ACCEPTED, "SELECT external_id FROM drift_findings WHERE target_rid = $1 AND kind = 2 AND accepted_at > 0"
                    " ORDER BY external_id");

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
    int r = tx_query_row(tx, &query, &HELD_OF, I(kind), I(object_rid), I(user_rid));
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
    int r = tx_query_row(tx, &query, &MEMBER_VIEW, I(target_rid), I(user_rid));
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

int mapping_sources_holding(struct tx *tx, int64_t app_rid, int64_t user_rid, int64_t *ret, int limit)
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &SOURCES_HOLDING, I(user_rid), I(app_rid), I(limit));
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = query_int(&query, 0);
    return r < 0 ? r : count;
}

/* --- what the app shows --------------------------------------------------------------------------------------------
 */

struct shown {
    const char **ids; /* in order, each once */
    bool *seen;       /* on record as somebody who may be there */
    size_t count;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Apps may show somebody twice. */
static struct shown sort_shown(struct arena *arena, const char **ids, size_t count)
{
    struct shown shown = {.ids = ids, .count = 0};
    if (count)
        qsort(ids, count, sizeof(*ids), by_text);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(ids[i], ids[i - 1]) != 0)
            ids[shown.count++] = ids[i];
    shown.seen = arena_array(arena, shown.count + 1, sizeof(*shown.seen));
    memset(shown.seen, 0, (shown.count + 1) * sizeof(*shown.seen));
    return shown;
}

static bool *find_shown(const struct shown *shown, const char *id)
{
    const char **at = id && shown->count ? bsearch(&id, shown->ids, shown->count, sizeof(id), by_text) : NULL;
    return at ? &shown->seen[at - shown->ids] : NULL;
}

static int compare_rows(struct tx *tx, int64_t target_rid, const struct shown *shown, int64_t *ret_absent)
{
    struct query query;
    int r = tx_query(tx, &query, &ROWS_TO_COMPARE, I(target_rid));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        bool known = query_int(&query, 1) != 0, dirty = query_int(&query, 2) != 0, accepted = query_int(&query, 3) != 0;
        bool *seen = find_shown(shown, query_text(&query, 0));
        if (seen && (known || dirty))
            *seen = true;
        if (!seen && known && !dirty && !accepted)
            (*ret_absent)++;
    }
    return r;
}

static int compare_ids(struct tx *tx, struct sql *statement, int64_t target_rid, const struct shown *shown)
{
    struct query query;
    int r = tx_query(tx, &query, statement, I(target_rid));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        bool *seen = find_shown(shown, query_text(&query, 0));
        if (seen)
            *seen = true;
    }
    return r;
}

int mapping_people_compare(struct tx *tx, const struct mapping *mapping, const char **ids, size_t count,
                           struct shown_members *ret)
{
    struct shown shown = sort_shown(tx_arena(tx), ids, count);
    *ret = (struct shown_members){0};
    int r = compare_rows(tx, mapping->target_rid, &shown, &ret->absent);
    if (r >= 0)
        r = compare_ids(tx, &STRANGERS_TO_COMPARE, mapping->target_rid, &shown);
    if (r >= 0)
        r = compare_ids(tx, &EXTRA_ACCEPTED, mapping->target_rid, &shown);
    for (size_t i = 0; r >= 0 && i < shown.count; i++)
        ret->unexpected += !shown.seen[i];
    return r < 0 ? r : 0;
}
