/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash from text to pointer (open addressing, keyed SipHash), and on top of it an index in which several nodes may
 * have one key. Keys are borrowed: they must live, unchanged, as long as they are in the hash.
 */
#ifndef PRACTICE_HASH_H
#define PRACTICE_HASH_H

#include "base/macros.h"

#define HASH_SEED_BYTES 16

struct hash_slot {
    const char *key; /* NULL: free */
    void *value;
    uint64_t hash;
};

struct hash {
    struct hash_slot *slots; /* NULL until the first key */
    size_t count;
    size_t size; /* a power of two */
    const unsigned char *seed;
};

/* `seed` (HASH_SEED_BYTES) must live as long as the hash. */
void hash_init(struct hash *hash, const unsigned char *seed);
/* Forgets all keys and frees the memory; the hash can be used again. */
void hash_clear(struct hash *hash);
/* NULL when the key is absent. */
void *hash_get(const struct hash *hash, const char *key);
/* Adds the key, or replaces its key pointer and value. `value` is not NULL. */
void hash_put(struct hash *hash, const char *key, void *value);
/* The value that was removed, or NULL. */
void *hash_remove(struct hash *hash, const char *key);

/* Part of the object that is indexed. */
struct index_node {
    char *key; /* NULL: not in an index */
    struct index_node *prev;
    struct index_node *next;
};
/* Takes over `key` (from malloc). The node is in no index before. */
void index_add(struct hash *index, struct index_node *node, char *key);
/* Does nothing for a node that is in no index. */
void index_remove(struct hash *index, struct index_node *node);
/* The first node of that key, in no particular order; follow ->next. */
struct index_node *index_find(const struct hash *index, const char *key);

#endif
