/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for tests of the engine: a real store (in line), all rooms, the engine's core and one practice target,
 * under a clock that the test moves. The test plays the shell: it hands requests to the target and answers to the core.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "engine/core.h"
#include "practice/practice.h"

struct world {
    char dir[64];
    struct env env;
    int64_t now;
    uint64_t chance;
    struct keyring *keyring;
    struct store *store;
    struct core *core;
    struct practice *practice;
    struct app app; /* texts in `arena` */
    struct arena *arena;
    /* What the target should do to the next requests of a method: NULL for nothing special. Returns true to lose the
     * answer. */
    bool (*lose)(struct world *world, const struct flight *flight);
    bool lose_before;                                               /* what is lost never reaches the target */
    bool (*keep)(struct world *world, const struct flight *flight); /* true: it has no answer yet, nor reached it */
    bool hide_members;                                              /* groups are shown without members */
    int lost;
    uint64_t requests;  /* handed out so far */
    uint64_t withdrawn; /* of these that came too late for their lease */
    int64_t slow_ms; /* that pass in a turn each time that it draws something at random, as for an event of the log */
    bool in_turn;
};

int world_setup(void **state);
int world_teardown(void **state);
/* Runs turns until nothing is due any more; moves the clock over waits of at most `patience_ms` in all. */
void world_settle(struct world *world, int64_t patience_ms);
/* One turn, with what it hands out answered by the target. True when something is still due at once. */
bool world_turn(struct world *world);
/* The target answers one request, as `lose` and the like have it: for those that `keep` kept. */
void world_exchange(struct world *world, const struct flight *flight);
/* The process is killed: the core and what is in flight are forgotten; a new one starts on the same store. */
void world_crash(struct world *world);

/* Each is a job of its own and must succeed. Ids are copied into the world's arena. */
const char *world_user(struct world *world, const char *login);
const char *world_group(struct world *world, const char *name);
void world_member(struct world *world, const char *group_id, const char *user_id, bool add);
void world_transition(struct world *world, const char *user_id, enum user_transition transition);
void world_assign_group(struct world *world, const char *group_id, bool assign);
void world_assign_user(struct world *world, const char *user_id, bool assign);
void world_rename_group(struct world *world, const char *group_id, const char *name);
/* The connection of the app, on or off. */
void world_connection(struct world *world, bool on);
void world_switches(struct world *world, bool create, bool update, bool deactivate);
/* For tests that take more away on purpose than deletion limits allow. */
void world_limits_off(struct world *world);
/* Makes a mapping by name; its public id. */
const char *world_push(struct world *world, const char *group_id, const char *target_name);
void world_mapping_status(struct world *world, const char *mapping_id, enum mapping_status status,
                          enum existing_members existing);
/* 0 or ERR_PROBLEM. */
int world_mapping_delete(struct world *world, const char *mapping_id, bool delete_target);
struct mapping_state world_mapping_state(struct world *world, const char *mapping_id);

/* Does the target hold this person in this group? -1: no such user or group there. */
int world_there(const struct world *world, const char *group_name, const char *login);
/* 1 active, 0 inactive, -1 not there. */
int world_active(const struct world *world, const char *login);
/* A request to the target by somebody else. */
int world_request(struct world *world, const char *method, const char *path, const char *body);

#endif
