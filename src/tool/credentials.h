// SPDX-License-Identifier: Apache-2.0
// Who a tool calls the APIs as: an access key from the environment or a credentials file.
#ifndef TOOL_CREDENTIALS_H
#define TOOL_CREDENTIALS_H

#include "base/arena.h"
#include "base/err.h"

/** An access key; texts live in an arena or the environment. */
struct tool_credentials {
    const char *key_id;
    const char *secret;
    const char *session_token; /* NULL: none */
};

/**
 * Finds the key of one profile in an AWS credentials file: "[profile]" and "name = value" lines.
 * Errors: ERR_NOT_FOUND where the profile is missing or has no whole key. Pure.
 */
enum err tool_credentials_parse(struct arena *a, struct slice text, const char *profile,
                                struct tool_credentials *out_credentials, struct errctx *ec)
    MUST_USE;

/**
 * The key that the aws CLI would use, else that of the node itself: AWS_ACCESS_KEY_ID and
 * AWS_SECRET_ACCESS_KEY, then the file AWS_SHARED_CREDENTIALS_FILE names (profile AWS_PROFILE or
 * default), then DIR/credentials.
 * Errors: ERR_INVALID where the environment has half a key, those of file_read and of the parser.
 */
enum err tool_credentials_find(struct arena *a, const char *data_dir,
                               struct tool_credentials *out_credentials, struct errctx *ec)
    MUST_USE;

/** The key in DIR/credentials, whatever the environment says. Errors: as above. */
enum err tool_credentials_of_node(struct arena *a, const char *data_dir,
                                  struct tool_credentials *out_credentials, struct errctx *ec)
    MUST_USE;

#endif
