/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/administrator.h"

#include "base/limits.h"
#include "base/text.h"
#include "record/record.h"

#define COLUMNS "rid, id, name, email, role, password_hash, created, last_updated, last_sign_in"

SQL(ADMINISTRATOR_INSERT, "INSERT INTO administrators (id, name, email, email_key, role, created, last_updated,"
                          " last_sign_in) VALUES ($1, $2, $3, $4, $5, $6, $6, 0) RETURNING rid");
SQL(ADMINISTRATOR_BY_ID, "SELECT " COLUMNS " FROM administrators WHERE id = $1");
SQL(ADMINISTRATOR_BY_RID, "SELECT " COLUMNS " FROM administrators WHERE rid = $1");
SQL(ADMINISTRATOR_BY_EMAIL, "SELECT " COLUMNS " FROM administrators WHERE email_key = $1");
SQL(ADMINISTRATORS_AFTER, "SELECT " COLUMNS " FROM administrators WHERE rid > $1 ORDER BY rid LIMIT $2");
SQL(ADMINISTRATOR_UPDATE, "UPDATE administrators SET name = $2, email = $3, email_key = $4, role = $5,"
                          " last_updated = $6 WHERE rid = $1");
SQL(ADMINISTRATOR_PASSWORD, "UPDATE administrators SET password_hash = $2, last_updated = $3 WHERE rid = $1");
SQL(ADMINISTRATOR_SIGNED_IN, "UPDATE administrators SET last_sign_in = $2 WHERE rid = $1");
SQL(ADMINISTRATOR_DELETE, "DELETE FROM administrators WHERE rid = $1");
SQL(ADMINISTRATOR_SESSIONS_END, "DELETE FROM sessions WHERE administrator = $1");
SQL(ADMINISTRATOR_LINK_END, "DELETE FROM sign_in_links WHERE administrator = $1");
SQL_SCAN(ADMINISTRATOR_OTHER_ADMIN, "a handful of administrators",
         "SELECT rid FROM administrators WHERE rid <> $1 AND role = 'ADMIN' AND password_hash IS NOT NULL"
         " ORDER BY rid LIMIT 1");

static int read_row(struct query *query, struct arena *arena, struct administrator *ret)
{
    enum role role;
    if (role_parse(query_text(query, 4), &role) < 0)
        return ERR_CORRUPT;
    *ret = (struct administrator){
        .rid = query_int(query, 0),
        .id = arena_strdup(arena, query_text(query, 1)),
        .name = arena_strdup(arena, query_text(query, 2)),
        .email = arena_strdup(arena, query_text(query, 3)),
        .role = role,
        .password_hash = query_text(query, 5) ? arena_strdup(arena, query_text(query, 5)) : NULL,
        .created = query_int(query, 6),
        .last_updated = query_int(query, 7),
        .last_sign_in = query_int(query, 8),
    };
    return 0;
}

static int read_one(struct tx *tx, struct sql *sql, struct bind key, struct administrator *ret)
{
    struct query query;
    int r = tx_query_row(tx, &query, sql, key);
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    r = read_row(&query, tx_arena(tx), ret);
    query_close(&query);
    return r;
}

int administrator_by_id(struct tx *tx, const char *id, struct administrator *ret)
{
    return read_one(tx, &ADMINISTRATOR_BY_ID, T(id), ret);
}

int administrator_by_rid(struct tx *tx, int64_t rid, struct administrator *ret)
{
    return read_one(tx, &ADMINISTRATOR_BY_RID, I(rid), ret);
}

int administrator_by_email(struct tx *tx, const char *email, struct administrator *ret)
{
    return read_one(tx, &ADMINISTRATOR_BY_EMAIL, T(text_fold(tx_arena(tx), email)), ret);
}

int administrator_each(struct tx *tx, int64_t after, int limit,
                       int (*each)(const struct administrator *administrator, void *data), void *data)
{
    struct query query;
    int r = tx_query(tx, &query, &ADMINISTRATORS_AFTER, I(after), I(limit));
    if (r < 0)
        return r;
    while ((r = query_next(&query)) > 0) {
        struct administrator administrator;
        r = read_row(&query, tx_arena(tx), &administrator);
        if (r == 0)
            r = each(&administrator, data);
        if (r != 0)
            break;
    }
    query_close(&query);
    return r;
}

/* 1: somebody else with the role ADMIN can sign in. */
static int other_admin(struct tx *tx, int64_t rid)
{
    int64_t other;
    return tx_get_int(tx, &other, &ADMINISTRATOR_OTHER_ADMIN, I(rid));
}

int administrator_any(struct tx *tx)
{
    return other_admin(tx, 0);
}

int administrator_event(struct tx *tx, const struct administrator *administrator, const char *type, const char *outcome,
                        const char *reason)
{
    return record_event(tx, &(struct event){
                                .type = type,
                                .severity = outcome ? SEVERITY_WARN : SEVERITY_INFO,
                                .outcome = outcome,
                                .reason = reason,
                                .targets = {{.id = administrator->id,
                                             .type = "User",
                                             .alternate_id = administrator->email,
                                             .name = administrator->name}},
                                .target_count = 1,
                            });
}

static int check_name(const char *name, struct problem *problem)
{
    if (!name || !*name)
        return problem_invalid(problem, "name", "name: The field cannot be left blank");
    if (!text_is_utf8(name, strlen(name)) || text_has_control(name))
        return problem_invalid(problem, "name", "name: Control characters are not allowed in a name");
    if (text_chars(name) > LIMIT_NAME_CHARS)
        return problem_invalid(problem, "name", "name: The name is longer than %d characters; shorten it",
                               LIMIT_NAME_CHARS);
    return 0;
}

static int check_email(const char *email, struct problem *problem)
{
    if (!email || !*email)
        return problem_invalid(problem, "email", "email: The field cannot be left blank");
    const char *at = strchr(email, '@');
    if (!text_is_utf8(email, strlen(email)) || text_has_control(email) || strpbrk(email, " <>,;\"") || !at ||
        at == email || !at[1] || strchr(at + 1, '@'))
        return problem_invalid(problem, "email", "email: Give one address, as in ada@example.com");
    if (text_chars(email) > LIMIT_LOGIN_CHARS)
        return problem_invalid(problem, "email", "email: The address is longer than %d characters", LIMIT_LOGIN_CHARS);
    return 0;
}

/* `rid` is who may have the address already, 0 for nobody. */
static int check_input(struct tx *tx, const struct administrator_input *input, int64_t rid, struct problem *problem)
{
    struct administrator other = {0};
    int r = check_name(input->name, problem);
    if (r == 0)
        r = check_email(input->email, problem);
    if (r < 0)
        return r;
    assert(input->role > ROLE_NONE);
    r = administrator_by_email(tx, input->email, &other);
    if (r == 0 && other.rid != rid)
        return problem_invalid(problem, "email", "email: Another administrator has this address already");
    return r == ERR_NOT_FOUND ? 0 : r;
}

int administrator_create(struct tx *tx, const struct administrator_input *input, struct administrator *ret,
                         struct problem *problem)
{
    int64_t rid = 0;
    int r = check_input(tx, input, 0, problem);
    if (r == 0)
        r = tx_get_int(tx, &rid, &ADMINISTRATOR_INSERT, T(tx_id(tx, "00a")), T(input->name), T(input->email),
                       T(text_fold(tx_arena(tx), input->email)), T(role_name(input->role)), I(tx_now(tx)));
    if (r >= 0)
        r = administrator_by_rid(tx, rid, ret);
    return r < 0 ? r : administrator_event(tx, ret, "user.account.privilege.grant", NULL, NULL);
}

static int find(struct tx *tx, const char *id, struct administrator *ret, struct problem *problem)
{
    int r = administrator_by_id(tx, id, ret);
    return r == ERR_NOT_FOUND ? problem_not_found(problem, id, "Administrator") : r;
}

/* Somebody who can sign in has to have the role ADMIN: is it nobody but this one? */
static int check_last(struct tx *tx, const struct administrator *administrator, struct problem *problem)
{
    if (administrator->role != ROLE_ADMIN || !administrator->password_hash)
        return 0;
    int r = other_admin(tx, administrator->rid);
    return r == 0 ? problem_invalid(problem, "role",
                                    "role: This is the last administrator with the role ADMIN who can sign in; give "
                                    "the role to somebody else first")
                  : MIN_OF(r, 0);
}

int administrator_update(struct tx *tx, const char *id, const struct administrator_input *input,
                         struct administrator *ret, struct problem *problem)
{
    struct administrator before = {0};
    int r = find(tx, id, &before, problem);
    if (r == 0)
        r = check_input(tx, input, before.rid, problem);
    if (r == 0 && input->role != ROLE_ADMIN)
        r = check_last(tx, &before, problem);
    if (r == 0)
        r = tx_exec(tx, &ADMINISTRATOR_UPDATE, I(before.rid), T(input->name), T(input->email),
                    T(text_fold(tx_arena(tx), input->email)), T(role_name(input->role)), I(tx_now(tx)));
    if (r >= 0)
        r = administrator_by_rid(tx, before.rid, ret);
    if (r < 0 || input->role == before.role)
        return r;
    return administrator_event(tx, ret, "user.account.privilege.grant", NULL, role_name(input->role));
}

static int end_sessions(struct tx *tx, int64_t rid)
{
    int r = tx_exec(tx, &ADMINISTRATOR_SESSIONS_END, I(rid));
    return r < 0 ? r : tx_exec(tx, &ADMINISTRATOR_LINK_END, I(rid));
}

int administrator_delete(struct tx *tx, const char *id, struct problem *problem)
{
    struct administrator administrator = {0};
    int r = find(tx, id, &administrator, problem);
    if (r == 0)
        r = check_last(tx, &administrator, problem);
    if (r == 0)
        r = end_sessions(tx, administrator.rid);
    if (r >= 0)
        r = tx_exec(tx, &ADMINISTRATOR_DELETE, I(administrator.rid));
    return r < 0 ? r : administrator_event(tx, &administrator, "user.account.privilege.revoke", NULL, NULL);
}

int administrator_set_password(struct tx *tx, int64_t rid, const char *password_hash)
{
    struct administrator administrator = {0};
    int r = tx_exec(tx, &ADMINISTRATOR_PASSWORD, I(rid), T(password_hash), I(tx_now(tx)));
    if (r >= 0)
        r = end_sessions(tx, rid);
    if (r >= 0)
        r = administrator_by_rid(tx, rid, &administrator);
    return r < 0 ? r : administrator_event(tx, &administrator, "user.account.update_password", NULL, NULL);
}

int administrator_signed_in(struct tx *tx, int64_t rid)
{
    int r = tx_exec(tx, &ADMINISTRATOR_SIGNED_IN, I(rid), I(tx_now(tx)));
    return MIN_OF(r, 0);
}
