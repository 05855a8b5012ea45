/* SPDX-License-Identifier: Apache-2.0 */
/* Faults as JSON (/practice/faults) and as a line (muster practice --fault). */
#include "practice/inner.h"

#include "base/text.h"
#include "practice/profiles.h"

enum key_type { KEY_TEXT, KEY_NUMBER, KEY_REAL, KEY_SPREAD, KEY_HEADERS };

#define PLACE(field) offsetof(struct practice_fault, field), sizeof(((struct practice_fault *)0)->field)

/* The keys of an order beside "name". Numbers are of 32 bits, signed or not, and never negative. */
static const struct {
    const char *key;
    enum key_type type;
    size_t offset;
    size_t size;
} keys[] = {
    {"method", KEY_TEXT, PLACE(method)},
    {"path", KEY_TEXT, PLACE(prefix)},
    {"every", KEY_NUMBER, PLACE(every)},
    {"times", KEY_NUMBER, PLACE(times)},
    {"percent", KEY_REAL, PLACE(percent)},
    {"overBytes", KEY_NUMBER, PLACE(over_bytes)},
    {"underBytes", KEY_NUMBER, PLACE(under_bytes)},
    {"afterMs", KEY_NUMBER, PLACE(after_ms)},
    {"forMs", KEY_NUMBER, PLACE(for_ms)},
    {"status", KEY_NUMBER, PLACE(status)},
    {"scimType", KEY_TEXT, PLACE(scim_type)},
    {"ms", KEY_NUMBER, PLACE(ms)},
    {"msMax", KEY_NUMBER, PLACE(ms_max)},
    {"spread", KEY_SPREAD, PLACE(spread)},
    {"max", KEY_NUMBER, PLACE(max)},
    {"rate", KEY_NUMBER, PLACE(rate)},
    {"perMs", KEY_NUMBER, PLACE(per_ms)},
    {"burst", KEY_NUMBER, PLACE(burst)},
    {"headers", KEY_HEADERS, PLACE(headers)},
    {"text", KEY_TEXT, PLACE(text)},
    {"retryAfter", KEY_NUMBER, PLACE(retry_after)},
};

static const char *const spreads[] = {
    [SPREAD_FIXED] = "fixed", [SPREAD_UNIFORM] = "uniform", [SPREAD_EXPONENTIAL] = "exponential"};

static const struct {
    const char *name;
    enum fault_header bit;
} headers[] = {
    {"none", HEADER_NONE},
    {"retry-after", HEADER_RETRY_AFTER},
    {"retry-after-date", HEADER_RETRY_AFTER_DATE},
    {"x-ratelimit", HEADER_X_RATELIMIT},
    {"x-rate-limit", HEADER_X_RATE_LIMIT},
    {"ratelimit", HEADER_RATELIMIT},
};

/* --- reading --------------------------------------------------------------------------------------------------------
 */

static int read_text(struct refusal *refusal, const struct jval *value, const char *key, char *ret, size_t size)
{
    const char *text = jval_str(value);
    if (!text || strlen(text) >= size || text_has_control(text))
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
    char known[300] = "";
    for (size_t i = 1, n = 0; i < FAULT_KINDS && n < sizeof(known); i++)
        n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i > 1 ? ", " : "", fault_name((enum fault_kind)i));
    return refuse_value(refusal, "faults: name \"%.100s\" is not known; GET /practice/faults lists all: %s...",
                        jval_str(value) ? jval_str(value) : "", known);
}

static int read_spread(struct refusal *refusal, const struct jval *value, enum fault_spread *ret)
{
    for (size_t i = 0; jval_str(value) && i < ARRAY_LEN(spreads); i++)
        if (strcmp(spreads[i], jval_str(value)) == 0) {
            *ret = (enum fault_spread)i;
            return 0;
        }
    return refuse_value(refusal, "faults: spread must be fixed, uniform or exponential.");
}

static int read_headers(struct refusal *refusal, const struct jval *value, unsigned *ret)
{
    unsigned bits = 0;
    size_t known = 0, given = 0, n = 0;
    const char *words = jval_str(value) ? jval_str(value) : "";
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        if (words_have(words, headers[i].name, strlen(headers[i].name))) {
            bits |= headers[i].bit;
            known++;
        }
    while (words_next(&words, &n))
        given++;
    if (!known || known != given)
        return refuse_value(refusal, "faults: headers must be none, or some of retry-after, retry-after-date, "
                                     "x-ratelimit, x-rate-limit, ratelimit.");
    *ret = bits;
    return 0;
}

static int read_key(struct refusal *refusal, const char *key, const struct jval *value, struct practice_fault *order)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (strcmp(keys[i].key, key) != 0)
            continue;
        void *place = (char *)order + keys[i].offset;
        double real = jval_number(value, -1);
        switch (keys[i].type) {
        case KEY_TEXT:
            return read_text(refusal, value, key, place, keys[i].size);
        case KEY_NUMBER:
            return read_number(refusal, value, key, place);
        case KEY_SPREAD:
            return read_spread(refusal, value, place);
        case KEY_HEADERS:
            return read_headers(refusal, value, place);
        case KEY_REAL:
        default:
            if (!(real >= 0 && real <= 100))
                return refuse_value(refusal, "faults: %s must be a number from 0 to 100.", key);
            *(double *)place = real;
            return 0;
        }
    }
    char known[256] = "name";
    for (size_t i = 0, n = 4; i < ARRAY_LEN(keys) && n < sizeof(known); i++)
        n += (size_t)snprintf(known + n, sizeof(known) - n, ", %s", keys[i].key);
    return refuse_value(refusal, "faults: \"%.100s\" is not known; known are %s.", key, known);
}

static int read_one(struct refusal *refusal, const struct jval *object, struct practice_fault *order)
{
    *order = (struct practice_fault){0};
    int r = jval_type(object) == JVAL_OBJECT ? 0 : refuse_value(refusal, "faults: each must be an object.");
    for (void *it = r == 0 ? jval_first(object) : NULL; it && r == 0; it = jval_next(object, it)) {
        const char *key = jval_iter_key(it);
        const struct jval *value = jval_iter_value(it);
        if (strcmp(key, "name") == 0)
            r = read_name(refusal, value, &order->kind);
        else if (strcmp(key, "seen") != 0 && strcmp(key, "strikes") != 0) /* what GET shows can be sent back */
            r = read_key(refusal, key, value, order);
    }
    if (r == 0 && order->kind == FAULT_NONE)
        r = read_name(refusal, NULL, &order->kind);
    return r;
}

/* {"profile": "slack", "rateFactor": 10}: the faults of a named target go before the others. */
static int read_profile(struct faults *fresh, const struct env *env, const struct jval *body, struct refusal *refusal)
{
    const struct jval *name = jval_get(body, "profile");
    const struct jval *factor = jval_get(body, "rateFactor");
    char why[256];
    if (!name || jval_type(name) == JVAL_NULL)
        return 0;
    const struct practice_profile *profile = jval_str(name) ? practice_profile_find(jval_str(name)) : NULL;
    if (!profile)
        return refuse_value(refusal, "profile: GET /practice/profiles lists those that are known.");
    if (factor && !(jval_number(factor, -1) >= 0))
        return refuse_value(refusal, "rateFactor must be a number that is not negative; 0 leaves the limits out.");
    if (profile_add(fresh, env, profile, jval_number(factor, 1), why, sizeof(why)) < 0)
        return refuse_value(refusal, "profile: %s", why);
    return 0;
}

int faults_read(struct faults *faults, const struct env *env, const struct jval *body, struct refusal *refusal)
{
    const struct jval *array = jval_get(body, "faults");
    if (jval_type(array) != JVAL_ARRAY && (array || !jval_get(body, "profile")))
        return refuse_syntax(refusal, "The body must be {\"faults\": [{\"name\": ..., ...}, ...]}, with \"profile\" "
                                      "before or instead of \"faults\".");
    struct faults *fresh = faults_new();
    int r = read_profile(fresh, env, body, refusal);
    for (size_t i = 0; r == 0 && i < jval_len(array); i++) {
        struct practice_fault order;
        char text[400];
        r = read_one(refusal, jval_at(array, i), &order);
        if (r == 0 && faults_add(fresh, env, &order, text, sizeof(text)) < 0)
            r = refuse_value(refusal, "faults: %s", text);
    }
    if (r == 0)
        *faults = *fresh;
    faults_free(fresh);
    return r;
}

/* "name,key=value,key=value" as an object; NULL when it is no such line. */
static struct jval *object_of_line(struct arena *arena, const char *line)
{
    CLEANUP(jval_freep) struct jval *object = jval_new_object();
    size_t n = strcspn(line, ",");
    jval_set_str(object, "name", arena_strndup(arena, line, n));
    for (const char *p = line + n; *p; p += strcspn(p, ",")) {
        p++;
        size_t length = strcspn(p, ",");
        const char *equals = memchr(p, '=', length);
        if (!equals)
            return NULL;
        const char *key = arena_strndup(arena, p, (size_t)(equals - p));
        const char *text = arena_strndup(arena, equals + 1, (size_t)(p + length - equals - 1));
        CLEANUP(jval_freep) struct jval *number = NULL;
        const char *array = arena_printf(arena, "[%s]", text);
        bool is_number = *text >= '0' && *text <= '9' && jval_parse(&number, array, strlen(array), NULL) == 0 &&
                         jval_len(number) == 1;
        jval_set(object, key, is_number ? jval_ref(jval_at(number, 0)) : jval_new_str(text));
    }
    return TAKE_PTR(object);
}

int fault_parse(const char *text, struct practice_fault *ret, char *ret_why, size_t why_size)
{
    struct arena *arena = arena_new();
    CLEANUP(jval_freep) struct jval *object = NULL;
    struct refusal refusal = {0};
    struct practice_fault order;
    int r = 0;
    if (!text_is_utf8(text, strlen(text)))
        r = refuse_value(&refusal, "it must be UTF-8");
    else if (*text != '{')
        object = object_of_line(arena, text);
    else if (jval_parse(&object, text, strlen(text), NULL) < 0)
        object = NULL;
    if (r == 0 && !object)
        r = refuse_value(&refusal, "give NAME,KEY=VALUE,... or a JSON object");
    if (r == 0)
        r = read_one(&refusal, object, &order);
    arena_free(arena);
    if (r < 0)
        (void)snprintf(ret_why, why_size, "%s", refusal.detail);
    else
        r = fault_check(&order, ret_why, why_size);
    if (r == 0)
        *ret = order;
    return r < 0 ? ERR_SYNTAX : 0;
}

/* --- writing --------------------------------------------------------------------------------------------------------
 */

static void write_headers(struct jout *out, unsigned bits)
{
    char text[128] = "";
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        if (bits & headers[i].bit)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", headers[i].name);
    if (n)
        jout_str(out, "headers", text);
}

static void write_number(struct jout *out, const char *key, int number)
{
    bool every = strcmp(key, "every") == 0; /* the one that is always told */
    if (every || number)
        jout_int(out, key, every ? MAX_OF(number, 1) : number);
}

static void write_real(struct jout *out, const char *key, double real)
{
    char text[64];
    if (real <= 0)
        return;
    (void)snprintf(text, sizeof(text), "%.10g", real);
    jout_raw(out, key, text);
}

static void write_order(struct jout *out, const struct practice_fault *order)
{
    jout_str(out, "name", fault_name(order->kind));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const void *place = (const char *)order + keys[i].offset;
        switch (keys[i].type) {
        case KEY_TEXT:
            jout_str_opt(out, keys[i].key, *(const char *)place ? place : NULL);
            break;
        case KEY_NUMBER:
            write_number(out, keys[i].key, *(const int *)place);
            break;
        case KEY_SPREAD:
            jout_str_opt(out, keys[i].key, order->spread == SPREAD_FIXED ? NULL : spreads[order->spread]);
            break;
        case KEY_HEADERS:
            write_headers(out, order->headers);
            break;
        case KEY_REAL:
        default:
            write_real(out, keys[i].key, *(const double *)place);
        }
    }
}

void faults_write(const struct faults *faults, struct jout *out)
{
    jout_object(out, NULL);
    jout_array(out, "faults");
    for (size_t i = 0; i < faults->count; i++) {
        jout_object(out, NULL);
        write_order(out, &faults->items[i].order);
        jout_int(out, "seen", (int64_t)faults->items[i].seen);
        jout_int(out, "strikes", (int64_t)faults->items[i].strikes);
        jout_end(out);
    }
    jout_end(out);
    jout_array(out, "known");
    for (size_t i = 1; i < FAULT_KINDS; i++) {
        jout_object(out, NULL);
        jout_str(out, "name", fault_name((enum fault_kind)i));
        jout_str(out, "does", fault_text((enum fault_kind)i));
        jout_end(out);
    }
    jout_end(out);
    jout_end(out);
}

void profiles_write(struct jout *out)
{
    jout_object(out, NULL);
    jout_array(out, "profiles");
    for (const struct practice_profile *profile = practice_profiles; profile->name; profile++) {
        jout_object(out, NULL);
        jout_str(out, "name", profile->name);
        jout_str(out, "text", profile->text);
        jout_str(out, "source", profile->source);
        jout_array(out, "faults");
        for (const struct practice_fault *order = profile->faults; order->kind != FAULT_NONE; order++) {
            jout_object(out, NULL);
            write_order(out, order);
            jout_end(out);
        }
        jout_end(out);
        jout_end(out);
    }
    jout_end(out);
    jout_end(out);
}
