/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the SQL of SQLite and PostgreSQL differs. Statements are written once, in what both accept; the rest is here:
 * the types of columns, JSON documents, the change number and the database's clock.
 */
#ifndef STORE_DIALECT_H
#define STORE_DIALECT_H

#include "base/arena.h"
#include "base/buf.h"

struct sql;

enum store_dialect { DIALECT_SQLITE = 1, DIALECT_POSTGRESQL };

/*
 * The statements of a migration as PostgreSQL takes them: in CREATE TABLE and ALTER TABLE, INTEGER becomes BIGINT (what
 * SQLite calls so has 64 bits), BLOB becomes BYTEA, TEXT is compared by its bytes as SQLite does, and a key called rid
 * counts up by itself. Freed by the caller.
 */
char *dialect_migration(enum store_dialect dialect, const char *text) __attribute__((returns_nonnull));

/* What a schema needs besides, before the first migration; NULL for nothing. May be run again. */
const char *dialect_bootstrap(enum store_dialect dialect);

/*
 * SQL for one attribute of a JSON document in a text column. `name` holds letters, digits and underscores only. The
 * text of a string; a number; 1 or 0 of a boolean; each NULL when absent.
 */
void dialect_json_text(enum store_dialect dialect, struct buf *sql, const char *column, const char *name);
void dialect_json_number(enum store_dialect dialect, struct buf *sql, const char *column, const char *name);
void dialect_json_bool(enum store_dialect dialect, struct buf *sql, const char *column, const char *name);
/* "FROM ..." over the elements of an array attribute, each as `item.value`, texts or numbers. */
void dialect_json_texts(enum store_dialect dialect, struct buf *sql, const char *column, const char *name);
void dialect_json_numbers(enum store_dialect dialect, struct buf *sql, const char *column, const char *name);

/* For copy.c: the catalogue, and the numbers that count up. Values are $1 the table, $2 the number. */
enum column_kind { COLUMN_OTHER, COLUMN_INT, COLUMN_TEXT, COLUMN_BLOB };
struct dialect_copy {
    const char *tables;       /* names, in the order in which they were made, without those of the store itself */
    const char *columns;      /* name, enum column_kind, place in the primary key (0: none) */
    const char *last_rid;     /* the highest rid that was ever given, where the engine remembers it; else 0 */
    const char *set_last_rid; /* and setting it */
    const char *add_last_rid; /* the same where nothing was remembered yet; NULL: not needed */
    const char *set_change;   /* the change number; $1 */
};
const struct dialect_copy *dialect_copy(enum store_dialect dialect) __attribute__((returns_nonnull));

/*
 * The change number (tx_change_number()): a row that counts in SQLite; in PostgreSQL, where such a row would set every
 * two nodes against each other, a sequence. Taking it, and reading the latest.
 */
struct sql *dialect_take_change(enum store_dialect dialect) __attribute__((returns_nonnull));
struct sql *dialect_latest_change(enum store_dialect dialect) __attribute__((returns_nonnull));
/* The database's clock, milliseconds; NULL where it is that of this machine. */
/* How many standbys follow the database without a promise; NULL where there is no such thing. */
struct sql *dialect_async_standbys(enum store_dialect dialect);
struct sql *dialect_now(enum store_dialect dialect);

#endif
