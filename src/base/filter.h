/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter language of RFC 7644 section 3.4.2.2, which the management API's search= and filter= share: attribute
 * operator value, and / or / not, parentheses, value paths (emails[type eq "work"]). Parses into a tree; what the names
 * mean is the caller's business.
 */
#ifndef BASE_FILTER_H
#define BASE_FILTER_H

#include "base/jval.h"

enum filter_op {
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT, /* left only */
    /* attribute[left]. `a[F].s eq v` is read as `a[F and s eq v]`, which is what it means. */
    FILTER_VALUE,
    FILTER_EQ,
    FILTER_NE,
    FILTER_CO,
    FILTER_SW,
    FILTER_EW,
    FILTER_GT,
    FILTER_GE,
    FILTER_LT,
    FILTER_LE,
    FILTER_PR, /* no value */
};

enum filter_type { FILTER_STRING, FILTER_NUMBER, FILTER_BOOL, FILTER_NULL };

struct filter {
    enum filter_op op;
    const struct filter *left;
    const struct filter *right;
    /* comparisons and FILTER_VALUE: the attribute path as written, without the URN: "name.familyName" */
    const char *attribute;
    const char *urn; /* "urn:ietf:params:scim:schemas:core:2.0:User", or NULL */
    enum filter_type type;
    const char *text; /* FILTER_STRING: the string, unescaped. FILTER_NUMBER: its digits as written */
    double number;
    bool boolean;
};

/* Which of the two grammars; they differ in precedence only by what servers publish, and in what they allow. */
enum filter_dialect {
    FILTER_SCIM, /* `and` binds tighter than `or`, `not` needs parentheses, value paths */
    FILTER_API,  /* management API: the same without value paths; strings in double quotes */
};

struct filter_error {
    size_t offset; /* bytes from the start */
    char text[160];
};

/*
 * The tree lives in `arena`. Operators and `and or not true false null` in any case, attribute names as written. At
 * most LIMIT_FILTER_TERMS comparisons, LIMIT_FILTER_DEPTH levels of brackets (a chain of `and` leans left and adds
 * none: the tree is at most terms + levels deep) and LIMIT_SEARCH_BYTES of text. true, false and null go with eq and
 * ne only. 0, or ERR_SYNTAX with `ret_error` (may be NULL) filled in: where, and what was expected there.
 */
int filter_parse(struct arena *arena, const char *text, enum filter_dialect dialect, const struct filter **ret,
                 struct filter_error *ret_error) MUSTCHECK;

/*
 * A path of a SCIM PATCH operation (RFC 7644 figure 7): attrPath / valuePath [subAttr]. A URN is taken for a schema
 * alone when the part before its last one is a version number ("...:enterprise:2.0:User").
 */
struct filter_path {
    const char *urn;            /* or NULL */
    const char *attribute;      /* first name; with a URN alone (the path is a schema), NULL */
    const struct filter *where; /* the filter in brackets, or NULL */
    const char *sub_attribute;  /* or NULL */
};
int filter_parse_path(struct arena *arena, const char *text, struct filter_path *ret,
                      struct filter_error *ret_error) MUSTCHECK;

#endif
