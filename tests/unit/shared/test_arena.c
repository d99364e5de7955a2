// SPDX-License-Identifier: Apache-2.0
#include "shared/test_arena.h"

struct arena arena;

int arena_setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

int arena_teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}
