// SPDX-License-Identifier: Apache-2.0
// The tries of a release: sorted entries by a 16-byte key, split by four bits where a subtree
// encodes to more than 16 KiB. The shape depends on the content alone, so that any control
// makes the same root of the same content, and an update copies one path. Bits that all keys of
// a subtree share make no chunk: the million names of one zone hang four splits deep, not twenty.
// All functions: any thread.
#ifndef RELEASE_TRIE_H
#define RELEASE_TRIE_H

#include "release/chunk.h"

#define TRIE_KEY_BYTES 16

struct trie_key {
    uint8_t bytes[TRIE_KEY_BYTES];
};

/** The fleet's secret seed of the keys (Root.hash_key). */
struct trie_seed {
    uint8_t bytes[16];
};

/**
 * The key of an object: eight bytes hash the group (a zone's id, or the object's own id), eight the
 * member (an owner name in wire form, lower case; empty for objects that are no member).
 * Keyed XXH3, big-endian in the key.
 */
struct trie_key trie_key_of(const struct trie_seed *seed, struct slice group, struct slice member);

/** Each half, for readers that look up many members of one group. */
uint64_t trie_hash(const struct trie_seed *seed, struct slice text);

/** The top of one trie; zeroed for an empty one. */
struct trie_ref {
    struct chunk_hash chunk;
    uint64_t entries;
    uint64_t bytes; /* sum of the encoded entries */
};

/** Where an update reads old chunks and writes new ones; borrowed. */
struct trie_io {
    const struct chunk_source *source;
    const struct chunk_sink *sink;
};

/** One change; sort is not needed, but one (key, id) comes once. `value.data` NULL removes. */
struct trie_change {
    struct trie_key key;
    struct slice id;
    struct slice value; /* at most VALUE_MAX_BYTES */
};

/**
 * Applies the changes to the trie at `before`, reading touched chunks from the source and writing
 * new ones (children before parents) to the sink. `changes` is sorted in place.
 * Errors: the source's and the sink's; ERR_CORRUPT; ERR_LIMIT for a value that is too large.
 */
enum err trie_update(const struct trie_ref *before, struct trie_change *changes, size_t count,
                     const struct trie_io *io, struct trie_ref *out_after, struct errctx *ec)
    MUST_USE;

/** An entry as read; all borrowed. A large value is fetched whole with trie_entry_value. */
struct trie_entry {
    struct trie_key key;
    struct slice id;
    struct slice value;
    const struct chunk_hash *pieces; /* piece_count > 0: the value is in these chunks */
    size_t piece_count;
    uint64_t size_bytes;
};

/** What an object is found by. */
struct trie_object {
    struct trie_key key;
    struct slice id;
};

/** Finds one object; ERR_NOT_FOUND where there is none. The value lives in `a`. */
enum err trie_get(struct arena *a, const struct trie_ref *trie, const struct trie_object *object,
                  const struct chunk_source *source, struct slice *out_value, struct errctx *ec)
    MUST_USE;

/** The whole value of an entry, joined from its pieces where it is large; in `a`. */
enum err trie_entry_value(struct arena *a, const struct trie_entry *entry,
                          const struct chunk_source *source, struct slice *out_value,
                          struct errctx *ec) MUST_USE;

/**
 * A decoded chunk: exactly one of the two counts is above 0. Everything in `a`, pointing into the
 * bytes where possible. Checked: sorted, sizes, sums, one canonical shape. ERR_CORRUPT where not.
 */
struct trie_child {
    unsigned nibble;
    struct trie_ref ref;
};
struct trie_chunk {
    struct trie_entry *entries;
    size_t entry_count;
    struct trie_child *children;
    size_t child_count;
    unsigned depth;         /* with children: nibbles that all keys below share */
    struct trie_key prefix; /* those nibbles, the rest zero */
    uint64_t total_entries; /* of the subtree */
    uint64_t total_bytes;   /* of its entries, encoded */
};
enum err trie_chunk_decode(struct arena *a, struct slice bytes, struct trie_chunk *out,
                           struct errctx *ec) MUST_USE;

/** The chunk's canonical bytes in `a`. */
struct slice trie_chunk_encode(struct arena *a, const struct trie_chunk *chunk);

/**
 * Calls `on_entry` for each entry that differs between two tries: `before` NULL = added, `after`
 * NULL = removed. Reads only subtrees that differ. A callback's failure ends the walk.
 */
struct trie_diff_visitor {
    enum err (*on_entry)(void *user, const struct trie_entry *before,
                         const struct trie_entry *after, struct errctx *ec);
    void *user;
};
enum err trie_diff(const struct trie_ref *before, const struct trie_ref *after,
                   const struct chunk_source *source, const struct trie_diff_visitor *visitor,
                   struct errctx *ec) MUST_USE;

#endif
