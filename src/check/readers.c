// SPDX-License-Identifier: Apache-2.0
// The keys of the fleet's nodes, sorted. Made by the role's load, asked for each new stream.
#include "check/readers.h"

#include "base/alloc.h"
#include "check/limits.h"

#include <stdatomic.h>
#include <stdlib.h>

struct key {
    uint8_t bytes[ED25519_PUBLIC_BYTES];
};

struct readers {
    _Atomic unsigned refs;
    struct chunk_hash nodes; /* the top chunk of the trie that it was made of */
    struct key *keys;        /* sorted */
    size_t count;
    size_t capacity; /* while it is made */
};

struct loading {
    struct readers *readers;
    const struct chunk_source *source;
};

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct key));
}

static enum err add_node(void *user, const struct trie_entry *before,
                         const struct trie_entry *after, struct errctx *ec)
{
    (void)before; /* an empty trie has none */
    struct loading *l = user;
    struct readers *r = l->readers;
    AUTO_ARENA struct arena a = {0};
    struct slice value;
    struct release_node node;
    enum err e = trie_entry_value(&a, after, l->source, &value, ec);
    if (e == ERR_OK)
        e = release_node_decode(&a, value, &node, ec);
    if (e != ERR_OK)
        return e;
    if (r->count == r->capacity) {
        r->capacity = max_size(2 * r->capacity, READERS_FIRST);
        r->keys = mem_resize(r->keys, r->capacity, sizeof(struct key));
    }
    memcpy(r->keys[r->count++].bytes, node.public_key, ED25519_PUBLIC_BYTES);
    return ERR_OK;
}

enum err readers_load(const struct trie_ref *nodes, const struct chunk_source *source,
                      struct readers *before, struct readers **out, struct errctx *ec)
{
    static const struct trie_ref none;
    if (before != NULL && chunk_hash_equal(&before->nodes, &nodes->chunk)) {
        *out = readers_ref(before);
        return ERR_OK;
    }
    struct readers *r = NEW(struct readers);
    atomic_store(&r->refs, 1);
    r->nodes = nodes->chunk;
    struct loading l = {.readers = r, .source = source};
    const struct trie_diff_visitor visitor = {.on_entry = add_node, .user = &l};
    enum err e = trie_diff(&none, nodes, source, &visitor, ec);
    if (e != ERR_OK) {
        readers_unref(r);
        return err_wrap(ec, "nodes");
    }
    if (r->count > 0)
        qsort(r->keys, r->count, sizeof(struct key), compare_keys);
    *out = r;
    return ERR_OK;
}

struct readers *readers_ref(struct readers *r)
{
    atomic_fetch_add(&r->refs, 1);
    return r;
}

void readers_unref(struct readers *r)
{
    if (r == NULL || atomic_fetch_sub(&r->refs, 1) != 1)
        return;
    free(r->keys);
    free(r);
}

bool readers_has(const struct readers *r, const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    return r != NULL && r->count > 0 &&
           bsearch(public_key, r->keys, r->count, sizeof(struct key), compare_keys) != NULL;
}
