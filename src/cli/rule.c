/* SPDX-License-Identifier: Apache-2.0 */
/* muster rule ... */
#include "cli/cli.h"

static const struct column rule_columns[] = {
    {"RULE", "name", NULL},
    {"STATUS", "status", NULL},
    {"CONDITION", "conditions.expression.value", NULL},
    {"ID", "id", NULL},
    {0},
};

int cmd_rule_list(struct cli *cli)
{
    const char *search = cli_option(cli, "search");
    int r = client_open(cli);
    if (r)
        return r;
    const char *path = search ? client_path(cli, "/api/v1/groups/rules?limit=200&search=%s", search)
                              : "/api/v1/groups/rules?limit=200";
    return cli_print_list(cli, path, rule_columns, "no rules");
}

static int open_and_find(struct cli *cli, const char **ret_id)
{
    int r = client_open(cli);
    return r ? r : resolve_rule(cli, cli->args[0], ret_id);
}

int cmd_rule_show(struct cli *cli)
{
    const char *id;
    struct answer answer;
    int r = open_and_find(cli, &id);
    const char *path = r ? NULL : client_path(cli, "/api/v1/groups/rules/%s?expand=groupIdToGroupNameMap", id);
    if (r == CLI_OK)
        r = client_call(cli, "GET", path, NULL, &answer);
    if (r == CLI_OK)
        cli_print_object(cli, answer.body);
    return r;
}

/* {"exclude": [ids]} of the people or groups that an option names. */
static int read_excluded(struct cli *cli, const char *option, int (*resolve)(struct cli *, const char *, const char **),
                         struct jval *people, const char *key)
{
    struct jval *list = jval_new_array(), *object = jval_new_object();
    jval_set(object, "exclude", list);
    jval_set(people, key, object);
    const char *text;
    for (size_t i = 0; (text = cli_option_at(cli, option, i)); i++) {
        const char *id;
        int r = resolve(cli, text, &id);
        if (r)
            return r;
        jval_append(list, jval_new_str(id));
    }
    return CLI_OK;
}

/* The body of a rule from the command line: CONDITION and GROUPs from argument `first` on. */
static int read_body(struct cli *cli, const char *name, size_t first, struct jval **ret)
{
    struct jval *body = jval_new_object(), *conditions = jval_new_object(), *people = jval_new_object();
    struct jval *expression = jval_new_object(), *actions = jval_new_object(), *assign = jval_new_object();
    struct jval *groups = jval_new_array();
    *ret = body;
    jval_set_str(body, "type", "group_rule");
    jval_set_str(body, "name", name);
    jval_set_str(expression, "type", "urn:okta:expression:1.0");
    jval_set_str(expression, "value", cli->args[first]);
    jval_set(conditions, "expression", expression);
    jval_set(conditions, "people", people);
    jval_set(body, "conditions", conditions);
    jval_set(assign, "groupIds", groups);
    jval_set(actions, "assignUserToGroups", assign);
    jval_set(body, "actions", actions);
    for (size_t i = first + 1; i < cli->arg_count; i++) {
        const char *id;
        int r = resolve_group(cli, cli->args[i], &id);
        if (r)
            return r;
        jval_append(groups, jval_new_str(id));
    }
    int r = read_excluded(cli, "exclude-user", resolve_user, people, "users");
    return r ? r : read_excluded(cli, "exclude-group", resolve_group, people, "groups");
}

int cmd_rule_create(struct cli *cli)
{
    struct jval *body CLEANUP(jval_freep) = NULL;
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = read_body(cli, cli->args[0], 1, &body);
    if (r == CLI_OK)
        r = client_call(cli, "POST", "/api/v1/groups/rules", body, &answer);
    if (r)
        return r;
    const char *id = jval_get_str(answer.body, "id");
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "made the rule %s (%s); it does nothing before: muster rule activate \"%s\"", cli->args[0], id,
            cli->args[0]);
    return CLI_OK;
}

static int act(struct cli *cli, const char *method, const char *what, const char *key, const char *said)
{
    const char *id;
    struct answer answer;
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, method, arena_printf(cli->arena, "/api/v1/groups/rules/%s%s", id, what), NULL, &answer);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, key, id);
    cli_print_json(cli, out);
    cli_say(cli, "%s %s", cli->args[0], said);
    return CLI_OK;
}

int cmd_rule_activate(struct cli *cli)
{
    return act(cli, "POST", "/lifecycle/activate", "activated", "is active; everybody is looked at now");
}

int cmd_rule_deactivate(struct cli *cli)
{
    return act(cli, "POST", "/lifecycle/deactivate", "deactivated", "is inactive; whom it put into groups stays there");
}

int cmd_rule_delete(struct cli *cli)
{
    bool remove = cli_flag(cli, "remove-users");
    return act(cli, "DELETE", remove ? "?removeUsers=true" : "", "deleted",
               remove ? "is deleted; whom it put into groups leaves them, unless there is another reason"
                      : "is deleted; whom it put into groups stays there");
}

static void print_matches(struct cli *cli, const struct jval *users)
{
    static const char *const fields[] = {"login", "name", "status", "id"};
    static const char *const headings[] = {"LOGIN", "NAME", "STATUS", "ID"};
    struct table *table = table_new(cli->arena, headings, ARRAY_LEN(headings));
    for (size_t i = 0; i < jval_len(users); i++)
        for (size_t k = 0; k < ARRAY_LEN(fields); k++)
            table_cell(table, jval_get_str(jval_at(users, i), fields[k]));
    if (table_rows(table))
        table_print(table);
}

int cmd_rule_preview(struct cli *cli)
{
    struct jval *body CLEANUP(jval_freep) = NULL;
    struct answer answer;
    const char *id = NULL;
    int r = client_open(cli);
    if (r == CLI_OK && cli->arg_count == 1) { /* a rule that is there */
        r = resolve_rule(cli, cli->args[0], &id);
        if (r == CLI_OK)
            r = client_call(cli, "GET", client_path(cli, "/api/v1/groups/rules/%s", id), NULL, &answer);
        if (r == CLI_OK)
            body = jval_ref(answer.body);
    } else if (r == CLI_OK) {
        r = read_body(cli, "preview", 0, &body);
    }
    if (r == CLI_OK)
        r = client_call(cli, "POST", "/api/v1/groups/rules/preview?limit=200", body, &answer);
    if (r)
        return r;
    if (cli->json) {
        cli_print_object(cli, answer.body);
        return CLI_OK;
    }
    print_matches(cli, jval_get(answer.body, "users"));
    int64_t failed = jval_int(jval_get(answer.body, "failed"), 0);
    cli_say(cli, "%lld of %lld people match%s", (long long)jval_int(jval_get(answer.body, "matched"), 0),
            (long long)jval_int(jval_get(answer.body, "looked"), 0),
            jval_is_true(jval_get(answer.body, "complete")) ? "" : "; there are more people than one preview looks at");
    if (failed)
        cli_say(cli, "for %lld people the condition takes too much work", (long long)failed);
    return CLI_OK;
}
