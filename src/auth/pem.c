/* SPDX-License-Identifier: Apache-2.0 */
/* GnuTLS is what libmicrohttpd speaks TLS with, so it is there; in this room it is known to this file alone. */
#include "auth/pem.h"

#include "auth/inner.h"
#include "base/jout.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#define RSA_BITS_MIN 2048
#define P256_BITS 256
#define P256_BYTES 32
#define JTI_BYTES 16
#define ASSERTION_BYTES_MAX 16384

static int refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return ERR_SYNTAX;
}

static gnutls_datum_t datum_of(const char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)text, .size = (unsigned)strlen(text)};
}

/* --- certificates --------------------------------------------------------------------------------------------------
 */

struct list {
    gnutls_x509_crt_t *items;
    unsigned count;
};

static void list_free(struct list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        gnutls_x509_crt_deinit(list->items[i]);
    gnutls_free(list->items);
}

static int list_read(const char *pem, struct list *ret, const char **ret_why)
{
    *ret = (struct list){0};
    gnutls_datum_t text = datum_of(pem);
    if (text.size > PEM_BYTES_MAX)
        return refuse(ret_why, "is longer than 128 KiB");
    if (gnutls_x509_crt_list_import2(&ret->items, &ret->count, &text, GNUTLS_X509_FMT_PEM, 0) < 0 || ret->count == 0)
        return refuse(ret_why, "must be one certificate or more in PEM (-----BEGIN CERTIFICATE-----)");
    if (ret->count <= PEM_CERTIFICATES_MAX)
        return 0;
    list_free(ret);
    return refuse(ret_why, "holds more than 64 certificates");
}

static const char *subject_of(struct arena *arena, gnutls_x509_crt_t certificate)
{
    gnutls_datum_t name = {0};
    if (gnutls_x509_crt_get_dn3(certificate, &name, 0) < 0)
        return "";
    const char *copy = arena_strndup(arena, (const char *)name.data, name.size);
    gnutls_free(name.data);
    return copy;
}

int pem_certificates_read(struct arena *arena, const char *pem, struct pem_certificate *ret, const char **ret_why)
{
    struct list list;
    int r = list_read(pem, &list, ret_why);
    if (r < 0)
        return r;
    *ret = (struct pem_certificate){.subject = subject_of(arena, list.items[0])};
    for (unsigned i = 0; i < list.count; i++) {
        int64_t ends = (int64_t)gnutls_x509_crt_get_expiration_time(list.items[i]) * 1000;
        if (ret->ends == 0 || ends < ret->ends)
            ret->ends = ends;
    }
    list_free(&list);
    return 0;
}

/* --- keys ----------------------------------------------------------------------------------------------------------
 */

static int key_read(const char *pem, gnutls_privkey_t *ret, const char **ret_why)
{
    gnutls_datum_t text = datum_of(pem);
    if (text.size > PEM_BYTES_MAX)
        return refuse(ret_why, "is longer than 128 KiB");
    if (strstr(pem, "ENCRYPTED"))
        return refuse(ret_why, "is encrypted; give the key without a password");
    gnutls_privkey_t key = NULL;
    if (gnutls_privkey_init(&key) < 0)
        return ERR_NOMEM;
    if (gnutls_privkey_import_x509_raw(key, &text, GNUTLS_X509_FMT_PEM, NULL, 0) < 0) {
        gnutls_privkey_deinit(key);
        return refuse(ret_why, "must be a private key in PEM (-----BEGIN PRIVATE KEY-----)");
    }
    *ret = key;
    return 0;
}

static int same_key(gnutls_x509_crt_t certificate, gnutls_privkey_t key)
{
    unsigned char of_certificate[64];
    unsigned char of_key[64];
    size_t a = sizeof(of_certificate);
    size_t b = sizeof(of_key);
    gnutls_pubkey_t public = NULL;
    if (gnutls_pubkey_init(&public) < 0)
        return 0;
    bool known = gnutls_pubkey_import_privkey(public, key, 0, 0) == 0 &&
                 gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, of_key, &b) == 0 &&
                 gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, of_certificate, &a) == 0;
    gnutls_pubkey_deinit(public);
    return known && a == b && memcmp(of_certificate, of_key, a) == 0;
}

int pem_key_check(const char *certificate, const char *key, const char **ret_why)
{
    struct list list;
    gnutls_privkey_t private = NULL;
    int r = list_read(certificate, &list, ret_why);
    if (r < 0)
        return r;
    r = key_read(key, &private, ret_why);
    if (r == 0) {
        if (!same_key(list.items[0], private))
            r = refuse(ret_why, "is not the private key of the first certificate");
        gnutls_privkey_deinit(private);
    }
    list_free(&list);
    return r;
}

static const char *algorithm_of(gnutls_privkey_t key)
{
    unsigned bits = 0;
    int kind = gnutls_privkey_get_pk_algorithm(key, &bits);
    if (kind == GNUTLS_PK_RSA && bits >= RSA_BITS_MIN)
        return "RS256";
    return kind == GNUTLS_PK_ECDSA && bits == P256_BITS ? "ES256" : NULL;
}

int pem_signing_key_read(const char *key, const char **ret_algorithm, const char **ret_why)
{
    gnutls_privkey_t private = NULL;
    int r = key_read(key, &private, ret_why);
    if (r < 0)
        return r;
    const char *algorithm = algorithm_of(private);
    gnutls_privkey_deinit(private);
    if (!algorithm)
        return refuse(ret_why, "must be an RSA key of 2048 bits or more, or an EC key on P-256");
    *ret_algorithm = algorithm;
    return 0;
}

/* --- signing -------------------------------------------------------------------------------------------------------
 */

static const char *base64url(struct arena *arena, const void *bytes, size_t n)
{
    size_t size = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(arena, size);
    (void)sodium_bin2base64(text, size, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return text;
}

/* A big-endian number as 32 bytes: GnuTLS gives it with a leading zero, or shorter. */
static bool as_32(const gnutls_datum_t *number, unsigned char ret[static P256_BYTES])
{
    const unsigned char *from = number->data;
    size_t n = number->size;
    while (n > P256_BYTES && *from == 0) {
        from++;
        n--;
    }
    if (n > P256_BYTES)
        return false;
    memset(ret, 0, P256_BYTES);
    memcpy(ret + P256_BYTES - n, from, n);
    return true;
}

/* RFC 7518 section 3.4: r and s behind each other, where GnuTLS gives DER. */
static const char *ec_signature(struct arena *arena, const gnutls_datum_t *der)
{
    gnutls_datum_t r = {0};
    gnutls_datum_t s = {0};
    unsigned char both[2 * P256_BYTES];
    if (gnutls_decode_rs_value(der, &r, &s) < 0)
        return NULL;
    bool fits = as_32(&r, both) && as_32(&s, both + P256_BYTES);
    gnutls_free(r.data);
    gnutls_free(s.data);
    return fits ? base64url(arena, both, sizeof(both)) : NULL;
}

static const char *signature_of(struct arena *arena, gnutls_privkey_t key, bool ec, const char *text)
{
    gnutls_datum_t data = datum_of(text);
    gnutls_datum_t made = {0};
    if (gnutls_privkey_sign_data(key, GNUTLS_DIG_SHA256, 0, &data, &made) < 0)
        return NULL;
    const char *signature = ec ? ec_signature(arena, &made) : base64url(arena, made.data, made.size);
    gnutls_free(made.data);
    return signature;
}

static const char *header_json(struct arena *arena, const char *algorithm, const char *key_id)
{
    struct buf text;
    struct jout out;
    buf_init(&text, ASSERTION_BYTES_MAX);
    jout_init(&out, &text);
    jout_object(&out, NULL);
    jout_str(&out, "alg", algorithm);
    jout_str(&out, "typ", "JWT");
    if (key_id && *key_id)
        jout_str(&out, "kid", key_id);
    jout_end(&out);
    const char *copy = base64url(arena, buf_text(&text), text.len);
    buf_free(&text);
    return copy;
}

static const char *claims_json(struct arena *arena, const struct assertion *assertion)
{
    unsigned char random[JTI_BYTES];
    struct buf text;
    struct jout out;
    auth_ready();
    const struct env *env = env_real();
    env->fill_random(env->data, random, sizeof(random));
    buf_init(&text, ASSERTION_BYTES_MAX);
    jout_init(&out, &text);
    jout_object(&out, NULL);
    jout_str(&out, "iss", assertion->client_id);
    jout_str(&out, "sub", assertion->client_id);
    jout_str(&out, "aud", assertion->audience);
    jout_int(&out, "iat", assertion->now / 1000);
    jout_int(&out, "exp", assertion->now / 1000 + ASSERTION_S);
    jout_str(&out, "jti", base64url(arena, random, sizeof(random)));
    jout_end(&out);
    const char *copy = base64url(arena, buf_text(&text), text.len);
    buf_free(&text);
    return copy;
}

const char *assertion_new(struct arena *arena, const struct assertion *assertion)
{
    gnutls_privkey_t key = NULL;
    const char *why = NULL;
    if (key_read(assertion->key, &key, &why) < 0)
        return NULL;
    const char *jwt = NULL;
    const char *algorithm = algorithm_of(key);
    if (algorithm) {
        const char *head = arena_printf(arena, "%s.%s", header_json(arena, algorithm, assertion->key_id),
                                        claims_json(arena, assertion));
        const char *signature = signature_of(arena, key, strcmp(algorithm, "ES256") == 0, head);
        jwt = signature ? arena_printf(arena, "%s.%s", head, signature) : NULL;
    }
    gnutls_privkey_deinit(key);
    return jwt;
}
