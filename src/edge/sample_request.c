// SPDX-License-Identifier: Apache-2.0
// Requests as samples: a fixed head, then the request as HTTP/1 writes it. Written by serving
// threads, read by the trial.
#include "edge/sample_request.h"

#include "base/check.h"
#include "http/parse.h"

/* What stands before the request in a sample. */
struct sample_head {
    struct net_address peer;
    uint8_t is_tls;
};

/** A sample being written; full once something did not fit. */
struct sample_text {
    uint8_t bytes[SAMPLE_MAX_BYTES];
    size_t len;
};

/** The fields whose values say who somebody is: a sample keeps that they were there. */
static bool is_secret(struct slice name)
{
    static const char *const secret[] = {"authorization", "cookie", "proxy-authorization",
                                         "x-amz-security-token"};
    for (size_t i = 0; i < ARRAY_LEN(secret); i++) {
        if (slice_equal_nocase(name, slice_str(secret[i])))
            return true;
    }
    return false;
}

static void append(struct sample_text *t, struct slice s)
{
    CHECK(t->len + s.len <= sizeof(t->bytes));
    if (s.len > 0)
        memcpy(t->bytes + t->len, s.data, s.len);
    t->len += s.len;
}

/** Room for the empty line at the end is kept. */
static bool add_field(struct sample_text *t, struct slice name, struct slice value)
{
    static const struct slice colon = SLICE_LIT(": ");
    static const struct slice end = SLICE_LIT("\r\n");
    if (name.len + value.len + colon.len + 2 * end.len > sizeof(t->bytes) - t->len)
        return false;
    append(t, name);
    append(t, colon);
    append(t, value);
    append(t, end);
    return true;
}

static bool add_line(struct sample_text *t, const struct http_request *request)
{
    const char *version = request->minor_version == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
    if (request->method.len + 1 + request->target.len + strlen(version) > sizeof(t->bytes) - t->len)
        return false;
    append(t, request->method);
    append(t, SLICE_LIT(" "));
    append(t, request->target);
    append(t, slice_str(version));
    return true;
}

/** The other fields; those that speak of the connection or of a body that is not there stay out. */
static void add_fields(struct sample_text *t, const struct http_fields *fields)
{
    static const char *const left_out[] = {"host",       "content-length", "transfer-encoding",
                                           "connection", "expect",         "upgrade"};
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *field = &fields->items[i];
        bool is_left_out = false;
        for (size_t k = 0; k < ARRAY_LEN(left_out); k++)
            is_left_out = is_left_out || slice_equal_nocase(field->name, slice_str(left_out[k]));
        if (!is_left_out)
            (void)add_field(t, field->name,
                            is_secret(field->name) ? SLICE_LIT("x=") : field->value);
    }
}

void sample_request_put(struct sample_ring *ring, const struct http_request *request,
                        const struct net_address *peer, bool is_tls)
{
    struct sample_text t;
    struct sample_head head;
    memset(&head, 0, sizeof(head));
    head.peer = *peer;
    head.is_tls = is_tls;
    memcpy(t.bytes, &head, sizeof(head));
    t.len = sizeof(head);
    if (!add_line(&t, request) || !add_field(&t, SLICE_LIT("Host"), request->authority))
        return;
    add_fields(&t, &request->fields);
    append(&t, SLICE_LIT("\r\n"));
    sample_ring_put(ring, slice_of(t.bytes, t.len));
}

bool sample_request_get(const struct sample_ring *ring, unsigned index, struct arena *a,
                        struct sample_request *out)
{
    static const struct http_limits limits = HTTP_LIMITS_INIT;
    uint8_t *bytes = arena_alloc(a, SAMPLE_MAX_BYTES);
    struct http_parse_result result;
    struct sample_head head;
    struct sample_request sample = {0};
    size_t len = sample_ring_get(ring, index, bytes);
    if (len < sizeof(head))
        return false;
    memcpy(&head, bytes, sizeof(head));
    struct slice text = slice_of(bytes + sizeof(head), len - sizeof(head));
    if (http_parse_request(a, text, &limits, &sample.request, &result) != HTTP_PARSE_DONE)
        return false;
    sample.peer = head.peer;
    sample.is_tls = head.is_tls != 0;
    *out = sample;
    return true;
}
