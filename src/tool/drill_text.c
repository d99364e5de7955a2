// SPDX-License-Identifier: Apache-2.0
// Texts of any origin in the forms of a drill's report. Pure.
#include "tool/drill_text.h"

#include <string.h>

/* Printable ASCII stays: what a report names (names, ids, addresses, paths) is nothing else. */
static char safe(char c)
{
    return c >= ' ' && c <= '~' ? c : '?';
}

void drill_text_plain(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        buf_append_byte(out, (uint8_t)safe(*text));
}

void drill_text_markdown(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char c = safe(*text);
        if (strchr("\\`*_[]<>|#&~", c) != NULL)
            buf_append_byte(out, '\\');
        buf_append_byte(out, (uint8_t)c);
    }
}

void drill_text_html(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char c = safe(*text);
        if (strchr("<>&\"'", c) != NULL)
            buf_printf(out, "&#%d;", c);
        else
            buf_append_byte(out, (uint8_t)c);
    }
}

void drill_text_shell(struct buf *out, const char *text)
{
    buf_append_byte(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_append_str(out, "'\\''");
        else
            buf_append_byte(out, (uint8_t)safe(*text));
    }
    buf_append_byte(out, '\'');
}
