// SPDX-License-Identifier: Apache-2.0
// Matching of wildcard patterns, on any thread. A pattern is a row of segments between its stars:
// the first stands at the start of the text, the last at its end, and each between them is taken at
// its leftmost place, because an earlier place leaves the others more room. So nothing is tried
// twice, and each search for a segment is linear.
#include "base/wildcard.h"

#include "base/check.h"

enum {
    WORD_BITS = 64,
    WORDS = (WILDCARD_PATTERN_MAX_BYTES + WORD_BITS - 1) / WORD_BITS,
};

/* Whether the segment, without stars, fits the first bytes of the text. */
static bool fits_at_start(struct slice segment, struct slice text)
{
    if (text.len < segment.len)
        return false;
    for (size_t i = 0; i < segment.len; i++) {
        if (segment.data[i] != '?' && segment.data[i] != text.data[i])
            return false;
    }
    return true;
}

/* For each byte, at which places of a segment it may stand: one bit a place. */
struct places {
    uint64_t of[256][WORDS];
};

static void places_init(struct places *p, struct slice segment)
{
    *p = (struct places){0};
    for (size_t i = 0; i < segment.len; i++) {
        uint64_t bit = UINT64_C(1) << i % WORD_BITS;
        if (segment.data[i] != '?') {
            p->of[segment.data[i]][i / WORD_BITS] |= bit;
            continue;
        }
        for (unsigned byte = 0; byte < 256; byte++)
            p->of[byte][i / WORD_BITS] |= bit;
    }
}

/*
 * The end of the leftmost place of a segment that holds '?', by the Shift-And method: bit i of
 * `state` says that the segment's first i + 1 bytes fit the text up to here. SIZE_MAX: none.
 */
static size_t find_with_marks(struct slice segment, struct slice text)
{
    struct places p;
    places_init(&p, segment);
    uint64_t state[WORDS] = {0};
    size_t last = segment.len - 1;
    for (size_t i = 0; i < text.len; i++) {
        uint64_t carry = 1;
        for (size_t word = 0; word <= last / WORD_BITS; word++) {
            uint64_t next_carry = state[word] >> (WORD_BITS - 1);
            state[word] = (state[word] << 1 | carry) & p.of[text.data[i]][word];
            carry = next_carry;
        }
        if ((state[last / WORD_BITS] >> last % WORD_BITS & 1) != 0)
            return i + 1;
    }
    return SIZE_MAX;
}

/* The end of the leftmost place of a segment in the text; SIZE_MAX: none. */
static size_t find_segment(struct slice segment, struct slice text)
{
    if (segment.len == 0)
        return 0;
    if (segment.len > text.len)
        return SIZE_MAX;
    if (slice_find(segment, '?') < segment.len)
        return find_with_marks(segment, text);
    const uint8_t *at = memmem(text.data, text.len, segment.data, segment.len);
    return at == NULL ? SIZE_MAX : (size_t)(at - text.data) + segment.len;
}

bool wildcard_match(struct slice pattern, struct slice text)
{
    if (pattern.len > WILDCARD_PATTERN_MAX_BYTES)
        return false;
    size_t star = slice_find(pattern, '*');
    struct slice segment = slice_sub(pattern, 0, star);
    if (!fits_at_start(segment, text))
        return false;
    if (star == pattern.len)
        return text.len == pattern.len;
    text = slice_sub(text, segment.len, text.len);
    for (;;) {
        pattern = slice_sub(pattern, star + 1, pattern.len);
        star = slice_find(pattern, '*');
        segment = slice_sub(pattern, 0, star);
        if (star == pattern.len)
            break;
        size_t end = find_segment(segment, text);
        if (end == SIZE_MAX)
            return false;
        CHECK(end <= text.len);
        text = slice_sub(text, end, text.len);
    }
    return segment.len <= text.len &&
           fits_at_start(segment, slice_sub(text, text.len - segment.len, segment.len));
}
