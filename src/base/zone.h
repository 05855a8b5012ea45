/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones of the IANA database, read from the system's files (RFC 8536): the C library knows one zone a process.
 * Times are int64_t milliseconds; a local time is what a clock on the wall shows, counted as if it were UTC.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/macros.h"

#define ZONE_NAME_BYTES 64 /* of a zone's name */

struct zone;

/* "Europe/Berlin". ERR_NOT_FOUND: the system has no such zone. ERR_SYNTAX: its file cannot be understood. */
int zone_load(struct zone **ret, const char *name) MUSTCHECK;
struct zone *zone_free(struct zone *zone); /* accepts NULL, returns NULL */
int64_t zone_local(const struct zone *zone, int64_t ms);
/*
 * The first time at which the clock shows this. One that is left out when clocks are put forward is taken with the
 * offset before the change, as in RFC 5545: 02:30 becomes 03:30.
 */
int64_t zone_utc(const struct zone *zone, int64_t local_ms);

#endif
