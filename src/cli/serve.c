/* SPDX-License-Identifier: Apache-2.0 */
/* muster serve */
#include "cli/server.h"

#include "app/connection.h"
#include "base/env.h"
#include "base/url.h"
#include "cli/admin.h"

#include <unistd.h>

#define TIDY_MS 1000 /* milliseconds between two looks at what a deleted person leaves in the record */
#define EXPIRE_MS (3600 * 1000)
#define PROXIES_BYTES 4096
#define LEASE_S_MIN 2
#define LEASE_S_MAX 300
#define REQUEST_S_MIN 1
#define REQUEST_S_MAX 600
#define NOT_PROXIED "localhost,127.0.0.0/8,::1" /* unless --no-proxy says what is not */

static const char *proxy_list(struct cli *cli)
{
    struct buf list;
    buf_init(&list, PROXIES_BYTES);
    const char *one;
    for (size_t i = 0; (one = cli_option_at(cli, "behind-proxy", i)); i++)
        buf_printf(&list, "%s%s", i ? "," : "", one);
    const char *text = list.len && !list.overflowed ? arena_strdup(cli->arena, buf_text(&list)) : NULL;
    buf_free(&list);
    return text;
}

/* The first line of a file, for what must be in no list of processes. */
static int read_proxy(struct cli *cli, struct server_options *ret)
{
    const char *path = cli_option(cli, "proxy-credential-file");
    ret->proxy = cli_option(cli, "proxy");
    ret->no_proxy = cli_option(cli, "no-proxy") ? cli_option(cli, "no-proxy") : NOT_PROXIED;
    if (ret->proxy && !proxy_url_is_valid(ret->proxy))
        return cli_fail(cli, CLI_USAGE, "--proxy %s: give a URL as in http://proxy.example.com:3128", ret->proxy);
    if (!ret->proxy && (path || cli_option(cli, "no-proxy")))
        return cli_fail(cli, CLI_USAGE, "--%s goes with --proxy; give both",
                        path ? "proxy-credential-file" : "no-proxy");
    if (!path)
        return CLI_OK;
    int r = cli_read_line(cli, "proxy-credential-file", &ret->proxy_credential);
    if (r == CLI_OK && !strchr(ret->proxy_credential, ':'))
        r = cli_fail(cli, CLI_USAGE, "--proxy-credential-file %s: the first line must be like user:password", path);
    return r;
}

static int check_file(const struct cli *cli, const char *option)
{
    const char *path = cli_option(cli, option);
    if (!path || access(path, R_OK) == 0)
        return CLI_OK;
    return cli_fail(cli, CLI_USAGE, "--%s %s cannot be read", option, path);
}

static int check_external_url(const struct cli *cli, const char *url)
{
    struct url_target target;
    if (!url || (url_parse(cli->arena, url, &target) == 0 && !target.query))
        return CLI_OK;
    return cli_fail(cli, CLI_USAGE, "--external-url %s: give a URL as in https://muster.example.com", url);
}

static int read_options(struct cli *cli, struct server_options *ret)
{
    int64_t rate;
    int64_t lease = 0;
    int64_t request = 0;
    const char *listen = cli_option(cli, "listen");
    *ret = (struct server_options){.dir = cli_option(cli, "data"),
                                   .key_file = cli_option(cli, "key-file"),
                                   .database = true,
                                   .host = "127.0.0.1",
                                   .port = 8080,
                                   .tls_cert_file = cli_option(cli, "tls-cert"),
                                   .tls_key_file = cli_option(cli, "tls-key"),
                                   .external_url = cli_option(cli, "external-url"),
                                   .proxies = proxy_list(cli),
                                   .ca_file = cli_option(cli, "ca-file"),
                                   .node = cli_option(cli, "node"),
                                   .paused = cli_flag(cli, "paused")};
    if (listen && url_host_port(cli->arena, listen, &ret->host, &ret->port) < 0)
        return cli_fail(cli, CLI_USAGE, "--listen %s: give HOST:PORT, as in 127.0.0.1:8080", listen);
    int r = cli_option_int(cli, "rate", 0, 1, 100000000, &rate);
    ret->rate_per_minute = r ? 0 : (int)rate;
    if (r == CLI_OK)
        r = cli_option_int(cli, "lease", 0, LEASE_S_MIN, LEASE_S_MAX, &lease);
    if (r == CLI_OK)
        r = cli_option_int(cli, "request-timeout", 0, REQUEST_S_MIN, REQUEST_S_MAX, &request);
    ret->lease_ms = lease * 1000;
    ret->request_ms = request * 1000;
    for (size_t i = 0; r == CLI_OK && i < 3; i++)
        r = check_file(cli, ((const char *[]){"tls-cert", "tls-key", "ca-file"})[i]);
    if (r == CLI_OK)
        r = read_proxy(cli, ret);
    if (r == CLI_OK)
        r = check_external_url(cli, ret->external_url);
    if (r)
        return r;
    if (!ret->tls_cert_file != !ret->tls_key_file)
        return cli_fail(cli, CLI_USAGE, "--tls-cert and --tls-key go together; give both");
    if (!ret->tls_cert_file && !host_is_loopback(ret->host) && !ret->proxies)
        return cli_fail(
            cli, CLI_USAGE,
            "without TLS the server answers on loopback only, and %s is not: give --tls-cert and --tls-key, "
            "or name the proxy in front with --behind-proxy",
            *ret->host ? ret->host : "every address");
    return CLI_OK;
}

static void say_ready(struct cli *cli, struct server *server)
{
    const struct datadir *data = server_data(server);
    struct jval *out = jval_new_object();
    jval_set_str(out, "url", server_url(server));
    jval_set_str(out, "data", data->dir);
    /* A restored store brings tokens of its own, whose file is elsewhere. */
    bool token = access(data->token_path, R_OK) == 0;
    jval_set_str(out, "token", token ? data->token_path : NULL);
    if (store_is_postgresql(data->store_path))
        jval_set_str(out, "database", data->shown);
    cli_print_json(cli, out);
    if (server_first_link(server))
        admin_show_link(cli, server_first_link(server));
    cli_say(cli, "muster is ready on %s, data in %s, token in %s", server_url(server), data->dir,
            token ? data->token_path : "no file: use one that you have");
}

int cmd_serve(struct cli *cli)
{
    struct server_options options;
    struct server *server;
    signals_hold();
    int r = read_options(cli, &options);
    if (r == CLI_OK)
        r = server_start(&server, cli, &options);
    if (r)
        return r;
    say_ready(cli, server);
    int64_t expired = 0;
    do {
        server_tidy(server);
        int64_t now = env_now(env_real());
        if (now - expired >= EXPIRE_MS || now < expired) {
            server_expire(server);
            expired = now;
        }
    } while (signals_wait(TIDY_MS) == 0);
    signals_limit_stop();
    server_stop(server);
    return CLI_OK;
}
