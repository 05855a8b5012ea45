/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share: the connection, the engine behind it and the transaction.
 *
 * Two engines stand behind one set of functions: sqlite.c and postgresql.c, each a struct backend. Where their SQL
 * differs, dialect.c says how; everything else of the room knows no engine.
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "store/dialect.h"
#include "store/store.h"

#define STORE_WHY_BYTES 512

struct sqlite; /* sqlite.c */
struct pg;     /* postgresql.c */

/* One connection to the database with its prepared statements. Used by one thread at a time. */
struct handle {
    const struct backend *backend;
    const struct store_options *options; /* of the store, whose life is longer */
    bool reader;
    struct sqlite *sqlite;
    struct pg *pg;
    int64_t *counter;      /* statements run; read by store_stats() on other threads */
    int64_t read_deadline; /* ms on the monotonic clock, 0 for none */
    int64_t rows_changed;  /* by the statement that ended last */
    /*
     * Why the transaction as a whole cannot be kept, 0 if nothing is known: ERR_BUSY, it got in the way of another one
     * and may be run again; ERR_UNAVAILABLE, the connection is lost. Every statement fails with it until the rollback.
     */
    int broken;
};

/* What frames transactions and their parts. */
enum frame {
    FRAME_BEGIN,
    FRAME_BEGIN_WRITE,
    FRAME_BEGIN_BATCH, /* to write beside others, unless one of them has to be alone */
    FRAME_BEGIN_ALONE, /* once nobody else is in a batch: nothing can get in the way. ERR_BUSY when that takes long */
    FRAME_JOB,
    FRAME_JOB_KEEP,
    FRAME_JOB_UNDO, /* back to its start; FRAME_JOB_KEEP ends it */
    FRAME_PART,
    FRAME_PART_KEEP,
    FRAME_PART_UNDO,
    FRAME_COUNT,
};

/* What goes with a commit. */
struct commit {
    const char *batch; /* id under which the outcome can be found later; NULL: nothing was changed */
    bool wake;         /* tx_wake() was called */
};

struct backend {
    enum store_dialect dialect;
    /* Connects; `handle` has backend, options and reader set. On failure nothing stays open and `why` is filled. */
    int (*open)(struct handle *c, char *ret_why, size_t why_size) MUSTCHECK;
    void (*close)(struct handle *c);
    /* Is the schema of another program (ERR_CORRUPT), none at all (0) or one of ours (1)? */
    int (*inspect)(struct handle *c, char *ret_why, size_t why_size) MUSTCHECK;
    /* Around everything that migrate() does: only one process at a time gets between them. */
    int (*lock_schema)(struct handle *c) MUSTCHECK;
    void (*unlock_schema)(struct handle *c);

    int (*frame)(struct handle *c, enum frame frame) MUSTCHECK;
    int (*commit)(struct handle *c, const struct commit *commit) MUSTCHECK;
    /* Ends a transaction without keeping it; there is nothing to do about a failure. */
    void (*rollback)(struct handle *c);
    /*
     * After a commit() that returned ERR_UNAVAILABLE and a new open(): 1 if the batch is in the store, 0 if it is not
     * and never will be. NULL where a commit cannot have an unknown outcome.
     */
    int (*settle)(struct handle *c, const char *batch) MUSTCHECK;

    /* Statements separated by ';', without values and results, inside a transaction. */
    int (*script)(struct handle *c, const char *text) MUSTCHECK;
    /* `sql` NULL: a statement made at run time. Fills `query`; on failure it is closed. */
    int (*query)(struct handle *c, struct query *query, const struct sql *sql, const char *text,
                 const struct bind *binds, size_t count) MUSTCHECK;
    int (*next)(struct query *query) MUSTCHECK;
    void (*close_query)(struct query *query);
    int64_t (*get_int)(const struct query *query, int column);
    const char *(*get_text)(const struct query *query, int column);
    const void *(*get_blob)(const struct query *query, int column, size_t *ret_n);
    bool (*is_null)(const struct query *query, int column);

    /* Puts rows into a table, in a transaction of its own. `next` fills the values of a row: 1, 0 at the end, or an
     * error. Outside of a transaction. */
    int (*load)(struct handle *c, const char *table, const char *const *columns, size_t count,
                int (*next)(void *data, struct bind *values), void *data) MUSTCHECK;

    const char *(*error)(const struct handle *c);
    int (*explain)(struct handle *c, const char *text, struct buf *ret_plan) MUSTCHECK;
    /* NULL where the database has its own tools for it. */
    int (*backup)(struct handle *c, const char *path) MUSTCHECK;
};

extern const struct backend sqlite_backend;
extern const struct backend postgresql_backend;

/* --- what others commit (listen.c) --- */
#define LISTEN_CHANNEL "muster"
#define LISTEN_POLL_MS 2000
struct listener;
int listener_start(struct listener **ret, const struct store_options *options, char *ret_why,
                   size_t why_size) MUSTCHECK;
struct listener *listener_stop(struct listener *listener); /* accepts NULL, returns NULL */

/* The engine of a location (struct store_options, path). */
const struct backend *backend_of(const char *location);

/* Connects. `options` must outlive the handle. */
int handle_open(struct handle *c, const struct store_options *options, bool reader, char *ret_why,
                size_t why_size) MUSTCHECK;
/* Connects anew after ERR_UNAVAILABLE. On failure the handle stays closed and can be opened again. */
int handle_reopen(struct handle *c, char *ret_why, size_t why_size) MUSTCHECK;
/* Accepts a handle that was never opened. */
void handle_close(struct handle *c);

#define TX_MEMOS 8 /* rooms that keep something for a job */

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
    int64_t change_number; /* 0: not taken */
    int64_t database_now;  /* ms by the clock of the database; 0: not asked yet */
    int64_t continued;     /* tx_continue() */
    int urgency;           /* tx_set_urgency() */
    int spent;             /* tx_spend() */
    struct {
        const void *key;
        void *value;
    } memos[TX_MEMOS];      /* tx_memo() */
    struct change *changes; /* in the order in which they were appended */
    size_t change_count;
    size_t change_size;
};

/* Brings the schema up to date. */
int migrate(struct handle *c, const struct store_room *const *rooms, char *ret_why, size_t why_size) MUSTCHECK;

/* Shows every change of the transaction, and those that reactors append, to all rooms in order. 0 or the first negative
 * result. */
int tx_react(struct tx *tx, const struct store_room *const *rooms) MUSTCHECK;

/* Milliseconds of a clock that only goes forward. */
int64_t monotonic_ms(void);

#endif
