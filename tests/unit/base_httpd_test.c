/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server, spoken to over plain sockets so that every byte is the test's own. */
#include "base/err.h"
#include "base/httpd.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BODY_MAX ((size_t)4096)

struct server {
    struct httpd *httpd;
    pthread_mutex_t lock;
    struct exchange *kept; /* of /keep: answered by the test itself */
    char seen_peer[64];
};

static void *answer_later(void *data)
{
    struct exchange *x = data;
    if (str_eq(exchange_query(x), "slow"))
        usleep(100 * 1000);
    exchange_add_header(x, "Content-Type", "text/plain");
    exchange_send(x, 201, "later", 5);
    return NULL;
}

static void spawn(struct exchange *x)
{
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    assert_int_equal(pthread_create(&thread, &attr, answer_later, x), 0);
    pthread_attr_destroy(&attr);
}

static void echo(struct exchange *x)
{
    struct buf out;
    buf_init(&out, 1024 * 1024);
    size_t n = 0;
    const char *body = exchange_body(x, &n);
    const char *query = exchange_query(x);
    const char *test = exchange_header(x, "x-TEST");
    buf_printf(&out, "%s|%s|%s|%s|%d|%zu|%.*s|", exchange_method(x), exchange_path(x), query ? query : "(none)",
               test ? test : "(none)", exchange_body_too_large(x), n, (int)n, body);
    exchange_send(x, 200, buf_text(&out), out.len);
    buf_free(&out);
}

static void handle(struct exchange *x, void *data)
{
    struct server *server = data;
    const char *path = exchange_path(x);
    pthread_mutex_lock(&server->lock);
    (void)snprintf(server->seen_peer, sizeof(server->seen_peer), "%s", exchange_peer(x));
    pthread_mutex_unlock(&server->lock);
    if (str_eq(path, "/later")) {
        spawn(x);
    } else if (str_eq(path, "/reset")) {
        exchange_reset(x);
    } else if (str_eq(path, "/keep")) {
        pthread_mutex_lock(&server->lock);
        server->kept = x;
        pthread_mutex_unlock(&server->lock);
    } else if (str_eq(path, "/empty")) {
        exchange_send(x, 204, "no body may go out", 18);
    } else if (str_eq(path, "/headers")) {
        exchange_add_header(x, "Link", "<a>; rel=\"self\"");
        exchange_add_header(x, "Link", "<b>; rel=\"next\"");
        exchange_add_header(x, "X-Evil", "a\r\nSet-Cookie: b");
        exchange_add_header(x, "X-Blank", " \t");
        exchange_send(x, 200, NULL, 0);
    } else {
        echo(x);
    }
}

static int server_start(void **state)
{
    struct server *server = calloc(1, sizeof(*server));
    pthread_mutex_init(&server->lock, NULL);
    const struct httpd_options options = {.host = "127.0.0.1", .body_max = BODY_MAX, .handle = handle, .data = server};
    char why[256] = "";
    if (httpd_start(&server->httpd, &options, why, sizeof(why)) < 0) {
        (void)fprintf(stderr, "%s\n", why);
        return -1;
    }
    *state = server;
    return 0;
}

static int server_stop(void **state)
{
    struct server *server = *state;
    httpd_stop(server->httpd);
    pthread_mutex_destroy(&server->lock);
    free(server);
    return 0;
}

static int dial(const struct server *server)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)httpd_port(server->httpd)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 120};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        n -= (size_t)sent;
    }
}

/* Reads until the server closes, or until `until` was seen. */
static void hear(int fd, struct buf *out, const char *until)
{
    char piece[4096];
    while (!until || !strstr(buf_text(out), until)) {
        ssize_t n = recv(fd, piece, sizeof(piece), 0);
        if (n <= 0)
            break;
        buf_add(out, piece, (size_t)n);
    }
}

/* Sends the request lines and returns all that came back until the server closed; the caller frees. */
static char *talk(const struct server *server, const char *request)
{
    int fd = dial(server);
    struct buf out;
    buf_init(&out, 1024 * 1024);
    say(fd, request, strlen(request));
    hear(fd, &out, NULL);
    close(fd);
    return buf_take(&out);
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)); p++)
        n++;
    return n;
}

static void assert_starts(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("expected it to start with %s: %s", start, text);
}

static void assert_has(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("expected %s in: %s", what, text);
}

#define END "Host: t\r\nConnection: close\r\n\r\n"

static void answers_at_once_and_keeps_the_connection(void **state)
{
    char *answer = talk(*state, "GET /a HTTP/1.1\r\nHost: t\r\nX-Test: 1\r\n\r\n"
                                "GET /b?q=1 HTTP/1.1\r\n" END);
    assert_int_equal(count_of(answer, "HTTP/1.1 200 OK\r\n"), 2);
    assert_has(answer, "GET|/a|(none)|1|0|0||");
    assert_has(answer, "GET|/b|q=1|(none)|0|0||");
    free(answer);
}

static void target_arrives_raw(void **state)
{
    static const struct {
        const char *target;
        const char *seen;
    } cases[] = {
        {"/a%2Fb%00c?x=%00&y=%2F+z", "GET|/a%2Fb%00c|x=%00&y=%2F+z|"},
        {"/a?", "GET|/a||"},
        {"//x//", "GET|//x//|(none)|"},
        {"/%C3%A9?a=1?b=2", "GET|/%C3%A9|a=1?b=2|"},
        {"http://host.example:8080/abs?x=1", "GET|/abs|x=1|"},
        {"HTTPS://host.example", "GET|/|(none)|"},
        {"http://host.example?x=1", "GET|/|x=1|"},
        {"?x=1", "GET|/|x=1|"},
        {"*", "GET|*|(none)|"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char request[512];
        (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" END, cases[i].target);
        char *answer = talk(*state, request);
        assert_has(answer, cases[i].seen);
        free(answer);
    }
}

static void target_with_control_characters_is_refused(void **state)
{
    char *answer = talk(*state, "GET /a\x01"
                                "b HTTP/1.1\r\n" END);
    assert_starts(answer, "HTTP/1.1 400 ");
    free(answer);
    answer = talk(*state, "GET /a b HTTP/1.1\r\n" END);
    assert_string_equal(answer, ""); /* the library closes by itself */
    free(answer);
}

static void longest_query_arrives_whole(void **state)
{
    struct buf request;
    buf_init(&request, 256 * 1024);
    buf_str(&request, "GET /q?search=");
    for (size_t i = strlen("search="); i < LIMIT_QUERY_BYTES; i++)
        buf_char(&request, 'x');
    buf_str(&request, " HTTP/1.1\r\nX-Pad: ");
    for (int i = 0; i < 8 * 1024; i++)
        buf_char(&request, 'p');
    buf_str(&request, "\r\n" END);
    char *answer = talk(*state, buf_text(&request));
    assert_starts(answer, "HTTP/1.1 200 ");
    const char *query = strstr(answer, "|search=");
    assert_non_null(query);
    assert_int_equal(strcspn(query + 1, "|"), LIMIT_QUERY_BYTES);
    free(answer);

    buf_clear(&request);
    buf_str(&request, "GET /q?search=");
    for (int i = 0; i < 100 * 1024; i++)
        buf_char(&request, 'x');
    buf_str(&request, " HTTP/1.1\r\n" END);
    int fd = dial(*state);
    struct buf out;
    buf_init(&out, 1024 * 1024);
    (void)send(fd, buf_text(&request), request.len, MSG_NOSIGNAL); /* may be broken off */
    hear(fd, &out, "\r\n");
    if (out.len)
        assert_starts(buf_text(&out), "HTTP/1.1 4");
    close(fd);
    buf_free(&out);
    buf_free(&request);
}

static void body_arrives_by_length_and_chunked(void **state)
{
    char *answer =
        talk(*state, "POST /p HTTP/1.1\r\nContent-Length: 5\r\nHost: t\r\n\r\nhello"
                     "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
    assert_has(answer, "POST|/p|(none)|(none)|0|5|hello|");
    assert_has(answer, "PUT|/c|(none)|(none)|0|7|abcdefg|");
    free(answer);
}

static void expect_continue_is_answered_before_the_body(void **state)
{
    int fd = dial(*state);
    const char *head = "POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n" END;
    struct buf out;
    buf_init(&out, 65536);
    say(fd, head, strlen(head));
    hear(fd, &out, "\r\n\r\n");
    assert_starts(buf_text(&out), "HTTP/1.1 100 ");
    assert_null(strstr(buf_text(&out), "200"));
    say(fd, "hello", 5);
    hear(fd, &out, NULL);
    assert_has(buf_text(&out), "POST|/e|(none)|(none)|0|5|hello|");
    close(fd);
    buf_free(&out);
}

static void longer_body_is_read_away_and_flagged(void **state)
{
    struct buf request;
    buf_init(&request, 65536);
    buf_printf(&request, "POST /big HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n", BODY_MAX + 1);
    for (size_t i = 0; i < BODY_MAX + 1; i++)
        buf_char(&request, 'b');
    buf_printf(&request, "POST /fits HTTP/1.1\r\nContent-Length: %zu\r\n" END, BODY_MAX);
    for (size_t i = 0; i < BODY_MAX; i++)
        buf_char(&request, 'f');
    char *answer = talk(*state, buf_text(&request));
    assert_has(answer, "POST|/big|(none)|(none)|1|0||");
    assert_has(answer, "POST|/fits|(none)|(none)|0|4096|fff");
    free(answer);
    buf_free(&request);
}

static void endless_body_is_cut_off(void **state)
{
    int fd = dial(*state);
    const char *head = "POST /big HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END;
    char piece[1024 + 8];
    say(fd, head, strlen(head));
    int n = snprintf(piece, sizeof(piece), "400\r\n%01024d\r\n", 7);
    size_t pieces = 0;
    while (pieces < 100 * 1000 && send(fd, piece, (size_t)n, MSG_NOSIGNAL) == n)
        pieces++;
    assert_true(pieces < 100 * 1000);
    close(fd);
}

static void answers_from_another_thread(void **state)
{
    char *answer = talk(*state, "GET /later HTTP/1.1\r\nHost: t\r\n\r\n"
                                "GET /later?slow HTTP/1.1\r\n" END);
    assert_int_equal(count_of(answer, "HTTP/1.1 201 Created\r\n"), 2);
    assert_int_equal(count_of(answer, "Content-Type: text/plain\r\n"), 2);
    assert_int_equal(count_of(answer, "\r\n\r\nlater"), 2);
    free(answer);
}

static void reset_sends_nothing(void **state)
{
    char *answer = talk(*state, "GET /reset HTTP/1.1\r\nHost: t\r\n\r\n");
    assert_string_equal(answer, "");
    free(answer);
}

static struct exchange *wait_for_kept(struct server *server)
{
    struct exchange *x = NULL;
    for (int i = 0; i < 60000 && !x; i++) {
        pthread_mutex_lock(&server->lock);
        x = server->kept;
        server->kept = NULL;
        pthread_mutex_unlock(&server->lock);
        usleep(1000);
    }
    assert_non_null(x);
    return x;
}

static void suspended_exchange_can_be_reset(void **state)
{
    struct server *server = *state;
    int fd = dial(server);
    struct buf out;
    buf_init(&out, 65536);
    say(fd, "GET /keep HTTP/1.1\r\nHost: t\r\n\r\n", 31);
    struct exchange *x = wait_for_kept(server);
    exchange_reset(x);
    hear(fd, &out, NULL);
    assert_int_equal(out.len, 0);
    close(fd);
}

static void client_may_leave_while_suspended(void **state)
{
    struct server *server = *state;
    int fd = dial(server);
    say(fd, "GET /keep HTTP/1.1\r\nHost: t\r\n\r\n", 31);
    struct exchange *x = wait_for_kept(server);
    close(fd);
    assert_string_equal(exchange_path(x), "/keep");
    exchange_send(x, 200, "nobody hears this", 17);
    char *answer = talk(server, "GET /after HTTP/1.1\r\n" END);
    assert_has(answer, "GET|/after|");
    free(answer);
}

static void client_may_leave_in_the_middle_of_a_body(void **state)
{
    int fd = dial(*state);
    const char *head = "POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: 50\r\n\r\nhalf";
    say(fd, head, strlen(head));
    close(fd);
    char *answer = talk(*state, "GET /after HTTP/1.1\r\n" END);
    assert_has(answer, "GET|/after|");
    free(answer);
}

static void no_content_has_no_body(void **state)
{
    char *answer = talk(*state, "GET /empty HTTP/1.1\r\n" END);
    assert_starts(answer, "HTTP/1.1 204 ");
    assert_null(strstr(answer, "Content-Length: 18"));
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
}

static void head_has_the_length_and_no_body(void **state)
{
    char *answer = talk(*state, "HEAD /abc HTTP/1.1\r\n" END);
    assert_starts(answer, "HTTP/1.1 200 ");
    assert_has(answer, "Content-Length: 29\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
}

static void header_lines_repeat_and_cannot_be_split(void **state)
{
    char *answer = talk(*state, "GET /headers HTTP/1.1\r\n" END);
    assert_has(answer, "Link: <a>; rel=\"self\"\r\n");
    assert_has(answer, "Link: <b>; rel=\"next\"\r\n");
    assert_has(answer, "X-Evil: a  Set-Cookie: b\r\n");
    assert_null(strstr(answer, "\r\nSet-Cookie"));
    assert_null(strstr(answer, "X-Blank"));
    free(answer);
}

static void peer_is_a_plain_address(void **state)
{
    struct server *server = *state;
    free(talk(server, "GET / HTTP/1.1\r\n" END));
    pthread_mutex_lock(&server->lock);
    assert_string_equal(server->seen_peer, "127.0.0.1");
    pthread_mutex_unlock(&server->lock);
}

#define CROWD 8
#define CROWD_REQUESTS 200

static void *crowd_member(void *data)
{
    struct server *server = data;
    int fd = dial(server);
    struct buf out;
    buf_init(&out, 65536);
    intptr_t answered = 0;
    for (int i = 0; i < CROWD_REQUESTS; i++) {
        buf_clear(&out);
        say(fd, "GET /later HTTP/1.1\r\nHost: t\r\n\r\n", 32);
        hear(fd, &out, "\r\n\r\nlater");
        answered += count_of(buf_text(&out), "HTTP/1.1 201 ") == 1;
    }
    close(fd);
    buf_free(&out);
    return (void *)answered;
}

static void many_clients_and_threads_at_once(void **state)
{
    pthread_t threads[CROWD];
    intptr_t answered = 0;
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_member, *state), 0);
    for (int i = 0; i < CROWD; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        answered += (intptr_t)result;
    }
    assert_int_equal(answered, CROWD * CROWD_REQUESTS);
}

static void stopping_waits_for_the_answer(void **state)
{
    void *own = NULL;
    (void)state;
    assert_int_equal(server_start(&own), 0);
    struct server *server = own;
    int fd = dial(server);
    say(fd, "GET /later?slow HTTP/1.1\r\nHost: t\r\n\r\n", 37);
    for (bool taken = false; !taken; usleep(1000)) {
        pthread_mutex_lock(&server->lock);
        taken = server->seen_peer[0] != '\0';
        pthread_mutex_unlock(&server->lock);
    }
    assert_int_equal(server_stop(&own), 0);
    struct buf out;
    buf_init(&out, 65536);
    hear(fd, &out, NULL);
    assert_starts(buf_text(&out), "HTTP/1.1 201 ");
    assert_has(buf_text(&out), "\r\n\r\nlater");
    buf_free(&out);
    close(fd);
}

static void failures_to_start_name_the_cause(void **state)
{
    struct server *server = *state;
    char why[256] = "";
    struct httpd *second = NULL;
    struct httpd_options options = {.host = "127.0.0.1", .port = httpd_port(server->httpd), .handle = handle};
    assert_int_equal(httpd_start(&second, &options, why, sizeof(why)), ERR_IO);
    assert_has(why, "cannot listen on 127.0.0.1 port ");
    assert_has(why, "Address already in use");
    options.host = "no host has spaces";
    assert_int_equal(httpd_start(&second, &options, why, sizeof(why)), ERR_IO);
    assert_has(why, "cannot find the address no host has spaces");
    options = (struct httpd_options){.host = "127.0.0.1",
                                     .handle = handle,
                                     .tls_cert_file = "/nowhere/cert.pem",
                                     .tls_key_file = "/nowhere/key.pem"};
    assert_int_equal(httpd_start(&second, &options, why, sizeof(why)), ERR_IO);
    assert_has(why, "cannot read /nowhere/cert.pem: No such file");
    options.tls_cert_file = "/dev/null";
    options.tls_key_file = "/dev/null";
    assert_int_equal(httpd_start(&second, &options, why, sizeof(why)), ERR_IO);
    assert_has(why, "cannot use certificate /dev/null with key /dev/null");
    assert_null(second);
    httpd_stop(NULL);
}

/* A self-signed pair for localhost that protects nothing. */
static const char tls_cert[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBmzCCAUGgAwIBAgIUfHu88WcE4LIoWO4hmxhObclt/PkwCgYIKoZIzj0EAwIw\n"
                               "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzE4MzEyMVoYDzIxMjYxMDMw\n"
                               "MTgzMTIxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
                               "PQMBBwNCAAS308PJuo6qZGUdwuZdM8bgGFe8Ntw8IPis/aF2bB8sLCY8f/AUlkPh\n"
                               "roosIski1ZG5hkRWC1De9Z3/9QqhGLvho28wbTAdBgNVHQ4EFgQUXT38Q2zbIdMg\n"
                               "YdoAcAGXG7MXAo0wHwYDVR0jBBgwFoAUXT38Q2zbIdMgYdoAcAGXG7MXAo0wDwYD\n"
                               "VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI\n"
                               "zj0EAwIDSAAwRQIgdnnh7bpImbzsUoY2WpmbkgpKGT6+KvdB7lkIFprlcToCIQCi\n"
                               "t3M3+mOoCf51+qfrl66VZx8QhxCEqhwAlj+8hu1f3g==\n"
                               "-----END CERTIFICATE-----\n";
static const char tls_key[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3cRJYHAtWwyY94QT\n"
                              "vatznY6FrRFkayzUwhnyrYlPyjuhRANCAAS308PJuo6qZGUdwuZdM8bgGFe8Ntw8\n"
                              "IPis/aF2bB8sLCY8f/AUlkPhroosIski1ZG5hkRWC1De9Z3/9QqhGLvh\n"
                              "-----END PRIVATE KEY-----\n";

static void write_temporary(char path[static 32], const char *text)
{
    (void)snprintf(path, 32, "/tmp/muster-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static size_t collect(char *bytes, size_t size, size_t n, void *data)
{
    buf_add(data, bytes, size * n);
    return size * n;
}

static CURLcode fetch(int port, const char *path, long tls_version, struct buf *out)
{
    char url[128];
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    buf_clear(out);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d%s", port, path);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L); /* the pair's dates are not the subject */
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, tls_version);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
    CURLcode r = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return r;
}

static void serves_tls(void **state)
{
    struct server *plain = *state;
    char cert[32];
    char key[32];
    char why[256] = "";
    struct httpd *httpd = NULL;
    struct buf out;
    write_temporary(cert, tls_cert);
    write_temporary(key, tls_key);
    const struct httpd_options options = {.host = "127.0.0.1",
                                          .body_max = BODY_MAX,
                                          .handle = handle,
                                          .data = plain,
                                          .tls_cert_file = cert,
                                          .tls_key_file = key};
    assert_int_equal(httpd_start(&httpd, &options, why, sizeof(why)), 0);
    unlink(cert);
    unlink(key);
    buf_init(&out, 65536);
    assert_int_equal(fetch(httpd_port(httpd), "/s%2Fx?q", CURL_SSLVERSION_TLSv1_2, &out), CURLE_OK);
    assert_string_equal(buf_text(&out), "GET|/s%2Fx|q|(none)|0|0||");
    assert_int_equal(fetch(httpd_port(httpd), "/later", CURL_SSLVERSION_TLSv1_3, &out), CURLE_OK);
    assert_string_equal(buf_text(&out), "later");
    assert_int_not_equal(fetch(httpd_port(httpd), "/reset", CURL_SSLVERSION_TLSv1_2, &out), CURLE_OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(fetch(httpd_port(httpd), "/", CURL_SSLVERSION_MAX_TLSv1_1, &out), CURLE_SSL_CONNECT_ERROR);
    buf_free(&out);
    httpd_stop(httpd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_at_once_and_keeps_the_connection),
        cmocka_unit_test(target_arrives_raw),
        cmocka_unit_test(target_with_control_characters_is_refused),
        cmocka_unit_test(longest_query_arrives_whole),
        cmocka_unit_test(body_arrives_by_length_and_chunked),
        cmocka_unit_test(expect_continue_is_answered_before_the_body),
        cmocka_unit_test(longer_body_is_read_away_and_flagged),
        cmocka_unit_test(endless_body_is_cut_off),
        cmocka_unit_test(answers_from_another_thread),
        cmocka_unit_test(reset_sends_nothing),
        cmocka_unit_test(suspended_exchange_can_be_reset),
        cmocka_unit_test(client_may_leave_while_suspended),
        cmocka_unit_test(client_may_leave_in_the_middle_of_a_body),
        cmocka_unit_test(no_content_has_no_body),
        cmocka_unit_test(head_has_the_length_and_no_body),
        cmocka_unit_test(header_lines_repeat_and_cannot_be_split),
        cmocka_unit_test(peer_is_a_plain_address),
        cmocka_unit_test(many_clients_and_threads_at_once),
        cmocka_unit_test(stopping_waits_for_the_answer),
        cmocka_unit_test(failures_to_start_name_the_cause),
        cmocka_unit_test(serves_tls),
    };
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
