/* SPDX-License-Identifier: Apache-2.0 */
/* muster practice */
#include "practice/server.h"

#include "base/url.h"
#include "cli/server.h"

int cmd_practice(struct cli *cli)
{
    const char *listen = cli_option(cli, "listen");
    struct practice_server_options options = {
        .host = "127.0.0.1",
        .port = 8081,
        .tls_cert_file = cli_option(cli, "tls-cert"),
        .tls_key_file = cli_option(cli, "tls-key"),
        .practice = {.token = cli_option(cli, "token"),
                     .duplicate_group_names = cli_flag(cli, "duplicate-group-names"),
                     .unknown_members = cli_flag(cli, "unknown-members")},
    };
    if (listen && url_host_port(cli->arena, listen, &options.host, &options.port) < 0)
        return cli_fail(cli, CLI_USAGE, "--listen %s: give HOST:PORT, as in 127.0.0.1:8081", listen);
    if (!options.tls_cert_file != !options.tls_key_file)
        return cli_fail(cli, CLI_USAGE, "--tls-cert and --tls-key go together; give both");
    signals_hold();
    struct practice_server *server;
    char why[512] = "";
    if (practice_server_start(&server, &options, why, sizeof(why)) < 0)
        return cli_fail(cli, CLI_FAILED, "%s", why);
    struct jval *out = jval_new_object();
    jval_set_str(out, "url", practice_server_url(server));
    cli_print_json(cli, out);
    cli_say(cli, "the practice target is ready on %s%s", practice_server_url(server),
            options.practice.token ? "" : ", open to everybody (--token)");
    (void)signals_wait(-1);
    signals_limit_stop();
    practice_server_stop(server);
    return CLI_OK;
}
