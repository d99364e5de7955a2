// SPDX-License-Identifier: Apache-2.0
// Atlases. Made on the thread that reads files, looked up on the answer path.
#include "routing/atlas.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"
#include "routing/latency_rows_priv.h"
#include "routing/limits.h"

#include <stdlib.h>

struct atlas {
    struct net_table *place_table; /* networks to numbers of `places`; by address */
    struct atlas_place *places;
    size_t place_count;
    struct latency_rows *latencies;
    struct point *region_points; /* region_count() of them */
};

struct atlas_builder {
    struct net_table_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    struct atlas_place *places;
    size_t place_count;
    size_t place_capacity;
    struct map numbers; /* bytes of a place to 1 + its number in `places` */
    struct latency_builder *latencies;
};

struct atlas_builder *atlas_builder_new(void)
{
    struct atlas_builder *b = NEW(struct atlas_builder);
    map_init(&b->numbers);
    b->latencies = latency_builder_new();
    return b;
}

static void clear(struct atlas_builder *b)
{
    free(b->entries);
    free(b->places);
    map_fini(&b->numbers);
    latency_builder_free(b->latencies);
}

void atlas_builder_free(struct atlas_builder *b)
{
    if (b == NULL)
        return;
    clear(b);
    free(b);
}

/* The number of a place, a new one for one that was not there yet. */
static uint32_t number_of(struct atlas_builder *b, const struct atlas_place *place)
{
    /* Field by field: padding is no part of what is compared. */
    uint8_t bytes[sizeof(place->place) + sizeof(place->point) + 1] = {0};
    memcpy(bytes, &place->place, sizeof(place->place));
    if (place->has_point) {
        bytes[sizeof(place->place)] = 1;
        memcpy(bytes + sizeof(place->place) + 1, &place->point, sizeof(place->point));
    }
    struct slice key = slice_of(bytes, sizeof(bytes));
    uintptr_t known = (uintptr_t)map_get(&b->numbers, key);
    if (known != 0)
        return (uint32_t)(known - 1);
    if (b->place_count == b->place_capacity) {
        b->place_capacity = 2 * b->place_capacity + 64;
        b->places = mem_resize(b->places, b->place_capacity, sizeof(*b->places));
    }
    b->places[b->place_count++] = *place;
    (void)map_put(&b->numbers, key, (void *)(uintptr_t)b->place_count);
    return (uint32_t)b->place_count - 1;
}

void atlas_builder_add_place(struct atlas_builder *b, const struct net_key *network,
                             const struct atlas_place *place)
{
    CHECK(b->entry_count < NET_TABLE_NETWORKS_MAX && place->place < place_count());
    if (b->entry_count == b->entry_capacity) {
        b->entry_capacity = b->entry_capacity + b->entry_capacity / 2 + 256;
        b->entries = mem_resize(b->entries, b->entry_capacity, sizeof(*b->entries));
    }
    b->entries[b->entry_count++] =
        (struct net_table_entry){.network = *network, .value = number_of(b, place)};
}

void atlas_builder_add_latency(struct atlas_builder *b, const struct net_key *network,
                               size_t region, uint16_t latency_ms)
{
    latency_builder_add(b->latencies, network, region, latency_ms);
}

struct atlas *atlas_builder_finish(struct atlas_builder *b)
{
    struct atlas *a = NEW(struct atlas);
    a->place_table = net_table_new_by_address(b->entries, b->entry_count);
    a->place_count = b->place_count;
    a->places = mem_resize(b->places, max_size(b->place_count, 1), sizeof(*b->places));
    b->places = NULL;
    a->latencies = latency_builder_finish(b->latencies);
    a->region_points = mem_new(region_count(), sizeof(*a->region_points));
    for (size_t i = 0; i < region_count(); i++) {
        const struct region *r = region_get(i);
        a->region_points[i] = point_of_degrees(r->latitude, r->longitude);
    }
    clear(b);
    *b = (struct atlas_builder){.latencies = latency_builder_new()};
    map_init(&b->numbers);
    return a;
}

void atlas_free(struct atlas *a)
{
    if (a == NULL)
        return;
    net_table_free(a->place_table);
    free(a->places);
    latency_rows_free(a->latencies);
    free(a->region_points);
    free(a);
}

size_t atlas_place_count(const struct atlas *a)
{
    return net_table_count(a->place_table);
}

size_t atlas_latency_count(const struct atlas *a)
{
    return latency_rows_count(a->latencies);
}

size_t atlas_bytes(const struct atlas *a)
{
    return sizeof(*a) + net_table_bytes(a->place_table) + a->place_count * sizeof(*a->places) +
           latency_rows_bytes(a->latencies);
}

struct point atlas_region_point(const struct atlas *a, size_t region)
{
    CHECK(region < region_count());
    return a->region_points[region];
}

struct atlas_place atlas_find_place(const struct atlas *a, const struct net_key *client,
                                    uint8_t *scope)
{
    if (a == NULL)
        return (struct atlas_place){0};
    uint32_t number = 0;
    uint8_t reach = 0;
    bool is_found = net_table_find(a->place_table, client, &number, &reach);
    *scope = reach > *scope ? reach : *scope;
    return is_found ? a->places[number] : (struct atlas_place){0};
}

bool atlas_find_latency(const struct atlas *a, const struct net_key *client,
                        const uint16_t *regions, size_t count, uint16_t *out_ms, uint8_t *scope)
{
    if (a == NULL)
        return false;
    return latency_rows_find(a->latencies, client, regions, count, out_ms, scope);
}
