// SPDX-License-Identifier: Apache-2.0
// The readiness loop over libev, always a private libev loop on epoll, never libev's default one:
// that one and ev_signal keep process-wide state (a handler, a wake-up pipe) which a forked child
// would share with its parent. Signals come from signalfd(2) instead, posts through an eventfd.
// Called by everything that waits, on the loop's thread; loop_post on any.
#include "os/loop.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/list.h"
#include "base/time.h"

#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/** A call that waits for the loop's thread. Owner: the loop, from loop_post until it ran. */
struct post {
    struct list node; /* in loop.posts, then in the batch that runs */
    void (*fn)(void *arg);
    void *arg;
};

struct loop {
    struct ev_loop *ev;
    int64_t now_ns; /* monotonic clock when this turn's events were gathered */
    bool is_main;
    bool is_running;
    bool stop_asked; /* loop_stop was called since the last loop_run returned */

    void (*before_wait)(void); /* loop_set_wait_hooks */
    void (*after_wait)(void);

    int wake_fd; /* eventfd, readable while posts wait */
    struct loop_io wake;
    pthread_mutex_t posts_lock; /* guards posts */
    struct list posts;          /* struct post, oldest first */
};

/** What loop_signal.impl holds. */
struct signal_watcher {
    struct ev_io io;
    int fd; /* signalfd of the one signal */
    int signo;
};

_Static_assert(sizeof(struct ev_io) <= sizeof(((struct loop_io *)NULL)->impl), "ev_io fits");
_Static_assert(sizeof(struct ev_timer) <= sizeof(((struct loop_timer *)NULL)->impl),
               "ev_timer fits");
_Static_assert(sizeof(struct signal_watcher) <= sizeof(((struct loop_signal *)NULL)->impl),
               "signal_watcher fits");
_Static_assert((int)LOOP_READ == (int)EV_READ && (int)LOOP_WRITE == (int)EV_WRITE, "same bits");

/** Called by libev once the events of a turn are gathered, before their callbacks. */
static void begin_turn(struct ev_loop *ev)
{
    struct loop *l = (struct loop *)ev_userdata(ev);
    l->now_ns = time_monotonic_ns();
    ev_invoke_pending(ev);
}

static void run_posts(struct loop_io *io, unsigned events)
{
    (void)events;
    struct loop *l = (struct loop *)io->user;
    uint64_t count = 0;
    ssize_t got = read(l->wake_fd, &count, sizeof(count));
    (void)got; /* an empty eventfd only means that an earlier turn took the posts */

    /* `batch` takes the place of the list's head, so that posts made meanwhile wait a turn. */
    struct list batch;
    pthread_mutex_lock(&l->posts_lock);
    list_push_back(&l->posts, &batch);
    list_remove(&l->posts);
    pthread_mutex_unlock(&l->posts_lock);

    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &batch) {
        struct post *post = LIST_ENTRY(node, struct post, node);
        post->fn(post->arg);
        free(post);
    }
}

struct loop *loop_new(bool is_main)
{
    struct loop *l = NEW(struct loop);
    l->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV | EVBACKEND_EPOLL);
    CHECK_MSG(l->ev != NULL, "no epoll instance for a loop");
    ev_set_userdata(l->ev, l);
    ev_set_invoke_pending_cb(l->ev, begin_turn);
    l->now_ns = time_monotonic_ns();
    l->is_main = is_main;
    if (is_main)
        (void)signal(SIGPIPE, SIG_IGN);

    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK_MSG(l->wake_fd >= 0, "no eventfd for a loop");
    pthread_mutex_init(&l->posts_lock, NULL);
    list_init(&l->posts);
    l->wake.on_ready = run_posts;
    l->wake.user = l;
    loop_io_set(l, &l->wake, l->wake_fd, LOOP_READ);
    return l;
}

void loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    CHECK(!l->is_running);
    loop_io_stop(&l->wake);
    ev_loop_destroy(l->ev);
    close(l->wake_fd);
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &l->posts)
        free(LIST_ENTRY(node, struct post, node));
    pthread_mutex_destroy(&l->posts_lock);
    free(l);
}

void loop_run(struct loop *l)
{
    CHECK(!l->is_running);
    l->is_running = true;
    if (!l->stop_asked)
        ev_run(l->ev, 0);
    l->is_running = false;
    l->stop_asked = false;
}

void loop_stop(struct loop *l)
{
    l->stop_asked = true;
    ev_break(l->ev, EVBREAK_ONE);
}

static void begin_wait(struct ev_loop *ev)
{
    ((struct loop *)ev_userdata(ev))->before_wait();
}

static void end_wait(struct ev_loop *ev)
{
    ((struct loop *)ev_userdata(ev))->after_wait();
}

void loop_set_wait_hooks(struct loop *l, void (*before)(void), void (*after)(void))
{
    CHECK(!l->is_running && before != NULL && after != NULL);
    l->before_wait = before;
    l->after_wait = after;
    ev_set_loop_release_cb(l->ev, begin_wait, end_wait);
}

int64_t loop_now_ns(const struct loop *l)
{
    return l->now_ns;
}

static void io_ready(struct ev_loop *ev, struct ev_io *watcher, int events)
{
    (void)ev;
    struct loop_io *io = (struct loop_io *)watcher->data;
    if (!ev_is_active(watcher)) /* libev gave the descriptor up */
        io->loop = NULL;
    io->on_ready(io, (unsigned)events & (LOOP_READ | LOOP_WRITE));
}

void loop_io_set(struct loop *l, struct loop_io *io, int fd, unsigned events)
{
    CHECK((events & ~(unsigned)(LOOP_READ | LOOP_WRITE)) == 0);
    if (events == 0) {
        loop_io_stop(io);
        return;
    }
    CHECK(fd >= 0 && io->on_ready != NULL);
    CHECK(io->loop == NULL || io->loop == l);
    struct ev_io *watcher = (struct ev_io *)(void *)io->impl;
    if (io->loop == NULL) {
        ev_io_init(watcher, io_ready, fd, (int)events);
        watcher->data = io;
    } else if (watcher->fd != fd) {
        ev_io_stop(l->ev, watcher);
        ev_io_set(watcher, fd, (int)events);
    } else if (watcher->events != (int)events) {
        ev_io_stop(l->ev, watcher);
        ev_io_modify(watcher, (int)events);
    }
    ev_io_start(l->ev, watcher);
    io->loop = l;
}

void loop_io_stop(struct loop_io *io)
{
    if (io->loop == NULL)
        return;
    ev_io_stop(io->loop->ev, (struct ev_io *)(void *)io->impl);
    io->loop = NULL;
}

static void timer_due(struct ev_loop *ev, struct ev_timer *watcher, int events)
{
    (void)ev;
    (void)events;
    struct loop_timer *timer = (struct loop_timer *)watcher->data;
    if (!ev_is_active(watcher)) /* it was to run once */
        timer->loop = NULL;
    timer->on_time(timer);
}

static double to_seconds(int64_t ns)
{
    return ns > 0 ? (double)ns / (double)NS_PER_S : 0.0;
}

void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t after_ns, int64_t repeat_ns)
{
    CHECK(timer->on_time != NULL);
    loop_timer_stop(timer);
    if (!l->is_running)
        ev_now_update(l->ev); /* its clock stood still since the last turn */
    struct ev_timer *watcher = (struct ev_timer *)(void *)timer->impl;
    ev_timer_init(watcher, timer_due, to_seconds(after_ns), to_seconds(repeat_ns));
    watcher->data = timer;
    ev_timer_start(l->ev, watcher);
    timer->loop = l;
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer->loop == NULL)
        return;
    ev_timer_stop(timer->loop->ev, (struct ev_timer *)(void *)timer->impl);
    timer->loop = NULL;
}

static void signal_ready(struct ev_loop *ev, struct ev_io *io, int events)
{
    (void)ev;
    (void)events;
    struct loop_signal *sig = (struct loop_signal *)io->data;
    const struct signal_watcher *watcher = (const struct signal_watcher *)(void *)sig->impl;
    struct signalfd_siginfo info;
    if (read(watcher->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        sig->on_signal(sig, watcher->signo);
}

void loop_signal_set(struct loop *l, struct loop_signal *sig, int signo)
{
    CHECK(l->is_main && sig->on_signal != NULL);
    loop_signal_stop(sig);
    sigset_t mask;
    sigemptyset(&mask);
    CHECK(sigaddset(&mask, signo) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, &mask, NULL) == 0);

    struct signal_watcher *watcher = (struct signal_watcher *)(void *)sig->impl;
    watcher->signo = signo;
    watcher->fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK_MSG(watcher->fd >= 0, "no signalfd for signal %d", signo);
    ev_io_init(&watcher->io, signal_ready, watcher->fd, EV_READ);
    watcher->io.data = sig;
    ev_io_start(l->ev, &watcher->io);
    sig->loop = l;
}

void loop_signal_stop(struct loop_signal *sig)
{
    if (sig->loop == NULL)
        return;
    struct signal_watcher *watcher = (struct signal_watcher *)(void *)sig->impl;
    ev_io_stop(sig->loop->ev, &watcher->io);
    close(watcher->fd);
    sig->loop = NULL;
}

void loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
    struct post *post = NEW(struct post);
    post->fn = fn;
    post->arg = arg;
    pthread_mutex_lock(&l->posts_lock);
    bool is_first = list_is_empty(&l->posts);
    list_push_back(&l->posts, &post->node);
    pthread_mutex_unlock(&l->posts_lock);
    if (is_first)
        CHECK(eventfd_write(l->wake_fd, 1) == 0);
}
