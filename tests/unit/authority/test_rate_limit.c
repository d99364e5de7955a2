// SPDX-License-Identifier: Apache-2.0
// Response rate limiting over simulated time: what passes, what is sent short, who shares a bucket.

#include "authority/rate_limit.h"

#include "authority/limits.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define KIND 7
#define START_US 1000000000LL
#define SECOND_US 1000000LL

static struct view_address address_of(const char *text)
{
    struct view_address a = {.len = 4};
    if (inet_pton(AF_INET, text, a.bytes) == 1)
        return a;
    a.len = 16;
    assert_int_equal(inet_pton(AF_INET6, text, a.bytes), 1);
    return a;
}

static struct rate_limit *limit_of(unsigned answers_per_s, unsigned slip, unsigned threads)
{
    const struct rate_limit_rules rules = {
        .answers_per_s = answers_per_s, .slip = slip, .threads = threads};
    return rate_limit_new(&rules);
}

struct verdicts {
    unsigned passed;
    unsigned slipped;
    unsigned dropped;
};

/* Asks `count` times within `span_us`, evenly. */
static struct verdicts ask(struct rate_limit *r, const char *source, uint64_t kind, unsigned count,
                           int64_t start_us, int64_t span_us)
{
    struct verdicts v = {0};
    struct view_address address = address_of(source);
    for (unsigned i = 0; i < count; i++) {
        int64_t now_us = start_us + span_us * i / count;
        enum rate_verdict verdict = rate_limit_check(r, rate_limit_key(r, &address, kind), now_us);
        v.passed += verdict == RATE_PASS;
        v.slipped += verdict == RATE_SLIP;
        v.dropped += verdict == RATE_DROP;
    }
    return v;
}

static void a_limit_of_0_is_none(void **state)
{
    (void)state;
    assert_null(limit_of(0, 2, 1));
    rate_limit_free(NULL);
}

static void a_burst_of_a_second_passes_and_then_the_rate(void **state)
{
    (void)state;
    struct rate_limit *r = limit_of(100, 0, 1);
    struct verdicts v = ask(r, "192.0.2.1", KIND, 150, START_US, 0);
    assert_int_equal(v.passed, 100);
    assert_int_equal(v.dropped, 50);
    /* Ten seconds at ten times the rate: the rate passes, give or take one. */
    v = ask(r, "192.0.2.1", KIND, 10000, START_US, 10 * SECOND_US);
    assert_in_range(v.passed, 999, 1001);
    /* At the rate everything passes. */
    v = ask(r, "192.0.2.1", KIND, 1000, START_US + 100 * SECOND_US, 10 * SECOND_US);
    assert_int_equal(v.passed, 1000);
    rate_limit_free(r);
}

static void each_slipth_answer_beyond_is_sent_short(void **state)
{
    (void)state;
    for (unsigned slip = 1; slip <= 5; slip++) {
        struct rate_limit *r = limit_of(10, slip, 1);
        struct verdicts v = ask(r, "192.0.2.1", KIND, 10 + 60, START_US, 0);
        assert_int_equal(v.passed, 10);
        assert_int_equal(v.slipped, 60 / slip);
        assert_int_equal(v.dropped, 60 - 60 / slip);
        /* Half as much again as the rate, so that answers that pass lie between: still sent. */
        v = ask(r, "192.0.2.1", KIND, 900, START_US, 60 * SECOND_US);
        assert_in_range(v.slipped, 300 / slip - 4, 300 / slip + 4);
        rate_limit_free(r);
    }
}

static void threads_share_the_rate_and_every_bucket_holds_some(void **state)
{
    (void)state;
    struct rate_limit *r = limit_of(100, 0, 4);
    assert_int_equal(ask(r, "192.0.2.1", KIND, 100, START_US, 0).passed, 25);
    rate_limit_free(r);
    r = limit_of(1, 0, 64);
    assert_int_equal(ask(r, "192.0.2.1", KIND, 100, START_US, 0).passed, RATE_LIMIT_BURST_LEAST);
    assert_int_equal(ask(r, "192.0.2.1", KIND, 10, START_US + 64 * SECOND_US, 0).passed, 1);
    rate_limit_free(r);
}

static void networks_and_kinds_have_buckets_of_their_own(void **state)
{
    (void)state;
    struct rate_limit *r = limit_of(10, 0, 1);
    assert_int_equal(ask(r, "192.0.2.1", KIND, 20, START_US, 0).passed, 10);
    assert_int_equal(ask(r, "192.0.2.255", KIND, 20, START_US, 0).passed, 0);
    assert_int_equal(ask(r, "192.0.3.1", KIND, 20, START_US, 0).passed, 10);
    assert_int_equal(ask(r, "192.0.2.1", KIND + 1, 20, START_US, 0).passed, 10);
    assert_int_equal(ask(r, "2001:db8::1", KIND, 20, START_US, 0).passed, 10);
    assert_int_equal(ask(r, "2001:db8:0:ff::1", KIND, 20, START_US, 0).passed, 0);
    assert_int_equal(ask(r, "2001:db8:0:100::1", KIND, 20, START_US, 0).passed, 10);
    rate_limit_free(r);
}

static void a_full_table_keeps_who_is_beyond_the_limit(void **state)
{
    (void)state;
    struct rate_limit *r = limit_of(10, 0, 1);
    const unsigned buckets = RATE_LIMIT_ROWS * RATE_LIMIT_WAYS;
    assert_int_equal(ask(r, "192.0.2.1", KIND, 100, START_US, 0).passed, 10);
    for (unsigned i = 0; i < 4 * buckets; i++) {
        struct view_address other = {
            .len = 4, .bytes = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
        (void)rate_limit_check(r, rate_limit_key(r, &other, i), START_US);
    }
    assert_int_equal(ask(r, "192.0.2.1", KIND, 100, START_US, 0).passed, 0);
    rate_limit_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_of_0_is_none),
        cmocka_unit_test(a_burst_of_a_second_passes_and_then_the_rate),
        cmocka_unit_test(each_slipth_answer_beyond_is_sent_short),
        cmocka_unit_test(threads_share_the_rate_and_every_bucket_holds_some),
        cmocka_unit_test(networks_and_kinds_have_buckets_of_their_own),
        cmocka_unit_test(a_full_table_keeps_who_is_beyond_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
