// SPDX-License-Identifier: Apache-2.0
// Writes heads, for both sides. Pure; any thread.
#include "http/write.h"

#include "base/check.h"
#include "http/chars_priv.h"

void http_write_field(struct buf *out, struct slice name, struct slice value)
{
    if (!http_is_token(name))
        return;
    value = slice_trim(value);
    uint8_t *at = buf_reserve(out, name.len + value.len + 4);
    memcpy(at, name.data, name.len);
    at += name.len;
    *at++ = ':';
    *at++ = ' ';
    for (size_t i = 0; i < value.len; i++) {
        uint8_t class = http_class[value.data[i]];
        bool is_control = class == HTTP_CONTROL || class == HTTP_CR || class == HTTP_LF;
        *at++ = is_control ? ' ' : value.data[i];
    }
    *at++ = '\r';
    *at++ = '\n';
    buf_extend(out, name.len + value.len + 4);
}

static void fields_write(struct buf *out, const struct http_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        http_write_field(out, fields->items[i].name, fields->items[i].value);
    buf_append_str(out, "\r\n");
}

void http_write_request(struct buf *out, const struct http_request *request)
{
    CHECK(http_request_is_sendable(request));
    buf_append(out, request->method);
    buf_append_byte(out, ' ');
    buf_append(out, request->target);
    buf_printf(out, " HTTP/1.%u\r\n", request->minor_version);
    fields_write(out, &request->fields);
}

void http_write_response(struct buf *out, const struct http_response *response)
{
    buf_printf(out, "HTTP/1.%u %03u %s\r\n", response->minor_version, response->status,
               http_reason(response->status));
    fields_write(out, &response->fields);
}

bool http_request_is_sendable(const struct http_request *request)
{
    for (size_t i = 0; i < request->target.len; i++) {
        uint8_t byte = request->target.data[i];
        if (byte <= ' ' || byte >= 0x7f)
            return false;
    }
    return request->target.len > 0 && http_is_token(request->method);
}
