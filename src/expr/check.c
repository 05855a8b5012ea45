/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types. What is certain to be wrong is refused when an expression is saved, with the place and the remedy. null goes
 * with every type; what is known only when it is evaluated (EXPR_ANY, from Arrays.get) is let through.
 */
#include "expr/inner.h"

struct check {
    struct arena *arena;
    const struct expr_scope *scope;
    struct expr_error *error;
};

/* "text": as in error texts. */
static const char *expr_type_name(enum expr_type type)
{
    switch (type) {
    case EXPR_NULL:
        return "null";
    case EXPR_BOOLEAN:
        return "true or false";
    case EXPR_INTEGER:
        return "a whole number";
    case EXPR_NUMBER:
        return "a number";
    case EXPR_STRING:
        return "a text";
    case EXPR_ARRAY:
        return "an array";
    case EXPR_ANY:
    default:
        return "a value";
    }
}

static bool is_number(enum expr_type type)
{
    return type == EXPR_INTEGER || type == EXPR_NUMBER;
}

static bool fits(enum expr_type type, enum expr_type wanted)
{
    return type == wanted || type == EXPR_ANY || type == EXPR_NULL || wanted == EXPR_ANY ||
           (wanted == EXPR_NUMBER && type == EXPR_INTEGER);
}

/* The type of either of two values. */
static enum expr_type common(enum expr_type a, enum expr_type b)
{
    if (a == b || b == EXPR_NULL)
        return a;
    if (a == EXPR_NULL)
        return b;
    return is_number(a) && is_number(b) ? EXPR_NUMBER : EXPR_ANY;
}

/* How to say the same with the other type, for a comparison. */
static const char *remedy(const struct expr *a, const struct expr *b)
{
    if (a->type == EXPR_STRING && is_number(b->type))
        return "; write the number in quotes";
    if (is_number(a->type) && b->type == EXPR_STRING)
        return "; write the number without quotes";
    if (a->type == EXPR_STRING && b->type == EXPR_BOOLEAN)
        return "; write the word in quotes";
    if (a->type == EXPR_BOOLEAN && b->type == EXPR_STRING)
        return "; write true or false without quotes";
    if (a->type == EXPR_ARRAY)
        return "; use Arrays.contains";
    return "";
}

/* --- patterns ------------------------------------------------------------------------------------------------------
 */

static void *pattern_alloc(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void pattern_free(void *pointer, void *arena)
{
    (void)pointer; /* goes with the arena */
    (void)arena;
}

/* Not base/pattern.h: the whole text must match, letter case counts, and the code lives in the arena of its tree. */
static int compile_pattern(struct check *c, const struct expr *text, struct expr *owner)
{
    if (text->kind != NODE_TEXT)
        return expr_fail(c->error, text->position, "a pattern must be written out as a text in quotes");
    if (strlen(text->text) > EXPR_PATTERN_BYTES)
        return expr_fail(c->error, text->position, "the pattern is longer than %d bytes; shorten it",
                         EXPR_PATTERN_BYTES);
    pcre2_general_context *general = pcre2_general_context_create(pattern_alloc, pattern_free, c->arena);
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    (void)pcre2_set_parens_nest_limit(context, EXPR_PATTERN_NESTING);
    int number = 0;
    PCRE2_SIZE offset = 0;
    owner->pattern = pcre2_compile((PCRE2_SPTR)text->text, PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C, &number,
                                   &offset, context);
    if (owner->pattern)
        return 0;
    char why[120] = "";
    (void)pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof(why));
    return expr_fail(c->error, text->position, "the pattern is wrong after %zu bytes: %s", (size_t)offset, why);
}

/* --- nodes ---------------------------------------------------------------------------------------------------------
 */

static int check_attribute(struct check *c, struct expr *node)
{
    enum expr_type type = EXPR_NULL;
    enum expr_type items = EXPR_ANY;
    if (c->scope->attribute(c->scope->data, node->object, node->text, &type, &items)) {
        node->type = type;
        node->items = items;
        return 0;
    }
    if (type == EXPR_NULL)
        return expr_fail(c->error, node->position,
                         "there is no %.60s in %s; attributes of people are written as user.%.60s", node->object,
                         c->scope->place, node->text);
    return expr_fail(c->error, node->position,
                     "%.20s has no attribute %.60s; add it to the schema, or mend the name (letter case counts)",
                     node->object, node->text);
}

static int check_array(struct check *c, struct expr *node)
{
    enum expr_type items = EXPR_NULL;
    for (size_t i = 0; i < node->count; i++) {
        if (node->children[i]->type == EXPR_ARRAY)
            return expr_fail(c->error, node->children[i]->position,
                             "an array in an array; use Arrays.flatten to join them");
        items = common(items, node->children[i]->type);
    }
    node->type = EXPR_ARRAY;
    node->items = items == EXPR_NULL ? EXPR_ANY : items;
    return 0;
}

static bool argument_fits(char letter, const struct expr *argument)
{
    switch (letter) {
    case 'S':
    case 'G':
    case 'P':
        return fits(argument->type, EXPR_STRING);
    case 'I':
        return fits(argument->type, EXPR_INTEGER);
    case 'A':
        return fits(argument->type, EXPR_ARRAY);
    default:
        return true;
    }
}

static enum expr_type wanted_of(char letter)
{
    return letter == 'I' ? EXPR_INTEGER : letter == 'A' ? EXPR_ARRAY : EXPR_STRING;
}

static int check_property(struct check *c, const struct expr *argument)
{
    static const char *const names[] = {"id", "status", "created", "lastUpdated"};
    for (size_t i = 0; argument->kind == NODE_TEXT && i < ARRAY_LEN(names); i++)
        if (strcmp(argument->text, names[i]) == 0)
            return 0;
    return expr_fail(c->error, argument->position,
                     "the property must be written out: \"id\", \"status\", \"created\" or \"lastUpdated\"");
}

/* What arrays hold goes on to what is made of them. */
static void type_of_call(struct expr *node)
{
    const struct function *function = node->function;
    node->type = function->result;
    node->items = EXPR_ANY;
    if (node->count == 0 || node->children[0]->type != EXPR_ARRAY)
        return;
    if (function->call == arrays_get)
        node->type = node->children[0]->items == EXPR_NULL ? EXPR_ANY : node->children[0]->items;
    else if (function->call == arrays_add)
        node->items = common(node->children[0]->items, node->children[1]->type);
    else if (function->result == EXPR_ARRAY && function->call != arrays_flatten)
        node->items = node->children[0]->items;
}

static int check_arguments(struct check *c, struct expr *node)
{
    const struct function *function = node->function;
    for (size_t i = 0; i < node->count; i++) {
        const struct expr *argument = node->children[i];
        size_t at = MIN_OF(i, strlen(function->arguments) - 1);
        char letter = function->arguments[at];
        if (!argument_fits(letter, argument))
            return expr_fail(c->error, argument->position, "%s takes %s here, not %s; it is used as %s", function->name,
                             expr_type_name(wanted_of(letter)), expr_type_name(argument->type), function->usage);
        int r = 0;
        if (letter == 'G')
            r = compile_pattern(c, argument, node);
        else if (letter == 'P')
            r = check_property(c, argument);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_call(struct check *c, struct expr *node)
{
    const struct function *function = node->function;
    if (function->family && !(c->scope->families & function->family))
        return expr_fail(c->error, node->position, "%s cannot be used in %s", function->name, c->scope->place);
    if (function->call == string_switch && node->count % 2)
        return expr_fail(c->error, node->position, "%s: the last part has no value; it is used as %s", function->name,
                         function->usage);
    if (function->call == time_now && node->count > 0 &&
        (node->children[0]->kind != NODE_TEXT || !str_eq(node->children[0]->text, "UTC")))
        return expr_fail(c->error, node->children[0]->position,
                         "the only time zone is \"UTC\": others would give other results when their rules change");
    int r = check_arguments(c, node);
    if (r == 0)
        type_of_call(node);
    return r;
}

static int want(struct check *c, const struct expr *node, enum expr_type type, const char *who)
{
    if (fits(node->type, type))
        return 0;
    return expr_fail(c->error, node->position, "%s takes %s, not %s", who, expr_type_name(type),
                     expr_type_name(node->type));
}

static int check_arithmetic(struct check *c, struct expr *node)
{
    const struct expr *a = node->children[0];
    const struct expr *b = node->count > 1 ? node->children[1] : a;
    int r = want(c, a, EXPR_NUMBER, "arithmetic");
    if (r == 0)
        r = want(c, b, EXPR_NUMBER, "arithmetic");
    node->type = a->type == EXPR_INTEGER && b->type == EXPR_INTEGER ? EXPR_INTEGER : EXPR_NUMBER;
    if (a->type == EXPR_ANY || b->type == EXPR_ANY || a->type == EXPR_NULL || b->type == EXPR_NULL)
        node->type = EXPR_ANY;
    return r;
}

/* Numbers are added, everything else is joined as text. */
static int check_add(struct check *c, struct expr *node)
{
    const struct expr *a = node->children[0];
    const struct expr *b = node->children[1];
    for (int i = 0; i < 2; i++)
        if (node->children[i]->type == EXPR_ARRAY)
            return expr_fail(c->error, node->children[i]->position,
                             "an array cannot be added; use Arrays.toCsvString or Arrays.add");
    if (a->type == EXPR_STRING || b->type == EXPR_STRING)
        node->type = EXPR_STRING;
    else if (is_number(a->type) && is_number(b->type))
        node->type = common(a->type, b->type);
    else
        node->type = EXPR_ANY;
    return 0;
}

static int check_compare(struct check *c, struct expr *node)
{
    const struct expr *a = node->children[0];
    const struct expr *b = node->children[1];
    node->type = EXPR_BOOLEAN;
    bool order = node->kind >= NODE_LESS && node->kind <= NODE_GREATER_EQUAL;
    if (order && (a->type == EXPR_BOOLEAN || a->type == EXPR_ARRAY))
        return expr_fail(c->error, a->position, "%s has no order; compare with == or !=", expr_type_name(a->type));
    if (fits(a->type, b->type) || fits(b->type, a->type) || (is_number(a->type) && is_number(b->type)))
        return 0;
    return expr_fail(c->error, node->position, "%s is compared with %s, which is never equal%s",
                     expr_type_name(a->type), expr_type_name(b->type), remedy(a, b));
}

static int check_logic(struct check *c, struct expr *node)
{
    static const char *const words[] = {[NODE_NOT] = "! (NOT)", [NODE_AND] = "AND", [NODE_OR] = "OR"};
    node->type = EXPR_BOOLEAN;
    for (size_t i = 0; i < node->count; i++) {
        const struct expr *child = node->children[i];
        if (!fits(child->type, EXPR_BOOLEAN))
            return expr_fail(c->error, child->position, "%s takes true or false, not %s; compare it with something%s",
                             words[node->kind], expr_type_name(child->type),
                             node->kind == NODE_NOT ? ", in parentheses" : "");
    }
    return 0;
}

static int check_choice(struct check *c, struct expr *node)
{
    const struct expr *a = node->children[node->kind == NODE_TERNARY ? 1 : 0];
    const struct expr *b = node->children[node->kind == NODE_TERNARY ? 2 : 1];
    node->type = common(a->type, b->type);
    node->items = a->type == EXPR_ARRAY && b->type == EXPR_ARRAY ? common(a->items, b->items) : EXPR_ANY;
    return node->kind == NODE_TERNARY ? want(c, node->children[0], EXPR_BOOLEAN, "the condition before ?") : 0;
}

static int check_matches(struct check *c, struct expr *node)
{
    node->type = EXPR_BOOLEAN;
    int r = want(c, node->children[0], EXPR_STRING, "matches");
    return r < 0 ? r : compile_pattern(c, node->children[1], node);
}

static int check_literal(struct expr *node)
{
    static const enum expr_type types[] = {[NODE_NULL] = EXPR_NULL,
                                           [NODE_BOOLEAN] = EXPR_BOOLEAN,
                                           [NODE_INTEGER] = EXPR_INTEGER,
                                           [NODE_NUMBER] = EXPR_NUMBER,
                                           [NODE_TEXT] = EXPR_STRING};
    node->type = types[node->kind];
    return 0;
}

static int check_node(struct check *c, struct expr *node)
{
    for (size_t i = 0; i < node->count; i++) {
        int r = check_node(c, node->children[i]);
        if (r < 0)
            return r;
    }
    switch (node->kind) {
    case NODE_NULL:
    case NODE_BOOLEAN:
    case NODE_INTEGER:
    case NODE_NUMBER:
    case NODE_TEXT:
        return check_literal(node);
    case NODE_ARRAY:
        return check_array(c, node);
    case NODE_ATTRIBUTE:
        return check_attribute(c, node);
    case NODE_CALL:
        return check_call(c, node);
    case NODE_ADD:
        return check_add(c, node);
    case NODE_MINUS:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_REMAINDER:
    case NODE_SUBTRACT:
        return check_arithmetic(c, node);
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL:
    case NODE_EQUAL:
    case NODE_NOT_EQUAL:
        return check_compare(c, node);
    case NODE_MATCHES:
        return check_matches(c, node);
    case NODE_NOT:
    case NODE_AND:
    case NODE_OR:
        return check_logic(c, node);
    case NODE_ELVIS:
    case NODE_TERNARY:
    default:
        return check_choice(c, node);
    }
}

int expr_check(struct arena *arena, struct expr *expr, const struct expr_scope *scope, struct expr_error *error)
{
    struct check c = {.arena = arena, .scope = scope, .error = error};
    int r = check_node(&c, expr);
    if (r < 0 || fits(expr->type, scope->result))
        return r;
    return expr_fail(error, expr->position, "%s must give %s; this gives %s", scope->place,
                     expr_type_name(scope->result), expr_type_name(expr->type));
}
