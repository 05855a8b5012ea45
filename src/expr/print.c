/* SPDX-License-Identifier: Apache-2.0 */
/* From tree to text, comparison of trees, and what a tree reads. */
#include "expr/inner.h"

/* The table of operators that have two operands, by node kind: how they are written and how tightly they bind. */
static const struct {
    const char *sign;
    int level;
} binary[] = {
    [NODE_ELVIS] = {"?:", 1},         [NODE_OR] = {"OR", 2},         [NODE_AND] = {"AND", 3},
    [NODE_LESS] = {"<", 4},           [NODE_LESS_EQUAL] = {"<=", 4}, [NODE_GREATER] = {">", 4},
    [NODE_GREATER_EQUAL] = {">=", 4}, [NODE_EQUAL] = {"==", 4},      [NODE_NOT_EQUAL] = {"!=", 4},
    [NODE_MATCHES] = {"matches", 4},  [NODE_ADD] = {"+", 5},         [NODE_SUBTRACT] = {"-", 5},
    [NODE_MULTIPLY] = {"*", 6},       [NODE_DIVIDE] = {"/", 6},      [NODE_REMAINDER] = {"%", 6},
};

#define LEVEL_TERNARY 1
#define LEVEL_COMPARE 4
#define LEVEL_UNARY 7
#define LEVEL_VALUE 8

static int level_of(const struct expr *expr)
{
    if (expr->kind == NODE_TERNARY)
        return LEVEL_TERNARY;
    if (expr->kind == NODE_NOT || expr->kind == NODE_MINUS)
        return LEVEL_UNARY;
    return expr->kind >= NODE_MULTIPLY ? binary[expr->kind].level : LEVEL_VALUE;
}

static void print_text(const char *text, struct buf *out)
{
    buf_char(out, '"');
    for (const char *p = text; *p; p++) {
        buf_char(out, *p);
        if (*p == '"')
            buf_char(out, '"');
    }
    buf_char(out, '"');
}

/* 17 digits bring back the same number; a point or exponent says that it is no whole number. */
static void print_number(double number, struct buf *out)
{
    char text[40];
    (void)snprintf(text, sizeof(text), "%.17g", number);
    buf_printf(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void print(const struct expr *expr, int level, struct buf *out);

static void print_list(const struct expr *expr, struct buf *out)
{
    for (size_t i = 0; i < expr->count; i++) {
        if (i)
            buf_str(out, ", ");
        print(expr->children[i], 0, out);
    }
}

static void print_operator(const struct expr *expr, struct buf *out)
{
    int level = level_of(expr);
    bool right = level == LEVEL_TERNARY; /* groups from the right */
    bool alone = level == LEVEL_COMPARE; /* does not group at all */
    print(expr->children[0], right || alone ? level + 1 : level, out);
    if (expr->kind == NODE_TERNARY) {
        buf_str(out, " ? ");
        print(expr->children[1], level, out);
        buf_str(out, " : ");
        print(expr->children[2], level, out);
        return;
    }
    buf_printf(out, " %s ", binary[expr->kind].sign);
    print(expr->children[1], right ? level : level + 1, out);
}

static void print_bare(const struct expr *expr, struct buf *out)
{
    switch (expr->kind) {
    case NODE_NULL:
        buf_str(out, "null");
        break;
    case NODE_BOOLEAN:
        buf_str(out, expr->integer ? "true" : "false");
        break;
    case NODE_INTEGER:
        buf_printf(out, "%lld", (long long)expr->integer);
        break;
    case NODE_NUMBER:
        print_number(expr->number, out);
        break;
    case NODE_TEXT:
        print_text(expr->text, out);
        break;
    case NODE_ATTRIBUTE:
        buf_printf(out, "%s.%s", expr->object, expr->text);
        break;
    case NODE_ARRAY:
        buf_char(out, '{');
        print_list(expr, out);
        buf_char(out, '}');
        break;
    case NODE_CALL:
        buf_printf(out, "%s(", expr->function->name);
        print_list(expr, out);
        buf_char(out, ')');
        break;
    case NODE_NOT:
    case NODE_MINUS:
        buf_char(out, expr->kind == NODE_NOT ? '!' : '-');
        print(expr->children[0], LEVEL_UNARY, out);
        break;
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_REMAINDER:
    case NODE_ADD:
    case NODE_SUBTRACT:
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL:
    case NODE_EQUAL:
    case NODE_NOT_EQUAL:
    case NODE_MATCHES:
    case NODE_AND:
    case NODE_OR:
    case NODE_ELVIS:
    case NODE_TERNARY:
        print_operator(expr, out);
        break;
    }
}

/* In parentheses unless it binds at least as tightly as `level`. */
static void print(const struct expr *expr, int level, struct buf *out)
{
    bool open = level_of(expr) < level;
    if (open)
        buf_char(out, '(');
    print_bare(expr, out);
    if (open)
        buf_char(out, ')');
}

void expr_print(const struct expr *expr, struct buf *out)
{
    print(expr, 0, out);
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
    if (a->kind != b->kind || a->count != b->count || a->integer != b->integer || a->function != b->function ||
        a->number != b->number)
        return false;
    if ((a->text || b->text) && !str_eq(a->text, b->text))
        return false;
    if ((a->object || b->object) && !str_eq(a->object, b->object))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!expr_equal(a->children[i], b->children[i]))
            return false;
    return true;
}

/* --- what it reads -------------------------------------------------------------------------------------------------
 */

/* Lists have room for a name from every node. */
static void add_name(const char **names, size_t *io_count, const char *name)
{
    for (size_t i = 0; i < *io_count; i++)
        if (strcmp(names[i], name) == 0)
            return;
    names[(*io_count)++] = name;
}

static void read_call(const struct expr *expr, struct expr_reads *ret)
{
    const struct function *function = expr->function;
    ret->now |= function->call == time_now;
    if (function->call == user_property)
        add_name(ret->properties, &ret->property_count, expr->children[0]->text);
    if (function->family != EXPR_GROUPS)
        return;
    bool by_id = function->call == group_by_id_function || function->call == group_any_function;
    for (size_t i = 0; i < expr->count; i++) {
        if (by_id && expr->children[i]->kind == NODE_TEXT)
            add_name(ret->group_ids, &ret->group_id_count, expr->children[i]->text);
        else
            ret->group_names = true;
    }
}

static void read_node(struct arena *arena, const struct expr *expr, struct expr_reads *ret)
{
    if (expr->kind == NODE_ATTRIBUTE)
        add_name(ret->attributes, &ret->attribute_count, arena_printf(arena, "%s.%s", expr->object, expr->text));
    else if (expr->kind == NODE_CALL)
        read_call(expr, ret);
    for (size_t i = 0; i < expr->count; i++)
        read_node(arena, expr->children[i], ret);
}

void expr_reads(struct arena *arena, const struct expr *expr, struct expr_reads *ret)
{
    *ret = (struct expr_reads){.attributes = arena_array(arena, EXPR_NODES, sizeof(char *)),
                               .properties = arena_array(arena, EXPR_NODES, sizeof(char *)),
                               .group_ids = arena_array(arena, EXPR_NODES, sizeof(char *))};
    read_node(arena, expr, ret);
}
