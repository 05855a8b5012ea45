/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes and the few macros that every room uses. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Asserts state what cannot happen. They stay on in release builds (meson: b_ndebug=false). */
#ifdef NDEBUG
#error "asserts are part of the program: build without NDEBUG"
#endif

#define MUSTCHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))
/* Calls destroy(&variable) when the variable goes out of scope. */
#define CLEANUP(destroy) __attribute__((cleanup(destroy)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

/* Marks the move of ownership: yields the pointer and leaves NULL behind. */
#define TAKE_PTR(p)                                                                                                    \
    ({                                                                                                                 \
        __typeof__(p) taken_ = (p);                                                                                    \
        (p) = NULL;                                                                                                    \
        taken_;                                                                                                        \
    })

/* The struct that contains a member, from a pointer to the member. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline bool str_eq(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

#endif
