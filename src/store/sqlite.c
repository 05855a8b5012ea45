/* SPDX-License-Identifier: Apache-2.0 */
/* The engine SQLite: a file of our own, one writing connection, WAL. */
#include "store/store_private.h"

#include <sqlite3.h>

#define BUSY_MS 10000
#define LOAD_COLUMNS_MAX 64
#define PROGRESS_STEPS 10000 /* virtual machine steps between two looks at the clock */
/* Marks the file as ours in the SQLite header ("Mstr"). */
#define APPLICATION_ID 0x4d737472

struct sqlite {
    sqlite3 *db;
    sqlite3_stmt **statements; /* by sql->number, NULL until first used */
    size_t statement_count;
    sqlite3_stmt *frames[FRAME_COUNT]; /* NULL until first used */
    sqlite3_stmt *commit;
};

/* The ERR_* of a SQLite result. */
static int error_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_CONSTRAINT:
        return ERR_CONSTRAINT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_INTERRUPT:
        return ERR_TIMEOUT;
    case SQLITE_TOOBIG:
        return ERR_TOO_LARGE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    default:
        return ERR_IO;
    }
}

static int run(struct handle *c, const char *text)
{
    return error_of(sqlite3_exec(c->sqlite->db, text, NULL, NULL, NULL));
}

static int lite_script(struct handle *c, const char *text)
{
    return run(c, text);
}

/* --- opening -------------------------------------------------------------------------------------------------------
 */

static int watch_deadline(void *data)
{
    const struct handle *c = data;
    return c->read_deadline && monotonic_ms() > c->read_deadline;
}

static void lite_close(struct handle *c)
{
    struct sqlite *s = c->sqlite;
    for (size_t i = 0; s->statements && i < s->statement_count; i++)
        (void)sqlite3_finalize(s->statements[i]);
    for (size_t i = 0; i < FRAME_COUNT; i++)
        (void)sqlite3_finalize(s->frames[i]);
    (void)sqlite3_finalize(s->commit);
    free(s->statements);
    (void)sqlite3_close(s->db);
    free(s);
    c->sqlite = NULL;
}

static int lite_open(struct handle *c, char *ret_why, size_t why_size)
{
    const struct store_options *options = c->options;
    struct sqlite *s = NEW(struct sqlite);
    c->sqlite = s;
    s->statement_count = sql_all() ? (size_t)sql_all()->number : 0;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    flags |= c->reader || options->read_only ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(options->path, &s->db, flags, options->vfs);
    int r = error_of(code);
    if (r == 0) {
        (void)sqlite3_busy_timeout(s->db, BUSY_MS);
        /*
         * FULL: a commit is on the disk before it is acknowledged (invariant 1). secure_delete is compiled in by
         * Debian. A wal that a long reader kept growing is cut back to 64 MiB when it is done.
         */
        r = run(c, c->reader ? "PRAGMA query_only=ON; PRAGMA cache_size=-4000;"
                             : "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                               "PRAGMA foreign_keys=ON; PRAGMA cache_size=-32000;"
                               "PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY;");
    }
    if (r < 0) {
        (void)snprintf(ret_why, why_size, "cannot open the store %s: %s", options->path,
                       s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
        lite_close(c);
        return r;
    }
    if (c->reader)
        sqlite3_progress_handler(s->db, PROGRESS_STEPS, watch_deadline, c);
    s->statements = mem_new((s->statement_count + 1) * sizeof(*s->statements));
    return 0;
}

static int get_number(struct handle *c, const char *text, int64_t *ret)
{
    sqlite3_stmt *statement = NULL;
    int r = sqlite3_prepare_v2(c->sqlite->db, text, -1, &statement, NULL);
    if (r != SQLITE_OK)
        return error_of(r);
    r = sqlite3_step(statement);
    if (r == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return error_of(r);
}

static int lite_inspect(struct handle *c, char *ret_why, size_t why_size)
{
    int64_t application = 0;
    int64_t tables = 0;
    int r = get_number(c, "PRAGMA application_id", &application);
    if (r == 0)
        r = get_number(c, "SELECT count(*) FROM sqlite_master", &tables);
    if (r == 0 && tables > 0 && application != APPLICATION_ID) {
        (void)snprintf(ret_why, why_size, "the file is a database of another program; choose another data directory");
        r = ERR_CORRUPT;
    }
    if (r == 0 && tables == 0 && !c->options->read_only) {
        char mark[64];
        (void)snprintf(mark, sizeof(mark), "PRAGMA application_id=%d", APPLICATION_ID);
        r = run(c, mark);
    }
    return r < 0 ? r : tables > 0;
}

/* BEGIN IMMEDIATE, with which migrate() begins, is the lock. */
static int lite_lock_schema(struct handle *c)
{
    (void)c;
    return 0;
}

static void lite_unlock_schema(struct handle *c)
{
    (void)c;
}

/* --- transactions --------------------------------------------------------------------------------------------------
 */

/* Prepared once a connection: each transaction needs four of them. */
static int run_frame(struct sqlite *s, sqlite3_stmt **statement, const char *text)
{
    int code = SQLITE_OK;
    if (!*statement)
        code = sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_step(*statement);
        code = sqlite3_reset(*statement);
    }
    return error_of(code);
}

static int lite_frame(struct handle *c, enum frame frame)
{
    static const char *const texts[FRAME_COUNT] = {
        [FRAME_BEGIN] = "BEGIN",
        [FRAME_BEGIN_WRITE] = "BEGIN IMMEDIATE", /* alone in any case */
        [FRAME_BEGIN_BATCH] = "BEGIN IMMEDIATE",
        [FRAME_BEGIN_ALONE] = "BEGIN IMMEDIATE",
        [FRAME_JOB] = "SAVEPOINT job",
        [FRAME_JOB_KEEP] = "RELEASE job",
        [FRAME_JOB_UNDO] = "ROLLBACK TO job",
        [FRAME_PART] = "SAVEPOINT part",
        [FRAME_PART_KEEP] = "RELEASE part",
        [FRAME_PART_UNDO] = "ROLLBACK TO part",
    };
    return run_frame(c->sqlite, &c->sqlite->frames[frame], texts[frame]);
}

static int lite_commit(struct handle *c, const struct commit *commit)
{
    (void)commit; /* the outcome of a commit is always known, and nobody else is to be woken */
    return run_frame(c->sqlite, &c->sqlite->commit, "COMMIT");
}

static void lite_rollback(struct handle *c)
{
    (void)sqlite3_exec(c->sqlite->db, "ROLLBACK", NULL, NULL, NULL);
}

/* --- statements ----------------------------------------------------------------------------------------------------
 */

static int prepare_cached(struct handle *c, const struct sql *sql, sqlite3_stmt **ret)
{
    struct sqlite *s = c->sqlite;
    assert(sql->number > 0 && (size_t)sql->number <= s->statement_count);
    sqlite3_stmt **slot = &s->statements[sql->number - 1];
    if (!*slot) {
        int r = sqlite3_prepare_v3(s->db, sql->text, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
        if (r != SQLITE_OK)
            return error_of(r);
    }
    assert(!sqlite3_stmt_busy(*slot)); /* a statement that is still being read may not be started again */
    *ret = *slot;
    return 0;
}

static int bind_one(sqlite3_stmt *statement, int index, const struct bind *bind)
{
    switch (bind->type) {
    case BIND_INT:
        return sqlite3_bind_int64(statement, index, bind->integer);
    case BIND_TEXT:
        if (!bind->bytes)
            return sqlite3_bind_null(statement, index);
        return sqlite3_bind_text(statement, index, bind->bytes, -1, SQLITE_STATIC);
    case BIND_BLOB:
        return sqlite3_bind_blob64(statement, index, bind->bytes, bind->n, SQLITE_STATIC);
    case BIND_NONE:
    default:
        return SQLITE_OK;
    }
}

static const char *const placeholders[] = {"$1",  "$2",  "$3",  "$4",  "$5",  "$6",  "$7",  "$8",  "$9",  "$10",
                                           "$11", "$12", "$13", "$14", "$15", "$16", "$17", "$18", "$19", "$20",
                                           "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "$29", "$30",
                                           "$31", "$32", "$33", "$34", "$35", "$36", "$37", "$38", "$39", "$40"};

/* SQLite numbers $n by first appearance in the text, PostgreSQL by n: hence the names. */
static int placeholder_index(sqlite3_stmt *statement, size_t i)
{
    char name[24];
    if (i < ARRAY_LEN(placeholders))
        return sqlite3_bind_parameter_index(statement, placeholders[i]);
    (void)snprintf(name, sizeof(name), "$%zu", i + 1); /* a search may have hundreds */
    return sqlite3_bind_parameter_index(statement, name);
}

static int bind_all(sqlite3_stmt *statement, const struct bind *binds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (binds[i].type == BIND_NONE)
            continue;
        int index = placeholder_index(statement, i);
        assert(index > 0); /* more values than placeholders */
        int r = bind_one(statement, index, &binds[i]);
        if (r != SQLITE_OK)
            return error_of(r);
    }
    return 0;
}

static void release(struct query *query)
{
    sqlite3_stmt *statement = query->statement;
    if (query->owned) {
        (void)sqlite3_finalize(statement);
    } else {
        (void)sqlite3_reset(statement);
        (void)sqlite3_clear_bindings(statement);
    }
    query->statement = NULL;
}

static int lite_query(struct handle *c, struct query *query, const struct sql *sql, const char *text,
                      const struct bind *binds, size_t count)
{
    sqlite3_stmt *statement = NULL;
    int r = 0;
    if (sql)
        r = prepare_cached(c, sql, &statement);
    else
        r = error_of(sqlite3_prepare_v3(c->sqlite->db, text, -1, 0, &statement, NULL));
    if (r < 0)
        return r;
    query->statement = statement;
    query->owned = !sql;
    r = bind_all(statement, binds, count);
    if (r < 0)
        release(query);
    return r;
}

static void note_change(struct query *query)
{
    if (!sqlite3_stmt_readonly(query->statement))
        query->tx->changed = true;
}

static int lite_next(struct query *query)
{
    int r = sqlite3_step(query->statement);
    if (r == SQLITE_ROW)
        return 1;
    int error = error_of(r);
    if (error == 0)
        note_change(query);
    query->tx->handle->rows_changed = sqlite3_changes64(query->tx->handle->sqlite->db);
    release(query);
    return error;
}

static void lite_close_query(struct query *query)
{
    note_change(query);
    release(query);
}

static int64_t lite_int(const struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

static const char *lite_text(const struct query *query, int column)
{
    return (const char *)sqlite3_column_text(query->statement, column);
}

static const void *lite_blob(const struct query *query, int column, size_t *ret_n)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);
    *ret_n = (size_t)sqlite3_column_bytes(query->statement, column);
    return bytes;
}

static bool lite_is_null(const struct query *query, int column)
{
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

/* --- the rest ------------------------------------------------------------------------------------------------------
 */

static const char *lite_error(const struct handle *c)
{
    return sqlite3_errmsg(c->sqlite->db);
}

static int lite_explain(struct handle *c, const char *text, struct buf *ret_plan)
{
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", text);
    if (!explain)
        return ERR_NOMEM;
    sqlite3_stmt *statement = NULL;
    int r = sqlite3_prepare_v2(c->sqlite->db, explain, -1, &statement, NULL);
    sqlite3_free(explain);
    if (r != SQLITE_OK)
        return error_of(r);
    while ((r = sqlite3_step(statement)) == SQLITE_ROW)
        buf_printf(ret_plan, "%s\n", (const char *)sqlite3_column_text(statement, 3));
    (void)sqlite3_finalize(statement);
    return error_of(r);
}

static int insert_rows(sqlite3_stmt *statement, size_t count, int (*next)(void *data, struct bind *values), void *data)
{
    struct bind values[LOAD_COLUMNS_MAX];
    int r = 0;
    assert(count <= LOAD_COLUMNS_MAX);
    while ((r = next(data, values)) > 0) {
        r = bind_all(statement, values, count);
        if (r == 0)
            r = error_of(sqlite3_step(statement));
        (void)sqlite3_reset(statement);
        if (r < 0)
            return r;
    }
    return r;
}

static int lite_load(struct handle *c, const char *table, const char *const *columns, size_t count,
                     int (*next)(void *data, struct bind *values), void *data)
{
    struct buf sql;
    buf_init(&sql, (size_t)64 * 1024);
    buf_printf(&sql, "INSERT INTO %s (", table);
    for (size_t i = 0; i < count; i++)
        buf_printf(&sql, "%s%s", i ? ", " : "", columns[i]);
    for (size_t i = 0; i < count; i++)
        buf_printf(&sql, "%s$%zu", i ? ", " : ") VALUES (", i + 1);
    buf_char(&sql, ')');
    sqlite3_stmt *statement = NULL;
    int r = error_of(sqlite3_prepare_v2(c->sqlite->db, buf_text(&sql), -1, &statement, NULL));
    buf_free(&sql);
    if (r == 0)
        r = lite_frame(c, FRAME_BEGIN_WRITE);
    if (r == 0)
        r = insert_rows(statement, count, next, data);
    (void)sqlite3_finalize(statement);
    if (r == 0)
        r = lite_commit(c, NULL);
    if (r < 0)
        lite_rollback(c);
    return r;
}

static int copy_database(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return error_of(sqlite3_errcode(to));
    int code = sqlite3_backup_step(backup, -1);
    int finish = sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE)
        return code == SQLITE_OK ? ERR_IO : error_of(code);
    return error_of(finish);
}

static int lite_backup(struct handle *c, const char *path)
{
    sqlite3 *to = NULL;
    int r = error_of(sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL));
    if (r == 0)
        r = copy_database(c->sqlite->db, to);
    if (r == 0) /* one file: the copy carries the journal mode of the original */
        r = error_of(sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL));
    (void)sqlite3_close(to);
    return r;
}

const struct backend sqlite_backend = {
    .dialect = DIALECT_SQLITE,
    .open = lite_open,
    .close = lite_close,
    .inspect = lite_inspect,
    .lock_schema = lite_lock_schema,
    .unlock_schema = lite_unlock_schema,
    .frame = lite_frame,
    .commit = lite_commit,
    .rollback = lite_rollback,
    .script = lite_script,
    .query = lite_query,
    .next = lite_next,
    .close_query = lite_close_query,
    .get_int = lite_int,
    .get_text = lite_text,
    .get_blob = lite_blob,
    .is_null = lite_is_null,
    .load = lite_load,
    .error = lite_error,
    .explain = lite_explain,
    .backup = lite_backup,
};
