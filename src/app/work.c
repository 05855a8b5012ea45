/* SPDX-License-Identifier: Apache-2.0 */
#include "app/work.h"

#include "base/limits.h"

#define COLUMNS                                                                                                        \
    "rid, app_rid, kind, object_rid, class, version, since, due, attempts, next_rid, error_class, error, held, words," \
    " http_status, failed_at"

/*
 * `failed` repeats (held or an error) for the partial index. `carried` is the oldest cause of an earlier job that this
 * row goes on with (tx_continue) and carried_version the latest cause that brought one, so that work_done() of an older
 * version does not move `since` past it.
 */
SQL(WORK_ADD, "INSERT INTO work (app_rid, kind, object_rid, class, version, since, due, carried, carried_version, lane)"
              " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
              " ON CONFLICT (app_rid, kind, object_rid) DO UPDATE SET"
              " class = CASE WHEN excluded.class < work.class THEN excluded.class ELSE work.class END,"
              " lane = CASE WHEN excluded.class < work.class THEN excluded.lane ELSE work.lane END,"
              " version = excluded.version,"
              " since = CASE WHEN excluded.since < work.since THEN excluded.since ELSE work.since END,"
              " due = excluded.due, attempts = 0, next_rid = 0, held = 0, failed = 0, error_class = NULL, error = NULL,"
              " carried = CASE WHEN excluded.carried = 0 THEN work.carried"
              " WHEN work.carried = 0 OR excluded.carried < work.carried THEN excluded.carried ELSE work.carried END,"
              " carried_version = CASE WHEN excluded.carried = 0 THEN work.carried_version ELSE excluded.version END");
SQL(WORK_POKE, "UPDATE work SET due = $4 WHERE app_rid = $1 AND kind = $2 AND object_rid = $3 AND held = 0"
               " AND due > $4");
SQL(WORK_POKE_LEAVERS, "UPDATE work SET due = $4 WHERE app_rid = $1 AND lane = $2 AND kind = $3 AND held = 0"
                       " AND failed = 0 AND due > $4");
SQL(WORK_FIND, "SELECT " COLUMNS " FROM work WHERE app_rid = $1 AND kind = $2 AND object_rid = $3");
SQL(WORK_DUE_LANE, "SELECT " COLUMNS " FROM work WHERE held = 0 AND app_rid = $1 AND lane = $2 AND due <= $3"
                   " ORDER BY due, rid LIMIT $4");
SQL(WORK_NEXT_DUE_AFTER, "SELECT due FROM work WHERE held = 0 AND due > $1 ORDER BY due LIMIT 1");
SQL(WORK_NEXT_DUE, "SELECT due FROM work WHERE held = 0 AND due >= 0 ORDER BY due LIMIT 1");
SQL(WORK_NEXT_DUE_OF_LANE, "SELECT due FROM work WHERE held = 0 AND app_rid = $1 AND lane = $2 ORDER BY due LIMIT 1");
SQL(WORK_EXPANDS, "SELECT 1 FROM work WHERE held = 0 AND app_rid = $1 AND lane >= $2 LIMIT 1");
SQL(WORK_TAKES_AWAY, "SELECT 1 FROM work WHERE app_rid IN (0, $1) AND kind BETWEEN $2 AND $3 LIMIT 1");
SQL(WORK_NEXT_APP, "SELECT app_rid FROM work WHERE held = 0 AND app_rid > $1 ORDER BY app_rid LIMIT 1");
SQL(WORK_CLAMP, "UPDATE work SET due = $1 WHERE held = 0 AND due > $1");
SQL(WORK_DONE, "DELETE FROM work WHERE rid = $1 AND version = $2");
SQL(WORK_KEEP, "UPDATE work SET since = CASE WHEN carried_version > $2 AND carried <= $2 THEN carried ELSE $2 + 1 END,"
               " carried = CASE WHEN carried_version > $2 THEN carried ELSE 0 END WHERE rid = $1");
SQL(WORK_DEFER, "UPDATE work SET due = $2 WHERE rid = $1");
SQL(WORK_RECLASS, "UPDATE work SET class = $2, lane = $3, due = $4 WHERE rid = $1 AND version = $5");
SQL(WORK_FAIL, "UPDATE work SET due = $2, held = $3, error_class = $4, error = $5, attempts = attempts + 1, failed = 1,"
               " words = $7, http_status = $8, failed_at = $9 WHERE rid = $1 AND version = $6");
SQL(WORK_SET_CURSOR, "UPDATE work SET next_rid = $2 WHERE rid = $1");
SQL(WORK_ADVANCE,
    "UPDATE work SET since = $4, carried = CASE WHEN carried > 0 AND carried < $4 THEN $4 ELSE carried END"
    " WHERE app_rid = $1 AND kind = $2 AND object_rid = $3 AND since < $4");
SQL(WORK_DELETE_APP, "DELETE FROM work WHERE app_rid = $1");
SQL(WORK_DELETE, "DELETE FROM work WHERE app_rid = $1 AND kind = $2 AND object_rid = $3");
SQL(WORK_RETRY_FAILED, "UPDATE work SET held = 0, failed = 0, attempts = 0, error_class = NULL, error = NULL, due = $2"
                       " WHERE failed = 1 AND app_rid = $1");
SQL(WORK_RETRY_FAILED_ALL,
    "UPDATE work SET held = 0, failed = 0, attempts = 0, error_class = NULL, error = NULL, due = $1"
    " WHERE failed = 1 AND app_rid >= 0");
SQL(WORK_HASTEN, "UPDATE work SET due = $3 WHERE held = 0 AND app_rid = $1 AND lane = $2 AND due > $3");
SQL(WORK_HASTEN_ALL, "UPDATE work SET due = $1 WHERE held = 0 AND due > $1");
SQL(WORK_COUNT, "SELECT count(*), coalesce(sum(failed), 0) FROM work WHERE app_rid = $1 AND since <= $2"
                " AND kind <> 3"); /* an import brings nothing to the app */
SQL(WORK_FAILED, "SELECT " COLUMNS " FROM work WHERE failed = 1 AND app_rid = $1 ORDER BY rid LIMIT $2");
SQL(WORK_FAILED_ALL, "SELECT " COLUMNS " FROM work WHERE failed = 1 AND app_rid >= 0 ORDER BY app_rid, rid LIMIT $1");

SQL(WORK_FAILURES, "SELECT app_rid, kind, error_class, count(*), sum(held), min(failed_at) FROM"
                   " (SELECT app_rid, kind, error_class, held, failed_at FROM work WHERE failed = 1 AND app_rid > 0"
                   " ORDER BY app_rid, rid LIMIT $1) AS failures"
                   " GROUP BY app_rid, kind, error_class ORDER BY app_rid, kind, error_class");

static struct work work_row(struct tx *tx, const struct query *query)
{
    return (struct work){
        .rid = query_int(query, 0),
        .app_rid = query_int(query, 1),
        .kind = (enum work_kind)query_int(query, 2),
        .object_rid = query_int(query, 3),
        .class = (enum work_class)query_int(query, 4),
        .version = query_int(query, 5),
        .since = query_int(query, 6),
        .due = query_int(query, 7),
        .attempts = (int)query_int(query, 8),
        .cursor = query_int(query, 9),
        .error_class = arena_strdup(tx_arena(tx), query_text(query, 10)),
        .error = arena_strdup(tx_arena(tx), query_text(query, 11)),
        .held = query_int(query, 12) != 0,
        .words = arena_strdup(tx_arena(tx), query_text(query, 13)),
        .status = (int)query_int(query, 14),
        .failed_at = query_int(query, 15),
    };
}

static enum work_lane lane_of(enum work_kind kind, enum work_class class)
{
    if (kind >= WORK_EXPAND_FIRST)
        return (enum work_lane)(LANE_EXPAND_URGENT + class);
    return class == WORK_BULK && kind == WORK_GROUP ? LANE_BULK_GROUPS : (enum work_lane) class;
}

static enum work_class lane_class(enum work_lane lane)
{
    if (lane >= LANE_EXPAND_URGENT)
        return (enum work_class)(lane - LANE_EXPAND_URGENT);
    return lane >= LANE_BULK_ACCOUNTS ? WORK_BULK : (enum work_class)lane;
}

int work_add(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid, enum work_class class)
{
    int64_t version = tx_change_number(tx);
    if (version < 0)
        return (int)version;
    int64_t carried = tx_continued(tx) < version ? tx_continued(tx) : 0;
    int r =
        tx_exec(tx, &WORK_ADD, I(app_rid), I(kind), I(object_rid), I(class), I(version), I(carried ? carried : version),
                I(tx_now(tx)), I(carried), I(carried ? version : 0), I(lane_of(kind, class)));
    if (r < 0)
        return r;
    tx_wake(tx);
    return 0;
}

int work_poke(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid)
{
    int r = tx_exec(tx, &WORK_POKE, I(app_rid), I(kind), I(object_rid), I(tx_now(tx)));
    if (r > 0)
        tx_wake(tx);
    return r < 0 ? r : 0;
}

int work_poke_leavers(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &WORK_POKE_LEAVERS, I(app_rid), I(LANE_URGENT), I(WORK_ACCOUNT), I(tx_now(tx)));
    if (r > 0)
        tx_wake(tx);
    return r < 0 ? r : 0;
}

int work_find(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid, struct work *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, &WORK_FIND, I(app_rid), I(kind), I(object_rid));
    if (r > 0)
        *ret = work_row(tx, &query);
    query_close(&query);
    return r;
}

int work_due_lane(struct tx *tx, int64_t app_rid, enum work_lane lane, int64_t now, struct work *ret, int limit)
{
    struct query query;
    int r = tx_query(tx, &query, &WORK_DUE_LANE, I(app_rid), I(lane), I(now), I(limit));
    int count = 0;
    while (r >= 0 && (r = query_next(&query)) > 0)
        ret[count++] = work_row(tx, &query);
    return r < 0 ? r : count;
}

int work_expands(struct tx *tx, int64_t app_rid)
{
    int64_t one = 0;
    return tx_get_int(tx, &one, &WORK_EXPANDS, I(app_rid), I(LANE_EXPAND_URGENT));
}

int work_takes_away(struct tx *tx, int64_t app_rid)
{
    int64_t one = 0;
    return tx_get_int(tx, &one, &WORK_TAKES_AWAY, I(app_rid), I(WORK_EXPAND_GROUP_UNASSIGNED), I(WORK_EXPAND_USER));
}

int work_due(struct tx *tx, int64_t app_rid, enum work_class class, int64_t now, struct work *ret, int limit)
{
    int count = 0;
    for (int lane = 0; lane < LANE_COUNT && count < limit; lane++) {
        if (lane_class((enum work_lane)lane) != class)
            continue;
        int r = work_due_lane(tx, app_rid, (enum work_lane)lane, now, ret + count, limit - count);
        if (r < 0)
            return r;
        count += r;
    }
    return count;
}

int work_next_due_after(struct tx *tx, int64_t now, int64_t *ret_due)
{
    return tx_get_int(tx, ret_due, &WORK_NEXT_DUE_AFTER, I(now));
}

/* A row put off before the clock was set back would wait for as long as the step was; it waits for the cap at most. */
static int64_t clamp_due(const struct tx *tx, int64_t due)
{
    return MIN_OF(due, tx_now(tx) + LIMIT_BACKOFF_MAX_MS);
}

int work_next_due(struct tx *tx, int64_t *ret_due)
{
    int64_t due = 0;
    int r = tx_get_int(tx, &due, &WORK_NEXT_DUE, NO_BINDS);
    if (r > 0)
        *ret_due = clamp_due(tx, due);
    return r;
}

/* The earliest due time over one app (0: of none). 1, or 0: nothing is due; `ret` untouched. */
static int work_next_due_of_app(struct tx *tx, int64_t app_rid, int64_t *ret_due)
{
    int found = 0;
    int64_t earliest = 0;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        int64_t due = 0;
        int r = tx_get_int(tx, &due, &WORK_NEXT_DUE_OF_LANE, I(app_rid), I(lane));
        if (r < 0)
            return r;
        if (r > 0 && (!found || due < earliest))
            earliest = due;
        found |= r;
    }
    if (found)
        *ret_due = clamp_due(tx, earliest);
    return found;
}

int work_apps_due(struct tx *tx, int64_t now, int64_t after, int64_t *ret, int limit)
{
    if (tx_is_writing(tx) && after < 0) {
        int r = tx_exec(tx, &WORK_CLAMP, I(now + LIMIT_BACKOFF_MAX_MS));
        if (r < 0)
            return r;
    }
    int count = 0;
    while (count < limit) {
        int64_t app_rid = 0;
        int r = tx_get_int(tx, &app_rid, &WORK_NEXT_APP, I(after));
        if (r <= 0)
            return r < 0 ? r : count;
        int64_t due = 0;
        r = work_next_due_of_app(tx, app_rid, &due);
        if (r < 0)
            return r;
        if (r > 0 && due <= now)
            ret[count++] = app_rid;
        after = app_rid;
    }
    return count;
}

int work_done(struct tx *tx, int64_t rid, int64_t version)
{
    int r = tx_exec(tx, &WORK_DONE, I(rid), I(version));
    if (r != 0)
        return r;
    r = tx_exec(tx, &WORK_KEEP, I(rid), I(version));
    if (r < 0)
        return r;
    return r == 0;
}

/* What changes one row: whether it is still there does not matter. */
static int ignore_count(int r)
{
    return r < 0 ? r : 0;
}

int work_defer(struct tx *tx, int64_t rid, int64_t due)
{
    return ignore_count(tx_exec(tx, &WORK_DEFER, I(rid), I(due)));
}

int work_reclass(struct tx *tx, const struct work *work, enum work_class class)
{
    int r = tx_exec(tx, &WORK_RECLASS, I(work->rid), I(class), I(lane_of(work->kind, class)), I(tx_now(tx)),
                    I(work->version));
    return r < 0 ? r : 0;
}

int work_fail(struct tx *tx, const struct work *work, const struct work_failure *failure)
{
    int r = tx_exec(tx, &WORK_FAIL, I(work->rid), I(failure->due), I(failure->held), T(failure->error_class),
                    T(failure->error), I(work->version), T(failure->words), I(failure->status), I(tx_now(tx)));
    if (r != 0)
        return r < 0 ? r : 0;
    return work_defer(tx, work->rid, tx_now(tx)); /* what was asked for is not what failed */
}

int work_advance(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid, int64_t since)
{
    int r = tx_exec(tx, &WORK_ADVANCE, I(app_rid), I(kind), I(object_rid), I(since));
    return r < 0 ? r : 0;
}

int work_hasten(struct tx *tx)
{
    return tx_exec(tx, &WORK_HASTEN_ALL, I(tx_now(tx)));
}

int work_hasten_app(struct tx *tx, int64_t app_rid)
{
    int total = 0;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        int r = tx_exec(tx, &WORK_HASTEN, I(app_rid), I(lane), I(tx_now(tx)));
        if (r < 0)
            return r;
        total += r;
    }
    return total;
}

int work_set_cursor(struct tx *tx, int64_t rid, int64_t cursor)
{
    return ignore_count(tx_exec(tx, &WORK_SET_CURSOR, I(rid), I(cursor)));
}

int work_delete_app(struct tx *tx, int64_t app_rid)
{
    return ignore_count(tx_exec(tx, &WORK_DELETE_APP, I(app_rid)));
}

int work_delete(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid)
{
    return ignore_count(tx_exec(tx, &WORK_DELETE, I(app_rid), I(kind), I(object_rid)));
}

static int retry_app(struct tx *tx, int64_t app_rid)
{
    int count = tx_exec(tx, &WORK_RETRY_FAILED, I(app_rid), I(tx_now(tx)));
    for (int lane = WORK_URGENT; count >= 0 && lane <= WORK_BULK; lane++) {
        int r = tx_exec(tx, &WORK_HASTEN, I(app_rid), I(lane), I(tx_now(tx)));
        count = r < 0 ? r : count + r;
    }
    return count;
}

static int retry_all(struct tx *tx)
{
    int count = tx_exec(tx, &WORK_RETRY_FAILED_ALL, I(tx_now(tx)));
    if (count < 0)
        return count;
    int r = tx_exec(tx, &WORK_HASTEN_ALL, I(tx_now(tx)));
    return r < 0 ? r : count + r;
}

int work_retry(struct tx *tx, int64_t app_rid)
{
    int count = app_rid ? retry_app(tx, app_rid) : retry_all(tx);
    if (count > 0)
        tx_wake(tx);
    return count;
}

static int count_add(struct query *query, struct work_counts *counts)
{
    int r = query_next(query);
    if (r > 0) {
        counts->pending += query_int(query, 0) - query_int(query, 1);
        counts->failed += query_int(query, 1);
    }
    query_close(query);
    return r;
}

int work_count(struct tx *tx, int64_t app_rid, int64_t until, struct work_counts *ret)
{
    struct work_counts counts = {0};
    struct query query;
    int r = tx_query(tx, &query, &WORK_COUNT, I(app_rid), I(until));
    if (r == 0)
        r = count_add(&query, &counts);
    if (r >= 0 && app_rid) { /* expansions of no app may yet write rows of this one */
        r = tx_query(tx, &query, &WORK_COUNT, I(0), I(until));
        if (r == 0)
            r = count_add(&query, &counts);
    }
    if (r < 0)
        return r;
    *ret = counts;
    return 0;
}

int work_each_failed(struct tx *tx, int64_t app_rid, int limit, int (*each)(const struct work *, void *), void *data)
{
    struct query query;
    int r = app_rid ? tx_query(tx, &query, &WORK_FAILED, I(app_rid), I(limit))
                    : tx_query(tx, &query, &WORK_FAILED_ALL, I(limit));
    if (r < 0)
        return r;
    while ((r = query_next(&query)) > 0) {
        struct work work = work_row(tx, &query);
        r = each(&work, data);
        if (r < 0)
            break;
    }
    query_close(&query);
    return r;
}

int work_failures(struct tx *tx, int look, struct work_failures *ret, int limit, int64_t *ret_looked)
{
    struct query query;
    int count = 0;
    int64_t looked = 0;
    int r = tx_query(tx, &query, &WORK_FAILURES, I(look));
    while (r >= 0 && (r = query_next(&query)) > 0) {
        struct work_failures row = {.app_rid = query_int(&query, 0),
                                    .kind = (enum work_kind)query_int(&query, 1),
                                    .error_class = query_text(&query, 2),
                                    .count = query_int(&query, 3),
                                    .held = query_int(&query, 4),
                                    .since = query_int(&query, 5)};
        looked += row.count;
        if ((row.kind != WORK_ACCOUNT && row.kind != WORK_GROUP) || !row.error_class ||
            str_eq(row.error_class, "HELD") || count == limit)
            continue;
        row.error_class = arena_strdup(tx_arena(tx), row.error_class);
        ret[count++] = row;
    }
    *ret_looked = looked;
    return r < 0 ? r : count;
}
