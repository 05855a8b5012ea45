/* SPDX-License-Identifier: Apache-2.0 */
#include "console/console.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ETAG_BYTES 128
#define FOR_EVER "public, max-age=31536000, immutable"
/* Scripts, styles, fonts and requests are the server's own; nothing stands in the page itself. */
#define CONTENT_SECURITY_POLICY                                                                                        \
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "               \
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

static const char *const coding_names[CODING_COUNT] = {
    [CODING_IDENTITY] = "identity", [CODING_GZIP] = "gzip", [CODING_BROTLI] = "br"};

/* --- negotiation -------------------------------------------------------------------------------------------------- */

/* Of "gzip;q=0.5": is q anything but 0? */
static bool is_wanted(const char *parameters, const char *end)
{
    const char *q = memchr(parameters, 'q', (size_t)(end - parameters));
    if (!q)
        return true;
    q += 1 + strspn(q + 1, " \t");
    return *q != '=' || strtod(q + 1 + strspn(q + 1, " \t"), NULL) > 0;
}

/* Does Accept-Encoding take this coding? "*" stands for those that it does not name. */
static bool accepts(const char *header, const char *coding)
{
    bool others = false;
    for (const char *at = header; at && *at;) {
        at += strspn(at, " \t,");
        size_t name = strcspn(at, " \t,;");
        const char *end = at + strcspn(at, ",");
        if (name == strlen(coding) && strncasecmp(at, coding, name) == 0)
            return is_wanted(at + name, end);
        if (name == 1 && *at == '*')
            others = is_wanted(at + name, end);
        at = end;
    }
    return others;
}

static enum console_coding choose_coding(const struct console_file *file, const char *accept_encoding)
{
    for (int coding = CODING_BROTLI; coding > CODING_IDENTITY; coding--) {
        if (file->bodies[coding].n && accepts(accept_encoding, coding_names[coding]))
            return (enum console_coding)coding;
    }
    return CODING_IDENTITY;
}

/* If-None-Match, compared weakly as it has to be: proxies put W/ before what they have compressed anew. */
static bool matches(const char *header, const char *etag)
{
    size_t length = strlen(etag);
    for (const char *at = header; at && *at;) {
        at += strspn(at, " \t,");
        if (*at == '*')
            return true;
        if (strncmp(at, "W/", 2) == 0)
            at += 2;
        size_t n = strcspn(at, ", \t");
        if (n == length && strncmp(at, etag, n) == 0)
            return true;
        at += n;
    }
    return false;
}

/* --- the files ---------------------------------------------------------------------------------------------------- */

static int compare_path(const void *path, const void *file)
{
    return strcmp(path, ((const struct console_file *)file)->path);
}

static const struct console_file *find_file(const char *path)
{
    return bsearch(path, console_files, console_file_count, sizeof(*console_files), compare_path);
}

/*
 * A browser that opens an address asks for text/html; API clients do not, and get the API's 404. What looks like a file
 * is one or is not there.
 */
static bool is_page(struct exchange *exchange, const char *path)
{
    const char *accept = exchange_header_all(exchange, "Accept");
    const char *last = strrchr(path, '/');
    return accept && strcasestr(accept, "text/html") && last && !strchr(last, '.') &&
           strncmp(path, "/assets/", strlen("/assets/")) != 0;
}

static void add_headers(struct exchange *exchange, const struct console_file *file, enum console_coding coding,
                        const char *etag)
{
    exchange_add_header(exchange, "ETag", etag);
    exchange_add_header(exchange, "Cache-Control", file->immutable ? FOR_EVER : "no-cache");
    exchange_add_header(exchange, "Vary", "Accept-Encoding");
    if (coding != CODING_IDENTITY)
        exchange_add_header(exchange, "Content-Encoding", coding_names[coding]);
    exchange_add_header(exchange, "Content-Type", file->type);
    exchange_add_header(exchange, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
    exchange_add_header(exchange, "X-Content-Type-Options", "nosniff");
    exchange_add_header(exchange, "X-Frame-Options", "DENY");
    exchange_add_header(exchange, "Referrer-Policy", "no-referrer");
    exchange_add_header(exchange, "Cross-Origin-Opener-Policy", "same-origin");
}

bool console_serve(struct exchange *exchange, void *data)
{
    (void)data;
    const char *path = exchange_path(exchange);
    const char *method = exchange_method(exchange);
    const struct console_file *file = find_file(path);
    if (!file && (str_eq(path, "/") || is_page(exchange, path)))
        file = find_file("/index.html");
    if (!file)
        return false;
    if (!str_eq(method, "GET") && !str_eq(method, "HEAD")) {
        exchange_add_header(exchange, "Allow", "GET, HEAD");
        exchange_send(exchange, 405, NULL, 0);
        return true;
    }
    enum console_coding coding = choose_coding(file, exchange_header_all(exchange, "Accept-Encoding"));
    char etag[ETAG_BYTES];
    (void)snprintf(etag, sizeof(etag), "\"%s-%s\"", file->hash, coding_names[coding]);
    add_headers(exchange, file, coding, etag);
    const struct console_body *body = &file->bodies[coding];
    if (matches(exchange_header_all(exchange, "If-None-Match"), etag))
        exchange_send(exchange, 304, NULL, 0);
    else
        exchange_send(exchange, 200, console_bytes + body->offset, body->n);
    return true;
}
