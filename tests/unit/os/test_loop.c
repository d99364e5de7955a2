// SPDX-License-Identifier: Apache-2.0
// Tests of os/loop.h.
#include "os/loop.h"

#include "base/alloc.h"
#include "base/time.h"
#include "child.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/** What callbacks leave for the test; every watcher's `user` is one. */
struct notes {
    struct loop *loop;
    unsigned call_count;
    unsigned stop_after; /* calls */
    unsigned events;     /* of the last call */
    int signo;
};

static void note_call(struct notes *notes)
{
    notes->call_count++;
    if (notes->call_count >= notes->stop_after)
        loop_stop(notes->loop);
}

static void note_io(struct loop_io *io, unsigned events)
{
    struct notes *notes = (struct notes *)io->user;
    notes->events = events;
    note_call(notes);
}

static void note_time(struct loop_timer *timer)
{
    note_call((struct notes *)timer->user);
}

static void note_signal(struct loop_signal *sig, int signo)
{
    struct notes *notes = (struct notes *)sig->user;
    notes->signo = signo;
    note_call(notes);
}

/** Runs the loop for so long. */
static void run_for_ms(struct loop *l, int64_t ms)
{
    struct notes end = {.loop = l};
    struct loop_timer timer = {.on_time = note_time, .user = &end};
    loop_timer_set(l, &timer, ms * NS_PER_MS, 0);
    loop_run(l);
    loop_timer_stop(&timer);
}

/* What the hooks of waiting saw; they have no argument. */
static unsigned waits_begun;
static unsigned waits_ended;

static void begin_wait(void)
{
    assert_int_equal(waits_begun, waits_ended);
    waits_begun++;
}

static void end_wait(void)
{
    waits_ended++;
    assert_int_equal(waits_begun, waits_ended);
}

static void note_time_outside_waits(struct loop_timer *timer)
{
    assert_int_equal(waits_begun, waits_ended);
    note_time(timer);
}

static void each_wait_in_the_kernel_is_between_the_hooks_and_no_callback_is(void **state)
{
    (void)state;
    struct loop *l = loop_new(false);
    waits_begun = waits_ended = 0;
    loop_set_wait_hooks(l, begin_wait, end_wait);
    struct notes notes = {.loop = l, .stop_after = 3};
    struct loop_timer timer = {.on_time = note_time_outside_waits, .user = &notes};
    loop_timer_set(l, &timer, NS_PER_MS, NS_PER_MS);
    loop_run(l);
    assert_true(waits_ended >= 3);
    assert_int_equal(waits_begun, waits_ended);
    loop_timer_stop(&timer);
    loop_free(l);
}

static void a_watcher_is_called_for_the_events_it_asked_for(void **state)
{
    (void)state;
    struct loop *l = loop_new(false);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct notes notes = {.loop = l};
    struct loop_io io = {.on_ready = note_io, .user = &notes};
    loop_io_set(l, &io, ends[0], LOOP_READ);
    run_for_ms(l, 1);
    assert_int_equal(notes.call_count, 0); /* the pipe is empty */
    assert_int_equal(write(ends[1], "x", 1), 1);
    loop_run(l);
    assert_int_equal(notes.call_count, 1);
    assert_int_equal(notes.events, LOOP_READ);

    loop_io_set(l, &io, ends[1], LOOP_WRITE); /* another descriptor, other events */
    loop_run(l);
    assert_int_equal(notes.events, LOOP_WRITE);
    loop_io_set(l, &io, ends[1], 0);
    assert_null(io.loop);
    notes.call_count = 0;
    run_for_ms(l, 1);
    assert_int_equal(notes.call_count, 0);
    close(ends[0]);
    close(ends[1]);
    loop_free(l);
}

static void a_descriptor_number_used_again_is_watched_anew(void **state)
{
    (void)state;
    struct loop *l = loop_new(false);
    struct notes notes = {.loop = l};
    struct loop_io io = {.on_ready = note_io, .user = &notes};
    int first_fd = -1;
    for (unsigned i = 1; i <= 3; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        first_fd = first_fd < 0 ? ends[0] : first_fd;
        assert_int_equal(ends[0], first_fd);
        assert_int_equal(write(ends[1], "x", 1), 1);
        loop_io_set(l, &io, ends[0], LOOP_READ);
        loop_run(l);
        assert_int_equal(notes.call_count, i);
        loop_io_stop(&io);
        close(ends[0]);
        close(ends[1]);
    }
    loop_free(l);
}

static void free_watcher(struct loop_io *io, unsigned events)
{
    (void)events;
    loop_stop(io->loop);
    loop_io_stop(io);
    free(io);
}

static void a_callback_may_free_its_watcher(void **state)
{
    (void)state;
    struct loop *l = loop_new(false);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct loop_io *io = NEW(struct loop_io);
    io->on_ready = free_watcher;
    loop_io_set(l, io, ends[1], LOOP_WRITE);
    loop_run(l);
    close(ends[0]);
    close(ends[1]);
    loop_free(l);
}

static void a_timer_runs_once_and_not_early(void **state)
{
    (void)state;
    struct loop *l = loop_new(false);
    int64_t born_ns = loop_now_ns(l);
    while (time_monotonic_ns() < born_ns + 30 * NS_PER_MS)
        continue; /* the timer must not count from the loop's birth */
    struct notes notes = {.loop = l};
    struct loop_timer timer = {.on_time = note_time, .user = &notes};
    int64_t start_ns = time_monotonic_ns();
    loop_timer_set(l, &timer, 20 * NS_PER_MS, 0);
    loop_run(l);
    assert_true(time_monotonic_ns() - start_ns >= 19 * NS_PER_MS);
    assert_true(loop_now_ns(l) - start_ns >= 19 * NS_PER_MS);
    assert_null(timer.loop);
    run_for_ms(l, 25);
    assert_int_equal(notes.call_count, 1);
    loop_free(l);
}

static void a_repeating_timer_runs_until_it_is_stopped(void **state)
{
    (void)state;
    struct loop *l = loop_new(false);
    struct notes notes = {.loop = l, .stop_after = 3};
    struct loop_timer timer = {.on_time = note_time, .user = &notes};
    loop_timer_set(l, &timer, 0, 2 * NS_PER_MS);
    loop_run(l);
    assert_int_equal(notes.call_count, 3);
    assert_ptr_equal(timer.loop, l);
    loop_timer_stop(&timer);
    run_for_ms(l, 5);
    assert_int_equal(notes.call_count, 3);
    loop_free(l);
}

static void a_timer_set_again_starts_anew(void **state)
{
    (void)state;
    struct loop *l = loop_new(false);
    struct notes notes = {.loop = l};
    struct loop_timer timer = {.on_time = note_time, .user = &notes};
    loop_timer_set(l, &timer, NS_PER_MS, 0);
    loop_timer_set(l, &timer, 3600 * NS_PER_S, 0);
    run_for_ms(l, 5);
    assert_int_equal(notes.call_count, 0);
    loop_timer_stop(&timer);
    loop_free(l);
}

static void a_loop_told_to_stop_beforehand_comes_back_at_once(void **state)
{
    (void)state;
    struct loop *l = loop_new(false);
    loop_stop(l);
    loop_run(l);
    run_for_ms(l, 1); /* and only that once */
    loop_free(l);
}

static void a_signal_is_called_on_the_main_loop(void **state)
{
    (void)state;
    struct loop *l = loop_new(true);
    struct notes notes = {.loop = l};
    struct loop_signal sig = {.on_signal = note_signal, .user = &notes};
    loop_signal_set(l, &sig, SIGUSR1);
    (void)raise(SIGUSR1);
    loop_run(l);
    assert_int_equal(notes.signo, SIGUSR1);
    loop_signal_stop(&sig);
    (void)raise(SIGUSR1); /* stays blocked: it kills nobody */
    run_for_ms(l, 1);
    assert_int_equal(notes.call_count, 1);
    loop_signal_set(l, &sig, SIGUSR1);
    loop_run(l);
    assert_int_equal(notes.call_count, 2);
    loop_signal_stop(&sig);
    loop_free(l);
}

static void the_main_loop_makes_a_broken_pipe_an_error(void **state)
{
    (void)state;
    struct loop *l = loop_new(true);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
    loop_free(l);
}

/** In the child: a loop and a signal of its own, beside what it inherited. */
static int use_own_loop(void *arg)
{
    struct notes *inherited = (struct notes *)arg;
    struct loop *l = loop_new(true);
    struct notes notes = {.loop = l};
    struct loop_signal sig = {.on_signal = note_signal, .user = &notes};
    loop_signal_set(l, &sig, SIGUSR1);
    (void)raise(SIGUSR1);
    loop_run(l);
    loop_signal_stop(&sig);
    loop_free(l);
    return notes.signo == SIGUSR1 && inherited->call_count == 0 ? 0 : 1;
}

static void a_forked_child_has_its_own_loop_and_signals(void **state)
{
    (void)state;
    struct loop *l = loop_new(true);
    struct notes notes = {.loop = l};
    struct loop_signal sig = {.on_signal = note_signal, .user = &notes};
    loop_signal_set(l, &sig, SIGUSR1);
    run_for_ms(l, 1);
    assert_int_equal(child_run(use_own_loop, &notes), 0);
    run_for_ms(l, 1);
    assert_int_equal(notes.call_count, 0); /* the child's signal is not ours */
    (void)raise(SIGUSR1);
    loop_run(l);
    assert_int_equal(notes.call_count, 1);
    loop_signal_stop(&sig);
    loop_free(l);
}

enum { POSTERS = 4, POSTS_EACH = 500 };

/** Counts on the loop's thread what each poster sent. */
struct board {
    struct loop *loop;
    unsigned seen[POSTERS];
    unsigned total;
    bool is_in_order;
};

struct mark {
    struct board *board;
    unsigned poster;
    unsigned number;
};

static void read_mark(void *arg)
{
    struct mark *mark = (struct mark *)arg;
    struct board *board = mark->board;
    board->is_in_order = board->is_in_order && board->seen[mark->poster] == mark->number;
    board->seen[mark->poster]++;
    board->total++;
    if (board->total == POSTERS * POSTS_EACH)
        loop_stop(board->loop);
    free(mark);
}

struct poster {
    struct board *board;
    unsigned index;
    pthread_t thread;
};

static void *post_many(void *arg)
{
    const struct poster *poster = (const struct poster *)arg;
    for (unsigned i = 0; i < POSTS_EACH; i++) {
        struct mark *mark = NEW(struct mark);
        *mark = (struct mark){.board = poster->board, .poster = poster->index, .number = i};
        loop_post(poster->board->loop, read_mark, mark);
    }
    return NULL;
}

static void posts_of_each_thread_run_in_order(void **state)
{
    (void)state;
    struct board board = {.loop = loop_new(false), .is_in_order = true};
    struct poster posters[POSTERS];
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.board = &board, .index = i};
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_many, &posters[i]), 0);
    }
    loop_run(board.loop);
    for (unsigned i = 0; i < POSTERS; i++)
        pthread_join(posters[i].thread, NULL);
    assert_true(board.is_in_order);
    assert_int_equal(board.total, POSTERS * POSTS_EACH);
    loop_free(board.loop);
}

static void post_again(void *arg)
{
    struct notes *notes = (struct notes *)arg;
    notes->call_count++;
    if (notes->call_count < 3)
        loop_post(notes->loop, post_again, notes);
    else
        loop_stop(notes->loop);
}

static void a_post_may_post_again(void **state)
{
    (void)state;
    struct notes notes = {.loop = loop_new(false)};
    loop_post(notes.loop, post_again, &notes);
    loop_run(notes.loop);
    assert_int_equal(notes.call_count, 3);
    loop_post(notes.loop, post_again, &notes);
    loop_free(notes.loop); /* drops it */
    assert_int_equal(notes.call_count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watcher_is_called_for_the_events_it_asked_for),
        cmocka_unit_test(each_wait_in_the_kernel_is_between_the_hooks_and_no_callback_is),
        cmocka_unit_test(a_descriptor_number_used_again_is_watched_anew),
        cmocka_unit_test(a_callback_may_free_its_watcher),
        cmocka_unit_test(a_timer_runs_once_and_not_early),
        cmocka_unit_test(a_repeating_timer_runs_until_it_is_stopped),
        cmocka_unit_test(a_timer_set_again_starts_anew),
        cmocka_unit_test(a_loop_told_to_stop_beforehand_comes_back_at_once),
        cmocka_unit_test(a_signal_is_called_on_the_main_loop),
        cmocka_unit_test(the_main_loop_makes_a_broken_pipe_an_error),
        cmocka_unit_test(a_forked_child_has_its_own_loop_and_signals),
        cmocka_unit_test(posts_of_each_thread_run_in_order),
        cmocka_unit_test(a_post_may_post_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
