/* SPDX-License-Identifier: Apache-2.0 */
/* muster app ... */
#include "cli/cli.h"

#include "base/env.h"
#include "base/limits.h"

#include <ctype.h>

static const struct column app_columns[] = {
    {"APP", "label", NULL}, {"STATUS", "status", NULL}, {"TYPE", "name", NULL}, {"ID", "id", NULL}, {0}};

int cmd_app_list(struct cli *cli)
{
    const char *q = cli_option(cli, "q");
    int r = client_open(cli);
    if (r)
        return r;
    const char *path = q ? client_path(cli, "/api/v1/apps?limit=200&q=%s", q) : "/api/v1/apps?limit=200";
    return cli_print_list(cli, path, app_columns, "no apps");
}

static int open_and_find(struct cli *cli, const char **ret_id)
{
    int r = client_open(cli);
    return r ? r : resolve_app(cli, cli->args[0], ret_id);
}

/* The part at `path`, or {"error": ...} where the server has none. */
static int add_part(struct cli *cli, struct jval *all, const char *name, const char *path)
{
    struct answer answer;
    int r = client_try(cli->client, "GET", path, NULL, &answer);
    if (r == CLI_OK && answer.body)
        jval_set(all, name, jval_copy(answer.body));
    /* An app without a connection has neither connection nor switches: that is no failure of this verb. */
    return r == CLI_REFUSED && (answer.status == 400 || answer.status == 404) ? CLI_OK
           : r                                                                ? client_complain(cli, r)
                                                                              : CLI_OK;
}

int cmd_app_show(struct cli *cli)
{
    const char *id;
    struct answer answer;
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, "GET", client_path(cli, "/api/v1/apps/%s", id), NULL, &answer);
    if (r)
        return r;
    struct jval *all CLEANUP(jval_freep) = jval_copy(answer.body);
    r = add_part(cli, all, "connection", client_path(cli, "/api/v1/apps/%s/connections/default", id));
    if (r == CLI_OK)
        r = add_part(cli, all, "switches", client_path(cli, "/api/v1/apps/%s/features/USER_PROVISIONING", id));
    if (r == CLI_OK)
        r = add_part(cli, all, "capture", client_path(cli, "/api/v1/apps/%s/capture", id));
    if (r == CLI_OK)
        r = cli_add_pause(cli, all);
    if (r == CLI_OK)
        cli_print_object(cli, all);
    return r;
}

int cmd_app_create(struct cli *cli)
{
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(body, "label", cli->args[0]);
    if (cli_option(cli, "name"))
        jval_set_str(body, "name", cli_option(cli, "name"));
    jval_set_str(body, "signOnMode", "AUTO_LOGIN");
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = client_call(cli, "POST",
                        cli_flag(cli, "inactive") ? "/api/v1/apps?activate=false" : "/api/v1/apps?activate=true", body,
                        &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "created %s (%s, %s)", cli->args[0], jval_get_str(answer.body, "id"),
            jval_get_str(answer.body, "status"));
    return CLI_OK;
}

/* --- switches --------------------------------------------------------------------------------------------------------
 */

static void set_path(struct jval *object, const char *dotted, const char *last, const char *value)
{
    struct jval *at = object;
    for (const char *p = dotted; *p;) {
        size_t n = strcspn(p, ".");
        char key[64];
        (void)snprintf(key, sizeof(key), "%.*s", (int)n, p);
        if (!jval_get(at, key))
            jval_set(at, key, jval_new_object());
        at = jval_get(at, key);
        p += n + (p[n] == '.');
    }
    jval_set_str(at, last, value);
}

#define DELETE_LINKED "delete-linked-groups"

static bool is_word(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && strncmp(text, word, n) == 0;
}

/* Sets the switches of that name, or all. False when there is none. */
static bool set_switch(struct jval *body, const char *name, size_t n, bool on)
{
    static const char *const switches[][2] = {
        {"create", "create.lifecycleCreate"},
        {"update", "update.profile"},
        {"deactivate", "update.lifecycleDeactivate"},
    };
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        if (!is_word(name, n, "all") && !is_word(name, n, switches[i][0]))
            continue;
        set_path(body, switches[i][1], "status", on ? "ENABLED" : "DISABLED");
        found = true;
    }
    return found;
}

/* The value of "verify=sampled" or "dialect=catalog" as the API has it; NULL for what is none. `n`: of the word before
 * "=". */
static const char *choice_of(const char *word, size_t n, const char **ret_field)
{
    static const char *const choices[][3] = {
        {"verify", "=never", "NEVER"},        {"verify", "=sampled", "SAMPLED"},  {"verify", "=always", "ALWAYS"},
        {"dialect", "=standard", "STANDARD"}, {"dialect", "=catalog", "CATALOG"}, {"dialect", "=custom", "CUSTOM"},
    };
    for (size_t i = 0; i < ARRAY_LEN(choices); i++)
        if (is_word(word, n, choices[i][0]) && str_eq(word + n, choices[i][1])) {
            *ret_field = choices[i][0];
            return choices[i][2];
        }
    return NULL;
}

/* `settings` is the body for the settings of group push, which are beside the published switches. */
static int read_switches(struct cli *cli, struct jval *body, struct jval *settings)
{
    for (size_t i = 1; i < cli->arg_count; i++) {
        const char *word = cli->args[i];
        size_t n = strcspn(word, "=");
        bool on = strcmp(word + n, "=on") == 0, off = strcmp(word + n, "=off") == 0;
        bool linked = is_word(word, n, DELETE_LINKED);
        const char *field = NULL;
        const char *choice = choice_of(word, n, &field);
        if (choice)
            jval_set_str(settings, field, choice);
        else if (linked && (on || off))
            jval_set(settings, "deleteLinkedGroups", jval_new_bool(on));
        else if (!(on || off) || !set_switch(body, word, n, on))
            return cli_fail(cli, CLI_USAGE,
                            "%s: give switches as create=on, update=on, deactivate=off, all=on, " DELETE_LINKED
                            "=off, verify=never|sampled|always or dialect=standard|catalog|custom",
                            word);
    }
    return CLI_OK;
}

/* The object after the change, or as it is when there is none. */
static int put_or_get(struct cli *cli, const char *path, const struct jval *change, struct jval **ret)
{
    struct answer answer;
    int r = jval_len(change) ? client_call(cli, "PUT", path, change, &answer)
                             : client_call(cli, "GET", path, NULL, &answer);
    if (r == CLI_OK)
        *ret = jval_ref(answer.body);
    return r;
}

/* In small letters, as it is given. */
static void print_choice(struct cli *cli, struct table *table, const struct jval *settings, const char *field,
                         const char *otherwise)
{
    const char *value = jval_get_str(settings, field);
    char *lower = arena_strdup(cli->arena, value ? value : otherwise);
    for (char *p = lower; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    table_cell(table, field);
    table_cell(table, lower);
}

static void print_switches(struct cli *cli, const struct jval *feature, const struct jval *settings)
{
    static const char *const shown[][2] = {{"create", "capabilities.create.lifecycleCreate.status"},
                                           {"update", "capabilities.update.profile.status"},
                                           {"deactivate", "capabilities.update.lifecycleDeactivate.status"}};
    struct table *table = table_new(cli->arena, NULL, 2);
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        table_cell(table, shown[i][0]);
        table_cell(table, str_eq(jval_str(jval_path(feature, shown[i][1])), "ENABLED") ? "on" : "off");
    }
    table_cell(table, DELETE_LINKED);
    table_cell(table, jval_is_true(jval_get(settings, "deleteLinkedGroups")) ? "on" : "off");
    print_choice(cli, table, settings, "verify", "never");
    print_choice(cli, table, settings, "dialect", "standard");
    table_print(table);
}

int cmd_app_switch(struct cli *cli)
{
    const char *id;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *change CLEANUP(jval_freep) = jval_new_object();
    struct jval *feature CLEANUP(jval_freep) = NULL;
    struct jval *settings CLEANUP(jval_freep) = NULL;
    int r = read_switches(cli, body, change);
    if (r == CLI_OK)
        r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = put_or_get(cli, client_path(cli, "/api/v1/apps/%s/features/USER_PROVISIONING", id), body, &feature);
    if (r == CLI_OK)
        r = put_or_get(cli, client_path(cli, "/api/v1/apps/%s/group-push/settings", id), change, &settings);
    if (r)
        return r;
    if (cli->json) {
        struct jval *both = jval_copy(feature);
        jval_set(both, "groupPush", jval_ref(settings));
        cli_print_json(cli, both);
    } else {
        print_switches(cli, feature, settings);
    }
    return CLI_OK;
}

/* --- assignments -----------------------------------------------------------------------------------------------------
 */

static int assignment_done(struct cli *cli, int r, const struct answer *answer, const char *what)
{
    if (r)
        return r;
    if (cli->json) {
        if (answer->body)
            cli_print_object(cli, answer->body);
        else
            cli_print_json(cli, jval_new_object());
    }
    cli_say(cli, "%s %s %s", cli->args[1], what, cli->args[0]);
    return CLI_OK;
}

int cmd_app_assign(struct cli *cli)
{
    const char *app, *id;
    int64_t priority;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct answer answer;
    int r = cli_option_int(cli, "priority", -1, 0, 10000, &priority);
    if (r == CLI_OK)
        r = open_and_find(cli, &app);
    if (r)
        return r;
    if (cli_flag(cli, "user")) {
        r = resolve_user(cli, cli->args[1], &id);
        jval_set_str(body, "id", r ? NULL : id);
        jval_set_str(body, "scope", "USER");
        if (r == CLI_OK)
            r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/users", app), body, &answer);
    } else {
        r = resolve_group(cli, cli->args[1], &id);
        if (priority >= 0)
            jval_set(body, "priority", jval_new_int(priority));
        if (r == CLI_OK)
            r = client_call(cli, "PUT", client_path(cli, "/api/v1/apps/%s/groups/%s", app, id), body, &answer);
    }
    return assignment_done(cli, r, &answer, "is assigned to");
}

int cmd_app_unassign(struct cli *cli)
{
    const char *app, *id;
    struct answer answer;
    bool user = cli_flag(cli, "user");
    int r = open_and_find(cli, &app);
    if (r == CLI_OK)
        r = user ? resolve_user(cli, cli->args[1], &id) : resolve_group(cli, cli->args[1], &id);
    if (r == CLI_OK)
        r = client_call(cli, "DELETE",
                        user ? client_path(cli, "/api/v1/apps/%s/users/%s", app, id)
                             : client_path(cli, "/api/v1/apps/%s/groups/%s", app, id),
                        NULL, &answer);
    return assignment_done(cli, r, &answer, "is no longer assigned to");
}

int cmd_app_accounts(struct cli *cli)
{
    static const struct column columns[] = {{"USER NAME", "credentials.userName", NULL},
                                            {"STATUS", "status", NULL},
                                            {"SYNC", "syncState", NULL},
                                            {"SCOPE", "scope", NULL},
                                            {"ID IN THE APP", "externalId", NULL},
                                            {"ID", "id", NULL},
                                            {0}};
    const char *id;
    int r = open_and_find(cli, &id);
    return r ? r : cli_print_list(cli, client_path(cli, "/api/v1/apps/%s/users?limit=500", id), columns, "no accounts");
}

static const char *embedded_name(struct cli *cli, const struct jval *item)
{
    (void)cli;
    return jval_str(jval_path(item, "_embedded.group.profile.name"));
}

int cmd_app_groups(struct cli *cli)
{
    static const struct column columns[] = {
        {"GROUP", NULL, embedded_name}, {"PRIORITY", "priority", NULL}, {"ID", "id", NULL}, {0}};
    const char *id;
    int r = open_and_find(cli, &id);
    return r ? r
             : cli_print_list(cli, client_path(cli, "/api/v1/apps/%s/groups?limit=200&expand=group", id), columns,
                              "no groups are assigned");
}

/* --- the backlog -----------------------------------------------------------------------------------------------------
 */

int cmd_app_backlog(struct cli *cli)
{
    const char *id;
    struct answer answer;
    bool send = cli_flag(cli, "send");
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, send ? "POST" : "GET", client_path(cli, "/api/v1/apps/%s/backlog", id), NULL, &answer);
    if (r)
        return r;
    if (cli->json) {
        cli_print_object(cli, answer.body);
        return CLI_OK;
    }
    static const char *const counts[][2] = {{"create", "to make"},
                                            {"reactivate", "to activate again"},
                                            {"update", "to update"},
                                            {"deactivate", "to deactivate"}};
    struct table *table = table_new(cli->arena, NULL, 2);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        int64_t count = jval_int(jval_get(answer.body, counts[i][0]), 0);
        table_cell(table, arena_printf(cli->arena, "accounts %s", counts[i][1]));
        table_cell(table, arena_printf(cli->arena, "%lld", (long long)count));
    }
    table_print(table);
    if (!jval_is_true(jval_get(answer.body, "complete")))
        cli_say(cli, "(of the first %lld accounts; there are more)",
                (long long)jval_int(jval_get(answer.body, "looked"), 0));
    cli_say(cli, send ? "queued; `muster wait` tells how it goes" : "nothing was sent; --send does it");
    return CLI_OK;
}

/* --- status ----------------------------------------------------------------------------------------------------------
 */

int cmd_app_lifecycle(struct cli *cli)
{
    bool activate = strcmp(cli->verb->name, "app activate") == 0;
    const char *id;
    struct answer answer;
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, "POST",
                        activate ? client_path(cli, "/api/v1/apps/%s/lifecycle/activate", id)
                                 : client_path(cli, "/api/v1/apps/%s/lifecycle/deactivate", id),
                        NULL, &answer);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, activate ? "activated" : "deactivated", id);
    cli_print_json(cli, out);
    cli_say(cli, activate ? "activated %s" : "deactivated %s: nothing more is sent to it", cli->args[0]);
    return CLI_OK;
}

int cmd_app_delete(struct cli *cli)
{
    const char *id;
    struct answer answer;
    int r = open_and_find(cli, &id);
    if (r == CLI_OK && cli_flag(cli, "deactivate"))
        r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/lifecycle/deactivate", id), NULL, &answer);
    if (r == CLI_OK)
        r = client_call(cli, "DELETE", client_path(cli, "/api/v1/apps/%s", id), NULL, &answer);
    if (r)
        return r;
    struct jval *out = jval_new_object();
    jval_set_str(out, "deleted", id);
    cli_print_json(cli, out);
    cli_say(cli, "deleted %s; nothing was changed in the app itself", cli->args[0]);
    return CLI_OK;
}
