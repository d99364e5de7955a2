// SPDX-License-Identifier: Apache-2.0
// Record data as the text that the API lists. Called for listings and tools, on any thread.
#include "dns/rdata.h"

#include "base/check.h"
#include "dns/rdata_priv.h"
#include "dns/svc_params_priv.h"
#include "dns/wire_priv.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Longest text of one byte of data: a backslash and three digits take 4, service parameters more.
 */
#define TEXT_BYTES_PER_BYTE SVC_PARAMS_TEXT_BYTES_PER_BYTE

/* Longest text of one field besides its bytes: an address, a name's dots, quotes, spaces. */
#define TEXT_BYTES_PER_FIELD ((size_t)64)

char *rdata_write_quoted_byte(char *to, uint8_t c, enum dns_text style)
{
    if (c < ' ' || c > '~')
        return dns_escape_write(to, c, style);
    if (c == '"' || c == '\\')
        *to++ = '\\';
    *to++ = (char)c;
    return to;
}

static char *format_quoted(char *to, struct slice bytes, enum dns_text style)
{
    *to++ = '"';
    for (size_t i = 0; i < bytes.len; i++)
        to = rdata_write_quoted_byte(to, bytes.data[i], style);
    *to++ = '"';
    return to;
}

static char *format_strings(char *to, struct slice bytes, enum dns_text style)
{
    for (size_t at = 0; at < bytes.len; at += 1U + bytes.data[at]) {
        if (at > 0)
            *to++ = ' ';
        to = format_quoted(to, slice_of(bytes.data + at + 1, bytes.data[at]), style);
    }
    return to;
}

/* inet_ntop's IPv6 form is that of RFC 5952. */
static char *format_address(char *to, int family, struct slice bytes)
{
    const char *text = inet_ntop(family, bytes.data, to, INET6_ADDRSTRLEN);
    CHECK(text != NULL);
    return to + strlen(to);
}

static char *format_number(char *to, uint32_t number)
{
    int len = snprintf(to, TEXT_BYTES_PER_FIELD, "%u", number);
    CHECK(len > 0 && (size_t)len < TEXT_BYTES_PER_FIELD);
    return to + len;
}

static char *format_hex(char *to, struct slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.len; i++) {
        *to++ = digits[bytes.data[i] >> 4];
        *to++ = digits[bytes.data[i] & 0xf];
    }
    return to;
}

static char *format_name(char *to, struct slice name, enum dns_text style)
{
    char text[DNS_NAME_TEXT_SIZE];
    size_t len =
        style == DNS_TEXT_API ? dns_name_format(name, text) : dns_name_format_master(name, text);
    memcpy(to, text, len);
    return to + len;
}

static char *format_field(char *to, enum rdata_field field, struct slice bytes, enum dns_text style)
{
    switch (field) {
    case RDATA_IPV4:
        return format_address(to, AF_INET, bytes);
    case RDATA_IPV6:
        return format_address(to, AF_INET6, bytes);
    case RDATA_U8:
        return format_number(to, bytes.data[0]);
    case RDATA_U16:
        return format_number(to, dns_get_u16(bytes.data));
    case RDATA_U32:
        return format_number(to, dns_get_u32(bytes.data));
    case RDATA_NAME:
        return format_name(to, bytes, style);
    case RDATA_STRING:
        return format_quoted(to, slice_sub(bytes, 1, bytes.len), style);
    case RDATA_STRINGS:
        return format_strings(to, bytes, style);
    case RDATA_TAG:
        memcpy(to, bytes.data + 1, bytes.len - 1);
        return to + bytes.len - 1;
    case RDATA_VALUE:
        return format_quoted(to, bytes, style);
    case RDATA_HEX:
        return format_hex(to, bytes);
    case RDATA_PARAMS:
        return svc_params_format(to, bytes);
    }
    return to;
}

/* "\# 4 0A000001" (RFC 3597 section 5). */
static struct slice format_generic(struct arena *a, struct slice rdata)
{
    size_t size = TEXT_BYTES_PER_BYTE * rdata.len + TEXT_BYTES_PER_FIELD;
    char *text = arena_alloc(a, size);
    char *to = text;
    *to++ = '\\';
    *to++ = '#';
    *to++ = ' ';
    to = format_number(to, (uint32_t)rdata.len);
    if (rdata.len > 0)
        *to++ = ' ';
    to = format_hex(to, rdata);
    return slice_of(text, (size_t)(to - text));
}

static struct slice format(struct arena *a, uint16_t type, struct slice rdata, enum dns_text style)
{
    const struct rdata_shape *shape = rdata_shape_of(type);
    if (shape == NULL)
        return format_generic(a, rdata);
    size_t size = TEXT_BYTES_PER_BYTE * rdata.len + TEXT_BYTES_PER_FIELD * shape->field_count;
    char *text = arena_alloc(a, size);
    char *to = text;
    size_t at = 0;
    for (size_t i = 0; i < shape->field_count; i++) {
        enum rdata_field field = shape->fields[i];
        struct slice rest = slice_sub(rdata, at, rdata.len);
        size_t bytes = rdata_field_bytes(field, rest);
        bool is_absent = field == RDATA_PARAMS && rest.len == 0;
        if (i > 0 && !is_absent)
            *to++ = ' ';
        to = format_field(to, field, slice_of(rest.data, bytes), style);
        at += bytes;
    }
    CHECK(at == rdata.len && (size_t)(to - text) < size);
    return slice_of(text, (size_t)(to - text));
}

struct slice dns_rdata_format(struct arena *a, uint16_t type, struct slice rdata)
{
    return format(a, type, rdata, DNS_TEXT_API);
}

struct slice dns_rdata_format_master(struct arena *a, uint16_t type, struct slice rdata)
{
    bool has_params = type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
    struct slice text = format(a, type, rdata, DNS_TEXT_MASTER);
    bool has_escapes = slice_find(text, '\\') < text.len;
    return has_params && has_escapes ? format_generic(a, rdata) : text;
}
