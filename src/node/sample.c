// SPDX-License-Identifier: Apache-2.0
// The ring of traffic samples. Serving threads of a role write, the agent's trial process reads;
// both map the same pages. A sequence lock for each place: odd while it is written.
#include "node/sample.h"

#include "base/check.h"

#include <stdbool.h>
#include <sys/mman.h>

struct sample_ring *sample_ring_new(void)
{
    void *memory = mmap(NULL, sizeof(struct sample_ring), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK_MSG(memory != MAP_FAILED, "no shared memory for traffic samples");
    return memory;
}

/** The bytes are shared with another process, so every access is an atomic one. */
static void store_bytes(struct sample *place, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        __atomic_store_n(&place->bytes[i], bytes.data[i], __ATOMIC_RELAXED);
    __atomic_store_n(&place->len, (uint32_t)bytes.len, __ATOMIC_RELAXED);
}

void sample_ring_put(struct sample_ring *ring, struct slice bytes)
{
    if (bytes.len > SAMPLE_MAX_BYTES)
        return;
    uint32_t index = atomic_fetch_add_explicit(&ring->next, 1, memory_order_relaxed);
    struct sample *place = &ring->places[index % SAMPLE_COUNT];
    uint32_t before = atomic_load_explicit(&place->sequence, memory_order_relaxed);
    bool is_claimed = before % 2 == 0 && atomic_compare_exchange_strong_explicit(
                                             &place->sequence, &before, before + 1,
                                             memory_order_acq_rel, memory_order_relaxed);
    if (!is_claimed)
        return; /* another thread is writing this very place: its sample is as good */
    /* No byte may be seen before the odd number is. */
    atomic_thread_fence(memory_order_release);
    store_bytes(place, bytes);
    atomic_store_explicit(&place->sequence, before + 2, memory_order_release);
}

size_t sample_ring_get(const struct sample_ring *ring, unsigned index,
                       uint8_t out[SAMPLE_MAX_BYTES])
{
    const struct sample *place = &ring->places[index % SAMPLE_COUNT];
    uint32_t before = atomic_load_explicit(&place->sequence, memory_order_acquire);
    if (before == 0 || before % 2 == 1)
        return 0;
    size_t len = __atomic_load_n(&place->len, __ATOMIC_RELAXED);
    if (len > SAMPLE_MAX_BYTES)
        return 0;
    for (size_t i = 0; i < len; i++)
        out[i] = __atomic_load_n(&place->bytes[i], __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    uint32_t after = atomic_load_explicit(&place->sequence, memory_order_relaxed);
    return after == before ? len : 0;
}
