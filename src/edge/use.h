// SPDX-License-Identifier: Apache-2.0
// What may be done with a stored answer of some age: serve it, serve it and refresh it, or ask the
// origin first. Pure. Source: RFC 9111 section 4.2, RFC 5861, shared semantics of CDNs.
#ifndef EDGE_USE_H
#define EDGE_USE_H

#include "cache/judge.h"

enum edge_use {
    EDGE_USE_FRESH,   /* serve */
    EDGE_USE_HELD,    /* stale, but the origin is left alone after an error: serve */
    EDGE_USE_REFRESH, /* stale while it is revalidated: serve, and ask the origin behind */
    EDGE_USE_ASK,     /* ask the origin first */
};

/**
 * age_s     cache_object_age_s
 * is_held   cache_object_held_until_ns has not come
 */
enum edge_use edge_use_of(const struct cache_verdict *v, uint32_t age_s, bool is_held);

/** Whether an expired answer may be served because the origin answered 5xx or not at all. */
bool edge_use_on_error(const struct cache_verdict *v, uint32_t age_s);

/** Seconds that it stays fresh; negative: since when it is stale. */
int64_t edge_use_ttl_s(const struct cache_verdict *v, uint32_t age_s);

#endif
