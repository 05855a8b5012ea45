/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency-Key on POST: the answer of a success is stored in the transaction of the change, so that a client that
 * did not see it can ask again. Failures are not stored: they changed nothing.
 */
#include "api/inner.h"

#include <sodium.h>

#define HASH_BYTES 32
#define EXPIRE_ROWS 100 /* expired rows that one call deletes in passing */

SQL(REPLAY_FIND, "SELECT request_hash, status, headers, body FROM api_replay"
                 " WHERE token_id = $1 AND key_hash = $2 AND created > $3");
SQL(REPLAY_STORE, "INSERT INTO api_replay (token_id, key_hash, request_hash, created, status, headers, body)"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7)"
                  " ON CONFLICT (token_id, key_hash) DO UPDATE SET request_hash = excluded.request_hash,"
                  " created = excluded.created, status = excluded.status, headers = excluded.headers,"
                  " body = excluded.body");
SQL(REPLAY_EXPIRE, "DELETE FROM api_replay WHERE rid IN"
                   " (SELECT rid FROM api_replay WHERE created <= $1 ORDER BY created LIMIT $2)");

static void hash_key(const struct call *call, unsigned char ret_hash[static HASH_BYTES])
{
    const char *key = call->_private->idempotency_key;
    (void)crypto_generichash(ret_hash, HASH_BYTES, (const unsigned char *)key, strlen(key), NULL, 0);
}

static void replay(struct call *call, const struct query *query)
{
    size_t n;
    const void *body = query_blob(query, 3, &n);
    call_empty(call);
    call->status = (int)query_int(query, 1);
    if (n)
        buf_add(&call->body_out, body, n);
    const char *headers = query_text(query, 2);
    struct jval *list = NULL;
    if (headers && jval_parse(&list, headers, strlen(headers), NULL) == 0) {
        for (size_t i = 0; i < jval_len(list); i++)
            call_header(call, jval_str(jval_at(jval_at(list, i), 0)), jval_str(jval_at(jval_at(list, i), 1)));
    }
    (void)jval_free(list);
    call_header(call, "Idempotency-Replayed", "true");
}

static int conflict(struct call *call, const char *cause)
{
    (void)problem_set(&call->problem, E0000195, "Idempotency-Key");
    return problem_cause(&call->problem, "Idempotency-Key: %s", cause);
}

int idempotency_find(struct tx *tx, struct call *call)
{
    if (!call->_private->idempotency_key)
        return 0;
    unsigned char key[HASH_BYTES];
    hash_key(call, key);
    struct query query;
    int r = tx_query_row(tx, &query, &REPLAY_FIND, T(call->token.id), B(key, sizeof(key)),
                         I(tx_now(tx) - (int64_t)LIMIT_IDEMPOTENCY_S * 1000));
    if (r <= 0)
        return r;
    size_t n;
    const void *request = query_blob(&query, 0, &n);
    if (n != HASH_BYTES || memcmp(request, call->_private->request_hash, HASH_BYTES) != 0)
        r = conflict(call, "This key was used for another request; use a new key for each request");
    else if (query_int(&query, 1) == 0)
        r = conflict(call, "This request was carried out already. Its answer showed a secret once, which was not kept; "
                           "delete what it made and make it anew under a new key");
    else
        replay(call, &query);
    query_close(&query);
    return r < 0 ? r : 1;
}

static const char *headers_text(struct call *call)
{
    struct jval *list = jval_new_array();
    for (const struct header_line *line = call->_private->headers; line; line = line->next) {
        struct jval *pair = jval_new_array();
        jval_append(pair, jval_new_str(line->name));
        jval_append(pair, jval_new_str(line->value));
        jval_append(list, pair);
    }
    const char *text = jval_text(call->arena, list, false);
    (void)jval_free(list);
    return text;
}

int idempotency_store(struct tx *tx, struct call *call)
{
    struct call_private *p = call->_private;
    if (!p->idempotency_key)
        return 0;
    int r = tx_exec(tx, &REPLAY_EXPIRE, I(tx_now(tx) - (int64_t)LIMIT_IDEMPOTENCY_S * 1000), I(EXPIRE_ROWS));
    if (r < 0)
        return r;
    unsigned char key[HASH_BYTES];
    hash_key(call, key);
    bool keep = !p->secret_answer;
    r = tx_exec(tx, &REPLAY_STORE, T(call->token.id), B(key, sizeof(key)), B(p->request_hash, sizeof(p->request_hash)),
                I(tx_now(tx)), I(keep ? call->status : 0), T(keep ? headers_text(call) : NULL),
                keep ? B(buf_text(&call->body_out), call->body_out.len) : T(NULL));
    return MIN_OF(r, 0);
}
