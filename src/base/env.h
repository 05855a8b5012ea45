/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where time and chance come from. The product uses env_real(); tests and the simulator inject their own, so that every
 * run can be repeated from its seed. Nothing else in the program asks the system for the time of day or for randomness.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/macros.h"

struct env {
    /* Milliseconds since the epoch. */
    int64_t (*now_ms)(void *data);
    /* Fills `bytes`; cryptographically strong in env_real(). */
    void (*fill_random)(void *data, void *bytes, size_t n);
    void *data;
    /* Milliseconds that only go forward, also while the machine sleeps; NULL: now_ms. */
    int64_t (*steady_ms)(void *data);
};

const struct env *env_real(void);

int64_t env_now(const struct env *env);
/* For how long something may still be done; never to be stored. */
int64_t env_steady(const struct env *env);
/* A number from 0 up to but without `below` (> 0). */
uint32_t env_below(const struct env *env, uint32_t below);

#define ID_BYTES 21 /* 20 characters and a NUL */
/*
 * A public id: the three characters of `prefix`, 8 base62 digits of milliseconds, 9 random base62 digits. Ids of one
 * kind made later sort later (to the millisecond).
 */
void id_new(const struct env *env, const char prefix[static 3], char ret_id[static ID_BYTES]);
/* True when the text has the shape of a public id with this prefix ("" for any). */
bool id_is_valid(const char *text, const char *prefix);

#endif
