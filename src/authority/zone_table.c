// SPDX-License-Identifier: Apache-2.0
// Zones by apex and view. Loading runs on the builder thread or in a trial; look-ups on every
// thread that answers.
#include "authority/zone_table.h"

#include "authority/limits.h"
#include "base/alloc.h"
#include "base/check.h"
#include "dns/name.h"

#include <stdlib.h>

/* A table being made. */
struct zone_load {
    struct zone_table *table;
    const struct trie_seed *seed;
    const struct chunk_source *source;
    size_t capacity; /* of table->zones; grows, because nothing here trusts the root's count */
};

static void read_addresses(struct zone_table *t, const struct release_zone *from, struct zone *to)
{
    to->addresses = arena_array(&t->arena, from->address_count, sizeof(*to->addresses));
    to->address_count = from->address_count;
    for (size_t i = 0; i < from->address_count; i++) {
        struct slice address = from->addresses[i];
        CHECK(address.len <= sizeof(to->addresses[i].bytes));
        memcpy(to->addresses[i].bytes, address.data, address.len);
        to->addresses[i].len = (uint8_t)address.len;
        (void)map_put(&t->set_addresses, address, to);
    }
}

/* Into the list of its apex, oldest first. */
static void add_by_apex(struct zone_table *t, struct zone *zone)
{
    struct zone *first = map_get(&t->by_apex, zone->apex);
    if (first == NULL || zone->order < first->order) {
        zone->next = first;
        (void)map_put(&t->by_apex, zone->apex, zone);
        return;
    }
    struct zone *before = first;
    while (before->next != NULL && before->next->order <= zone->order)
        before = before->next;
    zone->next = before->next;
    before->next = zone;
}

static enum err add_zone(void *user, const struct trie_entry *before,
                         const struct trie_entry *after, struct errctx *ec)
{
    (void)before;
    struct zone_load *load = user;
    struct zone_table *t = load->table;
    struct slice value;
    struct release_zone decoded;
    enum err e = trie_entry_value(&t->arena, after, load->source, &value, ec);
    if (e != ERR_OK)
        return e;
    struct slice encoded = arena_copy(&t->arena, value);
    e = release_zone_decode(&t->arena, encoded, &decoded, ec);
    if (e != ERR_OK)
        return e;
    if (dns_name_measure(decoded.apex) != decoded.apex.len || decoded.apex.len == 0)
        return err_set(ec, ERR_CORRUPT, "zone %s: apex is no name", decoded.id);
    struct zone *zone = ARENA_NEW(&t->arena, struct zone);
    *zone = (struct zone){.id = decoded.id,
                          .hash = trie_hash(load->seed, slice_str(decoded.id)),
                          .apex = decoded.apex,
                          .apex_labels = dns_name_label_count(decoded.apex),
                          .order = decoded.order,
                          .is_private = decoded.is_private,
                          .sources = decoded.sources,
                          .source_count = decoded.source_count,
                          .transfer = decoded.transfer,
                          .encoded = encoded};
    read_addresses(t, &decoded, zone);
    if (t->zone_count == load->capacity) {
        load->capacity = max_size(ZONE_TABLE_FIRST, 2 * load->capacity);
        t->zones = mem_resize(t->zones, load->capacity, sizeof(struct zone *));
    }
    t->zones[t->zone_count++] = zone;
    t->has_private |= zone->is_private;
    t->labels_max = zone->apex_labels > t->labels_max ? zone->apex_labels : t->labels_max;
    add_by_apex(t, zone);
    return ERR_OK;
}

/* The zone is the only one of its apex, shown everywhere, and no private one may hide it: certain,
 * unless another lies below it. */
static bool is_alone(const struct zone_table *t, const struct zone *zone)
{
    const struct zone *first = map_get(&t->by_apex, zone->apex);
    return !t->has_private && first->next == NULL && zone->address_count == 0;
}

static void mark_certain(struct zone_table *t)
{
    for (size_t i = 0; i < t->zone_count; i++)
        t->zones[i]->is_certain = is_alone(t, t->zones[i]);
    for (size_t i = 0; i < t->zone_count; i++) {
        for (unsigned up = 1; up <= t->zones[i]->apex_labels; up++) {
            struct zone *above = map_get(&t->by_apex, dns_name_parent(t->zones[i]->apex, up));
            if (above != NULL)
                above->is_certain = false;
        }
    }
}

static int compare_hashes(const void *a, const void *b)
{
    const struct zone *const *left = a;
    const struct zone *const *right = b;
    return ((*left)->hash > (*right)->hash) - ((*left)->hash < (*right)->hash);
}

void zone_table_count(struct zone_table *table, struct metrics_zones *counters)
{
    if (counters == NULL || table->counters != NULL)
        return;
    table->counters = counters;
    for (size_t i = 0; i < table->zone_count; i++) {
        char name[DNS_NAME_TEXT_SIZE];
        struct zone *zone = table->zones[i];
        (void)dns_name_format(zone->apex, name);
        zone->counter = metrics_zones_take(counters, zone->id, name);
    }
}

static void free_table(struct zone_table *t)
{
    for (size_t i = 0; t->counters != NULL && i < t->zone_count; i++)
        metrics_zones_give(t->counters, t->zones[i]->counter);
    free(t->zones);
    map_fini(&t->by_apex);
    map_fini(&t->set_addresses);
    arena_fini(&t->arena);
    free(t);
}

enum err zone_table_load(const struct trie_ref *trie, const struct trie_seed *seed,
                         const struct chunk_source *source, struct zone_table *before,
                         struct zone_table **out, struct errctx *ec)
{
    if (before != NULL && chunk_hash_equal(&before->trie, &trie->chunk)) {
        before->refs++;
        *out = before;
        return ERR_OK;
    }
    struct zone_table *t = NEW(struct zone_table);
    t->refs = 1;
    t->trie = trie->chunk;
    arena_init(&t->arena);
    map_init(&t->by_apex);
    map_init(&t->set_addresses);
    struct zone_load load = {.table = t, .seed = seed, .source = source};
    const struct trie_ref nothing = {0};
    const struct trie_diff_visitor visitor = {.on_entry = add_zone, .user = &load};
    enum err e = trie_diff(&nothing, trie, source, &visitor, ec);
    if (e != ERR_OK) {
        free_table(t);
        return err_wrap(ec, "zones");
    }
    if (t->zone_count > 0)
        qsort(t->zones, t->zone_count, sizeof(struct zone *), compare_hashes);
    mark_certain(t);
    *out = t;
    return ERR_OK;
}

void zone_table_unref(struct zone_table *table)
{
    if (table == NULL)
        return;
    CHECK(table->refs > 0);
    if (--table->refs == 0)
        free_table(table);
}

static bool names_address(const struct zone *zone, const struct view_address *local)
{
    for (size_t i = 0; i < zone->address_count; i++) {
        const struct view_address *a = &zone->addresses[i];
        if (a->len == local->len && memcmp(a->bytes, local->bytes, a->len) == 0)
            return true;
    }
    return false;
}

static bool is_of_a_set(const struct zone_table *table, const struct view_address *local)
{
    return map_get(&table->set_addresses, slice_of(local->bytes, local->len)) != NULL;
}

static bool is_in_prefix(const struct view_address *address, const struct release_prefix *prefix)
{
    if (address->len != prefix->bytes)
        return false;
    size_t whole_bytes = prefix->length / 8;
    unsigned rest_bits = prefix->length % 8;
    if (memcmp(address->bytes, prefix->address, whole_bytes) != 0)
        return false;
    if (rest_bits == 0)
        return true;
    unsigned differ = address->bytes[whole_bytes] ^ prefix->address[whole_bytes];
    return differ >> (8 - rest_bits) == 0;
}

bool view_address_is_in(const struct view_address *address, const struct release_prefix *prefixes,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_in_prefix(address, &prefixes[i]))
            return true;
    }
    return false;
}

/* The oldest private zone of one apex that knows the source. */
static const struct zone *private_zone(const struct zone *first, const struct view_address *source)
{
    for (const struct zone *z = first; z != NULL; z = z->next) {
        if (z->is_private && view_address_is_in(source, z->sources, z->source_count))
            return z;
    }
    return NULL;
}

/*
 * The public zone of one apex at a local address: the oldest that names it, else the oldest of
 * those that name none; where no set has the address, the oldest of all.
 */
static const struct zone *public_zone(const struct zone_table *table, const struct zone *first,
                                      const struct view_address *local)
{
    const struct zone *oldest = NULL;
    const struct zone *everywhere = NULL;
    for (const struct zone *z = first; z != NULL; z = z->next) {
        if (z->is_private)
            continue;
        if (names_address(z, local))
            return z;
        if (oldest == NULL)
            oldest = z;
        if (everywhere == NULL && z->address_count == 0)
            everywhere = z;
    }
    return oldest == everywhere || is_of_a_set(table, local) ? everywhere : oldest;
}

const struct zone *zone_table_find(const struct zone_table *table, struct slice name,
                                   const struct view *view)
{
    const struct zone *deepest_public = NULL;
    unsigned labels = dns_name_label_count(name);
    if (labels > table->labels_max) {
        name = dns_name_parent(name, labels - table->labels_max);
        labels = table->labels_max;
    }
    for (unsigned left = labels + 1; left > 0; left--) {
        const struct zone *first = map_get(&table->by_apex, name);
        const struct zone *found = NULL;
        if (first != NULL && table->has_private)
            found = private_zone(first, &view->source);
        if (found != NULL)
            return found;
        if (first != NULL && deepest_public == NULL)
            deepest_public = public_zone(table, first, &view->local);
        if (deepest_public != NULL && !table->has_private)
            break;
        if (left > 1)
            name = dns_name_parent(name, 1);
    }
    return deepest_public;
}

const struct zone *zone_table_by_hash(const struct zone_table *table, uint64_t hash)
{
    size_t low = 0;
    size_t high = table->zone_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->zones[middle]->hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = low < table->zone_count && table->zones[low]->hash == hash;
    return is_found ? table->zones[low] : NULL;
}
