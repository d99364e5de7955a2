// SPDX-License-Identifier: Apache-2.0
// One call of an AWS-shaped API: the shapes of aws/ as XML there and back. Called on the main
// thread of a command.
#include "tool/api.h"

#include "aws/xml.h"
#include "base/check.h"

#include <stddef.h>
#include <string.h>

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

enum err tool_api_failure(struct arena *a, enum aws_service service, unsigned status,
                          struct slice document, struct errctx *ec)
{
    struct error_response response = {0};
    struct aws_fault fault = {.arena = a};
    enum err kind = tool_status_err(status);
    enum aws_error refused =
        aws_xml_parse(service, &error_response_shape, document, &response, &fault);
    if (refused != AWS_OK || response.error->code == NULL)
        return err_set(ec, kind, "the API answered %u %s", status, http_reason(status));
    const char *message = response.error->message;
    return err_set(ec, kind, "%s: %s", response.error->code, message != NULL ? message : "");
}

enum err tool_api_call(const struct tool_client *c, struct arena *a,
                       const struct tool_api_call *call, void *out, struct http_fields *out_fields,
                       struct errctx *ec)
{
    const struct aws_operation *operation = aws_operation(call->operation);
    enum aws_service service = operation->service;
    CHECK(operation->status != 0);
    AUTO_BUF struct buf body = {0};
    if (call->input != NULL)
        aws_xml_write(&body, call->request, aws_service_namespace(service), call->input);
    const struct tool_call signed_call = {
        .service = aws_service_name(service),
        .method = operation->method,
        .path = call->path,
        .query = call->query,
        .content_type = call->input != NULL ? "application/xml" : NULL,
        .if_match = call->if_match,
        .body = buf_slice(&body),
    };
    struct http_answer answer;
    enum err e = tool_client_call(c, a, &signed_call, &answer, ec);
    if (e != ERR_OK)
        return e;
    if (answer.status != operation->status)
        return tool_api_failure(a, service, answer.status, answer.body, ec);
    struct aws_fault fault = {.arena = a};
    memset(out, 0, call->response->size);
    if (aws_xml_parse(service, call->response, answer.body, out, &fault) != AWS_OK)
        return err_set(ec, ERR_CORRUPT, "answer of %s: %s", operation->name, fault.message);
    if (out_fields != NULL)
        *out_fields = answer.fields;
    return ERR_OK;
}
