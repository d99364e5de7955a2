// SPDX-License-Identifier: Apache-2.0
// UTF-8 of texts that may hold whatever a peer sent: the log's, those of XML and JSON. Any thread.
#include "base/utf8.h"

#include "base/check.h"

/* RFC 3629 section 3: the form of a sequence by its first byte. */
struct utf8_form {
    uint8_t mask;
    uint8_t lead;
    uint32_t least; /* smaller code points have a shorter form */
};

static const struct utf8_form utf8_forms[] = {
    {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

/* The code point of the sequence that is `len` bytes by its first, or UTF8_INVALID. */
static uint32_t decode_sequence(struct slice text, size_t len, const struct utf8_form *form)
{
    if (text.len < len)
        return UTF8_INVALID;
    uint32_t code_point = (uint32_t)text.data[0] & ~(uint32_t)form->mask & 0xffU;
    for (size_t i = 1; i < len; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return UTF8_INVALID;
        code_point = code_point << 6 | (text.data[i] & 0x3f);
    }
    bool is_surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
    if (code_point < form->least || code_point > 0x10ffff || is_surrogate)
        return UTF8_INVALID;
    return code_point;
}

size_t utf8_decode(struct slice text, uint32_t *out_code_point)
{
    CHECK(text.len > 0);
    uint32_t code_point = UTF8_INVALID;
    size_t len = 1;
    for (size_t i = 0; i < ARRAY_LEN(utf8_forms); i++) {
        if ((text.data[0] & utf8_forms[i].mask) != utf8_forms[i].lead)
            continue;
        code_point = decode_sequence(text, i + 1, &utf8_forms[i]);
        len = code_point == UTF8_INVALID ? 1 : i + 1;
        break;
    }
    *out_code_point = code_point;
    return len;
}

size_t utf8_count(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += (text.data[i] & 0xc0) != 0x80;
    return count;
}

struct slice utf8_clip(struct slice text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max > 0 && (text.data[max] & 0xc0) == 0x80)
        max--;
    return slice_of(text.data, max);
}
