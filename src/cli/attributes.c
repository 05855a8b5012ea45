/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/attributes.h"

#include "base/text.h"

static int read_one(const struct cli *cli, const char *text, struct jval *profile)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !text_is_utf8(text, strlen(text)))
        return cli_fail(cli, CLI_USAGE, "%s: give attributes as NAME=TEXT or NAME:=JSON, as in title=Engineer",
                        cli_clean(cli->arena, text));
    bool json = equals[-1] == ':';
    const char *name = arena_strndup(cli->arena, text, (size_t)(equals - text) - (json ? 1 : 0));
    if (!json) {
        jval_set_str(profile, name, equals + 1);
        return CLI_OK;
    }
    struct jval_error error;
    struct jval *value;
    if (jval_parse(&value, equals + 1, strlen(equals + 1), &error) < 0)
        return cli_fail(cli, CLI_USAGE, "%s: what follows := is not JSON: %s", text, error.text);
    jval_set(profile, name, value);
    return CLI_OK;
}

int attributes_read(const struct cli *cli, size_t first, struct jval *profile)
{
    for (size_t i = first; i < cli->arg_count; i++) {
        int r = read_one(cli, cli->args[i], profile);
        if (r)
            return r;
    }
    return CLI_OK;
}
