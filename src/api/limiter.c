/* SPDX-License-Identifier: Apache-2.0 */
/* Requests per token and minute, in windows that start with the minute. */
#include "api/inner.h"

#define WINDOW_MS 60000

struct slot {
    int64_t key; /* 0: free */
    int count;
};

struct limiter {
    pthread_mutex_t lock;
    int limit;
    int64_t window; /* number of the minute that the slots count */
    int shared;     /* the count of those that found no slot */
    struct slot slots[LIMIT_RATE_TOKENS];
};

struct limiter *limiter_new(int per_minute)
{
    struct limiter *limiter = NEW(struct limiter);
    limiter->limit = per_minute;
    (void)pthread_mutex_init(&limiter->lock, NULL);
    return limiter;
}

struct limiter *limiter_free(struct limiter *limiter)
{
    if (limiter) {
        (void)pthread_mutex_destroy(&limiter->lock);
        free(limiter);
    }
    return NULL;
}

static int *counter(struct limiter *limiter, int64_t key)
{
    size_t at = (size_t)((uint64_t)key % LIMIT_RATE_TOKENS);
    for (size_t i = 0; i < LIMIT_RATE_TOKENS; i++) {
        struct slot *slot = &limiter->slots[(at + i) % LIMIT_RATE_TOKENS];
        if (slot->key == key)
            return &slot->count;
        if (slot->key != 0)
            continue;
        slot->key = key;
        return &slot->count;
    }
    return &limiter->shared;
}

bool limiter_take(struct limiter *limiter, int64_t key, int64_t now_ms, struct rate *ret)
{
    assert(key > 0);
    (void)pthread_mutex_lock(&limiter->lock);
    int64_t window = now_ms / WINDOW_MS;
    if (window != limiter->window) {
        limiter->window = window;
        limiter->shared = 0;
        memset(limiter->slots, 0, sizeof(limiter->slots));
    }
    int *count = counter(limiter, key);
    bool taken = *count < limiter->limit;
    if (taken)
        ++*count;
    *ret = (struct rate){
        .limit = limiter->limit, .remaining = limiter->limit - *count, .reset = (window + 1) * (WINDOW_MS / 1000)};
    (void)pthread_mutex_unlock(&limiter->lock);
    return taken;
}

void limiter_peek(struct limiter *limiter, int64_t now_ms, struct rate *ret)
{
    *ret = (struct rate){
        .limit = limiter->limit, .remaining = limiter->limit, .reset = (now_ms / WINDOW_MS + 1) * (WINDOW_MS / 1000)};
}
