/* SPDX-License-Identifier: Apache-2.0 */
/* How long the record is kept. */
#include "base/limits.h"
#include "record/inner.h"

SQL(KEEP_GET, "SELECT attempt_days, log_days FROM record_keep WHERE one = 1");
SQL(KEEP_SET, "INSERT INTO record_keep (one, attempt_days, log_days) VALUES (1, $1, $2) ON CONFLICT (one) DO UPDATE"
              " SET attempt_days = excluded.attempt_days, log_days = excluded.log_days");
SQL(EVENTS_EXPIRE, "DELETE FROM system_log WHERE rid IN"
                   " (SELECT rid FROM system_log WHERE published < $1 ORDER BY published LIMIT $2)");
SQL(ATTEMPTS_EXPIRE, "DELETE FROM attempt WHERE rid IN"
                     " (SELECT rid FROM attempt WHERE sent < $1 ORDER BY sent LIMIT $2)");

int record_keep_get(struct tx *tx, struct record_keep *ret)
{
    *ret = (struct record_keep){.attempt_days = LIMIT_JOURNAL_DAYS, .log_days = LIMIT_SYSTEM_LOG_DAYS};
    struct query query;
    int r = tx_query_row(tx, &query, &KEEP_GET, NO_BINDS);
    if (r <= 0)
        return r;
    *ret = (struct record_keep){.attempt_days = (int)query_int(&query, 0), .log_days = (int)query_int(&query, 1)};
    query_close(&query);
    return 0;
}

int record_keep_set(struct tx *tx, const struct record_keep *keep)
{
    assert(keep->attempt_days >= 1 && keep->attempt_days <= LIMIT_KEEP_DAYS);
    assert(keep->log_days >= 1 && keep->log_days <= LIMIT_KEEP_DAYS);
    int r = tx_exec(tx, &KEEP_SET, I(keep->attempt_days), I(keep->log_days));
    if (r < 0)
        return r;
    const struct event event = {
        .type = "muster.record.keep",
        .message = "Change how long the journal and the system log are kept",
        .severity = SEVERITY_WARN,
        .debug = arena_printf(tx_arena(tx), "{\"attemptDays\":%d,\"logDays\":%d}", keep->attempt_days, keep->log_days)};
    return record_event(tx, &event);
}

int record_expire(struct tx *tx, int limit)
{
    const int64_t day_ms = (int64_t)24 * 3600 * 1000;
    struct record_keep keep;
    int r = record_keep_get(tx, &keep);
    if (r == 0)
        r = record_activity_expire(tx);
    if (r < 0)
        return r;
    int events = tx_exec(tx, &EVENTS_EXPIRE, I(tx_now(tx) - keep.log_days * day_ms), I(limit));
    if (events < 0)
        return events;
    int attempts = tx_exec(tx, &ATTEMPTS_EXPIRE, I(tx_now(tx) - keep.attempt_days * day_ms), I(limit));
    return attempts < 0 ? attempts : events + attempts;
}
