/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/secret.h"

#include "auth/inner.h"

#define SECRET_BYTES 32 /* random bytes of a secret */

void secret_hash(const char *secret, unsigned char ret_hash[static SECRET_HASH_BYTES])
{
    auth_ready();
    (void)crypto_generichash(ret_hash, SECRET_HASH_BYTES, (const unsigned char *)secret, strlen(secret), NULL, 0);
}

const char *secret_new(struct tx *tx, const char *prefix, unsigned char ret_hash[static SECRET_HASH_BYTES])
{
    unsigned char random[SECRET_BYTES];
    char text[sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    auth_ready();
    const struct env *env = tx_env(tx);
    env->fill_random(env->data, random, sizeof(random));
    (void)sodium_bin2base64(text, sizeof(text), random, sizeof(random), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    const char *secret = arena_printf(tx_arena(tx), "%s%s", prefix, text);
    sodium_memzero(random, sizeof(random));
    sodium_memzero(text, sizeof(text));
    secret_hash(secret, ret_hash);
    return secret;
}
