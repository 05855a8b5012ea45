/* SPDX-License-Identifier: Apache-2.0 */
/* muster backup, muster restore */
#include "app/app.h"

#include "base/clock.h"
#include "cli/datadir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES ((size_t)1 << 20)

/* --- backup ----------------------------------------------------------------------------------------------------------
 */

static int sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r = fd >= 0 && fsync(fd) == 0 ? 0 : ERR_IO;
    if (fd >= 0)
        (void)close(fd);
    return r;
}

/* Opens the store beside a server that may be running, and copies it. */
static int copy_store(struct cli *cli, const struct datadir *data, const char *part)
{
    char why[512] = "";
    struct store *store;
    struct store_options options = {.path = data->store_path, .env = env_real(), .rooms = cli_rooms, .read_only = true};
    if (store_open(&store, &options, why, sizeof(why)) < 0)
        return cli_fail(cli, CLI_FAILED, "%s", why);
    int r = store_backup(store, part);
    store_close(store);
    if (r == ERR_EXISTS)
        return cli_fail(cli, CLI_FAILED, "%s is there already, from a backup that did not end: delete it", part);
    if (r == 0)
        r = sync_file(part);
    return r < 0 ? cli_fail(cli, CLI_FAILED, "cannot write %s: %s", part, errno ? strerror(errno) : err_text(r))
                 : CLI_OK;
}

/* A database has tools of its own, which know what it is doing meanwhile. */
static int refuse_database(const struct cli *cli, const char *tool)
{
    if (!cli_option(cli, "database") && !cli_option(cli, "database-file"))
        return CLI_OK;
    return cli_fail(
        cli, CLI_USAGE,
        "this verb is for a store in a file; for a database of PostgreSQL use %s, and see docs/operations.md", tool);
}

int cmd_backup(struct cli *cli)
{
    const char *file = cli->args[0];
    struct datadir data;
    int refused = refuse_database(cli, "pg_dump --format=custom");
    if (refused)
        return refused;
    (void)umask(077);
    datadir_init(&data, cli, cli_option(cli, "data"), NULL);
    if (access(data.store_path, F_OK) != 0)
        return cli_fail(cli, CLI_FAILED, "there is no store in %s (--data)", data.dir);
    if (access(file, F_OK) == 0)
        return cli_fail(cli, CLI_FAILED, "%s exists; name a new file", file);
    const char *part = arena_printf(cli->arena, "%s.part", file);
    errno = 0;
    int r = copy_store(cli, &data, part);
    if (r)
        return r;
    /* link(), unlike rename(), takes nobody's place. */
    if (link(part, file) != 0)
        r = cli_fail(cli, CLI_FAILED, "cannot make %s: %s", file, strerror(errno));
    (void)unlink(part);
    file_sync_folder(file);
    if (r)
        return r;
    struct stat st = {0};
    (void)stat(file, &st);
    struct jval *out = jval_new_object();
    jval_set_str(out, "file", file);
    jval_set(out, "bytes", jval_new_int(st.st_size));
    cli_print_json(cli, out);
    cli_say(cli, "%s holds the store, %lld bytes. Its credentials are sealed: keep %s too, elsewhere", file,
            (long long)st.st_size, data.key_path);
    return CLI_OK;
}

/* --- restore ---------------------------------------------------------------------------------------------------------
 */

struct restoring {
    struct cli *cli;
    struct datadir data;
    const char *file;
    const char *new_path;       /* the copy, beside the store */
    const char *new_token_path; /* the file of its new token, before it is in its place */
    const char *key_from;       /* --key-file, or NULL */
    const char *reason;
};

static int copy_bytes(int from, int to)
{
    char *block = mem_new(COPY_BYTES);
    ssize_t n = 0;
    bool ok = true;
    while (ok && (n = read(from, block, COPY_BYTES)) > 0)
        for (ssize_t at = 0, w; ok && at < n; at += w)
            ok = (w = write(to, block + at, (size_t)(n - at))) > 0;
    free(block);
    return ok && n == 0 && fsync(to) == 0 ? 0 : ERR_IO;
}

static int copy_file(const char *from, const char *to)
{
    int r = ERR_IO, in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out >= 0)
        r = copy_bytes(in, out);
    if (out >= 0)
        (void)close(out);
    if (in >= 0)
        (void)close(in);
    return r;
}

/* What may lie in a directory that counts as empty. */
static bool is_our_own(const char *name)
{
    static const char *const own[] = {".", "..", "lock", "muster.key", "muster.db.restoring", "admin.token.restoring"};
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return false;
}

static int check_empty(const struct restoring *r)
{
    DIR *dir = opendir(r->data.dir);
    const char *found = NULL;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (!is_our_own(entry->d_name))
            found = arena_strdup(r->cli->arena, entry->d_name);
    if (dir)
        (void)closedir(dir);
    if (!found || cli_flag(r->cli, "force"))
        return CLI_OK;
    return cli_fail(r->cli, CLI_FAILED,
                    "%s is not empty (%s): name another directory with --data, or --force to put the backup in the "
                    "place of what is there, which is kept beside it",
                    r->data.dir, found);
}

static int prepare(struct tx *tx, void *arg)
{
    struct restoring *r = arg;
    return org_set_paused(tx, true, r->reason);
}

struct key_fits {
    const struct keyring *keyring;
    char why[512];
};

static int check_key(struct tx *tx, void *arg)
{
    struct key_fits *fits = arg;
    return keyring_check(tx, fits->keyring, fits->why, sizeof(fits->why));
}

static int fit_key(const struct restoring *r, struct store *store)
{
    struct key_fits fits = {0};
    struct keyring *keyring = NULL;
    const char *path = r->key_from ? r->key_from : r->data.key_path;
    if (keyring_load(&keyring, path, false, fits.why, sizeof(fits.why)) < 0)
        return cli_fail(r->cli, CLI_KEY, "%s; the backup needs the key file of its store: name it with --key-file",
                        fits.why);
    fits.keyring = keyring;
    int result = store_write_wait(store, NULL, check_key, &fits);
    (void)keyring_free(keyring);
    if (result < 0)
        return cli_fail(r->cli, CLI_KEY, "%s does not fit: %s; name the right one with --key-file", path, fits.why);
    return CLI_OK;
}

/* Opens the copy, which must be a store of ours, and makes it ready to be started. */
static int open_and_prepare(const struct restoring *r)
{
    char why[512] = "";
    struct store *store;
    struct store_options options = {.path = r->new_path, .env = env_real(), .rooms = cli_rooms};
    if (store_open(&store, &options, why, sizeof(why)) < 0)
        return cli_fail(r->cli, CLI_FAILED, "%s is not a backup of a store: %s", r->file, why);
    int result = fit_key(r, store);
    if (result == CLI_OK && store_write_wait(store, NULL, prepare, (void *)(uintptr_t)r) < 0)
        result = cli_fail(r->cli, CLI_FAILED, "the restored store cannot be paused");
    if (result == CLI_OK)
        result = datadir_fresh_token(store, r->new_token_path, r->cli);
    store_close(store);
    return result;
}

static int move_aside(const struct restoring *r, const char *when)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        const char *old = arena_printf(r->cli->arena, "%s%s", r->data.store_path, suffixes[i]);
        const char *kept = arena_printf(r->cli->arena, "%s.before-%s%s", r->data.store_path, when, suffixes[i]);
        if (access(old, F_OK) != 0)
            continue;
        if (rename(old, kept) != 0)
            return cli_fail(r->cli, CLI_FAILED, "cannot move %s aside: %s", old, strerror(errno));
        if (i == 0)
            cli_say(r->cli, "what was there is kept in %s", kept);
    }
    return CLI_OK;
}

static int put_in_place(const struct restoring *r, const char *when)
{
    if (r->key_from && copy_file(r->key_from, arena_printf(r->cli->arena, "%s.new", r->data.key_path)) < 0)
        return cli_fail(r->cli, CLI_FAILED, "cannot copy %s to %s: %s", r->key_from, r->data.key_path, strerror(errno));
    int result = move_aside(r, when);
    if (result)
        return result;
    const char *kept_token = arena_printf(r->cli->arena, "%s.before-%s", r->data.token_path, when);
    if (access(r->data.token_path, F_OK) == 0 && rename(r->data.token_path, kept_token) != 0)
        return cli_fail(r->cli, CLI_FAILED, "cannot move %s aside: %s", r->data.token_path, strerror(errno));
    /* The key of the store that was there is still what its credentials need. */
    const char *kept_key = arena_printf(r->cli->arena, "%s.before-%s", r->data.key_path, when);
    if (r->key_from && access(r->data.key_path, F_OK) == 0 && rename(r->data.key_path, kept_key) != 0)
        return cli_fail(r->cli, CLI_FAILED, "cannot move %s aside: %s", r->data.key_path, strerror(errno));
    if (r->key_from && rename(arena_printf(r->cli->arena, "%s.new", r->data.key_path), r->data.key_path) != 0)
        return cli_fail(r->cli, CLI_FAILED, "cannot write %s: %s", r->data.key_path, strerror(errno));
    if (rename(r->new_path, r->data.store_path) != 0)
        return cli_fail(r->cli, CLI_FAILED, "cannot write %s: %s", r->data.store_path, strerror(errno));
    if (rename(r->new_token_path, r->data.token_path) != 0)
        return cli_fail(r->cli, CLI_FAILED, "cannot write %s: %s", r->data.token_path, strerror(errno));
    file_sync_folder(r->data.store_path);
    return CLI_OK;
}

static int restore(struct restoring *r)
{
    char when[CLOCK_TEXT_BYTES];
    (void)clock_iso(env_now(env_real()), when);
    r->reason = arena_printf(r->cli->arena, "restored from %s at %s", r->file, when);
    int result = check_empty(r);
    if (result)
        return result;
    (void)unlink(r->new_path);
    if (copy_file(r->file, r->new_path) < 0)
        result = cli_fail(r->cli, CLI_FAILED, "cannot copy %s to %s: %s", r->file, r->new_path, strerror(errno));
    if (result == CLI_OK)
        result = open_and_prepare(r);
    if (result == CLI_OK)
        result = put_in_place(r, when);
    if (result) {
        (void)unlink(r->new_path);
        (void)unlink(r->new_token_path);
        (void)unlink(arena_printf(r->cli->arena, "%s-wal", r->new_path));
        (void)unlink(arena_printf(r->cli->arena, "%s-shm", r->new_path));
    }
    return result;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

int cmd_restore(struct cli *cli)
{
    struct restoring r = {.cli = cli, .file = cli->args[0], .key_from = cli_option(cli, "key-file")};
    int refused = refuse_database(cli, "pg_restore");
    if (refused)
        return refused;
    if (access(r.file, R_OK) != 0)
        return cli_fail(cli, CLI_FAILED, "cannot read %s: %s", r.file, strerror(errno));
    datadir_init(&r.data, cli, cli_option(cli, "data"), NULL);
    if (r.key_from && is_same_file(r.key_from, r.data.key_path))
        r.key_from = NULL;
    r.new_path = arena_printf(cli->arena, "%s.restoring", r.data.store_path);
    r.new_token_path = arena_printf(cli->arena, "%s.restoring", r.data.token_path);
    int result = datadir_lock(&r.data, cli, true);
    if (result == CLI_OK)
        result = restore(&r);
    datadir_close(&r.data);
    if (result)
        return result;
    struct jval *out = jval_new_object();
    jval_set_str(out, "data", r.data.dir);
    jval_set_str(out, "paused", r.reason);
    jval_set_str(out, "token", r.data.token_path);
    cli_print_json(cli, out);
    cli_say(cli, "a new administrator's token is in %s; those of the backup work too", r.data.token_path);
    cli_say(cli, "restored into %s. It starts paused: `muster serve`, look, then `muster resume`", r.data.dir);
    return CLI_OK;
}
