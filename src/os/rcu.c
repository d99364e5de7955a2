// SPDX-License-Identifier: Apache-2.0
// Read-copy-update over liburcu's quiescent-state flavour. Called by reader threads of the roles
// and by their builder threads. The library of Debian 12 is not built for ThreadSanitizer, which
// therefore cannot see that a reader's last use of the old value comes before the writer's free;
// the annotations here say so: a reader releases, the writer acquires once it has waited.
#include "os/rcu.h"

#include "base/check.h"
#include "os/sanitizer.h"

#include <urcu/urcu-qsbr.h>

#if HAS_THREAD_SANITIZER
void __tsan_release(void *address);
void __tsan_acquire(void *address);

/* Its address alone matters: it stands for "readers are done". */
static char readers_done;
#endif

/** Before a reader tells the writers that it holds nothing. */
static void annotate_release(void)
{
#if HAS_THREAD_SANITIZER
    __tsan_release(&readers_done);
#endif
}

/** Once a writer knows that no reader holds the old value. */
static void annotate_acquire(void)
{
#if HAS_THREAD_SANITIZER
    __tsan_acquire(&readers_done);
#endif
}

void rcu_thread_register(void)
{
    urcu_qsbr_register_thread();
}

void rcu_thread_unregister(void)
{
    annotate_release();
    urcu_qsbr_unregister_thread();
}

void rcu_quiescent(void)
{
    annotate_release();
    urcu_qsbr_quiescent_state();
}

void rcu_offline(void)
{
    annotate_release();
    urcu_qsbr_thread_offline();
}

void rcu_online(void)
{
    urcu_qsbr_thread_online();
}

void rcu_wait_readers(void)
{
    CHECK(!urcu_qsbr_read_ongoing());
    urcu_qsbr_synchronize_rcu();
    annotate_acquire();
}
