/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From text to tree. Recursive descent, with the depth and the number of nodes counted. Precedence, loosest first:
 * ?: and ? :, OR, AND, comparisons (which do not chain), + and -, *, / and %, ! and unary minus.
 *
 * Texts stand in single or double quotes; the quote itself is written twice, a backslash is a backslash, as in the
 * published examples.
 */
#include "expr/inner.h"

#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <unistr.h>

struct parser {
    struct arena *arena;
    const char *source;
    const char *at;    /* the rest of the source */
    const char *token; /* where the current token begins */
    size_t length;     /* bytes of the current token; 0 at the end */
    struct expr_error *error;
    int depth;
    int nodes;
};

int expr_fail(struct expr_error *error, int position, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error->position = position;
    int n = snprintf(error->text, sizeof(error->text), "position %d: ", position);
    (void)vsnprintf(error->text + n, sizeof(error->text) - (size_t)n, format, args);
    va_end(args);
    return ERR_SYNTAX;
}

/* --- tokens --------------------------------------------------------------------------------------------------------
 */

static int position_of(const struct parser *p, const char *at)
{
    return (int)u8_mbsnlen((const uint8_t *)p->source, (size_t)(at - p->source)) + 1;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t number_length(const char *at)
{
    size_t n = 0;
    while (is_digit(at[n]))
        n++;
    if (at[n] == '.' && is_digit(at[n + 1]))
        for (n++; is_digit(at[n]);)
            n++;
    size_t exponent = n;
    if (at[n] == 'e' || at[n] == 'E') {
        exponent++;
        if (at[exponent] == '+' || at[exponent] == '-')
            exponent++;
        if (is_digit(at[exponent]))
            for (n = exponent; is_digit(at[n]);)
                n++;
    }
    return n;
}

/* With the closing quote, or 0 when there is none. */
static size_t text_length(const char *at)
{
    size_t n = 1;
    for (; at[n]; n++) {
        if (at[n] != at[0])
            continue;
        if (at[n + 1] != at[0])
            return n + 1;
        n++;
    }
    return 0;
}

static int next_token(struct parser *p)
{
    static const char *const long_signs[] = {"==", "!=", "<=", ">=", "&&", "||", "?:"};
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
        p->at++;
    const char *at = p->at;
    size_t n = 0;
    if (*at == '"' || *at == '\'') {
        n = text_length(at);
        if (n == 0)
            return expr_fail(p->error, position_of(p, at),
                             "this text has no closing %c; a quote inside a text is written twice", *at);
    } else if (is_letter(*at)) {
        while (is_letter(at[n]) || is_digit(at[n]))
            n++;
    } else if (is_digit(*at)) {
        n = number_length(at);
    } else if (*at) {
        n = (size_t)u8_mblen((const uint8_t *)at, strlen(at));
        for (size_t i = 0; i < ARRAY_LEN(long_signs); i++)
            if (strncmp(at, long_signs[i], 2) == 0)
                n = 2;
    }
    p->token = at;
    p->length = n;
    p->at = at + n;
    return 0;
}

static bool token_is(const struct parser *p, const char *text)
{
    return p->length == strlen(text) && strncmp(p->token, text, p->length) == 0;
}

/* Words are the same in any case, as published: and, AND, Null. */
static bool word_is(const struct parser *p, const char *word)
{
    return p->length == strlen(word) && strncasecmp(p->token, word, p->length) == 0;
}

static int here(const struct parser *p)
{
    return position_of(p, p->token);
}

/* What the current token is, for an error text. */
static const char *shown(const struct parser *p)
{
    if (p->length == 0)
        return "the expression ends";
    return arena_printf(p->arena, "%.*s stands", (int)MIN_OF(p->length, (size_t)40), p->token);
}

static int expect(struct parser *p, const char *sign, const char *what)
{
    if (!token_is(p, sign))
        return expr_fail(p->error, here(p), "expected %s %s, but here %s", sign, what, shown(p));
    return next_token(p);
}

/* --- nodes ---------------------------------------------------------------------------------------------------------
 */

static int new_node(struct parser *p, enum node_kind kind, int position, size_t children, struct expr **ret)
{
    if (++p->nodes > EXPR_NODES)
        return expr_fail(p->error, position, "the expression has more than %d parts; split it over several",
                         EXPR_NODES);
    struct expr *node = arena_alloc(p->arena, sizeof(*node));
    node->kind = kind;
    node->position = position;
    node->children = children ? arena_array(p->arena, children, sizeof(struct expr *)) : NULL;
    node->count = children;
    *ret = node;
    return 0;
}

static int parse_ternary(struct parser *p, struct expr **ret);

/* Values between commas up to `close`. */
static int parse_list(struct parser *p, const char *close, struct expr *node)
{
    size_t size = 0;
    node->count = 0;
    while (!token_is(p, close)) {
        struct expr *child = NULL;
        int r = node->count ? expect(p, ",", arena_printf(p->arena, "or %s", close)) : 0;
        if (r == 0)
            r = parse_ternary(p, &child);
        if (r < 0)
            return r;
        if (node->count == size) {
            struct expr **bigger = arena_array(p->arena, size * 2 + 4, sizeof(struct expr *));
            if (size)
                memcpy(bigger, node->children, size * sizeof(struct expr *));
            node->children = bigger;
            size = size * 2 + 4;
        }
        node->children[node->count++] = child;
    }
    return next_token(p);
}

static int parse_text(struct parser *p, struct expr **ret)
{
    int r = new_node(p, NODE_TEXT, here(p), 0, ret);
    if (r < 0)
        return r;
    char *text = arena_alloc(p->arena, p->length);
    char quote = *p->token;
    size_t n = 0;
    for (size_t i = 1; i + 1 < p->length; i++) {
        text[n++] = p->token[i];
        if (p->token[i] == quote)
            i++;
    }
    text[n] = '\0';
    (*ret)->text = text;
    return next_token(p);
}

static int parse_number(struct parser *p, struct expr **ret)
{
    const char *text = arena_strndup(p->arena, p->token, p->length);
    bool whole = !strpbrk(text, ".eE");
    int r = new_node(p, whole ? NODE_INTEGER : NODE_NUMBER, here(p), 0, ret);
    if (r < 0)
        return r;
    errno = 0;
    if (whole)
        (*ret)->integer = strtoll(text, NULL, 10);
    else
        (*ret)->number = strtod(text, NULL);
    if (errno == ERANGE || !isfinite((*ret)->number))
        return expr_fail(p->error, here(p), "the number %.40s is too large", text);
    if (is_letter(*p->at))
        return expr_fail(p->error, here(p), "a number ends before a letter; put texts in quotes");
    return next_token(p);
}

/* --- names ---------------------------------------------------------------------------------------------------------
 */

static int parse_call(struct parser *p, const char *name, int position, struct expr **ret)
{
    const struct function *function = function_find(name);
    if (!function) {
        const char *why = function_absence(name);
        if (why)
            return expr_fail(p->error, position, "%.60s is not available: %s", name, why);
        return expr_fail(p->error, position, "there is no function %.60s; docs/expressions.md lists them", name);
    }
    int r = new_node(p, NODE_CALL, position, 0, ret);
    if (r == 0)
        r = next_token(p); /* the opening parenthesis */
    if (r == 0)
        r = parse_list(p, ")", *ret);
    if (r < 0)
        return r;
    (*ret)->function = function;
    if ((*ret)->count < function->arguments_min ||
        (function->arguments_max != CALL_VARIADIC && (*ret)->count > function->arguments_max))
        return expr_fail(p->error, position, "%s has %zu argument%s here; it is used as %s", function->name,
                         (*ret)->count, (*ret)->count == 1 ? "" : "s", function->usage);
    return 0;
}

static int parse_name(struct parser *p, struct expr **ret)
{
    int position = here(p);
    const char *first = arena_strndup(p->arena, p->token, p->length);
    int r = next_token(p);
    if (r < 0)
        return r;
    if (token_is(p, "("))
        return parse_call(p, first, position, ret);
    if (!token_is(p, "."))
        return expr_fail(p->error, position,
                         "%.60s alone means nothing; an attribute is written as user.%.60s, a text in quotes", first,
                         first);
    r = next_token(p);
    if (r == 0 && (p->length == 0 || !is_letter(*p->token)))
        return expr_fail(p->error, here(p), "expected the name of an attribute or function after %.60s., but here %s",
                         first, shown(p));
    if (r < 0)
        return r;
    const char *second = arena_strndup(p->arena, p->token, p->length);
    r = next_token(p);
    if (r < 0)
        return r;
    if (token_is(p, "("))
        return parse_call(p, arena_printf(p->arena, "%s.%s", first, second), position, ret);
    if (token_is(p, "."))
        return expr_fail(p->error, here(p), "attributes have no attributes of their own: end after %.60s.%.60s", first,
                         second);
    r = new_node(p, NODE_ATTRIBUTE, position, 0, ret);
    if (r < 0)
        return r;
    (*ret)->object = first;
    (*ret)->text = second;
    return 0;
}

static int parse_word(struct parser *p, struct expr **ret)
{
    enum node_kind kind = word_is(p, "null") ? NODE_NULL : NODE_BOOLEAN;
    bool is_true = word_is(p, "true");
    if (kind == NODE_BOOLEAN && !is_true && !word_is(p, "false"))
        return parse_name(p, ret);
    int r = new_node(p, kind, here(p), 0, ret);
    if (r < 0)
        return r;
    (*ret)->integer = is_true;
    return next_token(p);
}

/* --- operators -----------------------------------------------------------------------------------------------------
 */

static int parse_primary(struct parser *p, struct expr **ret)
{
    if (p->length && (*p->token == '"' || *p->token == '\''))
        return parse_text(p, ret);
    if (p->length && is_digit(*p->token))
        return parse_number(p, ret);
    if (p->length && is_letter(*p->token))
        return parse_word(p, ret);
    int r;
    if (token_is(p, "(")) {
        r = next_token(p);
        if (r == 0)
            r = parse_ternary(p, ret);
        return r < 0 ? r : expect(p, ")", "to close the parenthesis");
    }
    if (token_is(p, "{")) {
        r = new_node(p, NODE_ARRAY, here(p), 0, ret);
        if (r == 0)
            r = next_token(p);
        return r < 0 ? r : parse_list(p, "}", *ret);
    }
    return expr_fail(p->error, here(p),
                     "expected a value (user.attribute, a text in quotes, a number, true, false, "
                     "null, a function), but here %s",
                     shown(p));
}

static int parse_unary(struct parser *p, struct expr **ret)
{
    bool is_not = token_is(p, "!") || word_is(p, "not");
    if (!is_not && !token_is(p, "-"))
        return parse_primary(p, ret);
    if (++p->depth > EXPR_DEPTH)
        return expr_fail(p->error, here(p), "nested deeper than %d; split the expression", EXPR_DEPTH);
    int r = new_node(p, is_not ? NODE_NOT : NODE_MINUS, here(p), 1, ret);
    if (r == 0)
        r = next_token(p);
    if (r == 0)
        r = parse_unary(p, &(*ret)->children[0]);
    p->depth--;
    return r;
}

struct operator
{
    const char *sign;
    const char *word; /* NULL: none */
    enum node_kind kind;
    int level;
};

#define LEVEL_COMPARE 2
#define LEVEL_COUNT 5

static const struct operator operators[] = {
    {"||", "or", NODE_OR, 0},        {"&&", "and", NODE_AND, 1},       {"==", NULL, NODE_EQUAL, LEVEL_COMPARE},
    {"!=", NULL, NODE_NOT_EQUAL, 2}, {"<=", NULL, NODE_LESS_EQUAL, 2}, {">=", NULL, NODE_GREATER_EQUAL, 2},
    {"<", NULL, NODE_LESS, 2},       {">", NULL, NODE_GREATER, 2},     {"matches", "matches", NODE_MATCHES, 2},
    {"+", NULL, NODE_ADD, 3},        {"-", NULL, NODE_SUBTRACT, 3},    {"*", NULL, NODE_MULTIPLY, 4},
    {"/", NULL, NODE_DIVIDE, 4},     {"%", NULL, NODE_REMAINDER, 4},
};

static const struct operator* operator_at(const struct parser *p, int level)
{
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (operators[i].level == level &&
            (token_is(p, operators[i].sign) || (operators[i].word && word_is(p, operators[i].word))))
            return &operators[i];
    return NULL;
}

static int parse_level(struct parser *p, int level, struct expr **ret)
{
    if (level == LEVEL_COUNT)
        return parse_unary(p, ret);
    int r = parse_level(p, level + 1, ret);
    const struct operator* found = NULL;
    for (int seen = 0; r == 0 && (found = operator_at(p, level)); seen++) {
        struct expr *node = NULL;
        if (level == LEVEL_COMPARE && seen > 0)
            return expr_fail(p->error, here(p), "comparisons do not chain; join them with AND");
        r = new_node(p, found->kind, here(p), 2, &node);
        if (r == 0)
            r = next_token(p);
        if (r == 0)
            r = parse_level(p, level + 1, &node->children[1]);
        if (r == 0) {
            node->children[0] = *ret;
            *ret = node;
        }
    }
    return r;
}

static int parse_rest_of_ternary(struct parser *p, struct expr **ret)
{
    bool elvis = token_is(p, "?:");
    if (!elvis && !token_is(p, "?"))
        return 0;
    struct expr *node = NULL;
    int r = new_node(p, elvis ? NODE_ELVIS : NODE_TERNARY, here(p), elvis ? 2 : 3, &node);
    if (r == 0)
        r = next_token(p);
    if (r == 0)
        r = parse_ternary(p, &node->children[1]);
    if (r == 0 && !elvis)
        r = expect(p, ":", "and the value for the other case");
    if (r == 0 && !elvis)
        r = parse_ternary(p, &node->children[2]);
    if (r < 0)
        return r;
    node->children[0] = *ret;
    *ret = node;
    return 0;
}

static int parse_ternary(struct parser *p, struct expr **ret)
{
    if (++p->depth > EXPR_DEPTH)
        return expr_fail(p->error, here(p), "nested deeper than %d; split the expression", EXPR_DEPTH);
    int r = parse_level(p, 0, ret);
    if (r == 0)
        r = parse_rest_of_ternary(p, ret);
    p->depth--;
    return r;
}

static int parse_all(struct parser *p, struct expr **ret)
{
    int r = next_token(p);
    if (r == 0 && p->length == 0)
        return expr_fail(p->error, 1, "the expression is empty");
    if (r == 0)
        r = parse_ternary(p, ret);
    if (r < 0 || p->length == 0)
        return r;
    if (token_is(p, "="))
        return expr_fail(p->error, here(p), "one = assigns, which expressions cannot do; compare with ==");
    return expr_fail(p->error, here(p), "expected an operator or the end, but here %s", shown(p));
}

static int parse(struct arena *arena, const char *source, struct expr **ret, struct expr_error *error)
{
    *error = (struct expr_error){0};
    if (strlen(source) > EXPR_SOURCE_BYTES)
        return expr_fail(error, 1, "the expression is longer than %d bytes; split it over several", EXPR_SOURCE_BYTES);
    if (!text_is_utf8(source, strlen(source)))
        return expr_fail(error, 1, "the expression is not valid UTF-8");
    struct parser p = {.arena = arena, .source = source, .at = source, .error = error};
    return parse_all(&p, ret);
}

int expr_parse(struct arena *arena, const char *source, const struct expr **ret, struct expr_error *ret_error)
{
    struct expr *expr = NULL;
    int r = parse(arena, source, &expr, ret_error);
    if (r == 0)
        *ret = expr;
    return r;
}

int expr_compile(struct arena *arena, const char *source, const struct expr_scope *scope, const struct expr **ret,
                 struct expr_error *ret_error)
{
    struct expr *expr = NULL;
    int r = parse(arena, source, &expr, ret_error);
    if (r == 0)
        r = expr_check(arena, expr, scope, ret_error);
    if (r == 0)
        *ret = expr;
    return r;
}
