/* SPDX-License-Identifier: Apache-2.0 */
/* muster pause, muster resume: while paused, changes queue up and nothing is sent. */
#include "cli/cli.h"

static int change(struct cli *cli, const char *word, struct jval *body, const char *said_app, const char *said_org)
{
    struct answer answer;
    const char *app = NULL;
    int r = client_open(cli);
    if (r == CLI_OK && cli->arg_count)
        r = resolve_app(cli, cli->args[0], &app);
    if (r)
        return r;
    const char *path = app ? arena_printf(cli->arena, "%s%s", client_path(cli, "/api/v1/apps/%s/lifecycle/", app), word)
                           : arena_printf(cli->arena, "/api/v1/org/%s", word);
    r = client_call(cli, "POST", path, body, &answer);
    if (r)
        return r;
    if (cli->json) {
        if (answer.body)
            cli_print_object(cli, answer.body);
        else
            cli_print_json(cli, jval_new_object());
    }
    if (app)
        cli_say(cli, "%s %s", cli->args[0], said_app);
    else
        cli_say(cli, "%s", said_org);
    return CLI_OK;
}

int cmd_pause(struct cli *cli)
{
    const char *reason = cli_option(cli, "reason");
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    if (reason)
        jval_set_str(body, "reason", reason);
    return change(cli, "pause", body, "is paused: changes wait, nothing is sent to it",
                  "everything is paused: changes wait, nothing is sent to any app");
}

int cmd_resume(struct cli *cli)
{
    return change(cli, "resume", NULL, "is no longer paused", "no longer paused: what waited is sent now");
}

int cli_add_pause(struct cli *cli, struct jval *object)
{
    struct answer answer;
    int r = client_call(cli, "GET", "/api/v1/org", NULL, &answer);
    if (r == CLI_OK && jval_is_true(jval_get(answer.body, "paused")))
        jval_set(object, "org", jval_copy(answer.body));
    return r;
}
