// SPDX-License-Identifier: Apache-2.0
// The signals that count as a crash (design, invariant 4).
#ifndef OS_CRASH_PRIV_H
#define OS_CRASH_PRIV_H

#include <signal.h>

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

#endif
