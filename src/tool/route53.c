// SPDX-License-Identifier: Apache-2.0
// Route 53 calls of tools. Called on the main thread of a command.
#include "tool/route53.h"

#include "aws/operation.h"
#include "aws/xml.h"
#include "base/check.h"
#include "base/uri.h"

#include <stddef.h>
#include <string.h>

#define ROUTE53_PATH "/2013-04-01/"

/** The error document, which no operation of the shape tables has. */
struct error_detail {
    const char *type;
    const char *code;
    const char *message;
};
struct error_response {
    struct error_detail *error;
    const char *request_id;
};

#define ERROR_TEXT(of, field, sent)                                                                \
    {                                                                                              \
        .name = (sent), .type = AWS_TEXT, .location = AWS_IN_BODY,                                 \
        .offset = offsetof(struct of, field), .max = INT64_MAX                                     \
    }
static const struct aws_member error_detail_members[] = {
    ERROR_TEXT(error_detail, type, "Type"),
    ERROR_TEXT(error_detail, code, "Code"),
    ERROR_TEXT(error_detail, message, "Message"),
    {0},
};
static const struct aws_shape error_detail_shape = {
    .name = "Error", .size = sizeof(struct error_detail), .members = error_detail_members};
static const struct aws_member error_response_members[] = {
    {.name = "Error",
     .type = AWS_STRUCTURE,
     .location = AWS_IN_BODY,
     .is_required = true,
     .offset = offsetof(struct error_response, error),
     .shape = &error_detail_shape},
    ERROR_TEXT(error_response, request_id, "RequestId"),
    {0},
};
static const struct aws_shape error_response_shape = {.name = "ErrorResponse",
                                                      .size = sizeof(struct error_response),
                                                      .members = error_response_members};

enum err tool_route53_failure(struct arena *a, unsigned status, struct slice document,
                              struct errctx *ec)
{
    struct error_response response = {0};
    struct aws_fault fault = {.arena = a};
    enum err kind = tool_status_err(status);
    enum aws_error refused =
        aws_xml_parse(AWS_ROUTE53, &error_response_shape, document, &response, &fault);
    if (refused != AWS_OK || response.error->code == NULL)
        return err_set(ec, kind, "the API answered %u %s", status, http_reason(status));
    const char *message = response.error->message;
    return err_set(ec, kind, "%s: %s", response.error->code, message != NULL ? message : "");
}

/** One call: path with its labels filled in, body (NULL: none) and answer by the row's shapes. */
struct typed_call {
    enum aws_operation_id operation;
    const char *path;
    const char *query; /* NULL: none */
    const void *input; /* NULL: no body */
};

static enum err call(const struct tool_client *c, struct arena *a, const struct typed_call *typed,
                     void *out, struct errctx *ec)
{
    const struct aws_operation *operation = aws_operation(typed->operation);
    CHECK(operation->response != NULL);
    AUTO_BUF struct buf body = {0};
    if (typed->input != NULL)
        aws_xml_write(&body, operation->request, aws_service_namespace(AWS_ROUTE53), typed->input);
    const struct tool_call signed_call = {
        .service = aws_service_name(AWS_ROUTE53),
        .method = operation->method,
        .path = typed->path,
        .query = typed->query,
        .content_type = typed->input != NULL ? "application/xml" : NULL,
        .body = buf_slice(&body),
    };
    struct http_answer answer;
    enum err e = tool_client_call(c, a, &signed_call, &answer, ec);
    if (e != ERR_OK)
        return e;
    if (answer.status != operation->status)
        return tool_route53_failure(a, answer.status, answer.body, ec);
    struct aws_fault fault = {.arena = a};
    memset(out, 0, operation->response->size);
    if (aws_xml_parse(AWS_ROUTE53, operation->response, answer.body, out, &fault) != AWS_OK)
        return err_set(ec, ERR_CORRUPT, "answer of %s: %s", operation->name, fault.message);
    return ERR_OK;
}

/** PREFIX, the id percent-coded, SUFFIX. */
static const char *path_of(struct arena *a, const char *prefix, const char *id, const char *suffix)
{
    struct slice coded = uri_encode(a, slice_str(id), false);
    return arena_printf(a, ROUTE53_PATH "%s%.*s%s", prefix, SLICE_FMT(coded), suffix);
}

enum err tool_route53_zones(const struct tool_client *c, struct arena *a, const char *name,
                            struct r53_list_hosted_zones_by_name_response *out, struct errctx *ec)
{
    const char *query = NULL;
    if (name != NULL)
        query = arena_printf(a, "dnsname=%.*s", SLICE_FMT(uri_encode(a, slice_str(name), false)));
    const struct typed_call typed = {
        .operation = AWS_ROUTE53_ListHostedZonesByName,
        .path = ROUTE53_PATH "hostedzonesbyname",
        .query = query,
    };
    return call(c, a, &typed, out, ec);
}

enum err tool_route53_create_zone(const struct tool_client *c, struct arena *a,
                                  const struct r53_create_hosted_zone_request *request,
                                  struct r53_create_hosted_zone_response *out, struct errctx *ec)
{
    const struct typed_call typed = {
        .operation = AWS_ROUTE53_CreateHostedZone,
        .path = ROUTE53_PATH "hostedzone",
        .input = request,
    };
    return call(c, a, &typed, out, ec);
}

enum err tool_route53_change(const struct tool_client *c, struct arena *a,
                             const struct r53_change_record_sets_request *request,
                             struct r53_change_record_sets_response *out, struct errctx *ec)
{
    const struct typed_call typed = {
        .operation = AWS_ROUTE53_ChangeResourceRecordSets,
        .path = path_of(a, "hostedzone/", request->hosted_zone_id, "/rrset"),
        .input = request,
    };
    return call(c, a, &typed, out, ec);
}

enum err tool_route53_get_change(const struct tool_client *c, struct arena *a, const char *id,
                                 struct r53_get_change_response *out, struct errctx *ec)
{
    const struct typed_call typed = {
        .operation = AWS_ROUTE53_GetChange,
        .path = path_of(a, "change/", id, ""),
    };
    return call(c, a, &typed, out, ec);
}
