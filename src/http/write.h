// SPDX-License-Identifier: Apache-2.0
// Heads as bytes. What would split a message in two never leaves: a field whose name is no token
// is left out, control characters in a value become spaces (RFC 9110 section 5.5).
#ifndef HTTP_WRITE_H
#define HTTP_WRITE_H

#include "base/buf.h"
#include "http/message.h"

/** "Name: value" and CRLF. */
void http_write_field(struct buf *out, struct slice name, struct slice value);

/** The whole head with its empty line; method, target, version and fields as they are. */
void http_write_request(struct buf *out, const struct http_request *request);
void http_write_response(struct buf *out, const struct http_response *response);

/** Whether the method is a token and the target has no byte that would end it. */
bool http_request_is_sendable(const struct http_request *request);

#endif
