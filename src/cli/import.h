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
    /* Shows all that imports made and is still there: {"login"} or {"login", "group"}. CLI_OK, or another status after
     * a complaint. */
    int (*each_made)(void *data, bool memberships, int (*each)(const struct jval *item, void *arg), void *arg);
    void *data;
    const char *target; /* names the organisation in progress files */
};

#define IMPORT_ERRORS_SHOWN 100 /* bad rows that are named; the others are counted */

struct import_totals {
    int64_t created;
    int64_t updated;
    int64_t unchanged;
    int64_t bad;
    bool there; /* a file of these was read */
};

struct import {
    struct cli *cli;
    const struct import_sink *sink;
    bool dry_run;
    bool resume;
    bool keep_progress; /* write FILE.muster-progress */
    bool whole;         /* the files must be whole, and what they hold is remembered (import_holds()) */
    struct import_totals users, memberships;
    struct jval *errors;   /* array of {"file", "line", "column", "text"}; the caller's */
    struct logins *seen;   /* in a dry run: logins of users that would be there */
    const char *uncounted; /* the first file that does not tell how many rows it has; NULL: all do */
    struct logins *held;   /* with `whole`: the people and memberships of the files */
    struct progress progress;
};

/* Reads one file, tells by its columns what it holds. CLI_OK (bad rows are counted, not a failure), or another status
 * after a complaint. */
int import_file(struct import *import, const char *path) MUSTCHECK;
/* All files of the command line, in their order. */
int import_files(struct import *import) MUSTCHECK;
/* Did a file hold this person, or (`group` not NULL) membership? Only after reading with `whole`. */
bool import_holds(const struct import *import, const char *login, const char *group);
/* How many rows the files held. */
int64_t import_rows(const struct import *import);

/* --- authoritative imports (import_gone.c) --- */
struct import_ended {
    int64_t planned_people, planned_memberships;
    int64_t people, memberships; /* deactivated, ended */
};
/*
 * Reads the files whole, shows the plan, asks (or has --yes), then imports and ends what imports made and the files do
 * not hold. With import->dry_run only the plan. CLI_OK, or another status after a complaint.
 */
int import_authoritative(struct import *import, struct import_ended *ret) MUSTCHECK;
/* Frees what import_file() made. */
void import_end(struct import *import);

#endif
