/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seals credentials for one place in the store. A sealed value is: format (1), length of the key id, key id, nonce
 * (24), ciphertext with its tag. The place (table, column, row) is associated data, so that a sealed value moved
 * elsewhere does not open.
 */
#include "auth/inner.h"

#define SEAL_FORMAT 1
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

struct sealed {
    const char *key_id;
    size_t key_id_n;
    const unsigned char *nonce;
    const unsigned char *box;
    size_t box_n; /* at least TAG_BYTES */
};

/* table NUL column NUL rid (8 bytes, big endian) */
static unsigned char *place(struct arena *arena, const char *table, const char *column, int64_t rid, size_t *ret_n)
{
    size_t table_n = strlen(table) + 1;
    size_t column_n = strlen(column) + 1;
    *ret_n = table_n + column_n + 8;
    unsigned char *bytes = arena_alloc(arena, *ret_n);
    memcpy(bytes, table, table_n);
    memcpy(bytes + table_n, column, column_n);
    for (int i = 0; i < 8; i++)
        bytes[table_n + column_n + (size_t)i] = (unsigned char)((uint64_t)rid >> (56 - 8 * i));
    return bytes;
}

static int take_apart(const void *bytes, size_t n, struct sealed *ret)
{
    const unsigned char *p = bytes;
    if (n < 2 || p[0] != SEAL_FORMAT)
        return ERR_KEY;
    size_t id_n = p[1];
    if (id_n == 0 || id_n > KEY_ID_CHARS || n < 2 + id_n + NONCE_BYTES + TAG_BYTES)
        return ERR_KEY;
    *ret = (struct sealed){
        .key_id = (const char *)p + 2,
        .key_id_n = id_n,
        .nonce = p + 2 + id_n,
        .box = p + 2 + id_n + NONCE_BYTES,
        .box_n = n - 2 - id_n - NONCE_BYTES,
    };
    return 0;
}

void *seal(const struct keyring *keyring, struct arena *arena, const char *table, const char *column, int64_t rid,
           const char *plain, size_t *ret_n)
{
    auth_ready();
    const struct key *key = &keyring->keys[0];
    size_t id_n = strlen(key->id);
    size_t plain_n = strlen(plain);
    size_t head_n = 2 + id_n + NONCE_BYTES;
    unsigned char *out = arena_alloc(arena, head_n + plain_n + TAG_BYTES);
    out[0] = SEAL_FORMAT;
    out[1] = (unsigned char)id_n;
    memcpy(out + 2, key->id, id_n);
    const struct env *env = env_real();
    env->fill_random(env->data, out + 2 + id_n, NONCE_BYTES);

    size_t place_n;
    const unsigned char *where = place(arena, table, column, rid, &place_n);
    unsigned long long box_n;
    int r = crypto_aead_xchacha20poly1305_ietf_encrypt(out + head_n, &box_n, (const unsigned char *)plain, plain_n,
                                                       where, place_n, NULL, out + 2 + id_n, key->bytes);
    assert(r == 0);
    *ret_n = head_n + (size_t)box_n;
    return out;
}

int unseal(const struct keyring *keyring, struct arena *arena, const char *table, const char *column, int64_t rid,
           const void *sealed, size_t n, const char **ret_plain)
{
    auth_ready();
    struct sealed parts;
    int r = take_apart(sealed, n, &parts);
    if (r < 0)
        return r;
    const struct key *key = keyring_find(keyring, parts.key_id, parts.key_id_n);
    if (!key)
        return ERR_KEY;
    size_t place_n;
    const unsigned char *where = place(arena, table, column, rid, &place_n);
    char *plain = arena_alloc(arena, parts.box_n - TAG_BYTES + 1);
    unsigned long long plain_n;
    r = crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)plain, &plain_n, NULL, parts.box, parts.box_n,
                                                   where, place_n, parts.nonce, key->bytes);
    if (r != 0)
        return ERR_KEY;
    *ret_plain = plain;
    return 0;
}

void seal_wipe(const char *plain)
{
    if (plain)
        sodium_memzero((char *)(uintptr_t)plain, strlen(plain));
}

int seal_key_id(struct arena *arena, const void *sealed, size_t n, const char **ret_key_id)
{
    struct sealed parts;
    int r = take_apart(sealed, n, &parts);
    if (r < 0)
        return r;
    *ret_key_id = arena_strndup(arena, parts.key_id, parts.key_id_n);
    return 0;
}

void keyring_hash(const struct keyring *keyring, const char *context, const char *secret,
                  char ret[static KEYED_HASH_BYTES])
{
    auth_ready();
    unsigned char hash[(KEYED_HASH_BYTES - 1) / 2];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, keyring->keys[0].bytes, sizeof(keyring->keys[0].bytes), sizeof(hash));
    (void)crypto_generichash_update(&state, (const unsigned char *)context, strlen(context) + 1);
    (void)crypto_generichash_update(&state, (const unsigned char *)secret, strlen(secret));
    (void)crypto_generichash_final(&state, hash, sizeof(hash));
    sodium_memzero(&state, sizeof(state));
    (void)sodium_bin2hex(ret, KEYED_HASH_BYTES, hash, sizeof(hash));
}
