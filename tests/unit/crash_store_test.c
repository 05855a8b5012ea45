/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power fails at every step of the store: whatever it acknowledged is there afterwards. And the proof that these
 * tests can see a loss: they find one as soon as commits are not synced, or are answered too early.
 */
#include "crash_rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>

#include <cmocka.h>

#define PEOPLE 8
#define STEPS_MAX 64
#define CHECKPOINT_PAGES 48 /* every few commits: a cut must hit the write-back of the log too */

/* --- the script: what an administrator does, one job each --------------------------------------------------------- */

enum step_kind { STEP_USER, STEP_GROUP, STEP_ADD, STEP_REMOVE, STEP_DEACTIVATE, STEP_RENAME, STEP_ASSIGN };

struct step {
    enum step_kind kind;
    int user;
    int group;
};

struct script {
    struct rig rig;
    struct step steps[STEPS_MAX];
    size_t count;
    size_t at;
    char users[PEOPLE][ID_BYTES];
    char groups[PEOPLE][ID_BYTES];
};

static int create_user(struct tx *tx, const char *login, char ret_id[static ID_BYTES])
{
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    jval_set_str(profile, "login", login);
    jval_set_str(profile, "email", login);
    jval_set_str(profile, "firstName", "Test");
    jval_set_str(profile, "lastName", "Person");
    struct user_input input = {.profile = profile, .has_password = true, .password_hash = "x", .activate = true};
    struct user user;
    struct problem problem = {0};
    int r = user_create(tx, &input, &user, &problem);
    if (r >= 0)
        (void)snprintf(ret_id, ID_BYTES, "%s", user.id);
    return r;
}

static int make_group(struct tx *tx, struct script *script, const struct step *step)
{
    CLEANUP(jval_freep) struct jval *profile = jval_new_object();
    char name[32];
    (void)snprintf(name, sizeof(name), step->kind == STEP_RENAME ? "Renamed %d" : "Group %d", step->group);
    jval_set_str(profile, "name", name);
    struct group group;
    struct problem problem = {0};
    if (step->kind == STEP_GROUP) {
        int r = group_create(tx, profile, &group, &problem);
        if (r >= 0)
            (void)snprintf(script->groups[step->group], ID_BYTES, "%s", group.id);
        return r;
    }
    int r = group_by_id(tx, script->groups[step->group], &group);
    return r < 0 ? r : group_update(tx, &group, profile, &problem);
}

static int change_member(struct tx *tx, struct script *script, const struct step *step)
{
    struct group group;
    struct user user;
    struct problem problem = {0};
    int r = group_by_id(tx, script->groups[step->group], &group);
    if (r == 0)
        r = user_by_id(tx, script->users[step->user], &user);
    if (r < 0)
        return r;
    return step->kind == STEP_ADD ? member_add(tx, &group, &user, &problem)
                                  : member_remove(tx, &group, &user, &problem);
}

static int change_user(struct tx *tx, struct script *script, const struct step *step)
{
    struct user user;
    struct account account;
    struct problem problem = {0};
    int r = user_by_id(tx, script->users[step->user], &user);
    if (r < 0)
        return r;
    return step->kind == STEP_ASSIGN
               ? account_assign(tx, &script->rig.world->app, &user, NULL, NULL, &account, &problem)
               : user_transition(tx, &user, USER_DEACTIVATE, &problem);
}

static int run_step(struct tx *tx, void *arg)
{
    struct script *script = arg;
    const struct step *step = &script->steps[script->at];
    char login[32];
    switch (step->kind) {
    case STEP_USER:
        (void)snprintf(login, sizeof(login), "person%d@example.com", step->user);
        return create_user(tx, login, script->users[step->user]);
    case STEP_GROUP:
    case STEP_RENAME:
        return make_group(tx, script, step);
    case STEP_ADD:
    case STEP_REMOVE:
        return change_member(tx, script, step);
    case STEP_DEACTIVATE:
    case STEP_ASSIGN:
    default:
        return change_user(tx, script, step);
    }
}

static void add_step(struct script *script, enum step_kind kind, int user, int group)
{
    assert(script->count < STEPS_MAX);
    script->steps[script->count++] = (struct step){.kind = kind, .user = user, .group = group};
}

/* Group 0 is the one that is assigned and pushed: its changes cause work in the same transaction. */
static void write_script(struct script *script, int people)
{
    for (int i = 0; i < people; i++) {
        add_step(script, STEP_USER, i, 0);
        if (i % 3 == 1)
            add_step(script, STEP_GROUP, 0, 1 + i / 3);
        add_step(script, STEP_ADD, i, 0);
        if (i % 3 == 1)
            add_step(script, STEP_ADD, i, 1 + i / 3);
        if (i % 4 == 2)
            add_step(script, STEP_REMOVE, i - 1, 0);
    }
    add_step(script, STEP_RENAME, 0, 1);
    add_step(script, STEP_ASSIGN, 1, 0);
    add_step(script, STEP_DEACTIVATE, 0, 0);
}

/* Plays until the end, or until the power fails. */
static void play(struct script *script)
{
    for (script->at = 0; script->at < script->count && !crash_vfs_is_off(); script->at++) {
        int r = rig_write(&script->rig, run_step, script);
        assert_true(r >= 0 || crash_vfs_is_off());
    }
}

static void setup_script(struct script *script, struct world *world, int people)
{
    const char *group = world_group(world, "Group 0");
    world_assign_group(world, group, true);
    (void)world_push(world, group, "Group 0");
    *script = (struct script){0};
    (void)snprintf(script->groups[0], ID_BYTES, "%s", group);
    write_script(script, people);
    rig_freeze(&script->rig, world);
    script->rig.noting = true;
    play(script);
    script->rig.noting = false;
    assert_int_equal(script->rig.noted, script->count);
}

/* How many steps of the disk the whole script takes. The run without a failure is the same every time. */
static uint64_t count_steps(struct script *script)
{
    rig_thaw(&script->rig);
    crash_vfs_fail_at(0);
    play(script);
    uint64_t steps = crash_vfs_steps();
    assert_true(crash_vfs_written_back() > 0); /* the log was written back in between */
    assert_true(rig_state(&script->rig) == script->rig.states[script->count]);
    return steps;
}

struct tally {
    size_t points;
    size_t found[RIG_VERDICTS];
};

/*
 * Cuts the power at every stride-th step, keeping by one of the first `kinds` ways in turn; with a stride of 1 (the
 * full run) by all of them at each step.
 */
static struct tally cut_everywhere(struct script *script, int kinds, uint64_t stride)
{
    struct tally tally = {0};
    uint64_t steps = count_steps(script);
    int rounds = stride == 1 ? kinds : 1;
    for (uint64_t at = 1; at <= steps; at += stride) {
        for (int round = 0; round < rounds; round++) {
            enum crash_keep keep = (enum crash_keep)((at / stride + (uint64_t)round) % (uint64_t)kinds);
            rig_thaw(&script->rig);
            crash_vfs_fail_at(at);
            play(script);
            assert_true(crash_vfs_is_off());
            size_t writes = 0;
            uint64_t seed = at * 1000 + (uint64_t)round;
            enum verdict verdict = rig_restart(&script->rig, keep, seed, (at + (uint64_t)round) % 5, &writes);
            tally.points++;
            tally.found[verdict]++;
        }
    }
    return tally;
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void write_at(sqlite3_file *file, const char *text, int64_t offset)
{
    assert_int_equal(file->pMethods->xWrite(file, text, (int)strlen(text), offset), SQLITE_OK);
}

static void test_disk_forgets_what_is_not_synced(void **state)
{
    (void)state;
    crash_vfs_clear();
    sqlite3_vfs *vfs = sqlite3_vfs_find("crash");
    assert_ptr_equal(vfs, sqlite3_vfs_find(NULL));
    sqlite3_file *file = mem_new((size_t)vfs->szOsFile);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
    assert_int_equal(vfs->xOpen(vfs, "/f-wal", file, flags, NULL), SQLITE_OK);
    write_at(file, "first", 0);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_OK);
    write_at(file, "other and longer", 0);
    assert_int_equal(file->pMethods->xClose(file), SQLITE_OK);
    /* made, never synced: not even its name stays */
    assert_int_equal(vfs->xOpen(vfs, "/g", file, flags, NULL), SQLITE_OK);
    assert_int_equal(file->pMethods->xClose(file), SQLITE_OK);
    crash_vfs_reboot(CRASH_KEEP_NOTHING, 1);
    int there = 0;
    assert_int_equal(vfs->xAccess(vfs, "/g", SQLITE_ACCESS_READWRITE, &there), SQLITE_OK);
    assert_false(there);
    assert_int_equal(vfs->xOpen(vfs, "/f-wal", file, flags, NULL), SQLITE_OK);
    sqlite3_int64 size = 0;
    char text[8] = "";
    assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    assert_int_equal(size, 5);
    assert_int_equal(file->pMethods->xRead(file, text, 5, 0), SQLITE_OK);
    assert_string_equal(text, "first");
    assert_int_equal(file->pMethods->xClose(file), SQLITE_OK);
    /* a deletion that the directory does not know of for good comes back */
    assert_int_equal(vfs->xDelete(vfs, "/f-wal", 0), SQLITE_OK);
    crash_vfs_reboot(CRASH_KEEP_NOTHING, 1);
    assert_int_equal(vfs->xAccess(vfs, "/f-wal", SQLITE_ACCESS_READWRITE, &there), SQLITE_OK);
    assert_true(there);
    assert_int_equal(vfs->xDelete(vfs, "/f-wal", 1), SQLITE_OK);
    crash_vfs_reboot(CRASH_KEEP_NOTHING, 1);
    assert_int_equal(vfs->xAccess(vfs, "/f-wal", SQLITE_ACCESS_READWRITE, &there), SQLITE_OK);
    assert_false(there);
    free(file);
}

static int read_synchronous(struct tx *tx, void *arg)
{
    struct query query;
    int r = tx_query_text(tx, &query, "PRAGMA synchronous", NULL, 0);
    if (r == 0)
        r = query_next(&query);
    if (r == 1)
        *(int64_t *)arg = query_int(&query, 0);
    query_close(&query);
    return r;
}

static int64_t synchronous_of(struct store *store)
{
    int64_t level = -1;
    assert_int_equal(store_read_wait(store, read_synchronous, &level), 1);
    return level;
}

/* The store is made, every room's tables with it, and the power fails at each step: a later start makes it whole. */
static void test_first_start(void **state)
{
    struct world *world = *state;
    struct rig rig;
    rig_freeze(&rig, world);
    store_close(TAKE_PTR(world->store));
    crash_vfs_clear();
    world->store = rig_open(&rig);
    uint64_t steps = crash_vfs_steps();
    uint64_t made = rig_state(&rig);
    assert_true(made != 0 && steps > 100);
    for (uint64_t at = 1; at <= steps; at += rig_is_full() ? 1 : 1 + steps / 60) {
        store_close(TAKE_PTR(world->store));
        crash_vfs_clear();
        crash_vfs_fail_at(at);
        world->store = rig_open(&rig);
        assert_true(crash_vfs_is_off());
        store_close(TAKE_PTR(world->store));
        crash_vfs_reboot((enum crash_keep)(at % CRASH_KEEP_KINDS), at);
        world->store = rig_open(&rig);
        assert_non_null(world->store);
        assert_true(rig_state(&rig) == made);
    }
    rig_free(&rig);
}

static void test_nothing_acknowledged_is_missing(void **state)
{
    struct script script;
    setup_script(&script, *state, PEOPLE);
    assert_int_equal(synchronous_of(script.rig.world->store), 2); /* FULL */
    struct tally tally = cut_everywhere(&script, CRASH_KEEP_KINDS, rig_is_full() ? 1 : 3);
    print_message("%zu cuts\n", tally.points);
    assert_true(tally.points > 200);
    assert_int_equal(tally.found[RIG_LOST], 0);
    assert_int_equal(tally.found[RIG_HALF], 0);
    assert_int_equal(tally.found[RIG_CORRUPT], 0);
    assert_int_equal(tally.found[RIG_KEPT], tally.points);
    rig_free(&script.rig);
}

/* The same script and judge on a store whose commits are not on the disk when they are acknowledged. */
static void losses_are_seen(struct world *world, const char *synchronous, int64_t level)
{
    struct script script;
    setup_script(&script, world, 3);
    crash_vfs_synchronous(synchronous);
    rig_thaw(&script.rig);
    assert_int_equal(synchronous_of(world->store), level);
    struct tally tally = cut_everywhere(&script, 1, 7);
    crash_vfs_synchronous(NULL);
    print_message("%s: %zu cuts, %zu lost, %zu half, %zu corrupt\n", synchronous, tally.points, tally.found[RIG_LOST],
                  tally.found[RIG_HALF], tally.found[RIG_CORRUPT]);
    assert_true(tally.found[RIG_LOST] > 0);
    rig_free(&script.rig);
}

static void test_synchronous_off_loses(void **state)
{
    losses_are_seen(*state, "OFF", 0);
}

static void test_synchronous_normal_loses(void **state)
{
    losses_are_seen(*state, "NORMAL", 1);
}

static void test_an_early_answer_loses(void **state)
{
    struct script script;
    setup_script(&script, *state, 3);
    script.rig.answers_early = true;
    struct tally tally = cut_everywhere(&script, 1, 7);
    print_message("early: %zu cuts, %zu lost\n", tally.points, tally.found[RIG_LOST]);
    assert_true(tally.found[RIG_LOST] > 0);
    assert_int_equal(tally.found[RIG_CORRUPT] + tally.found[RIG_HALF], 0); /* what is there is whole all the same */
    rig_free(&script.rig);
}

/* --- with threads: many jobs in one commit -------------------------------------------------------------------------
 */

#define BURST 120

struct burst {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    size_t finished;
    bool queued; /* all of them: the first job waits for it, so that the others share commits */
    bool early;
    struct burst_job {
        struct store_job job;
        struct burst *burst;
        int number;
        char id[ID_BYTES];
        bool acknowledged;
    } jobs[BURST];
    struct store_job reads[BURST / 8];
};

static int burst_run(struct tx *tx, void *arg)
{
    struct burst_job *job = arg;
    char login[32];
    (void)snprintf(login, sizeof(login), "burst%d@example.com", job->number);
    (void)pthread_mutex_lock(&job->burst->mutex);
    while (!job->burst->queued)
        (void)pthread_cond_wait(&job->burst->cond, &job->burst->mutex);
    (void)pthread_mutex_unlock(&job->burst->mutex);
    int r = create_user(tx, login, job->id);
    if (job->burst->early && r >= 0)
        job->acknowledged = true; /* the wrong store: answers before it commits */
    return r;
}

static void count_finished(struct burst *burst)
{
    (void)pthread_mutex_lock(&burst->mutex);
    burst->finished++;
    (void)pthread_cond_broadcast(&burst->cond);
    (void)pthread_mutex_unlock(&burst->mutex);
}

static void burst_done(struct store_job *store_job, int result)
{
    struct burst_job *job = CONTAINER_OF(store_job, struct burst_job, job);
    if (result >= 0)
        job->acknowledged = true;
    count_finished(job->burst);
}

static int burst_read(struct tx *tx, void *arg)
{
    (void)arg;
    struct user user;
    int r = user_by_id(tx, "00u0000000000000000x", &user);
    return r == ERR_NOT_FOUND ? 0 : r;
}

static void burst_read_done(struct store_job *job, int result)
{
    (void)result; /* the power may have failed */
    count_finished(job->arg);
}

static int count_missing(struct tx *tx, void *arg)
{
    const struct burst *burst = arg;
    int missing = 0;
    for (size_t i = 0; i < BURST; i++) {
        struct user user;
        int r = burst->jobs[i].acknowledged ? user_by_id(tx, burst->jobs[i].id, &user) : 0;
        if (r < 0 && r != ERR_NOT_FOUND)
            return r;
        missing += r == ERR_NOT_FOUND;
    }
    return missing;
}

/* How many acknowledged users are missing after a cut at that step; `ret_commits` gets how many commits there were. */
static int burst_with_cut(struct rig *rig, uint64_t at, enum crash_keep keep, bool early, int64_t *ret_commits)
{
    struct burst *burst = NEW(struct burst);
    *burst = (struct burst){.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .early = early};
    rig_thaw(rig);
    store_close(rig->world->store);
    struct store_options options = rig->options;
    options.readers = 2;
    assert_int_equal(store_open(&rig->world->store, &options, NULL, 0), 0);
    crash_vfs_fail_at(at);
    size_t reads = 0;
    for (int i = 0; i < BURST; i++) {
        struct burst_job *job = &burst->jobs[i];
        *job =
            (struct burst_job){.job = {.run = burst_run, .arg = job, .done = burst_done}, .burst = burst, .number = i};
        job->job.origin = (struct origin){.actor_id = "test", .actor_type = "SystemPrincipal", .actor_name = "Test"};
        store_write(rig->world->store, &job->job);
        if (i % 8 == 7) {
            burst->reads[reads] = (struct store_job){.run = burst_read, .arg = burst, .done = burst_read_done};
            store_read(rig->world->store, &burst->reads[reads++]);
        }
    }
    (void)pthread_mutex_lock(&burst->mutex);
    burst->queued = true;
    (void)pthread_cond_broadcast(&burst->cond);
    while (burst->finished < BURST + reads)
        (void)pthread_cond_wait(&burst->cond, &burst->mutex);
    (void)pthread_mutex_unlock(&burst->mutex);
    struct store_stats stats;
    store_stats(rig->world->store, &stats);
    *ret_commits = stats.commits;
    store_close(rig->world->store);
    crash_vfs_reboot(keep, at);
    rig->world->store = rig_open(rig);
    assert_non_null(rig->world->store);
    assert_true(rig_state(rig) != 0);
    int missing = store_read_wait(rig->world->store, count_missing, burst);
    free(burst);
    return missing;
}

static void test_many_jobs_in_one_commit(void **state)
{
    struct rig rig;
    rig_freeze(&rig, *state);
    int64_t commits = 0;
    assert_int_equal(burst_with_cut(&rig, 0, CRASH_KEEP_NOTHING, false, &commits), 0);
    assert_in_range(commits, 1, BURST - 1); /* they did share commits */
    int cuts = rig_is_full() ? 400 : 24;
    for (int i = 1; i <= cuts; i++) {
        enum crash_keep keep = (enum crash_keep)(i % CRASH_KEEP_KINDS);
        assert_int_equal(burst_with_cut(&rig, rig_is_full() ? i : i * 7, keep, false, &commits), 0);
    }
    int seen = 0;
    for (int i = 1; i <= 6; i++)
        seen += burst_with_cut(&rig, i * 7, CRASH_KEEP_NOTHING, true, &commits) > 0;
    assert_true(seen > 0); /* answers before the commit are noticed */
    rig_free(&rig);
}

int main(void)
{
    crash_vfs_install();
    crash_vfs_checkpoint_pages(CHECKPOINT_PAGES);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk_forgets_what_is_not_synced),
        cmocka_unit_test_setup_teardown(test_first_start, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_acknowledged_is_missing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_synchronous_off_loses, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_synchronous_normal_loses, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_early_answer_loses, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_many_jobs_in_one_commit, world_setup, world_teardown),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    crash_vfs_clear();
    return r;
}
