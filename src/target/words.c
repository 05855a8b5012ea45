/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a target said, as people read it: the text form that administrators know from the Errors tab, "Conflict. Errors
 * reported by remote server: ...". Whatever arrived, the result is one line of valid UTF-8 of bounded length, without
 * the credential.
 */
#include "base/limits.h"
#include "base/text.h"
#include "target/answer.h"
#include "target/inner.h"

#include <ctype.h>

#define WORDS_MAX 1000 /* bytes of the target's own words */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Entity"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

/* The reason phrase of an HTTP status; NULL for a status without one. */
static const char *http_reason(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return NULL;
}

/* --- plain text from anything ------------------------------------------------------------------------------------- */

/* The length of the well-formed UTF-8 character at `text`, 0 when there is none. */
static size_t character(const char *text, size_t n)
{
    unsigned char lead = (unsigned char)*text;
    size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return length <= n && text_is_utf8(text, length) ? length : 0;
}

/* One line: runs of blanks and control characters become a space, what is no UTF-8 a question mark; cut with "...". */
static const char *clean(struct arena *arena, const char *text, size_t n)
{
    struct buf out;
    bool gap = false;
    buf_init(&out, WORDS_MAX + 16);
    for (size_t i = 0; i < n && out.len < WORDS_MAX;) {
        size_t length = character(text + i, n - i);
        bool control = length == 1 ? (unsigned char)text[i] <= ' ' || text[i] == 0x7f
                                   : length == 2 && (unsigned char)text[i] == 0xc2 && (unsigned char)text[i + 1] < 0xa1;
        if (control) {
            gap = out.len > 0;
        } else {
            if (gap)
                buf_char(&out, ' ');
            gap = false;
            if (length)
                buf_add(&out, text + i, length);
            else
                buf_char(&out, '?');
        }
        i += length ? length : 1;
        if (out.len >= WORDS_MAX && i < n)
            buf_str(&out, "...");
    }
    const char *line = arena_strndup(arena, buf_text(&out), out.len);
    buf_free(&out);
    return line;
}

static void add_entity(struct buf *out, const char *text, size_t *at)
{
    static const struct {
        const char *name;
        const char *text;
    } entities[] = {{"&amp;", "&"}, {"&lt;", "<"},   {"&gt;", ">"},   {"&quot;", "\""},
                    {"&#39;", "'"}, {"&#x27;", "'"}, {"&apos;", "'"}, {"&nbsp;", " "}};
    for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
        size_t n = strlen(entities[i].name);
        if (strncmp(text + *at, entities[i].name, n) == 0) {
            buf_str(out, entities[i].text);
            *at += n;
            return;
        }
    }
    buf_char(out, text[(*at)++]);
}

/* The end of the element that starts at `at` when nobody reads its content; 0 for any other. */
static size_t skip_unread(const char *text, size_t at)
{
    static const char *const unread[][2] = {{"<script", "</script"}, {"<style", "</style"}, {"<!--", "-->"}};
    for (size_t i = 0; i < ARRAY_LEN(unread); i++) {
        if (strncasecmp(text + at, unread[i][0], strlen(unread[i][0])) == 0) {
            const char *end = strcasestr(text + at, unread[i][1]);
            return end ? (size_t)(end - text) + (i == 2 ? 3 : 0) : strlen(text);
        }
    }
    return 0;
}

/* The text of a page, a line for each run between tags. */
static void strip_tags(struct buf *out, const char *text)
{
    for (size_t at = 0; text[at];) {
        if (text[at] == '&') {
            add_entity(out, text, &at);
        } else if (text[at] != '<') {
            buf_char(out, text[at++]);
        } else {
            size_t unread = skip_unread(text, at);
            if (unread) {
                at = unread;
            } else {
                at += strcspn(text + at, ">");
                at += text[at] == '>';
            }
            buf_char(out, '\n');
        }
    }
}

/* True for what only repeats the status: "Bad Gateway", "502 Bad Gateway". */
static bool says_status_only(const char *line, int status)
{
    const char *reason = http_reason(status);
    char number[16];
    (void)snprintf(number, sizeof(number), "%d", status);
    if (strncmp(line, number, strlen(number)) == 0)
        line += strlen(number) + strspn(line + strlen(number), " :-");
    return !*line || (reason && strcasecmp(line, reason) == 0);
}

/* The first line of a body that is not SCIM's, without mark-up; NULL when it has none that says more than the status.
 */
static const char *first_line(struct arena *arena, const struct answer *answer)
{
    struct buf text;
    const char *found = NULL;
    const char *body = buf_text(&answer->excerpt);
    buf_init(&text, (size_t)2 * ANSWER_EXCERPT_BYTES);
    if (body[strspn(body, " \t\r\n")] == '<')
        strip_tags(&text, body);
    else
        buf_str(&text, body);
    if (text.len)
        answer_hide_in(answer, text.data, text.len, true);
    const char *p = buf_text(&text);
    while (*p && !found) {
        size_t n = strcspn(p, "\r\n");
        const char *line = clean(arena, p, n);
        if (*line && !says_status_only(line, answer->status))
            found = line;
        p += n + (p[n] != '\0');
    }
    buf_free(&text);
    return found;
}

/* --- the words of an error body ----------------------------------------------------------------------------------- */

const char *answer_scim_type(const struct answer *answer)
{
    return jval_str(get_any_case(answer->rest, "scimType"));
}

/* The names under which error bodies carry their words, the standard's own first. */
static const char *words_of(const struct jval *object)
{
    static const char *const keys[] = {"detail", "description", "error_description", "message", "title", "error"};
    if (jval_str(object))
        return jval_str(object);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *text = jval_str(get_any_case(object, keys[i]));
        if (text && text[strspn(text, " \t\r\n")])
            return text;
    }
    return NULL;
}

/* SCIM 2.0 {"detail"}, SCIM 1.1 {"Errors":[{"description"}]}, and what frameworks write of their own. */
static const char *find_words(const struct jval *document)
{
    const char *text = words_of(document);
    if (!text)
        text = words_of(get_any_case(document, "error"));
    if (!text)
        text = words_of(jval_at(get_any_case(document, "errors"), 0));
    if (!text)
        text = jval_str(get_any_case(document, "scimType"));
    return text && *text ? text : NULL;
}

/* Text of the target in one line. What mark-up and blanks kept apart before may be the credential after. */
static const char *shown(struct arena *arena, const struct answer *answer, const char *text)
{
    char *copy = arena_strdup(arena, text);
    answer_hide_in(answer, copy, strlen(copy), false);
    copy = arena_strdup(arena, clean(arena, copy, strlen(copy)));
    answer_hide_in(answer, copy, strlen(copy), false);
    return copy;
}

static const char *target_words(struct arena *arena, const struct answer *answer)
{
    const char *text = find_words(answer->rest);
    if (text)
        return shown(arena, answer, text);
    return answer->rest ? NULL : first_line(arena, answer);
}

static const char *transport_words(enum transport transport)
{
    switch (transport) {
    case TRANSPORT_NOT_SENT:
        return "Connection refused";
    case TRANSPORT_RESOLVE:
        return "Unknown host";
    case TRANSPORT_TLS:
        return "The certificate or the TLS handshake was not accepted";
    case TRANSPORT_FORBIDDEN:
        return "The address is not one that Muster connects to";
    case TRANSPORT_UNKNOWN:
        return "Connection reset";
    case TRANSPORT_TOKEN_REFUSED:
    case TRANSPORT_TOKEN_FAILED:
        return "No access token was given";
    case TRANSPORT_TIMEOUT:
    case TRANSPORT_OK:
    default:
        return "Read timed out";
    }
}

const char *answer_words(struct arena *arena, const struct answer *answer)
{
    if (answer->transport != TRANSPORT_OK) {
        const char *known = answer->transport_words;
        return known ? clean(arena, known, strlen(known)) : transport_words(answer->transport);
    }
    const char *reason = http_reason(answer->status);
    if (!reason)
        reason = arena_printf(arena, "HTTP status %d", answer->status);
    if (answer->status / 100 == 2) {
        if (answer->id_too_long)
            return arena_printf(arena, "%s. An id in the answer is longer than %d bytes", reason,
                                LIMIT_EXTERNAL_ID_BYTES);
        if (answer->malformed) {
            const char *line = first_line(arena, answer);
            return arena_printf(arena, "%s. The answer is not SCIM%s%s", reason, line ? ": " : "", line ? line : "");
        }
        if (answer->bytes == 0)
            return arena_printf(arena, "%s. The answer is empty", reason);
        if (answer->shape == ANSWER_RESOURCE && !answer->resource.id)
            return arena_printf(arena, "%s. The answer names no id", reason);
        return reason;
    }
    const char *words = target_words(arena, answer);
    return words ? arena_printf(arena, "%s. Errors reported by remote server: %s", reason, words) : reason;
}
