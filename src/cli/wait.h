/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting until an app holds what it should. */
#ifndef CLI_WAIT_H
#define CLI_WAIT_H

#include "cli/cli.h"

struct wait {
    int64_t deadline_ms;                                          /* monotonic */
    bool verified;                                                /* ask for a read-back too */
    void (*on_progress)(void *data, int64_t done, int64_t total); /* several times a second; may be NULL */
    void *data;
};

void wait_start(struct wait *wait, int64_t timeout_ms);
/*
 * Waits for everything that was caused in this app up to now. CLI_OK: done. CLI_FAILED: nothing more will happen by
 * itself; "failed" of the answer names what. CLI_TIMEOUT, CLI_UNREACHABLE, CLI_REFUSED (then the answer is untouched).
 * `*ret_answer` is the caller's to free.
 */
int wait_app(struct client *client, struct wait *wait, const char *app_id, struct jval **ret_answer) MUSTCHECK;

#endif
