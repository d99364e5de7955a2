// SPDX-License-Identifier: Apache-2.0
// What the check role asks of its node before it starts.
#include "check/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

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
    return check_role.plan(&settings, &sockets, &socket_count, &threads, &ec);
}

static void it_listens_for_readers_of_its_votes(void **state)
{
    (void)state;
    assert_int_equal(plan(NULL, 0), ERR_OK);
    assert_int_equal(socket_count, 1);
    assert_string_equal(sockets[0].label, "votes");
    assert_int_equal(sockets[0].kind, ROLE_SOCKET_TCP);
    assert_int_equal(net_address_port(&sockets[0].wanted), 5391);
    const char *args[] = {
        "--votes", "[::1]:0", "--check-source", "192.0.2.1,2001:db8::1", "--check-interval-ms",
        "200"};
    assert_int_equal(plan(args, ARRAY_LEN(args)), ERR_OK);
    assert_int_equal(sockets[0].wanted.sa.sa_family, AF_INET6);
}

static void settings_that_nothing_can_be_made_of_end_the_start(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"--votes", "localhost:5391"},
        {"--votes", "127.0.0.1"},
        {"--check-source", "here"},
        {"--check-source", "192.0.2.1:80"},
        {"--check-source", "0.0.0.0"},
        {"--check-source", "192.0.2.1,192.0.2.2"},
        {"--check-source", "192.0.2.1,::1,192.0.2.2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(plan(bad[i], 2), ERR_INVALID);
        assert_non_null(strstr(ec.text, bad[i][0]));
    }
    const char *strict[] = {"--check-strict", "--origin-ca", "/nonexistent/ca.pem"};
    assert_int_equal(plan(strict, ARRAY_LEN(strict)), ERR_NOT_FOUND);
    assert_non_null(strstr(ec.text, "--check-strict"));
    assert_int_equal(plan(strict + 1, 2), ERR_OK);
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
        cmocka_unit_test(it_listens_for_readers_of_its_votes),
        cmocka_unit_test(settings_that_nothing_can_be_made_of_end_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
