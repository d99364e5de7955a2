// SPDX-License-Identifier: Apache-2.0
// Whole serving threads under viewers that want the same at the same time.
#include "edge_run.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

RUN_STAND_IN

enum { VIEWERS = 200 };

/* A running edge and viewers that ask at once. */
struct share {
    struct edge_run run;
    struct arena arena;
    struct viewer viewers[VIEWERS];
};

static void begin(struct share *s, struct origin_script *scripts)
{
    *s = (struct share){0};
    arena_init(&s->arena);
    run_init(&s->run, scripts);
}

static void end(struct share *s)
{
    run_stop(&s->run);
    arena_fini(&s->arena);
}

static void all_ask(struct share *s, const char *method_and_target)
{
    for (size_t i = 0; i < VIEWERS; i++) {
        s->viewers[i] = viewer_open(&s->run);
        viewer_ask(&s->viewers[i], method_and_target, NULL);
    }
}

static void all_close(struct share *s)
{
    for (size_t i = 0; i < VIEWERS; i++)
        viewer_close(&s->viewers[i]);
}

static void two_hundred_viewers_share_one_request(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .body_bytes = 100000, .waits = true},
        {.path = "/b", .body_bytes = 100000, .waits = true, .is_chunked = true},
        {0}};
    struct share s;
    begin(&s, scripts);
    run_start(&s.run);
    for (size_t k = 0; scripts[k].path != NULL; k++) {
        uint64_t before = run_metric(METRIC_EDGE_COLLAPSED);
        all_ask(&s, k == 0 ? "GET /a" : "GET /b");
        run_wait_metric(METRIC_EDGE_COLLAPSED, before, VIEWERS - 1);
        run_wait_requests(&scripts[k], 1);
        origin_release(&s.run.origin);
        unsigned misses = 0;
        for (size_t i = 0; i < VIEWERS; i++) {
            struct got got = viewer_read(&s.viewers[i], &s.arena, 0);
            bool is_miss =
                slice_equal(*http_fields_get(&got.fields, "x-cache"), SLICE_LIT("Miss from weir"));
            misses += is_miss;
            assert_got(&got, 200, is_miss ? "Miss from weir" : "Hit from weir", 100000);
            assert_got_field(&got, "cache-status",
                             is_miss ? "weir; fwd=miss; stored" : "weir; fwd=miss; collapsed");
        }
        assert_int_equal(misses, 1);
        assert_int_equal(atomic_load(&scripts[k].requests), 1);
        all_close(&s);
    }
    end(&s);
}

static void what_is_not_shareable_serialises_nobody_after_the_first_answer(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .fields = "Cache-Control: no-store", .body_bytes = 1000, .waits = true},
        {0}};
    struct share s;
    begin(&s, scripts);
    s.run.distribution->behaviors[0].cache.min_ttl_s = 0;
    run_start(&s.run);
    uint64_t before = run_metric(METRIC_EDGE_COLLAPSED);
    all_ask(&s, "GET /a");
    run_wait_metric(METRIC_EDGE_COLLAPSED, before, VIEWERS - 1);
    run_wait_requests(&scripts[0], 1);
    origin_release(&s.run.origin);
    run_wait_requests(&scripts[0], VIEWERS); /* all at once: none is answered yet */
    origin_release(&s.run.origin);
    for (size_t i = 0; i < VIEWERS; i++) {
        struct got got = viewer_read(&s.viewers[i], &s.arena, 0);
        assert_got(&got, 200, "Miss from weir", 1000);
    }
    all_close(&s);
    before = run_metric(METRIC_EDGE_COLLAPSED);
    all_ask(&s, "GET /a"); /* the marker lets all go at once */
    run_wait_requests(&scripts[0], 2 * VIEWERS);
    origin_release(&s.run.origin);
    for (size_t i = 0; i < VIEWERS; i++) {
        struct got got = viewer_read(&s.viewers[i], &s.arena, 0);
        assert_got(&got, 200, "Miss from weir", 1000);
    }
    all_close(&s);
    assert_int_equal(run_metric(METRIC_EDGE_COLLAPSED), before);
    end(&s);
}

static void what_is_never_fresh_serialises_nobody_after_the_first_answer(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a",
                                       .fields = "Cache-Control: max-age=0\nETag: \"e\"",
                                       .body_bytes = 1000,
                                       .revalidates = true,
                                       .waits = true},
                                      {0}};
    struct share s;
    begin(&s, scripts);
    s.run.distribution->behaviors[0].cache.min_ttl_s = 0;
    run_start(&s.run);
    uint64_t before = run_metric(METRIC_EDGE_COLLAPSED);
    all_ask(&s, "GET /a");
    run_wait_metric(METRIC_EDGE_COLLAPSED, before, VIEWERS - 1);
    run_wait_requests(&scripts[0], 1);
    origin_release(&s.run.origin);
    run_wait_requests(&scripts[0], VIEWERS);
    origin_release(&s.run.origin);
    for (size_t i = 0; i < VIEWERS; i++) {
        struct got got = viewer_read(&s.viewers[i], &s.arena, 0);
        assert_int_equal(got.status, 200);
        assert_int_equal(got.body_bytes, 1000);
    }
    all_close(&s);
    end(&s);
}

static void a_policy_without_time_to_live_lets_nobody_wait(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .body_bytes = 1000, .waits = true}, {0}};
    struct share s;
    begin(&s, scripts);
    struct release_cache_policy *policy = &s.run.distribution->behaviors[0].cache;
    policy->min_ttl_s = policy->default_ttl_s = policy->max_ttl_s = 0;
    run_start(&s.run);
    all_ask(&s, "GET /a");
    run_wait_requests(&scripts[0], VIEWERS);
    origin_release(&s.run.origin);
    for (size_t i = 0; i < VIEWERS; i++) {
        struct got got = viewer_read(&s.viewers[i], &s.arena, 0);
        assert_got(&got, 200, "Miss from weir", 1000);
    }
    all_close(&s);
    end(&s);
}

static void a_revalidation_is_shared_too(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a",
                                       .fields = "Cache-Control: max-age=60\nAge: 59\nETag: \"e\"",
                                       .body_bytes = 1000,
                                       .revalidates = true},
                                      {0}};
    struct share s;
    begin(&s, scripts);
    run_start(&s.run);
    struct got got = run_get(&s.run, &s.arena, "/a");
    assert_got(&got, 200, "Miss from weir", 1000);
    scripts[0].waits = true;
    scripts[0].fields = "Cache-Control: max-age=60";
    struct viewer first = viewer_open(&s.run);
    while (atomic_load(&scripts[0].requests) < 2) { /* until it has expired */
        struct viewer probe = viewer_open(&s.run);
        viewer_ask(&probe, "GET /a", NULL);
        struct pollfd p = {.fd = probe.fd, .events = POLLIN};
        bool is_answered = poll(&p, 1, 200) == 1;
        if (is_answered) {
            viewer_close(&probe);
            continue;
        }
        viewer_close(&first);
        first = probe;
    }
    uint64_t before = run_metric(METRIC_EDGE_COLLAPSED);
    all_ask(&s, "GET /a");
    run_wait_metric(METRIC_EDGE_COLLAPSED, before, VIEWERS);
    origin_release(&s.run.origin);
    got = viewer_read(&first, &s.arena, 0);
    assert_got(&got, 200, "RefreshHit from weir", 1000);
    viewer_close(&first);
    for (size_t i = 0; i < VIEWERS; i++) {
        got = viewer_read(&s.viewers[i], &s.arena, 0);
        assert_got(&got, 200, "Hit from weir", 1000);
        assert_got_field(&got, "cache-status", "weir; fwd=stale; collapsed");
    }
    assert_int_equal(atomic_load(&scripts[0].requests), 2);
    all_close(&s);
    end(&s);
}

static void waiters_share_the_failure_of_their_leader(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .waits = true}, {0}};
    struct share s;
    begin(&s, scripts);
    s.run.distribution->origin.response_timeout_s = 1;
    s.run.distribution->origin.connection_attempts = 1;
    run_start(&s.run);
    all_ask(&s, "GET /a");
    for (size_t i = 0; i < VIEWERS; i++) {
        struct got got = viewer_read(&s.viewers[i], &s.arena, 0);
        assert_int_equal(got.status, 504);
        assert_got_field(&got, "x-cache", "Error from weir");
    }
    assert_int_equal(atomic_load(&scripts[0].requests), 1);
    all_close(&s);
    end(&s);
}

static void those_who_wait_see_the_body_as_it_comes(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .body_bytes = 400000, .stop_at = 200000}, {0}};
    struct share s;
    begin(&s, scripts);
    run_start(&s.run);
    struct viewer whole = viewer_open(&s.run);
    viewer_ask(&whole, "GET /a", NULL);
    run_wait_received(&scripts[0].sent, 200000);
    /* what is there already is no reason to wait */
    struct viewer part = viewer_open(&s.run);
    viewer_ask(&part, "GET /a", "Range: bytes=1000-150000\r\n");
    struct got got = viewer_read(&part, &s.arena, 1000);
    assert_int_equal(got.status, 206);
    assert_int_equal(got.body_bytes, 149001);
    assert_true(got.is_right);
    origin_release(&s.run.origin);
    got = viewer_read(&whole, &s.arena, 0);
    assert_got(&got, 200, "Miss from weir", 400000);
    assert_int_equal(atomic_load(&scripts[0].requests), 1);
    viewer_close(&whole);
    viewer_close(&part);
    end(&s);
}

static void a_viewer_that_leaves_stops_neither_the_others_nor_the_fetch(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/early", .body_bytes = 400000, .waits = true},
                                      {.path = "/late", .body_bytes = 400000, .stop_at = 100000},
                                      {.path = "/alone", .body_bytes = 400000, .stop_at = 100000},
                                      {0}};
    struct share s;
    begin(&s, scripts);
    run_start(&s.run);
    for (size_t k = 0; k < 2; k++) {
        char *ask = arena_printf(&s.arena, "GET %s", scripts[k].path);
        struct viewer leader = viewer_open(&s.run);
        viewer_ask(&leader, ask, NULL);
        run_wait_requests(&scripts[k], 1);
        struct viewer other = viewer_open(&s.run);
        uint64_t before = run_metric(METRIC_EDGE_REQUESTS);
        viewer_ask(&other, ask, NULL);
        run_wait_metric(METRIC_EDGE_REQUESTS, before, 1);
        before = run_metric(METRIC_EDGE_VIEWERS_LOST);
        viewer_close(&leader);
        run_wait_metric(METRIC_EDGE_VIEWERS_LOST, before, 1);
        origin_release(&s.run.origin);
        struct got got = viewer_read(&other, &s.arena, 0);
        assert_got(&got, 200, "Hit from weir", 400000);
        viewer_close(&other);
        got = run_get(&s.run, &s.arena, scripts[k].path);
        assert_got(&got, 200, "Hit from weir", 400000);
        assert_int_equal(atomic_load(&scripts[k].requests), 1);
    }
    struct viewer only = viewer_open(&s.run);
    viewer_ask(&only, "GET /alone", NULL);
    run_wait_received(&scripts[2].sent, 100000);
    uint64_t before = run_metric(METRIC_EDGE_VIEWERS_LOST);
    viewer_close(&only);
    run_wait_metric(METRIC_EDGE_VIEWERS_LOST, before, 1);
    origin_release(&s.run.origin);
    struct got got = run_get(&s.run, &s.arena, "/alone");
    assert_got(&got, 200, "Hit from weir", 400000); /* it was kept */
    assert_int_equal(atomic_load(&scripts[2].requests), 1);
    end(&s);
}

static void an_invalidation_in_the_middle_of_a_fetch_outdates_it(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .body_bytes = 300000, .stop_at = 100000},
                                      {.path = "/b", .body_bytes = 300000, .waits = true},
                                      {0}};
    struct share s;
    begin(&s, scripts);
    run_start(&s.run);
    for (size_t k = 0; scripts[k].path != NULL; k++) {
        char *ask = arena_printf(&s.arena, "GET %s", scripts[k].path);
        struct viewer old = viewer_open(&s.run);
        viewer_ask(&old, ask, NULL);
        run_wait_requests(&scripts[k], 1);
        run_wait_received(&scripts[k].sent, scripts[k].stop_at);
        struct slice path = slice_str(scripts[k].path);
        cache_scope_invalidate(run_scope(&s.run), k + 1, &path, 1);
        /* whoever comes now has a fetch of his own */
        struct viewer new = viewer_open(&s.run);
        viewer_ask(&new, ask, NULL);
        run_wait_requests(&scripts[k], 2);
        origin_release(&s.run.origin);
        struct got got = viewer_read(&new, &s.arena, 0);
        assert_got(&got, 200, "Miss from weir", 300000);
        got = viewer_read(&old, &s.arena, 0);
        assert_got(&got, 200, "Miss from weir", 300000);
        viewer_close(&old);
        viewer_close(&new);
        got = run_get(&s.run, &s.arena, scripts[k].path);
        assert_got(&got, 200, "Hit from weir", 300000);
        assert_int_equal(atomic_load(&scripts[k].requests), 2);
    }
    end(&s);
}

static void variants_are_kept_apart_and_collapse_with_their_own_kind(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .fields = "Vary: X-Kind", .body_bytes = 1000},
                                      {0}};
    const char *names[] = {"x-kind"};
    struct share s;
    begin(&s, scripts);
    struct release_behavior *b = &s.run.distribution->behaviors[0];
    b->forward.headers =
        (struct release_selection){.mode = RELEASE_SELECT_LISTED, .names = names, .name_count = 1};
    run_start(&s.run);
    for (int i = 0; i < 2; i++) {
        struct got one = run_ask(&s.run, &s.arena, "GET /a", "X-Kind: 1\r\n");
        struct got two = run_ask(&s.run, &s.arena, "GET /a", "X-Kind: 2\r\n");
        assert_got(&one, 200, i == 0 ? "Miss from weir" : "Hit from weir", 1000);
        assert_got(&two, 200, i == 0 ? "Miss from weir" : "Hit from weir", 1000);
    }
    assert_int_equal(atomic_load(&scripts[0].requests), 2);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hundred_viewers_share_one_request),
        cmocka_unit_test(what_is_not_shareable_serialises_nobody_after_the_first_answer),
        cmocka_unit_test(what_is_never_fresh_serialises_nobody_after_the_first_answer),
        cmocka_unit_test(a_policy_without_time_to_live_lets_nobody_wait),
        cmocka_unit_test(a_revalidation_is_shared_too),
        cmocka_unit_test(waiters_share_the_failure_of_their_leader),
        cmocka_unit_test(those_who_wait_see_the_body_as_it_comes),
        cmocka_unit_test(a_viewer_that_leaves_stops_neither_the_others_nor_the_fetch),
        cmocka_unit_test(an_invalidation_in_the_middle_of_a_fetch_outdates_it),
        cmocka_unit_test(variants_are_kept_apart_and_collapse_with_their_own_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
