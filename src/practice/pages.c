/* SPDX-License-Identifier: Apache-2.0 */
/* What faults make of filters and pages; cursors (RFC 9865). */
#include "practice/inner.h"

#include <ctype.h>
#include <regex.h>
#include <sodium.h>

/* --- filters --------------------------------------------------------------------------------------------------------
 */

struct look {
    struct call *call;
    size_t terms;
    bool blind;
};

static bool names(const char *words, const char *attribute)
{
    return words_have(words, attribute, strlen(attribute)) || words_have(words, attribute, strcspn(attribute, "."));
}

static int look_at_comparison(struct look *look, const struct filter *f)
{
    const struct practice *p = look->call->p;
    struct refusal *refusal = &look->call->refusal;
    for (struct fault *fault = bent(p, FAULT_FILTER_REFUSED); fault; fault = fault->same)
        if (!*fault->order.text || !names(fault->order.text, f->attribute))
            return fault_refuse(fault, refusal, "filter: %.100s cannot be filtered.", f->attribute);
    struct fault *only = bent(p, FAULT_FILTER_EQ_ONLY);
    if (only && f->op != FILTER_EQ && f->op != FILTER_VALUE)
        return fault_refuse(only, refusal, "filter: eq is the only operator.");
    for (struct fault *fault = bent(p, FAULT_FILTER_BLIND); fault; fault = fault->same)
        if (names(fault->order.text, f->attribute)) {
            fault_strike(fault);
            look->blind = true;
        }
    if (f->op != FILTER_EQ || f->type != FILTER_STRING || !bent(p, FAULT_FILTER_PATTERN))
        return 0;
    regex_t pattern;
    if (regcomp(&pattern, f->text, REG_EXTENDED | REG_NOSUB) != 0)
        return fault_refuse(bent(p, FAULT_FILTER_PATTERN), refusal, "filter: the value is no regular expression.");
    regfree(&pattern);
    return 0;
}

static int look_at(struct look *look, const struct filter *f)
{
    struct fault *only = bent(look->call->p, FAULT_FILTER_EQ_ONLY);
    const char *word = f->op == FILTER_AND ? "and" : f->op == FILTER_OR ? "or" : "not";
    if (f->op != FILTER_AND && f->op != FILTER_OR && f->op != FILTER_NOT) {
        look->terms++;
        return look_at_comparison(look, f);
    }
    if (only && !words_have(only->order.text, word, strlen(word)))
        return fault_refuse(only, &look->call->refusal, "filter: %s is not supported.", word);
    int r = look_at(look, f->left);
    return r < 0 || !f->right ? r : look_at(look, f->right);
}

int filter_bend(struct call *call, const struct filter **io_filter, bool *ret_blind)
{
    struct look look = {.call = call};
    if (!call->p->faults->bending || !*io_filter)
        return 0;
    if (bends(call->p, FAULT_FILTER_IGNORED)) {
        *io_filter = NULL;
        return 0;
    }
    int r = look_at(&look, *io_filter);
    struct fault *terms = bent(call->p, FAULT_FILTER_TERMS);
    if (r == 0 && terms && look.terms > terms->order.max)
        r = fault_refuse(terms, &call->refusal, "filter: at most %u comparisons.", terms->order.max);
    *ret_blind = look.blind;
    return r;
}

struct name_pattern {
    char *text;
    regex_t compiled;
    bool is_one; /* it compiles */
};

struct name_pattern *name_pattern_free(struct name_pattern *pattern)
{
    if (!pattern)
        return NULL;
    if (pattern->is_one)
        regfree(&pattern->compiled);
    free(pattern->text);
    free(pattern);
    return NULL;
}

static struct name_pattern *name_pattern_new(const char *text)
{
    struct name_pattern *pattern = NEW(struct name_pattern);
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    pattern->text = mem_strdup(text);
    pattern->is_one =
        regcomp(&pattern->compiled, arena_printf(arena, "^(%s)$", text), REG_EXTENDED | REG_NOSUB | REG_ICASE) == 0;
    return pattern;
}

bool filter_pattern_fits(struct practice *p, const char *pattern, const char *text)
{
    if (!p->pattern || strcmp(p->pattern->text, pattern) != 0) {
        name_pattern_free(p->pattern);
        p->pattern = name_pattern_new(pattern);
    }
    return p->pattern->is_one && regexec(&p->pattern->compiled, text, 0, NULL, 0) == 0;
}

/* --- pages ----------------------------------------------------------------------------------------------------------
 */

void page_bend(struct practice *p, bool count_given, struct page *page)
{
    if (!p->faults->bending)
        return;
    struct fault *otherwise = count_given ? NULL : bent(p, FAULT_PAGE_DEFAULT);
    struct fault *cursor = bent(p, FAULT_CURSOR);
    if (otherwise) {
        fault_strike(otherwise);
        page->count = otherwise->order.max;
    }
    if (page->by_cursor && cursor->order.max)
        page->count = MIN_OF(page->count, (int64_t)cursor->order.max);
    struct fault *most = bent(p, FAULT_PAGE_MAX);
    if (most && !page->by_cursor && page->count > most->order.max) {
        fault_strike(most);
        page->count = most->order.max;
    }
    if (page->start > 1 && bends(p, FAULT_PAGES_ENDLESS))
        page->start = page->from = 1;
    struct fault *overlap = bent(p, FAULT_PAGES_OVERLAP);
    if (overlap && page->from > 1) {
        fault_strike(overlap);
        page->from = MAX_OF(page->from - overlap->order.max, (int64_t)1);
    }
    struct fault *skip = bent(p, FAULT_PAGES_SKIP);
    if (skip && page->from > 1) {
        fault_strike(skip);
        page->from += skip->order.max;
    }
}

int64_t page_total(const struct practice *p, const struct page *page, int64_t total, int64_t items)
{
    struct fault *fault = bent(p, FAULT_TOTAL);
    if (!fault)
        return total;
    fault_strike(fault);
    const char *how = fault->order.text;
    return words_have(how, "absent", 6) ? -1
           : words_have(how, "zero", 4) ? 0
           : words_have(how, "more", 4) ? total + MAX_OF(page->count, (int64_t)1)
                                        : items;
}

/* --- cursors --------------------------------------------------------------------------------------------------------
 */

/* What a cursor proves to be one of ours. */
static uint64_t seal(const struct practice *p, int64_t start, int64_t time_ms)
{
    const int64_t words[2] = {start, time_ms};
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number = 0;
    (void)crypto_shorthash(hash, (const unsigned char *)words, sizeof(words), p->seed);
    memcpy(&number, hash, sizeof(number));
    return number;
}

/* Reads "start-time-seal". False for what is none of ours. */
static bool open_cursor(const struct practice *p, const char *cursor, int64_t *ret_start, int64_t *ret_time_ms)
{
    uint64_t numbers[3] = {0};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        char *end = NULL;
        if (!isxdigit((unsigned char)*cursor))
            return false;
        numbers[i] = strtoull(cursor, &end, 16);
        if (*end != (i < ARRAY_LEN(numbers) - 1 ? '-' : '\0'))
            return false;
        cursor = end + (*end != '\0');
    }
    *ret_start = (int64_t)numbers[0];
    *ret_time_ms = (int64_t)numbers[1];
    return numbers[0] >= 1 && numbers[0] <= INT32_MAX && numbers[2] == seal(p, *ret_start, *ret_time_ms);
}

int cursor_read(struct call *call, const char *cursor, const char *start_index, struct page *page)
{
    struct practice *p = call->p;
    struct fault *fault = bent(p, FAULT_CURSOR);
    bool only = fault && words_have(fault->order.text, "only", 4);
    if (!fault || (!cursor && !only))
        return 0;
    if (only && start_index)
        return fault_refuse(fault, &call->refusal, "startIndex is not supported; page with cursor (RFC 9865).");
    page->by_cursor = true;
    if (!cursor || !*cursor)
        return 0;
    int64_t start = 0, time_ms = 0;
    int status = fault_status(&fault->order);
    if (!open_cursor(p, cursor, &start, &time_ms))
        return refuse(&call->refusal, status, "invalidCursor", "The cursor is not one of this server.");
    if (fault->order.ms && env_now(p->env) >= time_ms + fault->order.ms) {
        fault_strike(fault);
        return refuse(&call->refusal, status, "expiredCursor", "The cursor is older than %d ms.", fault->order.ms);
    }
    page->start = page->from = start;
    return 0;
}

void cursor_write(struct practice *p, int64_t start, char *ret, size_t size)
{
    int64_t now = env_now(p->env);
    (void)snprintf(ret, size, "%llx-%llx-%llx", (unsigned long long)start, (unsigned long long)now,
                   (unsigned long long)seal(p, start, now));
}
