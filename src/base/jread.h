/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pull reader for JSON of any length: bytes are fed as they arrive, the elements of chosen arrays come out one by
 * one, and what is left (the document with those arrays empty) comes out last. Memory is bounded by one element plus
 * the rest.
 *
 * A pattern is the path of an array: "Resources", "members", or "Resources.members" for the arrays inside the elements
 * of an array; arrays are no step of a path, and "" is a document that is an array itself. Key comparison ignores ASCII
 * case (SCIM servers write "resources", docs/targets.md). An array that matches a pattern with `drop` is skipped
 * without being kept: not its elements, not their size; of what is in it only brackets, commas and colons are checked.
 */
#ifndef BASE_JREAD_H
#define BASE_JREAD_H

#include "base/jval.h"

struct jread;

struct jread_pattern {
    const char *path;
    bool drop;
};

enum jread_event {
    JREAD_MORE,    /* feed more bytes, or finish */
    JREAD_ELEMENT, /* one element of an array that matches a pattern */
    JREAD_END,     /* the document is complete: `value` is the rest of it */
};

/*
 * `patterns` (at most 8) must live as long as the reader. `element_max` and `rest_max` are bytes. Within an element the
 * arrays of longer patterns are streamed too and empty in the element itself; their elements come before it.
 */
struct jread *jread_new(const struct jread_pattern *patterns, size_t count, size_t element_max, size_t rest_max);
struct jread *jread_free(struct jread *reader); /* accepts NULL, returns NULL */

/* Hands over bytes; they are copied as far as needed. Call jread_next() until JREAD_MORE before feeding again. */
void jread_feed(struct jread *reader, const char *bytes, size_t n);
/* Says that no more bytes come: a document that is not complete then is an error. */
void jread_finish(struct jread *reader);
/*
 * The next event. JREAD_ELEMENT: `*ret_pattern` (may be NULL) is the index of its pattern and `*ret_value` belongs to
 * the caller. JREAD_END: `*ret_value` belongs to the caller; nothing follows. Negative: ERR_SYNTAX (malformed,
 * truncated, bytes after the end), ERR_TOO_LARGE (an element or the rest is over its maximum); the reader then only
 * repeats that error.
 */
int jread_next(struct jread *reader, struct jval **ret_value, size_t *ret_pattern) MUSTCHECK;
/* How many bytes were read so far; after an error, where it was noticed. */
size_t jread_offset(const struct jread *reader);

#endif
