// SPDX-License-Identifier: Apache-2.0
// Writes JSON (RFC 8259) at the end of a buffer, member after member. Who reads JSON uses jansson.
// Any thread; one buffer, one writer.
//
// The comma before a value comes by itself, unless an opening bracket ends the buffer: begin a
// text in an empty buffer. `key` is a plain word of the caller's, NULL in a list and at the top.
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/buf.h"

/** Opens or closes an object, '{' and '}', or a list, '[' and ']'. */
void json_write_open(struct buf *out, const char *key, char bracket);
void json_write_close(struct buf *out, char bracket);

/** A text of any origin: control characters are escaped, what is no UTF-8 becomes U+FFFD. */
void json_write_text(struct buf *out, const char *key, struct slice text);
void json_write_str(struct buf *out, const char *key, const char *text);

/** A number, true or false, null. */
void json_write_u64(struct buf *out, const char *key, uint64_t number);
void json_write_bool(struct buf *out, const char *key, bool value);
void json_write_null(struct buf *out, const char *key);

/** Lower-case hex of the bytes, as a text. */
void json_write_hex(struct buf *out, const char *key, struct slice bytes);

/** Bytes of an escape: \uXXXX and NUL. */
#define JSON_ESCAPE_SIZE 8

/**
 * Takes the first character off *rest, which is not empty. Returns how it stands between quotes:
 * the character itself, or its escape, written into `escape`. Besides what RFC 8259 asks for, DEL
 * and the control characters of Latin 1 are escaped, which terminals obey.
 */
struct slice json_escape(struct slice *rest, char escape[JSON_ESCAPE_SIZE]);

#endif
