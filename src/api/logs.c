/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system log, as published: a query with `until` or in descending order is bounded and ends; any other one polls:
 * its last page links to what comes later, also when it is empty.
 */
#include "api/call.h"
#include "base/limits.h"
#include "base/text.h"
#include "record/record.h"

#define LIMIT_DEFAULT 100                                /* as published */
#define SINCE_DEFAULT_MS ((int64_t)7 * 24 * 3600 * 1000) /* before `until`, as published */

static int read_order(struct call *call, bool *ret_descending)
{
    const char *order = call_query(call, "sortOrder");
    *ret_descending = order && str_eq(order, "DESCENDING");
    if (order && *order && !*ret_descending && !str_eq(order, "ASCENDING"))
        return call_invalid(call, "sortOrder", "Must be ASCENDING or DESCENDING");
    return 0;
}

static int read_times(struct tx *tx, struct call *call, struct log_query *query)
{
    int64_t until = tx_now(tx) + 1;
    int r = read_order(call, &query->descending);
    if (r == 0)
        r = call_query_time(call, "until", &until);
    if (r < 0)
        return r;
    query->bounded = r > 0 || query->descending;
    query->until = until;
    query->since = until - SINCE_DEFAULT_MS;
    r = call_query_time(call, "since", &query->since);
    if (r < 0)
        return r;
    if (query->bounded && query->since > query->until)
        return call_invalid(call, "since", "Must not be later than until");
    return 0;
}

static int read_filter(struct call *call, struct log_query *query)
{
    const char *text = call_query(call, "filter");
    struct filter_error error;
    if (!text || !*text)
        return 0;
    if (strlen(text) > LIMIT_SEARCH_BYTES)
        return call_invalid(call, "filter", "Is longer than %d bytes", LIMIT_SEARCH_BYTES);
    if (filter_parse(call->arena, text, FILTER_API, &query->filter, &error) == 0)
        return log_filter_check(query->filter, &call->problem);
    (void)problem_set(&call->problem, E0000031, "%s", text);
    return problem_cause(&call->problem, "filter: %s, at character %zu", error.text, error.offset + 1);
}

static int read_words(struct call *call, struct log_query *query)
{
    const char *at = call_query(call, "q");
    while (at && *(at += strspn(at, " "))) {
        size_t n = strcspn(at, " ");
        const char *word = arena_strndup(call->arena, at, n);
        if (query->word_count == LOG_WORDS_MAX)
            return call_invalid(call, "q", "Give at most %d keywords", LOG_WORDS_MAX);
        if (text_chars(word) > LOG_WORD_CHARS_MAX)
            return call_invalid(call, "q", "A keyword has at most %d characters", LOG_WORD_CHARS_MAX);
        query->words[query->word_count++] = text_fold(call->arena, word);
        at += n;
    }
    return 0;
}

/* limit=0 is published: no events, only the links. */
static int read_page(struct call *call, struct log_query *query)
{
    const char *limit = call_query(call, "limit");
    bool none = limit && str_eq(limit, "0");
    struct page page = {0};
    int r = none ? call_cursor(call, &page.after) : call_page(call, LIMIT_DEFAULT, LIMIT_LOG_PAGE, &page);
    query->limit = page.limit;
    query->after = page.after;
    return r;
}

static int list_events(struct tx *tx, struct call *call)
{
    struct log_query query = {0};
    int r = read_times(tx, call, &query);
    if (r == 0)
        r = read_filter(call, &query);
    if (r == 0)
        r = read_words(call, &query);
    if (r == 0)
        r = read_page(call, &query);
    if (r < 0)
        return r;
    const char *next = NULL;
    jout_array(&call->out, NULL);
    r = record_log_write(tx, &call->out, &query, &next);
    jout_end(&call->out);
    if (r == ERR_SYNTAX)
        return call_invalid(call, "after",
                            "This cursor is of another query (until and sortOrder decide of which kind one is); take "
                            "the link with rel=\"next\" as it is");
    if (r < 0)
        return r;
    call_page_links(call, next);
    return 0;
}

const struct route log_routes[] = {
    {"GET", "/api/v1/logs", ROUTE_READ, ROLE_READ_ONLY, list_events, "listLogEvents", NULL},
    {.method = NULL},
};
