// SPDX-License-Identifier: Apache-2.0
// See probe_bench.h.
#include "probe_bench.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "health/limits.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { WAIT_S = 20 };

void bench_init(struct probe_bench *b, const struct responder_rule *rules)
{
    static const struct responder_rule no_rules[] = {{0}};
    *b = (struct probe_bench){.loop = loop_new(false)};
    responder_start(&b->names, rules == NULL ? no_rules : rules);
    b->options = (struct prober_options){
        .loop = b->loop, .servers = b->names.servers, .fast_interval_ns = PROBER_INTERVAL_MIN_NS};
}

void bench_open(struct probe_bench *b)
{
    struct errctx ec = {0};
    CHECK_MSG(prober_new(&b->options, &b->prober, &ec) == ERR_OK, "%s", ec.text);
}

void bench_close(struct probe_bench *b)
{
    prober_free(b->prober);
    responder_stop(&b->names);
    loop_free(b->loop);
    arena_fini(&b->arena);
}

struct release_health_check bench_check(struct probe_bench *b, unsigned number,
                                        enum release_check_kind kind,
                                        const struct net_address *address)
{
    struct release_health_check check = {
        .id = arena_printf(&b->arena, "%08x-0000-4000-8000-000000000000", number),
        .kind = kind,
        .host = "",
        .path = kind == RELEASE_CHECK_TCP ? "" : "/health",
        .search = "",
        .threshold = 1,
        .port = net_address_port(address),
    };
    if (address->sa.sa_family == AF_INET6) {
        check.address_bytes = 16;
        memcpy(check.address, &address->in6.sin6_addr, 16);
    } else {
        check.address_bytes = 4;
        memcpy(check.address, &address->in.sin_addr, 4);
    }
    return check;
}

void bench_plan(struct probe_bench *b, const struct release_health_check *checks, size_t count)
{
    struct health_plan *plan = NEW(struct health_plan);
    atomic_store(&plan->refs, 1);
    arena_init(&plan->arena);
    plan->checks = mem_new(count, sizeof(struct plan_check)); /* as of health_plan_load */
    plan->check_count = count;
    for (size_t i = 0; i < count; i++) {
        struct release_health_check *check = ARENA_NEW(&plan->arena, struct release_health_check);
        *check = checks[i];
        plan->checks[i].check = check;
        CHECK(check_id_parse(slice_str(check->id), &plan->checks[i].id));
    }
    prober_set_plan(b->prober, plan);
    health_plan_unref(plan);
}

static void stop_loop(struct loop_timer *timer)
{
    loop_stop(timer->user);
}

void bench_pass(struct probe_bench *b, int64_t ns)
{
    struct loop_timer timer = {.on_time = stop_loop, .user = b->loop};
    loop_timer_set(b->loop, &timer, ns, 0);
    while (timer.loop != NULL)
        loop_run(b->loop);
}

struct vote bench_vote(struct probe_bench *b, size_t place)
{
    AUTO_ARENA struct arena a = {0};
    struct vote_table table = {0};
    prober_votes(b->prober, &a, &table);
    CHECK(place < table.count);
    return table.votes[place];
}

struct vote bench_wait_outcome(struct probe_bench *b, size_t place, enum probe_outcome outcome)
{
    for (int64_t left_ns = WAIT_S * NS_PER_S; left_ns > 0; left_ns -= PROBER_TICK_NS) {
        struct vote v = bench_vote(b, place);
        if (v.outcome == outcome)
            return v;
        bench_pass(b, PROBER_TICK_NS);
    }
    CHECK_MSG(false, "no probe with outcome %d, but %d", (int)outcome,
              (int)bench_vote(b, place).outcome);
}

struct vote bench_wait_state(struct probe_bench *b, size_t place, enum vote_state state)
{
    for (int64_t left_ns = WAIT_S * NS_PER_S; left_ns > 0; left_ns -= PROBER_TICK_NS) {
        struct vote v = bench_vote(b, place);
        if (v.state == state)
            return v;
        bench_pass(b, PROBER_TICK_NS);
    }
    CHECK_MSG(false, "the state did not become %d", (int)state);
}

struct vote bench_probe(struct probe_bench *b, const struct release_health_check *check)
{
    bench_plan(b, NULL, 0); /* so that nothing is known of the check's id */
    bench_plan(b, check, 1);
    struct vote v = {0};
    for (int64_t left_ns = WAIT_S * NS_PER_S; left_ns > 0; left_ns -= PROBER_TICK_NS) {
        v = bench_vote(b, 0);
        if (v.outcome != PROBE_NONE)
            return v;
        bench_pass(b, PROBER_TICK_NS);
    }
    CHECK_MSG(false, "no probe ended");
}
