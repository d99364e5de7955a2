// SPDX-License-Identifier: Apache-2.0
// The file of --health-file: what an operator says of health checks, whatever the votes do. Pure.
#ifndef AUTHORITY_HEALTH_FILE_H
#define AUTHORITY_HEALTH_FILE_H

#include "authority/registry.h"
#include "base/err.h"

/** One check that the file names. */
struct health_said {
    uint32_t number; /* among the registry's */
    bool is_healthy;
};

/**
 * Reads states of health checks, a line each: ID, then `healthy` or `unhealthy`; what begins with
 * '#' is a comment. Of an id that is there twice the last line counts.
 * *out_said  in `a`, in no particular order
 * Errors: ERR_INVALID with the line's number.
 */
enum err health_file_parse(struct arena *a, struct slice text, struct registry *health,
                           struct health_said **out_said, size_t *out_count, struct errctx *ec)
    MUST_USE;

#endif
