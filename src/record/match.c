/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events a filter= and q= select. The columns are asked first; the document is read only when something else is
 * asked for. Text is compared without ASCII case, as is usual for SCIM filters. A path leads through objects; where it
 * leads through an array (target), it is enough that one element fits.
 */
#include "base/clock.h"
#include "base/text.h"
#include "record/inner.h"

#define PATH_NAMES 8 /* names in an attribute path */

/* The properties of a published LogEvent. */
static const char *const properties[] = {
    "actor",   "authenticationContext", "client",    "debugContext", "displayMessage",  "eventType",
    "outcome", "legacyEventType",       "published", "request",      "securityContext", "severity",
    "target",  "transaction",           "uuid",      "version"};

static bool is_comparison(enum filter_op op)
{
    return op != FILTER_AND && op != FILTER_OR && op != FILTER_NOT && op != FILTER_VALUE;
}

static int check_comparison(const struct filter *filter, struct problem *problem)
{
    size_t n = strcspn(filter->attribute, ".");
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(properties) && !known; i++)
        known = strlen(properties[i]) == n && strncasecmp(properties[i], filter->attribute, n) == 0;
    int64_t ms;
    if (!known || filter->urn)
        (void)problem_set(problem, E0000031, "%s", filter->attribute);
    else if (strcasecmp(filter->attribute, "published") == 0 && filter->op != FILTER_PR &&
             (filter->type != FILTER_STRING || clock_parse(filter->text, &ms) < 0))
        (void)problem_set(problem, E0000031, "%s", filter->text ? filter->text : filter->attribute);
    else
        return 0;
    return problem_cause(problem,
                         known ? "filter: published is compared with a time, as in \"2026-03-25T06:09:44.000Z\""
                               : "filter: '%s' is no property of an event; use eventType, severity, outcome.result, "
                                 "actor.id, target.id ...",
                         filter->attribute);
}

int log_filter_check(const struct filter *filter, struct problem *problem)
{
    if (is_comparison(filter->op))
        return check_comparison(filter, problem);
    int r = filter->left ? log_filter_check(filter->left, problem) : 0;
    return r == 0 && filter->right ? log_filter_check(filter->right, problem) : r;
}

/* --- one value ---------------------------------------------------------------------------------------------------- */

static int sign_of(double difference)
{
    return difference < 0 ? -1 : difference > 0;
}

static bool order_fits(enum filter_op op, int order)
{
    switch ((int)op) {
    case FILTER_EQ:
        return order == 0;
    case FILTER_GT:
        return order > 0;
    case FILTER_GE:
        return order >= 0;
    case FILTER_LT:
        return order < 0;
    case FILTER_LE:
        return order <= 0;
    default:
        return false;
    }
}

static bool text_fits(const struct filter *filter, const char *text)
{
    const char *wanted = filter->text;
    size_t n = strlen(text);
    size_t k = strlen(wanted);
    switch ((int)filter->op) {
    case FILTER_CO:
        return strcasestr(text, wanted) != NULL;
    case FILTER_SW:
        return n >= k && strncasecmp(text, wanted, k) == 0;
    case FILTER_EW:
        return n >= k && strcasecmp(text + n - k, wanted) == 0;
    default:
        return order_fits(filter->op, strcasecmp(text, wanted));
    }
}

static bool time_fits(const struct filter *filter, int64_t ms)
{
    int64_t wanted = 0;
    if (clock_parse(filter->text, &wanted) < 0)
        return false;
    return order_fits(filter->op, (ms > wanted) - (ms < wanted));
}

/* `ne` is asked as `eq`: see comparison_fits(). */
static bool value_fits(const struct filter *filter, const struct jval *value)
{
    switch (jval_type(value)) {
    case JVAL_STRING:
        return filter->type == FILTER_STRING && text_fits(filter, jval_str(value));
    case JVAL_INT:
    case JVAL_REAL:
        return filter->type == FILTER_NUMBER && order_fits(filter->op, sign_of(jval_number(value, 0) - filter->number));
    case JVAL_BOOL:
        return filter->type == FILTER_BOOL && jval_is_true(value) == filter->boolean;
    case JVAL_NULL:
        return filter->type == FILTER_NULL;
    case JVAL_NONE:
    case JVAL_OBJECT:
    case JVAL_ARRAY:
    default:
        return false;
    }
}

static struct jval *member_of(const struct jval *object, const char *name, size_t n)
{
    for (void *it = jval_first(object); it; it = jval_next(object, it))
        if (strlen(jval_iter_key(it)) == n && strncasecmp(jval_iter_key(it), name, n) == 0)
            return jval_iter_value(it);
    return NULL;
}

/* Does a value at the rest of the path fit? The depth is that of the path, which the parser bounds. */
static bool path_fits(const struct filter *filter, const struct jval *value, const char *path, int names)
{
    if (jval_type(value) == JVAL_ARRAY) {
        for (size_t i = 0; i < jval_len(value); i++)
            if (path_fits(filter, jval_at(value, i), path, names))
                return true;
        return false;
    }
    if (*path && jval_type(value) == JVAL_OBJECT && names > 0) {
        size_t n = strcspn(path, ".");
        return path_fits(filter, member_of(value, path, n), path + n + (path[n] == '.'), names - 1);
    }
    if (*path)
        return false;
    if (filter->op == FILTER_PR)
        return jval_type(value) != JVAL_NONE && jval_type(value) != JVAL_NULL;
    return value_fits(filter, value);
}

/* --- one event ---------------------------------------------------------------------------------------------------- */

static const struct jval *document_of(struct log_row *row)
{
    if (!row->document && jval_parse(&row->document, row->text, strlen(row->text), NULL) < 0)
        row->document = jval_new_object();
    return row->document;
}

static bool positive_fits(const struct filter *filter, struct log_row *row)
{
    static const char *const severities[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    const char *name = filter->attribute;
    bool column = filter->op != FILTER_PR && filter->type == FILTER_STRING;
    if (column && strcasecmp(name, "eventType") == 0)
        return text_fits(filter, row->type);
    if (column && strcasecmp(name, "severity") == 0)
        return text_fits(filter, severities[row->severity]);
    if (column && strcasecmp(name, "outcome.result") == 0)
        return text_fits(filter, row->outcome);
    if (column && strcasecmp(name, "published") == 0)
        return time_fits(filter, row->published);
    return path_fits(filter, document_of(row), name, PATH_NAMES);
}

static bool comparison_fits(const struct filter *filter, struct log_row *row)
{
    if (filter->op != FILTER_NE)
        return positive_fits(filter, row);
    struct filter equal = *filter;
    equal.op = FILTER_EQ;
    return !positive_fits(&equal, row);
}

static bool filter_fits(const struct filter *filter, struct log_row *row)
{
    switch ((int)filter->op) {
    case FILTER_AND:
        return filter_fits(filter->left, row) && filter_fits(filter->right, row);
    case FILTER_OR:
        return filter_fits(filter->left, row) || filter_fits(filter->right, row);
    case FILTER_NOT:
        return !filter_fits(filter->left, row);
    case FILTER_VALUE:
        return false; /* not of this dialect */
    default:
        return comparison_fits(filter, row);
    }
}

/* Does the folded word stand in one of the texts of the event? */
static bool holds_word(const struct jval *value, const char *word)
{
    bool found = false;
    if (jval_type(value) == JVAL_STRING) {
        struct arena *arena CLEANUP(arena_freep) = arena_new();
        return strstr(text_fold(arena, jval_str(value)), word) != NULL;
    }
    if (jval_type(value) == JVAL_ARRAY)
        for (size_t i = 0; i < jval_len(value) && !found; i++)
            found = holds_word(jval_at(value, i), word);
    if (jval_type(value) == JVAL_OBJECT)
        for (void *it = jval_first(value); it && !found; it = jval_next(value, it))
            found = holds_word(jval_iter_value(it), word);
    return found;
}

bool log_row_fits(struct log_row *row, const struct log_query *query)
{
    bool fits = !query->filter || filter_fits(query->filter, row);
    for (size_t i = 0; i < query->word_count && fits; i++)
        fits = holds_word(document_of(row), query->words[i]);
    row->document = jval_free(row->document);
    return fits;
}
