// SPDX-License-Identifier: Apache-2.0
// From a request to its operation's struct, and from the answer's struct to bytes. Called by the
// API on a worker.
#ifndef AWS_BIND_H
#define AWS_BIND_H

#include "aws/operation.h"
#include "aws/sigv4.h"

/** A request as the binder sees it; everything borrowed. */
struct aws_input {
    struct slice query; /* as sent */
    const struct sigv4_header *headers;
    size_t header_count;
    struct slice body;
};

/**
 * Fills *out (the operation's request struct, zeroed) from labels, query, headers and body.
 * Errors: those of aws_xml_parse; InvalidInput (CloudFront: InvalidArgument) for values that do not
 * fit; MissingBody where a payload is required. The struct is then undefined. Unknown query
 * parameters and headers are passed over.
 */
enum aws_error aws_bind_request(const struct aws_route *route, const struct aws_input *input,
                                void *out, struct aws_fault *fault) MUST_USE;

/** An answer ready to be sent; in the arena given. */
struct aws_output {
    unsigned status;
    struct slice body; /* empty where the answer has none */
    struct sigv4_header headers[4];
    size_t header_count;
};

/** Makes the answer of a success from the operation's response struct. */
void aws_bind_response(struct arena *a, const struct aws_operation *operation, const void *value,
                       struct aws_output *out);

#endif
