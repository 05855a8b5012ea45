/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include "base/err.h"
#include "base/text.h"

#include <arpa/inet.h>

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void url_encode(struct buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (is_unreserved(*p)) {
            buf_char(out, (char)*p);
        } else {
            const char escape[3] = {'%', hex[*p >> 4], hex[*p & 15]};
            buf_add(out, escape, sizeof(escape));
        }
    }
}

char *url_encoded(struct arena *arena, const char *text)
{
    struct buf out;
    buf_init(&out, strlen(text) * 3);
    url_encode(&out, text);
    char *encoded = arena_strndup(arena, buf_text(&out), out.len);
    buf_free(&out);
    return encoded;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *url_decode(struct arena *arena, const char *text, size_t n, bool plus)
{
    char *out = arena_alloc(arena, n + 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '%') {
            int high = n - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = high >= 0 ? hex_value(text[i + 2]) : -1;
            if (low < 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[len++] = c;
    }
    out[len] = '\0';
    return text_is_utf8(out, len) ? out : NULL;
}

int url_split(struct arena *arena, const char *path, struct url_path *ret)
{
    struct url_path split = {0};
    if (*path != '/')
        return ERR_SYNTAX;
    const char *p = path + 1;
    while (*p) {
        size_t n = strcspn(p, "/");
        if (n == 0)
            return ERR_SYNTAX;
        if (split.count == LIMIT_PATH_SEGMENTS)
            return ERR_TOO_LARGE;
        char *segment = url_decode(arena, p, n, false);
        if (!segment || strchr(segment, '/') || str_eq(segment, ".") || str_eq(segment, ".."))
            return ERR_SYNTAX;
        split.segments[split.count++] = segment;
        p += n + (p[n] == '/');
    }
    *ret = split;
    return 0;
}

int url_query(struct arena *arena, const char *query, struct url_params *ret)
{
    struct url_params *params = arena_alloc(arena, sizeof(*params));
    if (query && strlen(query) > LIMIT_QUERY_BYTES)
        return ERR_TOO_LARGE;
    for (const char *p = query ? query : ""; *p;) {
        size_t n = strcspn(p, "&");
        if (n > 0) {
            if (params->count == LIMIT_PARAMS)
                return ERR_TOO_LARGE;
            size_t name_len = strcspn(p, "&=");
            size_t value_at = name_len + (name_len < n);
            char *name = url_decode(arena, p, name_len, true);
            char *value = url_decode(arena, p + value_at, n - value_at, true);
            if (!name || !value)
                return ERR_SYNTAX;
            params->items[params->count].name = name;
            params->items[params->count].value = value;
            params->count++;
        }
        p += n + (p[n] == '&');
    }
    *ret = *params;
    return 0;
}

const char *url_param(const struct url_params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++)
        if (str_eq(params->items[i].name, name))
            return params->items[i].value;
    return NULL;
}

/* A decimal port of at most five digits; -1 for anything else. */
static int parse_port(const char *text, size_t n)
{
    int port = 0;
    if (n < 1 || n > 5)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        port = port * 10 + (text[i] - '0');
    }
    return port <= 65535 ? port : -1;
}

static bool is_host_name(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n > 253 || text[0] == '.' || strstr(text, ".."))
        return false;
    for (const char *p = text; *p; p++)
        if (!is_unreserved((unsigned char)*p) || *p == '~')
            return false;
    return true;
}

static char *lower(struct arena *arena, const char *text, size_t n)
{
    char *copy = arena_strndup(arena, text, n);
    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p | 0x20);
    return copy;
}

/*
 * Reads a host, bracketed when it is IPv6, from the start of `text`; a ':' or the end comes after it. Returns the bytes
 * read, 0 for nothing, negative on a malformed one.
 */
static int parse_host(struct arena *arena, const char *text, size_t n, const char **ret_host)
{
    if (n == 0)
        return 0;
    if (text[0] == '[') {
        const char *close = memchr(text, ']', n);
        struct in6_addr address;
        if (!close)
            return ERR_SYNTAX;
        char *host = lower(arena, text + 1, (size_t)(close - text) - 1);
        if (inet_pton(AF_INET6, host, &address) != 1)
            return ERR_SYNTAX;
        *ret_host = host;
        return (int)(close - text) + 1;
    }
    const char *colon = memchr(text, ':', n);
    size_t len = colon ? (size_t)(colon - text) : n;
    char *host = lower(arena, text, len);
    if (strlen(host) != len || (len > 0 && !is_host_name(host)))
        return ERR_SYNTAX;
    *ret_host = host;
    return (int)len;
}

int url_parse(struct arena *arena, const char *text, struct url_target *ret)
{
    struct url_target target = {0};
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("#\\\"<>^`{|}", *p)) /* char is signed: bytes from 0x80 are below ' ' */
            return ERR_SYNTAX;
    if (strncasecmp(text, "https://", 8) == 0) {
        target = (struct url_target){.scheme = "https", .port = 443};
        text += 8;
    } else if (strncasecmp(text, "http://", 7) == 0) {
        target = (struct url_target){.scheme = "http", .port = 80};
        text += 7;
    } else {
        return ERR_SYNTAX;
    }
    size_t authority = strcspn(text, "/?");
    if (authority > 300)
        return ERR_SYNTAX;
    int r = parse_host(arena, text, authority, &target.host);
    if (r <= 0)
        return ERR_SYNTAX;
    if ((size_t)r < authority) {
        if (text[r] != ':')
            return ERR_SYNTAX;
        target.port = parse_port(text + r + 1, authority - (size_t)r - 1);
        if (target.port < 1)
            return ERR_SYNTAX;
    }
    text += authority;
    size_t path = strcspn(text, "?");
    target.path = path ? arena_strndup(arena, text, path) : "/";
    target.query = text[path] ? arena_strdup(arena, text + path + 1) : NULL;
    *ret = target;
    return 0;
}

int url_host_port(struct arena *arena, const char *text, const char **ret_host, int *ret_port)
{
    size_t n = strlen(text);
    const char *host = "";
    if (n > 300)
        return ERR_SYNTAX;
    int r = parse_host(arena, text, n, &host);
    if (r < 0)
        return r;
    if (text[r] != ':')
        return ERR_SYNTAX;
    int port = parse_port(text + r + 1, n - (size_t)r - 1);
    if (port < 0)
        return ERR_SYNTAX;
    *ret_host = host;
    *ret_port = port;
    return 0;
}
