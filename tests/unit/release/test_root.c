// SPDX-License-Identifier: Apache-2.0
#include "memory_store.h"

#include "release/objects.h"
#include "release/release.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *no_features[] = {"a", "zz"};

static struct release_root sample_root(void)
{
    struct release_root root = {.seed = {{1, 2, 3}}, .features = no_features, .feature_count = 2};
    root.tries[RELEASE_NAME] = (struct trie_ref){.chunk = {{9}}, .entries = 3, .bytes = 300};
    return root;
}

static void a_root_survives_the_way_there_and_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_root root = sample_root();
    struct chunk_hash hash;
    struct slice bytes = release_root_encode(&a, &root, &hash);
    struct chunk_hash expected = chunk_hash_of(bytes);
    assert_true(chunk_hash_equal(&hash, &expected));
    struct release_root out;
    assert_int_equal(release_root_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_memory_equal(&out.seed, &root.seed, sizeof(out.seed));
    assert_memory_equal(out.tries, root.tries, sizeof(out.tries));
    assert_int_equal(out.feature_count, 2);
    assert_string_equal(out.features[1], "zz");
}

/* Packs a root made by hand and decodes it. */
static enum err decode_root(const Weir__Release__Root *pb, struct release_root *out)
{
    AUTO_ARENA struct arena a = {0};
    uint8_t *bytes = arena_alloc(&a, weir__release__root__get_packed_size(pb));
    size_t len = weir__release__root__pack(pb, bytes);
    return release_root_decode(&a, slice_of(bytes, len), out, NULL);
}

static void a_root_with_an_unknown_kind_decodes_and_with_disorder_does_not(void **state)
{
    (void)state;
    uint8_t key[16] = {1};
    uint8_t chunk[32] = {1};
    char b[] = "b";
    char c[] = "c";
    char *features[] = {b, c};
    Weir__Release__Trie names = WEIR__RELEASE__TRIE__INIT;
    names.kind = WEIR__RELEASE__KIND__KIND_NAME;
    names.chunk = (ProtobufCBinaryData){32, chunk};
    names.entries = 1;
    names.bytes = 40;
    Weir__Release__Trie later = names;
    later.kind = (Weir__Release__Kind)77;
    Weir__Release__Trie *tries[] = {&names, &later};
    Weir__Release__Root root = WEIR__RELEASE__ROOT__INIT;
    root.format = RELEASE_FORMAT;
    root.hash_key = (ProtobufCBinaryData){16, key};
    root.features = features;
    root.n_features = 2;
    root.tries = tries;
    root.n_tries = 2;
    struct release_root out;
    assert_int_equal(decode_root(&root, &out), ERR_OK);
    assert_true(out.tries[RELEASE_NAME].bytes == 40);

    later.kind = WEIR__RELEASE__KIND__KIND_ZONE;
    assert_int_equal(decode_root(&root, &out), ERR_CORRUPT);
    root.n_tries = 1;
    assert_int_equal(decode_root(&root, &out), ERR_OK);
    names.entries = 0;
    assert_int_equal(decode_root(&root, &out), ERR_CORRUPT);
    names.entries = 1;
    b[0] = 'c';
    assert_int_equal(decode_root(&root, &out), ERR_CORRUPT);
    b[0] = 'b';
    root.hash_key.len = 15;
    assert_int_equal(decode_root(&root, &out), ERR_CORRUPT);
    root.hash_key.len = 16;
    root.format = RELEASE_FORMAT + 1;
    assert_int_equal(decode_root(&root, &out), ERR_UNSUPPORTED);
}

static void the_first_missing_feature_is_named(void **state)
{
    (void)state;
    for (size_t i = 1; i < release_feature_count; i++)
        assert_true(strcmp(release_features[i - 1], release_features[i]) < 0);
    const char *features[] = {RELEASE_FEATURE_RECORDS, "dns.telepathy"};
    struct release_root root = {.features = features, .feature_count = 1};
    assert_null(release_root_missing_feature(&root));
    root.feature_count = 2;
    assert_string_equal(release_root_missing_feature(&root), "dns.telepathy");
}

/** What a walk met, in order; and a chunk that it must not enter. */
struct walked {
    struct chunk_hash hashes[64];
    size_t count;
    struct chunk_hash closed;
};

static enum err on_chunk(void *user, const struct chunk_hash *hash, bool *out_enter,
                         struct errctx *ec)
{
    (void)ec;
    struct walked *w = user;
    assert_true(w->count < ARRAY_LEN(w->hashes));
    w->hashes[w->count++] = *hash;
    *out_enter = !chunk_hash_equal(hash, &w->closed);
    return ERR_OK;
}

/* A release with a zone, and enough names that they split, one of them with pieces. */
static struct chunk_hash sample_release(struct arena *a, struct memory_store *store,
                                        struct release_root *out_root)
{
    enum { NAMES = 40, VALUE = 1000, LARGE = 300000 };
    struct release_root root = {.seed = {{5}}};
    struct trie_change zone = {.id = SLICE_LIT("Z1"), .value = SLICE_LIT("zone")};
    assert_int_equal(trie_update(&root.tries[RELEASE_ZONE], &zone, 1, &store->io,
                                 &root.tries[RELEASE_ZONE], NULL),
                     ERR_OK);
    struct trie_change names[NAMES];
    for (unsigned i = 0; i < NAMES; i++) {
        size_t size = i == 7 ? LARGE : VALUE;
        names[i].id = slice_str(arena_printf(a, "Z1/%u", i));
        names[i].key = trie_key_of(&root.seed, SLICE_LIT("Z1"), names[i].id);
        uint8_t *value = arena_alloc(a, size);
        value[size - 1] = 1;
        names[i].value = slice_of(value, size);
    }
    assert_int_equal(trie_update(&root.tries[RELEASE_NAME], names, NAMES, &store->io,
                                 &root.tries[RELEASE_NAME], NULL),
                     ERR_OK);
    struct chunk_hash hash;
    struct slice bytes = release_root_encode(a, &root, &hash);
    assert_int_equal(store->sink.put(store->sink.user, &hash, bytes, NULL), ERR_OK);
    *out_root = root;
    return hash;
}

static void a_walk_meets_every_chunk_once_root_first(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct memory_store store;
    memory_store_init(&store);
    struct release_root root;
    struct chunk_hash hash = sample_release(&a, &store, &root);
    struct walked walked = {0};
    struct release_walk_visitor visitor = {on_chunk, &walked};
    assert_int_equal(release_walk(&hash, &store.source, &visitor, NULL), ERR_OK);
    assert_true(walked.count > 5);
    assert_int_equal(walked.count, store.chunks.count);
    assert_true(chunk_hash_equal(&walked.hashes[0], &hash));
    assert_true(chunk_hash_equal(&walked.hashes[1], &root.tries[RELEASE_ZONE].chunk));
    assert_true(chunk_hash_equal(&walked.hashes[2], &root.tries[RELEASE_NAME].chunk));
    for (size_t i = 0; i < walked.count; i++) {
        for (size_t other = 0; other < i; other++)
            assert_false(chunk_hash_equal(&walked.hashes[i], &walked.hashes[other]));
    }

    struct walked shut = {.closed = root.tries[RELEASE_NAME].chunk};
    visitor.user = &shut;
    assert_int_equal(release_walk(&hash, &store.source, &visitor, NULL), ERR_OK);
    assert_int_equal(shut.count, 3);

    memory_store_drop(&store, &root.tries[RELEASE_NAME].chunk);
    assert_int_equal(release_walk(&hash, &store.source, &visitor, NULL), ERR_OK);
    shut.closed = hash;
    shut.count = 0;
    assert_int_equal(release_walk(&hash, &store.source, &visitor, NULL), ERR_OK);
    assert_int_equal(shut.count, 1);
    visitor.user = &walked;
    walked.count = 0;
    assert_int_equal(release_walk(&hash, &store.source, &visitor, NULL), ERR_NOT_FOUND);
    memory_store_fini(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_survives_the_way_there_and_back),
        cmocka_unit_test(a_root_with_an_unknown_kind_decodes_and_with_disorder_does_not),
        cmocka_unit_test(the_first_missing_feature_is_named),
        cmocka_unit_test(a_walk_meets_every_chunk_once_root_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
