/* SPDX-License-Identifier: Apache-2.0 */
/* muster practice */
#include "practice/server.h"

#include "base/err.h"
#include "base/url.h"
#include "cli/server.h"
#include "practice/profiles.h"

#define JOURNAL_ENTRIES_MOST 1000000

/* --profile and --fault. The faults live in the arena. */
static int read_faults(struct cli *cli, struct practice_options *options)
{
    struct practice_fault *faults = arena_array(cli->arena, PRACTICE_FAULTS, sizeof(*faults));
    const char *text = NULL;
    char why[512] = "";
    size_t most = PRACTICE_FAULTS;
    options->profile = cli_option(cli, "profile");
    options->faults = faults;
    if (options->profile) {
        const struct practice_profile *profile = practice_profile_find(options->profile);
        if (!profile) {
            struct buf names;
            buf_init(&names, 4096);
            for (profile = practice_profiles; profile->name; profile++)
                buf_printf(&names, "%s%s", names.len ? ", " : "", profile->name);
            const char *known = arena_strdup(cli->arena, buf_text(&names));
            buf_free(&names);
            return cli_fail(cli, CLI_USAGE, "--profile %s is not known; known are %s", options->profile, known);
        }
        for (const struct practice_fault *fault = profile->faults; fault->kind != FAULT_NONE; fault++)
            most--;
    }
    while ((text = cli_option_at(cli, "fault", options->fault_count))) {
        if (options->fault_count == most)
            return cli_fail(cli, CLI_USAGE, "--fault: at most %d faults in all, those of the profile too",
                            PRACTICE_FAULTS);
        if (fault_parse(text, &faults[options->fault_count], why, sizeof(why)) < 0)
            return cli_fail(cli, CLI_USAGE, "--fault %s: %s", text, why);
        options->fault_count++;
    }
    return CLI_OK;
}

static int read_rate_factor(struct cli *cli, struct practice_options *options)
{
    const char *text = cli_option(cli, "rate-factor");
    char *end = NULL;
    double factor = text ? strtod(text, &end) : 1;
    if (text && (end == text || *end || !(factor >= 0 && factor <= 1e6)))
        return cli_fail(cli, CLI_USAGE, "--rate-factor %s: give a number from 0 (no limits) to 1000000", text);
    if (text && !options->profile)
        return cli_fail(cli, CLI_USAGE, "--rate-factor changes the rate limits of a profile; give --profile too");
    options->rate_factor = factor > 0 ? factor : -1;
    return CLI_OK;
}

int cmd_practice(struct cli *cli)
{
    const char *listen = cli_option(cli, "listen");
    int64_t entries = 0, bytes = 0;
    struct practice_server_options options = {
        .host = "127.0.0.1",
        .port = 8081,
        .tls_cert_file = cli_option(cli, "tls-cert"),
        .tls_key_file = cli_option(cli, "tls-key"),
        .bad_certificate = cli_option(cli, "bad-certificate"),
        .practice = {.token = cli_option(cli, "token"),
                     .duplicate_group_names = cli_flag(cli, "duplicate-group-names"),
                     .unknown_members = cli_flag(cli, "unknown-members")},
    };
    if (listen && url_host_port(cli->arena, listen, &options.host, &options.port) < 0)
        return cli_fail(cli, CLI_USAGE, "--listen %s: give HOST:PORT, as in 127.0.0.1:8081", listen);
    if (!options.practice.token && !host_is_loopback(options.host))
        return cli_fail(cli, CLI_USAGE,
                        "without --token everybody may read and write, and %s is not this machine alone: give --token, "
                        "or listen on 127.0.0.1",
                        *options.host ? options.host : "every address");
    if (!options.tls_cert_file != !options.tls_key_file)
        return cli_fail(cli, CLI_USAGE, "--tls-cert and --tls-key go together; give both");
    if (options.tls_cert_file && options.bad_certificate)
        return cli_fail(cli, CLI_USAGE, "--bad-certificate makes a certificate of its own; leave --tls-cert out");
    int r = read_faults(cli, &options.practice);
    if (r == CLI_OK)
        r = read_rate_factor(cli, &options.practice);
    if (r == CLI_OK)
        r = cli_option_int(cli, "journal-entries", PRACTICE_JOURNAL_ENTRIES, 1, JOURNAL_ENTRIES_MOST, &entries);
    if (r == CLI_OK)
        r = cli_option_int(cli, "journal-bytes", PRACTICE_JOURNAL_BODY_BYTES, 1, (int64_t)PRACTICE_BODY_BYTES, &bytes);
    if (r != CLI_OK)
        return r;
    options.practice.journal_entries = (size_t)entries;
    options.practice.journal_body_bytes = (size_t)bytes;
    signals_hold();
    struct practice_server *server;
    char why[512] = "";
    r = practice_server_start(&server, &options, why, sizeof(why));
    if (r < 0)
        return cli_fail(cli, r == ERR_SYNTAX ? CLI_USAGE : CLI_FAILED, "%s", why);
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
