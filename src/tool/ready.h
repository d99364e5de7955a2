// SPDX-License-Identifier: Apache-2.0
// DIR/ready.json as tools read it: where a node that serves can be reached.
#ifndef TOOL_READY_H
#define TOOL_READY_H

#include "base/arena.h"
#include "base/err.h"

/** "ADDR:PORT" texts in the arena; NULL for what the node does not run. */
struct tool_ready {
    const char *dns; /* of several the first; so for the others */
    const char *http;
    const char *https;
    const char *api;
    const char *api_https;
    const char *admin;
    long long pid; /* of the supervisor; 0 where the file does not say */
};

/**
 * Reads DIR/ready.json.
 * Errors: ERR_UNAVAILABLE where it is missing (no node serves there), ERR_CORRUPT where it is no
 * JSON object, those of file_read.
 */
enum err tool_ready_read(struct arena *a, const char *data_dir, struct tool_ready *out_ready,
                         struct errctx *ec) MUST_USE;

#endif
