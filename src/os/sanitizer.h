// SPDX-License-Identifier: Apache-2.0
// Whether this build carries a sanitizer, for the few places where one changes what is possible.
#ifndef OS_SANITIZER_H
#define OS_SANITIZER_H

#if defined(__SANITIZE_THREAD__)
#define HAS_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER 1
#endif
#endif
#ifndef HAS_THREAD_SANITIZER
#define HAS_THREAD_SANITIZER 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef HAS_ADDRESS_SANITIZER
#define HAS_ADDRESS_SANITIZER 0
#endif

/** Either of those that reserve terabytes of addresses and report crashes themselves. */
#define HAS_SANITIZER (HAS_THREAD_SANITIZER || HAS_ADDRESS_SANITIZER)

/**
 * The exit code of a process that a sanitizer ended, where the run set exitcode=99 in ASAN_OPTIONS,
 * TSAN_OPTIONS and UBSAN_OPTIONS. With abort_on_error=1 it ends by SIGABRT instead: a crash too.
 */
#define SANITIZER_EXIT_CODE 99

#endif
