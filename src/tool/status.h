// SPDX-License-Identifier: Apache-2.0
// The /status page of a node, fetched and shown.
#ifndef TOOL_STATUS_H
#define TOOL_STATUS_H

#include "tool/client.h"

#include <stdio.h>

/**
 * Asks the admin address that DIR/ready.json names for a page.
 * Errors: ERR_UNAVAILABLE where no node serves there or it has no admin address; those of
 * http_call_wait.
 */
enum err tool_status_page(struct arena *a, const char *data_dir, const char *path,
                          struct http_answer *out_answer, struct errctx *ec) MUST_USE;

/**
 * /status as an object.
 * out_status  given
 * Errors: as above, ERR_CORRUPT where it is no JSON object.
 */
enum err tool_status_fetch(struct arena *a, const char *data_dir, json_t **out_status,
                           struct errctx *ec) MUST_USE;

/** Shows the object to people. `health` is the text of /healthz. */
void tool_status_print(const json_t *status, const char *health, FILE *out);

/** The text at the key; "" where it is missing or no text. Borrowed from the object. */
const char *tool_text_at(const json_t *object, const char *key);

#endif
