/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bump allocator: everything of one request, one job or one engine turn is allocated from its arena and freed at
 * once. Memory is zeroed. Allocation does not fail: inputs are bounded before they get here (base/limits.h), so running
 * out of memory ends the process rather than half of a job.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/macros.h"

#include <stdarg.h>

struct arena;

struct arena *arena_new(void);
/* Accepts NULL, returns NULL. */
struct arena *arena_free(struct arena *arena);
/* Forgets everything that was allocated; the first block is kept for reuse. */
void arena_reset(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* size * count, checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* NULL gives NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *bytes, size_t n) __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) __attribute__((returns_nonnull));
char *arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0)
    __attribute__((returns_nonnull));
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* malloc, calloc, realloc and strdup for what lives longer than an arena: they end the process instead of returning
 * NULL. */
void *mem_new(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_resize(void *old, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *text) __attribute__((returns_nonnull));
#define NEW(type) ((type *)mem_new(sizeof(type)))

static inline void mem_freep(void *pointer)
{
    void **p = pointer;
    free(*p);
    *p = NULL;
}
static inline void arena_freep(struct arena **arena)
{
    *arena = arena_free(*arena);
}

#endif
