// SPDX-License-Identifier: Apache-2.0
// Look-ups, variants, markers, and the collapse of fetches, on one thread.
#include "cache/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "shared/test_arena.h"

static struct site site;

static int setup(void **state)
{
    const struct cache_options options = {.memory_bytes = 4 << 20};
    (void)arena_setup(state);
    site_init(&site, &options);
    return 0;
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

static void store(const struct cache_request *request, const char *vary, const char *body)
{
    struct cache_head head = site_head(&site, request, vary);
    site_store(&site, request, &head, body);
}

static void what_was_stored_is_found_whole(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    assert_null(site_find(&site, &a));
    store(&a, "", "hello");
    assert_string_equal(site_find(&site, &a), "hello");
    struct cache_request b = get("/a?q");
    assert_null(site_find(&site, &b));
}

static void a_later_answer_replaces_an_earlier_one(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    store(&a, "", "one");
    struct cache_object *o;
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_OBJECT);
    a.stale = o;
    store(&a, "", "two");
    assert_string_equal(site_find(&site, &a), "two");
}

static void heads_and_fields_are_copies(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    char value[] = "blue";
    struct cache_head head = site_head(&site, &a, "Accept");
    http_fields_add_str(&arena, &head.fields, "X-Colour", value);
    site_store(&site, &a, &head, "x");
    value[0] = 'g';
    struct cache_object *o;
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_OBJECT);
    const struct cache_head *kept = cache_object_head(o);
    assert_int_equal(kept->status, 200);
    assert_true(slice_equal(*http_fields_get(&kept->fields, "x-colour"), SLICE_LIT("blue")));
    assert_true(slice_equal(kept->verdict.vary, SLICE_LIT("Accept")));
}

static void the_age_is_what_it_was_and_the_time_since(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_head head = site_head(&site, &a, "");
    head.verdict.initial_age_s = 5;
    site_store(&site, &a, &head, "x");
    struct cache_object *o;
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_OBJECT);
    assert_int_equal(cache_object_age_s(o, head.response_ns), 5);
    assert_int_equal(cache_object_age_s(o, head.response_ns + NS_PER_S - 1), 5);
    assert_int_equal(cache_object_age_s(o, head.response_ns + 7 * NS_PER_S), 12);
    assert_int_equal(cache_object_age_s(o, head.response_ns - 7 * NS_PER_S), 5);
    assert_int_equal(cache_object_held_until_ns(o), 0);
    cache_object_hold(o, 77);
    assert_int_equal(cache_object_held_until_ns(o), 77);
}

static void variants_are_found_by_the_fields_that_vary_names(void **state)
{
    (void)state;
    struct cache_request gzip = site_get(&site, "/a", "Accept-Encoding: gzip");
    struct cache_request br = site_get(&site, "/a", "accept-encoding: br");
    struct cache_request none = get("/a");
    store(&gzip, "accept-encoding", "G");
    assert_null(site_find(&site, &br));
    assert_null(site_find(&site, &none));
    store(&br, "Accept-Encoding", "B");
    store(&none, "Accept-Encoding", "N");
    assert_string_equal(site_find(&site, &gzip), "G");
    assert_string_equal(site_find(&site, &br), "B");
    assert_string_equal(site_find(&site, &none), "N");
}

static void a_field_on_two_lines_is_the_same_as_on_one(void **state)
{
    (void)state;
    struct cache_request one = site_get(&site, "/a", "Accept: a,b");
    struct cache_request two = site_get(&site, "/a", "Accept: a");
    http_fields_add_str(&arena, (struct http_fields *)(uintptr_t)two.sent, "ACCEPT", "b");
    store(&one, "Accept, *", "x");
    assert_string_equal(site_find(&site, &two), "x");
}

static void an_empty_field_is_not_an_absent_one(void **state)
{
    (void)state;
    struct cache_request empty = site_get(&site, "/a", "Accept:");
    store(&empty, "Accept", "x");
    assert_string_equal(site_find(&site, &empty), "x");
    struct cache_request absent = get("/a");
    assert_null(site_find(&site, &absent));
}

static void of_65_variants_the_oldest_goes(void **state)
{
    (void)state;
    struct cache_request requests[65];
    for (unsigned i = 0; i < 65; i++) {
        requests[i] = site_get(&site, "/a", arena_printf(&arena, "Accept: %u", i));
        store(&requests[i], "Accept", "x");
    }
    assert_null(site_find(&site, &requests[0]));
    assert_non_null(site_find(&site, &requests[1]));
    assert_non_null(site_find(&site, &requests[64]));
}

static void an_answer_to_head_answers_only_head(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_request head = a;
    head.is_head = true;
    store(&head, "", NULL);
    assert_null(site_find(&site, &a));
    assert_string_equal(site_find(&site, &head), "");
    store(&a, "", "body");
    assert_string_equal(site_find(&site, &a), "body");
    assert_string_equal(site_find(&site, &head), "body");
}

static void a_marker_ends_and_takes_what_was_stored_along(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    store(&a, "", "x");
    struct cache_object *o;
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_OBJECT);
    a.stale = o;
    cache_fetch_release(site_lead(&site, &a), true);
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_UNSHAREABLE);
    a.now_ns += 11 * NS_PER_S;
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_MISS);
    store(&a, "", "y");
    a.now_ns -= 11 * NS_PER_S;
    assert_string_equal(site_find(&site, &a), "y");
}

static void a_release_without_a_mark_leaves_nothing(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    cache_fetch_release(site_lead(&site, &a), false);
    assert_null(site_find(&site, &a));
}

static void waiters_get_the_object_of_the_leader_and_only_then(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_fetch *f = site_lead(&site, &a);
    struct waiting w[3];
    for (unsigned i = 0; i < 3; i++)
        waiting_join(&w[i], &site, &a);
    site_turn(&site);
    assert_int_equal(w[0].outcomes, 0);
    struct cache_head head = site_head(&site, &a, "");
    struct cache_object *o;
    struct cache_fill *fill;
    assert_true(cache_fetch_publish(f, &a, &head, &o, &fill));
    assert_int_equal(w[0].outcomes, 0); /* never from within the leader's call */
    waiting_fini(&w[1]);
    site_turn(&site);
    assert_int_equal(w[0].outcomes, 1);
    assert_int_equal(w[0].info.outcome, CACHE_FETCH_OBJECT);
    assert_ptr_equal(w[0].info.object, o);
    assert_int_equal(w[1].outcomes, 0);
    assert_int_equal(w[2].outcomes, 1);
    cache_fill_end(fill, true);
    waiting_fini(&w[0]);
    waiting_fini(&w[2]);
}

static void a_failure_of_the_leader_is_shared(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_fetch *f = site_lead(&site, &a);
    struct waiting w;
    waiting_join(&w, &site, &a);
    cache_fetch_fail(f, 504, 9);
    site_turn(&site);
    assert_int_equal(w.info.outcome, CACHE_FETCH_FAILED);
    assert_int_equal(w.info.status, 504);
    assert_int_equal(w.info.reason, 9);
    struct cache_fetch *next = site_lead(&site, &a); /* it is not remembered */
    cache_fetch_release(next, false);
}

static void an_answer_that_cannot_be_shared_releases_all_and_who_comes_next(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_fetch *f = site_lead(&site, &a);
    struct waiting early;
    struct waiting late;
    waiting_join(&early, &site, &a);
    cache_fetch_release(f, true);
    waiting_join(&late, &site, &a); /* it had looked up before the release */
    site_turn(&site);
    assert_int_equal(early.info.outcome, CACHE_FETCH_RELEASED);
    assert_false(early.info.is_other_variant);
    assert_int_equal(late.info.outcome, CACHE_FETCH_RELEASED);
}

static void waiters_of_another_variant_are_released_and_collapse_among_themselves(void **state)
{
    (void)state;
    struct cache_request gzip = site_get(&site, "/a", "Accept-Encoding: gzip");
    struct cache_request br = site_get(&site, "/a", "Accept-Encoding: br");
    struct cache_fetch *f = site_lead(&site, &gzip);
    struct waiting same;
    struct waiting other;
    waiting_join(&same, &site, &gzip);
    waiting_join(&other, &site, &br); /* nobody knows yet that it varies */
    struct cache_head head = site_head(&site, &gzip, "Accept-Encoding");
    struct cache_object *o;
    struct cache_fill *fill;
    assert_true(cache_fetch_publish(f, &gzip, &head, &o, &fill));
    cache_fill_end(fill, true);
    site_turn(&site);
    assert_int_equal(same.info.outcome, CACHE_FETCH_OBJECT);
    assert_int_equal(other.info.outcome, CACHE_FETCH_RELEASED);
    assert_true(other.info.is_other_variant);
    waiting_fini(&same);

    f = site_lead(&site, &br);
    struct cache_request none = get("/a");
    struct cache_fetch *another = site_lead(&site, &none);
    waiting_join(&other, &site, &br);
    cache_fetch_fail(another, 502, 0);
    site_turn(&site);
    assert_int_equal(other.outcomes, 0);
    cache_fetch_fail(f, 502, 0);
    site_turn(&site);
    assert_int_equal(other.outcomes, 1);
}

static void a_get_does_not_wait_for_a_head(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_request head = a;
    head.is_head = true;
    struct cache_fetch *of_head = site_lead(&site, &head);
    struct cache_fetch *of_get = site_lead(&site, &a);
    struct waiting w;
    waiting_join(&w, &site, &head);
    cache_fetch_release(of_get, false);
    cache_fetch_release(of_head, false);
    site_turn(&site);
    assert_int_equal(w.outcomes, 1);
}

static void who_joins_after_the_end_is_answered_as_if_it_had_waited(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    assert_null(site_find(&site, &a));
    store(&a, "", "x"); /* by another thread, between look-up and join */
    struct waiting w;
    waiting_join(&w, &site, &a);
    assert_int_equal(w.outcomes, 0);
    site_turn(&site);
    assert_int_equal(w.info.outcome, CACHE_FETCH_OBJECT);
    waiting_fini(&w);

    struct cache_object *o;
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_OBJECT);
    a.stale = o;
    cache_fetch_release(site_lead(&site, &a), false); /* what is revalidated does not answer */
    a.stale = NULL;
    a.now_ns += 100 * NS_PER_S;
    cache_fetch_release(site_lead(&site, &a), false); /* nor does what is stale by itself */
}

static void what_was_never_fresh_is_for_its_leader_alone(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_fetch *f = site_lead(&site, &a);
    struct waiting w;
    waiting_join(&w, &site, &a);
    struct cache_head head = site_head_of(&site, &a, 1);
    head.verdict.lifetime_s = 0;
    struct cache_object *o;
    struct cache_fill *fill;
    assert_true(cache_fetch_publish(f, &a, &head, &o, &fill));
    (void)cache_fill_append(fill, SLICE_LIT("x"));
    cache_fill_end(fill, true);
    site_turn(&site);
    assert_int_equal(w.info.outcome, CACHE_FETCH_RELEASED);
    assert_string_equal(site_find(&site, &a), "x"); /* to be validated */
    f = site_lead(&site, &a);                       /* by whoever comes, not answered by it */
    waiting_join(&w, &site, &a);
    assert_true(cache_fetch_refresh(f, &a, o, &head, &o));
    site_turn(&site);
    assert_int_equal(w.info.outcome, CACHE_FETCH_RELEASED);
}

static void a_release_with_a_mark_drops_what_was_revalidated(void **state)
{
    (void)state;
    struct cache_request first = site_get(&site, "/a", "Accept: x");
    struct cache_request second = site_get(&site, "/a", "Accept-Language: de");
    store(&first, "Accept", "one");
    store(&second, "Accept-Language", "two"); /* the origin now tells variants apart otherwise */
    struct cache_object *o;
    assert_int_equal(cache_find(site.thread, &first, &o), CACHE_OBJECT);
    first.stale = o;
    cache_fetch_release(site_lead(&site, &first), true);
    assert_string_equal(site_find(&site, &first), "");
    first.now_ns += 11 * NS_PER_S;
    assert_null(site_find(&site, &first));
    assert_string_equal(site_find(&site, &second), "two");
}

static void a_304_puts_a_new_head_over_the_same_body(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    store(&a, "", "body");
    struct cache_object *stale;
    assert_int_equal(cache_find(site.thread, &a, &stale), CACHE_OBJECT);
    const uint8_t *bytes = cache_object_whole(stale).data;
    size_t before = cache_memory_bytes(site.cache);
    a.stale = stale;
    struct cache_fetch *f = site_lead(&site, &a);
    struct waiting w;
    waiting_join(&w, &site, &a);
    struct cache_head head = site_head(&site, &a, "");
    head.verdict.lifetime_s = 120;
    struct cache_object *fresh;
    assert_true(cache_fetch_refresh(f, &a, stale, &head, &fresh));
    assert_ptr_equal(cache_object_whole(fresh).data, bytes);
    assert_int_equal(cache_object_head(fresh)->verdict.lifetime_s, 120);
    site_turn(&site);
    assert_ptr_equal(w.info.object, fresh);
    waiting_fini(&w);
    assert_string_equal(site_find(&site, &a), "body");
    site_until_bytes(&site, before); /* the old head went */
}

static void an_answer_without_a_body_has_no_fill(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_head head = site_head_of(&site, &a, 0);
    struct cache_object *o;
    struct cache_fill *fill;
    assert_true(cache_fetch_publish(site_lead(&site, &a), &a, &head, &o, &fill));
    assert_null(fill);
    assert_non_null(cache_object_whole(o).data);
    struct cache_reader r = {0};
    struct slice bytes;
    assert_true(cache_reader_init(&r, site.thread, o));
    assert_int_equal(cache_reader_next(&r, &bytes), CACHE_READ_END);
    cache_reader_fini(&r);
}

static void a_body_that_was_cut_is_not_found(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_head head = site_head_of(&site, &a, 10);
    for (int is_whole = 0; is_whole < 2; is_whole++) { /* cut, and shorter than its length */
        struct cache_object *o;
        struct cache_fill *fill;
        assert_true(cache_fetch_publish(site_lead(&site, &a), &a, &head, &o, &fill));
        (void)cache_fill_append(fill, site_bytes(0, 9));
        assert_int_equal(cache_find(site.thread, &a, &o), CACHE_OBJECT);
        cache_fill_end(fill, is_whole);
        assert_int_equal(cache_find(site.thread, &a, &o), CACHE_MISS);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_stored_is_found_whole),
        TEST(a_later_answer_replaces_an_earlier_one),
        TEST(heads_and_fields_are_copies),
        TEST(the_age_is_what_it_was_and_the_time_since),
        TEST(variants_are_found_by_the_fields_that_vary_names),
        TEST(a_field_on_two_lines_is_the_same_as_on_one),
        TEST(an_empty_field_is_not_an_absent_one),
        TEST(of_65_variants_the_oldest_goes),
        TEST(an_answer_to_head_answers_only_head),
        TEST(a_marker_ends_and_takes_what_was_stored_along),
        TEST(a_release_without_a_mark_leaves_nothing),
        TEST(waiters_get_the_object_of_the_leader_and_only_then),
        TEST(a_failure_of_the_leader_is_shared),
        TEST(an_answer_that_cannot_be_shared_releases_all_and_who_comes_next),
        TEST(waiters_of_another_variant_are_released_and_collapse_among_themselves),
        TEST(a_get_does_not_wait_for_a_head),
        TEST(who_joins_after_the_end_is_answered_as_if_it_had_waited),
        TEST(what_was_never_fresh_is_for_its_leader_alone),
        TEST(a_release_with_a_mark_drops_what_was_revalidated),
        TEST(a_304_puts_a_new_head_over_the_same_body),
        TEST(an_answer_without_a_body_has_no_fill),
        TEST(a_body_that_was_cut_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
