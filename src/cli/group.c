/* SPDX-License-Identifier: Apache-2.0 */
/* muster group ... */
#include "cli/attributes.h"
#include "cli/cli.h"

static const struct column group_columns[] = {
    {"GROUP", "profile.name", NULL},
    {"DESCRIPTION", "profile.description", NULL},
    {"TYPE", "type", NULL},
    {"ID", "id", NULL},
    {0},
};

int cmd_group_list(struct cli *cli)
{
    const char *search = cli_option(cli, "search"), *q = cli_option(cli, "q");
    int r = client_open(cli);
    if (r)
        return r;
    if (search && q)
        return cli_fail(cli, CLI_USAGE, "--search and --q do not go together; use one");
    const char *path = client_path(cli, "/api/v1/groups?limit=1000&filter=%s", "type eq \"OKTA_GROUP\"");
    if (search)
        path = client_path(cli, "/api/v1/groups?limit=1000&search=%s", search);
    else if (q)
        path = client_path(cli, "/api/v1/groups?q=%s", q);
    else if (cli_flag(cli, "all"))
        path = "/api/v1/groups?limit=1000";
    return cli_print_list(cli, path, group_columns, "no groups");
}

static int open_and_find(struct cli *cli, const char **ret_id)
{
    int r = client_open(cli);
    return r ? r : resolve_group(cli, cli->args[0], ret_id);
}

int cmd_group_show(struct cli *cli)
{
    const char *id;
    struct answer answer;
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, "GET", client_path(cli, "/api/v1/groups/%s?expand=stats", id), NULL, &answer);
    if (r == CLI_OK)
        cli_print_object(cli, answer.body);
    return r;
}

static struct jval *group_body(const char *name, const char *description)
{
    struct jval *body = jval_new_object(), *profile = jval_new_object();
    jval_set_str(profile, "name", name);
    if (description)
        jval_set_str(profile, "description", description);
    jval_set(body, "profile", profile);
    return body;
}

int cmd_group_create(struct cli *cli)
{
    struct jval *body CLEANUP(jval_freep) = group_body(cli->args[0], cli_option(cli, "description"));
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = client_call(cli, "POST", "/api/v1/groups", body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "created %s (%s)", cli->args[0], jval_get_str(answer.body, "id"));
    return CLI_OK;
}

/* NAME=TEXT or NAME:=JSON; anything else with an = in it is a name like another. */
static bool is_attribute(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return n > 0 && (text[n] == '=' || (text[n] == ':' && text[n + 1] == '='));
}

int cmd_group_rename(struct cli *cli)
{
    const char *id;
    struct answer answer;
    int r = open_and_find(cli, &id);
    const char *path = r ? NULL : client_path(cli, "/api/v1/groups/%s", id);
    if (r == CLI_OK)
        r = client_call(cli, "GET", path, NULL, &answer);
    if (r)
        return r;
    /* PUT replaces the profile: what is not renamed goes back as it was. */
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *profile = jval_copy(jval_get(answer.body, "profile"));
    jval_set(body, "profile", profile);
    bool named = cli->arg_count > 1 && !is_attribute(cli->args[1]);
    if (named)
        jval_set_str(profile, "name", cli->args[1]);
    if (cli_option(cli, "description"))
        jval_set_str(profile, "description", cli_option(cli, "description"));
    r = attributes_read(cli, named ? 2 : 1, profile);
    if (r)
        return r;
    r = client_call(cli, "PUT", path, body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "%s is now %s", cli->args[0], jval_str(jval_path(answer.body, "profile.name")));
    return CLI_OK;
}

int cmd_group_delete(struct cli *cli)
{
    const char *id;
    struct answer answer;
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, "DELETE", client_path(cli, "/api/v1/groups/%s", id), NULL, &answer);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, "deleted", id);
    cli_print_json(cli, out);
    cli_say(cli, "deleted %s", cli->args[0]);
    return CLI_OK;
}

int cmd_group_members(struct cli *cli)
{
    static const struct column columns[] = {{"LOGIN", "profile.login", NULL},
                                            {"FIRST NAME", "profile.firstName", NULL},
                                            {"LAST NAME", "profile.lastName", NULL},
                                            {"STATUS", "status", NULL},
                                            {"ID", "id", NULL},
                                            {0}};
    const char *id;
    int r = open_and_find(cli, &id);
    return r ? r : cli_print_list(cli, client_path(cli, "/api/v1/groups/%s/users?limit=1000", id), columns, "nobody");
}

static int change_members(struct cli *cli, const char *method, const char *said)
{
    const char *group = NULL, *user = NULL;
    struct answer answer;
    int r = open_and_find(cli, &group), worst = CLI_OK;
    if (r)
        return r;
    struct jval *done = jval_new_array();
    for (size_t i = 1; i < cli->arg_count && worst != CLI_UNREACHABLE && worst != CLI_TIMEOUT; i++) {
        r = resolve_user(cli, cli->args[i], &user);
        if (r == CLI_OK)
            r = client_call(cli, method, client_path(cli, "/api/v1/groups/%s/users/%s", group, user), NULL, &answer);
        if (r == CLI_OK) {
            jval_append(done, jval_new_str(user));
            cli_say(cli, "%s %s %s", cli->args[i], said, cli->args[0]);
        }
        worst = cli_worse(worst, r);
    }
    struct jval *out = jval_new_object();
    jval_set_str(out, "group", group);
    jval_set(out, "users", done);
    cli_print_json(cli, out);
    return worst;
}

int cmd_group_add(struct cli *cli)
{
    return change_members(cli, "PUT", "is in");
}

int cmd_group_remove(struct cli *cli)
{
    return change_members(cli, "DELETE", "is no longer in");
}
