/* SPDX-License-Identifier: Apache-2.0 */
/* muster admin ...: who may sign in to the console, without a server. */
#include "cli/admin.h"

#include "auth/session.h"

#include <errno.h>
#include <unistd.h>

#define LINK_FILE "first-administrator.link"
#define LINK_BYTES 1024
#define URL_DEFAULT "http://127.0.0.1:8080"

struct link_job {
    const struct cli *cli;
    const char *url;
    const char *path;  /* file to write, or NULL */
    const char *email; /* whose link; NULL: the first administrator's */
    const char *link;  /* what was made, in the cli's arena; NULL: nothing */
    bool created;      /* an administrator */
    struct problem problem;
};

static int make_link(struct tx *tx, struct link_job *job, int64_t rid)
{
    const char *secret;
    int r = sign_in_link_create(tx, rid, &secret);
    if (r < 0)
        return r;
    job->link = arena_printf(job->cli->arena, "%s/welcome#%s", job->url, secret);
    if (!job->path)
        return 0;
    const char *line = arena_printf(tx_arena(tx), "%s\n", job->link);
    return file_write_atomically(job->path, line, strlen(line));
}

static int first_link(struct tx *tx, void *arg)
{
    struct link_job *job = arg;
    job->link = NULL;
    int r = administrator_any(tx);
    return r == 0 ? make_link(tx, job, 0) : MIN_OF(r, 0);
}

static int look(struct tx *tx, void *arg)
{
    (void)arg;
    return administrator_any(tx);
}

int admin_first_link(const struct datadir *data, const struct cli *cli, const char *url, const char **ret_path)
{
    struct link_job job = {.cli = cli, .url = url, .path = arena_printf(cli->arena, "%s/" LINK_FILE, data->dir)};
    *ret_path = NULL;
    int r = store_read_wait(data->store, look, NULL);
    if (r == 0)
        r = store_write_wait(data->store, NULL, first_link, &job);
    if (r < 0)
        return cli_fail(cli, CLI_FAILED, "cannot write the link of the first administrator to %s: %s", job.path,
                        r == ERR_IO ? strerror(errno) : err_text(r));
    if (job.link)
        *ret_path = job.path;
    else if (unlink(job.path) < 0 && errno != ENOENT)
        return cli_fail(cli, CLI_FAILED, "cannot remove %s: %s", job.path, strerror(errno));
    return CLI_OK;
}

void admin_show_link(const struct cli *cli, const char *path)
{
    char link[LINK_BYTES] = "";
    FILE *file = isatty(STDOUT_FILENO) ? fopen(path, "re") : NULL;
    if (file) {
        if (!fgets(link, sizeof(link), file))
            link[0] = '\0';
        (void)fclose(file);
        link[strcspn(link, "\n")] = '\0';
    }
    cli_say(cli, "nobody can sign in to the console yet: open the link %s%s within an hour",
            *link ? "" : "in the file ", *link ? link : path);
}

/* --- muster admin reset ------------------------------------------------------------------------------------------- */

static int find_or_create(struct tx *tx, struct link_job *job, struct administrator *ret)
{
    int r = administrator_by_email(tx, job->email, ret);
    if (r != ERR_NOT_FOUND)
        return r;
    const struct administrator_input input = {.name = job->email, .email = job->email, .role = ROLE_ADMIN};
    job->created = true;
    return administrator_create(tx, &input, ret, &job->problem);
}

static int reset(struct tx *tx, void *arg)
{
    struct link_job *job = arg;
    struct administrator administrator = {0};
    job->problem = (struct problem){0};
    if (!job->email) {
        int r = administrator_any(tx);
        if (r == 0)
            return make_link(tx, job, 0);
        return r < 0 ? r
                     : problem_invalid(&job->problem, "email",
                                       "There are administrators who can sign in: name whose password is to be set "
                                       "with --email");
    }
    int r = find_or_create(tx, job, &administrator);
    if (r == 0)
        r = make_link(tx, job, administrator.rid);
    return r < 0 ? r : administrator_event(tx, &administrator, "user.account.reset_password", NULL, NULL);
}

static int run_reset(struct datadir *data, struct cli *cli, struct link_job *job)
{
    if (!datadir_has_store(data))
        return cli_fail(cli, CLI_FAILED, "there is no store in %s", data->dir);
    int r = datadir_lock(data, cli, false);
    if (r == CLI_OK)
        r = datadir_open(data, cli, 0, NULL, NULL);
    if (r)
        return r;
    int result = store_write_wait(data->store, NULL, reset, job);
    if (result == ERR_PROBLEM)
        return cli_fail(cli, CLI_USAGE, "%s", job->problem.cause_count ? job->problem.causes[0] : "refused");
    return result < 0 ? cli_fail(cli, CLI_FAILED, "%s", err_text(result)) : CLI_OK;
}

int cmd_admin_reset(struct cli *cli)
{
    struct datadir data;
    const char *url = cli_option(cli, "url");
    char *base = arena_strdup(cli->arena, url ? url : URL_DEFAULT);
    for (size_t n = strlen(base); n && base[n - 1] == '/'; n--)
        base[n - 1] = '\0';
    struct link_job job = {.cli = cli, .url = base, .email = cli_option(cli, "email")};
    datadir_init(&data, cli, cli_option(cli, "data"), cli_option(cli, "key-file"));
    int r = datadir_database(&data, cli);
    if (r)
        return r;
    r = run_reset(&data, cli, &job);
    datadir_close(&data);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, "link", job.link);
    jval_set_str(out, "email", job.email);
    cli_print_json(cli, out);
    if (!cli->json)
        (void)fprintf(stderr, "This is the only time that the link is shown. It works once, within an hour:\n");
    cli_say(cli, "%s", job.link);
    return CLI_OK;
}
