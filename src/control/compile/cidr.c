// SPDX-License-Identifier: Apache-2.0
// CIDR collections: stored locations become those of a release. Called by the compiler, on the
// rollout's thread.
#include "control/compile/cidr_priv.h"

#include "aws/r53_cidr.h"

static void convert_location(struct arena *a, const struct r53_cidr_location *from,
                             struct release_cidr_location *to)
{
    to->name = from->name;
    to->blocks = arena_array(a, from->block_count, sizeof(*to->blocks));
    to->block_count = from->block_count;
    for (size_t i = 0; i < from->block_count; i++) {
        memcpy(to->blocks[i].address, from->blocks[i].address, sizeof(to->blocks[i].address));
        to->blocks[i].bytes = from->blocks[i].bytes;
        to->blocks[i].length = from->blocks[i].length;
    }
}

enum err cidr_collection_value(struct arena *a, const char *id, struct slice body,
                               struct slice *out_value, struct errctx *ec)
{
    struct r53_cidr_locations locations;
    enum err e = r53_cidr_decode(a, body, &locations, ec);
    if (e != ERR_OK)
        return e;
    struct release_cidr_collection collection = {.id = id, .location_count = locations.count};
    collection.locations = arena_array(a, locations.count, sizeof(*collection.locations));
    for (size_t i = 0; i < locations.count; i++)
        convert_location(a, &locations.items[i], &collection.locations[i]);
    *out_value = release_cidr_collection_encode(a, &collection);
    return ERR_OK;
}
