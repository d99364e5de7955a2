// SPDX-License-Identifier: Apache-2.0
// DIR/ready.json as tools read it. Called on the main thread of a command.
#include "tool/ready.h"

#include "os/file.h"
#include "tool/json.h"
#include "tool/limits.h"

/** The text at the key, or the first of a list there. */
static const char *address_at(struct arena *a, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_array(value))
        value = json_array_get(value, 0);
    return json_is_string(value) ? arena_strdup(a, json_string_value(value)) : NULL;
}

enum err tool_ready_read(struct arena *a, const char *data_dir, struct tool_ready *out_ready,
                         struct errctx *ec)
{
    struct slice text;
    const char *path = arena_printf(a, "%s/ready.json", data_dir);
    enum err e = file_read(a, path, TOOL_READY_MAX_BYTES, &text, ec);
    if (e == ERR_NOT_FOUND)
        return err_set(ec, ERR_UNAVAILABLE, "no node serves from '%s': there is no ready.json",
                       data_dir);
    if (e != ERR_OK)
        return e;
    AUTO_JSON json_t *object = json_loadb((const char *)text.data, text.len, 0, NULL);
    if (!json_is_object(object))
        return err_set(ec, ERR_CORRUPT, "'%s' is no JSON object", path);
    *out_ready = (struct tool_ready){
        .dns = address_at(a, object, "dns"),
        .http = address_at(a, object, "http"),
        .https = address_at(a, object, "https"),
        .api = address_at(a, object, "api"),
        .api_https = address_at(a, object, "api_https"),
        .admin = address_at(a, object, "admin"),
        .pid = json_integer_value(json_object_get(object, "pid")),
    };
    return ERR_OK;
}
