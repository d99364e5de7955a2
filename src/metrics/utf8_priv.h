// SPDX-License-Identifier: Apache-2.0
// Walks a text of unknown origin character by character. Pure.
#ifndef METRICS_UTF8_PRIV_H
#define METRICS_UTF8_PRIV_H

#include "base/slice.h"

/* Stands for a byte that begins no well-formed sequence. */
#define UTF8_INVALID 0xffffffffU

/**
 * The first character of a text that is not empty. Returns its bytes, 1..4; of what is no UTF-8
 * (RFC 3629: overlong forms, surrogates, past U+10FFFF) one byte, as UTF8_INVALID.
 */
size_t utf8_decode(struct slice text, uint32_t *out_code_point);

#endif
