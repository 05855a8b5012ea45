/* SPDX-License-Identifier: Apache-2.0 */
#include "store/copy.h"

#include "base/text.h"
#include "store/store_private.h"

#include <sodium.h>
#include <unistd.h>

#define PAGE_ROWS 1000 /* rows in memory at once, and in one transaction */
#define TABLES_MAX 256
#define COLUMNS_MAX 64
#define SQL_BYTES (64 * 1024)
#define HASH_BYTES 32

struct column {
    const char *name;
    enum column_kind kind;
    int key; /* place in the primary key, from 1; 0: none */
};

struct table {
    const char *name;
    struct column columns[COLUMNS_MAX];
    size_t column_count;
    size_t keys[COLUMNS_MAX]; /* columns of the primary key, in its order */
    size_t key_count;
    int64_t rows;
    int64_t last_rid; /* the highest that was ever given, where rids count up */
    unsigned char hash[HASH_BYTES];
};

struct copier {
    const struct store_copy *copy;
    struct store_options from_options, to_options;
    struct handle from, to;
    struct arena *arena; /* of the whole copy */
    struct table *tables[TABLES_MAX];
    size_t table_count;
    int64_t done, total;
    char *why;
    size_t why_size;
};

static int complain(const struct copier *c, int error, const char *format, ...) PRINTF_LIKE(3, 4);
static int complain(const struct copier *c, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->why, c->why_size, format, args);
    va_end(args);
    return error;
}

static int complain_of(const struct copier *c, const struct handle *handle, int error, const char *table)
{
    return c->why[0] ? error
                     : complain(c, error, "%s: %s (%s)", table, handle->backend->error(handle), err_text(error));
}

/* Runs a statement and gives the first number that it answers, 0 without an answer. */
static int number_of(struct handle *handle, struct arena *arena, const char *text, const struct bind *binds,
                     size_t count, int64_t *ret)
{
    struct tx tx = {.handle = handle, .arena = arena};
    struct query query;
    *ret = 0;
    int r = tx_query_text(&tx, &query, text, binds, count);
    if (r == 0)
        r = query_next(&query);
    if (r > 0)
        *ret = query_int(&query, 0);
    query_close(&query);
    return r < 0 ? r : 0;
}

/* --- the catalogue -------------------------------------------------------------------------------------------------
 */

static int read_columns(struct copier *c, struct table *table)
{
    struct handle *from = &c->from;
    struct tx tx = {.handle = from, .arena = c->arena};
    struct query query;
    int r = tx_query_text(&tx, &query, dialect_copy(from->backend->dialect)->columns, BINDS_(T(table->name)));
    while (r == 0 && (r = query_next(&query)) > 0) {
        assert(table->column_count < COLUMNS_MAX);
        struct column *column = &table->columns[table->column_count++];
        *column = (struct column){.name = arena_strdup(c->arena, query_text(&query, 0)),
                                  .kind = (enum column_kind)query_int(&query, 1),
                                  .key = (int)query_int(&query, 2)};
        if (column->kind == COLUMN_OTHER)
            r = complain(c, ERR_UNSUPPORTED, "%s.%s has a type that is not copied", table->name, column->name);
        else
            r = 0;
    }
    query_close(&query);
    for (int place = 1; r == 0; place++) {
        size_t i = 0;
        while (i < table->column_count && table->columns[i].key != place)
            i++;
        if (i == table->column_count)
            break;
        table->keys[table->key_count++] = i;
    }
    if (r == 0 && table->key_count == 0)
        r = complain(c, ERR_UNSUPPORTED, "%s has no primary key", table->name);
    return r < 0 ? complain_of(c, from, r, table->name) : 0;
}

static bool counts_up(const struct table *table)
{
    return table->key_count == 1 && strcmp(table->columns[table->keys[0]].name, "rid") == 0;
}

static int measure(struct copier *c, struct table *table)
{
    struct handle *from = &c->from;
    int64_t rows = 0;
    int r = number_of(from, c->arena, arena_printf(c->arena, "SELECT count(*) FROM %s", table->name), NULL, 0, &rows);
    if (r == 0 && counts_up(table))
        r = number_of(from, c->arena, dialect_copy(from->backend->dialect)->last_rid, BINDS_(T(table->name)),
                      &table->last_rid);
    if (r == 0 && counts_up(table)) { /* SQLite remembers it only for tables that say so */
        int64_t highest = 0;
        const char *sql = arena_printf(c->arena, "SELECT rid FROM %s ORDER BY rid DESC LIMIT 1", table->name);
        r = number_of(from, c->arena, sql, NULL, 0, &highest);
        table->last_rid = MAX_OF(table->last_rid, highest);
    }
    c->total += rows * 2;
    return r < 0 ? complain_of(c, from, r, table->name) : 0;
}

static int read_catalogue(struct copier *c)
{
    struct tx tx = {.handle = &c->from, .arena = c->arena};
    struct query query;
    assert(c->from.backend);
    int r = tx_query_text(&tx, &query, dialect_copy(c->from.backend->dialect)->tables, BINDS_(NO_BINDS));
    while (r == 0 && (r = query_next(&query)) > 0) {
        assert(c->table_count < TABLES_MAX);
        struct table *table = arena_alloc(c->arena, sizeof(*table));
        table->name = arena_strdup(c->arena, query_text(&query, 0));
        c->tables[c->table_count++] = table;
        r = 0;
    }
    query_close(&query);
    if (r < 0)
        return complain_of(c, &c->from, r, "the catalogue");
    for (size_t i = 0; r == 0 && i < c->table_count; i++) {
        r = read_columns(c, c->tables[i]);
        if (r == 0)
            r = measure(c, c->tables[i]);
    }
    return r;
}

/* --- pages ---------------------------------------------------------------------------------------------------------
 */

struct page {
    crypto_generichash_state hash;
    struct copier *c;
    struct handle *handle;
    struct table *table;
    struct arena *arena; /* until the next page */
    int64_t rows;
    struct arena *key_arena; /* of the last key */
    struct query query;
    struct tx tx;
    struct bind last[COLUMNS_MAX];
    int count;
};

static void hash_value(crypto_generichash_state *hash, const struct bind *value)
{
    unsigned char head[9] = {(unsigned char)(value->type + 1)};
    const unsigned char *bytes = value->bytes;
    int64_t number = value->type == BIND_INT ? value->integer : (int64_t)value->n;
    bool null = value->type != BIND_INT && !value->bytes;
    if (null)
        head[0] = 0;
    for (int i = 0; i < 8 && !null; i++)
        head[i + 1] = (unsigned char)((uint64_t)number >> (8 * i));
    (void)crypto_generichash_update(hash, head, sizeof(head));
    if (value->type != BIND_INT && !null)
        (void)crypto_generichash_update(hash, bytes, value->n);
}

static struct bind value_of(struct page *page, int i)
{
    struct bind value = {.type = BIND_TEXT};
    if (query_is_null(&page->query, i))
        return value;
    switch (page->table->columns[i].kind) {
    case COLUMN_INT:
        return I(query_int(&page->query, i));
    case COLUMN_BLOB:
        value.type = BIND_BLOB;
        value.bytes = query_blob(&page->query, i, &value.n);
        if (!value.bytes)
            value.bytes = "";
        return value;
    case COLUMN_TEXT:
    case COLUMN_OTHER:
    default:
        value.bytes = text_mended(page->arena, query_text(&page->query, i));
        value.n = strlen(value.bytes);
        return value;
    }
}

static void keep_key(struct page *page, const struct bind *values)
{
    arena_reset(page->key_arena);
    for (size_t i = 0; i < page->table->key_count; i++) {
        struct bind *kept = &page->last[i];
        *kept = values[page->table->keys[i]];
        if (kept->type != BIND_INT)
            kept->bytes = arena_strndup(page->key_arena, kept->bytes ? kept->bytes : "", kept->n);
    }
}

/* The next row of the page; what backend->load() asks. */
static int next_row(void *data, struct bind *values)
{
    struct page *page = data;
    int r = query_next(&page->query);
    if (r <= 0)
        return r;
    for (size_t i = 0; i < page->table->column_count; i++) {
        values[i] = value_of(page, (int)i);
        hash_value(&page->hash, &values[i]);
    }
    page->count++;
    page->rows++;
    if (page->count == PAGE_ROWS)
        keep_key(page, values);
    return 1;
}

static void add_names(struct buf *sql, const struct table *table, bool keys)
{
    size_t count = keys ? table->key_count : table->column_count;
    for (size_t i = 0; i < count; i++)
        buf_printf(sql, "%s%s", i ? ", " : "", table->columns[keys ? table->keys[i] : i].name);
}

static int open_page(struct page *page)
{
    const struct table *table = page->table;
    struct buf sql;
    buf_init(&sql, SQL_BYTES);
    buf_str(&sql, "SELECT ");
    add_names(&sql, table, false);
    buf_printf(&sql, " FROM %s", table->name);
    size_t binds = page->rows ? table->key_count : 0;
    if (binds) {
        buf_str(&sql, " WHERE (");
        add_names(&sql, table, true);
        buf_str(&sql, ") > (");
        for (size_t i = 0; i < binds; i++)
            buf_printf(&sql, "%s$%zu", i ? ", " : "", i + 1);
        buf_char(&sql, ')');
    }
    buf_str(&sql, " ORDER BY ");
    add_names(&sql, table, true);
    buf_printf(&sql, " LIMIT %d", PAGE_ROWS);
    arena_reset(page->arena);
    page->count = 0;
    page->tx = (struct tx){.handle = page->handle, .arena = page->arena};
    int r = tx_query_text(&page->tx, &page->query, buf_text(&sql), page->last, binds);
    buf_free(&sql);
    return r;
}

static int load_page(struct page *page)
{
    const char *names[COLUMNS_MAX];
    struct handle *to = &page->c->to;
    for (size_t i = 0; i < page->table->column_count; i++)
        names[i] = page->table->columns[i].name;
    return to->backend->load(to, page->table->name, names, page->table->column_count, next_row, page);
}

static int skim_page(struct page *page)
{
    struct bind values[COLUMNS_MAX];
    int r = 0;
    while ((r = next_row(page, values)) > 0)
        ;
    return r;
}

/* Reads a table of `handle` to its end, with `use` for each page: how many rows, and their hash. */
static int walk(struct copier *c, struct handle *handle, struct table *table, int (*use)(struct page *page),
                int64_t *ret_rows, unsigned char ret_hash[static HASH_BYTES])
{
    struct page *page = NEW(struct page);
    *page = (struct page){
        .c = c, .handle = handle, .table = table, .arena = arena_new(), .key_arena = arena_new(), .count = PAGE_ROWS};
    (void)crypto_generichash_init(&page->hash, NULL, 0, HASH_BYTES);
    int r = 0;
    while (r == 0 && page->count == PAGE_ROWS) {
        r = open_page(page);
        if (r == 0)
            r = use(page);
        query_close(&page->query);
        c->done += page->count;
        if (r == 0 && c->copy->progress)
            c->copy->progress(c->copy->data, table->name, c->done, c->total);
    }
    *ret_rows = page->rows;
    (void)crypto_generichash_final(&page->hash, ret_hash, HASH_BYTES);
    (void)arena_free(page->arena);
    (void)arena_free(page->key_arena);
    free(page);
    return r;
}

/* --- the copy ------------------------------------------------------------------------------------------------------
 */

/* Runs statements on the destination in a transaction of their own. */
static int apply(struct copier *c, tx_fn run, void *arg)
{
    struct handle *to = &c->to;
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    struct tx tx = {.handle = to,
                    .env = c->copy->env,
                    .arena = arena,
                    .writing = true,
                    .now = env_now(c->copy->env),
                    .origin = {.actor_id = "system",
                               .actor_type = "SystemPrincipal",
                               .actor_name = "Muster",
                               .request_id = "migrate",
                               .job = true}};
    int r = to->backend->frame(to, FRAME_BEGIN_WRITE);
    if (r == 0)
        r = run(&tx, arg);
    if (r >= 0)
        r = to->backend->commit(to, &(struct commit){.batch = NULL});
    if (r < 0) {
        (void)complain_of(c, to, r, "the destination");
        to->backend->rollback(to);
    }
    return r < 0 ? r : 0;
}

static int run_text(struct tx *tx, const char *text, const struct bind *binds, size_t count)
{
    int64_t ignored;
    return text ? number_of(tx->handle, tx->arena, text, binds, count, &ignored) : 0;
}

/* What the migrations themselves put there comes with the copy. */
static int empty_tables(struct tx *tx, void *arg)
{
    struct copier *c = arg;
    int r = 0;
    for (size_t i = c->table_count; r == 0 && i-- > 0;)
        r = run_text(tx, arena_printf(tx->arena, "DELETE FROM %s", c->tables[i]->name), NULL, 0);
    return r;
}

static int set_numbers(struct tx *tx, void *arg)
{
    struct copier *c = arg;
    const struct dialect_copy *sql = dialect_copy(c->to.backend->dialect);
    int64_t change = 0;
    int r = number_of(&c->from, tx->arena, dialect_latest_change(c->from.backend->dialect)->text, NULL, 0, &change);
    if (r == 0 && change > 0)
        r = run_text(tx, sql->set_change, BINDS_(I(change)));
    for (size_t i = 0; r == 0 && i < c->table_count; i++) {
        const struct table *table = c->tables[i];
        if (!counts_up(table) || table->last_rid <= 0)
            continue;
        r = run_text(tx, sql->set_last_rid, BINDS_(T(table->name), I(table->last_rid)));
        if (r == 0)
            r = run_text(tx, sql->add_last_rid, BINDS_(T(table->name), I(table->last_rid)));
    }
    return r;
}

static int finish(struct tx *tx, void *arg)
{
    struct copier *c = arg;
    int r = c->copy->finish ? c->copy->finish(tx, c->copy->finish_arg) : 0;
    return r < 0 ? r : run_text(tx, "DELETE FROM store_state WHERE name = $1", BINDS_(T("unfinished")));
}

static int copy_tables(struct copier *c)
{
    int r = apply(c, empty_tables, c);
    for (size_t i = 0; r == 0 && i < c->table_count; i++) {
        struct table *table = c->tables[i];
        r = walk(c, &c->from, table, load_page, &table->rows, table->hash);
        if (r < 0)
            (void)complain_of(c, c->to.broken || r == ERR_CONSTRAINT ? &c->to : &c->from, r, table->name);
    }
    return r == 0 ? apply(c, set_numbers, c) : r;
}

static int compare_table(struct copier *c, struct table *table)
{
    unsigned char hash[HASH_BYTES];
    char text[HASH_BYTES * 2 + 1];
    int64_t rows = 0;
    int r = walk(c, &c->to, table, skim_page, &rows, hash);
    if (r < 0)
        return complain_of(c, &c->to, r, table->name);
    if (rows != table->rows)
        return complain(c, ERR_CORRUPT, "the copy of %s has %lld rows, the table has %lld", table->name,
                        (long long)rows, (long long)table->rows);
    if (memcmp(hash, table->hash, sizeof(hash)) != 0)
        return complain(c, ERR_CORRUPT, "the copy of %s differs from the table", table->name);
    (void)sodium_bin2hex(text, sizeof(text), hash, sizeof(hash));
    if (c->copy->copied)
        c->copy->copied(c->copy->data, table->name, rows, text);
    return 0;
}

static int compare_tables(struct copier *c)
{
    struct handle *to = &c->to;
    int r = to->backend->frame(to, FRAME_BEGIN);
    for (size_t i = 0; r == 0 && i < c->table_count; i++)
        r = compare_table(c, c->tables[i]);
    to->backend->rollback(to);
    return r;
}

/* --- both ends -----------------------------------------------------------------------------------------------------
 */

static int open_source(struct copier *c)
{
    c->from_options =
        (struct store_options){.path = c->copy->from, .env = c->copy->env, .rooms = c->copy->rooms, .read_only = true};
    int found = store_probe(c->copy->from, c->why, c->why_size);
    if (found < 0)
        return found;
    if (found == 0)
        return complain(c, ERR_NOT_FOUND, "there is no store to copy");
    int r = handle_open(&c->from, &c->from_options, false, c->why, c->why_size);
    if (r == 0)
        r = migrate(&c->from, c->copy->rooms, c->why, c->why_size);
    if (r == 0)
        r = c->from.backend->frame(&c->from, FRAME_BEGIN);
    return r < 0 ? complain_of(c, &c->from, r, "the source") : 0;
}

static int open_destination(struct copier *c)
{
    c->to_options = (struct store_options){
        .path = c->copy->to, .env = c->copy->env, .rooms = c->copy->rooms, .unfinished = c->copy->note};
    int found = store_probe(c->copy->to, c->why, c->why_size);
    if (found > 0)
        return complain(c, ERR_EXISTS,
                        "there is a store already, or a copy that did not end: choose an empty place, or "
                        "empty this one");
    if (found < 0)
        return found;
    int r = handle_open(&c->to, &c->to_options, false, c->why, c->why_size);
    return r < 0 ? r : migrate(&c->to, c->copy->rooms, c->why, c->why_size);
}

int store_copy(const struct store_copy *copy, char *ret_why, size_t why_size)
{
    struct copier *c = NEW(struct copier);
    *c = (struct copier){.copy = copy, .arena = arena_new(), .why = ret_why, .why_size = why_size};
    ret_why[0] = '\0';
    int r = open_source(c);
    if (r == 0)
        r = read_catalogue(c);
    if (r == 0)
        r = open_destination(c);
    if (r == 0)
        r = copy_tables(c);
    if (r == 0)
        r = compare_tables(c);
    if (r == 0)
        r = apply(c, finish, c);
    if (c->from.backend)
        c->from.backend->rollback(&c->from);
    handle_close(&c->from);
    handle_close(&c->to);
    (void)arena_free(c->arena);
    free(c);
    return r;
}
