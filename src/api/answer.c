/* SPDX-License-Identifier: Apache-2.0 */
/* How every call ends: the answer or the published error object, with the headers that all answers carry. */
#include "api/inner.h"
#include "base/log.h"
#include "base/text.h"

#define RETRY_AFTER_S "2" /* seconds, while the database is away */

void call_empty(struct call *call)
{
    struct call_private *p = call->_private;
    buf_clear(&call->body_out);
    jout_init(&call->out, &call->body_out);
    call->status = 200;
    call->content_type = NULL;
    call->problem = (struct problem){0};
    p->headers = NULL;
    p->headers_end = &p->headers;
    p->error_status = 0;
    p->db_error = NULL;
    p->secret_answer = false;
    p->may_wait = false;
}

/* The published problem behind a failure that the handler did not explain. */
static void explain_failure(struct call *call, int result)
{
    struct problem *problem = &call->problem;
    if (result == ERR_PROBLEM && problem->code != PUBLISHED_NONE)
        return;
    if (result == ERR_TIMEOUT) {
        (void)problem_set(problem, E0000100, "%s", "");
        (void)problem_cause(problem, "The search took longer than %d seconds; make it narrower, or search by a prefix",
                            LIMIT_READ_MS / 1000);
    } else if (result == ERR_CONSTRAINT || result == ERR_EXISTS) {
        (void)problem_set(problem, E0000195, "request");
        (void)problem_cause(problem, "The change contradicts what is stored by now; read the resource and try again");
    } else if (result == ERR_BUSY) {
        (void)problem_set(problem, E0000047, "%s", "");
        (void)problem_cause(problem, "The server has as much to do as it can hold; try again in a moment");
    } else if (result == ERR_UNAVAILABLE) {
        (void)problem_set(problem, E0000009, "%s", "");
        (void)problem_cause(problem, "The database cannot be reached; nothing was changed. Try again in a moment");
        call->_private->error_status = 503;
        exchange_add_header(call->_private->exchange, "Retry-After", RETRY_AFTER_S);
    } else {
        (void)problem_set(problem, E0000009, "%s", "");
    }
}

/* Text that was cut at a byte limit may end inside a character. */
static const char *whole_characters(struct arena *arena, const char *text)
{
    size_t n = strlen(text);
    for (int i = 0; i < 4 && n; i++, n--) {
        if (text_is_utf8(text, n))
            return arena_strndup(arena, text, n);
    }
    char *ascii = arena_strdup(arena, text);
    for (char *p = ascii; *p; p++) {
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    }
    return ascii;
}

static void write_error(struct call *call, const char *error_id)
{
    char summary[PROBLEM_TEXT * 2];
    const struct problem *problem = &call->problem;
    problem_summary(problem, summary, sizeof(summary));
    buf_clear(&call->body_out);
    jout_init(&call->out, &call->body_out);
    struct jout *out = &call->out;
    jout_object(out, NULL);
    jout_str(out, "errorCode", published_name(problem->code));
    jout_str(out, "errorSummary", whole_characters(call->arena, summary));
    jout_str(out, "errorLink", published_name(problem->code));
    jout_str(out, "errorId", error_id);
    jout_array(out, "errorCauses");
    for (size_t i = 0; i < problem->cause_count; i++) {
        jout_object(out, NULL);
        jout_str(out, "errorSummary", whole_characters(call->arena, problem->causes[i]));
        jout_end(out);
    }
    jout_end(out);
    jout_end(out);
}

static int fail(struct call *call, int result)
{
    struct call_private *p = call->_private;
    char error_id[ID_BYTES];
    id_new(call->api->options.env, "oae", error_id);
    explain_failure(call, result);
    if (call->problem.code == E0000009) {
        log_line("api: request %s: %s %s failed: %s%s%s (errorId %s)", p->request_id, p->method,
                 call->route ? call->route->path : "", err_text(result), p->db_error ? ": " : "",
                 p->db_error ? p->db_error : "", error_id);
    }
    write_error(call, error_id);
    return p->error_status ? p->error_status : published_status(call->problem.code);
}

static void add_number(struct exchange *exchange, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    exchange_add_header(exchange, name, text);
}

static void add_common_headers(struct call *call, int status)
{
    struct call_private *p = call->_private;
    exchange_add_header(p->exchange, "X-Okta-Request-Id", p->request_id);
    add_number(p->exchange, "X-Rate-Limit-Limit", p->rate.limit);
    add_number(p->exchange, "X-Rate-Limit-Remaining", p->rate.remaining);
    add_number(p->exchange, "X-Rate-Limit-Reset", p->rate.reset);
    exchange_add_header(p->exchange, "Cache-Control", "no-store");
    exchange_add_header(p->exchange, "X-Content-Type-Options", "nosniff");
    if (status == 401)
        exchange_add_header(p->exchange, "WWW-Authenticate", "SSWS, Bearer");
}

void call_answer(struct call *call, int result)
{
    struct call_private *p = call->_private;
    if (result >= 0 && call->body_out.overflowed) {
        (void)problem_set(&call->problem, E0000001, "limit");
        result =
            problem_cause(&call->problem, "limit: The answer would be larger than %d bytes; ask for a smaller page",
                          LIMIT_API_ANSWER_BYTES);
    }
    int status = result >= 0 ? call->status : fail(call, result);
    if (result >= 0) {
        for (const struct header_line *line = p->headers; line; line = line->next)
            exchange_add_header(p->exchange, line->name, line->value);
    }
    add_common_headers(call, status);
    size_t n = status == 204 ? 0 : call->body_out.len;
    if (n)
        exchange_add_header(p->exchange, "Content-Type",
                            result >= 0 && call->content_type ? call->content_type : "application/json");

    if (call->release)
        call->release(call);
    (void)jval_free((struct jval *)(uintptr_t)call->body);
    /* The call lives in the exchange's arena, which is gone after the send. */
    struct buf body = call->body_out;
    exchange_send(p->exchange, status, buf_text(&body), n);
    buf_free(&body);
}
