// SPDX-License-Identifier: Apache-2.0
// A stored answer: a copy of its head in one allocation, and a body that it may share with others.
// A hit-for-miss marker is one too, so that it is found, evicted and counted like all else.
#ifndef CACHE_OBJECT_PRIV_H
#define CACHE_OBJECT_PRIV_H

#include "cache/body_priv.h"
#include "cache/cache.h"
#include "cache/reclaim_priv.h"

struct cache_object {
    _Atomic unsigned refs; /* the index has one, until a grace period after the unlinking */
    _Atomic bool is_visited;
    bool is_marker;
    bool is_linked;           /* shard lock */
    _Atomic uint64_t checked; /* generation of the scope at which it was still valid */
    uint64_t stamp;           /* generation when its fetch began */
    _Atomic int64_t held_until_ns;
    int64_t marker_until_ns;

    struct cache_retired retired; /* once it is out of the index */
    struct list in_queue;         /* eviction's; shard lock */
    struct cache_shard *shard;    /* in which it was linked; set once, NULL: never */
    struct cache_entry *entry;    /* while it is linked; shard lock */
    struct cache_object *next;    /* in the entry; RCU */

    struct cache *cache;
    struct cache_scope *scope; /* a reference */
    struct cache_body *body;   /* a reference; NULL: none */
    size_t size_bytes;         /* of the allocation */
    struct cache_head head;
};

/** An object with one reference, or NULL where no memory can be had. Keeps a reference to the
 *  scope; `body` (or NULL): its reference is taken where this succeeds. */
struct cache_object *object_new(struct cache *c, struct cache_scope *scope,
                                const struct cache_head *head, struct cache_body *body) MUST_USE;
struct cache_object *object_new_marker(struct cache *c, struct cache_scope *scope, int64_t until_ns)
    MUST_USE;

/** Whether an invalidation after its stamp names the uri. Online. Remembers where not. */
bool object_is_outdated(struct cache_object *o, struct slice uri);

/** The newest generation, up to `most`, at which it was surely valid. */
uint64_t object_valid_at(const struct cache_object *o, uint64_t most);

/** Whether the variant and the method fit; body whole or filling, front there. */
bool object_fits(const struct cache_object *o, const struct cache_request *request);

/** What the last reference gives back, where the caller holds that one; else 0. */
size_t object_cost(const struct cache_object *o);

/** The validator with which a viewer can fetch the rest of the body by itself. */
bool object_has_validator(const struct cache_object *o);

/** Whether vary names few enough fields. */
bool vary_is_bounded(struct slice vary);
/** Whether the request has those values in the fields that vary names. No allocation. */
bool vary_matches(struct slice vary, struct slice values, const struct http_fields *sent);

#endif
