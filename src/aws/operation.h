// SPDX-License-Identifier: Apache-2.0
// The operations of the two AWS services as a table, and the router from method, path and query to
// one of them. Pure; any thread.
#ifndef AWS_OPERATION_H
#define AWS_OPERATION_H

#include "aws/error.h"
#include "aws/limits.h"
#include "aws/shape.h"

/** AWS_ROUTE53_GetChange and so on, in AWS's own spelling. */
enum aws_operation_id {
#define OPERATION(service, name, method, path, query, status, request, response)                   \
    AWS_##service##_##name,
#define KNOWN(service, name, method, path, query) AWS_##service##_##name,
#include "aws/operations.def"
#undef OPERATION
#undef KNOWN
    AWS_OPERATION_COUNT
};

struct aws_operation {
    enum aws_operation_id id;
    enum aws_service service;
    const char *name;   /* "GetChange" */
    const char *method; /* "GET" */
    const char *path;   /* "/2013-04-01/change/{Id}" */
    const char *query;  /* parameter that must be there: "WithTags", "Operation=Tag"; "": none */
    unsigned status;    /* of a success; 0: known to AWS, not built here */
    const struct aws_shape *request;  /* NULL where status is 0 */
    const struct aws_shape *response; /* NULL where status is 0 */
};

/** The row of an operation. */
const struct aws_operation *aws_operation(enum aws_operation_id id);

/** Which row a request meant, and the decoded labels of its path in the template's order. */
struct aws_route {
    const struct aws_operation *operation;
    struct slice labels[AWS_PATH_MAX_LABELS];
    size_t label_count;
};

/** The service whose paths begin like this; false for a path of none. */
bool aws_service_of_path(struct slice path, enum aws_service *out_service);

/**
 * Finds the operation of one of the AWS services. path and query are as sent; a trailing slash is
 * passed over; runs of slashes count as one. Labels live in the fault's arena.
 * Errors: NotImplemented, naming the operation, for one that is not built (*out is set then too);
 * MethodNotAllowed; UnknownOperationException for a path that no operation has; InvalidInput
 * (CloudFront: InvalidArgument) for a broken escape.
 */
enum aws_error aws_route(struct slice method, struct slice path, struct slice query,
                         struct aws_route *out, struct aws_fault *fault) MUST_USE;

#endif
