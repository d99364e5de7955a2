// SPDX-License-Identifier: Apache-2.0
// The trial of roots: what is asked, what is found, what is none of its business.
#include "edge/trial.h"

#include "edge/limits.h"
#include "edge/sample_request.h"
#include "edge/trial_ask.h"
#include "edge_fixture.h"
#include "http/parse.h"
#include "os/sanitizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static struct edge_fixture f;
static struct sample_ring ring;

static int setup(void **state)
{
    (void)state;
    edge_fixture_init(&f);
    memset(&ring, 0, sizeof(ring));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    edge_fixture_fini(&f);
    return 0;
}

/* A distribution with all that a trial varies. */
static struct edge_fixture_distribution *rich(const char *id, const char *const *aliases)
{
    static const char *names[] = {"a", "b"};
    static const char *fields[] = {"accept-language", "origin"};
    struct edge_fixture_distribution *d = edge_fixture_distribution(&f, id, aliases);
    struct release_behavior *api = edge_fixture_behavior(d, "/api/*");
    api->viewer_protocol = RELEASE_VIEWER_REDIRECT;
    api->allowed_methods = 127;
    api->forward.headers = (struct release_selection){.mode = RELEASE_SELECT_ALL};
    api->forward.cookies = (struct release_selection){.mode = RELEASE_SELECT_ALL};
    api->forward.queries = (struct release_selection){.mode = RELEASE_SELECT_ALL};
    struct release_behavior *images = edge_fixture_behavior(d, "*.jp?");
    images->viewer_protocol = RELEASE_VIEWER_HTTPS_ONLY;
    images->cache.accepts_gzip = true;
    images->cache.accepts_brotli = true;
    images->cache.queries =
        (struct release_selection){.mode = RELEASE_SELECT_LISTED, .names = names, .name_count = 2};
    images->cache.headers =
        (struct release_selection){.mode = RELEASE_SELECT_LISTED, .names = fields, .name_count = 2};
    struct release_behavior *legacy = edge_fixture_behavior(d, "legacy/?/*");
    legacy->forward.is_legacy = true;
    d->config.default_root_object = "index.html";
    return d;
}

static enum err run(const struct chunk_hash *before, const struct chunk_hash *after,
                    struct errctx *ec)
{
    struct role_root old = {.hash = before, .source = &f.store.source};
    struct role_root new = {.hash = after, .source = &f.store.source};
    return edge_trial_run(&old, &new, &ring, ec);
}

static void assert_passes(const struct chunk_hash *before, const struct chunk_hash *after)
{
    struct errctx ec = {0};
    if (run(before, after, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
}

static void first_roots_and_changes_of_good_distributions_pass(void **state)
{
    (void)state;
    static const char *const aliases[] = {"*.example.com", "www.example.com", NULL};
    edge_fixture_put(&f, rich("ONE", aliases));
    struct chunk_hash first = edge_fixture_root(&f);
    assert_passes(NULL, &first);
    struct edge_fixture_distribution *d = rich("TWO", NULL);
    d->config.is_enabled = false;
    edge_fixture_put(&f, d);
    edge_fixture_put(&f, rich("ONE", NULL));
    struct chunk_hash second = edge_fixture_root(&f);
    assert_passes(&first, &second);
    edge_fixture_remove(&f, "ONE");
    edge_fixture_remove(&f, "TWO");
    struct chunk_hash none = edge_fixture_root(&f);
    assert_passes(&second, &none);
    assert_passes(&none, &none);
}

static void what_did_not_change_is_neither_read_nor_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        edge_fixture_put(&f, rich(arena_printf(&f.arena, "D%04zu", i), NULL));
    struct chunk_hash before = edge_fixture_root(&f);
    edge_fixture_put(&f, edge_fixture_distribution(&f, "D0500", NULL));
    struct chunk_hash after = edge_fixture_root(&f);
    size_t reads = f.store.gets;
    assert_passes(&before, &after);
    assert_in_range(f.store.gets - reads, 1, 12);
}

static void the_largest_change_stays_within_the_time_of_a_fast_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * EDGE_TRIAL_DISTRIBUTIONS_MAX; i++)
        edge_fixture_put(&f, rich(arena_printf(&f.arena, "D%04zu", i), NULL));
    struct chunk_hash after = edge_fixture_root(&f);
    clock_t began = clock();
    assert_passes(NULL, &after);
    double took_ms = (double)(clock() - began) * 1000 / CLOCKS_PER_SEC;
    /* Sanitized builds have their own, longer time (node/trial.c). */
    assert_true(took_ms < (HAS_SANITIZER ? 2000 : 200));
}

static void long_fields_for_an_origin_are_no_fault(void **state)
{
    (void)state;
    struct release_header headers[6];
    char *value = arena_alloc(&f.arena, 4001);
    memset(value, 'v', 4000);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        headers[i] = (struct release_header){.name = arena_printf(&f.arena, "X-Long-%zu", i),
                                             .value = value};
    struct edge_fixture_distribution *d = rich("ONE", NULL);
    d->origin.custom_headers = headers;
    d->origin.custom_header_count = ARRAY_LEN(headers);
    edge_fixture_put(&f, d);
    struct chunk_hash root = edge_fixture_root(&f);
    assert_passes(NULL, &root);
}

static void samples_of_what_changed_are_asked_again(void **state)
{
    (void)state;
    struct net_address peer;
    struct http_request request = {.method = SLICE_LIT("GET"),
                                   .target = SLICE_LIT("/api/x?a=1"),
                                   .authority = SLICE_LIT("WWW.example.com:8080"),
                                   .minor_version = 1};
    assert_int_equal(net_address_parse(SLICE_LIT("[2001:db8::1]:9"), &peer, NULL), ERR_OK);
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        sample_request_put(&ring, &request, &peer, i % 2 == 0);
    edge_fixture_put(&f, edge_fixture_distribution(&f, "ONE", NULL));
    struct chunk_hash before = edge_fixture_root(&f);
    edge_fixture_put(&f, rich("ONE", (const char *const[]){"www.example.com", NULL}));
    struct chunk_hash after = edge_fixture_root(&f);
    assert_passes(&before, &after);
}

static void a_new_root_that_cannot_be_read_fails(void **state)
{
    (void)state;
    struct errctx ec = {0};
    edge_fixture_put(&f, rich("ONE", NULL));
    struct chunk_hash after = edge_fixture_root(&f);
    memory_store_drop(&f.store, &f.root.tries[RELEASE_DISTRIBUTION].chunk);
    assert_int_equal(run(NULL, &after, &ec), ERR_NOT_FOUND);
}

static void an_old_root_that_cannot_be_read_is_as_none(void **state)
{
    (void)state;
    edge_fixture_put(&f, rich("ONE", NULL));
    struct chunk_hash before = edge_fixture_root(&f);
    memory_store_drop(&f.store, &f.root.tries[RELEASE_DISTRIBUTION].chunk);
    f.root.tries[RELEASE_DISTRIBUTION] = (struct trie_ref){0};
    edge_fixture_put(&f, rich("TWO", NULL));
    struct chunk_hash after = edge_fixture_root(&f);
    assert_passes(&before, &after);
}

#define WITH_RELEASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RELEASE(first_roots_and_changes_of_good_distributions_pass),
        WITH_RELEASE(what_did_not_change_is_neither_read_nor_asked),
        WITH_RELEASE(the_largest_change_stays_within_the_time_of_a_fast_one),
        WITH_RELEASE(long_fields_for_an_origin_are_no_fault),
        WITH_RELEASE(samples_of_what_changed_are_asked_again),
        WITH_RELEASE(a_new_root_that_cannot_be_read_fails),
        WITH_RELEASE(an_old_root_that_cannot_be_read_is_as_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
