/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server under the API and the practice target: one epoll thread that accepts, reads whole requests and sends
 * answers. Every request is suspended when it is complete and handed to the handler, which may answer at once or later
 * from any thread. Built on libmicrohttpd, known to httpd.c alone.
 */
#ifndef BASE_HTTPD_H
#define BASE_HTTPD_H

#include "base/arena.h"
#include "base/buf.h"

struct httpd;
struct exchange; /* one request and its answer */

struct httpd_options {
    const char *host;          /* numeric address or name; "" or NULL is every address, IPv6 and IPv4 */
    int port;                  /* 0 picks one */
    const char *tls_cert_file; /* PEM; NULL for plain HTTP */
    const char *tls_key_file;
    /*
     * bytes; a longer body is read away and answered by the handler: exchange_body_too_large(). One of more than 16
     * times the maximum is cut off.
     */
    size_t body_max;
    /*
     * Called on the server's thread once per request, when it is complete. It must lead to exactly one exchange_send()
     * or exchange_reset(), from any thread, at once or later. It must not block.
     */
    void (*handle)(struct exchange *exchange, void *data);
    void *data;
};

/* 0, or ERR_IO with a sentence in `ret_why` (may be NULL) that names the address or file. */
int httpd_start(struct httpd **ret, const struct httpd_options *options, char *ret_why, size_t why_size) MUSTCHECK;
int httpd_port(const struct httpd *httpd);
/*
 * Stops accepting, waits until every exchange was answered (callers make sure that all are, at the latest after their
 * own deadline), gives slow clients two seconds to read, closes, frees. Requests that still come on open connections
 * get 503. Never called from the handler. Accepts NULL.
 */
void httpd_stop(struct httpd *httpd);

/* --- the request; valid until exchange_send() --------------------------------------------------------------------- */
struct arena *exchange_arena(struct exchange *exchange);      /* freed with the exchange */
const char *exchange_method(const struct exchange *exchange); /* as sent: "GET" */
/* The target as sent, never decoded: path without query. An absolute-form target is reduced to its path. */
const char *exchange_path(const struct exchange *exchange);
const char *exchange_query(const struct exchange *exchange);                    /* without '?', or NULL */
const char *exchange_header(const struct exchange *exchange, const char *name); /* any case; NULL when absent */
/* The values of all its lines, joined by ", " (proxies add lines of their own); NULL when absent. */
const char *exchange_header_all(struct exchange *exchange, const char *name);
const char *exchange_body(const struct exchange *exchange, size_t *ret_n); /* "" and 0 when there is none */
bool exchange_body_too_large(const struct exchange *exchange);
const char *exchange_peer(const struct exchange *exchange); /* numeric address without port */

/* --- the answer --------------------------------------------------------------------------------------------------- */
/*
 * Adds a header line (a name may be added twice). Copies both. Control characters in the value become spaces, and a
 * blank value adds nothing. Content-Length is not the caller's.
 */
void exchange_add_header(struct exchange *exchange, const char *name, const char *value);
/*
 * Sends status (200 to 599), headers and `n` bytes of body (copied; may be NULL with 0; not sent with 204, 304 and to
 * HEAD), and ends the exchange: it must not be touched afterwards.
 */
void exchange_send(struct exchange *exchange, int status, const void *body, size_t n);
/* The same with the body `step_bytes` at a time, `step_ms` apart (faults of the practice target). Holds nobody else up.
 */
void exchange_send_slowly(struct exchange *exchange, int status, const void *body, size_t n, size_t step_bytes,
                          int step_ms);
/* Closes the connection without an answer (faults of the practice target). */
void exchange_reset(struct exchange *exchange);

#endif
