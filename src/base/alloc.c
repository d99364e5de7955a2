// SPDX-License-Identifier: Apache-2.0
// The heap behind alloc.h: malloc and friends with overflow checks, aborting where memory ends.
// Called by every room, on any thread.
#include "base/alloc.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t product(size_t count, size_t size)
{
    size_t total = 0;
    bool overflows = __builtin_mul_overflow(count, size, &total);
    CHECK_MSG(!overflows, "%zu elements of %zu bytes overflow", count, size);
    return max_size(total, 1);
}

void *mem_new(size_t count, size_t size)
{
    size_t total = product(count, size);
    void *ptr = calloc(1, total);
    CHECK_MSG(ptr != NULL, "out of memory: %zu bytes", total);
    return ptr;
}

void *mem_alloc(size_t size)
{
    void *ptr = malloc(max_size(size, 1));
    CHECK_MSG(ptr != NULL, "out of memory: %zu bytes", size);
    return ptr;
}

void *mem_resize(void *ptr, size_t count, size_t size)
{
    size_t total = product(count, size);
    void *grown = realloc(ptr, total);
    CHECK_MSG(grown != NULL, "out of memory: %zu bytes", total);
    return grown;
}

char *mem_strndup(const char *text, size_t len)
{
    CHECK(len < SIZE_MAX);
    char *copy = mem_alloc(len + 1);
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_printf(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    CHECK_MSG(len >= 0, "cannot format '%s'", fmt);
    return text;
}

void mem_cleanup(void *ptr_to_ptr)
{
    /* memcpy, because the variable may be a pointer to any type. */
    void *ptr = NULL;
    memcpy(&ptr, ptr_to_ptr, sizeof(ptr));
    free(ptr);
}
