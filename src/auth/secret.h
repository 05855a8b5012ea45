/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that are shown once: made of chance, stored as their hash. */
#ifndef AUTH_SECRET_H
#define AUTH_SECRET_H

#include "auth/auth.h"

#define SECRET_HASH_BYTES 32

/* BLAKE2b of the text. */
void secret_hash(const char *secret, unsigned char ret_hash[static SECRET_HASH_BYTES]);
/* `prefix`, by which scanners for leaked secrets know one, and 256 bits of chance as base64url; in the tx's arena. */
const char *secret_new(struct tx *tx, const char *prefix, unsigned char ret_hash[static SECRET_HASH_BYTES])
    __attribute__((returns_nonnull));

#endif
