/* SPDX-License-Identifier: Apache-2.0 */
/* muster import: into a running server, or with --data into a store that no server is using. */
#include "cli/import.h"

#include "api/import.h"
#include "base/limits.h"
#include "cli/datadir.h"
#include "directory/schema.h"

#define IMPORT_TIMEOUT_MS 120000 /* milliseconds that the server may take for a chunk */

/* --- into a server ---------------------------------------------------------------------------------------------------
 */

struct remote {
    struct cli *cli;
    struct jval *schema;
};

static int remote_send(void *data, const struct jval *body, bool dry_run, struct jval **ret_answer)
{
    struct remote *remote = data;
    struct answer answer;
    int r = client_call(remote->cli, "POST", dry_run ? "/api/v1/import?dryRun=true" : "/api/v1/import", body, &answer);
    if (r == CLI_OK)
        *ret_answer = jval_ref(answer.body);
    return r;
}

static int remote_has_attribute(void *data, const char *name)
{
    struct remote *remote = data;
    if (!remote->schema) {
        struct answer answer;
        int r = client_call(remote->cli, "GET", "/api/v1/meta/schemas/user/default", NULL, &answer);
        if (r)
            return -r;
        remote->schema = jval_ref(answer.body);
    }
    return jval_get(jval_path(remote->schema, "definitions.base.properties"), name) ||
           jval_get(jval_path(remote->schema, "definitions.custom.properties"), name);
}

static int remote_each_made(void *data, bool memberships, int (*each)(const struct jval *item, void *arg), void *arg)
{
    const struct remote *remote = data;
    return client_each(remote->cli, memberships ? "/api/v1/import/memberships" : "/api/v1/import/users", each, arg);
}

/* --- into a store ----------------------------------------------------------------------------------------------------
 */

struct local {
    struct cli *cli;
    struct datadir data;
};

/* A page of what imports made. */
struct made_page {
    bool memberships;
    char after[48], next[48];
    struct buf text;
};

struct local_chunk {
    const struct jval *body;
    bool dry_run;
    struct buf answer;
    struct problem problem;
    int result;
};

static int run_chunk(struct tx *tx, void *arg)
{
    struct local_chunk *chunk = arg;
    struct jout out;
    buf_clear(&chunk->answer);
    chunk->problem = (struct problem){0};
    jout_init(&out, &chunk->answer);
    chunk->result = import_chunk(tx, chunk->body, &out, &chunk->problem);
    return chunk->result == 0 && chunk->dry_run ? ERR_CANCELLED : chunk->result;
}

static int local_send(void *data, const struct jval *body, bool dry_run, struct jval **ret_answer)
{
    struct local *local = data;
    struct local_chunk chunk = {.body = body, .dry_run = dry_run};
    buf_init(&chunk.answer, LIMIT_API_ANSWER_BYTES);
    int r = store_write_wait(local->data.store, NULL, run_chunk, &chunk);
    if (r == ERR_CANCELLED && dry_run && chunk.result == 0)
        r = 0;
    if (r == 0)
        r = jval_parse(ret_answer, buf_text(&chunk.answer), chunk.answer.len, NULL);
    buf_free(&chunk.answer);
    char summary[PROBLEM_TEXT] = "";
    problem_summary(&chunk.problem, summary, sizeof(summary));
    return r < 0 ? cli_fail(local->cli, CLI_FAILED, "the store refuses the rows: %s",
                            r == ERR_PROBLEM ? summary : err_text(r))
                 : CLI_OK;
}

struct attribute_question {
    const char *name;
    bool found;
};

static int find_attribute(struct tx *tx, void *arg)
{
    struct attribute_question *question = arg;
    const struct schema *schema;
    int r = schema_load(tx, SCHEMA_USER, &schema);
    if (r >= 0)
        question->found = schema_attribute(schema, question->name) != NULL;
    return r;
}

static int local_has_attribute(void *data, const char *name)
{
    struct local *local = data;
    struct attribute_question question = {.name = name};
    int r = store_read_wait(local->data.store, find_attribute, &question);
    if (r < 0)
        return -cli_fail(local->cli, CLI_FAILED, "the schema cannot be read: %s", err_text(r));
    return question.found;
}

static int local_page(struct tx *tx, void *arg)
{
    struct made_page *page = arg;
    struct jout out;
    const char *next = NULL;
    buf_clear(&page->text);
    jout_init(&out, &page->text);
    int r = import_made_write(tx, page->memberships, page->after[0] ? page->after : NULL, &out, &next);
    (void)snprintf(page->next, sizeof(page->next), "%s", next ? next : "");
    return r;
}

static int local_each_made(void *data, bool memberships, int (*each)(const struct jval *item, void *arg), void *arg)
{
    struct local *local = data;
    struct made_page page = {.memberships = memberships};
    int r = 0;
    buf_init(&page.text, LIMIT_API_ANSWER_BYTES);
    do {
        struct jval *items CLEANUP(jval_freep) = NULL;
        r = store_read_wait(local->data.store, local_page, &page);
        if (r == 0)
            r = jval_parse(&items, buf_text(&page.text), page.text.len, NULL);
        for (size_t i = 0; r == 0 && i < jval_len(items); i++)
            r = each(jval_at(items, i), arg);
        memcpy(page.after, page.next, sizeof(page.after));
    } while (r == 0 && page.next[0]);
    buf_free(&page.text);
    return r < 0 ? cli_fail(local->cli, CLI_FAILED, "what imports made cannot be read: %s", err_text(r)) : CLI_OK;
}

/* --- the verb --------------------------------------------------------------------------------------------------------
 */

int import_files(struct import *import)
{
    int r = CLI_OK;
    for (size_t i = 0; r == CLI_OK && i < import->cli->arg_count; i++)
        r = import_file(import, import->cli->args[i]);
    return r;
}

static int64_t bad_rows(const struct import *import)
{
    return import->users.bad + import->memberships.bad;
}

/* With --strict nothing is written before every row was found good. */
static int check_first(struct import *import)
{
    struct import check = *import;
    check.dry_run = true;
    check.resume = check.keep_progress = false;
    int r = import_files(&check);
    import_end(&check);
    if (r == CLI_OK && bad_rows(&check) > 0) {
        import->users.bad = check.users.bad;
        import->memberships.bad = check.memberships.bad;
        return cli_fail(import->cli, CLI_FAILED, "%lld bad rows: nothing was imported (--strict)",
                        (long long)bad_rows(&check));
    }
    return r;
}

static struct jval *totals_json(const struct import_totals *totals)
{
    struct jval *out = jval_new_object();
    jval_set(out, "created", jval_new_int(totals->created));
    jval_set(out, "updated", jval_new_int(totals->updated));
    jval_set(out, "unchanged", jval_new_int(totals->unchanged));
    jval_set(out, "bad", jval_new_int(totals->bad));
    return out;
}

static void say_totals(const struct import *import, const char *what, const struct import_totals *totals)
{
    if (totals->created + totals->updated + totals->unchanged + totals->bad == 0)
        return;
    cli_say(import->cli, "%s: %lld new, %lld changed, %lld as they were, %lld bad%s", what, (long long)totals->created,
            (long long)totals->updated, (long long)totals->unchanged, (long long)totals->bad,
            import->dry_run ? " (nothing was changed: --dry-run)" : "");
}

static int check_options(const struct cli *cli)
{
    bool authoritative = cli_flag(cli, "authoritative");
    if (authoritative && cli_flag(cli, "resume"))
        return cli_fail(cli, CLI_USAGE, "--resume does not go with --authoritative, which reads the files whole");
    if (!authoritative && (cli_flag(cli, "yes") || cli_option(cli, "allow-missing")))
        return cli_fail(cli, CLI_USAGE, "--yes and --allow-missing go with --authoritative");
    return CLI_OK;
}

static struct jval *ended_json(const struct import_ended *ended)
{
    struct jval *out = jval_new_object();
    jval_set(out, "plannedPeople", jval_new_int(ended->planned_people));
    jval_set(out, "plannedMemberships", jval_new_int(ended->planned_memberships));
    jval_set(out, "people", jval_new_int(ended->people));
    jval_set(out, "memberships", jval_new_int(ended->memberships));
    return out;
}

static int run_import(struct cli *cli, const struct import_sink *sink)
{
    bool authoritative = cli_flag(cli, "authoritative");
    struct import_ended ended = {0};
    struct jval *errors CLEANUP(jval_freep) = jval_new_array();
    struct import import = {.cli = cli,
                            .sink = sink,
                            .dry_run = cli_flag(cli, "dry-run"),
                            .resume = cli_flag(cli, "resume"),
                            .keep_progress = true,
                            .errors = errors};
    int r = check_options(cli);
    if (r)
        return r;
    if (cli_flag(cli, "strict") && !import.dry_run && !authoritative)
        r = check_first(&import);
    if (r == CLI_OK)
        r = authoritative ? import_authoritative(&import, &ended) : import_files(&import);
    import_end(&import);
    say_totals(&import, "people", &import.users);
    say_totals(&import, "memberships", &import.memberships);
    if (authoritative && r == CLI_OK && !import.dry_run)
        cli_say(cli, "ended: %lld people deactivated, %lld memberships", (long long)ended.people,
                (long long)ended.memberships);
    struct jval *out = jval_new_object();
    jval_set(out, "dryRun", jval_new_bool(import.dry_run));
    jval_set(out, "users", totals_json(&import.users));
    jval_set(out, "memberships", totals_json(&import.memberships));
    if (authoritative)
        jval_set(out, "ended", ended_json(&ended));
    jval_set(out, "errors", jval_ref(errors));
    cli_print_json(cli, out);
    return r == CLI_OK && bad_rows(&import) > 0 ? CLI_FAILED : r;
}

static int import_locally(struct cli *cli, const char *dir)
{
    struct local local = {.cli = cli};
    datadir_init(&local.data, cli, dir, cli_option(cli, "key-file"));
    int r = datadir_database(&local.data, cli);
    if (r == CLI_OK)
        r = datadir_lock(&local.data, cli, true);
    if (r == CLI_OK)
        r = datadir_open(&local.data, cli, 0, NULL, NULL);
    char *real = r == CLI_OK ? realpath(local.data.store_path, NULL) : NULL;
    struct import_sink sink = {.send = local_send,
                               .has_attribute = local_has_attribute,
                               .each_made = local_each_made,
                               .data = &local,
                               .target = real ? real : local.data.shown};
    if (r == CLI_OK)
        r = run_import(cli, &sink);
    free(real);
    datadir_close(&local.data);
    return r;
}

int cmd_import(struct cli *cli)
{
    const char *dir = cli_option(cli, "data");
    if (dir)
        return import_locally(cli, dir);
    if (cli_option(cli, "key-file") || cli_option(cli, "database") || cli_option(cli, "database-file"))
        return cli_fail(cli, CLI_USAGE,
                        "--key-file, --database and --database-file go with --data; a server knows its own");
    int r = client_open(cli);
    if (r)
        return r;
    client_set_timeout(cli->client, IMPORT_TIMEOUT_MS);
    struct remote remote = {.cli = cli};
    struct import_sink sink = {.send = remote_send,
                               .has_attribute = remote_has_attribute,
                               .each_made = remote_each_made,
                               .data = &remote,
                               .target = client_url(cli->client)};
    r = run_import(cli, &sink);
    (void)jval_free(remote.schema);
    return r;
}
