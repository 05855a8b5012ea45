/* SPDX-License-Identifier: Apache-2.0 */
/* Each room's numbered migrations, applied in room order, each in the same transaction as the note that it was applied.
 */
#include "store/store_private.h"

/* Marks the file as ours in the SQLite header ("Mstr"). */
#define APPLICATION_ID 0x4d737472

static const char bootstrap[] = "CREATE TABLE IF NOT EXISTS store_schema ("
                                " room TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (room, number));"
                                "CREATE TABLE IF NOT EXISTS store_counter ("
                                " name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
                                "INSERT INTO store_counter (name, value) VALUES ('change', 0)"
                                " ON CONFLICT (name) DO NOTHING;";

static int get_number(struct handle *c, const char *text, const char *room, int64_t *ret)
{
    sqlite3_stmt *statement = NULL;
    int r = sqlite3_prepare_v2(c->db, text, -1, &statement, NULL);
    if (r != SQLITE_OK)
        return handle_error(r);
    if (room)
        (void)sqlite3_bind_text(statement, 1, room, -1, SQLITE_STATIC);
    r = sqlite3_step(statement);
    if (r == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return handle_error(r);
}

static int check_is_ours(struct handle *c, char *ret_why, size_t why_size)
{
    int64_t application = 0;
    int64_t tables = 0;
    int r = get_number(c, "PRAGMA application_id", NULL, &application);
    if (r == 0)
        r = get_number(c, "SELECT count(*) FROM sqlite_master", NULL, &tables);
    if (r == 0 && tables > 0 && application != APPLICATION_ID) {
        (void)snprintf(ret_why, why_size, "the file is a database of another program; choose another data directory");
        r = ERR_CORRUPT;
    }
    return r;
}

static int migrate_room(struct handle *c, const struct store_room *room, bool read_only, char *ret_why, size_t why_size)
{
    int64_t have = 0;
    int r = get_number(c, "SELECT coalesce(max(number), 0) FROM store_schema WHERE room = $1", room->name, &have);
    if (r < 0)
        return r;
    if (have > (int64_t)room->migration_count) {
        (void)snprintf(
            ret_why, why_size,
            "the store was written by a newer version (%s schema %lld, this program knows %zu); use that version",
            room->name, (long long)have, room->migration_count);
        return ERR_CORRUPT;
    }
    if (read_only && have < (int64_t)room->migration_count) {
        (void)snprintf(ret_why, why_size, "the store must be upgraded first: start `muster serve` on it once");
        return ERR_UNSUPPORTED;
    }
    for (size_t i = (size_t)have; i < room->migration_count; i++) {
        assert(room->migrations[i].number == (int)i + 1);
        char *note = sqlite3_mprintf("INSERT INTO store_schema (room, number) VALUES (%Q, %d)", room->name,
                                     room->migrations[i].number);
        if (!note)
            return ERR_NOMEM;
        r = handle_run(c, room->migrations[i].sql);
        if (r == 0)
            r = handle_run(c, note);
        sqlite3_free(note);
        if (r < 0) {
            (void)snprintf(ret_why, why_size, "migration %d of %s failed: %s", room->migrations[i].number, room->name,
                           sqlite3_errmsg(c->db));
            return r;
        }
    }
    return 0;
}

int migrate(struct handle *c, const struct store_room *const *rooms, bool read_only, char *ret_why, size_t why_size)
{
    int r = check_is_ours(c, ret_why, why_size);
    if (r < 0)
        return r;
    r = handle_run(c, "BEGIN IMMEDIATE");
    if (r < 0)
        return r;
    if (!read_only) {
        char mark[64];
        (void)snprintf(mark, sizeof(mark), "PRAGMA application_id=%d", APPLICATION_ID);
        r = handle_run(c, mark);
        if (r == 0)
            r = handle_run(c, bootstrap);
    }
    for (size_t i = 0; r == 0 && rooms[i]; i++)
        r = migrate_room(c, rooms[i], read_only, ret_why, why_size);
    if (r == 0)
        return handle_run(c, "COMMIT");
    handle_rollback(c);
    return r;
}
