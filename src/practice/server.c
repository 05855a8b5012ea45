/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads: the HTTP server's, which handles every request at once, and one that sends the answers that a fault
 * delays, in the order in which they are due.
 */
#include "practice/server.h"

#include "base/err.h"
#include "base/httpd.h"
#include "practice/certificate.h"

#include <pthread.h>

struct delayed {
    struct delayed *next; /* the next that is due */
    struct exchange *exchange;
    struct practice_response response;
    int64_t due_ms; /* of the monotonic clock */
};

struct practice_server {
    struct httpd *httpd;
    pthread_mutex_t lock; /* guards everything below */
    struct practice *practice;
    struct practice_response response; /* reused by every request */
    struct delayed *delayed;
    pthread_cond_t changed;
    bool stopping;
    pthread_t thread;
    char url[512];
};

static int64_t monotonic_ms(void)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void add_header(struct exchange *exchange, const char *name, const char *value)
{
    if (value && *value)
        exchange_add_header(exchange, name, value);
}

static void answer(struct exchange *exchange, const struct practice_response *response)
{
    if (response->reset) {
        exchange_reset(exchange);
        return;
    }
    add_header(exchange, "Content-Type", response->content_type);
    add_header(exchange, "Location", response->location);
    add_header(exchange, "ETag", response->etag);
    add_header(exchange, "Retry-After", response->retry_after);
    add_header(exchange, "Allow", response->allow);
    for (size_t i = 0; i < response->header_count; i++)
        add_header(exchange, response->headers[i].name, response->headers[i].value);
    if (response->authenticate)
        add_header(exchange, "WWW-Authenticate", "Bearer");
    if (response->step_bytes)
        exchange_send_slowly(exchange, response->status, buf_text(&response->body), response->body.len,
                             response->step_bytes, response->step_ms);
    else
        exchange_send(exchange, response->status, buf_text(&response->body), response->body.len);
}

/* Takes the body of the response over; the server's own is empty afterwards. */
static void delay(struct practice_server *server, struct exchange *exchange)
{
    struct delayed *item = NEW(struct delayed);
    item->exchange = exchange;
    item->response = server->response;
    item->due_ms = monotonic_ms() + server->response.delay_ms;
    practice_response_init(&server->response);
    struct delayed **at = &server->delayed;
    while (*at && (*at)->due_ms <= item->due_ms)
        at = &(*at)->next;
    item->next = *at;
    *at = item;
    (void)pthread_cond_signal(&server->changed);
}

static void handle(struct exchange *exchange, void *data)
{
    struct practice_server *server = data;
    size_t n = 0;
    struct practice_request request = {
        .method = exchange_method(exchange),
        .path = exchange_path(exchange),
        .query = exchange_query(exchange),
        .authorization = exchange_header(exchange, "Authorization"),
        .if_match = exchange_header(exchange, "If-Match"),
        .if_none_match = exchange_header(exchange, "If-None-Match"),
        .content_type = exchange_header(exchange, "Content-Type"),
        .user_agent = exchange_header(exchange, "User-Agent"),
        .body = exchange_body(exchange, &n),
        .body_too_large = exchange_body_too_large(exchange),
    };
    request.body_len = n;
    (void)pthread_mutex_lock(&server->lock);
    practice_handle(server->practice, &request, &server->response);
    if (server->response.delay_ms > 0 && !server->stopping)
        delay(server, exchange);
    else
        answer(exchange, &server->response);
    (void)pthread_mutex_unlock(&server->lock);
}

static void *send_delayed(void *data)
{
    struct practice_server *server = data;
    (void)pthread_mutex_lock(&server->lock);
    while (!server->stopping || server->delayed) {
        struct delayed *first = server->delayed;
        int64_t now = monotonic_ms();
        if (!first) {
            (void)pthread_cond_wait(&server->changed, &server->lock);
        } else if (first->due_ms > now && !server->stopping) {
            struct timespec until = {.tv_sec = first->due_ms / 1000, .tv_nsec = first->due_ms % 1000 * 1000000};
            (void)pthread_cond_timedwait(&server->changed, &server->lock, &until);
        } else {
            server->delayed = first->next;
            answer(first->exchange, &first->response);
            practice_response_free(&first->response);
            free(first);
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void write_url(struct practice_server *server, const struct practice_server_options *options)
{
    const char *host = options->host && *options->host ? options->host : "127.0.0.1";
    bool is_ipv6 = strchr(host, ':') && host[0] != '[';
    (void)snprintf(server->url, sizeof(server->url), "%s://%s%.400s%s:%d/scim/v2",
                   options->tls_cert_file || options->bad_certificate ? "https" : "http", is_ipv6 ? "[" : "", host,
                   is_ipv6 ? "]" : "", httpd_port(server->httpd));
}

static void server_free(struct practice_server *server)
{
    practice_response_free(&server->response);
    practice_free(server->practice);
    (void)pthread_cond_destroy(&server->changed);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

int practice_server_start(struct practice_server **ret, const struct practice_server_options *options, char *ret_why,
                          size_t why_size)
{
    struct practice_server *server = NEW(struct practice_server);
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&server->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_init(&server->lock, NULL);
    server->practice = practice_new(options->env ? options->env : env_real(), &options->practice);
    practice_response_init(&server->response);
    struct httpd_options http = {.host = options->host,
                                 .port = options->port,
                                 .tls_cert_file = options->tls_cert_file,
                                 .tls_key_file = options->tls_key_file,
                                 .body_max = practice_body_max(server->practice),
                                 .handle = handle,
                                 .data = server};
    struct certificate certificate = {0};
    int r = 0;
    if (options->bad_certificate) {
        r = certificate_write(&certificate, options->bad_certificate, ret_why, why_size);
        http.tls_cert_file = certificate.cert_file;
        http.tls_key_file = certificate.key_file;
    }
    (void)pthread_mutex_lock(&server->lock); /* no request before the address is known */
    if (r == 0)
        r = httpd_start(&server->httpd, &http, ret_why, why_size);
    certificate_remove(&certificate);
    if (r == 0) {
        write_url(server, options);
        if (!options->practice.base_url)
            practice_set_base_url(server->practice, server->url);
    }
    (void)pthread_mutex_unlock(&server->lock);
    if (r == 0 && pthread_create(&server->thread, NULL, send_delayed, server) != 0) {
        httpd_stop(server->httpd);
        if (ret_why)
            (void)snprintf(ret_why, why_size, "cannot start a thread for delayed answers");
        r = ERR_IO;
    }
    if (r < 0) {
        server_free(server);
        return r;
    }
    *ret = server;
    return 0;
}

int practice_server_port(const struct practice_server *server)
{
    return httpd_port(server->httpd);
}

const char *practice_server_url(const struct practice_server *server)
{
    return server->url;
}

void practice_server_stop(struct practice_server *server)
{
    if (!server)
        return;
    (void)pthread_mutex_lock(&server->lock);
    server->stopping = true;
    (void)pthread_cond_signal(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);
    (void)pthread_join(server->thread, NULL);
    httpd_stop(server->httpd);
    server_free(server);
}

struct practice *practice_server_lock(struct practice_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    return server->practice;
}

void practice_server_unlock(struct practice_server *server)
{
    (void)pthread_mutex_unlock(&server->lock);
}
