/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster wait: asks the server to say when everything that was caused up to now is done. The first question, without a
 * number, fixes what "now" is; later ones ask for that.
 */
#include "cli/wait.h"

#include "base/env.h"

#include <errno.h>
#include <time.h>

#define WAIT_TURN_S 25      /* seconds that one request may wait at the server */
#define WAIT_SLACK_MS 10000 /* milliseconds beyond that before the server counts as silent */
#define WAIT_LOOK_MS 150    /* milliseconds between two looks, for a progress bar */
#define WAIT_RETRY_MS 1000  /* milliseconds between two looks at what will be tried again */
#define WAIT_APPS_MAX 10000
#define WAIT_TIMEOUT_MS (5 * 60 * 1000)

static int64_t monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_for(int64_t ms)
{
    struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* `until` negative: up to now. */
static int ask(struct client *client, const struct wait *wait, const char *app_id, int64_t until, int64_t wait_s,
               struct answer *ret)
{
    char path[256], number[40] = "";
    if (until >= 0)
        (void)snprintf(number, sizeof(number), "after=%lld&", (long long)until);
    (void)snprintf(path, sizeof(path), "/api/v1/apps/%s/sync?%swait=%llds%s", app_id, number, (long long)wait_s,
                   wait->verified ? "&verified=true" : "");
    client_set_timeout(client, wait_s * 1000 + WAIT_SLACK_MS);
    return client_try(client, "GET", path, NULL, ret);
}

/* CLI_OK: done. CLI_FAILED: what is left will not be tried again by itself. CLI_TIMEOUT: not yet. */
static int judge(const struct jval *answer)
{
    if (jval_is_true(jval_get(answer, "done")))
        return CLI_OK;
    if (jval_int(jval_get(answer, "pending"), 0) > 0)
        return CLI_TIMEOUT;
    const struct jval *failed = jval_get(answer, "failed");
    for (size_t i = 0; i < jval_len(failed); i++)
        if (!jval_is_true(jval_get(jval_at(failed, i), "held")))
            return CLI_TIMEOUT;
    return CLI_FAILED;
}

static void show_progress(const struct wait *wait, int64_t pending, int64_t *most)
{
    *most = MAX_OF(*most, pending);
    if (wait->on_progress)
        wait->on_progress(wait->data, *most - pending, *most);
}

int wait_app(struct client *client, struct wait *wait, const char *app_id, struct jval **ret_answer)
{
    struct answer answer;
    int r = ask(client, wait, app_id, -1, 0, &answer);
    int64_t until = r ? 0 : jval_int(jval_get(answer.body, "change"), 0), most = 0;
    while (r == CLI_OK) {
        int64_t pending = jval_int(jval_get(answer.body, "pending"), 0);
        int verdict = judge(answer.body);
        show_progress(wait, pending, &most); /* may move the deadline */
        int64_t left = wait->deadline_ms - monotonic_ms();
        if (verdict != CLI_TIMEOUT || left <= 0) {
            *ret_answer = jval_ref(answer.body);
            return verdict;
        }
        /* The server answers at once when something failed, also when it is about to try again. */
        bool look = wait->on_progress || pending == 0;
        if (look)
            pause_for(MIN_OF(left, wait->on_progress ? WAIT_LOOK_MS : WAIT_RETRY_MS));
        r = ask(client, wait, app_id, until, look ? 0 : MIN_OF(left / 1000 + 1, WAIT_TURN_S), &answer);
    }
    return r;
}

void wait_start(struct wait *wait, int64_t timeout_ms)
{
    *wait = (struct wait){.deadline_ms = monotonic_ms() + timeout_ms};
}

/* --- the verb --------------------------------------------------------------------------------------------------------
 */

struct app_list {
    struct cli *cli;
    size_t count;
    const char **ids;
    const char **labels;
};

static int add_app(const struct jval *item, void *data)
{
    struct app_list *list = data;
    if (list->count == WAIT_APPS_MAX)
        return 1;
    const char *id = jval_get_str(item, "id"), *label = jval_get_str(item, "label");
    if (!id)
        return 0;
    size_t at = list->count++;
    list->ids[at] = arena_strdup(list->cli->arena, id);
    list->labels[at] = arena_strdup(list->cli->arena, label ? label : id);
    return 0;
}

static int find_apps(struct cli *cli, struct app_list *list)
{
    const char *app = cli_option(cli, "app");
    *list = (struct app_list){.cli = cli};
    list->ids = arena_array(cli->arena, WAIT_APPS_MAX, sizeof(*list->ids));
    list->labels = arena_array(cli->arena, WAIT_APPS_MAX, sizeof(*list->labels));
    if (!app)
        return client_each(cli, "/api/v1/apps?limit=200", add_app, list);
    list->labels[0] = app;
    list->count = 1;
    return resolve_app(cli, app, &list->ids[0]);
}

static void say_failed(const struct cli *cli, const char *label, const struct jval *answer)
{
    const struct jval *failed = jval_get(answer, "failed");
    for (size_t i = 0; i < jval_len(failed); i++) {
        const struct jval *item = jval_at(failed, i);
        const char *type = jval_get_str(item, "type"), *name = jval_get_str(item, "name");
        const char *error = jval_get_str(item, "error");
        (void)fprintf(stderr, "  %s: %s %s: %s\n", cli_clean(cli->arena, label), cli_clean(cli->arena, type),
                      cli_clean(cli->arena, name), cli_clean(cli->arena, error));
    }
    const struct jval *holds = jval_get(answer, "holds");
    for (size_t i = 0; i < jval_len(holds); i++) {
        const struct jval *hold = jval_at(holds, i);
        (void)fprintf(stderr, "  %s: hold %s (%s): %s; `muster hold show` lists them\n", cli_clean(cli->arena, label),
                      cli_clean(cli->arena, jval_get_str(hold, "id")),
                      cli_clean(cli->arena, jval_get_str(hold, "status")),
                      cli_clean(cli->arena, jval_get_str(hold, "reason")));
    }
    long long held = (long long)jval_int(jval_get(answer, "heldMembers"), 0);
    if (held)
        (void)fprintf(stderr, "  %s: %lld removals from groups are held; `muster hold show` names them\n",
                      cli_clean(cli->arena, label), held);
    long long members = (long long)jval_int(jval_get(answer, "failedMembers"), 0);
    if (members)
        (void)fprintf(stderr, "  %s: %lld members of groups were refused; `muster push errors` names them\n",
                      cli_clean(cli->arena, label), members);
}

static int report(struct cli *cli, int r, const char *label, const struct jval *answer, struct jval *out)
{
    struct jval *entry = jval_new_object();
    jval_set_str(entry, "app", label);
    if (answer)
        jval_set(entry, "sync", jval_copy(answer));
    jval_append(out, entry);
    long long pending = (long long)jval_int(jval_get(answer, "pending"), 0);
    if (r == CLI_FAILED)
        (void)cli_fail(cli, r, "%s: not everything could be done", label);
    else if (r == CLI_TIMEOUT && answer)
        (void)cli_fail(cli, r, "%s: the time is up and %lld changes wait; `muster app show` tells whether it is paused",
                       label, pending);
    else if (r)
        (void)client_complain(cli, r);
    else if (cli_flag(cli, "verified") && !jval_is_true(jval_get(answer, "verified")))
        r = cli_fail(cli, CLI_FAILED, "%s: acknowledged everything, but the server did not read it back", label);
    if (r && !cli->json)
        say_failed(cli, label, answer);
    return r;
}

/* Everything is acknowledged: the app is read back, and what it dropped is pushed again. */
static int verify_app(struct client *client, struct wait *wait, const char *app_id, struct jval **ret_answer)
{
    struct answer answer;
    char path[256];
    (void)snprintf(path, sizeof(path), "/api/v1/apps/%s/group-push/verify", app_id);
    client_set_timeout(client, WAIT_SLACK_MS);
    int r = client_try(client, "POST", path, NULL, &answer);
    if (r)
        return r;
    struct wait again = *wait;
    again.verified = true;
    *ret_answer = jval_free(*ret_answer);
    return wait_app(client, &again, app_id, ret_answer);
}

int cmd_wait(struct cli *cli)
{
    int64_t timeout;
    struct app_list apps;
    int r = cli_option_duration(cli, "timeout", WAIT_TIMEOUT_MS, &timeout);
    if (r == CLI_OK)
        r = client_open(cli);
    if (r == CLI_OK)
        r = find_apps(cli, &apps);
    if (r)
        return r;
    struct wait wait;
    wait_start(&wait, timeout);
    struct jval *out = jval_new_array();
    int worst = CLI_OK;
    for (size_t i = 0; i < apps.count; i++) {
        struct jval *answer CLEANUP(jval_freep) = NULL;
        r = wait_app(cli->client, &wait, apps.ids[i], &answer);
        if (r == CLI_OK && cli_flag(cli, "verified"))
            r = verify_app(cli->client, &wait, apps.ids[i], &answer);
        r = report(cli, r, apps.labels[i], answer, out);
        worst = r ? r : worst;
        if (r == CLI_UNREACHABLE)
            break;
    }
    cli_print_json(cli, out);
    if (worst == CLI_OK)
        cli_say(cli, "everything is done");
    return worst;
}
