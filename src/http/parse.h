// SPDX-License-Identifier: Apache-2.0
// HTTP/1 heads, strictly (RFC 9112): what smuggling lives on is refused, not repaired. Pure and
// zero-copy: slices point into the bytes given; the arrays live in the arena.
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http/limits.h"
#include "http/message.h"

enum http_parse {
    HTTP_PARSE_DONE,
    HTTP_PARSE_MORE, /* the head is not complete: call again with more bytes */
    HTTP_PARSE_BAD,  /* the result says what to answer, and why */
};

struct http_parse_result {
    size_t head_bytes;  /* of the head, for DONE */
    unsigned status;    /* 400, 414, 417, 431, 501 or 505, for BAD */
    const char *reason; /* static text, for BAD: "two Content-Length fields differ" */
};

/** Parses one request head at the start of `bytes`; empty lines before it are skipped (2 at most).
 */
enum http_parse http_parse_request(struct arena *a, struct slice bytes,
                                   const struct http_limits *limits, struct http_request *out,
                                   struct http_parse_result *out_result);

/** Parses one response head; `is_head_request`: the response to HEAD, so it has no body. */
enum http_parse http_parse_response(struct arena *a, struct slice bytes, bool is_head_request,
                                    const struct http_limits *limits, struct http_response *out,
                                    struct http_parse_result *out_result);

/** Decoder of one body; embedded by value, zero-initialised through http_body_init. */
struct http_body {
    enum http_body_kind kind;
    uint64_t left_bytes;  /* of the body or of the current chunk */
    uint64_t total_bytes; /* decoded so far */
    uint64_t limit_bytes;
    uint32_t state;           /* of the chunk parser; see body.c's diagram */
    uint32_t line_bytes;      /* of the chunk-size line or trailer so far */
    uint32_t extension_bytes; /* of all chunk extensions so far */
};

enum http_body_step {
    HTTP_BODY_DATA,  /* *out_data is a piece of the body, borrowed from the input */
    HTTP_BODY_MORE,  /* all input used */
    HTTP_BODY_END,   /* complete; *out_used bytes belonged to it */
    HTTP_BODY_BAD,   /* malformed: 400 */
    HTTP_BODY_LIMIT, /* larger than allowed: 413 */
};

void http_body_init(struct http_body *b, enum http_body_kind kind, uint64_t length,
                    uint64_t limit_bytes);

/** Takes the next step over `input`; *out_used bytes of it are consumed in every case. */
enum http_body_step http_body_next(struct http_body *b, struct slice input, size_t *out_used,
                                   struct slice *out_data);

#endif
