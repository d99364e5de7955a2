// SPDX-License-Identifier: Apache-2.0
// Zones, names and nodes, from structs to bytes and back. The decoder of names is on the way of
// each start of a role: two passes, one array, no copy. Called by control and roles; any thread.
#include "release/objects.h"

#include "base/check.h"
#include "release/limits.h"
#include "release/objects_priv.h"

enum zone_field {
    ZONE_ID = 1,
    ZONE_APEX = 2,
    ZONE_ORDER = 3,
    ZONE_ADDRESSES = 4,
    ZONE_IS_PRIVATE = 5,
    ZONE_SOURCES = 6,
    ZONE_TRANSFER = 7,
};
enum prefix_field { PREFIX_ADDRESS = 1, PREFIX_LENGTH = 2 };
enum name_field { NAME_OWNER = 1, NAME_SETS = 2, NAME_CHILDREN = 3 };
enum node_field { NODE_ID = 1, NODE_PUBLIC_KEY = 2, NODE_IS_DRAINING = 3 };

static bool is_address(size_t len)
{
    return len == 4 || len == 16;
}

struct slice prefix_encode(struct arena *a, const struct release_prefix *p)
{
    CHECK(is_address(p->bytes) && p->length <= p->bytes * 8);
    struct buf b = {0};
    wire_put_bytes(&b, PREFIX_ADDRESS, slice_of(p->address, p->bytes));
    wire_put_number(&b, PREFIX_LENGTH, p->length);
    return wire_take(a, &b);
}

struct slice release_zone_encode(struct arena *a, const struct release_zone *z)
{
    CHECK(text_is_id(slice_str(z->id)) && text_is_wire_name(z->apex));
    CHECK(z->address_count <= RELEASE_ADDRESSES_MAX && z->source_count <= RELEASE_SOURCES_MAX);
    struct buf b = {0};
    wire_put_bytes(&b, ZONE_ID, slice_str(z->id));
    wire_put_bytes(&b, ZONE_APEX, z->apex);
    wire_put_number(&b, ZONE_ORDER, z->order);
    for (size_t i = 0; i < z->address_count; i++) {
        CHECK(is_address(z->addresses[i].len));
        wire_put_item(&b, ZONE_ADDRESSES, z->addresses[i]);
    }
    wire_put_number(&b, ZONE_IS_PRIVATE, z->is_private);
    for (size_t i = 0; i < z->source_count; i++)
        wire_put_item(&b, ZONE_SOURCES, prefix_encode(a, &z->sources[i]));
    if (z->transfer != NULL)
        wire_put_item(&b, ZONE_TRANSFER, transfer_encode(a, z->transfer));
    return wire_take(a, &b);
}

const char *wire_id(struct arena *a, struct wire_reader *r)
{
    struct slice text = wire_bytes(r);
    wire_expect(r, text_is_id(text));
    return r->is_bad ? NULL : arena_str(a, text);
}

void prefix_read(struct wire_reader *outer, struct release_prefix *p)
{
    struct wire_reader r = wire_reader_of(wire_item(outer));
    while (wire_next(&r)) {
        if (r.field == PREFIX_ADDRESS) {
            struct slice address = wire_bytes(&r);
            wire_expect(&r, is_address(address.len));
            if (r.is_bad)
                break;
            memcpy(p->address, address.data, address.len);
            p->bytes = (uint8_t)address.len;
        } else if (r.field == PREFIX_LENGTH) {
            p->length = (uint8_t)wire_number(&r, 128);
        }
    }
    wire_expect(outer, !r.is_bad && p->bytes > 0 && p->length <= p->bytes * 8);
}

static void read_zone_field(struct arena *a, struct wire_reader *r, struct release_zone *z)
{
    switch (r->field) {
    case ZONE_ID:
        z->id = wire_id(a, r);
        break;
    case ZONE_APEX:
        z->apex = wire_bytes(r);
        break;
    case ZONE_ORDER:
        z->order = wire_number(r, UINT64_MAX);
        break;
    case ZONE_ADDRESSES:
        z->addresses[z->address_count] = wire_item(r);
        wire_expect(r, is_address(z->addresses[z->address_count++].len));
        break;
    case ZONE_IS_PRIVATE:
        z->is_private = wire_number(r, 1) == 1;
        break;
    case ZONE_SOURCES:
        prefix_read(r, &z->sources[z->source_count++]);
        break;
    case ZONE_TRANSFER:
        z->transfer = transfer_read(a, r);
        break;
    default:
        break;
    }
}

enum err release_zone_decode(struct arena *a, struct slice bytes, struct release_zone *out,
                             struct errctx *ec)
{
    size_t address_count = wire_count(bytes, ZONE_ADDRESSES);
    size_t source_count = wire_count(bytes, ZONE_SOURCES);
    if (address_count > RELEASE_ADDRESSES_MAX || source_count > RELEASE_SOURCES_MAX)
        return err_set(ec, ERR_CORRUPT, "zone: more networks than any has");
    struct release_zone z = {0};
    z.addresses = arena_array(a, address_count, sizeof(*z.addresses));
    z.sources = arena_array(a, source_count, sizeof(*z.sources));
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r))
        read_zone_field(a, &r, &z);
    wire_expect(&r, z.id != NULL && text_is_wire_name(z.apex));
    enum err err = wire_finish(&r, "zone", ec);
    if (err == ERR_OK)
        *out = z;
    return err;
}

static bool name_is_valid(const struct release_name *n)
{
    for (size_t i = 0; i < n->set_count; i++) {
        if (!set_is_valid(&n->sets[i]) || (i > 0 && !set_may_follow(&n->sets[i], &n->sets[i - 1])))
            return false;
    }
    return n->set_count <= RELEASE_SETS_MAX && text_is_wire_name(n->owner);
}

struct slice release_name_encode(struct arena *a, const struct release_name *n)
{
    CHECK(name_is_valid(n));
    struct buf b = {0};
    wire_put_bytes(&b, NAME_OWNER, n->owner);
    for (size_t i = 0; i < n->set_count; i++)
        wire_put_item(&b, NAME_SETS, set_encode(a, &n->sets[i]));
    wire_put_number(&b, NAME_CHILDREN, n->child_count);
    return wire_take(a, &b);
}

enum err release_name_decode(struct arena *a, struct slice bytes, struct release_name *out,
                             struct errctx *ec)
{
    size_t set_count = wire_count(bytes, NAME_SETS);
    if (set_count > RELEASE_SETS_MAX)
        return err_set(ec, ERR_CORRUPT, "name: more sets than any has");
    struct release_name n = {.sets = arena_array(a, set_count, sizeof(*n.sets))};
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == NAME_OWNER)
            n.owner = wire_bytes(&r);
        else if (r.field == NAME_SETS)
            set_read(a, &r, &n.sets[n.set_count++]);
        else if (r.field == NAME_CHILDREN)
            n.child_count = (uint32_t)wire_number(&r, UINT32_MAX);
    }
    wire_expect(&r, !r.is_bad && name_is_valid(&n));
    enum err err = wire_finish(&r, "name", ec);
    if (err == ERR_OK)
        *out = n;
    return err;
}

struct slice release_node_encode(struct arena *a, const struct release_node *n)
{
    CHECK(text_is_id(slice_str(n->id)));
    struct buf b = {0};
    wire_put_bytes(&b, NODE_ID, slice_str(n->id));
    wire_put_bytes(&b, NODE_PUBLIC_KEY, slice_of(n->public_key, ED25519_PUBLIC_BYTES));
    wire_put_number(&b, NODE_IS_DRAINING, n->is_draining);
    return wire_take(a, &b);
}

enum err release_node_decode(struct arena *a, struct slice bytes, struct release_node *out,
                             struct errctx *ec)
{
    struct release_node n = {0};
    bool has_key = false;
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == NODE_ID)
            n.id = wire_id(a, &r);
        else if (r.field == NODE_PUBLIC_KEY)
            has_key = wire_fixed(&r, n.public_key, sizeof(n.public_key));
        else if (r.field == NODE_IS_DRAINING)
            n.is_draining = wire_number(&r, 1) == 1;
    }
    wire_expect(&r, n.id != NULL && has_key);
    enum err err = wire_finish(&r, "node", ec);
    if (err == ERR_OK)
        *out = n;
    return err;
}

struct slice release_name_id(struct arena *a, const char *zone_id, struct slice owner)
{
    struct slice zone = slice_str(zone_id);
    size_t len = zone.len + 1 + owner.len;
    CHECK(zone.data != NULL && owner.data != NULL && len <= TRIE_ID_MAX_BYTES);
    uint8_t *id = arena_alloc(a, len);
    memcpy(id, zone.data, zone.len);
    id[zone.len] = '/';
    memcpy(id + zone.len + 1, owner.data, owner.len);
    return slice_of(id, len);
}
