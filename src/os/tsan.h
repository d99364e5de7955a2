// SPDX-License-Identifier: Apache-2.0
// What ThreadSanitizer cannot see in libraries that are not built with it: that one thread's writes
// come before another's reads. Nothing in other builds.
#ifndef OS_TSAN_H
#define OS_TSAN_H

#include "os/sanitizer.h"

#if HAS_THREAD_SANITIZER
/** ThreadSanitizer's own. */
void __tsan_release(void *address);
/** The same. */
void __tsan_acquire(void *address);
#endif

/** What this thread did is seen by who acquires the same address later. */
static inline void tsan_release(void *address)
{
#if HAS_THREAD_SANITIZER
    __tsan_release(address);
#else
    (void)address;
#endif
}

/** What others did before they released the address is seen by this thread. */
static inline void tsan_acquire(void *address)
{
#if HAS_THREAD_SANITIZER
    __tsan_acquire(address);
#else
    (void)address;
#endif
}

#endif
