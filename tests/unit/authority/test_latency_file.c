// SPDX-License-Identifier: Apache-2.0
// Latency tables: what a line may be, and what is said of one that is wrong.

#include "authority/latency_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct atlas *read_text(const char *text, size_t *out_unknown)
{
    struct atlas_builder *b = atlas_builder_new();
    struct errctx ec = {0};
    assert_int_equal(latency_text_read(slice_str(text), b, out_unknown, &ec), ERR_OK);
    struct atlas *a = atlas_builder_finish(b);
    atlas_builder_free(b);
    return a;
}

static void assert_refused(const char *text, const char *message)
{
    struct atlas_builder *b = atlas_builder_new();
    struct errctx ec = {0};
    size_t unknown = 77;
    if (latency_text_read(slice_str(text), b, &unknown, &ec) != ERR_INVALID)
        fail_msg("taken: %s", text);
    assert_non_null(strstr(ec.text, message));
    assert_int_equal(unknown, 77);
    atlas_builder_free(b);
}

static void assert_latency(const struct atlas *a, uint32_t v4, const char *region, int latency_ms)
{
    struct net_key key = {.bits = (uint64_t)v4 << 32, .length = 32};
    uint16_t number = (uint16_t)region_number(region_find(slice_str(region)));
    uint16_t found_ms = UINT16_MAX;
    uint8_t scope = 0;
    (void)atlas_find_latency(a, &key, &number, 1, &found_ms, &scope);
    assert_int_equal(found_ms, latency_ms < 0 ? UINT16_MAX : latency_ms);
}

static void lines_are_networks_regions_and_milliseconds(void **state)
{
    (void)state;
    size_t unknown = 0;
    struct atlas *a = read_text("network,region,milliseconds\r\n"
                                "# measured in May\n"
                                "\n"
                                "10.0.0.0/8,eu-central-1,12\n"
                                " 10.0.0.0/8 , eu-west-1 , 24.5 \r\n"
                                "10.0.0.1,eu-west-1,0.4999\n"
                                "2001:db8::/32,us-east-1,65534\n"
                                "0.0.0.0/0,us-west-2,9",
                                &unknown);
    assert_int_equal(unknown, 0);
    assert_int_equal(atlas_latency_count(a), 4);
    assert_latency(a, 0x0a000002, "eu-central-1", 12);
    assert_latency(a, 0x0a000002, "eu-west-1", 25);
    assert_latency(a, 0x0a000001, "eu-west-1", 0);
    assert_latency(a, 0x0a000001, "eu-central-1", 12);
    assert_latency(a, 0x0b000001, "us-west-2", 9);
    assert_latency(a, 0x0b000001, "eu-central-1", -1);
    atlas_free(a);
}

static void lines_of_unknown_regions_are_counted_and_left_out(void **state)
{
    (void)state;
    size_t unknown = 0;
    struct atlas *a = read_text("10.0.0.0/8,mars-north-1,12\n"
                                "10.0.0.0/8,EU-WEST-1,12\n"
                                "10.0.0.0/8,eu-west-1,13\n",
                                &unknown);
    assert_int_equal(unknown, 2);
    assert_latency(a, 0x0a000001, "eu-west-1", 13);
    atlas_free(a);
}

static void a_wrong_line_is_named_by_its_number(void **state)
{
    (void)state;
    assert_refused("# one\n10.0.0.0/8,eu-west-1\n", "line 2: network,region,milliseconds");
    assert_refused("10.0.0.0/8,eu-west-1,1,2\n", "line 1: network,region,milliseconds");
    assert_refused("\n\n10.0.0/8,eu-west-1,1\n", "line 3: '10.0.0/8' is no network");
    assert_refused("10.0.0.0/33,eu-west-1,1\n", "line 1: '10.0.0.0/33': the length");
    assert_refused("10.0.0.0/,eu-west-1,1\n", "line 1: '10.0.0.0/': the length");
    assert_refused("2001:db8::/65,eu-west-1,1\n", "the length is a number up to 64");
    assert_refused("10.0.0.1/8,eu-west-1,1\n", "has bits behind its length");
    assert_refused("2001:db8::1/64,eu-west-1,1\n", "has bits behind its length");
    assert_refused("10.0.0.0/8,eu-west-1,65535\n", "no milliseconds from 0 to 65534");
    assert_refused("10.0.0.0/8,eu-west-1,65534.5\n", "no milliseconds");
    assert_refused("10.0.0.0/8,eu-west-1,-1\n", "no milliseconds");
    assert_refused("10.0.0.0/8,eu-west-1,\n", "no milliseconds");
    assert_refused("10.0.0.0/8,eu-west-1,1.\n", "no milliseconds");
    assert_refused("10.0.0.0/8,eu-west-1,.5\n", "no milliseconds");
    assert_refused("10.0.0.0/8,eu-west-1,1.5e3\n", "no milliseconds");
    assert_refused("10.0.0.0/8,eu-west-1,1\nnetwork,region,milliseconds\n", "line 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_networks_regions_and_milliseconds),
        cmocka_unit_test(lines_of_unknown_regions_are_counted_and_left_out),
        cmocka_unit_test(a_wrong_line_is_named_by_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
