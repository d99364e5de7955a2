// SPDX-License-Identifier: Apache-2.0
// Tests of os/pool.h.
#include "os/pool.h"

#include "base/macros.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/** Shared by the jobs of one test. */
struct bench {
    struct loop *loop;
    struct pool *pool;
    unsigned done_count; /* the loop's thread only */
    unsigned stop_after;
    unsigned refused_count;
    atomic_uint started;   /* worker states made */
    atomic_uint stopped;   /* and given back */
    pthread_mutex_t gate;  /* held by the test: jobs wait */
    pthread_t loop_thread; /* the test's own */
};

struct counted_job {
    struct pool_job job;
    struct bench *bench;
    unsigned value; /* plain: the pool's hand-over orders it */
    bool ran_on_loop_thread;
};

static void square(struct pool_job *job, void *worker_state)
{
    struct counted_job *c = CONTAINER_OF(job, struct counted_job, job);
    (void)worker_state;
    pthread_mutex_lock(&c->bench->gate);
    pthread_mutex_unlock(&c->bench->gate);
    c->value *= c->value;
    c->ran_on_loop_thread = pthread_equal(pthread_self(), c->bench->loop_thread) != 0;
}

static void count_done(struct pool_job *job)
{
    struct bench *b = CONTAINER_OF(job, struct counted_job, job)->bench;
    assert_true(pthread_equal(pthread_self(), b->loop_thread));
    b->done_count++;
    if (b->done_count == b->stop_after)
        loop_stop(b->loop);
}

static void *start_worker(void *user, unsigned index)
{
    struct bench *b = (struct bench *)user;
    (void)index;
    atomic_fetch_add(&b->started, 1);
    return b;
}

static void stop_worker(void *worker_state)
{
    struct bench *b = (struct bench *)worker_state;
    atomic_fetch_add(&b->stopped, 1);
}

static void bench_init(struct bench *b, unsigned thread_count, unsigned queue_limit)
{
    memset(b, 0, sizeof(*b));
    pthread_mutex_init(&b->gate, NULL);
    b->loop_thread = pthread_self();
    b->loop = loop_new(false);
    struct pool_options options = {.thread_count = thread_count,
                                   .queue_limit = queue_limit,
                                   .worker_start = start_worker,
                                   .worker_stop = stop_worker,
                                   .user = b};
    b->pool = pool_new(b->loop, &options);
}

static void bench_fini(struct bench *b)
{
    pool_free(b->pool);
    loop_free(b->loop);
    pthread_mutex_destroy(&b->gate);
}

static struct counted_job counted(struct bench *b, unsigned value)
{
    return (struct counted_job){
        .job = {.run = square, .on_done = count_done}, .bench = b, .value = value};
}

static void jobs_run_on_workers_and_complete_on_the_loop(void **state)
{
    (void)state;
    enum { JOBS = 200 };
    struct bench b;
    bench_init(&b, 4, JOBS);
    b.stop_after = JOBS;
    struct counted_job jobs[JOBS];
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = counted(&b, i);
        assert_true(pool_submit(b.pool, &jobs[i].job));
    }
    loop_run(b.loop);
    for (unsigned i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].value, i * i);
        assert_false(jobs[i].ran_on_loop_thread);
    }
    bench_fini(&b);
    assert_int_equal(b.started, 4);
    assert_int_equal(b.stopped, 4);
}

static void a_full_queue_refuses_and_then_has_room_again(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, 2, 3);
    struct counted_job jobs[6];
    for (unsigned i = 0; i < 6; i++)
        jobs[i] = counted(&b, i);
    pthread_mutex_lock(&b.gate);
    for (unsigned i = 0; i < 5; i++) /* two may run, three wait */
        assert_true(pool_submit(b.pool, &jobs[i].job));
    assert_false(pool_submit(b.pool, &jobs[5].job));
    pthread_mutex_unlock(&b.gate);
    b.stop_after = 5;
    loop_run(b.loop);
    assert_true(pool_submit(b.pool, &jobs[5].job));
    b.stop_after = 6;
    loop_run(b.loop);
    assert_int_equal(jobs[5].value, 25);
    bench_fini(&b);
}

static void freeing_a_pool_finishes_what_was_accepted(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, 1, 9);
    struct counted_job jobs[10];
    for (unsigned i = 0; i < 10; i++) {
        jobs[i] = counted(&b, i);
        assert_true(pool_submit(b.pool, &jobs[i].job));
    }
    bench_fini(&b);
    assert_int_equal(b.done_count, 10);
    assert_int_equal(jobs[9].value, 81);
}

static void submit_again(struct pool_job *job)
{
    struct bench *b = CONTAINER_OF(job, struct counted_job, job)->bench;
    b->done_count++;
    if (b->done_count == b->stop_after)
        loop_stop(b->loop);
    if (!pool_submit(b->pool, job))
        b->refused_count++;
}

static void a_completion_may_submit_until_the_pool_ends(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, 1, 0);
    b.stop_after = 3;
    struct counted_job c = counted(&b, 1);
    c.job.on_done = submit_again;
    assert_true(pool_submit(b.pool, &c.job));
    loop_run(b.loop);
    assert_int_equal(b.refused_count, 0);
    bench_fini(&b);
    assert_int_equal(b.done_count, 4);
    assert_int_equal(b.refused_count, 1);
}

static void check_mask(struct pool_job *job, void *worker_state)
{
    (void)worker_state;
    struct counted_job *c = CONTAINER_OF(job, struct counted_job, job);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    c->value = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGSEGV) == 0;
}

static void workers_leave_signals_to_the_main_thread(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, 1, 0);
    struct counted_job c = counted(&b, 0);
    c.job.run = check_mask;
    assert_true(pool_submit(b.pool, &c.job));
    bench_fini(&b);
    assert_int_equal(c.value, 1);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_on_workers_and_complete_on_the_loop),
        cmocka_unit_test(a_full_queue_refuses_and_then_has_room_again),
        cmocka_unit_test(freeing_a_pool_finishes_what_was_accepted),
        cmocka_unit_test(a_completion_may_submit_until_the_pool_ends),
        cmocka_unit_test(workers_leave_signals_to_the_main_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
