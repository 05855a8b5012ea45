/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quarantine: an app that nothing gets through to (credential refused, TLS, name, connection). It is stored so that
 * everybody can see it; what holds requests back is the core's own memory of it, and a probe lifts it by itself.
 */
#ifndef ENGINE_HEALTH_H
#define ENGINE_HEALTH_H

#include "store/store.h"
#include "target/answer.h"

struct quarantine {
    const char *error_class; /* name in the table of errors */
    const char *words;       /* what an administrator reads: cause, and what the app said */
    int64_t since;           /* ms */
    int64_t next_try;        /* ms; about */
    int64_t failures;        /* requests that failed since then */
};
/* 1: is in quarantine, 0: is not. Texts in the tx's arena. */
int quarantine_get(struct tx *tx, int64_t app_rid, struct quarantine *ret) MUSTCHECK;
/* Apps in quarantine, ascending, above `after`, at most `limit`. The count. */
int quarantined_apps(struct tx *tx, int64_t after, int64_t *ret_app_rids, int limit) MUSTCHECK;
/* Begins or goes on; the event is written when it begins and when the cause changes. */
int quarantine_fail(struct tx *tx, int64_t app_rid, enum error_class class, const char *words,
                    int64_t next_try) MUSTCHECK;
/* Something got through. Fine when there was none. */
int quarantine_lift(struct tx *tx, int64_t app_rid) MUSTCHECK;

/* The app began to refuse requests because they are too many: the event. */
int rate_limit_began(struct tx *tx, int64_t app_rid, const char *words) MUSTCHECK;

#endif
