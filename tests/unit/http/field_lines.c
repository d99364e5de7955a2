// SPDX-License-Identifier: Apache-2.0
// Fields from a text and back.
#include "http/field_lines.h"

struct http_fields field_lines(struct arena *a, const char *lines)
{
    struct http_fields fields = {0};
    struct slice rest = slice_str(lines);
    struct slice line;
    while (slice_split(&rest, '\n', &line)) {
        size_t colon = slice_find(line, ':');
        if (line.len > 0)
            http_fields_add(a, &fields, slice_sub(line, 0, colon),
                            slice_trim(slice_sub(line, colon + 1, line.len)));
    }
    return fields;
}

const char *field_lines_text(struct arena *a, const struct http_fields *fields)
{
    const char *text = "";
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *f = &fields->items[i];
        text = arena_printf(a, "%s%s%.*s: %.*s", text, i == 0 ? "" : "\n", SLICE_FMT(f->name),
                            SLICE_FMT(f->value));
    }
    return text;
}
