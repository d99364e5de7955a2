// SPDX-License-Identifier: Apache-2.0
// JSON into a buffer, for status pages and small files, and the escapes that the log shares.
#include "base/json_write.h"

#include "base/check.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

struct slice json_escape(struct slice *rest, char escape[JSON_ESCAPE_SIZE])
{
    uint32_t code_point = 0;
    size_t len = utf8_decode(*rest, &code_point);
    struct slice itself = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len, rest->len);
    char letter = '\0';
    if (code_point == '"' || code_point == '\\')
        letter = (char)code_point;
    else if (code_point == '\n')
        letter = 'n';
    else if (code_point == '\r')
        letter = 'r';
    else if (code_point == '\t')
        letter = 't';
    if (letter != '\0')
        (void)snprintf(escape, JSON_ESCAPE_SIZE, "\\%c", letter);
    else if (code_point == UTF8_INVALID)
        (void)snprintf(escape, JSON_ESCAPE_SIZE, "\\ufffd");
    else if (code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0))
        (void)snprintf(escape, JSON_ESCAPE_SIZE, "\\u%04x", (unsigned)code_point & 0xffU);
    else
        return itself;
    return slice_str(escape);
}

static void write_quoted(struct buf *out, struct slice text)
{
    char escape[JSON_ESCAPE_SIZE];
    buf_append_byte(out, '"');
    for (struct slice rest = text; rest.len > 0;)
        buf_append(out, json_escape(&rest, escape));
    buf_append_byte(out, '"');
}

/** What stands before a value: a comma, its key. */
static void begin_value(struct buf *out, const char *key)
{
    struct slice before = buf_slice(out);
    uint8_t last = before.data == NULL || before.len == 0 ? '{' : before.data[before.len - 1];
    if (last != '{' && last != '[')
        buf_append_str(out, ", ");
    if (key != NULL) {
        write_quoted(out, slice_str(key));
        buf_append_str(out, ": ");
    }
}

void json_write_open(struct buf *out, const char *key, char bracket)
{
    CHECK(bracket == '{' || bracket == '[');
    begin_value(out, key);
    buf_append_byte(out, (uint8_t)bracket);
}

void json_write_close(struct buf *out, char bracket)
{
    CHECK(bracket == '}' || bracket == ']');
    buf_append_byte(out, (uint8_t)bracket);
}

void json_write_text(struct buf *out, const char *key, struct slice text)
{
    begin_value(out, key);
    write_quoted(out, text);
}

void json_write_str(struct buf *out, const char *key, const char *text)
{
    json_write_text(out, key, slice_str(text));
}

void json_write_u64(struct buf *out, const char *key, uint64_t number)
{
    begin_value(out, key);
    buf_printf(out, "%" PRIu64, number);
}

void json_write_bool(struct buf *out, const char *key, bool value)
{
    begin_value(out, key);
    buf_append_str(out, value ? "true" : "false");
}

void json_write_null(struct buf *out, const char *key)
{
    begin_value(out, key);
    buf_append_str(out, "null");
}

void json_write_hex(struct buf *out, const char *key, struct slice bytes)
{
    begin_value(out, key);
    buf_append_byte(out, '"');
    slice_hex(bytes, (char *)buf_reserve(out, 2 * bytes.len + 1));
    buf_extend(out, 2 * bytes.len);
    buf_append_byte(out, '"');
}
