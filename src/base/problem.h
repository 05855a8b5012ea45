/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a request, in the words of the published error object, wherever it is noticed: a function that
 * refuses fills in a problem and returns ERR_PROBLEM; the API, the command line and the console show the same text.
 */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

#include "base/err.h"
#include "base/macros.h"

enum published {
    PUBLISHED_NONE,
#define X(code, status, summary) code,
#include "base/published.def"
#undef X
};

#define PROBLEM_CAUSES 8 /* causes that one answer lists */
#define PROBLEM_TEXT 512 /* bytes of a summary or a cause */

struct problem {
    enum published code; /* PUBLISHED_NONE: nothing is wrong */
    char argument[PROBLEM_TEXT];
    char causes[PROBLEM_CAUSES][PROBLEM_TEXT];
    size_t cause_count;
};

/* Starts a problem; `argument` is what the summary's %s says. Always returns ERR_PROBLEM. */
int problem_set(struct problem *problem, enum published code, const char *argument, ...) PRINTF_LIKE(3, 4);
/* Adds a cause (those beyond PROBLEM_CAUSES are dropped). Always returns ERR_PROBLEM. */
int problem_cause(struct problem *problem, const char *format, ...) PRINTF_LIKE(2, 3);
/*
 * The usual refusal: E0000001 "Api validation failed: <subject>" with one cause "<field>: <text>". Called again on the
 * same problem it adds a cause. The cause names the field and the remedy. Always returns ERR_PROBLEM.
 */
int problem_invalid(struct problem *problem, const char *subject, const char *format, ...) PRINTF_LIKE(3, 4);
/* E0000007 "Not found: Resource not found: <id> (<type>)". Always returns ERR_PROBLEM. */
int problem_not_found(struct problem *problem, const char *id, const char *type);

int published_status(enum published code);
const char *published_name(enum published code);
/* The summary with its argument, into `ret_text`. */
void problem_summary(const struct problem *problem, char *ret_text, size_t size);

#endif
