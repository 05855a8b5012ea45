/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library under the HTTP server's TLS makes the certificates; it is known to this file alone. Times are the
 * system's: the client that checks them has no other.
 */
#include "practice/certificate.h"

#include "base/err.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_S 86400
#define PEM_BYTES 8192

struct making {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t issuer_key;
    gnutls_x509_crt_t issuer;
};

static int new_key(gnutls_x509_privkey_t *ret)
{
    int r = gnutls_x509_privkey_init(ret);
    return r < 0 ? r
                 : gnutls_x509_privkey_generate(*ret, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
                                                0);
}

static int new_crt(gnutls_x509_crt_t *ret, gnutls_x509_privkey_t key, const char *name, time_t from, time_t to)
{
    const unsigned char serial[] = {0x01, 0x4d};
    int r = gnutls_x509_crt_init(ret);
    if (r == 0)
        r = gnutls_x509_crt_set_version(*ret, 3);
    if (r == 0)
        r = gnutls_x509_crt_set_serial(*ret, serial, sizeof(serial));
    if (r == 0)
        r = gnutls_x509_crt_set_activation_time(*ret, from);
    if (r == 0)
        r = gnutls_x509_crt_set_expiration_time(*ret, to);
    if (r == 0)
        r = gnutls_x509_crt_set_dn_by_oid(*ret, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
    return r < 0 ? r : gnutls_x509_crt_set_key(*ret, key);
}

static int add_names(gnutls_x509_crt_t crt, bool other_host)
{
    static const unsigned char ip4[4] = {127, 0, 0, 1};
    static const unsigned char ip6[16] = {[15] = 1};
    const char *host = other_host ? "elsewhere.example" : "localhost";
    int r =
        gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host), GNUTLS_FSAN_SET);
    if (r == 0 && !other_host)
        r = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip4, sizeof(ip4), GNUTLS_FSAN_APPEND);
    if (r == 0 && !other_host)
        r = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip6, sizeof(ip6), GNUTLS_FSAN_APPEND);
    return r;
}

static int make(struct making *making, const char *flaw)
{
    time_t now = time(NULL);
    bool expired = strcmp(flaw, "expired") == 0;
    bool early = strcmp(flaw, "not-yet-valid") == 0;
    bool other = strcmp(flaw, "other-host") == 0;
    bool issued = strcmp(flaw, "unknown-authority") == 0;
    int r = new_key(&making->key);
    if (r == 0)
        r = new_crt(&making->crt, making->key, other ? "elsewhere.example" : "localhost",
                    now + (early     ? 30
                           : expired ? -60
                                     : -1) *
                              DAY_S,
                    now + (expired ? -30 : 365) * DAY_S);
    if (r == 0)
        r = add_names(making->crt, other);
    if (r == 0)
        r = gnutls_x509_crt_set_basic_constraints(making->crt, issued ? 0 : 1, -1);
    if (r == 0 && issued)
        r = new_key(&making->issuer_key);
    if (r == 0 && issued)
        r = new_crt(&making->issuer, making->issuer_key, "An authority that nobody knows", now - DAY_S,
                    now + 365 * DAY_S);
    if (r == 0 && issued)
        r = gnutls_x509_crt_set_basic_constraints(making->issuer, 1, -1);
    if (r < 0)
        return r;
    return gnutls_x509_crt_sign2(making->crt, issued ? making->issuer : making->crt,
                                 issued ? making->issuer_key : making->key, GNUTLS_DIG_SHA256, 0);
}

static int write_file(char *path, size_t size, const char *text, size_t n)
{
    const char *dir = getenv("TMPDIR");
    (void)snprintf(path, size, "%.30s/muster-practice-XXXXXX", dir && *dir && strlen(dir) <= 30 ? dir : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0) {
        *path = '\0';
        return ERR_IO;
    }
    bool written = write(fd, text, n) == (ssize_t)n;
    return close(fd) == 0 && written ? 0 : ERR_IO;
}

static int write_files(const struct making *making, struct certificate *ret)
{
    char pem[PEM_BYTES];
    size_t n = sizeof(pem);
    if (gnutls_x509_crt_export(making->crt, GNUTLS_X509_FMT_PEM, pem, &n) < 0)
        return ERR_IO;
    int r = write_file(ret->cert_file, sizeof(ret->cert_file), pem, n);
    n = sizeof(pem);
    if (r == 0 && gnutls_x509_privkey_export(making->key, GNUTLS_X509_FMT_PEM, pem, &n) < 0)
        r = ERR_IO;
    if (r == 0)
        r = write_file(ret->key_file, sizeof(ret->key_file), pem, n);
    explicit_bzero(pem, sizeof(pem));
    return r;
}

static bool is_flaw(const char *flaw)
{
    static const char *const flaws[] = {"self-signed", "unknown-authority", "expired", "not-yet-valid", "other-host"};
    for (size_t i = 0; i < ARRAY_LEN(flaws); i++)
        if (strcmp(flaws[i], flaw) == 0)
            return true;
    return false;
}

int certificate_write(struct certificate *ret, const char *flaw, char *ret_why, size_t why_size)
{
    struct making making = {0};
    *ret = (struct certificate){0};
    if (!is_flaw(flaw)) {
        if (ret_why)
            (void)snprintf(ret_why, why_size, "there is no certificate \"%.40s\"; give one of %s", flaw,
                           CERTIFICATE_FLAWS);
        return ERR_SYNTAX;
    }
    int r = make(&making, flaw) < 0 ? ERR_IO : write_files(&making, ret);
    if (r < 0 && ret_why)
        (void)snprintf(ret_why, why_size,
                       "cannot make a certificate, or write it to the directory for temporary files");
    gnutls_x509_crt_deinit(making.crt);
    gnutls_x509_crt_deinit(making.issuer);
    gnutls_x509_privkey_deinit(making.key);
    gnutls_x509_privkey_deinit(making.issuer_key);
    return r;
}

void certificate_remove(struct certificate *certificate)
{
    if (*certificate->cert_file)
        (void)unlink(certificate->cert_file);
    if (*certificate->key_file)
        (void)unlink(certificate->key_file);
}
