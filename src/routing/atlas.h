// SPDX-License-Identifier: Apache-2.0
// What is known of the networks of the world: where they are and how far each region is from them.
// One immutable atlas is made of files (authority/ reads those) and shared by all queries. Pure.
#ifndef ROUTING_ATLAS_H
#define ROUTING_ATLAS_H

#include "places/places.h"
#include "places/region.h"
#include "routing/net_table.h"

/** Where a network is. */
struct atlas_place {
    uint16_t place; /* places/places.h; PLACE_NOWHERE: not known */
    bool has_point;
    struct point point;
};

/** Owner: whoever finished it. Threads: any may read; nothing changes. */
struct atlas;

/**
 * Gathers an atlas. Owner: the caller; networks in any order (sorted ones cost the least memory),
 * of equal ones the last stands.
 */
struct atlas_builder;
struct atlas_builder *atlas_builder_new(void);
void atlas_builder_free(struct atlas_builder *b); /* NULL is fine */
void atlas_builder_add_place(struct atlas_builder *b, const struct net_key *network,
                             const struct atlas_place *place);
/**
 * Latency from a network to a region (number of places/region.h), milliseconds, below UINT16_MAX.
 * What a network does not say of a region, the wider one around it says.
 */
void atlas_builder_add_latency(struct atlas_builder *b, const struct net_key *network,
                               size_t region, uint16_t latency_ms);

/** Takes what was gathered; the builder is empty afterwards. An atlas of nothing is fine, too. */
struct atlas *atlas_builder_finish(struct atlas_builder *b);
void atlas_free(struct atlas *a); /* NULL is fine */

/** Networks whose place and whose latencies it knows, and bytes of memory. */
size_t atlas_place_count(const struct atlas *a);
size_t atlas_latency_count(const struct atlas *a);
size_t atlas_bytes(const struct atlas *a);

/** Where a region is (number of places/region.h), ready for point_distance_km(). */
struct point atlas_region_point(const struct atlas *a, size_t region);

/**
 * Where the client is, by its first address; zeroed where nothing is known. Raises *scope to what
 * this depended on. `a` may be NULL in both look-ups: nothing is known, of everyone.
 */
struct atlas_place atlas_find_place(const struct atlas *a, const struct net_key *client,
                                    uint8_t *scope);

/**
 * Latency from the client to each of `count` regions, milliseconds; UINT16_MAX where not known.
 * False where the table holds nothing of the client. Raises *scope to what this depended on.
 */
bool atlas_find_latency(const struct atlas *a, const struct net_key *client,
                        const uint16_t *regions, size_t count, uint16_t *out_ms, uint8_t *scope);

#endif
