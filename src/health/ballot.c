// SPDX-License-Identifier: Apache-2.0
// One checker's newest table. Used by the collector, on its loop's thread.
//
// Two clocks that were never set alike still tell a table that was held up: how much later it came
// than it was made is the same for each table of a connection, but for the way. The least of that
// is the yardstick; it may rise as slowly as clocks drift apart. A checker that stood still, or a
// path that did, makes all later tables look late: the connection ends, and the next one has a
// yardstick of its own.
#include "health/ballot.h"

#include "base/check.h"
#include "base/time.h"
#include "health/limits.h"

void ballot_init(struct ballot *b, bool keeps_failures)
{
    *b = (struct ballot){.keeps_failures = keeps_failures, .is_first = true};
}

void ballot_fini(struct ballot *b)
{
    arena_fini(&b->arena);
    *b = (struct ballot){0};
}

void ballot_connected(struct ballot *b)
{
    b->is_first = true;
}

/* Whether the table came in time by the yardstick of its connection, which it may make shorter. */
static bool is_in_time(struct ballot *b, const struct vote_table *t, int64_t now_ns)
{
    /* A checker's clock is of a boot; wrapped around, differences are still right. */
    int64_t delay_ns = (int64_t)((uint64_t)now_ns - t->made_ms * (uint64_t)NS_PER_MS);
    if (!b->is_first) {
        uint64_t drift_ns = (uint64_t)((now_ns - b->delay_at_ns) / BALLOT_DRIFT_DIVISOR);
        uint64_t least_ns = (uint64_t)b->delay_ns + drift_ns;
        int64_t later_ns = (int64_t)((uint64_t)delay_ns - least_ns);
        if (later_ns > BALLOT_LATE_NS)
            return false;
        delay_ns = later_ns > 0 ? (int64_t)least_ns : delay_ns;
    }
    b->delay_ns = delay_ns;
    b->delay_at_ns = now_ns;
    return true;
}

static enum ballot_result judge(struct ballot *b, const struct vote_table *t, int64_t now_ns,
                                struct errctx *ec)
{
    if (b->has_table && t->run != b->table.run && !b->is_first) {
        (void)err_set(ec, ERR_INVALID, "votes of another run within a connection");
        return BALLOT_OTHER_RUN;
    }
    if (b->has_table && t->run == b->table.run && t->number <= b->table.number) {
        (void)err_set(ec, ERR_INVALID, "votes that came before");
        return BALLOT_REPEATED;
    }
    if (!is_in_time(b, t, now_ns)) {
        (void)err_set(ec, ERR_TIMEOUT, "votes that were held up on their way");
        return BALLOT_LATE;
    }
    return BALLOT_TAKEN;
}

/* The newest failures of each vote: the table's own, or those of the table before. */
static struct ballot_failure *failures_of(const struct ballot *b, struct arena *a,
                                          const struct vote_table *t, int64_t unix_ms)
{
    size_t before = 0;
    struct ballot_failure *failures = arena_array(a, t->count, sizeof(*failures));
    for (size_t i = 0; i < t->count; i++) {
        const struct vote *v = &t->votes[i];
        while (before < b->table.count &&
               check_id_compare(&b->table.votes[before].check, &v->check) < 0)
            before++;
        if (probe_outcome_is_failure(v->outcome))
            failures[i] = (struct ballot_failure){*v, unix_ms - (int64_t)v->age_ms};
        else if (before < b->table.count &&
                 check_id_compare(&b->table.votes[before].check, &v->check) == 0)
            failures[i] = b->failures[before];
    }
    return failures;
}

enum ballot_result ballot_take(struct ballot *b, struct slice bytes, const struct ballot_now *now,
                               struct errctx *ec)
{
    struct vote_table t;
    struct arena a = {0};
    enum ballot_result result = BALLOT_DAMAGED;
    if (vote_table_decode(&a, bytes, &t, ec) == ERR_OK)
        result = judge(b, &t, now->ns, ec);
    if (result != BALLOT_TAKEN) {
        arena_fini(&a);
        return result;
    }
    b->failures = b->keeps_failures ? failures_of(b, &a, &t, now->unix_ms) : NULL;
    arena_fini(&b->arena);
    b->arena = a;
    b->table = t;
    b->has_table = true;
    b->is_first = false;
    b->received_ns = now->ns;
    return BALLOT_TAKEN;
}

bool ballot_is_fresh(const struct ballot *b, int64_t now_ns)
{
    return b->has_table && now_ns - b->received_ns < COLLECTOR_FRESH_NS;
}

int64_t ballot_vote_age_ns(const struct ballot *b, const struct vote *v, int64_t now_ns)
{
    CHECK(b->has_table);
    return (int64_t)v->age_ms * NS_PER_MS + (now_ns - b->received_ns);
}
