// SPDX-License-Identifier: Apache-2.0
// Calls of the two AWS-shaped APIs as tools make them: typed by the shapes of aws/, over the tools'
// client.
#ifndef TOOL_API_H
#define TOOL_API_H

#include "aws/operation.h"
#include "tool/client.h"

/** One call; everything borrowed. */
struct tool_api_call {
    enum aws_operation_id operation;
    const char *path;                /* percent-coded, its labels filled in */
    const char *query;               /* NULL: none */
    const char *if_match;            /* ETag that must be the newest; NULL: none */
    const struct aws_shape *request; /* of the body */
    const void *input;               /* of that shape; NULL: no body */
    const struct aws_shape *response;
};

/**
 * Makes the call; *out (of the response's shape) and *out_fields (NULL: not wanted) live in `a`.
 * Errors: those of tool_client_call, of tool_status_err with the API's code and message, and
 * ERR_CORRUPT for an answer that is not of its shape.
 */
enum err tool_api_call(const struct tool_client *c, struct arena *a,
                       const struct tool_api_call *call, void *out, struct http_fields *out_fields,
                       struct errctx *ec) MUST_USE;

/** The failure that an error document reports, or that its status does. Pure. */
enum err tool_api_failure(struct arena *a, enum aws_service service, unsigned status,
                          struct slice document, struct errctx *ec) MUST_USE;

#endif
