/* SPDX-License-Identifier: Apache-2.0 */
/* A store with the rooms up to auth, in a folder of its own. */
#ifndef TESTS_AUTH_FIXTURE_H
#define TESTS_AUTH_FIXTURE_H

#include "auth/auth.h"
#include "database.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

struct auth_store {
    char dir[64];
    struct store *store;
};

static inline void auth_store_open(struct auth_store *ret)
{
    static const struct store_room *const rooms[] = {&record_room, &auth_room, NULL};
    (void)snprintf(ret->dir, sizeof(ret->dir), "/tmp/muster-auth-XXXXXX");
    assert_non_null(mkdtemp(ret->dir));
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/db", ret->dir);
    const struct store_options options = {.path = test_location(path), .env = env_real(), .rooms = rooms};
    char why[256] = "";
    if (store_open(&ret->store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

/* 0 when no file of ours is left behind. */
static inline int auth_store_close(struct auth_store *at)
{
    store_close(at->store);
    static const char *const names[] = {"db", "db-wal", "db-shm"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/%s", at->dir, names[i]);
        (void)unlink(path);
    }
    return rmdir(at->dir);
}

#endif
