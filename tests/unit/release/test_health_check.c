// SPDX-License-Identifier: Apache-2.0
// Health checks and checkers: there and back, compared with protobuf-c, and what no reader gets to
// see.
#include "release/health_check.h"
#include "release/limits.h"
#include "release/release.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define ID_A "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0"
#define ID_B "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1"
#define ID_C "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f2"

static const char *children[] = {ID_B, ID_C};

static struct release_health_check https_check(void)
{
    return (struct release_health_check){
        .id = ID_A,
        .kind = RELEASE_CHECK_HTTPS,
        .address = {192, 0, 2, 1},
        .address_bytes = 4,
        .host = "www.example.com",
        .port = 443,
        .path = "/up?deep=1",
        .search = "caf\xc3\xa9\nis open",
        .is_sni = true,
        .is_slow = true,
        .threshold = 10,
        .is_inverted = true,
        .hold_down_s = RELEASE_HOLD_DOWN_MAX_S,
        .override = {.is_there = true, .number = 7, .until_unix_s = 1700000000},
    };
}

static struct release_health_check calculated_check(void)
{
    return (struct release_health_check){.id = ID_A,
                                         .kind = RELEASE_CHECK_CALCULATED,
                                         .host = "",
                                         .path = "",
                                         .search = "",
                                         .children = children,
                                         .child_count = 2,
                                         .healthy_children = 1,
                                         .is_disabled = true};
}

static struct release_health_check posted_check(void)
{
    return (struct release_health_check){.id = ID_A,
                                         .kind = RELEASE_CHECK_POSTED,
                                         .host = "",
                                         .path = "",
                                         .search = "",
                                         .is_posted_healthy = true};
}

static struct release_checker checker(void)
{
    return (struct release_checker){.node_id = "node-1",
                                    .public_key = {1, 2, 3},
                                    .address = {0x20, 1},
                                    .address_bytes = 16,
                                    .port = 5391,
                                    .region = "47.38,8.54",
                                    .is_excluded = true};
}

static void a_check_survives_the_way_there_and_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_health_check in = https_check();
    struct release_health_check out;
    struct slice bytes = release_health_check_encode(&a, &in);
    assert_int_equal(release_health_check_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_string_equal(out.id, ID_A);
    assert_int_equal(out.kind, RELEASE_CHECK_HTTPS);
    assert_int_equal(out.address_bytes, 4);
    assert_memory_equal(out.address, in.address, 4);
    assert_string_equal(out.host, in.host);
    assert_int_equal(out.port, 443);
    assert_string_equal(out.path, in.path);
    assert_string_equal(out.search, in.search);
    assert_true(out.is_sni && out.is_slow && out.is_inverted && !out.is_disabled);
    assert_int_equal(out.threshold, 10);
    assert_int_equal(out.hold_down_s, in.hold_down_s);
    assert_true(out.override.is_there && !out.override.is_healthy);
    assert_true(out.override.number == 7 && out.override.until_unix_s == 1700000000);
    assert_true(slice_equal(release_health_check_encode(&a, &out), bytes));
}

static void checks_without_an_endpoint_survive_too(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_health_check in = calculated_check();
    struct release_health_check out;
    struct slice bytes = release_health_check_encode(&a, &in);
    assert_int_equal(release_health_check_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_int_equal(out.child_count, 2);
    assert_string_equal(out.children[1], ID_C);
    assert_int_equal(out.healthy_children, 1);
    assert_true(out.is_disabled && !out.override.is_there);
    assert_string_equal(out.host, "");
    in = posted_check();
    bytes = release_health_check_encode(&a, &in);
    assert_int_equal(release_health_check_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_true(out.is_posted_healthy);
}

static void a_checker_survives_the_way_there_and_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_checker in = checker();
    struct release_checker out;
    struct slice bytes = release_checker_encode(&a, &in);
    assert_int_equal(release_checker_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_string_equal(out.node_id, "node-1");
    assert_memory_equal(out.public_key, in.public_key, sizeof(out.public_key));
    assert_int_equal(out.address_bytes, 16);
    assert_memory_equal(out.address, in.address, 16);
    assert_int_equal(out.port, 5391);
    assert_string_equal(out.region, "47.38,8.54");
    assert_true(out.is_excluded);
    assert_true(slice_equal(release_checker_encode(&a, &out), bytes));
}

/* Bytes of ours, unpacked and packed by protobuf-c, are the same. */
static void assert_same_as_protobuf_c(const ProtobufCMessageDescriptor *type, struct slice bytes)
{
    uint8_t again[1024];
    ProtobufCMessage *pb = protobuf_c_message_unpack(type, NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_int_equal(protobuf_c_message_get_packed_size(pb), bytes.len);
    (void)protobuf_c_message_pack(pb, again);
    assert_memory_equal(again, bytes.data, bytes.len);
    protobuf_c_message_free_unpacked(pb, NULL);
}

static void protobuf_c_reads_and_writes_the_same(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const ProtobufCMessageDescriptor *type = &weir__release__health_check__descriptor;
    struct release_health_check c = https_check();
    struct slice bytes = release_health_check_encode(&a, &c);
    Weir__Release__HealthCheck *pb =
        weir__release__health_check__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_string_equal(pb->host, "www.example.com");
    assert_int_equal(pb->threshold, 10);
    assert_int_equal(pb->override->number, 7);
    weir__release__health_check__free_unpacked(pb, NULL);
    assert_same_as_protobuf_c(type, bytes);
    c = calculated_check();
    assert_same_as_protobuf_c(type, release_health_check_encode(&a, &c));
    c = posted_check();
    assert_same_as_protobuf_c(type, release_health_check_encode(&a, &c));
    struct release_checker p = checker();
    assert_same_as_protobuf_c(&weir__release__checker__descriptor, release_checker_encode(&a, &p));
}

#define IS_GOOD(check) assert_null(release_health_check_problem(&(check)))
#define IS_BAD(check) assert_non_null(release_health_check_problem(&(check)))

static void an_endpoint_has_an_address_or_a_host_and_its_numbers_in_their_ranges(void **state)
{
    (void)state;
    struct release_health_check c = https_check();
    IS_GOOD(c);
    c.address_bytes = 0;
    IS_GOOD(c);
    c.host = "";
    IS_BAD(c);
    c.address_bytes = 16;
    IS_GOOD(c);
    c.address_bytes = 5;
    IS_BAD(c);
    c = https_check();
    c.host = "WWW.example.com";
    IS_BAD(c);
    c = https_check();
    c.port = 0;
    IS_BAD(c);
    c = https_check();
    c.threshold = 11;
    IS_BAD(c);
    c.threshold = 0;
    IS_BAD(c);
    c.threshold = 1;
    IS_GOOD(c);
    c.hold_down_s = RELEASE_HOLD_DOWN_MAX_S + 1;
    IS_BAD(c);
}

static void texts_keep_to_their_forms(void **state)
{
    (void)state;
    struct release_health_check c = https_check();
    c.path = "up";
    IS_BAD(c);
    c.path = "/a b";
    IS_BAD(c);
    c.path = "";
    IS_BAD(c);
    c = https_check();
    c.search = "\xff";
    IS_BAD(c);
    c = https_check();
    c.id = "0F1E2D3C-4B5A-4978-8695-A4B3C2D1E0F0";
    IS_BAD(c);
    c.id = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f";
    IS_BAD(c);
    c.id = "0f1e2d3c04b5a-4978-8695-a4b3c2d1e0f0";
    IS_BAD(c);
}

static void a_kind_has_nothing_of_another_kind(void **state)
{
    (void)state;
    struct release_health_check c = https_check();
    c.kind = RELEASE_CHECK_HTTP;
    IS_BAD(c); /* SNI */
    c.is_sni = false;
    IS_GOOD(c);
    c.is_posted_healthy = true;
    IS_BAD(c);
    c = https_check();
    c.children = children;
    c.child_count = 1;
    IS_BAD(c);
    c = https_check();
    c.is_sni = false;
    c.kind = RELEASE_CHECK_TCP;
    IS_BAD(c); /* a path */
    c.path = "";
    IS_BAD(c); /* a string */
    c.search = "";
    IS_GOOD(c);
    c = calculated_check();
    c.port = 80;
    IS_BAD(c);
    c = posted_check();
    c.healthy_children = 1;
    IS_BAD(c);
    c.kind = (enum release_check_kind)0;
    IS_BAD(c);
}

static void children_are_sorted_ids_and_no_more_than_fit(void **state)
{
    (void)state;
    struct release_health_check c = calculated_check();
    const char *disorder[] = {ID_C, ID_B};
    const char *twice[] = {ID_B, ID_B};
    const char *no_ids[] = {"a", "b"};
    IS_GOOD(c);
    c.children = disorder;
    IS_BAD(c);
    c.children = twice;
    IS_BAD(c);
    c.children = no_ids;
    IS_BAD(c);
    c.child_count = 0;
    IS_GOOD(c);
    c.healthy_children = RELEASE_CHECK_CHILDREN_MAX;
    IS_GOOD(c);
    c.healthy_children++;
    IS_BAD(c);
}

static void an_override_has_a_number_and_an_absent_one_has_nothing(void **state)
{
    (void)state;
    struct release_health_check c = https_check();
    c.override.number = 0;
    IS_BAD(c);
    c.override = (struct release_override){.is_healthy = true};
    IS_BAD(c);
    c.override = (struct release_override){0};
    IS_GOOD(c);
}

static void a_checker_has_where_its_votes_are(void **state)
{
    (void)state;
    struct release_checker c = checker();
    assert_null(release_checker_problem(&c));
    c.port = 0;
    assert_non_null(release_checker_problem(&c));
    c = checker();
    c.address_bytes = 0;
    assert_non_null(release_checker_problem(&c));
    c = checker();
    c.node_id = "a/b";
    assert_non_null(release_checker_problem(&c));
    c = checker();
    c.region = "a\nb";
    assert_non_null(release_checker_problem(&c));
}

/* Packs the check through protobuf-c, which checks nothing, after `spoil`, and decodes it. */
static enum err decode_spoilt(const struct release_health_check *in,
                              void (*spoil)(Weir__Release__HealthCheck *pb))
{
    AUTO_ARENA struct arena a = {0};
    struct release_health_check out;
    struct slice bytes = release_health_check_encode(&a, in);
    Weir__Release__HealthCheck *pb =
        weir__release__health_check__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    spoil(pb);
    uint8_t *packed = arena_alloc(&a, weir__release__health_check__get_packed_size(pb));
    size_t size = weir__release__health_check__pack(pb, packed);
    weir__release__health_check__free_unpacked(pb, NULL);
    return release_health_check_decode(&a, slice_of(packed, size), &out, NULL);
}

static void nothing(Weir__Release__HealthCheck *pb)
{
    (void)pb;
}

static void raise_port(Weir__Release__HealthCheck *pb)
{
    pb->port = 65536 + 80;
}

static void raise_threshold(Weir__Release__HealthCheck *pb)
{
    pb->threshold = 256 + 3;
}

static void cut_address(Weir__Release__HealthCheck *pb)
{
    pb->address.len = 3;
}

static void other_kind(Weir__Release__HealthCheck *pb)
{
    pb->kind = (Weir__Release__CheckKind)6;
}

static void swap_children(Weir__Release__HealthCheck *pb)
{
    char *first = pb->children[0];
    pb->children[0] = pb->children[1];
    pb->children[1] = first;
}

static void what_is_no_check_is_refused(void **state)
{
    (void)state;
    struct release_health_check c = https_check();
    assert_int_equal(decode_spoilt(&c, nothing), ERR_OK);
    assert_int_equal(decode_spoilt(&c, raise_port), ERR_CORRUPT);
    assert_int_equal(decode_spoilt(&c, raise_threshold), ERR_CORRUPT);
    assert_int_equal(decode_spoilt(&c, cut_address), ERR_CORRUPT);
    assert_int_equal(decode_spoilt(&c, other_kind), ERR_CORRUPT);
    c = calculated_check();
    assert_int_equal(decode_spoilt(&c, nothing), ERR_OK);
    assert_int_equal(decode_spoilt(&c, swap_children), ERR_CORRUPT);
}

/* Decodes the first `len` bytes, from the heap, so that a sanitizer sees a read behind the cut. */
static void assert_cut_is_refused_or_whole(struct slice bytes, size_t len, bool is_checker)
{
    AUTO_ARENA struct arena a = {0};
    struct release_health_check check;
    struct release_checker p;
    uint8_t *cut = malloc(len + 1);
    memcpy(cut, bytes.data, len);
    enum err e = is_checker ? release_checker_decode(&a, slice_of(cut, len), &p, NULL)
                            : release_health_check_decode(&a, slice_of(cut, len), &check, NULL);
    if (e != ERR_OK)
        assert_int_equal(e, ERR_CORRUPT);
    else
        assert_true(slice_equal(is_checker ? release_checker_encode(&a, &p)
                                           : release_health_check_encode(&a, &check),
                                slice_of(cut, len)));
    free(cut);
}

static void every_cut_is_refused_or_whole(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_health_check c = https_check();
    struct release_checker p = checker();
    struct slice bytes = release_health_check_encode(&a, &c);
    for (size_t len = 0; len < bytes.len; len++)
        assert_cut_is_refused_or_whole(bytes, len, false);
    bytes = release_checker_encode(&a, &p);
    for (size_t len = 0; len < bytes.len; len++)
        assert_cut_is_refused_or_whole(bytes, len, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_survives_the_way_there_and_back),
        cmocka_unit_test(checks_without_an_endpoint_survive_too),
        cmocka_unit_test(a_checker_survives_the_way_there_and_back),
        cmocka_unit_test(protobuf_c_reads_and_writes_the_same),
        cmocka_unit_test(an_endpoint_has_an_address_or_a_host_and_its_numbers_in_their_ranges),
        cmocka_unit_test(texts_keep_to_their_forms),
        cmocka_unit_test(a_kind_has_nothing_of_another_kind),
        cmocka_unit_test(children_are_sorted_ids_and_no_more_than_fit),
        cmocka_unit_test(an_override_has_a_number_and_an_absent_one_has_nothing),
        cmocka_unit_test(a_checker_has_where_its_votes_are),
        cmocka_unit_test(what_is_no_check_is_refused),
        cmocka_unit_test(every_cut_is_refused_or_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
