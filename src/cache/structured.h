// SPDX-License-Identifier: Apache-2.0
// A strict reader of structured-field dictionaries (RFC 8941), for CDN-Cache-Control (RFC 9213).
// Pure; any thread.
#ifndef CACHE_STRUCTURED_H
#define CACHE_STRUCTURED_H

#include "base/slice.h"

enum structured_type {
    STRUCTURED_INTEGER,
    STRUCTURED_DECIMAL,
    STRUCTURED_STRING,
    STRUCTURED_TOKEN,
    STRUCTURED_BYTES,
    STRUCTURED_BOOLEAN,
    STRUCTURED_LIST, /* an inner list */
};

/** A member; its parameters were checked and passed over. */
struct structured_member {
    struct slice key;
    enum structured_type type;
    int64_t integer;   /* STRUCTURED_INTEGER; of a boolean 0 or 1 */
    struct slice text; /* STRUCTURED_STRING, without its quotes, escapes as they stand */
};

enum structured_next { STRUCTURED_MEMBER, STRUCTURED_END, STRUCTURED_BAD };

/**
 * Takes the next member off the front of *rest, all lines of the field joined by commas. A
 * dictionary is one only where END comes in the end: until then nothing that was read counts. A key
 * that comes again replaces the one before.
 */
enum structured_next structured_dictionary_next(struct slice *rest, struct structured_member *out);

#endif
