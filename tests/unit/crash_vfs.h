/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk for SQLite that loses power. It lies in memory and becomes the default VFS of the program.
 *
 * Of each file there are two images: what was written, which every connection sees, and what is durable. A sync makes
 * the writes of its file durable, nothing else does. Names are durable apart from contents: a file that was made or
 * deleted is so for good only after a sync of the directory, which SQLite does at the first sync of a new journal or
 * write-ahead log. Locks and shared memory work between all connections of this process, in any thread.
 *
 * Everything that changes the disk (create, write, truncate, sync, delete) is a step. The power can be made to fail at
 * step N: the sync of that step does not happen, its write is as undecided as all since the last sync, and from then on
 * every call is an input-output error: what a dead process does cannot be told from what it does not do. After
 * crash_vfs_reboot() the disk holds what survived.
 */
#ifndef TESTS_CRASH_VFS_H
#define TESTS_CRASH_VFS_H

#include "base/macros.h"

/* What survives of that which was not synced. */
enum crash_keep {
    CRASH_KEEP_NOTHING,
    CRASH_KEEP_PREFIX, /* of each file some first writes, the last of them torn at a piece of 512 bytes */
    CRASH_KEEP_PIECES, /* of each write any pieces of 512 bytes */
    CRASH_KEEP_ALL,    /* the process was killed; the machine lives */
    CRASH_KEEP_KINDS
};

/* Makes it the default VFS; once a program. */
void crash_vfs_install(void);
/* Forgets every file. No connection may be open, here and in the next two. */
void crash_vfs_clear(void);

/* A copy of the files as written, and back: all of it durable then. The power is on and steps count from 0 again. */
struct crash_image;
struct crash_image *crash_vfs_save(void);
void crash_vfs_load(const struct crash_image *image);
void crash_image_free(struct crash_image *image);

/* Counts from 0 again and fails at that step (from 1; 0: never). */
void crash_vfs_fail_at(uint64_t step);
uint64_t crash_vfs_steps(void);
/* Writes to a database itself (not its journal or log) since then. */
uint64_t crash_vfs_written_back(void);
/* A step outside the disk, to be killed at as well. False when the power is off. */
bool crash_vfs_step(void);
bool crash_vfs_is_off(void);
/* The power comes back; keeps what `keep` and `seed` say. No connection may be open. */
void crash_vfs_reboot(enum crash_keep keep, uint64_t seed);

/*
 * What connections opened from now on get in place of the `PRAGMA synchronous` that they ask for ("OFF", "NORMAL");
 * NULL lets them have what they ask for. And after how many pages they write the log back; 0: SQLite's default.
 */
void crash_vfs_synchronous(const char *level);
void crash_vfs_checkpoint_pages(int pages);

#endif
