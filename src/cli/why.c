/* SPDX-License-Identifier: Apache-2.0 */
/* muster why PERSON [in GROUP] [of APP]; and the recoveries that its answers name. */
#include "cli/cli.h"

#include "base/env.h"

#define EVERYBODY "everybody"
#define LIVE_MS 90000 /* milliseconds that an answer may take: the app is asked twice */

struct question {
    const char *person; /* NULL: everybody */
    const char *group;
    const char *app;
};

static int read_question(struct cli *cli, struct question *ret)
{
    *ret = (struct question){.person = str_eq(cli->args[0], EVERYBODY) ? NULL : cli->args[0]};
    for (size_t i = 1; i < cli->arg_count; i += 2) {
        const char *word = cli->args[i];
        const char **place = str_eq(word, "in") ? &ret->group : str_eq(word, "of") ? &ret->app : NULL;
        if (!place || i + 1 == cli->arg_count || *place)
            return cli_fail(cli, CLI_USAGE, "say it as `muster why PERSON [in GROUP] [of APP]`");
        *place = cli->args[i + 1];
    }
    if (!ret->person && (!ret->group || !ret->app))
        return cli_fail(cli, CLI_USAGE, "say it as `muster why everybody in GROUP of APP`");
    return CLI_OK;
}

/* --- printing ------------------------------------------------------------------------------------------------------
 */

static const char *clean(struct cli *cli, const struct jval *object, const char *name)
{
    return cli_clean(cli->arena, jval_get_str(object, name));
}

static void say_check(struct cli *cli, const struct jval *check)
{
    const char *result = clean(cli, check, "result");
    const char *mark = str_eq(result, "PASS") ? "ok  " : str_eq(result, "FAIL") ? "FAIL" : "  - ";
    const char *since = clean(cli, check, "since");
    const char *by = clean(cli, check, "by");
    cli_say(cli, "  %s %-8s %s%s%s%s%s", mark, clean(cli, check, "area"), clean(cli, check, "fact"),
            *since ? ", since " : "", since, *by ? ", by " : "", by);
}

static void say_remedy(struct cli *cli, const struct jval *cause)
{
    const struct jval *remedy = jval_get(cause, "remedy");
    const struct jval *body = jval_get(remedy, "body");
    const char *next = clean(cli, cause, "nextTry");
    if (!remedy)
        return;
    cli_say(cli, "  what mends it: %s", clean(cli, remedy, "words"));
    if (jval_get_str(remedy, "method"))
        cli_say(cli, "    %s %s%s%s", clean(cli, remedy, "method"), clean(cli, remedy, "path"), body ? " " : "",
                body ? jval_text(cli->arena, body, false) : "");
    if (*next)
        cli_say(cli, "  tried by itself at %s", next);
}

/* The status that the program ends with. */
static int say_diagnosis(struct cli *cli, const struct jval *diagnosis)
{
    const struct jval *checks = jval_get(diagnosis, "checks");
    const char *verdict = jval_get_str(diagnosis, "verdict");
    const char *since = clean(cli, diagnosis, "since");
    cli_say(cli, "%s%s%s", clean(cli, diagnosis, "summary"), *since ? " In step since " : "", since);
    for (size_t i = 0; i < jval_len(checks); i++)
        if (!str_eq(jval_get_str(jval_at(checks, i), "result"), "NOT_APPLICABLE"))
            say_check(cli, jval_at(checks, i));
    say_remedy(cli, jval_get(diagnosis, "cause"));
    bool doubtful = str_eq(verdict, "IN_STEP") && jval_get(diagnosis, "cause"); /* what the app shows says otherwise */
    return str_eq(verdict, "MISSING") || str_eq(verdict, "EXTRA") || doubtful ? CLI_FAILED : CLI_OK;
}

/* --- asking --------------------------------------------------------------------------------------------------------
 */

static int show_one(struct cli *cli, const char *path)
{
    struct answer answer;
    client_set_timeout(cli->client, LIVE_MS);
    int r = client_call(cli, "GET", path, NULL, &answer);
    if (r)
        return r;
    cli_print_json(cli, jval_copy(answer.body));
    return say_diagnosis(cli, answer.body);
}

static const char *fact_text(struct cli *cli, const struct jval *item)
{
    (void)cli;
    const char *fact = jval_str(jval_path(item, "cause.fact"));
    return fact ? fact : "";
}

/* The people of one kind, or all members, each with what keeps him from being as he should. */
static int list_people(struct cli *cli, const char *app, const char *mapping)
{
    static const struct column columns[] = {
        {"LOGIN", "login", NULL}, {"KIND", "kind", NULL}, {"CAUSE", NULL, fact_text}, {"ID", "id", NULL}, {0}};
    char *kind = arena_strdup(cli->arena, cli_option(cli, "kind"));
    static const char small[] = "abcdefghijklmnopqrstuvwxyz-", large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    for (char *at = kind; *at; at++) {
        const char *letter = strchr(small, *at);
        if (letter)
            *at = large[letter - small];
    }
    return cli_print_list(
        cli, client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s/diagnosis?kind=%s&limit=100", app, mapping, kind),
        columns, "nobody of this kind");
}

static int why_everybody(struct cli *cli, const char *app, const char *group)
{
    static const char *const headings[] = {"PEOPLE", "KIND", "WHO"};
    const char *mapping;
    struct answer answer;
    int r = resolve_mapping(cli, app, group, &mapping);
    if (r == CLI_OK && cli_option(cli, "kind"))
        return list_people(cli, app, mapping);
    client_set_timeout(cli->client, LIVE_MS);
    if (r == CLI_OK)
        r = client_call(cli, "GET",
                        client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s/diagnosis?live=%s", app, mapping,
                                    cli_flag(cli, "live") ? "true" : "false"),
                        NULL, &answer);
    if (r)
        return r;
    const struct jval *people = jval_get(answer.body, "people");
    struct table *table = table_new(cli->arena, headings, ARRAY_LEN(headings));
    bool wrong = jval_get(answer.body, "cause") != NULL;
    for (size_t i = 0; i < jval_len(people); i++) {
        const struct jval *kind = jval_at(people, i);
        int64_t count = jval_int(jval_get(kind, "count"), 0);
        if (count == 0)
            continue;
        table_cell(table, arena_printf(cli->arena, "%lld", (long long)count));
        table_cell(table, jval_get_str(kind, "kind"));
        table_cell(table, jval_get_str(kind, "words"));
        wrong |= !str_eq(jval_get_str(kind, "kind"), "PUSHED");
    }
    cli_print_json(cli, jval_copy(answer.body));
    cli_say(cli, "%s", clean(cli, answer.body, "summary"));
    if (!cli->json && table_rows(table))
        table_print(table);
    say_remedy(cli, jval_get(answer.body, "cause"));
    return wrong ? CLI_FAILED : CLI_OK;
}

static int why_all_of(struct cli *cli, const char *user, const char *app, const char *group)
{
    struct answer answer;
    int r = client_call(
        cli, "GET",
        client_path(cli, "/api/v1/users/%s/diagnosis?appId=%s&groupId=%s", user, app ? app : "", group ? group : ""),
        NULL, &answer);
    if (r)
        return r;
    const struct jval *list = jval_get(answer.body, "diagnoses");
    cli_print_json(cli, jval_copy(answer.body));
    for (size_t i = 0; i < jval_len(list); i++) {
        int one = say_diagnosis(cli, jval_at(list, i));
        r = one ? one : r;
    }
    if (jval_len(list) == 0)
        cli_say(cli, "%s has no app, and is in no group that is pushed", cli->args[0]);
    if (!jval_is_true(jval_get(answer.body, "complete")))
        cli_say(cli, "There is more: name the app with `of APP`.");
    return r;
}

int cmd_why(struct cli *cli)
{
    struct question question;
    const char *user = NULL, *group = NULL, *app = NULL, *mapping = NULL;
    bool live = cli_flag(cli, "live");
    int r = read_question(cli, &question);
    if (r == CLI_OK && cli_option(cli, "kind") && question.person)
        return cli_fail(cli, CLI_USAGE,
                        "--kind lists people: say it as `muster why everybody in GROUP of APP --kind KIND`");
    if (r == CLI_OK && cli_option(cli, "kind") && live)
        return cli_fail(cli, CLI_USAGE, "--kind lists what Muster knows: leave --live out, or name one person");
    if (r == CLI_OK && live && !question.app)
        return cli_fail(cli, CLI_USAGE, "--live asks one app: name it with `of APP`");
    if (r == CLI_OK)
        r = client_open(cli);
    if (r == CLI_OK && question.app)
        r = resolve_app(cli, question.app, &app);
    if (r == CLI_OK && !question.person)
        return why_everybody(cli, app, question.group);
    if (r == CLI_OK)
        r = resolve_user(cli, question.person, &user);
    if (r == CLI_OK && question.group)
        r = resolve_group(cli, question.group, &group);
    if (r == CLI_OK && live && group)
        r = resolve_mapping(cli, app, group, &mapping);
    if (r)
        return r;
    if (mapping)
        return show_one(cli, client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s/diagnosis?userId=%s&live=true",
                                         app, mapping, user));
    if (live)
        return show_one(cli, client_path(cli, "/api/v1/apps/%s/users/%s/diagnosis?live=true", app, user));
    return why_all_of(cli, user, app, group);
}

/* --- recoveries ----------------------------------------------------------------------------------------------------
 */

int cmd_push_repair(struct cli *cli)
{
    const char *app, *mapping;
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    if (r == CLI_OK)
        r = resolve_mapping(cli, app, cli->args[1], &mapping);
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/apps/%s/group-push/mappings/%s/repair", app, mapping),
                        NULL, &answer);
    if (r)
        return r;
    cli_print_json(cli, jval_copy(answer.body));
    cli_say(cli, "%s is looked for in %s, and made anew if it is gone. %s", cli->args[1], cli->args[0],
            clean(cli, answer.body, "notice"));
    return CLI_OK;
}

int cmd_push_person(struct cli *cli)
{
    const char *user;
    struct answer answer;
    int r = client_open(cli);
    if (r == CLI_OK)
        r = resolve_user(cli, cli->args[0], &user);
    if (r == CLI_OK)
        r = client_call(cli, "POST", client_path(cli, "/api/v1/users/%s/push", user), NULL, &answer);
    if (r)
        return r;
    cli_print_json(cli, jval_copy(answer.body));
    cli_say(cli, "%s: %lld accounts are looked at, and %lld pushed groups", cli->args[0],
            (long long)jval_int(jval_get(answer.body, "accounts"), 0),
            (long long)jval_int(jval_get(answer.body, "groups"), 0));
    return CLI_OK;
}

int cmd_push_same_group(struct cli *cli)
{
    static const char *const words[][2] = {{"allow", "ALLOW"}, {"warn", "WARN"}, {"refuse", "REFUSE"}};
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct answer answer;
    for (size_t i = 0; cli->arg_count > 0 && i < ARRAY_LEN(words); i++)
        if (str_eq(cli->args[0], words[i][0]))
            jval_set_str(body, "policy", words[i][1]);
    if (cli->arg_count > 0 && jval_len(body) == 0)
        return cli_fail(cli, CLI_USAGE, "%s: say allow, warn or refuse", cli->args[0]);
    int r = client_open(cli);
    if (r == CLI_OK)
        r = client_call(cli, jval_len(body) ? "PUT" : "GET", "/api/v1/org/same-group", jval_len(body) ? body : NULL,
                        &answer);
    if (r == CLI_OK)
        cli_print_object(cli, answer.body);
    return r;
}

/* What is tried again, or would be, by cause. */
static void say_plan(struct cli *cli, const char *app, const struct jval *plan)
{
    const struct jval *causes = jval_get(plan, "causes");
    for (size_t i = 0; i < jval_len(causes); i++) {
        const struct jval *cause = jval_at(causes, i);
        const struct jval *examples = jval_get(cause, "examples");
        const char *names = "";
        for (size_t e = 0; e < jval_len(examples); e++)
            names = arena_printf(cli->arena, "%s%s%s", names, e ? ", " : "",
                                 cli_clean(cli->arena, jval_str(jval_at(examples, e))));
        cli_say(cli, "%s: %s: %lld groups, %lld accounts, %lld members (%s): %s %s", app,
                clean(cli, cause, "errorClass"), (long long)jval_int(jval_get(cause, "groups"), 0),
                (long long)jval_int(jval_get(cause, "accounts"), 0), (long long)jval_int(jval_get(cause, "members"), 0),
                names, clean(cli, cause, "cause"), clean(cli, cause, "action"));
    }
}

static int retry_everywhere(struct cli *cli, bool dry_run)
{
    struct jval *all CLEANUP(jval_freep) = jval_new_array();
    const char *path = dry_run ? "/api/v1/org/retry?dryRun=true" : "/api/v1/org/retry";
    while (path) {
        struct answer answer;
        int r = client_call(cli, "POST", path, NULL, &answer);
        if (r)
            return r;
        const struct jval *apps = jval_get(answer.body, "apps");
        for (size_t i = 0; i < jval_len(apps); i++) {
            say_plan(cli, clean(cli, jval_at(apps, i), "appLabel"), jval_at(apps, i));
            jval_append(all, jval_ref(jval_at(apps, i)));
        }
        path = answer.next ? arena_strdup(cli->arena, answer.next) : NULL;
    }
    if (cli->json)
        cli_print_object(cli, all);
    if (jval_len(all) == 0)
        cli_say(cli, "nothing failed");
    return CLI_OK;
}

int cmd_push_retry(struct cli *cli)
{
    const char *app;
    struct answer answer;
    bool dry_run = cli_flag(cli, "dry-run");
    int r = client_open(cli);
    if (r == CLI_OK && cli->arg_count == 0)
        return retry_everywhere(cli, dry_run);
    if (r == CLI_OK)
        r = resolve_app(cli, cli->args[0], &app);
    if (r == CLI_OK)
        r = client_call(cli, "POST",
                        client_path(cli, "/api/v1/apps/%s/group-push/retry?dryRun=%s", app, dry_run ? "true" : "false"),
                        NULL, &answer);
    if (r)
        return r;
    cli_print_json(cli, answer.body ? jval_copy(answer.body) : jval_new_object());
    if (answer.body)
        say_plan(cli, cli->args[0], answer.body);
    cli_say(cli,
            dry_run ? "nothing was done; without --dry-run it is tried again in %s"
                    : "everything that failed in %s is tried again; `muster wait --app` tells how it goes",
            cli->args[0]);
    return CLI_OK;
}
