// SPDX-License-Identifier: Apache-2.0
// CIDR collections from a release. Runs on the builder thread, or in a trial.
#include "authority/collection_table.h"

#include "authority/tree_record.h"
#include "base/alloc.h"

#include <stdlib.h>

/* A table being made. */
struct collection_load {
    struct collection_table *table;
    const struct collection_source *source;
};

static struct net_table *make_networks(struct arena *a, struct registry *locations,
                                       const struct release_cidr_collection *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->location_count; i++)
        count += c->locations[i].block_count;
    struct net_table_entry *entries = arena_array(a, count, sizeof(*entries));
    size_t filled = 0;
    for (size_t i = 0; i < c->location_count; i++) {
        const struct release_cidr_location *location = &c->locations[i];
        uint32_t value = registry_number(locations, location_key(a, c->id, location->name)) + 1;
        for (size_t j = 0; j < location->block_count; j++) {
            const struct release_prefix *block = &location->blocks[j];
            entries[filled++] = (struct net_table_entry){
                .network = net_key_of(block->address, block->bytes, block->length), .value = value};
        }
    }
    return net_table_new(entries, count);
}

static void put_networks(struct collection_table *t, uint32_t number, struct net_table *networks)
{
    if (number >= t->count) {
        t->tables = mem_resize(t->tables, (size_t)number + 1, sizeof(struct net_table *));
        for (uint32_t i = t->count; i <= number; i++)
            t->tables[i] = NULL;
        t->count = number + 1;
    }
    net_table_free(t->tables[number]);
    t->tables[number] = networks;
}

static enum err add_collection(void *user, const struct trie_entry *before,
                               const struct trie_entry *after, struct errctx *ec)
{
    (void)before;
    AUTO_ARENA struct arena a = {0};
    const struct collection_load *load = user;
    struct slice value;
    struct release_cidr_collection decoded;
    enum err e = trie_entry_value(&a, after, load->source->chunks, &value, ec);
    if (e == ERR_OK)
        e = release_cidr_collection_decode(&a, value, &decoded, ec);
    if (e != ERR_OK)
        return e;
    struct registry *locations = load->source->locations;
    uint32_t number = registry_number(locations, slice_str(decoded.id));
    put_networks(load->table, number, make_networks(&a, locations, &decoded));
    return ERR_OK;
}

void collection_table_unref(struct collection_table *t)
{
    if (t == NULL || --t->refs > 0)
        return;
    for (uint32_t i = 0; i < t->count; i++)
        net_table_free(t->tables[i]);
    free(t->tables);
    free(t);
}

enum err collection_table_load(const struct collection_source *source,
                               struct collection_table *before, struct collection_table **out,
                               struct errctx *ec)
{
    if (before != NULL && chunk_hash_equal(&before->trie, &source->trie->chunk)) {
        before->refs++;
        *out = before;
        return ERR_OK;
    }
    struct collection_table *t = NEW(struct collection_table);
    t->refs = 1;
    t->trie = source->trie->chunk;
    struct collection_load load = {.table = t, .source = source};
    const struct trie_ref nothing = {0};
    const struct trie_diff_visitor visitor = {.on_entry = add_collection, .user = &load};
    enum err e = trie_diff(&nothing, source->trie, source->chunks, &visitor, ec);
    if (e != ERR_OK) {
        collection_table_unref(t);
        return err_wrap(ec, "CIDR collections");
    }
    *out = t;
    return ERR_OK;
}
