// SPDX-License-Identifier: Apache-2.0
// The decision core under anything that may happen in any order: its invariants hold.
#include "world.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/** What must hold at every moment. */
static void check_invariants(const struct world *w)
{
    size_t trying = 0;
    for (size_t i = 0; i < w->s.fact_count; i++)
        trying += w->s.facts[i].root.step == NODE_ROOT_TRYING && !w->s.facts[i].is_forgotten;
    assert_in_range(trying, 0, 1);
    struct agent_wants wants = agent_state_wants(&w->s);
    const struct node_root *root;
    assert_false(wants.has_trial && trying == 1);
    if (wants.has_fetch)
        assert_null(agent_state_root(&w->s, &wants.fetch));
    if (wants.has_trial)
        assert_int_equal(agent_state_root(&w->s, &wants.trial)->step, NODE_ROOT_FETCHED);
    if (wants.has_serve) {
        root = agent_state_root(&w->s, &wants.serve);
        assert_true(root->step >= NODE_ROOT_TRIED && root->step <= NODE_ROOT_PROVEN);
    }
    root = agent_state_root(&w->s, &w->s.serving);
    if (root != NULL && root->step == NODE_ROOT_REJECTED &&
        agent_state_newest_proven(&w->s, NULL) != NULL)
        assert_true(wants.has_serve);
    struct agent_state copy = w->s;
    size_t role;
    if (agent_state_next_apply(&copy, w->now, &role))
        assert_true(root != NULL && root->step >= NODE_ROOT_TRIED &&
                    root->step <= NODE_ROOT_PROVEN);
}

static void carry_out(struct world *w, struct prng *p)
{
    struct agent_wants wants = agent_state_wants(&w->s);
    if (wants.has_fetch && prng_below(p, 3) > 0)
        agent_state_fetched(&w->s, &wants.fetch, w->now);
    else if (wants.has_fetch && prng_below(p, 4) == 0)
        agent_state_unusable(&w->s, &wants.fetch, "no", w->now);
    if (wants.has_trial)
        agent_state_trying(&w->s, &wants.trial, w->now);
    if (wants.has_serve)
        agent_state_serve(&w->s, &wants.serve, w->now);
    if (prng_below(p, 4) > 0)
        agent_state_stored(&w->s);
}

static void end_trial(struct world *w, struct prng *p)
{
    for (size_t i = 0; i < w->s.fact_count; i++) {
        struct chunk_hash hash = w->s.facts[i].root.hash;
        static const enum agent_trial outcomes[] = {AGENT_TRIAL_PASSED, AGENT_TRIAL_PASSED,
                                                    AGENT_TRIAL_PASSED, AGENT_TRIAL_FAILED,
                                                    AGENT_TRIAL_INTERRUPTED};
        enum agent_trial outcome = outcomes[prng_below(p, ARRAY_LEN(outcomes))];
        if (w->s.facts[i].root.step == NODE_ROOT_TRYING)
            agent_state_trial_ended(&w->s, &hash, outcome,
                                    outcome == AGENT_TRIAL_PASSED ? NULL : "no", w->now);
    }
}

static void random_event(struct world *w, struct prng *p)
{
    size_t role;
    struct chunk_hash pin = {0};
    switch (prng_below(p, 12)) {
    case 0:
        world_point(w, 1 + prng_below(p, 40), 1 + prng_below(p, 40), prng_below(p, 2));
        break;
    case 1:
        if (prng_below(p, 3) == 0)
            pin = kit_hash(1 + prng_below(p, 40));
        agent_state_set_pin(&w->s, &pin);
        break;
    case 2:
        world_crash(w);
        break;
    case 3:
        world_start_dns(w);
        break;
    case 4:
        agent_state_role_failed(&w->s, DNS, &w->s.serving, "no", w->now);
        break;
    case 5:
        world_pass_s(w, prng_below(p, 100));
        agent_state_tick(&w->s, w->now);
        break;
    case 6:
        agent_state_forget(&w->s, w->now);
        break;
    case 7:
    case 8:
        end_trial(w, p);
        break;
    case 9:
        while (agent_state_next_apply(&w->s, w->now, &role))
            agent_state_role_applied(&w->s, role, w->pid, &w->s.serving, w->now);
        break;
    default:
        carry_out(w, p);
        break;
    }
}

static void the_invariants_hold_whatever_happens(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct world w;
        struct prng p;
        world_init(&w);
        w.s.options.held_max = 8;
        prng_init_fixed(&p, seed);
        for (int i = 0; i < 3000; i++) {
            random_event(&w, &p);
            check_invariants(&w);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_invariants_hold_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
