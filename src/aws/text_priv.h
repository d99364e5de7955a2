// SPDX-License-Identifier: Apache-2.0
// Characters: what XML can carry and how. Private to aws/.
#ifndef AWS_TEXT_PRIV_H
#define AWS_TEXT_PRIV_H

#include "base/buf.h"

/** Whether the bytes are UTF-8 and each character one that XML 1.0 can carry. */
bool xml_text_is_valid(struct slice s);

/** Appends text content; what XML cannot carry becomes U+FFFD. */
void xml_append_text(struct buf *out, struct slice s);

#endif
