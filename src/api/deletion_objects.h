/* SPDX-License-Identifier: Apache-2.0 */
/* Deletions as the API shows them. */
#ifndef API_DELETION_OBJECTS_H
#define API_DELETION_OBJECTS_H

#include "api/call.h"
#include "push/deletions.h"

/* One, with the person or group that it is about. `with_app`: names its app too. */
int deletion_write(struct tx *tx, struct call *call, const struct deletion *deletion, bool with_app) MUSTCHECK;

#endif
