// SPDX-License-Identifier: Apache-2.0
// A walk over the markup of an XML text before it is parsed: libxml2 compares each attribute of a
// tag with all others, so that one long tag would keep a worker busy for minutes. Called by
// aws_xml_parse on any thread. Pure.
//
// The walk sees tags exactly where the parser does, up to the first error that ends the parse. It
// can do so in one encoding only, which is why others are refused here.
#include "aws/xml_scan_priv.h"

#include "aws/limits.h"
#include "base/macros.h"
#include "base/utf8.h"

#include <string.h>

/* Markup whose content is no markup. A tag starts with '<' alone. */
static const struct {
    struct slice start;
    struct slice end;
} opaque[] = {
    {SLICE_LIT("<!--"), SLICE_LIT("-->")},
    {SLICE_LIT("<![CDATA["), SLICE_LIT("]]>")},
    {SLICE_LIT("<?"), SLICE_LIT("?>")},
};

static bool is_text(struct slice text)
{
    while (text.len > 0) {
        uint32_t c;
        size_t len = utf8_decode(text, &c);
        if (c == UTF8_INVALID || c == 0)
            return false;
        text = slice_sub(text, len, text.len);
    }
    return true;
}

/* Bytes up to the end of `end`, or all where it does not come. */
static size_t length_until(struct slice text, struct slice end)
{
    const uint8_t *at = memmem(text.data, text.len, end.data, end.len);
    return at == NULL ? text.len : (size_t)(at - text.data) + end.len;
}

/* Bytes of the tag that the text starts with: up to the first '>' outside of quotes. */
static size_t tag_length(struct slice text)
{
    uint8_t quote = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (quote == 0 && c == '>')
            return i + 1;
        if (quote == 0 && (c == '"' || c == '\''))
            quote = c;
        else if (c == quote)
            quote = 0;
    }
    return text.len;
}

/* Bytes of the markup that the text starts with, and whether it is a tag. */
static size_t markup_length(struct slice text, bool *out_is_tag)
{
    *out_is_tag = false;
    for (size_t i = 0; i < ARRAY_LEN(opaque); i++) {
        size_t start = opaque[i].start.len;
        if (slice_starts_with(text, opaque[i].start))
            return start + length_until(slice_sub(text, start, text.len), opaque[i].end);
    }
    *out_is_tag = true;
    return tag_length(text);
}

bool xml_is_harmless(struct slice text, const char **out_finding)
{
    if (!is_text(text)) {
        *out_finding = "it is not UTF-8";
        return false;
    }
    for (;;) {
        text = slice_sub(text, slice_find(text, '<'), text.len);
        if (text.len == 0)
            return true;
        bool is_tag;
        size_t len = markup_length(text, &is_tag);
        if (is_tag && len > AWS_XML_MAX_TAG_BYTES) {
            *out_finding = "a tag is too long";
            return false;
        }
        text = slice_sub(text, len, text.len);
    }
}
