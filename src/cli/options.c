/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of the command line, driven by the table of verbs. */
#include "cli/cli.h"

#define NEAREST_WORDS 128
#define NEAREST_CHARS 32 /* longer words are near to nothing */

const struct option_spec common_options[] = {
    {"json", NULL, "answer in JSON, errors too", false},
    {"help", NULL, "explain this verb", false},
    {0},
};

const struct option_spec client_options[] = {
    {"url", "URL", "the server; else MUSTER_URL, else http://127.0.0.1:8080", false},
    {"token-file", "FILE", "file with the API token; else MUSTER_TOKEN, else ./muster-data/admin.token", false},
    {"ca-file", "FILE", "PEM file of the authorities that sign the server's certificate; else the system's", false},
    {0},
};

/* --- the nearest word ------------------------------------------------------------------------------------------------
 */

static size_t edit_distance(const char *a, const char *b)
{
    size_t an = strlen(a), bn = strlen(b);
    if (an > NEAREST_CHARS || bn > NEAREST_CHARS)
        return SIZE_MAX;
    size_t row[NEAREST_CHARS + 1];
    for (size_t j = 0; j <= bn; j++)
        row[j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t above = row[j];
            size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = MIN_OF(change, MIN_OF(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[bn];
}

const char *cli_nearest(const char *text, const char *const *words)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (; *words; words++) {
        size_t distance = edit_distance(text, *words);
        if (strlen(text) >= 2 && strncmp(*words, text, strlen(text)) == 0)
            distance = 1;
        if (distance < best_distance) {
            best_distance = distance;
            best = *words;
        }
    }
    return best_distance <= 1 + strlen(text) / 3 ? best : NULL;
}

/* --- verbs -----------------------------------------------------------------------------------------------------------
 */

static size_t first_word(const char *name)
{
    return strcspn(name, " ");
}

const struct verb *cli_find_verb(const char *first, const char *second)
{
    for (const struct verb *v = cli_verbs; v->name; v++) {
        size_t n = first_word(v->name);
        if (strlen(first) != n || strncmp(v->name, first, n) != 0)
            continue;
        if (v->name[n] == '\0' || (second && strcmp(v->name + n + 1, second) == 0))
            return v;
    }
    return NULL;
}

bool cli_is_family(const char *first)
{
    for (const struct verb *v = cli_verbs; v->name; v++) {
        size_t n = first_word(v->name);
        if (v->name[n] && strlen(first) == n && strncmp(v->name, first, n) == 0)
            return true;
    }
    return false;
}

static bool listed(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static int refuse_first(struct cli *cli, const char *first, char *error)
{
    const char *words[NEAREST_WORDS + 1] = {0};
    size_t n = 0;
    for (const struct verb *v = cli_verbs; v->name && n < NEAREST_WORDS; v++) {
        const char *word = arena_strndup(cli->arena, v->name, first_word(v->name));
        if (!listed(words, n, word))
            words[n++] = word;
    }
    const char *near = cli_nearest(first, words);
    (void)snprintf(error, CLI_ERROR_BYTES, near ? "there is no verb %s; did you mean %s?" : "there is no verb %s%s",
                   first, near ? near : "; `muster help` lists them");
    return CLI_USAGE;
}

static int refuse_second(const char *first, const char *second, char *error)
{
    const char *words[NEAREST_WORDS + 1] = {0};
    char list[CLI_ERROR_BYTES / 2] = "";
    size_t n = 0, used = 0;
    for (const struct verb *v = cli_verbs; v->name && n < NEAREST_WORDS; v++) {
        size_t at = first_word(v->name);
        if (strlen(first) != at || strncmp(v->name, first, at) != 0)
            continue;
        words[n++] = v->name + at + 1;
        int w = snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "", v->name + at + 1);
        used = MIN_OF(used + (size_t)w, sizeof(list) - 1);
    }
    const char *near = second ? cli_nearest(second, words) : NULL;
    if (!second)
        (void)snprintf(error, CLI_ERROR_BYTES, "what about the %s? there are: %s", first, list);
    else if (near)
        (void)snprintf(error, CLI_ERROR_BYTES, "there is no verb %s %s; did you mean %s %s?", first, second, first,
                       near);
    else
        (void)snprintf(error, CLI_ERROR_BYTES, "there is no verb %s %s; there are: %s", first, second, list);
    return CLI_USAGE;
}

/* --- options ---------------------------------------------------------------------------------------------------------
 */

/* Steps through the options of a verb: its own, the client's, the common ones. */
static const struct option_spec *next_option(const struct verb *verb, size_t *at)
{
    const struct option_spec *lists[] = {verb ? verb->options : NULL,
                                         verb && (verb->flags & VERB_PLANS) ? plan_options : NULL,
                                         verb && (verb->flags & VERB_CLIENT) ? client_options : NULL, common_options};
    size_t i = (*at)++;
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        if (!lists[l])
            continue;
        size_t n = 0;
        while (lists[l][n].name)
            n++;
        if (i < n)
            return &lists[l][i];
        i -= n;
    }
    return NULL;
}

static int find_option(const struct verb *verb, const char *name, const struct option_spec **ret, char *error)
{
    const char *words[NEAREST_WORDS + 1] = {0};
    size_t at = 0, n = 0;
    for (const struct option_spec *spec; (spec = next_option(verb, &at));) {
        if (strcmp(spec->name, name) == 0) {
            *ret = spec;
            return CLI_OK;
        }
        if (n < NEAREST_WORDS)
            words[n++] = spec->name;
    }
    const char *near = cli_nearest(name, words);
    const char *whose = verb ? verb->name : "muster";
    if (near)
        (void)snprintf(error, CLI_ERROR_BYTES, "%s has no option --%s; did you mean --%s?", whose, name, near);
    else
        (void)snprintf(error, CLI_ERROR_BYTES, "%s has no option --%s; `muster %s%s--help` lists them", whose, name,
                       verb ? verb->name : "", verb ? " " : "");
    return CLI_USAGE;
}

static int keep_option(struct cli *cli, const struct option_spec *spec, const char *value, char *error)
{
    if (strcmp(spec->name, "json") == 0)
        cli->json = true;
    if (strcmp(spec->name, "help") == 0)
        cli->help = true;
    for (size_t i = 0; i < cli->option_count && spec->value && !spec->repeat; i++)
        if (cli->options[i].spec == spec) {
            (void)snprintf(error, CLI_ERROR_BYTES, "--%s was given twice; give it once", spec->name);
            return CLI_USAGE;
        }
    if (cli->option_count == CLI_OPTIONS_MAX) {
        (void)snprintf(error, CLI_ERROR_BYTES, "more than %d options; give fewer", CLI_OPTIONS_MAX);
        return CLI_USAGE;
    }
    cli->options[cli->option_count].spec = spec;
    cli->options[cli->option_count].value = value;
    cli->option_count++;
    return CLI_OK;
}

/* Reads argv[*i], an option, and its value. */
static int parse_option(struct cli *cli, int argc, char *const *argv, int *i, char *error)
{
    const char *name = strcmp(argv[*i], "-h") == 0 ? "help" : argv[*i] + 2;
    const char *equals = strchr(name, '=');
    const char *value = equals ? equals + 1 : NULL;
    const char *bare = equals ? arena_strndup(cli->arena, name, (size_t)(equals - name)) : name;
    const struct option_spec *spec;
    int r = find_option(cli->verb, bare, &spec, error);
    if (r)
        return r;
    if (!spec->value && value) {
        (void)snprintf(error, CLI_ERROR_BYTES, "--%s takes no value; leave =%s out", spec->name, value);
        return CLI_USAGE;
    }
    if (spec->value && !value) {
        if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0) {
            (void)snprintf(error, CLI_ERROR_BYTES, "--%s needs a value: --%s %s", spec->name, spec->name, spec->value);
            return CLI_USAGE;
        }
        value = argv[++*i];
    }
    return keep_option(cli, spec, value ? value : "", error);
}

static int parse_rest(struct cli *cli, int argc, char *const *argv, int i, char *error)
{
    bool options = true;
    for (; i < argc; i++) {
        const char *word = argv[i];
        if (options && strcmp(word, "--") == 0) {
            options = false;
        } else if (options && (strncmp(word, "--", 2) == 0 || strcmp(word, "-h") == 0)) {
            int r = parse_option(cli, argc, argv, &i, error);
            if (r)
                return r;
        } else if (options && word[0] == '-' && word[1]) {
            (void)snprintf(error, CLI_ERROR_BYTES,
                           "%s: options are words: --help lists them (an argument that starts with - goes after --)",
                           word);
            return CLI_USAGE;
        } else if (cli->arg_count == CLI_ARGS_MAX) {
            (void)snprintf(error, CLI_ERROR_BYTES, "more than %d arguments; give fewer at once", CLI_ARGS_MAX);
            return CLI_USAGE;
        } else {
            cli->args[cli->arg_count++] = word;
        }
    }
    return CLI_OK;
}

static int check_arguments(const struct cli *cli, char *error)
{
    const struct verb *v = cli->verb;
    if (cli->arg_count < (size_t)v->args_min) {
        (void)snprintf(error, CLI_ERROR_BYTES, "%s needs %s: muster %s %s", v->name,
                       cli->arg_count ? "more" : "an argument", v->name, v->arguments);
        return CLI_USAGE;
    }
    if (cli->arg_count > (size_t)v->args_max) {
        (void)snprintf(error, CLI_ERROR_BYTES, "%s: do not know what to do with \"%s\": muster %s%s%s", v->name,
                       cli->args[v->args_max], v->name, *v->arguments ? " " : "", v->arguments);
        return CLI_USAGE;
    }
    return CLI_OK;
}

int cli_parse(struct cli *cli, int argc, char *const *argv, char ret_error[static CLI_ERROR_BYTES])
{
    int i = 0;
    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        cli->verb = cli_find_verb("help", NULL);
        return parse_rest(cli, argc, argv, argc ? 1 : 0, ret_error);
    }
    if (strcmp(argv[0], "--version") == 0) {
        cli->verb = cli_find_verb("version", NULL);
        return parse_rest(cli, argc, argv, 1, ret_error);
    }
    if (argv[0][0] == '-') {
        (void)snprintf(ret_error, CLI_ERROR_BYTES, "%s: the verb comes first; `muster help` lists them", argv[0]);
        return CLI_USAGE;
    }
    const char *first = argv[0];
    const char *second = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    cli->verb = cli_find_verb(first, second);
    if (!cli->verb && cli_is_family(first)) {
        /* "muster user --help" is "muster help user". */
        if (!second && argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
            cli->verb = cli_find_verb("help", NULL);
            cli->args[cli->arg_count++] = first;
            return CLI_OK;
        }
        return refuse_second(first, second, ret_error);
    }
    if (!cli->verb)
        return refuse_first(cli, first, ret_error);
    i = strchr(cli->verb->name, ' ') ? 2 : 1;
    int r = parse_rest(cli, argc, argv, i, ret_error);
    return r || cli->help ? r : check_arguments(cli, ret_error);
}

/* --- what was given --------------------------------------------------------------------------------------------------
 */

static bool verb_has(const struct verb *verb, const char *name)
{
    size_t at = 0;
    for (const struct option_spec *spec; (spec = next_option(verb, &at));)
        if (strcmp(spec->name, name) == 0)
            return true;
    return false;
}

const char *cli_option_at(const struct cli *cli, const char *name, size_t index)
{
    assert(verb_has(cli->verb, name));
    for (size_t i = 0; i < cli->option_count; i++)
        if (strcmp(cli->options[i].spec->name, name) == 0 && index-- == 0)
            return cli->options[i].value;
    return NULL;
}

const char *cli_option(const struct cli *cli, const char *name)
{
    return cli_option_at(cli, name, 0);
}

bool cli_flag(const struct cli *cli, const char *name)
{
    return cli_option(cli, name) != NULL;
}

int cli_option_int(const struct cli *cli, const char *name, int64_t otherwise, int64_t min, int64_t max, int64_t *ret)
{
    const char *text = cli_option(cli, name);
    if (!text) {
        *ret = otherwise;
        return CLI_OK;
    }
    char *end;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || value < min || value > max)
        return cli_fail(cli, CLI_USAGE, "--%s %s: give a whole number from %lld to %lld", name, text, (long long)min,
                        (long long)max);
    *ret = value;
    return CLI_OK;
}

int cli_option_duration(const struct cli *cli, const char *name, int64_t otherwise_ms, int64_t *ret_ms)
{
    const char *text = cli_option(cli, name);
    if (!text) {
        *ret_ms = otherwise_ms;
        return CLI_OK;
    }
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"ms", 1}};
    char *end;
    long long value = strtoll(text, &end, 10);
    for (size_t i = 0; i < ARRAY_LEN(units) && end != text && value >= 0 && value <= 1000000; i++)
        if (strcmp(end, units[i].unit) == 0) {
            *ret_ms = value * units[i].ms;
            return CLI_OK;
        }
    return cli_fail(cli, CLI_USAGE, "--%s %s: give a time as in 90s, 5m or 2h", name, text);
}
