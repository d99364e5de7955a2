// SPDX-License-Identifier: Apache-2.0
// Parts of a URI (RFC 3986): percent coding, the split of a request target, query parameters.
// Pure; nothing is allocated but from the arena given.
#ifndef BASE_URI_H
#define BASE_URI_H

#include "base/arena.h"
#include "base/slice.h"

/**
 * Splits "/path?query" at the first '?'. The query is without it; empty where there is none.
 */
void uri_split_target(struct slice target, struct slice *out_path, struct slice *out_query);

/** Percent-decodes; false on a broken escape. '+' stays '+' (it is no form data). */
bool uri_decode(struct arena *a, struct slice text, struct slice *out_decoded) MUST_USE;

/** Percent-encodes all but unreserved characters (A-Z a-z 0-9 - . _ ~); '/' kept if keep_slash. */
struct slice uri_encode(struct arena *a, struct slice raw, bool keep_slash);

/**
 * Removes dot segments (RFC 3986 section 5.2.4) and merges runs of '/'. The answer starts with '/'.
 */
struct slice uri_normalize_path(struct arena *a, struct slice path);

/**
 * Cuts the next "name=value" off the front of *rest, both still percent-coded; a parameter without
 * '=' has an empty value. False at the end. Empty parameters ("&&") are passed over.
 */
bool uri_next_param(struct slice *rest, struct slice *out_name, struct slice *out_value);

/**
 * The decoded value of the first parameter with this decoded name; false where there is none or
 * its escapes are broken.
 */
bool uri_query_get(struct arena *a, struct slice query, const char *name, struct slice *out_value);

#endif
