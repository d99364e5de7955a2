// SPDX-License-Identifier: Apache-2.0
// Arenas: memory that lives as long as one request, one query batch or one chunk of a release,
// and is given back at once. No free on the way.
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/macros.h"
#include "base/slice.h"

#include <stdarg.h>

struct arena_block;

/**
 * Owner:   whoever called arena_init; embedded by value.
 * Threads: one at a time.
 */
struct arena {
    struct arena_block *first; /* newest block first; NULL until the first allocation */
    uint8_t *next;             /* free bytes of the newest block */
    size_t left_bytes;
    size_t total_bytes; /* of all blocks, for limits and metrics */
};

void arena_init(struct arena *a);

/** Frees every block; the arena may be used again. */
void arena_fini(struct arena *a);

/** Forgets all allocations but keeps the newest block, so that a loop does not return to malloc. */
void arena_reset(struct arena *a);

/** `size` bytes, aligned for any type, zeroed. */
void *arena_alloc(struct arena *a, size_t size) MUST_USE;

/** `count` zeroed elements of `size` bytes; overflow aborts. */
void *arena_array(struct arena *a, size_t count, size_t size) MUST_USE;

/** A copy of the bytes with a NUL behind them; the slice's len is without the NUL. */
struct slice arena_copy(struct arena *a, struct slice s) MUST_USE;

/** NUL-terminated copies. */
char *arena_strdup(struct arena *a, const char *text) MUST_USE;
char *arena_str(struct arena *a, struct slice s) MUST_USE;
char *arena_printf(struct arena *a, const char *fmt, ...) MUST_USE PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list args) MUST_USE
    __attribute__((format(printf, 2, 0)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define AUTO_ARENA CLEANUP(arena_fini)

#endif
