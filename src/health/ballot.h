// SPDX-License-Identifier: Apache-2.0
// The newest table of one checker, as who follows it judges it: which tables count, and until when.
// Pure: the time is an argument. One thread.
#ifndef HEALTH_BALLOT_H
#define HEALTH_BALLOT_H

#include "health/vote_table.h"

/** The newest probe of a check that failed, at one checker. */
struct ballot_failure {
    struct vote vote; /* outcome PROBE_NONE: none */
    int64_t unix_ms;  /* when the probe ended, by the receiver's clock */
};

/**
 * Owner: whoever calls ballot_init; embedded. Its fields may be read.
 */
struct ballot {
    bool keeps_failures;
    bool has_table;
    struct vote_table table;         /* in `arena` */
    struct ballot_failure *failures; /* as table.votes; NULL unless they are kept */
    int64_t received_ns;             /* the table; monotonic */
    bool is_first;                   /* no table came over this connection yet */
    int64_t delay_ns;                /* the least (received - made) of this connection */
    int64_t delay_at_ns;             /* when it was taken */
    struct arena arena;
};

void ballot_init(struct ballot *b, bool keeps_failures);
void ballot_fini(struct ballot *b);

/** A connection to the checker stands anew: only its first table may be of another run. */
void ballot_connected(struct ballot *b);

enum ballot_result {
    BALLOT_TAKEN,
    BALLOT_REPEATED,  /* its number did not rise: it says nothing new, however often it comes */
    BALLOT_OTHER_RUN, /* in the middle of a connection: a checker does not do that */
    BALLOT_LATE,      /* it was held up on its way: what it says is old, by more than it says */
    BALLOT_DAMAGED,
    BALLOT_RESULT_COUNT
};

/** The times of a receiver. */
struct ballot_now {
    int64_t ns; /* monotonic */
    int64_t unix_ms;
};

/**
 * Takes the bytes of a table, or leaves the one before; all but TAKEN set the context. After
 * OTHER_RUN, LATE and DAMAGED the connection is no longer to be believed.
 */
enum ballot_result ballot_take(struct ballot *b, struct slice bytes, const struct ballot_now *now,
                               struct errctx *ec) MUST_USE;

/** Whether the table counts: its number rose less than COLLECTOR_FRESH_NS ago. */
bool ballot_is_fresh(const struct ballot *b, int64_t now_ns);

/** How old a vote of the table is: its age in the table, and that of the table. */
int64_t ballot_vote_age_ns(const struct ballot *b, const struct vote *v, int64_t now_ns);

#endif
