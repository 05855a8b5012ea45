/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the log. A polling query goes by the numbers of the rows, which follow the order of commits (log_counter): a
 * row that commits late has a later number, so that a cursor never passes over it. A bounded query goes by the time of
 * the events. A page ends when it is full or when LIMIT_LOG_SCAN rows were looked at, and its cursor goes on behind the
 * last row that was looked at.
 */
#include "base/limits.h"
#include "record/inner.h"

#include <errno.h>

#define COLUMNS "rid, published, event_type, severity, outcome, event"
#define SCAN_ROWS 500 /* rows read at once */

SQL(LOG_AFTER, "SELECT " COLUMNS " FROM system_log WHERE rid > $1 ORDER BY rid LIMIT $2");
SQL(LOG_RISING, "SELECT " COLUMNS " FROM system_log WHERE (published, rid) > ($1, $2) AND published < $3"
                " ORDER BY published, rid LIMIT $4");
SQL(LOG_FALLING, "SELECT " COLUMNS " FROM system_log WHERE (published, rid) < ($1, $2) AND published >= $3"
                 " ORDER BY published DESC, rid DESC LIMIT $4");
SQL(LOG_FIRST_SINCE, "SELECT rid FROM system_log WHERE published >= $1 ORDER BY published, rid LIMIT 1");
SQL(LOG_LAST, "SELECT last FROM log_counter WHERE one = 1");

/* Where a query stands. */
struct place {
    int64_t published; /* bounded only */
    int64_t rid;
    int64_t since, until; /* bounded only: those of the first page */
};

int record_log_end(struct tx *tx, int64_t *ret_number)
{
    int r = tx_get_int(tx, ret_number, &LOG_LAST, NO_BINDS);
    return MIN_OF(r, 0);
}

/* The number before the first of the events at or after a time. */
static int record_log_start(struct tx *tx, int64_t since, int64_t *ret_number)
{
    int64_t first = 0;
    int r = tx_get_int(tx, &first, &LOG_FIRST_SINCE, I(since));
    if (r == 0)
        return record_log_end(tx, ret_number);
    if (r > 0)
        *ret_number = first - 1;
    return MIN_OF(r, 0);
}

/* ".12.-3.4" as `count` numbers, and nothing behind them. */
static bool read_numbers(const char *text, int64_t *ret, int count)
{
    for (int i = 0; i < count; i++) {
        char *end = NULL;
        if (*text != '.')
            return false;
        errno = 0;
        ret[i] = strtoll(text + 1, &end, 10);
        if (errno || end == text + 1)
            return false;
        text = end;
    }
    return *text == '\0';
}

/* "p.RID" or "b.PUBLISHED.RID.SINCE.UNTIL" */
static int read_place(struct tx *tx, const struct log_query *q, struct place *ret)
{
    int64_t n[4] = {0};
    if (!q->after && !q->bounded)
        return record_log_start(tx, q->since, &ret->rid);
    if (!q->after) {
        *ret = (struct place){.since = q->since, .until = q->until};
        ret->published = q->descending ? q->until : q->since - 1;
        ret->rid = q->descending ? 0 : INT64_MAX;
        return 0;
    }
    char kind = q->bounded ? 'b' : 'p';
    if (q->after[0] != kind || !read_numbers(q->after + 1, q->bounded ? n : &n[1], q->bounded ? 4 : 1))
        return ERR_SYNTAX;
    *ret = (struct place){.published = n[0], .rid = n[1], .since = n[2], .until = n[3]};
    return 0;
}

static const char *write_place(struct arena *arena, const struct log_query *q, const struct place *at)
{
    if (!q->bounded)
        return arena_printf(arena, "p.%lld", (long long)at->rid);
    return arena_printf(arena, "b.%lld.%lld.%lld.%lld", (long long)at->published, (long long)at->rid,
                        (long long)at->since, (long long)at->until);
}

static int read_rows(struct tx *tx, const struct log_query *q, const struct place *at, struct query *query)
{
    if (!q->bounded)
        return tx_query(tx, query, &LOG_AFTER, I(at->rid), I(SCAN_ROWS));
    if (q->descending)
        return tx_query(tx, query, &LOG_FALLING, I(at->published), I(at->rid), I(at->since), I(SCAN_ROWS));
    return tx_query(tx, query, &LOG_RISING, I(at->published), I(at->rid), I(at->until), I(SCAN_ROWS));
}

struct page_state {
    struct place at;
    int found;
    int looked;
};

/* Takes rows until the page is full or they end. The count of rows read. */
static int take_rows(struct tx *tx, struct jout *out, const struct log_query *q, struct page_state *page)
{
    struct query query;
    int count = 0;
    int r = read_rows(tx, q, &page->at, &query);
    while (r >= 0 && page->found < q->limit && (r = query_next(&query)) > 0) {
        struct log_row row = {.published = query_int(&query, 1),
                              .type = query_text(&query, 2),
                              .severity = (int)query_int(&query, 3),
                              .outcome = query_text(&query, 4),
                              .text = query_text(&query, 5)};
        page->at.rid = query_int(&query, 0);
        page->at.published = row.published;
        count++;
        if (!log_row_fits(&row, q))
            continue;
        jout_raw(out, NULL, row.text);
        page->found++;
    }
    query_close(&query);
    return r < 0 ? r : count;
}

int record_log_write(struct tx *tx, struct jout *out, const struct log_query *q, const char **ret_next)
{
    struct page_state page = {0};
    int r = read_place(tx, q, &page.at);
    int count = SCAN_ROWS;
    int most = q->scan_max ? q->scan_max : LIMIT_LOG_SCAN;
    while (r >= 0 && page.found < q->limit && page.looked < most && count == SCAN_ROWS) {
        r = count = take_rows(tx, out, q, &page);
        page.looked += MAX_OF(count, 0);
    }
    if (r < 0)
        return r;
    bool more = page.found == q->limit || count == SCAN_ROWS;
    *ret_next = more || !q->bounded ? write_place(tx_arena(tx), q, &page.at) : NULL;
    return page.found;
}

int record_log_each(struct tx *tx, int64_t after, int limit,
                    int (*each)(int64_t number, const char *type, const char *event, void *data), void *data)
{
    struct query query;
    int result = 0;
    int r = tx_query(tx, &query, &LOG_AFTER, I(after), I(limit));
    while (r >= 0 && result == 0 && (r = query_next(&query)) > 0)
        result = each(query_int(&query, 0), query_text(&query, 2), query_text(&query, 5), data);
    query_close(&query);
    return r < 0 ? r : result;
}
