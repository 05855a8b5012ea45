/* SPDX-License-Identifier: Apache-2.0 */
/* muster user ... */
#include "cli/cli.h"

#include "base/limits.h"
#include "base/url.h"
#include "cli/attributes.h"

static const char *full_name(struct cli *cli, const struct jval *user)
{
    const char *first = jval_str(jval_path(user, "profile.firstName"));
    const char *last = jval_str(jval_path(user, "profile.lastName"));
    return arena_printf(cli->arena, "%s%s%s", first ? first : "", first && last ? " " : "", last ? last : "");
}

static const struct column user_columns[] = {
    {"LOGIN", "profile.login", NULL}, {"NAME", NULL, full_name}, {"STATUS", "status", NULL}, {"ID", "id", NULL}, {0},
};

int cmd_user_list(struct cli *cli)
{
    const char *search = cli_option(cli, "search"), *q = cli_option(cli, "q");
    int r = client_open(cli);
    if (r)
        return r;
    if (search && q)
        return cli_fail(cli, CLI_USAGE, "--search and --q do not go together; use one");
    const char *path = "/api/v1/users?limit=200";
    if (search)
        path = client_path(cli, "/api/v1/users?limit=200&search=%s", search);
    else if (q)
        path = client_path(cli, "/api/v1/users?q=%s", q);
    else if (cli_flag(cli, "all"))
        path = client_path(cli, "/api/v1/users?limit=200&search=%s", "created pr");
    return cli_print_list(cli, path, user_columns, "no users");
}

/* Reads one user by id or login. */
static int read_user(struct cli *cli, const char *text, struct answer *ret)
{
    int r = client_try(cli->client, "GET", client_path(cli, "/api/v1/users/%s", text), NULL, ret);
    if (r == CLI_REFUSED && ret->status == 404)
        return cli_fail(cli, CLI_FAILED, "there is no user %s; `muster user list --search ...` finds people", text);
    return r ? client_complain(cli, r) : CLI_OK;
}

int cmd_user_show(struct cli *cli)
{
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = read_user(cli, cli->args[0], &answer);
    if (r == CLI_OK)
        cli_print_object(cli, answer.body);
    return r;
}

static int read_password(struct cli *cli, struct jval *body)
{
    const char *path = cli_option(cli, "password-file");
    if (!path)
        return CLI_OK;
    char line[LIMIT_PASSWORD_CHARS * 4 + 2] = "";
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, sizeof(line), file);
    if (file)
        (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    if (!read || !line[0])
        return cli_fail(cli, CLI_USAGE, "--password-file %s: cannot read a password from its first line", path);
    struct jval *credentials = jval_new_object(), *password = jval_new_object();
    jval_set_str(password, "value", line);
    jval_set(credentials, "password", password);
    jval_set(body, "credentials", credentials);
    explicit_bzero(line, sizeof(line));
    return CLI_OK;
}

int cmd_user_create(struct cli *cli)
{
    const char *login = cli->args[0];
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *profile = jval_new_object();
    jval_set_str(profile, "login", login);
    if (strchr(login, '@'))
        jval_set_str(profile, "email", login);
    jval_set(body, "profile", profile);
    int r = attributes_read(cli, 1, profile);
    if (r == CLI_OK)
        r = read_password(cli, body);
    if (r == CLI_OK)
        r = client_open(cli);
    struct answer answer;
    if (r == CLI_OK)
        r = client_call(cli, "POST",
                        cli_flag(cli, "inactive") ? "/api/v1/users?activate=false" : "/api/v1/users?activate=true",
                        body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "created %s (%s, %s)", login, jval_get_str(answer.body, "id"), jval_get_str(answer.body, "status"));
    return CLI_OK;
}

int cmd_user_update(struct cli *cli)
{
    const char *id;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *profile = jval_new_object();
    jval_set(body, "profile", profile);
    int r = attributes_read(cli, 1, profile);
    if (r == CLI_OK)
        r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_user(cli, cli->args[0], &id);
    struct answer answer;
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/users/%s", id), body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "changed %s", cli->args[0]);
    return CLI_OK;
}

int cmd_user_groups(struct cli *cli)
{
    static const struct column columns[] = {
        {"GROUP", "profile.name", NULL}, {"TYPE", "type", NULL}, {"ID", "id", NULL}, {0}};
    const char *id;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_user(cli, cli->args[0], &id);
    return r ? r : cli_print_list(cli, client_path(cli, "/api/v1/users/%s/groups", id), columns, "in no group");
}

/* The second word of the verb to the operation of the API. */
static const struct {
    const char *word;
    const char *path;
    const char *done;
} operations[] = {
    {"activate", "/api/v1/users/%s/lifecycle/activate?sendEmail=false", "activated"},
    {"deactivate", "/api/v1/users/%s/lifecycle/deactivate?sendEmail=false", "deactivated"},
    {"reactivate", "/api/v1/users/%s/lifecycle/reactivate?sendEmail=false", "reactivated"},
    {"suspend", "/api/v1/users/%s/lifecycle/suspend", "suspended"},
    {"unsuspend", "/api/v1/users/%s/lifecycle/unsuspend", "unsuspended"},
    {"unlock", "/api/v1/users/%s/lifecycle/unlock", "unlocked"},
    {"expire-password", "/api/v1/users/%s/lifecycle/expire_password", "password expired:"},
    {"reset-password", "/api/v1/users/%s/lifecycle/reset_password?sendEmail=false", "password reset:"},
};

static int lifecycle_one(struct cli *cli, const char *user, size_t operation, struct jval *answers)
{
    const char *id;
    int r = resolve_user(cli, user, &id);
    if (r)
        return r;
    struct buf path;
    buf_init(&path, LIMIT_QUERY_BYTES);
    const char *format = operations[operation].path, *hole = strstr(format, "%s");
    buf_add(&path, format, (size_t)(hole - format));
    url_encode(&path, id);
    buf_str(&path, hole + 2);
    struct answer answer;
    r = client_call(cli, "POST", buf_text(&path), NULL, &answer);
    buf_free(&path);
    if (r)
        return r;
    struct jval *entry = jval_new_object();
    jval_set_str(entry, "user", id);
    if (answer.body)
        jval_set(entry, "answer", jval_copy(answer.body));
    jval_append(answers, entry);
    cli_say(cli, "%s %s", operations[operation].done, user);
    return CLI_OK;
}

int cmd_user_lifecycle(struct cli *cli)
{
    const char *word = strchr(cli->verb->name, ' ') + 1;
    size_t operation = 0;
    while (strcmp(operations[operation].word, word) != 0)
        operation++;
    int r = client_open(cli);
    if (r)
        return r;
    struct jval *answers = jval_new_array();
    int worst = CLI_OK;
    for (size_t i = 0; i < cli->arg_count; i++) {
        r = lifecycle_one(cli, cli->args[i], operation, answers);
        worst = cli_worse(worst, r);
        if (r == CLI_UNREACHABLE || r == CLI_TIMEOUT)
            break;
    }
    cli_print_json(cli, answers);
    return worst;
}

int cmd_user_delete(struct cli *cli)
{
    const char *id;
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = read_user(cli, cli->args[0], &answer);
    if (r)
        return r;
    id = arena_strdup(cli->arena, jval_get_str(answer.body, "id"));
    bool inactive = str_eq(jval_get_str(answer.body, "status"), "DEPROVISIONED");
    if (!inactive && !cli_flag(cli, "deactivate"))
        return cli_fail(cli, CLI_FAILED,
                        "%s is %s; only deactivated people are deleted: `muster user deactivate %s` first, or "
                        "--deactivate for both",
                        cli->args[0], jval_get_str(answer.body, "status"), cli->args[0]);
    for (int step = inactive ? 1 : 0; step < 2 && r == CLI_OK; step++)
        r = client_call(cli, "DELETE", client_path(cli, "/api/v1/users/%s?sendEmail=false", id), NULL, &answer);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, "deleted", id);
    cli_print_json(cli, out);
    cli_say(cli, "deleted %s", cli->args[0]);
    return CLI_OK;
}
