/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz targets: each file gives LLVMFuzzerTestOneInput() and asserts what must hold for any input. Built with clang and
 * -Dfuzz=true they are libFuzzer programs; always they are built with replay_main.c, which plays corpus/NAME/ as an
 * ordinary test.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Numbers for cutting an input into pieces, the same for the same input. */
static inline uint32_t fuzz_seed(const uint8_t *bytes, size_t n)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash | 1;
}
static inline uint32_t fuzz_next(uint32_t *io_seed)
{
    *io_seed = *io_seed * 1664525u + 1013904223u;
    return *io_seed >> 16;
}

#endif
