/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression language of group rules and profile mappings: the published one, as docs/expressions.md specifies it.
 *
 * A source text is parsed into a tree, checked against a scope (which objects have which attributes, which functions
 * are allowed, what the result must be), and can then be evaluated against facts any number of times. Everything is
 * pure: no clock, no store, no state. What a tree reads is known without evaluating it (expr_reads()), so that those
 * who keep results know when to look again.
 *
 * Everything is bounded. A source has a greatest length, depth and number of nodes; there are no loops, so that an
 * evaluation visits each node once at most; the bytes that it touches and makes are counted (EXPR_WORK_BYTES); regular
 * expressions have limits of their own. Trees live in the arena that they were made in, results in that of the
 * evaluation.
 */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define EXPR_SOURCE_BYTES 8192            /* bytes of a source text */
#define EXPR_DEPTH 48                     /* nested operators, calls and parentheses */
#define EXPR_NODES 1024                   /* operators, calls, literals and attributes of one expression */
#define EXPR_TEXT_BYTES (64 * 1024)       /* bytes of one text that is made */
#define EXPR_ARRAY_ITEMS 10000            /* values of one array that is made */
#define EXPR_WORK_BYTES (4 * 1024 * 1024) /* bytes that one evaluation reads or makes */
#define EXPR_PATTERN_BYTES 256            /* bytes of a regular expression */
#define EXPR_PATTERN_NESTING 20           /* nested parentheses in a regular expression */
#define EXPR_PATTERN_STEPS 20000          /* steps of one attempt to match */
#define EXPR_PATTERN_DEPTH 1000           /* nested backtracking points of one attempt */
#define EXPR_PATTERN_HEAP_KIB 1024        /* KiB of memory of one attempt */

enum expr_type { EXPR_NULL, EXPR_BOOLEAN, EXPR_INTEGER, EXPR_NUMBER, EXPR_STRING, EXPR_ARRAY, EXPR_ANY };

/* What is wrong with a source, or with an evaluation. */
struct expr_error {
    int position;   /* characters from 1 */
    char text[320]; /* "position 14: ...": what was expected, and the remedy */
};

/* --- compiling -----------------------------------------------------------------------------------------------------
 */

enum expr_family {
    EXPR_CONVERT = 1, /* Convert.*, Iso3166Convert.* */
    EXPR_TIME = 2,    /* Time.* */
    EXPR_GROUPS = 4,  /* isMemberOf... */
};

/* What names mean. */
struct expr_scope {
    /* The attribute `name` of `object` ("user", "appuser", "source"): its type, and that of its values for an array.
     * False when there is none; `ret_type` stays EXPR_NULL then when the object itself is unknown. */
    bool (*attribute)(void *data, const char *object, const char *name, enum expr_type *ret_type,
                      enum expr_type *ret_items);
    void *data;
    unsigned families;     /* enum expr_family: what is allowed besides String.* and Arrays.* */
    const char *place;     /* "a group rule", for error texts */
    enum expr_type result; /* EXPR_ANY: whatever comes out */
};

struct expr;

/*
 * Parses and checks. 0, or ERR_SYNTAX with `ret_error` filled in. `source` is valid UTF-8.
 */
int expr_compile(struct arena *arena, const char *source, const struct expr_scope *scope, const struct expr **ret,
                 struct expr_error *ret_error) MUSTCHECK;
/* Parses only: the tree can be printed and compared, not evaluated. */
int expr_parse(struct arena *arena, const char *source, const struct expr **ret,
               struct expr_error *ret_error) MUSTCHECK;
/* The source in its usual form: one space around operators, no parentheses that are not needed, functions by their
 * present names. Parses to an equal tree. */
void expr_print(const struct expr *expr, struct buf *out);
bool expr_equal(const struct expr *a, const struct expr *b);

/* What a tree reads. */
struct expr_reads {
    const char **attributes; /* "user.department", each once */
    size_t attribute_count;
    const char **properties; /* of user.getInternalProperty() */
    size_t property_count;
    const char **group_ids; /* of isMemberOfGroup() and isMemberOfAnyGroup() */
    size_t group_id_count;
    bool group_names; /* depends on the names of groups, or on an id that is not written out: on any group */
    bool now;         /* depends on the time */
};
void expr_reads(struct arena *arena, const struct expr *expr, struct expr_reads *ret);

/* --- evaluating ----------------------------------------------------------------------------------------------------
 */

struct expr_value {
    enum expr_type type; /* never EXPR_ANY */
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *text;
        struct {
            const struct expr_value *items;
            size_t count;
        } array;
    };
};

struct expr_group {
    const char *id;
    const char *name;
};

/* What the names stand for. Values are asked for when they are needed; texts live as long as the evaluation's arena.
 * Callbacks return 0 or a negative error, which ends the evaluation. */
struct expr_facts {
    /* EXPR_NULL when the attribute is not set. */
    int (*attribute)(void *data, const char *object, const char *name, struct expr_value *ret);
    /* "id", "status", "created", "lastUpdated". */
    int (*property)(void *data, const char *name, struct expr_value *ret);
    /* The groups that the person is in. */
    int (*groups)(void *data, const struct expr_group **ret, size_t *ret_count);
    void *data;
    int64_t now; /* ms */
};

/*
 * 0; ERR_TOO_LARGE when a limit was reached (`ret_error` says which); or the error of a callback. The result's type is
 * the checked one, or EXPR_NULL.
 */
int expr_evaluate(const struct expr *expr, struct arena *arena, const struct expr_facts *facts, struct expr_value *ret,
                  struct expr_error *ret_error) MUSTCHECK;
/* For conditions: 1 when the result is true, 0 when it is false or null, else as expr_evaluate(). */
int expr_is_true(const struct expr *expr, struct arena *arena, const struct expr_facts *facts,
                 struct expr_error *ret_error) MUSTCHECK;

#endif
