// SPDX-License-Identifier: Apache-2.0
// Sealing: what comes back, and everything that must be refused.

#include "crypto/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define OVERHEAD_BYTES 32 /* version, nonce and tag */

static const struct seal_key key_1 = {.bytes = {1, 2, 3}, .version = 1};

static enum err open_with(const struct seal_key *key, struct slice context, struct slice sealed)
{
    AUTO_ARENA struct arena a = {0};
    struct errctx ec = {0};
    struct slice plain = SLICE_LIT("untouched");
    enum err err = seal_open(&a, key, context, sealed, &plain, &ec);
    if (err != ERR_OK)
        assert_true(slice_equal(plain, SLICE_LIT("untouched")));
    return err;
}

static void what_is_sealed_opens_again(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct errctx ec = {0};
    const struct slice texts[] = {SLICE_LIT("s3cret"), SLICE_LIT(""), {NULL, 0}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice plain = SLICE_LIT("?");
        struct slice sealed = seal(&a, &key_1, SLICE_LIT("row/1"), texts[i]);
        assert_int_equal(sealed.len, texts[i].len + OVERHEAD_BYTES);
        assert_int_equal(seal_open(&a, &key_1, SLICE_LIT("row/1"), sealed, &plain, &ec), ERR_OK);
        assert_true(slice_equal(plain, texts[i]));
    }
}

static void the_same_text_seals_differently_each_time(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct slice one = seal(&a, &key_1, SLICE_LIT("row/1"), SLICE_LIT("s3cret"));
    struct slice two = seal(&a, &key_1, SLICE_LIT("row/1"), SLICE_LIT("s3cret"));
    assert_false(slice_equal(one, two));
}

static void each_flipped_bit_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct slice sealed = seal(&a, &key_1, SLICE_LIT("row/1"), SLICE_LIT("s3cret"));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        uint8_t changed[OVERHEAD_BYTES + 6];
        memcpy(changed, sealed.data, sizeof(changed));
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(open_with(&key_1, SLICE_LIT("row/1"), slice_of(changed, sizeof(changed))),
                         ERR_DENIED);
    }
}

static void another_context_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct slice sealed = seal(&a, &key_1, SLICE_LIT("row/1"), SLICE_LIT("s3cret"));
    assert_int_equal(open_with(&key_1, SLICE_LIT("row/1"), sealed), ERR_OK);
    assert_int_equal(open_with(&key_1, SLICE_LIT("row/2"), sealed), ERR_DENIED);
    assert_int_equal(open_with(&key_1, SLICE_LIT("row/1 "), sealed), ERR_DENIED);
    assert_int_equal(open_with(&key_1, slice_of(NULL, 0), sealed), ERR_DENIED);
}

static void another_key_or_version_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct seal_key other = key_1;
    struct seal_key later = key_1;
    other.bytes[SEAL_KEY_BYTES - 1] ^= 1;
    later.version = 2;
    struct slice sealed = seal(&a, &key_1, SLICE_LIT("row/1"), SLICE_LIT("s3cret"));
    assert_int_equal(open_with(&other, SLICE_LIT("row/1"), sealed), ERR_DENIED);
    assert_int_equal(open_with(&later, SLICE_LIT("row/1"), sealed), ERR_DENIED);
}

static void a_text_cut_short_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct slice sealed = seal(&a, &key_1, SLICE_LIT("row/1"), SLICE_LIT("s3cret"));
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(open_with(&key_1, SLICE_LIT("row/1"), slice_sub(sealed, 0, len)),
                         len < OVERHEAD_BYTES ? ERR_CORRUPT : ERR_DENIED);
}

static void a_wiped_secret_is_zero(void **state)
{
    (void)state;
    struct seal_key key = key_1;
    const uint8_t zero[SEAL_KEY_BYTES] = {0};
    secret_wipe(key.bytes, sizeof(key.bytes));
    assert_memory_equal(key.bytes, zero, sizeof(zero));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_again),
        cmocka_unit_test(the_same_text_seals_differently_each_time),
        cmocka_unit_test(each_flipped_bit_is_refused),
        cmocka_unit_test(another_context_is_refused),
        cmocka_unit_test(another_key_or_version_is_refused),
        cmocka_unit_test(a_text_cut_short_is_refused),
        cmocka_unit_test(a_wiped_secret_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
