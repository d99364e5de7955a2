// SPDX-License-Identifier: Apache-2.0
// A bounded pool of worker threads. Roles submit from their loop's thread; workers run the jobs
// and hand them back through an eventfd that the loop watches.
//
//     pool_submit -> waiting -> worker: run -> done -> loop: on_done
//
// 1. A job is in exactly one of: waiting, in a worker's hands, done, the loop's batch.
// 2. open_count, of those that wait or are in a worker's hands, is at most thread_count +
//    queue_limit.
// 3. The eventfd is readable whenever done is not empty and no batch has been taken since.
#include "os/pool.h"

#include "base/alloc.h"
#include "base/check.h"
#include "os/crash_priv.h"
#include "os/limits.h"
#include "os/process.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/** First in, first out, through pool_job.next. */
struct job_queue {
    struct pool_job *first;
    struct pool_job **last_next; /* where the next job's address goes */
};

struct worker {
    struct pool *pool;
    unsigned index;
    pthread_t thread;
};

struct pool {
    struct pool_options options;
    struct worker *workers; /* options.thread_count of them */
    int done_fd;            /* eventfd */
    struct loop_io done_io; /* the loop's thread only */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work;  /* a job waits, or the pool stops */
    struct job_queue waiting;
    struct job_queue done;
    unsigned open_count; /* submitted and not yet done */
    bool is_stopping;
};

static void queue_init(struct job_queue *q)
{
    q->first = NULL;
    q->last_next = &q->first;
}

static void queue_push(struct job_queue *q, struct pool_job *job)
{
    job->next = NULL;
    *q->last_next = job;
    q->last_next = &job->next;
}

static struct pool_job *queue_pop(struct job_queue *q)
{
    struct pool_job *job = q->first;
    if (job == NULL)
        return NULL;
    q->first = job->next;
    if (q->first == NULL)
        q->last_next = &q->first;
    return job;
}

/** Waits for the next job; NULL once the pool stops and nothing waits. */
static struct pool_job *take_job(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->waiting.first == NULL && !p->is_stopping)
        pthread_cond_wait(&p->work, &p->lock);
    struct pool_job *job = queue_pop(&p->waiting);
    pthread_mutex_unlock(&p->lock);
    return job;
}

static void give_back(struct pool *p, struct pool_job *job)
{
    pthread_mutex_lock(&p->lock);
    bool is_first = p->done.first == NULL;
    queue_push(&p->done, job);
    p->open_count--;
    pthread_mutex_unlock(&p->lock);
    if (is_first)
        CHECK(eventfd_write(p->done_fd, 1) == 0);
}

static void *worker_main(void *arg)
{
    const struct worker *w = (const struct worker *)arg;
    struct pool *p = w->pool;
    const struct pool_options *o = &p->options;
    crash_report_thread_start();
    void *state = o->worker_start != NULL ? o->worker_start(o->user, w->index) : NULL;
    struct pool_job *job;
    while ((job = take_job(p)) != NULL) {
        job->run(job, state);
        give_back(p, job);
    }
    if (o->worker_stop != NULL)
        o->worker_stop(state);
    return NULL;
}

static void run_completions(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    struct pool_job *job = p->done.first;
    queue_init(&p->done);
    pthread_mutex_unlock(&p->lock);
    while (job != NULL) {
        struct pool_job *next = job->next; /* on_done may free the job */
        job->on_done(job);
        job = next;
    }
}

static void completions_ready(struct loop_io *io, unsigned events)
{
    (void)events;
    struct pool *p = (struct pool *)io->user;
    uint64_t count = 0;
    ssize_t got = read(p->done_fd, &count, sizeof(count));
    (void)got; /* an empty eventfd only means that an earlier turn took the jobs */
    run_completions(p);
}

/** Threads inherit the mask: only a crash is theirs to see. */
static void start_threads(struct pool *p)
{
    sigset_t mask;
    sigset_t before;
    sigfillset(&mask);
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
        sigdelset(&mask, crash_signals[i]);
    CHECK(pthread_sigmask(SIG_BLOCK, &mask, &before) == 0);
    for (unsigned i = 0; i < p->options.thread_count; i++) {
        struct worker *w = &p->workers[i];
        w->pool = p;
        w->index = i;
        int failure = pthread_create(&w->thread, NULL, worker_main, w);
        CHECK_MSG(failure == 0, "no worker thread: error %d", failure);
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

struct pool *pool_new(struct loop *loop, const struct pool_options *options)
{
    CHECK(options->thread_count > 0 && options->thread_count <= POOL_THREADS_MAX);
    struct pool *p = NEW(struct pool);
    p->options = *options;
    p->workers = (struct worker *)mem_new(options->thread_count, sizeof(struct worker));
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    queue_init(&p->waiting);
    queue_init(&p->done);
    p->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK_MSG(p->done_fd >= 0, "no eventfd for a pool");
    p->done_io.on_ready = completions_ready;
    p->done_io.user = p;
    loop_io_set(loop, &p->done_io, p->done_fd, LOOP_READ);
    start_threads(p);
    return p;
}

bool pool_submit(struct pool *p, struct pool_job *job)
{
    pthread_mutex_lock(&p->lock);
    bool has_room = p->open_count < p->options.thread_count + p->options.queue_limit;
    bool is_taken = has_room && !p->is_stopping;
    if (is_taken) {
        queue_push(&p->waiting, job);
        p->open_count++;
        pthread_cond_signal(&p->work);
    }
    pthread_mutex_unlock(&p->lock);
    return is_taken;
}

void pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->is_stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->options.thread_count; i++)
        CHECK(pthread_join(p->workers[i].thread, NULL) == 0);
    run_completions(p);
    loop_io_stop(&p->done_io);
    close(p->done_fd);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p);
}
