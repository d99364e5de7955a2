// SPDX-License-Identifier: Apache-2.0
// The limits of this room, with unit and source.
#ifndef OS_LIMITS_H
#define OS_LIMITS_H

/** Alternate signal stack of each thread, bytes; the unwinder needs some 10 KiB of it. */
#define CRASH_STACK_BYTES ((size_t)64 * 1024)

/** Frames of a crash's backtrace. */
#define CRASH_FRAMES_MAX 64

/** The log line of a crash, bytes; a longer one is cut. */
#define CRASH_LINE_BYTES 512

/** Threads of one pool. */
#define POOL_THREADS_MAX 256

/** Seconds between SIGXCPU and SIGKILL where a process outlives the first. */
#define CPU_GRACE_S 1

#endif
