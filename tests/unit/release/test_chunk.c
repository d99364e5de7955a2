// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"
#include "release/chunk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <zstd.h>
#include <cmocka.h>

static void a_packed_chunk_unpacks_to_itself(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const size_t sizes[] = {0, 1, 4096, CHUNK_MAX_BYTES};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        uint8_t *data = arena_alloc(&a, sizes[i] + 1);
        random_bytes(data, sizes[i] / 2);
        struct slice plain = slice_of(data, sizes[i]);
        struct chunk_hash hash = chunk_hash_of(plain);
        struct slice out;
        struct errctx ec = {0};
        assert_int_equal(chunk_unpack(&a, chunk_pack(&a, plain), &hash, &out, &ec), ERR_OK);
        assert_true(slice_equal(out, plain));
    }
}

static void a_chunk_with_another_hash_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct chunk_hash hash = chunk_hash_of(SLICE_LIT("one"));
    struct slice out = SLICE_LIT("untouched");
    struct errctx ec = {0};
    assert_int_equal(chunk_unpack(&a, chunk_pack(&a, SLICE_LIT("two")), &hash, &out, &ec),
                     ERR_CORRUPT);
    assert_true(slice_equal(out, SLICE_LIT("untouched")));
}

static void a_frame_that_is_too_large_or_cut_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const size_t size = CHUNK_MAX_BYTES + 1;
    uint8_t *zeros = arena_alloc(&a, size);
    struct chunk_hash hash = chunk_hash_of(slice_of(zeros, size));
    size_t bound = ZSTD_compressBound(size);
    uint8_t *frame = arena_alloc(&a, bound);
    size_t len = ZSTD_compress(frame, bound, zeros, size, 1);
    struct slice out;
    assert_int_equal(chunk_unpack(&a, slice_of(frame, len), &hash, &out, NULL), ERR_CORRUPT);

    struct slice packed = chunk_pack(&a, SLICE_LIT("some bytes that are to be packed"));
    hash = chunk_hash_of(SLICE_LIT("some bytes that are to be packed"));
    for (size_t cut = 0; cut < packed.len; cut++)
        assert_int_equal(chunk_unpack(&a, slice_of(packed.data, cut), &hash, &out, NULL),
                         ERR_CORRUPT);
}

static void hashes_come_from_32_bytes_alone(void **state)
{
    (void)state;
    uint8_t bytes[SHA256_BYTES + 1] = {1};
    struct chunk_hash hash = {0};
    assert_true(chunk_hash_is_zero(&hash));
    assert_false(chunk_hash_from(slice_of(bytes, SHA256_BYTES - 1), &hash));
    assert_false(chunk_hash_from(slice_of(bytes, SHA256_BYTES + 1), &hash));
    assert_true(chunk_hash_is_zero(&hash));
    assert_true(chunk_hash_from(slice_of(bytes, SHA256_BYTES), &hash));
    assert_false(chunk_hash_is_zero(&hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_chunk_unpacks_to_itself),
        cmocka_unit_test(a_chunk_with_another_hash_is_refused),
        cmocka_unit_test(a_frame_that_is_too_large_or_cut_is_refused),
        cmocka_unit_test(hashes_come_from_32_bytes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
