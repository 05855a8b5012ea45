/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values in memory, for documents that are small by contract: request bodies, profiles, one element of a list.
 * Long lists are read with base/jread.h and written with base/jout.h. The library behind this (jansson) is known to
 * jval.c alone.
 *
 * A value is reference counted. Functions that return a child lend it: it lives as long as its parent. Functions that
 * put a value into a parent take it over, whether they succeed or not. Passing NULL where a value is read gives the
 * "nothing" answer (NULL, 0, false), so that paths can be followed without a test at each step.
 */
#ifndef BASE_JVAL_H
#define BASE_JVAL_H

#include "base/arena.h"
#include "base/buf.h"

struct jval;

enum jval_type { JVAL_NONE, JVAL_OBJECT, JVAL_ARRAY, JVAL_STRING, JVAL_INT, JVAL_REAL, JVAL_BOOL, JVAL_NULL };

struct jval_error {
    size_t offset; /* bytes from the start */
    int line;
    int column;
    char text[160]; /* what is wrong, for people */
};

/*
 * Parses one document. Refused: duplicate keys, invalid UTF-8, NUL characters, nesting beyond LIMIT_JSON_DEPTH,
 * anything after the value. 0, or ERR_SYNTAX with `ret_error` (may be NULL) filled in.
 */
int jval_parse(struct jval **ret, const char *bytes, size_t n, struct jval_error *ret_error) MUSTCHECK;
struct jval *jval_ref(struct jval *value);
/* Drops a reference; accepts NULL, returns NULL. */
struct jval *jval_free(struct jval *value);
static inline void jval_freep(struct jval **value)
{
    *value = jval_free(*value);
}

enum jval_type jval_type(const struct jval *value); /* JVAL_NONE for NULL */
struct jval *jval_get(const struct jval *object, const char *key);
struct jval *jval_at(const struct jval *array, size_t index);
/* Follows "a.b.c" through objects. */
struct jval *jval_path(const struct jval *object, const char *dotted);
size_t jval_len(const struct jval *array_or_object);
const char *jval_str(const struct jval *value);                       /* NULL unless a string */
const char *jval_get_str(const struct jval *object, const char *key); /* NULL unless a string */
bool jval_is_true(const struct jval *value);                          /* true only for the literal true */
int64_t jval_int(const struct jval *value, int64_t otherwise);        /* `otherwise` unless an integer */
double jval_number(const struct jval *value, double otherwise);       /* integer or real */

/* Steps through an object in the order of its text: for (it = jval_first(o); it; it = jval_next(o, it)). */
void *jval_first(const struct jval *object);
void *jval_next(const struct jval *object, void *it);
const char *jval_iter_key(void *it);
struct jval *jval_iter_value(void *it);

struct jval *jval_new_object(void);
struct jval *jval_new_array(void);
struct jval *jval_new_str(const char *text); /* NULL text gives the JSON null */
struct jval *jval_new_int(int64_t value);
struct jval *jval_new_real(double value); /* null for what JSON has no number for */
struct jval *jval_new_bool(bool value);
struct jval *jval_new_null(void);
void jval_set(struct jval *object, const char *key, struct jval *value);
void jval_set_str(struct jval *object, const char *key, const char *text);
void jval_remove(struct jval *object, const char *key);
void jval_append(struct jval *array, struct jval *value);
struct jval *jval_copy(const struct jval *value); /* deep */
bool jval_equal(const struct jval *a, const struct jval *b);

/* Compact text; objects with their keys sorted when `sorted` (so that equal values have equal texts). */
void jval_write(const struct jval *value, struct buf *out, bool sorted);
/* The same into an arena. */
char *jval_text(struct arena *arena, const struct jval *value, bool sorted) __attribute__((returns_nonnull));

#endif
