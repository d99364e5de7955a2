// SPDX-License-Identifier: Apache-2.0
// Chunks in memory, counted: source and sink of the tests of tries.
#ifndef TEST_MEMORY_STORE_H
#define TEST_MEMORY_STORE_H

#include "base/map.h"
#include "release/trie.h"

struct memory_store {
    struct map chunks; /* hash -> struct slice on the heap */
    size_t gets;
    size_t puts;
    struct chunk_source source;
    struct chunk_sink sink;
    struct trie_io io; /* both */
};

void memory_store_init(struct memory_store *s);
void memory_store_fini(struct memory_store *s);
/** Takes a chunk away, as if a disk had lost it. */
void memory_store_drop(struct memory_store *s, const struct chunk_hash *hash);

#endif
