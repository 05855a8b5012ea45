/* SPDX-License-Identifier: Apache-2.0 */
/* muster profile-mapping ... */
#include "cli/cli.h"

#include "base/text.h"

/* The id of the app's profile mapping: of the app named by the first argument. */
static int open_and_find(struct cli *cli, const char **ret_id)
{
    const char *app = NULL;
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    if (r == CLI_OK)
        r = client_call(cli, "GET", client_path(cli, "/api/v1/mappings?targetId=%s", app), NULL, &answer);
    if (r)
        return r;
    const char *id = jval_get_str(jval_at(answer.body, 0), "id");
    if (!id)
        return cli_fail(cli, CLI_FAILED, "there is no app %s; `muster app list` shows them", cli->args[0]);
    *ret_id = arena_strdup(cli->arena, id);
    return CLI_OK;
}

static void print_properties(struct cli *cli, const struct jval *properties)
{
    static const char *const headings[] = {"ATTRIBUTE", "EXPRESSION", "SENT"};
    struct table *table = table_new(cli->arena, headings, ARRAY_LEN(headings));
    for (void *it = jval_first(properties); it; it = jval_next(properties, it)) {
        const struct jval *property = jval_iter_value(it);
        const char *error = jval_get_str(property, "error");
        bool always = str_eq(jval_get_str(property, "pushStatus"), "PUSH");
        table_cell(table, jval_iter_key(it));
        table_cell(table, jval_get_str(property, "expression"));
        table_cell(table, error ? error : always ? "always" : "on creation");
    }
    table_print(table);
}

int cmd_profile_mapping_show(struct cli *cli)
{
    const char *id = "";
    struct answer answer;
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, "GET", client_path(cli, "/api/v1/mappings/%s", id), NULL, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    else
        print_properties(cli, jval_get(answer.body, "properties"));
    return CLI_OK;
}

/* "title=user.title" of the arguments from `first` on, as {"title": {"expression", "pushStatus"}}. The caller frees. */
static int read_properties(struct cli *cli, size_t first, struct jval **ret)
{
    *ret = jval_new_object();
    for (size_t i = first; i < cli->arg_count; i++) {
        const char *text = cli->args[i];
        const char *equals = strchr(text, '=');
        if (!equals || equals == text || !text_is_utf8(text, strlen(text)))
            return cli_fail(cli, CLI_USAGE, "%s: give ATTRIBUTE=EXPRESSION, as in 'title=user.title ?: \"Employee\"'",
                            cli_clean(cli->arena, text));
        struct jval *property = jval_new_object();
        jval_set_str(property, "expression", equals + 1);
        jval_set_str(property, "pushStatus", cli_flag(cli, "on-creation") ? "DONT_PUSH" : "PUSH");
        jval_set(*ret, arena_strndup(cli->arena, text, (size_t)(equals - text)), property);
    }
    return CLI_OK;
}

static int change(struct cli *cli, struct jval *properties, const char *said)
{
    const char *id = "";
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set(body, "properties", properties);
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/mappings/%s", id), body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "%s; whoever has %s is looked at now: muster wait --app \"%s\"", said, cli->args[0], cli->args[0]);
    return CLI_OK;
}

int cmd_profile_mapping_set(struct cli *cli)
{
    struct jval *properties = NULL;
    int r = read_properties(cli, 1, &properties);
    if (r) {
        (void)jval_free(properties);
        return r;
    }
    return change(cli, properties, "mapped");
}

int cmd_profile_mapping_unset(struct cli *cli)
{
    struct jval *properties = jval_new_object();
    for (size_t i = 1; i < cli->arg_count; i++)
        jval_set(properties, cli->args[i], jval_new_null());
    return change(cli, properties, "not mapped any more; the app keeps what it has");
}

static void print_preview(struct cli *cli, const struct jval *preview)
{
    static const char *const headings[] = {"ATTRIBUTE", "VALUE", "FROM"};
    struct table *table = table_new(cli->arena, headings, ARRAY_LEN(headings));
    const struct jval *profile = jval_get(preview, "profile");
    const struct jval *sources = jval_get(preview, "sources");
    for (void *it = jval_first(profile); it; it = jval_next(profile, it)) {
        const char *text = jval_str(jval_iter_value(it));
        table_cell(table, jval_iter_key(it));
        table_cell(table, text ? text : jval_text(cli->arena, jval_iter_value(it), false));
        table_cell(table, jval_get_str(sources, jval_iter_key(it)));
    }
    table_print(table);
    const struct jval *errors = jval_get(preview, "errors");
    for (size_t i = 0; i < jval_len(errors); i++)
        cli_say(cli, "error: %s: %s", jval_get_str(jval_at(errors, i), "property"),
                jval_get_str(jval_at(errors, i), "errorSummary"));
    if (!jval_is_true(jval_get(preview, "assigned")))
        cli_say(cli, "%s does not have the app: this is what an assignment would give", cli->args[1]);
    else if (!jval_is_true(jval_get(preview, "changes")))
        cli_say(cli, "this is what the app holds already");
}

/* Attributes that no value can be made for are a failure, so that scripts notice. */
int cmd_profile_mapping_preview(struct cli *cli)
{
    const char *id = "";
    const char *user = "";
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *properties = NULL;
    int r = read_properties(cli, 2, &properties);
    if (cli->arg_count > 2)
        jval_set(body, "properties", properties);
    else
        (void)jval_free(properties);
    if (r == CLI_OK)
        r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = resolve_user(cli, cli->args[1], &user);
    if (r)
        return r;
    jval_set_str(body, "userId", user);
    r = client_call(cli, "POST", client_path(cli, "/api/v1/mappings/%s/preview", id), body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    else
        print_preview(cli, answer.body);
    return jval_len(jval_get(answer.body, "errors")) ? CLI_FAILED : CLI_OK;
}
