/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/csv.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct source {
    const char *bytes;
    size_t n;
    size_t piece;
    bool fails; /* instead of ending */
};

static int source_read(void *data, char *bytes, size_t n)
{
    struct source *source = data;
    size_t some = MIN_OF(MIN_OF(n, source->piece), source->n);
    if (some == 0 && source->fails)
        return ERR_IO;
    if (some)
        memcpy(bytes, source->bytes, some);
    source->bytes += some;
    source->n -= some;
    return (int)some;
}

/* "line[field|field]" for each record, "line!column" for each refused one. */
static void trace(struct buf *out, const char *text, size_t n, size_t piece)
{
    struct source source = {.bytes = text, .n = n, .piece = piece};
    struct csv *csv = csv_new(source_read, &source);
    struct csv_record record = {0};
    int column = 0;
    int r = 0;
    buf_clear(out);
    while ((r = csv_next(csv, &record, &column)) != 0) {
        buf_printf(out, "%d", (int)record.line);
        if (r < 0) {
            assert_true(csv_reason(csv)[0] != '\0');
            buf_printf(out, "%s%d ", r == ERR_SYNTAX ? "!" : "!!", column);
            continue;
        }
        assert_int_equal(r, 1);
        for (size_t i = 0; i < record.count; i++)
            buf_printf(out, "%c%s", i ? '|' : '[', record.fields[i]);
        buf_str(out, "] ");
    }
    assert_int_equal(csv_next(csv, &record, &column), 0);
    assert_null(csv_free(csv));
}

static void expect_all(const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 4 * 1024 * 1024);
    for (size_t piece = 1; piece <= 8; piece++) {
        trace(&out, text, strlen(text), piece);
        assert_string_equal(buf_text(&out), expected);
    }
    buf_free(&out);
}

static void records_and_fields(void **state)
{
    (void)state;
    expect_all("", "");
    expect_all("a", "1[a] ");
    expect_all("a,b\nc,d\n", "1[a|b] 2[c|d] ");
    expect_all("a,b\r\nc,d\r\n", "1[a|b] 2[c|d] ");
    expect_all("a,b\r\nc,d", "1[a|b] 2[c|d] ");
    expect_all(",\n,,", "1[|] 2[||] ");
    expect_all(" a , b ", "1[ a | b ] ");
    expect_all("\n\r\n\na\n\n\r\nb\n\n", "4[a] 7[b] ");
}

static void quotes(void **state)
{
    (void)state;
    expect_all("\"a\",\"b,c\"\n", "1[a|b,c] ");
    expect_all("\"say \"\"hi\"\"\",x", "1[say \"hi\"|x] ");
    expect_all("\"\"\n\"\"\"\"\n", "1[] 2[\"] ");
    expect_all("\"two\nlines\",x\r\ny,\"three\r\n\r\nlines\"\r\nz", "1[two\nlines|x] 3[y|three\r\n\r\nlines] 6[z] ");
}

static void byte_order_mark_is_skipped_once(void **state)
{
    (void)state;
    expect_all("\xef\xbb\xbfname\n\xef\xbb\xbfx\n", "1[name] 2[\xef\xbb\xbfx] ");
    expect_all("\xef\xbb\xbf\"name\"\n", "1[name] ");
    expect_all("\xef\xbb\xbf", "");
    expect_all("\xef\xbbx\nok\n", "1!1 2[ok] ");
}

static void malformed_records_are_named_and_skipped(void **state)
{
    (void)state;
    expect_all("a,b\"c\nok\n", "1!2 2[ok] ");
    expect_all("a,\"b\"c,d\nok\n", "1!2 2[ok] ");
    expect_all("ok\na,\"never closed\nmore\n", "1[ok] 2!2 ");
    expect_all("a\rb\nok", "1!1 2[ok] ");
    expect_all("x,\xff\nok", "1!2 2[ok] ");
    struct buf out;
    buf_init(&out, 1000);
    trace(&out, "a,b\0c\nok", 8, 100);
    assert_string_equal(buf_text(&out), "1!2 2[ok] ");
    buf_free(&out);
}

static void sizes_are_limited(void **state)
{
    (void)state;
    struct buf text;
    struct buf out;
    buf_init(&text, 4 * 1024 * 1024);
    buf_init(&out, 4 * 1024 * 1024);
    for (size_t i = 1; i < CSV_FIELDS_MAX; i++)
        buf_char(&text, ',');
    buf_str(&text, "\n,");
    for (size_t i = 1; i < CSV_FIELDS_MAX; i++)
        buf_char(&text, ',');
    buf_str(&text, "\nok\n");
    trace(&out, buf_text(&text), text.len, 1000);
    assert_non_null(strstr(buf_text(&out), "|] 2!!256 3[ok] "));

    buf_clear(&text);
    for (size_t i = 0; i < CSV_RECORD_BYTES_MAX; i++)
        buf_char(&text, 'x');
    buf_str(&text, "\nok\n\"");
    for (size_t i = 0; i < CSV_RECORD_BYTES_MAX; i++)
        buf_char(&text, 'x');
    buf_str(&text, "\nok\n");
    trace(&out, buf_text(&text), text.len, 100000);
    assert_string_equal(buf_text(&out), "1!!1 2[ok] 3!!1 4[ok] ");
    buf_free(&out);
    buf_free(&text);
}

static void source_failure_is_final(void **state)
{
    (void)state;
    struct source source = {.bytes = "a\nb", .n = 3, .piece = 2, .fails = true};
    struct csv *csv = csv_new(source_read, &source);
    struct csv_record record = {0};
    int column = 0;
    assert_int_equal(csv_next(csv, &record, &column), 1);
    assert_string_equal(record.fields[0], "a");
    assert_int_equal(csv_next(csv, &record, &column), ERR_IO);
    assert_int_equal(csv_next(csv, &record, &column), ERR_IO);
    csv_free(csv);
    assert_null(csv_free(NULL));
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1024);
    csv_field(&out, "a \"b\", c\nd", false);
    csv_field(&out, NULL, false);
    csv_field(&out, "=1+1", true);
    assert_string_equal(buf_text(&out), "\"a \"\"b\"\", c\nd\",\"\",\"'=1+1\"\r\n");
    struct source source = {.bytes = buf_text(&out), .n = out.len, .piece = 5};
    struct csv *csv = csv_new(source_read, &source);
    struct csv_record record = {0};
    int column = 0;
    assert_int_equal(csv_next(csv, &record, &column), 1);
    assert_int_equal(record.count, 3);
    assert_string_equal(record.fields[0], "a \"b\", c\nd");
    assert_string_equal(record.fields[1], "");
    csv_free(csv);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_fields),
        cmocka_unit_test(quotes),
        cmocka_unit_test(byte_order_mark_is_skipped_once),
        cmocka_unit_test(malformed_records_are_named_and_skipped),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(source_failure_is_final),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
