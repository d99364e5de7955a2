// SPDX-License-Identifier: Apache-2.0
// Parts of a URI. Pure; called by the HTTP and API rooms on bytes of peers, on any thread.
#include "base/uri.h"

#include "base/check.h"

void uri_split_target(struct slice target, struct slice *out_path, struct slice *out_query)
{
    size_t mark = slice_find(target, '?');
    *out_path = slice_sub(target, 0, mark);
    *out_query = slice_sub(target, mark + 1, target.len);
}

bool uri_decode(struct arena *a, struct slice text, struct slice *out_decoded)
{
    uint8_t *out = arena_alloc(a, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '%') {
            out[len++] = text.data[i];
            continue;
        }
        size_t decoded_len = 0;
        struct slice digits = slice_sub(text, i + 1, 2);
        if (digits.len != 2 || !slice_unhex(digits, out + len, 1, &decoded_len))
            return false;
        len += decoded_len;
        i += 2;
    }
    *out_decoded = slice_of(out, len);
    return true;
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

struct slice uri_encode(struct arena *a, struct slice raw, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *out = arena_array(a, raw.len + 1, 3);
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        uint8_t c = raw.data[i];
        if (is_unreserved(c) || (c == '/' && keep_slash)) {
            out[len++] = c;
            continue;
        }
        out[len++] = '%';
        out[len++] = (uint8_t)digits[c >> 4];
        out[len++] = (uint8_t)digits[c & 15];
    }
    return slice_of(out, len);
}

struct slice uri_normalize_path(struct arena *a, struct slice path)
{
    size_t capacity = path.len + 2; /* a leading '/' that was missing, and a NUL */
    uint8_t *out = arena_alloc(a, capacity);
    size_t len = 0;
    bool ends_in_slash = true;
    struct slice rest = path;
    struct slice segment;
    while (slice_split(&rest, '/', &segment)) {
        bool is_up = slice_equal(segment, SLICE_LIT(".."));
        ends_in_slash = is_up || segment.len == 0 || slice_equal(segment, SLICE_LIT("."));
        if (is_up) {
            while (len > 0 && out[--len] != '/')
                continue;
        } else if (!ends_in_slash) {
            out[len++] = '/';
            memcpy(out + len, segment.data, segment.len);
            len += segment.len;
        }
        CHECK(len < capacity);
    }
    if (ends_in_slash)
        out[len++] = '/';
    return slice_of(out, len);
}

bool uri_next_param(struct slice *rest, struct slice *out_name, struct slice *out_value)
{
    struct slice param;
    while (slice_split(rest, '&', &param)) {
        if (param.len == 0)
            continue;
        size_t equals = slice_find(param, '=');
        *out_name = slice_sub(param, 0, equals);
        *out_value = slice_sub(param, equals + 1, param.len);
        return true;
    }
    return false;
}

bool uri_query_get(struct arena *a, struct slice query, const char *name, struct slice *out_value)
{
    struct slice rest = query;
    struct slice raw_name;
    struct slice raw_value;
    while (uri_next_param(&rest, &raw_name, &raw_value)) {
        struct slice decoded;
        if (uri_decode(a, raw_name, &decoded) && slice_equal(decoded, slice_str(name)))
            return uri_decode(a, raw_value, out_value);
    }
    return false;
}
