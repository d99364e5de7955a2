// SPDX-License-Identifier: Apache-2.0
// Watching heartbeats. Called by the supervisor on its only thread.
#include "node/watch_priv.h"

#include "base/check.h"

#include <string.h>
#include <sys/mman.h>

struct node_heartbeats *heartbeats_new(void)
{
    void *memory = mmap(NULL, sizeof(struct node_heartbeats), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK_MSG(memory != MAP_FAILED, "no shared memory for heartbeats");
    return memory;
}

void watch_reset(struct watch *w, struct node_heartbeats *heartbeats)
{
    memset(w, 0, sizeof(*w));
    for (size_t i = 0; i < NODE_HEARTBEAT_THREADS; i++)
        atomic_store_explicit(&heartbeats->beats[i], 0, memory_order_relaxed);
}

const char *watch_verdict(struct watch *w, const struct node_heartbeats *heartbeats, int64_t now_ns,
                          int64_t silence_ns)
{
    for (size_t i = 0; i < NODE_HEARTBEAT_THREADS; i++) {
        uint32_t beat = atomic_load_explicit(&heartbeats->beats[i], memory_order_relaxed);
        if (beat == 0)
            continue;
        if (beat != w->beats[i]) {
            w->beats[i] = beat;
            w->changed_ns[i] = now_ns;
        } else if (now_ns - w->changed_ns[i] > silence_ns) {
            return "watchdog";
        }
    }
    return NULL;
}

void watch_excuse(struct watch *w, int64_t now_ns)
{
    for (size_t i = 0; i < NODE_HEARTBEAT_THREADS; i++)
        w->changed_ns[i] = now_ns;
}
