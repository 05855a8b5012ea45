/* SPDX-License-Identifier: Apache-2.0 */
/* Importing CSV files: the part that reads files and makes chunks, apart from whom the chunks go to. */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "cli/cli.h"

/* Whom the chunks go to. */
struct import_sink {
    /*
     * One chunk as POST /api/v1/import takes it (api/import.h). `*ret_answer` is the caller's to free. CLI_OK, or
     * another status after a complaint.
     */
    int (*send)(void *data, const struct jval *body, bool dry_run, struct jval **ret_answer);
    /* Does the profile of users have this attribute? 1 or 0, or a status below 0 minus that (after a complaint). */
    int (*has_attribute)(void *data, const char *name);
    void *data;
    const char *target; /* names the organisation in progress files */
};

#define IMPORT_ERRORS_SHOWN 100 /* bad rows that are named; the others are counted */

struct import_totals {
    int64_t created;
    int64_t updated;
    int64_t unchanged;
    int64_t bad;
};

struct import {
    struct cli *cli;
    const struct import_sink *sink;
    bool dry_run;
    bool resume;
    bool keep_progress; /* write FILE.muster-progress */
    struct import_totals users, memberships;
    struct jval *errors; /* array of {"file", "line", "column", "text"}; the caller's */
    struct logins *seen; /* in a dry run: logins of users that would be there */
    struct progress progress;
};

/* Reads one file, tells by its columns what it holds. CLI_OK (bad rows are counted, not a failure), or another status
 * after a complaint. */
int import_file(struct import *import, const char *path) MUSTCHECK;
/* Frees what import_file() made. */
void import_end(struct import *import);

#endif
