/* SPDX-License-Identifier: Apache-2.0 */
/* One Muster server in this process: store, engine, worker and API, started and stopped in the right order. */
#ifndef CLI_SERVER_H
#define CLI_SERVER_H

#include "cli/datadir.h"

struct server;

struct server_options {
    const char *dir;
    const char *key_file; /* NULL: in `dir` */
    bool database;        /* --database and --database-file are options of the verb */
    const char *host;
    int port;
    const char *tls_cert_file, *tls_key_file;
    const char *external_url;
    const char *proxies; /* between commas; NULL: none */
    const char *ca_file;
    const char *proxy, *no_proxy, *proxy_credential; /* of what is sent to apps and hooks; NULL: none */
    const char *node;                                /* name of this node; NULL: the machine's */
    int64_t lease_ms;    /* 0: LIMIT_LEASE_MS on a database that others may use, else none */
    int64_t request_ms;  /* 0: the default */
    int rate_per_minute; /* 0: the default */
    bool paused;
};

/* CLI_OK, or another status after a complaint; then nothing is left running. */
int server_start(struct server **ret, struct cli *cli, const struct server_options *options) MUSTCHECK;
/* "http://127.0.0.1:8080": what a client on this machine connects to. */
const char *server_url(const struct server *server);
const struct datadir *server_data(const struct server *server);
/* The file with the link that makes the first administrator; NULL when somebody can sign in. */
const char *server_first_link(struct server *server);
/* Takes old rows out of the log and the journal. Call it about every hour. */
void server_expire(struct server *server);
/* Takes deleted people out of both, and ends full capture that is past its time. Call it about every second. */
void server_tidy(struct server *server);
/* Answers what is in progress, stops, closes. Accepts NULL. */
void server_stop(struct server *server);

/* True when the host is this machine's loopback: a numeric address, or localhost. */
bool host_is_loopback(const char *host);

/* --- signals --- */
/* Blocks SIGINT, SIGTERM and SIGHUP in this thread and in those made later. Call it before any thread is made. */
void signals_hold(void);
/* Waits for one of them: its number, or 0 after `timeout_ms` (negative: without end). */
int signals_wait(int64_t timeout_ms);
/* Ends the process with status 0 if it has not ended by itself in SERVER_STOP_S: nothing that was acknowledged is lost.
 */
void signals_limit_stop(void);

#endif
