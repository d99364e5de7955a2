// SPDX-License-Identifier: Apache-2.0
// Heap memory. Every queue and buffer of Weir is bounded (design, invariant 6), so an allocation
// that fails is a fault of configuration, not an event to handle: these abort with a message.
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include "base/macros.h"

/** Zeroed memory for `count` elements of `size` bytes; overflow and exhaustion abort. */
void *mem_new(size_t count, size_t size) MUST_USE;

/** `size` bytes, not cleared. */
void *mem_alloc(size_t size) MUST_USE;

/** `ptr` (or NULL) grown or shrunk to `count` elements of `size` bytes; the rest not cleared. */
void *mem_resize(void *ptr, size_t count, size_t size) MUST_USE;

/** A copy of `len` bytes with a NUL behind it. */
char *mem_strndup(const char *text, size_t len) MUST_USE;

/** A copy of a NUL-terminated text. */
char *mem_strdup(const char *text) MUST_USE;

/** printf into fresh memory. */
char *mem_printf(const char *fmt, ...) MUST_USE PRINTF_LIKE(1, 2);

/** For CLEANUP on a `char *` or any pointer variable: frees what it points to. */
void mem_cleanup(void *ptr_to_ptr);

#define AUTO_FREE CLEANUP(mem_cleanup)

/** One zeroed `type`. */
#define NEW(type) ((type *)mem_new(1, sizeof(type)))

#endif
