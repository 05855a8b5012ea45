/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes that share the store, for those who look (lease.h has how they share the work). */
#ifndef ENGINE_NODES_H
#define ENGINE_NODES_H

#include "base/jout.h"
#include "store/store.h"

/* Each node with how many leases it holds, as objects into an open array; none where a process is alone on its store.
 */
int nodes_write(struct tx *tx, struct jout *out) MUSTCHECK;

/* How many nodes are alive now, and the name of one of them, in the tx's arena. The count, or a negative error. */
int nodes_alive(struct tx *tx, const char **ret_name) MUSTCHECK;

#endif
