/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other processes commit: a thread with a connection of its own, on which PostgreSQL tells of their commits
 * (LISTEN). While that connection is lost, and on databases that tell nothing, everybody is woken from time to time.
 */
#include "store/pg_connect.h"
#include "store/store_private.h"

#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct listener {
    const struct store_options *options;
    pthread_t thread;
    int stop; /* eventfd: readable when the thread has to end */
};

/* True: it is time to end. */
static bool wait_for(const struct listener *listener, int fd, int ms)
{
    struct pollfd fds[2] = {{.fd = listener->stop, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    (void)poll(fds, fd < 0 ? 1 : 2, ms);
    return fds[0].revents != 0;
}

static void wake(const struct listener *listener)
{
    const struct store_options *options = listener->options;
    if (options->on_commit)
        options->on_commit(options->on_commit_data, true);
}

/* Of others: what this process commits it knows already. */
static bool take_notices(const struct listener *listener, PGconn *conn)
{
    bool any = false;
    for (PGnotify *notice; (notice = PQnotifies(conn));) {
        any |= !str_eq(notice->extra, listener->options->_instance);
        PQfreemem(notice);
    }
    return any;
}

/* Returns when the connection is lost or it is time to end (true). */
static bool listen_on(const struct listener *listener, PGconn *conn)
{
    PGresult *result = PQexec(conn, "LISTEN " LISTEN_CHANNEL);
    bool told = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    wake(listener); /* whatever happened before */
    for (;;) {
        if (wait_for(listener, told ? PQsocket(conn) : -1, LISTEN_POLL_MS))
            return true;
        if (told && PQconsumeInput(conn) != 1)
            return false;
        if (!told || take_notices(listener, conn))
            wake(listener);
    }
}

static void *listener_main(void *arg)
{
    struct listener *listener = arg;
    char why[STORE_WHY_BYTES];
    for (bool end = false; !end;) {
        PGconn *conn = pg_connect(listener->options->path, why, sizeof(why));
        if (conn && PQstatus(conn) == CONNECTION_OK)
            end = listen_on(listener, conn);
        if (conn)
            PQfinish(conn);
        if (!end)
            end = wait_for(listener, -1, LISTEN_POLL_MS);
        wake(listener);
    }
    return NULL;
}

int listener_start(struct listener **ret, const struct store_options *options, char *ret_why, size_t why_size)
{
    struct listener *listener = NEW(struct listener);
    listener->options = options;
    listener->stop = eventfd(0, EFD_CLOEXEC);
    if (listener->stop < 0 || pthread_create(&listener->thread, NULL, listener_main, listener) != 0) {
        (void)snprintf(ret_why, why_size, "cannot start the thread that hears of other nodes' commits");
        if (listener->stop >= 0)
            (void)close(listener->stop);
        free(listener);
        return ERR_IO;
    }
    *ret = listener;
    return 0;
}

struct listener *listener_stop(struct listener *listener)
{
    const uint64_t one = 1;
    if (!listener)
        return NULL;
    bool told = write(listener->stop, &one, sizeof(one)) == (ssize_t)sizeof(one);
    assert(told);
    (void)pthread_join(listener->thread, NULL);
    (void)close(listener->stop);
    free(listener);
    return NULL;
}
