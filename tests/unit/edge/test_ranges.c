// SPDX-License-Identifier: Apache-2.0
// Tests of edge/ranges.h: Range fields against bodies of some length.
#include "edge/ranges.h"

#include "base/arena.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WHOLE "whole"
#define BEYOND "beyond"

/* What a field comes to: "from-to from-to" with `to` exclusive, or one of the words. */
static const char *ranges_text(const char *value, uint64_t length)
{
    struct edge_range ranges[EDGE_RANGES_MAX];
    size_t count = 0;
    switch (edge_ranges_read(slice_str(value), length, ranges, &count)) {
    case EDGE_RANGES_WHOLE:
        return WHOLE;
    case EDGE_RANGES_UNSATISFIABLE:
        return BEYOND;
    case EDGE_RANGES_SOME:
        break;
    }
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = arena_printf(&arena, "%s%s%ju-%ju", text, i == 0 ? "" : " ",
                            (uintmax_t)ranges[i].from, (uintmax_t)ranges[i].to);
    return text;
}

static const struct {
    const char *value;
    uint64_t length;
    const char *want;
} cases[] = {
    {"bytes=0-0", 100, "0-1"},
    {"bytes=0-99", 100, "0-100"},
    {"bytes=0-100", 100, "0-100"},
    {"bytes=99-99", 100, "99-100"},
    {"bytes=99-", 100, "99-100"},
    {"bytes=100-", 100, BEYOND},
    {"bytes=100-200", 100, BEYOND},
    {"bytes=0-", 100, "0-100"},
    {"bytes=-1", 100, "99-100"},
    {"bytes=-100", 100, "0-100"},
    {"bytes=-101", 100, "0-100"},
    {"bytes=-0", 100, BEYOND},
    {"bytes=0-0", 0, BEYOND},
    {"bytes=-1", 0, BEYOND},
    {"bytes=0-99999999999999999999999999", 100, "0-100"},
    {"bytes=99999999999999999999999999-", 100, BEYOND},
    {"bytes=-99999999999999999999999999", 100, "0-100"},
    {"bytes=0-18446744073709551615", UINT64_MAX, "0-18446744073709551615"},
    {"BYTES=0-0", 100, "0-1"},
    /* malformed: as if it were not there */
    {"", 100, WHOLE},
    {"bytes", 100, WHOLE},
    {"bytes=", 100, WHOLE},
    {"bytes=,", 100, WHOLE},
    {"bytes=-", 100, WHOLE},
    {"bytes=1", 100, WHOLE},
    {"bytes=2-1", 100, WHOLE},
    {"bytes=200-100", 100, WHOLE},
    {"bytes=a-b", 100, WHOLE},
    {"bytes=0-1x", 100, WHOLE},
    {"bytes=+0-1", 100, WHOLE},
    {"bytes=0 - 1", 100, WHOLE},
    {"bytes=--1", 100, WHOLE},
    {"bytes=0-1-2", 100, WHOLE},
    {"bytes =0-1", 100, WHOLE},
    {"bytes: 0-1", 100, WHOLE},
    {"lines=0-1", 100, WHOLE},
    {"bytes=0-1,x", 100, WHOLE},
    /* several */
    {"bytes=0-1,4-5", 100, "0-2 4-6"},
    {"bytes=0-1 , 4-5", 100, "0-2 4-6"},
    {"bytes=,0-1,,4-5,", 100, "0-2 4-6"},
    {"bytes=0-1,2-3", 100, "0-2 2-4"},
    {"bytes=0-1,1-2", 100, WHOLE},
    {"bytes=4-5,0-1", 100, WHOLE},
    {"bytes=0-1,0-1", 100, WHOLE},
    {"bytes=0-,-1", 100, WHOLE},
    {"bytes=0-1,-1", 100, "0-2 99-100"},
    {"bytes=0-1,100-", 100, "0-2"},
    {"bytes=100-,0-1", 100, "0-2"},
    {"bytes=100-,200-,-0", 100, BEYOND},
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30",
     100, "0-1 2-3 4-5 6-7 8-9 10-11 12-13 14-15 16-17 18-19 20-21 22-23 24-25 26-27 28-29 30-31"},
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,"
     "32-32",
     100, WHOLE},
    {"bytes=200-,200-,200-,200-,200-,200-,200-,200-,200-,200-,200-,200-,200-,200-,200-,200-,200-",
     100, WHOLE},
};

static void a_range_is_what_the_body_has_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *text = ranges_text(cases[i].value, cases[i].length);
        if (strcmp(text, cases[i].want) != 0)
            fail_msg("'%s' of %ju: '%s', want '%s'", cases[i].value, (uintmax_t)cases[i].length,
                     text, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_what_the_body_has_of_it),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
