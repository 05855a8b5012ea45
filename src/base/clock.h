/* SPDX-License-Identifier: Apache-2.0 */
/* Times are int64_t milliseconds since 1970-01-01T00:00:00Z everywhere; these turn them into the published texts. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/macros.h"

#define CLOCK_TEXT_BYTES 32

/* "2026-03-25T06:09:44.000Z" */
const char *clock_iso(int64_t ms, char ret_text[static CLOCK_TEXT_BYTES]);
/* "2026-03-25T06:09:58Z": group push mappings only (recorded traffic). */
const char *clock_iso_seconds(int64_t ms, char ret_text[static CLOCK_TEXT_BYTES]);
/* "04-02-2025 06:37:24PM UTC": the time in the text of a failed push (as Okta's Push Groups tab words it). */
const char *clock_us(int64_t ms, char ret_text[static CLOCK_TEXT_BYTES]);
/* Reads ISO 8601 with or without fraction, with Z or an offset. 0, or ERR_SYNTAX. */
int clock_parse(const char *text, int64_t *ret_ms) MUSTCHECK;
/* Reads an HTTP date (RFC 9110 IMF-fixdate). 0, or ERR_SYNTAX. */
int clock_parse_http(const char *text, int64_t *ret_ms) MUSTCHECK;

#endif
