// SPDX-License-Identifier: Apache-2.0
// One arena for what the tests of a program make, gone at its end. Called on the main thread.
#ifndef TEST_SHARED_TEST_ARENA_H
#define TEST_SHARED_TEST_ARENA_H

#include "base/arena.h"

extern struct arena arena;

/** cmocka's setup and teardown of a group. */
int arena_setup(void **state);
int arena_teardown(void **state);

#endif
