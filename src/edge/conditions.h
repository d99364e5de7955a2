// SPDX-License-Identifier: Apache-2.0
// What of a stored answer a viewer's request selects: the whole, parts of it, or only that it did
// not change (RFC 9110 sections 13 and 14). Pure; any thread.
#ifndef EDGE_CONDITIONS_H
#define EDGE_CONDITIONS_H

#include "http/message.h"

/** A piece of an answer's body: bytes of ours, then the bytes [from, to) of the stored one. */
struct edge_part {
    struct slice before;
    uint64_t from;
    uint64_t to; /* UINT64_MAX: to the end, whose place is not known yet */
};

/** A stored answer, as far as selecting is concerned. Borrowed. */
struct edge_stored {
    uint16_t status;
    const struct http_fields *fields;
    bool has_length; /* of the body; without it no range is sent */
    uint64_t length_bytes;
    bool has_body; /* false: it answers HEAD alone */
};

struct edge_selected {
    uint16_t status;           /* the stored one; 206, 304, 412 or 416 */
    struct http_fields fields; /* stored ones, as far as the status allows, and Content-Range; in
                                  the arena, or the stored items themselves */
    enum http_body_kind body_kind;
    uint64_t body_length; /* for HTTP_BODY_LENGTH; also what HEAD is told */
    struct edge_part *parts;
    size_t part_count;    /* 0: no body is sent */
    struct slice trailer; /* bytes of ours behind the last part */
};

/** Whether the viewer sent a precondition or a range. */
bool edge_has_conditions(const struct http_fields *fields);

/**
 * Selects for GET and HEAD, in the order of RFC 9110 section 13.2.2; other methods get the whole.
 * Preconditions count for stored statuses 2xx, ranges for 200 and GET. If-Match and
 * If-Unmodified-Since are passed over where the answer has nothing to hold them against.
 * `boundary` parts several ranges (1 to 70 characters of base64url).
 */
void edge_select(struct arena *a, const struct http_request *request,
                 const struct edge_stored *stored, struct slice boundary,
                 struct edge_selected *out);

#endif
