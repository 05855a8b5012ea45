/* SPDX-License-Identifier: Apache-2.0 */
/* muster app capture, muster record keep: what is kept of what happened, and for how long. */
#include "cli/cli.h"

#include "base/limits.h"

#define MINUTE_MS 60000
#define CAPTURE_MS (3600 * 1000) /* unless --for says otherwise */

static int capture_on(struct cli *cli, const char *path, struct answer *ret)
{
    int64_t ms;
    int r = cli_option_duration(cli, "for", CAPTURE_MS, &ms);
    if (r)
        return r;
    if (ms < MINUTE_MS || ms > (int64_t)LIMIT_CAPTURE_MINUTES * MINUTE_MS)
        return cli_fail(cli, CLI_USAGE, "--for %s: give a time from 1m to %dh", cli_option(cli, "for"),
                        LIMIT_CAPTURE_MINUTES / 60);
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set(body, "minutes", jval_new_int((ms + MINUTE_MS - 1) / MINUTE_MS));
    return client_call(cli, "PUT", path, body, ret);
}

int cmd_app_capture(struct cli *cli)
{
    const char *word = cli->arg_count > 1 ? cli->args[1] : NULL;
    const char *id = NULL;
    struct answer answer = {0};
    if (word && !str_eq(word, "on") && !str_eq(word, "off"))
        return cli_fail(cli, CLI_USAGE, "%s: give on or off, or nothing to look", word);
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &id);
    if (r)
        return r;
    const char *path = client_path(cli, "/api/v1/apps/%s/capture", id);
    if (str_eq(word, "off"))
        r = client_call(cli, "DELETE", path, NULL, &answer);
    if (r == CLI_OK)
        r = str_eq(word, "on") ? capture_on(cli, path, &answer) : client_call(cli, "GET", path, NULL, &answer);
    if (r)
        return r;
    const char *until = jval_get_str(answer.body, "until");
    if (cli->json)
        cli_print_object(cli, answer.body);
    else if (until)
        cli_say(cli, "%s: requests and answers are kept in full until %s", cli->args[0], until);
    else
        cli_say(cli, "%s: requests and answers are redacted", cli->args[0]);
    return CLI_OK;
}

static int read_days(struct cli *cli, struct jval *body)
{
    static const char *const names[][2] = {{"attempts", "attemptDays"}, {"log", "logDays"}};
    for (size_t i = 0; i < cli->arg_count; i++) {
        const char *word = cli->args[i];
        size_t n = strcspn(word, "=");
        char *end = NULL;
        long days = word[n] ? strtol(word + n + 1, &end, 10) : 0;
        const char *field = NULL;
        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            if (strlen(names[k][0]) == n && strncmp(names[k][0], word, n) == 0)
                field = names[k][1];
        if (!field || !end || *end || days < 1 || days > LIMIT_KEEP_DAYS)
            return cli_fail(cli, CLI_USAGE, "%s: give attempts=DAYS or log=DAYS, from 1 to %d", word, LIMIT_KEEP_DAYS);
        jval_set(body, field, jval_new_int(days));
    }
    return CLI_OK;
}

int cmd_record_keep(struct cli *cli)
{
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct answer answer;
    int r = read_days(cli, body);
    if (r == CLI_OK)
        r = client_open(cli);
    if (r == CLI_OK)
        r = jval_len(body) ? client_call(cli, "PUT", "/api/v1/org/record", body, &answer)
                           : client_call(cli, "GET", "/api/v1/org/record", NULL, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    else
        cli_say(cli, "requests to apps are kept for %lld days, the system log for %lld days",
                (long long)jval_int(jval_get(answer.body, "attemptDays"), 0),
                (long long)jval_int(jval_get(answer.body, "logDays"), 0));
    return CLI_OK;
}
