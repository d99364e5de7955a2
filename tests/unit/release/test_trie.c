// SPDX-License-Identifier: Apache-2.0
#include "memory_store.h"

#include "base/alloc.h"
#include "base/random.h"
#include "release/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OBJECTS 400u /* of the random tests */

/** The content that a trie should have, object by object, and a trie that follows it. */
struct model {
    struct memory_store store;
    struct arena arena;
    struct prng prng;
    struct trie_ref trie;
    struct trie_key keys[OBJECTS];
    char ids[OBJECTS][16];
    struct slice values[OBJECTS]; /* data NULL: absent */
};

/* Keys that share long prefixes, part in the middle of bytes, and now and then are equal. */
static struct trie_key crowded_key(struct prng *p)
{
    static const uint8_t bytes[] = {0x00, 0x00, 0x00, 0x01, 0x10, 0xff};
    struct trie_key key = {0};
    unsigned free_bytes = prng_below(p, TRIE_KEY_BYTES + 1);
    for (unsigned i = 0; i < TRIE_KEY_BYTES; i++)
        key.bytes[i] = i < free_bytes ? bytes[prng_below(p, ARRAY_LEN(bytes))] : 0x33;
    return key;
}

static struct slice random_value(struct model *m)
{
    static const uint32_t bounds[] = {1, 50, 2000, 8200, 300000};
    uint32_t bound = bounds[prng_below(&m->prng, prng_below(&m->prng, 8) == 0 ? 5 : 3)];
    size_t len = prng_below(&m->prng, bound);
    uint8_t *data = arena_alloc(&m->arena, len);
    for (size_t i = 0; i < len && i < 64; i++)
        data[i] = (uint8_t)prng_next(&m->prng);
    return slice_of(data, len);
}

static void model_init(struct model *m, uint64_t seed)
{
    *m = (struct model){0};
    memory_store_init(&m->store);
    prng_init_fixed(&m->prng, seed);
    for (unsigned i = 0; i < OBJECTS; i++) {
        m->keys[i] = crowded_key(&m->prng);
        (void)snprintf(m->ids[i], sizeof(m->ids[i]), "object-%u", i);
    }
}

static void model_fini(struct model *m)
{
    memory_store_fini(&m->store);
    arena_fini(&m->arena);
}

/* trie_get, without its context. */
static enum err get(struct arena *a, const struct trie_ref *trie, const struct trie_key *key,
                    struct slice id, const struct chunk_source *source, struct slice *out_value)
{
    struct trie_object object = {.key = *key, .id = id};
    struct errctx ec = {0};
    return trie_get(a, trie, &object, source, out_value, &ec);
}

static struct trie_change change_of(struct model *m, unsigned i)
{
    return (struct trie_change){
        .key = m->keys[i], .id = slice_str(m->ids[i]), .value = m->values[i]};
}

/* Changes up to `most` random objects; `removals` of ten are removals. */
static void model_step(struct model *m, unsigned most, unsigned removals)
{
    struct trie_change changes[OBJECTS];
    bool is_chosen[OBJECTS] = {false};
    size_t count = 0;
    for (unsigned n = prng_below(&m->prng, most) + 1; n > 0; n--) {
        unsigned i = prng_below(&m->prng, OBJECTS);
        if (is_chosen[i])
            continue;
        is_chosen[i] = true;
        bool is_removal = prng_below(&m->prng, 10) < removals;
        m->values[i] = is_removal ? (struct slice){0} : random_value(m);
        changes[count++] = change_of(m, i);
    }
    struct errctx ec = {0};
    assert_int_equal(trie_update(&m->trie, changes, count, &m->store.io, &m->trie, &ec), ERR_OK);
}

/* The same content built at once, into a store of its own. */
static void assert_shape_is_canonical(struct model *m)
{
    struct memory_store store;
    memory_store_init(&store);
    struct trie_change changes[OBJECTS];
    size_t count = 0;
    for (unsigned i = OBJECTS; i > 0; i--) {
        if (m->values[i - 1].data != NULL)
            changes[count++] = change_of(m, i - 1);
    }
    struct trie_ref scratch = {0};
    struct errctx ec = {0};
    assert_int_equal(trie_update(&(struct trie_ref){0}, changes, count, &store.io, &scratch, &ec),
                     ERR_OK);
    assert_memory_equal(&scratch.chunk, &m->trie.chunk, sizeof(scratch.chunk));
    assert_true(scratch.entries == count && scratch.entries == m->trie.entries);
    assert_true(scratch.bytes == m->trie.bytes);
    memory_store_fini(&store);
}

static void assert_content(struct model *m)
{
    for (unsigned i = 0; i < OBJECTS; i++) {
        AUTO_ARENA struct arena a = {0};
        struct slice value = {0};
        enum err err =
            get(&a, &m->trie, &m->keys[i], slice_str(m->ids[i]), &m->store.source, &value);
        assert_int_equal(err, m->values[i].data != NULL ? ERR_OK : ERR_NOT_FOUND);
        if (err == ERR_OK)
            assert_true(slice_equal(value, m->values[i]));
    }
}

static void random_updates_equal_building_from_scratch(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct model m;
        model_init(&m, seed);
        for (unsigned step = 0; step < 60; step++) {
            bool is_shrinking = step >= 30;
            model_step(&m, step % 3 == 0 ? OBJECTS : 8, is_shrinking ? 9 : 2);
            assert_shape_is_canonical(&m);
        }
        assert_content(&m);
        model_fini(&m);
    }
}

static void removing_everything_leaves_an_empty_trie(void **state)
{
    (void)state;
    struct model m;
    model_init(&m, 7);
    model_step(&m, OBJECTS, 0);
    struct trie_change changes[OBJECTS];
    for (unsigned i = 0; i < OBJECTS; i++) {
        m.values[i] = (struct slice){0};
        changes[i] = change_of(&m, i);
    }
    struct trie_ref after = {.entries = 1};
    assert_int_equal(trie_update(&m.trie, changes, OBJECTS, &m.store.io, &after, NULL), ERR_OK);
    assert_memory_equal(&after, &(struct trie_ref){0}, sizeof(after));
    model_fini(&m);
}

/** What a difference reported, per object: bits of before, after. */
struct seen {
    struct model *old;
    struct model *new;
    size_t count;
};

static unsigned index_of(const struct trie_entry *e)
{
    return (unsigned)strtoul((const char *)e->id.data + strlen("object-"), NULL, 10);
}

static enum err on_difference(void *user, const struct trie_entry *before,
                              const struct trie_entry *after, struct errctx *ec)
{
    struct seen *seen = user;
    seen->count++;
    AUTO_ARENA struct arena a = {0};
    struct slice value;
    assert_true(before != NULL || after != NULL);
    struct slice is = {0};
    struct slice was = {0};
    unsigned i = index_of(before != NULL ? before : after);
    if (before != NULL) {
        was = seen->old->values[i];
        assert_int_equal(trie_entry_value(&a, before, &seen->new->store.source, &value, ec), 0);
        assert_true(slice_equal(value, was));
    }
    if (after != NULL) {
        is = seen->new->values[i];
        assert_int_equal(trie_entry_value(&a, after, &seen->new->store.source, &value, ec), 0);
        assert_true(slice_equal(value, is));
    }
    assert_true((before == NULL) == (seen->old->values[i].data == NULL));
    assert_true((after == NULL) == (seen->new->values[i].data == NULL));
    assert_false(before != NULL && after != NULL && slice_equal(was, is));
    return ERR_OK;
}

static size_t differing_objects(const struct model *old, const struct model *new)
{
    size_t count = 0;
    for (unsigned i = 0; i < OBJECTS; i++) {
        bool was = old->values[i].data != NULL;
        bool is = new->values[i].data != NULL;
        count += was != is || !slice_equal(old->values[i], new->values[i]);
    }
    return count;
}

static void a_difference_names_each_changed_object_once(void **state)
{
    (void)state;
    struct model m;
    model_init(&m, 11);
    for (unsigned step = 0; step < 40; step++) {
        struct model old = m;
        model_step(&m, step % 4 == 0 ? OBJECTS : 3, step % 5 == 0 ? 9 : 3);
        struct seen seen = {.old = &old, .new = &m};
        struct trie_diff_visitor visitor = {on_difference, &seen};
        struct errctx ec = {0};
        assert_int_equal(trie_diff(&old.trie, &m.trie, &m.store.source, &visitor, &ec), ERR_OK);
        assert_int_equal(seen.count, differing_objects(&old, &m));
    }
    model_fini(&m);
}

static struct trie_change numbered_change(struct arena *a, const struct trie_seed *seed, unsigned i)
{
    struct slice id = slice_str(arena_printf(a, "Zone/name-%u", i));
    return (struct trie_change){.key = trie_key_of(seed, SLICE_LIT("Zone"), id),
                                .id = id,
                                .value = SLICE_LIT("a value about as long as one address record")};
}

static void one_change_in_a_large_trie_touches_one_path(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    AUTO_ARENA struct arena a = {0};
    struct memory_store store;
    memory_store_init(&store);
    struct trie_seed seed = {{1, 2, 3}};
    struct trie_change *changes = mem_new(COUNT, sizeof(*changes));
    for (unsigned i = 0; i < COUNT; i++)
        changes[i] = numbered_change(&a, &seed, i);
    struct trie_ref trie = {0};
    assert_int_equal(trie_update(&trie, changes, COUNT, &store.io, &trie, NULL), ERR_OK);
    free(changes);
    assert_true(trie.entries == COUNT);

    store.gets = 0;
    store.puts = 0;
    struct trie_change one = numbered_change(&a, &seed, 4711);
    one.value = SLICE_LIT("another");
    struct trie_ref after;
    assert_int_equal(trie_update(&trie, &one, 1, &store.io, &after, NULL), ERR_OK);
    assert_in_range(store.gets, 2, 5);
    assert_in_range(store.puts, 2, 5);

    struct slice value;
    assert_int_equal(get(&a, &after, &one.key, one.id, &store.source, &value), ERR_OK);
    assert_true(slice_equal(value, SLICE_LIT("another")));
    memory_store_fini(&store);
}

static void a_value_on_the_edge_stays_in_its_entry_or_becomes_pieces(void **state)
{
    (void)state;
    const struct {
        size_t size;
        size_t chunks; /* a leaf and its pieces */
    } rows[] = {{0, 1},
                {TRIE_INLINE_MAX_BYTES, 1},
                {TRIE_INLINE_MAX_BYTES + 1, 2},
                {CHUNK_PIECE_BYTES, 2},
                {CHUNK_PIECE_BYTES + 1, 3},
                {VALUE_MAX_BYTES, 17}};
    AUTO_ARENA struct arena a = {0};
    uint8_t *data = arena_alloc(&a, VALUE_MAX_BYTES + 1);
    random_bytes(data, VALUE_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct memory_store store;
        memory_store_init(&store);
        struct trie_change change = {.id = SLICE_LIT("x"), .value = slice_of(data, rows[i].size)};
        struct trie_ref trie = {0};
        assert_int_equal(trie_update(&trie, &change, 1, &store.io, &trie, NULL), ERR_OK);
        assert_int_equal(store.chunks.count, rows[i].chunks);
        struct slice value;
        assert_int_equal(get(&a, &trie, &change.key, change.id, &store.source, &value), ERR_OK);
        assert_true(slice_equal(value, change.value));
        memory_store_fini(&store);
    }
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct memory_store store;
    memory_store_init(&store);
    uint8_t *data = arena_alloc(&a, VALUE_MAX_BYTES + 1);
    struct trie_change change = {.id = SLICE_LIT("x"),
                                 .value = slice_of(data, VALUE_MAX_BYTES + 1)};
    struct trie_ref trie = {0};
    assert_int_equal(trie_update(&trie, &change, 1, &store.io, &trie, NULL), ERR_LIMIT);
    change =
        (struct trie_change){.id = slice_of(data, TRIE_ID_MAX_BYTES + 1), .value = SLICE_LIT("v")};
    assert_int_equal(trie_update(&trie, &change, 1, &store.io, &trie, NULL), ERR_LIMIT);
    change.id.len--;
    assert_int_equal(trie_update(&trie, &change, 1, &store.io, &trie, NULL), ERR_OK);
    memory_store_fini(&store);
}

/* Objects under one key do not split, until their leaf is no chunk any more. */
static void objects_under_one_key_share_a_leaf(void **state)
{
    (void)state;
    enum { FIT = 127, ALL = 130 }; /* of 8 KiB each in a chunk of 1 MiB */
    AUTO_ARENA struct arena a = {0};
    struct memory_store store;
    memory_store_init(&store);
    struct trie_change changes[ALL];
    for (unsigned i = 0; i < ALL; i++)
        changes[i] = (struct trie_change){
            .id = slice_str(arena_printf(&a, "%03u", i)),
            .value = slice_of(arena_alloc(&a, TRIE_INLINE_MAX_BYTES), TRIE_INLINE_MAX_BYTES)};
    struct trie_ref trie = {0};
    assert_int_equal(trie_update(&trie, changes, FIT, &store.io, &trie, NULL), ERR_OK);
    assert_int_equal(store.chunks.count, 1);
    struct trie_ref more = {0};
    assert_int_equal(trie_update(&trie, changes + FIT, ALL - FIT, &store.io, &more, NULL),
                     ERR_LIMIT);
    assert_true(more.entries == 0);
    memory_store_fini(&store);
}

static void damage_is_told(void **state)
{
    (void)state;
    struct model m;
    model_init(&m, 5);
    model_step(&m, OBJECTS, 0);
    AUTO_ARENA struct arena a = {0};
    struct slice value;
    unsigned there = 0;
    while (m.values[there].data == NULL)
        there++;
    struct slice id = slice_str(m.ids[there]);

    struct trie_ref wrong_sum = m.trie;
    wrong_sum.bytes++;
    assert_int_equal(get(&a, &wrong_sum, &m.keys[there], id, &m.store.source, &value), ERR_CORRUPT);
    struct trie_ref wrong_count = m.trie;
    wrong_count.entries--;
    assert_int_equal(get(&a, &wrong_count, &m.keys[there], id, &m.store.source, &value),
                     ERR_CORRUPT);
    memory_store_drop(&m.store, &m.trie.chunk);
    assert_int_equal(get(&a, &m.trie, &m.keys[there], id, &m.store.source, &value), ERR_NOT_FOUND);
    struct trie_change change = {.key = m.keys[there], .id = id};
    struct trie_ref after = {.entries = 77};
    assert_int_equal(trie_update(&m.trie, &change, 1, &m.store.io, &after, NULL), ERR_NOT_FOUND);
    assert_true(after.entries == 77);
    model_fini(&m);
}

static void keys_depend_on_seed_group_and_member(void **state)
{
    (void)state;
    struct trie_seed one = {{1}};
    struct trie_seed two = {{[15] = 1}};
    struct slice z = SLICE_LIT("Z1");
    struct trie_key key = trie_key_of(&one, z, SLICE_LIT("www"));
    struct trie_key other_member = trie_key_of(&one, z, SLICE_LIT("ftp"));
    struct trie_key other_seed = trie_key_of(&two, z, SLICE_LIT("www"));
    assert_memory_equal(key.bytes, other_member.bytes, 8);
    assert_memory_not_equal(key.bytes + 8, other_member.bytes + 8, 8);
    assert_memory_not_equal(key.bytes, other_seed.bytes, 8);
    uint64_t hash = trie_hash(&one, z);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(key.bytes[i], (uint8_t)(hash >> (56 - 8 * i)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_updates_equal_building_from_scratch),
        cmocka_unit_test(removing_everything_leaves_an_empty_trie),
        cmocka_unit_test(a_difference_names_each_changed_object_once),
        cmocka_unit_test(one_change_in_a_large_trie_touches_one_path),
        cmocka_unit_test(a_value_on_the_edge_stays_in_its_entry_or_becomes_pieces),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(objects_under_one_key_share_a_leaf),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(keys_depend_on_seed_group_and_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
