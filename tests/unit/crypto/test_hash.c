// SPDX-License-Identifier: Apache-2.0
// SHA-256 against the examples of FIPS 180-4 and NIST's message tests, HMAC against RFC 4231.

#include "crypto/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** A text and the digest it must have. */
struct known_digest {
    const char *text;
    const char *hex;
};

static const struct known_digest known_digests[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnop"
     "qrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void sha256_agrees_with_the_published_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known_digests); i++) {
        char hex[SHA256_HEX_SIZE];
        sha256_hex(slice_str(known_digests[i].text), hex);
        assert_string_equal(hex, known_digests[i].hex);
    }
}

static void a_million_a_have_the_published_digest(void **state)
{
    (void)state;
    static uint8_t text[1000000];
    char hex[SHA256_HEX_SIZE];
    memset(text, 'a', sizeof(text));
    sha256_hex(slice_of(text, sizeof(text)), hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/** A test case of RFC 4231 section 4: key and data are patterns or text. */
struct known_hmac {
    struct slice key;
    struct slice data;
    const char *hex;
};

static void check_hmac(const struct known_hmac *known)
{
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    hmac_sha256(known->key, known->data, digest);
    slice_hex(slice_of(digest, sizeof(digest)), hex);
    assert_string_equal(hex, known->hex);
}

static void hmac_agrees_with_rfc_4231(void **state)
{
    (void)state;
    uint8_t key_0b[20];
    uint8_t key_aa[131];
    uint8_t data_dd[50];
    memset(key_0b, 0x0b, sizeof(key_0b));
    memset(key_aa, 0xaa, sizeof(key_aa));
    memset(data_dd, 0xdd, sizeof(data_dd));
    const struct known_hmac known[] = {
        {slice_of(key_0b, sizeof(key_0b)), SLICE_LIT("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {SLICE_LIT("Jefe"), SLICE_LIT("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {slice_of(key_aa, 20), slice_of(data_dd, sizeof(data_dd)),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {slice_of(key_aa, sizeof(key_aa)),
         SLICE_LIT("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {slice_of(key_aa, sizeof(key_aa)),
         SLICE_LIT("This is a test using a larger than block-size key and a larger than "
                   "block-size data. The key needs to be hashed before being used by the HMAC "
                   "algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        check_hmac(&known[i]);
}

static void hmac_of_an_empty_key_and_text_is_defined(void **state)
{
    (void)state;
    check_hmac(&(struct known_hmac){
        {NULL, 0},
        {NULL, 0},
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
    });
}

static void constant_time_equal_tells_one_bit_and_one_byte_apart(void **state)
{
    (void)state;
    assert_true(constant_time_equal(SLICE_LIT("secret"), SLICE_LIT("secret")));
    assert_true(constant_time_equal(slice_of(NULL, 0), SLICE_LIT("")));
    assert_false(constant_time_equal(SLICE_LIT("secret"), SLICE_LIT("secreu")));
    assert_false(constant_time_equal(SLICE_LIT("secret"), SLICE_LIT("secre")));
    assert_false(constant_time_equal(SLICE_LIT("secret"), slice_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_agrees_with_the_published_digests),
        cmocka_unit_test(a_million_a_have_the_published_digest),
        cmocka_unit_test(hmac_agrees_with_rfc_4231),
        cmocka_unit_test(hmac_of_an_empty_key_and_text_is_defined),
        cmocka_unit_test(constant_time_equal_tells_one_bit_and_one_byte_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
