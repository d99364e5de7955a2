// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 against the vectors that its authors publish: key 00 01 .. 0f, data 00 01 .. of each
// length.

#include "crypto/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void siphash_agrees_with_the_published_vectors(void **state)
{
    static const struct {
        size_t len;
        uint8_t hash[SIPHASH_BYTES];
    } vectors[] = {
        {0, {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72}},
        {1, {0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74}},
        {7, {0x37, 0xd1, 0x01, 0x8b, 0xf5, 0x00, 0x02, 0xab}},
        {8, {0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93}},
        {9, {0xb0, 0xe4, 0xa9, 0x0b, 0xdf, 0x82, 0x00, 0x9e}},
        {15, {0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1}},
        {16, {0xdb, 0x9b, 0xc2, 0x57, 0x7f, 0xcc, 0x2a, 0x3f}},
        {20, {0x98, 0xee, 0xa2, 0x1a, 0xf2, 0x5c, 0xd6, 0xbe}},
        {32, {0xce, 0x7c, 0xf2, 0x72, 0x2f, 0x51, 0x27, 0x71}},
        {63, {0x72, 0x45, 0x06, 0xeb, 0x4c, 0x32, 0x8a, 0x95}},
    };
    (void)state;
    uint8_t key[SIPHASH_KEY_BYTES];
    uint8_t data[64];
    for (unsigned i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    memcpy(key, data, sizeof(key));
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        uint8_t hash[SIPHASH_BYTES];
        siphash_2_4(key, slice_of(data, vectors[i].len), hash);
        assert_memory_equal(hash, vectors[i].hash, sizeof(hash));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_agrees_with_the_published_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
