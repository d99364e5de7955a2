// SPDX-License-Identifier: Apache-2.0
// The growing byte buffer: connections read into it, writers of text and wire forms append to it.
// Called by its owner, on that thread.
#include "base/buf.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->start = 0;
    b->end = 0;
}

uint8_t *buf_reserve(struct buf *b, size_t size)
{
    CHECK(b->start <= b->end && b->end <= b->capacity);
    if (b->data != NULL && size <= b->capacity - b->end)
        return b->data + b->end;

    size_t len = buf_len(b);
    CHECK_MSG(size < SIZE_MAX / 4 && len < SIZE_MAX / 4, "a buffer of %zu + %zu bytes", len, size);
    if (b->start > 0) {
        CHECK(b->data != NULL);
        memmove(b->data, b->data + b->start, len);
        b->start = 0;
        b->end = len;
    }
    /* Moving alone is enough only while it leaves free what it moved; else appending to a full
     * buffer byte by byte would move it all each time. */
    if (b->data == NULL || size > b->capacity - len || len > b->capacity / 2) {
        size_t wanted = max_size(len + size, b->capacity * 2);
        b->capacity = max_size(wanted, BUF_CAPACITY_MIN_BYTES);
        b->data = mem_resize(b->data, b->capacity, 1);
    }
    return b->data + b->end;
}

void buf_extend(struct buf *b, size_t size)
{
    CHECK(size <= b->capacity - b->end);
    b->end += size;
}

void buf_append(struct buf *b, struct slice s)
{
    if (s.len == 0)
        return;
    memcpy(buf_reserve(b, s.len), s.data, s.len);
    b->end += s.len;
}

void buf_append_byte(struct buf *b, uint8_t byte)
{
    *buf_reserve(b, 1) = byte;
    b->end += 1;
}

void buf_append_str(struct buf *b, const char *text)
{
    buf_append(b, slice_str(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    CHECK_MSG(len >= 0, "cannot format '%s'", fmt);
    size_t size = (size_t)len + 1; /* the NUL is written, but is no content */
    int written = vsnprintf((char *)buf_reserve(b, size), size, fmt, args);
    va_end(args);
    CHECK(written == len);
    b->end += (size_t)len;
}

void buf_consume(struct buf *b, size_t size)
{
    CHECK(size <= buf_len(b));
    b->start += size;
    if (b->start == b->end)
        buf_clear(b);
}
