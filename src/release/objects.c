// SPDX-License-Identifier: Apache-2.0
// Zones, names and nodes, from structs to bytes and back. The decoder of names is on the way of
// each start of a role: two passes, one array, no copy. Called by control and roles; any thread.
#include "release/objects.h"

#include "base/check.h"
#include "release/limits.h"
#include "release/wire_priv.h"

enum zone_field {
    ZONE_ID = 1,
    ZONE_APEX = 2,
    ZONE_ORDER = 3,
    ZONE_ADDRESSES = 4,
    ZONE_IS_PRIVATE = 5,
    ZONE_SOURCES = 6,
};
enum prefix_field { PREFIX_ADDRESS = 1, PREFIX_LENGTH = 2 };
enum name_field { NAME_OWNER = 1, NAME_SETS = 2, NAME_CHILDREN = 3 };
enum set_field { SET_TYPE = 1, SET_TTL = 2, SET_RDATA = 3, SET_ALIAS = 4 };
enum alias_field { ALIAS_ZONE_ID = 1, ALIAS_NAME = 2, ALIAS_EVALUATE_HEALTH = 3 };
enum node_field { NODE_ID = 1, NODE_PUBLIC_KEY = 2, NODE_IS_DRAINING = 3 };

static bool is_address(size_t len)
{
    return len == 4 || len == 16;
}

static struct slice prefix_encode(struct arena *a, const struct release_prefix *p)
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
    return wire_take(a, &b);
}

static void read_prefix(struct wire_reader *outer, struct release_prefix *p)
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

static const char *read_id(struct arena *a, struct wire_reader *r)
{
    struct slice text = wire_bytes(r);
    wire_expect(r, text_is_id(text));
    return r->is_bad ? NULL : arena_str(a, text);
}

static void read_zone_field(struct arena *a, struct wire_reader *r, struct release_zone *z)
{
    switch (r->field) {
    case ZONE_ID:
        z->id = read_id(a, r);
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
        read_prefix(r, &z->sources[z->source_count++]);
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

static bool set_is_valid(const struct release_set *s)
{
    if (s->type == 0 || s->ttl_s > RELEASE_SET_TTL_MAX_S || s->rdata_count > RELEASE_RDATA_MAX)
        return false;
    for (size_t i = 0; i < s->rdata_count; i++) {
        if (s->rdata[i].len > RELEASE_RDATA_MAX_BYTES)
            return false;
    }
    return s->is_alias ? s->rdata_count == 0 : s->rdata_count > 0;
}

static bool name_is_valid(const struct release_name *n)
{
    for (size_t i = 0; i < n->set_count; i++) {
        bool is_sorted = i == 0 || n->sets[i - 1].type < n->sets[i].type;
        if (!is_sorted || !set_is_valid(&n->sets[i]))
            return false;
    }
    return n->set_count <= RELEASE_SETS_MAX && text_is_wire_name(n->owner);
}

static void put_set(struct buf *b, const struct release_set *s)
{
    AUTO_BUF struct buf inner = {0};
    wire_put_number(&inner, SET_TYPE, s->type);
    wire_put_number(&inner, SET_TTL, s->ttl_s);
    for (size_t i = 0; i < s->rdata_count; i++)
        wire_put_item(&inner, SET_RDATA, s->rdata[i]);
    if (s->is_alias) {
        CHECK(text_is_id(slice_str(s->alias_zone_id)) && text_is_wire_name(s->alias_name));
        AUTO_BUF struct buf alias = {0};
        wire_put_bytes(&alias, ALIAS_ZONE_ID, slice_str(s->alias_zone_id));
        wire_put_bytes(&alias, ALIAS_NAME, s->alias_name);
        wire_put_number(&alias, ALIAS_EVALUATE_HEALTH, s->alias_evaluate_health);
        wire_put_item(&inner, SET_ALIAS, buf_slice(&alias));
    }
    wire_put_item(b, NAME_SETS, buf_slice(&inner));
}

struct slice release_name_encode(struct arena *a, const struct release_name *n)
{
    CHECK(name_is_valid(n));
    struct buf b = {0};
    wire_put_bytes(&b, NAME_OWNER, n->owner);
    for (size_t i = 0; i < n->set_count; i++)
        put_set(&b, &n->sets[i]);
    wire_put_number(&b, NAME_CHILDREN, n->child_count);
    return wire_take(a, &b);
}

static void read_alias(struct arena *a, struct wire_reader *outer, struct release_set *s)
{
    struct wire_reader r = wire_reader_of(wire_bytes(outer));
    s->is_alias = true;
    while (wire_next(&r)) {
        if (r.field == ALIAS_ZONE_ID)
            s->alias_zone_id = read_id(a, &r);
        else if (r.field == ALIAS_NAME)
            s->alias_name = wire_bytes(&r);
        else if (r.field == ALIAS_EVALUATE_HEALTH)
            s->alias_evaluate_health = wire_number(&r, 1) == 1;
    }
    wire_expect(outer, !r.is_bad && s->alias_zone_id != NULL && text_is_wire_name(s->alias_name));
}

static void read_set(struct arena *a, struct wire_reader *outer, struct release_set *s)
{
    struct slice bytes = wire_item(outer);
    size_t rdata_count = wire_count(bytes, SET_RDATA);
    wire_expect(outer, rdata_count <= RELEASE_RDATA_MAX);
    if (outer->is_bad)
        return;
    s->rdata = arena_array(a, rdata_count, sizeof(*s->rdata));
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == SET_TYPE)
            s->type = (uint16_t)wire_number(&r, UINT16_MAX);
        else if (r.field == SET_TTL)
            s->ttl_s = (uint32_t)wire_number(&r, RELEASE_SET_TTL_MAX_S);
        else if (r.field == SET_RDATA)
            s->rdata[s->rdata_count++] = wire_item(&r);
        else if (r.field == SET_ALIAS)
            read_alias(a, &r, s);
    }
    wire_expect(outer, !r.is_bad);
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
            read_set(a, &r, &n.sets[n.set_count++]);
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
            n.id = read_id(a, &r);
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
