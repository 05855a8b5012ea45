/* SPDX-License-Identifier: Apache-2.0 */
/* muster hold ..., muster limits, muster user protect, muster group protect: deletion limits and what they hold. */
#include "cli/cli.h"

#include "base/env.h"

#define HOURS_MAX 720

static int open_and_find(struct cli *cli, const char **ret_app)
{
    int r = client_open(cli);
    return r ? r : resolve_app(cli, cli->args[0], ret_app);
}

static const char *hold_path(struct cli *cli, const char *app)
{
    return client_path(cli, "/api/v1/apps/%s/group-push/holds/%s", app, cli->args[1]);
}

static const char *number_text(struct cli *cli, const struct jval *item, const char *name)
{
    return arena_printf(cli->arena, "%lld", (long long)jval_int(jval_get(item, name), 0));
}

static const char *changes_text(struct cli *cli, const struct jval *item)
{
    return number_text(cli, item, "changes");
}

static const char *revision_text(struct cli *cli, const struct jval *item)
{
    return number_text(cli, item, "revision");
}

int cmd_hold_list(struct cli *cli)
{
    static const struct column columns[] = {{"ID", "id", NULL},
                                            {"KIND", "kind", NULL},
                                            {"STATUS", "status", NULL},
                                            {"CHANGES", NULL, changes_text},
                                            {"REVISION", NULL, revision_text},
                                            {"GROUP", "targetGroupName", NULL},
                                            {"REASON", "reason", NULL},
                                            {"APP", "appLabel", NULL},
                                            {0}};
    const char *app = NULL;
    int r = cli->arg_count ? open_and_find(cli, &app) : client_open(cli);
    if (r)
        return r;
    return app ? cli_print_list(cli, client_path(cli, "/api/v1/apps/%s/group-push/holds?limit=1000", app), columns,
                                "nothing was held in this app")
               : cli_print_list(cli, "/api/v1/org/holds?limit=1000", columns, "nothing was held in any app");
}

/* The login, or what else names who or what is to go. */
static const char *who_text(struct cli *cli, const struct jval *item)
{
    static const char *const names[] = {"login", "userName", "externalId"};
    (void)cli;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (jval_get_str(item, names[i]))
            return jval_get_str(item, names[i]);
    return "";
}

int cmd_hold_show(struct cli *cli)
{
    static const struct column columns[] = {{"WHO", NULL, who_text},
                                            {"KIND", "kind", NULL},
                                            {"GROUP", "targetGroupName", NULL},
                                            {"STATE", "state", NULL},
                                            {"SINCE", "since", NULL},
                                            {"HOLD", "holdId", NULL},
                                            {0}};
    const char *app;
    int r = open_and_find(cli, &app);
    if (r)
        return r;
    const char *path = cli->arg_count > 1 ? arena_printf(cli->arena, "%s/changes?limit=1000", hold_path(cli, app))
                                          : client_path(cli, "/api/v1/apps/%s/group-push/held?limit=1000", app);
    return cli_print_list(cli, path, columns, "nothing is held");
}

/* What was looked at: --revision, else the hold as it is now. */
static int read_revision(struct cli *cli, const char *app, int64_t *ret)
{
    struct answer answer;
    int r = cli_option_int(cli, "revision", -1, 0, INT64_MAX, ret);
    if (r || *ret >= 0)
        return r;
    r = client_call(cli, "GET", hold_path(cli, app), NULL, &answer);
    if (r == CLI_OK)
        *ret = jval_int(jval_get(answer.body, "revision"), 0);
    return r;
}

static int post(struct cli *cli, const char *app, const char *word, const struct jval *body, struct answer *ret)
{
    return client_call(cli, "POST", arena_printf(cli->arena, "%s/%s", hold_path(cli, app), word), body, ret);
}

int cmd_hold_decide(struct cli *cli)
{
    bool approve = strcmp(cli->verb->name, "hold approve") == 0;
    const char *app;
    struct answer answer;
    int64_t revision = 0;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    int r = open_and_find(cli, &app);
    if (r == CLI_OK)
        r = read_revision(cli, app, &revision);
    jval_set(body, "revision", jval_new_int(revision));
    if (r == CLI_OK)
        r = post(cli, app, approve ? "approve" : "reject", body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli,
            approve ? "%s changes of %s are let go, as far as they are still wanted"
                    : "%s changes of %s are not sent; `muster hold show` lists them",
            changes_text(cli, answer.body), cli->args[1]);
    return CLI_OK;
}

static int release_one(struct cli *cli, const char *app, const char *who, struct jval *answers)
{
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    const char *id = who;
    int r = CLI_OK;
    if (cli_flag(cli, "external"))
        jval_set_str(body, "externalId", who);
    else if (id_is_valid(who, "00g"))
        jval_set_str(body, "targetGroupId", who);
    else
        r = resolve_user(cli, who, &id);
    if (r == CLI_OK && id != who)
        jval_set_str(body, "userId", id);
    else if (r == CLI_OK && id_is_valid(who, "00u") && !cli_flag(cli, "external"))
        jval_set_str(body, "userId", who);
    if (r == CLI_OK)
        r = post(cli, app, "release", body, &answer);
    if (r)
        return r;
    jval_append(answers, jval_copy(answer.body));
    cli_say(cli, "%s is let go", who);
    return CLI_OK;
}

int cmd_hold_release(struct cli *cli)
{
    const char *app;
    int r = open_and_find(cli, &app), worst = r;
    if (r)
        return r;
    struct jval *answers = jval_new_array();
    for (size_t i = 2; i < cli->arg_count && worst != CLI_UNREACHABLE && worst != CLI_TIMEOUT; i++) {
        r = release_one(cli, app, cli->args[i], answers);
        worst = r ? r : worst;
    }
    cli_print_json(cli, answers);
    return worst;
}

/* --- limits ----------------------------------------------------------------------------------------------------------
 */

static const char *const rules[] = {"deactivations", "groupDeletions", "removalsPerGroup", "removals", NULL};
static const char *const words[] = {"deactivations", "group-deletions", "removals-per-group", "removals", NULL};

/* "24h", "24" or "default". */
static int read_window(struct cli *cli, const char *value, struct jval *body)
{
    char *end = NULL;
    long hours = strtol(value, &end, 10);
    if (strcmp(value, "default") == 0)
        jval_set(body, "windowHours", jval_new_null());
    else if (end == value || (*end && strcmp(end, "h") != 0) || hours < 1 || hours > HOURS_MAX)
        return cli_fail(cli, CLI_USAGE, "window=%s: give hours from 1 to %d, as in window=24h, or default", value,
                        HOURS_MAX);
    else
        jval_set(body, "windowHours", jval_new_int(hours));
    return CLI_OK;
}

/* "20%,10", "off" or "default". */
static struct jval *read_limit(const char *value)
{
    char *end = NULL;
    struct jval *limit = NULL;
    if (strcmp(value, "default") == 0)
        return jval_new_null();
    limit = jval_new_object();
    if (strcmp(value, "off") == 0) {
        jval_set(limit, "off", jval_new_bool(true));
        return limit;
    }
    long percent = strtol(value, &end, 10);
    bool good = end != value && strncmp(end, "%,", 2) == 0;
    const char *rest = good ? end + 2 : "";
    long number = strtol(rest, &end, 10);
    if (!good || end == rest || *end)
        return jval_free(limit);
    jval_set(limit, "percent", jval_new_int(percent));
    jval_set(limit, "number", jval_new_int(number));
    return limit;
}

static int read_setting(struct cli *cli, const char *text, struct jval *body)
{
    const char *sign = strchr(text, '=');
    const char *name = sign ? arena_strndup(cli->arena, text, (size_t)(sign - text)) : text;
    bool all = strcmp(name, "all") == 0, any = false;
    if (sign && strcmp(name, "window") == 0)
        return read_window(cli, sign + 1, body);
    for (size_t i = 0; sign && words[i]; i++) {
        if (!all && strcmp(name, words[i]) != 0)
            continue;
        struct jval *limit = read_limit(sign + 1);
        if (!limit)
            return cli_fail(cli, CLI_USAGE,
                            "%s: give per cent and number, as in %s=20%%,10 (over both is held), or off, or default",
                            text, name);
        jval_set(body, rules[i], limit);
        any = true;
    }
    if (any)
        return CLI_OK;
    const char *near = cli_nearest(name, words);
    return cli_fail(
        cli, CLI_USAGE,
        "%s: give LIMIT=VALUE; the limits are deactivations, group-deletions, removals-per-group, removals, "
        "all and window%s%s%s",
        text, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static void say_limits(struct cli *cli, const struct jval *limits)
{
    cli_say(cli, "window: %lld hours", (long long)jval_int(jval_get(limits, "windowHours"), 0));
    for (size_t i = 0; rules[i]; i++) {
        const struct jval *limit = jval_get(limits, rules[i]), *used = jval_get(jval_get(limits, "used"), rules[i]);
        const char *so_far = used ? arena_printf(cli->arena, "; %lld in the window", (long long)jval_int(used, 0)) : "";
        if (jval_is_true(jval_get(limit, "off")))
            cli_say(cli, "%s: off (%s)%s", words[i], jval_get_str(limit, "source"), so_far);
        else
            cli_say(cli, "%s: held over %lld %% and more than %lld (%s)%s", words[i],
                    (long long)jval_int(jval_get(limit, "percent"), 0),
                    (long long)jval_int(jval_get(limit, "number"), 0), jval_get_str(limit, "source"), so_far);
    }
    const struct jval *overdue = jval_get(limits, "overdueDeactivations");
    if (overdue)
        cli_say(cli, "overdue deactivations: %lld", (long long)jval_int(overdue, 0));
}

int cmd_limits(struct cli *cli)
{
    const char *app = cli_option(cli, "app");
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    int r = CLI_OK;
    for (size_t i = 0; r == CLI_OK && i < cli->arg_count; i++)
        r = read_setting(cli, cli->args[i], body);
    if (r == CLI_OK)
        r = client_open(cli);
    if (r == CLI_OK && app)
        r = resolve_app(cli, app, &app);
    if (r)
        return r;
    const char *path = app ? client_path(cli, "/api/v1/apps/%s/group-push/limits", app) : "/api/v1/org/deletion-limits";
    r = client_call(cli, cli->arg_count ? "PUT" : "GET", path, cli->arg_count ? body : NULL, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    say_limits(cli, answer.body);
    return CLI_OK;
}

/* --- protection ------------------------------------------------------------------------------------------------------
 */

static int protect_one(struct cli *cli, const char *what, const char *who, bool on)
{
    bool user = strcmp(what, "user") == 0;
    const char *id;
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set(body, "protected", jval_new_bool(on));
    int r = user ? resolve_user(cli, who, &id) : resolve_group(cli, who, &id);
    if (r == CLI_OK)
        r = client_call(cli, "PUT",
                        user ? client_path(cli, "/api/v1/users/%s/protection", id)
                             : client_path(cli, "/api/v1/groups/%s/protection", id),
                        body, &answer);
    if (r == CLI_OK)
        cli_say(cli, on ? "%s is protected" : "%s is no longer protected", who);
    return r;
}

int cmd_protect(struct cli *cli)
{
    const char *what = strncmp(cli->verb->name, "user", 4) == 0 ? "user" : "group";
    bool on = strstr(cli->verb->name, " protect") != NULL;
    int worst = client_open(cli);
    if (worst)
        return worst;
    struct jval *done = jval_new_array();
    for (size_t i = 0; i < cli->arg_count && worst != CLI_UNREACHABLE && worst != CLI_TIMEOUT; i++) {
        int r = protect_one(cli, what, cli->args[i], on);
        if (r == CLI_OK)
            jval_append(done, jval_new_str(cli->args[i]));
        worst = r ? r : worst;
    }
    cli_print_json(cli, done);
    return worst;
}
