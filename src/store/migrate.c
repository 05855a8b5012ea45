/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each room's numbered migrations, applied in room order, all of a start in one transaction with the notes that they
 * were applied. Of several processes that start at once one migrates, the others wait and find it done.
 */
#include "store/store_private.h"

static const char bootstrap[] = "CREATE TABLE IF NOT EXISTS store_schema ("
                                " room TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (room, number));"
                                "CREATE TABLE IF NOT EXISTS store_counter ("
                                " name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
                                "INSERT INTO store_counter (name, value) VALUES ('change', 0)"
                                " ON CONFLICT (name) DO NOTHING;";

static const struct migration own_migrations[] = {
    {1, "ALTER TABLE store_schema ADD COLUMN serves BIGINT NOT NULL DEFAULT 0;"
        "CREATE TABLE store_batch (id TEXT PRIMARY KEY, made BIGINT NOT NULL);"
        "CREATE TABLE store_state (name TEXT PRIMARY KEY, value TEXT NOT NULL);"},
};
static const struct store_room own_room = {
    .name = "store", .migrations = own_migrations, .migration_count = ARRAY_LEN(own_migrations)};

static int get_number(struct tx *tx, const char *text, const char *room, int64_t *ret)
{
    struct query query;
    int r = tx_query_text(tx, &query, text, BINDS_(T(room)));
    if (r == 0)
        r = query_next(&query);
    if (r > 0)
        *ret = query_int(&query, 0);
    query_close(&query);
    return r < 0 ? r : 0;
}

/* The schema is newer than the program: does it say that it serves this one all the same? */
static int accept_newer(struct tx *tx, const struct store_room *room, int64_t have, char *ret_why, size_t why_size)
{
    int64_t serves = 0;
    int r = get_number(tx,
                       "SELECT coalesce(max(CASE WHEN serves = 0 THEN number ELSE serves END), 0)"
                       " FROM store_schema WHERE room = $1",
                       room->name, &serves);
    if (r < 0 || serves <= (int64_t)room->migration_count)
        return r;
    (void)snprintf(ret_why, why_size,
                   "the store was written by a newer version (%s schema %lld, this program knows %zu, and the oldest "
                   "that it serves knows %lld); use that version",
                   room->name, (long long)have, room->migration_count, (long long)serves);
    return ERR_CORRUPT;
}

static int apply(struct tx *tx, const struct store_room *room, const struct migration *migration)
{
    struct handle *c = tx->handle;
    char *text = dialect_migration(c->backend->dialect, migration->sql);
    int r = c->backend->script(c, text);
    free(text);
    if (r < 0)
        return r;
    struct query query;
    r = tx_query_text(tx, &query, "INSERT INTO store_schema (room, number) VALUES ($1, $2)",
                      BINDS_(T(room->name), I(migration->number)));
    if (r == 0)
        r = query_next(&query);
    /* The column is there from the first migration of the store itself on. */
    if (r < 0 || !migration->serves)
        return r;
    r = tx_query_text(tx, &query, "UPDATE store_schema SET serves = $3 WHERE room = $1 AND number = $2",
                      BINDS_(T(room->name), I(migration->number), I(migration->serves)));
    return r < 0 ? r : query_next(&query);
}

static int migrate_room(struct tx *tx, const struct store_room *room, char *ret_why, size_t why_size)
{
    int64_t have = 0;
    int r = get_number(tx, "SELECT coalesce(max(number), 0) FROM store_schema WHERE room = $1", room->name, &have);
    if (r < 0)
        return r;
    if (have > (int64_t)room->migration_count)
        return accept_newer(tx, room, have, ret_why, why_size);
    if (tx->handle->options->read_only && have < (int64_t)room->migration_count) {
        (void)snprintf(ret_why, why_size, "the store must be upgraded first: start `muster serve` on it once");
        return ERR_UNSUPPORTED;
    }
    for (size_t i = (size_t)have; i < room->migration_count; i++) {
        assert(room->migrations[i].number == (int)i + 1);
        r = apply(tx, room, &room->migrations[i]);
        if (r < 0) {
            (void)snprintf(ret_why, why_size, "migration %d of %s failed: %s", room->migrations[i].number, room->name,
                           tx_error(tx));
            return r;
        }
    }
    return 0;
}

/* A copy that did not end is no store yet. */
static int refuse_unfinished(struct tx *tx, char *ret_why, size_t why_size)
{
    struct query query;
    int r = tx_query_text(tx, &query, "SELECT value FROM store_state WHERE name = $1", BINDS_(T("unfinished")));
    if (r == 0)
        r = query_next(&query);
    if (r > 0) {
        (void)snprintf(ret_why, why_size,
                       "this store is an unfinished copy (%s): the copy was interrupted; empty this place and run "
                       "`muster migrate` again",
                       query_text(&query, 0));
        r = ERR_CORRUPT;
    }
    query_close(&query);
    return r;
}

static int migrate_rooms(struct tx *tx, const struct store_room *const *rooms, char *ret_why, size_t why_size)
{
    int r = 0;
    struct handle *c = tx->handle;
    if (!c->options->read_only) {
        char *text = dialect_migration(c->backend->dialect, bootstrap);
        r = c->backend->script(c, text);
        free(text);
        if (r == 0 && dialect_bootstrap(c->backend->dialect))
            r = c->backend->script(c, dialect_bootstrap(c->backend->dialect));
    }
    if (r == 0)
        r = migrate_room(tx, &own_room, ret_why, why_size);
    for (size_t i = 0; r == 0 && rooms[i]; i++)
        r = migrate_room(tx, rooms[i], ret_why, why_size);
    if (r < 0)
        return r;
    if (!c->options->unfinished)
        return refuse_unfinished(tx, ret_why, why_size);
    struct query query;
    r = tx_query_text(tx, &query, "INSERT INTO store_state (name, value) VALUES ($1, $2)",
                      BINDS_(T("unfinished"), T(c->options->unfinished)));
    return r < 0 ? r : query_next(&query);
}

int migrate(struct handle *c, const struct store_room *const *rooms, char *ret_why, size_t why_size)
{
    int r = c->backend->lock_schema(c);
    if (r < 0)
        return r;
    r = c->backend->inspect(c, ret_why, why_size);
    if (r == 0 && c->options->read_only) {
        (void)snprintf(ret_why, why_size, "there is no store yet; `muster serve` makes one");
        r = ERR_NOT_FOUND;
    }
    if (r >= 0)
        r = c->backend->frame(c, FRAME_BEGIN_WRITE);
    if (r == 0) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        struct tx tx = {.handle = c, .arena = arena, .writing = true};
        r = migrate_rooms(&tx, rooms, ret_why, why_size);
        if (r == 0)
            r = c->backend->commit(c, &(struct commit){.batch = NULL});
        if (r < 0 && !ret_why[0])
            (void)snprintf(ret_why, why_size, "the schema cannot be brought up to date: %s", tx_error(&tx));
        if (r < 0)
            c->backend->rollback(c);
    }
    c->backend->unlock_schema(c);
    return r;
}
