// SPDX-License-Identifier: Apache-2.0
// Invalidations: what a path names, when it takes effect, and what it does to fetches under way.
#include "cache/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "shared/test_arena.h"

static struct site site;

static int setup(void **state)
{
    const struct cache_options options = {.memory_bytes = 32 << 20};
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

static void store(const char *uri)
{
    struct cache_request request = get(uri);
    struct cache_head head = site_head_of(&site, &request, 1);
    site_store(&site, &request, &head, "x");
}

static bool is_found(const char *uri)
{
    struct cache_request request = get(uri);
    return site_find(&site, &request) != NULL;
}

static void invalidate(const char *path)
{
    static uint64_t number;
    struct slice paths = slice_str(path);
    cache_scope_invalidate(site.scope, ++number, &paths, 1);
    assert_int_equal(cache_scope_number(site.scope), number);
}

static void a_path_names_the_entry_without_a_query_alone(void **state)
{
    (void)state;
    static const char *const uris[] = {"/x", "/x?q", "/x/y", "/X", "/"};
    for (size_t i = 0; i < ARRAY_LEN(uris); i++)
        store(uris[i]);
    invalidate("/x");
    assert_false(is_found("/x"));
    for (size_t i = 1; i < ARRAY_LEN(uris); i++)
        assert_true(is_found(uris[i]));
    store("/x");
    assert_true(is_found("/x"));
}

static void a_star_names_all_that_begins_like_it(void **state)
{
    (void)state;
    static const char *const gone[] = {"/x", "/x?q", "/x/y", "/xyz?a=b"};
    static const char *const kept[] = {"/", "/y", "/X", "/a/x"};
    for (size_t i = 0; i < 4; i++) {
        store(gone[i]);
        store(kept[i]);
    }
    invalidate("/x*");
    for (size_t i = 0; i < 4; i++) {
        assert_false(is_found(gone[i]));
        assert_true(is_found(kept[i]));
    }
    invalidate("/a/x?*"); /* a '?' is a byte like others */
    assert_true(is_found("/a/x"));
}

static void a_star_elsewhere_is_a_byte_like_others(void **state)
{
    (void)state;
    store("/a*b");
    store("/acb");
    invalidate("/a*b");
    assert_false(is_found("/a*b"));
    assert_true(is_found("/acb"));
}

static void everything_is_named_by_slash_star_and_by_star(void **state)
{
    (void)state;
    static const char *const all[] = {"/*", "*"};
    for (size_t i = 0; i < 2; i++) {
        store("/");
        store("/x?q");
        invalidate(all[i]);
        assert_false(is_found("/"));
        assert_false(is_found("/x?q"));
    }
    store("/x?q");
    assert_true(is_found("/x?q"));
}

static void the_lengths_of_paths_are_told_apart_up_to_4096_bytes(void **state)
{
    (void)state;
    char text[4200];
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    text[4100] = '\0';
    store(text);
    text[4000] = '*';
    text[4001] = '\0';
    text[3999] = 'b';
    invalidate(text);
    text[3999] = text[4000] = text[4001] = 'a';
    assert_true(is_found(text));
    text[4096] = '*';
    text[4097] = '\0';
    invalidate(text);
    text[4096] = text[4097] = 'a';
    assert_false(is_found(text));
}

static void variants_go_together(void **state)
{
    (void)state;
    struct cache_request requests[3];
    for (unsigned i = 0; i < 3; i++) {
        requests[i] = site_get(&site, "/a", arena_printf(&arena, "Accept: %u", i));
        struct cache_head head = site_head(&site, &requests[i], "Accept");
        site_store(&site, &requests[i], &head, "x");
    }
    invalidate("/a");
    for (unsigned i = 0; i < 3; i++)
        assert_null(site_find(&site, &requests[i]));
}

static void a_touch_names_one_uri(void **state)
{
    (void)state;
    store("/a");
    store("/a?q");
    uint64_t number = cache_scope_number(site.scope);
    cache_scope_touch(site.scope, SLICE_LIT("/a?q"));
    assert_false(is_found("/a?q"));
    assert_true(is_found("/a"));
    assert_int_equal(cache_scope_number(site.scope), number);
}

static void other_distributions_are_not_concerned(void **state)
{
    (void)state;
    assert_null(cache_scope_find(site.cache, "D2"));
    struct cache_scope *other = cache_scope_get(site.cache, "D2");
    assert_ptr_not_equal(other, site.scope);
    struct cache_scope *again = cache_scope_find(site.cache, "D2");
    assert_ptr_equal(again, other);
    struct slice all = SLICE_LIT("/*");
    store("/a");
    cache_scope_invalidate(other, 1, &all, 1);
    assert_true(is_found("/a"));
    cache_scope_unref(again);
    cache_scope_unref(other);
    assert_null(cache_scope_find(site.cache, "D2"));
}

static void objects_keep_their_scope(void **state)
{
    (void)state;
    store("/a");
    cache_scope_unref(site.scope); /* of the world that is gone */
    invalidate("/nothing");
    uint64_t number = cache_scope_number(site.scope);
    site.scope = cache_scope_get(site.cache, "D1");
    assert_int_equal(cache_scope_number(site.scope), number);
    assert_true(is_found("/a"));
}

static void a_lost_history_outdates_all_distributions(void **state)
{
    (void)state;
    store("/a");
    invalidate("/b");
    cache_invalidate_all(site.cache, 3);
    assert_false(is_found("/a"));
    assert_int_equal(cache_scope_number(site.scope), 3);
    struct cache_scope *later = cache_scope_get(site.cache, "D2");
    assert_int_equal(cache_scope_number(later), 3);
    cache_scope_unref(later);
    store("/a");
    assert_true(is_found("/a"));
}

/* ---- fetches under way */

static void
a_fetch_that_began_before_is_not_joined_and_its_object_serves_its_waiters_only(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_fetch *old = site_lead(&site, &a);
    struct waiting before;
    waiting_join(&before, &site, &a);
    invalidate("/a");
    struct cache_fetch *fresh = site_lead(&site, &a);
    struct waiting after;
    waiting_join(&after, &site, &a);

    struct cache_head head = site_head(&site, &a, "");
    struct cache_object *o;
    struct cache_fill *fill;
    assert_true(cache_fetch_publish(old, &a, &head, &o, &fill));
    cache_fill_end(fill, true);
    site_turn(&site);
    assert_int_equal(before.info.outcome, CACHE_FETCH_OBJECT);
    assert_int_equal(after.outcomes, 0);
    assert_false(is_found("/a"));
    waiting_fini(&before);

    assert_true(cache_fetch_publish(fresh, &a, &head, &o, &fill));
    cache_fill_end(fill, true);
    site_turn(&site);
    assert_int_equal(after.info.outcome, CACHE_FETCH_OBJECT);
    waiting_fini(&after);
    assert_true(is_found("/a"));
}

static void a_fetch_of_another_uri_is_joined_as_before(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_fetch *f = site_lead(&site, &a);
    invalidate("/b*");
    struct waiting w;
    waiting_join(&w, &site, &a);
    cache_fetch_release(f, false);
    site_turn(&site);
    assert_int_equal(w.outcomes, 1);
}

static void an_object_that_still_fills_is_not_found_after_an_invalidation(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_head head = site_head(&site, &a, "");
    struct leader l;
    leader_init(&l, &site, &a, &head);
    struct viewer v;
    viewer_init(&v, &site, l.object);
    leader_send(&l, 10);
    invalidate("/a");
    struct cache_object *o;
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_MISS);
    leader_send(&l, 10);
    leader_fini(&l, true);
    assert_int_equal(viewer_read(&v, 100), 20); /* who reads it already reads it all */
    assert_int_equal(v.last, CACHE_READ_END);
    viewer_fini(&v);
    assert_int_equal(cache_find(site.thread, &a, &o), CACHE_MISS);
}

/* find; invalidate; join; 304: once with the join told what is revalidated, once without. */
static void check_304(bool tells_stale)
{
    struct cache_request a = get("/a");
    struct cache_head head = site_head(&site, &a, "");
    site_store(&site, &a, &head, "old");
    struct cache_object *stale;
    assert_int_equal(cache_find(site.thread, &a, &stale), CACHE_OBJECT);
    cache_object_ref(stale);
    invalidate("/a");
    a.stale = tells_stale ? stale : NULL;
    struct cache_fetch *f = site_lead(&site, &a);

    struct cache_request late = get("/a");
    struct waiting w;
    struct cache_fetch *second = NULL;
    waiting_init(&w);
    bool has_joined = cache_fetch_join(site.thread, &late, &w.waiter, &second);
    assert_int_equal(has_joined, !tells_stale);
    struct cache_object *o;
    assert_true(cache_fetch_refresh(f, &a, stale, &head, &o));
    cache_object_unref(stale);
    site_turn(&site);
    assert_false(is_found("/a"));
    if (has_joined)
        assert_int_equal(w.info.outcome, CACHE_FETCH_RELEASED);
    else
        cache_fetch_release(second, false);
    waiting_fini(&w);
}

static void a_304_does_not_revive_what_was_invalidated(void **state)
{
    (void)state;
    check_304(true);
    check_304(false);
}

/* ---- bounds */

static void past_65536_entries_the_older_half_counts_as_everything(void **state)
{
    (void)state;
    store("/before");
    invalidate("/0");
    store("/early");
    for (unsigned i = 1; i < 65536; i++) {
        invalidate(arena_printf(&arena, "/%u", i));
        if (i == 65000)
            store("/late");
    }
    assert_true(is_found("/before"));
    invalidate("/0"); /* known already */
    assert_true(is_found("/before"));
    invalidate("/65536");
    assert_false(is_found("/before"));
    assert_false(is_found("/early"));
    assert_true(is_found("/late"));
    store("/65000");
    assert_true(is_found("/65000"));
    invalidate("/l*");
    assert_false(is_found("/late"));
}

static void touching_what_is_not_cached_leaves_the_rest_alone(void **state)
{
    (void)state;
    store("/kept");
    for (unsigned i = 0; i < 200000; i++)
        cache_scope_touch(site.scope, slice_str(arena_printf(&arena, "/new/%u", i)));
    assert_true(is_found("/kept"));
    cache_scope_touch(site.scope, SLICE_LIT("/kept"));
    assert_false(is_found("/kept"));
}

static void a_touch_reaches_a_fetch_that_is_under_way(void **state)
{
    (void)state;
    struct cache_request a = get("/a");
    struct cache_head head = site_head(&site, &a, "");
    head.has_length = true;
    struct cache_fetch *f = site_lead(&site, &a);
    cache_scope_touch(site.scope, SLICE_LIT("/a"));
    struct cache_object *o;
    struct cache_fill *fill;
    assert_true(cache_fetch_publish(f, &a, &head, &o, &fill));
    assert_null(fill);
    assert_false(is_found("/a"));
}

static void one_invalidation_of_more_than_fits_outdates_everything(void **state)
{
    (void)state;
    enum { COUNT = 70000 };
    struct slice *paths = arena_array(&arena, COUNT, sizeof(*paths));
    for (unsigned i = 0; i < COUNT; i++)
        paths[i] = slice_str(arena_printf(&arena, "/%u", i));
    store("/a");
    store("/69999");
    cache_scope_invalidate(site.scope, 1, paths, COUNT);
    assert_false(is_found("/a"));
    assert_false(is_found("/69999"));
    store("/a");
    assert_true(is_found("/a"));
}

/* ---- against a naive matcher */

enum { MODEL_MAX = 400 };

struct model_path {
    const char *text;
    unsigned when;
};

static bool names(const char *path, const char *uri)
{
    size_t len = strlen(path);
    if (len > 0 && path[len - 1] == '*')
        return strncmp(path, uri, len - 1) == 0;
    return strcmp(path, uri) == 0;
}

static const char *random_path(struct prng *random, bool may_end_in_star)
{
    static const char alphabet[] = "aab/?*";
    char text[12] = "/";
    size_t len = 1 + prng_below(random, 7);
    for (size_t i = 1; i < len; i++)
        text[i] = alphabet[prng_below(random, sizeof(alphabet) - 1)];
    if (may_end_in_star && prng_below(random, 3) == 0)
        text[len++] = '*';
    text[len] = '\0';
    return arena_strdup(&arena, text);
}

/* A uri as keys have it. */
static const char *random_uri(struct prng *random)
{
    struct cache_request request = get(random_path(random, false));
    return arena_str(&arena, request.key->uri);
}

/* Whether anything after the storing names the uri. */
static bool is_outdated_by(const struct model_path *paths, unsigned count, const char *uri,
                           unsigned stored)
{
    for (unsigned i = 0; i < count; i++) {
        if (paths[i].when > stored && names(paths[i].text, uri))
            return true;
    }
    return false;
}

static void the_table_finds_what_a_naive_matcher_finds(void **state)
{
    (void)state;
    struct prng random;
    prng_init_fixed(&random, 11);
    for (unsigned round = 0; round < 30; round++) {
        struct model_path paths[MODEL_MAX];
        struct model_path stored[MODEL_MAX];
        unsigned count = 0;
        for (unsigned now = 0; now < MODEL_MAX; now++) {
            stored[now] = (struct model_path){random_uri(&random), now};
            store(stored[now].text);
            if (prng_below(&random, 4) == 0) {
                paths[count] = (struct model_path){random_path(&random, true), now + 1};
                invalidate(paths[count++].text);
            }
            unsigned which = prng_below(&random, now + 1);
            unsigned newest = which;
            for (unsigned i = which; i <= now; i++)
                newest = strcmp(stored[i].text, stored[which].text) == 0 ? i : newest;
            bool is_outdated =
                is_outdated_by(paths, count, stored[newest].text, stored[newest].when);
            assert_int_equal(is_found(stored[newest].text), !is_outdated);
        }
        invalidate("/*");
        site_turn(&site);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_path_names_the_entry_without_a_query_alone),
        TEST(a_star_names_all_that_begins_like_it),
        TEST(a_star_elsewhere_is_a_byte_like_others),
        TEST(everything_is_named_by_slash_star_and_by_star),
        TEST(the_lengths_of_paths_are_told_apart_up_to_4096_bytes),
        TEST(variants_go_together),
        TEST(a_touch_names_one_uri),
        TEST(other_distributions_are_not_concerned),
        TEST(objects_keep_their_scope),
        TEST(a_lost_history_outdates_all_distributions),
        TEST(a_fetch_that_began_before_is_not_joined_and_its_object_serves_its_waiters_only),
        TEST(a_fetch_of_another_uri_is_joined_as_before),
        TEST(an_object_that_still_fills_is_not_found_after_an_invalidation),
        TEST(a_304_does_not_revive_what_was_invalidated),
        TEST(past_65536_entries_the_older_half_counts_as_everything),
        TEST(touching_what_is_not_cached_leaves_the_rest_alone),
        TEST(a_touch_reaches_a_fetch_that_is_under_way),
        TEST(one_invalidation_of_more_than_fits_outdates_everything),
        TEST(the_table_finds_what_a_naive_matcher_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
