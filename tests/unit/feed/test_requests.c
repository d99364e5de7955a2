// SPDX-License-Identifier: Apache-2.0
#include "feed/limits.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void on_chunk(void *user, const struct chunk_hash *hash, struct slice packed)
{
    struct fixture *f = user;
    AUTO_ARENA struct arena a = {0};
    struct slice plain;
    assert_int_equal(chunk_unpack(&a, packed, hash, &plain, NULL), ERR_OK);
    f->fetched[f->fetched_count++] = *hash;
}

static void on_done(void *user, enum err result, const struct errctx *ec)
{
    struct fixture *f = user;
    assert_false(f->is_fetched);
    f->is_fetched = true;
    f->fetch_result = result;
    assert_true(result == ERR_OK || ec->text[0] != '\0');
}

static void fetch(struct fixture *f, const struct chunk_hash *hashes, size_t count)
{
    struct feed_fetch_handler handler = {on_chunk, on_done, f};
    f->is_fetched = false;
    f->fetched_count = 0;
    feed_client_fetch(f->client, hashes, count, &handler);
    RUN_UNTIL(f, f->is_fetched);
}

static void chunks_come_in_order_and_by_more_than_waits_at_once(void **state)
{
    (void)state;
    enum { COUNT = 40, SIZE = 100000 };
    _Static_assert((uint64_t)COUNT * SIZE > 4ull * FEED_OUTPUT_BYTES, "the server must wait");
    struct fixture f;
    fixture_init(&f);
    fixture_start_server(&f);
    fixture_start_client(&f);
    struct chunk_hash hashes[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        hashes[i] = fixture_add_chunk(&f, SIZE);
    fetch(&f, hashes, COUNT);
    assert_int_equal(f.fetch_result, ERR_OK);
    assert_int_equal(f.fetched_count, COUNT);
    assert_memory_equal(f.fetched, hashes, sizeof(hashes));
    fetch(&f, hashes, 1);
    assert_int_equal(f.fetch_result, ERR_OK);
    fixture_fini(&f);
}

static void the_largest_fetch_and_the_largest_chunk_fit(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_start_server(&f);
    fixture_start_client(&f);
    struct chunk_hash large = fixture_add_chunk(&f, CHUNK_MAX_BYTES);
    fetch(&f, &large, 1);
    assert_int_equal(f.fetch_result, ERR_OK);
    struct chunk_hash hashes[FEED_FETCH_MAX_CHUNKS];
    for (size_t i = 0; i < FEED_FETCH_MAX_CHUNKS; i++)
        hashes[i] = fixture_add_chunk(&f, 50);
    fetch(&f, hashes, FEED_FETCH_MAX_CHUNKS);
    assert_int_equal(f.fetch_result, ERR_OK);
    assert_int_equal(f.fetched_count, FEED_FETCH_MAX_CHUNKS);
    fixture_fini(&f);
}

static void what_is_missing_is_told_and_the_rest_comes(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_start_server(&f);
    fixture_start_client(&f);
    struct chunk_hash hashes[3] = {fixture_add_chunk(&f, 10), {{1}}, fixture_add_chunk(&f, 20)};
    fetch(&f, hashes, 3);
    assert_int_equal(f.fetch_result, ERR_NOT_FOUND);
    assert_int_equal(f.fetched_count, 2);
    assert_true(chunk_hash_equal(&f.fetched[1], &hashes[2]));
    fixture_fini(&f);
}

static void a_fetch_without_admission_or_server_fails(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.admits = false;
    fixture_start_server(&f);
    fixture_start_client(&f);
    struct chunk_hash hash = fixture_add_chunk(&f, 10);
    fetch(&f, &hash, 1);
    assert_int_equal(f.fetch_result, ERR_DENIED);
    assert_int_equal(f.fetched_count, 0);
    fixture_stop_server(&f);
    f.is_fetched = false;
    struct feed_fetch_handler handler = {on_chunk, on_done, &f};
    feed_client_fetch(f.client, &hash, 1, &handler);
    feed_client_free(f.client); /* no callback any more */
    f.client = NULL;
    assert_false(f.is_fetched);
    fixture_fini(&f);
}

static struct slice report_of(struct fixture *f, const char *node_id, const char *version)
{
    struct release_report report = {.node_id = node_id, .version = version, .rejected_reason = ""};
    return release_report_encode(&f->arena, &report);
}

static void the_newest_report_replaces_one_that_waits(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_start_server(&f);
    fixture_start_client(&f);
    feed_client_report(f.client, report_of(&f, f.node_id, "first"));
    feed_client_report(f.client, report_of(&f, f.node_id, "second"));
    feed_client_report(f.client, report_of(&f, f.node_id, "third"));
    RUN_UNTIL(&f, f.report_count == 2);
    assert_string_equal(f.reported[0], "first");
    assert_string_equal(f.reported[1], "third");
    fixture_fini(&f);
}

static void a_report_waits_for_a_server_that_is_away(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.options.silence_ns = 200000000;
    fixture_start_client(&f);
    feed_client_report(f.client, report_of(&f, f.node_id, "early"));
    fixture_run_for(&f, 300000000);
    fixture_start_server(&f);
    RUN_UNTIL(&f, f.report_count >= 1);
    assert_string_equal(f.reported[0], "early");
    fixture_fini(&f);
}

static void a_node_reports_for_itself_alone(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_start_server(&f);
    struct slice own = report_of(&f, f.node_id, "1");
    struct slice other = report_of(&f, "another", "1");
    assert_int_equal(fixture_status(&f, "POST", "/feed/report", own), 204);
    assert_int_equal(fixture_status(&f, "POST", "/feed/report", other), 403);
    assert_int_equal(fixture_status(&f, "POST", "/feed/report", SLICE_LIT("\x0a")), 400);
    assert_int_equal(f.report_count, 1);
    fixture_stop_server(&f);
    f.source.on_report = NULL; /* a peer */
    fixture_start_server(&f);
    assert_int_equal(fixture_status(&f, "POST", "/feed/report", own), 404);
    fixture_fini(&f);
}

static void requests_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_start_server(&f);
    const struct slice none = {0};
    static uint8_t bytes[FEED_REQUEST_MAX_BYTES + 1];
    assert_int_equal(fixture_status(&f, "GET", "/feed/pointers?after=0.0", none), 200);
    assert_int_equal(
        fixture_status(&f, "GET", "/feed/pointers?after=18446744073709551615.18446744073709551615",
                       none),
        200);
    assert_int_equal(fixture_status(&f, "GET", "/feed/pointers?after=18446744073709551616.0", none),
                     400);
    assert_int_equal(fixture_status(&f, "GET", "/feed/pointers?after=0", none), 400);
    assert_int_equal(fixture_status(&f, "GET", "/feed/pointers", none), 400);
    assert_int_equal(fixture_status(&f, "POST", "/feed/pointers?after=0.0", none), 405);
    assert_int_equal(fixture_status(&f, "GET", "/feed/chunks", none), 405);
    assert_int_equal(fixture_status(&f, "GET", "/", none), 404);
    assert_int_equal(fixture_status(&f, "POST", "/feed/chunks", none), 400);
    assert_int_equal(fixture_status(&f, "POST", "/feed/chunks", slice_of(bytes, 31)), 400);
    assert_int_equal(fixture_status(&f, "POST", "/feed/chunks", slice_of(bytes, 32)), 200);
    size_t most = FEED_FETCH_MAX_CHUNKS * SHA256_BYTES;
    assert_int_equal(fixture_status(&f, "POST", "/feed/chunks", slice_of(bytes, most)), 200);
    assert_int_equal(fixture_status(&f, "POST", "/feed/chunks", slice_of(bytes, most + 32)), 400);
    assert_int_equal(fixture_status(&f, "POST", "/feed/report", slice_of(bytes, sizeof(bytes))),
                     413);
    fixture_fini(&f);
}

static void a_plain_connection_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.server = feed_server_new(f.loop, NULL, &f.source);
    feed_server_listen(f.server, f.listen_fd);
    f.options.tls = NULL;
    assert_int_equal(fixture_status(&f, "GET", "/feed/pointers?after=0.0", (struct slice){0}), 403);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_come_in_order_and_by_more_than_waits_at_once),
        cmocka_unit_test(the_largest_fetch_and_the_largest_chunk_fit),
        cmocka_unit_test(what_is_missing_is_told_and_the_rest_comes),
        cmocka_unit_test(a_fetch_without_admission_or_server_fails),
        cmocka_unit_test(the_newest_report_replaces_one_that_waits),
        cmocka_unit_test(a_report_waits_for_a_server_that_is_away),
        cmocka_unit_test(a_node_reports_for_itself_alone),
        cmocka_unit_test(requests_that_make_no_sense_are_refused),
        cmocka_unit_test(a_plain_connection_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
