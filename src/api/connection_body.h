/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of an app's connection, both ways. */
#ifndef API_CONNECTION_BODY_H
#define API_CONNECTION_BODY_H

#include "api/app_objects.h"
#include "app/connection.h"

/* Texts live as long as the call. 0 or ERR_PROBLEM. */
int connection_body_read(struct call *call, struct connection_input *ret) MUSTCHECK;
/* An app without a connection shows UNKNOWN, as published. */
void connection_none_write(struct call *call, const struct app *app);
void connection_write(struct call *call, const struct app *app, const struct connection *connection, int64_t now);

#endif
