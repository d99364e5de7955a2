// SPDX-License-Identifier: Apache-2.0
// What the serving threads of the edge have in common. Runs on each of them.
#include "edge/service.h"

#include "base/check.h"

void edge_service_thread_done(struct edge_service *s)
{
    unsigned before = atomic_fetch_sub_explicit(&s->busy_threads, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before == 1)
        loop_post(s->context->loop, s->on_drained, s->on_drained_arg);
}
