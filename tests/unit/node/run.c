// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DEADLINE_NS (20 * NS_PER_S)
#define LOOK_NS NS_PER_MS

struct run {
    struct loop *loop;
    bool (*is_done)(void *arg);
    void *arg;
    int64_t deadline_ns;
    bool is_late;
};

static void look(struct loop_timer *timer)
{
    struct run *r = timer->user;
    r->is_late = time_monotonic_ns() > r->deadline_ns;
    if (r->is_late || (r->is_done != NULL && r->is_done(r->arg)))
        loop_stop(r->loop);
}

static bool run(struct loop *loop, bool (*is_done)(void *arg), void *arg, int64_t ns)
{
    struct run r = {.loop = loop, .is_done = is_done, .arg = arg};
    struct loop_timer timer = {.on_time = look, .user = &r};
    r.deadline_ns = time_monotonic_ns() + ns;
    loop_timer_set(loop, &timer, 0, LOOK_NS);
    loop_run(loop);
    loop_timer_stop(&timer);
    return !r.is_late;
}

void run_until(struct loop *loop, bool (*is_done)(void *arg), void *arg)
{
    if (!run(loop, is_done, arg, DEADLINE_NS))
        fail_msg("it did not happen");
}

void run_for(struct loop *loop, int64_t ns)
{
    (void)run(loop, NULL, NULL, ns);
}
