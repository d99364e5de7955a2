// SPDX-License-Identifier: Apache-2.0
// Text files of lines that a role keeps for itself: a first line that says what it is, and a last
// one with the hash of all before, so that half a file or an edited one is told. Pure.
#ifndef CRYPTO_SEALED_TEXT_H
#define CRYPTO_SEALED_TEXT_H

#include "base/buf.h"

#include <stdbool.h>

/** Ends a text of whole lines: "end HASH". */
void sealed_text_end(struct buf *text);

/**
 * The lines between the first, which is to be `first_line` (with its newline), and the last; each
 * ends in a newline. False where the text is not what was written.
 */
bool sealed_text_open(struct slice text, struct slice first_line, struct slice *out_lines);

#endif
