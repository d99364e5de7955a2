// SPDX-License-Identifier: Apache-2.0
// CIDR collections: there and back, compared with protobuf-c, and what no reader gets to see.
#include "release/limits.h"
#include "release/objects.h"
#include "release/release.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct release_prefix east[] = {{.address = {10}, .bytes = 4, .length = 8},
                                       {.address = {10}, .bytes = 4, .length = 16},
                                       {.address = {0x20, 1}, .bytes = 16, .length = 32}};
static struct release_prefix west[] = {{.address = {192, 0, 2}, .bytes = 4, .length = 24}};
static struct release_cidr_location locations[] = {
    {.name = "East", .blocks = east, .block_count = 3},
    {.name = "west", .blocks = west, .block_count = 1},
};

static struct release_cidr_collection sample(void)
{
    return (struct release_cidr_collection){
        .id = "c-1", .locations = locations, .location_count = 2};
}

static void a_collection_survives_the_way_there_and_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_cidr_collection in = sample();
    struct release_cidr_collection out;
    struct slice bytes = release_cidr_collection_encode(&a, &in);
    assert_int_equal(release_cidr_collection_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_string_equal(out.id, "c-1");
    assert_int_equal(out.location_count, 2);
    assert_string_equal(out.locations[0].name, "East");
    assert_int_equal(out.locations[0].block_count, 3);
    assert_int_equal(out.locations[0].blocks[2].bytes, 16);
    assert_int_equal(out.locations[0].blocks[2].length, 32);
    assert_memory_equal(out.locations[1].blocks[0].address, west[0].address, 4);
    assert_true(slice_equal(release_cidr_collection_encode(&a, &out), bytes));
    struct release_cidr_collection empty = {.id = "c-2"};
    bytes = release_cidr_collection_encode(&a, &empty);
    assert_int_equal(release_cidr_collection_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_int_equal(out.location_count, 0);
}

static void protobuf_c_reads_and_writes_the_same_collection(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_cidr_collection in = sample();
    struct slice bytes = release_cidr_collection_encode(&a, &in);
    Weir__Release__CidrCollection *pb =
        weir__release__cidr_collection__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_string_equal(pb->id, "c-1");
    assert_int_equal(pb->n_locations, 2);
    assert_string_equal(pb->locations[1]->name, "west");
    assert_int_equal(pb->locations[0]->n_blocks, 3);
    assert_int_equal(pb->locations[0]->blocks[1]->length, 16);
    assert_int_equal(pb->locations[0]->blocks[2]->address.len, 16);
    uint8_t again[512];
    assert_int_equal(weir__release__cidr_collection__get_packed_size(pb), bytes.len);
    (void)weir__release__cidr_collection__pack(pb, again);
    assert_memory_equal(again, bytes.data, bytes.len);
    weir__release__cidr_collection__free_unpacked(pb, NULL);
}

/* Packs the sample through protobuf-c, which checks nothing, after `spoil`, and decodes it. */
static enum err decode_spoilt(void (*spoil)(Weir__Release__CidrCollection *pb))
{
    AUTO_ARENA struct arena a = {0};
    struct release_cidr_collection in = sample();
    struct release_cidr_collection out;
    struct slice bytes = release_cidr_collection_encode(&a, &in);
    Weir__Release__CidrCollection *pb =
        weir__release__cidr_collection__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    spoil(pb);
    uint8_t *packed = arena_alloc(&a, weir__release__cidr_collection__get_packed_size(pb));
    size_t size = weir__release__cidr_collection__pack(pb, packed);
    weir__release__cidr_collection__free_unpacked(pb, NULL);
    return release_cidr_collection_decode(&a, slice_of(packed, size), &out, NULL);
}

static void nothing(Weir__Release__CidrCollection *pb)
{
    (void)pb;
}

static void swap_locations(Weir__Release__CidrCollection *pb)
{
    Weir__Release__CidrBlocks *first = pb->locations[0];
    pb->locations[0] = pb->locations[1];
    pb->locations[1] = first;
}

static void name_twice(Weir__Release__CidrCollection *pb)
{
    memcpy(pb->locations[1]->name, "East", 4);
}

static void swap_blocks(Weir__Release__CidrCollection *pb)
{
    Weir__Release__Prefix *first = pb->locations[0]->blocks[0];
    pb->locations[0]->blocks[0] = pb->locations[0]->blocks[1];
    pb->locations[0]->blocks[1] = first;
}

static void repeat_a_block(Weir__Release__CidrCollection *pb)
{
    pb->locations[0]->blocks[1]->length = 8;
}

static void lengthen_a_prefix(Weir__Release__CidrCollection *pb)
{
    pb->locations[0]->blocks[2]->length = 129;
}

static void shorten_an_address(Weir__Release__CidrCollection *pb)
{
    pb->locations[0]->blocks[2]->address.len = 5;
}

static void what_is_not_sorted_or_no_prefix_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_spoilt(nothing), ERR_OK);
    assert_int_equal(decode_spoilt(swap_locations), ERR_CORRUPT);
    assert_int_equal(decode_spoilt(name_twice), ERR_CORRUPT);
    assert_int_equal(decode_spoilt(swap_blocks), ERR_CORRUPT);
    assert_int_equal(decode_spoilt(repeat_a_block), ERR_CORRUPT);
    assert_int_equal(decode_spoilt(lengthen_a_prefix), ERR_CORRUPT);
    assert_int_equal(decode_spoilt(shorten_an_address), ERR_CORRUPT);
}

static void every_cut_is_refused_or_whole(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_cidr_collection in = sample();
    struct release_cidr_collection out;
    struct slice bytes = release_cidr_collection_encode(&a, &in);
    for (size_t len = 0; len < bytes.len; len++) {
        /* On the heap, so that a sanitizer sees a read behind the cut. */
        uint8_t *cut = malloc(len + 1);
        memcpy(cut, bytes.data, len);
        enum err e = release_cidr_collection_decode(&a, slice_of(cut, len), &out, NULL);
        if (e == ERR_OK)
            assert_true(slice_equal(release_cidr_collection_encode(&a, &out), slice_of(cut, len)));
        else
            assert_int_equal(e, ERR_CORRUPT);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collection_survives_the_way_there_and_back),
        cmocka_unit_test(protobuf_c_reads_and_writes_the_same_collection),
        cmocka_unit_test(what_is_not_sorted_or_no_prefix_is_refused),
        cmocka_unit_test(every_cut_is_refused_or_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
