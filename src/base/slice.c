// SPDX-License-Identifier: Apache-2.0
// Comparing, cutting and converting slices. Pure; called by every room, on any thread.
#include "base/slice.h"

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    }
    return true;
}

bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_equal(slice_sub(s, 0, prefix.len), prefix);
}

bool slice_ends_with(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_equal(slice_sub(s, s.len - suffix.len, suffix.len), suffix);
}

int slice_compare(struct slice a, struct slice b)
{
    size_t shared = min_size(a.len, b.len);
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

size_t slice_find(struct slice s, uint8_t byte)
{
    const uint8_t *at = s.len == 0 ? NULL : memchr(s.data, byte, s.len);
    return at == NULL ? s.len : (size_t)(at - s.data);
}

struct slice slice_sub(struct slice s, size_t from, size_t len)
{
    if (from >= s.len)
        return slice_of(s.data == NULL ? NULL : s.data + s.len, 0);
    return slice_of(s.data + from, min_size(len, s.len - from));
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && is_blank(s.data[0]))
        s = slice_sub(s, 1, s.len - 1);
    while (s.len > 0 && is_blank(s.data[s.len - 1]))
        s.len--;
    return s;
}

/* An exhausted rest has no data at all, which an empty last part still has. */
bool slice_split(struct slice *rest, uint8_t separator, struct slice *out_part)
{
    if (rest->data == NULL)
        return false;
    size_t at = slice_find(*rest, separator);
    *out_part = slice_sub(*rest, 0, at);
    *rest = at == rest->len ? slice_of(NULL, 0) : slice_sub(*rest, at + 1, rest->len);
    return true;
}

bool slice_parse_u64(struct slice s, uint64_t max, uint64_t *out_value)
{
    if (s.len == 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.data[i] - '0');
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, digit, &value) || value > max)
            return false;
    }
    *out_value = value;
    return true;
}

void slice_hex(struct slice s, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < s.len; i++) {
        out[2 * i] = digits[s.data[i] >> 4];
        out[2 * i + 1] = digits[s.data[i] & 15];
    }
    out[2 * s.len] = '\0';
}

/* The value of a hex digit, or 16. */
static unsigned hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    uint8_t lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a' + 10) : 16;
}

bool slice_unhex(struct slice hex, uint8_t *out, size_t out_size, size_t *out_len)
{
    if (hex.len % 2 != 0 || hex.len / 2 > out_size)
        return false;
    for (size_t i = 0; i < hex.len; i++) {
        if (hex_value(hex.data[i]) > 15)
            return false;
    }
    for (size_t i = 0; i < hex.len / 2; i++)
        out[i] = (uint8_t)(hex_value(hex.data[2 * i]) << 4 | hex_value(hex.data[2 * i + 1]));
    *out_len = hex.len / 2;
    return true;
}
