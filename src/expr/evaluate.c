/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From tree and facts to a value. A value whose type is not the one that was checked (an attribute whose schema changed
 * since, something out of an array) counts as null; null goes through most of what is done with it. What cannot be
 * computed (a division by zero, a number that is too large) is null too. Only limits and callbacks end an evaluation.
 */
#include "expr/inner.h"

#include <math.h>

static int evaluate(struct evaluation *e, const struct expr *node, struct expr_value *ret);

static const struct expr_value null_value = {.type = EXPR_NULL};

/* --- limits --------------------------------------------------------------------------------------------------------
 */

int evaluation_limit(struct evaluation *e, const struct expr *node, const char *what)
{
    (void)expr_fail(e->error, node->position, "%s", what);
    return ERR_TOO_LARGE;
}

int evaluation_spend(struct evaluation *e, const struct expr *node, size_t bytes)
{
    e->work += bytes;
    return e->work > EXPR_WORK_BYTES ? evaluation_limit(e, node, "the evaluation takes too much work") : 0;
}

int evaluation_text(struct evaluation *e, const struct expr *node, size_t n, char **ret)
{
    if (n > EXPR_TEXT_BYTES)
        return evaluation_limit(e, node, "a text becomes longer than 65536 bytes");
    int r = evaluation_spend(e, node, n);
    if (r == 0)
        *ret = arena_alloc(e->arena, n + 1);
    return r;
}

int evaluation_join(struct evaluation *e, const struct expr *node, const char *left, const char *right,
                    struct expr_value *ret)
{
    char *text = NULL;
    size_t size = strlen(left) + strlen(right) + 1;
    int r = evaluation_text(e, node, size - 1, &text);
    if (r < 0)
        return r;
    (void)snprintf(text, size, "%s%s", left, right);
    *ret = value_text(text);
    return 0;
}

int evaluation_groups(struct evaluation *e)
{
    if (e->groups_known)
        return 0;
    int r = e->facts->groups(e->facts->data, &e->groups, &e->group_count);
    e->groups_known = r == 0;
    return r;
}

int evaluation_matches(struct evaluation *e, const struct expr *node, const char *text)
{
    size_t n = strlen(text);
    int r = evaluation_spend(e, node, n + 1);
    if (r < 0)
        return r;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(node->pattern, NULL);
    assert(context && data); /* out of memory ends the process, as everywhere */
    (void)pcre2_set_match_limit(context, EXPR_PATTERN_STEPS);
    (void)pcre2_set_depth_limit(context, EXPR_PATTERN_DEPTH);
    (void)pcre2_set_heap_limit(context, EXPR_PATTERN_HEAP_KIB);
    r = pcre2_match(node->pattern, (PCRE2_SPTR)text, n, 0, 0, data, context);
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    if (r >= 0 || r == PCRE2_ERROR_NOMATCH)
        return r >= 0;
    return evaluation_limit(e, node, "the pattern takes too many steps for this text; make it simpler");
}

/* --- values --------------------------------------------------------------------------------------------------------
 */

static bool is_number(const struct expr_value *value)
{
    return value->type == EXPR_INTEGER || value->type == EXPR_NUMBER;
}

static double number_of(const struct expr_value *value)
{
    return value->type == EXPR_INTEGER ? (double)value->integer : value->number;
}

static bool is_true(const struct expr_value *value)
{
    return value->type == EXPR_BOOLEAN && value->boolean;
}

bool value_equal(const struct expr_value *a, const struct expr_value *b)
{
    if (a->type == EXPR_INTEGER && b->type == EXPR_INTEGER)
        return a->integer == b->integer;
    if (is_number(a) && is_number(b))
        return number_of(a) == number_of(b);
    if (a->type != b->type)
        return false;
    if (a->type == EXPR_BOOLEAN)
        return a->boolean == b->boolean;
    if (a->type == EXPR_STRING)
        return strcmp(a->text, b->text) == 0;
    if (a->type != EXPR_ARRAY)
        return true;
    if (a->array.count != b->array.count)
        return false;
    for (size_t i = 0; i < a->array.count; i++)
        if (!value_equal(&a->array.items[i], &b->array.items[i]))
            return false;
    return true;
}

static size_t value_bytes(const struct expr_value *value)
{
    size_t n = sizeof(*value);
    if (value->type == EXPR_STRING)
        n += strlen(value->text);
    for (size_t i = 0; value->type == EXPR_ARRAY && i < value->array.count; i++)
        n += value_bytes(&value->array.items[i]);
    return n;
}

/* The shortest digits that mean the same number. */
static const char *number_text(struct arena *arena, double number)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    return arena_strdup(arena, text);
}

int value_as_text(struct evaluation *e, const struct expr *node, const struct expr_value *value, const char **ret)
{
    switch (value->type) {
    case EXPR_STRING:
        *ret = value->text;
        break;
    case EXPR_INTEGER:
        *ret = arena_printf(e->arena, "%lld", (long long)value->integer);
        break;
    case EXPR_NUMBER:
        *ret = number_text(e->arena, value->number);
        break;
    case EXPR_BOOLEAN:
        *ret = value->boolean ? "true" : "false";
        break;
    case EXPR_NULL:
    case EXPR_ARRAY:
    case EXPR_ANY:
    default:
        *ret = "";
        break;
    }
    return evaluation_spend(e, node, strlen(*ret));
}

/* Whether a value may stand where this type was promised. */
static bool is_of(const struct expr_value *value, enum expr_type type)
{
    return type == EXPR_ANY || value->type == type || (type == EXPR_NUMBER && value->type == EXPR_INTEGER);
}

/* --- operators -----------------------------------------------------------------------------------------------------
 */

static struct expr_value whole(enum node_kind kind, int64_t a, int64_t b)
{
    int64_t result = 0;
    bool bad = false;
    if (kind == NODE_ADD)
        bad = __builtin_add_overflow(a, b, &result);
    else if (kind == NODE_SUBTRACT)
        bad = __builtin_sub_overflow(a, b, &result);
    else if (kind == NODE_MULTIPLY)
        bad = __builtin_mul_overflow(a, b, &result);
    else if (b == 0 || (a == INT64_MIN && b == -1))
        bad = true;
    else
        result = kind == NODE_DIVIDE ? a / b : a % b;
    return bad ? null_value : value_integer(result);
}

static struct expr_value arithmetic(enum node_kind kind, const struct expr_value *a, const struct expr_value *b)
{
    if (!is_number(a) || !is_number(b))
        return null_value;
    if (a->type == EXPR_INTEGER && b->type == EXPR_INTEGER)
        return whole(kind, a->integer, b->integer);
    double x = number_of(a);
    double y = number_of(b);
    double result = kind == NODE_ADD        ? x + y
                    : kind == NODE_SUBTRACT ? x - y
                    : kind == NODE_MULTIPLY ? x * y
                    : y == 0                ? NAN
                    : kind == NODE_DIVIDE   ? x / y
                                            : fmod(x, y);
    return isfinite(result) ? (struct expr_value){.type = EXPR_NUMBER, .number = result} : null_value;
}

static int join(struct evaluation *e, const struct expr *node, const struct expr_value *a, const struct expr_value *b,
                struct expr_value *ret)
{
    const char *left = "";
    const char *right = "";
    int r = value_as_text(e, node, a, &left);
    if (r == 0)
        r = value_as_text(e, node, b, &right);
    return r < 0 ? r : evaluation_join(e, node, left, right, ret);
}

static int add(struct evaluation *e, const struct expr *node, const struct expr_value *a, const struct expr_value *b,
               struct expr_value *ret)
{
    bool no_text = (is_number(a) || a->type == EXPR_NULL) && (is_number(b) || b->type == EXPR_NULL);
    if (!no_text || (node->type == EXPR_STRING && (a->type != EXPR_NULL || b->type != EXPR_NULL)))
        return join(e, node, a, b, ret);
    *ret = arithmetic(NODE_ADD, a, b);
    return 0;
}

/* -1, 0 or 1; false when there is no order between the two. */
static bool order_of(const struct expr_value *a, const struct expr_value *b, int *ret)
{
    if (a->type == EXPR_INTEGER && b->type == EXPR_INTEGER) {
        *ret = (a->integer > b->integer) - (a->integer < b->integer);
    } else if (is_number(a) && is_number(b)) {
        *ret = (number_of(a) > number_of(b)) - (number_of(a) < number_of(b));
    } else if (a->type == EXPR_STRING && b->type == EXPR_STRING) {
        *ret = strcmp(a->text, b->text); /* UTF-8 sorts as its code points do */
    } else {
        return false;
    }
    return true;
}

static bool compare(enum node_kind kind, const struct expr_value *a, const struct expr_value *b)
{
    int order = 0;
    if (kind == NODE_EQUAL || kind == NODE_NOT_EQUAL)
        return value_equal(a, b) == (kind == NODE_EQUAL);
    if (!order_of(a, b, &order))
        return false;
    return kind == NODE_LESS         ? order < 0
           : kind == NODE_LESS_EQUAL ? order <= 0
           : kind == NODE_GREATER    ? order > 0
                                     : order >= 0;
}

static int evaluate_two(struct evaluation *e, const struct expr *node, struct expr_value *ret)
{
    struct expr_value a = {0};
    struct expr_value b = {0};
    int r = evaluate(e, node->children[0], &a);
    if (r == 0)
        r = evaluate(e, node->children[1], &b);
    if (r < 0)
        return r;
    if (node->kind == NODE_ADD)
        return add(e, node, &a, &b, ret);
    if (node->kind < NODE_LESS) {
        *ret = arithmetic(node->kind, &a, &b);
        return 0;
    }
    r = evaluation_spend(e, node, value_bytes(&a));
    *ret = value_boolean(compare(node->kind, &a, &b));
    return r;
}

/* The right side is looked at only when it decides. */
static int evaluate_logic(struct evaluation *e, const struct expr *node, struct expr_value *ret)
{
    struct expr_value value = {0};
    int r = evaluate(e, node->children[0], &value);
    if (r == 0 && is_true(&value) == (node->kind == NODE_AND))
        r = evaluate(e, node->children[1], &value);
    *ret = value_boolean(is_true(&value));
    return r;
}

static int evaluate_choice(struct evaluation *e, const struct expr *node, struct expr_value *ret)
{
    struct expr_value value = {0};
    int r = evaluate(e, node->children[0], &value);
    if (r < 0)
        return r;
    if (node->kind == NODE_TERNARY)
        return evaluate(e, node->children[is_true(&value) ? 1 : 2], ret);
    bool empty = value.type == EXPR_NULL || (value.type == EXPR_STRING && !value.text[0]);
    if (empty)
        return evaluate(e, node->children[1], ret);
    *ret = value;
    return 0;
}

static int evaluate_one(struct evaluation *e, const struct expr *node, struct expr_value *ret)
{
    static const struct expr_value zero = {.type = EXPR_INTEGER, .integer = 0};
    struct expr_value value = {0};
    int r = evaluate(e, node->children[0], &value);
    if (r < 0)
        return r;
    if (node->kind == NODE_NOT)
        *ret = value_boolean(!is_true(&value));
    else if (value.type == EXPR_NUMBER)
        *ret = (struct expr_value){.type = EXPR_NUMBER, .number = -value.number};
    else
        *ret = arithmetic(NODE_SUBTRACT, &zero, &value);
    return 0;
}

static int evaluate_matches(struct evaluation *e, const struct expr *node, struct expr_value *ret)
{
    struct expr_value value = {0};
    int r = evaluate(e, node->children[0], &value);
    if (r == 0 && value.type == EXPR_STRING)
        r = evaluation_matches(e, node, value.text);
    *ret = value_boolean(r == 1);
    return r < 0 ? r : 0;
}

/* --- values of nodes -----------------------------------------------------------------------------------------------
 */

/* The values of all children; of an array, those that are no arrays. */
static int evaluate_children(struct evaluation *e, const struct expr *node, struct expr_value **ret)
{
    int r = evaluation_spend(e, node, node->count * sizeof(struct expr_value));
    struct expr_value *values = arena_array(e->arena, MAX_OF(node->count, (size_t)1), sizeof(*values));
    for (size_t i = 0; r == 0 && i < node->count; i++)
        r = evaluate(e, node->children[i], &values[i]);
    *ret = values;
    return r;
}

static int evaluate_array(struct evaluation *e, const struct expr *node, struct expr_value *ret)
{
    struct expr_value *values = NULL;
    int r = evaluate_children(e, node, &values);
    for (size_t i = 0; r == 0 && i < node->count; i++)
        if (values[i].type == EXPR_ARRAY)
            values[i] = null_value;
    *ret = (struct expr_value){.type = EXPR_ARRAY, .array = {values, node->count}};
    return r;
}

static enum expr_type argument_type(char letter)
{
    switch (letter) {
    case 'S':
    case 'G':
    case 'P':
        return EXPR_STRING;
    case 'I':
        return EXPR_INTEGER;
    case 'A':
        return EXPR_ARRAY;
    default:
        return EXPR_ANY;
    }
}

static int evaluate_call(struct evaluation *e, const struct expr *node, struct expr_value *ret)
{
    const struct function *function = node->function;
    struct expr_value *values = NULL;
    int r = evaluate_children(e, node, &values);
    for (size_t i = 0; r == 0 && i < node->count; i++) {
        size_t at = MIN_OF(i, strlen(function->arguments) - 1);
        if (!is_of(&values[i], argument_type(function->arguments[at])))
            values[i] = null_value;
    }
    return r < 0 ? r : function->call(e, node, values, ret);
}

static int evaluate(struct evaluation *e, const struct expr *node, struct expr_value *ret)
{
    int r = 0;
    switch (node->kind) {
    case NODE_NULL:
        *ret = null_value;
        break;
    case NODE_BOOLEAN:
        *ret = value_boolean(node->integer != 0);
        break;
    case NODE_INTEGER:
        *ret = value_integer(node->integer);
        break;
    case NODE_NUMBER:
        *ret = (struct expr_value){.type = EXPR_NUMBER, .number = node->number};
        break;
    case NODE_TEXT:
        *ret = value_text(node->text);
        break;
    case NODE_ARRAY:
        r = evaluate_array(e, node, ret);
        break;
    case NODE_ATTRIBUTE:
        *ret = null_value;
        r = e->facts->attribute(e->facts->data, node->object, node->text, ret);
        break;
    case NODE_CALL:
        r = evaluate_call(e, node, ret);
        break;
    case NODE_NOT:
    case NODE_MINUS:
        r = evaluate_one(e, node, ret);
        break;
    case NODE_AND:
    case NODE_OR:
        r = evaluate_logic(e, node, ret);
        break;
    case NODE_ELVIS:
    case NODE_TERNARY:
        r = evaluate_choice(e, node, ret);
        break;
    case NODE_MATCHES:
        r = evaluate_matches(e, node, ret);
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
    default:
        r = evaluate_two(e, node, ret);
        break;
    }
    if (r == 0 && !is_of(ret, node->type))
        *ret = null_value;
    return r;
}

int expr_evaluate(const struct expr *expr, struct arena *arena, const struct expr_facts *facts, struct expr_value *ret,
                  struct expr_error *ret_error)
{
    *ret_error = (struct expr_error){0};
    struct evaluation e = {.arena = arena, .facts = facts, .error = ret_error};
    struct expr_value value = null_value;
    int r = evaluate(&e, expr, &value);
    if (r == 0)
        *ret = value;
    return r;
}

int expr_is_true(const struct expr *expr, struct arena *arena, const struct expr_facts *facts,
                 struct expr_error *ret_error)
{
    struct expr_value value = null_value;
    int r = expr_evaluate(expr, arena, facts, &value, ret_error);
    return r < 0 ? r : is_true(&value);
}
