/* SPDX-License-Identifier: Apache-2.0 */
/* Statements and connections as the rooms see them, whatever engine is behind. */
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

int64_t monotonic_ms(void)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- connections ---------------------------------------------------------------------------------------------------
 */

bool store_is_postgresql(const char *location)
{
    return strncmp(location, "postgresql://", 13) == 0 || strncmp(location, "postgres://", 11) == 0;
}

const struct backend *backend_of(const char *location)
{
    return store_is_postgresql(location) ? &postgresql_backend : &sqlite_backend;
}

static int connect_handle(struct handle *c, char *ret_why, size_t why_size)
{
    const struct backend *backend = backend_of(c->options->path);
    c->broken = 0;
    c->backend = backend;
    int r = backend->open(c, ret_why, why_size);
    if (r < 0)
        c->backend = NULL;
    return r;
}

int handle_open(struct handle *c, const struct store_options *options, bool reader, char *ret_why, size_t why_size)
{
    *c = (struct handle){.options = options, .reader = reader, .counter = NEW(int64_t)};
    int r = connect_handle(c, ret_why, why_size);
    if (r < 0)
        handle_close(c);
    return r;
}

int handle_reopen(struct handle *c, char *ret_why, size_t why_size)
{
    if (c->backend)
        c->backend->close(c);
    return connect_handle(c, ret_why, why_size);
}

void handle_close(struct handle *c)
{
    if (c->backend)
        c->backend->close(c);
    free(c->counter);
    *c = (struct handle){0};
}

/* --- queries -------------------------------------------------------------------------------------------------------
 */

static int start(struct tx *tx, struct query *query, const struct sql *sql, const char *text, const struct bind *binds,
                 size_t count)
{
    *query = (struct query){.tx = tx};
    if (tx->handle->broken)
        return tx->handle->broken;
    __atomic_add_fetch(tx->handle->counter, 1, __ATOMIC_RELAXED);
    return tx->handle->backend->query(tx->handle, query, sql, text, binds, count);
}

int tx_query_binds(struct tx *tx, struct query *query, struct sql *sql, const struct bind *binds, size_t count)
{
    return start(tx, query, sql, sql->text, binds, count);
}

int tx_query_row_binds(struct tx *tx, struct query *query, struct sql *sql, const struct bind *binds, size_t count)
{
    int r = tx_query_binds(tx, query, sql, binds, count);
    return r < 0 ? r : query_next(query);
}

int tx_query_text(struct tx *tx, struct query *query, const char *text, const struct bind *binds, size_t count)
{
    return start(tx, query, NULL, text, binds, count);
}

int query_next(struct query *query)
{
    assert(query->statement);
    return query->tx->handle->backend->next(query);
}

int64_t query_int(const struct query *query, int column)
{
    return query->tx->handle->backend->get_int(query, column);
}

const char *query_text(const struct query *query, int column)
{
    return query->tx->handle->backend->get_text(query, column);
}

const void *query_blob(const struct query *query, int column, size_t *ret_n)
{
    return query->tx->handle->backend->get_blob(query, column, ret_n);
}

bool query_is_null(const struct query *query, int column)
{
    return query->tx->handle->backend->is_null(query, column);
}

void query_close(struct query *query)
{
    if (query->statement)
        query->tx->handle->backend->close_query(query);
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
    return r < 0 ? r : (int)tx->handle->rows_changed;
}

int tx_get_int_binds(struct tx *tx, int64_t *ret_value, struct sql *sql, const struct bind *binds, size_t count)
{
    struct query query;
    int r = tx_query_row_binds(tx, &query, sql, binds, count);
    if (r > 0) {
        *ret_value = query_int(&query, 0);
        while (r > 0) /* to its end: RETURNING rows of later rows are dropped, their writes are not */
            r = query_next(&query);
        return r < 0 ? r : 1;
    }
    return r;
}

enum store_dialect tx_dialect(const struct tx *tx)
{
    return tx->handle->backend->dialect;
}

const char *tx_error(const struct tx *tx)
{
    return tx->handle->backend->error(tx->handle);
}

int tx_explain(struct tx *tx, const struct sql *sql, struct buf *ret_plan)
{
    return tx->handle->backend->explain(tx->handle, sql->text, ret_plan);
}
