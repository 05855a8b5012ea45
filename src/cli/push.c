/* SPDX-License-Identifier: Apache-2.0 */
/* muster push ... */
#include "cli/cli.h"

#include "base/env.h"

/* The name of a group by its id; the id when it cannot be read. */
static const char *group_name(struct cli *cli, const char *id)
{
    if (!id)
        return "";
    /* A list shows the same group more than once only seldom: no memory of earlier answers. */
    const char *kept = arena_strdup(cli->arena, id);
    struct answer answer;
    int r = client_try(cli->client, "GET", client_path(cli, "/api/v1/groups/%s", kept), NULL, &answer);
    const char *name = r ? NULL : jval_str(jval_path(answer.body, "profile.name"));
    return name ? arena_strdup(cli->arena, name) : kept;
}

static const char *source_name(struct cli *cli, const struct jval *mapping)
{
    return group_name(cli, jval_get_str(mapping, "sourceGroupId"));
}

static const char *target_name(struct cli *cli, const struct jval *mapping)
{
    return group_name(cli, jval_get_str(mapping, "targetGroupId"));
}

static const struct column mapping_columns[] = {
    {"GROUP", NULL, source_name},
    {"IN THE APP", NULL, target_name},
    {"STATUS", "status", NULL},
    {"LAST PUSH", "lastPush", NULL},
    {"ERROR", "errorSummary", NULL},
    {"ID", "id", NULL},
    {0},
};

static int open_and_find(struct cli *cli, const char **ret_app, const char **ret_mapping)
{
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], ret_app);
    if (r == CLI_OK && ret_mapping)
        r = resolve_mapping(cli, *ret_app, cli->args[1], ret_mapping);
    return r;
}

static const char *mapping_path(struct cli *cli, const char *app, const char *mapping)
{
    return client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s", app, mapping);
}

int cmd_push_list(struct cli *cli)
{
    const char *app, *status = cli_option(cli, "status");
    int r = open_and_find(cli, &app, NULL);
    if (r)
        return r;
    const char *path = status
                           ? client_path(cli, "/api/v1/apps/%s/group-push/mappings?limit=1000&status=%s", app, status)
                           : client_path(cli, "/api/v1/apps/%s/group-push/mappings?limit=1000", app);
    return cli_print_list(cli, path, mapping_columns, "no groups are pushed to this app");
}

int cmd_push_show(struct cli *cli)
{
    const char *app, *id;
    struct answer answer;
    int r = open_and_find(cli, &app, &id);
    if (r == CLI_OK)
        r = client_call(cli, "GET", mapping_path(cli, app, id), NULL, &answer);
    if (r)
        return r;
    struct jval *all CLEANUP(jval_freep) = jval_copy(answer.body);
    r = cli_add_pause(cli, all);
    if (r == CLI_OK)
        cli_print_object(cli, all);
    return r;
}

/* What a link does to members of the app's group who are not in the source. */
static int say_existing(struct cli *cli, struct jval *body)
{
    static const char *const choices[][2] = {{"remove-existing-members", "REMOVE"},
                                             {"keep-existing-members", "KEEP"},
                                             {"refuse-existing-members", "REFUSE"}};
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        if (!cli_flag(cli, choices[i][0]))
            continue;
        if (jval_get(body, "existingMembers"))
            return cli_fail(cli, CLI_USAGE, "--%s: say one thing about the members that are there", choices[i][0]);
        jval_set_str(body, "existingMembers", choices[i][1]);
    }
    return CLI_OK;
}

int cmd_push_create(struct cli *cli)
{
    const char *app, *group, *link = cli_option(cli, "link"), *name = cli_option(cli, "target-name");
    if (link && name)
        return cli_fail(cli, CLI_USAGE, "--link and --target-name do not go together; use one");
    int r = open_and_find(cli, &app, NULL);
    if (r == CLI_OK)
        r = resolve_group(cli, cli->args[1], &group);
    if (r)
        return r;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "sourceGroupId", group);
    if (link)
        jval_set_str(body, "targetGroupId", link);
    else
        jval_set_str(body, "targetGroupName", name ? name : group_name(cli, group));
    jval_set_str(body, "status", cli_flag(cli, "inactive") ? "INACTIVE" : "ACTIVE");
    if (cli_flag(cli, "members-later"))
        jval_set(body, "pushMembershipsImmediately", jval_new_bool(false));
    r = say_existing(cli, body);
    if (r)
        return r;
    struct answer answer;
    r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/group-push/mappings", app), body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "%s is pushed to %s (%s, %s)", cli->args[1], cli->args[0], jval_get_str(answer.body, "id"),
            jval_get_str(answer.body, "status"));
    return CLI_OK;
}

int cmd_push_status(struct cli *cli)
{
    bool activate = strcmp(cli->verb->name, "push activate") == 0;
    const char *app, *id;
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "status", activate ? "ACTIVE" : "INACTIVE");
    int r = activate ? say_existing(cli, body) : CLI_OK;
    if (r == CLI_OK)
        r = open_and_find(cli, &app, &id);
    if (r == CLI_OK)
        r = client_call(cli, "PATCH", mapping_path(cli, app, id), body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, activate ? "%s is pushed to %s again" : "%s is no longer pushed to %s; the app keeps its group",
            cli->args[1], cli->args[0]);
    return CLI_OK;
}

static int say_unlinked(struct cli *cli, const char *id, bool delete_group)
{
    struct jval *out = jval_new_object();
    jval_set_str(out, "deleted", id);
    cli_print_json(cli, out);
    cli_say(cli, delete_group ? "unlinked %s; its group in %s is being deleted" : "unlinked %s; %s keeps its group",
            cli->args[1], cli->args[0]);
    return CLI_OK;
}

int cmd_push_delete(struct cli *cli)
{
    const char *app, *id;
    struct answer answer;
    bool delete_group = cli_flag(cli, "delete-group"), keep_group = cli_flag(cli, "keep-group");
    if (delete_group == keep_group)
        return cli_fail(cli, CLI_USAGE, "say what becomes of the group in the app: --keep-group or --delete-group");
    if (cli_flag(cli, "deactivate") && cli_flag(cli, "dry-run"))
        return cli_fail(cli, CLI_USAGE,
                        "--deactivate is a step of its own: see `muster push unlink --dry-run`, one act");
    int r = open_and_find(cli, &app, &id);
    if (r)
        return r;
    if (cli_flag(cli, "deactivate")) {
        struct jval *body CLEANUP(jval_freep) = jval_new_object();
        jval_set_str(body, "status", "INACTIVE");
        r = client_call(cli, "PATCH", mapping_path(cli, app, id), body, &answer);
    }
    if (r == CLI_OK)
        r = client_call(
            cli, "DELETE",
            delete_group ? client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s?deleteTargetGroup=true", app, id)
                         : client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s?deleteTargetGroup=false", app, id),
            NULL, &answer);
    return r ? r : say_unlinked(cli, id, delete_group);
}

/* From any status, in one act. */
int cmd_push_unlink(struct cli *cli)
{
    const char *app, *id;
    struct answer answer;
    bool delete_group = cli_flag(cli, "delete-group");
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    if (delete_group == cli_flag(cli, "keep-group"))
        return cli_fail(cli, CLI_USAGE, "say what becomes of the group in the app: --keep-group or --delete-group");
    jval_set(body, "deleteTargetGroup", jval_new_bool(delete_group));
    int r = open_and_find(cli, &app, &id);
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s/unlink", app, id), body,
                        &answer);
    return r ? r : say_unlinked(cli, id, delete_group);
}

int cmd_push_now(struct cli *cli)
{
    const char *app, *id;
    struct answer answer;
    int r = open_and_find(cli, &app, &id);
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s/push", app, id), NULL,
                        &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "%s is read in %s and made exactly what it should be; `muster wait --app` tells how it goes",
            cli->args[1], cli->args[0]);
    return CLI_OK;
}

/* --- errors ----------------------------------------------------------------------------------------------------------
 */

struct errors {
    struct cli *cli;
    const char *app;
    struct jval *found;
    int status;
};

/* Only the answer for one mapping names its members. */
static int collect_error(const struct jval *mapping, void *data)
{
    struct errors *errors = data;
    struct answer answer;
    const char *id = jval_get_str(mapping, "id");
    if (!id)
        return 0;
    errors->status = client_call(errors->cli, "GET", mapping_path(errors->cli, errors->app, id), NULL, &answer);
    if (errors->status)
        return 1;
    if (jval_get_str(answer.body, "errorSummary") || jval_len(jval_get(answer.body, "memberErrors")) > 0)
        jval_append(errors->found, jval_ref(answer.body));
    return 0;
}

/* Accounts that could not be provisioned: the answer of sync names what failed. */
static int collect_accounts(struct errors *errors)
{
    struct answer answer;
    int r =
        client_call(errors->cli, "GET", client_path(errors->cli, "/api/v1/apps/%s/sync", errors->app), NULL, &answer);
    const struct jval *failed = r ? NULL : jval_get(answer.body, "failed");
    for (size_t i = 0; i < jval_len(failed); i++)
        if (str_eq(jval_get_str(jval_at(failed, i), "type"), "account"))
            jval_append(errors->found, jval_ref(jval_at(failed, i)));
    return r;
}

static void say_errors(struct cli *cli, const struct jval *mapping)
{
    const char *summary = jval_get_str(mapping, "errorSummary"), *name = source_name(cli, mapping);
    if (summary)
        cli_say(cli, "%s (%s): %s", name, jval_get_str(mapping, "status"), summary);
    const struct jval *members = jval_get(mapping, "memberErrors");
    for (size_t m = 0; m < jval_len(members); m++) {
        const struct jval *member = jval_at(members, m);
        const char *login = jval_get_str(member, "login"), *text = jval_get_str(member, "error");
        cli_say(cli, "%s: %s: %s", name, login ? login : "(a deleted user)", text ? text : "refused");
    }
}

int cmd_push_errors(struct cli *cli)
{
    struct jval *found CLEANUP(jval_freep) = jval_new_array();
    struct errors errors = {.cli = cli, .found = found};
    int r = open_and_find(cli, &errors.app, NULL);
    if (r == CLI_OK)
        r = client_each(cli, client_path(cli, "/api/v1/apps/%s/group-push/mappings?limit=1000", errors.app),
                        collect_error, &errors);
    if (r || errors.status)
        return r ? r : errors.status;
    size_t groups = jval_len(found);
    r = collect_accounts(&errors);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, found);
    for (size_t i = 0; i < groups && !cli->json; i++)
        say_errors(cli, jval_at(found, i));
    for (size_t i = groups; i < jval_len(found) && !cli->json; i++)
        cli_say(cli, "%s: %s", jval_get_str(jval_at(found, i), "name"), jval_get_str(jval_at(found, i), "error"));
    if (jval_len(found) == 0)
        cli_say(cli, "no errors");
    return jval_len(found) ? CLI_FAILED : CLI_OK;
}
