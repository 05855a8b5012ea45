/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include "base/arena.h"
#include "base/err.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#define PATTERN_STEPS_MAX 100000 /* calls of the matcher's inner function for one text */
#define PATTERN_DEPTH_MAX 1000   /* nested backtracking points */
#define PATTERN_HEAP_KIB 1024    /* memory that one match may take */

struct pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

struct pattern *pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return NULL;
    pcre2_match_context_free(pattern->limits);
    pcre2_match_data_free(pattern->data);
    pcre2_code_free(pattern->code);
    free(pattern);
    return NULL;
}

int pattern_compile(struct pattern **ret, const char *text, char *ret_why, size_t why_size)
{
    int code = 0;
    PCRE2_SIZE offset = 0;
    if (strlen(text) > PATTERN_BYTES_MAX) {
        (void)snprintf(ret_why, why_size, "it has more than %d bytes", PATTERN_BYTES_MAX);
        return ERR_TOO_LARGE;
    }
    struct pattern *pattern = NEW(struct pattern);
    pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                  PCRE2_UTF | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C, &code, &offset, NULL);
    if (!pattern->code) {
        PCRE2_UCHAR words[160] = "";
        (void)pcre2_get_error_message(code, words, sizeof(words));
        (void)snprintf(ret_why, why_size, "%s, at character %zu", (const char *)words, offset + 1);
        pattern_free(pattern);
        return ERR_SYNTAX;
    }
    pattern->data = pcre2_match_data_create(1, NULL);
    pattern->limits = pcre2_match_context_create(NULL);
    if (!pattern->data || !pattern->limits)
        abort(); /* out of memory, as everywhere */
    (void)pcre2_set_match_limit(pattern->limits, PATTERN_STEPS_MAX);
    (void)pcre2_set_depth_limit(pattern->limits, PATTERN_DEPTH_MAX);
    (void)pcre2_set_heap_limit(pattern->limits, PATTERN_HEAP_KIB);
    *ret = pattern;
    return 0;
}

bool pattern_matches(const struct pattern *pattern, const char *text)
{
    return pcre2_match(pattern->code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, pattern->data, pattern->limits) >=
           0;
}
