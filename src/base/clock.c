/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/err.h"

static struct tm clock_parts(int64_t ms, int *ret_fraction)
{
    int64_t seconds = ms / 1000;
    int fraction = (int)(ms % 1000);
    if (fraction < 0) {
        fraction += 1000;
        seconds--;
    }
    time_t t = (time_t)seconds;
    struct tm tm = {0};
    if (!gmtime_r(&t, &tm))
        tm = (struct tm){.tm_year = 70, .tm_mday = 1};
    *ret_fraction = fraction;
    return tm;
}

const char *clock_iso(int64_t ms, char ret_text[static CLOCK_TEXT_BYTES])
{
    int fraction = 0;
    struct tm tm = clock_parts(ms, &fraction);
    size_t n = strftime(ret_text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(ret_text + n, CLOCK_TEXT_BYTES - n, ".%03dZ", fraction);
    return ret_text;
}

const char *clock_iso_seconds(int64_t ms, char ret_text[static CLOCK_TEXT_BYTES])
{
    int fraction = 0;
    struct tm tm = clock_parts(ms, &fraction);
    (void)strftime(ret_text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return ret_text;
}

const char *clock_us(int64_t ms, char ret_text[static CLOCK_TEXT_BYTES])
{
    int fraction = 0;
    struct tm tm = clock_parts(ms, &fraction);
    (void)strftime(ret_text, CLOCK_TEXT_BYTES, "%m-%d-%Y %I:%M:%S%p UTC", &tm);
    return ret_text;
}

/* ".123", ":30" and the like: a run of digits of at most `most`, its value and its length. */
static int digits(const char *text, int most, int *ret_value)
{
    int n = 0;
    int value = 0;
    while (n < most && text[n] >= '0' && text[n] <= '9') {
        value = value * 10 + (text[n] - '0');
        n++;
    }
    *ret_value = value;
    return n;
}

static int parse_offset(const char *text, int64_t *ret_ms)
{
    if (str_eq(text, "Z") || str_eq(text, "z")) {
        *ret_ms = 0;
        return 0;
    }
    if (*text != '+' && *text != '-')
        return ERR_SYNTAX;
    int sign = *text++ == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    if (digits(text, 2, &hours) != 2)
        return ERR_SYNTAX;
    text += 2;
    if (*text == ':')
        text++;
    if (digits(text, 2, &minutes) != 2 || text[2] != '\0' || hours > 23 || minutes > 59)
        return ERR_SYNTAX;
    *ret_ms = (int64_t)sign * (hours * 60 + minutes) * 60000;
    return 0;
}

/* The seconds of a calendar time, or ERR_SYNTAX: timegm() turns 30 February into 2 March instead of refusing it. */
static int calendar_seconds(const struct tm *given, int64_t *ret_seconds)
{
    struct tm normal = *given;
    int64_t seconds = timegm(&normal);
    if (normal.tm_mday != given->tm_mday || normal.tm_mon != given->tm_mon || normal.tm_hour != given->tm_hour ||
        normal.tm_min != given->tm_min || normal.tm_sec != given->tm_sec)
        return ERR_SYNTAX;
    *ret_seconds = seconds;
    return 0;
}

/* strptime() takes "2026- 3-5T6:9:4" as well. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape; shape++, text++)
        if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
            return false;
    return true;
}

int clock_parse(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    if (!has_shape(text, "0000-00-00T00:00:00") || strlen(text) > 40)
        return ERR_SYNTAX;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return ERR_SYNTAX;
    int64_t fraction = 0;
    if (*rest == '.') {
        int value = 0;
        int n = digits(rest + 1, 9, &value);
        if (n == 0)
            return ERR_SYNTAX;
        for (int i = n; i < 3; i++)
            value *= 10;
        for (int i = n; i > 3; i--)
            value /= 10;
        fraction = value;
        rest += 1 + n;
    }
    int64_t offset = 0;
    int r = parse_offset(rest, &offset);
    if (r < 0)
        return r;
    int64_t seconds = 0;
    r = calendar_seconds(&tm, &seconds);
    if (r < 0)
        return r;
    *ret_ms = seconds * 1000 + fraction - offset;
    return 0;
}

int clock_parse_http(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    if (!rest || *rest)
        return ERR_SYNTAX;
    int64_t seconds = 0;
    int r = calendar_seconds(&tm, &seconds);
    if (r == 0)
        *ret_ms = seconds * 1000;
    return r;
}
