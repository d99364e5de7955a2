// SPDX-License-Identifier: Apache-2.0
// The CIDR collections of one root as tables of networks. Shared by all roots in which they are the
// same; read by every thread that answers.
#ifndef AUTHORITY_COLLECTION_TABLE_H
#define AUTHORITY_COLLECTION_TABLE_H

#include "authority/name_record.h"
#include "release/root.h"
#include "routing/net_table.h"

/** Owner: counted references, all held by the builder thread. Unchanged once loaded. */
struct collection_table {
    uint32_t refs;
    struct chunk_hash trie;    /* the top chunk that it was made of */
    struct net_table **tables; /* by the collection's number; NULL: no such collection */
    uint32_t count;
};

/** What a table is made of; everything borrowed. */
struct collection_source {
    const struct trie_ref *trie;
    const struct chunk_source *chunks;
    struct registry *locations;
};

/**
 * The table of a root, with one reference: `before` itself (NULL at first) where it was made of the
 * same. Values are numbers of locations, from 1. Errors: the source's, ERR_CORRUPT.
 */
enum err collection_table_load(const struct collection_source *source,
                               struct collection_table *before, struct collection_table **out,
                               struct errctx *ec) MUST_USE;

/** Gives a reference back; NULL is fine. */
void collection_table_unref(struct collection_table *t);

/** The blocks of a collection; NULL: the root has none of this number. */
static inline const struct net_table *collection_table_find(const struct collection_table *t,
                                                            uint32_t number)
{
    return number < t->count ? t->tables[number] : NULL;
}

#endif
