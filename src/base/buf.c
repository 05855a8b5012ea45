/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/arena.h"

#include <stdarg.h>

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->overflowed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Makes room for n more bytes and a NUL; false when that passes the maximum. */
static bool buf_reserve(struct buf *buf, size_t n)
{
    if (buf->overflowed || n > buf->max - buf->len) {
        buf->overflowed = true;
        return false;
    }
    size_t need = buf->len + n + 1;
    if (need > buf->_size) {
        size_t size = MAX_OF(buf->_size * 2, (size_t)256);
        while (size < need)
            size *= 2;
        buf->data = mem_resize(buf->data, size);
        buf->_size = size;
    }
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t n)
{
    if (!buf_reserve(buf, n))
        return;
    if (n)
        memcpy(buf->data + buf->len, bytes, n);
    buf->len += n;
    buf->data[buf->len] = '\0';
}

void buf_str(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(n >= 0);
    if (!buf_reserve(buf, (size_t)n))
        return;
    va_start(args, format);
    (void)vsnprintf(buf->data + buf->len, (size_t)n + 1, format, args);
    va_end(args);
    buf->len += (size_t)n;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data ? buf->data : mem_new(1);
    size_t max = buf->max;
    buf_init(buf, max);
    return data;
}
