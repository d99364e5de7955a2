// SPDX-License-Identifier: Apache-2.0
// Whole serving threads: what viewers get and what the origin is asked, one request at a time.
#include "edge_run.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

RUN_STAND_IN

/* A running edge and an arena, for one test. */
struct serve {
    struct edge_run run;
    struct arena arena;
};

static void begin(struct serve *s, struct origin_script *scripts)
{
    *s = (struct serve){0};
    arena_init(&s->arena);
    run_init(&s->run, scripts);
}

static void end(struct serve *s)
{
    run_stop(&s->run);
    arena_fini(&s->arena);
}

static struct got get(struct serve *s, const char *target)
{
    return run_get(&s->run, &s->arena, target);
}

static struct got ask(struct serve *s, const char *method_and_target, const char *fields)
{
    return run_ask(&s->run, &s->arena, method_and_target, fields);
}

/* Asks until X-Cache is another than a plain hit: an answer expires within seconds. */
static struct got get_until_expired(struct serve *s, const char *target)
{
    struct got got;
    int64_t end_ns = time_monotonic_ns() + RUN_WAIT_MS * NS_PER_MS;
    do {
        arena_reset(&s->arena);
        got = get(s, target);
        assert_true(time_monotonic_ns() < end_ns);
    } while (slice_equal(*http_fields_get(&got.fields, "x-cache"), SLICE_LIT("Hit from weir")));
    return got;
}

/* 0 where the answer has no Age. */
static uint64_t age_s(const struct got *got)
{
    uint64_t age = 0;
    const struct slice *text = http_fields_get(&got->fields, "age");
    assert_true(text == NULL || slice_parse_u64(*text, UINT32_MAX, &age));
    return age;
}

static void a_miss_is_stored_and_the_next_is_a_hit(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/small", .fields = "Content-Type: a/b\nVia: 1.1 x", .body_bytes = 1000},
        {.path = "/empty"},
        {.path = "/large", .body_bytes = 5000000},
        {.path = "/chunked", .body_bytes = 300000, .is_chunked = true},
        {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    for (size_t i = 0; scripts[i].path != NULL; i++) {
        struct got got = get(&s, scripts[i].path);
        assert_got(&got, 200, "Miss from weir", scripts[i].body_bytes);
        assert_got_field(&got, "cache-status", "weir; fwd=miss; stored");
        assert_true(age_s(&got) <= 5); /* none, unless this machine was slow */
        got = get(&s, scripts[i].path);
        assert_got(&got, 200, "Hit from weir", scripts[i].body_bytes);
        assert_got_field(&got, "x-amz-cf-pop", "TST50-P1");
        assert_non_null(http_fields_get(&got.fields, "age"));
        assert_non_null(http_fields_get(&got.fields, "x-amz-cf-id"));
        assert_non_null(http_fields_get(&got.fields, "date"));
        assert_int_equal(atomic_load(&scripts[i].requests), 1);
    }
    struct got got = get(&s, "/small");
    assert_got_field(&got, "content-type", "a/b");
    assert_int_equal(http_fields_count(&got.fields, "via"), 2);
    end(&s);
}

static void one_connection_carries_many_requests(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .body_bytes = 10}, {.path = "/b", .body_bytes = 200000}, {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    struct viewer v = viewer_open(&s.run);
    for (int i = 0; i < 20; i++) {
        viewer_ask(&v, i % 2 == 0 ? "GET /a" : "GET /b", NULL);
        struct got got = viewer_read(&v, &s.arena, 0);
        assert_got(&got, 200, i < 2 ? "Miss from weir" : "Hit from weir", i % 2 == 0 ? 10 : 200000);
    }
    viewer_ask(&v, "GET /a", NULL); /* pipelined */
    viewer_ask(&v, "GET /b", NULL);
    struct got first = viewer_read(&v, &s.arena, 0);
    struct got second = viewer_read(&v, &s.arena, 0);
    assert_got(&first, 200, "Hit from weir", 10);
    assert_got(&second, 200, "Hit from weir", 200000);
    viewer_close(&v);
    end(&s);
}

static void head_is_answered_from_a_stored_get_and_else_goes_as_head(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .body_bytes = 1000}, {.path = "/b", .body_bytes = 2000}, {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    (void)get(&s, "/a");
    struct got got = ask(&s, "HEAD /a", NULL);
    assert_got(&got, 200, "Hit from weir", 0);
    assert_got_field(&got, "content-length", "1000");
    assert_int_equal(atomic_load(&scripts[0].requests), 1);

    got = ask(&s, "HEAD /b", NULL);
    assert_got(&got, 200, "Miss from weir", 0);
    assert_got_field(&got, "content-length", "2000");
    assert_true(strncmp(origin_last(&s.run.origin, &s.arena), "HEAD /b\n", 8) == 0);
    got = ask(&s, "HEAD /b", NULL);
    assert_got(&got, 200, "Hit from weir", 0);
    assert_got_field(&got, "content-length", "2000");
    got = get(&s, "/b"); /* the answer to HEAD is none to GET */
    assert_got(&got, 200, "Miss from weir", 2000);
    got = ask(&s, "HEAD /b", NULL);
    assert_got(&got, 200, "Hit from weir", 0);
    assert_int_equal(atomic_load(&scripts[1].requests), 2);
    end(&s);
}

static void ranges_and_conditions_are_answered_from_what_is_stored(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .fields = "ETag: \"one\"\nContent-Type: a/b", .body_bytes = 300000}, {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    struct viewer v = viewer_open(&s.run);
    viewer_ask(&v, "GET /a", "Range: bytes=1000-1999\r\n");
    struct got got = viewer_read(&v, &s.arena, 1000);
    assert_got(&got, 206, "Miss from weir", 1000);
    assert_got_field(&got, "content-range", "bytes 1000-1999/300000");
    assert_null(strstr(origin_last(&s.run.origin, &s.arena), "ange:")); /* the whole was fetched */

    viewer_ask(&v, "GET /a", "Range: bytes=-250000\r\n");
    got = viewer_read(&v, &s.arena, 50000);
    assert_got(&got, 206, "Hit from weir", 250000);
    viewer_ask(&v, "GET /a", "Range: bytes=300000-\r\n");
    got = viewer_read(&v, &s.arena, 0);
    assert_int_equal(got.status, 416);
    assert_got_field(&got, "content-range", "bytes */300000");
    viewer_ask(&v, "GET /a", "If-None-Match: \"one\"\r\n");
    got = viewer_read(&v, &s.arena, 0);
    assert_got(&got, 304, "Hit from weir", 0);
    assert_got_field(&got, "etag", "\"one\"");
    assert_got_field(&got, "content-type", NULL);
    viewer_ask(&v, "GET /a", "If-Match: \"two\"\r\n");
    got = viewer_read(&v, &s.arena, 0);
    assert_int_equal(got.status, 412);
    viewer_ask(&v, "GET /a", "Range: bytes=0-9\r\nIf-Range: \"two\"\r\n");
    got = viewer_read(&v, &s.arena, 0);
    assert_got(&got, 200, "Hit from weir", 300000);
    viewer_close(&v);
    assert_int_equal(atomic_load(&scripts[0].requests), 1);
    end(&s);
}

static void several_ranges_come_in_parts(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .body_bytes = 300000}, {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    (void)get(&s, "/a");
    struct got got = ask(&s, "GET /a", "Range: bytes=0-9,100-99999,200000-200009\r\n");
    assert_int_equal(got.status, 206);
    assert_true(got.is_whole);
    const struct slice *type = http_fields_get(&got.fields, "content-type");
    assert_true(slice_starts_with(*type, SLICE_LIT("multipart/byteranges; boundary=")));
    char *text = arena_str(&s.arena, got.body);
    char *first = strstr(text, "\r\n\r\n") + 4;
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal((uint8_t)first[i], run_byte(i));
    assert_true(got.body_bytes > 10 + 99900 + 10);
    assert_true(got.body_bytes < 10 + 99900 + 10 + 1000);
    end(&s);
}

static void an_expired_answer_is_revalidated(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/same",
         .fields = "ETag: \"one\"\nCache-Control: max-age=60\nAge: 59\nX-Old: 1",
         .body_bytes = 1000,
         .revalidates = true},
        {.path = "/other",
         .fields = "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\nCache-Control: max-age=60\n"
                   "Age: 59",
         .body_bytes = 1000},
        {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    struct got got = get(&s, "/same");
    assert_got(&got, 200, "Miss from weir", 1000);
    scripts[0].fields = "ETag: \"one\"\nCache-Control: max-age=60\nX-New: 2";
    got = get_until_expired(&s, "/same");
    assert_got(&got, 200, "RefreshHit from weir", 1000);
    assert_got_field(&got, "x-new", "2");
    assert_got_field(&got, "x-old", "1");
    assert_got_field(&got, "cache-status", "weir; fwd=stale; fwd-status=304; stored");
    assert_non_null(strstr(origin_last(&s.run.origin, &s.arena), "If-None-Match: \"one\""));
    got = get(&s, "/same");
    assert_got(&got, 200, "Hit from weir", 1000);
    assert_int_equal(atomic_load(&scripts[0].requests), 2);

    got = get(&s, "/other");
    scripts[1].fields = "Cache-Control: max-age=60";
    scripts[1].body_bytes = 500;
    got = get_until_expired(&s, "/other");
    assert_got(&got, 200, "Miss from weir", 500);
    assert_non_null(strstr(origin_last(&s.run.origin, &s.arena),
                           "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"));
    got = get(&s, "/other");
    assert_got(&got, 200, "Hit from weir", 500);
    end(&s);
}

static void an_expired_answer_stands_for_an_error_and_the_origin_is_left_alone(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/kept", .fields = "Cache-Control: max-age=60\nAge: 59", .body_bytes = 1000},
        {.path = "/strict",
         .fields = "Cache-Control: max-age=60, must-revalidate\nAge: 59",
         .body_bytes = 1000},
        {.path = "/gone", .fields = "Cache-Control: max-age=60\nAge: 59", .body_bytes = 1000},
        {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    (void)get(&s, "/kept");
    scripts[0].status = 503;
    uint64_t before = run_metric(METRIC_EDGE_STALE_ERROR);
    while (run_metric(METRIC_EDGE_STALE_ERROR) < before + 2) { /* asked, then held */
        struct got got = get(&s, "/kept");
        assert_got(&got, 200, "Hit from weir", 1000);
    }
    assert_int_equal(atomic_load(&scripts[0].requests), 2);

    (void)get(&s, "/strict");
    scripts[1].status = 503;
    struct got got = get_until_expired(&s, "/strict");
    assert_got(&got, 503, "Error from weir", 1000);

    (void)get(&s, "/gone");
    scripts[2].status = 404; /* it replaces the copy */
    got = get_until_expired(&s, "/gone");
    assert_got(&got, 404, "Error from weir", 1000);
    got = get(&s, "/gone");
    assert_got(&got, 404, "Error from weir", 1000);
    assert_int_equal(atomic_load(&scripts[2].requests), 2);
    end(&s);
}

static void a_stale_answer_is_served_while_one_request_refreshes_it(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a",
         .fields = "Cache-Control: max-age=60, stale-while-revalidate=3600\nAge: 59",
         .body_bytes = 1000},
        {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    (void)get(&s, "/a");
    scripts[0].fields = "Cache-Control: max-age=60";
    scripts[0].body_bytes = 2000;
    scripts[0].waits = true;
    while (atomic_load(&scripts[0].requests) < 2) {
        struct got got = get(&s, "/a");
        assert_got(&got, 200, "Hit from weir", 1000);
    }
    for (int i = 0; i < 5; i++) { /* still the old one, and nobody asks again */
        struct got got = get(&s, "/a");
        assert_got(&got, 200, "Hit from weir", 1000);
    }
    assert_int_equal(atomic_load(&scripts[0].requests), 2);
    origin_release(&s.run.origin);
    struct got got;
    do {
        got = get(&s, "/a");
    } while (got.body_bytes != 2000);
    assert_got(&got, 200, "Hit from weir", 2000);
    assert_int_equal(atomic_load(&scripts[0].requests), 2);
    end(&s);
}

static void errors_of_the_origin_are_kept_for_a_while(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/404", .status = 404, .body_bytes = 10},
                                      {.path = "/500", .status = 500, .body_bytes = 10},
                                      {.path = "/403", .status = 403, .body_bytes = 10},
                                      {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    for (size_t i = 0; scripts[i].path != NULL; i++) {
        for (int times = 0; times < 2; times++) {
            struct got got = get(&s, scripts[i].path);
            assert_got(&got, scripts[i].status, "Error from weir", 10);
        }
        assert_int_equal(atomic_load(&scripts[i].requests), i < 2 ? 1 : 2);
    }
    end(&s);
}

static void an_origin_that_refuses_is_a_502_with_a_reason_that_is_kept(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{0}};
    struct serve s;
    begin(&s, scripts);
    /* a port on which nobody listens: bound, but not open */
    struct net_address address;
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &address, NULL), ERR_OK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &address.sa, address.len), 0);
    assert_int_equal(getsockname(fd, &address.sa, &address.len), 0);
    s.run.distribution->origin.http_port = net_address_port(&address);
    s.run.distribution->origin.connection_attempts = 1;
    run_start(&s.run);
    uint64_t before = run_metric(METRIC_EDGE_TRIPS);
    for (int i = 0; i < 2; i++) {
        struct got got = get(&s, "/a");
        assert_int_equal(got.status, 502);
        assert_true(got.is_whole);
        assert_got_field(&got, "x-cache", "Error from weir");
        assert_got_field(&got, "content-type", "text/html; charset=utf-8");
        char *text = arena_str(&s.arena, got.body);
        assert_non_null(strstr(text, origin_failure_text(ORIGIN_REFUSED)));
        assert_null(strstr(text, "127.0.0.1"));
        char *id = arena_str(&s.arena, *http_fields_get(&got.fields, "x-amz-cf-id"));
        assert_non_null(strstr(text, id)); /* each viewer's own */
    }
    assert_int_equal(run_metric(METRIC_EDGE_TRIPS) - before, 1);
    struct got got = ask(&s, "HEAD /a", NULL);
    assert_int_equal(got.status, 502);
    assert_int_equal(got.body_bytes, 0);
    end(&s);
    (void)close(fd);
}

static void a_body_that_is_cut_is_cut_for_the_viewer_and_never_stored(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .body_bytes = 200000, .cut_at = 150000},
        {.path = "/b", .body_bytes = 200000, .cut_at = 150000, .is_chunked = true},
        {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    for (size_t i = 0; scripts[i].path != NULL; i++) {
        struct got got = get(&s, scripts[i].path);
        assert_int_equal(got.status, 200);
        assert_false(got.is_whole);
        scripts[i].cut_at = 0;
        got = get(&s, scripts[i].path);
        assert_got(&got, 200, "Miss from weir", 200000);
        got = get(&s, scripts[i].path);
        assert_got(&got, 200, "Hit from weir", 200000);
    }
    end(&s);
}

static void what_may_not_be_stored_goes_through(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .fields = "Cache-Control: no-store", .body_bytes = 3000000},
        {.path = "/b",
         .fields = "Cache-Control: private",
         .body_bytes = 3000000,
         .is_chunked = true},
        {0}};
    struct serve s;
    begin(&s, scripts);
    s.run.distribution->behaviors[0].cache.min_ttl_s = 0;
    run_start(&s.run);
    for (size_t i = 0; scripts[i].path != NULL; i++) {
        for (unsigned times = 0; times < 3; times++) {
            struct got got = get(&s, scripts[i].path);
            assert_got(&got, 200, "Miss from weir", 3000000);
            assert_got_field(&got, "cache-status",
                             times == 0 ? "weir; fwd=miss" : "weir; fwd=bypass");
            assert_int_equal(atomic_load(&scripts[i].requests), times + 1);
        }
    }
    end(&s);
}

static void an_answer_that_is_never_fresh_is_validated_each_time(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a",
                                       .fields = "Cache-Control: max-age=0\nETag: \"e\"",
                                       .body_bytes = 100000,
                                       .revalidates = true},
                                      {0}};
    struct serve s;
    begin(&s, scripts);
    s.run.distribution->behaviors[0].cache.min_ttl_s = 0;
    run_start(&s.run);
    for (unsigned i = 0; i < 4; i++) {
        struct got got = get(&s, "/a");
        assert_got(&got, 200, i == 0 ? "Miss from weir" : "RefreshHit from weir", 100000);
        assert_int_equal(atomic_load(&scripts[0].requests), i + 1);
    }
    end(&s);
}

static void a_policy_without_time_to_live_passes_all_but_keeps_errors(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .fields = "Cache-Control: max-age=60", .body_bytes = 100},
        {.path = "/404", .status = 404, .body_bytes = 10},
        {0}};
    struct serve s;
    begin(&s, scripts);
    struct release_cache_policy *policy = &s.run.distribution->behaviors[0].cache;
    policy->min_ttl_s = policy->default_ttl_s = policy->max_ttl_s = 0;
    run_start(&s.run);
    for (unsigned i = 0; i < 3; i++) {
        struct got got = get(&s, "/a");
        assert_got(&got, 200, "Miss from weir", 100);
        assert_got_field(&got, "cache-status", "weir; fwd=bypass");
        got = get(&s, "/404");
        assert_got(&got, 404, "Error from weir", 10);
    }
    assert_int_equal(atomic_load(&scripts[0].requests), 3);
    assert_int_equal(atomic_load(&scripts[1].requests), 1);
    struct got got = ask(&s, "GET /a", "Range: bytes=1-2\r\nIf-None-Match: \"x\"\r\n");
    assert_int_equal(got.status, 200); /* the origin knows neither, but was told */
    const char *last = origin_last(&s.run.origin, &s.arena);
    assert_non_null(strstr(last, "Range: bytes=1-2"));
    assert_non_null(strstr(last, "If-None-Match: \"x\""));
    end(&s);
}

static void cookies_that_are_not_forwarded_do_not_come_back(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .fields = "Set-Cookie: a=b"}, {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    struct got got = ask(&s, "GET /a", "Cookie: secret=1\r\n");
    assert_got_field(&got, "set-cookie", NULL);
    assert_null(strstr(origin_last(&s.run.origin, &s.arena), "secret"));
    end(&s);

    struct origin_script once[] = {
        {.path = "/a", .fields = "Set-Cookie: a=b\nCache-Control: no-cache=\"Set-Cookie\""}, {0}};
    begin(&s, once);
    s.run.distribution->behaviors[0].forward.cookies.mode = RELEASE_SELECT_ALL;
    run_start(&s.run);
    got = ask(&s, "GET /a", "Cookie: secret=1\r\n");
    assert_got(&got, 200, "Miss from weir", 0);
    assert_got_field(&got, "set-cookie", "a=b"); /* to whom it was sent */
    got = ask(&s, "GET /a", "Cookie: secret=2\r\n");
    assert_got(&got, 200, "Hit from weir", 0);
    assert_got_field(&got, "set-cookie", NULL);
    end(&s);
}

static void an_unsafe_method_that_succeeds_makes_the_origin_be_asked_again(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .body_bytes = 100}, {.path = "/b", .body_bytes = 100}, {0}};
    struct serve s;
    begin(&s, scripts);
    s.run.distribution->behaviors[0].allowed_methods = 127;
    run_start(&s.run);
    (void)get(&s, "/a");
    (void)get(&s, "/b");
    scripts[0].status = 403;
    struct got got = ask(&s, "DELETE /a", NULL);
    assert_got(&got, 403, "Error from weir", 100);
    assert_got_field(&got, "cache-status", "weir; fwd=method");
    scripts[0].status = 200;
    got = get(&s, "/a");
    assert_got(&got, 200, "Hit from weir", 100); /* it failed */
    (void)ask(&s, "DELETE /a", NULL);
    got = get(&s, "/a");
    assert_got(&got, 200, "Miss from weir", 100);
    got = get(&s, "/b");
    assert_got(&got, 200, "Hit from weir", 100);
    end(&s);
}

static void options_is_cached_where_the_behaviour_says_so(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .body_bytes = 100}, {0}};
    for (int is_cached = 0; is_cached < 2; is_cached++) {
        struct serve s;
        begin(&s, scripts);
        struct release_behavior *b = &s.run.distribution->behaviors[0];
        b->allowed_methods = RELEASE_GET | RELEASE_HEAD | RELEASE_OPTIONS;
        if (is_cached)
            b->cached_methods = b->allowed_methods;
        run_start(&s.run);
        struct got got = ask(&s, "OPTIONS /a", NULL);
        assert_got(&got, 200, "Miss from weir", 100);
        got = ask(&s, "OPTIONS /a", NULL);
        assert_got(&got, 200, is_cached ? "Hit from weir" : "Miss from weir", 100);
        got = get(&s, "/a");
        assert_got(&got, 200, "Miss from weir", 100);
        end(&s);
    }
}

static void an_invalidated_answer_is_fetched_anew(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/a", .fields = "ETag: \"e\"", .body_bytes = 100},
                                      {.path = "/b", .body_bytes = 100},
                                      {0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    (void)get(&s, "/a");
    (void)get(&s, "/b");
    struct slice path = SLICE_LIT("/a");
    cache_scope_invalidate(run_scope(&s.run), 1, &path, 1);
    scripts[0].body_bytes = 200;
    struct got got = get(&s, "/a");
    assert_got(&got, 200, "Miss from weir", 200);
    assert_null(strstr(origin_last(&s.run.origin, &s.arena), "If-None-Match"));
    got = get(&s, "/b");
    assert_got(&got, 200, "Hit from weir", 100);
    end(&s);
}

static void what_is_refused_gets_a_page(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{0}};
    struct serve s;
    begin(&s, scripts);
    run_start(&s.run);
    struct got got = ask(&s, "POST /a", "Content-Length: 3\r\n");
    assert_int_equal(got.status, 403);
    assert_got_field(&got, "x-cache", "Error from weir");
    assert_got_field(&got, "server", "Weir");
    char *target = arena_alloc(&s.arena, 9001);
    memset(target, 'a', 9000);
    got = get(&s, arena_printf(&s.arena, "/%s", target));
    assert_int_equal(got.status, 413);
    got = ask(&s, "GET /a",
              arena_printf(&s.arena, "A: %s\r\nB: %s\r\nC: %s\r\n", target, target, target));
    assert_int_equal(got.status, 413);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_miss_is_stored_and_the_next_is_a_hit),
        cmocka_unit_test(one_connection_carries_many_requests),
        cmocka_unit_test(head_is_answered_from_a_stored_get_and_else_goes_as_head),
        cmocka_unit_test(ranges_and_conditions_are_answered_from_what_is_stored),
        cmocka_unit_test(several_ranges_come_in_parts),
        cmocka_unit_test(an_expired_answer_is_revalidated),
        cmocka_unit_test(an_expired_answer_stands_for_an_error_and_the_origin_is_left_alone),
        cmocka_unit_test(a_stale_answer_is_served_while_one_request_refreshes_it),
        cmocka_unit_test(errors_of_the_origin_are_kept_for_a_while),
        cmocka_unit_test(an_origin_that_refuses_is_a_502_with_a_reason_that_is_kept),
        cmocka_unit_test(a_body_that_is_cut_is_cut_for_the_viewer_and_never_stored),
        cmocka_unit_test(what_may_not_be_stored_goes_through),
        cmocka_unit_test(an_answer_that_is_never_fresh_is_validated_each_time),
        cmocka_unit_test(a_policy_without_time_to_live_passes_all_but_keeps_errors),
        cmocka_unit_test(cookies_that_are_not_forwarded_do_not_come_back),
        cmocka_unit_test(an_unsafe_method_that_succeeds_makes_the_origin_be_asked_again),
        cmocka_unit_test(options_is_cached_where_the_behaviour_says_so),
        cmocka_unit_test(an_invalidated_answer_is_fetched_anew),
        cmocka_unit_test(what_is_refused_gets_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
