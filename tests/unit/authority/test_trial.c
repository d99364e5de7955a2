// SPDX-License-Identifier: Apache-2.0
// The trial of a root: what it finds, what it lets pass, and what it never reads.

#include "fixture.h"

#include "authority/sample_query.h"
#include "authority/trial.h"
#include "release/health_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Tries `after` against `before` (NULL: none). */
static enum err try_roots(struct fixture *f, const struct chunk_hash *before,
                          const struct chunk_hash *after, const struct sample_ring *samples,
                          struct errctx *ec)
{
    struct role_root old = {.hash = before, .source = &f->source};
    struct role_root new = {.hash = after, .source = &f->source};
    *ec = (struct errctx){0};
    return trial_run(&old, &new, samples, ec);
}

static void a_good_root_passes_as_first_and_as_next(void **state)
{
    (void)state;
    struct fixture f;
    struct errctx ec;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "*.example.com", "CNAME", 60, "www.example.com.");
    fixture_value(&f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    struct chunk_hash first = fixture_build(&f);
    assert_int_equal(try_roots(&f, NULL, &first, NULL, &ec), ERR_OK);
    struct release_zone *corp = fixture_whole_zone(&f, "Z2", "example.org");
    corp->is_private = true;
    corp->sources = (struct release_prefix[]){{.address = {10}, .bytes = 4, .length = 8}};
    corp->source_count = 1;
    fixture_alias(&f, "Z1", "example.com", "A", "Z1", "www.example.com");
    struct chunk_hash next = fixture_build(&f);
    assert_int_equal(try_roots(&f, &first, &next, NULL, &ec), ERR_OK);
    assert_int_equal(try_roots(&f, &next, &first, NULL, &ec), ERR_OK);
    fixture_fini(&f);
}

static void an_answer_that_becomes_servfail_is_found_and_named(void **state)
{
    (void)state;
    struct fixture f;
    struct errctx ec;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    struct chunk_hash good = fixture_build(&f);
    fixture_remove(&f, "Z1", "example.com", "SOA");
    struct chunk_hash bad = fixture_build(&f);
    assert_int_equal(try_roots(&f, &good, &bad, NULL, &ec), ERR_INVALID);
    assert_string_equal(ec.text, "example.com. TYPE65280: answer became SERVFAIL");
    assert_int_equal(try_roots(&f, NULL, &bad, NULL, &ec), ERR_INVALID);
    /* What was as bad before does not keep a change out. */
    fixture_value(&f, "Z1", "other.example.com", "A", 60, "192.0.2.1");
    struct chunk_hash as_bad = fixture_build(&f);
    assert_int_equal(try_roots(&f, &bad, &as_bad, NULL, &ec), ERR_OK);
    fixture_fini(&f);
}

static void a_sample_of_the_traffic_is_asked_again(void **state)
{
    (void)state;
    struct fixture f;
    struct errctx ec;
    uint8_t bytes[600];
    struct sample_ring *samples = sample_ring_new();
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_whole_zone(&f, "Z2", "example.org");
    struct chunk_hash good = fixture_build(&f);
    struct question q = {.name = "missing.example.org", .local = "2001:db8::1"};
    struct answer_request request = {
        .query = question_bytes(&q, bytes), .view = question_view(&q), .is_tcp = true};
    sample_query_put(samples, &request);
    assert_int_equal(try_roots(&f, &good, &good, samples, &ec), ERR_OK);

    uint8_t copy[SAMPLE_MAX_BYTES];
    struct answer_request got;
    assert_true(sample_query_get(samples, 0, copy, &got));
    assert_false(sample_query_get(samples, 1, copy, &got));
    assert_true(got.is_tcp && slice_equal(got.query, request.query));
    assert_int_equal(got.view.local.len, 16);

    /* The difference alone asks only at the apex; the sample shows that the zone is gone wrong. */
    fixture_remove(&f, "Z2", "example.org", "SOA");
    struct chunk_hash bad = fixture_build(&f);
    assert_int_equal(try_roots(&f, &good, &bad, samples, &ec), ERR_INVALID);
    fixture_fini(&f);
}

static void a_longer_query_than_a_sample_takes_is_left_out(void **state)
{
    (void)state;
    struct sample_ring *samples = sample_ring_new();
    uint8_t bytes[SAMPLE_MAX_BYTES] = {0};
    uint8_t copy[SAMPLE_MAX_BYTES];
    struct answer_request got;
    struct answer_request request = {.query = slice_of(bytes, sizeof(bytes))};
    sample_query_put(samples, &request);
    assert_false(sample_query_get(samples, 0, copy, &got));
    request.query.len = sizeof(bytes) - sizeof(struct view) - 1;
    sample_query_put(samples, &request);
    assert_true(sample_query_get(samples, 0, copy, &got));
    assert_int_equal(got.query.len, request.query.len);
}

static void the_trial_of_one_change_reads_few_chunks(void **state)
{
    (void)state;
    struct fixture f;
    struct errctx ec;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    for (unsigned i = 0; i < 2000; i++)
        fixture_value(&f, "Z1", arena_printf(&f.arena, "a-host-of-many-%u.example.com", i), "A", 60,
                      "192.0.2.1");
    struct chunk_hash before = fixture_build(&f);
    fixture_value(&f, "Z1", "a-host-of-many-7.example.com", "TXT", 60, "\"new\"");
    struct chunk_hash after = fixture_build(&f);
    f.reads = 0;
    assert_int_equal(try_roots(&f, &before, &after, NULL, &ec), ERR_OK);
    assert_true(f.reads <= 12);
    fixture_fini(&f);
}

static void a_chunk_that_cannot_be_read_fails_the_trial(void **state)
{
    (void)state;
    struct fixture f;
    struct errctx ec;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    struct chunk_hash before = fixture_build(&f);
    fixture_value(&f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    struct chunk_hash after = fixture_build(&f);
    fixture_lose(&f, &after);
    assert_int_equal(try_roots(&f, &before, &after, NULL, &ec), ERR_NOT_FOUND);
    after = fixture_build(&f);
    fixture_lose(&f, &before); /* an old root that is damaged keeps no new one out */
    assert_int_equal(try_roots(&f, &before, &after, NULL, &ec), ERR_OK);
    fixture_fini(&f);
}

static void health_checks_that_cannot_be_read_are_found(void **state)
{
    (void)state;
    struct fixture f;
    struct errctx ec;
    const struct release_health_check check = {.id = (const char *)fixture_check_id.data,
                                               .kind = RELEASE_CHECK_POSTED,
                                               .host = "",
                                               .path = "",
                                               .search = ""};
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    struct chunk_hash none = fixture_build(&f);
    f.health_check = release_health_check_encode(&f.arena, &check);
    struct chunk_hash good = fixture_build(&f);
    f.health_check = slice_sub(f.health_check, 0, f.health_check.len - 1);
    struct chunk_hash bad = fixture_build(&f);
    assert_int_equal(try_roots(&f, &none, &good, NULL, &ec), ERR_OK);
    assert_int_equal(try_roots(&f, &none, &bad, NULL, &ec), ERR_CORRUPT);
    assert_int_equal(try_roots(&f, &good, &bad, NULL, &ec), ERR_CORRUPT);
    assert_int_equal(try_roots(&f, NULL, &bad, NULL, &ec), ERR_CORRUPT);
    assert_int_equal(try_roots(&f, &bad, &good, NULL, &ec), ERR_OK);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_checks_that_cannot_be_read_are_found),
        cmocka_unit_test(a_good_root_passes_as_first_and_as_next),
        cmocka_unit_test(an_answer_that_becomes_servfail_is_found_and_named),
        cmocka_unit_test(a_sample_of_the_traffic_is_asked_again),
        cmocka_unit_test(a_longer_query_than_a_sample_takes_is_left_out),
        cmocka_unit_test(the_trial_of_one_change_reads_few_chunks),
        cmocka_unit_test(a_chunk_that_cannot_be_read_fails_the_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
