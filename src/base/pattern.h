/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions that somebody wrote (pcre2), with limits on how long a match may take: a pattern that would
 * search for ever does not match. Without regard to letter case, over UTF-8.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include "base/macros.h"

#include <stddef.h>

#define PATTERN_BYTES_MAX 1024 /* of the text of a pattern */

struct pattern;

/* 0, or ERR_SYNTAX with a sentence that says what is wrong and where, ERR_TOO_LARGE. */
int pattern_compile(struct pattern **ret, const char *text, char *ret_why, size_t why_size) MUSTCHECK;
struct pattern *pattern_free(struct pattern *pattern); /* accepts NULL, returns NULL */
/* Anywhere in the text, unless the pattern is anchored. False too when the match took too many steps. */
bool pattern_matches(const struct pattern *pattern, const char *text);

#endif
