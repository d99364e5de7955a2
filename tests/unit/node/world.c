// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

void world_pass_s(struct world *w, int64_t seconds)
{
    w->now.ns += seconds * NS_PER_S;
    w->now.unix_ms += seconds * MS_PER_S;
}

void world_init(struct world *w)
{
    *w = (struct world){.now = {.ns = 1000 * NS_PER_S, .unix_ms = 1700000000000}};
    struct agent_options options = {.node_id = "me",
                                    .proven_ns = PROVEN_S * NS_PER_S,
                                    .held_grace_ms = NODE_HELD_GRACE_MS,
                                    .held_max = NODE_HELD_MAX};
    agent_state_init(&w->s, &options);
    agent_state_add_role(&w->s, "control", false);
    agent_state_add_role(&w->s, "dns", true);
}

void world_point(struct world *w, unsigned stable, unsigned candidate, bool is_in_wave)
{
    const char *wave[] = {"other", "me"};
    struct release_pointer p = {.epoch = 1,
                                .sequence = ++w->sequence,
                                .stable = kit_hash(stable),
                                .candidate = kit_hash(candidate),
                                .wave = wave,
                                .wave_count = is_in_wave ? 2 : 1};
    assert_int_equal(agent_state_judge(&w->s, &p), AGENT_POINTER_NEWER);
    agent_state_set_pointer(&w->s, &p);
    agent_state_stored(&w->s);
}

enum node_root_step world_step(const struct world *w, unsigned root)
{
    struct chunk_hash hash = kit_hash(root);
    const struct node_root *fact = agent_state_root(&w->s, &hash);
    return fact == NULL ? 0 : fact->step;
}

const char *world_reason(const struct world *w, unsigned root)
{
    struct chunk_hash hash = kit_hash(root);
    const struct node_root *fact = agent_state_root(&w->s, &hash);
    assert_non_null(fact);
    return fact->reason;
}

void world_start_dns(struct world *w)
{
    agent_state_role_started(&w->s, DNS, ++w->pid);
    agent_state_role_hello(&w->s, DNS, w->pid);
}

bool is_hash(const struct chunk_hash *hash, unsigned root)
{
    struct chunk_hash want = kit_hash(root);
    return chunk_hash_equal(hash, &want);
}

bool world_fetches(const struct world *w, unsigned root)
{
    struct agent_wants wants = agent_state_wants(&w->s);
    return wants.has_fetch && is_hash(&wants.fetch, root);
}

bool world_tries(const struct world *w, unsigned root)
{
    struct agent_wants wants = agent_state_wants(&w->s);
    return wants.has_trial && is_hash(&wants.trial, root);
}

void world_apply(struct world *w)
{
    size_t role;
    while (agent_state_next_apply(&w->s, w->now, &role)) {
        assert_int_equal(role, DNS);
        agent_state_role_applied(&w->s, role, w->pid, &w->s.serving, w->now);
    }
}

void world_settle(struct world *w, unsigned bad)
{
    for (int i = 0; i < 20; i++) {
        struct agent_wants wants = agent_state_wants(&w->s);
        if (wants.has_fetch)
            agent_state_fetched(&w->s, &wants.fetch, w->now);
        if (wants.has_trial) {
            bool fails = is_hash(&wants.trial, bad);
            agent_state_trying(&w->s, &wants.trial, w->now);
            agent_state_trial_ended(&w->s, &wants.trial,
                                    fails ? AGENT_TRIAL_FAILED : AGENT_TRIAL_PASSED,
                                    fails ? "trial: signal 11 (SEGV)" : NULL, w->now);
        }
        if (wants.has_serve)
            agent_state_serve(&w->s, &wants.serve, w->now);
        agent_state_stored(&w->s);
        world_apply(w);
    }
    struct agent_wants wants = agent_state_wants(&w->s);
    assert_false(wants.has_fetch || wants.has_trial || wants.has_serve);
}

void world_prove(struct world *w)
{
    world_pass_s(w, PROVEN_S);
    agent_state_tick(&w->s, w->now);
    agent_state_stored(&w->s);
}

void world_crash(struct world *w)
{
    agent_state_role_crashed(&w->s, DNS, w->pid, "signal 11 (SEGV)", w->now);
    agent_state_stored(&w->s);
    world_start_dns(w);
}

void world_live_through(struct world *w, unsigned count)
{
    world_start_dns(w);
    for (unsigned root = 1; root <= count; root++) {
        world_point(w, root, root, false);
        world_settle(w, 0);
        world_prove(w);
        assert_int_equal(world_step(w, root), NODE_ROOT_PROVEN);
    }
}
