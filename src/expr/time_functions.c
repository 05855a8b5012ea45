/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time.*: in UTC. What cannot be read is null. A format is made of yyyy (or YYYY), MM, dd, HH, mm, ss, SSS, text in
 * single quotes, and other signs that are no letters.
 */
#include "expr/inner.h"

#include "base/clock.h"

#include <errno.h>

#define WINDOWS_EPOCH_S 11644473600LL /* seconds from 1601 to 1970 */
#define FORMAT_BYTES 128              /* of a format */

static const char *text_of(const struct expr_value *value)
{
    return value->type == EXPR_STRING ? value->text : NULL;
}

static struct expr_value iso(struct evaluation *e, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    return value_text(arena_strdup(e->arena, clock_iso(ms, text)));
}

/* Years 1 to 9999: what the texts can show. */
static bool is_shown(int64_t ms)
{
    return ms >= -62135596800000LL && ms <= 253402300799999LL;
}

static bool whole_number(const char *text, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long number = text && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) ? strtoll(text, &end, 10) : 0;
    if (!end || *end || end == text || errno)
        return false;
    *ret = number;
    return true;
}

/* --- formats -------------------------------------------------------------------------------------------------------
 */

struct field {
    const char *letters;
    int value;
};

enum { YEAR, OTHER_YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, MILLISECOND, FIELD_COUNT };

static void init_fields(struct field fields[FIELD_COUNT])
{
    static const char *const letters[FIELD_COUNT] = {"yyyy", "YYYY", "MM", "dd", "HH", "mm", "ss", "SSS"};
    for (int i = 0; i < FIELD_COUNT; i++)
        fields[i] = (struct field){.letters = letters[i], .value = i == MONTH || i == DAY};
}

static struct field *field_at(struct field fields[FIELD_COUNT], const char *format)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (strncmp(format, fields[i].letters, strlen(fields[i].letters)) == 0)
            return &fields[i];
    return NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One piece of a format: a field, or a literal in `ret_text`, `ret_n`. The rest of the format; NULL for a letter that
 * means nothing. */
static const char *next_piece(struct field fields[FIELD_COUNT], const char *format, struct field **ret_field,
                              const char **ret_text, size_t *ret_n)
{
    *ret_field = field_at(fields, format);
    if (*ret_field)
        return format + strlen((*ret_field)->letters);
    if (*format == '\'') {
        const char *end = strchr(format + 1, '\'');
        if (!end)
            return NULL;
        *ret_text = end == format + 1 ? format : format + 1; /* '' is one quote */
        *ret_n = end == format + 1 ? 1 : (size_t)(end - format - 1);
        return end + 1;
    }
    *ret_text = format;
    *ret_n = 1;
    return is_letter(*format) ? NULL : format + 1;
}

static int format_time(struct evaluation *e, const struct expr *node, int64_t ms, const char *format,
                       struct expr_value *ret)
{
    *ret = value_text(NULL);
    struct tm tm = {0};
    int64_t day_ms = ((ms % 1000) + 1000) % 1000;
    time_t seconds = (time_t)((ms - day_ms) / 1000);
    if (strlen(format) > FORMAT_BYTES || !is_shown(ms) || !gmtime_r(&seconds, &tm))
        return 0;
    struct field fields[FIELD_COUNT];
    init_fields(fields);
    const int values[FIELD_COUNT] = {tm.tm_year + 1900, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                     tm.tm_hour,        tm.tm_min,         tm.tm_sec,     (int)day_ms};
    struct buf out;
    buf_init(&out, FORMAT_BYTES * 2);
    while (format && *format) {
        struct field *field = NULL;
        const char *text = NULL;
        size_t n = 0;
        format = next_piece(fields, format, &field, &text, &n);
        if (format && field)
            buf_printf(&out, "%0*d", (int)strlen(field->letters), values[field - fields]);
        else if (format)
            buf_add(&out, text, n);
    }
    int r = evaluation_spend(e, node, out.len);
    if (format)
        *ret = value_text(arena_strdup(e->arena, buf_text(&out)));
    buf_free(&out);
    return r;
}

static bool read_field(const char **io_text, struct field *field)
{
    int value = 0;
    size_t n = strlen(field->letters);
    for (size_t i = 0; i < n; i++) {
        char c = (*io_text)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    field->value = value;
    *io_text += n;
    return true;
}

/* Reads `text` by a format into the fields. */
static bool read_time(const char *text, const char *format, struct field fields[FIELD_COUNT])
{
    if (strlen(format) > FORMAT_BYTES)
        return false;
    while (*format) {
        struct field *field = NULL;
        const char *literal = NULL;
        size_t n = 0;
        format = next_piece(fields, format, &field, &literal, &n);
        if (!format)
            return false;
        if (field) {
            if (!read_field(&text, field))
                return false;
        } else {
            if (strncmp(text, literal, n) != 0)
                return false;
            text += n;
        }
    }
    return !*text;
}

/* --- the functions -------------------------------------------------------------------------------------------------
 */

FUNCTION(time_now)
{
    const char *format = node->count > 1 ? text_of(&arguments[1]) : NULL;
    if (format)
        return format_time(e, node, e->facts->now, format, ret);
    *ret = iso(e, e->facts->now);
    return 0;
}

FUNCTION(time_from_windows)
{
    (void)node;
    int64_t ticks = 0;
    *ret = value_text(NULL);
    if (whole_number(text_of(&arguments[0]), &ticks) && is_shown(ticks / 10000 - WINDOWS_EPOCH_S * 1000))
        *ret = iso(e, ticks / 10000 - WINDOWS_EPOCH_S * 1000);
    return 0;
}

FUNCTION(time_from_unix)
{
    (void)node;
    int64_t seconds = 0;
    *ret = value_text(NULL);
    if (whole_number(text_of(&arguments[0]), &seconds) && seconds > -70000000000LL && seconds < 300000000000LL &&
        is_shown(seconds * 1000))
        *ret = iso(e, seconds * 1000);
    return 0;
}

FUNCTION(time_from_string)
{
    (void)node;
    const char *text = text_of(&arguments[0]);
    const char *format = text_of(&arguments[1]);
    struct field fields[FIELD_COUNT];
    init_fields(fields);
    *ret = value_text(NULL);
    if (!text || !format || !read_time(text, format, fields))
        return 0;
    int year = fields[YEAR].value ? fields[YEAR].value : fields[OTHER_YEAR].value;
    int64_t ms = 0;
    const char *read = arena_printf(e->arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year ? year : 1970,
                                    fields[MONTH].value, fields[DAY].value, fields[HOUR].value, fields[MINUTE].value,
                                    fields[SECOND].value, fields[MILLISECOND].value);
    if (clock_parse(read, &ms) == 0)
        *ret = iso(e, ms);
    return 0;
}

static bool parse(const struct expr_value *value, int64_t *ret_ms)
{
    return text_of(value) && clock_parse(value->text, ret_ms) == 0;
}

FUNCTION(time_to_windows)
{
    (void)node;
    int64_t ms = 0;
    *ret = value_text(NULL);
    if (parse(&arguments[0], &ms))
        *ret = value_text(arena_printf(e->arena, "%lld", (long long)(ms + WINDOWS_EPOCH_S * 1000) * 10000));
    return 0;
}

FUNCTION(time_to_unix)
{
    (void)node;
    int64_t ms = 0;
    *ret = value_text(NULL);
    if (parse(&arguments[0], &ms))
        *ret = value_text(arena_printf(e->arena, "%lld", (long long)(ms / 1000)));
    return 0;
}

FUNCTION(time_to_string)
{
    int64_t ms = 0;
    *ret = value_text(NULL);
    return parse(&arguments[0], &ms) && text_of(&arguments[1]) ? format_time(e, node, ms, arguments[1].text, ret) : 0;
}
