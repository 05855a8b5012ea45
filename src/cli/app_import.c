/* SPDX-License-Identifier: Apache-2.0 */
/* muster app refresh, import, imports, import-cancel, import-approve, imported, confirm, ignore, unignore */
#include "cli/cli.h"

#include "base/env.h"

#include <time.h>

#define LOOK_MS 200 /* milliseconds between two looks at a run */
#define IMPORT_TIMEOUT_MS (60 * 60 * 1000)

static int64_t monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t count(const struct jval *run, const char *path)
{
    return jval_int(jval_path(run, path), 0);
}

/* --- a run ---------------------------------------------------------------------------------------------------------
 */

static void show_progress(struct progress *progress, const struct jval *run)
{
    int64_t read = count(run, "users.read") + count(run, "groups.read");
    int64_t all = MAX_OF(count(run, "users.total"), count(run, "users.read")) +
                  MAX_OF(count(run, "groups.total"), count(run, "groups.read"));
    progress_set(progress, read + count(run, "differences.applied"), all + count(run, "differences.found"));
}

static int say_end(struct cli *cli, const struct jval *run, bool over)
{
    const char *status = jval_get_str(run, "status");
    const char *id = jval_get_str(run, "id");
    if (cli->json)
        cli_print_object(cli, run);
    if (!over)
        return cli_fail(cli, CLI_TIMEOUT,
                        "the time is up and import %s is %s; it goes on. `muster app imports` shows it", id, status);
    if (str_eq(status, "HELD"))
        return cli_fail(cli, CLI_FAILED,
                        "import %s waits for an administrator: %s. `muster app import-approve` lets it "
                        "go on, `muster app import-cancel` ends it",
                        id, jval_get_str(run, "error"));
    if (!str_eq(status, "COMPLETED"))
        return cli_fail(cli, CLI_FAILED, "import %s is %s, and nothing was changed: %s", id, status,
                        jval_get_str(run, "error") ? jval_get_str(run, "error") : "an administrator ended it");
    cli_say(cli,
            "read %lld users and %lld groups; %lld users are new, %lld other than before, %lld gone; %lld confirmed",
            (long long)count(run, "users.read"), (long long)count(run, "groups.read"),
            (long long)count(run, "users.created"), (long long)count(run, "users.updated"),
            (long long)count(run, "users.removed"), (long long)count(run, "users.confirmed"));
    cli_say(cli, "%lld groups are new, %lld renamed, %lld gone; %lld memberships are new, %lld gone",
            (long long)count(run, "groups.created"), (long long)count(run, "groups.updated"),
            (long long)count(run, "groups.removed"), (long long)count(run, "memberships.added"),
            (long long)count(run, "memberships.removed"));
    return CLI_OK;
}

/* Until it is over, waits for somebody, or the time is up. */
static int follow(struct cli *cli, const char *path, int64_t timeout)
{
    struct progress progress;
    struct answer answer;
    int64_t deadline = monotonic_ms() + timeout;
    bool over = false;
    int r = CLI_OK;
    progress_start(&progress, cli, "import");
    for (;;) {
        r = client_try(cli->client, "GET", path, NULL, &answer);
        if (r)
            break;
        over = jval_str(jval_get(answer.body, "finished")) || str_eq(jval_get_str(answer.body, "status"), "HELD");
        show_progress(&progress, answer.body);
        if (over || monotonic_ms() >= deadline)
            break;
        struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    progress_clear(&progress);
    return r ? client_complain(cli, r) : say_end(cli, answer.body, over);
}

static int start(struct cli *cli, const char *format)
{
    const char *app;
    int64_t timeout;
    struct answer answer;
    int r = cli_option_duration(cli, "timeout", IMPORT_TIMEOUT_MS, &timeout);
    if (r == CLI_OK)
        r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    if (r == CLI_OK)
        r = client_call(cli, "POST", arena_printf(cli->arena, "/api/v1/apps/%s/%s", app, format), NULL, &answer);
    if (r)
        return r;
    const char *id = arena_strdup(cli->arena, jval_get_str(answer.body, "id"));
    if (!cli_flag(cli, "no-wait"))
        return follow(cli, client_path(cli, "/api/v1/apps/%s/imports/%s", app, id), timeout);
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "import %s is queued", id);
    return CLI_OK;
}

int cmd_app_refresh(struct cli *cli)
{
    return start(cli, "group-push/refresh");
}

int cmd_app_import(struct cli *cli)
{
    return start(cli, "imports");
}

static const char *number_read(struct cli *cli, const struct jval *run)
{
    return arena_printf(cli->arena, "%lld + %lld", (long long)count(run, "users.read"),
                        (long long)count(run, "groups.read"));
}

static const char *number_different(struct cli *cli, const struct jval *run)
{
    return arena_printf(cli->arena, "%lld", (long long)count(run, "differences.found"));
}

int cmd_app_imports(struct cli *cli)
{
    static const struct column columns[] = {{"IMPORT", "id", NULL},
                                            {"TYPE", "type", NULL},
                                            {"STATUS", "status", NULL},
                                            {"USERS + GROUPS READ", NULL, number_read},
                                            {"DIFFERENCES", NULL, number_different},
                                            {"STARTED", "started", NULL},
                                            {"ERROR", "error", NULL},
                                            {0}};
    const char *app;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    return r ? r
             : cli_print_list(cli, client_path(cli, "/api/v1/apps/%s/imports?limit=50", app), columns,
                              "nothing was imported yet");
}

/* The newest run: the only one that can be acted on. */
static int act(struct cli *cli, const char *what)
{
    const char *app;
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    if (r == CLI_OK)
        r = client_call(cli, "GET", client_path(cli, "/api/v1/apps/%s/imports?limit=1", app), NULL, &answer);
    const char *id = r ? NULL : arena_strdup(cli->arena, jval_get_str(jval_at(answer.body, 0), "id"));
    if (r == CLI_OK && !id)
        return cli_fail(cli, CLI_FAILED, "nothing was imported from %s yet", cli->args[0]);
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/imports/%s/%s", app, id, what), NULL, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "import %s is %s", id, jval_get_str(answer.body, "status"));
    return CLI_OK;
}

int cmd_app_import_act(struct cli *cli)
{
    return act(cli, strcmp(cli->verb->name, "app import-cancel") == 0 ? "cancel" : "approve");
}

/* --- the app's users -----------------------------------------------------------------------------------------------
 */

int cmd_app_imported(struct cli *cli)
{
    static const struct column columns[] = {{"USER NAME", "credentials.userName", NULL},
                                            {"STATUS", "status", NULL},
                                            {"MATCH", "match", NULL},
                                            {"PERSON", "user.login", NULL},
                                            {"ID", "id", NULL},
                                            {"WHY NOT", "error", NULL},
                                            {0}};
    const char *app;
    const char *status = cli_option(cli, "status") ? cli_option(cli, "status") : "UNCONFIRMED";
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    return r ? r
             : cli_print_list(cli, client_path(cli, "/api/v1/apps/%s/imports/users?limit=200&status=%s", app, status),
                              columns, "there are none");
}

struct finding {
    struct cli *cli;
    const char *name;
    const char *id;
};

static int find_named(const struct jval *item, void *data)
{
    struct finding *finding = data;
    const char *name = jval_str(jval_path(item, "credentials.userName"));
    if (!name || strcasecmp(name, finding->name) != 0)
        return 0;
    finding->id = arena_strdup(finding->cli->arena, jval_get_str(item, "id"));
    return 1;
}

/* An id, or the user name in the app of one in that state. */
static int resolve_imported(struct cli *cli, const char *app, const char *status, const char *text, const char **ret_id)
{
    struct finding finding = {.cli = cli, .name = text};
    *ret_id = text;
    if (id_is_valid(text, "imu"))
        return CLI_OK;
    int r = client_each(cli, client_path(cli, "/api/v1/apps/%s/imports/users?limit=200&status=%s", app, status),
                        find_named, &finding);
    if (r)
        return r;
    if (!finding.id)
        return cli_fail(cli, CLI_FAILED, "no user of the app that is %s is called %s; `muster app imported` shows them",
                        status, text);
    *ret_id = finding.id;
    return CLI_OK;
}

static int decide(struct cli *cli, const char *what, const char *status, const struct jval *body)
{
    const char *app;
    struct jval *done CLEANUP(jval_freep) = jval_new_array();
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    for (size_t i = 1; r == CLI_OK && i < cli->arg_count; i++) {
        const char *id;
        struct answer answer;
        r = resolve_imported(cli, app, status, cli->args[i], &id);
        if (r == CLI_OK)
            r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/imports/users/%s/%s", app, id, what), body,
                            &answer);
        if (r)
            return r;
        jval_append(done, jval_copy(answer.body));
        cli_say(cli, "%s is %s", cli->args[i], jval_get_str(answer.body, "status"));
    }
    if (r == CLI_OK && cli->json)
        cli_print_json(cli, jval_copy(done));
    return r;
}

int cmd_app_confirm(struct cli *cli)
{
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    const char *person = cli_option(cli, "person");
    if (person && (cli_flag(cli, "new") || cli->arg_count > 2))
        return cli_fail(cli, CLI_USAGE, "--person is for one user of the app, and does not go together with --new");
    if (cli_flag(cli, "new"))
        jval_set(body, "create", jval_new_bool(true));
    if (person) {
        const char *id;
        int r = client_open(cli);
        if (r == CLI_OK)
            r = resolve_user(cli, person, &id);
        if (r)
            return r;
        jval_set_str(body, "userId", id);
    }
    return decide(cli, "confirm", "UNCONFIRMED", body);
}

int cmd_app_ignore(struct cli *cli)
{
    bool ignore = strcmp(cli->verb->name, "app ignore") == 0;
    return decide(cli, ignore ? "ignore" : "unignore", ignore ? "UNCONFIRMED" : "IGNORED", NULL);
}
