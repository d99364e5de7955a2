// SPDX-License-Identifier: Apache-2.0
// Packing and reading of aliases and groups. Packing runs on the builder thread (or in a trial),
// reading on every thread that answers.
#include "authority/tree_record.h"

#include "authority/outside_table.h"
#include "dns/name.h"
#include "places/places.h"

/* ---- reading */

struct alias_record alias_record_read(const struct record_set *tree)
{
    struct alias_record alias;
    const uint8_t *at = tree->body + 1;
    memcpy(&alias.head, at, sizeof(alias.head));
    at += sizeof(alias.head);
    alias.name = slice_of(at + 1, at[0]);
    return alias;
}

struct group_record group_record_read(const struct record_set *tree)
{
    struct group_record group;
    const uint8_t *at = tree->body + 1;
    memcpy(&group.head, at, sizeof(group.head));
    group.members = at + sizeof(group.head);
    group.behind = group.members + group.head.count * sizeof(struct member_head);
    return group;
}

struct member_record group_record_member(const struct group_record *group, unsigned index)
{
    struct member_head head;
    struct member_record member;
    uint16_t identifier_bytes;
    memcpy(&head, group->members + index * sizeof(head), sizeof(head));
    const uint8_t *at = group->behind + head.at;
    memcpy(&identifier_bytes, at, sizeof(identifier_bytes));
    member.health = head.health;
    member.identifier = slice_of(at + sizeof(identifier_bytes), identifier_bytes);
    (void)record_set_read(member.identifier.data + identifier_bytes, &member.set);
    return member;
}

void group_record_routing(const struct group_record *group,
                          struct routing_member out[ROUTING_MEMBERS_MAX])
{
    for (unsigned i = 0; i < group->head.count; i++)
        memcpy(&out[i], group->members + i * sizeof(struct member_head), sizeof(out[i]));
}

/* ---- packing */

struct slice location_key(struct arena *a, const char *collection_id, const char *location)
{
    const char *text =
        location == NULL ? collection_id : arena_printf(a, "%s/%s", collection_id, location);
    return slice_str(text);
}

static uint32_t health_number(const struct name_packing *packing, const struct release_set *set)
{
    if (set->health_check == NULL)
        return HEALTH_NONE;
    return registry_number(packing->registries->health, slice_str(set->health_check));
}

enum err tree_record_pack_alias(const struct name_packing *packing, const struct release_set *set,
                                struct buf *out, struct errctx *ec)
{
    if (set->alias_name.len == 0 || dns_name_measure(set->alias_name) != set->alias_name.len)
        return err_set(ec, ERR_CORRUPT, "alias target is no name");
    struct alias_head head;
    memset(&head, 0, sizeof(head)); /* the gaps, too: they are copied */
    head.health = health_number(packing, set);
    head.evaluates = set->alias_evaluate_health;
    head.is_outside = set->alias_is_outside;
    if (set->alias_is_outside) {
        AUTO_ARENA struct arena a = {0};
        struct slice key = outside_key(&a, set->type, set->alias_name);
        head.outside = registry_number(packing->registries->outside, key);
    } else {
        head.key.zone = trie_hash(packing->seed, slice_str(set->alias_zone_id));
        head.key.owner = trie_hash(packing->seed, set->alias_name);
    }
    buf_append_byte(out, TREE_ALIAS);
    buf_append(out, slice_of(&head, sizeof(head)));
    buf_append_byte(out, (uint8_t)set->alias_name.len);
    buf_append(out, set->alias_name);
    return ERR_OK;
}

/* Policies have the same numbers in releases and in routing. */
_Static_assert((int)RELEASE_WEIGHTED == (int)ROUTING_WEIGHTED &&
                   (int)RELEASE_LATENCY == (int)ROUTING_LATENCY &&
                   (int)RELEASE_FAILOVER == (int)ROUTING_FAILOVER &&
                   (int)RELEASE_GEOLOCATION == (int)ROUTING_GEOLOCATION &&
                   (int)RELEASE_GEOPROXIMITY == (int)ROUTING_GEOPROXIMITY &&
                   (int)RELEASE_MULTIVALUE == (int)ROUTING_MULTIVALUE &&
                   (int)RELEASE_IP_BASED == (int)ROUTING_IP_BASED,
               "the numbers of policies");

static enum err place_of(const struct release_set *set, uint16_t *out, struct errctx *ec)
{
    bool is_default = set->geo_country != NULL && strcmp(set->geo_country, "*") == 0;
    uint16_t place = PLACE_NOWHERE;
    if (set->geo_continent != NULL)
        place = place_continent(slice_str(set->geo_continent));
    else if (set->geo_subdivision != NULL)
        place = place_subdivision(slice_str(set->geo_country), slice_str(set->geo_subdivision));
    else if (!is_default)
        place = place_country(slice_str(set->geo_country));
    if (place == PLACE_NOWHERE && !is_default)
        return err_set(ec, ERR_CORRUPT, "location '%s' is not known here",
                       set->geo_continent != NULL ? set->geo_continent : set->geo_country);
    *out = place;
    return ERR_OK;
}

static uint32_t location_of(const struct name_packing *packing, const struct release_set *set)
{
    AUTO_ARENA struct arena a = {0};
    if (strcmp(set->cidr_location, "*") == 0)
        return 0;
    struct slice key = location_key(&a, set->cidr_collection, set->cidr_location);
    return registry_number(packing->registries->locations, key) + 1;
}

/* What the set's policy needs to know of it. */
static enum err routing_of(const struct name_packing *packing, const struct release_set *set,
                           struct routing_member *out, struct errctx *ec)
{
    const struct region *region;
    switch (set->policy) {
    case RELEASE_WEIGHTED:
        out->weight = set->weight;
        return ERR_OK;
    case RELEASE_LATENCY:
        region = region_find(slice_str(set->region));
        if (region == NULL)
            return err_set(ec, ERR_CORRUPT, "region '%s' is not known here", set->region);
        out->region = (uint16_t)region_number(region);
        return ERR_OK;
    case RELEASE_FAILOVER:
        out->is_secondary = set->is_secondary;
        return ERR_OK;
    case RELEASE_GEOLOCATION:
        return place_of(set, &out->place, ec);
    case RELEASE_GEOPROXIMITY:
        out->proximity.point =
            point_of_degrees(set->latitude_e2 / 100.0, set->longitude_e2 / 100.0);
        out->proximity.bias = set->bias;
        return ERR_OK;
    case RELEASE_IP_BASED:
        out->location = location_of(packing, set);
        return ERR_OK;
    case RELEASE_MULTIVALUE:
    case RELEASE_SIMPLE:
        break;
    }
    return ERR_OK;
}

/* Identifier and set of one member. */
static enum err pack_member(const struct name_packing *packing, const struct release_set *set,
                            struct buf *out, struct errctx *ec)
{
    uint16_t identifier_bytes = (uint16_t)strlen(set->identifier);
    buf_append(out, slice_of(&identifier_bytes, sizeof(identifier_bytes)));
    buf_append(out, slice_str(set->identifier));
    if (!set->is_alias)
        return name_record_pack_records(set, out, ec);
    if (set->policy == RELEASE_MULTIVALUE)
        return err_set(ec, ERR_CORRUPT, "a multivalue set is an alias");
    struct record_set head = {.type = set->type};
    AUTO_BUF struct buf body = {0};
    enum err e = tree_record_pack_alias(packing, set, &body, ec);
    head.body_bytes = (uint32_t)buf_len(&body);
    buf_append(out, slice_of(&head.type, sizeof(head.type)));
    buf_append(out, slice_of(&head.count, sizeof(head.count)));
    buf_append(out, slice_of(&head.body_bytes, sizeof(head.body_bytes)));
    buf_append(out, buf_slice(&body));
    return e;
}

enum err tree_record_pack_group(const struct name_packing *packing, const struct release_set *sets,
                                size_t count, struct buf *out, struct errctx *ec)
{
    if (count > ROUTING_MEMBERS_MAX)
        return err_set(ec, ERR_CORRUPT, "%zu sets of one name and type", count);
    struct group_head head;
    memset(&head, 0, sizeof(head));
    head.policy = (uint8_t)sets[0].policy;
    head.count = (uint16_t)count;
    if (sets[0].policy == RELEASE_IP_BASED)
        head.collection =
            registry_number(packing->registries->locations, slice_str(sets[0].cidr_collection));
    AUTO_BUF struct buf behind = {0};
    buf_append_byte(out, TREE_GROUP);
    buf_append(out, slice_of(&head, sizeof(head)));
    for (size_t i = 0; i < count; i++) {
        struct member_head member;
        memset(&member, 0, sizeof(member));
        member.health = health_number(packing, &sets[i]);
        member.at = (uint32_t)buf_len(&behind);
        enum err e = routing_of(packing, &sets[i], &member.routing, ec);
        if (e == ERR_OK)
            e = pack_member(packing, &sets[i], &behind, ec);
        if (e != ERR_OK)
            return e;
        buf_append(out, slice_of(&member, sizeof(member)));
    }
    buf_append(out, buf_slice(&behind));
    return ERR_OK;
}
