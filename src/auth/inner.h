/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef AUTH_INNER_H
#define AUTH_INNER_H

#include "auth/auth.h"

#include <sodium.h>

#define KEY_ID_CHARS 12     /* characters of a key id */
#define KEYRING_KEYS 16     /* keys that a key file may hold */
#define KEY_FILE_BYTES 4096 /* bytes of a key file */

struct key {
    char id[KEY_ID_CHARS + 1];
    unsigned char bytes[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

struct keyring {
    size_t count;                  /* at least 1 */
    struct key keys[KEYRING_KEYS]; /* the current one first */
};

/* The key of that id, or NULL. */
const struct key *keyring_find(const struct keyring *keyring, const char *id, size_t n);
/* sodium_init(), which may be called again and from any thread; ends the process when the system gives no randomness.
 */
void auth_ready(void);

#endif
