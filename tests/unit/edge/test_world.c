// SPDX-License-Identifier: Apache-2.0
// Worlds: which distribution a host belongs to, what two worlds share, who holds one.
#include "edge/world.h"

#include "edge/limits.h"
#include "edge/worlds.h"
#include "edge_fixture.h"
#include "os/rcu.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct edge_fixture f;

static int setup(void **state)
{
    (void)state;
    edge_fixture_init(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    edge_fixture_fini(&f);
    return 0;
}

static void put(const char *id, const char *const *aliases)
{
    edge_fixture_put(&f, edge_fixture_distribution(&f, id, aliases));
}

/* The id of the distribution that a host belongs to. */
static const char *found(const struct edge_world *w, const char *host)
{
    const struct edge_distribution *d = edge_world_find(w, slice_str(host));
    return d == NULL ? "none" : d->config.id;
}

static void a_host_finds_its_distribution(void **state)
{
    (void)state;
    put("ONE", (const char *const[]){"www.example.com", NULL});
    put("TWO", NULL);
    struct edge_world *w = edge_fixture_world(&f, NULL, NULL);
    assert_string_equal(found(w, "one.cdn.weir.test"), "ONE");
    assert_string_equal(found(w, "www.example.com"), "ONE");
    assert_string_equal(found(w, "two.cdn.weir.test"), "TWO");
    assert_string_equal(found(w, "example.com"), "none");
    assert_string_equal(found(w, "www.example.com.evil.test"), "none");
    assert_string_equal(found(w, ""), "none");
    assert_int_equal(edge_world_count(w), 2);
    edge_world_free(w);
}

static void an_exact_name_beats_a_wildcard_and_the_longest_wildcard_the_others(void **state)
{
    (void)state;
    put("EXACT", (const char *const[]){"www.example.com", NULL});
    put("WIDE", (const char *const[]){"*.example.com", NULL});
    put("LONG", (const char *const[]){"*.img.example.com", NULL});
    struct edge_world *w = edge_fixture_world(&f, NULL, NULL);
    assert_string_equal(found(w, "www.example.com"), "EXACT");
    assert_string_equal(found(w, "any.example.com"), "WIDE");
    assert_string_equal(found(w, "a.b.example.com"), "WIDE");
    assert_string_equal(found(w, "a.img.example.com"), "LONG");
    assert_string_equal(found(w, "a.b.img.example.com"), "LONG");
    assert_string_equal(found(w, "img.example.com"), "WIDE");
    assert_string_equal(found(w, "example.com"), "none");
    /* The suffix itself is no name that a viewer may ask for. */
    assert_string_equal(found(w, ".example.com"), "none");
    assert_string_equal(found(w, "*.example.com"), "WIDE");
    edge_world_free(w);
}

static void a_host_longer_than_any_name_finds_nothing(void **state)
{
    (void)state;
    char host[300];
    put("WIDE", (const char *const[]){"*.example.com", NULL});
    struct edge_world *w = edge_fixture_world(&f, NULL, NULL);
    size_t tail = strlen(".example.com");
    memset(host, 'a', sizeof(host));
    memcpy(host + EDGE_HOST_MAX_BYTES - tail, ".example.com", tail);
    assert_non_null(edge_world_find(w, slice_of(host, EDGE_HOST_MAX_BYTES)));
    memcpy(host + EDGE_HOST_MAX_BYTES + 1 - tail, ".example.com", tail);
    assert_null(edge_world_find(w, slice_of(host, EDGE_HOST_MAX_BYTES + 1)));
    memset(host, '.', sizeof(host));
    host[0] = 'a';
    assert_null(edge_world_find(w, slice_of(host, EDGE_HOST_MAX_BYTES)));
    edge_world_free(w);
}

static void of_two_distributions_with_one_name_the_lower_id_has_it(void **state)
{
    (void)state;
    put("TWO", (const char *const[]){"www.example.com", NULL});
    put("ONE", (const char *const[]){"www.example.com", "www.example.com", NULL});
    struct edge_world *both = edge_fixture_world(&f, NULL, NULL);
    assert_string_equal(found(both, "www.example.com"), "ONE");
    edge_fixture_remove(&f, "ONE");
    struct edge_world *one = edge_fixture_world(&f, both, NULL);
    assert_string_equal(found(one, "www.example.com"), "TWO");
    assert_string_equal(found(both, "www.example.com"), "ONE");
    edge_world_free(both);
    edge_world_free(one);
}

static void a_change_reaches_the_next_world_alone(void **state)
{
    (void)state;
    put("ONE", (const char *const[]){"old.example.com", NULL});
    put("TWO", NULL);
    struct edge_world *before = edge_fixture_world(&f, NULL, NULL);
    put("ONE", (const char *const[]){"new.example.com", NULL});
    edge_fixture_remove(&f, "TWO");
    put("THREE", NULL);
    struct edge_world *after = edge_fixture_world(&f, before, NULL);
    assert_string_equal(found(before, "old.example.com"), "ONE");
    assert_string_equal(found(before, "new.example.com"), "none");
    assert_string_equal(found(before, "two.cdn.weir.test"), "TWO");
    assert_string_equal(found(after, "old.example.com"), "none");
    assert_string_equal(found(after, "new.example.com"), "ONE");
    assert_string_equal(found(after, "two.cdn.weir.test"), "none");
    assert_string_equal(found(after, "three.cdn.weir.test"), "THREE");
    edge_world_free(before);
    assert_string_equal(found(after, "one.cdn.weir.test"), "ONE");
    edge_world_free(after);
}

static void a_change_of_one_of_many_distributions_reloads_that_one(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    for (size_t i = 0; i < MANY; i++)
        put(arena_printf(&f.arena, "D%04zu", i), NULL);
    struct edge_world *before = edge_fixture_world(&f, NULL, NULL);
    size_t reads_whole = f.store.gets;
    put("D0234", (const char *const[]){"www.example.com", NULL});
    struct chunk_hash root = edge_fixture_root(&f);
    size_t reads_before = f.store.gets;
    struct edge_world *after;
    assert_int_equal(edge_world_load(&root, &f.store.source, before, NULL, &after, NULL), ERR_OK);
    assert_in_range(f.store.gets - reads_before, 1, 12);
    assert_true(reads_whole > 10);
    size_t same = 0;
    for (size_t i = 0; i < MANY; i++) {
        char host[64];
        (void)snprintf(host, sizeof(host), "d%04zu.cdn.weir.test", i);
        const struct edge_distribution *d = edge_world_find(after, slice_str(host));
        assert_non_null(d);
        same += d == edge_world_find(before, slice_str(host));
    }
    assert_int_equal(same, MANY - 1);
    edge_world_free(before);
    assert_string_equal(found(after, "www.example.com"), "D0234");
    edge_world_free(after);
}

static void a_walk_meets_every_distribution_once(void **state)
{
    (void)state;
    put("ONE", (const char *const[]){"a.example.com", "b.example.com", NULL});
    put("TWO", NULL);
    put("THREE", NULL);
    struct edge_world *w = edge_fixture_world(&f, NULL, NULL);
    struct edge_world_cursor cursor = {0};
    size_t count = 0;
    while (edge_world_next(w, &cursor) != NULL)
        count++;
    assert_int_equal(count, 3);
    edge_world_free(w);
}

static void a_world_of_changes_holds_what_differs_alone(void **state)
{
    (void)state;
    put("SAME", NULL);
    put("CHANGED", NULL);
    put("GONE", NULL);
    struct chunk_hash before = edge_fixture_root(&f);
    put("CHANGED", (const char *const[]){"www.example.com", NULL});
    put("NEW", NULL);
    edge_fixture_remove(&f, "GONE");
    struct chunk_hash after = edge_fixture_root(&f);
    struct edge_world *w;
    const struct chunk_source *source = &f.store.source;
    assert_int_equal(edge_world_load_changed(&after, &before, source, 10, &w, NULL), ERR_OK);
    assert_string_equal(found(w, "same.cdn.weir.test"), "none");
    assert_string_equal(found(w, "www.example.com"), "CHANGED");
    assert_string_equal(found(w, "new.cdn.weir.test"), "NEW");
    assert_string_equal(found(w, "gone.cdn.weir.test"), "none");
    edge_world_free(w);
    assert_int_equal(edge_world_load_changed(&before, &after, source, 10, &w, NULL), ERR_OK);
    assert_string_equal(found(w, "gone.cdn.weir.test"), "GONE");
    assert_string_equal(found(w, "www.example.com"), "none");
    edge_world_free(w);
    assert_int_equal(edge_world_load_changed(&after, NULL, source, 2, &w, NULL), ERR_OK);
    struct edge_world_cursor cursor = {0};
    size_t count = 0;
    while (edge_world_next(w, &cursor) != NULL)
        count++;
    assert_int_equal(count, 2);
    edge_world_free(w);
}

static void a_lost_chunk_or_a_stranger_in_its_place_is_no_world(void **state)
{
    (void)state;
    put("ONE", NULL);
    struct chunk_hash root = edge_fixture_root(&f);
    struct edge_world *w;
    struct errctx ec = {0};
    memory_store_drop(&f.store, &f.root.tries[RELEASE_DISTRIBUTION].chunk);
    assert_int_equal(edge_world_load(&root, &f.store.source, NULL, NULL, &w, &ec), ERR_NOT_FOUND);
    struct edge_fixture_distribution *d = edge_fixture_distribution(&f, "TWO", NULL);
    struct slice bytes = release_distribution_encode(&f.arena, &d->config);
    struct trie_change change = {.key = trie_key_of(&f.root.seed, SLICE_LIT("X"), slice_of("", 0)),
                                 .id = SLICE_LIT("X"),
                                 .value = bytes};
    const struct trie_ref nothing = {0};
    assert_int_equal(
        trie_update(&nothing, &change, 1, &f.store.io, &f.root.tries[RELEASE_DISTRIBUTION], NULL),
        ERR_OK);
    root = edge_fixture_root(&f);
    assert_int_equal(edge_world_load(&root, &f.store.source, NULL, NULL, &w, &ec), ERR_CORRUPT);
}

/* ---- worlds in a row */

static struct edge_world *place;

static void load_and_serve(struct edge_worlds *s)
{
    struct chunk_hash root = edge_fixture_root(&f);
    struct edge_world *w;
    struct errctx ec = {0};
    if (edge_worlds_load(s, &root, &f.store.source, &w, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    edge_worlds_serve(s, w);
}

static void a_retired_world_lives_as_long_as_a_thread_holds_it(void **state)
{
    (void)state;
    const struct edge_worlds_options options = {.place = &place};
    struct edge_worlds *s = edge_worlds_new(&options);
    put("ONE", (const char *const[]){"www.example.com", NULL});
    load_and_serve(s);
    struct edge_world *held = place;
    edge_world_ref(held, 3);
    edge_world_ref(held, 3);
    for (size_t i = 0; i < 5; i++) {
        put("ONE", NULL);
        load_and_serve(s);
        put("ONE", (const char *const[]){"other.example.com", NULL});
        load_and_serve(s);
    }
    assert_int_equal(edge_worlds_retired(s), 1);
    assert_string_equal(found(held, "www.example.com"), "ONE");
    assert_string_equal(found(place, "other.example.com"), "ONE");
    edge_world_unref(held, 3);
    edge_worlds_sweep(s);
    assert_int_equal(edge_worlds_retired(s), 1);
    edge_world_unref(held, 3);
    edge_worlds_sweep(s);
    assert_int_equal(edge_worlds_retired(s), 0);
    edge_worlds_free(s);
}

static void *let_go_later(void *arg)
{
    struct edge_world *held = arg;
    while (rcu_read_ptr(&place) == held) { /* ends: the test serves another one */
    }
    edge_world_unref(held, 0);
    return NULL;
}

static void past_the_bound_a_new_world_waits_for_an_old_one(void **state)
{
    (void)state;
    const struct edge_worlds_options options = {.place = &place, .retired_max = 1};
    struct edge_worlds *s = edge_worlds_new(&options);
    struct edge_world *held[2];
    for (size_t i = 0; i < ARRAY_LEN(held); i++) {
        put("ONE", (const char *const[]){i == 0 ? "a.example.com" : "b.example.com", NULL});
        load_and_serve(s);
        held[i] = place;
        edge_world_ref(held[i], 0);
    }
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, let_go_later, held[1]), 0);
    put("ONE", NULL);
    load_and_serve(s); /* returns: held[1] is let go */
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(edge_worlds_retired(s), 1);
    edge_worlds_give_up(s);
    edge_world_ref(place, 0);
    struct edge_world *last = place;
    put("TWO", NULL);
    load_and_serve(s); /* returns, although two are held */
    assert_int_equal(edge_worlds_retired(s), 2);
    edge_world_unref(last, 0);
    edge_world_unref(held[0], 0);
    edge_worlds_free(s);
}

enum { READERS = 3, ROUNDS = 100 };

static _Atomic bool is_over;

/* A serving thread: takes the world, holds it over quiescent states, looks things up in it. */
static void *read_worlds(void *arg)
{
    unsigned index = *(const unsigned *)arg;
    rcu_thread_register();
    while (!atomic_load(&is_over)) {
        struct edge_world *w = rcu_read_ptr(&place);
        edge_world_ref(w, index);
        rcu_quiescent();
        const struct edge_distribution *d = edge_world_find(w, SLICE_LIT("a.example.com"));
        if (d == NULL || strcmp(d->config.id, "ONE") != 0)
            abort();
        rcu_quiescent();
        if (edge_world_find(w, SLICE_LIT("x.b.example.com")) == NULL)
            abort();
        edge_world_unref(w, index);
        rcu_quiescent();
    }
    rcu_thread_unregister();
    return NULL;
}

static void *sweep_worlds(void *arg)
{
    while (!atomic_load(&is_over))
        edge_worlds_sweep(arg);
    return NULL;
}

static void worlds_come_and_go_under_readers(void **state)
{
    (void)state;
    const struct edge_worlds_options options = {.place = &place};
    struct edge_worlds *s = edge_worlds_new(&options);
    pthread_t threads[READERS + 1];
    unsigned indexes[READERS];
    atomic_store(&is_over, false);
    put("ONE", (const char *const[]){"a.example.com", NULL});
    put("TWO", (const char *const[]){"*.b.example.com", NULL});
    load_and_serve(s);
    for (unsigned i = 0; i < READERS; i++) {
        indexes[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, read_worlds, &indexes[i]), 0);
    }
    assert_int_equal(pthread_create(&threads[READERS], NULL, sweep_worlds, s), 0);
    for (size_t i = 0; i < ROUNDS; i++) {
        bool is_odd = i % 2 == 1;
        put("TWO", (const char *const[]){"*.b.example.com", is_odd ? "odd.test" : NULL, NULL});
        put("ONE", (const char *const[]){"a.example.com", is_odd ? NULL : "even.test", NULL});
        load_and_serve(s);
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    edge_worlds_free(s);
}

#define WITH_RELEASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RELEASE(a_host_finds_its_distribution),
        WITH_RELEASE(an_exact_name_beats_a_wildcard_and_the_longest_wildcard_the_others),
        WITH_RELEASE(a_host_longer_than_any_name_finds_nothing),
        WITH_RELEASE(of_two_distributions_with_one_name_the_lower_id_has_it),
        WITH_RELEASE(a_change_reaches_the_next_world_alone),
        WITH_RELEASE(a_change_of_one_of_many_distributions_reloads_that_one),
        WITH_RELEASE(a_walk_meets_every_distribution_once),
        WITH_RELEASE(a_world_of_changes_holds_what_differs_alone),
        WITH_RELEASE(a_lost_chunk_or_a_stranger_in_its_place_is_no_world),
        WITH_RELEASE(a_retired_world_lives_as_long_as_a_thread_holds_it),
        WITH_RELEASE(past_the_bound_a_new_world_waits_for_an_old_one),
        WITH_RELEASE(worlds_come_and_go_under_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
