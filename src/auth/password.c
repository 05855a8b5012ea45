/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords of people in the directory: argon2id in the encoded form, which names its own parameters. */
#include "auth/inner.h"

/* The smallest parameters that the OWASP password storage guide recommends for argon2id. */
#define ARGON2_PASSES 2
#define ARGON2_MEMORY_BYTES (19 * 1024 * 1024)

static_assert(PASSWORD_HASH_BYTES >= crypto_pwhash_argon2id_STRBYTES, "a hash must fit");

int password_hash(const char *password, char ret_hash[static PASSWORD_HASH_BYTES])
{
    auth_ready();
    char hash[crypto_pwhash_argon2id_STRBYTES];
    if (crypto_pwhash_argon2id_str(hash, password, strlen(password), ARGON2_PASSES, ARGON2_MEMORY_BYTES) != 0)
        return ERR_NOMEM;
    memcpy(ret_hash, hash, sizeof(hash));
    return 0;
}

bool password_matches(const char *hash, const char *password)
{
    auth_ready();
    return crypto_pwhash_argon2id_str_verify(hash, password, strlen(password)) == 0;
}
