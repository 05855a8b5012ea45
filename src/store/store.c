/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs, the writer and the readers. The writer's loop is writer_main(): take what waits, run each job in a savepoint,
 * commit once, answer. Nothing waits on a timer.
 */
#include "store/store_private.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define READERS_MAX 16
#define BATCH_ATTEMPTS 20       /* times that a batch which others get in the way of is run */
#define BATCH_TOGETHER 3        /* of these that are beside others in any case; then every second one is alone */
#define BATCH_PAUSE_DOUBLINGS 6 /* the pause between two of them ends at 64 ms */
#define LOST_ATTEMPTS 1         /* times that a job is run again because the connection was lost under it */
#define RECONNECT_MIN_MS ((int64_t)100)
#define RECONNECT_DOUBLINGS 5 /* the pause between two attempts to connect ends at 3.2 s */
#define SETTLE_PAUSE_US 50000

struct queue {
    struct store_job *first;
    struct store_job **end;
};

struct lane { /* a thread with its handle */
    struct store *store;
    struct handle handle;
    struct arena *arena;
    pthread_t thread;
    bool started;
    int failures;     /* to connect again, one after the other */
    int64_t next_try; /* monotonic, ms: not before */
};

struct store {
    struct store_options options;
    char *path;
    struct lane writer;
    struct lane readers[READERS_MAX];
    int reader_count;
    pthread_mutex_t mutex; /* guards the queues and `closing` */
    pthread_cond_t writer_wakes;
    pthread_cond_t readers_wake;
    struct queue urgent;
    struct queue normal;
    struct queue reads;
    char instance[ID_BYTES];
    struct listener *listener;
    bool closing;
    bool in_line_busy; /* a job is running in line: jobs do not start jobs */
    int64_t commits;
    int64_t jobs;
};

/* --- queues --------------------------------------------------------------------------------------------------------
 */

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_push(struct queue *queue, struct store_job *job)
{
    job->_next = NULL;
    *queue->end = job;
    queue->end = &job->_next;
}

static struct store_job *queue_pop(struct queue *queue)
{
    struct store_job *job = queue->first;
    if (job) {
        queue->first = job->_next;
        if (!queue->first)
            queue->end = &queue->first;
    }
    return job;
}

static struct store_job *take_write(struct store *store)
{
    struct store_job *job = queue_pop(&store->urgent);
    return job ? job : queue_pop(&store->normal);
}

/* --- one job -------------------------------------------------------------------------------------------------------
 */

static struct tx tx_begin(struct store *store, struct lane *lane, const struct origin *origin, bool writing)
{
    arena_reset(lane->arena);
    return (struct tx){.store = store,
                       .handle = &lane->handle,
                       .env = store->options.env,
                       .arena = lane->arena,
                       .origin = *origin,
                       .now = env_now(store->options.env),
                       .writing = writing};
}

struct batch {
    struct store_job *jobs[LIMIT_COMMIT_JOBS];
    int results[LIMIT_COMMIT_JOBS];
    size_t count;
    int64_t began; /* monotonic, ms */
    bool wake;
    bool changed;
    bool again;        /* nothing was kept, for no fault of the jobs */
    bool doubtful;     /* the commit was sent, and no answer to it came */
    char id[ID_BYTES]; /* under which a commit of unknown outcome is found */
};

int tx_react_now(struct tx *tx)
{
    int r = tx_react(tx, tx->store->options.rooms);
    tx->change_count = 0;
    return r;
}

static int run_in_savepoint(struct store *store, struct store_job *job, struct batch *batch)
{
    struct lane *lane = &store->writer;
    struct handle *handle = &lane->handle;
    int r = handle->backend->frame(handle, FRAME_JOB);
    if (r < 0)
        return r;
    struct tx tx = tx_begin(store, lane, &job->origin, true);
    int result = job->run(&tx, job->arg);
    if (result >= 0) {
        int reacted = tx_react(&tx, store->options.rooms);
        if (reacted < 0)
            result = reacted;
    }
    if (result >= 0) {
        batch->wake |= tx.wake;
        batch->changed |= tx.changed;
        r = handle->backend->frame(handle, FRAME_JOB_KEEP);
    } else {
        r = handle->backend->frame(handle, FRAME_JOB_UNDO);
        if (r == 0)
            r = handle->backend->frame(handle, FRAME_JOB_KEEP);
    }
    __atomic_add_fetch(&store->jobs, 1, __ATOMIC_RELAXED);
    return r < 0 ? r : result;
}

static void batch_fail(struct batch *batch, int error)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->results[i] >= 0)
            batch->results[i] = error;
    batch->wake = false;
    batch->changed = false;
}

/* Takes further jobs into the batch while it runs; NULL when there are none or it is full. */
static struct store_job *take_another(struct store *store, const struct batch *batch)
{
    if (store->reader_count == 0 || batch->count == LIMIT_COMMIT_JOBS ||
        monotonic_ms() - batch->began >= LIMIT_COMMIT_MS)
        return NULL;
    (void)pthread_mutex_lock(&store->mutex);
    struct store_job *job = take_write(store);
    (void)pthread_mutex_unlock(&store->mutex);
    return job;
}

/* Runs the jobs of the batch, and those that come meanwhile, and commits. 0, or why nothing of it was kept. */
static int batch_try(struct store *store, struct batch *batch, bool alone)
{
    struct handle *handle = &store->writer.handle;
    batch->wake = false;
    batch->changed = false;
    batch->doubtful = false;
    int r = handle->backend->frame(handle, alone ? FRAME_BEGIN_ALONE : FRAME_BEGIN_BATCH);
    for (size_t i = 0; r == 0 && i < batch->count; i++) {
        batch->results[i] = run_in_savepoint(store, batch->jobs[i], batch);
        r = handle->broken;
        struct store_job *more = r == 0 && i + 1 == batch->count ? take_another(store, batch) : NULL;
        if (more)
            batch->jobs[batch->count++] = more;
    }
    if (r == 0) {
        struct commit commit = {.wake = batch->wake};
        if (batch->changed && handle->backend->settle) {
            id_new(store->options.env, "job", batch->id);
            commit.batch = batch->id;
        }
        r = handle->backend->commit(handle, &commit);
        batch->doubtful = r == ERR_UNAVAILABLE && commit.batch;
    }
    batch->again = r < 0 && handle->broken == r;
    if (r < 0)
        handle->backend->rollback(handle);
    return r;
}

static void batch_answer(struct store *store, struct batch *batch)
{
    if (batch->changed && store->options.on_commit)
        store->options.on_commit(store->options.on_commit_data, batch->wake);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->jobs[i]->done)
            batch->jobs[i]->done(batch->jobs[i], batch->results[i]);
}

/* --- a database that is lost, and one that has others
 * -----------------------------------------------------------------
 */

/* Connects a handle again, unless that failed a moment ago. 0 or ERR_UNAVAILABLE. */
static int lane_mend(struct lane *lane)
{
    struct handle *handle = &lane->handle;
    if (handle->backend && handle->broken != ERR_UNAVAILABLE)
        return 0;
    if (monotonic_ms() < lane->next_try)
        return ERR_UNAVAILABLE;
    char why[STORE_WHY_BYTES] = "";
    if (handle_reopen(handle, why, sizeof(why)) == 0) {
        lane->failures = 0;
        return 0;
    }
    int64_t pause = RECONNECT_MIN_MS << MIN_OF(lane->failures, RECONNECT_DOUBLINGS);
    lane->failures++;
    lane->next_try = monotonic_ms() + pause;
    return ERR_UNAVAILABLE;
}

/* While one batch waits for its outcome nobody else has to. */
static void refuse_waiting(struct store *store)
{
    for (;;) {
        (void)pthread_mutex_lock(&store->mutex);
        struct store_job *job = take_write(store);
        (void)pthread_mutex_unlock(&store->mutex);
        if (!job)
            return;
        if (job->done)
            job->done(job, ERR_UNAVAILABLE);
    }
}

static bool is_closing(struct store *store)
{
    (void)pthread_mutex_lock(&store->mutex);
    bool closing = store->closing;
    (void)pthread_mutex_unlock(&store->mutex);
    return closing;
}

/*
 * The connection was lost while the batch was committed: whether it is in the database is found out before anybody is
 * answered. 1 it is, 0 it is not and never will be, ERR_UNAVAILABLE when the store is closed before the database is
 * back.
 */
static int settle(struct store *store, const struct batch *batch)
{
    struct lane *lane = &store->writer;
    for (;;) {
        int r = lane_mend(lane);
        if (r == 0)
            r = lane->handle.backend->settle(&lane->handle, batch->id);
        if (r >= 0)
            return r;
        if (is_closing(store))
            return ERR_UNAVAILABLE;
        if (store->reader_count > 0)
            refuse_waiting(store);
        (void)usleep(SETTLE_PAUSE_US);
    }
}

/* A random part of it: nodes that got in each other's way do not meet again. */
static void pause_after_conflict(int attempt)
{
    uint32_t most = UINT32_C(1000) << MIN_OF(attempt, BATCH_PAUSE_DOUBLINGS);
    (void)usleep(env_below(env_real(), most));
}

/*
 * The one place where jobs are run again: after a conflict with another node, and when the connection was lost. Who
 * writes little is done before who writes much: without a turn of its own a large batch would fail as long as others
 * write.
 */
static void batch_run(struct store *store, struct batch *batch)
{
    int r = 0;
    int lost = 0;
    batch->began = monotonic_ms();
    batch->again = true;
    for (int attempt = 0; batch->again && attempt < BATCH_ATTEMPTS && lost <= LOST_ATTEMPTS; attempt++) {
        if (r == ERR_BUSY)
            pause_after_conflict(attempt);
        r = lane_mend(&store->writer);
        if (r < 0)
            break;
        r = batch_try(store, batch, attempt >= BATCH_TOGETHER && attempt % 2);
        lost += r == ERR_UNAVAILABLE;
        if (batch->doubtful) {
            int settled = settle(store, batch);
            batch->again = settled == 0;
            r = settled > 0 ? 0 : ERR_UNAVAILABLE;
        }
    }
    if (r < 0)
        batch_fail(batch, r);
    else
        __atomic_add_fetch(&store->commits, 1, __ATOMIC_RELAXED);
}

static int read_once(struct store *store, struct lane *lane, struct store_job *job)
{
    struct handle *handle = &lane->handle;
    handle->read_deadline = monotonic_ms() + LIMIT_READ_MS;
    int r = handle->backend->frame(handle, FRAME_BEGIN);
    if (r == 0) {
        struct tx tx = tx_begin(store, lane, &job->origin, false);
        r = job->run(&tx, job->arg);
        if (handle->broken)
            r = handle->broken;
        handle->backend->rollback(handle);
    }
    handle->read_deadline = 0;
    return r;
}

static int run_read(struct store *store, struct lane *lane, struct store_job *job)
{
    int r = ERR_UNAVAILABLE;
    for (int lost = 0; r == ERR_UNAVAILABLE && lost <= LOST_ATTEMPTS; lost++) {
        r = lane_mend(lane);
        if (r < 0)
            break;
        r = read_once(store, lane, job);
    }
    return r;
}

/* --- threads -------------------------------------------------------------------------------------------------------
 */

static void *writer_main(void *arg)
{
    struct store *store = arg;
    struct batch *batch = NEW(struct batch);
    for (;;) {
        (void)pthread_mutex_lock(&store->mutex);
        struct store_job *job = take_write(store);
        while (!job && !store->closing) {
            (void)pthread_cond_wait(&store->writer_wakes, &store->mutex);
            job = take_write(store);
        }
        (void)pthread_mutex_unlock(&store->mutex);
        if (!job)
            break;
        *batch = (struct batch){.jobs = {job}, .count = 1};
        batch_run(store, batch);
        batch_answer(store, batch);
    }
    free(batch);
    return NULL;
}

static void *reader_main(void *arg)
{
    struct lane *lane = arg;
    struct store *store = lane->store;
    for (;;) {
        (void)pthread_mutex_lock(&store->mutex);
        struct store_job *job = queue_pop(&store->reads);
        while (!job && !store->closing) {
            (void)pthread_cond_wait(&store->readers_wake, &store->mutex);
            job = queue_pop(&store->reads);
        }
        (void)pthread_mutex_unlock(&store->mutex);
        if (!job)
            return NULL;
        int result = run_read(store, lane, job);
        if (job->done)
            job->done(job, result);
    }
}

/* --- submitting ----------------------------------------------------------------------------------------------------
 */

static void write_in_line(struct store *store, struct store_job *job)
{
    assert(!store->in_line_busy);
    store->in_line_busy = true;
    struct batch *batch = NEW(struct batch);
    *batch = (struct batch){.jobs = {job}, .count = 1};
    batch_run(store, batch);
    store->in_line_busy = false;
    batch_answer(store, batch);
    free(batch);
}

void store_write(struct store *store, struct store_job *job)
{
    if (store->reader_count == 0) {
        write_in_line(store, job);
        return;
    }
    (void)pthread_mutex_lock(&store->mutex);
    queue_push(job->urgent ? &store->urgent : &store->normal, job);
    (void)pthread_cond_signal(&store->writer_wakes);
    (void)pthread_mutex_unlock(&store->mutex);
}

void store_read(struct store *store, struct store_job *job)
{
    if (store->reader_count == 0) {
        assert(!store->in_line_busy);
        store->in_line_busy = true;
        int result = run_read(store, &store->writer, job);
        store->in_line_busy = false;
        if (job->done)
            job->done(job, result);
        return;
    }
    (void)pthread_mutex_lock(&store->mutex);
    queue_push(&store->reads, job);
    (void)pthread_cond_signal(&store->readers_wake);
    (void)pthread_mutex_unlock(&store->mutex);
}

struct waiter {
    struct store_job job;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool finished;
    int result;
};

static void waiter_done(struct store_job *job, int result)
{
    struct waiter *waiter = CONTAINER_OF(job, struct waiter, job);
    (void)pthread_mutex_lock(&waiter->mutex);
    waiter->result = result;
    waiter->finished = true;
    (void)pthread_cond_signal(&waiter->cond);
    (void)pthread_mutex_unlock(&waiter->mutex);
}

static int submit_and_wait(struct store *store, const struct origin *origin, tx_fn run, void *arg, bool writing)
{
    static const struct origin system_origin = {
        .actor_id = "system", .actor_type = "SystemPrincipal", .actor_name = "Muster", .job = true};
    struct waiter waiter = {.job = {.run = run, .arg = arg, .done = waiter_done},
                            .mutex = PTHREAD_MUTEX_INITIALIZER,
                            .cond = PTHREAD_COND_INITIALIZER};
    waiter.job.origin = origin ? *origin : system_origin;
    if (writing)
        store_write(store, &waiter.job);
    else
        store_read(store, &waiter.job);
    (void)pthread_mutex_lock(&waiter.mutex);
    while (!waiter.finished)
        (void)pthread_cond_wait(&waiter.cond, &waiter.mutex);
    (void)pthread_mutex_unlock(&waiter.mutex);
    return waiter.result;
}

int store_write_wait(struct store *store, const struct origin *origin, tx_fn run, void *arg)
{
    return submit_and_wait(store, origin, run, arg, true);
}

int store_read_wait(struct store *store, tx_fn run, void *arg)
{
    return submit_and_wait(store, NULL, run, arg, false);
}

/* --- opening and closing -------------------------------------------------------------------------------------------
 */

static int start_lane(struct lane *lane, void *(*body)(void *), void *arg, char *ret_why, size_t why_size)
{
    if (pthread_create(&lane->thread, NULL, body, arg) != 0) {
        (void)snprintf(ret_why, why_size, "cannot start a thread for the store");
        return ERR_IO;
    }
    lane->started = true;
    return 0;
}

static int open_lane(struct store *store, struct lane *lane, bool reader, char *ret_why, size_t why_size)
{
    lane->store = store;
    lane->arena = arena_new();
    return handle_open(&lane->handle, &store->options, reader, ret_why, why_size);
}

static int open_all(struct store *store, char *ret_why, size_t why_size)
{
    int r = open_lane(store, &store->writer, false, ret_why, why_size);
    if (r == 0)
        r = migrate(&store->writer.handle, store->options.rooms, ret_why, why_size);
    for (int i = 0; r == 0 && i < store->reader_count; i++) {
        r = open_lane(store, &store->readers[i], true, ret_why, why_size);
        if (r == 0)
            r = start_lane(&store->readers[i], reader_main, &store->readers[i], ret_why, why_size);
    }
    if (r == 0 && store->reader_count > 0)
        r = start_lane(&store->writer, writer_main, store, ret_why, why_size);
    if (r == 0 && store->options.shared && store->reader_count > 0 && store_is_postgresql(store->path))
        r = listener_start(&store->listener, &store->options, ret_why, why_size);
    return r;
}

int store_open(struct store **ret, const struct store_options *options, char *ret_why, size_t why_size)
{
    char nowhere[STORE_WHY_BYTES];
    if (!ret_why) {
        ret_why = nowhere;
        why_size = sizeof(nowhere);
    }
    ret_why[0] = '\0';
    struct store *store = NEW(struct store);
    store->options = *options;
    store->path = mem_strdup(options->path);
    store->options.path = store->path;
    id_new(env_real(), "sto", store->instance); /* never of a test: others have to differ */
    store->options._instance = store->instance;
    store->reader_count = MIN_OF(options->readers, READERS_MAX);
    (void)pthread_mutex_init(&store->mutex, NULL);
    (void)pthread_cond_init(&store->writer_wakes, NULL);
    (void)pthread_cond_init(&store->readers_wake, NULL);
    queue_init(&store->urgent);
    queue_init(&store->normal);
    queue_init(&store->reads);
    int r = open_all(store, ret_why, why_size);
    if (r < 0) {
        if (ret_why[0] == '\0')
            (void)snprintf(ret_why, why_size, "cannot open the store %s: %s", options->path, err_text(r));
        store_close(store);
        return r;
    }
    *ret = store;
    return 0;
}

int store_probe(const char *location, char *ret_why, size_t why_size)
{
    struct handle handle;
    const struct store_options options = {.path = location, .read_only = true};
    ret_why[0] = '\0';
    if (!store_is_postgresql(location) && access(location, F_OK) != 0)
        return 0;
    int r = handle_open(&handle, &options, false, ret_why, why_size);
    if (r == 0)
        r = handle.backend->inspect(&handle, ret_why, why_size);
    handle_close(&handle);
    if (r < 0 && !ret_why[0])
        (void)snprintf(ret_why, why_size, "%s", err_text(r));
    return r;
}

static void close_lane(struct lane *lane)
{
    if (lane->started)
        (void)pthread_join(lane->thread, NULL);
    handle_close(&lane->handle);
    arena_free(lane->arena);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    (void)pthread_mutex_lock(&store->mutex);
    store->closing = true;
    (void)pthread_cond_broadcast(&store->writer_wakes);
    (void)pthread_cond_broadcast(&store->readers_wake);
    (void)pthread_mutex_unlock(&store->mutex);
    for (int i = 0; i < store->reader_count; i++)
        close_lane(&store->readers[i]);
    store->listener = listener_stop(store->listener);
    close_lane(&store->writer); /* last: the handle that checkpoints the log */
    (void)pthread_mutex_destroy(&store->mutex);
    (void)pthread_cond_destroy(&store->writer_wakes);
    (void)pthread_cond_destroy(&store->readers_wake);
    free(store->path);
    free(store);
}

int store_backup(struct store *store, const char *path)
{
    if (!backend_of(store->path)->backup)
        return ERR_UNSUPPORTED;
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? ERR_EXISTS : ERR_IO;
    (void)close(fd);
    char why[STORE_WHY_BYTES];
    struct handle from = {0};
    int r = handle_open(&from, &store->options, true, why, sizeof(why));
    if (r == 0)
        r = from.backend->backup(&from, path);
    handle_close(&from);
    if (r < 0)
        (void)unlink(path);
    return r;
}

void store_stats(struct store *store, struct store_stats *ret)
{
    *ret = (struct store_stats){.commits = __atomic_load_n(&store->commits, __ATOMIC_RELAXED),
                                .jobs = __atomic_load_n(&store->jobs, __ATOMIC_RELAXED),
                                .statements = __atomic_load_n(store->writer.handle.counter, __ATOMIC_RELAXED)};
    for (int i = 0; i < store->reader_count; i++)
        ret->statements += __atomic_load_n(store->readers[i].handle.counter, __ATOMIC_RELAXED);
}
