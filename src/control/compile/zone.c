// SPDX-License-Identifier: Apache-2.0
// Zones as the compiler puts them. Called by it, on the rollout's thread.
#include "control/compile/zone_priv.h"

#include "aws/r53_sets.h"
#include "aws/r53_transfer.h"
#include "dns/rdata.h"
#include "release/limits.h"

#include <string.h>

/** The addresses that a zone is served on, as bytes. */
static enum err read_addresses(struct arena *a, const struct r53_zone_body *body,
                               struct release_zone *zone, struct errctx *ec)
{
    if (body->addresses_count > RELEASE_ADDRESSES_MAX)
        return err_set(ec, ERR_CORRUPT, "%zu addresses", body->addresses_count);
    zone->addresses = arena_array(a, body->addresses_count, sizeof(*zone->addresses));
    for (size_t i = 0; i < body->addresses_count; i++) {
        bool is_v6 = strchr(body->addresses[i], ':') != NULL;
        enum err e = dns_rdata_parse(a, is_v6 ? DNS_TYPE_AAAA : DNS_TYPE_A,
                                     slice_str(body->addresses[i]), &zone->addresses[i], ec);
        if (e != ERR_OK)
            return e;
    }
    zone->address_count = body->addresses_count;
    return ERR_OK;
}

static enum err read_key(struct arena *a, const char *text, struct slice *out, struct errctx *ec)
{
    struct dns_name name;
    enum err e = dns_name_parse(slice_str(text), &name, ec);
    if (e == ERR_OK)
        *out = arena_copy(a, dns_name_slice(&name));
    return e;
}

static enum err read_notify(struct arena *a, const struct r53_zone_notify *from,
                            struct release_notify *to, struct errctx *ec)
{
    struct r53_cidr_block host;
    enum err e = r53_transfer_network_parse(a, slice_str(from->address), &host, ec);
    if (e == ERR_OK && from->key != NULL)
        e = read_key(a, from->key, &to->key, ec);
    if (e != ERR_OK)
        return e;
    memcpy(to->address, host.address, sizeof(to->address));
    to->bytes = host.bytes;
    to->port = (uint16_t)from->port;
    return ERR_OK;
}

static enum err read_transfer(struct arena *a, const struct r53_zone_transfer *from,
                              struct release_transfer *to, struct errctx *ec)
{
    *to = (struct release_transfer){
        .keys = arena_array(a, from->keys_count, sizeof(*to->keys)),
        .key_count = from->keys_count,
        .prefixes = arena_array(a, from->prefixes_count, sizeof(*to->prefixes)),
        .prefix_count = from->prefixes_count,
        .notify = arena_array(a, from->notify_count, sizeof(*to->notify)),
        .notify_count = from->notify_count,
        .is_flattened = from->has_flatten && from->flatten,
    };
    enum err e = ERR_OK;
    for (size_t i = 0; i < to->key_count && e == ERR_OK; i++)
        e = read_key(a, from->keys[i], &to->keys[i], ec);
    for (size_t i = 0; i < to->prefix_count && e == ERR_OK; i++) {
        struct r53_cidr_block block;
        e = r53_transfer_network_parse(a, slice_str(from->prefixes[i]), &block, ec);
        if (e != ERR_OK)
            break;
        memcpy(to->prefixes[i].address, block.address, sizeof(to->prefixes[i].address));
        to->prefixes[i].bytes = block.bytes;
        to->prefixes[i].length = block.length;
    }
    for (size_t i = 0; i < to->notify_count && e == ERR_OK; i++)
        e = read_notify(a, &from->notify[i], &to->notify[i], ec);
    return e;
}

enum err zone_read(struct arena *a, const struct store_object *object, struct release_zone *out,
                   struct errctx *ec)
{
    struct r53_zone_body body;
    struct dns_name apex;
    struct release_zone zone = {.id = arena_strdup(a, object->group)};
    enum err e = r53_zone_body_decode(a, object->body, &body, ec);
    if (e == ERR_OK)
        e = dns_name_parse(slice_str(body.name), &apex, ec);
    if (e == ERR_OK)
        e = read_addresses(a, &body, &zone, ec);
    if (e == ERR_OK && body.transfer != NULL) {
        zone.transfer = ARENA_NEW(a, struct release_transfer);
        e = read_transfer(a, body.transfer, zone.transfer, ec);
    }
    if (e != ERR_OK)
        return e;
    zone.apex = arena_copy(a, dns_name_slice(&apex));
    zone.order = (uint64_t)body.order;
    zone.is_private = body.has_private_zone && body.private_zone;
    *out = zone;
    return ERR_OK;
}

enum err zone_number(struct arena *a, const struct zone_serials *serials, struct release_zone *zone,
                     struct errctx *ec)
{
    struct slice value;
    struct slice id = slice_str(zone->id);
    struct release_zone before;
    const struct trie_object object = {.key = trie_key_of(serials->seed, id, slice_of(NULL, 0)),
                                       .id = id};
    if (zone->transfer == NULL)
        return ERR_OK;
    zone->transfer->serial = (uint32_t)serials->version;
    enum err e = trie_get(a, serials->trie, &object, serials->source, &value, ec);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        e = release_zone_decode(a, value, &before, ec);
    if (e != ERR_OK || before.transfer == NULL)
        return e;
    uint32_t last = before.transfer->serial;
    if ((int32_t)(zone->transfer->serial - last) <= 0)
        zone->transfer->serial = last + 1;
    return ERR_OK;
}
