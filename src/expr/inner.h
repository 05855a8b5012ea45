/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the tree, the table of functions, the evaluation. */
#ifndef EXPR_INNER_H
#define EXPR_INNER_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "expr/expr.h"

enum node_kind {
    NODE_NULL,
    NODE_BOOLEAN,
    NODE_INTEGER,
    NODE_NUMBER,
    NODE_TEXT,
    NODE_ARRAY,     /* {a, b} */
    NODE_ATTRIBUTE, /* object.name */
    NODE_CALL,
    NODE_NOT,
    NODE_MINUS,
    NODE_MULTIPLY,
    NODE_DIVIDE,
    NODE_REMAINDER,
    NODE_ADD,
    NODE_SUBTRACT,
    NODE_LESS,
    NODE_LESS_EQUAL,
    NODE_GREATER,
    NODE_GREATER_EQUAL,
    NODE_EQUAL,
    NODE_NOT_EQUAL,
    NODE_MATCHES,
    NODE_AND,
    NODE_OR,
    NODE_ELVIS,   /* a ?: b */
    NODE_TERNARY, /* a ? b : c */
};

#define CALL_VARIADIC 255 /* arguments_max: as many as there are */

struct evaluation;
struct function {
    const char *name;
    const char *old_name; /* the deprecated name for it, or NULL */
    unsigned family;      /* enum expr_family, or 0: always allowed */
    unsigned char arguments_min;
    unsigned char arguments_max;
    /* The types that arguments take: S text, I whole number, N any number, B boolean, A array, * anything,
     * G a text that is written out (a pattern). The last one goes for all that follow. */
    const char *arguments;
    enum expr_type result; /* EXPR_ANY: what the array holds */
    const char *usage;     /* for error texts */
    int (*call)(struct evaluation *e, const struct expr *node, const struct expr_value *arguments,
                struct expr_value *ret);
};
extern const struct function expr_functions[];
extern const size_t expr_function_count;
const struct function *function_find(const char *name);
/* Why a published function is not there; NULL when `name` is none of those. */
const char *function_absence(const char *name);

struct expr {
    enum node_kind kind;
    int position; /* characters from 1 */
    /* Set by the check: */
    enum expr_type type;  /* EXPR_ANY: known only when evaluated */
    enum expr_type items; /* of an EXPR_ARRAY */
    const pcre2_code *pattern;
    /* NODE_TEXT: the text. NODE_ATTRIBUTE: the attribute. */
    const char *text;
    const char *object; /* NODE_ATTRIBUTE */
    int64_t integer;    /* NODE_INTEGER, NODE_BOOLEAN */
    double number;
    const struct function *function; /* NODE_CALL */
    struct expr **children;
    size_t count;
};

/* "position N: ...". Always ERR_SYNTAX. */
int expr_fail(struct expr_error *error, int position, const char *format, ...) PRINTF_LIKE(3, 4);

/* check.c */
int expr_check(struct arena *arena, struct expr *expr, const struct expr_scope *scope,
               struct expr_error *error) MUSTCHECK;

/* --- evaluating ----------------------------------------------------------------------------------------------------
 */

struct evaluation {
    struct arena *arena;
    const struct expr_facts *facts;
    struct expr_error *error;
    size_t work; /* bytes that were read and made */
    const struct expr_group *groups;
    size_t group_count;
    bool groups_known;
};

/* Counts bytes that are about to be read or made. 0, or ERR_TOO_LARGE. */
int evaluation_spend(struct evaluation *e, const struct expr *node, size_t bytes) MUSTCHECK;
/* ERR_TOO_LARGE, with a text about `node`. */
int evaluation_limit(struct evaluation *e, const struct expr *node, const char *what);
/* A text of `n` bytes to fill in, within the limits. */
int evaluation_text(struct evaluation *e, const struct expr *node, size_t n, char **ret) MUSTCHECK;
/* Both texts, one after the other. */
int evaluation_join(struct evaluation *e, const struct expr *node, const char *left, const char *right,
                    struct expr_value *ret) MUSTCHECK;
int evaluation_groups(struct evaluation *e) MUSTCHECK;
/* The value as text, as + and Arrays.toCsvString write it; "" for null. */
int value_as_text(struct evaluation *e, const struct expr *node, const struct expr_value *value,
                  const char **ret) MUSTCHECK;
bool value_equal(const struct expr_value *a, const struct expr_value *b);
/* Whether the whole text matches: 1, 0, ERR_TOO_LARGE. */
int evaluation_matches(struct evaluation *e, const struct expr *node, const char *text) MUSTCHECK;

static inline struct expr_value value_text(const char *text)
{
    return (struct expr_value){.type = text ? EXPR_STRING : EXPR_NULL, .text = text};
}
static inline struct expr_value value_boolean(bool boolean)
{
    return (struct expr_value){.type = EXPR_BOOLEAN, .boolean = boolean};
}
static inline struct expr_value value_integer(int64_t integer)
{
    return (struct expr_value){.type = EXPR_INTEGER, .integer = integer};
}

/* The functions. */
#define FUNCTION(name)                                                                                                 \
    int name(struct evaluation *e, const struct expr *node, const struct expr_value *arguments, struct expr_value *ret)
FUNCTION(string_append);
FUNCTION(string_join);
FUNCTION(string_len);
FUNCTION(string_remove_spaces);
FUNCTION(string_replace);
FUNCTION(string_replace_first);
FUNCTION(string_contains);
FUNCTION(string_starts_with);
FUNCTION(string_ends_with);
FUNCTION(string_switch);
FUNCTION(string_substring);
FUNCTION(string_substring_after);
FUNCTION(string_substring_before);
FUNCTION(string_to_upper);
FUNCTION(string_to_lower);
FUNCTION(string_trim);
FUNCTION(arrays_add);
FUNCTION(arrays_remove);
FUNCTION(arrays_clear);
FUNCTION(arrays_get);
FUNCTION(arrays_flatten);
FUNCTION(arrays_contains);
FUNCTION(arrays_size);
FUNCTION(arrays_is_empty);
FUNCTION(arrays_to_csv);
FUNCTION(convert_to_int);
FUNCTION(convert_to_num);
FUNCTION(time_now);
FUNCTION(time_from_windows);
FUNCTION(time_from_unix);
FUNCTION(time_from_string);
FUNCTION(time_to_windows);
FUNCTION(time_to_unix);
FUNCTION(time_to_string);
FUNCTION(group_by_id_function);
FUNCTION(group_any_function);
FUNCTION(group_name_is);
FUNCTION(group_name_starts);
FUNCTION(group_name_contains);
FUNCTION(group_name_matches);
FUNCTION(user_property);

#endif
