// SPDX-License-Identifier: Apache-2.0
// A prober on a loop of its own, with plans that tests make and names that resolve as they say.
#ifndef TESTS_HEALTH_PROBE_BENCH_H
#define TESTS_HEALTH_PROBE_BENCH_H

#include "health/prober.h"
#include "net/responder.h"

struct probe_bench {
    struct loop *loop;
    struct responder names;
    struct prober_options options; /* can be changed before bench_open */
    struct prober *prober;
    struct arena arena; /* of what a test makes, until the end */
};

/** `rules`: names that resolve; NULL: none. */
void bench_init(struct probe_bench *b, const struct responder_rule *rules);
void bench_open(struct probe_bench *b);
void bench_close(struct probe_bench *b);

/** A check of the address; `number` becomes its id. */
struct release_health_check bench_check(struct probe_bench *b, unsigned number,
                                        enum release_check_kind kind,
                                        const struct net_address *address);
/** From now on these checks, sorted by number; copied, but not what they point to. */
void bench_plan(struct probe_bench *b, const struct release_health_check *checks, size_t count);

/** Runs the loop for a while. */
void bench_pass(struct probe_bench *b, int64_t ns);
/** The vote at the place, now. */
struct vote bench_vote(struct probe_bench *b, size_t place);
/** Runs until a probe ended with an outcome that this one's vote did not have yet. */
struct vote bench_wait_outcome(struct probe_bench *b, size_t place, enum probe_outcome outcome);
struct vote bench_wait_state(struct probe_bench *b, size_t place, enum vote_state state);

/** One check alone: the vote after its first probe. */
struct vote bench_probe(struct probe_bench *b, const struct release_health_check *check);

#endif
