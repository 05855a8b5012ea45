/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forgetting a person. The row in `erasures` is written with the deletion and stays: whatever is written about the
 * person later (the app is told, the memberships go) is written without values at once. What was written before is
 * found by an index over exactly the rows that still hold values, so that a chunk costs the same however long the
 * record is, and a crash between two chunks loses nothing.
 *
 * What was captured in full and is of no single person (a group and its members) may name anybody: its bodies are
 * emptied when anybody is deleted. The redacted ones stay.
 */
#include "base/limits.h"
#include "record/inner.h"

SQL(ERASURE_ADD, "INSERT INTO erasures (person, number, asked) VALUES ($1, $2, $3)"
                 " ON CONFLICT (person) DO NOTHING");
SQL(ERASURE_GET, "SELECT rid FROM erasures WHERE person = $1");
SQL(ERASURE_PERSON, "SELECT person FROM erasures WHERE number = $1 ORDER BY rid LIMIT 1");
SQL(ERASURE_NEXT, "SELECT rid, person FROM erasures WHERE done = 0 AND rid > $1 ORDER BY rid LIMIT 1");
SQL(ERASURE_DONE, "UPDATE erasures SET done = $2 WHERE rid = $1");
SQL(ERASE_EVENTS, "SELECT rid, event FROM system_log WHERE person = $1 AND erased = 0 ORDER BY rid LIMIT $2");
SQL(ERASE_EVENT, "UPDATE system_log SET event = $2, erased = 1 WHERE rid = $1");
SQL(ERASE_ATTEMPTS, "SELECT rid, path FROM attempt WHERE person = $1 AND erased = 0 ORDER BY rid LIMIT $2");
SQL(ERASE_CAPTURED, "SELECT rid, path FROM attempt WHERE captured = 1 AND person IS NULL AND rid > $1"
                    " ORDER BY rid LIMIT $2");
SQL(ERASE_ATTEMPT, "UPDATE attempt SET path = $2, request = NULL, answer = NULL, full_request = NULL,"
                   " full_answer = NULL, erased = 1 WHERE rid = $1");
SQL(EMPTY_ATTEMPT,
    "UPDATE attempt SET path = $2, full_request = NULL, full_answer = NULL, captured = 0 WHERE rid = $1");

int record_erase(struct tx *tx, const char *person, int64_t number)
{
    int r = tx_exec(tx, &ERASURE_ADD, T(person), I(number), I(tx_now(tx)));
    return r < 0 ? r : 0;
}

int record_erased_person(struct tx *tx, int64_t number, const char **ret_person)
{
    struct query query;
    int r = tx_query_row(tx, &query, &ERASURE_PERSON, I(number));
    if (r <= 0)
        return r;
    *ret_person = arena_strdup(tx_arena(tx), query_text(&query, 0));
    query_close(&query);
    return 1;
}

int record_is_erased(struct tx *tx, const char *person)
{
    int64_t rid = 0;
    return *person ? tx_get_int(tx, &rid, &ERASURE_GET, T(person)) : 1;
}

const char *erased_text(struct arena *arena, const char *text)
{
    return text ? arena_printf(arena, "<string, %zu bytes>", strlen(text)) : NULL;
}

/* --- a row of the log ------------------------------------------------------------------------------------------- */

static void erase_target(struct jval *target)
{
    const char *type = jval_get_str(target, "type");
    if (!str_eq(type, TARGET_USER) && !str_eq(type, TARGET_APP_USER))
        return;
    jval_set_str(target, "alternateId", ALTERNATE_UNKNOWN);
    jval_set(target, "displayName", jval_new_null());
}

static const char *erased_event(struct arena *arena, const char *text)
{
    struct jval *event CLEANUP(jval_freep) = NULL;
    if (jval_parse(&event, text, strlen(text), NULL) < 0)
        return NULL;
    const struct jval *targets = jval_get(event, "target");
    for (size_t i = 0; i < jval_len(targets); i++)
        erase_target(jval_at(targets, i));
    struct jval *outcome = jval_get(event, "outcome");
    const char *reason = jval_get_str(outcome, "reason");
    if (reason)
        jval_set_str(outcome, "reason", erased_text(arena, reason));
    return jval_text(arena, event, false);
}

struct row {
    int64_t rid;
    const char *text;
};

/* Rows are read first and changed afterwards: a query must not see what it changes. */
static int take_rows(struct tx *tx, struct query *query, int started, struct row *ret, int limit)
{
    int count = 0;
    int r = started;
    while (r >= 0 && count < limit && (r = query_next(query)) > 0)
        ret[count++] = (struct row){query_int(query, 0), arena_strdup(tx_arena(tx), query_text(query, 1))};
    query_close(query);
    return r < 0 ? r : count;
}

static int erase_events(struct tx *tx, const char *person, struct row *rows, int limit)
{
    struct query query;
    int started = tx_query(tx, &query, &ERASE_EVENTS, T(person), I(limit));
    int count = take_rows(tx, &query, started, rows, limit);
    for (int i = 0; i < count; i++) {
        const char *text = erased_event(tx_arena(tx), rows[i].text);
        int r = text ? tx_exec(tx, &ERASE_EVENT, I(rows[i].rid), T(text)) : ERR_CORRUPT;
        if (r < 0)
            return r;
    }
    return count;
}

/* --- rows of the journal ------------------------------------------------------------------------------------------ */

static int erase_attempts(struct tx *tx, struct sql *how, const struct row *rows, int count)
{
    for (int i = 0; i < count; i++) {
        const char *path = arena_strndup(tx_arena(tx), rows[i].text, strcspn(rows[i].text, "?"));
        int r = tx_exec(tx, how, I(rows[i].rid), T(path));
        if (r < 0)
            return r;
    }
    return count;
}

static int erase_of_person(struct tx *tx, const char *person, struct row *rows, int limit)
{
    struct query query;
    int started = tx_query(tx, &query, &ERASE_ATTEMPTS, T(person), I(limit));
    int count = take_rows(tx, &query, started, rows, limit);
    return erase_attempts(tx, &ERASE_ATTEMPT, rows, count);
}

static int empty_captured(struct tx *tx, struct row *rows, int limit)
{
    struct query query;
    int started = tx_query(tx, &query, &ERASE_CAPTURED, I(0), I(limit));
    int count = take_rows(tx, &query, started, rows, limit);
    return erase_attempts(tx, &EMPTY_ATTEMPT, rows, count);
}

int record_erase_chunk(struct tx *tx, int limit)
{
    struct row *rows = arena_array(tx_arena(tx), (size_t)limit, sizeof(*rows));
    struct row next;
    struct query query;
    int started = tx_query(tx, &query, &ERASURE_NEXT, I(0));
    int r = take_rows(tx, &query, started, &next, 1);
    if (r <= 0)
        return r;
    int done = erase_events(tx, next.text, rows, limit);
    if (done >= 0 && done < limit)
        done = (r = erase_of_person(tx, next.text, rows, limit - done)) < 0 ? r : done + r;
    if (done >= 0 && done < limit)
        done = (r = empty_captured(tx, rows, limit - done)) < 0 ? r : done + r;
    if (done < 0)
        return done;
    if (done == limit)
        return 1;
    r = tx_exec(tx, &ERASURE_DONE, I(next.rid), I(tx_now(tx)));
    return r < 0 ? r : 1;
}

int record_is_due(struct tx *tx)
{
    int64_t rid = 0;
    int r = tx_get_int(tx, &rid, &ERASURE_NEXT, I(0));
    return r != 0 ? r : record_capture_ended(tx, &rid);
}
