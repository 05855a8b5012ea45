/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of users and groups. A page is read with one row more than asked for: that row says that there is a next page.
 * A cursor is the rid of the last row and, when sorted, what it was sorted by: "17" or "17 svensson".
 */
#include "directory/rows.h"
#include "directory/search_private.h"

#include "base/limits.h"
#include "base/text.h"

#define SORT_CHARS "200" /* characters that a text is sorted by, unless an index does it: cursors go into headers */
#define STATEMENT_BYTES (256 * 1024)

SQL(MEMBERS_OF_GROUP, "SELECT " USER_COLUMNS " FROM memberships m JOIN users u ON u.rid = m.user_rid"
                      " WHERE m.group_rid = $1 AND m.user_rid > $2 AND u.deleted = 0 ORDER BY m.user_rid LIMIT $3");
SQL(MEMBERS_BEGINNING, "SELECT " USER_COLUMNS " FROM memberships m JOIN users u ON u.rid = m.user_rid"
                       " WHERE m.group_rid = $1 AND m.user_rid > $2 AND u.deleted = 0"
                       " AND ((u.first_key >= $4 AND u.first_key < $5) OR (u.last_key >= $4 AND u.last_key < $5)"
                       " OR (u.email_key >= $4 AND u.email_key < $5) OR (u.login_key >= $4 AND u.login_key < $5))"
                       " ORDER BY m.user_rid LIMIT $3");
SQL(GROUPS_OF_USER, "SELECT " GROUP_COLUMNS " FROM memberships m JOIN groups g ON g.rid = m.group_rid"
                    " WHERE m.user_rid = $1 AND m.group_rid > $2 AND g.deleted = 0 ORDER BY m.group_rid LIMIT $3");

struct listing {
    struct tx *tx;
    const struct list_request *request;
    const struct schema *schema;
    struct problem *problem;
    const char *alias; /* "u" or "g" */
    const char *sort;  /* SQL of what it is sorted by; NULL: the rid alone */
    bool sort_is_text; /* else a number */
    bool descending;
    struct buf sql;
    struct bind *binds;
    size_t bind_count;
};

static bool given(const char *text)
{
    return text && text[0];
}

static size_t add_bind(struct listing *l, struct bind bind)
{
    l->binds[l->bind_count++] = bind;
    return l->bind_count;
}

/* --- order ---------------------------------------------------------------------------------------------------------
 */

static int refuse_sort(struct listing *l, const char *text)
{
    (void)problem_set(l->problem, E0000031, "%s", "");
    return problem_cause(l->problem, "sortBy: %.100s %s", l->request->sort_by, text);
}

static int sort_by_profile(struct listing *l, const struct field *field)
{
    struct buf sql;
    buf_init(&sql, 1024);
    enum attribute_type type = field->attribute->type;
    int r = 0;
    if (type == ATTRIBUTE_STRING) {
        buf_str(&sql, "COALESCE(substr(lower(");
        dialect_json_text(tx_dialect(l->tx), &sql, field->column, field->attribute->name);
        buf_str(&sql, "), 1, " SORT_CHARS "), '')");
        l->sort_is_text = true;
    } else if (type == ATTRIBUTE_INTEGER) {
        buf_str(&sql, "COALESCE(");
        dialect_json_number(tx_dialect(l->tx), &sql, field->column, field->attribute->name);
        buf_str(&sql, ", 0)");
    } else {
        r = refuse_sort(l, "is neither a string nor an integer; sort by one that is");
    }
    l->sort = arena_strdup(tx_arena(l->tx), buf_text(&sql));
    buf_free(&sql);
    return r;
}

static int choose_sort(struct listing *l)
{
    struct field field;
    if (given(l->request->q) && strcmp(l->alias, "g") == 0) {
        l->sort = "g.name_key";
        l->sort_is_text = true;
    }
    if (!given(l->request->sort_by))
        return 0;
    l->descending = l->request->descending;
    if (search_field(tx_arena(l->tx), l->schema, l->request->sort_by, &field) < 0)
        return refuse_sort(l, "is not known (names are case-sensitive, those of the profile start with profile.)");
    if (field.kind == FIELD_PROFILE)
        return sort_by_profile(l, &field);
    l->sort = field.column;
    if (strcmp(field.column, "g.source_id") == 0)
        l->sort = "COALESCE(g.source_id, '')";
    else if (strcmp(field.column, "g.description_key") == 0)
        l->sort = "substr(g.description_key, 1, " SORT_CHARS ")";
    l->sort_is_text = field.kind == FIELD_EXACT || field.kind == FIELD_KEY;
    return 0;
}

/* --- pages ---------------------------------------------------------------------------------------------------------
 */

static int refuse_after(struct listing *l)
{
    return problem_invalid(l->problem, "after",
                           "after: Not a cursor of this list; take it from the Link header of the "
                           "page before, with the same sortBy");
}

static int parse_number(const char *text, char end, int64_t *ret, const char **ret_rest)
{
    char *rest = NULL;
    if (!(text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
        return ERR_SYNTAX;
    long long number = strtoll(text, &rest, 10);
    if (*rest != end)
        return ERR_SYNTAX;
    *ret = number;
    *ret_rest = rest;
    return 0;
}

static int add_after(struct listing *l)
{
    const char *after = l->request->after;
    const char *rest = NULL;
    int64_t rid = 0;
    int64_t number = 0;
    if (!given(after))
        return 0;
    if (parse_number(after, l->sort ? ' ' : '\0', &rid, &rest) < 0)
        return refuse_after(l);
    const char *op = l->descending ? "<" : ">";
    if (!l->sort) {
        buf_printf(&l->sql, " AND %s.rid > $%zu", l->alias, add_bind(l, I(rid)));
        return 0;
    }
    const char *value = arena_strdup(tx_arena(l->tx), rest + 1);
    if (!l->sort_is_text && parse_number(value, '\0', &number, &rest) < 0)
        return refuse_after(l);
    size_t first = add_bind(l, l->sort_is_text ? T(value) : I(number));
    buf_printf(&l->sql, " AND (%s, %s.rid) %s ($%zu, $%zu)", l->sort, l->alias, op, first, add_bind(l, I(rid)));
    return 0;
}

static const char *cursor_of(struct listing *l, const struct query *query, int sort_column)
{
    struct arena *arena = tx_arena(l->tx);
    int64_t rid = query_int(query, 0);
    if (!l->sort)
        return arena_printf(arena, "%lld", (long long)rid);
    if (!l->sort_is_text)
        return arena_printf(arena, "%lld %lld", (long long)rid, (long long)query_int(query, sort_column));
    return arena_printf(arena, "%lld %s", (long long)rid, query_text(query, sort_column));
}

/* --- conditions ----------------------------------------------------------------------------------------------------
 */

static int count_given(const struct list_request *request)
{
    return given(request->q) + given(request->filter) + given(request->search);
}

static void add_prefix(struct listing *l, const char *column, const char *from, const char *end)
{
    size_t first = add_bind(l, T(from));
    buf_printf(&l->sql, "(%s >= $%zu AND %s < $%zu)", column, first, column, add_bind(l, T(end)));
}

static void add_q(struct listing *l)
{
    struct arena *arena = tx_arena(l->tx);
    const char *from = text_fold(arena, l->request->q);
    const char *end = text_prefix_end(arena, from);
    if (!end)
        return; /* folded to nothing */
    buf_str(&l->sql, " AND (");
    if (strcmp(l->alias, "g") == 0) {
        add_prefix(l, "g.name_key", from, end);
    } else {
        add_prefix(l, "u.first_key", from, end);
        buf_str(&l->sql, " OR ");
        add_prefix(l, "u.last_key", from, end);
        buf_str(&l->sql, " OR ");
        add_prefix(l, "u.email_key", from, end);
    }
    buf_char(&l->sql, ')');
}

static int add_conditions(struct listing *l)
{
    const struct list_request *request = l->request;
    struct search_sql compiled = {.where = NULL};
    bool filter = given(request->filter);
    if (filter || given(request->search)) {
        int r = search_compile(tx_arena(l->tx), tx_dialect(l->tx), l->schema,
                               filter ? request->filter : request->search, filter, &compiled, l->problem);
        if (r < 0)
            return r;
    }
    /* Those of the condition come first: they are numbered from $1. Then q (6), the cursor (2) and the limit. */
    l->binds = arena_array(tx_arena(l->tx), compiled.bind_count + 9, sizeof(*l->binds));
    if (compiled.bind_count)
        memcpy(l->binds, compiled.binds, compiled.bind_count * sizeof(*l->binds));
    l->bind_count = compiled.bind_count;
    buf_printf(&l->sql, " WHERE %s.deleted = 0", l->alias);
    if (compiled.where)
        buf_printf(&l->sql, " AND %s", compiled.where);
    else if (strcmp(l->alias, "u") == 0)
        buf_printf(&l->sql, " AND u.status <> %d", USER_DEPROVISIONED);
    if (given(request->q))
        add_q(l);
    return 0;
}

static int build(struct listing *l, const char *columns, const char *table)
{
    if (count_given(l->request) > 1)
        return problem_set(l->problem, E0000033, "%s", "");
    int r = choose_sort(l);
    if (r < 0)
        return r;
    buf_printf(&l->sql, "SELECT %s", columns);
    if (l->sort)
        buf_printf(&l->sql, ", %s", l->sort);
    buf_printf(&l->sql, " FROM %s %s", table, l->alias);
    r = add_conditions(l);
    if (r == 0)
        r = add_after(l);
    if (r < 0)
        return r;
    const char *direction = l->descending ? " DESC" : "";
    buf_str(&l->sql, " ORDER BY ");
    if (l->sort)
        buf_printf(&l->sql, "%s%s, %s.rid%s", l->sort, direction, l->alias, direction);
    else
        buf_printf(&l->sql, "%s.rid", l->alias);
    buf_printf(&l->sql, " LIMIT $%zu", add_bind(l, I((int64_t)l->request->limit + 1)));
    return l->sql.overflowed ? ERR_TOO_LARGE : 0;
}

struct visitor { /* what to do with a row */
    int (*user)(const struct user *user, void *data);
    int (*group)(const struct group *group, void *data);
    void *data;
};

static int visit(const struct visitor *visitor, const struct query *query)
{
    struct user user;
    struct group group;
    if (visitor->user) {
        user_from_row(query, &user);
        return visitor->user(&user, visitor->data);
    }
    group_from_row(query, &group);
    return visitor->group(&group, visitor->data);
}

static int run(struct listing *l, const struct visitor *visitor, const char **ret_next)
{
    int sort_column = visitor->user ? USER_COLUMN_COUNT : GROUP_COLUMN_COUNT;
    struct query query;
    const char *cursor = NULL;
    int count = 0;
    int r = tx_query_text(l->tx, &query, buf_text(&l->sql), l->binds, l->bind_count);
    while (r >= 0 && (r = query_next(&query)) > 0 && count < l->request->limit) {
        count++;
        if (count == l->request->limit && !given(l->request->q))
            cursor = cursor_of(l, &query, sort_column);
        r = visit(visitor, &query);
    }
    bool more = r > 0;
    query_close(&query);
    if (r < 0)
        return r;
    *ret_next = more ? cursor : NULL;
    return 0;
}

static int list(struct tx *tx, const struct list_request *request, enum schema_kind kind, const struct visitor *visitor,
                const char **ret_next, struct problem *problem)
{
    bool users = kind == SCHEMA_USER;
    *problem = (struct problem){0};
    assert(request->limit >= 1);
    struct listing l = {.tx = tx, .request = request, .problem = problem, .alias = users ? "u" : "g"};
    buf_init(&l.sql, STATEMENT_BYTES);
    int r = schema_load(tx, kind, &l.schema);
    if (r >= 0)
        r = build(&l, users ? USER_COLUMNS : GROUP_COLUMNS, users ? "users" : "groups");
    if (r >= 0)
        r = run(&l, visitor, ret_next);
    buf_free(&l.sql);
    return r;
}

int user_list(struct tx *tx, const struct list_request *request, int (*each)(const struct user *user, void *data),
              void *data, const char **ret_next, struct problem *problem)
{
    const struct visitor visitor = {.user = each, .data = data};
    return list(tx, request, SCHEMA_USER, &visitor, ret_next, problem);
}

int group_list(struct tx *tx, const struct list_request *request, int (*each)(const struct group *group, void *data),
               void *data, const char **ret_next, struct problem *problem)
{
    const struct visitor visitor = {.group = each, .data = data};
    return list(tx, request, SCHEMA_GROUP, &visitor, ret_next, problem);
}

/* --- members -------------------------------------------------------------------------------------------------------
 */

static int list_memberships(struct query *query, int r, int limit, const struct visitor *visitor, int64_t *ret_next)
{
    int64_t last = 0;
    int count = 0;
    while (r >= 0 && (r = query_next(query)) > 0 && count < limit) {
        count++;
        last = query_int(query, 0);
        r = visit(visitor, query);
    }
    bool more = r > 0;
    query_close(query);
    if (r < 0)
        return r;
    *ret_next = more ? last : 0;
    return 0;
}

int group_member_list(struct tx *tx, int64_t group_rid, const char *q, int64_t after, int limit,
                      int (*each)(const struct user *user, void *data), void *data, int64_t *ret_next)
{
    const struct visitor visitor = {.user = each, .data = data};
    const char *from = given(q) ? text_fold(tx_arena(tx), q) : "";
    const char *end = text_prefix_end(tx_arena(tx), from);
    struct query query;
    int r =
        end ? tx_query(tx, &query, &MEMBERS_BEGINNING, I(group_rid), I(after), I((int64_t)limit + 1), T(from), T(end))
            : tx_query(tx, &query, &MEMBERS_OF_GROUP, I(group_rid), I(after), I((int64_t)limit + 1));
    return list_memberships(&query, r, limit, &visitor, ret_next);
}

int user_group_list(struct tx *tx, int64_t user_rid, int64_t after, int limit,
                    int (*each)(const struct group *group, void *data), void *data, int64_t *ret_next)
{
    const struct visitor visitor = {.group = each, .data = data};
    struct query query;
    int r = tx_query(tx, &query, &GROUPS_OF_USER, I(user_rid), I(after), I((int64_t)limit + 1));
    return list_memberships(&query, r, limit, &visitor, ret_next);
}
