/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#define BLOCK_BYTES ((size_t)16 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *first; /* kept by arena_reset() */
    struct block *current;
    size_t used;
};

static _Noreturn void out_of_memory(size_t size)
{
    (void)fprintf(stderr, "muster: out of memory (%zu bytes)\n", size);
    abort();
}

void *mem_new(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        out_of_memory(size);
    return p;
}

void *mem_resize(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        out_of_memory(size);
    return p;
}

char *mem_strdup(const char *text)
{
    char *p = strdup(text);
    if (!p)
        out_of_memory(strlen(text));
    return p;
}

static struct block *block_new(size_t size)
{
    struct block *b = mem_new(sizeof(*b) + size);
    b->size = size;
    return b;
}

struct arena *arena_new(void)
{
    struct arena *arena = NEW(struct arena);
    arena->first = block_new(BLOCK_BYTES);
    arena->current = arena->first;
    return arena;
}

static void blocks_free(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

struct arena *arena_free(struct arena *arena)
{
    if (!arena)
        return NULL;
    blocks_free(arena->first);
    free(arena);
    return NULL;
}

void arena_reset(struct arena *arena)
{
    blocks_free(arena->first->next);
    arena->first->next = NULL;
    memset(arena->first->bytes, 0, arena->first->used);
    arena->first->used = 0;
    arena->current = arena->first;
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (rounded < size)
        out_of_memory(size);
    if (rounded == 0)
        rounded = ALIGNMENT;
    struct block *b = arena->current;
    if (b->size - b->used < rounded) {
        b = block_new(MAX_OF(rounded, BLOCK_BYTES));
        arena->current->next = b;
        arena->current = b;
    }
    void *p = b->bytes + b->used;
    b->used += rounded;
    arena->used += rounded;
    return p;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory(SIZE_MAX);
    return arena_alloc(arena, total);
}

char *arena_strndup(struct arena *arena, const char *bytes, size_t n)
{
    char *copy = arena_alloc(arena, n + 1);
    if (n)
        memcpy(copy, bytes, n);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    assert(n >= 0);
    char *text = arena_alloc(arena, (size_t)n + 1);
    (void)vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
