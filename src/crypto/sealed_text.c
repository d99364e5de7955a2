// SPDX-License-Identifier: Apache-2.0
// Sealed texts. Any thread.
#include "crypto/sealed_text.h"

#include "crypto/hash.h"

static const struct slice last_word = SLICE_LIT("end ");

void sealed_text_end(struct buf *text)
{
    char hex[SHA256_HEX_SIZE];
    sha256_hex(buf_slice(text), hex);
    buf_append(text, last_word);
    buf_printf(text, "%s\n", hex);
}

bool sealed_text_open(struct slice text, struct slice first_line, struct slice *out_lines)
{
    char hex[SHA256_HEX_SIZE];
    size_t end_bytes = last_word.len + SHA256_HEX_SIZE - 1 + 1;
    if (text.len < first_line.len + end_bytes || !slice_starts_with(text, first_line))
        return false;
    struct slice sealed = slice_sub(text, 0, text.len - end_bytes);
    struct slice end = slice_sub(text, sealed.len, end_bytes);
    sha256_hex(sealed, hex);
    if (!slice_starts_with(end, last_word) || end.data[end.len - 1] != '\n' ||
        !slice_equal(slice_sub(end, last_word.len, SHA256_HEX_SIZE - 1), slice_str(hex)))
        return false;
    *out_lines = slice_sub(sealed, first_line.len, sealed.len - first_line.len);
    return true;
}
