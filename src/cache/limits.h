// SPDX-License-Identifier: Apache-2.0
// Every bound of the room cache, with its unit and the reason for its size.
#ifndef CACHE_LIMITS_H
#define CACHE_LIMITS_H

#include "cache/cache.h"

#include <stddef.h>
#include <stdint.h>

/* Defaults of struct cache_options. The shared design fixes the slice, how far a fill reads ahead,
 * the marker's life, the stall and the variants. */
#define CACHE_SLICE_BYTES ((size_t)1 << 20)
#define CACHE_AHEAD_BYTES ((size_t)4 << 20)
#define CACHE_MARKER_NS (10 * INT64_C(1000000000))
#define CACHE_STALL_NS (30 * INT64_C(1000000000))
#define CACHE_VARIANTS_MAX 64

/* Less memory than this is no cache. */
#define CACHE_MEMORY_MIN_BYTES ((size_t)1 << 20)

/* A small memory has smaller slices, so that many fills have one each. */
#define CACHE_SLICES_PER_MEMORY 64
#define CACHE_SLICE_MIN_BYTES ((size_t)16 * 1024)

/* First slice of a body whose length is not known; each next one is as large as all before, up to
 * a slice, so that at most half is unused. */
#define CACHE_FIRST_SLICE_BYTES ((size_t)4096)

/* One body is kept up to this share of the memory (1/n); a larger one passes through. */
#define CACHE_BODY_SHARE 2
/* What passes through holds that many times the distance that a fill reads ahead, at most. */
#define CACHE_WINDOW_AHEADS 4
/* Viewers of one fill that may be sent away to fetch the rest by themselves. */
#define CACHE_LAGGARDS_MAX 8
/* How often in a stall's time a fill that cannot go on looks who holds it up. */
#define CACHE_STALL_LOOKS 8

/* Memory that the reclaimer keeps free, so that an answer finds room at once: 1/n at most so many
 * bytes, and what the smallest fill needs. */
#define CACHE_RESERVE_SHARE 16
#define CACHE_RESERVE_MIN_BYTES (2 * CACHE_APPEND_MAX_BYTES + 8192)
#define CACHE_RESERVE_MAX_BYTES ((size_t)64 << 20)

/* While nothing can be evicted, the reclaimer looks again after so long: what viewers hold is given
 * back without a word to it. */
#define CACHE_EXHAUSTED_PAUSE_NS (10 * INT64_C(1000000))

/* The index: a bucket for so many bytes of memory (small objects cost about that), a lock and an
 * eviction queue for so many; and how many of these. All powers of two. */
#define CACHE_BUCKET_BYTES ((size_t)2048)
#define CACHE_BUCKETS_MIN ((size_t)64)
#define CACHE_SHARD_BYTES ((size_t)64 << 20)
#define CACHE_SHARDS_MAX ((size_t)64)

/* The filter of uris: a counter for so many bytes of memory, and at least so many; a power of two.
 */
#define CACHE_PRESENCE_SLOT_BYTES ((size_t)1024)
#define CACHE_PRESENCE_SLOTS_MIN ((size_t)1024)

/* Objects that eviction looks at before it gives the lock of a shard back. */
#define CACHE_EVICT_STEPS 128

/* Names in a Vary field. */
#define CACHE_VARY_NAMES_MAX 32

/* Invalidations of a distribution that are told apart; the shared design. */
#define CACHE_SCOPE_ENTRIES_MAX ((size_t)65536)
/* First table of them, slots; a power of two. */
#define CACHE_SCOPE_SLOTS_MIN ((size_t)64)
/* Bytes of a path before its '*' that are looked at; CloudFront allows 4,000 in all. */
#define CACHE_PREFIX_MAX_BYTES ((size_t)4095)

/* Allocations from here on are mapped by themselves, in whole pages. */
#define CACHE_MAPPED_BYTES ((size_t)128 * 1024)
#define CACHE_PAGE_BYTES ((size_t)4096)

/* Complete bodies of more slices have an index of them, for ranges. */
#define CACHE_UNINDEXED_SLICES 8

#endif
