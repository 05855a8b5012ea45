/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed: errors, objects, tables. Texts of servers and files are cleaned before they reach a terminal. */
#include "cli/cli.h"

#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <unistr.h>
#include <uniwidth.h>

#define LINE_BYTES 4096                       /* bytes of one message */
#define JSON_BYTES ((size_t)64 * 1024 * 1024) /* bytes of one printed document */
#define TABLE_COLUMNS 12
#define TABLE_ROWS_MIN 64
#define COLUMN_GAP 2
#define COLUMN_MIN 8 /* a column is not cut below this */

const char *cli_clean(struct arena *arena, const char *text)
{
    if (!text)
        return "";
    size_t n = strlen(text);
    struct buf out;
    buf_init(&out, n * 3 + 1);
    for (size_t i = 0; i < n;) {
        ucs4_t c;
        int used = u8_mbtouc(&c, (const uint8_t *)text + i, n - i);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
            buf_str(&out, c == '\n' || c == '\t' || c == '\r' ? " " : "\xef\xbf\xbd");
        else
            buf_add(&out, text + i, (size_t)used);
        i += (size_t)used;
    }
    char *clean = arena_strdup(arena, buf_text(&out));
    buf_free(&out);
    return clean ? clean : "";
}

/* --- errors ----------------------------------------------------------------------------------------------------------
 */

static void write_json_line(FILE *file, const struct jval *value)
{
    struct buf out;
    buf_init(&out, JSON_BYTES);
    jval_write(value, &out, false);
    (void)fprintf(file, "%s\n", buf_text(&out));
    buf_free(&out);
}

static void fail_as_json(int status, const struct jval *answer, const char *text)
{
    struct jval *error = jval_new_object();
    jval_set(error, "exit", jval_new_int(status));
    jval_set_str(error, "text", text);
    if (answer)
        jval_set(error, "answer", jval_copy(answer));
    struct jval *top = jval_new_object();
    jval_set(top, "error", error);
    write_json_line(stderr, top);
    (void)jval_free(top);
}

static void print_causes(const struct cli *cli, const struct jval *answer)
{
    const struct jval *causes = jval_get(answer, "errorCauses");
    for (size_t i = 0; i < jval_len(causes); i++) {
        const char *text = jval_get_str(jval_at(causes, i), "errorSummary");
        if (text)
            (void)fprintf(stderr, "  %s\n", cli_clean(cli->arena, text));
    }
}

static int fail_text(const struct cli *cli, int status, const struct jval *answer, const char *text)
{
    (void)fflush(stdout);
    if (cli->json) {
        fail_as_json(status, answer, text);
        return status;
    }
    (void)fprintf(stderr, "muster: %s\n", cli_clean(cli->arena, text));
    print_causes(cli, answer);
    return status;
}

int cli_fail(const struct cli *cli, int status, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return fail_text(cli, status, NULL, text);
}

int cli_fail_answer(const struct cli *cli, int status, const struct jval *answer, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return fail_text(cli, status, answer, text);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
    if (cli->json)
        return;
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)printf("%s\n", cli_clean(cli->arena, text));
    (void)fflush(stdout);
}

/* --- objects ---------------------------------------------------------------------------------------------------------
 */

void cli_print_json(const struct cli *cli, struct jval *value)
{
    if (cli->json && !cli->plans) { /* plans are all that there is to say (plan_end()) */
        write_json_line(stdout, value);
        (void)fflush(stdout);
    }
    (void)jval_free(value);
}

static const char *scalar_text(struct arena *arena, const struct jval *value)
{
    if (jval_type(value) == JVAL_STRING)
        return jval_str(value);
    if (jval_type(value) == JVAL_NULL || jval_type(value) == JVAL_NONE)
        return "";
    return jval_text(arena, value, false);
}

static void flatten(const struct cli *cli, const struct jval *object, const char *prefix, struct table *table)
{
    for (void *it = jval_first(object); it; it = jval_next(object, it)) {
        const char *key = jval_iter_key(it);
        const struct jval *value = jval_iter_value(it);
        if (strcmp(key, "_links") == 0 || strcmp(key, "_link") == 0 || jval_type(value) == JVAL_NULL)
            continue;
        const char *name = *prefix ? arena_printf(cli->arena, "%s.%s", prefix, key) : key;
        if (jval_type(value) == JVAL_OBJECT) {
            flatten(cli, value, name, table);
            continue;
        }
        table_cell(table, name);
        table_cell(table, scalar_text(cli->arena, value));
    }
}

void cli_print_object(const struct cli *cli, const struct jval *object)
{
    if (cli->json) {
        write_json_line(stdout, object);
        (void)fflush(stdout);
        return;
    }
    struct table *table = table_new(cli->arena, NULL, 2);
    flatten(cli, object, "", table);
    table_print(table);
}

/* --- tables ----------------------------------------------------------------------------------------------------------
 */

struct table {
    struct arena *arena;
    const char *const *headings; /* NULL: none */
    size_t columns;
    size_t count, size; /* cells */
    const char **cells;
};

struct table *table_new(struct arena *arena, const char *const *headings, size_t columns)
{
    assert(columns > 0 && columns <= TABLE_COLUMNS);
    struct table *table = arena_alloc(arena, sizeof(*table));
    *table = (struct table){.arena = arena, .headings = headings, .columns = columns};
    return table;
}

void table_cell(struct table *table, const char *text)
{
    if (table->count == table->size) {
        size_t size = table->size ? table->size * 2 : TABLE_ROWS_MIN * table->columns;
        const char **cells = arena_array(table->arena, size, sizeof(*cells));
        if (table->count)
            memcpy(cells, table->cells, table->count * sizeof(*cells));
        table->cells = cells;
        table->size = size;
    }
    table->cells[table->count++] = cli_clean(table->arena, text);
}

size_t table_rows(const struct table *table)
{
    return table->count / table->columns;
}

static size_t text_width(const char *text)
{
    int width = u8_strwidth((const uint8_t *)text, "UTF-8");
    return width > 0 ? (size_t)width : 0;
}

static void measure(const struct table *table, size_t widths[static TABLE_COLUMNS])
{
    for (size_t c = 0; c < table->columns; c++)
        widths[c] = table->headings ? text_width(table->headings[c]) : 0;
    for (size_t i = 0; i < table->count; i++) {
        size_t width = text_width(table->cells[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
}

/* Takes from the widest column until the line fits, or until nothing can be taken. */
static void shrink(size_t *widths, size_t columns, size_t limit)
{
    for (;;) {
        size_t sum = (columns - 1) * COLUMN_GAP, widest = 0;
        for (size_t c = 0; c < columns; c++) {
            sum += widths[c];
            if (widths[c] > widths[widest])
                widest = c;
        }
        if (sum <= limit || widths[widest] <= COLUMN_MIN)
            return;
        widths[widest]--;
    }
}

/* Adds the text, cut to `width` columns of the terminal; how wide it became. */
static size_t add_cut(struct buf *out, const char *text, size_t width)
{
    size_t full = text_width(text);
    if (full <= width) {
        buf_str(out, text);
        return full;
    }
    size_t used = 0, n = strlen(text);
    for (size_t i = 0; i < n;) {
        ucs4_t c;
        int bytes = u8_mbtouc(&c, (const uint8_t *)text + i, n - i);
        int w = uc_width(c, "UTF-8");
        size_t wide = w > 0 ? (size_t)w : 0;
        if (used + wide + 1 > width)
            break;
        buf_add(out, text + i, (size_t)bytes);
        used += wide;
        i += (size_t)bytes;
    }
    buf_str(out, "\xe2\x80\xa6");
    return used + 1;
}

static void write_row(struct buf *out, const char *const *cells, size_t columns, const size_t *widths)
{
    size_t last = columns;
    while (last > 1 && !*cells[last - 1])
        last--;
    for (size_t c = 0; c < last; c++) {
        size_t used = add_cut(out, cells[c], widths[c]);
        for (; c + 1 < last && used < widths[c] + COLUMN_GAP; used++)
            buf_char(out, ' ');
    }
    buf_char(out, '\n');
}

void table_write(const struct table *table, struct buf *out, size_t width)
{
    size_t widths[TABLE_COLUMNS];
    assert(table->count % table->columns == 0);
    measure(table, widths);
    if (width)
        shrink(widths, table->columns, width);
    if (table->headings)
        write_row(out, table->headings, table->columns, widths);
    for (size_t i = 0; i < table->count; i += table->columns)
        write_row(out, table->cells + i, table->columns, widths);
}

void table_print(const struct table *table)
{
    struct winsize size;
    size_t width = 0;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    struct buf out;
    buf_init(&out, JSON_BYTES);
    table_write(table, &out, width);
    (void)fwrite(buf_text(&out), 1, out.len, stdout);
    (void)fflush(stdout);
    buf_free(&out);
}

/* --- lists -----------------------------------------------------------------------------------------------------------
 */

struct list {
    struct cli *cli;
    const struct column *columns;
    size_t column_count;
    struct table *table;
    int64_t limit; /* 0: none */
    int64_t count;
    bool more;
};

static int list_item(const struct jval *item, void *data)
{
    struct list *list = data;
    if (list->limit && list->count == list->limit) {
        list->more = true;
        return 1;
    }
    list->count++;
    if (list->cli->json) {
        struct buf out;
        buf_init(&out, JSON_BYTES);
        jval_write(item, &out, false);
        (void)printf("%s%s", list->count == 1 ? "" : ",\n", buf_text(&out));
        buf_free(&out);
        return 0;
    }
    for (size_t c = 0; c < list->column_count; c++) {
        const struct column *column = &list->columns[c];
        table_cell(list->table, column->text ? column->text(list->cli, item)
                                             : scalar_text(list->cli->arena, jval_path(item, column->path)));
    }
    return 0;
}

static void list_open(struct list *list)
{
    const char **headings = arena_array(list->cli->arena, TABLE_COLUMNS, sizeof(*headings)); /* the table keeps it */
    while (list->columns[list->column_count].heading)
        list->column_count++;
    assert(list->column_count <= TABLE_COLUMNS);
    for (size_t c = 0; c < list->column_count; c++)
        headings[c] = list->columns[c].heading;
    list->table = table_new(list->cli->arena, headings, list->column_count);
    if (list->cli->json)
        (void)fputs("[", stdout);
}

static void list_close(const struct list *list, bool complete, const char *nothing)
{
    if (list->cli->json) {
        (void)fputs("]\n", stdout);
        return;
    }
    if (list->count)
        table_print(list->table);
    else if (complete)
        cli_say(list->cli, "%s", nothing);
    if (list->more)
        (void)fprintf(stderr, "(the first %lld; there are more: --limit)\n", (long long)list->limit);
}

int cli_print_list(struct cli *cli, const char *path, const struct column *columns, const char *nothing)
{
    struct list list = {.cli = cli, .columns = columns};
    int r = cli_option_int(cli, "limit", 0, 0, INT32_MAX, &list.limit);
    if (r)
        return r;
    list_open(&list);
    r = client_each(cli, path, list_item, &list);
    list_close(&list, r == CLI_OK, nothing);
    return r;
}

void cli_print_rows(struct cli *cli, const struct jval *rows, const struct column *columns, const char *nothing)
{
    struct list list = {.cli = cli, .columns = columns};
    list_open(&list);
    for (size_t i = 0; i < jval_len(rows); i++)
        (void)list_item(jval_at(rows, i), &list);
    list_close(&list, true, nothing);
}
