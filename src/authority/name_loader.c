// SPDX-License-Identifier: Apache-2.0
// Nodes from chunks. Runs on the builder thread, or in a trial.
#include "authority/name_loader.h"

#include "authority/outside_table.h"
#include "base/alloc.h"
#include "base/check.h"

void name_loader_init(struct name_loader *l, const struct chunk_source *source,
                      const struct trie_seed *seed, const struct world_registries *registries)
{
    *l = (struct name_loader){.source = source, .seed = *seed, .registries = *registries};
    arena_init(&l->scratch);
}

void name_loader_fini(struct name_loader *l)
{
    arena_fini(&l->scratch);
    buf_fini(&l->packed);
    buf_fini(&l->outside);
}

static struct name_key key_of(const struct trie_key *key)
{
    uint64_t halves_be[2];
    memcpy(halves_be, key->bytes, sizeof(halves_be));
    return (struct name_key){.zone = be64toh(halves_be[0]), .owner = be64toh(halves_be[1])};
}

static struct name_node *make_inner(const struct trie_chunk *chunk)
{
    struct name_inner *inner = NEW(struct name_inner);
    inner->node.refs = 1;
    inner->node.depth = (uint8_t)chunk->depth;
    inner->prefix = key_of(&chunk->prefix);
    for (size_t i = 0; i < chunk->child_count; i++) {
        const struct trie_child *child = &chunk->children[i];
        inner->node.present |= (uint16_t)(1U << child->nibble);
        inner->hashes[child->nibble] = child->ref.chunk;
    }
    return &inner->node;
}

/* Notes the outside targets of a name's aliases. */
static void note_outside(struct name_loader *l, const struct release_name *name)
{
    for (size_t i = 0; i < name->set_count; i++) {
        const struct release_set *set = &name->sets[i];
        if (!set->alias_is_outside)
            continue;
        struct slice key = outside_key(&l->scratch, set->type, set->alias_name);
        uint32_t number = registry_number(l->registries.outside, key);
        buf_append(&l->outside, slice_of(&number, sizeof(number)));
    }
}

/* Holds what was noted; NULL for nothing. */
static struct name_holds *hold_outside(struct name_loader *l)
{
    struct slice numbers = buf_slice(&l->outside);
    if (numbers.len == 0)
        return NULL;
    struct name_holds *holds = (struct name_holds *)mem_alloc(sizeof(*holds) + numbers.len);
    holds->registry = l->registries.outside;
    holds->count = (uint32_t)(numbers.len / sizeof(uint32_t));
    memcpy(holds->numbers, numbers.data, numbers.len);
    for (uint32_t i = 0; i < holds->count; i++)
        registry_hold(holds->registry, holds->numbers[i]);
    return holds;
}

static enum err pack_entry(struct name_loader *l, const struct trie_entry *entry, struct errctx *ec)
{
    struct slice value;
    struct release_name name;
    enum err e = trie_entry_value(&l->scratch, entry, l->source, &value, ec);
    if (e == ERR_OK)
        e = release_name_decode(&l->scratch, value, &name, ec);
    const struct name_packing packing = {.seed = &l->seed, .registries = &l->registries};
    if (e == ERR_OK)
        e = name_record_pack(&packing, &name, &l->packed, ec);
    if (e == ERR_OK)
        note_outside(l, &name);
    return e;
}

static enum err make_leaf(struct name_loader *l, const struct trie_chunk *chunk,
                          struct name_node **out, struct errctx *ec)
{
    size_t count = chunk->entry_count;
    uint32_t *ends = arena_array(&l->scratch, count, sizeof(*ends));
    buf_clear(&l->packed);
    buf_clear(&l->outside);
    for (size_t i = 0; i < count; i++) {
        enum err e = pack_entry(l, &chunk->entries[i], ec);
        if (e != ERR_OK)
            return e;
        if (buf_len(&l->packed) > UINT32_MAX)
            return err_set(ec, ERR_CORRUPT, "leaf: more than 4 GiB");
        ends[i] = (uint32_t)buf_len(&l->packed);
    }
    struct slice packed = buf_slice(&l->packed);
    CHECK(packed.data != NULL); /* a leaf has an entry at least */
    size_t fixed_bytes = sizeof(struct name_leaf) + count * sizeof(struct name_key);
    uint8_t *block = mem_alloc(fixed_bytes + count * sizeof(*ends) + packed.len);
    struct name_leaf *leaf = (struct name_leaf *)(void *)block;
    *leaf = (struct name_leaf){
        .node = {.refs = 1, .is_leaf = true}, .count = (uint32_t)count, .outside = hold_outside(l)};
    for (size_t i = 0; i < count; i++)
        leaf->keys[i] = key_of(&chunk->entries[i].key);
    memcpy(block + fixed_bytes, ends, count * sizeof(*ends));
    memcpy(block + fixed_bytes + count * sizeof(*ends), packed.data, packed.len);
    *out = &leaf->node;
    return ERR_OK;
}

enum err name_loader_read(struct name_loader *l, const struct chunk_hash *hash,
                          unsigned least_depth, struct name_node **out, struct errctx *ec)
{
    struct slice bytes;
    struct trie_chunk chunk;
    arena_reset(&l->scratch);
    enum err e = l->source->get(l->source->user, &l->scratch, hash, &bytes, ec);
    if (e == ERR_OK)
        e = trie_chunk_decode(&l->scratch, bytes, &chunk, ec);
    if (e != ERR_OK)
        return e;
    if (chunk.entry_count > 0)
        return make_leaf(l, &chunk, out, ec);
    if (chunk.depth < least_depth || chunk.depth >= TRIE_KEY_NIBBLES)
        return err_set(ec, ERR_CORRUPT, "chunk: splits above its parent");
    *out = make_inner(&chunk);
    return ERR_OK;
}

struct name_node *name_loader_child(struct name_loader *l, struct name_inner *parent,
                                    unsigned nibble)
{
    if (parent->children[nibble] != NULL)
        return parent->children[nibble];
    CHECK(l != NULL);
    struct errctx ec = {0};
    enum err e = name_loader_read(l, &parent->hashes[nibble], parent->node.depth + 1U,
                                  &parent->children[nibble], &ec);
    if (e == ERR_OK)
        return parent->children[nibble];
    if (l->failed == ERR_OK) {
        l->failed = e;
        l->failure = ec;
    }
    return NULL;
}

struct name_twin name_twin_top(const struct name_tree *tree)
{
    if (tree == NULL || tree->top == NULL)
        return (struct name_twin){.is_there = false};
    return (struct name_twin){.is_there = true, .hash = tree->hash, .node = tree->top};
}

static struct name_twin twin_of_child(struct name_inner *parent, unsigned nibble)
{
    return (struct name_twin){.is_there = true,
                              .hash = parent->hashes[nibble],
                              .node = parent->children[nibble],
                              .parent = parent,
                              .nibble = nibble};
}

struct name_twin name_twin_below(struct name_loader *l, struct name_twin twin,
                                 const struct name_inner *inner, unsigned nibble)
{
    static const struct name_twin none = {.is_there = false};
    while (twin.is_there) { /* each step goes to a child, so it ends at a leaf at the latest */
        if (twin.node == NULL)
            twin.node = name_loader_child(l, twin.parent, twin.nibble);
        if (twin.node == NULL)
            return none;
        if (twin.node->is_leaf || twin.node->depth > inner->node.depth)
            return twin;
        struct name_inner *other = name_inner_of(twin.node);
        bool is_level = other->node.depth == inner->node.depth;
        unsigned to = is_level ? nibble : name_key_nibble(&inner->prefix, other->node.depth);
        if (!name_inner_has(other, to))
            return none;
        twin = twin_of_child(other, to);
        if (is_level)
            return twin;
    }
    return none;
}
