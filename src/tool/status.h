// SPDX-License-Identifier: Apache-2.0
// The /status page of a node, fetched and shown.
#ifndef TOOL_STATUS_H
#define TOOL_STATUS_H

#include "tool/client.h"

#include <stdio.h>

/**
 * /status of the node whose admin address DIR/ready.json names, as an object.
 * out_status  given
 * Errors: ERR_UNAVAILABLE where no node serves there or it has no admin address; ERR_CORRUPT where
 * it answers no JSON object; those of http_call_wait.
 */
enum err tool_status_fetch(struct arena *a, const char *data_dir, json_t **out_status,
                           struct errctx *ec) MUST_USE;

/** Shows the object to people. `health` is the text of /healthz. */
void tool_status_print(const json_t *status, const char *health, FILE *out);

#endif
