/* SPDX-License-Identifier: Apache-2.0 */
#include "base/worker.h"

#include "base/arena.h"
#include "base/err.h"

#include <pthread.h>

struct task {
    void (*fn)(void *arg);
    void *arg;
};

struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    size_t max;
    size_t first;
    size_t count;
    struct task tasks[]; /* a ring of max */
};

static void *run(void *data)
{
    struct worker *worker = data;
    pthread_mutex_lock(&worker->lock);
    for (;;) {
        while (worker->count == 0 && !worker->stopping)
            pthread_cond_wait(&worker->changed, &worker->lock);
        if (worker->count == 0)
            break;
        struct task task = worker->tasks[worker->first];
        worker->first = (worker->first + 1) % worker->max;
        worker->count--;
        pthread_mutex_unlock(&worker->lock);
        task.fn(task.arg);
        pthread_mutex_lock(&worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

struct worker *worker_new(size_t queue_max)
{
    assert(queue_max > 0 && queue_max < SIZE_MAX / sizeof(struct task) / 2);
    struct worker *worker = mem_new(sizeof(*worker) + queue_max * sizeof(struct task));
    worker->max = queue_max;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
    int r = pthread_create(&worker->thread, NULL, run, worker);
    assert(r == 0); /* at the start of the program: no threads to be had is not survivable */
    return worker;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    (void)pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

int worker_submit(struct worker *worker, void (*fn)(void *arg), void *arg)
{
    int r = ERR_BUSY;
    pthread_mutex_lock(&worker->lock);
    assert(!worker->stopping);
    if (worker->count < worker->max) {
        worker->tasks[(worker->first + worker->count) % worker->max] = (struct task){fn, arg};
        worker->count++;
        pthread_cond_signal(&worker->changed);
        r = 0;
    }
    pthread_mutex_unlock(&worker->lock);
    return r;
}
