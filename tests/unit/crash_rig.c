/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_rig.h"

#include "engine/engine.h"
#include "record/record.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, &push_room,
                                                 &engine_room, NULL};

/* --- the state -----------------------------------------------------------------------------------------------------
 */

static void hash_bytes(uint64_t *hash, const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    for (size_t i = 0; i < n; i++)
        *hash = (*hash ^ from[i]) * 1099511628211ULL; /* FNV-1a */
}

/* Adds the rows that a query gives; how many there were, negative when it failed. */
static int hash_rows(sqlite3 *db, const char *text, uint64_t *hash)
{
    sqlite3_stmt *statement = NULL;
    int rows = 0;
    int r = sqlite3_prepare_v2(db, text, -1, &statement, NULL);
    while (r == SQLITE_OK && (r = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            int type = sqlite3_column_type(statement, i);
            const void *bytes = sqlite3_column_blob(statement, i);
            int n = sqlite3_column_bytes(statement, i);
            hash_bytes(hash, &type, sizeof(type));
            hash_bytes(hash, &n, sizeof(n));
            hash_bytes(hash, bytes, (size_t)n);
        }
        rows++;
        r = SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return r == SQLITE_DONE ? rows : -1;
}

static bool is_sound(sqlite3 *db)
{
    uint64_t ok = 14695981039346656037ULL;
    uint64_t found = ok;
    return hash_rows(db, "SELECT 'ok'", &ok) == 1 && hash_rows(db, "PRAGMA integrity_check", &found) == 1 &&
           found == ok && hash_rows(db, "PRAGMA foreign_key_check", &found) == 0;
}

static bool hash_tables(sqlite3 *db, uint64_t *hash)
{
    sqlite3_stmt *names = NULL;
    int tables = 0;
    bool failed = sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", -1,
                                     &names, NULL) != SQLITE_OK;
    while (!failed && sqlite3_step(names) == SQLITE_ROW) {
        char *text = sqlite3_mprintf("SELECT * FROM \"%w\"", (const char *)sqlite3_column_text(names, 0));
        failed = !text || hash_rows(db, text, hash) < 0;
        sqlite3_free(text);
        tables++;
    }
    (void)sqlite3_finalize(names);
    return !failed && tables > 0;
}

uint64_t rig_state(const struct rig *rig)
{
    uint64_t hash = 14695981039346656037ULL;
    sqlite3 *db = NULL;
    int r = sqlite3_open_v2(rig->options.path, &db, SQLITE_OPEN_READWRITE, NULL);
    bool sound = r == SQLITE_OK && is_sound(db) && hash_tables(db, &hash);
    (void)sqlite3_close(db);
    return sound ? hash : 0;
}

/* --- writing -------------------------------------------------------------------------------------------------------
 */

struct early {
    struct rig *rig;
    tx_fn run;
    void *arg;
};

static int run_and_answer(struct tx *tx, void *arg)
{
    struct early *early = arg;
    int r = early->run(tx, early->arg);
    if (r >= 0)
        early->rig->acknowledged++; /* the caller hears of it here */
    return r;
}

int rig_write(struct rig *rig, tx_fn run, void *arg)
{
    struct early early = {.rig = rig, .run = run, .arg = arg};
    int r = 0;
    if (rig->answers_early) {
        r = store_write_wait(rig->world->store, NULL, run_and_answer, &early);
    } else {
        r = store_write_wait(rig->world->store, NULL, run, arg);
        rig->acknowledged += r >= 0;
    }
    if (rig->noting) {
        assert_true(r >= 0 && rig->noted < RIG_WRITES_MAX);
        rig->states[++rig->noted] = rig_state(rig);
        assert_true(rig->states[rig->noted] != 0);
    }
    return r;
}

/* --- power ---------------------------------------------------------------------------------------------------------
 */

struct store *rig_open(const struct rig *rig)
{
    struct store *store = NULL;
    char why[256];
    return store_open(&store, &rig->options, why, sizeof(why)) < 0 ? NULL : store;
}

static void close_store(struct rig *rig)
{
    store_close(rig->world->store);
    rig->world->store = NULL;
}

void rig_freeze(struct rig *rig, struct world *world)
{
    *rig = (struct rig){.world = world, .now = world->now, .chance = world->chance};
    char *path = arena_alloc(world->arena, 128);
    (void)snprintf(path, 128, "%s/muster.db", world->dir);
    rig->options = (struct store_options){.path = path, .env = &world->env, .rooms = rooms};
    close_store(rig);
    rig->frozen = crash_vfs_save();
    rig_thaw(rig);
    rig->states[0] = rig_state(rig);
}

void rig_thaw(struct rig *rig)
{
    close_store(rig);
    crash_vfs_load(rig->frozen);
    rig->world->now = rig->now;
    rig->world->chance = rig->chance;
    rig->acknowledged = 0;
    rig->world->store = rig_open(rig);
    assert_non_null(rig->world->store);
}

static enum verdict judge(const struct rig *rig, size_t *ret_writes)
{
    uint64_t state = rig_state(rig);
    if (state == 0)
        return RIG_CORRUPT;
    size_t last = MIN_OF(rig->acknowledged + 1, rig->noted);
    for (size_t i = rig->acknowledged; i <= last; i++) {
        if (state == rig->states[i]) {
            *ret_writes = i;
            return RIG_KEPT;
        }
    }
    for (size_t i = 0; i < rig->acknowledged; i++)
        if (state == rig->states[i])
            return RIG_LOST;
    return RIG_HALF;
}

enum verdict rig_restart(struct rig *rig, enum crash_keep keep, uint64_t seed, uint64_t again, size_t *ret_writes)
{
    close_store(rig);
    crash_vfs_reboot(keep, seed);
    crash_vfs_fail_at(again);
    rig->world->store = rig_open(rig);
    if (crash_vfs_is_off()) {
        close_store(rig);
        crash_vfs_reboot(keep, seed + 1);
        rig->world->store = rig_open(rig);
    }
    crash_vfs_fail_at(0);
    return rig->world->store ? judge(rig, ret_writes) : RIG_CORRUPT;
}

void rig_free(struct rig *rig)
{
    crash_image_free(rig->frozen);
    rig->frozen = NULL;
}

bool rig_is_full(void)
{
    const char *full = getenv("MUSTER_TEST_FULL");
    return full && *full;
}
