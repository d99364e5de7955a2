// SPDX-License-Identifier: Apache-2.0
// Characters: what XML can carry and how. Private to aws/.
#ifndef AWS_TEXT_PRIV_H
#define AWS_TEXT_PRIV_H

#include "base/buf.h"

/** Bytes of the UTF-8 character at the front of a non-empty slice; 0 where it is malformed. */
size_t utf8_next(struct slice s);

/** Whether the bytes are UTF-8 and each character one that XML 1.0 can carry. */
bool xml_text_is_valid(struct slice s);

/** Characters (code points) of valid UTF-8. */
size_t utf8_count(struct slice s);

/** The front of `s`, at most `max` bytes, not cut inside a character. */
struct slice utf8_clip(struct slice s, size_t max);

/** Appends text content; what XML cannot carry becomes U+FFFD. */
void xml_append_text(struct buf *out, struct slice s);

#endif
