/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times in UNIX cron's five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday), each a
 * list of numbers, ranges and steps; months and days may be named by three letters. As in cron, a day fits when either
 * of the two day fields fits, unless one of them is a star.
 */
#ifndef PUSH_CRON_H
#define PUSH_CRON_H

#include "base/macros.h"

struct cron {
    uint64_t minutes; /* a bit for each value that fits */
    uint64_t hours, days, months, weekdays;
    bool any_day, any_weekday; /* the field is a star */
};
/* ERR_SYNTAX with a sentence in `ret_why`. */
int cron_parse(const char *text, struct cron *ret, char *ret_why, size_t why_size) MUSTCHECK;
/* The first minute after `ms` that fits, in ms; 0 when there is none within eight years (30 February). */
int64_t cron_next(const struct cron *cron, int64_t ms);
/*
 * The same by the clocks of a zone. A time that clocks leave out when they are put forward comes that much later (02:30
 * as 03:30); one that they show twice when they are put back comes once, the first time.
 */
struct zone;
int64_t cron_next_in(const struct cron *cron, const struct zone *zone, int64_t ms);

#endif
