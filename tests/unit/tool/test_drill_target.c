// SPDX-License-Identifier: Apache-2.0
// Which set of a name a drill lets fail, and where answers lead.
#include "shared/test_arena.h"
#include "tool/drill_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct drill_target target;
static struct errctx ec;

static struct r53_record_set set_of(const char *identifier, const char *check, const char *value)
{
    struct r53_resource_record *record = ARENA_NEW(&arena, struct r53_resource_record);
    record->value = value;
    return (struct r53_record_set){.name = "www.example.",
                                   .set_identifier = identifier,
                                   .health_check_id = check,
                                   .has_ttl = true,
                                   .ttl = 30,
                                   .resource_records = record,
                                   .resource_records_count = 1};
}

static enum err choose(const struct r53_record_set *sets, size_t count, const char *identifier)
{
    target = (struct drill_target){.type = DNS_TYPE_A, .zone_id = "Z1"};
    ec = (struct errctx){0};
    return drill_target_choose(&arena, sets, count, identifier, &target, &ec);
}

static void of_a_failover_pair_the_primary_fails(void **state)
{
    (void)state;
    struct r53_record_set sets[] = {set_of("two", "check-2", "192.0.2.2"),
                                    set_of("one", "check-1", "192.0.2.1")};
    sets[0].failover = R53_SECONDARY;
    sets[1].failover = R53_PRIMARY;
    assert_int_equal(choose(sets, 2, NULL), ERR_OK);
    assert_string_equal(target.primary, "one");
    assert_string_equal(target.health_check_id, "check-1");
    assert_string_equal(target.policy, "failover");
    assert_true(target.is_exclusive);
    assert_int_equal(target.ttl_s, 30);
    assert_string_equal(drill_addresses_text(&arena, &target.addresses, DNS_TYPE_A), "192.0.2.1");
    assert_string_equal(drill_addresses_text(&arena, &target.alternatives, DNS_TYPE_A),
                        "192.0.2.2");
}

static void of_weighted_sets_the_heaviest_with_a_check_fails_or_the_one_named(void **state)
{
    (void)state;
    struct r53_record_set sets[] = {set_of("a", "check-a", "192.0.2.1"),
                                    set_of("b", "check-b", "192.0.2.2"),
                                    set_of("c", NULL, "192.0.2.3")};
    for (size_t i = 0; i < 3; i++) {
        sets[i].has_weight = true;
        sets[i].weight = (int64_t)(10 * (i + 1));
    }
    assert_int_equal(choose(sets, 3, NULL), ERR_OK);
    assert_string_equal(target.primary, "b");
    assert_string_equal(target.policy, "weighted");
    assert_false(target.is_exclusive);
    assert_int_equal(target.alternatives.count, 2);
    assert_int_equal(choose(sets, 3, "a"), ERR_OK);
    assert_string_equal(target.primary, "a");
    assert_int_equal(choose(sets, 3, "c"), ERR_INVALID);
    assert_int_equal(choose(sets, 3, "d"), ERR_NOT_FOUND);
}

static void what_cannot_fail_over_is_refused(void **state)
{
    (void)state;
    struct r53_record_set sets[] = {set_of("a", NULL, "192.0.2.1"), set_of("b", NULL, "192.0.2.2")};
    assert_int_equal(choose(sets, 2, NULL), ERR_INVALID);
    sets[0].health_check_id = "check";
    assert_int_equal(choose(sets, 1, NULL), ERR_INVALID);
    assert_int_equal(choose(sets, 2, NULL), ERR_OK);
    sets[1].resource_records[0].value = "192.0.2.1";
    assert_int_equal(choose(sets, 2, NULL), ERR_INVALID);
    assert_non_null(strstr(ec.text, "address of set 'a'"));
}

static void an_alias_may_be_a_primary_but_not_one_of_many(void **state)
{
    (void)state;
    struct r53_alias_target alias = {.dns_name = "elsewhere.example."};
    struct r53_record_set sets[] = {set_of("a", "check", NULL), set_of("b", NULL, "192.0.2.2")};
    sets[0].resource_records_count = 0;
    sets[0].has_ttl = false;
    sets[0].alias_target = &alias;
    assert_int_equal(choose(sets, 2, NULL), ERR_INVALID);
    sets[0].failover = R53_PRIMARY;
    sets[1].failover = R53_SECONDARY;
    assert_int_equal(choose(sets, 2, NULL), ERR_OK);
    assert_true(target.is_alias);
    assert_int_equal(target.ttl_s, 0);
    assert_int_equal(target.addresses.count, 0);
}

static void an_answer_leads_to_the_primary_where_it_has_one_of_its_addresses(void **state)
{
    (void)state;
    struct r53_record_set sets[] = {set_of("a", "check", "192.0.2.1"),
                                    set_of("b", NULL, "192.0.2.2")};
    struct drill_answer answer = {0};
    struct drill_address other = {{192, 0, 2, 2}};
    struct drill_address primary = {{192, 0, 2, 1}};
    assert_int_equal(choose(sets, 2, NULL), ERR_OK);
    assert_int_equal(drill_target_verdict(&target, &answer), DRILL_NOWHERE);
    drill_addresses_add(&answer.addresses, &other);
    assert_int_equal(drill_target_verdict(&target, &answer), DRILL_OTHER);
    drill_addresses_add(&answer.addresses, &primary);
    assert_int_equal(drill_target_verdict(&target, &answer), DRILL_PRIMARY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_failover_pair_the_primary_fails),
        cmocka_unit_test(of_weighted_sets_the_heaviest_with_a_check_fails_or_the_one_named),
        cmocka_unit_test(what_cannot_fail_over_is_refused),
        cmocka_unit_test(an_alias_may_be_a_primary_but_not_one_of_many),
        cmocka_unit_test(an_answer_leads_to_the_primary_where_it_has_one_of_its_addresses),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
