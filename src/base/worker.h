/* SPDX-License-Identifier: Apache-2.0 */
/* One thread with a bounded queue for work that blocks or burns (argon2, later LDAP). Inputs are copied by the caller.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include "base/macros.h"

struct worker;

struct worker *worker_new(size_t queue_max);
/* Finishes what is queued, stops the thread. Accepts NULL. */
void worker_free(struct worker *worker);
/* Runs fn(arg) on the worker. ERR_BUSY when the queue is full: nothing was queued. */
int worker_submit(struct worker *worker, void (*fn)(void *arg), void *arg) MUSTCHECK;

#endif
