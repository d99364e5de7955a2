// SPDX-License-Identifier: Apache-2.0
// The index: key -> entry -> objects of its variants, newest first, and fetches under way. Buckets
// and lists are read under RCU without a lock; a shard's lock is held to change its buckets and to
// read or change its fetches.
//
//     bucket -> entry -> entry          entry: key, objects, fetches
//                 \-> object -> object        (bucket & shard_mask) names its shard
//
// Invariants
//  1. An entry is in its bucket while it has an object or a fetch.
//  2. What is unlinked keeps its `next`, so that a reader who stands on it goes on, and is freed
//     after a grace period.
//  3. A linked object has a reference of the index, and is in the eviction queue of its shard.
#ifndef CACHE_INDEX_PRIV_H
#define CACHE_INDEX_PRIV_H

#include "cache/cache.h"
#include "cache/reclaim_priv.h"

/** All of one key. */
struct cache_entry {
    struct cache_retired retired; /* once it is out */
    struct cache *cache;
    struct cache_entry *next;     /* in its bucket; RCU */
    struct cache_object *objects; /* RCU */
    struct list fetches;          /* struct cache_fetch; shard lock */
    unsigned object_count;        /* shard lock; markers too */
    size_t bucket;
    size_t presence_slot; /* counted while it is in its bucket */
    uint64_t hash[2];
    size_t key_bytes;
    uint8_t key[];
};

/** Owner: the index. The lock guards all; see also index_evict. */
struct cache_shard {
    pthread_mutex_t lock;
    struct list queue;   /* struct cache_object by age in the cache, oldest first */
    struct list *hand;   /* the next that eviction looks at; the head: start over */
    size_t object_count; /* in the queue */
} __attribute__((aligned(CACHE_LINE_BYTES)));

struct cache_index {
    struct cache_entry **buckets; /* each RCU; a fixed number of them */
    size_t bucket_mask;
    struct cache_shard *shards;
    size_t shard_mask;
    size_t evict_next; /* the reclaimer's: shard to evict from */
    _Atomic uint64_t object_count;
    _Atomic uint64_t marker_count;
};

/** Within the cache's memory, which is set up. */
void index_init(struct cache *c);
/** Unlinks everything, then frees the tables; no reader, no fetch. */
void index_clear(struct cache *c);
void index_fini(struct cache *c);

struct cache_shard *index_shard(struct cache *c, const struct cache_key *key);

/** The key's entry, or NULL. Online, or under the shard's lock. */
struct cache_entry *index_find(const struct cache *c, const struct cache_key *key);
/** A new entry that is in no bucket yet, or NULL where no memory can be had. Without a lock. */
struct cache_entry *index_entry_new(struct cache *c, const struct cache_key *key,
                                    size_t presence_slot) MUST_USE;
void index_entry_free(struct cache_entry *e);
/** Under the shard's lock, all of these. */
void index_entry_link(struct cache *c, struct cache_entry *e);
/** Where nothing is left in it, the entry leaves its bucket and is retired. */
void index_entry_tidy(struct cache_shard *s, struct cache_entry *e);
/** Puts the object (whose reference it takes) in front; the oldest leaves where there are too
 *  many. */
void index_link(struct cache_shard *s, struct cache_entry *e, struct cache_object *o);
/** Takes it out and retires it. The entry stays: index_entry_tidy. */
void index_unlink(struct cache_shard *s, struct cache_object *o);

/** Takes the object out where it is in. Takes the shard's lock. */
void index_remove(struct cache_object *o);

/**
 * Evicts one object (SIEVE) that nobody but the index holds; false where there is none. The
 * reclaimer's thread; takes locks of shards.
 */
bool index_evict(struct cache *c);

#endif
