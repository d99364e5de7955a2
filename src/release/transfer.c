// SPDX-License-Identifier: Apache-2.0
// The transfer settings of a zone, from structs to bytes and back. Called by control and roles.
#include "base/check.h"
#include "release/limits.h"
#include "release/objects_priv.h"

enum transfer_field {
    TRANSFER_SERIAL = 1,
    TRANSFER_KEYS = 2,
    TRANSFER_PREFIXES = 3,
    TRANSFER_NOTIFY = 4,
    TRANSFER_FLATTEN = 5,
};
enum notify_field { NOTIFY_ADDRESS = 1, NOTIFY_PORT = 2, NOTIFY_KEY = 3 };

static bool notify_is_valid(const struct release_notify *n)
{
    bool has_address = n->bytes == 4 || n->bytes == 16;
    return has_address && n->port > 0 && (n->key.len == 0 || text_is_wire_name(n->key));
}

bool transfer_is_valid(const struct release_transfer *t)
{
    bool is_bounded = t->key_count <= RELEASE_TRANSFER_KEYS_MAX &&
                      t->prefix_count <= RELEASE_TRANSFER_PREFIXES_MAX &&
                      t->notify_count <= RELEASE_NOTIFY_MAX;
    if (!is_bounded || t->key_count + t->prefix_count == 0)
        return false;
    for (size_t i = 0; i < t->key_count; i++) {
        if (!text_is_wire_name(t->keys[i]))
            return false;
    }
    for (size_t i = 0; i < t->notify_count; i++) {
        if (!notify_is_valid(&t->notify[i]))
            return false;
    }
    return true;
}

static struct slice notify_encode(struct arena *a, const struct release_notify *n)
{
    struct buf b = {0};
    wire_put_bytes(&b, NOTIFY_ADDRESS, slice_of(n->address, n->bytes));
    wire_put_number(&b, NOTIFY_PORT, n->port);
    wire_put_bytes(&b, NOTIFY_KEY, n->key);
    return wire_take(a, &b);
}

struct slice transfer_encode(struct arena *a, const struct release_transfer *t)
{
    CHECK(transfer_is_valid(t));
    struct buf b = {0};
    wire_put_number(&b, TRANSFER_SERIAL, t->serial);
    for (size_t i = 0; i < t->key_count; i++)
        wire_put_item(&b, TRANSFER_KEYS, t->keys[i]);
    for (size_t i = 0; i < t->prefix_count; i++)
        wire_put_item(&b, TRANSFER_PREFIXES, prefix_encode(a, &t->prefixes[i]));
    for (size_t i = 0; i < t->notify_count; i++)
        wire_put_item(&b, TRANSFER_NOTIFY, notify_encode(a, &t->notify[i]));
    wire_put_number(&b, TRANSFER_FLATTEN, t->is_flattened);
    return wire_take(a, &b);
}

static void notify_read(struct wire_reader *outer, struct release_notify *n)
{
    struct wire_reader r = wire_reader_of(wire_item(outer));
    while (wire_next(&r)) {
        if (r.field == NOTIFY_ADDRESS) {
            struct slice address = wire_bytes(&r);
            wire_expect(&r, address.len == 4 || address.len == 16);
            if (r.is_bad)
                break;
            memcpy(n->address, address.data, address.len);
            n->bytes = (uint8_t)address.len;
        } else if (r.field == NOTIFY_PORT) {
            n->port = (uint16_t)wire_number(&r, UINT16_MAX);
        } else if (r.field == NOTIFY_KEY) {
            n->key = wire_bytes(&r);
        }
    }
    wire_expect(outer, !r.is_bad);
}

static void read_field(struct wire_reader *r, struct release_transfer *t)
{
    switch (r->field) {
    case TRANSFER_SERIAL:
        t->serial = (uint32_t)wire_number(r, UINT32_MAX);
        break;
    case TRANSFER_KEYS:
        t->keys[t->key_count++] = wire_item(r);
        break;
    case TRANSFER_PREFIXES:
        prefix_read(r, &t->prefixes[t->prefix_count++]);
        break;
    case TRANSFER_NOTIFY:
        notify_read(r, &t->notify[t->notify_count++]);
        break;
    case TRANSFER_FLATTEN:
        t->is_flattened = wire_number(r, 1) == 1;
        break;
    default:
        break;
    }
}

struct release_transfer *transfer_read(struct arena *a, struct wire_reader *outer)
{
    struct slice bytes = wire_item(outer);
    size_t key_count = wire_count(bytes, TRANSFER_KEYS);
    size_t prefix_count = wire_count(bytes, TRANSFER_PREFIXES);
    size_t notify_count = wire_count(bytes, TRANSFER_NOTIFY);
    bool is_bounded = key_count <= RELEASE_TRANSFER_KEYS_MAX &&
                      prefix_count <= RELEASE_TRANSFER_PREFIXES_MAX &&
                      notify_count <= RELEASE_NOTIFY_MAX;
    wire_expect(outer, is_bounded);
    if (!is_bounded)
        return NULL;
    struct release_transfer *t = ARENA_NEW(a, struct release_transfer);
    *t = (struct release_transfer){
        .keys = arena_array(a, key_count, sizeof(*t->keys)),
        .prefixes = arena_array(a, prefix_count, sizeof(*t->prefixes)),
        .notify = arena_array(a, notify_count, sizeof(*t->notify)),
    };
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r))
        read_field(&r, t);
    wire_expect(outer, !r.is_bad && transfer_is_valid(t));
    return outer->is_bad ? NULL : t;
}
