// SPDX-License-Identifier: Apache-2.0
// Bodies while they fill: viewers, how far ahead a fill goes, and what happens when memory is
// short; on one thread.
#include "cache/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "shared/test_arena.h"

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

static struct site site;

static int setup_with(void **state, const struct cache_options *options)
{
    (void)arena_setup(state);
    site_init(&site, options);
    return 0;
}

static int setup(void **state)
{
    const struct cache_options options = {.memory_bytes = 16 * MIB};
    return setup_with(state, &options);
}

static int setup_short_stall(void **state)
{
    const struct cache_options options = {.memory_bytes = 16 * MIB,
                                          .fill_stall_ns = 40 * NS_PER_MS};
    return setup_with(state, &options);
}

static int teardown(void **state)
{
    site_fini(&site);
    return arena_teardown(state);
}

static struct cache_request get(const char *uri)
{
    return site_get(&site, uri, NULL);
}

/* A leader of a body; length 0: it is not known. */
static void lead(struct leader *l, const char *uri, uint64_t length)
{
    struct cache_request request = get(uri);
    struct cache_head head =
        length > 0 ? site_head_of(&site, &request, length) : site_head(&site, &request, "");
    leader_init(l, &site, &request, &head);
}

/* The same without a validator. */
static void lead_unvalidated(struct leader *l, const char *uri, uint64_t length)
{
    struct cache_request request = get(uri);
    struct cache_head head = site_head(&site, &request, "");
    head.has_length = true;
    head.length_bytes = length;
    leader_init(l, &site, &request, &head);
}

static bool is_found(const char *uri)
{
    struct cache_request request = get(uri);
    struct cache_object *o;
    return cache_find(site.thread, &request, &o) == CACHE_OBJECT;
}

static void a_viewer_gets_bytes_as_they_come(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    lead(&l, "/a", 100);
    viewer_init(&v, &site, l.object);
    assert_int_equal(viewer_read(&v, 1), 0);
    assert_int_equal(v.last, CACHE_READ_WAIT);
    leader_send(&l, 60);
    assert_int_equal(v.wakes, 0); /* never from within the leader's call */
    site_turn(&site);
    assert_int_equal(v.wakes, 1);
    assert_int_equal(viewer_read(&v, 1000), 60);
    assert_int_equal(v.last, CACHE_READ_WAIT);
    leader_send(&l, 40);
    leader_fini(&l, true);
    site_turn(&site);
    assert_int_equal(v.wakes, 2);
    assert_int_equal(viewer_read(&v, 1000), 40);
    assert_int_equal(v.last, CACHE_READ_END);
    assert_true(is_found("/a"));
    viewer_fini(&v);
}

static void a_viewer_of_a_range_gets_its_bytes_and_no_others(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    lead(&l, "/a", 3 * MIB);
    viewer_init(&v, &site, l.object);
    v.reader.position = 2 * MIB + 5;
    v.reader.end = 2 * MIB + 25;
    assert_int_equal(viewer_read(&v, 1), 0);
    leader_send(&l, 2 * MIB);
    site_turn(&site);
    assert_int_equal(v.wakes, 0); /* what it waits for is not there */
    leader_send(&l, MIB);
    site_turn(&site);
    assert_int_equal(viewer_read(&v, 100), 20);
    assert_int_equal(v.last, CACHE_READ_END);
    leader_fini(&l, true);
    viewer_fini(&v);
}

static void a_complete_body_is_read_from_any_position(void **state)
{
    (void)state;
    enum { LENGTH = 5 << 20 };
    struct prng random;
    prng_init_fixed(&random, 3);
    for (int has_length = 0; has_length < 2; has_length++) {
        struct leader l;
        lead(&l, has_length ? "/known" : "/unknown", has_length ? LENGTH : 0);
        leader_send(&l, LENGTH);
        struct viewer v; /* several ranges, rising, by one reader */
        viewer_init(&v, &site, l.object);
        v.reader.end = 0;
        cache_fill_end(l.fill, true);
        while (v.reader.end < LENGTH) {
            v.reader.position = v.reader.end + prng_below(&random, 2 * MIB / 10);
            v.reader.end = v.reader.position + 1 + prng_below(&random, 2 * MIB / 10);
            uint64_t expected = v.reader.end > LENGTH ? LENGTH : v.reader.end;
            (void)viewer_read(&v, LENGTH);
            assert_int_equal(v.last, CACHE_READ_END);
            assert_true(v.reader.position >= expected);
        }
        viewer_fini(&v);
        for (unsigned i = 0; i < 200; i++) {
            viewer_init(&v, &site, l.object);
            v.reader.position = prng_below(&random, LENGTH);
            size_t left = LENGTH - (size_t)v.reader.position;
            assert_int_equal(viewer_read(&v, 300 * KIB), left < 300 * KIB ? left : 300 * KIB);
            viewer_fini(&v);
        }
        l.fill = NULL;
        leader_fini(&l, true);
    }
}

static void a_cut_body_is_read_up_to_the_cut(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    lead(&l, "/a", 0);
    viewer_init(&v, &site, l.object);
    leader_send(&l, 50);
    leader_fini(&l, false);
    assert_int_equal(viewer_read(&v, 100), 50);
    assert_int_equal(v.last, CACHE_READ_CUT);
    viewer_fini(&v);
    assert_false(is_found("/a"));
}

static void bytes_beyond_the_length_are_dropped(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    lead(&l, "/a", 10);
    viewer_init(&v, &site, l.object);
    leader_send(&l, 12);
    leader_fini(&l, true);
    assert_int_equal(viewer_read(&v, 100), 10);
    assert_int_equal(v.last, CACHE_READ_END);
    viewer_fini(&v);
}

static void a_small_body_takes_what_it_needs(void **state)
{
    (void)state;
    struct leader l;
    size_t before = cache_memory_bytes(site.cache);
    lead(&l, "/a", 2 * KIB);
    leader_send(&l, 2 * KIB);
    leader_fini(&l, true);
    size_t known = cache_memory_bytes(site.cache) - before;
    assert_in_range(known, 2 * KIB, 3 * KIB);
    lead(&l, "/b", 0);
    leader_send(&l, 2 * KIB);
    leader_fini(&l, true);
    size_t unknown = cache_memory_bytes(site.cache) - before - known;
    assert_in_range(unknown, 2 * KIB, 6 * KIB);
}

static void the_length_of_a_chunked_body_is_known_in_the_end(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    uint64_t length = 0;
    lead(&l, "/a", 0);
    viewer_init(&v, &site, l.object);
    leader_send(&l, 3 * MIB + 1);
    assert_false(cache_object_length(l.object, &length));
    assert_int_equal(viewer_read(&v, 4 * MIB), 2 * MIB); /* it was that far ahead */
    site_turn(&site);
    leader_send(&l, MIB + 1);
    leader_fini(&l, true);
    assert_true(cache_object_length(v.object, &length));
    assert_int_equal(length, 3 * MIB + 1);
    assert_null(cache_object_whole(v.object).data);
    assert_int_equal(viewer_read(&v, 4 * MIB), MIB + 1);
    assert_int_equal(v.last, CACHE_READ_END);
    viewer_fini(&v);
    struct viewer again; /* of the complete body */
    struct cache_request a = get("/a");
    struct cache_object *o;
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_OBJECT);
    viewer_init(&again, &site, o);
    assert_int_equal(viewer_read(&again, 4 * MIB), 3 * MIB + 1);
    viewer_fini(&again);
}

static void a_fill_waits_for_its_fastest_viewer(void **state)
{
    (void)state;
    struct leader l;
    struct viewer fast;
    struct viewer slow;
    lead(&l, "/a", 7 * MIB);
    viewer_init(&fast, &site, l.object);
    viewer_init(&slow, &site, l.object);
    leader_send(&l, 7 * MIB);
    assert_false(l.may_send);
    assert_int_equal(l.sent, 2 * MIB); /* an eighth of the memory */
    (void)viewer_read(&slow, MIB - 1);
    site_turn(&site);
    assert_int_equal(l.rooms, 0);
    (void)viewer_read(&fast, MIB + 1);
    assert_int_equal(l.rooms, 0);
    site_turn(&site);
    assert_int_equal(l.rooms, 1);
    leader_send(&l, 7 * MIB);
    assert_in_range(l.sent, 3 * MIB, 3 * MIB + 16 * KIB);
    viewer_fini(&fast);
    viewer_fini(&slow);
    leader_fini(&l, false);
}

static void without_viewers_what_can_be_kept_is_filled_to_the_end(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    lead(&l, "/never", 7 * MIB);
    leader_send(&l, 7 * MIB);
    assert_int_equal(l.sent, 7 * MIB);
    leader_fini(&l, true);
    assert_true(is_found("/never"));

    lead(&l, "/left", 5 * MIB);
    viewer_init(&v, &site, l.object);
    leader_send(&l, 5 * MIB);
    assert_false(l.may_send);
    viewer_fini(&v);
    site_turn(&site);
    assert_int_equal(l.rooms, 1);
    leader_send(&l, 5 * MIB - l.sent);
    assert_int_equal(l.sent, 5 * MIB);
    leader_fini(&l, true);
    assert_true(is_found("/left"));
}

static void without_viewers_what_cannot_be_kept_is_abandoned(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    lead(&l, "/never", 9 * MIB);
    leader_send(&l, 9 * MIB);
    site_turn(&site);
    assert_true(l.is_abandoned);
    assert_in_range(l.sent, 1, 3 * MIB);
    leader_fini(&l, true);
    assert_false(is_found("/never"));

    lead(&l, "/left", 9 * MIB);
    viewer_init(&v, &site, l.object);
    leader_send(&l, 100 * KIB);
    viewer_fini(&v);
    site_turn(&site);
    assert_true(l.is_abandoned);
    leader_fini(&l, false);

    lead(&l, "/unknown", 0);
    leader_send(&l, 20 * MIB);
    site_turn(&site);
    assert_true(l.is_abandoned);
    assert_in_range(l.sent, 7 * MIB, 9 * MIB); /* half the memory */
    leader_fini(&l, false);
    site_until_bytes(&site, MIB);
}

static void what_was_read_already_is_taken_after_a_wait(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    lead(&l, "/a", 9 * MIB);
    viewer_init(&v, &site, l.object);
    while (l.may_send)
        leader_send(&l, 16 * KIB);
    for (int i = 0; i < 4; i++) {
        assert_false(cache_fill_append(l.fill, site_bytes(l.sent, 8 * KIB)));
        l.sent += 8 * KIB;
    }
    assert_int_equal(viewer_read(&v, 9 * MIB), l.sent);
    viewer_fini(&v);
    leader_fini(&l, false);
}

/* Everybody reads at some pace until the end; the leader sends as it may. */
static void run_crowd(struct leader *l, struct viewer *viewers, unsigned count, uint64_t length)
{
    struct prng random;
    prng_init_fixed(&random, 1);
    size_t limit = cache_memory_limit_bytes(site.cache);
    unsigned reading = count;
    int64_t deadline_ns = time_monotonic_ns() + 50 * NS_PER_S;
    while (reading > 0) {
        assert_true(time_monotonic_ns() < deadline_ns);
        leader_send(l, length - l->sent);
        if (l->fill != NULL && l->sent == length) {
            cache_fill_end(l->fill, true);
            l->fill = NULL;
        }
        reading = 0;
        for (unsigned i = 0; i < count; i++) {
            struct viewer *v = &viewers[i];
            if (v->last != CACHE_READ_DATA && v->last != CACHE_READ_WAIT)
                continue;
            reading++;
            (void)viewer_read(v, prng_below(&random, (uint32_t)(64 * KIB)));
            assert_true(cache_memory_bytes(site.cache) <= limit);
        }
        site_turn(&site);
    }
}

static void a_hundred_slow_viewers_of_64_mib_get_every_byte_through_16_mib(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    static struct viewer viewers[COUNT];
    struct leader l;
    lead_unvalidated(&l, "/large", 64 * MIB);
    for (unsigned i = 0; i < COUNT; i++)
        viewer_init(&viewers[i], &site, l.object);
    run_crowd(&l, viewers, COUNT, 64 * MIB);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(viewers[i].last, CACHE_READ_END);
        assert_int_equal(viewers[i].reader.position, 64 * MIB);
        viewer_fini(&viewers[i]);
    }
    leader_fini(&l, true);
    assert_false(is_found("/large"));
}

static void newcomers_do_not_find_a_body_without_its_front(void **state)
{
    (void)state;
    struct leader l;
    struct leader second;
    struct viewer v;
    struct cache_reader late = {0};
    lead(&l, "/large", 64 * MIB);
    struct cache_object *o = l.object;
    viewer_init(&v, &site, o);
    assert_true(is_found("/large"));
    while (l.sent < 20 * MIB) {
        leader_send(&l, MIB);
        (void)viewer_read(&v, MIB);
        site_turn(&site);
    }
    assert_false(is_found("/large"));
    assert_false(cache_reader_init(&late, site.thread, o));
    lead(&second, "/large", 64 * MIB);
    assert_true(is_found("/large"));
    viewer_fini(&v);
    leader_fini(&l, false);
    leader_fini(&second, false);
}

static void a_stalled_viewer_is_cut_and_the_others_go_on(void **state)
{
    (void)state;
    struct leader l;
    struct viewer stalled;
    struct viewer v;
    lead_unvalidated(&l, "/large", 30 * MIB);
    viewer_init(&stalled, &site, l.object);
    viewer_init(&v, &site, l.object);
    assert_int_equal(viewer_read(&stalled, 10), 0);
    run_crowd(&l, &v, 1, 30 * MIB);
    assert_int_equal(v.last, CACHE_READ_END);
    assert_true(stalled.wakes > 0);
    assert_int_equal(viewer_read(&stalled, 10), 0);
    assert_int_equal(stalled.last, CACHE_READ_CUT);
    viewer_fini(&stalled);
    viewer_fini(&v);
    leader_fini(&l, true);
}

static void eight_laggards_with_a_validator_are_sent_away(void **state)
{
    (void)state;
    enum { COUNT = 8 };
    struct leader l;
    struct viewer laggards[COUNT];
    struct viewer v;
    lead(&l, "/large", 30 * MIB);
    for (unsigned i = 0; i < COUNT; i++)
        viewer_init(&laggards[i], &site, l.object);
    viewer_init(&v, &site, l.object);
    run_crowd(&l, &v, 1, 30 * MIB);
    assert_int_equal(v.last, CACHE_READ_END);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(viewer_read(&laggards[i], 10), 0);
        assert_int_equal(laggards[i].last, CACHE_READ_GONE);
        viewer_fini(&laggards[i]);
    }
    viewer_fini(&v);
    leader_fini(&l, true);
}

static void of_nine_laggards_none_is_sent_away_but_all_are_cut_in_the_end(void **state)
{
    (void)state;
    enum { COUNT = 9 };
    struct leader l;
    struct viewer laggards[COUNT];
    struct viewer v;
    lead(&l, "/large", 30 * MIB);
    for (unsigned i = 0; i < COUNT; i++)
        viewer_init(&laggards[i], &site, l.object);
    viewer_init(&v, &site, l.object);
    run_crowd(&l, &v, 1, 30 * MIB);
    for (unsigned i = 0; i < COUNT; i++) {
        (void)viewer_read(&laggards[i], 10);
        assert_int_equal(laggards[i].last, CACHE_READ_CUT);
        viewer_fini(&laggards[i]);
    }
    viewer_fini(&v);
    leader_fini(&l, true);
}

static void the_front_is_held_until_waiters_have_begun_to_read(void **state)
{
    (void)state;
    struct cache_request a = get("/large");
    struct cache_head head = site_head_of(&site, &a, 40 * MIB);
    struct cache_fetch *f = site_lead(&site, &a);
    struct waiting w;
    waiting_join(&w, &site, &a);
    struct leader l;
    leader_publish(&l, f, &a, &head);
    struct viewer v;
    viewer_init(&v, &site, l.object);
    for (int i = 0; i < 100 && l.may_send; i++) {
        leader_send(&l, MIB);
        (void)viewer_read(&v, MIB);
    }
    assert_in_range(l.sent, 4 * MIB, 12 * MIB);
    struct cache_reader early = {0};
    assert_true(cache_reader_init(&early, site.thread, l.object)); /* nothing was given up */
    cache_reader_fini(&early);
    waiting_fini(&w);
    run_crowd(&l, &v, 1, 40 * MIB);
    assert_int_equal(v.last, CACHE_READ_END);
    viewer_fini(&v);
    leader_fini(&l, true);
}

static void slices_go_as_the_last_viewers_read_on_after_the_end(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    struct viewer slow;
    lead_unvalidated(&l, "/large", 9 * MIB);
    viewer_init(&v, &site, l.object);
    viewer_init(&slow, &site, l.object);
    while (l.fill != NULL) {
        leader_send(&l, 9 * MIB - l.sent);
        (void)viewer_read(&v, MIB);
        (void)viewer_read(&slow, slow.reader.position < 2 * MIB ? MIB : 0);
        if (l.sent == 9 * MIB) {
            cache_fill_end(l.fill, true);
            l.fill = NULL;
        }
        site_turn(&site);
    }
    viewer_fini(&v);
    size_t before = cache_memory_bytes(site.cache);
    assert_in_range(before, 7 * MIB, 8 * MIB);
    assert_int_equal(viewer_read(&slow, 3 * MIB), 3 * MIB);
    assert_true(cache_memory_bytes(site.cache) <= before - 2 * MIB);
    assert_int_equal(viewer_read(&slow, 9 * MIB), 4 * MIB);
    assert_int_equal(slow.last, CACHE_READ_END);
    viewer_fini(&slow);
    leader_fini(&l, true);
}

static void where_viewers_hold_all_memory_nothing_new_is_stored_until_they_leave(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    static struct viewer viewers[COUNT];
    unsigned held = 0;
    struct leader before;
    lead_unvalidated(&before, "/before", 6 * MIB);
    struct cache_object *o;
    struct cache_fill *fill;
    while (held < COUNT) {
        struct cache_request request = get(arena_printf(&arena, "/%u", held));
        struct cache_head head = site_head_of(&site, &request, MIB);
        struct cache_fetch *f = site_lead(&site, &request);
        if (!cache_fetch_publish(f, &request, &head, &o, &fill)) {
            cache_fetch_release(f, false);
            break;
        }
        struct leader l = {.fill = fill, .object = o, .may_send = true};
        cache_object_ref(o);
        viewer_init(&viewers[held++], &site, o);
        leader_send(&l, MIB);
        leader_fini(&l, l.sent == MIB);
        assert_true(cache_memory_bytes(site.cache) <= 16 * MIB);
        site_turn(&site);
    }
    assert_in_range(held, 12, 17);
    struct viewer v; /* and a fill that began before lives on what it has */
    viewer_init(&v, &site, before.object);
    run_crowd(&before, &v, 1, 6 * MIB);
    assert_int_equal(v.last, CACHE_READ_END);
    viewer_fini(&v);
    leader_fini(&before, true);
    for (unsigned i = 0; i < held; i++)
        viewer_fini(&viewers[i]);
    site_until_bytes(&site, 15 * MIB);
    struct leader l;
    lead(&l, "/after", MIB);
    leader_fini(&l, false);
}

static void a_full_cache_evicts_and_goes_on(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        struct leader l;
        lead(&l, arena_printf(&arena, "/%u", i), 200 * KIB);
        leader_send(&l, 200 * KIB);
        leader_fini(&l, true);
        assert_true(is_found(arena_printf(&arena, "/%u", i)));
        assert_true(cache_memory_bytes(site.cache) <= 16 * MIB);
        site_until_bytes(&site, 15 * MIB);
    }
    assert_false(is_found("/0"));
}

static void what_somebody_reads_is_not_evicted(void **state)
{
    (void)state;
    struct leader l;
    struct viewer v;
    lead(&l, "/read", 200 * KIB);
    viewer_init(&v, &site, l.object);
    leader_send(&l, 200 * KIB);
    leader_fini(&l, true);
    for (unsigned i = 0; i < 200; i++) {
        lead(&l, arena_printf(&arena, "/%u", i), 200 * KIB);
        leader_send(&l, 200 * KIB);
        leader_fini(&l, true);
        site_until_bytes(&site, 15 * MIB);
    }
    assert_false(is_found("/0"));
    assert_true(is_found("/read"));
    assert_int_equal(viewer_read(&v, MIB), 200 * KIB);
    viewer_fini(&v);
}

static void what_is_read_twice_outlives_a_scan(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        struct leader l;
        lead(&l, arena_printf(&arena, "/hot/%u", i), 200 * KIB);
        leader_send(&l, 200 * KIB);
        leader_fini(&l, true);
    }
    for (unsigned i = 0; i < 400; i++) {
        struct leader l;
        lead(&l, arena_printf(&arena, "/scan/%u", i), 200 * KIB);
        leader_send(&l, 200 * KIB);
        leader_fini(&l, true);
        assert_true(is_found(arena_printf(&arena, "/hot/%u", i % 20)));
        site_until_bytes(&site, 15 * MIB);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_STALL(name) cmocka_unit_test_setup_teardown(name, setup_short_stall, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_viewer_gets_bytes_as_they_come),
        TEST(a_viewer_of_a_range_gets_its_bytes_and_no_others),
        TEST(a_complete_body_is_read_from_any_position),
        TEST(a_cut_body_is_read_up_to_the_cut),
        TEST(bytes_beyond_the_length_are_dropped),
        TEST(a_small_body_takes_what_it_needs),
        TEST(the_length_of_a_chunked_body_is_known_in_the_end),
        TEST(a_fill_waits_for_its_fastest_viewer),
        TEST(without_viewers_what_can_be_kept_is_filled_to_the_end),
        TEST(without_viewers_what_cannot_be_kept_is_abandoned),
        TEST(what_was_read_already_is_taken_after_a_wait),
        TEST(a_hundred_slow_viewers_of_64_mib_get_every_byte_through_16_mib),
        TEST(newcomers_do_not_find_a_body_without_its_front),
        TEST_STALL(a_stalled_viewer_is_cut_and_the_others_go_on),
        TEST(eight_laggards_with_a_validator_are_sent_away),
        TEST_STALL(of_nine_laggards_none_is_sent_away_but_all_are_cut_in_the_end),
        TEST(the_front_is_held_until_waiters_have_begun_to_read),
        TEST(slices_go_as_the_last_viewers_read_on_after_the_end),
        TEST(where_viewers_hold_all_memory_nothing_new_is_stored_until_they_leave),
        TEST(a_full_cache_evicts_and_goes_on),
        TEST(what_somebody_reads_is_not_evicted),
        TEST(what_is_read_twice_outlives_a_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
