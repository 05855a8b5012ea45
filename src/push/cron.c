/* SPDX-License-Identifier: Apache-2.0 */
#include "push/cron.h"

#include "base/err.h"
#include "base/zone.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#define DAYS_LOOKED_AT (8 * 366) /* the next 29 February may be eight years away */
#define DAY_S 86400

struct field {
    const char *what;
    int min, max;
    const char *const *names; /* of `min` and what follows */
    int name_count;
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
static const struct field fields[] = {{"minute", 0, 59, NULL, 0},
                                      {"hour", 0, 23, NULL, 0},
                                      {"day of the month", 1, 31, NULL, 0},
                                      {"month", 1, 12, month_names, 12},
                                      {"day of the week", 0, 7, day_names, 7}};

/* A number or a name: its length in characters, 0 when it is neither or out of range. */
static size_t read_value(const struct field *field, const char *text, int *ret)
{
    for (int i = 0; i < field->name_count; i++)
        if (strncasecmp(text, field->names[i], 3) == 0 && !isalnum((unsigned char)text[3])) {
            *ret = field->min + i;
            return 3;
        }
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 2)
        return 0;
    *ret = text[0] - '0';
    if (n == 2)
        *ret = *ret * 10 + (text[1] - '0');
    return *ret >= field->min && *ret <= field->max ? n : 0;
}

/* One part of a list: a star, a value or a range, with a step or not. Its length, 0 when it is none of these. */
static size_t read_part(const struct field *field, const char *text, uint64_t *bits)
{
    int from = field->min;
    int to = field->max;
    int step = 1;
    size_t at = text[0] == '*' || text[0] == '?';
    if (!at) {
        at = read_value(field, text, &from);
        if (at == 0)
            return 0;
        to = text[at] == '/' ? field->max : from;
        if (text[at] == '-') {
            size_t n = read_value(field, text + at + 1, &to);
            if (n == 0 || to < from)
                return 0;
            at += 1 + n;
        }
    }
    if (text[at] == '/') {
        size_t n = strspn(text + at + 1, "0123456789");
        step = n > 0 && n <= 2 ? text[at + 1] - '0' : 0;
        if (n == 2)
            step = step * 10 + (text[at + 2] - '0');
        if (step == 0)
            return 0;
        at += 1 + n;
    }
    for (int value = from; value <= to; value += step)
        *bits |= 1ULL << value;
    return at;
}

static size_t read_field(const struct field *field, const char *text, uint64_t *ret)
{
    size_t at = 0;
    for (;;) {
        size_t n = read_part(field, text + at, ret);
        if (n == 0)
            return 0;
        at += n;
        if (text[at] != ',')
            return text[at] == '\0' || text[at] == ' ' ? at : 0;
        at++;
    }
}

int cron_parse(const char *text, struct cron *ret, char *ret_why, size_t why_size)
{
    struct cron cron = {0};
    uint64_t *const bits[] = {&cron.minutes, &cron.hours, &cron.days, &cron.months, &cron.weekdays};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        text += strspn(text, " ");
        if (i == 2)
            cron.any_day = text[0] == '*' || text[0] == '?';
        if (i == 4)
            cron.any_weekday = text[0] == '*' || text[0] == '?';
        size_t n = read_field(&fields[i], text, bits[i]);
        if (n == 0) {
            (void)snprintf(ret_why, why_size, "its %s (field %zu of 5) is not understood", fields[i].what, i + 1);
            return ERR_SYNTAX;
        }
        text += n;
    }
    if (text[strspn(text, " ")]) {
        (void)snprintf(ret_why, why_size, "it has more than five fields");
        return ERR_SYNTAX;
    }
    cron.weekdays |= cron.weekdays >> 7 & 1; /* 7 is Sunday as well */
    *ret = cron;
    return 0;
}

static bool fits(uint64_t bits, int value)
{
    return bits >> value & 1;
}

static bool day_fits(const struct cron *cron, const struct tm *day)
{
    bool by_month = fits(cron->days, day->tm_mday);
    bool by_week = fits(cron->weekdays, day->tm_wday);
    if (!fits(cron->months, day->tm_mon + 1))
        return false;
    return cron->any_day || cron->any_weekday ? by_month && by_week : by_month || by_week;
}

int64_t cron_next(const struct cron *cron, int64_t ms)
{
    int64_t first = ms / 60000 + 1; /* minutes since the epoch */
    int64_t day = first * 60 / DAY_S;
    for (int i = 0; i < DAYS_LOOKED_AT; i++, day++) {
        time_t seconds = (time_t)(day * DAY_S);
        struct tm tm;
        if (!gmtime_r(&seconds, &tm) || !day_fits(cron, &tm))
            continue;
        for (int minute = 0; minute < DAY_S / 60; minute++)
            if (day * (DAY_S / 60) + minute >= first && fits(cron->hours, minute / 60) &&
                fits(cron->minutes, minute % 60))
                return (day * DAY_S + minute * 60LL) * 1000;
    }
    return 0;
}

int64_t cron_next_in(const struct cron *cron, const struct zone *zone, int64_t ms)
{
    int64_t next = zone_local(zone, ms);
    /* Local times that were shown already, since the clock was put back, are passed over. */
    while ((next = cron_next(cron, next)) != 0) {
        int64_t utc = zone_utc(zone, next);
        if (utc > ms)
            return utc;
    }
    return 0;
}
