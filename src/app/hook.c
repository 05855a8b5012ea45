/* SPDX-License-Identifier: Apache-2.0 */
/* Event hooks as rows: made, changed, verified, sealed. */
#include "app/hook_body.h"

#include "base/limits.h"

#define SEAL_TABLE "event_hooks"
#define SEAL_AUTH "auth_sealed"
#define SEAL_SIGNING "signing_sealed"

#define COLUMNS                                                                                                        \
    "rid, id, document, uri, active, verified, auth_key, auth_sealed, signing_sealed, created, created_by,"            \
    " last_updated, version, position, batch_end, attempts, due, error, deliveries"

SQL(HOOK_BY_ID, "SELECT " COLUMNS " FROM event_hooks WHERE id = $1");
SQL(HOOK_BY_RID, "SELECT " COLUMNS " FROM event_hooks WHERE rid = $1");
SQL(HOOK_LIST, "SELECT " COLUMNS " FROM event_hooks WHERE rid > $1 ORDER BY rid LIMIT $2");
SQL_SCAN(HOOK_COUNT, "at most LIMIT_HOOKS rows, only when one is made", "SELECT count(*) FROM event_hooks");
SQL(HOOK_INSERT, "INSERT INTO event_hooks (id, document, uri, active, verified, auth_key, auth_sealed, signing_sealed,"
                 " key_id, created, created_by, last_updated, position)"
                 " VALUES ($1, $2, $3, 1, 0, $4, $5, $5, $6, $7, $8, $7, $9) RETURNING rid");
SQL(HOOK_SET_SEALED, "UPDATE event_hooks SET auth_sealed = $2, signing_sealed = $3, key_id = $4 WHERE rid = $1");
SQL(HOOK_REPLACE, "UPDATE event_hooks SET document = $2, uri = $3, verified = $4, auth_key = $5, last_updated = $6,"
                  " version = version + 1, attempts = 0, due = 0, error = NULL, batch_end = 0 WHERE rid = $1");
SQL(HOOK_SET_ACTIVE, "UPDATE event_hooks SET active = $2, position = $3, last_updated = $4, version = version + 1,"
                     " attempts = 0, due = 0, error = NULL, batch_end = 0 WHERE rid = $1");
SQL(HOOK_SET_VERIFIED, "UPDATE event_hooks SET verified = 1, position = $2, last_updated = $3 WHERE rid = $1");
SQL(HOOK_DELETE, "DELETE FROM event_hooks WHERE rid = $1");
SQL(HOOK_DELETE_DELIVERIES, "DELETE FROM hook_deliveries WHERE hook_rid = $1");
SQL_SCAN(HOOKS_OF_OTHER_KEYS, "at most LIMIT_HOOKS rows, only when keys are changed",
         "SELECT rid FROM event_hooks WHERE key_id <> $1 ORDER BY rid");

/* --- reading --------------------------------------------------------------------------------------------------------
 */

static const void *take_blob(struct arena *arena, const struct query *query, int column, size_t *ret_n)
{
    const void *bytes = query_blob(query, column, ret_n);
    return *ret_n ? arena_strndup(arena, bytes, *ret_n) : "";
}

static void take_hook(struct tx *tx, const struct query *query, struct hook *ret)
{
    struct arena *arena = tx_arena(tx);
    *ret = (struct hook){
        .rid = query_int(query, 0),
        .id = arena_strdup(arena, query_text(query, 1)),
        .document = arena_strdup(arena, query_text(query, 2)),
        .uri = arena_strdup(arena, query_text(query, 3)),
        .active = query_int(query, 4) != 0,
        .verified = query_int(query, 5) != 0,
        .auth_key = arena_strdup(arena, query_text(query, 6)),
        .created = query_int(query, 9),
        .created_by = arena_strdup(arena, query_text(query, 10)),
        .last_updated = query_int(query, 11),
        .version = query_int(query, 12),
        .position = query_int(query, 13),
        .batch_end = query_int(query, 14),
        .attempts = (int)query_int(query, 15),
        .due = query_int(query, 16),
        .error = arena_strdup(arena, query_text(query, 17)),
        .deliveries = query_int(query, 18),
    };
    ret->auth_sealed = take_blob(arena, query, 7, &ret->auth_sealed_n);
    ret->signing_sealed = take_blob(arena, query, 8, &ret->signing_sealed_n);
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int take_one(struct tx *tx, struct query *query, int r, struct hook *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    take_hook(tx, query, ret);
    query_close(query);
    return 0;
}

int hook_by_id(struct tx *tx, const char *id, struct hook *ret)
{
    struct query query;
    return take_one(tx, &query, tx_query_row(tx, &query, &HOOK_BY_ID, T(id)), ret);
}

int hook_by_rid(struct tx *tx, int64_t rid, struct hook *ret)
{
    struct query query;
    return take_one(tx, &query, tx_query_row(tx, &query, &HOOK_BY_RID, I(rid)), ret);
}

int hook_list(struct tx *tx, struct hook ret[static LIMIT_HOOKS])
{
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &HOOK_LIST, I(0), I(LIMIT_HOOKS));
    while (r >= 0 && (r = query_next(&query)) > 0)
        take_hook(tx, &query, &ret[count++]);
    return r < 0 ? r : count;
}

/* --- changing -------------------------------------------------------------------------------------------------------
 */

static int tell(struct tx *tx, const char *type, const struct hook *hook)
{
    struct jval *document CLEANUP(jval_freep) = NULL;
    if (jval_parse(&document, hook->document, strlen(hook->document), NULL) < 0)
        return ERR_CORRUPT;
    const struct event event = {
        .type = type,
        .severity = SEVERITY_INFO,
        .targets = {{.id = hook->id, .type = "EventHook", .name = jval_get_str(document, "name")}},
        .target_count = 1,
    };
    tx_wake(tx);
    return record_event(tx, &event);
}

/* Tells of a change and reads the row again. */
static int changed(struct tx *tx, const char *type, struct hook *hook)
{
    int r = hook_by_rid(tx, hook->rid, hook);
    return r < 0 ? r : tell(tx, type, hook);
}

static int set_sealed(struct tx *tx, const struct keyring *keyring, int64_t rid, const char *auth, const char *signing)
{
    size_t auth_n = 0;
    size_t signing_n = 0;
    struct arena *arena = tx_arena(tx);
    const void *a = auth ? seal(keyring, arena, SEAL_TABLE, SEAL_AUTH, rid, auth, &auth_n) : "";
    const void *s = seal(keyring, arena, SEAL_TABLE, SEAL_SIGNING, rid, signing, &signing_n);
    int r = tx_exec(tx, &HOOK_SET_SEALED, I(rid), B(a, auth_n), B(s, signing_n), T(keyring_id(keyring)));
    return MIN_OF(r, 0);
}

static int open_auth(struct tx *tx, const struct keyring *keyring, const struct hook *hook, const char **ret)
{
    *ret = NULL;
    return hook->auth_sealed_n ? unseal(keyring, tx_arena(tx), SEAL_TABLE, SEAL_AUTH, hook->rid, hook->auth_sealed,
                                        hook->auth_sealed_n, ret)
                               : 0;
}

int hook_signing_secret(struct tx *tx, const struct keyring *keyring, const struct hook *hook, const char **ret)
{
    return unseal(keyring, tx_arena(tx), SEAL_TABLE, SEAL_SIGNING, hook->rid, hook->signing_sealed,
                  hook->signing_sealed_n, ret);
}

int hook_create(struct tx *tx, const struct keyring *keyring, const struct jval *body, struct hook *ret,
                const char **ret_signing, struct problem *problem)
{
    struct hook_body read = {0};
    int64_t count = 0;
    int64_t end = 0;
    int64_t rid = 0;
    int r = hook_body_read(tx, body, &read, problem);
    if (r == 0)
        r = tx_get_int(tx, &count, &HOOK_COUNT, NO_BINDS);
    if (r >= 0 && count >= LIMIT_HOOKS)
        return problem_invalid(problem, HOOK_SUBJECT,
                               "eventHooks: there are %d already, as many as there can be; delete one", LIMIT_HOOKS);
    if (r >= 0 && read.auth_key && !read.auth_value)
        return problem_invalid(problem, HOOK_SUBJECT,
                               "channel.config.authScheme.value: The field cannot be left blank");
    if (r >= 0)
        r = record_log_end(tx, &end);
    if (r < 0)
        return r;
    const char *by = tx_origin(tx)->actor_id;
    r = tx_get_int(tx, &rid, &HOOK_INSERT, T(tx_id(tx, "who")), T(read.document), T(read.uri), T(read.auth_key),
                   B("", 0), T(keyring_id(keyring)), I(tx_now(tx)), T(by ? by : "system"), I(end));
    const char *signing = sign_secret_new(tx_arena(tx));
    if (r > 0)
        r = set_sealed(tx, keyring, rid, read.auth_value, signing);
    ret->rid = rid;
    if (r == 0)
        r = changed(tx, "event_hook.created", ret);
    if (r == 0)
        *ret_signing = signing;
    return r;
}

int hook_replace(struct tx *tx, const struct keyring *keyring, struct hook *hook, const struct jval *body,
                 struct problem *problem)
{
    struct hook_body read = {0};
    const char *auth = NULL;
    const char *signing = NULL;
    int r = hook_body_read(tx, body, &read, problem);
    if (r == 0)
        r = open_auth(tx, keyring, hook, &auth);
    if (r == 0)
        r = hook_signing_secret(tx, keyring, hook, &signing);
    if (r < 0)
        return r;
    bool kept = read.auth_key && !read.auth_value;
    bool fits = auth && str_eq(hook->auth_key, read.auth_key) && url_is_same_place(tx_arena(tx), hook->uri, read.uri);
    if (kept && !fits)
        r = problem_invalid(
            problem, HOOK_SUBJECT,
            "channel.config.authScheme.value: is needed again, since its key or the scheme, host or port "
            "of the uri changes: a stored credential is only sent where it was given for");
    bool verified = hook->verified && str_eq(hook->uri, read.uri);
    if (r == 0)
        r = set_sealed(tx, keyring, hook->rid, !read.auth_key ? NULL : kept ? auth : read.auth_value, signing);
    seal_wipe(auth);
    seal_wipe(signing);
    if (r == 0)
        r = tx_exec(tx, &HOOK_REPLACE, I(hook->rid), T(read.document), T(read.uri), I(verified), T(read.auth_key),
                    I(tx_now(tx)));
    return r < 0 ? r : changed(tx, "event_hook.updated", hook);
}

int hook_delete(struct tx *tx, const struct hook *hook, struct problem *problem)
{
    if (hook->active)
        return problem_invalid(problem, HOOK_SUBJECT, "status: the event hook is ACTIVE; deactivate it first");
    int r = tx_exec(tx, &HOOK_DELETE_DELIVERIES, I(hook->rid));
    if (r >= 0)
        r = tx_exec(tx, &HOOK_DELETE, I(hook->rid));
    return r < 0 ? r : tell(tx, "event_hook.deleted", hook);
}

int hook_set_active(struct tx *tx, struct hook *hook, bool active)
{
    int64_t end = 0;
    if (hook->active == active)
        return 0;
    int r = record_log_end(tx, &end);
    if (r == 0)
        r = tx_exec(tx, &HOOK_SET_ACTIVE, I(hook->rid), I(active), I(end), I(tx_now(tx)));
    return r < 0 ? r : changed(tx, active ? "event_hook.activated" : "event_hook.deactivated", hook);
}

int hook_set_verified(struct tx *tx, struct hook *hook, int64_t version, struct problem *problem)
{
    int64_t end = 0;
    if (hook->version != version)
        return problem_invalid(problem, HOOK_SUBJECT, "eventHook: was changed while it was verified; verify it again");
    int r = record_log_end(tx, &end);
    if (r == 0)
        r = tx_exec(tx, &HOOK_SET_VERIFIED, I(hook->rid), I(hook->verified ? hook->position : end), I(tx_now(tx)));
    return r < 0 ? r : changed(tx, "event_hook.verified", hook);
}

int hook_new_signing(struct tx *tx, const struct keyring *keyring, struct hook *hook, const char **ret_signing)
{
    const char *auth = NULL;
    int r = open_auth(tx, keyring, hook, &auth);
    const char *signing = sign_secret_new(tx_arena(tx));
    if (r == 0)
        r = set_sealed(tx, keyring, hook->rid, auth, signing);
    seal_wipe(auth);
    if (r == 0)
        r = changed(tx, "event_hook.updated", hook);
    if (r == 0)
        *ret_signing = signing;
    return r;
}

static int reseal_one(struct tx *tx, const struct keyring *keyring, int64_t rid)
{
    struct hook hook;
    const char *auth = NULL;
    const char *signing = NULL;
    int r = hook_by_rid(tx, rid, &hook);
    if (r == 0)
        r = open_auth(tx, keyring, &hook, &auth);
    if (r == 0)
        r = hook_signing_secret(tx, keyring, &hook, &signing);
    if (r == 0)
        r = set_sealed(tx, keyring, rid, auth, signing);
    seal_wipe(auth);
    seal_wipe(signing);
    return r;
}

int hook_reseal(struct tx *tx, const struct keyring *keyring)
{
    int64_t rids[LIMIT_HOOKS];
    struct query query;
    int count = 0;
    int r = tx_query(tx, &query, &HOOKS_OF_OTHER_KEYS, T(keyring_id(keyring)));
    while (r >= 0 && count < LIMIT_HOOKS && (r = query_next(&query)) > 0)
        rids[count++] = query_int(&query, 0);
    query_close(&query);
    for (int i = 0; r >= 0 && i < count; i++)
        r = reseal_one(tx, keyring, rids[i]);
    return r < 0 ? r : count;
}

int hook_headers(struct tx *tx, const struct keyring *keyring, const struct hook *hook, const char *const **ret)
{
    struct arena *arena = tx_arena(tx);
    const char **lines = arena_array(arena, LIMIT_HOOK_HEADERS + 2, sizeof(*lines));
    struct jval *document CLEANUP(jval_freep) = NULL;
    const char *auth = NULL;
    size_t count = 0;
    if (jval_parse(&document, hook->document, strlen(hook->document), NULL) < 0)
        return ERR_CORRUPT;
    const struct jval *headers = jval_path(document, "channel.config.headers");
    for (size_t i = 0; i < jval_len(headers) && i < LIMIT_HOOK_HEADERS; i++)
        lines[count++] = arena_printf(arena, "%s: %s", jval_get_str(jval_at(headers, i), "key"),
                                      jval_get_str(jval_at(headers, i), "value"));
    int r = open_auth(tx, keyring, hook, &auth);
    if (r < 0)
        return r;
    if (auth)
        lines[count++] = arena_printf(arena, "%s: %s", hook->auth_key, auth);
    seal_wipe(auth);
    lines[count] = NULL;
    *ret = lines;
    return 0;
}
