// SPDX-License-Identifier: Apache-2.0
// Patterns with '*' (any run of bytes, also none) and '?' (exactly one byte); all else stands for
// itself, case-sensitive. Paths of behaviours and names of cookies are matched so. Pure.
#ifndef BASE_WILDCARD_H
#define BASE_WILDCARD_H

#include "base/slice.h"

#include <stdbool.h>

/** Longest pattern, bytes: that of CloudFront's path patterns. */
#define WILDCARD_PATTERN_MAX_BYTES ((size_t)255)

/**
 * Whether the whole text fits the pattern. A pattern above WILDCARD_PATTERN_MAX_BYTES fits nothing.
 * Cost: linear in the text, whatever both hold.
 */
bool wildcard_match(struct slice pattern, struct slice text);

#endif
