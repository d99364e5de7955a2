// SPDX-License-Identifier: Apache-2.0
// Keys and look-ups of a trie. Called by roles, the trial and control; any thread.
#include "base/check.h"
#include "release/trie_priv.h"

#include <endian.h>
#include <xxhash.h>

uint64_t trie_hash(const struct trie_seed *seed, struct slice text)
{
    uint64_t halves[2];
    memcpy(halves, seed->bytes, sizeof(halves));
    /* Both halves of the seed count, in an order that does not depend on the machine's. */
    uint64_t key = le64toh(halves[0]) ^ le64toh(halves[1]);
    return XXH3_64bits_withSeed(text.data, text.len, key);
}

struct trie_key trie_key_of(const struct trie_seed *seed, struct slice group, struct slice member)
{
    uint64_t halves[2] = {htobe64(trie_hash(seed, group)), htobe64(trie_hash(seed, member))};
    struct trie_key key;
    _Static_assert(sizeof(halves) == sizeof(key.bytes), "a key is two hashes");
    memcpy(key.bytes, halves, sizeof(key.bytes));
    return key;
}

unsigned trie_shared_nibbles(const struct trie_key *a, const struct trie_key *b, unsigned most)
{
    unsigned shared = 0;
    while (shared < most && trie_nibble(a, shared) == trie_nibble(b, shared))
        shared++;
    return shared;
}

struct trie_path trie_path_of(const struct trie_key *key, unsigned depth)
{
    CHECK(depth <= TRIE_KEY_NIBBLES);
    struct trie_path path = {.depth = depth};
    memcpy(path.prefix.bytes, key->bytes, (depth + 1) / 2);
    if (depth % 2 == 1)
        path.prefix.bytes[depth / 2] &= 0xf0u;
    return path;
}

struct trie_path trie_path_below(const struct trie_key *prefix, unsigned depth, unsigned nibble)
{
    CHECK(depth < TRIE_KEY_NIBBLES && nibble < TRIE_FAN_OUT);
    struct trie_path path = trie_path_of(prefix, depth);
    path.prefix.bytes[depth / 2] |= (uint8_t)(depth % 2 == 0 ? nibble << 4 : nibble);
    path.depth = depth + 1;
    return path;
}

int trie_compare(const struct trie_key *a, struct slice a_id, const struct trie_key *b,
                 struct slice b_id)
{
    int order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));
    return order != 0 ? order : slice_compare(a_id, b_id);
}

/* Whether all keys of a chunk lie on the path. Its keys are sorted: the ends speak for all. */
static bool lies_on_path(const struct trie_chunk *c, const struct trie_path *path)
{
    const struct trie_key *prefix = &path->prefix;
    if (c->child_count > 0)
        return c->depth >= path->depth &&
               trie_shared_nibbles(&c->prefix, prefix, path->depth) == path->depth;
    const struct trie_key *first = &c->entries[0].key;
    const struct trie_key *last = &c->entries[c->entry_count - 1].key;
    return trie_shared_nibbles(first, prefix, path->depth) == path->depth &&
           trie_shared_nibbles(last, prefix, path->depth) == path->depth;
}

enum err trie_load(struct arena *a, const struct trie_ref *ref, const struct trie_path *path,
                   const struct chunk_source *source, struct trie_chunk *out, struct errctx *ec)
{
    struct slice bytes;
    enum err err = source->get(source->user, a, &ref->chunk, &bytes, ec);
    if (err != ERR_OK)
        return err;
    struct trie_chunk chunk;
    err = trie_chunk_decode(a, bytes, &chunk, ec);
    if (err != ERR_OK)
        return err;
    if (chunk.total_entries != ref->entries || chunk.total_bytes != ref->bytes)
        return err_set(ec, ERR_CORRUPT, "chunk: other sums than its parent says");
    if (!lies_on_path(&chunk, path))
        return err_set(ec, ERR_CORRUPT, "chunk: keys of another subtree");
    *out = chunk;
    return ERR_OK;
}

static const struct trie_child *child_of(const struct trie_chunk *chunk, const struct trie_key *key)
{
    if (trie_shared_nibbles(&chunk->prefix, key, chunk->depth) < chunk->depth)
        return NULL;
    for (size_t i = 0; i < chunk->child_count; i++) {
        if (chunk->children[i].nibble == trie_nibble(key, chunk->depth))
            return &chunk->children[i];
    }
    return NULL;
}

static const struct trie_entry *entry_of(const struct trie_chunk *chunk,
                                         const struct trie_object *object)
{
    size_t low = 0;
    size_t high = chunk->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct trie_entry *e = &chunk->entries[middle];
        int order = trie_compare(&e->key, e->id, &object->key, object->id);
        if (order == 0)
            return e;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

enum err trie_get(struct arena *a, const struct trie_ref *trie, const struct trie_object *object,
                  const struct chunk_source *source, struct slice *out_value, struct errctx *ec)
{
    AUTO_ARENA struct arena scratch = {0};
    struct trie_ref ref = *trie;
    struct trie_path path = {0};
    while (ref.entries > 0) { /* ends: every step makes the path longer */
        struct trie_chunk chunk = {0};
        arena_reset(&scratch);
        enum err err = trie_load(&scratch, &ref, &path, source, &chunk, ec);
        if (err != ERR_OK)
            return err;
        if (chunk.entry_count > 0) {
            const struct trie_entry *entry = entry_of(&chunk, object);
            if (entry == NULL)
                break;
            struct slice value = {0};
            err = trie_entry_value(a, entry, source, &value, ec);
            if (err == ERR_OK)
                *out_value = arena_copy(a, value);
            return err;
        }
        const struct trie_child *child = child_of(&chunk, &object->key);
        if (child == NULL)
            break;
        path = trie_path_below(&chunk.prefix, chunk.depth, child->nibble);
        ref = child->ref;
    }
    return err_set(ec, ERR_NOT_FOUND, "trie: no such object");
}

enum err trie_entry_value(struct arena *a, const struct trie_entry *entry,
                          const struct chunk_source *source, struct slice *out_value,
                          struct errctx *ec)
{
    if (entry->piece_count == 0) {
        *out_value = entry->value;
        return ERR_OK;
    }
    CHECK(entry->size_bytes <= VALUE_MAX_BYTES);
    uint8_t *value = arena_alloc(a, entry->size_bytes);
    AUTO_ARENA struct arena scratch = {0};
    for (size_t i = 0; i < entry->piece_count; i++) {
        struct slice piece;
        arena_reset(&scratch);
        enum err err = source->get(source->user, &scratch, &entry->pieces[i], &piece, ec);
        if (err != ERR_OK)
            return err;
        size_t at = i * CHUNK_PIECE_BYTES;
        if (piece.len != min_size(CHUNK_PIECE_BYTES, entry->size_bytes - at))
            return err_set(ec, ERR_CORRUPT, "value: piece %zu has another size", i);
        memcpy(value + at, piece.data, piece.len);
    }
    *out_value = slice_of(value, entry->size_bytes);
    return ERR_OK;
}
