/* SPDX-License-Identifier: Apache-2.0 */
#include "base/env.h"

#include <sodium.h>

static int64_t real_now_ms(void *data)
{
    (void)data;
    struct timespec ts = {0};
    int r = clock_gettime(CLOCK_REALTIME, &ts);
    assert(r == 0);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t real_steady_ms(void *data)
{
    (void)data;
    struct timespec ts = {0};
    int r = clock_gettime(CLOCK_BOOTTIME, &ts);
    assert(r == 0);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void real_fill_random(void *data, void *bytes, size_t n)
{
    (void)data;
    randombytes_buf(bytes, n);
}

const struct env *env_real(void)
{
    static const struct env real = {
        .now_ms = real_now_ms, .fill_random = real_fill_random, .steady_ms = real_steady_ms};
    return &real;
}

int64_t env_now(const struct env *env)
{
    return env->now_ms(env->data);
}

int64_t env_steady(const struct env *env)
{
    return env->steady_ms ? env->steady_ms(env->data) : env->now_ms(env->data);
}

uint32_t env_below(const struct env *env, uint32_t below)
{
    assert(below > 0);
    uint64_t wide = 0; /* 64 random bits: the bias of the remainder is below 2^-32 */
    env->fill_random(env->data, &wide, sizeof(wide));
    return (uint32_t)(wide % below);
}

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

void id_new(const struct env *env, const char prefix[static 3], char ret_id[static ID_BYTES])
{
    memcpy(ret_id, prefix, 3);
    uint64_t ms = (uint64_t)env_now(env);
    for (int i = 10; i >= 3; i--) {
        ret_id[i] = base62[ms % 62];
        ms /= 62;
    }
    uint64_t chance = 0;
    env->fill_random(env->data, &chance, sizeof(chance));
    for (int i = 11; i < 20; i++) {
        ret_id[i] = base62[chance % 62];
        chance /= 62;
    }
    ret_id[20] = '\0';
}

bool id_is_valid(const char *text, const char *prefix)
{
    if (strlen(text) != ID_BYTES - 1 || strncmp(text, prefix, strlen(prefix)) != 0)
        return false;
    for (const char *p = text; *p; p++)
        if (!strchr(base62, *p))
            return false;
    return true;
}
