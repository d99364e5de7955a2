// SPDX-License-Identifier: Apache-2.0
// The readiness loop: file descriptors, timers, signals and wake-ups from other threads, by libev.
// One loop belongs to one thread; only loop_post may be called from others.
//
// Fork: a child (without exec) makes a loop of its own with loop_new and never runs or arms a
// watcher on the loop that it inherited, whose kernel side it shares with its parent. It may stop
// the inherited watchers and free that loop.
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/**
 * `is_main`: the loop of the process's main thread, the only one that may watch signals; it also
 * makes the process ignore SIGPIPE, so that a write to a closed socket answers EPIPE.
 */
struct loop *loop_new(bool is_main) MUST_USE;
/** All watchers must be stopped before. Posts that did not run yet are dropped. NULL is fine. */
void loop_free(struct loop *l);

/** Runs until loop_stop, at once back where that was called before. Not from a callback. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/**
 * Calls `before` each time the loop is about to wait in the kernel and `after` when it is back, on
 * its thread; set once, before loop_run. An RCU reader says with them that it holds nothing.
 */
void loop_set_wait_hooks(struct loop *l, void (*before)(void), void (*after)(void));

/** Monotonic time of the current turn, cached by the loop; nanoseconds. */
int64_t loop_now_ns(const struct loop *l);

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/**
 * A watched descriptor. Embedded by the caller, zeroed before use.
 * on_ready may stop or free its own watcher.
 */
struct loop_io {
    void (*on_ready)(struct loop_io *io, unsigned events); /* set by the caller before start */
    void *user;                                            /* the caller's */
    void *impl[8];                                         /* libev's watcher */
    struct loop *loop;                                     /* NULL while stopped */
};
/**
 * Starts, or changes the events of a running watcher; events 0 stops it. Stop before closing fd:
 * asking again for what is watched already costs nothing, not even a look at the descriptor.
 * A descriptor that is not open aborts. Where the kernel has no room for another watch, on_ready is
 * called once with both events and `loop` NULL.
 */
void loop_io_set(struct loop *l, struct loop_io *io, int fd, unsigned events);
void loop_io_stop(struct loop_io *io);

/** A timer; embedded, zeroed before use. */
struct loop_timer {
    void (*on_time)(struct loop_timer *timer);
    void *user;
    void *impl[8];
    struct loop *loop; /* NULL while stopped */
};
/** Starts anew: first after `after_ns`, then each `repeat_ns` (0: once). */
void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t after_ns, int64_t repeat_ns);
void loop_timer_stop(struct loop_timer *timer);

/**
 * A watched signal, main loop only. The signal is blocked and read from a signalfd, so start it
 * before the first thread (threads inherit the mask). It stays blocked after loop_signal_stop: a
 * second SIGTERM does not turn an orderly end into a kill. Signals of one number may merge.
 */
struct loop_signal {
    void (*on_signal)(struct loop_signal *sig, int signo);
    void *user;
    void *impl[8];
    struct loop *loop; /* NULL while stopped */
};
void loop_signal_set(struct loop *l, struct loop_signal *sig, int signo);
void loop_signal_stop(struct loop_signal *sig);

/**
 * Runs `fn(arg)` on the loop's thread, in order of posting. Any thread. Bounded by the poster:
 * whoever posts must have at most a known number of posts outstanding.
 */
void loop_post(struct loop *l, void (*fn)(void *arg), void *arg);

#endif
