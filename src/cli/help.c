/* SPDX-License-Identifier: Apache-2.0 */
/* --help and the manual page, both from the table of verbs. */
#include "cli/cli.h"

#define HELP_BYTES ((size_t)1024 * 1024)
#define HELP_WIDTH 100
#define MAN_WIDTH 78

static const struct {
    const char *name;
    const char *text;
} environment[] = {
    {"MUSTER_URL", "the server that verbs talk to, unless --url names one; else http://127.0.0.1:8080"},
    {"MUSTER_TOKEN",
     "the API token, unless --token-file names a file; else, for a server on this machine, the token in "
     "./muster-data/admin.token"},
};

/* Paragraphs, each line at most HELP_WIDTH wide. */
static void add_wrapped(struct buf *out, const char *text, const char *indent)
{
    size_t column = 0;
    while (*text) {
        if (*text == '\n') {
            buf_str(out, "\n");
            column = 0;
            text++;
            continue;
        }
        size_t n = strcspn(text, " \n");
        if (column && column + 1 + n > HELP_WIDTH) {
            buf_str(out, "\n");
            column = 0;
        }
        buf_str(out, column ? " " : indent);
        column = column ? column + 1 + n : strlen(indent) + n;
        buf_add(out, text, n);
        text += n;
        text += *text == ' ';
    }
    buf_str(out, "\n");
}

static void add_options(struct buf *out, const struct option_spec *options, const char *title)
{
    if (!options || !options->name)
        return;
    buf_printf(out, "\n%s:\n", title);
    for (; options->name; options++) {
        char left[80];
        (void)snprintf(left, sizeof(left), "--%s%s%s", options->name, options->value ? " " : "",
                       options->value ? options->value : "");
        buf_printf(out, "  %-26s %s%s\n", left, options->text, options->repeat ? " (may be repeated)" : "");
    }
}

void help_verb(struct buf *out, const struct verb *verb)
{
    buf_printf(out, "usage: muster %s%s%s%s\n\n%s: %s\n", verb->name, *verb->arguments ? " " : "", verb->arguments,
               verb->options || (verb->flags & VERB_CLIENT) ? " [OPTION...]" : "", verb->name, verb->summary);
    if (*verb->text) {
        buf_str(out, "\n");
        add_wrapped(out, verb->text, "");
    }
    add_options(out, verb->options, "options");
    if (verb->flags & VERB_PLANS)
        add_options(out, plan_options, "a look before");
    if (verb->flags & VERB_CLIENT)
        add_options(out, client_options, "the server");
    add_options(out, common_options, "always");
    buf_printf(out, "\n%s:\n", strchr(verb->examples, '\n') ? "examples" : "example");
    for (const char *line = verb->examples; *line;) {
        size_t n = strcspn(line, "\n");
        buf_printf(out, "  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

static void add_verb_line(struct buf *out, const struct verb *verb)
{
    char left[80];
    (void)snprintf(left, sizeof(left), "%s%s%s", verb->name, *verb->arguments ? " " : "", verb->arguments);
    buf_printf(out, "  %-38s %s\n", left, verb->summary);
}

void help_family(struct buf *out, const char *first)
{
    size_t n = strlen(first);
    buf_printf(out, "usage: muster %s VERB\n\n", first);
    for (const struct verb *v = cli_verbs; v->name; v++)
        if (strncmp(v->name, first, n) == 0 && v->name[n] == ' ')
            add_verb_line(out, v);
    buf_printf(out, "\n`muster %s VERB --help` explains one, with examples.\n", first);
}

void help_overview(struct buf *out)
{
    buf_str(out, "usage: muster VERB [ARGUMENT...] [OPTION...]\n\n"
                 "Muster keeps groups in step: from one directory of users and groups into every app over SCIM 2.0.\n\n"
                 "Begin with `muster demo`, or:\n"
                 "  muster serve &                                             the server, in ./muster-data\n"
                 "  muster user create ada@example.com firstName=Ada lastName=Lovelace\n"
                 "  muster group create Sales && muster group add Sales ada@example.com\n"
                 "  muster app create Tool\n"
                 "  muster app connect Tool https://tool.example.com/scim/v2 --secret-file token\n"
                 "  muster app switch Tool all=on && muster app assign Tool Sales\n"
                 "  muster push create Tool Sales && muster wait\n");
    const char *family = "";
    size_t family_n = 0;
    buf_str(out, "\nverbs:\n");
    for (const struct verb *v = cli_verbs; v->name; v++) {
        size_t n = strcspn(v->name, " ");
        bool same = n == family_n && strncmp(v->name, family, n) == 0;
        if (v != cli_verbs && !same && (v->name[n] || family[family_n]))
            buf_str(out, "\n");
        family = v->name;
        family_n = n;
        add_verb_line(out, v);
    }
    buf_str(
        out,
        "\n`muster VERB --help` explains one, with examples; `muster help exit-codes` and `muster help environment`\n"
        "tell the rest. Every verb takes --json.\n");
}

void help_exit_codes(struct buf *out)
{
#define X(symbol, number, text) buf_printf(out, "  %d  %s\n", number, text);
    CLI_EXIT_LIST(X)
#undef X
}

void help_environment(struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(environment); i++)
        buf_printf(out, "  %-14s %s\n", environment[i].name, environment[i].text);
}

/* --- the manual page -------------------------------------------------------------------------------------------------
 */

/* One character of text in mdoc: backslashes are escapes, a dot or quote at the start of a line is a macro. */
static void man_char(struct buf *out, char c, char next)
{
    bool start = out->len == 0 || buf_text(out)[out->len - 1] == '\n';
    if (start && (c == '.' || c == '\''))
        buf_str(out, "\\&");
    if (c == '\\')
        buf_str(out, "\\e");
    else if (c == '-' && next == '-')
        buf_str(out, "\\-");
    else
        buf_char(out, c);
}

/* Lines as they are. */
static void man_literal(struct buf *out, const char *text)
{
    for (; *text; text++)
        man_char(out, text[0], text[1]);
    buf_char(out, '\n');
}

/* Paragraphs: a sentence starts a line, and lines are short. */
static void man_text(struct buf *out, const char *text)
{
    size_t column = 0;
    bool sentence = false;
    while (*text) {
        if (text[0] == '\n') {
            buf_str(out, text[1] == '\n' ? "\n.Pp\n" : "\n");
            text += text[1] == '\n' ? 2 : 1;
            column = 0;
            continue;
        }
        size_t n = strcspn(text, " \n");
        if (column && (sentence || column + 1 + n > MAN_WIDTH)) {
            buf_char(out, '\n');
            column = 0;
        }
        if (column)
            buf_char(out, ' ');
        column += n + 1;
        sentence = n && strchr(".?!", text[n - 1]);
        for (; n; n--, text++)
            man_char(out, text[0], text[1]);
        text += *text == ' ';
    }
    buf_char(out, '\n');
}

static void man_options(struct buf *out, const struct option_spec *options)
{
    if (!options || !options->name)
        return;
    buf_str(out, ".Bl -tag -width indent\n");
    for (; options->name; options++) {
        buf_printf(out, ".It Fl Fl %s%s%s\n", options->name, options->value ? " Ar " : "",
                   options->value ? options->value : "");
        man_text(out, options->text);
        if (options->repeat)
            buf_str(out, "(May be repeated.)\n");
    }
    buf_str(out, ".El\n");
}

static void man_examples(struct buf *out, const char *examples)
{
    buf_str(out, ".Bd -literal -offset indent\n");
    man_literal(out, examples);
    buf_str(out, ".Ed\n");
}

static void man_verb(struct buf *out, const struct verb *verb)
{
    buf_printf(out, ".Ss muster %s%s%s\n", verb->name, *verb->arguments ? " " : "", verb->arguments);
    man_text(out, verb->summary);
    if (*verb->text) {
        buf_str(out, ".Pp\n");
        man_text(out, verb->text);
    }
    man_options(out, verb->options);
    if (verb->flags & VERB_PLANS)
        man_options(out, plan_options);
    if (verb->flags & VERB_CLIENT)
        buf_str(out, ".Pp\nTakes the options of verbs that talk to a server.\n");
    man_examples(out, verb->examples);
}

void help_man(struct buf *out)
{
    buf_str(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n"
                 ".\\\" Made from the table of verbs: muster help man > docs/muster.1\n"
                 ".Dd October 1, 2025\n.Dt MUSTER 1\n.Os\n"
                 ".Sh NAME\n.Nm muster\n.Nd keep groups in step, from one directory into every app\n"
                 ".Sh SYNOPSIS\n.Nm\n.Ar verb\n.Op Ar argument ...\n.Op Ar option ...\n"
                 ".Sh DESCRIPTION\n.Nm\n"
                 "provisions accounts for the people an app is assigned to, and pushes groups\n"
                 "and their members into the app over SCIM 2.0.\n"
                 "It speaks a published management API; this program is the server and a client\n"
                 "of it.\n"
                 ".Sh OPTIONS\nEvery verb takes:\n");
    man_options(out, common_options);
    buf_str(out, "Verbs that talk to a server take:\n");
    man_options(out, client_options);
    buf_str(out, ".Sh VERBS\n");
    for (const struct verb *v = cli_verbs; v->name; v++)
        man_verb(out, v);
    buf_str(out, ".Sh ENVIRONMENT\n.Bl -tag -width indent\n");
    for (size_t i = 0; i < ARRAY_LEN(environment); i++) {
        buf_printf(out, ".It Ev %s\n", environment[i].name);
        man_text(out, environment[i].text);
    }
    buf_str(out, ".El\n.Sh FILES\n.Bl -tag -width indent\n"
                 ".It Pa DIR/muster.db\nThe store.\n"
                 ".It Pa DIR/muster.key\nThe keys that seal credentials, the current one first.\n"
                 ".It Pa DIR/admin.token\nThe first administrator's API token.\n"
                 ".It Pa DIR/lock\nHeld by the process that uses the directory.\n"
                 ".It Pa FILE.muster-progress\nHow far an import of FILE came.\n"
                 ".El\n.Sh EXIT STATUS\n.Bl -tag -width indent\n");
#define X(symbol, number, text)                                                                                        \
    buf_printf(out, ".It %d\n", number);                                                                               \
    man_text(out, text);
    CLI_EXIT_LIST(X)
#undef X
    buf_str(out, ".El\n");
}

int cmd_help(struct cli *cli)
{
    struct buf out;
    buf_init(&out, HELP_BYTES);
    const char *first = cli->arg_count > 0 ? cli->args[0] : NULL, *second = cli->arg_count > 1 ? cli->args[1] : NULL;
    const struct verb *verb = first ? cli_find_verb(first, second) : NULL;
    int r = CLI_OK;
    if (!first)
        help_overview(&out);
    else if (verb)
        help_verb(&out, verb);
    else if (strcmp(first, "exit-codes") == 0)
        help_exit_codes(&out);
    else if (strcmp(first, "environment") == 0)
        help_environment(&out);
    else if (strcmp(first, "man") == 0)
        help_man(&out);
    else if (cli_is_family(first) && !second)
        help_family(&out, first);
    else
        r = cli_fail(cli, CLI_USAGE, "there is no verb %s%s%s; `muster help` lists them", first, second ? " " : "",
                     second ? second : "");
    if (r == CLI_OK)
        (void)fputs(buf_text(&out), stdout);
    buf_free(&out);
    return r;
}

int cmd_version(struct cli *cli)
{
    struct jval *out = jval_new_object();
    jval_set_str(out, "version", MUSTER_VERSION);
    cli_print_json(cli, out);
    cli_say(cli, "muster %s", MUSTER_VERSION);
    return CLI_OK;
}
