/* SPDX-License-Identifier: Apache-2.0 */
/* muster app convert, muster app order. */
#include "cli/cli.h"

#define CALL_PEOPLE 200 /* people that one call of the API converts */

static int open_and_find(struct cli *cli, const char **ret_id)
{
    int r = client_open(cli);
    return r ? r : resolve_app(cli, cli->args[0], ret_id);
}

/* --- converting ------------------------------------------------------------------------------------------------------
 */

struct converted {
    int64_t converted, unchanged;
    struct jval *skipped; /* of all calls */
};

static const char *reason_words(const char *reason)
{
    if (reason && strcmp(reason, "NO_GROUP") == 0)
        return "is in no group that has the app";
    return reason && strcmp(reason, "INACTIVE") == 0 ? "is not active" : "does not have the app";
}

static int convert_some(struct cli *cli, const char *path, const char *scope, struct jval *ids, struct converted *sum)
{
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct answer answer;
    jval_set_str(body, "scope", scope);
    jval_set(body, "userIds", ids);
    int r = client_call(cli, "POST", path, body, &answer);
    if (r)
        return r;
    sum->converted += jval_int(jval_get(answer.body, "converted"), 0);
    sum->unchanged += jval_int(jval_get(answer.body, "unchanged"), 0);
    const struct jval *skipped = jval_get(answer.body, "skipped");
    for (size_t i = 0; i < jval_len(skipped); i++)
        jval_append(sum->skipped, jval_copy(jval_at(skipped, i)));
    return CLI_OK;
}

/* As many calls as the people need; each is done or not as a whole. */
static int convert_people(struct cli *cli, const char *path, const char *scope, struct converted *sum)
{
    for (size_t from = 1; from < cli->arg_count; from += CALL_PEOPLE) {
        struct jval *ids = jval_new_array();
        int r = CLI_OK;
        for (size_t i = from; r == CLI_OK && i < cli->arg_count && i < from + CALL_PEOPLE; i++) {
            const char *id = NULL;
            r = resolve_user(cli, cli->args[i], &id);
            if (r == CLI_OK)
                jval_append(ids, jval_new_str(id));
        }
        if (r == CLI_OK)
            r = convert_some(cli, path, scope, ids, sum);
        else
            jval_free(ids);
        if (r)
            return r;
    }
    return CLI_OK;
}

static void say_converted(struct cli *cli, const struct converted *sum)
{
    if (cli->json) {
        struct jval *out = jval_new_object();
        jval_set(out, "converted", jval_new_int(sum->converted));
        jval_set(out, "unchanged", jval_new_int(sum->unchanged));
        jval_set(out, "skipped", jval_ref(sum->skipped));
        cli_print_json(cli, out);
    }
    cli_say(cli, "%lld converted, %lld were so already, %zu left as they are", (long long)sum->converted,
            (long long)sum->unchanged, jval_len(sum->skipped));
    for (size_t i = 0; i < jval_len(sum->skipped); i++) {
        const struct jval *one = jval_at(sum->skipped, i);
        cli_say(cli, "%s %s", jval_get_str(one, "id"), reason_words(jval_get_str(one, "reason")));
    }
}

static int convert_all(struct cli *cli, const char *id, const char *scope)
{
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct answer answer;
    bool dry = cli_flag(cli, "dry-run");
    jval_set_str(body, "scope", scope);
    jval_set(body, "all", jval_new_bool(true));
    const char *path = client_path(
        cli, dry ? "/api/v1/apps/%s/assignments/convert?dryRun=true" : "/api/v1/apps/%s/assignments/convert", id);
    int r = client_call(cli, "POST", path, body, &answer);
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "%lld %s%s, %lld are so already, %lld are in no group that has the app%s",
            (long long)jval_int(jval_get(answer.body, "toConvert"), 0),
            jval_is_true(jval_get(answer.body, "complete")) ? "" : "or more ",
            dry ? "would be converted" : "are being converted",
            (long long)jval_int(jval_get(answer.body, "unchanged"), 0),
            (long long)jval_int(jval_get(answer.body, "withoutGroup"), 0), dry ? "" : " (muster wait shows the end)");
    return CLI_OK;
}

int cmd_app_convert(struct cli *cli)
{
    const char *to = cli_option(cli, "to");
    const char *id = NULL;
    bool all = cli_flag(cli, "all");
    if (!to || (strcmp(to, "group") != 0 && strcmp(to, "user") != 0))
        return cli_fail(cli, CLI_USAGE, "give --to group or --to user");
    if (all == (cli->arg_count > 1) || (cli_flag(cli, "dry-run") && !all))
        return cli_fail(cli, CLI_USAGE, "give either people or --all; --dry-run goes with --all");
    const char *scope = strcmp(to, "group") == 0 ? "GROUP" : "USER";
    int r = open_and_find(cli, &id);
    if (r)
        return r;
    if (all)
        return convert_all(cli, id, scope);
    struct converted sum = {.skipped = jval_new_array()};
    r = convert_people(cli, client_path(cli, "/api/v1/apps/%s/assignments/convert", id), scope, &sum);
    if (r == CLI_OK)
        say_converted(cli, &sum);
    jval_free(sum.skipped);
    return r;
}

/* --- order -----------------------------------------------------------------------------------------------------------
 */

struct assigned {
    const char *id;
    int64_t priority;
};

struct assignments {
    struct arena *arena;
    struct assigned *items;
    size_t count, size;
};

static int take_assigned(const struct jval *item, void *data)
{
    struct assignments *all = data;
    if (all->count == all->size) {
        size_t size = all->size ? all->size * 2 : 64;
        struct assigned *larger = arena_array(all->arena, size, sizeof(*larger));
        if (all->count)
            memcpy(larger, all->items, all->count * sizeof(*larger));
        all->items = larger;
        all->size = size;
    }
    all->items[all->count++] = (struct assigned){.id = arena_strdup(all->arena, jval_get_str(item, "id")),
                                                 .priority = jval_int(jval_get(item, "priority"), 0)};
    return 0;
}

/* By priority; of equals the one that was assigned first, as the server has it: the list is in that order. */
static void sort(struct assignments *all)
{
    for (size_t i = 1; i < all->count; i++)
        for (size_t k = i; k > 0 && all->items[k].priority < all->items[k - 1].priority; k--) {
            struct assigned other = all->items[k];
            all->items[k] = all->items[k - 1];
            all->items[k - 1] = other;
        }
}

static bool is_named(const struct jval *ids, const char *id)
{
    for (size_t i = 0; i < jval_len(ids); i++)
        if (strcmp(jval_str(jval_at(ids, i)), id) == 0)
            return true;
    return false;
}

int cmd_app_order(struct cli *cli)
{
    const char *app = NULL;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *ids = jval_new_array();
    struct assignments all = {.arena = cli->arena};
    struct answer answer;
    jval_set(body, "groupIds", ids);
    int r = open_and_find(cli, &app);
    for (size_t i = 1; r == CLI_OK && i < cli->arg_count; i++) {
        const char *id = NULL;
        r = resolve_group(cli, cli->args[i], &id);
        if (r == CLI_OK)
            jval_append(ids, jval_new_str(id));
    }
    if (r == CLI_OK)
        r = client_each(cli, client_path(cli, "/api/v1/apps/%s/groups?limit=200", app), take_assigned, &all);
    if (r)
        return r;
    sort(&all);
    for (size_t i = 0; i < all.count; i++)
        if (!is_named(ids, all.items[i].id))
            jval_append(ids, jval_new_str(all.items[i].id));
    r = client_call(cli, "PUT", client_path(cli, "/api/v1/apps/%s/assignments/priorities", app), body, &answer);
    if (r == CLI_OK)
        cli_say(cli, "the groups of %s are in order", cli->args[0]);
    return r;
}
