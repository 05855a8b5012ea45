/* SPDX-License-Identifier: Apache-2.0 */
/* muster push-rule ..., and the settings of group push. */
#include "cli/cli.h"

static const char *criterion_text(struct cli *cli, const struct jval *rule, const char *key)
{
    const struct jval *criterion = jval_get(rule, key);
    if (!criterion)
        return "";
    const char *value = jval_get_str(criterion, "value");
    const char *name = jval_get_str(criterion, "operator");
    return value ? arena_printf(cli->arena, "%s %s", name, value) : name;
}

static const char *name_criterion(struct cli *cli, const struct jval *rule)
{
    return criterion_text(cli, rule, "groupName");
}

static const char *description_criterion(struct cli *cli, const struct jval *rule)
{
    return criterion_text(cli, rule, "groupDescription");
}

static const struct column rule_columns[] = {
    {"RULE", "name", NULL},
    {"STATUS", "status", NULL},
    {"GROUP NAME", NULL, name_criterion},
    {"DESCRIPTION", NULL, description_criterion},
    {"MAPPINGS", "mappings", NULL},
    {"ID", "id", NULL},
    {0},
};

static const struct column preview_columns[] = {
    {"GROUP", "name", NULL},
    {"WOULD", "outcome", NULL},
    {"DESCRIPTION", "description", NULL},
    {0},
};

struct lookup {
    const char *name;
    const char *id;
};

static int is_named(const struct jval *rule, void *data)
{
    struct lookup *lookup = data;
    if (!str_eq(jval_get_str(rule, "name"), lookup->name))
        return 0;
    lookup->id = jval_get_str(rule, "id");
    return 1;
}

static int open_app(struct cli *cli, const char **ret_app)
{
    int r = client_open(cli);
    return r ? r : resolve_app(cli, cli->args[0], ret_app);
}

/* By id (gPr...) or by name. */
static int open_rule(struct cli *cli, const char **ret_app, const char **ret_rule)
{
    int r = open_app(cli, ret_app);
    if (r)
        return r;
    struct lookup lookup = {.name = cli->args[1]};
    if (strncmp(cli->args[1], "gPr", 3) == 0)
        lookup.id = cli->args[1];
    else
        r = client_each(cli, client_path(cli, "/api/v1/apps/%s/group-push/rules?limit=200", *ret_app), is_named,
                        &lookup);
    if (r)
        return r;
    if (!lookup.id)
        return cli_fail(cli, CLI_FAILED, "the app has no push rule %s; `muster push-rule list` shows those it has",
                        cli->args[1]);
    *ret_rule = arena_strdup(cli->arena, lookup.id);
    return CLI_OK;
}

int cmd_push_rule_list(struct cli *cli)
{
    const char *app;
    int r = open_app(cli, &app);
    if (r)
        return r;
    return cli_print_list(cli, client_path(cli, "/api/v1/apps/%s/group-push/rules?limit=200", app), rule_columns,
                          "this app has no push rules");
}

int cmd_push_rule_show(struct cli *cli)
{
    const char *app = NULL, *rule = NULL;
    struct answer answer;
    int r = open_rule(cli, &app, &rule);
    if (r == CLI_OK)
        r = client_call(cli, "GET", client_path(cli, "/api/v1/apps/%s/group-push/rules/%s", app, rule), NULL, &answer);
    if (r == CLI_OK)
        cli_print_object(cli, answer.body);
    return r;
}

/* The criteria of the options into a rule's body; a criterion is given once. */
static int read_criteria(struct cli *cli, struct jval *body)
{
    static const struct {
        const char *option, *key, *operator;
    } known[] = {
        {"name-starts-with", "groupName", "STARTS_WITH"},
        {"name-ends-with", "groupName", "ENDS_WITH"},
        {"name-contains", "groupName", "CONTAINS"},
        {"name-equals", "groupName", "EQUALS"},
        {"name-regex", "groupName", "REGEX"},
        {"description-starts-with", "groupDescription", "STARTS_WITH"},
        {"description-contains", "groupDescription", "CONTAINS"},
        {"description-regex", "groupDescription", "REGEX"},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        const char *value = cli_option(cli, known[i].option);
        if (!value)
            continue;
        if (jval_get(body, known[i].key))
            return cli_fail(cli, CLI_USAGE, "--%s: give one option for the name and one for the description",
                            known[i].option);
        struct jval *criterion = jval_new_object();
        jval_set_str(criterion, "operator", known[i].operator);
        jval_set_str(criterion, "value", value);
        jval_set(body, known[i].key, criterion);
    }
    if (cli_flag(cli, "every-group")) {
        struct jval *criterion = jval_new_object();
        jval_set_str(criterion, "operator", "EVERYTHING");
        jval_set(body, "groupName", criterion);
    }
    return CLI_OK;
}

static int read_rule(struct cli *cli, struct jval *body)
{
    int r = read_criteria(cli, body);
    jval_set_str(body, "name", cli->arg_count > 1 ? cli->args[1] : "preview");
    if (cli_flag(cli, "link-existing"))
        jval_set_str(body, "existingGroups", "LINK");
    return r;
}

int cmd_push_rule_create(struct cli *cli)
{
    const char *app, *retract = cli_option(cli, "retract");
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    int r = read_rule(cli, body);
    jval_set_str(body, "status", cli_flag(cli, "inactive") ? "INACTIVE" : "ACTIVE");
    if (cli_flag(cli, "members-later"))
        jval_set(body, "pushMembershipsImmediately", jval_new_bool(false));
    if (retract && !str_eq(retract, "unlink") && !str_eq(retract, "delete"))
        return cli_fail(cli, CLI_USAGE, "--retract %s: give unlink (the app keeps the group) or delete", retract);
    if (retract)
        jval_set_str(body, "retract", str_eq(retract, "delete") ? "DELETE_APP_GROUP" : "UNLINK");
    if (r == CLI_OK)
        r = open_app(cli, &app);
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/group-push/rules", app), body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "made push rule %s (%s); `muster wait --app` tells when its groups are pushed", cli->args[1],
            jval_get_str(answer.body, "id"));
    return CLI_OK;
}

int cmd_push_rule_preview(struct cli *cli)
{
    const char *app;
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *found CLEANUP(jval_freep) = jval_new_array();
    int r = read_rule(cli, body);
    if (r == CLI_OK)
        r = open_app(cli, &app);
    const char *path = r ? NULL : client_path(cli, "/api/v1/apps/%s/group-push/rules/preview?limit=200", app);
    while (r == CLI_OK && path) {
        r = client_call(cli, "POST", path, body, &answer);
        for (size_t i = 0; r == CLI_OK && i < jval_len(answer.body); i++)
            jval_append(found, jval_ref(jval_at(answer.body, i)));
        path = r == CLI_OK && answer.next ? arena_strdup(cli->arena, answer.next) : NULL;
    }
    if (r == CLI_OK)
        cli_print_rows(cli, found, preview_columns, "no group matches");
    return r;
}

int cmd_push_rule_status(struct cli *cli)
{
    const char *app = NULL, *rule = NULL;
    struct answer answer;
    bool activate = strcmp(cli->verb->name, "push-rule activate") == 0;
    int r = open_rule(cli, &app, &rule);
    if (r == CLI_OK)
        r = client_call(cli, "POST",
                        activate
                            ? client_path(cli, "/api/v1/apps/%s/group-push/rules/%s/lifecycle/activate", app, rule)
                            : client_path(cli, "/api/v1/apps/%s/group-push/rules/%s/lifecycle/deactivate", app, rule),
                        NULL, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli,
            activate ? "%s is active: groups that match are pushed"
                     : "%s is inactive: no new groups are pushed by it; those that are pushed stay",
            cli->args[1]);
    return CLI_OK;
}

int cmd_push_rule_delete(struct cli *cli)
{
    static const struct {
        const char *option, *query;
    } choices[] = {{"keep-mappings", "KEEP"}, {"unlink", "DELETE"}, {"delete-groups", "DELETE_WITH_APP_GROUPS"}};
    const char *app = NULL, *rule = NULL, *choice = NULL;
    struct answer answer;
    int given = 0;
    for (size_t i = 0; i < ARRAY_LEN(choices); i++)
        if (cli_flag(cli, choices[i].option)) {
            choice = choices[i].query;
            given++;
        }
    if (given != 1)
        return cli_fail(cli, CLI_USAGE,
                        "say what becomes of the rule's pushed groups: --keep-mappings, --unlink or --delete-groups");
    int r = open_rule(cli, &app, &rule);
    if (r == CLI_OK)
        r = client_call(cli, "DELETE",
                        client_path(cli, "/api/v1/apps/%s/group-push/rules/%s?mappings=%s", app, rule, choice), NULL,
                        &answer);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, "deleted", rule);
    cli_print_json(cli, out);
    cli_say(cli, "deleted push rule %s", cli->args[1]);
    return CLI_OK;
}

/* NAME=VALUE of the settings; nothing given shows them. */
int cmd_push_settings(struct cli *cli)
{
    const char *app;
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    for (size_t i = 1; i < cli->arg_count; i++) {
        const char *word = cli->args[i];
        if (str_eq(word, "rename=on") || str_eq(word, "rename=off"))
            jval_set(body, "renameAppGroups", jval_new_bool(str_eq(word, "rename=on")));
        else if (str_eq(word, "source-deleted=leave") || str_eq(word, "source-deleted=delete"))
            jval_set_str(body, "onSourceGroupDeleted", str_eq(word, "source-deleted=leave") ? "LEAVE" : "DELETE");
        else if (str_eq(word, "group-missing=alert") || str_eq(word, "group-missing=repair"))
            jval_set_str(body, "onGroupMissing", str_eq(word, "group-missing=alert") ? "ALERT" : "REPAIR");
        else
            return cli_fail(cli, CLI_USAGE,
                            "%s: give rename=on, rename=off, source-deleted=leave or =delete, group-missing=alert or "
                            "=repair",
                            word);
    }
    int r = open_app(cli, &app);
    if (r == CLI_OK)
        r = client_call(cli, jval_len(body) ? "PUT" : "GET",
                        client_path(cli, "/api/v1/apps/%s/group-push/settings", app), jval_len(body) ? body : NULL,
                        &answer);
    if (r == CLI_OK)
        cli_print_object(cli, answer.body);
    return r;
}
