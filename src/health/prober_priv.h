// SPDX-License-Identifier: Apache-2.0
// What prober.c (which checks, when) and probe.c (one probe from start to end) share. All on the
// loop's thread.
#ifndef HEALTH_PROBER_PRIV_H
#define HEALTH_PROBER_PRIV_H

#include "base/list.h"
#include "crypto/siphash.h"
#include "health/prober.h"
#include "health/streak.h"
#include "net/resolver.h"
#include "net/tls.h"

/** What came of a probe; the times are from the begin of its connection. */
struct probe_result {
    enum probe_outcome outcome;
    uint16_t detail; /* as struct vote */
    uint16_t connect_ms;
    uint16_t tls_ms;
    uint16_t first_byte_ms;
};

/**
 * A check with an endpoint, and what this checker knows of it.
 * Owner: the prober, from the first plan that has the check to the first without it.
 */
struct target {
    struct prober *prober;
    struct check_id id;
    const struct release_health_check *check; /* in the prober's plan */
    struct list probes;                       /* under way */
    size_t probe_count;
    struct streak streak;
    struct probe_result last; /* of the newest probe that ended */
    int64_t ended_ns;         /* when; monotonic */
};

/** What a probe waits for that has a time limit; one queue of each, since each limit is the same
 * for all: the first in it is the first whose time is over. */
enum probe_wait { PROBE_WAIT_CONNECT, PROBE_WAIT_TCP, PROBE_WAIT_HEAD, PROBE_WAIT_BODY };
#define PROBE_WAITS 4

/** When the check of a turn is probed. */
struct turn {
    uint32_t place; /* within the interval, of 2^32 parts */
    struct target *target;
};

/** The checks of one interval, by when their turn is: a clock's hand that goes round. */
struct round {
    int64_t interval_ns;
    struct turn *turns; /* sorted by place */
    size_t count;
    size_t next;      /* turn; count: none in this round any more */
    int64_t begin_ns; /* of this round; monotonic */
};

struct prober {
    struct loop *loop;
    struct net_address sources[2]; /* len 0: none; IPv4, IPv6 */
    struct probe_limits limits;
    uint8_t salt[SIPHASH_KEY_BYTES];
    struct resolver *resolver;
    struct net_tls *tls[2]; /* without and with SNI */
    bool is_strict;
    uint8_t *input; /* PROBE_READ_BYTES; what a connection gave last */

    struct health_plan *plan; /* NULL before the first */
    struct target **targets;  /* sorted by id */
    size_t target_count;
    struct round rounds[2]; /* of the fast checks, of the slow ones */
    struct loop_timer tick; /* runs while there are targets */
    int64_t ticked_ns;      /* turns until then have begun; monotonic */
    int64_t alive_ns;       /* when the thread ran last; of a clock that counts suspended time */

    size_t probe_count;
    struct list waiting[PROBE_WAITS]; /* of struct probe */
};

/** Begins a probe of the target, unless too many are under way. It may have ended on return. */
void probe_start(struct target *t);
/** Ends a target's probes without a result. */
void probe_drop_all(struct target *t);
/** Ends those whose time is over. */
void probe_time_out(struct prober *p, int64_t now_ns);

/** A probe of the target has a result. */
void prober_note(struct target *t, const struct probe_result *result);

#endif
