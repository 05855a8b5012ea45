/* SPDX-License-Identifier: Apache-2.0 */
#include "base/problem.h"

#include <stdarg.h>

static const struct {
    const char *name;
    int status;
    const char *summary;
} table[] = {
    [PUBLISHED_NONE] = {"", 200, ""},
#define X(code, status, summary) [code] = {#code, status, summary},
#include "base/published.def"
#undef X
};

int problem_set(struct problem *problem, enum published code, const char *argument, ...)
{
    *problem = (struct problem){.code = code};
    va_list args;
    va_start(args, argument);
    (void)vsnprintf(problem->argument, sizeof(problem->argument), argument, args);
    va_end(args);
    return ERR_PROBLEM;
}

static void add_cause(struct problem *problem, const char *format, va_list args) PRINTF_LIKE(2, 0);
static void add_cause(struct problem *problem, const char *format, va_list args)
{
    if (problem->cause_count == PROBLEM_CAUSES)
        return;
    char *text = problem->causes[problem->cause_count++];
    (void)vsnprintf(text, PROBLEM_TEXT, format, args);
}

int problem_cause(struct problem *problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_cause(problem, format, args);
    va_end(args);
    return ERR_PROBLEM;
}

int problem_invalid(struct problem *problem, const char *subject, const char *format, ...)
{
    if (problem->code == PUBLISHED_NONE)
        (void)problem_set(problem, E0000001, "%s", subject);
    va_list args;
    va_start(args, format);
    add_cause(problem, format, args);
    va_end(args);
    return ERR_PROBLEM;
}

int problem_not_found(struct problem *problem, const char *id, const char *type)
{
    return problem_set(problem, E0000007, "Resource not found: %s (%s)", id, type);
}

int published_status(enum published code)
{
    return table[code].status;
}

const char *published_name(enum published code)
{
    return table[code].name;
}

void problem_summary(const struct problem *problem, char *ret_text, size_t size)
{
    const char *summary = table[problem->code].summary;
    const char *hole = strstr(summary, "%s");
    if (!hole)
        (void)snprintf(ret_text, size, "%s", summary);
    else
        (void)snprintf(ret_text, size, "%.*s%s%s", (int)(hole - summary), summary, problem->argument, hole + 2);
}
