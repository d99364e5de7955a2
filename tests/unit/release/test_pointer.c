// SPDX-License-Identifier: Apache-2.0
#include "crypto/cert.h"
#include "release/release.pb-c.h"
#include "release/root.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { NOW_S = 1700000000, DAYS = 30, DAY_S = 86400 };

/** A fleet: its root, and a release key that the root certified. */
struct fleet {
    struct arena arena;
    struct signing_key *root;
    struct signing_key *release_key;
    struct slice root_pem;
    struct slice release_key_pem;
};

static struct slice issue(struct fleet *f, enum cert_purpose purpose, const struct signing_key *key,
                          struct slice issuer_pem)
{
    struct cert_spec spec = {
        .purpose = purpose, .common_name = "test", .now_unix_s = NOW_S, .days = DAYS};
    struct cert_issuer issuer = {.cert_pem = issuer_pem, .key = f->root};
    struct slice pem;
    struct errctx ec = {0};
    assert_int_equal(
        cert_issue(&f->arena, &spec, key, issuer_pem.len > 0 ? &issuer : NULL, &pem, &ec), ERR_OK);
    return pem;
}

static void fleet_init(struct fleet *f)
{
    *f = (struct fleet){0};
    f->root = signing_key_make();
    f->release_key = signing_key_make();
    f->root_pem = issue(f, CERT_AUTHORITY, f->root, (struct slice){0});
    f->release_key_pem = issue(f, CERT_RELEASE_KEY, f->release_key, f->root_pem);
}

static void fleet_fini(struct fleet *f)
{
    signing_key_free(f->root);
    signing_key_free(f->release_key);
    arena_fini(&f->arena);
}

static const char *wave[] = {"node-1", "node-2"};

static struct release_pointer sample_pointer(const struct fleet *f)
{
    struct release_pointer p = {.epoch = 2,
                                .sequence = 40,
                                .stable = {{1}},
                                .candidate = {{2}},
                                .wave = wave,
                                .wave_count = 2};
    sha256(slice_of(signing_key_public(f->root), ED25519_PUBLIC_BYTES), p.fleet);
    return p;
}

static enum err verify(struct fleet *f, struct slice bytes, int64_t now_s,
                       struct release_pointer *out)
{
    struct errctx ec = {0};
    enum err err = release_pointer_verify(&f->arena, bytes, f->root_pem, now_s, out, &ec);
    assert_true(err == ERR_OK || (ec.code == err && ec.text[0] != '\0'));
    return err;
}

static void a_signed_pointer_verifies(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    struct release_pointer p = sample_pointer(&f);
    struct slice bytes = release_pointer_sign(&f.arena, &p, f.release_key, f.release_key_pem);
    struct release_pointer out;
    assert_int_equal(verify(&f, bytes, NOW_S, &out), ERR_OK);
    assert_true(out.epoch == 2 && out.sequence == 40);
    assert_true(chunk_hash_equal(&out.candidate, &p.candidate));
    assert_true(release_pointer_has_node(&out, "node-2"));
    assert_false(release_pointer_has_node(&out, "node-3"));
    assert_int_equal(release_pointer_compare(&p, &out), 0);
    fleet_fini(&f);
}

static void protobuf_c_reads_the_same_pointer(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    struct release_pointer p = sample_pointer(&f);
    struct slice bytes = release_pointer_sign(&f.arena, &p, f.release_key, f.release_key_pem);
    Weir__Release__SignedPointer *outer =
        weir__release__signed_pointer__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(outer);
    Weir__Release__Pointer *inner =
        weir__release__pointer__unpack(NULL, outer->pointer.len, outer->pointer.data);
    assert_non_null(inner);
    assert_int_equal(inner->epoch, 2);
    assert_int_equal(inner->sequence, 40);
    assert_memory_equal(inner->stable_root.data, p.stable.bytes, SHA256_BYTES);
    assert_int_equal(inner->n_wave, 2);
    assert_string_equal(inner->wave[1], "node-2");
    weir__release__pointer__free_unpacked(inner, NULL);
    weir__release__signed_pointer__free_unpacked(outer, NULL);
    fleet_fini(&f);
}

static void any_changed_byte_is_refused(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    struct release_pointer p = sample_pointer(&f);
    struct slice bytes = release_pointer_sign(&f.arena, &p, f.release_key, f.release_key_pem);
    size_t pointer_and_signature = bytes.len - f.release_key_pem.len;
    struct release_pointer out;
    for (size_t i = 0; i < pointer_and_signature; i++) {
        uint8_t *copy = (uint8_t *)arena_str(&f.arena, bytes);
        copy[i] ^= 0x10;
        assert_int_not_equal(verify(&f, slice_of(copy, bytes.len), NOW_S, &out), ERR_OK);
    }
    assert_int_equal(verify(&f, slice_sub(bytes, 0, bytes.len - 1), NOW_S, &out), ERR_CORRUPT);
    assert_int_equal(verify(&f, (struct slice){0}, NOW_S, &out), ERR_CORRUPT);
    fleet_fini(&f);
}

static void a_pointer_of_another_fleet_or_key_is_denied(void **state)
{
    (void)state;
    struct fleet f;
    struct fleet other;
    fleet_init(&f);
    fleet_init(&other);
    struct release_pointer p = sample_pointer(&f);
    struct release_pointer out;
    struct slice bytes =
        release_pointer_sign(&f.arena, &p, other.release_key, other.release_key_pem);
    assert_int_equal(verify(&f, bytes, NOW_S, &out), ERR_DENIED);
    bytes = release_pointer_sign(&f.arena, &p, other.release_key, f.release_key_pem);
    assert_int_equal(verify(&f, bytes, NOW_S, &out), ERR_DENIED);
    struct release_pointer foreign = sample_pointer(&other);
    bytes = release_pointer_sign(&f.arena, &foreign, f.release_key, f.release_key_pem);
    assert_int_equal(verify(&f, bytes, NOW_S, &out), ERR_DENIED);

    struct slice tls_pem = issue(&f, CERT_TLS_SERVER, f.release_key, f.root_pem);
    bytes = release_pointer_sign(&f.arena, &p, f.release_key, tls_pem);
    assert_int_equal(verify(&f, bytes, NOW_S, &out), ERR_DENIED);
    fleet_fini(&f);
    fleet_fini(&other);
}

static void a_release_key_expires(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f);
    struct release_pointer p = sample_pointer(&f);
    struct slice bytes = release_pointer_sign(&f.arena, &p, f.release_key, f.release_key_pem);
    struct release_pointer out;
    int64_t end_s = NOW_S + (int64_t)DAYS * DAY_S;
    assert_int_equal(verify(&f, bytes, end_s - 10, &out), ERR_OK);
    assert_int_equal(verify(&f, bytes, end_s + 10, &out), ERR_DENIED);
    fleet_fini(&f);
}

static void the_epoch_weighs_more_than_the_sequence(void **state)
{
    (void)state;
    struct release_pointer low = {.epoch = 1, .sequence = 9};
    struct release_pointer high = {.epoch = 2, .sequence = 1};
    struct release_pointer higher = {.epoch = 2, .sequence = 2};
    assert_true(release_pointer_compare(&low, &high) < 0);
    assert_true(release_pointer_compare(&higher, &high) > 0);
    assert_true(release_pointer_compare(&high, &low) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_pointer_verifies),
        cmocka_unit_test(protobuf_c_reads_the_same_pointer),
        cmocka_unit_test(any_changed_byte_is_refused),
        cmocka_unit_test(a_pointer_of_another_fleet_or_key_is_denied),
        cmocka_unit_test(a_release_key_expires),
        cmocka_unit_test(the_epoch_weighs_more_than_the_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
