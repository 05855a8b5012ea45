/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP client of the management API, on libcurl, one request after the other on one connection. The token goes to
 * the server that was named and nowhere else: redirects are not followed, and of a link to the next page only path and
 * query are used.
 */
#include "cli/cli.h"

#include "base/env.h"
#include "base/limits.h"
#include "base/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdarg.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_URL "http://127.0.0.1:8080"
#define DEFAULT_TOKEN_FILE "muster-data/admin.token"
#define CLIENT_TIMEOUT_MS 60000
#define CLIENT_CONNECT_MS 10000
#define RATE_TRIES 3       /* times that "too many requests" is waited out */
#define RATE_WAIT_MAX_S 70 /* seconds of one such wait */
#define KEY_BYTES 16       /* random bytes of an Idempotency-Key */
#define PATH_PIECE_BYTES 2048

struct client {
    struct arena *arena; /* the answer's texts: emptied by each call */
    CURL *curl;
    char *url;
    char *token;
    char *ca_file;
    int64_t timeout_ms;
    struct buf body;
    struct jval *parsed;
    char *next;
    int64_t change;
    int64_t rate_reset; /* seconds since the epoch, from the answer */
    char why[CURL_ERROR_SIZE + 64];
    int status;
};

struct client *client_new(const char *url, const char *token, const char *ca_file)
{
    struct client *client = NEW(struct client);
    *client = (struct client){.arena = arena_new(), .curl = curl_easy_init(), .timeout_ms = CLIENT_TIMEOUT_MS};
    assert(client->curl);
    client->url = mem_strdup(url);
    size_t n = strlen(client->url);
    while (n && client->url[n - 1] == '/')
        client->url[--n] = '\0';
    client->token = token ? mem_strdup(token) : NULL;
    client->ca_file = ca_file ? mem_strdup(ca_file) : NULL;
    buf_init(&client->body, LIMIT_API_ANSWER_BYTES);
    return client;
}

struct client *client_free(struct client *client)
{
    if (!client)
        return NULL;
    curl_easy_cleanup(client->curl);
    (void)arena_free(client->arena);
    (void)jval_free(client->parsed);
    buf_free(&client->body);
    if (client->token)
        explicit_bzero(client->token, strlen(client->token));
    free(client->token);
    free(client->url);
    free(client->ca_file);
    free(client);
    return NULL;
}

void client_set_timeout(struct client *client, int64_t ms)
{
    client->timeout_ms = ms;
}

const char *client_url(const struct client *client)
{
    return client->url;
}

/* --- one request -----------------------------------------------------------------------------------------------------
 */

static size_t take_body(char *bytes, size_t one, size_t n, void *data)
{
    (void)one;
    struct client *client = data;
    buf_add(&client->body, bytes, n);
    return client->body.overflowed ? 0 : n;
}

/* The path and query of `<url>; rel="next"`. */
static void take_link(struct client *client, const char *value)
{
    const char *open = strchr(value, '<'), *close = open ? strchr(open, '>') : NULL;
    if (!close || !strstr(close, "rel=\"next\""))
        return;
    char *url = arena_strndup(client->arena, open + 1, (size_t)(close - open - 1));
    struct url_target target;
    if (url_parse(client->arena, url, &target) < 0)
        return;
    /* A prefix in the external URL is a matter between it and its proxy. */
    const char *path = strstr(target.path, "/api/v1/");
    if (path)
        client->next =
            target.query ? arena_printf(client->arena, "%s?%s", path, target.query) : arena_strdup(client->arena, path);
}

static size_t take_header(char *bytes, size_t one, size_t n, void *data)
{
    (void)one;
    struct client *client = data;
    char *line = arena_strndup(client->arena, bytes, n);
    char *colon = strchr(line, ':');
    if (!colon)
        return n;
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " ");
    if (strcasecmp(line, "link") == 0)
        take_link(client, value);
    else if (strcasecmp(line, "x-muster-change") == 0)
        client->change = strtoll(value, NULL, 10);
    else if (strcasecmp(line, "x-rate-limit-reset") == 0)
        client->rate_reset = strtoll(value, NULL, 10);
    return n;
}

static void forget_answer(struct client *client)
{
    arena_reset(client->arena);
    buf_clear(&client->body);
    client->parsed = jval_free(client->parsed);
    client->next = NULL;
    client->change = 0;
    client->rate_reset = 0;
    client->status = 0;
    client->why[0] = '\0';
}

/* An import can be repeated as it is, and its answers need not be kept for a day. */
static bool wants_key(const char *method, const char *path)
{
    return strcmp(method, "POST") == 0 && strncmp(path, "/api/v1/import", strlen("/api/v1/import")) != 0;
}

static struct curl_slist *make_headers(struct client *client, bool with_key, bool has_body)
{
    struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");
    if (client->token)
        list = curl_slist_append(list, arena_printf(client->arena, "Authorization: Bearer %s", client->token));
    list = curl_slist_append(list, has_body ? "Content-Type: application/json" : "Content-Type:");
    list = curl_slist_append(list, "Expect:");
    if (with_key) {
        unsigned char random[KEY_BYTES];
        char key[2 * KEY_BYTES + 1];
        const struct env *env = env_real();
        env->fill_random(env->data, random, sizeof(random));
        for (size_t i = 0; i < sizeof(random); i++)
            (void)snprintf(key + 2 * i, 3, "%02x", random[i]);
        list = curl_slist_append(list, arena_printf(client->arena, "Idempotency-Key: %s", key));
    }
    return list;
}

static void prepare(struct client *client, const char *method, const char *path, const char *body, size_t n)
{
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, arena_printf(client->arena, "%s%s", client->url, path));
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CLIENT_CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "muster/" MUSTER_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->why);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    if (client->ca_file)
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca_file);
    if (strcmp(method, "GET") != 0 && strcmp(method, "DELETE") != 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
    }
}

static int transport_status(CURLcode code)
{
    return code == CURLE_OPERATION_TIMEDOUT ? CLI_TIMEOUT : CLI_UNREACHABLE;
}

static int request_once(struct client *client, const char *method, const char *path, const struct jval *body)
{
    forget_answer(client);
    struct buf text;
    buf_init(&text, LIMIT_BODY_BYTES * 4);
    if (body)
        jval_write(body, &text, false);
    prepare(client, method, path, buf_text(&text), text.len);
    struct curl_slist *headers = make_headers(client, wants_key(method, path), body != NULL);
    (void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(client->curl);
    curl_slist_free_all(headers);
    buf_free(&text);
    if (code != CURLE_OK) {
        if (!client->why[0])
            (void)snprintf(client->why, sizeof(client->why), "%s", curl_easy_strerror(code));
        return transport_status(code);
    }
    long status = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    client->status = (int)status;
    struct jval_error error;
    if (client->body.len && jval_parse(&client->parsed, buf_text(&client->body), client->body.len, &error) < 0 &&
        status >= 200 && status < 300) {
        (void)snprintf(client->why, sizeof(client->why), "the answer is not JSON (%s)", error.text);
        return CLI_UNREACHABLE;
    }
    return status >= 200 && status < 300 ? CLI_OK : CLI_REFUSED;
}

static void wait_for_rate(const struct client *client)
{
    int64_t seconds = client->rate_reset - env_now(env_real()) / 1000 + 1;
    struct timespec pause = {.tv_sec = MAX_OF(1, MIN_OF(seconds, RATE_WAIT_MAX_S))};
    (void)nanosleep(&pause, NULL);
}

int client_try(struct client *client, const char *method, const char *path, const struct jval *body, struct answer *ret)
{
    int r = request_once(client, method, path, body);
    for (int i = 0; i < RATE_TRIES && client->status == 429; i++) {
        wait_for_rate(client);
        r = request_once(client, method, path, body);
    }
    *ret = (struct answer){
        .status = client->status, .body = client->parsed, .change = client->change, .next = client->next};
    return r;
}

static int complain_refused(const struct cli *cli, const struct client *client)
{
    const char *code = jval_get_str(client->parsed, "errorCode");
    const char *summary = jval_get_str(client->parsed, "errorSummary");
    if (client->status == 401)
        return cli_fail_answer(cli, CLI_REFUSED, client->parsed,
                               "%s does not accept the token: set MUSTER_TOKEN, or name a file with --token-file "
                               "(the first one lies in DIR/admin.token of the server)",
                               client->url);
    if (!code)
        return cli_fail(cli, CLI_REFUSED, "%s answered %d and not as muster does: check --url", client->url,
                        client->status);
    return cli_fail_answer(cli, CLI_REFUSED, client->parsed, "%s (%s)", summary ? summary : "refused", code);
}

int client_complain(const struct cli *cli, int status)
{
    const struct client *client = cli->client;
    if (status == CLI_UNREACHABLE)
        return cli_fail(cli, status, "cannot reach %s: %s; is `muster serve` running there? (--url or MUSTER_URL)",
                        client->url, client->why);
    if (status == CLI_TIMEOUT)
        return cli_fail(cli, status, "%s did not answer in %lld s: %s", client->url,
                        (long long)client->timeout_ms / 1000, client->why);
    return status == CLI_REFUSED ? complain_refused(cli, client) : status;
}

int client_call(struct cli *cli, const char *method, const char *path, const struct jval *body, struct answer *ret)
{
    bool plans = cli_plans(cli, method);
    int r = client_try(cli->client, method, plans ? plan_path(cli, path) : path, body, ret);
    if (r)
        return client_complain(cli, r);
    return plans ? plan_say(cli, ret) : CLI_OK;
}

int client_each(struct cli *cli, const char *path, int (*each)(const struct jval *item, void *data), void *data)
{
    const char *page = path;
    while (page) {
        struct answer answer;
        int r = client_call(cli, "GET", page, NULL, &answer);
        if (r)
            return r;
        /* each() may call the server too: the page must outlive that. */
        struct jval *items CLEANUP(jval_freep) = jval_ref(answer.body);
        page = answer.next ? arena_strdup(cli->arena, answer.next) : NULL;
        for (size_t i = 0; i < jval_len(items); i++)
            if (each(jval_at(items, i), data) != 0)
                return CLI_OK;
    }
    return CLI_OK;
}

const char *client_path(struct cli *cli, const char *format, ...)
{
    struct buf out;
    buf_init(&out, LIMIT_QUERY_BYTES);
    va_list args;
    va_start(args, format);
    for (const char *c = format; *c; c++) {
        if (c[0] == '%' && c[1] == 's') {
            url_encode(&out, va_arg(args, const char *));
            c++;
        } else {
            assert(*c != '%');
            buf_char(&out, *c);
        }
    }
    va_end(args);
    char *path = arena_strdup(cli->arena, buf_text(&out));
    buf_free(&out);
    return path ? path : "/";
}

/* --- which server, which token ---------------------------------------------------------------------------------------
 */

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 || strncmp(host, "127.", 4) == 0;
}

static const char *read_token(struct cli *cli, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char line[LIMIT_SECRET_BYTES + 2] = "";
    char *got = fgets(line, sizeof(line), file);
    (void)fclose(file);
    if (!got)
        return NULL;
    line[strcspn(line, " \t\r\n")] = '\0';
    return line[0] ? arena_strdup(cli->arena, line) : NULL;
}

static int find_token(struct cli *cli, const struct url_target *target, const char **ret)
{
    const char *file = cli_option(cli, "token-file");
    const char *token = getenv("MUSTER_TOKEN");
    *ret = NULL;
    if (file) {
        *ret = read_token(cli, file);
        return *ret ? CLI_OK : cli_fail(cli, CLI_USAGE, "--token-file %s: cannot read a token from it", file);
    }
    if (token && *token) {
        *ret = token;
        return CLI_OK;
    }
    /* The token of the server on this machine is for this machine. */
    if (is_loopback(target->host))
        *ret = read_token(cli, DEFAULT_TOKEN_FILE);
    if (*ret)
        return CLI_OK;
    return cli_fail(cli, CLI_USAGE,
                    "no API token: set MUSTER_TOKEN, or name a file with --token-file "
                    "(the first one lies in DIR/admin.token of the server)");
}

int client_open(struct cli *cli)
{
    const char *url = cli_option(cli, "url");
    if (!url)
        url = getenv("MUSTER_URL");
    if (!url || !*url)
        url = DEFAULT_URL;
    struct url_target target;
    if (url_parse(cli->arena, url, &target) < 0 || target.query)
        return cli_fail(cli, CLI_USAGE, "%s is no URL of a server: give one as in https://muster.example.com (--url)",
                        url);
    if (strcmp(target.scheme, "http") == 0 && !is_loopback(target.host))
        return cli_fail(cli, CLI_USAGE, "%s: the token would cross the network unprotected; use https", url);
    const char *token;
    int r = find_token(cli, &target, &token);
    if (r)
        return r;
    for (const char *c = token; c && *c; c++)
        if (!isgraph((unsigned char)*c))
            return cli_fail(cli, CLI_USAGE, "the API token holds a character that no token has");
    const char *ca_file = cli_option(cli, "ca-file");
    if (ca_file && access(ca_file, R_OK) != 0)
        return cli_fail(cli, CLI_USAGE, "--ca-file %s cannot be read", ca_file);
    cli->client = client_new(url, token, ca_file);
    return CLI_OK;
}
