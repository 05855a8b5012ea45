/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what targets were asked, and what they answered. */
#include "record/inner.h"

SQL(ATTEMPT_INSERT,
    "INSERT INTO attempt (app_rid, work_kind, object_rid, sent, duration_ms, method, path, request, status, answer,"
    " error_class, person, captured, full_request, full_answer, erased)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)");

#define COLUMNS                                                                                                        \
    "sent, duration_ms, method, path, COALESCE(full_request, request), status, COALESCE(full_answer, answer),"         \
    " error_class, captured"
SQL(ATTEMPTS_OF_OBJECT, "SELECT " COLUMNS ", rid FROM attempt WHERE app_rid = $1 AND work_kind = $2"
                        " AND object_rid = $3 AND rid < $4 ORDER BY rid DESC LIMIT $5");
#define OF_APP "app_rid = $1 AND (sent, rid) < ($2, $3) AND sent >= $4 ORDER BY sent DESC, rid DESC LIMIT $5"
SQL(ATTEMPTS_OF_APP, "SELECT " COLUMNS ", rid FROM attempt WHERE " OF_APP);
SQL(FAILURES_OF_APP, "SELECT " COLUMNS ", rid FROM attempt WHERE error_class IS NOT NULL AND " OF_APP);

int record_attempt(struct tx *tx, const struct attempt *attempt)
{
    struct attempt a = *attempt;
    int erased = a.person ? record_is_erased(tx, a.person) : 0;
    if (erased < 0)
        return erased;
    if (erased) {
        a.path = arena_strndup(tx_arena(tx), a.path, strcspn(a.path, "?"));
        a.request = a.answer = a.full_request = a.full_answer = NULL;
        a.captured = false;
    }
    int r = tx_exec(tx, &ATTEMPT_INSERT, I(a.app_rid), I(a.work_kind), I(a.object_rid), I(a.sent), I(a.duration_ms),
                    T(a.method), T(a.path), T(a.request), I(a.status), T(a.answer), T(a.error_class), T(a.person),
                    I(a.captured), T(a.full_request), T(a.full_answer), I(erased));
    return r < 0 ? r : 0;
}

static void write_attempt(struct jout *out, const char *key, const struct query *query)
{
    jout_object(out, key);
    jout_time(out, "sent", query_int(query, 0));
    jout_int(out, "durationMs", query_int(query, 1));
    jout_str(out, "method", query_text(query, 2));
    jout_str(out, "path", query_text(query, 3));
    jout_str(out, "request", query_text(query, 4));
    if (query_int(query, 5))
        jout_int(out, "status", query_int(query, 5));
    else
        jout_null(out, "status");
    jout_str(out, "answer", query_text(query, 6));
    jout_str(out, "errorClass", query_text(query, 7));
    jout_bool(out, "captured", query_int(query, 8) != 0);
    jout_end(out);
}

int record_attempts_of_app_write(struct tx *tx, struct jout *out, const struct attempt_query *q,
                                 struct attempt_place *ret_next)
{
    struct query query;
    struct attempt_place from = q->after.rid ? q->after : (struct attempt_place){.sent = q->until};
    int r = tx_query(tx, &query, q->failed ? &FAILURES_OF_APP : &ATTEMPTS_OF_APP, I(q->app_rid), I(from.sent),
                     I(from.rid), I(q->since), I(q->limit + 1));
    struct attempt_place last = {0};
    int count = 0;
    while (r >= 0 && (r = query_next(&query)) > 0) {
        if (count == q->limit) {
            *ret_next = last;
            query_close(&query);
            return count;
        }
        write_attempt(out, NULL, &query);
        last = (struct attempt_place){.sent = query_int(&query, 0), .rid = query_int(&query, 9)};
        count++;
    }
    return r < 0 ? r : count;
}

int record_attempts_write(struct tx *tx, struct jout *out, const struct attempt_object *object, int64_t before,
                          int limit, int64_t *ret_next)
{
    struct query query;
    int r = tx_query(tx, &query, &ATTEMPTS_OF_OBJECT, I(object->app_rid), I(object->work_kind), I(object->rid),
                     I(before), I(limit + 1));
    int64_t last = 0;
    int count = 0;
    while (r >= 0 && (r = query_next(&query)) > 0) {
        if (count == limit) {
            *ret_next = last;
            query_close(&query);
            return count;
        }
        write_attempt(out, NULL, &query);
        last = query_int(&query, 9);
        count++;
    }
    return r < 0 ? r : count;
}

int record_newest_attempt_write(struct tx *tx, struct jout *out, const char *key, int64_t app_rid, int work_kind,
                                int64_t object_rid)
{
    struct query query;
    int r = tx_query_row(tx, &query, &ATTEMPTS_OF_OBJECT, I(app_rid), I(work_kind), I(object_rid), I(INT64_MAX), I(1));
    if (r <= 0)
        return r;
    write_attempt(out, key, &query);
    query_close(&query);
    return 1;
}
