// SPDX-License-Identifier: Apache-2.0
// DIR/pin: the root that a node holds, whatever control says. Needs nothing but the data directory.
#ifndef TOOL_PIN_H
#define TOOL_PIN_H

#include "base/err.h"

/** A root's hash in lower-case hex, and a NUL. */
#define TOOL_ROOT_HEX_SIZE 65

/**
 * Writes DIR/pin durably: the hash and a newline.
 * Errors: ERR_INVALID where it is not 64 hex digits (either case), those of file_replace.
 */
enum err tool_pin_write(const char *data_dir, const char *root_hex, struct errctx *ec) MUST_USE;

/** Removes DIR/pin; a missing one is fine. */
enum err tool_pin_remove(const char *data_dir, struct errctx *ec) MUST_USE;

#endif
