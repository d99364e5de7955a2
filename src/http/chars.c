// SPDX-License-Identifier: Apache-2.0
// The table of byte classes. Read by the parsers on any thread.
#include "http/chars_priv.h"

const uint8_t http_class[256] = {
    ['\t'] = HTTP_BLANK,         ['\n'] = HTTP_LF,           ['\r'] = HTTP_CR,
    [' '] = HTTP_BLANK,          ['!'] = HTTP_TCHAR,         ['"'] = HTTP_QUOTE,
    ['#' ... '\''] = HTTP_TCHAR, ['(' ... ')'] = HTTP_TEXT,  ['*' ... '+'] = HTTP_TCHAR,
    [','] = HTTP_TEXT,           ['-' ... '.'] = HTTP_TCHAR, ['/'] = HTTP_TEXT,
    ['0' ... '9'] = HTTP_HEX,    [':'] = HTTP_COLON,         [';'] = HTTP_SEMICOLON,
    ['<'] = HTTP_TEXT,           ['='] = HTTP_EQUALS,        ['>' ... '@'] = HTTP_TEXT,
    ['A' ... 'F'] = HTTP_HEX,    ['G' ... 'Z'] = HTTP_TCHAR, ['['] = HTTP_TEXT,
    ['\\'] = HTTP_BACKSLASH,     [']'] = HTTP_TEXT,          ['^' ... '`'] = HTTP_TCHAR,
    ['a' ... 'f'] = HTTP_HEX,    ['g' ... 'z'] = HTTP_TCHAR, ['{'] = HTTP_TEXT,
    ['|'] = HTTP_TCHAR,          ['}'] = HTTP_TEXT,          ['~'] = HTTP_TCHAR,
    [0x80 ... 0xff] = HTTP_TEXT,
};
