/* SPDX-License-Identifier: Apache-2.0 */
/* The pull reader: what comes out, in which order, in how much memory, and what is refused. */
#include "base/err.h"
#include "base/jread.h"
#include "base/limits.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Reads `text` in pieces of `piece` bytes; writes "pattern:element " for each element, then "=rest" or "!error". */
static void trace(struct buf *out, const struct jread_pattern *patterns, size_t count, const char *text, size_t piece,
                  size_t element_max, size_t rest_max)
{
    struct jread *reader = jread_new(patterns, count, element_max, rest_max);
    size_t n = strlen(text);
    size_t at = 0;
    buf_clear(out);
    for (;;) {
        struct jval *value = NULL;
        size_t pattern = 99;
        int r = jread_next(reader, &value, &pattern);
        if (r == JREAD_MORE) {
            size_t some = MIN_OF(piece, n - at);
            if (some)
                jread_feed(reader, text + at, some);
            else
                jread_finish(reader);
            at += some;
            continue;
        }
        if (r == JREAD_ELEMENT)
            buf_printf(out, "%zu:", pattern);
        else
            buf_printf(out, "%s",
                       r == JREAD_END       ? "="
                       : r == ERR_SYNTAX    ? "!syntax"
                       : r == ERR_TOO_LARGE ? "!large"
                                            : "?");
        if (value)
            jval_write(value, out, false);
        if (r != JREAD_ELEMENT) {
            if (r < 0)
                assert_int_equal(jread_next(reader, &value, NULL), r);
            jval_free(value);
            break;
        }
        buf_char(out, ' ');
        jval_free(value);
    }
    assert_null(jread_free(reader));
}

static void expect_all(const struct jread_pattern *patterns, size_t count, const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 65536);
    for (size_t piece = 1; piece <= strlen(text) + 1; piece++) {
        trace(&out, patterns, count, text, piece, 1000, 1000);
        assert_string_equal(buf_text(&out), expected);
    }
    buf_free(&out);
}

static void elements_come_one_by_one(void **state)
{
    (void)state;
    const struct jread_pattern p[] = {{.path = "Resources"}};
    expect_all(p, 1, "{\"a\":1,\"Resources\":[{\"id\":\"1\"}, {\"id\":\"2\"} ],\"b\":[2]}",
               "0:{\"id\":\"1\"} 0:{\"id\":\"2\"} ={\"a\":1,\"Resources\":[],\"b\":[2]}");
    expect_all(p, 1, " { \"resources\" : [ ] } ", "={\"resources\":[]}");
    expect_all(p, 1, "{\"RESOURCES\":[1,\"a\\\"]}[\",null,true,-1.5e3,[1,[2]],{}]}",
               "0:1 0:\"a\\\"]}[\" 0:null 0:true 0:-1500.0 0:[1,[2]] 0:{} ={\"RESOURCES\":[]}");
}

static void what_matches_is_the_whole_path(void **state)
{
    (void)state;
    const struct jread_pattern p[] = {{.path = "Resources"}};
    expect_all(p, 1, "{\"x\":{\"Resources\":[1]},\"Resource\":[2],\"Resourcess\":[3],\"Resources\":{\"a\":4}}",
               "={\"x\":{\"Resources\":[1]},\"Resource\":[2],\"Resourcess\":[3],\"Resources\":{\"a\":4}}");
    expect_all(p, 1, "{\"Resources\":[[1],[2,{\"Resources\":[3]}]]}",
               "0:[1] 0:[2,{\"Resources\":[3]}] ={\"Resources\":[]}");
    expect_all(p, 1, "{\"R\\u0065sources\":[1]}", "0:1 ={\"Resources\":[]}");
    expect_all(p, 1, "\"Resources\"", "=\"Resources\"");
}

static void nested_arrays_are_streamed_before_their_element(void **state)
{
    (void)state;
    const struct jread_pattern p[] = {{.path = "Resources"}, {.path = "Resources.members"}};
    expect_all(
        p, 2, "{\"Resources\":[{\"id\":1,\"members\":[{\"value\":\"a\"},{\"value\":\"b\"}],\"z\":2},{\"members\":[]}]}",
        "1:{\"value\":\"a\"} 1:{\"value\":\"b\"} 0:{\"id\":1,\"members\":[],\"z\":2} 0:{\"members\":[]} "
        "={\"Resources\":[]}");
    const struct jread_pattern inner[] = {{.path = "Resources.members"}};
    expect_all(inner, 1, "{\"members\":[0],\"Resources\":[{\"members\":[1]},{\"members\":[2]}]}",
               "0:1 0:2 ={\"members\":[0],\"Resources\":[{\"members\":[]},{\"members\":[]}]}");
}

static void dropped_arrays_leave_no_trace(void **state)
{
    (void)state;
    const struct jread_pattern p[] = {
        {.path = "Resources"}, {.path = "Resources.members", .drop = true}, {.path = "m", .drop = true}};
    expect_all(p, 3, "{\"m\":[1,[2],{\"Resources\":[9]},\"]\"],\"Resources\":[{\"id\":1,\"members\":[{\"a\":[1]},2]}]}",
               "0:{\"id\":1,\"members\":[]} ={\"m\":[],\"Resources\":[]}");
    struct buf out;
    struct buf text;
    buf_init(&out, 1000);
    buf_init(&text, 1024 * 1024);
    buf_str(&text, "{\"m\":[");
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "%s{\"value\":%d}", i ? "," : "", i);
    buf_str(&text, "]}");
    trace(&out, p, 3, buf_text(&text), 512, 16, 16);
    assert_string_equal(buf_text(&out), "={\"m\":[]}");
    buf_free(&text);
    buf_free(&out);
}

static void document_may_be_the_array(void **state)
{
    (void)state;
    const struct jread_pattern p[] = {{.path = ""}, {.path = "groups"}};
    expect_all(p, 2, "[{\"id\":1,\"groups\":[7,8]},[]]", "1:7 1:8 0:{\"id\":1,\"groups\":[]} 0:[] =[]");
    expect_all(p, 2, "{\"a\":[1]}", "={\"a\":[1]}");
}

static void malformed_documents_are_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        " ",
        "{",
        "[",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "1 2",
        "{} {}",
        "{}x",
        "]",
        ",",
        ":",
        "\"a",
        "tru",
        "[tru e]",
        "[01]",
        "[+1]",
        "nul",
        "{\"m\":[1,]}",
        "{\"m\":[}}",
        "{\"m\":[1",
        "{\"m\":[1]",
        "{\"m\":[1}",
        "{\"m\":[{\"a\":1,\"a\":2}]}",
        "{\"a\":1,\"a\":2}",
        "{\"m\":[1],\"m\":[2]}",
        "{\"m\":[\"\\x\"]}",
        "{\"m\":[\"\xff\"]}",
        "{\"m\":[\"\x01\"]}",
        "{\"m\":[\"\\ud800\"]}",
    };
    const struct jread_pattern p[] = {{.path = "m"}};
    struct buf out;
    buf_init(&out, 65536);
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        for (size_t piece = 1; piece < 8; piece += 3) {
            trace(&out, p, 1, broken[i], piece, 1000, 1000);
            if (!strstr(buf_text(&out), "!syntax"))
                fail_msg("not refused: %s gives %s", broken[i], buf_text(&out));
        }
    }
    buf_free(&out);
}

static void depth_is_limited(void **state)
{
    (void)state;
    const struct jread_pattern p[] = {{.path = "m"}, {.path = "drop", .drop = true}};
    struct buf out;
    struct buf text;
    buf_init(&out, 65536);
    buf_init(&text, 65536);
    const char *const keys[] = {"m", "drop", "other"};
    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        for (int levels = LIMIT_JSON_DEPTH; levels <= LIMIT_JSON_DEPTH + 1; levels++) {
            buf_clear(&text);
            buf_printf(&text, "{\"%s\":", keys[k]);
            for (int i = 1; i < levels; i++)
                buf_char(&text, '[');
            for (int i = 1; i < levels; i++)
                buf_char(&text, ']');
            buf_char(&text, '}');
            trace(&out, p, 2, buf_text(&text), 100, 1000, 1000);
            assert_int_equal(strstr(buf_text(&out), "!syntax") == NULL, levels == LIMIT_JSON_DEPTH);
        }
    }
    buf_free(&text);
    buf_free(&out);
}

static void maxima_are_errors(void **state)
{
    (void)state;
    const struct jread_pattern p[] = {{.path = "m"}};
    struct buf out;
    buf_init(&out, 65536);
    trace(&out, p, 1, "{\"m\":[\"1234567\",\"12345678\",\"123456789\"]}", 7, 10, 1000);
    assert_string_equal(buf_text(&out), "0:\"1234567\" 0:\"12345678\" !large");
    trace(&out, p, 1, "{\"m\":[1],\"b\":2}", 7, 10, 14);
    assert_string_equal(buf_text(&out), "0:1 ={\"m\":[],\"b\":2}");
    trace(&out, p, 1, "{\"m\":[1],\"b\":22}", 7, 10, 14);
    assert_string_equal(buf_text(&out), "0:1 !large");
    trace(&out, p, 1, "{ \"m\" : [1],   \n\n\n\n\n        \"b\" :    2   }", 7, 10, 14);
    assert_string_equal(buf_text(&out), "0:1 ={\"m\":[],\"b\":2}");
    buf_free(&out);
}

static void offset_says_where(void **state)
{
    (void)state;
    struct jread *reader = jread_new(NULL, 0, 100, 100);
    struct jval *value = NULL;
    jread_feed(reader, "{\"a\":", 5);
    assert_int_equal(jread_next(reader, &value, NULL), JREAD_MORE);
    jread_feed(reader, "1 ! }", 5);
    assert_int_equal(jread_next(reader, &value, NULL), ERR_SYNTAX);
    assert_in_range(jread_offset(reader), 7, 8);
    jread_free(reader);
    assert_null(jread_free(NULL));
}

#define MEMBERS 100000
#define MEMORY_MAX ((size_t)8 * 1024 * 1024)

static void hundred_thousand_members_fit_into_8_mib(void **state)
{
    (void)state;
    const struct jread_pattern p[] = {{.path = "members"}};
    struct jread *reader = jread_new(p, 1, LIMIT_ELEMENT_BYTES, LIMIT_ANSWER_BYTES);
    struct jval *value = NULL;
    char piece[512];
    size_t elements = 0;
    size_t before = mallinfo2().uordblks;
    size_t most = 0;
    jread_feed(reader, "{\"id\":\"g\",\"members\":[", 21);
    for (int i = 0; i <= MEMBERS; i++) {
        int r = 0;
        while ((r = jread_next(reader, &value, NULL)) == JREAD_ELEMENT) {
            assert_non_null(jval_get_str(value, "value"));
            jval_free(value);
            elements++;
        }
        assert_int_equal(r, JREAD_MORE);
        int n = snprintf(piece, sizeof(piece),
                         "%s{\"value\":\"2819c223-7f76-453a-919d-%012d\",\"$ref\":\"https://example.com/v2/Users/%d\","
                         "\"display\":\"Member number %d\",\"type\":\"User\"}",
                         i ? "," : "", i, i, i);
        if (i < MEMBERS)
            jread_feed(reader, piece, (size_t)n);
        else
            jread_feed(reader, "]}", 2);
        most = MAX_OF(most, mallinfo2().uordblks);
    }
    jread_finish(reader);
    while (jread_next(reader, &value, NULL) == JREAD_ELEMENT) {
        jval_free(value);
        elements++;
    }
    assert_string_equal(jval_get_str(value, "id"), "g");
    assert_int_equal(jval_len(jval_get(value, "members")), 0);
    jval_free(value);
    jread_free(reader);
    assert_int_equal(elements, MEMBERS);
    assert_true(most - MIN_OF(before, most) < MEMORY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_come_one_by_one),
        cmocka_unit_test(what_matches_is_the_whole_path),
        cmocka_unit_test(nested_arrays_are_streamed_before_their_element),
        cmocka_unit_test(dropped_arrays_leave_no_trace),
        cmocka_unit_test(document_may_be_the_array),
        cmocka_unit_test(malformed_documents_are_refused),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(maxima_are_errors),
        cmocka_unit_test(offset_says_where),
        cmocka_unit_test(hundred_thousand_members_fit_into_8_mib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
