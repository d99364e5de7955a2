// SPDX-License-Identifier: Apache-2.0
// Arenas: a chain of malloc'ed blocks, handed out from the front of the newest. Under
// AddressSanitizer what is not handed out is poisoned and allocations stand apart, so an overrun
// is found. Called by whoever owns the arena, on that thread.
#include "base/arena.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define ARENA_GAP_BYTES ((size_t)16) /* poisoned bytes behind each allocation */
#define POISON(ptr, size) ASAN_POISON_MEMORY_REGION((ptr), (size))
#define UNPOISON(ptr, size) ASAN_UNPOISON_MEMORY_REGION((ptr), (size))
#else
#define ARENA_GAP_BYTES ((size_t)0)
#define POISON(ptr, size) ((void)(ptr), (void)(size))
#define UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

#define ARENA_ALIGN_BYTES _Alignof(max_align_t)

struct arena_block {
    struct arena_block *older;
    size_t size_bytes; /* of data[] */
    _Alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

static struct arena_block *block_new(struct arena *a, size_t size)
{
    struct arena_block *block = mem_alloc(sizeof(*block) + size);
    block->size_bytes = size;
    a->total_bytes += size;
    POISON(block->data, size);
    return block;
}

static void blocks_free(struct arena *a, struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *older = block->older;
        a->total_bytes -= block->size_bytes;
        UNPOISON(block->data, block->size_bytes);
        free(block);
        block = older;
    }
}

void arena_fini(struct arena *a)
{
    blocks_free(a, a->first);
    CHECK(a->total_bytes == 0);
    arena_init(a);
}

void arena_reset(struct arena *a)
{
    struct arena_block *kept = a->first;
    if (kept == NULL || kept->size_bytes > ARENA_BLOCK_MAX_BYTES) {
        arena_fini(a); /* one huge allocation must not stay for good */
        return;
    }
    blocks_free(a, kept->older);
    kept->older = NULL;
    a->next = kept->data;
    a->left_bytes = kept->size_bytes;
    POISON(kept->data, kept->size_bytes);
}

/*
 * Memory for `size` bytes where the newest block has no room. What is large against the next
 * block gets one of its own behind the newest, whose free bytes then stay in use.
 */
static uint8_t *take_new_block(struct arena *a, size_t size)
{
    size_t grown = min_size(max_size(a->total_bytes, ARENA_BLOCK_MIN_BYTES), ARENA_BLOCK_MAX_BYTES);
    if (a->first != NULL && size > grown / 4) {
        struct arena_block *own = block_new(a, size);
        own->older = a->first->older;
        a->first->older = own;
        return own->data;
    }
    struct arena_block *block = block_new(a, max_size(size, grown));
    block->older = a->first;
    a->first = block;
    a->next = block->data + size;
    a->left_bytes = block->size_bytes - size;
    return block->data;
}

/* `size` bytes, not cleared. */
static void *take(struct arena *a, size_t size)
{
    CHECK_MSG(size < SIZE_MAX / 2, "an allocation of %zu bytes", size);
    size_t unit = ARENA_ALIGN_BYTES;
    size_t rounded = (max_size(size, 1) + ARENA_GAP_BYTES + unit - 1) / unit * unit;
    uint8_t *ptr = NULL;
    if (rounded <= a->left_bytes) {
        ptr = a->next;
        a->next += rounded;
        a->left_bytes -= rounded;
    } else {
        ptr = take_new_block(a, rounded);
    }
    UNPOISON(ptr, size);
    return ptr;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(take(a, size), 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total = 0;
    bool overflows = __builtin_mul_overflow(count, size, &total);
    CHECK_MSG(!overflows, "%zu elements of %zu bytes overflow", count, size);
    return arena_alloc(a, total);
}

char *arena_str(struct arena *a, struct slice s)
{
    CHECK(s.len < SIZE_MAX / 2);
    char *copy = take(a, s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    return slice_of(arena_str(a, s), s.len);
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_str(a, slice_str(text));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    CHECK_MSG(len >= 0, "cannot format '%s'", fmt);
    char *text = take(a, (size_t)len + 1);
    int written = vsnprintf(text, (size_t)len + 1, fmt, args);
    CHECK(written == len);
    return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = arena_vprintf(a, fmt, args);
    va_end(args);
    return text;
}
