/* SPDX-License-Identifier: Apache-2.0 */
/* A store with the directory alone, in line, under a clock that the test moves; what changed is written down. */
#ifndef TESTS_DIRECTORY_FIXTURE_H
#define TESTS_DIRECTORY_FIXTURE_H

#include "database.h"
#include "directory/import.h"
#include "directory/schema.h"
#include "directory/search.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define SEEN_MAX 4096

struct fixture {
    char dir[64];
    char path[96];
    struct store *store;
    struct env env;
    int64_t now;
    uint32_t seed;
};

static struct change fixture_seen[SEEN_MAX];
static size_t fixture_seen_count;

static inline int64_t fixture_now(void *data)
{
    struct fixture *f = data;
    return f->now;
}

static inline void fixture_random(void *data, void *bytes, size_t n)
{
    struct fixture *f = data;
    unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++) {
        f->seed = f->seed * 1664525u + 1013904223u;
        p[i] = (unsigned char)(f->seed >> 24);
    }
}

static inline int fixture_react(struct tx *tx, const struct change *change)
{
    (void)tx;
    if (fixture_seen_count < SEEN_MAX)
        fixture_seen[fixture_seen_count++] = *change;
    return 0;
}

/* How many changes of a kind were seen since fixture_forget(). */
static inline size_t fixture_changes(int kind)
{
    size_t count = 0;
    for (size_t i = 0; i < fixture_seen_count; i++)
        count += fixture_seen[i].kind == kind;
    return count;
}

static inline void fixture_forget(void)
{
    fixture_seen_count = 0;
}

static inline int fixture_setup(void **state)
{
    static const struct store_room spy = {.name = "spy", .react = fixture_react};
    static const struct store_room *const rooms[] = {&record_room, &directory_room, &spy, NULL};
    struct fixture *f = NEW(struct fixture);
    f->now = 1774418984000; /* 2026-03-25T06:09:44Z */
    f->seed = 7;
    f->env = (struct env){.now_ms = fixture_now, .fill_random = fixture_random, .data = f};
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/muster-directory-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/store.db", f->dir);
    const struct store_options options = {.path = test_location(f->path), .env = &f->env, .rooms = rooms};
    char why[256];
    if (store_open(&f->store, &options, why, sizeof(why)) < 0)
        fail_msg("store_open: %s", why);
    fixture_forget();
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static inline int fixture_write(struct fixture *f, tx_fn run, void *arg)
{
    return store_write_wait(f->store, NULL, run, arg);
}

static inline struct jval *fixture_json(const char *text)
{
    struct jval *value = NULL;
    assert_int_equal(jval_parse(&value, text, strlen(text), NULL), 0);
    return value;
}

/* A user from the text of a profile; 0 or ERR_PROBLEM. */
static inline int fixture_user(struct tx *tx, const char *profile, const char *hash, bool activate, struct user *ret,
                               struct problem *problem)
{
    struct jval *value CLEANUP(jval_freep) = fixture_json(profile);
    const struct user_input input = {
        .profile = value, .has_password = hash != NULL, .password_hash = hash, .activate = activate};
    return user_create(tx, &input, ret, problem);
}

/* login@example.com, First, Last; must succeed. */
static inline struct user fixture_person(struct tx *tx, const char *name, bool activate)
{
    struct user user;
    struct problem problem;
    const char *profile = arena_printf(tx_arena(tx),
                                       "{\"login\":\"%s@example.com\",\"email\":\"%s@example.com\","
                                       "\"firstName\":\"%s\",\"lastName\":\"Last\"}",
                                       name, name, name);
    if (fixture_user(tx, profile, NULL, activate, &user, &problem) < 0)
        fail_msg("%s: %s", name, problem.cause_count ? problem.causes[0] : "refused");
    return user;
}

static inline int fixture_group(struct tx *tx, const char *profile, struct group *ret, struct problem *problem)
{
    struct jval *value CLEANUP(jval_freep) = fixture_json(profile);
    return group_create(tx, value, ret, problem);
}

#endif
