/* SPDX-License-Identifier: Apache-2.0 */
#include "push/overview.h"

#include "base/limits.h"
#include "push/drift.h"
#include "push/import.h"
#include "push/push_private.h"

SQL(OVERVIEW_MEMBERS_FAILED,
    "SELECT app_rid, error_class, count(*), min(error_at) FROM"
    " (SELECT (SELECT m.app_rid FROM push_mappings AS m WHERE m.target_rid = t.target_rid AND m.status = 1) AS app_rid,"
    " t.error_class, t.error_at FROM target_members AS t WHERE t.error_class IS NOT NULL AND t.target_rid > 0"
    " ORDER BY t.target_rid, t.rid LIMIT $1) AS c WHERE app_rid IS NOT NULL AND error_class <> 'HELD'"
    " GROUP BY app_rid, error_class ORDER BY app_rid, error_class LIMIT $2");
SQL(OVERVIEW_HOLDS, "SELECT app_rid, NULL, count(*), min(opened) FROM deletion_holds WHERE status = 1 AND app_rid > 0"
                    " GROUP BY app_rid ORDER BY app_rid LIMIT $1");
SQL(OVERVIEW_IMPORTS, "SELECT app_rid, NULL, 1, created FROM import_runs WHERE finished = 0 AND app_rid > 0"
                      " AND state = $1 ORDER BY app_rid LIMIT $2");
/* What only waits to be pushed, or is held by a deletion limit, is no difference that somebody has to decide about
 * here. */
SQL(OVERVIEW_DRIFT,
    "SELECT app_rid, NULL, sum(own), min(since) FROM"
    " (SELECT app_rid, CASE WHEN cause = $1 THEN 0 ELSE 1 END AS own, CASE WHEN cause = $1 THEN NULL ELSE since END"
    " AS since FROM drift_findings WHERE accepted_at = 0 AND app_rid > 0"
    " ORDER BY app_rid, scan_rid, rid LIMIT $2) AS d GROUP BY app_rid HAVING sum(own) > 0 ORDER BY app_rid LIMIT $3");
SQL(OVERVIEW_HELD, "SELECT count(*) FROM (SELECT 1 AS one FROM deletion_holds AS h JOIN deletions AS d"
                   " ON d.hold_rid = h.rid AND d.state IN (2, 4) WHERE h.app_rid = $1 AND h.status = 1 LIMIT $2) AS c");
SQL(OVERVIEW_KNOWN,
    "SELECT count(*) FROM (SELECT 1 AS one FROM push_mappings AS m JOIN target_members AS t"
    " ON t.target_rid = m.target_rid AND t.known = 1 WHERE m.app_rid = $1 AND m.status = 1 LIMIT $2) AS c");
SQL(OVERVIEW_WAITING,
    "SELECT count(*), coalesce(sum(known), 0) FROM (SELECT t.known FROM push_mappings AS m JOIN target_members AS t"
    " ON t.target_rid = m.target_rid AND t.dirty = 1 AND t.error_class IS NULL"
    " WHERE m.app_rid = $1 AND m.status = 1 LIMIT $2) AS c");
SQL(OVERVIEW_REFUSED,
    "SELECT count(*), coalesce(sum(known), 0) FROM (SELECT t.known FROM push_mappings AS m JOIN target_members AS t"
    " ON t.target_rid = m.target_rid AND t.error_class IS NOT NULL"
    " WHERE m.app_rid = $1 AND m.status = 1 LIMIT $2) AS c");
SQL(OVERVIEW_NEXT_APP, "SELECT app_rid FROM push_mappings WHERE app_rid > $1 ORDER BY app_rid LIMIT 1");
SQL(OVERVIEW_GROUPS, "SELECT count(*) FROM push_mappings WHERE app_rid = $1 AND status = 1");

static int take_rows(struct tx *tx, struct query *query, int r, struct overview_row *ret)
{
    int count = 0;
    while (r >= 0 && (r = query_next(query)) > 0)
        ret[count++] = (struct overview_row){.app_rid = query_int(query, 0),
                                             .error_class = push_text(tx, query, 1),
                                             .count = query_int(query, 2),
                                             .since = query_int(query, 3)};
    return r < 0 ? r : count;
}

int overview_members_failed(struct tx *tx, int look, struct overview_row *ret, int limit)
{
    struct query query;
    return take_rows(tx, &query, tx_query(tx, &query, &OVERVIEW_MEMBERS_FAILED, I(look), I(limit)), ret);
}

int overview_holds(struct tx *tx, struct overview_row *ret, int limit)
{
    struct query query;
    return take_rows(tx, &query, tx_query(tx, &query, &OVERVIEW_HOLDS, I(limit)), ret);
}

int overview_imports(struct tx *tx, struct overview_row *ret, int limit)
{
    struct query query;
    return take_rows(tx, &query, tx_query(tx, &query, &OVERVIEW_IMPORTS, I(IMPORT_HELD), I(limit)), ret);
}

int overview_drift(struct tx *tx, int look, struct overview_row *ret, int limit)
{
    struct query query;
    return take_rows(tx, &query, tx_query(tx, &query, &OVERVIEW_DRIFT, I(CAUSE_DIRECTORY), I(look), I(limit)), ret);
}

int overview_held(struct tx *tx, int64_t app_rid, int look)
{
    int64_t count = 0;
    int r = tx_get_int(tx, &count, &OVERVIEW_HELD, I(app_rid), I(look));
    return r < 0 ? r : (int)count;
}

/* Adds the rows to *ret; those of them that the app acknowledged are not in step. */
static int count_others(struct tx *tx, struct sql *sql, int64_t app_rid, int look, int64_t *ret,
                        struct overview_members *members)
{
    struct query query;
    int r = tx_query(tx, &query, sql, I(app_rid), I(look));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        *ret = query_int(&query, 0);
        members->in_step -= query_int(&query, 1);
    }
    members->complete &= *ret < look;
    return r < 0 ? r : 0;
}

int overview_members(struct tx *tx, int64_t app_rid, int look, struct overview_members *ret)
{
    struct overview_members members = {.complete = true};
    int r = tx_get_int(tx, &members.in_step, &OVERVIEW_KNOWN, I(app_rid), I(look));
    if (r < 0)
        return r;
    members.complete = members.in_step < look;
    r = count_others(tx, &OVERVIEW_WAITING, app_rid, look, &members.waiting, &members);
    if (r == 0)
        r = count_others(tx, &OVERVIEW_REFUSED, app_rid, look, &members.refused, &members);
    if (r < 0)
        return r;
    members.in_step = MAX_OF(members.in_step, (int64_t)0);
    *ret = members;
    return 0;
}

int overview_next_app(struct tx *tx, int64_t after, int64_t *ret_app_rid, int64_t *ret_groups)
{
    int64_t app_rid = 0;
    int r = tx_get_int(tx, &app_rid, &OVERVIEW_NEXT_APP, I(after));
    if (r <= 0)
        return r;
    r = tx_get_int(tx, ret_groups, &OVERVIEW_GROUPS, I(app_rid));
    *ret_app_rid = app_rid;
    return r;
}
