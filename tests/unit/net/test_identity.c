// SPDX-License-Identifier: Apache-2.0
// A node's identity: made once, kept for good, repaired after a crash, never silently replaced.

#include "net/identity.h"

#include "crypto/cert.h"
#include "os/file.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_S 1800000000
#define DAY_S 86400

static char dir[TEMP_DIR_SIZE];

static const char *path_of(const char *name)
{
    return temp_dir_file(dir, name);
}

static int setup(void **state)
{
    (void)state;
    temp_dir_make(dir, "identity");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static struct net_identity open_at(int64_t now_unix_s)
{
    struct net_identity id = {0};
    struct errctx ec = {0};
    if (net_identity_open(dir, now_unix_s, &id, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return id;
}

static void assert_refused(void)
{
    struct net_identity id = {0};
    struct errctx ec = {0};
    assert_int_equal(net_identity_open(dir, NOW_S, &id, &ec), ERR_CORRUPT);
    assert_null(id.key);
    assert_non_null(strstr(ec.text, "identity."));
}

static void write_text(const char *name, struct slice content)
{
    struct errctx ec = {0};
    assert_int_equal(file_replace(path_of(name), content, 0600, &ec), ERR_OK);
}

static unsigned mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(path_of(name), &st), 0);
    return st.st_mode & 07777;
}

static void a_node_id_is_16_characters_of_the_hash_of_its_key(void **state)
{
    (void)state;
    /* SHA-256 of 32 zero bytes is 66687aadf862bd776c8f...; base32 of that. */
    const uint8_t zero[ED25519_PUBLIC_BYTES] = {0};
    char id[NODE_ID_SIZE];
    node_id_format(zero, id);
    assert_string_equal(id, "mzuhvlpymk6xo3ep");
}

static void an_identity_is_made_once_and_kept(void **state)
{
    (void)state;
    struct net_identity first = open_at(NOW_S);
    struct net_identity second = open_at(NOW_S + DAY_S);
    struct errctx ec = {0};
    char id[NODE_ID_SIZE];
    assert_int_equal(mode_of("identity.key"), 0600);
    assert_int_equal(mode_of("identity.pem"), 0644);
    node_id_format(signing_key_public(first.key), id);
    assert_string_equal(first.node_id, id);
    assert_string_equal(second.node_id, id);
    assert_true(slice_equal(first.key_pem, second.key_pem));
    assert_true(slice_equal(first.cert_pem, second.cert_pem));
    assert_true(cert_matches_key(first.cert_pem, first.key_pem));
    assert_int_not_equal(cert_verify(first.cert_pem, first.cert_pem, CERT_AUTHORITY, NOW_S, &ec),
                         ERR_OK);
    net_identity_fini(&first);
    net_identity_fini(&second);
}

static void a_key_without_certificate_gets_one(void **state)
{
    (void)state;
    struct net_identity first = open_at(NOW_S);
    assert_int_equal(unlink(path_of("identity.pem")), 0);
    struct net_identity second = open_at(NOW_S);
    assert_string_equal(first.node_id, second.node_id);
    assert_false(slice_equal(first.cert_pem, second.cert_pem));
    assert_true(cert_matches_key(second.cert_pem, first.key_pem));
    net_identity_fini(&first);
    net_identity_fini(&second);
}

static void the_certificate_is_renewed_30_days_before_its_end(void **state)
{
    (void)state;
    const int64_t renewal_s = NOW_S + (int64_t)(3650 - 30) * DAY_S;
    struct net_identity first = open_at(NOW_S);
    struct net_identity before = open_at(renewal_s - 1);
    struct net_identity after = open_at(renewal_s);
    assert_true(slice_equal(first.cert_pem, before.cert_pem));
    assert_false(slice_equal(first.cert_pem, after.cert_pem));
    assert_string_equal(first.node_id, after.node_id);
    net_identity_fini(&first);
    net_identity_fini(&before);
    net_identity_fini(&after);
}

static void a_lost_key_is_not_replaced(void **state)
{
    (void)state;
    struct net_identity id = open_at(NOW_S);
    net_identity_fini(&id);
    assert_int_equal(unlink(path_of("identity.key")), 0);
    assert_refused();
    assert_int_not_equal(access(path_of("identity.key"), F_OK), 0);
}

static void a_certificate_of_another_key_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct net_identity id = open_at(NOW_S);
    struct signing_key *other = signing_key_make();
    write_text("identity.key", signing_key_pem(&a, other));
    signing_key_free(other);
    net_identity_fini(&id);
    assert_refused();
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    struct net_identity id = open_at(NOW_S);
    write_text("identity.pem", slice_sub(id.cert_pem, 0, id.cert_pem.len / 2));
    assert_refused();
    write_text("identity.pem", id.cert_pem);
    write_text("identity.key", SLICE_LIT(""));
    assert_refused();
    net_identity_fini(&id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_id_is_16_characters_of_the_hash_of_its_key),
        cmocka_unit_test_setup_teardown(an_identity_is_made_once_and_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_without_certificate_gets_one, setup, teardown),
        cmocka_unit_test_setup_teardown(the_certificate_is_renewed_30_days_before_its_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_lost_key_is_not_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_certificate_of_another_key_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_files_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
