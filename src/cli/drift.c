/* SPDX-License-Identifier: Apache-2.0 */
/* muster drift ...: scans of what an app holds, the differences that they found, and what is done about them. */
#include "cli/cli.h"

#include "base/csv.h"
#include "base/env.h"

#include <ctype.h>
#include <time.h>

#define LOOK_MS 200 /* milliseconds between two looks at a scan */
#define SCAN_TIMEOUT_MS (60 * 60 * 1000)
#define HOURS_MAX 720
#define CSV_LINE_BYTES (256 * 1024)

static int64_t monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t number(const struct jval *object, const char *name)
{
    return jval_int(jval_get(object, name), 0);
}

static int open_and_find(struct cli *cli, const char **ret_app)
{
    int r = client_open(cli);
    return r ? r : resolve_app(cli, cli->args[0], ret_app);
}

/* --- how far in step -----------------------------------------------------------------------------------------------
 */

static void say_totals(struct cli *cli, const struct jval *totals)
{
    cli_say(cli, "%lld of %lld members are in step, in %lld groups; %lld of %lld accounts",
            (long long)number(totals, "membersInStep"), (long long)number(totals, "members"),
            (long long)number(totals, "groups"), (long long)number(totals, "accountsInStep"),
            (long long)number(totals, "accounts"));
    if (number(totals, "groupsNotVerifiable"))
        cli_say(cli, "%lld groups with %lld members cannot be verified: the app does not show who is in them",
                (long long)number(totals, "groupsNotVerifiable"), (long long)number(totals, "membersNotVerifiable"));
    if (number(totals, "groupsBusy"))
        cli_say(cli, "%lld groups were being pushed all the time, and are looked at by the next scan",
                (long long)number(totals, "groupsBusy"));
}

int cmd_drift_show(struct cli *cli)
{
    const char *app;
    struct answer answer;
    int r = open_and_find(cli, &app);
    if (r == CLI_OK)
        r = client_call(cli, "GET", client_path(cli, "/api/v1/apps/%s/drift", app), NULL, &answer);
    if (r)
        return r;
    if (cli->json) {
        cli_print_object(cli, answer.body);
        return CLI_OK;
    }
    const struct jval *last = jval_get(answer.body, "lastScan");
    const struct jval *differences = jval_get(answer.body, "differences");
    if (!last) {
        cli_say(cli, "no scan was completed yet; `muster drift scan` makes one");
        return CLI_OK;
    }
    cli_say(cli, "as of %s", jval_get_str(last, "finished"));
    say_totals(cli, answer.body);
    for (size_t i = 0; i < jval_len(differences); i++) {
        const struct jval *each = jval_at(differences, i);
        cli_say(cli, "%lld %s, cause %s", (long long)number(each, "count"), jval_get_str(each, "kind"),
                jval_get_str(each, "cause"));
    }
    cli_say(cli, "%lld are being repaired, %lld are accepted", (long long)number(answer.body, "repairing"),
            (long long)number(answer.body, "accepted"));
    return CLI_OK;
}

/* --- a scan --------------------------------------------------------------------------------------------------------
 */

static int say_end(struct cli *cli, const struct jval *scan, bool over)
{
    const char *id = jval_get_str(scan, "id");
    const char *status = jval_get_str(scan, "status");
    const char *error = jval_get_str(scan, "error");
    if (cli->json)
        cli_print_object(cli, scan);
    if (!over)
        return cli_fail(cli, CLI_TIMEOUT, "the time is up and scan %s is %s; it goes on. `muster drift show` tells", id,
                        status);
    if (!str_eq(status, "COMPLETED"))
        return cli_fail(cli, CLI_FAILED, "scan %s is %s, and nothing was changed: %s", id, status,
                        error ? error : "an administrator ended it");
    say_totals(cli, scan);
    cli_say(cli, "%lld differences, %lld of them new; `muster drift list` lists them",
            (long long)number(scan, "differences"), (long long)number(scan, "new"));
    return CLI_OK;
}

static int follow(struct cli *cli, const char *path, int64_t timeout)
{
    struct answer answer;
    int64_t deadline = monotonic_ms() + timeout;
    for (;;) {
        int r = client_call(cli, "GET", path, NULL, &answer);
        bool over = r == CLI_OK && jval_get_str(answer.body, "finished");
        if (r || over || monotonic_ms() >= deadline)
            return r ? r : say_end(cli, answer.body, over);
        struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
}

int cmd_drift_scan(struct cli *cli)
{
    const char *app;
    int64_t timeout;
    struct answer answer;
    int r = cli_option_duration(cli, "timeout", SCAN_TIMEOUT_MS, &timeout);
    if (r == CLI_OK)
        r = open_and_find(cli, &app);
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/drift/scans", app), NULL, &answer);
    if (r)
        return r;
    const char *id = arena_strdup(cli->arena, jval_get_str(answer.body, "id"));
    if (!cli_flag(cli, "no-wait"))
        return follow(cli, client_path(cli, "/api/v1/apps/%s/drift/scans/%s", app, id), timeout);
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "scan %s is queued", id);
    return CLI_OK;
}

/* --- differences ---------------------------------------------------------------------------------------------------
 */

/* Options that select, and what they are called in a call. */
static const struct {
    const char *option, *name;
} selectors[] = {{"kind", "kind"},   {"cause", "cause"},         {"class", "class"},         {"status", "status"},
                 {"user", "userId"}, {"group", "targetGroupId"}, {"external", "externalId"}, {NULL, NULL}};

static int selector_value(struct cli *cli, size_t i, const char **ret)
{
    const char *value = cli_option(cli, selectors[i].option);
    *ret = value;
    if (value && strcmp(selectors[i].option, "group") == 0)
        return resolve_group(cli, value, ret);
    return value && strcmp(selectors[i].option, "user") == 0 ? resolve_user(cli, value, ret) : CLI_OK;
}

static int list_path(struct cli *cli, const char *app, const char *what, const char **ret)
{
    const char *path = arena_printf(cli->arena, "/api/v1/apps/%s/drift/%s?limit=1000", app, what);
    for (size_t i = 0; selectors[i].option; i++) {
        const char *value = NULL;
        int r = selector_value(cli, i, &value);
        if (r)
            return r;
        if (value)
            path = arena_printf(cli->arena, "%s&%s=%s", path, selectors[i].name, client_path(cli, "%s", value));
    }
    *ret = path;
    return CLI_OK;
}

/* The login, or the group where it is about one. */
static const char *who_text(struct cli *cli, const struct jval *item)
{
    static const char *const names[] = {"login", "externalId"};
    (void)cli;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (jval_get_str(item, names[i]))
            return jval_get_str(item, names[i]);
    return "";
}

static const char *value_text(struct cli *cli, const struct jval *item)
{
    const char *found = jval_get_str(item, "found");
    const char *wanted = jval_get_str(item, "wanted");
    const char *attribute = jval_get_str(item, "attribute");
    if (!jval_get(item, "found"))
        return "";
    return arena_printf(cli->arena, "%s%s\"%s\" instead of \"%s\"", attribute ? attribute : "", attribute ? " " : "",
                        found ? found : "", wanted ? wanted : "");
}

static int write_csv(const struct jval *item, void *data)
{
    static const char *const columns[] = {
        "id",         "kind",      "cause",        "class",  "status", "login", "targetGroupName",
        "externalId", "attribute", "acknowledged", "wanted", "found",  "error", "since"};
    struct buf line;
    (void)data;
    buf_init(&line, CSV_LINE_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        csv_field(&line, jval_get_str(item, columns[i]), i + 1 == ARRAY_LEN(columns));
    bool written = fwrite(buf_text(&line), 1, line.len, stdout) == line.len;
    buf_free(&line);
    return written ? 0 : -1;
}

static int list(struct cli *cli, const char *what, const char *nothing)
{
    static const struct column columns[] = {
        {"ID", "id", NULL},          {"KIND", "kind", NULL},
        {"CAUSE", "cause", NULL},    {"CLASS", "class", NULL},
        {"WHO", NULL, who_text},     {"GROUP", "targetGroupName", NULL},
        {"VALUE", NULL, value_text}, {"STATUS", "status", NULL},
        {"SINCE", "since", NULL},    {"NOTE", "accepted.note", NULL},
        {"ERROR", "error", NULL},    {0},
    };
    const char *app;
    const char *path;
    int r = open_and_find(cli, &app);
    if (r == CLI_OK)
        r = list_path(cli, app, what, &path);
    if (r)
        return r;
    if (!cli_flag(cli, "csv"))
        return cli_print_list(cli, path, columns, nothing);
    (void)fputs("id,kind,cause,class,status,login,group,externalId,attribute,acknowledged,wanted,found,error,since\r\n",
                stdout);
    return client_each(cli, path, write_csv, NULL);
}

int cmd_drift_list(struct cli *cli)
{
    return list(cli, "differences", "the last scan found no differences");
}

int cmd_drift_exceptions(struct cli *cli)
{
    return list(cli, "exceptions", "nothing is accepted in this app");
}

/* --- acts ----------------------------------------------------------------------------------------------------------
 */

static int read_selection(struct cli *cli, struct jval *body)
{
    bool any = cli_flag(cli, "all");
    for (size_t i = 0; selectors[i].option; i++) {
        const char *value = NULL;
        int r = selector_value(cli, i, &value);
        if (r)
            return r;
        any |= value != NULL;
        if (value)
            jval_set_str(body, selectors[i].name, value);
    }
    if (!any)
        return cli_fail(
            cli, CLI_USAGE,
            "say which differences: their ids, or --group, --user, --kind, --cause, --class, --external, or "
            "--all");
    jval_set(body, "all", jval_new_bool(true));
    return CLI_OK;
}

/* One call for each id, or one for all that are selected. */
static int act_once(struct cli *cli, const char *path, const char *id, const char *counted, int64_t *ret_count)
{
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    int r = CLI_OK;
    if (id)
        jval_set_str(body, "differenceId", id);
    else
        r = read_selection(cli, body);
    if (cli->verb && strcmp(cli->verb->name, "drift accept") == 0 && cli_option(cli, "note"))
        jval_set_str(body, "note", cli_option(cli, "note"));
    bool more = r == CLI_OK;
    while (more) { /* very many are done in parts */
        r = client_call(cli, "POST", path, body, &answer);
        more = r == CLI_OK && jval_is_true(jval_get(answer.body, "more")) && number(answer.body, counted) > 0;
        *ret_count += r == CLI_OK ? number(answer.body, counted) : 0;
    }
    return r;
}

static int act(struct cli *cli, bool accept)
{
    const char *counted = accept ? "accepted" : "repairing";
    const char *app;
    int64_t count = 0;
    int worst = open_and_find(cli, &app);
    if (worst)
        return worst;
    const char *path = client_path(cli, "/api/v1/apps/%s/drift/%s", app, accept ? "accept" : "repair");
    if (cli->arg_count == 1)
        worst = act_once(cli, path, NULL, counted, &count);
    for (size_t i = 1; i < cli->arg_count && worst != CLI_UNREACHABLE && worst != CLI_TIMEOUT; i++) {
        int r = act_once(cli, path, cli->args[i], counted, &count);
        worst = cli_worse(worst, r);
    }
    if (worst && count == 0)
        return worst;
    struct jval *answer = jval_new_object();
    jval_set(answer, counted, jval_new_int(count));
    cli_print_json(cli, answer);
    cli_say(cli,
            accept ? "%lld differences are accepted; nothing was changed anywhere"
                   : "%lld differences are being repaired; the next scan tells what became of it",
            (long long)count);
    return worst;
}

int cmd_drift_repair(struct cli *cli)
{
    return act(cli, false);
}

int cmd_drift_accept(struct cli *cli)
{
    return act(cli, true);
}

int cmd_drift_revoke(struct cli *cli)
{
    const char *app;
    int worst = open_and_find(cli, &app);
    if (worst)
        return worst;
    struct jval *done = jval_new_array();
    for (size_t i = 1; i < cli->arg_count && worst != CLI_UNREACHABLE && worst != CLI_TIMEOUT; i++) {
        struct answer answer;
        int r = client_call(cli, "DELETE", client_path(cli, "/api/v1/apps/%s/drift/exceptions/%s", app, cli->args[i]),
                            NULL, &answer);
        if (r == CLI_OK) {
            jval_append(done, jval_new_str(cli->args[i]));
            cli_say(cli, "%s is no exception any more", cli->args[i]);
        }
        worst = r ? r : worst;
    }
    cli_print_json(cli, done);
    return worst;
}

/* --- settings ------------------------------------------------------------------------------------------------------
 */

/* "member-extra" to "MEMBER_EXTRA". */
static const char *as_name(struct cli *cli, const char *text)
{
    char *name = arena_strdup(cli->arena, text);
    for (char *p = name; *p; p++)
        *p = (char)(*p == '-' ? '_' : toupper((unsigned char)*p));
    return name;
}

/* "24h", "24" or "off". */
static int read_every(struct cli *cli, const char *value, struct jval *body)
{
    char *end = NULL;
    bool off = strcmp(value, "off") == 0;
    long hours = off ? 0 : strtol(value, &end, 10);
    if (!off && (end == value || (*end && strcmp(end, "h") != 0) || hours < 1 || hours > HOURS_MAX))
        return cli_fail(cli, CLI_USAGE, "every=%s: give hours from 1 to %d, as in every=24h, or every=off", value,
                        HOURS_MAX);
    jval_set(body, "everyHours", jval_new_int(hours));
    return CLI_OK;
}

static int read_requests(struct cli *cli, const char *value, struct jval *body)
{
    char *end = NULL;
    long requests = strtol(value, &end, 10);
    if (end == value || *end)
        return cli_fail(cli, CLI_USAGE, "requests-per-hour=%s: give a number, as in requests-per-hour=3600", value);
    jval_set(body, "requestsPerHour", jval_new_int(requests));
    return CLI_OK;
}

static int read_setting(struct cli *cli, const char *text, struct jval *body, struct jval *actions)
{
    const char *sign = strchr(text, '=');
    if (!sign)
        return cli_fail(cli, CLI_USAGE,
                        "%s: give every=24h, requests-per-hour=N, or KIND=alert, repair or accept, as in "
                        "member-extra=repair",
                        text);
    const char *name = arena_strndup(cli->arena, text, (size_t)(sign - text));
    if (strcmp(name, "every") == 0)
        return read_every(cli, sign + 1, body);
    if (strcmp(name, "requests-per-hour") == 0)
        return read_requests(cli, sign + 1, body);
    jval_set_str(actions, as_name(cli, name), as_name(cli, sign + 1));
    return CLI_OK;
}

int cmd_drift_settings(struct cli *cli)
{
    const char *app;
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *actions = jval_new_object();
    int r = CLI_OK;
    jval_set(body, "actions", actions);
    for (size_t i = 1; r == CLI_OK && i < cli->arg_count; i++)
        r = read_setting(cli, cli->args[i], body, actions);
    if (r == CLI_OK)
        r = open_and_find(cli, &app);
    bool set = cli->arg_count > 1;
    if (r == CLI_OK)
        r = client_call(cli, set ? "PUT" : "GET", client_path(cli, "/api/v1/apps/%s/drift/settings", app),
                        set ? body : NULL, &answer);
    if (r)
        return r;
    cli_print_object(cli, answer.body);
    return CLI_OK;
}
