/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords of people in the directory and of administrators: argon2id in the encoded form, which names its own
 * parameters. */
#include "auth/inner.h"
#include "base/limits.h"
#include "base/text.h"

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

/* Of a text that nobody was told, with the parameters above. */
static const char nobody[] =
    "$argon2id$v=19$m=19456,t=2,p=1$jXaFEcmevIuWz+dCvP8IiQ$JgzmItmfhtF8kUkRJSJ+vOG11bX7dZJOa/3cq6FQsqU";

bool password_matches(const char *hash, const char *password)
{
    auth_ready();
    bool matches = crypto_pwhash_argon2id_str_verify(hash ? hash : nobody, password, strlen(password)) == 0;
    return hash && matches;
}

bool password_fits(const char *password, size_t chars_min)
{
    size_t chars = text_chars(password);
    return chars >= chars_min && chars <= LIMIT_PASSWORD_CHARS && !text_has_control(password);
}
