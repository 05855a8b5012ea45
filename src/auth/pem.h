/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and private keys as PEM, for connections to apps: judged when they are given, and used to sign for an
 * access token (RFC 7523). Keys are never encrypted ones: nobody could enter the password. What is wrong is told as a
 * sentence without a full stop that goes on from the name of a field ("... holds no certificate").
 */
#ifndef AUTH_PEM_H
#define AUTH_PEM_H

#include "base/arena.h"
#include "base/err.h"

#define PEM_BYTES_MAX (128 * 1024) /* bytes of a PEM text that is given */
#define PEM_CERTIFICATES_MAX 64    /* certificates in it */

struct pem_certificate {
    const char *subject; /* distinguished name of the first, "CN=muster,O=Example" */
    int64_t ends;        /* ms: when the first of them to end does */
};
/* One certificate or more: of authorities, or a client's with those between it and its authority behind it. ERR_SYNTAX,
 * with `*ret_why`. */
int pem_certificates_read(struct arena *arena, const char *pem, struct pem_certificate *ret,
                          const char **ret_why) MUSTCHECK;
/* The private key of the first of these certificates. */
int pem_key_check(const char *certificate, const char *key, const char **ret_why) MUSTCHECK;
/* A key to sign with: RSA of 2048 bits or more ("RS256"), or EC on P-256 ("ES256"). */
int pem_signing_key_read(const char *key, const char **ret_algorithm, const char **ret_why) MUSTCHECK;

struct assertion {
    const char *key;       /* PEM, private */
    const char *key_id;    /* "kid"; NULL or "": none */
    const char *client_id; /* "iss" and "sub" */
    const char *audience;  /* the address of the token endpoint */
    int64_t now;           /* ms; it is valid for ASSERTION_S from then on */
};
#define ASSERTION_S 300 /* seconds: the most that widespread servers accept is more */
/* A signed JWT (RFC 7523 section 3), in `arena`; NULL when the key cannot sign. */
const char *assertion_new(struct arena *arena, const struct assertion *assertion);

#endif
