// SPDX-License-Identifier: Apache-2.0
// See check_roots.h.
#include "check_roots.h"

#include "base/check.h"
#include "release/objects.h"

void check_root_init(struct check_root *r, struct memory_store *store)
{
    *r = (struct check_root){.store = store};
}

void check_root_fini(struct check_root *r)
{
    arena_fini(&r->arena);
}

static void put(struct check_root *r, enum release_kind kind, const char *id, struct slice value)
{
    struct trie_change change = {.key =
                                     trie_key_of(&r->root.seed, slice_str(id), (struct slice){0}),
                                 .id = slice_str(id),
                                 .value = value};
    struct trie_ref *trie = &r->root.tries[kind];
    CHECK(trie_update(trie, &change, 1, &r->store->io, trie, NULL) == ERR_OK);
}

void check_root_node(struct check_root *r, const char *id, uint8_t key)
{
    struct release_node node = {.id = id};
    memset(node.public_key, key, sizeof(node.public_key));
    put(r, RELEASE_NODE, id, release_node_encode(&r->arena, &node));
}

struct release_health_check check_root_http(const char *id)
{
    return (struct release_health_check){.id = id,
                                         .kind = RELEASE_CHECK_HTTP,
                                         .address = {127, 0, 0, 1},
                                         .address_bytes = 4,
                                         .host = "",
                                         .port = 80,
                                         .path = "/",
                                         .search = "",
                                         .threshold = 3};
}

void check_root_put(struct check_root *r, const char *id, struct slice value)
{
    put(r, RELEASE_HEALTH_CHECK, id, value);
}

void check_root_check(struct check_root *r, const struct release_health_check *check)
{
    check_root_put(r, check->id, release_health_check_encode(&r->arena, check));
}

void check_root_finish(struct check_root *r)
{
    struct slice bytes = release_root_encode(&r->arena, &r->root, &r->hash);
    CHECK(r->store->sink.put(r->store->sink.user, &r->hash, bytes, NULL) == ERR_OK);
    r->role_root = (struct role_root){.hash = &r->hash, .source = &r->store->source};
}
