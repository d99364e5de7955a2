// SPDX-License-Identifier: Apache-2.0
// Base64. Called by the service parameters, on any thread.
#include "dns/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The digit's 6 bits; -1 for any other character. */
static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Characters of padding at the end: 0 to 2. */
static size_t padding_of(struct slice text)
{
    size_t count = 0;
    while (count < 2 && text.len > count && text.data[text.len - 1 - count] == '=')
        count++;
    return count;
}

bool dns_base64_read(struct arena *a, struct slice text, struct slice *out)
{
    size_t padding = padding_of(text);
    if (text.len == 0 || text.len % 4 != 0)
        return false;
    uint8_t *bytes = arena_alloc(a, text.len / 4 * 3);
    size_t len = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.len - padding; i++) {
        int value = value_of(text.data[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            bytes[len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    /* Bits behind the last byte are zero, so that each value has one text. */
    uint32_t unused = padding == 1 ? 0x3 : padding == 2 ? 0xf : 0;
    if ((bits & unused) != 0)
        return false;
    *out = slice_of(bytes, len);
    return true;
}

char *dns_base64_write(char *to, struct slice bytes)
{
    for (size_t at = 0; at < bytes.len; at += 3) {
        size_t left = bytes.len - at;
        uint32_t group = (uint32_t)bytes.data[at] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[at + 1] << 8 : 0;
        group |= left > 2 ? bytes.data[at + 2] : 0U;
        *to++ = digits[group >> 18];
        *to++ = digits[group >> 12 & 63];
        *to++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[group & 63] : '=';
    }
    return to;
}
