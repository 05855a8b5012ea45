/* SPDX-License-Identifier: Apache-2.0 */
/* muster migrate: an organisation moves from a file to PostgreSQL, or back. */
#include "app/app.h"

#include "base/clock.h"
#include "cli/datadir.h"
#include "engine/lease.h"
#include "store/copy.h"

#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

struct end {
    struct datadir data; /* a directory is locked; nothing of a database */
    bool database;
};

struct migration_run {
    struct cli *cli;
    struct progress progress;
    const char *table;
    struct jval *tables;
    int64_t rows;
    int table_count;
    const char *reason;
    const char *key_id; /* what the credentials are sealed with */
};

/* The option names a URL, a data directory, or the file in one. */
static int read_end(struct cli *cli, const char *option, const char *file_option, struct end *ret)
{
    const char *name = cli_option(cli, option);
    const char *file = cli_option(cli, file_option);
    struct stat st;
    if (!name == !file)
        return cli_fail(cli, CLI_USAGE, "say with --%s (or, for a URL with a password, --%s) what to copy %s", option,
                        file_option, option);
    ret->database = file || store_is_postgresql(name);
    if (ret->database) {
        datadir_init(&ret->data, cli, NULL, NULL);
        int r = datadir_set_database(&ret->data, cli, name, file);
        if (name)
            database_blot(name);
        return r;
    }
    const char *dir = name;
    if (strcmp(basename(arena_strdup(cli->arena, name)), "muster.db") == 0 &&
        (stat(name, &st) != 0 || !S_ISDIR(st.st_mode)))
        dir = dirname(arena_strdup(cli->arena, name));
    datadir_init(&ret->data, cli, dir, NULL);
    return CLI_OK;
}

static void show_progress(void *data, const char *table, int64_t done, int64_t total)
{
    struct migration_run *run = data;
    (void)table;
    progress_set(&run->progress, done, total);
}

static void note_table(void *data, const char *table, int64_t rows, const char *checksum)
{
    struct migration_run *run = data;
    struct jval *out = jval_new_object();
    jval_set_str(out, "table", table);
    jval_set(out, "rows", jval_new_int(rows));
    jval_set_str(out, "checksum", checksum);
    jval_append(run->tables, out);
    run->rows += rows;
    run->table_count++;
}

/* In the last transaction: invariant 11, a migrated store starts paused. */
static int pause_copy(struct tx *tx, void *arg)
{
    struct migration_run *run = arg;
    int r = keyring_wanted(tx, &run->key_id);
    if (r < 0)
        return r;
    r = leases_end(tx);
    if (r < 0)
        return r;
    run->key_id = run->key_id ? arena_strdup(run->cli->arena, run->key_id) : NULL;
    return org_set_paused(tx, true, run->reason);
}

static void say_what_is_left(struct cli *cli, const struct migration_run *run, const struct end *from,
                             const struct end *to)
{
    cli_say(cli, "%lld rows of %d tables are in %s, counted and compared", (long long)run->rows, run->table_count,
            to->data.shown);
    if (run->key_id && from->database)
        cli_say(cli, "Its credentials are sealed with the key %s: put the key file that the nodes used beside it",
                run->key_id);
    else if (run->key_id)
        cli_say(cli, "Its credentials are sealed with the key %s: it needs a copy of %s", run->key_id,
                from->data.key_path);
    cli_say(cli, "It starts paused: look, then `muster resume`. Do not start the old one again");
}

/* A directory is locked by who uses it; nodes on a database are found in it. What is wrong with the source otherwise
 * the copying says. */
static int refuse_nodes(struct cli *cli, const struct end *from)
{
    struct store *store = NULL;
    const struct store_options options = {
        .path = from->data.store_path, .env = env_real(), .rooms = cli_rooms, .read_only = true};
    if (!from->database || store_open(&store, &options, NULL, 0) < 0)
        return CLI_OK;
    int r = datadir_refuse_nodes(&from->data, cli, store, "or what they write meanwhile is lost");
    store_close(store);
    return r;
}

static int copy_store(struct cli *cli, struct migration_run *run, const struct end *from, const struct end *to)
{
    char why[1024] = "";
    char now[CLOCK_TEXT_BYTES];
    (void)clock_iso_seconds(env_now(env_real()), now);
    run->reason = arena_printf(cli->arena, "migrated from %s at %s; look first, then resume", from->data.shown, now);
    struct store_copy copy = {.from = from->data.store_path,
                              .to = to->data.store_path,
                              .note = arena_printf(cli->arena, "from %s, begun %s", from->data.shown, now),
                              .env = env_real(),
                              .rooms = cli_rooms,
                              .finish = pause_copy,
                              .finish_arg = run,
                              .progress = show_progress,
                              .copied = note_table,
                              .data = run};
    progress_start(&run->progress, cli, "migrate");
    int r = store_copy(&copy, why, sizeof(why));
    progress_clear(&run->progress);
    if (r == ERR_NOT_FOUND)
        return cli_fail(cli, CLI_FAILED, "%s: %s", from->data.shown, why);
    return r < 0
               ? cli_fail(cli, CLI_FAILED, "%s to %s: %s", from->data.shown, to->data.shown, why[0] ? why : err_text(r))
               : CLI_OK;
}

int cmd_migrate(struct cli *cli)
{
    struct end from = {.data = {.lock_fd = -1}};
    struct end to = {.data = {.lock_fd = -1}};
    struct migration_run run = {.cli = cli, .tables = jval_new_array()};
    int r = read_end(cli, "from", "from-file", &from);
    if (r == CLI_OK)
        r = read_end(cli, "to", "to-file", &to);
    if (r == CLI_OK && str_eq(from.data.store_path, to.data.store_path))
        r = cli_fail(cli, CLI_USAGE, "--from and --to are the same place");
    if (r == CLI_OK && !from.database && !datadir_has_store(&from.data))
        r = cli_fail(cli, CLI_FAILED, "there is no store in %s", from.data.dir);
    if (r == CLI_OK && !from.database)
        r = datadir_lock(&from.data, cli, false);
    if (r == CLI_OK && !to.database)
        r = datadir_lock(&to.data, cli, true);
    if (r == CLI_OK)
        r = refuse_nodes(cli, &from);
    if (r == CLI_OK)
        r = copy_store(cli, &run, &from, &to);
    if (r == CLI_OK) {
        struct jval *out = jval_new_object();
        jval_set_str(out, "from", from.data.shown);
        jval_set_str(out, "to", to.data.shown);
        jval_set_str(out, "key", run.key_id);
        jval_set(out, "rows", jval_new_int(run.rows));
        jval_set(out, "tables", jval_ref(run.tables));
        cli_print_json(cli, out);
        say_what_is_left(cli, &run, &from, &to);
    }
    (void)jval_free(run.tables);
    datadir_close(&from.data);
    datadir_close(&to.data);
    return r;
}
