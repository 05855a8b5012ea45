/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy.h"

#include "base/arena.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS_MAX 32
#define TICK_MS 20

struct pair {
    int client, server; /* -1: none */
};

struct proxy {
    int listener, port, target;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards mode, cut, stop */
    enum proxy_mode mode;
    bool cut, stop;
    struct pair pairs[PAIRS_MAX];
};

static int open_socket(int port, bool listening, int *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(address);
    assert(fd >= 0);
    if (listening) {
        assert(bind(fd, (struct sockaddr *)&address, n) == 0 && listen(fd, 16) == 0);
        assert(getsockname(fd, (struct sockaddr *)&address, &n) == 0);
        *ret_port = ntohs(address.sin_port);
    } else if (connect(fd, (struct sockaddr *)&address, n) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void pair_close(struct pair *pair)
{
    if (pair->client >= 0)
        (void)close(pair->client);
    if (pair->server >= 0)
        (void)close(pair->server);
    *pair = (struct pair){-1, -1};
}

static void take_client(struct proxy *proxy, enum proxy_mode mode)
{
    int client = accept(proxy->listener, NULL, NULL);
    if (client < 0)
        return;
    for (size_t i = 0; mode != PROXY_DOWN && i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy->pairs[i];
        if (pair->client >= 0)
            continue;
        *pair = (struct pair){.client = client, .server = open_socket(proxy->target, false, NULL)};
        if (pair->server < 0)
            pair_close(pair);
        return;
    }
    (void)close(client);
}

static bool send_all(int fd, const char *bytes, ssize_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, (size_t)n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= sent;
    }
    return true;
}

/* Passes on what is there; false when the pair has come to its end. */
static bool pass_on(struct proxy *proxy, struct pair *pair, bool from_client)
{
    static char bytes[65536];
    int from = from_client ? pair->client : pair->server;
    ssize_t n = recv(from, bytes, sizeof(bytes), 0);
    if (n <= 0)
        return false;
    (void)pthread_mutex_lock(&proxy->mutex);
    enum proxy_mode mode = proxy->mode;
    bool commits = from_client && memmem(bytes, (size_t)n, "COMMIT", 7) != NULL &&
                   (mode == PROXY_CUT_BEFORE_COMMIT || mode == PROXY_CUT_AFTER_COMMIT);
    if (commits)
        proxy->mode = PROXY_PASS;
    (void)pthread_mutex_unlock(&proxy->mutex);
    if (!commits)
        return send_all(from_client ? pair->server : pair->client, bytes, n);
    /* The first word of the answer says that the server has done it. */
    if (mode == PROXY_CUT_AFTER_COMMIT && send_all(pair->server, bytes, n))
        (void)recv(pair->server, bytes, sizeof(bytes), 0);
    return false;
}

static void serve_once(struct proxy *proxy, enum proxy_mode mode, bool cut)
{
    struct pollfd polled[1 + PAIRS_MAX * 2];
    polled[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (cut || mode == PROXY_DOWN)
            pair_close(&proxy->pairs[i]);
        polled[1 + i * 2] = (struct pollfd){.fd = proxy->pairs[i].client, .events = POLLIN};
        polled[2 + i * 2] = (struct pollfd){.fd = proxy->pairs[i].server, .events = POLLIN};
    }
    if (poll(polled, ARRAY_LEN(polled), TICK_MS) <= 0)
        return;
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        struct pair *pair = &proxy->pairs[i];
        if (polled[1 + i * 2].revents && pair->client >= 0 && !pass_on(proxy, pair, true))
            pair_close(pair);
        if (polled[2 + i * 2].revents && pair->server >= 0 && !pass_on(proxy, pair, false))
            pair_close(pair);
    }
    if (polled[0].revents)
        take_client(proxy, mode);
}

static void *proxy_main(void *arg)
{
    struct proxy *proxy = arg;
    for (;;) {
        (void)pthread_mutex_lock(&proxy->mutex);
        enum proxy_mode mode = proxy->mode;
        bool cut = proxy->cut;
        bool stop = proxy->stop;
        proxy->cut = false;
        (void)pthread_mutex_unlock(&proxy->mutex);
        if (stop)
            return NULL;
        serve_once(proxy, mode, cut);
    }
}

struct proxy *proxy_new(int port)
{
    struct proxy *proxy = NEW(struct proxy);
    *proxy = (struct proxy){.target = port};
    for (size_t i = 0; i < PAIRS_MAX; i++)
        proxy->pairs[i] = (struct pair){-1, -1};
    proxy->listener = open_socket(0, true, &proxy->port);
    (void)pthread_mutex_init(&proxy->mutex, NULL);
    int r = pthread_create(&proxy->thread, NULL, proxy_main, proxy);
    assert(r == 0);
    return proxy;
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

void proxy_set(struct proxy *proxy, enum proxy_mode mode)
{
    (void)pthread_mutex_lock(&proxy->mutex);
    proxy->mode = mode;
    (void)pthread_mutex_unlock(&proxy->mutex);
}

void proxy_cut(struct proxy *proxy)
{
    bool waiting = true;
    (void)pthread_mutex_lock(&proxy->mutex);
    proxy->cut = true;
    (void)pthread_mutex_unlock(&proxy->mutex);
    while (waiting) { /* until the thread has taken note */
        (void)usleep(1000);
        (void)pthread_mutex_lock(&proxy->mutex);
        waiting = proxy->cut;
        (void)pthread_mutex_unlock(&proxy->mutex);
    }
}

struct proxy *proxy_free(struct proxy *proxy)
{
    (void)pthread_mutex_lock(&proxy->mutex);
    proxy->stop = true;
    (void)pthread_mutex_unlock(&proxy->mutex);
    (void)pthread_join(proxy->thread, NULL);
    for (size_t i = 0; i < PAIRS_MAX; i++)
        pair_close(&proxy->pairs[i]);
    (void)close(proxy->listener);
    (void)pthread_mutex_destroy(&proxy->mutex);
    free(proxy);
    return NULL;
}
