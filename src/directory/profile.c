/* SPDX-License-Identifier: Apache-2.0 */
/* Checking and merging profiles against a schema. */
#include "directory/schema.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

#define LOCAL_PART_BYTES 64 /* bytes before the @ of an address (RFC 5321 4.5.3.1.1) */

struct check {
    struct arena *arena;
    const struct attribute *attribute;
    const char *subject;
    struct problem *problem;
};

/* --- formats -------------------------------------------------------------------------------------------------------
 */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(const char *text, const char *also)
{
    for (const char *p = text; *p; p++)
        if (!is_letter(*p) && !(*p >= '0' && *p <= '9') && !strchr(also, *p))
            return false;
    return text[0] != '\0';
}

static bool is_domain(const char *text)
{
    bool label = false;
    for (const char *p = text; *p; p++) {
        if (*p == '.') {
            if (!label)
                return false;
            label = false;
        } else if ((unsigned char)*p >= 0x80 || is_letter(*p) || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_') {
            label = true;
        } else {
            return false;
        }
    }
    return label;
}

/* local@domain: an unquoted local part has no spaces, quotes, brackets or second @ (RFC 5322 3.4.1, letters of any
 * script as in RFC 6531). */
static bool is_email(const char *text)
{
    const char *at = strrchr(text, '@');
    if (!at || at == text || at - text > LOCAL_PART_BYTES || !is_domain(at + 1))
        return false;
    if (text[0] == '"')
        return at - text >= 3 && at[-1] == '"';
    if (text[0] == '.' || at[-1] == '.')
        return false;
    for (const char *p = text; p < at; p++)
        if (strchr(" \"(),:;<>@[\\]", *p) || (*p == '.' && p[1] == '.'))
            return false;
    return true;
}

static bool is_uri(const char *text)
{
    const char *colon = strchr(text, ':');
    if (!colon || colon == text || !colon[1] || !is_letter(text[0]))
        return false;
    for (const char *p = text; p < colon; p++)
        if (!is_letter(*p) && !(*p >= '0' && *p <= '9') && !strchr("+-.", *p))
            return false;
    return !strpbrk(colon, " <>\"");
}

static bool is_date_time(const char *text)
{
    int64_t ms = 0;
    return clock_parse(text, &ms) == 0;
}

static const char *format_wanted(enum attribute_format format, const char *text)
{
    switch (format) {
    case FORMAT_EMAIL:
        return is_email(text) ? NULL : "an e-mail address like name@example.com";
    case FORMAT_URI:
        return is_uri(text) ? NULL : "a URI like https://example.com/path";
    case FORMAT_COUNTRY:
        return strlen(text) == 2 && is_letter(text[0]) && is_letter(text[1]) ? NULL
                                                                             : "a country code of two letters like SE";
    case FORMAT_LANGUAGE:
        return is_word(text, "-,;=.* ") ? NULL : "a language tag like en or en-US";
    case FORMAT_LOCALE:
        return is_word(text, "_-.@") && is_letter(text[0]) ? NULL : "a locale like en_US";
    case FORMAT_TIMEZONE:
        return is_word(text, "/_+-") ? NULL : "a time zone like Europe/Stockholm";
    case FORMAT_DATE_TIME:
        return is_date_time(text) ? NULL : "a date like 2026-03-25T06:09:44.000Z";
    case FORMAT_NONE:
    default:
        return NULL;
    }
}

/* --- one value -----------------------------------------------------------------------------------------------------
 */

static bool has_bad_control(struct arena *arena, const char *text, bool lines)
{
    if (!lines)
        return text_has_control(text);
    char *copy = arena_strdup(arena, text);
    for (char *p = copy; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    return text_has_control(copy);
}

static int check_string(const struct check *check, const char *text)
{
    const struct attribute *a = check->attribute;
    int64_t chars = (int64_t)text_chars(text);
    if (has_bad_control(check->arena, text, a->lines))
        return problem_invalid(check->problem, a->name, "%s: The value has control characters; remove them", a->name);
    if (chars > 0 && chars < a->min)
        return problem_invalid(check->problem, a->name, "%s: The field is too short (%lld to %lld characters)", a->name,
                               (long long)a->min, (long long)a->max);
    if (a->max > 0 && chars > a->max)
        return problem_invalid(check->problem, a->name, "%s: The field is too long (at most %lld characters)", a->name,
                               (long long)a->max);
    const char *wanted = chars > 0 ? format_wanted(a->format, text) : NULL;
    if (wanted)
        return problem_invalid(check->problem, a->name, "%s: Does not match required pattern: give %s", a->name,
                               wanted);
    return 0;
}

static int check_choice(const struct check *check, const struct jval *value)
{
    const struct attribute *a = check->attribute;
    if (!a->choices)
        return 0;
    const char *text = jval_text(check->arena, value, true);
    for (size_t i = 0; i < a->choice_count; i++)
        if (strcmp(a->choices[i], text) == 0)
            return 0;
    return problem_invalid(check->problem, a->name,
                           "%s: %.100s is not one of the values that the schema lists, such as %.100s", a->name, text,
                           a->choice_count ? a->choices[0] : "none");
}

static bool fits_type(const struct jval *value, enum attribute_type type)
{
    enum jval_type have = jval_type(value);
    switch (type) {
    case ATTRIBUTE_STRING:
        return have == JVAL_STRING;
    case ATTRIBUTE_NUMBER:
        return have == JVAL_INT || have == JVAL_REAL;
    case ATTRIBUTE_INTEGER:
        return have == JVAL_INT;
    case ATTRIBUTE_BOOLEAN:
        return have == JVAL_BOOL;
    case ATTRIBUTE_ARRAY:
    default:
        return have == JVAL_ARRAY;
    }
}

static int check_array(const struct check *check, const struct jval *array)
{
    const struct attribute *a = check->attribute;
    for (size_t i = 0; i < jval_len(array); i++) {
        const struct jval *item = jval_at(array, i);
        if (!fits_type(item, a->item_type))
            return problem_invalid(check->problem, a->name, "%s: Element %zu must be of type %s", a->name, i,
                                   attribute_type_name(a->item_type));
        if (a->item_type == ATTRIBUTE_STRING && text_has_control(jval_str(item)))
            return problem_invalid(check->problem, a->name, "%s: Element %zu has control characters; remove them",
                                   a->name, i);
        int r = check_choice(check, item);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_value(const struct check *check, const struct jval *value)
{
    const struct attribute *a = check->attribute;
    if (!fits_type(value, a->type))
        return problem_invalid(check->problem, a->name, "%s: The value must be of type %s", a->name,
                               attribute_type_name(a->type));
    if (a->type == ATTRIBUTE_ARRAY)
        return check_array(check, value);
    int r = a->type == ATTRIBUTE_STRING ? check_string(check, jval_str(value)) : 0;
    return r < 0 ? r : check_choice(check, value);
}

int attribute_check(struct arena *arena, const struct attribute *attribute, const struct jval *value,
                    struct problem *problem)
{
    const struct check check = {.arena = arena, .attribute = attribute, .problem = problem};
    return check_value(&check, value);
}

/* --- the profile ---------------------------------------------------------------------------------------------------
 */

static bool is_blank(const struct jval *value)
{
    enum jval_type type = jval_type(value);
    if (type == JVAL_NONE || type == JVAL_NULL)
        return true;
    return (type == JVAL_STRING && jval_str(value)[0] == '\0') || (type == JVAL_ARRAY && jval_len(value) == 0);
}

static void check_required(const struct attribute *list, size_t count, const struct jval *profile,
                           struct problem *problem)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].required && is_blank(jval_get(profile, list[i].name)))
            (void)problem_invalid(problem, list[i].name, "%s: The field cannot be left blank", list[i].name);
}

static void merge_given(struct check *check, const struct schema *schema, const struct jval *given,
                        struct jval *profile)
{
    for (void *it = jval_first(given); it; it = jval_next(given, it)) {
        const char *name = jval_iter_key(it);
        struct jval *value = jval_iter_value(it);
        check->attribute = schema_attribute(schema, name);
        if (!check->attribute) {
            (void)problem_invalid(check->problem, check->subject, "Property name '%.200s' is not defined in profile",
                                  name);
        } else if (jval_type(value) == JVAL_NULL) {
            jval_remove(profile, name);
        } else if (jval_equal(value, jval_get(profile, name))) {
            continue; /* what was stored stays, even where the schema has become stricter since */
        } else if (check_value(check, value) == 0) {
            jval_set(profile, name, jval_copy(value));
        }
    }
}

int profile_merge(struct arena *arena, const struct schema *schema, const struct jval *old, const struct jval *given,
                  bool replace, const char *subject, struct jval **ret, struct problem *problem)
{
    *problem = (struct problem){0};
    if (jval_type(given) != JVAL_OBJECT)
        return problem_invalid(problem, "profile", "profile: Give an object with the attributes of the profile");
    struct jval *profile = NULL;
    if (replace || !old) {
        profile = jval_new_object();
        for (void *it = jval_first(old); it; it = jval_next(old, it))
            if (jval_get(given, jval_iter_key(it))) /* keeps the order of the old profile */
                jval_set(profile, jval_iter_key(it), jval_copy(jval_iter_value(it)));
    } else {
        profile = jval_copy(old);
    }
    struct check check = {.arena = arena, .subject = subject, .problem = problem};
    merge_given(&check, schema, given, profile);
    if (problem->code == PUBLISHED_NONE) {
        check_required(schema->base, schema->base_count, profile, problem);
        check_required(schema->custom, schema->custom_count, profile, problem);
    }
    if (problem->code == PUBLISHED_NONE && strlen(jval_text(arena, profile, false)) > LIMIT_PROFILE_BYTES)
        (void)problem_invalid(problem, "profile", "profile: The profile is larger than %d bytes; shorten its values",
                              LIMIT_PROFILE_BYTES);
    if (problem->code != PUBLISHED_NONE) {
        (void)jval_free(profile);
        return ERR_PROBLEM;
    }
    *ret = profile;
    return 0;
}
