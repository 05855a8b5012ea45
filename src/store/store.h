/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: one database, one writer, group commit. The database is a file of SQLite or a schema in PostgreSQL; rooms
 * see no difference.
 *
 * Everything that is written is written by a job: a function that gets a transaction and may be run again. The writer
 * takes the jobs that wait (at most LIMIT_COMMIT_JOBS, or LIMIT_COMMIT_MS of work), runs each in a savepoint so that
 * one failure rolls back one job, commits once, and only then answers them. Reads run on reader connections of their
 * own, each a snapshot. Without threads (tests, simulator) jobs run in line in the caller.
 *
 * The store knows no table. Rooms register their numbered migrations and a reactor. A room that changes a fact appends
 * a typed change to its transaction; before the job ends, the reactors of all rooms see each change in room order,
 * inside the same savepoint, and may append further changes. So a fact and the work that it causes are one transaction.
 *
 * SQL lives next to the functions that use it, in statements made with SQL(). It uses $1 placeholders, which are bound
 * by name (SQLite numbers them by first appearance), and stays within what SQLite and PostgreSQL both accept.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/err.h"
#include "store/dialect.h"

struct store;
struct tx; /* a transaction: reading, or one job's part of the writing one */
typedef int (*tx_fn)(struct tx *tx, void *arg);

/* --- statements ----------------------------------------------------------------------------------------------------
 */

struct sql {
    const char *text;
    /* Why this statement may scan a table; NULL (nearly always) means that a scan is refused by the query-plan test. */
    const char *scan_waiver;
    const char *file;
    int line;
    int dialect;      /* enum store_dialect when only one engine is asked this; 0: both */
    int number;       /* from 1, by registration; set once at start */
    struct sql *next; /* all statements of the program: sql_all() */
};

void sql_register(struct sql *sql);
/* Every statement linked into the program, in no particular order. */
struct sql *sql_all(void);

/* NOLINTBEGIN(bugprone-macro-parentheses): a declaration's name cannot stand in parentheses */
#define SQL_SCAN(name, waiver, sql_text)                                                                               \
    static struct sql name = {.text = (sql_text), .scan_waiver = (waiver), .file = __FILE__, .line = __LINE__};        \
    __attribute__((constructor)) static void name##_register(void)                                                     \
    {                                                                                                                  \
        sql_register(&name);                                                                                           \
    }                                                                                                                  \
    struct sql /* swallows the semicolon */
/* A statement that only one engine is asked, for dialect.c. */
#define SQL_FOR(name, only, sql_text)                                                                                  \
    static struct sql name = {.text = (sql_text), .dialect = (only), .file = __FILE__, .line = __LINE__};              \
    __attribute__((constructor)) static void name##_register(void)                                                     \
    {                                                                                                                  \
        sql_register(&name);                                                                                           \
    }                                                                                                                  \
    struct sql /* swallows the semicolon */
/* NOLINTEND(bugprone-macro-parentheses) */

/* Names a statement: SQL(USER_BY_ID, "SELECT rid FROM users WHERE id = $1"); */
#define SQL(name, sql_text) SQL_SCAN(name, NULL, sql_text)

enum bind_type { BIND_NONE, BIND_INT, BIND_TEXT, BIND_BLOB };

struct bind {
    enum bind_type type;
    int64_t integer;
    /* BIND_TEXT (NUL-terminated; NULL gives NULL) and BIND_BLOB; must live until the statement is done. */
    const void *bytes;
    size_t n;
};

#define I(value) ((struct bind){.type = BIND_INT, .integer = (int64_t)(value)})
/* NULL for a rid or time of 0, else the number: for nullable references. */
#define REF(value) ((value) ? I(value) : ((struct bind){.type = BIND_TEXT}))
#define T(text) ((struct bind){.type = BIND_TEXT, .bytes = (const char *)(text)})
#define B(ptr, len) ((struct bind){.type = BIND_BLOB, .bytes = (ptr), .n = (len)})
#define NO_BINDS ((struct bind){.type = BIND_NONE})
#define BINDS_(...)                                                                                                    \
    ((const struct bind[]){__VA_ARGS__}), (sizeof((const struct bind[]){__VA_ARGS__}) / sizeof(struct bind))

/* A running query. Close it (query_close) before the next statement that changes what it reads. */
struct query {
    void *statement; /* engine's own; NULL when closed */
    struct tx *tx;
    bool owned;
    int row;
};

/*
 * Starts a query: tx_query(tx, &query, &USER_BY_ID, T(id)). $1 is the first value, and so on; NO_BINDS for none. 0, or
 * a negative error, after which the query is closed.
 */
#define tx_query(tx, query, sql, ...) tx_query_binds((tx), (query), (sql), BINDS_(__VA_ARGS__))
int tx_query_binds(struct tx *tx, struct query *query, struct sql *sql, const struct bind *binds,
                   size_t count) MUSTCHECK;
/*
 * The same, and on to the first row: 1, and the query stands on it and is to be closed. 0: there is none, or a negative
 * error; the query is closed.
 */
#define tx_query_row(tx, query, sql, ...) tx_query_row_binds((tx), (query), (sql), BINDS_(__VA_ARGS__))
int tx_query_row_binds(struct tx *tx, struct query *query, struct sql *sql, const struct bind *binds,
                       size_t count) MUSTCHECK;
/* As tx_query() for a statement made at run time (a compiled search); never with values in its text. */
int tx_query_text(struct tx *tx, struct query *query, const char *text, const struct bind *binds,
                  size_t count) MUSTCHECK;
/* 1: a row. 0: no more, and the query is closed. Negative: an error, and the query is closed. */
int query_next(struct query *query) MUSTCHECK;
/* Columns from 0 of the current row; texts and blobs live until the next query_next() or query_close(). */
int64_t query_int(const struct query *query, int column);      /* 0 for NULL */
const char *query_text(const struct query *query, int column); /* NULL for NULL */
const void *query_blob(const struct query *query, int column, size_t *ret_n);
bool query_is_null(const struct query *query, int column);
/* Accepts a closed query. */
void query_close(struct query *query);

/* Runs a statement to its end. The number of rows changed (>= 0), or a negative error (ERR_CONSTRAINT for a violated
 * unique or foreign key). */
#define tx_exec(tx, sql, ...) tx_exec_binds((tx), (sql), BINDS_(__VA_ARGS__))
int tx_exec_binds(struct tx *tx, struct sql *sql, const struct bind *binds, size_t count) MUSTCHECK;
/* The first column of the first row as a number. 1 found, 0 no row (ret_value untouched), negative error. For RETURNING
 * rid too. */
#define tx_get_int(tx, ret_value, sql, ...) tx_get_int_binds((tx), (ret_value), (sql), BINDS_(__VA_ARGS__))
int tx_get_int_binds(struct tx *tx, int64_t *ret_value, struct sql *sql, const struct bind *binds,
                     size_t count) MUSTCHECK;

/* --- the transaction -----------------------------------------------------------------------------------------------
 */

/* Who and what a transaction belongs to; record writes it into every system log row. Texts live in the tx's arena or
 * longer. */
struct origin {
    const char *actor_id;   /* public id of a token, an admin ... */
    const char *actor_type; /* "User", "SystemPrincipal" ... as published */
    const char *actor_name;
    const char *request_id; /* X-Okta-Request-Id, or an id of the job */
    const char *client_ip;  /* NULL for work of our own */
    const char *user_agent;
    const char *token_id;
    bool job; /* transaction type JOB, not WEB */
};

struct origin *tx_origin(struct tx *tx);
/* The time at which the transaction began, milliseconds. */
int64_t tx_now(const struct tx *tx);
const struct env *tx_env(const struct tx *tx);
/* Scratch memory until the job ends. */
struct arena *tx_arena(struct tx *tx);
bool tx_is_writing(const struct tx *tx);
/* A fresh public id, for example tx_id(tx, "00u"), in the transaction's arena. */
const char *tx_id(struct tx *tx, const char prefix[static 3]) __attribute__((returns_nonnull));
/*
 * The number of this transaction among all that changed facts: counts up by one per job. Dirty rows carry it as their
 * version; "everything caused up to N" is what sync and wait ask for. Taken from the store at the first call in a job.
 * Positive, or a negative error.
 */
int64_t tx_change_number(struct tx *tx) MUSTCHECK;
/* 0 when the job has not asked for its number. */
int64_t tx_change_number_taken(const struct tx *tx);

/*
 * The time by the clock of the database, which all nodes share: milliseconds, as it was when the transaction asked
 * first. Of SQLite that of this process (tx_env()). 0 or a negative error.
 */
int tx_database_now(struct tx *tx, int64_t *ret_ms) MUSTCHECK;
/* What an operator should know of how the database is set up, a static sentence; NULL when all is well. */
int tx_database_warning(struct tx *tx, const char **ret) MUSTCHECK;
/* The latest number that this snapshot sees; 0 before the first. 0 or a negative error. */
int tx_change_latest(struct tx *tx, int64_t *ret_number) MUSTCHECK;

/* A changed fact. Kinds are defined by the room that owns the fact (directory/changes.h, app/changes.h,
 * push/changes.h). */
struct change {
    int kind;
    int64_t subject; /* rid, by kind */
    int64_t object;  /* rid, by kind; 0 if none */
    int64_t detail;  /* by kind */
    int64_t _continued;
    int _urgency;
};
/* Appends a change and takes the change number. 0 or a negative error. */
int tx_change(struct tx *tx, struct change change) MUSTCHECK;
/*
 * Says that what follows in this job (and what reactors answer to it) goes on with something that an earlier job
 * caused, at change number `since`: an expansion, the answer of an app. Work that is added counts from there, so that
 * "everything caused up to N is done" stays true along the chain. 0 ends it.
 */
void tx_continue(struct tx *tx, int64_t since);
int64_t tx_continued(const struct tx *tx); /* 0: nothing earlier */
/*
 * How urgent the earlier cause was (the caller's own numbers, 0 by default), for reactors that pass it on. Goes with
 * each change as tx_continue() does.
 */
void tx_set_urgency(struct tx *tx, int urgency);
int tx_urgency(const struct tx *tx);
/*
 * Runs a part of a job that may fail alone: on a negative result everything that it wrote and appended is taken back
 * and the job can go on. The part's own result.
 */
int tx_try(struct tx *tx, tx_fn run, void *arg) MUSTCHECK;
/*
 * Runs a part of a job as if it were done, and takes everything back whatever comes of it: the job has written nothing
 * by it. The part's own result. Within it tx_react_now() shows the rooms what was changed so far.
 */
int tx_rehearse(struct tx *tx, tx_fn run, void *arg) MUSTCHECK;
int tx_react_now(struct tx *tx) MUSTCHECK;
/*
 * A pointer of the caller's that lasts as long as the job, NULL at first, found by the address `key`: what a room would
 * look up again and again in one job. What hangs on it lives in tx_arena(). tx_try() takes it back too.
 */
void **tx_memo(struct tx *tx, const void *key);
/* Counts rows that this job writes as a consequence of its changes, for LIMIT_REACTOR_ROWS: adds, and tells the sum. */
int tx_spend(struct tx *tx, int rows);
/* Asks that the store's on_commit be called after this commit: there is work for the engine. */
void tx_wake(struct tx *tx);

/* --- rooms ---------------------------------------------------------------------------------------------------------
 */

/*
 * Migrations only expand, so that an older program can still work with the schema while nodes are replaced one by one;
 * what it needs no longer goes one release later. `serves` says which: the number of migrations of this room that a
 * program must know to work with the schema after this one. 0: it must know this one.
 */
struct migration {
    int number;      /* from 1, without gaps, per room */
    const char *sql; /* statements separated by ';' , in SQLite's words (dialect.h) */
    int64_t serves;
};

struct store_room {
    const char *name;
    const struct migration *migrations;
    size_t migration_count;
    /* Sees each change of every job, in room order; NULL for none. 0 or a negative error (which rolls the job back). */
    int (*react)(struct tx *tx, const struct change *change);
};

/* --- opening -------------------------------------------------------------------------------------------------------
 */

struct store_options {
    const char *path; /* a file, created if absent; or postgresql://..., as libpq takes it */
    const struct env *env;
    const struct store_room *const *rooms;    /* in room order, NULL at the end */
    int readers;                              /* reader threads; 0: no threads at all, everything in line */
    void (*on_commit)(void *data, bool wake); /* after each commit that changed something; on the writer's thread */
    void *on_commit_data;
    const char *vfs;        /* SQLite VFS name, NULL for the default */
    bool read_only;         /* open an existing store without migrating */
    const char *unfinished; /* for a copy into it (copy.h): what the store says of itself until the copy has ended */
    /*
     * Other processes use the same database (PostgreSQL, with threads): on_commit is called with `wake` for their
     * commits too, as they are told of, and every LISTEN_POLL_MS where the database tells nothing.
     */
    bool shared;
    const char *_instance; /* the store's own */
};

/*
 * Is there a store at this location already? 1 yes, 0 not yet, or a negative error with a sentence in `ret_why`: it
 * cannot be reached, or holds something else. Makes nothing.
 */
int store_probe(const char *location, char *ret_why, size_t why_size) MUSTCHECK;
/* Is this location (struct store_options, path) a database of PostgreSQL? */
bool store_is_postgresql(const char *location);

/* Opens, migrates, starts the threads. 0, ERR_IO (cannot open), ERR_CORRUPT (not a store of ours, or newer than this
 * program); `ret_why` (may be NULL) gets a sentence. */
int store_open(struct store **ret, const struct store_options *options, char *ret_why, size_t why_size) MUSTCHECK;
/* Finishes the jobs that wait, stops the threads, closes. Accepts NULL. */
void store_close(struct store *store);

struct store_job {
    tx_fn run; /* 0 or more: keep; negative: roll back. May be run again: it must set what it returns anew each time */
    void *arg;
    struct origin origin; /* copied into the tx */
    bool urgent;          /* before the jobs that are not */
    /* After the commit (or rollback) with run's result, or the error of the commit; on the store's thread, in line
     * without threads. */
    void (*done)(struct store_job *job, int result);
    struct store_job *_next;
};

/* Queue a job (the caller keeps it alive until done). Never fails: errors reach done(). */
void store_write(struct store *store, struct store_job *job);
/* Queue a read on one of the reader threads: a snapshot, `run` must not write. Interrupted after LIMIT_READ_MS
 * (ERR_TIMEOUT). */
void store_read(struct store *store, struct store_job *job);
/* The same, waiting for the result on the calling thread. `origin` may be NULL (actor "system"). */
int store_write_wait(struct store *store, const struct origin *origin, tx_fn run, void *arg) MUSTCHECK;
int store_read_wait(struct store *store, tx_fn run, void *arg) MUSTCHECK;

/* A consistent copy into `path` (which must not exist) while the store runs. */
int store_backup(struct store *store, const char *path) MUSTCHECK;

/* Counters since opening, for tests and the bench. */
struct store_stats {
    int64_t commits;
    int64_t jobs;
    int64_t statements;
};
void store_stats(struct store *store, struct store_stats *ret);

/* The text of the last database error on this transaction's connection, for logs. */
const char *tx_error(const struct tx *tx);
/* Which dialect statements made at run time have to speak. */
enum store_dialect tx_dialect(const struct tx *tx);
/* The query plan of a statement as text, one step a line: for the query-plan test. */
int tx_explain(struct tx *tx, const struct sql *sql, struct buf *ret_plan) MUSTCHECK;

#endif
