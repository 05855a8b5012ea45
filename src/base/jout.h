/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON straight into a buffer, for answers and requests of any length. Commas and escapes are its business;
 * nesting is checked by asserts. Inside an object use the functions with a key, inside an array those with key NULL.
 */
#ifndef BASE_JOUT_H
#define BASE_JOUT_H

#include "base/jval.h"

#define JOUT_DEPTH 32

struct jout {
    struct buf *buf;
    int depth;
    char closers[JOUT_DEPTH];
    bool filled[JOUT_DEPTH + 1];
};

void jout_init(struct jout *out, struct buf *buf);
void jout_object(struct jout *out, const char *key); /* opens { */
void jout_array(struct jout *out, const char *key);  /* opens [ */
void jout_end(struct jout *out);                     /* closes the innermost */
/* NULL text writes null. Invalid UTF-8 must not get here. */
void jout_str(struct jout *out, const char *key, const char *text);
/* As jout_str(), but writes nothing at all (no key) for NULL. */
void jout_str_opt(struct jout *out, const char *key, const char *text);
void jout_int(struct jout *out, const char *key, int64_t value);
void jout_bool(struct jout *out, const char *key, bool value);
void jout_null(struct jout *out, const char *key);
/* "2026-03-25T06:09:44.000Z"; null for 0. */
void jout_time(struct jout *out, const char *key, int64_t ms);
void jout_val(struct jout *out, const char *key, const struct jval *value);
/* Text that is JSON already (from a column that this program wrote). */
void jout_raw(struct jout *out, const char *key, const char *json);

#endif
