/* SPDX-License-Identifier: Apache-2.0 */
/* Imports and scans for drift as resources: what their calls share. */
#ifndef API_RUNS_H
#define API_RUNS_H

#include "api/app_objects.h"
#include "push/import.h"

/* The call that lists an app's runs, newest first, page by page: list() as import_list(), write() one as an object. */
int runs_list(struct tx *tx, struct call *call,
              int (*list)(struct tx *tx, int64_t app_rid, int64_t before, struct import_run *ret, int limit),
              int (*write)(struct tx *tx, struct call *call, const struct app *app,
                           const struct import_run *run)) MUSTCHECK;

#endif
