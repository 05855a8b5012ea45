/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in line with the rooms up to app, and words for what happens in it. Each word is a job of its own, so that
 * reactors run after it as they do in the product. Include before anything else of a test of the app room.
 */
#ifndef TESTS_APP_FIXTURE_H
#define TESTS_APP_FIXTURE_H

#include "app/account.h"
#include "app/app.h"
#include "base/limits.h"
#include "database.h"
#include "record/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char dir[64];
    struct store *store;
    struct env env;
    int64_t now;
    uint64_t seed;
    struct arena *arena;
    int names; /* counts what was made, for unique names */
};

static inline int64_t fx_now(void *data)
{
    return ((struct fixture *)data)->now;
}

static inline void fx_random(void *data, void *bytes, size_t n)
{
    struct fixture *f = data;
    for (size_t i = 0; i < n; i++) {
        f->seed = f->seed * 6364136223846793005u + 1442695040888963407u;
        ((unsigned char *)bytes)[i] = (unsigned char)(f->seed >> 56);
    }
}

static inline int fx_setup(void **state)
{
    static const struct store_room *const rooms[] = {&record_room, &auth_room, &directory_room, &app_room, NULL};
    struct fixture *f = NEW(struct fixture);
    *f = (struct fixture){.now = 1790000000000, .seed = 1, .arena = arena_new()};
    f->env = (struct env){.now_ms = fx_now, .fill_random = fx_random, .data = f};
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/muster-app-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    char path[96];
    char why[256] = "";
    (void)snprintf(path, sizeof(path), "%s/db", f->dir);
    const struct store_options options = {.path = test_location(path), .env = &f->env, .rooms = rooms};
    if (store_open(&f->store, &options, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    *state = f;
    return 0;
}

static inline int fx_teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    static const char *const names[] = {"db", "db-wal", "db-shm", "key"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        (void)unlink(path);
    }
    int empty = rmdir(f->dir);
    arena_free(f->arena);
    free(f);
    return empty;
}

/* One step: what its function reads and gives back. */
struct step {
    struct fixture *f;
    int64_t app, user, group, number, result;
    const char *text, *json;
    bool flag;
    struct account account;
    struct work work;
    struct problem problem;
};

static inline int fx_try(struct fixture *f, tx_fn run, struct step *step)
{
    step->f = f;
    return store_write_wait(f->store, NULL, run, step);
}

static inline void fx_do(struct fixture *f, tx_fn run, struct step *step)
{
    int r = fx_try(f, run, step);
    if (r < 0)
        fail_msg("%s: %s", err_text(r), step->problem.cause_count ? step->problem.causes[0] : "");
}

static inline struct jval *fx_json(const char *text)
{
    struct jval *value = NULL;
    struct jval_error error = {0};
    if (jval_parse(&value, text, strlen(text), &error) < 0)
        fail_msg("%s in %s", error.text, text);
    return value;
}

/* --- the directory --- */
static inline int fx_user_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct jval *profile CLEANUP(jval_freep) = fx_json(s->json);
    struct user user;
    int r = user_create(tx, &(struct user_input){.profile = profile, .activate = s->flag}, &user, &s->problem);
    s->result = r == 0 ? user.rid : 0;
    return r;
}

static inline int64_t fx_user(struct fixture *f, const char *login, bool activate)
{
    char json[512];
    (void)snprintf(json, sizeof(json),
                   "{\"login\":\"%s@example.com\",\"email\":\"%s@example.org\",\"firstName\":\"First\","
                   "\"lastName\":\"%s\"}",
                   login, login, login);
    struct step s = {.json = json, .flag = activate};
    fx_do(f, fx_user_run, &s);
    return s.result;
}

static inline int fx_group_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct jval *profile CLEANUP(jval_freep) = jval_new_object();
    jval_set_str(profile, "name", s->text);
    struct group group;
    int r = group_create(tx, profile, &group, &s->problem);
    s->result = r == 0 ? group.rid : 0;
    return r;
}

static inline int64_t fx_group(struct fixture *f, const char *name)
{
    struct step s = {.text = name};
    fx_do(f, fx_group_run, &s);
    return s.result;
}

static inline int fx_member_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct group group;
    struct user user;
    int r = group_by_rid(tx, s->group, &group);
    if (r == 0)
        r = user_by_rid(tx, s->user, &user);
    if (r < 0)
        return r;
    return s->flag ? member_add(tx, &group, &user, &s->problem) : member_remove(tx, &group, &user, &s->problem);
}

static inline void fx_join(struct fixture *f, int64_t group, int64_t user)
{
    fx_do(f, fx_member_run, &(struct step){.group = group, .user = user, .flag = true});
}

static inline void fx_leave(struct fixture *f, int64_t group, int64_t user)
{
    fx_do(f, fx_member_run, &(struct step){.group = group, .user = user});
}

static inline int fx_transition_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct user user;
    int r = user_by_rid(tx, s->user, &user);
    return r < 0 ? r : user_transition(tx, &user, (enum user_transition)s->number, &s->problem);
}

static inline void fx_transition(struct fixture *f, int64_t user, enum user_transition transition)
{
    fx_do(f, fx_transition_run, &(struct step){.user = user, .number = transition});
}

static inline int fx_profile_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct jval *profile CLEANUP(jval_freep) = fx_json(s->json);
    struct user user;
    int r = user_by_rid(tx, s->user, &user);
    return r < 0 ? r : user_update(tx, &user, profile, false, &s->problem);
}

static inline void fx_profile(struct fixture *f, int64_t user, const char *json)
{
    fx_do(f, fx_profile_run, &(struct step){.user = user, .json = json});
}

static inline int fx_delete_group_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct group group;
    int r = group_by_rid(tx, s->group, &group);
    return r < 0 ? r : group_delete(tx, &group, &s->problem);
}

static inline int fx_delete_user_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct user user;
    int r = user_by_rid(tx, s->user, &user);
    return r < 0 ? r : user_delete(tx, &user, &s->problem);
}

/* --- apps --- */
static inline int fx_app_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct jval *body CLEANUP(jval_freep) = fx_json(s->json);
    struct app app;
    int r = app_create(tx, body, true, &app, &s->problem);
    s->result = r == 0 ? app.rid : 0;
    return r;
}

static inline int fx_switch_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct app_switches switches;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = app_switches_get(tx, s->app, &switches);
    if (r < 0)
        return r;
    switches.create = strchr(s->text, 'c') != NULL;
    switches.update = strchr(s->text, 'u') != NULL;
    switches.deactivate = strchr(s->text, 'd') != NULL;
    return app_switches_set(tx, &app, &switches, &s->problem);
}

/* "cud": create, update, deactivate. */
static inline void fx_switch(struct fixture *f, int64_t app, const char *on)
{
    fx_do(f, fx_switch_run, &(struct step){.app = app, .text = on});
}

static inline int64_t fx_app(struct fixture *f, const char *label, const char *on)
{
    char json[256];
    (void)snprintf(json, sizeof(json), "{\"label\":\"%s\",\"signOnMode\":\"SAML_2_0\"}", label);
    struct step s = {.json = json};
    fx_do(f, fx_app_run, &s);
    fx_switch(f, s.result, on);
    return s.result;
}

static inline int fx_group_put_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct group group;
    struct app_group assignment;
    struct jval *profile CLEANUP(jval_freep) = s->json ? fx_json(s->json) : NULL;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = group_by_rid(tx, s->group, &group);
    if (r == 0)
        r = app_group_put(tx, &app, &group, (int)s->number, profile, &assignment, &s->problem);
    s->result = r == 0 ? assignment.priority : -1;
    return r;
}

/* Assigns a group or changes its assignment; the priority it has then. */
static inline int fx_give(struct fixture *f, int64_t app, int64_t group, int priority, const char *json)
{
    struct step s = {.app = app, .group = group, .number = priority, .json = json};
    fx_do(f, fx_group_put_run, &s);
    return (int)s.result;
}

static inline int fx_group_remove_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct group group;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = group_by_rid(tx, s->group, &group);
    return r < 0 ? r : app_group_remove(tx, &app, &group, &s->problem);
}

static inline void fx_take(struct fixture *f, int64_t app, int64_t group)
{
    fx_do(f, fx_group_remove_run, &(struct step){.app = app, .group = group});
}

static inline int fx_assign_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct user user;
    struct jval *profile CLEANUP(jval_freep) = s->json ? fx_json(s->json) : NULL;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = user_by_rid(tx, s->user, &user);
    return r < 0 ? r : account_assign(tx, &app, &user, s->text, profile, &s->account, &s->problem);
}

static inline void fx_assign(struct fixture *f, int64_t app, int64_t user)
{
    fx_do(f, fx_assign_run, &(struct step){.app = app, .user = user});
}

static inline int fx_edit_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct account account;
    struct jval *profile CLEANUP(jval_freep) = s->json ? fx_json(s->json) : NULL;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = account_get(tx, s->app, s->user, &account);
    return r < 0 ? r : account_update(tx, &app, &account, s->text, profile, &s->problem);
}

static inline int fx_unassign_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct app app;
    struct account account;
    int r = app_by_rid(tx, s->app, &app);
    if (r == 0)
        r = account_get(tx, s->app, s->user, &account);
    return r < 0 ? r : account_unassign(tx, &app, &account, &s->problem);
}

static inline void fx_unassign(struct fixture *f, int64_t app, int64_t user)
{
    fx_do(f, fx_unassign_run, &(struct step){.app = app, .user = user});
}

/* --- reading --- */
static inline int fx_account_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    int r = account_get(tx, s->app, s->user, &s->account);
    struct arena *arena = s->f->arena;
    s->result = r;
    if (r < 0)
        return 0;
    s->account.user_name = arena_strdup(arena, s->account.user_name);
    s->account.profile = arena_strdup(arena, s->account.profile);
    s->account.external_id = arena_strdup(arena, s->account.external_id);
    s->account.sent_profile = arena_strdup(arena, s->account.sent_profile);
    return 0;
}

/* rid 0: there is none. */
static inline struct account fx_account(struct fixture *f, int64_t app, int64_t user)
{
    struct step s = {.app = app, .user = user};
    fx_do(f, fx_account_run, &s);
    return s.result < 0 ? (struct account){0} : s.account;
}

static inline int fx_work_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    int r = work_find(tx, s->app, (enum work_kind)s->number, s->user, &s->work);
    s->result = r;
    s->work.error = s->work.error_class = NULL; /* their text does not outlive the job */
    return r;
}

static inline bool fx_find(struct fixture *f, int64_t app, enum work_kind kind, int64_t object, struct work *ret)
{
    struct step s = {.app = app, .user = object, .number = kind};
    fx_do(f, fx_work_run, &s);
    if (s.result > 0 && ret)
        *ret = s.work;
    return s.result > 0;
}

/* The class of the work of a person's account, -1 when there is none. */
static inline int fx_class(struct fixture *f, int64_t app, int64_t user)
{
    struct work work;
    return fx_find(f, app, WORK_ACCOUNT, fx_account(f, app, user).rid, &work) ? (int)work.class : -1;
}

static inline int fx_wanted_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct user user;
    struct account account;
    struct jval *profile CLEANUP(jval_freep) = NULL;
    int r = user_by_rid(tx, s->user, &user);
    if (r == 0)
        r = account_get(tx, s->app, s->user, &account);
    if (r == 0)
        r = account_wanted_profile(tx, &account, &user, &profile);
    if (r == 0)
        s->text = jval_text(s->f->arena, profile, true);
    return r;
}

static inline const char *fx_wanted(struct fixture *f, int64_t app, int64_t user)
{
    struct step s = {.app = app, .user = user};
    fx_do(f, fx_wanted_run, &s);
    return s.text;
}

static inline int fx_events_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct buf buf;
    struct jout out;
    buf_init(&buf, 16 * 1024 * 1024);
    jout_init(&out, &buf);
    jout_array(&out, NULL);
    int64_t last = 0;
    int r = record_events_write(tx, &out, 0, 10000, &last);
    jout_end(&out);
    char needle[128];
    (void)snprintf(needle, sizeof(needle), "\"eventType\":\"%s\"", s->text);
    for (const char *p = buf_text(&buf); (p = strstr(p, needle)); p++)
        s->result++;
    buf_free(&buf);
    return r;
}

/* How many events of a type there are. */
static inline int fx_events(struct fixture *f, const char *type)
{
    struct step s = {.text = type};
    fx_do(f, fx_events_run, &s);
    return (int)s.result;
}

/* --- what the engine does --- */
static inline int fx_expand_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    int64_t apps[64];
    int count = work_apps_due(tx, s->f->now, -1, apps, 64);
    for (int i = 0; i < count; i++) {
        for (int lane = WORK_URGENT; lane <= WORK_BULK; lane++) {
            struct work due[32];
            int n = work_due(tx, apps[i], (enum work_class)lane, s->f->now, due, 32);
            for (int k = 0; k < n; k++) {
                if (due[k].kind < WORK_EXPAND_FIRST)
                    continue;
                s->result++;
                int r = app_expand(tx, &due[k]);
                if (r == 0)
                    r = work_done(tx, due[k].rid, due[k].version);
                return r < 0 ? r : 1;
            }
            if (n < 0)
                return n;
        }
    }
    return count < 0 ? count : 0;
}

/* Runs the expansions to their end; the number of chunks. */
static inline int fx_expand(struct fixture *f)
{
    struct step s = {0};
    for (int r = 1; r > 0;) {
        r = fx_try(f, fx_expand_run, &s);
        if (r < 0)
            fail_msg("%s", err_text(r));
    }
    return (int)s.result;
}

static inline int fx_ack_run(struct tx *tx, void *arg)
{
    struct step *s = arg;
    struct account a;
    struct user user;
    struct work work;
    struct jval *profile CLEANUP(jval_freep) = NULL;
    int r = account_get(tx, s->app, s->user, &a);
    if (r == 0)
        r = work_find(tx, s->app, WORK_ACCOUNT, a.rid, &work);
    if (r <= 0)
        return r < 0 ? r : ERR_NOT_FOUND;
    r = user_by_rid(tx, s->user, &user);
    if (r == 0)
        r = account_wanted_profile(tx, &a, &user, &profile);
    enum account_known known = a.wanted == WANT_ACTIVE ? KNOWN_ACTIVE : KNOWN_INACTIVE;
    if (r == 0 && !a.external_id)
        r = account_set_known(tx, &a, arena_printf(tx_arena(tx), "ext-%lld", (long long)a.rid), ORIGIN_CREATED, known);
    if (r == 0)
        r = account_set_sent(tx, &a, profile, known);
    return r < 0 ? r : work_done(tx, work.rid, work.version);
}

/* The app did what was asked for a person: created, changed, activated or deactivated. */
static inline void fx_ack(struct fixture *f, int64_t app, int64_t user)
{
    fx_do(f, fx_ack_run, &(struct step){.app = app, .user = user});
}

#endif
