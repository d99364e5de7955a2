// SPDX-License-Identifier: Apache-2.0
// Error codes and error documents of the APIs. Called by whoever refuses a call, on any thread.
#include "aws/error.h"

#include "aws/limits.h"
#include "aws/text_priv.h"
#include "base/check.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum fault_type { SENDER, RECEIVER };

struct error_row {
    const char *code;
    unsigned status;
    enum fault_type type;
};

static const struct error_row errors[] = {
    {.code = "OK", .status = 200},
#define AWS_ERROR(code_, status_, type_) {.code = #code_, .status = (status_), .type = (type_)},
#include "aws/errors.def"
#undef AWS_ERROR
};

struct service_row {
    const char *name;
    const char *xml_namespace;
};

static const struct service_row services[AWS_SERVICE_COUNT] = {
    [AWS_ROUTE53] = {"route53", "https://route53.amazonaws.com/doc/2013-04-01/"},
    [AWS_CLOUDFRONT] = {"cloudfront", "http://cloudfront.amazonaws.com/doc/2020-05-31/"},
    [AWS_WEIR] = {"weir", NULL},
};

const char *aws_service_name(enum aws_service service)
{
    CHECK(service < AWS_SERVICE_COUNT);
    return services[service].name;
}

const char *aws_service_namespace(enum aws_service service)
{
    CHECK(service < AWS_SERVICE_COUNT);
    return services[service].xml_namespace;
}

static const char *code_of(enum aws_error error)
{
    CHECK(error < ARRAY_LEN(errors));
    return errors[error].code;
}

unsigned aws_error_status(enum aws_error error)
{
    CHECK(error < ARRAY_LEN(errors));
    return errors[error].status;
}

enum aws_error aws_fail(struct aws_fault *fault, enum aws_error error, const char *fmt, ...)
{
    CHECK(error != AWS_OK && fault->arena != NULL);
    va_list args;
    va_start(args, fmt);
    fault->message = arena_vprintf(fault->arena, fmt, args);
    va_end(args);
    fault->error = error;
    return error;
}

const char *aws_echo(struct arena *a, const char *value)
{
    struct slice whole = slice_str(value);
    struct slice shown = utf8_clip(whole, AWS_ECHO_MAX_BYTES);
    return shown.len == whole.len ? value : arena_str(a, shown);
}

void aws_request_id(const uint8_t random[16], char out[AWS_REQUEST_ID_SIZE])
{
    uint8_t id[16];
    memcpy(id, random, sizeof(id));
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    char hex[2 * sizeof(id) + 1];
    slice_hex(slice_of(id, sizeof(id)), hex);
    snprintf(out, AWS_REQUEST_ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
             hex + 16, hex + 20);
}

static const char *type_text(enum aws_error error)
{
    return errors[error].type == SENDER ? "Sender" : "Receiver";
}

static void append_element(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "<%s>", name);
    xml_append_text(out, slice_str(text));
    buf_printf(out, "</%s>", name);
}

static struct slice xml_document(struct arena *a, const char *xml_namespace,
                                 const struct aws_fault *fault, const char *request_id)
{
    AUTO_BUF struct buf out = {0};
    buf_printf(&out, "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"%s\"><Error>", xml_namespace);
    append_element(&out, "Type", type_text(fault->error));
    append_element(&out, "Code", code_of(fault->error));
    append_element(&out, "Message", fault->message);
    buf_append_str(&out, "</Error>");
    append_element(&out, "RequestId", request_id);
    buf_append_str(&out, "</ErrorResponse>\n");
    return arena_copy(a, buf_slice(&out));
}

static struct slice json_document(struct arena *a, const struct aws_fault *fault,
                                  const char *request_id)
{
    struct slice message = slice_str(fault->message);
    bool is_utf8 = xml_text_is_valid(message);
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s}", "Type", type_text(fault->error), "Code", code_of(fault->error),
        "Message", is_utf8 ? fault->message : "The request is not UTF-8", "RequestId", request_id);
    CHECK(object != NULL);
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    CHECK(text != NULL);
    struct slice document = slice_str(arena_strdup(a, text));
    free(text);
    return document;
}

struct slice aws_error_document(struct arena *a, enum aws_service service,
                                const struct aws_fault *fault, const char *request_id)
{
    CHECK(fault->error != AWS_OK && fault->message != NULL);
    const char *xml_namespace = aws_service_namespace(service);
    if (xml_namespace == NULL)
        return json_document(a, fault, request_id);
    return xml_document(a, xml_namespace, fault, request_id);
}
