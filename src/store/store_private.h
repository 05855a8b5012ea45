/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the connection (one database handle with its prepared statements) and the
 * transaction. */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "store/store.h"

#include <sqlite3.h>

/* What frames transactions and their parts: prepared once a handle, since each transaction needs four of them. */
enum frame {
    FRAME_BEGIN,
    FRAME_BEGIN_WRITE,
    FRAME_COMMIT,
    FRAME_JOB,
    FRAME_JOB_KEEP,
    FRAME_JOB_UNDO, /* back to its start; FRAME_JOB_KEEP ends it */
    FRAME_PART,
    FRAME_PART_KEEP,
    FRAME_PART_UNDO,
    FRAME_COUNT,
};

/* One database handle. Used by one thread at a time. */
struct handle {
    sqlite3 *db;
    sqlite3_stmt **statements; /* by sql->number, NULL until first used */
    size_t statement_count;
    sqlite3_stmt *frames[FRAME_COUNT]; /* NULL until first used */
    int64_t *counter;                  /* statements run, shared by nobody but read by store_stats() */
    int64_t read_deadline;             /* ms on the monotonic clock, 0 for none */
};

int handle_open(struct handle *c, const struct store_options *options, bool reader, char *ret_why,
                size_t why_size) MUSTCHECK;
void handle_close(struct handle *c);
/* Runs statements without values or results. */
int handle_run(struct handle *c, const char *text) MUSTCHECK;
int handle_frame(struct handle *c, enum frame frame) MUSTCHECK;
/* Ends a transaction without keeping it; there is nothing to do about a failure. */
void handle_rollback(struct handle *c);
/* The ERR_* of a SQLite result. */
int handle_error(int sqlite_code);

struct tx {
    struct store *store;
    struct handle *handle;
    const struct env *env;
    struct arena *arena;
    struct origin origin;
    int64_t now;
    bool writing;
    bool wake;
    bool changed;
    int64_t change_number;  /* 0: not taken */
    int64_t continued;      /* tx_continue() */
    int urgency;            /* tx_set_urgency() */
    int spent;              /* tx_spend() */
    struct change *changes; /* in the order in which they were appended */
    size_t change_count;
    size_t change_size;
};

/* Brings the schema up to date. */
int migrate(struct handle *c, const struct store_room *const *rooms, bool read_only, char *ret_why,
            size_t why_size) MUSTCHECK;

/* Shows every change of the transaction, and those that reactors append, to all rooms in order. 0 or the first negative
 * result. */
int tx_react(struct tx *tx, const struct store_room *const *rooms) MUSTCHECK;

/* Milliseconds of a clock that only goes forward. */
int64_t monotonic_ms(void);

#endif
