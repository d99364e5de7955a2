// SPDX-License-Identifier: Apache-2.0
// Running a loop until something has happened.
#ifndef TEST_NODE_RUN_H
#define TEST_NODE_RUN_H

#include "os/loop.h"

#include <stdbool.h>

/** Runs the loop until `is_done(arg)`; fails the test after 20 s. */
void run_until(struct loop *loop, bool (*is_done)(void *arg), void *arg);

/** Runs the loop for a time. */
void run_for(struct loop *loop, int64_t ns);

#endif
