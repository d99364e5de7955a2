// SPDX-License-Identifier: Apache-2.0
// jansson values that end with their block, and as texts.
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include "base/arena.h"

#include <jansson.h>

static inline void tool_json_cleanup(json_t **value)
{
    json_decref(*value);
}
#define AUTO_JSON CLEANUP(tool_json_cleanup)

/** The text at the key; "" where it is missing or no text. Borrowed from the object. */
const char *tool_text_at(const json_t *object, const char *key);

/** The texts of a list with commas between, in `a`; "?" for what is no text, "" for no list. */
const char *tool_joined(struct arena *a, const json_t *list);

/** How long ago, from milliseconds: "1.2 s ago"; "never" for what is no number. In `a`. */
const char *tool_heard(struct arena *a, const json_t *value);

#endif
