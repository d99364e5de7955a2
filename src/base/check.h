// SPDX-License-Identifier: Apache-2.0
// CHECK states what the programmer knows to be true. It stays on in releases, has no side
// effect, and never depends on bytes from a peer or a disk.
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "base/macros.h"

/** Writes "file:line: function: CHECK failed: condition" to stderr and aborts. Any thread. */
void check_failed(const char *file, int line, const char *function, const char *condition) NORETURN;

/** Like check_failed, with words of its own; for values that help the reader of the log. */
void check_failed_fmt(const char *file, int line, const char *function, const char *fmt, ...)
    NORETURN PRINTF_LIKE(4, 5);

#define CHECK(condition)                                                                           \
    (LIKELY(condition) ? (void)0 : check_failed(__FILE__, __LINE__, __func__, #condition))

#define CHECK_MSG(condition, ...)                                                                  \
    (LIKELY(condition) ? (void)0 : check_failed_fmt(__FILE__, __LINE__, __func__, __VA_ARGS__))

#endif
