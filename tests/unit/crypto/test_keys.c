// SPDX-License-Identifier: Apache-2.0
// Ed25519 keys against the test vectors of RFC 8032 section 7.1, and their PEM form.

#include "crypto/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** A vector of RFC 8032; the secret key in PKCS #8 (RFC 8410 section 7). */
struct known_signature {
    const char *pem;
    const char *public_hex;
    struct slice message;
    const char *signature_hex;
};

#define PEM(base64) ("-----BEGIN PRIVATE KEY-----\n" base64 "\n-----END PRIVATE KEY-----\n")

static const struct known_signature known_signatures[] = {
    {
        PEM("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        {NULL, 0},
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
        "f9b46bd25bf5f0595bbe24655141438e7a100b",
    },
    {
        PEM("MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7"),
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        {(const uint8_t *)"\x72", 1},
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
        "f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    },
    {
        PEM("MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3"),
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        {(const uint8_t *)"\xaf\x82", 2},
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
        "4dc6594a7c15e9716ed28dc027beceea1ec40a",
    },
};

static void check_vector(const struct known_signature *known)
{
    struct signing_key *key = NULL;
    struct errctx ec = {0};
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    char hex[2 * ED25519_SIGNATURE_BYTES + 1];
    assert_int_equal(signing_key_parse(slice_str(known->pem), &key, &ec), ERR_OK);
    slice_hex(slice_of(signing_key_public(key), ED25519_PUBLIC_BYTES), hex);
    assert_string_equal(hex, known->public_hex);
    signing_key_sign(key, known->message, signature);
    slice_hex(slice_of(signature, sizeof(signature)), hex);
    assert_string_equal(hex, known->signature_hex);
    assert_true(ed25519_verify(signing_key_public(key), known->message,
                               slice_of(signature, sizeof(signature))));
    signing_key_free(key);
}

static void signatures_agree_with_rfc_8032(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known_signatures); i++)
        check_vector(&known_signatures[i]);
}

static void a_changed_signature_text_or_key_does_not_verify(void **state)
{
    (void)state;
    struct signing_key *key = signing_key_make();
    struct signing_key *other = signing_key_make();
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    struct slice whole = slice_of(signature, sizeof(signature));
    const uint8_t *public_key = signing_key_public(key);
    signing_key_sign(key, SLICE_LIT("text"), signature);
    assert_true(ed25519_verify(public_key, SLICE_LIT("text"), whole));
    assert_false(ed25519_verify(public_key, SLICE_LIT("Text"), whole));
    assert_false(ed25519_verify(signing_key_public(other), SLICE_LIT("text"), whole));
    assert_false(ed25519_verify(public_key, SLICE_LIT("text"), slice_sub(whole, 0, 63)));
    assert_false(ed25519_verify(public_key, SLICE_LIT("text"), slice_of(NULL, 0)));
    for (size_t bit = 0; bit < sizeof(signature) * 8; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(ed25519_verify(public_key, SLICE_LIT("text"), whole));
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    signing_key_free(key);
    signing_key_free(other);
}

static void a_key_survives_its_pem_form(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct signing_key *key = signing_key_make();
    struct signing_key *again = NULL;
    struct errctx ec = {0};
    struct slice pem = signing_key_pem(&a, key);
    assert_true(slice_starts_with(pem, SLICE_LIT("-----BEGIN PRIVATE KEY-----\n")));
    assert_int_equal(signing_key_parse(pem, &again, &ec), ERR_OK);
    assert_memory_equal(signing_key_public(key), signing_key_public(again), ED25519_PUBLIC_BYTES);
    signing_key_free(key);
    signing_key_free(again);
    signing_key_free(NULL);
}

static void what_is_no_ed25519_key_is_refused(void **state)
{
    (void)state;
    /* In turn: nothing, no PEM, cut base64, an X25519 key (RFC 8410), a key with a password. */
    static const char *const texts[] = {
        "",
        "not a key",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n",
        PEM("MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4CAQAw\n-----END ENCRYPTED PRIVATE KEY-----\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct signing_key *key = NULL;
        struct errctx ec = {0};
        assert_int_equal(signing_key_parse(slice_str(texts[i]), &key, &ec), ERR_CORRUPT);
        assert_null(key);
        assert_true(strncmp(ec.text, "private key", 11) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_agree_with_rfc_8032),
        cmocka_unit_test(a_changed_signature_text_or_key_does_not_verify),
        cmocka_unit_test(a_key_survives_its_pem_form),
        cmocka_unit_test(what_is_no_ed25519_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
