/* SPDX-License-Identifier: Apache-2.0 */
/* muster token ... */
#include "cli/cli.h"

#include "base/env.h"
#include "cli/datadir.h"

static const struct column token_columns[] = {
    {"NAME", "name", NULL}, {"ROLE", "role", NULL}, {"CREATED", "created", NULL}, {"ID", "id", NULL}, {0}};

static const char *role_option(const struct cli *cli)
{
    const char *role = cli_option(cli, "role");
    if (!role)
        return "OPERATOR";
    static const char *const names[][2] = {{"read-only", "READ_ONLY"}, {"operator", "OPERATOR"}, {"admin", "ADMIN"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(role, names[i][0]) == 0 || strcmp(role, names[i][1]) == 0)
            return names[i][1];
    return NULL;
}

int cmd_token_create(struct cli *cli)
{
    const char *name = cli->args[0], *role = role_option(cli), *dir = cli_option(cli, "data");
    if (!role)
        return cli_fail(cli, CLI_USAGE, "--role %s: must be read-only, operator or admin", cli_option(cli, "role"));
    if (dir)
        return datadir_token_create(cli, dir, name, role);
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "name", name);
    jval_set_str(body, "role", role);
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = client_call(cli, "POST", "/api/v1/api-tokens", body, &answer);
    if (r)
        return r;
    if (cli->json) {
        cli_print_object(cli, answer.body);
        return CLI_OK;
    }
    (void)fprintf(stderr, "This is the only time that the token is shown:\n");
    cli_say(cli, "%s", jval_get_str(answer.body, "token"));
    return CLI_OK;
}

int cmd_token_list(struct cli *cli)
{
    int r = client_open(cli);
    return r ? r : cli_print_list(cli, "/api/v1/api-tokens", token_columns, "no tokens");
}

struct token_lookup {
    struct cli *cli;
    const char *name;
    const char *id;
    size_t count;
};

static int find_token(const struct jval *item, void *data)
{
    struct token_lookup *lookup = data;
    if (str_eq(jval_get_str(item, "name"), lookup->name)) {
        lookup->id = arena_strdup(lookup->cli->arena, jval_get_str(item, "id"));
        lookup->count++;
    }
    return 0;
}

int cmd_token_revoke(struct cli *cli)
{
    struct token_lookup lookup = {.cli = cli, .name = cli->args[0], .id = cli->args[0], .count = 1};
    int r = client_open(cli);
    if (r == CLI_OK && !id_is_valid(cli->args[0], "00T")) {
        lookup.count = 0;
        r = client_each(cli, "/api/v1/api-tokens", find_token, &lookup);
    }
    if (r)
        return r;
    if (lookup.count != 1)
        return cli_fail(cli, CLI_FAILED, "%zu tokens are called %s; `muster token list` shows their ids", lookup.count,
                        cli->args[0]);
    struct answer answer;
    r = client_call(cli, "DELETE", client_path(cli, "/api/v1/api-tokens/%s", lookup.id), NULL, &answer);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, "revoked", lookup.id);
    cli_print_json(cli, out);
    cli_say(cli, "revoked %s", cli->args[0]);
    return CLI_OK;
}
