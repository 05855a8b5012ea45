/* SPDX-License-Identifier: Apache-2.0 */
/* Unicode text: validity, length, and the folded form by which names are compared. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"

/* True for well-formed UTF-8 without NUL bytes. */
bool text_is_utf8(const char *bytes, size_t n);
/* The number of characters (code points) of valid UTF-8. */
size_t text_chars(const char *text);
/*
 * The form by which names are compared and found: NFKC, then case folded, then NFKC again, so that "ß" and "SS", or a
 * composed and a decomposed "é", are one name. The result compares bytewise (binary collation). `text` is valid UTF-8.
 */
char *text_fold(struct arena *arena, const char *text) __attribute__((returns_nonnull));
/*
 * The smallest text that sorts after every text that starts with `prefix`, for ranges "prefix <= x and x < upper"; NULL
 * when there is none (an empty prefix). Both are valid UTF-8: a range that ends inside a character is none for
 * PostgreSQL.
 */
char *text_prefix_end(struct arena *arena, const char *prefix);
/* The text itself, or a copy with ? for every byte beyond ASCII if it is not valid UTF-8 (cut inside a character, say).
 */
const char *text_mended(struct arena *arena, const char *text) __attribute__((returns_nonnull));
/* True when the text has a control character (C0, DEL, C1). */
bool text_has_control(const char *text);

#endif
