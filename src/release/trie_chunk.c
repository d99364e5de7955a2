// SPDX-License-Identifier: Apache-2.0
// One chunk of a trie, from bytes and back. The decoder is written by hand, because roles read
// every chunk at start; it accepts the one canonical form and nothing else. Any thread.
#include "base/check.h"
#include "release/trie_priv.h"
#include "release/wire_priv.h"

enum chunk_field { CHUNK_ENTRIES = 1, CHUNK_CHILDREN = 2, CHUNK_DEPTH = 3, CHUNK_PREFIX = 4 };
enum entry_field { ENTRY_KEY = 1, ENTRY_ID = 2, ENTRY_VALUE = 3, ENTRY_PIECES = 4, ENTRY_SIZE = 5 };
/* Tag, length, and the fields that every entry has: a key, and an id of one byte. */
#define ENTRY_MIN_BYTES 23u

enum child_field { CHILD_NIBBLE = 1, CHILD_CHUNK = 2, CHILD_ENTRIES = 3, CHILD_BYTES = 4 };

size_t trie_piece_count(uint64_t size_bytes)
{
    if (size_bytes <= TRIE_INLINE_MAX_BYTES)
        return 0;
    return (size_t)((size_bytes + CHUNK_PIECE_BYTES - 1) / CHUNK_PIECE_BYTES);
}

static size_t entry_payload_size(const struct trie_entry *e)
{
    size_t size = wire_item_size(TRIE_KEY_BYTES) + wire_item_size(e->id.len);
    if (e->value.len > 0)
        size += wire_item_size(e->value.len);
    size += e->piece_count * wire_item_size(SHA256_BYTES);
    if (e->size_bytes > 0)
        size += 1 + wire_varint_size(e->size_bytes);
    return size;
}

size_t trie_entry_size(const struct trie_entry *e)
{
    return wire_item_size(entry_payload_size(e));
}

static void put_entry(struct buf *b, const struct trie_entry *e)
{
    wire_put_head(b, CHUNK_ENTRIES, entry_payload_size(e));
    wire_put_bytes(b, ENTRY_KEY, slice_of(e->key.bytes, TRIE_KEY_BYTES));
    wire_put_bytes(b, ENTRY_ID, e->id);
    wire_put_bytes(b, ENTRY_VALUE, e->value);
    for (size_t i = 0; i < e->piece_count; i++)
        wire_put_item(b, ENTRY_PIECES, slice_of(e->pieces[i].bytes, SHA256_BYTES));
    wire_put_number(b, ENTRY_SIZE, e->size_bytes);
}

static void put_child(struct buf *b, const struct trie_child *child)
{
    AUTO_BUF struct buf inner = {0};
    wire_put_number(&inner, CHILD_NIBBLE, child->nibble);
    wire_put_bytes(&inner, CHILD_CHUNK, slice_of(child->ref.chunk.bytes, SHA256_BYTES));
    wire_put_number(&inner, CHILD_ENTRIES, child->ref.entries);
    wire_put_number(&inner, CHILD_BYTES, child->ref.bytes);
    wire_put_item(b, CHUNK_CHILDREN, buf_slice(&inner));
}

struct slice trie_chunk_encode(struct arena *a, const struct trie_chunk *chunk)
{
    CHECK((chunk->entry_count > 0) != (chunk->child_count > 0));
    struct buf b = {0};
    for (size_t i = 0; i < chunk->entry_count; i++)
        put_entry(&b, &chunk->entries[i]);
    for (size_t i = 0; i < chunk->child_count; i++)
        put_child(&b, &chunk->children[i]);
    if (chunk->child_count > 0) {
        wire_put_number(&b, CHUNK_DEPTH, chunk->depth);
        wire_put_bytes(&b, CHUNK_PREFIX, slice_of(chunk->prefix.bytes, (chunk->depth + 1) / 2));
    }
    return wire_take(a, &b);
}

static void read_hash(struct wire_reader *r, struct slice bytes, struct chunk_hash *out)
{
    wire_expect(r, chunk_hash_from(bytes, out) && !chunk_hash_is_zero(out));
}

static bool entry_is_valid(const struct trie_entry *e)
{
    if (e->id.len == 0 || e->id.len > TRIE_ID_MAX_BYTES)
        return false;
    if (e->piece_count == 0)
        return e->size_bytes == 0 && e->value.len <= TRIE_INLINE_MAX_BYTES;
    return e->value.len == 0 && e->size_bytes <= VALUE_MAX_BYTES &&
           e->piece_count == trie_piece_count(e->size_bytes);
}

/* Decodes one entry; `outer` becomes bad where it is not valid. */
static void read_entry(struct arena *a, struct wire_reader *outer, struct trie_entry *e)
{
    struct wire_reader r = wire_reader_of(wire_item(outer));
    struct chunk_hash *pieces = NULL;
    bool has_key = false;
    e->value = slice_of("", 0); /* an empty value is one, and no removal */
    while (wire_next(&r)) {
        switch (r.field) {
        case ENTRY_KEY:
            has_key = wire_fixed(&r, e->key.bytes, TRIE_KEY_BYTES);
            break;
        case ENTRY_ID:
            e->id = wire_bytes(&r);
            break;
        case ENTRY_VALUE:
            e->value = wire_bytes(&r);
            break;
        case ENTRY_PIECES:
            if (pieces == NULL)
                pieces = arena_array(a, TRIE_PIECES_MAX, sizeof(*pieces));
            wire_expect(&r, e->piece_count < TRIE_PIECES_MAX);
            if (!r.is_bad)
                read_hash(&r, wire_item(&r), &pieces[e->piece_count++]);
            break;
        case ENTRY_SIZE:
            e->size_bytes = wire_number(&r, VALUE_MAX_BYTES);
            break;
        default:
            break;
        }
    }
    e->pieces = pieces;
    wire_expect(outer, !r.is_bad && has_key && entry_is_valid(e));
}

static void read_child(struct wire_reader *outer, struct trie_child *child)
{
    struct wire_reader r = wire_reader_of(wire_item(outer));
    while (wire_next(&r)) {
        switch (r.field) {
        case CHILD_NIBBLE:
            child->nibble = (unsigned)wire_number(&r, TRIE_FAN_OUT - 1);
            break;
        case CHILD_CHUNK:
            read_hash(&r, wire_bytes(&r), &child->ref.chunk);
            break;
        case CHILD_ENTRIES:
            child->ref.entries = wire_number(&r, TRIE_ENTRIES_MAX);
            break;
        case CHILD_BYTES:
            child->ref.bytes = wire_number(&r, TRIE_BYTES_MAX);
            break;
        default:
            break;
        }
    }
    wire_expect(outer, !r.is_bad && !chunk_hash_is_zero(&child->ref.chunk) &&
                           child->ref.entries > 0 &&
                           child->ref.entries <= child->ref.bytes / ENTRY_MIN_BYTES);
}

/* The prefix is as long as the depth says, and nothing follows in its last byte. */
static void check_prefix(struct wire_reader *r, struct slice prefix, struct trie_chunk *chunk)
{
    wire_expect(r, prefix.len == (chunk->depth + 1) / 2 && prefix.len <= TRIE_KEY_BYTES);
    if (r->is_bad || prefix.len == 0)
        return;
    memcpy(chunk->prefix.bytes, prefix.data, prefix.len);
    wire_expect(r, chunk->depth % 2 == 0 || (prefix.data[prefix.len - 1] & 15u) == 0);
}

static bool entries_are_a_leaf(const struct trie_chunk *c)
{
    for (size_t i = 1; i < c->entry_count; i++) {
        const struct trie_entry *before = &c->entries[i - 1];
        const struct trie_entry *e = &c->entries[i];
        if (trie_compare(&before->key, before->id, &e->key, e->id) >= 0)
            return false;
    }
    const struct trie_key *first = &c->entries[0].key;
    const struct trie_key *last = &c->entries[c->entry_count - 1].key;
    return c->total_bytes <= CHUNK_LEAF_BYTES || memcmp(first, last, sizeof(*first)) == 0;
}

static bool children_are_inner(const struct trie_chunk *c)
{
    for (size_t i = 1; i < c->child_count; i++) {
        if (c->children[i - 1].nibble >= c->children[i].nibble)
            return false;
    }
    return c->child_count >= 2 && c->total_bytes > CHUNK_LEAF_BYTES;
}

static bool chunk_is_valid(const struct trie_chunk *c)
{
    if (c->entry_count > 0)
        return c->child_count == 0 && c->depth == 0 && entries_are_a_leaf(c);
    return children_are_inner(c);
}

/* Reads the next element into the arrays, which are large enough. */
static void read_element(struct arena *a, struct wire_reader *r, struct trie_chunk *c,
                         struct slice *prefix)
{
    switch (r->field) {
    case CHUNK_ENTRIES:
        c->total_bytes += wire_item_size(wire_item(r).len);
        c->total_entries++;
        read_entry(a, r, &c->entries[c->entry_count++]);
        break;
    case CHUNK_CHILDREN: {
        struct trie_child *child = &c->children[c->child_count++];
        read_child(r, child);
        c->total_bytes += child->ref.bytes;
        c->total_entries += child->ref.entries;
        break;
    }
    case CHUNK_DEPTH:
        c->depth = (unsigned)wire_number(r, TRIE_KEY_NIBBLES - 1);
        break;
    case CHUNK_PREFIX:
        *prefix = wire_bytes(r);
        break;
    default:
        break;
    }
}

enum err trie_chunk_decode(struct arena *a, struct slice bytes, struct trie_chunk *out,
                           struct errctx *ec)
{
    size_t entry_count = wire_count(bytes, CHUNK_ENTRIES);
    size_t child_count = wire_count(bytes, CHUNK_CHILDREN);
    if (bytes.len > CHUNK_MAX_BYTES || child_count > TRIE_FAN_OUT ||
        entry_count > bytes.len / ENTRY_MIN_BYTES)
        return err_set(ec, ERR_CORRUPT, "chunk: larger than any");
    struct trie_chunk c = {.entries = arena_array(a, entry_count, sizeof(*c.entries)),
                           .children = arena_array(a, child_count, sizeof(*c.children))};
    struct wire_reader r = wire_reader_of(bytes);
    struct slice prefix = {0};
    while (wire_next(&r))
        read_element(a, &r, &c, &prefix);
    check_prefix(&r, prefix, &c);
    wire_expect(&r, !r.is_bad && chunk_is_valid(&c));
    enum err err = wire_finish(&r, "chunk", ec);
    if (err == ERR_OK)
        *out = c;
    return err;
}
