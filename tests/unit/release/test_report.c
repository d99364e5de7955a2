// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"
#include "release/limits.h"
#include "release/release.pb-c.h"
#include "release/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const char *roles[] = {"dns"};
static const char *features[] = {"dns.alias", "dns.records"};
static struct chunk_hash held[] = {{{1}}, {{2}}};
static struct slice addresses[] = {{(const uint8_t *)"\x0a\0\0\x01", 4},
                                   {(const uint8_t *)"0123456789abcdef", 16}};

static struct release_report sample_report(void)
{
    return (struct release_report){.node_id = "node-1",
                                   .roles = roles,
                                   .role_count = 1,
                                   .version = "0.1.0",
                                   .epoch = 3,
                                   .sequence = 9,
                                   .applied = {{1}},
                                   .rejected = {{2}},
                                   .rejected_reason = "trial: \x01 caf\xc3\xa9",
                                   .is_pinned = true,
                                   .features = features,
                                   .feature_count = 2,
                                   .boot = UINT64_MAX,
                                   .held = held,
                                   .held_count = 2,
                                   .pop = "ZRH50-P1",
                                   .addresses = addresses,
                                   .address_count = 2,
                                   .location = "eu-central-2",
                                   .votes_address = addresses[0],
                                   .votes_port = 5391,
                                   .probe_addresses = addresses,
                                   .probe_address_count = 2,
                                   .http_port = 8080};
}

static void a_report_survives_the_way_there_and_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_report report = sample_report();
    struct slice bytes = release_report_encode(&a, &report);
    struct release_report out;
    struct errctx ec = {0};
    assert_int_equal(release_report_decode(&a, bytes, &out, &ec), ERR_OK);
    assert_string_equal(out.node_id, "node-1");
    assert_string_equal(out.roles[0], "dns");
    assert_string_equal(out.version, "0.1.0");
    assert_true(out.epoch == 3 && out.sequence == 9 && out.boot == UINT64_MAX && out.is_pinned);
    assert_true(chunk_hash_equal(&out.applied, &held[0]));
    assert_true(chunk_hash_is_zero(&out.proven) && chunk_hash_is_zero(&out.tried));
    assert_true(chunk_hash_equal(&out.rejected, &held[1]));
    assert_string_equal(out.rejected_reason, "trial: ? caf??");
    assert_string_equal(out.features[1], "dns.records");
    assert_int_equal(out.held_count, 2);
    assert_true(chunk_hash_equal(&out.held[1], &held[1]));
    assert_string_equal(out.pop, "ZRH50-P1");
    assert_string_equal(out.location, "eu-central-2");
    assert_int_equal(out.address_count, 2);
    assert_true(slice_equal(out.addresses[1], addresses[1]));
    assert_true(slice_equal(out.votes_address, addresses[0]));
    assert_int_equal(out.votes_port, 5391);
    assert_int_equal(out.probe_address_count, 2);
    assert_int_equal(out.http_port, 8080);
    assert_true(slice_equal(out.probe_addresses[1], addresses[1]));
    assert_true(slice_equal(release_report_encode(&a, &out), bytes));
}

static void protobuf_c_reads_and_writes_the_same_report(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_report report = sample_report();
    struct slice bytes = release_report_encode(&a, &report);
    Weir__Release__Report *pb = weir__release__report__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_string_equal(pb->node_id, "node-1");
    assert_int_equal(pb->n_held_roots, 2);
    assert_int_equal(pb->sequence, 9);
    assert_true(pb->is_pinned);
    assert_string_equal(pb->pop, "ZRH50-P1");
    assert_int_equal(pb->n_addresses, 2);
    assert_int_equal(pb->votes_port, 5391);
    assert_int_equal(pb->n_probe_addresses, 2);
    uint8_t again[1024];
    assert_int_equal(weir__release__report__get_packed_size(pb), bytes.len);
    (void)weir__release__report__pack(pb, again);
    assert_memory_equal(again, bytes.data, bytes.len);
    weir__release__report__free_unpacked(pb, NULL);
}

static void a_node_in_no_point_of_presence_says_nothing_of_one(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_report report = sample_report();
    report.pop = report.location = "";
    report.address_count = 0;
    struct release_report out;
    struct slice bytes = release_report_encode(&a, &report);
    assert_int_equal(release_report_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_string_equal(out.pop, "");
    assert_string_equal(out.location, "");
    assert_int_equal(out.address_count, 0);
}

static void votes_have_an_address_and_a_port_or_neither(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_report out;
    struct release_report report = sample_report();
    report.votes_address = (struct slice){0};
    report.votes_port = 0;
    report.probe_address_count = 0;
    struct slice bytes = release_report_encode(&a, &report);
    assert_int_equal(release_report_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_int_equal(out.votes_address.len, 0);
    assert_int_equal(out.votes_port, 0);
    struct slice port_alone = SLICE_LIT("\x0a\x01n\x98\x01\x35");
    assert_int_equal(release_report_decode(&a, port_alone, &out, NULL), ERR_CORRUPT);
    struct slice address_alone = SLICE_LIT("\x0a\x01n\x92\x01\x04\x01\x02\x03\x04");
    assert_int_equal(release_report_decode(&a, address_alone, &out, NULL), ERR_CORRUPT);
    struct slice both = SLICE_LIT("\x0a\x01n\x92\x01\x04\x01\x02\x03\x04\x98\x01\x35");
    assert_int_equal(release_report_decode(&a, both, &out, NULL), ERR_OK);
}

static void a_long_reason_is_cut(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    char reason[RELEASE_REASON_MAX_BYTES + 2];
    memset(reason, 'x', sizeof(reason));
    reason[sizeof(reason) - 1] = '\0';
    struct release_report report = sample_report();
    report.rejected_reason = reason;
    struct release_report out;
    assert_int_equal(release_report_decode(&a, release_report_encode(&a, &report), &out, NULL),
                     ERR_OK);
    assert_int_equal(strlen(out.rejected_reason), RELEASE_REASON_MAX_BYTES);
}

static void the_largest_report_fits(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_report report = sample_report();
    report.held = arena_array(&a, RELEASE_HELD_MAX, sizeof(*report.held));
    random_bytes(report.held, RELEASE_HELD_MAX * sizeof(*report.held));
    report.held_count = RELEASE_HELD_MAX;
    struct release_report out;
    struct slice bytes = release_report_encode(&a, &report);
    assert_int_equal(release_report_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_int_equal(out.held_count, RELEASE_HELD_MAX);
}

static void a_report_without_a_node_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_report out;
    assert_int_equal(release_report_decode(&a, (struct slice){0}, &out, NULL), ERR_CORRUPT);
    assert_int_equal(release_report_decode(&a,
                                           SLICE_LIT("\x0a\x03"
                                                     "a/b"),
                                           &out, NULL),
                     ERR_CORRUPT);
    assert_int_equal(release_report_decode(&a,
                                           SLICE_LIT("\x0a\x03"
                                                     "a-b"),
                                           &out, NULL),
                     ERR_OK);
    assert_string_equal(out.version, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_survives_the_way_there_and_back),
        cmocka_unit_test(protobuf_c_reads_and_writes_the_same_report),
        cmocka_unit_test(a_node_in_no_point_of_presence_says_nothing_of_one),
        cmocka_unit_test(votes_have_an_address_and_a_port_or_neither),
        cmocka_unit_test(a_long_reason_is_cut),
        cmocka_unit_test(the_largest_report_fits),
        cmocka_unit_test(a_report_without_a_node_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
