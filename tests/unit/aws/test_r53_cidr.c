// SPDX-License-Identifier: Apache-2.0
// CIDR blocks as texts, and what changes make of a collection. Changes are written as lines
// "+location block,block" (PUT) and "-location block" (DELETE_IF_EXISTS).
#include "aws/limits.h"
#include "aws/r53_cidr.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static const char *parsed(const char *text)
{
    struct r53_cidr_block block;
    struct errctx ec = {0};
    if (r53_cidr_parse(slice_str(text), &block, &ec) != ERR_OK)
        return arena_strdup(&arena, ec.text);
    return r53_cidr_format(&arena, &block);
}

static void blocks_have_one_text(void **state)
{
    (void)state;
    assert_string_equal(parsed("192.0.2.0/24"), "192.0.2.0/24");
    assert_string_equal(parsed("128.0.0.0/1"), "128.0.0.0/1");
    assert_string_equal(parsed("0.0.0.0/1"), "0.0.0.0/1");
    assert_string_equal(parsed("2001:0DB8:0:0::/32"), "2001:db8::/32");
    assert_string_equal(parsed("2001:db8:1::/48"), "2001:db8:1::/48");
}

static void what_is_no_block_is_refused_in_words(void **state)
{
    (void)state;
    static const char *const none[] = {"",         "/",           "192.0.2.0",   "192.0.2/24",
                                       "x/24",     "192.0.2.0/",  "192.0.2.0/x", "192.0.2.0/-1",
                                       "::1::/32", "1.2.3.4.5/8", "::/129",      " 10.0.0.0/8"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_string_equal(parsed(none[i]),
                            arena_printf(&arena, "'%s' is not a CIDR block", none[i]));
    assert_string_equal(parsed("192.0.2.0/25"), "'192.0.2.0/25' has a prefix outside of /1 to /24, "
                                                "which IPv4 blocks may have");
    assert_string_equal(parsed("0.0.0.0/0"), "'0.0.0.0/0' has a prefix outside of /1 to /24, which "
                                             "IPv4 blocks may have");
    assert_string_equal(parsed("2001:db8::/49"), "'2001:db8::/49' has a prefix outside of /1 to "
                                                 "/48, which IPv6 blocks may have");
    assert_string_equal(parsed("192.0.2.1/24"),
                        "'192.0.2.1/24' has bits set behind its prefix: the block is 192.0.2.0/24");
    assert_string_equal(parsed("10.128.0.0/8"),
                        "'10.128.0.0/8' has bits set behind its prefix: the block is 10.0.0.0/8");
}

/* Reads one line of a change. */
static struct r53_cidr_collection_change change_of(const char *line)
{
    struct r53_cidr_collection_change change = {
        .action = line[0] == '+' ? R53_CIDR_PUT : R53_CIDR_DELETE_IF_EXISTS,
        .has_cidr_list = true,
    };
    struct slice rest = slice_str(line + 1);
    size_t space = slice_find(rest, ' ');
    change.location_name = arena_str(&arena, slice_sub(rest, 0, space));
    rest = slice_sub(rest, space + 1, rest.len);
    change.cidr_list = arena_array(&arena, rest.len + 1, sizeof(*change.cidr_list));
    struct slice part;
    while (slice_split(&rest, ',', &part))
        change.cidr_list[change.cidr_list_count++] = arena_str(&arena, part);
    return change;
}

struct outcome {
    enum aws_error error;
    const char *message;
    struct r53_cidr_locations locations;
};

/* Applies lines, the last one NULL. */
static struct outcome apply(const struct r53_cidr_locations *before, const char *const *lines)
{
    struct r53_change_cidr_collection_request request = {.has_changes = true};
    request.changes = arena_array(&arena, 16, sizeof(*request.changes));
    for (; lines[request.changes_count] != NULL; request.changes_count++)
        request.changes[request.changes_count] = change_of(lines[request.changes_count]);
    struct aws_fault fault = {.arena = &arena};
    struct outcome out = {0};
    out.error = r53_cidr_apply(before, &request, &out.locations, &fault);
    out.message = fault.message;
    return out;
}
#define APPLY(before, ...) apply((before), (const char *const[]){__VA_ARGS__, NULL})

/* "a 10.0.0.0/8,11.0.0.0/8;b 12.0.0.0/8" */
static const char *text_of(const struct r53_cidr_locations *locations)
{
    const char *text = "";
    for (size_t i = 0; i < locations->count; i++) {
        const struct r53_cidr_location *l = &locations->items[i];
        text = arena_printf(&arena, "%s%s%s ", text, i == 0 ? "" : ";", l->name);
        for (size_t j = 0; j < l->block_count; j++)
            text = arena_printf(&arena, "%s%s%s", text, j == 0 ? "" : ",",
                                r53_cidr_format(&arena, &l->blocks[j]));
    }
    return text;
}

static void changes_apply_one_after_the_other(void **state)
{
    (void)state;
    const struct r53_cidr_locations none = {0};
    struct outcome made = APPLY(&none, "+b 2001:db8::/32,10.0.0.0/8", "+B 11.0.0.0/8",
                                "+a 10.0.0.0/16,10.0.0.0/16", "+x 9.0.0.0/8", "-x 9.0.0.0/8");
    assert_int_equal(made.error, AWS_OK);
    assert_string_equal(text_of(&made.locations),
                        "B 11.0.0.0/8;a 10.0.0.0/16;b 10.0.0.0/8,2001:db8::/32");
    assert_string_equal(r53_cidr_find(&made.locations, "a")->name, "a");
    assert_null(r53_cidr_find(&made.locations, "x"));
    assert_null(r53_cidr_find(&none, "x"));
    struct outcome next =
        APPLY(&made.locations, "-a 10.0.0.0/16,99.0.0.0/8", "-no 1.0.0.0/8", "+b 9.0.0.0/8");
    assert_string_equal(text_of(&next.locations),
                        "B 11.0.0.0/8;b 9.0.0.0/8,10.0.0.0/8,2001:db8::/32");
}

static void a_block_moves_in_one_change_and_never_stands_in_two_locations(void **state)
{
    (void)state;
    const struct r53_cidr_locations none = {0};
    struct outcome made = APPLY(&none, "+a 10.0.0.0/8");
    struct outcome moved = APPLY(&made.locations, "+b 10.0.0.0/8", "-a 10.0.0.0/8");
    assert_string_equal(text_of(&moved.locations), "b 10.0.0.0/8");
    struct outcome twice = APPLY(&made.locations, "+b 10.0.0.0/8");
    assert_int_equal(twice.error, AWS_CidrBlockInUseException);
    assert_string_equal(twice.message, "The CIDR block 10.0.0.0/8 is already in use: it cannot be "
                                       "in the locations a and b");
}

static void what_cannot_be_stored_is_refused(void **state)
{
    (void)state;
    const struct r53_cidr_locations none = {0};
    assert_int_equal(APPLY(&none, "+* 10.0.0.0/8").error, AWS_InvalidInput);
    assert_int_equal(APPLY(&none, "+a.b 10.0.0.0/8").error, AWS_InvalidInput);
    struct outcome wrong = APPLY(&none, "+a 10.0.0.1/8");
    assert_int_equal(wrong.error, AWS_InvalidInput);
    assert_string_equal(wrong.message, "Location a: '10.0.0.1/8' has bits set behind its prefix: "
                                       "the block is 10.0.0.0/8");
}

/* A change that puts `count` blocks of /24 from 10.0.0.0 + first into a location. */
static struct r53_change_cidr_collection_request many(const char *location, unsigned first,
                                                      size_t count)
{
    struct r53_cidr_collection_change *change =
        ARENA_NEW(&arena, struct r53_cidr_collection_change);
    *change = (struct r53_cidr_collection_change){
        .location_name = location, .action = R53_CIDR_PUT, .has_cidr_list = true};
    change->cidr_list = arena_array(&arena, count, sizeof(*change->cidr_list));
    change->cidr_list_count = count;
    for (size_t i = 0; i < count; i++) {
        unsigned number = first + (unsigned)i;
        change->cidr_list[i] = arena_printf(&arena, "%u.%u.%u.0/24", 10 + (number >> 16),
                                            number >> 8 & 255, number & 255);
    }
    return (struct r53_change_cidr_collection_request){
        .has_changes = true, .changes = change, .changes_count = 1};
}

static enum aws_error put_many(struct r53_cidr_locations *locations, const char *location,
                               unsigned first, size_t count)
{
    struct aws_fault fault = {.arena = &arena};
    struct r53_change_cidr_collection_request request = many(location, first, count);
    return r53_cidr_apply(locations, &request, locations, &fault);
}

static void limits_hold_at_their_edge(void **state)
{
    (void)state;
    struct r53_cidr_locations all = {0};
    assert_int_equal(put_many(&all, "a", 0, R53_CIDR_CHANGE_BLOCKS_MAX + 1), AWS_LimitsExceeded);
    for (unsigned i = 0; i < R53_CIDR_BLOCKS_MAX / R53_CIDR_LOCATION_BLOCKS_MAX; i++) {
        const char *name = arena_printf(&arena, "l%u", i);
        assert_int_equal(put_many(&all, name, i * 10000, R53_CIDR_LOCATION_BLOCKS_MAX), AWS_OK);
    }
    assert_int_equal(put_many(&all, "l0", 60000, 1), AWS_LimitsExceeded);
    assert_int_equal(put_many(&all, "more", 60000, 1), AWS_LimitsExceeded);
    struct r53_cidr_locations again;
    struct slice body = r53_cidr_encode(&arena, &all); /* a full collection can be stored */
    assert_int_equal(r53_cidr_decode(&arena, body, &again, NULL), ERR_OK);
    assert_int_equal(again.count, 5);
    assert_memory_equal(again.items[4].blocks, all.items[4].blocks, 64);
}

static void a_body_reads_back(void **state)
{
    (void)state;
    const struct r53_cidr_locations none = {0};
    struct outcome made = APPLY(&none, "+a 10.0.0.0/8", "+b 2001:db8::/32");
    struct r53_cidr_locations again;
    struct slice body = r53_cidr_encode(&arena, &made.locations);
    assert_int_equal(r53_cidr_decode(&arena, body, &again, NULL), ERR_OK);
    assert_string_equal(text_of(&again), text_of(&made.locations));
    body = r53_cidr_encode(&arena, &none);
    assert_int_equal(r53_cidr_decode(&arena, body, &again, NULL), ERR_OK);
    assert_int_equal(again.count, 0);
    assert_int_equal(r53_cidr_decode(&arena, SLICE_LIT("<x/>"), &again, NULL), ERR_CORRUPT);
    assert_int_equal(r53_cidr_decode(&arena,
                                     SLICE_LIT("<CidrLocations><CidrLocation><Name>a</Name><Blocks>"
                                               "<Cidr>1/8</Cidr></Blocks></CidrLocation>"
                                               "</CidrLocations>"),
                                     &again, NULL),
                     ERR_CORRUPT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(blocks_have_one_text),
        TEST(what_is_no_block_is_refused_in_words),
        TEST(changes_apply_one_after_the_other),
        TEST(a_block_moves_in_one_change_and_never_stands_in_two_locations),
        TEST(what_cannot_be_stored_is_refused),
        TEST(limits_hold_at_their_edge),
        TEST(a_body_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
