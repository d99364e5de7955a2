// SPDX-License-Identifier: Apache-2.0
// The characters of XML 1.0. Called by the parser and the writers of aws/, on any thread.
#include "aws/text_priv.h"

#include "base/utf8.h"

/* Char of XML 1.0 (section 2.2), of the code points that UTF-8 can carry. */
static bool is_xml_char(uint32_t c)
{
    bool is_control = c < ' ' && c != '\t' && c != '\n' && c != '\r';
    return c != UTF8_INVALID && !is_control && c != 0xfffe && c != 0xffff;
}

bool xml_text_is_valid(struct slice s)
{
    for (struct slice rest = s; rest.len > 0;) {
        uint32_t code_point = 0;
        size_t len = utf8_decode(rest, &code_point);
        if (!is_xml_char(code_point))
            return false;
        rest = slice_sub(rest, len, rest.len);
    }
    return true;
}

/* How a character is written where not as itself. */
static const char *escape_of(uint32_t c)
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
        return is_xml_char(c) ? NULL : "\xef\xbf\xbd";
    }
}

void xml_append_text(struct buf *out, struct slice s)
{
    for (struct slice rest = s; rest.len > 0;) {
        uint32_t code_point = 0;
        size_t len = utf8_decode(rest, &code_point);
        const char *escape = escape_of(code_point);
        if (escape != NULL)
            buf_append_str(out, escape);
        else
            buf_append(out, slice_sub(rest, 0, len));
        rest = slice_sub(rest, len, rest.len);
    }
}
