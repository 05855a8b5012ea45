/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster demo: a server and a practice target in this process, and a story that is played over the public API alone.
 * After each part the target is read over SCIM and compared.
 */
#include "cli/demo.h"

#include "cli/admin.h"

#include "base/env.h"
#include "cli/server.h"
#include "cli/wait.h"
#include "practice/server.h"

#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <unistd.h>

#define WAIT_MS 120000 /* milliseconds that one part may take */
#define PEOPLE_DEFAULT 40
#define PEOPLE_MIN 8
#define PEOPLE_MAX 5000
#define IMPORT_PIECE 500 /* rows of one import call */
#define TOKEN_BYTES 16

enum { STAFF, ENGINEERING, SALES, SUPPORT };

static const char *const group_names[DEMO_GROUPS] = {"Staff", "Engineering", "Sales", "Support"};
static const char *const first_names[] = {"Ada",  "Alan",  "Barbara", "Dennis", "Edsger", "Frances",  "Grace",
                                          "Hedy", "Ivan",  "Joan",    "Ken",    "Linus",  "Margaret", "Niklaus",
                                          "Olga", "Radia", "Sophie",  "Tim",    "Ursula", "Vint"};
static const char *const last_names[] = {"Abbott", "Brandt", "Castro", "Dubois", "Ekberg", "Fischer", "Garcia",
                                         "Hansen", "Ivanov", "Jansen", "Keller", "Lopez",  "Moreau",  "Novak",
                                         "Okafor", "Petrov", "Quist",  "Rossi",  "Sato",   "Turner"};

/* --- people ----------------------------------------------------------------------------------------------------------
 */

static const char *person_login(struct demo *demo, int64_t n)
{
    const char *first = first_names[n % (int64_t)ARRAY_LEN(first_names)];
    const char *last = last_names[(n + n / (int64_t)ARRAY_LEN(first_names)) % (int64_t)ARRAY_LEN(last_names)];
    int64_t round = n / (int64_t)(ARRAY_LEN(first_names) * ARRAY_LEN(last_names));
    char *login = round ? arena_printf(demo->cli->arena, "%s.%s.%lld@acme.example", first, last, (long long)round)
                        : arena_printf(demo->cli->arena, "%s.%s@acme.example", first, last);
    for (char *c = login; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return login;
}

static struct jval *person_row(struct demo *demo, int64_t n)
{
    const char *login = person_login(demo, n);
    struct jval *row = jval_new_object(), *profile = jval_new_object();
    jval_set_str(profile, "login", login);
    jval_set_str(profile, "email", login);
    jval_set_str(profile, "firstName", first_names[n % (int64_t)ARRAY_LEN(first_names)]);
    jval_set_str(profile, "lastName",
                 last_names[(n + n / (int64_t)ARRAY_LEN(first_names)) % (int64_t)ARRAY_LEN(last_names)]);
    jval_set(row, "profile", profile);
    return row;
}

static struct jval *membership_row(struct demo *demo, int64_t n, size_t group)
{
    struct jval *row = jval_new_object();
    jval_set_str(row, "login", person_login(demo, n));
    jval_set_str(row, "group", group_names[group]);
    return row;
}

/* Sends the rows; takes them over. */
static int send_rows(struct demo *demo, const char *name, struct jval *rows)
{
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    jval_set(body, name, rows);
    struct answer answer;
    int r = client_call(demo->cli, "POST", "/api/v1/import", body, &answer);
    size_t bad = r ? 0 : jval_len(jval_get(answer.body, "errors"));
    return bad ? cli_fail(demo->cli, CLI_FAILED, "%zu sample people were refused", bad) : r;
}

static int import_people(struct demo *demo)
{
    struct progress progress;
    progress_start(&progress, demo->cli, "importing people");
    int r = CLI_OK;
    for (int64_t n = 0; r == CLI_OK && n < demo->people;) {
        struct jval *users = jval_new_array(), *members = jval_new_array();
        for (int64_t end = MIN_OF(n + IMPORT_PIECE, demo->people); n < end; n++) {
            jval_append(users, person_row(demo, n));
            jval_append(members, membership_row(demo, n, STAFF));
            jval_append(members, membership_row(demo, n, (size_t)(ENGINEERING + n % 3)));
        }
        r = send_rows(demo, "users", users);
        if (r)
            (void)jval_free(members);
        else
            r = send_rows(demo, "memberships", members);
        progress_set(&progress, n, demo->people);
    }
    progress_clear(&progress);
    for (size_t g = 0; r == CLI_OK && g < DEMO_GROUPS; g++) {
        demo->groups[g].name = group_names[g];
        r = resolve_group(demo->cli, group_names[g], &demo->groups[g].id);
    }
    if (r == CLI_OK)
        cli_say(demo->cli,
                "   %lld people are in the directory, all of them in Staff and each in one of %s, %s and %s.",
                (long long)demo->people, group_names[ENGINEERING], group_names[SALES], group_names[SUPPORT]);
    return r;
}

/* --- waiting ---------------------------------------------------------------------------------------------------------
 */

struct waiting {
    struct demo *demo;
    struct wait wait;
    struct progress progress;
};

static void show_progress(void *data, int64_t done, int64_t total)
{
    struct waiting *waiting = data;
    if (total > 0)
        progress_set(&waiting->progress, done, total);
    if (signals_wait(0) > 0) {
        waiting->demo->interrupted = true;
        waiting->wait.deadline_ms = 0;
    }
}

static int wait_until_done(struct demo *demo, const char *what)
{
    struct waiting waiting = {.demo = demo};
    struct jval *answer CLEANUP(jval_freep) = NULL;
    wait_start(&waiting.wait, WAIT_MS);
    progress_start(&waiting.progress, demo->cli, what);
    waiting.wait.on_progress = show_progress;
    waiting.wait.data = &waiting;
    int r = wait_app(demo->muster, &waiting.wait, demo->app_id, &answer);
    progress_clear(&waiting.progress);
    if (demo->interrupted)
        return cli_fail(demo->cli, CLI_FAILED, "interrupted while %s", what);
    if (r == CLI_OK)
        return CLI_OK;
    if (!answer)
        return client_complain(demo->cli, r);
    return cli_fail(demo->cli, CLI_FAILED, "%s: %s: %s", what, r == CLI_TIMEOUT ? "not done in time" : "failed",
                    jval_text(demo->cli->arena, answer, false));
}

/* --- the parts of the story ------------------------------------------------------------------------------------------
 */

static int connect_app(struct demo *demo, const char *url, const char *token)
{
    struct answer answer;
    struct jval *app CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(app, "label", "Practice target");
    int r = client_call(demo->cli, "POST", "/api/v1/apps", app, &answer);
    if (r)
        return r;
    demo->app_id = arena_strdup(demo->cli->arena, jval_get_str(answer.body, "id"));
    struct jval *connection CLEANUP(jval_freep) = jval_new_object();
    struct jval *profile = jval_new_object();
    jval_set_str(connection, "baseUrl", url);
    jval_set_str(profile, "authScheme", "TOKEN");
    jval_set_str(profile, "token", token);
    jval_set(connection, "profile", profile);
    r = client_call(demo->cli, "POST",
                    client_path(demo->cli, "/api/v1/apps/%s/connections/default?activate=true", demo->app_id),
                    connection, &answer);
    if (r)
        return r;
    struct jval *switches CLEANUP(jval_freep) = NULL;
    static const char body[] = "{\"create\":{\"lifecycleCreate\":{\"status\":\"ENABLED\"}},\"update\":{\"profile\":"
                               "{\"status\":\"ENABLED\"},\"lifecycleDeactivate\":{\"status\":\"ENABLED\"}}}";
    if (jval_parse(&switches, body, sizeof(body) - 1, NULL) < 0)
        return CLI_FAILED;
    return client_call(demo->cli, "PUT",
                       client_path(demo->cli, "/api/v1/apps/%s/features/USER_PROVISIONING", demo->app_id), switches,
                       &answer);
}

static int assign_staff(struct demo *demo)
{
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    int r = client_call(demo->cli, "PUT",
                        client_path(demo->cli, "/api/v1/apps/%s/groups/%s", demo->app_id, demo->groups[STAFF].id), body,
                        &answer);
    if (r == CLI_OK)
        r = wait_until_done(demo, "making accounts");
    int64_t count = r ? 0 : demo_count_accounts(demo);
    if (r == CLI_OK && count >= 0)
        demo_expect(demo, count == demo->people, "the target holds %lld active accounts", (long long)count);
    return count < 0 ? (int)-count : r;
}

static int push_groups(struct demo *demo)
{
    for (size_t g = 0; g < DEMO_GROUPS; g++) {
        struct answer answer;
        struct jval *body CLEANUP(jval_freep) = jval_new_object();
        jval_set_str(body, "sourceGroupId", demo->groups[g].id);
        jval_set_str(body, "targetGroupName", demo->groups[g].name);
        int r = client_call(demo->cli, "POST",
                            client_path(demo->cli, "/api/v1/apps/%s/group-push/mappings", demo->app_id), body, &answer);
        if (r)
            return r;
    }
    int r = wait_until_done(demo, "pushing groups");
    for (size_t g = 0; r == CLI_OK && g < DEMO_GROUPS; g++)
        (void)demo_check_group(demo, &demo->groups[g]);
    return r;
}

static int user_operation(struct demo *demo, const char *login, const char *operation)
{
    struct answer answer;
    const char *path = client_path(demo->cli, "/api/v1/users/%s/lifecycle/%s?sendEmail=false", login, operation);
    int r = client_call(demo->cli, "POST", path, NULL, &answer);
    return r ? r : wait_until_done(demo, strcmp(operation, "activate") == 0 ? "bringing back" : "taking away");
}

static int leave_and_return(struct demo *demo, const char *login)
{
    struct demo_account before, gone, back;
    uint64_t asked = demo_journal_last(demo);
    int r = demo_read_account(demo, login, &before);
    if (r == CLI_OK)
        r = user_operation(demo, login, "deactivate");
    if (r == CLI_OK)
        r = demo_read_account(demo, login, &gone);
    if (r)
        return r;
    demo_expect(demo, gone.id && !gone.active, "the account of %s is inactive", login);
    demo_expect(demo, gone.groups == 0, "it is in none of the target's groups (it was in %zu)", before.groups);
    demo_expect(demo, demo_groups_before_account(demo, asked, gone.id ? gone.id : ""),
                "the groups were changed before the account");
    cli_say(demo->cli, "6. %s comes back.", login);
    r = user_operation(demo, login, "activate");
    if (r == CLI_OK)
        r = demo_read_account(demo, login, &back);
    if (r)
        return r;
    demo_expect(demo, back.active && str_eq(back.id, before.id), "the same account, id %s, is active again",
                back.id ? back.id : "(none)");
    demo_expect(demo, back.groups == before.groups, "it is back in its %zu groups without anybody adding it",
                before.groups);
    return CLI_OK;
}

static int move_person(struct demo *demo, const char *login)
{
    const char *id;
    struct answer answer;
    int r = resolve_user(demo->cli, login, &id);
    if (r == CLI_OK)
        r = client_call(demo->cli, "DELETE",
                        client_path(demo->cli, "/api/v1/groups/%s/users/%s", demo->groups[SALES].id, id), NULL,
                        &answer);
    if (r == CLI_OK)
        r = client_call(demo->cli, "PUT",
                        client_path(demo->cli, "/api/v1/groups/%s/users/%s", demo->groups[SUPPORT].id, id), NULL,
                        &answer);
    if (r == CLI_OK)
        r = wait_until_done(demo, "moving a person");
    if (r)
        return r;
    (void)demo_check_group(demo, &demo->groups[SALES]);
    (void)demo_check_group(demo, &demo->groups[SUPPORT]);
    return CLI_OK;
}

static int rename_group(struct demo *demo, const char *new_name)
{
    struct demo_group *group = &demo->groups[SUPPORT];
    struct answer answer;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *profile = jval_new_object();
    const char *before = demo_check_group(demo, group);
    jval_set_str(profile, "name", new_name);
    jval_set(body, "profile", profile);
    int r = client_call(demo->cli, "PUT", client_path(demo->cli, "/api/v1/groups/%s", group->id), body, &answer);
    if (r == CLI_OK)
        r = wait_until_done(demo, "renaming a group");
    if (r)
        return r;
    group->name = new_name;
    const char *after = demo_check_group(demo, group);
    demo_expect(demo, str_eq(before, after), "it is the same group there, id %s, under its new name",
                after ? after : "(none)");
    return CLI_OK;
}

static int tell_story(struct demo *demo, const char *url, const char *token)
{
    cli_say(demo->cli, "1. An organisation: people and groups are imported.");
    int r = import_people(demo);
    if (r)
        return r;
    cli_say(demo->cli, "2. An app: the practice target is connected and may make, update and deactivate accounts.");
    r = connect_app(demo, url, token);
    if (r)
        return r;
    cli_say(demo->cli, "3. The app is assigned to %s: everybody in it gets an account.", group_names[STAFF]);
    r = assign_staff(demo);
    if (r)
        return r;
    cli_say(demo->cli, "4. Four groups are pushed, %s too: one group for both is safe here.", group_names[STAFF]);
    r = push_groups(demo);
    if (r)
        return r;
    const char *leaver = person_login(demo, 3), *mover = person_login(demo, 1);
    cli_say(demo->cli, "5. %s leaves: out of every group first, then the account is deactivated.", leaver);
    r = leave_and_return(demo, leaver);
    if (r)
        return r;
    cli_say(demo->cli, "7. %s moves from %s to %s.", mover, group_names[SALES], group_names[SUPPORT]);
    r = move_person(demo, mover);
    if (r)
        return r;
    cli_say(demo->cli, "8. %s is renamed to Customer Care.", group_names[SUPPORT]);
    return rename_group(demo, "Customer Care");
}

/* --- around the story ------------------------------------------------------------------------------------------------
 */

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}

static const char *random_token(struct cli *cli)
{
    unsigned char bytes[TOKEN_BYTES];
    const struct env *env = env_real();
    env->fill_random(env->data, bytes, sizeof(bytes));
    char *text = arena_alloc(cli->arena, 2 * TOKEN_BYTES + 1);
    for (size_t i = 0; i < TOKEN_BYTES; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

/* A directory for the data: the one that was named, or a temporary one (`*ret_temporary`). */
static int choose_folder(struct cli *cli, const char **ret, bool *ret_temporary)
{
    const char *dir = cli_option(cli, "data"), *tmp = getenv("TMPDIR");
    *ret_temporary = !dir;
    if (dir && access(dir, F_OK) == 0)
        return cli_fail(cli, CLI_USAGE, "--data %s exists; the demonstration wants a new directory", dir);
    if (dir) {
        *ret = dir;
        return CLI_OK;
    }
    char *made = arena_printf(cli->arena, "%s/muster-demo-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(made))
        return cli_fail(cli, CLI_FAILED, "cannot make a temporary directory: %s", strerror(errno));
    *ret = made;
    return CLI_OK;
}

static const char *first_token(struct cli *cli, const struct server *server)
{
    char line[256] = "";
    FILE *file = fopen(server_data(server)->token_path, "re");
    bool read = file && fgets(line, sizeof(line), file);
    if (file)
        (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return read ? arena_strdup(cli->arena, line) : NULL;
}

static void say_where(struct cli *cli, struct server *server, const struct practice_server *practice, const char *token)
{
    cli_say(cli, "Both stay up until Ctrl-C:");
    cli_say(cli, "   Muster's API      %s, token in %s", server_url(server), server_data(server)->token_path);
    cli_say(cli, "   practice target   %s, bearer token %s", practice_server_url(practice), token);
    cli_say(cli, "Try, in another terminal:");
    cli_say(cli, "   export MUSTER_URL=%s MUSTER_TOKEN=$(cat %s)", server_url(server), server_data(server)->token_path);
    cli_say(cli, "   %s user list; %s push list \"Practice target\"", cli->program, cli->program);
    cli_say(cli, "   curl -H \"Authorization: Bearer %s\" %s/Groups", token, practice_server_url(practice));
    cli_say(cli, "Or by clicks, in Muster's console: %s", server_url(server));
    if (server_first_link(server))
        admin_show_link(cli, server_first_link(server));
}

static int play(struct cli *cli, struct server *server, struct practice_server *practice, const char *target_token)
{
    struct demo demo = {.cli = cli, .practice = practice};
    const char *admin_token = first_token(cli, server);
    int r = cli_option_int(cli, "people", PEOPLE_DEFAULT, PEOPLE_MIN, PEOPLE_MAX, &demo.people);
    if (r)
        return r;
    demo.muster = cli->client = client_new(server_url(server), admin_token, NULL);
    demo.target = client_new(practice_server_url(practice), target_token, NULL);
    cli_say(cli, "Muster answers on %s; a practice target, a SCIM server in memory, on %s.", server_url(server),
            practice_server_url(practice));
    r = tell_story(&demo, practice_server_url(practice), target_token);
    (void)client_free(demo.target);
    struct jval *out = jval_new_object();
    jval_set(out, "checks", jval_new_int(demo.checks));
    jval_set(out, "wrong", jval_new_int(demo.wrong));
    jval_set(out, "ended", jval_new_bool(r == CLI_OK));
    jval_set_str(out, "url", server_url(server));
    jval_set_str(out, "token", server_data(server)->token_path);
    jval_set_str(out, "target", practice_server_url(practice));
    cli_print_json(cli, out);
    if (r)
        return r;
    if (demo.wrong)
        return cli_fail(cli, CLI_FAILED, "the target does not hold what it should: %d of %d checks", demo.wrong,
                        demo.checks);
    cli_say(cli, "The target held what it should each time: %d checks.", demo.checks);
    return CLI_OK;
}

int cmd_demo(struct cli *cli)
{
    const char *dir = NULL;
    bool temporary = false;
    char why[512] = "";
    struct practice_server *practice = NULL;
    struct server *server = NULL;
    const char *token = random_token(cli);
    int r = choose_folder(cli, &dir, &temporary);
    if (r)
        return r;
    signals_hold();
    struct practice_server_options target = {.host = "127.0.0.1", .practice = {.token = token}};
    struct server_options options = {.dir = dir, .host = "127.0.0.1"};
    if (practice_server_start(&practice, &target, why, sizeof(why)) < 0)
        r = cli_fail(cli, CLI_FAILED, "%s", why);
    if (r == CLI_OK)
        r = server_start(&server, cli, &options);
    if (r == CLI_OK)
        r = play(cli, server, practice, token);
    if (r == CLI_OK && !cli_flag(cli, "exit")) {
        say_where(cli, server, practice, token);
        (void)signals_wait(-1);
    }
    server_stop(server);
    practice_server_stop(practice);
    if (temporary && dir)
        (void)nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return r;
}
