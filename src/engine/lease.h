/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several nodes on one store: each rate group of apps (apps with the same host and credential) is leased by one node,
 * which alone asks them; its work, its order and its pace live there.
 *
 * A lease has a holder (one process), an epoch that counts its owners, and an end by the clock of the database. The
 * holder looks after its leases every third of their length. Every turn checks the epoch of what it writes for; no
 * request is sent, and no transfer goes on, after the holder's own steady clock says that the lease has ended. A lease
 * that ended is taken by somebody who has fewer than his share; who has more than that gives back what is idle.
 *
 * With one process on the store (lease_ms 0) a lease never ends and is taken without asking.
 */
#ifndef ENGINE_LEASE_H
#define ENGINE_LEASE_H

#include "app/app.h"
#include "engine/rate.h"

#define LEASE_NO_END INT64_MAX
#define NODE_NAME_BYTES 256 /* of a node's name, with its NUL; what is longer is cut */

/* This process among those that share the store. */
struct node {
    char name[NODE_NAME_BYTES];
    char instance[ID_BYTES];
    int64_t lease_ms; /* 0: alone */
};

/* What the core remembers of a rate group between turns. */
struct rate_group {
    char key[RATE_GROUP_BYTES];
    int64_t epoch;             /* of our lease; 0: not ours */
    int64_t epoch_next;        /* taken in this turn */
    int64_t until, until_next; /* ms, steady: the end of our lease, some time before its real end */
    int64_t foreign_until;     /* ms, steady: somebody else's at least until then, as far as is known */
    bool give_back;            /* more than our share: nothing new, and back when nothing is in flight */
    bool again;                /* ours in the store, and to be taken anew */
    /* By rate_of(), in the order of TRAIT_RATE_USERS_READ and the three after it. */
    struct rate rates[RATE_COUNT];           /* as this turn has them */
    struct rate rates_committed[RATE_COUNT]; /* as the last committed turn left them */
    int64_t told_by[RATE_COUNT];             /* the app whose administrator told the rate; 0: nobody did */
    int64_t told_by_committed[RATE_COUNT];
    struct rate_group *next;
    struct rate_group *beside; /* in the same slot of the core's table */
};

/* The time by which leases and the deadlines of intents end: the database's clock, the same for all nodes. */
int node_now(struct tx *tx, int64_t *ret_ms) MUSTCHECK;
/* Begins: refused (ERR_EXISTS) while another process of this name is alive. */
int node_begin(struct tx *tx, const struct node *self) MUSTCHECK;
/* Ends: every lease is free at once, and the node is gone. */
int node_end(struct tx *tx, const struct node *self) MUSTCHECK;

/* 1: taken, with `*ret_epoch`. 0: somebody else's for `*ret_wait` ms more. */
int lease_take(struct tx *tx, const struct node *self, const char *rate_group, int64_t *ret_epoch,
               int64_t *ret_wait) MUSTCHECK;
/* 0, or ERR_STALE when somebody else took the lease. */
int lease_check(struct tx *tx, const struct node *self, const char *rate_group, int64_t epoch) MUSTCHECK;
int lease_give_back(struct tx *tx, const struct node *self, const char *rate_group) MUSTCHECK;

/* What looking after the leases found. */
struct lease_census {
    int64_t mine, all, nodes;
    int64_t fewest; /* that any node has */
};
/* Says that this node is alive, and prolongs what it holds. */
int leases_renew(struct tx *tx, const struct node *self, struct lease_census *ret) MUSTCHECK;
/* The rate groups whose leases ended, longest ago first, at most `limit`. The count; texts in the tx's arena. */
int leases_free(struct tx *tx, const char **ret, int limit) MUSTCHECK;
/* Calls each(rate_group, epoch) for what this node holds. */
int leases_each_mine(struct tx *tx, const struct node *self, int (*each)(const char *rate_group, int64_t epoch, void *),
                     void *data) MUSTCHECK;
/* The rate group has no app any more. */
int lease_forget(struct tx *tx, const char *rate_group) MUSTCHECK;

/*
 * Ends every lease and forgets every node: for a copy of a store, whose nodes are others than those that are written
 * there. Epochs stay as they are, so that nobody who held one holds it again by mistake. 0 or a negative error.
 */
int leases_end(struct tx *tx) MUSTCHECK;

#endif
