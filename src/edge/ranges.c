// SPDX-License-Identifier: Apache-2.0
// The reader of Range fields. Called by conditions.c on bytes of viewers.
#include "edge/ranges.h"

#include "base/check.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Digits as a number; what is larger than any body counts as the largest. False: no digits. */
static bool parse_position(struct slice s, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.data[i]))
            return false;
        uint64_t digit = (uint64_t)(s.data[i] - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : 10 * value + digit;
    }
    if (s.len > 0)
        *out = value;
    return s.len > 0;
}

enum spec { SPEC_MALFORMED, SPEC_BEYOND, SPEC_RANGE };

/* "first-", "first-last" or "-suffix". */
static enum spec parse_spec(struct slice s, uint64_t length, struct edge_range *out)
{
    size_t dash = slice_find(s, '-');
    struct slice left = slice_sub(s, 0, dash);
    struct slice right = slice_sub(s, dash + 1, s.len);
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
    if (dash == s.len)
        return SPEC_MALFORMED;
    if (left.len == 0) {
        uint64_t suffix;
        if (!parse_position(right, &suffix))
            return SPEC_MALFORMED;
        if (suffix == 0 || length == 0)
            return SPEC_BEYOND;
        *out = (struct edge_range){.from = suffix < length ? length - suffix : 0, .to = length};
        return SPEC_RANGE;
    }
    if (!parse_position(left, &first) || (right.len > 0 && !parse_position(right, &last)) ||
        last < first)
        return SPEC_MALFORMED;
    if (first >= length)
        return SPEC_BEYOND;
    *out = (struct edge_range){.from = first, .to = last < length ? last + 1 : length};
    return SPEC_RANGE;
}

enum edge_ranges_found edge_ranges_read(struct slice value, uint64_t length_bytes,
                                        struct edge_range out[EDGE_RANGES_MAX], size_t *out_count)
{
    static const struct slice unit = SLICE_LIT("bytes=");
    if (!slice_equal_nocase(slice_sub(value, 0, unit.len), unit))
        return EDGE_RANGES_WHOLE;
    struct slice rest = slice_sub(value, unit.len, value.len);
    struct slice spec;
    size_t named = 0;
    size_t count = 0;
    while (slice_split(&rest, ',', &spec)) {
        spec = slice_trim(spec);
        if (spec.len == 0) /* empty elements of a list count for nothing */
            continue;
        struct edge_range range;
        enum spec found = parse_spec(spec, length_bytes, &range);
        if (found == SPEC_MALFORMED || ++named > EDGE_RANGES_MAX)
            return EDGE_RANGES_WHOLE;
        if (found == SPEC_BEYOND)
            continue;
        if (count > 0 && range.from < out[count - 1].to)
            return EDGE_RANGES_WHOLE;
        CHECK(range.from < range.to && range.to <= length_bytes);
        out[count++] = range;
    }
    if (count > 0)
        *out_count = count;
    if (named == 0)
        return EDGE_RANGES_WHOLE;
    return count > 0 ? EDGE_RANGES_SOME : EDGE_RANGES_UNSATISFIABLE;
}
