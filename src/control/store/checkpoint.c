// SPDX-License-Identifier: Apache-2.0
// The checkpointing thread of a store: sleeps until a commit has made a log long, then copies it
// while readers and writers go on. Started and stopped by store_open and store_close.
#include "control/store/checkpoint_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "control/store/sql_priv.h"
#include "os/process.h"

#include <pthread.h>
#include <signal.h>

/** A crash is reported by the thread that crashes; every other signal is the main thread's. */
static const int own_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

struct checkpointer {
    struct sql *sql; /* the thread's alone */
    pthread_t thread;

    pthread_mutex_t lock; /* guards the two below */
    pthread_cond_t changed;
    bool is_wanted;
    bool is_stopping;
};

static bool wait_for_work(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    while (!c->is_wanted && !c->is_stopping)
        pthread_cond_wait(&c->changed, &c->lock);
    bool goes_on = !c->is_stopping;
    c->is_wanted = false;
    pthread_mutex_unlock(&c->lock);
    return goes_on;
}

static void *checkpointer_main(void *arg)
{
    struct checkpointer *c = (struct checkpointer *)arg;
    crash_report_thread_start();
    while (wait_for_work(c))
        sql_checkpoint(c->sql);
    return NULL;
}

struct checkpointer *checkpointer_new(struct sql *sql)
{
    struct checkpointer *c = NEW(struct checkpointer);
    c->sql = sql;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    sigset_t others;
    sigset_t before;
    sigfillset(&others);
    for (size_t i = 0; i < ARRAY_LEN(own_signals); i++)
        sigdelset(&others, own_signals[i]);
    CHECK(pthread_sigmask(SIG_BLOCK, &others, &before) == 0);
    int failure = pthread_create(&c->thread, NULL, checkpointer_main, c);
    CHECK_MSG(failure == 0, "no checkpointing thread: error %d", failure);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return c;
}

void checkpointer_wake(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    c->is_wanted = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void checkpointer_free(struct checkpointer *c)
{
    if (c == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    c->is_stopping = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    CHECK(pthread_join(c->thread, NULL) == 0);
    sql_close(c->sql);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    mem_cleanup(&c);
}
