// SPDX-License-Identifier: Apache-2.0
// Names as plain records. Runs on the TCP thread for transfers, and on the builder for deltas.
#include "authority/zone_text.h"

#include "authority/limits.h"
#include "authority/resolve.h"
#include "base/check.h"
#include "dns/types.h"

#include <endian.h>

#define SOA_NUMBERS_BYTES                                                                          \
    20 /* serial, refresh, retry, expire, minimum: RFC 1035 section 3.3.13                         \
        */

void zone_soa_set_serial(uint8_t *rdata_end, uint32_t serial)
{
    uint32_t serial_be = htobe32(serial);
    memcpy(rdata_end - SOA_NUMBERS_BYTES, &serial_be, sizeof(serial_be));
}

void zone_text_put(struct buf *text, struct slice owner, const uint8_t *record)
{
    buf_append_byte(text, (uint8_t)owner.len);
    buf_append(text, owner);
    buf_append(text, slice_of(record, (size_t)(record_next(record) - record)));
}

bool zone_text_next(struct slice *text, struct zone_text_record *out)
{
    if (text->len == 0)
        return false;
    size_t owner_bytes = text->data[0];
    out->owner = slice_of(text->data + 1, owner_bytes);
    out->record = text->data + 1 + owner_bytes;
    const uint8_t *end = record_next(out->record);
    *text = slice_of(end, text->len - (size_t)(end - text->data));
    return true;
}

static unsigned traits_of_alias(const struct zone *zone, const struct record_set *set)
{
    struct alias_record alias = alias_record_read(set);
    bool is_inside = !alias.head.is_outside && alias.head.key.zone == zone->hash;
    return is_inside ? 0 : ZONE_TEXT_OUTSIDE;
}

static unsigned traits_of_tree(const struct zone *zone, const struct record_set *set)
{
    if (tree_record_kind(set) == TREE_ALIAS)
        return ZONE_TEXT_TREE | traits_of_alias(zone, set);
    unsigned traits = ZONE_TEXT_TREE | ZONE_TEXT_POLICY;
    struct group_record group = group_record_read(set);
    for (unsigned i = 0; i < group.head.count; i++) {
        struct member_record member = group_record_member(&group, i);
        if (record_set_is_tree(&member.set))
            traits |= traits_of_alias(zone, &member.set);
    }
    return traits;
}

unsigned zone_text_traits(const struct zone *zone, const struct name_record *name)
{
    unsigned traits = 0;
    const uint8_t *at = name->sets;
    for (unsigned i = 0; i < name->set_count; i++) {
        struct record_set set;
        at = record_set_read(at, &set);
        if (record_set_is_tree(&set))
            traits |= traits_of_tree(zone, &set);
    }
    return traits;
}

static void put_set(const struct record_set *set, struct slice owner, struct buf *text)
{
    const uint8_t *record = set->body;
    for (unsigned i = 0; i < set->count; i++, record = record_next(record))
        zone_text_put(text, owner, record);
}

static void put_tree(const struct world *w, const struct record_set *set, struct slice owner,
                     struct buf *text)
{
    struct routing_client client = {0};
    const struct scene scene = {.world = w};
    struct resolution found;
    struct tree_verdicts verdicts;
    verdicts.count = 0;
    struct resolver_state r = {.scene = &scene,
                               .client = &client,
                               .targets_left = ALIAS_VISITS_MAX,
                               .levels_left = TREE_LEVELS_MAX,
                               .verdicts = &verdicts};
    if (resolve(&r, set, &found) != RESOLVED)
        return;
    for (unsigned i = 0; i < found.count; i++)
        put_set(&found.sets[i], owner, text);
}

void zone_text_name(const struct world *w, const struct name_record *name, struct buf *text)
{
    const uint8_t *at = name->sets;
    for (unsigned i = 0; i < name->set_count; i++) {
        struct record_set set;
        at = record_set_read(at, &set);
        if (record_set_is_tree(&set))
            put_tree(w, &set, name->owner, text);
        else if (set.type != DNS_TYPE_SOA)
            put_set(&set, name->owner, text);
    }
}

bool zone_text_soa(const struct world *w, const struct zone *zone, struct buf *text)
{
    struct name_record apex;
    struct record_set soa;
    if (zone->transfer == NULL || !world_find(w, zone, zone->apex, &apex) ||
        !name_record_find(&apex, DNS_TYPE_SOA, &soa) || record_set_is_tree(&soa))
        return false;
    zone_text_put(text, zone->apex, soa.body);
    zone_soa_set_serial(text->data + text->end, zone->transfer->serial);
    return true;
}
