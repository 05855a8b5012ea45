/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of the simulated process: SQLite's memory VFS, which all connections of this program share by name. A run
 * begins with the bytes of a migrated template. They are written below SQLite, with a change counter of their own in
 * the header, so that the open connection drops its pages and keeps its prepared statements.
 */
#include "sim.h"

#include "engine/engine.h"
#include "record/record.h"

#include <sqlite3.h>

#define DISK_URI "file:/muster-sim?vfs=memdb"
#define CHANGE_COUNTER 24 /* offsets in the header of a database file */
#define CHANGE_COUNTER_COPY 92

static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, &push_room,
                                                 &engine_room, NULL};

struct disk {
    sqlite3 *anchor; /* keeps the bytes while nobody else has them open; the oracle reads through it */
    struct store *store;
    struct store_options options;
    unsigned char *template;
    sqlite3_int64 template_bytes;
    uint32_t resets;
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

/* What stands below SQLite, as the VFS sees it. */
static sqlite3_file *bytes(struct disk *disk)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(disk->anchor, "main", SQLITE_FCNTL_FILE_POINTER, &file) || !file)
        give_up("cannot reach the bytes", sqlite3_errmsg(disk->anchor));
    return file;
}

struct disk *disk_new(const struct env *env)
{
    struct disk *disk = NEW(struct disk);
    /* One thread, nobody who asks for statistics, small allocations without malloc: a fifth of the time. */
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) || sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 500))
        give_up("cannot configure SQLite", "it is in use");
    disk->options = (struct store_options){
        .path = DISK_URI, .env = env, .rooms = rooms, .on_commit = store_committed, .on_commit_data = disk};
    if (sqlite3_open_v2(DISK_URI, &disk->anchor, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL))
        give_up("cannot open the anchor", sqlite3_errmsg(disk->anchor));
    /* Each commit copies the pages that it wrote: small ones, before the store asks for its own. */
    if (sqlite3_exec(disk->anchor, "PRAGMA page_size=1024; CREATE TABLE small (pages); DROP TABLE small", NULL, NULL,
                     NULL))
        give_up("cannot make the pages small", sqlite3_errmsg(disk->anchor));
    open_store(disk);
    sqlite3_file *file = bytes(disk);
    if (file->pMethods->xFileSize(file, &disk->template_bytes))
        give_up("cannot copy the template", "no size");
    disk->template = mem_new((size_t)disk->template_bytes);
    if (file->pMethods->xRead(file, disk->template, (int)disk->template_bytes, 0))
        give_up("cannot copy the template", "the memory VFS refused");
    return disk;
}

struct disk *disk_free(struct disk *disk)
{
    store_close(disk->store);
    (void)sqlite3_close(disk->anchor);
    free(disk->template);
    free(disk);
    return NULL;
}

static void put_number(unsigned char *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(number >> (24 - 8 * i));
}

void disk_reset(struct disk *disk)
{
    sqlite3_file *file = bytes(disk);
    disk->resets++;
    put_number(disk->template + CHANGE_COUNTER, disk->resets << 16);
    put_number(disk->template + CHANGE_COUNTER_COPY, disk->resets << 16);
    if (file->pMethods->xWrite(file, disk->template, (int)disk->template_bytes, 0) ||
        file->pMethods->xTruncate(file, disk->template_bytes))
        give_up("cannot write the template", "the memory VFS refused");
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
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(disk->anchor, sql, -1, &statement, NULL))
        give_up("cannot ask the store", sqlite3_errmsg(disk->anchor));
    int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    return number;
}

void disk_on_commit(struct disk *disk, void (*on_commit)(void *data, bool wake), void *data)
{
    disk->on_commit = on_commit;
    disk->on_commit_data = data;
}
