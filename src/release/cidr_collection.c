// SPDX-License-Identifier: Apache-2.0
// Collections of CIDR blocks, from structs to bytes and back. Called by control and roles; any
// thread.
#include "base/check.h"
#include "release/limits.h"
#include "release/objects_priv.h"

#include <string.h>

enum collection_field { COLLECTION_ID = 1, COLLECTION_LOCATIONS = 2 };
enum location_field { LOCATION_NAME = 1, LOCATION_BLOCKS = 2 };

/* By family, address, length: negative, 0 or positive. */
static int compare_prefixes(const struct release_prefix *a, const struct release_prefix *b)
{
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    int order = memcmp(a->address, b->address, a->bytes);
    return order != 0 ? order : (int)a->length - (int)b->length;
}

static bool location_is_valid(const struct release_cidr_location *l)
{
    if (!text_is_id(slice_str(l->name)) || l->block_count > RELEASE_CIDR_BLOCKS_MAX)
        return false;
    for (size_t i = 1; i < l->block_count; i++) {
        if (compare_prefixes(&l->blocks[i - 1], &l->blocks[i]) >= 0)
            return false;
    }
    return true;
}

static bool collection_is_valid(const struct release_cidr_collection *c)
{
    if (!text_is_id(slice_str(c->id)) || c->location_count > RELEASE_CIDR_LOCATIONS_MAX)
        return false;
    for (size_t i = 0; i < c->location_count; i++) {
        if (!location_is_valid(&c->locations[i]) ||
            (i > 0 && strcmp(c->locations[i - 1].name, c->locations[i].name) >= 0))
            return false;
    }
    return true;
}

struct slice release_cidr_collection_encode(struct arena *a,
                                            const struct release_cidr_collection *c)
{
    CHECK(collection_is_valid(c));
    struct buf b = {0};
    wire_put_bytes(&b, COLLECTION_ID, slice_str(c->id));
    for (size_t i = 0; i < c->location_count; i++) {
        const struct release_cidr_location *location = &c->locations[i];
        AUTO_BUF struct buf inner = {0};
        wire_put_bytes(&inner, LOCATION_NAME, slice_str(location->name));
        for (size_t j = 0; j < location->block_count; j++)
            wire_put_item(&inner, LOCATION_BLOCKS, prefix_encode(a, &location->blocks[j]));
        wire_put_item(&b, COLLECTION_LOCATIONS, buf_slice(&inner));
    }
    return wire_take(a, &b);
}

static void read_location(struct arena *a, struct wire_reader *outer,
                          struct release_cidr_location *l)
{
    struct slice bytes = wire_item(outer);
    size_t block_count = wire_count(bytes, LOCATION_BLOCKS);
    wire_expect(outer, block_count <= RELEASE_CIDR_BLOCKS_MAX);
    if (outer->is_bad)
        return;
    l->blocks = arena_array(a, block_count, sizeof(*l->blocks));
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == LOCATION_NAME)
            l->name = wire_id(a, &r);
        else if (r.field == LOCATION_BLOCKS)
            prefix_read(&r, &l->blocks[l->block_count++]);
    }
    wire_expect(outer, !r.is_bad && l->name != NULL);
}

enum err release_cidr_collection_decode(struct arena *a, struct slice bytes,
                                        struct release_cidr_collection *out, struct errctx *ec)
{
    size_t location_count = wire_count(bytes, COLLECTION_LOCATIONS);
    if (location_count > RELEASE_CIDR_LOCATIONS_MAX)
        return err_set(ec, ERR_CORRUPT, "CIDR collection: more locations than any has");
    struct release_cidr_collection c = {.locations =
                                            arena_array(a, location_count, sizeof(*c.locations))};
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == COLLECTION_ID)
            c.id = wire_id(a, &r);
        else if (r.field == COLLECTION_LOCATIONS)
            read_location(a, &r, &c.locations[c.location_count++]);
    }
    wire_expect(&r, c.id != NULL && !r.is_bad && collection_is_valid(&c));
    enum err err = wire_finish(&r, "CIDR collection", ec);
    if (err == ERR_OK)
        *out = c;
    return err;
}
