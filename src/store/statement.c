/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: registered, prepared once a connection, bound by name, stepped. */
#include "store/store_private.h"

static struct sql *all_statements;
static int statement_total;

void sql_register(struct sql *sql)
{
    sql->number = ++statement_total;
    sql->next = all_statements;
    all_statements = sql;
}

struct sql *sql_all(void)
{
    return all_statements;
}

int handle_error(int code)
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

static int prepare_cached(struct tx *tx, struct sql *sql, sqlite3_stmt **ret)
{
    struct handle *c = tx->handle;
    assert(sql->number > 0 && (size_t)sql->number <= c->statement_count);
    sqlite3_stmt **slot = &c->statements[sql->number - 1];
    if (!*slot) {
        int r = sqlite3_prepare_v3(c->db, sql->text, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
        if (r != SQLITE_OK)
            return handle_error(r);
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

static const char *const placeholders[] = {"$1",  "$2",  "$3",  "$4",  "$5",  "$6",  "$7",  "$8",  "$9",  "$10", "$11",
                                           "$12", "$13", "$14", "$15", "$16", "$17", "$18", "$19", "$20", "$21", "$22",
                                           "$23", "$24", "$25", "$26", "$27", "$28", "$29", "$30", "$31", "$32"};

/* SQLite numbers $n by first appearance in the text, PostgreSQL by n: hence the names. */
static int bind_all(sqlite3_stmt *statement, const struct bind *binds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (binds[i].type == BIND_NONE)
            continue;
        assert(i < ARRAY_LEN(placeholders));
        int index = sqlite3_bind_parameter_index(statement, placeholders[i]);
        assert(index > 0); /* more values than placeholders */
        int r = bind_one(statement, index, &binds[i]);
        if (r != SQLITE_OK)
            return handle_error(r);
    }
    return 0;
}

static void release(struct query *query)
{
    sqlite3_stmt *statement = query->statement;
    if (!statement)
        return;
    if (query->owned) {
        (void)sqlite3_finalize(statement);
    } else {
        (void)sqlite3_reset(statement);
        (void)sqlite3_clear_bindings(statement);
    }
    query->statement = NULL;
}

static int start(struct tx *tx, struct query *query, sqlite3_stmt *statement, bool owned, const struct bind *binds,
                 size_t count)
{
    *query = (struct query){.statement = statement, .tx = tx, .owned = owned};
    __atomic_add_fetch(tx->handle->counter, 1, __ATOMIC_RELAXED);
    int r = bind_all(statement, binds, count);
    if (r < 0)
        release(query);
    return r;
}

int tx_query_binds(struct tx *tx, struct query *query, struct sql *sql, const struct bind *binds, size_t count)
{
    *query = (struct query){.tx = tx};
    sqlite3_stmt *statement = NULL;
    int r = prepare_cached(tx, sql, &statement);
    if (r < 0)
        return r;
    return start(tx, query, statement, false, binds, count);
}

int tx_query_text(struct tx *tx, struct query *query, const char *text, const struct bind *binds, size_t count)
{
    *query = (struct query){.tx = tx};
    sqlite3_stmt *statement = NULL;
    int r = sqlite3_prepare_v3(tx->handle->db, text, -1, 0, &statement, NULL);
    if (r != SQLITE_OK)
        return handle_error(r);
    return start(tx, query, statement, true, binds, count);
}

int query_next(struct query *query)
{
    assert(query->statement);
    int r = sqlite3_step(query->statement);
    if (r == SQLITE_ROW)
        return 1;
    int error = handle_error(r);
    if (error == 0 && !sqlite3_stmt_readonly(query->statement))
        query->tx->changed = true;
    release(query);
    return error;
}

int64_t query_int(const struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

const char *query_text(const struct query *query, int column)
{
    return (const char *)sqlite3_column_text(query->statement, column);
}

const void *query_blob(const struct query *query, int column, size_t *ret_n)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);
    *ret_n = (size_t)sqlite3_column_bytes(query->statement, column);
    return bytes;
}

bool query_is_null(const struct query *query, int column)
{
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

void query_close(struct query *query)
{
    if (query->statement && !sqlite3_stmt_readonly(query->statement))
        query->tx->changed = true;
    release(query);
}

int tx_exec_binds(struct tx *tx, struct sql *sql, const struct bind *binds, size_t count)
{
    struct query query;
    int r = tx_query_binds(tx, &query, sql, binds, count);
    if (r < 0)
        return r;
    do
        r = query_next(&query);
    while (r > 0);
    return r < 0 ? r : sqlite3_changes(tx->handle->db);
}

int tx_get_int_binds(struct tx *tx, int64_t *ret_value, struct sql *sql, const struct bind *binds, size_t count)
{
    struct query query;
    int r = tx_query_binds(tx, &query, sql, binds, count);
    if (r < 0)
        return r;
    r = query_next(&query);
    if (r > 0) {
        *ret_value = query_int(&query, 0);
        while (r > 0) /* to its end: RETURNING rows of later rows are dropped, their writes are not */
            r = query_next(&query);
        return r < 0 ? r : 1;
    }
    return r;
}

const char *tx_error(const struct tx *tx)
{
    return sqlite3_errmsg(tx->handle->db);
}

int tx_explain(struct tx *tx, const struct sql *sql, struct buf *ret_plan)
{
    char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql->text);
    if (!text)
        return ERR_NOMEM;
    sqlite3_stmt *statement = NULL;
    int r = sqlite3_prepare_v2(tx->handle->db, text, -1, &statement, NULL);
    sqlite3_free(text);
    if (r != SQLITE_OK)
        return handle_error(r);
    while ((r = sqlite3_step(statement)) == SQLITE_ROW)
        buf_printf(ret_plan, "%s\n", (const char *)sqlite3_column_text(statement, 3));
    (void)sqlite3_finalize(statement);
    return handle_error(r);
}
