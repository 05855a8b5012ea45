/* SPDX-License-Identifier: Apache-2.0 */
/* A proxy between a store and its database, which loses connections when the test wants it. */
#ifndef TESTS_POSTGRESQL_PROXY_H
#define TESTS_POSTGRESQL_PROXY_H

enum proxy_mode {
    PROXY_PASS,
    PROXY_CUT_BEFORE_COMMIT, /* the next COMMIT does not reach the server; then PROXY_PASS */
    PROXY_CUT_AFTER_COMMIT,  /* the next COMMIT is done, its answer is lost; then PROXY_PASS */
    PROXY_DOWN,              /* nobody gets through, and who was is cut off */
};

struct proxy;

/* Stands before 127.0.0.1:`port`. */
struct proxy *proxy_new(int port);
int proxy_port(const struct proxy *proxy);
void proxy_set(struct proxy *proxy, enum proxy_mode mode);
/* Cuts every connection that there is, once. */
void proxy_cut(struct proxy *proxy);
struct proxy *proxy_free(struct proxy *proxy);

#endif
