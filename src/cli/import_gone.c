/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An authoritative import: what an earlier import made and the files no longer hold ends. The files are read to their
 * end first and must be whole; the plan is shown; only then is anything written, what is brought in before what ends.
 */
#include "cli/import.h"

#include "base/limits.h"

#include <unistd.h>

#define SHOWN 100         /* people and memberships of the plan that are named; the others are counted */
#define ALWAYS_ALLOWED 10 /* so many may be missing, whatever the part */
#define PERCENT 20        /* per cent of what imports made that may be missing, unless --allow-missing says */

struct missing {
    struct import *import;
    bool memberships;
    int64_t made; /* by imports, and still there */
    struct jval *rows;
};

static int look_at(const struct jval *item, void *data)
{
    struct missing *missing = data;
    const char *login = jval_get_str(item, "login");
    const char *group = missing->memberships ? jval_get_str(item, "group") : NULL;
    missing->made++;
    if (login && !import_holds(missing->import, login, group))
        jval_append(missing->rows, jval_copy(item));
    return 0;
}

static const char *thing(const struct missing *missing)
{
    return missing->memberships ? "memberships" : "people";
}

/* A file that was cut looks like one that many people are missing from. */
static int check_share(const struct missing *missing)
{
    struct cli *cli = missing->import->cli;
    int64_t percent = PERCENT;
    int64_t count = (int64_t)jval_len(missing->rows);
    int r = cli_option_int(cli, "allow-missing", PERCENT, 1, 100, &percent);
    if (r || count <= ALWAYS_ALLOWED || count * 100 <= missing->made * percent)
        return r;
    return cli_fail(
        cli, CLI_FAILED,
        "%lld of %lld %s that imports made are not in the file: more than %lld %%. Nothing was changed. If the "
        "file is whole, allow it with --allow-missing %lld",
        (long long)count, (long long)missing->made, thing(missing), (long long)percent,
        (long long)MIN_OF((count * 100 + missing->made - 1) / missing->made, (int64_t)100));
}

static int find_missing(struct import *import, bool memberships, struct missing *ret)
{
    *ret = (struct missing){.import = import, .memberships = memberships, .rows = jval_new_array()};
    if (!(memberships ? import->memberships.there : import->users.there))
        return CLI_OK; /* no file of these: nothing is said of them */
    int r = import->sink->each_made(import->sink->data, memberships, look_at, ret);
    return r ? r : check_share(ret);
}

static void show(const struct missing *missing)
{
    struct cli *cli = missing->import->cli;
    size_t count = jval_len(missing->rows);
    cli_say(cli, "%zu %s", count, missing->memberships ? "memberships end" : "people are deactivated");
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        const struct jval *row = jval_at(missing->rows, i);
        const char *group = missing->memberships ? jval_get_str(row, "group") : NULL;
        cli_say(cli, "  %s%s%s", cli_clean(cli->arena, jval_get_str(row, "login")), group ? " in " : "",
                group ? cli_clean(cli->arena, group) : "");
    }
    if (count > SHOWN)
        cli_say(cli, "  and %zu more", count - SHOWN);
}

/* A file that was cut at the end of a line looks whole: where nobody looks at the plan, it must say how long it is, or
 * somebody must have said how much may be missing. */
static int check_counted(struct cli *cli, const struct import *plan, const struct import_ended *planned)
{
    bool ends = planned->planned_people + planned->planned_memberships > 0;
    if (!ends || !plan->uncounted || !cli_flag(cli, "yes") || cli_option(cli, "allow-missing"))
        return CLI_OK;
    return cli_fail(
        cli, CLI_FAILED,
        "nothing was changed: %s does not tell how many rows it has, so that a part of it would look like the "
        "whole. With --yes nobody looks at the plan: end the file with the line #rows,NUMBER, or say with "
        "--allow-missing PERCENT how much may be missing",
        plan->uncounted);
}

static int ask(struct cli *cli)
{
    char line[16] = "";
    if (cli_flag(cli, "yes"))
        return CLI_OK;
    if (!isatty(STDIN_FILENO))
        return cli_fail(cli, CLI_USAGE, "nothing was changed: nobody is there to agree to this plan; give --yes");
    (void)fprintf(stderr, "Type yes to do this: ");
    (void)fflush(stderr);
    if (!fgets(line, sizeof(line), stdin) || strcmp(line, "yes\n") != 0)
        return cli_fail(cli, CLI_FAILED, "nothing was changed");
    return CLI_OK;
}

/* Chunk by chunk, each of which is done or not as a whole; what is gone already is fine. */
static int end_rows(const struct missing *missing, int64_t *ret_ended)
{
    const struct import_sink *sink = missing->import->sink;
    size_t count = jval_len(missing->rows);
    for (size_t from = 0; from < count; from += LIMIT_IMPORT_GONE) {
        struct jval *body CLEANUP(jval_freep) = jval_new_object();
        struct jval *answer CLEANUP(jval_freep) = NULL;
        struct jval *rows = jval_new_array();
        for (size_t i = from; i < count && i < from + LIMIT_IMPORT_GONE; i++)
            jval_append(rows, jval_copy(jval_at(missing->rows, i)));
        jval_set(body, missing->memberships ? "goneMemberships" : "goneUsers", rows);
        int r = sink->send(sink->data, body, false, &answer);
        if (r)
            return r;
        const struct jval *errors = jval_get(answer, "errors");
        *ret_ended += jval_int(jval_get(answer, "updated"), 0);
        if (jval_len(errors) > 0)
            return cli_fail(
                missing->import->cli, CLI_FAILED, "%s: %s; run the import again when that is mended",
                jval_get_str(jval_at(missing->rows, from + (size_t)jval_int(jval_get(jval_at(errors, 0), "row"), 0)),
                             "login"),
                jval_get_str(jval_at(errors, 0), "errorSummary"));
    }
    return CLI_OK;
}

/* The whole of it, once the plan stands. */
static int carry_out(struct import *import, const struct import *plan, const struct missing *users,
                     const struct missing *members, struct import_ended *ret)
{
    int r = import_files(import);
    if (r)
        return r;
    if (import->users.bad + import->memberships.bad > 0 || import_rows(import) != import_rows(plan))
        return cli_fail(import->cli, CLI_FAILED,
                        "rows were refused or a file was changed since the plan was made: what is new was brought in, "
                        "and nothing was ended; run the import again");
    r = end_rows(members, &ret->memberships);
    return r ? r : end_rows(users, &ret->people);
}

int import_authoritative(struct import *import, struct import_ended *ret)
{
    struct cli *cli = import->cli;
    struct import plan = *import;
    struct missing users = {0};
    struct missing members = {0};
    plan.dry_run = plan.whole = true;
    plan.resume = plan.keep_progress = false;
    int r = import_files(&plan);
    int64_t bad = plan.users.bad + plan.memberships.bad;
    if (r == CLI_OK && bad > 0) {
        import->users.bad = plan.users.bad;
        import->memberships.bad = plan.memberships.bad;
        r = cli_fail(cli, CLI_FAILED, "%lld bad rows: nothing was changed (--authoritative)", (long long)bad);
    }
    if (r == CLI_OK)
        r = find_missing(&plan, false, &users);
    if (r == CLI_OK)
        r = find_missing(&plan, true, &members);
    if (r == CLI_OK) {
        cli_say(cli, "%lld people are new and %lld change, %lld memberships are new", (long long)plan.users.created,
                (long long)plan.users.updated, (long long)plan.memberships.created);
        if (plan.users.there)
            show(&users);
        if (plan.memberships.there)
            show(&members);
        ret->planned_people = (int64_t)jval_len(users.rows);
        ret->planned_memberships = (int64_t)jval_len(members.rows);
    }
    if (r == CLI_OK && import->dry_run) {
        import->users = plan.users;
        import->memberships = plan.memberships;
    } else if (r == CLI_OK) {
        r = check_counted(cli, &plan, ret);
        if (r == CLI_OK)
            r = ask(cli);
        if (r == CLI_OK)
            r = carry_out(import, &plan, &users, &members, ret);
    }
    import_end(&plan);
    (void)jval_free(users.rows);
    (void)jval_free(members.rows);
    return r;
}
