// SPDX-License-Identifier: Apache-2.0
// What the lines of a head mean for its message: target, host, framing, persistence. parse.c
// calls rules.c; nobody else includes this.
#ifndef HTTP_RULES_PRIV_H
#define HTTP_RULES_PRIV_H

#include "http/parse.h"

/** Fills a result and returns HTTP_PARSE_BAD. `reason` is static text. */
enum http_parse http_parse_bad(struct http_parse_result *result, unsigned status,
                               const char *reason);

/** Splits the target into path, query and authority; returns what is wrong, or NULL. */
const char *http_target_split(struct http_request *request);

/** Fills all that follows from the fields. DONE or BAD. */
enum http_parse http_request_rules(struct http_request *request, struct http_parse_result *result);
enum http_parse http_response_rules(struct http_response *response, bool is_head_request,
                                    struct http_parse_result *result);

#endif
