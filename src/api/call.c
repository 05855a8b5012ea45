/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers use of a call: parameters, pages, links, headers. */
#include "api/inner.h"
#include "base/clock.h"

#include <stdarg.h>

const char *call_query(const struct call *call, const char *name)
{
    return url_param(&call->query, name);
}

int call_query_bool(struct call *call, const char *name, bool otherwise, bool *ret)
{
    const char *text = call_query(call, name);
    if (!text)
        *ret = otherwise;
    else if (str_eq(text, "true") || str_eq(text, "false"))
        *ret = text[0] == 't';
    else
        return call_invalid(call, name, "The value \"%.40s\" is neither true nor false", text);
    return 0;
}

int call_query_time(struct call *call, const char *name, int64_t *ret)
{
    const char *text = call_query(call, name);
    if (!text || !*text)
        return 0;
    if (clock_parse(text, ret) < 0)
        return call_invalid(call, name, "\"%.40s\" is no time; write it as in 2026-03-25T06:09:44.000Z", text);
    return 1;
}

const char *call_link(struct call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *path = arena_vprintf(call->arena, format, args);
    va_end(args);
    return arena_printf(call->arena, "%s%s", call->_private->base_url, path);
}

void call_header(struct call *call, const char *name, const char *value)
{
    struct call_private *p = call->_private;
    struct header_line *line = arena_alloc(call->arena, sizeof(*line));
    line->name = arena_strdup(call->arena, name);
    line->value = arena_strdup(call->arena, value);
    *p->headers_end = line;
    p->headers_end = &line->next;
}

void call_answer_is_secret(struct call *call)
{
    call->_private->secret_answer = true;
}

const char *call_secret(const struct call *call)
{
    return call->_private->secret;
}

const char *call_client(const struct call *call)
{
    return call->_private->client_ip;
}

const char *call_request_header(const struct call *call, const char *name)
{
    return exchange_header(call->_private->exchange, name);
}

int call_body_object(struct call *call, const struct jval **ret)
{
    if (jval_type(call->body) == JVAL_OBJECT) {
        *ret = call->body;
        return 0;
    }
    (void)problem_set(&call->problem, E0000003, "%s", "");
    return problem_cause(&call->problem, call->body ? "The request body is not a JSON object: it must start with {"
                                                    : "This request needs a JSON object as its body");
}

int call_body_optional(struct call *call)
{
    const struct jval *body;
    return call->body ? call_body_object(call, &body) : 0;
}

static int read_limit(struct call *call, int limit_default, int limit_max, int *ret)
{
    const char *text = call_query(call, "limit");
    if (!text || !*text) {
        *ret = limit_default;
        return 0;
    }
    char *end;
    long value = strspn(text, "0123456789") == strlen(text) && strlen(text) < 10 ? strtol(text, &end, 10) : 0;
    if (value < 1 || value > limit_max)
        return call_invalid(call, "limit", "The value \"%.20s\" is not a number from 1 to %d", text, limit_max);
    *ret = (int)value;
    return 0;
}

/*
 * What a cursor belongs to: the list, what it is of, and what was asked of it. Only the size of the pages may change
 * on the way, and what no list knows. In any order, so that clients that build the next address themselves may sort.
 */
static const char *cursor_scope(struct call *call)
{
    struct buf scope;
    if (str_eq(call->route->operation,
               "listLogEvents")) /* a place in the one log: pollers go on from it as they like */
        return call->route->operation;
    buf_init(&scope, LIMIT_QUERY_BYTES * 4);
    buf_str(&scope, call->route->operation);
    for (size_t i = 0; i < CALL_PARAMS && call->params[i]; i++)
        buf_printf(&scope, "\n%s", call->params[i]);
    const struct query_parameter *parameter;
    for (size_t n = 0; (parameter = route_parameter(call->route, n)); n++) {
        const char *value = call_query(call, parameter->name);
        if (value && *value && !str_eq(parameter->name, "after") && !str_eq(parameter->name, "limit"))
            buf_printf(&scope, "\n%s=%s", parameter->name, value);
    }
    const char *text = arena_strdup(call->arena, buf_text(&scope));
    buf_free(&scope);
    return text;
}

int call_cursor(struct call *call, const char **ret)
{
    const char *after = call_query(call, "after");
    *ret = NULL;
    if (after && *after && cursor_decode(call->arena, call->api->cursor_key, cursor_scope(call), after, ret) < 0)
        return call_invalid(
            call, "after",
            "This is not a cursor of this list with these filters; take the link with rel=\"next\" from "
            "the page before, or leave it out to start anew");
    return 0;
}

int call_page(struct call *call, int limit_default, int limit_max, struct page *ret)
{
    struct page page = {0};
    int r = read_limit(call, limit_default, limit_max, &page.limit);
    if (r == 0)
        r = call_cursor(call, &page.after);
    if (r < 0)
        return r;
    *ret = page;
    return 0;
}

static const char *page_url(struct call *call, const char *cursor)
{
    struct buf url;
    buf_init(&url, LIMIT_QUERY_BYTES * 4);
    buf_printf(&url, "%s%s", call->_private->base_url, call->_private->self_path);
    char separator = '?';
    for (size_t i = 0; i < call->query.count; i++) {
        const char *name = call->query.items[i].name;
        if (cursor && str_eq(name, "after"))
            continue;
        buf_char(&url, separator);
        url_encode(&url, name);
        buf_char(&url, '=');
        url_encode(&url, call->query.items[i].value);
        separator = '&';
    }
    if (cursor)
        buf_printf(&url, "%cafter=%s", separator, cursor);
    const char *text = arena_strdup(call->arena, buf_text(&url));
    buf_free(&url);
    return text;
}

void call_page_links(struct call *call, const char *cursor)
{
    call_header(call, "Link", arena_printf(call->arena, "<%s>; rel=\"self\"", page_url(call, NULL)));
    if (cursor) {
        cursor = cursor_encode(call->arena, call->api->cursor_key, cursor_scope(call), cursor);
        call_header(call, "Link", arena_printf(call->arena, "<%s>; rel=\"next\"", page_url(call, cursor)));
    }
}

int call_not_found(struct call *call, const char *id, const char *type)
{
    return problem_not_found(&call->problem, id, type);
}

int call_invalid(struct call *call, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(call->arena, format, args);
    va_end(args);
    return problem_invalid(&call->problem, field, "%s: %s", field, text);
}

bool call_may_wait(const struct call *call, int64_t wait_ms)
{
    struct call_private *p = call->_private;
    struct api *api = call->api;
    int64_t now = api_monotonic_ms();
    if (p->wait_until == 0)
        p->wait_until = now + MIN_OF(MAX_OF(wait_ms, (int64_t)0), (int64_t)LIMIT_API_WAIT_MS);
    (void)pthread_mutex_lock(&api->lock);
    bool stopping = api->stopping;
    (void)pthread_mutex_unlock(&api->lock);
    p->may_wait = !stopping && now < p->wait_until;
    return p->may_wait;
}

const struct keyring *api_keyring(const struct api *api)
{
    return api->options.keyring;
}

struct store *api_store(const struct api *api)
{
    return api->options.store;
}

struct worker *api_worker(const struct api *api)
{
    return api->options.worker;
}

struct engine *api_engine(const struct api *api)
{
    return api->options.engine;
}
