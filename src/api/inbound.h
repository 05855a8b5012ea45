/* SPDX-License-Identifier: Apache-2.0 */
/* The feature INBOUND_PROVISIONING: how an app's users are imported and matched. Part of features.c. */
#ifndef API_INBOUND_H
#define API_INBOUND_H

#include "api/app_objects.h"

#define INBOUND_FEATURE "INBOUND_PROVISIONING"

/* Writes the feature into a list, or as the whole answer. */
int inbound_write(struct tx *tx, struct call *call, const struct app *app) MUSTCHECK;
/* Takes a body of importSettings and importRules over; what is left out stays. */
int inbound_update(struct tx *tx, struct call *call, const struct app *app, const struct jval *body) MUSTCHECK;

#endif
