// SPDX-License-Identifier: Apache-2.0
// The table of operations and the router. Called by the API for each request, on any thread.
#include "aws/operation.h"

#include "aws/cloudfront.h"
#include "aws/route53.h"
#include "base/check.h"
#include "base/uri.h"

static const struct aws_operation operations[AWS_OPERATION_COUNT] = {
#define OPERATION(service_, name_, method_, path_, query_, status_, request_, response_)           \
    {.id = AWS_##service_##_##name_,                                                               \
     .service = AWS_##service_,                                                                    \
     .name = #name_,                                                                               \
     .method = #method_,                                                                           \
     .path = (path_),                                                                              \
     .query = (query_),                                                                            \
     .status = (status_),                                                                          \
     .request = &AWS_SHAPE_OF(request_),                                                           \
     .response = &AWS_SHAPE_OF(response_)},
#define KNOWN(service_, name_, method_, path_, query_)                                             \
    {.id = AWS_##service_##_##name_,                                                               \
     .service = AWS_##service_,                                                                    \
     .name = #name_,                                                                               \
     .method = #method_,                                                                           \
     .path = (path_),                                                                              \
     .query = (query_)},
#include "aws/operations.def"
#undef OPERATION
#undef KNOWN
};

struct prefix_row {
    const char *prefix;
    enum aws_service service;
};

static const struct prefix_row prefixes[] = {
    {"/2013-04-01", AWS_ROUTE53},
    {"/2020-05-31", AWS_CLOUDFRONT},
    {"/weir", AWS_WEIR},
};

const struct aws_operation *aws_operation(enum aws_operation_id id)
{
    CHECK(id < AWS_OPERATION_COUNT);
    return &operations[id];
}

bool aws_service_of_path(struct slice path, enum aws_service *out_service)
{
    while (path.len > 1 && path.data[0] == '/' && path.data[1] == '/')
        path = slice_sub(path, 1, path.len);
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        struct slice prefix = slice_str(prefixes[i].prefix);
        struct slice rest = slice_sub(path, prefix.len, path.len);
        if (slice_starts_with(path, prefix) && (rest.len == 0 || rest.data[0] == '/')) {
            *out_service = prefixes[i].service;
            return true;
        }
    }
    return false;
}

/* Cuts the next segment that is not empty off the front. */
static bool next_segment(struct slice *rest, struct slice *out)
{
    while (slice_split(rest, '/', out))
        if (out->len > 0)
            return true;
    return false;
}

static bool is_label(struct slice segment)
{
    return segment.len > 2 && segment.data[0] == '{';
}

/* Whether the path fits the template; labels still percent-coded. */
static bool match_path(const char *template, struct slice path, struct aws_route *out)
{
    struct slice wanted_rest = slice_str(template);
    struct slice wanted;
    struct slice segment;
    out->label_count = 0;
    while (next_segment(&wanted_rest, &wanted)) {
        if (!next_segment(&path, &segment))
            return false;
        if (!is_label(wanted)) {
            if (!slice_equal(wanted, segment))
                return false;
            continue;
        }
        CHECK(out->label_count < AWS_PATH_MAX_LABELS);
        out->labels[out->label_count++] = segment;
    }
    return !next_segment(&path, &segment);
}

/* Whether the query holds the parameter that the row wants ("Name" or "Name=value"). */
static bool match_query(struct arena *a, const char *wanted, struct slice query)
{
    if (*wanted == '\0')
        return true;
    struct slice rest = slice_str(wanted);
    struct slice name;
    struct slice value;
    struct slice sent;
    if (!uri_next_param(&rest, &name, &value))
        return false;
    return uri_query_get(a, query, arena_str(a, name), &sent) &&
           (value.len == 0 || slice_equal(sent, value));
}

static bool decode_labels(struct arena *a, struct aws_route *route)
{
    for (size_t i = 0; i < route->label_count; i++)
        if (!uri_decode(a, route->labels[i], &route->labels[i]))
            return false;
    return true;
}

enum aws_error aws_route(struct slice method, struct slice path, struct slice query,
                         struct aws_route *out, struct aws_fault *fault)
{
    bool has_path = false;
    struct aws_route route = {0};
    for (size_t i = 0; i < AWS_OPERATION_COUNT && route.operation == NULL; i++) {
        const struct aws_operation *o = &operations[i];
        if (!match_path(o->path, path, &route) || !match_query(fault->arena, o->query, query))
            continue;
        has_path = true;
        if (slice_equal(method, slice_str(o->method)))
            route.operation = o;
    }
    if (route.operation == NULL && has_path)
        return aws_fail(fault, AWS_MethodNotAllowed, "The method %.*s is not allowed here",
                        SLICE_FMT(slice_sub(method, 0, 32)));
    if (route.operation == NULL)
        return aws_fail(fault, AWS_UnknownOperationException,
                        "No operation of this API has such a path");
    if (!decode_labels(fault->arena, &route))
        return aws_fail(fault,
                        route.operation->service == AWS_CLOUDFRONT ? AWS_InvalidArgument
                                                                   : AWS_InvalidInput,
                        "The path holds a broken percent escape");
    *out = route;
    if (route.operation->status == 0)
        return aws_fail(fault, AWS_NotImplemented,
                        "The operation %s of %s is not available in this version of Weir",
                        route.operation->name, aws_service_name(route.operation->service));
    return AWS_OK;
}
