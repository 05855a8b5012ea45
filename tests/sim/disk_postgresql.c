/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of the simulated process in PostgreSQL, for the program sim_postgresql: a schema in the database that
 * MUSTER_TEST_DATABASE names. A run begins with empty tables and what the migrations put there.
 */
#include "sim.h"

#include "../unit/database.h"

#include "engine/engine.h"
#include "record/record.h"

#include <unistd.h>

#define SQL_BYTES (256 * 1024)

static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, &push_room,
                                                 &engine_room, NULL};

struct disk {
    PGconn *conn; /* beside the store: resets it, and the oracle reads through it */
    struct store *store;
    struct store_options options;
    char location[512];
    struct buf reset; /* the statements that do it */
    void (*on_commit)(void *data, bool wake);
    void *on_commit_data;
};

static void store_committed(void *data, bool wake)
{
    struct disk *disk = data;
    if (disk->on_commit)
        disk->on_commit(disk->on_commit_data, wake);
}

static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "sim: %s: %s\n", what, why);
    exit(2);
}

static void open_store(struct disk *disk)
{
    char why[256] = "";
    if (store_open(&disk->store, &disk->options, why, sizeof(why)) < 0)
        give_up("cannot open the store", why);
}

static PGresult *ask(struct disk *disk, const char *sql)
{
    PGresult *result = PQexec(disk->conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        give_up(sql, PQerrorMessage(disk->conn));
    return result;
}

/* Keeps what the migrations wrote in tables beside, and writes down how everything becomes as it is now. */
static void take_template(struct disk *disk)
{
    static const char names[] =
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname NOT LIKE 'store!_%' ESCAPE "
        "'!' AND relnamespace = CAST(current_schema() AS regnamespace) ORDER BY oid";
    PGresult *tables = ask(disk, names);
    buf_init(&disk->reset, SQL_BYTES);
    buf_str(&disk->reset, "TRUNCATE store_batch"); /* what a crash leaves: the next run has the same ids */
    for (int i = 0; i < PQntuples(tables); i++)
        buf_printf(&disk->reset, ", %s", PQgetvalue(tables, i, 0));
    buf_str(&disk->reset, " RESTART IDENTITY CASCADE; SELECT setval('store_change', 1, false)");
    for (int i = 0; i < PQntuples(tables); i++) {
        char sql[512];
        const char *table = PQgetvalue(tables, i, 0);
        (void)snprintf(sql, sizeof(sql), "SELECT 1 FROM %s LIMIT 1", table);
        PGresult *rows = ask(disk, sql);
        if (PQntuples(rows)) {
            (void)snprintf(sql, sizeof(sql), "CREATE TEMPORARY TABLE template_%s AS TABLE %s", table, table);
            PQclear(ask(disk, sql));
            buf_printf(&disk->reset, "; INSERT INTO %s SELECT * FROM template_%s", table, table);
        }
        PQclear(rows);
    }
    PQclear(tables);
}

struct disk *disk_new(const struct env *env)
{
    char name[64];
    struct disk *disk = NEW(struct disk);
    if (!test_on_postgresql())
        give_up("MUSTER_TEST_DATABASE", "names no database");
    (void)snprintf(name, sizeof(name), "sim %d", (int)getpid());
    (void)snprintf(disk->location, sizeof(disk->location), "%s", test_location(name));
    disk->options = (struct store_options){
        .path = disk->location, .env = env, .rooms = rooms, .on_commit = store_committed, .on_commit_data = disk};
    disk->conn = PQconnectdb(disk->location);
    PQclear(ask(disk, "SET client_min_messages = warning"));
    open_store(disk);
    take_template(disk);
    return disk;
}

struct disk *disk_free(struct disk *disk)
{
    store_close(disk->store);
    PQfinish(disk->conn);
    buf_free(&disk->reset);
    free(disk);
    return NULL;
}

void disk_reset(struct disk *disk)
{
    PQclear(ask(disk, buf_text(&disk->reset)));
}

struct store *disk_store(struct disk *disk)
{
    return disk->store;
}

void disk_reopen(struct disk *disk)
{
    store_close(disk->store);
    open_store(disk);
}

int64_t disk_number(struct disk *disk, const char *sql)
{
    PGresult *result = ask(disk, sql);
    int64_t number = PQntuples(result) ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    return number;
}

void disk_on_commit(struct disk *disk, void (*on_commit)(void *data, bool wake), void *data)
{
    disk->on_commit = on_commit;
    disk->on_commit_data = data;
}
