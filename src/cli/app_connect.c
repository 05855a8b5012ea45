/* SPDX-License-Identifier: Apache-2.0 */
/* muster app connect, muster app forget-credential. */
#include "cli/cli.h"

#include "auth/pem.h"
#include "base/limits.h"

#include <ctype.h>
#include <fcntl.h>
#include <unistd.h>

int cli_read_line(struct cli *cli, const char *option, const char **ret)
{
    const char *path = cli_option(cli, option);
    char line[LIMIT_SECRET_BYTES * 16 + 2] = "";
    if (!path) {
        *ret = NULL;
        return CLI_OK;
    }
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    bool read = file && fgets(line, sizeof(line), file);
    if (file && file != stdin)
        (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    if (!read || !line[0])
        return cli_fail(cli, CLI_USAGE, "--%s %s: cannot read a credential from its first line", option, path);
    *ret = arena_strdup(cli->arena, line);
    explicit_bzero(line, sizeof(line));
    return CLI_OK;
}

/* All of a file. NULL without the option. */
static int read_pem(struct cli *cli, const char *option, const char **ret)
{
    const char *path = cli_option(cli, option);
    *ret = NULL;
    if (!path)
        return CLI_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = arena_alloc(cli->arena, PEM_BYTES_MAX + 2);
    size_t n = 0;
    ssize_t got = 0;
    while (fd >= 0 && n <= PEM_BYTES_MAX && (got = read(fd, text + n, PEM_BYTES_MAX + 1 - n)) > 0)
        n += (size_t)got;
    if (fd >= 0)
        (void)close(fd);
    if (fd < 0 || got < 0 || n == 0 || n > PEM_BYTES_MAX || memchr(text, '\0', n))
        return cli_fail(cli, CLI_USAGE, "--%s %s: cannot read PEM from it (at most 128 KiB)", option, path);
    *ret = text;
    return CLI_OK;
}

static bool says_none(const char *value)
{
    return value && strcmp(value, "none") == 0;
}

/* A field that "none" takes away, and that is left out without the option. */
static void put(struct jval *profile, const char *field, const char *value, bool none)
{
    if (none)
        jval_set(profile, field, jval_new_null());
    else if (value)
        jval_set_str(profile, field, value);
}

static int put_file(struct cli *cli, struct jval *profile, const char *option, const char *field)
{
    const char *text = NULL;
    bool none = says_none(cli_option(cli, option));
    int r = none ? CLI_OK : read_pem(cli, option, &text);
    if (r == CLI_OK)
        put(profile, field, text, none);
    return r;
}

static int put_client(struct cli *cli, struct jval *profile)
{
    static const char *const ways[][2] = {
        {"basic", "CLIENT_SECRET_BASIC"}, {"post", "CLIENT_SECRET_POST"}, {"jwt", "PRIVATE_KEY_JWT"}};
    const char *how = cli_option(cli, "client-auth");
    const char *way = NULL;
    for (size_t i = 0; how && i < ARRAY_LEN(ways); i++)
        if (strcmp(how, ways[i][0]) == 0)
            way = ways[i][1];
    if (how && !way)
        return cli_fail(cli, CLI_USAGE, "--client-auth %s: give basic, post or jwt", how);
    put(profile, "tokenUrl", cli_option(cli, "token-url"), false);
    put(profile, "clientId", cli_option(cli, "client-id"), false);
    put(profile, "clientAuth", way, false);
    put(profile, "scope", cli_option(cli, "scope"), says_none(cli_option(cli, "scope")));
    put(profile, "keyId", cli_option(cli, "key-id"), says_none(cli_option(cli, "key-id")));
    return put_file(cli, profile, "private-key-file", "privateKey");
}

static int put_way(struct cli *cli, struct jval *profile)
{
    const char *proxy = cli_option(cli, "proxy");
    const char *except = cli_option(cli, "no-proxy");
    const char *expires = cli_option(cli, "expires");
    const char *credential = NULL;
    int r = put_file(cli, profile, "app-ca-file", "authorities");
    if (r == CLI_OK)
        r = put_file(cli, profile, "client-cert-file", "clientCertificate");
    if (r == CLI_OK)
        r = put_file(cli, profile, "client-key-file", "clientKey");
    bool bare = says_none(cli_option(cli, "proxy-credential-file"));
    if (r == CLI_OK && !bare)
        r = cli_read_line(cli, "proxy-credential-file", &credential);
    if (r)
        return r;
    put(profile, "proxy", proxy && strcmp(proxy, "direct") == 0 ? "DIRECT" : proxy, says_none(proxy));
    put(profile, "noProxy", except, says_none(except));
    put(profile, "proxyCredential", credential, bare);
    put(profile, "expires", expires, says_none(expires));
    if (cli_flag(cli, "rotate"))
        jval_set(profile, "rotate", jval_new_bool(true));
    return CLI_OK;
}

static int connection_profile(struct cli *cli, const char *secret, struct jval *profile)
{
    static const char *const of_client[] = {"client-id", "client-auth", "scope", "key-id", "private-key-file"};
    const char *user = cli_option(cli, "basic-user"), *header = cli_option(cli, "header");
    bool oauth = cli_option(cli, "token-url") != NULL;
    if ((user && header) || (oauth && (user || header)))
        return cli_fail(cli, CLI_USAGE, "--basic-user, --header and --token-url do not go together; use one");
    for (size_t i = 0; !oauth && i < ARRAY_LEN(of_client); i++)
        if (cli_option(cli, of_client[i]))
            return cli_fail(cli, CLI_USAGE, "--%s goes with --token-url; give both", of_client[i]);
    jval_set_str(profile, "authScheme", oauth ? "OAUTH2" : user ? "BASIC" : header ? "HEADER" : "TOKEN");
    if (user)
        jval_set_str(profile, "username", user);
    if (header)
        jval_set_str(profile, "headerName", header);
    if (secret)
        jval_set_str(profile, oauth ? "clientSecret" : user ? "password" : "token", secret);
    int r = oauth ? put_client(cli, profile) : CLI_OK;
    return r ? r : put_way(cli, profile);
}

static int open_and_find(struct cli *cli, const char **ret_id)
{
    int r = client_open(cli);
    return r ? r : resolve_app(cli, cli->args[0], ret_id);
}

int cmd_app_connect(struct cli *cli)
{
    const char *id = NULL, *secret = NULL;
    struct jval *body CLEANUP(jval_freep) = jval_new_object();
    struct jval *profile = jval_new_object();
    jval_set_str(body, "baseUrl", cli->args[1]);
    jval_set(body, "profile", profile);
    if (cli_flag(cli, "allow-plain-http"))
        jval_set(body, "allowPlainHttp", jval_new_bool(true));
    int r = cli_read_line(cli, "secret-file", &secret);
    if (r == CLI_OK)
        r = connection_profile(cli, secret, profile);
    if (r == CLI_OK)
        r = open_and_find(cli, &id);
    struct answer answer;
    if (r == CLI_OK) {
        const char *path = cli_flag(cli, "off")
                               ? client_path(cli, "/api/v1/apps/%s/connections/default?activate=false", id)
                               : client_path(cli, "/api/v1/apps/%s/connections/default?activate=true", id);
        r = client_call(cli, "POST", path, body, &answer);
    }
    if (r)
        return r;
    if (cli->json)
        cli_print_object(cli, answer.body);
    cli_say(cli, "%s is connected to %s (%s)", cli->args[0], cli->args[1], jval_get_str(answer.body, "status"));
    return CLI_OK;
}

int cmd_app_forget_credential(struct cli *cli)
{
    const char *id = NULL;
    struct answer answer;
    int r = open_and_find(cli, &id);
    if (r == CLI_OK)
        r = client_call(cli, "DELETE", client_path(cli, "/api/v1/apps/%s/connections/default/previous", id), NULL,
                        &answer);
    if (r == CLI_OK)
        cli_say(cli, "%s: the credential before the one in use is forgotten", cli->args[0]);
    return r;
}
