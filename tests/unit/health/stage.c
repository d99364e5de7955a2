// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

const struct release_health_check http = {.kind = RELEASE_CHECK_HTTP, .port = 80, .threshold = 3};

void set_plan(struct stage *s, const unsigned *numbers, const struct release_health_check *checks,
              size_t count)
{
    s->plan = plan_of(&s->arena, numbers, checks, count);
    for (size_t i = 0; i < count; i++)
        s->numbers[i] = numbers[i];
    quorum_set_plan(s->quorum, s->plan);
}

void stage_init(struct stage *s, size_t voter_count, const struct release_health_check *checks,
                size_t count)
{
    unsigned numbers[CHECKS_MAX];
    *s = (struct stage){.voter_count = voter_count, .now_ns = 500 * NS_PER_S, .unix_s = UNIX_S};
    s->quorum = quorum_new();
    for (size_t i = 0; i < voter_count; i++) {
        ballot_init(&s->ballots[i], false);
        s->voters[i].ballot = &s->ballots[i];
    }
    for (unsigned i = 0; i < count; i++)
        numbers[i] = i + 1;
    set_plan(s, numbers, checks, count);
}

void stage_fini(struct stage *s)
{
    quorum_free(s->quorum);
    for (size_t i = 0; i < s->voter_count; i++)
        ballot_fini(&s->ballots[i]);
    arena_fini(&s->arena);
}

static void publish(struct stage *s, size_t voter)
{
    struct vote votes[CHECKS_MAX];
    struct vote_table t = {.run = voter + 1,
                           .number = s->number,
                           .made_ms = (uint64_t)(s->now_ns / NS_PER_MS),
                           .votes = votes,
                           .count = s->plan->check_count};
    for (size_t i = 0; i < t.count; i++) {
        votes[i] = s->votes[voter][i];
        votes[i].check = s->plan->checks[i].id;
    }
    const struct ballot_now now = {s->now_ns, s->unix_s * MS_PER_S};
    assert_int_equal(ballot_take(&s->ballots[voter], table_of(&s->arena, &t), &now, NULL),
                     BALLOT_TAKEN);
}

void second(struct stage *s)
{
    s->now_ns += NS_PER_S;
    s->unix_s += 1;
    s->number++;
    for (size_t i = 0; i < s->voter_count; i++) {
        if (!s->is_silent[i])
            publish(s, i);
    }
    const struct quorum_now now = {s->now_ns, s->unix_s};
    quorum_decide(s->quorum, s->voters, s->voter_count, &now);
    quorum_states(s->quorum, &s->states);
    assert_ptr_equal(s->states.plan, s->plan);
}

void seconds(struct stage *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        second(s);
}

void vote(struct stage *s, size_t voter, size_t check, enum vote_state state)
{
    s->votes[voter][check].state = state;
    s->votes[voter][check].outcome = state == VOTE_UNHEALTHY ? PROBE_CONNECT_FAILED : PROBE_PASSED;
}

void all_vote(struct stage *s, size_t check, enum vote_state state)
{
    for (size_t i = 0; i < s->voter_count; i++)
        vote(s, i, check, state);
}
