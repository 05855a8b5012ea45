/* SPDX-License-Identifier: Apache-2.0 */
/* --dry-run of verbs that may take something away from apps: the call is made with dryRun=true, and its plan is shown.
 */
#include "cli/cli.h"

#define PLAN_PAGE "limit=1000" /* changes that are shown; the counts are of all */

const struct option_spec plan_options[] = {
    {"dry-run", NULL, "say what apps would lose by it, and do nothing", false},
    {0},
};

bool cli_plans(const struct cli *cli, const char *method)
{
    return cli->verb && (cli->verb->flags & VERB_PLANS) && strcmp(method, "GET") != 0 && cli_flag(cli, "dry-run");
}

const char *plan_path(struct cli *cli, const char *path)
{
    return arena_printf(cli->arena, "%s%cdryRun=true&" PLAN_PAGE, path, strchr(path, '?') ? '&' : '?');
}

static const char *who_text(struct cli *cli, const struct jval *item)
{
    const char *login = jval_get_str(item, "login");
    const char *external = jval_get_str(item, "externalId");
    return login ? login : external ? arena_printf(cli->arena, "(%s in the app)", external) : "";
}

static const char *app_text(struct cli *cli, const struct jval *item)
{
    const char *label = jval_get_str(item, "appLabel");
    (void)cli;
    return label ? label : jval_get_str(item, "appId");
}

static long long number(const struct jval *plan, const char *name)
{
    return (long long)jval_int(jval_get(plan, name), 0);
}

static const char *counted(struct cli *cli, long long count, const char *what)
{
    return arena_printf(cli->arena, "%lld %s%s", count, what, count == 1 ? "" : "s");
}

int plan_say(struct cli *cli, const struct answer *answer)
{
    static const struct column columns[] = {
        {"KIND", "kind", NULL},  {"WHO", NULL, who_text},  {"GROUP", "targetGroupName", NULL},
        {"APP", NULL, app_text}, {"STATE", "state", NULL}, {0}};
    const struct jval *plan = answer->body;
    if (!jval_is_true(jval_get(plan, "dryRun"))) /* a server that does not know it has done it */
        return cli_fail(cli, CLI_FAILED, "the server has no plans and did it: it is older than this program");
    if (!cli->plans)
        cli->plans = jval_new_array();
    jval_append(cli->plans, jval_copy(plan));
    if (cli->json)
        return CLI_PLANNED;
    cli_print_rows(cli, jval_get(plan, "changes"), columns, "nothing is taken away");
    if (answer->next)
        cli_say(cli, "and more: --json or the API shows them page by page");
    cli_say(cli, "%s, %s and %s%s; of these %lld would be held by deletion limits, and %lld are protected",
            counted(cli, number(plan, "removals"), "removal"),
            counted(cli, number(plan, "deactivations"), "deactivation"),
            counted(cli, number(plan, "groupDeletions"), "group deletion"),
            jval_is_true(jval_get(plan, "complete")) ? "" : ", at least: not everything could be looked at in time",
            number(plan, "held"), number(plan, "protected"));
    cli_say(cli, "nothing was done (--dry-run)");
    return CLI_PLANNED;
}

int plan_end(struct cli *cli, int status)
{
    struct jval *plans = cli->plans;
    cli->plans = NULL;
    if (plans && jval_len(plans) == 1)
        cli_print_json(cli, jval_copy(jval_at(plans, 0)));
    else if (plans)
        cli_print_json(cli, jval_copy(plans));
    jval_free(plans);
    return status == CLI_PLANNED ? CLI_OK : status;
}
