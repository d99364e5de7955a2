// SPDX-License-Identifier: Apache-2.0
// What the files of the trie share: paths, sizes, checked loading. Private to release/; any thread.
#ifndef RELEASE_TRIE_PRIV_H
#define RELEASE_TRIE_PRIV_H

#include "release/limits.h"
#include "release/trie.h"

/** Where in the key space a subtree lies: all its keys begin with these nibbles. */
struct trie_path {
    struct trie_key prefix; /* zero beyond depth */
    unsigned depth;         /* 0..TRIE_KEY_NIBBLES */
};

static inline unsigned trie_nibble(const struct trie_key *key, unsigned index)
{
    uint8_t byte = key->bytes[index / 2];
    return index % 2 == 0 ? byte >> 4 : byte & 15u;
}

/** How many leading nibbles two keys share, at most `most`. */
unsigned trie_shared_nibbles(const struct trie_key *a, const struct trie_key *b, unsigned most);

/** The first `depth` nibbles of the key. */
struct trie_path trie_path_of(const struct trie_key *key, unsigned depth);
/** The path of the child behind one more nibble. */
struct trie_path trie_path_below(const struct trie_key *prefix, unsigned depth, unsigned nibble);

/** Order of (key, id). */
int trie_compare(const struct trie_key *a, struct slice a_id, const struct trie_key *b,
                 struct slice b_id);

/** Bytes of the entry inside a chunk: tag, length, fields. */
size_t trie_entry_size(const struct trie_entry *e);

/** How many pieces a value of this size has: 0 where it stays in its entry. */
size_t trie_piece_count(uint64_t size_bytes);

/**
 * Reads and decodes the chunk of a subtree into `a`; checks that it is what the reference and its
 * place say. Errors: the source's, ERR_CORRUPT.
 */
enum err trie_load(struct arena *a, const struct trie_ref *ref, const struct trie_path *path,
                   const struct chunk_source *source, struct trie_chunk *out, struct errctx *ec)
    MUST_USE;

#endif
