/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server.h"

#include "api/api.h"
#include "app/app.h"
#include "auth/session.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/worker.h"
#include "cli/admin.h"
#include "console/console.h"
#include "engine/engine.h"
#include "record/record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define SERVER_READERS 4      /* reader threads of the store */
#define SERVER_QUEUE 256      /* jobs that may wait for the worker */
#define SERVER_STOP_S 4       /* seconds that stopping may take */
#define SERVER_TIDY_ROWS 2000 /* rows deleted or emptied in one transaction */
#define WHY_BYTES 1024
#define HOST_BYTES 256

struct server {
    struct datadir data;
    char url[256];
    /* on_commit comes on the writer's thread while engine and API come and go: under the lock they are there or NULL.
     */
    pthread_mutex_t lock;
    struct engine *engine;
    struct api *api;
    const char *first_link; /* a file, or NULL; under the lock too */
    struct worker *worker;
};

static void on_commit(void *data, bool wake)
{
    struct server *server = data;
    (void)pthread_mutex_lock(&server->lock);
    api_wake(server->api);
    if (wake)
        engine_wake(server->engine);
    (void)pthread_mutex_unlock(&server->lock);
}

/* The link of the first administrator is of no use any more. One that stays is removed later, or by the next start. */
static void forget_link(void *data)
{
    struct server *server = data;
    (void)pthread_mutex_lock(&server->lock);
    const char *path = TAKE_PTR(server->first_link);
    (void)pthread_mutex_unlock(&server->lock);
    if (path && unlink(path) < 0 && errno != ENOENT)
        log_line("muster: cannot remove %s: %s", path, strerror(errno));
}

static int pause_org(struct tx *tx, void *arg)
{
    const char *reason = NULL;
    int r = org_paused(tx, &reason);
    if (r != 0)
        return MIN_OF(r, 0); /* a reason that is there already is the better one */
    return org_set_paused(tx, true, arg);
}

static int start_engine(struct server *server, const struct cli *cli, const struct server_options *options)
{
    char why[WHY_BYTES] = "";
    char machine[HOST_BYTES] = "node";
    (void)gethostname(machine, sizeof(machine) - 1);
    bool shared = store_is_postgresql(server->data.store_path);
    struct engine_options engine = {.store = server->data.store,
                                    .env = env_real(),
                                    .keyring = server->data.keyring,
                                    .node = options->node ? options->node : machine,
                                    .request_ms = options->request_ms,
                                    .ca_file = options->ca_file,
                                    .proxy = options->proxy,
                                    .no_proxy = options->no_proxy,
                                    .proxy_credential = options->proxy_credential,
                                    .source = options->external_url};
    if (shared)
        engine.lease_ms = options->lease_ms ? options->lease_ms : LIMIT_LEASE_MS;
    struct engine *started = NULL;
    if (engine_start(&started, &engine, why, sizeof(why)) < 0)
        return cli_fail(cli, CLI_FAILED, "the engine does not start: %s", why);
    (void)pthread_mutex_lock(&server->lock);
    server->engine = started;
    (void)pthread_mutex_unlock(&server->lock);
    engine_wake(started);
    return CLI_OK;
}

static int start_api(struct server *server, const struct cli *cli, const struct server_options *options)
{
    char why[WHY_BYTES] = "";
    struct api_options api = {.host = options->host,
                              .port = options->port,
                              .tls_cert_file = options->tls_cert_file,
                              .tls_key_file = options->tls_key_file,
                              .external_url = options->external_url,
                              .proxies = options->proxies,
                              .rate_per_minute = options->rate_per_minute,
                              .routes = api_routes,
                              .store = server->data.store,
                              .keyring = server->data.keyring,
                              .worker = server->worker,
                              .engine = server->engine,
                              .warning = connections_warning,
                              .env = env_real(),
                              .first_signed_in = forget_link,
                              .first_data = server,
                              .other = console_serve};
    struct api *started = NULL;
    if (api_start(&started, &api, why, sizeof(why)) < 0)
        return cli_fail(cli, CLI_FAILED, "%s", why);
    (void)pthread_mutex_lock(&server->lock);
    server->api = started;
    (void)pthread_mutex_unlock(&server->lock);
    bool any = !*options->host || strcmp(options->host, "0.0.0.0") == 0 || strcmp(options->host, "::") == 0;
    bool v6 = strchr(options->host, ':') && !any;
    (void)snprintf(server->url, sizeof(server->url), "%s://%s%s%s:%d", options->tls_cert_file ? "https" : "http",
                   v6 ? "[" : "", any ? "127.0.0.1" : options->host, v6 ? "]" : "", api_port(started));
    return CLI_OK;
}

static int start_parts(struct server *server, struct cli *cli, const struct server_options *options)
{
    int r = options->database ? datadir_database(&server->data, cli) : CLI_OK;
    if (r == CLI_OK)
        r = datadir_lock(&server->data, cli, true);
    if (r == CLI_OK)
        r = datadir_open(&server->data, cli, SERVER_READERS, on_commit, server);
    if (r == CLI_OK)
        r = datadir_first_token(&server->data, cli);
    if (r == CLI_OK && options->paused &&
        store_write_wait(server->data.store, NULL, pause_org, (void *)(uintptr_t) "started with --paused") < 0)
        r = cli_fail(cli, CLI_FAILED, "cannot pause: the store refuses");
    if (r)
        return r;
    server->worker = worker_new(SERVER_QUEUE);
    r = start_engine(server, cli, options);
    if (r == CLI_OK)
        r = start_api(server, cli, options);
    const char *url = options->external_url ? options->external_url : server->url;
    const char *link = NULL;
    if (r == CLI_OK)
        r = admin_first_link(&server->data, cli, url, &link);
    (void)pthread_mutex_lock(&server->lock);
    server->first_link = link;
    (void)pthread_mutex_unlock(&server->lock);
    return r;
}

int server_start(struct server **ret, struct cli *cli, const struct server_options *options)
{
    struct server *server = NEW(struct server);
    *server = (struct server){0};
    (void)pthread_mutex_init(&server->lock, NULL);
    datadir_init(&server->data, cli, options->dir, options->key_file);
    int r = start_parts(server, cli, options);
    if (r) {
        server_stop(server);
        return r;
    }
    *ret = server;
    return CLI_OK;
}

const char *server_url(const struct server *server)
{
    return server->url;
}

const struct datadir *server_data(const struct server *server)
{
    return &server->data;
}

const char *server_first_link(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    const char *path = server->first_link;
    (void)pthread_mutex_unlock(&server->lock);
    return path;
}

static int expire(struct tx *tx, void *arg)
{
    (void)arg;
    return record_expire(tx, SERVER_TIDY_ROWS);
}

static int expire_sessions(struct tx *tx, void *arg)
{
    (void)arg;
    return session_expire(tx, SERVER_TIDY_ROWS);
}

static int erase(struct tx *tx, void *arg)
{
    (void)arg;
    return record_erase_chunk(tx, SERVER_TIDY_ROWS);
}

static int end_capture(struct tx *tx, void *arg)
{
    (void)arg;
    return app_capture_expire(tx);
}

static int look_whether_due(struct tx *tx, void *arg)
{
    (void)arg;
    return record_is_due(tx);
}

/* Each chunk is a job of its own, between which those of others run. A failure is the store's, whose next job says so
 * to somebody who can act. */
void server_expire(struct server *server)
{
    while (store_write_wait(server->data.store, NULL, expire, NULL) >= SERVER_TIDY_ROWS)
        ;
    while (store_write_wait(server->data.store, NULL, expire_sessions, NULL) >= SERVER_TIDY_ROWS)
        ;
}

static int look_for_administrators(struct tx *tx, void *arg)
{
    (void)arg;
    return administrator_any(tx);
}

/* Of several nodes only one heard that its link was used, or another's: each has a file of its own. */
static void look_after_link(struct server *server)
{
    if (server_first_link(server) && store_read_wait(server->data.store, look_for_administrators, NULL) > 0)
        forget_link(server);
}

void server_tidy(struct server *server)
{
    look_after_link(server);
    if (store_read_wait(server->data.store, look_whether_due, NULL) <= 0)
        return;
    while (store_write_wait(server->data.store, NULL, erase, NULL) > 0)
        ;
    while (store_write_wait(server->data.store, NULL, end_capture, NULL) > 0)
        ;
}

void server_stop(struct server *server)
{
    if (!server)
        return;
    (void)pthread_mutex_lock(&server->lock);
    struct api *api = TAKE_PTR(server->api);
    struct engine *engine = TAKE_PTR(server->engine);
    (void)pthread_mutex_unlock(&server->lock);
    api_stop(api);
    worker_free(server->worker);
    engine_stop(engine);
    datadir_close(&server->data);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

bool host_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* --- signals ---------------------------------------------------------------------------------------------------------
 */

static void ending_signals(sigset_t *ret)
{
    struct sigaction hangup;
    (void)sigemptyset(ret);
    (void)sigaddset(ret, SIGINT);
    (void)sigaddset(ret, SIGTERM);
    /* nohup ignores it, but what is waited for is delivered all the same. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        (void)sigaddset(ret, SIGHUP);
}

void signals_hold(void)
{
    sigset_t set;
    ending_signals(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int signals_wait(int64_t timeout_ms)
{
    sigset_t set;
    ending_signals(&set);
    for (;;) {
        struct timespec limit = {.tv_sec = (time_t)(timeout_ms / 1000), .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
        int number = timeout_ms < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &limit);
        if (number > 0)
            return number;
        if (errno != EINTR)
            return 0;
    }
}

static void give_up_stopping(int number)
{
    (void)number;
    _exit(0);
}

void signals_limit_stop(void)
{
    struct sigaction action = {.sa_handler = give_up_stopping};
    (void)sigaction(SIGALRM, &action, NULL);
    (void)alarm(SERVER_STOP_S);
}
