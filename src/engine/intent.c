/* SPDX-License-Identifier: Apache-2.0 */
/* Leases (who may send for an app) and intents (writes that were handed out and not answered). */
#include "engine/engine.h"
#include "engine/inner.h"

static const struct migration migrations[] = {
    {1, "CREATE TABLE lease ("
        " app_rid BIGINT PRIMARY KEY,"
        " holder TEXT NOT NULL,"
        " epoch BIGINT NOT NULL,"
        " taken BIGINT NOT NULL);"
        "CREATE TABLE retry_asked (app_rid BIGINT PRIMARY KEY, asked BIGINT NOT NULL);"
        "CREATE TABLE quarantine ("
        " app_rid BIGINT PRIMARY KEY,"
        " error_class TEXT NOT NULL,"
        " words TEXT NOT NULL,"
        " since BIGINT NOT NULL,"
        " next_try BIGINT NOT NULL,"
        " failures BIGINT NOT NULL);"
        "CREATE TABLE target_traits ("
        " app_rid BIGINT NOT NULL,"
        " name TEXT NOT NULL,"
        " value BIGINT NOT NULL,"
        " source INTEGER NOT NULL," /* enum trait_source */
        " learned BIGINT NOT NULL,"
        " PRIMARY KEY (app_rid, name));"
        "CREATE TABLE intent ("
        " rid INTEGER PRIMARY KEY,"
        " app_rid BIGINT NOT NULL,"
        " work_kind INTEGER NOT NULL,"
        " object_rid BIGINT NOT NULL,"
        " request_kind INTEGER NOT NULL,"
        " epoch BIGINT NOT NULL,"
        " deadline BIGINT NOT NULL,"
        " detail TEXT);"
        "CREATE INDEX intent_object ON intent (app_rid, work_kind, object_rid, rid);"},
};

SQL(LEASE_TAKE, "INSERT INTO lease (app_rid, holder, epoch, taken) VALUES ($1, $2, 1, $3)"
                " ON CONFLICT (app_rid) DO UPDATE SET holder = excluded.holder, epoch = lease.epoch + 1,"
                " taken = excluded.taken RETURNING epoch");
SQL(LEASE_EPOCH, "SELECT epoch FROM lease WHERE app_rid = $1");
SQL(LEASE_DELETE, "DELETE FROM lease WHERE app_rid = $1");
SQL(RETRY_ASK, "INSERT INTO retry_asked (app_rid, asked) VALUES ($1, $2)"
               " ON CONFLICT (app_rid) DO UPDATE SET asked = excluded.asked");
SQL(RETRY_ASKED, "SELECT asked FROM retry_asked WHERE app_rid = $1");
SQL(RETRY_DELETE, "DELETE FROM retry_asked WHERE app_rid = $1");
SQL(QUARANTINE_FORGET, "DELETE FROM quarantine WHERE app_rid = $1");
SQL(TRAITS_DELETE, "DELETE FROM target_traits WHERE app_rid = $1");
SQL(INTENT_ADD, "INSERT INTO intent (app_rid, work_kind, object_rid, request_kind, epoch, deadline, detail)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING rid");
SQL(INTENT_DELETE, "DELETE FROM intent WHERE rid = $1");
SQL(INTENT_FIND, "SELECT rid, request_kind, epoch, detail FROM intent"
                 " WHERE app_rid = $1 AND work_kind = $2 AND object_rid = $3 ORDER BY rid LIMIT 1");
SQL(INTENT_DELETE_OBJECT, "DELETE FROM intent WHERE app_rid = $1 AND work_kind = $2 AND object_rid = $3");
SQL(INTENT_DELETE_APP, "DELETE FROM intent WHERE app_rid = $1");

static int engine_react(struct tx *tx, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_APP_DELETED: {
        int r = tx_exec(tx, &LEASE_DELETE, I(change->subject));
        if (r >= 0)
            r = tx_exec(tx, &INTENT_DELETE_APP, I(change->subject));
        if (r >= 0)
            r = tx_exec(tx, &RETRY_DELETE, I(change->subject));
        if (r >= 0)
            r = tx_exec(tx, &TRAITS_DELETE, I(change->subject));
        if (r >= 0)
            r = tx_exec(tx, &QUARANTINE_FORGET, I(change->subject));
        return r < 0 ? r : 0;
    }
    case CHANGE_APP_CONNECTION: /* what failed for the old one is tried with the new one at once */
        return engine_retry(tx, change->subject);
    case CHANGE_APP_STATUS: /* a gate may have opened for work that waits */
    case CHANGE_APP_SWITCHES:
    case CHANGE_APP_UPDATED:
        tx_wake(tx);
        return 0;
    default:
        return 0;
    }
}

int engine_retry(struct tx *tx, int64_t app_rid)
{
    int r = tx_exec(tx, &RETRY_ASK, I(app_rid), I(tx_now(tx)));
    if (r >= 0)
        r = work_retry(tx, app_rid);
    tx_wake(tx);
    return r < 0 ? r : 0;
}

const struct store_room engine_room = {
    .name = "engine", .migrations = migrations, .migration_count = ARRAY_LEN(migrations), .react = engine_react};

int lease_take(struct tx *tx, int64_t app_rid, const char *holder, int64_t *ret_epoch)
{
    int r = tx_get_int(tx, ret_epoch, &LEASE_TAKE, I(app_rid), T(holder), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int lease_retry_asked(struct tx *tx, int64_t app_rid, int64_t *ret_ms)
{
    return tx_get_int(tx, ret_ms, &RETRY_ASKED, I(app_rid));
}

int lease_check(struct tx *tx, int64_t app_rid, int64_t epoch)
{
    int64_t current = 0;
    int r = tx_get_int(tx, &current, &LEASE_EPOCH, I(app_rid));
    if (r < 0)
        return r;
    return r == 1 && current == epoch ? 0 : ERR_STALE;
}

int intent_add(struct tx *tx, const struct work *work, enum request_kind kind, int64_t epoch, int64_t deadline,
               const char *detail, int64_t *ret_rid)
{
    int r = tx_get_int(tx, ret_rid, &INTENT_ADD, I(work->app_rid), I(work->kind), I(work->object_rid), I(kind),
                       I(epoch), I(deadline), T(detail));
    return r < 0 ? r : 0;
}

int intent_delete(struct tx *tx, int64_t rid)
{
    int r = tx_exec(tx, &INTENT_DELETE, I(rid));
    return r < 0 ? r : 0;
}

int intent_find(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid, struct intent *ret)
{
    struct query query;
    int r = tx_query(tx, &query, &INTENT_FIND, I(app_rid), I(kind), I(object_rid));
    if (r < 0)
        return r;
    r = query_next(&query);
    if (r > 0)
        *ret = (struct intent){.rid = query_int(&query, 0),
                               .kind = (enum request_kind)query_int(&query, 1),
                               .epoch = query_int(&query, 2),
                               .detail = arena_strdup(tx_arena(tx), query_text(&query, 3))};
    query_close(&query);
    return r;
}

int intent_delete_object(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid)
{
    int r = tx_exec(tx, &INTENT_DELETE_OBJECT, I(app_rid), I(kind), I(object_rid));
    return r < 0 ? r : 0;
}
