// SPDX-License-Identifier: Apache-2.0
// DNS as a drill sees it: its query, what it reads of answers, a resolver that honours TTLs.
#include "tool/drill_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct dns_name name;
static uint8_t message[512];
static size_t message_len;

static int with_name(void **state)
{
    (void)state;
    return dns_name_parse(SLICE_LIT("www.example."), &name, NULL) == ERR_OK ? 0 : -1;
}

static void append(const void *bytes, size_t len)
{
    memcpy(message + message_len, bytes, len);
    message_len += len;
}

/* A response to the query of the id, with these counts of answer and authority records. */
static void start(uint16_t id, uint8_t rcode, uint8_t answers, uint8_t authorities)
{
    uint8_t query[DRILL_QUERY_SIZE];
    size_t len = drill_query_write(query, id, &name, DNS_TYPE_A);
    message_len = 0;
    append(query, len - 11);
    message[2] = 0x84;
    message[3] = rcode;
    message[7] = answers;
    message[9] = authorities;
    message[11] = 0;
}

static void append_a(uint32_t ttl_s, uint8_t last)
{
    const uint8_t record[] = {
        0xc0,           12, 0, 1,   0, 1, 0,   (uint8_t)(ttl_s >> 16), (uint8_t)(ttl_s >> 8),
        (uint8_t)ttl_s, 0,  4, 192, 0, 2, last};
    append(record, sizeof(record));
}

/* SOA with a TTL of 900 and a minimum of 60. */
static void append_soa(void)
{
    const uint8_t record[] = {0xc0, 12, 0, 6, 0, 1, 0, 0, 3, 132, 0, 22, 0, 0, 0, 0, 0,
                              1,    0,  0, 0, 2, 0, 0, 0, 3, 0,   0, 0,  4, 0, 0, 0, 60};
    append(record, sizeof(record));
}

static bool read_it(struct drill_answer *out, uint16_t *out_id)
{
    return drill_answer_read(slice_of(message, message_len), &name, DNS_TYPE_A, out_id, out);
}

static struct drill_answer answer_with(uint8_t last, uint32_t ttl_s)
{
    struct drill_answer answer = {.ttl_s = ttl_s};
    struct drill_address address = {{192, 0, 2, last}};
    drill_addresses_add(&answer.addresses, &address);
    return answer;
}

static void an_answer_has_its_addresses_and_the_shortest_ttl(void **state)
{
    (void)state;
    struct drill_answer answer;
    uint16_t id;
    start(0xbeef, 0, 2, 0);
    append_a(300, 7);
    append_a(60, 9);
    assert_true(read_it(&answer, &id));
    assert_int_equal(id, 0xbeef);
    assert_int_equal(answer.rcode, DNS_RCODE_NOERROR);
    assert_int_equal(answer.ttl_s, 60);
    assert_int_equal(answer.addresses.count, 2);
    assert_int_equal(answer.addresses.items[0].bytes[3], 7);
    assert_int_equal(answer.addresses.items[1].bytes[3], 9);
}

static void that_there_is_none_lasts_as_the_soa_says(void **state)
{
    (void)state;
    struct drill_answer answer;
    uint16_t id;
    start(1, DNS_RCODE_NXDOMAIN, 0, 1);
    append_soa();
    assert_true(read_it(&answer, &id));
    assert_int_equal(answer.rcode, DNS_RCODE_NXDOMAIN);
    assert_int_equal(answer.addresses.count, 0);
    assert_int_equal(answer.ttl_s, 60);
}

static void what_answers_something_else_is_no_answer(void **state)
{
    (void)state;
    struct drill_answer answer;
    uint16_t id;
    start(1, 0, 1, 0);
    append_a(60, 1);
    message[DNS_HEADER_BYTES + 1] = 'x';
    assert_false(read_it(&answer, &id));
    start(1, 0, 0, 0);
    message[2] = 0; /* a query */
    assert_false(read_it(&answer, &id));
    start(1, 0, 2, 0); /* a record fewer than it says */
    append_a(60, 1);
    assert_false(read_it(&answer, &id));
    message_len = DNS_HEADER_BYTES - 1;
    assert_false(read_it(&answer, &id));
}

static void a_resolver_keeps_an_answer_for_its_ttl_and_no_longer(void **state)
{
    (void)state;
    struct drill_resolver r = {0};
    const struct drill_answer first = answer_with(1, 60);
    const struct drill_answer second = answer_with(2, 60);
    assert_null(drill_resolver_get(&r, 5));
    drill_resolver_take(&r, &first, 5);
    drill_resolver_take(&r, &second, 6);
    const struct drill_answer *held = drill_resolver_get(&r, 5 + 60 * NS_PER_S - 1);
    assert_non_null(held);
    assert_int_equal(held->addresses.items[0].bytes[3], 1);
    assert_null(drill_resolver_get(&r, 5 + 60 * NS_PER_S));
    drill_resolver_take(&r, &second, 5 + 60 * NS_PER_S);
    assert_int_equal(drill_resolver_get(&r, 100 * NS_PER_S)->addresses.items[0].bytes[3], 2);
}

static void a_resolver_keeps_no_failures(void **state)
{
    (void)state;
    struct drill_resolver r = {0};
    struct drill_answer failure = {.rcode = DNS_RCODE_SERVFAIL, .ttl_s = 60};
    drill_resolver_take(&r, &failure, 1);
    assert_null(drill_resolver_get(&r, 2));
    struct drill_answer missing = {.rcode = DNS_RCODE_NXDOMAIN, .ttl_s = 60};
    drill_resolver_take(&r, &missing, 3);
    assert_non_null(drill_resolver_get(&r, 4));
}

static void a_ttl_of_zero_is_asked_for_each_time(void **state)
{
    (void)state;
    struct drill_resolver r = {0};
    const struct drill_answer answer = answer_with(1, 0);
    drill_resolver_take(&r, &answer, 7);
    assert_null(drill_resolver_get(&r, 7));
}

static void addresses_are_kept_once_and_as_many_as_fit(void **state)
{
    (void)state;
    struct drill_addresses list = {0};
    struct drill_addresses other = {0};
    for (size_t i = 0; i < 2 * TOOL_DRILL_ADDRESSES_MAX; i++) {
        struct drill_address address = {{10, 0, 0, (uint8_t)(i / 2)}};
        drill_addresses_add(&list, &address);
        assert_int_equal(list.count, i / 2 + 1);
    }
    struct drill_address more = {{10, 0, 1, 0}};
    drill_addresses_add(&list, &more);
    assert_int_equal(list.count, TOOL_DRILL_ADDRESSES_MAX);
    drill_addresses_add(&other, &more);
    assert_false(drill_addresses_meet(&list, &other));
    drill_addresses_add(&other, &list.items[5]);
    assert_true(drill_addresses_meet(&list, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_its_addresses_and_the_shortest_ttl),
        cmocka_unit_test(that_there_is_none_lasts_as_the_soa_says),
        cmocka_unit_test(what_answers_something_else_is_no_answer),
        cmocka_unit_test(a_resolver_keeps_an_answer_for_its_ttl_and_no_longer),
        cmocka_unit_test(a_resolver_keeps_no_failures),
        cmocka_unit_test(a_ttl_of_zero_is_asked_for_each_time),
        cmocka_unit_test(addresses_are_kept_once_and_as_many_as_fit),
    };
    return cmocka_run_group_tests(tests, with_name, NULL);
}
