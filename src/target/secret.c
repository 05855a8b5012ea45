/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hides the credential that was sent where a target repeats it. What stood in the header is one form of it only: a
 * target that decodes "Basic" repeats the password as it is, others show it encoded.
 */
#include "base/url.h"
#include "target/answer.h"
#include "target/inner.h"

#include <ctype.h>
#include <sodium.h>

static void wipe(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
}

/* Takes `form` over. The longest come first, so that "user:password" is hidden before the password in it is. */
static void keep(struct answer *answer, char *form)
{
    size_t n = strlen(form);
    bool known = n < SECRET_MIN;
    for (size_t i = 0; i < answer->secret_count && !known; i++)
        known = strcasecmp(answer->secrets[i], form) == 0;
    if (known) {
        wipe(form);
        return;
    }
    assert(answer->secret_count < ANSWER_SECRETS_MAX);
    size_t at = answer->secret_count++;
    for (; at > 0 && strlen(answer->secrets[at - 1]) < n; at--)
        answer->secrets[at] = answer->secrets[at - 1];
    answer->secrets[at] = form;
}

static char *percent_encoded(const char *text)
{
    struct buf out;
    buf_init(&out, strlen(text) * 3 + 1);
    char *form = mem_new(strlen(text) * 3 + 1);
    url_encode(&out, text);
    memcpy(form, buf_text(&out), out.len + 1);
    sodium_memzero(out.data, out.len);
    buf_free(&out);
    return form;
}

/* As the inside of a JSON string, where a slash may be written both ways. */
static char *json_escaped(const char *text, bool slash)
{
    char *form = mem_new(strlen(text) * 2 + 1);
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\' || (slash && *p == '/'))
            form[n++] = '\\';
        form[n++] = *p;
    }
    form[n] = '\0';
    return form;
}

static char *base64(const char *text, int variant)
{
    size_t n = strlen(text);
    size_t size = sodium_base64_encoded_len(n, variant);
    char *form = mem_new(size);
    (void)sodium_bin2base64(form, size, (const unsigned char *)text, n, variant);
    return form;
}

/* Every way in which a text may stand in an answer. */
static void keep_text(struct answer *answer, const char *text)
{
    if (strlen(text) < SECRET_MIN)
        return;
    keep(answer, mem_strdup(text));
    keep(answer, percent_encoded(text));
    keep(answer, json_escaped(text, false));
    keep(answer, json_escaped(text, true));
    /* Without padding, which says nothing and may be missing. */
    char *coded = base64(text, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    keep(answer, percent_encoded(coded));
    keep(answer, json_escaped(coded, true));
    keep(answer, coded);
    keep(answer, base64(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING));
}

/* What "Basic" carries: base64 of "user:password". Anything else holds no password. */
static void keep_basic(struct answer *answer, const char *text)
{
    size_t n = 0;
    size_t size = strlen(text) + 1;
    char *pair = mem_new(size);
    if (sodium_base642bin((unsigned char *)pair, size - 1, text, size - 1, NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0) {
        const char *colon = memchr(pair, ':', n);
        if (colon && !memchr(pair, '\0', n)) {
            keep_text(answer, pair);
            keep_text(answer, colon + 1);
        }
    }
    sodium_memzero(pair, size);
    free(pair);
}

void answer_hide(struct answer *answer, const char *secret)
{
    if (!secret)
        return;
    const char *space = strchr(secret, ' ');
    keep_text(answer, secret);
    keep_basic(answer, secret);
    if (space) { /* "Token abc" */
        keep_text(answer, space + 1);
        keep_basic(answer, space + 1);
    }
}

/* The first place of `secret`, in any case (the digits of %2f come in both), within n bytes; NULL without one. */
static char *find(char *text, size_t n, const char *secret, size_t secret_n)
{
    int first = tolower((unsigned char)*secret);
    for (; n >= secret_n; text++, n--)
        if (tolower((unsigned char)*text) == first && strncasecmp(text, secret, secret_n) == 0)
            return text;
    return NULL;
}

void answer_hide_in(const struct answer *answer, char *text, size_t n, bool cut)
{
    for (size_t i = 0; i < answer->secret_count; i++) {
        const char *secret = answer->secrets[i];
        size_t secret_n = strlen(secret);
        char *end = text + n;
        for (char *at = text; (at = find(at, (size_t)(end - at), secret, secret_n)); at += secret_n)
            memset(at, '*', secret_n);
        for (size_t part = MIN_OF(secret_n - 1, n); cut && part >= SECRET_MIN; part--)
            if (strncasecmp(end - part, secret, part) == 0)
                memset(end - part, '*', part);
    }
}

void answer_forget(struct answer *answer)
{
    while (answer->secret_count)
        wipe(answer->secrets[--answer->secret_count]);
}
