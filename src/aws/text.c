// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629) and the characters of XML 1.0. Called by the parser and the writers of aws/.
#include "aws/text_priv.h"

/* Length and the range of the second byte by the first byte; RFC 3629 section 4. */
static size_t utf8_shape(uint8_t first, uint8_t *out_least, uint8_t *out_most)
{
    *out_least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *out_most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        return 1;
    if (first < 0xc2)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

size_t utf8_next(struct slice s)
{
    uint8_t least;
    uint8_t most;
    size_t len = utf8_shape(s.data[0], &least, &most);
    if (len > s.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if (s.data[i] < least || s.data[i] > most)
            return 0;
        least = 0x80;
        most = 0xbf;
    }
    return len;
}

/* Whether the well-formed character of `len` bytes is a Char of XML 1.0 (section 2.2). */
static bool is_xml_char(const uint8_t *c, size_t len)
{
    if (len == 1)
        return c[0] >= ' ' || c[0] == '\t' || c[0] == '\n' || c[0] == '\r';
    return !(len == 3 && c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe);
}

bool xml_text_is_valid(struct slice s)
{
    for (size_t at = 0; at < s.len;) {
        size_t len = utf8_next(slice_of(s.data + at, s.len - at));
        if (len == 0 || !is_xml_char(s.data + at, len))
            return false;
        at += len;
    }
    return true;
}

size_t utf8_count(struct slice s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += (s.data[i] & 0xc0) != 0x80;
    return count;
}

struct slice utf8_clip(struct slice s, size_t max)
{
    if (s.len <= max)
        return s;
    while (max > 0 && (s.data[max] & 0xc0) == 0x80)
        max--;
    return slice_of(s.data, max);
}

/* How a character of one byte is written where not as itself. */
static const char *escape_of(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r': /* a parser would read the bare one as a line feed */
        return "&#13;";
    default:
        return NULL;
    }
}

void xml_append_text(struct buf *out, struct slice s)
{
    for (size_t at = 0; at < s.len;) {
        size_t len = utf8_next(slice_of(s.data + at, s.len - at));
        const char *escape = len == 1 ? escape_of(s.data[at]) : NULL;
        if (len == 0 || !is_xml_char(s.data + at, len))
            buf_append_str(out, "\xef\xbf\xbd");
        else if (escape != NULL)
            buf_append_str(out, escape);
        else
            buf_append(out, slice_of(s.data + at, len));
        at += len == 0 ? 1 : len;
    }
}
