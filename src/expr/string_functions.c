/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String.*: positions and lengths count characters (code points). Of a null text, what gives a text gives null, what
 * gives true or false gives false, and the length is 0.
 */
#include "expr/inner.h"

#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

static const char *text_of(const struct expr_value *value)
{
    return value->type == EXPR_STRING ? value->text : NULL;
}

static const char *text_or_empty(const struct expr_value *value)
{
    return value->type == EXPR_STRING ? value->text : "";
}

/* A copy of `n` bytes. */
static int give(struct evaluation *e, const struct expr *node, const char *from, size_t n, struct expr_value *ret)
{
    char *text = NULL;
    int r = evaluation_text(e, node, n, &text);
    if (r < 0)
        return r;
    memcpy(text, from, n);
    *ret = value_text(text);
    return 0;
}

/* Where `part` stands in `text`, both counted as work; NULL in `ret` when it does not. */
static int find(struct evaluation *e, const struct expr *node, const char *text, const char *part, const char **ret)
{
    int r = evaluation_spend(e, node, strlen(text) + strlen(part));
    *ret = r == 0 ? strstr(text, part) : NULL;
    return r;
}

FUNCTION(string_append)
{
    if (!text_of(&arguments[0]) && !text_of(&arguments[1])) {
        *ret = value_text(NULL);
        return 0;
    }
    return evaluation_join(e, node, text_or_empty(&arguments[0]), text_or_empty(&arguments[1]), ret);
}

FUNCTION(string_join)
{
    const char *separator = text_or_empty(&arguments[0]);
    struct buf out;
    buf_init(&out, EXPR_TEXT_BYTES);
    bool first = true;
    for (size_t i = 1; i < node->count; i++) {
        if (!text_of(&arguments[i]))
            continue;
        buf_str(&out, first ? "" : separator);
        buf_str(&out, arguments[i].text);
        first = false;
    }
    int r = out.overflowed ? evaluation_limit(e, node, "a text becomes longer than 65536 bytes")
                           : give(e, node, buf_text(&out), out.len, ret);
    buf_free(&out);
    return r;
}

FUNCTION(string_len)
{
    const char *text = text_or_empty(&arguments[0]);
    *ret = value_integer((int64_t)u8_mbsnlen((const uint8_t *)text, strlen(text)));
    return evaluation_spend(e, node, strlen(text));
}

FUNCTION(string_remove_spaces)
{
    const char *text = text_of(&arguments[0]);
    char *out = NULL;
    int r = text ? evaluation_text(e, node, strlen(text), &out) : 0;
    if (r < 0)
        return r;
    size_t n = 0;
    for (const char *p = text; p && *p; p++)
        if (*p != ' ')
            out[n++] = *p;
    *ret = value_text(out);
    return 0;
}

/* Replaces `match`, literally, at most `times` times. An empty match replaces nothing. */
static int replace(struct evaluation *e, const struct expr *node, const struct expr_value *arguments, size_t times,
                   struct expr_value *ret)
{
    const char *text = text_of(&arguments[0]);
    const char *match = text_or_empty(&arguments[1]);
    const char *replacement = text_or_empty(&arguments[2]);
    if (!text || !*match) {
        *ret = arguments[0];
        return 0;
    }
    struct buf out;
    buf_init(&out, EXPR_TEXT_BYTES);
    const char *found = NULL;
    int r = evaluation_spend(e, node, strlen(text));
    while (r == 0 && times-- > 0 && !out.overflowed && (found = strstr(text, match))) {
        buf_add(&out, text, (size_t)(found - text));
        buf_str(&out, replacement);
        text = found + strlen(match);
    }
    buf_str(&out, text);
    if (r == 0)
        r = out.overflowed ? evaluation_limit(e, node, "a text becomes longer than 65536 bytes")
                           : give(e, node, buf_text(&out), out.len, ret);
    buf_free(&out);
    return r;
}

FUNCTION(string_replace)
{
    return replace(e, node, arguments, SIZE_MAX, ret);
}

FUNCTION(string_replace_first)
{
    return replace(e, node, arguments, 1, ret);
}

FUNCTION(string_contains)
{
    const char *text = text_of(&arguments[0]);
    const char *part = text_of(&arguments[1]);
    const char *found = NULL;
    int r = text && part ? find(e, node, text, part, &found) : 0;
    *ret = value_boolean(found != NULL);
    return r;
}

FUNCTION(string_starts_with)
{
    const char *text = text_of(&arguments[0]);
    const char *part = text_of(&arguments[1]);
    *ret = value_boolean(text && part && strncmp(text, part, strlen(part)) == 0);
    return part ? evaluation_spend(e, node, strlen(part)) : 0;
}

FUNCTION(string_ends_with)
{
    const char *text = text_of(&arguments[0]);
    const char *part = text_of(&arguments[1]);
    bool ends = text && part && strlen(text) >= strlen(part) && strcmp(text + strlen(text) - strlen(part), part) == 0;
    *ret = value_boolean(ends);
    return text ? evaluation_spend(e, node, strlen(text)) : 0;
}

/* The value of the first part that stands in the text. */
FUNCTION(string_switch)
{
    const char *text = text_or_empty(&arguments[0]);
    for (size_t i = 2; i + 1 < node->count; i += 2) {
        const char *found = NULL;
        int r = text_of(&arguments[i]) ? find(e, node, text, arguments[i].text, &found) : 0;
        if (r < 0)
            return r;
        if (found) {
            *ret = arguments[i + 1];
            return 0;
        }
    }
    *ret = arguments[1];
    return 0;
}

/* The byte at which character `index` begins, at most the end. */
static size_t byte_at(const char *text, int64_t index)
{
    const uint8_t *p = (const uint8_t *)text;
    ucs4_t c = 0;
    const uint8_t *next = NULL;
    while (index-- > 0 && (next = u8_next(&c, p)))
        p = next;
    return (size_t)(p - (const uint8_t *)text);
}

/* From character `start` up to, and without, character `end`; both are moved into the text. */
FUNCTION(string_substring)
{
    const char *text = text_of(&arguments[0]);
    if (!text) {
        *ret = value_text(NULL);
        return 0;
    }
    int r = evaluation_spend(e, node, strlen(text));
    if (r < 0)
        return r;
    bool has_end = node->count > 2 && arguments[2].type == EXPR_INTEGER;
    size_t from = byte_at(text, arguments[1].type == EXPR_INTEGER ? arguments[1].integer : 0);
    size_t to = has_end ? byte_at(text, arguments[2].integer) : strlen(text);
    return give(e, node, text + from, to > from ? to - from : 0, ret);
}

static int cut(struct evaluation *e, const struct expr *node, const struct expr_value *arguments, bool before,
               struct expr_value *ret)
{
    const char *text = text_of(&arguments[0]);
    const char *part = text_or_empty(&arguments[1]);
    const char *found = NULL;
    *ret = value_text(NULL);
    int r = text ? find(e, node, text, part, &found) : 0;
    if (r < 0 || !text)
        return r;
    if (before)
        return give(e, node, text, found ? (size_t)(found - text) : strlen(text), ret);
    const char *rest = found ? found + strlen(part) : "";
    return give(e, node, rest, strlen(rest), ret);
}

FUNCTION(string_substring_after)
{
    return cut(e, node, arguments, false, ret);
}

FUNCTION(string_substring_before)
{
    return cut(e, node, arguments, true, ret);
}

static int change_case(struct evaluation *e, const struct expr *node, const struct expr_value *argument, bool upper,
                       struct expr_value *ret)
{
    const char *text = text_of(argument);
    *ret = value_text(NULL);
    if (!text)
        return 0;
    size_t n = 0;
    uint8_t *changed = upper ? u8_toupper((const uint8_t *)text, strlen(text), NULL, NULL, NULL, &n)
                             : u8_tolower((const uint8_t *)text, strlen(text), NULL, NULL, NULL, &n);
    assert(changed || n == 0);
    int r = give(e, node, changed ? (const char *)changed : "", n, ret);
    free(changed);
    return r;
}

FUNCTION(string_to_upper)
{
    return change_case(e, node, &arguments[0], true, ret);
}

FUNCTION(string_to_lower)
{
    return change_case(e, node, &arguments[0], false, ret);
}

FUNCTION(string_trim)
{
    const char *text = text_of(&arguments[0]);
    *ret = value_text(NULL);
    if (!text)
        return 0;
    const char *space = " \t\r\n\f\v";
    text += strspn(text, space);
    size_t n = strlen(text);
    while (n && strchr(space, text[n - 1]))
        n--;
    return give(e, node, text, n, ret);
}
