// SPDX-License-Identifier: Apache-2.0
// Runs a function in a forked child, for tests of what ends or limits a process.
#ifndef TEST_OS_CHILD_H
#define TEST_OS_CHILD_H

/** The wait status of a child that ran fn(arg) and exited with what it answered. */
int child_run(int (*fn)(void *arg), void *arg);

#endif
