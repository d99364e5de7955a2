// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include "base/random.h"
#include "net/identity.h"
#include "release/objects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define LARGE_BYTES (600u << 10)

void kit_init(struct kit *k)
{
    *k = (struct kit){0};
    temp_dir_make(k->dir, "node");
    memory_store_init(&k->chunks);
    memset(k->seed.bytes, 7, sizeof(k->seed.bytes));
}

void kit_fini(struct kit *k)
{
    temp_dir_remove(k->dir);
    memory_store_fini(&k->chunks);
    arena_fini(&k->arena);
}

static struct slice large_value(struct kit *k)
{
    uint8_t *bytes = arena_alloc(&k->arena, LARGE_BYTES);
    struct prng p;
    prng_init_fixed(&p, 1);
    for (size_t i = 0; i < LARGE_BYTES; i++)
        bytes[i] = (uint8_t)prng_next(&p);
    return slice_of(bytes, LARGE_BYTES);
}

static void update(struct kit *k, struct trie_change *changes, size_t count, struct trie_ref *out)
{
    struct trie_ref empty = {0};
    assert_int_equal(trie_update(&empty, changes, count, &k->chunks.io, out, NULL), ERR_OK);
}

static void make_names(struct kit *k, const struct kit_root *shape, struct trie_ref *out)
{
    size_t count = shape->names + shape->has_large;
    struct trie_change *changes = arena_array(&k->arena, count, sizeof(*changes));
    for (unsigned i = 0; i < shape->names; i++) {
        const char *id = arena_printf(&k->arena, "Z1/name-%u", i);
        unsigned generation = i < shape->changed ? shape->generation : 0;
        const char *value = arena_printf(&k->arena, "%0100u.%u", generation, i);
        changes[i].id = slice_str(id);
        changes[i].value = slice_str(value);
        changes[i].key = trie_key_of(&k->seed, SLICE_LIT("Z1"), changes[i].id);
    }
    if (shape->has_large) {
        changes[shape->names].id = SLICE_LIT("Z1/large");
        changes[shape->names].value = large_value(k);
        changes[shape->names].key = trie_key_of(&k->seed, SLICE_LIT("Z1"), SLICE_LIT("Z1/large"));
    }
    update(k, changes, count, out);
}

static void make_distributions(struct kit *k, unsigned count, struct trie_ref *out)
{
    struct trie_change *changes = arena_array(&k->arena, count, sizeof(*changes));
    for (unsigned i = 0; i < count; i++) {
        changes[i].id = slice_str(arena_printf(&k->arena, "E%u", i));
        changes[i].value = slice_str(arena_printf(&k->arena, "%0100u", i));
        changes[i].key = trie_key_of(&k->seed, changes[i].id, (struct slice){0});
    }
    update(k, changes, count, out);
}

static void make_node(struct kit *k, const uint8_t *key, const char *id, struct trie_ref *out)
{
    struct release_node node = {.id = id};
    memcpy(node.public_key, key, sizeof(node.public_key));
    struct trie_change change = {
        .key = trie_key_of(&k->seed, slice_str(id), (struct slice){0}),
        .id = slice_str(id),
        .value = release_node_encode(&k->arena, &node),
    };
    update(k, &change, 1, out);
}

struct chunk_hash kit_root_make(struct kit *k, const struct kit_root *shape)
{
    struct release_root root = {.seed = k->seed};
    const char *features[] = {shape->feature};
    if (shape->feature != NULL) {
        root.features = features;
        root.feature_count = 1;
    }
    make_names(k, shape, &root.tries[RELEASE_NAME]);
    if (shape->distributions > 0)
        make_distributions(k, shape->distributions, &root.tries[RELEASE_DISTRIBUTION]);
    if (shape->node_key != NULL) {
        char *id = arena_alloc(&k->arena, NODE_ID_SIZE);
        node_id_format(shape->node_key, id);
        make_node(k, shape->node_key, id, &root.tries[RELEASE_NODE]);
    }
    struct chunk_hash hash;
    struct slice bytes = release_root_encode(&k->arena, &root, &hash);
    assert_int_equal(k->chunks.sink.put(&k->chunks, &hash, bytes, NULL), ERR_OK);
    return hash;
}

struct visit {
    struct kit *kit;
    struct node_db *db;
    size_t count;
    bool is_whole;
};

static enum err visit_store(void *user, const struct chunk_hash *hash, bool *out_enter,
                            struct errctx *ec)
{
    struct visit *v = user;
    struct slice packed = {0};
    *out_enter = true;
    assert_true(kit_packed(v->kit, hash, &packed));
    assert_int_equal(node_db_put_chunk(v->db, hash, packed, ec), ERR_OK);
    return node_db_unstage(v->db, hash, ec);
}

static enum err visit_count(void *user, const struct chunk_hash *hash, bool *out_enter,
                            struct errctx *ec)
{
    (void)ec;
    struct visit *v = user;
    *out_enter = true;
    v->count++;
    if (v->db != NULL && kit_state(v->db, hash) != NODE_CHUNK_WHOLE)
        v->is_whole = false;
    return ERR_OK;
}

static void walk(struct visit *v, const struct chunk_hash *root,
                 enum err (*visit)(void *, const struct chunk_hash *, bool *, struct errctx *))
{
    struct release_walk_visitor visitor = {visit, v};
    assert_int_equal(release_walk(root, &v->kit->chunks.source, &visitor, NULL), ERR_OK);
}

void kit_store(struct kit *k, struct node_db *db, const struct chunk_hash *root)
{
    struct visit v = {.kit = k, .db = db};
    walk(&v, root, visit_store);
    assert_int_equal(node_db_commit(db, NULL), ERR_OK);
}

size_t kit_count(struct kit *k, const struct chunk_hash *root)
{
    struct visit v = {.kit = k};
    walk(&v, root, visit_count);
    return v.count;
}

bool kit_is_whole(struct kit *k, struct node_db *db, const struct chunk_hash *root)
{
    struct visit v = {.kit = k, .db = db, .is_whole = true};
    walk(&v, root, visit_count);
    return v.is_whole;
}

bool kit_packed(struct kit *k, const struct chunk_hash *hash, struct slice *out)
{
    const struct chunk_source *source = &k->chunks.source;
    struct slice plain;
    if (source->get(source->user, &k->arena, hash, &plain, NULL) != ERR_OK)
        return false;
    *out = chunk_pack(&k->arena, plain);
    return true;
}

struct node_db *kit_open(struct kit *k)
{
    struct node_db *db;
    struct errctx ec = {0};
    if (node_db_open(k->dir, true, &db, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return db;
}

enum node_chunk_state kit_state(struct node_db *db, const struct chunk_hash *hash)
{
    enum node_chunk_state state = NODE_CHUNK_ABSENT;
    assert_int_equal(node_db_chunk_state(db, hash, &state, NULL), ERR_OK);
    return state;
}

struct chunk_hash kit_hash(unsigned number)
{
    return chunk_hash_of(slice_of(&number, sizeof(number)));
}
