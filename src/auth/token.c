/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens: made, found by their secret, renamed, revoked. Only the hash of a secret is kept. */
#include "auth/secret.h"
#include "base/limits.h"
#include "base/text.h"
#include "record/record.h"

/* Every secret starts with this, so that scanners for leaked secrets can know one. */
#define SECRET_PREFIX "muster_"

#define TOKEN_COLUMNS "rid, id, name, role, created, last_updated, expires"

SQL(TOKEN_INSERT, "INSERT INTO api_token (id, hash, name, role, created, last_updated, expires)"
                  " VALUES ($1, $2, $3, $4, $5, $5, 0) RETURNING rid");
SQL(TOKEN_BY_HASH, "SELECT " TOKEN_COLUMNS " FROM api_token WHERE hash = $1");
SQL(TOKEN_BY_ID, "SELECT " TOKEN_COLUMNS " FROM api_token WHERE id = $1");
SQL_SCAN(TOKEN_ALL, "the list of all tokens, a handful", "SELECT " TOKEN_COLUMNS " FROM api_token ORDER BY rid");
SQL(TOKEN_RENAME, "UPDATE api_token SET name = $2, last_updated = $3 WHERE rid = $1");
SQL(TOKEN_DELETE, "DELETE FROM api_token WHERE rid = $1");
SQL(TOKEN_OTHER_ADMIN, "SELECT rid FROM api_token WHERE role = 'ADMIN' AND rid <> $1 AND (expires = 0 OR expires > $2)"
                       " ORDER BY rid LIMIT 1");

static const char *const role_names[] = {
    [ROLE_NONE] = "NONE",
    [ROLE_READ_ONLY] = "READ_ONLY",
    [ROLE_OPERATOR] = "OPERATOR",
    [ROLE_ADMIN] = "ADMIN",
};

const char *role_name(enum role role)
{
    return role_names[role];
}

int role_parse(const char *name, enum role *ret)
{
    for (int role = ROLE_READ_ONLY; role <= ROLE_ADMIN; role++) {
        if (str_eq(name, role_names[role])) {
            *ret = (enum role)role;
            return 0;
        }
    }
    return ERR_SYNTAX;
}

static int read_token(struct query *query, struct arena *arena, struct api_token *ret)
{
    enum role role;
    if (role_parse(query_text(query, 3), &role) < 0)
        return ERR_CORRUPT;
    *ret = (struct api_token){
        .rid = query_int(query, 0),
        .id = arena_strdup(arena, query_text(query, 1)),
        .name = arena_strdup(arena, query_text(query, 2)),
        .role = role,
        .created = query_int(query, 4),
        .last_updated = query_int(query, 5),
        .expires = query_int(query, 6),
    };
    return 0;
}

/* Takes the row of a query that tx_query_row() started with result `r`. */
static int one_token(struct tx *tx, struct query *query, int r, struct api_token *ret)
{
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    r = read_token(query, tx_arena(tx), ret);
    query_close(query);
    return r;
}

static int check_name(const char *name, struct problem *problem)
{
    if (!name || !*name)
        return problem_invalid(problem, "name", "name: The field cannot be left blank");
    if (!text_is_utf8(name, strlen(name)) || text_has_control(name))
        return problem_invalid(problem, "name", "name: Control characters are not allowed in a token's name");
    if (text_chars(name) > LIMIT_NAME_CHARS)
        return problem_invalid(problem, "name", "name: The name is longer than %d characters; shorten it",
                               LIMIT_NAME_CHARS);
    return 0;
}

static int write_event(struct tx *tx, const char *type, const char *id, const char *name)
{
    return record_event(tx, &(struct event){
                                .type = type,
                                .severity = SEVERITY_INFO,
                                .targets = {{.id = id, .type = "Token", .name = name}},
                                .target_count = 1,
                            });
}

int token_create(struct tx *tx, const char *name, enum role role, struct api_token *ret, const char **ret_secret,
                 struct problem *problem)
{
    int r = check_name(name, problem);
    if (r < 0)
        return r;
    assert(role > ROLE_NONE);
    unsigned char hash[SECRET_HASH_BYTES];
    const char *secret = secret_new(tx, SECRET_PREFIX, hash);
    struct api_token token = {
        .id = tx_id(tx, "00T"),
        .name = arena_strdup(tx_arena(tx), name),
        .role = role,
        .created = tx_now(tx),
        .last_updated = tx_now(tx),
    };
    r = tx_get_int(tx, &token.rid, &TOKEN_INSERT, T(token.id), B(hash, sizeof(hash)), T(name), T(role_name(role)),
                   I(token.created));
    if (r < 0)
        return r;
    r = write_event(tx, "system.api_token.create", token.id, token.name);
    if (r < 0)
        return r;
    *ret = token;
    *ret_secret = secret;
    return 0;
}

int token_check(struct tx *tx, const char *secret, struct api_token *ret)
{
    unsigned char hash[SECRET_HASH_BYTES];
    secret_hash(secret, hash);
    struct query query;
    struct api_token token;
    int r = one_token(tx, &query, tx_query_row(tx, &query, &TOKEN_BY_HASH, B(hash, sizeof(hash))), &token);
    if (r < 0)
        return r;
    if (token.expires != 0 && token.expires <= tx_now(tx))
        return ERR_NOT_FOUND;
    *ret = token;
    return 0;
}

int token_by_id(struct tx *tx, const char *id, struct api_token *ret)
{
    struct query query;
    return one_token(tx, &query, tx_query_row(tx, &query, &TOKEN_BY_ID, T(id)), ret);
}

int token_each(struct tx *tx, int (*each)(const struct api_token *token, void *data), void *data)
{
    struct query query;
    int r = tx_query(tx, &query, &TOKEN_ALL, NO_BINDS);
    if (r < 0)
        return r;
    while ((r = query_next(&query)) > 0) {
        struct api_token token;
        r = read_token(&query, tx_arena(tx), &token);
        if (r == 0)
            r = each(&token, data);
        if (r < 0)
            break;
    }
    query_close(&query);
    return r;
}

/* The token of an id, or the refusal that it does not exist. */
static int find_token(struct tx *tx, const char *id, struct api_token *ret, struct problem *problem)
{
    int r = token_by_id(tx, id, ret);
    return r == ERR_NOT_FOUND ? problem_not_found(problem, id, "ApiToken") : r;
}

int token_rename(struct tx *tx, const char *id, const char *name, struct problem *problem)
{
    struct api_token token = {0};
    int r = find_token(tx, id, &token, problem);
    if (r == 0)
        r = check_name(name, problem);
    if (r < 0)
        return r;
    if (str_eq(token.name, name))
        return 0;
    r = tx_exec(tx, &TOKEN_RENAME, I(token.rid), T(name), I(tx_now(tx)));
    return r < 0 ? r : write_event(tx, "system.api_token.update", token.id, name);
}

int token_revoke(struct tx *tx, const char *id, struct problem *problem)
{
    struct api_token token = {0};
    int r = find_token(tx, id, &token, problem);
    if (r < 0)
        return r;
    if (token.role == ROLE_ADMIN) {
        int64_t other;
        r = tx_get_int(tx, &other, &TOKEN_OTHER_ADMIN, I(token.rid), I(tx_now(tx)));
        if (r < 0)
            return r;
        if (r == 0) {
            (void)problem_set(problem, E0000001, "apiTokenId");
            return problem_cause(problem,
                                 "apiTokenId: This is the last token with the role ADMIN; create another one first, or "
                                 "nobody could administer this server");
        }
    }
    r = tx_exec(tx, &TOKEN_DELETE, I(token.rid));
    return r < 0 ? r : write_event(tx, "system.api_token.revoke", token.id, token.name);
}
