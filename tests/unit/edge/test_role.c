// SPDX-License-Identifier: Apache-2.0
// What the edge role asks of its node before it starts: sockets, threads, a certificate.
#include "edge/role.h"

#include "crypto/cert.h"
#include "edge/tls.h"
#include "os/file.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct settings settings;
static struct role_socket *sockets;
static size_t socket_count;
static unsigned threads;
static struct errctx ec;

static enum err plan(const char *const *args, size_t count)
{
    static char *no_environment[] = {NULL};
    ec = (struct errctx){0};
    settings_fini(&settings);
    if (settings_load(&settings, args, count, no_environment, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return edge_role.plan(&settings, &sockets, &socket_count, &threads, &ec);
}

static void every_address_has_a_socket_for_each_thread(void **state)
{
    (void)state;
    const char *args[] = {
        "--http", "127.0.0.1:8080,[::1]:8080", "--https", "127.0.0.1:8443", "--edge-threads", "3"};
    assert_int_equal(plan(args, ARRAY_LEN(args)), ERR_OK);
    assert_int_equal(socket_count, 3);
    assert_int_equal(threads, 3);
    for (size_t i = 0; i < socket_count; i++) {
        assert_string_equal(sockets[i].label, i < 2 ? "http" : "https");
        assert_int_equal(sockets[i].kind, ROLE_SOCKET_TCP_THREAD);
    }
    assert_int_equal(net_address_port(&sockets[2].wanted), 8443);
}

static void without_a_number_there_is_a_thread_for_each_core(void **state)
{
    (void)state;
    assert_int_equal(plan(NULL, 0), ERR_OK);
    assert_in_range(threads, 1, 256);
}

static void settings_that_nothing_can_be_made_of_end_the_start(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        const char *value;
    } bad[] = {
        {"--http", "localhost:80"},
        {"--https", "127.0.0.1"},
        {"--origin-forbidden", "10.0.0.0/33"},
        {"--cache-memory", "4096"}, /* the process would be ended for it */
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *args[] = {bad[i].flag, bad[i].value};
        assert_int_equal(plan(args, ARRAY_LEN(args)), ERR_INVALID);
        assert_non_null(strstr(ec.text, bad[i].flag));
    }
    const char *good[] = {"--cache-memory", "4095"};
    assert_int_equal(plan(good, ARRAY_LEN(good)), ERR_OK);
}

static void the_certificate_is_for_the_cdn_domain_and_the_addresses(void **state)
{
    (void)state;
    char dir[TEMP_DIR_SIZE];
    AUTO_ARENA struct arena a = {0};
    struct slice pem;
    struct net_tls *tls = NULL;
    struct edge_tls_names names;
    static const char *const wanted[] = {"localhost",     "127.0.0.1",   "::1",
                                         "*.cdn.example", "cdn.example", "192.0.2.1"};
    temp_dir_make(dir, "role");
    const char *args[] = {"--data",       dir,          "--https", "192.0.2.1:443,0.0.0.0:8443",
                          "--cdn-domain", "cdn.example"};
    assert_int_equal(plan(args, ARRAY_LEN(args)), ERR_OK);
    assert_int_equal(edge_role.prepare(&settings, &ec), ERR_OK);
    assert_int_equal(file_read(&a, temp_dir_file(dir, "edge.pem"), 65536, &pem, &ec), ERR_OK);
    assert_true(cert_has_alt_names(pem, wanted, ARRAY_LEN(wanted)));
    assert_int_equal(edge_tls_open(&settings, &tls, &ec), ERR_OK);
    net_tls_free(tls);
    assert_int_equal(edge_tls_names(&a, &settings, &names, &ec), ERR_OK);
    assert_string_equal(names.items[0], "*.cdn.example");
    temp_dir_remove(dir);
}

static int teardown(void **state)
{
    (void)state;
    settings_fini(&settings);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_has_a_socket_for_each_thread),
        cmocka_unit_test(without_a_number_there_is_a_thread_for_each_core),
        cmocka_unit_test(settings_that_nothing_can_be_made_of_end_the_start),
        cmocka_unit_test(the_certificate_is_for_the_cdn_domain_and_the_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
