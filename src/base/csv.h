/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads CSV as in RFC 4180 (quotes, doubled quotes, line breaks inside quotes, CRLF or LF, an optional byte order
 * mark), record by record, so that a file of any length needs the memory of one record.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"
#include "base/buf.h"

#define CSV_FIELDS_MAX 256                /* fields of a record */
#define CSV_RECORD_BYTES_MAX (256 * 1024) /* bytes of a record */

struct csv;

struct csv_record {
    int64_t line;  /* the line on which it starts, from 1 */
    size_t count;  /* fields */
    char **fields; /* unquoted, NUL-terminated; valid until the next call */
};

/* Fills `bytes` with at most `n`; returns how many, 0 at the end, negative on failure. */
typedef int (*csv_source)(void *data, char *bytes, size_t n);

struct csv *csv_new(csv_source source, void *data);
struct csv *csv_free(struct csv *csv); /* accepts NULL, returns NULL */
/*
 * 1: a record. 0: the end. ERR_SYNTAX: a malformed record; `*ret_column` (the field, from 1) and `ret_record->line` say
 * where, csv_reason() says why and what to do, and reading goes on with the next line. ERR_TOO_LARGE likewise. ERR_IO:
 * the source failed; final. Empty lines are skipped. Fields are valid UTF-8 without NUL; spaces are part of them.
 */
int csv_next(struct csv *csv, struct csv_record *ret_record, int *ret_column) MUSTCHECK;
const char *csv_reason(const struct csv *csv);

/* Writes a field between quotes, with a comma behind it or, after the last one, the end of the line. NULL is empty. A
 * text that a spreadsheet would take for a formula begins with an apostrophe. */
void csv_field(struct buf *out, const char *text, bool last);

#endif
