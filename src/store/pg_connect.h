/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PG_CONNECT_H
#define STORE_PG_CONNECT_H

#include <stddef.h>

struct pg_conn; /* libpq's PGconn */

/* Connects to a location with what it leaves open (time-outs, read-write). NULL, with a sentence, when the location is
 * none; otherwise a connection whose PQstatus() tells. */
struct pg_conn *pg_connect(const char *location, char *ret_why, size_t why_size);

#endif
