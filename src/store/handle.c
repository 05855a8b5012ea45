/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a SQLite handle with the settings that durability and speed need. */
#include "store/store_private.h"

#define BUSY_MS 10000
#define PROGRESS_STEPS 10000 /* virtual machine steps between two looks at the clock */

int64_t monotonic_ms(void)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int watch_deadline(void *data)
{
    const struct handle *c = data;
    return c->read_deadline && monotonic_ms() > c->read_deadline;
}

int handle_run(struct handle *c, const char *text)
{
    return handle_error(sqlite3_exec(c->db, text, NULL, NULL, NULL));
}

int handle_frame(struct handle *c, enum frame frame)
{
    static const char *const texts[] = {
        [FRAME_BEGIN] = "BEGIN",
        [FRAME_BEGIN_WRITE] = "BEGIN IMMEDIATE",
        [FRAME_COMMIT] = "COMMIT",
        [FRAME_JOB] = "SAVEPOINT job",
        [FRAME_JOB_KEEP] = "RELEASE job",
        [FRAME_JOB_UNDO] = "ROLLBACK TO job",
        [FRAME_PART] = "SAVEPOINT part",
        [FRAME_PART_KEEP] = "RELEASE part",
        [FRAME_PART_UNDO] = "ROLLBACK TO part",
    };
    sqlite3_stmt **statement = &c->frames[frame];
    int code = SQLITE_OK;
    if (!*statement)
        code = sqlite3_prepare_v3(c->db, texts[frame], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_step(*statement);
        code = sqlite3_reset(*statement);
    }
    return handle_error(code);
}

void handle_rollback(struct handle *c)
{
    (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

static size_t registered_statements(void)
{
    return sql_all() ? (size_t)sql_all()->number : 0;
}

int handle_open(struct handle *c, const struct store_options *options, bool reader, char *ret_why, size_t why_size)
{
    *c = (struct handle){.statement_count = registered_statements()};
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    flags |= reader || options->read_only ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(options->path, &c->db, flags, options->vfs);
    int r = handle_error(code);
    if (r == 0) {
        (void)sqlite3_busy_timeout(c->db, BUSY_MS);
        /*
         * FULL: a commit is on the disk before it is acknowledged (invariant 1). secure_delete is compiled in by
         * Debian. A wal that a long reader kept growing is cut back to 64 MiB when it is done.
         */
        r = handle_run(c, reader ? "PRAGMA query_only=ON; PRAGMA cache_size=-16000;"
                                 : "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                   "PRAGMA foreign_keys=ON; PRAGMA cache_size=-64000;"
                                   "PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY;");
    }
    if (r < 0) {
        (void)snprintf(ret_why, why_size, "cannot open the store %s: %s", options->path,
                       c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(code));
        handle_close(c);
        return r;
    }
    if (reader)
        sqlite3_progress_handler(c->db, PROGRESS_STEPS, watch_deadline, c);
    c->statements = mem_new((c->statement_count + 1) * sizeof(*c->statements));
    c->counter = NEW(int64_t);
    return 0;
}

void handle_close(struct handle *c)
{
    for (size_t i = 0; c->statements && i < c->statement_count; i++)
        (void)sqlite3_finalize(c->statements[i]);
    for (size_t i = 0; i < FRAME_COUNT; i++)
        (void)sqlite3_finalize(c->frames[i]);
    free(c->statements);
    free(c->counter);
    (void)sqlite3_close(c->db);
    *c = (struct handle){0};
}
