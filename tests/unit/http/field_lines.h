// SPDX-License-Identifier: Apache-2.0
// Fields from a text, so that tables of tests can hold whole heads. Called on the test's main
// thread.
#ifndef TESTS_HTTP_FIELD_LINES_H
#define TESTS_HTTP_FIELD_LINES_H

#include "http/message.h"

/** "Name: value" lines; in `a`, texts borrowed. */
struct http_fields field_lines(struct arena *a, const char *lines);

/** The same back, one line each, NUL-terminated, in `a`. */
const char *field_lines_text(struct arena *a, const struct http_fields *fields);

#endif
