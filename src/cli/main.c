/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <curl/curl.h>
#include <locale.h>
#include <signal.h>
#include <sodium.h>

static int run(struct cli *cli, int argc, char **argv)
{
    char error[CLI_ERROR_BYTES];
    int r = cli_parse(cli, argc - 1, argv + 1, error);
    if (r) {
        /* --json may stand behind the mistake. */
        for (int i = 1; i < argc; i++)
            cli->json = cli->json || strcmp(argv[i], "--json") == 0;
        return cli_fail(cli, r, "%s", error);
    }
    if (cli->help && cli->verb->run != cmd_help) {
        struct buf out;
        buf_init(&out, 1024 * 1024);
        help_verb(&out, cli->verb);
        (void)fputs(buf_text(&out), stdout);
        buf_free(&out);
        return CLI_OK;
    }
    return plan_end(cli, cli->verb->run(cli));
}

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)setlocale(LC_CTYPE, "");
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        (void)fputs("muster: the system gives no randomness or no TLS\n", stderr);
        return CLI_FAILED;
    }
    struct cli *cli = NEW(struct cli);
    *cli = (struct cli){.program = argc ? argv[0] : "muster", .arena = arena_new()};
    int r = run(cli, argc, argv);
    if (fflush(stdout) != 0 && r == CLI_OK)
        r = CLI_FAILED;
    (void)client_free(cli->client);
    (void)arena_free(cli->arena);
    free(cli);
    curl_global_cleanup();
    return r;
}
