// SPDX-License-Identifier: Apache-2.0
// Members of answers as texts. Called by commands that show them, on their only thread.
#include "tool/json.h"

#include "base/buf.h"
#include "base/time.h"

const char *tool_text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

const char *tool_joined(struct arena *a, const json_t *list)
{
    AUTO_BUF struct buf out = {0};
    const json_t *item = NULL;
    size_t i = 0;
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item);
        buf_printf(&out, "%s%s", i > 0 ? "," : "", text != NULL ? text : "?");
    }
    return arena_str(a, buf_slice(&out));
}

const char *tool_heard(struct arena *a, const json_t *value)
{
    if (!json_is_integer(value))
        return "never";
    return arena_printf(a, "%.1f s ago", (double)json_integer_value(value) / (double)MS_PER_S);
}
