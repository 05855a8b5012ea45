/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event hooks: addresses that are told of events of the system log, in order, at least once.
 *
 * What a hook has still to be told is not queued: the hook remembers the number of the last event that is done with
 * (`position`), and what it is told next is read from the log behind it. A delivery that fails is tried again, the same
 * events and no others, with growing pauses; after LIMIT_HOOK_TRIES tries it is given up and the next events follow. A
 * hook is told of what happens from its verification, or its last activation, on.
 */
#ifndef APP_HOOK_H
#define APP_HOOK_H

#include "auth/auth.h"
#include "base/jout.h"
#include "base/limits.h"
#include "base/problem.h"
#include "store/store.h"

struct hook {
    int64_t rid;
    const char *id;       /* who... */
    const char *document; /* JSON: name, description, events, channel as published, without secrets */
    const char *uri;
    bool active;
    bool verified;
    const char *auth_key;    /* name of the header that carries the credential, or NULL */
    const void *auth_sealed; /* its value */
    size_t auth_sealed_n;
    const void *signing_sealed;
    size_t signing_sealed_n;
    int64_t created;
    const char *created_by;
    int64_t last_updated;
    int64_t version; /* changes with what is sent where */
    int64_t position, batch_end;
    int attempts;      /* failed tries of the delivery that comes next */
    int64_t due;       /* ms: when it is tried again; 0: at once */
    const char *error; /* why the last try failed, or NULL */
    int64_t deliveries;
};
/* Texts are in the tx's arena. */
int hook_by_id(struct tx *tx, const char *id, struct hook *ret) MUSTCHECK; /* ERR_NOT_FOUND */
int hook_by_rid(struct tx *tx, int64_t rid, struct hook *ret) MUSTCHECK;
/* All of them, at most LIMIT_HOOKS, in order of creation. The count. */
int hook_list(struct tx *tx, struct hook ret[static LIMIT_HOOKS]) MUSTCHECK;

/* `body` is an EventHook as published. `*ret_signing` is the secret that deliveries are signed with: to be shown once,
 * and wiped. 0, ERR_PROBLEM or another error. */
int hook_create(struct tx *tx, const struct keyring *keyring, const struct jval *body, struct hook *ret,
                const char **ret_signing, struct problem *problem) MUSTCHECK;
/* Another address has to be verified again, and needs the credential again (invariant 12). */
int hook_replace(struct tx *tx, const struct keyring *keyring, struct hook *hook, const struct jval *body,
                 struct problem *problem) MUSTCHECK;
/* Must be INACTIVE. */
int hook_delete(struct tx *tx, const struct hook *hook, struct problem *problem) MUSTCHECK;
int hook_set_active(struct tx *tx, struct hook *hook, bool active) MUSTCHECK;
/* The address at `version` has answered the challenge. ERR_PROBLEM when the hook was changed since. */
int hook_set_verified(struct tx *tx, struct hook *hook, int64_t version, struct problem *problem) MUSTCHECK;
/* A new secret to sign with, from now on. */
int hook_new_signing(struct tx *tx, const struct keyring *keyring, struct hook *hook,
                     const char **ret_signing) MUSTCHECK;
/* Seals what an older key sealed; the count of hooks. */
int hook_reseal(struct tx *tx, const struct keyring *keyring) MUSTCHECK;

/* Header lines "Name: value", NULL at the end: those of the hook, then the one with the credential, if any, last. In
 * the tx's arena: wipe them. */
int hook_headers(struct tx *tx, const struct keyring *keyring, const struct hook *hook,
                 const char *const **ret) MUSTCHECK;

/* --- deliveries (hook_send.c) --------------------------------------------------------------------------------------
 */

struct hook_batch {
    int64_t hook_rid;
    int64_t version;
    int64_t last; /* number of the last event in it; without events: of the last one that was looked at */
    int events;
    const char *event_id; /* of the delivery: the same when it is tried again */
    const char *body;     /* JSON; NULL without events */
    const char *stamp;    /* seconds since 1970, as text */
    const char *signature;
};
/* What the hook is told next, of the events behind `from` (or its position, if that is later). `source` begins the
 * "source" of the delivery. In the tx's arena. */
int hook_next(struct tx *tx, const struct keyring *keyring, const struct hook *hook, int64_t from, const char *source,
              struct hook_batch *ret) MUSTCHECK;
/*
 * Of several processes on one store one tells a hook: 1 when `holder` may until `until` (ms, by the database's clock,
 * which says `now`), 0 when another one has a delivery under way. hook_delivered() ends it.
 */
int hook_claim(struct tx *tx, int64_t rid, const char *holder, int64_t now, int64_t until) MUSTCHECK;
/* Nothing up to the number concerns the hook. */
int hook_skip(struct tx *tx, int64_t rid, int64_t number) MUSTCHECK;

struct hook_result {
    const struct hook_batch *batch;
    bool ok;
    int status;        /* HTTP; 0: no answer */
    const char *error; /* NULL when ok */
    int64_t sent;
    int64_t duration_ms;
    int64_t wait_ms; /* until the next try */
};
/* Nothing happens when the hook was changed, deactivated or deleted meanwhile. */
int hook_delivered(struct tx *tx, const struct hook_result *result) MUSTCHECK;

/* Writes deliveries below the number `before` (0: all), newest first, into an open array. The count, and the number of
 * the last one. */
int hook_deliveries_write(struct tx *tx, struct jout *out, int64_t hook_rid, int64_t before, int limit,
                          int64_t *ret_last) MUSTCHECK;

#endif
