/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding, request targets and query strings. */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"

/* Adds `text` with everything but RFC 3986 unreserved characters percent-encoded. */
void url_encode(struct buf *out, const char *text);
char *url_encoded(struct arena *arena, const char *text) __attribute__((returns_nonnull));
/* Decodes %XX (and + as a space when `plus`). NULL for a malformed escape, a NUL or invalid UTF-8. */
char *url_decode(struct arena *arena, const char *text, size_t n, bool plus);

struct url_path {
    size_t count;
    const char *segments[LIMIT_PATH_SEGMENTS]; /* decoded */
};
/*
 * Splits "/api/v1/users/00u..." at its slashes, then decodes each segment. ERR_SYNTAX: no leading slash, a bad escape,
 * %2F, %00, an empty segment (a trailing slash is tolerated), "." or "..". ERR_TOO_LARGE: more than
 * LIMIT_PATH_SEGMENTS.
 */
int url_split(struct arena *arena, const char *path, struct url_path *ret) MUSTCHECK;

struct url_params {
    size_t count;
    struct {
        const char *name;
        const char *value; /* "" when there is no = */
    } items[LIMIT_PARAMS];
};
/* ERR_SYNTAX for a bad escape, ERR_TOO_LARGE for more than LIMIT_PARAMS or LIMIT_QUERY_BYTES. NULL query gives none. */
int url_query(struct arena *arena, const char *query, struct url_params *ret) MUSTCHECK;
/* The value of the first parameter of that name, or NULL. */
const char *url_param(const struct url_params *params, const char *name);

struct url_target {
    const char *scheme; /* lower case: "http" or "https" */
    const char *host;   /* lower case, IPv6 without brackets */
    int port;           /* explicit, or the scheme's own */
    const char *path;   /* as written, "/" at least, without a query */
    const char *query;  /* without '?', or NULL */
};
/* Reads an absolute http(s) URL. ERR_SYNTAX for anything else: user info, fragment, other schemes, a bad port. */
int url_parse(struct arena *arena, const char *text, struct url_target *ret) MUSTCHECK;

/* Splits "HOST:PORT", "[::1]:8080", ":8080" (every address: the host is ""). Port 0 is allowed. ERR_SYNTAX otherwise.
 */
int url_host_port(struct arena *arena, const char *text, const char **ret_host, int *ret_port) MUSTCHECK;

#endif
