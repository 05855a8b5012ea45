/* SPDX-License-Identifier: Apache-2.0 */
/* What of paths and of a target's words may be kept, by lists of what may be seen; and bodies for full capture. */
#include "base/filter.h"
#include "base/text.h"
#include "base/url.h"
#include "target/inner.h"
#include "target/request.h"

#include <ctype.h>

#define TEXT_SHOWN_MAX ((size_t)16 * 1024) /* bytes; what is longer is cut */

/* --- words -------------------------------------------------------------------------------------------------------- */

/* Lower case, in the order of strcmp(): words of which error messages are made, none of which is anybody's value. */
static const char *const plain[] = {"a",
                                    "access",
                                    "account",
                                    "accounts",
                                    "activated",
                                    "active",
                                    "add",
                                    "added",
                                    "after",
                                    "again",
                                    "all",
                                    "allow",
                                    "allowed",
                                    "already",
                                    "an",
                                    "and",
                                    "another",
                                    "any",
                                    "api",
                                    "application",
                                    "are",
                                    "array",
                                    "as",
                                    "at",
                                    "attempt",
                                    "attribute",
                                    "attributes",
                                    "authenticated",
                                    "authentication",
                                    "authorization",
                                    "authorized",
                                    "bad",
                                    "be",
                                    "because",
                                    "been",
                                    "before",
                                    "blank",
                                    "body",
                                    "boolean",
                                    "bulk",
                                    "but",
                                    "by",
                                    "bytes",
                                    "can",
                                    "cannot",
                                    "change",
                                    "changed",
                                    "character",
                                    "characters",
                                    "code",
                                    "conflict",
                                    "connection",
                                    "contain",
                                    "contains",
                                    "could",
                                    "create",
                                    "created",
                                    "creation",
                                    "credential",
                                    "credentials",
                                    "database",
                                    "deactivated",
                                    "delete",
                                    "deleted",
                                    "denied",
                                    "detected",
                                    "did",
                                    "directory",
                                    "disabled",
                                    "do",
                                    "does",
                                    "domain",
                                    "duplicate",
                                    "duplicated",
                                    "each",
                                    "either",
                                    "email",
                                    "empty",
                                    "enabled",
                                    "entity",
                                    "entry",
                                    "error",
                                    "errors",
                                    "exceed",
                                    "exceeded",
                                    "exceeds",
                                    "exist",
                                    "existing",
                                    "exists",
                                    "expected",
                                    "expired",
                                    "extension",
                                    "failed",
                                    "failure",
                                    "field",
                                    "fields",
                                    "filter",
                                    "for",
                                    "forbidden",
                                    "format",
                                    "found",
                                    "from",
                                    "gateway",
                                    "given",
                                    "group",
                                    "groups",
                                    "has",
                                    "have",
                                    "header",
                                    "host",
                                    "http",
                                    "id",
                                    "identifier",
                                    "if",
                                    "immutable",
                                    "in",
                                    "inactive",
                                    "incorrect",
                                    "input",
                                    "insufficient",
                                    "internal",
                                    "invalid",
                                    "is",
                                    "it",
                                    "its",
                                    "json",
                                    "large",
                                    "later",
                                    "length",
                                    "less",
                                    "license",
                                    "licenses",
                                    "limit",
                                    "limits",
                                    "list",
                                    "locked",
                                    "long",
                                    "longer",
                                    "malformed",
                                    "many",
                                    "match",
                                    "matches",
                                    "maximum",
                                    "may",
                                    "member",
                                    "members",
                                    "membership",
                                    "message",
                                    "method",
                                    "minimum",
                                    "missing",
                                    "modified",
                                    "more",
                                    "must",
                                    "name",
                                    "named",
                                    "names",
                                    "new",
                                    "no",
                                    "none",
                                    "not",
                                    "null",
                                    "number",
                                    "object",
                                    "of",
                                    "on",
                                    "one",
                                    "only",
                                    "operation",
                                    "operations",
                                    "or",
                                    "organization",
                                    "other",
                                    "out",
                                    "outside",
                                    "owner",
                                    "page",
                                    "parameter",
                                    "parse",
                                    "password",
                                    "patch",
                                    "path",
                                    "payload",
                                    "per",
                                    "permission",
                                    "permissions",
                                    "permitted",
                                    "please",
                                    "post",
                                    "primary",
                                    "processed",
                                    "property",
                                    "provided",
                                    "put",
                                    "query",
                                    "quota",
                                    "rate",
                                    "reached",
                                    "read",
                                    "read-only",
                                    "readonly",
                                    "reason",
                                    "record",
                                    "refused",
                                    "rejected",
                                    "remove",
                                    "removed",
                                    "request",
                                    "requested",
                                    "requests",
                                    "required",
                                    "reserved",
                                    "resource",
                                    "resources",
                                    "retry",
                                    "role",
                                    "roles",
                                    "same",
                                    "schema",
                                    "scim",
                                    "seat",
                                    "seats",
                                    "second",
                                    "seconds",
                                    "server",
                                    "service",
                                    "set",
                                    "short",
                                    "should",
                                    "slug",
                                    "some",
                                    "specified",
                                    "status",
                                    "string",
                                    "such",
                                    "support",
                                    "supported",
                                    "suspended",
                                    "syntax",
                                    "system",
                                    "taken",
                                    "target",
                                    "team",
                                    "temporarily",
                                    "temporary",
                                    "than",
                                    "that",
                                    "the",
                                    "there",
                                    "this",
                                    "timeout",
                                    "to",
                                    "token",
                                    "too",
                                    "try",
                                    "type",
                                    "unable",
                                    "unauthorized",
                                    "unavailable",
                                    "undefined",
                                    "unexpected",
                                    "unique",
                                    "uniqueness",
                                    "unknown",
                                    "unprocessable",
                                    "unsupported",
                                    "update",
                                    "updated",
                                    "use",
                                    "used",
                                    "user",
                                    "username",
                                    "users",
                                    "valid",
                                    "validation",
                                    "value",
                                    "values",
                                    "violated",
                                    "violation",
                                    "was",
                                    "were",
                                    "when",
                                    "while",
                                    "with",
                                    "within",
                                    "without",
                                    "wrong",
                                    "you",
                                    "your"};

static int compare_words(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool is_plain(const char *text, size_t n)
{
    char lower[24];
    if (n >= sizeof(lower))
        return false;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    lower[n] = '\0';
    return bsearch(lower, plain, ARRAY_LEN(plain), sizeof(plain[0]), compare_words);
}

static bool may_be_seen(const char *text, size_t n)
{
    if (n == 0 || is_plain(text, n) || redact_is_name(text, n))
        return true;
    return n == 3 && strspn(text, "0123456789") >= 3;
}

static bool is_mark(char c)
{
    return c && strchr(".,;:!?()[]{}'\"`", c);
}

/* One word and the marks behind it. */
static void add_word(struct buf *out, const char *text, size_t n)
{
    size_t word = n;
    while (word > 0 && is_mark(text[word - 1]))
        word--;
    if (may_be_seen(text, word))
        buf_add(out, text, word);
    else
        buf_printf(out, "<string, %zu bytes>", word);
    buf_add(out, text + word, n - word);
}

/* Does a name (which may hold blanks) stand here, and not as the beginning of something longer? */
static bool name_is_here(const char *at, const char *name)
{
    size_t n = name ? strlen(name) : 0;
    return n > 0 && strncmp(at, name, n) == 0 && (!at[n] || at[n] == ' ' || is_mark(at[n]));
}

/* Where the target's own words begin, or NULL. */
static const char *words_of_target(const char *text)
{
    static const char *const marks[] = {"Errors reported by remote server: ", "The answer is not SCIM: "};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        const char *at = strstr(text, marks[i]);
        if (at)
            return at + strlen(marks[i]);
    }
    return NULL;
}

const char *target_redact_words(struct arena *arena, const char *text, const char *name)
{
    const char *at = words_of_target(text);
    if (!at)
        return text;
    struct buf out;
    buf_init(&out, TEXT_SHOWN_MAX);
    buf_add(&out, text, (size_t)(at - text));
    while (*at) {
        size_t n = 1;
        if (name_is_here(at, name)) {
            n = strlen(name);
            buf_add(&out, at, n);
        } else if (*at == ' ' || is_mark(*at)) {
            buf_char(&out, *at);
        } else {
            n = strcspn(at, " ");
            add_word(&out, at, n);
        }
        at += n;
    }
    const char *kept = arena_strdup(arena, buf_text(&out));
    buf_free(&out);
    return kept;
}

/* --- paths -------------------------------------------------------------------------------------------------------- */

static bool shows_value(const char *attribute)
{
    static const char *const shown[] = {"id", "userName", "externalId", "members", "members.value"};
    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        if (strcasecmp(shown[i], attribute) == 0)
            return true;
    return false;
}

/* A filter of ours compares one attribute; what is no such filter is shown by its length. */
static const char *redact_filter(struct arena *arena, const char *text)
{
    const struct filter *filter = NULL;
    if (filter_parse(arena, text, FILTER_SCIM, &filter, NULL) < 0 || filter->op != FILTER_EQ ||
        filter->type != FILTER_STRING)
        return arena_printf(arena, "<string, %zu bytes>", strlen(text));
    if (shows_value(filter->attribute))
        return NULL;
    return arena_printf(arena, "%s eq <string, %zu bytes>", filter->attribute, strlen(filter->text));
}

const char *target_redact_path(struct arena *arena, const char *path)
{
    static const char key[] = "filter=";
    const char *at = strchr(path, '?');
    while (at && strncmp(at + 1, key, strlen(key)) != 0)
        at = strchr(at + 1, '&');
    if (!at)
        return path;
    const char *value = at + 1 + strlen(key);
    size_t n = strcspn(value, "&");
    const char *text = url_decode(arena, value, n, true);
    const char *kept = redact_filter(arena, text ? text : "");
    return kept ? arena_printf(arena, "%.*s%s%s", (int)(value - path), path, kept, value + n) : path;
}

/* --- full capture ------------------------------------------------------------------------------------------------- */

/* Text that may be written as JSON: what is no UTF-8, and NUL, appears as '?'. */
static char *clean_text(struct arena *arena, const char *bytes, size_t n)
{
    char *text = arena_strndup(arena, bytes, n);
    memcpy(text, bytes, n);
    for (size_t at = 0; at < n;) {
        size_t length = 1;
        while (length < 4 && at + length < n && ((unsigned char)text[at + length] & 0xc0) == 0x80)
            length++;
        if (!text[at] || !text_is_utf8(text + at, length))
            memset(text + at, '?', length);
        at += length;
    }
    return text;
}

static const char *shown(struct arena *arena, const char *bytes, size_t n, size_t most)
{
    const char *text = clean_text(arena, bytes, MIN_OF(n, most));
    return n > most ? arena_printf(arena, "%s<the first %zu of %zu bytes>", text, most, n) : text;
}

const char *target_body_shown(struct arena *arena, const char *body, size_t most)
{
    return body ? shown(arena, body, strlen(body), most) : NULL;
}

const char *target_answer_shown(struct arena *arena, const struct answer *answer)
{
    if (answer->bytes == 0)
        return NULL;
    const char *text = shown(arena, answer->excerpt.data, answer->excerpt.len, answer->excerpt.len);
    return answer->bytes > answer->excerpt.len
               ? arena_printf(arena, "%s<the first %zu of %zu bytes>", text, answer->excerpt.len, answer->bytes)
               : text;
}
