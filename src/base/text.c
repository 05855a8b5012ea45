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
    size_t n = strlen(prefix);
    char *end = arena_strndup(arena, prefix, n);
    while (n && (unsigned char)end[n - 1] == 0xff)
        end[--n] = '\0';
    if (n == 0)
        return NULL;
    end[n - 1] = (char)((unsigned char)end[n - 1] + 1);
    return end;
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
