// SPDX-License-Identifier: Apache-2.0
// Access keys for tools. Called when a client is opened, on the main thread of a command.
#include "tool/credentials.h"

#include "os/file.h"
#include "tool/environment.h"
#include "tool/limits.h"

/** Sets the field that a "name = value" line is about; other names are passed over. */
static void take_line(struct arena *a, struct slice line, struct tool_credentials *c)
{
    const struct {
        const char *name;
        const char **value;
    } fields[] = {
        {"aws_access_key_id", &c->key_id},
        {"aws_secret_access_key", &c->secret},
        {"aws_session_token", &c->session_token},
    };
    size_t equals = slice_find(line, '=');
    struct slice name = slice_trim(slice_sub(line, 0, equals));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (equals < line.len && slice_equal(name, slice_str(fields[i].name)))
            *fields[i].value = arena_str(a, slice_trim(slice_sub(line, equals + 1, line.len)));
    }
}

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

enum err tool_credentials_parse(struct arena *a, struct slice text, const char *profile,
                                struct tool_credentials *out_credentials, struct errctx *ec)
{
    struct tool_credentials found = {0};
    const char *heading = arena_printf(a, "[%s]", profile);
    bool is_in_profile = false;
    struct slice raw;
    while (slice_split(&text, '\n', &raw)) {
        if (slice_ends_with(raw, SLICE_LIT("\r")))
            raw.len--;
        struct slice line = slice_trim(raw);
        if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
            continue;
        if (line.data[0] == '[')
            is_in_profile = slice_equal(line, slice_str(heading));
        else if (is_in_profile)
            take_line(a, line, &found);
    }
    if (!is_set(found.key_id) || !is_set(found.secret))
        return err_set(ec, ERR_NOT_FOUND, "no access key in profile [%s]", profile);
    if (!is_set(found.session_token))
        found.session_token = NULL;
    *out_credentials = found;
    return ERR_OK;
}

static enum err from_file(struct arena *a, const char *path, const char *profile,
                          struct tool_credentials *out_credentials, struct errctx *ec)
{
    struct slice text;
    enum err e = file_read(a, path, TOOL_CREDENTIALS_MAX_BYTES, &text, ec);
    if (e == ERR_OK && tool_credentials_parse(a, text, profile, out_credentials, ec) != ERR_OK)
        e = err_wrap(ec, "'%s'", path);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "access key");
}

enum err tool_credentials_find(struct arena *a, const char *data_dir,
                               struct tool_credentials *out_credentials, struct errctx *ec)
{
    const struct tool_credentials from_environment = {
        .key_id = tool_variable("AWS_ACCESS_KEY_ID"),
        .secret = tool_variable("AWS_SECRET_ACCESS_KEY"),
        .session_token = tool_variable("AWS_SESSION_TOKEN"),
    };
    if ((from_environment.key_id == NULL) != (from_environment.secret == NULL))
        return err_set(ec, ERR_INVALID,
                       "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set");
    if (from_environment.key_id != NULL) {
        *out_credentials = from_environment;
        return ERR_OK;
    }
    const char *shared_file = tool_variable("AWS_SHARED_CREDENTIALS_FILE");
    const char *profile = tool_variable("AWS_PROFILE");
    if (shared_file == NULL)
        return tool_credentials_of_node(a, data_dir, out_credentials, ec);
    return from_file(a, shared_file, profile != NULL ? profile : "default", out_credentials, ec);
}

enum err tool_credentials_of_node(struct arena *a, const char *data_dir,
                                  struct tool_credentials *out_credentials, struct errctx *ec)
{
    return from_file(a, arena_printf(a, "%s/credentials", data_dir), "default", out_credentials,
                     ec);
}
