/* SPDX-License-Identifier: Apache-2.0 */
/* Targets and URLs: what is split or decoded is clean, and encoding is undone by decoding. */
#include "fuzz.h"

#include "base/err.h"
#include "base/text.h"
#include "base/url.h"

static void try_path(struct arena *arena, const char *text)
{
    struct url_path path = {0};
    int r = url_split(arena, text, &path);
    assert(r == 0 || r == ERR_SYNTAX || r == ERR_TOO_LARGE);
    assert(path.count <= LIMIT_PATH_SEGMENTS && (r == 0 || path.count == 0));
    for (size_t i = 0; i < path.count; i++) {
        const char *s = path.segments[i];
        assert(*s && !strchr(s, '/') && !str_eq(s, ".") && !str_eq(s, "..") && text_is_utf8(s, strlen(s)));
    }
}

static void try_query(struct arena *arena, const char *text)
{
    struct url_params *params = arena_alloc(arena, sizeof(*params));
    int r = url_query(arena, text, params);
    assert(r == 0 || r == ERR_SYNTAX || r == ERR_TOO_LARGE);
    assert(params->count <= LIMIT_PARAMS && (r == 0 || params->count == 0));
    for (size_t i = 0; i < params->count; i++) {
        assert(text_is_utf8(params->items[i].name, strlen(params->items[i].name)));
        assert(text_is_utf8(params->items[i].value, strlen(params->items[i].value)));
        assert(url_param(params, params->items[i].name));
    }
}

static void try_url(struct arena *arena, const char *text)
{
    struct url_target target = {0};
    const char *host = NULL;
    int port = -1;
    if (url_parse(arena, text, &target) == 0) {
        assert(str_eq(target.scheme, "http") || str_eq(target.scheme, "https"));
        assert(target.port >= 1 && target.port <= 65535 && target.path[0] == '/' && !strchr(target.path, '?'));
        assert(target.host[0] && !strpbrk(target.host, "@/?#[] \\"));
    }
    if (url_host_port(arena, text, &host, &port) == 0)
        assert(port >= 0 && port <= 65535 && !strpbrk(host, "@/?#[] \\"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena *arena = arena_new();
    const char *text = arena_strndup(arena, (const char *)bytes, n);
    n = strlen(text);
    try_path(arena, text);
    try_query(arena, text);
    try_url(arena, text);
    const char *encoded = url_encoded(arena, text);
    const char *back = url_decode(arena, encoded, strlen(encoded), true);
    assert(text_is_utf8(text, n) ? str_eq(back, text) : !back);
    arena_free(arena);
    return 0;
}
