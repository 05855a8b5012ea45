/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of what Muster sends of its own accord (event hooks). */
#include "auth/inner.h"

#define SECRET_RANDOM_BYTES 32

const char *sign_secret_new(struct arena *arena)
{
    unsigned char random[SECRET_RANDOM_BYTES];
    const size_t size = sodium_base64_ENCODED_LEN(SECRET_RANDOM_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(arena, size);
    auth_ready();
    const struct env *env = env_real();
    env->fill_random(env->data, random, sizeof(random));
    (void)sodium_bin2base64(text, size, random, sizeof(random), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof(random));
    return text;
}

const char *sign_text(struct arena *arena, const char *secret, const char *stamp, const char *body)
{
    unsigned char code[crypto_auth_hmacsha256_BYTES];
    char *hex = arena_alloc(arena, sizeof(code) * 2 + 1);
    crypto_auth_hmacsha256_state state;
    auth_ready();
    (void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)stamp, strlen(stamp));
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    (void)crypto_auth_hmacsha256_final(&state, code);
    (void)sodium_bin2hex(hex, sizeof(code) * 2 + 1, code, sizeof(code));
    sodium_memzero(&state, sizeof(state));
    return hex;
}
