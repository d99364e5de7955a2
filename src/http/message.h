// SPDX-License-Identifier: Apache-2.0
// One request and one response model for every protocol version and both sides. Field names
// compare without case and keep the case and order in which they came.
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct http_field {
    struct slice name;
    struct slice value; /* without white space around it */
};

/** Fields in order of arrival; repeated names stay separate. Items live in the message's arena. */
struct http_fields {
    struct http_field *items;
    size_t count;
    size_t capacity;
};

/** Appends; name and value borrowed as long as the fields live. */
void http_fields_add(struct arena *a, struct http_fields *f, struct slice name, struct slice value);
void http_fields_add_str(struct arena *a, struct http_fields *f, const char *name,
                         const char *value);

/** First value of the name, or NULL. */
const struct slice *http_fields_get(const struct http_fields *f, const char *name);

/** Number of fields with this name. */
size_t http_fields_count(const struct http_fields *f, const char *name);

/** Whether a comma-separated field (over all its lines) holds the token, without case. */
bool http_fields_has_token(const struct http_fields *f, const char *name, const char *token);

/**
 * Whether a field is for one connection alone: by its name, or because a Connection field of the
 * same message lists it (RFC 9110 section 7.6.1). Whoever passes a message on drops it.
 */
bool http_fields_is_hop(const struct http_fields *f, struct slice name);

/** How the length of a body is known (RFC 9112 section 6.3). */
enum http_body_kind {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH,
    HTTP_BODY_CHUNKED,
    HTTP_BODY_UNTIL_CLOSE, /* responses only */
};

struct http_request {
    struct slice method;    /* case-sensitive token */
    struct slice target;    /* as sent: origin-form, absolute-form or "*" */
    struct slice path;      /* the target's path and query apart, still percent-coded */
    struct slice query;     /* without '?'; empty where there is none */
    struct slice authority; /* host[:port] of Host or of the absolute-form target */
    uint8_t minor_version;  /* HTTP/1.minor */
    struct http_fields fields;
    enum http_body_kind body_kind;
    uint64_t body_length; /* for HTTP_BODY_LENGTH */
    bool keep_alive;      /* what the sender wants, by version and Connection */
    bool expects_continue;
};

struct http_response {
    uint16_t status;
    uint8_t minor_version;
    struct http_fields fields;
    enum http_body_kind body_kind;
    uint64_t body_length;
    bool keep_alive;
};

/** The standard reason phrase, "" for an unknown status. */
const char *http_reason(unsigned status);

#endif
