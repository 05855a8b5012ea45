/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange is made when the request line arrives (on_target), collects the body, is handed to the handler when the
 * request is complete, and is freed by on_completed(), which the library calls exactly once per request, answered or
 * broken off. While the handler's answer is outstanding the connection is suspended, so the library touches neither;
 * an answer that is there when the handler returns skips the suspension. The state is guarded by httpd.lock, because
 * after an exchange is answered its memory may be gone.
 */
#include "base/httpd.h"

#include "base/err.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXCHANGE_MAGIC 0x45584348u
#define TLS_FILE_BYTES_MAX (1024 * 1024) /* bytes of a certificate chain or key */
#define DRAIN_FACTOR 16                  /* a body this many times the maximum is not read away but cut off */
#define STOP_FLUSH_MS 2000               /* milliseconds that stopping waits for answers to reach slow clients */

enum state {
    EXCHANGE_READING,
    EXCHANGE_HANDED,    /* the handler has it and has not returned */
    EXCHANGE_SUSPENDED, /* the handler returned without an answer */
    EXCHANGE_ANSWERED,  /* response is set, or NULL for a reset */
};

struct header {
    struct header *next;
    const char *name;
    const char *value;
};

struct httpd {
    struct httpd_options options; /* its strings are the caller's: not used after the start */
    struct MHD_Daemon *daemon;
    int listen_fd;
    int port;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t unanswered; /* handed out and neither sent nor reset */
    size_t live;       /* handed out and not completed */
    bool stopping;
    struct drip *drips; /* suspended until their next piece is due */
    bool has_dripper;
    bool stop_dripper;
    pthread_t dripper;
};

/* A body that is sent in pieces; the response owns it. */
struct drip {
    struct drip *next;
    struct httpd *httpd;
    struct MHD_Connection *connection;
    int64_t due_ms; /* of the monotonic clock: the next piece */
    size_t step_bytes;
    int step_ms;
    size_t n;
    char body[];
};

struct exchange {
    uint32_t magic;
    _Atomic enum state state; /* changed under the lock; check_open() looks without */
    struct httpd *httpd;
    struct MHD_Connection *connection;
    struct arena *arena;
    const char *method;
    const char *path;
    const char *query;
    bool bad_target;
    bool begun; /* the library's first call, which comes before the body, was seen */
    bool body_too_large;
    struct buf body;
    size_t body_bytes; /* all that came, kept or not */
    struct header *headers;
    struct header **headers_end;
    struct MHD_Response *response;
    int status;
    char peer[INET6_ADDRSTRLEN];
};

static int explain(char *ret_why, size_t why_size, const char *format, ...) PRINTF_LIKE(3, 4);
static int explain(char *ret_why, size_t why_size, const char *format, ...)
{
    if (ret_why && why_size) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(ret_why, why_size, format, args);
        va_end(args);
    }
    return ERR_IO;
}

/* --- a request arrives -------------------------------------------------------------------------------------------- */

static void note_peer(struct exchange *x)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr)
        return;
    if (info->client_addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, info->client_addr, sizeof(in));
        (void)inet_ntop(AF_INET, &in.sin_addr, x->peer, sizeof(x->peer));
    } else if (info->client_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, info->client_addr, sizeof(in6));
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) /* a socket for both families sees IPv4 clients this way */
            (void)inet_ntop(AF_INET, in6.sin6_addr.s6_addr + 12, x->peer, sizeof(x->peer));
        else
            (void)inet_ntop(AF_INET6, &in6.sin6_addr, x->peer, sizeof(x->peer));
    }
}

/* Splits the raw target at its '?'; an absolute form loses scheme and authority (RFC 9112 section 3.2.2). */
static void note_target(struct exchange *x, const char *target)
{
    for (const unsigned char *p = (const unsigned char *)target; *p; p++)
        if (*p <= ' ' || *p == 0x7f)
            x->bad_target = true;
    if (strncasecmp(target, "http://", 7) == 0)
        target += 7 + strcspn(target + 7, "/?");
    else if (strncasecmp(target, "https://", 8) == 0)
        target += 8 + strcspn(target + 8, "/?");
    size_t n = strcspn(target, "?");
    x->path = n ? arena_strndup(x->arena, target, n) : "/";
    x->query = target[n] ? arena_strdup(x->arena, target + n + 1) : NULL;
}

/* The library's logger hook: the only place that sees the target before it is cut and decoded. */
static void *on_target(void *data, const char *target, struct MHD_Connection *connection)
{
    struct httpd *httpd = data;
    struct exchange *x = NEW(struct exchange);
    x->magic = EXCHANGE_MAGIC;
    x->httpd = httpd;
    x->connection = connection;
    x->arena = arena_new();
    x->headers_end = &x->headers;
    buf_init(&x->body, httpd->options.body_max);
    note_target(x, target);
    note_peer(x);
    return x;
}

static size_t no_unescape(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data;
    (void)connection;
    return strlen(text);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct httpd *httpd = data;
    struct exchange *x = *context;
    (void)connection;
    (void)code;
    if (!x)
        return;
    *context = NULL;
    assert(x->state == EXCHANGE_READING || x->state == EXCHANGE_ANSWERED);
    if (x->state == EXCHANGE_ANSWERED) {
        pthread_mutex_lock(&httpd->lock);
        httpd->live--;
        pthread_cond_broadcast(&httpd->changed);
        pthread_mutex_unlock(&httpd->lock);
    }
    if (x->response)
        MHD_destroy_response(x->response);
    buf_free(&x->body);
    x->arena = arena_free(x->arena);
    x->magic = 0;
    free(x);
}

/* --- and is answered ---------------------------------------------------------------------------------------------- */

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status, const char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    enum MHD_Result r = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return r;
}

static enum MHD_Result give_answer(struct exchange *x)
{
    if (!x->response) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (info)
            (void)shutdown(info->connect_fd, SHUT_RDWR);
        return MHD_NO;
    }
    pthread_mutex_lock(&x->httpd->lock);
    bool stopping = x->httpd->stopping;
    pthread_mutex_unlock(&x->httpd->lock);
    if (stopping)
        (void)MHD_add_response_header(x->response, MHD_HTTP_HEADER_CONNECTION, "close");
    return MHD_queue_response(x->connection, (unsigned int)x->status, x->response);
}

static enum MHD_Result hand_over(struct exchange *x, const char *method)
{
    struct httpd *httpd = x->httpd;
    if (x->bad_target)
        return refuse(x->connection, MHD_HTTP_BAD_REQUEST, "The request target holds a space or control character.\n");
    x->method = arena_strdup(x->arena, method);
    pthread_mutex_lock(&httpd->lock);
    bool stopping = httpd->stopping;
    if (!stopping) {
        x->state = EXCHANGE_HANDED;
        httpd->unanswered++;
        httpd->live++;
    }
    pthread_mutex_unlock(&httpd->lock);
    if (stopping)
        return refuse(x->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "The server is stopping.\n");
    httpd->options.handle(x, httpd->options.data);
    pthread_mutex_lock(&httpd->lock);
    bool answered = x->state == EXCHANGE_ANSWERED;
    if (!answered) {
        x->state = EXCHANGE_SUSPENDED;
        MHD_suspend_connection(x->connection);
    }
    pthread_mutex_unlock(&httpd->lock);
    return answered ? give_answer(x) : MHD_YES;
}

static enum MHD_Result take_body(struct exchange *x, const char *bytes, size_t *io_n)
{
    x->body_bytes += *io_n;
    if (x->body_bytes / DRAIN_FACTOR > x->httpd->options.body_max)
        return MHD_NO;
    buf_add(&x->body, bytes, *io_n);
    if (x->body.overflowed && !x->body_too_large) {
        x->body_too_large = true;
        buf_free(&x->body);
        x->body.max = 0;
    }
    *io_n = 0;
    return MHD_YES;
}

/*
 * The library calls this first with the headers (an answer now would skip the body and the 100-continue), then with
 * pieces of the body, then once with none left, and again after a resume.
 */
static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **context)
{
    struct exchange *x = *context;
    (void)data;
    (void)connection;
    (void)url;
    (void)version;
    if (!x->begun) {
        x->begun = true;
        return MHD_YES;
    }
    if (*upload_n)
        return take_body(x, upload, upload_n);
    if (x->state == EXCHANGE_READING)
        return hand_over(x, method);
    assert(x->state == EXCHANGE_ANSWERED);
    return give_answer(x);
}

/* Takes over the response; NULL closes the connection instead. Nothing may touch the exchange after this. */
static void finish(struct exchange *x, int status, struct MHD_Response *response)
{
    struct httpd *httpd = x->httpd;
    pthread_mutex_lock(&httpd->lock);
    assert(x->state == EXCHANGE_HANDED || x->state == EXCHANGE_SUSPENDED); /* answered twice? */
    bool resume = x->state == EXCHANGE_SUSPENDED;
    x->state = EXCHANGE_ANSWERED;
    x->status = status;
    x->response = response;
    httpd->unanswered--;
    pthread_cond_broadcast(&httpd->changed);
    if (resume)
        MHD_resume_connection(x->connection);
    pthread_mutex_unlock(&httpd->lock);
}

static void check_open(const struct exchange *x)
{
    assert(x->magic == EXCHANGE_MAGIC && x->state != EXCHANGE_ANSWERED); /* used after its answer? */
}

/* Adds the headers and ends the exchange. */
static void respond(struct exchange *x, int status, struct MHD_Response *response)
{
    assert(response);
    for (const struct header *h = x->headers; h; h = h->next) {
        enum MHD_Result r = MHD_add_response_header(response, h->name, h->value);
        assert(r == MHD_YES);
    }
    finish(x, status, response);
}

void exchange_send(struct exchange *x, int status, const void *body, size_t n)
{
    check_open(x);
    assert(status >= 200 && status <= 599);
    if (status == MHD_HTTP_NO_CONTENT || status == MHD_HTTP_NOT_MODIFIED)
        n = 0;
    respond(x, status, MHD_create_response_from_buffer(n, (void *)(uintptr_t)(n ? body : ""), MHD_RESPMEM_MUST_COPY));
}

void exchange_reset(struct exchange *x)
{
    check_open(x);
    finish(x, 0, NULL);
}

void exchange_add_header(struct exchange *x, const char *name, const char *value)
{
    check_open(x);
    assert(strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) != 0);
    char *clean = arena_strdup(x->arena, value);
    for (unsigned char *p = (unsigned char *)clean; *p; p++)
        if (*p < ' ' || *p == 0x7f)
            *p = ' ';
    clean += strspn(clean, " ");
    for (size_t n = strlen(clean); n && clean[n - 1] == ' '; n--)
        clean[n - 1] = '\0';
    if (!*clean)
        return;
    struct header *h = arena_alloc(x->arena, sizeof(*h));
    h->name = arena_strdup(x->arena, name);
    h->value = clean;
    *x->headers_end = h;
    x->headers_end = &h->next;
}

/* --- in pieces ------------------------------------------------------------------------------------------------------
 */

static int64_t monotonic_ms(void)
{
    struct timespec ts = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The library asks for more of the body: a piece, or (before its time) nothing and a rest. */
static ssize_t read_drip(void *data, uint64_t at, char *out, size_t max)
{
    struct drip *drip = data;
    struct httpd *httpd = drip->httpd;
    pthread_mutex_lock(&httpd->lock);
    bool stopping = httpd->stopping;
    bool rest = !stopping && monotonic_ms() < drip->due_ms;
    if (rest) {
        MHD_suspend_connection(drip->connection);
        drip->next = httpd->drips;
        httpd->drips = drip;
        pthread_cond_broadcast(&httpd->changed);
    }
    pthread_mutex_unlock(&httpd->lock);
    if (rest)
        return 0;
    size_t n = MIN_OF(drip->n - (size_t)at, max);
    if (!stopping)
        n = MIN_OF(n, drip->step_bytes);
    memcpy(out, drip->body + at, n);
    drip->due_ms = monotonic_ms() + drip->step_ms;
    return (ssize_t)n;
}

/* Resumes what is due (all, when the server stops); returns when the next is due, or 0 when none waits. */
static int64_t resume_drips(struct httpd *httpd)
{
    int64_t now = monotonic_ms();
    int64_t next = 0;
    struct drip **at = &httpd->drips;
    while (*at) {
        struct drip *drip = *at;
        if (drip->due_ms > now && !httpd->stopping) {
            next = next ? MIN_OF(next, drip->due_ms) : drip->due_ms;
            at = &drip->next;
            continue;
        }
        *at = drip->next;
        MHD_resume_connection(drip->connection); /* the drip may be gone from here on */
    }
    return next;
}

static void *run_dripper(void *data)
{
    struct httpd *httpd = data;
    pthread_mutex_lock(&httpd->lock);
    while (!httpd->stop_dripper || httpd->drips) {
        int64_t next = resume_drips(httpd);
        struct timespec until = {.tv_sec = next / 1000, .tv_nsec = next % 1000 * 1000000};
        if (next)
            (void)pthread_cond_timedwait(&httpd->changed, &httpd->lock, &until);
        else if (!httpd->stop_dripper)
            (void)pthread_cond_wait(&httpd->changed, &httpd->lock);
    }
    pthread_mutex_unlock(&httpd->lock);
    return NULL;
}

void exchange_send_slowly(struct exchange *x, int status, const void *body, size_t n, size_t step_bytes, int step_ms)
{
    check_open(x);
    struct httpd *httpd = x->httpd;
    pthread_mutex_lock(&httpd->lock);
    if (!httpd->has_dripper)
        httpd->has_dripper = pthread_create(&httpd->dripper, NULL, run_dripper, httpd) == 0;
    bool possible = httpd->has_dripper && n && status != MHD_HTTP_NO_CONTENT && status != MHD_HTTP_NOT_MODIFIED;
    pthread_mutex_unlock(&httpd->lock);
    if (!possible) {
        exchange_send(x, status, body, n);
        return;
    }
    struct drip *drip = mem_new(sizeof(*drip) + n);
    *drip = (struct drip){.httpd = httpd,
                          .connection = x->connection,
                          .step_bytes = MAX_OF(step_bytes, (size_t)1),
                          .step_ms = step_ms,
                          .n = n};
    memcpy(drip->body, body, n);
    respond(x, status,
            MHD_create_response_from_callback(n, MIN_OF(drip->step_bytes, (size_t)65536), read_drip, drip, free));
}

static void stop_dripper(struct httpd *httpd)
{
    if (!httpd->has_dripper)
        return;
    pthread_mutex_lock(&httpd->lock);
    httpd->stop_dripper = true;
    pthread_cond_broadcast(&httpd->changed);
    pthread_mutex_unlock(&httpd->lock);
    (void)pthread_join(httpd->dripper, NULL);
}

struct arena *exchange_arena(struct exchange *x)
{
    check_open(x);
    return x->arena;
}

const char *exchange_method(const struct exchange *x)
{
    check_open(x);
    return x->method;
}

const char *exchange_path(const struct exchange *x)
{
    check_open(x);
    return x->path;
}

const char *exchange_query(const struct exchange *x)
{
    check_open(x);
    return x->query;
}

const char *exchange_header(const struct exchange *x, const char *name)
{
    check_open(x);
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

struct header_search {
    struct arena *arena;
    const char *name;
    const char *found;
};

static enum MHD_Result add_found(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct header_search *search = data;
    (void)kind;
    if (value && strcasecmp(name, search->name) == 0)
        search->found = search->found ? arena_printf(search->arena, "%s, %s", search->found, value) : value;
    return MHD_YES;
}

const char *exchange_header_all(struct exchange *x, const char *name)
{
    check_open(x);
    struct header_search search = {.arena = x->arena, .name = name};
    (void)MHD_get_connection_values(x->connection, MHD_HEADER_KIND, add_found, &search);
    return search.found;
}

const char *exchange_body(const struct exchange *x, size_t *ret_n)
{
    check_open(x);
    if (ret_n)
        *ret_n = x->body.len;
    return buf_text(&x->body);
}

bool exchange_body_too_large(const struct exchange *x)
{
    check_open(x);
    return x->body_too_large;
}

const char *exchange_peer(const struct exchange *x)
{
    check_open(x);
    return x->peer;
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static int listen_on(const struct addrinfo *ai)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    const int on = 1;
    const int off = 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* restart while old connections linger */
    if (ai->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)); /* "::" serves both families */
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}

static int bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t n = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &n) < 0)
        return -1;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    memcpy(&in, &address, sizeof(in));
    memcpy(&in6, &address, sizeof(in6));
    return ntohs(address.ss_family == AF_INET6 ? in6.sin6_port : in.sin_port);
}

static int open_socket(struct httpd *httpd, char *ret_why, size_t why_size)
{
    const char *host = httpd->options.host ? httpd->options.host : "";
    char port[16];
    (void)snprintf(port, sizeof(port), "%d", httpd->options.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int r = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (r != 0)
        return explain(ret_why, why_size, "cannot find the address %s to listen on: %s", host, gai_strerror(r));
    /* Every address means "::" first: the socket for both families. */
    const int order[] = {*host ? AF_UNSPEC : AF_INET6, *host ? 0 : AF_INET};
    for (size_t i = 0; i < ARRAY_LEN(order) && httpd->listen_fd < 0; i++)
        for (const struct addrinfo *ai = found; ai && httpd->listen_fd < 0; ai = ai->ai_next)
            if (order[i] == AF_UNSPEC ? i == 0 : ai->ai_family == order[i])
                httpd->listen_fd = listen_on(ai);
    int saved = errno;
    freeaddrinfo(found);
    if (httpd->listen_fd < 0)
        return explain(ret_why, why_size, "cannot listen on %s port %s: %s", *host ? host : "every address", port,
                       strerror(saved));
    httpd->port = bound_port(httpd->listen_fd);
    return 0;
}

static int read_pem(const char *path, char **ret, char *ret_why, size_t why_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return explain(ret_why, why_size, "cannot read %s: %s", path, strerror(errno));
    struct buf text;
    buf_init(&text, TLS_FILE_BYTES_MAX);
    char piece[4096];
    ssize_t n = 0;
    while (!text.overflowed && (n = read(fd, piece, sizeof(piece))) > 0)
        buf_add(&text, piece, (size_t)n);
    int saved = errno;
    (void)close(fd);
    int r = 0;
    if (n < 0)
        r = explain(ret_why, why_size, "cannot read %s: %s", path, strerror(saved));
    else if (text.overflowed)
        r = explain(ret_why, why_size, "%s is larger than %d bytes: expected a PEM file", path, TLS_FILE_BYTES_MAX);
    if (r == 0)
        *ret = buf_take(&text);
    explicit_bzero(piece, sizeof(piece));
    buf_free(&text);
    return r;
}

static int start_daemon(struct httpd *httpd, const char *cert, const char *key)
{
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    if (cert)
        flags |= MHD_USE_TLS;
    httpd->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, httpd, MHD_OPTION_LISTEN_SOCKET, httpd->listen_fd,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, httpd, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, httpd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, httpd, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)LIMIT_CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)LIMIT_CONNECTIONS_PER_ADDRESS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned int)LIMIT_CONNECTION_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, cert ? tls : none,
        MHD_OPTION_END);
    return httpd->daemon ? 0 : ERR_IO;
}

static int start_listening(struct httpd *httpd, char *ret_why, size_t why_size)
{
    const struct httpd_options *o = &httpd->options;
    char *cert = NULL;
    char *key = NULL;
    int r = 0;
    if (o->tls_cert_file) {
        r = read_pem(o->tls_cert_file, &cert, ret_why, why_size);
        if (r == 0)
            r = read_pem(o->tls_key_file, &key, ret_why, why_size);
    }
    if (r == 0)
        r = open_socket(httpd, ret_why, why_size);
    if (r == 0 && start_daemon(httpd, cert, key) < 0) {
        if (cert)
            r = explain(ret_why, why_size,
                        "cannot use certificate %s with key %s: both must be PEM, and belong together",
                        o->tls_cert_file, o->tls_key_file);
        else
            r = explain(ret_why, why_size, "cannot start the HTTP server on port %d: %s", httpd->port, strerror(errno));
        if (fcntl(httpd->listen_fd, F_GETFD) >= 0) /* on some of its failures the library has closed it already */
            (void)close(httpd->listen_fd);
    }
    if (key)
        explicit_bzero(key, strlen(key));
    free(key);
    free(cert);
    return r;
}

int httpd_start(struct httpd **ret, const struct httpd_options *options, char *ret_why, size_t why_size)
{
    assert(options->handle && !options->tls_cert_file == !options->tls_key_file);
    struct httpd *httpd = NEW(struct httpd);
    httpd->options = *options;
    httpd->listen_fd = -1;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&httpd->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&httpd->lock, NULL);
    int r = start_listening(httpd, ret_why, why_size);
    if (r < 0) {
        pthread_cond_destroy(&httpd->changed);
        pthread_mutex_destroy(&httpd->lock);
        free(httpd);
        return r;
    }
    *ret = httpd;
    return 0;
}

int httpd_port(const struct httpd *httpd)
{
    return httpd->port;
}

void httpd_stop(struct httpd *httpd)
{
    if (!httpd)
        return;
    int fd = MHD_quiesce_daemon(httpd->daemon);
    struct timespec until = {0};
    pthread_mutex_lock(&httpd->lock);
    httpd->stopping = true;
    pthread_cond_broadcast(&httpd->changed);
    while (httpd->unanswered)
        pthread_cond_wait(&httpd->changed, &httpd->lock);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_FLUSH_MS / 1000;
    while (httpd->live && pthread_cond_timedwait(&httpd->changed, &httpd->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&httpd->lock);
    stop_dripper(httpd);
    MHD_stop_daemon(httpd->daemon);
    if (fd >= 0)
        (void)close(fd);
    pthread_cond_destroy(&httpd->changed);
    pthread_mutex_destroy(&httpd->lock);
    free(httpd);
}
