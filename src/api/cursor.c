/* SPDX-License-Identifier: Apache-2.0 */
#include "api/inner.h"

#include <sodium.h>

#define CURSOR_VERSION 1
#define MAC_BYTES 16
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

static void mac(const unsigned char *key, const char *scope, const char *text, size_t text_n,
                unsigned char ret_mac[static MAC_BYTES])
{
    static_assert(MAC_BYTES == crypto_generichash_BYTES_MIN, "the shortest BLAKE2b that the library makes");
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, key, CURSOR_KEY_BYTES, MAC_BYTES);
    (void)crypto_generichash_update(&state, (const unsigned char *)scope, strlen(scope) + 1);
    (void)crypto_generichash_update(&state, (const unsigned char *)text, text_n);
    (void)crypto_generichash_final(&state, ret_mac, MAC_BYTES);
}

char *cursor_encode(struct arena *arena, const unsigned char key[static CURSOR_KEY_BYTES], const char *scope,
                    const char *text)
{
    size_t text_n = strlen(text);
    size_t n = 1 + MAC_BYTES + text_n;
    unsigned char *bytes = arena_alloc(arena, n + 1);
    bytes[0] = CURSOR_VERSION;
    mac(key, scope, text, text_n, bytes + 1);
    memcpy(bytes + 1 + MAC_BYTES, text, text_n + 1);
    size_t size = sodium_base64_encoded_len(n, BASE64);
    char *cursor = arena_alloc(arena, size);
    (void)sodium_bin2base64(cursor, size, bytes, n, BASE64);
    return cursor;
}

int cursor_decode(struct arena *arena, const unsigned char key[static CURSOR_KEY_BYTES], const char *scope,
                  const char *cursor, const char **ret_text)
{
    size_t cursor_n = strlen(cursor);
    if (cursor_n > LIMIT_CURSOR_BYTES)
        return ERR_SYNTAX;
    unsigned char *bytes = arena_alloc(arena, cursor_n + 1);
    size_t n;
    if (sodium_base642bin(bytes, cursor_n, cursor, cursor_n, NULL, &n, NULL, BASE64) != 0 || n < 1 + MAC_BYTES ||
        bytes[0] != CURSOR_VERSION)
        return ERR_SYNTAX;
    unsigned char expected[MAC_BYTES];
    const char *text = (const char *)bytes + 1 + MAC_BYTES;
    mac(key, scope, text, n - 1 - MAC_BYTES, expected);
    if (sodium_memcmp(expected, bytes + 1, MAC_BYTES) != 0)
        return ERR_SYNTAX;
    bytes[n] = '\0';
    *ret_text = text;
    return 0;
}
