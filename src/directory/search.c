/* SPDX-License-Identifier: Apache-2.0 */
/* From the published search and filter grammars to SQL. No value ever becomes part of the text. */
#include "directory/search.h"

#include "directory/rows.h"
#include "directory/search_private.h"

#include "base/clock.h"
#include "base/filter.h"
#include "base/limits.h"
#include "base/text.h"

#define BINDS_PER_TERM 2

static const struct field user_fields[] = {
    {.name = "id", .kind = FIELD_EXACT, .column = "u.id", .in_filter = true},
    {.name = "status", .kind = FIELD_STATUS, .column = "u.status", .in_filter = true},
    {.name = "created", .kind = FIELD_TIME, .column = "u.created"},
    {.name = "activated", .kind = FIELD_TIME, .column = "u.activated"},
    {.name = "statusChanged", .kind = FIELD_TIME, .column = "u.status_changed"},
    {.name = "lastLogin", .kind = FIELD_TIME, .column = "u.last_login"},
    {.name = "lastUpdated", .kind = FIELD_TIME, .column = "u.last_updated", .in_filter = true},
    {.name = "passwordChanged", .kind = FIELD_TIME, .column = "u.password_changed"},
    {.name = "profile.login", .kind = FIELD_KEY, .column = "u.login_key", .in_filter = true, .contains = true},
    {.name = "profile.email", .kind = FIELD_KEY, .column = "u.email_key", .in_filter = true, .contains = true},
    {.name = "profile.firstName", .kind = FIELD_KEY, .column = "u.first_key", .in_filter = true, .contains = true},
    {.name = "profile.lastName", .kind = FIELD_KEY, .column = "u.last_key", .in_filter = true, .contains = true},
};

static const struct field group_fields[] = {
    {.name = "id", .kind = FIELD_EXACT, .column = "g.id", .in_filter = true},
    {.name = "type", .kind = FIELD_GROUP_TYPE, .column = "g.type", .in_filter = true},
    {.name = "created", .kind = FIELD_TIME, .column = "g.created"},
    {.name = "lastUpdated", .kind = FIELD_TIME, .column = "g.last_updated", .in_filter = true},
    {.name = "lastMembershipUpdated", .kind = FIELD_TIME, .column = "g.last_membership_updated", .in_filter = true},
    {.name = "source.id", .kind = FIELD_EXACT, .column = "g.source_id"},
    {.name = "profile.name", .kind = FIELD_KEY, .column = "g.name_key", .contains = true},
    {.name = "profile.description", .kind = FIELD_KEY, .column = "g.description_key", .contains = true},
};

struct compiler {
    struct arena *arena;
    enum store_dialect dialect;
    const struct schema *schema;
    struct problem *problem;
    bool filter; /* filter=, not search= */
    struct buf sql;
    struct bind binds[LIMIT_FILTER_TERMS * BINDS_PER_TERM];
    size_t bind_count;
};

int search_field(struct arena *arena, const struct schema *schema, const char *name, struct field *ret)
{
    bool users = schema->kind == SCHEMA_USER;
    const struct field *fields = users ? user_fields : group_fields;
    size_t count = users ? ARRAY_LEN(user_fields) : ARRAY_LEN(group_fields);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            *ret = fields[i];
            return 0;
        }
    }
    if (strncmp(name, "profile.", 8) != 0)
        return ERR_NOT_FOUND;
    const struct attribute *attribute = schema_attribute(schema, name + 8);
    if (!attribute)
        return ERR_NOT_FOUND;
    *ret = (struct field){.name = arena_strdup(arena, name),
                          .kind = FIELD_PROFILE,
                          .column = users ? "u.profile" : "g.profile",
                          .attribute = attribute};
    return 0;
}

/* --- refusals ------------------------------------------------------------------------------------------------------
 */

static int refuse(struct compiler *c, const char *format, ...) PRINTF_LIKE(2, 3);
static int refuse(struct compiler *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(c->arena, format, args);
    va_end(args);
    (void)problem_set(c->problem, E0000031, "%s", "");
    return problem_cause(c->problem, "%s: %s", c->filter ? "filter" : "search", text);
}

static const char *op_name(enum filter_op op)
{
    static const char *const names[] = {
        [FILTER_EQ] = "eq", [FILTER_NE] = "ne", [FILTER_CO] = "co", [FILTER_SW] = "sw", [FILTER_EW] = "ew",
        [FILTER_GT] = "gt", [FILTER_GE] = "ge", [FILTER_LT] = "lt", [FILTER_LE] = "le", [FILTER_PR] = "pr",
    };
    return names[op];
}

static int refuse_op(struct compiler *c, const struct filter *term, const char *allowed)
{
    return refuse(c, "The operator %s is not supported for %.100s; use %s", op_name(term->op), term->attribute,
                  allowed);
}

static int refuse_value(struct compiler *c, const struct filter *term, const char *wanted)
{
    return refuse(c, "The value for %.100s must be %s", term->attribute, wanted);
}

/* --- pieces of SQL -------------------------------------------------------------------------------------------------
 */

static const char *sql_op(enum filter_op op)
{
    switch (op) {
    case FILTER_GT:
        return ">";
    case FILTER_GE:
        return ">=";
    case FILTER_LT:
        return "<";
    case FILTER_LE:
        return "<=";
    case FILTER_AND:
    case FILTER_OR:
    case FILTER_NOT:
    case FILTER_VALUE:
    case FILTER_EQ:
    case FILTER_NE:
    case FILTER_CO:
    case FILTER_SW:
    case FILTER_EW:
    case FILTER_PR:
    default:
        return "=";
    }
}

static bool is_order(enum filter_op op)
{
    return op == FILTER_EQ || op == FILTER_GT || op == FILTER_GE || op == FILTER_LT || op == FILTER_LE;
}

static size_t add_bind(struct compiler *c, struct bind bind)
{
    assert(c->bind_count < ARRAY_LEN(c->binds)); /* the parser counts the terms */
    c->binds[c->bind_count++] = bind;
    return c->bind_count;
}

/* A LIKE pattern for `text` with % where asked; ! escapes. */
static const char *like_pattern(struct arena *arena, const char *text, bool anywhere)
{
    char *pattern = arena_alloc(arena, strlen(text) * 2 + 3);
    char *p = pattern;
    if (anywhere)
        *p++ = '%';
    for (; *text; text++) {
        if (*text == '%' || *text == '_' || *text == '!')
            *p++ = '!';
        *p++ = *text;
    }
    *p++ = '%';
    return pattern;
}

/* A folded column: ranges that an index can answer. */
static void compare_key(struct compiler *c, const struct field *field, const struct filter *term)
{
    const char *value = text_fold(c->arena, term->text);
    const char *end = text_prefix_end(c->arena, value);
    if (term->op == FILTER_CO) {
        buf_printf(&c->sql, "%s LIKE $%zu ESCAPE '!'", field->column,
                   add_bind(c, T(like_pattern(c->arena, value, true))));
    } else if (term->op != FILTER_SW) {
        buf_printf(&c->sql, "%s %s $%zu", field->column, sql_op(term->op), add_bind(c, T(value)));
    } else if (!end) {
        buf_str(&c->sql, "1 = 1"); /* everything starts with nothing */
    } else {
        size_t from = add_bind(c, T(value));
        buf_printf(&c->sql, "%s >= $%zu AND %s < $%zu", field->column, from, field->column, add_bind(c, T(end)));
    }
}

/* What lower() makes of it in both engines, whose columns are compared by bytes: ASCII letters only. */
static const char *lower_text(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return copy;
}

/* `expression` is SQL for a text. */
static void compare_text(struct compiler *c, const char *expression, const struct filter *term)
{
    const char *value = lower_text(c->arena, term->text);
    if (term->op == FILTER_SW)
        buf_printf(&c->sql, "lower(%s) LIKE $%zu ESCAPE '!'", expression,
                   add_bind(c, T(like_pattern(c->arena, value, false))));
    else
        buf_printf(&c->sql, "lower(%s) %s $%zu", expression, sql_op(term->op), add_bind(c, T(value)));
}

static const char *profile_sql(struct compiler *c, const struct field *field,
                               void (*write)(enum store_dialect, struct buf *, const char *, const char *))
{
    struct buf sql;
    buf_init(&sql, 1024);
    write(c->dialect, &sql, field->column, field->attribute->name);
    const char *text = arena_strdup(c->arena, buf_text(&sql));
    buf_free(&sql);
    return text;
}

/* --- one comparison ------------------------------------------------------------------------------------------------
 */

static int compile_exact(struct compiler *c, const struct field *field, const struct filter *term)
{
    if (term->op == FILTER_PR) {
        buf_printf(&c->sql, "%s IS NOT NULL", field->column);
        return 0;
    }
    if (term->op != FILTER_EQ)
        return refuse_op(c, term, "eq");
    if (term->type != FILTER_STRING)
        return refuse_value(c, term, "a text in double quotes");
    buf_printf(&c->sql, "%s = $%zu", field->column, add_bind(c, T(term->text)));
    return 0;
}

static int status_number(const char *name, int *ret)
{
    enum user_status status = USER_STAGED;
    int r = user_status_parse(name, &status);
    if (r == 0)
        *ret = (int)status;
    return r;
}

static int group_type_number(const char *name, int *ret)
{
    for (int i = GROUP_OKTA; i <= GROUP_BUILT_IN; i++) {
        if (strcmp(group_type_name((enum group_type)i), name) == 0) {
            *ret = i;
            return 0;
        }
    }
    return ERR_SYNTAX;
}

static int compile_enum(struct compiler *c, const struct field *field, const struct filter *term)
{
    bool status = field->kind == FIELD_STATUS;
    int number = 0;
    if (term->op == FILTER_PR) {
        buf_str(&c->sql, "1 = 1");
        return 0;
    }
    if (term->op != FILTER_EQ)
        return refuse_op(c, term, "eq");
    if (term->type != FILTER_STRING ||
        (status ? status_number(term->text, &number) : group_type_number(term->text, &number)) < 0)
        return refuse_value(c, term,
                            status ? "one of \"STAGED\", \"PROVISIONED\", \"ACTIVE\", \"RECOVERY\", "
                                     "\"PASSWORD_EXPIRED\", \"LOCKED_OUT\", \"SUSPENDED\", \"DEPROVISIONED\""
                                   : "one of \"OKTA_GROUP\", \"APP_GROUP\", \"BUILT_IN\"");
    buf_printf(&c->sql, "%s = $%zu", field->column, add_bind(c, I(number)));
    return 0;
}

static int compile_time(struct compiler *c, const struct field *field, const struct filter *term)
{
    int64_t ms = 0;
    if (term->op == FILTER_PR) {
        buf_printf(&c->sql, "%s > 0", field->column);
        return 0;
    }
    if (!is_order(term->op))
        return refuse_op(c, term, "eq, gt, ge, lt or le");
    if (term->type != FILTER_STRING || clock_parse(term->text, &ms) < 0)
        return refuse_value(c, term, "a date in double quotes like \"2026-03-25T06:09:44.000Z\"");
    buf_printf(&c->sql, "%s > 0 AND %s %s $%zu", field->column, field->column, sql_op(term->op), add_bind(c, I(ms)));
    return 0;
}

static int compile_key(struct compiler *c, const struct field *field, const struct filter *term)
{
    if (term->op == FILTER_PR) {
        buf_printf(&c->sql, "%s <> ''", field->column);
        return 0;
    }
    if (!is_order(term->op) && term->op != FILTER_SW && !(term->op == FILTER_CO && field->contains))
        return refuse_op(c, term, "eq, sw, co, gt, ge, lt, le or pr");
    if (term->type != FILTER_STRING)
        return refuse_value(c, term, "a text in double quotes");
    compare_key(c, field, term);
    return 0;
}

static int compile_array(struct compiler *c, const struct field *field, const struct filter *term)
{
    bool text = field->attribute->item_type == ATTRIBUTE_STRING;
    buf_printf(&c->sql, "EXISTS (SELECT 1 %s", profile_sql(c, field, text ? dialect_json_texts : dialect_json_numbers));
    if (term->op == FILTER_PR) {
        buf_str(&c->sql, ")");
        return 0;
    }
    if (term->op != FILTER_EQ && !(text && term->op == FILTER_SW))
        return refuse_op(c, term, text ? "eq, sw or pr" : "eq or pr");
    if (term->type != (text ? FILTER_STRING : FILTER_NUMBER))
        return refuse_value(c, term, text ? "a text in double quotes" : "a number");
    buf_str(&c->sql, " WHERE ");
    if (text)
        compare_text(c, "item.value", term);
    else
        buf_printf(&c->sql, "item.value = CAST($%zu AS DOUBLE PRECISION)", add_bind(c, T(term->text)));
    buf_str(&c->sql, ")");
    return 0;
}

static int compile_number(struct compiler *c, const struct field *field, const struct filter *term)
{
    if (!is_order(term->op))
        return refuse_op(c, term, "eq, gt, ge, lt, le or pr");
    if (term->type != FILTER_NUMBER)
        return refuse_value(c, term, "a number");
    buf_printf(&c->sql, "%s %s CAST($%zu AS DOUBLE PRECISION)", profile_sql(c, field, dialect_json_number),
               sql_op(term->op), add_bind(c, T(term->text)));
    return 0;
}

static int compile_profile(struct compiler *c, const struct field *field, const struct filter *term)
{
    enum attribute_type type = field->attribute->type;
    if (type == ATTRIBUTE_ARRAY)
        return compile_array(c, field, term);
    if (term->op == FILTER_PR) {
        const char *text = profile_sql(c, field, dialect_json_text);
        buf_printf(&c->sql, type == ATTRIBUTE_STRING ? "COALESCE(%s, '') <> ''" : "%s IS NOT NULL", text);
        return 0;
    }
    if (type == ATTRIBUTE_NUMBER || type == ATTRIBUTE_INTEGER)
        return compile_number(c, field, term);
    if (type == ATTRIBUTE_BOOLEAN) {
        if (term->op != FILTER_EQ)
            return refuse_op(c, term, "eq or pr");
        if (term->type != FILTER_BOOL)
            return refuse_value(c, term, "true or false");
        buf_printf(&c->sql, "%s = $%zu", profile_sql(c, field, dialect_json_bool), add_bind(c, I(term->boolean)));
        return 0;
    }
    if (!is_order(term->op) && term->op != FILTER_SW)
        return refuse_op(c, term, "eq, sw, gt, ge, lt, le or pr");
    if (term->type != FILTER_STRING)
        return refuse_value(c, term, "a text in double quotes");
    compare_text(c, profile_sql(c, field, dialect_json_text), term);
    return 0;
}

static int compile_term(struct compiler *c, const struct filter *term)
{
    struct field field;
    if (term->urn || search_field(c->arena, c->schema, term->attribute, &field) < 0)
        return refuse(c,
                      "The attribute %.100s is not known (names are case-sensitive, those of the profile start with "
                      "profile.)",
                      term->attribute);
    if (term->op == FILTER_NE || term->op == FILTER_EW)
        return refuse_op(c, term, "eq, sw, co, gt, ge, lt, le or pr");
    if (c->filter && !field.in_filter)
        return refuse(c, "The attribute %.100s cannot be used in filter; use search", term->attribute);
    if (c->filter && term->op != FILTER_EQ && !(field.kind == FIELD_TIME && is_order(term->op)))
        return refuse_op(c, term, field.kind == FIELD_TIME ? "eq, gt, ge, lt or le" : "eq, or use search");
    switch (field.kind) {
    case FIELD_EXACT:
        return compile_exact(c, &field, term);
    case FIELD_STATUS:
    case FIELD_GROUP_TYPE:
        return compile_enum(c, &field, term);
    case FIELD_TIME:
        return compile_time(c, &field, term);
    case FIELD_KEY:
        return compile_key(c, &field, term);
    case FIELD_PROFILE:
    default:
        return compile_profile(c, &field, term);
    }
}

static bool is_junction(const struct filter *tree)
{
    return tree->op == FILTER_AND || tree->op == FILTER_OR;
}

static int height(const struct filter *tree)
{
    if (!is_junction(tree))
        return 1;
    int left = height(tree->left);
    int right = height(tree->right);
    return 1 + MAX_OF(left, right);
}

/*
 * The tree is at most terms + brackets deep (base/filter.h). SQLite's parser has a stack of 100 entries: chains of one
 * operator get no brackets, and of two sides the deeper comes first, so that a level of brackets costs one entry.
 */
static int compile_tree(struct compiler *c, const struct filter *tree, enum filter_op around)
{
    if (tree->op == FILTER_NOT)
        return refuse(c, "not is not supported; say what should match instead");
    if (tree->op == FILTER_VALUE)
        return refuse(c, "Brackets after an attribute are not supported");
    bool brackets = !is_junction(tree) || tree->op != around;
    int r = 0;
    if (brackets)
        buf_char(&c->sql, '(');
    if (is_junction(tree)) {
        bool turn = height(tree->right) > height(tree->left);
        r = compile_tree(c, turn ? tree->right : tree->left, tree->op);
        buf_str(&c->sql, tree->op == FILTER_AND ? " AND " : " OR ");
        if (r == 0)
            r = compile_tree(c, turn ? tree->left : tree->right, tree->op);
    } else {
        r = compile_term(c, tree);
    }
    if (brackets)
        buf_char(&c->sql, ')');
    return r;
}

int search_compile(struct arena *arena, enum store_dialect dialect, const struct schema *schema, const char *text,
                   bool filter, struct search_sql *ret, struct problem *problem)
{
    *problem = (struct problem){0};
    struct compiler *c = arena_alloc(arena, sizeof(*c));
    *c = (struct compiler){.arena = arena, .dialect = dialect, .schema = schema, .problem = problem, .filter = filter};
    struct filter_error error;
    const struct filter *tree = NULL;
    if (filter_parse(arena, text, FILTER_API, &tree, &error) < 0)
        return refuse(c, "At character %zu: %s", error.offset + 1, error.text);
    buf_init(&c->sql, (size_t)LIMIT_FILTER_TERMS * 512);
    int r = compile_tree(c, tree, FILTER_NOT);
    if (r == 0 && c->sql.overflowed)
        r = refuse(c, "The condition is too long; use fewer comparisons");
    if (r == 0)
        *ret = (struct search_sql){
            .where = arena_strdup(arena, buf_text(&c->sql)), .binds = c->binds, .bind_count = c->bind_count};
    buf_free(&c->sql);
    return r;
}
