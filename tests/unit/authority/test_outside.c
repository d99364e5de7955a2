// SPDX-License-Identifier: Apache-2.0
// What outside targets of aliases answer.

#include "authority/outside_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint8_t two_v4[] = {192, 0, 2, 1, 192, 0, 2, 2};
static const uint8_t one_v6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};

static struct outside_table *three_targets(void)
{
    const struct outside_answer answers[] = {
        {.type = DNS_TYPE_A, .state = OUTSIDE_FRESH, .ttl_s = 60, .addresses = two_v4, .count = 2},
        {.type = 0},
        {.type = DNS_TYPE_AAAA,
         .state = OUTSIDE_KEPT,
         .ttl_s = 0x01020304,
         .addresses = one_v6,
         .count = 1},
        {.type = DNS_TYPE_A, .state = OUTSIDE_ABSENT},
    };
    return outside_table_new(answers, 4);
}

/* The set of a target; ends the test where there is none. */
static struct record_set found(const struct outside_table *t, uint32_t number, uint16_t type)
{
    static const uint8_t no_record[RECORD_FIXED_BYTES];
    struct record_set set = {.body = no_record};
    assert_true(outside_table_find(t, number, type, &set));
    return set;
}

static void assert_state(const struct outside_table *t, uint32_t number, enum outside_state state)
{
    const struct outside_entry *entry = outside_table_entry(t, number, DNS_TYPE_A);
    assert_true(entry != NULL && entry->state == state);
}

static void addresses_are_found_as_the_records_of_an_answer(void **state)
{
    (void)state;
    struct outside_table *t = three_targets();
    struct record_set set = found(t, 0, DNS_TYPE_A);
    assert_int_equal(set.type, DNS_TYPE_A);
    assert_int_equal(set.count, 2);
    assert_int_equal(record_ttl_s(set.body), 60);
    assert_memory_equal(record_rdata(set.body).data, two_v4, 4);
    const uint8_t *second = record_next(set.body);
    assert_memory_equal(record_rdata(second).data, two_v4 + 4, 4);
    assert_ptr_equal(record_next(second), set.body + set.body_bytes);
    set = found(t, 2, DNS_TYPE_AAAA);
    assert_int_equal(record_ttl_s(set.body), 0x01020304);
    assert_int_equal(record_rdata(set.body).len, 16);
    assert_memory_equal(record_rdata(set.body).data, one_v6, 16);
    outside_table_free(t);
}

static void a_target_without_addresses_is_not_found_but_its_state_is_known(void **state)
{
    (void)state;
    struct record_set set;
    struct outside_table *t = three_targets();
    assert_false(outside_table_find(t, 1, DNS_TYPE_A, &set));
    assert_state(t, 1, OUTSIDE_UNKNOWN);
    assert_false(outside_table_find(t, 3, DNS_TYPE_A, &set));
    assert_state(t, 3, OUTSIDE_ABSENT);
    outside_table_free(t);
}

static void a_number_beyond_the_table_or_without_one_is_unknown(void **state)
{
    (void)state;
    struct record_set set;
    struct outside_table *t = three_targets();
    assert_false(outside_table_find(t, 4, DNS_TYPE_A, &set));
    assert_null(outside_table_entry(t, UINT32_MAX, DNS_TYPE_A));
    assert_false(outside_table_find(NULL, 0, DNS_TYPE_A, &set));
    outside_table_free(t);
}

static void a_trial_assumes_one_address_for_each_target(void **state)
{
    (void)state;
    struct record_set set = found(&outside_assumed, 12345, DNS_TYPE_A);
    assert_int_equal(set.type, DNS_TYPE_A);
    assert_int_equal(record_rdata(set.body).len, 4);
    assert_ptr_equal(record_next(set.body), set.body + set.body_bytes);
    set = found(&outside_assumed, 0, DNS_TYPE_AAAA);
    assert_int_equal(record_rdata(set.body).len, 16);
    assert_ptr_equal(record_next(set.body), set.body + set.body_bytes);
}

static void the_key_of_a_target_is_its_type_and_name(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    static const uint8_t expected[] = {0, 28, 2, 'l', 'b', 0};
    struct slice key = outside_key(&a, DNS_TYPE_AAAA, slice_of(expected + 2, 4));
    assert_int_equal(key.len, sizeof(expected));
    assert_memory_equal(key.data, expected, sizeof(expected));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_found_as_the_records_of_an_answer),
        cmocka_unit_test(a_target_without_addresses_is_not_found_but_its_state_is_known),
        cmocka_unit_test(a_number_beyond_the_table_or_without_one_is_unknown),
        cmocka_unit_test(a_trial_assumes_one_address_for_each_target),
        cmocka_unit_test(the_key_of_a_target_is_its_type_and_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
