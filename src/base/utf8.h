// SPDX-License-Identifier: Apache-2.0
// Walks, counts and cuts texts of unknown origin character by character. Pure; any thread.
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

/** Stands for a byte that begins no well-formed sequence. */
#define UTF8_INVALID 0xffffffffU

/**
 * The first character of a text that is not empty. Returns its bytes, 1..4; of what is no UTF-8
 * (RFC 3629: overlong forms, surrogates, past U+10FFFF) one byte, as UTF8_INVALID.
 */
size_t utf8_decode(struct slice text, uint32_t *out_code_point);

/** Characters (code points) of valid UTF-8. */
size_t utf8_count(struct slice text);

/** The front of the text, at most `max` bytes, not cut inside a character. */
struct slice utf8_clip(struct slice text, size_t max);

#endif
