/* SPDX-License-Identifier: Apache-2.0 */
/* Intents: writes that were handed out and not answered. And the tables of this room. */
#include "engine/engine.h"
#include "engine/inner.h"

#include "base/jout.h"

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
    {2, "DROP TABLE lease;" /* an app's; now of rate groups */
        "CREATE TABLE leases ("
        " rate_group TEXT PRIMARY KEY,"
        " holder TEXT NOT NULL," /* the process: nodes.instance */
        " node TEXT NOT NULL,"
        " epoch BIGINT NOT NULL,"
        " taken BIGINT NOT NULL,"
        " expires BIGINT NOT NULL);" /* by the database's clock */
        "CREATE INDEX leases_expires ON leases (expires, rate_group);"
        "CREATE INDEX leases_holder ON leases (holder, rate_group);"
        "CREATE TABLE nodes ("
        " name TEXT PRIMARY KEY,"
        " instance TEXT NOT NULL,"
        " version TEXT NOT NULL,"
        " started BIGINT NOT NULL,"
        " seen BIGINT NOT NULL,"
        " expires BIGINT NOT NULL);"
        "ALTER TABLE intent ADD COLUMN node TEXT;"}, /* that handed it out; NULL: from before there were several */
};

SQL(RETRY_ASK, "INSERT INTO retry_asked (app_rid, asked) VALUES ($1, $2)"
               " ON CONFLICT (app_rid) DO UPDATE SET asked = excluded.asked");
SQL(RETRY_ASKED, "SELECT asked FROM retry_asked WHERE app_rid = $1");
SQL(RETRY_DELETE, "DELETE FROM retry_asked WHERE app_rid = $1");
SQL(QUARANTINE_FORGET, "DELETE FROM quarantine WHERE app_rid = $1");
SQL(TRAITS_DELETE, "DELETE FROM target_traits WHERE app_rid = $1");
SQL(INTENT_ADD, "INSERT INTO intent (app_rid, work_kind, object_rid, request_kind, epoch, deadline, detail, node)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING rid");
SQL(INTENT_DELETE, "DELETE FROM intent WHERE rid = $1");
SQL(INTENT_FIND, "SELECT rid, request_kind, epoch, detail, deadline, node FROM intent"
                 " WHERE app_rid = $1 AND work_kind = $2 AND object_rid = $3 ORDER BY rid LIMIT 1");
SQL(INTENT_DELETE_OBJECT, "DELETE FROM intent WHERE app_rid = $1 AND work_kind = $2 AND object_rid = $3");
SQL(INTENT_DELETE_APP, "DELETE FROM intent WHERE app_rid = $1");

static int engine_react(struct tx *tx, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_APP_DELETED: {
        int r = tx_exec(tx, &INTENT_DELETE_APP, I(change->subject));
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

int engine_check_account(struct tx *tx, const struct account *account)
{
    struct work work = {.app_rid = account->app_rid, .kind = WORK_ACCOUNT, .object_rid = account->rid};
    struct intent open;
    int64_t rid = 0;
    if (!account->external_id)
        return 0;
    int r = intent_find(tx, work.app_rid, work.kind, work.object_rid, &open);
    if (r == 0) /* one that is open is read back anyway */
        r = intent_add(tx, &work, REQUEST_READ_USER, &(struct intent){0}, &rid);
    return r < 0 ? r : work_add(tx, work.app_rid, WORK_ACCOUNT, work.object_rid, WORK_FRESH);
}

const struct store_room engine_room = {
    .name = "engine", .migrations = migrations, .migration_count = ARRAY_LEN(migrations), .react = engine_react};

int lease_retry_asked(struct tx *tx, int64_t app_rid, int64_t *ret_ms)
{
    return tx_get_int(tx, ret_ms, &RETRY_ASKED, I(app_rid));
}

const char *intent_detail(struct tx *tx, enum request_kind kind, const struct flight *details)
{
    if (kind == REQUEST_CREATE_USER || kind == REQUEST_CREATE_GROUP)
        return details->name;
    if (kind == REQUEST_UPDATE_USER)
        return details->active == 0 ? INTENT_DEACTIVATES : NULL;
    if (details->member_count == 0)
        return NULL;
    struct buf text;
    buf_init(&text, LIMIT_INTENT_BYTES);
    struct jout out;
    jout_init(&out, &text);
    jout_array(&out, NULL);
    for (size_t i = 0; i < details->member_count; i++) {
        const struct flight_member *member = &details->members[i];
        jout_object(&out, NULL);
        jout_int(&out, "rid", member->rid);
        jout_int(&out, "user", member->user_rid);
        jout_int(&out, "version", member->version);
        jout_str(&out, "id", member->external_id);
        jout_bool(&out, "add", member->add);
        jout_end(&out);
    }
    jout_end(&out);
    assert(!text.overflowed); /* collect() bounds it */
    const char *detail = arena_strndup(tx_arena(tx), buf_text(&text), text.len);
    buf_free(&text);
    return detail;
}

int intent_add(struct tx *tx, const struct work *work, enum request_kind kind, const struct intent *intent,
               int64_t *ret_rid)
{
    int r = tx_get_int(tx, ret_rid, &INTENT_ADD, I(work->app_rid), I(work->kind), I(work->object_rid), I(kind),
                       I(intent->epoch), I(intent->deadline), T(intent->detail), T(intent->node));
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
    int r = tx_query_row(tx, &query, &INTENT_FIND, I(app_rid), I(kind), I(object_rid));
    if (r > 0)
        *ret = (struct intent){.rid = query_int(&query, 0),
                               .kind = (enum request_kind)query_int(&query, 1),
                               .epoch = query_int(&query, 2),
                               .detail = arena_strdup(tx_arena(tx), query_text(&query, 3)),
                               .deadline = query_int(&query, 4),
                               .node = arena_strdup(tx_arena(tx), query_text(&query, 5))};
    query_close(&query);
    return r;
}

bool may_lag(int64_t asked, int64_t now)
{
    return asked <= now && now < asked + LIMIT_READ_LAG_MS; /* in the future: the clock was set back, nobody knows */
}

int intent_delete_object(struct tx *tx, int64_t app_rid, enum work_kind kind, int64_t object_rid)
{
    int r = tx_exec(tx, &INTENT_DELETE_OBJECT, I(app_rid), I(kind), I(object_rid));
    return r < 0 ? r : 0;
}
