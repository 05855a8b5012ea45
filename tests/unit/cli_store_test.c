/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that work on a data directory: lock, key, backup, restore, rotation, tokens. */
#include "app/app.h"
#include "cli/datadir.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX 16

static char dir[64];
static struct arena *arena;

static int start(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/muster-store-XXXXXX");
    assert_non_null(mkdtemp(dir));
    arena = arena_new();
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    arena = arena_free(arena);
    return nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_dir(const char *name)
{
    return arena_printf(arena, "%s/%s", dir, name);
}

/* What a verb prints would stand between the lines of the test's own report. */
static int run_silently(struct cli *cli)
{
    (void)fflush(stdout);
    int kept = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(kept >= 0 && nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0);
    int r = cli->verb->run(cli);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    (void)close(nowhere);
    return r;
}

/* Runs a verb; words are separated by spaces, "@" in front of one stands for the test's directory. */
static int run(const char *line)
{
    char *words[WORDS_MAX], error[CLI_ERROR_BYTES];
    int count = 0;
    while (*line) {
        size_t n = strcspn(line, " ");
        char *word = arena_strndup(arena, line, n);
        assert_true(count < WORDS_MAX);
        words[count++] = *word == '@' ? arena_printf(arena, "%s/%s", dir, word + 1) : word;
        line += n + strspn(line + n, " ");
    }
    struct cli *cli = NEW(struct cli);
    *cli = (struct cli){.arena = arena_new()};
    assert_int_equal(cli_parse(cli, count, words, error), CLI_OK);
    int r = run_silently(cli);
    (void)arena_free(cli->arena);
    free(cli);
    return r;
}

static int mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(in_dir(name), &st), 0);
    return (int)(st.st_mode & 0777);
}

static void make_store(void)
{
    FILE *file = fopen(in_dir("users.csv"), "w");
    assert_non_null(file);
    (void)fputs("login,email,firstName,lastName\nada@example.com,ada@example.com,Ada,Lovelace\n", file);
    (void)fclose(file);
    assert_int_equal(run("import --json --data @d @users.csv"), CLI_OK);
}

/* What a data directory holds, read as the server would. */
struct facts {
    bool ada;
    int paused;
    char reason[256];
    int tokens;
};

static int count_token(const struct api_token *token, void *data)
{
    (void)token;
    (*(int *)data)++;
    return 0;
}

static int read_facts(struct tx *tx, void *arg)
{
    struct facts *facts = arg;
    struct user user;
    const char *reason = NULL;
    facts->ada = user_by_login(tx, "ada@example.com", &user) == 0;
    facts->paused = org_paused(tx, &reason);
    (void)snprintf(facts->reason, sizeof(facts->reason), "%s", reason ? reason : "");
    facts->tokens = 0;
    return token_each(tx, count_token, &facts->tokens);
}

static int open_dir(const char *name, const char *key_file, struct facts *ret)
{
    struct cli *cli = NEW(struct cli);
    *cli = (struct cli){.arena = arena_new(), .json = true};
    struct datadir data;
    datadir_init(&data, cli, in_dir(name), key_file);
    int r = datadir_lock(&data, cli, false);
    if (r == CLI_OK)
        r = datadir_open(&data, cli, 0, NULL, NULL);
    if (r == CLI_OK)
        assert_int_equal(store_read_wait(data.store, read_facts, ret), 0);
    datadir_close(&data);
    (void)arena_free(cli->arena);
    free(cli);
    return r;
}

static void what_is_made_is_private(void **state)
{
    (void)state;
    make_store();
    assert_int_equal(mode_of("d"), 0700);
    assert_int_equal(mode_of("d/muster.db"), 0600);
    assert_int_equal(mode_of("d/muster.key"), 0600);
    assert_int_equal(run("token create ci --json --data @d"), CLI_OK);
    struct facts facts;
    assert_int_equal(open_dir("d", NULL, &facts), CLI_OK);
    assert_true(facts.ada);
    assert_int_equal(facts.tokens, 1);
    assert_int_equal(facts.paused, 0);
}

static void one_process_uses_a_directory(void **state)
{
    (void)state;
    make_store();
    struct cli *cli = NEW(struct cli);
    *cli = (struct cli){.arena = arena_new(), .json = true};
    struct datadir held;
    datadir_init(&held, cli, in_dir("d"), NULL);
    assert_int_equal(datadir_lock(&held, cli, false), CLI_OK);
    assert_int_equal(run("import --json --data @d @users.csv"), CLI_IN_USE);
    assert_int_equal(run("key rotate --json --data @d"), CLI_IN_USE);
    assert_int_equal(run("restore --json --force @d/muster.db --data @d"), CLI_IN_USE);
    /* A backup needs no lock: it is made beside a running server. */
    assert_int_equal(run("backup --json @b.db --data @d"), CLI_OK);
    datadir_close(&held);
    assert_int_equal(run("import --json --data @d @users.csv"), CLI_OK);
    (void)arena_free(cli->arena);
    free(cli);
}

static void a_directory_open_to_others_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_dir("open"), 0755), 0);
    assert_int_equal(chmod(in_dir("open"), 0755), 0);
    make_store();
    assert_int_equal(run("import --json --data @open @users.csv"), CLI_FAILED);
}

static void a_restored_store_is_paused_and_says_why(void **state)
{
    (void)state;
    struct facts facts;
    make_store();
    assert_int_equal(run("backup --json @b.db --data @d"), CLI_OK);
    assert_int_equal(mode_of("b.db"), 0600);
    assert_int_equal(run("backup --json @b.db --data @d"), CLI_FAILED);
    assert_int_equal(run("restore --json @b.db --data @e"), CLI_KEY);
    assert_int_equal(run("restore --json @b.db --data @e --key-file @d/muster.key"), CLI_OK);
    assert_int_equal(open_dir("e", NULL, &facts), CLI_OK);
    assert_true(facts.ada);
    assert_int_equal(facts.paused, 1);
    assert_non_null(strstr(facts.reason, "restored from "));
    assert_non_null(strstr(facts.reason, "b.db at 2"));
    assert_int_equal(run("restore --json @b.db --data @e"), CLI_FAILED);
    assert_int_equal(run("restore --json @b.db --data @e --force"), CLI_OK);
    assert_int_equal(open_dir("d", NULL, &facts), CLI_OK);
    assert_int_equal(facts.paused, 0);
}

static int check_token(struct tx *tx, void *arg)
{
    struct api_token token;
    int r = token_check(tx, arg, &token);
    return r < 0 ? r : (int)token.role;
}

/* The role of the token in DIR/admin.token, or a negative error. */
static int role_of_file(const char *name)
{
    char line[256] = "", why[512] = "";
    FILE *file = fopen(in_dir(arena_printf(arena, "%s/admin.token", name)), "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
    struct store *store;
    struct store_options options = {
        .path = in_dir(arena_printf(arena, "%s/muster.db", name)), .env = env_real(), .rooms = cli_rooms};
    assert_int_equal(store_open(&store, &options, why, sizeof(why)), 0);
    int r = store_read_wait(store, check_token, line);
    store_close(store);
    return r;
}

static void a_restored_store_has_a_token_of_its_own(void **state)
{
    (void)state;
    make_store();
    assert_int_equal(run("token create ci --json --data @d"), CLI_OK);
    assert_int_equal(run("backup --json @b.db --data @d"), CLI_OK);
    assert_int_equal(run("restore --json @b.db --data @e --key-file @d/muster.key"), CLI_OK);
    assert_int_equal(mode_of("e/admin.token"), 0600);
    assert_int_equal(role_of_file("e"), ROLE_ADMIN);
    struct facts facts;
    assert_int_equal(open_dir("e", NULL, &facts), CLI_OK);
    assert_int_equal(facts.tokens, 2);
    /* In the place of another store: the file fits the store that is there now. */
    assert_int_equal(run("restore --json @b.db --data @e --force"), CLI_OK);
    assert_int_equal(role_of_file("e"), ROLE_ADMIN);
    assert_int_not_equal(access(in_dir("e/admin.token.restoring"), F_OK), 0);
    /* What failed leaves nothing behind. */
    assert_int_equal(run("restore --json @b.db --data @f"), CLI_KEY);
    assert_int_not_equal(access(in_dir("f/admin.token.restoring"), F_OK), 0);
}

static void what_is_no_backup_is_refused(void **state)
{
    (void)state;
    make_store();
    FILE *file = fopen(in_dir("junk.db"), "w");
    (void)fputs("this is no database, whatever its name says", file);
    (void)fclose(file);
    assert_int_equal(run("restore --json @junk.db --data @d --force"), CLI_FAILED);
    assert_int_equal(run("restore --json @none.db --data @d --force"), CLI_FAILED);
    struct facts facts;
    assert_int_equal(open_dir("d", NULL, &facts), CLI_OK);
    assert_true(facts.ada);
}

static void the_key_is_asked_for(void **state)
{
    (void)state;
    struct facts facts;
    make_store();
    assert_int_equal(run("import --json --data @other @users.csv"), CLI_OK);
    assert_int_equal(open_dir("d", in_dir("other/muster.key"), &facts), CLI_KEY);
    assert_int_equal(rename(in_dir("d/muster.key"), in_dir("moved.key")), 0);
    assert_int_equal(open_dir("d", NULL, &facts), CLI_KEY);
    /* It must not have been made anew. */
    assert_int_not_equal(access(in_dir("d/muster.key"), F_OK), 0);
    assert_int_equal(open_dir("d", in_dir("moved.key"), &facts), CLI_OK);
}

static void an_old_key_is_not_enough_after_rotation(void **state)
{
    (void)state;
    struct facts facts;
    make_store();
    assert_int_equal(run("backup --json @b.db --data @d"), CLI_OK);
    /* The rotation puts a new file in its place. */
    assert_int_equal(link(in_dir("d/muster.key"), in_dir("old.key")), 0);
    assert_int_equal(run("key rotate --json --data @d"), CLI_OK);
    assert_int_equal(open_dir("d", NULL, &facts), CLI_OK);
    assert_int_equal(open_dir("d", in_dir("old.key"), &facts), CLI_KEY);
    /* The file keeps the old key for older backups. */
    assert_int_equal(run("restore --json @b.db --data @e --key-file @d/muster.key"), CLI_OK);
}

static int lines_of(const char *name)
{
    FILE *file = fopen(in_dir(name), "r");
    assert_non_null(file);
    int lines = 0;
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    (void)fclose(file);
    return lines;
}

static void a_key_is_rotated_as_often_as_one_likes(void **state)
{
    (void)state;
    struct facts facts;
    make_store();
    for (int i = 0; i < 20; i++)
        assert_int_equal(run("key rotate --json --data @d"), CLI_OK);
    assert_int_equal(lines_of("d/muster.key"), 8);
    assert_int_equal(open_dir("d", NULL, &facts), CLI_OK);
    /* Rotations that were interrupted have filled the file: the next one ends them. */
    struct keyring *keyring;
    char why[512] = "";
    assert_int_equal(keyring_load(&keyring, in_dir("d/muster.key"), false, why, sizeof(why)), 0);
    while (keyring_add(keyring, in_dir("d/muster.key"), why, sizeof(why)) == 0)
        ;
    keyring = keyring_free(keyring);
    assert_int_equal(lines_of("d/muster.key"), 16);
    assert_int_equal(run("key rotate --json --data @d"), CLI_OK);
    assert_int_equal(lines_of("d/muster.key"), 8);
    assert_int_equal(open_dir("d", NULL, &facts), CLI_OK);
}

static void a_practice_target_open_to_everybody_stays_on_this_machine(void **state)
{
    (void)state;
    assert_int_equal(run("practice --json --listen 0.0.0.0:0"), CLI_USAGE);
    assert_int_equal(run("practice --json --listen [::]:0"), CLI_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_made_is_private, start, end),
        cmocka_unit_test_setup_teardown(one_process_uses_a_directory, start, end),
        cmocka_unit_test_setup_teardown(a_directory_open_to_others_is_refused, start, end),
        cmocka_unit_test_setup_teardown(a_restored_store_is_paused_and_says_why, start, end),
        cmocka_unit_test_setup_teardown(a_restored_store_has_a_token_of_its_own, start, end),
        cmocka_unit_test_setup_teardown(what_is_no_backup_is_refused, start, end),
        cmocka_unit_test_setup_teardown(the_key_is_asked_for, start, end),
        cmocka_unit_test_setup_teardown(an_old_key_is_not_enough_after_rotation, start, end),
        cmocka_unit_test_setup_teardown(a_key_is_rotated_as_often_as_one_likes, start, end),
        cmocka_unit_test_setup_teardown(a_practice_target_open_to_everybody_stays_on_this_machine, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
