/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record: what happened and who did it (system_log), and what was asked of targets and answered (attempt). Both are
 * written inside the transaction that they describe. Secrets never reach this room: callers pass names, ids and
 * redacted texts.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/jout.h"
#include "store/store.h"

extern const struct store_room record_room;

enum severity { SEVERITY_DEBUG, SEVERITY_INFO, SEVERITY_WARN, SEVERITY_ERROR };

#define EVENT_TARGETS 4

struct event_target {
    const char *id;
    const char *type; /* "User", "UserGroup", "AppInstance", "AppUser", "AppGroup", "GroupPushMapping", "Token" */
    const char *alternate_id; /* a login, say; NULL gives "unknown" */
    const char *name;
};

struct event {
    const char *type;    /* a published event type: "user.lifecycle.create" (reference group-push section 5) */
    const char *message; /* displayMessage; NULL takes the catalogue's text for the type */
    enum severity severity;
    const char *outcome; /* NULL: "SUCCESS"; "FAILURE", "SKIPPED", "DEFERRED" ... */
    const char *reason;  /* cut to 255 characters, as published; NULL for none */
    struct event_target targets[EVENT_TARGETS];
    size_t target_count;
    const char *debug; /* JSON object for debugContext.debugData, or NULL */
};

/* Writes one system_log row, with the actor and request of tx_origin(). 0 or a negative error. */
int record_event(struct tx *tx, const struct event *event) MUSTCHECK;

/* Writes the rows after `after` (a rid, 0 for all) as published LogEvent objects into an open array, at most `limit`,
 * oldest first. The count, `*ret_last` the rid of the last; or a negative error. */
int record_events_write(struct tx *tx, struct jout *out, int64_t after, int limit, int64_t *ret_last) MUSTCHECK;

/* One request to a target and its answer. */
struct attempt {
    int64_t app_rid;
    int work_kind;      /* enum work_kind */
    int64_t object_rid; /* account or target group */
    const char *method;
    const char *path;        /* below the base URL, with query */
    const char *request;     /* redacted body, or NULL */
    int status;              /* HTTP status; 0 when no answer came */
    const char *answer;      /* redacted, cut to LIMIT_ATTEMPT_BODY_BYTES; or NULL */
    const char *error_class; /* name from the engine's table; NULL for success */
    int64_t sent;            /* milliseconds */
    int64_t duration_ms;
};
int record_attempt(struct tx *tx, const struct attempt *attempt) MUSTCHECK;
/* Writes the newest attempts of an object (object_rid 0: of the app), newest first, at most `limit`, into an open
 * array. */
int record_attempts_write(struct tx *tx, struct jout *out, int64_t app_rid, int work_kind, int64_t object_rid,
                          int limit) MUSTCHECK;

/* Deletes rows past their keep times (LIMIT_JOURNAL_DAYS, LIMIT_SYSTEM_LOG_DAYS), at most `limit` of each. The count
 * deleted. */
int record_expire(struct tx *tx, int limit) MUSTCHECK;

#endif
