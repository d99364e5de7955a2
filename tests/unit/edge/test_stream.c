// SPDX-License-Identifier: Apache-2.0
// Whole serving threads: bodies in both directions, slow peers, memory that is not enough, drain.
#include "edge_run.h"

#include "base/time.h"
#include "os/rcu.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

RUN_STAND_IN

struct stream {
    struct edge_run run;
    struct arena arena;
};

static void begin(struct stream *s, struct origin_script *scripts)
{
    *s = (struct stream){0};
    arena_init(&s->arena);
    run_init(&s->run, scripts);
    s->run.distribution->behaviors[0].allowed_methods = 127;
    s->run.distribution->behaviors[0].cache.min_ttl_s = 0;
}

static void end(struct stream *s)
{
    run_stop(&s->run);
    arena_fini(&s->arena);
}

static void send_zeros(struct viewer *v, uint64_t count, bool is_chunked)
{
    static const uint8_t zeros[10000];
    while (count > 0) {
        size_t len = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);
        if (is_chunked) {
            char line[16];
            int n = snprintf(line, sizeof(line), "%zx\r\n", len);
            viewer_send(v, slice_of(line, (size_t)n));
        }
        viewer_send(v, slice_of(zeros, len));
        if (is_chunked)
            viewer_send(v, SLICE_LIT("\r\n"));
        count -= len;
    }
    if (is_chunked)
        viewer_send(v, SLICE_LIT("0\r\n\r\n"));
}

static void uploads_stream_to_the_origin(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/up", .body_bytes = 500}, {0}};
    struct stream s;
    begin(&s, scripts);
    run_start(&s.run);
    for (int is_chunked = 0; is_chunked < 2; is_chunked++) {
        uint64_t before = atomic_load(&scripts[0].received);
        struct viewer v = viewer_open(&s.run);
        viewer_ask(&v, "POST /up",
                   is_chunked ? "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
                              : "Content-Length: 3000000\r\n");
        send_zeros(&v, 3000000, is_chunked);
        struct got got = viewer_read(&v, &s.arena, 0);
        assert_got(&got, 200, "Miss from weir", 500);
        assert_int_equal(atomic_load(&scripts[0].received) - before, 3000000);
        assert_null(strstr(origin_last(&s.run.origin, &s.arena), "xpect:"));
        viewer_ask(&v, "PUT /up", "Content-Length: 0\r\n"); /* the connection goes on */
        got = viewer_read(&v, &s.arena, 0);
        assert_got(&got, 200, "Miss from weir", 500);
        viewer_close(&v);
    }
    end(&s);
}

/* Sends until nobody takes more for a while. */
static uint64_t send_until_stuck(struct viewer *v, uint64_t limit)
{
    static const uint8_t zeros[65536];
    uint64_t sent = 0;
    assert_int_equal(fcntl(v->fd, F_SETFL, O_NONBLOCK), 0);
    struct pollfd p = {.fd = v->fd, .events = POLLOUT};
    while (sent < limit && poll(&p, 1, 500) == 1) {
        size_t len = limit - sent < sizeof(zeros) ? (size_t)(limit - sent) : sizeof(zeros);
        ssize_t n = send(v->fd, zeros, len, MSG_NOSIGNAL);
        if (n > 0)
            sent += (uint64_t)n;
    }
    assert_int_equal(fcntl(v->fd, F_SETFL, 0), 0);
    return sent;
}

static void an_origin_that_takes_nothing_slows_its_uploader_down(void **state)
{
    (void)state;
    enum { BYTES = 64 << 20 };
    struct origin_script scripts[] = {{.path = "/up", .takes_no_body = true}, {0}};
    struct stream s;
    begin(&s, scripts);
    run_start(&s.run);
    struct viewer v = viewer_open(&s.run);
    viewer_ask(&v, "PUT /up", "Content-Length: 67108864\r\n");
    run_wait_requests(&scripts[0], 1);
    uint64_t sent = send_until_stuck(&v, BYTES);
    assert_true(sent < BYTES / 2); /* sockets hold some; the edge little */
    origin_release(&s.run.origin);
    send_zeros(&v, BYTES - sent, false);
    struct got got = viewer_read(&v, &s.arena, 0);
    assert_got(&got, 200, "Miss from weir", 0);
    assert_int_equal(atomic_load(&scripts[0].received), BYTES);
    viewer_close(&v);
    end(&s);
}

static void an_early_answer_stops_the_upload(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/up", .status = 403, .body_bytes = 50, .is_early = true, .takes_no_body = true},
        {0}};
    struct stream s;
    begin(&s, scripts);
    run_start(&s.run);
    struct viewer v = viewer_open(&s.run);
    viewer_ask(&v, "POST /up", "Content-Length: 1000000000\r\n");
    send_zeros(&v, 20000, false);
    struct got got = viewer_read(&v, &s.arena, 0);
    assert_got(&got, 403, "Error from weir", 50);
    viewer_close(&v);
    end(&s);
}

static void an_upload_to_an_origin_that_is_not_there_is_a_502(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{0}};
    struct stream s;
    begin(&s, scripts);
    s.run.distribution->origin.domain_name = "127.0.0.2"; /* nobody listens there */
    s.run.distribution->origin.connection_attempts = 1;
    run_start(&s.run);
    struct viewer v = viewer_open(&s.run);
    viewer_ask(&v, "POST /up", "Content-Length: 1000000000\r\n");
    struct got got = viewer_read(&v, &s.arena, 0);
    assert_int_equal(got.status, 502);
    assert_true(got.is_whole);
    viewer_close(&v);
    end(&s);
}

static void a_viewer_that_leaves_ends_its_own_upload_and_its_own_download(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/up"},
                                      {.path = "/down",
                                       .fields = "Cache-Control: no-store",
                                       .body_bytes = 1000000,
                                       .stop_at = 100000},
                                      {0}};
    struct stream s;
    begin(&s, scripts);
    run_start(&s.run);
    struct viewer v = viewer_open(&s.run);
    viewer_ask(&v, "POST /up", "Content-Length: 1000000\r\n");
    run_wait_requests(&scripts[0], 1);
    viewer_close(&v);
    v = viewer_open(&s.run);
    viewer_ask(&v, "GET /down", NULL);
    run_wait_received(&scripts[1].sent, 100000);
    viewer_close(&v);
    for (int64_t end_ns = time_monotonic_ns() + RUN_WAIT_MS * NS_PER_MS;
         run_metric(METRIC_EDGE_TRIPS_UNDER_WAY) > 0;)
        assert_true(time_monotonic_ns() < end_ns);
    end(&s);
}

/* ---- memory that is not there */

static void hears_nothing(struct cache_waiter *w, const struct cache_outcome_info *info)
{
    (void)w;
    (void)info;
    fail_msg("nobody waits");
}

/* An object whose head leaves so many bytes to all others, and that no eviction frees while the
 * reference given is held. */
static struct cache_object *take_memory(struct stream *s, size_t left_bytes)
{
    struct cache *cache = s->run.service.cache;
    size_t size = cache_memory_limit_bytes(cache) - cache_memory_bytes(cache) - left_bytes;
    struct cache_head head = {
        .status = 200, .verdict = {.is_storable = true, .lifetime_s = 60}, .is_head_only = true};
    struct slice value = slice_of(arena_alloc(&s->arena, size), size);
    http_fields_add(&s->arena, &head.fields, SLICE_LIT("x"), value);
    struct cache_key key = {.bytes = SLICE_LIT("large"), .uri = SLICE_LIT("/large")};
    struct cache_request request = {.key = &key, .scope = run_scope(&s->run), .is_head = true};
    struct cache_waiter waiter = {.on_outcome = hears_nothing};
    struct cache_fetch *fetch;
    struct cache_object *o;
    struct cache_fill *fill;
    rcu_thread_register();
    struct cache_thread *thread = cache_thread_new(cache, s->run.context.loop);
    assert_false(cache_fetch_join(thread, &request, &waiter, &fetch));
    assert_true(cache_fetch_publish(fetch, &request, &head, &o, &fill));
    cache_object_ref(o);
    cache_thread_free(thread);
    rcu_thread_unregister();
    return o;
}

static void what_found_no_memory_is_stored_once_there_is_some(void **state)
{
    (void)state;
    enum { BODY = 100000, LEFT = 16 * 1024 }; /* room for an entry and a marker, but no fill */
    struct origin_script scripts[] = {
        {.path = "/a", .fields = "Cache-Control: max-age=60", .body_bytes = BODY}, {0}};
    struct stream s;
    begin(&s, scripts);
    run_start(&s.run);
    struct cache_object *large = take_memory(&s, LEFT);
    struct got got = run_get(&s.run, &s.arena, "/a");
    assert_got(&got, 200, "Miss from weir", BODY);
    assert_got_field(&got, "cache-status", "weir; fwd=miss");
    cache_object_unref(large); /* the reclaimer evicts it: little is free */
    for (int64_t end_ns = time_monotonic_ns() + RUN_WAIT_MS * NS_PER_MS;
         cache_memory_limit_bytes(s.run.service.cache) - cache_memory_bytes(s.run.service.cache) <
         (size_t)8 * BODY;)
        assert_true(time_monotonic_ns() < end_ns);
    got = run_get(&s.run, &s.arena, "/a");
    assert_got_field(&got, "cache-status", "weir; fwd=miss; stored");
    got = run_get(&s.run, &s.arena, "/a");
    assert_got(&got, 200, "Hit from weir", BODY);
    end(&s);
}

/* ---- slow viewers */

enum { SLOW = 24, LARGE = 24 << 20, MEMORY = 8 << 20 };

/* All read in turns, little by little; none ever waits for long. */
static void read_all_slowly(struct stream *s, struct viewer *viewers, uint64_t *counts)
{
    static uint8_t piece[64 * 1024];
    size_t left = SLOW;
    for (size_t turn = 0; left > 0; turn++) {
        assert_true(cache_memory_bytes(s->run.service.cache) <= MEMORY);
        left = 0;
        for (size_t i = 0; i < SLOW; i++) {
            if (counts[i] == LARGE)
                continue;
            left++;
            if (i > 4 && turn % i != 0) /* some are slower than others */
                continue;
            struct pollfd p = {.fd = viewers[i].fd, .events = POLLIN};
            if (poll(&p, 1, 0) != 1)
                continue;
            ssize_t n = recv(viewers[i].fd, piece, sizeof(piece), 0);
            if (n <= 0)
                fail_msg("viewer %zu was cut at %llu", i, (unsigned long long)counts[i]);
            for (ssize_t k = 0; k < n; k++)
                assert_int_equal(piece[k], run_byte(counts[i] + (uint64_t)k));
            counts[i] += (uint64_t)n;
        }
    }
}

/* Reads the head only; what follows of the body stays with the socket. */
static void skip_head(struct viewer *v)
{
    char last[4] = "";
    while (memcmp(last, "\r\n\r\n", 4) != 0) {
        memmove(last, last + 1, 3);
        assert_int_equal(recv(v->fd, last + 3, 1, 0), 1);
    }
}

static void check_slow_viewers(struct origin_script *script)
{
    struct origin_script scripts[] = {*script, {0}};
    struct stream s;
    begin(&s, scripts);
    s.run.cache.memory_bytes = MEMORY;
    run_start(&s.run);
    struct viewer viewers[SLOW];
    uint64_t counts[SLOW] = {0};
    for (size_t i = 0; i < SLOW; i++) {
        viewers[i] = viewer_open(&s.run);
        viewer_ask(&viewers[i], "GET /large", NULL);
    }
    for (size_t i = 0; i < SLOW; i++)
        skip_head(&viewers[i]);
    read_all_slowly(&s, viewers, counts);
    for (size_t i = 0; i < SLOW; i++)
        viewer_close(&viewers[i]);
    end(&s);
}

static void slow_viewers_of_a_large_object_get_every_byte_within_the_memory(void **state)
{
    (void)state;
    uint64_t before = run_metric(METRIC_EDGE_RESTS);
    check_slow_viewers(&(struct origin_script){.path = "/large",
                                               .fields = "ETag: \"e\"\nCache-Control: max-age=600",
                                               .body_bytes = LARGE,
                                               .knows_ranges = true});
    assert_true(run_metric(METRIC_EDGE_RESTS) > before); /* the slowest were sent to the origin */
}

static void a_viewer_never_gets_the_rest_of_another_object(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/large",
                                       .fields = "ETag: \"e\"\nCache-Control: max-age=600",
                                       .body_bytes = LARGE,
                                       .knows_ranges = true,
                                       .waits = true},
                                      {0}};
    struct stream s;
    begin(&s, scripts);
    s.run.cache.memory_bytes = MEMORY;
    run_start(&s.run);
    struct viewer slow = viewer_open(&s.run);
    viewer_ask(&slow, "GET /large", NULL);
    run_wait_requests(&scripts[0], 1);
    uint64_t before = run_metric(METRIC_EDGE_COLLAPSED);
    struct viewer fast = viewer_open(&s.run);
    viewer_ask(&fast, "GET /large", NULL);
    run_wait_metric(METRIC_EDGE_COLLAPSED, before, 1);
    origin_release(&s.run.origin);
    struct got got = viewer_read(&fast, &s.arena, 0); /* leaves the other far behind */
    assert_got(&got, 200, "Hit from weir", LARGE);
    before = run_metric(METRIC_EDGE_CUT);
    scripts[0].fields = "ETag: \"f\"\nCache-Control: max-age=600";
    scripts[0].waits = false;
    origin_release(&s.run.origin); /* the edge may have asked for the rest already */
    got = viewer_read(&slow, &s.arena, 0);
    assert_int_equal(got.status, 200);
    assert_false(got.is_whole);
    assert_true(got.is_right);
    assert_int_equal(run_metric(METRIC_EDGE_CUT) - before, 1);
    viewer_close(&slow);
    viewer_close(&fast);
    end(&s);
}

static void slow_viewers_without_a_validator_get_every_byte_too(void **state)
{
    (void)state;
    check_slow_viewers(&(struct origin_script){
        .path = "/large", .fields = "Cache-Control: max-age=600", .body_bytes = LARGE});
}

static void slow_viewers_of_what_is_not_stored_get_every_byte_too(void **state)
{
    (void)state;
    check_slow_viewers(&(struct origin_script){
        .path = "/large", .fields = "Cache-Control: no-store", .body_bytes = LARGE});
}

static void a_viewer_who_reads_nothing_is_cut_in_the_end(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/large", .body_bytes = 64 << 20}, {0}};
    struct stream s;
    begin(&s, scripts);
    s.run.limits.viewer_write_timeout_ns = 300 * NS_PER_MS;
    run_start(&s.run);
    struct viewer v = viewer_open(&s.run);
    uint64_t before = run_metric(METRIC_EDGE_VIEWERS_LOST);
    viewer_ask(&v, "GET /large", NULL);
    run_wait_metric(METRIC_EDGE_VIEWERS_LOST, before, 1);
    viewer_close(&v);
    end(&s);
}

/* ---- drain */

static void a_drain_finishes_what_has_begun(void **state)
{
    (void)state;
    struct origin_script scripts[] = {
        {.path = "/a", .body_bytes = 400000, .stop_at = 100000}, {.path = "/none"}, {0}};
    struct stream s;
    begin(&s, scripts);
    run_start(&s.run);
    struct viewer idle = viewer_open(&s.run);
    viewer_ask(&idle, "HEAD /none", NULL);
    struct got none = viewer_read(&idle, &s.arena, 0);
    assert_got(&none, 200, "Miss from weir", 0);
    struct viewer busy = viewer_open(&s.run);
    viewer_ask(&busy, "GET /a", NULL);
    run_wait_received(&scripts[0].sent, 100000);
    for (unsigned i = 0; i < RUN_THREADS; i++)
        edge_thread_drain(s.run.threads[i]);
    char byte;
    assert_int_equal(recv(idle.fd, &byte, 1, 0), 0); /* nothing is under way there */
    origin_release(&s.run.origin);
    struct got got = viewer_read(&busy, &s.arena, 0);
    assert_got(&got, 200, "Miss from weir", 400000);
    viewer_close(&busy);
    viewer_close(&idle);
    loop_run(s.run.context.loop);
    assert_true(s.run.is_drained);
    end(&s);
}

static void threads_end_at_once_whatever_is_under_way(void **state)
{
    (void)state;
    struct origin_script scripts[] = {{.path = "/head", .waits = true},
                                      {.path = "/body", .body_bytes = 400000, .stop_at = 100000},
                                      {.path = "/pass",
                                       .fields = "Cache-Control: no-store",
                                       .body_bytes = 400000,
                                       .stop_at = 100000},
                                      {0}};
    struct stream s;
    begin(&s, scripts);
    run_start(&s.run);
    struct viewer viewers[12];
    for (size_t i = 0; i < ARRAY_LEN(viewers); i++) {
        viewers[i] = viewer_open(&s.run);
        viewer_ask(&viewers[i],
                   i % 3 == 0   ? "GET /head"
                   : i % 3 == 1 ? "GET /body"
                                : "GET /pass",
                   NULL);
    }
    for (size_t k = 0; scripts[k].path != NULL; k++)
        run_wait_requests(&scripts[k], 1);
    end(&s);
    for (size_t i = 0; i < ARRAY_LEN(viewers); i++)
        viewer_close(&viewers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uploads_stream_to_the_origin),
        cmocka_unit_test(an_origin_that_takes_nothing_slows_its_uploader_down),
        cmocka_unit_test(an_early_answer_stops_the_upload),
        cmocka_unit_test(an_upload_to_an_origin_that_is_not_there_is_a_502),
        cmocka_unit_test(a_viewer_that_leaves_ends_its_own_upload_and_its_own_download),
        cmocka_unit_test(what_found_no_memory_is_stored_once_there_is_some),
        cmocka_unit_test(slow_viewers_of_a_large_object_get_every_byte_within_the_memory),
        cmocka_unit_test(a_viewer_never_gets_the_rest_of_another_object),
        cmocka_unit_test(slow_viewers_without_a_validator_get_every_byte_too),
        cmocka_unit_test(slow_viewers_of_what_is_not_stored_get_every_byte_too),
        cmocka_unit_test(a_viewer_who_reads_nothing_is_cut_in_the_end),
        cmocka_unit_test(a_drain_finishes_what_has_begun),
        cmocka_unit_test(threads_end_at_once_whatever_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
