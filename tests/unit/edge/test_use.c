// SPDX-License-Identifier: Apache-2.0
// Tests of edge/use.h: ages on both sides of each bound.
#include "edge/use.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct use_case {
    uint32_t lifetime_s;
    uint32_t while_revalidate_s;
    uint32_t if_error_s;
    uint32_t age_s;
    bool is_held;
    enum edge_use use;
    bool on_error;
};

static const struct use_case cases[] = {
    {60, 0, UINT32_MAX, 0, false, EDGE_USE_FRESH, true},
    {60, 0, UINT32_MAX, 59, false, EDGE_USE_FRESH, true},
    {60, 0, UINT32_MAX, 60, false, EDGE_USE_ASK, true},
    {0, 0, UINT32_MAX, 0, false, EDGE_USE_ASK, true},
    {60, 0, UINT32_MAX, UINT32_MAX, false, EDGE_USE_ASK, true},
    /* held after an error */
    {60, 0, UINT32_MAX, 60, true, EDGE_USE_HELD, true},
    {60, 0, UINT32_MAX, 59, true, EDGE_USE_FRESH, true},
    {60, 0, 10, 69, true, EDGE_USE_HELD, true},
    {60, 0, 10, 70, true, EDGE_USE_ASK, false},
    {60, 0, 0, 60, true, EDGE_USE_ASK, false},
    /* stale while it is revalidated */
    {60, 10, 0, 60, false, EDGE_USE_REFRESH, false},
    {60, 10, 0, 69, false, EDGE_USE_REFRESH, false},
    {60, 10, 0, 70, false, EDGE_USE_ASK, false},
    {60, 10, UINT32_MAX, 65, true, EDGE_USE_HELD, true},
    /* fresh, whatever errors are allowed */
    {60, 0, 0, 59, false, EDGE_USE_FRESH, true},
};

static void a_stored_answer_is_used_by_its_age(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct use_case *c = &cases[i];
        struct cache_verdict v = {.is_storable = true,
                                  .lifetime_s = c->lifetime_s,
                                  .stale_while_revalidate_s = c->while_revalidate_s,
                                  .stale_if_error_s = c->if_error_s};
        if (edge_use_of(&v, c->age_s, c->is_held) != c->use)
            fail_msg("case %zu: use %d", i, edge_use_of(&v, c->age_s, c->is_held));
        if (edge_use_on_error(&v, c->age_s) != c->on_error)
            fail_msg("case %zu: on error", i);
        assert_int_equal(edge_use_ttl_s(&v, c->age_s), (int64_t)c->lifetime_s - c->age_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stored_answer_is_used_by_its_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
