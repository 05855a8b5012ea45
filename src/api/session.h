/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about signing in share. */
#ifndef API_SESSION_H
#define API_SESSION_H

#include "api/call.h"

/* The address that a link's secret makes, and until when it is valid, as properties of an open object. */
void session_write_link(struct call *call, const char *secret, int64_t now);
/* Properties of an administrator into an open object. */
void session_write_administrator(struct jout *out, const struct administrator *administrator);

#endif
