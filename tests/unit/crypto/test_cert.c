// SPDX-License-Identifier: Apache-2.0
// Certificates: what is issued verifies for its own use and time, and for nothing else.

#include "crypto/cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW_S 1800000000
#define DAY_S 86400

/** A root with its key, as most tests need one. */
struct fixture {
    struct arena arena;
    struct signing_key *root_key;
    struct slice root_pem;
    struct cert_issuer root;
    struct signing_key *leaf_key;
};

static struct cert_spec spec_of(enum cert_purpose purpose)
{
    return (struct cert_spec){
        .purpose = purpose, .common_name = "test", .now_unix_s = NOW_S, .days = 10};
}

static struct slice issue(struct fixture *f, const struct cert_spec *spec)
{
    struct slice pem = {0};
    struct errctx ec = {0};
    assert_int_equal(cert_issue(&f->arena, spec, f->leaf_key, &f->root, &pem, &ec), ERR_OK);
    return pem;
}

static int setup(void **state)
{
    static struct fixture f;
    struct cert_spec spec = spec_of(CERT_AUTHORITY);
    struct errctx ec = {0};
    arena_init(&f.arena);
    spec.days = 100;
    f.root_key = signing_key_make();
    f.leaf_key = signing_key_make();
    *state = &f;
    if (cert_issue(&f.arena, &spec, f.root_key, NULL, &f.root_pem, &ec) != ERR_OK)
        return -1;
    f.root = (struct cert_issuer){f.root_pem, f.root_key};
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    signing_key_free(f->root_key);
    signing_key_free(f->leaf_key);
    arena_fini(&f->arena);
    return 0;
}

static enum err verify_at(struct slice pem, struct slice root_pem, enum cert_purpose purpose,
                          int64_t now_unix_s)
{
    struct errctx ec = {0};
    return cert_verify(pem, root_pem, purpose, now_unix_s, &ec);
}

static void a_certificate_verifies_for_its_own_use_only(void **state)
{
    struct fixture *f = *state;
    /* Rows: issued for; columns: asked for. A peer is a server too. */
    static const bool allowed[4][4] = {
        [CERT_AUTHORITY] = {[CERT_AUTHORITY] = true},
        [CERT_TLS_SERVER] = {[CERT_TLS_SERVER] = true},
        [CERT_TLS_PEER] = {[CERT_TLS_SERVER] = true, [CERT_TLS_PEER] = true},
        [CERT_RELEASE_KEY] = {[CERT_RELEASE_KEY] = true},
    };
    for (unsigned issued = 0; issued < 4; issued++) {
        struct cert_spec spec = spec_of((enum cert_purpose)issued);
        struct slice pem = issue(f, &spec);
        for (unsigned asked = 0; asked < 4; asked++)
            assert_int_equal(verify_at(pem, f->root_pem, (enum cert_purpose)asked, NOW_S),
                             allowed[issued][asked] ? ERR_OK : ERR_DENIED);
    }
    assert_int_equal(verify_at(f->root_pem, f->root_pem, CERT_AUTHORITY, NOW_S), ERR_OK);
}

static void a_common_name_is_not_the_mark_of_a_release_key(void **state)
{
    struct fixture *f = *state;
    struct cert_spec spec = spec_of(CERT_TLS_PEER);
    spec.common_name = "release-key/OU=release-key";
    assert_int_equal(verify_at(issue(f, &spec), f->root_pem, CERT_RELEASE_KEY, NOW_S), ERR_DENIED);
}

static void validity_begins_an_hour_back_and_ends_after_its_days(void **state)
{
    struct fixture *f = *state;
    struct cert_spec spec = spec_of(CERT_TLS_PEER);
    struct slice pem = issue(f, &spec);
    struct errctx ec = {0};
    int64_t end_s = 0;
    assert_int_equal(cert_not_after(pem, &end_s, &ec), ERR_OK);
    assert_int_equal(end_s, NOW_S + 10 * DAY_S);
    /* At the edge itself: `pem` and the root begin in the same second. */
    assert_int_equal(verify_at(pem, f->root_pem, CERT_TLS_PEER, NOW_S - 3601), ERR_DENIED);
    assert_int_equal(verify_at(pem, f->root_pem, CERT_TLS_PEER, NOW_S - 3600), ERR_OK);
    assert_int_equal(verify_at(pem, f->root_pem, CERT_TLS_PEER, end_s - 1), ERR_OK);
    assert_int_equal(verify_at(pem, f->root_pem, CERT_TLS_PEER, end_s + 1), ERR_DENIED);
}

static void a_validity_past_2050_is_written_and_read(void **state)
{
    struct fixture *f = *state;
    struct cert_spec spec = spec_of(CERT_TLS_PEER);
    struct errctx ec = {0};
    int64_t end_s = 0;
    spec.days = 10950;
    assert_int_equal(cert_not_after(issue(f, &spec), &end_s, &ec), ERR_OK);
    assert_int_equal(end_s, NOW_S + (int64_t)10950 * DAY_S);
}

static void another_root_of_the_same_name_certifies_nothing(void **state)
{
    struct fixture *f = *state;
    struct cert_spec root_spec = spec_of(CERT_AUTHORITY);
    struct cert_spec spec = spec_of(CERT_TLS_PEER);
    struct signing_key *other_key = signing_key_make();
    struct slice other_pem = {0};
    struct errctx ec = {0};
    struct slice pem = issue(f, &spec);
    assert_int_equal(cert_issue(&f->arena, &root_spec, other_key, NULL, &other_pem, &ec), ERR_OK);
    assert_int_equal(verify_at(pem, other_pem, CERT_TLS_PEER, NOW_S), ERR_DENIED);
    assert_int_equal(verify_at(other_pem, f->root_pem, CERT_AUTHORITY, NOW_S), ERR_DENIED);
    signing_key_free(other_key);
}

static void what_is_no_authority_certifies_nothing(void **state)
{
    struct fixture *f = *state;
    struct cert_spec spec = spec_of(CERT_TLS_PEER);
    struct slice pem = issue(f, &spec);
    const struct cert_issuer leaf = {pem, f->leaf_key};
    const struct cert_issuer mixed = {f->root_pem, f->leaf_key};
    struct slice out = {0};
    struct errctx ec = {0};
    assert_int_equal(cert_issue(&f->arena, &spec, f->root_key, &leaf, &out, &ec), ERR_CORRUPT);
    assert_int_equal(cert_issue(&f->arena, &spec, f->leaf_key, &mixed, &out, &ec), ERR_CORRUPT);
    assert_int_equal(verify_at(pem, pem, CERT_TLS_PEER, NOW_S), ERR_DENIED);
    assert_null(out.data);
}

static void a_changed_certificate_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cert_spec spec = spec_of(CERT_TLS_PEER);
    struct slice pem = issue(f, &spec);
    struct errctx ec = {0};
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    for (size_t at = 40; at < pem.len - 40; at += 7) {
        char *changed = arena_str(&f->arena, pem);
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        assert_int_not_equal(verify_at(slice_str(changed), f->root_pem, CERT_TLS_PEER, NOW_S),
                             ERR_OK);
    }
    assert_int_equal(verify_at(SLICE_LIT("no"), f->root_pem, CERT_TLS_PEER, NOW_S), ERR_CORRUPT);
    assert_int_equal(verify_at(pem, SLICE_LIT(""), CERT_TLS_PEER, NOW_S), ERR_CORRUPT);
    assert_int_equal(cert_public_key(SLICE_LIT("no"), public_key, &ec), ERR_CORRUPT);
}

static void alternative_names_are_hosts_and_addresses(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"Node.example", "127.0.0.1", "::1", "*.cdn.example"};
    static const char *const same[] = {"*.cdn.example", "0:0:0:0:0:0:0:1", "127.0.0.1",
                                       "Node.example"};
    static const char *const other[] = {"node.example", "127.0.0.2", "::1", "*.cdn.example"};
    struct cert_spec spec = spec_of(CERT_TLS_SERVER);
    assert_true(cert_has_alt_names(issue(f, &spec), NULL, 0));
    spec.alt_names = names;
    spec.alt_count = ARRAY_LEN(names);
    struct slice pem = issue(f, &spec);
    assert_true(cert_has_alt_names(pem, names, ARRAY_LEN(names)));
    assert_true(cert_has_alt_names(pem, same, ARRAY_LEN(same)));
    assert_false(cert_has_alt_names(pem, other, ARRAY_LEN(other)));
    assert_false(cert_has_alt_names(pem, names, ARRAY_LEN(names) - 1));
    assert_false(cert_has_alt_names(SLICE_LIT("no"), NULL, 0));
}

static void names_that_cannot_be_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"", "two words", "[::1]", "evil.example/DNS:other"};
    const char *many[65];
    struct slice out = {0};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct errctx ec = {0};
        struct cert_spec spec = spec_of(CERT_TLS_SERVER);
        spec.alt_names = &bad[i];
        spec.alt_count = 1;
        assert_int_equal(cert_issue(&f->arena, &spec, f->leaf_key, &f->root, &out, &ec),
                         ERR_INVALID);
    }
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = "127.0.0.1";
    struct errctx ec = {0};
    struct cert_spec spec = spec_of(CERT_TLS_SERVER);
    spec.alt_names = many;
    spec.alt_count = ARRAY_LEN(many);
    assert_int_equal(cert_issue(&f->arena, &spec, f->leaf_key, &f->root, &out, &ec), ERR_LIMIT);
    spec.alt_count = 64;
    issue(f, &spec);
}

static void a_common_name_has_1_to_64_characters(void **state)
{
    struct fixture *f = *state;
    char name[66] = "";
    struct cert_spec spec = spec_of(CERT_TLS_PEER);
    struct slice out = {0};
    struct errctx ec = {0};
    spec.common_name = name;
    assert_int_equal(cert_issue(&f->arena, &spec, f->leaf_key, &f->root, &out, &ec), ERR_INVALID);
    memset(name, 'n', 64);
    issue(f, &spec);
    memset(name, 'n', 65);
    assert_int_equal(cert_issue(&f->arena, &spec, f->leaf_key, &f->root, &out, &ec), ERR_INVALID);
}

static void the_key_of_a_certificate_can_be_read_and_compared(void **state)
{
    struct fixture *f = *state;
    struct cert_spec spec = spec_of(CERT_TLS_PEER);
    struct slice pem = issue(f, &spec);
    struct errctx ec = {0};
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    assert_int_equal(cert_public_key(pem, public_key, &ec), ERR_OK);
    assert_memory_equal(public_key, signing_key_public(f->leaf_key), ED25519_PUBLIC_BYTES);
    assert_true(cert_matches_key(pem, signing_key_pem(&f->arena, f->leaf_key)));
    assert_false(cert_matches_key(pem, signing_key_pem(&f->arena, f->root_key)));
    assert_false(cert_matches_key(pem, SLICE_LIT("no")));
}

static void the_local_authority_issues_server_certificates(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"localhost"};
    struct cert_spec spec = spec_of(CERT_TLS_SERVER);
    struct pem_pair ca = {0};
    struct pem_pair server = {0};
    struct slice again_pem = {0};
    struct errctx ec = {0};
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    spec.alt_names = names;
    spec.alt_count = 1;
    assert_int_equal(local_authority_make(&f->arena, NOW_S, &ca, &ec), ERR_OK);
    assert_int_equal(local_authority_issue(&f->arena, &ca, &spec, &server, &ec), ERR_OK);
    assert_int_equal(verify_at(server.cert_pem, ca.cert_pem, CERT_TLS_SERVER, NOW_S), ERR_OK);
    assert_true(cert_matches_key(server.cert_pem, server.key_pem));
    assert_int_equal(cert_public_key(server.cert_pem, public_key, &ec), ERR_UNSUPPORTED);

    /* A second certificate of the same key vouches for what the first one issued. */
    assert_int_equal(local_authority_certify(&f->arena, ca.key_pem, NOW_S, &again_pem, &ec),
                     ERR_OK);
    assert_false(slice_equal(ca.cert_pem, again_pem));
    assert_int_equal(verify_at(server.cert_pem, again_pem, CERT_TLS_SERVER, NOW_S), ERR_OK);

    /* Key and certificate of different authorities. */
    ca.key_pem = server.key_pem;
    assert_int_equal(local_authority_issue(&f->arena, &ca, &spec, &server, &ec), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_verifies_for_its_own_use_only),
        cmocka_unit_test(a_common_name_is_not_the_mark_of_a_release_key),
        cmocka_unit_test(validity_begins_an_hour_back_and_ends_after_its_days),
        cmocka_unit_test(a_validity_past_2050_is_written_and_read),
        cmocka_unit_test(another_root_of_the_same_name_certifies_nothing),
        cmocka_unit_test(what_is_no_authority_certifies_nothing),
        cmocka_unit_test(a_changed_certificate_is_refused),
        cmocka_unit_test(alternative_names_are_hosts_and_addresses),
        cmocka_unit_test(names_that_cannot_be_are_refused),
        cmocka_unit_test(a_common_name_has_1_to_64_characters),
        cmocka_unit_test(the_key_of_a_certificate_can_be_read_and_compared),
        cmocka_unit_test(the_local_authority_issues_server_certificates),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
