// SPDX-License-Identifier: Apache-2.0
// Failures and their context. An expected outcome is a function's own result enum; a failure
// is an enum err, and the words around it gather in a struct errctx on the way up.
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/macros.h"

#include <stdbool.h>

enum err {
    ERR_OK = 0,
#define ERR_DEF(name, prose) ERR_##name,
#include "base/err.def"
#undef ERR_DEF
};

/** Longest context text, bytes with the NUL; what does not fit is cut at the end. */
#define ERRCTX_TEXT_SIZE 512

/**
 * What went wrong, as one line for the operator: "release 'x': open: No such file or directory".
 * Embedded by the caller, on its stack as a rule. Zero-initialise it: `struct errctx ec = {0};`.
 */
struct errctx {
    enum err code; /* the code of the innermost failure */
    int sys_errno; /* errno of the failed system call, 0 where none was involved */
    char text[ERRCTX_TEXT_SIZE];
};

/** Starts a context: sets code and text, and returns `code`. `ec` may be NULL. */
enum err err_set(struct errctx *ec, enum err code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/**
 * Starts a context from errno: the text becomes "<fmt>: <strerror>". Returns ERR_NOT_FOUND for
 * ENOENT, ERR_EXISTS for EEXIST, ERR_DENIED for EACCES and EPERM, ERR_TIMEOUT for ETIMEDOUT,
 * else ERR_IO. `ec` may be NULL.
 */
enum err err_errno(struct errctx *ec, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Puts "<fmt>: " before the text that is there and returns ec->code. `ec` must hold a failure. */
enum err err_wrap(struct errctx *ec, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** The prose of a code, e.g. "there is no such thing"; static storage. */
const char *err_prose(enum err code);

/** The name of a code, e.g. "NOT_FOUND"; static storage. */
const char *err_name(enum err code);

#endif
