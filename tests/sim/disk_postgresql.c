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

static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, &push_room,
                                                 &engine_room, NULL};

struct disk {
    PGconn *conn; /* beside the store: resets it, and the oracle reads through it */
    struct store *store;
    struct store_options options;
    char location[512];
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
    open_store(disk);
    test_keep(disk->conn);
    return disk;
}

struct disk *disk_free(struct disk *disk)
{
    store_close(disk->store);
    PQfinish(disk->conn);
    free(disk);
    return NULL;
}

void disk_reset(struct disk *disk)
{
    test_reset(disk->conn);
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
