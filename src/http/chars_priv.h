// SPDX-License-Identifier: Apache-2.0
// Classes of bytes in HTTP/1 (RFC 9110 section 5.6.2, RFC 9112). One table for heads and chunks.
#ifndef HTTP_CHARS_PRIV_H
#define HTTP_CHARS_PRIV_H

#include "base/slice.h"

enum http_class {
    HTTP_CONTROL, /* never allowed; HTAB, CR and LF are not among them */
    HTTP_HEX,     /* token characters that are hexadecimal digits */
    HTTP_TCHAR,   /* the other token characters */
    HTTP_SEMICOLON,
    HTTP_EQUALS,
    HTTP_QUOTE,
    HTTP_BACKSLASH,
    HTTP_COLON,
    HTTP_BLANK, /* SP, HTAB */
    HTTP_CR,
    HTTP_LF,
    HTTP_TEXT, /* other visible characters and obs-text */
    HTTP_CLASS_COUNT
};

/** The class of each byte. */
extern const uint8_t http_class[256];

static inline bool http_is_tchar(uint8_t byte)
{
    return http_class[byte] == HTTP_HEX || http_class[byte] == HTTP_TCHAR;
}

/** Whether the bytes are a token: not empty, tchar only. */
static inline bool http_is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!http_is_tchar(s.data[i]))
            return false;
    }
    return s.len > 0;
}

#endif
