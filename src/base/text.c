/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

bool text_is_utf8(const char *bytes, size_t n)
{
    return n == 0 || (!memchr(bytes, 0, n) && u8_check((const uint8_t *)bytes, n) == NULL);
}

size_t text_chars(const char *text)
{
    return u8_mbsnlen((const uint8_t *)text, strlen(text));
}

static bool is_plain_ascii(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p >= 0x80)
            return false;
    return true;
}

char *text_fold(struct arena *arena, const char *text)
{
    size_t n = strlen(text);
    if (is_plain_ascii(text)) { /* nearly every name: no table look-ups, no allocation outside the arena */
        char *folded = arena_strndup(arena, text, n);
        for (char *p = folded; *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p + ('a' - 'A'));
        return folded;
    }
    size_t normal_len = 0;
    uint8_t *normal = u8_normalize(UNINORM_NFKC, (const uint8_t *)text, n, NULL, &normal_len);
    assert(normal);
    size_t folded_len = 0;
    uint8_t *folded = u8_casefold(normal, normal_len, NULL, UNINORM_NFKC, NULL, &folded_len);
    assert(folded);
    char *copy = arena_strndup(arena, (const char *)folded, folded_len);
    free(normal);
    free(folded);
    return copy;
}

char *text_prefix_end(struct arena *arena, const char *prefix)
{
    const uint8_t *start = (const uint8_t *)prefix;
    const uint8_t *end = start + strlen(prefix);
    ucs4_t c = 0;
    /* The last character that has one after it; there is none after U+10FFFF, nor any between U+D7FF and U+E000. */
    while ((end = u8_prev(&c, end, start)) && c == 0x10ffff)
        ;
    if (!end)
        return NULL;
    c = c == 0xd7ff ? 0xe000 : c + 1;
    uint8_t next[4];
    int n = u8_uctomb(next, c, sizeof(next));
    assert(n > 0);
    return arena_printf(arena, "%.*s%.*s", (int)(end - start), prefix, n, (const char *)next);
}

const char *text_mended(struct arena *arena, const char *text)
{
    size_t n = strlen(text);
    if (text_is_utf8(text, n))
        return text;
    char *copy = arena_strndup(arena, text, n);
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    return copy;
}

bool text_has_control(const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    ucs4_t c = 0;
    while ((p = u8_next(&c, p)))
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            return true;
    return false;
}
