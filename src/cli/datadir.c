/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/datadir.h"

#include "engine/nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHY_BYTES 1024
#define TOKEN_NAME "first administrator"
#define TOKEN_NAME_RESTORED "administrator of the restored store"

/* --- files -----------------------------------------------------------------------------------------------------------
 */

void file_sync_folder(const char *path)
{
    char *copy = mem_strdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(copy);
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

int file_write_atomically(const char *path, const char *bytes, size_t n)
{
    struct buf beside;
    buf_init(&beside, 4096);
    buf_printf(&beside, "%s.new", path);
    int r = ERR_IO;
    (void)unlink(buf_text(&beside));
    int fd = beside.overflowed ? -1 : open(buf_text(&beside), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        bool ok = write_all(fd, bytes, n) && fsync(fd) == 0;
        ok = close(fd) == 0 && ok;
        if (ok && rename(buf_text(&beside), path) == 0)
            r = 0;
        else
            (void)unlink(buf_text(&beside));
    }
    if (r == 0)
        file_sync_folder(path);
    buf_free(&beside);
    return r;
}

/* --- the lock --------------------------------------------------------------------------------------------------------
 */

void datadir_init(struct datadir *data, struct cli *cli, const char *dir, const char *key_file)
{
    *data = (struct datadir){.dir = dir ? dir : DATADIR_DEFAULT, .lock_fd = -1};
    data->store_path = arena_printf(cli->arena, "%s/muster.db", data->dir);
    data->shown = data->store_path;
    data->token_path = arena_printf(cli->arena, "%s/admin.token", data->dir);
    data->key_path = key_file ? key_file : arena_printf(cli->arena, "%s/muster.key", data->dir);
}

/* --- a database elsewhere --------------------------------------------------------------------------------------------
 */

static void blot(char *from, const char *to)
{
    for (; from < to; from++)
        *from = '*';
}

/* Blots out the password of postgresql://name:password@host/...?password=... */
static void blot_password(char *url)
{
    char *start = strstr(url, "://");
    start = start ? start + 3 : url;
    char *end = start + strcspn(start, "/?");
    char *at = memrchr(start, '@', (size_t)(end - start));
    char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    if (colon)
        blot(colon + 1, at);
    static const char *const secrets[] = {"password=", "sslpassword="};
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        char *value = *end ? strstr(end, secrets[i]) : NULL;
        if (value) {
            value += strlen(secrets[i]);
            blot(value, value + strcspn(value, "&"));
        }
    }
}

/* A URL without its password, in the arena. */
static const char *database_shown(struct arena *arena, const char *url)
{
    char *shown = arena_strdup(arena, url);
    if (store_is_postgresql(shown))
        blot_password(shown);
    return shown;
}

static int read_url_file(const struct cli *cli, const char *path, const char **ret)
{
    struct stat st;
    char line[4096] = "";
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &st) != 0) {
        if (file)
            (void)fclose(file);
        return cli_fail(cli, CLI_USAGE, "--database-file %s: %s", path, strerror(errno));
    }
    bool got = fgets(line, sizeof(line), file) != NULL;
    (void)fclose(file);
    if (S_ISREG(st.st_mode) && (st.st_mode & 077))
        return cli_fail(cli, CLI_USAGE, "--database-file %s can be read by others: chmod 600 %s", path, path);
    line[strcspn(line, "\r\n")] = '\0';
    if (!got || !line[0])
        return cli_fail(cli, CLI_USAGE, "--database-file %s: its first line must be the database's URL", path);
    *ret = arena_strdup(cli->arena, line);
    return CLI_OK;
}

int datadir_set_database(struct datadir *data, struct cli *cli, const char *url, const char *file)
{
    if (url && file)
        return cli_fail(cli, CLI_USAGE, "--database and --database-file name the same thing; give one of them");
    const char *from_file = NULL;
    int r = file ? read_url_file(cli, file, &from_file) : CLI_OK;
    if (r)
        return r;
    if (from_file)
        url = from_file;
    if (!url)
        return CLI_OK;
    if (!store_is_postgresql(url))
        return cli_fail(
            cli, CLI_USAGE,
            "%s is no URL of a database: give postgresql://USER@HOST/DATABASE (a store in a file needs none: "
            "it is in --data)",
            file ? file : "--database");
    data->store_path = arena_strdup(cli->arena, url);
    data->shown = database_shown(cli->arena, url);
    return CLI_OK;
}

int datadir_database(struct datadir *data, struct cli *cli)
{
    const char *url = cli_option(cli, "database");
    int r = datadir_set_database(data, cli, url, cli_option(cli, "database-file"));
    if (url)
        database_blot(url);
    return r;
}

void database_blot(const char *argument)
{
    blot_password((char *)(uintptr_t)argument);
}

bool datadir_has_store(const struct datadir *data)
{
    return store_is_postgresql(data->store_path) || access(data->store_path, F_OK) == 0;
}

static int make_folder(const struct datadir *data, const struct cli *cli)
{
    struct stat st;
    if (mkdir(data->dir, 0700) == 0) {
        file_sync_folder(data->dir);
        return CLI_OK;
    }
    if (errno != EEXIST)
        return cli_fail(cli, CLI_FAILED, "cannot make the data directory %s: %s", data->dir, strerror(errno));
    if (stat(data->dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return cli_fail(cli, CLI_FAILED, "%s is not a directory; name another with --data", data->dir);
    if (st.st_mode & 077)
        return cli_fail(cli, CLI_FAILED, "the data directory %s is open to others: chmod 700 %s", data->dir, data->dir);
    return CLI_OK;
}

int datadir_lock(struct datadir *data, const struct cli *cli, bool create)
{
    (void)umask(077);
    struct buf path;
    buf_init(&path, 4096);
    buf_printf(&path, "%s/lock", data->dir);
    int r = create ? make_folder(data, cli) : CLI_OK;
    int fd = r || path.overflowed ? -1 : open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (r == CLI_OK && fd < 0)
        r = cli_fail(cli, CLI_FAILED, "cannot use the data directory %s: %s", data->dir, strerror(errno));
    buf_free(&path);
    if (r)
        return r;
    char pid[32] = "";
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
        pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
        (void)close(fd);
        return cli_fail(cli, CLI_IN_USE, "another muster is using %s (pid %s)", data->dir, pid[0] ? pid : "unknown");
    }
    (void)snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0) {
        (void)close(fd);
        return cli_fail(cli, CLI_FAILED, "cannot write %s/lock: %s", data->dir, strerror(errno));
    }
    data->lock_fd = fd;
    data->fresh = !datadir_has_store(data);
    return CLI_OK;
}

/* --- key and store ---------------------------------------------------------------------------------------------------
 */

struct key_check {
    const struct keyring *keyring;
    char why[WHY_BYTES];
};

static int check_key(struct tx *tx, void *arg)
{
    struct key_check *check = arg;
    return keyring_check(tx, check->keyring, check->why, sizeof(check->why));
}

static int open_store(struct datadir *data, const struct cli *cli, const struct store_options *options)
{
    char why[WHY_BYTES] = "";
    struct store_options full = *options;
    full.path = data->store_path;
    full.env = env_real();
    full.rooms = cli_rooms;
    return store_open(&data->store, &full, why, sizeof(why)) < 0 ? cli_fail(cli, CLI_FAILED, "%s", why) : CLI_OK;
}

struct wanted_key {
    struct arena *arena;
    const char *id;
};

static int find_wanted_key(struct tx *tx, void *arg)
{
    struct wanted_key *wanted = arg;
    int r = keyring_wanted(tx, &wanted->id);
    wanted->id = r < 0 ? NULL : arena_strdup(wanted->arena, wanted->id);
    return r;
}

/* The key file is not there: the store says which key it wants. */
static int complain_missing_key(struct datadir *data, const struct cli *cli, const char *why)
{
    struct wanted_key wanted = {.arena = cli->arena};
    struct store_options options = {.read_only = true};
    int r = open_store(data, cli, &options);
    if (r == CLI_OK && store_read_wait(data->store, find_wanted_key, &wanted) < 0)
        wanted.id = NULL;
    return r ? r
             : cli_fail(cli, CLI_KEY,
                        "%s; the credentials in %s can be read with the key %s only: put the file back, or name it "
                        "with --key-file",
                        why, data->shown, wanted.id ? wanted.id : "of that file");
}

int datadir_open(struct datadir *data, const struct cli *cli, int readers, void (*on_commit)(void *, bool),
                 void *on_commit_data)
{
    char why[WHY_BYTES] = "";
    int found = store_is_postgresql(data->store_path) ? store_probe(data->store_path, why, sizeof(why)) : 1;
    if (found < 0)
        return cli_fail(cli, CLI_FAILED, "%s: %s", data->shown, why);
    data->fresh |= found == 0;
    int r = keyring_load(&data->keyring, data->key_path, data->fresh, why, sizeof(why));
    if (r == ERR_NOT_FOUND)
        return complain_missing_key(data, cli, why);
    if (r < 0)
        return cli_fail(cli, CLI_KEY, "%s", why);
    struct store_options options = {
        .readers = readers, .shared = true, .on_commit = on_commit, .on_commit_data = on_commit_data};
    r = open_store(data, cli, &options);
    if (r)
        return r;
    struct key_check check = {.keyring = data->keyring};
    r = store_write_wait(data->store, NULL, check_key, &check);
    if (r == ERR_KEY)
        return cli_fail(cli, CLI_KEY, "%s does not fit: %s; name the right one with --key-file", data->key_path,
                        check.why);
    return r < 0 ? cli_fail(cli, CLI_FAILED, "%s: %s", data->shown, check.why[0] ? check.why : err_text(r)) : CLI_OK;
}

struct running {
    struct arena *arena;
    const char *name;
};

static int look_for_nodes(struct tx *tx, void *arg)
{
    struct running *running = arg;
    int count = nodes_alive(tx, &running->name);
    if (count > 0)
        running->name = arena_strdup(running->arena, running->name);
    return count;
}

int datadir_refuse_nodes(const struct datadir *data, const struct cli *cli, struct store *store, const char *remedy)
{
    struct running running = {.arena = cli->arena};
    int count = store_read_wait(store, look_for_nodes, &running);
    if (count < 0)
        return cli_fail(cli, CLI_FAILED, "%s: %s", data->shown, err_text(count));
    return count == 0
               ? CLI_OK
               : cli_fail(cli, CLI_IN_USE,
                          "the node %s (of %d) is running on %s: stop every node, %s. One that was killed counts "
                          "as running until its lease ends",
                          running.name, count, data->shown, remedy);
}

void datadir_close(struct datadir *data)
{
    store_close(data->store);
    data->store = NULL;
    data->keyring = keyring_free(data->keyring);
    if (data->lock_fd >= 0)
        (void)close(data->lock_fd);
    data->lock_fd = -1;
}

/* --- tokens ----------------------------------------------------------------------------------------------------------
 */

static int stop_at_first(const struct api_token *token, void *data)
{
    (void)token;
    *(bool *)data = true;
    return 0;
}

/*
 * The file is written before the commit: a crash in between leaves a file that no token belongs to, and the next start
 * writes it anew; the other way round nobody could ever sign in.
 */
static int write_token(struct tx *tx, const char *name, const char *path)
{
    struct api_token token;
    struct problem problem = {0};
    const char *secret;
    int r = token_create(tx, name, ROLE_ADMIN, &token, &secret, &problem);
    if (r < 0)
        return r;
    const char *line = arena_printf(tx_arena(tx), "%s\n", secret);
    return file_write_atomically(path, line, strlen(line));
}

static int first_token(struct tx *tx, void *arg)
{
    struct datadir *data = arg;
    bool any = false;
    int r = token_each(tx, stop_at_first, &any);
    if (r == 0 && any && data->wrote_token) /* the job runs again, because another node was first */
        (void)unlink(data->token_path);
    if (r < 0 || any)
        return r;
    data->wrote_token = true;
    return write_token(tx, TOKEN_NAME, data->token_path);
}

static int fresh_token(struct tx *tx, void *arg)
{
    return write_token(tx, TOKEN_NAME_RESTORED, arg);
}

static int complain_token(const struct cli *cli, const char *path, int r)
{
    return r < 0 ? cli_fail(cli, CLI_FAILED, "cannot write the administrator's token to %s: %s", path,
                            r == ERR_IO ? strerror(errno) : err_text(r))
                 : CLI_OK;
}

int datadir_first_token(struct datadir *data, const struct cli *cli)
{
    return complain_token(cli, data->token_path, store_write_wait(data->store, NULL, first_token, data));
}

int datadir_fresh_token(struct store *store, const char *token_path, const struct cli *cli)
{
    int r = store_write_wait(store, NULL, fresh_token, (void *)(uintptr_t)token_path);
    return complain_token(cli, token_path, r);
}

struct new_token {
    const char *name;
    enum role role;
    struct arena *arena;
    const char *id;
    const char *secret;
    struct problem problem;
};

static int create_token(struct tx *tx, void *arg)
{
    struct new_token *new = arg;
    struct api_token token;
    const char *secret;
    new->problem = (struct problem){0};
    int r = token_create(tx, new->name, new->role, &token, &secret, &new->problem);
    if (r < 0)
        return r;
    new->id = arena_strdup(new->arena, token.id);
    new->secret = arena_strdup(new->arena, secret);
    return 0;
}

int datadir_token_create(struct cli *cli, const char *dir, const char *name, const char *role)
{
    struct datadir data;
    struct new_token new = {.name = name, .arena = cli->arena};
    datadir_init(&data, cli, dir, NULL);
    if (role_parse(role, &new.role) < 0)
        return cli_fail(cli, CLI_USAGE, "there is no role %s", role);
    int r = datadir_database(&data, cli);
    if (r)
        return r;
    if (!datadir_has_store(&data))
        return cli_fail(cli, CLI_FAILED, "there is no store in %s", data.dir);
    r = datadir_lock(&data, cli, false);
    if (r == CLI_OK)
        r = datadir_open(&data, cli, 0, NULL, NULL);
    if (r == CLI_OK) {
        int result = store_write_wait(data.store, NULL, create_token, &new);
        char summary[PROBLEM_TEXT] = "";
        problem_summary(&new.problem, summary, sizeof(summary));
        if (result < 0)
            r = cli_fail(cli, CLI_FAILED, "%s", result == ERR_PROBLEM ? summary : err_text(result));
    }
    datadir_close(&data);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, "id", new.id);
    jval_set_str(out, "role", role);
    jval_set_str(out, "token", new.secret);
    cli_print_json(cli, out);
    cli_say(cli, "%s", new.secret);
    return CLI_OK;
}
