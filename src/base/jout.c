/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jout.h"

#include "base/clock.h"

static void quoted(struct buf *buf, const char *text)
{
    buf_char(buf, '"');
    const char *plain = text;
    for (const char *p = text;; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(buf, plain, (size_t)(p - plain));
        plain = p + 1;
        if (c == '\0')
            break;
        if (c == '"' || c == '\\')
            buf_printf(buf, "\\%c", c);
        else if (c == '\n')
            buf_str(buf, "\\n");
        else if (c == '\t')
            buf_str(buf, "\\t");
        else if (c == '\r')
            buf_str(buf, "\\r");
        else
            buf_printf(buf, "\\u%04x", c);
    }
    buf_char(buf, '"');
}

/* The comma and the key before a value. */
static void lead(struct jout *out, const char *key)
{
    assert(out->depth == 0 || (key != NULL) == (out->closers[out->depth - 1] == '}'));
    if (out->filled[out->depth])
        buf_char(out->buf, ',');
    out->filled[out->depth] = true;
    if (key) {
        quoted(out->buf, key);
        buf_char(out->buf, ':');
    }
}

static void open_with(struct jout *out, const char *key, char opener, char closer)
{
    lead(out, key);
    assert(out->depth < JOUT_DEPTH);
    buf_char(out->buf, opener);
    out->closers[out->depth++] = closer;
    out->filled[out->depth] = false;
}

void jout_init(struct jout *out, struct buf *buf)
{
    *out = (struct jout){.buf = buf};
}

void jout_object(struct jout *out, const char *key)
{
    open_with(out, key, '{', '}');
}

void jout_array(struct jout *out, const char *key)
{
    open_with(out, key, '[', ']');
}

void jout_end(struct jout *out)
{
    assert(out->depth > 0);
    buf_char(out->buf, out->closers[--out->depth]);
}

void jout_str(struct jout *out, const char *key, const char *text)
{
    lead(out, key);
    if (text)
        quoted(out->buf, text);
    else
        buf_str(out->buf, "null");
}

void jout_str_opt(struct jout *out, const char *key, const char *text)
{
    if (text)
        jout_str(out, key, text);
}

void jout_int(struct jout *out, const char *key, int64_t value)
{
    lead(out, key);
    buf_printf(out->buf, "%lld", (long long)value);
}

void jout_bool(struct jout *out, const char *key, bool value)
{
    lead(out, key);
    buf_str(out->buf, value ? "true" : "false");
}

void jout_null(struct jout *out, const char *key)
{
    lead(out, key);
    buf_str(out->buf, "null");
}

void jout_time(struct jout *out, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    jout_str(out, key, ms ? clock_iso(ms, text) : NULL);
}

void jout_val(struct jout *out, const char *key, const struct jval *value)
{
    lead(out, key);
    if (value)
        jval_write(value, out->buf, false);
    else
        buf_str(out->buf, "null");
}

void jout_raw(struct jout *out, const char *key, const char *json)
{
    lead(out, key);
    buf_str(out->buf, json);
}
