/* SPDX-License-Identifier: Apache-2.0 */
/* Imports and scans for drift as resources: what their calls share. */
#ifndef API_RUNS_H
#define API_RUNS_H

#include "api/app_objects.h"
#include "push/import.h"

/* What tells imports and scans apart. */
struct run_resource {
    const char *type; /* in the error of an id that is not there: "Import" */
    bool scans;       /* IMPORT_SCAN and no other kind; else every other kind */
    /* As import_list(). */
    int (*list)(struct tx *tx, int64_t app_rid, int64_t before, struct import_run *ret, int limit);
    /* Writes one as an object. */
    int (*write)(struct tx *tx, struct call *call, const struct app *app, const struct import_run *run);
};

/* The handlers: each finds the app (and, but for the first two, the run of the second path parameter) and answers. */
int runs_start(struct tx *tx, struct call *call, const struct run_resource *resource, enum import_kind kind) MUSTCHECK;
/* Newest first, page by page. */
int runs_list(struct tx *tx, struct call *call, const struct run_resource *resource) MUSTCHECK;
/* wait=: until it is finished, or waits for an administrator. */
int runs_get(struct tx *tx, struct call *call, const struct run_resource *resource) MUSTCHECK;
int runs_act(struct tx *tx, struct call *call, const struct run_resource *resource,
             int (*act)(struct tx *tx, struct import_run *run, struct problem *problem)) MUSTCHECK;

int runs_find(struct tx *tx, struct call *call, const struct run_resource *resource, struct app *ret_app,
              struct import_run *ret) MUSTCHECK;
/* What both show of where it is, into the open object: status to waitingBecause. */
int run_write_state(struct tx *tx, struct call *call, const struct app *app, const struct import_run *run) MUSTCHECK;

#endif
