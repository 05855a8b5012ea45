/* SPDX-License-Identifier: Apache-2.0 */
#include "practice/hash.h"

#include "base/arena.h"

#include <sodium.h>

_Static_assert(HASH_SEED_BYTES == crypto_shorthash_KEYBYTES, "the seed is the key of SipHash");

static uint64_t hash_of(const struct hash *hash, const char *key)
{
    uint64_t h = 0;
    crypto_shorthash((unsigned char *)&h, (const unsigned char *)key, strlen(key), hash->seed);
    return h;
}

void hash_init(struct hash *hash, const unsigned char *seed)
{
    *hash = (struct hash){.seed = seed};
}

void hash_clear(struct hash *hash)
{
    free(hash->slots);
    hash_init(hash, hash->seed);
}

/* The slot of the key, or the free one where it belongs. */
static size_t slot_of(const struct hash *hash, const char *key, uint64_t h)
{
    size_t i = h & (hash->size - 1);
    while (hash->slots[i].key && (hash->slots[i].hash != h || strcmp(hash->slots[i].key, key) != 0))
        i = (i + 1) & (hash->size - 1);
    return i;
}

static void grow(struct hash *hash)
{
    struct hash_slot *old = hash->slots;
    size_t old_size = hash->size;
    hash->size = old_size ? old_size * 2 : 8;
    hash->slots = mem_new(hash->size * sizeof(*hash->slots));
    for (size_t i = 0; i < old_size; i++)
        if (old[i].key)
            hash->slots[slot_of(hash, old[i].key, old[i].hash)] = old[i];
    free(old);
}

void *hash_get(const struct hash *hash, const char *key)
{
    if (!hash->count)
        return NULL;
    const struct hash_slot *slot = &hash->slots[slot_of(hash, key, hash_of(hash, key))];
    return slot->key ? slot->value : NULL;
}

void hash_put(struct hash *hash, const char *key, void *value)
{
    assert(value);
    if ((hash->count + 1) * 4 > hash->size * 3)
        grow(hash);
    uint64_t h = hash_of(hash, key);
    struct hash_slot *slot = &hash->slots[slot_of(hash, key, h)];
    if (!slot->key)
        hash->count++;
    *slot = (struct hash_slot){.key = key, .value = value, .hash = h};
}

void *hash_remove(struct hash *hash, const char *key)
{
    if (!hash->count)
        return NULL;
    size_t mask = hash->size - 1;
    size_t gap = slot_of(hash, key, hash_of(hash, key));
    if (!hash->slots[gap].key)
        return NULL;
    void *value = hash->slots[gap].value;
    hash->count--;
    /* Moves back what was displaced past the gap, so that no search stops too early. */
    for (size_t i = (gap + 1) & mask; hash->slots[i].key; i = (i + 1) & mask) {
        size_t home = hash->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            hash->slots[gap] = hash->slots[i];
            gap = i;
        }
    }
    hash->slots[gap] = (struct hash_slot){0};
    return value;
}

void index_add(struct hash *index, struct index_node *node, char *key)
{
    assert(!node->key);
    struct index_node *first = hash_get(index, key);
    *node = (struct index_node){.key = key, .next = first};
    if (first)
        first->prev = node;
    hash_put(index, key, node);
}

void index_remove(struct hash *index, struct index_node *node)
{
    if (!node->key)
        return;
    if (node->next)
        node->next->prev = node->prev;
    if (node->prev)
        node->prev->next = node->next;
    else if (node->next)
        hash_put(index, node->next->key, node->next); /* the key pointer too: this node's key is freed below */
    else
        (void)hash_remove(index, node->key);
    free(node->key);
    *node = (struct index_node){0};
}

struct index_node *index_find(const struct hash *index, const char *key)
{
    return hash_get(index, key);
}
