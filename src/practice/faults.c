/* SPDX-License-Identifier: Apache-2.0 */
/* Which faults are in force, whom they strike, and what those do that answer instead of or after the request. */
#include "practice/faults.h"

#include "practice/inner.h"

#include <math.h>

#define FAULT_MS_MAX 600000  /* milliseconds: the longest latency that can be ordered */
#define FAULT_STEP_MAX 60000 /* milliseconds between two pieces of a slow answer */
#define EXPONENTIAL_MAX 10   /* an exponential latency is at most so many times its average */
#define CHANCES 1000000u     /* a chance is drawn in millionths */

static const struct {
    const char *name;
    enum fault_phase phase;
    int needs;
    int status;
    const char *text;
} catalogue[FAULT_KINDS] = {[FAULT_NONE] = {0},
#define X(symbol, fault, phase, needs, status, text) [symbol] = {fault, phase, needs, status, text},
                            FAULT_LIST(X)
#undef X
};

static const char form_words[] = FORM_WORDS;

/* The words that `text` may have, for those that do not take any. */
static const char *const vocabulary[FAULT_KINDS] = {
    [FAULT_RATE_LIMIT] = "window adds",
    [FAULT_UNKNOWN_MEMBERS] = "store ignore refuse partial",
    [FAULT_FORM_REFUSED] = form_words,
    [FAULT_FORM_IGNORED] = form_words,
    [FAULT_FORM_MERGES] = form_words,
    [FAULT_FORM_CLEARS] = form_words,
    [FAULT_IDS] = ID_STYLES,
    [FAULT_FILTER_EQ_ONLY] = "and or",
    [FAULT_PATCH_BODY] = "always",
    [FAULT_TOTAL] = "page zero more absent",
    [FAULT_CURSOR] = "only",
    [FAULT_CONFIG] = "no-patch no-bulk bare-bulk no-filter no-sort no-etag no-password no-pagination",
};

const char *fault_name(enum fault_kind kind)
{
    return catalogue[kind].name;
}

enum fault_kind fault_by_name(const char *name)
{
    for (size_t i = 1; i < ARRAY_LEN(catalogue); i++)
        if (strcmp(catalogue[i].name, name) == 0)
            return (enum fault_kind)i;
    return FAULT_NONE;
}

const char *fault_text(enum fault_kind kind)
{
    return catalogue[kind].text;
}

int fault_status(const struct practice_fault *order)
{
    return order->status ? order->status : catalogue[order->kind].status;
}

struct faults *faults_new(void)
{
    return NEW(struct faults);
}

struct faults *faults_free(struct faults *faults)
{
    free(faults);
    return NULL;
}

/* --- words ----------------------------------------------------------------------------------------------------------
 */

const char *words_next(const char **io_words, size_t *ret_n)
{
    const char *word = *io_words + strspn(*io_words, ", ");
    *ret_n = strcspn(word, ", ");
    *io_words = word + *ret_n;
    return *ret_n ? word : NULL;
}

bool words_have(const char *words, const char *word, size_t n)
{
    size_t length = 0;
    for (const char *w = words_next(&words, &length); w; w = words_next(&words, &length))
        if (length == n && strncasecmp(w, word, n) == 0)
            return true;
    return false;
}

/* --- ordering -------------------------------------------------------------------------------------------------------
 */

/* The first word of the order that its kind does not know; NULL when all are known. */
static const char *unknown_word(const struct practice_fault *order)
{
    size_t n = 0;
    const char *words = order->text;
    if (!vocabulary[order->kind])
        return NULL;
    for (const char *w = words_next(&words, &n); w; w = words_next(&words, &n))
        if (!words_have(vocabulary[order->kind], w, n))
            return w;
    return NULL;
}

/* What is missing of the times of an order. */
static const char *missing_time(const struct practice_fault *order, int needs)
{
    bool is_slow = order->kind == FAULT_SLOW;
    if (order->ms > (is_slow ? FAULT_STEP_MAX : FAULT_MS_MAX) || ((needs & FAULT_NEEDS_MS) && order->ms < 1))
        return is_slow ? "\"ms\", from 1 to 60000" : "\"ms\", from 1 to 600000";
    bool wants_most = order->ms_max != 0 || order->spread == SPREAD_UNIFORM;
    if (wants_most && (order->ms_max < order->ms || order->ms_max > FAULT_MS_MAX))
        return "\"msMax\", from \"ms\" to 600000";
    if ((needs & FAULT_NEEDS_RATE) && (order->rate < 1 || order->per_ms < 0))
        return "\"rate\", at least 1, and \"perMs\" in milliseconds";
    return order->retry_after < 0 ? "\"retryAfter\", in seconds, not negative" : NULL;
}

static const char *missing_in(const struct practice_fault *order)
{
    int needs = catalogue[order->kind].needs;
    bool is_status = order->status >= 200 && order->status <= 599;
    if (!catalogue[order->kind].name)
        return "a known name";
    if (((needs & FAULT_NEEDS_STATUS) || order->status) && !is_status)
        return "\"status\", from 200 to 599";
    if ((needs & FAULT_NEEDS_MAX) && order->max < 1)
        return "\"max\", at least 1";
    if ((needs & FAULT_NEEDS_TEXT) && !*order->text)
        return "\"text\": GET /practice/faults says what it stands for";
    if (!(order->percent >= 0 && order->percent <= 100))
        return "\"percent\", from 0 to 100";
    return missing_time(order, needs);
}

int fault_check(const struct practice_fault *order, char *ret_why, size_t why_size)
{
    const char *missing = missing_in(order);
    const char *word = missing ? NULL : unknown_word(order);
    if (!missing && !word)
        return 0;
    const char *name = fault_name(order->kind);
    if (ret_why && missing)
        (void)snprintf(ret_why, why_size, "The fault \"%s\" needs %s.", name ? name : "", missing);
    else if (ret_why)
        (void)snprintf(ret_why, why_size, "\"text\" of the fault \"%s\" is not \"%.*s\" but some of: %s.", name,
                       (int)strcspn(word, ", "), word, vocabulary[order->kind]);
    return ERR_SYNTAX;
}

int faults_add(struct faults *faults, const struct env *env, const struct practice_fault *order, char *ret_why,
               size_t why_size)
{
    int r = fault_check(order, ret_why, why_size);
    if (r < 0)
        return r;
    if (faults->count == PRACTICE_FAULTS) {
        if (ret_why)
            (void)snprintf(ret_why, why_size, "At most %d faults can be in force; clear some.", PRACTICE_FAULTS);
        return ERR_TOO_LARGE;
    }
    struct fault *fault = &faults->items[faults->count++];
    *fault = (struct fault){.order = *order};
    if (order->after_ms || order->for_ms || order->kind == FAULT_RATE_LIMIT)
        fault->set_ms = env_now(env);
    if (order->kind == FAULT_RATE_LIMIT)
        rate_start(fault);
    return 0;
}

int practice_set_fault(struct practice *practice, const struct practice_fault *fault, char *ret_why, size_t why_size)
{
    return faults_add(practice->faults, practice->env, fault, ret_why, why_size);
}

void practice_clear_faults(struct practice *practice)
{
    *practice->faults = (struct faults){0};
}

uint64_t practice_fault_strikes(const struct practice *practice, size_t index)
{
    return index < practice->faults->count ? practice->faults->items[index].strikes : 0;
}

/* --- whom a fault strikes -------------------------------------------------------------------------------------------
 */

/* Whether the request is of the size that the fault is about. */
static bool exceeds(const struct practice_fault *order, const struct fault_request *asked)
{
    const struct tally *tally = &asked->tally;
    switch ((int)order->kind) {
    case FAULT_MEMBERS_MAX:
        return tally->adds + tally->removals > order->max;
    case FAULT_ADDS_MAX:
        return tally->adds > order->max;
    case FAULT_REMOVALS_MAX:
        return tally->removals > order->max;
    case FAULT_MIXED:
        return (tally->adds > 0) + (tally->removals > 0) + (tally->others > 0) > 1;
    case FAULT_OPERATIONS_MAX:
        return tally->operations > order->max;
    case FAULT_BYTES_MAX:
        return asked->body_bytes > order->max;
    case FAULT_USER_AGENT:
        return !asked->user_agent || !*asked->user_agent;
    default:
        return true;
    }
}

/* "/Groups" is for what begins so, "/Groups$" for that path alone. */
static bool is_below(const char *prefix, const char *path)
{
    size_t n = strlen(prefix);
    bool whole = n && prefix[n - 1] == '$';
    n -= whole;
    return strncmp(prefix, path, n) == 0 && (!whole || !path[n] || (path[n] == '/' && !path[n + 1]));
}

static bool fits(const struct fault *fault, const struct fault_request *asked, int64_t now)
{
    const struct practice_fault *order = &fault->order;
    if (*order->method && !words_have(order->method, asked->method, strlen(asked->method)))
        return false;
    if (!is_below(order->prefix, asked->path))
        return false;
    if ((order->over_bytes && asked->body_bytes <= order->over_bytes) ||
        (order->under_bytes && asked->body_bytes >= order->under_bytes))
        return false;
    int64_t age = now - fault->set_ms;
    if ((order->after_ms && age < order->after_ms) ||
        (order->for_ms && age >= (int64_t)order->after_ms + order->for_ms))
        return false;
    return exceeds(order, asked);
}

static bool by_chance(const struct practice_fault *order, const struct env *env)
{
    return order->percent <= 0 || (double)env_below(env, CHANCES) < order->percent * (CHANCES / 100.0);
}

/* Whether the fault is on for this request, which fits. */
static bool is_on(struct fault *fault, const struct env *env, const struct fault_request *asked, int64_t now)
{
    fault->seen++;
    if (fault->order.times && fault->strikes >= fault->order.times)
        return false;
    if (fault->seen % MAX_OF(fault->order.every, 1u) != 0 || !by_chance(&fault->order, env))
        return false;
    return fault->order.kind != FAULT_RATE_LIMIT || rate_exceeded(fault, asked, now);
}

static void bend(struct faults *faults, struct fault *fault)
{
    struct fault **at = &faults->bent[fault->order.kind];
    while (*at)
        at = &(*at)->same;
    *at = fault;
    fault->same = NULL;
    faults->bending = true;
}

void faults_count(struct faults *faults, const struct env *env, const struct fault_request *asked)
{
    if (faults->bending)
        memset(faults->bent, 0, sizeof(faults->bent));
    faults->bending = false;
    if (!faults->count)
        return;
    faults->tally = asked->tally;
    int64_t now = env_now(env);
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->items[i];
        fault->strikes_now = false;
        fault->fits_now = fits(fault, asked, now);
        if (!fault->fits_now || !is_on(fault, env, asked, now))
            continue;
        if (catalogue[fault->order.kind].phase == FAULT_DURING)
            bend(faults, fault);
        else
            fault_strike(fault);
    }
}

void fault_strike(struct fault *fault)
{
    if (!fault->strikes_now)
        fault->strikes++;
    fault->strikes_now = true;
}

int fault_refuse(struct fault *fault, struct refusal *refusal, const char *format, ...)
{
    va_list args;
    char text[sizeof(refusal->detail)];
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fault_strike(fault);
    return refuse(refusal, fault_status(&fault->order), *fault->order.scim_type ? fault->order.scim_type : NULL, "%s",
                  text);
}

/* --- what it does to the answer -------------------------------------------------------------------------------------
 */

static void explain(const struct practice_fault *order, struct refusal *refusal)
{
    char *text = refusal->detail;
    size_t size = sizeof(refusal->detail);
    switch ((int)order->kind) {
    case FAULT_ADDS_MAX:
        (void)snprintf(text, size, "At most %u members can be added in one request.", order->max);
        return;
    case FAULT_REMOVALS_MAX:
        (void)snprintf(text, size, "At most %u members can be removed in one request.", order->max);
        return;
    case FAULT_MIXED:
        (void)snprintf(text, size,
                       "Members to add, members to remove and other attributes need requests of their own.");
        return;
    case FAULT_OPERATIONS_MAX:
        (void)snprintf(text, size, "At most %u operations in one request.", order->max);
        return;
    case FAULT_BYTES_MAX:
        (void)snprintf(text, size, "The body is larger than %u bytes.", order->max);
        return;
    case FAULT_USER_AGENT:
        (void)snprintf(text, size, "The header User-Agent is required.");
        return;
    case FAULT_RATE_LIMIT:
        (void)snprintf(text, size, "Too many requests: at most %u in %d ms.", order->rate, rate_per_ms(order));
        return;
    default:
        if (*order->text)
            (void)snprintf(text, size, "%s", order->text);
        else
            (void)snprintf(text, size, "This answer was ordered (fault \"%s\").", fault_name(order->kind));
    }
}

static void answer_status(struct fault *fault, int64_t now, struct practice_response *ret)
{
    const struct practice_fault *order = &fault->order;
    struct refusal refusal = {.status = fault_status(order)};
    refusal.scim_type = *order->scim_type ? order->scim_type : NULL;
    explain(order, &refusal);
    utf8_repair(refusal.detail);
    buf_clear(&ret->body);
    ret->status = refusal.status;
    ret->content_type = NULL;
    ret->etag[0] = ret->location[0] = '\0';
    if (refusal.status >= 400) {
        refusal_write(&refusal, &ret->body);
        ret->content_type = "application/scim+json";
    }
    if (order->kind != FAULT_RATE_LIMIT && order->retry_after)
        rate_retry_after(order->headers, order->retry_after, now, ret);
}

static int latency_of(const struct practice_fault *order, const struct env *env)
{
    if (order->spread == SPREAD_UNIFORM)
        return order->ms + (int)env_below(env, (uint32_t)(order->ms_max - order->ms) + 1);
    if (order->spread == SPREAD_EXPONENTIAL) {
        double ms = -log((env_below(env, CHANCES) + 1.0) / CHANCES) * order->ms;
        double most = order->ms_max ? order->ms_max : (double)order->ms * EXPONENTIAL_MAX;
        most = MIN_OF(most, FAULT_MS_MAX);
        return (int)MIN_OF(ms, most);
    }
    return order->ms;
}

static void answer_html(const struct practice_fault *order, struct practice_response *ret)
{
    buf_clear(&ret->body);
    buf_printf(&ret->body, "<!DOCTYPE html>\n<html><head><title>%d</title></head><body><h1>%s</h1></body></html>\n",
               order->status ? order->status : ret->status, "This page was ordered (fault \"not_json\")");
    ret->status = order->status ? order->status : ret->status == 204 ? 200 : ret->status;
    ret->content_type = "text/html; charset=utf-8";
}

static void answer_plain_error(struct practice_response *ret)
{
    if (ret->status < 400)
        return;
    struct jout out;
    CLEANUP(jval_freep) struct jval *error = NULL;
    if (ret->body.len && jval_parse(&error, ret->body.data, ret->body.len, NULL) < 0)
        return;
    const char *detail = jval_get_str(error, "detail");
    buf_clear(&ret->body);
    jout_init(&out, &ret->body);
    jout_object(&out, NULL);
    jout_str(&out, "error", detail ? detail : "");
    jout_end(&out);
    ret->content_type = "application/json";
}

/* What one fault does to the answer, in its phase. */
static void strike(struct fault *fault, const struct env *env, int64_t now, struct practice_response *ret)
{
    const struct practice_fault *order = &fault->order;
    switch ((int)order->kind) {
    case FAULT_DROP_BEFORE:
    case FAULT_DROP_AFTER:
        ret->reset = true;
        break;
    case FAULT_LATENCY:
        ret->delay_ms += latency_of(order, env);
        break;
    case FAULT_TRUNCATE:
        if (ret->body.data)
            ret->body.data[ret->body.len /= 2] = '\0';
        break;
    case FAULT_NOT_JSON:
        answer_html(order, ret);
        break;
    case FAULT_SLOW:
        ret->step_bytes = order->max;
        ret->step_ms = order->ms;
        break;
    case FAULT_PLAIN_ERRORS:
        answer_plain_error(ret);
        break;
    case FAULT_PLAIN_TYPE:
        if (ret->content_type)
            ret->content_type = *order->text ? order->text : "application/json";
        break;
    default:
        assert(catalogue[order->kind].phase == FAULT_BEFORE || order->kind == FAULT_STATUS_AFTER);
        answer_status(fault, now, ret);
    }
}

static size_t strike_phase(struct faults *faults, const struct env *env, enum fault_phase phase,
                           struct practice_response *ret)
{
    size_t struck = 0;
    int64_t now = faults->count ? env_now(env) : 0;
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->items[i];
        if (fault->fits_now && fault->order.kind == FAULT_RATE_LIMIT && phase == FAULT_BEFORE)
            rate_headers(fault, now, ret);
        if (!fault->strikes_now || catalogue[fault->order.kind].phase != phase)
            continue;
        strike(fault, env, now, ret);
        struck++;
    }
    return struck;
}

bool faults_before(struct faults *faults, const struct env *env, struct practice_response *ret)
{
    return strike_phase(faults, env, FAULT_BEFORE, ret) > 0;
}

void faults_after(struct faults *faults, const struct env *env, struct practice_response *ret)
{
    (void)strike_phase(faults, env, FAULT_AFTER, ret);
}

const char *faults_struck(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].strikes_now)
            return fault_name(faults->items[i].order.kind);
    return NULL;
}
