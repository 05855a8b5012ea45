/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#define PIECE_BYTES 16384 /* bytes asked of the source at a time */
#define END (-1)

enum state {
    FIELD_START,
    IN_PLAIN,
    IN_QUOTES,
    AFTER_QUOTE, /* the quote was the closing one, or the first of a doubled one */
};

struct csv {
    csv_source source;
    void *data;
    char piece[PIECE_BYTES];
    size_t piece_n;
    size_t piece_at;
    bool ended;
    bool begun;
    int error; /* ERR_IO: final */
    int64_t line;
    struct buf bytes; /* of the record, each field with its NUL */
    size_t starts[CSV_FIELDS_MAX];
    char *fields[CSV_FIELDS_MAX];
    size_t count;
    const char *reason;
};

struct csv *csv_new(csv_source source, void *data)
{
    struct csv *csv = NEW(struct csv);
    csv->source = source;
    csv->data = data;
    csv->line = 1;
    csv->reason = "";
    buf_init(&csv->bytes, CSV_RECORD_BYTES_MAX);
    return csv;
}

struct csv *csv_free(struct csv *csv)
{
    if (csv)
        buf_free(&csv->bytes);
    free(csv);
    return NULL;
}

const char *csv_reason(const struct csv *csv)
{
    return csv->reason;
}

/* Asks the source once for more, behind what is there. */
static void read_more(struct csv *csv)
{
    size_t room = PIECE_BYTES - csv->piece_n;
    int n = csv->source(csv->data, csv->piece + csv->piece_n, room);
    assert(n <= (int)room);
    if (n < 0) {
        csv->error = ERR_IO;
        csv->reason = "reading failed";
    }
    csv->ended = n <= 0;
    csv->piece_n += n > 0 ? (size_t)n : 0;
}

/* The next byte without taking it, or END. */
static int peek(struct csv *csv)
{
    if (csv->piece_at == csv->piece_n && !csv->ended) {
        csv->piece_at = 0;
        csv->piece_n = 0;
        read_more(csv);
    }
    return csv->piece_at < csv->piece_n ? (unsigned char)csv->piece[csv->piece_at] : END;
}

static int take(struct csv *csv)
{
    int c = peek(csv);
    if (c == END)
        return END;
    csv->piece_at++;
    csv->line += c == '\n';
    return c;
}

/* Takes the rest of the line that `c`, the byte taken last, is on. */
static void skip_line(struct csv *csv, int c)
{
    while (c != '\n' && c != END)
        c = take(csv);
}

static void skip_byte_order_mark(struct csv *csv)
{
    csv->begun = true;
    while (csv->piece_n < 3 && !csv->ended)
        read_more(csv);
    if (csv->piece_n >= 3 && memcmp(csv->piece, "\xef\xbb\xbf", 3) == 0)
        csv->piece_at = 3;
}

static int fail(struct csv *csv, int err, const char *reason)
{
    csv->reason = reason;
    return err;
}

static int field_ended(struct csv *csv)
{
    buf_char(&csv->bytes, '\0');
    if (csv->bytes.overflowed)
        return fail(csv, ERR_TOO_LARGE, "the record is larger than 256 KiB: is a closing double quote missing?");
    const char *text = csv->bytes.data + csv->starts[csv->count - 1];
    size_t n = csv->bytes.data + csv->bytes.len - 1 - text;
    if (memchr(text, 0, n))
        return fail(csv, ERR_SYNTAX, "a NUL character: save the file as CSV UTF-8");
    if (!text_is_utf8(text, n))
        return fail(csv, ERR_SYNTAX, "not UTF-8: save the file as CSV UTF-8");
    return 0;
}

static int field_started(struct csv *csv)
{
    if (csv->count == CSV_FIELDS_MAX)
        return fail(csv, ERR_TOO_LARGE, "more than 256 fields in one record");
    csv->starts[csv->count++] = csv->bytes.len;
    return 0;
}

/* True for the byte that ends a record; takes the line feed after a carriage return with it. */
static bool is_line_end(struct csv *csv, int *io_c)
{
    if (*io_c == '\r' && peek(csv) == '\n')
        *io_c = take(csv);
    return *io_c == '\n' || *io_c == END;
}

/* One byte of a field. Returns the state after it, or a negative error. */
static int field_byte(struct csv *csv, enum state state, int c)
{
    if (state == IN_QUOTES) {
        if (c == '"')
            return AFTER_QUOTE;
        buf_char(&csv->bytes, (char)c);
        return csv->bytes.overflowed ? field_ended(csv) : IN_QUOTES;
    }
    if (state == AFTER_QUOTE && c != '"')
        return fail(csv, ERR_SYNTAX,
                    "text after a closing double quote: write a double quote inside a field as two of them");
    if (state == IN_PLAIN && c == '"')
        return fail(csv, ERR_SYNTAX,
                    "a double quote inside a field that does not start with one: quote the whole field and write the "
                    "double quote twice");
    if (c == '\r')
        return fail(csv, ERR_SYNTAX, "a carriage return without a line feed: end lines with CRLF or LF");
    if (state == FIELD_START && c == '"')
        return IN_QUOTES;
    buf_char(&csv->bytes, (char)c);
    if (csv->bytes.overflowed)
        return field_ended(csv);
    return state == AFTER_QUOTE ? IN_QUOTES : IN_PLAIN;
}

/* Reads the record that starts with `c`. 0 or negative; then the rest of its last line is skipped. */
static int read_record(struct csv *csv, int c)
{
    int state = FIELD_START;
    int r = field_started(csv);
    while (r == 0) {
        if (state == IN_QUOTES && c == END) {
            r = fail(csv, ERR_SYNTAX, "the file ends inside a quoted field: a closing double quote is missing");
        } else if (state != IN_QUOTES && is_line_end(csv, &c)) {
            return field_ended(csv);
        } else if (state != IN_QUOTES && c == ',') {
            r = field_ended(csv);
            if (r == 0)
                r = field_started(csv);
            state = FIELD_START;
        } else {
            state = field_byte(csv, (enum state)state, c);
            r = state < 0 ? state : 0;
        }
        if (r == 0)
            c = take(csv);
    }
    skip_line(csv, c);
    return r;
}

int csv_next(struct csv *csv, struct csv_record *ret_record, int *ret_column)
{
    buf_clear(&csv->bytes);
    csv->count = 0;
    if (!csv->begun)
        skip_byte_order_mark(csv);
    int c = take(csv);
    while (c == '\n' || (c == '\r' && peek(csv) == '\n'))
        c = take(csv);
    if (csv->error < 0)
        return csv->error;
    if (c == END)
        return 0;
    ret_record->line = csv->line;
    int r = read_record(csv, c);
    if (csv->error < 0)
        return csv->error;
    if (r < 0) {
        *ret_column = (int)csv->count;
        return r;
    }
    for (size_t i = 0; i < csv->count; i++)
        csv->fields[i] = csv->bytes.data + csv->starts[i];
    ret_record->count = csv->count;
    ret_record->fields = csv->fields;
    return 1;
}

void csv_field(struct buf *out, const char *text, bool last)
{
    buf_char(out, '"');
    if (text && *text && strchr("=+-@\t\r", *text))
        buf_char(out, '\'');
    for (const char *p = text ? text : ""; *p; p++) {
        if (*p == '"')
            buf_char(out, '"');
        buf_char(out, *p);
    }
    buf_str(out, last ? "\"\r\n" : "\",");
}
