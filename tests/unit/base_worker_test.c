/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct log {
    int order[64];
    int count;
    sem_t started;
    sem_t go;
};

struct note {
    struct log *log;
    int number;
};

static void write_note(void *arg)
{
    struct note *note = arg;
    note->log->order[note->log->count++] = note->number;
}

static void wait_for_go(void *arg)
{
    struct log *log = arg;
    sem_post(&log->started);
    sem_wait(&log->go);
}

static void runs_in_order_and_finishes_what_is_queued(void **state)
{
    (void)state;
    struct log log = {0};
    struct note notes[40];
    struct worker *worker = worker_new(40);
    for (int i = 0; i < 40; i++) {
        notes[i] = (struct note){&log, i};
        assert_int_equal(worker_submit(worker, write_note, &notes[i]), 0);
    }
    worker_free(worker);
    assert_int_equal(log.count, 40);
    for (int i = 0; i < 40; i++)
        assert_int_equal(log.order[i], i);
    worker_free(NULL);
}

static void full_queue_is_busy(void **state)
{
    (void)state;
    struct log log = {0};
    struct note notes[3] = {{&log, 0}, {&log, 1}, {&log, 2}};
    sem_init(&log.started, 0, 0);
    sem_init(&log.go, 0, 0);
    struct worker *worker = worker_new(2);
    assert_int_equal(worker_submit(worker, wait_for_go, &log), 0);
    sem_wait(&log.started); /* taken from the queue: two places are free */
    assert_int_equal(worker_submit(worker, write_note, &notes[0]), 0);
    assert_int_equal(worker_submit(worker, write_note, &notes[1]), 0);
    assert_int_equal(worker_submit(worker, write_note, &notes[2]), ERR_BUSY);
    sem_post(&log.go);
    worker_free(worker);
    assert_int_equal(log.count, 2);
    sem_destroy(&log.started);
    sem_destroy(&log.go);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_in_order_and_finishes_what_is_queued),
        cmocka_unit_test(full_queue_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
