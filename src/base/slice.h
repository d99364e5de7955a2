// SPDX-License-Identifier: Apache-2.0
// A borrowed run of bytes: pointer and length, never owned, never NUL-terminated by promise.
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;          /* bytes */
};

/** A slice over a string literal. */
#define SLICE_LIT(literal)                                                                         \
    ((struct slice){.data = (const uint8_t *)("" literal), .len = sizeof(literal) - 1})

/** printf arguments for "%.*s". */
#define SLICE_FMT(s) (int)(s).len, (const char *)(s).data

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){.data = (const uint8_t *)data, .len = len};
}

static inline struct slice slice_str(const char *text)
{
    return slice_of(text, text == NULL ? 0 : strlen(text));
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/** ASCII letters compare without case (RFC 9110 field names, DNS names). */
bool slice_equal_nocase(struct slice a, struct slice b);

/** Whether the first bytes are `prefix`; the empty one always is. */
bool slice_starts_with(struct slice s, struct slice prefix);

/** Whether the last bytes are `suffix`. */
bool slice_ends_with(struct slice s, struct slice suffix);

/** memcmp order, the shorter one first when one is a prefix of the other. */
int slice_compare(struct slice a, struct slice b);

/** Index of the first `byte`, or s.len. */
size_t slice_find(struct slice s, uint8_t byte);

/** The bytes [from, from+len), clipped to the slice. */
struct slice slice_sub(struct slice s, size_t from, size_t len);

/** Without the spaces and tabs at both ends. */
struct slice slice_trim(struct slice s);

/**
 * Cuts the part before the first `separator` off the front of *rest.
 * Returns false once *rest is exhausted; an empty last part is returned once.
 */
bool slice_split(struct slice *rest, uint8_t separator, struct slice *out_part);

/** A decimal number without sign or space, at most `max`. False where it is none. */
bool slice_parse_u64(struct slice s, uint64_t max, uint64_t *out_value);

/** Lower-case hex of the bytes into `out`, 2 * s.len + 1 bytes with the NUL. */
void slice_hex(struct slice s, char *out);

/** Decodes hex of either case; false on an odd length, a bad digit or when out_size is short. */
bool slice_unhex(struct slice hex, uint8_t *out, size_t out_size, size_t *out_len);

#endif
