// SPDX-License-Identifier: Apache-2.0
// A stored CIDR collection as releases hold it.
#include "aws/r53_cidr.h"
#include "control/compile/cidr_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void blocks_arrive_as_they_were_stored(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct r53_cidr_block blocks[] = {{.address = {10}, .bytes = 4, .length = 8},
                                      {.address = {0x20, 1}, .bytes = 16, .length = 16}};
    struct r53_cidr_location location = {.name = "east", .blocks = blocks, .block_count = 2};
    const struct r53_cidr_locations locations = {.items = &location, .count = 1};
    struct slice value;
    struct release_cidr_collection c;
    struct slice body = r53_cidr_encode(&a, &locations);
    assert_int_equal(cidr_collection_value(&a, "c-1", body, &value, NULL), ERR_OK);
    assert_int_equal(release_cidr_collection_decode(&a, value, &c, NULL), ERR_OK);
    assert_string_equal(c.id, "c-1");
    assert_int_equal(c.location_count, 1);
    assert_string_equal(c.locations[0].name, "east");
    assert_int_equal(c.locations[0].block_count, 2);
    assert_int_equal(c.locations[0].blocks[0].address[0], 10);
    assert_int_equal(c.locations[0].blocks[1].bytes, 16);
    assert_int_equal(c.locations[0].blocks[1].length, 16);
}

static void a_body_that_is_none_is_an_error(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct slice value;
    struct slice body = SLICE_LIT("<CidrLocations>");
    assert_int_equal(cidr_collection_value(&a, "c-1", body, &value, NULL), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_arrive_as_they_were_stored),
        cmocka_unit_test(a_body_that_is_none_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
