/* SPDX-License-Identifier: Apache-2.0 */
/* Failures to sign in: a table in memory that forgets the oldest when it is full. */
#include "api/inner.h"

#include <sodium.h>

#define SLOTS 4096

struct slot {
    uint64_t key;  /* 0: free */
    int64_t since; /* ms: the first failure that counts */
    int count;
};

struct throttle {
    pthread_mutex_t lock;
    unsigned char hash_key[crypto_shorthash_KEYBYTES];
    struct slot slots[SLOTS];
};

struct throttle *throttle_new(const struct env *env)
{
    struct throttle *throttle = NEW(struct throttle);
    (void)pthread_mutex_init(&throttle->lock, NULL);
    env->fill_random(env->data, throttle->hash_key, sizeof(throttle->hash_key));
    return throttle;
}

struct throttle *throttle_free(struct throttle *throttle)
{
    if (throttle) {
        (void)pthread_mutex_destroy(&throttle->lock);
        free(throttle);
    }
    return NULL;
}

static uint64_t hash(const struct throttle *throttle, const char *key)
{
    uint64_t hash;
    static_assert(sizeof(hash) == crypto_shorthash_BYTES, "SipHash");
    (void)crypto_shorthash((unsigned char *)&hash, (const unsigned char *)key, strlen(key), throttle->hash_key);
    return hash ? hash : 1;
}

/* What counts of a key, or NULL. */
static struct slot *find(struct throttle *throttle, uint64_t key)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (throttle->slots[i].key == key)
            return &throttle->slots[i];
    return NULL;
}

static bool counts(const struct slot *slot, int64_t now_ms)
{
    return slot->key && now_ms - slot->since < LIMIT_SIGN_IN_WAIT_MS && slot->since <= now_ms;
}

/* A slot that counts nothing, or the one that has counted longest. */
static struct slot *take(struct throttle *throttle, int64_t now_ms)
{
    struct slot *oldest = &throttle->slots[0];
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &throttle->slots[i];
        if (!counts(slot, now_ms))
            return slot;
        if (slot->since < oldest->since)
            oldest = slot;
    }
    return oldest;
}

bool throttle_open(struct throttle *throttle, const char *key, int max, int64_t now_ms)
{
    (void)pthread_mutex_lock(&throttle->lock);
    const struct slot *slot = find(throttle, hash(throttle, key));
    bool open = !slot || !counts(slot, now_ms) || slot->count < max;
    (void)pthread_mutex_unlock(&throttle->lock);
    return open;
}

void throttle_failed(struct throttle *throttle, const char *key, int64_t now_ms)
{
    uint64_t hashed = hash(throttle, key);
    (void)pthread_mutex_lock(&throttle->lock);
    struct slot *slot = find(throttle, hashed);
    if (!slot)
        slot = take(throttle, now_ms);
    if (slot->key != hashed || !counts(slot, now_ms))
        *slot = (struct slot){.key = hashed, .since = now_ms};
    slot->count++;
    (void)pthread_mutex_unlock(&throttle->lock);
}

void throttle_forgive(struct throttle *throttle, const char *key)
{
    uint64_t hashed = hash(throttle, key);
    (void)pthread_mutex_lock(&throttle->lock);
    struct slot *slot = find(throttle, hashed);
    if (slot && slot->count > 0)
        slot->count--;
    (void)pthread_mutex_unlock(&throttle->lock);
}
