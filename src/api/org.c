/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of this room, and the one row that says which organisation this store belongs to. */
#include "api/inner.h"

static const struct migration migrations[] = {
    {.number = 1,
     .sql = "CREATE TABLE org ("
            " rid INTEGER PRIMARY KEY,"
            " id TEXT NOT NULL UNIQUE,"
            " cursor_key BLOB NOT NULL," /* what page cursors are authenticated with; guards no secret */
            " created BIGINT NOT NULL);"
            "CREATE TABLE api_replay ("
            " rid INTEGER PRIMARY KEY,"
            " token_id TEXT NOT NULL,"
            " key_hash BLOB NOT NULL,"
            " request_hash BLOB NOT NULL,"
            " created BIGINT NOT NULL,"
            " status INTEGER NOT NULL," /* 0: the answer showed a secret and was not kept */
            " headers TEXT,"
            " body BLOB,"
            " UNIQUE (token_id, key_hash));"
            "CREATE INDEX api_replay_created ON api_replay (created);"},
};

const struct store_room api_room = {
    .name = "api",
    .migrations = migrations,
    .migration_count = ARRAY_LEN(migrations),
};

SQL(ORG_READ, "SELECT id, cursor_key, created FROM org WHERE rid = 1");
SQL(ORG_INSERT, "INSERT INTO org (rid, id, cursor_key, created) VALUES (1, $1, $2, $3)");

static int read_org(struct tx *tx, struct api *api)
{
    struct query query;
    int r = tx_query_row(tx, &query, &ORG_READ, NO_BINDS);
    if (r <= 0)
        return r;
    size_t n;
    const void *key = query_blob(&query, 1, &n);
    const char *id = query_text(&query, 0);
    if (n == CURSOR_KEY_BYTES && id_is_valid(id, "00o")) {
        memcpy(api->cursor_key, key, n);
        memcpy(api->org_id, id, ID_BYTES);
        api->org_created = query_int(&query, 2);
    } else {
        r = ERR_CORRUPT;
    }
    query_close(&query);
    return r;
}

int org_load(struct tx *tx, void *arg)
{
    struct api *api = arg;
    int r = read_org(tx, api);
    if (r != 0)
        return MIN_OF(r, 0);
    const struct env *env = tx_env(tx);
    env->fill_random(env->data, api->cursor_key, sizeof(api->cursor_key));
    r = tx_exec(tx, &ORG_INSERT, T(tx_id(tx, "00o")), B(api->cursor_key, sizeof(api->cursor_key)), I(tx_now(tx)));
    if (r < 0)
        return r;
    r = read_org(tx, api);
    return MIN_OF(r, 0);
}

int org_check(struct tx *tx)
{
    struct query query;
    int r = tx_query_row(tx, &query, &ORG_READ, NO_BINDS);
    query_close(&query);
    return r == 0 ? ERR_CORRUPT : MIN_OF(r, 0);
}
