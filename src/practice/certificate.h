/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that no client should accept, made on the spot. */
#ifndef PRACTICE_CERTIFICATE_H
#define PRACTICE_CERTIFICATE_H

#include "base/macros.h"

#define CERTIFICATE_FLAWS "self-signed unknown-authority expired not-yet-valid other-host"

/* Temporary PEM files, readable by their owner alone. */
struct certificate {
    char cert_file[64]; /* "": none */
    char key_file[64];
};

/*
 * Makes a certificate for localhost, 127.0.0.1 and ::1 with one of CERTIFICATE_FLAWS. ERR_SYNTAX for another flaw,
 * ERR_IO; with a sentence in `ret_why` (may be NULL). certificate_remove() is called in any case.
 */
int certificate_write(struct certificate *ret, const char *flaw, char *ret_why, size_t why_size) MUSTCHECK;
void certificate_remove(struct certificate *certificate);

#endif
