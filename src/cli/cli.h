/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program `muster`: one table of verbs (verbs.c) says what there is, and the parser, `--help` and the manual page
 * are made from it. A verb is a function that gets the parsed command line and returns the exit status.
 *
 *     main.c      start, dispatch                     client.c    the HTTP client of the management API
 *     options.c   the parser                          print.c     tables, fields, errors, JSON
 *     help.c      --help, the manual page             progress.c  the progress bar
 *     plan.c      --dry-run
 *     verbs.c     the table of verbs                  resolve.c   names to ids
 *     serve.c, datadir.c, rooms.c                     the server: the only place that knows every room
 *     import.c, backup.c, key.c, practice.c, demo.c, wait.c, user.c, group.c, rule.c, app.c, profile_mapping.c, push.c,
 * drift.c, hold.c, token.c, pause.c
 *
 * What people read goes to standard output, errors go to standard error as "muster: ..."; with --json both are JSON.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/arena.h"
#include "base/jval.h"

/* --- exit status ----------------------------------------------------------------------------------------------------
 */

/* X(symbol, number, what it means) */
#define CLI_EXIT_LIST(X)                                                                                               \
    X(CLI_OK, 0, "done")                                                                                               \
    X(CLI_FAILED, 1, "it was tried and failed, or part of it did: bad rows, work that failed, a file, a full disk")    \
    X(CLI_USAGE, 2, "the command line is wrong; nothing was done")                                                     \
    X(CLI_UNREACHABLE, 3, "the server cannot be reached")                                                              \
    X(CLI_REFUSED, 4, "the server answered and refused")                                                               \
    X(CLI_TIMEOUT, 5, "the time was up before it was done")                                                            \
    X(CLI_IN_USE, 6, "another muster is using the data directory")                                                     \
    X(CLI_KEY, 7, "the key file is missing or does not fit the store")

enum cli_exit {
#define X(symbol, number, text) symbol = (number),
    CLI_EXIT_LIST(X)
#undef X
};

/* --- the table of verbs ---------------------------------------------------------------------------------------------
 */

struct cli;

struct option_spec {
    const char *name;  /* "data" for --data; NULL ends a list */
    const char *value; /* what help calls its value, "DIR"; NULL: a flag */
    const char *text;  /* one line of help */
    bool repeat;       /* may be given more than once */
};

enum verb_options {
    VERB_CLIENT = 1, /* talks to a server: takes client_options too */
    VERB_PLANS = 2,  /* may take something away from apps: takes plan_options too (plan.c) */
};

struct verb {
    const char *name;      /* one or two words: "serve", "user list" */
    const char *arguments; /* "USER GROUP"; "" for none. What stands in [] may be left out, ... repeats */
    int args_min, args_max;
    const char *summary;               /* half a line */
    const char *text;                  /* paragraphs, separated by empty lines */
    const char *examples;              /* lines "command   # comment" */
    const struct option_spec *options; /* ends with a NULL name; NULL for none */
    unsigned flags;                    /* of enum verb_options */
    int (*run)(struct cli *cli);
};

/* Every verb in the order of help; ends with a NULL name. */
extern const struct verb cli_verbs[];
/* Options of every verb (--json, --help), of those that talk to a server, and of those that have a plan. */
extern const struct option_spec common_options[], client_options[], plan_options[];

/* --- one command line -----------------------------------------------------------------------------------------------
 */

#define CLI_OPTIONS_MAX 64 /* options given at once */
#define CLI_ARGS_MAX 1000  /* arguments given at once */
#define CLI_ERROR_BYTES 1024

struct client;

struct cli {
    const struct verb *verb;
    const char *program; /* argv[0] */
    struct arena *arena; /* until the program ends */
    bool json;
    bool help; /* --help was given */
    size_t option_count;
    struct {
        const struct option_spec *spec;
        const char *value; /* "" for a flag */
    } options[CLI_OPTIONS_MAX];
    size_t arg_count;
    const char *args[CLI_ARGS_MAX];
    struct client *client;
    struct jval *plans; /* of --dry-run, in the order of the calls; NULL: none */
};

/*
 * Parses "muster VERB ..." without the program's name. CLI_OK, or CLI_USAGE with a sentence in `ret_error` that names
 * what is nearest to a wrong word. Sets cli->verb as far as it was understood.
 */
int cli_parse(struct cli *cli, int argc, char *const *argv, char ret_error[static CLI_ERROR_BYTES]) MUSTCHECK;
/* The verb named by one or two words; NULL when there is none. */
const struct verb *cli_find_verb(const char *first, const char *second);
/* True when there are verbs "first ...". */
bool cli_is_family(const char *first);
/* The word of a list that is nearest to `text`, or NULL when none is near. `words` ends with NULL. */
const char *cli_nearest(const char *text, const char *const *words);

/* The last value of an option, or NULL when it was not given. The name must be one of the verb's. */
const char *cli_option(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);
/* The value of the `index`th time that the option was given, or NULL. */
const char *cli_option_at(const struct cli *cli, const char *name, size_t index);
/* The first line of the file that the option names ("-": standard input), for what must be in no list of processes and
 * no shell history. NULL without the option. */
int cli_read_line(struct cli *cli, const char *option, const char **ret) MUSTCHECK;
/* An option that is a number, within bounds: CLI_OK, or CLI_USAGE after a complaint. */
int cli_option_int(const struct cli *cli, const char *name, int64_t otherwise, int64_t min, int64_t max,
                   int64_t *ret) MUSTCHECK;
/* "90", "90s", "5m", "2h" to milliseconds; likewise. */
int cli_option_duration(const struct cli *cli, const char *name, int64_t otherwise_ms, int64_t *ret_ms) MUSTCHECK;

/* --- plan.c ---------------------------------------------------------------------------------------------------------
 *
 * With --dry-run client_call() rehearses what is not a GET, shows the plan and returns CLI_PLANNED, which a verb takes
 * for a failure: it says nothing of what it has not done.
 */

#define CLI_PLANNED (-1) /* no status of the program: main() makes CLI_OK of it */

struct answer;
/* Is the call of this method to be rehearsed? */
bool cli_plans(const struct cli *cli, const char *method);
/* The call's path with what asks for a plan. */
const char *plan_path(struct cli *cli, const char *path) __attribute__((returns_nonnull));
/* Shows it and keeps it. CLI_PLANNED. */
int plan_say(struct cli *cli, const struct answer *answer);
/* With --json prints what was kept: one plan, or several in an array. The status to end with. */
int plan_end(struct cli *cli, int status) MUSTCHECK;
/* Of several calls the status that counts: the last one that failed, before CLI_PLANNED. */
static inline int cli_worse(int worst, int r)
{
    return r == CLI_OK || (r == CLI_PLANNED && worst) ? worst : r;
}

/* --- help.c ---------------------------------------------------------------------------------------------------------
 */

void help_overview(struct buf *out);
void help_family(struct buf *out, const char *first);
void help_verb(struct buf *out, const struct verb *verb);
void help_exit_codes(struct buf *out);
void help_environment(struct buf *out);
/* The manual page in mdoc(7). */
void help_man(struct buf *out);
int cmd_help(struct cli *cli);
int cmd_version(struct cli *cli);

/* --- print.c --------------------------------------------------------------------------------------------------------
 */

/* Says what went wrong on standard error (as JSON with --json). Returns `status`. */
int cli_fail(const struct cli *cli, int status, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same with the server's answer, whose causes are listed. `answer` may be NULL. */
int cli_fail_answer(const struct cli *cli, int status, const struct jval *answer, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* A line on standard output for people; nothing with --json. */
void cli_say(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* With --json: one line of JSON on standard output. Takes the value over. */
void cli_print_json(const struct cli *cli, struct jval *value);
/* The object: as JSON, or as lines "name: value" with dotted names; links are left out. */
void cli_print_object(const struct cli *cli, const struct jval *object);
/* Control characters made harmless for a terminal; in the arena. NULL gives "". */
const char *cli_clean(struct arena *arena, const char *text) __attribute__((returns_nonnull));

struct table;
/* `headings` must live as long as the table. */
struct table *table_new(struct arena *arena, const char *const *headings, size_t columns);
/* The next cell, row by row. Copied. NULL is empty. */
void table_cell(struct table *table, const char *text);
size_t table_rows(const struct table *table);
/* Columns aligned by display width; when `width` > 0, the widest are cut with an ellipsis until a line fits. */
void table_write(const struct table *table, struct buf *out, size_t width);
/* Writes it to standard output, fitted to the terminal if that is one. */
void table_print(const struct table *table);

/* --- progress.c ------------------------------------------------------------------------------------------------------
 */

/* A bar on a terminal, otherwise a line for each tenth of what takes long. Nothing with --json. On standard error. */
struct progress {
    const char *what;
    bool silent;
    bool bar;
    int64_t started; /* monotonic milliseconds */
    int shown;       /* per mille of the bar, or tenths of the lines; -1: nothing yet */
};
void progress_start(struct progress *progress, const struct cli *cli, const char *what);
void progress_set(struct progress *progress, int64_t done, int64_t total);
/* Takes the bar away, so that a line can be written. */
void progress_clear(struct progress *progress);

/* --- client.c --------------------------------------------------------------------------------------------------------
 */

struct answer {
    int status;        /* HTTP status */
    struct jval *body; /* NULL when there was none; until the client's next call */
    int64_t change;    /* X-Muster-Change: what this call changed; 0 if nothing */
    const char *next;  /* path and query of the next page, or NULL; likewise */
};

/* Connects nothing yet: finds URL and token (options, environment, the data directory). CLI_OK, or CLI_USAGE after a
 * complaint. */
int client_open(struct cli *cli) MUSTCHECK;
/* A client for a server and token of the caller's choice. */
struct client *client_new(const char *url, const char *token, const char *ca_file);
struct client *client_free(struct client *client); /* accepts NULL, returns NULL */
/* Milliseconds that an answer may take; 60 s at first. */
void client_set_timeout(struct client *client, int64_t ms);
/* The server's URL without a slash at the end. */
const char *client_url(const struct client *client);
/*
 * One request. `body` may be NULL and is not taken over. CLI_OK for a 2xx answer, CLI_UNREACHABLE, CLI_TIMEOUT or
 * CLI_REFUSED; says nothing. A POST carries an Idempotency-Key and is repeated by nobody.
 */
int client_try(struct client *client, const char *method, const char *path, const struct jval *body,
               struct answer *ret) MUSTCHECK;
/* The same, with a complaint on standard error that names the remedy. CLI_PLANNED: it was rehearsed (plan.c). */
int client_call(struct cli *cli, const char *method, const char *path, const struct jval *body,
                struct answer *ret) MUSTCHECK;
/* Says why the last client_try() failed with `status`. Returns it. */
int client_complain(const struct cli *cli, int status);
/* Reads a list page by page: each(item, data) until it returns something else than 0. */
int client_each(struct cli *cli, const char *path, int (*each)(const struct jval *item, void *data),
                void *data) MUSTCHECK;
/* "/api/v1/..." with every %s percent-encoded; in the arena. */
const char *client_path(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3) __attribute__((returns_nonnull));

/* --- lists -----------------------------------------------------------------------------------------------------------
 */

struct column {
    const char *heading;
    const char *path;                                              /* dotted, into the item */
    const char *(*text)(struct cli *cli, const struct jval *item); /* instead of `path`; may be NULL */
};
/* Reads a list and prints it: a table, or an array with --json. `columns` ends with a NULL heading; `nothing` is said
 * when it is empty. Obeys --limit where the verb has it. */
int cli_print_list(struct cli *cli, const char *path, const struct column *columns, const char *nothing) MUSTCHECK;

/* The same of an array that is there already. */
void cli_print_rows(struct cli *cli, const struct jval *rows, const struct column *columns, const char *nothing);

/* Adds "org" to what is about to be shown when everything is paused: {"paused": true, "reason": ...}. */
int cli_add_pause(struct cli *cli, struct jval *object) MUSTCHECK;

/* --- resolve.c: CLI_OK, or another status after a complaint. Ids are in the arena. -----------------------------------
 */

int resolve_user(struct cli *cli, const char *text, const char **ret_id) MUSTCHECK;  /* id or login */
int resolve_group(struct cli *cli, const char *text, const char **ret_id) MUSTCHECK; /* id or name */
int resolve_app(struct cli *cli, const char *text, const char **ret_id) MUSTCHECK;   /* id or label */
int resolve_rule(struct cli *cli, const char *text, const char **ret_id) MUSTCHECK;  /* id or name */
/* A mapping's id, or the id or name of its source group. */
int resolve_mapping(struct cli *cli, const char *app_id, const char *text, const char **ret_id) MUSTCHECK;

/* --- the verbs -------------------------------------------------------------------------------------------------------
 */

int cmd_serve(struct cli *cli);
int cmd_practice(struct cli *cli);
int cmd_demo(struct cli *cli);
int cmd_import(struct cli *cli);
int cmd_backup(struct cli *cli);
int cmd_restore(struct cli *cli);
int cmd_key_rotate(struct cli *cli);
int cmd_migrate(struct cli *cli);
int cmd_pause(struct cli *cli);
int cmd_resume(struct cli *cli);
int cmd_wait(struct cli *cli);
int cmd_why(struct cli *cli);

int cmd_admin_reset(struct cli *cli);
int cmd_separate_start(struct cli *cli);
int cmd_separate_list(struct cli *cli);
int cmd_separate_undo(struct cli *cli);
int cmd_token_create(struct cli *cli);
int cmd_token_list(struct cli *cli);
int cmd_token_revoke(struct cli *cli);

int cmd_user_list(struct cli *cli);
int cmd_user_show(struct cli *cli);
int cmd_user_create(struct cli *cli);
int cmd_user_update(struct cli *cli);
int cmd_user_groups(struct cli *cli);
int cmd_user_lifecycle(struct cli *cli); /* the second word of the verb is the operation */
int cmd_user_delete(struct cli *cli);

int cmd_group_list(struct cli *cli);
int cmd_group_show(struct cli *cli);
int cmd_group_create(struct cli *cli);
int cmd_group_rename(struct cli *cli);
int cmd_group_delete(struct cli *cli);
int cmd_group_members(struct cli *cli);
int cmd_group_add(struct cli *cli);
int cmd_group_remove(struct cli *cli);

int cmd_rule_list(struct cli *cli);
int cmd_rule_show(struct cli *cli);
int cmd_rule_create(struct cli *cli);
int cmd_rule_activate(struct cli *cli);
int cmd_rule_deactivate(struct cli *cli);
int cmd_rule_delete(struct cli *cli);
int cmd_rule_preview(struct cli *cli);

int cmd_app_list(struct cli *cli);
int cmd_app_show(struct cli *cli);
int cmd_app_create(struct cli *cli);
int cmd_app_connect(struct cli *cli);
int cmd_app_forget_credential(struct cli *cli);
int cmd_app_convert(struct cli *cli);
int cmd_app_order(struct cli *cli);
int cmd_app_switch(struct cli *cli);
int cmd_app_assign(struct cli *cli);
int cmd_app_unassign(struct cli *cli);
int cmd_app_accounts(struct cli *cli);
int cmd_app_groups(struct cli *cli);
int cmd_app_backlog(struct cli *cli);
int cmd_app_capture(struct cli *cli); /* record.c */
int cmd_record_keep(struct cli *cli);
int cmd_app_lifecycle(struct cli *cli); /* activate, deactivate */
int cmd_app_delete(struct cli *cli);
int cmd_app_refresh(struct cli *cli);
int cmd_app_import(struct cli *cli);
int cmd_app_imports(struct cli *cli);
int cmd_app_import_act(struct cli *cli); /* cancel, approve */
int cmd_app_imported(struct cli *cli);
int cmd_app_confirm(struct cli *cli);
int cmd_app_ignore(struct cli *cli); /* and unignore */

int cmd_profile_mapping_show(struct cli *cli);
int cmd_profile_mapping_set(struct cli *cli);
int cmd_profile_mapping_unset(struct cli *cli);
int cmd_profile_mapping_preview(struct cli *cli);

int cmd_push_list(struct cli *cli);
int cmd_push_show(struct cli *cli);
int cmd_push_create(struct cli *cli);
int cmd_push_status(struct cli *cli); /* activate, deactivate */
int cmd_push_delete(struct cli *cli);
int cmd_push_unlink(struct cli *cli);
int cmd_push_settings(struct cli *cli);
int cmd_push_rule_list(struct cli *cli);
int cmd_push_rule_show(struct cli *cli);
int cmd_push_rule_create(struct cli *cli);
int cmd_push_rule_preview(struct cli *cli);
int cmd_push_rule_status(struct cli *cli); /* activate, deactivate */
int cmd_push_rule_delete(struct cli *cli);
int cmd_push_now(struct cli *cli);
int cmd_push_retry(struct cli *cli);
int cmd_push_repair(struct cli *cli);
int cmd_push_person(struct cli *cli);
int cmd_push_same_group(struct cli *cli);
int cmd_push_errors(struct cli *cli);

int cmd_drift_show(struct cli *cli);
int cmd_drift_scan(struct cli *cli);
int cmd_drift_list(struct cli *cli);
int cmd_drift_repair(struct cli *cli);
int cmd_drift_accept(struct cli *cli);
int cmd_drift_exceptions(struct cli *cli);
int cmd_drift_revoke(struct cli *cli);
int cmd_drift_settings(struct cli *cli);
int cmd_hold_list(struct cli *cli);
int cmd_hold_show(struct cli *cli);
int cmd_hold_decide(struct cli *cli); /* approve, reject */
int cmd_hold_release(struct cli *cli);
int cmd_limits(struct cli *cli);
int cmd_protect(struct cli *cli); /* user and group, protect and unprotect */

#endif
