// SPDX-License-Identifier: Apache-2.0
// Worlds in memory: a root that shares with the one before answers as a fresh one, reads only what
// changed, and frees only what nobody holds; lazy worlds answer alike; damage is found.

#include "fixture.h"

#include "authority/name_diff.h"
#include "base/alloc.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOSTS 1500
#define STEPS 40

static const char *host_of(struct fixture *f, unsigned i)
{
    return arena_printf(&f->arena, "host-with-a-longer-name-%u.example.com", i);
}

static void many_names(struct fixture *f)
{
    fixture_init(f);
    fixture_whole_zone(f, "Z1", "example.com");
    for (unsigned i = 0; i < HOSTS; i++)
        fixture_value(f, "Z1", host_of(f, i), "A", 60, "192.0.2.1");
}

static struct world *load(struct fixture *f, const struct chunk_hash *root,
                          const struct world *before)
{
    struct world *w = NULL;
    struct errctx ec = {0};
    if (world_load(fixture_source(f, root), before, &w, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return w;
}

/* Whether both worlds answer a sample of questions alike. */
static void assert_same_answers(struct fixture *f, const struct world *a, const struct world *b)
{
    for (unsigned i = 0; i < HOSTS; i += 7) {
        char *first = mem_strdup(ask_simply(a, host_of(f, i), "A"));
        assert_string_equal(first, ask_simply(b, host_of(f, i), "A"));
        free(first);
    }
}

static void a_change_of_one_record_reads_one_path_and_shares_the_rest(void **state)
{
    (void)state;
    struct fixture f;
    many_names(&f);
    struct chunk_hash root = fixture_build(&f);
    f.reads = 0;
    struct world *before = load(&f, &root, NULL);
    unsigned reads_of_all = f.reads;
    fixture_value(&f, "Z1", host_of(&f, 77), "A", 60, "192.0.2.77");
    root = fixture_build(&f);
    f.reads = 0;
    struct world *after = load(&f, &root, before);
    assert_true(reads_of_all > 15); /* the tree has inner nodes */
    assert_true(f.reads <= 4);      /* the root, and the path to one leaf */
    assert_ptr_equal(after->zones, before->zones);
    assert_non_null(strstr(ask_simply(after, host_of(&f, 77), "A"), "192.0.2.77"));
    assert_non_null(strstr(ask_simply(before, host_of(&f, 77), "A"), "192.0.2.1\n"));
    world_free(before);
    assert_non_null(strstr(ask_simply(after, host_of(&f, 78), "A"), "192.0.2.1\n"));
    world_free(after);
    fixture_fini(&f);
}

static void sharing_answers_as_a_fresh_load_through_random_changes(void **state)
{
    (void)state;
    struct fixture f;
    struct prng p;
    prng_init_fixed(&p, 7);
    many_names(&f);
    struct chunk_hash root = fixture_build(&f);
    struct world *served = load(&f, &root, NULL);
    for (unsigned step = 0; step < STEPS; step++) {
        /* Large swings, so that leaves become inner nodes and back, and a second zone comes. */
        if (step == STEPS / 3)
            fixture_whole_zone(&f, "Z2", "example.org");
        for (unsigned n = prng_below(&p, 2) == 0 ? 1 : 700; n > 0; n--) {
            const char *host = host_of(&f, prng_below(&p, HOSTS));
            if (prng_below(&p, 2) == 0)
                fixture_remove(&f, "Z1", host, "A");
            else
                fixture_value(&f, "Z1", host, "A", prng_below(&p, 1000), "192.0.2.2");
        }
        root = fixture_build(&f);
        struct world *shared = load(&f, &root, served);
        struct world *fresh = load(&f, &root, NULL);
        assert_same_answers(&f, shared, fresh);
        world_free(fresh);
        world_free(served);
        served = shared;
    }
    world_free(served);
    fixture_fini(&f);
}

static void a_lazy_world_reads_what_a_question_reaches(void **state)
{
    (void)state;
    struct fixture f;
    struct errctx ec = {0};
    many_names(&f);
    struct chunk_hash root = fixture_build(&f);
    struct world *whole = load(&f, &root, NULL);
    struct world *lazy = NULL;
    f.reads = 0;
    assert_int_equal(world_open(fixture_source(&f, &root), NULL, &lazy, &ec), ERR_OK);
    (void)ask_simply(lazy, host_of(&f, 5), "A");
    assert_true(f.reads <= 6);
    assert_same_answers(&f, whole, lazy);
    assert_int_equal(world_failure(lazy, &ec), ERR_OK);
    world_free(lazy);
    world_free(whole);
    fixture_fini(&f);
}

static void an_empty_root_refuses_everything(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct world *w = fixture_world(&f);
    assert_string_equal(ask_simply(w, "example.com", "A"), "REFUSED\n");
    struct chunk_hash root = fixture_build(&f);
    struct world *again = load(&f, &root, w);
    world_free(w);
    world_free(again);
    fixture_fini(&f);
}

/* Names that a walk over the difference met. */
struct met {
    size_t count;
    char first[DNS_NAME_TEXT_SIZE];
};

static enum err meet(void *user, const struct name_key *key, const struct name_record *record,
                     struct errctx *ec)
{
    (void)key;
    (void)ec;
    struct met *m = user;
    if (m->count++ == 0)
        (void)dns_name_format(record->owner, m->first);
    return ERR_OK;
}

static struct met differing(const struct world *a, const struct world *b, size_t limit)
{
    struct met m = {0};
    const struct name_diff_visitor visitor = {.on_name = meet, .user = &m};
    assert_int_equal(name_diff(&a->names, &b->names, limit, &visitor, NULL), ERR_OK);
    return m;
}

static void a_difference_is_found_whole_or_sampled_to_the_limit(void **state)
{
    (void)state;
    struct fixture f;
    many_names(&f);
    struct chunk_hash root = fixture_build(&f);
    struct world *a = load(&f, &root, NULL);
    fixture_value(&f, "Z1", host_of(&f, 9), "A", 61, "192.0.2.1");
    fixture_remove(&f, "Z1", host_of(&f, 10), "A");
    root = fixture_build(&f);
    struct world *b = load(&f, &root, NULL);
    assert_int_equal(differing(a, a, 10).count, 0);
    assert_int_equal(differing(b, a, 10).count, 1);
    assert_string_equal(differing(b, a, 10).first, "host-with-a-longer-name-9.example.com.");
    assert_int_equal(differing(a, b, 10).count, 2);
    for (unsigned i = 0; i < HOSTS; i++)
        fixture_value(&f, "Z1", host_of(&f, i), "A", 62, "192.0.2.1");
    root = fixture_build(&f);
    struct world *c = load(&f, &root, NULL);
    assert_int_equal(differing(c, a, HOSTS).count, HOSTS);
    assert_int_equal(differing(c, a, HOSTS / 2).count, HOSTS / 2);
    assert_int_equal(differing(c, a, 3).count, 3);
    world_free(a);
    world_free(b);
    world_free(c);
    fixture_fini(&f);
}

static void a_missing_chunk_fails_the_load_and_leaves_nothing_behind(void **state)
{
    (void)state;
    struct fixture f;
    struct errctx ec = {0};
    many_names(&f);
    struct chunk_hash root = fixture_build(&f);
    struct world *w = load(&f, &root, NULL);
    assert_false(w->names.top->is_leaf);
    struct name_inner *top = name_inner_of(w->names.top);
    unsigned last = TRIE_FAN_OUT - 1;
    while (!name_inner_has(top, last))
        last--;
    fixture_lose(&f, &top->hashes[last]);
    struct world *again = NULL;
    assert_int_equal(world_load(fixture_source(&f, &root), NULL, &again, &ec), ERR_NOT_FOUND);
    assert_null(again);
    assert_string_equal(ec.text, "names: chunk is not there");

    assert_int_equal(world_open(fixture_source(&f, &root), NULL, &again, &ec), ERR_OK);
    assert_int_equal(world_failure(again, &ec), ERR_OK);
    for (unsigned i = 0; i < HOSTS; i++)
        (void)ask_simply(again, host_of(&f, i), "A");
    assert_int_equal(world_failure(again, &ec), ERR_NOT_FOUND);
    world_free(again);
    /* Nothing is read where the world before has it. */
    again = load(&f, &root, w);
    world_free(again);
    world_free(w);
    fixture_fini(&f);
}

static void record_data_that_is_not_well_formed_is_corrupt(void **state)
{
    (void)state;
    static uint8_t pointer[] = {0xc0, 0x0c};
    struct fixture f;
    struct errctx ec = {0};
    struct world *w = NULL;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "www.example.com", "CNAME", 60, "a.example.com.");
    f.sets[f.set_count - 1].set.rdata[0] = slice_of(pointer, sizeof(pointer));
    struct chunk_hash root = fixture_build(&f);
    assert_int_equal(world_load(fixture_source(&f, &root), NULL, &w, &ec), ERR_CORRUPT);
    f.sets[f.set_count - 1].set.type = DNS_TYPE_A;
    root = fixture_build(&f);
    assert_int_equal(world_load(fixture_source(&f, &root), NULL, &w, &ec), ERR_CORRUPT);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_of_one_record_reads_one_path_and_shares_the_rest),
        cmocka_unit_test(sharing_answers_as_a_fresh_load_through_random_changes),
        cmocka_unit_test(a_lazy_world_reads_what_a_question_reaches),
        cmocka_unit_test(an_empty_root_refuses_everything),
        cmocka_unit_test(a_difference_is_found_whole_or_sampled_to_the_limit),
        cmocka_unit_test(a_missing_chunk_fails_the_load_and_leaves_nothing_behind),
        cmocka_unit_test(record_data_that_is_not_well_formed_is_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
