/* SPDX-License-Identifier: Apache-2.0 */
/* muster separate ...: one group for assignment and push becomes two. */
#include "cli/cli.h"

static const char *name_of_new(struct cli *cli, const struct jval *item)
{
    (void)cli;
    return jval_str(jval_path(item, "newGroup.name"));
}

static const char *name_of_group(struct cli *cli, const struct jval *item)
{
    (void)cli;
    return jval_str(jval_path(item, "group.name"));
}

static const struct column columns[] = {{"GROUP", NULL, name_of_group},
                                        {"NEW GROUP", NULL, name_of_new},
                                        {"NEW GROUP FOR", "solution", NULL},
                                        {"STATUS", "status", NULL},
                                        {"STEP", "step", NULL},
                                        {"CREATED", "created", NULL},
                                        {"ID", "id", NULL},
                                        {"APP", "appLabel", NULL},
                                        {0}};

static const struct column rule_columns[] = {
    {"GROUP RULE", "name", NULL}, {"STATUS", "status", NULL}, {"ID", "id", NULL}, {0}};
static const struct column left_out_columns[] = {
    {"LEFT OUT", "login", NULL}, {"STATUS", "status", NULL}, {"ID", "userId", NULL}, {0}};

static int64_t number(const struct jval *object, const char *path)
{
    return jval_int(jval_path(object, path), 0);
}

static void show_plan(struct cli *cli, struct jval *plan)
{
    if (cli->json) {
        cli_print_object(cli, plan);
        return;
    }
    const struct jval *steps = jval_get(plan, "steps");
    for (size_t i = 0; i < jval_len(steps); i++)
        cli_say(cli, "%zu. %s", i + 1, cli_clean(cli->arena, jval_str(jval_at(steps, i))));
    cli_say(cli, "Of %lld members %lld are copied, %lld come by rules, and %lld do not have the app and are left out.",
            (long long)number(plan, "members.total"), (long long)number(plan, "members.copied"),
            (long long)number(plan, "members.byRules"), (long long)number(plan, "members.leftOut"));
    cli_say(cli, "The app sees nothing of it: no deactivation, no removal, no change of a profile.");
    int64_t waiting = number(plan, "target.waitingAlready");
    if (waiting)
        cli_say(cli, "%lld memberships wait to be pushed already; they go on.", (long long)waiting);
    if (jval_len(jval_get(plan, "groupRules"))) {
        bool carried = str_eq(jval_get_str(plan, "rules"), "CARRY_OVER");
        cli_say(cli, carried ? "These rules feed the old group, and will feed the new one too:"
                             : "These rules feed the old group, and will not feed the new one (--copy-once):");
        cli_print_rows(cli, jval_get(plan, "groupRules"), rule_columns, "");
    }
    if (number(plan, "members.leftOut"))
        cli_print_rows(cli, jval_get(plan, "leftOut"), left_out_columns, "");
}

/* Asks until it has ended or failed. */
static int follow(struct cli *cli, const char *path, struct answer *answer)
{
    int r = CLI_OK;
    for (;;) {
        const char *status = jval_get_str(answer->body, "status");
        if (r || (!str_eq(status, "RUNNING") && !str_eq(status, "UNDOING")))
            break;
        r = client_call(cli, "GET", arena_printf(cli->arena, "%s?wait=true", path), NULL, answer);
    }
    if (r)
        return r;
    const char *status = jval_get_str(answer->body, "status");
    if (cli->json)
        cli_print_object(cli, answer->body);
    if (str_eq(status, "FAILED"))
        return cli_fail(cli, CLI_FAILED,
                        "it cannot go on: %s. Nobody has lost anything; `muster separate undo` takes it back",
                        cli_clean(cli->arena, jval_get_str(answer->body, "error")));
    cli_say(cli, str_eq(status, "DONE") ? "done: the new group is %s (%s)" : "everything is as it was; %s (%s) is gone",
            cli_clean(cli->arena, name_of_new(cli, answer->body)), jval_str(jval_path(answer->body, "newGroup.id")));
    return CLI_OK;
}

int cmd_separate_start(struct cli *cli)
{
    const char *app = NULL;
    const char *group = NULL;
    const char *kind = cli_option(cli, "new-group-for");
    struct answer answer;
    if (kind && !str_eq(kind, "assignment") && !str_eq(kind, "push"))
        return cli_fail(cli, CLI_USAGE, "--new-group-for %s: give assignment or push", kind);
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    if (r == CLI_OK)
        r = resolve_group(cli, cli->args[1], &group);
    if (r)
        return r;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "groupId", group);
    jval_set_str(body, "name", cli->args[2]);
    jval_set_str(body, "solution", str_eq(kind, "push") ? "PUSH" : "ASSIGNMENT");
    jval_set_str(body, "rules", cli_flag(cli, "copy-once") ? "COPY_ONCE" : "CARRY_OVER");
    const char *path = client_path(cli, "/api/v1/apps/%s/group-push/separations", app);
    bool dry = cli_flag(cli, "dry-run");
    r = client_call(cli, "POST", dry ? arena_printf(cli->arena, "%s?dryRun=true", path) : path, body, &answer);
    if (r)
        return r;
    if (dry) {
        show_plan(cli, answer.body);
        return CLI_OK;
    }
    const char *id = arena_strdup(cli->arena, jval_get_str(answer.body, "id"));
    return follow(cli, arena_printf(cli->arena, "%s/%s", path, id), &answer);
}

int cmd_separate_list(struct cli *cli)
{
    const char *app = NULL;
    int r = client_open(cli);
    if (r == CLI_OK && cli->arg_count)
        r = resolve_app(cli, cli->args[0], &app);
    if (r)
        return r;
    return app ? cli_print_list(cli, client_path(cli, "/api/v1/apps/%s/group-push/separations", app), columns,
                                "no group of this app was parted")
               : cli_print_list(cli, "/api/v1/org/separations", columns, "no group was parted");
}

int cmd_separate_undo(struct cli *cli)
{
    const char *app = NULL;
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    if (r)
        return r;
    const char *path = client_path(cli, "/api/v1/apps/%s/group-push/separations/%s", app, cli->args[1]);
    r = client_call(cli, "POST", arena_printf(cli->arena, "%s/undo", path), NULL, &answer);
    return r ? r : follow(cli, path, &answer);
}
