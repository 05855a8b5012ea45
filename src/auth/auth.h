/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what, and secrets at rest. Tokens are stored as BLAKE2b hashes; credentials are sealed
 * (XChaCha20-Poly1305) with the key of the key file, bound to the table, column and row they belong to.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/problem.h"
#include "base/worker.h"
#include "store/store.h"

extern const struct store_room auth_room;

/* --- roles --- */
enum role { ROLE_NONE, ROLE_READ_ONLY, ROLE_OPERATOR, ROLE_ADMIN }; /* each may do all that those before it may */
const char *role_name(enum role role);                              /* "READ_ONLY" ... */
int role_parse(const char *name, enum role *ret) MUSTCHECK;         /* ERR_SYNTAX for an unknown name */

/* --- API tokens (public id 00T...) --- */
struct api_token {
    int64_t rid;
    const char *id;
    const char *name;
    enum role role;
    int64_t created, last_updated, expires; /* expires 0: never */
};
/* Makes a token; `*ret_secret` (in the tx's arena) is shown once and never stored. Writes system.api_token.create. */
int token_create(struct tx *tx, const char *name, enum role role, struct api_token *ret, const char **ret_secret,
                 struct problem *problem) MUSTCHECK;
/* Finds the token of a secret. ERR_NOT_FOUND: unknown, revoked or expired. Texts in the tx's arena. */
int token_check(struct tx *tx, const char *secret, struct api_token *ret) MUSTCHECK;
int token_by_id(struct tx *tx, const char *id, struct api_token *ret) MUSTCHECK; /* ERR_NOT_FOUND */
/* Calls each(token, data) for every token in order of creation. */
int token_each(struct tx *tx, int (*each)(const struct api_token *token, void *data), void *data) MUSTCHECK;
int token_rename(struct tx *tx, const char *id, const char *name, struct problem *problem) MUSTCHECK;
int token_revoke(struct tx *tx, const char *id, struct problem *problem) MUSTCHECK;

/* --- the key file --- */
struct keyring;
/*
 * Reads the key file, or makes it (mode 0600) when `create` and it does not exist. The file holds one key a line, the
 * current one first: "muster-key-1 <key id> <base64>". ERR_NOT_FOUND (absent), ERR_KEY (unreadable, malformed or
 * readable by others), with a sentence in ret_why.
 */
int keyring_load(struct keyring **ret, const char *path, bool create, char *ret_why, size_t why_size) MUSTCHECK;
/* Wipes. Accepts NULL, returns NULL. */
struct keyring *keyring_free(struct keyring *keyring);
const char *keyring_id(const struct keyring *keyring); /* id of the current key */
/*
 * Compares the keyring with the store: remembers the current key's id in a new store; ERR_KEY when the store was sealed
 * with a key that this file does not hold, with a sentence that names the key id that is wanted.
 */
int keyring_check(struct tx *tx, const struct keyring *keyring, char *ret_why, size_t why_size) MUSTCHECK;
/* The id of the key that the store was sealed with last, in the tx's arena; NULL for a new store. For messages about a
 * missing key file. */
int keyring_wanted(struct tx *tx, const char **ret_id) MUSTCHECK;
/* Puts a new current key in front (file written anew, atomically; the old keys stay readable in it). */
int keyring_add(struct keyring *keyring, const char *path, char *ret_why, size_t why_size) MUSTCHECK;

/*
 * Forgets every key but the current one: after it keyring_check() no longer asks for them. Call it in the transaction
 * that sealed the last old credential anew. The number forgotten, or a negative error.
 */
int keyring_retire(struct tx *tx, const struct keyring *keyring) MUSTCHECK;

/*
 * Takes all but the `keep` newest keys out of the file (written anew, atomically) and out of memory. Only for when
 * nothing is sealed with them: after the commit of keyring_retire(). The number taken out, or a negative error.
 */
int keyring_trim(struct keyring *keyring, const char *path, size_t keep, char *ret_why, size_t why_size) MUSTCHECK;

/* Seals `plain` for one place. The sealed bytes are in `arena`: (format, key id, nonce, ciphertext). */
void *seal(const struct keyring *keyring, struct arena *arena, const char *table, const char *column, int64_t rid,
           const char *plain, size_t *ret_n) __attribute__((returns_nonnull));
/* ERR_KEY: no such key, wrong place, or altered. The text is in `arena`; wipe it with seal_wipe() after use. */
int unseal(const struct keyring *keyring, struct arena *arena, const char *table, const char *column, int64_t rid,
           const void *sealed, size_t n, const char **ret_plain) MUSTCHECK;
void seal_wipe(const char *plain);
/* Which key id sealed this: for `muster key rotate`, which seals again what an older key sealed. */
int seal_key_id(struct arena *arena, const void *sealed, size_t n, const char **ret_key_id) MUSTCHECK;

#define KEYED_HASH_BYTES 33 /* 32 hexadecimal digits and a NUL */
/*
 * A hash that only those with the current key can make or compare: tells whether two secrets are the same without
 * keeping them. `context` keeps hashes for different uses apart. Another one after the key was changed.
 */
void keyring_hash(const struct keyring *keyring, const char *context, const char *secret,
                  char ret[static KEYED_HASH_BYTES]);

/* --- signatures --- */
/* 256 bits of chance as 43 characters; wipe it with seal_wipe(). */
const char *sign_secret_new(struct arena *arena) __attribute__((returns_nonnull));
/* HMAC-SHA256 of "stamp.body" in hexadecimal digits; the key is the text of the secret. */
const char *sign_text(struct arena *arena, const char *secret, const char *stamp, const char *body)
    __attribute__((returns_nonnull));

/* --- passwords --- */
#define PASSWORD_HASH_BYTES 128
/* argon2id; burns tens of milliseconds: call it on a worker only. */
int password_hash(const char *password, char ret_hash[static PASSWORD_HASH_BYTES]) MUSTCHECK;
/* With a hash of NULL (nobody's) it takes as long and is false: how long it takes tells nothing. */
bool password_matches(const char *hash, const char *password);
/* From `chars_min` to LIMIT_PASSWORD_CHARS characters, none of them a control character. */
bool password_fits(const char *password, size_t chars_min);

#endif
