/* SPDX-License-Identifier: Apache-2.0 */
/* A file has the changes that are known, and behind them a rule (as in the variable TZ) for all later ones. */
#include "base/zone.h"

#include "base/arena.h"
#include "base/err.h"

#include <ctype.h>
#include <endian.h>
#include <stdio.h>

#define DIRECTORY "/usr/share/zoneinfo"
#define FILE_BYTES_MAX (256 * 1024)
#define HEADER_BYTES 44
#define DAY_S ((int64_t)86400)
#define OFFSET_MAX_S (26 * 3600) /* further from UTC than any zone is */

/* A day of the year and a time of that day: the `week`th (5: last) `weekday` of `month`. */
struct yearly {
    int month, week, weekday;
    int64_t time_s;
};

struct zone {
    size_t count;
    int64_t *at;     /* s, UTC, ascending: from then on ... */
    int32_t *offset; /* ... s east of UTC */
    int32_t first;   /* before all of them */
    bool has_rule;
    bool has_summer;
    int32_t standard, summer; /* of the rule: s east of UTC */
    struct yearly begins, ends;
};

/* --- days ----------------------------------------------------------------------------------------------------------
 */

/* Days since 1970-01-01 of a day of the proleptic Gregorian calendar. */
static int64_t day_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t year_of(int64_t local_s)
{
    int64_t days = floor_div(local_s, DAY_S);
    int64_t year = 1970 + floor_div(days * 400, 146097);
    while (day_of(year + 1, 1, 1) <= days)
        year++;
    while (day_of(year, 1, 1) > days)
        year--;
    return year;
}

/* When it is in this year, on a clock that shows `offset`: s, UTC. */
static int64_t yearly_at(const struct yearly *yearly, int64_t year, int32_t offset)
{
    int64_t first = day_of(year, yearly->month, 1);
    int64_t next = yearly->month == 12 ? day_of(year + 1, 1, 1) : day_of(year, yearly->month + 1, 1);
    int64_t weekday = (first + 4) % 7; /* 1970-01-01 was a Thursday */
    if (weekday < 0)
        weekday += 7;
    int64_t day = first + (yearly->weekday - weekday + 7) % 7 + (int64_t)7 * (yearly->week - 1);
    while (day >= next)
        day -= 7;
    return day * DAY_S + yearly->time_s - offset;
}

/* --- the rule ------------------------------------------------------------------------------------------------------
 */

/* "CET" or "<+03>". */
static const char *skip_name(const char *p)
{
    if (*p == '<') {
        p += strcspn(p, ">");
        return *p ? p + 1 : NULL;
    }
    size_t n = 0;
    while (isalpha((unsigned char)p[n]))
        n++;
    return n >= 3 ? p + n : NULL;
}

/* "-1", "+03:30", "167": hours, minutes, seconds. */
static const char *read_time(const char *p, int64_t *ret_s)
{
    int64_t parts[3] = {0};
    bool minus = *p == '-';
    p += *p == '-' || *p == '+';
    for (int i = 0; i < 3; i++) {
        size_t n = strspn(p, "0123456789");
        if (n == 0 || n > 3)
            return NULL;
        for (; n > 0; n--)
            parts[i] = parts[i] * 10 + (*p++ - '0');
        if (*p != ':')
            break;
        p++;
    }
    int64_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    *ret_s = minus ? -seconds : seconds;
    return p;
}

/* A number of one or two digits behind `mark`, from `min` to `max`. */
static const char *read_part(const char *p, char mark, int min, int max, int *ret)
{
    if (!p || *p != mark || !isdigit((unsigned char)p[1]))
        return NULL;
    *ret = p[1] - '0';
    p += 2;
    if (isdigit((unsigned char)*p))
        *ret = *ret * 10 + (*p++ - '0');
    return *ret >= min && *ret <= max ? p : NULL;
}

/* ",M3.5.0/2"; other forms of the rule are in use nowhere. */
static const char *read_yearly(const char *p, struct yearly *ret)
{
    *ret = (struct yearly){.time_s = (int64_t)2 * 3600};
    p = *p == ',' ? read_part(p + 1, 'M', 1, 12, &ret->month) : NULL;
    p = read_part(p, '.', 1, 5, &ret->week);
    p = read_part(p, '.', 0, 6, &ret->weekday);
    return p && *p == '/' ? read_time(p + 1, &ret->time_s) : p;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": offsets are west of UTC there. */
static int read_rule(struct zone *zone, const char *p)
{
    int64_t west = 0;
    zone->has_rule = *p != '\0';
    if (!zone->has_rule)
        return 0;
    p = skip_name(p);
    p = p ? read_time(p, &west) : NULL;
    if (!p)
        return ERR_SYNTAX;
    zone->standard = (int32_t)-west;
    zone->has_summer = *p != '\0';
    if (!zone->has_summer)
        return 0;
    west -= 3600; /* unless it says what */
    p = skip_name(p);
    if (p && *p && *p != ',')
        p = read_time(p, &west);
    zone->summer = (int32_t)-west;
    p = p ? read_yearly(p, &zone->begins) : NULL;
    p = p ? read_yearly(p, &zone->ends) : NULL;
    return p && !*p ? 0 : ERR_SYNTAX;
}

static int32_t offset_by_rule(const struct zone *zone, int64_t utc_s)
{
    if (!zone->has_summer)
        return zone->standard;
    int64_t year = year_of(utc_s + zone->standard);
    int64_t begins = yearly_at(&zone->begins, year, zone->standard);
    int64_t ends = yearly_at(&zone->ends, year, zone->summer);
    bool summer = begins < ends ? utc_s >= begins && utc_s < ends : utc_s >= begins || utc_s < ends;
    return summer ? zone->summer : zone->standard;
}

static int32_t offset_at(const struct zone *zone, int64_t utc_s)
{
    if (zone->has_rule && (zone->count == 0 || utc_s >= zone->at[zone->count - 1]))
        return offset_by_rule(zone, utc_s);
    size_t from = 0;
    size_t to = zone->count; /* the first change after that time */
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (zone->at[middle] <= utc_s)
            from = middle + 1;
        else
            to = middle;
    }
    return from ? zone->offset[from - 1] : zone->first;
}

/* --- the file ------------------------------------------------------------------------------------------------------
 */

struct counts {
    size_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const unsigned char *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof(value));
    return be32toh(value);
}

static int read_header(const unsigned char *p, size_t n, struct counts *ret)
{
    if (n < HEADER_BYTES || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
        return ERR_SYNTAX;
    *ret = (struct counts){be32(p + 20), be32(p + 24), be32(p + 28), be32(p + 32), be32(p + 36), be32(p + 40)};
    bool sane = ret->isut <= FILE_BYTES_MAX && ret->isstd <= FILE_BYTES_MAX && ret->leap <= FILE_BYTES_MAX &&
                ret->time <= FILE_BYTES_MAX && ret->type >= 1 && ret->type <= 256 && ret->chars <= FILE_BYTES_MAX;
    return sane ? 0 : ERR_SYNTAX;
}

static size_t block_bytes(const struct counts *c, size_t time_bytes)
{
    return c->time * (time_bytes + 1) + c->type * 6 + c->chars + c->leap * (time_bytes + 4) + c->isstd + c->isut;
}

/* The block of 64-bit times: times, the type of each, then the types. */
static int read_block(struct zone *zone, const unsigned char *p, const struct counts *c)
{
    const unsigned char *kinds = p + c->time * 8;
    const unsigned char *types = kinds + c->time;
    zone->count = c->time;
    zone->at = mem_new((c->time + 1) * sizeof(*zone->at));
    zone->offset = mem_new((c->time + 1) * sizeof(*zone->offset));
    zone->first = (int32_t)be32(types);
    for (size_t i = 0; i < c->time; i++) {
        uint64_t at;
        memcpy(&at, p + i * 8, sizeof(at));
        zone->at[i] = (int64_t)be64toh(at);
        if (kinds[i] >= c->type || (i > 0 && zone->at[i] <= zone->at[i - 1]))
            return ERR_SYNTAX;
        zone->offset[i] = (int32_t)be32(types + (size_t)kinds[i] * 6);
        if (zone->offset[i] > OFFSET_MAX_S || zone->offset[i] < -OFFSET_MAX_S)
            return ERR_SYNTAX;
    }
    return 0;
}

static int read_file(struct zone *zone, const unsigned char *p, size_t n)
{
    struct counts c;
    int r = read_header(p, n, &c);
    if (r < 0)
        return r;
    size_t skip = HEADER_BYTES + block_bytes(&c, 4); /* 32-bit times, for old readers */
    if (skip > n)
        return ERR_SYNTAX;
    p += skip;
    n -= skip;
    r = read_header(p, n, &c);
    if (r < 0 || HEADER_BYTES + block_bytes(&c, 8) > n)
        return ERR_SYNTAX;
    r = read_block(zone, p + HEADER_BYTES, &c);
    if (r < 0)
        return r;
    const char *footer = (const char *)p + HEADER_BYTES + block_bytes(&c, 8);
    size_t left = n - HEADER_BYTES - block_bytes(&c, 8);
    char rule[128];
    if (left < 2 || footer[0] != '\n' || footer[left - 1] != '\n' || left - 2 >= sizeof(rule))
        return ERR_SYNTAX;
    (void)snprintf(rule, sizeof(rule), "%.*s", (int)(left - 2), footer + 1);
    return read_rule(zone, rule);
}

/* No path, and no file of the directory that is no zone. */
static bool name_is_safe(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    size_t n = strlen(name);
    return n > 0 && n < ZONE_NAME_BYTES && strspn(name, letters) == n && isupper((unsigned char)name[0]);
}

int zone_load(struct zone **ret, const char *name)
{
    char path[sizeof(DIRECTORY) + 1 + ZONE_NAME_BYTES];
    if (!name_is_safe(name))
        return ERR_NOT_FOUND;
    (void)snprintf(path, sizeof(path), DIRECTORY "/%s", name);
    FILE *file = fopen(path, "re");
    if (!file)
        return ERR_NOT_FOUND;
    unsigned char *bytes = mem_new(FILE_BYTES_MAX);
    size_t n = fread(bytes, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    struct zone *zone = NEW(struct zone);
    int r = n == 0 ? ERR_NOT_FOUND : read_file(zone, bytes, n); /* 0: a directory, "Europe" */
    free(bytes);
    if (r < 0) {
        (void)zone_free(zone);
        return r;
    }
    *ret = zone;
    return 0;
}

struct zone *zone_free(struct zone *zone)
{
    if (!zone)
        return NULL;
    free(zone->at);
    free(zone->offset);
    free(zone);
    return NULL;
}

/* --- times ---------------------------------------------------------------------------------------------------------
 */

int64_t zone_local(const struct zone *zone, int64_t ms)
{
    return ms + (int64_t)offset_at(zone, floor_div(ms, 1000)) * 1000;
}

int64_t zone_utc(const struct zone *zone, int64_t local_ms)
{
    int64_t local_s = floor_div(local_ms, 1000);
    int64_t before = local_ms - (int64_t)offset_at(zone, local_s - DAY_S) * 1000;
    int64_t after = local_ms - (int64_t)offset_at(zone, local_s + DAY_S) * 1000;
    bool fits_before = zone_local(zone, before) == local_ms;
    bool fits_after = zone_local(zone, after) == local_ms;
    if (fits_before && fits_after)
        return MIN_OF(before, after);
    return fits_after ? after : before;
}
