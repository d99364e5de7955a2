// SPDX-License-Identifier: Apache-2.0
// Texts of any origin in the forms of a drill's report. What is no printable ASCII becomes '?'.
// Pure.
#ifndef TOOL_DRILL_TEXT_H
#define TOOL_DRILL_TEXT_H

#include "base/buf.h"

/** For a terminal. */
void drill_text_plain(struct buf *out, const char *text);
/** For a cell of a table in Markdown: nothing in it is markup. */
void drill_text_markdown(struct buf *out, const char *text);
/** For HTML and SVG, also within quotes. */
void drill_text_html(struct buf *out, const char *text);
/** One word of a shell's command line, in single quotes. */
void drill_text_shell(struct buf *out, const char *text);

#endif
