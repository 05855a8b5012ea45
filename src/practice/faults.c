/* SPDX-License-Identifier: Apache-2.0 */
#include "practice/faults.h"

#include "practice/inner.h"

#define FAULT_MS_MAX 600000 /* milliseconds: the longest latency that can be ordered */

static const struct {
    const char *name;
    enum fault_phase phase;
    int needs;
    const char *text;
} catalogue[] = {[FAULT_NONE] = {0},
#define X(symbol, fault, phase, needs, text) [symbol] = {fault, phase, needs, text},
                 FAULT_LIST(X)
#undef X
};

struct fault {
    struct practice_fault order;
    uint64_t seen;    /* requests that fit */
    uint64_t strikes; /* requests that were struck */
    bool strikes_now;
};

struct faults {
    size_t count;
    struct fault items[PRACTICE_FAULTS];
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

struct faults *faults_new(void)
{
    return NEW(struct faults);
}

struct faults *faults_free(struct faults *faults)
{
    free(faults);
    return NULL;
}

/* --- ordering -------------------------------------------------------------------------------------------------------
 */

static int check(const struct practice_fault *order, char *ret_why, size_t why_size)
{
    const char *name = fault_name(order->kind);
    int needs = catalogue[order->kind].needs;
    const char *missing = NULL;
    if (!name)
        missing = "a known name";
    else if ((needs & FAULT_NEEDS_STATUS) && (order->status < 200 || order->status > 599))
        missing = "\"status\", from 200 to 599";
    else if ((needs & FAULT_NEEDS_MS) && (order->ms < 1 || order->ms > FAULT_MS_MAX))
        missing = "\"ms\", from 1 to 600000";
    else if ((needs & FAULT_NEEDS_MAX) && order->max < 1)
        missing = "\"max\", at least 1";
    else if (order->retry_after < 0)
        missing = "\"retryAfter\", in seconds, not negative";
    if (!missing)
        return 0;
    if (ret_why)
        (void)snprintf(ret_why, why_size, "The fault \"%s\" needs %s.", name ? name : "", missing);
    return ERR_SYNTAX;
}

static int add(struct faults *faults, const struct practice_fault *order, char *ret_why, size_t why_size)
{
    int r = check(order, ret_why, why_size);
    if (r < 0)
        return r;
    if (faults->count == PRACTICE_FAULTS) {
        if (ret_why)
            (void)snprintf(ret_why, why_size, "At most %d faults can be in force; clear some.", PRACTICE_FAULTS);
        return ERR_TOO_LARGE;
    }
    faults->items[faults->count++] = (struct fault){.order = *order};
    return 0;
}

int practice_set_fault(struct practice *practice, const struct practice_fault *fault, char *ret_why, size_t why_size)
{
    return add(practice->faults, fault, ret_why, why_size);
}

void practice_clear_faults(struct practice *practice)
{
    practice->faults->count = 0;
}

uint64_t practice_fault_strikes(const struct practice *practice, size_t index)
{
    return index < practice->faults->count ? practice->faults->items[index].strikes : 0;
}

static int read_text(struct refusal *refusal, const struct jval *value, const char *key, char *ret, size_t size)
{
    const char *text = jval_str(value);
    if (!text || strlen(text) >= size)
        return refuse_value(refusal, "faults: %s must be a string of less than %zu characters.", key, size);
    (void)snprintf(ret, size, "%s", text);
    return 0;
}

static int read_number(struct refusal *refusal, const struct jval *value, const char *key, int *ret)
{
    int64_t number = jval_int(value, -1);
    if (number < 0 || number > INT32_MAX)
        return refuse_value(refusal, "faults: %s must be a whole number that is not negative.", key);
    *ret = (int)number;
    return 0;
}

static int read_name(struct refusal *refusal, const struct jval *value, enum fault_kind *ret)
{
    *ret = jval_str(value) ? fault_by_name(jval_str(value)) : FAULT_NONE;
    if (*ret != FAULT_NONE)
        return 0;
    char known[256] = "";
    for (size_t i = 1, n = 0; i < ARRAY_LEN(catalogue) && n < sizeof(known); i++)
        n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i > 1 ? ", " : "", catalogue[i].name);
    return refuse_value(refusal, "faults: name \"%.100s\" is not known; known are %s.",
                        jval_str(value) ? jval_str(value) : "", known);
}

static int read_one(struct refusal *refusal, const struct jval *object, struct practice_fault *order)
{
    int every = 1, times = 0, max = 0;
    int r = jval_type(object) == JVAL_OBJECT ? 0 : refuse_value(refusal, "faults: each must be an object.");
    for (void *it = r == 0 ? jval_first(object) : NULL; it && r == 0; it = jval_next(object, it)) {
        const char *key = jval_iter_key(it);
        const struct jval *value = jval_iter_value(it);
        if (strcmp(key, "name") == 0)
            r = read_name(refusal, value, &order->kind);
        else if (strcmp(key, "method") == 0)
            r = read_text(refusal, value, key, order->method, sizeof(order->method));
        else if (strcmp(key, "path") == 0)
            r = read_text(refusal, value, key, order->prefix, sizeof(order->prefix));
        else if (strcmp(key, "every") == 0)
            r = read_number(refusal, value, key, &every);
        else if (strcmp(key, "times") == 0)
            r = read_number(refusal, value, key, &times);
        else if (strcmp(key, "status") == 0)
            r = read_number(refusal, value, key, &order->status);
        else if (strcmp(key, "ms") == 0)
            r = read_number(refusal, value, key, &order->ms);
        else if (strcmp(key, "max") == 0)
            r = read_number(refusal, value, key, &max);
        else if (strcmp(key, "retryAfter") == 0)
            r = read_number(refusal, value, key, &order->retry_after);
        else if (strcmp(key, "seen") != 0 && strcmp(key, "strikes") != 0) /* what GET shows can be sent back */
            r = refuse_value(refusal,
                             "faults: \"%.100s\" is not known; known are name, method, path, every, times, status, ms, "
                             "max, retryAfter.",
                             key);
    }
    order->every = (unsigned)every;
    order->times = (unsigned)times;
    order->max = (unsigned)max;
    if (r == 0 && order->kind == FAULT_NONE)
        r = read_name(refusal, NULL, &order->kind);
    return r;
}

int faults_read(struct faults *faults, const struct jval *body, struct refusal *refusal)
{
    const struct jval *array = jval_get(body, "faults");
    if (jval_type(array) != JVAL_ARRAY)
        return refuse_syntax(refusal, "The body must be {\"faults\": [{\"name\": ..., ...}, ...]}.");
    struct faults fresh = {0};
    for (size_t i = 0; i < jval_len(array); i++) {
        struct practice_fault order = {0};
        char text[256];
        int r = read_one(refusal, jval_at(array, i), &order);
        if (r < 0)
            return r;
        if (add(&fresh, &order, text, sizeof(text)) < 0)
            return refuse_value(refusal, "faults: %s", text);
    }
    *faults = fresh;
    return 0;
}

void faults_write(const struct faults *faults, struct jout *out)
{
    jout_object(out, NULL);
    jout_array(out, "faults");
    for (size_t i = 0; i < faults->count; i++) {
        const struct practice_fault *order = &faults->items[i].order;
        int needs = catalogue[order->kind].needs;
        jout_object(out, NULL);
        jout_str(out, "name", fault_name(order->kind));
        jout_str_opt(out, "method", *order->method ? order->method : NULL);
        jout_str_opt(out, "path", *order->prefix ? order->prefix : NULL);
        jout_int(out, "every", MAX_OF(order->every, 1u));
        if (order->times)
            jout_int(out, "times", order->times);
        if (needs & FAULT_NEEDS_STATUS)
            jout_int(out, "status", order->status);
        if (needs & FAULT_NEEDS_MS)
            jout_int(out, "ms", order->ms);
        if (needs & FAULT_NEEDS_MAX)
            jout_int(out, "max", order->max);
        if (order->retry_after)
            jout_int(out, "retryAfter", order->retry_after);
        jout_int(out, "seen", (int64_t)faults->items[i].seen);
        jout_int(out, "strikes", (int64_t)faults->items[i].strikes);
        jout_end(out);
    }
    jout_end(out);
    jout_array(out, "known");
    for (size_t i = 1; i < ARRAY_LEN(catalogue); i++) {
        jout_object(out, NULL);
        jout_str(out, "name", catalogue[i].name);
        jout_str(out, "does", catalogue[i].text);
        jout_end(out);
    }
    jout_end(out);
    jout_end(out);
}

/* --- striking -------------------------------------------------------------------------------------------------------
 */

static bool fits(const struct practice_fault *order, const char *method, const char *path, size_t members)
{
    if (*order->method && strcmp(order->method, method) != 0)
        return false;
    if (strncmp(order->prefix, path, strlen(order->prefix)) != 0)
        return false;
    return order->kind != FAULT_MEMBERS_MAX || members > order->max;
}

void faults_count(struct faults *faults, const char *method, const char *path, size_t members)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->items[i];
        fault->strikes_now = false;
        if (!fits(&fault->order, method, path, members))
            continue;
        fault->seen++;
        if (fault->seen % MAX_OF(fault->order.every, 1u) != 0)
            continue;
        if (fault->order.times && fault->strikes >= fault->order.times)
            continue;
        fault->strikes_now = true;
        fault->strikes++;
    }
}

static void answer_status(const struct practice_fault *order, struct practice_response *ret)
{
    struct refusal refusal = {.status = order->status};
    (void)snprintf(refusal.detail, sizeof(refusal.detail), "This answer was ordered (fault \"%s\").",
                   fault_name(order->kind));
    buf_clear(&ret->body);
    ret->status = order->status;
    ret->content_type = NULL;
    ret->etag[0] = ret->location[0] = '\0';
    if (order->status >= 400) {
        refusal_write(&refusal, &ret->body);
        ret->content_type = "application/scim+json";
    }
    if (order->retry_after)
        (void)snprintf(ret->retry_after, sizeof(ret->retry_after), "%d", order->retry_after);
}

/* What one fault does to the answer, in its phase. */
static void strike(const struct practice_fault *order, struct practice_response *ret)
{
    switch (order->kind) {
    case FAULT_DROP_BEFORE:
    case FAULT_DROP_AFTER:
        ret->reset = true;
        break;
    case FAULT_STATUS:
    case FAULT_STATUS_AFTER:
    case FAULT_MEMBERS_MAX:
        answer_status(order, ret);
        break;
    case FAULT_LATENCY:
        ret->delay_ms = order->ms;
        break;
    case FAULT_TRUNCATE:
        if (ret->body.data)
            ret->body.data[ret->body.len /= 2] = '\0';
        break;
    case FAULT_NONE:
    default:
        assert(false);
    }
}

static size_t strike_phase(struct faults *faults, enum fault_phase phase, struct practice_response *ret)
{
    size_t struck = 0;
    for (size_t i = 0; i < faults->count; i++) {
        if (!faults->items[i].strikes_now || catalogue[faults->items[i].order.kind].phase != phase)
            continue;
        strike(&faults->items[i].order, ret);
        struck++;
    }
    return struck;
}

bool faults_before(struct faults *faults, struct practice_response *ret)
{
    return strike_phase(faults, FAULT_BEFORE, ret) > 0;
}

void faults_after(struct faults *faults, struct practice_response *ret)
{
    (void)strike_phase(faults, FAULT_AFTER, ret);
}

const char *faults_struck(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].strikes_now)
            return fault_name(faults->items[i].order.kind);
    return NULL;
}
