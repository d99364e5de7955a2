// SPDX-License-Identifier: Apache-2.0
// Requests to structs and answers to bytes, by the tables alone. Called by the API on a worker.
#include "aws/bind.h"

#include "aws/value_priv.h"
#include "aws/xml.h"
#include "base/check.h"
#include "base/uri.h"

/* The label of a template by its name. */
static bool find_label(const struct aws_route *route, const char *name, struct slice *out)
{
    struct slice rest = slice_str(route->operation->path);
    struct slice segment;
    size_t index = 0;
    while (slice_split(&rest, '/', &segment)) {
        if (segment.len < 3 || segment.data[0] != '{')
            continue;
        if (slice_equal(slice_sub(segment, 1, segment.len - 2), slice_str(name))) {
            *out = route->labels[index];
            return true;
        }
        index++;
    }
    return false;
}

static bool find_header(const struct aws_input *input, const char *name, struct slice *out)
{
    for (size_t i = 0; i < input->header_count; i++) {
        if (slice_equal_nocase(input->headers[i].name, slice_str(name))) {
            *out = input->headers[i].value;
            return true;
        }
    }
    return false;
}

/* The text of a member that travels outside the body; false where it was not sent. */
static bool find_text(struct arena *a, const struct aws_route *route, const struct aws_input *input,
                      const struct aws_member *m, struct slice *out)
{
    switch (m->location) {
    case AWS_IN_PATH:
        return find_label(route, m->name, out);
    case AWS_IN_QUERY:
        return uri_query_get(a, input->query, m->name, out);
    case AWS_IN_HEADER:
        return find_header(input, m->name, out);
    case AWS_IN_BODY:
    case AWS_IN_PAYLOAD:
        break;
    }
    return false;
}

/* An empty optional parameter ("maxitems=") is as good as none. */
static bool is_left_out(const struct aws_member *m, bool was_sent, struct slice text)
{
    return !was_sent || (m->location == AWS_IN_QUERY && text.len == 0 && !m->is_required);
}

static bool has_body(const struct aws_shape *shape, bool only_required)
{
    for (const struct aws_member *m = shape->members; m->name != NULL; m++)
        if (m->location == AWS_IN_BODY && (m->is_required || !only_required))
            return true;
    return false;
}

/* Clients send no body at all where all of its members are left out. */
static bool wants_body(const struct aws_shape *shape, struct slice body)
{
    return body.len > 0 ? has_body(shape, false) : has_body(shape, true);
}

/* The member that is the whole body; NULL where members share it. */
static const struct aws_member *payload_of(const struct aws_shape *shape)
{
    for (const struct aws_member *m = shape->members; m->name != NULL; m++)
        if (m->location == AWS_IN_PAYLOAD)
            return m;
    return NULL;
}

static enum aws_error bind_payload(const struct aws_operation *o, const struct aws_member *m,
                                   struct slice body, void *out, struct aws_fault *fault)
{
    if (body.len == 0 && m->is_required)
        return aws_fail(fault, AWS_MissingBody,
                        "This operation requires a body. Ensure that the body is present and the "
                        "Content-Type header is set.");
    if (body.len == 0)
        return AWS_OK;
    void *value = arena_alloc(fault->arena, m->shape->size);
    member_set_pointer(m, out, value);
    return aws_xml_parse(o->service, m->shape, body, value, fault);
}

static enum aws_error bind_body(const struct aws_operation *o, struct slice body, void *out,
                                struct aws_fault *fault)
{
    const struct aws_member *payload = payload_of(o->request);
    if (payload != NULL)
        return bind_payload(o, payload, body, out, fault);
    if (!wants_body(o->request, body))
        return AWS_OK;
    return aws_xml_parse(o->service, o->request, body, out, fault);
}

/* The code for a value that does not fit its label, parameter or header. */
static enum aws_error invalid_code(enum aws_service service)
{
    return service == AWS_CLOUDFRONT ? AWS_InvalidArgument : AWS_InvalidInput;
}

enum aws_error aws_bind_request(const struct aws_route *route, const struct aws_input *input,
                                void *out, struct aws_fault *fault)
{
    const struct aws_operation *o = route->operation;
    CHECK(o->status != 0);
    enum aws_error error = bind_body(o, input->body, out, fault);
    if (error != AWS_OK)
        return error;
    for (const struct aws_member *m = o->request->members; m->name != NULL; m++) {
        struct slice text = {0};
        if (m->location == AWS_IN_BODY || m->location == AWS_IN_PAYLOAD)
            continue;
        bool was_sent = find_text(fault->arena, route, input, m, &text);
        if (is_left_out(m, was_sent, text)) {
            if (!m->is_required)
                continue;
            return aws_fail(fault, invalid_code(o->service),
                            "1 validation error detected: Value null at '%s' failed to satisfy "
                            "constraint: Member must not be null",
                            m->name);
        }
        enum misfit misfit = value_set(fault->arena, m, text, out);
        if (misfit != MISFIT_NONE)
            return aws_fail(fault, invalid_code(o->service), "%s",
                            misfit_in_request(fault->arena, misfit, m, text));
    }
    return AWS_OK;
}

void aws_bind_response(struct arena *a, const struct aws_operation *operation, const void *value,
                       struct aws_output *out)
{
    CHECK(operation->status != 0);
    const struct aws_shape *shape = operation->response;
    AUTO_BUF struct buf text = {0};
    *out = (struct aws_output){.status = operation->status};
    for (const struct aws_member *m = shape->members; m->name != NULL; m++) {
        if (m->location != AWS_IN_HEADER || !member_is_present(m, value))
            continue;
        CHECK(out->header_count < ARRAY_LEN(out->headers));
        buf_clear(&text);
        value_append(&text, m, value);
        out->headers[out->header_count++] = (struct sigv4_header){
            .name = slice_str(m->name), .value = arena_copy(a, buf_slice(&text))};
    }
    const struct aws_member *payload = payload_of(shape);
    if (payload == NULL && !has_body(shape, false))
        return;
    if (payload != NULL) {
        value = member_pointer(payload, value);
        shape = payload->shape;
    }
    CHECK(value != NULL);
    buf_clear(&text);
    aws_xml_write(&text, shape, aws_service_namespace(operation->service), value);
    out->body = arena_copy(a, buf_slice(&text));
}
