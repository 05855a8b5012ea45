/* SPDX-License-Identifier: Apache-2.0 */
/* Convert.* and user.getInternalProperty(). What cannot be converted is null. */
#include "expr/inner.h"

#include <errno.h>
#include <math.h>

/* The number that the whole text means, without spaces; null otherwise. */
static struct expr_value parse_number(const char *text)
{
    const struct expr_value none = {.type = EXPR_NULL};
    size_t sign = text[0] == '-' || text[0] == '+';
    if (text[sign] < '0' || text[sign] > '9' || text[strspn(text, "0123456789+-.eE")])
        return none;
    char *end = NULL;
    errno = 0;
    double number = strtod(text, &end);
    if (*end || errno == ERANGE || !isfinite(number))
        return none;
    return (struct expr_value){.type = EXPR_NUMBER, .number = number};
}

/* Halves are rounded away from zero. */
static struct expr_value round_number(double number)
{
    double rounded = round(number);
    if (rounded < -9.2e18 || rounded > 9.2e18)
        return (struct expr_value){.type = EXPR_NULL};
    return value_integer((int64_t)rounded);
}

FUNCTION(convert_to_int)
{
    (void)e;
    (void)node;
    *ret = (struct expr_value){.type = EXPR_NULL};
    if (arguments[0].type == EXPR_INTEGER) {
        *ret = arguments[0];
    } else if (arguments[0].type == EXPR_NUMBER) {
        *ret = round_number(arguments[0].number);
    } else if (arguments[0].type == EXPR_STRING) {
        const char *text = arguments[0].text;
        char *end = NULL;
        errno = 0;
        long long whole = strtoll(text, &end, 10);
        struct expr_value number = parse_number(text);
        if (number.type == EXPR_NUMBER && !*end && errno == 0)
            *ret = value_integer(whole);
        else if (number.type == EXPR_NUMBER)
            *ret = round_number(number.number);
    }
    return 0;
}

FUNCTION(convert_to_num)
{
    (void)e;
    (void)node;
    *ret = (struct expr_value){.type = EXPR_NULL};
    if (arguments[0].type == EXPR_INTEGER)
        *ret = (struct expr_value){.type = EXPR_NUMBER, .number = (double)arguments[0].integer};
    else if (arguments[0].type == EXPR_NUMBER)
        *ret = arguments[0];
    else if (arguments[0].type == EXPR_STRING)
        *ret = parse_number(arguments[0].text);
    return 0;
}

FUNCTION(user_property)
{
    *ret = (struct expr_value){.type = EXPR_NULL};
    (void)node;
    return e->facts->property(e->facts->data, arguments[0].text, ret);
}
