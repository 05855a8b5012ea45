/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange with libcurl: what it is told, and what its end means.
 *
 * libcurl re-sends a POST by itself when a reused connection dies after the target has processed it, unless the body
 * comes from a read function that cannot go back: hence read_body() and refuse_rewind(). Redirects are never followed.
 */
#include "engine/transfer.h"

#include "base/limits.h"

#include <netinet/in.h>
#include <unistd.h>

#define CA_FILE "/etc/ssl/certs/ca-certificates.crt"
#define CA_PATH "/etc/ssl/certs" /* the same, one file each */

static size_t read_body(char *to, size_t size, size_t count, void *data)
{
    struct transfer *t = data;
    size_t n = MIN_OF(size * count, t->body_len - t->body_sent);
    memcpy(to, t->body + t->body_sent, n);
    t->body_sent += n;
    return n;
}

static int refuse_rewind(void *data, curl_off_t offset, int origin)
{
    const struct transfer *t = data;
    return t->body_sent == 0 && offset == 0 && origin == SEEK_SET ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct transfer *t = data;
    answer_feed(t->answer, bytes, size * count);
    return size * count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data)
{
    struct transfer *t = data;
    size_t n = size * count;
    char line[512];
    size_t kept = MIN_OF(n, sizeof(line) - 1);
    memcpy(line, bytes, kept);
    line[kept] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    char *colon = strchr(line, ':');
    if (colon) {
        *colon = '\0';
        answer_header(t->answer, line, colon + 1 + strspn(colon + 1, " \t"), env_now(t->engine->options.env));
    }
    return n;
}

/* Judges the address that the name resolved to, so that a name cannot lead where its address may not. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct transfer *t = data;
    bool plain = strncasecmp(t->url, "http:", 5) == 0;
    if (connection_address_refused(&address->addr) ||
        (plain && !t->allow_plain_http && !connection_address_is_loopback(&address->addr))) {
        t->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void must(CURLcode code)
{
    assert(code == CURLE_OK); /* an option that this libcurl does not know, or no memory */
}

#define SET(easy, option, value) must(curl_easy_setopt((easy), (option), (value)))

static void set_up_callbacks(struct transfer *t)
{
    SET(t->easy, CURLOPT_PRIVATE, t);
    SET(t->easy, CURLOPT_WRITEFUNCTION, take_body);
    SET(t->easy, CURLOPT_WRITEDATA, t);
    SET(t->easy, CURLOPT_HEADERFUNCTION, take_header);
    SET(t->easy, CURLOPT_HEADERDATA, t);
    SET(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(t->easy, CURLOPT_OPENSOCKETDATA, t);
    SET(t->easy, CURLOPT_READFUNCTION, read_body);
    SET(t->easy, CURLOPT_READDATA, t);
    SET(t->easy, CURLOPT_SEEKFUNCTION, refuse_rewind);
    SET(t->easy, CURLOPT_SEEKDATA, t);
}

static void set_up_policy(struct transfer *t, long timeout_ms)
{
    SET(t->easy, CURLOPT_NOSIGNAL, 1L);
    SET(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(t->easy, CURLOPT_PATH_AS_IS, 1L);
    SET(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(t->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)LIMIT_CONNECT_MS);
    SET(t->easy, CURLOPT_USERAGENT, "Muster/" MUSTER_VERSION);
    SET(t->easy, CURLOPT_ACCEPT_ENCODING, NULL);
}

static void set_blob(struct transfer *t, CURLoption option, const char *pem)
{
    struct curl_blob blob = {.data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};
    SET(t->easy, option, &blob);
}

/*
 * An app with authorities of its own is trusted by these alone. Its token endpoint may be another organisation's: it is
 * judged by them or by the system's, and is shown no client certificate.
 */
static void set_up_trust(struct transfer *t)
{
    const char *file = t->engine->options.ca_file ? t->engine->options.ca_file : CA_FILE;
    const struct dial *dial = t->dial;
    SET(t->easy, CURLOPT_CAINFO, file);
    SET(t->easy, CURLOPT_CAPATH, NULL); /* with CAINFO set this turns libcurl's cache of the bundle on */
    SET(t->easy, CURLOPT_PROXY_CAINFO, file);
    SET(t->easy, CURLOPT_PROXY_CAPATH, NULL);
    if (dial && dial->authorities) {
        set_blob(t, CURLOPT_CAINFO_BLOB, dial->authorities);
        SET(t->easy, CURLOPT_CAPATH, t->asks_for ? CA_PATH : NULL);
    }
    if (dial && dial->certificate && !t->asks_for) {
        set_blob(t, CURLOPT_SSLCERT_BLOB, dial->certificate);
        set_blob(t, CURLOPT_SSLKEY_BLOB, dial->key);
    }
}

/* The app's own proxy, else the server's. What is sent to the app is not shown to the proxy, nor the other way. */
static void set_up_proxy(struct transfer *t)
{
    const struct engine_options *options = &t->engine->options;
    const struct dial *dial = t->dial;
    bool own = dial && dial->proxy;
    const char *proxy = own ? dial->proxy : options->proxy;
    const char *credential = own ? dial->proxy_credential : options->proxy_credential;
    const char *except = dial && dial->no_proxy ? dial->no_proxy : own ? "" : options->no_proxy;
    if (!proxy || str_eq(proxy, CONNECTION_DIRECT)) {
        SET(t->easy, CURLOPT_PROXY, ""); /* not what the environment says */
        return;
    }
    SET(t->easy, CURLOPT_PROXY, proxy);
    SET(t->easy, CURLOPT_NOPROXY, except ? except : "");
    SET(t->easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    SET(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (credential) {
        SET(t->easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        SET(t->easy, CURLOPT_PROXYUSERPWD, credential);
    }
}

static void add_header(struct transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    assert(longer);
    t->headers = longer;
}

static const char *last_header(const struct transfer *t)
{
    const struct curl_slist *header = t->headers;
    while (header->next)
        header = header->next;
    return header->data;
}

static void add_bearer(struct transfer *t)
{
    struct arena *arena = arena_new();
    const char *line = arena_printf(arena, "Authorization: Bearer %s", t->token->value);
    add_header(t, line);
    t->credential = last_header(t);
    seal_wipe(line);
    (void)arena_free(arena);
}

static bool is_of_hook(const struct transfer *t)
{
    return t->ask && !t->ask->app;
}

static const char *content_type(const struct transfer *t)
{
    if (t->asks_for)
        return "Content-Type: application/x-www-form-urlencoded";
    return is_of_hook(t) ? "Content-Type: application/json" : "Content-Type: application/scim+json; charset=utf-8";
}

static void set_up_request(struct transfer *t, const char *const *headers)
{
    SET(t->easy, CURLOPT_URL, t->url);
    add_header(t, is_of_hook(t) || t->asks_for ? "Accept: application/json" : "Accept: application/scim+json");
    add_header(t, "Expect:");
    if (t->published) {
        add_header(t, "Accept-Charset: utf-8");
        add_header(t, "Connection: Keep-Alive");
        SET(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip,deflate");
        SET(t->easy, CURLOPT_USERAGENT, "Okta SCIM Client 1.0.0");
    }
    for (size_t i = 0; headers && headers[i]; i++) {
        add_header(t, headers[i]);
        t->credential = last_header(t);
    }
    if (t->token)
        add_bearer(t);
    if (t->body) {
        add_header(t, content_type(t));
        t->body_len = strlen(t->body);
        SET(t->easy, CURLOPT_POST, 1L);
        SET(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
        SET(t->easy, CURLOPT_CUSTOMREQUEST, t->method);
    } else if (str_eq(t->method, "GET")) {
        SET(t->easy, CURLOPT_HTTPGET, 1L);
    } else {
        SET(t->easy, CURLOPT_CUSTOMREQUEST, t->method);
    }
    SET(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

struct transfer *transfer_new(struct engine *engine, enum answer_shape shape)
{
    struct transfer *t = NEW(struct transfer);
    t->engine = engine;
    t->answer = answer_new(shape);
    t->easy = engine->idle_count ? engine->idle[--engine->idle_count] : curl_easy_init();
    assert(t->easy);
    t->next = engine->transfers;
    if (t->next)
        t->next->prev = t;
    engine->transfers = t;
    return t;
}

void transfer_start(struct transfer *t, const char *const *lines, long timeout_ms)
{
    set_up_callbacks(t);
    set_up_policy(t, timeout_ms);
    set_up_trust(t);
    set_up_proxy(t);
    set_up_request(t, lines);
    CURLMcode code = curl_multi_add_handle(t->engine->multi, t->easy);
    assert(code == CURLM_OK);
}

/* Takes it back from libcurl, with all that it was told. */
static void let_go(struct transfer *t)
{
    (void)curl_multi_remove_handle(t->engine->multi, t->easy);
    curl_easy_reset(t->easy); /* forgets the credential as well */
    for (struct curl_slist *header = t->headers; header; header = header->next)
        seal_wipe(header->data);
    curl_slist_free_all(t->headers);
}

void transfer_reset(struct transfer *t)
{
    enum answer_shape shape = t->answer->shape;
    let_go(t);
    t->headers = NULL;
    t->credential = NULL;
    t->body_sent = 0;
    t->forbidden = false;
    (void)answer_free(t->answer);
    t->answer = answer_new(shape);
}

void transfer_free(struct transfer *t)
{
    struct engine *engine = t->engine;
    let_go(t);
    if (engine->idle_count < IDLE_HANDLES_MAX)
        engine->idle[engine->idle_count++] = t->easy;
    else
        curl_easy_cleanup(t->easy);
    (void)answer_free(t->answer);
    token_request_wipe(&t->token_request);
    if (t->arena) /* of a flight, its dial is the core's */
        dial_wipe(t->dial);
    (void)arena_free(t->arena);
    if (t->prev)
        t->prev->next = t->next;
    else
        engine->transfers = t->next;
    if (t->next)
        t->next->prev = t->prev;
    free(t);
}

/* The status with which a proxy refused to connect to the app; 0: it did not. */
static long proxy_refusal(const struct transfer *t)
{
    long status = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status / 100 == 2 ? 0 : status;
}

static enum transport transport_of(const struct transfer *t, CURLcode code)
{
    if (code == CURLE_OK)
        return TRANSPORT_OK;
    if (t->forbidden)
        return TRANSPORT_FORBIDDEN;
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return TRANSPORT_RESOLVE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return TRANSPORT_TLS;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return TRANSPORT_NOT_SENT;
    default:
        break;
    }
    if (proxy_refusal(t)) /* what was sent until then was for the proxy */
        return TRANSPORT_NOT_SENT;
    long sent = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (sent == 0)
        return TRANSPORT_NOT_SENT;
    return code == CURLE_OPERATION_TIMEDOUT ? TRANSPORT_TIMEOUT : TRANSPORT_UNKNOWN;
}

/* The value of a header line. answer_hide() looks behind the scheme itself. */
static const char *value_in(const char *line)
{
    const char *value = line ? strchr(line, ':') : NULL;
    return value ? value + 1 + strspn(value + 1, " ") : NULL;
}

void transfer_finish(struct transfer *t, CURLcode code)
{
    long status = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    enum transport transport = transport_of(t, code);
    answer_hide(t->answer, value_in(t->credential));
    answer_hide(t->answer, t->token_request.proof);
    if (code != CURLE_OK && proxy_refusal(t))
        t->answer->transport_words =
            arena_printf(t->answer->arena, "The proxy did not connect to the app: it answered %ld", proxy_refusal(t));
    else if (transport != TRANSPORT_OK && transport != TRANSPORT_FORBIDDEN && transport != TRANSPORT_TIMEOUT)
        t->answer->transport_words = curl_easy_strerror(code);
    answer_finish(t->answer, transport, transport == TRANSPORT_OK ? (int)status : 0);
}
