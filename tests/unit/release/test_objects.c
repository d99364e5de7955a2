// SPDX-License-Identifier: Apache-2.0
#include "release/limits.h"
#include "release/objects.h"
#include "release/release.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** One name with records, an alias beside them, and everything set that can be. */
static struct slice addresses[] = {{(const uint8_t *)"\x0a\0\0\x01", 4},
                                   {(const uint8_t *)"\x0a\0\0\x02", 4}};
static struct release_set sets[] = {
    {.type = 1, .ttl_s = 300, .rdata = addresses, .rdata_count = 2},
    {.type = 28,
     .ttl_s = 60,
     .is_alias = true,
     .alias_zone_id = "Z2",
     .alias_evaluate_health = true},
};
static struct release_prefix sources[] = {{.address = {10}, .bytes = 4, .length = 8},
                                          {.address = {0xfd}, .bytes = 16, .length = 128}};

static struct release_name sample_name(void)
{
    sets[1].alias_name = SLICE_LIT("\3www\0");
    return (struct release_name){
        .owner = SLICE_LIT("\3api\4test\0"), .sets = sets, .set_count = 2, .child_count = 3};
}

static struct slice keys[] = {{.data = (const uint8_t *)"\3key", .len = 5}};
static struct release_prefix prefixes[] = {{.address = {192, 0, 2}, .bytes = 4, .length = 24}};
static struct release_notify notify[] = {{.address = {192, 0, 2, 9}, .bytes = 4, .port = 53},
                                         {.address = {0x20, 1}, .bytes = 16, .port = 5353}};
static struct release_transfer transfer = {.serial = 4000000000,
                                           .keys = keys,
                                           .key_count = 1,
                                           .prefixes = prefixes,
                                           .prefix_count = 1,
                                           .notify = notify,
                                           .notify_count = 2,
                                           .is_flattened = true};

static struct release_zone sample_zone(void)
{
    notify[1].key = keys[0];
    return (struct release_zone){.id = "Z1",
                                 .apex = SLICE_LIT("\4test\0"),
                                 .order = 7,
                                 .addresses = addresses,
                                 .address_count = 2,
                                 .is_private = true,
                                 .sources = sources,
                                 .source_count = 2,
                                 .transfer = &transfer};
}

static bool bytes_are(ProtobufCBinaryData data, struct slice s)
{
    return slice_equal(slice_of(data.data, data.len), s);
}

static void a_name_survives_the_way_there_and_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_name name = sample_name();
    struct slice bytes = release_name_encode(&a, &name);
    struct release_name out;
    struct errctx ec = {0};
    assert_int_equal(release_name_decode(&a, bytes, &out, &ec), ERR_OK);
    assert_true(slice_equal(out.owner, name.owner));
    assert_int_equal(out.set_count, 2);
    assert_int_equal(out.child_count, 3);
    assert_int_equal(out.sets[0].ttl_s, 300);
    assert_int_equal(out.sets[0].rdata_count, 2);
    assert_true(slice_equal(out.sets[0].rdata[1], addresses[1]));
    assert_true(out.sets[1].is_alias && out.sets[1].alias_evaluate_health);
    assert_string_equal(out.sets[1].alias_zone_id, "Z2");
    assert_true(slice_equal(release_name_encode(&a, &out), bytes));
}

static void protobuf_c_reads_and_writes_the_same_name(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_name name = sample_name();
    struct slice bytes = release_name_encode(&a, &name);
    Weir__Release__Name *pb = weir__release__name__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_true(bytes_are(pb->owner, name.owner));
    assert_int_equal(pb->n_sets, 2);
    assert_int_equal(pb->children, 3);
    assert_int_equal(pb->sets[0]->type, 1);
    assert_int_equal(pb->sets[0]->ttl, 300);
    assert_int_equal(pb->sets[0]->n_rdata, 2);
    assert_true(bytes_are(pb->sets[0]->rdata[1], addresses[1]));
    assert_null(pb->sets[0]->alias);
    assert_string_equal(pb->sets[1]->alias->zone_id, "Z2");
    assert_true(bytes_are(pb->sets[1]->alias->name, sets[1].alias_name));
    assert_true(pb->sets[1]->alias->evaluate_health);
    uint8_t again[512];
    assert_int_equal(weir__release__name__get_packed_size(pb), bytes.len);
    (void)weir__release__name__pack(pb, again);
    assert_memory_equal(again, bytes.data, bytes.len);
    weir__release__name__free_unpacked(pb, NULL);
}

static void protobuf_c_reads_and_writes_the_same_zone(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_zone zone = sample_zone();
    struct slice bytes = release_zone_encode(&a, &zone);
    Weir__Release__Zone *pb = weir__release__zone__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_string_equal(pb->id, "Z1");
    assert_true(bytes_are(pb->apex, zone.apex));
    assert_int_equal(pb->order, 7);
    assert_int_equal(pb->n_addresses, 2);
    assert_int_equal(pb->n_sources, 2);
    assert_int_equal(pb->sources[1]->address.len, 16);
    assert_int_equal(pb->sources[1]->length, 128);
    assert_true(pb->is_private);
    assert_int_equal(pb->transfer->serial, 4000000000);
    assert_true(bytes_are(pb->transfer->keys[0], keys[0]));
    assert_int_equal(pb->transfer->prefixes[0]->length, 24);
    assert_int_equal(pb->transfer->notify[1]->port, 5353);
    assert_true(bytes_are(pb->transfer->notify[1]->key, keys[0]));
    assert_true(pb->transfer->flatten);
    uint8_t again[512];
    assert_int_equal(weir__release__zone__get_packed_size(pb), bytes.len);
    (void)weir__release__zone__pack(pb, again);
    assert_memory_equal(again, bytes.data, bytes.len);
    weir__release__zone__free_unpacked(pb, NULL);

    struct release_zone out;
    assert_int_equal(release_zone_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_string_equal(out.id, "Z1");
    assert_int_equal(out.sources[1].bytes, 16);
    assert_int_equal(out.sources[1].length, 128);
    assert_true(slice_equal(release_zone_encode(&a, &out), bytes));
}

static void a_transfer_to_nobody_is_corrupt(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_zone zone = sample_zone();
    struct release_zone out;
    Weir__Release__Zone *pb;
    struct slice bytes = release_zone_encode(&a, &zone);
    pb = weir__release__zone__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    size_t key_count = pb->transfer->n_keys;
    size_t prefix_count = pb->transfer->n_prefixes;
    uint8_t again[512];
    pb->transfer->n_keys = 0;
    size_t len = weir__release__zone__pack(pb, again);
    assert_int_equal(release_zone_decode(&a, slice_of(again, len), &out, NULL), ERR_OK);
    pb->transfer->n_prefixes = 0;
    len = weir__release__zone__pack(pb, again);
    assert_int_equal(release_zone_decode(&a, slice_of(again, len), &out, NULL), ERR_CORRUPT);
    pb->transfer->n_keys = key_count;
    pb->transfer->n_prefixes = prefix_count;
    pb->transfer->notify[0]->port = 0;
    len = weir__release__zone__pack(pb, again);
    assert_int_equal(release_zone_decode(&a, slice_of(again, len), &out, NULL), ERR_CORRUPT);
    pb->transfer->notify[0]->port = 53;
    weir__release__zone__free_unpacked(pb, NULL);
}

static void protobuf_c_reads_and_writes_the_same_node(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_node node = {.id = "n-1", .public_key = {1, 2, 3}, .is_draining = true};
    struct slice bytes = release_node_encode(&a, &node);
    Weir__Release__Node *pb = weir__release__node__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_string_equal(pb->id, "n-1");
    assert_true(pb->is_draining);
    assert_true(bytes_are(pb->public_key, slice_of(node.public_key, ED25519_PUBLIC_BYTES)));
    weir__release__node__free_unpacked(pb, NULL);
    struct release_node out;
    assert_int_equal(release_node_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_string_equal(out.id, "n-1");
    assert_true(out.is_draining);
    assert_memory_equal(out.public_key, node.public_key, ED25519_PUBLIC_BYTES);
    assert_int_equal(release_node_decode(&a, slice_sub(bytes, 0, bytes.len - 1), &out, NULL),
                     ERR_CORRUPT); /* cut inside the last field */
    assert_int_equal(release_node_decode(&a, slice_sub(bytes, 0, 5), &out, NULL), ERR_CORRUPT);
}

static void an_empty_non_terminal_has_no_sets(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_name name = {.owner = SLICE_LIT("\1x\0")};
    struct release_name out;
    assert_int_equal(release_name_decode(&a, release_name_encode(&a, &name), &out, NULL), ERR_OK);
    assert_int_equal(out.set_count, 0);
}

static void every_cut_of_an_object_is_refused_or_whole(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_name name = sample_name();
    struct release_zone zone = sample_zone();
    struct slice name_bytes = release_name_encode(&a, &name);
    struct slice zone_bytes = release_zone_encode(&a, &zone);
    struct release_name name_out;
    for (size_t cut = 0; cut < name_bytes.len; cut++) {
        struct slice part = slice_sub(name_bytes, 0, cut);
        if (release_name_decode(&a, part, &name_out, NULL) == ERR_OK)
            assert_true(slice_equal(release_name_encode(&a, &name_out), part));
    }
    struct release_zone zone_out;
    for (size_t cut = 0; cut < zone_bytes.len; cut++) {
        struct slice part = slice_sub(zone_bytes, 0, cut);
        if (release_zone_decode(&a, part, &zone_out, NULL) == ERR_OK)
            assert_true(slice_equal(release_zone_encode(&a, &zone_out), part));
    }
}

/* Packs a name with one set through protobuf-c, which checks nothing, and decodes it. */
static enum err decode_set(Weir__Release__Set *set, struct slice owner)
{
    AUTO_ARENA struct arena a = {0};
    Weir__Release__Name name;
    weir__release__name__init(&name);
    Weir__Release__Set *list[] = {set, set};
    name.owner = (ProtobufCBinaryData){owner.len, arena_alloc(&a, owner.len)};
    memcpy(name.owner.data, owner.data, owner.len);
    name.sets = list;
    name.n_sets = 1;
    uint8_t *bytes = arena_alloc(&a, weir__release__name__get_packed_size(&name));
    size_t len = weir__release__name__pack(&name, bytes);
    struct release_name out;
    enum err one = release_name_decode(&a, slice_of(bytes, len), &out, NULL);

    name.n_sets = 2;
    bytes = arena_alloc(&a, weir__release__name__get_packed_size(&name));
    len = weir__release__name__pack(&name, bytes);
    assert_int_equal(release_name_decode(&a, slice_of(bytes, len), &out, NULL), ERR_CORRUPT);
    return one;
}

static void sets_that_no_reader_may_see_are_refused(void **state)
{
    (void)state;
    struct slice owner = SLICE_LIT("\1x\0");
    uint8_t rdata_bytes[] = {1};
    ProtobufCBinaryData rdata = {1, rdata_bytes};
    Weir__Release__Set good;
    weir__release__set__init(&good);
    good.type = 65535;
    good.ttl = RELEASE_SET_TTL_MAX_S;
    good.rdata = &rdata;
    good.n_rdata = 1;
    assert_int_equal(decode_set(&good, owner), ERR_OK);
    assert_int_equal(decode_set(&good, SLICE_LIT("\1X\0")), ERR_CORRUPT);
    assert_int_equal(decode_set(&good, SLICE_LIT("\2x\0")), ERR_CORRUPT);

    Weir__Release__Set bad = good;
    bad.type = 0;
    assert_int_equal(decode_set(&bad, owner), ERR_CORRUPT);
    bad.type = 65536;
    assert_int_equal(decode_set(&bad, owner), ERR_CORRUPT);
    bad = good;
    bad.ttl = RELEASE_SET_TTL_MAX_S + 1;
    assert_int_equal(decode_set(&bad, owner), ERR_CORRUPT);
    bad = good;
    bad.n_rdata = 0;
    assert_int_equal(decode_set(&bad, owner), ERR_CORRUPT);

    Weir__Release__AliasTarget alias;
    weir__release__alias_target__init(&alias);
    char zone_id[] = "Z1";
    uint8_t name[] = {1, 'y', 0};
    alias.zone_id = zone_id;
    alias.name = (ProtobufCBinaryData){sizeof(name), name};
    bad = good;
    bad.alias = &alias;
    assert_int_equal(decode_set(&bad, owner), ERR_CORRUPT); /* rdata and alias */
    bad.n_rdata = 0;
    assert_int_equal(decode_set(&bad, owner), ERR_OK);
    alias.name.len = 2;
    assert_int_equal(decode_set(&bad, owner), ERR_CORRUPT);
}

static void the_id_of_a_name_holds_its_zone(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    assert_true(slice_equal(release_name_id(&a, "Z1", SLICE_LIT("\1x\0")), SLICE_LIT("Z1/\1x\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_survives_the_way_there_and_back),
        cmocka_unit_test(protobuf_c_reads_and_writes_the_same_name),
        cmocka_unit_test(protobuf_c_reads_and_writes_the_same_zone),
        cmocka_unit_test(a_transfer_to_nobody_is_corrupt),
        cmocka_unit_test(protobuf_c_reads_and_writes_the_same_node),
        cmocka_unit_test(an_empty_non_terminal_has_no_sets),
        cmocka_unit_test(every_cut_of_an_object_is_refused_or_whole),
        cmocka_unit_test(sets_that_no_reader_may_see_are_refused),
        cmocka_unit_test(the_id_of_a_name_holds_its_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
