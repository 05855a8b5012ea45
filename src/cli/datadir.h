/* SPDX-License-Identifier: Apache-2.0 */
/* The data directory: DIR/muster.db, DIR/muster.key, DIR/admin.token, DIR/lock. One process at a time writes in it. */
#ifndef CLI_DATADIR_H
#define CLI_DATADIR_H

#include "auth/auth.h"
#include "cli/cli.h"
#include "store/store.h"

#define DATADIR_DEFAULT "muster-data"

/* Every room's tables and reactors, in room order, NULL at the end (rooms.c). */
extern const struct store_room *const cli_rooms[];

struct datadir {
    const char *dir;
    const char *store_path; /* the file, or the URL of a database of PostgreSQL */
    const char *shown;      /* the same for people: without a password */
    const char *key_path;
    const char *token_path;
    int lock_fd; /* -1: not locked */
    bool fresh;  /* there was no store when it was locked (a file) or opened (PostgreSQL) */
    bool wrote_token;
    struct keyring *keyring;
    struct store *store;
};

/* The paths; `key_file` NULL is the one in the directory. Opens nothing. */
void datadir_init(struct datadir *data, struct cli *cli, const char *dir, const char *key_file);
/*
 * The store that --database or --database-file name, instead of the file in the directory; a password in --database is
 * blotted out of the command line, where others could read it. CLI_OK, or CLI_USAGE after a complaint.
 */
int datadir_database(struct datadir *data, struct cli *cli) MUSTCHECK;
/* The same for one URL, or the path of a file that holds it ("" for none). */
int datadir_set_database(struct datadir *data, struct cli *cli, const char *url, const char *file) MUSTCHECK;
/* Blots the password out of an argument of the command line, which stands in the list of processes. */
void database_blot(const char *argument);
/* Is there something to open? For PostgreSQL that is found out by opening it. */
bool datadir_has_store(const struct datadir *data);
/* Makes the directory if `create` (mode 0700), locks it. CLI_OK, CLI_FAILED, CLI_IN_USE, after a complaint. */
int datadir_lock(struct datadir *data, const struct cli *cli, bool create) MUSTCHECK;
/*
 * Reads the key (made for a fresh store), opens the store, compares the two. `on_commit` may be NULL. `readers` as in
 * struct store_options. CLI_OK, CLI_KEY, CLI_FAILED, after a complaint.
 */
int datadir_open(struct datadir *data, const struct cli *cli, int readers, void (*on_commit)(void *, bool),
                 void *on_commit_data) MUSTCHECK;
/* Refuses (CLI_IN_USE, after a complaint that ends with `remedy`) while nodes run on the store, which is open. */
int datadir_refuse_nodes(const struct datadir *data, const struct cli *cli, struct store *store,
                         const char *remedy) MUSTCHECK;
/* Closes what is open, gives the lock back. */
void datadir_close(struct datadir *data);
/* Makes the first administrator token, if the store has no token at all. CLI_OK or CLI_FAILED. */
int datadir_first_token(struct datadir *data, const struct cli *cli) MUSTCHECK;
/*
 * Makes one more administrator token in a store that the caller opened, and puts it in place of the file of the first:
 * for a restored store, whose tokens are those of the backup. CLI_OK or CLI_FAILED.
 */
int datadir_fresh_token(struct store *store, const char *token_path, const struct cli *cli) MUSTCHECK;
/* muster token create --data: without a server. */
int datadir_token_create(struct cli *cli, const char *dir, const char *name, const char *role) MUSTCHECK;

/*
 * Writes a file at once or not at all, mode 0600: beside it first, to disk, then renamed. 0, or ERR_IO with errno set.
 */
int file_write_atomically(const char *path, const char *bytes, size_t n) MUSTCHECK;
/* fsync of the directory that holds `path`, so that a rename lasts. */
void file_sync_folder(const char *path);

#endif
