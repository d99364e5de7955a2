// SPDX-License-Identifier: Apache-2.0
// Requests as samples: what goes in comes out, but for what nobody may keep.
#include "edge/sample_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sample_ring ring;
static struct arena arena;
static struct net_address peer;

static int setup(void **state)
{
    (void)state;
    memset(&ring, 0, sizeof(ring));
    arena_init(&arena);
    assert_int_equal(net_address_parse(SLICE_LIT("192.0.2.7:4711"), &peer, NULL), ERR_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct http_request request_for(const char *target)
{
    return (struct http_request){.method = SLICE_LIT("GET"),
                                 .target = slice_str(target),
                                 .authority = SLICE_LIT("www.example.com"),
                                 .minor_version = 1};
}

static void a_request_comes_out_as_it_went_in(void **state)
{
    (void)state;
    struct sample_request out;
    struct http_request in = request_for("/a/b?c=d");
    http_fields_add_str(&arena, &in.fields, "Host", "www.example.com");
    http_fields_add_str(&arena, &in.fields, "Accept-Encoding", "gzip, br");
    sample_request_put(&ring, &in, &peer, true);
    assert_true(sample_request_get(&ring, 0, &arena, &out));
    assert_true(slice_equal(out.request.method, in.method));
    assert_true(slice_equal(out.request.path, SLICE_LIT("/a/b")));
    assert_true(slice_equal(out.request.query, SLICE_LIT("c=d")));
    assert_true(slice_equal(out.request.authority, in.authority));
    assert_int_equal(out.request.fields.count, 2);
    assert_true(slice_equal(*http_fields_get(&out.request.fields, "accept-encoding"),
                            SLICE_LIT("gzip, br")));
    assert_true(net_address_equal(&out.peer, &peer));
    assert_true(out.is_tls);
    assert_false(sample_request_get(&ring, 1, &arena, &out));
}

static void secrets_are_not_kept(void **state)
{
    (void)state;
    struct http_request in = request_for("/");
    http_fields_add_str(&arena, &in.fields, "Cookie", "session=GEHEIM");
    http_fields_add_str(&arena, &in.fields, "Authorization", "Bearer GEHEIM");
    http_fields_add_str(&arena, &in.fields, "Proxy-Authorization", "GEHEIM");
    sample_request_put(&ring, &in, &peer, false);
    assert_null(memmem(&ring, sizeof(ring), "GEHEIM", 6));
    struct sample_request out;
    assert_true(sample_request_get(&ring, 0, &arena, &out));
    assert_non_null(http_fields_get(&out.request.fields, "cookie"));
    assert_non_null(http_fields_get(&out.request.fields, "authorization"));
}

static void a_body_is_not_announced(void **state)
{
    (void)state;
    struct sample_request out;
    struct http_request in = request_for("/");
    in.method = SLICE_LIT("POST");
    http_fields_add_str(&arena, &in.fields, "Content-Length", "12");
    http_fields_add_str(&arena, &in.fields, "Expect", "100-continue");
    sample_request_put(&ring, &in, &peer, false);
    assert_true(sample_request_get(&ring, 0, &arena, &out));
    assert_int_equal(out.request.body_kind, HTTP_BODY_NONE);
    assert_int_equal(out.request.fields.count, 1);
}

static void fields_beyond_the_room_are_left_out_and_long_lines_altogether(void **state)
{
    (void)state;
    struct sample_request out;
    char long_text[SAMPLE_MAX_BYTES];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[0] = '/';
    long_text[sizeof(long_text) - 1] = '\0';
    struct http_request in = request_for("/");
    http_fields_add_str(&arena, &in.fields, "X-Long", long_text);
    http_fields_add_str(&arena, &in.fields, "X-Short", "1");
    sample_request_put(&ring, &in, &peer, false);
    assert_true(sample_request_get(&ring, 0, &arena, &out));
    assert_null(http_fields_get(&out.request.fields, "x-long"));
    assert_non_null(http_fields_get(&out.request.fields, "x-short"));
    in = request_for(long_text);
    sample_request_put(&ring, &in, &peer, false);
    assert_false(sample_request_get(&ring, 1, &arena, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_comes_out_as_it_went_in, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_are_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_is_not_announced, setup, teardown),
        cmocka_unit_test_setup_teardown(
            fields_beyond_the_room_are_left_out_and_long_lines_altogether, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
