/* SPDX-License-Identifier: Apache-2.0 */
/* The demonstration, which is the whole product in one process: server, engine, practice target, client. */
#include "cli/server.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void the_target_holds_what_it_should(void **state)
{
    (void)state;
    char demo[] = "demo", leave[] = "--exit", people[] = "--people", count[] = "12", json[] = "--json";
    char *words[] = {demo, leave, people, count, json};
    char error[CLI_ERROR_BYTES];
    struct cli *cli = NEW(struct cli);
    *cli = (struct cli){.arena = arena_new()};
    assert_int_equal(cli_parse(cli, ARRAY_LEN(words), words, error), CLI_OK);
    /* What it prints would stand between the lines of the test's own report. */
    (void)fflush(stdout);
    int kept = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(kept >= 0 && nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0);
    int r = cli->verb->run(cli);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    (void)close(nowhere);
    assert_int_equal(r, CLI_OK);
    (void)client_free(cli->client);
    (void)arena_free(cli->arena);
    free(cli);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_target_holds_what_it_should)};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    signals_hold();
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return r;
}
