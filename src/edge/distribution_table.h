// SPDX-License-Identifier: Apache-2.0
// A table from texts to distributions that worlds share in pieces: a world that differs in one
// distribution copies the few buckets that it changes, as a release copies one path of its trie.
#ifndef EDGE_DISTRIBUTION_TABLE_H
#define EDGE_DISTRIBUTION_TABLE_H

#include "edge/world.h"
#include "release/trie.h"

#define EDGE_TABLE_BUCKETS 256

struct edge_bucket;

/**
 * Several distributions may stand under one text; the one with the lowest id is found.
 * Owner:   embedded by value; zeroed memory is an empty table.
 * Threads: any may read while nobody writes. The builder thread alone writes, and counts who holds
 *          buckets and distributions.
 */
struct edge_table {
    struct edge_bucket *buckets[EDGE_TABLE_BUCKETS]; /* by hash; NULL: empty */
};

/** What a text is found by; the hash is trie_hash of the release. */
struct edge_table_key {
    uint64_t hash;
    struct slice text;
};

/** Makes *to (empty before) the same table as *from; both share its buckets. */
void edge_table_share(struct edge_table *to, const struct edge_table *from);
void edge_table_fini(struct edge_table *t);

/** The text is borrowed from the distribution, which is held as long as it stands there. */
void edge_table_add(struct edge_table *t, const struct edge_table_key *key,
                    struct edge_distribution *d);
/** Takes the distribution out from under the text; harmless where it does not stand there. */
void edge_table_remove(struct edge_table *t, const struct edge_table_key *key,
                       struct edge_distribution *d);
/** NULL: nothing stands under the text. */
struct edge_distribution *edge_table_find(const struct edge_table *t,
                                          const struct edge_table_key *key);
/** Walks all entries in no particular order: start with a zeroed cursor; NULL at the end. */
struct edge_table_cursor {
    size_t bucket;
    size_t entry;
};
struct edge_distribution *edge_table_next(const struct edge_table *t,
                                          struct edge_table_cursor *cursor);

#endif
