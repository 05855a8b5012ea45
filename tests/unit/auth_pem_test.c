/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys that are given as PEM, and what is signed with them: checked with the library's own verifier.
 */
#include "auth/pem.h"
#include "base/jval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <sodium.h>

#define NOW_MS ((int64_t)1790000000 * 1000)

struct fixture {
    struct arena *arena;
    const char *rsa, *small_rsa, *ec, *other_ec, *p384; /* private keys */
    const char *certificate;                            /* of `ec` */
    int64_t ends;
};

static gnutls_x509_privkey_t make_key(gnutls_pk_algorithm_t kind, unsigned bits)
{
    gnutls_x509_privkey_t key;
    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, kind, bits, 0), 0);
    return key;
}

static const char *key_pem(struct fixture *f, gnutls_x509_privkey_t key)
{
    gnutls_datum_t text;
    assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &text), 0);
    const char *copy = arena_strndup(f->arena, (const char *)text.data, text.size);
    gnutls_free(text.data);
    return copy;
}

static const char *new_key(struct fixture *f, gnutls_pk_algorithm_t kind, unsigned bits)
{
    gnutls_x509_privkey_t key = make_key(kind, bits);
    const char *pem = key_pem(f, key);
    gnutls_x509_privkey_deinit(key);
    return pem;
}

static void make_certificate(struct fixture *f)
{
    gnutls_x509_privkey_t key = make_key(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
    gnutls_x509_crt_t certificate;
    time_t ends = time(NULL) + 1000;
    gnutls_datum_t text;
    f->ec = key_pem(f, key);
    f->ends = (int64_t)ends * 1000;
    assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
    assert_int_equal(gnutls_x509_crt_set_version(certificate, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(certificate, "\x01", 1), 0);
    assert_int_equal(gnutls_x509_crt_set_dn(certificate, "CN=muster,O=Example", NULL), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(certificate, ends - 2000), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(certificate, ends), 0);
    assert_int_equal(gnutls_x509_crt_set_key(certificate, key), 0);
    assert_int_equal(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text), 0);
    f->certificate = arena_strndup(f->arena, (const char *)text.data, text.size);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
}

static int setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    f->arena = arena_new();
    f->rsa = new_key(f, GNUTLS_PK_RSA, 2048);
    f->small_rsa = new_key(f, GNUTLS_PK_RSA, 1024);
    f->other_ec = new_key(f, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
    f->p384 = new_key(f, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1));
    make_certificate(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)arena_free(f->arena);
    free(f);
    return 0;
}

static void certificates_are_read(void **state)
{
    struct fixture *f = *state;
    struct pem_certificate read;
    const char *why = NULL;
    assert_int_equal(pem_certificates_read(f->arena, f->certificate, &read, &why), 0);
    assert_string_equal(read.subject, "CN=muster,O=Example");
    assert_int_equal(read.ends, f->ends);
    const char *twice = arena_printf(f->arena, "text before\n%s\n%s", f->certificate, f->certificate);
    assert_int_equal(pem_certificates_read(f->arena, twice, &read, &why), 0);
    const char *const bad[] = {"", "nothing", f->ec, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        why = NULL;
        assert_int_equal(pem_certificates_read(f->arena, bad[i], &read, &why), ERR_SYNTAX);
        assert_non_null(strstr(why, "PEM"));
    }
    struct buf many;
    buf_init(&many, PEM_BYTES_MAX * 2);
    while (many.len <= PEM_BYTES_MAX)
        buf_str(&many, f->certificate);
    assert_int_equal(pem_certificates_read(f->arena, buf_text(&many), &read, &why), ERR_SYNTAX);
    assert_non_null(strstr(why, "128 KiB"));
    buf_free(&many);
}

static void a_key_is_that_of_its_certificate(void **state)
{
    struct fixture *f = *state;
    const char *why = NULL;
    assert_int_equal(pem_key_check(f->certificate, f->ec, &why), 0);
    assert_int_equal(pem_key_check(f->certificate, f->other_ec, &why), ERR_SYNTAX);
    assert_non_null(strstr(why, "is not the private key"));
    assert_int_equal(pem_key_check(f->certificate, f->certificate, &why), ERR_SYNTAX);
    assert_non_null(strstr(why, "private key in PEM"));
    assert_int_equal(pem_key_check(f->certificate,
                                   "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
                                   &why),
                     ERR_SYNTAX);
    assert_non_null(strstr(why, "without a password"));
}

static void keys_to_sign_with(void **state)
{
    struct fixture *f = *state;
    const char *why = NULL;
    const char *algorithm = NULL;
    assert_int_equal(pem_signing_key_read(f->rsa, &algorithm, &why), 0);
    assert_string_equal(algorithm, "RS256");
    assert_int_equal(pem_signing_key_read(f->ec, &algorithm, &why), 0);
    assert_string_equal(algorithm, "ES256");
    const char *const bad[] = {f->small_rsa, f->p384};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(pem_signing_key_read(bad[i], &algorithm, &why), ERR_SYNTAX);
        assert_non_null(strstr(why, "2048"));
    }
}

/* --- assertions ----------------------------------------------------------------------------------------------------
 */

static size_t decode(const char *text, size_t n, unsigned char *ret, size_t size)
{
    size_t length = 0;
    assert_int_equal(
        sodium_base642bin(ret, size, text, n, NULL, &length, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING), 0);
    return length;
}

static struct jval *part(const char *text, size_t n)
{
    unsigned char bytes[4096];
    struct jval *value = NULL;
    size_t length = decode(text, n, bytes, sizeof(bytes));
    assert_int_equal(jval_parse(&value, (const char *)bytes, length, NULL), 0);
    return value;
}

static void verify(const char *key, bool ec, const char *jwt, const char *end)
{
    gnutls_privkey_t private;
    gnutls_pubkey_t public;
    gnutls_datum_t pem = {.data = (unsigned char *)(uintptr_t)key, .size = (unsigned)strlen(key)};
    gnutls_datum_t data = {.data = (unsigned char *)(uintptr_t)jwt, .size = (unsigned)(end - jwt)};
    unsigned char raw[512];
    gnutls_datum_t signature = {.data = raw, .size = (unsigned)decode(end + 1, strlen(end + 1), raw, sizeof(raw))};
    assert_int_equal(gnutls_privkey_init(&private), 0);
    assert_int_equal(gnutls_privkey_import_x509_raw(private, &pem, GNUTLS_X509_FMT_PEM, NULL, 0), 0);
    assert_int_equal(gnutls_pubkey_init(&public), 0);
    assert_int_equal(gnutls_pubkey_import_privkey(public, private, 0, 0), 0);
    gnutls_datum_t der = {0};
    if (ec) {
        assert_int_equal(signature.size, 64);
        gnutls_datum_t r = {.data = raw, .size = 32};
        gnutls_datum_t s = {.data = raw + 32, .size = 32};
        assert_int_equal(gnutls_encode_rs_value(&der, &r, &s), 0);
    }
    assert_true(gnutls_pubkey_verify_data2(public, ec ? GNUTLS_SIGN_ECDSA_SHA256 : GNUTLS_SIGN_RSA_SHA256, 0, &data,
                                           ec ? &der : &signature) >= 0);
    raw[0] ^= 1;
    data.data[0] ^= 1; /* another text has another signature */
    assert_true(gnutls_pubkey_verify_data2(public, ec ? GNUTLS_SIGN_ECDSA_SHA256 : GNUTLS_SIGN_RSA_SHA256, 0, &data,
                                           ec ? &der : &signature) < 0);
    data.data[0] ^= 1;
    gnutls_free(der.data);
    gnutls_pubkey_deinit(public);
    gnutls_privkey_deinit(private);
}

static void check_assertion(struct fixture *f, const char *key, bool ec, const char *key_id)
{
    const struct assertion assertion = {.key = key,
                                        .key_id = key_id,
                                        .client_id = "muster \"1\"",
                                        .audience = "https://login.example.com/token",
                                        .now = NOW_MS};
    const char *jwt = assertion_new(f->arena, &assertion);
    assert_non_null(jwt);
    const char *first = strchr(jwt, '.');
    const char *second = strchr(first + 1, '.');
    struct jval *head CLEANUP(jval_freep) = part(jwt, (size_t)(first - jwt));
    struct jval *claims CLEANUP(jval_freep) = part(first + 1, (size_t)(second - first - 1));
    assert_string_equal(jval_get_str(head, "alg"), ec ? "ES256" : "RS256");
    assert_string_equal(jval_get_str(head, "typ"), "JWT");
    if (key_id)
        assert_string_equal(jval_get_str(head, "kid"), key_id);
    else
        assert_null(jval_get(head, "kid"));
    assert_string_equal(jval_get_str(claims, "iss"), "muster \"1\"");
    assert_string_equal(jval_get_str(claims, "sub"), "muster \"1\"");
    assert_string_equal(jval_get_str(claims, "aud"), "https://login.example.com/token");
    assert_int_equal(jval_int(jval_get(claims, "iat"), 0), NOW_MS / 1000);
    assert_int_equal(jval_int(jval_get(claims, "exp"), 0), NOW_MS / 1000 + ASSERTION_S);
    assert_true(strlen(jval_get_str(claims, "jti")) >= 20);
    verify(key, ec, jwt, second);
    assert_string_not_equal(jwt, assertion_new(f->arena, &assertion)); /* none is used twice */
}

static void assertions_are_signed(void **state)
{
    struct fixture *f = *state;
    check_assertion(f, f->rsa, false, "key-1");
    for (int i = 0; i < 64; i++) /* numbers of a signature that begin with zeros come up among so many */
        check_assertion(f, f->ec, true, NULL);
    assert_null(assertion_new(f->arena, &(struct assertion){.key = f->p384, .client_id = "a", .audience = "b"}));
    assert_null(assertion_new(f->arena, &(struct assertion){.key = "x", .client_id = "a", .audience = "b"}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_read),
        cmocka_unit_test(a_key_is_that_of_its_certificate),
        cmocka_unit_test(keys_to_sign_with),
        cmocka_unit_test(assertions_are_signed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
