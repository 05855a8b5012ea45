/* SPDX-License-Identifier: Apache-2.0 */
/* The body of an event hook as published, judged field by field. */
#include "app/hook_body.h"

#include "base/text.h"
#include "base/url.h"

#define TYPE_BYTES 160   /* bytes of an event type */
#define VALUE_BYTES 4096 /* bytes of a header's value */

static int bad(struct problem *problem, const char *field, const char *text)
{
    return problem_invalid(problem, HOOK_SUBJECT, "%s: %s", field, text);
}

static int read_text(const struct jval *object, const char *key, const char *field, size_t most, const char **ret,
                     struct problem *problem)
{
    const char *text = jval_get_str(object, key);
    if (!text || !*text)
        return bad(problem, field, "The field cannot be left blank");
    if (strlen(text) > most || text_has_control(text))
        return problem_invalid(problem, HOOK_SUBJECT, "%s: has at most %zu bytes and no control characters", field,
                               most);
    *ret = text;
    return 0;
}

static int read_name(const struct jval *body, struct jval *document, struct problem *problem)
{
    const char *name = NULL;
    int r = read_text(body, "name", "name", LIMIT_NAME_CHARS, &name, problem);
    if (r < 0)
        return r;
    const struct jval *description = jval_get(body, "description");
    const char *text = jval_str(description);
    if (jval_type(description) != JVAL_NONE && jval_type(description) != JVAL_NULL &&
        (!text || text_chars(text) > LIMIT_DESCRIPTION_CHARS))
        return problem_invalid(problem, HOOK_SUBJECT, "description: must be a text of at most %d characters",
                               LIMIT_DESCRIPTION_CHARS);
    jval_set_str(document, "name", name);
    jval_set_str(document, "description", text);
    return 0;
}

/* "user.lifecycle.create": words of small letters, digits and _ between dots. */
static bool is_type(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    size_t n = text ? strlen(text) : 0;
    return n > 0 && n <= TYPE_BYTES && strspn(text, allowed) == n && strchr(text, '.') && text[0] != '.' &&
           text[n - 1] != '.' && !strstr(text, "..");
}

static int read_events(const struct jval *body, struct jval *document, struct problem *problem)
{
    const struct jval *events = jval_get(body, "events");
    const struct jval *items = jval_get(events, "items");
    const struct jval *filter = jval_get(events, "filter");
    if (!str_eq(jval_get_str(events, "type"), "EVENT_TYPE"))
        return bad(problem, "events.type", "must be EVENT_TYPE");
    if (jval_type(items) != JVAL_ARRAY || jval_len(items) < 1 || jval_len(items) > LIMIT_HOOK_TYPES)
        return problem_invalid(problem, HOOK_SUBJECT, "events.items: must be a list of 1 to %d event types",
                               LIMIT_HOOK_TYPES);
    if (jval_type(filter) != JVAL_NONE && jval_type(filter) != JVAL_NULL)
        return bad(problem, "events.filter",
                   "is not supported; leave it out and choose among the events in the receiver");
    struct jval *list = jval_new_array();
    int r = 0;
    for (size_t i = 0; i < jval_len(items) && r == 0; i++) {
        const char *type = jval_str(jval_at(items, i));
        if (!is_type(type))
            r = bad(problem, "events.items", "each is an event type, as in user.lifecycle.create");
        else if (str_eq(type, "event_hook.delivery"))
            r = bad(problem, "events.items", "event_hook.delivery cannot be delivered: it tells of deliveries");
        else if (!hook_type_is_known(type))
            r = problem_invalid(problem, HOOK_SUBJECT,
                                "events.items: \"%s\" is no event type that is known here; GET /api/v1/logs shows, as "
                                "eventType, how those that happen are spelled",
                                type);
        else
            jval_append(list, jval_new_str(type));
    }
    struct jval *out = jval_new_object();
    jval_set_str(out, "type", "EVENT_TYPE");
    jval_set(out, "items", list);
    jval_set(out, "filter", jval_new_null());
    jval_set(document, "events", out);
    return r;
}

static int read_uri(struct tx *tx, const struct jval *config, const char **ret, struct problem *problem)
{
    struct problem inner = {0};
    const char *uri = NULL;
    int r = read_text(config, "uri", "channel.config.uri", APP_BASE_URL_BYTES, &uri, problem);
    if (r < 0)
        return r;
    assert(uri); /* needed: read_text() refuses when it is not there */
    /* Judged as the base URL of a connection is; a query may follow here. */
    const char *place = arena_strndup(tx_arena(tx), uri, strcspn(uri, "?"));
    r = hook_url_check(place, true, &inner);
    if (r == ERR_PROBLEM) {
        const char *why = inner.cause_count ? strstr(inner.causes[0], ": ") : NULL;
        return bad(problem, "channel.config.uri", why ? why + 2 : "is no URL of a server that may be called");
    }
    if (r == 0 && (r = hook_url_check(place, false, &inner)) == ERR_PROBLEM)
        return bad(problem, "channel.config.uri",
                   "plain http is for this machine only, since it would show the credential to the network; use https");
    *ret = uri;
    return r;
}

static int read_headers(const struct jval *config, struct jval *out, struct problem *problem)
{
    const struct jval *headers = jval_get(config, "headers");
    struct jval *list = jval_new_array();
    jval_set(out, "headers", list);
    if (jval_type(headers) == JVAL_NONE || jval_type(headers) == JVAL_NULL)
        return 0;
    if (jval_type(headers) != JVAL_ARRAY || jval_len(headers) > LIMIT_HOOK_HEADERS)
        return problem_invalid(problem, HOOK_SUBJECT, "channel.config.headers: must be a list of at most %d",
                               LIMIT_HOOK_HEADERS);
    for (size_t i = 0; i < jval_len(headers); i++) {
        const char *key = jval_get_str(jval_at(headers, i), "key");
        const char *value = jval_get_str(jval_at(headers, i), "value");
        if (!header_name_is_valid(key) || header_is_taken(key) || strcasecmp(key, "Authorization") == 0)
            return bad(
                problem, "channel.config.headers.key",
                "must be the name of an HTTP header that has no other use; a credential belongs into authScheme");
        if (!value || strlen(value) > VALUE_BYTES || text_has_control(value))
            return bad(problem, "channel.config.headers.value", "must be a text of one line");
        struct jval *header = jval_new_object();
        jval_set_str(header, "key", key);
        jval_set_str(header, "value", value);
        jval_append(list, header);
    }
    return 0;
}

static int read_auth(const struct jval *config, struct jval *out, struct hook_body *ret, struct problem *problem)
{
    const struct jval *scheme = jval_get(config, "authScheme");
    if (jval_type(scheme) == JVAL_NONE || jval_type(scheme) == JVAL_NULL)
        return 0;
    const char *key = jval_get_str(scheme, "key");
    const char *value = jval_get_str(scheme, "value");
    if (!str_eq(jval_get_str(scheme, "type"), "HEADER"))
        return bad(problem, "channel.config.authScheme.type", "must be HEADER");
    if (!header_name_is_valid(key) || header_is_taken(key))
        return bad(problem, "channel.config.authScheme.key",
                   "must be the name of a header that may carry a credential");
    if (value && (!*value || strlen(value) > VALUE_BYTES || text_has_control(value)))
        return bad(problem, "channel.config.authScheme.value", "must be a text of one line");
    struct jval *shown = jval_new_object();
    jval_set_str(shown, "type", "HEADER");
    jval_set_str(shown, "key", key);
    jval_set(out, "authScheme", shown);
    ret->auth_key = key;
    ret->auth_value = value;
    return 0;
}

static int read_channel(struct tx *tx, const struct jval *body, struct jval *document, struct hook_body *ret,
                        struct problem *problem)
{
    const struct jval *channel = jval_get(body, "channel");
    const struct jval *config = jval_get(channel, "config");
    if (!str_eq(jval_get_str(channel, "type"), "HTTP"))
        return bad(problem, "channel.type", "must be HTTP");
    if (!str_eq(jval_get_str(channel, "version"), "1.0.0"))
        return bad(problem, "channel.version", "must be 1.0.0");
    struct jval *out = jval_new_object();
    struct jval *shown = jval_new_object();
    jval_set_str(out, "type", "HTTP");
    jval_set_str(out, "version", "1.0.0");
    jval_set(out, "config", shown);
    jval_set(document, "channel", out);
    int r = read_uri(tx, config, &ret->uri, problem);
    if (r < 0)
        return r;
    jval_set_str(shown, "uri", ret->uri);
    jval_set_str(shown, "method", "POST");
    r = read_headers(config, shown, problem);
    return r < 0 ? r : read_auth(config, shown, ret, problem);
}

int hook_body_read(struct tx *tx, const struct jval *body, struct hook_body *ret, struct problem *problem)
{
    struct jval *document CLEANUP(jval_freep) = jval_new_object();
    int r = read_name(body, document, problem);
    if (r == 0)
        r = read_events(body, document, problem);
    if (r == 0)
        r = read_channel(tx, body, document, ret, problem);
    if (r == 0)
        ret->document = jval_text(tx_arena(tx), document, false);
    return r;
}
