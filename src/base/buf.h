// SPDX-License-Identifier: Apache-2.0
// A growing byte buffer on the heap: built up by appending, consumed from the front.
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/macros.h"
#include "base/slice.h"

/**
 * Owner:   whoever embeds it by value; zeroed memory is an empty buffer. buf_fini ends it.
 * Threads: one at a time.
 */
struct buf {
    uint8_t *data;
    size_t start;    /* consumed bytes at the front */
    size_t end;      /* bytes [start, end) are the content */
    size_t capacity; /* allocated bytes */
};

/** Gives its memory back; empty and usable again. */
void buf_fini(struct buf *b);

/** Empties the buffer, keeps its memory. */
void buf_clear(struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
    return slice_of(b->data == NULL ? NULL : b->data + b->start, b->end - b->start);
}

static inline size_t buf_len(const struct buf *b)
{
    return b->end - b->start;
}

/** Room for `size` more bytes at the end; returns where they go. Commit them with buf_extend. */
uint8_t *buf_reserve(struct buf *b, size_t size) MUST_USE;
void buf_extend(struct buf *b, size_t size);

/** Appends bytes; they must not be the buffer's own. */
void buf_append(struct buf *b, struct slice s);
/** One byte. */
void buf_append_byte(struct buf *b, uint8_t byte);
/** A NUL-terminated text, without the NUL. */
void buf_append_str(struct buf *b, const char *text);
/** Formatted text, without the NUL. */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Drops `size` bytes from the front. */
void buf_consume(struct buf *b, size_t size);

#define AUTO_BUF CLEANUP(buf_fini)

#endif
