/* SPDX-License-Identifier: Apache-2.0 */
/* The practice target behind HTTP. Requests are handled on the server's thread, one at a time, under one lock. */
#ifndef PRACTICE_SERVER_H
#define PRACTICE_SERVER_H

#include "practice/practice.h"

struct practice_server;

struct practice_server_options {
    const char *host;          /* as in struct httpd_options */
    int port;                  /* 0 picks one */
    const char *tls_cert_file; /* PEM; NULL for plain HTTP */
    const char *tls_key_file;
    /*
     * Instead of the two: HTTPS with a certificate made on the spot that no client should accept. "self-signed",
     * "unknown-authority", "expired", "not-yet-valid", "other-host" (the last three are self-signed too, so that a
     * client may be told to trust them and must refuse all the same).
     */
    const char *bad_certificate;
    const struct env *env;            /* NULL: env_real() */
    struct practice_options practice; /* base_url NULL: made from host and port */
};

/* 0, or ERR_IO with a sentence in `ret_why` (may be NULL) that names the address or file. */
int practice_server_start(struct practice_server **ret, const struct practice_server_options *options, char *ret_why,
                          size_t why_size) MUSTCHECK;
int practice_server_port(const struct practice_server *server);
/* Where a client points: "http://127.0.0.1:8081/scim/v2". Lives as long as the server. */
const char *practice_server_url(const struct practice_server *server);
/* Answers what is delayed at once, then stops. Accepts NULL. */
void practice_server_stop(struct practice_server *server);

/* The state, for oracles and faults; nothing is served until practice_server_unlock(). */
struct practice *practice_server_lock(struct practice_server *server);
void practice_server_unlock(struct practice_server *server);

#endif
