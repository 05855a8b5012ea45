/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record: what happened and who did it (system_log), and what was asked of targets and answered (attempt). Both are
 * written inside the transaction that they describe. Secrets never reach this room: callers pass names, ids and
 * redacted texts. Both are kept for a time that can be set, and forget a person who is deleted.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/filter.h"
#include "base/jout.h"
#include "base/problem.h"
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
    const char *type;    /* a published event type: "user.lifecycle.create" (Okta's event types) */
    const char *message; /* displayMessage; NULL takes the catalogue's text for the type */
    enum severity severity;
    const char *outcome; /* NULL: "SUCCESS"; "FAILURE", "SKIPPED", "DEFERRED" ... */
    const char *reason;  /* cut to 255 characters, as published; NULL for none */
    struct event_target targets[EVENT_TARGETS];
    size_t target_count;
    const char *debug; /* JSON object for debugContext.debugData, or NULL: constants and names of attributes only */
};

/*
 * Writes one system_log row, with the actor and request of tx_origin(). An event names at most one person (targets of
 * type User and AppUser carry the same id); of somebody who was deleted (record_erase()) only the id is written. 0 or a
 * negative error.
 */
int record_event(struct tx *tx, const struct event *event) MUSTCHECK;

/* Writes the rows after `after` (a rid, 0 for all) as published LogEvent objects into an open array, at most `limit`,
 * oldest first. The count, `*ret_last` the rid of the last; or a negative error. */
int record_events_write(struct tx *tx, struct jout *out, int64_t after, int limit, int64_t *ret_last) MUSTCHECK;

/* --- reading the log (log.c) ---------------------------------------------------------------------------------------
 */

#define LOG_WORDS_MAX 10      /* keywords of q=, as published */
#define LOG_WORD_CHARS_MAX 40 /* characters of one, as published */

struct log_query {
    int64_t since;   /* ms, inclusive. Polling: where to begin without a cursor */
    int64_t until;   /* ms, exclusive; bounded only */
    bool bounded;    /* between two times, in the order of time; else polling: in the order of commits, without end */
    bool descending; /* bounded only */
    const struct filter *filter;      /* NULL: all. log_filter_check() was 0 */
    const char *words[LOG_WORDS_MAX]; /* folded (text_fold); every one must stand in the event */
    size_t word_count;
    int limit;         /* events; 0 for none, just the cursor */
    const char *after; /* what an earlier page gave in `*ret_next`, or NULL */
    int scan_max;      /* events that are looked at for one page; 0: LIMIT_LOG_SCAN */
};
/* 0, or ERR_PROBLEM (E0000031): names a property that events do not have. */
int log_filter_check(const struct filter *filter, struct problem *problem) MUSTCHECK;
/*
 * Writes published LogEvent objects into an open array. The count, and in `*ret_next` (the tx's arena) the cursor of
 * the next page: of a polling query always (an empty page is asked again later), of a bounded one NULL at its end. A
 * page may hold less than `limit` before the end (LIMIT_LOG_SCAN). ERR_SYNTAX: `after` is of the other kind of query.
 */
int record_log_write(struct tx *tx, struct jout *out, const struct log_query *query, const char **ret_next) MUSTCHECK;
/* Shows the events behind the number `after`, in order, at most `limit`, until each() gives something else than 0. The
 * texts live during the call. 0, or what each() gave. */
int record_log_each(struct tx *tx, int64_t after, int limit,
                    int (*each)(int64_t number, const char *type, const char *event, void *data), void *data) MUSTCHECK;
/* The number of the newest event, 0 before the first. */
int record_log_end(struct tx *tx, int64_t *ret_number) MUSTCHECK;

/* --- who made it so (trail.c) --------------------------------------------------------------------------------------
 */

struct trail_event {
    const char *id;
    int64_t published; /* ms */
    const char *type;
    const char *actor;                  /* display name; "Muster" for what nobody asked for */
    const char *targets[EVENT_TARGETS]; /* public ids; NULL: none */
};
#define TRAIL_ORGANISATION "organisation" /* the object of what is decided for all apps: pause, limits */
/*
 * The newest events that name a person, or what was decided about an object (a mapping, else a group, else
 * an app) in events that name nobody; newest first, at most `limit`. Of somebody who was deleted: none. The count.
 */
int record_trail_of_person(struct tx *tx, const char *person, struct trail_event *ret, int limit) MUSTCHECK;
int record_trail_of_object(struct tx *tx, const char *object, struct trail_event *ret, int limit) MUSTCHECK;
bool trail_names(const struct trail_event *event, const char *id);

/* One request to a target and its answer. */
struct attempt {
    int64_t app_rid;
    int work_kind;      /* enum work_kind */
    int64_t object_rid; /* account or target group */
    const char *method;
    const char *path;        /* below the base URL, with query; redacted */
    const char *request;     /* redacted body, or NULL */
    int status;              /* HTTP status; 0 when no answer came */
    const char *answer;      /* redacted; or NULL */
    const char *error_class; /* name from the engine's table; NULL for success */
    int64_t sent;            /* milliseconds */
    int64_t duration_ms;
    const char *person; /* public id of the person whom it is about; NULL: of nobody, or of many */
    /* Full capture only (record_capture_get()): the bodies as they were. NULL otherwise. */
    bool captured;
    const char *full_request;
    const char *full_answer;
};
int record_attempt(struct tx *tx, const struct attempt *attempt) MUSTCHECK;
/* Where a list of attempts goes on: behind this one. */
struct attempt_place {
    int64_t sent; /* ms */
    int64_t rid;  /* 0: at the beginning */
};
struct attempt_query {
    int64_t app_rid;
    bool failed;                /* only those with an error class */
    int64_t since, until;       /* ms: sent at or after, and before */
    struct attempt_place after; /* the last one of the page before */
    int limit;
};
/* Writes attempts of an app, newest first, into an open array. The count; `ret_next` is set only when there are more.
 */
int record_attempts_of_app_write(struct tx *tx, struct jout *out, const struct attempt_query *query,
                                 struct attempt_place *ret_next) MUSTCHECK;
struct attempt_object {
    int64_t app_rid;
    int work_kind; /* enum work_kind */
    int64_t rid;   /* account or target group */
};
/*
 * Writes the attempts of an object that were noted before the row `before` (INT64_MAX: all), newest first, at most
 * `limit`, into an open array. The count; `ret_next`, the next page's `before`, is set only when there are more.
 */
int record_attempts_write(struct tx *tx, struct jout *out, const struct attempt_object *object, int64_t before,
                          int limit, int64_t *ret_next) MUSTCHECK;

/* Writes the newest attempt of an object as a property `key` of an open object. 1 written, 0 none. */
int record_newest_attempt_write(struct tx *tx, struct jout *out, const char *key, int64_t app_rid, int work_kind,
                                int64_t object_rid) MUSTCHECK;

/* --- how much went on (activity.c) -----------------------------------------------------------------------------------
 * Counted by the hour, of the whole organisation, so that a day costs the same to read whatever happened in it.
 */

#define ACTIVITY_HOUR_MS 3600000
#define ACTIVITY_DELAYS 15 /* classes of the time that a change took, from 250 ms to more than a day */

enum activity {
    ACTIVITY_PUSHED, /* requests that changed something in an app, acknowledged */
    ACTIVITY_FAILED, /* requests about accounts and groups that failed, also those that are tried again */
    ACTIVITY_DELAY,  /* the first class of delays: accounts and groups that were brought in step */
    ACTIVITY_WHATS = ACTIVITY_DELAY + ACTIVITY_DELAYS,
};
struct activity_hour {
    int64_t hour; /* hours since 1970 */
    int64_t n[ACTIVITY_WHATS];
};
/* Counts in the job's memory; `ms` from the change to its acknowledgement. */
void record_activity(struct tx *tx, enum activity what);
void record_delay(struct tx *tx, int64_t ms);
/* Writes what the job counted: a statement for each kind of it. `part` tells nodes apart. */
int record_activity_write(struct tx *tx, int part) MUSTCHECK;
/* The `hours` hours from `first` (since 1970) on. One statement. */
int record_activity_read(struct tx *tx, int64_t first, struct activity_hour *ret, int hours) MUSTCHECK;
/* Accounts and groups that were brought in step; and how long that took at most for so many per cent of them: the upper
 * end of a class, ms (a day for those that took longer). -1: there were none. */
int64_t activity_done(const struct activity_hour *hour);
int64_t activity_delay(const struct activity_hour *hour, int percent);

/* --- how long (keep.c) ---------------------------------------------------------------------------------------------
 */

struct record_keep {
    int attempt_days; /* 1 to LIMIT_KEEP_DAYS; LIMIT_JOURNAL_DAYS unless set */
    int log_days;     /* 1 to LIMIT_KEEP_DAYS; LIMIT_SYSTEM_LOG_DAYS unless set */
};
int record_keep_get(struct tx *tx, struct record_keep *ret) MUSTCHECK;
/* The caller has checked the bounds. Logged as "muster.record.keep". */
int record_keep_set(struct tx *tx, const struct record_keep *keep) MUSTCHECK;
/* Deletes rows past their keep times, the oldest first, at most `limit` of each kind. The count deleted. */
int record_expire(struct tx *tx, int limit) MUSTCHECK;

/* --- full capture (capture.c) --------------------------------------------------------------------------------------
 * The journal redacts by an allow-list. For one app an administrator can have the bodies kept as they are, for a time.
 */

struct capture {
    int64_t started; /* ms */
    int64_t until;   /* ms */
    const char *by;  /* name of the token that asked */
};
/* 1: on at tx_now(), 0: off. Texts in the tx's arena. */
int record_capture_get(struct tx *tx, int64_t app_rid, struct capture *ret) MUSTCHECK;
/* Begins, or goes on until another time. The caller logs it. */
int record_capture_set(struct tx *tx, int64_t app_rid, int64_t until) MUSTCHECK;
/* 1: there was one, 0: none. What was captured stays in the journal. */
int record_capture_remove(struct tx *tx, int64_t app_rid) MUSTCHECK;
/* An app whose capture is past its time: 1 found, 0 none. */
int record_capture_ended(struct tx *tx, int64_t *ret_app_rid) MUSTCHECK;

/* --- forgetting a person (erase.c) ---------------------------------------------------------------------------------
 * What stays of somebody who was deleted: that something happened, when, and ids. Names, logins, reasons and bodies go:
 * what was written before in chunks, what is written later (the app may still be told) at once.
 */

/*
 * From now on this person's values are not written, and record_erase_chunk() takes away what there is. `number` is what
 * other rooms remember the person by (a rid): record_erased_person() gives the id for it when the person's row is gone.
 */
int record_erase(struct tx *tx, const char *person, int64_t number) MUSTCHECK;
/* 1: `*ret_person` is the public id, in the tx's arena. 0: nobody of this number was erased. */
int record_erased_person(struct tx *tx, int64_t number, const char **ret_person) MUSTCHECK;
/* Takes away the values of at most `limit` rows. 1: there is more to do, 0: nothing is left. */
int record_erase_chunk(struct tx *tx, int limit) MUSTCHECK;
/* 1: was record_erase() called for this person, or is the id empty (of somebody who is gone)? 0: no. */
int record_is_erased(struct tx *tx, const char *person) MUSTCHECK;

/* 1: record_erase_chunk() or the end of a capture waits; 0: not. */
int record_is_due(struct tx *tx) MUSTCHECK;

#endif
