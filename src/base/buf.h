/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable run of bytes with a mandatory maximum. Going over the maximum sets `overflowed`, drops the addition and
 * every later one; writers check once at the end. `data` is always NUL-terminated.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/macros.h"

struct buf {
    char *data; /* NULL until the first byte */
    size_t len;
    size_t max; /* bytes, without the terminating NUL */
    size_t _size;
    bool overflowed;
};

void buf_init(struct buf *buf, size_t max);
/* Frees the bytes; the buffer can be used again with the same maximum. */
void buf_free(struct buf *buf);
/* Empties it and clears the overflow; keeps the memory. */
void buf_clear(struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_str(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* The text so far, "" when empty. Valid until the next change. */
const char *buf_text(const struct buf *buf);
/* Hands the bytes over to the caller, who calls free(); the buffer is empty afterwards. Never NULL. */
char *buf_take(struct buf *buf);

#endif
