/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world whose store lies on a disk that loses power (crash_vfs.h). A test plays the same script again and again, each
 * time from the same frozen world, and cuts the power one step later. The first time, without a failure, the rig notes
 * the state of the whole database after each write. After a cut the database must be in the state after the last write
 * that was acknowledged, or after the one on its way then: nothing missing, nothing half.
 */
#ifndef TESTS_CRASH_RIG_H
#define TESTS_CRASH_RIG_H

#include "crash_vfs.h"
#include "world.h"

#define RIG_WRITES_MAX 400

struct rig {
    struct world *world;
    struct store_options options;
    struct crash_image *frozen;
    int64_t now;
    uint64_t chance;
    bool noting; /* the run without a failure */
    uint64_t states[RIG_WRITES_MAX + 1];
    size_t noted;
    size_t acknowledged; /* writes, in this run */
    /* A store that is made wrong on purpose: tells its callers of a success before the commit. */
    bool answers_early;
};

enum verdict { RIG_KEPT, RIG_LOST, RIG_HALF, RIG_CORRUPT, RIG_VERDICTS };

/* Every table with every row, by hash. 0 when the database is damaged (integrity_check, foreign_key_check). */
uint64_t rig_state(const struct rig *rig);
/* As store_write_wait(); counts what is acknowledged. Once per write, with the same writes in the same order. */
int rig_write(struct rig *rig, tx_fn run, void *arg) MUSTCHECK;

/* Closes the store of the world and takes it as the start of each run. */
void rig_freeze(struct rig *rig, struct world *world);
/* Back to the start, the store open, the power on for good. */
void rig_thaw(struct rig *rig);
/*
 * The power failed or is cut now. Closes the store and opens it on what the disk kept; with `again`, cuts the power at
 * that step of the opening too. What became of the acknowledged writes, and how many are in (untouched unless kept).
 */
enum verdict rig_restart(struct rig *rig, enum crash_keep keep, uint64_t seed, uint64_t again, size_t *ret_writes);
/* Opens the store; NULL when it cannot be opened. */
struct store *rig_open(const struct rig *rig);
void rig_free(struct rig *rig);

/* Whether MUSTER_TEST_FULL asks for the longer run. */
bool rig_is_full(void);

#endif
