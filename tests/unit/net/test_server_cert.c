// SPDX-License-Identifier: Apache-2.0
// Server certificates of the local authority: made once, kept, renewed in time, never issued
// without the authority's key, and the authority never replaced while something depends on it.
#include "net/server_cert.h"

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
#define DAY_S ((int64_t)86400)

static const char *const edge_names[] = {"*.cdn.weir.test", "cdn.weir.test", "127.0.0.1"};
static const char *const all_names[] = {"localhost", "127.0.0.1", "::1", "*.cdn.weir.test",
                                        "cdn.weir.test"};

static char dir[TEMP_DIR_SIZE];
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    temp_dir_make(dir, "server-cert");
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    temp_dir_remove(dir);
    return 0;
}

static enum err open_edge(int64_t now_unix_s, size_t name_count, struct pem_pair *authority,
                          struct pem_pair *out, struct errctx *ec)
{
    const struct key_dir d = {.arena = &arena, .path = dir, .now_unix_s = now_unix_s};
    const struct server_cert_spec spec = {.key_name = "edge.key",
                                          .cert_name = "edge.pem",
                                          .common_name = "Weir edge",
                                          .names = edge_names,
                                          .name_count = name_count};
    enum err e = local_authority_open(&d, authority, ec);
    return e == ERR_OK ? server_cert_open(&d, &spec, authority, out, ec) : e;
}

static void assert_opens(int64_t now_unix_s, struct pem_pair *authority, struct pem_pair *out)
{
    struct errctx ec = {0};
    if (open_edge(now_unix_s, ARRAY_LEN(edge_names), authority, out, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
}

static void the_first_start_makes_authority_and_certificate(void **state)
{
    (void)state;
    struct pem_pair authority;
    struct pem_pair edge;
    struct stat st;
    assert_opens(NOW_S, &authority, &edge);
    assert_int_equal(cert_verify(edge.cert_pem, authority.cert_pem, CERT_TLS_SERVER, NOW_S, NULL),
                     ERR_OK);
    assert_true(cert_has_alt_names(edge.cert_pem, all_names, ARRAY_LEN(all_names)));
    assert_true(cert_matches_key(edge.cert_pem, edge.key_pem));
    assert_int_equal(stat(temp_dir_file(dir, "edge.key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(temp_dir_file(dir, "edge.pem"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
}

static void a_certificate_stays_until_thirty_days_before_its_end(void **state)
{
    (void)state;
    struct pem_pair authority;
    struct pem_pair first;
    struct pem_pair again;
    assert_opens(NOW_S, &authority, &first);
    assert_opens(NOW_S + 794 * DAY_S, &authority, &again);
    assert_true(slice_equal(first.cert_pem, again.cert_pem));
    assert_opens(NOW_S + 796 * DAY_S, &authority, &again);
    assert_false(slice_equal(first.cert_pem, again.cert_pem));
}

static void other_names_make_another_certificate(void **state)
{
    (void)state;
    struct pem_pair authority;
    struct pem_pair first;
    struct pem_pair other;
    assert_opens(NOW_S, &authority, &first);
    assert_int_equal(open_edge(NOW_S, 1, &authority, &other, NULL), ERR_OK);
    assert_false(slice_equal(first.cert_pem, other.cert_pem));
}

static void a_key_of_another_certificate_is_replaced_with_it(void **state)
{
    (void)state;
    struct pem_pair authority;
    struct pem_pair first;
    struct pem_pair again;
    assert_opens(NOW_S, &authority, &first);
    assert_int_equal(file_replace(temp_dir_file(dir, "edge.key"), authority.key_pem, 0600, NULL),
                     ERR_OK);
    assert_opens(NOW_S, &authority, &again);
    assert_true(cert_matches_key(again.cert_pem, again.key_pem));
}

static void an_authority_key_offline_matters_only_when_it_must_issue(void **state)
{
    (void)state;
    struct pem_pair authority;
    struct pem_pair edge;
    struct errctx ec = {0};
    assert_opens(NOW_S, &authority, &edge);
    assert_int_equal(unlink(temp_dir_file(dir, "ca.key")), 0);
    assert_opens(NOW_S, &authority, &edge);
    assert_int_equal(open_edge(NOW_S + 820 * DAY_S, ARRAY_LEN(edge_names), &authority, &edge, &ec),
                     ERR_DENIED);
    assert_non_null(strstr(ec.text, "ca.key"));
}

static void a_lost_authority_is_not_replaced_while_a_certificate_depends_on_it(void **state)
{
    (void)state;
    struct pem_pair authority;
    struct pem_pair edge;
    struct errctx ec = {0};
    assert_opens(NOW_S, &authority, &edge);
    assert_int_equal(unlink(temp_dir_file(dir, "ca.key")), 0);
    assert_int_equal(unlink(temp_dir_file(dir, "ca.pem")), 0);
    assert_int_equal(open_edge(NOW_S, ARRAY_LEN(edge_names), &authority, &edge, &ec), ERR_CORRUPT);
    assert_non_null(strstr(ec.text, "edge.pem"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_start_makes_authority_and_certificate, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_certificate_stays_until_thirty_days_before_its_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(other_names_make_another_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_of_another_certificate_is_replaced_with_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_authority_key_offline_matters_only_when_it_must_issue,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_lost_authority_is_not_replaced_while_a_certificate_depends_on_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
