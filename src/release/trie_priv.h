// SPDX-License-Identifier: Apache-2.0
// What the files of the trie share: paths, sizes, checked loading, and the cursor over a trie in
// key order. Private to release/; any thread.
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

enum trie_item_kind { TRIE_END, TRIE_ENTRY, TRIE_SUBTREE };

/** What a cursor stands at. A subtree is not read until it is entered. */
struct trie_item {
    enum trie_item_kind kind;
    struct trie_path path;          /* of an entry: its whole key */
    const struct trie_entry *entry; /* lives until the next trie_cursor_peek */
    struct trie_ref ref;
};

/** A decoded chunk on the cursor's way, and how far it is read. */
struct trie_frame {
    struct arena arena;
    struct trie_chunk chunk;
    size_t next;
};

/**
 * Walks a trie in (key, id) order and may pass over whole subtrees.
 * Owner: trie_cursor_init, trie_cursor_fini. One thread.
 */
struct trie_cursor {
    const struct chunk_source *source;
    struct trie_ref top;
    bool is_started; /* the top was entered or passed over */
    size_t depth;    /* frames in use */
    struct trie_frame frames[TRIE_KEY_NIBBLES + 1];
};

void trie_cursor_init(struct trie_cursor *c, const struct trie_ref *trie,
                      const struct chunk_source *source);
void trie_cursor_fini(struct trie_cursor *c);
struct trie_item trie_cursor_peek(struct trie_cursor *c);
/** Passes over the entry or subtree at the cursor. */
void trie_cursor_skip(struct trie_cursor *c);
/** Goes into the subtree at the cursor, which `item` describes. */
enum err trie_cursor_enter(struct trie_cursor *c, const struct trie_item *item, struct errctx *ec)
    MUST_USE;

#endif
